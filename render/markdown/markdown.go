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
	"strings"
	"unicode"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

// File is the name of the report.
const File = "report.md"

// How much of a list the report shows. Together the limits keep any report,
// however hostile its texts, below 1 MiB.
const (
	maxChecks      = 20
	maxControls    = 100
	maxFamilies    = 50
	maxNotAssessed = 1500 // NIST SP 800-53 Rev. 5 has 1,196 controls
	maxUnmapped    = 50
	maxSuppressed  = 30
	maxScopes      = 50
	maxProblems    = 20
)

// How many characters of a text the report shows.
const (
	maxID       = 24 // of a control's or family's id, account, region
	maxText     = 160
	maxSentence = 400
)

// Render writes the report.
func Render(ctx context.Context, w io.Writer, a *shca.Assessment) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &report{Writer: bufio.NewWriter(w), a: a, s: a.Summary()}
	r.head()
	r.statuses()
	r.unread()
	r.failing()
	r.families()
	r.attention()
	r.undecidedAndSuppressed()
	r.outside()
	r.unmapped()
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

// table writes a table; each cell is Markdown already. A column whose head ends
// in a colon holds numbers.
func (r *report) table(head []string, rows [][]string) {
	rule := ""
	for i, h := range head {
		cell := "---|"
		if strings.HasSuffix(h, ":") {
			cell = "---:|"
		}
		rule += cell
		head[i] = strings.TrimSuffix(h, ":")
	}
	r.printf("\n| %s |\n|%s\n", strings.Join(head, " | "), rule)
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
	a, s, total := r.a, r.s, show.Total(r.a)
	r.printf("# %s: %s\n\n", escape(cmp.Or(a.FrameworkName, a.Framework), maxText), escape(cmp.Or(a.BaselineName, a.Baseline), maxText))
	r.printf("**%s**\n", escape(a.Verdict(), 2*maxSentence))
	if !a.Complete() {
		r.printf("\n> **Incomplete:** what was not read has not passed. See [What could not be read](#what-could-not-be-read).\n")
	}
	checks := s.ChecksPassed + s.ChecksFailed
	r.table([]string{"Key number", "Value"}, [][]string{
		{"Pass rate", passRate(s.Tally)},
		{"Coverage", r.coverage()},
		{"Failing checks", fmt.Sprintf("%s of %s%s", number(s.ChecksFailed), plural(checks, "decided check"), r.severities())},
		{"Undecided", fmt.Sprintf("%s (%s WARNING, %s NOT\\_AVAILABLE)", plural(s.Tally.Undecided(), "finding"), number(s.Tally.Warning), number(s.Tally.NotAvailable))},
		{"Suppressed", plural(s.Tally.Suppressed, "finding") + ", listed and not scored"},
		{"Security score", "AWS's own figure, over checks: " + show.Rate(s.ChecksPassed, checks)},
		{"Read", read(total)},
		{"Assessed", show.Date(a.Time) + " by " + escape(cmp.Or(a.Generator, "shca"), maxText)},
	})
	if !a.AllControls {
		r.printf("\nFindings and checks are counted here if they are evidence for the baseline; \"Read\" counts all findings.\n")
	}
}

func passRate(t shca.Tally) string {
	if t.Decided() == 0 {
		return "none: no finding was decided"
	}
	return fmt.Sprintf("**%s** of %s (%s passed, %s failed)",
		show.Rate(t.Passed, t.Decided()), plural(t.Decided(), "decided finding"), number(t.Passed), number(t.Failed))
}

func (r *report) coverage() string {
	if r.a.AllControls {
		return fmt.Sprintf("none: no baseline was selected; %s of %s with findings were decided", number(r.s.Covered), plural(r.s.Controls, "control"))
	}
	return fmt.Sprintf("**%s**: %s of %s with a decided finding", show.Rate(r.s.Covered, r.s.Controls), number(r.s.Covered), plural(r.s.Controls, "baseline control"))
}

// severities counts the failing checks of the baseline by severity.
func (r *report) severities() string {
	baseline := map[shca.CheckID]bool{}
	for i := range r.a.Controls {
		if c := &r.a.Controls[i]; c.InBaseline {
			for _, id := range c.Checks {
				baseline[id] = true
			}
		}
	}
	var counts [shca.Critical + 1]int
	for i := range r.a.Checks {
		if c := &r.a.Checks[i]; c.Tally.Failed > 0 && baseline[c.ID] {
			counts[min(c.Severity, shca.Critical)]++
		}
	}
	var texts []string
	for severity := shca.Critical; severity > shca.SeverityUnknown; severity-- {
		if n := counts[severity]; n > 0 {
			texts = append(texts, number(n)+" "+severity.String())
		}
	}
	if len(texts) == 0 {
		return ""
	}
	return " (" + strings.Join(texts, ", ") + ")"
}

