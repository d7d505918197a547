package ocsf

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// node is one JSON value of a finding and, once it or its parts have been put
// into the event, the note of that. What is not marked in the end is unmapped.
type node struct {
	name     string // of the member, "" in a list
	kind     jsontext.Kind
	raw      string // the value as it was read
	start    int    // where it begins in the text that was parsed
	children []node // of objects and lists
	used     bool   // the whole value is in the event
}

// parsers are kept for their memory.
var parsers = sync.Pool{New: func() any { return &parser{dec: new(jsontext.Decoder)} }}

// parse reads one finding.
func parse(raw []byte) (*node, error) {
	p := parsers.Get().(*parser)
	defer parsers.Put(p)
	p.text, p.open = string(raw), p.open[:0]
	// Sources hand on no finding with a name twice in an object.
	p.dec.Reset(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true))
	root, err := p.value("")
	if err != nil {
		return nil, err
	}
	if root.kind != '{' {
		return nil, errors.New("a finding is a JSON object")
	}
	if _, err := p.dec.ReadToken(); err != io.EOF {
		return nil, errors.New("more than one JSON value")
	}
	return &root, nil
}

type parser struct {
	text string // all names and values are slices of it
	dec  *jsontext.Decoder
	open []node // children read so far of the objects and lists that are open
}

func (p *parser) value(name string) (node, error) {
	n := node{name: name, kind: p.dec.PeekKind()}
	if n.kind != '{' && n.kind != '[' {
		var err error
		n.raw, n.start, err = p.next()
		return n, err
	}
	if _, err := p.dec.ReadToken(); err != nil {
		return n, err
	}
	n.start = int(p.dec.InputOffset()) - 1
	first := len(p.open)
	for k := p.dec.PeekKind(); k != '}' && k != ']'; k = p.dec.PeekKind() {
		member := ""
		if n.kind == '{' {
			quoted, _, err := p.next()
			if err != nil {
				return n, err
			}
			member = unquote(quoted)
		}
		child, err := p.value(member)
		if err != nil {
			return n, err
		}
		p.open = append(p.open, child)
	}
	if _, err := p.dec.ReadToken(); err != nil {
		return n, err
	}
	n.raw = p.text[n.start:p.dec.InputOffset()]
	n.children = slices.Clone(p.open[first:])
	p.open = p.open[:first]
	return n, nil
}

// next reads a name, or a value that is no object and no list.
func (p *parser) next() (raw string, start int, err error) {
	v, err := p.dec.ReadValue()
	end := int(p.dec.InputOffset())
	start = end - len(v)
	return p.text[start:end], start, err
}

// unquote returns the text of a JSON string.
func unquote(raw string) string {
	if strings.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		return "" // cannot be: the decoder has read it
	}
	return string(text)
}

// at returns the value that the names lead to, or nil. It is nil for nil.
func (n *node) at(names ...string) *node {
next:
	for _, name := range names {
		if n == nil || n.kind != '{' {
			return nil
		}
		for i := range n.children {
			if n.children[i].name == name {
				n = &n.children[i]
				continue next
			}
		}
		return nil
	}
	return n
}

// list returns the elements of a list; a value that is none counts as a list
// of itself, as some producers write it.
func (n *node) list() []*node {
	switch {
	case n == nil, n.kind == 'n':
		return nil
	case n.kind != '[':
		return []*node{n}
	}
	all := make([]*node, len(n.children))
	for i := range n.children {
		all[i] = &n.children[i]
	}
	return all
}

// text returns a string's text, "" for what is no string.
func (n *node) text() string {
	if n == nil || n.kind != '"' {
		return ""
	}
	return unquote(n.raw)
}

// number returns the digits of a number, or of a string that may be one.
func (n *node) number() string {
	switch {
	case n == nil:
		return ""
	case n.kind == '0':
		return n.raw
	}
	return n.text()
}

// integer returns a number that fits OCSF's integer_t, 32 bits.
func (n *node) integer() (int, bool) {
	text := n.number()
	i, err := strconv.ParseInt(text, 10, 32)
	return int(i), err == nil && strconv.FormatInt(i, 10) == text
}

// float returns a number, or a number in a string.
func (n *node) float() (decimal, bool) {
	text := n.number()
	if _, err := strconv.ParseFloat(text, 64); err != nil || jsontext.Value(text).Kind() != '0' || !jsontext.Value(text).IsValid() {
		return "", false
	}
	return decimal(text), true
}

// time returns a time, the zero time for what is none.
func (n *node) time() time.Time {
	t, _ := time.Parse(time.RFC3339Nano, n.text())
	return t.UTC()
}

// take returns the text and marks it as used. An empty text is not, for no
// attribute is written for it.
func (n *node) take() string {
	text := n.text()
	if text != "" {
		n.used = true
	}
	return text
}

// takeAll returns the texts of a list of strings and marks the list as used;
// it returns nothing unless all are texts, and there are some.
func (n *node) takeAll() []string {
	var texts []string
	for _, e := range n.list() {
		text := e.text()
		if text == "" {
			return nil
		}
		texts = append(texts, text)
	}
	if texts != nil {
		use(n)
	}
	return texts
}

// use marks values as used.
func use(nodes ...*node) {
	for _, n := range nodes {
		if n != nil {
			n.used = true
		}
	}
}

// unuse takes the marks off the value and its parts.
func (n *node) unuse() {
	n.used = false
	for i := range n.children {
		n.children[i].unuse()
	}
}

// left reports whether something of the value is unused.
func (n *node) left() bool {
	if n.used {
		return false
	}
	for i := range n.children {
		if n.children[i].left() {
			return true
		}
	}
	return len(n.children) == 0
}

// appendLeft appends what is unused, in the finding's own shape: objects and
// lists without their used parts. In lists, used elements that others follow
// leave an empty object, so that the positions stay.
func (n *node) appendLeft(b []byte) []byte {
	if len(n.children) == 0 {
		return append(b, n.raw...)
	}
	open, end := byte('{'), byte('}')
	if n.kind == '[' {
		open, end = '[', ']'
	}
	b = append(b, open)
	first, pending := true, 0
	for i := range n.children {
		c := &n.children[i]
		if !c.left() {
			pending++
			continue
		}
		if n.kind == '[' {
			for ; pending > 0; pending-- {
				if !first {
					b = append(b, ',')
				}
				b, first = append(b, "{}"...), false
			}
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		if n.kind == '{' {
			b = appendQuoted(b, c.name)
			b = append(b, ':')
		}
		b = c.appendLeft(b)
	}
	return append(b, end)
}

// appendQuoted appends a text that is valid UTF-8 as a JSON string.
func appendQuoted(b []byte, text string) []byte {
	b, err := jsontext.AppendQuote(b, text)
	if err != nil {
		panic(err) // the decoder lets no invalid UTF-8 pass
	}
	return b
}

// flat calls add for each unused value with its path, "ProductFields.ControlId"
// or "Resources.1.Id", and its text: that of a string, else its JSON.
func (n *node) flat(path string, add func(path, text string)) {
	if !n.left() {
		return
	}
	if len(n.children) == 0 {
		text := n.raw
		switch n.kind {
		case '"':
			text = n.text()
		case '{':
			text = "{}" // whatever space is in it
		case '[':
			text = "[]"
		}
		add(path, text)
		return
	}
	for i := range n.children {
		c := &n.children[i]
		name := c.name
		if n.kind == '[' {
			name = strconv.Itoa(i)
		}
		if path != "" {
			name = path + "." + name
		}
		c.flat(name, add)
	}
}
