package constraints

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// parse decodes a document as callers do.
func parse(t testing.TB, text string) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var document map[string]any
	if err := decoder.Decode(&document); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return document
}

// checkAll checks a document, the value under its root key, as callers do: what
// is not streamed first, then every element of the streamed arrays.
func checkAll(t testing.TB, kind, version string, document map[string]any) []Message {
	t.Helper()
	c, err := New(kind, version)
	if err != nil {
		t.Fatal(err)
	}
	var got []Message
	report := func(m Message) { got = append(got, m) }
	c.Root(document, report)
	for _, pattern := range Streamed(kind) {
		eachElement(document, "/"+kind, strings.Split(pattern, "/")[2:], func(pointer string, element any) {
			c.Element(pointer, element, report)
		})
	}
	return got
}

func eachElement(v any, pointer string, keys []string, yield func(string, any)) {
	if len(keys) == 0 {
		elements, _ := v.([]any)
		for i, element := range elements {
			yield(fmt.Sprintf("%s/%d", pointer, i), element)
		}
		return
	}
	switch v := v.(type) {
	case map[string]any:
		eachElement(v[keys[0]], pointer+"/"+keys[0], keys[1:], yield)
	case []any:
		for i, element := range v {
			eachElement(element, fmt.Sprintf("%s/%d", pointer, i), keys[1:], yield)
		}
	}
}

// line is a message without its text.
func line(m Message) string {
	return fmt.Sprintf("%s %s %s %q", m.Level, strings.TrimPrefix(m.Rule, "oscal-"), m.Pointer, m.Value)
}

const (
	ap   = "assessment-plan"
	ar   = "assessment-results"
	cat  = "catalog"
	cdef = "component-definition"
	poam = "plan-of-action-and-milestones"
	prof = "profile"
	ssp  = "system-security-plan"

	v11 = "1.1.3"
	v12 = "1.2.2"

	u1 = "11111111-1111-4111-8111-111111111111"
	u2 = "22222222-2222-4222-8222-222222222222"
)

