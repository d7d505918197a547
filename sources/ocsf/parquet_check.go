package ocsf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// The library believes the sizes and counts that a file claims, so that a file
// of a few bytes may have it take all memory or run for days: codecs and
// run-length encodings unpack to whatever they please, and damage in an LZ4
// page makes it allocate without end. Therefore every page is looked through
// here before the library gets to see it. Each is unpacked twice for that,
// which is little beside the decoding of the findings.

// maxPages is how many bytes the pages in use at one time may take, one of each
// column with its dictionary. Writers make pages of 1 MiB, few of up to 100.
const maxPages = 512 << 20

// checkChunks checks the metadata of the row groups as a whole.
func (f *parquetFile) checkChunks(metadata *format.FileMetaData) error {
	rows := int64(0)
	for i, g := range metadata.RowGroups {
		if len(g.Columns) != len(f.leaves) {
			return fmt.Errorf("%s (row group %d has %d columns, the schema %d)", damaged, i+1, len(g.Columns), len(f.leaves))
		}
		if g.NumRows < 0 {
			return fmt.Errorf("%s (row group %d has %d rows)", damaged, i+1, g.NumRows)
		}
		// No finding is smaller than this, however well packed.
		if rows += g.NumRows; rows < 0 || rows > 1<<16+64*f.size {
			return fmt.Errorf("%s (claims %d rows or more in %d bytes)", damaged, rows, f.size)
		}
		for j, c := range g.Columns {
			if c.FilePath != "" {
				return errors.New("has its columns in other files (a _metadata file): name those files instead")
			}
			if e := f.leaves[j].element; e.Type.V != c.MetaData.Type {
				return fmt.Errorf("%s (column %s is of type %s and %s)", damaged, f.leaves[j].path, e.Type.V, c.MetaData.Type)
			}
		}
	}
	return nil
}

// checkPages looks through all pages of a row group.
func (f *parquetFile) checkPages(group int) error {
	var u unpacker
	defer u.close()
	total := int64(0)
	for i := range f.chunks[group].Columns {
		need, err := f.checkChunk(&u, &f.chunks[group].Columns[i].MetaData, f.leaves[i])
		if err != nil {
			return fmt.Errorf("column %s: %w", f.leaves[i].path, err)
		}
		if total += need; total > maxPages {
			return fmt.Errorf("its pages need more than %d MiB of memory: write the file with pages of 1 MiB", maxPages>>20)
		}
	}
	return nil
}

// checkChunk looks through the pages of one column chunk and returns how many
// bytes of memory the largest takes, together with the dictionary.
func (f *parquetFile) checkChunk(u *unpacker, chunk *format.ColumnMetaData, c *column) (int64, error) {
	offset := chunk.DataPageOffset
	if chunk.DictionaryPageOffset != 0 {
		offset = chunk.DictionaryPageOffset
	}
	length := chunk.TotalCompressedSize
	if offset < 0 || length < 0 || offset > f.size || length > f.size-offset {
		return 0, fmt.Errorf("%s (bytes %d to %d of %d)", damaged, offset, offset+length, f.size)
	}
	largest, dictionary := int64(0), int64(0)
	for end := offset + length; offset < end; {
		header, n, err := f.pageHeader(offset, end)
		if err != nil {
			return 0, err
		}
		offset += int64(n)
		p := pageOf(header)
		if p.packed < 0 || p.size < 0 || p.values < 0 || p.levels < 0 || p.levels > p.packed || p.levels > p.size || int64(p.packed) > end-offset {
			return 0, fmt.Errorf("%s (page at byte %d)", damaged, offset)
		}
		// The library takes some 16 bytes beside each value.
		need := int64(p.packed) + int64(p.size) + int64(p.values)*max(16, 2*int64(c.element.TypeLength.V))
		if need > maxPages {
			return 0, fmt.Errorf("a page needs %d MiB of memory: write the file with pages of 1 MiB", need>>20)
		}
		f.values += int64(p.values)
		if f.values > 1<<20+1024*f.size {
			return 0, fmt.Errorf("%s (claims %d values or more in %d bytes)", damaged, f.values, f.size)
		}
		data, err := u.page(f.reader, offset, p, chunk.Codec)
		if err != nil {
			return 0, err
		}
		extra, err := checkValues(data, p, c)
		if err != nil {
			return 0, fmt.Errorf("%s (page at byte %d: %w)", damaged, offset, err)
		}
		if p.kind == format.DictionaryPage {
			dictionary = max(dictionary, need+extra)
		} else {
			largest = max(largest, need+extra)
		}
		offset += int64(p.packed)
	}
	return largest + dictionary, nil
}

