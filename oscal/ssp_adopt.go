package oscal

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca/system"
)

// adopt completes a plan that was written without a system file from what the
// system file says. What a person edited stays, and so do the plan's UUIDs.
func (u *sspUpdate) adopt() error {
	if u.b.System.ID == "" {
		return nil
	}
	id, _, err := u.system()
	if err != nil || id != system.ToBeCompleted {
		return err
	}
	before, after, err := u.plans()
	if err != nil {
		return err
	}
	root := u.at(sspKey)
	characteristics, err := u.child(u.plan, root, "system-characteristics")
	if err != nil {
		return err
	}
	ids, err := characteristics.objects("system-ids")
	if err != nil {
		return root.at("system-characteristics").fail("%w", err)
	}
	own := u.inVersion().systemID()
	err = ids[0].set("id", own.ID)
	if _, there := ids[0].values["identifier-type"]; err == nil && !there && own.IdentifierType != "" {
		err = ids[0].set("identifier-type", own.IdentifierType)
	}
	if err == nil {
		err = characteristics.set("system-ids", ids)
	}
	if err == nil {
		err = u.plan.set("system-characteristics", characteristics)
	}
	if err != nil {
		return err
	}
	for _, key := range []string{"metadata", "system-characteristics", "system-implementation"} {
		merged, err := adopted(u.plan.values[key], before.values[key], after.values[key])
		if err != nil {
			return root.at(key).fail("%w", err)
		}
		if err := u.plan.set(key, merged); err != nil {
			return err
		}
	}
	u.changed = true
	return nil
}

// inVersion is the bundle in the version of OSCAL that the plan has.
func (u *sspUpdate) inVersion() *bundle {
	b := *u.b
	b.Version = u.version
	return &b
}

// plans are the parts of a plan that a system file tells about: without it, and
// with it. Where an object of the one takes the place of an object of the other,
// it has its UUID.
func (u *sspUpdate) plans() (before, after *object, err error) {
	skeleton := u.inVersion()
	skeleton.System, skeleton.system = &system.System{}, unnamedSystem
	implementation, err := u.child(u.plan, u.at(sspKey), "system-implementation")
	if err != nil {
		return nil, nil, err
	}
	components, err := u.children(implementation, u.at(sspKey, "system-implementation"), "components")
	if err != nil {
		return nil, nil, err
	}
	there := map[string]bool{}
	for _, c := range components {
		there[strings.ToLower(c.text("uuid"))] = true
	}
	var same []string // pairs: a UUID with the system file, the one without
	replace := func(with, without string) { same = append(same, `"`+with+`"`, `"`+without+`"`) }
	texts := [2]json.RawMessage{}
	for i, b := range []*bundle{skeleton, u.inVersion()} {
		parts := b.plannedParts()
		metadata, characteristics, users := b.sspMetadata(), b.characteristics(), b.users()
		characteristics.SystemIds = nil // told apart
		all := slices.Clone(parts.components)
		all = slices.DeleteFunc(all, func(c o.SystemComponent) bool {
			return c.Props != nil && !there[c.UUID] // a service that the plan does not have
		})
		if i == 1 {
			without := skeleton.plannedParts()
			replace(parts.system, without.system)
			replace(b.organization().UUID, skeleton.organization().UUID)
			replace(characteristics.SystemInformation.InformationTypes[0].UUID, skeleton.information()[0].UUID)
			replace(users[0].UUID, skeleton.users()[0].UUID)
			for _, service := range slices.Sorted(maps.Keys(parts.uuids)) {
				if there[service] {
					replace(parts.uuids[service], service)
				}
			}
		}
		texts[i], err = encode(map[string]any{
			"metadata": map[string]any{
				"title": metadata.Title, "version": metadata.Version,
				"roles": metadata.Roles, "parties": metadata.Parties, "responsible-parties": metadata.ResponsibleParties,
			},
			"system-characteristics": characteristics,
			"system-implementation":  map[string]any{"users": users, "components": all},
		})
		if err != nil {
			return nil, nil, err
		}
	}
	if before, err = readObject(texts[0]); err != nil {
		return nil, nil, err
	}
	after, err = readObject(json.RawMessage(strings.NewReplacer(same...).Replace(string(texts[1]))))
	return before, after, err
}