// TestRules checks a document that satisfies a constraint and one that does
// not. u1 and u2 stand for uuids.
func TestRules(t *testing.T) {
	for _, tc := range []struct {
		kind    string
		version string // empty: both releases
		good    string
		bad     string
		want    []string // messages of bad
	}{
		// allowed-values
		{ // a list of the object's own, with the property's united
			kind: ar,
			good: `{"results":[{"risks":[{"props":[{"name":"priority","value":"1"},{"name":"marking","value":"x"},{"name":"zzz","ns":"https://example.com","value":"x"}]}]}]}`,
			bad:  `{"results":[{"risks":[{"props":[{"name":"zzz","value":"1"}]}]}]}`,
			want: []string{`error risk-prop-name-values /assessment-results/results/0/risks/0/props/0/name "zzz"`},
		},
		{ // NIST's namespace by its name
			kind: ar,
			good: `{"results":[{"risks":[{"props":[{"name":"accepted","ns":"http://csrc.nist.gov/ns/oscal","value":"1"}]}]}]}`,
			bad:  `{"results":[{"risks":[{"props":[{"name":"zzz","ns":"http://csrc.nist.gov/ns/oscal","value":"1"}]}]}]}`,
			want: []string{`error risk-prop-name-values /assessment-results/results/0/risks/0/props/0/name "zzz"`},
		},
		{ // objects without a list of their own accept marking only
			kind: ar,
			good: `{"results":[{"props":[{"name":"marking","value":"x"}],"observations":[{"props":[{"name":"marking","value":"x"}]}],"findings":[{"target":{"props":[{"name":"marking","value":"x"}]}}]}]}`,
			bad:  `{"results":[{"props":[{"name":"priority","value":"x"}],"observations":[{"props":[{"name":"priority","value":"x"}]}],"findings":[{"target":{"props":[{"name":"priority","value":"x"}]}}]}]}`,
			want: []string{
				`error metadata-prop-name-values /assessment-results/results/0/props/0/name "priority"`,
				`error metadata-prop-name-values /assessment-results/results/0/findings/0/target/props/0/name "priority"`,
				`error metadata-prop-name-values /assessment-results/results/0/observations/0/props/0/name "priority"`,
			},
		},
		{ // the list that applies depends on a flag of the object
			kind: ar,
			good: `{"results":[{"local-definitions":{"components":[{"type":"software","props":[{"name":"vendor-name","value":"x"},{"name":"software-identifier","value":"x"}]}]}}]}`,
			bad:  `{"results":[{"local-definitions":{"components":[{"type":"policy","props":[{"name":"vendor-name","value":"x"}]}]}}]}`,
			want: []string{`error component-prop-name-values /assessment-results/results/0/local-definitions/components/0/props/0/name "vendor-name"`},
		},
		{ // all lists are open: any value will do
			kind: ap,
			good: `{"tasks":[{"type":"ceremony"}],"metadata":{"links":[{"rel":"sideways","href":"https://example.com/"}]}}`,
			bad:  `{"tasks":[{"timing":{"at-frequency":{"unit":"fortnights"}}}]}`,
			want: []string{`error timing-unit-values /assessment-plan/tasks/0/timing/at-frequency/unit "fortnights"`},
		},
		{ // a field's own value in an object
			kind: ar,
			good: `{"results":[{"risks":[{"characterizations":[{"facets":[{"system":"http://csrc.nist.gov/ns/oscal","name":"severity","value":"x"},{"system":"https://example.com","name":"zzz","value":"x"},{"system":"https://www.first.org/cvss/v4-0","name":"av","value":"n"}]}]}]}]}`,
			bad:  `{"results":[{"risks":[{"characterizations":[{"facets":[{"system":"http://csrc.nist.gov/ns/oscal","name":"zzz","value":"x"},{"system":"http://cve.mitre.org","name":"zzz","value":"x"},{"system":"https://www.first.org/cvss/v4-0","name":"av","value":"x"}]}]}]}]}`,
			want: []string{
				`error facet-name-core-values /assessment-results/results/0/risks/0/characterizations/0/facets/0/name "zzz"`,
				`error facet-cve-values /assessment-results/results/0/risks/0/characterizations/0/facets/1/name "zzz"`,
				`error cvss-v4.0-av-values /assessment-results/results/0/risks/0/characterizations/0/facets/2/value "x"`,
			},
		},
		{ // a union in parentheses, over descendants
			kind: ssp,
			good: `{"control-implementation":{"implemented-requirements":[{"props":[{"name":"control-origination","value":"inherited"}],"by-components":[{"component-uuid":"u1","props":[{"name":"control-origination","value":"organization"}]}],"statements":[{"statement-id":"a","props":[{"name":"control-origination","value":"organization"}],"by-components":[{"component-uuid":"u1","props":[{"name":"control-origination","value":"organization"}]}]}]}]}}`,
			bad:  `{"control-implementation":{"implemented-requirements":[{"by-components":[{"component-uuid":"u1","props":[{"name":"zzz","value":"organization"}]}],"statements":[{"statement-id":"a","props":[{"name":"control-origination","value":"zzz"}],"by-components":[{"component-uuid":"u1","props":[{"name":"control-origination","value":"zzz"}]}]}]}]}}`,
			want: []string{
				`error implemented-requirement-statement-by-component-prop-name-values /system-security-plan/control-implementation/implemented-requirements/0/by-components/0/props/0/name "zzz"`,
				`error implemented-requirement-statement-by-component-prop-control-origination-values /system-security-plan/control-implementation/implemented-requirements/0/statements/0/props/0/value "zzz"`,
				`error implemented-requirement-statement-by-component-prop-control-origination-values /system-security-plan/control-implementation/implemented-requirements/0/statements/0/by-components/0/props/0/value "zzz"`,
			},
		},
		{ // a list from two levels up, into a streamed array
			kind: ssp,
			good: `{"system-implementation":{"components":[{"props":[{"name":"allows-authenticated-scan","value":"yes"}]}],"inventory-items":[{"props":[{"name":"allows-authenticated-scan","value":"no"}]}]}}`,
			bad:  `{"system-implementation":{"inventory-items":[{"props":[{"name":"allows-authenticated-scan","value":"no"}]},{"props":[{"name":"allows-authenticated-scan","value":"maybe"}]}]}}`,
			want: []string{`error component-inventory-item-allows-authenticated-scan-values /system-security-plan/system-implementation/inventory-items/1/props/0/value "maybe"`},
		},
		{ // two closed lists of one object
			kind: ssp,
			good: `{"system-characteristics":{"props":[{"name":"cloud-service-model","value":"saas"},{"name":"identity-assurance-level","value":"2"}]}}`,
			bad:  `{"system-characteristics":{"props":[{"name":"cloud-service-model","value":"faas"},{"name":"identity-assurance-level","value":"4"},{"name":"zzz","value":"1"}]}}`,
			want: []string{
				`error system-characteristics-prop-sp-800-63-assurance-level-values /system-security-plan/system-characteristics/props/1/value "4"`,
				`error system-characteristics-prop-name-values /system-security-plan/system-characteristics/props/2/name "zzz"`,
				`error system-characteristics-prop-cloud-service-model-values /system-security-plan/system-characteristics/props/0/value "faas"`,
			},
		},
		{ // catalogs may say how they came about
			kind: cat,
			good: `{"metadata":{"props":[{"name":"resolution-tool","value":"x"},{"name":"keywords","value":"x"}]}}`,
			bad:  `{"metadata":{"props":[{"name":"zzz","value":"x"}]}}`,
			want: []string{`error catalog-metadata-prop-name /catalog/metadata/props/0/name "zzz"`},
		},
		{ // a flag that the metaschema defines by itself
			kind: prof,
			good: `{"imports":[{"include-controls":[{"with-child-controls":"yes"}]}]}`,
			bad:  `{"imports":[{"include-controls":[{"with-child-controls":"maybe"}]}]}`,
			want: []string{`error with-child-controls-values /profile/imports/0/include-controls/0/with-child-controls "maybe"`},
		},
		{ // only in 1.1.3 closed
			kind: ar, version: v11,
			good: `{"metadata":{"locations":[{"title":"x","address":{},"props":[{"name":"type","value":"data-center","class":"primary"}]}]}}`,
			bad:  `{"metadata":{"locations":[{"title":"x","address":{},"props":[{"name":"type","value":"office"}]}]}}`,
			want: []string{`error metadata-location-prop-type-values /assessment-results/metadata/locations/0/props/0/value "office"`},
		},
		{ // from 1.2 on allowed on components
			kind: ar, version: v11,
			good: `{"results":[{"local-definitions":{"inventory-items":[{"props":[{"name":"os-name","value":"x"}]}]}}]}`,
			bad:  `{"results":[{"local-definitions":{"components":[{"props":[{"name":"os-name","value":"x"}]}]}}]}`,
			want: []string{`error component-prop-name-values /assessment-results/results/0/local-definitions/components/0/props/0/name "os-name"`},
		},
		{ // parts have namespaces as well; every part needs a method, whatever its name, as NIST wrote it
			kind: ap,
			good: `{"terms-and-conditions":{"parts":[{"name":"objective","ns":"https://example.com","props":[{"name":"method","value":"TEST"}]}]}}`,
			bad:  `{"terms-and-conditions":{"parts":[{"name":"zzz"},{"name":"assumptions"}]}}`,
			want: []string{
				`error terms-and-conditions-part-name /assessment-plan/terms-and-conditions/parts/0/name "zzz"`,
				`error assesment-part-objective-cardinality /assessment-plan/terms-and-conditions/parts/0 ""`,
				`error assesment-part-objective-cardinality /assessment-plan/terms-and-conditions/parts/1 ""`,
			},
		},

		// matches
		{
			kind: ar,
			good: `{"back-matter":{"resources":[{"rlinks":[{"href":"a","hashes":[{"algorithm":"SHA-256","value":"` + strings.Repeat("a", 64) + `"},{"algorithm":"SHA3-512","value":"` + strings.Repeat("a", 128) + `"},{"algorithm":"MD5","value":"1"}]}]}]}}`,
			bad:  `{"back-matter":{"resources":[{"rlinks":[{"href":"a","hashes":[{"algorithm":"SHA-256","value":"` + strings.Repeat("a", 63) + `"},{"algorithm":"SHA3-256","value":"` + strings.Repeat("g", 64) + `"}]}]}]}}`,
			want: []string{
				`error check-hash-length-SHA2-3-256 /assessment-results/back-matter/resources/0/rlinks/0/hashes/0 "` + strings.Repeat("a", 63) + `"`,
				`error check-hash-length-SHA2-3-256 /assessment-results/back-matter/resources/0/rlinks/0/hashes/1 "` + strings.Repeat("g", 64) + `"`,
			},
		},
		{
			kind: ar,
			good: `{"results":[{"risks":[{"props":[{"name":"priority","value":"-3"},{"name":"priority","ns":"https://example.com","value":"high"}]}]}]}`,
			bad:  `{"results":[{"risks":[{"props":[{"name":"priority","value":"high"}]}]}]}`,
			want: []string{`error risk-priority-datatype /assessment-results/results/0/risks/0/props/0/value "high"`},
		},
		{
			kind: ar,
			good: `{"metadata":{"parties":[{"telephone-numbers":[{"number":"3015550100"}],"addresses":[{"country":"US"}]}]}}`,
			bad:  `{"metadata":{"parties":[{"telephone-numbers":[{"number":"+1 301"}],"addresses":[{"country":"USA"}]}]}}`,
			want: []string{
				`error metadata-location-address-country-regex /assessment-results/metadata/parties/0/addresses/0/country "USA"`,
				`warning metadata-telephone-number-regex /assessment-results/metadata/parties/0/telephone-numbers/0 "+1 301"`,
			},
		},
		{ // a link that refers must be absolute, or point into the document
			kind: ar,
			good: `{"back-matter":{"resources":[{"uuid":"u1","rlinks":[{"href":"a"}]}]},"results":[{"links":[{"rel":"reference","href":"#u1"},{"rel":"reference","href":"https://example.com/","media-type":"text/html"},{"rel":"other","href":"#u2"},{"href":"a"}]}]}`,
			bad:  `{"back-matter":{"resources":[{"uuid":"u1","rlinks":[{"href":"a"}]}]},"results":[{"links":[{"rel":"reference","href":"#u2"},{"rel":"reference","href":"a.html"},{"href":"#u1","media-type":"text/html"},{"rel":"reference","href":"https://example.com/","resource-fragment":"a b"}]}]}`,
			want: []string{
				`error metadata-link-reference-index-back-matter-resource /assessment-results/results/0/links/0/href "#u2"`,
				`error metadata-link-reference-href-datatype-uri /assessment-results/results/0/links/1/href "a.html"`,
				`error metadata-link-uri-reference-no-media-type /assessment-results/results/0/links/2 ""`,
				`error metadata-link-resource-fragment-datatype /assessment-results/results/0/links/3/resource-fragment "a b"`,
			},
		},
		{ // a predicate on a flag
			kind: ssp,
			good: `{"system-characteristics":{"authorization-boundary":{"diagrams":[{"uuid":"u1","links":[{"rel":"diagram","href":"#u1"}]}]}},"back-matter":{"resources":[{"uuid":"u1","rlinks":[{"href":"a"}]}]}}`,
			bad:  `{"system-characteristics":{"authorization-boundary":{"diagrams":[{"uuid":"u1","links":[{"rel":"diagram","href":"#u1"},{"rel":"diagram","href":"a.png"}]}]}}}`,
			want: []string{
				`error diagram-index-back-matter-resource-link-rel /system-security-plan/system-characteristics/authorization-boundary/diagrams/0/links/0/href "#u1"`,
				`error diagram-datatype-uri /system-security-plan/system-characteristics/authorization-boundary/diagrams/0/links/1/href "a.png"`,
			},
		},

		// expect
		{ // only in 1.1.3
			kind: poam, version: v11,
			good: `{"local-definitions":{"components":[{"type":"service","protocols":[{"uuid":"u1","name":"x"}]},{"type":"software"}]}}`,
			bad:  `{"local-definitions":{"components":[{"type":"software","protocols":[{"uuid":"u1","name":"x"}]}]}}`,
			want: []string{`error component-protocol-service-only /plan-of-action-and-milestones/local-definitions/components/0 ""`},
		},
		{
			kind: cdef,
			good: `{"components":[{"protocols":[{"uuid":"u1","port-ranges":[{"start":80,"end":80,"transport":"TCP"},{"start":9,"end":10}]}]}]}`,
			bad:  `{"components":[{"protocols":[{"port-ranges":[{"start":10,"end":9},{"start":1},{"end":1}]}]}]}`,
			want: []string{
				`warning component-protocol-uuid /component-definition/components/0/protocols/0 ""`,
				`warning component-protocol-port-range-starts-before-end /component-definition/components/0/protocols/0/port-ranges/0 ""`,
				`warning component-protocol-port-range-has-end /component-definition/components/0/protocols/0/port-ranges/1 ""`,
				`warning component-protocol-port-range-has-start /component-definition/components/0/protocols/0/port-ranges/2 ""`,
			},
		},
		{
			kind: ar,
			good: `{"back-matter":{"resources":[{"title":"x","citation":{"text":"x"},"base64":{"value":""}}]}}`,
			bad:  `{"back-matter":{"resources":[{"citation":{"text":"x"}}]}}`,
			want: []string{
				`warning back-matter-resource-base64-rlink-cardinality /assessment-results/back-matter/resources/0 ""`,
				`error back-matter-resource-citation-title /assessment-results/back-matter/resources/0 ""`,
			},
		},
		{
			kind: poam,
			good: `{"poam-items":[{"uuid":"u1"}]}`,
			bad:  `{"poam-items":[{"title":"x"}]}`,
			want: []string{`warning poam-item-uuid /plan-of-action-and-milestones/poam-items/0 ""`},
		},
		{
			kind: cat,
			good: `{"controls":[{"id":"a","parts":[{"name":"statement"}]},{"id":"b","props":[{"name":"status","value":"withdrawn"}]}],"params":[{"id":"p"}]}`,
			bad:  `{"controls":[{"id":"a"}],"params":[{"id":"p","depends-on":"q"}]}`,
			want: []string{
				`error catalog-control-require-statement-when-not-withdrawn /catalog/controls/0 ""`,
				`error parameter-depends-on-deprecated /catalog/params/0 ""`,
			},
		},
		{
			kind: prof,
			good: `{"merge":{"combine":{"method":"keep"}}}`,
			bad:  `{"merge":{"combine":{"method":"merge"}}}`,
			want: []string{`error profile-req-merge-combine /profile/merge/combine ""`},
		},

		// has-cardinality
		{
			kind: ar,
			good: `{"local-definitions":{"activities":[{"props":[{"name":"method","value":"TEST"},{"name":"method","value":"EXAMINE"}]}]}}`,
			bad:  `{"local-definitions":{"activities":[{},{"props":[{"name":"method","ns":"https://example.com","value":"TEST"}]},{"props":[{"name":"method","value":"test"}]}]}}`,
			want: []string{
				`error activity-type-cardinality /assessment-results/local-definitions/activities/0 ""`,
				`error activity-type-cardinality /assessment-results/local-definitions/activities/1 ""`,
				`error activity-type-values /assessment-results/local-definitions/activities/2/props/0/value "test"`,
			},
		},
		{
			kind: ssp,
			good: `{"control-implementation":{"implemented-requirements":[{"statements":[{"statement-id":"a","by-components":[{"component-uuid":"u1"}]}]},{"by-components":[{"component-uuid":"u1"}]}]}}`,
			bad:  `{"control-implementation":{"implemented-requirements":[{"statements":[{"statement-id":"a"}]}]}}`,
			want: []string{`error implemented-requirement-by-component-cardinality /system-security-plan/control-implementation/implemented-requirements/0 ""`},
		},
		{
			kind: ar,
			good: `{"metadata":{"locations":[{"uuid":"u1","address":{}}]}}`,
			bad:  `{"metadata":{"locations":[{"uuid":"u1"},{"uuid":"u2","title":"x"}]}}`,
			want: []string{
				`warning metadata-location-address-cardinality /assessment-results/metadata/locations/0 ""`,
				`error metadata-location-title-address-email-address-telephone-cardinality /assessment-results/metadata/locations/0 ""`,
				`warning metadata-location-address-cardinality /assessment-results/metadata/locations/1 ""`,
			},
		},
		{ // at most, and exactly; NIST's rules contradict each other about method-id, so nothing is good
			kind: ap,
			good: `{"local-definitions":{}}`,
			bad: `{"local-definitions":{"objectives-and-methods":[
				{"parts":[{"name":"assessment-objective","props":[{"name":"method-id","value":"x"}]},{"name":"assessment-method","props":[{"name":"method","ns":"http://csrc.nist.gov/ns/rmf","value":"TEST"}],"parts":[{"name":"assessment-objects"}]}]},
				{"parts":[{"name":"assessment-method","parts":[{"name":"objects"},{"name":"assessment-objects"}]},{"name":"objective"},{"name":"assessment-objective"}]}]}}`,
			want: []string{
				`error part-prop-name /assessment-plan/local-definitions/objectives-and-methods/0/parts/0/props/0/name "method-id"`,
				`error assessment-objective-cardinality /assessment-plan/local-definitions/objectives-and-methods/1 ""`,
				`error assessment-method-cardinality /assessment-plan/local-definitions/objectives-and-methods/1 ""`,
				`error assessment-objects-cardinality /assessment-plan/local-definitions/objectives-and-methods/1 ""`,
				`error assessment-method-id-cardinality /assessment-plan/local-definitions/objectives-and-methods/1 ""`,
			},
		},

		// is-unique
		{
			kind: ssp,
			good: `{"control-implementation":{"implemented-requirements":[{"statements":[{"statement-id":"a","by-components":[{"component-uuid":"u1"},{"component-uuid":"u2"}]},{"statement-id":"b","by-components":[{"component-uuid":"u1"}]}]}]}}`,
			bad:  `{"control-implementation":{"implemented-requirements":[{"statements":[{"statement-id":"a","by-components":[{"component-uuid":"u1"},{"component-uuid":"u1"}]},{"statement-id":"a"}]}]}}`,
			want: []string{
				`error unique-ssp-implemented-requirement-statement /system-security-plan/control-implementation/implemented-requirements/0/statements/1 "a"`,
				`error unique-ssp-implemented-requirement-statement-by-component /system-security-plan/control-implementation/implemented-requirements/0/statements/0/by-components/1 "u1"`,
			},
		},
		{ // also in component definitions
			kind: cdef,
			good: `{"components":[{"control-implementations":[{"implemented-requirements":[{"statements":[{"statement-id":"a"},{"statement-id":"b"}]}]}]}]}`,
			bad:  `{"components":[{"control-implementations":[{"implemented-requirements":[{"statements":[{"statement-id":"a"},{"statement-id":"a"}]}]}]}]}`,
			want: []string{`error unique-component-definition-implemented-requirement-statement /component-definition/components/0/control-implementations/0/implemented-requirements/0/statements/1 "a"`},
		},
		{ // of several flags, absent ones among them
			kind: ar,
			good: `{"back-matter":{"resources":[{"rlinks":[{"href":"a"},{"href":"a","media-type":"text/plain"},{"href":"b"}]}]}}`,
			bad:  `{"back-matter":{"resources":[{"rlinks":[{"href":"a"},{"href":"a"},{"href":"b","media-type":"text/plain"},{"href":"b","media-type":"text/plain"}]}]}}`,
			want: []string{
				`error unique-resource-rlink-href /assessment-results/back-matter/resources/0/rlinks/1 "a"`,
				`error unique-resource-rlink-href /assessment-results/back-matter/resources/0/rlinks/3 "b text/plain"`,
			},
		},
		{ // no namespace is NIST's
			kind: ar,
			good: `{"metadata":{"props":[{"name":"keywords","value":"a"},{"name":"keywords","value":"b"},{"name":"keywords","ns":"https://example.com","value":"a"}]}}`,
			bad:  `{"metadata":{"props":[{"name":"keywords","value":"a"},{"name":"keywords","ns":"http://csrc.nist.gov/ns/oscal","value":"a"}]}}`,
			want: []string{`error unique-metadata-property /assessment-results/metadata/props/1 "keywords http://csrc.nist.gov/ns/oscal a"`},
		},

		// index
		{
			kind: ar,
			good: `{"metadata":{"roles":[{"id":"a"},{"id":"b"}],"parties":[{"uuid":"u1"},{"uuid":"u2"},{},{}]}}`,
			bad:  `{"metadata":{"roles":[{"id":"a"},{"id":"a"}],"parties":[{"uuid":"u1"},{"uuid":"u1"}]}}`,
			want: []string{
				`error index-metadata-roles /assessment-results/metadata/roles/1 "a"`,
				`error index-metadata-role-id /assessment-results/metadata/roles/1 "a"`,
				`error index-metadata-party-uuid /assessment-results/metadata/parties/1 "u1"`,
			},
		},
		{ // all of a document, in catalogs only
			kind: cat,
			good: `{"metadata":{"props":[{"uuid":"u1","name":"keywords"}]},"groups":[{"id":"g","controls":[{"id":"a","parts":[{"id":"s","name":"statement"}]}]}],"back-matter":{"resources":[{"rlinks":[{"href":"a"}],"props":[{"uuid":"u2","name":"version"}]}]}}`,
			bad:  `{"metadata":{"props":[{"uuid":"u1","name":"keywords"}]},"groups":[{"id":"a","controls":[{"id":"a","parts":[{"id":"s","name":"statement","parts":[{"id":"s","name":"item"}]}]}]}],"back-matter":{"resources":[{"rlinks":[{"href":"a"}],"props":[{"uuid":"u1","name":"version"}]}]}}`,
			want: []string{
				`error catalog-parts /catalog/groups/0/controls/0/parts/0/parts/0 "s"`,
				`error catalog-props /catalog/metadata/props/0 "u1"`,
				`error catalog-groups-controls-parts /catalog/groups/0/controls/0 "a"`,
				`error catalog-groups-controls-parts /catalog/groups/0/controls/0/parts/0/parts/0 "s"`,
			},
		},

		// index-has-key
		{
			kind: ar,
			good: `{"metadata":{"roles":[{"id":"a"}],"parties":[{"uuid":"u1"},{"uuid":"u2"}],"responsible-parties":[{"role-id":"a","party-uuids":["u1","u2"]}]}}`,
			bad:  `{"metadata":{"roles":[{"id":"a"}],"parties":[{"uuid":"u1"}],"responsible-parties":[{"role-id":"b","party-uuids":["u1","u2"]}]}}`,
			want: []string{
				`error metadata-responsible-party-index-metadata-role-id /assessment-results/metadata/responsible-parties/0/role-id "b"`,
				`error index-metadata-party-uuid /assessment-results/metadata/responsible-parties/0/party-uuids/1 "u2"`,
			},
		},
		{ // from a streamed element into the metadata
			kind: ap,
			good: `{"metadata":{"roles":[{"id":"a"}],"parties":[{"uuid":"u1"}]},"local-definitions":{"inventory-items":[{"responsible-parties":[{"role-id":"a","party-uuids":["u1"]}]}]}}`,
			bad:  `{"metadata":{"roles":[{"id":"a"}],"parties":[{"uuid":"u1"}]},"local-definitions":{"inventory-items":[{"responsible-parties":[{"role-id":"a","party-uuids":["u2"]}]}]}}`,
			want: []string{
				`error index-inventory-item-responsible-party-party-uuid /assessment-plan/local-definitions/inventory-items/0/responsible-parties/0/party-uuids/0 "u2"`,
				`error index-metadata-party-uuid /assessment-plan/local-definitions/inventory-items/0/responsible-parties/0/party-uuids/0 "u2"`,
			},
		},
		{ // a key of more than one node, which NIST's tools reject
			kind: ap,
			good: `{"metadata":{"roles":[{"id":"a"}],"parties":[{"uuid":"u1"},{"uuid":"u2"}],"responsible-parties":[{"role-id":"a","party-uuids":["u1","u2"]}]}}`,
			bad:  `{"metadata":{"roles":[{"id":"a"}],"parties":[{"uuid":"u1"},{"uuid":"u2"}]},"local-definitions":{"inventory-items":[{"responsible-parties":[{"role-id":"a","party-uuids":["u1","u2"]}]}]}}`,
			want: []string{`error index-inventory-item-responsible-party-party-uuid /assessment-plan/local-definitions/inventory-items/0/responsible-parties/0 ""`},
		},
		{ // an index of some only
			kind: ar,
			good: `{"metadata":{"parties":[{"uuid":"u1","type":"organization"},{"uuid":"u2","type":"person","member-of-organizations":["u1"]}]}}`,
			bad:  `{"metadata":{"parties":[{"uuid":"u1","type":"organization"},{"uuid":"u2","type":"person","member-of-organizations":["u2"]}]}}`,
			want: []string{`error index-metadata-party-organizations-uuid /assessment-results/metadata/parties/1/member-of-organizations/0 "u2"`},
		},
		{ // without any location
			kind: ar,
			good: `{"metadata":{"locations":[{"uuid":"u1","title":"x","address":{}}],"parties":[{"location-uuids":["u1"]}]}}`,
			bad:  `{"metadata":{"parties":[{"location-uuids":["u1"]}]}}`,
			want: []string{`error index-metadata-location-uuid /assessment-results/metadata/parties/0/location-uuids/0 "u1"`},
		},
		{
			kind: poam,
			good: `{"metadata":{"roles":[{"id":"a"}]},"local-definitions":{"assessment-assets":{}},"risks":[{"remediations":[{"tasks":[{"responsible-roles":[{"role-id":"a"},{"role-id":"b"}]}]}]}]}`,
			bad:  `{"metadata":{"roles":[{"id":"a"}]},"observations":[{"origins":[{"related-tasks":[{"responsible-parties":[{"role-id":"b","party-uuids":[]}]}]}]}]}`,
			want: []string{`error metadata-responsible-party-index-metadata-role-id /plan-of-action-and-milestones/observations/0/origins/0/related-tasks/0/responsible-parties/0/role-id "b"`},
		},
		{ // 1.1.3 looks up the party of every responsible role
			kind: ssp, version: v11,
			good: `{"metadata":{"roles":[{"id":"a"}],"parties":[{"uuid":"u1"}]},"control-implementation":{"implemented-requirements":[{"responsible-roles":[{"role-id":"a","party-uuids":["u1"]}],"by-components":[{"component-uuid":"u1"}]}]}}`,
			bad:  `{"metadata":{"roles":[{"id":"a"}]},"control-implementation":{"implemented-requirements":[{"by-components":[{"component-uuid":"u1","responsible-roles":[{"role-id":"a"}]}]}]}}`,
			want: []string{`error implemented-requirement-index-metadata-party-uuid /system-security-plan/control-implementation/implemented-requirements/0/by-components/0/responsible-roles/0 ""`},
		},
		{ // 1.2 only of those that name one
			kind: ssp, version: v12,
			good: `{"metadata":{"roles":[{"id":"a"}]},"control-implementation":{"implemented-requirements":[{"by-components":[{"component-uuid":"u1","responsible-roles":[{"role-id":"a"}]}]}]}}`,
			bad:  `{"metadata":{"roles":[{"id":"a"}]},"control-implementation":{"implemented-requirements":[{"by-components":[{"component-uuid":"u1","responsible-roles":[{"role-id":"b","party-uuids":["u1"]}]}]}]}}`,
			want: []string{
				`error implemented-requirement-index-metadata-role-id /system-security-plan/control-implementation/implemented-requirements/0/by-components/0/responsible-roles/0/role-id "b"`,
				`error implemented-requirement-index-metadata-party-uuid /system-security-plan/control-implementation/implemented-requirements/0/by-components/0/responsible-roles/0/party-uuids/0 "u1"`,
				`error index-metadata-party-uuid /system-security-plan/control-implementation/implemented-requirements/0/by-components/0/responsible-roles/0/party-uuids/0 "u1"`,
			},
		},
		{ // usnistgov/OSCAL#2106: these look up the whole reference, so that a correct one fails
			kind: ssp,
			good: `{"system-implementation":{"components":[{"uuid":"u1","type":"service"},{"links":[{"rel":"uses-service","href":"u1"},{"rel":"depends-on","href":"u1"}]}]}}`,
			bad:  `{"system-implementation":{"components":[{"uuid":"u1","type":"service"},{"links":[{"rel":"uses-service","href":"#u1"},{"rel":"depends-on","href":"#u1"}]}]}}`,
			want: []string{
				`error system-implementation-component-depends-on-link-index /system-security-plan/system-implementation/components/1/links/1/href "#u1"`,
				`error index-system-implementation-component-uuid-service /system-security-plan/system-implementation/components/1/links/0/href "#u1"`,
			},
		},
		{ // only in 1.1.3
			kind: ssp, version: v11,
			good: `{"system-implementation":{"components":[{"links":[{"rel":"validation","href":"#u1"}]}]}}`,
			bad:  `{"system-implementation":{"components":[{"links":[{"rel":"validated-by","href":"#u1"},{"rel":"proof-of-compliance","href":"#u1"}]}]}}`,
			want: []string{
				`error system-implementation-validated-by-index /system-security-plan/system-implementation/components/0/links/0/href "#u1"`,
				`error system-implementation-proof-of-compliance-index /system-security-plan/system-implementation/components/0/links/1/href "#u1"`,
			},
		},
		{ // an index of what lies deep, and a key by pattern
			kind: ssp,
			good: `{"control-implementation":{"implemented-requirements":[{"by-components":[{"uuid":"u1","component-uuid":"u1","links":[{"rel":"provided-by","href":"#u2"}],"export":{"provided":[{"uuid":"u1"}],"responsibilities":[{"provided-uuid":"u1"}]}}],"statements":[{"statement-id":"a","by-components":[{"uuid":"u2","component-uuid":"u1"}]}]}]}}`,
			bad:  `{"control-implementation":{"implemented-requirements":[{"by-components":[{"uuid":"u1","component-uuid":"u1","links":[{"rel":"provided-by","href":"#u2"},{"rel":"provided-by","href":"u1"}],"export":{"responsibilities":[{"provided-uuid":"u1"}]}},{"component-uuid":"u2","export":{}}]}]}}`,
			want: []string{
				`error by-component-uuid-index /system-security-plan/control-implementation/implemented-requirements/0/by-components/0/links/0/href "#u2"`,
				`error by-component-uuid-index /system-security-plan/control-implementation/implemented-requirements/0/by-components/0/links/1/href "u1"`,
				`error by-component-export-provided-uuid-index /system-security-plan/control-implementation/implemented-requirements/0/by-components/0/export/responsibilities/0/provided-uuid "u1"`,
				`error by-component-export-provided-responsibility-cardinality /system-security-plan/control-implementation/implemented-requirements/0/by-components/1/export ""`,
			},
		},
		{ // a warning since 1.2
			kind: cat, version: v12,
			good: `{"controls":[{"id":"a","parts":[{"name":"statement"}],"links":[{"rel":"related","href":"#a"},{"rel":"related","href":"https://example.com/"}]}]}`,
			bad:  `{"controls":[{"id":"a","parts":[{"name":"statement"}],"links":[{"rel":"related","href":"#b"}]}]}`,
			want: []string{`warning catalog-groups-controls-parts /catalog/controls/0/links/0/href "#b"`},
		},
	} {
		versions := []string{tc.version}
		if tc.version == "" {
			versions = []string{v11, v12}
		}
		uuids := strings.NewReplacer(`"u1"`, `"`+u1+`"`, `"u2"`, `"`+u2+`"`, `"#u1"`, `"#`+u1+`"`, `"#u2"`, `"#`+u2+`"`)
		for _, version := range versions {
			for _, m := range checkAll(t, tc.kind, version, parse(t, uuids.Replace(tc.good))) {
				t.Errorf("%s %s of OSCAL %s: unexpected message\n%s\n%s", tc.kind, tc.good, version, line(m), m.Text)
			}
			var got []string
			for _, m := range checkAll(t, tc.kind, version, parse(t, uuids.Replace(tc.bad))) {
				if m.Text == "" {
					t.Errorf("%s has no text", line(m))
				}
				got = append(got, line(m))
			}
			var want []string
			for _, w := range tc.want {
				want = append(want, uuids.Replace(w))
			}
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %s of OSCAL %s (-want +got):\n%s", tc.kind, tc.bad, version, diff)
			}
		}
	}
}

