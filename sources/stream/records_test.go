package stream_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/asff"
	"github.com/go-shca/shca/sources/stream"
)

// sample is a finding as Security Hub writes it, on one line.
func sample(id string) string {
	return `{"SchemaVersion":"2018-10-08","Id":"` + id + `","ProductArn":"arn:aws:securityhub:eu-west-1::product/aws/securityhub",` +
		`"GeneratorId":"security-control/S3.8","AwsAccountId":"012345678901","Region":"eu-west-1",` +
		`"Types":["Software and Configuration Checks/Industry and Regulatory Standards"],` +
		`"CreatedAt":"2026-01-01T00:00:00.000Z","UpdatedAt":"2026-01-02T00:00:00.000Z",` +
		`"Severity":{"Label":"HIGH","Normalized":70,"Original":"HIGH"},"Title":"S3 \"buckets\" {should} [block], public \\ access é 🔒",` +
		`"Description":"d","Resources":[{"Type":"AwsS3Bucket","Id":"arn:aws:s3:::b","Partition":"aws","Region":"eu-west-1"}],` +
		`"Compliance":{"Status":"FAILED","SecurityControlId":"S3.8","AssociatedStandards":[{"StandardsId":"standards/nist-800-53/v/5.0.0"}],` +
		`"RelatedRequirements":["NIST.800-53.r5 AC-3"]},"WorkflowState":"NEW","Workflow":{"Status":"NEW"},"RecordState":"ACTIVE"}`
}

func samples(ids ...string) []string {
	var list []string
	for _, id := range ids {
		list = append(list, sample(id))
	}
	return list
}

// indent lays a finding out as the AWS CLI does.
func indent(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(text), "", "    "); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// result is what a source yields.
type result struct {
	findings []*shca.Finding
	errors   []*shca.FindingError
	scopes   []shca.Scope
	err      error
}

func (r *result) ids() []string {
	ids := []string{}
	for _, f := range r.findings {
		ids = append(ids, f.ID)
	}
	return ids
}

func collect(s shca.Source) *result {
	r := &result{}
	for record, err := range s.Records(context.Background()) {
		var one *shca.FindingError
		switch {
		case errors.As(err, &one):
			r.errors = append(r.errors, one)
		case err != nil:
			r.err = err
		case record.Finding != nil:
			r.findings = append(r.findings, record.Finding)
		case record.Scope != nil:
			r.scopes = append(r.scopes, *record.Scope)
		}
	}
	return r
}

// formats are those the tests read, with real findings.
var formats = []stream.Format{asff.Format}

func reading(r io.Reader) *stream.Source {
	return &stream.Source{Name: "in", Open: func() (io.ReadCloser, error) { return io.NopCloser(r), nil }, Formats: formats}
}

func read(text string) *result { return collect(reading(strings.NewReader(text))) }

