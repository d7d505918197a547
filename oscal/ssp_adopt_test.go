package oscal_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"
	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca/oscal"
	"github.com/go-shca/shca/render/rendertest"
	"github.com/go-shca/shca/system"
)

// edit changes a plan as a person would.
func edit(t testing.TB, text string, change func(*o.SystemSecurityPlan)) string {
	t.Helper()
	var document struct {
		Plan o.SystemSecurityPlan `json:"system-security-plan"`
	}
	document.Plan = parseSSP(t, text)
	change(&document.Plan)
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(document); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// uuids are the values of every member uuid.
func uuids(t testing.TB, text string) []string {
	t.Helper()
	var all []string
	walk("", parse(t, text), func(_ string, v object) {
		if id, ok := v["uuid"].(string); ok {
			all = append(all, id)
		}
	})
	slices.Sort(all)
	return all
}

// TestSSPAdopt gives a plan that was written without a system file one.
func TestSSPAdopt(t *testing.T) {
	t.Parallel()
	a, s := rendertest.Fixture(t), exampleSystem(t)
	for _, version := range oscal.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, filepath.FromSlash(oscal.SSPFile))
			first := write(t, dir, a, oscal.Options{Version: version})[oscal.SSPFile]
			edited := edit(t, first, func(p *o.SystemSecurityPlan) {
				p.SystemCharacteristics.Description = "Written by a person."
				(*(*p.ControlImplementation.ImplementedRequirements[0].Statements)[0].ByComponents)[0].Description = "We do it."
			})
			if err := os.WriteFile(path, []byte(edited), 0o600); err != nil {
				t.Fatal(err)
			}
			second := write(t, dir, a, oscal.Options{Version: version, System: s})[oscal.SSPFile]
			valid(t, dir)

			fresh := parseSSP(t, written(t, sspFile, a, oscal.Options{Version: version, System: s}))
			got := parseSSP(t, second)
			for _, id := range uuids(t, first) {
				if !strings.Contains(second, id) {
					t.Errorf("the UUID %s is gone", id)
				}
			}
			if got.SystemCharacteristics.Description != "Written by a person." {
				t.Errorf("the description became %q", got.SystemCharacteristics.Description)
			}
			if by := *(*got.ControlImplementation.ImplementedRequirements[0].Statements)[0].ByComponents; by[0].Description != "We do it." {
				t.Errorf("the answer became %q", by[0].Description)
			}
			// All else is what a new plan says, but for identifiers.
			got.SystemCharacteristics.Description = fresh.SystemCharacteristics.Description
			neutral := func(p o.SystemSecurityPlan) string {
				text, err := json.Marshal([]any{p.Metadata, p.SystemCharacteristics, p.SystemImplementation})
				if err != nil {
					t.Fatal(err)
				}
				var v any
				if err := json.Unmarshal(text, &v); err != nil {
					t.Fatal(err)
				}
				names := map[string]string{}
				return neutralUUIDs(t, v, names)
			}
			sortComponents(fresh.SystemImplementation.Components)
			sortComponents(got.SystemImplementation.Components)
			if diff := cmp.Diff(strings.Split(neutral(fresh), "\n"), strings.Split(neutral(got), "\n")); diff != "" {
				t.Errorf("(-new +adopted):\n%s", diff)
			}
			if third := write(t, dir, a, oscal.Options{Version: version, System: s})[oscal.SSPFile]; third != second {
				t.Errorf("a third run differs:\n%s", cmp.Diff(second, third))
			}
			// And without the system file the package keeps its identity.
			if fourth := write(t, dir, a, oscal.Options{Version: version})[oscal.SSPFile]; fourth != second {
				t.Errorf("a fourth run differs:\n%s", cmp.Diff(second, fourth))
			}
		})
	}
}

// sortComponents sorts all but the first, which is the system.
func sortComponents(all []o.SystemComponent) {
	slices.SortFunc(all[1:], func(a, b o.SystemComponent) int { return strings.Compare(a.Title, b.Title) })
}