func TestVersionsDiffer(t *testing.T) {
	// What 1.1.3 rejects and 1.2.2 does not.
	for _, tc := range []struct{ kind, document string }{
		{ar, `{"metadata":{"locations":[{"title":"x","address":{},"props":[{"name":"type","value":"office"}]}]}}`},
		{ar, `{"results":[{"local-definitions":{"components":[{"props":[{"name":"os-name","value":"x"}]}]}}]}`},
		{ar, `{"results":[{"local-definitions":{"inventory-items":[{"props":[{"name":"model","value":"x"}]}]}}]}`},
		{poam, `{"local-definitions":{"components":[{"type":"software","protocols":[{"uuid":"x","name":"x"}]}]}}`},
		{ssp, `{"metadata":{"roles":[{"id":"a"}]},"control-implementation":{"implemented-requirements":[{"by-components":[{"responsible-roles":[{"role-id":"a"}]}]}]}}`},
		{ssp, `{"system-implementation":{"components":[{"links":[{"rel":"proof-of-compliance","href":"#u1"}]}]}}`},
	} {
		for _, v := range []struct {
			version string
			want    int
		}{{"1.0.4", 1}, {"1.1.2", 1}, {v11, 1}, {"1.2.0", 0}, {v12, 0}, {"1.2.9", 0}} {
			if got := checkAll(t, tc.kind, v.version, parse(t, tc.document)); len(got) != v.want {
				t.Errorf("%s of OSCAL %s: %v, want %d messages", tc.document, v.version, got, v.want)
			}
		}
	}
}

