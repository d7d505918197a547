package html_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/internal/show"
	"github.com/go-shca/shca/render"
	"github.com/go-shca/shca/render/csv"
	page "github.com/go-shca/shca/render/html"
	"github.com/go-shca/shca/render/rendertest"
)

func TestFormat(t *testing.T) {
	rendertest.Run(t, []render.Format{{
		Name: "html", File: page.File, MediaType: page.MediaType,
		Summary: "one file for a browser: verdict first, controls to search, filter and open, fit to print",
		Render:  page.Render,
	}})
}

// rendered is a report and its parsed form.
type rendered struct {
	raw  string
	root *html.Node
}

func parse(t testing.TB, a *shca.Assessment) rendered {
	t.Helper()
	var b bytes.Buffer
	if err := page.Render(t.Context(), &b, a); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return rendered{b.String(), root}
}

// find returns the elements that match, in their order.
func find(n *html.Node, match func(*html.Node) bool) []*html.Node {
	var found []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && match(d) {
			found = append(found, d)
		}
	}
	return found
}

func tag(a atom.Atom) func(*html.Node) bool {
	return func(n *html.Node) bool { return n.DataAtom == a }
}

func class(name string) func(*html.Node) bool {
	return func(n *html.Node) bool { return slices.Contains(strings.Fields(attr(n, "class")), name) }
}

func id(name string) func(*html.Node) bool {
	return func(n *html.Node) bool { return attr(n, "id") == name }
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// text is what the element says, on one line.
func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		switch {
		case d.Type == html.TextNode && d.Parent.DataAtom != atom.Script && d.Parent.DataAtom != atom.Style:
			b.WriteString(d.Data)
		case d.Type == html.ElementNode && d.DataAtom != atom.Bdi && d.DataAtom != atom.Span && d.DataAtom != atom.A && d.DataAtom != atom.Strong:
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func section(t *testing.T, r rendered, name string) *html.Node {
	t.Helper()
	found := find(r.root, id(name))
	if len(found) != 1 {
		t.Fatalf("%d elements with id %q", len(found), name)
	}
	return found[0]
}

// attributes are those that the report uses, by element; "*" are those of any.
var attributes = map[string]string{
	"*": "class id", "html": "lang", "meta": "charset http-equiv content name", "a": "href rel data-family data-status", "bdi": "", "body": "",
	"button": "type", "caption": "", "dd": "", "details": "", "div": "role aria-label tabindex", "dl": "", "dt": "", "fieldset": "", "footer": "",
	"h1": "", "h2": "", "h3": "", "h4": "", "head": "", "header": "", "input": "type value autocomplete spellcheck", "label": "for", "legend": "", "li": "",
	"main": "tabindex", "nav": "aria-label", "option": "value", "p": "role dir", "script": "", "section": "", "select": "", "span": "aria-hidden data-count",
	"strong": "", "style": "", "summary": "", "table": "", "tbody": "", "td": "colspan", "th": "scope", "thead": "", "title": "",
	"tr": "data-id data-f data-s data-v data-b", "ul": "", "desc": "", "svg": "role viewBox preserveAspectRatio", "rect": "x width height", "text": "x y", "tspan": "",
}

// TestStructure checks what holds for every report: that it is made of nothing
// but what it is meant to be made of, and that what refers finds.
func TestStructure(t *testing.T) {
	for _, c := range rendertest.Cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			r := parse(t, c.Assessment)
			if !utf8.ValidString(r.raw) || !strings.HasPrefix(r.raw, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\"") || !strings.HasSuffix(r.raw, "</html>\n") {
				t.Errorf("the beginning, the end or the encoding is wrong:\n%.300s", r.raw)
			}
			if strings.Contains(r.raw, "ZgotmplZ") || strings.Contains(r.raw, "<no value>") {
				t.Error("the template has put something where it must not be")
			}
			if strings.ContainsFunc(r.raw, func(r rune) bool {
				return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d' || r == '\u2028' || r == '\u2029'
			}) {
				t.Error("control or direction characters")
			}
			ids := map[string]bool{}
			for _, n := range find(r.root, func(*html.Node) bool { return true }) {
				allowed, ok := attributes[n.Data]
				if !ok {
					t.Errorf("an element %s", n.Data)
				}
				for _, a := range n.Attr {
					if !slices.Contains(strings.Fields(allowed+" "+attributes["*"]), a.Key) {
						t.Errorf("an attribute %s of %s: %.100q", a.Key, n.Data, a.Val)
					}
				}
				if name := attr(n, "id"); name != "" {
					if ids[name] || !regexp.MustCompile(`^[a-z][a-z0-9-]*$`).MatchString(name) {
						t.Errorf("the id %q is not unique or not ours", name)
					}
					ids[name] = true
				}
			}
			for _, n := range find(r.root, func(*html.Node) bool { return true }) {
				for _, ref := range []string{attr(n, "for"), attr(n, "aria-labelledby"), attr(n, "aria-controls")} {
					if ref != "" && !ids[ref] {
						t.Errorf("%s refers to %q, which is not there", n.Data, ref)
					}
				}
				switch n.DataAtom {
				case atom.A:
					href := attr(n, "href")
					target, here := strings.CutPrefix(href, "#")
					if here && !ids[target] || !here && (!strings.HasPrefix(href, "https://") || attr(n, "rel") != "noreferrer noopener" || !strings.Contains(text(n), href)) {
						t.Errorf("link to %q: %s", href, text(n))
					}
				case atom.Th:
					if attr(n, "scope") == "" {
						t.Errorf("a heading without scope: %s", text(n))
					}
				case atom.Svg:
					if n.FirstChild.Data != "title" || n.FirstChild.NextSibling.Data != "desc" || attr(n, "role") != "img" {
						t.Error("a chart without name")
					}
				case atom.Ul, atom.Dl:
					if n.FirstChild == nil {
						t.Errorf("an empty list in %q", text(n.Parent))
					}
				}
				if role := attr(n, "role"); role == "region" && (attr(n, "aria-label") == "" || attr(n, "tabindex") != "0") {
					t.Error("a region without name or place in the order of Tab")
				}
			}
			level := 0
			for _, n := range find(r.root, func(n *html.Node) bool { return regexp.MustCompile(`^h[1-6]$`).MatchString(n.Data) }) {
				next := int(n.Data[1] - '0')
				if next > level+1 || next == 1 && level != 0 {
					t.Errorf("a heading of level %d after one of %d: %s", next, level, text(n))
				}
				level = next
			}
		})
	}
}

