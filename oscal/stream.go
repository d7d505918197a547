package oscal

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
)

// stream writes one JSON document in order, so that no document has to be held
// in memory. Objects are indented; elements of long arrays take a line each,
// which keeps documents small and their differences readable. The first error
// stops it and is what document returns.
type stream struct {
	ctx   context.Context
	w     *bufio.Writer
	depth int
	first bool // nothing was written yet at this depth
	err   error
}

func newStream(ctx context.Context, w io.Writer) *stream {
	return &stream{ctx: ctx, w: bufio.NewWriterSize(w, 64<<10), first: true}
}

// document writes a whole document: its root object with one member.
func (s *stream) document(key string, body func()) error {
	return s.root(func() { s.object(key, body) })
}

// whole writes a document that is held in memory.
func (s *stream) whole(key string, v any) error {
	return s.root(func() { s.value(key, v) })
}

func (s *stream) root(body func()) error {
	s.nested(body)
	s.text("\n")
	if s.err == nil {
		s.err = s.w.Flush()
	}
	return s.err
}

// object writes a member that is an object, whose members body writes.
func (s *stream) object(key string, body func()) {
	s.key(key)
	s.nested(body)
}

// array writes a member that is an array of the values that elements passes on,
// one a line. Without a value it writes nothing, since OSCAL has no empty
// arrays.
func (s *stream) array(key string, elements func(element func(v any))) {
	open := false
	elements(func(v any) {
		if !open {
			s.key(key)
			s.open("[")
			open = true
		}
		s.separate()
		s.marshal(v, false)
	})
	if open {
		s.close("]")
	}
}

// objects writes a member that is an array of objects, whose members the bodies
// write.
func (s *stream) objects(key string, bodies ...func()) {
	s.key(key)
	s.open("[")
	for _, body := range bodies {
		s.separate()
		s.nested(body)
	}
	s.close("]")
}

// value writes a member.
func (s *stream) value(key string, v any) {
	s.key(key)
	s.marshal(v, true)
}

func (s *stream) key(key string) {
	s.separate()
	s.marshal(key, false)
	s.text(": ")
}

func (s *stream) separate() {
	if !s.first {
		s.text(",")
	}
	s.first = false
	s.text("\n" + strings.Repeat("  ", s.depth))
}

func (s *stream) nested(body func()) {
	s.open("{")
	body()
	s.close("}")
}

func (s *stream) open(bracket string) {
	s.text(bracket)
	s.depth++
	s.first = true
}

func (s *stream) close(bracket string) {
	s.depth--
	s.first = false
	s.text("\n" + strings.Repeat("  ", s.depth) + bracket)
}

func (s *stream) marshal(v any, indent bool) {
	if s.err != nil {
		return
	}
	if s.err = s.ctx.Err(); s.err != nil {
		return
	}
	raw, err := encode(v)
	if err == nil && indent {
		var b bytes.Buffer
		err = json.Indent(&b, raw, strings.Repeat("  ", s.depth), "  ")
		raw = b.Bytes()
	}
	if err != nil {
		s.err = err
		return
	}
	_, s.err = s.w.Write(raw)
}

func (s *stream) text(t string) {
	if s.err == nil {
		_, s.err = s.w.WriteString(t)
	}
}

// fail stops the stream with an error, unless one did already.
func (s *stream) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}
