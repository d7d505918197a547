package pdf

import (
	"fmt"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/internal/show"
)

// The parts of the summary. Together they have one page.
const (
	summaryFamilies = 20 // SP 800-53 has 20
	summaryWorst    = 5
	columnGap       = 20.0
)

// summaryPage is the assessment on one page. Every drawn bar has its number
// beside it or in it.
func (r *writer) summaryPage() {
	r.newPage()
	r.chapter("Executive summary")
	colors := show.StatusStyle(shca.StatusPartial)
	switch {
	case !r.Complete():
		colors = show.Alarm()
	case r.Summary.Statuses[shca.StatusNonCompliant] > 0:
		colors = show.StatusStyle(shca.StatusNonCompliant)
	case len(r.Attention) == 0 && r.Summary.Covered > 0:
		colors = show.StatusStyle(shca.StatusCompliant)
	case r.Summary.Covered == 0:
		colors = show.StatusStyle(shca.StatusNotAssessed)
	}
	s := style{bold, 9.5, show.Text}
	lines := cutLines(show.OneLine(r.Verdict), s, textWidth-26, 4)
	height := float64(len(lines))*s.leading() + 10
	r.area(left, r.y, textWidth, height, show.Band)
	r.area(left, r.y, 4, height, colors.Solid)
	y := r.y
	r.y += 5
	r.in("P", func() {
		for _, line := range lines {
			r.text(left+14, r.y, s, line)
			r.y += s.leading()
		}
	})
	r.y = y + height + 8
	r.tiles()
	r.statusChart()
	top := r.y
	half := (textWidth - columnGap) / 2
	r.severityChart(left, half-30)
	end := r.y
	r.y = top
	r.worst(left+half-30+columnGap, half+30)
	r.y = max(end, r.y) + 6
	r.familyChart()
}

// caption writes the heading of a part of the summary.
func (r *writer) caption(x float64, text string) {
	r.in("H2", func() { r.text(x, r.y, style{bold, 9.5, show.Accent}, text) })
	r.y += 15
}

// tiles are the key numbers: four at large, the others a line each.
func (r *writer) tiles() {
	const across, gap = 4, 8.0
	width := (textWidth - (across-1)*gap) / across
	label, value, detail := style{bold, 7.5, show.Muted}, style{bold, 16, show.Text}, style{regular, 7, show.Muted}
	facts := r.Facts[:across]
	height := 0.0
	var details [across][]string
	for i, f := range facts {
		details[i] = cutLines(show.OneLine(f.Detail), detail, width-14, 4)
		height = max(height, float64(len(details[i]))*detail.leading())
	}
	height += 9 + label.leading() + value.leading()
	for i, f := range facts {
		x := left + float64(i)*(width+gap)
		r.rounded(x, r.y, width, height, show.Band)
		r.in("P", func() {
			y := r.y + 4
			r.text(x+7, y, label, f.Label+" ")
			y += label.leading()
			r.text(x+7, y, value, oneLine(f.Value, value, width-14)+" ")
			y += value.leading()
			for _, line := range details[i] {
				r.text(x+7, y, detail, line)
				y += detail.leading()
			}
		})
	}
	r.y += height + gap
	const words = 74.0
	r.in("Table", func() {
		for _, f := range r.Facts[across:] {
			r.in("TR", func() {
				r.in("TH", func() { r.text(left, r.y, cellStrong, f.Label+" ") })
				r.in("TD", func() {
					for _, line := range cutLines(show.OneLine(f.Value+f.Rest()), cellStyle, textWidth-words, 2) {
						r.text(left+words, r.y, cellStyle, line)
						r.y += 11
					}
				})
			})
		}
	})
	r.remark(left, textWidth, r.Section(report.KeyNumbers).Intro)
	r.y += 7
}

// remark writes what the reader has to know of numbers, if anything, in at most
// two lines.
func (r *writer) remark(x, width float64, text string) {
	if text == "" {
		return
	}
	r.in("P", func() {
		for _, line := range cutLines(show.OneLine(text), noteStyle, width, 2) {
			r.text(x, r.y, noteStyle, line)
			r.y += 11
		}
	})
}

// bar draws controls by status, the marks and numbers in the pieces.
func (r *writer) bar(x, y, width, height float64, statuses map[shca.Status]int, s style) {
	total := 0
	for _, n := range statuses {
		total += n
	}
	if total == 0 {
		r.area(x, y, width, height, show.Band)
		return
	}
	for _, status := range shca.Statuses() {
		n := statuses[status]
		if n == 0 {
			continue
		}
		colors := show.StatusStyle(status)
		piece := width * float64(n) / float64(total)
		r.area(x, y, piece, height, colors.Fill)
		if status != shca.StatusNotAssessed { // which should not stand out
			r.area(x, y+height-1.5, piece, 1.5, colors.Solid)
		}
		r.area(x+piece-0.5, y, 0.5, height, show.Page)
		s.color = colors.Ink
		for _, text := range []string{colors.Mark + " " + show.Number(n), show.Number(n), ""} {
			if w := s.width(text); w+2 < piece {
				// The numbers are in a table near by as well.
				r.artifact(func() { r.text(x+(piece-w)/2, y+(height-1-s.leading())/2, s, text) })
				break
			}
		}
		x += piece
	}
}

