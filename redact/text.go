package redact

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/go-shca/shca"
)

// identifiers are found in texts by their forms, whatever they name. can is what
// a text must have for one of them to be in it, which is cheaper to see.
var identifiers = []struct {
	form *regexp.Regexp
	can  func(*look) bool
	with func(r *Redactor, text string, from, to int) string
}{
	{
		regexp.MustCompile(`arn:[a-z0-9-]*:[a-zA-Z0-9-]*:[^\s"'<>(){}\[\],;]*[^\s"'<>(){}\[\],;.:]`),
		func(l *look) bool { return strings.Contains(l.text, "arn:") }, identifier,
	},
	{
		regexp.MustCompile(`[a-z][a-z0-9+.-]*://[^\s"'<>]+`),
		func(l *look) bool { return strings.Contains(l.text, "://") },
		func(r *Redactor, text string, from, to int) string { return cmp.Or(r.url(text[from:to]), redacted) },
	},
	{
		regexp.MustCompile(`[^\s"'<>():;,@]+@[^\s"'<>():;,@]*[A-Za-z0-9]`), // hosts need not have a dot
		func(l *look) bool { return strings.Contains(l.text, "@") }, identifier,
	},
	{
		regexp.MustCompile(`[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}`),
		func(l *look) bool { return l.hex >= 12 }, identifier,
	},
	{
		// Account ids as AWS's console shows them, and longer numbers in such groups.
		regexp.MustCompile(`\b(?:[0-9]{4}[- ]){2,}[0-9]{4}\b`),
		func(l *look) bool { return l.digits >= 4 },
		func(r *Redactor, text string, from, to int) string {
			number := strings.NewReplacer("-", "", " ", "").Replace(text[from:to])
			if shca.IsAccountID(number) {
				return r.account(number)
			}
			return identifier(r, text, from, to)
		},
	},
	{
		// Unique ids of IAM (user guide, "IAM identifiers").
		regexp.MustCompile(`\b(?:ABIA|ACCA|AGPA|AIDA|AIPA|AKIA|ANPA|ANVA|APKA|AROA|ASCA|ASIA)[A-Z0-9]{12,}\b`),
		func(l *look) bool { return l.capitals >= 16 }, identifier,
	},
	{
		// Host names that AWS makes of names; sns.amazonaws.com is a service.
		regexp.MustCompile(`\b(?:[A-Za-z0-9_-]+\.){2,}amazonaws\.com\b`),
		func(l *look) bool { return strings.Contains(l.text, ".amazonaws.com") }, identifier,
	},
	{
		regexp.MustCompile(`[0-9]{12,}`),
		func(l *look) bool { return l.digits >= 12 }, identifier,
	},
	{
		regexp.MustCompile(`\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?:/[0-9]{1,2})?\b`),
		func(l *look) bool { return l.digits > 0 && strings.Count(l.text, ".") >= 3 },
		func(r *Redactor, text string, from, to int) string {
			if address := text[from:to]; public(address) {
				return address
			}
			return identifier(r, text, from, to)
		},
	},
	{
		regexp.MustCompile(`(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}`),
		func(l *look) bool { return strings.Count(l.text, ":") >= 2 },
		func(r *Redactor, text string, from, to int) string {
			if !strings.ContainsAny(text[from:to], "0123456789abcdefABCDEF") {
				return text[from:to]
			}
			return identifier(r, text, from, to)
		},
	},
	{
		regexp.MustCompile(`(?i)\b[a-z]{1,9}-[0-9a-f]{8}(?:[0-9a-f]{9})?\b`),
		func(l *look) bool { return l.hex >= 8 },
		func(r *Redactor, text string, from, to int) string { return r.id(lower(text[from:to])) },
	},
}

func identifier(r *Redactor, text string, from, to int) string { return r.id(text[from:to]) }

// look is what a first look at a text shows.
type look struct {
	text                  string
	digits, hex, capitals int // longest runs; digits are among capitals, too
}