func read(t show.Totals) string {
	text := fmt.Sprintf("%s in %s and %s: %s assessed, %s suppressed, %s without compliance status, %s archived, %s superseded by another copy",
		plural(t.Findings, "finding"), plural(t.Accounts, "account"), plural(t.Regions, "region"),
		number(t.Assessed), number(t.Suppressed), number(t.NotScored), number(t.Archived), number(t.Superseded))
	if t.Skipped > 0 {
		text += fmt.Sprintf("; **%s more could not be read**", number(t.Skipped))
	}
	return text
}

func (r *report) statuses() {
	r.printf("\n## Controls by status\n")
	var rows [][]string
	for _, status := range shca.Statuses() {
		rows = append(rows, []string{status.String(), number(r.s.Statuses[status]), escape(show.Meaning(status), maxText)})
	}
	r.table([]string{"Status", "Controls:", "Rests on"}, rows)
	if r.s.Outside > 0 {
		r.printf("\nBesides, %s outside the baseline: see [Outside the baseline](#outside-the-baseline).\n", plural(r.s.Outside, "control"))
	}
}

func (r *report) unread() {
	if r.a.Complete() {
		return
	}
	r.printf("\n## What could not be read\n\n")
	shown := r.a.Problems[:min(len(r.a.Problems), maxProblems)]
	for _, p := range shown {
		r.printf("- %s\n", escape(p, maxSentence))
	}
	if more := r.a.ProblemCount - int64(len(shown)); more > 0 {
		r.printf("- and %s more; assessment.json has the first %d\n", number(more), shca.MaxProblems)
	}
	if r.a.ProblemCount == 0 {
		r.printf("See [Scopes](#scopes).\n")
	}
}

func (r *report) failing() {
	failing := r.a.Failing()
	r.printf("\n## Failing checks, worst first\n")
	if len(failing) == 0 {
		r.printf("\nNo check failed.\n")
		return
	}
	if len(failing) > r.s.ChecksFailed {
		r.printf("\nEvidence for the baseline: %s of the %s that failed.\n", number(r.s.ChecksFailed), plural(len(failing), "check"))
	}
	var rows [][]string
	for _, c := range failing[:min(len(failing), maxChecks)] {
		rows = append(rows, []string{
			code(string(c.ID)), c.Severity.String(), escape(c.Text.Title, maxText), number(c.Tally.Failed) + " of " + number(c.Tally.Decided()),
			labels(c.Controls, 6), link(c.Text.Remediation.URL),
		})
	}
	r.table([]string{"Check", "Severity", "Title", "Failed", "Controls", "Remediation"}, rows)
	r.more(len(failing), maxChecks, "assessment.json has them all")
}

func (r *report) families() {
	r.printf("\n## Families\n")
	var rows [][]string
	for _, f := range r.s.Families[:min(len(r.s.Families), maxFamilies)] {
		rows = append(rows, []string{
			escape(f.Family, maxID) + " " + escape(f.Title, maxText), number(f.Controls), number(f.Covered),
			number(f.Statuses[shca.StatusCompliant]), number(f.Statuses[shca.StatusPartial]), number(f.Statuses[shca.StatusNonCompliant]),
			number(f.Tally.Failed), show.Rate(f.Tally.Passed, f.Tally.Decided()),
		})
	}
	r.table([]string{"Family", "Controls:", "Covered:", "Compliant:", "Partially:", "Non-compliant:", "Failed findings:", "Pass rate:"}, rows)
	r.more(len(r.s.Families), maxFamilies, "assessment.json has them all")
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
			escape(c.ID.Label(), maxID), title, c.Status.String(), c.Severity.String(),
			number(c.Tally.Passed), number(c.Tally.Failed), number(c.Tally.Undecided()), number(c.Tally.Suppressed), show.Rate(c.Tally.Passed, c.Tally.Decided()),
		})
	}
	r.table([]string{"Control", "Title", "Status", "Worst", "Passed:", "Failed:", "Undecided:", "Suppressed:", "Pass rate:"}, rows)
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
					code(string(c.ID)), escape(cmp.Or(s.ResourceID, s.FindingID), maxText), escape(s.AccountID, maxID), escape(string(s.Status), maxID),
					escape(cmp.Or(s.Note.Text, "no reason noted"), maxText), escape(s.Note.UpdatedBy, maxText), show.Date(s.Note.UpdatedAt),
				})
			}
		}
	}
	if total > 0 {
		r.printf("\n## Suppressed findings\n")
		r.table([]string{"Check", "Resource", "Account", "Status", "Note", "By", "At"}, rows)
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
		r.printf("\n## Outside the baseline\n\nThese controls have findings and are not in the baseline. They count in no number of the baseline.\n")
		r.controlTable(list, "control-summary.csv has them all")
	}
}

func (r *report) unmapped() {
	var texts []string
	total := 0
	for i := range r.a.Checks {
		if c := &r.a.Checks[i]; len(c.Controls) == 0 {
			if total++; total <= maxUnmapped {
				texts = append(texts, code(string(c.ID))+" ("+plural(c.Tally.Total(), "finding")+")")
			}
		}
	}
	if total > 0 {
		r.printf("\n## Checks that are mapped to no control\n\nTheir findings count in no control: %s.\n", strings.Join(texts, ", "))
		r.more(total, maxUnmapped, "assessment.json has them all")
	}
}

