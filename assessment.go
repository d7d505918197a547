package shca

import (
	"iter"
	"slices"
	"time"
)

// Assessment is a finished assessment of one baseline. Renderers read it and
// never change it. Any number of goroutines may use it and range over its
// Findings at once, as long as none calls Close.
type Assessment struct {
	Framework     string `json:"framework"`                // name: "nist-800-53-r5"
	FrameworkName string `json:"framework_name,omitempty"` // title: "NIST SP 800-53 Rev. 5"
	Baseline      string `json:"baseline"`                 // name: "moderate"
	BaselineName  string `json:"baseline_name,omitempty"`  // title
	// AllControls: no baseline was selected, so every control that has findings
	// counts, and there is no coverage.
	AllControls bool      `json:"all_controls"`
	Generator   string    `json:"generator,omitempty"` // program and version that made it, "shca v1.2.0"
	Time        time.Time `json:"time,omitzero"`       // of the assessment, UTC; zero only if unknown

	System  System `json:"system,omitzero"`   // what is assessed, as its owner names it
	Marking string `json:"marking,omitempty"` // how reports are marked: "CUI"
	// Redacted says that findings and system were redacted; see RedactionNote.
	Redacted bool `json:"redacted,omitempty"`

	// Inputs are the files that were read, in the order of reading, also those
	// that hold nothing of use. One that could not be read to its end is not
	// among them: the scopes say so.
	Inputs []Input `json:"inputs,omitempty"`

	// Scopes are sorted by source, account and region.
	Scopes []Scope `json:"scopes"`
	// Controls are those of the baseline in catalog order, then every other
	// control that has findings or evidence.
	Controls []ControlResult `json:"controls"`
	// Checks are in natural order of their ids: every check with a scored or
	// suppressed finding, mapped or not.
	Checks []CheckResult `json:"checks"`

	// Disabled are the checks that are switched off somewhere, in natural order of
	// their ids; empty also where no inventory of checks was read.
	Disabled []DisabledCheck `json:"disabled,omitempty"`

	// Problems says what could not be read, one sentence each, in input order;
	// at most MaxProblems of ProblemCount.
	Problems     []string `json:"problems,omitempty"`
	ProblemCount int64    `json:"problem_count"`

	// Findings ranges over every finding that was read, whatever its
	// disposition, ordered by check, account, region and resource. Those of one
	// such subject are ordered by what decides which copy counts: current before
	// archived, Security Hub before AWS Config before Audit Manager, citing the
	// framework before not, newest first; then by id. Each range reads them anew
	// and stops at the first error.
	Findings iter.Seq2[*Finding, error] `json:"-"`

	// Artifacts are the files written before the format at hand, in order of
	// their names. Only a format that is written after others finds any.
	Artifacts []Artifact `json:"-"`

	// Release frees what Findings reads from, usually a temporary file. It may
	// be nil. Call Close instead.
	Release func() error `json:"-"`
}

// System names the information system that is assessed and its AWS accounts.
// Findings do not know these names; the user gives them. Every field may be
// empty.
type System struct {
	ID       string            `json:"id,omitempty"`
	Name     string            `json:"name,omitempty"`
	Accounts map[string]string `json:"accounts,omitempty"` // names by account id
}

// Account returns the account as reports print it: "workloads (111122223333)",
// or the id alone if it has no name.
func (s System) Account(id string) string {
	if name := s.Accounts[id]; name != "" {
		return name + " (" + id + ")"
	}
	return id
}

// Input is a file that findings were read from.
type Input struct {
	Name   string `json:"name"`   // as the user named it; "stdin" for standard input
	Size   int64  `json:"size"`   // bytes as stored
	SHA256 string `json:"sha256"` // of these bytes, lower-case hex
}

// RedactionNote is what artifacts of a redacted assessment say of it.
const RedactionNote = "account ids, ARNs and names are pseudonyms"

// MaxProblems bounds the messages an Assessment keeps.
const MaxProblems = 100

// Artifact is one written file.
type Artifact struct {
	File      string `json:"file"` // path below the output directory, with slashes
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"`   // bytes
	SHA256    string `json:"sha256"` // lower-case hex
}

// Close frees the assessment's temporary storage; Findings is unusable after.
func (a *Assessment) Close() error {
	if a.Release == nil {
		return nil
	}
	release := a.Release
	a.Release = nil
	return release()
}

// Complete reports whether every scope was read in full. An assessment that is
// not complete says so in every artifact.
func (a *Assessment) Complete() bool {
	return a.ProblemCount == 0 && !slices.ContainsFunc(a.Scopes, func(s Scope) bool { return !s.Complete() })
}

// ControlResult is the assessed state of one control.
type ControlResult struct {
	ID          ControlID `json:"id"`
	Title       string    `json:"title,omitempty"` // "" for a control the catalog does not have
	FamilyTitle string    `json:"family_title,omitempty"`
	InBaseline  bool      `json:"in_baseline"`
	Withdrawn   bool      `json:"withdrawn,omitempty"`
	Status      Status    `json:"status"`
	Tally       Tally     `json:"tally"`              // sum over its checks; a finding counts in every control it is evidence for
	Severity    Severity  `json:"severity"`           // of the most severe failing check
	Checks      []CheckID `json:"checks"`             // with findings, natural order
	Unseen      []CheckID `json:"unseen,omitempty"`   // mapped to the control by the framework's table or the inventory of checks, but without any finding
	Disabled    []CheckID `json:"disabled,omitempty"` // of Unseen, those that are switched off wherever the inventory of checks was read
	Accounts    Count     `json:"accounts"`           // with findings that are not suppressed
	Regions     Count     `json:"regions"`
	Resources   Count     `json:"resources"`
	First       time.Time `json:"first,omitzero"` // earliest observation, UTC
	Last        time.Time `json:"last,omitzero"`  // latest evaluation, UTC
	Narrative   string    `json:"narrative,omitempty"`

	// Evidence is what was collected about the control besides findings, the most
	// telling kinds first and of each the newest; at most MaxEvidence. None of it
	// is scored.
	Evidence []Evidence `json:"evidence,omitempty"`
	// EvidenceCount is the number of all such pieces, also those not in Evidence.
	EvidenceCount int64 `json:"evidence_count,omitempty"`
}

