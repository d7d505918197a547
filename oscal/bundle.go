package oscal

import (
	"cmp"
	"slices"
	"strings"
	"time"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
)

// Names of the documents, within the folder of the package.
const (
	catalogFile   = "catalog.json"
	profileFile   = "profile.json"
	componentFile = "component-definition.json"
	sspFile       = "system-security-plan.json"
	planFile      = "assessment-plan.json"
	resultsFile   = "assessment-results.json"
	poamFile      = "plan-of-action-and-milestones.json"
	mappingFile   = "mapping-collection.json"
)

// managedBy marks what this program keeps up to date in documents that people
// edit.
const managedBy = "shca"

// bundle is what all documents of a package draw on.
type bundle struct {
	Options
	assessment *shca.Assessment
	framework  *catalogs.Framework
	parts      map[shca.ControlID]controlParts // of the user's catalog
	system     string                          // the key of the system in UUIDs
	now        time.Time
	accounts   map[string]string // names of accounts in the system file
}

func newBundle(a *shca.Assessment, options Options) (*bundle, error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	if options, err = options.identify(); err != nil {
		return nil, err
	}
	b := &bundle{Options: options, assessment: a, framework: options.Framework, accounts: map[string]string{}}
	if b.framework == nil {
		if b.framework, err = catalogs.Find(cmp.Or(a.Framework, catalogs.Frameworks()[0].Name)); err != nil {
			return nil, err
		}
	}
	if options.Catalog != "" {
		if b.parts, err = readParts(options.Catalog); err != nil {
			return nil, err
		}
	}
	b.system = cmp.Or(b.System.ID, unnamedSystem)
	for _, account := range b.System.Accounts {
		b.accounts[account.ID] = account.Name
	}
	var ok bool
	if b.now, ok = stamp(a.Time); !ok {
		b.now = time.Unix(0, 0).UTC()
	}
	return b, nil
}

// unnamedSystem is the key of the system if nobody named it.
const unnamedSystem = "unnamed-system"

// baseline are the controls of the baseline. Those that the user's catalog does
// not have are left out, since nothing could refer to them; missing counts them.
func (b *bundle) baseline() []*shca.ControlResult {
	var controls []*shca.ControlResult
	for i := range b.assessment.Controls {
		if c := &b.assessment.Controls[i]; c.InBaseline && b.inCatalog(c.ID) {
			controls = append(controls, c)
		}
	}
	return controls
}

func (b *bundle) inCatalog(id shca.ControlID) bool {
	_, ok := b.parts[id]
	return ok || b.Catalog == ""
}

// missing is the number of controls of the baseline that the user's catalog does
// not have.
func (b *bundle) missing() int {
	n := 0
	for i := range b.assessment.Controls {
		if c := &b.assessment.Controls[i]; c.InBaseline && !b.inCatalog(c.ID) {
			n++
		}
	}
	return n
}

// reviewed are the controls of the baseline that have findings: what the
// assessment looked at.
func (b *bundle) reviewed() []*shca.ControlResult {
	return slices.DeleteFunc(b.baseline(), func(c *shca.ControlResult) bool { return len(c.Checks) == 0 })
}

// evidence maps each check to the reviewed controls that it is evidence for, in
// catalog order.
func (b *bundle) evidence() map[shca.CheckID][]*shca.ControlResult {
	evidence := map[shca.CheckID][]*shca.ControlResult{}
	for _, c := range b.reviewed() {
		for _, id := range c.Checks {
			evidence[id] = append(evidence[id], c)
		}
	}
	return evidence
}

// controlID is the OSCAL id of a control. Ids of the frameworks' catalogs are
// tokens as they are.
func controlID(id shca.ControlID) string { return token(string(id)) }

// statementID is the id of the control's statement, which stands for the whole
// control; where the user's catalog gives it none, that of the control.
func (b *bundle) statementID(id shca.ControlID) string {
	if b.Catalog != "" {
		return cmp.Or(b.parts[id].statement, controlID(id))
	}
	return controlID(id) + "_smt"
}

