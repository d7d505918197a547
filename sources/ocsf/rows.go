package ocsf

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/internal/batch"
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
// over the rows and returns what there is to say about the table as a whole,
// the error last.
func records(ctx context.Context, name string, progress *shca.Progress, read func(emitRow) (problems []string, err error)) iter.Seq2[shca.Record, error] {
	return batch.Records(ctx, name, progress, func(emit batch.Emit) func(int64) *shca.Scope {
		problems, err := read(func(raw []byte, bad *shca.FindingError) bool {
			if bad == nil {
				return emit(raw, batch.Finding(decode))
			}
			return emit(raw, func([]byte) (shca.Record, *shca.FindingError) { return shca.Record{}, bad })
		})
		if err != nil {
			problems = append(problems, err.Error())
		}
		return func(findings int64) *shca.Scope {
			if len(problems) == 0 && findings == 0 {
				problems = []string{"holds no findings: it has no rows"}
			}
			if len(problems) == 0 {
				return nil
			}
			return &shca.Scope{Source: name, Err: strings.Join(problems, "; ")}
		}
	})
}

func appendString(b []byte, s string) []byte { return appendBytes(b, []byte(s)) }

// appendBytes writes a JSON string. What is not UTF-8 in it is replaced.
func appendBytes(b, s []byte) []byte {
	b, _ = jsontext.AppendQuote(b, s)
	return b
}
