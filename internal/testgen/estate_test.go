package testgen

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const estateDir = "../../examples/estate"

// TestEstate checks that the checked-in estate is what WriteEstate writes. The
// compressed file is compared by its content, since a new version of Go may
// compress the same content to other bytes.
func TestEstate(t *testing.T) {
	dir := t.TempDir()
	if err := WriteEstate(dir); err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, f := range estateFiles() {
		got, err := os.ReadFile(filepath.Join(dir, f.name))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(estateDir, f.name))
		if err != nil {
			t.Fatal(err)
		}
		total += len(want)
		if f.gzip {
			got, want = unzip(t, got), unzip(t, want)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is out of date; run: go run ./internal/testgen/cmd -estate examples/estate", f.name)
		}
	}
	if total > 1500000 {
		t.Errorf("the estate has %d bytes", total)
	}
}

func unzip(t *testing.T, b []byte) []byte {
	t.Helper()
	zr, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if !zr.ModTime.IsZero() || zr.Name != "" || zr.Comment != "" {
		t.Errorf("gzip header depends on the run: %+v", zr.Header)
	}
	content, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestEstateHasEverything checks that users find each case in the estate.
func TestEstateHasEverything(t *testing.T) {
	counts := map[string]int{}
	checks := map[string]bool{}
	for _, file := range estateFiles() {
		content, err := file.content()
		if err != nil {
			t.Fatal(err)
		}
		var findings []asff
		switch file.layout {
		case Array:
			err = json.Unmarshal(content, &findings)
		case CLIIndented:
			var cli struct{ Findings []asff }
			err = json.Unmarshal(content, &cli)
			findings = cli.Findings
		default:
			for line := range bytes.Lines(content) {
				var f asff
				if err = json.Unmarshal(line, &f); err != nil {
					break
				}
				findings = append(findings, f)
			}
		}
		if err != nil {
			t.Fatalf("%s: %v", file.name, err)
		}
		for _, f := range findings {
			counts["total"]++
			counts["in "+file.name]++
			counts[f.RecordState]++
			counts[f.Workflow.Status]++
			counts["account "+f.AwsAccountId]++
			counts["region "+f.Region]++
			counts[f.Resources[0].Type]++
			if f.Compliance == nil {
				counts[f.ProductName]++
				continue
			}
			counts[f.Compliance.Status]++
			checks[f.Compliance.SecurityControlId] = true
			standard, _, _ := strings.Cut(f.GeneratorId, "/")
			counts[standard]++
		}
	}
	for _, name := range []string{
		"PASSED", "FAILED", "WARNING", "NOT_AVAILABLE", "SUPPRESSED", "NOTIFIED", "NEW", "RESOLVED", "ARCHIVED", "ACTIVE",
		"GuardDuty", "Inspector", "Macie", "account 000123456789", "region us-east-1", "region us-west-2", "region eu-central-1",
		"security-control", "nist-800-53", "aws-foundational-security-best-practices", "AwsAccount",
	} {
		if counts[name] == 0 {
			t.Errorf("the estate has no %s", name)
		}
	}
	if total := counts["total"]; total < 300 || total > 400 {
		t.Errorf("the estate has %d findings, want 300 to 400", total)
	}
	if len(checks) < 60 {
		t.Errorf("the estate has %d checks, want 60 or more", len(checks))
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		t.Log(name, counts[name])
	}
	t.Log("checks", len(checks))
}

func TestWellKnownChecksExist(t *testing.T) {
	g, err := newGenerator(Options{})
	if err != nil {
		t.Fatal(err)
	}
	titles := map[string]bool{}
	for _, w := range wellKnown {
		if !slices.ContainsFunc(g.checks, func(c *check) bool { return c.id == w.id }) {
			t.Errorf("check %s is in no table", w.id)
		}
		if titles[w.title] {
			t.Errorf("title %q is there twice", w.title)
		}
		titles[w.title] = true
	}
}
