package constraints

import (
	"cmp"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
)

// A typ is a definition of the metaschema, or a part that a definition itself
// defines: "metadata:metadata/party". A flag or a field without flags, whose
// JSON is a plain value, has a typ only if a constraint is bound to it.
type typ struct {
	name      string
	members   []*member // in the order of their keys
	byKey     map[string]*member
	byElement map[string]*member // by the metaschema's name
	value     string             // the key that holds a field's own value, if it has flags
	rules     []*rule

	leadsToRule, leadsToIndex bool // it or something in it has one
}

// A member is what an object may hold under a JSON key: one value, or an array
// of them.
type member struct {
	key      string
	element  string // the metaschema's name of one value
	typ      *typ   // nil: a plain value without constraints
	streamed bool
}

const propertyType = "metadata:property"

// valueKeys are the JSON names of the own values of fields that have flags.
// The metaschema gives each field one; only these fields' values are spoken of
// or could be.
var valueKeys = map[string]string{
	"assessment-common:threat-id":          "id",
	"implementation-common:system-id":      "id",
	"metadata:back-matter/resource/base64": "value",
	"metadata:document-id":                 "identifier",
	"metadata:hash":                        "value",
	"metadata:metadata/party/external-id":  "id",
	"metadata:telephone-number":            "number",
}

// A document is what nodes are part of.
type document struct {
	root         *node
	skipStreamed bool // streamed arrays count as absent
	loose        bool // predicates count as true: for tests of what an expression can reach
}

// A node is a place in a document and its value.
type node struct {
	doc    *document
	parent *node
	typ    *typ   // nil if no constraint is bound to the place and nothing lies in it
	key    string // the member of the parent that it is
	idx    int    // its index if that is an array, else -1
	val    any
	only   *node // if set, the only thing in it: the way to a streamed element
}

// name returns what the metaschema calls the node.
func (n *node) name() string {
	if n.parent != nil && n.parent.typ != nil {
		if m := n.parent.typ.byKey[n.key]; m != nil {
			return m.element
		}
	}
	return n.key
}

// A nodeKey tells a node from all others of a call, however it was reached.
type nodeKey struct {
	parent uintptr
	key    string
	idx    int
}

func (n *node) identity() nodeKey {
	k := nodeKey{key: n.key, idx: n.idx}
	switch {
	case n.parent == nil:
	case n.parent.only != nil:
		k.parent = reflect.ValueOf(n.parent).Pointer()
	default:
		k.parent = reflect.ValueOf(n.parent.val).Pointer() // the object: only objects have children
	}
	return k
}

func (n *node) pointer() string {
	var segments []string
	for ; n != nil; n = n.parent {
		if n.idx >= 0 {
			segments = append(segments, strconv.Itoa(n.idx))
		}
		segments = append(segments, n.key)
	}
	var b strings.Builder
	for i := len(segments) - 1; i >= 0; i-- {
		b.WriteByte('/')
		b.WriteString(segments[i]) // keys of the model and numbers: nothing to escape
	}
	return b.String()
}

// atom returns the node's value as text: its own if it is plain, else that of
// the field that it is.
func (n *node) atom() (string, bool) {
	v := n.val
	if object, ok := v.(map[string]any); ok {
		if n.typ == nil || n.typ.value == "" {
			return "", false
		}
		v = object[n.typ.value]
	}
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// flag returns the node of a flag, or nil if the node has none of that name.
func (n *node) flag(name string) *node {
	object, _ := n.val.(map[string]any)
	switch v := object[name].(type) {
	case string, json.Number, bool:
		return &node{doc: n.doc, parent: n, key: name, idx: -1, val: v}
	}
	return nil
}

// defaultNS is the namespace of properties and parts that name none.
const defaultNS = "http://csrc.nist.gov/ns/oscal"

// ns returns the namespace of a property or part.
func (n *node) ns() string {
	object, _ := n.val.(map[string]any)
	ns, _ := object["ns"].(string)
	return cmp.Or(ns, defaultNS)
}

// children yields what lies in a node, in the order of the model.
func (n *node) children(yield func(*node) bool) bool {
	if n.typ == nil {
		return true
	}
	if n.only != nil {
		return yield(n.only)
	}
	object, _ := n.val.(map[string]any)
	if len(object) == 0 {
		return true
	}
	for _, m := range n.typ.members {
		if !n.member(object, m, yield) {
			return false
		}
	}
	return true
}

// member yields the values of one member. An array that should be a value, or a
// value that should be an array, is the schema's business.
func (n *node) member(object map[string]any, m *member, yield func(*node) bool) bool {
	if m.streamed && n.doc.skipStreamed {
		return true
	}
	v, ok := object[m.key]
	if !ok || v == nil {
		return true
	}
	array, ok := v.([]any)
	if !ok {
		return yield(&node{doc: n.doc, parent: n, typ: m.typ, key: m.key, idx: -1, val: v})
	}
	for i, v := range array {
		if v != nil && !yield(&node{doc: n.doc, parent: n, typ: m.typ, key: m.key, idx: i, val: v}) {
			return false
		}
	}
	return true
}

// elements yields the children that the metaschema calls name.
func (n *node) elements(name string, yield func(*node) bool) bool {
	if n.typ == nil {
		return true
	}
	m := n.typ.byElement[name]
	if m == nil {
		return true
	}
	if n.only != nil {
		return n.only.key != m.key || yield(n.only)
	}
	object, _ := n.val.(map[string]any)
	return n.member(object, m, yield)
}
