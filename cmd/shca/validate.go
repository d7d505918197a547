package main

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
	"github.com/go-shca/shca/oscal"
	"github.com/go-shca/shca/oscal/validate"
	"github.com/go-shca/shca/render"
)

func newValidate(sys process) *cobra.Command {
	var strict, fedramp bool
	var limit int
	cmd := &cobra.Command{
		Use:   "validate FILE|DIR...",
		Short: "Check OSCAL documents",
		Long: `Validate checks OSCAL documents in JSON, of every kind and of OSCAL 1.0 to 1.2,
whoever wrote them: against NIST's JSON schema of the version that a document
declares, against the constraints of NIST's metaschema, and against rules for
the references that NIST leaves unchecked. Local files that a document imports
by a relative path are read for that; nothing is fetched from a network.

A DIR stands for the files *.json in it and in its folder oscal; what is not
OSCAL there is skipped and named, unless it is one of shca's own artifacts.
- is standard input, whose relative paths start from the working directory.

Standard output has a line for each message, and one for each file that ends
the file's messages:

  FILE: LEVEL: RULE: POINTER: TEXT (VALUE)
  FILE: KIND VERSION: valid, 0 errors, 2 warnings

Exit codes: 0 every document is valid, 1 a document is not valid or cannot be
read, 2 the command line is wrong, 130 interrupted.`,
		Example: `  shca validate package
  shca validate ssp.json poam.json --strict
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
			options := validate.Options{Max: limit, Properties: oscal.PropertyNames(), FedRAMP: fedramp}
			failed := false
			for _, f := range files {
				ok, err := validateFile(cmd.Context(), sys, f, options, strict)
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
				if ours(e.Name()) {
					continue
				}
				if info, err := os.Stat(name); strings.HasSuffix(name, ".json") && (err != nil || !info.IsDir()) {
					all = append(all, document{path: name, found: true})
				}
			}
		}
		if len(all) == before {
			return nil, fmt.Errorf("%s: neither it nor a folder oscal in it holds files named *.json", arg)
		}
	}
	return all, nil
}

// ours reports whether a file at the top of an output directory is an artifact
// that is no OSCAL: nobody needs to hear that it was not validated.
func ours(name string) bool {
	return slices.ContainsFunc(render.Formats, func(f render.Format) bool { return f.File == name })
}

// validateFile prints what there is to say about one file and reports whether
// it is in order. The error is one that ends the command.
func validateFile(ctx context.Context, sys process, d document, o validate.Options, strict bool) (ok bool, err error) {
	name, read := d.path, validate.File
	if d.path == input.Stdin {
		name = "stdin"
		read = func(ctx context.Context, _ string, o validate.Options) (validate.Report, error) {
			f, err := spooled(ctx, sys.stdin)
			if err != nil {
				return validate.Report{}, fmt.Errorf("standard input: %w", err)
			}
			defer func() {
				_ = f.Close() // it was only read since it was written whole
				_ = os.Remove(f.Name())
			}()
			o.Dir = "."
			return validate.Reader(ctx, name, f, o)
		}
	}
	report, err := read(ctx, d.path, o)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil:
		// The error begins with the name where it can.
		reason := strings.TrimPrefix(err.Error(), name+": ")
		word := "not validated"
		ok = d.found && errors.Is(err, validate.ErrNotOSCAL)
		if ok {
			word = "skipped"
		}
		_, err = fmt.Fprintf(sys.stdout, "%s: %s: %s\n", plain(name, 1000), word, plain(reason, 1000))
		return ok, err
	}
	var text strings.Builder
	for _, m := range report.Messages {
		fmt.Fprintln(&text, m)
	}
	if report.Omitted > 0 {
		fmt.Fprintf(&text, "%s: %s not shown: see --max\n", plain(name, 1000), show.Plural(report.Omitted, "more message"))
	}
	verdict := "valid"
	if report.Errors > 0 {
		verdict = "not valid"
	}
	fmt.Fprintf(&text, "%s: %s %s: %s, %s, %s\n", plain(name, 1000), report.Kind, plain(report.Version, 20), verdict,
		show.Plural(report.Errors, "error"), show.Plural(report.Warnings, "warning"))
	if _, err := io.WriteString(sys.stdout, text.String()); err != nil {
		return false, err
	}
	return report.Errors == 0 && (!strict || report.Warnings == 0), nil
}

// spooled copies standard input, which can be read once only, to a temporary
// file that nobody else can read. The caller closes and removes it.
func spooled(ctx context.Context, in io.Reader) (*os.File, error) {
	f, err := os.CreateTemp("", "shca-validate-*.json") // with mode 0600
	if err != nil {
		return nil, err
	}
	done := make(chan error, 1)
	go func() {
		_, err := io.Copy(f, in)
		done <- err
	}()
	select {
	case err = <-done:
	case <-ctx.Done(): // the copy may wait for ever
		err = ctx.Err()
	}
	if err != nil {
		_ = f.Close() // the copy is of no use
		_ = os.Remove(f.Name())
		return nil, err
	}
	return f, nil
}
