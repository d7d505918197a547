package testgen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
)

// maxRequirements is AWS's cap on Compliance.RelatedRequirements.
const maxRequirements = 32

// check is a Security Hub check with the parts of its findings that are the
// same for all of them.
type check struct {
	id       string
	hash     uint64
	kinds    []*kind
	weight   uint64
	passRate float64
	nist     bool // part of the NIST SP 800-53 standard
	fsbp     bool // part of the foundational best practices standard

	severity  shca.Severity
	rule      string // AWS Config rule, "" if none
	title     string // JSON text without the quotes, as are those below
	desc      string
	onCompl   string // Compliance after Status, consolidated
	v2Compl   string // the same in Security Hub V2: of OCSF's compliance, before its status
	nistCompl string // of the NIST standard's finding
	fsbpCompl string // of the best practices standard's finding

	warningReason reason
	failureReason reason // none for most checks
}

// loadChecks returns the checks of the estate in the order of their ids.
func loadChecks(o *Options) ([]*check, error) {
	framework, err := catalogs.Find("nist-800-53-r5")
	if err != nil {
		return nil, fmt.Errorf("testgen: %w", err)
	}
	titles := map[string]string{}
	for _, w := range wellKnown {
		titles[w.id] = w.title
	}
	all := slices.Clone(framework.Checks())
	for _, u := range uncataloged {
		severity, _ := shca.ParseSeverity(u.severity)
		all = append(all, catalogs.Check{
			ID: shca.CheckID(u.id), Severity: severity,
			ResourceTypes: []string{u.resourceType}, ConfigRule: u.rule,
		})
	}
	slices.SortFunc(all, func(a, b catalogs.Check) int { return a.ID.Compare(b.ID) })
	kinds := map[string]*kind{}
	var checks []*check
	for i := range all {
		if len(o.Checks) > 0 && !slices.Contains(o.Checks, string(all[i].ID)) {
			continue
		}
		c := newCheck(&all[i], titles[string(all[i].ID)], kinds)
		c.passRate = passRates[mix(o.Seed, c.hash)%uint64(len(passRates))]
		if o.even {
			c.weight = 1
		}
		checks = append(checks, c)
	}
	if len(checks) == 0 {
		return nil, fmt.Errorf("testgen: none of the checks %s exists", strings.Join(o.Checks, ", "))
	}
	return checks, nil
}

// passRates are what checks pass at; most are in good order.
var passRates = [...]float64{1, 0.99, 0.97, 0.95, 0.9, 0.85, 0.75, 0.6, 0.4, 0.15, 0}

