// Command generate writes the tables that package validate embeds.
//
//	go run ./ocsf/validate/generate -facts DIR [-out ocsf/validate/tables]
//
// DIR holds a file ocsf-VERSION.json for each version in versions: the facts of
// the public OCSF schema (github.com/ocsf/ocsf-schema, Apache-2.0), compiled so
// that every class and object has all of its attributes, each with its type or
// object, requirement, enumeration, profiles and deprecation.
//
// Of these the finding classes are kept, with the objects and types that can be
// reached from them, and of the attributes what is checked. An enumeration that
// several attributes have is written once. There is one attribute to a line, so
// that the difference between two versions can be read.
//
// The files are read in full before anything is written, and anything that does
// not fit is an error. The same facts always give the same bytes.
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
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-shca/shca/internal/generators"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stderr))
}

func run(args []string, stderr io.Writer) int {
	return generators.Program{Flag: "facts", Of: "the facts", Out: "ocsf/validate/tables", Files: generate}.Run(args, stderr)
}

// versions are those that have a table, with the classes that each must have. A
// new version, or a class more, changes a line here, on purpose.
var versions = []struct {
	version string
	classes []string
}{
	{"1.1.0", []string{"2001", "2002", "2003", "2004"}},
	{"1.6.0", []string{"2001", "2002", "2003", "2004", "2006", "2007", "2008"}},
}

// generate returns the tables by file name.
func generate(dir string) (files map[string][]byte, notes []string, err error) {
	files = map[string][]byte{}
	for _, v := range versions {
		name := "ocsf-" + v.version + ".json"
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, nil, err
		}
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.DisallowUnknownFields()
		var s schema
		if err := dec.Decode(&s); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		if s.Version != v.version {
			return nil, nil, fmt.Errorf("%s: is of OCSF %q, want %s", name, s.Version, v.version)
		}
		if files[name], err = table(s, v.classes); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return files, nil, nil
}

// A schema is one version of OCSF as the facts have it.
type schema struct {
	Format     int             `json:"format"`
	Version    string          `json:"version"`
	Extensions json.RawMessage `json:"extensions"`
	Categories json.RawMessage `json:"categories"`
	Profiles   []string        `json:"profiles"`
	Types      map[string]kind `json:"types"`
	Classes    map[string]item `json:"classes"`
	Objects    map[string]item `json:"objects"`
}

// A kind is a data type.
type kind struct {
	Base       string  `json:"b"`
	Regex      string  `json:"regex"`
	MaxLen     int     `json:"max_len"`
	Range      []int64 `json:"range"`
	Values     []any   `json:"values"`
	Observable int     `json:"ob"`
}

// An item is a class or an object.
type item struct {
	Name        string               `json:"name"`
	Caption     string               `json:"caption"`
	Category    int                  `json:"category"`
	Attributes  map[string]attribute `json:"at"`
	Profiles    []string             `json:"profiles"`
	Constraints map[string][]string  `json:"c"`
	Deprecated  []string             `json:"dep"`
	Observable  int                  `json:"ob"`
}

type attribute struct {
	Type             string            `json:"t"`
	Object           string            `json:"o"`
	Requirement      int               `json:"q"` // 2: required
	Array            int               `json:"a"`
	Enum             map[string]string `json:"e"`
	DeprecatedValues map[string]string `json:"ed"`
	Sibling          string            `json:"s"`
	Profiles         []string          `json:"p"`
	Deprecated       []string          `json:"dep"`
	Observable       int               `json:"ob"`
}

// What is written of a type, an item and an attribute; package validate reads
// the same.
type (
	typeRow struct {
		Base       string  `json:"base"`
		Regex      string  `json:"regex,omitempty"`
		MaxLen     int     `json:"max_len,omitempty"`
		Range      []int64 `json:"range,omitempty"`
		Observable int     `json:"observable,omitempty"`
	}
	itemRow struct {
		Name        string              `json:"name,omitempty"` // of a class
		Profiles    []string            `json:"profiles,omitempty"`
		Constraints map[string][]string `json:"constraints,omitempty"`
		Deprecated  []string            `json:"deprecated,omitempty"`
		Observable  int                 `json:"observable,omitempty"`
	}
	attributeRow struct {
		Type             string            `json:"type,omitempty"` // string_t if there is no object either
		Object           string            `json:"object,omitempty"`
		Array            bool              `json:"array,omitempty"`
		Required         bool              `json:"required,omitempty"`
		Enum             string            `json:"enum,omitempty"`
		Caption          string            `json:"caption,omitempty"` // the attribute with the value's caption
		DeprecatedValues map[string]string `json:"deprecated_values,omitempty"`
		Profiles         []string          `json:"profiles,omitempty"`
		Deprecated       []string          `json:"deprecated,omitempty"`
		Observable       int               `json:"observable,omitempty"`
	}
)

