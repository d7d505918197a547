package oscal

import (
	"fmt"
	"slices"
	"strings"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
)

// renewed are the members of this program's objects that are made anew, by list.
// Others are people's, as are properties in other namespaces.
var renewed = map[string][]string{
	"observations":    {"uuid", "title", "description", "methods", "types", "origins", "subjects", "collected"},
	"findings":        {"uuid", "title", "description", "origins", "target", "related-observations", "related-risks"},
	"components":      {"uuid", "type", "title", "description", "status"},
	"assets":          {"uuid", "type", "title", "description", "status"},
	"inventory-items": {"uuid", "description", "implemented-components"},
	"platforms":       {"uuid", "title", "uses-components"},
}

// additions are what people added to one of this program's objects; nil if there
// is nothing.
func (q *piece) additions() (*object, error) {
	v, err := readObject(q.raw)
	if err != nil {
		return nil, err
	}
	digest, err := v.property("managed-digest", "remarks")
	if err != nil {
		return nil, err
	}
	more := newObject()
	for _, key := range v.keys {
		switch {
		case key == "props" || slices.Contains(renewed[q.list], key):
		case key == "remarks" && digest == digestOf(v.text(key)):
		default:
			more.keys = append(more.keys, key)
			more.values[key] = v.values[key]
		}
	}
	all, err := v.properties()
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(p property) bool { return p.Ns == Namespace || p.Ns == trestleNamespace })
	if len(all) > 0 {
		if err := more.setProperties(all); err != nil {
			return nil, err
		}
	}
	if len(more.keys) == 0 {
		return nil, nil
	}
	return more, nil
}

// keepAdditions keeps what people added to objects that are made anew, with what
// that refers to.
func (m *poam) keepAdditions() error {
	for _, list := range []string{"observations", "findings", "assets", "platforms"} {
		for _, q := range m.previous.lists[list] {
			if !m.made[q.uuid] {
				continue
			}
			var err error
			if q.more, err = q.additions(); err != nil {
				return fmt.Errorf("%s: %w", m.POAM, located(q.pointer, err))
			}
			if q.more == nil {
				continue
			}
			raw, err := encode(q.more)
			if err != nil {
				return err
			}
			m.keep(m.kept, nil, raw)
		}
	}
	return nil
}

// withAdditions is an object of the list with what people added to it before.
func (m *poam) withAdditions(list string, fresh any) (any, error) {
	if ob, ok := fresh.(*o.Observation); len(m.previous.pieces) == 0 && (!ok || ob.Remarks == "") {
		return fresh, nil
	}
	v, err := objectOf(fresh)
	if err != nil {
		return nil, err
	}
	if own := v.text("remarks"); own != "" && list == "observations" {
		if err := v.setDigest("remarks", own); err != nil {
			return nil, err
		}
	}
	q := m.previous.pieces[strings.ToLower(v.text("uuid"))]
	if q == nil || q.list != list || !q.ours {
		return v, nil
	}
	more := q.more
	if more == nil && q.raw != nil && !m.made[q.uuid] {
		if more, err = q.additions(); err != nil {
			return nil, fmt.Errorf("%s: %w", m.POAM, located(q.pointer, err))
		}
	}
	if more == nil {
		return v, nil
	}
	for _, key := range more.keys {
		if key == "props" {
			continue
		}
		if err := v.set(key, more.values[key]); err != nil {
			return nil, err
		}
	}
	theirs, err := more.properties()
	if err != nil {
		return nil, err
	}
	all, err := v.properties()
	if err != nil {
		return nil, err
	}
	for _, p := range theirs {
		if !slices.ContainsFunc(all, func(own property) bool { return own.Name == p.Name && own.Ns == p.Ns }) {
			all = append(all, p)
		}
	}
	return v, v.setProperties(all)
}

// with passes on the elements with what people added to them before.
func (m *poam) with(list string, out *stream, element func(any)) func(any) {
	return func(fresh any) {
		v, err := m.withAdditions(list, fresh)
		if err != nil {
			out.fail(err)
			return
		}
		element(v)
	}
}

// foreign are the references that somebody added to those that this program
// makes about the checks: to other objects that are in the plan. One to nothing
// is dropped and told.
func (m *poam) foreign(was []*object, key, idKey, name string, own []string, checks ...shca.CheckID) []*object {
	var others []*object
	for _, r := range was {
		id := strings.ToLower(r.text(idKey))
		q := m.previous.pieces[id]
		switch {
		case slices.Contains(own, id):
		case q == nil && !m.made[id]:
			m.Logger.Warn("dropped: a reference to nothing in the document", "item", name, "reference", key, "uuid", id)
		case q != nil && (!q.ours || q.isAboutOther(checks)):
			others = append(others, r)
		}
	}
	return others
}

// isAboutOther reports whether the object is about a check besides those.
func (q *piece) isAboutOther(checks []shca.CheckID) bool {
	return q.check != "" && !slices.ContainsFunc(checks, func(id shca.CheckID) bool {
		return id == shca.OtherChecks || plain(string(id), maxValue) == string(q.check)
	})
}
