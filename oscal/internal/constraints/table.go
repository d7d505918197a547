package constraints

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The releases that have a table.
const (
	release11 = "1.1"
	release12 = "1.2"
)

//go:embed data/constraints.json
var constraintsJSON []byte

//go:embed data/model.csv
var modelCSV []byte

// load returns the types of a release with the constraints bound to them. They
// are made once and never change.
func load(release string) (*types, error) {
	if release == release11 {
		return load11()
	}
	return load12()
}

var (
	load11 = sync.OnceValues(func() (*types, error) { return newTypes(release11, modelCSV, constraintsJSON) })
	load12 = sync.OnceValues(func() (*types, error) { return newTypes(release12, modelCSV, constraintsJSON) })
)

// types are the types of a release by name. That of whole documents is "root".
type types struct {
	byName map[string]*typ
	rules  []*rule // all, in the order of the table
}

type kind string

// The types of constraints, by the metaschema's names.
const (
	kindAllowedValues kind = "allowed-values"
	kindMatches       kind = "matches"
	kindExpect        kind = "expect"
	kindCardinality   kind = "has-cardinality"
	kindUnique        kind = "is-unique"
	kindIndex         kind = "index"
	kindHasKey        kind = "index-has-key"
)

// A rule is a constraint, ready to be evaluated.
type rule struct {
	kind   kind
	id     string
	in     string // the definition that carries it
	level  string
	target metapath

	// allowed-values
	open   bool // other values are allowed as well
	list   []string
	values map[string]bool

	// matches
	datatype, regex string
	match           func(string) bool

	// expect
	test     expr
	testText string

	// has-cardinality; max is -1 if there is none
	min, max int

	// is-unique, index, index-has-key
	index    string
	keys     []keyField
	keyNames string
}

// A keyField is a part of a key: the node that target selects, or the group of
// pattern in its value if there is one.
type keyField struct {
	target  metapath
	pattern *regexp.Regexp
	isNS    bool
}

// A key is what is-unique, index and index-has-key compare.
type key struct {
	joined string // tells absent parts from empty ones
	text   string // for people
	node   *node  // of the first part that there is
	many   int    // how many nodes there are for a part that has more than one
}

// key returns the key of a node; ok is false if it has no part of it at all, or
// more than one for a part.
func (r *rule) key(n *node) (k key, ok bool) {
	for _, field := range r.keys {
		var part *node
		count := 0
		field.target.each(n, func(m *node) bool {
			if count++; count == 1 {
				part = m
			}
			return true
		})
		if count > 1 {
			return key{many: count}, false
		}
		value, present := "", false
		if part != nil {
			value, present = part.atom()
		}
		if k.node == nil {
			k.node = part
		}
		if present {
			k.text = strings.TrimPrefix(k.text+" "+value, " ")
		}
		if present && field.pattern != nil {
			// A value that does not match has no key.
			if groups := field.pattern.FindStringSubmatch(value); groups != nil {
				value = groups[1]
			} else {
				present = false
			}
		}
		ok = ok || present
		if field.isNS && !present {
			value, present = defaultNS, true
		}
		if present {
			k.joined += strconv.Itoa(len(value)) + ":" + value
		}
		k.joined += ";"
	}
	return k, ok
}

// newTypes reads the tables and binds every constraint of the release. A
// constraint that is not understood, or that belongs to nothing, is an error.
func newTypes(release string, model, constraints []byte) (*types, error) {
	t := &types{byName: map[string]*typ{}}
	if err := t.readModel(release, model); err != nil {
		return nil, fmt.Errorf("model of OSCAL %s: %w", release, err)
	}
	var rows []row
	if err := json.Unmarshal(constraints, &rows); err != nil {
		return nil, fmt.Errorf("constraints: %w", err)
	}
	for _, row := range rows {
		if row.Version != "" && row.Version != release {
			continue
		}
		rule, err := newRule(row)
		if err == nil {
			err = t.bind(rule)
		}
		if err != nil {
			return nil, fmt.Errorf("constraint %s of OSCAL %s: %w", row.ID, release, err)
		}
		t.rules = append(t.rules, rule)
	}
	for name, value := range valueKeys {
		typ := t.byName[name]
		if typ == nil || typ.byKey[value] == nil {
			return nil, fmt.Errorf("model of OSCAL %s: %s has no member %s", release, name, value)
		}
		typ.value = value
	}
	if err := t.markStreamed(); err != nil {
		return nil, err
	}
	t.markLeads()
	return t, nil
}

