package constraints

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Message is one violation of one constraint.
type Message struct {
	Level   string // "error" or "warning"
	Rule    string // NIST's id of the constraint, such as "oscal-activity-type-cardinality"
	Pointer string // JSON pointer of what is wrong, from the document's root
	Value   string // the offending value; empty if there is none
	Text    string // one sentence: what is wrong and what is allowed
}

// A Checker evaluates the constraints of one document. The document may be too
// large to hold: the elements of some arrays, see Streamed, are given one by
// one.
//
// Root comes first, and once. After it, Element may be called from several
// goroutines at a time. Messages come in the same order for the same calls; the
// order is not otherwise promised.
type Checker struct {
	kind    string
	types   *types
	root    *typ
	indexes map[string]map[string]bool
}

// New returns a Checker for one document of a kind, which is its root key,
// such as "assessment-results", that declares version as its oscal-version.
// It is an error if no constraints are known for them.
func New(kind, version string) (*Checker, error) {
	release, err := releaseOf(version)
	if err != nil {
		return nil, err
	}
	types, err := load(release)
	if err != nil {
		return nil, err
	}
	root := types.byName["root"].byElement[kind]
	if root == nil {
		return nil, fmt.Errorf("OSCAL %s has no kind of document named %q: want one of %s", release, kind,
			strings.Join(slices.Sorted(maps.Keys(types.byName["root"].byElement)), ", "))
	}
	return &Checker{kind: kind, types: types, root: root.typ, indexes: map[string]map[string]bool{}}, nil
}

// releaseOf returns the release whose constraints apply to documents that
// declare version. Patch releases change no constraint that documents of the
// same minor release could have relied on, and NIST publishes none for 1.0 that
// its tools of today would use.
func releaseOf(version string) (string, error) {
	major, rest, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	switch major + "." + minor {
	case "1.0", "1.1":
		return release11, nil
	case "1.2":
		return release12, nil
	}
	return "", fmt.Errorf("OSCAL version %q: constraints are known for 1.0 to 1.2", version)
}

// streamed are the arrays of each kind of document whose elements may be given
// one by one, as patterns of JSON pointers.
var streamed = map[string][]string{
	"assessment-plan": {"/assessment-plan/local-definitions/inventory-items"},
	"assessment-results": {
		"/assessment-results/results/*/findings",
		"/assessment-results/results/*/local-definitions/inventory-items",
		"/assessment-results/results/*/observations",
		"/assessment-results/results/*/risks",
	},
	"plan-of-action-and-milestones": {
		"/plan-of-action-and-milestones/findings",
		"/plan-of-action-and-milestones/local-definitions/inventory-items",
		"/plan-of-action-and-milestones/observations",
		"/plan-of-action-and-milestones/poam-items",
		"/plan-of-action-and-milestones/risks",
	},
	"system-security-plan": {"/system-security-plan/system-implementation/inventory-items"},
}

// Streamed returns the arrays of a kind of document whose elements are given to
// Element one by one, as patterns such as
// "/assessment-results/results/*/observations". No constraint compares two
// elements of such an array, counts them, or refers to one of them.
func Streamed(kind string) []string {
	return slices.Clone(streamed[kind])
}

// Root checks the document's object, the value under its root key, except for
// what lies within streamed arrays: Element gets every element of those, the
// first too, and what is left of such an array in root is passed over.
func (c *Checker) Root(root map[string]any, report func(Message)) {
	if root == nil {
		return
	}
	doc := &document{skipStreamed: true}
	doc.root = &node{doc: doc, typ: c.root, key: c.kind, idx: -1, val: root}
	r := &run{checker: c, report: report}
	r.index(doc.root)
	r.check(doc.root)
	r.judge()
}

// Element checks one element of a streamed array; pointer is the element's
// JSON pointer from the document's root. An element at a place that documents
// of this kind do not have is passed over.
func (c *Checker) Element(pointer string, element any, report func(Message)) {
	n := c.place(pointer)
	if n == nil {
		return
	}
	n.val = element
	n.only = nil
	r := &run{checker: c, report: report}
	r.outer(n.parent)
	r.check(n)
	r.judge()
}

// place returns the node at a JSON pointer, without its value, in a document
// that holds nothing else.
func (c *Checker) place(pointer string) *node {
	segments := strings.Split(pointer, "/")
	if len(segments) < 3 || segments[0] != "" || segments[1] != c.kind {
		return nil
	}
	doc := &document{}
	n := &node{doc: doc, typ: c.root, key: c.kind, idx: -1}
	doc.root = n
	for i := 2; i < len(segments); i++ {
		p := n.typ.byKey[segments[i]]
		if p == nil || p.typ == nil {
			return nil
		}
		child := &node{doc: doc, parent: n, typ: p.typ, key: p.key, idx: -1}
		if i+1 < len(segments) {
			if idx, err := strconv.Atoi(segments[i+1]); err == nil && idx >= 0 {
				child.idx = idx
				i++
			}
		}
		n.only = child
		n = child
	}
	return n
}

