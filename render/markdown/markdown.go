// Package markdown writes an assessment as a report in GitHub-flavoured
// Markdown. Its first screen is the verdict, so that it serves as the summary
// of a CI job; it stays far below the 1 MiB that GitHub takes there, because
// long lists are cut and say where the whole is.
package markdown

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-shca/shca"
)

// File is the name of the report.
const File = "report.md"

// How much of a list the report shows.
const (
	maxChecks     = 20
	maxControls   = 100
	maxSuppressed = 30
	maxScopes     = 100
	maxProblems   = 20
	maxText       = 160 // characters of one foreign text
	maxSentence   = 500 // characters of one message
)

// Render writes the report.
func Render(ctx context.Context, w io.Writer, a *shca.Assessment) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &report{Writer: bufio.NewWriter(w), a: a, s: a.Summary()}
	r.head()
	r.statuses()
	r.failing()
	r.families()
	r.attention()
	r.undecidedAndSuppressed()
	r.outside()
	r.notAssessed()
	r.scopes()
	r.method()
	return r.Flush()
}

// report remembers the first write error in its Writer, as bufio does.
type report struct {
	*bufio.Writer
	a *shca.Assessment
	s shca.Summary
}

func (r *report) printf(format string, args ...any) { fmt.Fprintf(r, format, args...) }

// table writes a table; each cell is Markdown already.
func (r *report) table(head []string, rows [][]string) {
	r.printf("\n| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for _, row := range rows {
		r.printf("| %s |\n", strings.Join(row, " | "))
	}
}

// more says what a list leaves out.
func (r *report) more(total, limit int, where string) {
	if total > limit {
		r.printf("\nThe first %s of %s are shown; %s.\n", number(limit), number(total), where)
	}
}

func (r *report) head() {
	a, s := r.a, r.s
	r.printf("# %s: %s\n\n", escape(a.FrameworkName, maxText), escape(cmp.Or(a.BaselineName, a.Baseline), maxText))
	r.printf("**%s**\n", escape(a.Verdict(), maxSentence))
	rows := [][]string{
		{"Pass rate", r.passRate(s.Tally)},
		{"Undecided", fmt.Sprintf("%s findings (%s WARNING, %s NOT\\_AVAILABLE)", number(s.Tally.Undecided()), number(s.Tally.Warning), number(s.Tally.NotAvailable))},
		{"Suppressed", number(s.Tally.Suppressed) + " findings, listed and not scored"},
		{"Coverage", rate(int64(s.Covered), int64(s.Controls)) + fmt.Sprintf(": %s of %s baseline controls have a decided finding", number(s.Covered), number(s.Controls))},
		{"Security score", "AWS's own figure: " + rate(int64(s.ChecksPassed), int64(s.ChecksPassed+s.ChecksFailed)) + fmt.Sprintf(" (%s of %s decided checks passed)", number(s.ChecksPassed), number(s.ChecksPassed+s.ChecksFailed))},
		{"Read", r.read()},
		{"Assessed", date(a.Time) + " by " + escape(cmp.Or(a.Generator, "shca"), maxText)},
	}
	if !a.Complete() {
		rows = append(rows, []string{"**Incomplete**", "see [What could not be read](#what-could-not-be-read)"})
	}
	r.table([]string{"", ""}, rows)
	if !a.Complete() {
		r.printf("\n## What could not be read\n\n")
		for _, p := range a.Problems[:min(len(a.Problems), maxProblems)] {
			r.printf("- %s\n", escape(p, maxSentence))
		}
		if shown := int64(min(len(a.Problems), maxProblems)); a.ProblemCount > shown {
			r.printf("- and %s more; the command's messages name the first %d\n", number(a.ProblemCount-shown), shca.MaxProblems)
		}
	}
}

func (r *report) passRate(t shca.Tally) string {
	if t.Decided() == 0 {
		return "none: no finding was decided"
	}
	return fmt.Sprintf("**%s** of %s decided findings (%s passed, %s failed)",
		rate(t.Passed, t.Decided()), number(t.Decided()), number(t.Passed), number(t.Failed))
}

func (r *report) read() string {
	accounts, regions := map[string]bool{}, map[string]bool{}
	var total, assessed, suppressed, notScored, archived, superseded, skipped int64
	for _, s := range r.a.Scopes {
		if s.AccountID != "" {
			accounts[s.AccountID] = true
		}
		if s.Region != "" {
			regions[s.Region] = true
		}
		total += s.Findings
		assessed += s.Assessed
		suppressed += s.Suppressed
		notScored += s.NotScored
		archived += s.Archived
		superseded += s.Superseded
		skipped += s.Skipped
	}
	text := fmt.Sprintf("%s findings in %s and %s: %s assessed, %s suppressed, %s without compliance status, %s archived, %s superseded by another copy",
		number(total), plural(len(accounts), "account"), plural(len(regions), "region"),
		number(assessed), number(suppressed), number(notScored), number(archived), number(superseded))
	if skipped > 0 {
		text += fmt.Sprintf("; **%s more could not be read**", number(skipped))
	}
	return text
}

