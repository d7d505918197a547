// Package originals writes the findings of an assessment as their producers
// wrote them, one a line, compressed with gzip. It is the evidence behind every
// number, and it can be assessed again with the same result.
//
// Every finding that was read is there, whatever its disposition: those of ASFF
// in [File], and those of each other format in a file of their own, so that no
// file holds what its name does not say. A finding that came on one line is
// written byte for byte; one that came on several is written without the white
// space between its tokens, which are untouched.
package originals

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/go-shca/shca"
)

// File is the name of the file of ASFF findings.
const File = "findings.asff.ndjson.gz"

// MediaType is that of all files.
const MediaType = "application/gzip"

// Owned are the patterns of the files of other formats.
func Owned() []string { return []string{"originals.*.ndjson.gz"} }

// Render writes the file of ASFF findings. Those whose source names no format
// are among them.
func Render(ctx context.Context, w io.Writer, a *shca.Assessment) error {
	others := otherSources(a)
	return write(ctx, w, a, func(f *shca.Finding) bool { return !slices.Contains(others, f.Source) })
}

// Others writes a file for each other format that findings came in.
func Others(ctx context.Context, create func(name, mediaType string) (io.WriteCloser, error), a *shca.Assessment) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, source := range otherSources(a) {
		w, err := create("originals."+source+".ndjson.gz", MediaType)
		if err != nil {
			return err
		}
		err = write(ctx, w, a, func(f *shca.Finding) bool { return f.Source == source })
		if closed := w.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var sourceName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

// otherSources returns the kinds of source besides ASFF that findings came
// from, sorted.
func otherSources(a *shca.Assessment) []string {
	var names []string
	for i := range a.Scopes {
		s := &a.Scopes[i]
		if s.Findings > 0 && s.Source != shca.SourceASFF && sourceName.MatchString(s.Source) {
			names = append(names, s.Source)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func write(ctx context.Context, w io.Writer, a *shca.Assessment, take func(*shca.Finding) bool) error {
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
		if !take(f) {
			continue
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
