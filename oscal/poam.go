package oscal

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"slices"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
)

// poam is the plan of action and milestones in the making: what is small is
// here, observations and resources are made as they are written.
type poam struct {
	*bundle
	survey   *survey
	evidence map[shca.CheckID][]*shca.ControlResult
	previous *previous

	read    map[string]bool                  // accounts with findings
	failing map[shca.CheckID]map[string]bool // accounts in which checks fail

	items    []json.RawMessage
	risks    []json.RawMessage
	findings []*o.Finding
	about    map[shca.ControlID]string // UUIDs of the findings by their control

	// active are the checks that the plan has an item for and the assessment
	// has findings of: what the plan says of them is made anew.
	active map[shca.CheckID]bool
	made   map[string]bool // UUIDs of what is made anew
	kept   map[string]bool // UUIDs of what is taken from the previous plan as it was

	changed bool // an item or a risk is new or not as it was
	same    bool // nothing at all changed since the previous plan
}

// poamReason says why there is no plan; "" if there is one.
func (b *bundle) poamReason() string {
	if len(b.assessment.Failing()) > 0 {
		return ""
	}
	if b.POAM != "" {
		if some, err := hasItems(b.POAM); some || err != nil {
			return "" // writing it tells the error
		}
	}
	if !b.assessment.Complete() {
		return "no check fails, as far as the findings could be read"
	}
	return "no check fails"
}

// writePOAM writes the plan of action and milestones: an item per failing check
// and what became of the items of the previous plan.
func (b *bundle) writePOAM(ctx context.Context, w io.Writer) error {
	m := &poam{
		bundle: b, evidence: b.evidence(), about: map[shca.ControlID]string{},
		read: map[string]bool{}, failing: map[shca.CheckID]map[string]bool{},
		active: map[shca.CheckID]bool{}, made: map[string]bool{}, kept: map[string]bool{},
	}
	var err error
	if m.previous, err = b.readPrevious(); err != nil {
		return err
	}
	if m.survey, err = b.survey(ctx); err != nil {
		return err
	}
	if err := m.locate(ctx); err != nil {
		return err
	}
	if err := m.carryOn(); err != nil {
		return err
	}
	if b.POAM != "" && !m.changed {
		if m.same, err = m.unchanged(ctx); err != nil {
			return err
		}
	}
	return m.write(ctx, w)
}

// locate finds out which accounts have findings, and in which of them checks
// fail.
func (m *poam) locate(ctx context.Context) error {
	for _, a := range m.survey.accounts {
		m.read[plain(a.id, maxValue)] = true
	}
	for f, err := range m.assessment.Findings {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if f.Disposition != shca.Assessed || f.Status != shca.Failed || f.AccountID == "" {
			continue
		}
		c := m.result(f)
		if c == nil {
			continue
		}
		if m.failing[c.ID] == nil {
			m.failing[c.ID] = map[string]bool{}
		}
		m.failing[c.ID][plain(f.AccountID, maxValue)] = true
	}
	return nil
}

// write writes the plan; it may be called again.
func (m *poam) write(ctx context.Context, w io.Writer) error {
	p := m.previous
	metadata, err := m.poamMetadata()
	if err != nil {
		return err
	}
	id, err := m.poamSystem()
	if err != nil {
		return err
	}
	out := newStream(ctx, w)
	return out.root(func() {
		p.others("", out)
		out.object(poamKey, func() {
			out.value("uuid", cmp.Or(p.uuid, newUUID(poamKey, m.system)))
			out.value("metadata", metadata)
			if ssp := m.importSSP(); ssp != nil {
				out.value("import-ssp", ssp)
			}
			out.value("system-id", id)
			out.array("poam-items", each(m.items))
			out.array("findings", func(element func(any)) {
				each(m.findings)(element)
				m.rest("findings", m.kept, nil)(element)
			})
			out.array("risks", each(m.risks))
			m.writeObserved(ctx, out)
			if p.backMatter != nil {
				out.value("back-matter", p.backMatter)
			}
			p.others(poamPointer, out)
		})
	})
}

