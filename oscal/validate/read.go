package validate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// The limits of what is held in memory, in bytes of JSON text, and of nesting.
const (
	maxTree    = 64 << 20 // a document without the elements of its streamed arrays
	maxElement = 16 << 20 // one element of a streamed array
	maxDepth   = 200
)

// kinds are the documents of OSCAL, by the key at their root.
var kinds = []string{
	"catalog", "profile", "mapping-collection", "component-definition", "system-security-plan",
	"assessment-plan", "assessment-results", "plan-of-action-and-milestones",
}

// node is a place in a document that a streamed array is at or below; the
// child "*" stands for every index.
type node struct {
	children map[string]*node
	pattern  []string // of the streamed array at this place, nil if there is none
}

func newNode(patterns []string) *node {
	root := &node{}
	for _, p := range patterns {
		n, tokens := root, strings.Split(p, "/")
		for _, t := range tokens {
			if n.children == nil {
				n.children = map[string]*node{}
			}
			if n.children[t] == nil {
				n.children[t] = &node{}
			}
			n = n.children[t]
		}
		n.pattern = tokens
	}
	return root
}

func (n *node) child(token string) *node {
	if n == nil {
		return nil
	}
	return n.children[token]
}

// reading reads one document once.
type reading struct {
	ctx     context.Context
	streams *node
	keep    int // how many elements of a streamed array stay in the tree
	// skip leaves out what is not in a streamed array: read returns no tree.
	skip bool
	// element gets each further element of a streamed array; pointer is the
	// array's.
	element func(array *node, pointer string, index int, v any) error
	// bad gets what is wrong but does not keep the document from being read.
	bad func(pointer, text string)

	dec      *jsontext.Decoder
	guard    *guard
	path     []string
	streamed int64 // bytes of elements that are not in the tree
	start    int64 // where the element begins that is being read, -1 outside
	tokens   int
}

