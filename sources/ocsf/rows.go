package ocsf

import (
	"context"
	"fmt"
	"iter"
	"runtime"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/stream"
)

// maxEvent is how many bytes the event of a row may have.
const maxEvent = stream.MaxFinding

// errTooLarge ends a row that is larger.
var errTooLarge = fmt.Errorf("larger than %d MiB, the limit for one finding", maxEvent>>20)

// emitRow takes the event of a table's row, or what is wrong with the row. raw
// may be used again after. It reports false if no more rows are wanted.
type emitRow func(raw []byte, bad *shca.FindingError) bool

// records yields the findings of a table's rows, in their order. read hands
// over the rows and returns what there is to say about the table as a whole.
// It runs beside who reads the records, so that opening or reading which
// blocks cannot keep them, and so does the decoding.
func records(ctx context.Context, name string, progress *shca.Progress, read func(emitRow) *shca.Scope) iter.Seq2[shca.Record, error] {
	return func(yield func(shca.Record, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		batches := make(chan *rowBatch, 2*min(runtime.GOMAXPROCS(0), 8)) // no more are decoded at once
		var scope *shca.Scope                                            // valid once batches is closed
		go func() {
			defer close(batches)
			cur := new(rowBatch)
			send := func() bool {
				cur.done = make(chan struct{})
				select {
				case <-ctx.Done():
					return false
				case batches <- cur:
				}
				go cur.decode()
				cur = new(rowBatch)
				return true
			}
			scope = read(func(raw []byte, bad *shca.FindingError) bool {
				const text, rows = 256 << 10, 4096
				if len(cur.rows) == rows || len(cur.text) > 0 && len(cur.text)+len(raw) > text {
					if !send() {
						return false
					}
				}
				if cur.text == nil {
					cur.text = make([]byte, 0, max(text, len(raw)))
				}
				start := len(cur.text)
				cur.text = append(cur.text, raw...)
				cur.rows = append(cur.rows, tableRow{start: start, end: len(cur.text), err: bad})
				return ctx.Err() == nil
			})
			if len(cur.rows) > 0 {
				send()
			}
		}()
		var number int64
		for {
			var b *rowBatch
			var more bool
			select {
			case <-ctx.Done():
			case b, more = <-batches:
			}
			if err := ctx.Err(); err != nil {
				yield(shca.Record{}, err)
				return
			}
			if !more {
				break
			}
			<-b.done
			read := int64(0)
			for i := range b.rows {
				number++
				row := &b.rows[i]
				if row.err != nil {
					row.err.Source, row.err.Number = name, number
					if !yield(shca.Record{}, row.err) {
						return
					}
					continue
				}
				read++
				if !yield(shca.Record{Finding: row.finding}, nil) {
					return
				}
			}
			progress.AddFindings(read)
		}
		if scope.Err == "" && number == 0 {
			scope.Err = "holds no findings: it has no rows"
		}
		if scope.Source = name; scope.Err != "" || scope.Note != "" {
			yield(shca.Record{Scope: scope}, nil)
		}
	}
}

// rowBatch is a run of rows that one goroutine decodes.
type rowBatch struct {
	text []byte
	rows []tableRow
	done chan struct{}
}

type tableRow struct {
	start, end int // in the batch's text
	finding    *shca.Finding
	err        *shca.FindingError
}

func (b *rowBatch) decode() {
	defer close(b.done)
	for i := range b.rows {
		if r := &b.rows[i]; r.err == nil {
			r.finding, r.err = decode(b.text[r.start:r.end:r.end])
		}
	}
}

func appendString(b []byte, s string) []byte { return appendBytes(b, []byte(s)) }

// appendBytes writes a JSON string. What is not UTF-8 in it is replaced.
func appendBytes(b, s []byte) []byte {
	b, _ = jsontext.AppendQuote(b, s)
	return b
}
