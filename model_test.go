package shca_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/go-shca/shca"
)

func TestSeverity(t *testing.T) {
	labels := []string{"", "INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"}
	for i, label := range labels {
		s := shca.Severity(i)
		if s.String() != label {
			t.Errorf("severity %d prints %q, want %q", i, s, label)
		}
		got, ok := shca.ParseSeverity(strings.ToLower(label))
		if got != s || ok != (i > 0) {
			t.Errorf("ParseSeverity(%q) = %v, %v", strings.ToLower(label), got, ok)
		}
	}
	if s := shca.Severity(6); s.String() != "" {
		t.Errorf("severity 6 prints %q", s)
	}
	if got, ok := shca.ParseSeverity("SEVERE"); got != shca.SeverityUnknown || ok {
		t.Errorf("ParseSeverity(SEVERE) = %v, %v", got, ok)
	}
	for _, tc := range []struct {
		n    float64
		want shca.Severity
	}{
		{-0.1, shca.SeverityUnknown}, {0, shca.Informational}, {0.5, shca.Low}, {1, shca.Low}, {39, shca.Low}, {39.9, shca.Low},
		{40, shca.Medium}, {69, shca.Medium}, {70, shca.High}, {89, shca.High}, {90, shca.Critical}, {100, shca.Critical},
		{100.1, shca.SeverityUnknown}, {math.NaN(), shca.SeverityUnknown},
	} {
		if got := shca.SeverityFromNormalized(tc.n); got != tc.want {
			t.Errorf("SeverityFromNormalized(%v) = %v, want %v", tc.n, got, tc.want)
		}
	}
}

func TestFinding(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	for _, tc := range []struct {
		f    shca.Finding
		want time.Time
	}{
		{shca.Finding{}, time.Time{}},
		{shca.Finding{CreatedAt: day(1)}, day(1)},
		{shca.Finding{CreatedAt: day(3), UpdatedAt: day(2)}, day(2)},
		{shca.Finding{CreatedAt: day(3), UpdatedAt: day(2), LastObservedAt: day(1)}, day(1)},
	} {
		if got := tc.f.Observed(); !got.Equal(tc.want) {
			t.Errorf("%+v was observed at %v, want %v", tc.f, got, tc.want)
		}
	}
	for _, tc := range []struct {
		f       shca.Finding
		product string
		own     bool
	}{
		{shca.Finding{ProductARN: "arn:aws:securityhub:us-east-1::product/aws/securityhub", ProductName: "Security Hub"}, "AWS Security Hub", true},
		{shca.Finding{ProductARN: "arn:aws-us-gov:securityhub:us-gov-west-1::product/aws/securityhub"}, "AWS Security Hub", true},
		{shca.Finding{ProductARN: "arn:aws:securityhub:us-east-1::productv2/aws/securityhub", ProductName: "Security Hub"}, "AWS Security Hub", true},
		{shca.Finding{ProductARN: "arn:aws:securityhub:us-east-1::productv2/aws/guardduty", GeneratorID: "security-control/S3.8"}, "aws/guardduty", false},
		{shca.Finding{ProductARN: "arn:aws:securityhub:us-east-1::productv3/aws/securityhub"}, "an unnamed product", false},
		{shca.Finding{GeneratorID: "security-control/S3.8"}, "AWS Security Hub", true},
		{shca.Finding{ProductARN: "arn:aws:securityhub:us-east-1::product/prowler/prowler", GeneratorID: "security-control/S3.8"}, "prowler/prowler", false},
		{shca.Finding{ProductARN: "arn:aws:securityhub:us-east-1::product/prowler/prowler", ProductName: "Prowler"}, "Prowler", false},
		{shca.Finding{ProductARN: "arn:aws:securityhub:us-east-1::product/aws/securityhub2"}, "aws/securityhub2", false},
		{shca.Finding{GeneratorID: "aws-foundational-security-best-practices/v/1.0.0/S3.8"}, "an unnamed product", false},
	} {
		if tc.f.Product() != tc.product || tc.f.SecurityHub() != tc.own {
			t.Errorf("%+v is of %q (own: %v), want %q (%v)", tc.f, tc.f.Product(), tc.f.SecurityHub(), tc.product, tc.own)
		}
	}
	f := shca.Finding{}
	if f.ResourceID() != "" || f.Suppressed() || f.Archived() {
		t.Errorf("an empty finding has resource %q, suppressed %v, archived %v", f.ResourceID(), f.Suppressed(), f.Archived())
	}
	f = shca.Finding{Resources: []shca.Resource{{ID: "b"}, {ID: "a"}}, Workflow: "SUPPRESSED", RecordState: "ARCHIVED"}
	if f.ResourceID() != "b a" || !f.Suppressed() || !f.Archived() {
		t.Errorf("resources %q, suppressed %v, archived %v", f.ResourceID(), f.Suppressed(), f.Archived())
	}
}

