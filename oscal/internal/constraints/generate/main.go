// Command generate writes the tables that package constraints embeds.
//
//	go run ./oscal/internal/constraints/generate -facts DIR [-out oscal/internal/constraints/data]
//
// DIR holds four files of NIST's OSCAL releases, which are in the public
// domain:
//
//	oscal-constraints-1.1.3.json      the constraints of the metaschema modules
//	oscal-constraints-1.2.2.json
//	oscal_complete_schema-1-1-3.json  the JSON schemas, for what contains what
//	oscal_complete_schema-1-2-2.json
//
// The constraint files are arrays of objects that name a constraint's module,
// the path of the definition that carries it, and its attributes. A row that
// both releases have is written once. Release 1.1.3 gives most of its
// constraints no id; they get the id that the same constraint has in 1.2.2.
//
// The files are read in full before anything is written, and anything that
// does not fit is an error. The same facts always give the same bytes.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-shca/shca/internal/generators"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stderr))
}

func run(args []string, stderr io.Writer) int {
	return generators.Program{Flag: "facts", Of: "the facts", Out: "oscal/internal/constraints/data", Files: generate}.Run(args, stderr)
}

// generate returns the tables by file name.
func generate(facts string) (files map[string][]byte, notes []string, err error) {
	var rows [len(releases)][]row
	var models [len(releases)]model
	for i, r := range releases {
		if err := read(filepath.Join(facts, r.constraints), &rows[i]); err != nil {
			return nil, nil, err
		}
		if got := len(rows[i]); got != r.rows {
			return nil, nil, fmt.Errorf("%s: %d constraints, want %d", r.constraints, got, r.rows)
		}
		var s schema
		if err := read(filepath.Join(facts, r.schema), &s); err != nil {
			return nil, nil, err
		}
		models[i] = model{}
		if err := models[i].add(s); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", r.schema, err)
		}
	}
	constraints, err := mergeConstraints(rows)
	if err != nil {
		return nil, nil, err
	}
	return map[string][]byte{
		"constraints.json": constraints,
		"model.csv":        mergeModels(models),
	}, nil, nil
}

// releases are the OSCAL releases that have a table, oldest first, with how
// many constraints each has. A new release changes its number here, on
// purpose.
var releases = [2]struct {
	version, constraints, schema string
	rows                         int
}{
	{"1.1", "oscal-constraints-1.1.3.json", "oscal_complete_schema-1-1-3.json", 329},
	{"1.2", "oscal-constraints-1.2.2.json", "oscal_complete_schema-1-2-2.json", 328},
}

func read(file string, v any) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// A row is one constraint as the facts have it.
type row struct {
	Module   string   `json:"module"`
	Path     string   `json:"path"`
	Type     string   `json:"t"`
	ID       string   `json:"id"`
	Target   string   `json:"target"`
	Other    string   `json:"other"`
	Values   []string `json:"en"`
	Keys     []string `json:"keys"`
	Level    string   `json:"level"`
	Name     string   `json:"name"`
	Test     string   `json:"test"`
	Min      string   `json:"mn"`
	Max      string   `json:"mx"`
	Regex    string   `json:"rx"`
	Datatype string   `json:"dt"`
}

// A constraint is one line of the output.
type constraint struct {
	Version  string   `json:"version,omitempty"` // empty: every release
	In       string   `json:"in"`
	Type     string   `json:"type"`
	ID       string   `json:"id"`
	Level    string   `json:"level,omitempty"` // empty: an error
	Target   string   `json:"target"`
	Open     bool     `json:"open,omitempty"`
	Values   []string `json:"values,omitempty"`
	Name     string   `json:"name,omitempty"`
	Keys     []string `json:"keys,omitempty"`
	Test     string   `json:"test,omitempty"`
	Min      string   `json:"min,omitempty"`
	Max      string   `json:"max,omitempty"`
	Regex    string   `json:"regex,omitempty"`
	Datatype string   `json:"datatype,omitempty"`
}

// prefixes are the JSON schema's names of the metaschema modules that it does
// not call by their own.
var prefixes = map[string]string{
	"assessment-plan":    "ap",
	"assessment-results": "ar",
	"component":          "component-definition",
}