func newCheck(from *catalogs.Check, title string, kinds map[string]*kind) *check {
	id := string(from.ID)
	c := &check{
		id: id, hash: hashText(id), severity: from.Severity, rule: from.ConfigRule,
		nist: len(from.Controls) > 0,
	}
	c.fsbp = !c.nist || c.hash%4 != 0
	c.warningReason = accessDenied
	switch service, _, _ := strings.Cut(id, "."); service {
	case "CloudTrail":
		c.warningReason = reason{"S3_BUCKET_CROSS_ACCOUNT_CROSS_REGION", "The bucket of the trail is in another account or Region, so it could not be looked at from here."}
	case "CloudWatch":
		c.failureReason = reason{"CLOUDWATCH_ALARM_ACTIONS_NOT_ENABLED", "An alarm exists, but its actions are turned off."}
	case "Config":
		c.failureReason = reason{"CONFIG_RECORDER_DISABLED", "The configuration recorder is turned off."}
	}

	types := from.ResourceTypes
	if t := untypedChecks[id]; len(types) == 0 && t != "" {
		types = []string{t}
	}
	if len(types) == 0 {
		types = []string{""}
	}
	for _, t := range types {
		t = strings.TrimSpace(t)
		if kinds[t] == nil {
			kinds[t] = kindOf(t)
		}
		// The account is one resource, not one of many: a check of it has
		// nothing else.
		if kinds[t].account {
			c.kinds = []*kind{kinds[t]}
			break
		}
		c.kinds = append(c.kinds, kinds[t])
	}
	// Checks of one type differ in weight by up to nine times.
	c.weight = c.kinds[0].weight * (1 + c.hash>>16%9)

	noun := strings.TrimPrefix(c.kinds[0].asff, "Aws")
	basis := "the settings of the resource"
	if c.rule != "" {
		basis = "the AWS Config rule " + c.rule
	}
	if title == "" {
		words := strings.Split(cmp.Or(c.rule, strings.ToLower(from.Category)), "-")
		title = noun + ": " + strings.Join(words, " ")
	}
	c.title = quoted(title)
	c.desc = quoted(fmt.Sprintf("Control %s looks at %s and decides by %s. It fails for a resource that does not meet "+
		"the condition \"%s\".", id, noun, basis, title))

	var own []string
	for _, control := range from.Controls {
		own = append(own, "NIST.800-53.r5 "+control.Label())
	}
	slices.Sort(own)
	others, otherStandards := otherRequirements(c)
	standards := otherStandards
	if c.nist {
		standards = append(standards, nistStandard.id)
	}
	if c.fsbp {
		standards = append(standards, fsbpStandard.id)
	}
	slices.Sort(standards)
	all := append(others, own...)
	slices.Sort(all)
	c.onCompl = complianceRest(id, all, standards)
	c.v2Compl = complianceV2(id, all, standards)
	c.nistCompl = complianceRest(id, own, []string{nistStandard.id})
	c.fsbpCompl = complianceRest(id, nil, []string{fsbpStandard.id})
	return c
}

// otherRequirements makes up requirements of other frameworks.
func otherRequirements(c *check) (requirements, standards []string) {
	r := random{}
	r.Seed(c.hash, 1)
	if r.below(4) == 0 {
		requirements = append(requirements,
			fmt.Sprintf("CIS AWS Foundations Benchmark v1.4.0/%d.%d", 1+r.below(5), 1+r.below(20)),
			fmt.Sprintf("CIS AWS Foundations Benchmark v3.0.0/%d.%d", 1+r.below(5), 1+r.below(20)))
		standards = append(standards, "standards/cis-aws-foundations-benchmark/v/1.4.0", "standards/cis-aws-foundations-benchmark/v/3.0.0")
	}
	if r.below(3) == 0 {
		for range 1 + r.below(4) {
			requirements = append(requirements, fmt.Sprintf("NIST.800-171.r2/3.%d.%d", 1+r.below(14), 1+r.below(16)))
		}
		standards = append(standards, "standards/nist-800-171/v/2.0.0")
	}
	if r.below(2) == 0 || c.id == "GuardDuty.1" {
		n := 1 + r.below(5)
		if c.id == "GuardDuty.1" {
			n = 9 // enough to reach AWS's cap
		}
		for range n {
			requirements = append(requirements, fmt.Sprintf("PCI DSS v4.0.1/%d.%d.%d", 1+r.below(12), 1+r.below(6), 1+r.below(9)))
		}
		standards = append(standards, "standards/pci-dss/v/4.0.1")
	}
	slices.Sort(requirements)
	return slices.Compact(requirements), standards
}

// complianceRest returns the members of Compliance that follow its status.
func complianceRest(id string, requirements, standards []string) string {
	requirements = requirements[:min(len(requirements), maxRequirements)]
	b := append([]byte(`,"SecurityControlId":`), quote(id)...)
	if len(requirements) > 0 {
		b = appendStrings(append(b, `,"RelatedRequirements":`...), requirements)
	}
	b = append(b, `,"AssociatedStandards":[`...)
	for i, s := range standards {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"StandardsId":`...)
		b = append(appendString(b, s), '}')
	}
	return string(append(b, ']'))
}

// appendStrings appends a JSON list of strings.
func appendStrings(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s)
	}
	return append(b, ']')
}

// quoted returns s as the inside of a JSON string.
func quoted(s string) string {
	q := quote(s)
	return q[1 : len(q)-1]
}
