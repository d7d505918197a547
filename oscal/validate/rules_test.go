package validate

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	unknown = "ffffffff-0000-4000-8000-000000000000"
	arDoc   = "/assessment-results"
	result  = arDoc + "/results/0"
	poamDoc = "/plan-of-action-and-milestones"
	sspDoc  = "/system-security-plan"
	planDoc = "/assessment-plan"
	nist    = "oscal-" // NIST's constraints
)

// Each case changes one valid document so that its schema still accepts it, and
// names what the validator must find: the rules, each as often as it is named.
var mutations = []struct {
	name   string
	file   string
	change []func(map[string]any)
	want   []string // "rule pointer", or "rule" alone; a trailing - is any rule with that prefix
}{
	// X-OBS, X-RISK, X-FIND
	{"dangling observation of a finding", "ar.json", one(result+"/findings/1/related-observations/0/observation-uuid", unknown),
		[]string{"X-OBS " + result + "/findings/1/related-observations/0/observation-uuid", "X-ORPHAN " + result + "/observations/1"}},
	{"dangling observation of a risk", "ar.json", one(result+"/risks/1/related-observations/0/observation-uuid", unknown), []string{"X-OBS"}},
	{"dangling risk", "ar.json", one(result+"/findings/0/related-risks/0/risk-uuid", unknown), []string{"X-RISK", "X-ORPHAN " + result + "/risks/0"}},
	{"dangling risk of an item", "poam.json", one(poamDoc+"/poam-items/1/related-risks/0/risk-uuid", unknown), []string{"X-RISK", "X-ORPHAN"}},
	{"dangling finding of an item", "poam.json", one(poamDoc+"/poam-items/0/related-findings/0/finding-uuid", unknown), []string{"X-FIND"}},
	// X-SUBJ
	{"dangling subject", "ar.json", one(result+"/observations/2/subjects/0/subject-uuid", unknown), []string{"X-SUBJ"}},
	{"subject of another type", "ar.json", one(result+"/observations/0/subjects/0/type", "user"), []string{"X-SUBJ"}},
	{"dangling subject of a plan", "ap.json", one(planDoc+"/assessment-subjects/0/include-subjects/0/subject-uuid", unknown), []string{"X-SUBJ"}},
	// X-ACTOR, X-ACTROLE
	{"dangling tool", "ar.json", one(result+"/observations/0/origins/0/actors/0/actor-uuid", unknown), []string{"X-ACTOR"}},
	{"dangling party", "poam.json", one(poamDoc+"/poam-items/0/origins/0/actors/0", map[string]any{"type": "party", "actor-uuid": unknown}), []string{"X-ACTOR"}},
	{"dangling role", "ar.json", one(result+"/observations/0/origins/0/actors/0/role-id", "nobody"), []string{"X-ACTROLE"}},
	// X-TASK, X-ACT
	{"dangling task", "ar.json", one(result+"/observations/1/origins/0/related-tasks/0/task-uuid", unknown), []string{"X-TASK"}},
	{"dangling dependency", "ap.json", one(planDoc+"/tasks/1/dependencies/0/task-uuid", unknown), []string{"X-TASK"}},
	{"dangling activity", "ap.json", one(planDoc+"/tasks/1/associated-activities/0/activity-uuid", unknown), []string{"X-ACT"}},
	// X-RESP, X-LOGBY, X-USES, X-IMPL, X-BYC, X-STMT
	{"response of another risk", "ar.json", []func(map[string]any){copied(result+"/risks/0/risk-log/entries/0/related-responses/0/response-uuid", result+"/risks/1/remediations/0/uuid")}, []string{"X-RESP"}},
	{"dangling logged-by", "ar.json", one(result+"/assessment-log/entries/0/logged-by/0/party-uuid", unknown), []string{"X-LOGBY"}},
	{"role of logged-by", "ar.json", one(result+"/risks/0/risk-log/entries/0/logged-by/0/role-id", "nobody"), []string{"X-LOGBY"}},
	{"dangling uses-component", "ar.json", one(result+"/local-definitions/assessment-assets/assessment-platforms/0/uses-components/0/component-uuid", unknown), []string{"X-USES"}},
	{"dangling implemented-component", "ar.json", one(result+"/local-definitions/inventory-items/2/implemented-components/0/component-uuid", unknown), []string{"X-IMPL"}},
	{"dangling implemented-component of a system", "ssp.json", one(sspDoc+"/system-implementation/inventory-items/1/implemented-components/0/component-uuid", unknown), []string{"X-IMPL"}},
	{"dangling by-component", "ssp.json", one(sspDoc+"/control-implementation/implemented-requirements/0/statements/0/by-components/0/component-uuid", unknown), []string{"X-BYC"}},
	{"dangling statement", "ar.json", one(result+"/findings/0/implementation-statement-uuid", unknown), []string{"X-STMT"}},
	{"dangling implementation", "poam.json", one(poamDoc+"/risks/1/mitigating-factors/0/implementation-uuid", unknown), []string{"X-STMT"}},
	// X-CTRL
	{"unknown control of results", "ar.json", one(result+"/reviewed-controls/control-selections/0/include-controls/0/control-id", "zz-1"), []string{"X-CTRL"}},
	{"unknown target", "ar.json", one(result+"/findings/2/target/target-id", "zz-1_obj"), []string{"X-CTRL"}},
	{"unknown statement of a plan", "ap.json", one(planDoc+"/reviewed-controls/control-selections/0/include-controls/0/statement-ids/0", "ac-1_smt.z"), []string{"X-CTRL"}},
	{"unknown objective of a plan", "ap.json", one(planDoc+"/reviewed-controls/control-objective-selections/0/include-objectives/0/objective-id", "zz-1_obj"), []string{"X-CTRL"}},
	{"unknown control of a system", "ssp.json", one(sspDoc+"/control-implementation/implemented-requirements/0/control-id", "zz-1"), []string{"X-CTRL"}},
	{"unknown statement of a component", "component-definition.json", one("/component-definition/components/0/control-implementations/0/implemented-requirements/0/statements/0/statement-id", "zz-1_smt"), []string{"X-CTRL"}},
	{"unknown control of a profile", "profile.json", one("/profile/imports/0/include-controls/0/with-ids/0", "zz-1"), []string{"X-CTRL"}},
	// X-IMPORT
	{"empty import", "ar.json", one(arDoc+"/import-ap/href", ""), importFailed},
	{"import of no resource", "ar.json", one(arDoc+"/import-ap/href", "#"+unknown), importFailed},
	{"import of a resource without rlinks", "profile.json", one("/profile/back-matter/resources/0/rlinks", nil), []string{"X-IMPORT", "oscal-back-matter-resource-base64-rlink-cardinality"}},
	{"import of a missing file", "ssp.json", one(sspDoc+"/import-profile/href", "absent.json"), []string{"X-IMPORT"}},
	{"import of another kind", "ssp.json", one(sspDoc+"/import-profile/href", "poam.json"), []string{"X-IMPORT"}},
	{"import of itself", "profile.json", one("/profile/imports/0/href", "profile.json"), []string{"X-IMPORT"}},
	{"import of a web address", "ssp.json", one(sspDoc+"/import-profile/href", "https://example.org/profile.json"), nil},
	{"a plan without system security plan", "ap.json", []func(map[string]any){
		at(planDoc+"/import-ssp/href", "#"+unknown),
		at(planDoc+"/back-matter", map[string]any{"resources": []any{map[string]any{"uuid": unknown, "title": "None",
			"props": []any{map[string]any{"name": "type", "ns": "http://fedramp.gov/ns/oscal", "value": "no-oscal-ssp"}}}}})},
		[]string{"X-SUBJ", "oscal-back-matter-resource-base64-rlink-cardinality"}},
	{"a catalog that only the reviewed controls name", "ap.json", []func(map[string]any){
		at(planDoc+"/import-ssp/href", "https://example.org/ssp.json"),
		at(planDoc+"/reviewed-controls/links", []any{map[string]any{"rel": "includes-controls-from-source", "href": "profile.json"}}),
		at(planDoc+"/reviewed-controls/control-selections/0/include-controls/1/control-id", "zz-1")},
		[]string{"X-CTRL", "X-SUBJ"}},
	{"no catalog", "ap.json", []func(map[string]any){
		at(planDoc+"/import-ssp/href", "https://example.org/ssp.json"),
		at(planDoc+"/reviewed-controls/control-selections/0/include-controls/1/control-id", "zz-1")},
		[]string{"X-SUBJ"}},
	// X-EVID
	{"evidence that is no resource", "ar.json", one(result+"/observations/0/relevant-evidence/0/href", "#"+unknown), []string{"X-EVID"}},
	{"evidence that is no file", "ar.json", one(result+"/observations/1/relevant-evidence/0/href", "absent.txt"), []string{"X-EVID"}},
	{"evidence that is missing", "ar.json", one(arDoc+"/back-matter/resources/1/rlinks/0/href", "absent.ndjson"), []string{"X-EVID"}},
	{"evidence with another hash", "ar.json", one(arDoc+"/back-matter/resources/1/rlinks/0/hashes/0/value", strings.Repeat("ab", 32)), []string{"X-EVID"}},
	{"evidence in a web address", "ar.json", one(arDoc+"/back-matter/resources/1/rlinks/0/href", "https://example.org/findings"), nil},
	// X-UUID, X-CASE, X-REQSTR
	{"duplicate uuid", "ar.json", []func(map[string]any){copied(result+"/observations/2/uuid", result+"/uuid")},
		[]string{"X-UUID", "X-OBS", "X-OBS", "X-ORPHAN"}},
	{"results repeat local definitions", "ar.json", []func(map[string]any){func(doc map[string]any) {
		second := clone(get(doc, result)).(map[string]any)
		for k := range second {
			if !slices.Contains([]string{"title", "description", "start", "end", "local-definitions", "reviewed-controls"}, k) {
				delete(second, k)
			}
		}
		second["uuid"] = unknown
		set(doc, []string{"assessment-results", "results", "-"}, second)
	}}, []string{"X-UUID", "X-UUID", "X-UUID", "X-UUID", "X-UUID"}},
	{"upper case", "ar.json", one(result+"/uuid", "ABCDEFAB-0000-4000-8000-000000000000"), []string{"X-CASE"}},
	{"blank description", "ar.json", one(result+"/observations/1/description", " \n"), []string{"X-REQSTR"}},
	{"empty statement of a risk", "ar.json", one(result+"/risks/1/statement", ""), []string{"X-REQSTR"}},
	{"party without uuid and type under 1.2", "mapping.json", []func(map[string]any){at("/mapping-collection/metadata/parties/-", map[string]any{"name": "Nobody"})}, []string{"X-REQSTR", "X-REQSTR"}},
	// X-TIME
	{"end before start", "ar.json", one(result+"/assessment-log/entries/0/end", "2026-01-30T00:00:00Z"), []string{"X-TIME"}},
	{"range ends before its start", "poam.json", one(poamDoc+"/risks/1/remediations/0/tasks/0/timing/within-date-range/end", "2026-01-30T00:00:00Z"), []string{"X-TIME"}},
	{"collected after the end", "ar.json", one(result+"/observations/2/collected", "2026-01-31T13:00:00Z"), []string{"X-TIME"}},
	{"expired when collected", "ar.json", one(result+"/observations/2/expires", "2026-01-31T11:00:00Z"), []string{"X-TIME"}},
	{"not in UTC", "ar.json", one(result+"/start", "2026-01-31T05:00:00-05:00"), []string{"X-TIME"}},
	{"not in UTC, written by others", "ssp.json", one(sspDoc+"/metadata/last-modified", "2026-01-31T05:00:00-05:00"), nil},
	// X-STATE, X-DUPTGT, X-CLOSED, X-ORPHAN
	{"not satisfied without observation", "ar.json", one(result+"/findings/0/related-observations", nil), []string{"X-STATE"}},
	{"fails without risk", "ar.json", one(result+"/findings/2/related-risks", nil), []string{"X-STATE", "X-ORPHAN"}},
	{"satisfied though it fails", "ar.json", one(result+"/findings/0/target/status", map[string]any{"state": "satisfied"}), []string{"X-STATE"}},
	{"two findings for a target", "ar.json", []func(map[string]any){at(result+"/findings/1/target/target-id", "ac-1_smt")}, []string{"X-DUPTGT"}},
	{"closed without log", "poam.json", one(poamDoc+"/risks/1/risk-log/entries/0/status-change", "open"), []string{"X-CLOSED"}},
	{"observation that nothing cites", "poam.json", []func(map[string]any){at(poamDoc+"/poam-items/1/related-observations", nil), at(poamDoc+"/risks/1/related-observations", nil)}, []string{"X-ORPHAN"}},
	// X-NS, X-HREF, X-SUBSET
	{"property that is not published", "ar.json", one(result+"/observations/0/props/0/name", "zzz"), []string{"X-NS"}},
	{"namespace with a slash", "ar.json", one(result+"/observations/1/props/0/ns", ownNamespace+"/"), []string{"X-NS"}},
	{"blank in a reference", "poam.json", one(poamDoc+"/risks/0/links", []any{map[string]any{"href": "https://example.org/a b"}}), []string{"X-HREF"}},
	{"choice that 1.2 forbids", "ar.json", one(result+"/reviewed-controls/control-selections/0/include-all", map[string]any{}), []string{"X-SUBSET"}},
	{"party with two addresses, written by others", "ssp.json", []func(map[string]any){
		at(sspDoc+"/metadata/locations", []any{map[string]any{"uuid": unknown, "address": map[string]any{"city": "Here"}}}),
		at(sspDoc+"/metadata/parties/0/location-uuids", []any{unknown}),
		at(sspDoc+"/metadata/parties/0/addresses", []any{map[string]any{"city": "Here"}})}, nil},

	// NIST's constraints, which package constraints checks.
	{"property in NIST's namespace", "ar.json", one(result+"/observations/2/props/0", map[string]any{"name": "zzz", "value": "x"}), []string{nist + "-"}},
	{"dangling responsible party", "ar.json", one(arDoc+"/metadata/responsible-parties/0/party-uuids/0", unknown), []string{nist + "-"}},
	{"missing role", "ar.json", one(arDoc+"/metadata/responsible-parties/0/role-id", "nobody"), []string{nist + "-"}},
	{"activity without method", "ap.json", one(planDoc+"/local-definitions/activities/0/props", nil), []string{nist + "-"}},
	{"facet outside the core list", "poam.json", one(poamDoc+"/risks/1/characterizations", []any{map[string]any{
		"origin": map[string]any{"actors": []any{map[string]any{"type": "party", "actor-uuid": "00000002-0000-4000-8000-000000000000"}}},
		"facets": []any{map[string]any{"name": "zzz", "system": "http://csrc.nist.gov/ns/oscal", "value": "high"}}}}), []string{nist + "-"}},
	{"short hash", "ar.json", []func(map[string]any){
		at(arDoc+"/back-matter/resources/1/rlinks/0/hashes/0/value", strings.Repeat("a", 63)),
		at(arDoc+"/back-matter/resources/1/rlinks/0/href", "https://example.org/findings")}, []string{nist + "-"}},
	{"reference to no resource", "ar.json", one(arDoc+"/metadata/links", []any{map[string]any{"href": "#" + unknown, "rel": "reference"}}), []string{nist + "-"}},
	{"local link with a media type", "ar.json", one(arDoc+"/metadata/links", []any{map[string]any{"href": "#zz", "media-type": "text/plain"}}), []string{nist + "-"}},
	{"requirement without by-component", "ssp.json", one(sspDoc+"/control-implementation/implemented-requirements/0/statements", nil), []string{nist + "-"}},
	{"two by-components for a component", "ssp.json", []func(map[string]any){at(sspDoc+"/control-implementation/implemented-requirements/0/statements/0/by-components/-", map[string]any{"uuid": unknown, "description": "Twice."}),
		copied(sspDoc+"/control-implementation/implemented-requirements/0/statements/0/by-components/1/component-uuid",
			sspDoc+"/control-implementation/implemented-requirements/0/statements/0/by-components/0/component-uuid")}, []string{nist + "-"}},
	{"two statements for an id", "ssp.json", []func(map[string]any){at(sspDoc+"/control-implementation/implemented-requirements/0/statements/-",
		map[string]any{"statement-id": "ac-1_smt", "uuid": unknown})}, []string{nist + "-"}},
}

