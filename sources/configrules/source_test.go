package configrules

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/asff"
	"github.com/go-shca/shca/sources/ocsf"
	"github.com/go-shca/shca/sources/stream"
)

// result is what a source yields, in short.
type result struct {
	findings []*shca.Finding
	errors   []*shca.FindingError
	scopes   []shca.Scope
	err      error
}

// lines are the findings, each as its status, rule, resource and pack.
func (r *result) lines(t testing.TB) []string {
	t.Helper()
	list := []string{}
	for _, f := range r.findings {
		var record Record
		if err := unmarshal(string(f.Raw), &record); err != nil {
			t.Fatal(err)
		}
		list = append(list, strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s%s", f.Status, f.ConfigRule, f.Resources[0].Type, f.ResourceID(), record.ConformancePack, f.AccountID+f.Region)))
	}
	return list
}

func collectFrom(s shca.Source) *result {
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

func reading(r io.Reader) *Source {
	return &Source{Name: "in", Open: func() (io.ReadCloser, error) { return io.NopCloser(r), nil }}
}

func read(text string) *result { return collectFrom(reading(strings.NewReader(text))) }

const (
	placeless = "AWS Config's answers name no account and no Region: its findings have them only where a resource's ARN does, and one of the same resource in another file is another finding unless the resource's id is unique everywhere"
	follows   = "its last answer has a NextToken: the page that follows must be among the inputs"
)

func TestFiles(t *testing.T) {
	for name, want := range map[string]struct {
		lines []string
		note  string
	}{
		"pages.ndjson": {[]string{
			"PASSED s3-bucket-versioning-enabled AWS::S3::Bucket logs nist",
			"FAILED s3-bucket-versioning-enabled AWS::S3::Bucket data nist"}, placeless},
		"aggregate.json": {[]string{"access-keys-rotated AWS::IAM::User AIDAEXAMPLE 111122223333us-gov-west-1"}, ""},
		"rules.json": {[]string{
			"FAILED access-keys-rotated AWS::Config::ConfigRule securityhub-access-keys-rotated-0a1b2c3d 111122223333eu-west-1",
			"NOT_AVAILABLE root-account-mfa-enabled AWS::Config::ConfigRule root-account-mfa-enabled 111122223333eu-west-1"}, ""},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if !Is(text) {
			t.Errorf("%s: not recognised", name)
		}
		for way, r := range map[string]*result{
			"at once":        collectFrom(reading(bytes.NewReader(text))),
			"byte by byte":   collectFrom(reading(iotest.OneByteReader(bytes.NewReader(text)))),
			"with its error": collectFrom(reading(iotest.DataErrReader(bytes.NewReader(text)))),
		} {
			if d := cmp.Diff(want.lines, r.lines(t)); d != "" || r.err != nil || len(r.errors) > 0 {
				t.Errorf("%s %s (-want +got), error %v, %v:\n%s", name, way, r.err, r.errors, d)
			}
			var note string
			for _, s := range r.scopes {
				note += s.Note
				if s.Err != "" {
					t.Errorf("%s %s: scope error %s", name, way, s.Err)
				}
			}
			if note != want.note {
				t.Errorf("%s %s: note %q, want %q", name, way, note, want.note)
			}
		}
	}
}

// item is an evaluation of the resource.
func evaluationOf(resource string) string {
	return `{"EvaluationResultIdentifier":{"EvaluationResultQualifier":{"ConfigRuleName":"r","ResourceType":"T","ResourceId":"` + resource + `"}},"ComplianceType":"COMPLIANT","ResultRecordedTime":1,"ConfigRuleInvokedTime":1}`
}

// TestWrappers: the same evaluations come out of whatever is around them.
func TestWrappers(t *testing.T) {
	a, b := evaluationOf("a"), evaluationOf("b")
	small := strings.NewReplacer(`"Ev`, `"ev`, `"Conf`, `"conf`, `"Reso`, `"reso`, `"Resu`, `"resu`, `"Compl`, `"compl`)
	for name, text := range map[string]string{
		"CLI":                  `{"EvaluationResults":[` + a + "," + b + `]}`,
		"CLI, token first":     `{"NextToken":"","EvaluationResults":[` + a + "," + b + `]}`,
		"small letters":        `{"evaluationResults":[` + small.Replace(a) + "," + small.Replace(b) + `]}`,
		"aggregate":            `{"AggregateEvaluationResults":[` + a + "," + b + `]}`,
		"recorded":             `{"status_code":200,"data":{"EvaluationResults":[` + a + "," + b + `],"ResponseMetadata":{"RequestId":"x"}}}`,
		"recorded, otherwise":  `{"data":{"ResponseMetadata":{"RequestId":"x"},"EvaluationResults":[` + a + "," + b + `]},"status_code":200}`,
		"service integration":  `{"apiResponse":{"EvaluationResults":[` + a + "," + b + `]}}`,
		"a list alone":         "[" + a + "," + b + "]",
		"items":                a + "\n" + b,
		"items, small letters": small.Replace(a) + small.Replace(b),
		"answers":              `{"EvaluationResults":[` + a + `]}` + "\n" + `{"EvaluationResults":[` + b + `]}`,
		"a list of answers":    `[{"EvaluationResults":[` + a + `]},{"EvaluationResults":[` + b + `]}]`,
		"white space":          " \r\n\t{ \"EvaluationResults\" : [ " + a + " , " + b + " ] } \n",
	} {
		if !Is([]byte(text)) {
			t.Errorf("%s: not recognised: %s", name, text)
		}
		r := read(text)
		if d := cmp.Diff([]string{"PASSED r T a", "PASSED r T b"}, r.lines(t)); d != "" || len(r.errors) > 0 || r.err != nil {
			t.Errorf("%s (-want +got), errors %v, %v:\n%s", name, r.errors, r.err, d)
		}
		if d := cmp.Diff([]shca.Scope{{Source: "in", Note: placeless}}, r.scopes); d != "" {
			t.Errorf("%s: scopes (-want +got):\n%s", name, d)
		}
	}
}

// TestScopes: what a text as a whole has to say.
func TestScopes(t *testing.T) {
	a := evaluationOf("a")
	list := `{"EvaluationResults":[` + a + `]}`
	pack := `{"ConformancePackName":"p","ConformancePackRuleEvaluationResults":[` + a + `]}`
	for _, tc := range []struct {
		name, text string
		findings   int
		errors     []string
		scope      shca.Scope
	}{
		{"summary", `{"ConformancePackComplianceSummaryList":[{"ConformancePackName":"p","ConformancePackComplianceStatus":"COMPLIANT"},{}],"NextToken":""}`, 0, nil,
			shca.Scope{Note: "holds the compliance of 2 conformance packs as a whole, which names no rule: no findings were made of that"}},
		{"summary and evaluations", `{"ConformancePackComplianceSummaryList":[{}]}` + list, 1, nil,
			shca.Scope{Note: "holds the compliance of 1 conformance pack as a whole, which names no rule: no findings were made of that; " + placeless}},
		{"an empty list", `{"EvaluationResults":[]}`, 0, nil, shca.Scope{Note: "holds no evaluations: its list is empty"}},
		{"an empty list alone", `[]`, 0, nil, shca.Scope{Note: "holds no evaluations: its list is empty"}},
		{"an empty page", `{"EvaluationResults":[],"NextToken":"t"}`, 0, nil, shca.Scope{Err: "holds no evaluations: its list is empty, and further pages follow", Note: follows}},
		{"nothing", " \n", 0, nil, shca.Scope{Err: "holds no evaluations: it is empty"}},
		{"a page", `{"NextToken":"t","EvaluationResults":[` + a + `]}`, 1, nil, shca.Scope{Note: follows + "; " + placeless}},
		{"a page and its last", `{"NextToken":"t","EvaluationResults":[` + a + `]}` + list, 1 + 1, nil, shca.Scope{Note: placeless}},
		{"another document", list + `{"Findings":[],"x":1}`, 1, nil, shca.Scope{Err: "one of its documents holds no evaluations but is a document with the members Findings, x", Note: placeless}},
		{"other documents", `{"a":1}7{"b":[{"EvaluationResults":[]}]}`, 0, nil, shca.Scope{Err: "3 of its documents hold no evaluations: a document with the members a; a value that is no object; a document with the members b"}},
		{"cut off", list[:len(list)-1], 1, nil, shca.Scope{Err: "the input ends inside an answer: evaluations may be missing; write it anew (after 1 evaluation)", Note: placeless}},
		{"cut off in an item", list[:40], 0, nil, shca.Scope{Err: "the input ends inside an answer: evaluations may be missing; write it anew"}},
		{"broken", list + `{"EvaluationResults":[` + a + "}", 2, nil, shca.Scope{Err: "broken JSON at byte 440 (invalid character '}' after array element (expecting ',' or ']')): evaluations may be missing; write it anew (after 2 evaluations)", Note: placeless}},
		{"no JSON", "<html>", 0, nil, shca.Scope{Err: "broken JSON at byte 0 (invalid character '<' at start of value): evaluations may be missing; write it anew"}},
		{"an item that is none", `{"EvaluationResults":[7,` + a + `,{}]}`, 1, []string{
			"in: finding 1: /Evaluation: wrong type: a JSON number, where an object is expected",
			"in: finding 3: /Evaluation/ConfigRuleName: missing; without it the evaluation is of no rule"}, shca.Scope{Note: placeless}},
		{"an item with a fault", `{"EvaluationResults":[` + strings.Replace(a, `"a"`, "\"\xff\"", 1) + "," + a + `]}`, 1, []string{
			"in: finding 1: /Evaluation/EvaluationResultIdentifier/EvaluationResultQualifier/ResourceId: broken JSON at byte 175 of the finding: invalid UTF-8"}, shca.Scope{Note: placeless}},
		{"wrapped too often", strings.Repeat(`{"data":`, 10) + list + strings.Repeat("}", 10), 0, nil, shca.Scope{Err: "its answers are wrapped more than 8 times: evaluations were not read"}},
		{"nested too deep", `{"EvaluationResults":[{"a":` + strings.Repeat("[", 20000), 0, nil, shca.Scope{Err: "broken JSON at byte 10024 (exceeded max depth): evaluations may be missing; write it anew"}},
		{"too big", `{"EvaluationResults":[` + a + `,{"Annotation":"` + strings.Repeat("x", 9<<20) + `"}]}`, 1, nil, shca.Scope{Err: "one of its values is larger than 4 MiB, the limit for an evaluation: evaluations that follow were not read (after 1 evaluation)", Note: placeless}},
		{"too many members", `{"a":"` + strings.Repeat("x", 3<<20) + `","b":"` + strings.Repeat("x", 3<<20) + `"}`, 0, nil, shca.Scope{Err: "one of its values is larger than 4 MiB, the limit for an evaluation: evaluations that follow were not read"}},
		{"a pack", pack, 1, nil, shca.Scope{Note: placeless}},
		{"names of members", `{"` + strings.Repeat("é", 200) + `":1,"a` + "\\n\\u001b" + `b":2}`, 0, nil, shca.Scope{Err: "holds no evaluations but is a document with the members " + strings.Repeat("é", 31) + "…, a  b"}},
	} {
		r := read(tc.text)
		text := fmt.Sprintf("%.100s", tc.text)
		if len(r.findings) != tc.findings || r.err != nil {
			t.Errorf("%s: %s\n%d findings, want %d; error %v", tc.name, text, len(r.findings), tc.findings, r.err)
		}
		var errs []string
		for _, err := range r.errors {
			errs = append(errs, err.Error())
		}
		if d := cmp.Diff(tc.errors, errs); d != "" {
			t.Errorf("%s: %s\nerrors (-want +got):\n%s", tc.name, text, d)
		}
		tc.scope.Source = "in"
		if d := cmp.Diff([]shca.Scope{tc.scope}, r.scopes); d != "" {
			t.Errorf("%s: %s\nscopes (-want +got):\n%s", tc.name, text, d)
		}
	}
	broken := errors.New("the disk is gone")
	r := collectFrom(reading(io.MultiReader(strings.NewReader(list[:len(list)-5]), iotest.ErrReader(broken))))
	if len(r.scopes) != 1 || r.scopes[0].Err != "the disk is gone" {
		t.Errorf("a reading error: %+v", r.scopes)
	}
	r = collectFrom(&Source{Name: "in", Open: func() (io.ReadCloser, error) { return nil, broken }})
	if len(r.scopes) != 1 || r.scopes[0].Err != "the disk is gone" {
		t.Errorf("an error of opening: %+v", r.scopes)
	}
}

// TestPackBehind: the name of a pack is found behind its evaluations, unless
// there are too many of them to wait for it.
func TestPackBehind(t *testing.T) {
	for n, want := range map[int]struct{ named, more int }{1: {1, 0}, 500: {500, 0}, 20_000: {0, 20_000}} {
		var text strings.Builder
		text.WriteString(`{"ConformancePackRuleEvaluationResults":[`)
		for i := range n {
			if i > 0 {
				text.WriteByte(',')
			}
			text.WriteString(evaluationOf(fmt.Sprint("r", i)))
		}
		text.WriteString(`],"ConformancePackName":"p"}`)
		r := read(text.String())
		named, other := 0, 0
		for i, line := range r.lines(t) {
			switch line {
			case fmt.Sprintf("PASSED r T r%d p", i):
				named++
			case fmt.Sprintf("PASSED r T r%d", i):
				other++
			default:
				t.Fatalf("%d: %s", i, line)
			}
		}
		if named != want.named || other != want.more {
			t.Errorf("%d evaluations: %d with the pack's name, %d without; want %d and %d", n, named, other, want.named, want.more)
		}
		if told := strings.Contains(r.scopes[0].Note, "follows its evaluations"); told != (want.more > 0) {
			t.Errorf("%d evaluations: note %q", n, r.scopes[0].Note)
		}
	}
}

func TestPages(t *testing.T) {
	a := evaluationOf("a")
	open, closed := `{"NextToken":"t","EvaluationResults":[`+a+`]}`, `{"EvaluationResults":[`+a+`]}`
	for text, want := range map[string][2]bool{
		a: {false, false}, open: {true, false}, closed: {false, true}, open + closed: {true, true}, closed + open: {true, true},
		`{"status_code":200,"data":` + open + `}`: {true, false}, `{"data":` + closed + `}`: {false, true},
		`{"EvaluationResults":[],"NextToken":null}`: {false, true},
	} {
		var got [2]bool
		s := reading(strings.NewReader(text))
		s.Pages = func(more, last bool) { got = [2]bool{more, last} }
		if collectFrom(s); got != want {
			t.Errorf("%s: more, last %v, want %v", text, got, want)
		}
	}
}

// TestIs: other kinds of documents are not taken for Config's.
func TestIs(t *testing.T) {
	for _, text := range []string{
		"", "{", "[", "[]", "{}", "null", `"EvaluationResults"`, "<html>", `{"EvaluationResults":7}`, `{"x":{"EvaluationResults":[]}}`,
		`{"EvaluationResults":[{"EvalActionName":"s3:GetObject","EvalDecision":"allowed"}]}`,
		`{"Findings":[{"SchemaVersion":"2018-10-08","Id":"x","ProductFields":{"EvaluationResults":"x"}}]}`,
		`{"SchemaVersion":"2018-10-08","ConfigRuleName":"x","ComplianceType":"x"}`,
		`{"class_uid":2003,"metadata":{},"compliance":{"status":"Pass"}}`,
		`{"evidence":[{"dataSource":"AWS Config","attributes":{"configRuleName":"\"x\""},"complianceCheck":"COMPLIANT"}]}`,
		`{"data":{"x":1},"y":[{"EvaluationResultIdentifier":{}}]}`,
		`{"data":{"data":7},"y":1}`,
		string(record("", evaluation)),
		`{"finding":` + string(record("", evaluation)) + `,"format":"config"}`,
		`{"ConfigRuleName":"r"}`,
		`{"x":"` + strings.Repeat("x", 64<<10) + `","ConfigRules":[]}`,
	} {
		if Is([]byte(text)) {
			t.Errorf("%.200s: is taken for Config's", text)
		}
	}
	for _, text := range []string{ // as far as they are there
		`{"EvaluationResults":[]}`, `{"EvaluationResults":[{"ComplianceType":"COMPLIANT","evaluationResultIdentifier":{`, `{"ConformancePackRuleComplianceList":[`,
		`{"data":{"x":1},"EvaluationResults":[]}`, `{"x":[{"y":{}}],"ConfigRules":[`, `{"ConfigRuleName":"r","ComplianceType":"COMPLIANT"}`, `[{"ConfigRuleName":"r","Compliance":{}}`,
	} {
		if !Is([]byte(text)) {
			t.Errorf("%s: is not recognised", text)
		}
	}
}

// TestRecordsAsFindings: records are recognised among findings of other formats,
// as they stand alone, in snapshots' lines and in lists.
func TestRecordsAsFindings(t *testing.T) {
	other := strings.Replace(evaluationOf("a"), "COMPLIANT", "NON_COMPLIANT", 1)
	first := read(evaluationOf("a") + other + `{"ConfigRuleName":"r","ComplianceType":"COMPLIANT"}`)
	want := first.lines(t)
	if len(want) != 3 {
		t.Fatalf("findings %v", want)
	}
	raw := func(i int) string { return string(first.findings[i].Raw) }
	for name, text := range map[string]string{
		"lines":    raw(0) + "\n" + raw(1) + "\n" + raw(2) + "\n",
		"snapshot": `{"snapshot":{"version":"1.0"}}` + "\n" + `{"finding":` + raw(0) + `,"format":"config"}` + `{"finding":` + raw(1) + `}{"finding":` + raw(2) + `}`,
		"list":     `{"Findings":[` + raw(0) + "," + raw(1) + "," + raw(2) + `]}`,
	} {
		r := collectFrom(&stream.Source{Name: "in", Formats: []stream.Format{asff.Format, ocsf.Format, Format}, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }})
		if d := cmp.Diff(want, r.lines(t)); d != "" || len(r.errors) > 0 {
			t.Errorf("%s: errors %v, findings (-want +got):\n%s", name, r.errors, d)
		}
	}
}

// TestMemory: what is held does not grow with the number of evaluations.
func TestMemory(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("reads 200,000 evaluations")
	}
	const n = 200_000
	item := evaluationOf("a")
	text := func() io.Reader {
		in, out := io.Pipe()
		go func() {
			w := bufio.NewWriter(out)
			w.WriteString(`{"ConformancePackRuleEvaluationResults":[` + item)
			for range n - 1 {
				w.WriteString("," + item)
			}
			w.WriteString("]}")
			out.CloseWithError(w.Flush())
		}()
		return in
	}
	findings, most := 0, uint64(0)
	for record, err := range reading(text()).Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if record.Finding != nil {
			findings++
		}
		if findings%20_000 == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	if findings != n || most > 48<<20 {
		t.Errorf("%d findings, at most %d MiB held", findings, most>>20)
	}
	t.Logf("%d findings, at most %d MiB held", findings, most>>20)
}

