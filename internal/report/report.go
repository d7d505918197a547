// Package report is what the reports for people say, said once: the figures,
// lists and sentences of an assessment in the order in which a reader wants
// them. The packages below render/ that write Markdown, HTML, PDF and workbooks
// lay it out, each with limits of its own, and word nothing anew.
//
// Texts from findings stay as they were read; whoever lays them out makes them
// harmless for where they land.
package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

// Report is an assessment arranged for readers. Lists are whole.
type Report struct {
	*shca.Assessment
	Summary shca.Summary
	Total   show.Totals

	Title        string // framework and baseline
	SystemName   string // "Example System (EX-2026-001)"; "" if nobody named it
	Verdict      string
	Completeness string // whether everything was read, in a sentence
	Redaction    string // that texts are pseudonyms, in a sentence; "" if they are not
	Generator    string
	Facts        []Fact // key numbers

	Severities []SeverityCount // failing checks of the baseline, most severe first

	Failing    []*shca.CheckResult // of the baseline and others, worst first
	Unmapped   []*shca.CheckResult
	Suppressed []SuppressedFinding // the examples that checks keep
	// SuppressedTotal counts all suppressed findings.
	SuppressedTotal int64

	// Controls of the baseline. Every one is in exactly one of these four.
	Attention   []*shca.ControlResult // something failed; worst first
	Passing     []*shca.ControlResult // something passed and nothing failed
	Undecided   []*shca.ControlResult // findings, and none decided
	NotAssessed []*shca.ControlResult // no findings
	// Disabled are those of NotAssessed whose checks are all switched off.
	Disabled []*shca.ControlResult
	// Outside are controls that have findings or evidence and are not in the
	// baseline.
	Outside []*shca.ControlResult

	baseline map[shca.CheckID]bool // checks of a control of the baseline
}

// The labels of facts that a report shows apart from the others.
const (
	PassRate = "Pass rate"
	Coverage = "Coverage"
	Read     = "Read"
	Assessed = "Assessed"
	Redacted = "Redacted"
)

// Fact is a key number: "Coverage", "22.30 %", "64 of 287 baseline controls …".
type Fact struct {
	Label, Value, Detail string
	joint                string // between value and detail
}

// Rest is what follows the value where both are on one line.
func (f Fact) Rest() string { return f.joint + f.Detail }

// Main reports whether the fact is one of the two that a reader wants first and
// must not see apart: the pass rate says nothing without the coverage.
func (f Fact) Main() bool { return f.Label == PassRate || f.Label == Coverage }

// Fact returns the fact of that label, the zero Fact if there is none.
func (r *Report) Fact(label string) Fact {
	for _, f := range r.Facts {
		if f.Label == label {
			return f
		}
	}
	return Fact{}
}

// SeverityCount is a number of failing checks of one severity.
type SeverityCount struct {
	Severity shca.Severity
	Checks   int
}

// SuppressedFinding is a suppressed finding and its check.
type SuppressedFinding struct {
	Check *shca.CheckResult
	shca.Sample
}

// maxReason is the number of characters that reports show of why a check is
// switched off; assessment.json has all of it.
const maxReason = 300

// WhyDisabled says of a control that is not assessed because its checks are all
// switched off which these are, and why: `S3.8 is disabled: "not used".` Reasons
// are cut at 300 characters. It is "" for any other.
func (r *Report) WhyDisabled(c *shca.ControlResult) string {
	if !c.AllDisabled() {
		return ""
	}
	const shown = 10
	var ids []string
	for _, id := range c.Disabled[:min(len(c.Disabled), shown)] {
		ids = append(ids, string(id))
	}
	text := strings.Join(ids, ", ")
	if more := len(c.Disabled) - len(ids); more > 0 {
		text += " and " + show.Number(more) + " more"
	}
	text += " " + are(len(c.Disabled)) + " disabled"
	reasons := r.DisabledReasons(c)
	if len(reasons) == 0 {
		return text + "; no reason was given."
	}
	for i, reason := range reasons[:min(len(reasons), shown)] {
		text += []string{": ", ", "}[min(i, 1)] + `"` + show.Cut(show.OneLine(reason), maxReason) + `"`
	}
	if more := len(reasons) - shown; more > 0 {
		text += " and " + show.Plural(more, "reason") + " more"
	}
	return text + "."
}

// Subject names what the finding is about: the resource, else the finding.
func Subject(s shca.Sample) string { return cmp.Or(s.ResourceID, s.FindingID) }

// Reason is the note of a suppressed finding, or that there is none.
func Reason(s shca.Sample) string { return cmp.Or(s.Note.Text, "no reason noted") }

