package xlsx_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/internal/show"
	"github.com/go-shca/shca/internal/testgen"
	"github.com/go-shca/shca/mapping"
	formats "github.com/go-shca/shca/render"
	"github.com/go-shca/shca/render/rendertest"
	"github.com/go-shca/shca/render/xlsx"
	"github.com/go-shca/shca/sources/asff"
	"github.com/go-shca/shca/sources/stream"
)

func TestConformance(t *testing.T) {
	rendertest.Run(t, []formats.Format{{Name: "xlsx", File: xlsx.File, MediaType: xlsx.MediaType, Summary: "workbook", Render: xlsx.Render}})
}

func TestCases(t *testing.T) {
	for _, c := range rendertest.Cases(t) {
		w := render(t, c.Assessment)
		t.Run("sheets of "+c.Name, func(t *testing.T) { testSheets(t, c, w) })
		t.Run("controls of "+c.Name, func(t *testing.T) { testControls(t, c, w) })
		t.Run("charts of "+c.Name, func(t *testing.T) { testCharts(t, c, w) })
	}
}

func testSheets(t *testing.T, c rendertest.Case, w *workbook) {
	names := []string{"Summary", "Controls", "Checks", "Findings", "Scopes", "Not assessed", "Read me"}
	if diff := cmp.Diff(names, w.names); diff != "" {
		t.Errorf("sheets (-want +got):\n%s", diff)
	}
	for _, name := range names {
		s := w.sheets[name]
		if s.Layout.Orientation != "landscape" || s.Layout.FitToWidth != 1 || w.ranges[name+" _xlnm.Print_Area"] == "" {
			t.Errorf("%s is not set up for print: %+v, area %q", name, s.Layout, w.ranges[name+" _xlnm.Print_Area"])
		}
		if !strings.HasSuffix(s.Foot, "&RPage &P of &N") {
			t.Errorf("%s has the footer %q", name, s.Foot)
		}
		if complete := c.Assessment.Complete(); strings.Contains(s.Head, "incomplete") == complete {
			t.Errorf("%s has the header %q, complete: %v", name, s.Head, complete)
		}
		if c.Assessment.Complete() == strings.Contains(w.text(name), "✗ Incomplete") {
			t.Errorf("%s says the wrong thing of completeness", name)
		}
		table := name != "Summary" && name != "Read me"
		if frozen := s.Pane.State == "frozen" && s.Pane.X == 1 && s.Pane.Y > 0; frozen != table {
			t.Errorf("%s has the pane %+v", name, s.Pane)
		}
		if (s.AutoFilter.Ref != "") != table || strings.Contains(w.ranges[name+" _xlnm.Print_Titles"], fmt.Sprintf("$%d:$%[1]d", s.Pane.Y)) != table {
			t.Errorf("%s has filters on %q and titles %q", name, s.AutoFilter.Ref, w.ranges[name+" _xlnm.Print_Titles"])
		}
	}
}

func testControls(t *testing.T, c rendertest.Case, w *workbook) {
	rows := w.table(t, "Controls", "Control")
	if len(rows) != len(c.Assessment.Controls) {
		t.Fatalf("%d rows for %d controls", len(rows), len(c.Assessment.Controls))
	}
	for i, row := range rows {
		want := &c.Assessment.Controls[i]
		if got := row["Control"].Text; got != show.OneLine(want.ID.Label()) {
			t.Errorf("row %d is %q, want %q", i, got, want.ID.Label())
		}
		if got, word := row["Status"].Text, show.StatusStyle(want.Status).Mark+" "+want.StatusText(); got != word {
			t.Errorf("%s is %q, want %q", want.ID, got, word)
		}
		if got, word := percentage(t, row["Pass rate"]), show.Rate(want.Tally.Passed, want.Tally.Decided()); got != word {
			t.Errorf("%s has the pass rate %q, want %q", want.ID, got, word)
		}
		for head, n := range map[string]int64{
			"Passed": want.Tally.Passed, "Failed": want.Tally.Failed, "Undecided": want.Tally.Undecided(), "Suppressed": want.Tally.Suppressed,
		} {
			if got := row[head].Number; got != strconv.FormatInt(n, 10) {
				t.Errorf("%s has %q %s, want %d", want.ID, got, head, n)
			}
		}
		if got, word := row["Narrative"].Text, show.Visible(want.Narrative); got != word {
			t.Errorf("%s has the narrative %q, want %q", want.ID, got, word)
		}
	}
	// Every status there is has a colour by its text.
	for _, s := range shca.Statuses() {
		text := `"` + show.StatusStyle(s).Mark + " " + s.String() + `"`
		if len(rows) > 0 && !slices.Contains(w.sheets["Controls"].Conditional[0].Rules, text) {
			t.Errorf("there is no rule for %s: %q", text, w.sheets["Controls"].Conditional[0].Rules)
		}
	}
}

