package ocsf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/go-shca/shca"
)

// memoryFile is a Parquet file in memory that notes whether it was closed.
type memoryFile struct {
	*bytes.Reader
	closed int
}

func (m *memoryFile) Close() error { m.closed++; return nil }

// tableResult is what a source of a table yields.
type tableResult struct {
	Raw    []string
	Errors []string
	Scopes []shca.Scope
	Err    error
}

func collectTable(ctx context.Context, s shca.Source) tableResult {
	var r tableResult
	for record, err := range s.Records(ctx) {
		switch {
		case err != nil:
			if bad, ok := errors.AsType[*shca.FindingError](err); ok {
				r.Errors = append(r.Errors, bad.Error())
				continue
			}
			r.Err = err
		case record.Finding != nil:
			r.Raw = append(r.Raw, string(record.Finding.Raw))
		default:
			r.Scopes = append(r.Scopes, *record.Scope)
		}
	}
	return r
}

func readParquet(t testing.TB, file []byte) tableResult {
	t.Helper()
	m := &memoryFile{Reader: bytes.NewReader(file)}
	r := collectTable(t.Context(), &Parquet{Name: "f.parquet", Open: func() (io.ReaderAt, int64, io.Closer, error) {
		return m, int64(len(file)), m, nil
	}})
	if m.closed != 1 {
		t.Errorf("closed %d times", m.closed)
	}
	return r
}

