package shca

import (
	"fmt"
	"strings"
)

// Verdict is the assessment in a sentence or two, the same in every report.
func (a *Assessment) Verdict() string {
	s := a.Summary()
	failing := s.Statuses[StatusNonCompliant] + s.Statuses[StatusPartial]
	of := "baseline controls"
	if a.AllControls {
		of = "controls with findings"
	}
	var text string
	switch {
	case s.Controls == 0:
		text = fmt.Sprintf("Nothing was assessed: there are no %s.", of)
	case s.Covered == 0:
		text = fmt.Sprintf("Nothing was decided: none of the %d %s has a decided finding.", s.Controls, of)
	default:
		verb := "have"
		if failing == 1 {
			verb = "has"
		}
		text = fmt.Sprintf("%d of %d %s %s failing automated evidence, %s passing evidence only, and %s no decided evidence.",
			failing, s.Controls, of, verb, plural(int64(s.Statuses[StatusCompliant]), "has", "have"), plural(int64(s.Controls-s.Covered), "has", "have"))
	}
	if !a.Complete() {
		text += " " + a.incompleteness()
	}
	return text
}

func (a *Assessment) incompleteness() string {
	var skipped, scopes int64
	for i := range a.Scopes {
		skipped += a.Scopes[i].Skipped
		if a.Scopes[i].Err != "" {
			scopes++
		}
	}
	var parts []string
	if skipped > 0 {
		parts = append(parts, plural(skipped, "finding", "findings")+" could not be read")
	}
	if scopes > 0 {
		parts = append(parts, plural(scopes, "scope was", "scopes were")+" not read in full")
	}
	if len(parts) == 0 {
		parts = append(parts, plural(a.ProblemCount, "problem was", "problems were")+" met")
	}
	return "The assessment is incomplete: " + strings.Join(parts, ", and ") + "."
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// A Definition says what one number or word of a report means.
type Definition struct{ Term, Meaning string }

// Method returns the definitions that every report prints for its readers, in
// order. docs/numbers.md tells the same at length.
func Method() []Definition {
	return []Definition{
		{"Pass rate", "passed / (passed + failed), over decided findings. WARNING and NOT_AVAILABLE findings are undecided and count on neither side; suppressed findings are listed and not scored; where nothing was decided there is no rate."},
		{"Coverage", "baseline controls with at least one decided finding / baseline controls. Read it beside every pass rate: what was not looked at has not passed."},
		{"Status", "compliant: something passed and nothing failed. Partially compliant: both. Non-compliant: something failed and nothing passed. Undecided: only undecided findings. Suppressed: only suppressed findings. Not assessed: no finding."},
		{"Compliant", "no failing automated evidence for the part of the control that checks cover. It is not proof that the control is satisfied; the rest needs examination, interview or test."},
		{"Duplicates", "of several versions of a finding the newest counts. Of one subject (check, account, region, resource) that several standards report, the copy that cites the assessed framework counts."},
		{"Left out", "archived findings, and findings that report no compliance status (GuardDuty, Inspector, Macie and others), are counted and listed but never scored."},
		{"Mapping", "a check is evidence for the controls its findings cite. Where they cite none, or AWS's limit of 32 requirements may have cut the list, the embedded Security Hub table completes it."},
		{"Security score", "AWS's own figure, over checks: passed / (passed + failed). A check has failed if any of its findings has, and passed only if all have. It is not the pass rate."},
	}
}