func TestTexts(t *testing.T) {
	for _, tc := range []struct{ kind, document, want string }{
		{ar, `{"results":[{"props":[{"name":"zzz"}]}]}`, `name "zzz" is not allowed here; allowed: marking; a name of your own needs an ns of your own`},
		{ar, `{"back-matter":{"resources":[{"rlinks":[{}],"props":[{"name":"type","value":"` + strings.Repeat("é", 200) + `"}]}]}}`,
			`value "` + strings.Repeat("é", 50) + `…" is not allowed here; allowed: logo, image, screen-shot, law, regulation, standard, external-guidance, acronyms, citation, policy, procedure, system-guide, users-guide, administrators-guide, rules-of-behavior and 9 more`},
		{ar, `{"metadata":{"roles":[{"id":"a"}],"responsible-parties":[{"role-id":"a"},{"role-id":"a"}]}}`, `responsible-party repeats the role-id "a" of /assessment-results/metadata/responsible-parties/0; it must be unique`},
		{ar, `{"metadata":{"responsible-parties":[{"role-id":"a"}]}}`, `role-id "a" is not one of the ids of roles in the metadata`},
		{ar, `{"metadata":{"responsible-parties":[{}]}}`, `responsible-party has no role-id to look up among the ids of roles in the metadata`},
		{ar, `{"local-definitions":{"activities":[{}]}}`, `activity has 0 of prop[@name='method']; want at least 1`},
		{cat, `{"controls":[{"parts":[{"name":"statement"},{"name":"assessment-method"}]}]}`,
			`part has no prop named method`},
		{ap, `{"local-definitions":{"inventory-items":[{"responsible-parties":[{"role-id":"a","party-uuids":["x","x"]}]}]},"metadata":{"roles":[{"id":"a"}],"parties":[{"uuid":"x"}]}}`,
			`responsible-party has 2 of party-uuid; a reference to the uuids of parties in the metadata can have only one here`},
		{ar, `{"results":[{"risks":[{"props":[{"name":"priority","value":"x"}]}]}]}`, `value "x" is not valid here; want a value of the type integer`},
		{ar, `{"metadata":{"parties":[{"addresses":[{"country":"USA"}]}]}}`, `country "USA" is not valid here; want a value that matches [A-Z]{2}`},
		{ar, `{"results":[{"links":[{"href":"#a","media-type":"x"}]}]}`, `link points into the document and has a media-type, which belongs to what it points to`},
	} {
		got := checkAll(t, tc.kind, v12, parse(t, tc.document))
		if len(got) != 1 || got[0].Text != tc.want {
			t.Errorf("%s:\n got %+v\nwant %s", tc.document, got, tc.want)
		}
	}
}

