package render_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/go-shca/shca/render/csv"
	"github.com/go-shca/shca/render/html"
	"github.com/go-shca/shca/render/json"
	"github.com/go-shca/shca/render/markdown"
	"github.com/go-shca/shca/render/rendertest"
)

// TestDisabledControl: a control whose checks are all disabled says so, and why,
// in what tells its status. The status itself stays what it is in columns and
// members with a list of values.
func TestDisabledControl(t *testing.T) {
	for _, c := range rendertest.Cases(t) {
		if c.Name != "other sources" {
			continue
		}
		for name, want := range map[string][]string{
			"csv":  {"AT-1,not assessed,", `disabled: Nobody here uses it.; Not used.`},
			"json": {`"status": "not assessed",` + "\n" + `      "tally"`, `"not_assessed_reason": "disabled"`, `"evidence_count": 1236`, `"id": "New.1"`},
			"md":   {`AT-1 is not assessed: disabled: New.1, New.2 are disabled: "Nobody here uses it.", "Not used.".`},
			"html": {"</span> not assessed: disabled</span>", `reason: &#34;Nobody here uses it.&#34;`, "s3://example-evidence/access review 2026.pdf"},
		} {
			var b bytes.Buffer
			var err error
			switch name {
			case "csv":
				err = csv.Summary(t.Context(), &b, c.Assessment)
			case "json":
				err = json.Render(t.Context(), &b, c.Assessment)
			case "md":
				err = markdown.Render(t.Context(), &b, c.Assessment)
			case "html":
				err = html.Render(t.Context(), &b, c.Assessment)
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range want {
				if !strings.Contains(b.String(), text) {
					t.Errorf("%s has no %q", name, text)
				}
			}
		}
		return
	}
	t.Fatal("no such case")
}