func TestFindingError(t *testing.T) {
	cause := errors.New("is no time")
	for want, e := range map[string]*shca.FindingError{
		"a.json: finding 3 (arn:x): /UpdatedAt: is no time": {Source: "a.json", Number: 3, ID: "arn:x", Field: "/UpdatedAt", Err: cause},
		"a.json: finding 3: is no time":                     {Source: "a.json", Number: 3, Err: cause},
	} {
		if e.Error() != want || !errors.Is(e, cause) {
			t.Errorf("error %q, want %q", e, want)
		}
	}
	if e := (&shca.FindingError{ID: strings.Repeat("x", 10_000), Err: cause}); len(e.Error()) > 300 {
		t.Errorf("a long id makes an error of %d bytes", len(e.Error()))
	}
}

func TestProgress(t *testing.T) {
	var none *shca.Progress
	none.AddBytes(1)
	none.AddTotal(1)
	none.AddFindings(1)
	if b, n, f := none.Read(); b+n+f != 0 {
		t.Error("a nil Progress counts")
	}
	p := &shca.Progress{}
	p.AddBytes(1)
	p.AddTotal(20)
	p.AddFindings(300)
	p.AddBytes(1)
	if b, n, f := p.Read(); b != 2 || n != 20 || f != 300 {
		t.Errorf("progress reads %d, %d, %d", b, n, f)
	}
}

// model is an assessment of two baseline controls in one family, one in
// another, one not assessed, and one outside.
func model() *shca.Assessment {
	return &shca.Assessment{
		Baseline: "test",
		Controls: []shca.ControlResult{
			{ID: "ac-2", FamilyTitle: "Access Control", InBaseline: true, Status: shca.StatusPartial, Checks: []shca.CheckID{"A.1", "A.2"}},
			{ID: "ac-3", FamilyTitle: "Access Control", InBaseline: true, Status: shca.StatusCompliant, Checks: []shca.CheckID{"A.1"}},
			{ID: "ac-4", FamilyTitle: "Access Control", InBaseline: true, Status: shca.StatusUndecided, Checks: []shca.CheckID{"A.3"}},
			{ID: "au-2", FamilyTitle: "Audit and Accountability", InBaseline: true, Status: shca.StatusCompliant, Checks: []shca.CheckID{"A.1"}},
			{ID: "au-3", FamilyTitle: "Audit and Accountability", InBaseline: true, Status: shca.StatusNonCompliant, Checks: []shca.CheckID{"A.5"}},
			{ID: "pe-1", FamilyTitle: "Physical", InBaseline: true},
			{ID: "zz-1", Status: shca.StatusNonCompliant, Checks: []shca.CheckID{"A.4", "A.1"}},
		},
		Checks: []shca.CheckResult{
			{ID: "A.1", Tally: shca.Tally{Passed: 3}},
			{ID: "A.2", Tally: shca.Tally{Passed: 1, Failed: 10}},
			{ID: "A.3", Tally: shca.Tally{Warning: 100, Suppressed: 1}},
			{ID: "A.4", Tally: shca.Tally{Failed: 1000}},
			{ID: "A.5", Tally: shca.Tally{Failed: 7}},
			{ID: "A.10", Tally: shca.Tally{Failed: 1000}}, // unmapped
		},
	}
}

