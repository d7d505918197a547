package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

// A ScopeNote is what there is to know of scopes besides their counts, told once
// for all of which it is the same but for their account and Region.
type ScopeNote struct {
	Text   string // of the first of them
	Wrong  bool   // something was not read
	Scopes []*shca.Scope
	varies bool // the texts differ in account or Region
}

// Where says which scopes the note is about: "asff 111122223333 us-east-1",
// "36 scopes".
func (n *ScopeNote) Where() string {
	switch {
	case len(n.Scopes) == 1:
		return show.OneLine(n.Scopes[0].Name())
	case n.varies:
		return show.Plural(len(n.Scopes), "scope") + ", as " + show.OneLine(n.Scopes[0].Name()) + " has it"
	}
	return show.Plural(len(n.Scopes), "scope")
}

// Names lists at most limit of the scopes, and says how many more there are.
func (n *ScopeNote) Names(limit int) string {
	var names []string
	for _, s := range n.Scopes[:min(len(n.Scopes), limit)] {
		names = append(names, show.OneLine(s.Name()))
	}
	text := strings.Join(names, ", ")
	if more := len(n.Scopes) - len(names); more > 0 {
		text += " and " + show.Number(more) + " more"
	}
	return text
}

// ScopeNotes are the notes of scopes, what was not read first.
type ScopeNotes struct {
	List []ScopeNote
	of   map[*shca.Scope][]int // indexes into List
}

// State is the state of the scope in a few words, which refer to notes by their
// numbers from 1: "not read in full (note 1)".
func (n *ScopeNotes) State(r *Report, s *shca.Scope) (text string, wrong bool) {
	var notes []string
	for _, i := range n.of[s] {
		notes = append(notes, fmt.Sprintf("note %d", i+1))
	}
	note := strings.Join(notes, ", ")
	if s.Complete() {
		if note != "" {
			return note, false
		}
		return r.ScopeState(s)
	}
	if s.Err != "" {
		text = "not read in full"
	}
	if s.Skipped > 0 {
		if text != "" {
			text += ", "
		}
		text += show.Plural(s.Skipped, "finding") + " could not be read"
	}
	if note != "" {
		text += " (" + note + ")"
	}
	return text, true
}

// ScopeNotes gathers the errors and notes of all scopes.
func (r *Report) ScopeNotes() *ScopeNotes {
	n := &ScopeNotes{of: map[*shca.Scope][]int{}}
	index := map[string]int{}
	for _, wrong := range []bool{true, false} {
		for i := range r.Scopes {
			s := &r.Scopes[i]
			text := s.Note
			if wrong {
				text = s.Err
			}
			if text == "" {
				continue
			}
			at := n.add(index, s, text, wrong)
			n.of[s] = append(n.of[s], at)
		}
	}
	return n
}

func (n *ScopeNotes) add(index map[string]int, s *shca.Scope, text string, wrong bool) int {
	key := fmt.Sprint(wrong, placeless(s, text))
	at, ok := index[key]
	if !ok {
		at = len(n.List)
		index[key] = at
		n.List = append(n.List, ScopeNote{Text: text, Wrong: wrong})
	}
	note := &n.List[at]
	note.Scopes = append(note.Scopes, s)
	note.varies = note.varies || note.Text != text
	return at
}

// placeless is the text without the names of the scope's account and Region.
func placeless(s *shca.Scope, text string) string {
	for _, name := range []string{s.AccountID, s.Region} {
		if name != "" {
			text = strings.ReplaceAll(text, name, "\x00")
		}
	}
	return text
}

// Unread are the scopes that were not read in full, those together of which
// ScopeState says the same but for account and Region, with that text.
func (r *Report) Unread() []ScopeNote {
	var n ScopeNotes
	index := map[string]int{}
	for i := range r.Scopes {
		if state, wrong := r.ScopeState(&r.Scopes[i]); wrong {
			n.add(index, &r.Scopes[i], state, true)
		}
	}
	return n.List
}

// DisabledWhere says in how many accounts and Regions a check is switched off.
func DisabledWhere(d *shca.DisabledCheck) string {
	switch all := d.Disabled + d.Enabled; {
	case all == 1:
		return "the one that was read"
	case d.Everywhere():
		return "all " + show.Number(all)
	default:
		return show.Number(d.Disabled) + " of " + show.Number(all)
	}
}

// DisabledWhy says why a check is switched off: the first three reasons, each cut
// at 300 characters.
func DisabledWhy(d *shca.DisabledCheck) string {
	const shown = 3
	if len(d.Reasons) == 0 {
		return "no reason was given"
	}
	var texts []string
	for _, reason := range d.Reasons[:min(len(d.Reasons), shown)] {
		texts = append(texts, `"`+show.Cut(show.OneLine(reason), maxReason)+`"`)
	}
	text := strings.Join(texts, ", ")
	if d.MoreReasons || len(d.Reasons) > shown {
		text += ", and others"
	}
	return text
}

// WithEvidence are the controls, of the baseline and others, that have evidence
// besides findings.
func (r *Report) WithEvidence() []*shca.ControlResult {
	var list []*shca.ControlResult
	for i := range r.Assessment.Controls {
		if c := &r.Assessment.Controls[i]; c.EvidenceCount > 0 {
			list = append(list, c)
		}
	}
	return list
}

// EvidenceKinds lists the kinds of evidence that the control keeps, in its order.
func EvidenceKinds(c *shca.ControlResult) string {
	var kinds []string
	for i := range c.Evidence {
		if kind := show.OneLine(string(c.Evidence[i].Kind)); !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return strings.Join(kinds, ", ")
}