// TestWrappers: the same findings come out of every wrapper, byte for byte.
func TestWrappers(t *testing.T) {
	one := samples("a", "b", "c")
	pretty := make([]string, len(one))
	for i, f := range one {
		pretty[i] = indent(t, f)
	}
	event := func(f ...string) string {
		return `{"version":"0","id":"x","detail-type":"Security Hub Findings - Imported","source":"aws.securityhub","account":"012345678901",` +
			`"time":"2026-01-01T00:00:00Z","region":"eu-west-1","resources":["arn:aws:x"],"detail":{"findings":[` + strings.Join(f, ",") + `]}}`
	}
	for name, text := range map[string]string{
		"CLI":                 `{"Findings":[` + strings.Join(one, ",") + `]}`,
		"CLI, token first":    `{"NextToken":"","Findings": [` + strings.Join(one, ", ") + `]}`,
		"CLI indented":        "{\n    \"Findings\": [\n        " + strings.Join(one, ",\n        ") + "\n    ]\n}\n",
		"CLI, CRLF":           "{\r\n    \"Findings\": [\r\n" + strings.Join(one, ",\r\n") + "\r\n    ]\r\n}\r\n",
		"array":               "[" + strings.Join(one, ",") + "]",
		"array of lines":      "[\n" + strings.Join(one, ",\n") + "\n]\n",
		"NDJSON":              strings.Join(one, "\n") + "\n",
		"NDJSON, no newline":  strings.Join(one, "\n"),
		"NDJSON, CRLF":        strings.Join(one, "\r\n") + "\r\n",
		"NDJSON, blank lines": "\n\n" + strings.Join(one, "\n \n\t\n") + "\n\n",
		"NDJSON, commas":      strings.Join(one, ",\n") + "\n",
		"JSON text sequence":  "\x1e" + strings.Join(one, "\n\x1e") + "\n",
		"concatenated":        strings.Join(one, ""),
		"EventBridge":         event(one...),
		"EventBridge a line":  event(one[0]) + "\n" + event(one[1]) + "\n" + event(one[2]) + "\n",
		"EventBridge array":   "[" + event(one[0]) + "," + event(one[1], one[2]) + "]",
		"findings":            `{"findings":[` + strings.Join(one, ",") + `]}`,
		"Finding":             `{"Finding":` + one[0] + "}\n" + `{"Finding":` + one[1] + "}\n" + `{"Finding":` + one[2] + `}`,
		"finding":             `[{"finding":` + one[0] + `},{"finding":` + one[1] + `},{"finding":` + one[2] + `}]`,
		"Finding, others":     `{"id":1,"Finding":` + one[0] + `,"Other":1} {"detail":{"finding":` + one[1] + `},"source":"x"} [{"finding":` + one[2] + `,"index":1}]`,
		"a report":            `{"Id":"r1","Title":"Weekly","Description":"x","Severity":1,"Findings":[` + strings.Join(one, ",") + `]}`,
		"data.Findings":       `{"status_code":200,"data":{"Findings":[` + strings.Join(one, ",") + `],"ResponseMetadata":{}}}`,
		"apiResponse":         `{"apiResponse":{"Findings":[` + strings.Join(one, ",") + `]}}`,
		"pages":               `{"Findings":[` + one[0] + `],"NextToken":"t"}{"Findings":[` + one[1] + "," + one[2] + `]}`,
		"array of pages":      `[{"Findings":[` + one[0] + `],"NextToken":"t"},{"Findings":[` + one[1] + "," + one[2] + `]}]`,
		"mixed":               one[0] + "\n[" + one[1] + "]\n" + event(one[2]),
		"marks between":       one[0] + "\n\ufeff" + one[1] + "\n\ufeff" + one[2],
	} {
		t.Run(name, func(t *testing.T) {
			r := read(text)
			if len(r.errors) > 0 || len(r.scopes) > 0 || r.err != nil {
				t.Fatalf("errors %v, scopes %+v, err %v; want none", r.errors, r.scopes, r.err)
			}
			if len(r.findings) != len(one) {
				t.Fatalf("got %d findings %v, want %d", len(r.findings), r.ids(), len(one))
			}
			for i, f := range r.findings {
				if string(f.Raw) != one[i] {
					t.Errorf("finding %d: Raw differs from the original (-want +got):\n%s", i+1, cmp.Diff(one[i], string(f.Raw)))
				}
				want, err := asff.Format.Decode([]byte(one[i]))
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(want, f); d != "" {
					t.Errorf("finding %d (-want +got):\n%s", i+1, d)
				}
			}
		})
	}
	t.Run("indented findings", func(t *testing.T) {
		r := read(`{"Findings": [` + strings.Join(pretty, ", ") + "]}")
		if len(r.findings) != 3 || len(r.errors)+len(r.scopes) > 0 {
			t.Fatalf("got %v, %v, %+v", r.ids(), r.errors, r.scopes)
		}
		for i, f := range r.findings {
			if string(f.Raw) != pretty[i] {
				t.Errorf("finding %d: Raw differs:\n%s", i+1, cmp.Diff(pretty[i], string(f.Raw)))
			}
		}
	})
}

