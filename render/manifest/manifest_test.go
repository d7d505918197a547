package manifest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/render"
	"github.com/go-shca/shca/render/manifest"
	"github.com/go-shca/shca/render/rendertest"
)

const schemaFile = "../../docs/schema/manifest-" + manifest.Version + ".schema.json"

// TestManifest: it lists what WriteDir has written, all of it, with the digests
// that the files have.
func TestManifest(t *testing.T) {
	a := fixture(t)
	a.System = shca.System{ID: "EX-1", Name: "Example", Accounts: map[string]string{"1": "one"}}
	a.Marking = "CUI"
	o := manifest.Options{Command: []string{"shca", "assess", "findings.json"}}
	var all []string
	for _, f := range render.Formats {
		all = append(all, f.Name)
		if f.Phase == render.Last && f.Name != "manifest" {
			t.Errorf("%s is written with the manifest, which so does not list it", f.Name)
		}
	}
	dir, _ := written(t, a, o, all...)
	var m struct {
		Command    []string
		Inputs     []shca.Input
		Scopes     []shca.Scope
		Assessment string
		System     map[string]any
		Marking    string
		Files      []shca.Artifact
	}
	if err := json.Unmarshal([]byte(content(t, filepath.Join(dir, manifest.File))), &m); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range m.Files {
		names = append(names, f.File)
		text := content(t, filepath.Join(dir, filepath.FromSlash(f.File)))
		sum := sha256.Sum256([]byte(text))
		if f.Size != int64(len(text)) || f.SHA256 != hex.EncodeToString(sum[:]) || f.MediaType == "" {
			t.Errorf("%+v: the file has %d bytes and SHA-256 %x", f, len(text), sum)
		}
	}
	want := slices.DeleteFunc(fileNames(t, dir), func(name string) bool { return name == manifest.File })
	slices.Sort(want)
	if d := cmp.Diff(want, names); d != "" {
		t.Errorf("files (-there +listed):\n%s", d)
	}
	if d := cmp.Diff([]any{o.Command, a.Inputs, a.Scopes, "complete", map[string]any{"id": "EX-1", "name": "Example"}, "CUI"}, []any{m.Command, m.Inputs, m.Scopes, m.Assessment, m.System, m.Marking}); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if r := verify(t, dir, nil); r.ProblemCount > 0 || r.Files != len(names) {
		t.Errorf("%+v", r)
	}
}

func TestSchema(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range rendertest.Cases(t) {
		a := *c.Assessment
		a.Artifacts = []shca.Artifact{{File: "b.txt", MediaType: "text/plain", SHA256: strings.Repeat("0", 64)}, {File: "a.txt", MediaType: "text/plain", SHA256: strings.Repeat("0", 64)}}
		for _, o := range []manifest.Options{{}, {Command: []string{"shca", rendertest.Hostile}}} {
			var b bytes.Buffer
			if err := manifest.Render(t.Context(), &b, &a, o); err != nil {
				t.Fatal(err)
			}
			document, err := jsonschema.UnmarshalJSON(bytes.NewReader(b.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(document); err != nil {
				t.Errorf("%s: %.2000v", c.Name, err)
			}
			if _, err := manifest.ReadManifest(&b); err != nil {
				t.Errorf("%s: read again: %v", c.Name, err)
			}
			a.Artifacts = nil
		}
	}
}

// TestSigned: hostile and incomplete assessments can be signed and verified.
func TestSigned(t *testing.T) {
	private, public := readKeys(t, keys(t)["ed25519"])
	for _, c := range rendertest.Cases(t) {
		if c.Name == "estate" {
			continue // the same, and large
		}
		dir, files := written(t, c.Assessment, manifest.Options{Signer: private, Command: []string{rendertest.Hostile}}, "md", "csv", "manifest")
		for _, name := range []string{dir, packed(t, c.Assessment, dir, files)} {
			if r := verify(t, name, public); r.ProblemCount > 0 || r.Signature != manifest.Verified {
				t.Errorf("%s: %+v", c.Name, r)
			}
		}
	}
}

// TestDocumented checks that docs/manifest.md has the members of the schema,
// object by object, and no others.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/manifest.md")
	if err != nil {
		t.Fatal(err)
	}
	_, members, ok := strings.Cut(string(text), "\n## Members\n")
	if !ok {
		t.Fatal("no section Members")
	}
	documented := map[string]string{}
	for i, section := range strings.Split(members, "\n### ") {
		object, body, _ := strings.Cut(section, "\n")
		if i == 0 {
			object = ""
		}
		for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|[^|]*\\| (yes|no) \\| ([^|]+) \\|$").FindAllStringSubmatch(body, -1) {
			documented[object+"."+row[1]] = row[2] + " " + row[3]
		}
	}
	type object struct {
		Required   []string
		Properties map[string]struct{ Description string }
	}
	var schema struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	if text, err = os.ReadFile(schemaFile); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	schema.Defs[""] = schema.object
	want := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(schema.Defs)) {
		for member, p := range schema.Defs[name].Properties {
			always := "no "
			if slices.Contains(schema.Defs[name].Required, member) {
				always = "yes "
			}
			want[name+"."+member] = always + p.Description
		}
	}
	if d := cmp.Diff(want, documented); d != "" {
		t.Errorf("docs/manifest.md and the schema differ (-schema +docs):\n%s", d)
	}
}
