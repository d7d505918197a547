package shca_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/go-shca/shca"
)

func TestTally(t *testing.T) {
	const c, p, n, u, s, x = shca.StatusCompliant, shca.StatusPartial, shca.StatusNonCompliant, shca.StatusUndecided, shca.StatusSuppressed, shca.StatusNotAssessed
	for _, tc := range []struct {
		tally   shca.Tally
		status  shca.Status
		percent string
	}{
		// The worked example of docs/numbers.md.
		{shca.Tally{Passed: 3, Failed: 1, Warning: 2, NotAvailable: 4, Suppressed: 1}, p, "75.00"},
		{shca.Tally{}, x, ""},
		{shca.Tally{Passed: 1}, c, "100.00"},
		{shca.Tally{Failed: 1}, n, "0.00"},
		{shca.Tally{Warning: 1}, u, ""},
		{shca.Tally{NotAvailable: 1}, u, ""},
		{shca.Tally{Suppressed: 1}, s, ""},
		{shca.Tally{Passed: 1, Failed: 1}, p, "50.00"},
		{shca.Tally{Passed: 1, Warning: 9}, c, "100.00"},
		{shca.Tally{Passed: 1, NotAvailable: 9}, c, "100.00"},
		{shca.Tally{Passed: 1, Suppressed: 9}, c, "100.00"},
		{shca.Tally{Failed: 1, Warning: 9}, n, "0.00"},
		{shca.Tally{Failed: 1, Suppressed: 9}, n, "0.00"},
		{shca.Tally{Warning: 1, Suppressed: 9}, u, ""},
		{shca.Tally{NotAvailable: 1, Suppressed: 9}, u, ""},
		{shca.Tally{Warning: 1, NotAvailable: 1}, u, ""},
	} {
		if got := tc.tally.Status(); got != tc.status {
			t.Errorf("status of %+v is %q, want %q", tc.tally, got, tc.status)
		}
		if got := shca.Percent(tc.tally.Passed, tc.tally.Decided()); got != tc.percent {
			t.Errorf("pass rate of %+v prints %q, want %q", tc.tally, got, tc.percent)
		}
		rate, ok := tc.tally.PassRate()
		if ok != (tc.percent != "") || ok != tc.status.Decided() || fmt.Sprintf("%.2f", rate*100) != tc.percent && ok || !ok && rate != 0 {
			t.Errorf("pass rate of %+v is %v, %v", tc.tally, rate, ok)
		}
	}
}

// TestTallyStatusOfEvery combination of outcomes against the definition in words.
func TestTallyStatusOfEvery(t *testing.T) {
	for bits := range 32 {
		one := func(i int) int64 { return int64(bits >> i & 1 * (i + 1)) }
		tally := shca.Tally{Passed: one(0), Failed: one(1), Warning: one(2), NotAvailable: one(3), Suppressed: one(4)}
		want := shca.StatusNotAssessed
		if tally.Suppressed > 0 {
			want = shca.StatusSuppressed
		}
		if tally.Warning+tally.NotAvailable > 0 {
			want = shca.StatusUndecided
		}
		if tally.Failed > 0 {
			want = shca.StatusNonCompliant
		}
		if tally.Passed > 0 {
			want = shca.StatusCompliant
			if tally.Failed > 0 {
				want = shca.StatusPartial
			}
		}
		if got := tally.Status(); got != want {
			t.Errorf("status of %+v is %q, want %q", tally, got, want)
		}
	}
}

func TestTallySums(t *testing.T) {
	a := shca.Tally{Passed: 1, Failed: 20, Warning: 300, NotAvailable: 4000, Suppressed: 50000}
	b := shca.Tally{Passed: 2, Failed: 30, Warning: 400, NotAvailable: 5000, Suppressed: 60000}
	want := shca.Tally{Passed: 3, Failed: 50, Warning: 700, NotAvailable: 9000, Suppressed: 110000}
	if got := a.Plus(b); got != want {
		t.Errorf("sum is %+v, want %+v", got, want)
	}
	if got, want := [4]int64{a.Decided(), a.Undecided(), a.Scored(), a.Total()}, [4]int64{21, 4300, 4321, 54321}; got != want {
		t.Errorf("decided, undecided, scored, total are %v, want %v", got, want)
	}
}

