package originals_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/testgen"
	"github.com/go-shca/shca/mapping"
	"github.com/go-shca/shca/render/originals"
	"github.com/go-shca/shca/render/rendertest"
	"github.com/go-shca/shca/sources/asff"
	"github.com/go-shca/shca/sources/stream"
)

func source(text []byte) shca.Source {
	return &stream.Source{Name: "test", Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }, Formats: []stream.Format{asff.Format}}
}

// unpacked renders the assessment and unpacks it with the standard library.
func unpacked(t *testing.T, a *shca.Assessment) (text []byte, header gzip.Header) {
	t.Helper()
	var b bytes.Buffer
	if err := originals.Render(t.Context(), &b, a); err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	text, err = io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text, z.Header
}

func TestRoundTrip(t *testing.T) {
	for _, layout := range []testgen.Layout{testgen.NDJSON, testgen.CLIIndented, testgen.Array} {
		t.Run(layout.String(), func(t *testing.T) {
			var input bytes.Buffer
			o := testgen.Options{Seed: 3, Findings: 200, Mode: testgen.Mixed}
			if err := testgen.Write(&input, layout, o); err != nil {
				t.Fatal(err)
			}
			first := rendertest.Assess(t, source(input.Bytes()), mapping.Options{})
			text, header := unpacked(t, first)
			if !header.ModTime.IsZero() || header.Name != "" || header.Comment != "" {
				t.Errorf("gzip header %+v", header)
			}

			var want, got []string
			for finding := range testgen.Findings(o) {
				want = append(want, string(finding))
			}
			for line := range bytes.Lines(text) {
				got = append(got, strings.TrimSuffix(string(line), "\n"))
			}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) {
				t.Errorf("%d findings became %d lines, or other ones: %.2000s", len(want), len(got), cmp.Diff(want, got))
			}

			second := rendertest.Assess(t, source(text), mapping.Options{})
			if diff := cmp.Diff(first.Controls, second.Controls); diff != "" {
				t.Errorf("assessed again, controls differ:\n%.2000s", diff)
			}
			if diff := cmp.Diff(first.Checks, second.Checks); diff != "" {
				t.Errorf("assessed again, checks differ:\n%.2000s", diff)
			}
			if again, _ := unpacked(t, second); !bytes.Equal(text, again) {
				t.Error("assessed again, the originals differ")
			}
		})
	}
}

// TestTokens has a finding on several lines whose tokens could be spelled in
// another way.
func TestTokens(t *testing.T) {
	raws := []string{
		"{\r\n  \"Id\": \"a\\u0041<&>\u2028\\/\",\n  \"N\": 1.0e+2,\n  \"N\": [ 1 , 2 ]\n}",
		`{ "Id":  "one line, as it is" }`,
	}
	a := &shca.Assessment{Findings: func(yield func(*shca.Finding, error) bool) {
		for _, raw := range raws {
			if !yield(&shca.Finding{Raw: []byte(raw)}, nil) {
				return
			}
		}
	}}
	text, _ := unpacked(t, a)
	want := "{\"Id\":\"a\\u0041<&>\u2028\\/\",\"N\":1.0e+2,\"N\":[1,2]}\n" + raws[1] + "\n"
	if string(text) != want {
		t.Errorf("got %q, want %q", text, want)
	}
	a.ProblemCount = 1
	if _, header := unpacked(t, a); !strings.Contains(header.Comment, "incomplete") {
		t.Errorf("the header of an incomplete assessment says %q", header.Comment)
	}
	if !json.Valid(bytes.Split(text, []byte("\n"))[0]) {
		t.Error("the first line is not JSON")
	}

	raws[0] = "{\n"
	var b bytes.Buffer
	if err := originals.Render(t.Context(), &b, a); err == nil {
		t.Errorf("a finding that is not JSON: no error, %s", fmt.Sprint(b.Len()))
	}
}
