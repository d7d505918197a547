package html

import (
	"fmt"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/internal/show"
)

// parts are the sections that package report words, by what the template calls
// them.
var parts = map[string]report.Part{
	"KeyNumbers": report.KeyNumbers, "ByStatus": report.ByStatus, "Unread": report.Unread, "Failing": report.Failing,
	"Families": report.Families, "Passing": report.Passing, "Undecided": report.Undecided, "Suppressed": report.Suppressed,
	"Outside": report.Outside, "Unmapped": report.Unmapped, "NotAssessed": report.NotAssessed, "Scopes": report.Scopes, "Inputs": report.Inputs, "Method": report.Method,
}

// Part is a section as package report words it.
func (p *page) Part(name string) (report.Section, error) {
	part, ok := parts[name]
	if !ok {
		return report.Section{}, fmt.Errorf("there is no section %q", name)
	}
	return p.Section(part), nil
}

// Shows reports whether the section has something to say.
func (p *page) Shows(name string) bool { return p.Needed(parts[name]) }

// An entry of the contents leads to a section.
type entry struct{ ID, Title string }

// Contents are the sections that most readers look for.
func (p *page) Contents() []entry {
	list := []entry{{"key-numbers", "Key numbers"}, {"by-status", "Status"}, {"families", "Families"}, {"failing", "Failing checks"}, {"controls", "Controls"}}
	if p.Shows("Unread") {
		list = append([]entry{{"unread", "Not read"}}, list...)
	}
	if p.Shows("Suppressed") {
		list = append(list, entry{"suppressed", "Suppressed"})
	}
	if p.Shows("NotAssessed") {
		list = append(list, entry{"not-assessed", "Not assessed"})
	}
	if len(p.Groups) > 0 {
		list = append(list, entry{"checks", "Checks"})
	}
	return append(list, entry{"scopes", "Scopes"}, entry{"method", "Method"})
}

// statusCount is a number of baseline controls of one status.
type statusCount struct {
	Status   shca.Status
	Controls int
}

// Statuses are the baseline's controls by status.
func (p *page) Statuses() []statusCount {
	var list []statusCount
	for _, s := range shca.Statuses() {
		list = append(list, statusCount{s, p.Summary.Statuses[s]})
	}
	return list
}

// SeverityList are the severities, the most severe first.
func (p *page) SeverityList() []shca.Severity {
	var list []shca.Severity
	for _, s := range p.Severities {
		list = append(list, s.Severity)
	}
	return list
}

// ControlsIntro says what the control table lists.
func (p *page) ControlsIntro() string {
	const open = " Open a control for its narrative, its checks, what failed and how to mend it."
	switch {
	case len(p.Report.Controls) == 0:
		return "There are no controls."
	case p.AllControls && len(p.Outside) > 0:
		return "Every control that has findings, or evidence that is not scored." + open
	case p.AllControls:
		return "Every control that has findings." + open
	case len(p.Outside) == 1:
		return fmt.Sprintf("The %s of the baseline, and 1 outside it that %s.", show.Plural(p.Summary.Controls, "control"), strings.Replace(p.HaveFindings(), "have", "has", 1)) + open
	case len(p.Outside) > 1:
		return fmt.Sprintf("The %s of the baseline, and %s outside it that %s.", show.Plural(p.Summary.Controls, "control"), show.Number(len(p.Outside)), p.HaveFindings()) + open
	}
	return fmt.Sprintf("The %s of the baseline.", show.Plural(p.Summary.Controls, "control")) + open
}

// What a list leaves out, and where the whole is.

func (p *page) MoreRows() string {
	return report.More(len(p.Report.Controls), maxControls, "control-summary.csv has them all")
}

func (p *page) MoreFamilies() string {
	return report.More(len(p.Summary.Families), maxFamilies, "assessment.json has them all")
}

func (p *page) MoreFailing() string {
	return report.More(len(p.Failing), len(p.Failed()), "assessment.json has them all")
}

func (p *page) MoreChecks() string {
	return report.More(len(p.Checks), maxChecks, "assessment.json has them all")
}

func (p *page) MoreProblems() string {
	return p.Report.MoreProblems(len(p.Problems))
}

