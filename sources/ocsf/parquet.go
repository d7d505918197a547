package ocsf

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/go-shca/shca"
)

// Parquet reads the findings of one Apache Parquet file, a row each: objects of
// Amazon Security Lake and what else is written for it. It implements
// [shca.Source] and may be read as often as Open can be called.
//
// Every row becomes an event in JSON, the finding's Raw: columns in the order
// of the schema, lists and maps as JSON has them, whatever convention the
// writer had for them, and null left out. Timestamps are RFC 3339 in columns
// named *_dt and milliseconds since 1970 in others, as OCSF has them. A string
// that holds JSON stays a string.
//
// Only the pages in use are in memory. A row group that asks for more than
// 512 MiB of them, as a hostile one may, is not read. What a damaged part makes
// unreadable is said in a Scope, and the row groups beside it are read.
// Encrypted files are not read, nor are pages packed with Brotli, LZO or the
// LZ4 of Hadoop.
type Parquet struct {
	// Name stands for the input in errors and scopes: a file name, "stdin".
	Name string
	// Open returns the file and its size. The closer is closed when all is read.
	Open func() (io.ReaderAt, int64, io.Closer, error)
	// Progress counts the findings read; nil counts nothing.
	Progress *shca.Progress
}

var _ shca.Source = (*Parquet)(nil)

// IsParquet reports whether a file that begins with head is a Parquet file. It
// takes four bytes to tell.
func IsParquet(head []byte) bool {
	return bytes.HasPrefix(head, parquetMagic) || bytes.HasPrefix(head, encryptedMagic)
}

var (
	parquetMagic   = []byte("PAR1")
	encryptedMagic = []byte("PARE") // with an encrypted footer
)

// Records yields the findings in the order of the rows, a *shca.FindingError
// for each row that cannot be read, and at the end a Scope if there is
// something to say about the file as a whole: it is damaged, or holds no
// findings. Decoding is spread over the processors.
func (p *Parquet) Records(ctx context.Context) iter.Seq2[shca.Record, error] {
	return records(ctx, p.Name, p.Progress, p.read)
}

// read hands all rows to emit. problems are those of single row groups.
func (p *Parquet) read(emit emitRow) (problems []string, err error) {
	r, size, closer, err := p.Open()
	if err != nil {
		return nil, err
	}
	defer func() { err = cmp.Or(err, closer.Close()) }()
	file, err := openParquet(r, size)
	if err != nil {
		return nil, err
	}
	const most = 5 // row groups whose errors are spelled out
	failed := 0
	for i := range file.groups {
		rows, more, err := file.readGroup(i, emit)
		if err != nil {
			if failed++; failed <= most {
				claimed := file.groups[i].NumRows()
				problems = append(problems, fmt.Sprintf("row group %d of %d: only %d of its %d rows could be read: %s", i+1, len(file.groups), rows, claimed, err))
			}
		}
		if !more {
			break
		}
	}
	if failed > most {
		problems = append(problems, fmt.Sprintf("and %d more row groups", failed-most))
	}
	return problems, nil
}

// parquetFile is an opened file whose metadata has been checked.
type parquetFile struct {
	reader io.ReaderAt
	size   int64
	root   *column
	leaves []*column
	groups []parquet.RowGroup
	chunks []format.RowGroup
	values int64 // in all pages seen so far
	row    eventWriter
}

const damaged = "the file is damaged: copy or write it anew"

// openParquet reads and checks the metadata at the end of the file.
func openParquet(r io.ReaderAt, size int64) (_ *parquetFile, err error) {
	defer recovered(&err)
	metadata, err := readFooter(r, size)
	if err != nil {
		return nil, err
	}
	f := &parquetFile{reader: r, size: size, chunks: metadata.RowGroups}
	if f.root, f.leaves, err = columnsOf(metadata.Schema); err != nil {
		return nil, err
	}
	if !f.root.hasAny("class_uid", "class_name", "finding_info", "finding") {
		return nil, fmt.Errorf("has no columns of OCSF findings (class_uid, finding_info) but %s: name the Parquet files of a Security Lake source with findings", f.root.names())
	}
	if err := f.checkChunks(metadata); err != nil {
		return nil, err
	}
	// Indexes and filters serve those who look for single rows.
	file, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("%s (%w)", damaged, err)
	}
	f.groups = file.RowGroups()
	if len(f.groups) != len(f.chunks) {
		return nil, fmt.Errorf("%s (row groups do not add up)", damaged)
	}
	return f, nil
}