const usualType = "string_t"

// table returns the table of the classes.
func table(s schema, classes []string) ([]byte, error) {
	if s.Format != 1 {
		return nil, fmt.Errorf("has format %d, want 1", s.Format)
	}
	w := writer{schema: s, types: map[string]bool{usualType: true}, objects: map[string]bool{}, named: map[string]string{}, names: map[string]int{}}
	var rows [2][]string // classes and objects
	for _, uid := range classes {
		c, ok := s.Classes[uid]
		if !ok {
			return nil, fmt.Errorf("has no class %s", uid)
		}
		row, err := w.item(c)
		if err != nil {
			return nil, fmt.Errorf("class %s: %w", uid, err)
		}
		rows[0] = append(rows[0], quote(uid)+":"+row)
	}
	// The objects that can be reached, in alphabetical order at last.
	written := map[string]string{}
	for len(w.next) > 0 {
		name := w.next[0]
		w.next = w.next[1:]
		row, err := w.item(s.Objects[name])
		if err != nil {
			return nil, fmt.Errorf("object %s: %w", name, err)
		}
		written[name] = row
	}
	for _, name := range slices.Sorted(maps.Keys(written)) {
		rows[1] = append(rows[1], quote(name)+":"+written[name])
	}
	var types []string
	for _, name := range slices.Sorted(maps.Keys(w.types)) {
		t, err := typeOf(s.Types[name])
		if err != nil {
			return nil, fmt.Errorf("type %s: %w", name, err)
		}
		types = append(types, quote(name)+":"+t)
	}

	var out bytes.Buffer
	fmt.Fprintf(&out, "{\n\"ocsf\":%s,\n\"license\":\"Apache-2.0\",\n\"source\":\"https://github.com/ocsf/ocsf-schema\",\n\"profiles\":%s",
		quote(s.Version), quote(s.Profiles))
	for _, part := range []struct {
		key  string
		rows []string
	}{{"types", types}, {"enums", w.enums}, {"classes", rows[0]}, {"objects", rows[1]}} {
		fmt.Fprintf(&out, ",\n\"%s\":{\n%s\n}", part.key, strings.Join(part.rows, ",\n"))
	}
	out.WriteString("\n}\n")
	return out.Bytes(), nil
}

// A writer collects what the items refer to.
type writer struct {
	schema  schema
	types   map[string]bool
	objects map[string]bool   // known to be needed
	next    []string          // of these, those to write
	enums   []string          // lines
	named   map[string]string // of these, the names by their text
	names   map[string]int    // how many enumerations attributes of a name have
}

func (w *writer) item(it item) (string, error) {
	if err := deprecation(it.Deprecated); err != nil {
		return "", err
	}
	for how := range it.Constraints {
		if how != "at_least_one" && how != "just_one" {
			return "", fmt.Errorf("unknown constraint %q", how)
		}
	}
	if err := w.profiles(it.Profiles); err != nil {
		return "", err
	}
	head := quote(itemRow{it.Name, it.Profiles, it.Constraints, plain(it.Deprecated), it.Observable})
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(it.Attributes)) {
		row, err := w.attribute(name, it)
		if err != nil {
			return "", fmt.Errorf("attribute %s: %w", name, err)
		}
		lines = append(lines, quote(name)+":"+row)
	}
	attributes := "\"attributes\":{}}"
	if len(lines) > 0 {
		attributes = "\"attributes\":{\n" + strings.Join(lines, ",\n") + "}}"
	}
	if head == "{}" {
		return "{" + attributes, nil
	}
	return strings.TrimSuffix(head, "}") + "," + attributes, nil
}