func (t *types) readModel(release string, model []byte) error {
	records, err := csv.NewReader(bytes.NewReader(model)).ReadAll()
	if err != nil {
		return err
	}
	members := map[string]string{}
	for _, record := range records[min(1, len(records)):] {
		if len(record) != 3 {
			return fmt.Errorf("%q: want three columns", record)
		}
		if version := record[1]; version != "" && version != release {
			continue
		}
		t.add(record[0])
		members[record[0]] = record[2]
	}
	for name, text := range members {
		typ := t.byName[name]
		for _, spec := range strings.Fields(text) {
			spec, child, hasType := strings.Cut(spec, "=")
			element, key, differs := strings.Cut(spec, ":")
			if !differs {
				key = element
			}
			m := &member{key: key, element: element}
			if hasType {
				if m.typ = t.byName[child]; m.typ == nil {
					return fmt.Errorf("%s: no type %s", name, child)
				}
			}
			if typ.byKey[key] != nil || typ.byElement[element] != nil {
				return fmt.Errorf("%s: two members %s", name, key)
			}
			typ.addMember(m)
		}
	}
	if t.byName["root"] == nil {
		return errors.New("no root")
	}
	return nil
}

func (t *types) add(name string) *typ {
	typ := &typ{name: name, byKey: map[string]*member{}, byElement: map[string]*member{}}
	t.byName[name] = typ
	return typ
}

func (t *typ) addMember(m *member) {
	t.byKey[m.key], t.byElement[m.element] = m, m
	at, _ := slices.BinarySearchFunc(t.members, m.key, func(a *member, key string) int { return strings.Compare(a.key, key) })
	t.members = slices.Insert(t.members, at, m)
}

// A row is a line of the table of constraints.
type row struct {
	Version  string   `json:"version"`
	In       string   `json:"in"`
	Type     kind     `json:"type"`
	ID       string   `json:"id"`
	Level    string   `json:"level"`
	Target   string   `json:"target"`
	Open     bool     `json:"open"`
	Values   []string `json:"values"`
	Name     string   `json:"name"`
	Keys     []string `json:"keys"`
	Test     string   `json:"test"`
	Min      string   `json:"min"`
	Max      string   `json:"max"`
	Regex    string   `json:"regex"`
	Datatype string   `json:"datatype"`
}

func newRule(row row) (*rule, error) {
	r := &rule{kind: row.Type, id: row.ID, in: row.In, open: row.Open, index: row.Name, max: -1}
	switch row.Level {
	case "":
		r.level = "error"
	case "warning":
		r.level = row.Level
	default:
		return nil, fmt.Errorf("unknown level %q", row.Level)
	}
	var err error
	if r.target, err = parseMetapath(row.Target); err != nil {
		return nil, err
	}
	switch row.Type {
	case kindAllowedValues:
		r.list, r.values = row.Values, map[string]bool{}
		for _, v := range row.Values {
			r.values[v] = true
		}
		if len(r.values) == 0 {
			return nil, errors.New("no values")
		}
	case kindMatches:
		r.datatype, r.regex = row.Datatype, row.Regex
		r.match, err = matcher(row.Datatype, row.Regex)
	case kindExpect:
		r.testText = row.Test
		if r.test, err = parseExpr(row.Test); err == nil && expectTexts[row.Test] == "" {
			err = fmt.Errorf("no words for %q in expectTexts", row.Test)
		}
	case kindCardinality:
		if row.Min != "" {
			r.min, err = strconv.Atoi(row.Min)
		}
		if row.Max != "" && err == nil {
			r.max, err = strconv.Atoi(row.Max)
		}
		if row.Min == "" && row.Max == "" {
			err = errors.New("no bounds")
		}
	case kindUnique, kindIndex, kindHasKey:
		if (row.Type == kindUnique) != (row.Name == "") || len(row.Keys) == 0 {
			return nil, errors.New("no index or no key")
		}
		r.keyNames = strings.ReplaceAll(strings.Join(row.Keys, ", "), "@", "")
		for _, text := range row.Keys {
			field := keyField{isNS: text == "@ns"}
			path, pattern, _ := strings.Cut(text, " ~ ")
			r.keyNames = strings.ReplaceAll(r.keyNames, " ~ "+pattern, "")
			if field.target, err = parseMetapath(path); err != nil {
				return nil, err
			}
			if pattern != "" {
				if field.pattern, err = regexp.Compile("^(?:" + pattern + ")$"); err != nil {
					return nil, err
				}
				if field.pattern.NumSubexp() != 1 {
					return nil, fmt.Errorf("pattern %q: want one group", pattern)
				}
			}
			r.keys = append(r.keys, field)
		}
		if r.keyNames == "." {
			r.keyNames = "value"
		}
	default:
		return nil, fmt.Errorf("unknown type %q", row.Type)
	}
	return r, err
}