// TestNoFindings: each way to hold no findings is told apart from an estate
// that has none, and says what to do.
func TestNoFindings(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"empty file", "", "holds no findings: it is empty"},
		{"white space", " \n\t\r\n", "holds no findings: it is empty"},
		{"only a byte order mark", "\ufeff", "holds no findings: it is empty"},
		{"empty list", `{"Findings":[]}`, "holds no findings: its list is empty; check the filter, account and region of the call that wrote it"},
		{"empty array", `[]`, "holds no findings: its list is empty; check the filter, account and region of the call that wrote it"},
		{"empty event", `{"detail":{"findings":[ ]}}`, "holds no findings: its list is empty; check the filter, account and region of the call that wrote it"},
		{"empty object", `{}`, "holds no findings but an empty object"},
		{"empty object in a list", `[{}]`, "holds no findings but an empty object"},
		{"no list", `{"Findings":null}`, "holds no findings but a document with the members Findings"},
		{"error document", `{"__type":"AccessDeniedException","Message":"no"}`, "holds no findings but an error document (repeat the call that wrote it)"},
		{"error of the CLI", `{"Error":{"Code":"ExpiredToken","Message":"no"}}`, "holds no findings but an error document (repeat the call that wrote it)"},
		{"insights", `{"InsightResults":{"InsightArn":"arn","GroupByAttribute":"SeverityLabel","ResultValues":[{"GroupByAttributeValue":"HIGH","Count":3}]}}`,
			"holds no findings but an InsightResults answer, which counts findings but does not hold them (export them with get-findings)"},
		{"OCSF", `{"class_uid":2003,"category_uid":2}`, "holds no findings but an OCSF event, which is not read here"},
		{"OSCAL", `{"catalog":{"uuid":"u","metadata":{"title":"t"}}}`, "holds no findings but an OSCAL document"},
		{"other", `{"Controls":[],"a\u001b\x1b[31m` + "\xff" + `":1}`, `holds no findings but a document with the members Controls, a\u001b\x1b[31m` + "\ufffd"},
		{"several others", `{"x":1}{"y":1}{"x":2}`, "3 of its documents hold no findings: a document with the members x; a document with the members y"},
		{"HTML", "<!DOCTYPE html><html><body>Sign in</body></html>", `not JSON: it begins with "<!DOCTYPE html><html><body>Sign in</body"; export with --output json`},
		{"CSV", "id,title\n1,2\n", `not JSON: it begins with "id,title\n1,2\n"; export with --output json`},
		{"scalar", "42", `not JSON: it begins with "42"; export with --output json`},
		{"string", `"{}"`, `not JSON: it begins with "\"{}\""; export with --output json`},
		{"CLI's text", "FINDINGS\tarn", `not JSON: it begins with "FINDINGS\tarn"; export with --output json`},
		{"binary", "\x00\xff\x00", `not JSON: it begins with "\x00\xff\x00"; export with --output json`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := read(tc.text)
			want := []shca.Scope{{Source: "in", Err: tc.want}}
			if d := cmp.Diff(want, r.scopes); d != "" {
				t.Errorf("%s: scopes (-want +got):\n%s", tc.text, d)
			}
			if len(r.findings)+len(r.errors) > 0 || r.err != nil {
				t.Errorf("%s: got findings %v, errors %v, err %v", tc.text, r.ids(), r.errors, r.err)
			}
		})
	}
	t.Run("beside findings", func(t *testing.T) {
		r := read(sample("a") + "\n" + `{"InsightResults":{}}`)
		want := "one of its documents holds no findings but is an InsightResults answer, which counts findings but does not hold them (export them with get-findings)"
		if len(r.scopes) != 1 || r.scopes[0].Err != want || len(r.findings) != 1 {
			t.Errorf("got %+v, want %s", r.scopes, want)
		}
	})
}

// broken is one error as the tests compare it.
type broken struct {
	Number         int64
	ID, Field, Err string
}

func brokens(list []*shca.FindingError) []broken {
	var out []broken
	for _, e := range list {
		out = append(out, broken{e.Number, e.ID, e.Field, e.Err.Error()})
	}
	return out
}

const (
	notClosed = "broken JSON: the finding is not closed; others that follow may be lost with it"
	cutShort  = "broken JSON: a bracket too many closes the finding before its end"
	between   = "broken JSON: text between findings"
	tooBig    = "larger than 4 MiB, the limit for one finding"
	tooDeep   = "nested deeper than 256 levels, the limit for one finding"
)