func (r *report) statuses() {
	r.printf("\n## Controls by status\n")
	var rows [][]string
	for _, status := range shca.Statuses() {
		rows = append(rows, []string{status.String(), number(r.s.Statuses[status]), rate(int64(r.s.Statuses[status]), int64(r.s.Controls))})
	}
	r.table([]string{"Status", "Controls", "Share of baseline"}, rows)
	if r.s.Outside > 0 {
		r.printf("\nBesides, %s outside the baseline: see [Outside the baseline](#outside-the-baseline).\n", plural(r.s.Outside, "control"))
	}
}

func (r *report) failing() {
	var failing []*shca.CheckResult
	for i := range r.a.Checks {
		if r.a.Checks[i].Tally.Failed > 0 {
			failing = append(failing, &r.a.Checks[i])
		}
	}
	slices.SortStableFunc(failing, shca.CompareWorst)
	r.printf("\n## Failing checks, worst first\n")
	if len(failing) == 0 {
		r.printf("\nNo check failed.\n")
		return
	}
	var rows [][]string
	for _, c := range failing[:min(len(failing), maxChecks)] {
		rows = append(rows, []string{
			code(string(c.ID)), c.Severity.String(), escape(c.Text.Title, maxText), number(c.Tally.Failed), number(c.Tally.Decided()),
			labels(c.Controls, 6), link(c.Text.Remediation.URL),
		})
	}
	r.table([]string{"Check", "Severity", "Title", "Failed", "Decided", "Controls", "Remediation"}, rows)
	r.more(len(failing), maxChecks, "findings.csv has them all")
}

func (r *report) families() {
	r.printf("\n## Families\n")
	var rows [][]string
	for _, f := range r.s.Families {
		rows = append(rows, []string{
			f.Family + " " + escape(f.Title, maxText), number(f.Controls), number(f.Covered),
			number(f.Statuses[shca.StatusCompliant]), number(f.Statuses[shca.StatusPartial]), number(f.Statuses[shca.StatusNonCompliant]),
			number(f.Tally.Failed), rate(f.Tally.Passed, f.Tally.Decided()),
		})
	}
	r.table([]string{"Family", "Controls", "Covered", "Compliant", "Partially", "Non-compliant", "Failed findings", "Pass rate"}, rows)
}

func (r *report) attention() {
	var list []*shca.ControlResult
	for i := range r.a.Controls {
		if c := &r.a.Controls[i]; c.InBaseline && c.Tally.Failed > 0 {
			list = append(list, c)
		}
	}
	slices.SortStableFunc(list, func(a, b *shca.ControlResult) int {
		return cmp.Or(-cmp.Compare(a.Severity, b.Severity), -cmp.Compare(a.Tally.Failed, b.Tally.Failed))
	})
	r.printf("\n## Controls with failing evidence\n")
	if len(list) == 0 {
		r.printf("\nNo control of the baseline has failing automated evidence.\n")
		return
	}
	r.controlTable(list, "control-summary.csv has them all")
}

func (r *report) controlTable(list []*shca.ControlResult, where string) {
	var rows [][]string
	for _, c := range list[:min(len(list), maxControls)] {
		title := escape(c.Title, maxText)
		if c.Withdrawn {
			title += " (withdrawn)"
		}
		rows = append(rows, []string{
			c.ID.Label(), title, c.Status.String(), c.Severity.String(),
			number(c.Tally.Passed), number(c.Tally.Failed), number(c.Tally.Undecided()), number(c.Tally.Suppressed), rate(c.Tally.Passed, c.Tally.Decided()),
		})
	}
	r.table([]string{"Control", "Title", "Status", "Worst", "Passed", "Failed", "Undecided", "Suppressed", "Pass rate"}, rows)
	r.more(len(list), maxControls, where)
}

func (r *report) undecidedAndSuppressed() {
	var undecided []*shca.ControlResult
	for i := range r.a.Controls {
		c := &r.a.Controls[i]
		if c.InBaseline && (c.Status == shca.StatusUndecided || c.Status == shca.StatusSuppressed) {
			undecided = append(undecided, c)
		}
	}
	if len(undecided) > 0 {
		r.printf("\n## Controls without a decided finding\n")
		r.controlTable(undecided, "control-summary.csv has them all")
	}
	var rows [][]string
	var total int64
	for i := range r.a.Checks {
		c := &r.a.Checks[i]
		total += c.Tally.Suppressed
		for _, s := range c.Suppressed {
			if len(rows) < maxSuppressed {
				rows = append(rows, []string{
					code(string(c.ID)), escape(cmp.Or(s.ResourceID, s.FindingID), maxText), s.AccountID, string(s.Status),
					escape(cmp.Or(s.Note.Text, "no reason noted"), maxText), escape(s.Note.UpdatedBy, maxText), date(s.Note.UpdatedAt),
				})
			}
		}
	}
	if total > 0 {
		r.printf("\n## Suppressed findings\n")
		r.table([]string{"Check", "Resource", "Account", "Says", "Note", "By", "At"}, rows)
		r.more(int(total), len(rows), "findings.csv has them all")
	}
}