// flagDefinitions are the flags that the metaschema defines by themselves, and
// the members that use them.
var flagDefinitions = map[string][]struct{ typ, key string }{
	"assessment-common:@subject-type": {
		{"assessment-common:select-subject-by-id", "type"},
		{"assessment-common:subject-reference", "type"},
	},
	"component-definition:@defined-component-type": {{"component-definition:defined-component", "type"}},
	"control-common:@with-child-controls":          {{"control-common:select-control-by-id", "with-child-controls"}},
	"implementation-common:@system-component-type": {{"implementation-common:system-component", "type"}},
	"metadata:@location-type":                      {{"metadata:address", "type"}},
	"profile:@with-child-controls":                 {{"profile:select-control-by-id", "with-child-controls"}},
}

// bind attaches a rule to the definition that carries it, wherever that is
// used.
func (t *types) bind(r *rule) error {
	if uses := flagDefinitions[r.in]; uses != nil {
		for _, use := range uses {
			typ := t.byName[use.typ]
			if typ == nil || typ.byKey[use.key] == nil {
				return fmt.Errorf("%s: no member %s of %s", r.in, use.key, use.typ)
			}
			m := t.plain(typ, typ.byKey[use.key])
			m.rules = append(m.rules, r)
		}
		return nil
	}
	names := strings.Split(r.in, "/")
	typ := t.byName[names[0]]
	if typ == nil {
		return fmt.Errorf("no definition %s", names[0])
	}
	for _, name := range names[1:] {
		flag, isFlag := strings.CutPrefix(name, "@")
		m := typ.byElement[name]
		if isFlag {
			m = typ.byKey[flag]
		}
		if m == nil && isFlag && slices.Contains(withoutSchema, r.in) {
			m = &member{key: flag, element: flag}
			typ.addMember(m)
		}
		if m == nil {
			return fmt.Errorf("%s: no %s in %s", r.in, name, typ.name)
		}
		typ = t.plain(typ, m)
	}
	typ.rules = append(typ.rules, r)
	return nil
}

// withoutSchema are flags that the metaschema has and the JSON schemas, by a
// mistake of NIST's, have not in every release.
var withoutSchema = []string{"profile:merge/combine/@method"}

// plain returns the type of a member, which it makes if the member is a plain
// value.
func (t *types) plain(parent *typ, m *member) *typ {
	if m.typ == nil {
		m.typ = t.add(parent.name + "/@" + m.key)
	}
	return m.typ
}

func (t *types) markStreamed() error {
	for kind, patterns := range streamed {
		root := t.byName["root"].byKey[kind]
		if root == nil {
			return fmt.Errorf("no kind of document %s", kind)
		}
		for _, pattern := range patterns {
			m := root
			for _, key := range strings.Split(pattern, "/")[2:] {
				if key == "*" {
					continue
				}
				if m.typ == nil || m.typ.byKey[key] == nil {
					return fmt.Errorf("streamed array %s: no %s", pattern, key)
				}
				m = m.typ.byKey[key]
			}
			m.streamed = true
		}
	}
	return nil
}

// markLeads says of every type whether there is a rule in it, so that what has
// none need not be walked. Types may contain themselves, hence the repetition.
func (t *types) markLeads() {
	for changed := true; changed; {
		changed = false
		for _, typ := range t.byName {
			rule, index := typ.leadsToRule, typ.leadsToIndex
			for _, r := range typ.rules {
				rule = true
				index = index || r.kind == kindIndex
			}
			for _, m := range typ.members {
				if m.typ != nil {
					rule = rule || m.typ.leadsToRule
					index = index || m.typ.leadsToIndex
				}
			}
			if rule != typ.leadsToRule || index != typ.leadsToIndex {
				typ.leadsToRule, typ.leadsToIndex = rule, index
				changed = true
			}
		}
	}
}
