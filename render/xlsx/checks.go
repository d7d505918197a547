package xlsx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/internal/show"
)

// checks writes the checks: the failing ones worst first, then the others in
// the order of their ids.
func (b *book) checks() {
	st := &b.styles
	yes := map[bool]string{true: "yes", false: "no"}
	columns := []column[*shca.CheckResult]{
		{"Check", 16, 0, false, func(c *shca.CheckResult) cell { return line(st.name, string(c.ID), inJSON) }},
		{"Title", 46, all, false, func(c *shca.CheckResult) cell { return line(st.wrapped, c.Text.Title, inFindings) }},
		{"Severity", 22, 0, false, func(c *shca.CheckResult) cell { return cell{style: st.text, text: severityText(c.Severity)} }},
		{"Status", 24, 0, false, func(c *shca.CheckResult) cell { return cell{style: st.text, text: statusText(c.Tally.Status())} }},
		{"Pass rate", 11, 0, true, func(c *shca.CheckResult) cell { return rate(st.rate, c.Tally.Passed, c.Tally.Decided()) }},
		{"Passed", 10, 0, true, func(c *shca.CheckResult) cell { return integer(st.number, c.Tally.Passed) }},
		{"Failed", 10, 0, true, func(c *shca.CheckResult) cell { return integer(st.number, c.Tally.Failed) }},
		{"Undecided", 12, 0, true, func(c *shca.CheckResult) cell { return integer(st.number, c.Tally.Undecided()) }},
		{"Suppressed", 16, 0, true, func(c *shca.CheckResult) cell { return integer(st.number, c.Tally.Suppressed) }},
		{"Controls", 40, all, false, func(c *shca.CheckResult) cell { return line(st.wrapped, labels(c.Controls), inFindings) }},
		{"Counts for the baseline", 14, 0, false, func(c *shca.CheckResult) cell { return cell{style: st.text, text: yes[b.InBaseline(c.ID)]} }},
		{"Remediation", 24, 0, false, b.remediation},
		{"What to do", 50, 0, false, func(c *shca.CheckResult) cell { return line(st.wrapped, c.Text.Remediation.Text, inFindings) }},
		{"Controls known from", 18, 0, false, func(c *shca.CheckResult) cell { return cell{style: st.text, text: string(c.Mapping)} }},
		{"Reported by", 20, 0, false, func(c *shca.CheckResult) cell { return line(st.wrapped, report.Members(c.Products), inFindings) }},
		{"Accounts", 11, 0, true, func(c *shca.CheckResult) cell { return count(st.number, c.Accounts.Count()) }},
		{"Regions", 11, 0, true, func(c *shca.CheckResult) cell { return count(st.number, c.Regions.Count()) }},
		{"Resources", 12, 0, true, func(c *shca.CheckResult) cell { return count(st.number, c.Resources.Count()) }},
		{"Why undecided, with findings", 44, 0, false, func(c *shca.CheckResult) cell { return line(st.wrapped, reasons(c), inFindings) }},
		{"Failing, for example", 90, 0, false, func(c *shca.CheckResult) cell { return text(st.wrapped, b.examples(c), inFindings) }},
		{"AWS Config rule", 30, 0, false, func(c *shca.CheckResult) cell { return line(st.wrapped, c.Text.ConfigRule, inFindings) }},
		{"First observed (UTC)", 17, 0, false, func(c *shca.CheckResult) cell { return date(st.date, c.First) }},
		{"Last evaluated (UTC)", 17, 0, false, func(c *shca.CheckResult) cell { return date(st.date, c.Last) }},
	}
	const severity, status, last, remediation = 2, 3, 11, 11
	section := b.Section(report.Failing)
	s := b.sheet(checksSheet, widths(columns)...)
	s.top("Checks", section.Title+", then the others. "+section.Intro, fmt.Sprintf(printed, columnName(last))+" Rows are as high as these need; a cell of the others has all its lines.")
	top := head(s, columns)
	list := slices.Clone(b.Failing)
	for i := range b.Assessment.Checks {
		if c := &b.Assessment.Checks[i]; c.Tally.Failed == 0 {
			list = append(list, c)
		}
	}
	for _, c := range list {
		row(s, columns, c)
		if _, ok := show.Link(c.Text.Remediation.URL); ok && s.links < maxLinks {
			s.links++
			s.keep(s.file.SetCellHyperLink(s.name, at(remediation, s.last), c.Text.Remediation.URL, "External"))
		}
	}
	s.filter(top, s.last, len(columns))
	s.colourSeverities(severity, top)
	s.colourStatuses(status, top)
	s.numbersAsText(top, len(columns))
	s.page(last+1, top)
}

// remediation is the link to the producer's advice by name, or its address as
// text if it is none that a report may link to.
func (b *book) remediation(c *shca.CheckResult) cell {
	if name, ok := show.Link(c.Text.Remediation.URL); ok {
		return cell{style: b.styles.linked, text: name}
	}
	return line(b.styles.text, c.Text.Remediation.URL, inFindings)
}

// reasons lists why findings are undecided: "CONFIG_ACCESS_DENIED (2)".
func reasons(c *shca.CheckResult) string {
	texts := make([]string, len(c.Reasons))
	for i, r := range c.Reasons {
		texts[i] = fmt.Sprintf("%s (%s)", r.Code, show.Number(r.Count))
	}
	text := strings.Join(texts, ", ")
	if c.MoreReasons {
		text += " and more"
	}
	return text
}

// maxExamples bounds the failing findings named in a cell.
const maxExamples = 3

// examples names the first failing findings of a check, one a line, and says
// where the others are.
func (b *book) examples(c *shca.CheckResult) string {
	var texts []string
	for _, f := range c.Failing[:min(len(c.Failing), maxExamples)] {
		text := show.OneLine(report.Subject(f))
		var where []string
		for _, s := range []string{b.System.Account(f.AccountID), f.Region} {
			if s = show.OneLine(s); s != "" {
				where = append(where, s)
			}
		}
		if len(where) > 0 {
			text += " in " + strings.Join(where, ", ")
		}
		texts = append(texts, text)
	}
	if more := report.More(c.Tally.Failed, int64(len(texts)), "findings.csv has them all"); more != "" {
		texts = append(texts, more)
	}
	return strings.Join(texts, "\n")
}