// page is what the headers of all kinds of pages have in common.
type page struct {
	kind     format.PageType
	encoding format.Encoding
	packed   int32 // bytes stored
	size     int32 // bytes unpacked
	values   int32
	levels   int32 // bytes at the beginning that are not packed, in version 2
	repeats  int32 // of these, repetition levels
	plain    bool  // version 2, and none of it is packed
}

func pageOf(h *format.PageHeader) page {
	p := page{kind: h.Type, packed: h.CompressedPageSize, size: h.UncompressedPageSize}
	switch h.Type {
	case format.DataPage:
		p.values, p.encoding = h.DataPageHeader.V.NumValues, h.DataPageHeader.V.Encoding
	case format.DataPageV2:
		v2 := &h.DataPageHeaderV2.V
		p.values, p.encoding = v2.NumValues, v2.Encoding
		p.repeats, p.levels = v2.RepetitionLevelsByteLength, v2.RepetitionLevelsByteLength+v2.DefinitionLevelsByteLength
		if v2.RepetitionLevelsByteLength < 0 || v2.DefinitionLevelsByteLength < 0 {
			p.levels = -1
		}
		p.plain = v2.IsCompressed.Valid && !v2.IsCompressed.V
	case format.DictionaryPage:
		p.values, p.encoding = h.DictionaryPageHeader.V.NumValues, h.DictionaryPageHeader.V.Encoding
	}
	return p
}

// pageHeader reads the header at offset and says how long it is.
func (f *parquetFile) pageHeader(offset, end int64) (*format.PageHeader, int, error) {
	for window := int64(512); ; window *= 16 {
		b := make([]byte, min(window, end-offset))
		if _, err := f.reader.ReadAt(b, offset); err != nil && err != io.EOF {
			return nil, 0, err
		}
		n, err := checkThrift(b)
		if err == io.ErrUnexpectedEOF && int64(len(b)) < end-offset && window < 32<<20 {
			continue // statistics may hold long values
		}
		header := new(format.PageHeader)
		if err == nil {
			err = thrift.NewDecoder(new(thrift.CompactProtocol).NewReaderFromBytes(b[:n])).Decode(header)
		}
		if err != nil {
			return nil, 0, fmt.Errorf("%s (page header at byte %d: %w)", damaged, offset, err)
		}
		return header, n, nil
	}
}

// unpacker unpacks pages, one at a time.
type unpacker struct {
	stored bytes.Buffer
	data   []byte
	gzip   *gzip.Reader
	zstd   *zstd.Decoder
}

func (u *unpacker) close() {
	if u.zstd != nil {
		u.zstd.Close()
	}
}

// page returns the unpacked bytes of the page at offset, valid until the next
// call. It is an error if they are more than its header says.
func (u *unpacker) page(r io.ReaderAt, offset int64, p page, codec format.CompressionCodec) ([]byte, error) {
	u.stored.Reset()
	if _, err := io.CopyN(&u.stored, io.NewSectionReader(r, offset, int64(p.packed)), int64(p.packed)); err != nil {
		return nil, fmt.Errorf("%s (page at byte %d: %w)", damaged, offset, err)
	}
	stored := u.stored.Bytes()
	if codec == format.Uncompressed || p.plain {
		return stored, nil
	}
	u.data = slices.Grow(u.data[:0], int(p.size))
	u.data = append(u.data, stored[:p.levels]...)
	data, err := u.unpack(u.data, stored[p.levels:], int(p.size), codec)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil, err
	}
	if err == nil && len(data) != int(p.size) {
		err = errors.New("it does not have the size it claims")
	}
	if err != nil {
		return nil, fmt.Errorf("%s (page at byte %d, %s: %w)", damaged, offset, codec, err)
	}
	u.data = data
	return data, nil
}

