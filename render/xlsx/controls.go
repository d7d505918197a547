package xlsx

import (
	"fmt"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/internal/show"
)

const printed = "Columns A to %s are printed."

// controls writes every control of the baseline, then those outside it.
func (b *book) controls() {
	st := &b.styles
	columns := []column[*shca.ControlResult]{
		{"Control", 12, 0, false, func(c *shca.ControlResult) cell { return line(st.name, c.ID.Label(), inControls) }},
		{"Title", 36, all, false, func(c *shca.ControlResult) cell { return line(st.wrapped, c.Title, inControls) }},
		{"Family", 26, all, false, func(c *shca.ControlResult) cell { return line(st.wrapped, c.ID.Family()+" "+c.FamilyTitle, inJSON) }},
		{"Baseline", 22, all, false, func(c *shca.ControlResult) cell { return cell{style: st.wrapped, text: b.place(c)} }},
		{"Status", 24, 0, false, func(c *shca.ControlResult) cell {
			return cell{style: st.text, text: show.StatusStyle(c.Status).Mark + " " + c.StatusText()}
		}},
		{"Pass rate", 11, 0, true, func(c *shca.ControlResult) cell { return rate(st.rate, c.Tally.Passed, c.Tally.Decided()) }},
		{"Passed", 10, 0, true, func(c *shca.ControlResult) cell { return integer(st.number, c.Tally.Passed) }},
		{"Failed", 10, 0, true, func(c *shca.ControlResult) cell { return integer(st.number, c.Tally.Failed) }},
		{"Undecided", 12, 0, true, func(c *shca.ControlResult) cell { return integer(st.number, c.Tally.Undecided()) }},
		{"Suppressed", 16, 0, true, func(c *shca.ControlResult) cell { return integer(st.number, c.Tally.Suppressed) }},
		{report.WorstSeverity, 22, 0, false, func(c *shca.ControlResult) cell { return cell{style: st.text, text: severityText(c.Severity)} }},
		{"Checks", 40, all, false, func(c *shca.ControlResult) cell { return line(st.wrapped, join(c.Checks), inControls) }},
		{"Checks without findings", 40, 2, false, func(c *shca.ControlResult) cell { return line(st.wrapped, join(c.Unseen), inControls) }},
		{"Accounts", 11, 0, true, func(c *shca.ControlResult) cell { return count(st.number, c.Accounts) }},
		{"Regions", 11, 0, true, func(c *shca.ControlResult) cell { return count(st.number, c.Regions) }},
		{"Resources", 12, 0, true, func(c *shca.ControlResult) cell { return count(st.number, c.Resources) }},
		{"First observed (UTC)", 17, 0, false, func(c *shca.ControlResult) cell { return date(st.date, c.First) }},
		{"Last evaluated (UTC)", 17, 0, false, func(c *shca.ControlResult) cell { return date(st.date, c.Last) }},
		{"Narrative", 140, 2, false, func(c *shca.ControlResult) cell { return text(st.wrapped, c.Narrative, inControls) }},
	}
	const status, severity, last = 4, 10, 11 // last: that is printed
	s := b.sheet(controlsSheet, widths(columns)...)
	s.top("Controls", b.Verdict, "A row shows the first lines of a narrative; its cell has the whole. "+fmt.Sprintf(printed, columnName(last)))
	top := head(s, columns)
	for i := range b.Assessment.Controls {
		row(s, columns, &b.Assessment.Controls[i])
	}
	s.filter(top, s.last, len(columns))
	s.colourStatuses(status, top)
	s.colourSeverities(severity, top)
	s.numbersAsText(top, len(columns))
	s.page(last+1, top)
}

// place says whether a control counts.
func (b *book) place(c *shca.ControlResult) string {
	text := "in baseline"
	switch {
	case !c.InBaseline:
		text = b.OutsideLabel()
	case b.AllControls:
		text = "no baseline"
	}
	if c.Withdrawn {
		text += ", withdrawn"
	}
	return text
}

// whatToDo says why a control has no finding, and what to do instead.
func (b *book) whatToDo(c *shca.ControlResult) string {
	if why := b.WhyDisabled(c); why != "" {
		return show.Cut("not assessed: "+why+" Enable or examine, interview or test.", 1000)
	}
	return show.Meaning(c.Status)
}

// notAssessed writes the controls of the baseline that no finding is evidence for.
func (b *book) notAssessed() {
	st := &b.styles
	columns := []column[*shca.ControlResult]{
		{"Control", 14, 0, false, func(c *shca.ControlResult) cell { return line(st.name, c.ID.Label(), inControls) }},
		{"Title", 50, all, false, func(c *shca.ControlResult) cell { return line(st.wrapped, c.Title, inControls) }},
		{"Family", 40, all, false, func(c *shca.ControlResult) cell { return line(st.wrapped, c.ID.Family()+" "+c.FamilyTitle, inJSON) }},
		{"What to do", 50, all, false, func(c *shca.ControlResult) cell { return cell{style: st.wrapped, text: b.whatToDo(c)} }},
		{"Mapped checks without findings", 60, all, false, func(c *shca.ControlResult) cell { return line(st.wrapped, join(c.Unseen), inControls) }},
	}
	section := b.Section(report.NotAssessed)
	s := b.sheet(notAssessedSheet, widths(columns)...)
	s.top(section.Title, section.Intro)
	top := head(s, columns)
	for _, c := range b.NotAssessed {
		row(s, columns, c)
	}
	s.filter(top, s.last, len(columns))
	s.page(len(columns), top)
}