// ownIDs are the constraints of 1.1.3 that have no id there and no like in
// 1.2.2, by definition, target and test.
var ownIDs = map[string]string{
	"implementation-common:system-component . not(exists((.)[not(@type='service')]/protocol))":                   "oscal-component-protocol-service-only",
	"ssp:system-implementation component/link[@rel='validated-by'] ":                                             "oscal-system-implementation-validated-by-index",
	"ssp:system-implementation component/link[@rel='proof-of-compliance'] ":                                      "oscal-system-implementation-proof-of-compliance-index",
	"ssp:implemented-requirement responsible-role|statement/responsible-role|.//by-component//responsible-role ": "oscal-implemented-requirement-index-metadata-party-uuid",
	// 1.2.2 has this one in another module.
	"profile:@with-child-controls . ": "oscal-with-child-controls-values",
}

func mergeConstraints(rows [len(releases)][]row) ([]byte, error) {
	var all [len(releases)][]constraint
	for i := range rows {
		for _, r := range rows[i] {
			c, err := r.constraint()
			if err != nil {
				return nil, fmt.Errorf("%s: %s %s: %w", releases[i].constraints, r.Path, r.Target, err)
			}
			all[i] = append(all[i], c)
		}
	}
	old, recent := all[0], all[1]
	if err := giveIDs(old, recent); err != nil {
		return nil, err
	}

	// Rows stay in the order of the newer release; what only the older has
	// follows at the end.
	key := func(c constraint) string {
		data, _ := json.Marshal(c) // strings and a bool only
		return string(data)
	}
	left := map[string]int{}
	for _, c := range old {
		left[key(c)]++
	}
	var merged []constraint
	for _, c := range recent {
		if k := key(c); left[k] > 0 {
			left[k]--
		} else {
			c.Version = releases[1].version
		}
		merged = append(merged, c)
	}
	for _, c := range old {
		if k := key(c); left[k] > 0 {
			left[k]--
			c.Version = releases[0].version
			merged = append(merged, c)
		}
	}
	var out bytes.Buffer
	for i, c := range merged {
		out.WriteString([]string{"[\n", ",\n"}[min(i, 1)])
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(c); err != nil {
			return nil, err
		}
		out.Truncate(out.Len() - 1) // the encoder's line end
	}
	out.WriteString("\n]\n")
	return out.Bytes(), nil
}

func (r row) constraint() (constraint, error) {
	c := constraint{
		In: cmp.Or(prefixes[r.Module], r.Module) + ":" + r.Path, Type: r.Type, ID: r.ID, Target: r.Target,
		Name: r.Name, Keys: r.Keys, Test: r.Test, Min: r.Min, Max: r.Max, Regex: r.Regex, Datatype: r.Datatype,
	}
	switch r.Level {
	case "ERROR":
	case "WARNING":
		c.Level = "warning"
	default:
		return c, fmt.Errorf("unknown level %q", r.Level)
	}
	switch r.Other {
	case "no":
	case "yes":
		c.Open = true
	default:
		return c, fmt.Errorf("unknown allow-other %q", r.Other)
	}
	for _, v := range r.Values {
		v, _, _ = strings.Cut(v, "†") // a deprecated value is still allowed
		if !slices.Contains(c.Values, v) {
			c.Values = append(c.Values, v)
		}
	}
	return c, nil
}

// giveIDs gives the constraints of the older release the ids of the newer one:
// those of the same constraint, or else of the one that has the same target and
// only other values or another level.
func giveIDs(old, recent []constraint) error {
	like := []func(constraint) string{
		func(c constraint) string { c.ID = ""; data, _ := json.Marshal(c); return string(data) },
		func(c constraint) string { return strings.Join([]string{c.In, c.Type, c.Target, c.Name}, "\n") },
	}
	done := make([]bool, len(old))
	for _, key := range like {
		ids := map[string][]string{}
		for _, c := range recent {
			ids[key(c)] = append(ids[key(c)], c.ID)
		}
		for i, c := range old {
			k := key(c)
			if done[i] || len(ids[k]) == 0 {
				continue
			}
			old[i].ID, done[i] = ids[k][0], true
			if len(ids[k]) > 1 { // the same constraint twice: one id each
				ids[k] = ids[k][1:]
			}
		}
	}
	for i, c := range old {
		if done[i] {
			continue
		}
		id := ownIDs[c.In+" "+c.Target+" "+c.Test]
		if id == "" {
			return fmt.Errorf("%s %s: no id: name it in ownIDs", c.In, c.Target)
		}
		old[i].ID = id
	}
	return nil
}

