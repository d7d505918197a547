package report

import (
	"fmt"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

// Section is a part of a report: its heading, and what stands below it before
// the list, if anything. If the list is empty, Intro says so.
type Section struct{ Title, Intro string }

// Part names a section.
type Part int

// The parts of a report, in their order.
const (
	KeyNumbers  Part = iota // Facts
	ByStatus                // Summary.Statuses
	Unread                  // Problems; if the assessment is not complete
	Failing                 // Failing
	Families                // Summary.Families
	Attention               // Attention
	Passing                 // Passing
	Undecided               // Undecided; if there are any
	Suppressed              // Suppressed; if there are any
	Outside                 // Outside; if there are any
	Unmapped                // Unmapped; if there are any
	NotAssessed             // NotAssessed; if there are any
	Disabled                // Assessment.Disabled; if there are any
	Evidence                // WithEvidence; if there are any
	Scopes                  // Scopes
	Inputs                  // Inputs; if there are any, and it is not redacted
	Method                  // shca.Method
	NumParts
)

// The titles of charts, and the headings of columns that would else be worded
// anew: a reader holds one report against another.
const (
	EvidenceOnly = "Controls with evidence only" // those of Outside where there is no baseline

	BySeverityTitle = "Failing checks by severity"
	ByFamilyTitle   = "Controls by family and status"

	WorstSeverity  = "Worst failing severity" // ControlResult.Severity
	FailedFindings = "Failed findings"
	NotScored      = "Not scored" // Scope.NotScored
)

// Needed reports whether the part has something to say in this report.
func (r *Report) Needed(p Part) bool {
	switch p {
	case Unread:
		return !r.Complete()
	case Undecided:
		return len(r.Undecided) > 0
	case Suppressed:
		return r.SuppressedTotal > 0
	case Outside:
		return len(r.Outside) > 0
	case Unmapped:
		return len(r.Unmapped) > 0
	case NotAssessed:
		return len(r.NotAssessed) > 0
	case Disabled:
		return len(r.Assessment.Disabled) > 0
	case Evidence:
		return len(r.WithEvidence()) > 0
	case Inputs:
		return len(r.Inputs) > 0 && !r.Redacted // which leaves nothing to compare
	}
	return true
}

// Section returns the heading and introduction of a part.
func (r *Report) Section(p Part) Section {
	switch p {
	case KeyNumbers:
		s := Section{Title: "Key numbers"}
		if !r.AllControls {
			s.Intro = `Findings and checks are counted here if they are evidence for the baseline; "Read" counts all findings.`
		}
		return s
	case ByStatus:
		s := Section{Title: "Controls by status"}
		if r.Summary.Outside > 0 {
			where := " outside the baseline"
			if r.AllControls {
				where = ""
			}
			s.Intro = fmt.Sprintf("Besides, %s%s %s.", show.Plural(r.Summary.Outside, "control"), where, has(r.Summary.Outside, r.HaveFindings()))
		}
		return s
	case Unread:
		return Section{"What could not be read", "Findings are missing from this assessment: what was not read has not passed."}
	case Failing:
		s := Section{Title: "Failing checks, worst first"}
		switch n := len(r.Failing); {
		case n == 0:
			s.Intro = "No check failed."
		case n > r.Summary.ChecksFailed:
			s.Intro = fmt.Sprintf("Evidence for the baseline: %s of the %s that failed.", show.Number(r.Summary.ChecksFailed), show.Plural(n, "check"))
		}
		return s
	case Families:
		return Section{Title: "Families"}
	case Attention:
		s := Section{"Controls with failing evidence", "Most severe first."}
		if len(r.Attention) == 0 {
			s.Intro = "No control of the baseline has failing automated evidence."
		}
		return s
	case Passing:
		s := Section{"Controls with no failing evidence", "Checks cover a part of each control: this is evidence, not proof that the control is satisfied."}
		if len(r.Passing) == 0 {
			s.Intro = "No control of the baseline has passing automated evidence only."
		}
		return s
	case Undecided:
		return Section{"Controls without a decided finding", "Their findings say WARNING or NOT_AVAILABLE or are suppressed, so there is no pass rate."}
	case Suppressed:
		return Section{"Suppressed findings", "Somebody set these findings aside. They are not scored; whether the reason given holds is the assessor's to judge."}
	case Outside:
		if r.AllControls {
			return Section{EvidenceOnly, "These controls " + r.HaveFindings() + ". No finding is evidence for them, so that they count in no number."}
		}
		return Section{"Outside the baseline", "These controls " + r.HaveFindings() + " and are not in the baseline. They count in no number of the baseline."}
	case Unmapped:
		return Section{"Checks that are mapped to no control", "Their findings count in no control."}
	case NotAssessed:
		switch {
		case len(r.NotAssessed) > 0:
		case r.AllControls || r.Summary.Controls == 0:
			return Section{"Not assessed", "There is none."}
		default:
			return Section{"Not assessed", "There is none: every control of the baseline has findings."}
		}
		s := Section{"Not assessed", fmt.Sprintf("No finding is evidence for %s of the baseline: examine, interview or test instead.", show.Plural(len(r.NotAssessed), "control"))}
		if n := len(r.Disabled); n > 0 {
			s.Intro += fmt.Sprintf(" Of these, %s %s not assessed because all their checks are disabled.", show.Number(n), are(n))
		}
		return s
	case Disabled:
		return Section{"Disabled checks", "These checks are switched off in accounts and Regions whose settings were read. There, they have no findings: what they would look at was not looked at."}
	case Evidence:
		return Section{"Evidence besides findings", "It is not scored and is the assessor's to examine. Narratives name some of it; report.html, control-summary.csv and assessment.json have more."}
	case Scopes:
		return Section{Title: "Scopes"}
	case Inputs:
		return Section{"Inputs", "These files were read. They are the ones in hand if their SHA-256 is the same: sha256sum on Linux, shasum -a 256 on macOS and Get-FileHash in PowerShell print it."}
	}
	return Section{Title: "What the numbers mean"}
}

func has(n int, have string) string {
	if n == 1 {
		return "has" + strings.TrimPrefix(have, "have")
	}
	return have
}

// HaveFindings says what the controls outside the baseline have: "have findings",
// "have evidence that is not scored", or either.
func (r *Report) HaveFindings() string {
	without := 0
	for _, c := range r.Outside {
		if len(c.Checks) == 0 {
			without++
		}
	}
	switch without {
	case 0:
		return "have findings"
	case len(r.Outside):
		return "have evidence that is not scored"
	}
	return "have findings or evidence that is not scored"
}

// OutsideLabel is what reports call a control that is in no number of the
// baseline, also where there is none.
func (r *Report) OutsideLabel() string {
	if r.AllControls {
		return "evidence only"
	}
	return "outside the baseline"
}

// FamilyControls are the controls of one family.
type FamilyControls struct {
	shca.FamilySummary
	Controls []*shca.ControlResult
}

// ByFamily groups controls of the baseline by family, in the order of the
// families; families without any are left out.
func (r *Report) ByFamily(controls []*shca.ControlResult) []FamilyControls {
	lists := map[string][]*shca.ControlResult{}
	for _, c := range controls {
		lists[c.ID.Family()] = append(lists[c.ID.Family()], c)
	}
	var families []FamilyControls
	for _, f := range r.Summary.Families {
		if list := lists[f.Family]; len(list) > 0 {
			families = append(families, FamilyControls{f, list})
		}
	}
	return families
}
