package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca/sources/securityhub"
)

// TestPermissions holds the templates and docs/aws-permissions.md against the
// actions that the sources use.
func TestPermissions(t *testing.T) {
	want := map[string][]string{
		"auditmanager": called(t, "auditmanager", regexp.MustCompile(`s\.client\.([A-Z]\w+)\(`)),
		"config":       called(t, "configrules", regexp.MustCompile(`p\.api\.([A-Z]\w+)\(`)),
	}
	for _, a := range securityhub.Actions() {
		want["securityhub"] = append(want["securityhub"], strings.TrimPrefix(a.Name, "securityhub:"))
	}
	for _, file := range []string{"template.yaml", "../stepfunctions/template.yaml", "../../docs/aws-permissions.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for service, actions := range want {
			slices.Sort(actions)
			got := matches(text, regexp.MustCompile(`\b`+service+`:([A-Z]\w+)`))
			if diff := cmp.Diff(actions, got); diff != "" {
				t.Errorf("%s: actions of %s (-used +named):\n%s", file, service, diff)
			}
		}
	}
}

// called lists the operations that a source calls.
func called(t *testing.T, source string, call *regexp.Regexp) []string {
	files, err := filepath.Glob("../../sources/" + source + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	found := matches(all, call)
	if len(found) < 3 {
		t.Fatalf("found only the calls %q of %s: has its code changed?", found, source)
	}
	return found
}

// matches returns what the first group matches, sorted, each once.
func matches(text []byte, pattern *regexp.Regexp) []string {
	found := map[string]bool{}
	for _, m := range pattern.FindAllSubmatch(text, -1) {
		found[string(m[1])] = true
	}
	return slices.Sorted(maps.Keys(found))
}