// objectiveID is the id of the control's assessment objective, likewise.
func (b *bundle) objectiveID(id shca.ControlID) string {
	if b.Catalog != "" {
		return cmp.Or(b.parts[id].objective, controlID(id))
	}
	return controlID(id) + "_obj"
}

// reviewedControls are the controls that the plan and the results are about.
func (b *bundle) reviewedControls() o.ReviewedControls {
	selection := o.AssessedControls{
		Description: "Controls of the baseline that automated checks are evidence for. Each check covers a part of its controls.",
	}
	for _, c := range b.reviewed() {
		selection.IncludeControls = appendTo(selection.IncludeControls, o.AssessedControlsSelectControlById{ControlId: controlID(c.ID)})
	}
	if selection.IncludeControls == nil { // a selection must select
		selection.Description = "No control of the baseline has a finding, so nothing was assessed."
		selection.IncludeAll = &o.IncludeAll{}
		for _, c := range b.baseline() {
			selection.ExcludeControls = appendTo(selection.ExcludeControls, o.AssessedControlsSelectControlById{ControlId: controlID(c.ID)})
		}
	}
	return o.ReviewedControls{ControlSelections: []o.AssessedControls{selection}}
}

// appendTo appends to one of OSCAL's optional arrays.
func appendTo[T any](s *[]T, v T) *[]T {
	if s == nil {
		return &[]T{v}
	}
	*s = append(*s, v)
	return s
}

// toolUUID is that of this program.
var toolUUID = newUUID("component", "tool", managedBy)

// tool is the component that stands for this program: the actor of what it
// concludes.
func (b *bundle) tool() o.SystemComponent {
	program, release, _ := strings.Cut(cmp.Or(b.assessment.Generator, managedBy), " ")
	return o.SystemComponent{
		UUID: toolUUID, Type: "software", Title: title(program, managedBy),
		Description: "Reads security findings, assesses controls and writes this document.",
		Props:       props(nist("asset-type", "assessment-tool"), nist("version", release)),
		Status:      o.SystemComponentStatus{State: "operational"},
	}
}

// products are the components that stand for the products that ran the checks:
// the actors of observations.
func (b *bundle) products() []o.SystemComponent {
	names := b.holders()
	for i := range b.assessment.Checks {
		for _, name := range b.assessment.Checks[i].Products.Members {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	var components []o.SystemComponent
	for _, name := range names {
		components = append(components, o.SystemComponent{
			UUID: productUUID(name), Type: "service", Title: title(name, "Product without a name"),
			Description: "Runs the checks and reports their findings.",
			Props:       props(nist("asset-type", "assessment-tool")),
			Status:      o.SystemComponentStatus{State: "operational"},
		})
	}
	return components
}

func productUUID(name string) string { return newUUID("component", "product", name) }

// assets are the tools of the assessment and the platform that they are.
func (b *bundle) assets() o.AssessmentAssets {
	components := append([]o.SystemComponent{b.tool()}, b.products()...)
	platform := o.AssessmentPlatform{UUID: newUUID("platform", b.system), Title: "Automated assessment"}
	for _, c := range components {
		platform.UsesComponents = appendTo(platform.UsesComponents, o.UsesComponent{ComponentUuid: c.UUID})
	}
	return o.AssessmentAssets{Components: &components, AssessmentPlatforms: []o.AssessmentPlatform{platform}}
}

// concluded is the origin of what this program concludes.
func (b *bundle) concluded() o.Origin {
	return o.Origin{Actors: []o.OriginActor{{Type: "tool", ActorUuid: toolUUID}}}
}

// observed is the origin of what the check's products observed.
func (b *bundle) observed(c *shca.CheckResult) o.Origin {
	var origin o.Origin
	for _, name := range c.Products.Members {
		origin.Actors = append(origin.Actors, o.OriginActor{Type: "tool", ActorUuid: productUUID(name)})
	}
	if len(origin.Actors) == 0 {
		return b.concluded()
	}
	return origin
}