func TestBadInput(t *testing.T) {
	a, b, c, d := sample("a"), sample("b"), sample("c"), sample("d")
	event := func(f string) string { return `{"version":"0","detail":{"findings":[` + f + `]}}` }
	with := func(old, new string) string { // finding b with a mistake
		if !strings.Contains(b, old) {
			panic(old)
		}
		return strings.Replace(b, old, new, 1)
	}
	cut := func(before string) string { return b[:strings.Index(b, before)] }
	lines := func(f ...string) string { return strings.Join(f, "\n") + "\n" }
	list := func(f ...string) string { return `{"Findings":[` + strings.Join(f, ",") + `]}` }
	big := with(`"Description":"d"`, `"Description":"`+strings.Repeat("x", 5<<20)+`"`)
	deep := with(`"Description":"d"`, `"X":`+strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000))
	for _, tc := range []struct {
		name, text string
		ids        []string
		errs       []broken
		scope      string // Scope.Err; "" for no scope
	}{
		// One line of NDJSON.
		{"line cut in a string", lines(a, cut("should}"), c, d), []string{"a", "c", "d"}, []broken{{2, "b", "", notClosed}}, ""},
		{"line cut in a name", lines(a, cut("edAt"), c, d), []string{"a", "c", "d"}, []broken{{2, "b", "", notClosed}}, ""},
		{"line cut behind a name", lines(a, cut(`:"2026-01-02`), c, d), []string{"a", "c", "d"}, []broken{{2, "b", "", notClosed}}, ""},
		{"line cut before a value", lines(a, cut(`"2026-01-02`), c, d), []string{"a", "c", "d"}, []broken{{2, "b", "", notClosed}}, ""},
		{"line cut before a list", lines(a, cut(`{"Type"`), c, d), []string{"a", "c", "d"}, []broken{{2, "b", "", notClosed}}, ""},
		{"line cut in a list", lines(a, cut(`"Software`), c, d), []string{"a", "c", "d"}, []broken{{2, "b", "", notClosed}}, ""},
		{"line cut behind a comma", lines(a, cut(`"UpdatedAt"`), c, d), []string{"a", "c", "d"}, []broken{{2, "b", "", notClosed}}, ""},
		{"line cut in a number", lines(a, cut(`0,"Original"`), c, d), []string{"a", "c", "d"}, []broken{{2, "b", "", notClosed}}, ""},
		{"line cut before its last brace", lines(a, b[:len(b)-1], c, d), []string{"a", "c", "d"}, []broken{{2, "b", "", notClosed}}, ""},
		{"line is one brace", lines(a, "{", c, d), []string{"a", "c", "d"}, []broken{{2, "", "", notClosed}}, ""},
		{"first line cut", lines(cut("should}"), c, d), []string{"c", "d"}, []broken{{1, "b", "", notClosed}}, ""},
		{"last line cut", lines(a, cut("should}")), []string{"a"}, []broken{{2, "b", "", notClosed}}, ""},
		{"two lines cut", lines(cut("should}"), a, cut(`"2026`), c), []string{"a", "c"}, []broken{{1, "b", "", notClosed}, {3, "b", "", notClosed}}, ""},
		{"CRLF line cut", strings.ReplaceAll(lines(a, cut("should}"), c), "\n", "\r\n"), []string{"a", "c"}, []broken{{2, "b", "", notClosed}}, ""},
		{"quote missing", lines(a, with(`HIGH","Normalized`, `HIGH,"Normalized`), c), []string{"a", "c"},
			[]broken{{2, "b", "/Severity", "broken JSON at byte 383 of the finding: invalid character 'N' after object value (expecting ',' or '}')"}}, ""},
		{"quote not escaped", lines(a, with(`\"buckets\"`, `"buckets"`), c), []string{"a", "c"},
			[]broken{{2, "b", "", notClosed}}, ""},
		{"value missing", lines(a, with(`"Region":"eu-west-1"`, `"Region":`), c), []string{"a", "c"},
			[]broken{{2, "b", "/Region", "broken JSON at byte 186 of the finding: invalid character ',' at start of value"}}, ""},
		{"colon missing", lines(a, with(`"Title":`, `"Title" `), c), []string{"a", "c"},
			[]broken{{2, "b", "/Title", "broken JSON at byte 426 of the finding: invalid character '\"' after object name (expecting ':')"}}, ""},
		{"no quotes around a name", lines(a, with(`"Title"`, `Title`), c), []string{"a", "c"},
			[]broken{{2, "b", "", "broken JSON at byte 418 of the finding: invalid character 'T' at start of value"}}, ""},
		{"bracket too many", lines(a, with(`"RecordState"`, `],"RecordState"`), c), []string{"a", "c"}, []broken{{2, "b", "", notClosed}}, ""},
		{"brace too many", lines(a, b+"}", c), []string{"a", "b", "c"}, []broken{{3, "", "", between}}, ""},
		{"bracket missing", lines(a, with(`Standards"],`, `Standards",`), c), []string{"a", "c"},
			[]broken{{2, "b", "/Types", "broken JSON at byte 288 of the finding: invalid character ':' after array element (expecting ',' or ']')"}}, ""},
		{"a log line", lines(a, "ERROR: something [broke]", c), []string{"a", "c"}, []broken{{2, "", "", between}}, ""},
		{"log prefixes", lines(a, "2026-01-01 INFO "+b, c), []string{"a", "b", "c"}, []broken{{2, "", "", between}}, ""},
		{"zero bytes at the end", lines(a, b) + "\x00\x00\x00", []string{"a", "b"}, []broken{{3, "", "", between}}, ""},

		// One element of a list.
		{"list: trailing comma", list(a, b, ""), []string{"a", "b"}, nil, ""},
		{"list: comma missing", `{"Findings":[` + a + b + "\n" + c + `]}`, []string{"a", "b", "c"}, nil, ""},
		{"list: brace missing", list(a, b[:len(b)-1], c, d), []string{"a", "c", "d"}, []broken{{2, "b", "", notClosed}}, ""},
		{"list: brace too many", list(a, b+"}", c, d), []string{"a", "b", "c", "d"}, []broken{{3, "", "", between}}, ""},
		{"list: brace too many at its end", list(a, b+"}"), []string{"a", "b"}, []broken{{3, "", "", between}}, ""},
		{"list: bracket too many", list(a, with(`"RecordState"`, `],"RecordState"`), c, d), []string{"a", "c", "d"}, []broken{{2, "b", "", notClosed}, {5, "", "", between}}, ""},
		{"list: inner brace missing", list(a, with(`AC-3"]}`, `AC-3"]`), c, d), []string{"a", "c", "d"}, []broken{{2, "b", "", notClosed}}, ""},
		{"list: inner brace too many", list(a, with(`AC-3"]}`, `AC-3"]}}`), c, d), []string{"a", "c", "d"}, []broken{{2, "b", "", cutShort}}, ""},
		{"list: quote missing", list(a, with(`HIGH","Normalized`, `HIGH,"Normalized`), c, d), []string{"a", "c", "d"},
			[]broken{{2, "b", "/Severity", "broken JSON at byte 383 of the finding: invalid character 'N' after object value (expecting ',' or '}')"}}, ""},
		{"list: indented, quote missing", strings.Replace(indent(t, list(a, b, c)), `"Id": "b",`, `"Id": "b,`, 1), []string{"a", "c"},
			[]broken{{2, "", "/Id", `broken JSON at byte 66 of the finding: invalid character '\n' in string (expecting non-control character)`}}, ""},
		{"list: colon missing inside", list(a, with(`"Compliance":{`, `"Compliance" {`), c, d), []string{"a", "c", "d"}, []broken{{2, "b", "", notClosed}}, ""},
		{"list: no objects", `[1,"x",[2],null,` + a + `]`, []string{"a"}, []broken{
			{1, "", "", stream.ErrNotObject.Error()}, {2, "", "", stream.ErrNotObject.Error()}, {3, "", "", stream.ErrNotObject.Error()}, {4, "", "", stream.ErrNotObject.Error()}}, ""},
		{"list: not closed by the brace", `{"Findings":[` + a + "}\n" + list(b), []string{"a", "b"}, nil, stream.ErrListBroken.Error() + " (after 2 findings)"},
		{"list: cut behind a finding", `{"Findings":[` + a + "," + b, []string{"a", "b"}, nil, stream.ErrListOpen.Error() + " (after 2 findings)"},
		{"list: cut behind it", `{"Findings":[` + a + "]", []string{"a"}, nil, stream.ErrListOpen.Error() + " (after 1 findings)"},
		{"list: cut in a finding", `{"Findings":[` + a + "," + cut("should}"), []string{"a"}, []broken{{2, "b", "", notClosed}}, stream.ErrListOpen.Error() + " (after 2 findings)"},
		{"list: member without name behind it", `{"Findings":[` + a + "],NextToken:1}\n" + b, []string{"a", "b"}, nil, stream.ErrListBroken.Error() + " (after 2 findings)"},
		{"array of lines: one cut", "[\n" + a + ",\n" + cut(`{"Type"`) + "\n" + c + ",\n" + d + "\n]", []string{"a", "c", "d"}, []broken{{2, "b", "", notClosed}}, ""},
		{"array of lines: brace missing", "[\n" + a + ",\n" + b[:len(b)-1] + ",\n" + c + ",\n" + d + "\n]", []string{"a", "c", "d"}, []broken{{2, "b", "", notClosed}}, ""},

		// One wrapper a line.
		{"event cut in a string", lines(event(a), event(b)[:300], event(c), event(d)), []string{"a", "c", "d"}, []broken{{2, "b", "", notClosed}}, stream.ErrListCut.Error() + " (after 4 findings)"},
		{"event cut before a list", lines(event(a), `{"detail":{"findings":[`+cut(`{"Type"`), event(c), event(d)), []string{"a", "c", "d"}, []broken{{2, "b", "", notClosed}}, stream.ErrListCut.Error() + " (after 4 findings)"},
		{"event cut behind a finding", lines(event(a), `{"detail":{"findings":[`+b, event(c), event(d)), []string{"a", "b", "c", "d"}, nil, stream.ErrListCut.Error() + " (after 4 findings)"},
		{"event cut behind a comma", lines(event(a), `{"detail":{"findings":[`+b+",", event(c), event(d)), []string{"a", "b", "c", "d"}, nil, stream.ErrListCut.Error() + " (after 4 findings)"},
		{"event cut behind the list", lines(event(a), `{"detail":{"findings":[`+b+"]", event(c), event(d)), []string{"a", "b", "c", "d"}, nil, stream.ErrListBroken.Error() + " (after 4 findings)"},
		{"event cut behind detail", lines(event(a), `{"detail":{"findings":[`+b+"]}", event(c), event(d)), []string{"a", "b", "c", "d"}, nil, stream.ErrListBroken.Error() + " (after 4 findings)"},
		{"event cut before the list", lines(event(a), `{"version":"0","detail":{`, event(c), event(d)), []string{"a", "c", "d"}, []broken{{2, "", "", notClosed}}, stream.ErrListBroken.Error() + " (after 4 findings)"},
		{"all events cut", lines(slices.Repeat([]string{`{"detail":{"findings":[` + b}, 20)...), slices.Repeat([]string{"b"}, 20), nil, stream.ErrListCut.Error() + " (after 20 findings)"},

		// One finding that is no finding, or too much of one.
		{"too big", list(a, big, c), []string{"a", "c"}, []broken{{2, "b", "", tooBig}}, ""},
		{"too big, alone", lines(a, big, c), []string{"a", "c"}, []broken{{2, "b", "", tooBig}}, ""},
		{"just not too big", lines(a, with(`"Description":"d"`, `"Description":"`+strings.Repeat("x", 4<<20-len(b)+1)+`"`), c), []string{"a", "b", "c"}, nil, ""},
		{"one byte too big", lines(a, with(`"Description":"d"`, `"Description":"`+strings.Repeat("x", 4<<20-len(b)+2)+`"`), c), []string{"a", "c"}, []broken{{2, "b", "", tooBig}}, ""},
		{"too deep", list(a, deep, c), []string{"a", "c"}, []broken{{2, "b", "", tooDeep}}, ""},
		{"too deep and open", lines(a, cut(`"Title"`)+`"X":`+strings.Repeat(`[`, 10_000), c, d), []string{"a", "c", "d"}, []broken{{2, "b", "", tooDeep}}, ""},
		{"invalid UTF-8", list(a, with("é", "\xe9"), c), []string{"a", "c"}, []broken{{2, "b", "/Title", "broken JSON at byte 477 of the finding: invalid UTF-8"}}, ""},
		{"control character", list(a, with("é", "\x01"), c), []string{"a", "c"}, []broken{{2, "b", "/Title", `broken JSON at byte 477 of the finding: invalid character '\x01' in string (expecting non-control character)`}}, ""},
		{"line break in a string", list(a, with("é", "\n"), c), []string{"a", "c"}, []broken{{2, "b", "/Title", `broken JSON at byte 477 of the finding: invalid character '\n' in string (expecting non-control character)`}}, ""},
		{"no finding", list(a, `{"Title":"x"}`, `{}`, c), []string{"a", "c"}, []broken{{2, "", "", stream.ErrNotFinding.Error()}, {3, "", "", stream.ErrNotFinding.Error()}}, ""},
		{"no id", list(a, with(`"Id":"b",`, ""), c), []string{"a", "c"}, []broken{{2, "", "/Id", "missing; without it the finding's newest copy cannot be told"}}, ""},
		{"name twice", list(a, with(`"Title"`, `"Id":"z","Title"`), c), []string{"a", "c"}, []broken{{2, "b", "/Id", "broken JSON at byte 418 of the finding: duplicate object member name"}}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := read(tc.text)
			if d := cmp.Diff(tc.ids, r.ids()); d != "" {
				t.Errorf("findings read (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tc.errs, brokens(r.errors)); d != "" {
				t.Errorf("errors (-want +got):\n%s", d)
			}
			var scopes []shca.Scope
			if tc.scope != "" {
				scopes = []shca.Scope{{Source: "in", Err: tc.scope}}
			}
			if d := cmp.Diff(scopes, r.scopes); d != "" {
				t.Errorf("scopes (-want +got):\n%s", d)
			}
			for _, f := range r.findings {
				if orig := sample(f.ID); string(f.Raw) != orig && !strings.HasPrefix(tc.name, "just") && !strings.Contains(tc.name, "indented") {
					t.Errorf("finding %s differs from the original:\n%s", f.ID, cmp.Diff(orig, string(f.Raw)))
				}
			}
			for _, e := range r.errors {
				if e.Source != "in" {
					t.Errorf("error %v names input %q, want in", e, e.Source)
				}
			}
			if r.err != nil {
				t.Error(r.err)
			}
		})
	}
}