// writeObserved writes the observations and then what they are about, of which
// only the observations tell what is needed.
func (m *poam) writeObserved(ctx context.Context, out *stream) {
	needed := map[string]bool{} // components
	listed := map[string]bool{} // resources that the previous plan has, too
	items := newInventory()
	defer items.close()
	v := &observer{bundle: m.bundle, survey: m.survey, evidence: m.evidence,
		only: func(c *shca.CheckResult) bool { return m.active[c.ID] },
		item: func(id string, item *o.InventoryItem) error {
			if m.previous.pieces[item.UUID] != nil {
				listed[item.UUID] = true
			}
			if item.ImplementedComponents != nil {
				for _, c := range *item.ImplementedComponents {
					needed[c.ComponentUuid] = true
				}
			}
			return items.add(id, item)
		},
	}
	out.array("observations", func(element func(any)) {
		err := v.observe(ctx, func(ob *o.Observation) {
			if ob.Subjects != nil {
				for _, s := range *ob.Subjects {
					if s.Type == "component" {
						needed[s.SubjectUuid] = true
					}
				}
			}
			element(ob)
		})
		if err != nil {
			out.fail(err)
		}
		m.rest("observations", m.kept, nil)(element)
	})
	m.writeDefinitions(out, needed, listed, items)
}

// writeDefinitions writes the needed components, the resources and the tools.
func (m *poam) writeDefinitions(out *stream, needed, listed map[string]bool, items *inventory) {
	// What a resource refers to is needed only if the resource is not made anew.
	kept := m.keptWithResources(listed)
	assets := m.assets()
	out.object("local-definitions", func() {
		out.array("components", func(element func(any)) {
			for _, c := range m.components(m.survey) {
				if needed[c.UUID] {
					element(c)
				}
			}
			m.rest("components", kept, needed)(element)
		})
		out.array("inventory-items", func(element func(any)) {
			if err := items.each(element); err != nil {
				out.fail(err)
			}
			m.rest("inventory-items", kept, listed)(element)
		})
		out.object("assessment-assets", func() {
			out.array("components", func(element func(any)) {
				each(*assets.Components)(element)
				m.rest("assets", kept, needed)(element)
			})
			out.array("assessment-platforms", func(element func(any)) {
				each(assets.AssessmentPlatforms)(element)
				m.rest("platforms", kept, nil)(element)
			})
			m.previous.others(poamPointer+"/local-definitions/assessment-assets", out)
		})
		m.previous.others(poamPointer+"/local-definitions", out)
	})
}

// importSSP is the import of the system security plan; nil if there is none.
func (m *poam) importSSP() any {
	switch was := m.previous.importSSP; {
	case was != nil && (m.hasSSP() || was.text("href") != sspFile):
		return was
	case m.hasSSP():
		return o.ImportSsp{Href: sspFile}
	}
	return nil
}

// poamSystem names the system. It is the key of the UUIDs, since the next run
// takes the key from it.
func (m *poam) poamSystem() (*object, error) {
	v := m.previous.systemID
	if v == nil {
		v = newObject()
	}
	id := plain(m.system, maxValue)
	if v.text("id") != id {
		if err := v.set("id", id); err != nil {
			return nil, err
		}
	}
	kind := v.text("identifier-type")
	if isUUID(id) && (kind == "" || kind == uuidType11 || kind == uuidType12) {
		return v, v.set("identifier-type", m.uuidType())
	}
	return v, nil
}

// makeFindings derives the findings about the controls that the plan's checks
// are evidence for. Of what they refer to they keep what is in the plan.
func (m *poam) makeFindings() {
	for _, c := range m.reviewed() {
		if !slices.ContainsFunc(c.Checks, func(id shca.CheckID) bool { return m.active[id] }) {
			continue
		}
		f := m.finding(m.survey, c)
		if f == nil {
			continue
		}
		m.made[f.UUID] = true
		m.about[c.ID] = f.UUID
		m.findings = append(m.findings, f)
	}
}

// relateFindings drops from the findings the references to what is not in the
// plan: checks that pass.
func (m *poam) relateFindings() {
	for _, f := range m.findings {
		f.RelatedObservations = filter(f.RelatedObservations, func(r o.RelatedObservation) bool { return m.has(r.ObservationUuid) })
		f.RelatedRisks = filter(f.RelatedRisks, func(r o.AssociatedRisk) bool { return m.has(r.RiskUuid) })
		if f.RelatedRisks == nil && f.Target.Status.Reason == "fail" {
			f.Target.Status.Reason = "other" // the user's plan has another risk for it
		}
	}
}

// has reports whether the object is in the plan.
func (m *poam) has(uuid string) bool { return m.made[uuid] || m.kept[uuid] }

// filter keeps some elements of one of OSCAL's optional arrays.
func filter[T any](s *[]T, keep func(T) bool) *[]T {
	var some []T
	if s != nil {
		for _, v := range *s {
			if keep(v) {
				some = append(some, v)
			}
		}
	}
	return opt(some)
}

// findingsOf are the findings in the plan about the check's controls.
func (m *poam) findingsOf(c *shca.CheckResult) []string {
	var uuids []string
	for _, control := range m.evidence[c.ID] {
		if uuid := m.about[control.ID]; uuid != "" {
			uuids = append(uuids, uuid)
		}
	}
	return uuids
}
