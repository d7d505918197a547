package sources_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/input/inputtest"
	"github.com/go-shca/shca/sources"
)

func finding(id string) string {
	return `{"SchemaVersion":"2018-10-08","Id":"` + id + `","ProductArn":"arn:aws:securityhub:eu-west-1::product/aws/securityhub",` +
		`"GeneratorId":"security-control/S3.8","AwsAccountId":"012345678901","Severity":{"Label":"HIGH"},"Title":"é \"{🔒",` +
		`"CreatedAt":"2026-01-01T00:00:00Z","UpdatedAt":"2026-01-01T00:00:00Z","Compliance":{"Status":"PASSED"}}`
}

type result struct {
	raw    []string // "name" of each finding
	errors []string
	scopes []shca.Scope
	inputs []shca.Input
	err    error
}

func collect(ctx context.Context, s shca.Source) result {
	var r result
	for record, err := range s.Records(ctx) {
		var one *shca.FindingError
		switch {
		case errors.As(err, &one):
			r.errors = append(r.errors, err.Error())
		case err != nil:
			r.err = err
		case record.Finding != nil:
			r.raw = append(r.raw, string(record.Finding.Raw))
		case record.Input != nil:
			r.inputs = append(r.inputs, *record.Input)
		default:
			r.scopes = append(r.scopes, *record.Scope)
		}
	}
	return r
}