func TestNew(t *testing.T) {
	for _, tc := range []struct{ kind, version, want string }{
		{ar, "1.0.4", ""},
		{ar, "1.1.3", ""},
		{ar, "v1.2.0", ""},
		{"mapping-collection", "1.2.2", ""},
		{"mapping-collection", "1.1.3", `OSCAL 1.1 has no kind of document named "mapping-collection"`},
		{"result", "1.2.2", `no kind of document named "result"`},
		{ar, "1.3.0", `OSCAL version "1.3.0": constraints are known for 1.0 to 1.2`},
		{ar, "1.10.0", "constraints are known for"},
		{ar, "2.1.0", "constraints are known for"},
		{ar, "", "constraints are known for"},
	} {
		_, err := New(tc.kind, tc.version)
		if got := fmt.Sprint(err); (err == nil) != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("New(%q, %q): %v, want %q", tc.kind, tc.version, err, tc.want)
		}
	}
}

func TestMappingCollection(t *testing.T) {
	document := `{"metadata":{"roles":[{"id":"a"},{"id":"a"}]},"mappings":[{"props":[{"name":"zzz"}],"links":[{"rel":"reference","href":"#x"}]}],"back-matter":{"resources":[{}]}}`
	var got []string
	for _, m := range checkAll(t, "mapping-collection", v12, parse(t, document)) {
		got = append(got, line(m))
	}
	want := []string{
		`error index-metadata-roles /mapping-collection/metadata/roles/1 "a"`,
		`error index-metadata-role-id /mapping-collection/metadata/roles/1 "a"`,
		`warning back-matter-resource-base64-rlink-cardinality /mapping-collection/back-matter/resources/0 ""`,
		`error metadata-link-reference-index-back-matter-resource /mapping-collection/mappings/0/links/0/href "#x"`,
		`error metadata-prop-name-values /mapping-collection/mappings/0/props/0/name "zzz"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", document, diff)
	}
}

// TestStreaming shows that Root leaves streamed arrays alone, and that Element
// needs nothing else of the document.
func TestStreaming(t *testing.T) {
	bad := `{"props":[{"name":"zzz"}]}`
	for kind, patterns := range streamed {
		for _, pattern := range patterns {
			c, err := New(kind, v12)
			if err != nil {
				t.Fatal(err)
			}
			document := any([]any{parse(t, bad)})
			keys := strings.Split(pattern, "/")[2:]
			for _, key := range slices.Backward(keys) {
				if key == "*" {
					document = []any{document}
				} else {
					document = map[string]any{key: document}
				}
			}
			c.Root(document.(map[string]any), func(m Message) { t.Errorf("%s: Root looks into it: %v", pattern, m) })
			pointer := strings.ReplaceAll(pattern, "*", "7") + "/42"
			var got []string
			c.Element(pointer, parse(t, bad), func(m Message) {
				if m.Level == "error" {
					got = append(got, m.Pointer)
				}
			})
			if want := []string{pointer + "/props/0/name"}; !slices.Equal(got, want) {
				t.Errorf("Element(%s): %q, want %q", pointer, got, want)
			}
		}
	}
	if got := Streamed(cat); len(got) != 0 {
		t.Errorf("Streamed(catalog) = %q", got)
	}
}

func TestElementElsewhere(t *testing.T) {
	c, err := New(ar, v12)
	if err != nil {
		t.Fatal(err)
	}
	for _, pointer := range []string{"", "/", "x", "/assessment-results", "/catalog/controls/0", "/assessment-results/nothing/0", "/assessment-results/results/0/title/0", "/assessment-results/results/-1/risks/0"} {
		c.Element(pointer, parse(t, `{"props":[{"name":"zzz"}]}`), func(m Message) { t.Errorf("%q: %v", pointer, m) })
	}
}

// TestElementsAtATime checks elements from several goroutines.
func TestElementsAtATime(t *testing.T) {
	c, err := New(ar, v12)
	if err != nil {
		t.Fatal(err)
	}
	c.Root(parse(t, `{"metadata":{"roles":[{"id":"a"}],"parties":[{"uuid":"x"}]}}`), func(m Message) { t.Error(m) })
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			pointer := fmt.Sprintf("/assessment-results/results/0/local-definitions/inventory-items/%d", i)
			n := 0
			c.Element(pointer, parse(t, `{"responsible-parties":[{"role-id":"a","party-uuids":["x"]}],"props":[{"name":"zzz"}]}`), func(m Message) { n++ })
			if n != 1 {
				t.Errorf("%s: %d messages, want 1", pointer, n)
			}
		})
	}
	wait.Wait()
}

func BenchmarkElement(b *testing.B) {
	c, err := New(ar, v11)
	if err != nil {
		b.Fatal(err)
	}
	c.Root(parse(b, `{"metadata":{"roles":[{"id":"a"}]}}`), func(Message) {})
	observation := parse(b, `{"uuid":"`+u1+`","title":"S3.8","description":"`+strings.Repeat("x", 300)+`","methods":["TEST"],"types":["finding"],
		"props":[{"name":"check","ns":"https://example.com/ns","value":"S3.8"},{"name":"status","ns":"https://example.com/ns","value":"FAILED"},{"name":"region","ns":"https://example.com/ns","value":"eu-west-1"}],
		"links":[{"rel":"reference","href":"https://example.com/docs"}],
		"origins":[{"actors":[{"type":"tool","actor-uuid":"`+u1+`"}],"related-tasks":[{"task-uuid":"`+u1+`"}]}],
		"subjects":[{"type":"inventory-item","subject-uuid":"`+u2+`","props":[{"name":"arn","ns":"https://example.com/ns","value":"arn:aws:s3:::x"}]}],
		"relevant-evidence":[{"href":"#`+u1+`","description":"x"}],"collected":"2026-01-01T00:00:00Z"}`)
	b.ReportAllocs()
	for b.Loop() {
		c.Element("/assessment-results/results/0/observations/17", observation, func(m Message) { b.Fatal(m) })
	}
}
