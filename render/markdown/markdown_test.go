package markdown_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/render/markdown"
	"github.com/go-shca/shca/render/rendertest"
)

func report(t *testing.T, a *shca.Assessment) string {
	t.Helper()
	var b bytes.Buffer
	if err := markdown.Render(t.Context(), &b, a); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// cells are the cells of a table row, split as GitHub does: at every bar that
// has no backslash before it.
func cells(row string) int {
	return len(regexp.MustCompile(`[^\\]\|`).FindAllString(strings.ReplaceAll(row, `\\`, "  "), -1))
}

func TestTables(t *testing.T) {
	for _, c := range rendertest.Cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			text := report(t, c.Assessment)
			if !utf8.ValidString(text) {
				t.Error("not valid UTF-8")
			}
			if !strings.HasPrefix(text, "# ") || strings.Count(text, "\n# ") > 0 {
				t.Error("there is not exactly one title")
			}
			width := 0
			for line := range strings.Lines(text) {
				line = strings.TrimSuffix(line, "\n")
				if strings.ContainsFunc(line, unicode.IsControl) || regexp.MustCompile(`[\x{200e}\x{200f}\x{202a}-\x{202e}\x{2028}\x{2066}-\x{2069}]`).MatchString(line) {
					t.Errorf("control or direction characters: %.300q", line)
				}
				if strings.Contains(line, "<") {
					t.Errorf("HTML: %.300q", line)
				}
				if regexp.MustCompile(`[^\\](\]\(javascript|!\[)`).MatchString(line) {
					t.Errorf("link: %.300q", line)
				}
				for _, wrong := range []string{" 1 findings", " 1 controls", " 1 checks", " 1 accounts", " 1 regions"} {
					if strings.Contains(line, wrong) && strings.HasPrefix(line, "|") {
						t.Errorf("singular: %.300q", line)
					}
				}
				if !strings.HasPrefix(line, "|") {
					width = 0
					continue
				}
				if n := cells(line); width == 0 {
					width = n
				} else if n != width {
					t.Errorf("%d cells in a table of %d: %.300q", n, width, line)
				}
			}
		})
	}
}

// TestFirstScreen checks what a reader sees first.
func TestFirstScreen(t *testing.T) {
	for _, c := range rendertest.Cases(t) {
		text := report(t, c.Assessment)
		head, _, _ := strings.Cut(text, "\n## ")
		for _, want := range []string{"Pass rate", "Coverage", "Undecided", "Suppressed"} {
			if !strings.Contains(head, "\n| "+want+" | ") {
				t.Errorf("%s: the first screen lacks %q:\n%s", c.Name, want, head)
			}
		}
		if strings.Contains(head, "**Incomplete: ") == c.Assessment.Complete() {
			t.Errorf("%s: complete is %v, but the first screen says:\n%s", c.Name, c.Assessment.Complete(), head)
		}
		for _, redacted := range []bool{false, true} {
			a := *c.Assessment
			a.Redacted = redacted
			above, _, _ := strings.Cut(report(t, &a), "\n**"+markdown.Escape(a.Verdict(), 800)+"**\n")
			if strings.Count(above, "omplete: ") != 1 || strings.Contains(above, "\nRedacted: "+shca.RedactionNote+".\n") != redacted {
				t.Errorf("%s: redacted is %v; above the verdict stands:\n%s", c.Name, redacted, above)
			}
		}
		if strings.Contains(text, "](#what-could-not-be-read)") != strings.Contains(text, "\n## What could not be read\n") {
			t.Errorf("%s: link without target, or target without link", c.Name)
		}
	}
}

