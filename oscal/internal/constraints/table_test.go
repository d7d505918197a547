package constraints

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// forBothReleases runs a test on the types of each release.
func forBothReleases(t *testing.T, test func(*testing.T, *types)) {
	for _, release := range []string{release11, release12} {
		t.Run(release, func(t *testing.T) {
			types, err := load(release)
			if err != nil {
				t.Fatal(err)
			}
			test(t, types)
		})
	}
}

// everything returns a document that has every member of the model once, and
// what may contain itself twice.
func everything(typ *typ, within map[*typ]int) any {
	if within[typ] == 2 {
		return nil
	}
	within[typ]++
	defer func() { within[typ]-- }()
	if len(typ.members) == 0 {
		return "x"
	}
	object := map[string]any{}
	for _, m := range typ.members {
		value := any("x")
		if m.typ != nil {
			limit := within[m.typ] > 0 && !strings.HasPrefix(m.typ.name, "control-common:") && !strings.HasPrefix(m.typ.name, "catalog:")
			if limit {
				continue
			}
			value = everything(m.typ, within)
		}
		if m.key != m.element || m.streamed {
			value = []any{value}
		}
		object[m.key] = value
	}
	return object
}

// A sighting is where a rule was found bound, and a target that it can reach.
type sighting struct{ context, target string }

// sightings walks documents of all kinds that have everything, and lists for
// every rule what it can reach if its predicates hold.
func sightings(types *types) (bound map[*rule]int, reached map[*rule][]sighting) {
	bound, reached = map[*rule]int{}, map[*rule][]sighting{}
	for kind, m := range types.byName["root"].byElement {
		doc := &document{loose: true}
		doc.root = &node{doc: doc, typ: m.typ, key: kind, idx: -1, val: everything(m.typ, map[*typ]int{})}
		var walk func(*node) bool
		walk = func(n *node) bool {
			if n.typ == nil {
				return true
			}
			for _, r := range n.typ.rules {
				bound[r]++
				r.target.each(n, func(target *node) bool {
					if len(reached[r]) < 10000 {
						reached[r] = append(reached[r], sighting{n.pointer(), target.pointer()})
					}
					return true
				})
			}
			return n.children(walk)
		}
		walk(doc.root)
	}
	return bound, reached
}

// TestEveryConstraintIsBound shows that no row of the tables is skipped: each
// belongs to a place in some kind of document and can reach something there.
func TestEveryConstraintIsBound(t *testing.T) {
	// What can reach nothing, as NIST wrote it.
	unreachable := []string{
		// These take two flags of actions for child elements.
		"oscal-metadata-action-system-values ./system/@value",
		"oscal-metadata-action-type-values ./type[has-oscal-namespace('http://csrc.nist.gov/ns/oscal')]/@value",
	}
	forBothReleases(t, func(t *testing.T, types *types) {
		want := 328
		if types.byName["mapping:mapping-collection"] == nil { // 1.1
			want = 329
		}
		if got := len(types.rules); got != want {
			t.Errorf("%d rules, want %d", got, want)
		}
		bound, reached := sightings(types)
		for _, r := range types.rules {
			name := r.id + " " + r.target.text
			switch {
			case bound[r] == 0:
				t.Errorf("%s of %s is bound to nothing", name, r.in)
			case len(reached[r]) == 0 && !slices.Contains(unreachable, name):
				t.Errorf("%s of %s reaches nothing", name, r.in)
			case len(reached[r]) > 0 && slices.Contains(unreachable, name):
				t.Errorf("%s of %s reaches something", name, r.in)
			}
		}
	})
}

