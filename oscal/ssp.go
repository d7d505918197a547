package oscal

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strings"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/system"
)

// noSSP says why there is no system security plan.
func (b *bundle) noSSP() string {
	if !b.hasSSP() {
		return "the assessment is of no control, and a system security plan must have one"
	}
	return ""
}

// writeSSP writes the user's system security plan with its evidence brought up
// to date, or else a new one.
func (b *bundle) writeSSP(ctx context.Context, w io.Writer) error {
	if b.SSP != "" {
		return b.writeUpdatedSSP(ctx, w)
	}
	parts := b.plannedParts()
	return newStream(ctx, w).whole(sspKey, o.SystemSecurityPlan{
		UUID:                  newUUID(sspKey, b.system),
		Metadata:              b.sspMetadata(),
		ImportProfile:         o.ImportProfile{Href: profileFile},
		SystemCharacteristics: b.characteristics(),
		SystemImplementation:  o.SystemImplementation{Users: opt(b.users()), Components: parts.components},
		ControlImplementation: o.ControlImplementation{
			Description: "How the system implements the controls of its baseline. What automated checks found stands with the parts of the system that " +
				"they look at; what stands with the system as a whole is for people to complete.",
			ImplementedRequirements: b.requirements(parts),
		},
	})
}

// sspMetadata is the metadata of a new plan. Other documents tell what one run
// found, this one does not.
func (b *bundle) sspMetadata() o.Metadata {
	m := b.metadata("System security plan: "+b.systemName(), b.documentVersion())
	if m.Remarks = b.incompleteNote(); b.assessment.Redacted {
		m.Remarks = strings.TrimSpace(m.Remarks + "\n\n" + redacted)
	}
	return m
}

// noteMark begins a paragraph of a plan's remarks that is this program's.
const noteMark = "Note by shca: "

// incompleteNote is a paragraph about an incomplete assessment; "" for one that
// is complete.
func (b *bundle) incompleteNote() string {
	if b.assessment.Complete() {
		return ""
	}
	return noteMark + "the assessment that brought this plan up to date was incomplete, so findings may be missing from what it says about automated checks."
}

// orOpen is the user's text as markup; without one it says that it is to be
// completed.
func orOpen(text string) string { return cmp.Or(paragraphs(text), system.ToBeCompleted) }

// paragraphs is text that somebody wrote by hand, as markup: empty lines divide
// it, dashes begin the items of a list, and other line breaks mean nothing.
func paragraphs(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "- ") {
			b.WriteByte('\n')
		} else if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(line)
	}
	return prose(b.String())
}

// lineOrOpen is the same for places that take a line and no markup.
func lineOrOpen(text string) string { return cmp.Or(plain(text, maxTitle), system.ToBeCompleted) }

// characteristics are what the system file says of the system.
func (b *bundle) characteristics() o.SystemCharacteristics {
	s := b.System
	c := o.SystemCharacteristics{
		SystemIds:                []o.SystemId{b.systemID()},
		SystemName:               lineOrOpen(s.Name),
		SystemNameShort:          plain(s.ShortName, maxTitle),
		Description:              orOpen(s.Description),
		DateAuthorized:           s.Authorized,
		SecuritySensitivityLevel: level(s.Impact.Highest()),
		SecurityImpactLevel: &o.SecurityImpactLevel{
			SecurityObjectiveConfidentiality: level(s.Impact.Confidentiality),
			SecurityObjectiveIntegrity:       level(s.Impact.Integrity),
			SecurityObjectiveAvailability:    level(s.Impact.Availability),
		},
		SystemInformation:     o.SystemInformation{InformationTypes: b.information()},
		Status:                o.Status{State: s.Status},
		AuthorizationBoundary: o.AuthorizationBoundary{Description: orOpen(s.Boundary)},
		NetworkArchitecture:   &o.NetworkArchitecture{Description: orOpen(s.NetworkArchitecture)},
		DataFlow:              &o.DataFlow{Description: orOpen(s.DataFlow)},
		Props:                 props(nist("cloud-deployment-model", s.DeploymentModel), nist("cloud-service-model", s.ServiceModel)),
		ResponsibleParties:    opt(b.responsible()),
	}
	if s.Status == "" || s.Status == "other" {
		c.Status = o.Status{State: "other", Remarks: system.ToBeCompleted + ": the status of the system."}
	}
	// These have closed lists of values, none of which says that it is open.
	var open []string
	for _, f := range []struct{ value, name string }{
		{s.DeploymentModel, "cloud deployment model"}, {s.ServiceModel, "cloud service model"}, {s.Authorized, "date of the authorization"},
	} {
		if f.value == "" {
			open = append(open, f.name)
		}
	}
	if len(open) > 0 {
		c.Remarks = system.ToBeCompleted + ": " + strings.Join(open, ", ") + "."
	}
	return c
}

