package auditmanager_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/auditmanager"
)

const reportFolder = "FY26-a1b2c3d4/report-a1b2c3d4e5f6g7/"

// report returns the archive of a report. digest is given the documents, and edit
// their bytes as they come into the archive.
func report(t testing.TB, digest func(path string, sum [32]byte) string, edit func(map[string]string)) []byte {
	t.Helper()
	documents := map[string]string{
		"AssessmentReportSummary.pdf": "summary",
		"AC-2(1)  -  Automated System Account Management-a1b2c3d4e5f6g/AWS Config/2025-02-14/e-1.pdf": "one",
		"AC-2(1)  -  Automated System Account Management-a1b2c3d4e5f6g/AWS Config/2025-02-15/e-2.pdf": "two",
		"AC-2(1)  -  Automated System Account Management-a1b2c3d4e5f6g/Manual/2025-02-13/e-3.pdf":     "three",
		"House rule 7-b1b2c3d4e5f6g/CloudTrail/2025-02-14/e-4.pdf":                                    "four",
	}
	var paths []string
	for path := range documents {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	var text strings.Builder
	text.WriteString("Digest of the report\n")
	for _, path := range paths {
		text.WriteString(digest(path, sha256.Sum256([]byte(documents[path]))) + "\n")
	}
	documents["README.txt"] = "read me"
	documents["digest.txt"] = text.String()
	if edit != nil {
		edit(documents)
	}
	paths = nil
	for path := range documents {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, path := range paths {
		w, err := z.Create(reportFolder + path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, documents[path]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func readReport(t testing.TB, archive []byte, files *auditmanager.Files) *result {
	t.Helper()
	return read(t, &auditmanager.Report{Name: "in", Files: files, Open: func() (io.ReaderAt, int64, io.Closer, error) {
		return bytes.NewReader(archive), int64(len(archive)), io.NopCloser(nil), nil
	}})
}

func sha256sum(path string, sum [32]byte) string { return fmt.Sprintf("%x  ./%s", sum, path) }

func TestReport(t *testing.T) {
	const ac2 = "report document NIST.800-53.r5 AC-2(1) ×3 " + reportFolder + "AC-2(1)  -  Automated System Account Management-a1b2c3d4e5f6g"
	const house = "report document House rule 7 ×1 " + reportFolder + "House rule 7-b1b2c3d4e5f6g"
	for _, tc := range []struct {
		name   string
		digest func(string, [32]byte) string
		edit   func(map[string]string)
		scope  string
	}{
		{"as sha256sum writes", sha256sum, nil, `note "all 5 documents are as digest.txt has them"`},
		{"name first", func(p string, s [32]byte) string { return fmt.Sprintf("%s: %X", reportFolder+p, s) }, nil, `note "all 5 documents are as digest.txt has them"`},
		{"BSD", func(p string, s [32]byte) string { return fmt.Sprintf("SHA256 (%s) = %x", p, s) }, nil, `note "all 5 documents are as digest.txt has them"`},
		{"base64", func(p string, s [32]byte) string {
			return p + "," + base64.StdEncoding.EncodeToString(s[:])
		}, nil, `note "all 5 documents are as digest.txt has them"`},
		{"sums alone", func(p string, s [32]byte) string { return fmt.Sprintf("%x", s) }, nil, `note "all 5 documents are as digest.txt has them"`},
		{"something else", func(p string, s [32]byte) string { return "signed" }, nil, `note "its documents could not be verified: digest.txt is missing or has no SHA-256 in a form that is known"`},
		{"no digest", sha256sum, func(d map[string]string) { delete(d, "digest.txt") }, `note "its documents could not be verified: digest.txt is missing or has no SHA-256 in a form that is known"`},
		{"a document more", sha256sum, func(d map[string]string) { d["more.pdf"] = "x" }, `note "5 documents are as digest.txt has them, 1 is not in it"`},
		{"a changed document", sha256sum, func(d map[string]string) {
			d["House rule 7-b1b2c3d4e5f6g/CloudTrail/2025-02-14/e-4.pdf"] = "other"
		}, `err "1 document is damaged, missing or out of place: get the report anew: \"House rule 7-b1b2c3d4e5f6g/CloudTrail/2025-02-14/e-4.pdf\" is not as digest.txt has it"`},
		{"a missing document", func(p string, s [32]byte) string {
			return sha256sum(p, s) + "\n" + strings.Repeat("0", 64) + " gone.pdf"
		}, nil, `err "1 document is damaged, missing or out of place: get the report anew: \"gone.pdf\" is in digest.txt and not in the archive"`},
	} {
		got := readReport(t, report(t, tc.digest, tc.edit), nil)
		if d := cmp.Diff([]string{ac2, house, "scope in " + tc.scope}, got.lines); d != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, d)
		}
		if e := got.evidence[0]; e.Assessment != "FY26" || e.Text != "AWS Config: 2, Manual: 1" || e.At.Day() != 15 || e.Control != "AC-2(1)  -  Automated System Account Management" {
			t.Errorf("%s: %+v", tc.name, e)
		}
	}
	t.Run("with its assessment", func(t *testing.T) {
		files := &auditmanager.Files{}
		read(t, reading("assessment", file(t, "assessment.json"), files))
		got := readReport(t, report(t, sha256sum, nil), files)
		if e := got.evidence[0]; e.AccountID != "111122223333" || e.Region != "us-gov-west-1" {
			t.Errorf("%+v", e)
		}
	})
}

// TestReportDamage: every archive that is cut or changed is an error, or reads as
// the whole one.
func TestReportDamage(t *testing.T) {
	whole := report(t, sha256sum, nil)
	want := readReport(t, whole, nil).lines
	for i := range whole {
		got := readReport(t, whole[:i], nil)
		if len(got.scopes) != 1 || got.scopes[0].Err == "" {
			t.Fatalf("cut to %d bytes: %q", i, got.lines)
		}
		changed := slices.Clone(whole)
		changed[i] ^= 0x20
		got = readReport(t, changed, nil)
		if got.scopes[0].Err == "" && !cmp.Equal(want[:2], got.lines[:min(2, len(got.lines))]) { // the name of README.txt is nobody's
			t.Fatalf("byte %d: %q", i, got.lines)
		}
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if _, err := z.Create("other.txt"); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	got := readReport(t, b.Bytes(), nil)
	if len(got.scopes) != 1 || !strings.Contains(got.scopes[0].Err, "is no assessment report") {
		t.Errorf("another archive: %q", got.lines)
	}
	if !auditmanager.IsReport(b.Bytes()) || auditmanager.IsReport([]byte("{")) {
		t.Error("IsReport")
	}
}

func TestReportStop(t *testing.T) {
	archive := report(t, sha256sum, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &auditmanager.Report{Name: "in", Open: func() (io.ReaderAt, int64, io.Closer, error) {
		return bytes.NewReader(archive), int64(len(archive)), io.NopCloser(nil), nil
	}}
	for r, err := range s.Records(ctx) {
		if r != (shca.Record{}) || !errors.Is(err, context.Canceled) {
			t.Errorf("got %+v, %v", r, err)
		}
	}
}
