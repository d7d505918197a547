package oscal

import (
	"fmt"
	"hash/fnv"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Foreign text lands in four kinds of places, each with rules of its own. All
// of them take any bytes.

const (
	maxValue = 4096 // bytes of a property's value
	maxTitle = 512  // bytes of a title
	maxProse = 8192 // bytes of a foreign text within prose
)

// plain makes one line of the text: white space collapsed, characters that XML
// cannot carry replaced, at most limit bytes, the cut marked.
func plain(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || r == '\uFEFF':
			return ' '
		case r < ' ' || r == 0x7f || r == '\uFFFE' || r == '\uFFFF':
			return '\uFFFD'
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= limit {
		return s
	}
	const mark = "…"
	end := limit - len(mark)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return strings.TrimRight(s[:end], " ") + mark
}

// markup escapes a text for OSCAL's markup-line and markup-multiline, which are
// Markdown: it shows as it is written.
func markup(s string, limit int) string {
	s = plain(s, limit)
	var b strings.Builder
	b.Grow(len(s) + 16)
	runes := []rune(s)
	for i, r := range runes {
		if needsEscape(runes, i) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func needsEscape(line []rune, i int) bool {
	switch line[i] {
	case '\\', '`', '*', '[', ']', '<', '>', '~', '^', '{', '}', '|', '&':
		return true
	case '_': // within a word an underscore means nothing
		return i == 0 || i == len(line)-1 || !wordRune(line[i-1]) || !wordRune(line[i+1])
	case '#', '-', '+', '=':
		return i == 0
	case '.', ')': // "1." begins a list
		return i > 0 && strings.Trim(string(line[:min(i, 10)]), "0123456789") == "" && i < 10
	}
	return false
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }

// prose escapes a text of several lines, of which those that begin with a dash
// are a list.
func prose(s string) string {
	var b strings.Builder
	list := false
	for line := range strings.Lines(s) {
		item, isItem := strings.CutPrefix(strings.TrimSpace(line), "- ")
		line = markup(item, maxProse)
		if line == "" {
			continue
		}
		switch {
		case b.Len() > 0 && list && isItem:
			b.WriteString("\n")
		case b.Len() > 0:
			b.WriteString("\n\n")
		}
		if isItem {
			b.WriteString("- ")
		}
		b.WriteString(line)
		list = isItem
	}
	return b.String()
}

// title is markup for a title, which must not be empty.
func title(s, otherwise string) string {
	if t := markup(s, maxTitle); t != "" {
		return t
	}
	return otherwise
}

// token makes an OSCAL token of the text. A text that is one stays as it is;
// any other keeps what it can and ends with a hash, so that two texts never
// give one token.
func token(s string) string {
	if isToken(s) {
		return s
	}
	var b strings.Builder
	for _, r := range plain(s, 64) {
		if b.Len() == 0 && !startsToken(r) {
			b.WriteString("id-")
		}
		if inToken(r) {
			b.WriteRune(r)
		} else {
			b.WriteByte('_')
		}
	}
	if b.Len() == 0 {
		b.WriteString("id")
	}
	h := fnv.New32a()
	h.Write([]byte(s))
	return fmt.Sprintf("%s-%08x", b.String(), h.Sum32())
}

func isToken(s string) bool {
	for i, r := range s {
		if i == 0 && !startsToken(r) || !inToken(r) {
			return false
		}
	}
	return s != "" && utf8.ValidString(s)
}

func startsToken(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || r == '_') }

func inToken(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r) || r == '_' || r == '-' || r == '.')
}

// webLink returns the text as an absolute http or https URI, or "" if it is
// none.
func webLink(s string) string {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || !utf8.ValidString(s) {
		return ""
	}
	if strings.Trim(strings.ToLower(u.Host), "abcdefghijklmnopqrstuvwxyz0123456789.-:") != "" {
		return ""
	}
	u.RawQuery = safeQuery(u.RawQuery)
	link := u.String()
	if len(link) > maxValue {
		return ""
	}
	return link
}

// safeQuery percent-encodes what a query may not hold and leaves the rest.
func safeQuery(q string) string {
	var b strings.Builder
	for i := range len(q) {
		c := q[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~!$&'()*+,;=:@/?%", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// relativeLink percent-encodes a relative path for an href.
func relativeLink(path string) string { return (&url.URL{Path: path}).String() }
