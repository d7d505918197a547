package securitylake_test

import (
	"bytes"
	"context"
	stdcsv "encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/bits"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/ocsf"
	"github.com/go-shca/shca/render"
	"github.com/go-shca/shca/render/rendertest"
	"github.com/go-shca/shca/render/securitylake"
)

var (
	update = flag.Bool("update", false, "write the golden files anew")
	keep   = flag.String("keep", "", "write what the cases give below this folder, for other readers to check")
)

var format = render.Format{
	Name: "ocsf-parquet", File: securitylake.File, MediaType: "text/csv", Summary: "objects for Security Lake",
	Render: securitylake.Render, More: securitylake.Objects, Owned: securitylake.Owned(),
}

func TestFormat(t *testing.T) { rendertest.Run(t, []render.Format{format}) }

// TestKeep writes the cases for scripts/parquet-check.sh.
func TestKeep(t *testing.T) {
	if *keep == "" {
		t.Skip("no -keep")
	}
	for _, c := range rendertest.Cases(t) {
		dir := filepath.Join(*keep, strings.ReplaceAll(c.Name, " ", "-"))
		if _, err := render.WriteDir(t.Context(), dir, c.Assessment, []render.Format{format}); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

// files collects what is written.
type files struct {
	mu    sync.Mutex
	bytes map[string][]byte
}

type file struct {
	bytes.Buffer
	done func([]byte)
}

func (f *file) Close() error { f.done(f.Bytes()); return nil }

func (f *files) create(name, mediaType string) (io.WriteCloser, error) {
	if mediaType != "application/vnd.apache.parquet" {
		return nil, fmt.Errorf("%s is of type %s", name, mediaType)
	}
	return &file{done: func(b []byte) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.bytes[name] = b
	}}, nil
}

// write returns the objects of an assessment and the rows of their table.
func write(t *testing.T, l securitylake.Lake, a *shca.Assessment) (objects map[string][]byte, index []map[string]string) {
	t.Helper()
	f := &files{bytes: map[string][]byte{}}
	if err := l.Objects(t.Context(), f.create, a); err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	if err := l.Index(t.Context(), &table, a); err != nil {
		t.Fatal(err)
	}
	lines, err := stdcsv.NewReader(&table).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cells := range lines[1:] {
		row := map[string]string{}
		for i, c := range cells {
			row[lines[0][i]] = c
		}
		index = append(index, row)
	}
	return f.bytes, index
}

// estate is an assessment with findings of every class.
func estate(t *testing.T) *shca.Assessment {
	t.Helper()
	for _, c := range rendertest.Cases(t) {
		if c.Name == "estate" {
			return c.Assessment
		}
	}
	t.Fatal("there is no case \"estate\"")
	return nil
}

// finding is a finding of which one thing or another is of interest.
func finding(change func(*shca.Finding)) *shca.Finding {
	f := &shca.Finding{
		Source: "asff", ID: "finding/1", ProductARN: "arn:aws:securityhub:us-east-1::product/aws/securityhub", AccountID: "111122223333", Region: "us-east-1",
		Check: "S3.8", Status: shca.Passed, UpdatedAt: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC),
	}
	change(f)
	f.Raw = fmt.Appendf(nil, `{"Id":%q,"Compliance":{"Status":"PASSED","SecurityControlId":"S3.8"}}`, f.ID)
	return f
}

func assessment(findings ...*shca.Finding) *shca.Assessment {
	return &shca.Assessment{
		Scopes: []shca.Scope{{Source: "asff"}},
		Findings: func(yield func(*shca.Finding, error) bool) {
			for _, f := range findings {
				if !yield(f, nil) {
					return
				}
			}
		},
	}
}