// statusChart is a bar of all controls and a table of its numbers.
func (r *writer) statusChart() {
	r.caption(left, r.Section(report.ByStatus).Title)
	r.bar(left, r.y, textWidth, 20, r.Summary.Statuses, style{bold, 8.5, ""})
	r.y += 25
	word := style{bold, 7.5, ""}
	r.in("Table", func() {
		for _, status := range shca.Statuses() {
			r.in("TR", func() {
				r.in("TH", func() { r.chip(left, r.y, word, show.StatusStyle(status), status.String()) })
				r.in("TD", func() { r.textRight(left+126, r.y, cellStrong, show.Number(r.Summary.Statuses[status])) })
				r.in("TD", func() { r.text(left+136, r.y, cellMuted, show.Meaning(status)) })
			})
			r.y += 12
		}
	})
	r.y += 2
	r.remark(left, textWidth, r.Section(report.ByStatus).Intro)
	r.y += 5
}

// severityChart is a bar for each severity of failing checks.
func (r *writer) severityChart(x, width float64) {
	r.caption(x, report.BySeverityTitle)
	most := 1
	for _, s := range r.Severities {
		most = max(most, s.Checks)
	}
	label := style{bold, 7.5, ""}
	const words, number = 108.0, 34.0
	r.in("Table", func() {
		for _, s := range r.Severities {
			if s.Checks == 0 && show.Category(s.Severity) == "" {
				continue
			}
			colors := show.SeverityStyle(s.Severity)
			r.in("TR", func() {
				r.in("TH", func() { r.chip(x, r.y, label, colors, show.Severity(s.Severity)) })
				length := (width - words - number) * float64(s.Checks) / float64(most)
				if s.Checks > 0 {
					r.area(x+words, r.y+1, max(length, 1), 8, colors.Solid)
				}
				r.in("TD", func() { r.text(x+words+length+4, r.y, cellStrong, show.Number(s.Checks)) })
			})
			r.y += 13
		}
	})
}

// worst names the checks to mend first.
func (r *writer) worst(x, width float64) {
	r.caption(x, r.Section(report.Failing).Title)
	// The chart beside it counts those of the baseline, and the list has others
	// as well.
	r.remark(x, width, r.Section(report.Failing).Intro)
	if len(r.Failing) == 0 {
		return
	}
	r.y += 2
	const ids, numbers = 72.0, 62.0
	r.in("Table", func() {
		for _, c := range r.Failing[:min(len(r.Failing), summaryWorst)] {
			colors := show.SeverityStyle(c.Severity)
			r.in("TR", func() {
				r.in("TH", func() {
					s := idStyle
					s.color = colors.Ink
					r.text(x, r.y, s, oneLine(colors.Mark+" "+string(c.ID), s, ids-4)+" ")
				})
				r.in("TD", func() { r.text(x+ids, r.y, cellStyle, oneLine(c.Text.Title, cellStyle, width-ids-numbers)+" ") })
				r.in("TD", func() { r.textRight(x+width, r.y, cellStyle, failed(c.Tally)) })
			})
			r.Link(x, r.y, width, 12, r.checks[c.ID].link)
			r.y += 13
		}
	})
}

// failed prints how many of the decided findings failed.
func failed(t shca.Tally) string {
	return show.Number(t.Failed) + " of " + show.Number(t.Decided())
}

// familyChart is a bar for each family.
func (r *writer) familyChart() {
	families := r.Summary.Families
	if len(families) == 0 {
		return
	}
	r.caption(left, report.ByFamilyTitle)
	const words, numbers = 172.0, 80.0
	shown := families[:min(len(families), summaryFamilies)]
	step := min(13, (bottom-13-r.y)/float64(len(shown)))
	label := style{regular, min(7.5, step/1.4), show.Text}
	r.in("Table", func() {
		for _, f := range shown {
			r.in("TR", func() {
				r.in("TH", func() { r.text(left, r.y, label, oneLine(f.Family+" "+f.Title, label, words-6)+" ") })
				r.bar(left+words, r.y, textWidth-words-numbers, step-1.5, f.Statuses, style{bold, min(6.5, step/1.8), ""})
				r.in("TD", func() {
					r.textRight(right, r.y, label, fmt.Sprintf("%s of %s covered", show.Number(f.Covered), show.Number(f.Controls)))
				})
			})
			r.y += step
		}
	})
	text := report.More(len(families), len(shown), "see "+r.Section(report.Families).Title)
	if text == "" {
		text = "The table \"" + r.Section(report.Families).Title + "\" has all numbers."
	}
	r.in("P", func() { r.text(left, r.y, noteStyle, text) })
	r.y += 11
}

// families is the table of families.
func (r *writer) families() {
	r.newPage()
	r.part(report.Families, 0)
	families := r.Summary.Families
	var rows [][]cell
	for _, f := range families[:min(len(families), maxFamilies)] {
		row := []cell{{{text: short(f.Family+" "+f.Title, maxName), style: cellStyle}}}
		row = append(row, number(f.Controls))
		for _, status := range shca.Statuses() {
			row = append(row, number(f.Statuses[status]))
		}
		row = append(row, number(f.Tally.Failed), rate(f.Tally))
		rows = append(rows, row)
	}
	list := []column{{head: "Family", thin: true}, {head: "Controls", width: 30, right: true, thin: true}}
	for _, status := range shca.Statuses() {
		list = append(list, column{head: status.String(), width: 30, right: true, thin: true})
	}
	list = append(list, column{head: report.FailedFindings, width: 36, right: true, thin: true}, column{head: report.PassRate, width: 48, right: true, thin: true})
	r.table(columns(list), rows)
	r.note(report.More(len(families), maxFamilies, "assessment.json has them all"))
}

func number[T int | int64](n T) cell { return cell{{text: show.Number(n), style: cellStyle}} }

func rate(t shca.Tally) cell { return cell{{text: show.Rate(t.Passed, t.Decided()), style: cellStyle}} }