// percentage is what a cell of a percentage shows: "75.00 %", and a dash for an
// empty one.
func percentage(t *testing.T, v value) string {
	t.Helper()
	if v.Style.Format != "0.00 %" || v.Text != "" {
		t.Errorf("a percentage is %+v", v)
	}
	if v.Number == "" {
		return "–"
	}
	n, err := strconv.ParseFloat(v.Number, 64)
	if err != nil {
		t.Error(err)
	}
	return strconv.FormatFloat(100*n, 'f', 2, 64) + " %"
}

func TestFixture(t *testing.T) {
	w := render(t, rendertest.Fixture(t))
	ac3 := w.table(t, "Controls", "Control")[0]
	got := map[string]string{}
	for _, head := range []string{"Control", "Baseline", "Status", "Pass rate", "Passed", "Failed", "Undecided", "Suppressed", "Worst failing severity", "Checks", "Accounts", "Resources", "Last evaluated (UTC)"} {
		got[head] = ac3[head].Text + ac3[head].Number
	}
	want := map[string]string{
		"Control": "AC-3", "Baseline": "in baseline", "Status": "◐ partially compliant", "Pass rate": "0.75", "Passed": "3", "Failed": "1",
		"Undecided": "6", "Suppressed": "1", "Worst failing severity": "◆ MEDIUM · CAT II", "Checks": "IAM.3, S3.8", "Accounts": "1", "Resources": "10",
		"Last evaluated (UTC)": "46204.500000000",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("AC-3 (-want +got):\n%s", diff)
	}
	if serial := rendertest.Time.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours() / 24; serial != 46204.5 {
		t.Errorf("the day is %v", serial)
	}
	notAssessed := w.table(t, "Not assessed", "Control")
	if len(notAssessed) != 1 || notAssessed[0]["Control"].Text != "AT-1" || !strings.Contains(notAssessed[0]["What to do"].Text, "examination, interview or test") {
		t.Errorf("not assessed are %v", notAssessed)
	}
	checks := w.table(t, "Checks", "Check")
	var ids []string
	for _, c := range checks {
		ids = append(ids, c["Check"].Text+" "+c["Status"].Text)
	}
	if diff := cmp.Diff([]string{"S3.8 ◐ partially compliant", "IAM.3 ? undecided", "KMS.4 ✓ compliant", "RDS.11 ? undecided"}, ids); diff != "" {
		t.Errorf("checks (-want +got):\n%s", diff)
	}
	summary := w.text("Summary")
	for _, want := range []string{"75.00 %", "◐ partially compliant\t1\t", "AC Access Control"} {
		if !strings.Contains(summary, want) {
			t.Errorf("the summary does not have %q:\n%s", want, summary)
		}
	}
	readMe := w.text("Read me")
	for _, d := range shca.Method() {
		if !strings.Contains(readMe, d.Term+"\t"+d.Meaning) {
			t.Errorf("Read me does not define %q", d.Term)
		}
	}
}

