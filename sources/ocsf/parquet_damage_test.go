package ocsf

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"

	"github.com/go-shca/shca"
)

// withFooter replaces the metadata of a file.
func withFooter(t testing.TB, file []byte, change func(*format.FileMetaData)) []byte {
	t.Helper()
	metadata, err := readFooter(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	change(metadata)
	footer, err := thrift.Marshal(new(thrift.CompactProtocol), *metadata)
	if err != nil {
		t.Fatal(err)
	}
	return withFooterBytes(file, footer)
}

func withFooterBytes(file, footer []byte) []byte {
	old := binary.LittleEndian.Uint32(file[len(file)-8:])
	out := append(slices.Clone(file[:len(file)-8-int(old)]), footer...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(footer)))
	return append(out, "PAR1"...)
}

// TestParquetBadFile: a file that is no good is told of, in words that say what
// to do.
func TestParquetBadFile(t *testing.T) {
	good := writeParquet(t, lakeRows())
	none := writeParquet(t, []struct {
		A string `parquet:"a"`
		B string `parquet:"b"`
	}{{"x", "y"}})
	deep := append(bytes.Repeat([]byte{0x1c}, 1<<20), 0) // structures in structures
	list := []byte{0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0}
	for name, tc := range map[string]struct {
		file []byte
		want string // what the error begins with
	}{
		"magic only":           {good[:4], "the file is cut off: copy or write it anew"},
		"cut off":              {good[:len(good)-100], "the file is cut off: copy or write it anew (a Parquet file ends in PAR1)"},
		"encrypted":            {append(slices.Clone(good[:len(good)-1]), 'E'), "the file is encrypted (Parquet modular encryption): write it without"},
		"no rows":              {writeParquet(t, []lakeRow{}), "holds no findings: it has no rows"},
		"other columns":        {none, `has no columns of OCSF findings (class_uid, finding_info) but "a", "b": name the Parquet files of a Security Lake source with findings`},
		"footer too long":      {append(slices.Clone(good[:len(good)-8]), 0xff, 0xff, 0xff, 0x7f, 'P', 'A', 'R', '1'), "the file is damaged: copy or write it anew (its metadata would begin before it)"},
		"footer of zeros":      {withFooterBytes(good, make([]byte, 100)), "the file is damaged: copy or write it anew (metadata: "},
		"footer nested deeply": {withFooterBytes(good, deep), "the file is damaged: copy or write it anew (metadata: it is nested too deeply)"},
		"footer with a list":   {withFooterBytes(good, list), "the file is damaged: copy or write it anew (metadata: unexpected EOF)"},
		"children missing": {withFooter(t, good, func(m *format.FileMetaData) { m.Schema = m.Schema[:len(m.Schema)-1] }),
			"the file is damaged: copy or write it anew (schema)"},
		"children too many": {withFooter(t, good, func(m *format.FileMetaData) { m.Schema[0].NumChildren.V-- }),
			"the file is damaged: copy or write it anew (schema)"},
		"schema nested deeply": {withFooter(t, good, func(m *format.FileMetaData) {
			m.Schema = slices.Repeat([]format.SchemaElement{{Name: "x", NumChildren: thrift.New[int32](1)}}, 10_000)
		}), "the file is damaged: copy or write it anew (schema)"},
		"many columns": {withFooter(t, good, func(m *format.FileMetaData) {
			m.Schema = slices.Repeat([]format.SchemaElement{{Name: "x"}}, 30_000)
		}), "has 30000 columns and groups, and at most 20000 are read"},
		"rows beyond belief": {withFooter(t, good, func(m *format.FileMetaData) { m.RowGroups[0].NumRows = 1 << 60 }),
			"the file is damaged: copy or write it anew (claims 1152921504606846976 rows or more in "},
		"rows negative": {withFooter(t, good, func(m *format.FileMetaData) { m.RowGroups[0].NumRows = -1 }),
			"the file is damaged: copy or write it anew (row group 1 has -1 rows)"},
		"column missing": {withFooter(t, good, func(m *format.FileMetaData) { m.RowGroups[0].Columns = m.RowGroups[0].Columns[1:] }),
			"the file is damaged: copy or write it anew (row group 1 has "},
		"another type": {withFooter(t, good, func(m *format.FileMetaData) { m.RowGroups[0].Columns[0].MetaData.Type = format.Int32 }),
			"the file is damaged: copy or write it anew (column time_dt is of type INT64 and INT32)"},
		"columns elsewhere": {withFooter(t, good, func(m *format.FileMetaData) { m.RowGroups[0].Columns[0].FilePath = "/etc/passwd" }),
			"has its columns in other files (a _metadata file): name those files instead"},
	} {
		got := readParquet(t, tc.file)
		if len(got.Raw)+len(got.Errors) > 0 || got.Err != nil || len(got.Scopes) != 1 || got.Scopes[0].Source != "f.parquet" || !strings.HasPrefix(got.Scopes[0].Err, tc.want) {
			t.Errorf("%s: got %+v, want %s", name, got, tc.want)
		}
	}
}