// TestPolicy computes the hashes from the bytes that a browser sees.
func TestPolicy(t *testing.T) {
	for _, c := range rendertest.Cases(t) {
		r := parse(t, c.Assessment)
		var hashes []string
		for _, name := range []string{"style", "script"} {
			if n := strings.Count(r.raw, "<"+name); n != 1 {
				t.Fatalf("%s: %d elements %s", c.Name, n, name)
			}
			_, rest, _ := strings.Cut(r.raw, "<"+name+">")
			inner, _, _ := strings.Cut(rest, "</"+name+">")
			sum := sha256.Sum256([]byte(inner))
			hashes = append(hashes, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
			if len(inner) < 1000 {
				t.Errorf("%s: %s has %d bytes", c.Name, name, len(inner))
			}
		}
		want := "default-src 'none'; style-src " + hashes[0] + "; script-src " + hashes[1] + "; base-uri 'none'; form-action 'none'"
		metas := find(r.root, func(n *html.Node) bool { return attr(n, "http-equiv") == "Content-Security-Policy" })
		if len(metas) != 1 || attr(metas[0], "content") != want {
			t.Errorf("%s: the policy is %+v, want %s", c.Name, metas, want)
		}
	}
}

// TestMarking checks that a marking stands at the top and the bottom, and on
// printed pages as no style sheet of its own.
func TestMarking(t *testing.T) {
	for _, marking := range []string{"CUI", rendertest.Hostile, `"; } </style><script>`, "ü\U0001F600"} {
		a := *rendertest.Fixture(t)
		a.Marking = marking
		r := parse(t, &a)
		found := find(r.root, class("marking"))
		if len(found) != 2 || text(found[0]) != show.OneLine(marking) || text(found[1]) != show.OneLine(marking) {
			t.Errorf("%q: marked %d times", marking, len(found))
		}
		boxes := regexp.MustCompile(`@page \{ @top-center \{ content: "((?:\\[0-9a-f]{6})+)" \} @bottom-center \{ content: "((?:\\[0-9a-f]{6})+)" \} \}`).FindStringSubmatch(r.raw)
		if boxes == nil {
			t.Errorf("%q: no marking of pages", marking)
			continue
		}
		var printed []rune
		for code := range strings.SplitSeq(boxes[1][1:], `\`) {
			var n rune
			fmt.Sscanf(code, "%x", &n)
			printed = append(printed, n)
		}
		if want := show.Cut(show.OneLine(marking), 80); string(printed) != want || boxes[1] != boxes[2] {
			t.Errorf("pages are marked %q, want %q", string(printed), want)
		}
	}
	if r := parse(t, rendertest.Fixture(t)); len(find(r.root, class("marking"))) > 0 || strings.Contains(r.raw, "@top-center { content") {
		t.Error("a marking that nobody asked for")
	}
}

// TestControlTable compares each row with the control.
func TestControlTable(t *testing.T) {
	for _, c := range rendertest.Cases(t) {
		if c.Name == "hostile" {
			continue // FuzzText
		}
		t.Run(c.Name, func(t *testing.T) {
			r := parse(t, c.Assessment)
			rows := find(r.root, class("c"))
			if len(rows) != len(c.Assessment.Controls) {
				t.Fatalf("%d rows of %d controls", len(rows), len(c.Assessment.Controls))
			}
			for i, row := range rows {
				control := &c.Assessment.Controls[i]
				var got []string
				for _, cell := range find(row, func(n *html.Node) bool { return n.DataAtom == atom.Td || n.DataAtom == atom.Th }) {
					got = append(got, text(cell))
				}
				title, severity := control.Title, "–"
				if !control.InBaseline {
					title += " " + report.New(c.Assessment).OutsideLabel()
				}
				if control.Severity != shca.SeverityUnknown {
					severity = show.SeverityStyle(control.Severity).Mark + " " + show.Severity(control.Severity)
				}
				want := []string{
					control.ID.Label(), title, show.StatusStyle(control.Status).Mark + " " + control.StatusText(), severity,
					show.Rate(control.Tally.Passed, control.Tally.Decided()), show.Number(control.Tally.Passed), show.Number(control.Tally.Failed),
					show.Number(control.Tally.Undecided()), show.Number(control.Tally.Suppressed),
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("control %s (-want +got):\n%s", control.ID, diff)
				}
				more := row.NextSibling
				for more.Type != html.ElementNode {
					more = more.NextSibling
				}
				links := find(row, tag(atom.A))
				if len(links) != 1 || attr(links[0], "href") != "#"+attr(more, "id") {
					t.Errorf("control %s does not open the row below it", control.ID)
				}
				below := text(more)
				for _, want := range []string{show.Meaning(control.Status), show.OneLine(control.Narrative)} {
					if !strings.Contains(below, want) {
						t.Errorf("below %s there is no %q:\n%s", control.ID, want, below)
					}
				}
				var checks []string
				for _, item := range find(more, func(n *html.Node) bool { return n.DataAtom == atom.Li }) {
					checks = append(checks, text(find(item, tag(atom.A))[0]))
				}
				slices.SortFunc(checks, func(a, b string) int { return shca.CheckID(a).Compare(shca.CheckID(b)) })
				var have []string
				for _, id := range control.Checks {
					have = append(have, show.OneLine(string(id)))
				}
				if !slices.Equal(checks, have) {
					t.Errorf("control %s has the checks %q, the row below it %q", control.ID, have, checks)
				}
				for _, id := range control.Unseen {
					if !strings.Contains(below, string(id)) {
						t.Errorf("below %s there is no word of %s, which has no findings", control.ID, id)
					}
				}
			}
		})
	}
}

// TestChecks compares the details of each check with the check.
func TestChecks(t *testing.T) {
	for _, c := range rendertest.Cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			r := parse(t, c.Assessment)
			details := map[string]*html.Node{}
			for _, n := range find(r.root, tag(atom.Details)) {
				details[text(find(n, class("id"))[0])] = n
			}
			if len(details) != len(c.Assessment.Checks) {
				t.Fatalf("%d checks of %d", len(details), len(c.Assessment.Checks))
			}
			for i := range c.Assessment.Checks {
				check := &c.Assessment.Checks[i]
				n := details[show.OneLine(string(check.ID))]
				if n == nil {
					t.Errorf("no details of %q", check.ID)
					continue
				}
				got := map[string]string{}
				for _, pair := range find(find(n, class("pairs"))[0], tag(atom.Div)) {
					got[text(find(pair, tag(atom.Dt))[0])] = text(find(pair, tag(atom.Dd))[0])
				}
				tally := check.Tally
				want := map[string]string{
					"Pass rate": show.Rate(tally.Passed, tally.Decided()), "Passed": show.Number(tally.Passed), "Failed": show.Number(tally.Failed),
					"Warning": show.Number(tally.Warning), "Not available": show.Number(tally.NotAvailable), "Suppressed": show.Number(tally.Suppressed),
					"Resources": check.Resources.Count().String(), "Accounts": check.Accounts.Count().String(), "Regions": check.Regions.Count().String(),
				}
				for name, value := range want {
					if got[name] != value {
						t.Errorf("check %q: %s is %q, want %q", check.ID, name, got[name], value)
					}
				}
				all := text(n)
				for _, s := range slices.Concat(check.Failing, check.Suppressed) {
					for _, want := range []string{s.ResourceID, s.ResourceType, c.Assessment.System.Account(s.AccountID), s.Region, s.Reason, show.Date(s.Observed), s.Note.Text, s.Note.UpdatedBy} {
						if want = show.OneLine(want); !strings.Contains(all, want) {
							t.Errorf("check %q does not say %q:\n%s", check.ID, want, all)
						}
					}
				}
				for _, s := range check.Suppressed {
					if s.Note.Text == "" && !strings.Contains(all, "no reason noted") {
						t.Errorf("check %q does not say that a suppressed finding has no note", check.ID)
					}
				}
				for _, reason := range check.Reasons {
					if want := show.OneLine(reason.Code) + ": " + show.Plural(reason.Count, "finding"); !strings.Contains(all, want) {
						t.Errorf("check %q does not say %q", check.ID, want)
					}
				}
				for _, want := range []string{report.Examples(check), show.OneLine(check.Text.Title), show.OneLine(check.Text.Remediation.Text), show.OneLine(check.Text.Remediation.URL)} {
					if !strings.Contains(all, show.Cut(want, 300)) {
						t.Errorf("check %q does not say %q:\n%s", check.ID, want, all)
					}
				}
				for _, id := range check.Controls {
					if !strings.Contains(all, show.Cut(show.OneLine(id.Label()), 80)) {
						t.Errorf("check %q does not name control %q", check.ID, id)
					}
				}
			}
		})
	}
}

// TestSays looks for the numbers and sentences of every report.
func TestSays(t *testing.T) {
	for _, c := range rendertest.Cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			a := c.Assessment
			r, page := report.New(a), parse(t, a)
			has := func(where *html.Node, wants ...string) {
				t.Helper()
				all := text(where)
				for _, want := range wants {
					if want = show.OneLine(want); !strings.Contains(all, want) {
						t.Errorf("there is no %q in:\n%.3000s", want, all)
					}
				}
			}
			head := find(page.root, tag(atom.Header))[0]
			has(head, r.Verdict, r.Completeness, r.SystemName)
			for _, redacted := range []bool{false, true} {
				b := *a
				b.Redacted = redacted
				words := text(find(parse(t, &b).root, tag(atom.Header))[0])
				complete, verdict := strings.Index(words, r.Completeness), strings.Index(words, show.OneLine(r.Verdict))
				note := strings.Index(words, "Redacted: "+shca.RedactionNote+".")
				if complete < 0 || complete > verdict || note > verdict || (note >= 0) != redacted {
					t.Errorf("redacted is %v; what holds for every number does not stand before the verdict: %s", redacted, words)
				}
			}
			if bands := find(head, class("incomplete")); (len(bands) == 1) == a.Complete() {
				t.Errorf("complete is %v, and there are %d bands", a.Complete(), len(bands))
			}
			if len(find(page.root, id("unread"))) == 1 == a.Complete() {
				t.Error("what could not be read is told though nothing was, or is not told")
			}
			for _, p := range a.Problems {
				has(section(t, page, "unread"), p)
			}
			for _, f := range r.Facts {
				has(section(t, page, "key-numbers"), f.Label, f.Value, f.Detail)
			}
			for _, s := range shca.Statuses() {
				has(section(t, page, "by-status"), s.String()+" "+show.Number(r.Summary.Statuses[s])+" "+show.Meaning(s))
			}
			parts := find(section(t, page, "by-status"), func(n *html.Node) bool { return n.Data == "rect" })
			var width float64
			for _, rect := range parts {
				var x, wide float64
				fmt.Sscanf(attr(rect, "x")+" "+attr(rect, "width"), "%f%% %f%%", &x, &wide)
				if math.Abs(x-width) > 0.01 {
					t.Errorf("a part of the bar of all controls is at %g %%, want %g %%", x, width)
				}
				width += wide
			}
			labels := find(section(t, page, "by-status"), func(n *html.Node) bool { return n.Data == "text" })
			for _, s := range shca.Statuses() {
				if n := r.Summary.Statuses[s]; n > 0 && (len(labels) == 0 || text(labels[0]) != show.StatusStyle(s).Mark+" "+show.Number(n)) {
					t.Errorf("the bar of all controls does not mark its %d that are %s", n, s)
				} else if n > 0 {
					labels = labels[1:]
				}
			}
			if len(labels) > 0 || len(parts) > 0 && math.Abs(width-100) > 0.01 {
				t.Errorf("the bar of all controls is %g %% wide, with %d marks too many", width, len(labels))
			}
			for _, name := range []string{"key-numbers", "families", "controls"} {
				for n := range section(t, page, name).Descendants() {
					tooltip := n.Type == html.TextNode && n.Parent.Data == "title"
					if c.Name != "hostile" && n.Type == html.TextNode && !tooltip && regexp.MustCompile(`[0-9] %`).MatchString(n.Data) {
						t.Errorf("a percentage may break in %q", n.Data)
					}
				}
			}
			for name, part := range map[string]report.Part{"failing": report.Failing, "families": report.Families, "passing": report.Passing, "scopes": report.Scopes, "method": report.Method} {
				has(section(t, page, name), r.Section(part).Title, r.Section(part).Intro)
			}
			for name, part := range map[string]report.Part{"undecided": report.Undecided, "suppressed": report.Suppressed, "outside": report.Outside, "unmapped": report.Unmapped, "not-assessed": report.NotAssessed} {
				if !r.Needed(part) {
					if len(find(page.root, id(name))) > 0 {
						t.Errorf("there is an empty section %s", name)
					}
					continue
				}
				has(section(t, page, name), r.Section(part).Title, r.Section(part).Intro)
			}
			for i := range a.Scopes {
				state, _ := r.ScopeState(&a.Scopes[i])
				has(section(t, page, "scopes"), a.System.Account(a.Scopes[i].AccountID), state)
			}
			for _, in := range a.Inputs {
				has(section(t, page, "inputs"), in.Name, in.SHA256, show.Number(in.Size))
			}
			for _, d := range shca.Method() {
				has(section(t, page, "method"), d.Term, d.Meaning)
			}
			rows := find(section(t, page, "families"), tag(atom.Tr))
			for i, f := range r.Summary.Families {
				want := show.Cut(show.OneLine(f.Family), 80) + " " + show.OneLine(f.Title)
				if got := text(find(rows[i+1], tag(atom.Th))[0]); got != want {
					t.Errorf("family %q, want %q", got, want)
				}
				bar := find(rows[i+1], tag(atom.Svg))[0]
				sum := 0
				for _, rect := range find(bar, func(n *html.Node) bool { return n.Data == "rect" }) {
					var at, wide int
					fmt.Sscan(attr(rect, "x"), &at)
					fmt.Sscan(attr(rect, "width"), &wide)
					if at != sum {
						t.Errorf("family %s: a part of the bar is at %d, want %d", f.Family, at, sum)
					}
					sum += wide
				}
				if sum != f.Controls {
					t.Errorf("family %s: the bar has %d parts of %d", f.Family, sum, f.Controls)
				}
			}
			failing := find(section(t, page, "failing"), tag(atom.Tr))
			for i, check := range r.Failing {
				has(failing[i+1], string(check.ID), show.Severity(check.Severity), show.Number(check.Tally.Failed)+" of "+show.Number(check.Tally.Decided()))
			}
		})
	}
}

// TestFiles holds the names of files with all findings of a control against
// those that package csv writes.
func TestFiles(t *testing.T) {
	for _, c := range rendertest.Cases(t) {
		a := c.Assessment
		written := map[string]bool{}
		err := csv.Evidence(t.Context(), func(name, _ string) (io.WriteCloser, error) {
			written[name] = true
			return discard{io.Discard}, nil
		}, a)
		if err != nil {
			t.Fatal(err)
		}
		named := 0
		for _, row := range find(parse(t, a).root, class("m")) {
			for _, name := range regexp.MustCompile(`controls/(?:ready|attention)/[^,]*`).FindAllString(text(find(row, class("note"))[0]), -1) {
				named++
				label, _, _ := strings.Cut(text(find(row, tag(atom.H3))[0]), " ")
				if !written[name] || !strings.HasSuffix(name, "/"+label+".csv") {
					t.Errorf("%s: %s is not the file of %s", c.Name, name, label)
				}
			}
		}
		if want := len(written) - 1; named != want && c.Name != "hostile" || named == 0 && c.Name == "hostile" {
			t.Errorf("%s: %d of %d files are named", c.Name, named, want)
		}
	}
}

type discard struct{ io.Writer }

func (discard) Close() error { return nil }

// many is an assessment of n of everything, every text of which is s.
func many(n int, s string) *shca.Assessment {
	a := &shca.Assessment{Framework: s, FrameworkName: s, Baseline: s, BaselineName: s, Generator: s, Time: rendertest.Time, ProblemCount: int64(n), Marking: s, System: shca.System{Name: s, ID: s}}
	sample := shca.Sample{AccountID: s, Region: s, ResourceID: s, ResourceType: s, Reason: s, Note: shca.Note{Text: s, UpdatedBy: s, UpdatedAt: rendertest.Time}}
	var ids []shca.ControlID
	for i := range n {
		one := shca.CheckResult{
			ID: shca.CheckID(fmt.Sprintf("%04d%s", i, s)), Text: shca.CheckText{Title: s, Description: s, Remediation: shca.Remediation{Text: s, URL: s}, ConfigRule: s},
			Tally: shca.Tally{Passed: 3, Failed: 1_000_000, Suppressed: 1_000_000}, Severity: shca.High,
		}
		for range shca.MaxSamples {
			one.Failing, one.Suppressed = append(one.Failing, sample), append(one.Suppressed, sample)
		}
		a.Checks = append(a.Checks, one)
		ids = append(ids, shca.ControlID(fmt.Sprintf("f%d-%d%s", i, i, s)))
		a.Controls = append(a.Controls, shca.ControlResult{ID: ids[i], Title: s, FamilyTitle: s, Narrative: strings.Repeat(s, 20), InBaseline: i%2 == 0, Status: shca.StatusPartial, Tally: one.Tally, Checks: []shca.CheckID{one.ID}})
		a.Scopes = append(a.Scopes, shca.Scope{Source: s, AccountID: fmt.Sprint(i, s), Region: s, Findings: 5, Err: s, Note: s})
		a.Inputs = append(a.Inputs, shca.Input{Name: s, SHA256: s})
		if i < shca.MaxProblems {
			a.Problems = append(a.Problems, s)
		}
	}
	a.Checks[0].Controls = ids
	a.Controls[0].Checks = nil
	for i := range a.Checks {
		a.Controls[0].Checks = append(a.Controls[0].Checks, a.Checks[i].ID)
	}
	return a
}

// TestLimits renders an assessment of many things, which says what it leaves
// out, and one of long things, which it cuts.
func TestLimits(t *testing.T) {
	r := parse(t, many(2500, "<x>"))
	for name, wants := range map[string][]string{
		"unread":     {"The first 100 of 2,500 are shown"},
		"families":   {"The first 100 of 1,250 are shown; assessment.json has them all."},
		"failing":    {"The first 1,000 of 2,500 are shown; assessment.json has them all.", "and 2,494 more"},
		"controls":   {"The first 2,000 of 2,500 are shown; control-summary.csv has them all.", "The first 300 of 2,500 are shown; control-summary.csv has them all."},
		"suppressed": {"The first 200 of 2,500,000,000 are shown; findings.csv has them all."},
		"unmapped":   {"The first 200 of 2,499 are shown; assessment.json has them all."},
		"checks":     {"The first 1,000 of 2,500 are shown; assessment.json has them all.", "The first 10 of 1,000,000 are shown; findings.csv has them all.", "The first 100 of 2,500 are shown; assessment.json has them all."},
		"scopes":     {"The first 500 of 2,500 are shown; assessment.json has them all."},
		"inputs":     {"The first 500 of 2,500 are shown; assessment.json has them all."},
	} {
		all := text(section(t, r, name))
		for _, want := range wants {
			if !strings.Contains(all, want) {
				t.Errorf("%s does not say %q", name, want)
			}
		}
	}
	const limit = 64 << 20
	var size countingWriter
	if err := page.Render(t.Context(), &size, many(250, strings.Repeat("<&\"'", 200))); err != nil || size > limit {
		t.Errorf("the report has %d bytes, more than %d: %v", size, limit, err)
	}
}

// TestCancelled cancels while the report is written.
func TestCancelled(t *testing.T) {
	a := rendertest.Cases(t)[1].Assessment
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	written := 0
	err := page.Render(ctx, writerFunc(func(b []byte) (int, error) {
		cancel()
		written += len(b)
		return len(b), nil
	}), a)
	if !errors.Is(err, context.Canceled) || written > 1<<16 {
		t.Errorf("cancelled at the first write, Render wrote %d bytes and returned %v", written, err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// FuzzText puts a foreign text wherever one can be: the report has the same
// elements as with any other, and says the text.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "plain", rendertest.Hostile, "</title></style></script><script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "' onclick='x", "{{.Verdict}}", "<!--", "-->", "<![CDATA[", "&lt;&#60;", "\u05d0\u05d1\u05d2 (1)", "https://docs.aws.amazon.com/x?a=b&c=d", "javascript:alert(1)", "\U0001F468\u200d\U0001F469"} {
		f.Add(s)
	}
	want := elements(parse(f, foreign("text")).root)
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 200 {
			return // cut: TestLimits
		}
		s = "x" + s // what is empty is left out
		r := parse(t, foreign(s))
		if diff := cmp.Diff(want, elements(r.root)); diff != "" {
			t.Fatalf("with %q there are other elements:\n%s", s, diff)
		}
		visible := strings.TrimSuffix(show.Cut(show.OneLine(s), 80), "…") // ids are cut there
		for _, n := range find(r.root, tag(atom.Bdi)) {
			if n.FirstChild == nil || n.FirstChild != n.LastChild || n.FirstChild.Type != html.TextNode {
				t.Fatalf("with %q there is more than text in a <bdi>", s)
			}
		}
		for name, n := range map[string]int{"key-numbers": 1, "unread": 1, "families": 1, "failing": 1, "controls": 5, "suppressed": 4, "checks": 14, "scopes": 4, "inputs": 1} {
			for _, part := range find(r.root, id(name)) {
				if got := strings.Count(text(part), visible); got < n {
					t.Errorf("%s says %q %d times, want %d:\n%s", name, visible, got, n, text(part))
				}
			}
		}
		if title := text(find(r.root, tag(atom.Title))[0]); !strings.Contains(title, visible) {
			t.Errorf("the title %q lacks %q", title, visible)
		}
	})
}

// foreign is an assessment that says s wherever an assessment can.
func foreign(s string) *shca.Assessment {
	sample := shca.Sample{FindingID: s, AccountID: s, Region: s, ResourceID: s, ResourceType: s, Status: shca.ComplianceStatus(s), Observed: rendertest.Time, Reason: s, Note: shca.Note{Text: s, UpdatedBy: s, UpdatedAt: rendertest.Time}}
	tally := shca.Tally{Passed: 1, Failed: 1, Warning: 1, Suppressed: 1}
	control := shca.ControlID("xx-" + s)
	products := shca.Set[string]{Members: []string{s}}
	return &shca.Assessment{
		Framework: s, FrameworkName: s, Baseline: s, BaselineName: s, Generator: s, Time: rendertest.Time, Marking: s,
		System: shca.System{ID: s, Name: s, Accounts: map[string]string{s: s}}, Inputs: []shca.Input{{Name: s, Size: 1, SHA256: s}},
		Scopes:   []shca.Scope{{Source: s, AccountID: s, Region: s, Findings: 1, Assessed: 1, Err: s}},
		Problems: []string{s}, ProblemCount: 1,
		Controls: []shca.ControlResult{{ID: control, Title: s, FamilyTitle: s, InBaseline: true, Status: shca.StatusPartial, Tally: tally, Severity: shca.High, Checks: []shca.CheckID{shca.CheckID(s)}, Unseen: []shca.CheckID{shca.CheckID(s)}, Narrative: s}},
		Checks: []shca.CheckResult{{
			ID: shca.CheckID(s), Text: shca.CheckText{Title: s, Description: s, Remediation: shca.Remediation{Text: s, URL: s}, ConfigRule: s},
			Severity: shca.High, Tally: tally, Products: products, Reasons: []shca.ReasonCount{{Code: s, Count: 1}},
			Failing: []shca.Sample{sample}, Suppressed: []shca.Sample{sample}, Controls: []shca.ControlID{control}, Mapping: shca.Mapping(s),
		}},
	}
}

// elements counts elements and attributes by name; a web address may be a link
// or plain text.
func elements(root *html.Node) map[string]int {
	count := map[string]int{}
	for _, n := range find(root, func(*html.Node) bool { return true }) {
		if class("out")(n) || class("address")(n) || n.DataAtom == atom.Bdi {
			continue
		}
		count[n.Data]++
		for _, a := range n.Attr {
			count[n.Data+" "+a.Key]++
		}
	}
	return count
}

func BenchmarkRender(b *testing.B) {
	a := rendertest.Cases(b)[1].Assessment
	var size countingWriter
	b.ReportAllocs()
	for b.Loop() {
		size = 0
		if err := page.Render(b.Context(), &size, a); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(size))
}

type countingWriter int

func (w *countingWriter) Write(b []byte) (int, error) {
	*w += countingWriter(len(b))
	return len(b), nil
}
