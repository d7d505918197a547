package render

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/render/manifest"
)

// Package packs what WriteDir has written to the directory into a zip archive,
// and returns its size. The same artifacts and time of the assessment give the
// same bytes.
//
// The archive is readable by its owner only and appears whole or not at all; it
// replaces a file of that name. Large artifacts are not held in memory. Two calls
// for one file must not overlap.
func Package(ctx context.Context, file, dir string, a *shca.Assessment, written []shca.Artifact) (size int64, err error) {
	partial := filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+".partial")
	// What a run that was killed has left holds findings.
	if info, err := os.Lstat(partial); err == nil && info.Mode().IsRegular() {
		if err := os.Remove(partial); err != nil {
			return 0, err
		}
	}
	f, err := os.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignore(f.Close(), fs.ErrClosed), ignore(os.Remove(partial), fs.ErrNotExist))
		}
	}()
	buf := bufio.NewWriterSize(f, 256<<10)
	err = manifest.Zip(ctx, buf, written, a.Time, func(name string) (io.ReadCloser, error) { return os.Open(below(dir, name)) })
	if err != nil {
		return 0, err
	}
	if err := errors.Join(buf.Flush(), f.Sync()); err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if err := f.Close(); err != nil {
		return 0, err
	}
	if err := os.Rename(partial, file); err != nil {
		return 0, err
	}
	if err := syncDir(filepath.Dir(file)); err != nil {
		return 0, fmt.Errorf("%s is written, but may be lost with the power: %w", file, err)
	}
	return info.Size(), nil
}

// ignore returns the error unless it is the other.
func ignore(err, other error) error {
	if errors.Is(err, other) {
		return nil
	}
	return err
}