// TestBannersFirst checks that the summary says what is wrong with its numbers
// before the first of them.
func TestBannersFirst(t *testing.T) {
	a := *rendertest.Fixture(t)
	a.Redacted = true
	a.Problems, a.ProblemCount = []string{"export.json: cut off"}, 1
	summary := render(t, &a).text("Summary")
	last := 0
	for _, want := range []string{report.New(&a).Completeness, "Redacted: " + shca.RedactionNote + ".", a.Verdict()} {
		at := strings.Index(summary, want)
		if at <= last {
			t.Errorf("%q stands at %d, what goes before it at %d", want, at, last)
		}
		last = at
	}
}

// TestExamples checks that an example of a failing finding says where it is as far
// as that is known.
func TestExamples(t *testing.T) {
	a := &shca.Assessment{Findings: func(func(*shca.Finding, error) bool) {}, System: shca.System{Accounts: map[string]string{"111122223333": "workloads"}}}
	a.Checks = []shca.CheckResult{
		{ID: "A.1", Failing: []shca.Sample{{ResourceID: "bucket", AccountID: "111122223333", Region: "us-east-1"}, {FindingID: "finding", Region: "us-east-1"}}},
		{ID: "A.2", Failing: []shca.Sample{{ResourceID: "bucket", AccountID: "111122223333"}, {ResourceID: "bucket"}}},
	}
	for i := range a.Checks {
		a.Checks[i].Tally.Failed = 2
	}
	got := map[string]string{}
	for _, row := range render(t, a).table(t, "Checks", "Check") {
		got[row["Check"].Text] = row["Failing, for example"].Text
	}
	want := map[string]string{
		"A.1": "bucket in workloads (111122223333), us-east-1\nfinding in us-east-1",
		"A.2": "bucket in workloads (111122223333)\nbucket",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("examples (-want +got):\n%s", diff)
	}
}

func TestFindingsOrder(t *testing.T) {
	a := estate(t, 120)
	rows := render(t, a).table(t, "Findings", "Counts as")
	var want []string
	for _, class := range []struct {
		name string
		has  func(*shca.Finding) bool
	}{
		{"✗ failed ▲ CRITICAL", func(f *shca.Finding) bool { return assessed(f, shca.Failed) && f.Severity == shca.Critical }},
		{"✗ failed ▲ HIGH", func(f *shca.Finding) bool { return assessed(f, shca.Failed) && f.Severity == shca.High }},
		{"✗ failed ◆ MEDIUM", func(f *shca.Finding) bool { return assessed(f, shca.Failed) && f.Severity == shca.Medium }},
		{"✗ failed ▼ LOW", func(f *shca.Finding) bool { return assessed(f, shca.Failed) && f.Severity == shca.Low }},
		{"✗ failed · INFORMATIONAL", func(f *shca.Finding) bool { return assessed(f, shca.Failed) && f.Severity == shca.Informational }},
		{"? undecided", func(f *shca.Finding) bool { return assessed(f, shca.Warning) || assessed(f, shca.NotAvailable) }},
		{"✓ passed", func(f *shca.Finding) bool { return assessed(f, shca.Passed) }},
		{"⊘ suppressed", func(f *shca.Finding) bool { return f.Disposition == shca.Suppressed }},
		{"○ not scored", func(f *shca.Finding) bool { return f.Disposition == shca.NotScored }},
		{"○ archived", func(f *shca.Finding) bool { return f.Disposition == shca.Archived }},
		{"○ superseded", func(f *shca.Finding) bool { return f.Disposition == shca.Superseded }},
	} {
		for f, err := range a.Findings {
			if err != nil {
				t.Fatal(err)
			}
			if class.has(f) {
				want = append(want, class.name+" "+f.ID)
			}
		}
	}
	for i, row := range rows {
		text := row["Counts as"].Text + " " + row["Severity"].Text + " " + row["Finding id"].Text
		if i >= len(want) {
			t.Fatalf("there is a row too many: %s", text)
		}
		words := strings.Fields(want[i])
		for _, word := range words {
			if !strings.Contains(text, word) {
				t.Fatalf("row %d is %q, want %q", i, text, want[i])
			}
		}
	}
	if len(rows) != len(want) {
		t.Errorf("%d rows for %d findings", len(rows), len(want))
	}
}