// New arranges the assessment.
func New(a *shca.Assessment) *Report {
	r := &Report{
		Assessment: a, Summary: a.Summary(), Total: show.Total(a),
		Title:        cmp.Or(a.FrameworkName, a.Framework) + ": " + cmp.Or(a.BaselineName, a.Baseline),
		SystemName:   a.System.Name,
		Verdict:      a.Verdict(),
		Completeness: "Complete: every input was read in full.",
		Generator:    show.OneLine(cmp.Or(a.Generator, "shca")),
		Failing:      a.Failing(),
	}
	switch {
	case r.SystemName == "":
		r.SystemName = a.System.ID
	case a.System.ID != "":
		r.SystemName += " (" + a.System.ID + ")"
	}
	if !a.Complete() {
		r.Completeness = "Incomplete: what was not read has not passed."
	}
	if a.Redacted {
		r.Redaction = Redacted + ": " + shca.RedactionNote + "."
	}
	r.controls()
	r.checks()
	r.Facts = r.facts()
	return r
}

func (r *Report) controls() {
	for i := range r.Assessment.Controls {
		c := &r.Assessment.Controls[i]
		list := &r.NotAssessed
		switch {
		case !c.InBaseline:
			list = &r.Outside
		case c.Tally.Failed > 0:
			list = &r.Attention
		case c.Status == shca.StatusCompliant:
			list = &r.Passing
		case c.Status != shca.StatusNotAssessed:
			list = &r.Undecided
		}
		*list = append(*list, c)
		if c.InBaseline && c.AllDisabled() {
			r.Disabled = append(r.Disabled, c)
		}
	}
	slices.SortStableFunc(r.Attention, func(a, b *shca.ControlResult) int {
		return cmp.Or(-cmp.Compare(a.Severity, b.Severity), -cmp.Compare(a.Tally.Failed, b.Tally.Failed))
	})
}

// InBaseline reports whether the check counts in a control of the baseline.
func (r *Report) InBaseline(id shca.CheckID) bool { return r.baseline[id] }

func (r *Report) checks() {
	r.baseline = map[shca.CheckID]bool{}
	for i := range r.Assessment.Controls {
		if c := &r.Assessment.Controls[i]; c.InBaseline {
			for _, id := range c.Checks {
				r.baseline[id] = true
			}
		}
	}
	var counts [shca.Critical + 1]int
	for i := range r.Checks {
		c := &r.Checks[i]
		if c.Tally.Failed > 0 && r.InBaseline(c.ID) {
			counts[min(c.Severity, shca.Critical)]++
		}
		if len(c.Controls) == 0 {
			r.Unmapped = append(r.Unmapped, c)
		}
		r.SuppressedTotal += c.Tally.Suppressed
		for _, s := range c.Suppressed {
			r.Suppressed = append(r.Suppressed, SuppressedFinding{c, s})
		}
	}
	for severity := shca.Critical + 1; severity > 0; severity-- {
		r.Severities = append(r.Severities, SeverityCount{severity - 1, counts[severity-1]})
	}
}

func (r *Report) facts() []Fact {
	s := r.Summary
	checks := s.ChecksPassed + s.ChecksFailed
	rate := Fact{PassRate, "none", "no finding was decided", ": "}
	if s.Tally.Decided() > 0 {
		rate.Value, rate.joint = show.Rate(s.Tally.Passed, s.Tally.Decided()), " "
		rate.Detail = fmt.Sprintf("of %s (%s passed, %s failed)", show.Plural(s.Tally.Decided(), "decided finding"), show.Number(s.Tally.Passed), show.Number(s.Tally.Failed))
	}
	coverage := Fact{Coverage, show.Rate(s.Covered, s.Controls), fmt.Sprintf("%s of %s with a decided finding", show.Number(s.Covered), show.Plural(s.Controls, "baseline control")), ": "}
	if r.AllControls {
		coverage.Value = "none"
		coverage.Detail = fmt.Sprintf("no baseline was selected; %s of %s with findings %s decided", show.Number(s.Covered), show.Plural(s.Controls, "control"), were(s.Covered))
	}
	score := Fact{"Security score", "none", "no check was decided", ": "}
	if checks > 0 {
		score.Value, score.joint = show.Rate(s.ChecksPassed, checks), ", "
		score.Detail = "AWS's own figure, over checks"
	}
	facts := []Fact{
		rate,
		coverage,
		{"Failing checks", show.Number(s.ChecksFailed), "of " + show.Plural(checks, "decided check") + r.severities(), " "},
		{"Undecided", show.Number(s.Tally.Undecided()), fmt.Sprintf("%s (%s WARNING, %s NOT_AVAILABLE)", noun(s.Tally.Undecided(), "finding"), show.Number(s.Tally.Warning), show.Number(s.Tally.NotAvailable)), " "},
		{"Suppressed", show.Number(s.Tally.Suppressed), noun(s.Tally.Suppressed, "finding") + ", listed and not scored", " "},
		score,
		r.read(),
		{Assessed, cmp.Or(show.Date(r.Time), "at an unknown time"), "by " + r.Generator, " "},
	}
	if r.Redacted {
		facts = append(facts, Fact{Redacted, "yes", shca.RedactionNote, ": "})
	}
	return facts
}

