package ocsf

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"
)

// FuzzDecode decodes arbitrary bytes as one event.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "null", "[]", whole, whole[:len(whole)/2],
		`{` + plain + `}`, `{` + old + `,"state_id":"x","state":1}`, `{` + prowler + `,"status_code":"MANUAL","status_detail":"a; B_C: d"}`,
		`{` + prowler + `,"unmapped":{"compliance":{"NIST-800-53-Revision-5":["ac_1",2,null,{"x":[]}]},"compliance.X":"[\"a\"]"}}`,
		`{` + hub + `,"unmapped":"{\"compliance\":\"{\\\"CISA\\\":[\\\"a\\\"]}\",\"Resources\":[{},{\"Id\":\"x\"}]}","resource":"r"}`,
		`{` + hub + `,"unmapped":{"Resources.1.Id":"x","Resources.-1.Id":"y","UpdatedAt":"1999-01-01T00:00:00Z","Severity":{"Normalized":"NaN"}}}`,
		`{` + own + `,"resource":{"uid":"a"},"unmapped":{"Resources.0.Type":"t","Resources.2.Id":"a","Compliance.StatusReasons.1.ReasonCode":"A_B","Types":"[]"}}`,
		`{` + plain + `,"compliance":{"status_code":"A_B","status_detail":"why; A_B; C_D: x; y","assessments":[{"name":"y"}]}}`,
		`{` + plain + `,"time":-9223372036854775808,"time_dt":"9999-12-31T23:59:59-01:00"}`, `{` + plain + `,"time":"1e400","class_uid":2003}`,
		`{` + failing + `"finding_info":{"uid":"id","title":"t","modified_time":1e18}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		finding, err := decode(raw)
		switch {
		case err == nil:
			if finding.ID == "" || finding.Check == "" || !bytes.Equal(finding.Raw, raw) || !json.Valid(raw) {
				t.Errorf("%q: %+v", raw, finding)
			}
			if finding.RecordState != "ACTIVE" && finding.RecordState != archived {
				t.Errorf("%q: record state %q", raw, finding.RecordState)
			}
			if _, err := json.Marshal(finding); err != nil {
				t.Errorf("%q: %v", raw, err)
			}
		case finding != nil || err.Err == nil || err.Err.Error() == "" || !utf8.ValidString(err.Error()):
			t.Errorf("%q: finding %+v, error %v", raw, finding, err)
		}
	})
}
