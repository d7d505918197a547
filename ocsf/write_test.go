package ocsf_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/testgen"
	"github.com/go-shca/shca/ocsf"
)

// all yields findings that could be read.
func all(findings []*shca.Finding) iter.Seq2[*shca.Finding, error] {
	return func(yield func(*shca.Finding, error) bool) {
		for _, f := range findings {
			if !yield(f, nil) {
				return
			}
		}
	}
}

// TestWrite: one line for each finding in their order, the one that Append
// makes of it, whatever the number of processors.
func TestWrite(t *testing.T) {
	findings := generated(t, testgen.Options{Seed: 5, Findings: 600})
	for _, e := range encoders(t) {
		for _, n := range []int{0, 1, 256, 257, len(findings)} {
			var want []byte
			for _, f := range findings[:n] {
				text, _ := event(t, e, f)
				want = append(append(want, text...), '\n')
			}
			for _, processors := range []int{1, 4} {
				func() {
					defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
					var got bytes.Buffer
					if err := e.Write(t.Context(), &got, all(findings[:n])); err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(got.Bytes(), want) {
						t.Errorf("%s, %d findings, %d processors: %d bytes, want %d of Append", e.Version, n, processors, got.Len(), len(want))
					}
				}()
			}
		}
	}
}

// TestEach: the events lie where Each says, with the heads that they have.
func TestEach(t *testing.T) {
	findings := append(specimen(t), generated(t, testgen.Options{Seed: 6, Findings: 600, OtherProducts: 0.5})...)
	for _, e := range encoders(t) {
		i, calls, classes := 0, 0, map[int]bool{}
		err := e.Each(t.Context(), all(findings), func(text []byte, events []ocsf.Event) error {
			calls++
			if len(events) == 0 {
				t.Error("a batch of no events")
			}
			end := 0
			for _, in := range events {
				if in.Start != end || text[in.End] != '\n' {
					t.Fatalf("event %d lies from %d to %d, want from %d to a line's end", i, in.Start, in.End, end)
				}
				end = in.End + 1
				want, head, err := e.Append(nil, findings[i])
				if err != nil {
					t.Fatal(err)
				}
				if got := text[in.Start:in.End]; !bytes.Equal(got, want) || in.Head != head {
					t.Errorf("event %d: %.200s, %+v; want %.200s, %+v", i, got, in.Head, want, head)
				}
				got := object(t, want)
				said := fmt.Sprintln(got["class_uid"], at(got, "cloud.account.uid"), at(got, "cloud.region"), got["time"], at(got, "metadata.uid"))
				if of := fmt.Sprintln(head.Class, list(head.AccountID), list(head.Region), head.Time, list(head.UID)); said != of {
					t.Errorf("event %d says %s, its head %s", i, said, of)
				}
				classes[head.Class] = true
				i++
			}
			if end != len(text) {
				t.Errorf("%d bytes, of which %d are events", len(text), end)
			}
			return nil
		})
		if err != nil || i != len(findings) || calls < 2 {
			t.Errorf("%s: %d events of %d in %d calls, error %v", e.Version, i, len(findings), calls, err)
		}
		want := map[int]bool{2002: true, 2003: true, 2004: true, 2006: e.Version != ocsf.V110}
		if e.Version == ocsf.V110 {
			delete(want, 2006)
		}
		if diff := cmp.Diff(want, classes); diff != "" {
			t.Errorf("%s: classes (-want +got):\n%s", e.Version, diff)
		}
	}
}

// list is what at returns of an attribute that is absent if empty.
func list(text string) []any {
	if text == "" {
		return nil
	}
	return []any{text}
}

// failing is a writer that fails after some bytes.
type failing struct {
	left int
	err  error
}

func (w *failing) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, w.err
	}
	return len(p), nil
}

// TestWriteFails: the first error comes back, and the findings are not drawn
// further.
func TestWriteFails(t *testing.T) {
	e := encoders(t)[0]
	findings := generated(t, testgen.Options{Seed: 5, Findings: 300})
	broken := errors.New("broken")
	// endless yields findings until it is stopped; from the 1000th on what of
	// says.
	endless := func(drawn *int, of func() (*shca.Finding, error)) iter.Seq2[*shca.Finding, error] {
		return func(yield func(*shca.Finding, error) bool) {
			for *drawn = 1; ; *drawn++ {
				f, err := findings[*drawn%len(findings)], error(nil)
				if *drawn >= 1000 {
					f, err = of()
				}
				if !yield(f, err) {
					return
				}
			}
		}
	}
	good := func() (*shca.Finding, error) { return findings[0], nil }
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	stopping, stop := context.WithCancel(t.Context())
	defer stop()
	for _, tc := range []struct {
		name  string
		ctx   context.Context
		left  int
		of    func() (*shca.Finding, error)
		is    error
		says  string
		drawn int // at most
	}{
		{"writer at once", t.Context(), 0, good, broken, "broken", 1e5},
		{"writer later", t.Context(), 1 << 20, good, broken, "broken", 1e5},
		{"findings", t.Context(), 1 << 40, func() (*shca.Finding, error) { return nil, broken }, broken, "broken", 1000},
		{"cancelled before", cancelled, 1 << 40, good, context.Canceled, "", 1},
		{"cancelled later", stopping, 1 << 40, func() (*shca.Finding, error) { stop(); return findings[0], nil }, context.Canceled, "", 1e5},
	} {
		t.Run(tc.name, func(t *testing.T) {
			drawn := 0
			err := e.Write(tc.ctx, &failing{tc.left, broken}, endless(&drawn, tc.of))
			if err == nil || tc.is != nil && !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want %v with %q", err, tc.is, tc.says)
			}
			if drawn > tc.drawn {
				t.Errorf("%d findings were drawn", drawn)
			}
		})
	}
}

// BenchmarkWrite converts 10,000 findings.
func BenchmarkWrite(b *testing.B) {
	findings := generated(b, testgen.Options{Seed: 1, Findings: 10_000})
	size := 0
	for _, f := range findings {
		size += len(f.Raw)
	}
	for _, e := range encoders(b) {
		b.Run(string(e.Version), func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if err := e.Write(b.Context(), &failing{left: 1 << 60}, all(findings)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
