package ocsf_test

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/testgen"
	"github.com/go-shca/shca/mapping"
	"github.com/go-shca/shca/ocsf"
	eventfile "github.com/go-shca/shca/render/ocsf"
	"github.com/go-shca/shca/render/rendertest"
	"github.com/go-shca/shca/sources/asff"
	"github.com/go-shca/shca/sources/stream"
)

// TestRender: one event a finding in the assessment's order, and the events by
// label are the findings by disposition.
func TestRender(t *testing.T) {
	var findings bytes.Buffer
	if err := testgen.Write(&findings, testgen.NDJSON, testgen.Options{Findings: 400, Mode: testgen.Mixed, Duplicates: 0.05}); err != nil {
		t.Fatal(err)
	}
	a := rendertest.Assess(t, &stream.Source{
		Name: "estate", Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(findings.Bytes())), nil },
		Formats: []stream.Format{asff.Format},
	}, mapping.Options{})
	var out bytes.Buffer
	if err := eventfile.Render(t.Context(), &out, a, ocsf.Options{}); err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for f, err := range a.Findings {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, f.ID+" disposition: "+string(f.Disposition))
	}
	labelled := map[string]int64{}
	for line := range bytes.Lines(out.Bytes()) {
		var event struct {
			FindingInfo struct{ UID string } `json:"finding_info"`
			Metadata    struct{ Labels []string }
		}
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatal(err)
		}
		for _, l := range event.Metadata.Labels {
			got = append(got, event.FindingInfo.UID+" "+l)
			labelled[l]++
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	counted := map[string]int64{}
	for _, s := range a.Scopes {
		for _, c := range []struct {
			d shca.Disposition
			n int64
		}{{shca.Assessed, s.Assessed}, {shca.Suppressed, s.Suppressed}, {shca.NotScored, s.NotScored}, {shca.Archived, s.Archived}, {shca.Superseded, s.Superseded}} {
			counted["disposition: "+string(c.d)] += c.n
		}
	}
	if diff := cmp.Diff(counted, labelled); diff != "" || len(labelled) != 5 {
		t.Errorf("labels (-scopes +events):\n%s", diff)
	}
}
