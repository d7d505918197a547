package validate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// node is a value of an event. Nodes refer to each other by their index in the
// tree; 0, which is the root, stands for none.
type node struct {
	name        []byte // of a member, unescaped
	text        []byte // of a string, unescaped; of a number, as it is written
	kind        jsontext.Kind
	first, next int32 // the first member or element, and the one after this
	size        int   // how many members or elements there are
	attribute   *attribute
}

// null reports whether the node, which may be none, has no value.
func (n *node) null() bool { return n.kind == 0 || n.kind == 'n' }

// integer reports whether the node is a number without fraction and exponent,
// as OCSF wants integers.
func (n *node) integer() bool {
	return n.kind == '0' && bytes.IndexByte(n.text, '.') < 0 && !bytes.ContainsAny(n.text, "eE")
}

// int64 returns the value of an integer that fits.
func (n *node) int64() (v int64, ok bool) {
	if !n.integer() {
		return 0, false
	}
	v, err := strconv.ParseInt(string(n.text), 10, 64)
	return v, err == nil
}

// typeName names the node's type for a message.
func (n *node) typeName() string {
	switch n.kind {
	case 'n':
		return "null"
	case 't', 'f':
		return "boolean"
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "array"
	}
	if n.integer() {
		return "integer"
	}
	return "float"
}

// step is one step of the way from the event to a value: a member's name, or an
// index if there is none.
type step struct {
	name  []byte
	index int
}

// tree is an event. It can be used again: what it took for one event serves the
// next.
type tree struct {
	nodes     []node
	path      []step
	input     bytes.Buffer
	raw       []byte
	dec       *jsontext.Decoder
	names     []int32           // scratch: members of an object
	duplicate func(name []byte) // is told of each; the path is that of the object
}

// parse reads the event. Of members of the same name the last one stays, as in
// most readers.
func (t *tree) parse(raw []byte) error {
	t.nodes, t.path, t.raw = t.nodes[:0], t.path[:0], raw
	t.input = *bytes.NewBuffer(raw)
	if t.dec == nil {
		t.dec = jsontext.NewDecoder(&t.input, jsontext.AllowDuplicateNames(true))
	} else {
		t.dec.Reset(&t.input, jsontext.AllowDuplicateNames(true))
	}
	if _, err := t.value(); err != nil {
		return syntax(err)
	}
	if _, err := t.dec.ReadToken(); err != io.EOF {
		if err == nil {
			return errors.New("there is more after the end of the event")
		}
		return syntax(err)
	}
	return nil
}

// syntax says where and why a text is not JSON.
func syntax(err error) error {
	var at *jsontext.SyntacticError
	switch {
	case errors.Is(err, errTooLarge):
		return errTooLarge
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("the text ends early")
	case errors.As(err, &at) && at.Err != nil:
		return fmt.Errorf("byte %d: %w", at.ByteOffset, at.Err)
	}
	return err
}

// maxNodes bounds how many values an event has: each takes far more memory
// than its text may.
const maxNodes = 1_000_000

var errTooMany = fmt.Errorf("the event has more than %d values, the most that is checked", maxNodes)

// value reads the next value and returns its index.
func (t *tree) value() (int32, error) {
	if len(t.nodes) == maxNodes {
		return 0, errTooMany
	}
	id := int32(len(t.nodes))
	t.nodes = append(t.nodes, node{kind: t.dec.PeekKind()})
	switch t.nodes[id].kind {
	case '{':
		return id, t.members(id)
	case '[':
		return id, t.elements(id)
	}
	text, err := t.scalar()
	t.nodes[id].text = text
	return id, err
}

// scalar reads a string, number or literal and returns its text.
func (t *tree) scalar() ([]byte, error) {
	val, err := t.dec.ReadValue()
	if err != nil {
		return nil, err
	}
	// The decoder may use its memory again, that of raw stays.
	end := t.dec.InputOffset()
	text := t.raw[end-int64(len(val)) : end : end]
	if text[0] != '"' {
		return text, nil
	}
	if bytes.IndexByte(text, '\\') < 0 {
		return text[1 : len(text)-1], nil
	}
	return jsontext.AppendUnquote(nil, text)
}