// neutralUUIDs prints a JSON value with numbers for UUIDs, in the order in which
// they come.
func neutralUUIDs(t testing.TB, v any, names map[string]string) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		for _, word := range strings.Split(line, `"`) {
			if len(word) == 36 && strings.Count(word, "-") == 4 {
				if names[word] == "" {
					names[word] = "uuid " + string(rune('A'+len(names)))
				}
				line = strings.ReplaceAll(line, word, names[word])
			}
		}
		b.WriteString(line)
	}
	return b.String()
}

// TestSSPAdoptEdits checks that what a person added, changed or deleted stays
// that way.
func TestSSPAdoptEdits(t *testing.T) {
	t.Parallel()
	a := rendertest.Fixture(t)
	s := exampleSystem(t)
	s.Components = append(s.Components, system.Component{ID: "s3", Title: "Amazon S3", Type: "service", Description: "Buckets."})
	first := written(t, sspFile, a, oscal.Options{})
	const other = "5d3c1f0e-6a51-4c8f-9d0b-3f4c1f3a2b1c"
	edited := edit(t, first, func(p *o.SystemSecurityPlan) {
		c := &p.SystemCharacteristics
		c.SystemIds = append(c.SystemIds, o.SystemId{ID: "F-1", IdentifierType: "https://fedramp.gov"})
		c.SystemName = "Our name"
		c.NetworkArchitecture = nil
		*p.Metadata.Parties = append(*p.Metadata.Parties, o.Party{UUID: other, Type: "person", Name: "Somebody"})
		*p.SystemImplementation.Users = append(*p.SystemImplementation.Users, o.SystemUser{UUID: other[:35] + "d", Title: "Guest"})
		c.SystemInformation.InformationTypes[0].Title = "Our data"
	})
	path := oscal.TempFile(t, "ssp.json", edited)
	text := written(t, sspFile, a, oscal.Options{SSP: path, System: s})
	validText(t, "adopted", text)
	unique(t, text)
	plan := parseSSP(t, text)
	c := plan.SystemCharacteristics
	var parties, users, services []string
	for _, p := range *plan.Metadata.Parties {
		parties = append(parties, p.Name)
	}
	for _, u := range *plan.SystemImplementation.Users {
		users = append(users, u.Title)
	}
	for _, component := range plan.SystemImplementation.Components {
		if component.Title == "Amazon S3" {
			services = append(services, component.Description)
		}
	}
	got := []any{c.SystemIds[0].ID, c.SystemIds[1].ID, c.SystemName, c.NetworkArchitecture == nil, c.SystemNameShort, c.SystemInformation.InformationTypes[0].Title,
		slices.Contains(parties, "Somebody"), slices.Contains(parties, "Example Agency"), slices.Contains(users, "Guest"), slices.Contains(users, "Applicant"), services}
	want := []any{"EX-2026-001", "F-1", "Our name", true, "EXS", "Our data", true, true, true, true, []string{"Buckets."}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if again := written(t, sspFile, a, oscal.Options{SSP: oscal.TempFile(t, "ssp.json", text), System: s}); again != text {
		t.Errorf("another run differs:\n%s", cmp.Diff(text, again))
	}
	// A plan of another system is none of this one's.
	s.ID = "ANOTHER"
	if _, err := oscal.WriteDocument(t.Context(), &bytes.Buffer{}, sspFile, a, oscal.Options{SSP: oscal.TempFile(t, "ssp.json", text), System: s}); err == nil ||
		!strings.Contains(err.Error(), `is the plan of the system "EX-2026-001", but the system file says "ANOTHER"`) {
		t.Errorf("a plan of another system: %v", err)
	}
}

// TestSSPName checks that documents have the name in the plan without a system
// file.
func TestSSPName(t *testing.T) {
	t.Parallel()
	a := rendertest.Fixture(t)
	path := oscal.TempFile(t, "ssp.json", written(t, sspFile, a, oscal.Options{System: exampleSystem(t)}))
	if text := written(t, componentFile, a, oscal.Options{SSP: path}); !strings.Contains(text, "Component definition: Example System") {
		t.Errorf("the definition does not name the system:\n%.500s", text)
	}
}

// TestSSPIncomplete checks that a plan says that the last run was incomplete, and
// no longer after one that was complete.
func TestSSPIncomplete(t *testing.T) {
	t.Parallel()
	complete := rendertest.Fixture(t)
	incomplete := *complete
	incomplete.ProblemCount, incomplete.Problems = 1, []string{"x.json: unreadable"}
	if incomplete.Complete() {
		t.Fatal("it is complete")
	}
	run := func(text string, a bool) string {
		t.Helper()
		assessment := complete
		if !a {
			assessment = &incomplete
		}
		return written(t, sspFile, assessment, oscal.Options{SSP: oscal.TempFile(t, "ssp.json", text)})
	}
	says := func(text string) bool {
		t.Helper()
		validText(t, "plan", text)
		m := parseSSP(t, text).Metadata
		prop, note := property(m.Props, oscal.Namespace, "input-complete") == "no", strings.Contains(m.Remarks, "Note by shca: ")
		if prop != note || strings.Count(m.Remarks, "Note by shca") > 1 {
			t.Errorf("props %+v, remarks %q", m.Props, m.Remarks)
		}
		return note
	}
	first := written(t, sspFile, complete, oscal.Options{})
	for name, start := range map[string]string{
		"no remarks": first,
		"remarks":    edit(t, first, func(p *o.SystemSecurityPlan) { p.Metadata.Remarks = "Ours.\n\nAlso ours." }),
	} {
		marked := run(start, false)
		if !says(marked) || run(marked, false) != marked {
			t.Errorf("%s: after an incomplete run:\n%.1000s", name, marked)
		}
		if back := run(marked, true); says(back) || back != start {
			t.Errorf("%s: after a complete run:\n%s", name, cmp.Diff(start, back))
		}
	}
	born := written(t, sspFile, &incomplete, oscal.Options{})
	if !says(born) || says(run(born, true)) {
		t.Error("a plan of an incomplete run")
	}
}

// TestSSPWarnings checks what is told of a plan that does not fit the run.
func TestSSPWarnings(t *testing.T) {
	t.Parallel()
	a := rendertest.Fixture(t)
	good := written(t, sspFile, a, oscal.Options{})
	for _, c := range []struct{ name, old, new, want string }{
		{"fits", "x", "x", ""},
		{"version", `"oscal-version": "1.1.3"`, `"oscal-version": "1.1.2"`, "stays OSCAL 1.1.2"},
		{"profile", `"href": "profile.json"`, `"href": "../profiles/ours.json"`, "is not where the plan is written"},
		{"profile elsewhere", `"href": "profile.json"`, `"href": "https://example.org/profile.json"`, ""},
		{"profile in the plan", `"href": "profile.json"`, `"href": "#5d3c1f0e-6a51-4c8f-9d0b-3f4c1f3a2b1c"`, ""},
		{"revision", `"control-id": "`, `"control-id": "r3-`, "it may be about another revision"},
	} {
		var log bytes.Buffer
		options := oscal.Options{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))}
		dir := t.TempDir()
		path := filepath.Join(dir, filepath.FromSlash(oscal.SSPFile))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(good, c.old, c.new)), 0o600); err != nil {
			t.Fatal(err)
		}
		write(t, dir, a, options)
		got := 0
		for line := range strings.Lines(log.String()) {
			if c.want == "" || strings.Contains(line, c.want) {
				got++
			}
		}
		if want := min(1, len(c.want)); got != want {
			t.Errorf("%s: logged\n%swant %d of %q", c.name, log.String(), want, c.want)
		}
	}
}
