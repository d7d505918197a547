package oscal

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
	"github.com/go-shca/shca/internal/show"
)

// AWS publishes its Security Hub controls as an OSCAL catalog, without saying
// which controls of NIST they are for. This is the revision whose ids are in
// data/; all of these change together.
const (
	awsCatalogUUID      = "5edef442-a688-4fac-a448-0141715a06a5"
	awsCatalogVersion   = "0.2.0"
	awsCatalogPublished = "2026-03-31T22:27:59Z"
	awsCatalogHref      = "https://raw.githubusercontent.com/awslabs/oscal-content-for-aws-services/f8404462700eebf70cdf5afa02944794e42695ff/catalogs/aws_security-hub.oscal.json"
)

// awsGuideHref is the page that the framework's table of checks is from.
const awsGuideHref = "https://docs.aws.amazon.com/securityhub/latest/userguide/standards-reference-nist-800-53.html"

//go:embed data/aws-securityhub-catalog.csv
var awsCatalog string

// awsControls are the ids in AWS's catalog, in natural order. The slice is
// shared and must not be changed.
var awsControls = sync.OnceValue(func() []string {
	r := csv.NewReader(strings.NewReader(awsCatalog))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		panic("oscal: the embedded list of AWS's controls is damaged: " + err.Error()) // the tests read it
	}
	var ids []string
	for _, row := range rows[1:] {
		ids = append(ids, row[0])
	}
	return ids
})

// How every check relates to every one of its controls. The values are those
// of NIST IR 8477.
//
// The rationale is functional: what is compared is what comes of configuring
// resources as the check wants and of implementing the control. In wording the
// two, one about a setting and the other about an organization, hardly meet.
//
// The relationship is not subset-of, although a check is often called a part of
// its control. A subset would be contained in the control, so that whoever meets
// the control passes the check. That is not so: S3.17 wants encryption with keys
// of AWS KMS, where SC-28 leaves the means open. The check asks for something
// that the control does not, and the control for much that the check does not
// see. That is intersects-with, from which nobody can conclude that a control is
// met or that a check passes.
//
// AWS states neither its confidence nor how much of a control a check covers,
// and nobody has measured it, so there is no confidence-score and no coverage.
const (
	relationship = "intersects-with"
	rationale    = "functional"
)

// mappings are the maps of the collection and what they leave out.
type mappings struct {
	listed []o.Map // of checks that are in AWS's catalog
	others []o.Map // of checks that are not

	sources, sourceGap []string // of AWS's catalog: all ids, and those without a map
	targets, targetGap []string // likewise of the target catalog, without withdrawn controls
	dropped            int      // pairs of the table whose control the target catalog lacks
}

// mappings maps the framework's whole table, whether or not the assessment has
// findings of a check.
func (b *bundle) mappings() *mappings {
	m := &mappings{sources: awsControls()}
	spelling := map[string]string{} // AWS's own pages spell AutoScaling.5 in two ways
	for _, id := range m.sources {
		spelling[strings.ToLower(id)] = id
	}
	controls := map[shca.ControlID]catalogs.Control{}
	all := b.targetControls()
	for _, c := range all {
		controls[c.ID] = c
	}
	mappedSources, mappedTargets := map[string]bool{}, map[shca.ControlID]bool{}
	for _, check := range b.framework.Checks() {
		source, listed := spelling[strings.ToLower(string(check.ID))]
		one := o.Map{
			UUID:         newUUID("map", b.framework.Name, string(check.ID)),
			Relationship: relationship, MatchingRationale: rationale,
			Props:   props(prop("check-id", string(check.ID)), prop("config-rule", check.ConfigRule)),
			Sources: []o.MappingItem{{Type: "control", IDRef: cmp.Or(source, string(check.ID))}},
		}
		for _, id := range check.Controls {
			c, ok := controls[id]
			if !ok {
				m.dropped++
				continue
			}
			target := o.MappingItem{Type: "control", IDRef: controlID(id)}
			if c.Withdrawn {
				target.Remarks = "The catalog has withdrawn this control. AWS still names it."
			}
			one.Targets = append(one.Targets, target)
			mappedTargets[id] = true
		}
		switch {
		case len(one.Targets) == 0: // a map must have one
		case listed:
			m.listed = append(m.listed, one)
			mappedSources[source] = true
		default:
			m.others = append(m.others, one)
		}
	}
	for _, id := range m.sources {
		if !mappedSources[id] {
			m.sourceGap = append(m.sourceGap, id)
		}
	}
	for _, c := range all {
		// A withdrawn control asks for nothing that a check could look at.
		if c.Withdrawn {
			continue
		}
		m.targets = append(m.targets, controlID(c.ID))
		if !mappedTargets[c.ID] {
			m.targetGap = append(m.targetGap, controlID(c.ID))
		}
	}
	return m
}