// adopted is a value of the user's with what became of another since: where the
// user's is still as that was before, it becomes what that is after. nil stands
// for no value.
func adopted(users, before, after json.RawMessage) (json.RawMessage, error) {
	switch {
	case sameJSON(before, after):
		return users, nil
	case sameJSON(users, before):
		return after, nil
	case users == nil || before == nil || after == nil:
		return users, nil
	}
	switch kind := users[0]; {
	case kind != before[0] || kind != after[0]:
		return users, nil
	case kind == '{':
		return adoptedObject(users, before, after)
	case kind == '[':
		return adoptedList(users, before, after)
	}
	return users, nil
}

func adoptedObject(users, before, after json.RawMessage) (json.RawMessage, error) {
	var objects [3]*object
	for i, raw := range []json.RawMessage{users, before, after} {
		var err error
		if objects[i], err = readObject(raw); err != nil {
			return nil, err
		}
	}
	u := objects[0]
	for _, key := range union(objects[1].keys, objects[2].keys) {
		value, err := adopted(u.values[key], objects[1].values[key], objects[2].values[key])
		if err != nil {
			return nil, err
		}
		if value == nil {
			u.remove(key)
		} else if err := u.set(key, value); err != nil {
			return nil, err
		}
	}
	return encode(u)
}

// adoptedList does the same for the elements of arrays, which it knows by their
// identifiers. Arrays of anything else stay the user's. New elements take the
// place of the first that is gone, else the end.
func adoptedList(users, before, after json.RawMessage) (json.RawMessage, error) {
	var lists [3]list
	for i, raw := range []json.RawMessage{users, before, after} {
		var ok bool
		if lists[i], ok = listOf(raw); !ok {
			return users, nil
		}
	}
	u, b, a := lists[0], lists[1], lists[2]
	var merged, added []json.RawMessage
	at := -1
	for _, key := range u.keys {
		value, err := adopted(u.values[key], b.values[key], a.values[key])
		if err != nil {
			return nil, err
		}
		if value != nil {
			merged = append(merged, value)
		} else if at < 0 {
			at = len(merged)
		}
	}
	for _, key := range a.keys {
		if u.values[key] == nil && b.values[key] == nil {
			added = append(added, a.values[key])
		}
	}
	if at < 0 {
		at = len(merged)
	}
	merged = slices.Insert(merged, at, added...)
	if len(merged) == 0 {
		return nil, nil
	}
	return encode(merged)
}

// list is an array whose elements have identifiers.
type list struct {
	keys   []string
	values map[string]json.RawMessage
}

// listOf reads an array; ok is false if some element has no identifier, or two
// have one.
func listOf(raw json.RawMessage) (l list, ok bool) {
	var elements []json.RawMessage
	if json.Unmarshal(raw, &elements) != nil {
		return l, false
	}
	l.values = map[string]json.RawMessage{}
	for _, e := range elements {
		v, err := readObject(e)
		if err != nil {
			return l, false
		}
		key := ""
		for _, name := range []string{"uuid", "id", "role-id", "name"} {
			if key = v.text(name); key != "" {
				key = name + " " + key + " " + v.text("ns")
				break
			}
		}
		if _, twice := l.values[key]; twice || key == "" {
			return l, false
		}
		l.keys = append(l.keys, key)
		l.values[key] = e
	}
	return l, true
}

// union are the texts of both in their order, each once.
func union(a, b []string) []string {
	all := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// sameJSON reports whether two values say the same; no value says nothing.
func sameJSON(a, b json.RawMessage) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	var values [2]any
	return json.Unmarshal(a, &values[0]) == nil && json.Unmarshal(b, &values[1]) == nil && reflect.DeepEqual(values[0], values[1])
}
