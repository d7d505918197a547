package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
	"github.com/go-shca/shca/internal/input"
	"github.com/go-shca/shca/internal/show"
	"github.com/go-shca/shca/mapping"
	"github.com/go-shca/shca/ocsf"
	"github.com/go-shca/shca/render"
	"github.com/go-shca/shca/sources"
	"github.com/go-shca/shca/system"
)

type assessOptions struct {
	out       string
	framework string
	baseline  string
	profile   string
	catalog   string
	formats   []string
	now       string
	narrative string
	failUnder string
	system    string
	marking   string
	oscal     oscalOptions
	ocsf      string
	redact    redactOptions
	pack      packageOptions
	from      fromOptions
	aws       awsOptions
	store     storeOptions
	strict    bool
	quiet     bool

	command []string // the command line, for the manifest
	remote  *remote  // where artifacts go if that is S3

	baselineSet, formatSet, ocsfSet bool // the flags were given
}

func newAssess(sys process) *cobra.Command {
	var o assessOptions
	cmd := &cobra.Command{
		Use:   "assess INPUT... --out DIR",
		Short: "Read findings, assess a baseline, write artifacts",
		Long: `Assess reads findings from files, directories, s3:// addresses or standard input
(-), or with --from out of AWS itself, assesses the controls of a baseline and
writes the artifacts to DIR.

Findings are recognised by content, ASFF and OCSF: AWS CLI and SDK answers,
EventBridge events, arrays, single findings, NDJSON, OCSF also as Parquet and CSV;
likewise answers of AWS Config and Audit Manager, assessment reports, and snapshots
that shca collect has written; plain, gzip or zstd; UTF-8 or UTF-16.

Every artifact is written anew but two, which people edit: the OSCAL system
security plan and plan of action and milestones are carried on if DIR has them.

Exit codes: 0 done, 1 failed, 2 usage, 3 below --fail-under, 4 not everything
could be read (artifacts are written and say so), 130 interrupted.`,
		Example: `  aws securityhub get-findings > findings.json
  shca assess findings.json --out package
  shca assess exports/ --baseline fedramp-high --system system.yaml --out package
  shca assess findings.json --out package --package package.zip --sign key.pem
  shca assess --from securityhub --regions us-east-1,us-west-2 --out package
  shca assess s3://bucket/snapshots/ --out s3://bucket/package/ --sse aws:kms
  zstdcat all.zst | shca assess - --format md,csv --out package`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 && len(o.from.services) == 0 {
				return errors.New("no input: name a file, a directory, an s3:// address or - for standard input, or a service with --from")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			given := cmd.Flags().Changed
			o.baselineSet, o.formatSet, o.ocsfSet = given("baseline"), given("format"), given("ocsf-version")
			o.redact.read(given("redact"), sys.args)
			o.command = recorded(cmd, sys.args)
			return o.run(cmd.Context(), args, sys)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.out, "out", "o", "", "write artifacts to this `directory` or s3:// address")
	o.from.flags(cmd)
	f.StringVar(&o.baseline, "baseline", "moderate", "`name` of the baseline to assess, or none for every control that has findings")
	f.StringVar(&o.profile, "profile", "", "assess the baseline of this OSCAL profile `file` instead")
	f.StringVar(&o.catalog, "catalog", "", "take controls and titles from this OSCAL catalog `file`")
	f.StringVar(&o.framework, "framework", catalogs.Frameworks()[0].Name, "`name` of the framework to assess against")
	f.StringSliceVar(&o.formats, "format", nil, "write the formats of these `names` only: "+strings.Join(formatNames(), ", ")+" (default all but "+strings.Join(askedFormats(), ", ")+")")
	f.StringVar(&o.now, "now", "", "`time` of the assessment, RFC 3339 (default SOURCE_DATE_EPOCH, else the clock)")
	f.StringVar(&o.narrative, "narrative-template", "", "write narratives with this template `file` (Go text/template)")
	f.StringVar(&o.failUnder, "fail-under", "", "exit with 3 if the pass rate is below this `percentage`")
	f.StringVar(&o.system, "system", "", "describe the assessed system by this YAML `file`: names in reports, the SSP's content")
	f.StringVar(&o.marking, "marking", "", "mark every page of the reports with this `text`, such as CUI")
	o.oscal.flags(cmd)
	ocsfVersionFlag(cmd, &o.ocsf, "write findings.ocsf.ndjson in OCSF of this `version`")
	o.redact.flags(cmd)
	o.pack.flags(cmd)
	o.aws.flags(cmd, "aws-profile")
	o.store.flags(cmd)
	f.BoolVar(&o.strict, "strict", false, "stop at the first finding or input that cannot be read")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print no summary and no progress")
	complete(cmd, "baseline", baselineNames)
	complete(cmd, "format", formatNames)
	complete(cmd, "framework", func() []string {
		var names []string
		for _, f := range catalogs.Frameworks() {
			names = append(names, f.Name)
		}
		return names
	})
	return cmd
}

// complete offers values for a flag.
func complete(cmd *cobra.Command, flag string, values func() []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values(), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err)
	}
}

