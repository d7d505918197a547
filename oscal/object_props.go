package oscal

import (
	"encoding/json"
	"fmt"
	"slices"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"
)

// property is a property with its text, which it keeps.
type property struct {
	o.Property
	raw json.RawMessage
}

// own reports whether this program gave the object the property.
func (p property) own(name string) bool { return p.Ns == Namespace && p.Name == name }

// properties are the object's.
func (v *object) properties() ([]property, error) {
	raw, err := v.array("props")
	if err != nil {
		return nil, err
	}
	all := make([]property, len(raw))
	for i := range raw {
		all[i].raw = raw[i]
		if err := json.Unmarshal(raw[i], &all[i].Property); err != nil {
			return nil, fmt.Errorf("props/%d: %w", i, err)
		}
	}
	return all, nil
}

// setProperties replaces the object's properties by those.
func (v *object) setProperties(all []property) error {
	if len(all) == 0 {
		v.remove("props")
		return nil
	}
	raw := make([]json.RawMessage, len(all))
	for i, p := range all {
		raw[i] = p.raw
	}
	return v.set("props", raw)
}

// property is the value of one of this program's properties; "" without it.
func (v *object) property(name, class string) (string, error) {
	all, err := v.properties()
	for _, p := range all {
		if p.own(name) && p.Class == class {
			return p.Value, nil
		}
	}
	return "", err
}

// setProperty sets the value of a property, or adds it. A property without a
// value, which OSCAL forbids, is neither.
func (v *object) setProperty(p o.Property) error {
	if p.Value == "" {
		return nil
	}
	all, err := v.properties()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(was property) bool { return was.Name == p.Name && was.Ns == p.Ns && was.Class == p.Class })
	switch {
	case i < 0:
		return v.push("props", p)
	case all[i].Value == p.Value:
		return nil
	}
	if all[i].raw, err = withMember(all[i].raw, "value", p.Value); err != nil {
		return fmt.Errorf("props/%d: %w", i, err)
	}
	return v.setProperties(all)
}

// addProperty adds a property unless it is there.
func (v *object) addProperty(p o.Property) error {
	all, err := v.properties()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(was property) bool { return was.Name == p.Name && was.Ns == p.Ns && was.Value == p.Value }) {
		return nil
	}
	return v.push("props", p)
}

// setDigest notes the text that this program wrote, of the class.
func (v *object) setDigest(class, text string) error {
	digest := prop("managed-digest", digestOf(text))
	digest.Class = class
	return v.setProperty(digest)
}

// dropProperty drops one of this program's properties without a class.
func (v *object) dropProperty(name string) error { return v.dropPropertyOf(name, "") }

// dropPropertyOf drops one of this program's properties with the class.
func (v *object) dropPropertyOf(name, class string) error {
	all, err := v.properties()
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(all), func(p property) bool { return p.own(name) && p.Class == class })
	if len(left) == len(all) {
		return nil
	}
	return v.setProperties(left)
}

// withMember is the object's text with another value of one member.
func withMember(raw json.RawMessage, key string, value any) (json.RawMessage, error) {
	v, err := readObject(raw)
	if err != nil {
		return nil, err
	}
	if err := v.set(key, value); err != nil {
		return nil, err
	}
	return encode(v)
}
