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
	r.in("L", func() {
		for _, p := range problems {
			r.in("LI", func() {
				r.need(bodyStyle.leading())
				r.in("Lbl", func() { r.text(left, r.y, strongStyle, "• ") })
				r.in("LBody", func() {
					r.paragraph(short(p, maxNarrative), bodyStyle, left+12, textWidth-12)
				})
			})
			r.y += 2
		}
	})
	r.note(r.MoreProblems(len(problems)))
	var rows [][]cell
	scopes := 0
	for i := range r.Scopes {
		s := &r.Scopes[i]
		state, wrong := r.ScopeState(s)
		if !wrong {
			continue
		}
		if scopes++; scopes <= maxScopes {
			rows = append(rows, []cell{
				{{text: short(s.Source, maxName), style: cellStyle}},
				{{text: short(r.System.Account(s.AccountID), maxName), style: cellStyle}},
				{{text: short(s.Region, maxName), style: cellStyle}},
				{{text: short(state, maxNarrative), style: cellStrong}},
			})
		}
	}
	r.y += 4
	r.table(columns([]column{{head: "Source", width: 100}, {head: "Account", width: 120}, {head: "Region", width: 70}, {head: "State"}}), rows)
	r.note(report.More(scopes, len(rows), "assessment.json has them all"))
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
			{{text: show.Cut(r.WhyDisabled(c), maxNarrative), style: cellStyle}},
		})
	}
	r.table(columns([]column{{head: "Control", width: 54}, {head: "Status", width: 110}, {head: "Why"}}), rows)
	r.note(report.More(len(r.Disabled), maxControls, "control-summary.csv has them all"))
}

// scopes lists what was looked at, what was not read in full first.
func (r *writer) scopes() {
	r.part(report.Scopes, len(r.Scopes))
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
		state, wrong := r.ScopeState(s)
		shown := part{text: short(state, maxNarrative), style: cellStyle}
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
	for _, m := range shca.Method() {
		rows = append(rows, []cell{{{text: m.Term, style: strongStyle}}, {{text: m.Meaning, style: bodyStyle}}})
	}
	r.table(columns([]column{{width: 84}, {}}), rows)
	if r.replaced {
		r.note("Where " + string(replacement) + " stands, a character cannot be shown: the fonts of this report lack it, or it only changes how others are shown.")
	}
}
