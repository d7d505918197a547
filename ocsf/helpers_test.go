package ocsf_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/input"
	"github.com/go-shca/shca/internal/testgen"
	"github.com/go-shca/shca/ocsf"
	"github.com/go-shca/shca/sources"
	"github.com/go-shca/shca/sources/asff"
	"github.com/go-shca/shca/sources/stream"
)

// read returns the findings of a source, all of which can be read.
func read(t testing.TB, source shca.Source) []*shca.Finding {
	t.Helper()
	var findings []*shca.Finding
	for record, err := range source.Records(t.Context()) {
		switch {
		case err != nil:
			t.Fatal(err)
		case record.Finding != nil:
			findings = append(findings, record.Finding)
		case record.Scope != nil && record.Scope.Err != "":
			t.Fatal(record.Scope.Err)
		}
	}
	return findings
}

// decoded returns the findings of a text of ASFF.
func decoded(t testing.TB, text []byte) []*shca.Finding {
	t.Helper()
	return read(t, &stream.Source{
		Name:    "test",
		Open:    func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil },
		Formats: []stream.Format{asff.Format},
	})
}

// specimen returns the findings of testdata/findings.json. Together they use
// every member of ASFF and every row of the mapping.
func specimen(t testing.TB) []*shca.Finding {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "findings.json"))
	if err != nil {
		t.Fatal(err)
	}
	return decoded(t, text)
}

// generated returns findings as testgen makes them.
func generated(t testing.TB, o testgen.Options) []*shca.Finding {
	t.Helper()
	var text bytes.Buffer
	if err := testgen.Write(&text, testgen.NDJSON, o); err != nil {
		t.Fatal(err)
	}
	return decoded(t, text.Bytes())
}

// opened returns the findings of files.
func opened(t testing.TB, paths ...string) []*shca.Finding {
	t.Helper()
	source, err := sources.Open(paths, sources.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return read(t, source)
}

// sample returns the findings of a directory of files that have nothing to do
// with each other, which sources.Open would take for pages of one reply.
func sample(t testing.TB, dir string) []*shca.Finding {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, error %v", dir, len(files), err)
	}
	var findings []*shca.Finding
	for _, file := range files {
		findings = append(findings, read(t, &stream.Source{
			Name: file,
			Open: func() (io.ReadCloser, error) {
				return input.Text(input.File{Name: file, Open: func() (io.ReadCloser, error) { return os.Open(file) }}, nil)
			},
			Formats: []stream.Format{asff.Format},
		})...)
	}
	return findings
}

// collection is findings of one origin.
type collection struct {
	name     string
	findings []*shca.Finding
}

// collections are the findings on which the laws are tested.
func collections(t testing.TB) []collection {
	t.Helper()
	n := 1
	if raceEnabled { // which takes ten times as long
		n = 8
	}
	all := []collection{
		{name: "specimen", findings: specimen(t)},
		{name: "long", findings: long(t)},
		{name: "estate", findings: opened(t, filepath.Join("..", "examples", "estate"))},
		{name: "generated", findings: generated(t, testgen.Options{Seed: 1, Findings: 2000 / n, OtherProducts: 0.3})},
		{name: "generated per standard", findings: generated(t, testgen.Options{Seed: 2, Findings: 1000 / n, Mode: testgen.Off})},
		{name: "random", findings: random(t, 1, 500/n)},
	}
	if dir := os.Getenv("SHCA_SAMPLES"); dir != "" {
		all = append(all,
			collection{name: "samples", findings: sample(t, filepath.Join(dir, "asff"))},
			collection{name: "derived samples", findings: sample(t, filepath.Join(dir, "derived"))})
	}
	return all
}

// long returns findings whose texts are longer than OCSF 1.1.0 lets a string be.
func long(t testing.TB) []*shca.Finding {
	t.Helper()
	text := strings.Repeat("a line of text, ", 5_000)
	wide := strings.Repeat("é", 70_000)
	member := func(value any) string {
		b, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	head := func(id string) string {
		return `{"Id":"` + id + `","ProductArn":"arn:aws:securityhub:eu-west-1::product/example/long","Title":"Long","Severity":{"Label":"LOW"},` +
			`"CreatedAt":"2026-01-01T00:00:00Z","UpdatedAt":"2026-01-01T00:00:00Z",`
	}
	return decoded(t, []byte(strings.Join([]string{
		head("long/description") + `"Description":` + member(text) + `,"Types":[` + member(wide) + `,"short"]}`,
		head("long/reasons") + `"Compliance":{"Status":"FAILED","RelatedRequirements":["short",` + member(text) + `],"StatusReasons":[` +
			`{"ReasonCode":"FIRST","Description":` + member(text[:40_000]) + `},{"ReasonCode":"SECOND","Description":` + member(wide[:80_000]) + `}]}}`,
		head("long/parts") + `"Note":{"Text":` + member(wide) + `},"Remediation":{"Recommendation":{"Text":` + member(text) + `,"Url":` + member("https://example.com/"+text) + `}},` +
			`"Resources":[{"Id":"r","Tags":{"t":` + member(text) + `},"Details":{"Other":{"k":` + member(text) + `}}},{"Id":"s","Type":` + member(text) + `}],` +
			`"UserDefinedFields":{"u":` + member(text) + `}}`,
	}, "\n")))
}

// encoders returns one for each version, in the order of ocsf.Versions.
func encoders(t testing.TB) []*ocsf.Encoder {
	t.Helper()
	var all []*ocsf.Encoder
	for _, v := range ocsf.Versions() {
		e, err := ocsf.NewEncoder(ocsf.Options{Version: v})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// event returns a finding's event as text and as JSON values, numbers as they
// are written.
func event(t testing.TB, e *ocsf.Encoder, f *shca.Finding) ([]byte, map[string]any) {
	t.Helper()
	text, _, err := e.Append(nil, f)
	if err != nil {
		t.Fatalf("%v, of %.2000s", err, f.Raw)
	}
	return text, object(t, text)
}

// object reads a JSON object with the standard library.
func object(t testing.TB, text []byte) map[string]any {
	t.Helper()
	var out map[string]any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&out); err != nil {
		t.Fatalf("%v in %.2000s", err, text)
	}
	if dec.More() {
		t.Fatalf("more than one value in %.2000s", text)
	}
	return out
}