func TestSummary(t *testing.T) {
	const c, p, n, u, x = shca.StatusCompliant, shca.StatusPartial, shca.StatusNonCompliant, shca.StatusUndecided, shca.StatusNotAssessed
	want := shca.Summary{
		Controls: 6, Outside: 1,
		Statuses: map[shca.Status]int{c: 2, p: 1, n: 1, u: 1, x: 1},
		Covered:  4,
		Tally:    shca.Tally{Passed: 4, Failed: 17, Warning: 100, Suppressed: 1}, // A.1 is evidence four times and counts once
		Checks:   4, ChecksPassed: 1, ChecksFailed: 2,
		Families: []shca.FamilySummary{
			{Family: "AC", Title: "Access Control", Controls: 3, Statuses: map[shca.Status]int{p: 1, c: 1, u: 1}, Covered: 2, Tally: shca.Tally{Passed: 4, Failed: 10, Warning: 100, Suppressed: 1}},
			{Family: "AU", Title: "Audit and Accountability", Controls: 2, Statuses: map[shca.Status]int{c: 1, n: 1}, Covered: 2, Tally: shca.Tally{Passed: 3, Failed: 7}},
			{Family: "PE", Title: "Physical", Controls: 1, Statuses: map[shca.Status]int{x: 1}},
		},
	}
	if diff := cmp.Diff(want, model().Summary()); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(shca.Summary{Statuses: map[shca.Status]int{}}, (&shca.Assessment{}).Summary()); diff != "" {
		t.Errorf("summary of nothing (-want +got):\n%s", diff)
	}
}

func TestCheckByID(t *testing.T) {
	a := model()
	for _, c := range a.Checks {
		if got := a.Check(c.ID); got == nil || got.ID != c.ID {
			t.Errorf("Check(%q) = %v", c.ID, got)
		}
	}
	for _, id := range []shca.CheckID{"", "A.0", "A.6", "B"} {
		if got := a.Check(id); got != nil {
			t.Errorf("Check(%q) = %v", id, got)
		}
	}
}

func TestVerdict(t *testing.T) {
	controls := func(statuses ...shca.Status) []shca.ControlResult {
		var all []shca.ControlResult
		for i, s := range statuses {
			all = append(all, shca.ControlResult{ID: shca.ControlID(fmt.Sprintf("ac-%d", i+1)), InBaseline: true, Status: s})
		}
		return append(all, shca.ControlResult{ID: "zz-1", Status: shca.StatusNonCompliant})
	}
	const c, p, n, u, s, x = shca.StatusCompliant, shca.StatusPartial, shca.StatusNonCompliant, shca.StatusUndecided, shca.StatusSuppressed, shca.StatusNotAssessed
	for _, tc := range []struct {
		a    shca.Assessment
		want string
	}{
		{shca.Assessment{Controls: controls(c, c, c, p, n, u, s, x)},
			"2 of 8 baseline controls have failing automated evidence, 3 have passing evidence only, and 3 have no decided evidence."},
		{shca.Assessment{Controls: controls(c, n, x)},
			"1 of 3 baseline controls has failing automated evidence, 1 has passing evidence only, and 1 has no decided evidence."},
		{shca.Assessment{Controls: controls(c, c)},
			"0 of 2 baseline controls have failing automated evidence, 2 have passing evidence only, and 0 have no decided evidence."},
		{shca.Assessment{Controls: controls(u, s, x)}, "Nothing was decided: none of the 3 baseline controls has a decided finding."},
		{shca.Assessment{Controls: controls(u, u), AllControls: true}, "Nothing was decided: none of the 2 controls with findings has a decided finding."},
		{shca.Assessment{Controls: controls(c, n), AllControls: true},
			"1 of 2 controls with findings has failing automated evidence, 1 has passing evidence only, and 0 have no decided evidence."},
		{shca.Assessment{AllControls: true}, "Nothing was assessed: there are no controls with findings."},
		{shca.Assessment{Scopes: []shca.Scope{{Skipped: 1}}},
			"Nothing was assessed: there are no baseline controls. The assessment is incomplete: 1 finding could not be read."},
		{shca.Assessment{Scopes: []shca.Scope{{Skipped: 1}, {Skipped: 2}, {Err: "e"}}},
			"Nothing was assessed: there are no baseline controls. The assessment is incomplete: 3 findings could not be read, and 1 scope was not read in full."},
		{shca.Assessment{Scopes: []shca.Scope{{Err: "e"}, {Err: "e"}, {}}},
			"Nothing was assessed: there are no baseline controls. The assessment is incomplete: 2 scopes were not read in full."},
		{shca.Assessment{ProblemCount: 1}, "Nothing was assessed: there are no baseline controls. The assessment is incomplete: 1 problem was met."},
	} {
		if got := tc.a.Verdict(); got != tc.want {
			t.Errorf("verdict\n got %s\nwant %s", got, tc.want)
		}
	}
}

