package validate

import (
	"strconv"
	"strings"

	"github.com/go-shca/shca/oscal/internal/constraints"
)

// streams returns the arrays of every kind of document that are read element
// by element, as paths with "*" for an index.
func streams() []string {
	var all []string
	for _, kind := range kinds {
		for _, pattern := range constraints.Streamed(kind) {
			all = append(all, strings.TrimPrefix(pattern, "/"))
		}
	}
	return all
}

func (v *validation) constraint(m constraints.Message) {
	v.say(Level(m.Level), m.Rule, m.Pointer, m.Value, m.Text)
}

// constraints applies NIST's constraints to the document without the further
// elements of its streamed arrays.
func (v *validation) constraints(c *constraints.Checker, kind string, root map[string]any, streams *node) {
	c.Root(object(root, kind), v.constraint)
	eachStreamed(root, streams, "", func(pointer string, e any) { c.Element(pointer, e, v.constraint) })
}

// eachStreamed calls yield with each element of a streamed array that is in the
// tree v at n.
func eachStreamed(v any, n *node, at string, yield func(pointer string, e any)) {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range sortedKeys(v) {
			if child := n.child(k); child != nil {
				eachStreamed(v[k], child, at+"/"+escapeToken(k), yield)
			}
		}
	case []any:
		for i, e := range v {
			at := at + "/" + strconv.Itoa(i)
			if n.pattern != nil {
				yield(at, e)
			} else if child := n.child("*"); child != nil {
				eachStreamed(e, child, at, yield)
			}
		}
	}
}
