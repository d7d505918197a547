package command

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-shca/shca"
)

// TestSummaryLists: what many scopes have in common is told once, and long lists
// are cut and say so.
func TestSummaryLists(t *testing.T) {
	a := &shca.Assessment{
		AllControls: true,
		Controls:    []shca.ControlResult{{ID: "pm-9", EvidenceCount: 1}},
		Checks:      []shca.CheckResult{{ID: "config-rule/own", Tally: shca.Tally{Failed: 1}, Text: shca.CheckText{Title: "Our own"}}},
		Disabled:    []shca.DisabledCheck{{ID: "A.1", Disabled: 2}, {ID: "A.2", Disabled: 1, Enabled: 1}, {ID: "A.3", Disabled: 1, Enabled: 1}},
	}
	for i := range 36 {
		a.Scopes = append(a.Scopes, shca.Scope{Source: "asff", AccountID: fmt.Sprint(i), Note: "pulled from Security Hub"})
	}
	for i := range 6 {
		a.Scopes = append(a.Scopes, shca.Scope{Source: "config", Note: fmt.Sprint("note ", i)})
	}
	var b strings.Builder
	printSummary(&b, a)
	text := b.String()
	for _, want := range []string{
		"Note: asff, in 36 scopes: pulled from Security Hub\n", "Note: config: note 3\n", "and 2 more notes; assessment.json has them all\n",
		"1 check is disabled everywhere that was read, 2 in some places\n", "Our own (no control)\n", "  evidence only        1\n",
		"1 of them is of checks that no control is mapped to\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the summary does not say %q", want)
		}
	}
	if n := strings.Count(text, "Note: "); n != 5 {
		t.Errorf("%d notes are shown, want 5", n)
	}
	if t.Failed() {
		t.Log(text)
	}
}
