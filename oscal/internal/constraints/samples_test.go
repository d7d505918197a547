package constraints

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPublishedDocuments checks documents that NIST and FedRAMP publish. They
// are not part of the project: set SHCA_SAMPLES to a directory that has them in
// oscal.
func TestPublishedDocuments(t *testing.T) {
	dir := os.Getenv("SHCA_SAMPLES")
	if dir == "" {
		t.Skip("SHCA_SAMPLES is not set")
	}
	for _, tc := range []struct {
		glob  string
		files int
		want  map[string]int // messages of each file, by rule
	}{
		{"examples/*.json", 7, map[string]int{}},
		{"profiles/*.json", 8, map[string]int{}},
		// A baseline's catalog still names related controls that are not in the
		// baseline. 1.2 made that a warning.
		{"catalogs/*LOW*.json", 1, map[string]int{"oscal-catalog-groups-controls-parts": 501}},
	} {
		files, err := filepath.Glob(filepath.Join(dir, "oscal", tc.glob))
		if err != nil || len(files) != tc.files {
			t.Fatalf("%s: %q, %v; want %d files", tc.glob, files, err, tc.files)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for kind, document := range parse(t, string(text)) {
				object, ok := document.(map[string]any)
				if !ok {
					continue // $schema
				}
				for _, version := range []string{v11, v12} {
					got := map[string]int{}
					for _, m := range checkAll(t, kind, version, object) {
						got[m.Rule]++
					}
					if diff := cmp.Diff(tc.want, got); diff != "" {
						t.Errorf("%s as OSCAL %s (-want +got):\n%s", filepath.Base(file), version, diff)
					}
				}
			}
		}
	}
}