func open(t *testing.T, name string, object []byte) *parquet.File {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(object), int64(len(object)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return f
}

// read returns pointers to the rows of an object.
func read(t *testing.T, name string, object []byte, class securitylake.Class) []any {
	t.Helper()
	r := parquet.NewReader(open(t, name, object), parquet.SchemaOf(reflect.New(class.Row).Interface()))
	defer r.Close()
	var rows []any
	for {
		row := reflect.New(class.Row).Interface()
		err := r.Read(row)
		if err == io.EOF {
			return rows
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		rows = append(rows, row)
	}
}

// classOf returns the class of an object by its path.
func classOf(t *testing.T, name string) securitylake.Class {
	t.Helper()
	for _, c := range securitylake.Classes() {
		if strings.HasPrefix(name, "security-lake/ext/"+c.Source+"/") {
			return c
		}
	}
	t.Fatalf("%s is of no source", name)
	return securitylake.Class{}
}

// everything lets cmp look into rows.
var everything = cmp.Exporter(func(reflect.Type) bool { return true })

// TestRows: each event is one row with every member, in its partition, in order.
func TestRows(t *testing.T) {
	a := estate(t)
	encoder, err := ocsf.NewEncoder(ocsf.Options{Version: ocsf.V110})
	if err != nil {
		t.Fatal(err)
	}
	events := map[string][]byte{} // by metadata.uid
	for f, err := range a.Findings {
		if err != nil {
			t.Fatal(err)
		}
		e, head, err := encoder.Append(nil, f)
		if err != nil {
			t.Fatal(err)
		}
		events[head.UID+fmt.Sprint(head.Time)] = e
	}
	objects, index := write(t, securitylake.Lake{}, a)
	if len(objects) != len(index) {
		t.Errorf("%d objects, and %d in the table", len(objects), len(index))
	}
	type head struct {
		Class    int   `json:"class_uid"`
		Time     int64 `json:"time"`
		Metadata struct {
			UID string `json:"uid"`
		} `json:"metadata"`
		Cloud struct {
			Region  string `json:"region"`
			Account struct {
				UID string `json:"uid"`
			} `json:"account"`
		} `json:"cloud"`
	}
	rows, classes := 0, map[int]bool{}
	for _, line := range index {
		name := line["path"]
		class := classOf(t, name)
		classes[class.UID] = true
		var times []string
		got := read(t, name, objects[name], class)
		for _, row := range got {
			v := reflect.ValueOf(row).Elem()
			uid := v.FieldByName("Metadata").Elem().FieldByName("UID").Elem().String()
			ms := v.FieldByName("Time").Elem().Int()
			event := events[uid+fmt.Sprint(ms)]
			delete(events, uid+fmt.Sprint(ms))
			want := reflect.New(class.Row)
			if err := json.Unmarshal(event, want.Interface(), json.RejectUnknownMembers(true)); err != nil {
				t.Fatalf("%s: %v", event, err)
			}
			if diff := cmp.Diff(want.Interface(), row, everything); diff != "" {
				t.Fatalf("%s (-event +row):\n%s", event, diff)
			}
			var h head
			if err := json.Unmarshal(event, &h); err != nil {
				t.Fatal(err)
			}
			partition := fmt.Sprintf("/region=%s/accountId=%s/eventDay=%s/", h.Cloud.Region, h.Cloud.Account.UID, time.UnixMilli(h.Time).UTC().Format("20060102"))
			if h.Class != class.UID || !strings.Contains(name, partition) {
				t.Errorf("%s has an event of class %d, %s", name, h.Class, partition)
			}
			times = append(times, fmt.Sprintf("%020d %s", ms, uid))
		}
		if !slices.IsSorted(times) {
			t.Errorf("%s: the rows are in the order %q", name, times)
		}
		first, _ := strconv.ParseInt(strings.Fields(times[0])[0], 10, 64)
		last, _ := strconv.ParseInt(strings.Fields(times[len(times)-1])[0], 10, 64)
		want := []string{fmt.Sprint(class.UID), fmt.Sprint(len(got)), date(first), date(last), "complete"}
		if diff := cmp.Diff(want, []string{line["class_uid"], line["rows"], line["first_time"], line["last_time"], line["assessment"]}); diff != "" {
			t.Errorf("%s in the table (-want +got):\n%s", name, diff)
		}
		rows += len(got)
	}
	if len(events) > 0 || rows < 300 || len(classes) != 3 {
		t.Errorf("%d rows of classes %v, %d events missing", rows, classes, len(events))
	}
}

func date(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// TestEveryMember fills every member of each class and finds it in its column.
func TestEveryMember(t *testing.T) {
	for _, class := range securitylake.Classes() {
		n := 0
		value := full(t, class.Row, class.Source, &n)
		event, err := json.Marshal(value, json.Deterministic(true))
		if err != nil {
			t.Fatal(err)
		}
		want := reflect.New(class.Row).Interface()
		if err := json.Unmarshal(event, want, json.RejectUnknownMembers(true)); err != nil {
			t.Fatal(err)
		}
		// The event twice, with one between that has nothing: nulls are nulls, and
		// nothing is left over from the row before.
		var object bytes.Buffer
		if err := class.Writer("complete").Write(&object, securitylake.Lake{}, string(event), "{}", string(event)); err != nil {
			t.Fatal(err)
		}
		got := read(t, class.Source, object.Bytes(), class)
		if diff := cmp.Diff([]any{want, reflect.New(class.Row).Interface(), want}, got, everything); diff != "" {
			t.Errorf("%s (-want +got):\n%s", class.Source, diff)
		}
		// Every leaf has a value in the first row, so none of the columns is all
		// null; n counts the values that were put in.
		leaves := len(open(t, class.Source, object.Bytes()).Schema().Columns())
		if n < leaves-1 || leaves < 100 { // a map has two columns and is one value
			t.Errorf("%s: %d values for %d columns", class.Source, n, leaves)
		}
		for i, column := range open(t, class.Source, object.Bytes()).RowGroups()[0].ColumnChunks() {
			index, err := column.ColumnIndex()
			if err != nil {
				t.Fatal(err)
			}
			if index.NullPage(0) {
				t.Errorf("%s: column %d, %v, is null in every row", class.Source, i, open(t, class.Source, object.Bytes()).Schema().Columns()[i])
			}
		}
	}
}

// TestAbsent: an attribute that is absent is null, whichever of the rows around
// have it, also in the elements of lists.
func TestAbsent(t *testing.T) {
	for _, class := range securitylake.Classes() {
		for have := range 1 << 6 {
			var events []string
			var want []any
			for i := range 6 {
				event := `{}`
				if have>>i&1 == 1 {
					event = `{"comment":"x","metadata":{"uid":"u","product":{"name":"p"}},"observables":[{"name":"a"},{"name":"b","value":"v"},{"name":"c"},{"name":"d"}]}`
				}
				events = append(events, event)
				row := reflect.New(class.Row).Interface()
				if err := json.Unmarshal([]byte(event), row); err != nil {
					t.Fatal(err)
				}
				want = append(want, row)
			}
			var object bytes.Buffer
			if err := class.Writer("complete").Write(&object, securitylake.Lake{}, events...); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, read(t, class.Source, object.Bytes(), class), everything); diff != "" {
				t.Errorf("%s, %06b (-want +got):\n%s", class.Source, have, diff)
			}
			f := open(t, class.Source, object.Bytes())
			leaf, _ := f.Schema().Lookup("comment")
			index, err := f.RowGroups()[0].ColumnChunks()[leaf.ColumnIndex].ColumnIndex()
			if err != nil {
				t.Fatal(err)
			}
			if got, want := index.NullCount(0), int64(6-bits.OnesCount(uint(have))); got != want {
				t.Errorf("%s, %06b: %d comments are null, want %d", class.Source, have, got, want)
			}
		}
	}
}

// full returns a JSON value with every member of the type, all different, and
// checks that columns are named like members.
func full(t *testing.T, typ reflect.Type, at string, n *int) any {
	*n++
	switch {
	case typ == reflect.TypeFor[securitylake.Timestamp]():
		return time.UnixMicro(1_780_000_000_123_456 + int64(*n)).UTC().Format(time.RFC3339Nano)
	case typ == reflect.TypeFor[securitylake.JSONText]():
		if *n%2 == 0 {
			return map[string]any{"n": *n, "text": "<&>"}
		}
		return fmt.Sprintf(`{"n": %d}`, *n)
	}
	switch typ.Kind() {
	case reflect.Pointer:
		*n--
		return full(t, typ.Elem(), at, n)
	case reflect.Slice:
		*n--
		return []any{full(t, typ.Elem(), at+"[0]", n), full(t, typ.Elem(), at+"[1]", n)}
	case reflect.Map:
		return map[string]string{"b": fmt.Sprint(at, *n), "a": "", "c\x00": "ü"}
	case reflect.String:
		return fmt.Sprint(at, *n)
	case reflect.Bool:
		return *n%2 == 0
	case reflect.Int32, reflect.Int64:
		return *n
	case reflect.Float64:
		return float64(*n) + 0.5
	case reflect.Struct:
		*n--
		members := map[string]any{}
		for i := range typ.NumField() {
			f := typ.Field(i)
			name := f.Tag.Get("json")
			column, rest, _ := strings.Cut(f.Tag.Get("parquet"), ",")
			if name == "" || name != column || !strings.HasPrefix(rest, "optional") {
				t.Errorf("%s.%s: tags json %q and parquet %q", at, f.Name, name, f.Tag.Get("parquet"))
			}
			members[name] = full(t, f.Type, at+"."+name, n)
		}
		return members
	}
	t.Fatalf("%s: no value for %v", at, typ)
	return nil
}

// TestSchema: the columns are what the golden files say.
func TestSchema(t *testing.T) {
	for _, class := range securitylake.Classes() {
		var object bytes.Buffer
		if err := class.Writer("complete").Write(&object, securitylake.Lake{}, "{}"); err != nil {
			t.Fatal(err)
		}
		got := open(t, class.Source, object.Bytes()).Schema().String() + "\n"
		golden := filepath.Join("testdata", class.Source+".schema")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", golden, diff)
		}
	}
}

// TestObject: metadata, compression, sorting and encodings of an object.
func TestObject(t *testing.T) {
	incomplete := assessment(finding(func(*shca.Finding) {}))
	incomplete.ProblemCount = 1
	for state, a := range map[string]*shca.Assessment{
		"complete": assessment(finding(func(*shca.Finding) {})), "incomplete: not everything could be read": incomplete,
	} {
		objects, index := write(t, securitylake.Lake{}, a)
		for name, object := range objects {
			f := open(t, name, object)
			if got, _ := f.Lookup(securitylake.MetadataKey); got != state {
				t.Errorf("the metadata says %q, want %q", got, state)
			}
			if got := f.Metadata().CreatedBy; got != "shca version 1 (build ocsf-1.1.0)" {
				t.Errorf("created by %q", got)
			}
			for _, g := range f.Metadata().RowGroups {
				if len(g.SortingColumns) != 1 {
					t.Errorf("sorted by %v", g.SortingColumns)
				}
				for _, c := range g.Columns {
					if got := fmt.Sprint(c.MetaData.Codec, c.MetaData.DictionaryPageOffset); got != "ZSTD 0" {
						t.Fatalf("%v: codec and dictionary %s", c.MetaData.PathInSchema, got)
					}
				}
			}
			if got := index[0]["assessment"]; got == "" || !strings.HasPrefix(state, got) {
				t.Errorf("the table says %q, want %q", got, state)
			}
		}
	}
}

// TestReusedWriter: objects do not depend on those written before.
func TestReusedWriter(t *testing.T) {
	for _, class := range securitylake.Classes() {
		n := 0
		event, err := json.Marshal(full(t, class.Row, class.Source, &n), json.Deterministic(true))
		if err != nil {
			t.Fatal(err)
		}
		events := []string{string(event), "{}", string(event)}
		l := securitylake.NewLake(0, 0, int64(len(event)+1))
		reused := class.Writer("complete")
		var want []byte
		for i := range 3 {
			var fresh, again bytes.Buffer
			if err := errors.Join(class.Writer("complete").Write(&fresh, l, events...), reused.Write(&again, l, events[:2]...)); err != nil {
				t.Fatal(err)
			}
			again.Reset()
			if err := reused.Write(&again, l, events...); err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				want = fresh.Bytes()
			}
			if !bytes.Equal(fresh.Bytes(), want) || !bytes.Equal(again.Bytes(), want) {
				t.Errorf("%s: the bytes differ in round %d", class.Source, i)
			}
		}
	}
}

