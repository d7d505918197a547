package catalogs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
)

func TestReadCatalog(t *testing.T) {
	c, err := catalogs.ReadCatalog("testdata/catalog.json")
	if err != nil {
		t.Fatal(err)
	}
	want := []catalogs.Control{
		{ID: "zz-1", Title: "Outside of any group"},
		{ID: "ac-2", Title: "Accounts of People"},
		{ID: "ac-2.1", Title: "Automation", Parent: "ac-2"},
		{ID: "ac-2.1.1", Title: "Third level", Parent: "ac-2.1"},
		{ID: "ac-2.2", Title: "Gone", Parent: "ac-2", Withdrawn: true},
		{ID: "ac-2.10", Title: "Ten", Parent: "ac-2"},
		{ID: "ac-3", Title: "Enforcement"},
		{ID: "ac-13", Title: "Also gone", Withdrawn: true},
		{ID: "sc-7", Title: "Boundary"},
	}
	if diff := cmp.Diff(want, c.Controls()); diff != "" {
		t.Errorf("controls (-want +got):\n%s", diff)
	}
	if c.Title != "Small Catalog" || c.Version != "1.0" {
		t.Errorf("title %q, version %q", c.Title, c.Version)
	}
	for family, want := range map[string]string{"AC": "Access", "SC": "Communications", "ZZ": ""} {
		if got := c.FamilyTitle(family); got != want {
			t.Errorf("FamilyTitle(%q) = %q, want %q", family, got, want)
		}
	}
	if c.Compare("zz-1", "ac-2") != -1 || c.Compare("sc-7", "ac-3") != +1 {
		t.Error("Compare does not follow the document's order")
	}
}

func TestReadCatalogErrors(t *testing.T) {
	nested := strings.Repeat(`{"id":"a","controls":[`, 20_000)
	for name, tc := range map[string]struct{ content, want string }{
		"empty":         {"", "empty"},
		"blank":         {" \n", "empty"},
		"xml":           {"\ufeff\n<catalog/>", "JSON only"},
		"yaml":          {"catalog:\n", "JSON only"},
		"array":         {"[]", "JSON only"},
		"other":         {`{"component-definition": {}}`, "neither an OSCAL catalog nor"},
		"null":          {`{"catalog": null}`, "neither an OSCAL catalog nor"},
		"both":          {`{"catalog": {}, "profile": {}}`, "both"},
		"profile":       {`{"profile": {}}`, "--profile"},
		"cut":           {`{"catalog": {"controls": [{"id": "ac-1"`, "ends early"},
		"syntax":        {`{"catalog": nonsense}`, "not valid JSON"},
		"more":          {`{"catalog": {"controls": [{"id": "ac-1"}]}} {}`, "follows"},
		"type":          {`{"catalog": {"controls": [{"id": 7}]}}`, "catalog.controls.id"},
		"no controls":   {`{"catalog": {"groups": [{"id": "ac"}]}}`, "no controls"},
		"no id":         {`{"catalog": {"controls": [{"title": "Nameless"}]}}`, "Nameless"},
		"twice":         {`{"catalog": {"controls": [{"id": "ac-1"}], "groups": [{"controls": [{"id": "ac-1"}]}]}}`, `"ac-1" is there twice`},
		"deeply nested": {`{"catalog": {"controls": [` + nested, "depth"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "catalog.json")
			if err := os.WriteFile(path, []byte(tc.content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := catalogs.ReadCatalog(path)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want one that has %q and the file's name", err, tc.want)
			}
		})
	}
	t.Run("too large", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "catalog.json")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(`{"catalog": "`); err != nil {
			t.Fatal(err)
		}
		block := bytes.Repeat([]byte{' '}, 1<<20)
		for range 64 {
			if _, err := f.Write(block); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := catalogs.ReadCatalog(path); err == nil || !strings.Contains(err.Error(), "64 MiB") {
			t.Errorf("error %v, want one that names the limit", err)
		}
	})
	for _, path := range []string{"testdata", "testdata/nothing.json"} {
		if _, err := catalogs.ReadCatalog(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("ReadCatalog(%q): error %v", path, err)
		}
	}
}

