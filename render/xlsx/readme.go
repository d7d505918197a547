package xlsx

import (
	"fmt"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/internal/show"
)

// maxInputs bounds the input files listed.
const maxInputs = 1000

// readMe says how each number is computed, what the sheets hold, what the marks
// mean, and what was read.
func (b *book) readMe() {
	st := &b.styles
	const width = 120 // of meanings
	s := b.sheet(readMeSheet, 34, width)
	s.top("Read me")
	heading := func(text string, columns ...string) {
		s.add(22, cell{style: st.heading, text: text})
		if len(columns) > 0 {
			cells := make([]cell, len(columns))
			for i, c := range columns {
				cells[i] = cell{style: st.head, text: c}
			}
			s.add(18, cells...)
		}
	}
	entry := func(name cell, meaning string) {
		s.add(float64(min(lines(meaning, width), all)*lineHeight), name, text(st.wrapped, meaning, inJSON))
	}

	heading(b.Section(report.Method).Title, "Number or word", "Meaning")
	for _, d := range b.Definitions() {
		entry(cell{style: st.name, text: d.Term}, d.Meaning)
	}
	s.add(0)
	heading("The statuses of controls", "Status", "Rests on")
	for _, status := range shca.Statuses() {
		entry(cell{style: st.status[status], text: statusText(status)}, show.Meaning(status))
	}
	s.add(0)
	heading("The sheets", "Sheet", "Holds")
	for _, one := range []struct{ name, holds string }{
		{summarySheet, "The verdict, the key numbers, and how they divide by status, severity and family."},
		{controlsSheet, "Every control of the baseline in the order of the catalog, then the others that have findings or evidence. " + inControls + " has the same."},
		{checksSheet, "Every check that has findings, the failing ones worst first."},
		{findingsSheet, fmt.Sprintf("The findings, failed ones first, at most %s of them. %s has every finding, with further columns.", show.Number(maxFindings), inFindings)},
		{scopesSheet, "The accounts and Regions that were looked at, and what could not be read."},
		{notAssessedSheet, "The controls of the baseline that no finding is evidence for."},
	} {
		entry(cell{style: st.linked, text: one.name}, one.holds)
		s.goTo(0, s.last, one.name)
	}
	s.add(0)
	heading("What this workbook does to texts and numbers")
	for _, one := range []struct{ name, meaning string }{
		{"Long texts", fmt.Sprintf("A text of more than %s characters, in the findings %s, is cut; its end says so, and where it is whole.", show.Number(maxText), show.Number(maxFindingText))},
		{"Strange characters", "What cannot be seen but changes how other text is shown, and what is no text, is shown as \ufffd. Nothing that was read is run as a formula."},
		{"Percentages", "They are numbers of two decimals, rounded as in every other report. A cell is empty where nothing was decided."},
		{"Times", "UTC, to the minute; the cells have the seconds."},
		{"Counts", fmt.Sprintf("A check counts at most %s distinct resources and accounts; beyond that a cell says so in words.", show.Number(shca.MaxResources))},
	} {
		entry(cell{style: st.name, text: one.name}, one.meaning)
	}
	if b.Needed(report.Inputs) {
		section := b.Section(report.Inputs)
		s.add(0)
		heading(section.Title)
		s.add(float64(min(lines(section.Intro, 34+width), all)*lineHeight), cell{style: st.plain, text: section.Intro})
		s.merge(s.last, 0, 1)
		s.add(18, cell{style: st.head, text: "File"}, cell{style: st.head, text: "Size and SHA-256"})
		for _, in := range b.Inputs[:min(len(b.Inputs), maxInputs)] {
			name := line(st.wrapped, in.Name, inJSON)
			s.add(float64(min(lines(name.text, 34), all)*lineHeight), name, line(st.text, show.Plural(in.Size, "byte")+", "+in.SHA256, inJSON))
		}
		if more := report.More(len(b.Inputs), maxInputs, inJSON+" has them all"); more != "" {
			s.add(0, cell{style: st.plain, text: more})
		}
	}
	s.page(2, 0)
}
