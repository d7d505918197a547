package oscal_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-shca/shca/oscal"
	"github.com/go-shca/shca/render/rendertest"
)

// TestEvidence: evidence besides findings is observed, by control and kind, and
// cited by the control's finding; controls whose checks are all disabled are told.
func TestEvidence(t *testing.T) {
	for _, c := range rendertest.Cases(t) {
		if c.Name != "other sources" {
			continue
		}
		var doc struct {
			Results struct {
				Results []struct {
					Remarks      string
					Props        []struct{ Name, Value string }
					Observations []struct {
						UUID, Title string
						Methods     []string
						Props       []struct{ Name, Value string }
						Evidence    []struct{ Href, Description, Remarks string } `json:"relevant-evidence"`
					}
					Findings []struct {
						Title   string
						Related []struct {
							UUID string `json:"observation-uuid"`
						} `json:"related-observations"`
					}
				}
			} `json:"assessment-results"`
		}
		if err := json.Unmarshal([]byte(write(t, t.TempDir(), c.Assessment, oscal.Options{})["oscal/assessment-results.json"]), &doc); err != nil {
			t.Fatal(err)
		}
		result := doc.Results.Results[0]
		if want := `- AT-1: not assessed: disabled (New.1, New.2): Nobody here uses it.; Not used.`; result.Remarks != want {
			t.Errorf("remarks %q, want %q", result.Remarks, want)
		}
		examined, hrefs := map[string]string{}, 0
		for _, ob := range result.Observations {
			if ob.Methods[0] != "EXAMINE" {
				continue
			}
			examined[ob.UUID] = ob.Title
			uncited := ""
			for _, p := range ob.Props {
				if p.Name == "uncited" {
					uncited = p.Value
				}
			}
			// AT-1 is in the baseline and has no findings.
			if control, _, _ := strings.Cut(ob.Title, ":"); control == "AT-1" && uncited != "nothing decided" || control == "PM-9" && uncited != "controls outside the baseline" {
				t.Errorf("%s: uncited %q", ob.Title, uncited)
			}
			for _, e := range ob.Evidence {
				if e.Href != "" {
					hrefs++
					if e.Href != "s3://example-evidence/access%20review%202026.pdf" || !strings.Contains(e.Description, "by arn:aws:iam::111122223333:user/assessor") {
						t.Errorf("evidence %+v", e)
					}
				}
			}
		}
		// AC-2 has three kinds, AC-3 two, AT-1, PM-9 and AU-2 one each.
		if len(examined) != 8 || hrefs != 1 {
			t.Errorf("%d observations of evidence, %d links: %v", len(examined), hrefs, examined)
		}
		cited := 0
		for _, f := range result.Findings {
			for _, r := range f.Related {
				if title := examined[r.UUID]; title != "" {
					cited++
					if control, _, _ := strings.Cut(title, ":"); !strings.HasPrefix(f.Title, control+" ") {
						t.Errorf("%s cites %s", f.Title, title)
					}
				}
			}
		}
		if cited < 4 {
			t.Errorf("%d observations of evidence are cited", cited)
		}
		return
	}
	t.Fatal("no such case")
}