// resolve returns what the profile in testdata/profiles selects, and what was
// logged.
func resolve(t *testing.T, name string, opt catalogs.ProfileOptions) (catalogs.Resolved, string, error) {
	t.Helper()
	var log bytes.Buffer
	opt.Logger = slog.New(slog.NewTextHandler(&log, nil))
	got, err := catalogs.ResolveProfile(filepath.Join("testdata/profiles", name+".json"), opt)
	return got, log.String(), err
}

func TestResolveProfile(t *testing.T) {
	for _, tc := range []struct {
		name string
		want string // ids, divided by spaces
		log  string // a part of what is logged; "" for nothing
	}{
		{"all", "zz-1 ac-2 ac-2.1 ac-2.1.1 ac-2.10 ac-3 sc-7", ""},
		{"no-directive", "zz-1 ac-2 ac-2.1 ac-2.1.1 ac-2.10 ac-3 sc-7", "neither include-all nor"},
		{"ids", "ac-2 ac-2.10 sc-7", ""},
		{"unknown-id", "ac-2", "control=ac-99"},
		{"withdrawn-id", "ac-2 ac-13", "control=ac-13"},
		{"pattern", "ac-2.1 ac-2.1.1 ac-2.10", ""},
		{"pattern-question", "ac-2 ac-3 sc-7", ""},
		{"pattern-empty", "ac-3", `pattern=""`},
		{"children", "ac-2 ac-2.1 ac-2.1.1 ac-2.10", ""},
		{"children-no", "ac-2", ""},
		{"children-of-pattern", "ac-2.1 ac-2.1.1", ""},
		{"exclude", "ac-2 ac-2.10 ac-3", ""},
		{"exclude-wins", "ac-2", "control=ac-13"},
		{"union", "ac-2 ac-3 sc-7", ""},
		{"chain", "ac-2 ac-3", ""},
		{"chain-outside", "ac-2", "control=ac-3"},
		{"chain-children", "ac-2 ac-2.10", ""},
		{"two-catalogs", "ac-2 qq-1", ""},
		{"beside/by-url", "ac-3", ""},
		{"back-matter", "ac-2", ""},
		{"base64", "sc-7", ""},
		{"base64-profile", "ac-3", ""},
		{"stand-in-file", "ac-2 ac-2.1", "NIST_SP-800-53_rev5_catalog-min.json"},
		{"stand-in-title", "ac-2", "https://example.com/controls.json"},
		{"stand-in-description", "ac-2", "../x/y.json"},
		{"beside/NIST_SP-800-53_rev5_LOW-baseline_profile", "ac-2", "baseline=low"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, log, err := resolve(t, tc.name, catalogs.ProfileOptions{})
			if err != nil {
				t.Fatal(err)
			}
			var texts []string
			for _, id := range got.Baseline.Controls {
				texts = append(texts, string(id))
				if c, ok := got.Catalog.Control(id); !ok || c.Title == "" {
					t.Errorf("the catalog has no title for %s", id)
				}
			}
			if diff := cmp.Diff(tc.want, strings.Join(texts, " ")); diff != "" {
				t.Errorf("selected (-want +got):\n%s", diff)
			}
			if (tc.log == "") != (log == "") || !strings.Contains(log, tc.log) {
				t.Errorf("logged %q, want %q", log, tc.log)
			}
			if tc.log != "" && !strings.Contains(log, "level=WARN") {
				t.Errorf("logged %q, want a warning", log)
			}
		})
	}
}