// TestBounds: row groups and pages are as small as Security Lake wants them.
func TestBounds(t *testing.T) {
	const size, n = 120_000, 40 // bytes of text in an event, near what ASFF allows, and events
	class := securitylake.Classes()[0]
	var events []string
	for i := range n {
		events = append(events, fmt.Sprintf(`{"class_uid":2003,"time":%d,"message":%q,"unmapped":{"a":%q}}`,
			i, strings.Repeat(strconv.Itoa(i), size)[:size/2], strings.Repeat(strconv.Itoa(i), size)[:size/2]))
	}
	const groupBytes = 10*size + 2000
	var object bytes.Buffer
	if err := class.Writer("complete").Write(&object, securitylake.NewLake(0, 0, groupBytes), events...); err != nil {
		t.Fatal(err)
	}
	f := open(t, class.Source, object.Bytes())
	if got := len(f.RowGroups()); got != n/10 {
		t.Errorf("%d row groups, want %d", got, n/10)
	}
	pages := 0
	for i, group := range f.RowGroups() {
		if got := f.Metadata().RowGroups[i].TotalByteSize; got > groupBytes+100_000 {
			t.Errorf("row group %d has %d bytes", i, got)
		}
		for _, chunk := range group.ColumnChunks() {
			reader := chunk.Pages()
			for {
				page, err := reader.ReadPage()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if page.Size() > 1<<20 {
					t.Errorf("a page has %d bytes", page.Size())
				}
				pages++
				parquet.Release(page)
			}
			reader.Close()
		}
	}
	if columns := len(f.Schema().Columns()); pages <= columns*len(f.RowGroups()) {
		t.Errorf("%d pages for %d columns: none was cut", pages, columns)
	}
	if got := len(read(t, class.Source, object.Bytes(), class)); got != n {
		t.Errorf("%d rows, want %d", got, n)
	}
}

