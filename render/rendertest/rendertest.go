// Package rendertest tests what every format promises in package render. It is
// for the tests of that package, which give it all formats, and of packages
// that add formats of their own.
package rendertest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/render"
)

// Run tests the formats.
func Run(t *testing.T, formats []render.Format) {
	t.Run("fields", func(t *testing.T) { testFields(t, formats) })
	cases := Cases(t)
	for _, f := range formats {
		t.Run(f.Name, func(t *testing.T) {
			for _, c := range cases {
				t.Run(c.Name, func(t *testing.T) { testCase(t, f, c) })
			}
			small, estate := cases[0].Assessment, cases[1].Assessment // see Cases
			t.Run("write errors", func(t *testing.T) {
				testWriteErrors(t, f, small, 60)
				testWriteErrors(t, f, estate, 5)
			})
			t.Run("file errors", func(t *testing.T) { testFileErrors(t, f, small) })
			t.Run("finding errors", func(t *testing.T) { testFindingErrors(t, f, small) })
			t.Run("cancelled", func(t *testing.T) { testCancelled(t, f, small) })
			t.Run("concurrent", func(t *testing.T) { testConcurrent(t, f, estate) })
		})
	}
}

// testFields checks the values that describe a format.
func testFields(t *testing.T, formats []render.Format) {
	names, files := map[string]bool{}, map[string]bool{}
	for _, f := range formats {
		if !regexp.MustCompile(`^[a-z][a-z0-9-]*$`).MatchString(f.Name) || names[f.Name] {
			t.Errorf("format name %q is malformed or not unique", f.Name)
		}
		if !localFile(f.File) || files[strings.ToLower(f.File)] {
			t.Errorf("%s: file %q is no clean relative path or not unique", f.Name, f.File)
		}
		names[f.Name], files[strings.ToLower(f.File)] = true, true
		if f.Render == nil || f.Summary == "" || strings.Count(f.MediaType, "/") != 1 {
			t.Errorf("%s: Render, Summary or MediaType is missing: %+v", f.Name, f)
		}
		if (f.More == nil) != (len(f.Owned) == 0) {
			t.Errorf("%s: More and Owned belong together", f.Name)
		}
		for _, pattern := range f.Owned {
			if _, err := path.Match(pattern, "x"); err != nil || !localFile(pattern) || strings.HasPrefix(pattern, "*") {
				t.Errorf("%s: pattern %q: %v", f.Name, pattern, err)
			}
			for _, other := range formats {
				if ok, _ := path.Match(pattern, other.File); ok {
					t.Errorf("%s: pattern %q matches the file of %s", f.Name, pattern, other.Name)
				}
			}
		}
	}
}

func localFile(name string) bool {
	return name != "" && path.Clean(name) == name && !path.IsAbs(name) && !strings.HasPrefix(name, ".") && !strings.ContainsAny(name, `\:`)
}

// testCase checks what holds for every assessment.
func testCase(t *testing.T, f render.Format, c Case) {
	before := snapshot(t, c.Assessment)
	files := renderAll(t, f, c.Assessment)
	if again := renderAll(t, f, c.Assessment); !sameFiles(files, again) {
		t.Errorf("a second run differs (-first +second):\n%.2000s", cmp.Diff(files, again))
	}
	if after := snapshot(t, c.Assessment); before != after {
		t.Errorf("the assessment was changed (-before +after):\n%.2000s", cmp.Diff(before, after))
	}
	folded := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if other := folded[strings.ToLower(name)]; other != "" {
			t.Errorf("%s and %s are one file where case does not matter", other, name)
		}
		folded[strings.ToLower(name)] = name
		text, header := plain(t, files[name])
		if len(files[name]) == 0 {
			continue // a list of no records says nothing, so nothing false
		}
		if !c.Assessment.Complete() && !strings.Contains(strings.ToLower(header+text), "incomplete") {
			t.Errorf("%s does not say that the assessment is incomplete:\n%.500s", name, text)
		}
		testNoPercentage(t, name, text, c)
	}
}