func TestResolvedNames(t *testing.T) {
	got, _, err := resolve(t, "ids", catalogs.ProfileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Baseline.Name != "ids" || got.Baseline.Title != "Chosen by id" || got.Version != "1.0" {
		t.Errorf("name %q, title %q, version %q", got.Baseline.Name, got.Baseline.Title, got.Version)
	}
	if got.Catalog.Title != "Small Catalog" || len(got.Catalog.Controls()) != 9 {
		t.Errorf("catalog %q with %d controls, want the whole imported one", got.Catalog.Title, len(got.Catalog.Controls()))
	}
	got, _, err = resolve(t, "two-catalogs", catalogs.ProfileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if c, _ := got.Catalog.Control("ac-2"); c.Title != "Accounts of People" {
		t.Errorf("ac-2 is %q, want the title of the first imported catalog", c.Title)
	}
	if a, q := got.Catalog.FamilyTitle("AC"), got.Catalog.FamilyTitle("QQ"); a != "Access" || q != "Queues" {
		t.Errorf("families %q and %q", a, q)
	}
}

// TestStandInBaselines: a published baseline that is not there is the embedded
// one.
func TestStandInBaselines(t *testing.T) {
	given, err := catalogs.ReadCatalog("testdata/catalog.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, baseline := range map[string]string{
		"stand-in-baseline": "moderate",
		"stand-in-fedramp":  "fedramp-li-saas",
		"stand-in-resolved": "low",
	} {
		for _, opt := range []catalogs.ProfileOptions{
			{},
			{Framework: nist(t)},
			{Framework: nist(t).WithCatalog(given), Catalog: given},
		} {
			got, log, err := resolve(t, name, opt)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			want, _ := nist(t).Baseline(baseline)
			if diff := cmp.Diff(want.Controls, got.Baseline.Controls); diff != "" {
				t.Errorf("%s (-embedded %s +got):\n%s", name, baseline, diff)
			}
			if !strings.Contains(log, "level=WARN") || !strings.Contains(log, "baseline="+baseline) {
				t.Errorf("%s: logged %q", name, log)
			}
		}
	}
}

// TestGivenCatalog: the caller's catalog takes the place of one that is not
// there, but not of a file that is, nor of a profile.
func TestGivenCatalog(t *testing.T) {
	given, err := catalogs.ReadCatalog("testdata/catalog-2.json")
	if err != nil {
		t.Fatal(err)
	}
	opt := catalogs.ProfileOptions{Catalog: given}
	for name, want := range map[string]*catalogs.Catalog{
		"missing-catalog": given,
		"rev4-file":       given,
		"stand-in-file":   given,
		"stand-in-title":  given,
	} {
		got, log, err := resolve(t, name, opt)
		if err != nil || got.Catalog != want || !strings.Contains(log, "given catalog") {
			t.Errorf("%s: catalog %v, error %v, logged %q", name, got.Catalog, err, log)
		}
	}
	if got, _, err := resolve(t, "all", opt); err != nil || got.Catalog.Title != "Small Catalog" {
		t.Errorf("all: %v, error %v; want the file that is there", got.Catalog, err)
	}
	if _, _, err := resolve(t, "missing-profile", opt); err == nil {
		t.Error("missing-profile: no error, but a catalog is no profile")
	}
}

func TestResolveProfileErrors(t *testing.T) {
	for name, want := range map[string][]string{
		"missing-catalog":        {"https://example.com/acme.json", "beside", "--catalog"},
		"missing-profile":        {"acme-profile.json", "beside"},
		"rev4-file":              {"rev4", "--catalog"},
		"rev4-baseline":          {"FedRAMP_rev4", "beside"},
		"rev4-title":             {"controls.json"},
		"rev4-behind-rev5-title": {"rev4"},
		"title-of-baseline":      {"b.json"},
		"no-such-resource":       {"back-matter", "uuid"},
		"empty-resource":         {"neither rlinks nor base64"},
		"only-xml":               {"XML", "JSON only"},
		"only-yaml":              {"YAML", "JSON only"},
		"base64-bad":             {"base64"},
		"base64-xml":             {"base64", "JSON only"},
		"no-href":                {"no href"},
		"directory":              {"not a regular file"},
		"no-imports":             {"no imports"},
		"empty-imports":          {"no imports"},
		"nothing":                {"selects no controls"},
		"nothing-left":           {"selects no controls"},
		"self":                   {"circle", "self.json → testdata/profiles/self.json"},
		"circle-a":               {"circle", "circle-a.json → testdata/profiles/circle-b.json → testdata/profiles/deep/circle-c.json → testdata/profiles/circle-a.json"},
		"circle-base64":          {"circle"},
		"../catalog":             {"is an OSCAL catalog", "--catalog"},
		"not-there":              {"not-there.json"},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := resolve(t, name, catalogs.ProfileOptions{})
			if err == nil {
				t.Fatalf("no error; selected %v", got.Baseline.Controls)
			}
			message := filepath.ToSlash(err.Error())
			for _, part := range append(want, name+".json") {
				if !strings.Contains(message, strings.TrimPrefix(part, "../")) {
					t.Errorf("error %q does not say %q", message, part)
				}
			}
		})
	}
}

