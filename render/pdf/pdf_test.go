package pdf_test

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"codeberg.org/go-pdf/fpdf"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/internal/show"
	"github.com/go-shca/shca/render"
	"github.com/go-shca/shca/render/pdf"
	"github.com/go-shca/shca/render/rendertest"
)

func TestConformance(t *testing.T) {
	rendertest.Run(t, []render.Format{{Name: "pdf", File: pdf.File, MediaType: pdf.MediaType, Summary: "report to print", Render: pdf.Render}})
}

// keep is a folder for scripts/pdf-check.sh.
var keep = flag.String("keep", "", "write the report of every case below this `folder` too")

// cases are the standard assessments and some of long texts.
func cases(t testing.TB) []rendertest.Case {
	list := rendertest.Cases(t)
	long := *list[1].Assessment
	lengthen(&long)
	wide := *list[1].Assessment
	widen(&wide)
	return append(list, rendertest.Case{Name: "long", Assessment: &long}, rendertest.Case{Name: "wide", Assessment: &wide})
}

var (
	longTitle = strings.TrimSpace(strings.Repeat("S3 general purpose buckets should block öffentlichen доступ, πρόσβαση and (parentheses) \\ ", 23))[:1990] + " the end"
	longARN   = "arn:aws-us-gov:s3:us-gov-west-1:111122223333:bucket/" + strings.Repeat("Ab0-l1_O", 31)
	foreign   = "日本語の題名 \U0001F512 locked, \u202ereversed\u202c, עברית, عربي, e\u0301, ﬁ, → ≥ €"
)

// lengthen gives the assessment texts as long as they come.
func lengthen(a *shca.Assessment) {
	a.Marking = "CUI//SP-PRVCY//NOFORN"
	a.System = shca.System{ID: "EX-1", Name: "Example System " + foreign, Accounts: map[string]string{"111122223333": strings.Repeat("workloads ", 20)}}
	a.Checks = slices.Clone(a.Checks)
	for i := range a.Checks {
		c := &a.Checks[i]
		c.Text.Title = fmt.Sprint(c.ID, " ", longTitle)
		c.Text.Description = foreign + " " + longTitle
		c.Text.Remediation.Text = strings.Repeat("no spaces at all"[3:5], 900)
		c.Failing = slices.Clone(c.Failing)
		for j := range c.Failing {
			c.Failing[j].ResourceID = fmt.Sprint(longARN, "/", c.ID, "/", j)
		}
		c.Suppressed = slices.Clone(c.Suppressed)
		for j := range c.Suppressed {
			c.Suppressed[j].ResourceID = fmt.Sprint(longARN, "/", c.ID, "/", j)
			c.Suppressed[j].Note.Text = longTitle
		}
	}
	a.Controls = slices.Clone(a.Controls)
	for i := range a.Controls {
		a.Controls[i].Title = longTitle
		a.Controls[i].FamilyTitle = longTitle
		a.Controls[i].Narrative = longTitle
	}
}

// widen gives the assessment more of everything than the report shows.
func widen(a *shca.Assessment) {
	checks := a.Checks
	a.Checks, a.Controls, a.Scopes, a.Inputs, a.Problems = nil, slices.Clone(a.Controls), slices.Clone(a.Scopes), nil, nil
	for i := range 500 {
		c := checks[i%len(checks)]
		c.ID = shca.CheckID(fmt.Sprintf("Many.%03d", i))
		c.Tally.Failed++
		a.Checks = append(a.Checks, c)
		if i < shca.MaxProblems {
			a.Problems = append(a.Problems, fmt.Sprintf("export.json: finding %d: %s", i, longARN))
		}
		a.Scopes = append(a.Scopes, shca.Scope{Source: "asff", AccountID: fmt.Sprintf("%012d", i), Region: fmt.Sprintf("region-%d", i)})
		a.Inputs = append(a.Inputs, shca.Input{Name: fmt.Sprintf("%s-%d.json", longARN, i), Size: int64(i), SHA256: strings.Repeat("0123456789abcdef", 4)})
		a.Controls = append(a.Controls, shca.ControlResult{
			ID: shca.ControlID(fmt.Sprintf("x%d-1", i%70)), FamilyTitle: fmt.Sprintf("Family %d", i%70), InBaseline: true, Title: "A control",
			Status: shca.StatusPartial, Severity: shca.High, Tally: shca.Tally{Passed: 1, Failed: 1}, Checks: []shca.CheckID{c.ID, a.Checks[0].ID},
		})
	}
	a.ProblemCount = 100000
}

