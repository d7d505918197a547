package xlsx

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

// maxText bounds the text of a cell, in UTF-16 units as Excel counts. Excel
// takes 32,767, and cuts what is longer without a word.
const maxText = 8000

// A cell is a value and how it looks. The zero value is no cell.
type cell struct {
	style  int
	text   string // a string
	number string // or a number; both are empty in an empty cell
}

// text is a cell of foreign or own text. where names the file that has it whole
// if it is cut.
func text(style int, s, where string) cell {
	return cell{style: style, text: cut(show.Visible(s), maxText, where)}
}

// line is text on one line.
func line(style int, s, where string) cell {
	return cell{style: style, text: cut(show.OneLine(s), maxText, where)}
}

// cut shortens a text to the limit, in UTF-16 units. The mark that it ends with
// then says where the whole is.
func cut(s string, limit int, where string) string {
	if len(s) <= limit { // a character has no more units than bytes
		return s
	}
	mark := " … (cut; whole in " + where + ")"
	room := limit - len(mark) + len("…") - 1
	units, end := 0, 0
	for i, r := range s {
		if units <= room {
			end = i
		}
		if units++; r > 0xffff {
			units++
		}
	}
	if units <= limit {
		return s
	}
	return strings.TrimRight(s[:end], " \n") + mark
}

func integer[T int | int64](style int, n T) cell {
	return cell{style: style, number: strconv.FormatInt(int64(n), 10)}
}

// count is a number, or a text where counting stopped.
func count(style int, c shca.Count) cell {
	if c.More {
		return cell{style: style, text: c.String()}
	}
	return integer(style, c.N)
}

// rate is part / whole for a style that prints percentages, empty where whole
// is zero. It is computed from what other artifacts print, so that rounding is
// the same.
func rate(style int, part, whole int64) cell {
	p := shca.Percent(part, whole)
	if p == "" {
		return cell{style: style}
	}
	// "75.00" is 7500 hundredths of a percent.
	n, _ := strconv.Atoi(strings.Replace(p, ".", "", 1))
	return cell{style: style, number: strconv.FormatFloat(float64(n)/10_000, 'f', -1, 64)}
}

// date is a time as spreadsheets count them, or text if they do not know it.
func date(style int, t time.Time) cell {
	if t.IsZero() {
		return cell{style: style}
	}
	n, ok := days(t)
	if !ok {
		return cell{style: style, text: show.Date(t)}
	}
	return cell{style: style, number: strconv.FormatFloat(n, 'f', 9, 64)}
}

// append appends what follows the cell's reference in its element.
func (c cell) append(b []byte) []byte {
	if c.style != 0 {
		b = append(b, ` s="`...)
		b = strconv.AppendInt(b, int64(c.style), 10)
		b = append(b, '"')
	}
	switch {
	case c.text != "":
		b = append(b, ` t="inlineStr"><is><t`...)
		if edge(c.text[0]) || edge(c.text[len(c.text)-1]) {
			b = append(b, ` xml:space="preserve"`...)
		}
		b = append(b, '>')
		b = appendText(b, c.text)
		return append(b, "</t></is></c>"...)
	case c.number != "":
		b = append(b, "><v>"...)
		b = append(b, c.number...)
		return append(b, "</v></c>"...)
	}
	return append(b, "/>"...)
}

func edge(c byte) bool { return c == ' ' || c == '\n' }

// appendText escapes text that show.Visible has made fit for XML. Excel reads
// _x0041_ in it as A (ISO/IEC 29500-1, 22.9.2.19), so that what looks so gets
// its underscore escaped.
func appendText(b []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); i++ {
		var with string
		switch s[i] {
		case '&':
			with = "&amp;"
		case '<':
			with = "&lt;"
		case '>':
			with = "&gt;"
		case '_':
			if !escapeLike(s[i:]) {
				continue
			}
			with = "_x005F_"
		default:
			continue
		}
		b = append(append(b, s[start:i]...), with...)
		start = i + 1
	}
	return append(b, s[start:]...)
}

func escapeLike(s string) bool {
	return len(s) >= 7 && (s[1] == 'x' || s[1] == 'X') && s[6] == '_' && strings.Trim(s[2:6], "0123456789abcdefABCDEF") == ""
}

// rows writes the rows of a sheet in SpreadsheetML.
type rows struct {
	buf     []byte
	last    int // number of the row that was written last
	widest  int // columns
	columns []string
}

// add appends a row; a height of 0 is the usual one, else it is in points.
func (r *rows) add(height float64, cells ...cell) {
	r.begin(height)
	for i, c := range cells {
		if c != (cell{}) {
			r.ref(i)
			r.buf = c.append(r.buf)
		}
	}
	r.end(len(cells))
}

// addPacked appends a row of cells as pack makes them.
func (r *rows) addPacked(packed []byte) {
	r.begin(lineHeight)
	n := 0
	for ; len(packed) > 0; n++ {
		size, head := binary.Uvarint(packed)
		r.ref(n)
		r.buf = append(r.buf, packed[head:head+int(size)]...)
		packed = packed[head+int(size):]
	}
	r.end(n)
}

// pack appends the cell for addPacked. scratch is memory that one call hands to
// the next.
func (c cell) pack(b, scratch []byte) (packed, used []byte) {
	scratch = c.append(scratch[:0])
	b = binary.AppendUvarint(b, uint64(len(scratch)))
	return append(b, scratch...), scratch
}

func (r *rows) begin(height float64) {
	r.last++
	r.buf = append(r.buf, `<row r="`...)
	r.buf = strconv.AppendInt(r.buf, int64(r.last), 10)
	if height > 0 {
		r.buf = append(r.buf, `" ht="`...)
		r.buf = strconv.AppendFloat(r.buf, height, 'f', -1, 64)
		r.buf = append(r.buf, `" customHeight="1`...)
	}
	r.buf = append(r.buf, `">`...)
}

func (r *rows) ref(column int) {
	for len(r.columns) <= column {
		r.columns = append(r.columns, columnName(len(r.columns)))
	}
	r.buf = append(r.buf, `<c r="`...)
	r.buf = append(r.buf, r.columns[column]...)
	r.buf = strconv.AppendInt(r.buf, int64(r.last), 10)
	r.buf = append(r.buf, '"')
}

func (r *rows) end(n int) {
	r.widest = max(r.widest, n)
	r.buf = append(r.buf, "</row>"...)
}

// columnName names a column, from 0: A, B, …
func columnName(n int) string {
	name, err := excelize.ColumnNumberToName(n + 1)
	if err != nil {
		panic(err) // there are fewer columns than a sheet may have
	}
	return name
}

const (
	lineHeight = 15 // of a line of text, in points
	all        = 27 // lines; no row is higher than 409 points
)

// lines is about how many lines a text takes in a column that wraps. Widths are
// in digits; most letters are narrower, and those of East Asia twice as wide.
func lines(s string, width float64) int {
	n := 0
	for l := range strings.Lines(s) {
		units := 0.0
		for _, r := range strings.TrimSuffix(l, "\n") {
			units++
			if r >= 0x1100 {
				units++
			}
		}
		n += max(1, int(math.Ceil(units/(width*1.05))))
	}
	return max(n, 1)
}
