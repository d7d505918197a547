package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/input"
	"github.com/go-shca/shca/internal/show"
	"github.com/go-shca/shca/ocsf"
	"github.com/go-shca/shca/sources"
)

type convertOptions struct {
	to      string
	version string
	strict  bool
	quiet   bool
}

// conversions are the names that convert --to takes.
var conversions = []string{"ocsf"}

func newConvert(sys process) *cobra.Command {
	var o convertOptions
	cmd := &cobra.Command{
		Use:   "convert [INPUT...] --to ocsf",
		Short: "Turn findings into OCSF events, as a filter",
		Long: `Convert reads findings as assess does, ASFF and OCSF, from files, directories or
standard input (-, or no INPUT), and writes each of them to standard output as
one OCSF event a line (NDJSON), in the order of the input. Nothing is assessed,
merged or left out: archived, suppressed and repeated findings are events, too.

Findings of checks become Compliance Findings (2003), others Vulnerability
(2002), Detection (2004) or Data Security Findings (2006). A finding that is an
OCSF event already is passed on as it is if it is valid in the version that is
written; else it is written anew, and raw_data holds the event that was read.
docs/ocsf.md has the mapping, attribute by attribute.

Exit codes: 0 done, 1 failed, 2 usage, 4 not everything could be read (what could
be is written), 130 interrupted (the output ends early).`,
		Example: `  aws securityhub get-findings | shca convert --to ocsf > findings.ocsf.ndjson
  shca convert exports/ --to ocsf --ocsf-version 1.1.0 | gzip > events.ndjson.gz`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{input.Stdin}
			}
			return o.run(cmd.Context(), args, sys)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.to, "to", "", "write this `format`: "+strings.Join(conversions, ", "))
	ocsfVersionFlag(cmd, &o.version, "write OCSF of this `version`")
	f.BoolVar(&o.strict, "strict", false, "stop at the first finding or input that cannot be read")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print no count")
	complete(cmd, "to", func() []string { return conversions })
	return cmd
}

// ocsfVersionFlag adds the flag that chooses the version of OCSF to write.
func ocsfVersionFlag(cmd *cobra.Command, version *string, help string) {
	versions := texts(ocsf.Versions())
	cmd.Flags().StringVar(version, "ocsf-version", versions[0], help+": "+strings.Join(versions, ", "))
	complete(cmd, "ocsf-version", func() []string { return versions })
}

func (o *convertOptions) run(ctx context.Context, inputs []string, sys process) error {
	switch o.to {
	case "ocsf":
	case "":
		return usage("--to FORMAT is missing: name the format to write: %s", strings.Join(conversions, ", "))
	default:
		return usage("--to: unknown format %q: name the format to write: %s", o.to, strings.Join(conversions, ", "))
	}
	version, err := ocsf.ParseVersion(o.version)
	if err != nil {
		return usage("--ocsf-version: %w", err)
	}
	encoder, err := ocsf.NewEncoder(ocsf.Options{Version: version})
	if err != nil {
		return err
	}
	source, err := sources.Open(inputs, sources.Options{Stdin: sys.stdin})
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(sys.stdout, 256<<10)
	read := reading{source: source, strict: o.strict, sys: sys}
	if err = encoder.Write(ctx, out, read.findings(ctx)); err == nil {
		err = out.Flush()
	}
	switch {
	case ctx.Err() != nil:
		return &exitError{exitInterrupted, errors.New("interrupted: the output ends before the input does")}
	case err != nil:
		return err
	}
	if !o.quiet {
		fmt.Fprintf(sys.stderr, "%s written as OCSF %s\n", show.Plural(read.count, "finding"), version)
	}
	if read.problems > 0 {
		fmt.Fprintln(sys.stderr, "shca: not everything could be read, and the output lacks it (exit code 4)")
		return &exitError{code: exitIncomplete}
	}
	return nil
}

// reading is the findings of a source without its problems, which it tells the
// user of and counts.
type reading struct {
	source   shca.Source
	strict   bool
	sys      process
	count    int64
	problems int64
}

func (r *reading) findings(ctx context.Context) iter.Seq2[*shca.Finding, error] {
	return func(yield func(*shca.Finding, error) bool) {
		for record, err := range r.source.Records(ctx) {
			var skipped *shca.FindingError
			switch {
			case record.Scope != nil && record.Scope.Err != "":
				err = errors.New(record.Scope.Name() + ": " + record.Scope.Err)
			case record.Scope != nil, record.Input != nil:
				continue
			case record.Finding != nil:
				r.count++
			case !errors.As(err, &skipped):
				yield(nil, err)
				return
			}
			if err == nil {
				if !yield(record.Finding, nil) {
					return
				}
				continue
			}
			if r.strict {
				yield(nil, err)
				return
			}
			if r.problems++; r.problems <= shca.MaxProblems {
				fmt.Fprintf(r.sys.stderr, "shca: not read: %s\n", plain(err.Error(), 1000))
			} else if r.problems == shca.MaxProblems+1 {
				fmt.Fprintln(r.sys.stderr, "shca: … and further ones, which are counted only")
			}
		}
	}
}
