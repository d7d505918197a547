package oscal_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
	"github.com/go-shca/shca/internal/testgen"
	"github.com/go-shca/shca/mapping"
	"github.com/go-shca/shca/oscal"
	"github.com/go-shca/shca/render/rendertest"
)

// keep is a folder for packages of every kind of assessment, for checkers that
// are no part of this module.
var keep = flag.String("keep", "", "write the packages of TestValid below this `folder` too")

// TestValid writes every kind of assessment and validates it: one in every
// version, the others in one version before 1.2 and one since, each in turn, as
// are levels and targets.
func TestValid(t *testing.T) {
	t.Parallel()
	for n, c := range rendertest.Cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if n > 1 && c.Name != "hostile" {
				skipUnderRace(t)
			}
			for i, version := range oscal.Versions() {
				if i%2 != n%2 && c.Name != "fixture" {
					continue
				}
				level := oscal.Levels()[(n+i)%len(oscal.Levels())]
				target := oscal.Targets()[(n/2+i/2)%len(oscal.Targets())]
				t.Run(version+" "+string(level), func(t *testing.T) {
					dir := t.TempDir()
					if *keep != "" && n%len(oscal.Versions()) == i {
						dir = filepath.Join(*keep, strings.ReplaceAll(c.Name, " ", "-")+"-"+version)
					}
					write(t, dir, c.Assessment, oscal.Options{Version: version, Observations: level, Target: target, MaxSubjects: 7})
					valid(t, dir)
				})
			}
		})
	}
}

// TestEstates validates packages of estates of different sizes and partitions.
func TestEstates(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		options  testgen.Options
		baseline string
		version  string
	}{
		{"one finding", testgen.Options{Findings: 1}, "low", "1.2.2"},
		{"three hundred", testgen.Options{Findings: 300, Accounts: 4}, "fedramp-high", "1.1.2"},
		{"GovCloud", testgen.Options{Findings: 300, Partition: "aws-us-gov", Accounts: 2}, "moderate", "1.1.3"},
		{"China, consolidation off", testgen.Options{Findings: 200, Partition: "aws-cn", Mode: testgen.Off}, "privacy", "1.2.1"},
		{"three thousand, mixed", testgen.Options{Findings: 3000, Accounts: 20, Mode: testgen.Mixed}, "high", "1.2.2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.options.Findings > 300 {
				skipUnderRace(t)
			}
			dir := t.TempDir()
			write(t, dir, assess(t, test.options, test.baseline, nil), oscal.Options{Version: test.version})
			valid(t, dir)
		})
	}
}

// TestLinks checks by itself that everything that a document refers to is in the
// package: what the validator knows of references is not taken for granted.
func TestLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := write(t, dir, assess(t, testgen.Options{Findings: 2000, Accounts: 5}, "moderate", nil), oscal.Options{Version: "1.2.2"})
	ids, uuids := map[string]bool{}, map[string]map[string]bool{}
	documents := map[string]object{}
	for name, text := range files {
		if !strings.HasSuffix(name, ".json") {
			continue
		}
		documents[name] = parse(t, text)
		uuids[name] = map[string]bool{}
		walk("", documents[name], func(path string, o object) {
			if id, ok := o["id"].(string); ok && strings.Contains(name, "catalog.json") {
				ids[id] = true
			}
			if uuid, ok := o["uuid"].(string); ok {
				if uuids[name][uuid] {
					t.Errorf("%s%s: the uuid %s is there twice", name, path, uuid)
				}
				uuids[name][uuid] = true
			}
		})
	}
	if len(documents) != 8 {
		t.Fatalf("the package has %d documents: %v", len(documents), slices.Sorted(maps.Keys(documents)))
	}
	// What a document imports counts as defined in it.
	imports := map[string][]string{
		"oscal/assessment-results.json":            {"oscal/assessment-plan.json", "oscal/system-security-plan.json"},
		"oscal/assessment-plan.json":               {"oscal/system-security-plan.json"},
		"oscal/plan-of-action-and-milestones.json": {"oscal/system-security-plan.json"},
	}
	references := 0
	for name, document := range documents {
		defined := maps.Clone(uuids[name])
		for _, other := range imports[name] {
			maps.Copy(defined, uuids[other])
		}
		walk("", document, func(path string, o object) {
			for key, value := range o {
				var targets []string
				switch value := value.(type) {
				case string:
					targets = []string{value}
				case []any:
					for _, v := range value {
						if s, ok := v.(string); ok {
							targets = append(targets, s)
						}
					}
				}
				for _, target := range targets {
					references++
					switch {
					case strings.HasSuffix(key, "-uuid") || strings.HasSuffix(key, "-uuids"):
						if !defined[target] {
							t.Errorf("%s%s/%s: %s is defined nowhere", name, path, key, target)
						}
					case strings.Contains(path, "/source-gap-summary/"): // of AWS's catalog
					case key == "control-id" || key == "statement-id" || key == "target-id" || key == "with-ids":
						if !ids[target] {
							t.Errorf("%s%s/%s: the catalog has no %s", name, path, key, target)
						}
					case key == "href" && strings.HasPrefix(target, "#"):
						if !defined[target[1:]] && !ids[target[1:]] {
							t.Errorf("%s%s/%s: %s is defined nowhere", name, path, key, target)
						}
					case key == "href" && !strings.Contains(target, ":"):
						if _, err := os.Stat(filepath.Join(dir, "oscal", filepath.FromSlash(target))); err != nil {
							t.Errorf("%s%s/%s: %v", name, path, key, err)
						}
					default:
						references--
					}
				}
			}
		})
	}
	t.Logf("%d references", references)
	if references < 5000 {
		t.Errorf("only %d references were looked at", references)
	}
}

