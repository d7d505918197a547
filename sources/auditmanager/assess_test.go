package auditmanager_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/mapping"
)

// TestAssess: pieces of evidence without any id count each for their control, and
// reviews stand beside it.
func TestAssess(t *testing.T) {
	dir := os.Getenv("SHCA_SAMPLES")
	if dir == "" {
		t.Skip("SHCA_SAMPLES is not set")
	}
	text, err := os.ReadFile(filepath.Join(dir, "auditmanager", "regscale-cp10-mixed-evidence.json"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := mapping.Assess(t.Context(), reading("in", string(text), nil), mapping.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for i := range a.Controls {
		c := &a.Controls[i]
		if c.ID != "cp-10.2" {
			continue
		}
		if c.Tally != (shca.Tally{Passed: 4, Failed: 4}) || len(c.Evidence) != 1 || c.Evidence[0].Kind != shca.EvidenceReview {
			t.Errorf("CP-10(2): %+v, evidence %+v", c.Tally, c.Evidence)
		}
		return
	}
	t.Error("CP-10(2) is not there")
}
