package system

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const example = "../examples/system.yaml"

func TestExampleIsCompleteAndValid(t *testing.T) {
	s, err := Read(example)
	if err != nil {
		t.Fatal(err)
	}
	var walk func(v reflect.Value, at string) bool
	// walk reports whether the value says something, and fails for fields that
	// no entry of a list fills.
	walk = func(v reflect.Value, at string) bool {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				field := at + "." + v.Type().Field(i).Name
				if !walk(v.Field(i), field) && !strings.Contains(at, "[") {
					t.Errorf("the example leaves %s empty", field)
				}
			}
			return true
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i), fmt.Sprintf("%s[%d]", at, i))
			}
			if v.Len() > 0 && v.Type().Elem().Kind() == reflect.Struct {
				for f := range v.Type().Elem().NumField() {
					filled := false
					for i := range v.Len() {
						filled = filled || !v.Index(i).Field(f).IsZero()
					}
					if !filled {
						t.Errorf("no entry of %s fills %s", at, v.Type().Elem().Field(f).Name)
					}
				}
			}
			return v.Len() > 0
		}
		return !v.IsZero()
	}
	walk(reflect.ValueOf(*s), "System")
}

// TestTags checks that every field has a name and that every kind exists.
func TestTags(t *testing.T) {
	var walk func(reflect.Type)
	walk = func(of reflect.Type) {
		switch of.Kind() {
		case reflect.Slice:
			walk(of.Elem())
		case reflect.Struct:
			for i := range of.NumField() {
				f := of.Field(i)
				if name := f.Tag.Get("yaml"); name == "" || name != strings.ToLower(name) || strings.ContainsAny(name, "_ ") {
					t.Errorf("%s.%s: the tag yaml is %q", of, f.Name, name)
				}
				for _, kind := range kindsOf(f.Tag) {
					if _, ok := kindsOfText[kind]; !ok && kind != "" && kind != "required" {
						t.Errorf("%s.%s: there is no kind %q", of, f.Name, kind)
					}
				}
				walk(f.Type)
			}
		}
	}
	walk(reflect.TypeFor[System]())
}

func TestReadKeepsText(t *testing.T) {
	for _, c := range []struct {
		in   string
		want System
	}{
		{"version: 1.10", System{Version: "1.10"}},
		{"version: 007", System{Version: "007"}},
		{"id: 2026-001", System{ID: "2026-001"}},
		{"id: ' EX   1\u00a0\u3000 \t2 '", System{ID: "EX 1 2"}},
		{"id: " + strings.Repeat("x ", 128), System{ID: strings.TrimSpace(strings.Repeat("x ", 128))}},
		{"name: yes", System{Name: "yes"}},
		{"name: true", System{Name: "true"}},
		{"name: 'a: b # c'", System{Name: "a: b # c"}},
		{"name: \"caf\\u00e9\"", System{Name: "café"}},
		{"\uFEFFname: x", System{Name: "x"}},
		{"name: x\r\nid: y\r\n", System{Name: "x", ID: "y"}},
		{"name:\nid: x", System{ID: "x"}},
		{"name: ~\nid: x", System{ID: "x"}},
		{"name: ' '\nid: x", System{ID: "x"}},
		{"organization:\nid: x", System{ID: "x"}},
		{"description: |\n  one\n\n  two\n", System{Description: "one\n\ntwo"}},
		{"description: >\n  one\n  two\n", System{Description: "one two"}},
		{"authorized: 2026-01-31", System{Authorized: "2026-01-31"}},
		{"accounts: [{id: 012345678901, name: a}]", System{Accounts: []Account{{ID: "012345678901", Name: "a"}}}},
		{"accounts:\n- {id: \"012345678901\", name: a}", System{Accounts: []Account{{ID: "012345678901", Name: "a"}}}},
		{"remediation-days: {critical: 15}", System{Remediation: Remediation{Critical: 15}}},
		{"roles: [{id: assessor, parties: [organization]}]", System{Roles: []Role{{ID: "assessor", Parties: []string{OrganizationID}}}}},
		{"users: [{title: a, roles: [assessor]}]", System{Users: []User{{Title: "a", Roles: []string{"assessor"}}}}},
		{"---\n# a comment\nname: x\n...\n", System{Name: "x"}},
		{`{"name": "x", "impact": {"integrity": "low"}}`, System{Name: "x", Impact: Impact{Integrity: "low"}}},
	} {
		got, err := parse("system.yaml", []byte(c.in))
		if err != nil {
			t.Errorf("%q: %v", c.in, err)
			continue
		}
		if diff := cmp.Diff(&c.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.in, diff)
		}
	}
}

func TestReadErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "system.yaml: says nothing: a system file begins with fields such as id and name"},
		{"# nothing\n", "system.yaml: says nothing: a system file begins with fields such as id and name"},
		{"a text", "system.yaml:1: must have fields: id, name"},
		{"- name: x", "system.yaml:1: must have fields: id, name"},
		{"name: x\nname: y", "system.yaml:2: not YAML: mapping key \"name\" already defined"},
		{"name: [x", "system.yaml:1: not YAML: sequence end token ']' not found"},
		{"\tname: x", "system.yaml:1: not YAML: a tab: indent with spaces"},
		{"organization:\n\tname: x", "system.yaml:2: not YAML: a tab: indent with spaces"},
		{"a: b\n  \tc: d", "system.yaml:2: not YAML: a tab: indent with spaces"},
		{"id: " + strings.Repeat("x", 256), `x": must be at most 255 bytes long`},
		{"id: |\n  a\n  b", `system.yaml:1: id: "a\nb": must be one line`},
		{"name: x\n---\nname: y", "system.yaml:3: a second YAML document"},
		{"name: x\nsevice-model: saas", `system.yaml:2: "sevice-model": there is no such field: there are id, name, short-name, description, version, status, authorized, organization, deployment-model, service-model, impact, authorization-boundary, network-architecture, data-flow, information-types, parties, roles, users, components, accounts, remediation-days`},
		{"impact: {integrity: low, secrecy: high}", `system.yaml:1: impact."secrecy": there is no such field: there are confidentiality, integrity, availability`},
		{"impact:\n  integrity: medium", `system.yaml:2: impact.integrity: "medium": must be one of low, moderate, high`},
		{"status: live", `system.yaml:1: status: "live": must be one of operational, under-development, under-major-modification, disposition, other`},
		{"service-model: SaaS", `system.yaml:1: service-model: "SaaS": must be one of iaas, paas, saas, other`},
		{"deployment-model: cloud", `system.yaml:1: deployment-model: "cloud": must be one of public-cloud,`},
		{"authorized: 2026-02-30", `system.yaml:1: authorized: "2026-02-30": must be a date such as 2026-01-31`},
		{"authorized: 31.1.2026", `must be a date such as 2026-01-31`},
		{"name: |\n  a\n  b", `system.yaml:1: name: "a\nb": must be one line`},
		{"name: {a: b}", "system.yaml:1: name: must be a text"},
		{"name: \"\\u0007\"", "system.yaml:1: name: holds a control character"},
		{"organization: {id: a}", `system.yaml:1: organization."id": there is no such field: there are name, email`},
		{"organization: Example Agency", "system.yaml:1: organization: must have fields: name, email"},
		{"organization:\n  name: a\n  email: Example <a@b.example>", `system.yaml:3: organization.email: "Example <a@b.example>": must be an email address`},
		{"parties: x", "system.yaml:1: parties: must be a list, each entry on a line that begins with a dash"},
		{"parties:\n  - x", "system.yaml:2: parties[0]: must have fields: id, name, type, email"},
		{"parties:\n  -\n", "system.yaml:2: parties[0]: is empty"},
		{"parties:\n  - id: a\n", "system.yaml:2: parties[0].name: is missing"},
		{"parties:\n  - id: a\n    name:\n", "system.yaml:3: parties[0].name: is empty"},
		{"parties:\n  - {id: a, name: b}\n  - {id: a, name: c}", `system.yaml:3: parties[1].id: "a" is the id of another party, or that of the organization: it must be unique`},
		{"parties: [{id: organization, name: b}]", `parties[0].id: "organization" is the id of another party, or that of the organization: it must be unique`},
		{"parties: [{id: a, name: b, type: human}]", `parties[0].type: "human": must be one of person, organization`},
		{"roles: [{id: system owner}]", `roles[0].id: "system owner": must be a letter, then letters, digits, dots, dashes and underscores, such as system-owner`},
		{"roles: [{id: 2nd}]", `roles[0].id: "2nd": must be a letter`},
		{"roles:\n  - id: a\n    parties:\n      - b", `system.yaml:4: roles[0].parties[0]: "b" leads nowhere: it must be the id of a party in the file, or organization`},
		{"roles: [{id: a, parties: [organization, organization]}]", `roles[0].parties[1]: "organization" is there twice`},
		{"roles: [{id: a}, {id: a}]", `roles[1].id: "a" is the id of another role: it must be unique`},
		{"users: [{title: a, roles: [b]}]", `users[0].roles[0]: "b" leads nowhere: it must be the id of a role in the file, or prepared-by, assessor, provider`},
		{"users: [{title: a}, {title: a}]", `users[1].title: "a" is the title of another user: it must be unique`},
		{"users: [{title: a, type: admin}]", `users[0].type: "admin": must be one of internal, external, general-public`},
		{"components: [{id: a, title: b, type: this-system}]", `components[0].type: "this-system": must be one of system,`},
		{"components: [{id: a, title: b}]", "components[0].type: is missing"},
		{"accounts: [{id: 1111-2222-3333, name: a}]", `accounts[0].id: "1111-2222-3333": must be an AWS account id of 12 digits`},
		{"accounts: [{id: 11112222333, name: a}]", "must be an AWS account id of 12 digits"},
		{"information-types: [{title: a, id: customer}]", `information-types[0].id: "customer": must be an identifier of NIST SP 800-60 such as C.2.8.12`},
		{"remediation-days: {high: 0}", `system.yaml:1: remediation-days.high: "0": must be a number of days from 1 to 3650`},
		{"remediation-days: {high: []}", "remediation-days.high: must be a number of days from 1 to 3650"},
		{"remediation-days: {high: 1.5}", "high: \"1.5\": must be a number of days from 1 to 3650"},
		{"remediation-days: {high: 30 days}", "high: \"30 days\": must be a number of days from 1 to 3650"},
		{"name: &a x\nid: *a", "system.yaml:1: an anchor (&): a system file has names, texts, lists and numbers only"},
		{"id: *a", "an alias (*)"},
		{"name: !!binary x", "a tag (!)"},
		{"%YAML 1.2\n---\nname: x", "a directive (%)"},
		{"? name\n: x", "a complex key (?)"},
		{"name: " + strings.Repeat("[", 20_000), "nesting this deep"},
		{"name:\n" + strings.Repeat("- ", 20_000), "nesting this deep"},
		{strings.Repeat("[]", MaxSize/2), "system.yaml:1: more than 60000 names, texts and signs up to here: this is no system file"},
		{strings.Repeat("a: b\n", MaxSize/5), "system.yaml:20001: more than 60000 names, texts and signs up to here"},
		{"name: \xff", "system.yaml: not UTF-8"},
		{"name: " + strings.Repeat("x", MaxSize), "system.yaml: larger than 1 MiB"},
	} {
		_, err := parse("system.yaml", []byte(c.in))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.200q\ngot  %v\nwant %s", c.in, err, c.want)
		}
	}
}

