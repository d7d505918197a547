package pdf

import (
	"fmt"
	"slices"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/internal/show"
)

// unread says what is missing.
func (r *writer) unread() {
	if !r.Needed(report.Unread) {
		return
	}
	r.newPage()
	r.part(report.Unread, 0)
	problems := r.Problems[:min(len(r.Problems), shca.MaxProblems)]
	scopeErrors, elsewhere := r.scopeErrors(), 0
	r.in("L", func() {
		for i, p := range problems {
			if i >= maxScopeErrors && scopeErrors[p] {
				elsewhere++
				continue
			}
			r.in("LI", func() {
				r.need(bodyStyle.leading())
				r.in("Lbl", func() { r.text(left, r.y, strongStyle, "• ") })
				r.in("LBody", func() {
					r.paragraph(short(p, 2*maxReason), bodyStyle, left+12, textWidth-12)
				})
			})
			r.y += 2
		}
	})
	if elsewhere > 0 {
		r.note(show.Plural(elsewhere, "more problem") + " of scopes: see the table below.")
	}
	r.note(r.MoreProblems(len(problems)))
	var rows [][]cell
	list := r.Unread()
	for i := range list[:min(len(list), maxNotes)] {
		n := &list[i]
		rows = append(rows, []cell{
			number(len(n.Scopes)),
			{{text: short(n.Names(3), maxName), style: cellStyle}},
			{{text: short(n.Text, 2*maxReason), style: cellStrong}},
		})
	}
	r.y += 4
	r.table(columns([]column{{head: "Scopes", width: 40, right: true}, {head: "Source, account, Region", width: 150}, {head: "State"}}), rows)
	r.note(report.More(len(list), len(rows), `the member "scopes" of assessment.json has them all`))
}

// scopeErrors are the problems that say why a scope was not read in full.
func (r *writer) scopeErrors() map[string]bool {
	texts := map[string]bool{}
	for i := range r.Scopes {
		if s := &r.Scopes[i]; s.Err != "" {
			texts[s.Name()+": "+s.Err] = true
		}
	}
	return texts
}

func (r *writer) passing() {
	r.part(report.Passing, len(r.Passing))
	r.controlTable(r.Passing)
}

func (r *writer) undecided() {
	if r.Needed(report.Undecided) {
		r.part(report.Undecided, len(r.Undecided))
		r.controlTable(r.Undecided)
	}
}

func (r *writer) outside() {
	if r.Needed(report.Outside) {
		r.part(report.Outside, len(r.Outside))
		r.controlTable(r.Outside)
	}
}

// controlTable lists controls, one in a row.
func (r *writer) controlTable(list []*shca.ControlResult) {
	var rows [][]cell
	for _, c := range list[:min(len(list), maxControls)] {
		colors := show.StatusStyle(c.Status)
		rows = append(rows, []cell{
			{{text: short(c.ID.Label(), maxName), style: cellStrong}},
			{{text: show.OneLine(controlTitle(c)), style: cellStyle}},
			{{text: c.StatusText(), style: cellStrong, chip: &colors}},
			number(c.Tally.Passed), number(c.Tally.Failed), number(c.Tally.Undecided()), number(c.Tally.Suppressed), rate(c.Tally),
		})
	}
	r.table(columns([]column{
		{head: "Control", width: 54}, {head: "Title"}, {head: "Status", width: 94},
		{head: "Passed", width: 40, right: true}, {head: "Failed", width: 38, right: true}, {head: "Undecided", width: 44, right: true},
		{head: "Suppressed", width: 44, right: true}, {head: "Pass rate", width: 54, right: true},
	}), rows)
	r.note(report.More(len(list), maxControls, "control-summary.csv has them all"))
}

func (r *writer) suppressed() {
	if !r.Needed(report.Suppressed) {
		return
	}
	r.part(report.Suppressed, 0)
	var rows [][]cell
	for _, s := range r.Suppressed[:min(len(r.Suppressed), maxSuppressed)] {
		account := cell{{text: short(r.System.Account(s.AccountID), maxName), style: cellMuted}}
		if s.Region != "" {
			account = append(account, part{text: short(s.Region, maxName), style: cellMuted})
		}
		rows = append(rows, []cell{
			{{text: short(string(s.Check.ID), maxLabel), style: idStyle}},
			append(cell{{text: show.OneLine(report.Subject(s.Sample)), style: idStyle}}, account...),
			{{text: string(s.Status), style: cellStyle}},
			{{text: show.Cut(show.Visible(report.Reason(s.Sample)), maxNarrative), style: cellStyle}},
			{{text: short(s.Note.UpdatedBy, maxName), style: cellStyle}, {text: show.Date(s.Note.UpdatedAt), style: cellMuted}},
		})
	}
	r.table(columns([]column{{head: "Check", width: 74}, {head: "Resource, account, region", width: 176}, {head: "Status", width: 46}, {head: "Note"}, {head: "By, at", width: 94}}), rows)
	r.note(report.More(r.SuppressedTotal, int64(len(rows)), "findings.csv has them all"))
}

