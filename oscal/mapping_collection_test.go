package oscal

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"
	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
	"github.com/go-shca/shca/oscal/validate"
	"github.com/go-shca/shca/system"
)

// collection is what the tests read of a mapping collection. go-oscal's type
// has room for one mapping only.
type collection struct {
	Body struct {
		UUID       string
		Metadata   o.Metadata
		Provenance o.MappingProvenance
		Mappings   []o.Mapping
		BackMatter o.BackMatter `json:"back-matter"`
	} `json:"mapping-collection"`
}

// mappingAssessment has no findings: the collection does not depend on them.
func mappingAssessment() *shca.Assessment {
	return &shca.Assessment{Framework: "nist-800-53-r5", Time: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC), Generator: "shca v1.2.3"}
}

type discardCloser struct{ io.Writer }

func (discardCloser) Close() error { return nil }

// readMapping returns the collection's text and what it says.
func readMapping(t *testing.T, a *shca.Assessment, options Options) ([]byte, collection) {
	t.Helper()
	text := mustWrite(t, mappingFile, a, options)
	var c collection
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatalf("%v in\n%.2000s", err, text)
	}
	return text, c
}

// mustWrite is the text of one document.
func mustWrite(t *testing.T, file string, a *shca.Assessment, options Options) []byte {
	t.Helper()
	var text bytes.Buffer
	if reason, err := WriteDocument(t.Context(), &text, folder+file, a, options); err != nil || reason != "" {
		t.Fatalf("%s: %v, %s", file, err, reason)
	}
	return text.Bytes()
}

func TestAWSCatalogIsWhole(t *testing.T) {
	ids := awsControls()
	groups := map[string]bool{}
	for _, id := range ids {
		group, _, ok := strings.Cut(id, ".")
		if !ok || !isToken(id) {
			t.Errorf("%q is not the id of a Security Hub control", id)
		}
		groups[group] = true
	}
	if len(ids) != 452 || len(groups) != 77 {
		t.Errorf("got %d controls in %d groups, want the 452 in 77 of AWS's catalog", len(ids), len(groups))
	}
	if !slices.IsSortedFunc(ids, shca.CompareNatural) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Error("the ids are not in natural order, each once")
	}
	if !strings.Contains(awsCatalog, awsCatalogVersion) || !strings.Contains(awsCatalog, strings.Split(awsCatalogHref, "/")[5]) {
		t.Errorf("the list does not name version %s and the commit in %s as its source", awsCatalogVersion, awsCatalogHref)
	}
}