// file renders the report.
func file(t testing.TB, a *shca.Assessment) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := pdf.Render(t.Context(), &b, a); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// document is a report and what it says.
type document struct {
	rendertest.Case
	file      []byte
	pages     [][]rendertest.Piece
	structure []rendertest.PDFElement
	text      string // of the elements, one a line
}

var rendered []document

// documents are the reports of the cases, rendered once.
func documents(t *testing.T) []document {
	t.Helper()
	if rendered != nil {
		return rendered
	}
	for _, c := range cases(t) {
		d := document{Case: c, file: file(t, c.Assessment)}
		var err error
		if *keep != "" {
			dir := filepath.Join(*keep, strings.ReplaceAll(c.Name, " ", "-"))
			if err = os.MkdirAll(dir, 0o700); err == nil {
				err = os.WriteFile(filepath.Join(dir, pdf.File), d.file, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if d.pages, err = rendertest.PDFPages(d.file); err != nil {
			t.Fatal(err)
		}
		if d.structure, err = rendertest.PDFStructure(d.file); err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for _, e := range d.structure {
			text.WriteString(e.Text + "\n")
		}
		d.text = text.String()
		rendered = append(rendered, d)
	}
	return rendered
}

// TestNothingIsLost looks for long and hostile texts in what reading software
// makes of the report.
func TestNothingIsLost(t *testing.T) {
	for _, c := range documents(t) {
		if c.Name != "long" && c.Name != "hostile" && c.Name != "estate" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			a := c.Assessment
			have := map[string]bool{}
			for _, e := range c.structure {
				have[strings.TrimSpace(e.Text)] = true
			}
			all := c.text
			want := func(text string) {
				t.Helper()
				text = pdf.Shown(strings.TrimSpace(strings.ReplaceAll(text, "\n", " ")))
				if text != "" && !have[text] {
					t.Errorf("%.200q is not in the report as it is", text)
				}
			}
			contains := func(text string) {
				t.Helper()
				if text = pdf.Shown(strings.ReplaceAll(text, "\n", " ")); !strings.Contains(all, text) {
					t.Errorf("the report does not contain %.200q", text)
				}
			}
			for _, c := range a.Failing() {
				want(show.OneLine(c.Text.Title))
				want(show.Visible(c.Text.Description))
				contains(show.Visible(c.Text.Remediation.Text))
				contains(show.OneLine(c.Text.Remediation.URL))
				contains(show.OneLine(string(c.ID)))
				for _, s := range c.Failing[:min(len(c.Failing), pdf.MaxSamples)] {
					contains(show.OneLine(s.ResourceID))
					contains(show.OneLine(a.System.Account(s.AccountID)))
				}
			}
			for _, c := range a.Checks {
				for _, s := range c.Suppressed {
					contains(show.OneLine(s.ResourceID))
					contains(show.Visible(s.Note.Text))
				}
			}
			for _, c := range a.Controls {
				if c.Status != shca.StatusNotAssessed {
					contains(show.OneLine(c.Title))
				}
			}
			for _, p := range a.Problems {
				contains(show.OneLine(p))
			}
			for _, s := range a.Scopes {
				contains(show.OneLine(s.Source))
			}
			for _, m := range report.New(a).Definitions() {
				want(m.Meaning)
			}
		})
	}
}

// TestPages checks what stands on every page, and that nothing overlaps anything
// or leaves its place.
func TestPages(t *testing.T) {
	for _, c := range documents(t) {
		t.Run(c.Name, func(t *testing.T) {
			list := c.pages
			for n, page := range list {
				head, foot, warned := false, false, false
				number := false
				marking := []rune(pdf.Shown(show.OneLine(c.Assessment.Marking)))
				marking = marking[:min(len(marking), 40)]
				for i, p := range page {
					text := strings.TrimRight(p.Text, " ")
					if text == "" {
						continue
					}
					width := pdf.Width(p.Font, p.Size, text)
					if p.Tag == "Artifact" {
						number = number || text == fmt.Sprintf("Page %d of %d", n+1, len(list))
						warned = warned || strings.Contains(text, "Incomplete assessment")
						if strings.HasPrefix(p.Text, string(marking)) {
							head = head || p.Y > pdf.PageHeight-pdf.Top
							foot = foot || p.Y < pdf.PageHeight-pdf.Bottom
						}
					} else if p.Y < pdf.PageHeight-pdf.Bottom || p.Y > pdf.PageHeight-pdf.Top {
						t.Errorf("page %d: %.60q is at height %v, outside the text", n+1, text, p.Y)
					}
					if p.X < pdf.Left-0.1 || p.X+width > pdf.Right+0.1 {
						t.Errorf("page %d: %.60q goes from %v to %v", n+1, text, p.X, p.X+width)
					}
					for _, q := range page[:i] {
						other := strings.TrimRight(q.Text, " ")
						if other == "" || p.Y+p.Size*0.7 < q.Y || q.Y+q.Size*0.7 < p.Y {
							continue
						}
						if p.X+width > q.X+0.1 && q.X+pdf.Width(q.Font, q.Size, other) > p.X+0.1 && pdf.Width(q.Font, q.Size, other) > 0 && width > 0 {
							t.Errorf("page %d: %.60q and %.60q overlap", n+1, text, other)
						}
					}
				}
				if !number {
					t.Errorf("page %d does not say so", n+1)
				}
				if len(marking) > 0 && (!head || !foot) {
					t.Errorf("page %d is not marked at top and bottom", n+1)
				}
				if warned == c.Assessment.Complete() {
					t.Errorf("page %d says that the assessment is incomplete: %v", n+1, warned)
				}
			}
		})
	}
}

// TestContents compares the contents and the outline with the pages.
func TestContents(t *testing.T) {
	entry := regexp.MustCompile(`^(.*?)([0-9,]+)$`)
	for _, c := range documents(t) {
		t.Run(c.Name, func(t *testing.T) {
			elements := c.structure
			var want, got []string
			for _, e := range elements {
				switch e.Tag {
				case "H1", "H2":
					if e.Page > 3 || e.Text == "Executive summary" {
						want = append(want, fmt.Sprintf("%s%d", e.Text, e.Page))
					}
				case "TOCI":
					if e.Page != 2 {
						t.Errorf("contents on page %d", e.Page)
					}
					m := entry.FindStringSubmatch(e.Text)
					got = append(got, m[1]+strings.ReplaceAll(m[2], ",", ""))
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("contents:\n%q\nheadings:\n%q", got, want)
			}
			on := map[int]string{}
			for _, e := range elements {
				on[e.Page] += e.Text + " "
			}
			titles := outline(t, c.file)
			for _, o := range titles {
				text := strings.TrimSuffix(o.title, "…")
				_, after, _ := strings.Cut(text, "  ") // id and title
				if o.page > 2 && (!strings.Contains(on[o.page], text) && !strings.Contains(on[o.page], after)) {
					t.Errorf("the outline has %q on page %d, where it is not", o.title, o.page)
				}
			}
			if n := len(titles) - len(want); n < 2 {
				t.Errorf("the outline has %d entries, the contents %d", len(titles), len(want))
			}
		})
	}
}

type bookmark struct {
	title string
	page  int
}

func outline(t *testing.T, file []byte) []bookmark {
	t.Helper()
	objects, err := rendertest.PDFObjects(file)
	if err != nil {
		t.Fatal(err)
	}
	item := regexp.MustCompile(`(?s)^<</Title \((.*)\)\n/Parent .*/Dest \[(\d+) 0 R`)
	unescape := strings.NewReplacer(`\\`, `\`, `\(`, `(`, `\)`, `)`, `\r`, "\r")
	var list []bookmark
	for n := 1; n <= len(objects); n++ {
		m := item.FindSubmatch(objects[n])
		if m == nil {
			continue
		}
		codes := []byte(unescape.Replace(string(m[1])))
		if !bytes.HasPrefix(codes, []byte{0xfe, 0xff}) || len(codes)%2 != 0 {
			t.Fatalf("the title %q is no UTF-16", codes)
		}
		var text []uint16
		for i := 2; i < len(codes); i += 2 {
			text = append(text, uint16(codes[i])<<8|uint16(codes[i+1]))
		}
		var page int
		fmt.Sscan(string(m[2]), &page)
		list = append(list, bookmark{string(utf16.Decode(text)), (page - 1) / 2})
	}
	return list
}

// TestSummary checks that the summary has one page with all of its parts.
func TestSummary(t *testing.T) {
	for _, c := range documents(t) {
		t.Run(c.Name, func(t *testing.T) {
			var parts []string
			for _, e := range c.structure {
				if e.Page == 3 && (e.Tag == "H1" || e.Tag == "H2") {
					parts = append(parts, e.Text)
				}
				if e.Page == 4 && e.Tag == "H1" && e.Text != "Families" && e.Text != "What could not be read" && parts == nil {
					t.Errorf("page 4 begins with %q", e.Text)
				}
			}
			want := []string{"Executive summary", "Controls by status", "Failing checks by severity", "Failing checks, worst first", "Controls by family and status"}
			if len(c.Assessment.Summary().Families) == 0 {
				want = want[:4]
			}
			if !slices.Equal(parts, want) {
				t.Errorf("page 3 has %q, want %q", parts, want)
			}
			r := report.New(c.Assessment)
			for _, p := range []report.Part{report.KeyNumbers, report.ByStatus, report.Failing} {
				intro := r.Section(p).Intro
				if intro != "" && !slices.ContainsFunc(c.structure, func(e rendertest.PDFElement) bool {
					return e.Page == 3 && e.Tag == "P" && strings.TrimSpace(e.Text) == intro
				}) {
					t.Errorf("page 3 does not say %q", intro)
				}
			}
		})
	}
}

func TestLimits(t *testing.T) {
	const dash = "Where a dash stands, the check is not among the 300 worst, which are described; assessment.json has them all."
	list := documents(t)
	all := list[len(list)-1].text
	for _, d := range list[:len(list)-1] {
		if strings.Contains(d.text, "Where a dash stands") {
			t.Errorf("%s: a dash is explained, but every check has a page", d.Name)
		}
	}
	for _, want := range []string{
		"The first 300 of 500 are shown; assessment.json has them all.",
		"The first 400 of 542 are shown; control-summary.csv has them all.",
		"The first 60 of 88 are shown; assessment.json has them all.",
		"The first 20 of 88 are shown; see Families.",
		"The first 100 of 500 are shown; assessment.json has them all.",
		"The first 100 of 100,000 are shown; no artifact has the others.",
		"and 495 more, see Scopes",
		dash,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if strings.Contains(all, "Many.499") {
		t.Error("the report describes more checks than it should")
	}
}

// TestUnreadScopes checks that scopes that were not read in full are counted where
// not all of them are listed, and that what they have in common is told once.
func TestUnreadScopes(t *testing.T) {
	for _, test := range []struct {
		n, reasons, rows int
		want             string
	}{
		{150, 1, 1, ""}, {150, 30, 30, ""}, {150, 75, 30, `The first 30 of 75 are shown; the member "scopes" of assessment.json has them all.`},
	} {
		a := &shca.Assessment{ProblemCount: 1, Problems: []string{"a finding is no finding"}, Findings: func(func(*shca.Finding, error) bool) {}}
		for i := range test.n {
			a.Scopes = append(a.Scopes, shca.Scope{Source: "asff", AccountID: fmt.Sprintf("%012d", i), Region: "us-east-1", Err: fmt.Sprintf("account %012d: reason-%d", i, i%test.reasons)})
		}
		elements, err := rendertest.PDFStructure(file(t, a))
		if err != nil {
			t.Fatal(err)
		}
		text, in := "", false
		for _, e := range elements {
			if e.Tag == "H1" {
				in = e.Text == "What could not be read"
			}
			if in {
				text += e.Text + "\n"
			}
		}
		if got := strings.Count(text, "reason-"); got != test.rows {
			t.Errorf("%d of %d reasons are listed, want %d", got, test.reasons, test.rows)
		}
		if said := strings.Contains(text, "are shown"); said != (test.want != "") || !strings.Contains(text, test.want) {
			t.Errorf("%d reasons: the part does not say %q:\n%s", test.reasons, test.want, text)
		}
		if more := fmt.Sprintf("and %d more", test.n/test.reasons-3); test.n/test.reasons > 3 && !strings.Contains(text, more) {
			t.Errorf("%d reasons: the part does not say %q:\n%s", test.reasons, more, text)
		}
	}
}

// TestReplaced checks that the report says that characters were replaced if some
// were.
func TestReplaced(t *testing.T) {
	for _, c := range documents(t) {
		const note = "Where \ufffd stands, a character cannot be shown"
		text := strings.ReplaceAll(c.text, note, "")
		if replaced, said := strings.ContainsRune(text, utf8.RuneError), text != c.text; replaced != said {
			t.Errorf("%s: characters were replaced: %v, the report says so: %v", c.Name, replaced, said)
		}
	}
}

// TestLinks checks that addresses out of findings are links only if they are
// harmless, and that nothing else runs or leads anywhere.
func TestLinks(t *testing.T) {
	for _, c := range documents(t) {
		b := c.file
		links := regexp.MustCompile(`(?s)/URI \((.*?)\)>>`).FindAllSubmatch(b, -1)
		for _, m := range links {
			if _, ok := show.Link(string(m[1])); !ok {
				t.Errorf("%s: %q is a link", c.Name, m[1])
			}
		}
		if c.Name == "estate" && len(links) == 0 {
			t.Error("there are no links")
		}
		objects, err := rendertest.PDFObjects(b)
		if err != nil {
			t.Fatal(err)
		}
		for n, o := range objects {
			o, _, _ = bytes.Cut(o, []byte("stream\n"))
			for _, word := range []string{"/JavaScript", "/JS", "/Launch", "/GoToR", "/SubmitForm", "/ImportData", "/Filespec"} {
				if bytes.Contains(o, []byte(word)) {
					t.Errorf("%s: object %d has %s", c.Name, n, word)
				}
			}
		}
	}
}

func TestInformation(t *testing.T) {
	a := *rendertest.Fixture(t)
	a.System.Name, a.Generator, a.Marking = "A (system", "shca v9", "CUI"
	for _, test := range []struct {
		at   time.Time
		want string
	}{{rendertest.Time, "D:20260701120000"}, {time.Time{}, "D:19700101000000"}} {
		a.Time = test.at
		b := file(t, &a)
		utf16be := func(s string) string {
			out := "\xfe\xff"
			for _, r := range s {
				if strings.ContainsRune("()", r) {
					out += "\x00\\" + string(r)
				} else {
					out += "\x00" + string(r)
				}
			}
			return "(" + out + ")"
		}
		for _, want := range []string{
			"/Title " + utf16be("Assessment of automated control evidence: A (system"),
			"/Subject " + utf16be("NIST SP 800-53 Rev. 5: Small baseline"),
			"/Author " + utf16be("shca v9"),
			"/CreationDate (" + test.want + ")", "/ModDate (" + test.want + ")",
			"/Lang (en)", "/DisplayDocTitle true", "/MarkInfo <</Marked true>>",
		} {
			if !bytes.Contains(b, []byte(want)) {
				t.Errorf("the document does not have %q", want)
			}
		}
	}
}

// TestProcesses renders in another process, whose maps have another order.
func TestProcesses(t *testing.T) {
	const variable = "SHCA_PDF_HASH"
	h := sha256.New()
	for _, c := range rendertest.Cases(t)[:2] {
		h.Write(file(t, c.Assessment))
	}
	hash := fmt.Sprintf("hash %x", h.Sum(nil))
	if os.Getenv(variable) != "" {
		fmt.Println(hash)
		return
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestProcesses$")
	cmd.Env = append(os.Environ(), variable+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), hash) {
		t.Errorf("another process: %v\n%s\nwant %s", err, out, hash)
	}
}

// TestWidths compares the widths that texts are laid out with to those that the
// library has, and to those that readers are told.
func TestWidths(t *testing.T) {
	for i, f := range pdf.Files() {
		lib := fpdf.New("P", "pt", "Letter", "")
		lib.AddUTF8FontFromBytes("f", "", bytes.Clone(f))
		lib.SetFont("f", "", 1000)
		known := 0
		for r := rune(1); r < 0xffff; r++ {
			w := pdf.CharWidth(i, r)
			if w < 0 {
				continue
			}
			known++
			if got := lib.GetStringSymbolWidth(string(r)); got != w && utf8.ValidRune(r) {
				t.Errorf("font %d: %U is %d wide, the library has %d", i, r, w, got)
			}
		}
		if known < 3000 {
			t.Errorf("font %d has %d characters", i, known)
		}
		for _, r := range "\ufffd…✓◐✗?⊘○▲◆▼·—– 0Aä" {
			if pdf.CharWidth(i, r) < 0 && pdf.CharWidth(0, r) < 0 {
				t.Errorf("font %d lacks %q", i, r)
			}
		}
		if pdf.CharWidth(i, utf8.RuneError) < 0 {
			t.Errorf("font %d lacks the replacement", i)
		}
	}
	for _, c := range documents(t) {
		testToldWidths(t, c)
	}
}

func testToldWidths(t *testing.T, d document) {
	objects, err := rendertest.PDFObjects(d.file)
	if err != nil {
		t.Fatal(err)
	}
	fonts := map[string]map[rune]int{}
	for _, o := range objects {
		name := regexp.MustCompile(`/BaseFont /utf8(\w+)\n/CIDSystemInfo`).FindSubmatch(o)
		if name == nil {
			continue
		}
		widths := map[rune]int{}
		_, list, _ := strings.Cut(string(o), "/W [")
		list, _, _ = strings.Cut(list, "\n/CIDToGIDMap")
		item := regexp.MustCompile(`(\d+) \[ ([0-9 ]+) \]|(\d+) (\d+) (\d+)`)
		for _, m := range item.FindAllStringSubmatch(list, -1) {
			var from, to, w int
			if m[1] != "" {
				fmt.Sscan(m[1], &from)
				for i, text := range strings.Fields(m[2]) {
					fmt.Sscan(text, &w)
					widths[rune(from+i)] = w
				}
				continue
			}
			fmt.Sscan(m[3], &from)
			fmt.Sscan(m[4], &to)
			fmt.Sscan(m[5], &w)
			for r := from; r <= to; r++ {
				widths[rune(r)] = w
			}
		}
		fonts[string(name[1])] = widths
	}
	for _, page := range d.pages {
		for _, p := range page {
			for _, r := range p.Text {
				if _, ok := fonts[strings.TrimPrefix(p.Font, "utf8")][r]; !ok {
					t.Fatalf("readers are not told how wide %q is in %s", r, p.Font)
				}
			}
		}
	}
	for i, name := range []string{"text", "textbold", "mono"} {
		for r, w := range fonts[name] {
			if want := pdf.CharWidth(i, r); want >= 0 && w != want {
				t.Errorf("font %s: readers are told that %q is %d wide, which is %d", name, r, w, want)
			}
		}
	}
}

func FuzzWrap(f *testing.F) {
	for _, text := range []string{"", " ", "a b", longTitle, longARN, foreign, rendertest.Hostile, strings.Repeat(" ", 500), strings.Repeat("\u0301", 300), "75.00 % of", "a\n\nb\n"} {
		f.Add(text, uint16(60))
		f.Add(text, uint16(3))
	}
	f.Fuzz(func(t *testing.T, text string, points uint16) {
		text = show.Visible(text)
		width := float64(points%600) + 0.5
		lines := pdf.Wrap(text, width)
		if got, want := strings.Join(lines, ""), strings.ReplaceAll(text, "\n", " "); got != want {
			t.Errorf("%q\nbecame %q", want, got)
		}
		for _, line := range lines {
			line = strings.TrimRight(line, " ")
			if w := pdf.Width("", 0, line); w > width+1e-6 && utf8.RuneCountInString(line) > 1 {
				t.Errorf("%q is %v wide, more than %v", line, w, width)
			}
		}
	})
}

func BenchmarkRender(b *testing.B) {
	for _, c := range cases(b) {
		if c.Name != "fixture" && c.Name != "estate" && c.Name != "wide" {
			continue
		}
		b.Run(c.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := pdf.Render(b.Context(), io.Discard, c.Assessment); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestRedacted checks that a redacted report says so before its first number.
func TestRedacted(t *testing.T) {
	a := *rendertest.Fixture(t)
	a.Redacted = true
	structure, err := rendertest.PDFStructure(file(t, &a))
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, e := range structure {
		text += e.Text + "\n"
	}
	redaction, verdict := strings.Index(text, "Redacted: "+shca.RedactionNote+"."), strings.Index(text, a.Verdict()[:20])
	if redaction < 0 || redaction > verdict {
		t.Errorf("the redaction is said at %d, the verdict at %d", redaction, verdict)
	}
}
