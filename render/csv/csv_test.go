package csv_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/render/csv"
	"github.com/go-shca/shca/render/rendertest"
)

// parse reads RFC 4180 to the letter: every record ends in CRLF, a quoted field
// is followed by a comma or CRLF, and a bare one holds no quote, CR or LF.
func parse(text string) (records [][]string, err error) {
	var record []string
	for text != "" {
		field, rest := "", text
		if strings.HasPrefix(text, `"`) {
			var b strings.Builder
			rest = text[1:]
			for {
				before, after, ok := strings.Cut(rest, `"`)
				if !ok {
					return nil, errors.New("a quoted field has no end")
				}
				b.WriteString(before)
				rest = after
				if !strings.HasPrefix(rest, `"`) {
					break
				}
				b.WriteByte('"')
				rest = rest[1:]
			}
			field = b.String()
		} else {
			end := strings.IndexAny(text, ",\r\n\"")
			if end < 0 {
				return nil, errors.New("the last record has no end")
			}
			field, rest = text[:end], text[end:]
		}
		record = append(record, field)
		switch {
		case strings.HasPrefix(rest, ","):
			text = rest[1:]
		case strings.HasPrefix(rest, "\r\n"):
			records, record, text = append(records, record), nil, rest[2:]
		default:
			return nil, fmt.Errorf("record %d: a field is followed by %.10q", len(records)+1, rest)
		}
	}
	if record != nil {
		return nil, errors.New("the text ends with a comma")
	}
	return records, nil
}