// writeParquet writes rows of a struct type.
func writeParquet[T any](t testing.TB, rows []T, options ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, options...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The table of a Security Lake source of OCSF 1.1.0, some columns of it.
type lakeRow struct {
	TimeDT     time.Time         `parquet:"time_dt,timestamp(microsecond),optional"`
	Time       int64             `parquet:"time"`
	ClassUID   int32             `parquet:"class_uid"`
	ClassName  *string           `parquet:"class_name,optional,dict"`
	ActivityID int32             `parquet:"activity_id"`
	SeverityID int32             `parquet:"severity_id"`
	Status     *string           `parquet:"status,optional"`
	Metadata   *lakeMetadata     `parquet:"metadata,optional"`
	Finding    *lakeInfo         `parquet:"finding_info,optional"`
	Compliance *lakeCompliance   `parquet:"compliance,optional"`
	Resource   *lakeResource     `parquet:"resource,optional"`
	Accounts   []lakeAccount     `parquet:"accounts,list,optional"`
	Unmapped   map[string]string `parquet:"unmapped,optional"`
}

type lakeMetadata struct {
	Version string       `parquet:"version"`
	Product *lakeProduct `parquet:"product,optional"`
}

type lakeProduct struct {
	UID    *string `parquet:"uid,optional"`
	Vendor *string `parquet:"vendor_name,optional"`
}

type lakeInfo struct {
	UID      string   `parquet:"uid"`
	Title    *string  `parquet:"title,optional"`
	Types    []string `parquet:"types,list,optional"`
	Modified int64    `parquet:"modified_time_dt,timestamp(millisecond),optional"`
	Seen     int64    `parquet:"last_seen_time,timestamp(nanosecond),optional"`
}

type lakeCompliance struct {
	Control      *string  `parquet:"control,optional"`
	Status       *string  `parquet:"status,optional"`
	Requirements []string `parquet:"requirements,list,optional"`
	Standards    []string `parquet:"standards,list,optional"`
}

type lakeResource struct {
	UID  *string `parquet:"uid,optional"`
	Data *string `parquet:"data,optional"`
}

type lakeAccount struct {
	UID  string   `parquet:"uid"`
	Tags []string `parquet:"tags,list,optional"`
}

func text(s string) *string { return &s }

func lakeRows() []lakeRow {
	at := time.Date(2026, 3, 4, 5, 6, 7, 89_000_000, time.UTC)
	return []lakeRow{{
		TimeDT: at, Time: at.UnixMilli(), ClassUID: 2003, ClassName: text("Compliance Finding"), ActivityID: 2, SeverityID: 3,
		Metadata:   &lakeMetadata{Version: "1.1.0", Product: &lakeProduct{UID: text("arn:aws:securityhub:eu-west-1::product/aws/securityhub")}},
		Finding:    &lakeInfo{UID: "arn:1", Title: text("é \"quoted\"\n🔒"), Types: []string{"a", "b"}, Modified: at.UnixMilli(), Seen: at.UnixNano()},
		Compliance: &lakeCompliance{Control: text("S3.8"), Status: text("FAILED"), Requirements: []string{"NIST.800-53.r5 AC-3"}},
		Resource:   &lakeResource{UID: text("arn:bucket"), Data: text(`{"AwsS3Bucket": {"OwnerId":1}}`)},
		Accounts:   []lakeAccount{{UID: "1", Tags: []string{"x", "y"}}, {UID: "2"}, {UID: "3", Tags: []string{"z"}}},
		Unmapped:   map[string]string{"Severity.Normalized": "40", "RecordState": "ACTIVE", "b": ""},
	}, {
		Time: 1, ClassUID: 2003, ActivityID: 1, SeverityID: 0,
		Metadata: &lakeMetadata{Version: "1.1.0"},
		Finding:  &lakeInfo{UID: "arn:2"},
	}}
}

var lakeWant = []string{
	`{"time_dt":"2026-03-04T05:06:07.089Z","time":1772600767089,"class_uid":2003,"class_name":"Compliance Finding","activity_id":2,"severity_id":3,` +
		`"metadata":{"version":"1.1.0","product":{"uid":"arn:aws:securityhub:eu-west-1::product/aws/securityhub"}},` +
		`"finding_info":{"uid":"arn:1","title":"é \"quoted\"\n🔒","types":["a","b"],"modified_time_dt":"2026-03-04T05:06:07.089Z","last_seen_time":1772600767089},` +
		`"compliance":{"control":"S3.8","status":"FAILED","requirements":["NIST.800-53.r5 AC-3"]},` +
		`"resource":{"uid":"arn:bucket","data":"{\"AwsS3Bucket\": {\"OwnerId\":1}}"},` +
		`"accounts":[{"uid":"1","tags":["x","y"]},{"uid":"2"},{"uid":"3","tags":["z"]}],` +
		`"unmapped":{"RecordState":"ACTIVE","Severity.Normalized":"40","b":""}}`,
	`{"time":1,"class_uid":2003,"activity_id":1,"severity_id":0,"metadata":{"version":"1.1.0"},"finding_info":{"uid":"arn:2"}}`,
}

// TestParquetLake reads the same table in every compression, page version and
// split into row groups and pages.
func TestParquetLake(t *testing.T) {
	for _, codec := range []compress.Codec{&parquet.Uncompressed, &parquet.Snappy, &parquet.Gzip, &parquet.Zstd, &parquet.Lz4Raw} {
		for version := 1; version <= 2; version++ {
			for _, pageSize := range []int{1, 1 << 20} {
				rows := slices.Repeat(lakeRows(), 20)
				file := writeParquet(t, rows, parquet.Compression(codec), parquet.DataPageVersion(version), parquet.PageBufferSize(pageSize), parquet.MaxRowsPerRowGroup(7))
				got := readParquet(t, file)
				if d := cmp.Diff(tableResult{Raw: slices.Repeat(lakeWant, 20)}, got); d != "" {
					t.Errorf("%s, version %d, pages of %d bytes (-want +got):\n%s", codec, version, pageSize, d)
				}
			}
		}
	}
}

// TestParquetRC2 reads a table of Security Lake's first source version, OCSF
// 1.0.0-rc.2, with times as older writers have them.
func TestParquetRC2(t *testing.T) {
	type finding struct {
		UID      string           `parquet:"uid"`
		Title    string           `parquet:"title"`
		Modified deprecated.Int96 `parquet:"modified_time"`
	}
	type row struct {
		ClassUID int32            `parquet:"class_uid"`
		TimeDT   deprecated.Int96 `parquet:"time_dt"`
		Finding  finding          `parquet:"finding"`
	}
	day := deprecated.Int96{1_000_000, 0, 2440589}
	file := writeParquet(t, []row{{2001, day, finding{"arn:1", "EC2.19 Security groups", day}}})
	want := tableResult{Raw: []string{`{"class_uid":2001,"time_dt":"1970-01-02T00:00:00.001Z","finding":{"uid":"arn:1","title":"EC2.19 Security groups","modified_time":86400001}}`}}
	if d := cmp.Diff(want, readParquet(t, file)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// The constructors of schemas in the tests below.

func group(name string, repetition format.FieldRepetitionType, children int32) format.SchemaElement {
	return format.SchemaElement{Name: name, RepetitionType: thrift.New(repetition), NumChildren: thrift.New(children)}
}

func leaf(name string, repetition format.FieldRepetitionType, t format.Type) format.SchemaElement {
	return format.SchemaElement{Name: name, RepetitionType: thrift.New(repetition), Type: thrift.New(t)}
}

func converted(e format.SchemaElement, t deprecated.ConvertedType) format.SchemaElement {
	e.ConvertedType = thrift.New(t)
	return e
}

func logical(e format.SchemaElement, t format.LogicalTypeValue) format.SchemaElement {
	e.LogicalType.Value = t
	return e
}

// lv is a value with its repetition and definition level.
func lv(value any, repetition, definition int) parquet.Value {
	if i, ok := value.(deprecated.Int96); ok {
		return parquet.Int96Value(i).Level(repetition, definition, 0)
	}
	return parquet.ValueOf(value).Level(repetition, definition, 0)
}

const (
	required = format.Required
	optional = format.Optional
	repeated = format.Repeated
)

// writeRow writes one row of a schema below the root, given the values of each
// leaf.
func writeRow(t *testing.T, schema []format.SchemaElement, leaves ...[]parquet.Value) (string, *shca.FindingError) {
	t.Helper()
	children := int32(0)
	for i := 0; i < len(schema); children++ {
		for open := int32(1); open > 0; i++ {
			open += schema[i].NumChildren.V - 1
		}
	}
	root, columns, err := columnsOf(append([]format.SchemaElement{{Name: "root", NumChildren: thrift.New(children)}}, schema...))
	if err != nil {
		t.Fatal(err)
	}
	if len(columns) != len(leaves) {
		t.Fatalf("%d leaves, values of %d", len(columns), len(leaves))
	}
	values := make([]*columnValues, len(leaves))
	for i := range values {
		values[i] = &columnValues{column: columns[i], row: leaves[i]}
	}
	var w eventWriter
	raw, bad := w.write(root, values, false)
	return string(raw), bad
}

// TestParquetLists: all conventions that writers have or had for lists and maps
// give the same.
func TestParquetLists(t *testing.T) {
	ab := []parquet.Value{lv("a", 0, 1), lv("b", 1, 1)}
	list := func(repetition format.FieldRepetitionType) format.SchemaElement {
		return converted(group("l", repetition, 1), deprecated.List)
	}
	entries := []format.SchemaElement{group("key_value", repeated, 2), leaf("key", required, format.ByteArray), leaf("value", optional, format.ByteArray)}
	with := func(first format.SchemaElement, rest ...format.SchemaElement) []format.SchemaElement {
		return append([]format.SchemaElement{first}, rest...)
	}
	for name, tc := range map[string]struct {
		schema []format.SchemaElement
		leaves [][]parquet.Value
		want   string
	}{
		"three levels":                {with(list(optional), group("list", repeated, 1), leaf("element", optional, format.ByteArray)), [][]parquet.Value{{lv("a", 0, 3), lv(nil, 1, 2), lv("b", 1, 3)}}, `{"l":["a",null,"b"]}`},
		"three levels, empty":         {with(list(optional), group("list", repeated, 1), leaf("element", optional, format.ByteArray)), [][]parquet.Value{{lv(nil, 0, 1)}}, `{"l":[]}`},
		"three levels, null":          {with(list(optional), group("list", repeated, 1), leaf("element", optional, format.ByteArray)), [][]parquet.Value{{lv(nil, 0, 0)}}, `{}`},
		"required, empty":             {with(list(required), group("list", repeated, 1), leaf("element", required, format.ByteArray)), [][]parquet.Value{{lv(nil, 0, 0)}}, `{}`},
		"logical type":                {with(logical(group("l", required, 1), new(format.ListType)), group("list", repeated, 1), leaf("element", required, format.ByteArray)), [][]parquet.Value{ab}, `{"l":["a","b"]}`},
		"Spark 2: bag.array_element":  {with(list(required), group("bag", repeated, 1), leaf("array_element", required, format.ByteArray)), [][]parquet.Value{ab}, `{"l":["a","b"]}`},
		"two levels":                  {with(list(required), leaf("array", repeated, format.ByteArray)), [][]parquet.Value{ab}, `{"l":["a","b"]}`},
		"two levels, of structs":      {with(list(required), group("array", repeated, 1), leaf("x", required, format.ByteArray)), [][]parquet.Value{ab}, `{"l":[{"x":"a"},{"x":"b"}]}`},
		"two levels, tuple":           {with(list(required), group("l_tuple", repeated, 1), leaf("x", required, format.ByteArray)), [][]parquet.Value{ab}, `{"l":[{"x":"a"},{"x":"b"}]}`},
		"two levels, two members":     {with(list(required), group("element", repeated, 2), leaf("x", required, format.ByteArray), leaf("y", required, format.ByteArray)), [][]parquet.Value{ab, ab}, `{"l":[{"x":"a","y":"a"},{"x":"b","y":"b"}]}`},
		"two levels, of lists":        {with(list(required), converted(group("element", repeated, 1), deprecated.List), leaf("array", repeated, format.ByteArray)), [][]parquet.Value{{lv("a", 0, 2), lv("b", 2, 2), lv("c", 1, 2)}}, `{"l":[["a","b"],["c"]]}`},
		"not annotated":               {[]format.SchemaElement{leaf("l", repeated, format.ByteArray)}, [][]parquet.Value{ab}, `{"l":["a","b"]}`},
		"not annotated, empty":        {[]format.SchemaElement{leaf("l", repeated, format.ByteArray)}, [][]parquet.Value{{lv(nil, 0, 0)}}, `{}`},
		"not annotated, structs":      {with(group("l", repeated, 2), leaf("x", required, format.ByteArray), leaf("y", optional, format.ByteArray)), [][]parquet.Value{ab, {lv(nil, 0, 1), lv("z", 1, 2)}}, `{"l":[{"x":"a"},{"x":"b","y":"z"}]}`},
		"lists of lists":              {with(list(required), group("list", repeated, 1), converted(group("element", optional, 1), deprecated.List), group("list", repeated, 1), leaf("element", required, format.ByteArray)), [][]parquet.Value{{lv("a", 0, 3), lv("b", 2, 3), lv(nil, 1, 2), lv(nil, 1, 1), lv("c", 1, 3)}}, `{"l":[["a","b"],[],null,["c"]]}`},
		"struct without members":      {with(group("g", optional, 1), leaf("x", optional, format.ByteArray)), [][]parquet.Value{{lv(nil, 0, 1)}}, `{}`},
		"map, keys sorted":            {with(converted(group("m", optional, 1), deprecated.Map), entries...), [][]parquet.Value{{lv("k", 0, 2), lv("a\"", 1, 2)}, {lv("v", 0, 3), lv(nil, 1, 2)}}, `{"m":{"a\"":null,"k":"v"}}`},
		"map, annotated inside":       {with(converted(group("m", optional, 1), deprecated.MapKeyValue), group("map", repeated, 2), leaf("key", required, format.Int32), leaf("value", optional, format.ByteArray)), [][]parquet.Value{{lv(int32(7), 0, 2)}, {lv("v", 0, 3)}}, `{"m":{"7":"v"}}`},
		"map, logical type, null":     {with(logical(group("m", optional, 1), new(format.MapType)), entries...), [][]parquet.Value{{lv(nil, 0, 0)}, {lv(nil, 0, 0)}}, `{}`},
		"map, empty":                  {with(converted(group("m", optional, 1), deprecated.Map), entries...), [][]parquet.Value{{lv(nil, 0, 1)}, {lv(nil, 0, 1)}}, `{}`},
		"map of lists":                {with(converted(group("m", required, 1), deprecated.Map), group("key_value", repeated, 2), leaf("key", required, format.ByteArray), list(optional), group("list", repeated, 1), leaf("element", required, format.ByteArray)), [][]parquet.Value{{lv("k", 0, 1), lv("j", 1, 1)}, {lv("a", 0, 3), lv("b", 2, 3), lv("c", 1, 3)}}, `{"m":{"j":["c"],"k":["a","b"]}}`},
		"names that need an escape":   {[]format.SchemaElement{leaf("a\"\n", required, format.ByteArray)}, [][]parquet.Value{{lv("x", 0, 0)}}, `{"a\"\n":"x"}`},
		"times in lists keep the _dt": {with(converted(group("seen_dt", required, 1), deprecated.List), group("list", repeated, 1), converted(leaf("element", required, format.Int64), deprecated.TimestampMillis)), [][]parquet.Value{{lv(int64(1), 0, 1)}}, `{"seen_dt":["1970-01-01T00:00:00.001Z"]}`},
	} {
		got, bad := writeRow(t, tc.schema, tc.leaves...)
		if bad != nil || got != tc.want {
			t.Errorf("%s: got %s, %v, want %s", name, got, bad, tc.want)
		}
	}
}

func TestParquetValues(t *testing.T) {
	nanos := func(unit format.TimeUnitValue) *format.TimestampType {
		return &format.TimestampType{Unit: format.TimeUnit{Value: unit}}
	}
	long := strings.Repeat("x", 200)
	for _, tc := range []struct {
		element format.SchemaElement
		value   any
		want    string
	}{
		{leaf("x", required, format.Boolean), true, "true"},
		{leaf("x", required, format.Int32), int32(-5), "-5"},
		{converted(leaf("x", required, format.Int32), deprecated.Uint32), int32(-1), "4294967295"},
		{logical(leaf("x", required, format.Int32), &format.IntType{BitWidth: 32}), int32(-1), "4294967295"},
		{logical(leaf("x", required, format.Int32), &format.IntType{BitWidth: 8, IsSigned: true}), int32(-1), "-1"},
		{leaf("time_dt", required, format.Int64), int64(1700000000000), "1700000000000"},
		{converted(leaf("x", required, format.Int64), deprecated.Uint64), int64(-1), "18446744073709551615"},
		{converted(leaf("x", required, format.Int32), deprecated.Date), int32(-1), `"1969-12-31"`},
		{logical(leaf("x", required, format.Int32), new(format.DateType)), int32(20000), `"2024-10-04"`},
		{logical(leaf("x", required, format.Int32), new(format.DateType)), int32(1 << 30), "92771293593600000"},

		{converted(leaf("time_dt", required, format.Int64), deprecated.TimestampMillis), int64(1700000000001), `"2023-11-14T22:13:20.001Z"`},
		{converted(leaf("time_dt", required, format.Int64), deprecated.TimestampMicros), int64(-1), `"1969-12-31T23:59:59.999999Z"`},
		{logical(leaf("time_dt", required, format.Int64), nanos(new(format.NanoSeconds))), int64(1700000000000000001), `"2023-11-14T22:13:20.000000001Z"`},
		{logical(leaf("time", required, format.Int64), nanos(new(format.MicroSeconds))), int64(1700000000001999), "1700000000001"},
		{logical(leaf("time", required, format.Int64), nanos(new(format.MilliSeconds))), int64(1700000000001), "1700000000001"},
		{converted(leaf("time_dt", required, format.Int64), deprecated.TimestampMillis), int64(1) << 60, "1152921504606846976"},
		{leaf("time_dt", required, format.Int96), deprecated.Int96{1, 0, 2440589}, `"1970-01-02T00:00:00.000000001Z"`},
		{leaf("time", required, format.Int96), deprecated.Int96{0, 0, 2440589}, "86400000"},

		{leaf("x", required, format.Float), float32(7.5), "7.5"},
		{leaf("x", required, format.Float), float32(0.1), "0.1"},
		{leaf("x", required, format.Double), 1.7e12, "1700000000000"},
		{leaf("x", required, format.Double), 1e300, "1e+300"},
		{leaf("x", required, format.Double), math.NaN(), `"NaN"`},
		{leaf("x", required, format.Double), math.Inf(-1), `"-Inf"`},

		{logical(leaf("x", required, format.Int32), &format.DecimalType{Scale: 1, Precision: 3}), int32(98), "9.8"},
		{logical(leaf("x", required, format.Int64), &format.DecimalType{Scale: 2, Precision: 9}), int64(-5), "-0.05"},
		{logical(leaf("x", required, format.ByteArray), &format.DecimalType{Scale: 2, Precision: 9}), []byte{0xff, 0x38}, "-2.00"},
		{logical(leaf("x", required, format.ByteArray), &format.DecimalType{Precision: 9}), []byte{1, 0}, "256"},
		{logical(leaf("x", required, format.ByteArray), &format.DecimalType{Precision: 9}), []byte(long), "error: a decimal of 200 bytes"},
		{logical(leaf("x", required, format.Int32), &format.DecimalType{Scale: 1 << 30, Precision: 3}), int32(98), "error: a decimal with 1073741824 places"},

		{leaf("x", required, format.ByteArray), "not annotated é\x01", `"not annotated é\u0001"`},
		{leaf("x", required, format.ByteArray), []byte{0xff, 0xfe, 0}, `"//4A"`},
		{converted(leaf("x", required, format.ByteArray), deprecated.UTF8), []byte("a\xff"), "error: is not UTF-8"},
		{converted(leaf("x", required, format.ByteArray), deprecated.Json), `{"a":1}`, `"{\"a\":1}"`},
		{converted(leaf("x", required, format.ByteArray), deprecated.Enum), "HIGH", `"HIGH"`},
		{logical(leaf("x", required, format.FixedLenByteArray), new(format.UUIDType)), [16]byte{0x12, 0x34, 0x56, 0x78, 0x9a, 15: 0xff}, `"12345678-9a00-0000-0000-0000000000ff"`},
		{logical(leaf("x", required, format.FixedLenByteArray), new(format.Float16Type)), [2]byte{0x00, 0x3e}, "1.5"},
	} {
		got, bad := writeRow(t, []format.SchemaElement{tc.element}, []parquet.Value{lv(tc.value, 0, 0)})
		want := fmt.Sprintf(`{%q:%s}`, tc.element.Name, tc.want)
		if bad != nil {
			got, want = "error: "+bad.Err.Error(), tc.want
			if bad.Field != "/x" {
				t.Errorf("%v: field %q", tc.value, bad.Field)
			}
		}
		if got != want {
			t.Errorf("%v %v: got %s, want %s", tc.element.Type.V, tc.value, got, want)
		}
	}
}

// TestParquetBadRow: what is wrong with one row is an error of that row.
func TestParquetBadRow(t *testing.T) {
	uid := leaf("uid", required, format.ByteArray)
	info := group("finding_info", required, 1)
	two := []format.SchemaElement{group("l", repeated, 2), leaf("x", required, format.ByteArray), leaf("y", required, format.ByteArray)}
	m := []format.SchemaElement{converted(group("m", required, 1), deprecated.Map), group("key_value", repeated, 2), leaf("key", required, format.ByteArray), leaf("value", required, format.ByteArray)}
	ab := []parquet.Value{lv("a", 0, 1), lv("b", 1, 1)}
	for name, tc := range map[string]struct {
		schema    []format.SchemaElement
		leaves    [][]parquet.Value
		field, is string
	}{
		"lists disagree, longer":  {two, [][]parquet.Value{ab, ab[:1]}, "/l/y", "its list is not as long as those beside it: the file is damaged: copy or write it anew"},
		"lists disagree, shorter": {two, [][]parquet.Value{ab[:1], ab}, "/l/y", "its list is not as long as those beside it: the file is damaged: copy or write it anew"},
		"no value":                {two, [][]parquet.Value{nil, ab}, "/l", "its list is not as long as those beside it: the file is damaged: copy or write it anew"},
		"key twice":               {m, [][]parquet.Value{{lv("k", 0, 1), lv("k", 1, 1)}, ab}, "/m/key_value", `has the key "k" twice`},
		"too large":               {[]format.SchemaElement{leaf("x", repeated, format.ByteArray)}, [][]parquet.Value{slices.Repeat([]parquet.Value{lv(strings.Repeat("x", 1<<20), 1, 1)}, 6)}, "", "larger than 4 MiB, the limit for one finding"},
		"map too large":           {m, [][]parquet.Value{slices.Repeat([]parquet.Value{lv("k", 1, 1)}, 6), slices.Repeat([]parquet.Value{lv(strings.Repeat("x", 1<<20), 1, 1)}, 6)}, "", "larger than 4 MiB, the limit for one finding"},
	} {
		schema := append([]format.SchemaElement{info, uid}, tc.schema...)
		got, bad := writeRow(t, schema, append([][]parquet.Value{{lv("arn:1", 0, 0)}}, tc.leaves...)...)
		if bad == nil || bad.ID != "arn:1" || bad.Field != tc.field || bad.Err.Error() != tc.is {
			t.Errorf("%s: got %.100s, %+v, want %s %s", name, got, bad, tc.field, tc.is)
		}
	}
}
