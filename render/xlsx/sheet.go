package xlsx

import (
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

// sheet is a sheet and its rows.
type sheet struct {
	rows
	*book
	name   string
	more   func(io.Writer) error // writes rows behind the others; may be nil
	widths []float64
	links  int
}

// maxLinks bounds the links of a sheet. Excel takes 65,530; beyond this the
// addresses are text.
const maxLinks = 5000

// sheet begins the next sheet.
func (b *book) sheet(name string, widths ...float64) *sheet {
	if len(b.sheets) == 0 {
		b.keep(b.file.SetSheetName("Sheet1", name))
	} else {
		_, err := b.file.NewSheet(name)
		b.keep(err)
	}
	s := &sheet{book: b, name: name, widths: widths}
	b.sheets = append(b.sheets, s)
	for i, w := range widths {
		b.keep(b.file.SetColWidth(name, columnName(i), columnName(i), w))
	}
	b.headFoot(name)
	return s
}

// at names a cell; column is from 0, row from 1.
func at(column, row int) string { return fmt.Sprint(columnName(column), row) }

// page sets up the sheet for reading and print: how many columns are printed,
// and, if there is a table, the row of its head, which stays in sight and is on
// every page, as the first column is.
func (s *sheet) page(columns, head int) {
	landscape, fit, any, letter := "landscape", 1, 0, 1
	s.keep(s.file.SetPageLayout(s.name, &excelize.PageLayoutOptions{Orientation: &landscape, FitToWidth: &fit, FitToHeight: &any, Size: &letter}))
	margin, edge, third := 0.5, 0.65, 0.3
	s.keep(s.file.SetPageMargins(s.name, &excelize.PageLayoutMarginsOptions{Left: &margin, Right: &margin, Top: &edge, Bottom: &edge, Header: &third, Footer: &third}))
	yes, no := true, false
	s.keep(s.file.SetSheetProps(s.name, &excelize.SheetPropsOptions{FitToPage: &yes}))
	s.keep(s.file.SetSheetView(s.name, 0, &excelize.ViewOptions{ShowGridLines: &no}))
	s.keep(s.file.SetSheetDimension(s.name, "A1:"+at(max(s.widest, 1)-1, max(s.last, 1))))
	s.define("Print_Area", fmt.Sprintf("'%s'!$A$1:$%s$%d", s.name, columnName(columns-1), s.last))
	if head > 0 {
		s.define("Print_Titles", fmt.Sprintf("'%[1]s'!$A:$A,'%[1]s'!$%[2]d:$%[2]d", s.name, head))
		s.keep(s.file.SetPanes(s.name, &excelize.Panes{
			Freeze: true, XSplit: 1, YSplit: head, TopLeftCell: at(1, head+1), ActivePane: "bottomRight",
			Selection: []excelize.Selection{{SQRef: at(1, head+1), ActiveCell: at(1, head+1), Pane: "bottomRight"}},
		}))
	}
}

// define defines one of the names that spreadsheets look for.
func (s *sheet) define(name, refersTo string) {
	s.keep(s.file.SetDefinedName(&excelize.DefinedName{Name: "_xlnm." + name, RefersTo: refersTo, Scope: s.name}))
}

// filter puts filters on the head of a table that ends in the row last.
func (s *sheet) filter(head, last, columns int) {
	s.keep(s.file.AutoFilter(s.name, "A"+fmt.Sprint(head)+":"+at(columns-1, max(last, head)), nil))
}

// merge makes one cell of some of a row.
func (s *sheet) merge(row, from, to int) {
	s.keep(s.file.MergeCell(s.name, at(from, row), at(to, row)))
}

// goTo links a cell to a sheet.
func (s *sheet) goTo(column, row int, sheet string) {
	s.keep(s.file.SetCellHyperLink(s.name, at(column, row), "'"+sheet+"'!A1", "Location"))
}

// top begins a sheet of a table: its title, notes, and whether the assessment is
// complete.
func (s *sheet) top(title string, notes ...string) {
	s.add(27, cell{style: s.styles.title, text: title}, cell{})
	if s.SystemName != "" {
		title = s.SystemName + " · " + s.Title
	} else {
		title = s.Title
	}
	s.add(0, line(s.styles.subtitle, title, inJSON))
	if !s.Complete() {
		s.add(20, s.banner(s.Completeness, len(s.widths))...)
	}
	for _, n := range notes {
		if n != "" {
			s.add(0, line(s.styles.note, n, inJSON))
		}
	}
	s.add(6)
}

// banner is a row of cells, the first of which has a text for a red background.
func (s *sheet) banner(text string, columns int) []cell {
	cells := make([]cell, columns)
	for i := range cells {
		cells[i].style = s.styles.alarm
	}
	cells[0].text = show.Alarm().Mark + " " + text
	return cells
}

// column is a column of a table: its head, its width in characters, and its
// cell for a row's value.
type column[T any] struct {
	name   string
	width  float64
	height int // rows grow to show so many lines of this column; 0 if it does not wrap
	number bool
	cell   func(T) cell
}

func widths[T any](columns []column[T]) []float64 {
	list := make([]float64, len(columns))
	for i, c := range columns {
		list[i] = c.width
	}
	return list
}

// head writes the head of a table and returns its row.
func head[T any](s *sheet, columns []column[T]) int {
	cells := make([]cell, len(columns))
	for i, c := range columns {
		cells[i] = cell{style: s.styles.head, text: c.name}
		if c.number {
			cells[i].style = s.styles.headNumber
		}
	}
	s.add(30, cells...)
	return s.last
}

// row writes a row of a table. It is as high as the columns that wrap ask for.
func row[T any](s *sheet, columns []column[T], v T) {
	cells := make([]cell, len(columns))
	n := 1
	for i, c := range columns {
		cells[i] = c.cell(v)
		if c.height > 0 {
			n = max(n, min(c.height, lines(cells[i].text, c.width)))
		}
	}
	for i, c := range columns {
		// A text that fills its row begins at the top, so that its first line
		// is in sight if it needs more.
		if cells[i].style == s.styles.wrapped && lines(cells[i].text, c.width) < n {
			cells[i].style = s.styles.short
		}
	}
	s.add(float64(n*lineHeight), cells...)
}

// colour gives the cells of a column, from the row after the head on, the
// colours of statuses or severities. They follow if somebody corrects the word.
func (s *sheet) colour(column, head int, of map[string]int, order []string) {
	if s.last <= head {
		return
	}
	rules := make([]excelize.ConditionalFormatOptions, 0, len(order))
	for _, text := range order {
		format := of[text]
		rules = append(rules, excelize.ConditionalFormatOptions{Type: "cell", Criteria: "==", Value: `"` + text + `"`, Format: &format})
	}
	s.keep(s.file.SetConditionalFormat(s.name, at(column, head+1)+":"+at(column, s.last), rules))
}

func (s *sheet) colourStatuses(column, head int) {
	of, order := map[string]int{}, []string{}
	for _, status := range shca.Statuses() {
		of[statusText(status)] = s.styles.statusRule[status]
		order = append(order, statusText(status))
	}
	s.colour(column, head, of, order)
}

func (s *sheet) colourSeverities(column, head int) {
	of, order := map[string]int{}, []string{}
	for severity := shca.Critical; severity > shca.SeverityUnknown; severity-- {
		of[severityText(severity)] = s.styles.severityRule[severity]
		order = append(order, severityText(severity))
	}
	s.colour(column, head, of, order)
}

// numbersAsText keeps Excel from marking texts of digits, such as account ids,
// as mistakes.
func (s *sheet) numbersAsText(head, columns int) {
	if s.last > head {
		s.keep(s.file.AddIgnoredErrors(s.name, at(0, head+1)+":"+at(columns-1, s.last), excelize.IgnoredErrorsNumberStoredAsText))
	}
}

func labels(ids []shca.ControlID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.Label()
	}
	return strings.Join(texts, ", ")
}

func join[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = string(v)
	}
	return strings.Join(texts, ", ")
}