// TestReadError: what was read before an input fails is kept, and the failure
// ends the text.
func TestReadError(t *testing.T) {
	fail := errors.New("disk on fire")
	for name, text := range map[string]string{
		"between":      sample("a") + "\n",
		"in a finding": sample("a") + "\n" + sample("b")[:300],
		"in a list":    "[" + sample("a") + ",",
		"in a reply":   `{"Findings":[` + sample("a") + "," + sample("b")[:300],
		"behind it":    `{"Findings":[` + sample("a") + "]",
		"in text":      sample("a") + "\nfoo",
	} {
		r := collect(reading(io.MultiReader(strings.NewReader(text), iotest.ErrReader(fail))))
		want := []shca.Scope{{Source: "in", Err: "disk on fire (after 1 findings)"}}
		if d := cmp.Diff(want, r.scopes); d != "" {
			t.Errorf("%s: scopes (-want +got):\n%s", name, d)
		}
		if d := cmp.Diff([]string{"a"}, r.ids()); d != "" || len(r.errors) > 0 {
			t.Errorf("%s: findings (-want +got):\n%s\nerrors %v", name, d, r.errors)
		}
	}
	r := collect(&stream.Source{Name: "in", Open: func() (io.ReadCloser, error) { return nil, fail }})
	if d := cmp.Diff([]shca.Scope{{Source: "in", Err: "disk on fire"}}, r.scopes); d != "" {
		t.Errorf("Open fails: scopes (-want +got):\n%s", d)
	}
}

