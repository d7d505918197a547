package pdf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"codeberg.org/go-pdf/fpdf"

	"github.com/go-shca/shca/internal/show"
)

// The page is US Letter, upright, since authorizing officials of the US
// government print on it; A4 printers scale it to 97 %. All lengths are points
// from the page's top left corner.
const (
	pageWidth  = 612.0
	pageHeight = 792.0
	left       = 54.0
	right      = pageWidth - left
	textWidth  = right - left
	top        = 74.0  // below the header
	bottom     = 724.0 // above the footer
)

// The styles of text.
var (
	titleStyle   = style{bold, 25, show.Text}
	headingStyle = style{bold, 16, show.Accent}
	groupStyle   = style{bold, 11, show.Accent}
	itemStyle    = style{bold, 10, show.Text}
	bodyStyle    = style{regular, 8.5, show.Text}
	strongStyle  = style{bold, 8.5, show.Text}
	cellStyle    = style{regular, 7.5, show.Text}
	cellStrong   = style{bold, 7.5, show.Text}
	cellMuted    = style{regular, 7.5, show.Muted}
	cellLink     = style{regular, 7.5, show.Accent}
	idStyle      = style{mono, 7, show.Text}
	urlStyle     = style{mono, 7, show.Accent}
	headStyle    = style{bold, 7, show.Muted}
	noteStyle    = style{regular, 7.5, show.Muted}
)

// document is a PDF that is being written: pages, a position on the page, and
// the structure that reading software follows.
type document struct {
	*fpdf.Fpdf
	y        float64 // where the next thing goes on the last page
	tree     tree
	late     []func() // what needs page numbers that are not known yet
	contents []entry
	replaced bool // the replacement was written
	style    style
	fill     string
}

// entry is a line of the table of contents.
type entry struct {
	title string
	level int
	at    *anchor
}

// anchor is a place that something refers to.
type anchor struct {
	link, page int // page 0: nowhere
}

func newDocument() *document {
	d := &document{Fpdf: fpdf.New("P", "pt", "Letter", "")}
	for i, f := range fonts() {
		// The library writes into the file's bytes while it cuts the font
		// to the characters in use, so it gets its own.
		d.AddUTF8FontFromBytes(names[i], "", slices.Clone(f.file))
	}
	d.SetCatalogSort(true)
	d.SetAutoPageBreak(false, 0)
	d.SetMargins(0, 0, 0)
	d.SetLang("en")
	d.tree.init()
	return d
}

// dates sets when the document was made.
func (d *document) dates(t time.Time) {
	if t.IsZero() {
		t = time.Unix(0, 0) // the library takes the clock for no time at all
	}
	d.SetCreationDate(t.UTC())
	d.SetModificationDate(t.UTC())
}

// newPage begins a page.
func (d *document) newPage() {
	d.unmark()
	d.AddPage()
	d.tree.pages = append(d.tree.pages, nil)
	d.style, d.fill = style{}, ""
	d.y = top
}

// need begins a page if less than so much room is left on this one.
func (d *document) need(height float64) {
	if d.y+height > bottom && d.y > top {
		d.newPage()
	}
}

// onPage draws on an earlier page.
func (d *document) onPage(n int, draw func()) {
	d.unmark()
	d.SetPage(n)
	d.style, d.fill = style{}, ""
	d.background(show.Page) // whatever the page was left with
	draw()
	d.unmark()
}

// finish draws what had to wait.
func (d *document) finish() {
	for _, draw := range d.late {
		draw()
	}
	d.late = nil
}

// anchor is a place that is set later.
func (d *document) anchor() *anchor { return &anchor{link: d.AddLink()} }

// here sets the anchor to the position.
func (d *document) here(a *anchor) {
	a.page = d.PageNo()
	d.SetLink(a.link, max(d.y-10, 0), a.page)
}

// chapter begins a main part: in the contents and the outline.
func (d *document) chapter(title string) {
	d.heading("H1", title, headingStyle, 0)
	d.rule(d.y+1, show.Accent, 1)
	d.y += 9
}

// group begins a part of a chapter.
func (d *document) group(title string) {
	d.y += 6
	d.heading("H2", title, groupStyle, 1)
	d.y += 3
}

// heading writes a heading that the contents and the outline show.
func (d *document) heading(tag, title string, s style, level int) {
	d.need(90)
	at := d.anchor()
	d.here(at)
	d.contents = append(d.contents, entry{title, level, at})
	d.outline(title, level)
	d.in(tag, func() { d.paragraph(title, s, left, textWidth) })
}

// outline adds a bookmark at the position.
func (d *document) outline(title string, level int) {
	d.face(bodyStyle) // the library asks the font how to write the title
	d.Bookmark(d.plain(short(title, 120)), level, max(d.y-10, 0))
}

