package ocsf_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/ocsf"
)

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]ocsf.Version{"": ocsf.V160, "1.6.0": ocsf.V160, "1.1.0": ocsf.V110} {
		if got, err := ocsf.ParseVersion(text); got != want || err != nil {
			t.Errorf("%q: %q, error %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"1.6", "1.9.0", "V160"} {
		if _, err := ocsf.NewEncoder(ocsf.Options{Version: ocsf.Version(text)}); err == nil || !strings.Contains(err.Error(), text) || !strings.Contains(err.Error(), "1.1.0") {
			t.Errorf("%q: error %v", text, err)
		}
	}
}

// TestValues has what decides on single attributes; the golden files have the
// mapping as a whole.
func TestValues(t *testing.T) {
	const head = `"Id":"x","ProductArn":"arn:aws:securityhub:eu-west-1::product/example/p","UpdatedAt":"2026-01-01T00:00:00Z"`
	get := func(version ocsf.Version, members, path string) any {
		t.Helper()
		e, err := ocsf.NewEncoder(ocsf.Options{Version: version})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(members, `"Severity"`) {
			members += `,"Severity":{}`
		}
		_, got := event(t, e, decoded(t, []byte("{"+head+members+"}"))[0])
		values := at(got, path)
		if len(values) != 1 {
			return values
		}
		return values[0]
	}
	none := []any(nil)
	n := func(text string) any { return json.Number(text) }
	for _, tc := range []struct {
		members, path string
		v160, v110    any
	}{
		{``, "class_uid", n("2004"), n("2004")},
		{`,"Compliance":{}`, "class_uid", n("2004"), n("2004")},
		{`,"Compliance":{"Status":"PASSED"},"Vulnerabilities":[{"Id":"CVE-1"}]`, "class_uid", n("2003"), n("2003")},
		{`,"Compliance":{"SecurityControlId":"S3.8"}`, "type_uid", n("200302"), n("200302")},
		{`,"Compliance":{"SecurityControlId":"","AssociatedStandards":["",{"StandardsId":""}],"RelatedRequirements":["r"]}`, "class_uid", n("2004"), n("2004")},
		{`,"Compliance":{"AssociatedStandards":["",{"StandardsId":"s"}]}`, "class_uid", n("2003"), n("2003")},
		{`,"Vulnerabilities":[{"Id":"CVE-1"}],"Types":["Sensitive Data Identifications/PII"]`, "class_uid", n("2002"), n("2002")},
		{`,"Vulnerabilities":[{}]`, "class_uid", n("2004"), n("2004")},
		{`,"Types":["Sensitive Data Identifications/PII"]`, "class_uid", n("2006"), n("2004")},
		{`,"CreatedAt":"2026-01-01T01:00:00+01:00"`, "activity_id", n("1"), n("1")},
		{`,"CreatedAt":"2025-01-01T00:00:00Z"`, "activity_id", n("2"), n("2")},
		{`,"CreatedAt":"2026-01-01T00:00:00Z","RecordState":"ARCHIVED"`, "activity_name", "Close", "Close"},
		{`,"RecordState":"ARCHIVED"`, "status", "Archived", none},
		{`,"RecordState":"ARCHIVED","Workflow":{"Status":"SUPPRESSED"}`, "status_id", n("3"), n("3")},
		{`,"WorkflowState":"DEFERRED"`, "status_id", n("99"), n("99")},
		{``, "status_id", none, none},
		{`,"Severity":{"Label":"LOW","Normalized":100}`, "severity_id", n("2"), n("2")},
		{`,"Severity":{"Normalized":39}`, "severity", "Low", "Low"},
		{`,"Severity":{"Normalized":0}`, "severity_id", n("1"), n("1")},
		{`,"Severity":{"Label":"Urgent"}`, "severity_id", n("99"), n("99")},
		{`,"Severity":{"Label":"Urgent"}`, "severity", "Urgent", "Urgent"},
		{`,"Severity":{"Product":9}`, "severity_id", n("0"), n("0")},
		{`,"FindingProviderFields":{"Severity":{"Label":"HIGH"}}`, "vendor_attributes.severity_id", n("4"), none},
		{`,"Compliance":{"Status":"NOT_AVAILABLE"}`, "compliance.status_id", n("99"), n("99")},
		{`,"Compliance":{"Status":"WARNING","StatusReasons":[{"ReasonCode":"R"}]}`, "compliance.assessments", none, none},
		{`,"Compliance":{"Status":"FAILED","StatusReasons":[{"ReasonCode":"R"}]}`, "compliance.assessments[].meets_criteria", false, none},
		{`,"Compliance":{"Status":"PASSED","StatusReasons":[{"ReasonCode":"R"}]}`, "compliance.assessments[].meets_criteria", true, none},
		{`,"Compliance":{"Status":"PASSED"}`, "compliance.standards[]", none, "none"},
		{`,"Compliance":{"Status":"PASSED"},"ProductFields":{"StandardsArn":"arn:aws:securityhub:::standards/pci-dss/v/3.2.1"}`, "compliance.standards[]", "standards/pci-dss/v/3.2.1", "standards/pci-dss/v/3.2.1"},
		{``, "metadata.product.vendor_name", "example", "example"},
		{``, "finding_info.title", none, "x"},
		{`,"Vulnerabilities":[{"Id":"GHSA-1"}]`, "vulnerabilities[].advisory.uid", "GHSA-1", none},
		{`,"Vulnerabilities":[{"Id":"GHSA-1"}]`, "vulnerabilities[].cve.uid", none, "GHSA-1"},
		{`,"Vulnerabilities":[{"Id":"CVE-1","Cvss":[{"Version":"3.1","BaseScore":7}]}]`, "vulnerabilities[].cve.cvss[].base_score", n("7.0"), n("7.0")},
		{`,"Vulnerabilities":[{"Id":"CVE-1","EpssScore":5e-5}]`, "vulnerabilities[].cve.epss.score", "5e-5", "5e-5"},
		{`,"Vulnerabilities":[{"Id":"CVE-1","FixAvailable":"PARTIAL"}]`, "vulnerabilities[].is_fix_available", true, true},
		{`,"Vulnerabilities":[{"Id":"CVE-1","FixAvailable":"NO"}]`, "vulnerabilities[].fix_coverage_id", n("3"), none},
		{`,"Resources":[{"Id":"r","Owner":{"Account":{"Id":"999988887777"}}}],"AwsAccountId":"111122223333"`, "resources[].owner.account.uid", "999988887777", "999988887777"},
		{`,"Resources":[{"Id":"r"},{"Id":"r"}]`, "observables[].value", "r", "r"},
		{`,"Action":{"AwsApiCallAction":{"Api":"A","RemoteIpDetails":{"IpAddressV4":"192.0.2.1","Country":{"CountryCode":"NO","CountryName":"Norway"}}}}`, "evidences[].src_endpoint.location.country", "NO", "NO"},
		{`,"Malware":[{"Name":"m","Type":"MACRO"}]`, "malware[].classification_ids[]", n("99"), none},
	} {
		for version, want := range map[ocsf.Version]any{ocsf.V160: tc.v160, ocsf.V110: tc.v110} {
			if diff := cmp.Diff(want, get(version, tc.members, tc.path)); diff != "" {
				t.Errorf("%s: %s: %s (-want +got):\n%s", version, tc.members, tc.path, diff)
			}
		}
	}
}

// TestForeignStatus has a model that no decoder of this module makes, as a
// program that fills one itself may.
func TestForeignStatus(t *testing.T) {
	f := &shca.Finding{
		ID: "x", Status: "INFOED", Workflow: "WAITING", RecordState: "ACTIVE",
		Raw: []byte(`{"Id":"x","Compliance":{"Status":"INFOED"},"Workflow":{"Status":"WAITING"}}`),
	}
	for _, e := range encoders(t) {
		_, got := event(t, e, f)
		said := []any{at(got, "compliance.status_id"), at(got, "compliance.status"), got["status_id"], got["status"]}
		want := []any{[]any{json.Number("99")}, []any{"INFOED"}, json.Number("99"), "WAITING"}
		if diff := cmp.Diff(want, said); diff != "" {
			t.Errorf("%s (-want +got):\n%s", e.Version, diff)
		}
		if got["unmapped"] != nil {
			t.Errorf("%s: unmapped %v", e.Version, got["unmapped"])
		}
	}
}

// TestEvents: findings that were read from events of the same version are passed
// on as they are, and others written anew with the event they were.
func TestEvents(t *testing.T) {
	for _, from := range encoders(t) {
		for _, f := range specimen(t) {
			if !timed(f) {
				continue // not a valid event
			}
			original, _ := event(t, from, f)
			read := readEvents(t, original)[0]
			for _, to := range encoders(t) {
				text, got := event(t, to, read)
				if from.Version == to.Version {
					if string(text) != string(original) {
						t.Errorf("%s %s: was not passed on as it is: %.300s", to.Version, f.ID, text)
					}
					continue
				}
				if diff := cmp.Diff([]any{string(original)}, append(at(got, "raw_data"), at(got, "unmapped.raw_data")...)); diff != "" {
					t.Errorf("%s to %s: %s: raw_data (-want +got):\n%s", from.Version, to.Version, f.ID, diff)
				}
				if at(got, "metadata.version")[0] != string(to.Version) {
					t.Errorf("%s to %s: %s: version %v", from.Version, to.Version, f.ID, at(got, "metadata.version"))
				}
			}
			rewriting, err := ocsf.NewEncoder(ocsf.Options{Version: from.Version, Rewrite: true})
			if err != nil {
				t.Fatal(err)
			}
			if _, got := event(t, rewriting, read); len(at(got, "raw_data")) != 1 {
				t.Errorf("%s: %s: was not written anew", from.Version, f.ID)
			}
		}
	}
}

// TestLabels: the options' labels and the finding's disposition are labels of
// the event, whether it was read from ASFF or OCSF.
func TestLabels(t *testing.T) {
	const incomplete = "incomplete assessment: not everything could be read"
	const redacted = "redacted: " + shca.RedactionNote
	o := ocsf.Options{}.For(&shca.Assessment{ProblemCount: 1, Redacted: true})
	e, err := ocsf.NewEncoder(o)
	if err != nil {
		t.Fatal(err)
	}
	f := *specimen(t)[0]
	f.Disposition = shca.Superseded
	text, got := event(t, e, &f)
	want := []any{incomplete, redacted, "disposition: superseded"}
	if diff := cmp.Diff(want, at(got, "metadata.labels[]")); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	// Of an event passed on, the labels of others stay; what an earlier assessment
	// made of the finding does not, or it would count as both.
	read := *readEvents(t, bytes.Replace(text, []byte(`"labels":[`), []byte(`"labels":["a, \"b\"",`), 1))[0]
	read.Disposition = "x\"y"
	_, got = event(t, e, &read)
	want = []any{incomplete, redacted, "disposition: x\"y", `a, "b"`}
	if diff := cmp.Diff(want, at(got, "metadata.labels[]")); diff != "" {
		t.Errorf("labels of an event passed on (-want +got):\n%s", diff)
	}
	if o := (ocsf.Options{}).For(&shca.Assessment{}); len(o.Labels) != 0 {
		t.Errorf("labels of a complete assessment: %v", o.Labels)
	}
}