// read reads the document from its beginning and returns its root without the
// further elements of its streamed arrays. The error is ErrNotOSCAL, that of
// the context, or says what is not JSON, or too large.
func (r *reading) read(in io.ReadSeeker) (map[string]any, error) {
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	r.guard = &guard{in: in, left: maxTree}
	var source io.Reader = r.guard
	head := make([]byte, 3)
	n, err := io.ReadFull(source, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	head = head[:n]
	switch {
	case bytes.Equal(head, []byte("\xef\xbb\xbf")):
		r.bad("", "the file begins with a byte order mark, which readers of JSON may refuse: save it as UTF-8 without one")
		head = nil
	case bytes.HasPrefix(head, []byte("<")):
		return nil, errors.New("is not JSON but XML: convert it first, only JSON is read")
	case len(bytes.TrimSpace(head)) == 0 && n < 3:
		return nil, errors.New("is empty")
	}
	r.dec = jsontext.NewDecoder(io.MultiReader(bytes.NewReader(head), source), jsontext.AllowDuplicateNames(true))
	r.start = -1
	r.path, r.streamed = r.path[:0], 0
	tok, err := r.token()
	if err != nil {
		return nil, err
	}
	if tok.Kind() != '{' {
		return nil, fmt.Errorf("%w: it is not an object", ErrNotOSCAL)
	}
	root := map[string]any{}
	err = r.members(root, r.streams, 1, func(key string) error {
		if key == "$schema" || slices.Contains(kinds, key) || hasKind(root) {
			return nil
		}
		return fmt.Errorf("%w: its root has the key %q", ErrNotOSCAL, key)
	})
	if err != nil {
		return nil, err
	}
	if !hasKind(root) {
		return nil, fmt.Errorf("%w: its root has none of the keys of a document", ErrNotOSCAL)
	}
	if _, err := r.dec.ReadToken(); !errors.Is(err, io.EOF) {
		if err == nil {
			return nil, errors.New("is not JSON: there is more after the end of the document")
		}
		return nil, r.syntax(err)
	}
	return root, nil
}

func hasKind(root map[string]any) bool {
	for _, k := range kinds {
		if _, ok := root[k]; ok {
			return true
		}
	}
	return false
}

// token reads the next token and keeps the limits.
func (r *reading) token() (jsontext.Token, error) {
	if r.tokens++; r.tokens%1024 == 0 {
		if err := r.ctx.Err(); err != nil {
			return jsontext.Token{}, err
		}
	}
	tok, err := r.dec.ReadToken()
	if err != nil {
		return tok, r.syntax(err)
	}
	r.guard.left = maxTree
	offset := r.dec.InputOffset()
	switch {
	case r.start >= 0 && offset-r.start > maxElement:
		return tok, fmt.Errorf("%s: is larger than %d MiB, the most that is read of one element", printable(r.pointer(), 200), maxElement>>20)
	case r.start < 0 && !r.skip && offset-r.streamed > maxTree:
		return tok, fmt.Errorf("holds more than %d MiB outside of the arrays that are read element by element", maxTree>>20)
	}
	return tok, nil
}

// syntax says where and why the text is not JSON.
func (r *reading) syntax(err error) error {
	var syntactic *jsontext.SyntacticError
	switch {
	case r.ctx.Err() != nil:
		return r.ctx.Err()
	case errors.Is(err, errTooLarge):
		return err
	case errors.As(err, &syntactic):
		cause := "it is malformed"
		if syntactic.Err != nil {
			cause = syntactic.Err.Error()
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			cause = "the text ends early"
		}
		where := ""
		if syntactic.JSONPointer != "" {
			where = " at " + printable(string(syntactic.JSONPointer), 200)
		}
		return fmt.Errorf("is not JSON: byte %d%s: %s", syntactic.ByteOffset, where, printable(cause, 200))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("is not JSON: the text ends early")
	}
	return err
}

func (r *reading) value(n *node, depth int) (any, error) {
	if r.skip && r.start < 0 && (n == nil || r.dec.PeekKind() != '{' && r.dec.PeekKind() != '[') {
		r.guard.left = -1 // the first reading has kept the limits
		if err := r.dec.SkipValue(); err != nil {
			return nil, r.syntax(err)
		}
		return nil, r.ctx.Err()
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("%s: is nested deeper than %d levels", printable(r.pointer(), 200), maxDepth)
	}
	tok, err := r.token()
	if err != nil {
		return nil, err
	}
	switch tok.Kind() {
	case '{':
		m := map[string]any{}
		return m, r.members(m, n, depth, nil)
	case '[':
		return r.elements(n, depth)
	case '"':
		return tok.String(), nil
	case '0':
		return r.number(tok.String()), nil
	case 't', 'f':
		return tok.Bool(), nil
	}
	return nil, nil
}

// members reads the members of an object and its end. check, if not nil, may
// refuse a key.
func (r *reading) members(m map[string]any, n *node, depth int, check func(string) error) error {
	for {
		tok, err := r.token()
		if err != nil {
			return err
		}
		if tok.Kind() == '}' {
			return nil
		}
		key := tok.String()
		if check != nil {
			if err := check(key); err != nil {
				return err
			}
		}
		r.path = append(r.path, key)
		if _, twice := m[key]; twice {
			r.bad(r.pointer(), "the key is there twice in its object: readers of JSON differ in which one they take")
		}
		v, err := r.value(n.child(key), depth+1)
		if err != nil {
			return err
		}
		m[key] = v
		r.path = r.path[:len(r.path)-1]
	}
}

// elements reads the elements of an array and its end.
func (r *reading) elements(n *node, depth int) ([]any, error) {
	streamed := n != nil && n.pattern != nil && r.start < 0
	array := ""
	if streamed {
		array = r.pointer()
	}
	all := []any{}
	for i := 0; ; i++ {
		if r.dec.PeekKind() == ']' {
			_, err := r.token()
			return all, err
		}
		r.path = append(r.path, strconv.Itoa(i))
		out := streamed && i >= r.keep
		if out {
			r.start = r.dec.InputOffset()
		}
		child := n.child("*")
		if !out && streamed && r.skip {
			child = nil // the first reading has it
		}
		v, err := r.value(child, depth+1)
		if err != nil {
			return nil, err
		}
		if out {
			r.streamed += r.dec.InputOffset() - r.start
			r.start = -1
			if err := r.element(n, array, i, v); err != nil {
				return nil, err
			}
		} else {
			all = append(all, v)
		}
		r.path = r.path[:len(r.path)-1]
	}
}

// number bounds numbers: exact arithmetic on 1e999999999 would never end.
func (r *reading) number(text string) any {
	_, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	if len(text) > 100 || len(strings.TrimLeft(exponent, "+-0")) > 2 {
		r.bad(r.pointer(), "the number has too many digits: it is taken as 0")
		return json.Number("0")
	}
	return json.Number(text)
}

func (r *reading) pointer() string { return pointer("", r.path) }

// pointer returns the JSON pointer to what path leads to from base.
func pointer(base string, path []string) string {
	var b strings.Builder
	b.WriteString(base)
	for _, token := range path {
		b.WriteByte('/')
		b.WriteString(escapeToken(token))
	}
	return b.String()
}

func escapeToken(t string) string {
	if !strings.ContainsAny(t, "~/") {
		return t
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(t)
}

var errTooLarge = fmt.Errorf("holds a text of more than %d MiB", maxTree>>20)

// guard ends a reading that would take too much memory for one token. left is
// how much it passes on until it is set again, without end if negative.
type guard struct {
	in   io.Reader
	left int
}

func (g *guard) Read(p []byte) (int, error) {
	if g.left == 0 {
		return 0, errTooLarge
	}
	if g.left > 0 && len(p) > g.left {
		p = p[:g.left]
	}
	n, err := g.in.Read(p)
	if g.left > 0 {
		g.left -= n
	}
	return n, err
}
