package xlsx

import (
	"fmt"
	"math"

	"github.com/xuri/excelize/v2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/internal/show"
)

// The summary has one column of names, then equal ones of numbers.
const (
	nameWidth      = 44
	numberWidth    = 12.5
	summaryColumns = 14
	chartColumn    = 7  // where charts beside tables begin
	chartFamilies  = 40 // families in the chart; the table has them all
)

// summary writes the verdict, the key numbers, and how controls, checks and
// findings divide, each as a table and a chart.
func (b *book) summary() {
	w := []float64{nameWidth}
	for len(w) < summaryColumns {
		w = append(w, numberWidth)
	}
	s := b.sheet(summarySheet, w...)
	b.summaryHead(s)
	b.facts(s)
	b.byStatus(s)
	b.bySeverity(s)
	s.keep(s.file.InsertPageBreak(s.name, at(0, s.last+2)))
	b.byFamily(s)
	s.page(summaryColumns, 0)
}

// wide writes a row of one cell across the sheet.
func (s *sheet) wide(height float64, c cell) {
	cells := make([]cell, summaryColumns)
	for i := range cells {
		cells[i].style = c.style
	}
	cells[0] = c
	s.tall(height, cells...)
	s.merge(s.last, 0, summaryColumns-1)
}

// tall adds a row and tells the library its height, by which it places charts.
func (s *sheet) tall(height float64, cells ...cell) {
	s.add(height, cells...)
	s.keep(s.file.SetRowHeight(s.name, s.last, height))
}

func (b *book) summaryHead(s *sheet) {
	st := &b.styles
	if b.Marking != "" {
		s.wide(20, line(st.marking, show.Cut(b.Marking, 200), inJSON))
	}
	title := b.SystemName
	if title == "" {
		title = b.Title
	}
	s.wide(32, line(st.title, show.Cut(title, 200), inJSON))
	if b.SystemName != "" {
		s.wide(18, line(st.subtitle, b.Title, inJSON))
	}
	if b.Complete() {
		s.wide(20, cell{style: st.calm, text: b.Completeness})
	} else {
		s.wide(20, cell{style: st.alarm, text: show.Alarm().Mark + " " + b.Completeness + " See " + b.Section(report.Unread).Title + " on the sheet " + scopesSheet + "."})
	}
	if b.Redaction != "" {
		s.wide(20, cell{style: st.calm, text: b.Redaction})
	}
	const perLine = 140 // characters of the verdict's size
	s.wide(float64(6+20*min(lines(b.Verdict, perLine), 6)), text(st.verdict, b.Verdict, inJSON))
	if missing := b.findings.missing(); missing != "" {
		s.wide(20, cell{style: st.alarm, text: show.Alarm().Mark + " " + findingsSheet + ": " + missing})
	}
	cells := []cell{{style: st.note, text: "In this workbook"}}
	for _, name := range []string{controlsSheet, checksSheet, findingsSheet, scopesSheet, notAssessedSheet, readMeSheet} {
		cells = append(cells, cell{style: st.link, text: name})
	}
	s.tall(22, cells...)
	for i, c := range cells[1:] {
		s.goTo(i+1, s.last, c.text)
	}
}

// part writes the heading and introduction of a part.
func (b *book) part(s *sheet, p report.Part) { b.section(s, b.Section(p)) }

func (b *book) section(s *sheet, section report.Section) {
	s.tall(10)
	s.tall(22, cell{style: b.styles.heading, text: section.Title})
	if section.Intro != "" {
		s.tall(lineHeight, line(b.styles.note, section.Intro, inJSON))
	}
}

func (b *book) facts(s *sheet) {
	st := &b.styles
	b.part(s, report.KeyNumbers)
	for _, f := range b.Facts {
		const perLine = 150
		n := min(lines(f.Detail, perLine), 4)
		cells := make([]cell, summaryColumns)
		for i := range cells {
			cells[i].style = st.fact
		}
		cells[0] = line(st.fact, f.Label, inJSON)
		cells[1] = line(st.factValue, f.Value, inJSON)
		cells[2].style = st.factValue
		cells[3] = line(st.factDetail, f.Detail, inJSON)
		s.tall(float64(3+lineHeight*n), cells...)
		s.merge(s.last, 1, 2)
		s.merge(s.last, 3, summaryColumns-1)
	}
}

