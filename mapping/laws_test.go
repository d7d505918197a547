package mapping

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
)

func framework(t testing.TB) *catalogs.Framework {
	t.Helper()
	f, err := catalogs.Find("nist-800-53-r5")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// day is a moment of January 2026.
func day(d int) time.Time { return time.Date(2026, 1, d, 12, 0, 0, 0, time.UTC) }

// randomFinding takes every value from a small range, so that ties are common.
// wide findings come from more accounts, regions, resources, reasons and
// products than a check remembers.
func randomFinding(r *rand.Rand, wide bool) *shca.Finding {
	pick := func(texts ...string) string { return texts[r.IntN(len(texts))] }
	number := func(narrow, wider int) string {
		if wide {
			narrow = wider
		}
		return fmt.Sprint(r.IntN(narrow))
	}
	when := func() time.Time {
		if r.IntN(4) == 0 {
			return time.Time{}
		}
		return day(1 + r.IntN(3))
	}
	f := &shca.Finding{
		ID: pick("", "id", "id"+number(3, 100)), Check: shca.CheckID(pick("S3.8", "S3.10", "X.1")),
		ProductARN: "arn:aws:securityhub:us-east-1::product/p/" + number(2, 3*shca.MaxProducts),
		AccountID:  pick("", number(3, 3*shca.MaxAccounts)), Region: pick("", number(3, 3*shca.MaxRegions)),
		Status:   shca.ComplianceStatus(pick("PASSED", "FAILED", "FAILED", "WARNING", "NOT_AVAILABLE")),
		Severity: shca.Severity(r.IntN(6)), Workflow: pick("", "NEW", "SUPPRESSED"),
		Title: pick("", "title", "other title"), Description: pick("", "text"), ConfigRule: pick("", "rule"),
		Remediation: shca.Remediation{Text: pick("", "do"), URL: pick("", "https://example.com")},
		Note:        shca.Note{Text: pick("", "note"), UpdatedBy: pick("", "me"), UpdatedAt: when()},
		CreatedAt:   when(), UpdatedAt: when(), FirstObservedAt: when(), LastObservedAt: when(),
		Disposition: shca.Assessed,
	}
	if f.Suppressed() {
		f.Disposition = shca.Suppressed
	}
	for range r.IntN(3) {
		f.Resources = append(f.Resources, shca.Resource{ID: pick("", number(3, 3*shca.MaxResources)), Type: pick("", "AwsS3Bucket")})
	}
	for range r.IntN(3) {
		f.StatusReasons = append(f.StatusReasons, shca.StatusReason{Code: pick("", "CODE"+number(3, 2*shca.MaxReasons)), Description: pick("", "why")})
	}
	for range r.IntN(3) {
		f.Requirements = append(f.Requirements, "NIST.800-53.r5 AC-"+number(3, 900), pick("PCI DSS 1.2", "NIST.800-53.r5 nonsense "+number(3, 3*shca.MaxUnread)))
	}
	if r.IntN(50) == 0 {
		f.Requirements = slices.Repeat([]string{"NIST.800-53.r5 AU-2"}, requirementCap)
	}
	return f
}

// checkLaws adds the findings to accumulators in any order and grouping and
// wants what one accumulator comes to.
func checkLaws(t *testing.T, r *rand.Rand, findings []*shca.Finding) {
	t.Helper()
	fw := framework(t)
	whole := NewAccumulator(fw)
	for _, f := range findings {
		whole.Add(f)
	}
	want := whole.Checks()
	alone := NewAccumulator(fw)
	alone.Merge(whole)
	if diff := cmp.Diff(want, alone.Checks()); diff != "" {
		t.Fatalf("merged into nothing, the whole differs:\n%s", diff)
	}
	findings = slices.Clone(findings)
	for range 3 {
		r.Shuffle(len(findings), func(i, k int) { findings[i], findings[k] = findings[k], findings[i] })
		parts := make([]*Accumulator, 1+r.IntN(6))
		for i := range parts {
			parts[i] = NewAccumulator(fw)
		}
		for _, f := range findings {
			parts[r.IntN(len(parts))].Add(f)
		}
		for len(parts) > 1 {
			i := r.IntN(len(parts))
			k := (i + 1 + r.IntN(len(parts)-1)) % len(parts)
			before := asJSON(t, parts[k].Checks())
			parts[i].Merge(parts[k])
			if after := asJSON(t, parts[k].Checks()); after != before {
				t.Fatalf("Merge changed its argument (-before +after):\n%s", cmp.Diff(before, after))
			}
			// What was merged may grow without effect.
			if len(findings) > 0 {
				parts[k].Add(findings[0])
			}
			parts = slices.Delete(parts, k, k+1)
		}
		if diff := cmp.Diff(want, parts[0].Checks()); diff != "" {
			t.Fatalf("parts of %d findings differ from the whole (-whole +parts):\n%s", len(findings), diff)
		}
	}
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestAccumulatorLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 150 {
		findings := make([]*shca.Finding, r.IntN(60))
		for k := range findings {
			findings[k] = randomFinding(r, i%2 == 0)
			if r.IntN(8) == 0 {
				findings[k].Disposition, findings[k].Duplicate = shca.Superseded, r.IntN(2) == 0
				findings[k].Source = []string{shca.SourceASFF, shca.SourceAuditManager}[r.IntN(2)]
			}
		}
		checkLaws(t, r, findings)
	}
}

// TestAccumulatorLimits: the laws hold beyond every limit, and nothing that
// is counted is lost to one.
func TestAccumulatorLimits(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	findings := make([]*shca.Finding, 15_000)
	for i := range findings {
		findings[i] = randomFinding(r, true)
	}
	checkLaws(t, r, findings)
	a := NewAccumulator(framework(t))
	total := int64(0)
	for _, f := range findings {
		a.Add(f)
	}
	for _, c := range a.Checks() {
		total += c.Tally.Total()
		for what, got := range map[string]bool{
			"products": len(c.Products.Members) == shca.MaxProducts && c.Products.More,
			"accounts": len(c.Accounts.Members) == shca.MaxAccounts && c.Accounts.More,
			"regions":  len(c.Regions.Members) == shca.MaxRegions && c.Regions.More,
			"resource": len(c.Resources.Members) == shca.MaxResources && c.Resources.More,
			"reasons":  len(c.Reasons) == shca.MaxReasons && c.MoreReasons,
			"unread":   len(c.Unread.Members) == shca.MaxUnread && c.Unread.More,
			"failing":  len(c.Failing) == shca.MaxSamples && c.Failing[0].Severity == shca.Critical,
			"suppress": len(c.Suppressed) == shca.MaxSamples,
			"partial":  c.Partial,
		} {
			if !got {
				t.Errorf("%s: the findings do not reach the limit of %s", c.ID, what)
			}
		}
	}
	if total != int64(len(findings)) {
		t.Errorf("%d findings are counted, want %d", total, len(findings))
	}
}

// TestAccumulatorCounts compares with counting by hand.
func TestAccumulatorCounts(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	a := NewAccumulator(framework(t))
	tallies := map[shca.CheckID]shca.Tally{}
	reasons := map[shca.CheckID]map[string]int64{"S3.8": {}, "S3.10": {}, "X.1": {}}
	first, last := map[shca.CheckID]time.Time{}, map[shca.CheckID]time.Time{}
	accounts := map[shca.CheckID]map[string]bool{"S3.8": {}, "S3.10": {}, "X.1": {}}
	for range 2000 {
		f := randomFinding(r, false)
		a.Add(f)
		n := tallies[f.Check]
		codes := map[string]bool{}
		switch {
		case f.Suppressed():
			n.Suppressed++
		case f.Status == shca.Passed:
			n.Passed++
		case f.Status == shca.Failed:
			n.Failed++
		default:
			if f.Status == shca.Warning {
				n.Warning++
			} else {
				n.NotAvailable++
			}
			for _, s := range f.StatusReasons {
				switch {
				case s.Code != "":
					codes[s.Code] = true
				case s.Description != "":
					codes[s.Description] = true
				default:
					codes[shca.NoReason] = true
				}
			}
			if len(codes) == 0 {
				codes[shca.NoReason] = true
			}
		}
		for code := range codes {
			reasons[f.Check][code]++
		}
		tallies[f.Check] = n
		if f.AccountID != "" && !f.Suppressed() {
			accounts[f.Check][f.AccountID] = true
		}
		begin := f.FirstObservedAt
		if begin.IsZero() {
			begin = f.CreatedAt
		}
		if begin.IsZero() {
			begin = f.Observed()
		}
		if t := first[f.Check]; !begin.IsZero() && (t.IsZero() || begin.Before(t)) {
			first[f.Check] = begin
		}
		if f.Observed().After(last[f.Check]) {
			last[f.Check] = f.Observed()
		}
	}
	for _, c := range a.Checks() {
		got := map[string]int64{}
		for _, r := range c.Reasons {
			got[r.Code] = r.Count
		}
		if diff := cmp.Diff(reasons[c.ID], got); diff != "" || c.MoreReasons {
			t.Errorf("%s: reasons (-want +got):\n%s", c.ID, diff)
		}
		if c.Tally != tallies[c.ID] || !c.First.Equal(first[c.ID]) || !c.Last.Equal(last[c.ID]) || len(c.Accounts.Members) != len(accounts[c.ID]) {
			t.Errorf("%s: got %+v %v %v %v, want %+v %v %v %v", c.ID, c.Tally, c.First, c.Last, c.Accounts, tallies[c.ID], first[c.ID], last[c.ID], accounts[c.ID])
		}
	}
}

// TestAccumulatorTimesAndTexts: which of a finding's times and texts a check
// takes.
func TestAccumulatorTimesAndTexts(t *testing.T) {
	a := NewAccumulator(framework(t))
	add := func(f *shca.Finding) shca.CheckResult {
		f.Check, f.Status, f.Disposition = "X.1", shca.Failed, shca.Assessed
		a.Add(f)
		return a.Checks()[0]
	}
	c := add(&shca.Finding{CreatedAt: day(10), FirstObservedAt: day(9), LastObservedAt: day(12), UpdatedAt: day(11), Title: "first"})
	if !c.First.Equal(day(9)) || !c.Last.Equal(day(12)) || c.Text.Title != "first" || !c.Text.UpdatedAt.Equal(day(11)) {
		t.Errorf("first %v, last %v, text %+v", c.First, c.Last, c.Text)
	}
	c = add(&shca.Finding{CreatedAt: day(8), UpdatedAt: day(13), LastObservedAt: day(9), FirstObservedAt: day(20), Title: "newer"})
	if !c.First.Equal(day(9)) || !c.Last.Equal(day(12)) || c.Text.Title != "newer" {
		t.Errorf("first %v, last %v, text %+v", c.First, c.Last, c.Text)
	}
	c = add(&shca.Finding{LastObservedAt: day(14), Title: "never updated", StatusReasons: []shca.StatusReason{{Code: "C", Description: "why"}}, AccountID: "3"})
	if !c.First.Equal(day(9)) || !c.Last.Equal(day(14)) || c.Text.Title != "never updated" {
		t.Errorf("first %v, last %v, text %+v", c.First, c.Last, c.Text)
	}
	c = add(&shca.Finding{CreatedAt: day(7), StatusReasons: []shca.StatusReason{{Code: "C"}}, AccountID: "2"})
	if !c.First.Equal(day(7)) || c.Failing[2].Reason != "C" || c.Failing[3].Reason != "why" {
		t.Errorf("first %v, samples %+v", c.First, c.Failing)
	}
}

// TestAccumulatorIgnores what counts in no check.
func TestAccumulatorIgnores(t *testing.T) {
	a := NewAccumulator(framework(t))
	for _, d := range []shca.Disposition{"", shca.Superseded, shca.Archived, shca.NotScored} {
		a.Add(&shca.Finding{Check: "S3.8", Status: shca.Failed, Disposition: d})
	}
	if got := a.Checks(); len(got) != 0 {
		t.Errorf("counted: %+v", got)
	}
}

// TestAccumulatorManyRequirements: the memory of citations is bounded, and
// what is beyond its bound is read all the same.
func TestAccumulatorManyRequirements(t *testing.T) {
	a := NewAccumulator(framework(t))
	for i := range maxCitations + 10 {
		a.Add(&shca.Finding{Check: "X.1", Status: shca.Passed, Disposition: shca.Assessed, Requirements: []string{fmt.Sprintf("CIS %d", i)}})
	}
	a.Add(&shca.Finding{Check: "X.1", Status: shca.Passed, Disposition: shca.Assessed, Requirements: []string{"NIST.800-53.r5 AC-2"}})
	if got := a.Checks()[0].Cited.Members; len(a.citations) != maxCitations || !slices.Equal(got, []shca.ControlID{"ac-2"}) {
		t.Errorf("%d texts remembered, cited %v", len(a.citations), got)
	}
}

func FuzzAccumulatorLaws(f *testing.F) {
	f.Add(uint64(1), uint8(10), true)
	f.Add(uint64(2), uint8(100), false)
	f.Add(uint64(3), uint8(0), false)
	f.Fuzz(func(t *testing.T, seed uint64, n uint8, wide bool) {
		r := rand.New(rand.NewPCG(seed, 7))
		findings := make([]*shca.Finding, n)
		for i := range findings {
			findings[i] = randomFinding(r, wide)
		}
		checkLaws(t, r, findings)
	})
}

// TestEvaluateIsPure: the same input gives the same result, and stays as it is.
func TestEvaluateIsPure(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	fw := framework(t)
	moderate, _ := fw.Baseline("moderate")
	a := NewAccumulator(fw)
	for range 500 {
		a.Add(randomFinding(r, true))
	}
	input := a.Checks()
	before, baseline := asJSON(t, input), slices.Clone(moderate.Controls)
	checks, controls := Evaluate(fw, moderate, input)
	for i := range checks { // what comes out is the caller's
		checks[i].Controls = append(checks[i].Controls[:0], "zz-9")
	}
	checks2, controls2 := Evaluate(fw, moderate, input)
	if after := asJSON(t, input); after != before {
		t.Errorf("Evaluate changed its checks (-before +after):\n%s", cmp.Diff(before, after))
	}
	if !slices.Equal(baseline, moderate.Controls) {
		t.Error("Evaluate changed the baseline")
	}
	if diff := cmp.Diff(controls, controls2); diff != "" {
		t.Errorf("a second Evaluate differs:\n%s", diff)
	}
	if slices.Contains(checks2[0].Controls, "zz-9") {
		t.Error("results share memory with the input or the framework")
	}
}