// table is a parsed file: its rows by column name.
func table(t *testing.T, name, text string) []map[string]string {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%s is not valid UTF-8", name)
	}
	records, err := parse(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	rows := []map[string]string{}
	for _, record := range records[1:] {
		if len(record) != len(records[0]) {
			t.Fatalf("%s: a record has %d fields, the header %d", name, len(record), len(records[0]))
		}
		row := map[string]string{}
		for i, cell := range record {
			if asFormula(cell) {
				t.Errorf("%s: cell %q opens as a formula", name, cell)
			}
			row[records[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return rows
}

// asFormula reports whether a spreadsheet may run the cell.
func asFormula(cell string) bool {
	if cell != "" && strings.ContainsRune("\t\r\n", rune(cell[0])) {
		return true
	}
	for _, r := range cell {
		switch {
		case strings.ContainsRune("=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b", r):
			return true
		case !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r):
			return false
		}
	}
	return false
}

type file struct {
	*bytes.Buffer
	open *int
}

func (f file) Close() error { *f.open--; return nil }

// evidence writes all files but the summary; most is how many were open at once.
func evidence(t *testing.T, a *shca.Assessment) (files map[string]string, most int) {
	t.Helper()
	buffers := map[string]*bytes.Buffer{}
	open := 0
	var mu sync.Mutex
	err := csv.Evidence(t.Context(), func(name, _ string) (io.WriteCloser, error) {
		mu.Lock()
		defer mu.Unlock()
		if buffers[name] != nil {
			return nil, errors.New(name + " twice")
		}
		buffers[name] = &bytes.Buffer{}
		open++
		most = max(most, open)
		return file{buffers[name], &open}, nil
	}, a)
	if err != nil {
		t.Fatal(err)
	}
	files = map[string]string{}
	for name, b := range buffers {
		files[name] = b.String()
	}
	return files, most
}

func TestTables(t *testing.T) {
	for _, c := range rendertest.Cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			a := c.Assessment
			var b bytes.Buffer
			if err := csv.Summary(t.Context(), &b, a); err != nil {
				t.Fatal(err)
			}
			summary := table(t, csv.SummaryFile, b.String())
			if len(summary) != len(a.Controls) {
				t.Fatalf("%d rows for %d controls", len(summary), len(a.Controls))
			}
			files, _ := evidence(t, a)
			rows := map[string]int{}
			for name, text := range files {
				rows[name] = len(table(t, name, text))
			}
			want := map[string]int{"findings.csv": 0}
			for range a.Findings {
				want["findings.csv"]++
			}
			for i := range a.Controls {
				control := &a.Controls[i]
				row := summary[i]
				if decided := control.Tally.Decided() > 0; (row["percentage"] != "") != decided || (row["pass_rate"] != "") != decided {
					t.Errorf("%s: percentage %q, pass rate %q of %+v", control.ID, row["percentage"], row["pass_rate"], control.Tally)
				}
				dir := "controls/attention/"
				if control.Status == shca.StatusCompliant {
					dir = "controls/ready/"
				}
				if control.Status != shca.StatusNotAssessed && c.Name != "hostile" { // whose file names are made
					want[dir+control.ID.Label()+".csv"] = int(control.Tally.Total())
				}
			}
			if c.Name == "hostile" {
				for name, n := range rows {
					if strings.HasPrefix(name, "controls/") {
						want[name] = n
					}
				}
			}
			if diff := cmp.Diff(want, rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

var tricky = []string{
	"", "plain", "a,b", `a"b`, `"`, `""`, "a;b", "a\tb", "a\nb", "a\r\nb", "a\rb", "a\x00b\x07", "\ufeffbom", `\.`, "a\u2028b",
	"\u200fשלום\u202e", "\xff\xfe", "a\xc3", "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\u3000＝1",
	"＝1", "＋1", "－1", "＠x", "﹦1", "\u200e=1", "\u200b\ufeff-1", "\x00=1", "'=1", "''=1", "'x", "'", "=", strings.Repeat("long, ", 20_000),
}

// text is what a cell was made of, but for line breaks, control characters and
// bytes that are not UTF-8.
func text(cell string) string {
	if cell = strings.ReplaceAll(cell, "\r\n", "\n"); strings.HasPrefix(cell, "'") && asFormula(strings.TrimLeft(cell, "'")) {
		return cell[1:]
	}
	return cell
}

func TestCells(t *testing.T) {
	a := &shca.Assessment{Findings: func(yield func(*shca.Finding, error) bool) {
		for _, s := range tricky {
			if !yield(&shca.Finding{Title: s, Description: s}, nil) {
				return
			}
		}
	}}
	files, _ := evidence(t, a)
	for i, row := range table(t, "findings.csv", files["findings.csv"]) {
		if want := csv.Plain(tricky[i]); text(row["title"]) != want || text(row["description"]) != want {
			t.Errorf("cell %.100q comes back as %.100q, want %.100q", tricky[i], text(row["title"]), want)
		}
	}
}

func FuzzSafe(f *testing.F) {
	for _, s := range tricky[:len(tricky)-1] { // without the long one
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		cell := csv.Safe(s)
		if asFormula(cell) {
			t.Errorf("%q becomes %q, which opens as a formula", s, cell)
		}
		if !utf8.ValidString(cell) || strings.ContainsFunc(cell, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
			t.Errorf("%q becomes %q, which holds control characters or is not UTF-8", s, cell)
		}
		want := strings.ToValidUTF8(strings.Map(func(r rune) rune {
			if unicode.IsControl(r) && r != '\n' && r != '\t' {
				return utf8.RuneError
			}
			return r
		}, strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")), "\uFFFD")
		if got := text(cell); got != want {
			t.Errorf("%q becomes %q, which reads back as %q, want %q", s, cell, got, want)
		}
	})
}

// TestManyControls has more controls with findings than files may be open.
func TestManyControls(t *testing.T) {
	const n = 2*csv.MaxOpen + 1
	a := &shca.Assessment{Checks: []shca.CheckResult{{ID: "X.1"}}}
	for i := range n {
		a.Controls = append(a.Controls, shca.ControlResult{
			ID: shca.ControlID(fmt.Sprintf("ac-%d", i)), Checks: []shca.CheckID{"X.1"},
			Status: shca.StatusNonCompliant, Tally: shca.Tally{Failed: 2},
		})
	}
	a.Findings = func(yield func(*shca.Finding, error) bool) {
		for _, id := range []string{"a", "b", "c"} {
			d := shca.Assessed
			if id == "c" {
				d = shca.Archived
			}
			if !yield(&shca.Finding{ID: id, Check: "X.1", Disposition: d}, nil) {
				return
			}
		}
	}
	files, most := evidence(t, a)
	if most > csv.MaxOpen+1 || len(files) != n+1 {
		t.Errorf("%d files, %d of them open at once", len(files), most)
	}
	for name, text := range files {
		want := 2
		if name == "findings.csv" {
			want = 3
		}
		if got := len(table(t, name, text)); got != want {
			t.Errorf("%s has %d rows, want %d", name, got, want)
		}
	}
}

// TestFileNames has control ids that no file may be called after.
func TestFileNames(t *testing.T) {
	a := &shca.Assessment{Findings: func(func(*shca.Finding, error) bool) {}}
	for _, id := range []string{"ac-2.1", "../../x", "", ".", "AC-2.1", "a/b", `a\b`, "é", strings.Repeat("x", 300)} {
		a.Controls = append(a.Controls, shca.ControlResult{ID: shca.ControlID(id), Status: shca.StatusUndecided})
	}
	files, _ := evidence(t, a)
	delete(files, "findings.csv")
	got := slices.Sorted(maps.Keys(files))
	for i := range got {
		got[i] = strings.TrimSuffix(strings.TrimPrefix(got[i], "controls/attention/"), ".csv")
	}
	for _, name := range got {
		if strings.HasPrefix(name, ".") || strings.ContainsAny(name, `/\:`) || len(name) > 110 {
			t.Errorf("file name %q", name)
		}
	}
	if len(got) != len(a.Controls) || !slices.Contains(got, "AC-2(1)") || !slices.Contains(got, "AC-2(1)_2") {
		t.Errorf("file names %q for %d controls", got, len(a.Controls))
	}
}
