package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// write makes a folder of schemas; change may alter the text of a version.
func write(t *testing.T, change func(version, text string) string) string {
	t.Helper()
	dir := t.TempDir()
	for _, v := range versions {
		text := change(v, "{\n \"$id\": \"http://csrc.nist.gov/ns/oscal/1.0/"+v+"/oscal-complete-schema.json\",\n \"x\": \""+v[:3]+"\"\n}\n")
		name := "oscal_complete_schema-" + strings.ReplaceAll(v, ".", "-") + ".json"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestGenerate(t *testing.T) {
	dir := write(t, func(_, text string) string { return text })
	files, _, err := generate(dir)
	if err != nil {
		t.Fatal(err)
	}
	// Of the schemas of one minor version, which are the same here, the newest.
	want := []string{"oscal-1.0.6.json.gz", "oscal-1.1.3.json.gz", "oscal-1.2.2.json.gz"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(files))); diff != "" {
		t.Error(diff)
	}
	again, _, err := generate(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !maps.EqualFunc(files, again, bytes.Equal) {
		t.Error("two runs differ")
	}
	z, err := gzip.NewReader(bytes.NewReader(files["oscal-1.2.2.json.gz"]))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if want := `{"$id":"http://csrc.nist.gov/ns/oscal/1.0/1.2.2/oscal-complete-schema.json","x":"1.2"}`; err != nil || string(text) != want {
		t.Errorf("packed %s, %v; want %s", text, err, want)
	}
}

func TestGenerateErrors(t *testing.T) {
	tests := []struct{ name, old, new, want string }{
		{"another version", "1.1.3/oscal", "1.1.4/oscal", "oscal_complete_schema-1-1-3.json: does not have the $id"},
		{"malformed", "{", "", "oscal_complete_schema-1-0-4.json: invalid character"},
	}
	for _, test := range tests {
		dir := write(t, func(_, text string) string { return strings.Replace(text, test.old, test.new, 1) })
		if _, _, err := generate(dir); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.want)
		}
	}
	if _, _, err := generate(t.TempDir()); !os.IsNotExist(err) {
		t.Errorf("no files: error %v", err)
	}
}

func TestCommandLine(t *testing.T) {
	for _, args := range [][]string{{}, {"-schemas", "x", "y"}, {"-zzz"}} {
		var stderr bytes.Buffer
		if code := run(args, &stderr); code != 2 || stderr.Len() == 0 {
			t.Errorf("%q: exit code %d, %q", args, code, &stderr)
		}
	}
	in, out := write(t, func(_, text string) string { return text }), t.TempDir()
	var stderr bytes.Buffer
	if code := run([]string{"-schemas", in, "-out", out}, &stderr); code != 0 {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
	if _, err := os.Stat(filepath.Join(out, "oscal-1.1.3.json.gz")); err != nil {
		t.Error(err)
	}
}

// The embedded schemas are JSON and named after the version that they are for.
func TestEmbedded(t *testing.T) {
	names, err := filepath.Glob("../schemas/*")
	if err != nil || len(names) != 6 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		packed, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			ID string `json:"$id"`
		}
		if err := json.NewDecoder(z).Decode(&doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		version := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), "oscal-"), ".json.gz")
		if !strings.Contains(doc.ID, "/"+version+"/") {
			t.Errorf("%s has the $id %s", name, doc.ID)
		}
	}
}
