package oscal

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
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

	failing map[shca.CheckID]map[string]bool // scopes in which checks fail
	mended  map[shca.CheckID]map[string]bool // scopes in which they failed before and now pass

	items    []json.RawMessage
	risks    []json.RawMessage
	findings []*o.Finding
	related  []*object                 // the findings with all their references
	about    map[shca.ControlID]string // UUIDs of the findings by their control

	// active are the checks that the plan has an item for and the assessment
	// has findings of: what the plan says of them is made anew.
	active map[shca.CheckID]bool
	made   map[string]bool // UUIDs of what is made anew
	kept   map[string]bool // UUIDs of what is taken from the previous plan as it was

	open, overdue int // items that this program keeps

	changed bool // an item or a risk is new or not as it was
	same    bool // nothing at all changed since the previous plan
}

// poamReason says why there is no plan; "" if there is one.
func (b *bundle) poamReason() string {
	if len(b.assessment.Failing()) > 0 {
		return ""
	}
	if b.POAM != "" {
		if some, err := hasContent(b.POAM); some || err != nil {
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
		failing: map[shca.CheckID]map[string]bool{}, mended: map[shca.CheckID]map[string]bool{},
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

// scopeOf names the account and the region of a finding.
func scopeOf(f *shca.Finding) string {
	return plain(cmp.Or(f.AccountID, "-")+" "+cmp.Or(f.Region, "-"), maxValue)
}

// locate finds out where checks fail, and where those of the previous plan pass:
// there, findings passed, and none is suppressed or undecided.
func (m *poam) locate(ctx context.Context) error {
	before, err := m.failedBefore()
	if err != nil {
		return err
	}
	unclear := map[shca.CheckID]map[string]bool{}
	names := map[string]string{} // each once
	note := func(in map[shca.CheckID]map[string]bool, id shca.CheckID, scope string) {
		if in[id] == nil {
			in[id] = map[string]bool{}
		}
		if names[scope] == "" {
			names[scope] = scope
		}
		in[id][names[scope]] = true
	}
	for f, err := range m.assessment.Findings {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		c := m.result(f)
		if c == nil {
			continue
		}
		scope := scopeOf(f)
		switch {
		case f.Disposition == shca.Assessed && f.Status == shca.Failed:
			note(m.failing, c.ID, scope)
		case !before[c.ID][scope]:
		case f.Disposition == shca.Assessed && f.Status == shca.Passed:
			note(m.mended, c.ID, scope)
		default:
			note(unclear, c.ID, scope)
		}
	}
	for id, scopes := range unclear {
		for scope := range scopes {
			delete(m.mended[id], scope)
		}
	}
	return nil
}

// failedBefore are the scopes in which checks failed as far as the previous plan
// knows.
func (m *poam) failedBefore() (map[shca.CheckID]map[string]bool, error) {
	before := map[shca.CheckID]map[string]bool{}
	for i := range m.assessment.Checks {
		id := m.assessment.Checks[i].ID
		q := m.previous.pieces[riskUUID(m.bundle, id)]
		if q == nil {
			continue
		}
		risk, err := readObject(q.raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.POAM, located(q.pointer, err))
		}
		all, err := risk.properties()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.POAM, located(q.pointer, err))
		}
		for _, p := range all {
			if !p.own("failing-scope") {
				continue
			}
			if before[id] == nil {
				before[id] = map[string]bool{}
			}
			before[id][p.Value] = true
		}
	}
	return before, nil
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
				each(m.related)(m.with("findings", out, element))
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
		add := m.with("observations", out, element)
		err := v.observe(ctx, func(ob *o.Observation) {
			if ob.Subjects != nil {
				for _, s := range *ob.Subjects {
					if s.Type == "component" {
						needed[s.SubjectUuid] = true
					}
				}
			}
			add(ob)
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
					m.with("components", out, element)(c)
				}
			}
			m.rest("components", kept, needed)(element)
		})
		out.array("inventory-items", func(element func(any)) {
			if err := items.each(m.with("inventory-items", out, element)); err != nil {
				out.fail(err)
			}
			m.rest("inventory-items", kept, listed)(element)
		})
		out.object("assessment-assets", func() {
			out.array("components", func(element func(any)) {
				each(*assets.Components)(m.with("assets", out, element))
				m.rest("assets", kept, needed)(element)
			})
			out.array("assessment-platforms", func(element func(any)) {
				each(assets.AssessmentPlatforms)(m.with("platforms", out, element))
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
// plan: checks that pass. References that somebody added stay.
func (m *poam) relateFindings() error {
	for _, f := range m.findings {
		f.RelatedObservations = filter(f.RelatedObservations, func(r o.RelatedObservation) bool { return m.has(r.ObservationUuid) })
		f.RelatedRisks = filter(f.RelatedRisks, func(r o.AssociatedRisk) bool { return m.has(r.RiskUuid) })
		if f.RelatedRisks == nil && f.Target.Status.Reason == "fail" {
			f.Target.Status.Reason = "other" // the user's plan has another risk for it
		}
		v, err := objectOf(f)
		if err == nil {
			err = m.relateForeign(v)
		}
		if err != nil {
			return err
		}
		m.related = append(m.related, v)
	}
	return nil
}

// relateForeign adds to a finding the references that somebody added to it before,
// to objects of theirs: those to this program's own come and go with the checks
// that are evidence for the control.
func (m *poam) relateForeign(v *object) error {
	q := m.previous.pieces[v.text("uuid")]
	if q == nil || q.list != "findings" {
		return nil
	}
	before, err := readObject(q.raw)
	if err != nil {
		return located(q.pointer, err)
	}
	for key, idKey := range map[string]string{"related-observations": "observation-uuid", "related-risks": "risk-uuid"} {
		was, err := before.objects(key)
		if err != nil {
			return located(q.pointer, err)
		}
		now, err := v.objects(key)
		if err != nil {
			return err
		}
		var own []string
		for _, r := range now {
			own = append(own, r.text(idKey))
		}
		for _, r := range m.foreign(was, key, idKey, before.text("title"), own, shca.OtherChecks) {
			if err := v.push(key, r); err != nil {
				return err
			}
			m.keep(m.kept, nil, r.values[idKey])
		}
	}
	slices.Sort(v.keys) // in the order of all others
	return nil
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
