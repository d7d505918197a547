package report_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
)

// TestScopeNotes: what many scopes have in common is told once, and every error
// and note is told.
func TestScopeNotes(t *testing.T) {
	a := &shca.Assessment{Scopes: []shca.Scope{
		{Source: "asff", AccountID: "111122223333", Region: "us-east-1", Findings: 1, Note: "pulled"},
		{Source: "asff", AccountID: "111122223333", Region: "us-west-2", Err: "111122223333 is denied", Note: "pulled", Skipped: 2},
		{Source: "asff", AccountID: "444455556666", Region: "us-west-2", Err: "444455556666 is denied"},
		{Source: "asff", AccountID: "777788889999", Region: "us-west-2", Skipped: 1},
		{Source: "asff", AccountID: "777788889999", Region: "us-east-1"},
		{Source: "config", Err: "cut off"},
	}}
	r := report.New(a)
	notes := r.ScopeNotes()
	type told struct{ Where, Text, Names string }
	var got []told
	for i := range notes.List {
		n := &notes.List[i]
		got = append(got, told{n.Where(), n.Text, n.Names(1)})
	}
	want := []told{
		{"2 scopes, as asff 111122223333 us-west-2 has it", "111122223333 is denied", "asff 111122223333 us-west-2 and 1 more"},
		{"config", "cut off", "config"},
		{"2 scopes", "pulled", "asff 111122223333 us-east-1 and 1 more"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	for i, want := range []string{
		"note 3", "not read in full, 2 findings could not be read (note 1, note 3)", "not read in full (note 1)",
		"1 finding could not be read", "as far as could be read", "not read in full (note 2)",
	} {
		state, wrong := notes.State(r, &a.Scopes[i])
		if state != want || wrong == a.Scopes[i].Complete() {
			t.Errorf("scope %d: %q, %v, want %q", i, state, wrong, want)
		}
	}
	if got, _ := r.ScopeState(&a.Scopes[1]); got != "not read in full: 111122223333 is denied; 2 findings could not be read; pulled" {
		t.Errorf("state %q", got)
	}
	if n := len(r.Unread()); n != 4 {
		t.Errorf("%d groups of scopes that were not read in full, want 4", n)
	}
}

// TestEvidenceOnly: without a baseline nothing is outside of one.
func TestEvidenceOnly(t *testing.T) {
	a := &shca.Assessment{AllControls: true, Controls: []shca.ControlResult{{ID: "pm-9", EvidenceCount: 1}}}
	r := report.New(a)
	for p, want := range map[report.Part]report.Section{
		report.ByStatus: {Title: "Controls by status", Intro: "Besides, 1 control has evidence that is not scored."},
		report.Outside:  {Title: "Controls with evidence only", Intro: "These controls have evidence that is not scored. No finding is evidence for them, so that they count in no number."},
	} {
		if diff := cmp.Diff(want, r.Section(p)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	if r.OutsideLabel() != "evidence only" || !r.Needed(report.Evidence) || r.Needed(report.Disabled) {
		t.Error("the report does not tell evidence from what is outside a baseline")
	}
}