func (r *report) outside() {
	var list []*shca.ControlResult
	for i := range r.a.Controls {
		if c := &r.a.Controls[i]; !c.InBaseline {
			list = append(list, c)
		}
	}
	if len(list) > 0 {
		r.printf("\n## Outside the baseline\n\nThese controls have findings and are not in the baseline. They count in no number above.\n")
		r.controlTable(list, "control-summary.csv has them all")
	}
	var unmapped []string
	for i := range r.a.Checks {
		if c := &r.a.Checks[i]; len(c.Controls) == 0 {
			unmapped = append(unmapped, code(string(c.ID))+" ("+number(c.Tally.Total())+")")
		}
	}
	if len(unmapped) > 0 {
		r.printf("\n## Checks that are mapped to no control\n\nTheir findings count in no control: %s.\n", strings.Join(unmapped[:min(len(unmapped), maxControls)], ", "))
		r.more(len(unmapped), maxControls, "assessment.json has them all")
	}
}

func (r *report) notAssessed() {
	byFamily := map[string][]string{}
	for i := range r.a.Controls {
		if c := &r.a.Controls[i]; c.InBaseline && c.Status == shca.StatusNotAssessed {
			byFamily[c.ID.Family()] = append(byFamily[c.ID.Family()], c.ID.Label())
		}
	}
	if len(byFamily) == 0 {
		return
	}
	r.printf("\n## Not assessed\n\nNo finding is evidence for these controls of the baseline. They need examination, interview or test.\n")
	var rows [][]string
	for _, f := range r.s.Families {
		if list := byFamily[f.Family]; len(list) > 0 {
			rows = append(rows, []string{f.Family + " " + escape(f.Title, maxText), strings.Join(list, ", ")})
		}
	}
	r.table([]string{"Family", "Controls"}, rows)
}

func (r *report) scopes() {
	r.printf("\n## Scopes\n")
	var rows [][]string
	for _, s := range r.a.Scopes[:min(len(r.a.Scopes), maxScopes)] {
		state := "read in full"
		switch {
		case s.Err != "":
			state = "**not read in full:** " + escape(s.Err, maxSentence)
		case s.Skipped > 0:
			state = "**" + plural(int(s.Skipped), "finding") + " could not be read**"
		case s.Note != "":
			state = escape(s.Note, maxSentence)
		}
		rows = append(rows, []string{
			escape(s.Source, maxText), escape(s.AccountID, maxText), escape(s.Region, maxText), number(s.Findings), number(s.Assessed), number(s.Suppressed),
			number(s.NotScored), number(s.Archived), number(s.Superseded), state,
		})
	}
	r.table([]string{"Source", "Account", "Region", "Findings", "Assessed", "Suppressed", "No status", "Archived", "Superseded", "State"}, rows)
	r.more(len(r.a.Scopes), maxScopes, "assessment.json has them all")
}

func (r *report) method() {
	r.printf("\n## What the numbers mean\n\n")
	for _, d := range shca.Method() {
		r.printf("- **%s:** %s\n", d.Term, escape(d.Meaning, 2000))
	}
}

// escape makes foreign text plain in a Markdown paragraph or table cell, on one
// line of at most limit characters.
func escape(s string, limit int) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return r <= ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' || r == '\u0085'
	}), " ")
	if runes := []rune(s); len(runes) > limit {
		s = string(runes[:limit]) + "…"
	}
	return escaper.Replace(s)
}

var escaper = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "#", `\#`, "~", `\~`, "$", `\$`,
	"<", "&lt;", ">", "&gt;", "&", "&amp;",
	// Direction marks could make a line read as another.
	"\u202a", "", "\u202b", "", "\u202c", "", "\u202d", "", "\u202e", "", "\u2066", "", "\u2067", "", "\u2068", "", "\u2069", "",
)

// code shows an id in fixed width if it is plain, else as escaped text.
func code(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_/:") == "" {
		return "`" + s + "`"
	}
	return escape(s, maxText)
}

// link shows a web address as a link if it is a plain one, else as text.
func link(url string) string {
	if strings.HasPrefix(url, "https://") && !strings.ContainsAny(url, " <>()[]|`\"\\\r\n\t") && len(url) < 500 {
		return "[open](" + url + ")"
	}
	return escape(url, maxText)
}

func labels(ids []shca.ControlID, limit int) string {
	var texts []string
	for _, id := range ids[:min(len(ids), limit)] {
		texts = append(texts, id.Label())
	}
	text := strings.Join(texts, ", ")
	if len(ids) > limit {
		text += fmt.Sprintf(" and %d more", len(ids)-limit)
	}
	return text
}

func rate(part, whole int64) string {
	if p := shca.Percent(part, whole); p != "" {
		return p + " %"
	}
	return "–"
}

// number prints thousands in groups.
func number[T int | int64](n T) string {
	text := strconv.FormatInt(int64(n), 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + one + "s"
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}