// TestKeysAndTestsResolve shows that keys and tests name things that exist.
func TestKeysAndTestsResolve(t *testing.T) {
	forBothReleases(t, func(t *testing.T, types *types) {
		found := map[*rule]map[string]bool{}
		for kind, m := range types.byName["root"].byElement {
			doc := &document{loose: true}
			doc.root = &node{doc: doc, typ: m.typ, key: kind, idx: -1, val: everything(m.typ, map[*typ]int{})}
			var walk func(*node) bool
			walk = func(n *node) bool {
				if n.typ == nil {
					return true
				}
				for _, r := range n.typ.rules {
					if found[r] == nil {
						found[r] = map[string]bool{}
					}
					r.target.each(n, func(target *node) bool {
						for _, k := range r.keys {
							k.target.each(target, func(part *node) bool {
								if _, ok := part.atom(); ok {
									found[r][k.target.text] = true
								}
								return true
							})
						}
						if _, ok := target.atom(); ok {
							found[r]["atom"] = true
						}
						return true
					})
				}
				return n.children(walk)
			}
			walk(doc.root)
		}
		for _, r := range types.rules {
			if strings.HasPrefix(r.id, "oscal-metadata-action-") && r.kind == kindAllowedValues {
				continue // these reach nothing
			}
			for _, k := range r.keys {
				if !found[r][k.target.text] {
					t.Errorf("%s of %s: nothing has the key %s", r.id, r.in, k.target)
				}
			}
			if (r.kind == kindAllowedValues || r.kind == kindMatches) && !found[r]["atom"] {
				t.Errorf("%s of %s: no target has a value", r.id, r.in)
			}
		}
	})
}

// TestStreamedArraysStandAlone shows that the elements of streamed arrays can
// be checked one by one: from outside only lists of allowed values reach into
// them, and nothing in them is indexed.
func TestStreamedArraysStandAlone(t *testing.T) {
	element := func(pointer string) string {
		for _, patterns := range streamed {
			for _, pattern := range patterns {
				prefix := strings.ReplaceAll(pattern, "*", "0") + "/0"
				if pointer == prefix || strings.HasPrefix(pointer, prefix+"/") {
					return prefix
				}
			}
		}
		return ""
	}
	forBothReleases(t, func(t *testing.T, types *types) {
		_, reached := sightings(types)
		var across []string
		for _, r := range types.rules {
			for _, s := range reached[r] {
				inside := element(s.target)
				switch {
				case inside == "":
				case r.kind == kindIndex:
					t.Errorf("%s indexes %s", r.id, s.target)
				case inside != element(s.context) && r.kind == kindAllowedValues:
					if !slices.Contains(across, r.id) {
						across = append(across, r.id)
					}
				case inside != element(s.context):
					t.Errorf("%s reaches from %s to %s", r.id, s.context, s.target)
				}
			}
		}
		if want := []string{"oscal-component-inventory-item-allows-authenticated-scan-values"}; !slices.Equal(across, want) {
			t.Errorf("reach into elements: %q, want %q", across, want)
		}
	})
}

// TestIndexesExist shows that every index that is referred to is made, and has
// words for messages.
func TestIndexesExist(t *testing.T) {
	forBothReleases(t, func(t *testing.T, types *types) {
		made, used := map[string]bool{}, map[string]bool{}
		for _, r := range types.rules {
			switch r.kind {
			case kindIndex:
				made[r.index] = true
			case kindHasKey:
				used[r.index] = true
			}
		}
		for name := range used {
			if !made[name] {
				t.Errorf("no index %s", name)
			}
			if indexTitles[name] == "" {
				t.Errorf("index %s has no title", name)
			}
		}
	})
}

