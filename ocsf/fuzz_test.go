package ocsf_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/ocsf"
	"github.com/go-shca/shca/ocsf/validate"
	"github.com/go-shca/shca/sources/asff"
	reader "github.com/go-shca/shca/sources/ocsf"
)

// bounds are the messages that hostile findings may bring about: the schema
// limits a value that ASFF does not.
var bounds = map[string]string{
	"time_implausible":       "OCSF requires a time, and the finding names none",
	"time_order":             "the finding's times contradict each other",
	"max_len":                "an id is longer than OCSF 1.1.0 lets it be; cut, it would name another thing",
	"other_sibling_is_other": "the finding's own word is Other",
}

// FuzzAppend turns findings and events of any content into events.
func FuzzAppend(f *testing.F) {
	text, err := os.ReadFile(filepath.Join("testdata", "findings.json"))
	if err != nil {
		f.Fatal(err)
	}
	var file struct{ Findings []json.RawMessage }
	if err := json.Unmarshal(text, &file); err != nil {
		f.Fatal(err)
	}
	for _, raw := range file.Findings {
		f.Add([]byte(raw), false)
	}
	for _, version := range ocsf.Versions() {
		text, err := os.ReadFile(filepath.Join("testdata", "events-"+string(version)+".json"))
		if err != nil {
			f.Fatal(err)
		}
		var events []json.RawMessage
		if err := json.Unmarshal(text, &events); err != nil {
			f.Fatal(err)
		}
		for _, raw := range events {
			f.Add([]byte(raw), true)
		}
	}
	for _, raw := range []string{
		`{"Id":"x"}`, `{"Id":"x","ProductFields":{"a":{"b":1},"a.b":2,"a.b'":3}}`, `{"Id":"x","Types":["",1,null]}`,
		`{"Id":"\ud800"}`, `{"Id":"x","Resources":[{"Id":"y","Tags":{"k":"\u0000"}},{"Id":"y"}]}`, `{"Id":"x","Severity":{"Label":"Other"}}`,
		`{"Id":"x","Process":{"Pid":-1,"LaunchedAt":"2026-01-01T00:00:00+24:00"},"Malware":{"Name":"m"}}`,
		`{"Id":"x","Vulnerabilities":{"Id":"CVE-1","Cvss":{"BaseScore":1E400,"Version":"3"},"EpssScore":"NaN"}}`,
		`{"Id":"` + strings.Repeat("x", 70_000) + `","ProductArn":"p","Region":"","Resources":[{"Id":"y","Region":"\u0000"}]}`,
		`{"Id":"x","FindingProviderFields":{"Severity":{"Label":"Other"}},"VerificationState":"Other","Workflow":{"Status":"RESOLVED"}}`,
		`{"Id":"x","Compliance":{"Status":"PASSED","SecurityControlId":"","AssociatedStandards":[""],"StatusReasons":[{"ReasonCode":"99"}]}}`,
		`{"Id":"x","Resources":[{"Id":"y","DataClassification":{"Result":{"SensitiveData":[{"Category":"Other","TotalCount":-1,"Detections":[{"Count":1e3}]}]}}}]}`,
		`{"Id":"x","Malware":[{"Name":"m","Type":"Unknown","Path":"/"}],"Action":{"DnsRequestAction":{"Domain":"_a..b"},"AwsApiCallAction":{"Api":"` + "\u00e9" + `"}}}`,
		`{"Id":"x","Vulnerabilities":[{"Id":"CVE-","Vendor":{"Name":"v","Url":" ","VendorCreatedAt":"2026-06-01T00:00:00Z","VendorUpdatedAt":"2025-01-01T00:00:00Z"},"VulnerablePackages":[{"Name":"n","Epoch":"007"}]}]}`,
		`{"Id":"x","CreatedAt":"2026-06-01T00:00:00Z","UpdatedAt":"2025-01-01T00:00:00Z","LastObservedAt":"2024-01-01T00:00:00Z","FirstObservedAt":"2025-01-01T00:00:00Z"}`,
		`{"Id":"x","Network":{"SourceIpV4":"::ffff:1.2.3.4","SourceIpV6":"fe80::1%eth0","SourceMac":"-","SourcePort":70000}}`,
	} {
		f.Add([]byte(raw), false)
	}
	encoders := encoders(f)
	var validators []*validate.Validator
	for _, v := range ocsf.Versions() {
		valid, err := validate.New(string(v))
		if err != nil {
			f.Fatal(err)
		}
		validators = append(validators, valid)
	}
	f.Fuzz(func(t *testing.T, raw []byte, isEvent bool) {
		decode := asff.Format.Decode
		if isEvent {
			decode = reader.Format.Decode
		}
		finding, decodeErr := decode(raw)
		if decodeErr != nil {
			// What cannot be read has no model; its text must do no harm all the same.
			source := "asff"
			if isEvent {
				source = "ocsf"
			}
			for _, e := range encoders {
				if text, _, err := e.Append(nil, &shca.Finding{Source: source, ID: "x", Raw: raw}); err == nil && !json.Valid(text) {
					t.Errorf("%s: %q became %q", e.Version, raw, text)
				}
			}
			return
		}
		for i, e := range encoders {
			text, head, err := e.Append([]byte("before"), finding)
			if err != nil {
				t.Fatalf("%s: %v, of %q", e.Version, err, raw)
			}
			text, kept := bytes.CutPrefix(text, []byte("before"))
			if !kept || !json.Valid(text) || bytes.ContainsAny(text, "\n\r") || head.Class == 0 || head.UID == "" {
				t.Fatalf("%s: %q became %q, %+v", e.Version, raw, text, head)
			}
			for _, m := range validators[i].Event(text) {
				if bounds[m.Code] == "" {
					t.Errorf("%s: %v, of %q, which became %q", e.Version, m, raw, text)
				}
			}
			again, _, err := e.Append(nil, finding)
			if err != nil || !bytes.Equal(again, text) {
				t.Errorf("%s: %q became another event again, error %v", e.Version, raw, err)
			}
		}
	})
}