func (r *writer) unmapped() {
	if !r.Needed(report.Unmapped) {
		return
	}
	r.part(report.Unmapped, 0)
	var rows [][]cell
	for _, c := range r.Unmapped[:min(len(r.Unmapped), maxUnmapped)] {
		rows = append(rows, []cell{
			{{text: short(string(c.ID), maxTitle), style: idStyle}},
			{{text: short(c.Text.Title, 2*maxTitle), style: cellStyle}},
			number(c.Tally.Failed), number(c.Tally.Total()),
		})
	}
	r.table(columns([]column{{head: "Check", width: 170}, {head: "Title"}, {head: "Failed", width: 50, right: true}, {head: "Findings", width: 50, right: true}}), rows)
	r.note(report.More(len(r.Unmapped), len(rows), "assessment.json has them all"))
}

// notAssessed lists the controls that nothing was looked at for.
func (r *writer) notAssessed() {
	if !r.Needed(report.NotAssessed) {
		return
	}
	r.part(report.NotAssessed, 0)
	var rows [][]cell
	families := r.ByFamily(r.NotAssessed[:min(len(r.NotAssessed), maxNotAssessed)])
	for _, f := range families[:min(len(families), maxFamilies)] {
		var ids []shca.ControlID
		for _, c := range f.Controls {
			ids = append(ids, c.ID)
		}
		rows = append(rows, []cell{
			{{text: short(f.Family+" "+f.Title, maxName), style: cellStrong}},
			number(len(ids)),
			{{text: labels(ids, len(ids)), style: cellStyle}},
		})
	}
	r.table(columns([]column{{head: "Family", width: 150}, {head: "Controls", width: 44, right: true}, {head: "Not assessed"}}), rows)
	if len(r.NotAssessed) > maxNotAssessed || len(families) > maxFamilies {
		r.note(fmt.Sprintf("At most the first %s in %d families are shown; control-summary.csv has them all.", show.Number(maxNotAssessed), maxFamilies))
	}
	if len(r.Disabled) == 0 {
		return
	}
	rows = nil
	for _, c := range r.Disabled[:min(len(r.Disabled), maxControls)] {
		rows = append(rows, []cell{
			{{text: short(c.ID.Label(), maxName), style: cellStrong}},
			{{text: c.StatusText(), style: cellStyle}},
			{{text: short(r.WhyDisabled(c), 2*maxReason), style: cellStyle}},
		})
	}
	r.table(columns([]column{{head: "Control", width: 54}, {head: "Status", width: 110}, {head: "Why"}}), rows)
	r.note(report.More(len(r.Disabled), maxControls, "control-summary.csv has them all"))
}

// disabled lists the checks that are switched off somewhere.
func (r *writer) disabled() {
	if !r.Needed(report.Disabled) {
		return
	}
	r.part(report.Disabled, 0)
	var rows [][]cell
	list := r.Assessment.Disabled
	for i := range list[:min(len(list), maxDisabled)] {
		d := &list[i]
		rows = append(rows, []cell{
			{{text: short(string(d.ID), maxLabel), style: idStyle}},
			{{text: short(d.Title, maxTitle), style: cellStyle}},
			{{text: report.DisabledWhere(d), style: cellStyle}},
			{{text: short(report.DisabledWhy(d), 2*maxReason), style: cellStyle}},
		})
	}
	r.table(columns([]column{{head: "Check", width: 84}, {head: "Title", width: 170}, {head: "Accounts and Regions", width: 74}, {head: "Reason"}}), rows)
	r.note(report.More(len(list), maxDisabled, "assessment.json has them all"))
}

