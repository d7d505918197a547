package auditmanager_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca/sources/auditmanager"
)

// TestSamples reads what is public of Audit Manager's answers, each file alone.
func TestSamples(t *testing.T) {
	dir := os.Getenv("SHCA_SAMPLES")
	if dir == "" {
		t.Skip("SHCA_SAMPLES is not set")
	}
	want := map[string][]string{
		// Four pieces of evidence: two of Security Hub with a resource each, one of
		// Config with two, and a file. Their folder is described nowhere.
		"RECON-get-evidence-by-evidence-folder.json": {
			`finding FAILED S3.8 HIGH [] 111122223333 arn:aws:s3:::amzn-s3-demo-bucket1`,
			`finding PASSED S3.8 HIGH [] 111122223333 arn:aws:s3:::amzn-s3-demo-bucket2`,
			`finding FAILED config-rule/s3-bucket-level-public-access-prohibited  [] 111122223333 arn:aws:s3:::amzn-s3-demo-bucket1`,
			`finding PASSED config-rule/s3-bucket-level-public-access-prohibited  [] 111122223333 arn:aws:s3:::amzn-s3-demo-bucket2`,
			`manual evidence  ×1 s3://amzn-s3-demo-bucket/policy.pdf`,
			`scope RECON-get-evidence-by-evidence-folder.json err "the control of 5 findings and pieces of evidence, of 1 evidence folder, is not known: add the answers of get-evidence-folders-by-assessment and get-assessment to the inputs"`,
		},
		"regscale-assessment-ac2-nist.json": {
			`scope auditmanager 123456789012 us-east-1`,
			`control review NIST.800-53.r5 AC-2 ×1 `,
		},
		"regscale-cp10-mixed-evidence.json": slices.Concat(
			[]string{`scope auditmanager 123456789012 us-east-1`, `control review NIST.800-53.r5 CP-10(2) ×1 `},
			bare("FAILED", "AWS Security Hub"), bare("PASSED", "AWS Config"), bare("FAILED", "AWS Security Hub"), bare("PASSED", "AWS Config"),
			bare("PASSED", "AWS Config"), bare("FAILED", "AWS Security Hub"), bare("FAILED", "AWS Security Hub"), bare("PASSED", "AWS Config"),
		),
		"skeleton-GetAssessment.json": {
			`scope skeleton-GetAssessment.json note "1 of its controls has neither id nor name; describes 1 control and holds no evidence itself"`,
		},
		"skeleton-GetEvidenceByEvidenceFolder.json": {
			`scope skeleton-GetEvidenceByEvidenceFolder.json note "1 of its pieces of evidence says nothing, as in a skeleton of an answer"`,
		},
		"skeleton-GetEvidenceFoldersByAssessment.json": {
			`scope skeleton-GetEvidenceFoldersByAssessment.json note "describes 1 evidence folder and holds no evidence itself"`,
		},
	}
	files, err := filepath.Glob(filepath.Join(dir, "auditmanager", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r := &auditmanager.Reader{Name: name, Open: func() (io.ReadCloser, error) { return os.Open(file) }}
		got := read(t, r)
		if d := cmp.Diff(want[name], got.lines); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if !auditmanager.Is(text) {
			t.Errorf("%s: Is says no", name)
		}
		if got, want := auditmanager.IsEvidence(text), name != "regscale-assessment-ac2-nist.json" && name != "skeleton-GetAssessment.json" && name != "skeleton-GetEvidenceFoldersByAssessment.json"; got != want {
			t.Errorf("%s: IsEvidence says %t", name, got)
		}
		ids := map[string]bool{}
		for _, f := range got.findings {
			if ids[f.ID] {
				t.Errorf("%s: two findings have the id %s", name, f.ID)
			}
			ids[f.ID] = true
		}
	}
}

func bare(status, source string) []string {
	return []string{fmt.Sprintf("finding %s auditmanager/%s/NIST.800-53.r5 CP-10(2)  [NIST.800-53.r5 CP-10(2)] 123456789012 (evidence)", status, source)}
}

// TestNotOurs: no other sample is taken for one of Audit Manager's.
func TestNotOurs(t *testing.T) {
	dir := os.Getenv("SHCA_SAMPLES")
	if dir == "" {
		t.Skip("SHCA_SAMPLES is not set")
	}
	n := 0
	for _, kind := range []string{"asff", "ocsf", "config", "derived", "oscal"} {
		files, err := filepath.Glob(filepath.Join(dir, kind, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			head, err := io.ReadAll(io.LimitReader(f, 64<<10))
			f.Close()
			if err != nil {
				continue // a directory
			}
			n++
			if auditmanager.Is(head) || auditmanager.IsEvidence(head) || auditmanager.IsCSV(head) {
				t.Errorf("%s is taken for one of Audit Manager's", file)
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d other samples were tried", n)
	}
}
