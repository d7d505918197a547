package xlsx

import (
	"github.com/xuri/excelize/v2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

// styles are the looks of cells, by the numbers that the workbook knows them by.
type styles struct {
	title, subtitle, heading, note, link, plain int // outside of tables
	verdict, marking, calm, alarm               int
	fact, factValue, factDetail, factNumber     int

	head, headNumber                          int // of tables
	text, wrapped, number, rate, date         int
	linked, total, totalNumber, alarmed, name int
	short                                     int // wrapped, where the row has room for more
	status                                    map[shca.Status]int
	statusHead                                map[shca.Status]int
	severity                                  map[shca.Severity]int
	statusRule                                map[shca.Status]int // of conditional formats
	severityRule                              map[shca.Severity]int
}

// Number formats. A percentage looks as show.Rate prints it, and a time as
// show.Date does but for the zone, which the head of its column has.
const (
	asText    = 49 // "@": what is typed stays text
	asInteger = 3  // "#,##0"
)

var (
	// asCount keeps its numbers off the next column by three spaces of the width
	// of a parenthesis: LibreOffice does not indent them.
	asCount = "#,##0_)_)_)"
	asRate  = "0.00 %"
	asDate  = "yyyy-mm-dd hh:mm"
)

func newStyles(b *book) styles {
	add := func(s excelize.Style) int {
		if s.Font == nil {
			s.Font = &excelize.Font{Color: show.Text}
		}
		s.Font.Family = "Calibri" // as the workbook's own
		if s.CustomNumFmt == nil && s.NumFmt == 0 {
			s.NumFmt = asText
		}
		id, err := b.file.NewStyle(&s)
		b.keep(err)
		return id
	}
	rule := func(s show.Style) int {
		id, err := b.file.NewConditionalStyle(&excelize.Style{Fill: fill(s.Fill), Font: &excelize.Font{Color: s.Ink}})
		b.keep(err)
		return id
	}
	font := func(size float64, bold bool, ink string) *excelize.Font {
		return &excelize.Font{Size: size, Bold: bold, Color: ink}
	}
	align := func(horizontal string, wrap bool) *excelize.Alignment {
		a := &excelize.Alignment{Horizontal: horizontal, Vertical: "top", WrapText: wrap}
		if horizontal == "right" {
			a.Indent = 2 // off the text in the next column
		}
		return a
	}
	middle := func(horizontal string, wrap bool) *excelize.Alignment {
		a := align(horizontal, wrap)
		a.Vertical = "center"
		return a
	}
	line := []excelize.Border{{Type: "bottom", Color: show.Line, Style: 1}}
	strong := []excelize.Border{{Type: "top", Color: show.Accent, Style: 1}, {Type: "bottom", Color: show.Accent, Style: 2}}
	body := func(s excelize.Style) int {
		s.Border = line
		if s.Alignment.Horizontal == "left" {
			s.Alignment.Indent = 1 // off the colours and numbers before it
		}
		return add(s)
	}
	headLeft := middle("left", true)
	headLeft.Indent = 1
	red := show.Alarm()

	st := styles{
		title:    add(excelize.Style{Font: font(18, true, show.Accent), Alignment: middle("left", false)}),
		subtitle: add(excelize.Style{Font: font(11, false, show.Muted), Alignment: middle("left", false)}),
		heading:  add(excelize.Style{Font: font(13, true, show.Accent), Alignment: middle("left", false)}),
		note:     add(excelize.Style{Font: font(10, false, show.Muted), Alignment: middle("left", false)}),
		link:     add(excelize.Style{Font: &excelize.Font{Color: show.Accent, Underline: "single"}, Alignment: middle("left", false)}),
		plain:    add(excelize.Style{Alignment: align("left", true)}),
		verdict:  add(excelize.Style{Font: font(13, true, show.Text), Alignment: middle("left", true)}),
		marking:  add(excelize.Style{Font: font(12, true, show.Page), Fill: fill(show.Text), Alignment: middle("center", false)}),
		calm:     add(excelize.Style{Font: font(11, false, show.Muted), Fill: fill(show.Band), Alignment: middle("left", true)}),
		alarm:    add(excelize.Style{Font: font(11, true, red.Ink), Fill: fill(red.Fill), Alignment: middle("left", true)}),

		fact:       body(excelize.Style{Alignment: middle("left", false)}),
		factValue:  body(excelize.Style{Font: font(12, true, show.Accent), Alignment: middle("left", false)}),
		factNumber: body(excelize.Style{NumFmt: asInteger, Alignment: middle("right", false)}),
		factDetail: body(excelize.Style{Alignment: middle("left", true)}),

		head:        add(excelize.Style{Font: font(10, true, show.Text), Fill: fill(show.Band), Border: strong, Alignment: headLeft}),
		headNumber:  add(excelize.Style{Font: font(10, true, show.Text), Fill: fill(show.Band), Border: strong, Alignment: middle("right", true)}),
		text:        body(excelize.Style{Alignment: middle("left", false)}),
		wrapped:     body(excelize.Style{Alignment: align("left", true)}),
		short:       body(excelize.Style{Alignment: middle("left", true)}),
		name:        body(excelize.Style{Font: font(11, true, show.Text), Alignment: middle("left", false)}),
		number:      body(excelize.Style{CustomNumFmt: &asCount, Alignment: &excelize.Alignment{Horizontal: "right", Vertical: "center"}}),
		rate:        body(excelize.Style{CustomNumFmt: &asRate, Alignment: middle("right", false)}),
		date:        body(excelize.Style{CustomNumFmt: &asDate, Alignment: middle("left", false)}),
		linked:      body(excelize.Style{Font: &excelize.Font{Color: show.Accent, Underline: "single"}, Alignment: middle("left", false)}),
		alarmed:     body(excelize.Style{Font: font(11, true, red.Ink), Fill: fill(red.Fill), Alignment: align("left", true)}),
		total:       add(excelize.Style{Font: font(11, true, show.Text), Fill: fill(show.Band), Border: strong, Alignment: headLeft}),
		totalNumber: add(excelize.Style{Font: font(11, true, show.Text), Fill: fill(show.Band), Border: strong, NumFmt: asInteger, Alignment: middle("right", false)}),

		status: map[shca.Status]int{}, statusHead: map[shca.Status]int{}, severity: map[shca.Severity]int{},
		statusRule: map[shca.Status]int{}, severityRule: map[shca.Severity]int{},
	}
	for _, s := range shca.Statuses() {
		look := show.StatusStyle(s)
		st.status[s] = body(excelize.Style{Font: font(11, false, look.Ink), Fill: fill(look.Fill), Alignment: middle("left", false)})
		st.statusHead[s] = add(excelize.Style{Font: font(10, true, look.Ink), Fill: fill(look.Fill), Border: strong, Alignment: middle("right", true)})
		st.statusRule[s] = rule(look)
	}
	for s := shca.SeverityUnknown; s <= shca.Critical; s++ {
		look := show.SeverityStyle(s)
		st.severity[s] = body(excelize.Style{Font: font(11, false, look.Ink), Fill: fill(look.Fill), Alignment: middle("left", false)})
		st.severityRule[s] = rule(look)
	}
	return st
}

func fill(color string) excelize.Fill {
	return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{color}}
}

// statusText is a status with its mark, which tells it where there are no colours.
func statusText(s shca.Status) string { return show.StatusStyle(s).Mark + " " + s.String() }

// severityText is a severity with its mark, "" if it is unknown.
func severityText(s shca.Severity) string {
	if s == shca.SeverityUnknown {
		return ""
	}
	return show.SeverityStyle(s).Mark + " " + show.Severity(s)
}
