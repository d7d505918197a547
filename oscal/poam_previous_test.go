package oscal

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
)

// WritePOAM writes the plan of action and milestones alone, for tests; with a
// reason it writes none.
func WritePOAM(ctx context.Context, w io.Writer, a *shca.Assessment, options Options) (reason string, err error) {
	b, err := newBundle(a, options)
	if err != nil {
		return "", err
	}
	if reason := b.poamReason(); reason != "" {
		return reason, nil
	}
	return "", b.writePOAM(ctx, w)
}

func TestUUIDsIn(t *testing.T) {
	const one, two = "6d859325-cd6b-54fc-85ac-7700a9c218ef", "b0c88b43-a629-5155-a71b-864c4eb2fa5e"
	for _, test := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"a-b-c", nil},
		{one, []string{one}},
		{strings.ToUpper(one), []string{one}},
		{`{"a-b":"#` + one + `","--":["` + two + `"]}`, []string{one, two}},
		{one + two, []string{one, two}},
		{"-" + one + "-" + two + "-", []string{one, two}},
		{one[:35], nil},
		{one[:35] + "g" + two, []string{two}},
	} {
		if diff := cmp.Diff(test.want, slices.Collect(uuidsIn([]byte(test.text)))); diff != "" {
			t.Errorf("uuidsIn(%q) (-want +got):\n%s", test.text, diff)
		}
	}
}

func TestPOAMSystemID(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct{ text, want, err string }{
		{`{"plan-of-action-and-milestones": {"system-id": {"id": "shop"}}}`, "shop", ""},
		{`{"plan-of-action-and-milestones": {"risks": [{"system-id": {"id": "x"}}], "system-id": {"id": "shop"}, "poam-items": [`, "shop", ""},
		{`{"plan-of-action-and-milestones": {}}`, "", ""},
		{"\uFEFF{\"plan-of-action-and-milestones\": {}}", "", ""},
		{`{"plan-of-action-and-milestones": {"system-id": 7}}`, "", `plan.json: /plan-of-action-and-milestones/system-id: "7" is not a JSON object`},
		{`{"catalog": {}}`, "", "plan.json: is no plan of action and milestones"},
	} {
		path := filepath.Join(dir, "plan.json")
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := poamSystemID(path)
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
		if _, err := WritePOAM(t.Context(), io.Discard, a, Options{POAM: path}); err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("an error that does not name the file: %v", err)
		}
	})
}
