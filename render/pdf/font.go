package pdf

import (
	"encoding/binary"
	"math"
	"sync"
	"unicode/utf8"

	"github.com/go-fonts/dejavu/dejavusanscondensed"
	"github.com/go-fonts/dejavu/dejavusanscondensedbold"
	"github.com/go-fonts/dejavu/dejavusansmono"
)

// face is one of the embedded fonts. DejaVu has Latin, Greek, Cyrillic, Arabic,
// Hebrew, Armenian, Georgian and many signs, and none of the ideographs of East
// Asia, which would add ten megabytes.
type face int

const (
	regular face = iota
	bold
	mono // ids, so that 0 and O differ
	numFaces
)

// names are what the faces are called in the document.
var names = [numFaces]string{"Text", "TextBold", "Mono"}

// replacement stands for what no face has. Every face has it.
const replacement = utf8.RuneError

// font is a TrueType font and the widths of the characters it has.
type font struct {
	file   []byte
	widths []int16 // by code point, in thousandths of the size; missing where there is no glyph
}

const missing = -1

// fonts are read once; nothing changes them after.
var fonts = sync.OnceValue(func() [numFaces]font {
	var list [numFaces]font
	for i, file := range [...][]byte{dejavusanscondensed.TTF, dejavusanscondensedbold.TTF, dejavusansmono.TTF} {
		list[i] = font{file, readWidths(file)}
	}
	return list
})

// readWidths returns the widths of the characters of the Basic Multilingual
// Plane, which are all that the library can write. The file is one of those
// above; a damaged one panics.
//
// The format is OpenType's: https://learn.microsoft.com/typography/opentype/spec
func readWidths(file []byte) []int16 {
	at16 := func(b []byte, offset int) int { return int(binary.BigEndian.Uint16(b[offset:])) }
	at32 := func(b []byte, offset int) int { return int(binary.BigEndian.Uint32(b[offset:])) }
	tables := map[string][]byte{}
	for i := range at16(file, 4) {
		entry := file[12+16*i:]
		tables[string(entry[:4])] = file[at32(entry, 8):][:at32(entry, 12)]
	}
	unitsPerEm := float64(at16(tables["head"], 18))
	metrics := at16(tables["hhea"], 34)
	advance := func(glyph int) int16 {
		units := at16(tables["hmtx"], 4*min(glyph, metrics-1)) // those after the last are as wide as it
		return int16(math.Round(float64(units) * 1000 / unitsPerEm))
	}
	widths := make([]int16, 1<<16)
	for i := range widths {
		widths[i] = missing
	}
	cmap := tables["cmap"]
	for i := range at16(cmap, 2) {
		table := cmap[at32(cmap, 4+8*i+4):]
		if at16(table, 0) != 4 { // segments of the Basic Multilingual Plane
			continue
		}
		segments := at16(table, 6) / 2
		ends, starts := table[14:], table[16+2*segments:]
		deltas, offsets := table[16+4*segments:], table[16+6*segments:]
		for s := range segments {
			for c := at16(starts, 2*s); c <= at16(ends, 2*s) && c < 0xffff; c++ {
				glyph := c
				if offset := at16(offsets, 2*s); offset != 0 {
					if glyph = at16(offsets, 2*s+offset+2*(c-at16(starts, 2*s))); glyph == 0 {
						continue
					}
				}
				if glyph = (glyph + at16(deltas, 2*s)) & 0xffff; glyph != 0 {
					widths[c] = advance(glyph)
				}
			}
		}
		break
	}
	return widths
}

// width is the width of a character in thousandths, or missing.
func (f face) width(r rune) int16 {
	if r < 0 || r >= 1<<16 {
		return missing
	}
	return fonts()[f].widths[r]
}

// faceOf returns the face that has the character: f if it does, else another.
// ok is false if none has; then the replacement stands for it.
func (f face) faceOf(r rune) (which face, ok bool) {
	for _, one := range [...]face{f, regular, bold} {
		if one.width(r) != missing {
			return one, true
		}
	}
	return f, false
}

// style is how text is set.
type style struct {
	face  face
	size  float64 // points
	color string  // six hexadecimal digits
}

// runeWidth is the width of a character in points.
func (s style) runeWidth(r rune) float64 {
	which, ok := s.face.faceOf(r)
	if !ok {
		r = replacement
	}
	return float64(which.width(r)) * s.size / 1000
}

// width is the width of a text on one line in points.
func (s style) width(text string) float64 {
	w := 0.0
	for _, r := range text {
		w += s.runeWidth(r)
	}
	return w
}

// leading is the distance of lines.
func (s style) leading() float64 { return math.Ceil(s.size*1.32*4) / 4 }
