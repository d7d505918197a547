package pdf

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/internal/show"
)

// titlePage says what was assessed, when, how far, and what came out.
func (r *writer) titlePage() {
	r.newPage()
	r.outline("Title page", 0)
	r.area(left, 128, 64, 5, show.Accent)
	r.y = 146
	r.in("P", func() {
		r.paragraph("Assessment of automated control evidence", style{regular, 12, show.Muted}, left, textWidth)
	})
	r.y += 6
	name, s := show.OneLine(r.SystemName), titleStyle
	if name == "" {
		name, s.color = "System not named", show.Muted
	}
	r.in("H1", func() { r.stack(cutLines(name, s, textWidth, 3), s) })
	r.y += 4
	s = style{bold, 13, show.Accent}
	r.in("P", func() { r.stack(cutLines(show.OneLine(r.Report.Title), s, textWidth, 3), s) })
	r.y += 16
	r.completeness()
	if r.Redaction != "" {
		r.y += 4
		s = style{bold, 11, show.Text}
		height := s.leading() + 12
		r.area(left, r.y, textWidth, height, show.Band)
		r.area(left, r.y, 4, height, show.Accent)
		r.in("P", func() { r.text(left+14, r.y+6, s, r.Redaction) })
		r.y += height
	}
	r.y += 12
	s = style{regular, 11, show.Text}
	r.in("P", func() { r.paragraph(show.OneLine(r.Verdict), s, left, textWidth) })
	r.y += 14
	fact := func(label string) [2]string {
		f := r.Fact(label)
		return [2]string{label, f.Value + f.Rest()}
	}
	baseline := show.OneLine(cutName(r.Baseline, r.BaselineName))
	if !r.AllControls {
		baseline += ": " + show.Plural(r.Summary.Controls, "control")
	}
	var accounts, regions []string
	for i := range r.Scopes {
		if s := &r.Scopes[i]; show.Looked(s) {
			accounts = append(accounts, show.OneLine(r.System.Account(s.AccountID)))
			regions = append(regions, show.OneLine(s.Region))
		}
	}
	rows := [][2]string{
		fact(report.Assessed),
		{"Framework", cutName(r.Framework, r.FrameworkName)},
		{"Baseline", baseline},
		{"Accounts", named(accounts, r.Total.OfAccounts, "Scopes")},
		{"Regions", named(regions, r.Total.OfRegions, "Scopes")},
		fact(report.Read),
		fact(report.PassRate),
		fact(report.Coverage),
	}
	if r.Marking != "" {
		rows = append([][2]string{{"Marking", r.Marking}}, rows...)
	}
	var cells [][]cell
	label, value := style{bold, 9, show.Muted}, style{regular, 9, show.Text}
	for _, row := range rows {
		if row[1] != "" {
			cells = append(cells, []cell{{{text: row[0], style: label}}, {{text: strings.Join(cutLines(show.OneLine(row[1]), value, textWidth-100, 6), ""), style: value}}})
		}
	}
	r.table(columns([]column{{width: 80}, {}}), cells)
	r.y += 12
	for _, m := range shca.Method() {
		if m.Term == "Coverage" || m.Term == "Compliant" {
			r.note(m.Term + ": " + m.Meaning)
		}
	}
}

// stack writes lines one below the other.
func (r *writer) stack(lines []string, s style) {
	for _, line := range lines {
		r.text(left, r.y, s, line)
		r.y += s.leading()
	}
}

func cutName(name, title string) string {
	if title == "" {
		return show.Cut(name, maxName)
	}
	return show.Cut(title, maxName)
}

// named lists names once each, in order, and says what it leaves out. all counts
// those besides of which nothing was read.
func named(names []string, all int, where string) string {
	slices.Sort(names)
	names = slices.DeleteFunc(slices.Compact(names), func(s string) bool { return s == "" })
	shown := names[:min(len(names), maxNamed)]
	count := show.Number(len(names))
	if len(names) < all {
		count += " of " + show.Number(all)
	}
	switch {
	case len(names) == 0 && all == 0:
		return ""
	case len(names) == 0:
		return count + ", see " + where
	}
	text := count + ": " + cutEach(shown)
	if len(names) > len(shown) {
		text += fmt.Sprintf(" and %s more, see %s", show.Number(len(names)-len(shown)), where)
	}
	return text
}

