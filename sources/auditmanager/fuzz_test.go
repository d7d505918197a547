package auditmanager_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/auditmanager"
)

// check is what holds of whatever is read.
func (r *result) check(t *testing.T) {
	t.Helper()
	for _, f := range r.findings {
		if f.ID == "" || f.Source != shca.SourceAuditManager || f.ProductARN != "" || f.SecurityHub() || f.Check == "" || !json.Valid(f.Raw) && utf8.Valid(f.Raw) {
			t.Errorf("finding %+v", f)
		}
		again, bad := auditmanager.Format.Decode(f.Raw)
		if bad != nil || !cmp.Equal(f, again) {
			t.Errorf("decoded again: %v\n%s", bad, cmp.Diff(f, again))
		}
		if f.Status != shca.NoStatus && !f.Status.Decided() && len(f.StatusReasons) == 0 {
			t.Errorf("undecided without a reason: %+v", f)
		}
	}
	for _, e := range r.evidence {
		if e.ID == "" || e.Kind == "" || e.Source != shca.SourceAuditManager || len(e.Text) > 17<<10 {
			t.Errorf("evidence %+v", e)
		}
	}
	for _, e := range r.errors {
		if e.Err == nil || e.Number < 1 || e.Source != "in" {
			t.Errorf("error %+v", e)
		}
	}
	for _, s := range r.scopes {
		if len(s.Err) > 20_000 {
			t.Errorf("scope %+v", s)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, name := range []string{"assessment.json", "folders.json", "evidence.json"} {
		f.Add([]byte(file(f, name)))
	}
	for _, seed := range []string{
		"", "{}", "[]", "[[]]", `{"evidence":[{}]}`, `{"evidence":{"id":1}}`, `{"evidence":[{"resourcesIncluded":[{},{}],"dataSource":"AWS Config"}]}`,
		`{"data":{"data":{"evidence":[]}}}`, `{"assessment":{"framework":{"controlSets":[{"controls":[{"name":"AC-2","comments":[{"commentBody":"x"}]}]}]}}}`,
		`{"control":{"name":"AC-2"},"evidence":[{"evidenceByType":"Manual"}],"nextToken":"x"}`, `{"dataSource":"x","eventName":"y","Time":"1"}`,
		`{"evidence":[{"complianceCheck":"PASS","RESOURCES_INCLUDED":[{"complianceCheck":"FAIL"},{"value":{"id":"x"}}],"resourcesIncluded":[{}]}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		auditmanager.IsEvidence(text)
		files := &auditmanager.Files{}
		r := read(t, &auditmanager.Reader{Name: "in", Files: files, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }})
		files.Missing()
		r.check(t)
		again := read(t, &auditmanager.Reader{Name: "in", Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }})
		if d := cmp.Diff(r.lines, again.lines); d != "" {
			t.Errorf("read again (-first +second):\n%s", d)
		}
		if len(r.lines) == 0 {
			t.Errorf("nothing was said of %q", text)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"auditManagerEvidence":{"id":"x","complianceCheck":"PASS"},"resourceIndex":-1,"assessmentContext":{"controlName":"AC-2(1)"}}`))
	f.Add([]byte(`{"auditManagerEvidence":{"resourcesIncluded":[{"arn":"a","value":"{\"id\":1}","complianceCheck":"FAIL"}],"attributes":{"a":"{"}},"resourceIndex":7}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		finding, bad := auditmanager.Format.Decode(raw)
		if (finding == nil) == (bad == nil) {
			t.Errorf("finding %v, error %v", finding, bad)
		}
		if finding != nil && (finding.ID == "" || finding.Check == "") {
			t.Errorf("finding %+v", finding)
		}
		auditmanager.Format.ID(raw)
	})
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte(file(f, "evidence-finder.csv")))
	f.Add([]byte("eventJson\n\"{\"\"eventData\"\":{\"\"evidenceId\"\":1}}\"\n"))
	f.Add([]byte("evidenceId,attributes,x\na,\"{a=b, c=d}\",\n\"\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		auditmanager.IsCSV(text)
		r := readCSV(t, string(text))
		r.check(t)
		if len(r.lines) == 0 {
			t.Errorf("nothing was said of %q", text)
		}
	})
}

func FuzzReport(f *testing.F) {
	f.Add(report(f, sha256sum, nil))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, archive []byte) {
		r := readReport(t, archive, nil)
		r.check(t)
		if len(r.scopes) != 1 {
			t.Errorf("scopes %q", r.lines)
		}
	})
}
