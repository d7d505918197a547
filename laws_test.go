package shca

import (
	"cmp"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// naturalTexts has the texts that one alphabet gives up to a length, and some
// that people write.
func naturalTexts() []string {
	texts := []string{""}
	for start, n := 0, 0; n < 4; n++ {
		end := len(texts)
		for _, s := range texts[start:end] {
			for _, c := range []string{"0", "1", "9", "a", ".", "\x00"} {
				texts = append(texts, s+c)
			}
		}
		start = end
	}
	return append(texts, "S3.8", "S3.10", "S3.08", "EC2.19", "ec2.19", "é1", "a"+strings.Repeat("9", 300), "a1"+strings.Repeat("0", 300))
}

func TestCompareNaturalIsATotalOrder(t *testing.T) {
	texts := naturalTexts()
	sorted := slices.Clone(texts)
	slices.SortFunc(sorted, CompareNatural)
	// In a list sorted by a total order, position tells the sign; so the pairs
	// prove antisymmetry, transitivity and agreement with equality.
	for i, a := range sorted {
		for k := i; k < len(sorted); k += 1 + (k-i)/50 {
			b := sorted[k]
			if got, want := CompareNatural(a, b), cmp.Compare(i, k); got != want {
				t.Fatalf("CompareNatural(%q, %q) = %d, want %d", a, b, got, want)
			}
			if got, want := CompareNatural(b, a), cmp.Compare(k, i); got != want {
				t.Fatalf("CompareNatural(%q, %q) = %d, want %d", b, a, got, want)
			}
		}
	}
}

func TestCompareNatural(t *testing.T) {
	for _, order := range [][]string{
		{"S3.1", "S3.2", "S3.8", "S3.10", "S3.10a", "S3.11", "S10.1"},
		{"", "0", "00", "01", "1", "2", "10", "a"}, // value first, then bytes
		{"a", "a0", "a1", "a1b", "a2", "aa", "b"},
		{"-", ".", "0", "9", ":", "A", "a"},
	} {
		got := slices.Clone(order)
		slices.Reverse(got)
		slices.SortFunc(got, CompareNatural)
		if diff := gocmp.Diff(order, got); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
	}
}

// TestSetLaws: a set of parts, however they are cut, nested and ordered, is
// the set of the whole: the smallest members, and whether there are more.
func TestSetLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		limit := 1 + r.IntN(6)
		var all []int
		for range r.IntN(15) {
			all = append(all, r.IntN(10))
		}
		distinct := slices.Compact(slices.Sorted(slices.Values(all)))
		want := Set[int]{More: len(distinct) > limit}
		if len(distinct) > 0 {
			want.Members = distinct[:min(limit, len(distinct))]
		}
		parts := make([]Set[int], 1+r.IntN(4))
		for _, m := range all {
			parts[r.IntN(len(parts))].add(m, limit)
		}
		for len(parts) > 1 {
			i := r.IntN(len(parts) - 1)
			before, _ := json.Marshal(parts[i+1])
			parts[i].merge(parts[i+1], limit)
			if after, _ := json.Marshal(parts[i+1]); string(after) != string(before) {
				t.Fatalf("merging changed the argument from %s to %s", before, after)
			}
			parts = slices.Delete(parts, i+1, i+2)
			r.Shuffle(len(parts), func(i, k int) { parts[i], parts[k] = parts[k], parts[i] })
		}
		if diff := gocmp.Diff(want, parts[0]); diff != "" {
			t.Fatalf("set of %v with limit %d (-want +got):\n%s", all, limit, diff)
		}
		if got, want := parts[0].Count(), (Count{N: len(want.Members), More: want.More}); got != want {
			t.Fatalf("count %+v, want %+v", got, want)
		}
	}
}

func TestSetMergeSharesNothing(t *testing.T) {
	var a, b Set[string]
	a.add("m", 2)
	b.merge(a, 2)
	b.add("a", 2)
	b.add("b", 2)
	if diff := gocmp.Diff(Set[string]{Members: []string{"m"}}, a); diff != "" {
		t.Errorf("the merged set changed (-want +got):\n%s", diff)
	}
}

func TestCountString(t *testing.T) {
	for c, want := range map[Count]string{{}: "0", {N: 12}: "12", {N: 1000, More: true}: "more than 1000"} {
		if got := c.String(); got != want {
			t.Errorf("%+v prints %q, want %q", c, got, want)
		}
	}
}

func TestResourceHash(t *testing.T) {
	seen := map[ResourceHash]string{}
	for _, pair := range [][2]string{{"", ""}, {"1", ""}, {"", "1"}, {"1", "1"}, {"11", ""}, {"1", "11"}, {"11", "1"}} {
		h := resourceHash(pair[0], pair[1])
		if other, ok := seen[h]; ok {
			t.Errorf("%q and %q have one hash", pair, other)
		}
		seen[h] = strings.Join(pair[:], "|")
	}
	if h := resourceHash(strings.Repeat("1", 300), "r"); h == resourceHash(strings.Repeat("1", 301), "r") {
		t.Error("long accounts are cut")
	}
	text, err := ResourceHash(0xab).MarshalText()
	if string(text) != "00000000000000ab" || err != nil {
		t.Errorf("hash prints %q, %v", text, err)
	}
	var h ResourceHash
	if err := h.UnmarshalText([]byte("xyz")); err == nil {
		t.Error("no error for a text that is no hash")
	}
}

func TestCompareWorst(t *testing.T) {
	want := []*CheckResult{
		{ID: "Z.1", Severity: Critical, Tally: Tally{Failed: 1}},
		{ID: "Y.1", Severity: High, Tally: Tally{Failed: 3, Passed: 100}},
		{ID: "A.2", Severity: High, Tally: Tally{Failed: 2}},
		{ID: "A.10", Severity: High, Tally: Tally{Failed: 2, Passed: 5}},
		{ID: "A.1", Severity: Low, Tally: Tally{Failed: 9}},
		{ID: "A.1", Tally: Tally{Failed: 9}},
	}
	for i, a := range want {
		for k, b := range want {
			if got := CompareWorst(a, b); got != cmp.Compare(i, k) {
				t.Errorf("CompareWorst(%s %s, %s %s) = %d", a.ID, a.Severity, b.ID, b.Severity, got)
			}
		}
	}
}