// TestParts: a partition with more than an object takes has several, in order.
func TestParts(t *testing.T) {
	var findings []*shca.Finding
	for i := range 25 {
		findings = append(findings, finding(func(f *shca.Finding) {
			f.ID = fmt.Sprint("finding/", i)
			f.UpdatedAt = f.UpdatedAt.Add(time.Duration(i*7%25) * time.Minute)
			if i >= 20 {
				f.Region = "us-west-2"
			}
		}))
	}
	for _, tc := range []struct {
		lake securitylake.Lake
		want []int // rows of each object
	}{
		{securitylake.Lake{}, []int{20, 5}},
		{securitylake.NewLake(8, 0, 0), []int{8, 8, 4, 5}},
		{securitylake.NewLake(20, 0, 0), []int{20, 5}},
		{securitylake.NewLake(0, 1, 0), slices.Repeat([]int{1}, 25)}, // an event is never cut
	} {
		objects, index := write(t, tc.lake, assessment(findings...))
		var got []int
		for i, line := range index {
			rows := read(t, line["path"], objects[line["path"]], classOf(t, line["path"]))
			got = append(got, len(rows))
			part, before := 0, ""
			if i > 0 && index[i-1]["region"] == line["region"] {
				fmt.Sscanf(path.Base(index[i-1]["path"]), "part-%d-", &part)
				part++
				before = index[i-1]["last_time"]
			}
			if !strings.HasPrefix(path.Base(line["path"]), fmt.Sprintf("part-%05d-", part)) || line["first_time"] < before || line["rows"] != fmt.Sprint(len(rows)) {
				t.Errorf("%+v: object %d of %v", tc.lake, i, line)
			}
		}
		if diff := cmp.Diff(tc.want, got); diff != "" || len(objects) != len(got) {
			t.Errorf("%+v: %d objects, rows (-want +got):\n%s", tc.lake, len(objects), diff)
		}
	}
}

