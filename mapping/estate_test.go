package mapping

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/testgen"
	"github.com/go-shca/shca/sources/asff"
	"github.com/go-shca/shca/sources/stream"
)

// estate reads the findings that testgen makes.
func estate(t testing.TB, o testgen.Options) []*shca.Finding {
	t.Helper()
	var b bytes.Buffer
	if err := testgen.Write(&b, testgen.NDJSON, o); err != nil {
		t.Fatal(err)
	}
	s := &stream.Source{Name: "estate", Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil }, Formats: []stream.Format{asff.Format}}
	var findings []*shca.Finding
	for r, err := range s.Records(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Finding == nil {
			t.Fatalf("scope %+v", r.Scope)
		}
		findings = append(findings, r.Finding)
	}
	return findings
}

// TestConsolidation: one estate gives the same control results whether
// consolidated control findings are on, off, or on in some accounts.
func TestConsolidation(t *testing.T) {
	for _, tc := range []struct {
		partition string
		seed      uint64
	}{{"aws", 1}, {"aws", 2}, {"aws-us-gov", 3}, {"aws-cn", 4}} {
		t.Run(fmt.Sprintf("%s %d", tc.partition, tc.seed), func(t *testing.T) {
			var want *shca.Assessment
			for _, mode := range []testgen.Mode{testgen.On, testgen.Off, testgen.Mixed} {
				findings := estate(t, testgen.Options{Seed: tc.seed, Findings: 1000, Partition: tc.partition, Mode: mode})
				a := assess(t, source(findings...), Options{})
				checkScopes(t, a)
				if want == nil {
					want = a
					s := a.Summary()
					if s.Tally.Passed == 0 || s.Tally.Failed == 0 || s.Tally.Undecided() == 0 || s.Tally.Suppressed == 0 || s.Covered < 50 {
						t.Fatalf("the estate tells little: %+v", s)
					}
					continue
				}
				if len(findings) < 1100 {
					t.Errorf("mode %v has only %d findings", mode, len(findings))
				}
				for i, c := range a.Controls {
					on := want.Controls[min(i, len(want.Controls)-1)]
					// When a subject was seen, and so what narratives say of it, is the copy's.
					c.First, c.Last, c.Narrative, on.First, on.Last, on.Narrative = time.Time{}, time.Time{}, "", time.Time{}, time.Time{}, ""
					if !reflect.DeepEqual(on, c) { // much faster than a Diff of equal results
						t.Errorf("%s in mode %v (-on +%v):\n%s", c.ID, mode, mode, cmp.Diff(on, c))
					}
				}
				if len(a.Controls) != len(want.Controls) {
					t.Errorf("mode %v has %d controls, want %d", mode, len(a.Controls), len(want.Controls))
				}
				if diff := cmp.Diff(want.Summary(), a.Summary()); diff != "" {
					t.Errorf("summary in mode %v differs (-on +%v):\n%s", mode, mode, diff)
				}
			}
		})
	}
}

// TestOrderDoesNotMatter, nor does whether the sort needs the disk.
func TestOrderDoesNotMatter(t *testing.T) {
	findings := estate(t, testgen.Options{Seed: 7, Findings: 800, Mode: testgen.Mixed, Duplicates: 0.1, Archived: 0.1})
	want := assess(t, source(findings...), Options{})
	r := rand.New(rand.NewPCG(1, 2))
	for _, batch := range []int{0, 10_000, 300_000} {
		r.Shuffle(len(findings), func(i, k int) { findings[i], findings[k] = findings[k], findings[i] })
		dir := t.TempDir()
		got := assess(t, source(findings...), Options{TempDir: dir, batch: batch})
		if diff := diffAssessments(t, want, got); diff != "" {
			t.Errorf("batches of %d bytes (-want +got):\n%s", batch, diff)
		}
		if err := got.Close(); err != nil {
			t.Error(err)
		}
		noFiles(t, dir)
	}
}

// TestPartsMerge: accumulators of the accounts, merged, come to the checks of
// the whole estate.
func TestPartsMerge(t *testing.T) {
	findings := estate(t, testgen.Options{Seed: 9, Findings: 1000})
	whole := assess(t, source(findings...), Options{})
	fw := framework(t)
	parts := map[string][]*shca.Finding{}
	for _, f := range findings {
		parts[f.AccountID] = append(parts[f.AccountID], f)
	}
	if len(parts) < 3 {
		t.Fatalf("%d accounts", len(parts))
	}
	sum := NewAccumulator(fw)
	for _, part := range parts {
		acc := NewAccumulator(fw)
		for f, err := range assess(t, source(part...), Options{}).Findings {
			if err != nil {
				t.Fatal(err)
			}
			acc.Add(f)
		}
		sum.Merge(acc)
	}
	moderate, _ := fw.Baseline("moderate")
	checks, controls := Evaluate(fw, moderate, sum.Checks())
	if diff := cmp.Diff(whole.Checks, checks); diff != "" {
		t.Errorf("checks (-whole +parts):\n%s", diff)
	}
	if diff := cmp.Diff(whole.Controls, controls, cmpopts.IgnoreFields(shca.ControlResult{}, "Narrative")); diff != "" {
		t.Errorf("controls (-whole +parts):\n%s", diff)
	}
}

func BenchmarkEvaluate(b *testing.B) {
	fw := framework(b)
	moderate, _ := fw.Baseline("moderate")
	acc := NewAccumulator(fw)
	for f := range assess(b, source(estate(b, testgen.Options{Seed: 1, Findings: 20_000})...), Options{}).Findings {
		acc.Add(f)
	}
	checks := acc.Checks()
	b.ReportAllocs()
	for b.Loop() {
		Evaluate(fw, moderate, checks)
	}
}

func BenchmarkAssess(b *testing.B) {
	findings := estate(b, testgen.Options{Seed: 1, Findings: 20_000})
	size := int64(0)
	for _, f := range findings {
		size += int64(len(f.Raw))
	}
	for _, bc := range []struct {
		name  string
		batch int
	}{{"memory", 1 << 30}, {"disk", 4 << 20}} {
		b.Run(bc.name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			dir := b.TempDir()
			for b.Loop() {
				a, err := Assess(context.Background(), source(findings...), Options{TempDir: dir, batch: bc.batch})
				if err != nil {
					b.Fatal(err)
				}
				if err := a.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(findings)), "findings/op")
		})
	}
}