// The collection holds the whole table: every pair of check and control once,
// and nothing else.
func TestMappingHoldsTheTable(t *testing.T) {
	_, c := readMapping(t, mappingAssessment(), Options{Version: "1.2.2"})
	framework := catalogs.Frameworks()[0]
	want := map[string]int{}
	for _, check := range framework.Checks() {
		for _, id := range check.Controls {
			want[strings.ToLower(string(check.ID))+" "+string(id)] = 1
		}
	}
	got := map[string]int{}
	for _, mapping := range c.Body.Mappings {
		for _, m := range mapping.Maps {
			if m.Relationship != relationship || m.MatchingRationale != rationale || len(m.Sources) != 1 {
				t.Errorf("map %s is %q by %q from %d sources", m.UUID, m.Relationship, m.MatchingRationale, len(m.Sources))
			}
			for _, target := range m.Targets {
				got[strings.ToLower(m.Sources[0].IDRef)+" "+target.IDRef]++
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pairs of check and control (-table +collection):\n%s", diff)
	}
	if len(got) < 2000 {
		t.Errorf("got %d pairs, want those of AWS's whole table", len(got))
	}
}

// Every id is one of the source or the target that its mapping names, and a gap
// is what the maps leave.
func TestMappingResolves(t *testing.T) {
	options := Options{Version: "1.2.2"}
	_, c := readMapping(t, mappingAssessment(), options)
	resources := map[string]o.Resource{}
	for _, r := range *c.Body.BackMatter.Resources {
		resources["#"+r.UUID] = r
	}
	targets := catalogIDs(t, mappingAssessment(), options)
	if len(targets) != 1196 {
		t.Fatalf("the package's catalog has %d controls, want 1196", len(targets))
	}
	listed := map[string]bool{}
	for _, id := range awsControls() {
		listed[id] = true
	}
	if len(c.Body.Mappings) != 2 {
		t.Fatalf("got %d mappings, want one from AWS's catalog and one from its user guide", len(c.Body.Mappings))
	}
	mappedSources, mappedTargets := map[string]bool{}, map[string]bool{}
	for i, mapping := range c.Body.Mappings {
		if mapping.TargetResource.Href != catalogFile {
			t.Errorf("mapping %d is to %q", i, mapping.TargetResource.Href)
		}
		source, ok := resources[mapping.SourceResource.Href]
		if !ok {
			t.Errorf("mapping %d is from %q, which is no resource", i, mapping.SourceResource.Href)
		}
		fromCatalog := (*source.Rlinks)[0].Href == awsCatalogHref
		if want := i == 0; fromCatalog != want {
			t.Errorf("mapping %d is from %q", i, (*source.Rlinks)[0].Href)
		}
		for _, m := range mapping.Maps {
			id := m.Sources[0].IDRef
			if listed[id] != fromCatalog {
				t.Errorf("%s is in AWS's catalog: %v; in the mapping from it: %v", id, listed[id], fromCatalog)
			}
			mappedSources[id] = true
			for _, target := range m.Targets {
				if _, ok := targets[target.IDRef]; !ok {
					t.Errorf("%s is mapped to %s, which the package's catalog lacks", id, target.IDRef)
				}
				mappedTargets[target.IDRef] = true
			}
		}
	}
	var sourceGap, targetGap []string
	for _, id := range awsControls() {
		if !mappedSources[id] {
			sourceGap = append(sourceGap, id)
		}
	}
	for _, control := range catalogs.Frameworks()[0].Catalog.Controls() {
		if id := string(control.ID); !mappedTargets[id] && !control.Withdrawn {
			targetGap = append(targetGap, id)
		}
	}
	first := c.Body.Mappings[0]
	for _, gap := range []struct {
		name string
		got  *o.GapSummary
		want []string
	}{{"source", first.SourceGapSummary, sourceGap}, {"target", first.TargetGapSummary, targetGap}} {
		var got []string
		for _, s := range gap.got.UnmappedControls {
			got = append(got, *s.WithIds...)
		}
		if diff := cmp.Diff(gap.want, got); diff != "" {
			t.Errorf("%s gap (-want +got):\n%s", gap.name, diff)
		}
	}
	t.Logf("%d and %d maps; without a map: %d of %d in AWS's catalog, %d target controls",
		len(first.Maps), len(c.Body.Mappings[1].Maps), len(sourceGap), len(listed), len(targetGap))

	parties, roles := map[string]bool{}, map[string]bool{}
	for _, p := range *c.Body.Metadata.Parties {
		parties[p.UUID] = true
	}
	for _, r := range *c.Body.Metadata.Roles {
		roles[r.ID] = true
	}
	if c.Body.Provenance.ResponsibleParties == nil {
		t.Fatal("nobody is responsible for the mapping")
	}
	for _, r := range *c.Body.Provenance.ResponsibleParties {
		for _, p := range r.PartyUuids {
			if !roles[r.RoleId] || !parties[p] {
				t.Errorf("the responsible %s %s is not in the metadata", r.RoleId, p)
			}
		}
	}
}

// catalogIDs are the ids in the catalog that stands beside the collection.
func catalogIDs(t *testing.T, a *shca.Assessment, options Options) map[string]bool {
	t.Helper()
	parts, err := readParts(TempFile(t, catalogFile, string(mustWrite(t, catalogFile, a, options))))
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for id := range parts {
		ids[string(id)] = true
	}
	return ids
}

// Whatever the catalog lacks is left out and counted, so that no reference
// leads nowhere.
func TestMappingToTheUsersCatalog(t *testing.T) {
	text := `{"catalog":{"uuid":"7d2c63b4-2d4c-4a5a-9b0e-6a8a0fd4a0c1","groups":[{"id":"sc","controls":[{"id":"sc-28","title":"x","controls":[{"id":"sc-28.1","title":"x"}]}]}]}}`
	_, c := readMapping(t, mappingAssessment(), Options{Version: "1.2.2", Catalog: TempFile(t, catalogFile, text)})
	got := map[string]bool{}
	for _, mapping := range c.Body.Mappings {
		for _, m := range mapping.Maps {
			for _, target := range m.Targets {
				got[target.IDRef] = true
			}
		}
	}
	if ids := slices.Sorted(maps.Keys(got)); !slices.Equal(ids, []string{"sc-28", "sc-28.1"}) {
		t.Errorf("got targets %v, want those of the catalog", ids)
	}
	if text := c.Body.Provenance.MappingDescription; !strings.Contains(text, "Left out are ") {
		t.Errorf("the description does not say that something is left out:\n%s", text)
	}

	empty := strings.ReplaceAll(text, "sc-28", "zz-99")
	options := Options{Version: "1.2.2", Catalog: TempFile(t, catalogFile, empty)}
	if reason, err := WriteDocument(t.Context(), io.Discard, folder+mappingFile, mappingAssessment(), options); reason == "" || err != nil {
		t.Errorf("with a catalog that has none of the controls, a collection is written: %v", err)
	}
}

func TestMappingIsStable(t *testing.T) {
	later := mappingAssessment()
	later.Time = later.Time.AddDate(0, 1, 0)
	first, before := readMapping(t, mappingAssessment(), Options{Version: "1.2.2"})
	again, _ := readMapping(t, mappingAssessment(), Options{Version: "1.2.2"})
	if !bytes.Equal(first, again) {
		t.Error("the same assessment gives two collections")
	}
	_, after := readMapping(t, later, Options{Version: "1.2.2", System: &system.System{ID: "other", Name: "Other"}})
	if diff := cmp.Diff(before.Body.Mappings, after.Body.Mappings); diff != "" {
		t.Errorf("mappings depend on the run or the system:\n%s", diff)
	}
	if before.Body.UUID != after.Body.UUID {
		t.Errorf("the same maps have the UUIDs %s and %s", before.Body.UUID, after.Body.UUID)
	}
	// Published identifiers must not change: these were written before.
	got := []string{before.Body.Mappings[0].UUID, before.Body.Mappings[0].Maps[0].UUID, before.Body.Mappings[1].Maps[0].UUID}
	want := []string{
		"d6914164-415b-5668-a6f2-48492cab39a4", "524a68e0-7102-5377-8740-8fdf5cce788a", "d3c57aa1-3061-5be1-aa09-5bdc1564d4c8",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("UUIDs of the first mapping, its first map and the second's (-want +got):\n%s", diff)
	}
	uuids := map[string]bool{}
	for _, mapping := range before.Body.Mappings {
		for _, m := range mapping.Maps {
			if uuids[m.UUID] {
				t.Errorf("%s is the UUID of two maps", m.UUID)
			}
			uuids[m.UUID] = true
		}
	}
}

// A map takes a line, so that the difference between two collections shows.
func TestMappingReadsByTheLine(t *testing.T) {
	text, c := readMapping(t, mappingAssessment(), Options{Version: "1.2.2"})
	lines := 0
	for line := range bytes.Lines(text) {
		if bytes.Contains(line, []byte(`"sources"`)) {
			lines++
		}
	}
	if want := len(c.Body.Mappings[0].Maps) + len(c.Body.Mappings[1].Maps); lines != want {
		t.Errorf("got %d lines with a map, want %d", lines, want)
	}
	if len(text) > 300<<10 {
		t.Errorf("the collection has %d bytes, want less than 300 KiB", len(text))
	}
}

func TestMappingIsValid(t *testing.T) {
	roles := &system.System{Parties: []system.Party{{ID: "me", Name: "Me"}}, Roles: []system.Role{
		{ID: rolePreparedBy, Title: "Preparer", Parties: []string{"me"}}, {ID: roleProvider, Title: "Nobody yet"},
	}}
	for _, version := range []string{"1.2.1", "1.2.2"} {
		for _, s := range []*system.System{nil, roles} {
			options := Options{Version: version, System: s}
			dir := t.TempDir()
			for _, file := range []string{catalogFile, mappingFile} {
				if err := os.WriteFile(filepath.Join(dir, file), mustWrite(t, file, mappingAssessment(), options), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			report, err := validate.File(t.Context(), filepath.Join(dir, mappingFile), validate.Options{Properties: PropertyNames()})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range report.Messages {
				t.Errorf("OSCAL %s: %v", version, m)
			}
		}
	}
}

// Versions before 1.2 have no such document: none is written, and the reason is
// told.
func TestMappingOnlyIn12(t *testing.T) {
	for _, version := range Versions() {
		var told bytes.Buffer
		var files []string
		create := func(name, _ string) (io.WriteCloser, error) {
			files = append(files, name)
			return discardCloser{io.Discard}, nil
		}
		options := Options{Version: version, Logger: slog.New(slog.NewTextHandler(&told, &slog.HandlerOptions{Level: slog.LevelDebug}))}
		if err := Others(t.Context(), create, mappingAssessment(), options); err != nil {
			t.Fatal(err)
		}
		is12 := strings.HasPrefix(version, "1.2.")
		if got := slices.Contains(files, folder+mappingFile); got != is12 {
			t.Errorf("OSCAL %s: written: %v, want %v", version, got, is12)
		}
		reason := "OSCAL " + version + " has no mapping collections; choose --oscal-version 1.2.2"
		if got := strings.Contains(told.String(), reason); got == is12 {
			t.Errorf("OSCAL %s: the log says the reason: %v, want %v:\n%s", version, got, !is12, told.String())
		}
	}
}
