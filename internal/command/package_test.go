package command

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRecorded: the command line in a manifest is the one given, but for where
// artifacts go and how the user is told.
func TestRecorded(t *testing.T) {
	for args, want := range map[string]string{
		"assess a.json --out x":                       "shca assess a.json",
		"assess --out=x a.json b.json":                "shca assess a.json b.json",
		"assess -o x a.json":                          "shca assess a.json",
		"assess -ox a.json":                           "shca assess a.json",
		"assess -o=x a.json":                          "shca assess a.json",
		"assess -qo x a.json":                         "shca assess a.json",
		"assess -qox a.json":                          "shca assess a.json",
		"assess -q -o x a.json":                       "shca assess a.json",
		"assess -q=false a.json -o x":                 "shca assess a.json",
		"assess --quiet --package p.zip a.json":       "shca assess a.json",
		"assess --quiet=true --sign=k --package=p a":  "shca assess a",
		"assess a.json --sign k -o x --strict":        "shca assess a.json --strict",
		"assess --baseline low --now=2026 a -o x":     "shca assess --baseline low --now=2026 a",
		"assess --baseline --out a -o x":              "shca assess --baseline --out a", // a value, odd as it is
		"assess - --out x":                            "shca assess -",
		"assess --out x -- -o y":                      "shca assess -- -o y",
		"assess a --redact -o x":                      "shca assess a --redact",
		"assess a --redact=key -o x --format md,json": "shca assess a --redact=key --format md,json",
	} {
		cmd := newAssess(process{})
		given := strings.Fields(args)
		if err := cmd.ParseFlags(given[1:]); err != nil {
			t.Errorf("%s: %v", args, err)
		}
		if d := cmp.Diff(strings.Fields(want), recorded(cmd, given)); d != "" {
			t.Errorf("%s (-want +got):\n%s", args, d)
		}
	}
}
