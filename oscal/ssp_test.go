package oscal_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"
	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/oscal"
	"github.com/go-shca/shca/render/rendertest"
	"github.com/go-shca/shca/system"
)

func parseSSP(t testing.TB, text string) o.SystemSecurityPlan {
	t.Helper()
	var document struct {
		Plan o.SystemSecurityPlan `json:"system-security-plan"`
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatalf("%v:\n%.500s", err, text)
	}
	return document.Plan
}

// property is the value of a property, or "".
func property(all *[]o.Property, ns, name string) string {
	if all == nil {
		return ""
	}
	i := slices.IndexFunc(*all, func(p o.Property) bool { return p.Ns == ns && p.Name == name })
	if i < 0 {
		return ""
	}
	return (*all)[i].Value
}

// TestSSPRequirements checks what a new plan says of the controls, for every
// kind of assessment.
func TestSSPRequirements(t *testing.T) {
	t.Parallel()
	for _, c := range rendertest.Cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			text := written(t, sspFile, c.Assessment, oscal.Options{System: exampleSystem(t)})
			var want []string
			evidence := 0
			for _, control := range c.Assessment.Controls {
				if control.InBaseline {
					want = append(want, string(control.ID))
					evidence += len(control.Checks)
				}
			}
			if (text != "") != (len(want) > 0) {
				t.Fatalf("written: %.100q, with %d controls", text, len(want))
			}
			if text == "" {
				return
			}
			validText(t, c.Name, text)
			plan := parseSSP(t, text)
			components := map[string]string{}
			for i, component := range plan.SystemImplementation.Components {
				if (i == 0) != (component.Type == "this-system") {
					t.Errorf("component %d is of type %s", i, component.Type)
				}
				components[component.UUID] = component.Type
			}
			var got []string
			managed := 0
			for _, r := range plan.ControlImplementation.ImplementedRequirements {
				got = append(got, r.ControlId)
				by := *(*r.Statements)[0].ByComponents
				if components[by[0].ComponentUuid] != "this-system" || !strings.HasPrefix(by[0].Description, system.ToBeCompleted+": ") ||
					by[0].ImplementationStatus != nil || by[0].Props != nil || strings.Contains(by[0].Description, "\n") || strings.Contains(by[0].Description, " mapped ") {
					t.Errorf("%s: what people are to complete: %+v", r.ControlId, by[0])
				}
				for _, by := range by[1:] {
					managed++
					sum := sha256.Sum256([]byte(by.Description))
					if components[by.ComponentUuid] != "service" || property(by.Props, oscal.Namespace, "managed-by") != "shca" ||
						property(by.Props, oscal.Namespace, "managed-digest") != hex.EncodeToString(sum[:]) {
						t.Errorf("%s: evidence: %+v", r.ControlId, by)
					}
					if by.ImplementationStatus != nil {
						t.Errorf("%s: claims the status %+v", r.ControlId, by.ImplementationStatus)
					}
				}
			}
			if c.Name != "hostile" {
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("controls (-want +got):\n%s", diff)
				}
			}
			if (managed > 0) != (evidence > 0) {
				t.Errorf("%d answers of checks, %d checks of controls", managed, evidence)
			}
		})
	}
}

// TestSSPSkeleton checks that without a system file every open field says so, and
// nothing is claimed.
func TestSSPSkeleton(t *testing.T) {
	t.Parallel()
	text := written(t, sspFile, rendertest.Fixture(t), oscal.Options{})
	validText(t, "skeleton", text)
	if claim := "fips-199"; strings.Contains(text, claim) {
		t.Errorf("claims %q", claim)
	}
	c := parseSSP(t, text).SystemCharacteristics
	for name, got := range map[string]string{
		"id": c.SystemIds[0].ID, "name": c.SystemName, "description": c.Description, "sensitivity": c.SecuritySensitivityLevel,
		"confidentiality": c.SecurityImpactLevel.SecurityObjectiveConfidentiality, "boundary": c.AuthorizationBoundary.Description,
		"network": c.NetworkArchitecture.Description, "data flow": c.DataFlow.Description, "status": c.Status.Remarks,
		"information": c.SystemInformation.InformationTypes[0].Title, "models": c.Remarks,
	} {
		if !strings.HasPrefix(got, system.ToBeCompleted) {
			t.Errorf("%s is %q", name, got)
		}
	}
}