// unpack appends the unpacked bytes to dst, which has room for them: up to size
// in all, and one more if there are more.
func (u *unpacker) unpack(dst, packed []byte, size int, codec format.CompressionCodec) ([]byte, error) {
	if len(packed) == 0 {
		return dst, nil
	}
	start := len(dst)
	var stream io.Reader
	switch codec {
	case format.Snappy:
		n, err := snappy.DecodedLen(packed)
		if err != nil || n != size-start {
			return nil, errors.Join(errors.New("it does not have the size it claims"), err)
		}
		b, err := snappy.Decode(dst[start:size:size], packed)
		return append(dst, b...), err
	case format.Lz4Raw:
		n, err := lz4.UncompressBlock(packed, dst[start:size:size])
		return dst[:start+max(n, 0)], err
	case format.Gzip:
		if u.gzip == nil {
			u.gzip = new(gzip.Reader)
		}
		if err := u.gzip.Reset(bytes.NewReader(packed)); err != nil {
			return nil, err
		}
		stream = u.gzip
	case format.Zstd:
		if u.zstd == nil {
			z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
			if err != nil {
				return nil, err
			}
			u.zstd = z
		}
		if err := u.zstd.Reset(bytes.NewReader(packed)); err != nil {
			return nil, err
		}
		stream = u.zstd
	default:
		return nil, fmt.Errorf("is packed with %s, which is not read: write the file with zstd, snappy, gzip or no compression (%w)", codec, errors.ErrUnsupported)
	}
	b := bytes.NewBuffer(dst)
	if _, err := b.ReadFrom(io.LimitReader(stream, int64(size-start)+1)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// checkValues checks the encodings that can say much in a few bytes. It
// returns how many bytes of memory they take beyond those of the page.
func checkValues(data []byte, p page, c *column) (extra int64, err error) {
	repeats, definitions := []byte(nil), []byte(nil)
	switch p.kind {
	case format.DataPage:
		for _, l := range []struct {
			highest int
			levels  *[]byte
		}{{c.maxRepetition, &repeats}, {c.maxDefinition, &definitions}} {
			if l.highest == 0 {
				continue
			}
			if len(data) < 4 || int64(binary.LittleEndian.Uint32(data)) > int64(len(data)-4) {
				return 0, io.ErrUnexpectedEOF
			}
			n := 4 + int(binary.LittleEndian.Uint32(data))
			*l.levels, data = data[4:n], data[n:]
		}
	case format.DataPageV2:
		repeats, definitions, data = data[:p.repeats], data[p.repeats:p.levels], data[p.levels:]
	}
	if err := checkRuns(repeats, bits.Len(uint(c.maxRepetition)), p.values); err != nil {
		return 0, fmt.Errorf("repetition levels: %w", err)
	}
	if err := checkRuns(definitions, bits.Len(uint(c.maxDefinition)), p.values); err != nil {
		return 0, fmt.Errorf("definition levels: %w", err)
	}
	switch p.encoding {
	//lint:ignore SA1019 it is what writers of Parquet 1.0 write
	case format.PlainDictionary, format.RLEDictionary:
		if p.kind == format.DictionaryPage || len(data) == 0 {
			return 0, nil
		}
		return 0, checkRuns(data[1:], int(data[0]), p.values)
	case format.RLE:
		if len(data) < 4 {
			return 0, nil
		}
		return 0, checkRuns(data[4:], 1, p.values)
	case format.DeltaBinaryPacked, format.DeltaLengthByteArray, format.DeltaByteArray:
		if err := checkDelta(data, p.values); err != nil {
			return 0, err
		}
	}
	if p.encoding == format.DeltaByteArray {
		prefixes, err := new(delta.BinaryPackedEncoding).DecodeInt32(nil, data)
		if err != nil {
			return 0, err
		}
		for _, n := range prefixes { // bytes that are taken over from the value before
			extra += int64(max(n, 0))
		}
		if extra > maxPages {
			return 0, fmt.Errorf("its values take more than %d MiB", maxPages>>20)
		}
	}
	return extra, nil
}

// checkRuns checks that the run-length encoding in data has no more values than
// are claimed.
func checkRuns(data []byte, width int, values int32) error {
	limit := uint64(values) + 1024 // groups of eight are filled up
	for total := uint64(0); len(data) > 0; {
		u, n := binary.Uvarint(data)
		if n <= 0 {
			return io.ErrUnexpectedEOF
		}
		data = data[n:]
		count, length := u>>1, uint64(width+7)/8
		if count > limit {
			return fmt.Errorf("more than the %d values it claims", values)
		}
		if u&1 != 0 {
			length = count * uint64(width)
			count *= 8
			if length > uint64(len(data)) {
				return io.ErrUnexpectedEOF
			}
		}
		if total += count; total > limit {
			return fmt.Errorf("more than the %d values it claims", values)
		}
		data = data[min(length, uint64(len(data))):]
	}
	return nil
}

// checkDelta checks the number of values in front of delta encoded integers.
func checkDelta(data []byte, values int32) error {
	var total uint64
	for range 3 { // block size, miniblocks in a block, values
		u, n := binary.Uvarint(data)
		if n <= 0 {
			return io.ErrUnexpectedEOF
		}
		total, data = u, data[n:]
	}
	if total > uint64(values) {
		return fmt.Errorf("%d values, more than the %d it claims", total, values)
	}
	return nil
}

// checkThrift checks the framing of a structure in Thrift's compact protocol:
// nothing in it is longer than what follows, or nested deeper than any
// metadata of Parquet. It returns the structure's length, and
// io.ErrUnexpectedEOF if it does not end.
func checkThrift(b []byte) (int, error) {
	t := thriftChecker{b: b, memory: 1 << 30}
	if err := t.structure(0); err != nil {
		return 0, err
	}
	return len(b) - len(t.b), nil
}

type thriftChecker struct {
	b      []byte
	memory int64 // that lists may take, all together
}

func (t *thriftChecker) skip(n uint64) error {
	if n > uint64(len(t.b)) {
		return io.ErrUnexpectedEOF
	}
	t.b = t.b[n:]
	return nil
}

func (t *thriftChecker) byte() (byte, error) {
	if len(t.b) == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	c := t.b[0]
	t.b = t.b[1:]
	return c, nil
}

func (t *thriftChecker) varint() (uint64, error) {
	u, n := binary.Uvarint(t.b)
	switch {
	case n == 0:
		return 0, io.ErrUnexpectedEOF
	case n < 0:
		return 0, errors.New("a number is too long")
	}
	t.b = t.b[n:]
	return u, nil
}

func (t *thriftChecker) structure(depth int) error {
	for {
		head, err := t.byte()
		if err != nil || head == 0 {
			return err
		}
		if head>>4 == 0 { // the field's number follows
			if _, err := t.varint(); err != nil {
				return err
			}
		}
		kind := head & 0xf
		if kind == 1 || kind == 2 { // true and false are in the head
			continue
		}
		if err := t.value(kind, depth); err != nil {
			return err
		}
	}
}

func (t *thriftChecker) value(kind byte, depth int) error {
	const deepest = 24
	if depth > deepest {
		return errors.New("it is nested too deeply")
	}
	switch kind {
	case 1, 2, 3: // booleans in a list, a byte
		return t.skip(1)
	case 4, 5, 6:
		_, err := t.varint()
		return err
	case 7: // floating point
		return t.skip(8)
	case 8: // bytes
		n, err := t.varint()
		if err != nil {
			return err
		}
		return t.skip(n)
	case 9, 10: // list, set
		head, err := t.byte()
		if err != nil {
			return err
		}
		n := uint64(head >> 4)
		if n == 15 {
			if n, err = t.varint(); err != nil {
				return err
			}
		}
		return t.list(n, depth, head&0xf)
	case 11: // map
		n, err := t.varint()
		if err != nil || n == 0 {
			return err
		}
		kinds, err := t.byte()
		if err != nil {
			return err
		}
		return t.list(n, depth, kinds>>4, kinds&0xf)
	case 12:
		return t.structure(depth + 1)
	}
	return fmt.Errorf("a value has the unknown type %d", kind)
}

// list checks n times one value of each kind.
func (t *thriftChecker) list(n uint64, depth int, kinds ...byte) error {
	if n > uint64(len(t.b)) { // each takes a byte at least
		return io.ErrUnexpectedEOF
	}
	size := int64(16)
	if kinds[0] == 12 {
		size = 512
	}
	if t.memory -= int64(n) * size; t.memory < 0 {
		return errors.New("its lists are too long")
	}
	for range n {
		for _, kind := range kinds {
			if err := t.value(kind, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
