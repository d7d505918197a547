package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	for _, test := range []struct {
		args   string
		code   int
		stdout string // begins with this
		stderr string // contains this
	}{
		{"-n 2 -layout array -mode mixed", 0, "[\n{\"SchemaVersion\"", ""},
		{"-n 2 -layout cli -partition aws-us-gov", 0, `{"Findings": [{"SchemaVersion"`, ""},
		{"-n 0", 0, "", ""},
		{"-n 40 -products prowler,trivy -other-products 0.5 -format prowler", 0, `{"message":"`, ""},
		{"-n 2 -format ocsf-v2 -new 0.5", 0, `{"activity_id":`, ""},
		{"-n 2 -products all -layout cli", 0, `{"Findings": [{"SchemaVersion"`, ""},
		{"-format cef", 2, "", `"cef" is not one of asff, ocsf-v2, prowler`},
		{"-products nagios", 1, "", `testgen: product "nagios" is not one of all, guardduty`},
		{"-format ocsf-v2 -mode off", 1, "", "use mode on, not off"},
		{"-h", 0, "", "-seed number"},
		{"-mode sideways", 2, "", `"sideways" is not one of on, off, mixed`},
		{"-n 2 more", 2, "", `unexpected argument "more"`},
		{"-partition mars", 1, "", `testgen: partition "mars" is not one of`},
	} {
		var stdout, stderr bytes.Buffer
		code := run(strings.Fields(test.args), &stdout, &stderr)
		if code != test.code || !strings.HasPrefix(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) {
			t.Errorf("%s: code %d, stdout %.80q, stderr %q", test.args, code, stdout.String(), stderr.String())
		}
	}
}

func TestEstateFlag(t *testing.T) {
	dir := t.TempDir()
	var stdout, stderr bytes.Buffer
	if code := run([]string{"-estate", dir}, &stdout, &stderr); code != 0 {
		t.Fatalf("code %d: %s", code, stderr.String())
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 3 || stdout.Len() > 0 {
		t.Errorf("%d files, want 3; stdout has %d bytes", len(files), stdout.Len())
	}
}
