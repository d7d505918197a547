package render_test

import (
	"flag"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/internal/show"
	"github.com/go-shca/shca/render"
	"github.com/go-shca/shca/render/rendertest"
)

// keep is a folder for reports of every kind of assessment, for checkers that
// are no Go programs and for people.
var keep = flag.String("keep", "", "write the reports of TestReports below this `folder` too")

// TestReports checks that the reports for people say the same: the verdict, the
// key numbers, the counts and names of what is assessed, in the same words.
func TestReports(t *testing.T) {
	formats, err := render.Select([]string{"csv", "md", "xlsx", "pdf", "html"}, render.Options{}) // the tables to hold them against
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range rendertest.Cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			dir := t.TempDir()
			if *keep != "" {
				dir = filepath.Join(*keep, strings.ReplaceAll(c.Name, " ", "-"))
			}
			if _, err := render.WriteDir(t.Context(), dir, c.Assessment, formats); err != nil {
				t.Fatal(err)
			}
			for _, f := range formats {
				if f.Name == "csv" {
					continue
				}
				raw, err := os.ReadFile(filepath.Join(dir, f.File))
				if err != nil {
					t.Fatal(err)
				}
				text := bare(plain(rendertest.Text(t, raw), f.Name))
				for _, want := range said(c.Assessment, f.Name) {
					if !strings.Contains(text, bare(want)) {
						t.Errorf("%s does not say %q", f.File, want)
					}
				}
			}
		})
	}
}

// said is what a report of the assessment has to say.
func said(a *shca.Assessment, format string) []string {
	r := report.New(a)
	texts := []string{r.Verdict, r.Completeness, show.OneLine(r.SystemName), show.OneLine(r.Marking)}
	for _, f := range r.Facts {
		texts = append(texts, f.Label, f.Value, f.Detail)
	}
	for _, s := range shca.Statuses() {
		texts = append(texts, s.String())
	}
	for _, d := range shca.Method() {
		texts = append(texts, d.Term, d.Meaning)
	}
	if format == "md" { // which has parts of long lists only
		return texts
	}
	for i := range a.Controls {
		if len(a.Controls) < 1000 && len(a.Controls[i].ID) < 20 {
			texts = append(texts, a.Controls[i].ID.Label())
		}
	}
	for _, c := range r.Failing {
		if len(c.ID) < 40 {
			texts = append(texts, string(c.ID), show.OneLine(c.Text.Title))
		}
	}
	return texts
}

var (
	tags = regexp.MustCompile(`<[^<>]*>`)
	// signs are those that Markdown escapes or sets text apart with.
	signs = strings.NewReplacer(`\`, "", "*", "", "`", "")
)

// plain takes the markup out of what a file says.
func plain(text, format string) string {
	switch format {
	case "html":
		return html.UnescapeString(tags.ReplaceAllString(text, ""))
	case "md":
		return html.UnescapeString(text)
	}
	return text
}

// bare is text without white space and what Markdown adds.
func bare(s string) string { return strings.Join(strings.Fields(signs.Replace(s)), "") }
