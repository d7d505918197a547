package oscal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

// poamLine is an item of the plan: as it was, brought up to date, or new.
type poamLine struct {
	item  *piece            // nil for a new one
	check *shca.CheckResult // nil if the item stays as it was
	quiet bool              // this program's item, but nothing was found about it
}

// carryOn decides what becomes of the previous plan and adds what is new.
func (m *poam) carryOn() error {
	lines := m.lines()
	m.markMade(lines)
	m.makeFindings()
	m.keepOthers(lines)
	if err := m.keepAdditions(); err != nil {
		return err
	}
	if err := m.relateFindings(); err != nil {
		return fmt.Errorf("%s: %w", m.POAM, err)
	}
	if err := m.updateItems(lines); err != nil {
		return fmt.Errorf("%s: %w", m.POAM, err) // only what was there can be wrong
	}
	if m.overdue > 0 {
		are := "are past their deadline"
		if m.overdue == 1 {
			are = "is past its deadline"
		}
		m.Logger.Info(fmt.Sprintf("%s of %s %s", show.Number(m.overdue), show.Plural(m.open, "open item"), are), "document", POAMFile)
	}
	for _, list := range []string{"observations", "findings", "risks", "poam-items"} {
		for _, q := range m.previous.lists[list] {
			if !m.kept[q.uuid] {
				q.raw = nil // it is no longer needed, and there may be much of it
			}
		}
	}
	return nil
}

// lines are the items: those of the previous plan in its order, then new ones,
// worst first.
func (m *poam) lines() []poamLine {
	checks := map[string]*shca.CheckResult{} // by the UUIDs of their items
	for i := range m.assessment.Checks {
		c := &m.assessment.Checks[i]
		checks[itemUUID(m.bundle, c.ID)] = c
	}
	var lines []poamLine
	there := map[*shca.CheckResult]bool{}
	for _, q := range m.previous.lists["poam-items"] {
		l := poamLine{item: q}
		c := checks[q.uuid]
		switch {
		case q.uuid == "":
		case c != nil && q.managed:
			l.check = c
		case c != nil:
			m.Logger.Info("not updated: the item has no managed-by", "item", q.name())
		case q.managed && q.ours: // its check-id may not be to the letter
			l.quiet = true
		}
		there[c] = true
		lines = append(lines, l)
	}
	for _, c := range m.assessment.Failing() {
		if !there[c] {
			lines = append(lines, poamLine{check: c})
		}
	}
	return lines
}

// markMade notes what is made anew besides the findings.
func (m *poam) markMade(lines []poamLine) {
	assets := m.assets()
	for _, c := range *assets.Components {
		m.made[c.UUID] = true
	}
	m.made[assets.AssessmentPlatforms[0].UUID] = true
	for _, l := range lines {
		if l.check == nil {
			continue
		}
		m.active[l.check.ID] = true
		m.made[itemUUID(m.bundle, l.check.ID)] = true
		m.made[riskUUID(m.bundle, l.check.ID)] = true
		for _, id := range m.survey.related(l.check) {
			m.made[id] = true
		}
	}
}

// keepOthers keeps what the user added to the previous plan, the items that stay
// as they were, and what either refers to.
func (m *poam) keepOthers(lines []poamLine) {
	for _, list := range m.previous.lists {
		for _, q := range list {
			if q.list == "poam-items" || q.ours || m.made[q.uuid] {
				continue
			}
			m.kept[q.uuid] = true
			if q.list != "inventory-items" {
				m.keep(m.kept, nil, q.raw)
			}
		}
	}
	for _, l := range lines {
		if l.check == nil {
			m.keep(m.kept, nil, l.item.raw)
		}
	}
}

// keep marks what the text refers to in the previous plan, and what that refers
// to, unless it is made anew. Resources wait until it is known which of them
// are: listed is nil before.
func (m *poam) keep(kept, listed map[string]bool, raw json.RawMessage) {
	todo := []json.RawMessage{raw}
	for len(todo) > 0 {
		raw := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for id := range uuidsIn(raw) {
			q := m.previous.pieces[id]
			if q == nil || m.made[id] || kept[id] {
				continue
			}
			kept[id] = true
			if q.list != "inventory-items" || listed != nil && !listed[id] {
				todo = append(todo, q.raw)
			}
		}
	}
}