// Identifier types of UUIDs: OSCAL has had two spellings of the scheme, each
// allowed in some versions.
const (
	uuidType11 = "http://ietf.org/rfc/rfc4122"
	uuidType12 = "http://datatracker.ietf.org/doc/html/rfc4122"
)

func (b *bundle) uuidType() string {
	if b.is12() {
		return uuidType12
	}
	return uuidType11
}

// systemID is the system's identifier.
func (b *bundle) systemID() o.SystemId {
	id := o.SystemId{ID: lineOrOpen(b.System.ID)}
	if isUUID(id.ID) {
		id.IdentifierType = b.uuidType()
	}
	return id
}

// level is an impact level as OSCAL spells it. OSCAL allows other texts, so an
// unknown level claims none.
func level(s string) string {
	if s == "" {
		return system.ToBeCompleted
	}
	return "fips-199-" + s
}

// information are the types of information, of which there must be one.
func (b *bundle) information() []o.InformationType {
	all := b.System.Information
	if len(all) == 0 {
		all = []system.Information{{}}
	}
	var types []o.InformationType
	for _, i := range all {
		t := o.InformationType{
			UUID: newUUID("information-type", b.system, i.Title), Title: title(i.Title, system.ToBeCompleted), Description: orOpen(i.Description),
			ConfidentialityImpact: &o.Impact{Base: level(i.Impact.Confidentiality)},
			IntegrityImpact:       &o.Impact{Base: level(i.Impact.Integrity)},
			AvailabilityImpact:    &o.Impact{Base: level(i.Impact.Availability)},
		}
		if i.ID != "" {
			t.Categorizations = &[]o.InformationTypeCategorization{{
				System: "http://doi.org/10.6028/NIST.SP.800-60v2r1", InformationTypeIds: &[]string{plain(i.ID, maxTitle)}}}
		}
		types = append(types, t)
	}
	return types
}

// systemRoles are the roles that OSCAL knows for a system as a whole.
var systemRoles = []string{
	"authorizing-official", "authorizing-official-poc", "system-owner", "system-poc-management", "system-poc-technical",
	"system-poc-other", "information-system-security-officer", "privacy-poc",
}

// responsible are the people in charge of the system.
func (b *bundle) responsible() []o.ResponsibleParty {
	_, all := b.roles()
	return slices.DeleteFunc(all, func(r o.ResponsibleParty) bool { return !slices.Contains(systemRoles, r.RoleId) })
}

// users are the kinds of users, of which OSCAL 1.1 wants at least one.
func (b *bundle) users() []o.SystemUser {
	var users []o.SystemUser
	for _, u := range b.System.Users {
		user := o.SystemUser{
			UUID: newUUID("user", b.system, u.Title), Title: title(u.Title, system.ToBeCompleted), Description: paragraphs(u.Description),
			Props: props(nist("type", u.Type), nist("privilege-level", u.Privilege)),
		}
		for _, role := range u.Roles {
			user.RoleIds = appendTo(user.RoleIds, token(role))
		}
		users = append(users, user)
	}
	if len(users) == 0 {
		users = append(users, o.SystemUser{
			UUID: newUUID("user", b.system, ""), Title: "Users " + system.ToBeCompleted, Description: system.ToBeCompleted,
		})
	}
	return users
}

// plannedParts are the components of a plan.
type plannedParts struct {
	components []o.SystemComponent
	system     string            // the UUID of the system as a whole
	uuids      map[string]string // of the components that stand in for others, by these
}

// of is the UUID of the component that stands for the part in the plan.
func (p *plannedParts) of(part checked) string {
	return cmp.Or(p.uuids[part.component.UUID], part.component.UUID)
}