// TestNewTypesFails shows that what is not understood is an error.
func TestNewTypesFails(t *testing.T) {
	const model = "type,version,members\nroot,,catalog=c:catalog\nc:catalog,,id part:parts=c:part\nc:part,,id\n"
	for _, tc := range []struct{ row, want string }{
		{`{"in":"c:catalog","type":"index","target":"part","name":"i","keys":["@id"]}`, "has no member"}, // of the model, which lacks all else
		{`{"in":"c:part","type":"index","target":"part[","name":"i","keys":["@id"]}`, "metapath"},
		{`{"in":"c:part","type":"index","target":"'text'","name":"i","keys":["@id"]}`, "selects no nodes"},
		{`{"in":"c:part","type":"index","target":".","name":"i","keys":["@id["]}`, "metapath"},
		{`{"in":"c:part","type":"index","target":".","name":"i"}`, "no index or no key"},
		{`{"in":"c:part","type":"index","target":".","keys":["@id"]}`, "no index or no key"},
		{`{"in":"c:part","type":"is-unique","target":".","name":"i","keys":["@id"]}`, "no index or no key"},
		{`{"in":"c:part","type":"is-unique","target":".","keys":["@id ~ #.*"]}`, "want one group"},
		{`{"in":"c:part","type":"is-unique","target":".","keys":["@id ~ ("]}`, "error parsing regexp"},
		{`{"in":"c:part","type":"expect","target":".","test":"frob(.)"}`, "no function frob"},
		{`{"in":"c:part","type":"expect","target":".","test":"@id"}`, "no words"},
		{`{"in":"c:part","type":"matches","target":"."}`, "want a data type or a pattern"},
		{`{"in":"c:part","type":"matches","target":".","datatype":"ip-v5-address"}`, "unknown data type"},
		{`{"in":"c:part","type":"matches","target":".","regex":"("}`, "error parsing regexp"},
		{`{"in":"c:part","type":"allowed-values","target":"."}`, "no values"},
		{`{"in":"c:part","type":"has-cardinality","target":"."}`, "no bounds"},
		{`{"in":"c:part","type":"has-cardinality","target":".","min":"some"}`, "invalid syntax"},
		{`{"in":"c:part","type":"let","target":"."}`, "unknown type"},
		{`{"in":"c:part","type":"expect","target":".","test":"@uuid","level":"CRITICAL"}`, "unknown level"},
		{`{"in":"c:control","type":"expect","target":".","test":"@uuid"}`, "no definition c:control"},
		{`{"in":"c:part/prop","type":"expect","target":".","test":"@uuid"}`, "no prop in c:part"},
		{`{"in":"c:part/@name","type":"expect","target":".","test":"@uuid"}`, "no @name in c:part"},
		{`{"in":"metadata:@location-type","type":"expect","target":".","test":"@uuid"}`, "no member type of metadata:address"},
		{`{`, "constraints:"},
	} {
		_, err := newTypes(release12, []byte(model), []byte("["+tc.row+"]"))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.row, err, tc.want)
		}
	}
	for _, tc := range []struct{ model, want string }{
		{"", "no root"},
		{"type,version,members\nroot,,catalog=c:catalog\n", "no type c:catalog"},
		{"type,version,members\nroot,,a a\n", "two members a"},
		{"type,version\nroot,1.2\n", "three columns"},
		{"type,version,members\nroot,1.1,a\n", "no root"},
		{"\"", "model of OSCAL"},
	} {
		_, err := newTypes(release12, []byte(tc.model), []byte("[]"))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: %v, want %q", tc.model, err, tc.want)
		}
	}
}