// TestParquetDamagedGroup: what a damaged row group holds is lost, and told of,
// and the others are read.
func TestParquetDamagedGroup(t *testing.T) {
	rows := slices.Repeat(lakeRows(), 3)
	all := slices.Repeat(lakeWant, 3)
	good := writeParquet(t, rows, parquet.MaxRowsPerRowGroup(2), parquet.Compression(&parquet.Zstd))
	for name, tc := range map[string]struct {
		change func(*format.RowGroup)
		want   string
		read   int // rows of the group
	}{
		"offset":          {func(g *format.RowGroup) { g.Columns[1].MetaData.DataPageOffset = 1 << 40 }, "only 0 of its 2 rows could be read: column time: the file is damaged: copy or write it anew (bytes ", 0},
		"offset negative": {func(g *format.RowGroup) { g.Columns[1].MetaData.DataPageOffset = -1 }, "only 0 of its 2 rows could be read: column time: the file is damaged", 0},
		"length":          {func(g *format.RowGroup) { g.Columns[1].MetaData.TotalCompressedSize = 1 << 62 }, "only 0 of its 2 rows could be read: column time: the file is damaged", 0},
		"elsewhere":       {func(g *format.RowGroup) { g.Columns[1].MetaData.DataPageOffset++ }, "only 0 of its 2 rows could be read: column time: the file is damaged", 0},
		"codec":           {func(g *format.RowGroup) { g.Columns[1].MetaData.Codec = format.Snappy }, "only 0 of its 2 rows could be read: column time: the file is damaged", 0},
		"codec unknown":   {func(g *format.RowGroup) { g.Columns[1].MetaData.Codec = format.Brotli }, "only 0 of its 2 rows could be read: column time: is packed with BROTLI, which is not read: write the file with zstd, snappy, gzip or no compression", 0},
		"no pages":        {func(g *format.RowGroup) { g.Columns[1].MetaData.TotalCompressedSize = 0 }, "only 0 of its 2 rows could be read: column time: unexpected EOF", 0},
		"more rows":       {func(g *format.RowGroup) { g.NumRows = 3 }, "only 2 of its 3 rows could be read: column time_dt: unexpected EOF", 2},
		"fewer rows":      {func(g *format.RowGroup) { g.NumRows = 1 }, "only 1 of its 1 rows could be read: column time_dt has more rows than the row group", 1},
	} {
		file := withFooter(t, good, func(m *format.FileMetaData) { tc.change(&m.RowGroups[1]) })
		got := readParquet(t, file)
		want := slices.Delete(slices.Clone(all), 2+tc.read, 4)
		if d := cmp.Diff(want, got.Raw); d != "" {
			t.Errorf("%s: findings (-want +got):\n%s", name, d)
		}
		if len(got.Scopes) != 1 || !strings.HasPrefix(got.Scopes[0].Err, "row group 2 of 3: "+tc.want) {
			t.Errorf("%s: got %+v, want %s", name, got.Scopes, tc.want)
		}
	}
}

// TestParquetManyDamaged: the errors of many row groups are not all spelled out.
func TestParquetManyDamaged(t *testing.T) {
	file := withFooter(t, writeParquet(t, slices.Repeat(lakeRows(), 10), parquet.MaxRowsPerRowGroup(1)), func(m *format.FileMetaData) {
		for i := range m.RowGroups {
			m.RowGroups[i].Columns[0].MetaData.DataPageOffset = -1
		}
	})
	got := readParquet(t, file)
	if len(got.Raw) > 0 || len(got.Scopes) != 1 || strings.Count(got.Scopes[0].Err, "row group ") != 5 || !strings.HasSuffix(got.Scopes[0].Err, "; and 15 more row groups") {
		t.Errorf("got %+v", got)
	}
}