func cutEach(names []string) string {
	var list []string
	for _, name := range names {
		list = append(list, show.Cut(name, maxTitle/2))
	}
	return strings.Join(list, ", ")
}

// completeness is a band that says whether everything was read.
func (r *writer) completeness() {
	// All read is not all well: no green.
	colors := show.Style{Mark: "✓", Fill: show.Band, Ink: show.Text, Solid: show.Accent}
	text := r.Completeness
	if !r.Complete() {
		colors = show.Alarm()
	}
	s := style{bold, 11, colors.Ink}
	height := s.leading() + 12
	r.area(left, r.y, textWidth, height, colors.Fill)
	r.area(left, r.y, 4, height, colors.Solid)
	r.in("P", func() {
		y := r.y + 6
		r.text(left+14, y, s, colors.Mark+" "+text)
		if !r.Complete() {
			s := style{regular, 9, colors.Ink}
			e, page := r.tree.current, r.PageNo()
			r.late = append(r.late, func() {
				at := r.places[report.Unread]
				r.onPage(page, func() {
					r.within(e, func() {
						text := fmt.Sprintf("See page %d", at.page)
						r.textRight(right-8, y+1, s, text)
						r.Link(right-8-s.width(text), y, s.width(text), s.leading(), at.link)
					})
				})
			})
		}
	})
	r.y += height
}

// contentsPage keeps a page for the contents, which are known at the end.
func (r *writer) contentsPage() {
	r.newPage()
	r.outline("Contents", 0)
	s := headingStyle
	r.in("H1", func() { r.paragraph("Contents", s, left, textWidth) })
	r.rule(r.y+1, show.Accent, 1)
	r.y += 12
	r.toc = r.element("TOC")
	page, y := r.PageNo(), r.y
	r.late = append(r.late, func() {
		r.onPage(page, func() {
			r.y = y
			r.within(r.toc, func() {
				for _, e := range r.contents {
					r.contentsLine(e)
				}
			})
		})
	})
}

func (r *writer) contentsLine(e entry) {
	s, indent := style{bold, 9.5, show.Text}, 0.0
	if e.level > 0 {
		s, indent = style{regular, 8.5, show.Muted}, 14
	} else {
		r.y += 5
	}
	if r.y+s.leading() > bottom {
		return // no assessment has so many parts, see the tests
	}
	number := show.Number(e.at.page)
	x := left + indent
	r.in("TOCI", func() {
		title := oneLine(e.title, s, right-x-40)
		r.text(x, r.y, s, title)
		from, to := x+s.width(title)+5, right-s.width(number)-5
		r.artifact(func() {
			r.SetDrawColor(rgb(show.Muted))
			r.SetLineWidth(0.5)
			r.SetDashPattern([]float64{0.5, 3}, 0)
			r.Line(from, r.y+s.leading()*0.75, to, r.y+s.leading()*0.75)
			r.SetDashPattern(nil, 0)
		})
		r.textRight(right, r.y, s, number)
		r.Link(x, r.y, right-x, s.leading(), e.at.link)
	})
	r.y += s.leading() + 1.5
}

// pageFrames writes the header and footer of each page. US federal rules want
// the marking at the top and the bottom of every page.
func (r *writer) pageFrames() {
	pages := r.PageCount()
	strong, small := style{bold, 10, show.Text}, style{regular, 7.5, show.Muted}
	marking := oneLine(r.Marking, strong, textWidth)
	name := r.SystemName
	if name == "" {
		name = r.Report.Title
	}
	name = oneLine(name, small, textWidth-150)
	title := oneLine(r.Report.Title, small, textWidth-150)
	for n := 1; n <= pages; n++ {
		r.onPage(n, func() {
			r.artifact(func() {
				r.textCenter(26, strong, marking)
				if n > 1 {
					r.text(left, 44, small, name)
				}
				if !r.Complete() {
					colors := show.Alarm()
					s := style{bold, 7.5, colors.Ink}
					width := s.width(colors.Mark+" Incomplete assessment") + 8
					r.chip(right-width, 44, s, colors, "Incomplete assessment")
				}
				r.rule(57, show.Line, 0.5)
				r.rule(738, show.Line, 0.5)
				r.text(left, 743, small, title)
				r.textRight(right, 743, small, fmt.Sprintf("Page %d of %d", n, pages))
				r.textCenter(758, strong, marking)
			})
		})
	}
}
