package shca_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
	"github.com/go-shca/shca/oscal"
	"github.com/go-shca/shca/render"
)

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestReadme holds the README against the registries.
func TestReadme(t *testing.T) {
	readme := read(t, "README.md")
	if n := strings.Count(readme, "\n"); n > 150 {
		t.Errorf("README.md has %d lines; more than 150 are not read", n)
	}
	for _, f := range render.Formats {
		if !strings.Contains(readme, f.File) {
			t.Errorf("README.md does not name %s, the file of format %s", f.File, f.Name)
		}
	}
	for _, f := range catalogs.Frameworks() {
		for _, b := range f.Baselines {
			covered := 0
			for _, id := range b.Controls {
				if len(f.ChecksFor(id)) > 0 {
					covered++
				}
			}
			if !row(readme, "`"+b.Name+"`", strconv.Itoa(len(b.Controls)), strconv.Itoa(covered)) {
				t.Errorf("README.md has no row with %s, %d controls and %d of them with checks", b.Name, len(b.Controls), covered)
			}
		}
		if !strings.Contains(readme, strconv.Itoa(len(f.Checks()))+" checks") {
			t.Errorf("README.md does not say that there are %d checks", len(f.Checks()))
		}
	}
}

// row reports whether one line has all texts.
func row(text string, all ...string) bool {
lines:
	for line := range strings.Lines(text) {
		for _, s := range all {
			if !strings.Contains(line, s) {
				continue lines
			}
		}
		return true
	}
	return false
}

// TestNumbers holds docs/numbers.md against the words of the code.
func TestNumbers(t *testing.T) {
	text := read(t, "docs/numbers.md")
	for _, s := range shca.Statuses() {
		if !strings.Contains(text, "| "+s.String()+" |") {
			t.Errorf("docs/numbers.md has no row for the status %q", s)
		}
	}
	for _, m := range []shca.Mapping{shca.MappingCited, shca.MappingTable, shca.MappingBoth, shca.MappingCutOff, shca.MappingNone} {
		if !strings.Contains(text, "| `"+string(m)+"` |") {
			t.Errorf("docs/numbers.md has no row for the mapping %q", m)
		}
	}
	for _, d := range []shca.Disposition{shca.Superseded, shca.NotScored, shca.Assessed} {
		if !strings.Contains(text, "`"+string(d)+"`") {
			t.Errorf("docs/numbers.md does not name the disposition %q", d)
		}
	}
	example := shca.Tally{Passed: 3, Failed: 1, Warning: 2, NotAvailable: 4, Suppressed: 1}
	if got := shca.Percent(example.Passed, example.Decided()); !strings.Contains(text, "**"+got+" %** of "+strconv.FormatInt(example.Decided(), 10)+" decided findings") {
		t.Errorf("docs/numbers.md does not have the worked example's %s %%", got)
	}
}

// TestOSCAL holds docs/oscal.md against the properties, versions and documents.
func TestOSCAL(t *testing.T) {
	text := read(t, "docs/oscal.md")
	table := ""
	for _, p := range oscal.Properties {
		table += "| `" + p.Name + "` | " + p.Meaning + " |\n"
	}
	if !strings.HasSuffix(text, "|---|---|\n"+table) {
		t.Errorf("docs/oscal.md does not end with the table of properties:\n%s", table)
	}
	for rule := range strings.Lines(read(t, "oscal/validate/rules.go")) {
		if name, meaning, ok := strings.Cut(strings.TrimSpace(strings.TrimPrefix(rule, "//\tX-")), " "); ok && strings.HasPrefix(rule, "//\tX-") && !strings.Contains(text, "| X-"+name+" | "+strings.TrimSpace(meaning)) {
			t.Errorf("docs/oscal.md has no row for the rule X-%s", name)
		}
	}
	for _, v := range oscal.Versions() {
		if !strings.Contains(text, v) {
			t.Errorf("docs/oscal.md does not name OSCAL %s", v)
		}
	}
	for _, file := range append(oscal.Owned(), oscal.ResultsFile) {
		if !strings.Contains(text, "| `"+strings.TrimPrefix(file, "oscal/")+"` |") {
			t.Errorf("docs/oscal.md has no row for %s", file)
		}
	}
}

// TestSpeaksOfItself finds words that belong to where the project is made, not
// to the project.
func TestSpeaksOfItself(t *testing.T) {
	forbidden := []string{"../" + "shared", "/wo" + "rk/", "proxy.go" + "lang"}
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); name == ".git" || name == ".ci" || name == "package" || name == "bin" {
				return filepath.SkipDir
			}
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, word := range forbidden {
			if strings.Contains(string(text), word) {
				t.Errorf("%s has %q", file, word)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
