package manifest

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"

	"github.com/go-shca/shca"
)

// The comment of a package is the SHA-256 of all bytes in front of it: of the
// whole file but the comment's text. No byte can change without that showing,
// also those that unpacking never looks at.
const (
	commentPrefix = "sha256:"
	commentSize   = len(commentPrefix) + 2*sha256.Size
)

// Zip writes the artifacts, which open opens by name, as a zip archive: the same
// bytes for the same artifacts and time. It fails if one of them is no longer
// what it was.
func Zip(ctx context.Context, w io.Writer, artifacts []shca.Artifact, t time.Time, open func(name string) (io.ReadCloser, error)) error {
	artifacts = slices.Clone(artifacts)
	slices.SortFunc(artifacts, func(a, b shca.Artifact) int { return strings.Compare(a.File, b.File) })
	out := newFront(w, commentSize)
	z := zip.NewWriter(out)
	deflate, err := flate.NewWriter(nil, flate.DefaultCompression)
	if err != nil {
		return err
	}
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		deflate.Reset(w) // one file is written after the other
		return deflate, nil
	})
	for _, a := range artifacts {
		if err := zipOne(ctx, z, a, zipTime(t), open); err != nil {
			return fmt.Errorf("%s: %w", a.File, err)
		}
	}
	if err := z.SetComment(strings.Repeat(" ", commentSize)); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	_, err = io.WriteString(w, commentPrefix+out.hex())
	return err
}

// zipTime is the time as an archive can hold it: from 1980, and before 2038, as
// some programs read it with 32 bits.
func zipTime(t time.Time) time.Time {
	first, last := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2037, 12, 31, 23, 59, 58, 0, time.UTC)
	switch {
	case t.Before(first):
		return first
	case t.After(last):
		return last
	}
	return t.UTC()
}

func zipOne(ctx context.Context, z *zip.Writer, a shca.Artifact, t time.Time, open func(name string) (io.ReadCloser, error)) error {
	header := &zip.FileHeader{Name: a.File, Method: zip.Deflate, Modified: t}
	header.SetMode(0o600)
	w, err := z.CreateHeader(header)
	if err != nil {
		return err
	}
	r, err := open(a.File)
	if err != nil {
		return err
	}
	defer r.Close() // it is only read
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, sum), &whileContext{ctx, r})
	if err != nil {
		return err
	}
	if n != a.Size || hex.EncodeToString(sum.Sum(nil)) != a.SHA256 {
		return errors.New("changed since it was written: run again when nobody writes to the directory")
	}
	return nil
}

// whileContext reads while ctx lasts.
type whileContext struct {
	ctx context.Context
	r   io.Reader
}

func (w *whileContext) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.r.Read(p)
}
