package render_test

import (
	"encoding/csv"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca/render"
	"github.com/go-shca/shca/render/rendertest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// fixtureFiles writes the fixture in every format.
func fixtureFiles(t *testing.T) map[string]string {
	dir := t.TempDir()
	if _, err := render.WriteDir(t.Context(), dir, rendertest.Fixture(t), render.Formats); err != nil {
		t.Fatal(err)
	}
	return tree(t, dir)
}

func TestGolden(t *testing.T) {
	files := fixtureFiles(t)
	for _, name := range []string{"control-summary.csv", "findings.csv", "controls/attention/AC-3.csv", "assessment.json", "report.md"} {
		golden := filepath.Join("testdata", "golden", filepath.Base(name))
		if *update {
			write(t, golden, files[name])
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), files[name]); diff != "" {
			t.Errorf("%s differs; if that is meant, run go test ./render -update (-want +got):\n%s", name, diff)
		}
	}
}

// TestSameNumbers checks that every format says the same of the same control.
func TestSameNumbers(t *testing.T) {
	files := fixtureFiles(t)

	rows, err := csv.NewReader(strings.NewReader(files["control-summary.csv"])).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows[1:] {
		cell := map[string]string{}
		for j, name := range rows[0] {
			cell[name] = row[j]
		}
		got := []string{cell["compliance_control_id"], cell["compliance_status"], cell["pass_rate"], cell["percentage"], cell["decided"], cell["undecided"], cell["suppressed"], cell["in_baseline"]}
		want := [][]string{
			// SHCA's own figure is 3 of the 10 that are not suppressed.
			{"AC-3", "partially compliant", "75.00%", "30.00%", "4", "6", "1", "yes"},
			{"AT-1", "not assessed", "", "", "0", "0", "0", "yes"},
			{"CP-9", "undecided", "", "", "0", "2", "0", "yes"},
			{"SC-28", "compliant", "100.00%", "100.00%", "1", "0", "0", "no"},
		}[i]
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("control-summary.csv (-want +got):\n%s", diff)
		}
	}

	var document struct {
		Summary struct {
			PassRate                     json.Number `json:"pass_rate"`
			Coverage                     json.Number
			Decided, Undecided, Controls int
			Statuses                     map[string]int
			Tally                        struct{ Suppressed int }
		}
		Controls []struct {
			Label              string
			PassRate           json.RawMessage `json:"pass_rate"`
			Decided, Undecided int
			Tally              struct{ Suppressed int }
		}
	}
	if err := json.Unmarshal([]byte(files["assessment.json"]), &document); err != nil {
		t.Fatal(err)
	}
	s := document.Summary
	if s.PassRate != "75.00" || s.Coverage != "33.33" || s.Decided != 4 || s.Undecided != 8 || s.Tally.Suppressed != 1 || s.Controls != 3 || len(s.Statuses) != 6 {
		t.Errorf("assessment.json: summary %+v", s)
	}
	for i, want := range []string{"AC-3 75.00 4 6 1", "AT-1 null 0 0 0", "CP-9 null 0 2 0", "SC-28 100.00 1 0 0"} {
		c := document.Controls[i]
		if got := strings.Join([]string{c.Label, string(c.PassRate), text(c.Decided), text(c.Undecided), text(c.Tally.Suppressed)}, " "); got != want {
			t.Errorf("assessment.json: control %q, want %q", got, want)
		}
	}

	for _, want := range []string{
		"| Pass rate | **75.00 %** of 4 decided findings (3 passed, 1 failed) |",
		"| Undecided | 8 findings (2 WARNING, 6 NOT\\_AVAILABLE) |",
		"| Suppressed | 1 finding, listed and not scored |",
		"| AC-3 | Access Enforcement | partially compliant | MEDIUM · CAT II | 3 | 1 | 6 | 1 | 75.00 % |",
		"| CP-9 | System Backup | undecided |  | 0 | 0 | 2 | 0 | – |",
		"| AT Awareness and Training | AT-1 |",
	} {
		if !strings.Contains(files["report.md"], want) {
			t.Errorf("report.md does not say %q", want)
		}
	}
}

func text(v any) string {
	b, _ := json.Marshal(v) // numbers always can
	return string(b)
}