// TestSize renders assessments of many and long things: below the 1 MiB that
// GitHub takes for a job's summary, and saying what is left out.
func TestSize(t *testing.T) {
	const n = 20_000
	for name, foreign := range map[string]string{
		"plain": "a name", "hostile": strings.Repeat("&", 250), "wide": strings.Repeat("\U0001F600", 250),
	} {
		t.Run(name, func(t *testing.T) {
			a := &shca.Assessment{Framework: foreign, FrameworkName: foreign, Baseline: foreign, BaselineName: foreign, Generator: foreign, Time: rendertest.Time, ProblemCount: n}
			for i := range n {
				check := shca.CheckID(fmt.Sprint(i, foreign))
				tally := shca.Tally{Passed: 3, Failed: 1, Suppressed: 1}
				sample := shca.Sample{AccountID: foreign, ResourceID: foreign, Status: shca.ComplianceStatus(foreign), Note: shca.Note{Text: foreign, UpdatedBy: foreign, UpdatedAt: rendertest.Time}}
				a.Checks = append(a.Checks, shca.CheckResult{
					ID: check, Text: shca.CheckText{Title: foreign, Remediation: shca.Remediation{URL: foreign}},
					Tally: tally, Suppressed: []shca.Sample{sample}, Severity: shca.High,
				})
				for j, status := range []shca.Status{shca.StatusPartial, shca.StatusUndecided, shca.StatusNotAssessed, shca.StatusPartial} {
					c := shca.ControlResult{ID: shca.ControlID(fmt.Sprintf("f%d-%d%s", i, j, foreign)), Title: foreign, FamilyTitle: foreign, InBaseline: j < 3, Status: status}
					if status == shca.StatusPartial {
						c.Tally, c.Checks = tally, []shca.CheckID{check}
					}
					a.Controls = append(a.Controls, c)
				}
				a.Scopes = append(a.Scopes, shca.Scope{Source: foreign, AccountID: fmt.Sprint(i, foreign), Region: foreign, Findings: 5, Err: foreign, Note: foreign})
				if i < shca.MaxProblems {
					a.Problems = append(a.Problems, foreign)
				}
			}
			text := report(t, a)
			if len(text) >= 1<<20 {
				t.Errorf("%d bytes", len(text))
			}
			for _, want := range []string{
				"The first 20 of 20,000 are shown", "The first 50 of 20,000 are shown", "The first 100 of 20,000 are shown",
				"The first 30 of 20,000 are shown", "At most the first 1,500 in 50 families are shown", "The first 20 of 20,000 are shown; assessment.json has the first 100.",
			} {
				if !strings.Contains(text, want) {
					t.Errorf("it does not say %q", want)
				}
			}
		})
	}
}

func TestManyFindings(t *testing.T) {
	a := rendertest.Fixture(t)
	for i := range a.Checks {
		a.Checks[i].Tally.Failed *= 100_000
	}
	if text := report(t, a); len(text) > 64<<10 || !strings.Contains(text, "100,000 of 100,003") {
		t.Errorf("%d bytes:\n%.3000s", len(text), text)
	}
}

func TestSingular(t *testing.T) {
	a := rendertest.Fixture(t)
	a.Checks = a.Checks[:0:0]
	for _, c := range rendertest.Fixture(t).Checks {
		if c.ID == "S3.8" {
			c.Tally = shca.Tally{Failed: 1, Warning: 1, Suppressed: 1}
			a.Checks = append(a.Checks, c)
		}
	}
	a.Scopes = []shca.Scope{{Source: "asff", AccountID: "1", Region: "r", Findings: 1, Assessed: 1, Skipped: 1}}
	text := report(t, a)
	for _, want := range []string{
		"of 1 decided finding (0 passed", "1 of 1 decided check (1 MEDIUM)", "| 1 finding (1 WARNING", "| 1 finding, listed", "| 1 finding in 1 account and 1 region:",
		"Besides, 1 control outside", "evidence for 1 control of the baseline", "**1 finding could not be read**",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not say %q:\n%.2500s", want, text)
		}
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", rendertest.Hostile, "1. x", "- x", "+", "2)", "=", "---", "a\\", "|", "\\|", "&lt;", "  a  b  ", "\u202eabc"} {
		f.Add(s)
	}
	special := regexp.MustCompile("[^\\\\](\\\\\\\\)*[`*_\\[\\]|#~$]")
	f.Fuzz(func(t *testing.T, s string) {
		got := markdown.Escape(s, 50)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "<>") || strings.ContainsFunc(got, unicode.IsControl) || strings.TrimSpace(got) != got {
			t.Errorf("%q becomes %q", s, got)
		}
		if at := special.FindString(" " + got); at != "" {
			t.Errorf("%q becomes %q, with %q bare", s, got, at)
		}
		if regexp.MustCompile(`^([-+=]|[0-9]+[.)])`).MatchString(got) {
			t.Errorf("%q becomes %q, which begins a block", s, got)
		}
		if n := utf8.RuneCountInString(got); n > 51*5+1 {
			t.Errorf("%q becomes %d characters", s, n)
		}
	})
}
