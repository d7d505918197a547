package validate

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// The namespaces whose properties the rules read.
const (
	ownNamespace     = "https://github.com/go-shca/shca/ns/oscal"
	ownPrefix        = "https://github.com/go-shca/shca/"
	trestleNamespace = "https://oscal-compass.github.io/compliance-trestle/schemas/oscal"
)

// class is what an id identifies.
type class uint8

const (
	anObservation class = iota
	aRisk
	aFinding
	aComponent
	anAsset // a component among assessment-assets
	aPlatform
	anInventoryItem
	aUser
	aLocation
	aParty
	aResource
	aRole
	aTask
	anActivity
	aStatement // a statement or by-component of a system security plan
	aControl   // or a part of one
	failing    // an observation that says that something failed
	citedObservation
	citedRisk
	citedEvidence // a resource that is evidence
)

// key names one thing in an index. scope is the number of the result that it
// belongs to, from 1, or 0: observations of one result cannot be cited in
// another.
type key struct {
	class class
	scope int32
	id    [16]byte
}

// index holds the ids of one document: all that is kept of a streamed array.
type index struct {
	has   map[key]struct{}
	uuids map[[16]byte]bool // true if it is there more than once
}

func newIndex() *index {
	return &index{has: map[key]struct{}{}, uuids: map[[16]byte]bool{}}
}

// idOf returns 16 bytes that stand for an id. UUIDs are equal whatever their
// case.
func idOf(s string) [16]byte {
	var id [16]byte
	if len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' {
		if _, err := hex.Decode(id[:], []byte(s[:8]+s[9:13]+s[14:18]+s[19:23]+s[24:])); err == nil {
			return id
		}
	}
	sum := sha256.Sum256([]byte(s))
	return [16]byte(sum[:16])
}

func (x *index) put(c class, scope int32, id string) {
	x.has[key{c, scope, idOf(id)}] = struct{}{}
}

func (x *index) defines(c class, scope int32, id string) bool {
	_, ok := x.has[key{c, scope, idOf(id)}]
	return ok
}

// classes says what the objects in an array are, by the array's key.
var classes = map[string]class{
	"observations":         anObservation,
	"risks":                aRisk,
	"findings":             aFinding,
	"components":           aComponent,
	"assessment-platforms": aPlatform,
	"inventory-items":      anInventoryItem,
	"users":                aUser,
	"locations":            aLocation,
	"parties":              aParty,
	"resources":            aResource,
	"tasks":                aTask,
	"activities":           anActivity,
	"statements":           aStatement,
	"by-components":        aStatement,
}

// add indexes a value that stands below at. Only an array element has the
// class of its array.
func (x *index) add(v any, at place) {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			x.add(e, at.index(i))
		}
	case map[string]any:
		x.object(v, at)
		for k, e := range v {
			x.add(e, at.member(k))
		}
	}
}

func (x *index) object(o map[string]any, at place) {
	if uuid, ok := o["uuid"].(string); ok {
		id := idOf(uuid)
		_, twice := x.uuids[id]
		x.uuids[id] = twice
		if c, ok := classes[at.key]; ok {
			scope := int32(0) // what results define is defined in the whole document
			if c == anObservation || c == aRisk || c == aFinding {
				scope = at.scope
			}
			x.put(c, scope, uuid)
			switch {
			case c == aComponent && at.assets:
				x.put(anAsset, 0, uuid)
			case c == anObservation && saysFailed(o):
				x.put(failing, at.scope, uuid)
			}
		}
	}
	switch at.key {
	case "roles":
		if id, ok := o["id"].(string); ok {
			x.put(aRole, 0, id)
		}
	case "controls", "parts":
		if id, ok := o["id"].(string); ok {
			x.put(aControl, 0, id)
		}
	case "related-observations":
		if id, ok := o["observation-uuid"].(string); ok {
			x.put(citedObservation, at.scope, id)
		}
	case "related-risks":
		if id, ok := o["risk-uuid"].(string); ok {
			x.put(citedRisk, at.scope, id)
		}
	case "relevant-evidence":
		if href, ok := o["href"].(string); ok && strings.HasPrefix(href, "#") {
			x.put(citedEvidence, 0, href[1:])
		}
	}
}

// saysFailed reports whether an observation says of itself that something
// failed: by our count, or by the result of a subject as Compliance Trestle
// writes it.
func saysFailed(observation map[string]any) bool {
	for p := range objects(observation["props"]) {
		if p["ns"] == ownNamespace && p["name"] == "failed" && p["value"] != "0" {
			return true
		}
	}
	for s := range objects(observation["subjects"]) {
		for p := range objects(s["props"]) {
			if p["ns"] == trestleNamespace && p["name"] == "result" && p["value"] == "fail" {
				return true
			}
		}
	}
	return false
}

// objects ranges over the objects in an array; it does nothing if v is none.
func objects(v any) func(func(map[string]any) bool) {
	return func(yield func(map[string]any) bool) {
		list, _ := v.([]any)
		for _, e := range list {
			if o, ok := e.(map[string]any); ok && !yield(o) {
				return
			}
		}
	}
}

// str returns the string at a path of keys, or "".
func str(v any, path ...string) string {
	for _, k := range path {
		o, _ := v.(map[string]any)
		v = o[k]
	}
	s, _ := v.(string)
	return s
}

// object returns the object at a path of keys, or nil.
func object(v any, path ...string) map[string]any {
	for _, k := range path {
		o, _ := v.(map[string]any)
		v = o[k]
	}
	o, _ := v.(map[string]any)
	return o
}
