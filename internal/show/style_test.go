package show_test

import (
	"math"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

// luminance is the relative luminance of WCAG 2.2.
func luminance(t *testing.T, color string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(color, 16, 32)
	if err != nil || len(color) != 6 {
		t.Fatalf("%q is no color", color)
	}
	channel := func(v uint64) float64 {
		c := float64(v&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(n>>16) + 0.7152*channel(n>>8) + 0.0722*channel(n)
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// TestContrast holds text against WCAG 2.2 AA (1.4.3, 4.5 to 1), and bars, which
// have their numbers beside them, against bounds of our own.
func TestContrast(t *testing.T) {
	type pair struct {
		what, a, b string
		least      float64
	}
	pairs := []pair{
		{"text", show.Text, show.Page, 4.5}, {"text on bands", show.Text, show.Band, 4.5},
		{"muted text", show.Muted, show.Page, 4.5}, {"muted text on bands", show.Muted, show.Band, 4.5},
		{"accent", show.Accent, show.Page, 4.5}, {"accent on bands", show.Accent, show.Band, 4.5},
		{"dark text", show.DarkText, show.DarkPage, 4.5}, {"dark text on bands", show.DarkText, show.DarkBand, 4.5},
		{"dark muted text", show.DarkMuted, show.DarkPage, 4.5}, {"dark muted text on bands", show.DarkMuted, show.DarkBand, 4.5},
		{"dark accent", show.DarkAccent, show.DarkPage, 4.5}, {"dark accent on bands", show.DarkAccent, show.DarkBand, 4.5},
	}
	add := func(what string, s show.Style) {
		bar := 2.8
		if s == show.StatusStyle(shca.StatusNotAssessed) {
			bar = 1.5
		}
		if utf8.RuneCountInString(s.Mark) != 1 {
			t.Errorf("%s: mark %q is not one character", what, s.Mark)
		}
		pairs = append(pairs, pair{what, s.Ink, s.Fill, 4.5}, pair{what + " on paper", s.Ink, show.Page, 4.5},
			pair{"dark " + what, s.DarkInk, s.DarkFill, 4.5}, pair{"dark " + what + " on the page", s.DarkInk, show.DarkPage, 4.5},
			pair{"bar of " + what, s.Solid, show.Page, bar}, pair{"dark bar of " + what, s.Solid, show.DarkPage, 1.9})
	}
	marks := map[string]shca.Status{}
	for _, s := range shca.Statuses() {
		style := show.StatusStyle(s)
		if other, ok := marks[style.Mark]; ok {
			t.Errorf("%v and %v have one mark", other, s)
		}
		marks[style.Mark] = s
		add(s.String(), style)
	}
	for s := shca.SeverityUnknown; s <= shca.Critical; s++ {
		add("severity "+s.String(), show.SeverityStyle(s))
	}
	for _, p := range pairs {
		if got := contrast(t, p.a, p.b); got < p.least {
			t.Errorf("%s: contrast of %s and %s is %.2f, want at least %.1f", p.what, p.a, p.b, got, p.least)
		}
	}
}

func TestCategory(t *testing.T) {
	for s, want := range map[shca.Severity]string{
		shca.Critical: "CRITICAL · CAT I", shca.High: "HIGH · CAT I", shca.Medium: "MEDIUM · CAT II", shca.Low: "LOW · CAT III",
		shca.Informational: "INFORMATIONAL", shca.SeverityUnknown: "",
	} {
		if got := show.Severity(s); got != want {
			t.Errorf("%v: %q, want %q", s, got, want)
		}
	}
}
