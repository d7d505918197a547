package html

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/internal/show"
)

// How much of a list the report shows. The limits are far above what an estate
// of AWS has; they keep a report of hostile findings to what a browser opens.
const (
	maxControls   = 2000 // NIST SP 800-53 Rev. 5 has 1,196
	maxFamilies   = 100
	maxChecks     = 1000 // Security Hub has some 300
	maxOfCheck    = 100  // controls of one check
	maxFew        = 6    // controls of one check, in a table
	maxOfControl  = 300  // checks of one control
	maxUnmapped   = 200
	maxSuppressed = 200
	maxScopes     = 500
	maxInputs     = 500
)

// How many characters of a text the report shows.
const (
	maxShort    = 80 // ids of controls, accounts, Regions and such
	maxText     = 300
	maxSentence = 1000
	maxLong     = 6000
)

// page is what the template writes.
type page struct {
	*report.Report
	Policy string // Content-Security-Policy
	Style  template.CSS
	Script template.JS

	Tiles    []tile
	Families []family
	Rows     []*control // of the control table
	Groups   []group    // checks, with all that is told of them

	rows   map[shca.ControlID]*control
	checks map[shca.CheckID]*check
}

// A tile is a key number and, where it is a part of something, a bar of it.
type tile struct {
	report.Fact
	Bar *bar
}

type family struct {
	Number int // from 1, which stands for it in attributes
	shca.FamilySummary
	Bar *bar
}

// A control is a row of the control table and what opens below it.
type control struct {
	*shca.ControlResult
	Number int // from 1, of its row
	Family int // number of its family; 0 for those of no baseline control
	Checks []*check
	File   string // with all of its findings; "" if it has none or the name is not certain
}

// A check is told once and referred to from the controls it counts in.
type check struct {
	*shca.CheckResult
	Number   int // from 1; 0 if its details are left out
	Controls []*control
	system   *shca.System
}

// A group of checks is a part of the section that tells of them.
type group struct {
	Title  string
	Checks []*check
}

func newPage(a *shca.Assessment) *page {
	r := report.New(a)
	p := &page{Report: r, rows: map[shca.ControlID]*control{}, checks: map[shca.CheckID]*check{}}
	p.Style, p.Script = style(a.Marking), template.JS(scriptText)
	p.Policy = policy(string(p.Style), scriptText)
	p.tiles()
	numbers := map[string]int{}
	for i, f := range r.Summary.Families[:min(len(r.Summary.Families), maxFamilies)] {
		numbers[f.Family] = i + 1
		p.Families = append(p.Families, family{i + 1, f, statusBar(f.Statuses, f.Controls)})
	}
	names := fileNames(a)
	for i := range a.Controls {
		c := &a.Controls[i]
		row := &control{ControlResult: c, Number: i + 1, Family: numbers[c.ID.Family()], File: names[i]}
		if i < maxControls {
			p.Rows = append(p.Rows, row)
		} else {
			row.Number = 0
		}
		if p.rows[c.ID] == nil {
			p.rows[c.ID] = row
		}
	}
	p.groups()
	for _, row := range p.Rows {
		for _, id := range row.ControlResult.Checks {
			if c := p.checks[id]; c != nil {
				row.Checks = append(row.Checks, c)
			}
		}
		slices.SortStableFunc(row.Checks, compareChecks)
	}
	return p
}

// tiles gives the two numbers that belong together a bar.
func (p *page) tiles() {
	s := p.Summary
	for _, f := range p.Facts {
		t := tile{Fact: f}
		switch {
		case f.Label == report.PassRate && s.Tally.Decided() > 0:
			t.Bar = &bar{Title: f.Label + ": " + f.Value, Total: s.Tally.Decided()}
			t.Bar.add(statusClass(shca.StatusCompliant), s.Tally.Passed, show.Number(s.Tally.Passed)+" passed")
			t.Bar.add(statusClass(shca.StatusNonCompliant), s.Tally.Failed, show.Number(s.Tally.Failed)+" failed")
		case f.Label == report.Coverage && s.Controls > 0 && !p.AllControls:
			t.Bar = &bar{Title: f.Label + ": " + f.Value, Total: int64(s.Controls)}
			t.Bar.add("accent", int64(s.Covered), show.Number(s.Covered)+" with a decided finding")
			t.Bar.add("rest", int64(s.Controls-s.Covered), show.Number(s.Controls-s.Covered)+" without")
		}
		p.Tiles = append(p.Tiles, t)
	}
}