func BenchmarkRecords(b *testing.B) {
	text := `{"EvaluationResults":[` + strings.Repeat(evaluationOf("a")+",", 4999) + evaluationOf("a") + `]}`
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range reading(strings.NewReader(text)).Records(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func TestContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var last error
	for _, err := range reading(strings.NewReader(`{"EvaluationResults":[` + evaluationOf("a") + `]}`)).Records(ctx) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("error %v", last)
	}
}

func FuzzRecords(f *testing.F) {
	a, b := evaluationOf("a"), evaluation
	for _, seed := range []string{
		"", "{}", "[]", "[{}]", "{", a, a + b, "[" + a + "]", `{"EvaluationResults":[` + a + "," + b + `],"NextToken":"t"}`, `{"EvaluationResults":[` + a,
		`{"conformancePackRuleEvaluationResults":[` + a + `],"conformancePackName":"p"}`, `{"status_code":200,"data":{"EvaluationResults":[` + b + `]}}`,
		`{"ConformancePackName":"p","ConformancePackRuleComplianceList":[{"ConfigRuleName":"r","ComplianceType":"COMPLIANT","Controls":[]}]}`,
		`{"ConformancePackComplianceSummaryList":[{}],"ConfigRules":[1]}`, `{"ConfigRuleName":"r","Compliance":{"ComplianceType":"COMPLIANT"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		Is(text)
		r := collectFrom(reading(bytes.NewReader(text)))
		if r.err != nil {
			t.Fatalf("error %v", r.err)
		}
		for _, f := range r.findings {
			if !json.Valid(f.Raw) || bytes.ContainsAny(f.Raw, "\n\r") || f.ID == "" {
				t.Errorf("finding %q: %s", f.ID, f.Raw)
			}
			if got, err := Decode(f.Raw); err != nil || got.ID != f.ID {
				t.Errorf("%s cannot be read again: %v", f.Raw, err)
			}
		}
		if len(r.scopes) > 1 || len(r.scopes) == 0 && len(r.findings)+len(r.errors) == 0 {
			t.Errorf("%d findings, %d errors, scopes %+v", len(r.findings), len(r.errors), r.scopes)
		}
		// What is no JSON is never passed over in silence.
		dec, valid := json.NewDecoder(bytes.NewReader(text)), true
		for valid {
			var doc json.RawMessage
			err := dec.Decode(&doc)
			if err == io.EOF {
				break
			}
			valid = err == nil
		}
		if !valid && len(r.errors) == 0 && (len(r.scopes) == 0 || r.scopes[0].Err == "") {
			t.Errorf("broken JSON, and no error: %q", text)
		}
	})
}

// TestPlaceless: files that name no account may be of several. A resource whose
// name says nothing elsewhere is another one in each.
func TestPlaceless(t *testing.T) {
	const answer = `{"EvaluationResults":[{"EvaluationResultIdentifier":{"EvaluationResultQualifier":{"ConfigRuleName":"r","ResourceType":%q,"ResourceId":%q}},"ComplianceType":"COMPLIANT"}]}`
	for _, tc := range []struct {
		kind, id string
		same     bool
	}{
		{"AWS::IAM::User", "alice", false},
		{"AWS::Lambda::Function", "i-like-names", false},
		{"AWS::IAM::User", "AIDACKCEVSQ6C2EXAMPLE", true},
		{"AWS::EC2::Volume", "vol-0c6efd2a9f5677a03", true},
		{"AWS::S3::Bucket", "logs", true},
		{"AWS::::Account", "111122223333", true},
		{"AWS::SNS::Topic", "arn:aws:sns:us-east-1:111122223333:topic", true},
	} {
		var ids []string
		for _, name := range []string{"one.json", "two.json"} {
			s := &Source{Name: name, Open: func() (io.ReadCloser, error) {
				return io.NopCloser(strings.NewReader(fmt.Sprintf(answer, tc.kind, tc.id))), nil
			}}
			for r, err := range s.Records(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				if r.Finding != nil {
					again, err := Decode(r.Finding.Raw)
					if err != nil || again.ID != r.Finding.ID {
						t.Errorf("%s: its original has another id: %v", tc.id, err)
					}
					ids = append(ids, r.Finding.ID)
				}
			}
		}
		if len(ids) != 2 || (ids[0] == ids[1]) != tc.same {
			t.Errorf("%s: ids %q, the same: want %v", tc.id, ids, tc.same)
		}
	}
}
