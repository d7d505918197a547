// Package mapping assesses: it takes the findings of a source, keeps the
// newest copy of each, maps the checks that made them to the controls of a
// framework, and derives the state of every control of a baseline. It is for
// the command and for programs that embed the assessment.
//
// What each number means is decided here and told in docs/numbers.md. The
// package reads no input format and writes no artifact.
package mapping

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
	"github.com/go-shca/shca/internal/spool"
)

// Options say what to assess and how. The zero value assesses the moderate
// baseline of NIST SP 800-53 Rev. 5.
type Options struct {
	// Framework holds controls and mappings; nil is the first registered one.
	Framework *catalogs.Framework
	// Baseline selects the controls to meet. The zero Baseline stands for the
	// framework's "moderate"; one with a name and no controls selects none, and
	// then every control that has findings is reported.
	Baseline catalogs.Baseline
	// Time of the assessment. The zero time stands for the latest evaluation
	// among the findings.
	Time time.Time
	// Generator is the program and version to name in artifacts.
	Generator string
	// System names what is assessed, and Marking how reports are marked. Both
	// may be empty.
	System  shca.System
	Marking string
	// Redacted says that the source yields redacted findings, so that every
	// artifact says it. The source does not tell: set it with redact.Source.
	Redacted bool
	// Strict ends the assessment with an error at the first finding or input
	// that cannot be read in full. Otherwise these are counted and reported.
	Strict bool
	// Narrative is executed with a NarrativeData for each control; nil is
	// DefaultNarrative.
	Narrative *template.Template
	// TempDir holds the temporary file that large inputs need: about as many
	// bytes as the unpacked input. "" is the system's folder.
	TempDir string

	// For tests; zero is the default.
	batch  int // bytes of findings held in memory
	limits limits
}

// limits keep hostile input from filling memory with things that are counted
// one by one. AWS organizations and frameworks stay far below the defaults.
type limits struct{ checks, scopes, controls int }

func (l limits) orDefault() limits {
	return limits{cmp.Or(l.checks, 10_000), cmp.Or(l.scopes, 200_000), cmp.Or(l.controls, 5_000)}
}

func tooMany(limit int, what string) error {
	return fmt.Errorf("the findings name more than %d different %s, which no real estate does: assess the inputs in parts to find those that do", limit, what)
}

// Assess reads the source to its end and assesses what it holds. The caller
// closes the assessment. Findings and inputs that cannot be read do not fail
// it unless Options.Strict is set; errors are those of the source as a whole,
// of the temporary file and of the narrative template, and ctx's.
func Assess(ctx context.Context, source shca.Source, o Options) (*shca.Assessment, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	acc := NewAccumulator(o.Framework)
	sorter := func(batch int) spool.Sorter { return spool.Sorter{Dir: o.TempDir, Batch: cmp.Or(o.batch, batch)} }
	r := &run{
		Options: o, acc: acc, scopes: scopes{},
		store: &store{
			cites:    acc.cites,
			names:    acc.called,
			versions: sorter(8 << 20),
			claims:   claims{sorter: sorter(8 << 20)},
			subjects: sorter(0),
		},
		inventory: &inventory{acc: acc, sorter: sorter(8 << 20)},
		evidence:  &evidence{acc: acc, sorter: sorter(8 << 20)},
		a: &shca.Assessment{
			Framework: o.Framework.Name, FrameworkName: o.Framework.Title,
			Baseline: o.Baseline.Name, BaselineName: o.Baseline.Title,
			AllControls: len(o.Baseline.Controls) == 0,
			Generator:   o.Generator, Time: o.Time.UTC(),
			System: o.System, Marking: o.Marking, Redacted: o.Redacted,
		},
	}
	if err := r.assess(ctx, source); err != nil {
		return nil, errors.Join(err, r.inventory.sorter.Close(), r.evidence.sorter.Close(), r.store.close())
	}
	return r.a, nil
}

// complete fills in the defaults.
func (o *Options) complete() error {
	if o.Framework == nil {
		o.Framework = catalogs.Frameworks()[0]
	}
	if o.Baseline.Name == "" && len(o.Baseline.Controls) == 0 {
		baseline, ok := o.Framework.Baseline("moderate")
		if !ok {
			return fmt.Errorf("framework %s has no baseline \"moderate\": name one in Options.Baseline", o.Framework.Name)
		}
		o.Baseline = baseline
	}
	if o.Narrative == nil {
		o.Narrative = DefaultNarrative()
	}
	o.limits = o.limits.orDefault()
	return nil
}

// run is one assessment while it is made.
type run struct {
	Options
	store     *store
	inventory *inventory
	evidence  *evidence
	acc       *Accumulator
	scopes    scopes
	a         *shca.Assessment
}

