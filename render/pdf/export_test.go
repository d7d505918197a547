package pdf

import "strings"

// What the tests need of the layout.
const (
	Left, Right, Top, Bottom = left, right, top, bottom
	PageHeight               = pageHeight
	MaxSamples               = maxSamples
)

// Wrap wraps as the cells of tables do.
func Wrap(text string, width float64) []string { return wrap(text, cellStyle, width) }

// Width is the width of a text in a font of the document, or of a cell of a table
// if font is "".
func Width(font string, size float64, text string) float64 {
	s := cellStyle
	for i, name := range names {
		if "utf8"+strings.ToLower(name) == font {
			s = style{face: face(i), size: size}
		}
	}
	return s.width(text)
}

// Shown is the text as the fonts can show it.
func Shown(text string) string {
	out := []rune(text)
	for i, r := range out {
		if _, ok := regular.faceOf(r); !ok {
			out[i] = replacement
		}
	}
	return string(out)
}

// Files are the embedded fonts, and CharWidth is a width of theirs, -1 where they
// lack the character.
func Files() (files [][]byte) {
	for _, f := range fonts() {
		files = append(files, f.file)
	}
	return files
}

func CharWidth(font int, r rune) int { return int(face(font).width(r)) }