// TestNames: an object has another name when it has other bytes.
func TestNames(t *testing.T) {
	one, two := finding(func(*shca.Finding) {}), finding(func(f *shca.Finding) { f.ID = "finding/2" })
	incomplete := assessment(one)
	incomplete.ProblemCount = 1
	names := map[string]bool{}
	for _, a := range []*shca.Assessment{assessment(one), assessment(two), assessment(one, two), incomplete, assessment(one)} {
		objects, _ := write(t, securitylake.Lake{}, a)
		maps.Copy(names, maps.Collect(func(yield func(string, bool) bool) {
			for name := range objects {
				if !yield(name, true) {
					return
				}
			}
		}))
	}
	if len(names) != 4 {
		t.Errorf("%d names for four different objects: %v", len(names), names)
	}
}

func TestPartition(t *testing.T) {
	for _, tc := range []struct{ region, account, want string }{
		{"us-east-1", "111122223333", "us-east-1/111122223333/20260701"},
		{"us-gov-west-1", "000000000000", "us-gov-west-1/000000000000/20260701"},
		{"", "", "unknown/external/20260701"},
		{"unknown", "external", "unknown_b23a6a8439c0dde5515893e7c90c1e32/external_external/20260701"},
		{"US-EAST-1", "AC1", "us-east-1_"},
		{"global", "my-gcp-project", "global/external_my-gcp-project/20260701"},
		{"../..", "/etc/passwd", "_"},
		{"-=cmd|'/C calc'!A1", "11112222333", "cmd---c-calc--a1_"},
		{"us-east-1/eventDay=1", "1111222233334", "us-east-1-eventday-1_"},
		{"us-east-1 ", "１１１１２２２２３３３３", "us-east-1-_"},
		{strings.Repeat("a", 32), strings.Repeat("b", 33), strings.Repeat("a", 32) + "/external_bbbbbbbbbbbbbbbbbbbbbbbb_"},
		{"ü\xff\x00", ".", "_"},
	} {
		got, err := securitylake.PartitionPath(ocsf.Head{Class: 2003, Region: tc.region, AccountID: tc.account, Time: 1782907200000})
		if err != nil || !strings.HasPrefix(got, tc.want) {
			t.Errorf("region %q, account %q: %s, %v; want %s", tc.region, tc.account, got, err, tc.want)
		}
	}
	for ms, want := range map[int64]string{0: "19700101", -1: "19691231", 1782950399999: "20260701", 1782950400000: "20260702"} {
		if got, err := securitylake.PartitionPath(ocsf.Head{Class: 2002, Region: "a", AccountID: "b", Time: ms}); err != nil || got != "a/external_b/"+want {
			t.Errorf("time %d: %s, %v; want the day %s", ms, got, err, want)
		}
	}
	if _, err := securitylake.PartitionPath(ocsf.Head{Class: 2006, UID: "abc"}); err == nil || !strings.Contains(err.Error(), "abc is of OCSF class 2006") {
		t.Errorf("class 2006: %v", err)
	}
}