func (o *assessOptions) run(ctx context.Context, inputs []string, sys process) (result error) {
	if o.out == "" {
		return usage("--out DIR is missing: name the directory to write the artifacts to")
	}
	if len(o.from.services) > 0 && o.profile != "" {
		if _, err := os.Stat(o.profile); errors.Is(err, fs.ErrNotExist) {
			return usage("--profile %s: there is no such file of an OSCAL profile; a profile of AWS's configuration is --aws-profile", o.profile)
		}
	}
	if o.baselineSet && o.profile != "" {
		return usage("--baseline and --profile both select controls: give one")
	}
	if o.formatSet && len(o.formats) == 0 {
		return usage("--format: name at least one of %s", strings.Join(formatNames(), ", "))
	}
	if err := errors.Join(o.aws.check(), o.from.check(o.out), o.effective(inputs)); err != nil {
		return err
	}
	destination := o.out
	if isS3(o.out) {
		to, err := openRemote(ctx, o.out, &o.store, &o.aws)
		if err != nil {
			return err
		}
		defer func() { result = errors.Join(result, to.close()) }()
		o.remote, o.out = to, to.dir
	}
	if info, err := os.Stat(o.out); err == nil && !info.IsDir() {
		return fmt.Errorf("--out %s is a file: name a directory", o.out)
	}
	threshold, err := o.threshold()
	if err != nil {
		return err
	}
	log := logger(sys.stderr, o.quiet)
	settings, err := o.settings(sys, log)
	if err != nil {
		return err
	}
	if err := o.outsideInputs(inputs); err != nil {
		return err
	}
	if err := o.pack.check(o.out, inputs); err != nil {
		return err
	}
	progress := &shca.Progress{}
	snapshots, err := o.from.open(o.quiet, &o.aws, sys)
	if err != nil {
		return err
	}
	defer func() { result = errors.Join(result, snapshots.close()) }()
	schemes := o.store.schemes(ctx, &o.aws)
	snapshots.schemes(schemes)
	source, err := sources.Open(append(snapshots.addresses(), inputs...), sources.Options{Stdin: sys.stdin, Progress: progress, Schemes: schemes})
	if err != nil {
		return o.redact.missing(err)
	}
	if err := o.redact.prepare(o, inputs, &settings, sys, log); err != nil {
		return err
	}
	about, err := o.about(&settings)
	if err != nil {
		return err
	}
	options, err := o.render(settings.Framework, about, log)
	if err != nil {
		return err
	}
	formats, err := render.Select(o.pack.formats(o.formats), options)
	if err != nil {
		return usage("--format: %w", err)
	}
	if o.ocsfSet && o.ocsf != string(ocsf.V110) && slices.Contains(o.formats, "ocsf-parquet") && !slices.Contains(o.formats, "ocsf") {
		return usage("--ocsf-version %s: format ocsf-parquet is always OCSF %s, which Security Lake takes: leave the flag out, or add the format ocsf", o.ocsf, ocsf.V110)
	}
	if err := render.CheckDir(o.out, formats); err != nil {
		return err
	}
	if o.remote != nil {
		if err := o.remote.check(ctx, formats); err != nil {
			return err
		}
	}
	if err := snapshots.collect(ctx); err != nil {
		return err
	}
	stop := func() {}
	if !o.quiet {
		stop = showProgress(sys.stderr, progress)
	}
	a, err := mapping.Assess(ctx, o.redact.source(source), settings)
	var written []shca.Artifact
	var packed string
	if err == nil {
		written, err = render.WriteDir(ctx, o.out, a, formats)
		err = errors.Join(err, a.Close())
	}
	if err == nil {
		packed, err = o.pack.write(ctx, o.out, a, written)
	}
	if err == nil && o.remote != nil {
		err = o.remote.upload(ctx, written)
	}
	stop()
	if err != nil {
		return err
	}
	if !o.quiet {
		printSummary(sys.stderr, a)
		fmt.Fprintf(sys.stderr, "\nWrote %d files to %s\n", len(written), plain(destination, 1000))
		if packed != "" {
			fmt.Fprintln(sys.stderr, packed)
		}
	}
	return o.verdict(a, threshold, sys)
}

