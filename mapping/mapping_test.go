package mapping

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
)

// TestWorkedExample is the one of docs/numbers.md.
func TestWorkedExample(t *testing.T) {
	var in []*shca.Finding
	add := func(n int, edits ...func(*shca.Finding)) {
		for range n {
			in = append(in, finding(fmt.Sprint("id", len(in)), edits...))
		}
	}
	add(3, status(shca.Passed))
	add(1)
	add(2, status(shca.Warning))
	add(4, status(shca.NotAvailable))
	add(1, suppressed)
	a := assess(t, source(in...), Options{})
	c := control(t, a, "ac-3")
	want := shca.Tally{Passed: 3, Failed: 1, Warning: 2, NotAvailable: 4, Suppressed: 1}
	if c.Tally != want || c.Status != shca.StatusPartial || shca.Percent(c.Tally.Passed, c.Tally.Decided()) != "75.00" || c.Tally.Decided() != 4 || c.Tally.Undecided() != 6 {
		t.Errorf("got %+v, %s", c.Tally, c.Status)
	}
	if s := a.Summary(); s.Tally != want || s.Covered != 1 || s.Controls != 287 || s.Checks != 1 || s.ChecksFailed != 1 {
		t.Errorf("summary %+v", s)
	}
	if c.Resources.N != 10 || c.Accounts.N != 1 || c.Regions.N != 1 { // the suppressed one's is not looked at
		t.Errorf("over %v resources, %v accounts, %v regions", c.Resources, c.Accounts, c.Regions)
	}
}

func control(t testing.TB, a *shca.Assessment, id shca.ControlID) shca.ControlResult {
	t.Helper()
	i := slices.IndexFunc(a.Controls, func(c shca.ControlResult) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("no control %s", id)
	}
	return a.Controls[i]
}

func TestStatusWithoutDecision(t *testing.T) {
	for _, tc := range []struct {
		findings []*shca.Finding
		want     shca.Status
	}{
		{[]*shca.Finding{finding("a", status(shca.Warning)), finding("b", status(shca.NotAvailable)), finding("c", suppressed)}, shca.StatusUndecided},
		{[]*shca.Finding{finding("a", suppressed), finding("b", suppressed, status(shca.Passed))}, shca.StatusSuppressed},
		{[]*shca.Finding{finding("a", archived)}, shca.StatusNotAssessed},
		{[]*shca.Finding{finding("a", status(shca.NoStatus))}, shca.StatusNotAssessed},
	} {
		a := assess(t, source(tc.findings...), Options{})
		c := control(t, a, "ac-3")
		if _, ok := c.Tally.PassRate(); ok || c.Status != tc.want || a.Summary().Covered != 0 {
			t.Errorf("%+v is %q, want %q", c.Tally, c.Status, tc.want)
		}
	}
}