func (t *tree) members(id int32) error {
	if _, err := t.dec.ReadToken(); err != nil {
		return err
	}
	last := int32(0)
	for t.dec.PeekKind() != '}' {
		name, err := t.scalar()
		if err != nil {
			return err
		}
		t.path = append(t.path, step{name: name})
		child, err := t.value()
		if err != nil {
			return err
		}
		t.path = t.path[:len(t.path)-1]
		t.nodes[child].name = name
		last = t.link(id, last, child)
	}
	t.unique(id)
	_, err := t.dec.ReadToken()
	return err
}

func (t *tree) elements(id int32) error {
	if _, err := t.dec.ReadToken(); err != nil {
		return err
	}
	last := int32(0)
	for i := 0; t.dec.PeekKind() != ']'; i++ {
		t.path = append(t.path, step{index: i})
		child, err := t.value()
		if err != nil {
			return err
		}
		t.path = t.path[:len(t.path)-1]
		last = t.link(id, last, child)
	}
	_, err := t.dec.ReadToken()
	return err
}

// link appends a child after the last one and returns it.
func (t *tree) link(parent, last, child int32) int32 {
	if last == 0 {
		t.nodes[parent].first = child
	} else {
		t.nodes[last].next = child
	}
	t.nodes[parent].size++
	return child
}

// unique takes members that are there twice out of the object.
func (t *tree) unique(id int32) {
	if t.nodes[id].size < 2 {
		return
	}
	t.names = t.names[:0]
	for m := t.nodes[id].first; m != 0; m = t.nodes[m].next {
		t.names = append(t.names, m)
	}
	compare := func(a, b int32) int { return bytes.Compare(t.nodes[a].name, t.nodes[b].name) }
	if !t.repeats(compare) {
		return
	}
	slices.SortStableFunc(t.names, compare)
	dropped := map[int32]bool{}
	for i, m := range t.names[1:] {
		if compare(t.names[i], m) == 0 {
			dropped[t.names[i]] = true
			t.duplicate(t.nodes[m].name)
		}
	}
	last := int32(0)
	t.nodes[id].size = 0
	for m := t.nodes[id].first; m != 0; m = t.nodes[m].next {
		if !dropped[m] {
			last = t.link(id, last, m)
		}
	}
	t.nodes[last].next = 0
}

// repeats reports whether two of the names are equal.
func (t *tree) repeats(compare func(a, b int32) int) bool {
	if len(t.names) > 16 {
		slices.SortStableFunc(t.names, compare)
		for i, m := range t.names[1:] {
			if compare(t.names[i], m) == 0 {
				return true
			}
		}
		return false
	}
	for i, m := range t.names {
		name := t.nodes[m].name
		for _, o := range t.names[:i] {
			if other := t.nodes[o].name; len(other) == len(name) && string(other) == string(name) {
				return true
			}
		}
	}
	return false
}

// member returns the member of an object, or a node without value if there is
// no such object or member.
func (t *tree) member(of *node, name string) *node {
	if m := t.find(of, name); m != 0 {
		return &t.nodes[m]
	}
	return &none
}

// find returns the index of the member, 0 if there is none.
func (t *tree) find(of *node, name string) int32 {
	if of.kind == '{' {
		for m := of.first; m != 0; m = t.nodes[m].next {
			if string(t.nodes[m].name) == name {
				return m
			}
		}
	}
	return 0
}

// none is the node that is not there.
var none node

// maxPath bounds how much of a path a message holds.
const maxPath = 500

// at returns the path as text, and with the name of a member after it if that
// is not empty.
func (t *tree) at(member string) string {
	var b []byte
	for _, s := range t.path {
		if len(b) > maxPath {
			break
		}
		b = s.append(b)
	}
	if member != "" {
		b = step{name: []byte(member)}.append(b)
	}
	if len(b) > maxPath {
		return string(bytes.ToValidUTF8(b[:maxPath], nil)) + "…"
	}
	return string(b)
}

func (s step) append(b []byte) []byte {
	if s.name == nil {
		return append(strconv.AppendInt(append(b, '['), int64(s.index), 10), ']')
	}
	if len(b) > 0 {
		b = append(b, '.')
	}
	return append(b, s.name[:min(len(s.name), maxPath+1)]...)
}