// targetControls are the controls that the package's catalog has, of which the
// maps may name no other.
func (b *bundle) targetControls() []catalogs.Control {
	c := b.framework.Catalog
	controls := c.Controls()
	if b.Catalog != "" {
		return slices.DeleteFunc(controls, func(c catalogs.Control) bool {
			_, ok := b.parts[c.ID]
			return !ok
		})
	}
	for i := range b.assessment.Controls {
		r := &b.assessment.Controls[i]
		if _, ok := c.Control(r.ID); !ok {
			controls = append(controls, catalogs.Control{ID: r.ID, Title: r.Title})
		}
	}
	return controls
}

// noMapping says why there is no mapping collection; "" if there is one.
func (b *bundle) noMapping() string {
	if !b.is12() {
		return "OSCAL " + b.Version + " has no mapping collections; choose --oscal-version 1.2.2"
	}
	if m := b.mappings(); len(m.listed)+len(m.others) == 0 {
		return "the catalog has none of the controls that AWS maps checks to"
	}
	return ""
}

// writeMapping writes which controls the framework's checks are evidence for.
// Checks that AWS's catalog lacks are in a mapping of their own, since the ids
// in a mapping are those of one source. The collection is streamed because
// go-oscal's type has room for one mapping only.
func (b *bundle) writeMapping(ctx context.Context, w io.Writer) error {
	m := b.mappings()
	out := newStream(ctx, w)
	var bodies []func()
	var resources []o.Resource
	if len(m.listed) > 0 {
		resource := b.awsCatalogResource()
		resources = append(resources, resource)
		bodies = append(bodies, func() { b.writeListed(out, m, resource.UUID) })
	}
	if len(m.others) > 0 {
		resource := b.awsGuideResource()
		resources = append(resources, resource)
		bodies = append(bodies, func() { b.writeOthers(out, m, resource.UUID) })
	}
	framework := title(b.framework.Title, "the catalog")
	return out.document("mapping-collection", func() {
		out.value("uuid", b.mappingUUID(m))
		out.value("metadata", b.metadata("Mapping: AWS Security Hub checks to "+framework,
			cmp.Or(b.framework.Catalog.Version, "unknown")+"+aws-"+awsCatalogVersion))
		out.value("provenance", b.mappingProvenance(m))
		out.objects("mappings", bodies...)
		out.object("back-matter", func() { out.value("resources", resources) })
	})
}

// mappingUUID is new whenever a map is, as OSCAL asks of the collection's UUID.
func (b *bundle) mappingUUID(m *mappings) string {
	key := []string{b.framework.Name, awsCatalogUUID, awsCatalogVersion}
	for _, one := range slices.Concat(m.listed, m.others) {
		key = append(key, one.Sources[0].IDRef)
		for _, t := range one.Targets {
			key = append(key, t.IDRef)
		}
	}
	return newUUID("mapping-collection", key...)
}

// mappingProvenance says who related the checks to the controls. It was people
// at AWS; the program adds the relationship, hence the method hybrid.
func (b *bundle) mappingProvenance(m *mappings) o.MappingProvenance {
	text := []string{
		"The controls that the checks of AWS Security Hub are evidence for, as AWS's user guide lists them. It tells which automated evidence to expect for a control, and which controls a failed check weakens.",
		"AWS says that a check and a control are related, but not how. The relationship is this program's, the same for all: a check looks at one setting of one kind of resource, so it covers a part of a control, and it asks for means that the control does not prescribe. Passed checks do not show that a control is met. Where a map has several targets, it holds for each of them.",
	}
	if m.dropped > 0 {
		text = append(text, "Left out are "+show.Plural(m.dropped, "pair")+" of check and control, because the catalog does not have the control.")
	}
	_, responsible := b.roles()
	responsible = slices.DeleteFunc(responsible, func(r o.ResponsibleParty) bool { return r.RoleId != rolePreparedBy })
	responsible = append(responsible, o.ResponsibleParty{RoleId: roleProvider, PartyUuids: []string{b.aws().UUID}})
	return o.MappingProvenance{
		Method: "hybrid", MatchingRationale: rationale, Status: "complete",
		MappingDescription: strings.Join(text, "\n\n"),
		ResponsibleParties: &responsible,
	}
}