// A run is one call of Root or Element.
type run struct {
	checker *Checker
	report  func(Message)

	// The values that constraints of the type allowed-values speak of, in the
	// order in which they came up. They are judged at the end, because the
	// constraints of all that a value lies in count together.
	values  []pending
	valueAt map[nodeKey]int
}

// A pending value waits for the rules that speak of it.
type pending struct {
	node  *node
	rules []*rule
}

// index enters what index constraints speak of into their indexes, before
// anything refers to them.
func (r *run) index(n *node) {
	for _, rule := range n.typ.rules {
		if rule.kind != kindIndex {
			continue
		}
		index := r.checker.indexes[rule.index]
		if index == nil {
			index = map[string]bool{}
			r.checker.indexes[rule.index] = index
		}
		r.unique(rule, n, func(key string) { index[key] = true })
	}
	n.children(func(child *node) bool {
		if child.typ != nil && child.typ.leadsToIndex {
			r.index(child)
		}
		return true
	})
}

// check evaluates all other constraints of a node and of what lies in it.
func (r *run) check(n *node) {
	for _, rule := range n.typ.rules {
		switch rule.kind {
		case kindAllowedValues:
			r.allowed(rule, n)
		case kindMatches:
			r.matches(rule, n)
		case kindExpect:
			r.expect(rule, n)
		case kindCardinality:
			r.cardinality(rule, n)
		case kindUnique:
			r.unique(rule, n, nil)
		case kindHasKey:
			r.hasKey(rule, n)
		case kindIndex: // done
		}
	}
	n.children(func(child *node) bool {
		if child.typ != nil && child.typ.leadsToRule {
			r.check(child)
		}
		return true
	})
}

// outer evaluates those constraints of the places around an element that reach
// into it: that of a system implementation speaks of values of its inventory
// items. No constraint of another type reaches into one, which a test shows.
func (r *run) outer(n *node) {
	for ; n != nil; n = n.parent {
		for _, rule := range n.typ.rules {
			if rule.kind == kindAllowedValues {
				r.allowed(rule, n)
			}
		}
	}
}

func (r *run) allowed(rule *rule, n *node) {
	rule.target.each(n, func(target *node) bool {
		if _, ok := target.atom(); !ok {
			return true
		}
		if r.valueAt == nil {
			r.valueAt = map[nodeKey]int{}
		}
		key := target.identity()
		at, ok := r.valueAt[key]
		if !ok {
			at = len(r.values)
			r.valueAt[key] = at
			r.values = append(r.values, pending{node: target})
		}
		r.values[at].rules = append(r.values[at].rules, rule)
		return true
	})
}

// judge decides on the values that allowed came across. The sets of all
// constraints that speak of a value are united. A value in none of them is
// wrong as soon as one set is closed.
func (r *run) judge() {
	for _, p := range r.values {
		value, _ := p.node.atom()
		var closed *rule
		found := false
		for _, rule := range p.rules {
			found = found || rule.values[value]
			if closed == nil && !rule.open {
				closed = rule
			}
		}
		if found || closed == nil {
			continue
		}
		var all []string
		for _, rule := range p.rules {
			for _, v := range rule.list {
				if !slices.Contains(all, v) {
					all = append(all, v)
				}
			}
		}
		text := fmt.Sprintf("%s %s is not allowed here; allowed: %s", p.node.name(), quote(value), enumerate(all))
		if parent := p.node.parent; parent != nil && parent.typ != nil && parent.typ.name == propertyType && p.node.key == "name" {
			text += "; a name of your own needs an ns of your own"
		}
		r.tell(closed, p.node, value, text)
	}
}

func (r *run) matches(rule *rule, n *node) {
	rule.target.each(n, func(target *node) bool {
		value, ok := target.atom()
		if !ok || rule.match(value) {
			return true
		}
		want := "a value of the type " + rule.datatype
		if rule.datatype == "" {
			want = "a value that matches " + rule.regex
		}
		r.tell(rule, target, value, fmt.Sprintf("%s %s is not valid here; want %s", target.name(), quote(value), want))
		return true
	})
}

func (r *run) expect(rule *rule, n *node) {
	rule.target.each(n, func(target *node) bool {
		if !rule.test.truth(target) {
			r.tell(rule, target, "", target.name()+" "+expectTexts[rule.testText])
		}
		return true
	})
}

// expectTexts say what is wrong where a test of an expect constraint fails.
var expectTexts = map[string]string{
	"@uuid":                    "has no uuid",
	"exists(@end)":             "has no end",
	"exists(@start)":           "has no start",
	"not(@method='merge')":     "has the method merge, which is deprecated",
	"not(@start > @end)":       "starts after its end",
	"not(exists(@depends-on))": "has depends-on, which is deprecated",
	"not(exists(@media-type))": "points into the document and has a media-type, which belongs to what it points to",
	"not(exists((.)[not(@type='service')]/protocol))":                                                               "has protocols, which only components of the type service may have",
	"prop[@name='status']/@value=('withdrawn','Withdrawn') or part[@name='statement']":                              "is not withdrawn and has no part named statement",
	"prop[has-oscal-namespace(('http://csrc.nist.gov/ns/oscal','http://csrc.nist.gov/ns/rmf')) and @name='method']": "has no prop named method",
	"title": "has a citation and no title",
}