// plannedParts are the system as a whole, the components of the system file and
// the parts that checks look at, in this order. A component of the system file
// stands in for a part with the same title.
func (b *bundle) plannedParts() plannedParts {
	p := plannedParts{system: newUUID("component", b.system, "this-system"), uuids: map[string]string{}}
	whole := o.SystemComponent{
		UUID: p.system, Type: "this-system", Title: title(b.System.Name, "This system"),
		Description: orOpen(b.System.Description), Status: componentStatus(b.System.Status),
	}
	if b.System.Status == "under-major-modification" { // components have no such status
		whole.Status = o.SystemComponentStatus{State: "other", Remarks: "Under major modification."}
	}
	p.components = append(p.components, whole)
	own := map[string]string{}
	for _, c := range b.System.Components {
		component := o.SystemComponent{
			UUID: newUUID("component", b.system, "system-file", c.ID), Type: c.Type, Title: title(c.Title, system.ToBeCompleted),
			Description: orOpen(c.Description), Status: componentStatus(c.Status),
		}
		p.components = append(p.components, component)
		if name := foldTitle(component.Title); own[name] == "" {
			own[name] = component.UUID
		}
	}
	add := func(c o.SystemComponent) {
		if uuid := own[foldTitle(c.Title)]; uuid != "" {
			p.uuids[c.UUID] = uuid
			return
		}
		p.components = append(p.components, managed(c))
	}
	for _, service := range b.services() {
		add(serviceComponent(service))
	}
	for _, part := range b.checkedBy(b.rules()) {
		if !slices.ContainsFunc(p.components, func(c o.SystemComponent) bool { return c.UUID == p.of(part) }) {
			add(part.component)
		}
	}
	return p
}

// foldTitle is a title without what makes no difference to people.
func foldTitle(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

func componentStatus(s string) o.SystemComponentStatus {
	if s == "" || s == "other" {
		return o.SystemComponentStatus{State: "other", Remarks: system.ToBeCompleted + ": the status."}
	}
	return o.SystemComponentStatus{State: s}
}

// requirements are the controls of the baseline and how each part of the system
// implements them.
func (b *bundle) requirements(parts plannedParts) []o.ImplementedRequirement {
	var all []o.ImplementedRequirement
	for _, c := range b.baseline() {
		statement := b.statementID(c.ID)
		by := []o.ByComponent{b.byHand(c, statement, parts.system)}
		for _, part := range b.checkedBy(c.Checks) {
			by = append(by, b.byChecks(c, statement, parts.of(part), part))
		}
		all = append(all, o.ImplementedRequirement{
			UUID: newUUID("implemented-requirement", b.system, string(c.ID)), ControlId: controlID(c.ID),
			Statements: &[]o.Statement{{UUID: newUUID("statement", b.system, string(c.ID)), StatementId: statement, ByComponents: &by}},
		})
	}
	return all
}

// byHand says what people have to complete for the control. It is the user's
// from the start, so no update touches it: it holds nothing that another run
// would say differently.
func (b *bundle) byHand(c *shca.ControlResult, statement, component string) o.ByComponent {
	text := system.ToBeCompleted + ": how the system implements " + markup(c.ID.Label(), maxTitle)
	if len(c.Checks) == 0 && len(b.framework.ChecksFor(c.ID)) == 0 {
		text += ". No automated check looks at it."
	} else {
		text += " beyond what automated checks look at."
	}
	return o.ByComponent{UUID: byComponentUUID(b, statement, component), ComponentUuid: component, Description: text}
}

func byComponentUUID(b *bundle, statement, component string) string {
	return newUUID("by-component", b.system, statement, component)
}

// byChecks says what the checks of a part of the system found. Properties mark
// it as this program's, and by the digest a later update sees whether somebody
// changed the text. Whether the control is implemented is for its owner to say.
func (b *bundle) byChecks(c *shca.ControlResult, statement, component string, part checked) o.ByComponent {
	text := part.text(c.ID)
	return o.ByComponent{
		UUID: byComponentUUID(b, statement, component), ComponentUuid: component, Description: text,
		Props: b.managedProps(text),
	}
}