// TestParquetBombs: pages that unpack to more than they say are not unpacked.
func TestParquetBombs(t *testing.T) {
	zeros := make([]byte, 16<<20)
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	if _, err := w.Write(zeros); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, lz4.CompressBlockBound(len(zeros)))
	n, err := lz4.CompressBlock(zeros, block, nil)
	if err != nil {
		t.Fatal(err)
	}
	var u unpacker
	defer u.close()
	for codec, packed := range map[format.CompressionCodec][]byte{
		format.Gzip:   gz.Bytes(),
		format.Zstd:   z.EncodeAll(zeros, nil),
		format.Snappy: compressed(t, &parquet.Snappy, zeros),
		format.Lz4Raw: block[:n],
	} {
		for _, size := range []int{len(zeros), len(zeros) - 1, 100, len(zeros) + 1} {
			p := page{packed: int32(len(packed)), size: int32(size)}
			var before, after runtime.MemStats
			u.data = nil
			runtime.ReadMemStats(&before)
			data, err := u.page(bytes.NewReader(packed), 0, p, codec)
			runtime.ReadMemStats(&after)
			if (err == nil) != (size == len(zeros)) || err == nil && !bytes.Equal(data, zeros) {
				t.Errorf("%s as %d bytes: got %d bytes, %v", codec, size, len(data), err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; size == 100 && used > 8<<20 {
				t.Errorf("%s as %d bytes: took %d MiB", codec, size, used>>20)
			}
		}
	}
}

func compressed(t *testing.T, codec compress.Codec, data []byte) []byte {
	t.Helper()
	packed, err := codec.Encode(nil, data)
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// TestParquetRuns: encodings that say much in a few bytes are held to what the
// page's header claims.
func TestParquetRuns(t *testing.T) {
	run := func(count uint64, width int) []byte { // one value, count times
		return append(binary.AppendUvarint(nil, count<<1), make([]byte, (width+7)/8)...)
	}
	packed := func(groups uint64, width int) []byte { // of eight values
		return append(binary.AppendUvarint(nil, groups<<1|1), make([]byte, groups*uint64(width))...)
	}
	for _, tc := range []struct {
		data   []byte
		width  int
		values int32
		ok     bool
	}{
		{nil, 1, 0, true},
		{run(100, 1), 1, 100, true},
		{run(1<<30, 1), 1, 100, false},
		{slices.Repeat(run(5000, 3), 3), 3, 15000, true},
		{slices.Repeat(run(5000, 3), 4), 3, 15000, false},
		{packed(2, 5), 5, 10, true},
		{packed(1000, 5), 5, 10, false},
		{binary.AppendUvarint(nil, 1<<40|1), 5, 10, false},
		{append(packed(2, 12), run(9, 12)...), 12, 25, true},
		{[]byte{0x80}, 1, 100, false},
		{bytes.Repeat([]byte{0xff}, 12), 1, 100, false},
		{slices.Repeat(run(1<<20, 0), 1000), 0, 100, false},
		{binary.AppendUvarint(nil, 1<<62|1), 0, 100, false}, // eight times as many are none
	} {
		if err := checkRuns(tc.data, tc.width, tc.values); (err == nil) != tc.ok {
			t.Errorf("%d bytes, width %d, %d values: got %v", len(tc.data), tc.width, tc.values, err)
		}
	}
	c := &column{maxDefinition: 1, element: &format.SchemaElement{}}
	levels := binary.LittleEndian.AppendUint32(nil, uint32(len(run(1<<30, 1))))
	levels = append(levels, run(1<<30, 1)...)
	values := []int32{0}
	for range 999 {
		values = append(values, 1<<21)
	}
	prefixes := func() []byte {
		b, err := parquet.LookupEncoding(format.DeltaBinaryPacked).EncodeInt32(nil, values)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}()
	none := &column{element: &format.SchemaElement{}}
	for name, tc := range map[string]struct {
		data []byte
		page page
		c    *column
	}{
		"levels":            {levels, page{kind: format.DataPage, values: 10}, c},
		"repetition levels": {levels, page{kind: format.DataPage, values: 10}, &column{maxRepetition: 1, element: &format.SchemaElement{}}},
		"levels cut off":    {levels[:5], page{kind: format.DataPage, values: 10}, c},
		"levels, v2":        {run(1<<30, 1), page{kind: format.DataPageV2, values: 10, levels: int32(len(run(1<<30, 1)))}, c},
		"dictionary":        {append([]byte{4}, run(1<<30, 4)...), page{kind: format.DataPage, values: 10, encoding: format.RLEDictionary}, none},
		"booleans":          {append(make([]byte, 4), run(1<<30, 1)...), page{kind: format.DataPage, values: 10, encoding: format.RLE}, none},
		"delta":             {binary.AppendUvarint([]byte{0x80, 0x01, 4}, 1<<30), page{kind: format.DataPage, values: 10, encoding: format.DeltaBinaryPacked}, none},
		"delta byte array":  {prefixes, page{kind: format.DataPage, values: 1000, encoding: format.DeltaByteArray}, none},
	} {
		if extra, err := checkValues(tc.data, tc.page, tc.c); err == nil {
			t.Errorf("%s: got %d bytes and no error", name, extra)
		}
	}
}

// TestParquetEncodings: what the checks let pass for each encoding is read.
func TestParquetEncodings(t *testing.T) {
	type row struct {
		Class int32  `parquet:"class_uid"`
		ID    string `parquet:"id"`
		Flag  bool   `parquet:"flag"`
		Info  struct {
			UID string `parquet:"uid"`
		} `parquet:"finding_info"`
	}
	var rows []row
	var want []string
	for i := range 3000 {
		r := row{Class: 2003, ID: fmt.Sprintf("a shared beginning %d", i), Flag: i%7 == 0}
		r.Info.UID = fmt.Sprint(i)
		rows = append(rows, r)
		want = append(want, fmt.Sprintf(`{"class_uid":2003,"id":"a shared beginning %d","flag":%t,"finding_info":{"uid":"%d"}}`, i, i%7 == 0, i))
	}
	for _, strings := range []encoding.Encoding{&parquet.Plain, &parquet.DeltaLengthByteArray, &parquet.DeltaByteArray, &parquet.RLEDictionary} {
		for _, ints := range []encoding.Encoding{&parquet.Plain, &parquet.DeltaBinaryPacked, &parquet.RLEDictionary} {
			file := writeParquet(t, rows, parquet.DefaultEncodingFor(parquet.ByteArray, strings), parquet.DefaultEncodingFor(parquet.Int32, ints), parquet.DefaultEncodingFor(parquet.Boolean, &parquet.RLE))
			got := readParquet(t, file)
			if d := cmp.Diff(tableResult{Raw: want}, got); d != "" {
				t.Errorf("%s, %s (-want +got):\n%s", strings, ints, d)
			}
		}
	}
}

// overwritten is a page whose memory is used again once it is released.
type overwritten struct {
	parquet.Page
	values []parquet.Value
	data   []byte
}

func (o *overwritten) Values() parquet.ValueReader { return o }
func (o *overwritten) Retain()                     {}
func (o *overwritten) Release()                    { clear(o.data) }
func (o *overwritten) ReadValues(v []parquet.Value) (int, error) {
	n := copy(v, o.values)
	o.values = o.values[n:]
	return n, nil
}

type overwrittenPages struct {
	parquet.Pages
	pages []*overwritten
}

func (o *overwrittenPages) ReadPage() (parquet.Page, error) {
	if len(o.pages) == 0 {
		return nil, io.EOF
	}
	p := o.pages[0]
	o.pages = o.pages[1:]
	return p, nil
}

// TestParquetRowOverPages: a row's list may go on in the next page, which not
// every writer makes.
func TestParquetRowOverPages(t *testing.T) {
	page := func(firstLevel int, texts ...string) *overwritten {
		p := &overwritten{}
		for i, text := range texts {
			data := []byte(text)
			p.values = append(p.values, parquet.ByteArrayValue(data).Level(firstLevel, 1, 0))
			p.data = data
			if firstLevel = 1; i+2 == len(texts) {
				firstLevel = 0 // the last begins a row
			}
		}
		return p
	}
	v := &columnValues{column: &column{maxRepetition: 1}, pages: &overwrittenPages{pages: []*overwritten{page(0, "a"), page(1), page(1, "b"), page(1, "c", "d")}}}
	for _, want := range []string{"a b c", "d"} {
		if err := v.nextRow(); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, value := range v.row {
			got = append(got, string(value.ByteArray()))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("got %q, want %s", got, want)
		}
	}
	if err := v.nextRow(); err != io.ErrUnexpectedEOF {
		t.Errorf("at the end: %v", err)
	}
}

// TestParquetErrors: errors of opening and of the context are told, never just
// fewer records.
func TestParquetErrors(t *testing.T) {
	broken := errors.New("broken")
	p := &Parquet{Name: "f", Open: func() (io.ReaderAt, int64, io.Closer, error) { return nil, 0, nil, broken }}
	if d := cmp.Diff(tableResult{Scopes: []shca.Scope{{Source: "f", Err: "broken"}}}, collectTable(t.Context(), p)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	file := writeParquet(t, lakeRows())
	var progress shca.Progress
	p = &Parquet{Name: "f", Progress: &progress, Open: func() (io.ReaderAt, int64, io.Closer, error) {
		return bytes.NewReader(file), int64(len(file)), io.NopCloser(nil), nil
	}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var errs []error
	for _, err := range p.Records(ctx) {
		if n++; n == 1 {
			cancel()
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) != 1 || !errors.Is(errs[0], context.Canceled) {
		t.Errorf("cancelled: got %v", errs)
	}
	n = 0
	for range p.Records(t.Context()) {
		n++
		break
	}
	if n != 1 {
		t.Errorf("stopped: %d records", n)
	}
	collectTable(t.Context(), p)
	if _, _, findings := progress.Read(); findings < 2 {
		t.Errorf("progress: %d findings", findings)
	}
}

// fuzzSeeds are small files of several forms.
func fuzzSeeds(f testing.TB) [][]byte {
	var seeds [][]byte
	for _, codec := range []compress.Codec{&parquet.Uncompressed, &parquet.Snappy, &parquet.Gzip, &parquet.Zstd, &parquet.Lz4Raw} {
		for version := 1; version <= 2; version++ {
			seeds = append(seeds, writeParquet(f, lakeRows(), parquet.Compression(codec), parquet.DataPageVersion(version), parquet.MaxRowsPerRowGroup(1)))
		}
	}
	seeds = append(seeds, writeParquet(f, lakeRows(), parquet.DefaultEncodingFor(parquet.ByteArray, &parquet.DeltaByteArray), parquet.DefaultEncodingFor(parquet.Int64, &parquet.DeltaBinaryPacked)))
	return seeds
}

// checkHostile reads bytes of any kind: nothing panics, something is told, and
// memory stays within bounds. It leaves the decoding out, which has a fuzz
// target of its own.
func checkHostile(t *testing.T, file []byte) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rows := 0
	p := &Parquet{Open: func() (io.ReaderAt, int64, io.Closer, error) {
		return bytes.NewReader(file), int64(len(file)), io.NopCloser(nil), nil
	}}
	problems, err := p.read(func(raw []byte, bad *shca.FindingError) bool {
		rows++
		if bad == nil && !json.Valid(raw) {
			t.Errorf("not JSON: %s", raw)
		}
		return true
	})
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 2*maxPages+1<<30 {
		t.Errorf("took %d MiB in all for %d bytes", used>>20, len(file))
	}
	if err == nil && len(problems) == 0 && rows == 0 && len(file) < 12 {
		t.Error("nothing told")
	}
}

// TestParquetFlips changes bytes of good files here and there.
func TestParquetFlips(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	for _, seed := range fuzzSeeds(t) {
		for range rounds {
			file := slices.Clone(seed)
			for range 1 + random.IntN(4) {
				file[random.IntN(len(file))] = byte(random.Uint32())
			}
			checkHostile(t, file)
		}
	}
}

func FuzzParquet(f *testing.F) {
	for _, seed := range fuzzSeeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) > 1<<20 {
			t.Skip()
		}
		checkHostile(t, file)
	})
}

func BenchmarkParquet(b *testing.B) {
	var rows []lakeRow
	for i := range 10_000 {
		r := lakeRows()[0]
		r.Finding.UID = fmt.Sprintf("arn:aws:securityhub:eu-west-1:012345678901:security-control/S3.8/finding/%08x-1111-2222-3333-444455556666", i)
		rows = append(rows, r)
	}
	file := writeParquet(b, rows, parquet.Compression(&parquet.Zstd))
	b.ReportAllocs()
	for b.Loop() {
		got := readParquet(b, file)
		if len(got.Raw) != len(rows) {
			b.Fatalf("%d findings: %+v", len(got.Raw), got.Scopes)
		}
	}
	b.ReportMetric(float64(len(rows))*float64(b.N)/b.Elapsed().Seconds(), "findings/s")
}
