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

func (l limits) error(limit int, what string) error {
	return fmt.Errorf("the findings name more than %d different %s, which no real estate does: assess the inputs in parts to find those that do", limit, what)
}

// Assess reads the source to its end and assesses what it holds. The caller
// closes the assessment. Findings and inputs that cannot be read do not fail
// it unless Options.Strict is set; errors are those of the source as a whole,
// of the temporary file and of the narrative template, and ctx's.
func Assess(ctx context.Context, source shca.Source, o Options) (*shca.Assessment, error) {
	if o.Framework == nil {
		o.Framework = catalogs.Frameworks()[0]
	}
	if o.Baseline.Name == "" && len(o.Baseline.Controls) == 0 {
		baseline, ok := o.Framework.Baseline("moderate")
		if !ok {
			return nil, fmt.Errorf("framework %s has no baseline \"moderate\": name one in Options.Baseline", o.Framework.Name)
		}
		o.Baseline = baseline
	}
	narrative := o.Narrative
	if narrative == nil {
		narrative = DefaultNarrative()
	}
	a := &shca.Assessment{
		Framework: o.Framework.Name, FrameworkName: o.Framework.Title,
		Baseline: o.Baseline.Name, BaselineName: o.Baseline.Title,
		AllControls: len(o.Baseline.Controls) == 0,
		Generator:   o.Generator, Time: o.Time.UTC(),
	}
	acc := NewAccumulator(o.Framework)
	st := &store{
		cites:    acc.cites,
		versions: spool.Sorter{Dir: o.TempDir, Batch: cmp.Or(o.batch, 8<<20)},
		subjects: spool.Sorter{Dir: o.TempDir, Batch: o.batch},
	}
	scopes := scopes{}
	if err := scopes.read(ctx, source, o.Strict, func(f *shca.Finding) error { return st.add(acc.canonical(f)) }, a); err != nil {
		return nil, errors.Join(err, st.close())
	}
	if err := st.finish(ctx); err != nil {
		return nil, errors.Join(err, st.close())
	}
	a.Findings, a.Release = st.findings(true), st.close
	limits := o.limits.orDefault()
	var last time.Time
	for f, err := range st.findings(false) {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			if acc.distinct() >= limits.checks && acc.checks[f.Check] == nil && !acc.mapped(f) {
				other := *f
				other.Check = shca.OtherChecks
				acc.Add(&other)
			} else {
				acc.Add(f)
			}
			scopes.count(f)
			switch {
			case acc.distinct() > limits.checks:
				err = limits.error(limits.checks, "mapped checks")
			case len(scopes) > limits.scopes:
				err = limits.error(limits.scopes, "accounts and regions")
			}
		}
		if err != nil {
			return nil, errors.Join(err, st.close())
		}
		if t := f.Observed(); t.After(last) {
			last = t
		}
	}
	if o.Time.IsZero() {
		a.Time = last
	}
	a.Scopes = scopes.sorted()
	if acc.cited() > limits.controls {
		return nil, errors.Join(limits.error(limits.controls, "controls"), st.close())
	}
	a.Checks, a.Controls = Evaluate(o.Framework, o.Baseline, acc.Checks())
	if err := narrate(a, o.Framework, narrative); err != nil {
		return nil, errors.Join(err, st.close())
	}
	return a, nil
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
func (s scopes) read(ctx context.Context, source shca.Source, strict bool, add func(*shca.Finding) error, a *shca.Assessment) error {
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
				text := strings.TrimSpace(strings.Join([]string{r.Source, r.AccountID, r.Region}, " ")) + ": " + r.Err
				if strict {
					return errors.New(text)
				}
				problem(text)
			}
			scope := s.of(r.Source, r.AccountID, r.Region)
			scope.Skipped += r.Skipped
			scope.Err = joinText(scope.Err, r.Err)
			scope.Note = joinText(scope.Note, r.Note)
		case record.Finding != nil:
			empty = false
			if err := add(record.Finding); err != nil {
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