// plain is the text with the replacement for what the library cannot write.
func (d *document) plain(text string) string {
	runes := []rune(text)
	for i, r := range runes {
		if _, ok := regular.faceOf(r); !ok {
			runes[i] = replacement
		}
	}
	return string(runes)
}

// paragraph writes a text below the position, on further pages as needed.
func (d *document) paragraph(text string, s style, x, width float64) {
	for _, line := range wrap(text, s, width) {
		d.need(s.leading())
		d.text(x, d.y, s, line)
		d.y += s.leading()
	}
}

// body writes a paragraph of text that the report tells.
func (d *document) body(text string) {
	if text != "" {
		d.in("P", func() { d.paragraph(show.Visible(text), bodyStyle, left, textWidth) })
		d.y += 4
	}
}

// note writes what the reader has to know of a list.
func (d *document) note(text string) {
	if text != "" {
		d.y += 2
		d.in("P", func() { d.paragraph(show.Visible(text), noteStyle, left, textWidth) })
		d.y += 4
	}
}

// text writes one line whose upper edge is at y.
func (d *document) text(x, y float64, s style, text string) {
	d.tree.open(d)
	baseline := y + s.leading()/2 + s.size*0.36 // DejaVu's capitals are 0.73 high
	from, which := 0, s.face
	out := []rune(text)
	flush := func(to int) {
		if from < to {
			one := s
			one.face = which
			d.face(one)
			run := string(out[from:to])
			d.Text(x, baseline, run)
			x += one.width(run)
			from = to
		}
	}
	for i, r := range out {
		f, ok := s.face.faceOf(r)
		if !ok {
			out[i] = replacement
		}
		d.replaced = d.replaced || out[i] == replacement
		if f != which {
			flush(i)
			which = f
		}
	}
	flush(len(out))
}

// textRight writes one line that ends at x.
func (d *document) textRight(x, y float64, s style, text string) {
	d.text(x-s.width(text), y, s, text)
}

// textCenter writes one line in the middle of the page.
func (d *document) textCenter(y float64, s style, text string) {
	d.text((pageWidth-s.width(text))/2, y, s, text)
}

// face selects a font and its colour.
func (d *document) face(s style) {
	if d.style.face != s.face || d.style.size != s.size {
		d.SetFont(names[s.face], "", s.size)
	}
	if d.style.color != s.color {
		d.SetTextColor(rgb(s.color))
	}
	d.style = s
}

// background selects the colour of areas.
func (d *document) background(color string) {
	if d.fill != color {
		d.SetFillColor(rgb(color))
		d.fill = color
	}
}

// area draws a rectangle.
func (d *document) area(x, y, width, height float64, color string) {
	d.artifact(func() {
		d.background(color)
		d.Rect(x, y, width, height, "F")
	})
}

// rounded draws a rectangle with round corners.
func (d *document) rounded(x, y, width, height float64, color string) {
	d.artifact(func() {
		d.background(color)
		d.RoundedRect(x, y, width, height, 2, "1234", "F")
	})
}

// rule draws a line across the text.
func (d *document) rule(y float64, color string, thickness float64) {
	d.area(left, y, textWidth, thickness, color)
}

// rgb takes six hexadecimal digits apart.
func rgb(color string) (r, g, b int) {
	n, err := strconv.ParseUint(color, 16, 24)
	if err != nil {
		panic(fmt.Sprintf("%q is no colour", color)) // colours are constants of package show
	}
	return int(n >> 16), int(n >> 8 & 255), int(n & 255)
}

// cutLines wraps a text to so many lines, the last of which ends with "…" if
// there is more.
func cutLines(text string, s style, width float64, limit int) []string {
	lines := wrap(text, s, width)
	if len(lines) <= limit {
		return lines
	}
	rest := strings.Join(lines[limit-1:], "")
	return append(lines[:limit-1], cutLine(rest, s, width))
}

// cutLine cuts a text to the width, and marks the cut.
func cutLine(text string, s style, width float64) string {
	w, end := s.width("…"), 0
	for i, r := range text {
		if w += s.runeWidth(r); w > width {
			return strings.TrimRight(text[:end], " ") + "…"
		}
		end = i + utf8.RuneLen(r)
	}
	return text + "…"
}

// oneLine cuts a text to one line.
func oneLine(text string, s style, width float64) string {
	text = show.OneLine(text)
	if s.width(text) <= width {
		return text
	}
	return cutLine(text, s, width)
}

// chip writes words on a coloured ground, the mark of the style before them, and
// returns how wide it is.
func (d *document) chip(x, y float64, s style, colors show.Style, words string) float64 {
	s.color = colors.Ink
	words = colors.Mark + " " + words
	width := s.width(words) + 8
	d.rounded(x, y, width, s.leading(), colors.Fill)
	d.text(x+4, y, s, words)
	return width
}
