package html

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"

	"github.com/go-shca/shca"
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
func severityBadge(s shca.Severity, category bool) template.HTML {
	switch {
	case s.String() == "":
		return "–"
	case category:
		return badge(severityClass(s), show.SeverityStyle(s).Mark, show.Severity(s))
	}
	return badge(severityClass(s), show.SeverityStyle(s).Mark, s.String())
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
	"rate":     func(t shca.Tally) string { return show.Rate(t.Passed, t.Decided()) },
	"date":     show.Date,
	"status":   statusBadge,
	"severity": severityBadge,
	"meaning":  show.Meaning,
	// link ADDRESS: a web address as a link, nil if it is no plain one.
	"link": func(address string) *webLink {
		if name, ok := show.Link(address); ok {
			return &webLink{name, address}
		}
		return nil
	},
}

type webLink struct{ Name, Address string }
