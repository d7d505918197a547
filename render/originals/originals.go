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
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/go-shca/shca"
)

// File is the name of the file.
const File = "findings.asff.ndjson.gz"

// Render writes the file.
func Render(ctx context.Context, w io.Writer, a *shca.Assessment) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return err
	}
	z.ModTime = time.Unix(0, 0) // "not known"; the zero time is written as a year far off
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
		if bytes.IndexByte(f.Raw, '\n') >= 0 || bytes.IndexByte(f.Raw, '\r') >= 0 {
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
