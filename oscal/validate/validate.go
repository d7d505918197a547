package validate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/go-shca/shca/oscal/internal/constraints"
)

// Options says how documents are validated; the zero value works.
type Options struct {
	// Max is how many messages of a document are kept: errors before
	// warnings, then the first in the document. 0 means 200, a negative number
	// all of them. All are counted.
	Max int
	// Properties are the names that properties in the namespace of this project
	// may have. With nil the names are not checked.
	Properties map[string]bool
	// FedRAMP adds what FedRAMP asks of a plan of action and milestones besides.
	FedRAMP bool
	// Dir is the folder that relative references in a document given to Reader
	// start from. If it is empty they are not followed. File sets it to the
	// folder of the file.
	Dir string

	keep int // elements of streamed arrays that stay in memory, for tests
}

// Report is what there is to say about one document.
type Report struct {
	File    string // as the caller named it
	Kind    string // the key at the root, such as "assessment-results"
	Version string // the OSCAL version that the document declares
	// Messages are in the order of JSON pointers, indexes by number and names
	// alphabetically, each once.
	Messages []Message
	// Errors and Warnings count all messages, Omitted those that are not in
	// Messages because there are too many.
	Errors, Warnings, Omitted int
}

// ErrNotOSCAL is wrapped by errors about JSON that is no OSCAL document.
var ErrNotOSCAL = errors.New("is not an OSCAL document")

// File validates the document in the file at path. It returns an error only if
// the file cannot be read as an OSCAL document: it does not exist, is not JSON,
// is no OSCAL (ErrNotOSCAL), exceeds a limit, or ctx is done. What is wrong with
// a document that can be read stands in the report.
func File(ctx context.Context, path string, o Options) (Report, error) {
	f, err := openRegular(path)
	if err != nil {
		return Report{File: path}, err
	}
	defer func() { _ = f.Close() }() // it was only read
	o.Dir = filepath.Dir(path)
	return check(ctx, path, f, o, filepath.Clean(path))
}

// Reader validates the document that r holds from its beginning, and reads it
// twice. The name is used in messages only. Errors are those of File. It may be
// called concurrently, with a reader of its own for each call.
func Reader(ctx context.Context, name string, r io.ReadSeeker, o Options) (Report, error) {
	return check(ctx, name, r, o, "")
}

// validation is the state of one call of check.
type validation struct {
	file     string
	messages *collector
}

func (v *validation) say(level Level, rule, pointer, value, text string) {
	v.messages.add(Message{File: v.file, Level: level, Rule: rule, Pointer: pointer, Value: value, Text: text})
}

// check validates a document. path, if not empty, is its cleaned path.
func check(ctx context.Context, name string, in io.ReadSeeker, o Options, path string) (Report, error) {
	if o.Max == 0 {
		o.Max = 200
	}
	if o.keep == 0 {
		o.keep = 1
	}
	v := &validation{file: name, messages: newCollector(o.Max)}
	report := Report{File: name}
	var err error
	report.Kind, report.Version, err = v.document(ctx, in, o, path)
	switch {
	case ctx.Err() != nil:
		return report, ctx.Err()
	case err != nil:
		return report, fmt.Errorf("%s: %w", printable(name, 1000), err)
	}
	report.Messages = v.messages.sorted()
	report.Errors, report.Warnings = v.messages.counts[Error], v.messages.counts[Warning]
	report.Omitted = v.messages.overflow
	return report, nil
}

