// Package xlsx writes an assessment as a workbook for people who work in
// spreadsheets: the verdict with charts, the controls, the checks, the findings,
// what was looked at, what was not assessed, and how each number is computed. It
// is for reading, filtering and printing; programs read assessment.json, and what
// a sheet has no room for is whole in the CSV files.
//
// Package excelize makes the styles, charts and page settings. The rows are
// written here, straight into the archive as it goes out: that way nothing grows
// with the number of findings, no findings are left in a temporary file that has
// a name, and every sheet has its bytes in one order. See archive.
//
// No cell holds a formula. Texts from findings are strings in cells of the
// format Text, which stay strings when somebody edits them.
package xlsx

import (
	"cmp"
	"context"
	"io"
	"sort"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/internal/show"
)

// File is the name of the workbook, and MediaType what it is.
const (
	File      = "report.xlsx"
	MediaType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// The sheets, in their order.
const (
	summarySheet     = "Summary"
	controlsSheet    = "Controls"
	checksSheet      = "Checks"
	findingsSheet    = "Findings"
	scopesSheet      = "Scopes"
	notAssessedSheet = "Not assessed"
	readMeSheet      = "Read me"
)

// Where the whole of what a sheet cuts is.
const (
	inFindings = "findings.csv"
	inControls = "control-summary.csv"
	inJSON     = "assessment.json"
)

// book is a workbook in the making. It remembers the first error.
type book struct {
	*report.Report
	file     *excelize.File
	sheets   []*sheet
	styles   styles
	findings *findings
	err      error
}

// Render writes the workbook. Memory does not grow with the findings; those
// that the sheet takes are sorted in a temporary file.
func Render(ctx context.Context, w io.Writer, a *shca.Assessment) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	b := &book{Report: report.New(a), file: excelize.NewFile()}
	defer func() {
		if cerr := b.file.Close(); err == nil {
			err = cerr
		}
	}()
	b.styles = newStyles(b)
	// The findings first: the other sheets say how many of them there are.
	if b.findings, err = sortFindings(ctx, b); err != nil {
		return err
	}
	defer func() {
		if cerr := b.findings.Close(); err == nil {
			err = cerr
		}
	}()
	b.summary()
	b.controls()
	b.checks()
	b.findingRows(ctx)
	b.scopes()
	b.notAssessed()
	b.readMe()
	b.properties()
	// The library takes these out of a map.
	types := b.file.ContentTypes.Defaults
	sort.Slice(types, func(i, j int) bool { return types[i].Extension < types[j].Extension })
	if b.err != nil {
		return b.err
	}
	return write(ctx, w, b)
}

// keep keeps the first error.
func (b *book) keep(err error) {
	if b.err == nil {
		b.err = err
	}
}

// properties are those of the document. Where the time is unknown there is none.
func (b *book) properties() {
	const none = `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>`
	b.file.Pkg.Store("docProps/core.xml", []byte(none)) // in place of the library's author and date
	at := ""
	if !b.Time.IsZero() {
		at = b.Time.UTC().Format(time.RFC3339)
	}
	status := "complete"
	if !b.Complete() {
		status = "incomplete"
	}
	property := func(s string) string { return show.Cut(show.OneLine(s), 255) }
	b.keep(b.file.SetDocProps(&excelize.DocProperties{
		Title: property(b.Title), Subject: property(b.SystemName), Creator: property(b.Generator), LastModifiedBy: property(b.Generator),
		Keywords: property(b.Marking), ContentStatus: status, Created: at, Modified: at, Language: "en",
	}))
	b.keep(b.file.SetAppProps(&excelize.AppProperties{Application: property(b.Generator)}))
}

// headFoot marks every printed page of a sheet.
func (b *book) headFoot(name string) {
	// An ampersand begins a code. A line may have 255 UTF-16 units, of which a
	// character takes two at most, doubled or not.
	part := func(s string, limit int) string {
		return strings.ReplaceAll(show.Cut(show.OneLine(s), limit), "&", "&&")
	}
	marking := ""
	if b.Marking != "" {
		marking = `&C&"-,Bold"` + part(b.Marking, 60)
	}
	system := part(cmp.Or(b.SystemName, b.Title), 40)
	state := ""
	if !b.Complete() {
		state = " – incomplete"
	}
	b.keep(b.file.SetHeaderFooter(name, &excelize.HeaderFooterOptions{
		OddHeader: "&L" + name + state + marking + "&R" + show.Date(b.Time),
		OddFooter: "&L" + system + marking + "&RPage &P of &N",
	}))
}

// days returns the time as days since the epoch of spreadsheets, UTC; ok is false
// for times they do not know.
func days(t time.Time) (n float64, ok bool) {
	t = t.UTC()
	if t.Year() < 1901 || t.Year() > 9999 {
		return 0, false
	}
	return float64(t.Unix()-epoch) / 86400, true
}

var epoch = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).Unix()
