package sources_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/input"
	"github.com/go-shca/shca/sources"
	"github.com/go-shca/shca/sources/stream"
)

// TestSamples reads a directory of real files, if SHCA_SAMPLES names one: what
// is in asff/, derived/ and ocsf/ gives as many findings as an independent count
// does, what is in the other directories gives none and says why.
func TestSamples(t *testing.T) {
	dir := os.Getenv("SHCA_SAMPLES")
	if dir == "" {
		t.Skip("SHCA_SAMPLES names no directory of samples")
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		kind, _, below := strings.Cut(filepath.ToSlash(rel), "/")
		if !below {
			return nil // about the samples
		}
		files++
		t.Run(filepath.ToSlash(rel), func(t *testing.T) {
			source := &stream.Source{
				Name: rel,
				Open: func() (io.ReadCloser, error) {
					return input.Text(input.File{Name: path, Open: func() (io.ReadCloser, error) { return os.Open(path) }}, nil)
				},
				Formats: sources.Formats,
			}
			var findings []*shca.Finding
			var errs []error
			var scopes []shca.Scope
			for record, err := range source.Records(t.Context()) {
				switch {
				case err != nil:
					errs = append(errs, err)
				case record.Finding != nil:
					findings = append(findings, record.Finding)
				default:
					scopes = append(scopes, *record.Scope)
				}
			}
			switch kind {
			case "asff", "derived", "ocsf":
				want := countFindings(t, path)
				if len(findings) != want || want == 0 {
					t.Errorf("got %d findings, want %d", len(findings), want)
				}
				for _, s := range scopes {
					if s.Err != "" {
						t.Errorf("scope %+v", s)
					}
				}
				for _, e := range errs {
					t.Error(e)
				}
				for _, f := range findings {
					if f.ID == "" || f.Check == "" || f.ProductARN == "" && kind != "ocsf" || f.UpdatedAt.IsZero() || f.Severity == 0 || f.Partition == "" || f.Region == "" {
						t.Errorf("finding lacks a member: %+v", f)
					}
				}
			default:
				if len(findings) > 0 {
					t.Errorf("got %d findings, want none", len(findings))
				}
				if len(scopes) != 1 || scopes[0].Err == "" {
					t.Errorf("scopes %+v, errors %v; want one scope with an error", scopes, errs)
				} else {
					t.Log(scopes[0].Err)
				}
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Errorf("%s holds no samples", dir)
	}
}

// countFindings counts the findings in a file with encoding/json.
func countFindings(t *testing.T, path string) int {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for dec := json.NewDecoder(f); ; {
		var doc any
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		n += countIn(doc)
	}
}

func countIn(doc any) int {
	n := 0
	switch doc := doc.(type) {
	case []any:
		for _, e := range doc {
			n += countIn(e)
		}
	case map[string]any:
		if doc["ProductArn"] != nil || doc["class_uid"] != nil {
			return 1
		}
		for _, name := range []string{"Findings", "findings", "Finding", "detail", "data", "apiResponse"} {
			n += countIn(doc[name])
		}
	}
	return n
}