// A schema is what we read of a JSON schema.
type schema struct {
	Definitions map[string]schema `json:"definitions"`
	Ref         string            `json:"$ref"`
	Properties  map[string]schema `json:"properties"`
	Items       *schema           `json:"items"`
	AnyOf       []schema          `json:"anyOf"`
	OneOf       []schema          `json:"oneOf"`
}

// A model says for each type, such as "metadata:metadata/party", what its
// members are: the JSON key, with the metaschema's name before it where that
// differs and the type after it if it has one, "prop:props=metadata:property".
type model map[string]map[string]bool

const definitionPrefix = "#/definitions/oscal-complete-oscal-"

func (m model) add(s schema) error {
	for name, d := range s.Definitions {
		if local, ok := strings.CutPrefix("#/definitions/"+name, definitionPrefix); ok {
			m.addType(local, d)
		}
	}
	if len(s.OneOf) == 0 {
		return errors.New("no kinds of documents")
	}
	for _, kind := range s.OneOf {
		m.addType("root", kind)
	}
	delete(m["root"], "$schema")
	for name, members := range m {
		for member := range members {
			if _, child, ok := strings.Cut(member, "="); ok && m[child] == nil {
				return fmt.Errorf("%s: %s has no definition", name, member)
			}
		}
	}
	return nil
}

func (m model) addType(name string, s schema) {
	if m[name] == nil {
		m[name] = map[string]bool{}
	}
	for key, p := range s.Properties {
		// A few arrays may also be given as their only element.
		for _, alternative := range p.AnyOf {
			if alternative.Items != nil {
				p = alternative
			}
		}
		element, item := key, p
		if p.Items != nil {
			element, item = elementName(key), *p.Items
		}
		member := key
		if element != key {
			member = element + ":" + key
		}
		switch {
		case strings.HasPrefix(item.Ref, definitionPrefix):
			member += "=" + strings.TrimPrefix(item.Ref, definitionPrefix)
		case isObject(item):
			child := name + "/" + element
			m.addType(child, item)
			member += "=" + child
		}
		m[name][member] = true
	}
	for _, alternative := range slices.Concat(s.AnyOf, s.OneOf) {
		m.addType(name, alternative)
	}
}

func isObject(s schema) bool {
	return s.Properties != nil || slices.ContainsFunc(s.AnyOf, isObject)
}

// groups are the JSON names of groups that are not the plural of their
// elements' name in the metaschema.
var groups = map[string]string{
	"functions-performed":    "function-performed",
	"insert-controls":        "insert-controls",
	"objectives-and-methods": "objectives-and-methods",
	"related-risks":          "associated-risk",
	"remediations":           "response",
	"unmapped-controls":      "unmapped-controls",
}

// elementName returns the metaschema's name of the elements of a JSON array.
func elementName(key string) string {
	if name := groups[key]; name != "" {
		return name
	}
	if stem, ok := strings.CutSuffix(key, "ies"); ok {
		return stem + "y"
	}
	for _, ending := range []string{"sses", "shes"} {
		if strings.HasSuffix(key, ending) {
			return strings.TrimSuffix(key, "es")
		}
	}
	return strings.TrimSuffix(key, "s")
}

func mergeModels(models [len(releases)]model) []byte {
	var lines []string
	line := func(version, name string, members map[string]bool) {
		lines = append(lines, name+","+version+","+strings.Join(slices.Sorted(maps.Keys(members)), " ")+"\n")
	}
	old, recent := models[0], models[1]
	same := func(name string) bool {
		return old[name] != nil && recent[name] != nil && maps.Equal(old[name], recent[name])
	}
	for name, members := range recent {
		if same(name) {
			line("", name, members)
		} else {
			line(releases[1].version, name, members)
		}
	}
	for name, members := range old {
		if !same(name) {
			line(releases[0].version, name, members)
		}
	}
	slices.Sort(lines)
	return []byte("type,version,members\n" + strings.Join(lines, ""))
}
