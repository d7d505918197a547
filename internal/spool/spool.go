// Package spool sorts records that do not fit in memory. It is an external
// merge sort: records are collected in a batch, full batches are sorted and
// written to a temporary file as runs, and reading merges the runs. Input that
// fits in one batch never touches the disk and takes the same path.
//
// It is for package mapping, which needs duplicates side by side. It knows
// nothing of findings: a record is a key and a value, both bytes.
package spool

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
)

// DefaultBatch is the size of a batch in bytes unless a Sorter says otherwise.
const DefaultBatch = 32 << 20

const (
	maxBatch      = 1 << 30  // offsets in a batch have 32 bits
	readBuffers   = 16 << 20 // bytes for reading all runs of one pass
	minReadBuffer = 8 << 10
	maxReadBuffer = 256 << 10
)

// Sorter collects records. The zero value is ready. It is for one goroutine.
//
// Memory is one batch, which may exceed Batch by one record, and while reading
// one buffer per run. The temporary file is as large as the records; it can be
// read by its owner only and, where the system allows it, has no name, so that
// it is gone with the process however that ends.
type Sorter struct {
	Dir   string // for the temporary file; "" is the system's folder
	Batch int    // bytes of records held in memory; 0 is DefaultBatch

	arena []byte
	index []span
	file  *os.File
	w     *bufio.Writer
	named bool // the file could not be removed while open
	size  int64
	runs  []run
}

// span is one record in the arena: the key, then the value. prefix is the
// key's first bytes, which decide most comparisons.
type span struct {
	prefix     uint64
	start, val uint32
	end        uint32
}

type run struct{ start, end int64 }

// Add adds a record. It copies both slices.
func (s *Sorter) Add(key, value []byte) error {
	limit := min(cmp.Or(s.Batch, DefaultBatch), maxBatch)
	if n := len(key) + len(value); n > maxBatch {
		return fmt.Errorf("a record of %d bytes is too large to sort", n)
	}
	if len(s.arena) > 0 && len(s.arena)+len(key)+len(value) > limit {
		if err := s.flush(); err != nil {
			return err
		}
	}
	if s.arena == nil {
		s.arena = make([]byte, 0, min(limit, 1<<20))
	}
	at := span{prefix: prefix(key), start: uint32(len(s.arena))}
	s.arena = append(s.arena, key...)
	at.val = uint32(len(s.arena))
	s.arena = append(s.arena, value...)
	at.end = uint32(len(s.arena))
	s.index = append(s.index, at)
	return nil
}

func prefix(key []byte) uint64 {
	var b [8]byte
	copy(b[:], key)
	return binary.BigEndian.Uint64(b[:])
}

// sort orders the batch by key, then value.
func (s *Sorter) sort() {
	slices.SortFunc(s.index, func(a, b span) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		if c := bytes.Compare(s.arena[a.start:a.val], s.arena[b.start:b.val]); c != 0 {
			return c
		}
		return bytes.Compare(s.arena[a.val:a.end], s.arena[b.val:b.end])
	})
}

// flush writes the batch as one run.
func (s *Sorter) flush() error {
	if s.file == nil {
		f, err := os.CreateTemp(s.Dir, "shca-spool-*")
		if err != nil {
			return writeError(err)
		}
		s.file = f
		s.named = os.Remove(f.Name()) != nil
	}
	s.sort()
	if s.w == nil {
		s.w = bufio.NewWriterSize(nil, 1<<20)
	}
	w := s.w
	w.Reset(io.NewOffsetWriter(s.file, s.size))
	size := int64(0)
	var head [2 * binary.MaxVarintLen32]byte
	for _, r := range s.index {
		h := binary.AppendUvarint(head[:0], uint64(r.val-r.start))
		h = binary.AppendUvarint(h, uint64(r.end-r.val))
		if _, err := w.Write(h); err != nil {
			return writeError(err)
		}
		if _, err := w.Write(s.arena[r.start:r.end]); err != nil {
			return writeError(err)
		}
		size += int64(len(h)) + int64(r.end-r.start)
	}
	if err := w.Flush(); err != nil {
		return writeError(err)
	}
	s.runs = append(s.runs, run{s.size, s.size + size})
	s.size += size
	s.arena, s.index = s.arena[:0], s.index[:0]
	return nil
}

func writeError(err error) error {
	return fmt.Errorf("temporary file for sorting: %w (set TMPDIR to a folder with room for the unpacked input)", err)
}

