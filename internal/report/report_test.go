package report_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/render/rendertest"
)

// TestLists checks that the lists hold everything, each thing once.
func TestLists(t *testing.T) {
	for _, c := range rendertest.Cases(t) {
		a := c.Assessment
		r := report.New(a)
		var controls []shca.ControlID
		for _, list := range [][]*shca.ControlResult{r.Attention, r.Passing, r.Undecided, r.NotAssessed, r.Outside} {
			for _, c := range list {
				controls = append(controls, c.ID)
			}
		}
		var want []shca.ControlID
		for _, c := range a.Controls {
			want = append(want, c.ID)
		}
		slices.Sort(controls)
		slices.Sort(want)
		if diff := cmp.Diff(want, controls); diff != "" {
			t.Errorf("%s: controls (-want +got):\n%s", c.Name, diff)
		}
		s := a.Summary()
		if n := s.Statuses[shca.StatusNonCompliant] + s.Statuses[shca.StatusPartial]; len(r.Attention) != n {
			t.Errorf("%s: %d controls need attention, want %d", c.Name, len(r.Attention), n)
		}
		if n := s.Statuses[shca.StatusCompliant]; len(r.Passing) != n {
			t.Errorf("%s: %d controls have no failing evidence, want %d", c.Name, len(r.Passing), n)
		}
		if n := s.Statuses[shca.StatusNotAssessed]; len(r.NotAssessed) != n {
			t.Errorf("%s: %d controls are not assessed, want %d", c.Name, len(r.NotAssessed), n)
		}
		failing := 0
		for _, c := range r.Severities {
			failing += c.Checks
		}
		if failing != s.ChecksFailed {
			t.Errorf("%s: the severities have %d failing checks, the summary %d", c.Name, failing, s.ChecksFailed)
		}
		grouped := 0
		for _, f := range r.ByFamily(r.NotAssessed) {
			grouped += len(f.Controls)
		}
		if grouped != len(r.NotAssessed) {
			t.Errorf("%s: %d of %d controls are in families", c.Name, grouped, len(r.NotAssessed))
		}
	}
}

// TestSentences checks what every report says of every assessment.
func TestSentences(t *testing.T) {
	for _, c := range rendertest.Cases(t) {
		r := report.New(c.Assessment)
		if complete := c.Assessment.Complete(); strings.HasPrefix(r.Completeness, "Complete") != complete || strings.HasPrefix(r.Completeness, "Incomplete") == complete || r.Needed(report.Unread) == complete || r.Needed(report.Inputs) != (len(c.Assessment.Inputs) > 0) {
			t.Errorf("%s: complete is %v, but %q", c.Name, complete, r.Completeness)
		}
		for part := range report.NumParts {
			s := r.Section(part)
			if s.Title == "" || s.Intro != "" && !strings.HasSuffix(s.Intro, ".") {
				t.Errorf("%s: part %d is %+v", c.Name, part, s)
			}
		}
		for _, f := range r.Facts {
			text := f.Value + f.Rest()
			if f.Label == "" || f.Value == "" || !strings.HasSuffix(text, f.Detail) || strings.TrimSpace(f.Detail) != f.Detail {
				t.Errorf("%s: fact %+v", c.Name, f)
			}
		}
		if r.Summary.Tally.Decided() == 0 && r.Fact(report.PassRate).Value != "none" {
			t.Errorf("%s: nothing was decided, but the pass rate is %s", c.Name, r.Fact(report.PassRate).Value)
		}
	}
}