func assessed(f *shca.Finding, s shca.ComplianceStatus) bool {
	return f.Disposition == shca.Assessed && f.Status == s
}

func TestCap(t *testing.T) {
	a := estate(t, 120)
	whole := render(t, a).table(t, "Findings", "Counts as")
	for _, test := range []struct {
		name     string
		findings int
		bytes    int64
		want     int
	}{
		{"as many as there are", len(whole), 1 << 30, len(whole)},
		{"one more than room", len(whole) - 1, 1 << 30, len(whole) - 1},
		{"few", 7, 1 << 30, 7},
		{"one", 1, 1 << 30, 1},
		{"by size", 1 << 20, 20_000, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			xlsx.SetLimits(t, test.findings, test.bytes)
			w := render(t, a)
			rows := w.table(t, "Findings", "Counts as")
			said := strings.Contains(w.text("Summary"), "findings.csv has them all") && strings.Contains(w.text("Findings"), "findings.csv has them all")
			if test.want == len(whole) {
				if said || len(rows) != len(whole) {
					t.Errorf("%d rows, of which some are said to be missing: %v", len(rows), said)
				}
				return
			}
			last := rows[len(rows)-1]["Counts as"].Text
			rows = rows[:len(rows)-1]
			if test.want == 0 {
				if test.want = len(rows); test.want < 5 || test.want > 100 {
					t.Errorf("%d rows took %d bytes", test.want, test.bytes)
				}
			}
			if want := "✗ " + report.More(len(whole), test.want, "findings.csv has them all"); last != want || !said {
				t.Errorf("the last row is %q, want %q; elsewhere it is said: %v", last, want, said)
			}
			if diff := cmp.Diff(whole[:test.want], rows); diff != "" {
				t.Errorf("not the first rows (-want +got):\n%.2000s", diff)
			}
			if ref := w.sheets["Findings"].AutoFilter.Ref; !strings.HasSuffix(ref, fmt.Sprint("$Y$", w.sheets["Findings"].Pane.Y+test.want)) {
				t.Errorf("the filters are on %s", ref)
			}
		})
	}
}

func TestHostile(t *testing.T) {
	texts := []string{
		"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "'=1", "=HYPERLINK(\"https://example.org\")", "<script>alert(1)</script>", "&lt;", "]]>",
		" leading and trailing ", "\nlines\r\nof text\n", "_x0041_", "_x0041_x0042_", "__x000D__", "_X0041_ _x41_ _x005F_x0041_",
		"\x00\x01\x1b", "\ufffe\uffff", "\u202eright to left", "\xff\xfe", "𝄞 🇺🇸", "0123", "1e5", "TRUE", "#REF!",
	}
	var ids []shca.ControlID
	a := rendertest.Assess(t, nothing{}, mapping.Options{})
	a.Controls = nil
	for i, s := range texts {
		id := shca.ControlID(fmt.Sprintf("ac-%d", i+1))
		ids = append(ids, id)
		a.Controls = append(a.Controls, shca.ControlResult{ID: id, InBaseline: true, Title: s, FamilyTitle: s, Narrative: s})
	}
	a.Scopes = []shca.Scope{{Source: texts[0], AccountID: texts[1], Region: texts[2], Err: texts[7]}}
	a.System = shca.System{Name: "=A&P&&1", ID: texts[15]}
	a.Marking = strings.Repeat("&", 200)
	w := render(t, a)
	for i, row := range w.table(t, "Controls", "Control") {
		if got, want := row["Narrative"].Text, show.Visible(texts[i]); got != want {
			t.Errorf("%s: %q became %q, want %q", ids[i], texts[i], got, want)
		}
		if got, want := row["Title"].Text, show.OneLine(texts[i]); got != want {
			t.Errorf("%s: the title %q became %q, want %q", ids[i], texts[i], got, want)
		}
	}
	if !strings.HasPrefix(w.sheets["Summary"].Foot, "&L=A&&P&&&&1 (_X0041_") {
		t.Errorf("the footer is %q", w.sheets["Summary"].Foot)
	}
	for name, content := range w.parts {
		if strings.Contains(content, "<f>") && !strings.HasPrefix(name, "xl/charts/") {
			t.Errorf("%s has a formula", name)
		}
	}
}