// groups lists the checks, what failed first, since what comes last is left out
// if there are too many.
func (p *page) groups() {
	add := func(g *group, c *shca.CheckResult) {
		one := &check{CheckResult: c, system: &p.System}
		for _, id := range c.Controls {
			if row := p.rows[id]; row != nil {
				one.Controls = append(one.Controls, row)
			}
		}
		if len(p.checks) < maxChecks {
			one.Number = len(p.checks) + 1
			g.Checks = append(g.Checks, one)
		}
		p.checks[c.ID] = one
	}
	failing, others := group{Title: "With failed findings, worst first"}, group{Title: "Without failed findings"}
	for _, c := range p.Failing {
		add(&failing, c)
	}
	for i := range p.Report.Checks {
		if c := &p.Report.Checks[i]; c.Tally.Failed == 0 {
			add(&others, c)
		}
	}
	for _, g := range []group{failing, others} {
		if len(g.Checks) > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
}

// compareChecks puts what failed first, worst first, and leaves the others.
func compareChecks(a, b *check) int {
	switch {
	case a.Tally.Failed > 0 && b.Tally.Failed > 0:
		return shca.CompareWorst(a.CheckResult, b.CheckResult)
	case a.Tally.Failed > 0:
		return -1
	case b.Tally.Failed > 0:
		return 1
	}
	return 0
}

// fileNames returns, for each control, the file in which package csv lists its
// findings; "" for controls without any, and where that name is not simply the
// control's.
func fileNames(a *shca.Assessment) []string {
	count := map[string]int{}
	for i := range a.Controls {
		if a.Controls[i].Status != shca.StatusNotAssessed {
			count[strings.ToLower(a.Controls[i].ID.Label())]++
		}
	}
	names := make([]string, len(a.Controls))
	for i := range a.Controls {
		c := &a.Controls[i]
		label := c.ID.Label()
		if c.Status == shca.StatusNotAssessed || count[strings.ToLower(label)] > 1 || !plainName(label) {
			continue
		}
		names[i] = "controls/attention/" + label + ".csv"
		if c.Status == shca.StatusCompliant {
			names[i] = "controls/ready/" + label + ".csv"
		}
	}
	return names
}

func plainName(label string) bool {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.()"
	return label != "" && len(label) <= 100 && label[0] != '.' && strings.Trim(label, letters) == ""
}

// A bar is a chart of the parts of a total.
type bar struct {
	Title    string
	Total    int64
	Segments []segment
}

type segment struct {
	Class    string
	At, Wide int64
	Text     string

	Mark, Number string // below it, in the bar of all controls
}

// add appends a segment unless it is empty.
func (b *bar) add(class string, n int64, text string) {
	if n <= 0 {
		return
	}
	var at int64
	if len(b.Segments) > 0 {
		last := b.Segments[len(b.Segments)-1]
		at = last.At + last.Wide
	}
	b.Segments = append(b.Segments, segment{Class: class, At: at, Wide: n, Text: text})
}

// Text tells the numbers of the bar.
func (b *bar) Text() string {
	var texts []string
	for _, s := range b.Segments {
		texts = append(texts, s.Text)
	}
	return strings.Join(texts, ", ")
}

// statusBar is nil where there are no controls.
func statusBar(statuses map[shca.Status]int, total int) *bar {
	if total == 0 {
		return nil
	}
	b := &bar{Title: show.Plural(total, "control") + " by status", Total: int64(total)}
	for _, s := range shca.Statuses() {
		b.add(statusClass(s), int64(statuses[s]), show.Number(statuses[s])+" "+s.String())
	}
	return b
}

// StatusBar is the bar of all controls of the baseline.
func (p *page) StatusBar() *bar {
	b := statusBar(p.Summary.Statuses, p.Summary.Controls)
	if b == nil {
		return nil
	}
	i := 0
	for _, s := range shca.Statuses() {
		if n := p.Summary.Statuses[s]; n > 0 {
			b.Segments[i].Mark, b.Segments[i].Number = show.StatusStyle(s).Mark, show.Number(n)
			i++
		}
	}
	return b
}

// A marked segment says below itself what it is, for those who see no colours.
type marked struct {
	segment
	X, Width, Middle       string // percentages of the bar
	MarkClass, NumberClass string
}

// Marked are the segments with the marks and numbers that fit below them. What
// fits a wide window only has the class "roomy"; what fits none, "unfit". The
// table below the bar has the numbers of all.
func (b *bar) Marked() []marked {
	percent := func(n int64) string { return fmt.Sprintf("%.3f", 100*float64(n)/float64(b.Total)) }
	fit := func(wide int64, characters int) string {
		const narrow, window, mark, character = 280, 600, 12, 8 // pixels
		switch need := int64(mark + characters*character); {
		case wide*narrow >= need*b.Total:
			return "fit"
		case wide*window >= need*b.Total:
			return "roomy"
		}
		return "unfit"
	}
	var list []marked
	for _, s := range b.Segments {
		middle := fmt.Sprintf("%.3f", 100*(float64(s.At)+float64(s.Wide)/2)/float64(b.Total))
		list = append(list, marked{s, percent(s.At), percent(s.Wide), middle, fit(s.Wide, 0), fit(s.Wide, 1+len(s.Number))})
	}
	return list
}

// RedactionNote is "" unless the assessment was redacted.
func (p *page) RedactionNote() string {
	if !p.Redacted {
		return ""
	}
	return report.Redacted + ": " + shca.RedactionNote + "."
}

// AlarmMark stands before what must not be overlooked.
func (p *page) AlarmMark() string { return show.Alarm().Mark }

// Heading is the title of the window.
func (p *page) Heading() string {
	if p.SystemName == "" {
		return p.Title
	}
	return p.SystemName + " – " + p.Title
}

// Name is the id of a control in lower case, as addresses may end in it.
func (c *control) Name() string {
	return show.Cut(show.OneLine(strings.ToLower(string(c.ID))), maxShort)
}

// Decided says in few words what was decided.
func (c *control) Decided() string {
	if c.Tally.Decided() > 0 {
		return show.Rate(c.Tally.Passed, c.Tally.Decided()) + " of " + show.Plural(c.Tally.Decided(), "decided finding")
	}
	return undecided(c.Tally)
}

// Shown are the checks of the control that are listed.
func (c *control) Shown() []*check { return c.Checks[:min(len(c.Checks), maxOfControl)] }

// MoreChecks says how many are not.
func (c *control) MoreChecks() string {
	return report.More(len(c.Checks), maxOfControl, "control-summary.csv has them all")
}

// Decided says in few words how many findings failed.
func (c *check) Decided() string {
	if c.Tally.Decided() > 0 {
		return show.Number(c.Tally.Failed) + " of " + show.Number(c.Tally.Decided()) + " failed"
	}
	return undecided(c.Tally)
}

// Badge is the same in the colours of what it amounts to.
func (c *check) Badge() template.HTML {
	s := c.Tally.Status()
	return badge(statusClass(s), show.StatusStyle(s).Mark, c.Decided())
}

// undecided tells a tally without decided findings.
func undecided(t shca.Tally) string {
	switch {
	case t.Undecided() > 0:
		return show.Number(t.Undecided()) + " undecided"
	case t.Suppressed > 0:
		return show.Number(t.Suppressed) + " suppressed"
	}
	return ""
}

// ReportedBy are the products that report the check.
func (c *check) ReportedBy() string { return report.Members(c.Products) }

// Shown are the controls of the check that its details name.
func (c *check) Shown() []*control { return c.Controls[:min(len(c.Controls), maxOfCheck)] }

// MoreControls says how many controls they do not name.
func (c *check) MoreControls() string {
	return report.More(len(c.Controls), maxOfCheck, "assessment.json has them all")
}

// Few are the controls of the check that a table names, and AndMore says how
// many it does not.
func (c *check) Few() []*control { return c.Controls[:min(len(c.Controls), maxFew)] }

func (c *check) AndMore() string {
	if more := len(c.Controls) - maxFew; more > 0 {
		return "and " + show.Number(more) + " more"
	}
	return ""
}