func TestMore(t *testing.T) {
	if got := report.More(3, 3, "a.csv has them all"); got != "" {
		t.Errorf("nothing is left out, but %q", got)
	}
	if got, want := report.More(1234, 20, "a.csv has them all"), "The first 20 of 1,234 are shown; a.csv has them all."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestMoreProblems checks that it is said where the problems are that are not shown.
func TestMoreProblems(t *testing.T) {
	for _, test := range []struct {
		count       int64
		kept, shown int
		want        string
	}{
		{0, 0, 0, ""},
		{3, 3, 3, ""},
		{30, 30, 20, "The first 20 of 30 are shown; assessment.json has them all."},
		{1234, 100, 20, "The first 20 of 1,234 are shown; assessment.json has the first 100."},
		{1234, 100, 100, "The first 100 of 1,234 are shown; no artifact has the others."},
	} {
		r := report.New(&shca.Assessment{ProblemCount: test.count, Problems: make([]string, test.kept)})
		if got := r.MoreProblems(test.shown); got != test.want {
			t.Errorf("%+v: %q", test, got)
		}
	}
}

func TestSample(t *testing.T) {
	s := shca.Sample{FindingID: "finding"}
	if got := report.Subject(s); got != "finding" {
		t.Errorf("without a resource the subject is %q", got)
	}
	s.ResourceID = "bucket"
	if got := report.Subject(s); got != "bucket" {
		t.Errorf("the subject is %q, want the resource", got)
	}
	if got := report.Reason(s); got != "no reason noted" {
		t.Errorf("without a note the reason is %q", got)
	}
	s.Note.Text = "accepted"
	if got := report.Reason(s); got != "accepted" {
		t.Errorf("the reason is %q, want the note", got)
	}
}

func TestMembers(t *testing.T) {
	for _, test := range []struct {
		set  shca.Set[string]
		want string
	}{
		{shca.Set[string]{}, ""},
		{shca.Set[string]{Members: []string{"Inspector", "Security Hub"}}, "Inspector, Security Hub"},
		{shca.Set[string]{Members: []string{"Inspector"}, More: true}, "Inspector and more"},
	} {
		if got := report.Members(test.set); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

// TestInBaseline checks that a check counts for the baseline if it does so for a
// control of it.
func TestInBaseline(t *testing.T) {
	r := report.New(rendertest.Fixture(t))
	for id, want := range map[shca.CheckID]bool{"S3.8": true, "RDS.11": true, "KMS.4": false, "Nothing.1": false} {
		if got := r.InBaseline(id); got != want {
			t.Errorf("%s: %v, want %v", id, got, want)
		}
	}
}

// TestFact checks that the facts that reports look up are there.
func TestFact(t *testing.T) {
	a := rendertest.Fixture(t)
	r := report.New(a)
	for _, label := range []string{report.PassRate, report.Coverage, report.Read, report.Assessed} {
		f := r.Fact(label)
		if f.Label != label || f.Value == "" {
			t.Errorf("%s: %+v", label, f)
		}
		if main := label == report.PassRate || label == report.Coverage; f.Main() != main {
			t.Errorf("%s is a main fact: %v", label, !main)
		}
	}
	if !r.Facts[0].Main() || !r.Facts[1].Main() {
		t.Error("the two main facts do not come first")
	}
	if f := r.Fact(report.Redacted); f.Label != "" {
		t.Errorf("nothing is redacted, but %+v", f)
	}
	redacted := *a
	redacted.Redacted = true
	if f := report.New(&redacted).Fact(report.Redacted); f.Detail != shca.RedactionNote {
		t.Errorf("redacted: %+v", f)
	}
}

// TestSystemName checks how the system is named.
func TestSystemName(t *testing.T) {
	for _, test := range []struct {
		system shca.System
		want   string
	}{{shca.System{}, ""}, {shca.System{ID: "EX-1"}, "EX-1"}, {shca.System{Name: "Example"}, "Example"}, {shca.System{ID: "EX-1", Name: "Example"}, "Example (EX-1)"}} {
		if got := report.New(&shca.Assessment{System: test.system}).SystemName; got != test.want {
			t.Errorf("%+v: %q, want %q", test.system, got, test.want)
		}
	}
	system := shca.System{Accounts: map[string]string{"111122223333": "workloads"}}
	if got, want := system.Account("111122223333"), "workloads (111122223333)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := system.Account("444455556666"), "444455556666"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestNothingDecided checks that there is no score of no checks.
func TestNothingDecided(t *testing.T) {
	f := report.New(&shca.Assessment{}).Fact("Security score")
	if got := f.Value + f.Rest(); got != "none: no check was decided" {
		t.Errorf("the security score of nothing is %q", got)
	}
}

func TestWhyDisabled(t *testing.T) {
	a := &shca.Assessment{
		Controls: []shca.ControlResult{
			{ID: "ac-2", InBaseline: true, Status: shca.StatusNotAssessed, Unseen: []shca.CheckID{"A.1"}, Disabled: []shca.CheckID{"A.1"}},
			{ID: "ac-3", InBaseline: true, Status: shca.StatusNotAssessed, Unseen: []shca.CheckID{"A.1", "B.1", "C.1"}, Disabled: []shca.CheckID{"A.1", "B.1", "C.1"}},
			{ID: "ac-4", InBaseline: true, Status: shca.StatusNotAssessed, Unseen: []shca.CheckID{"A.1", "B.1"}, Disabled: []shca.CheckID{"B.1"}},
			{ID: "ac-5", InBaseline: true, Status: shca.StatusNotAssessed},
			{ID: "ac-6", InBaseline: true, Status: shca.StatusCompliant, Unseen: []shca.CheckID{"B.1"}, Disabled: []shca.CheckID{"B.1"}},
			{ID: "ac-7", Status: shca.StatusNotAssessed, Unseen: []shca.CheckID{"B.1"}, Disabled: []shca.CheckID{"B.1"}},
		},
		Disabled: []shca.DisabledCheck{{ID: "A.1", Disabled: 1}, {ID: "B.1", Disabled: 2, Reasons: []string{"cost", "not\nused"}}, {ID: "C.1", Disabled: 1, Reasons: []string{"cost"}}},
	}
	r := report.New(a)
	for i, want := range []string{"A.1 is disabled; no reason was given.", `A.1, B.1, C.1 are disabled: "cost", "not used".`, "", "", "", `B.1 is disabled: "cost", "not used".`} {
		if got := r.WhyDisabled(&a.Controls[i]); got != want {
			t.Errorf("%s: %q, want %q", a.Controls[i].ID, got, want)
		}
	}
	if len(r.Disabled) != 2 || len(r.NotAssessed) != 4 {
		t.Errorf("%d disabled, %d not assessed", len(r.Disabled), len(r.NotAssessed))
	}
	if got := r.Section(report.NotAssessed).Intro; got != "No finding is evidence for 4 controls of the baseline: examine, interview or test instead. Of these, 2 are not assessed because all their checks are disabled." {
		t.Error(got)
	}
	if got := r.Section(report.ByStatus).Intro; got != "Besides, 1 control outside the baseline has evidence that is not scored." {
		t.Error(got)
	}
}