// estate is an assessment of a synthetic estate.
func estate(t testing.TB, findings int) *shca.Assessment {
	var text bytes.Buffer
	if err := testgen.Write(&text, testgen.NDJSON, testgen.Options{Seed: 7, Findings: findings, Accounts: 50, Regions: 2, Suppressed: 0.05, NotAvailable: 0.05}); err != nil {
		t.Fatal(err)
	}
	return rendertest.Assess(t, &stream.Source{
		Name: "estate", Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text.Bytes())), nil }, Formats: []stream.Format{asff.Format},
	}, mapping.Options{})
}

// nothing is a source without records.
type nothing struct{}

func (nothing) Records(context.Context) iter.Seq2[shca.Record, error] {
	return func(func(shca.Record, error) bool) {}
}

func TestLongText(t *testing.T) {
	a := rendertest.Fixture(t)
	long := strings.Repeat("𝄞 text ", 40_000)
	a.Controls = slices.Clone(a.Controls)
	a.Controls[0].Narrative = long
	findings := a.Findings
	a.Findings = func(yield func(*shca.Finding, error) bool) {
		for f, err := range findings {
			if f != nil {
				one := *f
				one.Title = long
				f = &one
			}
			if !yield(f, err) {
				return
			}
		}
	}
	w := render(t, a)
	for _, test := range []struct {
		got, where string
		limit      int
	}{
		{w.table(t, "Controls", "Control")[0]["Narrative"].Text, "control-summary.csv", xlsx.MaxText},
		{w.table(t, "Findings", "Counts as")[0]["Title"].Text, "findings.csv", xlsx.MaxFindingText},
	} {
		mark := " … (cut; whole in " + test.where + ")"
		kept, ok := strings.CutSuffix(test.got, mark)
		units := len(utf16.Encode([]rune(test.got)))
		if !ok || !strings.HasPrefix(long, kept) || units > test.limit || units < test.limit-20 {
			t.Errorf("a text of %d units ends with %q", units, test.got[max(0, len(test.got)-60):])
		}
	}
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		text  string
		limit int
		want  string
	}{
		{"", 30, ""},
		{strings.Repeat("a", 30), 30, strings.Repeat("a", 30)},
		{strings.Repeat("ä", 30), 30, strings.Repeat("ä", 30)},
		{strings.Repeat("𝄞", 15), 30, strings.Repeat("𝄞", 15)},
		{strings.Repeat("a", 31), 30, "aaaaaaaaaa … (cut; whole in f)"},
		{strings.Repeat("𝄞", 16), 30, "𝄞𝄞𝄞𝄞𝄞 … (cut; whole in f)"},
	} {
		got := xlsx.Cut(test.text, test.limit, "f")
		if n := len(utf16.Encode([]rune(got))); n > test.limit {
			t.Errorf("Cut(%q, %d) has %d units", test.text, test.limit, n)
		}
		if got != test.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", test.text, test.limit, got, test.want)
		}
	}
}

func TestLinks(t *testing.T) {
	a := rendertest.Fixture(t)
	a.Checks = slices.Clone(a.Checks)
	addresses := []string{"https://docs.aws.amazon.com/x", "javascript:alert(1)", "https://user@example.org/", "https://example.org/a"}
	for i := range a.Checks {
		a.Checks[i].Text.Remediation.URL = addresses[i]
	}
	w := render(t, a)
	if got := len(w.sheets["Checks"].Links); got != 2 {
		t.Errorf("%d addresses became links, want 2: %v", got, w.sheets["Checks"].Links)
	}
	rels := w.parts["xl/worksheets/_rels/sheet3.xml.rels"]
	if strings.Contains(rels, "javascript") || strings.Contains(rels, "user@") || !strings.Contains(rels, `Target="https://example.org/a"`) {
		t.Errorf("links lead to %s", rels)
	}
	for _, l := range w.sheets["Summary"].Links {
		name := strings.Trim(strings.TrimSuffix(l.Location, "!A1"), "'")
		if !slices.Contains(w.names, name) {
			t.Errorf("the summary links to %q", l.Location)
		}
	}
}

