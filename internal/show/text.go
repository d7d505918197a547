package show

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible makes foreign text fit for a page: what cannot be seen but changes how
// other text is shown, direction marks above all, and what is no text become
// U+FFFD, so that it is seen. Line breaks become line feeds, tabs spaces. Joiners
// (U+200C, U+200D) stay, since scripts and emoji need them.
func Visible(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = ' ' <= s[i] && s[i] < 0x7f
	}
	if plain {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune { // invalid bytes come as U+FFFD
		switch {
		case r == '\n' || r == '\u200c' || r == '\u200d':
			return r
		case r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			return '\n'
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), unicode.Is(unicode.Noncharacter_Code_Point, r):
			return utf8.RuneError
		}
		return r
	}, s)
}

// OneLine is Visible on one line: white space becomes single spaces.
func OneLine(s string) string { return strings.Join(strings.Fields(Visible(s)), " ") }

// Cut shortens a text to at most limit characters, the last of which marks the
// cut: "…".
func Cut(s string, limit int) string {
	if len(s) <= limit || utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit-1]) + "…"
}

// Link vets a web address out of a finding, which may come from anybody. ok is
// false unless it is a plain https one that a report may make a link of; name is
// what to call it, which says where it leads.
func Link(address string) (name string, ok bool) {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789."
	u, err := url.Parse(address)
	switch {
	case err != nil, u.Scheme != "https", u.User != nil, u.Host == "", len(address) > 500,
		strings.Trim(u.Host, letters+"-") != "", strings.Trim(address, letters+"-_/:?&=%#~+,;@") != "":
		return "", false
	case u.Host == "docs.aws.amazon.com":
		return "AWS docs", true
	}
	return u.Host, true
}