// TestCutEverywhere cuts files at every byte. Every finding before the cut
// survives as it is, nothing else comes out, and the cut is reported.
func TestCutEverywhere(t *testing.T) {
	one := samples("a", "b", "c")
	for name, text := range map[string]string{
		"reply":    `{"Findings":[` + strings.Join(one, ",") + `],"NextToken":"t"}`,
		"indented": indent(t, `{"Findings":[`+strings.Join(one, ",")+`]}`),
		"array":    "[\n" + strings.Join(one, ",\n") + "\n]",
		"event":    `{"version":"0","detail":{"findings":[` + strings.Join(one, ",") + `]}}`,
		"NDJSON":   strings.Join(one, "\n"),
	} {
		t.Run(name, func(t *testing.T) {
			whole := read(text)
			if len(whole.findings) != 3 {
				t.Fatal(whole.ids(), whole.errors)
			}
			ends := make([]int, 3)
			for i, at := 0, 0; i < 3; i++ {
				at += strings.Index(text[at:], string(whole.findings[i].Raw)) + len(whole.findings[i].Raw)
				ends[i] = at
			}
			for n := 0; n < len(text); n += slow {
				r := read(text[:n])
				complete := 0
				for complete < 3 && ends[complete] <= n {
					complete++
				}
				if len(r.findings) != complete {
					t.Fatalf("cut at %d: got %d findings, want %d", n, len(r.findings), complete)
				}
				for i, f := range r.findings {
					if !bytes.Equal(f.Raw, whole.findings[i].Raw) {
						t.Fatalf("cut at %d: finding %d is not the original: %s", n, i+1, f.Raw)
					}
				}
				rest := n
				if complete > 0 {
					rest = ends[complete-1]
				}
				fine := name == "NDJSON" && complete > 0 && strings.TrimSpace(text[rest:n]) == ""
				reported := len(r.errors) > 0 || len(r.scopes) > 0 && r.scopes[0].Err != ""
				if reported == fine {
					t.Fatalf("cut at %d: errors %v, scopes %+v", n, r.errors, r.scopes)
				}
			}
		})
	}
}