func testCharts(t *testing.T, c rendertest.Case, w *workbook) {
	want := 3
	switch c.Name {
	case "empty", "passed", "undecided", "suppressed", "unscored":
		want = 2 // nothing failed
	case "nothing read", "zero":
		want = 0 // and there are no controls
	}
	charts := 0
	for name, content := range w.parts {
		if strings.HasPrefix(name, "xl/charts/chart") {
			charts++
			oneSeries := strings.Count(content, "<ser>") == 1
			if !strings.Contains(content, "<a:t>") || !strings.Contains(content, "<cat>") || strings.Contains(content, "legendPos") == oneSeries {
				t.Errorf("%s: %s has no title, or its bars or series are not named", c.Name, name)
			}
		}
	}
	if charts != want {
		t.Errorf("%s: %d charts, want %d", c.Name, charts, want)
	}
	if n := strings.Count(w.text("Summary"), "There is no chart"); n != 3-want {
		t.Errorf("%s: %d charts are said to be left out, want %d", c.Name, n, 3-want)
	}
	if n := strings.Count(w.parts["xl/drawings/drawing1.xml"], `descr="`); n != want {
		t.Errorf("%s: %d charts have an alternative text, want %d", c.Name, n, want)
	}
}

func TestProperties(t *testing.T) {
	a := rendertest.Fixture(t)
	core := render(t, a).parts["docProps/core.xml"]
	for _, want := range []string{"<dc:creator>shca v0.0.0-test</dc:creator>", "2026-07-01T12:00:00Z</dcterms:created>", "2026-07-01T12:00:00Z</dcterms:modified>", "<dc:title>"} {
		if !strings.Contains(core, want) {
			t.Errorf("the properties do not have %s: %s", want, core)
		}
	}
	if core := render(t, &shca.Assessment{Findings: func(func(*shca.Finding, error) bool) {}}).parts["docProps/core.xml"]; strings.Contains(core, "created") {
		t.Errorf("a time that nobody knows is in the properties: %s", core)
	}
}

// TestSameBytes renders often enough to meet every order of the library's maps.
func TestSameBytes(t *testing.T) {
	a := estate(t, 120)
	var first []byte
	for range 20 {
		var b bytes.Buffer
		if err := xlsx.Render(t.Context(), &b, a); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b.Bytes()
		}
		if !bytes.Equal(first, b.Bytes()) {
			t.Fatal("two runs differ")
		}
	}
}

// TestCancelledWhileWriting cancels once all findings are read.
func TestCancelledWhileWriting(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := writerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil })
	if err := xlsx.Render(ctx, w, estate(t, 120)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while writing, Render returned %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// FuzzText checks that a text comes back as it was from a reader that decodes
// XML and Excel's escapes.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "=1", "_x0041_", "_x005F_x0041_", "__x0041_x0042__", "<&>]]>", rendertest.Hostile} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = show.Visible(s)
		got, err := decode("<t>" + string(xlsx.AppendText(nil, s)) + "</t>")
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if got = unescape(got); got != s {
			t.Errorf("%q came back as %q", s, got)
		}
	})
}

func BenchmarkRender(b *testing.B) {
	const findings = 100_000
	a := estate(b, findings)
	b.ReportAllocs()
	for b.Loop() {
		size := 0
		if err := xlsx.Render(b.Context(), writerFunc(func(p []byte) (int, error) { size += len(p); return len(p), nil }), a); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(size)/1e6, "MB")
	}
	b.ReportMetric(findings*float64(b.N)/b.Elapsed().Seconds(), "findings/s")
}
