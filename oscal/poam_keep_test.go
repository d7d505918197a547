package oscal_test

import (
	"bytes"
	"fmt"
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

// propsNamed are the values of an object's properties with the name.
func propsNamed(v object, name string) (values []string) {
	for _, p := range listOf(v, "props") {
		if p["name"] == name {
			values = append(values, p["value"].(string))
		}
	}
	return values
}

// TestPOAMDropsStale: what this program said and is no longer so is gone.
func TestPOAMDropsStale(t *testing.T) {
	t.Parallel()
	about := func(days int, controls ...shca.ControlID) *shca.Assessment {
		return rendertest.Assess(t, estateOf{"S3.8": "F"}, mapping.Options{
			Baseline: catalogs.Baseline{Name: "few", Title: "A few controls", Controls: controls}, Time: day.AddDate(0, 0, days)})
	}
	const uncited = "controls outside the baseline"
	for _, test := range []struct {
		name     string
		edit     func(risk object)
		controls []shca.ControlID
		want     []string
		uncited  string
	}{
		{"fewer", func(object) {}, []shca.ControlID{"ac-2", "sc-28"}, []string{"ac-2"}, ""},
		{"others", func(object) {}, []shca.ControlID{"sc-28"}, nil, uncited},
		{"somebody's too", func(risk object) {
			pushTo(risk, "props", object{"name": "impacted-control-id", "ns": "http://fedramp.gov/ns/oscal", "value": "sc-7"})
		}, []shca.ControlID{"ac-2"}, []string{"ac-2", "ac-3", "sc-7"}, ""},
	} {
		plan, _, _ := runPOAM(t, about(0, "ac-2", "ac-3"), nil, oscal.Options{})
		edited := editPlan(t, plan, func(p object) { test.edit(riskOf(t, p, "SH-S3.8")) })
		got, _, _ := runPOAM(t, about(7, test.controls...), edited, oscal.Options{})
		validText(t, "plan", string(got))
		risk := riskOf(t, parsePlan(t, got), "SH-S3.8")
		controls := propsNamed(risk, "impacted-control-id")
		slices.Sort(controls)
		if !slices.Equal(controls, test.want) || planProp(risk, "uncited") != test.uncited {
			t.Errorf("%s: got controls %v, uncited %q, want %v, %q", test.name, controls, planProp(risk, "uncited"), test.want, test.uncited)
		}
		got, _, _ = runPOAM(t, about(14, "ac-2", "ac-3"), got, oscal.Options{})
		if risk := riskOf(t, parsePlan(t, got), "SH-S3.8"); planProp(risk, "uncited") != "" {
			t.Errorf("%s: cited again, but uncited %q", test.name, planProp(risk, "uncited"))
		}
	}
}

// TestPOAMIncompleteNoMore: the metadata says that the assessment is incomplete
// while it is.
func TestPOAMIncompleteNoMore(t *testing.T) {
	t.Parallel()
	part, all := estateOf{"S3.8": "F", unread: ""}, estateOf{"S3.8": "F"}
	plan, _, _ := runPOAM(t, all.at(t, 0), nil, oscal.Options{})
	for i, test := range []struct {
		estate   estateOf
		remarks  string // that somebody writes before
		want     string // how the remarks begin
		complete string
	}{
		{part, "", "The assessment is incomplete", "no"}, {all, "", "", ""},
		{part, "Ours.", "Ours.", "no"}, {all, "", "Ours.", ""},
	} {
		plan = editPlan(t, plan, func(p object) {
			if test.remarks != "" {
				p["metadata"].(object)["remarks"] = test.remarks
			}
		})
		a := test.estate.at(t, i)
		plan, _, _ = runPOAM(t, a, plan, oscal.Options{})
		validText(t, "plan", string(plan))
		fixedPlan(t, a, plan, oscal.Options{})
		metadata := parsePlan(t, plan)["metadata"].(object)
		remarks, _ := metadata["remarks"].(string)
		if !strings.Contains(remarks, test.want) || test.want == "" && remarks != "" || planProp(metadata, "input-complete") != test.complete {
			t.Errorf("step %d: got remarks %q, input-complete %q, want %q, %q", i, remarks, planProp(metadata, "input-complete"), test.want, test.complete)
		}
	}
}

// TestPOAMKeepsResponses: what somebody carried out or adjusted is not written
// again or over.
func TestPOAMKeepsResponses(t *testing.T) {
	t.Parallel()
	medium := changed{estateOf{"S3.8": "F"}, func(f *shca.Finding) { f.Severity = shca.Medium }}
	high := changed{estateOf{"S3.8": "F"}, func(f *shca.Finding) { f.Remediation.URL = "https://docs.aws.amazon.com/other" }}
	first, _, _ := runPOAM(t, medium.at(t, 0), nil, oscal.Options{})
	facets := func(risk object) (all []string) {
		for _, f := range listOf(listOf(risk, "characterizations")[0], "facets") {
			all = append(all, fmt.Sprint(f["name"], "=", f["value"]))
		}
		return all
	}
	const ours, theirs = "https://docs.aws.amazon.com/other", "https://wiki.example.com/"
	for _, test := range []struct {
		name   string
		edit   func(risk object)
		facets string
		href   string
		log    string
	}{
		{"nothing", func(object) {}, "[severity=high likelihood=high impact=high severity-label=HIGH]", ours, ""},
		{"advice carried out", func(risk object) { listOf(risk, "remediations")[0]["lifecycle"] = "completed" },
			"[severity=high likelihood=high impact=high severity-label=HIGH]", ours, ""},
		{"facet", func(risk object) { listOf(listOf(risk, "characterizations")[0], "facets")[1]["value"] = "low" },
			"[severity=high likelihood=low impact=high severity-label=HIGH]", ours, `item=SH-S3.8 text="facet likelihood of the risk"`},
		{"link", func(risk object) { listOf(risk, "links")[0]["href"] = theirs },
			"[severity=high likelihood=high impact=high severity-label=HIGH]", theirs, `item=SH-S3.8 text="link of the risk"`},
	} {
		edited := editPlan(t, first, func(p object) { test.edit(riskOf(t, p, "SH-S3.8")) })
		a := high.at(t, 7)
		plan, _, log := runPOAM(t, a, edited, oscal.Options{})
		validText(t, "plan", string(plan))
		fixedPlan(t, a, plan, oscal.Options{})
		risk := riskOf(t, parsePlan(t, plan), "SH-S3.8")
		if got := fmt.Sprint(facets(risk)); got != test.facets {
			t.Errorf("%s: got facets %s, want %s", test.name, got, test.facets)
		}
		if links := listOf(risk, "links"); len(links) != 1 || links[0]["href"] != test.href {
			t.Errorf("%s: got links %v, want %s", test.name, links, test.href)
		}
		if n := len(listOf(risk, "remediations")); n != 2 {
			t.Errorf("%s: got %d remediations, want 2", test.name, n)
		}
		if !strings.Contains(log, test.log) || test.log == "" && log != "" {
			t.Errorf("%s: want in the log %q, got %q", test.name, test.log, log)
		}
		if _, _, log := runPOAM(t, high.at(t, 8), plan, oscal.Options{}); strings.Contains(log, "conflict") {
			t.Errorf("%s: the conflict is told again: %s", test.name, log)
		}
	}
}

// TestPOAMOwnRisks: a plan with nothing but somebody's risks is kept.
func TestPOAMOwnRisks(t *testing.T) {
	t.Parallel()
	const text = `{"plan-of-action-and-milestones": {"uuid": "00000000-0000-4000-8000-000000000001", "metadata": {"title": "Ours"},
		"risks": [{"uuid": "00000000-0000-4000-8000-000000000007", "title": "Old TLS", "description": "a", "statement": "b", "status": "open"}]}}`
	plan, reason, _ := runPOAM(t, estateOf{"S3.8": "P"}.at(t, 0), []byte(text), oscal.Options{})
	if reason != "" || !bytes.Contains(plan, []byte("Old TLS")) {
		t.Errorf("got reason %q, plan %s, want the risk", reason, plan)
	}
}

// TestPOAMKeepsVersion: a version that somebody gave the plan stays.
func TestPOAMKeepsVersion(t *testing.T) {
	t.Parallel()
	one, two := oscal.Options{System: &system.System{Version: "1.0"}}, oscal.Options{System: &system.System{Version: "1.1"}}
	for _, test := range []struct {
		name         string
		edit         string
		before, then oscal.Options
		want         string
	}{
		{"of a run", "", oscal.Options{}, oscal.Options{}, "2026-03-08T120000Z"},
		{"of the system", "", one, two, "1.1"},
		{"of the system, then of a run", "", one, oscal.Options{}, "2026-03-08T120000Z"},
		{"somebody's", "Q1", oscal.Options{}, oscal.Options{}, "Q1"},
		{"somebody's instead of the system's", "Q1", one, two, "Q1"},
	} {
		plan, _, _ := runPOAM(t, estateOf{"S3.8": "F"}.at(t, 0), nil, test.before)
		if test.edit != "" {
			plan = editPlan(t, plan, func(p object) { p["metadata"].(object)["version"] = test.edit })
		}
		a := estateOf{"S3.8": "FF"}.at(t, 7)
		plan, _, _ = runPOAM(t, a, plan, test.then)
		validText(t, "plan", string(plan))
		fixedPlan(t, a, plan, test.then)
		if got := parsePlan(t, plan)["metadata"].(object)["version"]; got != test.want {
			t.Errorf("%s: got version %v, want %s", test.name, got, test.want)
		}
	}
}

// TestPOAMBlanks: ids with runs of blanks are the same in every run.
func TestPOAMBlanks(t *testing.T) {
	t.Parallel()
	o := oscal.Options{System: &system.System{ID: "the  shop "}}
	both := estateOf{"a  b": "F", "S3.8": "F"}
	plan, _, _ := runPOAM(t, both.at(t, 0), nil, o)
	plan, _, _ = runPOAM(t, estateOf{"S3.8": "F"}.at(t, 7), plan, o)
	validText(t, "plan", string(plan))
	if got := outline(t, plan); strings.Count(got, "\n") != 2 || !strings.Contains(got, "no-data-since") {
		t.Errorf("got %s, want two items, one without data", got)
	}
	again, _, _ := runPOAM(t, estateOf{"S3.8": "F"}.at(t, 7), plan, oscal.Options{System: &system.System{ID: "the shop"}})
	if !bytes.Equal(plan, again) {
		t.Errorf("another spelling of the system's id changes the plan")
	}
	before, _, _ := runPOAM(t, both.at(t, 0), nil, oscal.Options{})
	got, _, _ := runPOAM(t, both.at(t, 7), before, o)
	validText(t, "plan", string(got))
	if n := len(listOf(parsePlan(t, got), "poam-items")); n != 2 {
		t.Errorf("named later: got %d items, want 2:\n%s", n, outline(t, got))
	}
}

// TestPOAMKeepsAdditions: what people add to objects that this program makes anew
// stays, with what it refers to.
func TestPOAMKeepsAdditions(t *testing.T) {
	t.Parallel()
	const (
		observation = "3a3e9f4e-6f0b-4d4f-9d3a-1f1f6f6f6f6f"
		resource    = "6a3e9f4e-6f0b-4d4f-9d3a-1f1f6f6f6f6f"
		nothing     = "7a3e9f4e-6f0b-4d4f-9d3a-1f1f6f6f6f6f"
		party       = "6d859325-cd6b-54fc-85ac-7700a9c218ef"
	)
	link := object{"href": "#" + resource, "rel": "reference"}
	for _, level := range oscal.Levels() {
		o := oscal.Options{Observations: level}
		plan, _, _ := runPOAM(t, estateOf{"S3.8": "FS", "KMS.4": "F"}.at(t, 0), nil, o)
		var other string // an observation of the other check
		edited := editPlan(t, plan, func(p object) {
			p["back-matter"] = object{"resources": []any{object{"uuid": resource, "title": "A file", "rlinks": []any{object{"href": "a.pdf"}}}}}
			pushTo(p, "observations", object{"uuid": observation, "description": "We looked.", "methods": []any{"EXAMINE"}, "collected": "2026-03-02T00:00:00Z",
				"origins": []any{object{"actors": []any{object{"type": "party", "actor-uuid": party}}}}})
			item := planItem(t, p, "SH-S3.8")
			own := findIn(t, listOf(p, "observations"), "uuid", listOf(item, "related-observations")[0]["observation-uuid"])
			own["relevant-evidence"] = []any{object{"href": "#" + resource, "description": "A photograph."}}
			own["remarks"], own["links"] = "Seen by Jo.", []any{link}
			pushTo(own, "props", object{"name": "ticket", "ns": "https://example.com/ns", "value": "T-1"})
			other = listOf(planItem(t, p, "SH-KMS.4"), "related-observations")[0]["observation-uuid"].(string)
			pushTo(item, "related-observations", object{"observation-uuid": other}, object{"observation-uuid": observation}, object{"observation-uuid": nothing})
			finding := listOf(p, "findings")[0]
			finding["remarks"], finding["links"] = "Discussed.", []any{link}
			pushTo(finding, "related-observations", object{"observation-uuid": observation})
			local := p["local-definitions"].(object)
			listOf(local, "inventory-items")[0]["remarks"] = "Goes away soon."
			listOf(local, "components")[0]["remarks"] = "Ours."
			listOf(local["assessment-assets"].(object), "components")[0]["remarks"] = "Runs nightly."
		})
		for _, next := range []estateOf{{"S3.8": "FSP", "KMS.4": "F"}, {"S3.8": "FS"}} {
			a := next.at(t, 7)
			got, _, log := runPOAM(t, a, edited, o)
			validText(t, "plan", string(got))
			again, _, _ := runPOAM(t, a, got, o)
			if !bytes.Equal(got, again) {
				t.Errorf("%s, %v: the second run changes the plan", level, next)
			}
			texts := map[string]bool{}
			planTexts(parsePlan(t, got), "", texts)
			for _, want := range []string{
				"/observations/relevant-evidence/description=A photograph.", "/observations/remarks=Seen by Jo.", "/observations/links/href=#" + resource,
				"/observations/props/value=T-1", "/findings/remarks=Discussed.", "/findings/links/href=#" + resource,
				"/findings/related-observations/observation-uuid=" + observation, "/poam-items/related-observations/observation-uuid=" + observation,
				"/local-definitions/inventory-items/remarks=Goes away soon.", "/local-definitions/components/remarks=Ours.",
				"/local-definitions/assessment-assets/components/remarks=Runs nightly.",
			} {
				if !texts[want] {
					t.Errorf("%s, %v: lost: %s", level, next, want)
				}
			}
			findIn(t, listOf(planItem(t, parsePlan(t, got), "SH-S3.8"), "related-observations"), "observation-uuid", other)
			if want := "dropped: a reference to nothing"; !strings.Contains(log, want) || !strings.Contains(log, "uuid="+nothing) {
				t.Errorf("%s, %v: want in the log %s … %s, got %s", level, next, want, nothing, log)
			}
		}
	}
}

// TestPOAMRenewsRemarks: the remarks of an observation follow the findings.
func TestPOAMRenewsRemarks(t *testing.T) {
	t.Parallel()
	plan, _, _ := runPOAM(t, estateOf{"S3.8": "FS"}.at(t, 0), nil, oscal.Options{})
	if got := listOf(parsePlan(t, plan), "observations")[0]["remarks"]; got == nil {
		t.Fatal("no remarks about what is suppressed")
	}
	plan, _, _ = runPOAM(t, estateOf{"S3.8": "FP"}.at(t, 7), plan, oscal.Options{})
	validText(t, "plan", string(plan))
	if got := listOf(parsePlan(t, plan), "observations")[0]["remarks"]; got != nil {
		t.Errorf("nothing is suppressed any more, got remarks %q", got)
	}
}