func TestMetapath(t *testing.T) {
	catalog := parse(t, `{"id":"c","groups":[
		{"id":"g","props":[{"name":"a","value":"1"},{"name":"b","ns":"urn:x","value":"2"},{"name":"c","value":"3"}],
		 "controls":[{"id":"k","class":"x","parts":[{"id":"p","parts":[{"id":"q","parts":[{"id":"r"}]}]},{"id":"s"}]}]},
		{"id":"h","links":[{"href":"#a"},{"href":"b"}]}]}`)
	types, err := load(release12)
	if err != nil {
		t.Fatal(err)
	}
	doc := &document{}
	doc.root = &node{doc: doc, typ: types.byName["catalog:catalog"], key: "catalog", idx: -1, val: catalog}
	for _, tc := range []struct{ expr, want string }{
		{".", "/catalog"},
		{"(.)", "/catalog"},
		{"@id", "/catalog/id"},
		{"@zzz", ""},
		{"@groups", ""}, // no flag
		{"zzz", ""},
		{"group", "/catalog/groups/0 /catalog/groups/1"},
		{"group/@id", "/catalog/groups/0/id /catalog/groups/1/id"},
		{"./group/prop/@value", "/catalog/groups/0/props/0/value /catalog/groups/0/props/1/value /catalog/groups/0/props/2/value"},
		{"//part/@id", "/catalog/groups/0/controls/0/parts/0/id /catalog/groups/0/controls/0/parts/1/id /catalog/groups/0/controls/0/parts/0/parts/0/id /catalog/groups/0/controls/0/parts/0/parts/0/parts/0/id"},
		{".//control", "/catalog/groups/0/controls/0"},
		{"group//part[@id='r']", "/catalog/groups/0/controls/0/parts/0/parts/0/parts/0"},
		{"group/control/part[@id='p']//part/@id", "/catalog/groups/0/controls/0/parts/0/parts/0/id /catalog/groups/0/controls/0/parts/0/parts/0/parts/0/id"},
		{"/group[@id='h']", "/catalog/groups/1"},
		{"//(control|group)/@id", "/catalog/groups/0/id /catalog/groups/1/id /catalog/groups/0/controls/0/id"},
		{"group/control|group/link", "/catalog/groups/0/controls/0 /catalog/groups/1/links/0 /catalog/groups/1/links/1"},
		{"group[@id=('h','i')]/@id", "/catalog/groups/1/id"},
		{"group[control]/@id", "/catalog/groups/0/id"},
		{"group[not(control)]/@id", "/catalog/groups/1/id"},
		{"group[exists(control/@class)]/@id", "/catalog/groups/0/id"},
		{"group[exists('x')]/@id", "/catalog/groups/0/id /catalog/groups/1/id"},
		{"group[@id='g' or @id='h']/@id", "/catalog/groups/0/id /catalog/groups/1/id"},
		{"group[@id='g' and link]", ""},
		{"group/prop[has-oscal-namespace('http://csrc.nist.gov/ns/oscal')]/@name", "/catalog/groups/0/props/0/name /catalog/groups/0/props/2/name"},
		{"group/prop[has-oscal-namespace(('urn:y','urn:x'))]/@name", "/catalog/groups/0/props/1/name"},
		{"group/prop[@value > '1']/@value", "/catalog/groups/0/props/1/value /catalog/groups/0/props/2/value"},
		{"group/prop[@name > '1']", ""},
		{"group/prop[@value > @zzz]", ""},
		{"group/link[starts-with(@href,'#')]", "/catalog/groups/1/links/0"},
		{"group/link/@href[not(starts-with(.,'#'))]", "/catalog/groups/1/links/1/href"},
		{"group/link[starts-with(@zzz,'#')]", ""},
		{"group/(prop[@name='a']|link)/@href", "/catalog/groups/1/links/0/href /catalog/groups/1/links/1/href"},
		{"doc(group/link/@href)/catalog//part", ""},
		{"group[doc(.)]", ""},
		{"group[group[control]='x' or ('','x')]/@id", "/catalog/groups/0/id /catalog/groups/1/id"},
	} {
		m, err := parseMetapath(tc.expr)
		if err != nil {
			t.Errorf("%s: %v", tc.expr, err)
			continue
		}
		var got []string
		m.each(doc.root, func(n *node) bool { got = append(got, n.pointer()); return true })
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", tc.expr, strings.Join(got, " "), tc.want)
		}
		if m.truth(doc.root) != (len(got) > 0) {
			t.Errorf("truth of %s is not whether it selects anything, %d", tc.expr, len(got))
		}
	}
	for _, expr := range []string{
		"", "group[", "group]", "group[]", "group/", "//", "@", "'text", "'text'", "(a", "(a,)", "a b", "a = b", "not(a)", "a|'b'", "'a'|b", "'a'/b", "a/'b'", "'a'[b]",
		"a[frob(b)]", "a[not()]", "a[not(b,c)]", "a[starts-with(b)]", "a[b < c]", "a[$b]", "a[b and]", "a::b", "a[1 + 1]", "doc()", "..",
	} {
		if m, err := parseMetapath(expr); err == nil {
			t.Errorf("parseMetapath(%q) = %v, want an error", expr, m)
		}
	}
}

