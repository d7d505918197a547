package validate

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"runtime"
	"sync/atomic"
	"time"

	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"github.com/google/go-cmp/cmp"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// load reads the documents of testdata/package, which are valid and import each
// other.
func load(t testing.TB) map[string]any {
	t.Helper()
	docs := map[string]any{}
	names, err := filepath.Glob("testdata/package/*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("testdata/package:", err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		docs[filepath.Base(name)] = v
	}
	return docs
}

// write writes the documents into a folder, with the evidence they cite.
func write(t testing.TB, docs map[string]any) string {
	t.Helper()
	dir := t.TempDir()
	evidence, err := os.ReadFile("testdata/package/findings.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"findings.ndjson": evidence}
	for name, v := range docs {
		if files[name], err = json.Marshal(v); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// at returns a function that changes the value at a JSON pointer: nil deletes
// it, and the index "-" appends to an array.
func at(pointer string, value any) func(map[string]any) {
	return func(doc map[string]any) {
		tokens := strings.Split(pointer, "/")[1:]
		set(doc, tokens, value)
	}
}

func set(v any, tokens []string, value any) any {
	token := tokens[0]
	switch v := v.(type) {
	case map[string]any:
		switch {
		case len(tokens) > 1:
			v[token] = set(v[token], tokens[1:], value)
		case value == nil:
			delete(v, token)
		default:
			v[token] = value
		}
		return v
	case []any:
		if token == "-" {
			return append(v, value)
		}
		i, err := strconv.Atoi(token)
		if err != nil || i >= len(v) {
			panic(fmt.Sprintf("no element %q", token))
		}
		switch {
		case len(tokens) > 1:
			v[i] = set(v[i], tokens[1:], value)
		case value == nil:
			return slices.Delete(v, i, i+1)
		default:
			v[i] = value
		}
		return v
	}
	panic(fmt.Sprintf("nothing at %q", token))
}

func clone(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	var c any
	if err := json.Unmarshal(raw, &c); err != nil {
		panic(err)
	}
	return c
}

// get returns the value at a JSON pointer.
func get(v any, pointer string) any {
	for _, token := range strings.Split(pointer, "/")[1:] {
		switch w := v.(type) {
		case map[string]any:
			v = w[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil {
				panic(err)
			}
			v = w[i]
		}
	}
	return v
}

var registry = map[string]bool{"tool-name": true, "failed": true}

func texts(r Report) []string {
	var all []string
	for _, m := range r.Messages {
		m.File = "f"
		all = append(all, m.String())
	}
	return all
}

func TestValid(t *testing.T) {
	names, err := filepath.Glob("testdata/package/*.json")
	if err != nil || len(names) != 8 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		r, err := File(context.Background(), name, Options{Properties: registry})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Messages) > 0 || r.Kind == "" || r.Version == "" {
			t.Errorf("%s: %s %s: %q", name, r.Kind, r.Version, texts(r))
		}
	}
}

// The common subset: one text, three versions.
func TestVersions(t *testing.T) {
	docs := load(t)
	for _, version := range Versions() {
		doc := clone(docs["ar.json"]).(map[string]any)
		set(doc, []string{"assessment-results", "metadata", "oscal-version"}, version)
		raw, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Reader(context.Background(), "f", bytes.NewReader(raw), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range r.Messages {
			// The observation type of 1.1 is deprecated in 1.2; nothing imported
			// can be read here.
			if m.Level == Error {
				t.Errorf("%s: %v", version, m)
			}
		}
		infos := slices.ContainsFunc(r.Messages, func(m Message) bool { return m.Level == Info && m.Rule == "version" })
		if want := strings.HasPrefix(version, "1.0.") && version < "1.0.4" || version == "1.0.5" || version == "1.2.0" || version == "1.2.3"; infos != want {
			t.Errorf("%s: note about the schema: %v, want %v", version, infos, want)
		}
	}
}

func check1(t *testing.T, doc string, o Options) (Report, error) {
	t.Helper()
	return Reader(context.Background(), "f", strings.NewReader(doc), o)
}

const small = `{"catalog":{"uuid":"00000001-0000-4000-8000-000000000000","metadata":{"title":"T","last-modified":"2026-01-31T12:00:00Z","version":"1","oscal-version":"1.1.3"}}}`

func TestText(t *testing.T) {
	tests := []struct {
		name, doc string
		want      []string // messages
		err       string   // or an error
	}{
		{name: "valid", doc: small},
		{name: "empty", doc: "", err: "f: is empty"},
		{name: "truncated", doc: small[:len(small)-2], err: "f: is not JSON: byte"},
		{name: "truncated in a string", doc: small[:20], err: "the text ends early"},
		{name: "more", doc: small + "{}", err: "f: is not JSON: there is more after the end of the document"},
		{name: "comment", doc: "// x\n" + small, err: "f: is not JSON: byte 0"},
		{name: "not UTF-8", doc: strings.Replace(small, `"T"`, "\"\xff\"", 1), err: "f: is not JSON"},
		{name: "UTF-16", doc: "\xff\xfe{\x00", err: "f: is not JSON"},
		{name: "XML", doc: "<catalog/>", err: "f: is not JSON but XML"},
		{name: "an array", doc: "[" + small + "]", err: "f: is not an OSCAL document: it is not an object"},
		{name: "another object", doc: `{"findings":[1]}`, err: `f: is not an OSCAL document: its root has the key "findings"`},
		{name: "no keys", doc: `{}`, err: "f: is not an OSCAL document: its root has none of the keys"},
		{name: "byte order mark", doc: "\xef\xbb\xbf" + small, want: []string{"f: error: json: the file begins with a byte order mark, which readers of JSON may refuse: save it as UTF-8 without one"}},
		{name: "$schema", doc: strings.Replace(small, `{`, `{"$schema":"x.json",`, 1)},
		{name: "other root key", doc: small[:len(small)-1] + `,"x/y":1}`, want: []string{"f: error: schema: /x~1y: is not allowed here"}},
		{name: "two kinds", doc: small[:len(small)-1] + `,"profile":1}`, want: []string{"f: error: schema: /profile: is not allowed here"}},
		{name: "duplicate key", doc: strings.Replace(small, `"title":"T",`, `"title":"T","title":"U",`, 1),
			want: []string{"f: error: json: /catalog/metadata/title: the key is there twice in its object: readers of JSON differ in which one they take"}},
		{name: "unknown version", doc: strings.Replace(small, "1.1.3", "v1.1.3", 1),
			want: []string{"f: error: version: /catalog/metadata/oscal-version: is no version of OSCAL that is known here: these are " + strings.Join(Versions(), ", ") + " (v1.1.3)"}},
		{name: "no version", doc: strings.Replace(small, `,"oscal-version":"1.1.3"`, "", 1),
			want: []string{"f: error: version: /catalog/metadata/oscal-version: is missing, so that there is nothing to validate against: the versions known are " + strings.Join(Versions(), ", ")}},
		{name: "kind of a later version", doc: strings.Replace(small, "catalog", "mapping-collection", 1),
			want: []string{"f: error: version: /mapping-collection/metadata/oscal-version: OSCAL 1.1.3 has no mapping-collection (1.1.3)"}},
		{name: "number without end", doc: strings.Replace(small, `"T"`, "1e999999999", 1),
			want: []string{
				"f: error: json: /catalog/metadata/title: the number has too many digits: it is taken as 0",
				"f: error: schema: /catalog/metadata/title: is number, want string"}},
		{name: "wrong types", doc: `{"assessment-results":{"metadata":{"oscal-version":"1.1.3"},"results":{"observations":[1,2]}}}`, want: []string{
			`f: error: schema: /assessment-results: misses "uuid", "import-ap"`,
			`f: error: schema: /assessment-results/metadata: misses "title", "last-modified", "version"`,
			`f: error: schema: /assessment-results/results: is object, want array`}},
		{name: "hostile", doc: strings.Replace(small, `"version":"1"`, "\"version\":\"1\",\"\\u001b[31m\\u202e\":\"\\n\"", 1), want: []string{
			`f: error: schema: /catalog/metadata/\u001b[31m\u202e: is not allowed here`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := check1(t, test.doc, Options{})
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("%q: error %v, want %q", test.doc, err, test.err)
				}
				if got, want := errors.Is(err, ErrNotOSCAL), strings.Contains(test.err, "OSCAL"); got != want {
					t.Errorf("%q: is ErrNotOSCAL: %v, want %v", test.doc, got, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, texts(r)); diff != "" {
				t.Errorf("%q: want (-), got (+):\n%s", test.doc, diff)
			}
		})
	}
}

// What the schema says is said in words, of the alternative that was meant.
func TestSchemaMessages(t *testing.T) {
	tests := []struct {
		pointer string
		value   any
		want    string
	}{
		{"/uuid", "x", "/assessment-results/uuid: is not a UUID of version 4 or 5 (x)"},
		{"/metadata/last-modified", "2026-01-31", "/assessment-results/metadata/last-modified: is not a date and time with a time zone, such as 2026-01-31T12:00:00Z (2026-01-31)"},
		{"/metadata/version", " 1", "/assessment-results/metadata/version: is not a text of one line without white space at its ends ( 1)"},
		{"/results/0/findings/2/target/status/state", "maybe", "/assessment-results/results/0/findings/2/target/status/state: is none of satisfied, not-satisfied (maybe)"},
		{"/results/0/observations/2/methods", []any{}, "/assessment-results/results/0/observations/2/methods: has 0 elements, want at least 1: leave an empty array out"},
		{"/results/0/observations/2/props/0/ns", "x", "/assessment-results/results/0/observations/2/props/0/ns: is not an absolute URI, such as https://example.org/ (x)"},
		{"/results/0/reviewed-controls/control-selections/0/include-controls/0/control-id", "AC-2(1)",
			"/assessment-results/results/0/reviewed-controls/control-selections/0/include-controls/0/control-id: is not a token: a letter or underscore, then letters, digits, dots, hyphens and underscores (AC-2(1))"},
	}
	docs := load(t)
	for _, version := range []string{"1.1.3", "1.2.2"} {
		for _, test := range tests {
			doc := clone(docs["ar.json"]).(map[string]any)
			at("/assessment-results/metadata/oscal-version", version)(doc)
			at("/assessment-results"+test.pointer, test.value)(doc)
			raw, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			r, err := check1(t, string(raw), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(texts(r), "f: error: schema: "+test.want) {
				t.Errorf("%s: %s = %v: want %q, got\n%s", version, test.pointer, test.value, test.want, strings.Join(texts(r), "\n"))
			}
		}
	}
}

// The same document gets the same messages.
func TestDeterministic(t *testing.T) {
	doc := load(t)["mapping.json"].(map[string]any)
	at("/mapping-collection/metadata/parties/0", map[string]any{"uuid": "x", "type": "y", "neam": "z", "a": 1, "b": 2})(doc)
	raw := string(encode(doc))
	first, err := check1(t, raw, Options{})
	if err != nil || first.Errors < 2 {
		t.Fatal(texts(first), err)
	}
	for range 20 {
		again, err := check1(t, raw, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first, again); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestLimits(t *testing.T) {
	deep := func(n int) string {
		return strings.Replace(small, `"metadata"`, `"x":`+strings.Repeat("[", n)+strings.Repeat("]", n)+`,"metadata"`, 1)
	}
	tests := []struct {
		name string
		doc  func() io.ReadSeeker
		err  string
	}{
		{"deep", func() io.ReadSeeker { return strings.NewReader(deep(150)) }, ""},
		{"too deep", func() io.ReadSeeker { return strings.NewReader(deep(100_000)) }, "is nested deeper than 200 levels"},
		{"long text", func() io.ReadSeeker {
			return strings.NewReader(strings.Replace(small, `"T"`, `"`+strings.Repeat("x", 2*maxTree)+`"`, 1))
		}, "holds a text of more than 64 MiB"},
		{"large tree", func() io.ReadSeeker {
			return strings.NewReader(strings.Replace(small, `"metadata"`, `"x":[`+strings.Repeat(`"`+strings.Repeat("x", 1<<20)+`",`, 64)+`1],"metadata"`, 1))
		}, "holds more than 64 MiB outside of the arrays that are read element by element"},
		{"large element", func() io.ReadSeeker {
			return strings.NewReader(`{"plan-of-action-and-milestones":{"risks":[{},["` + strings.Repeat("x", maxElement) + `"]]}}`)
		}, "/plan-of-action-and-milestones/risks/1/0: is larger than 16 MiB, the most that is read of one element"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Reader(context.Background(), "f", test.doc(), Options{})
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("error %v, want %q", err, test.err)
			}
		})
	}
}

// The number of messages kept is bounded, and which ones does not depend on
// how the document is read.
func TestMax(t *testing.T) {
	docs := load(t)
	doc := clone(docs["ar.json"]).(map[string]any)
	var observations []any
	for i := range 300 {
		o := clone(get(doc, result+"/observations/0")).(map[string]any)
		o["uuid"] = fmt.Sprintf("%08x-1111-4000-8000-000000000000", i)
		if i == 299 {
			delete(o, "description")
		}
		observations = append(observations, o)
	}
	at(result+"/observations", observations)(doc)
	dir := write(t, map[string]any{"ar.json": doc})
	path := filepath.Join(dir, "ar.json")
	all, err := File(context.Background(), path, Options{Max: -1})
	if err != nil {
		t.Fatal(err)
	}
	if len(all.Messages) < 600 || all.Omitted != 0 || all.Errors+all.Warnings != len(all.Messages) {
		t.Fatalf("all: %d messages, %d errors, %d warnings, %d omitted", len(all.Messages), all.Errors, all.Warnings, all.Omitted)
	}
	for _, keep := range []int{1, 1000} {
		few, err := File(context.Background(), path, Options{Max: 10, keep: keep})
		if err != nil {
			t.Fatal(err)
		}
		if few.Errors != all.Errors || few.Warnings != all.Warnings || few.Omitted != len(all.Messages)-10 {
			t.Errorf("counts differ: %d/%d/%d of %d/%d", few.Errors, few.Warnings, few.Omitted, all.Errors, all.Warnings)
		}
		want := slices.Clone(all.Messages)
		slices.SortStableFunc(want, func(a, b Message) int { return a.Level.rank() - b.Level.rank() })
		want = want[:10]
		slices.SortFunc(want, Message.compare)
		if diff := cmp.Diff(want, few.Messages); diff != "" {
			t.Errorf("keep %d: want the first errors (-), got (+):\n%s", keep, diff)
		}
	}
}

func TestFileErrors(t *testing.T) {
	if _, err := File(context.Background(), "testdata/absent.json", Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
	if _, err := File(context.Background(), "testdata", Options{}); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("directory: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := File(ctx, "testdata/package/ar.json", Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestConcurrent(t *testing.T) {
	for i := range 8 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			r, err := File(context.Background(), "testdata/package/ar.json", Options{})
			if err != nil || r.Errors+r.Warnings > 0 {
				t.Errorf("%v %v", texts(r), err)
			}
		})
	}
}

func TestMessageOrder(t *testing.T) {
	want := []string{"", "/a", "/a/2", "/a/2/b", "/a/10", "/a/10/b", "/a/b", "/b"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, comparePointers)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// large writes results of about size bytes, made from testdata.
func large(t testing.TB, size int) string {
	t.Helper()
	docs := load(t)
	ar := docs["ar.json"].(map[string]any)
	item, observation, finding := get(ar, result+"/local-definitions/inventory-items/0"), get(ar, result+"/observations/0"), get(ar, result+"/findings/1")
	for _, list := range []string{"/local-definitions/inventory-items", "/observations", "/findings"} {
		at(result+list, []any{"@" + list})(ar)
	}
	path := filepath.Join(write(t, docs), "ar.json")
	skeleton, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	each := len(encode(item)) + len(encode(observation)) + len(encode(finding))
	n := size / each
	fill := func(list string, one func(i int) any) {
		before, after, ok := bytes.Cut(skeleton, []byte(`"@`+list+`"`))
		if !ok {
			t.Fatal("no", list)
		}
		w.Write(before)
		for i := range n {
			if i > 0 {
				w.WriteByte(',')
			}
			w.Write(encode(one(i)))
		}
		skeleton = after
	}
	uuid := func(what string, i int) string { return fmt.Sprintf("%08x-%s-4000-8000-000000000000", i, what) }
	// Members are in the order of their names.
	fill("/findings", func(i int) any {
		set(finding, []string{"uuid"}, uuid("0003", i))
		set(finding, []string{"target", "target-id"}, fmt.Sprintf("ac-%d_smt", i))
		set(finding, []string{"related-observations", "0", "observation-uuid"}, uuid("0002", i))
		return finding
	})
	fill("/local-definitions/inventory-items", func(i int) any { return set(item, []string{"uuid"}, uuid("0001", i)) })
	fill("/observations", func(i int) any {
		set(observation, []string{"uuid"}, uuid("0002", i))
		set(observation, []string{"props", "0", "value"}, "0")
		return set(observation, []string{"subjects", "0", "subject-uuid"}, uuid("0001", i))
	})
	w.Write(skeleton)
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}

// TestMemory validates results of 20 MB. What is in use at any time stays far
// below their size.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	path := large(t, 20<<20)
	var peak atomic.Uint64
	ctx := &sampling{Context: context.Background(), peak: &peak}
	start := time.Now()
	r, err := File(ctx, path, Options{Max: 5})
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d MB in %v, at most %d MB of heap; %d errors, %d warnings", info.Size()>>20, time.Since(start).Round(time.Millisecond), peak.Load()>>20, r.Errors, r.Warnings)
	if peak.Load() > 80<<20 { // a tree of them would take more than 200
		t.Errorf("at most %d MB of heap, want less than 80", peak.Load()>>20)
	}
	// The controls of the findings are none of the catalog; nothing else is
	// wrong but the risks that refer to observations which are gone.
	for _, m := range r.Messages {
		if m.Rule != "X-CTRL" && m.Rule != "X-OBS" {
			t.Error(m)
		}
	}
}

// sampling looks at the heap whenever the context is asked.
type sampling struct {
	context.Context
	peak  *atomic.Uint64
	calls int
}

func (s *sampling) Err() error {
	if s.calls++; s.calls%50 == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		s.peak.Store(max(s.peak.Load(), m.HeapAlloc))
	}
	return s.Context.Err()
}

func BenchmarkFile(b *testing.B) {
	path := large(b, 60<<20)
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := File(context.Background(), path, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzReader(f *testing.F) {
	names, err := filepath.Glob("testdata/package/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(small))
	f.Add([]byte(`{"assessment-results":{"metadata":{"oscal-version":"1.2.2"},"results":[{"observations":[{},{},1],"local-definitions":[]}]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		o := Options{Max: -1, Properties: registry}
		streamed, err := Reader(context.Background(), "f", bytes.NewReader(raw), o)
		if err != nil {
			return
		}
		for _, m := range streamed.Messages {
			if s := m.String(); strings.ContainsAny(s, "\n\x1b\u202e") || len(s) > 8000 {
				t.Errorf("unsafe message %q", s)
			}
		}
		o.keep = 1 << 30
		held, err := Reader(context.Background(), "f", bytes.NewReader(raw), o)
		if err != nil {
			t.Fatalf("held in memory: %v", err)
		}
		if diff := cmp.Diff(held, streamed); diff != "" && !slices.ContainsFunc(held.Messages, func(m Message) bool { return m.Rule == "json" }) {
			t.Errorf("in memory and streamed differ:\n%s", diff)
		}
	})
}
