package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestElementName(t *testing.T) {
	for _, tc := range []struct{ key, want string }{
		{"props", "prop"},
		{"parties", "party"},
		{"addresses", "address"},
		{"hashes", "hash"},
		{"role-ids", "role-id"},
		{"associated-activities", "associated-activity"},
		{"relevant-evidence", "relevant-evidence"},
		{"logged-by", "logged-by"},
		{"remediations", "response"},
		{"related-risks", "associated-risk"},
		{"functions-performed", "function-performed"},
	} {
		if got := elementName(tc.key); got != tc.want {
			t.Errorf("elementName(%q) = %q, want %q", tc.key, got, tc.want)
		}
	}
}

func TestMergeConstraints(t *testing.T) {
	base := row{Module: "ssp", Path: "statement", Type: "is-unique", Target: "responsible-role", Level: "ERROR", Other: "no", Keys: []string{"@role-id"}}
	with := func(change func(*row)) row {
		r := base
		change(&r)
		return r
	}
	got, err := mergeConstraints([len(releases)][]row{
		{ // 1.1
			base,
			base, // the same constraint twice
			with(func(r *row) { r.Target, r.Type, r.Values = "a", "allowed-values", []string{"x", "y†1.0.0"} }),
			with(func(r *row) { r.Module, r.Path, r.Target = "profile", "@with-child-controls", "." }),
		},
		{ // 1.2
			with(func(r *row) { r.ID = "one" }),
			with(func(r *row) { r.ID = "two" }),
			with(func(r *row) {
				r.ID, r.Target, r.Type, r.Values, r.Level, r.Other = "three", "a", "allowed-values", []string{"x", "y†1.0.0", "z", "z"}, "WARNING", "yes"
			}),
			with(func(r *row) { r.ID, r.Module, r.Target = "four", "component", "b" }),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `[
{"in":"ssp:statement","type":"is-unique","id":"one","target":"responsible-role","keys":["@role-id"]},
{"in":"ssp:statement","type":"is-unique","id":"two","target":"responsible-role","keys":["@role-id"]},
{"version":"1.2","in":"ssp:statement","type":"allowed-values","id":"three","level":"warning","target":"a","open":true,"values":["x","y","z"],"keys":["@role-id"]},
{"version":"1.2","in":"component-definition:statement","type":"is-unique","id":"four","target":"b","keys":["@role-id"]},
{"version":"1.1","in":"ssp:statement","type":"allowed-values","id":"three","target":"a","values":["x","y"],"keys":["@role-id"]},
{"version":"1.1","in":"profile:@with-child-controls","type":"is-unique","id":"oscal-with-child-controls-values","target":".","keys":["@role-id"]}
]
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	for _, tc := range []struct {
		row  row
		want string
	}{
		{with(func(r *row) { r.Level = "CRITICAL" }), "unknown level"},
		{with(func(r *row) { r.Other = "perhaps" }), "unknown allow-other"},
		{base, "no id"}, // nor anything like it in 1.2
	} {
		if _, err := mergeConstraints([len(releases)][]row{{tc.row}, nil}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %v, want %q", tc.row, err, tc.want)
		}
	}
}

func TestModel(t *testing.T) {
	const text = `{
		"definitions": {
			"oscal-complete-oscal-a:thing": {"properties": {
				"uuid": {"$ref": "#/definitions/UUIDDatatype"},
				"props": {"type": "array", "items": {"$ref": "#/definitions/oscal-complete-oscal-a:property"}},
				"entries": {"type": "array", "items": {"properties": {"type": {"type": "string"}}}},
				"names": {"type": "array", "items": {"type": "string"}},
				"one-or-more": {"anyOf": [{"$ref": "#/definitions/oscal-complete-oscal-a:property"}, {"type": "array", "items": {"$ref": "#/definitions/oscal-complete-oscal-a:property"}}]},
				"choice": {"anyOf": [{"properties": {"this": {"type": "string"}}}, {"properties": {"that": {"type": "string"}}}]}
			}},
			"oscal-complete-oscal-a:property": {"type": "string"},
			"UUIDDatatype": {"type": "string"}
		},
		"oneOf": [{"properties": {"$schema": {}, "thing": {"$ref": "#/definitions/oscal-complete-oscal-a:thing"}}}]
	}`
	var s schema
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	old, recent := model{}, model{}
	for _, m := range []model{old, recent} {
		if err := m.add(s); err != nil {
			t.Fatal(err)
		}
	}
	old["a:old"] = map[string]bool{}
	recent["a:thing/choice"] = map[string]bool{"other": true}
	want := `type,version,members
a:old,1.1,
a:property,,
a:thing,,choice=a:thing/choice entry:entries=a:thing/entry name:names one-or-more=a:property prop:props=a:property uuid
a:thing/choice,1.1,that this
a:thing/choice,1.2,other
a:thing/entry,,type
root,,thing=a:thing
`
	if diff := cmp.Diff(want, string(mergeModels([len(releases)]model{old, recent}))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	if err := (model{}).add(schema{}); err == nil {
		t.Error("a schema without documents: no error")
	}
	delete(s.Definitions, "oscal-complete-oscal-a:property")
	if err := (model{}).add(s); err == nil || !strings.Contains(err.Error(), "no definition") {
		t.Errorf("a schema that lacks a definition: %v", err)
	}
}

func TestRunFails(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	var stderr strings.Builder
	args := []string{"-facts", dir, "-out", out}
	if code := run(args, &stderr); code != 1 {
		t.Errorf("no facts: %d, want 1", code)
	}
	for text, want := range map[string]string{"[]": "0 constraints, want", "{": "unexpected end"} {
		if err := os.WriteFile(filepath.Join(dir, releases[0].constraints), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		stderr.Reset()
		if code := run(args, &stderr); code != 1 || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: %d, %q, want %q", text, code, &stderr, want)
		}
	}
	if files, err := os.ReadDir(out); err != nil || len(files) > 0 {
		t.Errorf("wrote %v, %v", files, err)
	}
}
