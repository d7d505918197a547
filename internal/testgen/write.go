package testgen

import (
	"bufio"
	"fmt"
	"io"
)

// Write writes the findings of an estate to w, one after the other, in a
// layout. It returns the first error of w, or an error if the options are
// wrong.
func Write(w io.Writer, layout Layout, o Options) error {
	if int(layout) >= len(frames) {
		return fmt.Errorf("testgen: no layout %d", layout)
	}
	g, err := newGenerator(o)
	if err != nil {
		return err
	}
	bw := bufio.NewWriterSize(w, 256<<10)
	f := frames[layout]
	if _, err := bw.WriteString(f.open); err != nil {
		return err
	}
	separator := f.first
	var indented []byte
	for finding := range g.findings {
		if _, err := bw.WriteString(separator); err != nil {
			return err
		}
		if layout == CLIIndented {
			indented = appendIndented(indented[:0], finding, 2)
			finding = indented
		}
		if _, err := bw.Write(finding); err != nil {
			return err
		}
		separator = f.next
	}
	end := f.close
	if separator == f.first {
		end = f.empty
	}
	if _, err := bw.WriteString(end); err != nil {
		return err
	}
	return bw.Flush()
}

// frames have what stands around the findings, by layout: before all, before
// the first, between two, after the last, and instead of that if there is none.
var frames = [...]struct{ open, first, next, close, empty string }{
	NDJSON:      {"", "", "\n", "\n", ""},
	CLI:         {`{"Findings": [`, "", ", ", "]}\n", "]}\n"},
	CLIIndented: {"{\n    \"Findings\": [", "\n        ", ",\n        ", "\n    ]\n}\n", "]\n}\n"},
	Array:       {"[", "\n", ",\n", "\n]\n", "]\n"},
}

// spaces are for indentation.
const spaces = "                                                                                "

// appendIndented appends compact JSON src, indented by four spaces a level,
// starting at the given level.
func appendIndented(dst, src []byte, level int) []byte {
	line := func() {
		dst = append(dst, '\n')
		dst = append(dst, spaces[:min(4*level, len(spaces))]...)
	}
	for i := 0; i < len(src); i++ {
		switch c := src[i]; c {
		case '"':
			start := i
			for i++; src[i] != '"'; i++ {
				if src[i] == '\\' {
					i++
				}
			}
			dst = append(dst, src[start:i+1]...)
		case '{', '[':
			dst = append(dst, c)
			if src[i+1] == '}' || src[i+1] == ']' {
				i++
				dst = append(dst, src[i])
				continue
			}
			level++
			line()
		case '}', ']':
			level--
			line()
			dst = append(dst, c)
		case ',':
			dst = append(dst, c)
			line()
		case ':':
			dst = append(dst, ':', ' ')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
