package constraints

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

// FuzzChecker gives arbitrary trees to checkers of all kinds. None may panic,
// and every message must be complete.
func FuzzChecker(f *testing.F) {
	for _, text := range []string{
		`{"metadata":{"roles":[{"id":"a"},{"id":"a"}],"props":[{"name":"zzz"}],"parties":[{"type":"x","uuid":"y","member-of-organizations":["y"]}]}}`,
		`{"metadata":[],"results":[{"risks":[{"props":{"name":"zzz","value":1},"links":[{"href":"#a","rel":"reference"}]}],"observations":"x"}]}`,
		`{"results":[[{"risks":[[{"props":[[{"name":"zzz"}]]}]]}],null,true,1.5,"x"]}`,
		`{"control-implementation":{"implemented-requirements":[{"statements":[{"by-components":[{"uuid":{},"links":[{"rel":"provided-by","href":["#a"]}]}]}]}]}}`,
		`{"system-implementation":{"components":[{"type":"service","props":[{"name":"asset-type","value":false}]}],"inventory-items":[{"props":[{"name":"public"}]}]}}`,
		`{"groups":[{"controls":[{"parts":[{"parts":[{"parts":[{"id":"x"}]}]}]}]}]}`,
		`{"document-ids":[{"identifier":{"a":1}}],"back-matter":{"resources":[{"rlinks":[{"hashes":[{"algorithm":"SHA-256","value":null}]}]}]}}`,
		`{"components":[{"protocols":[{"port-ranges":[{"start":99999999999999999999,"end":1e3}]}]}]}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var tree any
		if decoder.Decode(&tree) != nil {
			return
		}
		object, _ := tree.(map[string]any)
		for _, version := range []string{v11, v12} {
			for _, kind := range []string{ap, ar, cat, cdef, poam, prof, ssp, "mapping-collection"} {
				c, err := New(kind, version)
				if err != nil {
					continue // no mapping collections in 1.1
				}
				report := func(m Message) {
					if m.Level == "" || m.Rule == "" || m.Text == "" || !strings.HasPrefix(m.Pointer, "/"+kind) {
						t.Errorf("incomplete: %+v", m)
					}
				}
				c.Root(object, func(m Message) {
					report(m)
					if !resolves(object, strings.Split(m.Pointer, "/")[2:]) {
						t.Errorf("the pointer leads nowhere: %+v", m)
					}
				})
				for _, pattern := range Streamed(kind) {
					c.Element(strings.ReplaceAll(pattern, "*", "0")+"/0", tree, report)
				}
			}
		}
	})
}

// resolves says whether a JSON pointer leads to something.
func resolves(v any, segments []string) bool {
	if len(segments) == 0 {
		return v != nil
	}
	switch v := v.(type) {
	case map[string]any:
		return resolves(v[segments[0]], segments[1:])
	case []any:
		i, err := strconv.Atoi(segments[0])
		return err == nil && i >= 0 && i < len(v) && resolves(v[i], segments[1:])
	}
	return false
}
