package shca

import "fmt"

// Verdict is the assessment in a sentence or two, the same in every report.
func (a *Assessment) Verdict() string {
	s := a.Summary()
	failing := s.Statuses[StatusNonCompliant] + s.Statuses[StatusPartial]
	of := "baseline controls"
	if a.Baseline == "none" {
		of = "controls with findings"
	}
	text := fmt.Sprintf("%d of %d %s have failing automated evidence, %d have passing evidence only, and %d have no decided evidence.",
		failing, s.Controls, of, s.Statuses[StatusCompliant], s.Controls-s.Covered)
	if s.Covered == 0 {
		text = fmt.Sprintf("Nothing was decided: none of the %d %s has a decided finding.", s.Controls, of)
	}
	if !a.Complete() {
		text += " " + a.incompleteness()
	}
	return text
}

func (a *Assessment) incompleteness() string {
	var skipped int64
	scopes := 0
	for i := range a.Scopes {
		skipped += a.Scopes[i].Skipped
		if a.Scopes[i].Err != "" {
			scopes++
		}
	}
	switch {
	case scopes > 0 && skipped > 0:
		return fmt.Sprintf("The assessment is incomplete: %d findings could not be read, and %d scopes were not read in full.", skipped, scopes)
	case scopes > 0:
		return fmt.Sprintf("The assessment is incomplete: %d scopes were not read in full.", scopes)
	}
	return fmt.Sprintf("The assessment is incomplete: %d findings could not be read.", skipped)
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
		{"Security score", "AWS's own figure, over checks: passed / (passed + failed), where a check has failed if any of its findings has. It is not the pass rate."},
	}
}
