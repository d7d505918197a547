package pdf

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/internal/show"
)

// attention describes each control that has failing evidence.
func (r *writer) attention() {
	r.part(report.Attention, 10*len(r.Attention))
	if len(r.Attention) == 0 {
		return
	}
	pages := "Each check is described once, on the page that stands beside it."
	if r.undescribed() {
		pages += fmt.Sprintf(" Where a dash stands, the check is not among the %s worst, which are described; assessment.json has them all.", show.Number(maxChecks))
	}
	r.note(pages + " Narratives end after their first paragraph; control-summary.csv has them whole. The findings of each control are in a file below controls/attention/.")
	bySeverity(r, r.Attention, maxControls, "control", func(c *shca.ControlResult) shca.Severity { return c.Severity }, r.control)
	r.note(report.More(len(r.Attention), maxControls, "control-summary.csv has them all"))
}

// failingOf returns the failing checks of a control, worst first.
func (r *writer) failingOf(c *shca.ControlResult) []*shca.CheckResult {
	var failing []*shca.CheckResult
	for _, id := range c.Checks {
		if check := r.Check(id); check != nil && check.Tally.Failed > 0 {
			failing = append(failing, check)
		}
	}
	slices.SortStableFunc(failing, shca.CompareWorst)
	return failing
}

// undescribed reports whether a check that is shown with a control is beyond
// those that the report describes.
func (r *writer) undescribed() bool {
	if len(r.Failing) <= maxChecks {
		return false
	}
	for _, c := range r.Attention[:min(len(r.Attention), maxControls)] {
		failing := r.failingOf(c)
		for _, check := range failing[:min(len(failing), maxWorst)] {
			if r.checks[check.ID] == nil {
				return true
			}
		}
	}
	return false
}

func (r *writer) control(c *shca.ControlResult) {
	failing := r.failingOf(c)
	r.need(100 + 16*float64(min(len(failing), maxWorst))) // most have room on one page
	r.y += 6
	title := show.OneLine(c.ID.Label() + "  " + controlTitle(c))
	r.outline(title, 2)
	r.itemHeading(title, itemStyle, "", show.StatusStyle(c.Status), c.StatusText())
	counts := tally(c.Tally) + "; " + place(c)
	if len(c.Unseen) > 0 {
		counts += "; " + show.Plural(len(c.Unseen), "mapped check") + " without findings"
	}
	r.in("P", func() { r.paragraph(counts, noteStyle, left, textWidth) })
	r.y += 2
	if c.Narrative != "" {
		paragraph, _, _ := strings.Cut(strings.TrimSpace(show.Visible(c.Narrative)), "\n")
		r.in("P", func() { r.paragraph(show.Cut(paragraph, maxNarrative), bodyStyle, left, textWidth) })
		r.y += 3
	}
	var rows [][]cell
	for _, check := range failing[:min(len(failing), maxWorst)] {
		rows = append(rows, r.checkRow(check))
	}
	r.table(columns([]column{{head: "Severity", width: 92}, {head: "Failing check", width: 84}, {head: "Title"}, {head: "Failed", width: 62, right: true}, {head: "Page", width: 34, right: true}}), rows)
	if text := report.More(len(failing), maxWorst, "the file of the control has the findings of all"); text != "" {
		r.note(text)
	}
	r.y += 8
}

// itemHeading writes the heading of a control or check: its name on the left, and
// on the right a count and what it is.
func (r *writer) itemHeading(name string, s style, count string, colors show.Style, words string) {
	right := right
	r.in("H3", func() {
		small := style{bold, 8, show.Text}
		right -= small.width(colors.Mark+" "+words) + 8
		r.chip(right, r.y+1, small, colors, words)
		if count != "" {
			right -= small.width(count) + 8
			r.text(right, r.y+1, small, " "+count+" ")
		}
		r.unmark()
		heading := r.tree.current
		n := len(heading.kids)
		r.paragraph(name, s, left, right-left-12)
		heading.kids = append(heading.kids[n:], heading.kids[:n]...) // read the name first
	})
}

func (r *writer) checkRow(c *shca.CheckResult) []cell {
	colors := show.SeverityStyle(c.Severity)
	at := r.checks[c.ID]
	id := part{text: short(string(c.ID), maxLabel), style: idStyle}
	page := part{text: "–", style: cellMuted}
	if at != nil {
		id.style.color, id.to = show.Accent, at
		page = part{text: "0", style: cellLink, page: at}
	}
	return []cell{
		{{text: show.Severity(c.Severity), style: cellStrong, chip: &colors}},
		{id},
		{{text: short(c.Text.Title, maxTitle), style: cellStyle}},
		{{text: failed(c.Tally), style: cellStyle}},
		{page},
	}
}

func controlTitle(c *shca.ControlResult) string {
	if c.Withdrawn {
		return c.Title + " (withdrawn)"
	}
	return c.Title
}

// tally prints the counts of findings, and the rate if there is one.
func tally(t shca.Tally) string {
	text := fmt.Sprintf("%s passed · %s failed · %s undecided · %s suppressed", show.Number(t.Passed), show.Number(t.Failed), show.Number(t.Undecided()), show.Number(t.Suppressed))
	if t.Decided() > 0 {
		text += " · pass rate " + show.Rate(t.Passed, t.Decided())
	}
	return text
}

// place prints how far the findings of a control reach.
func place(c *shca.ControlResult) string {
	return counted(c.Accounts, "account") + ", " + counted(c.Regions, "region") + ", " + counted(c.Resources, "resource")
}

// counted prints a count that may have stopped: "more than 1000 accounts".
func counted(c shca.Count, noun string) string {
	if c.More {
		return c.String() + " " + noun + "s"
	}
	return show.Plural(c.N, noun)
}

// labels lists controls.
func labels(ids []shca.ControlID, limit int) string {
	var texts []string
	for _, id := range ids[:min(len(ids), limit)] {
		texts = append(texts, short(id.Label(), maxLabel))
	}
	text := strings.Join(texts, ", ")
	if len(ids) > limit {
		text += fmt.Sprintf(" and %s more", show.Number(len(ids)-limit))
	}
	return text
}
