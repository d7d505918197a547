package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/collect"
	"github.com/go-shca/shca/internal/s3store"
	"github.com/go-shca/shca/internal/show"
)

// collectOptions are the flags of the commands below collect, but for those of
// one service.
type collectOptions struct {
	out, work string
	aws       awsOptions
	store     storeOptions
	quiet     bool
}

func newCollect(sys process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "collect SERVICE --out FILE",
		Short: "Pull findings from AWS into a snapshot",
		Long: `Collect pulls findings from AWS into a snapshot: NDJSON packed with zstd, which
shca assess reads, here or elsewhere, and which zstdcat FILE | jq shows.

Regions and accounts are pulled side by side, each at the rate that AWS allows.
What has been pulled is kept beside FILE, in .NAME.partial, until the snapshot is
whole: if the command is interrupted, even killed, or the credentials expire, the same
command goes on where it was, within a day. A Region that cannot be read is a scope
with an error in the snapshot, and the others go on (exit code 4).`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("unknown service %q: there are %s", args[0], strings.Join(serviceNames(), ", "))
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error {
			return usage("no service: name one of %s", strings.Join(serviceNames(), ", "))
		},
	}
	cmd.FParseErrWhitelist.UnknownFlags = true // they are of a service that is unknown or missing
	for _, s := range services {
		cmd.AddCommand(newCollectService(sys, s))
	}
	return cmd
}

func newCollectService(sys process, s service) *cobra.Command {
	var o collectOptions
	cmd := &cobra.Command{
		Use:     s.name + " --out FILE",
		Short:   s.short,
		Long:    s.long,
		Example: s.example,
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.out, "out", "o", "", "write the snapshot to this `file` or s3:// address")
	pull := s.flags(cmd)
	o.aws.flags(cmd, "profile")
	f.StringVar(&o.work, "work", "", "keep what has been pulled in this `directory` until the snapshot is whole; it must be of its own (default .NAME.partial beside FILE)")
	o.store.flags(cmd)
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print no summary and no progress")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return o.run(cmd.Context(), s.name, pull, sys)
	}
	return cmd
}

func (o *collectOptions) run(ctx context.Context, name string, pull puller, sys process) error {
	if o.out == "" {
		return usage("--out FILE is missing: name the file to write the snapshot to")
	}
	if err := errors.Join(o.aws.check(), pull.check(), o.store.effective(isS3(o.out), isS3(o.out))); err != nil {
		return err
	}
	file, upload, err := o.local(ctx)
	if err != nil {
		return err
	}
	result, err := runCollect(ctx, name, pull, &o.aws, file, o.work, o.quiet, sys)
	if err != nil {
		return err
	}
	if err := upload(); err != nil {
		return err
	}
	if !o.quiet {
		fmt.Fprintf(sys.stderr, "Wrote %s to %s; %d of %s read in full\n", counted(result), plain(o.out, 1000), read(result), show.Plural(len(result.Scopes), "scope"))
	}
	return incomplete(result, sys.stderr)
}