func (r *run) cardinality(rule *rule, n *node) {
	count := 0
	rule.target.each(n, func(*node) bool { count++; return true })
	if count >= rule.min && (rule.max < 0 || count <= rule.max) {
		return
	}
	want := "at least " + strconv.Itoa(rule.min)
	if rule.max == rule.min {
		want = "exactly " + strconv.Itoa(rule.min)
	} else if count > rule.max && rule.max >= 0 {
		want = "at most " + strconv.Itoa(rule.max)
	}
	r.tell(rule, n, "", fmt.Sprintf("%s has %d of %s; want %s", n.name(), count, namespaceTest.ReplaceAllString(rule.target.text, ""), want))
}

// namespaceTest matches what makes targets hard to read in messages: names
// without a namespace are NIST's anyway.
var namespaceTest = regexp.MustCompile(`\[has-oscal-namespace\([^)]*\)+\]|has-oscal-namespace\([^)]*\)+ and `)

// unique reports the targets whose key an earlier one has, and gives every key
// to enter. A target without any part of the key has no key and equals no
// other.
func (r *run) unique(rule *rule, n *node, enter func(key string)) {
	seen := map[string]*node{}
	rule.target.each(n, func(target *node) bool {
		key, ok := rule.key(target)
		if !ok {
			return true
		}
		if first := seen[key.joined]; first != nil {
			r.tell(rule, target, key.text, fmt.Sprintf("%s repeats the %s %s of %s; it must be unique",
				target.name(), rule.keyNames, quote(key.text), first.pointer()))
			return true
		}
		seen[key.joined] = target
		if enter != nil {
			enter(key.joined)
		}
		return true
	})
}

func (r *run) hasKey(rule *rule, n *node) {
	rule.target.each(n, func(target *node) bool {
		key, ok := rule.key(target)
		switch {
		case key.many > 0:
			// The metaschema wants a key to be one item, and NIST's tools
			// reject what is more.
			r.tell(rule, target, "", fmt.Sprintf("%s has %d of %s; a reference to the %s can have only one here", target.name(), key.many, rule.keyNames, indexTitle(rule.index)))
		case !ok:
			at := target
			if key.node != nil {
				at = key.node
			}
			r.tell(rule, at, key.text, fmt.Sprintf("%s has no %s to look up among the %s", target.name(), rule.keyNames, indexTitle(rule.index)))
		case !r.checker.indexes[rule.index][key.joined]:
			r.tell(rule, key.node, key.text, fmt.Sprintf("%s %s is not one of the %s", key.node.name(), quote(key.text), indexTitle(rule.index)))
		}
		return true
	})
}

func (r *run) tell(rule *rule, n *node, value, text string) {
	r.report(Message{Level: rule.level, Rule: rule.id, Pointer: n.pointer(), Value: value, Text: text})
}

// indexTitles say in words what the indexes that are referred to hold.
var indexTitles = map[string]string{
	"by-component-export-provided-uuid":                        "uuids of provided capabilities that by-components export",
	"by-component-uuid":                                        "uuids of by-components",
	"catalog-groups-controls-parts":                            "ids of the catalog's groups, controls and parts",
	"index-back-matter-resource":                               "uuids of back-matter resources",
	"index-metadata-location-uuid":                             "uuids of locations in the metadata",
	"index-metadata-party-organizations-uuid":                  "uuids of parties of the type organization in the metadata",
	"index-metadata-party-uuid":                                "uuids of parties in the metadata",
	"index-metadata-role-id":                                   "ids of roles in the metadata",
	"index-system-implementation-component-uuid":               "uuids of the system's components",
	"index-system-implementation-component-uuid-service":       "uuids of the system's components of the type service",
	"index-system-implementation-component-uuid-validation":    "uuids of the system's components of the type validation",
	"index-system-implementation-leveraged-authorization-uuid": "uuids of the system's leveraged authorizations",
}

func indexTitle(name string) string {
	if title := indexTitles[name]; title != "" {
		return title
	}
	return "keys of " + name
}

// maxListed is how many allowed values a message names.
const maxListed = 15

func enumerate(values []string) string {
	if len(values) <= maxListed {
		return strings.Join(values, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(values[:maxListed], ", "), len(values)-maxListed)
}

// maxQuoted is how many characters of a value a message quotes. Values are
// foreign text of any length.
const maxQuoted = 100

func quote(s string) string {
	for i := range s {
		if i >= maxQuoted {
			return strconv.Quote(s[:i] + "…")
		}
	}
	return strconv.Quote(s)
}
