package oscal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
	"github.com/go-shca/shca/mapping"
	"github.com/go-shca/shca/oscal"
	"github.com/go-shca/shca/render/rendertest"
	"github.com/go-shca/shca/system"
)

// changed are an estate's findings, changed.
type changed struct {
	estateOf
	change func(*shca.Finding)
}

func (c changed) Records(ctx context.Context) iter.Seq2[shca.Record, error] {
	return func(yield func(shca.Record, error) bool) {
		for rec, err := range c.estateOf.Records(ctx) {
			if rec.Finding != nil {
				c.change(rec.Finding)
			}
			if !yield(rec, err) {
				return
			}
		}
	}
}

func (c changed) at(t testing.TB, days int) *shca.Assessment {
	t.Helper()
	return rendertest.Assess(t, c, mapping.Options{
		Baseline: catalogs.Baseline{Name: "few", Title: "A few controls", Controls: []shca.ControlID{"ac-2", "ac-3", "sc-28"}},
		Time:     day.AddDate(0, 0, days),
	})
}

// resultRisks are the risks of the results from the same assessment and plan.
func resultRisks(t testing.TB, a *shca.Assessment, previous []byte, o oscal.Options) []object {
	t.Helper()
	if previous != nil {
		o.POAM = oscal.TempFile(t, "previous.json", string(previous))
	}
	var b bytes.Buffer
	if err := oscal.Results(t.Context(), &b, a, o); err != nil {
		t.Fatal(err)
	}
	validText(t, "results", b.String())
	var results struct {
		Document struct{ Results []object } `json:"assessment-results"`
	}
	if err := json.Unmarshal(b.Bytes(), &results); err != nil {
		t.Fatal(err)
	}
	return listOf(results.Document.Results[0], "risks")
}

// TestPOAMRefusesOlder: an assessment older than the plan changes nothing in it.
func TestPOAMRefusesOlder(t *testing.T) {
	t.Parallel()
	plan, _, _ := runPOAM(t, estateOf{"S3.8": "F"}.at(t, 7), nil, oscal.Options{})
	path := oscal.TempFile(t, "previous.json", string(plan))
	old := estateOf{"S3.8": "P"}.at(t, 0)
	const want = "/plan-of-action-and-milestones/metadata/last-modified: the plan is of 2026-03-08T12:00:00Z, the assessment older, of 2026-03-01T12:00:00Z; give the plan"
	_, err := oscal.WriteDocument(t.Context(), io.Discard, oscal.POAMFile, old, oscal.Options{POAM: path})
	if err == nil || !strings.Contains(err.Error(), path+": "+want) {
		t.Errorf("got %v, want %s: %s", err, path, want)
	}
	if err := oscal.Results(t.Context(), io.Discard, estateOf{"S3.8": "F"}.at(t, 0), oscal.Options{POAM: path}); err == nil || !strings.Contains(err.Error(), path+": "+want) {
		t.Errorf("results: got %v, want %s: %s", err, path, want)
	}
}

// TestPOAMTogglesAtOnce: changes of status at one time are all logged.
func TestPOAMTogglesAtOnce(t *testing.T) {
	t.Parallel()
	var plan []byte
	for _, letters := range []string{"F", "P", "F", "P", "P", "F"} {
		plan, _, _ = runPOAM(t, estateOf{"S3.8": letters}.at(t, 0), plan, oscal.Options{})
		validText(t, "plan", string(plan))
	}
	want := "SH-S3.8 open: open@02-19 closed@03-01 open@03-01 closed@03-01 open@03-01; seen 02-19, due 03-31, failed 1, reopened-count 2\n"
	if got := outline(t, plan); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// The statuses are still this program's: it moves them on.
	plan, _, _ = runPOAM(t, estateOf{"S3.8": "f"}.at(t, 1), plan, oscal.Options{})
	if got := riskOf(t, parsePlan(t, plan), "SH-S3.8")["status"]; got != "investigating" {
		t.Errorf("got status %v, want investigating", got)
	}
}