// TestMapping: where a check's controls come from.
func TestMapping(t *testing.T) {
	fw := framework(t)
	s38, _ := fw.Check("S3.8")
	both := func(extra ...shca.ControlID) []shca.ControlID {
		all := append(slices.Clone(s38.Controls), extra...)
		slices.SortFunc(all, fw.Catalog.Compare)
		return slices.Compact(all)
	}
	others := func(n int) []string {
		return slices.Repeat([]string{"PCI DSS v4.0.1/7.2.1"}, n)
	}
	cut := "NIST-800-53-Revision-5 ac_2_1 ac_3 ac_6_9 au_2 au_3 au_12 cm_3_6 sc_7"
	for _, tc := range []struct {
		name     string
		findings []*shca.Finding
		controls []shca.ControlID
		mapping  shca.Mapping
	}{
		{"cited wins over the table", []*shca.Finding{finding("a", cite("NIST.800-53.r5 AU-2", "NIST.800-53.r5 AC-2(1)"))}, []shca.ControlID{"ac-2.1", "au-2"}, shca.MappingCited},
		{"all findings' citations count", []*shca.Finding{finding("a", cite("NIST.800-53.r5 AU-2")), finding("b", cite("NIST.800-53.r5 AC-2"))}, []shca.ControlID{"ac-2", "au-2"}, shca.MappingCited},
		{"one finding below the cap", []*shca.Finding{finding("a", cite(append(others(30), "NIST.800-53.r5 AU-2")...))}, []shca.ControlID{"au-2"}, shca.MappingCited},
		{"at the cap", []*shca.Finding{finding("a", cite(append(others(31), "NIST.800-53.r5 PE-2")...))}, both("pe-2"), shca.MappingBoth},
		{"one of several at the cap", []*shca.Finding{finding("a", cite("NIST.800-53.r5 PE-2")), finding("b", cite(others(32)...))}, both("pe-2"), shca.MappingBoth},
		{"none cited", []*shca.Finding{finding("a", cite())}, s38.Controls, shca.MappingTable},
		{"other frameworks only", []*shca.Finding{finding("a", cite(others(3)...))}, s38.Controls, shca.MappingTable},
		{"other frameworks only, at the cap", []*shca.Finding{finding("a", cite(others(32)...))}, s38.Controls, shca.MappingTable},
		{"another revision", []*shca.Finding{finding("a", cite("NIST.800-53.r4 AC-2"))}, s38.Controls, shca.MappingTable},
		{"not in the table, cited", []*shca.Finding{finding("a", check("X.1"))}, []shca.ControlID{"ac-3"}, shca.MappingCited},
		{"not in the table, none cited", []*shca.Finding{finding("a", check("X.1"), cite())}, []shca.ControlID{}, shca.MappingNone},
		{"not in the table, at the cap", []*shca.Finding{finding("a", check("X.1"), cite(append(others(31), "NIST.800-53.r5 PE-2")...))}, []shca.ControlID{"pe-2"}, shca.MappingCutOff},
		{"not in the table, cut by its producer", []*shca.Finding{finding("a", check("X.1"), product(prowler), cite(cut))},
			[]shca.ControlID{"ac-2.1", "ac-3", "ac-6.9", "au-2", "au-3", "au-12", "cm-3.6"}, shca.MappingCutOff},
		{"a suppressed finding cites, too", []*shca.Finding{finding("a", suppressed, cite("NIST.800-53.r5 AU-2"))}, []shca.ControlID{"au-2"}, shca.MappingCited},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := assess(t, source(tc.findings...), Options{})
			if len(a.Checks) != 1 {
				t.Fatalf("%d checks", len(a.Checks))
			}
			c := a.Checks[0]
			if diff := cmp.Diff(tc.controls, c.Controls); diff != "" || c.Mapping != tc.mapping {
				t.Errorf("mapping %q, want %q; controls (-want +got):\n%s", c.Mapping, tc.mapping, diff)
			}
			var got []shca.ControlID // the other way round
			for _, k := range a.Controls {
				if slices.Contains(k.Checks, c.ID) {
					got = append(got, k.ID)
					if k.Tally != c.Tally {
						t.Errorf("%s has %+v, want %+v", k.ID, k.Tally, c.Tally)
					}
				}
			}
			slices.SortFunc(got, fw.Catalog.Compare)
			if diff := cmp.Diff(tc.controls, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("controls with the check (-want +got):\n%s", diff)
			}
		})
	}
}

