package json_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	shcajson "github.com/go-shca/shca/render/json"
	"github.com/go-shca/shca/render/rendertest"
)

const schemaFile = "../../docs/schema/assessment-" + shcajson.SchemaVersion + ".schema.json"

func TestSchema(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range rendertest.Cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			var b bytes.Buffer
			if err := shcajson.Render(t.Context(), &b, c.Assessment); err != nil {
				t.Fatal(err)
			}
			document, err := jsonschema.UnmarshalJSON(bytes.NewReader(b.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(document); err != nil {
				t.Errorf("%.2000v", err)
			}

			a, err := shcajson.Read(bytes.NewReader(b.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			var again bytes.Buffer
			if err := shcajson.Render(t.Context(), &again, a); err != nil {
				t.Fatal(err)
			}
			// Bytes that are no UTF-8 are written as an escape first.
			first := strings.ReplaceAll(b.String(), `\ufffd`, "\uFFFD")
			if first != again.String() {
				t.Errorf("written, read and written again it differs:\n%.2000s", cmp.Diff(first, again.String()))
			}
		})
	}
}

// TestDocumented checks that docs/assessment-json.md has the members of the
// schema, object by object, and no others.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/assessment-json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, members, ok := strings.Cut(string(text), "\n## Members\n")
	if !ok {
		t.Fatal("no section Members")
	}
	documented := map[string]map[string]string{}
	for i, section := range strings.Split(members, "\n### ") {
		name, body, _ := strings.Cut(section, "\n")
		if i == 0 {
			name = ""
		}
		for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|[^|]*\\| (yes|no) \\| ([^|]+) \\|$").FindAllStringSubmatch(body, -1) {
			if documented[name] == nil {
				documented[name] = map[string]string{}
			}
			documented[name][row[1]] = row[2] + " " + row[3]
		}
	}

	type object struct {
		AdditionalProperties *bool                                   `json:"additionalProperties"`
		Required             []string                                `json:"required"`
		Properties           map[string]struct{ Description string } `json:"properties"`
	}
	var schema struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	text, err = os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	schema.Defs[""] = schema.object
	want := map[string]map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(schema.Defs)) {
		o := schema.Defs[name]
		if o.Properties == nil {
			continue
		}
		if o.AdditionalProperties == nil || *o.AdditionalProperties {
			t.Errorf("%q allows additional properties", name)
		}
		want[name] = map[string]string{}
		for member, p := range o.Properties {
			always := "no "
			if slices.Contains(o.Required, member) {
				always = "yes "
			}
			want[name][member] = always + p.Description
			if !regexp.MustCompile(`^[a-z][a-z0-9_]*$`).MatchString(member) && name != "statuses" {
				t.Errorf("%s.%s is not in snake case", name, member)
			}
		}
	}
	if diff := cmp.Diff(want, documented); diff != "" {
		t.Errorf("docs/assessment-json.md and the schema differ (-schema +docs):\n%s", diff)
	}
}

func TestReadErrors(t *testing.T) {
	var b bytes.Buffer
	if err := shcajson.Render(t.Context(), &b, rendertest.Fixture(t)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", "assessment.json: not a JSON document that shca wrote"},
		{"no JSON", "# Report", "assessment.json: not a JSON document that shca wrote"},
		{"list", "[]", "assessment.json: not a JSON document that shca wrote"},
		{"cut", b.String()[:b.Len()/2], "assessment.json: not a JSON document that shca wrote"},
		{"garbage behind", b.String() + "x", "assessment.json: not a JSON document that shca wrote"},
		{"two documents", b.String() + b.String(), "assessment.json: not a JSON document that shca wrote"},
		{"no version", `{"Findings": []}`, "assessment.json: no schema_version: not a document that shca wrote"},
		{"number as version", `{"schema_version": 1}`, "assessment.json: not a JSON document that shca wrote"},
		{"later major version", `{"schema_version": "2.0", "controls": {}}`, `assessment.json: schema version "2.0": this program reads version 1; use a newer one`},
		{"wrong member", `{"schema_version": "1.0", "controls": {}}`, "controls"},
	} {
		if _, err := shcajson.Read(strings.NewReader(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.want)
		}
	}
	if _, err := shcajson.Read(strings.NewReader(`{"schema_version": "1.7", "later": {"x": 1}}`)); err != nil {
		t.Errorf("a later minor version: %v", err)
	}
	if _, err := shcajson.ReadAtMost(strings.NewReader(b.String()), 1000); err == nil || !strings.Contains(err.Error(), "longer than 1000 bytes") {
		t.Errorf("a long text: error %v", err)
	}
}