func TestComplete(t *testing.T) {
	for _, tc := range []struct {
		a    shca.Assessment
		want bool
	}{
		{shca.Assessment{}, true},
		{shca.Assessment{Scopes: []shca.Scope{{Note: "n", Findings: 3}}}, true},
		{shca.Assessment{Scopes: []shca.Scope{{}, {Err: "e"}}}, false},
		{shca.Assessment{Scopes: []shca.Scope{{Skipped: 1}}}, false},
		{shca.Assessment{ProblemCount: 1}, false},
	} {
		if got := tc.a.Complete(); got != tc.want {
			t.Errorf("%+v is complete: %v", tc.a, got)
		}
	}
}

func TestClose(t *testing.T) {
	calls := 0
	a := &shca.Assessment{Release: func() error { calls++; return errors.New("once") }}
	if err := a.Close(); err == nil || calls != 1 {
		t.Errorf("first Close: %v, %d calls", err, calls)
	}
	if err := a.Close(); err != nil || calls != 1 {
		t.Errorf("second Close: %v, %d calls", err, calls)
	}
	if err := (&shca.Assessment{}).Close(); err != nil {
		t.Errorf("Close of an assessment without storage: %v", err)
	}
}

// TestMethod: what the definitions promise is what the code computes.
func TestMethod(t *testing.T) {
	terms := map[string]string{}
	for _, d := range shca.Method() {
		if d.Term == "" || !strings.HasSuffix(d.Meaning, ".") || terms[d.Term] != "" {
			t.Errorf("definition %+v", d)
		}
		terms[d.Term] = d.Meaning
	}
	if !strings.Contains(terms["Mapping"], "32") || !strings.Contains(terms["Pass rate"], "passed / (passed + failed)") {
		t.Errorf("definitions %v", terms)
	}
}

// TestJSON: every type of the model comes back from its JSON as it was, with
// every field set and with none.
func TestJSON(t *testing.T) {
	for _, v := range []any{
		&shca.Assessment{}, &shca.ControlResult{}, &shca.CheckResult{}, &shca.CheckText{}, &shca.Scope{}, &shca.Summary{}, &shca.FamilySummary{},
		&shca.Sample{}, &shca.Note{}, &shca.Remediation{}, &shca.Tally{}, &shca.Artifact{}, &shca.ReasonCount{}, &shca.Count{},
		&shca.Set[string]{}, &shca.Set[shca.ResourceHash]{}, &shca.Set[shca.ControlID]{},
	} {
		kind := reflect.TypeOf(v).Elem()
		t.Run(kind.String(), func(t *testing.T) {
			for _, filled := range []bool{false, true} {
				want, got := reflect.New(kind), reflect.New(kind)
				if filled {
					n := 0
					fill(want.Elem(), &n)
				}
				data, err := json.Marshal(want.Interface())
				if err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal(data, got.Interface()); err != nil {
					t.Fatal(err)
				}
				// Findings, Artifacts and Release are not part of the JSON.
				if diff := cmp.Diff(want.Interface(), got.Interface(), cmpopts.IgnoreFields(shca.Assessment{}, "Findings", "Artifacts", "Release")); diff != "" {
					t.Errorf("(-want +got):\n%s\n%s", diff, data)
				}
			}
		})
	}
}

// fill sets every exported field, and gives every slice and map members; n
// makes the values differ.
func fill(v reflect.Value, n *int) {
	*n++
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		*p = time.Date(2026, 1, 1, 0, 0, *n, 987_654_321, time.UTC)
		return
	case *shca.Status:
		*p = shca.Statuses()[*n%6]
		return
	case *shca.Severity:
		*p = shca.Severity(1 + *n%5)
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d <&>\u2028é", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint64:
		v.SetUint(1<<63 + uint64(*n))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key, n)
			fill(value, n)
			v.SetMapIndex(key, value)
		}
	case reflect.Func:
	default:
		panic("fill: " + v.Type().String())
	}
}