func TestDatatypes(t *testing.T) {
	for _, tc := range []struct {
		datatype  string
		good, bad []string
	}{
		{"date", []string{"2026-01-31", "2024-02-29", "2026-01-31Z", "2026-01-31+01:00"}, []string{"", "2026-02-30", "2026-13-01", "2023-02-29", "2026-1-1", "2026-01-31T00:00:00Z", "x2026-01-31", "2026-01-31\n"}},
		{"date-time", []string{"2026-01-31T23:59:59Z", "2026-01-31T23:59:59", "2026-01-31T23:59:59.5-05:00"}, []string{"2026-01-31", "2026-01-31T24:00:00Z", "2026-01-31 23:59:59Z", "2026-01-31T23:59:59+01"}},
		{"date-time-with-timezone", []string{"2026-01-31T23:59:59Z", "2026-01-31T23:59:59.123+05:30"}, []string{"2026-01-31T23:59:59", "2026-01-31T23:59:59.Z"}},
		{"integer", []string{"0", "-1", "+10", "007"}, []string{"", "1.5", "x", "1 ", "--1"}},
		{"ip-v4-address", []string{"192.0.2.1"}, []string{"", "192.0.2.256", "192.0.2", "192.0.2.1/32", "2001:db8::1"}},
		{"ip-v6-address", []string{"2001:db8::1", "::"}, []string{"", "192.0.2.1", "2001:db8::g", "fe80::1%eth0"}},
		{"uri", []string{"https://example.com/a?b#c", "urn:x:y", "mailto:a@example.com", "https://example.com/%20"}, []string{"", "a", "#a", "/a", "a:", "https://example.com/a b", "https://example.com/%2", "https://example.com/%zz", "https://example.com/#a#b"}},
		{"uri-reference", []string{"", "a", "#a", "../a?b", "https://example.com/", "ä"}, []string{"a b", "<a>", "a\\b", "%", "#a#b", "a\n"}},
		{"uuid", []string{u1, "AAAAAAAA-aaaa-5aaa-baaa-aaaaaaaaaaaa"}, []string{"", "x", "11111111-1111-1111-8111-111111111111", "11111111-1111-4111-7111-111111111111", u1 + "1", "{" + u1 + "}"}},
	} {
		for _, want := range []bool{true, false} {
			for _, value := range map[bool][]string{true: tc.good, false: tc.bad}[want] {
				if got := datatypes[tc.datatype](value); got != want {
					t.Errorf("%s: %q is valid: %t, want %t", tc.datatype, value, got, want)
				}
			}
		}
	}
	if len(datatypes) != 9 {
		t.Errorf("%d data types, 9 tested", len(datatypes))
	}
}

// TestIdentity shows that a node is the same however it is reached, and differs
// from its neighbours.
func TestIdentity(t *testing.T) {
	types, err := load(release12)
	if err != nil {
		t.Fatal(err)
	}
	doc := &document{}
	doc.root = &node{doc: doc, typ: types.byName["catalog:catalog"], key: "catalog", idx: -1,
		val: parse(t, `{"metadata":{"roles":[{"id":"a"}],"responsible-parties":[{"party-uuids":["a","a"]}]},"params":[{"id":"a"}]}`)}
	seen := map[nodeKey]string{}
	for _, text := range []string{"metadata", "metadata/role", "metadata/role/@id", "metadata/responsible-party/party-uuid", "param", "param/@id", "//role", ".//party-uuid", "."} {
		m, err := parseMetapath(text)
		if err != nil {
			t.Fatal(err)
		}
		m.each(doc.root, func(n *node) bool {
			if first, ok := seen[n.identity()]; ok && first != n.pointer() {
				t.Errorf("%s and %s have the same identity", first, n.pointer())
			}
			seen[n.identity()] = n.pointer()
			return true
		})
	}
	if got, want := len(seen), 8; got != want {
		t.Errorf("%d identities, want %d: %v", got, want, fmt.Sprint(seen))
	}
}
