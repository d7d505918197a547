// Package html writes an assessment as one HTML file for people: authorizing
// officials, ISSOs, assessors and the engineers who mend what failed. It needs
// no network and no server, opens from a disk, prints, and works without
// JavaScript, which only adds search, filters, sorting and details in place.
//
// It is not for programs: those read assessment.json. It holds examples of
// findings, not all of them; findings.csv does.
//
// Text of findings is escaped by html/template and never becomes script or
// address; in the style sheet it is only the marking of printed pages, each of
// its characters escaped. A Content-Security-Policy of hashes forbids everything
// but the script and the style sheet of this package.
package html

import (
	"bufio"
	"context"
	_ "embed"
	"html/template"
	"io"
	"sync"

	"github.com/go-shca/shca"
)

// File is the name of the report.
const File = "report.html"

// MediaType is that of the report.
const MediaType = "text/html; charset=utf-8"

//go:embed report.gohtml
var reportText string

// reportTemplate is parsed once, since that takes longer than to render a small
// report. Execute may be called concurrently.
var reportTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New(File).Funcs(functions).Parse(reportText))
})

// Render writes the report.
func Render(ctx context.Context, w io.Writer, a *shca.Assessment) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	out := bufio.NewWriterSize(&writer{ctx, w}, 1<<15)
	if err := reportTemplate().Execute(out, newPage(a)); err != nil {
		return err // the writer's own if it failed
	}
	return out.Flush()
}

// writer fails when ctx is done.
type writer struct {
	ctx context.Context
	io.Writer
}

func (w *writer) Write(b []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.Writer.Write(b)
}
