package input

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/go-shca/shca"
)

// Digest is the SHA-256 of a file's bytes as stored, made while they are read:
// it is of the bytes that were decoded, and the file is read once.
type Digest struct {
	name string
	sum  hash.Hash

	mu     sync.Mutex
	stored io.ReadCloser // nil until the file is opened
	opened fs.FileInfo   // of a regular file, as it was then
	read   bool          // the reader was closed
	done   bool          // Close was called
	random bool          // the file is read here and there as well
	atEnd  bool
	failed error // of reading, which the reader knows
	size   int64
}

// Digested returns the file for reading once, and the digest that this makes.
// The file is closed when both the reader and the digest are.
func (f File) Digested() (File, *Digest) {
	d := &Digest{name: f.Name, sum: sha256.New()}
	if open := f.Open; open != nil {
		f.Open = func() (io.ReadCloser, error) {
			stored, err := open()
			if err != nil {
				return nil, err
			}
			d.mu.Lock()
			defer d.mu.Unlock()
			d.stored = stored
			if file, ok := stored.(*os.File); ok {
				if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
					d.opened = info
				}
			}
			return digested{d}, nil
		}
	}
	return f, d
}

// Sum reads what the reader, which must be closed, has left, and returns the
// digest of the whole. ok is false if there is none, of which the reader has
// been told: the file was not opened, or not read to its end. Errors are those
// of reading the rest, and ctx's; a file that was read here and there must not
// have changed meanwhile.
func (d *Digest) Sum(ctx context.Context) (in shca.Input, ok bool, err error) {
	d.mu.Lock()
	ready := d.stored != nil && d.read && !d.done && d.failed == nil
	d.mu.Unlock()
	if !ready {
		return in, false, nil
	}
	rest := make(chan error, 1)
	go func() { rest <- d.rest(ctx) }() // reading a pipe may block
	select {
	case <-ctx.Done():
		return in, false, ctx.Err()
	case err = <-rest:
	}
	if err != nil {
		return in, false, err
	}
	return shca.Input{Name: d.name, Size: d.size, SHA256: hex.EncodeToString(d.sum.Sum(nil))}, true, nil
}

func (d *Digest) rest(ctx context.Context) error {
	buf := make([]byte, bufferSize)
	for !d.atEnd {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := (digested{d}).Read(buf); err != nil && err != io.EOF {
			return err
		}
	}
	if d.random {
		now, err := d.stored.(*os.File).Stat()
		if err != nil {
			return err
		}
		if now.Size() != d.opened.Size() || !now.ModTime().Equal(d.opened.ModTime()) || d.size != now.Size() {
			return errors.New("the file changed while it was read: assess it again when nobody writes to it")
		}
	}
	return nil
}

// Close ends the digest, if Sum was called or not.
func (d *Digest) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.done {
		return nil
	}
	d.done = true
	if d.stored == nil || !d.read {
		return nil
	}
	return d.stored.Close()
}

// digested reads the file and adds to its digest.
type digested struct{ d *Digest }

func (r digested) Read(p []byte) (int, error) {
	n, err := r.d.stored.Read(p)
	r.d.sum.Write(p[:n])
	r.d.size += int64(n)
	if err == io.EOF {
		r.d.atEnd = true
	} else if err != nil {
		r.d.failed = err
	}
	return n, err
}

func (r digested) Close() error {
	r.d.mu.Lock()
	defer r.d.mu.Unlock()
	r.d.read = true
	if r.d.done {
		return r.d.stored.Close()
	}
	return nil
}

// regularFile returns the regular file that is read, for reading at any place,
// or nil if it is none.
func regularFile(stored io.Reader) (*os.File, fs.FileInfo) {
	r, isDigested := stored.(digested)
	if isDigested {
		stored = r.d.stored
	}
	f, ok := stored.(*os.File)
	if !ok {
		return nil, nil
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, nil
	}
	if isDigested {
		r.d.random = true
	}
	return f, info
}
