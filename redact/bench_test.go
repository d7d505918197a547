package redact_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/testgen"
	"github.com/go-shca/shca/sources"
)

// BenchmarkFinding redacts findings of ASFF one after the other.
func BenchmarkFinding(b *testing.B) {
	var text bytes.Buffer
	if err := testgen.Write(&text, testgen.NDJSON, testgen.Options{Seed: 1, Findings: 2000}); err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(b.TempDir(), "findings.ndjson")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	source, err := sources.Open([]string{file}, sources.Options{})
	if err != nil {
		b.Fatal(err)
	}
	var findings []*shca.Finding
	for record, err := range source.Records(b.Context()) {
		if err != nil {
			b.Fatal(err)
		}
		if record.Finding != nil {
			findings = append(findings, record.Finding)
		}
	}
	r := newRedactor(1)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := r.Finding(findings[i%len(findings)]); err != nil {
			b.Fatal(err)
		}
	}
}
