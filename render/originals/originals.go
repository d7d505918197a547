// Package originals writes the findings of an assessment as their producers
// wrote them, one a line, compressed with gzip. It is the evidence behind every
// number, and it can be assessed again with the same result.
//
// Every finding that was read is there, whatever its disposition. A finding
// that came on one line is written byte for byte; one that came on several is
// written without the white space between its tokens, which are untouched.
package originals

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/go-shca/shca"
)

// File is the name of the file.
const File = "findings.asff.ndjson.gz"

// Render writes the file.
func Render(ctx context.Context, w io.Writer, a *shca.Assessment) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if !a.Complete() {
		z.Comment = "incomplete: not everything could be read"
	}
	var line bytes.Buffer
	for f, err := range a.Findings {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		line.Reset()
		if bytes.ContainsAny(f.Raw, "\r\n") {
			if err := json.Compact(&line, f.Raw); err != nil {
				return fmt.Errorf("finding %s: %w", f.ID, err)
			}
		} else {
			line.Write(f.Raw)
		}
		line.WriteByte('\n')
		if _, err := z.Write(line.Bytes()); err != nil {
			return err
		}
	}
	return z.Close()
}
