package render

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/go-shca/shca"
)

// stagePattern is the name of the folder in which a run writes its files.
const stagePattern = ".shca-*.partial"

// below is the path of an artifact, whose name has slashes.
func below(dir, name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }

// WriteDir writes the artifacts of the given formats to the directory, which
// it creates if need be, and returns what it wrote in order of file names.
//
// All files are written and synced in a folder of their own inside dir before
// the first appears under its name, so an error, also ctx's, leaves what was
// there before; only if the system refuses to move a finished file to its name
// may some be new and some old, and the error says so. Files are readable by
// their owner only. Documents that people edit are carried on if the directory
// holds them; see oscal.Options.CarryOn. CheckDir's errors come before anything is written. Two
// calls for one directory must not overlap.
func WriteDir(ctx context.Context, dir string, a *shca.Assessment, formats []Format) (written []shca.Artifact, err error) {
	if err := CheckDir(dir, formats); err != nil {
		return nil, err
	}
	formats = slices.Clone(formats)
	for i, f := range formats {
		if f.In != nil {
			if formats[i], err = f.In(dir); err != nil {
				return nil, err
			}
		}
	}
	made, err := makeDir(dir)
	if err != nil {
		return nil, err
	}
	if err := removeLeftovers(dir); err != nil {
		return nil, err
	}
	stage, err := os.MkdirTemp(dir, stagePattern)
	if err != nil {
		return nil, err
	}
	defer func() {
		err = errors.Join(err, os.RemoveAll(stage))
		if err != nil && made != "" {
			_ = os.Remove(made) // only if it is empty, and only one level: nothing to lose
		}
	}()
	s := &staging{dir: stage}
	for phase := Early; phase <= Last; phase++ {
		if err := s.all(ctx, a, formats, phase); err != nil {
			s.abandon()
			return nil, err
		}
	}
	if err := publish(stage, dir, s.written, formats); err != nil {
		return nil, err
	}
	return s.written, nil
}