// TestHostilePartitions: whatever regions and accounts are called, no two share
// a partition and none leaves the folder.
func TestHostilePartitions(t *testing.T) {
	texts := []string{
		"", "unknown", "external", "external_", "us-east-1", "US-EAST-1", "us-east-1 ", "..", "../../..", "/", `\`, "a/b", "a b", "a_b", "a-b", "-a", "a:b",
		"con", "=1+1", strings.Repeat("x", 500), strings.Repeat("x", 500) + "y", "\u2028", "ü", "u\u0308", "\x00", "%2e%2e", "111122223333", "111122223334",
	}
	var findings []*shca.Finding
	for i, text := range texts {
		findings = append(findings, finding(func(f *shca.Finding) { f.ID, f.Region = fmt.Sprint("region/", i), text }))
		findings = append(findings, finding(func(f *shca.Finding) { f.ID, f.AccountID = fmt.Sprint("account/", i), text }))
	}
	objects, index := write(t, securitylake.NewLake(0, 0, 0), assessment(findings...))
	dirs, lower := map[string]bool{}, map[string]bool{}
	for name := range objects {
		if !slices.ContainsFunc(securitylake.Owned(), func(p string) bool { ok, _ := path.Match(p, name); return ok }) || path.Clean(name) != name || len(name) > 250 {
			t.Errorf("%q is no name for an object", name)
		}
		dirs[path.Dir(name)], lower[strings.ToLower(path.Dir(name))] = true, true
	}
	// "us-east-1" as a region and "111122223333" as an account are the others'.
	if want := 2*len(texts) - 1; len(dirs) != want || len(lower) != want || len(index) != want {
		t.Errorf("%d partitions, %d without case, %d rows in the table; want %d", len(dirs), len(lower), len(index), want)
	}
}

func FuzzPartition(f *testing.F) {
	f.Add("us-east-1", "US-EAST-1")
	f.Add("", "unknown")
	f.Add("external", "external_external")
	f.Add("../..", "\xff\x00")
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, value := range []func(string) string{securitylake.RegionValue, securitylake.AccountValue} {
			x, y := value(a), value(b)
			if (x == y) != (a == b) {
				t.Errorf("%q becomes %q, and %q becomes %q", a, x, b, y)
			}
			if x == "" || len(x) > 80 || x[0] == '-' || strings.Trim(x, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
				t.Errorf("%q becomes %q", a, x)
			}
		}
	})
}

// TestForeignMembers: what has no column is an error that names it.
func TestForeignMembers(t *testing.T) {
	for _, tc := range []struct{ event, want string }{
		{`{"class_uid":2003,"cloud":{"cloud_partition":"aws"}}`, "cloud_partition"},
		{`{"class_uid":2003,"unmapped":{"a":1}}`, "unmapped"},
		{`{"class_uid":2003,"unmapped":{"a":{"b":"c"}}}`, "unmapped"},
		{`{"class_uid":2003,"severity_id":4294967296}`, "severity_id"},
		{`{"class_uid":2003,"time_dt":"yesterday"}`, "time_dt"},
		{`{"class_uid":2003,"class_uid":2004}`, "class_uid"},
	} {
		err := securitylake.Classes()[0].Writer("complete").Write(io.Discard, securitylake.Lake{}, tc.event)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one that names %s", tc.event, err, tc.want)
		}
	}
}

// TestCancelledObjects: writing stops between rows, and the object is closed.
func TestCancelledObjects(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	closed := 0
	err := securitylake.Objects(ctx, func(string, string) (io.WriteCloser, error) {
		cancel()
		return &file{done: func([]byte) { closed++ }}, nil
	}, assessment(finding(func(*shca.Finding) {})))
	if !errors.Is(err, context.Canceled) || closed != 1 {
		t.Errorf("error %v, %d objects closed", err, closed)
	}
}