// TestSameBytes writes one estate twice, the second time from shuffled input.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	o := testgen.Options{Findings: 1500, Accounts: 4}
	first := write(t, t.TempDir(), assess(t, o, "moderate", nil), oscal.Options{})
	second := write(t, t.TempDir(), assess(t, o, "moderate", func(text []byte) []byte {
		lines := bytes.SplitAfter(text, []byte("\n"))
		slices.Reverse(lines)
		return bytes.Join(lines, nil)
	}), oscal.Options{})
	for name, text := range first {
		if text != second[name] {
			t.Errorf("%s differs:\n%.2000s", name, cmp.Diff(strings.Split(text, "\n"), strings.Split(second[name], "\n")))
		}
	}
	if len(first) != len(second) {
		t.Errorf("%d files, then %d", len(first), len(second))
	}
}

// TestCarryOn runs again over what the first run wrote.
func TestCarryOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := assess(t, testgen.Options{Findings: 800, Accounts: 3}, "moderate", nil)
	first := write(t, dir, a, oscal.Options{})
	again := write(t, dir, a, oscal.Options{
		SSP: filepath.Join(dir, filepath.FromSlash(oscal.SSPFile)), POAM: filepath.Join(dir, filepath.FromSlash(oscal.POAMFile)),
	})
	for name, text := range first {
		if text != again[name] {
			t.Errorf("%s differs:\n%.3000s", name, cmp.Diff(strings.Split(text, "\n"), strings.Split(again[name], "\n")))
		}
	}
}