func (p *page) MoreUnmapped() string {
	return report.More(len(p.Unmapped), maxUnmapped, "assessment.json has them all")
}

func (p *page) MoreScopes() string {
	return report.More(len(p.Scopes), maxScopes, "assessment.json has them all")
}

func (p *page) MoreInputs() string {
	return report.More(len(p.Inputs), maxInputs, "assessment.json has them all")
}

// MoreSuppressed is what the section of suppressed findings leaves out.
func (p *page) MoreSuppressed() string {
	return report.More(p.SuppressedTotal, int64(len(p.SuppressedShown())), "findings.csv has them all")
}

// MoreFailing says how many of the check's failed findings are no examples.
func (c *check) MoreFailing() string { return report.Examples(c.CheckResult) }

// MoreSuppressed says how many of its suppressed findings are not.
func (c *check) MoreSuppressed() string {
	return report.More(c.Tally.Suppressed, int64(len(c.CheckResult.Suppressed)), "findings.csv has them all")
}

// Refs are the controls as other sections refer to them.
func (p *page) Refs(list []*shca.ControlResult) []*control {
	var refs []*control
	for _, c := range list[:min(len(list), maxControls)] {
		refs = append(refs, p.rows[c.ID])
	}
	return refs
}

// Failed are the failing checks that the report tells of.
func (p *page) Failed() []*check {
	if len(p.Failing) == 0 {
		return nil
	}
	return p.Groups[0].Checks
}

// UnmappedShown are checks that are mapped to no control.
func (p *page) UnmappedShown() []*check {
	var list []*check
	for _, c := range p.Unmapped[:min(len(p.Unmapped), maxUnmapped)] {
		list = append(list, p.checks[c.ID])
	}
	return list
}

type notAssessed struct {
	Family, Title string
	Controls      []*control
}

// NotAssessedFamilies are the controls without findings.
func (p *page) NotAssessedFamilies() []notAssessed {
	var list []notAssessed
	for _, f := range p.ByFamily(p.NotAssessed[:min(len(p.NotAssessed), maxControls)]) {
		list = append(list, notAssessed{f.Family, f.Title, p.Refs(f.Controls)})
	}
	return list
}

type scope struct {
	*shca.Scope
	Account, State string
	Wrong          bool
}

// ScopesShown are the scopes.
func (p *page) ScopesShown() []scope {
	var list []scope
	for i := range p.Scopes[:min(len(p.Scopes), maxScopes)] {
		s := &p.Scopes[i]
		state, wrong := p.ScopeState(s)
		list = append(list, scope{s, p.System.Account(s.AccountID), state, wrong})
	}
	return list
}

// InputsShown are the files that were read.
func (p *page) InputsShown() []shca.Input { return p.Inputs[:min(len(p.Inputs), maxInputs)] }

// A sample is an example of a check's findings.
type sample struct {
	shca.Sample
	Check      *check // where a list is not of one check
	Account    string
	Suppressed bool // that there is no note is worth saying
}

// Subject names what the finding is about.
func (s sample) Subject() string { return report.Subject(s.Sample) }

// NoteText is the note, or that there is none.
func (s sample) NoteText() string { return report.Reason(s.Sample) }

func (c *check) samples(list []shca.Sample, suppressed bool) []sample {
	var samples []sample
	for _, s := range list {
		samples = append(samples, sample{Sample: s, Account: c.system.Account(s.AccountID), Suppressed: suppressed})
	}
	return samples
}

// FailingShown are examples of its failed findings.
func (c *check) FailingShown() []sample { return c.samples(c.Failing, false) }

// SuppressedShown are examples of its suppressed findings.
func (c *check) SuppressedShown() []sample { return c.samples(c.Suppressed, true) }

// SuppressedShown are examples of suppressed findings.
func (p *page) SuppressedShown() []sample {
	var samples []sample
	for _, s := range p.Suppressed[:min(len(p.Suppressed), maxSuppressed)] {
		samples = append(samples, sample{s.Sample, p.checks[s.Check.ID], p.System.Account(s.AccountID), true})
	}
	return samples
}
