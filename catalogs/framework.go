package catalogs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/go-shca/shca"
)

// Baseline is a selection of a catalog's controls: what a system must meet.
type Baseline struct {
	Name     string           // as given on the command line: "fedramp-li-saas"
	Title    string           // as printed: "FedRAMP Rev. 5 LI-SaaS"
	Controls []shca.ControlID // catalog order, no duplicates
}

// Check is what a framework's table says about one check of a producer of
// findings. Today every check is a security control of AWS Security Hub.
type Check struct {
	ID       shca.CheckID
	Severity shca.Severity
	// Schedule is "Change triggered", "Periodic" or "Change triggered and
	// periodic".
	Schedule string
	// Controls that the check is evidence for, in catalog order: at least
	// one. They are the publisher's, even if the catalog has withdrawn one.
	Controls []shca.ControlID
	// ResourceTypes are CloudFormation names, "AWS::S3::Bucket", sorted; empty
	// for a check that is about no type of resource.
	ResourceTypes []string
	ConfigRule    string // AWS Config rule behind the check, "" if none
	Category      string // "Protect > Data protection > Encryption of data at rest"; "" if none
	// AutomatedRemediation reports whether AWS's Automated Security Response
	// solution has a remediation for the check.
	AutomatedRemediation bool
}

// CCI is an item of DISA's Control Correlation Identifier list: one testable
// statement of a control.
type CCI struct {
	ID   string // "CCI-000015"
	Part string // part of the control's statement, "a.1"; "" for the whole
}

// Framework is a catalog of controls with its baselines and with the tables
// that tie checks and CCI items to the controls. Create one with [Frameworks]
// or [Find].
type Framework struct {
	Name      string // as given on the command line: "nist-800-53-r5"
	Title     string // as printed: "NIST SP 800-53 Rev. 5"
	Catalog   *Catalog
	Baselines []Baseline

	*tables
}

// tables is the part of a framework that all its copies share. It does not
// change once it is constructed.
type tables struct {
	embedded   *Catalog
	checks     map[shca.CheckID]Check // by folded id, and by Config rule
	order      []shca.CheckID         // of checks
	checksFor  map[shca.ControlID][]shca.CheckID
	ccis       map[shca.ControlID][]CCI
	spelling   spelling
	publishers publishers
}

// Frameworks returns the frameworks there are. This is the one list of them.
// Every call returns copies of its own.
func Frameworks() []*Framework {
	return []*Framework{
		nist80053r5().copy(),
	}
}

// Find returns the framework with the name. The error for a name that is not
// there lists those that are.
func Find(name string) (*Framework, error) {
	var names []string
	for _, f := range Frameworks() {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return nil, fmt.Errorf("there is no framework %.80q; use one of: %s", name, strings.Join(names, ", "))
}

// copy returns a framework that shares only what cannot change.
func (f *Framework) copy() *Framework {
	g := *f
	g.Catalog = f.Catalog.copy()
	g.Baselines = slices.Clone(f.Baselines)
	for i := range g.Baselines {
		g.Baselines[i].Controls = slices.Clone(g.Baselines[i].Controls)
	}
	return &g
}

// WithCatalog returns a framework that has the same tables and baselines but
// the given catalog.
func (f *Framework) WithCatalog(c *Catalog) *Framework {
	g := f.copy()
	g.Catalog = c
	return g
}

// Baseline returns the baseline with the name; ok is false if there is none.
func (f *Framework) Baseline(name string) (b Baseline, ok bool) {
	for _, b := range f.Baselines {
		if b.Name == name {
			b.Controls = slices.Clone(b.Controls)
			return b, true
		}
	}
	return Baseline{}, false
}

// Check returns what the framework's table says about the check; ok is false
// if the table does not have it. Upper and lower case do not matter: AWS's own
// pages spell AutoScaling.5 in two ways. The result has the table's spelling.
// "config-rule/NAME" stands for what CheckForRule returns for a rule that the
// table names so.
func (f *Framework) Check(id shca.CheckID) (c Check, ok bool) {
	c, ok = f.checks[folded(id)]
	c.Controls = slices.Clone(c.Controls)
	c.ResourceTypes = slices.Clone(c.ResourceTypes)
	return c, ok
}

// ruleCheck begins the id of the check that a rule of AWS Config is.
const ruleCheck = "config-rule/"

// CheckForRule returns the check that the table has the AWS Config rule for; ok
// is false if it has none. A rule behind several checks has one of its own,
// "config-rule/vpc-endpoint-enabled", with the controls of all of them: which of
// them an evaluation is about depends on the rule's parameters.
//
// Upper case, underscores, and what AWS puts around the names of rules that
// Security Hub, conformance packs and organizations deploy do not matter.
func (f *Framework) CheckForRule(rule string) (c Check, ok bool) {
	rule = strings.ReplaceAll(strings.ToLower(rule), "_", "-")
	if c, ok = f.Check(shca.CheckID(ruleCheck + rule)); ok {
		return c, true
	}
	if m := deployedRule.FindStringSubmatch(rule); m != nil {
		return f.Check(shca.CheckID(ruleCheck + m[1] + m[2]))
	}
	return Check{}, false
}

// deployedRule matches the names that AWS makes of a rule's:
// "securityhub-NAME-1a2b3c4d", "OrgConfigRule-NAME-1a2b3c4d",
// "NAME-conformance-pack-1a2b3c4d5".
var deployedRule = regexp.MustCompile(`^(?:(?:securityhub|orgconfigrule)-(.+)-[a-z0-9]{6,12}|(.+)-conformance-pack-[a-z0-9]{6,12})$`)

// folded is the key of a check in the tables.
func folded(id shca.CheckID) shca.CheckID { return shca.CheckID(strings.ToLower(string(id))) }

// Checks returns the framework's whole table, in the order of
// [shca.CheckID.Compare].
func (f *Framework) Checks() []Check {
	checks := make([]Check, len(f.order))
	for i, id := range f.order {
		checks[i], _ = f.Check(id)
	}
	return checks
}

// ChecksFor returns the checks whose Controls include the control, in the
// order of [shca.CheckID.Compare]. A check of an enhancement is not one of the
// control that it enhances.
func (f *Framework) ChecksFor(id shca.ControlID) []shca.CheckID {
	return slices.Clone(f.checksFor[id])
}

// CCIs returns the items that DISA's list has for the control, in the order of
// their ids. The list gives one item, CCI-002523, to two controls.
func (f *Framework) CCIs(id shca.ControlID) []CCI {
	return slices.Clone(f.ccis[id])
}
