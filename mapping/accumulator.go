package mapping

import (
	"slices"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
)

// requirementCap is how many related requirements Security Hub keeps per finding
// (Security Hub API reference, Compliance: RelatedRequirements, maximum 32
// items). A list of that length may have lost some, if the finding went through
// Security Hub, which the ARN of its product there shows.
const requirementCap = 32

// maxCitations bounds the requirements whose reading is remembered.
const maxCitations = 20_000

// Accumulator folds findings into one result per check. The order of Add and
// Merge calls does not matter, nor how the findings are spread over the
// accumulators that are merged. It is not safe for concurrent use.
type Accumulator struct {
	framework *catalogs.Framework
	checks    map[shca.CheckID]*shca.CheckResult
	citations map[string]citation
	spellings map[shca.CheckID]shca.CheckID // of checks the table knows
}

type citation struct {
	controls []shca.ControlID
	cut      bool
	unread   bool
}

// NewAccumulator returns an empty accumulator for the framework.
func NewAccumulator(framework *catalogs.Framework) *Accumulator {
	return &Accumulator{
		framework: framework,
		checks:    map[shca.CheckID]*shca.CheckResult{},
		citations: map[string]citation{},
		spellings: map[shca.CheckID]shca.CheckID{},
	}
}

// Add folds in a finding whose disposition is Assessed or Suppressed, and
// ignores any other: duplicates, archived findings and findings that report no
// compliance status count in no check.
func (a *Accumulator) Add(f *shca.Finding) {
	if f.Disposition != shca.Assessed && f.Disposition != shca.Suppressed {
		return
	}
	r := a.checks[f.Check]
	if r == nil {
		r = &shca.CheckResult{ID: f.Check}
		a.checks[f.Check] = r
	}
	r.Add(f, a.cite(f))
}

// canonical returns the finding with its check as the framework's table spells
// it, so that AutoScaling.5 and Autoscaling.5 are one check.
func (a *Accumulator) canonical(f *shca.Finding) *shca.Finding {
	if !f.SecurityHub() {
		return f
	}
	id, ok := a.spellings[f.Check]
	if !ok {
		id = f.Check
		if known, ok := a.framework.Check(f.Check); ok {
			id = known.ID
		}
		if len(a.spellings) < maxCitations {
			a.spellings[shca.CheckID(strings.Clone(string(f.Check)))] = id
		}
	}
	if id == f.Check {
		return f
	}
	g := *f
	g.Check = id
	return &g
}

// mapped reports whether the finding's check is evidence for any control, as
// far as the finding tells.
func (a *Accumulator) mapped(f *shca.Finding) bool {
	_, known := a.framework.Check(f.Check)
	return known || a.names(f)
}

// names reports whether the finding names a control of the framework.
func (a *Accumulator) names(f *shca.Finding) bool {
	return slices.ContainsFunc(f.Requirements, func(text string) bool { return len(a.read(text).controls) > 0 })
}

// distinct is the number of checks told apart.
func (a *Accumulator) distinct() int {
	if a.checks[shca.OtherChecks] != nil {
		return len(a.checks) - 1
	}
	return len(a.checks)
}

// Merge folds in another accumulator of the same framework whose findings are
// not in this one.
func (a *Accumulator) Merge(b *Accumulator) {
	for id, r := range b.checks {
		if have := a.checks[id]; have != nil {
			have.Merge(r)
			continue
		}
		mine := &shca.CheckResult{ID: id}
		mine.Merge(r)
		a.checks[id] = mine
	}
}

// Checks returns the results in natural order of their ids. They share memory
// with the accumulator.
func (a *Accumulator) Checks() []shca.CheckResult {
	checks := make([]shca.CheckResult, 0, len(a.checks))
	for _, r := range a.checks {
		checks = append(checks, *r)
	}
	slices.SortFunc(checks, func(x, y shca.CheckResult) int { return x.ID.Compare(y.ID) })
	return checks
}

// cited returns how many different controls the findings cite.
func (a *Accumulator) cited() int {
	distinct := map[shca.ControlID]bool{}
	for _, r := range a.checks {
		for _, id := range r.Cited.Members {
			distinct[id] = true
		}
	}
	return len(distinct)
}

// cite reads the related requirements of one finding.
func (a *Accumulator) cite(f *shca.Finding) shca.Citation {
	c := shca.Citation{Partial: len(f.Requirements) >= requirementCap && f.ProductARN != ""}
	for _, text := range f.Requirements {
		one := a.read(text)
		c.Controls = append(c.Controls, one.controls...)
		c.Partial = c.Partial || one.cut
		if one.unread {
			c.Unread = append(c.Unread, text)
		}
	}
	return c
}

func (a *Accumulator) read(text string) citation {
	if one, ok := a.citations[text]; ok {
		return one
	}
	controls, cut, err := a.framework.Requirement(text)
	one := citation{controls: controls, cut: cut, unread: err != nil}
	if len(a.citations) < maxCitations {
		a.citations[strings.Clone(text)] = one // a text may be a slice of a whole finding
	}
	return one
}

// cites reports whether the finding was made for the framework, or names a
// requirement of it.
func (a *Accumulator) cites(f *shca.Finding) bool {
	return a.names(f) ||
		slices.ContainsFunc(f.Standards, a.framework.IsStandard) ||
		a.framework.IsStandard(f.GeneratorID)
}