// AllDisabled reports whether the control has no finding because every check
// that could have one is switched off.
func (c ControlResult) AllDisabled() bool {
	return c.Status == StatusNotAssessed && len(c.Unseen) > 0 && len(c.Disabled) == len(c.Unseen)
}

// DisabledReasons are the reasons why checks of the control without findings are
// switched off everywhere, sorted, each once: of each check those that its
// DisabledCheck keeps.
func (a *Assessment) DisabledReasons(c *ControlResult) []string {
	var reasons []string
	for _, id := range c.Disabled {
		if d := a.DisabledCheck(id); d != nil {
			reasons = append(reasons, d.Reasons...)
		}
	}
	slices.Sort(reasons)
	return slices.Compact(reasons)
}

// StatusText is the control's status in the words of reports: that of Status,
// or "not assessed: disabled".
func (c ControlResult) StatusText() string {
	if c.AllDisabled() {
		return c.Status.String() + ": disabled"
	}
	return c.Status.String()
}

// Summary is an assessment in a few numbers. Only controls of the baseline
// count, except in Outside.
type Summary struct {
	Controls int            `json:"controls"` // controls in the baseline
	Outside  int            `json:"outside"`  // other controls that have findings or evidence
	Statuses map[Status]int `json:"statuses"` // baseline controls by status
	Covered  int            `json:"covered"`  // baseline controls with at least one decided finding
	Tally    Tally          `json:"tally"`    // findings of checks that are evidence for the baseline, each finding once

	Checks       int `json:"checks"`        // checks that are evidence for the baseline
	ChecksPassed int `json:"checks_passed"` // of these: all findings passed, as Security Hub counts; suppressed ones aside
	ChecksFailed int `json:"checks_failed"` // of these: something failed

	Families []FamilySummary `json:"families"` // in catalog order
}

// FamilySummary is the part of a Summary that concerns one control family.
type FamilySummary struct {
	Family   string         `json:"family"` // "AC"
	Title    string         `json:"title"`
	Controls int            `json:"controls"`
	Statuses map[Status]int `json:"statuses"` // controls by status
	Covered  int            `json:"covered"`  // controls with at least one decided finding
	Tally    Tally          `json:"tally"`    // findings of checks that are evidence for the family's baseline controls, each once
}

// Summary computes the summary. Without a baseline every control that has
// findings counts.
func (a *Assessment) Summary() Summary {
	s := Summary{Statuses: map[Status]int{}}
	index := map[string]int{}
	evidence := map[CheckID]map[string]bool{} // check → families of its baseline controls
	for i := range a.Controls {
		c := &a.Controls[i]
		if !c.InBaseline {
			s.Outside++
			continue
		}
		name := c.ID.Family()
		at, ok := index[name]
		if !ok {
			at = len(s.Families)
			index[name] = at
			s.Families = append(s.Families, FamilySummary{Family: name, Title: c.FamilyTitle, Statuses: map[Status]int{}})
		}
		f := &s.Families[at]
		s.Controls++
		f.Controls++
		s.Statuses[c.Status]++
		f.Statuses[c.Status]++
		if c.Status.Decided() {
			s.Covered++
			f.Covered++
		}
		for _, id := range c.Checks {
			if evidence[id] == nil {
				evidence[id] = map[string]bool{}
			}
			evidence[id][name] = true
		}
	}
	for i := range a.Checks {
		c := &a.Checks[i]
		families := evidence[c.ID]
		if len(families) == 0 {
			continue
		}
		s.Checks++
		s.Tally = s.Tally.Plus(c.Tally)
		switch {
		case c.Tally.Failed > 0:
			s.ChecksFailed++
		case c.Tally.Passed > 0 && c.Tally.Undecided() == 0:
			s.ChecksPassed++
		}
		for name := range families {
			f := &s.Families[index[name]]
			f.Tally = f.Tally.Plus(c.Tally)
		}
	}
	return s
}

// Failing returns the checks that have failed findings, worst first.
func (a *Assessment) Failing() []*CheckResult {
	var failing []*CheckResult
	for i := range a.Checks {
		if a.Checks[i].Tally.Failed > 0 {
			failing = append(failing, &a.Checks[i])
		}
	}
	slices.SortStableFunc(failing, CompareWorst)
	return failing
}

// DisabledCheck returns where the check is switched off, or nil if nothing says
// that it is.
func (a *Assessment) DisabledCheck(id CheckID) *DisabledCheck {
	i, ok := slices.BinarySearchFunc(a.Disabled, id, func(d DisabledCheck, id CheckID) int { return d.ID.Compare(id) })
	if !ok {
		return nil
	}
	return &a.Disabled[i]
}

// Check returns the result of the check, or nil if it has no findings.
func (a *Assessment) Check(id CheckID) *CheckResult {
	i, ok := slices.BinarySearchFunc(a.Checks, id, func(c CheckResult, id CheckID) int { return c.ID.Compare(id) })
	if !ok {
		return nil
	}
	return &a.Checks[i]
}