// TestClip: a check keeps no more of a finding's texts than MaxText bytes each,
// whole characters, and marks what it has cut.
func TestClip(t *testing.T) {
	long := strings.Repeat("é", shca.MaxText)
	f := &shca.Finding{
		ID: long, AccountID: long, Region: long, Title: long, Description: long, Status: shca.Warning,
		Remediation: shca.Remediation{Text: long, URL: long}, ConfigRule: long, ProductName: long,
		StatusReasons: []shca.StatusReason{{Code: long, Description: long}},
		Resources:     []shca.Resource{{ID: long, Type: long}}, Note: shca.Note{Text: long, UpdatedBy: long},
	}
	suppressed := *f
	suppressed.Workflow = "SUPPRESSED"
	var r shca.CheckResult
	r.Add(f, shca.Citation{Unread: []string{long}})
	r.Add(&suppressed, shca.Citation{})
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var walk func(v any)
	cut := 0
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			if len(v) > shca.MaxText || !utf8.ValidString(v) {
				t.Errorf("a text of %d bytes is kept: %.40q…", len(v), v)
			}
			if strings.HasSuffix(v, "é…") {
				cut++
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	var doc any
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	walk(doc)
	if want := 18; cut != want { // 5 texts, 5 in sets and reasons, 8 in the sample
		t.Errorf("%d texts are marked as cut, want %d: %s", cut, want, data)
	}
}

// Security Hub calls a check passed only if all its findings are: one that is
// undecided makes it unknown.
func TestSecurityScore(t *testing.T) {
	a := &shca.Assessment{
		Controls: []shca.ControlResult{{ID: "ac-3", InBaseline: true, Checks: []shca.CheckID{"A.1", "A.2", "A.3", "A.4", "A.5"}}},
		Checks: []shca.CheckResult{
			{ID: "A.1", Tally: shca.Tally{Passed: 2, Suppressed: 1}},
			{ID: "A.2", Tally: shca.Tally{Passed: 2, Warning: 1}},
			{ID: "A.3", Tally: shca.Tally{Passed: 9, Failed: 1}},
			{ID: "A.4", Tally: shca.Tally{NotAvailable: 1}},
			{ID: "A.5", Tally: shca.Tally{Suppressed: 1}},
		},
	}
	if s := a.Summary(); s.Checks != 5 || s.ChecksPassed != 1 || s.ChecksFailed != 1 {
		t.Errorf("%d checks, %d passed, %d failed; want 5, 1, 1", s.Checks, s.ChecksPassed, s.ChecksFailed)
	}
}

// TestFindingErrorIsShort: what a hostile finding calls itself does not fill
// messages, which are kept.
func TestFindingErrorIsShort(t *testing.T) {
	long := strings.Repeat("é", 10_000)
	e := &shca.FindingError{Source: "in.json", Number: 7, ID: long, Field: "/" + long, Err: errors.New("wrong type")}
	text := e.Error()
	if len(text) > 500 || !utf8.ValidString(text) || strings.Count(text, "…") != 2 || !strings.HasSuffix(text, ": wrong type") {
		t.Errorf("%d bytes: %s", len(text), text)
	}
}

func TestIsAccountID(t *testing.T) {
	for text, want := range map[string]bool{
		"111122223333": true, "000000000000": true, "": false, "11112222333": false, "1111222233334": false,
		"11112222333x": false, " 11112222333": false, "１11122223": false,
	} {
		if got := shca.IsAccountID(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestScopeName(t *testing.T) {
	for want, s := range map[string]shca.Scope{
		"asff 111122223333 us-east-1": {Source: "asff", AccountID: "111122223333", Region: "us-east-1"},
		"findings.json":               {Source: "findings.json"},
	} {
		if got := s.Name(); got != want {
			t.Errorf("%+v: %q, want %q", s, got, want)
		}
	}
}
