package securitylake

import (
	"io"

	"github.com/go-json-experiment/json"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	parquetzstd "github.com/parquet-go/parquet-go/compress/zstd"
)

// createdBy has the form that readers want before they trust statistics.
const createdBy = "shca version " + layout + " (build ocsf-1.1.0)"

const (
	// A page ends at the first batch of rows that fills it, so these two and the
	// largest event are less than a page may have, 1 MB. A single value of more
	// than that, which no AWS product writes, has a page of its own size.
	pageBytes  = 256 << 10
	batchBytes = 256 << 10
	batchRows  = 64
)

// table writes objects of one class, one after the other.
type table interface {
	begin(w io.Writer, l lake)
	add(event []byte) error
	end() error
}

// rowTable is the table of the class whose rows are T.
type rowTable[T any] struct {
	state      string
	codec      *codec
	w          *parquet.GenericWriter[T]
	rows       []T
	rowsBytes  int
	group      int64
	groupBytes int64
}

// newTable returns a table whose objects have the state of the assessment in
// their metadata.
func newTable[T any](state string) table {
	return &rowTable[T]{state: state, codec: newCodec(), rows: make([]T, 0, batchRows)}
}

func (t *rowTable[T]) begin(w io.Writer, l lake) {
	// A writer that is used again (Reset) leaves out column names in row groups
	// behind the first, up to v0.32.0 at least, so each object has its own.
	t.w = parquet.NewGenericWriter[T](w, &parquet.WriterConfig{
		CreatedBy:        createdBy,
		KeyValueMetadata: map[string]string{MetadataKey: t.state},
		Compression:      t.codec,
		PageBufferSize:   pageBytes,
		// Version 1 of data pages and plain encoding are what all engines read.
		DataPageVersion: 1,
		Sorting:         parquet.SortingConfig{SortingColumns: []parquet.SortingColumn{parquet.Ascending("time")}},
	}, parquet.DefaultEncoding(&parquet.Plain), parquet.DataPageStatistics(false))
	clear(t.rows)
	t.rows, t.rowsBytes, t.group, t.groupBytes = t.rows[:0], 0, 0, l.bounds().groupBytes
}

// add writes an event. One with an attribute that has no column is an error.
func (t *rowTable[T]) add(event []byte) error {
	if len(t.rows) == cap(t.rows) || t.rowsBytes+len(event) > batchBytes {
		if err := t.flush(); err != nil {
			return err
		}
	}
	if t.group > 0 && t.group+int64(len(event)) > t.groupBytes {
		if err := t.flush(); err != nil {
			return err
		}
		if err := t.w.Flush(); err != nil {
			return err
		}
		t.group = 0
	}
	var row T
	if err := json.Unmarshal(event, &row, json.RejectUnknownMembers(true)); err != nil {
		return err
	}
	t.rows = append(t.rows, row)
	t.rowsBytes += len(event)
	t.group += int64(len(event))
	return nil
}

// flush hands the batch to the columns.
func (t *rowTable[T]) flush() error {
	_, err := t.w.Write(t.rows)
	clear(t.rows)
	t.rows, t.rowsBytes = t.rows[:0], 0
	return err
}

func (t *rowTable[T]) end() error {
	if err := t.flush(); err != nil {
		return err
	}
	return t.w.Close()
}

// codec compresses by one encoder. Pages are many and small, and encoders large:
// parquet-go's pool of them is emptied by each garbage collection.
type codec struct {
	parquetzstd.Codec
	encoder *zstd.Encoder
}

func newCodec() *codec {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(pageBytes+batchBytes))
	if err != nil {
		panic(err) // the options are constants
	}
	return &codec{encoder: encoder}
}

// Encode compresses a page.
func (c *codec) Encode(dst, src []byte) ([]byte, error) {
	return c.encoder.EncodeAll(src, dst[:0]), nil
}
