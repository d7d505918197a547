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
	spellings map[shca.CheckID]spelling
	aliases   map[shca.CheckID][]shca.CheckID // see called
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
		spellings: map[shca.CheckID]spelling{},
		aliases:   map[shca.CheckID][]shca.CheckID{},
	}
}

// Add folds in a finding whose disposition is Assessed or Suppressed. Of a
// duplicate of one it takes the controls that it cites, if there are any, and
// nothing else. It ignores any other: superseded versions, archived findings and
// findings that report no compliance status count in no check.
func (a *Accumulator) Add(f *shca.Finding) {
	counts := f.Disposition == shca.Assessed || f.Disposition == shca.Suppressed
	if !counts && !f.Duplicate {
		return
	}
	c := a.cite(f)
	if !counts && len(c.Controls) == 0 && len(c.Unread) == 0 {
		return
	}
	r := a.checks[f.Check]
	if r == nil {
		r = &shca.CheckResult{ID: f.Check}
		a.checks[f.Check] = r
	}
	if counts {
		r.Add(f, c)
		return
	}
	if f.Source == shca.SourceAuditManager {
		c.Partial = false // what it copies says more
	}
	r.Cite(c)
}

// canonical returns the finding with its check as the framework's table spells
// it, so that AutoScaling.5 and Autoscaling.5 are one check, and so is the rule
// of AWS Config that the table has for a check.
func (a *Accumulator) canonical(f *shca.Finding) *shca.Finding {
	from := rankOf(f)
	if from == ofOthers {
		return f
	}
	spelt := a.spell(f.Check)
	if !spelt.known && from != ofSecurityHub && f.ConfigRule != "" {
		if rule := a.spell(ruleCheck + shca.CheckID(f.ConfigRule)); rule.known {
			spelt = rule
		}
	}
	if spelt.id == f.Check {
		return f
	}
	g := *f
	g.Check = spelt.id
	return &g
}

// ruleCheck begins the id of a check that is a rule of AWS Config.
const ruleCheck shca.CheckID = "config-rule/"

// spelling is a check as the framework's table spells it, if it knows it.
type spelling struct {
	id    shca.CheckID
	known bool
}

func (a *Accumulator) spell(id shca.CheckID) spelling {
	if s, ok := a.spellings[id]; ok {
		return s
	}
	known, ok := a.framework.Check(id)
	if rule, is := strings.CutPrefix(string(id), string(ruleCheck)); is && !ok {
		known, ok = a.framework.CheckForRule(rule)
	}
	s := spelling{shca.CheckID(strings.Clone(string(id))), ok}
	if ok {
		s.id = known.ID
	}
	if len(a.spellings) < maxCitations {
		a.spellings[shca.CheckID(strings.Clone(string(id)))] = s
	}
	return s
}

// called returns what another source may call the finding's check: the check, and
// the rule behind it if it is one of several checks with that rule.
func (a *Accumulator) called(f *shca.Finding) []shca.CheckID {
	names, ok := a.aliases[f.Check]
	if ok {
		return names
	}
	names = []shca.CheckID{shca.CheckID(strings.Clone(string(f.Check)))}
	if known, ok := a.framework.Check(f.Check); ok && known.ConfigRule != "" {
		if rule, ok := a.framework.CheckForRule(known.ConfigRule); ok && rule.ID != f.Check {
			names = append(names, rule.ID)
		}
	}
	if len(a.aliases) < maxCitations {
		a.aliases[shca.CheckID(strings.Clone(string(f.Check)))] = names
	}
	return names
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

// Checks returns the results that findings count in, in natural order of their
// ids. They share memory with the accumulator.
func (a *Accumulator) Checks() []shca.CheckResult {
	checks := make([]shca.CheckResult, 0, len(a.checks))
	for _, r := range a.checks {
		if r.Tally.Total() > 0 {
			checks = append(checks, *r)
		}
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
	if f.Source == shca.SourceAuditManager && len(f.Requirements) > 0 {
		c.Partial = true // evidence names the one control that it was collected for
	}
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