func (r *Report) severities() string {
	var texts []string
	for _, s := range r.Severities {
		if s.Checks > 0 && s.Severity != shca.SeverityUnknown {
			texts = append(texts, show.Number(s.Checks)+" "+s.Severity.String())
		}
	}
	if len(texts) == 0 {
		return ""
	}
	return " (" + strings.Join(texts, ", ") + ")"
}

func (r *Report) read() Fact {
	t := r.Total
	f := Fact{Read, show.Number(t.Findings), fmt.Sprintf("%s in %s: %s assessed, %s suppressed, %s without compliance status, %s archived, %s superseded by another copy",
		noun(t.Findings, "finding"), t.Places(),
		show.Number(t.Assessed), show.Number(t.Suppressed), show.Number(t.NotScored), show.Number(t.Archived), show.Number(t.Superseded)), " "}
	if t.Skipped > 0 {
		f.Detail += "; " + show.Number(t.Skipped) + " more could not be read"
	}
	return f
}

// noun is the word for so many things.
func noun[T int | int64](n T, one string) string {
	return strings.TrimPrefix(show.Plural(n, one), show.Number(n)+" ")
}

func are[T int | int64](n T) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// otherSources reports whether findings of Config or Audit Manager were read.
func (r *Report) otherSources() bool {
	return slices.ContainsFunc(r.Scopes, func(s shca.Scope) bool {
		return s.Source == shca.SourceConfig || s.Source == shca.SourceAuditManager
	})
}

// Definitions are those of shca.Method; where several services were read they say
// besides which of them counts.
func (r *Report) Definitions() []shca.Definition {
	list := shca.Method()
	for i := range list {
		if list[i].Term == "Duplicates" && r.otherSources() {
			list[i].Meaning += " Of what several services say of one rule and resource, Security Hub's counts, else that of AWS Config, else that of AWS Audit Manager."
		}
	}
	return list
}

// ScopeState says whether the scope was read in full, and what else there is to
// know of it. wrong is set where something was not read.
func (r *Report) ScopeState(s *shca.Scope) (text string, wrong bool) {
	var parts []string
	if s.Err != "" {
		parts = append(parts, "not read in full: "+s.Err)
	}
	if s.Skipped > 0 {
		parts = append(parts, show.Plural(s.Skipped, "finding")+" could not be read")
	}
	switch {
	case len(parts) > 0 && s.Note != "":
		parts = append(parts, s.Note)
		fallthrough
	case len(parts) > 0:
		return strings.Join(parts, "; "), true
	case s.Note != "":
		return s.Note, false
	case !r.Complete():
		return "as far as could be read", false // a finding that was lost may be of any account
	}
	return "read in full", false
}

// Examples says how many of a check's failed findings are shown as examples,
// and where the others are; "" if all are shown.
func Examples(c *shca.CheckResult) string {
	return More(c.Tally.Failed, int64(len(c.Failing)), "findings.csv has them all")
}

// MoreProblems says that there are problems besides the first ones, which are
// shown, and where they are; "" if there are none.
func (r *Report) MoreProblems(shown int) string {
	where := "no artifact has the others"
	switch kept := int64(len(r.Problems)); {
	case kept >= r.ProblemCount:
		where = "assessment.json has them all"
	case int64(shown) < kept:
		where = "assessment.json has the first " + show.Number(kept)
	}
	return More(r.ProblemCount, int64(shown), where)
}

// Members lists the members of a set, and says if there are more.
func Members(s shca.Set[string]) string {
	text := strings.Join(s.Members, ", ")
	if s.More {
		text += " and more"
	}
	return text
}

// More says what a list leaves out: "The first 20 of 57 are shown; findings.csv
// has them all." It is "" if nothing is.
func More[T int | int64](total, shown T, where string) string {
	if total <= shown {
		return ""
	}
	return fmt.Sprintf("The first %s of %s %s shown; %s.", show.Number(shown), show.Number(total), are(shown), where)
}
