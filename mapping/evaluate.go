package mapping

import (
	"slices"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
)

// Evaluate derives the state of every control of the baseline, and of every
// other control that a check is evidence for, from the results of the checks.
// It sets Controls, Mapping and, where the findings give none, Severity in the
// checks it returns, which are copies in the given order. Controls come in
// catalog order, those of the baseline first. With a baseline of no controls
// every control counts as one of the baseline. It is a pure function.
//
// It knows of no inventory of checks and of no evidence besides findings.
func Evaluate(framework *catalogs.Framework, baseline catalogs.Baseline, checks []shca.CheckResult) ([]shca.CheckResult, []shca.ControlResult) {
	return evaluateAll(framework, baseline, checks, besides{})
}

// besides is what is known besides the checks that have findings.
type besides struct {
	related  map[shca.ControlID][]shca.CheckID // by the inventory
	disabled []shca.DisabledCheck
	evidence map[shca.ControlID]*controlEvidence
}

func evaluateAll(framework *catalogs.Framework, baseline catalogs.Baseline, checks []shca.CheckResult, more besides) ([]shca.CheckResult, []shca.ControlResult) {
	checks = slices.Clone(checks)
	evidence := map[shca.ControlID][]*shca.CheckResult{}
	seen := map[shca.CheckID]bool{}
	for i := range checks {
		c := &checks[i]
		c.Controls, c.Mapping = mapCheck(framework, c)
		known, inTable := framework.Check(c.ID)
		seen[c.ID] = true
		if inTable {
			seen[known.ID] = true // as the table spells it
		}
		// What failed says how severe the check is; what passed is reported as
		// informational by Security Hub.
		if c.Tally.Failed > 0 {
			c.Severity = c.FailedSeverity
		}
		if inTable && (c.Severity == shca.SeverityUnknown || c.Severity == shca.Informational && c.Tally.Failed == 0) {
			c.Severity = known.Severity
		}
		for _, id := range c.Controls {
			evidence[id] = append(evidence[id], c)
		}
	}
	inBaseline := make(map[shca.ControlID]bool, len(baseline.Controls))
	ids := slices.Clone(baseline.Controls)
	for _, id := range ids {
		inBaseline[id] = true
	}
	var outside []shca.ControlID
	for id := range evidence {
		if !inBaseline[id] {
			outside = append(outside, id)
		}
	}
	for id := range more.evidence {
		if !inBaseline[id] && len(evidence[id]) == 0 {
			outside = append(outside, id)
		}
	}
	slices.SortFunc(outside, framework.Catalog.Compare)
	off := map[shca.CheckID]bool{}
	for i := range more.disabled {
		if d := &more.disabled[i]; d.Everywhere() {
			off[d.ID] = true
		}
	}
	ids = append(ids, outside...)

	controls := make([]shca.ControlResult, len(ids))
	for i, id := range ids {
		c := &controls[i]
		*c = evaluate(id, evidence[id])
		c.InBaseline = inBaseline[id] || len(baseline.Controls) == 0 && len(evidence[id]) > 0
		c.FamilyTitle = framework.Catalog.FamilyTitle(id.Family())
		if known, ok := framework.Catalog.Control(id); ok {
			c.Title, c.Withdrawn = known.Title, known.Withdrawn
		}
		for _, check := range relatedChecks(framework, more.related, id) {
			if seen[check] {
				continue
			}
			c.Unseen = append(c.Unseen, check)
			if off[check] {
				c.Disabled = append(c.Disabled, check)
			}
		}
		if held := more.evidence[id]; held != nil {
			c.Evidence, c.EvidenceCount = held.pieces, held.count
		}
	}
	return checks, controls
}

// mapCheck decides which controls a check is evidence for: what its findings
// cite; where they cite none, or their list may be short, the framework's
// table completes it.
func mapCheck(framework *catalogs.Framework, c *shca.CheckResult) ([]shca.ControlID, shca.Mapping) {
	known, inTable := framework.Check(c.ID)
	cited := slices.Clone(c.Cited.Members)
	partial := c.Partial || c.Cited.More
	mapping := shca.MappingCited
	switch {
	case len(cited) == 0 && inTable:
		cited, mapping = known.Controls, shca.MappingTable
	case len(cited) == 0:
		return []shca.ControlID{}, shca.MappingNone
	case partial && inTable:
		cited, mapping = append(cited, known.Controls...), shca.MappingBoth
	case partial:
		mapping = shca.MappingCutOff
	}
	slices.SortFunc(cited, framework.Catalog.Compare)
	return slices.Compact(cited), mapping
}

func evaluate(id shca.ControlID, checks []*shca.CheckResult) shca.ControlResult {
	c := shca.ControlResult{ID: id, Checks: []shca.CheckID{}}
	var accounts, regions []string
	var resources []shca.ResourceHash
	for _, check := range checks {
		c.Checks = append(c.Checks, check.ID)
		c.Tally = c.Tally.Plus(check.Tally)
		if check.Tally.Failed > 0 {
			c.Severity = max(c.Severity, check.Severity)
		}
		if c.First.IsZero() || check.First.Before(c.First) && !check.First.IsZero() {
			c.First = check.First
		}
		if check.Last.After(c.Last) {
			c.Last = check.Last
		}
		accounts = append(accounts, check.Accounts.Members...)
		regions = append(regions, check.Regions.Members...)
		resources = append(resources, check.Resources.Members...)
		c.Accounts.More = c.Accounts.More || check.Accounts.More
		c.Regions.More = c.Regions.More || check.Regions.More
		c.Resources.More = c.Resources.More || check.Resources.More
	}
	c.Status = c.Tally.Status()
	c.Accounts.N, c.Regions.N, c.Resources.N = distinct(accounts), distinct(regions), distinct(resources)
	return c
}

func distinct[T interface{ ~string | ~uint64 }](all []T) int {
	slices.Sort(all)
	return len(slices.Compact(all))
}