// TestSSPSystem checks that what the system file says is where it belongs.
func TestSSPSystem(t *testing.T) {
	t.Parallel()
	s := exampleSystem(t)
	text := written(t, sspFile, rendertest.Fixture(t), oscal.Options{System: s})
	plan := parseSSP(t, text)
	c := plan.SystemCharacteristics
	got := map[string]string{
		"id": c.SystemIds[0].ID, "name": c.SystemName, "short": c.SystemNameShort, "authorized": c.DateAuthorized, "status": c.Status.State,
		"sensitivity": c.SecuritySensitivityLevel, "availability": c.SecurityImpactLevel.SecurityObjectiveAvailability,
		"deployment": property(c.Props, "", "cloud-deployment-model"), "service": property(c.Props, "", "cloud-service-model"),
		"information": (*(*c.SystemInformation.InformationTypes[0].Categorizations)[0].InformationTypeIds)[0],
		"owner":       (*c.ResponsibleParties)[0].RoleId, "user": (*plan.SystemImplementation.Users)[1].Title,
		"user type": property((*plan.SystemImplementation.Users)[0].Props, "", "type"), "role": (*(*plan.SystemImplementation.Users)[1].RoleIds)[0],
		"version": plan.Metadata.Version, "component": plan.SystemImplementation.Components[1].Title, "remarks": c.Remarks,
		"network": c.NetworkArchitecture.Description,
	}
	want := map[string]string{
		"id": "EX-2026-001", "name": "Example System", "short": "EXS", "authorized": "2026-01-31", "status": "operational",
		"sensitivity": "fips-199-moderate", "availability": "fips-199-low", "deployment": "public-cloud", "service": "saas",
		"information": "D.20.1", "owner": "system-owner", "user": "Administrator", "user type": "general-public", "role": "system-administrator",
		"version": "1.0", "component": "Application portal", "remarks": "", "network": s.NetworkArchitecture,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if paragraphs := strings.Split(c.Description, "\n\n"); len(paragraphs) != 2 || strings.Contains(c.Description, ".\nI") {
		t.Errorf("the description has %d paragraphs: %q", len(paragraphs), c.Description)
	}
}

// TestSSPSystemID checks the two spellings that OSCAL has for one scheme.
func TestSSPSystemID(t *testing.T) {
	t.Parallel()
	a := rendertest.Fixture(t)
	for version, want := range map[string]string{
		"1.1.2": "http://ietf.org/rfc/rfc4122", "1.1.3": "http://ietf.org/rfc/rfc4122",
		"1.2.1": "http://datatracker.ietf.org/doc/html/rfc4122", "1.2.2": "http://datatracker.ietf.org/doc/html/rfc4122",
	} {
		text := written(t, sspFile, a, oscal.Options{Version: version, System: &system.System{ID: "6f1e3c9a-5b0f-4c1d-9a38-0c9d1d6d2b11"}})
		validText(t, version, text)
		if got := parseSSP(t, text).SystemCharacteristics.SystemIds[0].IdentifierType; got != want {
			t.Errorf("%s: %s, want %s", version, got, want)
		}
	}
}

// TestSSPOwnComponent checks that a component of the system file takes the place
// of an AWS service with the same title.
func TestSSPOwnComponent(t *testing.T) {
	t.Parallel()
	s := &system.System{Components: []system.Component{{ID: "s3", Title: "amazon  s3", Type: "service", Description: "Buckets."}}}
	plan := parseSSP(t, written(t, sspFile, rendertest.Fixture(t), oscal.Options{System: s}))
	own := plan.SystemImplementation.Components[1]
	for _, c := range plan.SystemImplementation.Components[2:] {
		if c.Title == "Amazon S3" {
			t.Errorf("the service is there besides the component of the system file: %+v", c)
		}
	}
	by := *(*plan.ControlImplementation.ImplementedRequirements[0].Statements)[0].ByComponents
	if !slices.ContainsFunc(by, func(b o.ByComponent) bool { return b.ComponentUuid == own.UUID }) {
		t.Errorf("no answer of %s: %+v", own.UUID, by)
	}
}

// TestSSPHostileSystem fills every text of a system with hostile text, as a
// program may that does not read it from a file.
func TestSSPHostileSystem(t *testing.T) {
	t.Parallel()
	n := 0
	var fill func(reflect.Value)
	fill = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				// What has closed values is checked by package system.
				if kind := v.Type().Field(i).Tag.Get("is"); kind == "" || strings.HasPrefix(kind, "line") || v.Field(i).Kind() != reflect.String {
					fill(v.Field(i))
				}
			}
		case reflect.Slice:
			if v.Type().Elem().Kind() == reflect.Struct {
				v.Set(reflect.MakeSlice(v.Type(), 2, 2))
				fill(v.Index(0))
				fill(v.Index(1))
			}
		case reflect.String:
			n++
			v.SetString(fmt.Sprint(n, rendertest.Hostile, "\n- x\n  ", rendertest.Hostile, "\n\n1. y"))
		}
	}
	var s system.System
	fill(reflect.ValueOf(&s).Elem())
	s.Roles, s.Components[0].Type, s.Components[1].Type = nil, "software", "policy"
	for _, version := range oscal.Versions() {
		for _, name := range []string{sspFile, componentFile} {
			validText(t, version+" "+name, written(t, name, rendertest.Fixture(t), oscal.Options{Version: version, System: &s}))
		}
	}
}

// TestSSPByHand checks what is left to people: the same in every run, whatever
// was found.
func TestSSPByHand(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"ac-3": "TO BE COMPLETED: how the system implements AC-3 beyond what automated checks look at.",
		"sc-7": "TO BE COMPLETED: how the system implements SC-7 beyond what automated checks look at.", // no finding
		"at-1": "TO BE COMPLETED: how the system implements AT-1. No automated check looks at it.",
	}
	for _, a := range []*shca.Assessment{evidence(t, 0), evidence(t, 1, shca.Record{Finding: checkFinding("KMS.4", "SC-7", nil)})} {
		plan := parseSSP(t, written(t, sspFile, a, oscal.Options{}))
		for id, text := range want {
			if got := answersOf(t, plan, id, id+"_smt")["This system"].Description; got != text {
				t.Errorf("%s: %q, want %q", id, got, text)
			}
		}
	}
}
