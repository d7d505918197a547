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
	Accounts, Regions int // that findings are of, or that were read in full
	// OfAccounts and OfRegions count those besides of which nothing was read.
	OfAccounts, OfRegions int
}

// Looked reports whether something was read of the scope: findings, or all there
// is.
func Looked(s *shca.Scope) bool { return s.Findings > 0 || s.Complete() }

// Places prints the accounts and Regions that were read, and of how many where
// nothing was read of some: "36 of 40 accounts and 1 of 2 regions".
func (t Totals) Places() string { return t.AccountsText() + " and " + t.RegionsText() }

// AccountsText prints the accounts of Places.
func (t Totals) AccountsText() string { return some(t.Accounts, t.OfAccounts, "account") }

// RegionsText prints the Regions of Places.
func (t Totals) RegionsText() string { return some(t.Regions, t.OfRegions, "region") }

func some(read, all int, one string) string {
	if read == all {
		return Plural(read, one)
	}
	return Number(read) + " of " + Plural(all, one)
}

// Total sums the scopes of an assessment.
func Total(a *shca.Assessment) Totals {
	var t Totals
	accounts, regions := map[string]bool{}, map[string]bool{} // whether something was read of it
	for i := range a.Scopes {
		s := &a.Scopes[i]
		accounts[s.AccountID] = accounts[s.AccountID] || Looked(s)
		regions[s.Region] = regions[s.Region] || Looked(s)
		t.Findings += s.Findings
		t.Assessed += s.Assessed
		t.Suppressed += s.Suppressed
		t.NotScored += s.NotScored
		t.Archived += s.Archived
		t.Superseded += s.Superseded
		t.Skipped += s.Skipped
	}
	t.Accounts, t.OfAccounts = count(accounts)
	t.Regions, t.OfRegions = count(regions)
	return t
}

// count returns how many names are true, and how many there are.
func count(names map[string]bool) (read, all int) {
	for name, ok := range names {
		if name == "" {
			continue
		}
		all++
		if ok {
			read++
		}
	}
	return read, all
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