// TestPOAMDeadline follows a deadline, in the plan and in the results.
func TestPOAMDeadline(t *testing.T) {
	t.Parallel()
	high := changed{estateOf{"S3.8": "F"}, func(*shca.Finding) {}}
	medium := changed{high.estateOf, func(f *shca.Finding) { f.Severity = shca.Medium }}
	low := changed{high.estateOf, func(f *shca.Finding) { f.Severity = shca.Low }}
	older := changed{high.estateOf, func(f *shca.Finding) { f.FirstObservedAt = day.AddDate(0, 0, -20) }}
	younger := changed{high.estateOf, func(f *shca.Finding) { f.FirstObservedAt = day.AddDate(0, 0, -1) }}
	gone := changed{estateOf{"S3.8": "P"}, func(*shca.Finding) {}}
	for _, test := range []struct {
		name  string
		edit  string // of the deadline, after the first step
		steps []changed
		want  string // first seen and deadline
		o     oscal.Options
	}{
		{"as it was", "", []changed{high, high}, "02-19 2026-03-21T12:00:00Z", oscal.Options{}},
		{"the severity rises", "", []changed{medium, high, medium}, "02-19 2026-03-21T12:00:00Z", oscal.Options{}},
		{"the severity falls", "", []changed{high, low}, "02-19 2026-03-21T12:00:00Z", oscal.Options{}},
		{"first seen moves back", "", []changed{high, older}, "02-09 2026-03-11T12:00:00Z", oscal.Options{}},
		{"first seen does not move on", "", []changed{high, younger}, "02-19 2026-03-21T12:00:00Z", oscal.Options{}},
		{"edited", "2027-01-01T00:00:00Z", []changed{medium, high, older}, "02-09 2027-01-01T00:00:00Z", oscal.Options{}},
		{"reopened", "", []changed{high, gone, high, high}, "02-19 2026-04-14T12:00:00Z", oscal.Options{}},
		{"reopened and worse", "", []changed{medium, gone, medium, high}, "02-19 2026-04-14T12:00:00Z", oscal.Options{}},
		{"edited, reopened before", "2027-01-01T00:00:00Z", []changed{high, gone, high}, "02-19 2027-01-01T00:00:00Z", oscal.Options{}},
		{"edited, reopened after", "2026-03-09T00:00:00Z", []changed{high, gone, high}, "02-19 2026-04-14T12:00:00Z", oscal.Options{}},
		{"never", "", []changed{high, high}, "02-19 2999-12-31T23:59:59Z",
			oscal.Options{System: &system.System{Remediation: system.Remediation{High: 1 << 60}}}},
		{"the system gets a name", "", []changed{younger, high, younger}, "02-19 2026-03-21T12:00:00Z",
			oscal.Options{System: &system.System{ID: "shop"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var plan []byte
			var got string
			for i, step := range test.steps {
				o := test.o
				if i == 0 && o.System != nil && o.System.ID != "" {
					o.System = nil
				}
				before, a := plan, step.at(t, 7*i)
				plan, _, _ = runPOAM(t, a, before, o)
				validText(t, "plan", string(plan))
				again, _, _ := runPOAM(t, a, plan, o)
				if !bytes.Equal(again, plan) {
					t.Errorf("step %d: the second run changes the plan", i)
				}
				risk := riskOf(t, parsePlan(t, plan), "SH-S3.8")
				got = fmt.Sprint(date(planProp(risk, "first-observed")), " ", risk["deadline"])
				for _, r := range resultRisks(t, a, before, o) {
					if results := fmt.Sprint(date(planProp(r, "first-observed")), " ", r["deadline"]); results != got || r["uuid"] != risk["uuid"] {
						t.Errorf("step %d: the results have %s %s, the plan %s %s", i, r["uuid"], results, risk["uuid"], got)
					}
				}
				if i == 0 && test.edit != "" {
					plan = editPlan(t, plan, func(p object) { riskOf(t, p, "SH-S3.8")["deadline"] = test.edit })
				}
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestPOAMItemStatus: items say whether they are open and overdue, and a risk
// that is closed does not say that its check fails.
func TestPOAMItemStatus(t *testing.T) {
	t.Parallel()
	status := func(plan []byte) (all []string) {
		for _, v := range listOf(parsePlan(t, plan), "poam-items") {
			all = append(all, strings.TrimSpace(planProp(v, "POAM-ID")+" "+planProp(v, "item-status")+" "+planProp(v, "overdue")))
		}
		return all
	}
	both, late := estateOf{"S3.8": "F", "KMS.4": "F"}, 60
	plan, _, _ := runPOAM(t, both.at(t, 0), nil, oscal.Options{})
	if got, want := status(plan), []string{"SH-KMS.4 open", "SH-S3.8 open"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	plan, _, log := runPOAM(t, estateOf{"S3.8": "F"}.at(t, late), plan, oscal.Options{})
	validText(t, "plan", string(plan))
	if got, want := status(plan), []string{"SH-KMS.4 open yes", "SH-S3.8 open yes"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	const line = `level=INFO msg="2 of 2 open items are past their deadline" document=oscal/plan-of-action-and-milestones.json`
	if strings.Count(log, line) != 1 {
		t.Errorf("want once in the log: %s, got:\n%s", line, log)
	}
	edited := editPlan(t, plan, func(p object) { riskOf(t, p, "SH-KMS.4")["statement"] = "It fails." })
	plan, _, _ = runPOAM(t, estateOf{"S3.8": "P", "KMS.4": "P"}.at(t, late+1), edited, oscal.Options{})
	validText(t, "plan", string(plan))
	if got, want := status(plan), []string{"SH-KMS.4 closed", "SH-S3.8 closed"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	const past = "No finding of check S3.8 fails any more; as of 2026-05-01 12:00 UTC, 1 finding passed."
	risk := riskOf(t, parsePlan(t, plan), "SH-S3.8")
	if risk["statement"] != past || !strings.HasSuffix(risk["description"].(string), "\n\n"+past) {
		t.Errorf("got statement %q, description %q, want %q", risk["statement"], risk["description"], past)
	}
	if got := riskOf(t, parsePlan(t, plan), "SH-KMS.4")["statement"]; got != "It fails." {
		t.Errorf("got statement %q, want what somebody wrote", got)
	}
	fixedPlan(t, estateOf{"S3.8": "P", "KMS.4": "P"}.at(t, late+1), plan, oscal.Options{})
	plan, _, _ = runPOAM(t, both.at(t, late+2), plan, oscal.Options{})
	if got := riskOf(t, parsePlan(t, plan), "SH-S3.8")["statement"].(string); strings.Contains(got, "any more") {
		t.Errorf("reopened: got statement %q", got)
	}
}