// TestReadManyErrors checks that several errors are told at once, up to a limit.
func TestReadManyErrors(t *testing.T) {
	_, err := parse("s.yaml", []byte("status: a\nservice-model: b\n"))
	if want := "s.yaml:1: status: \"a\": must be one of operational, under-development, under-major-modification, disposition, other\n" +
		"s.yaml:2: service-model: \"b\": must be one of iaas, paas, saas, other"; err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	var many strings.Builder
	for i := range 100 {
		fmt.Fprintf(&many, "x%d: 1\n", i)
	}
	_, err = parse("s.yaml", []byte(many.String()))
	if n := strings.Count(err.Error(), "\n") + 1; n != maxErrors+1 || !strings.HasSuffix(err.Error(), "s.yaml: and 80 more errors") {
		t.Errorf("%d lines:\n%v", n, err)
	}
}

func TestReadFile(t *testing.T) {
	if _, err := Read(filepath.Join(t.TempDir(), "none.yaml")); !os.IsNotExist(err) {
		t.Errorf("got %v, want that there is no such file", err)
	}
}

func TestHighest(t *testing.T) {
	for _, c := range []struct {
		in   Impact
		want string
	}{
		{Impact{}, ""}, {Impact{"low", "low", ""}, ""}, {Impact{"low", "low", "low"}, "low"},
		{Impact{"low", "moderate", "low"}, "moderate"}, {Impact{"low", "moderate", "high"}, "high"},
	} {
		if got := c.in.Highest(); got != c.want {
			t.Errorf("Highest of %+v = %q, want %q", c.in, got, c.want)
		}
	}
}

// FuzzRead checks that no file makes Read panic or hang, and that what it takes
// keeps the promises of a System.
func FuzzRead(f *testing.F) {
	data, err := os.ReadFile(example)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for _, seed := range []string{
		"name: x", "- a", "a: [b, {c: d}]", "users: [{title: a, roles: [assessor]}]", "? a\n: b", "name: |\n  a\n b", "name: \"\\x", "--- - -", "{", "a:\n\t- b",
		"accounts:\n  - id: 012345678901\n    name: x\n", "parties: [~]", "roles: [{id: a, parties: [~]}]", "name: >2\n\n  x",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parse("fuzz.yaml", data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "fuzz.yaml:") {
				t.Errorf("%q: the error does not name the file: %v", data, err)
			}
			return
		}
		for _, p := range s.Parties {
			if p.ID == "" || p.Name == "" {
				t.Errorf("%q: a party without id or name: %+v", data, p)
			}
		}
		for _, a := range s.Accounts {
			if len(a.ID) != 12 {
				t.Errorf("%q: account %q", data, a.ID)
			}
		}
		for _, c := range s.Components {
			if c.ID == "" || c.Title == "" || c.Type == "" {
				t.Errorf("%q: component %+v", data, c)
			}
		}
	})
}