// TestCutLine cuts one line of several at every byte: the others survive.
func TestCutLine(t *testing.T) {
	event := func(f string) string { return `{"version":"0","detail":{"findings":[` + f + `]}}` }
	for name, wrap := range map[string]func(string) string{
		"NDJSON": func(f string) string { return f },
		"events": event,
		"arrays": func(f string) string { return `{"Findings":[` + f + `]}` },
	} {
		t.Run(name, func(t *testing.T) {
			cut := wrap(sample("b"))
			for n := 1; n < len(cut); n += slow {
				text := strings.Join([]string{wrap(sample("a")), cut[:n], wrap(sample("c")), wrap(sample("d")), wrap(sample("e"))}, "\n")
				r := read(text)
				ids := slices.DeleteFunc(r.ids(), func(id string) bool { return id == "b" })
				if d := cmp.Diff([]string{"a", "c", "d", "e"}, ids); d != "" {
					t.Fatalf("line cut at %d (%.40q): findings (-want +got):\n%s\nerrors %v", n, cut[max(0, n-40):n], d, r.errors)
				}
				if len(r.errors) == 0 && (len(r.scopes) == 0 || r.scopes[0].Err == "") {
					t.Fatalf("line cut at %d: not reported", n)
				}
				if skipped := len(r.errors); skipped > 1 {
					t.Errorf("line cut at %d: %d errors, want one: %v", n, skipped, r.errors)
				}
				for _, f := range r.findings {
					if string(f.Raw) != sample(f.ID) {
						t.Fatalf("line cut at %d: finding %s is not the original", n, f.ID)
					}
				}
			}
		})
	}
}

