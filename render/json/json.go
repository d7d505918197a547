// Package json writes an assessment as one JSON document, assessment.json, for
// programs, and reads it back. The document is everything an assessment knows
// but the findings themselves, with a version of its own; docs/assessment-json.md
// describes it and docs/schema holds its JSON Schema.
package json

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/go-shca/shca"
)

// File is the name of the document.
const File = "assessment.json"

// SchemaVersion is the version of the document's form. Its first number
// changes when a member changes its meaning or goes, the second when one comes.
const SchemaVersion = "1.2"

// maxSize bounds what Read takes. A document has some kilobytes for each check
// and control, and no findings.
const maxSize = 1 << 30

// document is the form of assessment.json: the assessment's own members, with
// what can be derived from them beside them for readers that do not compute.
// The types that follow embed those of the model and override what differs: a
// list is always there, if empty as [].
type document struct {
	SchemaVersion string  `json:"schema_version"`
	Complete      bool    `json:"complete"`
	Verdict       string  `json:"verdict"`
	Summary       summary `json:"summary"`
	*shca.Assessment
	Inputs   []shca.Input `json:"inputs"`
	Scopes   []shca.Scope `json:"scopes"`
	Problems []string     `json:"problems"`
	Controls []control    `json:"controls"`
	Checks   []check      `json:"checks"`
	Disabled []disabled   `json:"disabled"`
}

type summary struct {
	shca.Summary
	Statuses map[string]int `json:"statuses"`
	rates
	Coverage      json.RawMessage `json:"coverage"`
	SecurityScore json.RawMessage `json:"security_score"`
	Families      []family        `json:"families"`
}

type family struct {
	shca.FamilySummary
	Statuses map[string]int `json:"statuses"`
	rates
	Coverage json.RawMessage `json:"coverage"`
}

type control struct {
	shca.ControlResult
	Label  string `json:"label"`
	Family string `json:"family"`
	rates
	NotAssessedReason string          `json:"not_assessed_reason,omitempty"`
	Checks            []shca.CheckID  `json:"checks"`
	Unseen            []shca.CheckID  `json:"unseen"`
	Disabled          []shca.CheckID  `json:"disabled"`
	Evidence          []shca.Evidence `json:"evidence"`
	EvidenceCount     int64           `json:"evidence_count"`
}

type disabled struct {
	shca.DisabledCheck
	Reasons []string `json:"reasons"`
}

type check struct {
	shca.CheckResult
	Status shca.Status `json:"status"`
	rates
	Products   set[string]            `json:"products"`
	Accounts   set[string]            `json:"accounts"`
	Regions    set[string]            `json:"regions"`
	Resources  set[shca.ResourceHash] `json:"resources"`
	Reasons    []shca.ReasonCount     `json:"reasons"`
	Failing    []shca.Sample          `json:"failing"`
	Suppressed []shca.Sample          `json:"suppressed"`
	Cited      set[shca.ControlID]    `json:"cited"`
	Unread     set[string]            `json:"unread"`
	Controls   []shca.ControlID       `json:"controls"`
}

type set[T cmp.Ordered] struct {
	Members []T  `json:"members"`
	More    bool `json:"more,omitempty"`
}

// rates are a tally's derived numbers. PassRate is a percentage with two
// decimals, or null if nothing was decided.
type rates struct {
	Decided   int64           `json:"decided"`
	Undecided int64           `json:"undecided"`
	PassRate  json.RawMessage `json:"pass_rate"`
}

func ratesOf(t shca.Tally) rates {
	return rates{t.Decided(), t.Undecided(), percent(t.Passed, t.Decided())}
}

func percent[T int | int64](part, whole T) json.RawMessage {
	return json.RawMessage(cmp.Or(shca.Percent(int64(part), int64(whole)), "null"))
}

// list returns the list with each element converted; never nil.
func list[T, U any](from []T, convert func(*T) U) []U {
	to := make([]U, len(from))
	for i := range from {
		to[i] = convert(&from[i])
	}
	return to
}

// full returns the list itself, or an empty one for nil.
func full[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func setOf[T cmp.Ordered](s shca.Set[T]) set[T] { return set[T]{full(s.Members), s.More} }

// counts gives every status a number.
func counts(statuses map[shca.Status]int) map[string]int {
	all := map[string]int{}
	for _, s := range shca.Statuses() {
		all[s.String()] = statuses[s]
	}
	return all
}

func summaryOf(a *shca.Assessment) summary {
	coverage := func(covered, controls int) json.RawMessage {
		if a.AllControls { // nothing that could be covered
			return percent(0, 0)
		}
		return percent(covered, controls)
	}
	s := a.Summary()
	return summary{
		Summary: s, Statuses: counts(s.Statuses), rates: ratesOf(s.Tally), Coverage: coverage(s.Covered, s.Controls),
		SecurityScore: percent(s.ChecksPassed, s.ChecksPassed+s.ChecksFailed),
		Families: list(s.Families, func(f *shca.FamilySummary) family {
			return family{*f, counts(f.Statuses), ratesOf(f.Tally), coverage(f.Covered, f.Controls)}
		}),
	}
}

func controlOf(c *shca.ControlResult) control {
	reason := ""
	if c.AllDisabled() {
		reason = "disabled"
	}
	return control{*c, c.ID.Label(), c.ID.Family(), ratesOf(c.Tally), reason, full(c.Checks), full(c.Unseen), full(c.Disabled), full(c.Evidence), c.EvidenceCount}
}

func disabledOf(d *shca.DisabledCheck) disabled { return disabled{*d, full(d.Reasons)} }

func checkOf(c *shca.CheckResult) check {
	return check{
		CheckResult: *c, Status: c.Tally.Status(), rates: ratesOf(c.Tally),
		Products: setOf(c.Products), Accounts: setOf(c.Accounts), Regions: setOf(c.Regions), Resources: setOf(c.Resources),
		Reasons: full(c.Reasons), Failing: full(c.Failing), Suppressed: full(c.Suppressed),
		Cited: setOf(c.Cited), Unread: setOf(c.Unread), Controls: full(c.Controls),
	}
}

// Render writes the document.
func Render(ctx context.Context, w io.Writer, a *shca.Assessment) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(document{
		SchemaVersion: SchemaVersion, Complete: a.Complete(), Verdict: a.Verdict(),
		Summary: summaryOf(a), Assessment: a,
		Inputs: full(a.Inputs), Scopes: full(a.Scopes), Problems: full(a.Problems),
		Controls: list(a.Controls, controlOf), Checks: list(a.Checks, checkOf), Disabled: list(a.Disabled, disabledOf),
	})
}

// Read reads a document of this version, at most 1 GiB. Members that a later
// minor version has are ignored. The assessment has no Findings.
func Read(r io.Reader) (*shca.Assessment, error) {
	a, err := read(r, maxSize)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", File, err)
	}
	return a, nil
}

func read(r io.Reader, limit int64) (*shca.Assessment, error) {
	text, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("longer than %d bytes: no assessment is", limit)
	}
	var head struct {
		SchemaVersion string `json:"schema_version"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, fmt.Errorf("not a JSON document that shca wrote: %w", err)
	}
	switch major, _, _ := strings.Cut(head.SchemaVersion, "."); major {
	case "1":
	case "":
		return nil, fmt.Errorf("no schema_version: not a document that shca wrote")
	default:
		return nil, fmt.Errorf("schema version %.20q: this program reads version 1; use a newer one", head.SchemaVersion)
	}
	a := &shca.Assessment{}
	if err := json.Unmarshal(text, a); err != nil {
		return nil, err
	}
	return a, nil
}
