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
		if complete := c.Assessment.Complete(); strings.HasPrefix(r.Completeness, "Complete") != complete || strings.HasPrefix(r.Completeness, "Incomplete") == complete || r.Needed(report.Unread) == complete {
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
		if r.Summary.Tally.Decided() == 0 && r.Facts[0].Value != "none" {
			t.Errorf("%s: nothing was decided, but the pass rate is %s", c.Name, r.Facts[0].Value)
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