// runCollect pulls from one service into a file.
func runCollect(ctx context.Context, name string, pull puller, aws *awsOptions, file, work string, quiet bool, sys process) (*collect.Result, error) {
	regions, accounts, err := aws.places(ctx)
	if err != nil {
		return nil, err
	}
	session, err := aws.open(ctx)
	if err != nil {
		return nil, err
	}
	source, chosen, err := pull.service(session, regions, accounts)
	if err != nil {
		return nil, err
	}
	selection, err := json.Marshal(struct {
		Account  string   `json:"account"`
		Regions  []string `json:"regions"`
		Accounts []string `json:"accounts,omitempty"`
		Role     string   `json:"role,omitempty"`
		Options  any      `json:"options,omitempty"`
	}{session.Account(), regions, accounts, aws.api.RoleARN, chosen}, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	progress := collect.NewProgress(sys.now)
	stop := func() {}
	if !quiet {
		stop = showTasks(sys.stderr, progress, sys.now)
	}
	result, err := collect.Run(ctx, source, collect.Options{
		Out: file, Work: work, Service: name, Selection: jsontext.Value(selection),
		Generator: "shca " + version(), Now: sys.now, Progress: progress,
	})
	stop()
	if err != nil && ctx.Err() != nil {
		return nil, &exitError{exitInterrupted, errors.New("interrupted; no snapshot was written: run the same command again to go on")}
	}
	if err != nil {
		return nil, err
	}
	log := logger(sys.stderr, quiet)
	if !result.Resumed.IsZero() {
		log.Info("went on with the run that was interrupted", "begun", show.Date(result.Resumed))
	}
	if !result.Discarded.IsZero() {
		log.Warn("an interrupted run was too old to go on with; began anew", "begun", show.Date(result.Discarded))
	}
	return result, nil
}

// local returns the file to collect into, and what brings it to S3 if it is to
// go there.
func (o *collectOptions) local(ctx context.Context) (file string, upload func() error, err error) {
	if !isS3(o.out) {
		return o.out, func() error { return nil }, nil
	}
	address, err := s3store.Parse(o.out)
	if err != nil {
		return "", nil, usage("--out: %w", err)
	}
	if address.Key == "" || strings.HasSuffix(address.Key, "/") {
		return "", nil, usage("--out %s names no object: add a name such as snapshot.ndjson.zst", o.out)
	}
	options, err := o.store.options()
	if err != nil {
		return "", nil, err
	}
	if o.work == "" {
		if o.work, err = collectBase(o.out); err != nil {
			return "", nil, err
		}
	}
	o.work = filepath.Clean(o.work)
	file = o.work + ".ndjson.zst" // beside the directory, which is the run's own
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", nil, err
	}
	store, err := o.store.open(ctx, &o.aws) // before hours of pulling, in which nobody would learn of it
	if err != nil {
		return "", nil, err
	}
	if err := store.Probe(ctx, address, options); err != nil {
		return "", nil, err
	}
	return file, func() error {
		err := store.UploadFile(ctx, file, "application/zstd", address, options)
		if ctx.Err() != nil {
			return &exitError{exitInterrupted, fmt.Errorf("interrupted: the snapshot was not written to %s; it is in %s", address, file)}
		}
		if err != nil {
			return fmt.Errorf("%w; the snapshot is in %s", err, file)
		}
		return os.Remove(file)
	}, nil
}

// counted says what a run pulled.
func counted(r *collect.Result) string {
	text := show.Plural(r.Counts.Findings, "finding")
	if r.Counts.Evidence > 0 {
		text += ", " + show.Plural(r.Counts.Evidence, "piece") + " of evidence"
	}
	if r.Counts.Settings > 0 {
		text += ", " + show.Plural(r.Counts.Settings, "check setting")
	}
	return text
}

// read is the number of scopes that were read in full.
func read(r *collect.Result) int {
	n := 0
	for i := range r.Scopes {
		s := &r.Scopes[i]
		if s.Complete() && !slices.ContainsFunc(r.Partial, func(p shca.Scope) bool { return p.AccountID == s.AccountID && p.Region == s.Region }) {
			n++
		}
	}
	return n
}

// maxToldScopes is the number of scopes that are named if they were not read.
const maxToldScopes = 20

// incomplete says what could not be read, and returns the exit code for that.
func incomplete(r *collect.Result, w io.Writer) error {
	missing := r.Incomplete()
	for i := range missing {
		if i == maxToldScopes {
			fmt.Fprintf(w, "shca: … and %s more that were not read in full; the snapshot has them\n", show.Plural(len(missing)-i, "scope"))
			break
		}
		fmt.Fprintf(w, "shca: not read: %s\n", plain(missing[i].Name()+": "+missing[i].Err, 2000))
	}
	if len(missing) > 0 {
		fmt.Fprintln(w, "shca: the snapshot is incomplete, and says so (exit code 4)")
		return &exitError{code: exitIncomplete}
	}
	return nil
}
