package configrules

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
)

// evaluation is an item as AWS Config writes it.
const evaluation = `{"EvaluationResultIdentifier":{"EvaluationResultQualifier":{"ConfigRuleName":"keys-conformance-pack-x1","ResourceType":"AWS::IAM::User","ResourceId":"AIDA1","EvaluationMode":"DETECTIVE"},"OrderingTimestamp":1767225600.5},"ComplianceType":"NON_COMPLIANT","ResultRecordedTime":1767225601.25,"ConfigRuleInvokedTime":1767225601.0,"Annotation":"too old"}`

func record(members, item string) []byte {
	return []byte(`{"AccountId":"111122223333","Region":"eu-west-1","Partition":"aws","ConformancePackName":"nist","ConfigRuleName":"keys-conformance-pack-x1",` + members + `"Evaluation":` + item + `}`)
}

func TestDecode(t *testing.T) {
	raw := record(`"SourceOwner":"AWS","SourceIdentifier":"ACCESS_KEYS_ROTATED","RuleDescription":"Checks keys.","ResourceArn":"arn:aws:iam::111122223333:user/a",`, evaluation)
	at := time.Date(2026, 1, 1, 0, 0, 1, 250_000_000, time.UTC)
	want := &shca.Finding{
		Source: "config", ProductName: "AWS Config",
		ID:        "config/111122223333/eu-west-1/access-keys-rotated/AWS::IAM::User/AIDA1",
		AccountID: "111122223333", Region: "eu-west-1", Partition: "aws",
		Check: "config-rule/access-keys-rotated", ConfigRule: "access-keys-rotated",
		Status:        shca.Failed,
		StatusReasons: []shca.StatusReason{{Code: Annotation, Description: "too old"}},
		RecordState:   "ACTIVE",
		Title:         "AWS Config rule access-keys-rotated", Description: "too old",
		Resources: []shca.Resource{{ID: "arn:aws:iam::111122223333:user/a", Type: "AWS::IAM::User", Region: "eu-west-1", Partition: "aws", Alias: "AIDA1"}},
		UpdatedAt: at, LastObservedAt: at,
		Raw: raw,
	}
	got, err := Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("finding (-want +got):\n%s", d)
	}
}