// Sort ends collecting and returns the records in order. The Sorter must not
// be used after, except that it is still to be closed if there was an error.
func (s *Sorter) Sort() (*Sorted, error) {
	if s.file == nil {
		s.sort()
		return &Sorted{arena: s.arena, index: s.index}, nil
	}
	if len(s.index) > 0 {
		if err := s.flush(); err != nil {
			return nil, err
		}
	}
	sorted := &Sorted{file: s.file, named: s.named, runs: s.runs}
	s.arena, s.index, s.file, s.w = nil, nil, nil, nil
	return sorted, nil
}

// Close gives up the records of a Sorter that is not going to be sorted.
// Closing twice, or after Sort, does nothing.
func (s *Sorter) Close() error {
	file := s.file
	s.arena, s.index, s.file = nil, nil, nil
	return closeFile(file, s.named)
}

// Sorted is a sorted sequence of records.
type Sorted struct {
	arena []byte
	index []span

	file   *os.File
	named  bool
	runs   []run
	closed bool
}

// All yields key and value of each record, ordered by key, then value. Both
// are valid until the next step only. Any number of goroutines may range at
// the same time, again and again, until Close; after it there is an error.
func (s *Sorted) All() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		switch {
		case s.closed:
			yield(Record{}, errClosed)
		case s.file != nil:
			s.merge(yield)
		default:
			for _, r := range s.index {
				if !yield(Record{s.arena[r.start:r.val], s.arena[r.val:r.end]}, nil) {
					return
				}
			}
		}
	}
}

var errClosed = errors.New("temporary file for sorting: it is closed already")

// Record is a key and its value.
type Record struct{ Key, Value []byte }

// Close frees the records. Closing twice does nothing.
func (s *Sorted) Close() error {
	file := s.file
	s.arena, s.index, s.file, s.closed = nil, nil, nil, true
	return closeFile(file, s.named)
}

func closeFile(f *os.File, named bool) error {
	if f == nil {
		return nil
	}
	err := f.Close()
	if named {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}

func (s *Sorted) merge(yield func(Record, error) bool) {
	buffer := min(max(readBuffers/len(s.runs), minReadBuffer), maxReadBuffer)
	var h cursors
	for _, r := range s.runs {
		size := r.end - r.start
		c := &cursor{r: bufio.NewReaderSize(io.NewSectionReader(s.file, r.start, size), buffer), left: size}
		switch err := c.next(); err {
		case nil:
			h = append(h, c)
		case io.EOF:
		default:
			yield(Record{}, err)
			return
		}
	}
	heap.Init(&h)
	for len(h) > 0 {
		c := h[0]
		if !yield(c.Record, nil) {
			return
		}
		switch err := c.next(); err {
		case nil:
			heap.Fix(&h, 0)
		case io.EOF:
			heap.Pop(&h)
		default:
			yield(Record{}, err)
			return
		}
	}
}

// cursor is the next record of one run.
type cursor struct {
	Record
	r      *bufio.Reader
	left   int64 // bytes of the run behind Record
	prefix uint64
	buf    []byte
}

// next reads the next record; io.EOF at the end of the run.
func (c *cursor) next() error {
	if c.left == 0 {
		return io.EOF
	}
	k, err := binary.ReadUvarint(c.r)
	if err != nil {
		return readError(err)
	}
	v, err := binary.ReadUvarint(c.r)
	if err != nil {
		return readError(err)
	}
	var head [2 * binary.MaxVarintLen64]byte
	c.left -= int64(len(binary.AppendUvarint(binary.AppendUvarint(head[:0], k), v)))
	if c.left < 0 || k > uint64(c.left) || v > uint64(c.left)-k {
		return readError(io.ErrUnexpectedEOF)
	}
	c.left -= int64(k + v)
	n := int(k + v)
	if cap(c.buf) < n {
		c.buf = make([]byte, n+n/4)
	}
	b := c.buf[:n]
	if _, err := io.ReadFull(c.r, b); err != nil {
		return readError(err)
	}
	c.Record = Record{b[:k], b[k:]}
	c.prefix = prefix(b[:k])
	return nil
}

func readError(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("temporary file for sorting: %w", err)
}

// cursors is a heap by record.
type cursors []*cursor

func (h cursors) Len() int { return len(h) }

func (h cursors) Less(i, j int) bool {
	a, b := h[i], h[j]
	if a.prefix != b.prefix {
		return a.prefix < b.prefix
	}
	if c := bytes.Compare(a.Key, b.Key); c != 0 {
		return c < 0
	}
	return bytes.Compare(a.Value, b.Value) < 0
}

func (h cursors) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *cursors) Push(x any)   { *h = append(*h, x.(*cursor)) }
func (h *cursors) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
