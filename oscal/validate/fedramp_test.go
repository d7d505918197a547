package validate

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
)

// TestFedRAMP takes away, one after the other, what FedRAMP asks for and OSCAL
// does not.
func TestFedRAMP(t *testing.T) {
	docs := load(t)
	const risks, items = poamDoc + "/risks", poamDoc + "/poam-items"
	rules := func(o Options, change ...func(map[string]any)) []string {
		t.Helper()
		doc := clone(docs["poam.json"]).(map[string]any)
		for _, r := range get(doc, risks).([]any) {
			risk := r.(map[string]any)
			risk["deadline"] = "2026-06-30T12:00:00Z"
			risk["characterizations"] = []any{map[string]any{
				"origin": map[string]any{"actors": risk["origins"].([]any)[0].(map[string]any)["actors"]},
				"facets": []any{map[string]any{"name": "impact", "system": "http://csrc.nist.gov/ns/oscal", "value": "high"}},
			}}
			planned := risk["remediations"].([]any)[0].(map[string]any)
			planned["tasks"].([]any)[0].(map[string]any)["description"] = "What is done."
			recommended := map[string]any{"uuid": "f" + planned["uuid"].(string)[1:], "lifecycle": "recommendation", "title": "Advice", "description": "Mend it."}
			risk["remediations"] = []any{planned, recommended}
		}
		for _, c := range change {
			c(doc)
		}
		docs := load(t)
		docs["poam.json"] = doc
		report, err := File(context.Background(), filepath.Join(write(t, docs), "poam.json"), o)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, m := range report.Messages {
			names = append(names, m.Rule)
		}
		return names
	}
	if got := rules(Options{FedRAMP: true}); got != nil {
		t.Errorf("a plan that has everything: %v", got)
	}
	for name, change := range map[string]func(map[string]any){
		"no deadline":              at(risks+"/0/deadline", nil),
		"no facet impact":          at(risks+"/0/characterizations/0/facets/0/name", "likelihood"),
		"no planned response":      at(risks+"/0/remediations/0/lifecycle", "completed"),
		"no recommendation":        at(risks+"/0/remediations/1/lifecycle", "completed"),
		"no milestone":             at(risks+"/0/remediations/0/tasks/0/type", "action"),
		"milestone without a word": at(risks+"/0/remediations/0/tasks/0/description", nil),
		"milestone without time":   at(risks+"/0/remediations/0/tasks/0/timing", nil),
		"no observation":           at(items+"/1/related-observations", nil),
	} {
		if got := rules(Options{FedRAMP: true}, change); !slices.Contains(got, "F-POAM") {
			t.Errorf("%s: rules %v, want F-POAM", name, got)
		}
		if got := rules(Options{}, change); slices.Contains(got, "F-POAM") {
			t.Errorf("%s: rules %v without being asked for FedRAMP's", name, got)
		}
	}
}