// CheckDir returns an error if artifacts of the given formats cannot be written
// to the directory: if something else has the name of one, or if it holds a
// known artifact that is not among them and so would stay beside those of
// another assessment. A directory that does not exist is fine.
func CheckDir(dir string, formats []Format) error {
	for _, f := range formats {
		for _, pattern := range append([]string{f.File}, f.Owned...) {
			err := existing(dir, pattern, func(name string, info fs.FileInfo) error {
				if info.IsDir() && name == pattern {
					return fmt.Errorf("%s is a folder, and an artifact has its name: remove it or choose another directory", below(dir, name))
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	for _, f := range Formats {
		if slices.ContainsFunc(formats, func(g Format) bool { return g.Name == f.Name }) {
			continue
		}
		err := f.eachOwned(dir, append([]string{f.File}, f.Owned...), func(name string) error {
			return fmt.Errorf("%s is of an earlier run and would stay beside artifacts of this one: write all formats, remove it, or choose another directory", below(dir, name))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eachOwned calls visit for each file below dir that matches a pattern and is
// the format's.
func (f Format) eachOwned(dir string, patterns []string, visit func(name string) error) error {
	for _, pattern := range patterns {
		err := existing(dir, pattern, func(name string, info fs.FileInfo) error {
			if !info.Mode().IsRegular() || name != f.File && f.Mine != nil && !f.Mine(os.DirFS(dir), name) {
				return nil
			}
			return visit(name)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// existing calls visit for everything below dir whose name matches the pattern.
func existing(dir, pattern string, visit func(name string, info fs.FileInfo) error) error {
	names, err := fs.Glob(os.DirFS(dir), pattern)
	if err != nil {
		return fmt.Errorf("pattern %q: %w", pattern, err)
	}
	for _, name := range names {
		info, err := os.Lstat(below(dir, name))
		if err != nil {
			continue // gone meanwhile
		}
		if err := visit(name, info); err != nil {
			return err
		}
	}
	return nil
}

// removeLeftovers removes what a run that was killed has left in the directory:
// it holds findings.
func removeLeftovers(dir string) error {
	return existing(dir, stagePattern, func(name string, info fs.FileInfo) error {
		if !info.IsDir() {
			return nil
		}
		return os.RemoveAll(below(dir, name))
	})
}

// makeDir creates dir and returns the directory it had to make, or "".
func makeDir(dir string) (made string, err error) {
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		made = dir
	}
	return made, os.MkdirAll(dir, 0o700)
}

// staging is the folder in which files are written.
type staging struct {
	dir string

	mu      sync.Mutex
	open    []*stagedFile
	written []shca.Artifact
}

// all writes the formats of a phase.
func (s *staging) all(ctx context.Context, a *shca.Assessment, formats []Format, phase Phase) error {
	known := *a
	known.Artifacts = slices.Clone(s.written)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, f := range formats {
		if f.Phase != phase {
			continue
		}
		group.Go(func() error { return s.one(ctx, f, &known) })
		if f.More != nil {
			group.Go(func() error {
				if err := f.More(ctx, s.create, &known); err != nil {
					return fmt.Errorf("%s: %w", f.Name, err)
				}
				return nil
			})
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if n := len(s.open); n > 0 {
		return fmt.Errorf("%d files were begun and not finished", n)
	}
	slices.SortFunc(s.written, func(a, b shca.Artifact) int { return cmp.Compare(a.File, b.File) })
	return nil
}

func (s *staging) one(ctx context.Context, f Format, a *shca.Assessment) error {
	w, err := s.create(f.File, f.MediaType)
	if err != nil {
		return err
	}
	if err := f.Render(ctx, w, a); err != nil {
		return fmt.Errorf("%s: %w", f.File, err)
	}
	return w.Close()
}

// create begins a file; it is a Create.
func (s *staging) create(name, mediaType string) (io.WriteCloser, error) {
	if !filepath.IsLocal(filepath.FromSlash(name)) || path.Clean(name) != name {
		return nil, fmt.Errorf("%q is no name for an artifact", name)
	}
	full := below(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(full, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	w := &stagedFile{stage: s, file: file, sum: sha256.New(), artifact: shca.Artifact{File: name, MediaType: mediaType}}
	w.buf = bufio.NewWriterSize(file, 16<<10) // hundreds of files may be open
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = append(s.open, w)
	return w, nil
}

// abandon closes what an error has left open.
func (s *staging) abandon() {
	for _, w := range s.open {
		_ = w.file.Close() // the error at hand is the one to tell
	}
}

// stagedFile counts and hashes what is written to it.
type stagedFile struct {
	stage    *staging
	file     *os.File
	buf      *bufio.Writer
	sum      hash.Hash
	artifact shca.Artifact
}

func (w *stagedFile) Write(p []byte) (int, error) {
	n, err := w.buf.Write(p)
	w.artifact.Size += int64(n)
	w.sum.Write(p[:n])
	return n, err
}

// Close finishes the file: it counts as written from then on.
func (w *stagedFile) Close() error {
	err := errors.Join(w.buf.Flush(), w.file.Sync(), w.file.Close())
	w.artifact.SHA256 = hex.EncodeToString(w.sum.Sum(nil))
	w.stage.mu.Lock()
	defer w.stage.mu.Unlock()
	w.stage.open = slices.DeleteFunc(w.stage.open, func(o *stagedFile) bool { return o == w })
	if err == nil {
		w.stage.written = append(w.stage.written, w.artifact)
	}
	return err
}

// publish moves the staged files to their names and removes files of an
// earlier run that would stand beside them with another assessment's content.
func publish(stage, dir string, written []shca.Artifact, formats []Format) error {
	dirs := map[string]bool{dir: true}
	now := map[string]bool{}
	for _, a := range written {
		now[a.File] = true
		to := below(dir, a.File)
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if err := os.Rename(below(stage, a.File), to); err != nil {
			return fmt.Errorf("%w (%s may hold artifacts of two runs now: remove it and run again)", err, dir)
		}
		dirs[filepath.Dir(to)] = true
	}
	if err := removeStale(dir, now, formats); err != nil {
		return err
	}
	for d := range dirs {
		if err := syncDir(d); err != nil {
			return err
		}
	}
	return nil
}

// removeStale removes the files that the formats own and have not written now.
// Folders and links stay: no format makes them.
func removeStale(dir string, now map[string]bool, formats []Format) error {
	for _, f := range formats {
		err := f.eachOwned(dir, f.Owned, func(name string) error {
			if now[name] {
				return nil
			}
			return os.Remove(below(dir, name))
		})
		if err != nil {
			return fmt.Errorf("format %s: %w", f.Name, err)
		}
	}
	return nil
}

// syncDir makes renames in a directory durable where the system can.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
