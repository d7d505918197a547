package stream_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/asff"
	"github.com/go-shca/shca/sources/internal/finding"
	"github.com/go-shca/shca/sources/stream"
)

// events is a format beside ASFF with members such as OCSF has.
var events = stream.Format{
	Name:    "events",
	Markers: []string{"class_uid", "category_uid", "activity_id", "severity_id", "finding_info", "metadata", "time", "Title"},
	Decode: func(raw []byte) (*shca.Finding, *shca.FindingError) {
		id := eventID(raw)
		if !json.Valid(raw) || id == "" {
			return nil, &shca.FindingError{ID: id, Err: errors.New("no event")}
		}
		return &shca.Finding{Source: "events", ID: id, RecordState: "ACTIVE", Raw: raw}, nil
	},
	ID: eventID,
}

func eventID(raw []byte) string {
	if id := finding.MemberID(raw, "finding_info", "uid"); id != "" {
		return id
	}
	return finding.MemberID(raw, "finding", "uid")
}

func event(id string) string {
	return `{"activity_id":1,"category_uid":2,"class_uid":2003,"data":{"Findings":[{}]},"finding_info":{"uid":"` + id + `","title":"t"},"metadata":{"version":"1.6.0"},"time":1}`
}

// oldEvent is laid out as OCSF 1.0.0-rc.2 is.
func oldEvent(id string) string {
	return `{"activity_id":1,"category_uid":2,"class_uid":2001,"finding":{"uid":"` + id + `","title":"t"},"metadata":{"version":"1.0.0-rc.2"},"time":1}`
}

func readAs(text string, formats ...stream.Format) *result {
	return collect(&stream.Source{Name: "in", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }, Formats: formats})
}

// kinds returns what was read as "format id", in order.
func (r *result) kinds() []string {
	var out []string
	for _, f := range r.findings {
		out = append(out, f.Source+" "+f.ID)
	}
	return out
}

