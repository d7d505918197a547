// Package pdf writes an assessment as a report to print and to sign: for
// authorizing officials, who read its first three pages, and for assessors, who
// read the rest. It has a title page, contents, a summary of one page, the
// controls with failing evidence, each failing check once, and what was not
// assessed. It does not hold all findings: lists are cut and say where the whole
// is, so that the report of an estate of any size can be read.
package pdf

import (
	"bytes"
	"context"
	"io"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/internal/show"
)

// File is the name of the report, and MediaType says what it is.
const (
	File      = "report.pdf"
	MediaType = "application/pdf"
)

// How much of a list the report shows. Security Hub has some 300 checks and
// NIST SP 800-53 Rev. 5 1,196 controls, so only estates with findings of many
// other products meet the limits of either.
const (
	maxChecks      = 300 // failing checks described
	maxSamples     = 3   // failing resources of each
	maxLabels      = 20  // controls that a check is evidence for
	maxControls    = 400 // of each list of controls
	maxWorst       = 5   // failing checks shown with a control
	maxFamilies    = 60
	maxNotAssessed = 1500
	maxSuppressed  = 100
	maxUnmapped    = 100
	maxScopes      = 100
	maxNamed       = 8 // accounts and regions named on the title page
	maxInputs      = 100
	maxDisabled    = 150
	maxEvidence    = 400
	maxNotes       = 30 // on scopes
	maxScopeErrors = 10 // among the problems: a table has them, too
)

// How many characters of a text the report shows. What a check says is whole
// where the check is described.
const (
	maxLabel     = 120  // an id among others
	maxTitle     = 120  // of a check where a row refers to it
	maxName      = 300  // of a system, account, source
	maxNarrative = 2000 // and of other sentences
	maxReason    = 300  // why a scope was not read, a check disabled, a note
)

// Render writes the report.
func Render(ctx context.Context, w io.Writer, a *shca.Assessment) error {
	r := &writer{document: newDocument(), Report: report.New(a), ctx: ctx, checks: map[shca.CheckID]*anchor{}, places: map[report.Part]*anchor{}}
	for _, c := range r.Failing[:min(len(r.Failing), maxChecks)] {
		r.checks[c.ID] = r.anchor()
	}
	r.about()
	for _, write := range []func(){
		r.titlePage, r.contentsPage, r.summaryPage, r.unread, r.families, r.attention, r.failing, r.passing,
		r.undecided, r.suppressed, r.outside, r.unmapped, r.notAssessed, r.disabled, r.evidence, r.scopes, r.inputs, r.method,
	} {
		if err := ctx.Err(); err != nil {
			return err
		}
		write()
	}
	r.finish()
	r.pageFrames()
	file, err := r.complete()
	if err == nil {
		err = ctx.Err() // the lists end early where the context is done
	}
	if err != nil {
		return err
	}
	_, err = bytes.NewReader(file).WriteTo(w)
	return err
}

// writer lays the report out.
type writer struct {
	*document
	*report.Report
	ctx    context.Context
	checks map[shca.CheckID]*anchor // where a failing check is described, if it is
	places map[report.Part]*anchor
	toc    *element
}

// done reports whether nobody waits for the report any more.
func (r *writer) done() bool { return r.ctx.Err() != nil }

// about tells what the document is.
func (r *writer) about() {
	r.dates(r.Time)
	title := "Assessment of automated control evidence"
	if r.SystemName != "" {
		title += ": " + r.SystemName
	}
	text := func(s string) string { return r.plain(short(s, maxName)) }
	r.SetTitle(text(title), true)
	r.SetSubject(text(r.Report.Title), true)
	r.SetAuthor(text(r.Generator), true)
	r.SetCreator(text(r.Generator), true)
	if r.Marking != "" {
		r.SetKeywords(text(r.Marking), true)
	}
}

// part begins a part of the report, on a new page if it is a long one.
func (r *writer) part(p report.Part, rows int) {
	s := r.Section(p)
	if rows > 20 {
		r.need(bottom)
	}
	r.need(144)
	r.y += 14
	r.chapter(s.Title)
	r.body(s.Intro)
	r.places[p] = r.contents[len(r.contents)-1].at
}

// short makes a foreign text fit for a line or a cell: one line of at most so many
// characters.
func short(text string, limit int) string { return show.Cut(show.OneLine(text), limit) }