func lookAt(text string) *look {
	l := &look{text: text}
	digits, hex, capitals := 0, 0, 0
	for i := range len(text) {
		c := text[i]
		switch {
		case '0' <= c && c <= '9':
			digits++
			hex++
		case 'a' <= c && c <= 'f', 'A' <= c && c <= 'F':
			digits = 0
			hex++
		default:
			digits, hex = 0, 0
		}
		if '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' {
			capitals++
		} else {
			capitals = 0
		}
		l.digits, l.hex, l.capitals = max(l.digits, digits), max(l.hex, hex), max(l.capitals, capitals)
	}
	return l
}

// awsText redacts a text that AWS words: it replaces every identifier that shows
// itself as one, and the names, wherever they stand as words of their own. It
// cannot find a name that nobody tells it.
func (r *Redactor) awsText(text string, names []string) string {
	if text == "" {
		return ""
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	type match struct {
		from, to int
		with     string
	}
	var found []match
	seen := lookAt(text)
	for _, one := range identifiers {
		if !one.can(seen) {
			continue
		}
		for _, at := range one.form.FindAllStringIndex(text, -1) {
			found = append(found, match{at[0], at[1], one.with(r, text, at[0], at[1])})
		}
	}
	folded := lower(text)
	for _, name := range names {
		for from := 0; ; {
			at := strings.Index(folded[from:], lower(name))
			if at < 0 {
				break
			}
			start, end := from+at, from+at+len(name)
			from = end
			if !within(folded, start, end) {
				found = append(found, match{start, end, r.id(name)})
			}
		}
	}
	if len(found) == 0 {
		return text
	}
	// What overlaps is replaced as one, lest a part of the second stay.
	slices.SortStableFunc(found, func(a, b match) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	var b strings.Builder
	done := 0
	for i, m := range found {
		if m.to <= done {
			continue
		}
		if i > 0 && m.from < done {
			b.WriteString("-" + redacted)
			done = m.to
			continue
		}
		b.WriteString(text[done:m.from])
		b.WriteString(m.with)
		done = m.to
	}
	b.WriteString(text[done:])
	return b.String()
}

// lower lowers the letters of ASCII, which leaves lengths as they are.
func lower(text string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, text)
}

func digit(text string, i int) bool {
	return i >= 0 && i < len(text) && '0' <= text[i] && text[i] <= '9'
}

// within reports whether the text goes on as one word before or behind.
func within(text string, from, to int) bool {
	letter := func(i int) bool {
		return i >= 0 && i < len(text) && (digit(text, i) || 'a' <= text[i] && text[i] <= 'z' || text[i] >= 0x80)
	}
	return letter(from-1) && letter(from) || letter(to-1) && letter(to)
}

// public reports whether an address is one of those that stand for any: 0.0.0.0/0.
func public(text string) bool { return text == "0.0.0.0/0" || text == "0.0.0.0" || text == "127.0.0.1" }

// documentation is where AWS publishes how to mend what a check found.
var documentation = regexp.MustCompile(`^https://docs\.aws\.amazon\.com/[A-Za-z0-9/._-]{0,200}(?:#[A-Za-z0-9._-]{1,100})?$`)

// url keeps addresses of AWS's documentation and drops all others.
func (r *Redactor) url(address string) string {
	trimmed := strings.TrimRight(address, ".,;:)")
	if !strings.HasPrefix(trimmed, "https://docs.aws.amazon.com/") || !documentation.MatchString(trimmed) {
		return ""
	}
	if l := lookAt(trimmed); l.digits >= 12 || l.hex >= 12 {
		return ""
	}
	return trimmed
}

// namesOf are the names that the finding has for what it is about, as they may
// stand in its texts.
func (r *Redactor) namesOf(f *shca.Finding) []string {
	var names []string
	add := func(name string) {
		if len(name) < 3 || slices.Contains(names, name) || r.words[lower(name)] || strings.Trim(name, "0123456789.") == "" && len(name) < 6 {
			return
		}
		names = append(names, name)
	}
	for _, name := range []string{f.AccountName, f.Note.UpdatedBy} {
		add(name)
	}
	for i := range f.Resources {
		id := f.Resources[i].ID
		add(id)
		if part := strings.SplitN(id, ":", 6); len(part) == 6 && part[0] == "arn" {
			id = part[5]
		}
		segments := strings.FieldsFunc(id, func(c rune) bool { return c == '/' || c == ':' })
		for j, s := range segments {
			if j == len(segments)-1 || !resourceTypes[s] {
				add(s)
			}
		}
	}
	return names
}