// TestBrokenByte drops, doubles or overwrites each byte of the second of four
// findings: the others must survive, unless an opening bracket too many makes
// them a part of the second, and what comes out for the second has to
// be JSON that the input holds.
func TestBrokenByte(t *testing.T) {
	b := sample("b")
	for _, layout := range []struct{ head, sep, tail string }{{`{"Findings":[`, ",", "]}"}, {"[\n", ",\n", "\n]"}, {"", "\n", "\n"}} {
		lost := 0
		for n := range len(b) {
			for _, mistake := range []string{"", b[n:n+1] + b[n:n+1], `"`, "{", "}", "[", "]", ",", ":", "\\", "x", "\n", "\xff"} {
				if n%slow > 0 {
					continue
				}
				bad := b[:n] + mistake + b[n+1:]
				text := layout.head + strings.Join([]string{sample("a"), bad, sample("c"), sample("d")}, layout.sep) + layout.tail
				r := read(text)
				survived := 0
				for _, f := range r.findings {
					if string(f.Raw) == sample(f.ID) {
						survived++
					}
					if !json.Valid(f.Raw) || !strings.Contains(text, string(f.Raw)) {
						t.Fatalf("byte %d (%q) for %q: finding %s is not in the input", n, mistake, b[n], f.Raw)
					}
					if !bytes.HasSuffix(f.Raw, []byte(`"ACTIVE"}`)) {
						t.Fatalf("byte %d (%q) for %q: %s is not the whole finding", n, mistake, b[n], f.Raw)
					}
				}
				// In front of the brace the mistake may belong to either finding.
				if survived < 3 && mistake != "{" && mistake != "[" && n > 0 {
					lost += 3 - survived
					t.Logf("byte %d: %q for %q after %q: %v, %v", n, mistake, b[n], b[max(0, n-20):n], r.ids(), r.errors)
				}
				if survived < 3 && len(r.errors) == 0 && len(r.scopes) == 0 {
					t.Fatalf("byte %d: %q for %q: findings %v, and no error", n, mistake, b[n], r.ids())
				}
			}
		}
		if lost > 0 {
			t.Errorf("%q: %d findings beside a broken one are lost", layout.sep, lost)
		}
	}
}

func TestPages(t *testing.T) {
	page := func(token string) string { return fmt.Sprintf(`{"Findings":[%s]%s}`, sample("a"), token) }
	const note = "its last reply has a NextToken: the page that follows must be among the inputs"
	for _, tc := range []struct {
		name    string
		texts   []string
		missing bool
		notes   []string
	}{
		{"one page", []string{page("")}, false, nil},
		{"empty token", []string{page(`,"NextToken":""`)}, false, nil},
		{"null token", []string{page(`,"NextToken":null`)}, false, nil},
		{"first page only", []string{page(`,"NextToken":"x"`)}, true, []string{note}},
		{"token in lower case", []string{page(`,"nextToken":"x"`)}, true, []string{note}},
		{"token first", []string{`{"NextToken":"x",` + page("")[1:]}, true, []string{note}},
		{"inside data", []string{`{"data":` + page(`,"NextToken":"x"`) + `}`}, true, []string{note}},
		{"outside data", []string{`{"data":` + page("") + `,"NextToken":"x"}`}, true, []string{note}},
		{"two files", []string{page(`,"NextToken":"x"`), page("")}, false, []string{note}},
		{"last page first", []string{page(""), page(`,"NextToken":"x"`)}, true, []string{note}},
		{"empty last page", []string{page(`,"NextToken":"x"`), `{"Findings":[]}`}, false, []string{note, "its list is empty: the last of several pages"}},
		{"two pages, none the last", []string{page(`,"NextToken":"x"`), page(`,"NextToken":"y"`)}, true, []string{note, note}},
		{"two pages in one file", []string{page(`,"NextToken":"x"`) + page("")}, false, nil},
		{"last page first in one file", []string{page("") + page(`,"NextToken":"x"`)}, false, nil},
		{"array of pages", []string{"[" + page(`,"NextToken":"x"`) + "," + page(`,"NextToken":"y"`) + "]"}, true, []string{note}},
		{"no reply", []string{sample("a"), "[" + sample("b") + "]"}, false, nil},
	} {
		pages := &stream.Pages{}
		var notes []string
		for _, text := range tc.texts {
			s := reading(strings.NewReader(text))
			s.Pages = pages
			r := collect(s)
			for _, scope := range r.scopes {
				if scope.Err != "" || scope.Source != "in" {
					t.Errorf("%s: scope %+v", tc.name, scope)
				}
				notes = append(notes, scope.Note)
			}
		}
		if pages.Missing() != tc.missing {
			t.Errorf("%s: missing %v, want %v", tc.name, pages.Missing(), tc.missing)
		}
		if d := cmp.Diff(tc.notes, notes); d != "" {
			t.Errorf("%s: notes (-want +got):\n%s", tc.name, d)
		}
	}
}

func TestProgress(t *testing.T) {
	var p shca.Progress
	s := reading(strings.NewReader(sample("a") + "\n[1]\n" + sample("b")))
	s.Progress = &p
	collect(s)
	if _, _, n := p.Read(); n != 2 {
		t.Errorf("progress counts %d findings, want the 2 that were read", n)
	}
}
