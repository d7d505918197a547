package ocsf_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden compares the specimen's events, indented for reading.
func TestGolden(t *testing.T) {
	for _, e := range encoders(t) {
		got := []byte("[\n")
		for i, f := range specimen(t) {
			if i > 0 {
				got = append(got, ",\n"...)
			}
			text, _ := event(t, e, f)
			var indented bytes.Buffer
			if err := json.Indent(&indented, text, "", "  "); err != nil {
				t.Fatal(err)
			}
			got = append(got, indented.Bytes()...)
		}
		got = append(got, "\n]\n"...)
		golden := filepath.Join("testdata", "events-"+string(e.Version)+".json")
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s differs; if that is meant, run go test ./ocsf -update (-want +got):\n%s", golden, diff)
		}
	}
}