func open(t *testing.T, inputs []string, o sources.Options) shca.Source {
	t.Helper()
	s, err := sources.Open(inputs, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestOpenForms reads the same findings in every wrapper, encoding and
// compression, from a file, a directory and standard input. The files' names
// say nothing or the wrong thing.
func TestOpenForms(t *testing.T) {
	a, b, c := finding("a"), finding("b"), finding("c")
	want := []string{a, b, c}
	wrappers := map[string]string{
		"CLI":                  `{"Findings":[` + a + "," + b + "," + c + "]}",
		"CLI indented":         "{\n    \"Findings\": [\n        " + a + ",\n        " + b + ",\n        " + c + "\n    ]\n}\n",
		"array":                "[" + a + "," + b + "," + c + "]",
		"NDJSON":               a + "\n" + b + "\n" + c + "\n",
		"NDJSON, CRLF":         a + "\r\n" + b + "\r\n" + c + "\r\n",
		"concatenated":         a + b + c,
		"EventBridge":          `{"version":"0","detail":{"findings":[` + a + "," + b + "," + c + "]}}",
		"EventBridge a line":   `{"detail":{"findings":[` + a + `]}}` + "\n" + `{"detail":{"findings":[` + b + "," + c + "]}}",
		"findings":             `{"findings":[` + a + "," + b + "," + c + "]}",
		"Finding":              `{"Finding":` + a + `}{"Finding":` + b + `}{"Finding":` + c + "}",
		"data.Findings":        `{"status_code":200,"data":{"Findings":[` + a + "," + b + "," + c + "]}}",
		"apiResponse.Findings": `{"apiResponse":{"Findings":[` + a + "," + b + "," + c + "]}}",
	}
	encodings := map[string]func(string) string{
		"UTF-8":           func(s string) string { return s },
		"UTF-8, mark":     func(s string) string { return "\xef\xbb\xbf" + s },
		"UTF-16 LE, mark": func(s string) string { return inputtest.UTF16("\ufeff"+s, binary.LittleEndian) },
		"UTF-16 BE, mark": func(s string) string { return inputtest.UTF16("\ufeff"+s, binary.BigEndian) },
		"UTF-16 LE":       func(s string) string { return inputtest.UTF16(s, binary.LittleEndian) },
		"UTF-16 BE":       func(s string) string { return inputtest.UTF16(s, binary.BigEndian) },
	}
	compressions := map[string]func(string) string{
		"plain":         func(s string) string { return s },
		"gzip":          inputtest.Gzip,
		"gzip, members": func(s string) string { return inputtest.Gzip(s[:40]) + inputtest.Gzip(s[40:]) },
		"zstd":          inputtest.Zstd,
	}
	dir := t.TempDir()
	for w, text := range wrappers {
		for e, encode := range encodings {
			for c, compress := range compressions {
				stored := compress(encode(text))
				path := write(t, dir, "findings.csv", stored)
				for from, source := range map[string]shca.Source{
					"file":      open(t, []string{path}, sources.Options{}),
					"directory": open(t, []string{dir}, sources.Options{}),
					"stdin":     open(t, []string{"-"}, sources.Options{Stdin: strings.NewReader(stored)}),
				} {
					r := collect(t.Context(), source)
					if d := cmp.Diff(want, r.raw); d != "" {
						t.Errorf("%s, %s, %s, %s (-want +got):\n%s", w, e, c, from, d)
					}
					if len(r.errors) > 0 || len(r.scopes) > 0 || r.err != nil {
						t.Errorf("%s, %s, %s, %s: errors %v, scopes %+v, %v", w, e, c, from, r.errors, r.scopes, r.err)
					}
				}
			}
		}
	}
}

// TestOpenBad: an input that cannot be read, in full or at all, is a scope with
// an error, and the others are read.
func TestOpenBad(t *testing.T) {
	long := strings.Repeat(finding("x")+"\n", 2000)
	cutGzip := inputtest.Gzip(long)
	cutZstd := inputtest.Zstd(long)
	utf16 := inputtest.UTF16("["+finding("x")+"]", binary.LittleEndian)
	for _, tc := range []struct {
		name, stored string
		want         string // scope error, or how it begins if it ends in "…"
	}{
		{"truncated gzip", cutGzip[:len(cutGzip)-100], "gzip: the file is cut off: copy or write it anew (unexpected EOF)…"},
		{"gzip header only", cutGzip[:6], "gzip: the file is cut off: copy or write it anew (unexpected EOF)"},
		{"truncated zstd", cutZstd[:len(cutZstd)-100], "zstd: the file is cut off: copy or write it anew (unexpected EOF)…"},
		{"zip", "PK\x03\x04x", "the archive is damaged: copy it anew (zip: not a valid zip file)"},
		{"empty", "", "holds no findings: it is empty"},
		{"empty gzip", inputtest.Gzip(""), "holds no findings: it is empty"},
		{"white space", " \n", "holds no findings: it is empty"},
		{"HTML", "<html>", `not JSON: it begins with "<html>"; export with --output json`},
		{"CSV", "a,b\n", `not JSON: it begins with "a,b\n"; export with --output json`},
		{"scalar", "3", `not JSON: it begins with "3"; export with --output json`},
		{"UTF-16, odd", utf16[:len(utf16)-1], "the input ends inside a list of findings…"},
		{"empty list", `{"Findings":[]}`, "holds no findings: its list is empty; check the filter, account and region of the call that wrote it"},
	} {
		dir := t.TempDir()
		write(t, dir, "1", finding("a"))
		write(t, dir, "2", tc.stored)
		write(t, dir, "3", finding("b"))
		r := collect(t.Context(), open(t, []string{dir}, sources.Options{}))
		var ids []string
		for _, raw := range r.raw {
			if raw != finding("x") {
				ids = append(ids, raw)
			}
		}
		if d := cmp.Diff([]string{finding("a"), finding("b")}, ids); d != "" {
			t.Errorf("%s: the other files' findings (-want +got):\n%s", tc.name, d)
		}
		if len(r.scopes) != 1 || r.scopes[0].Source != filepath.Join(dir, "2") {
			t.Errorf("%s: scopes %+v", tc.name, r.scopes)
			continue
		}
		if want, begins := strings.CutSuffix(tc.want, "…"); r.scopes[0].Err != want && (!begins || !strings.HasPrefix(r.scopes[0].Err, want)) {
			t.Errorf("%s: error %q, want %q", tc.name, r.scopes[0].Err, tc.want)
		}
	}
}

// TestOpenTables reads Parquet and CSV in every compression and encoding that
// they come in, from a file, a directory and standard input, beside JSON.
func TestOpenTables(t *testing.T) {
	const header = "finding_info.uid,class_name,compliance.status,compliance.control,activity_name,status,cloud.account.uid,resources.uid,metadata.product.uid\r\n"
	const row = ",Compliance Finding,Fail,S3.8,Update,New,012345678901,arn:b,arn:p\r\n"
	const event = `{"finding_info":{"uid":"é"},"class_name":"Compliance Finding","compliance":{"status":"Fail","control":"S3.8"},"activity_name":"Update",` +
		`"status":"New","cloud":{"account":{"uid":"012345678901"}},"resources":[{"uid":"arn:b"}],"metadata":{"product":{"uid":"arn:p"}}}`
	type info struct {
		UID string `parquet:"uid"`
	}
	type table struct {
		Class int32 `parquet:"class_uid"`
		Info  info  `parquet:"finding_info"`
	}
	var rows []table
	var events []string
	for i := range 2000 {
		rows = append(rows, table{2003, info{fmt.Sprintf("arn:%d", i)}})
		events = append(events, fmt.Sprintf(`{"class_uid":2003,"finding_info":{"uid":"arn:%d"}}`, i))
	}
	var file bytes.Buffer
	w := parquet.NewGenericWriter[table](&file)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	text := header + "é" + row
	for name, tc := range map[string]struct {
		stored string
		want   []string
	}{
		"Parquet":       {file.String(), events},
		"Parquet, gzip": {inputtest.Gzip(file.String()), events},
		"Parquet, zstd": {inputtest.Zstd(file.String()), events},
		"CSV":           {text, []string{event}},
		"CSV, mark":     {"\xef\xbb\xbf" + text, []string{event}},
		"CSV, UTF-16":   {inputtest.UTF16("\ufeff"+text, binary.LittleEndian), []string{event}},
		"CSV, gzip":     {inputtest.Gzip(text), []string{event}},
	} {
		dir := t.TempDir()
		path := write(t, dir, "findings.json", tc.stored)
		var p shca.Progress
		for from, source := range map[string]shca.Source{
			"file":      open(t, []string{path}, sources.Options{Progress: &p}),
			"directory": open(t, []string{dir}, sources.Options{}),
			"stdin":     open(t, []string{"-"}, sources.Options{Stdin: strings.NewReader(tc.stored)}),
		} {
			for again := range 2 {
				if again > 0 && from == "stdin" {
					continue
				}
				r := collect(t.Context(), source)
				if d := cmp.Diff(tc.want, r.raw); d != "" {
					t.Errorf("%s, %s (-want +got):\n%s", name, from, d)
				}
				if len(r.errors) > 0 || len(r.scopes) > 0 || r.err != nil {
					t.Errorf("%s, %s: errors %v, scopes %+v, %v", name, from, r.errors, r.scopes, r.err)
				}
			}
		}
		if read, total, n := p.Read(); read > total || total != int64(2*len(tc.stored)) || n != int64(2*len(tc.want)) {
			t.Errorf("%s: progress %d of %d bytes, %d findings", name, read, total, n)
		}
	}

	dir := t.TempDir()
	write(t, dir, "1", finding("a"))
	write(t, dir, "2", file.String()[:file.Len()-1])
	write(t, dir, "3", inputtest.Gzip(file.String())[:file.Len()/8])
	write(t, dir, "4", text)
	write(t, dir, "5", finding("b"))
	r := collect(t.Context(), open(t, []string{dir}, sources.Options{}))
	if d := cmp.Diff([]string{finding("a"), event, finding("b")}, r.raw); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
	want := []shca.Scope{
		{Source: filepath.Join(dir, "2"), Err: "the file is cut off: copy or write it anew (a Parquet file ends in PAR1)"},
		{Source: filepath.Join(dir, "3"), Err: "gzip: the file is cut off: copy or write it anew (unexpected EOF)"},
	}
	if d := cmp.Diff(want, r.scopes); d != "" {
		t.Errorf("scopes (-want +got):\n%s", d)
	}
}

func TestOpenUnreadable(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a", finding("a"))
	if err := os.Mkdir(filepath.Join(dir, ".other"), 0o777); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "b")
	if err := os.Symlink(filepath.Join(dir, ".other"), link); err != nil {
		t.Skip(err)
	}
	wantScopes := []shca.Scope{{Source: link, Err: "a symbolic link to a directory is not followed: name the directory itself"}}
	if os.Geteuid() != 0 && runtime.GOOS != "windows" {
		secret := write(t, dir, "c", finding("c"))
		if err := os.Chmod(secret, 0); err != nil {
			t.Fatal(err)
		}
		wantScopes = append(wantScopes, shca.Scope{Source: secret, Err: "open " + secret + ": permission denied"})
	}
	write(t, dir, "d", finding("d"))
	r := collect(t.Context(), open(t, []string{dir}, sources.Options{}))
	if d := cmp.Diff([]string{finding("a"), finding("d")}, r.raw); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
	if d := cmp.Diff(wantScopes, r.scopes); d != "" {
		t.Errorf("scopes (-want +got):\n%s", d)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	a := write(t, dir, "a", finding("a"))
	for name, inputs := range map[string][]string{
		"none":    nil,
		"missing": {a, filepath.Join(dir, "b")},
		"twice":   {a, a},
		"again":   {dir, a},
		"empty":   {t.TempDir()},
		"stdin":   {"-", "-"},
	} {
		if s, err := sources.Open(inputs, sources.Options{}); err == nil || s != nil {
			t.Errorf("%s: got %v, %v", name, s, err)
		}
	}
}

// TestOpenSeveral: inputs come in the given order, errors name their file, and
// the whole can be read again.
func TestOpenSeveral(t *testing.T) {
	dir := t.TempDir()
	b := write(t, dir, "b", finding("b")+"\n[1]")
	a := write(t, dir, "a", finding("a"))
	var p shca.Progress
	s := open(t, []string{b, a}, sources.Options{Progress: &p})
	for range 2 {
		r := collect(t.Context(), s)
		if d := cmp.Diff([]string{finding("b"), finding("a")}, r.raw); d != "" {
			t.Errorf("findings (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]string{b + ": finding 2: a finding is a JSON object, and this is none"}, r.errors); d != "" {
			t.Errorf("errors (-want +got):\n%s", d)
		}
	}
	size := int64(2 * (2*len(finding("a")) + 4))
	if read, total, n := p.Read(); read != size || total != size || n != 4 {
		t.Errorf("progress %d of %d bytes, %d findings; want %d bytes, 4 findings", read, total, n, size)
	}
	if r := collect(t.Context(), open(t, []string{"-"}, sources.Options{})); len(r.scopes) != 1 || r.scopes[0].Err != "holds no findings: it is empty" || r.scopes[0].Source != "stdin" {
		t.Errorf("no standard input: scopes %+v", r.scopes)
	}
	stdin := open(t, []string{"-", a}, sources.Options{Stdin: strings.NewReader(finding("c"))})
	if r := collect(t.Context(), stdin); len(r.raw) != 2 || len(r.scopes) > 0 {
		t.Errorf("standard input and a file: %+v", r)
	}
	if r := collect(t.Context(), stdin); len(r.raw) != 1 || len(r.scopes) != 1 || r.scopes[0].Err != "standard input can be read once only: save it to a file" {
		t.Errorf("standard input read again: %+v", r)
	}
}

// TestOpenStops: a consumer that stops is asked no more, and a context that is
// done is an error, never just fewer records.
func TestOpenStops(t *testing.T) {
	dir := t.TempDir()
	a, b := write(t, dir, "a", finding("a")), write(t, dir, "b", finding("b"))
	s := open(t, []string{a, b}, sources.Options{})
	n := 0
	for range s.Records(t.Context()) {
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d records", n)
	}
	for after := range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		if after == 0 {
			cancel()
		}
		var errs []error
		n := 0
		for _, err := range s.Records(ctx) {
			if err != nil {
				errs = append(errs, err)
				continue
			}
			if n++; n == after {
				cancel()
			}
		}
		cancel()
		if len(errs) != 1 || !errors.Is(errs[0], context.Canceled) {
			t.Errorf("cancelled after %d records: errors %v, want one %v", after, errs, context.Canceled)
		}
	}
}

// TestOpenPages: an error if every reply of all inputs has a NextToken, or the
// last one.
func TestOpenPages(t *testing.T) {
	const note = "its last reply has a NextToken: the page that follows must be among the inputs"
	missing := shca.Scope{Source: "input", Err: "the last reply has a NextToken, so at least one further page was not read: export without --max-items, or add the pages that follow"}
	first := `{"Findings":[` + finding("a") + `],"NextToken":"t"}`
	last := `{"Findings":[` + finding("b") + `]}`
	for name, tc := range map[string]struct {
		texts []string
		want  []string // of which file there is a note
		err   bool
	}{
		"first page only": {[]string{first}, []string{"0"}, true},
		"two first pages": {[]string{first, first}, []string{"0", "1"}, true},
		"both pages":      {[]string{first, last}, []string{"0"}, false},
		"other way round": {[]string{last, first}, []string{"1"}, true}, // the page behind the last file is missing
		"eleven pages":    {[]string{first, first, first, last}, []string{"0", "1", "2"}, false},
		"in one file":     {[]string{first + "\n" + last}, nil, false},
		"last page only":  {[]string{last}, nil, false},
		"and a finding":   {[]string{first, finding("c")}, []string{"0"}, true},
	} {
		dir := t.TempDir()
		for i, text := range tc.texts {
			write(t, dir, string(rune('0'+i)), text)
		}
		var want []shca.Scope
		for _, file := range tc.want {
			want = append(want, shca.Scope{Source: filepath.Join(dir, file), Note: note})
		}
		if tc.err {
			want = append(want, missing)
		}
		s := open(t, []string{dir}, sources.Options{})
		for range 2 {
			if d := cmp.Diff(want, collect(t.Context(), s).scopes); d != "" {
				t.Errorf("%s: scopes (-want +got):\n%s", name, d)
			}
		}
	}
}
