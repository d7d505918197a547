package pdf

import (
	"strings"
	"unicode"
)

// wrap breaks a text into lines of at most the given width in points. Nothing
// is added and nothing lost: joined, the lines are the text, with spaces for its
// line feeds, at which lines end. A line may end with one space that stands
// beyond the width, where nobody sees it. A single character that is wider than
// the width has a line of its own.
//
// Lines end after spaces. A word that has no room on a line of its own, such as
// the ARN of a resource, is broken after punctuation unless that would leave most
// of the line empty, else anywhere, though not before a combining mark.
func wrap(text string, s style, width float64) []string {
	var lines []string
	for {
		paragraph, rest, more := strings.Cut(text, "\n")
		lines = append(lines, wrapParagraph([]rune(paragraph), s, width)...)
		if !more {
			return lines
		}
		lines[len(lines)-1] += " "
		text = rest
	}
}

func wrapParagraph(text []rune, s style, width float64) []string {
	var lines []string
	for len(text) > 0 {
		fits, w := 0, 0.0
		for fits < len(text) {
			if w += s.runeWidth(text[fits]); w > width {
				break
			}
			fits++
		}
		end := breakAt(text, fits, s, width)
		lines = append(lines, string(text[:end]))
		text = text[end:]
	}
	if lines == nil {
		return []string{""}
	}
	return lines
}

// breakAt returns where a line ends of which so many characters fit.
func breakAt(text []rune, fits int, s style, width float64) int {
	if fits = max(fits, 1); fits == len(text) {
		return fits
	}
	percent := func(at int) bool { return at < len(text) && text[at] == '%' } // "75.00 %" stays together
	if text[fits] == ' ' && !percent(fits+1) {
		return fits + 1
	}
	space := fits
	for space > 0 && (text[space-1] != ' ' || percent(space)) {
		space--
	}
	word, w := space, 0.0
	for word < len(text) && text[word] != ' ' && w <= width {
		w += s.runeWidth(text[word])
		word++
	}
	if space > 0 && w <= width {
		return space
	}
	for end := fits; end > fits/3 && end > space; end-- {
		if strings.ContainsRune("/:-_.,;=&?|@+#)]}", text[end-1]) && !joined(text, end) {
			return end
		}
	}
	if space > fits/2 {
		return space
	}
	for end := fits; end > fits/2 && end > 0; end-- {
		if !joined(text, end) {
			return end
		}
	}
	return fits
}

// joined reports whether the characters before and after the place make one.
func joined(text []rune, at int) bool {
	return unicode.Is(unicode.M, text[at]) || text[at] == '\u200d' || text[at-1] == '\u200d'
}