// importFailed is what is said when the plan of ar.json is not read: what is
// defined in it and in the system security plan is a warning.
var importFailed = []string{
	"X-IMPORT", "X-TASK", "X-TASK", "X-TASK", "X-TASK", "X-IMPL", "X-IMPL", "X-IMPL",
}

func one(pointer string, value any) []func(map[string]any) {
	return []func(map[string]any){at(pointer, value)}
}

func copied(to, from string) func(map[string]any) {
	return func(doc map[string]any) { at(to, get(doc, from))(doc) }
}

func TestRules(t *testing.T) {
	docs := load(t)
	used := map[string]bool{}
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			changed := maps.Clone(docs)
			doc := clone(docs[m.file]).(map[string]any)
			for _, change := range m.change {
				change(doc)
			}
			changed[m.file] = doc
			path := filepath.Join(write(t, changed), m.file)
			r, err := File(context.Background(), path, Options{Properties: registry})
			if err != nil {
				t.Fatal(err)
			}
			want := slices.Clone(m.want)
			for _, got := range r.Messages {
				if got.Rule == "schema" {
					t.Errorf("the schema must accept the change: %v", got)
				}
				used[got.Rule] = true
				i := slices.IndexFunc(want, func(w string) bool {
					rule, pointer, _ := strings.Cut(w, " ")
					if prefix, ok := strings.CutSuffix(rule, "--"); ok {
						return strings.HasPrefix(got.Rule, prefix+"-")
					}
					return got.Rule == rule && (pointer == "" || got.Pointer == pointer)
				})
				if i < 0 {
					t.Errorf("unexpected: %v", got)
					continue
				}
				want = slices.Delete(want, i, i+1)
			}
			if len(want) > 0 {
				t.Errorf("missing: %q", want)
			}
			if t.Failed() {
				t.Logf("want %q, got:\n%s", m.want, strings.Join(texts(r), "\n"))
			}
		})
	}
	// Every rule that rules.go lists has a case.
	source, err := os.ReadFile("rules.go")
	if err != nil {
		t.Fatal(err)
	}
	listed := 0
	for line := range strings.Lines(string(source)) {
		if rest, ok := strings.CutPrefix(line, "//\tX-"); ok {
			listed++
			if name := "X-" + strings.Fields(rest)[0]; !used[name] {
				t.Errorf("%s has no case", name)
			}
		}
	}
	if listed != 28 {
		t.Errorf("rules.go lists %d rules, want 28", listed)
	}
}