// effective refuses flags that would have no effect, which their user believes in.
func (o *assessOptions) effective(inputs []string) error {
	if len(o.from.services) == 0 && (len(o.aws.regions) > 0 || len(o.aws.accounts) > 0) {
		return usage("--regions and --accounts say where --from collects: name a service with --from, or leave them out")
	}
	s3 := isS3(o.out) || slices.ContainsFunc(inputs, isS3)
	return o.store.effective(isS3(o.out), s3)
}

// maxMarking is the length of the longest marking: it has one line of a page.
const maxMarking = 80

// about reads what the user says of the system, nil if nothing, and tells the
// assessment.
func (o *assessOptions) about(m *mapping.Options) (*system.System, error) {
	m.Marking = strings.TrimSpace(o.marking)
	if show.OneLine(m.Marking) != m.Marking || utf8.RuneCountInString(m.Marking) > maxMarking {
		return nil, usage("--marking: must be one line of at most %d printable characters", maxMarking)
	}
	if o.system == "" {
		return nil, nil
	}
	about, err := system.Read(o.system)
	if err != nil {
		return nil, err
	}
	about = o.redact.system(about)
	m.System = shca.System{ID: about.ID, Name: about.Name}
	if len(about.Accounts) > 0 {
		m.System.Accounts = map[string]string{}
	}
	for _, a := range about.Accounts {
		m.System.Accounts[a.ID] = a.Name
	}
	return about, nil
}

// render turns the flags into the options of the formats.
func (o *assessOptions) render(framework *catalogs.Framework, about *system.System, log *slog.Logger) (render.Options, error) {
	version, err := ocsf.ParseVersion(o.ocsf)
	if err != nil {
		return render.Options{}, usage("--ocsf-version: %w", err)
	}
	options, err := o.oscal.options(o.out, o.catalog, framework, about, log)
	if err != nil {
		return render.Options{}, err
	}
	command := o.command
	if o.redact.redactor != nil {
		command = o.redact.redactor.Command(command)
	}
	pack, err := o.pack.options(command, log)
	return render.Options{OSCAL: options, OCSF: ocsf.Options{Version: version}, Manifest: pack}, err
}

// settings turns the flags into the options of the assessment.
func (o *assessOptions) settings(sys process, log *slog.Logger) (mapping.Options, error) {
	m := mapping.Options{Strict: o.strict, Generator: "shca " + version()}
	var err error
	if m.Framework, err = catalogs.Find(o.framework); err != nil {
		return m, usage("--framework: %w", err)
	}
	if m.Time, err = o.time(sys); err != nil {
		return m, err
	}
	var own *catalogs.Catalog
	if o.catalog != "" {
		if own, err = catalogs.ReadCatalog(o.catalog); err != nil {
			return m, err
		}
		m.Framework = m.Framework.WithCatalog(own)
	}
	switch {
	case o.profile != "":
		resolved, err := catalogs.ResolveProfile(o.profile, catalogs.ProfileOptions{Catalog: own, Framework: m.Framework, Logger: log})
		if err != nil {
			return m, err
		}
		m.Baseline = resolved.Baseline
		m.Baseline.Name = cmp.Or(m.Baseline.Name, "profile")
		m.Framework = m.Framework.WithCatalog(resolved.Catalog)
	case o.baseline == noBaseline:
		m.Baseline = catalogs.Baseline{Name: noBaseline, Title: "no baseline: every control that has findings"}
	default:
		var ok bool
		if m.Baseline, ok = m.Framework.Baseline(o.baseline); !ok {
			return m, usage("--baseline: unknown baseline %q: there are %s", o.baseline, strings.Join(baselineNames(), ", "))
		}
	}
	missing := 0
	for _, id := range m.Baseline.Controls {
		if _, ok := m.Framework.Catalog.Control(id); !ok {
			missing++
		}
	}
	if missing > 0 {
		log.Warn("controls of the baseline are not in the catalog and have no titles", "controls", missing, "catalog", m.Framework.Catalog.Title)
	}
	if o.narrative != "" {
		text, err := os.ReadFile(o.narrative)
		if err != nil {
			return m, err
		}
		if m.Narrative, err = mapping.ParseNarrative(string(text)); err != nil {
			return m, fmt.Errorf("%s: %w", o.narrative, err)
		}
	}
	return m, nil
}