func TestPercent(t *testing.T) {
	for _, tc := range []struct {
		part, whole int64
		want        string
	}{
		{0, 0, ""}, {1, 0, ""}, {1, -1, ""},
		{0, 1, "0.00"}, {1, 1, "100.00"}, {2, 1, "100.00"}, {-1, 2, "0.00"},
		{1, 2, "50.00"}, {1, 3, "33.33"}, {2, 3, "66.67"}, {3, 4, "75.00"},
		// halves round up
		{1, 20_000, "0.01"}, {3, 20_000, "0.02"}, {1, 32, "3.13"}, {201, 20_000, "1.01"}, {1001, 20_000, "5.01"},
		{1005, 100_000, "1.01"}, {10_050_000, 1_000_000_000, "1.01"}, {1_004_999, 100_000_000, "1.00"},
		// all and nothing are never rounded to
		{1, 1_000_000, "0.01"}, {999_999, 1_000_000, "99.99"}, {199_999, 200_000, "99.99"}, {9_999, 10_000, "99.99"},
		{1, math.MaxInt64, "0.01"}, {math.MaxInt64 - 1, math.MaxInt64, "99.99"}, {math.MaxInt64, math.MaxInt64, "100.00"},
		{math.MaxInt64 / 2, math.MaxInt64, "50.00"}, {math.MaxInt64/4 + 1, math.MaxInt64, "25.00"},
	} {
		if got := shca.Percent(tc.part, tc.whole); got != tc.want {
			t.Errorf("Percent(%d, %d) = %q, want %q", tc.part, tc.whole, got, tc.want)
		}
	}
}

// TestPercentIsExact compares with arithmetic of any precision, on fractions
// that lie on, or next to, a half of the last decimal too.
func TestPercentIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		whole := r.Int64N(math.MaxInt64>>r.IntN(62)) + 1
		if r.IntN(2) == 0 {
			whole = max(1, whole/20_000) * 20_000
		}
		part := r.Int64N(whole + 1)
		if whole%20_000 == 0 && r.IntN(2) == 0 {
			part = min(whole, whole/20_000*r.Int64N(20_001)+r.Int64N(3)-1)
		}
		// floor((part * 20000 + whole) / (2 * whole)), held between 1 and 9999
		n := new(big.Int).Mul(big.NewInt(part), big.NewInt(20_000))
		n.Add(n, big.NewInt(whole)).Div(n, new(big.Int).Mul(big.NewInt(whole), big.NewInt(2)))
		h := min(max(n.Int64(), 1), 9_999)
		switch {
		case part <= 0:
			h = 0
		case part == whole:
			h = 10_000
		}
		if got, want := shca.Percent(part, whole), fmt.Sprintf("%d.%02d", h/100, h%100); got != want {
			t.Fatalf("Percent(%d, %d) = %q, want %q", part, whole, got, want)
		}
	}
}

func TestStatusWords(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range shca.Statuses() {
		text, err := s.MarshalText()
		var back shca.Status
		if err != nil || back.UnmarshalText(text) != nil || back != s || string(text) != s.String() || seen[s.String()] || s.String() == "" {
			t.Errorf("status %d is written %q and reads as %d", s, text, back)
		}
		seen[s.String()] = true
	}
	if len(seen) != 6 {
		t.Errorf("there are %d statuses", len(seen))
	}
	var s shca.Status
	if err := json.Unmarshal([]byte(`"fine"`), &s); err == nil {
		t.Errorf("a word that is no status reads as %q", s)
	}
	if got := shca.Status(99).String(); got != "" {
		t.Errorf("status 99 prints %q", got)
	}
}