func (w *writer) attribute(name string, it item) (string, error) {
	a := it.Attributes[name]
	row := attributeRow{
		Type: a.Type, Object: a.Object, Array: a.Array == 1, Required: a.Requirement == 2,
		Caption: a.Sibling, DeprecatedValues: a.DeprecatedValues, Profiles: a.Profiles,
		Deprecated: plain(a.Deprecated), Observable: a.Observable,
	}
	switch {
	case (a.Type == "") == (a.Object == ""):
		return "", fmt.Errorf("has type %q and object %q, want one of them", a.Type, a.Object)
	case a.Object != "":
		if _, ok := w.schema.Objects[a.Object]; !ok {
			return "", fmt.Errorf("there is no object %q", a.Object)
		}
		if !w.objects[a.Object] {
			w.objects[a.Object] = true
			w.next = append(w.next, a.Object)
		}
		if a.Enum != nil {
			return "", errors.New("is an object and has an enumeration")
		}
	default:
		if _, ok := w.schema.Types[a.Type]; !ok {
			return "", fmt.Errorf("there is no type %q", a.Type)
		}
		w.types[a.Type] = true
		if a.Type == usualType {
			row.Type = ""
		}
	}
	if a.Array != 0 && a.Array != 1 || a.Requirement < 0 || a.Requirement > 2 {
		return "", fmt.Errorf("has array %d and requirement %d", a.Array, a.Requirement)
	}
	if sibling, ok := it.Attributes[a.Sibling]; a.Sibling != "" && (!ok || a.Enum == nil || sibling.Array != a.Array) {
		return "", fmt.Errorf("%q cannot hold the captions of its values", a.Sibling)
	}
	for value := range a.DeprecatedValues {
		if _, ok := a.Enum[value]; !ok {
			return "", fmt.Errorf("deprecates the value %q, which it does not have", value)
		}
	}
	if err := w.profiles(a.Profiles); err != nil {
		return "", err
	}
	if err := deprecation(a.Deprecated); err != nil {
		return "", err
	}
	if a.Enum != nil {
		row.Enum = w.enum(name, a.Enum)
	}
	return quote(row), nil
}

// enum returns the name of an enumeration: that of the first attribute that has
// it, with a number if an attribute of that name has another one.
func (w *writer) enum(attribute string, values map[string]string) string {
	var pairs []string
	for _, v := range slices.SortedFunc(maps.Keys(values), compareValues) {
		pairs = append(pairs, quote(v)+":"+quote(values[v]))
	}
	text := "{" + strings.Join(pairs, ",") + "}"
	if name, ok := w.named[text]; ok {
		return name
	}
	name := attribute
	if w.names[attribute]++; w.names[attribute] > 1 {
		name += " " + strconv.Itoa(w.names[attribute])
	}
	w.named[text] = name
	w.enums = append(w.enums, quote(name)+":"+text)
	return name
}

// compareValues puts numbers in their order.
func compareValues(a, b string) int {
	x, _ := strconv.Atoi(a)
	y, _ := strconv.Atoi(b)
	return cmp.Or(cmp.Compare(x, y), strings.Compare(a, b))
}

func (w *writer) profiles(names []string) error {
	for _, p := range names {
		if !slices.Contains(w.schema.Profiles, p) {
			return fmt.Errorf("there is no profile %q", p)
		}
	}
	return nil
}

func typeOf(k kind) (string, error) {
	if !slices.Contains([]string{"boolean", "float", "integer", "json", "long", "string"}, k.Base) {
		return "", fmt.Errorf("unknown base %q", k.Base)
	}
	if len(k.Values) > 0 && k.Base != "boolean" { // true and false are all there is
		return "", errors.New("has a list of values, which is not checked")
	}
	if len(k.Range) != 0 && len(k.Range) != 2 {
		return "", fmt.Errorf("range of %d bounds", len(k.Range))
	}
	if _, err := regexp.Compile(k.Regex); err != nil {
		return "", err
	}
	if strings.HasPrefix(k.Regex, "((^\\s*(((") { // that of ip_t, which is wrong: addresses are parsed
		k.Regex = ""
	}
	return quote(typeRow{k.Base, k.Regex, k.MaxLen, k.Range, k.Observable}), nil
}

func deprecation(d []string) error {
	if len(d) != 0 && len(d) != 2 {
		return fmt.Errorf("deprecation of %d texts, want the version and what to do", len(d))
	}
	return nil
}

var tags = regexp.MustCompile(`</?[a-z]+>`)

// plain returns the texts without markup and superfluous spaces.
func plain(texts []string) []string {
	var all []string
	for _, t := range texts {
		all = append(all, strings.Join(strings.Fields(tags.ReplaceAllString(t, "")), " "))
	}
	return all
}

// quote returns v as JSON on one line.
func quote(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // strings, numbers and maps of these only
	}
	return strings.TrimSuffix(b.String(), "\n")
}
