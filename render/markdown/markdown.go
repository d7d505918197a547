// Package markdown writes an assessment as a report in GitHub-flavoured
// Markdown. Its first screen is the verdict, so that it serves as the summary
// of a CI job; it stays far below the 1 MiB that GitHub takes there, because
// long lists are cut and say where the whole is.
package markdown

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
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
	maxDisabled    = 50
	maxEvidence    = 50
	maxNotes       = 20
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
	r := &writer{Writer: bufio.NewWriter(w), Report: report.New(a)}
	r.head()
	r.statuses()
	r.unread()
	r.failing()
	r.families()
	r.attention()
	r.undecided()
	r.suppressed()
	r.outside()
	r.unmapped()
	r.notAssessed()
	r.disabled()
	r.evidence()
	r.scopes()
	r.method()
	return r.Flush()
}

// writer remembers the first write error, as bufio does.
type writer struct {
	*bufio.Writer
	*report.Report
}

func (r *writer) printf(format string, args ...any) { fmt.Fprintf(r, format, args...) }

// section writes the heading and introduction of a part.
func (r *writer) section(p report.Part) {
	s := r.Section(p)
	r.printf("\n## %s\n", s.Title)
	if s.Intro != "" {
		r.printf("\n%s\n", escape(s.Intro, maxSentence))
	}
}

