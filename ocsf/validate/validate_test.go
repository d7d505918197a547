package validate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// event returns a valid event of testdata, by class, for a test to change.
func event(t testing.TB, version, class string) map[string]any {
	t.Helper()
	text, err := os.ReadFile("testdata/" + version + "-" + class + ".json")
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v map[string]any
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func text(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// samples are the valid events of testdata.
var samples = []struct{ version, class string }{
	{"1.1.0", "2002"}, {"1.1.0", "2003"}, {"1.1.0", "2004"},
	{"1.6.0", "2002"}, {"1.6.0", "2003"}, {"1.6.0", "2004"}, {"1.6.0", "2006"},
}

func TestValid(t *testing.T) {
	for _, s := range samples {
		v, err := New(s.version)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Event(text(t, event(t, s.version, s.class))); got != nil {
			t.Errorf("%v: %v", s, got)
		}
	}
}

// set and del return changes of an event; the path is one of members and
// indexes, "resources.0.uid".
func set(path string, value any) func(map[string]any) {
	return func(ev map[string]any) { change(ev, path, func(m map[string]any, key string) { m[key] = value }) }
}

func del(path string) func(map[string]any) {
	return func(ev map[string]any) { change(ev, path, func(m map[string]any, key string) { delete(m, key) }) }
}

func all(changes ...func(map[string]any)) func(map[string]any) {
	return func(ev map[string]any) {
		for _, c := range changes {
			c(ev)
		}
	}
}

func change(ev map[string]any, path string, do func(map[string]any, string)) {
	var at any = ev
	steps := strings.Split(path, ".")
	for _, s := range steps[:len(steps)-1] {
		if list, ok := at.([]any); ok {
			var i int
			fmt.Sscan(s, &i)
			at = list[i]
		} else {
			at = at.(map[string]any)[s]
		}
	}
	do(at.(map[string]any), steps[len(steps)-1])
}

type raw = json.RawMessage

// TestCodes has each code fail for one change of a valid event, and what is
// close to it pass.
func TestCodes(t *testing.T) {
	failed := map[string]bool{}
	for _, tc := range []struct {
		name, version, class string
		change               func(map[string]any)
		want                 []string // "level path code"
	}{
		{"no class", "1.6.0", "2003", del("class_uid"), []string{"error class_uid class_uid_missing"}},
		{"class null", "1.6.0", "2003", set("class_uid", nil), []string{"error class_uid class_uid_missing"}},
		{"class as text", "1.6.0", "2003", set("class_uid", "2003"), []string{"error class_uid wrong_type"}},
		{"class of another category", "1.6.0", "2003", set("class_uid", 3002), []string{"error class_uid class_uid_unknown"}},
		{"class of a later version", "1.1.0", "2003", set("class_uid", 2006), []string{"error class_uid class_uid_unknown"}},

		{"required", "1.6.0", "2003", del("time"), []string{"error time required_missing"}},
		{"required in an object", "1.6.0", "2003", del("finding_info.uid"), []string{"error finding_info.uid required_missing"}},
		{"required by a profile", "1.6.0", "2003", del("cloud"), []string{"error cloud required_missing"}},
		{"not required without the profile", "1.6.0", "2003", all(del("cloud"), del("resources.0.region"), del("resources.0.cloud_partition"), set("metadata.profiles", []any{"datetime"})), nil},
		{"required and null", "1.6.0", "2003", set("cloud.provider", nil), []string{"error cloud.provider required_missing", "warning cloud.provider null_value"}},
		{"required and empty", "1.6.0", "2003", set("finding_info.uid", ""), []string{"warning finding_info.uid empty_required"}},
		{"required and an empty object", "1.1.0", "2003", set("compliance.standards", []any{}), []string{"warning compliance.standards empty_required"}},
		{"recommended", "1.6.0", "2003", del("status_id"), []string{"warning status sibling_without_id"}},

		{"unknown", "1.6.0", "2003", set("finding_info.colour", 1), []string{"error finding_info.colour unknown_attribute"}},
		{"unknown at the top", "1.6.0", "2003", set("colour", nil), []string{"error colour unknown_attribute"}},
		{"of a later version", "1.1.0", "2003", set("resources", []any{}), []string{"error resources unknown_attribute"}},
		{"anything in unmapped", "1.6.0", "2003", set("unmapped", map[string]any{"colour": nil, "a": []any{}}), nil},
		{"anything in JSON", "1.6.0", "2003", set("resources.0.data", []any{nil, 1.5}), nil},

		{"profile not listed", "1.6.0", "2003", set("metadata.profiles", []any{"cloud"}), []string{
			"error finding_info.created_time_dt profile_not_listed", "error finding_info.modified_time_dt profile_not_listed", "error time_dt profile_not_listed"}},
		{"value of a profile not listed", "1.6.0", "2003", set("risk_level_id", 77), []string{"error risk_level_id enum_unknown", "error risk_level_id profile_not_listed"}},
		{"unknown profile", "1.6.0", "2003", set("metadata.profiles", []any{"cloud", "datetime", "linux"}), []string{"error metadata.profiles[2] profile_unknown"}},
		{"profile twice", "1.6.0", "2003", set("metadata.profiles", []any{"cloud", "datetime", "cloud"}), []string{"error metadata.profiles profile_unknown"}},
		{"unknown profile twice", "1.6.0", "2003", set("metadata.profiles", []any{"cloud", "datetime", "x", "x"}), []string{
			"error metadata.profiles profile_unknown", "error metadata.profiles[2] profile_unknown", "error metadata.profiles[3] profile_unknown"}},
		{"profile that is a number", "1.6.0", "2003", set("metadata.profiles", []any{"cloud", "datetime", 1}), []string{"error metadata.profiles profile_unknown", "error metadata.profiles[2] wrong_type"}},
		{"useless profile", "1.6.0", "2003", set("metadata.profiles", []any{"cloud", "datetime", "load_balancer"}), []string{"error metadata.profiles[2] profile_not_applicable"}},

		{"text for a number", "1.6.0", "2003", set("count", "1"), []string{"error count wrong_type"}},
		{"fraction for an integer", "1.6.0", "2003", set("count", raw("1.0")), []string{"error count wrong_type"}},
		{"exponent for an integer", "1.6.0", "2003", set("count", raw("1e2")), []string{"error count wrong_type"}},
		{"number for a text", "1.6.0", "2003", set("message", 1), []string{"error message wrong_type"}},
		{"number for a boolean", "1.6.0", "2002", set("vulnerabilities.0.is_exploit_available", 1), []string{"error vulnerabilities[0].is_exploit_available wrong_type"}},
		{"text for a float", "1.6.0", "2002", set("vulnerabilities.0.cve.cvss.0.base_score", "7.5"), []string{"error vulnerabilities[0].cve.cvss[0].base_score wrong_type"}},
		{"text for an object", "1.6.0", "2003", set("cloud", "AWS"), []string{"error cloud wrong_type"}},
		{"null in an array", "1.6.0", "2003", set("finding_info.types", []any{nil}), []string{"error finding_info.types[0] wrong_type"}},
		{"no array", "1.6.0", "2003", set("finding_info.types", "a"), []string{"error finding_info.types not_array"}},
		{"an array", "1.6.0", "2003", set("message", []any{"a"}), []string{"error message is_array"}},
		{"an array for an object", "1.6.0", "2003", set("cloud", []any{}), []string{"error cloud is_array", "warning cloud empty_required"}},
		{"an array in an array", "1.6.0", "2003", set("finding_info.types", []any{[]any{}}), []string{"error finding_info.types[0] is_array"}},

		{"not in the enumeration", "1.6.0", "2003", set("severity_id", 7), []string{"error severity_id enum_unknown"}},
		{"text not in the enumeration", "1.6.0", "2002", set("vulnerabilities.0.cve.cvss.0.depth", "Deep"), []string{"error vulnerabilities[0].cve.cvss[0].depth enum_unknown"}},
		{"deprecated value", "1.6.0", "2003", all(set("cloud.account.type_id", 3), set("cloud.account.type", "AWS IAM User")), []string{"warning cloud.account.type_id deprecated_enum"}},
		{"caption", "1.6.0", "2003", set("severity", "low"), []string{"error severity sibling_mismatch"}},
		{"caption that is a number", "1.6.0", "2003", set("severity", 4), []string{"error severity sibling_mismatch", "error severity wrong_type"}},
		{"no caption", "1.6.0", "2003", del("severity"), nil},
		{"other", "1.6.0", "2003", all(set("status_id", 99), set("status", "PARKED")), nil},
		{"other without words", "1.6.0", "2003", all(set("status_id", 99), del("status")), []string{"warning status_id other_without_sibling"}},
		{"other in other words", "1.6.0", "2003", all(set("status_id", 99), set("status", "Other")), []string{"warning status other_sibling_is_other"}},
		{"captions of an array", "1.6.0", "2004", set("malware.0.classifications", []any{"Adware", "worm"}), []string{"error malware[0].classifications[1] sibling_mismatch"}},
		{"too few captions", "1.6.0", "2004", set("malware.0.classifications", []any{"Adware"}), []string{"error malware[0].classifications sibling_array_length"}},
		{"type", "1.6.0", "2003", all(set("type_uid", 200301), set("type_name", "Compliance Finding: Create")), []string{"error type_uid type_uid_incorrect"}},

		{"at least one", "1.6.0", "2003", del("resources.0.uid"), []string{"error resources[0] constraint_failed", "warning observables[0].name observable_value"}},
		{"just one, got none", "1.6.0", "2002", del("vulnerabilities.0.cve"), []string{"error vulnerabilities[0] constraint_failed"}},
		{"just one, got two", "1.6.0", "2002", set("vulnerabilities.0.cwe", map[string]any{"uid": "CWE-79"}), []string{"error vulnerabilities[0] constraint_failed"}},
		{"two, where it may be", "1.1.0", "2002", set("vulnerabilities.0.cwe", map[string]any{"uid": "CWE-79"}), nil},

		{"seconds", "1.6.0", "2003", all(set("time", 1769860800), del("time_dt")), []string{"error time time_implausible"}},
		{"microseconds", "1.6.0", "2003", all(set("time", raw("1769860800000000")), del("time_dt")), []string{"error time time_implausible"}},
		{"nanoseconds", "1.6.0", "2003", all(set("time", raw("1769860800000000000")), del("time_dt")), []string{"error time time_implausible"}},
		{"long ago", "1.6.0", "2003", all(set("time", 0), del("time_dt")), []string{"error time time_implausible"}},
		{"the first time", "1.6.0", "2003", all(set("time", raw("946684800000")), del("time_dt")), nil},
		{"the last time", "1.6.0", "2003", all(set("time", raw("4102444799999")), del("time_dt")), nil},
		{"one later", "1.6.0", "2003", all(set("time", raw("4102444800000")), del("time_dt")), []string{"error time time_implausible"}},
		{"no date", "1.6.0", "2003", set("time_dt", "2026-01-31 12:00:00Z"), []string{"error time_dt datetime_invalid"}},
		{"no such day", "1.6.0", "2003", set("time_dt", "2026-02-29T12:00:00Z"), []string{"error time_dt datetime_invalid"}},
		{"small letters", "1.6.0", "2003", set("time_dt", "2026-01-31t12:00:00z"), nil},
		{"small letters before", "1.1.0", "2003", set("time_dt", "2026-01-31t12:00:00z"), []string{"error time_dt datetime_invalid"}},
		{"no offset", "1.6.0", "2003", set("time_dt", "2026-01-31T12:00:00"), []string{"warning time_dt datetime_no_offset"}},
		{"other zone", "1.6.0", "2003", set("time_dt", "2026-01-31T13:30:00.0+01:30"), nil},
		{"within a second", "1.6.0", "2003", set("time_dt", "2026-01-31T12:00:00.999Z"), nil},
		{"leap second", "1.6.0", "2003", set("time_dt", "2026-01-31T11:59:60.000Z"), nil},
		{"too many leap seconds", "1.6.0", "2003", set("time_dt", "2026-01-31T11:59:61Z"), []string{"error time_dt datetime_invalid"}},
		{"another date", "1.6.0", "2003", set("time_dt", "2026-01-31T12:00:01Z"), []string{"error time_dt datetime_mismatch"}},
		{"time order", "1.6.0", "2003", all(set("finding_info.created_time", raw("1769861000000")), del("finding_info.created_time_dt")), []string{"warning finding_info.created_time time_order"}},

		{"any length", "1.6.0", "2004", set("evidences.0.src_endpoint.subnet_uid", strings.Repeat("é", 99)), nil},
		{"too long", "1.1.0", "2003", set("message", strings.Repeat("é", 65536)), []string{"error message max_len"}},
		{"as long as may be", "1.1.0", "2003", set("message", strings.Repeat("é", 65535)), nil},
		{"no port", "1.6.0", "2004", set("evidences.0.src_endpoint.port", 65536), []string{"error evidences[0].src_endpoint.port out_of_range"}},
		{"negative port", "1.6.0", "2004", set("evidences.0.src_endpoint.port", -1), []string{"error evidences[0].src_endpoint.port out_of_range"}},
		{"65 bits", "1.6.0", "2003", set("raw_data_size", raw("9223372036854775808")), []string{"error raw_data_size out_of_range"}},
		{"64 bits", "1.6.0", "2003", set("raw_data_size", raw("-9223372036854775808")), nil},
		{"33 bits", "1.6.0", "2003", set("count", raw("2147483648")), []string{"warning count integer_beyond_int32"}},
		{"float as integer", "1.6.0", "2002", set("vulnerabilities.0.cve.cvss.0.base_score", 7), []string{"warning vulnerabilities[0].cve.cvss[0].base_score float_written_as_integer"}},
		{"no address", "1.6.0", "2004", set("evidences.0.src_endpoint.ip", "300.1.2.3"), []string{"warning evidences[0].src_endpoint.ip regex_not_matched"}},
		{"address with a zone", "1.6.0", "2004", set("evidences.0.src_endpoint.ip", "fe80::1%eth0"), nil},
		{"no MAC", "1.6.0", "2004", set("evidences.0.src_endpoint.mac", "00-00-5E"), []string{"warning evidences[0].src_endpoint.mac regex_not_matched"}},

		{"another version", "1.6.0", "2003", set("metadata.version", "1.5.0"), []string{"error metadata.version version_mismatch"}},
		{"deprecated attribute", "1.6.0", "2003", set("compliance.status_detail", "a"), []string{"warning compliance.status_detail deprecated_attribute"}},
		{"null", "1.6.0", "2003", set("message", nil), []string{"warning message null_value"}},
		{"empty array", "1.6.0", "2003", set("finding_info.types", []any{}), []string{"warning finding_info.types empty_array"}},
		{"empty text", "1.6.0", "2003", set("message", ""), nil},

		{"observable of nothing", "1.6.0", "2003", set("observables.0.name", "resources[].arn"), []string{"error observables[0].name observable_reference"}},
		{"observable of no array", "1.6.0", "2003", set("observables.0.name", "cloud[].region"), []string{"error observables[0].name observable_reference"}},
		{"observable below a text", "1.6.0", "2003", set("observables.0.name", "message.uid"), []string{"error observables[0].name observable_reference"}},
		{"observable with a dot at its end", "1.6.0", "2003", set("observables.0.name", "resources."), []string{"error observables[0].name observable_reference"}},
		{"observable of an element", "1.6.0", "2003", set("observables.0.name", "resources[0].uid"), nil},
		{"observable of all elements", "1.6.0", "2003", set("observables.0.name", "resources[*].uid"), nil},
		{"observable of the array", "1.6.0", "2003", set("observables.0.name", "resources.uid"), nil},
		{"observable that is absent", "1.6.0", "2003", set("observables.0.name", "resources[7].uid"), []string{"warning observables[0].name observable_value"}},
		{"observable of another value", "1.6.0", "2003", set("observables.0.value", "x"), []string{"warning observables[0].value observable_value"}},
		{"observable of another type", "1.6.0", "2003", all(set("observables.0.type_id", 2), set("observables.0.type", "IP Address")), []string{"warning observables[0].type_id observable_type"}},
		{"observable of an object", "1.6.0", "2004", set("observables", []any{map[string]any{"name": "evidences[].src_endpoint", "type_id": 20, "type": "Endpoint", "value": "x"}}), nil},
		{"observable that is a number", "1.6.0", "2004", set("observables", []any{map[string]any{"name": "evidences[].src_endpoint.port", "type_id": 11, "type": "Port", "value": "443"}}), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v, err := New(tc.version)
			if err != nil {
				t.Fatal(err)
			}
			ev := event(t, tc.version, tc.class)
			tc.change(ev)
			var got []string
			for _, m := range v.Event(text(t, ev)) {
				got = append(got, fmt.Sprintf("%s %s %s", m.Level, m.Path, m.Code))
				failed[m.Code] = true
				if m.Event != 1 || m.Text == "" || strings.Contains(m.Text, "%!") {
					t.Errorf("message %+v", m)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", text(t, ev), diff)
			}
		})
	}

	// Texts rather than changes.
	for _, tc := range []struct{ version, text, want string }{
		{"1.6.0", `[]`, "error  not_an_object"},
		{"1.6.0", `{"class_uid":2003`, "error  json_invalid"},
		{"1.6.0", `{} {}`, "error  json_invalid"},
		{"1.6.0", `{"class_uid":2003,"unmapped":[` + strings.Repeat("1,", maxNodes) + `1]}`, "error  json_invalid"},
		{"1.6.0", `{"class_uid":2003,"unmapped":[` + strings.Repeat("1,", maxNodes-10) + `1]}`, "error unmapped is_array"},
		{"1.6.0", strings.Repeat(`{"a":`, 20_000), "error  json_invalid"},
		{"1.6.0", "{\"class_uid\":2003,\"a\":\"\xff\"}", "error  json_invalid"},
		{"1.6.0", `{"class_uid":9,"class_uid":"2003"}`, "error class_uid json_duplicate_key"},
		{"1.6.0", `{"unmapped":{"a":[{"b":1,"\u0062":2}]},"class_uid":1}`, "error unmapped.a[0].b json_duplicate_key"},
		{"1.6.0", `{"class_uid":2001}`, "warning  deprecated_class"},
		{"1.6.0", `{"class_uid":2001,"finding":{}}`, "warning finding deprecated_object"},
	} {
		v, err := New(tc.version)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range v.Event([]byte(tc.text)) {
			got = append(got, fmt.Sprintf("%s %s %s", m.Level, m.Path, m.Code))
			failed[m.Code] = true
		}
		if !slices.Contains(got, tc.want) {
			t.Errorf("%.200s: %q, want %q among them", tc.text, got, tc.want)
		}
	}

	for _, code := range codes(t) {
		elsewhere := code == codeFew || code == codeMore // TestReader, TestBounded
		if !failed[code] && !elsewhere {
			t.Errorf("no case has the code %s", code)
		}
	}
}

// codes reads the codes out of the source, so that a new one needs a case.
func codes(t *testing.T) (all []string) {
	t.Helper()
	source, err := os.ReadFile("message.go")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(source)) {
		if fields := strings.Fields(line); len(fields) > 2 && strings.HasPrefix(fields[0], "code") && fields[1] == "=" {
			all = append(all, strings.Trim(fields[2], `"`))
		}
	}
	if len(all) < 40 {
		t.Fatalf("found %d codes", len(all))
	}
	return all
}

func TestLastDuplicateStays(t *testing.T) {
	v, err := New("1.6.0")
	if err != nil {
		t.Fatal(err)
	}
	want := v.Event(text(t, event(t, "1.6.0", "2003")))
	twice := bytes.Replace(text(t, event(t, "1.6.0", "2003")), []byte("{"), []byte(`{"time":"never",`), 1)
	got := v.Event(twice)
	want = append(want, Message{Level: Error, Event: 1, Path: "time", Code: codeDuplicate})
	if len(got) == 1 {
		got[0].Text = ""
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBounded(t *testing.T) {
	v, err := New("1.6.0")
	if err != nil {
		t.Fatal(err)
	}
	ev := event(t, "1.6.0", "2003")
	for i := range 3000 {
		ev[fmt.Sprintf("unknown%d", i)] = i
	}
	var types []any
	for range 2000 {
		types = append(types, map[string]any{"name": strings.Repeat("n", 10000), "type_id": 10, "value": "x"})
	}
	ev["observables"] = types
	ev["message"] = nil
	got := v.Event(text(t, ev))
	if len(got) != maxMessages {
		t.Fatalf("%d messages, want %d", len(got), maxMessages)
	}
	last := got[len(got)-1]
	if want := (Message{Error, 1, "", codeMore, fmt.Sprintf("there are %d more messages", 5001-len(got)+1)}); last != want {
		t.Errorf("the last is %+v, want %+v", last, want)
	}
	for _, m := range got {
		if m.Level != Error || len(m.Path) > 2*maxPath || len(m.Text) > 2000 {
			t.Fatalf("message %.3000v", m)
		}
	}
	// A path of many long steps.
	deep := `{"class_uid":2003,"evidences":[{"process":` + strings.Repeat(`{"parent_process":`, 2000) + "7" + strings.Repeat("}", 2001) + "]}"
	for _, m := range v.Event([]byte(deep)) {
		if len(m.Path) > maxPath+len("…") {
			t.Fatalf("path of %d bytes", len(m.Path))
		}
	}
}

func TestMessageString(t *testing.T) {
	for _, tc := range []struct {
		m    Message
		want string
	}{
		{Message{Error, 12, "time", "c", "is wrong"}, "error: c: event 12 time: is wrong"},
		{Message{Warning, 1, "", "c", "t"}, "warning: c: event 1: t"},
		{Message{Warning, 0, "", "c", "t"}, "warning: c: t"},
		{Message{Error, 1, "a\x1b[31m\n\u202e", "c", "ü\t"}, `error: c: event 1 a\x1b[31m\n\u202e: ü\t`},
	} {
		if got := tc.m.String(); got != tc.want {
			t.Errorf("%+v: %q, want %q", tc.m, got, tc.want)
		}
	}
}

func TestNew(t *testing.T) {
	if _, err := New("1.2.0"); err == nil || !strings.Contains(err.Error(), "1.1.0, 1.6.0") {
		t.Errorf("error %v, want one that names the versions", err)
	}
	for _, v := range Versions() {
		tab, err := tables[v]()
		if err != nil {
			t.Fatal(err)
		}
		if tab.Version != v {
			t.Errorf("the table of %s says %s", v, tab.Version)
		}
		for _, d := range tab.Types {
			if (d.name == "datetime_t" || d.name == "ip_t" || d.name == "timestamp_t") && d.Base == "" {
				t.Errorf("%s: %s has no base", v, d.name)
			}
		}
	}
}

func TestVersionFor(t *testing.T) {
	for version, want := range map[string]string{
		"1.0.0-rc.2": "1.1.0", "1.0.0": "1.1.0", "1.1.0": "1.1.0", "1.1.9": "1.1.0", "1.2.0": "1.6.0", "1.5.0": "1.6.0",
		"1.6.0": "1.6.0", "1.9.0-dev": "1.6.0", "1.10.0": "1.6.0", "2.0.0": "1.6.0", "0.9": "1.1.0", "": "1.6.0", "x.y": "1.6.0",
	} {
		if got := versionFor(version); got != want {
			t.Errorf("%q: %s, want %s", version, got, want)
		}
	}
}

func TestReader(t *testing.T) {
	good := func(version string, changes ...func(map[string]any)) string {
		ev := event(t, version, "2003")
		all(changes...)(ev)
		return string(text(t, ev))
	}
	a, b := good("1.6.0"), good("1.1.0")
	bad := good("1.6.0", set("time", 1), del("time_dt"))
	newer := good("1.6.0", set("metadata.version", "1.8.0"), set("resources.0.provider", "AWS"), set("severity_id", 7))
	for _, tc := range []struct {
		name, text string
		o          Options
		events     int64
		versions   string
		want       []string // "level event path code"
	}{
		{"lines", a + "\n" + b + "\n", Options{}, 2, "1.1.0 1.6.0", nil},
		{"CRLF and empty lines", "\r\n" + a + "\r\n\r\n" + a, Options{}, 2, "1.6.0", nil},
		{"concatenated", a + a + a, Options{}, 3, "1.6.0", nil},
		{"array", "[" + a + "," + bad + "]", Options{}, 2, "1.6.0", []string{"error 2 time time_implausible"}},
		{"two arrays", "[" + a + "]\n[" + bad + "]", Options{}, 2, "1.6.0", []string{"error 2 time time_implausible"}},
		{"empty", "", Options{}, 0, "", []string{"warning 0  too_few_events"}},
		{"empty array", "[]", Options{}, 0, "", []string{"warning 0  too_few_events"}},
		{"no events", "1 null", Options{}, 2, "", []string{"error 1  not_an_object", "error 2  not_an_object"}},
		{"broken", a + "\n{\"class_uid\"\n" + a, Options{}, 1, "1.6.0", []string{"error 2  json_invalid"}},
		{"broken off", "[" + a + ",", Options{}, 1, "1.6.0", []string{"error 2  json_invalid"}},
		{"broken text costs one event", a + "\n{\"a\":\"\xff\"}\n" + a, Options{}, 3, "1.6.0", []string{"error 2  json_invalid"}},
		{"too large", a + "\n{\"a\":\"" + strings.Repeat("a", maxEvent+1<<16) + "\"}\n" + a, Options{}, 1, "1.6.0", []string{"error 2  json_invalid"}},
		{"another version", newer, Options{}, 1, "1.6.0", []string{
			"warning 1 metadata.version version_mismatch", "warning 1 resources[0].provider unknown_attribute", "warning 1 severity_id enum_unknown"}},
		{"version asked for", newer, Options{Version: "1.6.0"}, 1, "1.6.0", []string{
			"error 1 metadata.version version_mismatch", "error 1 resources[0].provider unknown_attribute", "error 1 severity_id enum_unknown"}},
		{"no version", good("1.6.0", del("metadata.version")), Options{}, 1, "1.6.0", []string{"error 1 metadata.version required_missing"}},
		{"bounded", good("1.6.0", set("message", nil)) + bad + bad, Options{Max: 1}, 3, "1.6.0", []string{"error 2 time time_implausible"}},
		{"unbounded", strings.Repeat(bad, 300), Options{Max: -1}, 300, "1.6.0", slices.Repeat([]string{"error time"}, 300)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(tc.text), iotest.HalfReader(strings.NewReader(tc.text))} {
				report, err := Reader(context.Background(), r, tc.o)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, m := range report.Messages {
					got = append(got, fmt.Sprintf("%s %d %s %s", m.Level, m.Event, m.Path, m.Code))
				}
				if tc.o.Max == -1 {
					if len(got) != len(tc.want) {
						t.Errorf("%d messages, want %d", len(got), len(tc.want))
					}
				} else if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if versions := strings.Join(report.Versions, " "); report.Events != tc.events || versions != tc.versions {
					t.Errorf("%d events of %s, want %d of %s", report.Events, versions, tc.events, tc.versions)
				}
				if n := report.Errors + report.Warnings - report.Omitted; n != len(report.Messages) {
					t.Errorf("%d messages, but the counts say %d", len(report.Messages), n)
				}
			}
		})
	}
}

func TestReaderFails(t *testing.T) {
	broken := errors.New("broken")
	if _, err := Reader(context.Background(), io.MultiReader(strings.NewReader(`{"a"`), iotest.ErrReader(broken)), Options{}); !errors.Is(err, broken) {
		t.Errorf("%v, want the error of the reader", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Reader(ctx, strings.NewReader("{}"), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that of the context", err)
	}
	if _, err := Reader(context.Background(), strings.NewReader("{}"), Options{Version: "9"}); err == nil {
		t.Error("unknown version: no error")
	}
}

func TestRecognize(t *testing.T) {
	for text, want := range map[string]bool{
		`{"class_uid":2003}`:                true,
		` [ {"a":{"b":[1]},"class_uid":"x"`: true,
		`{"a":1}{"class_uid":1}`:            false,
		`{"a":{"class_uid":1}}`:             false,
		`{"catalog":{}}`:                    false,
		`[[{"class_uid":1}]]`:               false,
		``:                                  false,
		`"class_uid"`:                       false,
		`{"a":"` + strings.Repeat("a", 1<<20) + `","class_uid":1}`: false,
	} {
		if got := Recognize(strings.NewReader(text)); got != want {
			t.Errorf("%.100s: %v, want %v", text, got, want)
		}
	}
}

func TestConcurrent(t *testing.T) {
	v, err := New("1.6.0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			ev := event(t, "1.6.0", "2003")
			if i%2 == 1 {
				ev["time"] = "x"
			}
			line := text(t, ev)
			for range 100 {
				if got := len(v.Event(line)); got != i%2 {
					t.Errorf("%d messages, want %d", got, i%2)
				}
			}
		})
	}
	wg.Wait()
}

// TestManyObservables has as many names and values as fit, which must not take
// time in their product.
func TestManyObservables(t *testing.T) {
	ev := event(t, "1.6.0", "2003")
	var resources, observables []any
	for i := range 20_000 {
		resources = append(resources, map[string]any{"uid": fmt.Sprint(i)})
		observables = append(observables, map[string]any{"name": fmt.Sprintf("resources[%d].uid", i), "type_id": 10, "value": fmt.Sprint(i)})
	}
	ev["resources"], ev["observables"] = resources, observables
	v, err := New("1.6.0")
	if err != nil {
		t.Fatal(err)
	}
	got := v.Event(text(t, ev))
	if len(got) != 1 || got[0].Code != codeObservableValue || !strings.Contains(got[0].Text, "not checked") {
		t.Errorf("%v, want one message that says what was not checked", got)
	}
	for _, o := range observables {
		o.(map[string]any)["name"] = "resources[].uid"
	}
	if got := v.Event(text(t, ev)); got != nil {
		t.Errorf("the same name: %v", got)
	}
}
