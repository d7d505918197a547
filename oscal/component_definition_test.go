package oscal_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"
	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/testgen"
	"github.com/go-shca/shca/oscal"
	"github.com/go-shca/shca/render/rendertest"
)

const trestleNS = "https://oscal-compass.github.io/compliance-trestle/schemas/oscal"

func readDefinition(t testing.TB, a *shca.Assessment, options oscal.Options) o.ComponentDefinition {
	t.Helper()
	var document struct {
		Definition o.ComponentDefinition `json:"component-definition"`
	}
	if err := json.Unmarshal([]byte(written(t, componentFile, a, options)), &document); err != nil {
		t.Fatal(err)
	}
	return document.Definition
}

// ruleSets are the properties of a component by their remarks.
func ruleSets(t *testing.T, all *[]o.Property) map[string]map[string]string {
	t.Helper()
	sets := map[string]map[string]string{}
	for _, p := range *all {
		if p.Ns != trestleNS || p.Remarks == "" || strings.ContainsAny(p.Value, "\r\n") {
			t.Errorf("no property of a rule set: %+v", p)
		}
		if sets[p.Remarks] == nil {
			sets[p.Remarks] = map[string]string{}
		}
		if _, twice := sets[p.Remarks][p.Name]; twice {
			t.Errorf("%s has two %s", p.Remarks, p.Name)
		}
		sets[p.Remarks][p.Name] = p.Value
	}
	return sets
}

// TestComponentDefinitionRules checks that every pair of a check and a baseline
// control that it is evidence for is in the definition, once, and nothing else.
func TestComponentDefinitionRules(t *testing.T) {
	t.Parallel()
	for _, c := range rendertest.Cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			type pair struct{ check, control string }
			want, checks := map[pair]bool{}, map[string]bool{}
			for _, control := range c.Assessment.Controls {
				for _, id := range control.Checks {
					if control.InBaseline && c.Name != "hostile" {
						want[pair{string(id), string(control.ID)}] = true
						checks[string(id)] = true
					}
				}
			}
			if len(want) == 0 && c.Name != "hostile" {
				if text := written(t, componentFile, c.Assessment, oscal.Options{}); text != "" {
					t.Errorf("a definition without rules was written:\n%s", text)
				}
				return
			}
			got := map[pair]bool{}
			validated := map[string]bool{}
			for _, component := range *readDefinition(t, c.Assessment, oscal.Options{}).Components {
				sets := ruleSets(t, component.Props)
				rules := map[string]bool{}
				for remarks, set := range sets {
					names := []string{"Rule_Description", "Rule_Id"}
					if component.Type == "validation" {
						names = []string{"Check_Description", "Check_Id", "Rule_Id"}
						validated[set["Rule_Id"]] = true
					}
					if diff := cmp.Diff(names, slices.Sorted(maps.Keys(set))); diff != "" {
						t.Errorf("%s of %s (-want +got):\n%s", remarks, component.Title, diff)
					}
					if rules[set["Rule_Id"]] {
						t.Errorf("%s defines %s twice", component.Title, set["Rule_Id"])
					}
					rules[set["Rule_Id"]] = true
				}
				if component.Type == "validation" {
					continue
				}
				if sets := *component.ControlImplementations; len(sets) != 1 || sets[0].Source != "profile.json" {
					t.Errorf("%s: control implementations: %+v", component.Title, sets)
				}
				used := map[string]bool{}
				for _, r := range (*component.ControlImplementations)[0].ImplementedRequirements {
					if s := *r.Statements; len(s) != 1 || s[0].StatementId != r.ControlId+"_smt" {
						t.Errorf("%s: statements: %+v", r.ControlId, s)
					}
					for _, p := range *r.Props {
						switch {
						case p.Name == "Rule_Id" && p.Ns == trestleNS && rules[p.Value]:
							if got[pair{p.Value, r.ControlId}] && c.Name != "hostile" {
								t.Errorf("%s is mapped to %s twice", p.Value, r.ControlId)
							}
							got[pair{p.Value, r.ControlId}] = true
							used[p.Value] = true
						default:
							t.Errorf("%s of %s: %+v", r.ControlId, component.Title, p)
						}
					}
				}
				if diff := cmp.Diff(rules, used); diff != "" {
					t.Errorf("%s: rules defined and used (-defined +used):\n%s", component.Title, diff)
				}
			}
			if c.Name == "hostile" {
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("checks and controls (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(checks, validated); diff != "" {
				t.Errorf("checks of validation components (-want +got):\n%s", diff)
			}
		})
	}
}

// TestComponentDefinitionUUID checks that the document's UUID follows its
// content, and no other does.
func TestComponentDefinitionUUID(t *testing.T) {
	t.Parallel()
	a := rendertest.Fixture(t)
	first := readDefinition(t, a, oscal.Options{})
	later := *a
	later.Time = a.Time.AddDate(0, 0, 1)
	if again := readDefinition(t, &later, oscal.Options{}); again.UUID != first.UUID || again.Metadata.LastModified.Equal(first.Metadata.LastModified) {
		t.Errorf("a day later: UUID %s, modified %s; first %s, %s", again.UUID, again.Metadata.LastModified, first.UUID, first.Metadata.LastModified)
	}
	changed := *a
	changed.Checks = slices.Clone(a.Checks)
	for i := range changed.Checks {
		changed.Checks[i].Text.Title += " More."
	}
	other := readDefinition(t, &changed, oscal.Options{})
	if other.UUID == first.UUID {
		t.Errorf("the content changed, the UUID %s did not", first.UUID)
	}
	if got, want := (*other.Components)[0].UUID, (*first.Components)[0].UUID; got != want {
		t.Errorf("the UUID of a component changed from %s to %s", want, got)
	}
}

// TestComponentDefinitionGrows checks that what a new check brings leaves the
// rules of the others as they were.
func TestComponentDefinitionGrows(t *testing.T) {
	t.Parallel()
	sets := func(findings int) map[string]map[string]string {
		all := map[string]map[string]string{}
		for _, component := range *readDefinition(t, assess(t, testgen.Options{Findings: findings}, "moderate", nil), oscal.Options{}).Components {
			for remarks, set := range ruleSets(t, component.Props) {
				all[component.Title+" "+remarks] = set
			}
		}
		return all
	}
	small, large := sets(60), sets(600)
	if len(small) >= len(large) {
		t.Fatalf("%d rule sets, then %d", len(small), len(large))
	}
	for name, set := range small {
		if diff := cmp.Diff(set, large[name]); diff != "" {
			t.Errorf("%s (-before +after):\n%s", name, diff)
		}
	}
}

func TestComponentDefinitionOfOtherProducts(t *testing.T) {
	t.Parallel()
	a := rendertest.Assess(t, records{
		{Finding: checkFinding("prowler/s3_bucket_public", "AC-3", func(f *shca.Finding) {
			f.ProductARN, f.ProductName = "arn:aws:securityhub:us-east-1::product/prowler/prowler", "Prowler"
		})},
		{Finding: checkFinding("S3.8", "AC-3", nil)},
	}, fewControls)
	var got []string
	for _, component := range *readDefinition(t, a, oscal.Options{}).Components {
		got = append(got, component.Type+" "+component.Title)
	}
	want := []string{"service Amazon S3", "service Prowler", "validation AWS Security Hub", "validation Prowler"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("components (-want +got):\n%s", diff)
	}
}
