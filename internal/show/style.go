package show

import "github.com/go-shca/shca"

// Style is how reports show a status or a severity: a mark and colours, all six
// hexadecimal digits of red, green and blue. The word stands beside them
// wherever they are used, since not everybody sees colours and not every printer
// has them. Ink on Fill, and DarkInk on DarkFill, have a contrast of at least
// 4.5 to 1 (WCAG 2.2, 1.4.3). Solid stands on white paper and dark screens alike,
// so numbers stand beside every bar (1.4.11); that of what was not assessed is faint.
type Style struct {
	Mark              string // one character
	Fill, Ink         string // behind and of text on white paper
	Solid             string // of charts and lines
	DarkFill, DarkInk string // on a dark screen
}

// The colours of what is neither status nor severity.
const (
	Page, DarkPage     = "FFFFFF", "14181D"
	Text, DarkText     = "1B232B", "E6EAEE"
	Muted, DarkMuted   = "56616C", "A6B0BA" // secondary text
	Line, DarkLine     = "D5DBE1", "38424C"
	Band, DarkBand     = "F4F6F8", "1D232A" // behind headings of tables
	Accent, DarkAccent = "1F4E79", "8DBBE6" // headings, links
)

// StatusStyle returns the style of a control's status.
func StatusStyle(s shca.Status) Style {
	switch s {
	case shca.StatusCompliant:
		return Style{"✓", "D9F0DF", "0B5325", "1E8449", "12351F", "93DCAB"}
	case shca.StatusPartial:
		return Style{"◐", "FDECC8", "6B4300", "B87A0B", "3D2C08", "F3C969"}
	case shca.StatusNonCompliant:
		return Style{"✗", "F9D9D5", "8A1B12", "B3261E", "46150F", "F6A79E"}
	case shca.StatusUndecided:
		return Style{"?", "E4E2F5", "3D3585", "6F66BD", "2A2650", "BDB7F2"}
	case shca.StatusSuppressed:
		return Style{"⊘", "E3E7EB", "3A444D", "76828D", "2B333B", "C3CCD5"}
	}
	return Style{"○", "F4F6F8", "4A555F", "C3CBD3", "1D232A", "A6B0BA"}
}

// Alarm is the style of what must not be overlooked: that an assessment is not
// complete, and what was not read.
func Alarm() Style { return StatusStyle(shca.StatusNonCompliant) }

// SeverityStyle returns the style of a severity.
func SeverityStyle(s shca.Severity) Style {
	switch s {
	case shca.Critical:
		return Style{"▲", "F3D3E0", "70103A", "8E1549", "470B26", "F4A3C4"}
	case shca.High:
		return Style{"▲", "F9D9D5", "8A1B12", "B3261E", "46150F", "F6A79E"}
	case shca.Medium:
		return Style{"◆", "FDECC8", "6B4300", "B87A0B", "3D2C08", "F3C969"}
	case shca.Low:
		return Style{"▼", "D8E7F5", "174A75", "2F74B5", "12304A", "9CC8F0"}
	}
	return Style{"·", "E3E7EB", "3A444D", "76828D", "2B333B", "C3CCD5"}
}

// Severity prints a severity with the category that a STIG would give it, as
// far as there is one: "CRITICAL · CAT I". DISA's categories are high (CAT I),
// medium (CAT II) and low (CAT III); Security Hub tells critical from high.
func Severity(s shca.Severity) string {
	if c := Category(s); c != "" {
		return s.String() + " · " + c
	}
	return s.String()
}

// Category is the STIG category of a severity, "" if it has none.
func Category(s shca.Severity) string {
	switch s {
	case shca.Critical, shca.High:
		return "CAT I"
	case shca.Medium:
		return "CAT II"
	case shca.Low:
		return "CAT III"
	}
	return ""
}