// TestControls: which controls there are, in which order, and how they are
// marked.
func TestControls(t *testing.T) {
	fw := framework(t)
	a := assess(t, source(
		finding("a", cite("NIST.800-53.r5 AC-99", "NIST.800-53.r5 SA-13", "NIST.800-53.r5 AC-3(14)", "NIST.800-53.r5 AC-3", "NIST.800-53.r5 AC-3", "NIST.800-53.r5 ZZ-1")),
		finding("b", check("X.1"), cite("NIST.800-53.r5 what")),
	), Options{})
	moderate, _ := fw.Baseline("moderate")
	want := slices.Concat(moderate.Controls, []shca.ControlID{"ac-3.14", "sa-13", "ac-99", "zz-1"})
	var got []shca.ControlID
	for i, c := range a.Controls {
		got = append(got, c.ID)
		if c.InBaseline != (i < len(moderate.Controls)) {
			t.Errorf("%s: in the baseline: %v", c.ID, c.InBaseline)
		}
		if known, ok := fw.Catalog.Control(c.ID); ok && (c.Title != known.Title || c.Title == "" || c.FamilyTitle == "") {
			t.Errorf("%s: title %q, family %q", c.ID, c.Title, c.FamilyTitle)
		}
		if c.Withdrawn != (c.ID == "sa-13") {
			t.Errorf("%s: withdrawn: %v", c.ID, c.Withdrawn)
		}
		if c.Narrative == "" || c.Checks == nil {
			t.Errorf("%s: narrative %q, checks %v", c.ID, c.Narrative, c.Checks)
		}
		failed := slices.Contains([]shca.ControlID{"ac-99", "sa-13", "ac-3.14", "ac-3", "zz-1"}, c.ID)
		if failed != (c.Tally == shca.Tally{Failed: 1}) || failed != (c.Severity == shca.High) || failed != (c.Status == shca.StatusNonCompliant) {
			t.Errorf("%s: %+v %s %s", c.ID, c.Tally, c.Severity, c.Status)
		}
		for _, unseen := range c.Unseen {
			if unseen == "S3.8" || !slices.Contains(fw.ChecksFor(c.ID), unseen) {
				t.Errorf("%s: unseen %s", c.ID, unseen)
			}
		}
		if n := len(fw.ChecksFor(c.ID)); len(c.Unseen) < n-1 {
			t.Errorf("%s: %d unseen checks of %d", c.ID, len(c.Unseen), n)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("controls (-want +got):\n%s", diff)
	}
	if s := a.Summary(); s.Outside != 4 || s.Controls != 287 || s.Tally != (shca.Tally{Failed: 1}) {
		t.Errorf("summary %+v", s)
	}
	if got := a.Check("X.1").Unread.Members; !slices.Equal(got, []string{"NIST.800-53.r5 what"}) {
		t.Errorf("unread requirements %q", got)
	}
	if c := a.Check("X.1"); c == nil || c.Mapping != shca.MappingNone || c.Tally.Failed != 1 || c.Controls == nil {
		t.Errorf("unmapped check %+v", c)
	}
}

// TestEvaluate sums, spans and tells apart what the checks of one control
// say.
func TestEvaluate(t *testing.T) {
	fw := framework(t)
	set := func(members ...string) shca.Set[string] { return shca.Set[string]{Members: members} }
	cited := shca.Set[shca.ControlID]{Members: []shca.ControlID{"ac-3"}}
	in := []shca.CheckResult{
		{ID: "X.1", Severity: shca.Critical, FailedSeverity: shca.Low, Tally: shca.Tally{Failed: 1, Passed: 2}, Cited: cited, First: day(3), Last: day(4),
			Accounts: set("1", "2"), Regions: set("r"), Resources: shca.Set[shca.ResourceHash]{Members: []shca.ResourceHash{1, 2}}},
		{ID: "X.2", Severity: shca.Critical, Tally: shca.Tally{Passed: 10, Warning: 5}, Cited: cited, // passed: its severity does not matter
			Accounts: shca.Set[string]{Members: []string{"2", "3"}, More: true}, Regions: set("r"), Resources: shca.Set[shca.ResourceHash]{Members: []shca.ResourceHash{2, 3, 4}}},
		{ID: "X.3", Severity: shca.High, FailedSeverity: shca.Medium, Tally: shca.Tally{Failed: 100, Suppressed: 7}, Cited: cited, First: day(2), Last: day(3), Regions: set("r", "s")},
	}
	_, controls := Evaluate(fw, catalogs.Baseline{Name: "b", Controls: []shca.ControlID{"ac-3"}}, in)
	want := []shca.ControlResult{{
		ID: "ac-3", Title: "Access Enforcement", FamilyTitle: "Access Control", InBaseline: true, Status: shca.StatusPartial, Severity: shca.Medium,
		Tally: shca.Tally{Passed: 12, Failed: 101, Warning: 5, Suppressed: 7}, Checks: []shca.CheckID{"X.1", "X.2", "X.3"},
		Accounts: shca.Count{N: 3, More: true}, Regions: shca.Count{N: 2}, Resources: shca.Count{N: 4}, First: day(2), Last: day(4),
	}}
	if diff := cmp.Diff(want, controls, cmpopts.IgnoreFields(shca.ControlResult{}, "Unseen")); diff != "" {
		t.Errorf("controls (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(fw.ChecksFor("ac-3"), controls[0].Unseen); diff != "" {
		t.Errorf("unseen (-want +got):\n%s", diff)
	}
}

// TestMoreCitedThanKept: a list of controls that a check could not keep whole
// is completed like one that its producer cut.
func TestMoreCitedThanKept(t *testing.T) {
	fw := framework(t)
	known, _ := fw.Check("S3.8")
	cited := shca.Set[shca.ControlID]{Members: []shca.ControlID{"pe-2"}, More: true}
	checks, _ := Evaluate(fw, catalogs.Baseline{Name: "none"}, []shca.CheckResult{{ID: "S3.8", Cited: cited}, {ID: "X.1", Cited: cited}})
	if c := checks[0]; c.Mapping != shca.MappingBoth || len(c.Controls) != len(known.Controls)+1 {
		t.Errorf("%s is %q: %v", c.ID, c.Mapping, c.Controls)
	}
	if c := checks[1]; c.Mapping != shca.MappingCutOff || len(c.Controls) != 1 {
		t.Errorf("%s is %q: %v", c.ID, c.Mapping, c.Controls)
	}
}

// TestUnseenInAnySpelling: AWS writes "Autoscaling.5" and "AutoScaling.3"; a
// check in another case than the table's has findings all the same.
func TestUnseenInAnySpelling(t *testing.T) {
	a := assess(t, source(finding("a", check("s3.8"), cite())), Options{})
	if c := control(t, a, "ac-3"); len(c.Checks) != 1 || slices.Contains(c.Unseen, "S3.8") {
		t.Errorf("checks %v, unseen %v", c.Checks, c.Unseen)
	}
}

// TestSeverity: the findings' own severity stands, the table's fills the gap.
func TestSeverity(t *testing.T) {
	known, _ := framework(t).Check("S3.8")
	if known.Severity <= shca.Low {
		t.Fatalf("the table says %v", known.Severity)
	}
	severity := func(s shca.Severity) func(*shca.Finding) { return func(f *shca.Finding) { f.Severity = s } }
	for _, tc := range []struct {
		f    *shca.Finding
		want shca.Severity
	}{
		{finding("a", severity(shca.Low)), shca.Low},
		{finding("a", severity(shca.Critical)), shca.Critical},
		{finding("a", severity(shca.SeverityUnknown)), known.Severity},
		{finding("a", severity(shca.Informational), status(shca.Passed)), known.Severity},
		{finding("a", severity(shca.Informational)), shca.Informational}, // somebody made it so
		{finding("a", severity(shca.SeverityUnknown), check("X.1")), shca.SeverityUnknown},
	} {
		if got := assess(t, source(tc.f), Options{}).Checks[0].Severity; got != tc.want {
			t.Errorf("%s %s %q: severity %q, want %q", tc.f.Check, tc.f.Status, tc.f.Severity, got, tc.want)
		}
	}
}
