package validate

import (
	"strconv"
	"strings"
)

// observables checks that the observables of an event name attributes of it,
// and repeat their values.
func (c *checking) observables(root *node, class *item) {
	list := c.member(root, "observables")
	if list.kind != '[' {
		return
	}
	clear(c.named)
	c.work = 0
	i := 0
	for m := list.first; m != 0; m = c.nodes[m].next {
		c.path = append(c.path[:0], step{name: []byte("observables")}, step{index: i})
		if c.work > maxWork {
			c.warn(codeObservableValue, "this observable and those after it are not checked: there are too many, or too many values of the same name")
			break
		}
		c.observable(&c.nodes[m], class)
		i++
	}
	c.path = c.path[:0]
}

// maxWork bounds how many values of one event are looked at for its
// observables: each may name all that is in an array.
const maxWork = 10_000_000

// named is what the name of an observable stands for.
type named struct {
	attribute *attribute // nil if there is none
	values    []int32    // in the event
	texts     map[string]bool
	composite bool // there are objects or arrays among the values, where these may stand
}

func (c *checking) observable(o *node, class *item) {
	name := c.member(o, "name")
	if name.kind != '"' {
		return
	}
	found, ok := c.named[string(name.text)]
	if !ok {
		found = c.lookup(string(name.text), class)
		if c.named == nil {
			c.named = map[string]*named{}
		}
		c.named[string(name.text)] = found
	}
	a := found.attribute
	if a == nil {
		c.add(Error, c.at("name"), codeReference, "%s does not name an attribute of %s, as resources[].uid would", quote(name.text), class.Name)
		return
	}
	value := c.member(o, "value")
	switch {
	case len(found.values) == 0:
		c.add(Warning, c.at("name"), codeObservableValue, "%s is not in the event", quote(name.text))
	case value != &none && a.object == nil && !c.holds(found, value):
		c.add(Warning, c.at("value"), codeObservableValue, "%s is not at %s", value.shown(), quote(name.text))
	}

	want := a.Observable
	if want == 0 {
		if a.object != nil {
			want = a.object.Observable
		} else {
			want = a.dataType.Observable
		}
	}
	kind, ok := c.member(o, "type_id").int64()
	const unknown, other = 0, 99
	if ok && want != 0 && kind != want && kind != unknown && kind != other {
		c.add(Warning, c.at("type_id"), codeObservableType, "is %d, but %s is an observable of type %d", kind, quote(name.text), want)
	}
}

// holds reports whether one of the values reads as the value of an observable,
// which is a string. Objects and arrays have no text to compare with: where JSON
// of any kind may stand they are taken to hold it.
func (c *checking) holds(found *named, value *node) bool {
	anything := found.attribute.dataType.Base == "json"
	if found.texts == nil {
		found.texts = map[string]bool{}
		for _, m := range found.values {
			n := &c.nodes[m]
			if n.kind == '{' || n.kind == '[' {
				found.composite = found.composite || anything
			} else {
				found.texts[string(n.text)] = true
			}
		}
	}
	return found.composite || value.kind == '"' && found.texts[string(value.text)]
}

// lookup returns what a path such as "resources[].tags[0].name" names.
func (c *checking) lookup(path string, it *item) *named {
	values := []int32{0}
	for more := true; more; {
		var part string
		part, path, more = cutPath(path)
		key, index, list := cutIndex(part)
		if it == nil {
			return &named{}
		}
		a := it.Attributes[key]
		if a == nil || !a.in(c.profiles) || list && !a.Array {
			return &named{}
		}
		values = c.below(values, key, index)
		if !more {
			return &named{attribute: a, values: values}
		}
		it = a.object
	}
	return &named{}
}

// below returns the values that the objects among the values have as the
// member key; of an array its elements, or the one with the index unless that is
// negative.
func (c *checking) below(values []int32, key string, index int) []int32 {
	var all []int32
	for _, v := range values {
		found := c.find(&c.nodes[v], key)
		c.work += c.nodes[v].size
		if found == 0 || c.nodes[found].null() {
			continue
		}
		n := &c.nodes[found]
		if n.kind != '[' {
			all = append(all, found)
			continue
		}
		c.work += n.size
		i := 0
		for m := n.first; m != 0; m = c.nodes[m].next {
			if index < 0 || i == index {
				all = append(all, m)
			}
			i++
		}
	}
	return all
}

// cutPath cuts a path at its first dot that is not in brackets.
func cutPath(path string) (first, rest string, more bool) {
	inside := false
	for i := range len(path) {
		switch path[i] {
		case '[':
			inside = true
		case ']':
			inside = false
		case '.':
			if !inside {
				return path[:i], path[i+1:], true
			}
		}
	}
	return path, "", false
}

// cutIndex takes the index off a part of a path: "a[]" and "a[*]" stand for
// every element.
func cutIndex(part string) (key string, index int, list bool) {
	key, in, ok := strings.Cut(part, "[")
	in, closed := strings.CutSuffix(in, "]")
	if !ok || !closed || key == "" {
		return part, -1, false
	}
	if in == "" || in == "*" {
		return key, -1, true
	}
	i, err := strconv.ParseUint(in, 10, 31)
	if err != nil {
		return part, -1, false
	}
	return key, int(i), true
}
