package securityhub

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca/collect"
	"github.com/go-shca/shca/internal/awsapi"
	"github.com/go-shca/shca/internal/awsfake"
)

// Members that no type knows, numbers that no float holds, escapes and repeated
// names arrive as they were sent, and every request has the same filter.
func TestFindingsArriveAsSent(t *testing.T) {
	e := newEstate(t)
	h := e.hub(own, east)
	odd := []string{
		`{"Id":"1","RecordState":"ACTIVE","Compliance":{"Status":"PASSED","New":{"a":[1,2.50,1e3]}},"X":123456789012345678901234567890}`,
		`{"Id":"2","RecordState":"ACTIVE","Compliance":{"Status":"FAILED"},"Title":"a\u0062\/<ä>😀","Y":null}`,
		`{"Id":"3", "RecordState" : "ACTIVE","Compliance":{"Status":"WARNING"},"Z":1.0}`,
		`{"Id":"4","RecordState":"ACTIVE","Compliance":{"Status":"NOT_AVAILABLE"}}`,
	}
	for _, f := range odd {
		h.Findings.Lines = append(h.Findings.Lines, []byte(f))
	}
	h.Findings.Lines = append(h.Findings.Lines,
		[]byte(`{"Id":"5","RecordState":"ARCHIVED","Compliance":{"Status":"FAILED"}}`),
		[]byte(`{"Id":"6","RecordState":"ACTIVE"}`))
	e.PageSize = 2
	task, p := only(t, e.service(Options{Inventory: "none"}))
	got, err := pull(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(odd, findingTexts(got.lines)); diff != "" {
		t.Errorf("findings (-sent +got):\n%s", diff)
	}
	for _, l := range got.lines {
		if l.Format != "asff" {
			t.Errorf("format %q, want asff", l.Format)
		}
	}
	const note = "pulled from Security Hub: RecordState ACTIVE; ComplianceStatus PASSED, FAILED, WARNING, NOT_AVAILABLE; findings without a compliance status left out"
	if task.Note != note || task.Source != "asff" || task.AccountID != own || task.Region != east {
		t.Errorf("task %+v,\nwant the note %s", task, note)
	}
	requests := e.requests("/findings")
	if len(requests) < 2 {
		t.Fatalf("%d requests of GetFindings, want some", len(requests))
	}
	for _, r := range requests {
		var body struct {
			Filters    json.RawMessage
			MaxResults int
		}
		if err := json.Unmarshal([]byte(r.body), &body); err != nil {
			t.Fatal(err)
		}
		const filters = `{"ComplianceStatus":[{"Comparison":"EQUALS","Value":"PASSED"},{"Comparison":"EQUALS","Value":"FAILED"},{"Comparison":"EQUALS","Value":"WARNING"},{"Comparison":"EQUALS","Value":"NOT_AVAILABLE"}],"RecordState":[{"Comparison":"EQUALS","Value":"ACTIVE"}]}`
		if string(body.Filters) != filters || body.MaxResults != 100 {
			t.Errorf("request %s, want MaxResults 100 and the filters %s", r.body, filters)
		}
	}
}

// Whatever cursor a run ended at, another one has the rest and no more. The task
// carries the filter, so that other options do not change it.
func TestResumeFromEveryCursor(t *testing.T) {
	e := newEstate(t)
	h := e.hub(own, east)
	h.Findings = findings(east, 9)
	h.Enabled = []types.StandardsSubscription{subscription(nistARN)}
	for i := range 5 {
		addCheck(h, nistARN, fmt.Sprint("S3.", i+1), types.AssociationStatusEnabled, "", types.ControlStatusEnabled)
	}
	e.PageSize = 3
	s := e.service(Options{})
	task, p := only(t, s)
	whole, err := pull(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := lineTexts(t, whole.lines)
	if len(want) != 5+9 || len(whole.cursors) != 1+1+1+2 {
		t.Fatalf("%d lines and %d cursors, want 14 and 5: %s", len(want), len(whole.cursors), whole.cursors)
	}
	for i, at := range whole.cursors {
		other := e.service(Options{RecordStates: []string{"ARCHIVED"}, Inventory: "none"})
		p, err := other.Puller(task)
		if err != nil {
			t.Fatal(err)
		}
		rest, err := pull(t.Context(), p, at)
		if err != nil {
			t.Fatal(err)
		}
		got := lineTexts(t, rest.lines)
		if diff := cmp.Diff(want[len(want)-len(got):], got); diff != "" {
			t.Errorf("from cursor %d, %s (-want +got):\n%s", i, at, diff)
		}
		if want := len(whole.cursors) - 1 - i; len(rest.cursors) != want {
			t.Errorf("from cursor %d: %d pages follow the first, want %d", i, len(rest.cursors), want)
		}
	}
}

func TestPageTokens(t *testing.T) {
	const pages = 4
	tests := []struct {
		name   string
		faults []awsfake.Fault
		want   string // of the error
		calls  int    // of GetFindings
	}{
		{"none", nil, "", pages},
		{"empty pages", []awsfake.Fault{{Kind: awsfake.EmptyPage, Operation: "GetFindings", After: 1, Times: 2}}, "", pages + 2},
		{"the first page is empty", []awsfake.Fault{{Kind: awsfake.EmptyPage, Operation: "GetFindings", Times: 1}}, "", pages + 1},
		{"no end of empty pages", []awsfake.Fault{{Kind: awsfake.EmptyPage, Operation: "GetFindings"}},
			"3 pages in a row had no findings", 3},
		{"a token repeats once", []awsfake.Fault{{Kind: awsfake.RepeatToken, Operation: "GetFindings", Times: 1}}, "", pages + 1},
		{"a token repeats twice", []awsfake.Fault{{Kind: awsfake.RepeatToken, Operation: "GetFindings", After: 1, Times: 2}}, "", pages + 2},
		{"a token repeats", []awsfake.Fault{{Kind: awsfake.RepeatToken, Operation: "GetFindings"}},
			"the answer points to a page that was read before, 3 times in a row", 4},
		{"a token expires", []awsfake.Fault{{Kind: awsfake.ExpireToken, Operation: "GetFindings", After: 1}},
			collect.ErrRestart.Error(), 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newEstate(t)
			e.hub(own, east).Findings = findings(east, 2*pages)
			e.PageSize, e.Faults = 2, tt.faults
			_, p := only(t, e.service(Options{Inventory: "none"}))
			got, err := pull(t.Context(), p, nil)
			switch {
			case tt.want == "" && err != nil, tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want %q", err, tt.want)
			case errors.Is(err, collect.ErrRestart) != (tt.want == collect.ErrRestart.Error()):
				t.Errorf("error %v: restart is %v", err, errors.Is(err, collect.ErrRestart))
			case err == nil && len(awsapi.Distinct(findingTexts(got.lines))) != 2*pages || len(findingTexts(got.lines)) > 2*pages:
				t.Errorf("%d findings, want %d", len(findingTexts(got.lines)), 2*pages)
			}
			if err != nil && strings.Contains(err.Error(), "eyJ") {
				t.Errorf("the error has the token: %v", err)
			}
			if n := e.Count("GetFindings"); n != tt.calls {
				t.Errorf("%d requests, want %d", n, tt.calls)
			}
		})
	}
}

// A task that restarts after its token expired reads everything with the same
// puller.
func TestRestart(t *testing.T) {
	e := newEstate(t)
	e.hub(own, east).Findings = findings(east, 6)
	e.PageSize, e.Faults = 2, []awsfake.Fault{{Kind: awsfake.ExpireToken, Operation: "GetFindings", After: 1, Times: 1}}
	_, p := only(t, e.service(Options{Inventory: "none"}))
	if _, err := pull(t.Context(), p, nil); !errors.Is(err, collect.ErrRestart) {
		t.Fatalf("error %v, want a restart", err)
	}
	got, err := pull(t.Context(), p, nil)
	if err != nil || len(got.lines) != 6 {
		t.Errorf("%d lines, %v; want 6", len(got.lines), err)
	}
}

// A token of any earlier page is not followed.
func TestPagesInACircle(t *testing.T) {
	e := newEstate(t)
	e.hub(own, east)
	next := map[string]string{"": "a", "a": "b", "b": "c", "c": "a"}
	e.answer = func(r request) (int, string) {
		if r.path != "/findings" {
			return 0, ""
		}
		var body struct{ NextToken string }
		if err := json.Unmarshal([]byte(r.body), &body); err != nil {
			t.Error(err)
		}
		return http.StatusOK, fmt.Sprintf(`{"Findings":[{"Id":"after %s"}],"NextToken":%q}`, body.NextToken, next[body.NextToken])
	}
	s := e.service(Options{Inventory: "none"})
	s.pauses = s.pauses[:1]
	_, p := only(t, s)
	got, err := pull(t.Context(), p, nil)
	if err == nil || !strings.Contains(err.Error(), "read before, 2 times in a row") || errors.Is(err, collect.ErrRestart) {
		t.Errorf("error %v, want one about the circle", err)
	}
	if want := []string{`{"Id":"after "}`, `{"Id":"after a"}`, `{"Id":"after b"}`}; !cmp.Equal(findingTexts(got.lines), want) {
		t.Errorf("findings %q, want %q", findingTexts(got.lines), want)
	}
}

func TestBrokenAnswers(t *testing.T) {
	for body, want := range map[string]string{
		`{"Findings":[{"Id":"1"}],"Findings":[{"Id":"2"}]}`: "two members Findings",
		`{"Findings":[{"Id":"1"},null]}`:                    "finding 2 is no JSON object",
		`{"Findings":[{"Id":"1"}],"NextToken":7}`:           "NextToken",
		`{}`:                                 "the answer has no list Findings",
		`{"__type":"ThrottlingException"}`:   "the answer has no list Findings",
		`{"Findings":null,"NextToken":null}`: "the answer has no list Findings",
		`[{"Findings":[]}]`:                  "the answer has no list Findings",
	} {
		e := newEstate(t)
		e.hub(own, east)
		e.answer = func(r request) (int, string) {
			if r.path == "/findings" {
				return http.StatusOK, body
			}
			return 0, ""
		}
		_, p := only(t, e.service(Options{Inventory: "none"}))
		if got, err := pull(t.Context(), p, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %d lines, error %v, want %q", body, len(got.lines), err, want)
		}
	}
}

func TestSplitFindings(t *testing.T) {
	const body = " {\"NextToken\":\"n\",\"Findings\": [ {\"a\":1,\"a\":2.0} ,{\"b\":\"\xff\"}],\"Other\":{\"Findings\":[1]}}\n"
	got, err := splitFindings([]byte(body))
	if want := []jsontext.Value{jsontext.Value(`{"a":1,"a":2.0}`), jsontext.Value("{\"b\":\"\xff\"}")}; err != nil || !cmp.Equal(got, want) {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

func TestContext(t *testing.T) {
	e := newEstate(t)
	e.hub(own, east).Findings = findings(east, 6)
	e.PageSize = 2
	s := e.service(Options{Inventory: "none"})
	s.pauses = []time.Duration{time.Hour}
	_, p := only(t, s)
	e.Update(func() { e.Faults = []awsfake.Fault{{Kind: awsfake.RepeatToken, Operation: "GetFindings"}} })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := pull(ctx, p, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want that of the context", err)
	}
	if _, err := p.Next(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want that of the context", err)
	}
	if _, _, err := s.Plan(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Plan: error %v, want that of the context", err)
	}
}

func TestCursorsThatAreNone(t *testing.T) {
	e := newEstate(t)
	e.hub(own, east)
	_, p := only(t, e.service(Options{}))
	for _, at := range []string{`7`, `{"phase":"x"}`, `{"phase":"findings","other":1}`, `{`} {
		if _, err := p.Next(t.Context(), jsontext.Value(at)); err == nil || errors.Is(err, collect.ErrRestart) {
			t.Errorf("%s: error %v, want one that ends the task", at, err)
		}
	}
	s := e.service(Options{})
	for _, params := range []string{`{"api":"v3"}`, `{"api":"v1","filters":{"Nope":[]}}`, `{}`, ``} {
		if _, err := s.Puller(collect.Task{Region: east, Params: jsontext.Value(params)}); err == nil {
			t.Errorf("a task with the params %q is taken", params)
		}
	}
}

// The pages of V2 come as they were sent, too.
func TestV2(t *testing.T) {
	const passed, failed, detection = `{"class_uid":2003,"cloud":{"region":"us-east-1"},"compliance":{"status":"Pass","standards":["standards/nist-800-53/v/5.0.0"]},"x":1.10}`,
		`{"class_uid":2003,"cloud":{"region":"us-west-2"},"compliance":{"status":"Fail"},"y":12345678901234567890}`,
		`{"class_uid":2004,"cloud":{"region":"us-west-2"}}`
	tests := []struct {
		name string
		o    Options
		want []string
		note string
	}{
		{"default", Options{}, []string{passed, failed, detection},
			"pulled from Security Hub V2: findings of every kind; which checks are enabled was not read: Security Hub V2 does not say it, and Security Hub CSPM is not enabled"},
		{"statuses", Options{ComplianceStatuses: []string{"failed"}, Inventory: "none"}, []string{failed},
			"pulled from Security Hub V2: compliance.status Fail, Failed, FAILED"},
		{"standard", Options{Standard: "nist-800-53/v/5.0.0", Inventory: "none"}, []string{passed},
			"pulled from Security Hub V2: compliance.standards standards/nist-800-53/v/5.0.0"},
		{"states", Options{RecordStates: []string{"ACTIVE"}, Inventory: "none"}, []string{passed, failed, detection},
			"pulled from Security Hub V2: findings of every kind; findings of every record state, which Security Hub V2 cannot be asked for"},
		{"filter", Options{Filters: []Filter{must(ParseFilter("cloud.region=us-west-2"))}, ComplianceStatuses: []string{"FAILED", "PASSED"}, Inventory: "none"}, []string{failed},
			"pulled from Security Hub V2: cloud.region us-west-2; compliance.status Fail, Failed, FAILED, Pass, Passed, PASSED"},
		{"asked for", Options{API: "v2", Inventory: "none"}, []string{passed, failed, detection},
			"pulled from Security Hub V2: findings of every kind"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newEstate(t)
			e.At(own, east).HubV2 = &awsfake.HubV2{Findings: awsfake.Findings{Lines: [][]byte{[]byte(passed), []byte(failed), []byte(detection)}}}
			e.PageSize = 1
			task, p := only(t, e.service(tt.o))
			got, err := pull(t.Context(), p, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, findingTexts(got.lines)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if task.Note != tt.note || task.Source != "ocsf" || got.lines[0].Format != "ocsf" {
				t.Errorf("source %s, format %s, note\n%s, want\n%s", task.Source, got.lines[0].Format, task.Note, tt.note)
			}
		})
	}
}

// Where both are enabled, V1 is used unless V2 is asked for, which then has CSPM's
// checks.
func TestBothVersions(t *testing.T) {
	e := newEstate(t)
	h := e.hub(own, east)
	h.Findings = findings(east, 1)
	h.Enabled = []types.StandardsSubscription{subscription(nistARN)}
	addCheck(h, nistARN, "S3.1", types.AssociationStatusEnabled, "", types.ControlStatusEnabled)
	e.At(own, east).HubV2 = &awsfake.HubV2{Findings: awsfake.Findings{Lines: [][]byte{[]byte(`{"class_uid":2003}`)}}}
	for api, want := range map[string]string{"": `"Id"`, "v1": `"Id"`, "v2": "class_uid"} {
		_, _, lines := run(t, e.service(Options{API: api}))
		if len(lines) != 2 || lines[0].Setting == nil || !strings.Contains(string(lines[1].Finding), want) {
			t.Errorf("API %q: %s, want a setting and a finding with %s", api, lineTexts(t, lines), want)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// splitFindings has the same values as the standard library finds.
func FuzzSplitFindings(f *testing.F) {
	for _, seed := range []string{
		`{"Findings":[{"Id":"1"},{"Id":"2","x":[{}]}],"NextToken":"n"}`, `{"NextToken":null,"Findings":null}`, `{"Findings":[1]}`, `{"Findings":{}}`, ``, `[]`,
		`{"Findings":[{"a":1,"a":2}]}x`, "{\"Findings\":[{\"a\":\"\xff\"}]}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := splitFindings(bytes.Clone(body))
		if err != nil {
			return
		}
		var want struct {
			Findings []json.RawMessage `json:"Findings"`
		}
		var members map[string]json.RawMessage
		if err := json.NewDecoder(bytes.NewReader(body)).Decode(&members); err != nil {
			return // stricter about depth
		}
		if raw := members["Findings"]; raw != nil {
			if err := json.Unmarshal(raw, &want.Findings); err != nil {
				t.Fatalf("%q: splitFindings takes what is no list: %v", body, err)
			}
		}
		if len(got) != len(want.Findings) {
			t.Fatalf("%q: %d findings, want %d", body, len(got), len(want.Findings))
		}
		for i := range got {
			if !bytes.Equal(bytes.TrimSpace(want.Findings[i]), got[i]) {
				t.Errorf("%q: finding %d is %q, want %q", body, i, got[i], want.Findings[i])
			}
		}
	})
}

func TestTrailStaysSmall(t *testing.T) {
	var tr trail
	tr.enter("")
	for i := range 3 * maxTrail {
		tr.enter(fmt.Sprint(i))
		if len(tr.hashes) > maxTrail {
			t.Fatalf("%d tokens are remembered, want at most %d", len(tr.hashes), maxTrail)
		}
	}
	if last := fmt.Sprint(3*maxTrail - 1); !tr.used(last) || tr.used("never") {
		t.Error("the last token is not remembered, or one that was never used is")
	}
	tr.enter(fmt.Sprint(3*maxTrail - 1)) // the same page again
	if !tr.used(fmt.Sprint(3*maxTrail - 2)) {
		t.Error("asking for the last page again forgets the others")
	}
	tr.enter("")
	if tr.used(fmt.Sprint(3*maxTrail - 1)) {
		t.Error("a restart remembers tokens")
	}
}