// readFooter reads the file's metadata, after its framing has been checked:
// the library takes sizes in it at their word.
func readFooter(r io.ReaderAt, size int64) (*format.FileMetaData, error) {
	const tail, longest = 8, 64 << 20
	var end [tail]byte
	if size < int64(len(parquetMagic))+tail {
		return nil, errors.New("the file is cut off: copy or write it anew")
	}
	if _, err := r.ReadAt(end[:], size-tail); err != nil && err != io.EOF {
		return nil, err
	}
	if bytes.Equal(end[4:], encryptedMagic) {
		return nil, errors.New("the file is encrypted (Parquet modular encryption): write it without")
	}
	if !bytes.Equal(end[4:], parquetMagic) {
		return nil, errors.New("the file is cut off: copy or write it anew (a Parquet file ends in PAR1)")
	}
	length := int64(binary.LittleEndian.Uint32(end[:4]))
	if length > size-tail-int64(len(parquetMagic)) {
		return nil, fmt.Errorf("%s (its metadata would begin before it)", damaged)
	}
	if length > longest {
		return nil, fmt.Errorf("has %d MiB of metadata, and at most %d are read: write it with larger row groups", length>>20, longest>>20)
	}
	footer := make([]byte, length)
	if _, err := r.ReadAt(footer, size-tail-length); err != nil && err != io.EOF {
		return nil, err
	}
	if _, err := checkThrift(footer); err != nil {
		return nil, fmt.Errorf("%s (metadata: %w)", damaged, err)
	}
	metadata := new(format.FileMetaData)
	decoder := thrift.NewDecoder(new(thrift.CompactProtocol).NewReaderFromBytes(footer))
	if err := decoder.Decode(metadata); err != nil {
		return nil, fmt.Errorf("%s (metadata: %w)", damaged, err)
	}
	return metadata, nil
}

// readGroup hands the rows of one row group to emit and says how many they
// were. more is false if no more are wanted.
func (f *parquetFile) readGroup(i int, emit emitRow) (rows int64, more bool, err error) {
	defer recovered(&err)
	more = true
	if err := f.checkPages(i); err != nil {
		return 0, true, err
	}
	columns := f.groups[i].ColumnChunks()
	values := make([]*columnValues, len(columns))
	for j, c := range columns {
		values[j] = &columnValues{pages: c.Pages(), column: f.leaves[j]}
		defer values[j].close()
	}
	for rows < f.groups[i].NumRows() {
		tooMany := false
		for _, v := range values {
			if err := v.nextRow(); err != nil {
				return rows, more, fmt.Errorf("column %s: %w", v.column.path, err)
			}
			tooMany = tooMany || v.tooMany
		}
		rows++
		raw, bad := f.row.write(f.root, values, tooMany)
		if more = emit(raw, bad); !more {
			return rows, more, nil
		}
	}
	for _, v := range values {
		if err := v.nextRow(); err != io.ErrUnexpectedEOF {
			return rows, more, cmp.Or(err, fmt.Errorf("column %s has more rows than the row group: %s", v.column.path, damaged))
		}
	}
	return rows, more, nil
}

// recovered makes an error of a panic: the library has some for files that
// contradict themselves.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s (%v)", damaged, p)
	}
}

// columnValues reads the values of one column chunk, row by row.
type columnValues struct {
	column  *column
	pages   parquet.Pages
	page    parquet.Page
	reader  parquet.ValueReader
	buffer  []parquet.Value // read from the page
	at      int             // of the next value in the buffer
	row     []parquet.Value // of the current row
	next    int             // of the next value to write
	tooMany bool            // row lacks values that are beyond what a finding may have
}

// maxRowValues is far more than fits into a finding.
const maxRowValues = 1 << 20

// nextRow collects the values of the next row: those up to the next with
// repetition level 0. They are valid until the following call.
func (v *columnValues) nextRow() error {
	v.row, v.next, v.tooMany = v.row[:0], 0, false
	for first := true; ; first = false {
		if v.at == len(v.buffer) {
			switch err := v.fill(); {
			case err == io.EOF && first:
				return io.ErrUnexpectedEOF
			case err == io.EOF:
				return nil
			case err != nil:
				return err
			}
		}
		value := v.buffer[v.at]
		if value.RepetitionLevel() == 0 && !first {
			return nil
		}
		v.at++
		if len(v.row) == maxRowValues {
			v.tooMany = true
			continue
		}
		v.row = append(v.row, value)
		if v.column.maxRepetition == 0 {
			return nil
		}
	}
}

// fill reads values into the buffer, from the next page if need be.
func (v *columnValues) fill() error {
	if v.buffer == nil {
		v.buffer = make([]parquet.Value, 0, 128)
	}
	for {
		if v.reader != nil {
			n, err := v.reader.ReadValues(v.buffer[:cap(v.buffer)])
			v.buffer, v.at = v.buffer[:n], 0
			if n > 0 {
				return nil
			}
			if err != nil && err != io.EOF {
				return err
			}
		}
		for i := range v.row { // the row goes on in the next page
			v.row[i] = v.row[i].Clone()
		}
		parquet.Release(v.page)
		v.page, v.reader = nil, nil
		page, err := v.pages.ReadPage()
		if err != nil {
			return err
		}
		v.page, v.reader = page, page.Values()
	}
}

func (v *columnValues) close() {
	parquet.Release(v.page)
	v.pages.Close()
}

// hasAny reports whether the group has a column of one of the names.
func (c *column) hasAny(names ...string) bool {
	return slices.ContainsFunc(c.children, func(c *column) bool { return slices.Contains(names, c.name) })
}

// names lists the group's columns, for an error.
func (c *column) names() string {
	const most = 6
	var names []string
	for _, child := range c.children[:min(len(c.children), most)] {
		names = append(names, fmt.Sprintf("%.40q", child.name))
	}
	if len(c.children) > most {
		names = append(names, "…")
	}
	return cmp.Or(strings.Join(names, ", "), "none at all")
}
