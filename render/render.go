// Package render writes the artifacts of an assessment. [Formats] is the one
// list of what can be written: flags, help, completion, documentation and the
// conformance tests range over it. Each format is a package below this one, and
// none knows another.
package render

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/ocsf"
	"github.com/go-shca/shca/oscal"
	"github.com/go-shca/shca/render/csv"
	"github.com/go-shca/shca/render/html"
	"github.com/go-shca/shca/render/json"
	"github.com/go-shca/shca/render/manifest"
	"github.com/go-shca/shca/render/markdown"
	ocsfevents "github.com/go-shca/shca/render/ocsf"
	"github.com/go-shca/shca/render/originals"
	"github.com/go-shca/shca/render/pdf"
	"github.com/go-shca/shca/render/securitylake"
	"github.com/go-shca/shca/render/xlsx"
)

// Create begins a further file of a format. The format closes it; the file
// counts as written only then.
type Create = func(name, mediaType string) (io.WriteCloser, error)

// Format is one kind of artifact.
type Format struct {
	Name      string // what --format takes
	File      string // the file that Render writes
	MediaType string // of that file
	Summary   string // one line for help and documentation

	// Render writes File. It returns the writer's error at once, stops when ctx
	// is done, writes the same bytes for the same assessment, and leaves the
	// assessment as it is.
	Render func(ctx context.Context, w io.Writer, a *shca.Assessment) error
	// More writes the format's other files under the same terms. It is nil for
	// formats of one file.
	More func(ctx context.Context, create Create, a *shca.Assessment) error
	// Asked formats are written only if they are named: few users need them.
	Asked bool
	// Phase says when the format is written. It finds the files of the phases
	// before its own in the assessment's Artifacts.
	Phase Phase
	// In returns the format as it is to be written to the directory, which may
	// hold files of an earlier run that it carries on. It is nil for formats that
	// are written anew each time.
	In func(dir string) (Format, error)
	// Owned are the patterns, as of path.Match, of the files that More may
	// write. Files of an earlier run that match, that Mine recognises, and that
	// were not written again are removed, since they would tell of another
	// assessment.
	Owned []string
	// Mine tells files that More has written from others that match Owned; nil
	// if all are. name is below dir.
	Mine func(dir fs.FS, name string) bool
}

// Phase orders formats that tell of the files of others.
type Phase int

// The phases, in their order.
const (
	Early Phase = iota // from the assessment alone
	Late               // tells of the originals
	Last               // tells of every file
)

// Options are what formats can be told. The zero value works.
type Options struct {
	OSCAL    oscal.Options
	OCSF     ocsf.Options
	Manifest manifest.Options
}

// Formats lists every format, in the order in which they are shown, with
// nothing told to them.
var Formats = With(Options{})

// With returns every format with the options.
func With(o Options) []Format {
	return []Format{
		{
			Name: "csv", File: csv.SummaryFile, MediaType: "text/csv",
			Summary: "tables: one row per control, one per finding, and a file of evidence per control",
			Render:  csv.Summary, More: csv.Evidence, Owned: csv.Owned(), Mine: csv.Mine,
		},
		{
			Name: "json", File: json.File, MediaType: "application/json",
			Summary: "the assessment for programs, in a documented, versioned form",
			Render:  json.Render,
		},
		{
			Name: "md", File: markdown.File, MediaType: "text/markdown",
			Summary: "report in Markdown, verdict first; serves as the summary of a CI job",
			Render:  markdown.Render,
		},
		{
			Name: "html", File: html.File, MediaType: html.MediaType,
			Summary: "report for the browser: search, filters and drill-down in one file",
			Render:  html.Render,
		},
		{
			Name: "pdf", File: pdf.File, MediaType: pdf.MediaType,
			Summary: "report for those who sign: executive summary, controls, checks, method",
			Render:  pdf.Render,
		},
		{
			Name: "xlsx", File: xlsx.File, MediaType: xlsx.MediaType,
			Summary: "workbook: summary with charts, controls, checks, findings, scopes",
			Render:  xlsx.Render,
		},
		{
			Name: "asff", File: originals.File, MediaType: originals.MediaType,
			Summary: "the findings as they were read, one a line, compressed",
			Render:  originals.Render, More: originals.Others, Owned: originals.Owned(),
		},
		{
			Name: "ocsf", File: ocsfevents.File, MediaType: "application/x-ndjson",
			Summary: "the findings as OCSF events, one a line, for SIEMs and other programs",
			Render: func(ctx context.Context, w io.Writer, a *shca.Assessment) error {
				return ocsfevents.Render(ctx, w, a, o.OCSF)
			},
		},
		{
			Name: "ocsf-parquet", File: securitylake.File, MediaType: "text/csv", Asked: true,
			Summary: "the findings as OCSF 1.1.0 in Parquet objects, laid out for Security Lake",
			Render:  securitylake.Render, More: securitylake.Objects, Owned: securitylake.Owned(),
		},
		oscalFormat(o.OSCAL),
		{
			Name: "manifest", File: manifest.File, MediaType: "application/json", Phase: Last,
			Summary: "what the package consists of and was made of, with digests; and its signature",
			Render: func(ctx context.Context, w io.Writer, a *shca.Assessment) error {
				return manifest.Render(ctx, w, a, o.Manifest)
			},
			More: func(ctx context.Context, create Create, a *shca.Assessment) error {
				return manifest.Sign(ctx, create, a, o.Manifest)
			},
			Owned: manifest.Owned(),
		},
	}
}

func oscalFormat(o oscal.Options) Format {
	return Format{
		Name: "oscal", File: oscal.ResultsFile, MediaType: oscal.MediaType,
		Summary: "linked OSCAL package: results, POA&M, SSP, plan, components, profile, catalog",
		Phase:   Late,
		Render: func(ctx context.Context, w io.Writer, a *shca.Assessment) error {
			return oscal.Results(ctx, w, a, o)
		},
		More: func(ctx context.Context, create Create, a *shca.Assessment) error {
			return oscal.Others(ctx, create, a, o)
		},
		In: func(dir string) (Format, error) {
			carried, err := o.CarryOn(dir)
			return oscalFormat(carried), err
		},
		Owned: oscal.Owned(),
	}
}

// Select returns the formats of the given names, in the order of Formats, with
// the options; if there are no names, all but those that have to be asked for.
// An unknown name is an error that lists those there are.
func Select(names []string, o Options) ([]Format, error) {
	var known []string
	var selected []Format
	for _, f := range With(o) {
		known = append(known, f.Name)
		if slices.Contains(names, f.Name) || len(names) == 0 && !f.Asked {
			selected = append(selected, f)
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("unknown format %q: there are %s", name, strings.Join(known, ", "))
		}
	}
	return selected, nil
}
