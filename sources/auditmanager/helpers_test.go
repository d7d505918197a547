package auditmanager_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/auditmanager"
)

// result is what a source yields: each record in a line, and the records.
type result struct {
	lines    []string
	findings []*shca.Finding
	evidence []*shca.Evidence
	errors   []*shca.FindingError
	scopes   []*shca.Scope
}

func read(t testing.TB, s shca.Source) *result {
	t.Helper()
	r := &result{}
	for record, err := range s.Records(t.Context()) {
		if bad, ok := errors.AsType[*shca.FindingError](err); ok {
			r.errors = append(r.errors, bad)
			r.lines = append(r.lines, "error "+bad.Error())
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case record.Finding != nil:
			r.findings = append(r.findings, record.Finding)
			r.lines = append(r.lines, "finding "+describe(record.Finding))
		case record.Evidence != nil:
			e := record.Evidence
			r.evidence = append(r.evidence, e)
			r.lines = append(r.lines, fmt.Sprintf("%s %s ×%d %s", e.Kind, e.Requirement, e.Pieces(), e.Location))
		case record.Scope != nil:
			s := record.Scope
			r.scopes = append(r.scopes, s)
			line := "scope " + s.Name()
			if s.Err != "" {
				line += fmt.Sprintf(" err %q", s.Err)
			}
			if s.Note != "" {
				line += fmt.Sprintf(" note %q", s.Note)
			}
			r.lines = append(r.lines, line)
		}
	}
	return r
}

func describe(f *shca.Finding) string {
	resource := f.ResourceID()
	if len(f.Resources) == 1 && f.Resources[0].Type == auditmanager.EvidenceType {
		resource = "(evidence)"
	}
	return fmt.Sprintf("%s %s %s %v %s %s", f.Status, f.Check, f.Severity, f.Requirements, f.AccountID, resource)
}

func opening(text string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
}

func reading(name, text string, files *auditmanager.Files) *auditmanager.Reader {
	return &auditmanager.Reader{Name: name, Open: opening(text), Files: files}
}