func (r *report) notAssessed() {
	byFamily := map[string][]string{}
	total := 0
	for i := range r.a.Controls {
		if c := &r.a.Controls[i]; c.InBaseline && c.Status == shca.StatusNotAssessed {
			if total++; total <= maxNotAssessed {
				byFamily[c.ID.Family()] = append(byFamily[c.ID.Family()], escape(c.ID.Label(), maxID))
			}
		}
	}
	if total == 0 {
		return
	}
	r.printf("\n## Not assessed\n\nNo finding is evidence for %s of the baseline: examine, interview or test instead.\n", plural(total, "control"))
	var rows [][]string
	for _, f := range r.s.Families {
		if list := byFamily[f.Family]; len(list) > 0 && len(rows) < maxFamilies {
			rows = append(rows, []string{escape(f.Family, maxID) + " " + escape(f.Title, maxText), strings.Join(list, ", ")})
		}
	}
	r.table([]string{"Family", "Controls"}, rows)
	if total > maxNotAssessed || len(byFamily) > maxFamilies {
		r.printf("\nAt most the first %s in %d families are shown; control-summary.csv has them all.\n", number(maxNotAssessed), maxFamilies)
	}
}

func (r *report) scopes() {
	r.printf("\n## Scopes\n")
	var rows [][]string
	for _, s := range r.a.Scopes[:min(len(r.a.Scopes), maxScopes)] {
		state := "read in full"
		if !r.a.Complete() {
			state = "as far as could be read" // a finding that was lost may be of any account
		}
		switch {
		case s.Err != "":
			state = "**not read in full:** " + escape(s.Err, maxSentence)
		case s.Skipped > 0:
			state = "**" + plural(s.Skipped, "finding") + " could not be read**"
		case s.Note != "":
			state = escape(s.Note, maxSentence)
		}
		rows = append(rows, []string{
			escape(s.Source, maxText), escape(s.AccountID, maxID), escape(s.Region, maxID), number(s.Findings), number(s.Assessed), number(s.Suppressed),
			number(s.NotScored), number(s.Archived), number(s.Superseded), state,
		})
	}
	r.table([]string{"Source", "Account", "Region", "Findings:", "Assessed:", "Suppressed:", "No status:", "Archived:", "Superseded:", "State"}, rows)
	r.more(len(r.a.Scopes), maxScopes, "assessment.json has them all")
}

func (r *report) method() {
	r.printf("\n## What the numbers mean\n\n")
	for _, d := range shca.Method() {
		r.printf("- **%s:** %s\n", d.Term, escape(d.Meaning, 2000))
	}
}

// escape makes foreign text plain in a Markdown paragraph, list item or table
// cell, on one line of at most limit characters.
func escape(s string, limit int) string {
	var plain []rune
	s = strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, s)
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		if len(plain) > 0 {
			plain = append(plain, ' ')
		}
		plain = append(plain, []rune(word)...)
		if len(plain) > limit {
			plain = append(plain[:limit], '…')
			break
		}
	}
	return start(escaper.Replace(string(plain)))
}

// invisible reports whether a character only changes how others are shown:
// direction marks could make a line read as another. Joiners are part of
// scripts and emoji.
func invisible(r rune) bool {
	return unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d'
}

// start escapes what would begin a list or a heading at the start of a line.
func start(s string) string {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if digits < len(s) && strings.IndexByte("+-=.)", s[digits]) >= 0 && (digits > 0) == strings.Contains(".)", s[digits:digits+1]) {
		return s[:digits] + `\` + s[digits:]
	}
	return s
}

var escaper = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "#", `\#`, "~", `\~`, "$", `\$`,
	"<", "&lt;", ">", "&gt;", "&", "&amp;",
)

// code shows an id in fixed width if it is plain, else as escaped text.
func code(s string) string {
	if s != "" && len(s) <= maxText && strings.Trim(s, letters+"-_/:") == "" {
		return "`" + s + "`"
	}
	return escape(s, maxText)
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789."

// link shows a web address as a link if it is a plain one, else as text. The
// link says where it leads, since a finding may come from anybody.
func link(address string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(address, "https://"), "/")
	switch {
	case !strings.HasPrefix(address, "https://"), len(address) > 500, host == "",
		strings.Trim(host, letters+"-") != "", strings.Trim(address, letters+"-_/:?&=%#~+,;@") != "":
		return escape(address, maxText)
	case host == "docs.aws.amazon.com":
		return "[AWS docs](" + address + ")"
	}
	return "[" + host + "](" + address + ")"
}

func labels(ids []shca.ControlID, limit int) string {
	var texts []string
	for _, id := range ids[:min(len(ids), limit)] {
		texts = append(texts, escape(id.Label(), maxID))
	}
	text := strings.Join(texts, ", ")
	if len(ids) > limit {
		text += fmt.Sprintf(" and %d more", len(ids)-limit)
	}
	return text
}

func number[T int | int64](n T) string { return show.Number(n) }

func plural[T int | int64](n T, one string) string { return show.Plural(n, one) }
