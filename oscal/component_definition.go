package oscal

import (
	"cmp"
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

// checked is a part of the system and the checks that look at it: an AWS
// service, or all that another product looks at, since its checks do not say
// which part that is.
type checked struct {
	component o.SystemComponent
	checks    []*shca.CheckResult
}

// checkedBy divides checks by the part that they look at: services in order of
// their names, then products. Checks without findings are left out.
func (b *bundle) checkedBy(ids []shca.CheckID) []checked {
	parts := map[string]*checked{}
	for _, id := range ids {
		c := b.assessment.Check(id)
		if c == nil {
			continue
		}
		service, ok := b.serviceOf(id)
		key := "1" + service
		if !ok {
			key = "2" + productsOf(c)[0]
		}
		part := parts[key]
		switch {
		case part != nil:
		case ok:
			part = &checked{component: serviceComponent(service)}
		default:
			part = &checked{component: productComponent(key[1:])}
		}
		part.checks = append(part.checks, c)
		parts[key] = part
	}
	var all []checked
	for _, key := range slices.Sorted(maps.Keys(parts)) {
		all = append(all, *parts[key])
	}
	return all
}

// productsOf are the products that report the check, at least one.
func productsOf(c *shca.CheckResult) []string {
	if len(c.Products.Members) == 0 {
		return []string{""}
	}
	return c.Products.Members
}

// productComponent stands for what the product's checks look at.
func productComponent(name string) o.SystemComponent {
	return o.SystemComponent{
		UUID: newUUID("component", "checked-by-product", name), Type: "service", Title: title(name, "Product without a name"),
		Description: "What the checks of this product look at.",
		Status:      o.SystemComponentStatus{State: "operational"},
	}
}

// rules are the checks that are evidence for the baseline, in their order.
func (b *bundle) rules() []shca.CheckID {
	evidence := b.evidence()
	var ids []shca.CheckID
	for i := range b.assessment.Checks {
		if id := b.assessment.Checks[i].ID; len(evidence[id]) > 0 && ruleID(id) != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// noRules says why there is no component definition.
func (b *bundle) noRules() string {
	if len(b.rules()) == 0 {
		return "no check with findings is mapped to a control of the baseline"
	}
	return ""
}

// ruleID is the check's id as compliance-trestle and its plugins see it.
func ruleID(id shca.CheckID) string { return plain(string(id), maxValue) }

// rule is the check as a rule of compliance-trestle: properties that belong
// together because they have the same remarks. The remarks name the check
// instead of numbering the rules, so that a new check leaves the others as they
// are.
func rule(c *shca.CheckResult, all ...o.Property) []o.Property {
	all = append([]o.Property{trestle("Rule_Id", string(c.ID))}, all...)
	for i := range all {
		all[i].Remarks = "rule_set_" + token(string(c.ID))
		all[i].Group = all[i].Remarks // two checks of one title are two properties
	}
	return all
}

// ruleText is what the check asks for, in one line.
func ruleText(c *shca.CheckResult) string {
	return cmp.Or(plain(c.Text.Title, maxValue), plain(c.Text.Description, maxValue), "The check's producer does not describe it.")
}

// writeComponentDefinition writes the parts of the system with the checks that
// look at them as rules, in compliance-trestle's convention.
func (b *bundle) writeComponentDefinition(ctx context.Context, w io.Writer) error {
	var components []o.DefinedComponent
	ids := b.rules()
	for _, part := range b.checkedBy(ids) {
		components = append(components, b.definedComponent(part))
	}
	products := map[string][]o.Property{}
	for _, id := range ids {
		c := b.assessment.Check(id)
		for _, name := range productsOf(c) {
			products[name] = append(products[name], rule(c, trestle("Check_Id", string(id)), trestle("Check_Description", ruleText(c)))...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(products)) {
		components = append(components, o.DefinedComponent{
			UUID: newUUID("component", "validation", name), Type: "validation", Title: title(name, "Product without a name"),
			Description: "Runs the checks behind the rules and reports their findings.",
			Props:       props(products[name]...),
		})
	}
	definition := o.ComponentDefinition{
		Metadata:   b.metadata("Component definition: "+b.systemName(), b.documentVersion()),
		Components: &components,
	}
	digest, err := contentDigest(definition)
	if err != nil {
		return err
	}
	definition.UUID = newUUID("component-definition", b.system, digest)
	return newStream(ctx, w).whole("component-definition", definition)
}

// contentDigest is the SHA-256 over all that a component definition says: it is
// a new document when that changes, whenever and under whatever version it is
// written.
func contentDigest(d o.ComponentDefinition) (string, error) {
	d.UUID, d.Metadata.LastModified, d.Metadata.Version = "", time.Time{}, ""
	raw, err := encode(d)
	if err != nil {
		return "", err
	}
	return digestOf(string(raw)), nil
}

// definedComponent is a part of the system, its rules and the controls that
// these are evidence for.
func (b *bundle) definedComponent(part checked) o.DefinedComponent {
	var all []o.Property
	ids := map[shca.CheckID]bool{}
	for _, c := range part.checks {
		all = append(all, rule(c, trestle("Rule_Description", ruleText(c)))...)
		ids[c.ID] = true
	}
	component := part.component.UUID
	set := o.ControlImplementationSet{
		UUID:        newUUID("control-implementation", component, b.framework.Name, b.assessment.Baseline),
		Source:      profileFile,
		Description: "Controls of the baseline that the rules are evidence for. Each rule covers a part of its controls.",
		Props:       props(trestle("Framework_Short_Name", b.frameworkShortName())),
	}
	for _, control := range b.reviewed() {
		evidence := checked{component: part.component}
		var rules []o.Property
		for _, id := range control.Checks {
			if ids[id] {
				evidence.checks = append(evidence.checks, b.assessment.Check(id))
				rules = append(rules, trestle("Rule_Id", string(id)))
			}
		}
		if len(rules) == 0 {
			continue
		}
		key := []string{component, b.framework.Name, b.assessment.Baseline, string(control.ID)}
		set.ImplementedRequirements = append(set.ImplementedRequirements, o.ImplementedRequirementControlImplementation{
			UUID: newUUID("component-requirement", key...), ControlId: controlID(control.ID),
			Description: evidence.rules(control.ID),
			Props:       props(rules...),
			Statements: &[]o.ControlStatementImplementation{{
				UUID: newUUID("component-statement", key...), StatementId: b.statementID(control.ID),
				Description: evidence.text(control.ID),
			}},
		})
	}
	return o.DefinedComponent{
		UUID: component, Type: part.component.Type, Title: part.component.Title, Description: part.component.Description,
		Props:                  props(all...),
		ControlImplementations: &[]o.ControlImplementationSet{set},
	}
}

// frameworkShortName names the framework and the baseline as
// compliance-trestle's plugins do: nist_800_53_r5_moderate.
func (b *bundle) frameworkShortName() string {
	name := b.framework.Name
	if b.assessment.Baseline != "" {
		name += "-" + b.assessment.Baseline
	}
	return strings.ReplaceAll(token(name), "-", "_")
}

// tally sums the findings of the checks.
func (p checked) tally() shca.Tally {
	var tally shca.Tally
	for _, c := range p.checks {
		tally = tally.Plus(c.Tally)
	}
	return tally
}

// rules says what the checks ask for, whatever came of it.
func (p checked) rules(id shca.ControlID) string {
	text := show.Plural(len(p.checks), "automated check") + " of " + p.component.Title + ", evidence for a part of " + markup(id.Label(), maxTitle) + ":\n"
	for _, c := range p.checks {
		text += "\n- " + checkTitle(c)
	}
	return text
}

// text tells how the checks did and what they are evidence for.
func (p checked) text(id shca.ControlID) string {
	var all, failing []string
	for _, c := range p.checks {
		name := title(string(c.ID), "a check without an id")
		all = append(all, name)
		if c.Tally.Failed > 0 {
			failing = append(failing, name)
		}
	}
	tally := p.tally()
	text := show.Plural(len(all), "automated check") + " with findings, evidence for a part of " + markup(id.Label(), maxTitle) + ": " +
		strings.Join(all, ", ") + ". " +
		show.Number(tally.Passed) + " passed, " + show.Number(tally.Failed) + " failed, " + show.Number(tally.Undecided()) + " undecided"
	if tally.Suppressed > 0 {
		text += ", " + show.Number(tally.Suppressed) + " suppressed and not scored"
	}
	text += "."
	if len(failing) > 0 {
		text += " Failing: " + strings.Join(failing, ", ") + "."
	}
	return text + " What the checks do not cover needs examination, interview or test."
}
