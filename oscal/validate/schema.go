package validate

import (
	"bytes"
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed schemas/*.json.gz
var schemaFiles embed.FS

// versions says by which schema a version of OSCAL is validated, oldest first.
// Where the two differ in more than a number the document is told so.
var versions = []struct {
	version, schema string
	note            string
}{
	{"1.0.0", "1.0.4", olderNote},
	{"1.0.1", "1.0.4", olderNote},
	{"1.0.2", "1.0.4", olderNote},
	{"1.0.3", "1.0.4", olderNote},
	{"1.0.4", "1.0.4", ""},
	{"1.0.5", "1.0.6", "NIST's schema of this version allows no property but \"marking\", by mistake: validated with that of 1.0.6"},
	{"1.0.6", "1.0.6", ""},
	{"1.1.0", "1.1.1", ""}, // the same schema
	{"1.1.1", "1.1.1", ""},
	{"1.1.2", "1.1.2", ""},
	{"1.1.3", "1.1.3", ""},
	{"1.2.0", "1.2.2", "there is no schema of this version here: validated with that of 1.2.1"}, // the same as that of 1.2.2
	{"1.2.1", "1.2.2", ""},
	{"1.2.2", "1.2.2", ""},
	{"1.2.3", "1.2.2", "there is no schema of this version here: validated with that of 1.2.2"},
}

const olderNote = "there is no schema of this version here: validated with that of 1.0.4"

// The two schemas that documents of this project must satisfy both.
const (
	subset11 = "1.1.3"
	subset12 = "1.2.2"
)

// Versions returns the OSCAL versions that documents may declare, oldest
// first.
func Versions() []string {
	names := make([]string, len(versions))
	for i, v := range versions {
		names[i] = v.version
	}
	return names
}

// schema is the compiled schema of one version.
type schema struct {
	kinds map[string]*jsonschema.Schema // of what stands below the key of the kind
	roots map[string][]string           // the keys that may stand beside it
}

// compiled holds a function per schema version, which compiles it once; both
// the map and the schemas can be used concurrently.
var compiled = func() map[string]func() (*schema, error) {
	m := map[string]func() (*schema, error){}
	for _, v := range versions {
		if m[v.schema] == nil {
			m[v.schema] = sync.OnceValues(func() (*schema, error) { return compile(v.schema) })
		}
	}
	return m
}()

// noLoader keeps a schema from reading anything but itself.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) { return nil, fmt.Errorf("%s is not loaded", url) }

func compile(version string) (*schema, error) {
	packed, err := schemaFiles.ReadFile("schemas/oscal-" + version + ".json.gz")
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("schema of OSCAL %s: %w", version, err)
	}
	doc, err := jsonschema.UnmarshalJSON(z)
	if err != nil {
		return nil, fmt.Errorf("schema of OSCAL %s: %w", version, err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	c.AssertFormat()
	const location = "http://csrc.nist.gov/oscal-complete-schema.json"
	if err := c.AddResource(location, doc); err != nil {
		return nil, fmt.Errorf("schema of OSCAL %s: %w", version, err)
	}
	root, err := c.Compile(location)
	if err != nil {
		return nil, fmt.Errorf("schema of OSCAL %s: %w", version, err)
	}
	s := &schema{kinds: map[string]*jsonschema.Schema{}, roots: map[string][]string{}}
	for _, branch := range root.OneOf {
		for name, sub := range branch.Properties {
			if !slices.Contains(kinds, name) {
				continue
			}
			s.kinds[name] = sub
			for other := range branch.Properties {
				s.roots[name] = append(s.roots[name], other)
			}
		}
	}
	if len(s.kinds) == 0 {
		return nil, fmt.Errorf("schema of OSCAL %s: describes no documents", version)
	}
	return s, nil
}

// element returns the schema of the elements of the array at path, in which
// the first token is the kind and "*" stands for an index; nil if the version
// has no such array.
func (s *schema) element(path []string) *jsonschema.Schema {
	sub := s.kinds[path[0]]
	for _, token := range append(slices.Clone(path[1:]), "*") {
		for sub != nil && sub.Ref != nil {
			sub = sub.Ref
		}
		switch {
		case sub == nil:
			return nil
		case token == "*":
			items, ok := sub.Items.(*jsonschema.Schema)
			if !ok {
				return nil
			}
			sub = items
		default:
			sub = sub.Properties[token]
		}
	}
	return sub
}

var english = sync.OnceValue(func() *message.Printer { return message.NewPrinter(language.English) })

// fault is one thing that a schema finds wrong.
type fault struct {
	path  []string // in the value that was validated
	text  string
	value string
	// choice is whether the text speaks of several things at and below path.
	choice bool
}

// faults validates v. It returns what is wrong in the schema's order; of a
// choice it says what is wrong with the alternative that comes closest.
func faults(s *jsonschema.Schema, v any) []fault {
	err := s.Validate(v)
	if err == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return []fault{{text: err.Error()}}
	}
	return leaves(invalid)
}

func leaves(e *jsonschema.ValidationError) []fault {
	switch k := e.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.Reference, *kind.AllOf:
		var all []fault
		for _, c := range e.Causes {
			all = append(all, leaves(c)...)
		}
		return all
	case *kind.AnyOf:
		return closest(e)
	case *kind.OneOf:
		if len(k.Subschemas) == 0 {
			return closest(e)
		}
		return []fault{{path: e.InstanceLocation, text: "has properties that exclude each other"}}
	case *kind.Required:
		return []fault{{path: e.InstanceLocation, text: "misses " + quoted(k.Missing)}}
	case *kind.AdditionalProperties:
		slices.Sort(k.Properties)
		var all []fault
		for _, p := range k.Properties {
			all = append(all, fault{path: append(slices.Clone(e.InstanceLocation), p), text: "is not allowed here"})
		}
		return all
	case *kind.Type:
		return []fault{{path: e.InstanceLocation, text: "is " + k.Got + ", want " + strings.Join(k.Want, " or ")}}
	case *kind.Pattern:
		return []fault{{path: e.InstanceLocation, text: "is not " + patternName(k.Want), value: k.Got}}
	case *kind.Format:
		text, ok := formatNames[k.Want]
		if !ok {
			text = k.Want
		}
		return []fault{{path: e.InstanceLocation, text: "is not " + text, value: fmt.Sprint(k.Got)}}
	case *kind.Enum:
		var want []string
		for _, w := range k.Want {
			want = append(want, fmt.Sprint(w))
		}
		return []fault{{path: e.InstanceLocation, text: "is none of " + strings.Join(want, ", "), value: fmt.Sprint(k.Got)}}
	case *kind.MinItems:
		return []fault{{path: e.InstanceLocation, text: fmt.Sprintf("has %d elements, want at least %d: leave an empty array out", k.Got, k.Want)}}
	case *kind.Minimum:
		return []fault{{path: e.InstanceLocation, text: fmt.Sprintf("is %s, want at least %s", k.Got.RatString(), k.Want.RatString())}}
	default:
		return []fault{{path: e.InstanceLocation, text: e.ErrorKind.LocalizedString(english())}}
	}
}

// formatNames says in words what the formats in NIST's schemas want.
var formatNames = map[string]string{
	"date-time":     timeName,
	"email":         "an email address",
	"uri":           "an absolute URI, such as https://example.org/",
	"uri-reference": "a URI reference",
}

const timeName = "a date and time with a time zone, such as 2026-01-31T12:00:00Z"

// closest returns the faults of the alternative that fits best: one whose
// faults are all further down. If there is none it says what each wants.
func closest(e *jsonschema.ValidationError) []fault {
	var best []fault
	var wants []string
	for _, c := range e.Causes {
		faults := leaves(c)
		here := slices.ContainsFunc(faults, func(f fault) bool {
			return len(f.path) <= len(e.InstanceLocation) ||
				len(f.path) == len(e.InstanceLocation)+1 && f.text == "is not allowed here"
		})
		if !here && (best == nil || len(faults) < len(best)) {
			best = faults
		}
		var texts []string
		for _, f := range faults {
			text := f.text
			if len(f.path) > len(e.InstanceLocation) {
				text = strconv.Quote(f.path[len(f.path)-1]) + " " + text
			}
			texts = append(texts, text)
		}
		slices.Sort(texts) // the schema looks at members in no fixed order
		texts = slices.Compact(texts)
		if want := strings.Join(texts, " and "); !slices.Contains(wants, want) {
			wants = append(wants, want)
		}
	}
	if best != nil {
		return best
	}
	return []fault{{path: e.InstanceLocation, text: "fits none of the allowed forms: " + strings.Join(wants, "; or "), choice: true}}
}

func quoted(names []string) string {
	all := make([]string, len(names))
	for i, n := range names {
		all[i] = strconv.Quote(n)
	}
	return strings.Join(all, ", ")
}

// patternName says in words what NIST's patterns want.
func patternName(pattern string) string {
	switch {
	case pattern == `^\S(.*\S)?$`:
		return "a text of one line without white space at its ends"
	case strings.HasPrefix(pattern, `^[0-9A-Fa-f]{8}-`):
		return "a UUID of version 4 or 5"
	case strings.HasPrefix(pattern, `^(\p{L}|_)`):
		return "a token: a letter or underscore, then letters, digits, dots, hyphens and underscores"
	case strings.Contains(pattern, "2000|2400|2800") && strings.Contains(pattern, "T(2[0-3]"):
		return timeName
	case strings.Contains(pattern, "2000|2400|2800"):
		return "a date, such as 2026-01-31"
	case pattern == "^[^\n]+$":
		return "a text of one line"
	case utf8.RuneCountInString(pattern) > 80:
		return "of the form that the schema wants"
	}
	return "of the form " + pattern
}