// TestDecodeVariants: one member after the other is written another way.
func TestDecodeVariants(t *testing.T) {
	replaced := func(old, new string) string {
		if !strings.Contains(evaluation, old) {
			t.Fatalf("no %s", old)
		}
		return strings.Replace(evaluation, old, new, 1)
	}
	for _, tc := range []struct {
		name, members, item string
		want                string // rule, status, first reason, resource, id
	}{
		{"as it is", "", evaluation, "keys FAILED CONFIG_ANNOTATION AIDA1 config/111122223333/eu-west-1/keys/AWS::IAM::User/AIDA1"},
		{"small letters", "", replaced("NON_COMPLIANT", "non_compliant"), "keys FAILED CONFIG_ANNOTATION AIDA1 config/111122223333/eu-west-1/keys/AWS::IAM::User/AIDA1"},
		{"compliant", "", replaced("NON_COMPLIANT", "Compliant"), "keys PASSED CONFIG_ANNOTATION AIDA1 config/111122223333/eu-west-1/keys/AWS::IAM::User/AIDA1"},
		{"not applicable", "", replaced("NON_COMPLIANT", "NOT_APPLICABLE"), "keys  CONFIG_RETURNS_NOT_APPLICABLE AIDA1 config/111122223333/eu-west-1/keys/AWS::IAM::User/AIDA1"},
		{"no data", "", replaced("NON_COMPLIANT", "INSUFFICIENT_DATA"), "keys NOT_AVAILABLE CONFIG_EVALUATIONS_EMPTY AIDA1 config/111122223333/eu-west-1/keys/AWS::IAM::User/AIDA1"},
		{"before it is deployed", "", replaced("DETECTIVE", "Proactive"), "keys  CONFIG_EVALUATION_PROACTIVE AIDA1 config/111122223333/eu-west-1/keys/AWS::IAM::User/AIDA1/PROACTIVE"},
		{"a rule of Lambda", `"SourceOwner":"CUSTOM_LAMBDA","SourceIdentifier":"arn:aws:lambda:x",`, evaluation, "keys FAILED CONFIG_ANNOTATION AIDA1 config/111122223333/eu-west-1/keys/AWS::IAM::User/AIDA1"},
		{"an account", "", strings.Replace(replaced("AWS::IAM::User", "AWS::::Account"), "AIDA1", "111122223333", 1), "keys FAILED CONFIG_ANNOTATION AWS::::Account:111122223333 config/111122223333/eu-west-1/keys/AWS::::Account/111122223333"},
		{"a slash in a name", "", replaced("AIDA1", "a/b c"), "keys FAILED CONFIG_ANNOTATION a/b c config/111122223333/eu-west-1/keys/AWS::IAM::User/a%2Fb%20c"},
		{"a rule as a whole", "", `{"ConfigRuleName":"keys-conformance-pack-x1","ComplianceType":"INSUFFICIENT_DATA","Controls":["AC-2"]}`, "keys NOT_AVAILABLE CONFIG_EVALUATIONS_EMPTY keys-conformance-pack-x1 config/111122223333/eu-west-1/keys/AWS::Config::ConfigRule/keys-conformance-pack-x1"},
		{"a rule's compliance", "", `{"ConfigRuleName":"keys-conformance-pack-x1","Compliance":{"ComplianceType":"COMPLIANT"}}`, "keys PASSED  keys-conformance-pack-x1 config/111122223333/eu-west-1/keys/AWS::Config::ConfigRule/keys-conformance-pack-x1"},
	} {
		f, err := Decode(record(tc.members, tc.item))
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		reason := ""
		if len(f.StatusReasons) > 0 {
			reason = f.StatusReasons[0].Code
		}
		if got := fmt.Sprintf("%s %s %s %s %s", f.ConfigRule, f.Status, reason, f.ResourceID(), f.ID); got != tc.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tc.name, got, tc.want)
		}
		if f.SecurityHub() || f.Product() != "AWS Config" {
			t.Errorf("%s: it is taken for a finding of %s", tc.name, f.Product())
		}
		if ID(f.Raw) != f.ID {
			t.Errorf("%s: ID %q, want %q", tc.name, ID(f.Raw), f.ID)
		}
	}
}

// TestSubjects: the same managed rule in two packs is one subject, and anything
// else is another.
func TestSubjects(t *testing.T) {
	id := func(members, old, new string) string {
		t.Helper()
		f, err := Decode([]byte(strings.Replace(string(record(members, evaluation)), old, new, -1)))
		if err != nil {
			t.Fatal(err)
		}
		return f.ID
	}
	identified := `"SourceIdentifier":"ACCESS_KEYS_ROTATED",`
	same := id(identified, "", "")
	for _, tc := range [][3]string{{identified, `"nist"`, `"fedramp"`}, {identified, "keys-conformance-pack-x1", "other-conformance-pack-x2"}, {identified, "too old", "still"}, {identified, "1767225601", "1767225701"}} {
		if got := id(tc[0], tc[1], tc[2]); got != same {
			t.Errorf("%v: another id %s, want %s", tc, got, same)
		}
	}
	seen := map[string]bool{same: true}
	for _, tc := range [][3]string{{"", "", ""}, {identified, "111122223333", "444455556666"}, {identified, "eu-west-1", "eu-west-2"}, {identified, "AIDA1", "AIDA2"}, {identified, "AWS::IAM::User", "AWS::IAM::Role"}, {identified, "ACCESS_KEYS", "KEYS"}} {
		got := id(tc[0], tc[1], tc[2])
		if seen[got] {
			t.Errorf("%v: id %s is another's, too", tc, got)
		}
		seen[got] = true
	}
}

