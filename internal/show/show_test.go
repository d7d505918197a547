package show_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

func TestText(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{show.Rate(3, 4), "75.00 %"}, {show.Rate(0, 4), "0.00 %"}, {show.Rate(0, 0), "–"}, {show.Rate(int64(999_999), int64(1_000_000)), "99.99 %"},
		{show.Number(0), "0"}, {show.Number(999), "999"}, {show.Number(1000), "1,000"}, {show.Number(-123456), "-123,456"}, {show.Number(int64(1234567)), "1,234,567"},
		{show.Plural(0, "check"), "0 checks"}, {show.Plural(1, "check"), "1 check"}, {show.Plural(1234, "check"), "1,234 checks"},
		{show.Date(time.Time{}), ""}, {show.Date(time.Date(2026, 1, 31, 13, 5, 0, 0, time.FixedZone("", 3600))), "2026-01-31 12:05 UTC"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
	for _, s := range shca.Statuses() {
		if show.Meaning(s) == "" {
			t.Errorf("%v has no meaning", s)
		}
	}
}

func TestTotal(t *testing.T) {
	got := show.Total(&shca.Assessment{Scopes: []shca.Scope{
		{AccountID: "1", Region: "a", Findings: 15, Assessed: 1, Suppressed: 2, NotScored: 3, Archived: 4, Superseded: 5},
		{AccountID: "1", Region: "b", Findings: 1, Assessed: 1},
		{Source: "export.json", Skipped: 7, Err: "cut off"},
	}})
	want := show.Totals{
		Scope:    shca.Scope{Findings: 16, Assessed: 2, Suppressed: 2, NotScored: 3, Archived: 4, Superseded: 5, Skipped: 7},
		Accounts: 1, Regions: 2, OfAccounts: 1, OfRegions: 2,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestPlaces: accounts and Regions of which nothing was read are none that were.
func TestPlaces(t *testing.T) {
	for _, test := range []struct {
		scopes []shca.Scope
		want   string
	}{
		{nil, "0 accounts and 0 regions"},
		{[]shca.Scope{{AccountID: "1", Region: "a", Findings: 5}}, "1 account and 1 region"},
		{[]shca.Scope{{AccountID: "1", Region: "a"}}, "1 account and 1 region"}, // read in full: there is nothing
		{[]shca.Scope{{AccountID: "1", Region: "a", Err: "denied"}}, "0 of 1 account and 0 of 1 region"},
		{[]shca.Scope{{AccountID: "1", Region: "a", Skipped: 1}}, "0 of 1 account and 0 of 1 region"},
		{[]shca.Scope{{AccountID: "1", Region: "a", Findings: 5, Err: "cut off"}}, "1 account and 1 region"},
		{[]shca.Scope{
			{AccountID: "1", Region: "a", Findings: 5}, {AccountID: "2", Region: "a", Findings: 5},
			{AccountID: "2", Region: "b", Err: "denied"}, {AccountID: "3", Region: "b", Err: "denied"}, {Err: "denied"},
		}, "2 of 3 accounts and 1 of 2 regions"},
	} {
		if got := show.Total(&shca.Assessment{Scopes: test.scopes}).Places(); got != test.want {
			t.Errorf("%+v: %q, want %q", test.scopes, got, test.want)
		}
	}
}
