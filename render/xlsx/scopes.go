package xlsx

import (
	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/internal/show"
)

// scopes writes what was looked at, by source, account and region, then what
// could not be read.
func (b *book) scopes() {
	st := &b.styles
	number := func(n func(*shca.Scope) int64) func(*shca.Scope) cell {
		return func(s *shca.Scope) cell { return integer(st.number, n(s)) }
	}
	columns := []column[*shca.Scope]{
		{"Account", 36, all, false, func(s *shca.Scope) cell { return line(st.wrapped, b.System.Account(s.AccountID), inJSON) }},
		{"Region", 16, 0, false, func(s *shca.Scope) cell { return line(st.text, s.Region, inJSON) }},
		{"Source", 16, all, false, func(s *shca.Scope) cell { return line(st.wrapped, s.Source, inJSON) }},
		{"Findings", 13, 0, true, number(func(s *shca.Scope) int64 { return s.Findings })},
		{"Assessed", 13, 0, true, number(func(s *shca.Scope) int64 { return s.Assessed })},
		{"Suppressed", 13, 0, true, number(func(s *shca.Scope) int64 { return s.Suppressed })},
		{report.NotScored, 13, 0, true, number(func(s *shca.Scope) int64 { return s.NotScored })},
		{"Archived", 13, 0, true, number(func(s *shca.Scope) int64 { return s.Archived })},
		{"Superseded", 13, 0, true, number(func(s *shca.Scope) int64 { return s.Superseded })},
		{"Could not be read", 13, 0, true, number(func(s *shca.Scope) int64 { return s.Skipped })},
		{"State", 70, all, false, func(s *shca.Scope) cell {
			state, wrong := b.ScopeState(s)
			if wrong {
				return text(st.alarmed, show.Alarm().Mark+" "+state, inJSON)
			}
			return text(st.wrapped, state, inJSON)
		}},
	}
	s := b.sheet(scopesSheet, widths(columns)...)
	section := b.Section(report.Scopes)
	read := b.Fact(report.Read)
	s.top(section.Title, read.Label+" "+read.Value+read.Rest()+".")
	top := head(s, columns)
	for i := range b.Assessment.Scopes {
		row(s, columns, &b.Assessment.Scopes[i])
	}
	s.filter(top, s.last, len(columns))
	s.numbersAsText(top, len(columns))
	if len(b.Assessment.Scopes) > 0 {
		t := b.Total
		total := []cell{{style: st.total, text: "Total"}, {style: st.total}, {style: st.total}}
		for _, n := range []int64{t.Findings, t.Assessed, t.Suppressed, t.NotScored, t.Archived, t.Superseded, t.Skipped} {
			total = append(total, integer(st.totalNumber, n))
		}
		s.add(lineHeight+3, append(total, cell{style: st.total})...)
	}
	b.unread(s, len(columns))
	s.page(len(columns), top)
}

// unread writes what could not be read, if anything.
func (b *book) unread(s *sheet, columns int) {
	if !b.Needed(report.Unread) {
		return
	}
	st := &b.styles
	section := b.Section(report.Unread)
	s.add(0)
	s.add(20, line(st.heading, section.Title, inJSON))
	s.add(0, line(st.plain, section.Intro, inJSON))
	s.merge(s.last, 0, columns-1)
	problem := func(c cell) {
		s.add(float64(min(lines(c.text, 200), 5)*lineHeight), c)
		s.merge(s.last, 0, columns-1)
	}
	for _, p := range b.Problems {
		problem(line(st.plain, p, inJSON))
	}
	if more := b.MoreProblems(len(b.Problems)); more != "" {
		problem(cell{style: st.plain, text: more})
	}
}