// writeListed writes the mapping from AWS's catalog, with what it leaves out on
// either side. A gap is what the collection as a whole leaves out.
func (b *bundle) writeListed(out *stream, m *mappings, resource string) {
	out.value("uuid", newUUID("mapping", b.framework.Name, awsCatalogUUID))
	out.value("mapping-description", fmt.Sprintf(
		"Checks that AWS's OSCAL catalog of Security Hub controls has. %s of its %s have no map. Of the %s that are not withdrawn, %s have none in the whole collection.",
		show.Number(len(m.sourceGap)), show.Plural(len(m.sources), "control"),
		show.Plural(len(m.targets), "target control"), show.Number(len(m.targetGap))))
	out.value("source-resource", o.MappingResourceReference{Type: "catalog", Href: "#" + resource})
	out.value("target-resource", targetResource())
	out.value("props", props(
		count("source-controls", len(m.sources)), count("source-controls-unmapped", len(m.sourceGap)),
		count("target-controls", len(m.targets)), count("target-controls-unmapped", len(m.targetGap))))
	out.array("maps", each(m.listed))
	b.writeGap(out, "source-gap-summary", m.sourceGap, ".")
	b.writeGap(out, "target-gap-summary", m.targetGap, "-")
}

// writeOthers writes the mapping of the checks that AWS's catalog lacks.
func (b *bundle) writeOthers(out *stream, m *mappings, resource string) {
	out.value("uuid", newUUID("mapping", b.framework.Name, "securityhub-user-guide"))
	out.value("mapping-description", "Checks that AWS's user guide maps to controls, but that its OSCAL catalog of Security Hub controls does not have.")
	out.value("source-resource", o.MappingResourceReference{Type: "catalog", Href: "#" + resource,
		Remarks: "A page for people, not an OSCAL catalog: the ids are those of its checks."})
	out.value("target-resource", targetResource())
	out.array("maps", each(m.others))
}

func targetResource() o.MappingResourceReference {
	return o.MappingResourceReference{Type: "catalog", Href: catalogFile}
}

// writeGap writes the ids that have no map: a line for each service or family,
// which ends at the separator.
func (b *bundle) writeGap(out *stream, key string, ids []string, separator string) {
	if len(ids) == 0 {
		return
	}
	family := func(id string) string {
		f, _, _ := strings.Cut(id, separator)
		return f
	}
	out.object(key, func() {
		out.value("uuid", newUUID("gap", b.framework.Name, key))
		out.array("unmapped-controls", func(element func(any)) {
			for len(ids) > 0 {
				n := slices.IndexFunc(ids, func(id string) bool { return family(id) != family(ids[0]) })
				if n < 0 {
					n = len(ids)
				}
				element(o.SelectControlById{WithIds: opt(ids[:n])})
				ids = ids[n:]
			}
		})
	})
}

func (b *bundle) awsCatalogResource() o.Resource {
	return o.Resource{
		UUID: newUUID("resource", "aws-securityhub-catalog"), Title: "AWS Security Hub Controls",
		Description: "AWS's OSCAL catalog of Security Hub controls. AWS publishes it for experimental use.",
		Props: props(nist("type", "external-guidance"), nist("version", awsCatalogVersion), nist("published", awsCatalogPublished),
			prop("catalog-uuid", awsCatalogUUID)),
		Rlinks: &[]o.ResourceLink{{Href: awsCatalogHref, MediaType: MediaType}},
	}
}

func (b *bundle) awsGuideResource() o.Resource {
	return o.Resource{
		UUID: newUUID("resource", "aws-securityhub-user-guide"), Title: "NIST SP 800-53 Rev. 5 in Security Hub",
		Description: "The page of the AWS Security Hub user guide that lists the checks and their controls.",
		Props:       props(nist("type", "users-guide")),
		Rlinks:      &[]o.ResourceLink{{Href: awsGuideHref, MediaType: "text/html"}},
	}
}
