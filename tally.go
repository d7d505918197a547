package shca

import (
	"fmt"
	"math/bits"
)

// Tally counts findings by outcome. Archived, superseded and not-scored
// findings are in no tally. The zero value is an empty tally.
type Tally struct {
	Passed       int64 `json:"passed"`
	Failed       int64 `json:"failed"`
	Warning      int64 `json:"warning"`
	NotAvailable int64 `json:"not_available"`
	Suppressed   int64 `json:"suppressed"`
}

// Plus returns the sum of two tallies.
func (t Tally) Plus(u Tally) Tally {
	return Tally{
		Passed:       t.Passed + u.Passed,
		Failed:       t.Failed + u.Failed,
		Warning:      t.Warning + u.Warning,
		NotAvailable: t.NotAvailable + u.NotAvailable,
		Suppressed:   t.Suppressed + u.Suppressed,
	}
}

// Decided is the number of findings that passed or failed.
func (t Tally) Decided() int64 { return t.Passed + t.Failed }

// Undecided is the number of findings that say WARNING or NOT_AVAILABLE.
func (t Tally) Undecided() int64 { return t.Warning + t.NotAvailable }

// Scored is the number of decided and undecided findings: all but the
// suppressed ones.
func (t Tally) Scored() int64 { return t.Decided() + t.Undecided() }

// Total is the number of findings in the tally.
func (t Tally) Total() int64 { return t.Scored() + t.Suppressed }

// PassRate returns passed / (passed + failed), from 0 to 1. ok is false when
// nothing was decided: then there is no rate, neither 0 nor 1.
func (t Tally) PassRate() (rate float64, ok bool) {
	if t.Decided() == 0 {
		return 0, false
	}
	return float64(t.Passed) / float64(t.Decided()), true
}

// Status derives the status of a control, or of a check, from its tally.
func (t Tally) Status() Status {
	switch {
	case t.Passed > 0 && t.Failed > 0:
		return StatusPartial
	case t.Passed > 0:
		return StatusCompliant
	case t.Failed > 0:
		return StatusNonCompliant
	case t.Undecided() > 0:
		return StatusUndecided
	case t.Suppressed > 0:
		return StatusSuppressed
	}
	return StatusNotAssessed
}

// Percent prints part / whole as a percentage with two decimals, "75.00",
// rounded half up, and "" when whole is zero. It prints 100.00 only when part
// equals whole and 0.00 only when part is zero: one failure in a million is
// 99.99, never "all passed". Every artifact prints its rates with it.
func Percent(part, whole int64) string {
	if whole <= 0 {
		return ""
	}
	hundredths := uint64(10_000)
	switch {
	case part <= 0:
		hundredths = 0
	case part < whole:
		// floor(part / whole * 10000 + 1/2), in 128 bits: a float would round
		// some halves down.
		hi, lo := bits.Mul64(uint64(part), 20_000)
		lo, carry := bits.Add64(lo, uint64(whole), 0)
		hundredths, _ = bits.Div64(hi+carry, lo, 2*uint64(whole))
		hundredths = min(max(hundredths, 1), 9_999)
	}
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}

// Status is the assessed state of a control.
type Status uint8

// The statuses. [Statuses] has the order of tables.
const (
	// StatusNotAssessed: no finding is evidence for the control.
	StatusNotAssessed Status = iota
	// StatusCompliant: at least one finding passed and none failed. This is
	// automated evidence for a part of the control, not proof of the whole.
	StatusCompliant
	// StatusPartial: some findings passed and some failed.
	StatusPartial
	// StatusNonCompliant: at least one finding failed and none passed.
	StatusNonCompliant
	// StatusUndecided: there are only WARNING or NOT_AVAILABLE findings.
	StatusUndecided
	// StatusSuppressed: all findings are suppressed.
	StatusSuppressed
)

// Statuses returns every status in the order in which tables list them.
func Statuses() []Status {
	return []Status{StatusCompliant, StatusPartial, StatusNonCompliant, StatusUndecided, StatusSuppressed, StatusNotAssessed}
}

var statusWords = [...]string{"not assessed", "compliant", "partially compliant", "non-compliant", "undecided", "suppressed"}

// String returns the word that every artifact uses.
func (s Status) String() string {
	if int(s) < len(statusWords) {
		return statusWords[s]
	}
	return ""
}

// MarshalText writes the word that [Status.String] returns.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a word that [Status.String] returns.
func (s *Status) UnmarshalText(text []byte) error {
	for i, word := range statusWords {
		if word == string(text) {
			*s = Status(i)
			return nil
		}
	}
	return fmt.Errorf("%.40q is no status of a control", text)
}

// Decided reports whether at least one finding of the control was decided.
func (s Status) Decided() bool {
	return s == StatusCompliant || s == StatusPartial || s == StatusNonCompliant
}