// TestFormats: each finding goes to the decoder of the format that has most of
// its members, in any wrapper and mixture.
func TestFormats(t *testing.T) {
	a, b, c := sample("a"), event("b"), oldEvent("c")
	const holds = "this finding has a member named like those that wrap findings (Findings, data, detail), so it was not read: rename or remove that member"
	tie := `{"SchemaVersion":1,"Id":"x","Types":[],"class_uid":1,"time":1,"finding_info":{"uid":"y"}}`
	for _, tc := range []struct {
		name, text string
		want       []string
		errs       []broken
		scope      string
	}{
		{"lines", strings.Join([]string{a, b, c, a}, "\n"), []string{"asff a", "events b", "events c", "asff a"}, nil, ""},
		{"reply", `{"Findings":[` + b + "," + a + "," + c + `],"NextToken":""}`, []string{"events b", "asff a", "events c"}, nil, ""},
		{"EventBridge", `{"version":"0","detail-type":"Findings Imported V2","time":"2026-01-01T00:00:00Z","detail":{"findings":[` + b + "," + c + `]}}`, []string{"events b", "events c"}, nil, ""},
		{"array", "[" + b + "," + a + "]", []string{"events b", "asff a"}, nil, ""},
		{"one in a wrapper", `{"finding":` + b + `}{"Finding":` + c + `}{"detail":{"finding":` + a + `}}`, []string{"events b", "events c", "asff a"}, nil, ""},
		{"a report", `{"class_uid":1,"category_uid":1,"time":1,"Findings":[` + b + `]}`, []string{"events b"}, nil, ""},
		{"as many of each", tie, []string{"asff x"}, nil, ""},
		{"more of the second", strings.Replace(tie, `"time"`, `"metadata":{},"time"`, 1), []string{"events y"}, nil, ""},
		{"one that both have", `{"class_uid":1,"Title":"t","finding_info":{"uid":"y"},"Id":"x"}`, []string{"events y"}, nil, ""},
		{"two of each are none", `[{"Id":"x","Types":[],"metadata":1,"time":1}]`, nil, nil, "holds no findings but a document with the members Id, Types, metadata, time"},
		{"two of each in a list", `{"Findings":[{"Id":"x","Types":[],"class_uid":1,"time":1}]}`, nil, []broken{{1, "x", "", "this object has not the members of an ASFF or OCSF finding"}}, ""},
		{"other names first", `{` + manyNames(2000) + `}` + b, []string{"events b"}, nil,
			"one of its documents holds no findings but is a document with the members n0, n1, n2, n3, n4, n5, n6, n7"},

		// The id is that of the format.
		{"lines cut", b[:len(b)-12] + "\n" + a[:600] + "\n" + c, []string{"events c"}, []broken{{1, "b", "", notClosed}, {2, "a", "", notClosed}}, ""},
		{"cut before it is known", `{"finding_info":{"uid":"b"},"class_uid":` + "\n" + `{"Id":"a","Types":[]` + "\n" + c, []string{"events c"}, []broken{{1, "b", "", notClosed}, {2, "a", "", notClosed}}, ""},
		{"not decoded", strings.Replace(b, `"b"`, "7", 1) + "\n" + strings.Replace(a, `"Id":"a"`, `"Id":7`, 1), nil,
			[]broken{{1, "", "", "no event"}, {2, "", "/Id", "wrong type: a JSON number, where a string is expected"}}, ""},

		// A member of the name of a wrapper, before the event is known as one: it
		// is not read, and not passed over either.
		{"finding first", `{"finding":{"uid":"c","title":"t"},` + c[1:] + "\n" + b, []string{"events b"}, nil,
			"one of its documents holds no findings but is a document with the members uid, title"},
		{"finding first, in a list", `{"Findings":[{"finding":{"uid":"c"},"class_uid":2001,"category_uid":2,"time":1},` + b + `]}`, []string{"events b"},
			[]broken{{2, "", "", between}}, "among the findings of a list stands an object that wraps findings itself, as where a list is cut off and the next document begins: findings may be missing; write it anew (after 2 findings)"},

		// A finding that looks like a wrapper of findings is not passed over.
		{"a list beside a finding's members", event("x")[:len(event("x"))-1] + `,"severity_id":1,"findings":[]}` + b, []string{"events b"},
			[]broken{{1, "", "", holds}}, ""},
		{"a list in front of a finding's members", `{"Findings":[],` + a[1:] + b, []string{"events b"}, []broken{{1, "", "", holds}}, ""},
		{"a list in a wrapper in front of them", `{"data":{"Findings":[` + c + `]},` + a[1:] + b, []string{"events c", "events b"}, []broken{{2, "", "", holds}}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := readAs(tc.text, asff.Format, events)
			if d := cmp.Diff(tc.want, r.kinds()); d != "" {
				t.Errorf("%s\nfindings (-want +got):\n%s", tc.text, d)
			}
			if d := cmp.Diff(tc.errs, brokens(r.errors)); d != "" {
				t.Errorf("%s\nerrors (-want +got):\n%s", tc.text, d)
			}
			scope := ""
			for _, s := range r.scopes {
				scope += s.Err
			}
			if scope != tc.scope {
				t.Errorf("%s\nscope %q, want %q", tc.text, scope, tc.scope)
			}
		})
	}
	t.Run("the other order", func(t *testing.T) {
		if d := cmp.Diff([]string{"events y", "asff a", "events b"}, readAs(tie+a+b, events, asff.Format).kinds()); d != "" {
			t.Errorf("findings (-want +got):\n%s", d)
		}
	})
	t.Run("none", func(t *testing.T) {
		r := readAs(a + "\n{x}\n" + b)
		if len(r.findings) > 0 || len(r.errors) == 0 || len(r.scopes) != 1 || r.scopes[0].Err == "" {
			t.Errorf("got %v, errors %v, scopes %+v", r.kinds(), r.errors, r.scopes)
		}
	})
}

// manyNames writes n members of different names.
func manyNames(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"n%d":%d`, i, i)
	}
	return strings.Join(list, ",")
}

// TestDescribe: where OCSF is read, an object with too few of its members is
// not said to be of a format that is not.
func TestDescribe(t *testing.T) {
	const text = `{"class_uid":2003,"category_uid":2}`
	ocsf := stream.Format{Name: "ocsf", Markers: events.Markers, Decode: events.Decode, ID: events.ID}
	for want, formats := range map[string][]stream.Format{
		"holds no findings but an OCSF event, which is not read here":               {asff.Format},
		"holds no findings but a document with the members class_uid, category_uid": {asff.Format, ocsf},
	} {
		r := readAs(text, formats...)
		if d := cmp.Diff([]shca.Scope{{Source: "in", Err: want}}, r.scopes); d != "" {
			t.Errorf("%s: scopes (-want +got):\n%s", text, d)
		}
	}
}
