package pdf

import (
	"strings"

	"github.com/go-shca/shca/internal/show"
)

// column is a column of a table. Without a head in any column the table has no
// row of heads.
type column struct {
	head  string
	width float64 // at least that of a word of the head; 0: what the others leave
	right bool    // numbers
	thin  bool    // one of so many columns that the heads have to be narrow
}

func (c column) headStyle() style {
	if c.thin {
		return style{regular, 6.5, show.Text}
	}
	return headStyle
}

// columns gives each column its width.
func columns(list []column) []column {
	rest, open := textWidth, 0
	for i := range list {
		c := &list[i]
		if c.width == 0 {
			open = i
			continue
		}
		for _, word := range strings.SplitAfter(strings.ReplaceAll(c.head, "-", "- "), " ") {
			c.width = max(c.width, c.headStyle().width(strings.TrimSpace(word))+2*padX+0.5)
		}
		rest -= c.width
	}
	list[open].width = rest
	return list
}

// cell is a cell of a table: texts one below the other.
type cell []part

// part is a text of a cell.
type part struct {
	text  string
	style style
	chip  *show.Style // on a coloured ground, the mark before the text
	to    *anchor     // a link
	url   string      // a link that show.Link has vetted
	page  *anchor     // instead of the text: the page of the anchor
}

// line is a line of a cell.
type line struct {
	part
	height float64
}

const (
	padX = 4.0
	padY = 2.5
	gapY = 1.25 // where no lines part the rows
)

// table writes a table. Rows are as tall as their texts; a row that has no room
// on the page moves to the next, where the heads are repeated, and one that is
// taller than half a page goes on there.
func (d *document) table(columns []column, rows [][]cell) {
	if len(rows) == 0 {
		return
	}
	headed := false
	for _, c := range columns {
		headed = headed || c.head != ""
	}
	d.in("Table", func() {
		heads := func() {}
		if headed {
			d.need(60)
			d.in("TR", func() { d.heads(columns, true) })
			heads = func() { d.artifact(func() { d.heads(columns, false) }) }
		}
		for _, row := range rows {
			d.in("TR", func() { d.row(columns, row, heads, headed) })
		}
	})
}

// heads writes the row of heads. Only the first of a table is part of the
// structure.
func (d *document) heads(columns []column, first bool) {
	height := 0.0
	lines := make([][]string, len(columns))
	for i, c := range columns {
		lines[i] = wrap(c.head, c.headStyle(), c.width-2*padX)
		height = max(height, float64(len(lines[i]))*c.headStyle().leading())
	}
	d.area(left, d.y, textWidth, height+2*padY, show.Band)
	x := left
	for i, c := range columns {
		write := func() {
			s := c.headStyle()
			y := d.y + padY + height - float64(len(lines[i]))*s.leading()
			for _, text := range lines[i] {
				if c.right {
					d.textRight(x+c.width-padX, y, s, text)
				} else {
					d.text(x+padX, y, s, text)
				}
				y += s.leading()
			}
		}
		if first {
			e := d.element("TH")
			e.scope = "Column"
			d.within(e, write)
		} else {
			write()
		}
		x += c.width
	}
	d.y += height + 2*padY
}

// layOut breaks the texts of a row into lines, a list for each cell, and returns
// how tall they are.
func layOut(columns []column, cells []cell) (lists [][]line, height float64) {
	lists = make([][]line, len(columns))
	for i, c := range columns {
		total := 0.0
		for n, p := range cells[i] {
			width := c.width - 2*padX
			if p.chip != nil {
				p.text = p.chip.Mark + " " + p.text
				p.style.color = p.chip.Ink
				width -= 4
			}
			for _, text := range wrap(show.Visible(p.text), p.style, width) {
				one := line{p, p.style.leading()}
				one.text = text
				lists[i] = append(lists[i], one)
				total += one.height
			}
			if n < len(cells[i])-1 {
				lists[i][len(lists[i])-1].text += " " // parts are apart for who reads on
			}
		}
		height = max(height, total)
	}
	return lists, height
}

// fieldsHeight is how tall a table without heads is.
func fieldsHeight(columns []column, rows [][]cell) float64 {
	total := 0.0
	for _, row := range rows {
		_, height := layOut(columns, row)
		total += height + 2*gapY
	}
	return total
}

// row writes a row.
func (d *document) row(columns []column, cells []cell, heads func(), lined bool) {
	lists, height := layOut(columns, cells)
	elements := make([]*element, len(columns))
	for i := range columns {
		elements[i] = d.element("TD")
		if !lined && i == 0 {
			elements[i].tag, elements[i].scope = "TH", "Row"
		}
	}
	pad := padY
	if !lined {
		pad = gapY
	}
	height += 2 * pad
	if room := bottom - d.y; height > room && (height < (bottom-top)/2 || room < 50) {
		d.newPage()
		heads()
	}
	for {
		room := bottom - d.y - 2*pad
		more, tallest := false, 0.0
		x := left
		for i, c := range columns {
			n, used := 0, 0.0
			for n < len(lists[i]) && used+lists[i][n].height <= room {
				used += lists[i][n].height
				n++
			}
			d.within(elements[i], func() { d.lines(x, d.y+pad, c, lists[i][:n]) })
			lists[i] = lists[i][n:]
			more = more || len(lists[i]) > 0
			tallest = max(tallest, used)
			x += c.width
		}
		d.y += tallest + 2*pad
		if lined {
			d.rule(d.y-0.25, show.Line, 0.5)
		}
		if !more {
			return
		}
		d.newPage()
		heads()
	}
}

// lines writes lines of a cell.
func (d *document) lines(x, y float64, c column, lines []line) {
	for _, l := range lines {
		s := l.style
		at, width := x+padX, s.width(l.text)
		switch {
		case l.page != nil:
			d.later(x, y, c, l)
		case l.chip != nil:
			d.rounded(at, y, width+6, l.height-0.5, l.chip.Fill)
			d.text(at+3, y, s, l.text)
		case c.right:
			at = x + c.width - padX - width
			d.text(at, y, s, l.text)
		default:
			d.text(at, y, s, l.text)
		}
		d.link(at, y, width, l)
		y += l.height
	}
}

// link makes the place of a line a link.
func (d *document) link(x, y, width float64, l line) {
	switch {
	case l.to != nil:
		d.Link(x, y, width, l.height, l.to.link)
	case l.url != "":
		d.LinkString(x, y, width, l.height, l.url)
	}
}

// later writes the page of an anchor once it is known.
func (d *document) later(x, y float64, c column, l line) {
	page, e := d.PageNo(), d.tree.current
	d.late = append(d.late, func() {
		if l.page.page == 0 {
			return
		}
		d.onPage(page, func() {
			d.within(e, func() {
				text := show.Number(l.page.page)
				at := x + padX
				if c.right {
					at = x + c.width - padX - l.style.width(text)
				}
				d.text(at, y, l.style, text)
				d.Link(at, y, l.style.width(text), l.height, l.page.link)
			})
		})
	})
}
