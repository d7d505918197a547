package html

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"regexp"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/internal/show"
)

//go:embed style.css
var styleText string

//go:embed script.js
var scriptText string

// policy allows this style sheet and this script, and nothing else: no address
// is loaded, no form sent.
func policy(style, script string) string {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(style) + "; script-src " + hash(script) + "; base-uri 'none'; form-action 'none'"
}

// style is the style sheet: the colours that all reports share, the marking on
// each printed page, and what is written by hand.
func style(marking string) template.CSS {
	var b strings.Builder
	b.WriteString("\n")
	light, dark := colours()
	fmt.Fprintf(&b, "%s@media screen and (prefers-color-scheme: dark) {\n%s}\n", light, dark)
	if marking = show.Cut(show.OneLine(marking), maxShort); marking != "" {
		fmt.Fprintf(&b, "@page { @top-center { content: %[1]s } @bottom-center { content: %[1]s } }\n", cssString(marking))
	}
	b.WriteString(styleText)
	return template.CSS(b.String())
}

// colours are the rules of the light and of the dark colours.
func colours() (light, dark string) {
	var l, d strings.Builder
	rule := func(selector, names string, values ...any) {
		fmt.Fprintf(&l, "%s { %s }\n", selector, fmt.Sprintf(names, values[:len(values)/2]...))
		fmt.Fprintf(&d, "%s { %s }\n", selector, fmt.Sprintf(names, values[len(values)/2:]...))
	}
	rule(":root", "--page: #%s; --text: #%s; --muted: #%s; --line: #%s; --band: #%s; --accent: #%s",
		show.Page, show.Text, show.Muted, show.Line, show.Band, show.Accent,
		show.DarkPage, show.DarkText, show.DarkMuted, show.DarkLine, show.DarkBand, show.DarkAccent)
	one := func(class string, s show.Style) {
		rule("."+class, "--fill: #%s; --ink: #%s; --solid: #%s", s.Fill, s.Ink, s.Solid, s.DarkFill, s.DarkInk, s.Solid)
	}
	for _, s := range shca.Statuses() {
		one(statusClass(s), show.StatusStyle(s))
	}
	one("alarm", show.Alarm())
	for s := shca.SeverityUnknown; s <= shca.Critical; s++ {
		one(severityClass(s), show.SeverityStyle(s))
	}
	return l.String(), d.String()
}

func statusClass(s shca.Status) string { return fmt.Sprintf("s%d", s) }

func severityClass(s shca.Severity) string { return fmt.Sprintf("v%d", min(s, shca.Critical)) }

// cssString writes a text as a string of a style sheet, each character as its
// number, so that none can end the string or the style sheet.
func cssString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		fmt.Fprintf(&b, `\%06x`, r)
	}
	b.WriteByte('"')
	return b.String()
}

// badge is a mark and a word in the colours of what they stand for. The word
// tells it all; the mark is for the eye.
func badge(class, mark, word string) template.HTML {
	return template.HTML(fmt.Sprintf(`<span class="badge %s"><span aria-hidden="true">%s</span> %s</span>`,
		class, template.HTMLEscapeString(mark), template.HTMLEscapeString(word)))
}

func statusBadge(s shca.Status) template.HTML {
	return badge(statusClass(s), show.StatusStyle(s).Mark, s.String())
}

// severityBadge is a dash where there is no severity.
func severityBadge(s shca.Severity) template.HTML {
	if s.String() == "" {
		return "–"
	}
	return badge(severityClass(s), show.SeverityStyle(s).Mark, show.Severity(s))
}

var headings = map[string]string{
	"PassRate": report.PassRate, "WorstSeverity": report.WorstSeverity, "FailedFindings": report.FailedFindings, "NotScored": report.NotScored,
}

// functions are those of the template.
var functions = template.FuncMap{
	// text TEXT: foreign text on one line; short: an id; long: with its line breaks.
	"text":     func(s any) string { return show.Cut(show.OneLine(fmt.Sprint(s)), maxText) },
	"short":    func(s any) string { return show.Cut(show.OneLine(fmt.Sprint(s)), maxShort) },
	"sentence": func(s string) string { return show.Cut(show.OneLine(s), maxSentence) },
	"long":     func(s string) string { return show.Cut(show.Visible(s), maxLong) },
	"number": func(n any) string {
		switch n := n.(type) {
		case int:
			return show.Number(n)
		case int64:
			return show.Number(n)
		}
		panic(fmt.Sprintf("%T is no number", n)) // a mistake in the template
	},
	"plural": func(n any, noun string) string {
		switch n := n.(type) {
		case int:
			return show.Plural(n, noun)
		case int64:
			return show.Plural(n, noun)
		}
		panic(fmt.Sprintf("%T is no number", n))
	},
	// unbroken keeps a percentage on one line, with a no-break space before its sign.
	"unbroken": func(s string) string { return percentage.ReplaceAllString(s, "$1\u00a0%") },
	"rate":     func(t shca.Tally) string { return show.Rate(t.Passed, t.Decided()) },
	"date":     show.Date,
	"status":   statusBadge,
	// controlStatus CONTROL: the same in the words for a control.
	"controlStatus": func(c *shca.ControlResult) template.HTML {
		return badge(statusClass(c.Status), show.StatusStyle(c.Status).Mark, c.StatusText())
	},
	"severity": severityBadge,
	"category": show.Severity, // with the category, as the badge has it
	"meaning":  show.Meaning,
	// heading NAME: a heading that package report words.
	"heading": func(name string) (string, error) {
		if h, ok := headings[name]; ok {
			return h, nil
		}
		return "", fmt.Errorf("there is no heading %q", name)
	},
	// link ADDRESS: a web address as a link, nil if it is no plain one.
	"link": func(address string) *webLink {
		if name, ok := show.Link(address); ok {
			return &webLink{name, address}
		}
		return nil
	},
}

var percentage = regexp.MustCompile("([0-9]) %")

type webLink struct{ Name, Address string }