func (r *run) assess(ctx context.Context, source shca.Source) error {
	if err := r.scopes.read(ctx, source, r.Strict, r.add, r.a); err != nil {
		return err
	}
	if err := r.store.finish(ctx); err != nil {
		return err
	}
	for f, err := range r.store.findings(false) {
		err = cmp.Or(err, ctx.Err())
		if err == nil {
			err = r.count(f)
		}
		if err != nil {
			return err
		}
	}
	if r.acc.cited() > r.limits.controls {
		return tooMany(r.limits.controls, "controls")
	}
	disabled, related, err := r.inventory.fold(ctx, r.limits.checks)
	if err != nil {
		return err
	}
	held, err := r.evidence.fold(ctx, r.limits.controls, r.scopes)
	if err != nil {
		return err
	}
	if len(r.scopes) > r.limits.scopes {
		return tooMany(r.limits.scopes, "accounts and regions")
	}
	r.a.Findings, r.a.Release = r.store.findings(true), r.store.close
	r.a.Scopes = r.scopes.sorted()
	r.a.Disabled = disabled
	r.a.Checks, r.a.Controls = evaluateAll(r.Framework, r.Baseline, r.acc.Checks(), besides{related, disabled, held})
	return narrate(r.a, func(id shca.ControlID) []shca.CheckID { return relatedChecks(r.Framework, related, id) }, r.Narrative)
}

// add stores what a record holds besides scopes and inputs.
func (r *run) add(record shca.Record) error {
	switch {
	case record.Setting != nil:
		return r.inventory.add(record.Setting)
	case record.Evidence != nil:
		return r.evidence.add(record.Evidence)
	}
	f := r.acc.canonical(record.Finding)
	if record.Original == nil {
		return r.store.add(f, f)
	}
	return r.store.add(f, r.acc.canonical(record.Original))
}

// count adds a finding to its check and its scope.
func (r *run) count(f *shca.Finding) error {
	counted := f
	if r.acc.distinct() >= r.limits.checks && r.acc.checks[f.Check] == nil && !r.acc.mapped(f) {
		other := *f
		other.Check = shca.OtherChecks
		counted = &other
	}
	r.acc.Add(counted)
	r.scopes.count(f)
	if t := f.Observed(); r.Time.IsZero() && t.After(r.a.Time) {
		r.a.Time = t
	}
	switch {
	case r.acc.distinct() > r.limits.checks:
		return tooMany(r.limits.checks, "mapped checks")
	case len(r.scopes) > r.limits.scopes:
		return tooMany(r.limits.scopes, "accounts and regions")
	}
	return nil
}

// scopes collects what was looked at.
type scopes map[scopeKey]*shca.Scope

type scopeKey struct{ source, account, region string }

func (s scopes) of(source, account, region string) *shca.Scope {
	key := scopeKey{source, account, region}
	if s[key] == nil {
		// A finding's strings are slices of the whole finding: do not keep that.
		key = scopeKey{strings.Clone(source), strings.Clone(account), strings.Clone(region)}
		s[key] = &shca.Scope{Source: key.source, AccountID: key.account, Region: key.region}
	}
	return s[key]
}

// read drains the source into add, and notes its problems in a.
func (s scopes) read(ctx context.Context, source shca.Source, strict bool, add func(shca.Record) error, a *shca.Assessment) error {
	empty := true
	problem := func(text string) {
		a.ProblemCount++
		if len(a.Problems) < shca.MaxProblems {
			a.Problems = append(a.Problems, text)
		}
	}
	for record, err := range source.Records(ctx) {
		var skipped *shca.FindingError
		switch {
		case errors.As(err, &skipped):
			if strict {
				return err
			}
			problem(err.Error())
			scope := s.of(skipped.Source, "", "")
			scope.Skipped++
		case err != nil:
			return err
		case record.Scope != nil:
			r := record.Scope
			if r.Err != "" {
				text := r.Name() + ": " + r.Err
				if strict {
					return errors.New(text)
				}
				problem(text)
			}
			scope := s.of(r.Source, r.AccountID, r.Region)
			scope.Skipped += r.Skipped
			scope.Err = joinText(scope.Err, r.Err)
			scope.Note = joinText(scope.Note, r.Note)
		case record.Input != nil:
			a.Inputs = append(a.Inputs, *record.Input)
		case record.Finding != nil, record.Setting != nil, record.Evidence != nil:
			empty = false
			if err := add(record); err != nil {
				return err
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if empty && len(s) == 0 {
		s.of("input", "", "").Err = "nothing was read: the source yielded neither a finding nor a scope"
		problem("input: nothing was read: the source yielded neither a finding nor a scope")
	}
	return nil
}

func joinText(a, b string) string {
	if a == "" || b == "" || a == b {
		return a + strings.TrimPrefix(b, a)
	}
	return a + "; " + b
}

// count adds a finding to its scope.
func (s scopes) count(f *shca.Finding) {
	scope := s.of(f.Source, f.AccountID, f.Region)
	scope.Findings++
	switch f.Disposition {
	case shca.Assessed:
		scope.Assessed++
	case shca.Suppressed:
		scope.Suppressed++
	case shca.NotScored:
		scope.NotScored++
	case shca.Archived:
		scope.Archived++
	case shca.Superseded:
		scope.Superseded++
	}
}

func (s scopes) sorted() []shca.Scope {
	all := make([]shca.Scope, 0, len(s))
	for _, scope := range s {
		all = append(all, *scope)
	}
	slices.SortFunc(all, func(a, b shca.Scope) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.AccountID, b.AccountID), strings.Compare(a.Region, b.Region))
	})
	return all
}