// TestOneMore adds a finding and looks at what changes besides it.
func TestOneMore(t *testing.T) {
	t.Parallel()
	skipUnderRace(t)
	base := testgen.Options{Findings: 600, Accounts: 3}
	var added map[string]any
	with := func(extra bool) map[string]map[string]string {
		a := assess(t, base, "moderate", func(text []byte) []byte {
			line, _, _ := bytes.Cut(text, []byte("\n"))
			for line = range bytes.Lines(text) {
				if bytes.Contains(line, []byte(`"SecurityControlId":"S3.8"`)) && bytes.Contains(line, []byte(`"Status":"FAILED"`)) {
					break
				}
			}
			if !extra {
				return text
			}
			if err := json.Unmarshal(line, &added); err != nil {
				t.Fatal(err)
			}
			added["Id"] = added["Id"].(string) + "-more"
			added["Resources"] = []any{object{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::one-more", "Partition": "aws", "Region": "us-east-1"}}
			one, err := json.Marshal(added)
			if err != nil {
				t.Fatal(err)
			}
			return append(append(slices.Clone(text), one...), '\n')
		})
		objects := map[string]map[string]string{}
		for name, text := range write(t, t.TempDir(), a, oscal.Options{}) {
			if !strings.HasSuffix(name, ".json") {
				continue
			}
			objects[name] = map[string]string{}
			walk("", parse(t, text), func(path string, o object) {
				// The smallest objects with an identity of their own.
				if uuid, ok := o["uuid"].(string); ok && strings.Count(path, "/") > 2 {
					text, err := json.Marshal(o)
					if err != nil {
						t.Fatal(err)
					}
					objects[name][uuid] = string(text)
				}
			})
		}
		return objects
	}
	before, after := with(false), with(true)
	// What the finding is about: its check, what refers to that, the controls.
	const check = "S3.8"
	about := []string{check}
	for _, objects := range before {
		for uuid, text := range objects {
			if strings.Contains(text, check) && strings.Contains(text, `"methods"`) {
				about = append(about, uuid)
			}
		}
	}
	changed := 0
	for name := range before {
		for uuid, text := range before[name] {
			other, ok := after[name][uuid]
			switch {
			case text == other:
				continue
			case strings.Contains(text, `"related-tasks"`) && strings.Contains(text, "Read in full"), strings.Contains(text, "Findings evaluated"), strings.Contains(text, "reviewed-controls"):
				// The result and its log are of the run.
			case strings.Contains(text, "findings.asff.ndjson.gz"): // its digest
			case !ok:
				t.Errorf("%s: %s is gone: %.300s", name, uuid, text)
			case !slices.ContainsFunc(about, func(s string) bool { return strings.Contains(text, s) }):
				t.Errorf("%s: %s changed:\n%s", name, uuid, cmp.Diff(text, other))
			}
			changed++
		}
	}
	if changed == 0 {
		t.Error("nothing changed")
	}
}

// TestUserCatalog takes the user's catalog as it is, and its names for parts.
func TestUserCatalog(t *testing.T) {
	t.Parallel()
	text := `{ "catalog": {"uuid": "6f1a4b1e-6b0b-4c3e-8a53-0a1f6f0f6d11", "metadata": {"title": "Own", "last-modified": "2026-01-01T00:00:00Z", "version": "1", "oscal-version": "1.1.3"},
  "groups": [{"id": "ac", "title": "Access Control", "controls": [{"id": "ac-3", "title": "Access Enforcement",
    "parts": [{"id": "ac-3_stmt.own", "name": "statement", "prose": "Enforce."}, {"id": "ac-3_own.obj", "name": "assessment-objective", "prose": "Look."}]}]}]}}`
	path := oscal.TempFile(t, "own.json", text)
	own, err := catalogs.ReadCatalog(path)
	if err != nil {
		t.Fatal(err)
	}
	finding := checkFinding("S3.8", "AC-3", func(f *shca.Finding) { f.Status = shca.Failed })
	a := rendertest.Assess(t, records{{Finding: finding}}, mapping.Options{Baseline: catalogs.Baseline{Name: "own", Title: "Own", Controls: []shca.ControlID{"ac-3"}}})
	for target, want := range map[oscal.Target]string{oscal.TargetStatement: `"target-id":"ac-3_stmt.own"`, oscal.TargetObjective: `"target-id":"ac-3_own.obj"`} {
		dir := t.TempDir()
		files := write(t, dir, a, oscal.Options{Catalog: path, Framework: catalogs.Frameworks()[0].WithCatalog(own), Target: target})
		if files["oscal/catalog.json"] != text {
			t.Error("the user's catalog was changed")
		}
		if !strings.Contains(files["oscal/assessment-results.json"], want) {
			t.Errorf("no %s in the results", want)
		}
		valid(t, dir)
	}
}

func TestOptions(t *testing.T) {
	for want, o := range map[string]oscal.Options{
		`cannot write OSCAL "1.0.4": there are 1.1.2, 1.1.3, 1.2.1, 1.2.2`:     {Version: "1.0.4"},
		`unknown level of observations "x": there are check, account, finding`: {Observations: "x"},
		`unknown target of findings "x": there are statement, objective`:       {Target: "x"},
	} {
		if err := o.Check(); err == nil || err.Error() != want {
			t.Errorf("Check() = %v, want %s", err, want)
		}
		if err := oscal.Results(t.Context(), io.Discard, rendertest.Fixture(t), o); err == nil || err.Error() != want {
			t.Errorf("Results() = %v, want %s", err, want)
		}
	}
}