// TestLongChain: 32 profiles may import one another, 33 may not.
func TestLongChain(t *testing.T) {
	for _, n := range []int{32, 33} {
		dir := t.TempDir()
		for i := range n {
			next := fmt.Sprintf("p%d.json", i+1)
			if i == n-1 {
				next = "NIST_SP-800-53_rev5_catalog.json"
			}
			p := fmt.Sprintf(`{"profile": {"imports": [{"href": %q, "include-controls": [{"with-ids": ["ac-1"]}]}]}}`, next)
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("p%d.json", i)), []byte(p), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		_, err := catalogs.ResolveProfile(filepath.Join(dir, "p0.json"), catalogs.ProfileOptions{})
		if refused := err != nil && strings.Contains(err.Error(), "32"); refused != (n > 32) || (err != nil) != refused {
			t.Errorf("a chain of %d: error %v", n, err)
		}
	}
}

// TestWideChain: profiles that import the same profiles twice, level by level,
// are read once each; otherwise this would take 2³⁰ steps.
func TestWideChain(t *testing.T) {
	dir := t.TempDir()
	for i := range 30 {
		next := fmt.Sprintf("p%d.json", i+1)
		if i == 29 {
			next = "NIST_SP-800-53_rev5_catalog.json"
		}
		p := fmt.Sprintf(`{"profile": {"imports": [{"href": %q, "include-all": {}}, {"href": %[1]q, "include-all": {}}]}}`, next)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("p%d.json", i)), []byte(p), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := catalogs.ResolveProfile(filepath.Join(dir, "p0.json"), catalogs.ProfileOptions{})
	if err != nil || len(got.Baseline.Controls) != 1014 {
		t.Errorf("%d controls, error %v; want 1014", len(got.Baseline.Controls), err)
	}
}

// FuzzResolveProfile: whatever the file says, nothing panics, and what is
// selected is in the catalog, in its order, without duplicates.
func FuzzResolveProfile(f *testing.F) {
	files, err := filepath.Glob("testdata/profiles/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds: ", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		b = bytes.ReplaceAll(b, []byte("../catalog.json"), []byte("NIST_SP-800-53_rev5_catalog.json"))
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "profile.json")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := catalogs.ResolveProfile(path, catalogs.ProfileOptions{})
		if err != nil {
			return
		}
		last := shca.ControlID("")
		for i, id := range got.Baseline.Controls {
			if _, ok := got.Catalog.Control(id); !ok {
				t.Errorf("selected %q, which the catalog lacks", id)
			}
			if i > 0 && got.Catalog.Compare(last, id) >= 0 {
				t.Errorf("selected %q after %q", id, last)
			}
			last = id
		}
		if len(got.Baseline.Controls) == 0 || !json.Valid(bytes.TrimPrefix(b, []byte("\ufeff"))) {
			t.Errorf("%q was accepted", b)
		}
	})
}
