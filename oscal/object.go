package oscal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// object is a JSON object whose members keep their order and, until they are
// set, their text. It is for documents that people own: what this program does
// not change stays as it was.
type object struct {
	keys   []string
	values map[string]json.RawMessage
}

func newObject() *object { return &object{values: map[string]json.RawMessage{}} }

// objectOf makes an object of a value of go-oscal.
func objectOf(value any) (*object, error) {
	raw, err := encode(value)
	if err != nil {
		return nil, err
	}
	return readObject(raw)
}

// readObject splits an object into its members. A key that is there twice is an
// error, since one of the two would be lost.
func readObject(raw json.RawMessage) (*object, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, fmt.Errorf("%.40q is not a JSON object", raw)
	}
	v := newObject()
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		name := key.(string) // the decoder takes no other key
		if _, twice := v.values[name]; twice {
			return nil, fmt.Errorf("the key %.80q is there twice in one object", name)
		}
		v.keys = append(v.keys, name)
		v.values[name] = value
	}
	_, err := d.Token()
	return v, err
}

// get decodes a member into v, which is left as it is if there is none.
func (v *object) get(key string, into any) error {
	raw, ok := v.values[key]
	if !ok {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

// text is a member that is a string, or "".
func (v *object) text(key string) string {
	var s string
	_ = json.Unmarshal(v.values[key], &s) // anything else is no text
	return s
}

// object is a member that is an object; without it, an empty one.
func (v *object) object(key string) (*object, error) {
	raw, ok := v.values[key]
	if !ok {
		return newObject(), nil
	}
	return readObject(raw)
}

// array is a member that is an array, whose elements keep their text.
func (v *object) array(key string) ([]json.RawMessage, error) {
	var elements []json.RawMessage
	return elements, v.get(key, &elements)
}

// objects are the elements of a member that is an array of objects.
func (v *object) objects(key string) ([]*object, error) {
	raw, err := v.array(key)
	if err != nil {
		return nil, err
	}
	all := make([]*object, len(raw))
	for i := range raw {
		if all[i], err = readObject(raw[i]); err != nil {
			return nil, fmt.Errorf("%s/%d: %w", key, i, err)
		}
	}
	return all, nil
}

// push appends elements to a member that is an array.
func (v *object) push(key string, elements ...any) error {
	all, err := v.array(key)
	if err != nil {
		return err
	}
	for _, element := range elements {
		raw, err := encode(element)
		if err != nil {
			return err
		}
		all = append(all, raw)
	}
	return v.set(key, all)
}

// set replaces a member or adds it at the end.
func (v *object) set(key string, value any) error {
	raw, err := encode(value)
	if err != nil {
		return err
	}
	if _, ok := v.values[key]; !ok {
		v.keys = append(v.keys, key)
	}
	v.values[key] = raw
	return nil
}

// remove drops a member.
func (v *object) remove(key string) {
	delete(v.values, key)
	v.keys = slices.DeleteFunc(v.keys, func(k string) bool { return k == key })
}

// MarshalJSON writes the members in their order.
func (v *object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, key := range v.keys {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := encode(key)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(v.values[key])
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// encode is JSON without HTML escapes, which would change the user's text.
func encode(v any) (json.RawMessage, error) {
	if o, ok := v.(*object); ok {
		return o.MarshalJSON() // json.Marshal would escape what it returns
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// indentation is the white space that the document's members are indented
// with: that of its first indented line, else two spaces.
func indentation(document []byte) string {
	_, rest, ok := bytes.Cut(document, []byte("\n"))
	if ok {
		if n := len(rest) - len(bytes.TrimLeft(rest, " \t")); n > 0 && n <= 8 {
			return string(rest[:n])
		}
	}
	return "  "
}