func (v *validation) document(ctx context.Context, in io.ReadSeeker, o Options, path string) (kind, version string, err error) {
	// First reading: the document without its long arrays, and the ids in them.
	index := newIndex()
	first := reading{
		ctx: ctx, keep: o.keep, streams: newNode(streams()),
		bad: func(pointer, text string) { v.say(Error, "json", pointer, "", text) },
		element: func(_ *node, array string, i int, e any) error {
			index.add(e, elementPlace(array, i))
			return nil
		},
	}
	root, err := first.read(in)
	if err != nil {
		return "", "", err
	}
	kind = kindOf(root)
	version = str(root, kind, "metadata", "oscal-version")
	index.add(root[kind], place{}.member(kind))

	at := slices.IndexFunc(versions, func(k struct{ version, schema, note string }) bool { return k.version == version })
	where := "/" + kind + "/metadata/oscal-version"
	if at < 0 {
		text := "is no version of OSCAL that is known here: these are " + strings.Join(Versions(), ", ")
		if version == "" {
			text = "is missing, so that there is nothing to validate against: the versions known are " + strings.Join(Versions(), ", ")
		}
		v.say(Error, "version", where, version, text)
		return kind, version, nil
	}
	if note := versions[at].note; note != "" {
		v.say(Info, "version", where, version, note)
	}
	schema, err := compiled[versions[at].schema]()
	if err != nil {
		return kind, version, err
	}
	if schema.kinds[kind] == nil {
		v.say(Error, "version", where, version, fmt.Sprintf("OSCAL %s has no %s", version, kind))
		return kind, version, nil
	}

	// What is imported, and the state of the rules.
	im := &imports{
		ctx: ctx, dir: o.Dir, root: root, read: map[string]*imported{},
		say: func(level Level, pointer, value, text string) { v.say(level, "X-IMPORT", pointer, value, text) },
	}
	if path != "" {
		im.read[path] = nil // it must not import itself
	}
	if err := im.follow(kind, root); err != nil {
		return kind, version, err
	}
	rules := &ruling{
		kind: kind, version: version, own: isOwn(root, kind), index: index, im: im,
		controls: im.controls, catalog: im.catalog, properties: o.Properties, fedramp: o.FedRAMP,
		say: v.say, targets: map[key]string{}, twice: map[[16]byte][]repeated{},
	}
	if kind == "assessment-results" {
		for _, r := range list(object(root, kind)["results"]) {
			end, _ := timeOf(object(r), "end")
			rules.ends = append(rules.ends, end)
		}
	}
	other, otherVersion := subset(rules.own, kind, version)

	// The document without its long arrays.
	for _, key := range sortedKeys(root) {
		if key != kind && !slices.Contains(schema.roots[kind], key) {
			v.say(Error, "schema", pointer("", []string{key}), "", "is not allowed here")
		}
	}
	base := "/" + kind
	schemas := [2]*jsonschema.Schema{schema.kinds[kind], nil}
	if other != nil {
		schemas[1] = other.kinds[kind]
	}
	v.schema(schemas, otherVersion, root[kind], base)
	checker, err := constraints.New(kind, version)
	if err != nil {
		return kind, version, err
	}
	v.constraints(checker, kind, root, first.streams)
	rules.walk(root[kind], place{}.member(kind))
	if err := rules.evidence(ctx, root); err != nil {
		return kind, version, err
	}

	// Second reading: the elements of the long arrays.
	elements := map[*node][2]*jsonschema.Schema{}
	second := reading{
		ctx: ctx, keep: o.keep, streams: first.streams, skip: true,
		bad: func(string, string) {}, // the first reading has said it
		element: func(n *node, array string, i int, e any) error {
			v.messages.unit()
			schemas, ok := elements[n]
			if !ok {
				schemas[0] = schema.element(n.pattern)
				if other != nil {
					schemas[1] = other.element(n.pattern)
				}
				elements[n] = schemas
			}
			at := elementPlace(array, i)
			base := at.pointer()
			v.schema(schemas, otherVersion, e, base)
			checker.Element(base, e, v.constraint)
			rules.walk(e, at)
			return nil
		},
	}
	if _, err := second.read(in); err != nil {
		return kind, version, err
	}
	v.messages.unit()
	rules.finish()
	return kind, version, im.err
}

// schema says what the schema finds wrong with a value whose pointer is base,
// and what the schema of the other version finds besides. Either may be nil.
func (v *validation) schema(schemas [2]*jsonschema.Schema, other string, value any, base string) {
	// Where the first schema has a fault; where it has one further down; where
	// it has one that speaks of all further down, too.
	said, above, choices := map[string]bool{}, map[string]bool{}, map[string]bool{}
	if schemas[0] != nil {
		for _, f := range faults(schemas[0], value) {
			at := pointer(base, f.path)
			v.say(Error, "schema", at, f.value, f.text)
			said[at] = true
			choices[at] = choices[at] || f.choice
			for up := range ancestors(at) {
				above[up] = true
			}
		}
	}
	if schemas[1] == nil {
		return
	}
next:
	for _, f := range faults(schemas[1], value) {
		at := pointer(base, f.path)
		if said[at] || f.choice && above[at] {
			continue
		}
		for up := range ancestors(at) {
			if choices[up] {
				continue next
			}
		}
		v.say(Error, "X-SUBSET", at, f.value, "in OSCAL "+other+" it "+f.text)
	}
}

// ancestors ranges over the pointers to what a pointer's value is in.
func ancestors(pointer string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := strings.LastIndexByte(pointer, '/'); i > 0; i = strings.LastIndexByte(pointer[:i], '/') {
			if !yield(pointer[:i]) {
				return
			}
		}
	}
}

// isOwn reports whether the metadata name this project's tool as the writer.
func isOwn(root map[string]any, kind string) bool {
	for p := range objects(object(root, kind, "metadata")["props"]) {
		if p["ns"] == ownNamespace && p["name"] == "tool-name" {
			return true
		}
	}
	return false
}

// subset returns the schema that a document of this project must satisfy
// besides that of its own version; nil if there is none. A kind that only one of
// the versions has is not in the subset and not held to it.
func subset(own bool, kind, version string) (*schema, string) {
	if !own {
		return nil, ""
	}
	name := subset12
	if strings.HasPrefix(version, "1.2.") {
		name = subset11
	}
	s, err := compiled[name]()
	if err != nil || s.kinds[kind] == nil {
		return nil, ""
	}
	return s, name
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
