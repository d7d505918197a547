package pdf

import (
	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/internal/show"
)

// failing describes each failing check once, whole.
func (r *writer) failing() {
	r.part(report.Failing, 10*len(r.Failing))
	bySeverity(r, r.Failing, maxChecks, "check", func(c *shca.CheckResult) shca.Severity { return c.Severity }, r.failingCheck)
	r.note(report.More(len(r.Failing), maxChecks, "assessment.json has them all"))
}

// bySeverity writes the first items of a list, which is in the order of their
// severity, with a heading before those of each. It ends early where nobody waits
// for the report any more.
func bySeverity[T any](r *writer, list []T, limit int, noun string, of func(T) shca.Severity, write func(T)) {
	counts := map[shca.Severity]int{}
	for _, item := range list {
		counts[of(item)]++
	}
	for i, item := range list[:min(len(list), limit)] {
		if r.done() {
			return
		}
		if severity := of(item); i == 0 || severity != of(list[i-1]) {
			r.group(show.SeverityStyle(severity).Mark + " " + show.Severity(severity) + ": " + show.Plural(counts[severity], noun))
		}
		write(item)
	}
}

func (r *writer) failingCheck(c *shca.CheckResult) {
	title := show.OneLine(c.Text.Title)
	description := show.Visible(c.Text.Description)
	if show.OneLine(description) == title {
		description = ""
	}
	fields, rows := columns([]column{{width: 76}, {}}), r.checkFields(c)
	height := 40 + fieldsHeight(fields, rows)
	height += float64(len(wrap(title, strongStyle, textWidth))) * strongStyle.leading()
	height += float64(len(wrap(description, bodyStyle, textWidth))) * bodyStyle.leading()
	if height > (bottom-top)*0.6 {
		height = 150 // goes on on the next page
	}
	r.need(height)
	r.y += 6
	r.outline(show.OneLine(string(c.ID))+"  "+title, 2)
	r.here(r.checks[c.ID])
	r.rule(r.y-3, show.Line, 0.5)
	r.itemHeading(show.OneLine(string(c.ID)), style{mono, 10, show.Text}, failed(c.Tally)+" failed", show.SeverityStyle(c.Severity), show.Severity(c.Severity))
	r.y++
	if title != "" {
		r.in("P", func() { r.paragraph(title, strongStyle, left, textWidth) })
		r.y++
	}
	if description != "" {
		r.in("P", func() { r.paragraph(description, bodyStyle, left, textWidth) })
	}
	r.y += 2
	r.table(fields, rows)
	r.y += 8
}

// checkFields are what is to be known of a failing check.
func (r *writer) checkFields(c *shca.CheckResult) [][]cell {
	field := func(label string, value cell) []cell { return []cell{{{text: label, style: headStyle}}, value} }
	text := func(s string) cell { return cell{{text: s, style: cellStyle}} }
	var rows [][]cell
	mend := cell{}
	if s := show.Visible(c.Text.Remediation.Text); s != "" {
		mend = append(mend, part{text: s, style: cellStyle})
	}
	if url := c.Text.Remediation.URL; url != "" {
		p := part{text: show.OneLine(url), style: urlStyle, url: url}
		if _, ok := show.Link(url); !ok {
			p.url, p.style.color = "", show.Text // it may lead anywhere: text only
		}
		mend = append(mend, p)
	}
	if len(mend) > 0 {
		rows = append(rows, field("Remediation", mend))
	}
	rows = append(rows, field("Findings", text(tally(c.Tally)+"; "+counted(c.Accounts.Count(), "account")+", "+counted(c.Regions.Count(), "region")+", "+counted(c.Resources.Count(), "resource"))))
	samples := cell{}
	for _, s := range c.Failing[:min(len(c.Failing), maxSamples)] {
		where := show.OneLine(r.System.Account(s.AccountID))
		if s.Region != "" {
			where += " · " + show.OneLine(s.Region)
		}
		if !s.Observed.IsZero() {
			where += " · " + show.Date(s.Observed)
		}
		samples = append(samples, part{text: show.OneLine(report.Subject(s)), style: idStyle}, part{text: where, style: cellMuted})
	}
	if more := report.More(c.Tally.Failed, int64(min(len(c.Failing), maxSamples)), "findings.csv has them all"); more != "" {
		samples = append(samples, part{text: more, style: noteStyle})
	}
	if len(samples) > 0 {
		rows = append(rows, field("Failing", samples))
	}
	evidence := labels(c.Controls, maxLabels)
	if evidence == "" {
		evidence = r.Section(report.Unmapped).Intro
	}
	return append(rows, field("Evidence for", text(evidence)))
}
