package manifest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/go-shca/shca"
)

// MaxProblems bounds the problems that a Result keeps.
const MaxProblems = 100

// VerifyOptions say what to check. The zero value works.
type VerifyOptions struct {
	// Key is whose signature the package must have; nil asks for none, and leaves
	// one that is there unchecked.
	Key *PublicKey
}

// Result is what Verify found.
type Result struct {
	Files int // that the manifest lists

	// Problems are sentences, at most MaxProblems of ProblemCount. A package with
	// none is what its manifest tells of.
	Problems     []string
	ProblemCount int

	Signature Signature
	Zip       bool // it is an archive
	Sealed    bool // it is an archive, and its checksum is right
}

// Signature is what is known of a package's signature.
type Signature int

// The states of a signature.
const (
	Unsigned  Signature = iota
	Unchecked           // there is one, which no key was given for
	Verified            // it is of the key, and is right
)

func (r *Result) problem(format string, args ...any) {
	if r.ProblemCount++; len(r.Problems) < MaxProblems {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

// Verify compares a package, a directory or a zip archive, with its manifest:
// every file must be there as the manifest has it, and no other. Folders that
// hold nothing do not matter. In a directory nothing is followed out of it, and
// links are problems. Of an archive nothing is unpacked to more than the manifest
// says, and nothing is written.
//
// The error is ctx's, or says that the package could not be looked at; whatever
// is wrong with it is a problem.
func Verify(ctx context.Context, name string, o VerifyOptions) (Result, error) {
	info, err := os.Stat(name)
	if err != nil {
		return Result{}, err
	}
	if info.IsDir() {
		root, err := os.OpenRoot(name)
		if err != nil {
			return Result{}, err
		}
		defer root.Close() // it is only read
		return verify(ctx, folder{root.FS()}, o)
	}
	if !info.Mode().IsRegular() {
		return Result{}, fmt.Errorf("%s: is neither a directory nor a file: name the directory or the zip archive of a package", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return Result{}, err
	}
	defer f.Close() // it is only read
	r, err := verifyZip(ctx, f, info.Size(), o)
	if errors.Is(err, errNotZip) {
		if filepath.Base(name) == File {
			return r, fmt.Errorf("%s: name the directory that it is in", name)
		}
		return r, fmt.Errorf("%s: %w: name the directory or the zip archive of a package", name, err)
	}
	return r, err
}

func verifyZip(ctx context.Context, r io.ReaderAt, size int64, o VerifyOptions) (Result, error) {
	z, err := openArchive(ctx, r, size)
	if ctx.Err() != nil {
		return Result{}, ctx.Err()
	}
	if errors.Is(err, errNotZip) {
		return Result{}, err
	}
	if err != nil {
		result := Result{Zip: true}
		result.problem("%s", err)
		return result, nil
	}
	result, err := verify(ctx, z, o)
	result.Zip, result.Sealed = true, z.sealed
	return result, err
}

// pack is where the files of a package are.
type pack interface {
	// each calls visit for every file, in an order that is the same each time, and
	// problem for what is none. open opens the file.
	each(visit func(name string, size int64, open func() (io.ReadCloser, error)) error, problem func(format string, args ...any)) error
	// file opens a file by its name. The error is fs.ErrNotExist if there is none.
	file(name string) (io.ReadCloser, error)
}

func verify(ctx context.Context, p pack, o VerifyOptions) (Result, error) {
	var r Result
	c, err := manifestOf(ctx, p)
	if ctx.Err() != nil {
		return r, ctx.Err()
	}
	if err != nil {
		r.problem("%s: %s", File, err)
		return r, nil
	}
	r.Files = len(c.files)
	index := make(map[string]int, len(c.files))
	for i, f := range c.files {
		index[f.File] = i
	}
	seen := make([]bool, len(c.files))
	err = p.each(func(name string, size int64, open func() (io.ReadCloser, error)) error {
		if name == File || name == SignatureFile {
			return ctx.Err()
		}
		i, listed := index[name]
		if !listed {
			r.problem("%s: added: the manifest does not list it", name)
			return ctx.Err()
		}
		seen[i] = true
		if err := compare(ctx, c.files[i], size, open); err != nil {
			r.problem("%s: %s%s", name, err, hint(name))
		}
		return ctx.Err()
	}, r.problem)
	if ctx.Err() != nil {
		return r, ctx.Err()
	}
	if err != nil {
		return r, err
	}
	for i, f := range c.files {
		if !seen[i] {
			r.problem("%s: missing", f.File)
		}
	}
	r.signature(ctx, p, c, o.Key)
	return r, ctx.Err()
}

func manifestOf(ctx context.Context, p pack) (*contents, error) {
	f, err := p.file(File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missingManifest(p)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close() // it is only read
	return readManifest(&whileContext{ctx, f})
}

// missingManifest says that there is none, and where it may be.
func missingManifest(p pack) error {
	inside := ""
	_ = p.each(func(name string, _ int64, _ func() (io.ReadCloser, error)) error {
		if path.Base(name) == File && (inside == "" || len(path.Dir(name)) < len(inside)) {
			inside = path.Dir(name)
		}
		return nil
	}, func(string, ...any) {})
	switch _, zipped := p.(*archive); {
	case inside != "" && zipped:
		return fmt.Errorf("missing; there is one in the folder %s: pack the files themselves, not the folder", inside)
	case inside != "":
		return fmt.Errorf("missing; there is one in %s: name that directory", inside)
	}
	return errors.New("missing: this is no package of shca, or one without the format manifest")
}

var errChanged = errors.New("changed")

// compare returns an error if a file is not what the manifest says.
func compare(ctx context.Context, want shca.Artifact, size int64, open func() (io.ReadCloser, error)) error {
	if size != want.Size {
		return fmt.Errorf("%w: it has %d bytes, and the manifest says %d", errChanged, size, want.Size)
	}
	f, err := open()
	if err != nil {
		return fmt.Errorf("cannot be read: %w", err)
	}
	defer f.Close() // it is only read
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(&whileContext{ctx, f}, want.Size+1))
	switch {
	case err != nil:
		return fmt.Errorf("cannot be read: %w", err)
	case n != want.Size || hex.EncodeToString(sum.Sum(nil)) != want.SHA256:
		return fmt.Errorf("%w: it has not the SHA-256 that the manifest says", errChanged)
	}
	return nil
}

// hint says of the documents that people edit what to do.
func hint(name string) string {
	switch path.Base(name) {
	case "system-security-plan.json", "plan-of-action-and-milestones.json":
		return " (if somebody completed it: the next run of shca assess into the directory carries that on, and lists it anew)"
	}
	return ""
}

// signature checks the signature.
func (r *Result) signature(ctx context.Context, p pack, c *contents, key *PublicKey) {
	f, err := p.file(SignatureFile)
	if errors.Is(err, fs.ErrNotExist) {
		if key != nil {
			r.problem("%s: missing: the package is not signed, so there is no signature of key %s", SignatureFile, key.id)
		}
		return
	}
	if err != nil {
		r.problem("%s: %s", SignatureFile, err)
		return
	}
	defer f.Close() // it is only read
	r.Signature = Unchecked
	s, err := readEnvelope(&whileContext{ctx, f})
	if err == nil {
		err = s.states(c)
	}
	if err != nil {
		r.problem("%s: %s", SignatureFile, err)
		return
	}
	if key == nil {
		return
	}
	there, right := s.by(key)
	switch {
	case right:
		r.Signature = Verified
	case there:
		r.problem("%s: the signature of key %s is wrong: what was signed has changed, or the signature has", SignatureFile, key.id)
	default:
		var ids []string
		for _, one := range s.signatures {
			ids = append(ids, fmt.Sprintf("%.64q", one.KeyID))
		}
		r.problem("%s: is not signed by key %s but by %s", SignatureFile, key.id, strings.Join(ids, ", "))
	}
}

// folder is a package in a directory.
type folder struct{ fs.FS }

func (d folder) each(visit func(name string, size int64, open func() (io.ReadCloser, error)) error, problem func(format string, args ...any)) error {
	return fs.WalkDir(d.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			return nil
		}
		if err == nil && entry.Type() != 0 {
			what := "no regular file"
			if entry.Type()&fs.ModeSymlink != 0 {
				what = "a symbolic link"
			}
			problem("%s: added: it is %s, which no package has", name, what)
			return nil
		}
		var info fs.FileInfo
		if err == nil {
			info, err = entry.Info()
		}
		if err != nil {
			if name == "." {
				return err
			}
			problem("%s: cannot be read: %s", name, err)
			return nil
		}
		return visit(name, info.Size(), func() (io.ReadCloser, error) { return d.open(name) })
	})
}

func (d folder) open(name string) (io.ReadCloser, error) {
	f, err := d.FS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("is no regular file")
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (d folder) file(name string) (io.ReadCloser, error) {
	if info, err := fs.Lstat(d.FS, name); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, errors.New("is no regular file")
	}
	return d.open(name)
}

func (z *archive) each(visit func(name string, size int64, open func() (io.ReadCloser, error)) error, _ func(format string, args ...any)) error {
	for i := range z.entries {
		e := &z.entries[i]
		if strings.HasSuffix(e.name, "/") {
			continue
		}
		if err := visit(e.name, e.size, func() (io.ReadCloser, error) { return z.open(e), nil }); err != nil {
			return err
		}
	}
	return nil
}

func (z *archive) file(name string) (io.ReadCloser, error) {
	for i := range z.entries {
		if z.entries[i].name == name {
			return z.open(&z.entries[i]), nil
		}
	}
	return nil, fs.ErrNotExist
}
