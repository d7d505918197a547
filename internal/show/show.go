// Package show prints the numbers of an assessment for people, once for all
// reports, so that no two of them say the same in different words.
package show

import (
	"strconv"
	"time"

	"github.com/go-shca/shca"
)

// Rate prints part / whole as "75.00 %", and a dash where whole is zero: then
// there is no rate.
func Rate[T int | int64](part, whole T) string {
	if p := shca.Percent(int64(part), int64(whole)); p != "" {
		return p + " %"
	}
	return "–"
}

// Number prints thousands in groups: "1,234".
func Number[T int | int64](n T) string {
	text := strconv.FormatInt(int64(n), 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// Plural prints a number and its noun: "1 check", "1,234 checks".
func Plural[T int | int64](n T, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(n) + " " + one + "s"
}

// Date prints "2026-01-31 12:00 UTC", and nothing for the zero time.
func Date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// Totals sums what was read over all scopes.
type Totals struct {
	shca.Scope            // its counts are the sums; it has no name, error or note
	Accounts, Regions int // accounts and regions named
}

// Total sums the scopes of an assessment.
func Total(a *shca.Assessment) Totals {
	var t Totals
	accounts, regions := map[string]bool{"": true}, map[string]bool{"": true}
	for i := range a.Scopes {
		s := &a.Scopes[i]
		accounts[s.AccountID], regions[s.Region] = true, true
		t.Findings += s.Findings
		t.Assessed += s.Assessed
		t.Suppressed += s.Suppressed
		t.NotScored += s.NotScored
		t.Archived += s.Archived
		t.Superseded += s.Superseded
		t.Skipped += s.Skipped
	}
	t.Accounts, t.Regions = len(accounts)-1, len(regions)-1
	return t
}

// Meaning says in a few words what a status rests on.
func Meaning(s shca.Status) string {
	switch s {
	case shca.StatusCompliant:
		return "passing findings, none failing"
	case shca.StatusPartial:
		return "passing and failing findings"
	case shca.StatusNonCompliant:
		return "failing findings, none passing"
	case shca.StatusUndecided:
		return "only WARNING or NOT_AVAILABLE findings"
	case shca.StatusSuppressed:
		return "only suppressed findings"
	}
	return "no finding: needs examination, interview or test"
}
