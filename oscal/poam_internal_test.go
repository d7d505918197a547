package oscal

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-shca/shca"
)

func TestPOAMSystemID(t *testing.T) {
	for _, test := range []struct{ text, want, err string }{
		{`{"plan-of-action-and-milestones": {"system-id": {"id": "shop"}}}`, "shop", ""},
		{`{"plan-of-action-and-milestones": {"risks": [{"system-id": {"id": "x"}}], "system-id": {"id": "shop"}, "poam-items": [`, "shop", ""},
		{`{"plan-of-action-and-milestones": {}}`, "", ""},
		{"\uFEFF{\"plan-of-action-and-milestones\": {}}", "", ""},
		{`{"plan-of-action-and-milestones": {"system-id": 7}}`, "", `plan.json: /plan-of-action-and-milestones/system-id: "7" is not a JSON object`},
		{`{"catalog": {}}`, "", "plan.json: is no plan of action and milestones"},
	} {
		got, err := poamSystemID(TempFile(t, "plan.json", test.text))
		if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("poamSystemID of %s: got %q, %v, want %q, %s", test.text, got, err, test.want, test.err)
		}
	}
}

func TestPOAMID(t *testing.T) {
	b, err := newBundle(&shca.Assessment{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[shca.CheckID]string{
		"S3.8":                  "SH-S3.8",
		"custom.check":          "CHECK-custom.check",
		"":                      "CHECK-~e3b0c44298fc1c14",
		"a b":                   "CHECK-a_b~c8687a08aa5d6ed2",
		"a_b":                   "CHECK-a_b",
		"a/b":                   "CHECK-a_b~c14cddc033f64b9d",
		"\n<ä>":                 "CHECK-___~8cfd12bb33ddfc95",
		"aws/guardduty/Recon:x": "CHECK-aws_guardduty_Recon_x~55f0e3a54ddd1155",
	} {
		if got := poamID(b, id); got != want {
			t.Errorf("poamID(%q): got %s, want %s", id, got, want)
		}
	}
}

// FuzzPlan: reading a plan ends in a plan or an error, never in a panic.
func FuzzPlan(f *testing.F) {
	f.Add(`{"plan-of-action-and-milestones": {"uuid": "a", "metadata": {}, "poam-items": [{"uuid": "b", "props": []}], "risks": [{"uuid": "c"}]}}`)
	f.Add(`{"$schema": 1, "plan-of-action-and-milestones": {"local-definitions": {"remarks": 1, "assessment-assets": {"components": [{"uuid": "c"}], "x": 1}}}}`)
	path := filepath.Join(f.TempDir(), "plan.json")
	a := &shca.Assessment{
		Findings: func(func(*shca.Finding, error) bool) {},
		Checks:   []shca.CheckResult{{ID: "S3.8", Tally: shca.Tally{Failed: 1}}},
	}
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := WriteDocument(t.Context(), io.Discard, POAMFile, a, Options{POAM: path}); err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("an error that does not name the file: %v", err)
		}
	})
}