func TestDecodeErrors(t *testing.T) {
	qualifier := "/Evaluation/EvaluationResultIdentifier/EvaluationResultQualifier"
	for _, tc := range []struct{ name, raw, id, field, err string }{
		{"no JSON", `{`, "", "", "broken JSON at byte 1 of the finding: unexpected EOF"},
		{"no record", `[]`, "", "", "wrong type: a JSON list, where an object is expected"},
		{"no evaluation", `{"AccountId":"1"}`, "", "/Evaluation", "missing: there is no evaluation to read"},
		{"no object", string(record("", `"x"`)), "", "/Evaluation", "wrong type: a JSON string, where an object is expected"},
		{"null", string(record("", `null`)), "config/111122223333/eu-west-1/keys/AWS::Config::ConfigRule/keys-conformance-pack-x1", "/Evaluation/ComplianceType", "missing; without it the evaluation has no outcome"},
		{"no rule", `{"Evaluation":{"ComplianceType":"COMPLIANT"}}`, "", "/Evaluation/ConfigRuleName", "missing; without it the evaluation is of no rule"},
		{"no rule of a resource", `{"Evaluation":{"ComplianceType":"COMPLIANT","EvaluationResultIdentifier":{}}}`, "", qualifier + "/ConfigRuleName", "missing; without it the evaluation is of no rule"},
		{"no resource", string(record("", strings.Replace(evaluation, "AIDA1", "", 1))), "", qualifier + "/ResourceId", "missing; without it the evaluation is of no resource"},
		{"no outcome", string(record("", strings.Replace(evaluation, "NON_COMPLIANT", "", 1))), "config/111122223333/eu-west-1/keys/AWS::IAM::User/AIDA1", "/Evaluation/ComplianceType", "missing; without it the evaluation has no outcome"},
		{"another outcome", string(record("", strings.Replace(evaluation, "NON_COMPLIANT", "ERROR", 1))), "config/111122223333/eu-west-1/keys/AWS::IAM::User/AIDA1", "/Evaluation/ComplianceType", `"ERROR" is none of COMPLIANT, NON_COMPLIANT, NOT_APPLICABLE, INSUFFICIENT_DATA`},
		{"two outcomes", string(record("", strings.Replace(evaluation, `"ComplianceType"`, `"complianceType":"COMPLIANT","ComplianceType"`, 1))), "", "/Evaluation/ComplianceType", `broken JSON at byte 250 of the finding: duplicate object member name`},
		{"a time that is none", string(record("", strings.Replace(evaluation, "1767225601.25", `"yesterday"`, 1))), "", "/Evaluation/ResultRecordedTime", `"yesterday" is not a time such as 2026-01-31T12:00:00Z`},
		{"an unknown zone", string(record("", strings.Replace(evaluation, "1767225601.25", `"Tue Jul 16 23:07:35 IST 2019"`, 1))), "", "/Evaluation/ResultRecordedTime", `"Tue Jul 16 23:07:35 IST 2019" is a time in a zone that is not known here: write it with its offset, 2026-01-31T12:00:00+01:00`},
	} {
		f, err := Decode([]byte(tc.raw))
		if err == nil {
			t.Errorf("%s: got %+v", tc.name, f)
			continue
		}
		if got, want := [3]string{err.ID, err.Field, err.Err.Error()}, [3]string{tc.id, tc.field, tc.err}; got != want {
			t.Errorf("%s: got\n%q\nwant\n%q", tc.name, got, want)
		}
	}
}