// table writes a table; each cell is Markdown already. A column whose head ends
// in a colon holds numbers.
func (r *writer) table(head []string, rows [][]string) {
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
func (r *writer) more(total, limit int, where string) {
	if text := report.More(total, limit, where); text != "" {
		r.printf("\n%s\n", text)
	}
}

func (r *writer) head() {
	r.printf("# %s\n\n", escape(r.Title, 2*maxText))
	if r.Marking != "" {
		r.printf("**%s**\n\n", escape(r.Marking, maxText))
	}
	if r.SystemName != "" {
		r.printf("System: %s\n\n", escape(r.SystemName, maxSentence))
	}
	// What holds for every number stands before the first.
	if r.Complete() {
		r.printf("%s\n\n", r.Completeness)
	} else {
		r.printf("> **%s** See [%s](#what-could-not-be-read).\n\n", r.Completeness, r.Section(report.Unread).Title)
	}
	if r.Redacted {
		r.printf("%s: %s.\n\n", report.Redacted, shca.RedactionNote)
	}
	r.printf("**%s**\n", escape(r.Verdict, 2*maxSentence))
	var rows [][]string
	for _, f := range r.Facts {
		value := f.Value
		if f.Main() {
			value = "**" + value + "**"
		}
		rows = append(rows, []string{f.Label, value + escaper.Replace(show.Cut(show.Visible(f.Rest()), maxSentence))})
	}
	r.table([]string{"Key number", "Value"}, rows)
	if intro := r.Section(report.KeyNumbers).Intro; intro != "" {
		r.printf("\n%s\n", intro)
	}
}

func (r *writer) statuses() {
	r.section(report.ByStatus)
	var rows [][]string
	for _, status := range shca.Statuses() {
		rows = append(rows, []string{status.String(), number(r.Summary.Statuses[status]), escape(show.Meaning(status), maxText)})
	}
	r.table([]string{"Status", "Controls:", "Rests on"}, rows)
}

func (r *writer) unread() {
	if !r.Needed(report.Unread) {
		return
	}
	r.section(report.Unread)
	r.printf("\n")
	shown := r.Problems[:min(len(r.Problems), maxProblems)]
	for _, p := range shown {
		r.printf("- %s\n", escape(p, maxSentence))
	}
	if text := r.MoreProblems(len(shown)); text != "" {
		r.printf("\n%s\n", text)
	}
	if r.ProblemCount == 0 {
		r.printf("See [Scopes](#scopes).\n")
	}
}

func (r *writer) failing() {
	r.section(report.Failing)
	if len(r.Failing) == 0 {
		return
	}
	var rows [][]string
	for _, c := range r.Failing[:min(len(r.Failing), maxChecks)] {
		rows = append(rows, []string{
			code(string(c.ID)), show.Severity(c.Severity), escape(c.Text.Title, maxText), number(c.Tally.Failed) + " of " + number(c.Tally.Decided()),
			labels(c.Controls, 6), link(c.Text.Remediation.URL),
		})
	}
	r.table([]string{"Check", "Severity", "Title", "Failed", "Controls", "Remediation"}, rows)
	r.more(len(r.Failing), maxChecks, "assessment.json has them all")
}

func (r *writer) families() {
	r.section(report.Families)
	var rows [][]string
	families := r.Summary.Families
	for _, f := range families[:min(len(families), maxFamilies)] {
		rows = append(rows, []string{
			escape(f.Family, maxID) + " " + escape(f.Title, maxText), number(f.Controls), number(f.Covered),
			number(f.Statuses[shca.StatusCompliant]), number(f.Statuses[shca.StatusPartial]), number(f.Statuses[shca.StatusNonCompliant]),
			number(f.Tally.Failed), show.Rate(f.Tally.Passed, f.Tally.Decided()),
		})
	}
	r.table([]string{"Family", "Controls:", "Covered:", "Compliant:", "Partially:", "Non-compliant:", report.FailedFindings + ":", report.PassRate + ":"}, rows)
	r.more(len(families), maxFamilies, "assessment.json has them all")
}

func (r *writer) attention() {
	r.section(report.Attention)
	if len(r.Attention) > 0 {
		r.controlTable(r.Attention)
	}
}

func (r *writer) controlTable(list []*shca.ControlResult) {
	var rows [][]string
	for _, c := range list[:min(len(list), maxControls)] {
		title := escape(c.Title, maxText)
		if c.Withdrawn {
			title += " (withdrawn)"
		}
		rows = append(rows, []string{
			escape(c.ID.Label(), maxID), title, c.StatusText(), show.Severity(c.Severity),
			number(c.Tally.Passed), number(c.Tally.Failed), number(c.Tally.Undecided()), number(c.Tally.Suppressed), show.Rate(c.Tally.Passed, c.Tally.Decided()),
		})
	}
	r.table([]string{"Control", "Title", "Status", report.WorstSeverity, "Passed:", "Failed:", "Undecided:", "Suppressed:", report.PassRate + ":"}, rows)
	r.more(len(list), maxControls, "control-summary.csv has them all")
}

func (r *writer) undecided() {
	if r.Needed(report.Undecided) {
		r.section(report.Undecided)
		r.controlTable(r.Undecided)
	}
}

func (r *writer) suppressed() {
	if !r.Needed(report.Suppressed) {
		return
	}
	r.section(report.Suppressed)
	var rows [][]string
	for _, s := range r.Suppressed[:min(len(r.Suppressed), maxSuppressed)] {
		rows = append(rows, []string{
			code(string(s.Check.ID)), escape(report.Subject(s.Sample), maxText), escape(r.System.Account(s.AccountID), maxText), escape(string(s.Status), maxID),
			escape(report.Reason(s.Sample), maxText), escape(s.Note.UpdatedBy, maxText), show.Date(s.Note.UpdatedAt),
		})
	}
	r.table([]string{"Check", "Resource", "Account", "Status", "Note", "By", "At"}, rows)
	r.more(int(r.SuppressedTotal), len(rows), "findings.csv has them all")
}

func (r *writer) outside() {
	if r.Needed(report.Outside) {
		r.section(report.Outside)
		r.controlTable(r.Outside)
	}
}

func (r *writer) unmapped() {
	if !r.Needed(report.Unmapped) {
		return
	}
	r.section(report.Unmapped)
	var texts []string
	for _, c := range r.Unmapped[:min(len(r.Unmapped), maxUnmapped)] {
		texts = append(texts, code(string(c.ID))+" ("+show.Plural(c.Tally.Total(), "finding")+")")
	}
	r.printf("\n%s.\n", strings.Join(texts, ", "))
	r.more(len(r.Unmapped), maxUnmapped, "assessment.json has them all")
}

func (r *writer) notAssessed() {
	if !r.Needed(report.NotAssessed) {
		return
	}
	r.section(report.NotAssessed)
	families := r.ByFamily(r.NotAssessed[:min(len(r.NotAssessed), maxNotAssessed)])
	var rows [][]string
	for _, f := range families[:min(len(families), maxFamilies)] {
		var list []string
		for _, c := range f.Controls {
			list = append(list, escape(c.ID.Label(), maxID))
		}
		rows = append(rows, []string{escape(f.Family, maxID) + " " + escape(f.Title, maxText), strings.Join(list, ", ")})
	}
	r.table([]string{"Family", "Controls"}, rows)
	if len(r.NotAssessed) > maxNotAssessed || len(families) > maxFamilies {
		r.printf("\nAt most the first %s in %d families are shown; control-summary.csv has them all.\n", number(maxNotAssessed), maxFamilies)
	}
	if len(r.Disabled) == 0 {
		return
	}
	r.printf("\n")
	for _, c := range r.Disabled[:min(len(r.Disabled), maxControls)] {
		r.printf("- %s is %s: %s\n", escape(c.ID.Label(), maxID), c.StatusText(), escape(r.WhyDisabled(c), maxSentence))
	}
	r.more(len(r.Disabled), maxControls, "control-summary.csv has them all")
}

func (r *writer) disabled() {
	if !r.Needed(report.Disabled) {
		return
	}
	r.section(report.Disabled)
	var rows [][]string
	list := r.Assessment.Disabled
	for i := range list[:min(len(list), maxDisabled)] {
		d := &list[i]
		rows = append(rows, []string{code(string(d.ID)), escape(d.Title, maxText), report.DisabledWhere(d), escape(report.DisabledWhy(d), maxSentence)})
	}
	r.table([]string{"Check", "Title", "Accounts and Regions", "Reason"}, rows)
	r.more(len(list), maxDisabled, "assessment.json has them all")
}

func (r *writer) evidence() {
	if !r.Needed(report.Evidence) {
		return
	}
	r.section(report.Evidence)
	var rows [][]string
	list := r.WithEvidence()
	for _, c := range list[:min(len(list), maxEvidence)] {
		rows = append(rows, []string{escape(c.ID.Label(), maxID), escape(c.Title, maxText), number(c.EvidenceCount), escape(report.EvidenceKinds(c), maxText)})
	}
	r.table([]string{"Control", "Title", "Pieces:", "Kinds"}, rows)
	r.more(len(list), maxEvidence, "control-summary.csv has them all")
}

func (r *writer) scopes() {
	r.section(report.Scopes)
	notes := r.ScopeNotes()
	var rows [][]string
	for i := range r.Scopes[:min(len(r.Scopes), maxScopes)] {
		s := &r.Scopes[i]
		state, wrong := notes.State(r.Report, s)
		state = escape(state, maxSentence)
		if wrong {
			state = "**" + state + "**"
		}
		rows = append(rows, []string{
			escape(s.Source, maxText), escape(r.System.Account(s.AccountID), maxText), escape(s.Region, maxID), number(s.Findings), number(s.Assessed), number(s.Suppressed),
			number(s.NotScored), number(s.Archived), number(s.Superseded), state,
		})
	}
	r.table([]string{"Source", "Account", "Region", "Findings:", "Assessed:", "Suppressed:", report.NotScored + ":", "Archived:", "Superseded:", "State"}, rows)
	r.more(len(r.Scopes), maxScopes, "assessment.json has them all")
	if len(notes.List) == 0 {
		return
	}
	r.printf("\n")
	for i := range notes.List[:min(len(notes.List), maxNotes)] {
		n := &notes.List[i]
		text := escape(n.Text, maxSentence)
		if n.Wrong {
			text = "**" + text + "**"
		}
		r.printf("- Note %d (%s): %s\n", i+1, escape(n.Where(), maxText), text)
	}
	r.more(len(notes.List), maxNotes, `the member "scopes" of assessment.json has them all`)
}

func (r *writer) method() {
	r.section(report.Method)
	r.printf("\n")
	for _, d := range r.Definitions() {
		r.printf("- **%s:** %s\n", d.Term, escape(d.Meaning, 2000))
	}
}

// escape makes foreign text plain in a Markdown paragraph, list item or table
// cell, on one line of at most limit characters.
func escape(s string, limit int) string {
	return start(escaper.Replace(show.Cut(show.OneLine(s), limit)))
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

// link shows a web address as a link that says where it leads, or as text if it
// is no plain one.
func link(address string) string {
	if name, ok := show.Link(address); ok {
		return "[" + name + "](" + address + ")"
	}
	return escape(address, maxText)
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