// evidence says which controls have evidence besides findings.
func (r *writer) evidence() {
	if !r.Needed(report.Evidence) {
		return
	}
	r.part(report.Evidence, 0)
	var rows [][]cell
	list := r.WithEvidence()
	for _, c := range list[:min(len(list), maxEvidence)] {
		rows = append(rows, []cell{
			{{text: short(c.ID.Label(), maxName), style: cellStrong}},
			{{text: short(controlTitle(c), maxTitle), style: cellStyle}},
			number(c.EvidenceCount),
			{{text: short(report.EvidenceKinds(c), maxReason), style: cellStyle}},
		})
	}
	r.table(columns([]column{{head: "Control", width: 54}, {head: "Title", width: 190}, {head: "Pieces", width: 44, right: true}, {head: "Kinds"}}), rows)
	r.note(report.More(len(list), maxEvidence, "control-summary.csv has them all"))
}

// scopes lists what was looked at, what was not read in full first. Errors and
// notes stand below, each once.
func (r *writer) scopes() {
	r.part(report.Scopes, len(r.Scopes))
	notes := r.ScopeNotes()
	var list []*shca.Scope
	for i := range r.Scopes {
		list = append(list, &r.Scopes[i])
	}
	slices.SortStableFunc(list, func(a, b *shca.Scope) int {
		_, first := r.ScopeState(a)
		_, second := r.ScopeState(b)
		switch {
		case first == second:
			return 0
		case first:
			return -1
		}
		return 1
	})
	var rows [][]cell
	for _, s := range list[:min(len(list), maxScopes)] {
		state, wrong := notes.State(r.Report, s)
		shown := part{text: short(state, maxName), style: cellStyle}
		if wrong {
			shown.style = cellStrong
		}
		rows = append(rows, []cell{
			{{text: short(s.Source, maxName), style: cellStyle}},
			{{text: short(r.System.Account(s.AccountID), maxName), style: cellStyle}},
			{{text: short(s.Region, maxName), style: cellStyle}},
			number(s.Findings), number(s.Assessed), number(s.Suppressed), number(s.NotScored), number(s.Archived), number(s.Superseded),
			{shown},
		})
	}
	r.table(columns([]column{
		{head: "Source", width: 48}, {head: "Account", width: 94}, {head: "Region", width: 60},
		{head: "Findings", width: 40, right: true}, {head: "Assessed", width: 42, right: true}, {head: "Suppressed", width: 44, right: true},
		{head: report.NotScored, width: 36, right: true}, {head: "Archived", width: 40, right: true}, {head: "Superseded", width: 44, right: true},
		{head: "State"},
	}), rows)
	r.note(report.More(len(list), maxScopes, "assessment.json has them all"))
	if len(notes.List) == 0 {
		return
	}
	rows = nil
	for i := range notes.List[:min(len(notes.List), maxNotes)] {
		n := &notes.List[i]
		text := part{text: short(n.Text, maxReason), style: cellStyle}
		if n.Wrong {
			text.style = cellStrong
		}
		rows = append(rows, []cell{number(i + 1), {{text: short(n.Where(), maxName), style: cellStyle}}, {text}})
	}
	r.y += 6
	r.table(columns([]column{{head: "Note", width: 34, right: true}, {head: "Of", width: 120}, {head: "Text"}}), rows)
	r.note(report.More(len(notes.List), len(rows), `the member "scopes" of assessment.json has them all`))
}

// inputs lists the files that were read, so that somebody can tell that they
// are the ones in hand.
func (r *writer) inputs() {
	if !r.Needed(report.Inputs) {
		return
	}
	r.part(report.Inputs, 0)
	var rows [][]cell
	for _, in := range r.Inputs[:min(len(r.Inputs), maxInputs)] {
		rows = append(rows, []cell{
			{{text: short(in.Name, maxName), style: cellStyle}},
			number(in.Size),
			{{text: show.OneLine(in.SHA256), style: idStyle}},
		})
	}
	r.table(columns([]column{{head: "File", width: 154}, {head: "Bytes", width: 64, right: true}, {head: "SHA-256"}}), rows)
	r.note(report.More(len(r.Inputs), maxInputs, "assessment.json has them all"))
}

// method says what the numbers mean.
func (r *writer) method() {
	r.need(260)
	r.part(report.Method, 0)
	var rows [][]cell
	for _, m := range r.Definitions() {
		rows = append(rows, []cell{{{text: m.Term, style: strongStyle}}, {{text: m.Meaning, style: bodyStyle}}})
	}
	r.table(columns([]column{{width: 84}, {}}), rows)
	if r.replaced {
		r.note("Where " + string(replacement) + " stands, a character cannot be shown: the fonts of this report lack it, or it only changes how others are shown.")
	}
}