func TestMoment(t *testing.T) {
	at := func(sec, nano int64) time.Time { return time.Unix(sec, nano).UTC() }
	for text, want := range map[string]time.Time{
		`null`:                           {},
		`""`:                             {},
		`1450314645.261`:                 at(1450314645, 261_000_000),
		`1450314645`:                     at(1450314645, 0),
		`1.450314645261E9`:               at(1450314645, 261_000_000),
		`1450314645.123456789123`:        at(1450314645, 123_456_789),
		`0`:                              at(0, 0),
		`"2026-01-01T00:00:01.25+01:00"`: at(1767222001, 250_000_000),
		`"Tue Jul 16 23:07:35 PDT 2019"`: at(1563343655, 0),
		`"Thu Jul 4 23:07:35 UTC 2019"`:  at(1562281655, 0),
		`"Tue Jan  1 12:00:00 EST 2019"`: at(1546362000, 0),
		`{"__class__":"datetime","year":2018,"month":7,"day":11,"hour":8,"minute":20,"second":23,"microsecond":955000}`: at(1531297223, 955_000_000),
	} {
		var m moment
		if err := unmarshal(text, &m); err != nil || !time.Time(m).Equal(want) || time.Time(m).Location() != time.UTC {
			t.Errorf("%s: got %v, error %v; want %v", text, time.Time(m), err, want)
		}
	}
	for _, text := range []string{`true`, `[]`, `-1`, `-0.5`, `1e300`, `99999999999999`, `1767225601250`, `"1767225601"`, `"Tue Feb 30 23:07:35 UTC 2019"`, `"Tue Jul 16 23:07:35 CEST 2019"`,
		`{}`, `{"__class__":"date","year":2018,"month":7,"day":11}`, `{"__class__":"datetime","year":2018,"month":13,"day":11}`, `{"__class__":"datetime","year":2018,"month":2,"day":30}`,
		`{"__class__":"datetime","year":2018,"month":7,"day":11,"microsecond":1000000}`, `{"__class__":"datetime","year":9999999,"month":7,"day":11}`} {
		var m moment
		if err := unmarshal(text, &m); err == nil {
			t.Errorf("%s: got %v, want an error", text, time.Time(m))
		}
	}
}

// TestAppend: the item stays as it was, but for white space between tokens.
func TestAppend(t *testing.T) {
	for item, want := range map[string]string{
		`{ "a" : 1.50e3, "b":"\u0041\/ é" }`: `{"a":1.50e3,"b":"\u0041\/ é"}`,
		`{"a":1,"a":2}`:                      `{"a":1,"a":2}`,
		"[\n1]":                              `[1]`,
	} {
		r := Record{ConfigRule: "r", Evaluation: []byte(item)}
		got, err := r.Append([]byte("x"))
		if want := `x{"AccountId":"","Region":"","ConfigRuleName":"r","Evaluation":` + want + `}`; err != nil || string(got) != want {
			t.Errorf("%s: got %s, error %v; want %s", item, got, err, want)
		}
	}
	if got, err := (&Record{Evaluation: []byte(`{`)}).Append(nil); err == nil {
		t.Errorf("broken JSON became %s", got)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(record("", evaluation))
	f.Add(record(`"SourceIdentifier":"X_Y",`, evaluation))
	f.Add([]byte(`{"Evaluation":{"ConfigRuleName":"r","Compliance":{"ComplianceType":"COMPLIANT"},"Controls":["a"]}}`))
	f.Add(record("", strings.Replace(evaluation, "1767225601.25", `{"__class__":"datetime","year":2018,"month":7,"day":11}`, 1)))
	f.Add(record("", strings.Replace(evaluation, "1767225601.25", `"Tue Jul 16 23:07:35 PDT 2019"`, 1)))
	f.Add([]byte(`{"Evaluation":{"evaluation_result_identifier":null}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := Decode(raw)
		if err != nil {
			if got != nil || err.Err == nil || err.Error() == "" {
				t.Errorf("%q: finding %v and error %v", raw, got, err)
			}
			return
		}
		if !json.Valid(raw) {
			t.Errorf("%q was read, and is not JSON", raw)
		}
		if got.ID == "" || got.ID != ID(raw) || got.Check == "" || got.ConfigRule == "" || len(got.Resources) != 1 || got.Resources[0].ID == "" || got.Source != "config" || got.RecordState != "ACTIVE" {
			t.Errorf("%q: finding %+v", raw, got)
		}
		if got.Status == "" && !strings.Contains(strings.ToLower(string(raw)), "mode") {
			t.Errorf("%q: no status", raw)
		}
		// The record written anew is the same finding.
		var r Record
		if err := unmarshal(string(raw), &r); err != nil {
			t.Fatal(err)
		}
		text, appendErr := r.Append(nil)
		if appendErr != nil {
			t.Fatalf("%q: %v", raw, appendErr)
		}
		again, err := Decode(text)
		if err != nil {
			t.Fatalf("%q became %q: %v", raw, text, err)
		}
		again.Raw, got.Raw = nil, nil
		if d := cmp.Diff(got, again); d != "" {
			t.Errorf("%q became %q (-was +is):\n%s", raw, text, d)
		}
	})
}