// keptWithResources is what is kept, with what the resources refer to that are
// not among the listed ones.
func (m *poam) keptWithResources(listed map[string]bool) map[string]bool {
	kept := maps.Clone(m.kept)
	for _, q := range m.previous.lists["inventory-items"] {
		if m.kept[q.uuid] && !listed[q.uuid] {
			m.keep(kept, listed, q.raw)
		}
	}
	return kept
}

// rest passes on the pieces of a list that are kept, besides those made anew.
func (m *poam) rest(list string, kept, made map[string]bool) func(func(any)) {
	return func(element func(any)) {
		for _, q := range m.previous.lists[list] {
			if kept[q.uuid] && !m.made[q.uuid] && !made[q.uuid] {
				element(q.raw)
			}
		}
	}
}

// updateItems makes the items and the risks: those of the previous plan in its
// order, then new ones.
func (m *poam) updateItems(lines []poamLine) error {
	updated := map[string]json.RawMessage{} // risks by their UUIDs
	var added []json.RawMessage
	for _, l := range lines {
		item, risk, err := m.line(l)
		if err != nil {
			return err
		}
		m.items = append(m.items, item)
		m.changed = m.changed || l.item == nil || !bytes.Equal(item, l.item.raw)
		if risk == nil {
			continue
		}
		m.keep(m.kept, nil, item)
		m.keep(m.kept, nil, risk)
		id := riskUUID(m.bundle, l.check.ID)
		was := m.previous.pieces[id]
		m.changed = m.changed || was == nil || !bytes.Equal(risk, was.raw)
		if was == nil {
			added = append(added, risk)
		} else {
			updated[id] = risk
		}
	}
	for _, q := range m.previous.lists["risks"] {
		switch {
		case updated[q.uuid] != nil:
			m.risks = append(m.risks, updated[q.uuid])
		case m.kept[q.uuid]:
			m.risks = append(m.risks, q.raw)
		}
	}
	m.risks = append(m.risks, added...)
	return nil
}

// line is the item and, unless it stays as it was, its risk.
func (m *poam) line(l poamLine) (item, risk json.RawMessage, err error) {
	switch {
	case l.check != nil:
		return m.updateItem(l)
	case l.quiet:
		item, err = m.quiet(l.item)
		return item, nil, err
	}
	return l.item.raw, nil, nil
}

// updateItem brings an item and its risk up to date, or makes them.
func (m *poam) updateItem(l poamLine) (item, risk json.RawMessage, err error) {
	u := &itemUpdate{poam: m, check: l.check}
	where := poamPointer + "/poam-items"
	if l.item != nil {
		u.name, where = l.item.name(), l.item.pointer
		if u.item, err = readObject(l.item.raw); err != nil {
			return nil, nil, located(where, err)
		}
	}
	if was := m.previous.pieces[riskUUID(m.bundle, l.check.ID)]; was != nil {
		where = was.pointer
		if was.list != "risks" {
			return nil, nil, located(where, errors.New("has the uuid of a risk"))
		}
		if u.risk, err = readObject(was.raw); err != nil {
			return nil, nil, located(where, err)
		}
	}
	if err := u.run(); err != nil {
		return nil, nil, located(where, err)
	}
	if item, err = encode(u.item); err != nil {
		return nil, nil, err
	}
	risk, err = encode(u.risk)
	return item, risk, err
}

// quiet notes in an open item since when there is no finding about it.
func (m *poam) quiet(was *piece) (json.RawMessage, error) {
	item, err := readObject(was.raw)
	if err != nil {
		return nil, located(was.pointer, err)
	}
	related, err := item.objects("related-risks")
	if err != nil {
		return nil, located(was.pointer, err)
	}
	for _, r := range related {
		risk := m.previous.pieces[strings.ToLower(r.text("risk-uuid"))]
		if risk == nil || risk.list != "risks" || !risk.ours {
			continue
		}
		v, err := readObject(risk.raw)
		if err != nil {
			return nil, located(risk.pointer, err)
		}
		if err := m.itemStatus(item, v); err != nil {
			return nil, located(was.pointer, err)
		}
		if v.text("status") == closed {
			return encode(item)
		}
		break
	}
	if err := m.noData(item, was.name()); err != nil {
		return nil, located(was.pointer, err)
	}
	return encode(item)
}

func (m *poam) noData(item *object, name string) error {
	if since, err := item.property("no-data-since", ""); err != nil || since != "" {
		return err
	}
	m.Logger.Info("stays open: no finding tells whether it is mended", "item", name)
	return item.setProperty(prop("no-data-since", rfc3339(m.now)))
}