func (b *book) byStatus(s *sheet) {
	st := &b.styles
	b.part(s, report.ByStatus)
	s.tall(tableHeight, cell{style: st.head, text: "Status"}, cell{style: st.headNumber, text: "Controls"}, cell{style: st.head, text: "Rests on"},
		cell{style: st.head}, cell{style: st.head}, cell{style: st.head})
	top := s.last
	var bars []bar
	for _, status := range shca.Statuses() {
		n := b.Summary.Statuses[status]
		s.tall(tableHeight, cell{style: st.status[status], text: statusText(status)}, integer(st.factNumber, n), cell{style: st.fact, text: show.Meaning(status)},
			cell{style: st.fact}, cell{style: st.fact}, cell{style: st.fact})
		bars = append(bars, bar{s.last, n, status.String()})
	}
	b.barChart(s, top, b.Section(report.ByStatus).Title, "controls", bars)
}

func (b *book) bySeverity(s *sheet) {
	st := &b.styles
	b.section(s, report.Section{Title: report.BySeverityTitle, Intro: b.Section(report.Failing).Intro})
	s.tall(tableHeight, cell{style: st.head, text: "Severity"}, cell{style: st.headNumber, text: "Checks"})
	top := s.last
	var bars []bar
	for _, c := range b.Severities {
		name := severityText(c.Severity)
		if c.Severity == shca.SeverityUnknown {
			if c.Checks == 0 {
				continue
			}
			name = show.SeverityStyle(c.Severity).Mark + " unknown"
		}
		s.tall(tableHeight, cell{style: st.severity[c.Severity], text: name}, integer(st.factNumber, c.Checks))
		bars = append(bars, bar{s.last, c.Checks, name})
	}
	b.barChart(s, top, report.BySeverityTitle, "checks", bars)
	s.tall(20)
}

func (b *book) byFamily(s *sheet) {
	st := &b.styles
	b.part(s, report.Families)
	cells := []cell{{style: st.head, text: "Family"}, {style: st.headNumber, text: "Controls"}}
	for _, status := range shca.Statuses() {
		cells = append(cells, cell{style: st.statusHead[status], text: statusText(status)})
	}
	for _, name := range []string{"Covered", "Passed findings", report.FailedFindings, "Undecided findings", "Suppressed findings", report.PassRate} {
		cells = append(cells, cell{style: st.headNumber, text: name})
	}
	s.tall(44, cells...)
	top := s.last
	for _, f := range b.Summary.Families {
		cells := []cell{line(st.name, f.Family+" "+f.Title, inJSON), integer(st.number, f.Controls)}
		for _, status := range shca.Statuses() {
			cells = append(cells, integer(st.number, f.Statuses[status]))
		}
		s.tall(lineHeight+2, append(cells, integer(st.number, f.Covered), integer(st.number, f.Tally.Passed), integer(st.number, f.Tally.Failed),
			integer(st.number, f.Tally.Undecided()), integer(st.number, f.Tally.Suppressed), rate(st.rate, f.Tally.Passed, f.Tally.Decided()))...)
	}
	s.tall(10)
	n := min(len(b.Summary.Families), chartFamilies)
	if n == 0 {
		s.tall(lineHeight, cell{style: st.note, text: noChart})
		return
	}
	if more := report.More(len(b.Summary.Families), chartFamilies, "the table has them all"); more != "" {
		s.tall(lineHeight, cell{style: st.note, text: more})
	}
	var series []excelize.ChartSeries
	for i, status := range shca.Statuses() {
		series = append(series, excelize.ChartSeries{
			Name:       s.absolute(i+2, top, i+2, top),
			Categories: s.absolute(0, top+1, 0, top+n),
			Values:     s.absolute(i+2, top+1, i+2, top+n),
			Fill:       fill(show.StatusStyle(status).Solid),
			DataLabel:  excelize.ChartDataLabel{Font: excelize.Font{Size: 9, Bold: true, Color: onSolid(status)}},
		})
	}
	height := 90 + 17*n
	gap, overlap, vary := uint(40), 100, false
	s.keep(s.file.AddChart(s.name, at(0, s.last+1), &excelize.Chart{
		Type: excelize.BarStacked, Series: series, Title: chartTitle(report.ByFamilyTitle),
		Legend: excelize.ChartLegend{Position: "top"}, GapWidth: &gap, Overlap: &overlap, VaryColors: &vary,
		// No zeros. The numbers are in the order of the legend, which tells them
		// apart where there are no colours.
		PlotArea:  excelize.ChartPlotArea{ShowVal: true, NumFmt: excelize.ChartNumFmt{CustomNumFmt: "0;;"}},
		XAxis:     excelize.ChartAxis{ReverseOrder: true, Font: excelize.Font{Size: 9, Color: show.Text}},
		YAxis:     excelize.ChartAxis{MajorGridLines: true, Font: excelize.Font{Size: 9, Color: show.Muted}, NumFmt: excelize.ChartNumFmt{CustomNumFmt: "#,##0"}},
		Dimension: excelize.ChartDimension{Width: 1500, Height: uint(height)},
		Format: excelize.GraphicOptions{
			Name:    report.ByFamilyTitle,
			AltText: fmt.Sprintf("Stacked bars, one for each of %s: its controls by status. The table above has the numbers.", families(n)),
		},
	}))
	for used := 0; used < height; used += pixels(lineHeight) {
		s.tall(lineHeight)
	}
}