// time returns the assessment's time: --now, else SOURCE_DATE_EPOCH, else the
// clock, in whole seconds.
func (o *assessOptions) time(sys process) (time.Time, error) {
	if o.now != "" {
		t, err := time.Parse(time.RFC3339, o.now)
		if err != nil || t.UTC().Year() > 9999 {
			return t, usage("--now: %q is not a time such as 2026-01-31T12:00:00Z", o.now)
		}
		return t.UTC(), nil
	}
	if epoch := sys.getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		const year9999 = 253402300799
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil || seconds < 0 || seconds > year9999 {
			return time.Time{}, usage("SOURCE_DATE_EPOCH: %q is not a number of seconds since 1970, up to the year 9999", epoch)
		}
		return time.Unix(seconds, 0).UTC(), nil
	}
	return sys.now().UTC().Truncate(time.Second), nil
}

// threshold reads --fail-under exactly; nil if it was not given.
func (o *assessOptions) threshold() (*big.Rat, error) {
	if o.failUnder == "" {
		return nil, nil
	}
	number := strings.TrimSuffix(o.failUnder, "%")
	t, ok := new(big.Rat).SetString(number)
	if !ok || strings.Trim(number, "0123456789.") != "" || t.Sign() < 0 || t.Cmp(big.NewRat(100, 1)) > 0 {
		return nil, usage("--fail-under: %q is not a percentage from 0 to 100", o.failUnder)
	}
	return t, nil
}

// outsideInputs makes sure that no artifact becomes an input of the next run.
func (o *assessOptions) outsideInputs(inputs []string) error {
	out, err := filepath.Abs(o.out)
	if err != nil {
		return err
	}
	for _, in := range inputs {
		if isS3(in) && o.remote != nil && o.remote.within(in) {
			return usage("--out is below the input %s, so the next run would read its own artifacts: choose another prefix", in)
		}
		info, err := os.Stat(in)
		if in == input.Stdin || err != nil || !info.IsDir() {
			continue
		}
		abs, err := filepath.Abs(in)
		if err != nil {
			return err
		}
		if rel, err := filepath.Rel(abs, out); err == nil && filepath.IsLocal(rel) {
			return usage("--out %s is inside the input %s, so the next run would read its own artifacts: choose another directory", o.out, in)
		}
	}
	return nil
}

// verdict turns the assessment into the exit code, and says why if that is not
// zero.
func (o *assessOptions) verdict(a *shca.Assessment, threshold *big.Rat, sys process) error {
	if !a.Complete() {
		for i, p := range a.Problems {
			if i == 10 {
				fmt.Fprintf(sys.stderr, "shca: … and %d more problems; assessment.json has the first %d\n", a.ProblemCount-10, shca.MaxProblems)
				break
			}
			fmt.Fprintf(sys.stderr, "shca: not read: %s\n", plain(p, 1000))
		}
		fmt.Fprintln(sys.stderr, "shca: the assessment is incomplete, and every artifact says so (exit code 4)")
		return &exitError{code: exitIncomplete}
	}
	if threshold == nil {
		return nil
	}
	t := a.Summary().Tally
	if t.Decided() == 0 {
		return &exitError{exitBelow, fmt.Errorf("no finding was decided, so there is no pass rate to compare with --fail-under %s", o.failUnder)}
	}
	if new(big.Rat).Mul(big.NewRat(t.Passed, t.Decided()), big.NewRat(100, 1)).Cmp(threshold) < 0 {
		return &exitError{exitBelow, fmt.Errorf("the pass rate of %s %% is below --fail-under %s", shca.Percent(t.Passed, t.Decided()), o.failUnder)}
	}
	return nil
}

const noBaseline = "none"

// baselineNames lists what --baseline takes.
func baselineNames() []string {
	var names []string
	for _, f := range catalogs.Frameworks() {
		for _, b := range f.Baselines {
			if !slices.Contains(names, b.Name) {
				names = append(names, b.Name)
			}
		}
	}
	return append(names, noBaseline)
}

func formatNames() []string {
	var names []string
	for _, f := range render.Formats {
		names = append(names, f.Name)
	}
	return names
}

// askedFormats lists the formats that are written only if they are named.
func askedFormats() []string {
	var names []string
	for _, f := range render.Formats {
		if f.Asked {
			names = append(names, f.Name)
		}
	}
	return names
}