// Whether an array is read element by element or held in memory makes no
// difference.
func TestStreamedIsTheSame(t *testing.T) {
	docs := load(t)
	for _, m := range mutations {
		changed := maps.Clone(docs)
		doc := clone(docs[m.file]).(map[string]any)
		for _, change := range m.change {
			change(doc)
		}
		// Something wrong with every element, too.
		for _, list := range []string{"observations", "risks", "findings"} {
			if m.file == "ar.json" {
				l, _ := get(doc, result+"/"+list).([]any)
				for _, e := range l {
					e.(map[string]any)["zzz"] = "<not allowed>"
				}
			}
		}
		changed[m.file] = doc
		path := filepath.Join(write(t, changed), m.file)
		streamed, err := File(context.Background(), path, Options{Properties: registry})
		if err != nil {
			t.Fatal(err)
		}
		held, err := File(context.Background(), path, Options{Properties: registry, keep: 1 << 30})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(held, streamed); diff != "" {
			t.Errorf("%s: in memory and streamed differ:\n%s", m.name, diff)
		}
	}
}

var update = flag.Bool("update", false, "rewrite the golden files")

// TestSamples says what is found in NIST's own examples, which are valid by
// their schemas. It runs where SHCA_SAMPLES names a folder with them. Each of
// the errors is one: an activity that nothing defines, a mitigating factor cited
// as a risk, two statements with one UUID. The warnings come from imports that
// are not beside the examples.
func TestSamples(t *testing.T) {
	dir := os.Getenv("SHCA_SAMPLES")
	if dir == "" {
		t.Skip("SHCA_SAMPLES does not name a folder with NIST's examples")
	}
	const golden = "testdata/samples.json"
	raw, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][]string // by file name
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	err = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || want[filepath.Base(path)] == nil {
			return err
		}
		r, err := File(context.Background(), path, Options{Max: -1})
		if err != nil {
			return err
		}
		list := []string{}
		for _, m := range texts(r) {
			list = append(list, strings.TrimPrefix(m, "f: "))
		}
		got[filepath.Base(path)] = list
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(got); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}
