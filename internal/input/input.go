// Package input turns what users point at (files, directories, standard input)
// into streams of UTF-8 text: it lists files, decompresses and transcodes. It
// is for the readers below sources/ and knows nothing of findings.
//
// What a stream is gets decided by its first bytes, never by its name. Formats
// that are no text, which are read here and there, get their bytes from
// [Stream.Random].
package input

import (
	"bufio"
	"bytes"
	"context"
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

// Schemes list addresses that are no paths, by what they begin with ("s3://").
// Files must have names that no two addresses share.
type Schemes map[string]func(address string) ([]File, error)

// List expands paths and addresses to files, directories recursively and in lexical order.
// Hidden files and folders inside a directory (".git") are left out; whatever
// else cannot be read is listed with Err set, so that nothing is skipped in
// silence. A path that does not exist is an error, as is the same file named
// twice: its findings would be read twice.
func List(paths []string, stdin io.Reader, schemes Schemes) ([]File, error) {
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
			files = append(files, standardInput(stdin))
			continue
		}
		if list := schemes.of(path); list != nil {
			listed, err := list(path)
			if err != nil {
				return nil, err
			}
			for _, f := range listed {
				if other, ok := seen[f.Name]; ok {
					return nil, fmt.Errorf("%s is in %s and in %s: name it once", f.Name, other, path)
				}
				seen[f.Name] = path
			}
			files = append(files, listed...)
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
		// Through fs.FS, so that path itself may be a symbolic link.
		err = fs.WalkDir(os.DirFS(path), ".", func(name string, entry fs.DirEntry, err error) error {
			inside := name != "."
			name = filepath.Join(path, filepath.FromSlash(name))
			switch {
			case err != nil:
				files = append(files, File{Name: name, Err: err})
				return nil
			case inside && strings.HasPrefix(entry.Name(), "."):
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
			case !info.Mode().IsRegular(): // a pipe may never end
				files = append(files, File{Name: name, Err: errors.New("is no regular file: name it itself to have it read")})
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

// of returns the function that lists the path, or nil if it is no address.
func (s Schemes) of(path string) func(address string) ([]File, error) {
	for prefix, list := range s {
		if len(path) >= len(prefix) && strings.EqualFold(path[:len(prefix)], prefix) { // in any case, so that list can say what is wrong
			return list
		}
	}
	return nil
}

// standardInput can be opened once: a second pass would find it empty, and
// not say so.
func standardInput(r io.Reader) File {
	opened := false
	return File{Name: "stdin", Open: func() (io.ReadCloser, error) {
		if opened {
			return nil, errors.New("standard input can be read once only: save it to a file")
		}
		opened = true
		return io.NopCloser(r), nil
	}}
}

func regular(name string, info fs.FileInfo) File {
	f := File{Name: name}
	if info.Mode().IsRegular() {
		f.Size = info.Size()
	}
	f.Open = func() (io.ReadCloser, error) { return os.Open(name) }
	return f
}

// Stream is an opened input: UTF-8 text without a byte order mark, or the bytes
// of a format that is no text.
type Stream struct {
	*bufio.Reader
	stored   io.Reader // what Open of the file returned
	packed   bool
	progress *shca.Progress
	closers  []func() error
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
	s := &Stream{stored: stored, progress: progress, closers: []func() error{stored.Close}}
	if s.Reader, err = s.unpack(&countingReader{stored, progress}); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Head returns the first line of the stream, or as much of it as fits into
// 64 KiB, or the first four bytes if the stream begins like JSON or is no text.
// Nothing of the stream is consumed.
func (s *Stream) Head() ([]byte, error) {
	head, err := peek(s.Reader)
	if err != nil || len(head) == 0 || bytes.IndexByte([]byte("{[ \t\r\n"), head[0]) >= 0 || bytes.HasPrefix(head, []byte("PAR")) {
		return head, err
	}
	// In steps, so as not to wait for more than a line of a stream that goes on.
	for n := len(head); ; n = max(n+1, s.Buffered()) {
		head, err = s.Peek(min(n, bufferSize))
		if err == io.EOF {
			return head, nil
		}
		if err != nil || n >= bufferSize || bytes.IndexByte(head, '\n') >= 0 {
			return head, err
		}
	}
}

// Start returns what of the stream is there already, at most 64 KiB, and the error
// that kept more from coming. It waits for the first few bytes only, since a
// stream may pause behind any line. Nothing is consumed.
func (s *Stream) Start() ([]byte, error) {
	const few = 64
	head, err := s.Peek(few)
	if err == nil {
		head, err = s.Peek(max(few, s.Buffered()))
	}
	if err == io.EOF {
		err = nil
	}
	return head, err
}

// maxSpool is the most that Random copies.
const maxSpool = 16 << 30

// Random returns the whole content of the stream, of which nothing must have
// been read, for reading at any place, and its size. A file that is not packed
// is read itself. Anything else is copied to a temporary file first: it can be
// read by its owner only and, where the system allows it, has no name, so that
// it is gone with the process however that ends. It is valid until Close.
func (s *Stream) Random(ctx context.Context) (io.ReaderAt, int64, error) {
	if !s.packed {
		if f, info := regularFile(s.stored); f != nil {
			return &countingReaderAt{f, s.progress, info.Size() - int64(s.Buffered())}, info.Size(), nil
		}
	}
	f, err := os.CreateTemp("", "shca-input-*") // with mode 0600
	if err != nil {
		return nil, 0, spoolError(err)
	}
	named := os.Remove(f.Name()) != nil
	s.closers = append(s.closers, func() error {
		err := f.Close()
		if named {
			err = errors.Join(err, os.Remove(f.Name()))
		}
		return err
	})
	from := &limitedReader{ctx: ctx, r: s.Reader, left: maxSpool}
	size, err := io.Copy(struct{ io.Writer }{f}, from) // the file's own ReadFrom cannot tell whose error it is
	switch {
	case from.err != nil:
		return nil, 0, from.err
	case err != nil:
		return nil, 0, spoolError(err)
	}
	return f, size, nil
}

func spoolError(err error) error {
	return fmt.Errorf("temporary file for unpacking: %w (set TMPDIR to a folder with room for the unpacked input)", err)
}

// limitedReader reads up to left bytes while ctx lasts, and keeps the error.
type limitedReader struct {
	ctx  context.Context
	r    io.Reader
	left int64
	err  error
}

func (l *limitedReader) Read(p []byte) (n int, err error) {
	if l.err = l.ctx.Err(); l.err != nil {
		return 0, l.err
	}
	n, err = l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		err = fmt.Errorf("larger than %d GiB when unpacked: name smaller files", int64(maxSpool)>>30)
	}
	if err != nil && err != io.EOF {
		l.err = err
	}
	return n, err
}

// countingReaderAt counts what is read of a file, up to its size: parts may be
// read twice.
type countingReaderAt struct {
	io.ReaderAt
	progress *shca.Progress
	left     int64
}

func (c *countingReaderAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, off)
	count := min(int64(n), c.left)
	c.left -= count
	c.progress.AddBytes(count)
	return n, err
}

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
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
			return nil, unpackError("gzip", err)
		}
		s.closers = append(s.closers, z.Close)
		s.packed = true
		r = bufio.NewReaderSize(&unpackReader{z, "gzip"}, bufferSize)
	case bytes.HasPrefix(head, zstdMagic), isSkippableFrame(head):
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, unpackError("zstd", err)
		}
		s.closers = append(s.closers, func() error { z.Close(); return nil })
		s.packed = true
		r = bufio.NewReaderSize(&unpackReader{z, "zstd"}, bufferSize)
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

// isSkippableFrame recognises the frames that parallel compressors put in
// front of those with data (RFC 8878, section 3.1.2).
func isSkippableFrame(head []byte) bool {
	return len(head) >= 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:4], []byte{0x2a, 0x4d, 0x18})
}

// unpackReader says of errors that they come from unpacking.
type unpackReader struct {
	io.Reader
	format string
}

func (u *unpackReader) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = unpackError(u.format, err)
	}
	return n, err
}

func unpackError(format string, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
		return fmt.Errorf("%s: the file is cut off: copy or write it anew (%w)", format, io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("%s: the file is damaged: copy or write it anew (%w)", format, err)
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
