package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const facts = `{"format":1,"version":"1.6.0","profiles":["cloud","datetime"],
"types":{"string_t":{"b":"string"},"integer_t":{"b":"integer","range":[0,9]},"unused_t":{"b":"long"},"boolean_t":{"b":"boolean","values":[false,true]},
  "mac_t":{"b":"string","regex":"^a<b$","max_len":3,"ob":3}},
"classes":{"2003":{"name":"finding","caption":"Finding","category":2,"profiles":["cloud"],"dep":["1.1.0","Use  <code>b</code> instead."],"at":{
  "b":{"t":"integer_t","q":2,"e":{"99":"Other","10":"Ten","2":"Two"},"ed":{"2":"1.2.0"},"s":"b_name"},
  "b_name":{"t":"string_t","q":1},
  "c":{"o":"thing","a":1,"p":["cloud"]}}},
 "3002":{"name":"other","at":{"x":{"t":"unused_t"}}}},
"objects":{"thing":{"caption":"Thing","c":{"just_one":["a","b"]},"ob":4,"at":{
  "a":{"t":"mac_t","ob":5},"b":{"t":"integer_t","e":{"1":"One"}},"c":{"o":"thing"},"d":{"o":"object"},"e":{"t":"integer_t","e":{"1":"One"}}}},
 "object":{"at":{}},"unused":{"at":{}}}}`

func TestTable(t *testing.T) {
	const want = `{
"ocsf":"1.6.0",
"license":"Apache-2.0",
"source":"https://github.com/ocsf/ocsf-schema",
"profiles":["cloud","datetime"],
"types":{
"integer_t":{"base":"integer","range":[0,9]},
"mac_t":{"base":"string","regex":"^a<b$","max_len":3,"observable":3},
"string_t":{"base":"string"}
},
"enums":{
"b":{"2":"Two","10":"Ten","99":"Other"},
"b 2":{"1":"One"}
},
"classes":{
"2003":{"name":"finding","profiles":["cloud"],"deprecated":["1.1.0","Use b instead."],"attributes":{
"b":{"type":"integer_t","required":true,"enum":"b","caption":"b_name","deprecated_values":{"2":"1.2.0"}},
"b_name":{},
"c":{"object":"thing","array":true,"profiles":["cloud"]}}}
},
"objects":{
"object":{"attributes":{}},
"thing":{"constraints":{"just_one":["a","b"]},"observable":4,"attributes":{
"a":{"type":"mac_t","observable":5},
"b":{"type":"integer_t","enum":"b 2"},
"c":{"object":"thing"},
"d":{"object":"object"},
"e":{"type":"integer_t","enum":"b 2"}}}
}
}
`
	var s schema
	if err := json.Unmarshal([]byte(facts), &s); err != nil {
		t.Fatal(err)
	}
	got, err := table(s, []string{"2003"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTableFails(t *testing.T) {
	for _, tc := range []struct{ old, new, want string }{
		{`"format":1`, `"format":2`, "format 2"},
		{`"2003":`, `"2005":`, "no class 2003"},
		{`"p":["cloud"]`, `"p":["clouds"]`, `attribute c: there is no profile "clouds"`},
		{`"profiles":["cloud"],"dep"`, `"profiles":["clouds"],"dep"`, `no profile "clouds"`},
		{`"t":"mac_t"`, `"t":"mac"`, `object thing: attribute a: there is no type "mac"`},
		{`"o":"object"`, `"o":"objects"`, `there is no object "objects"`},
		{`"o":"object"`, `"o":"object","t":"mac_t"`, "want one of them"},
		{`{"o":"object"}`, `{}`, "want one of them"},
		{`"o":"object"`, `"o":"object","e":{}`, "has an enumeration"},
		{`"s":"b_name"`, `"s":"name"`, `"name" cannot hold the captions`},
		{`"ed":{"2"`, `"ed":{"3"`, `deprecates the value "3"`},
		{`"just_one"`, `"most"`, `unknown constraint "most"`},
		{`["1.1.0",`, `[`, "deprecation of 1 texts"},
		{`"a":1`, `"a":2`, "array 2"},
		{`"b":"string","regex"`, `"b":"text","regex"`, `type mac_t: unknown base "text"`},
		{`"^a<b$"`, `"(?=a)"`, "type mac_t: "},
		{`"range":[0,9]`, `"range":[0]`, "range of 1 bounds"},
		{`"range":[0,9]`, `"values":[1]`, "list of values"},
	} {
		text := strings.Replace(facts, tc.old, tc.new, 1)
		var s schema
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			t.Fatal(tc, err)
		}
		if _, err := table(s, []string{"2003"}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want %q", tc.new, err, tc.want)
		}
	}
}

func TestRunFails(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	args := []string{"-facts", dir, "-out", out}
	var stderr strings.Builder
	if code := run(args, &stderr); code != 1 {
		t.Errorf("no facts: %d, want 1", code)
	}
	for text, want := range map[string]string{"{": "unexpected EOF", `{"version":"9"}`: "is of OCSF", `{"colour":1}`: "unknown field"} {
		if err := os.WriteFile(filepath.Join(dir, "ocsf-1.1.0.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		stderr.Reset()
		if code := run(args, &stderr); code != 1 || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: %d, %q, want %q", text, code, &stderr, want)
		}
	}
	if files, err := os.ReadDir(out); err != nil || len(files) > 0 {
		t.Errorf("wrote %v, %v", files, err)
	}
}
