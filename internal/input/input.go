// Package input turns what users point at (files, directories, standard input)
// into streams of UTF-8 text: it lists files, decompresses and transcodes. It
// is for the readers below sources/ and knows nothing of findings.
//
// What a stream is gets decided by its first bytes, never by its name.
package input

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/go-shca/shca"
)

// Stdin is the path that stands for standard input.
const Stdin = "-"

// File is one input stream.
type File struct {
	Name string // as the user would name it; "stdin" for standard input
	Size int64  // bytes as stored, 0 if unknown
	Open func() (io.ReadCloser, error)
	// Err says why the file cannot be an input; Open is nil then.
	Err error
}

// List expands paths to files, directories recursively and in lexical order.
// Hidden files and folders inside a directory (".git") are left out; whatever
// else cannot be read is listed with Err set, so that nothing is skipped in
// silence. A path that does not exist is an error, as is the same file named
// twice: its findings would be read twice.
func List(paths []string, stdin io.Reader) ([]File, error) {
	var files []File
	seen := map[string]string{}
	add := func(name string, info fs.FileInfo) error {
		if real, err := filepath.EvalSymlinks(name); err == nil {
			if abs, err := filepath.Abs(real); err == nil {
				if other, ok := seen[abs]; ok {
					return fmt.Errorf("%s and %s are the same file: name it once", other, name)
				}
				seen[abs] = name
			}
		}
		files = append(files, regular(name, info))
		return nil
	}
	for _, path := range paths {
		if path == Stdin {
			if slices.ContainsFunc(files, func(f File) bool { return f.Name == "stdin" }) {
				return nil, errors.New(`"-" (standard input) is given twice`)
			}
			files = append(files, File{Name: "stdin", Open: func() (io.ReadCloser, error) { return io.NopCloser(stdin), nil }})
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			if err := add(path, info); err != nil {
				return nil, err
			}
			continue
		}
		before := len(files)
		err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				files = append(files, File{Name: name, Err: err})
				return nil
			case name != path && strings.HasPrefix(entry.Name(), "."):
				if entry.IsDir() {
					return filepath.SkipDir
				}
				return nil
			case entry.IsDir():
				return nil
			}
			info, err := os.Stat(name) // follows a symbolic link
			switch {
			case err != nil:
				files = append(files, File{Name: name, Err: err})
				return nil
			case info.IsDir():
				files = append(files, File{Name: name, Err: errors.New("a symbolic link to a directory is not followed: name the directory itself")})
				return nil
			}
			return add(name, info)
		})
		if err != nil {
			return nil, err
		}
		if len(files) == before {
			return nil, fmt.Errorf("%s: the directory holds no files", path)
		}
	}
	return files, nil
}

func regular(name string, info fs.FileInfo) File {
	f := File{Name: name}
	if info.Mode().IsRegular() {
		f.Size = info.Size()
	}
	f.Open = func() (io.ReadCloser, error) { return os.Open(name) }
	return f
}

// Stream is an opened input: UTF-8 text without a byte order mark.
type Stream struct {
	*bufio.Reader
	closers []func() error
}

// Close releases the decompressor and the file.
func (s *Stream) Close() error {
	var errs []error
	for _, c := range slices.Backward(s.closers) {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

// Text opens f and unpacks gzip and zstd and converts UTF-16, as its first
// bytes ask for. It adds what it reads to progress.
func Text(f File, progress *shca.Progress) (*Stream, error) {
	if f.Err != nil {
		return nil, f.Err
	}
	stored, err := f.Open()
	if err != nil {
		return nil, err
	}
	s := &Stream{closers: []func() error{stored.Close}}
	if s.Reader, err = s.unpack(&countingReader{stored, progress}); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
	zipMagic  = []byte("PK\x03\x04")
	utf8BOM   = []byte{0xef, 0xbb, 0xbf}
)

const bufferSize = 64 << 10

func (s *Stream) unpack(stored io.Reader) (*bufio.Reader, error) {
	r := bufio.NewReaderSize(stored, bufferSize)
	head, err := peek(r)
	if err != nil {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		s.closers = append(s.closers, z.Close)
		r = bufio.NewReaderSize(z, bufferSize)
	case bytes.HasPrefix(head, zstdMagic):
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
		s.closers = append(s.closers, func() error { z.Close(); return nil })
		r = bufio.NewReaderSize(z, bufferSize)
	case bytes.HasPrefix(head, zipMagic):
		return nil, errors.New("a zip archive: unpack it and name the files inside")
	}
	if head, err = peek(r); err != nil {
		return nil, err
	}
	if order, ok := utf16Order(head); ok {
		decoder := unicode.UTF16(order, unicode.UseBOM).NewDecoder()
		return bufio.NewReaderSize(transform.NewReader(r, decoder), bufferSize), nil
	}
	if bytes.HasPrefix(head, utf8BOM) {
		if _, err := r.Discard(len(utf8BOM)); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// utf16Order recognises UTF-16 by its byte order mark, or by the zero byte that
// an ASCII character such as "{" has beside it.
func utf16Order(head []byte) (unicode.Endianness, bool) {
	if len(head) < 2 {
		return unicode.BigEndian, false
	}
	a, b := head[0], head[1]
	switch {
	case a == 0xff && b == 0xfe, a != 0 && b == 0:
		return unicode.LittleEndian, true
	case a == 0xfe && b == 0xff, a == 0 && b != 0:
		return unicode.BigEndian, true
	}
	return unicode.BigEndian, false
}

// peek returns up to four bytes; fewer at the end of a short input.
func peek(r *bufio.Reader) ([]byte, error) {
	head, err := r.Peek(4)
	if err == io.EOF {
		err = nil
	}
	return head, err
}

type countingReader struct {
	io.Reader
	progress *shca.Progress
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.progress.AddBytes(int64(n))
	return n, err
}
