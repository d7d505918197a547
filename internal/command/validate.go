package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-shca/shca/internal/input"
	"github.com/go-shca/shca/internal/show"
	events "github.com/go-shca/shca/ocsf/validate"
	"github.com/go-shca/shca/oscal"
	"github.com/go-shca/shca/oscal/validate"
	"github.com/go-shca/shca/render"
	ocsfevents "github.com/go-shca/shca/render/ocsf"
)

func newValidate(sys process) *cobra.Command {
	var strict, fedramp bool
	var limit int
	cmd := &cobra.Command{
		Use:   "validate FILE|DIR...",
		Short: "Check OSCAL documents and OCSF events",
		Long: `Validate checks OSCAL documents in JSON, of every kind and of OSCAL 1.0 to 1.2,
whoever wrote them: against NIST's JSON schema of the version that a document
declares, against the constraints of NIST's metaschema, and against rules for
the references that NIST leaves unchecked. Local files that a document imports
by a relative path are read for that; nothing is fetched from a network.

It checks the finding events of OCSF, too: one after the other, on a line each or
not, or as an array, and compressed with gzip or zstd if need be. A file is one
of events if its first object has a class_uid. Each event is checked against the
schema of OCSF 1.1.0 or 1.6.0, and for what writers are known to get wrong, such
as times in seconds. For events of another version a warning says so, and what
may be right in that version is a warning.

A DIR stands for the files *.json in it and in its folder oscal, and for
findings.ocsf.ndjson in it; what is neither OSCAL nor OCSF there is skipped and
named, unless it is one of shca's own artifacts. - is standard input, whose
relative paths start from the working directory.

Standard output has a line for each message, and one for each file that ends
the file's messages:

  FILE: LEVEL: RULE: POINTER: TEXT (VALUE)
  FILE: LEVEL: CODE: event NUMBER PATH: TEXT
  FILE: KIND VERSION: valid, 0 errors, 2 warnings
  FILE: OCSF VERSION events: valid, 12 events, 0 errors, 2 warnings

Exit codes: 0 every document is valid, 1 a document is not valid or cannot be
read, 2 the command line is wrong, 130 interrupted.`,
		Example: `  shca validate package
  shca validate ssp.json poam.json --strict
  shca validate findings.ocsf.ndjson
  shca validate - < assessment-results.json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("nothing to validate: name a file, a directory or - for standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 1 {
				return usage("--max: %d is not a number of messages of at least 1", limit)
			}
			files, err := documents(args)
			if err != nil {
				return err
			}
			kinds := []kind{ // every document is one of the last kind
				ocsfEvents{limit},
				oscalDocument{validate.Options{Max: limit, Properties: oscal.PropertyNames(), FedRAMP: fedramp}},
			}
			failed := false
			for _, f := range files {
				ok, err := validateFile(cmd.Context(), sys, f, kinds, strict)
				if err != nil {
					return err
				}
				failed = failed || !ok
			}
			if failed {
				return &exitError{exitFailed, nil}
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&strict, "strict", false, "take warnings for errors")
	flags.BoolVar(&fedramp, "fedramp", false, "check what FedRAMP asks of a POA&M, too")
	flags.IntVar(&limit, "max", 200, "print at most `N` messages for each file, errors first; all are counted")
	return cmd
}

// document is a file to validate.
type document struct {
	path  string
	found bool // in a directory, rather than named by the user
	stdin bool // path is a copy of standard input
}

// name is what messages call the document.
func (d document) name() string {
	if d.stdin {
		return "stdin"
	}
	return d.path
}

// documents expands directories.
func documents(args []string) ([]document, error) {
	var all []document
	stdin := false
	for _, arg := range args {
		if arg == input.Stdin {
			if stdin {
				return nil, usage(`"-" (standard input) is given twice`)
			}
			stdin = true
			all = append(all, document{path: arg})
			continue
		}
		// One that is not there is reported when its turn comes, so that the
		// others are validated.
		if info, err := os.Stat(arg); err != nil || !info.IsDir() {
			all = append(all, document{path: arg})
			continue
		}
		before := len(all)
		for _, dir := range []string{arg, filepath.Join(arg, "oscal")} {
			entries, err := os.ReadDir(dir)
			if err != nil {
				if dir != arg && errors.Is(err, fs.ErrNotExist) {
					continue
				}
				return nil, err
			}
			for _, e := range entries { // in lexical order
				name := filepath.Join(dir, e.Name())
				wanted := dir == arg && e.Name() == ocsfevents.File
				if !wanted && (ours(e.Name()) || !strings.HasSuffix(name, ".json")) {
					continue
				}
				if info, err := os.Stat(name); err != nil || !info.IsDir() {
					all = append(all, document{path: name, found: true})
				}
			}
		}
		if len(all) == before {
			return nil, fmt.Errorf("%s: neither it nor a folder oscal in it holds files named *.json, nor it a file %s", arg, ocsfevents.File)
		}
	}
	return all, nil
}

// ours reports whether a file at the top of an output directory is an artifact
// that is no OSCAL: nobody needs to hear that it was not validated.
func ours(name string) bool {
	return slices.ContainsFunc(render.Formats, func(f render.Format) bool { return f.File == name })
}

// kind is a kind of document that can be validated.
type kind interface {
	// is reports whether the document is likely one of this kind. What cannot be
	// read is not.
	is(document) bool
	// check validates the document. The error says why that cannot be done.
	check(context.Context, document) (verdict, error)
}

// verdict is what there is to say about a document.
type verdict struct {
	messages         []string // lines
	omitted          int      // messages
	what, count      string   // "catalog 1.1.3"; how many events, ", 12 events", if it holds them
	errors, warnings int
}

// validateFile prints what there is to say about one file and reports whether
// it is in order. The error is one that ends the command.
func validateFile(ctx context.Context, sys process, d document, kinds []kind, strict bool) (ok bool, err error) {
	var v verdict
	if d.path == input.Stdin {
		d.stdin = true
		f, spoolErr := spooled(ctx, sys.stdin)
		if err = spoolErr; err != nil {
			err = fmt.Errorf("standard input: %w", err)
		} else {
			defer func() { _ = os.Remove(f) }()
			d.path = f
		}
	}
	if err == nil {
		v, err = kinds[slices.IndexFunc(kinds, func(k kind) bool { return k.is(d) })].check(ctx, d)
	}
	name := plain(d.name(), 1000)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil:
		// The error begins with the name where it can.
		reason := strings.TrimPrefix(err.Error(), d.name()+": ")
		word := "not validated"
		ok = d.found && errors.Is(err, validate.ErrNotOSCAL)
		switch {
		case ok:
			word = "skipped"
		case errors.Is(err, validate.ErrNotOSCAL):
			reason += "; nor does it hold events of OCSF, which have a class_uid"
		}
		_, err = fmt.Fprintf(sys.stdout, "%s: %s: %s\n", name, word, plain(reason, 1000))
		return ok, err
	}
	var text strings.Builder
	for _, m := range v.messages {
		fmt.Fprintln(&text, m)
	}
	if v.omitted > 0 {
		fmt.Fprintf(&text, "%s: %s not shown: see --max\n", name, show.Plural(v.omitted, "more message"))
	}
	word := "valid"
	if v.errors > 0 {
		word = "not valid"
	}
	fmt.Fprintf(&text, "%s: %s: %s%s, %s, %s\n", name, v.what, word, v.count,
		show.Plural(v.errors, "error"), show.Plural(v.warnings, "warning"))
	if _, err := io.WriteString(sys.stdout, text.String()); err != nil {
		return false, err
	}
	return v.errors == 0 && (!strict || v.warnings == 0), nil
}

// oscalDocument is an OSCAL document, which is what a file is taken for that is
// nothing else.
type oscalDocument struct{ options validate.Options }

func (oscalDocument) is(document) bool { return true }

func (o oscalDocument) check(ctx context.Context, d document) (v verdict, err error) {
	var report validate.Report
	if d.stdin {
		f, err := os.Open(d.path)
		if err != nil {
			return v, err
		}
		defer func() { _ = f.Close() }() // it was only read
		o.options.Dir = "."
		report, err = validate.Reader(ctx, d.name(), f, o.options)
		if err != nil {
			return v, err
		}
	} else if report, err = validate.File(ctx, d.path, o.options); err != nil {
		return v, err
	}
	for _, m := range report.Messages {
		v.messages = append(v.messages, m.String())
	}
	v.omitted, v.errors, v.warnings = report.Omitted, report.Errors, report.Warnings
	v.what = report.Kind + " " + plain(report.Version, 20)
	return v, nil
}

// ocsfEvents are the events of OCSF in a file.
type ocsfEvents struct{ max int }

func (ocsfEvents) is(d document) bool {
	if !d.stdin && filepath.Base(d.path) == ocsfevents.File { // whatever is wrong with it
		return true
	}
	if info, err := os.Stat(d.path); err != nil || !info.Mode().IsRegular() { // what can be read once only
		return false
	}
	text, err := d.text()
	if err != nil {
		return false
	}
	defer func() { _ = text.Close() }() // it was only read
	return events.Recognize(text)
}

func (o ocsfEvents) check(ctx context.Context, d document) (v verdict, err error) {
	text, err := d.text()
	if err != nil {
		return v, err
	}
	defer func() { _ = text.Close() }() // it was only read
	report, err := events.Reader(ctx, text, events.Options{Max: o.max})
	if err != nil {
		return v, err
	}
	for _, m := range report.Messages {
		v.messages = append(v.messages, plain(d.name(), 1000)+": "+m.String())
	}
	v.omitted, v.errors, v.warnings = report.Omitted, report.Errors, report.Warnings
	v.what = "OCSF events"
	if len(report.Versions) > 0 {
		v.what = "OCSF " + strings.Join(report.Versions, ", ") + " events"
	}
	v.count = ", " + show.Plural(report.Events, "event")
	return v, nil
}

// text opens the document and unpacks it.
func (d document) text() (io.ReadCloser, error) {
	return input.Text(input.File{Name: d.name(), Open: func() (io.ReadCloser, error) { return os.Open(d.path) }}, nil)
}

// spooled copies standard input, which can be read once only, to a temporary
// file that nobody else can read, and returns its name. The caller removes it.
func spooled(ctx context.Context, in io.Reader) (string, error) {
	f, err := os.CreateTemp("", "shca-validate-*.json") // with mode 0600
	if err != nil {
		return "", err
	}
	done := make(chan error, 1)
	go func() {
		_, err := io.Copy(struct{ io.Writer }{f}, in) // by reading it, so that an error says what cannot be read
		done <- err
	}()
	select {
	case err = <-done:
	case <-ctx.Done(): // the copy may wait for ever
		err = ctx.Err()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name()) // the copy is of no use
		return "", err
	}
	return f.Name(), nil
}
