// Package batch decodes records on several goroutines and yields them in their
// order, the findings that cannot be read with their numbers. It is for the
// readers below sources/, whatever they read findings from: text, or the rows of
// a table.
package batch

import (
	"context"
	"iter"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/ordered"
)

// A batch is handed to a goroutine when it has so many bytes or findings.
const (
	maxBytes    = 256 << 10
	maxFindings = 4096
)

// Decode reads one record, or says what is wrong with it; Records adds Source
// and Number to that. If the record is a finding, raw is its Raw.
type Decode = func(raw []byte) (shca.Record, *shca.FindingError)

// Finding makes a Decode of a function that reads findings.
func Finding(decode func(raw []byte) (*shca.Finding, *shca.FindingError)) Decode {
	return func(raw []byte) (shca.Record, *shca.FindingError) {
		f, err := decode(raw)
		if err != nil {
			return shca.Record{}, err
		}
		return shca.Record{Finding: f}, nil
	}
}

// Emit takes the text of the next record, which may be used again after, and
// what decodes it. It returns false if no more are wanted.
type Emit func(raw []byte, decode Decode) bool

// Records yields the records that read emits, and at the end the scope, if
// there is one, that read returns when all has been read; it is given the number
// of findings then. read runs beside who reads the records, so that opening or
// reading which blocks cannot keep them.
func Records(ctx context.Context, name string, progress *shca.Progress, read func(Emit) (scope func(findings int64) *shca.Scope)) iter.Seq2[shca.Record, error] {
	return func(yield func(shca.Record, error) bool) {
		var scope func(int64) *shca.Scope // valid once all batches have come
		produce := func(send func(*batch) bool) {
			cur := new(batch)
			scope = read(func(raw []byte, decode Decode) bool {
				if len(cur.items) == maxFindings || len(cur.text) > 0 && len(cur.text)+len(raw) > cap(cur.text) {
					full := cur
					cur = new(batch) // full may be with a goroutine even if it is refused
					if !send(full) {
						return false
					}
				}
				if cur.text == nil {
					cur.text = make([]byte, 0, max(maxBytes, len(raw)))
				}
				start := len(cur.text)
				cur.text = append(cur.text, raw...)
				cur.items = append(cur.items, item{start: start, end: len(cur.text), decode: decode})
				return ctx.Err() == nil
			})
			if len(cur.items) > 0 {
				send(cur)
			}
		}
		var number int64
		for b := range ordered.Map(ctx, produce, (*batch).decode) {
			read := int64(0)
			for i := range b.items {
				it := &b.items[i]
				var err error
				switch {
				case it.err != nil:
					number++
					it.err.Source, it.err.Number = name, number
					err = it.err
				case it.record.Finding != nil:
					number++
					read++
				}
				if !yield(it.record, err) {
					return
				}
			}
			progress.AddFindings(read)
		}
		if err := ctx.Err(); err != nil {
			yield(shca.Record{}, err)
			return
		}
		if s := scope(number); s != nil {
			yield(shca.Record{Scope: s}, nil)
		}
	}
}

// A batch is a run of findings that one goroutine decodes.
type batch struct {
	text  []byte
	items []item
}

type item struct {
	start, end int // in the batch's text
	decode     Decode
	record     shca.Record
	err        *shca.FindingError
}

func (b *batch) decode() {
	for i := range b.items {
		it := &b.items[i]
		it.record, it.err = it.decode(b.text[it.start:it.end:it.end])
	}
}