// testNoPercentage checks that what was not decided has no percentage.
func testNoPercentage(t *testing.T, name, text string, c Case) {
	if c.Name != "empty" && c.Name != "undecided" && c.Name != "suppressed" && c.Name != "unscored" && c.Name != "nothing read" {
		return
	}
	for line := range strings.Lines(text) {
		// Coverage is 0 where there are controls to cover.
		if rate := percentage.FindString(line); rate != "" && !strings.Contains(strings.ToLower(line), "coverage") {
			t.Errorf("%s: nothing was decided, but there is a percentage %q: %.300s", name, rate, line)
		}
	}
}

// percentage matches those a wrong denominator would give, and any with a sign.
var percentage = regexp.MustCompile(`\b(0|100)\.00\b|\d\.\d\d ?%`)

// snapshot is everything in an assessment as text.
func snapshot(t *testing.T, a *shca.Assessment) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	if err := e.Encode(a); err != nil {
		t.Fatal(err)
	}
	for f, err := range a.Findings {
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Encode(f); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// output collects the files of one run. A file whose name is in fail takes so
// many bytes; "create NAME" and "close NAME" fail as such.
type output struct {
	mu    sync.Mutex
	files map[string][]byte
	open  int
	fail  map[string]int
}

var errWrite = errors.New("no space left on device")

func (o *output) create(name, _ string) (io.WriteCloser, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.fail["create "+name]; ok {
		return nil, errWrite
	}
	if _, ok := o.files[name]; ok {
		return nil, errors.New(name + " was begun twice")
	}
	o.files[name] = nil
	o.open++
	return &file{o, name}, nil
}

type file struct {
	o    *output
	name string
}

func (f *file) Write(p []byte) (int, error) {
	f.o.mu.Lock()
	defer f.o.mu.Unlock()
	limit, fails := f.o.fail[f.name]
	if have := len(f.o.files[f.name]); fails && have+len(p) > limit {
		f.o.files[f.name] = append(f.o.files[f.name], p[:limit-have]...)
		return limit - have, errWrite
	}
	f.o.files[f.name] = append(f.o.files[f.name], p...)
	return len(p), nil
}

func (f *file) Close() error {
	f.o.mu.Lock()
	defer f.o.mu.Unlock()
	f.o.open--
	if _, ok := f.o.fail["close "+f.name]; ok {
		return errWrite
	}
	return nil
}

// run writes all files of a format.
func run(ctx context.Context, f render.Format, a *shca.Assessment, fail map[string]int) (*output, error) {
	o := &output{files: map[string][]byte{}, fail: fail}
	w, err := o.create(f.File, f.MediaType)
	if err != nil {
		return o, err
	}
	err = f.Render(ctx, w, a)
	_ = w.Close() // the failing writer has its say in what Render returns
	if err == nil && f.More != nil {
		err = f.More(ctx, o.create, a)
	}
	return o, err
}

func renderAll(t *testing.T, f render.Format, a *shca.Assessment) map[string][]byte {
	t.Helper()
	o, err := run(t.Context(), f, a, nil)
	if err != nil {
		t.Fatal(err)
	}
	if o.open != 0 {
		t.Errorf("%d files were not closed", o.open)
	}
	for name := range o.files {
		owned := slices.ContainsFunc(f.Owned, func(pattern string) bool { ok, _ := path.Match(pattern, name); return ok })
		if name != f.File && (!owned || !localFile(name)) {
			t.Errorf("%q is a file that Owned %q does not match, or no clean path", name, f.Owned)
		}
	}
	return o.files
}

func sameFiles(a, b map[string][]byte) bool { return maps.EqualFunc(a, b, bytes.Equal) }

// testWriteErrors has Render's writer fail at every byte of a small file, and
// at so many places of a larger one.
func testWriteErrors(t *testing.T, f render.Format, a *shca.Assessment, places int) {
	var whole bytes.Buffer
	if err := f.Render(t.Context(), &whole, a); err != nil {
		t.Fatal(err)
	}
	size := whole.Len()
	step := 1
	if size > 2500 {
		step = size/places + 1
	}
	for n := 0; n < size; n += step {
		testLimit(t, f, a, n, whole.Bytes())
	}
	testLimit(t, f, a, size-1, whole.Bytes())
}

func testLimit(t *testing.T, f render.Format, a *shca.Assessment, n int, whole []byte) {
	t.Helper()
	o := &output{files: map[string][]byte{}, fail: map[string]int{f.File: n}}
	w, err := o.create(f.File, f.MediaType)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Render(t.Context(), w, a); !errors.Is(err, errWrite) {
		t.Fatalf("the writer failed after %d of %d bytes, but Render returned %v", n, len(whole), err)
	}
	if !bytes.HasPrefix(whole, o.files[f.File]) {
		t.Fatalf("before the writer failed after %d bytes, other bytes were written", n)
	}
}

// testFileErrors has each of More's files fail in each way.
func testFileErrors(t *testing.T, f render.Format, a *shca.Assessment) {
	if f.More == nil {
		t.Skip("one file only")
	}
	for name, whole := range renderAll(t, f, a) {
		if name == f.File {
			continue
		}
		fails := []map[string]int{{"create " + name: 0}, {"close " + name: 0}}
		for n := 0; n < len(whole); n += len(whole)/15 + 1 {
			fails = append(fails, map[string]int{name: n})
		}
		fails = append(fails, map[string]int{name: len(whole) - 1})
		for _, fail := range fails {
			o, err := run(t.Context(), f, a, fail)
			if !errors.Is(err, errWrite) {
				t.Fatalf("%s: with %v More returned %v", name, fail, err)
			}
			if o.open != 0 {
				t.Fatalf("%s: with %v %d files stayed open", name, fail, o.open)
			}
		}
	}
}

// interrupted is the assessment with an action before each of its findings,
// whose error ends the findings.
func interrupted(a *shca.Assessment, before func(n int) error) *shca.Assessment {
	findings, b := a.Findings, *a
	b.Findings = iter.Seq2[*shca.Finding, error](func(yield func(*shca.Finding, error) bool) {
		n := 0
		for f, err := range findings {
			if err == nil {
				if err = before(n); err != nil {
					f = nil
				}
			}
			if n++; !yield(f, err) || err != nil {
				return
			}
		}
	})
	return &b
}

// testFindingErrors has the findings end with an error.
func testFindingErrors(t *testing.T, f render.Format, a *shca.Assessment) {
	errRead := errors.New("temporary file: damaged")
	for limit := range 3 {
		met := false
		_, err := run(t.Context(), f, interrupted(a, func(n int) error {
			if n < limit {
				return nil
			}
			met = true
			return errRead
		}), nil)
		if met && !errors.Is(err, errRead) {
			t.Errorf("finding %d could not be read, but the format returned %v", limit, err)
		}
	}
}

// testCancelled cancels before the first and during later findings.
func testCancelled(t *testing.T, f render.Format, a *shca.Assessment) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o := &output{files: map[string][]byte{}}
	if err := f.Render(ctx, &file{o, f.File}, a); !errors.Is(err, context.Canceled) {
		t.Errorf("Render with a cancelled context returned %v", err)
	}
	if f.More != nil {
		if err := f.More(ctx, o.create, a); !errors.Is(err, context.Canceled) {
			t.Errorf("More with a cancelled context returned %v", err)
		}
	}
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	read := 0
	_, err := run(ctx, f, interrupted(a, func(n int) error {
		if read++; n == 2 {
			cancel()
		}
		return nil
	}), nil)
	if read > 3 || read > 0 && !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled at the third finding, the format read %d and returned %v", read, err)
	}
}

// testConcurrent renders one assessment several times at once.
func testConcurrent(t *testing.T, f render.Format, a *shca.Assessment) {
	want := renderAll(t, f, a)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			o, err := run(t.Context(), f, a, nil)
			if err != nil {
				t.Error(err)
			} else if !sameFiles(o.files, want) {
				t.Error("the bytes differ from those of a run alone")
			}
		})
	}
	wait.Wait()
}