// onSolid is the colour of a number on the bar of a status.
func onSolid(s shca.Status) string {
	if s == shca.StatusNotAssessed {
		return show.Text
	}
	return show.Page
}

// tableHeight is that of a row of a table beside a chart, in points.
const tableHeight = 20

// pixels is how many pixels the library takes a row's height for.
func pixels(height float64) int { return int(math.Ceil(height * 4 / 3.4)) }

func families(n int) string {
	if n == 1 {
		return "1 family"
	}
	return show.Number(n) + " families"
}

const noChart = "There is no chart, since there is nothing to count."

// bar is a bar of a chart: the row of the sheet with its name and number.
type bar struct {
	row  int
	n    int
	name string
}

// barChart draws a chart beside the table whose head is in the row top. If
// all its numbers are zero it says so instead.
func (b *book) barChart(s *sheet, top int, title, unit string, bars []bar) {
	total, alt := 0, title+": "
	for i, one := range bars {
		total += one.n
		if i > 0 {
			alt += ", "
		}
		alt += fmt.Sprintf("%s %s", one.name, show.Number(one.n))
	}
	if total == 0 {
		s.tall(lineHeight, cell{style: b.styles.note, text: noChart})
		return
	}
	first, last := bars[0].row, bars[len(bars)-1].row
	gap, vary := uint(30), false
	s.keep(s.file.AddChart(s.name, at(chartColumn, top), &excelize.Chart{
		Type: excelize.Bar, Title: chartTitle(title), Legend: excelize.ChartLegend{Position: "none"},
		GapWidth: &gap, VaryColors: &vary,
		Series: []excelize.ChartSeries{{
			Name:       s.absolute(1, top, 1, top),
			Categories: s.absolute(0, first, 0, last), Values: s.absolute(1, first, 1, last),
			Fill: fill(show.Accent), // the library colours single bars of pies only
		}},
		PlotArea:  excelize.ChartPlotArea{ShowVal: true, NumFmt: excelize.ChartNumFmt{CustomNumFmt: "#,##0"}},
		XAxis:     excelize.ChartAxis{ReverseOrder: true, Font: excelize.Font{Size: 9, Color: show.Text}},
		YAxis:     excelize.ChartAxis{None: true},
		Dimension: excelize.ChartDimension{Width: 640, Height: uint(pixels(tableHeight) * (len(bars) + 1))},
		Format:    excelize.GraphicOptions{Name: title, AltText: alt + " " + unit + "."},
	}))
}

func chartTitle(text string) excelize.ChartTitle {
	return excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: text, Font: &excelize.Font{Size: 11, Bold: true, Color: show.Text}}}}
}

// absolute names cells for a chart: 'Summary'!$A$1:$A$6.
func (s *sheet) absolute(column, row, toColumn, toRow int) string {
	name := fmt.Sprintf("'%s'!$%s$%d", s.name, columnName(column), row)
	if column != toColumn || row != toRow {
		name += fmt.Sprintf(":$%s$%d", columnName(toColumn), toRow)
	}
	return name
}
