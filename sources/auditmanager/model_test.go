package auditmanager

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
)

func TestRequirement(t *testing.T) {
	const r5, r4 = "NIST.800-53.r5 ", "NIST.800-53.r4 "
	for _, tc := range []struct{ framework, complianceType, control, want string }{
		{"NIST SP 800-53 Revision 5", "NIST800-53", "AC-2  -  Account Management", r5 + "AC-2"},
		{"NIST SP 800-53 Revision 5", "", "AC-2(1)  -  Account Management - Employment Termination", r5 + "AC-2(1)"},
		{"NIST 800-53 (Rev. 5) Low-Moderate-High", "", "AC-2 (1)", r5 + "AC-2(1)"},
		{"NIST 800-53 Rev5", "", "AC-2.1", r5 + "AC-2(1)"},
		{"nist-sp-800-53-r5", "", "ac-2(1)", r5 + "AC-2(1)"},
		{"800-53r5", "", "AC-02(01): x", r5 + "AC-2(1)"},
		{"Mine", "NIST 800-53 revision 5", "AC-19(4)  -   Restrictions for Classified Information", r5 + "AC-19(4)"},
		{"Mine", "", "SC-5(2): Capacity, Bandwidth, And Redundancy (NIST-SP-800-53-r5)", r5 + "SC-5(2)"},
		{"PCI DSS", "PCI", "SC-13: Cryptographic protection (NIST-SP-800-53-r5)", r5 + "SC-13"},
		{"", "", "AC\u20112 \u2013 Account", r5 + "AC-2"},
		{"", "", "NIST SP 800-53 Rev. 5 AC-2(3) Disable accounts", r5 + "AC-2(3)"},
		{"", "", "NIST.800-53.r5 AC-2(3)", r5 + "AC-2(3)"},
		{"", "", "AC-2a. Account types", r5 + "AC-2"},
		{"", "", "SC-7(4)(a) x", r5 + "SC-7(4)"},
		// Revision 4, wherever it is said.
		{"NIST 800-53 (Rev. 4) Low-Moderate-High", "NIST800-53", "AC-2", r4 + "AC-2"},
		{"FedRAMP Moderate Baseline r4", "", "AC-2(1) - x", r4 + "AC-2(1)"},
		{"Mine", "", "AC-2 x (NIST-SP-800-53-r4)", r4 + "AC-2"},
		{"NIST SP 800-53 Revision 5", "", "AC-2 x (NIST-SP-800-53-r4)", r4 + "AC-2"},
		// No revision: that in force, unless another standard is named.
		{"NIST 800-53", "", "AC-2", r5 + "AC-2"},
		{"House framework", "", "AC-2 - Account Management", r5 + "AC-2"},
		{"ISO/IEC 27001:2022", "", "AC-2 - Account Management", "AC-2 - Account Management"},
		{"NIST 800-171 Rev. 2", "NIST", "AC-2", "AC-2"},
		{"House", "SOC 2", "AC-2", "AC-2"},
		{"CIS and NIST 800-53", "", "AC-2", r5 + "AC-2"},
		// Not of SP 800-53.
		{"NIST SP 800-53 Revision 5", "", "CC6.1 The entity implements logical access security software", "CC6.1 The entity implements logical access security software"},
		{"", "", "IT-2 House rule", "IT-2 House rule"},
		{"", "", "AC-2-1 x", "NIST.800-53.r5 AC-2"},
		{"", "", "AC-0", "AC-0"},
		{"", "", "AC-2x", "NIST.800-53.r5 AC-2"}, // a part of its statement
		{"", "", "AC-2xy", "AC-2xy"},
		{"", "", "  ", ""},
		{"", "", "3.1.1 Limit access", "3.1.1 Limit access"},
	} {
		c := Context{Framework: tc.framework, ComplianceType: tc.complianceType, Control: tc.control}
		if got := c.requirement(); got != tc.want {
			t.Errorf("%q, %q, %q: got %q, want %q", tc.framework, tc.complianceType, tc.control, got, tc.want)
		}
	}
}

func TestOutcome(t *testing.T) {
	for want, spellings := range map[string][]string{
		"PASSED":                          {"COMPLIANT", "Compliant", "PASS", "Pass", "PASSED", " passed "},
		"FAILED":                          {"NON_COMPLIANT", "Non-compliant", "NonCompliant", "non compliant", "FAIL", "Failed", "FAILED"},
		"WARNING WARNING":                 {"WARNING", "Warning"},
		"NOT_AVAILABLE INCONCLUSIVE":      {"Inconclusive", "INCONCLUSIVE"},
		"NOT_AVAILABLE NOT_APPLICABLE":    {"NOT_APPLICABLE", "Not applicable", "notApplicable", "not-applicable"},
		"NOT_AVAILABLE INSUFFICIENT_DATA": {"INSUFFICIENT_DATA"},
		"NOT_AVAILABLE NOT_AVAILABLE":     {"NOT_AVAILABLE", "Not available"},
		"none":                            {"", " "},
		"error":                           {"COMPLIANT?", "OK", "PARTIAL", "true", "0"},
	} {
		for _, s := range spellings {
			o, none, err := readOutcome(s)
			got := strings.TrimSpace(string(o.status) + " " + o.reason.Code)
			switch {
			case err != nil:
				got = "error"
			case none:
				got = "none"
			}
			if got != want {
				t.Errorf("%q: got %q, want %q", s, got, want)
			}
			if !o.status.Decided() && err == nil && !none && o.reason.Description == "" {
				t.Errorf("%q has no reason", s)
			}
		}
	}
}

// TestCheck: what the attributes say of check, rule, severity and text.
func TestCheck(t *testing.T) {
	long := strings.Repeat("long ", 100)
	for _, tc := range []struct {
		name, source, attributes   string
		check, rule, title, severe string
	}{
		{"remediation", "AWS Security Hub", `{"findingRemediation":"{\"recommendation\":{\"url\":\"https://docs.aws.amazon.com/console/securityhub/S3.8/remediation\"}}"}`, "S3.8", "", "AWS Security Hub S3.8", ""},
		{"cut remediation", "AWS Security Hub", `{"findingRemediation":"{\"recommendation\": {\"url\": \"https://docs.aws.amazon.com/console/securityhub/CloudTrail.10/remediation\", \"te"}`, "CloudTrail.10", "", "AWS Security Hub CloudTrail.10", ""},
		{"generator", "Security Hub", `{"findingGeneratorId":"\"security-control/EC2.19\"","findingTitle":"\"Ports\""}`, "EC2.19", "", "Ports", ""},
		{"older generator", "Security Hub", `{"generatorId":"nist-800-53/v/5.0.0/EC2.19"}`, "EC2.19", "", "Security Hub EC2.19", ""},
		{"compliance", "AWS Security Hub", `{"findingCompliance":"{\"status\":\"FAILED\",\"securityControlId\":\"IAM.6\"}"}`, "IAM.6", "", "AWS Security Hub IAM.6", ""},
		{"title", "AWS Security Hub", `{"findingTitle":"\"IAM.6 Hardware MFA\"","findingSeverity":"{\"normalized\":90}"}`, "IAM.6", "", "Hardware MFA", "CRITICAL"},
		{"only a title", "AWS Security Hub", `{"findingTitle":"Hardware MFA","findingSeverity":"HIGH"}`, "auditmanager/AWS Security Hub/Hardware MFA", "", "Hardware MFA", "HIGH"},
		{"a rule of Security Hub", "AWS Security Hub", `{"configRuleName":"securityhub-access-keys-rotated-1a2b3c4d"}`, "config-rule/access-keys-rotated", "access-keys-rotated", "access-keys-rotated", ""},
		{"identifier", "AWS Config", `{"managedRuleIdentifier":"\"S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED\"","configRuleName":"\"mine\""}`, "config-rule/s3-bucket-level-public-access-prohibited", "s3-bucket-level-public-access-prohibited", "s3-bucket-level-public-access-prohibited", ""},
		{"custom rule", "AWS Config", `{"managedRuleIdentifier":"CUSTOM_LAMBDA","configRuleName":"\"mine\""}`, "config-rule/mine", "mine", "mine", ""},
		{"conformance pack", "AWS Config", `{"configRuleName":"root-account-mfa-enabled-conformance-pack-qx4bki4j7"}`, "config-rule/root-account-mfa-enabled", "root-account-mfa-enabled", "root-account-mfa-enabled", ""},
		{"organization", "AWS Config", `{"configRuleName":"OrgConfigRule-s3-bucket-ssl-requests-only-a1b2c3d4"}`, "config-rule/s3-bucket-ssl-requests-only", "s3-bucket-ssl-requests-only", "s3-bucket-ssl-requests-only", ""},
		{"Config with a title like a check's", "AWS Config", `{"configRuleName":"r","title":"EC2.1 x"}`, "config-rule/r", "r", "EC2.1 x", ""},
		{"nothing", "AWS Config", `{}`, "auditmanager/AWS Config/Event/NIST.800-53.r5 AC-2", "", "AWS Config evidence of AC-2 x", ""},
		{"no attributes", "AWS Config", `""`, "auditmanager/AWS Config/Event/NIST.800-53.r5 AC-2", "", "AWS Config evidence of AC-2 x", ""},
		{"a long title", "AWS Config", `{"title":"` + long + `"}`, bounded("auditmanager/AWS Config/"+strings.TrimSpace(long), 250), "", strings.TrimSpace(long), ""},
		{"not stringified", "AWS Security Hub", `{"findingRemediation":{"recommendation":{"url":"https://x/securityhub/S3.8/remediation"}},"FindingSeverity":{"Label":"LOW"}}`, "S3.8", "", "AWS Security Hub S3.8", "LOW"},
	} {
		raw := fmt.Sprintf(`{"auditManagerEvidence":{"id":"x","dataSource":%q,"eventName":"Event","complianceCheck":"FAIL","attributes":%s},"resourceIndex":-1,"assessmentContext":{"controlName":"AC-2 x"}}`, tc.source, tc.attributes)
		f, bad := decode([]byte(raw))
		if bad != nil {
			t.Errorf("%s: %v", tc.name, bad)
			continue
		}
		got := []string{string(f.Check), f.ConfigRule, f.Title, f.Severity.String()}
		if d := cmp.Diff([]string{tc.check, tc.rule, tc.title, tc.severe}, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, d)
		}
		if f.ProductARN != "" || f.SecurityHub() {
			t.Errorf("%s: passes for Security Hub's own", tc.name)
		}
	}
	if a, b := bounded(long+"a", 100), bounded(long+"b", 100); a == b || len(a) > 110 {
		t.Errorf("%q and %q", a, b)
	}
}

// TestID: a finding's id is that of its subject.
func TestID(t *testing.T) {
	id := func(mutate func(*Record)) string {
		r := Record{Evidence: jsontext.Value(`{"id":"1","time":1739577600,"dataSource":"AWS Config","evidenceAwsAccountId":"111122223333","complianceCheck":"PASS","attributes":{"configRuleName":"r"},"resourcesIncluded":[{"arn":"a","complianceCheck":"PASS"}]}`),
			Context: Context{Control: "AC-2", ControlID: "c", Region: "us-east-1", Folder: "f"}}
		mutate(&r)
		raw, err := r.append(nil)
		if err != nil {
			t.Fatal(err)
		}
		f, bad := decode(raw)
		if bad != nil {
			t.Fatal(bad)
		}
		return f.ID
	}
	replace := func(old, to string) func(*Record) {
		return func(r *Record) { r.Evidence = jsontext.Value(strings.ReplaceAll(string(r.Evidence), old, to)) }
	}
	same := id(func(*Record) {})
	for name, mutate := range map[string]func(*Record){
		"another day":        replace("1739577600", "1739664000"),
		"another id":         replace(`"id":"1"`, `"id":"2"`),
		"another outcome":    replace("PASS", "FAIL"),
		"another folder":     func(r *Record) { r.Context.Folder = "g" },
		"another assessment": func(r *Record) { r.Context.AssessmentID, r.Context.ControlID = "a", "d" },
		"another origin":     func(r *Record) { r.Origin = "o" },
	} {
		if id(mutate) != same {
			t.Errorf("%s: another id", name)
		}
	}
	for name, mutate := range map[string]func(*Record){
		"control":  func(r *Record) { r.Context.Control = "AC-3" },
		"Region":   func(r *Record) { r.Context.Region = "us-east-2" },
		"account":  replace("111122223333", "444455556666"),
		"resource": replace(`"arn":"a"`, `"arn":"b"`),
		"source":   replace("AWS Config", "AWS Security Hub"),
		"rule":     replace(`"r"`, `"s"`),
	} {
		if id(mutate) == same {
			t.Errorf("another %s: the same id", name)
		}
	}
	// Without a resource the evidence's own id counts, and without that its place.
	bare := func(r *Record) { replace(`[{"arn":"a","complianceCheck":"PASS"}]`, `[]`)(r); r.Resource = WholeItem }
	a := id(bare)
	b := id(func(r *Record) { bare(r); replace(`"id":"1"`, `"id":"2"`)(r) })
	c := id(func(r *Record) { bare(r); replace(`"id":"1"`, `"id":""`)(r); r.Origin = "1" })
	d := id(func(r *Record) { bare(r); replace(`"id":"1"`, `"id":""`)(r); r.Origin = "2" })
	if a == b || b == c || c == d || a == same {
		t.Errorf("ids %s %s %s %s", a, b, c, d)
	}
}

func TestParseTime(t *testing.T) {
	want := time.Date(2025, 2, 15, 0, 0, 1, 5e8, time.UTC)
	for text, want := range map[string]time.Time{
		"1739577601.5": want, "1739577601500": want, "1.7395776015E9": want, "2025-02-15T00:00:01.5Z": want, "2025-02-15 00:00:01.500": want,
		"": {}, "0": {}, "1970-01-01 00:00:00": {},
	} {
		if got, err := parseTime(text); err != nil || !got.Equal(want) {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"soon", "-1", "NaN", "1e300"} {
		if got, err := parseTime(text); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

// TestManual: what people bring is evidence with its place.
func TestManual(t *testing.T) {
	for _, tc := range []struct{ text, location, body string }{
		{`{"resourcesIncluded":[{"value":"s3://b/policy.pdf"}],"eventName":"Manual evidence"}`, "s3://b/policy.pdf", "Manual evidence"},
		{`{"resourcesIncluded":[{"arn":"s3://b/1"},{"value":"s3://b/2"}]}`, "s3://b/1", "s3://b/2"},
		{`{"attributes":{"textResponse":"\"We do.\""}}`, "", "We do."},
		{`{"attributes":{"manualEvidenceS3ResourcePath":"s3://b/3"}}`, "s3://b/3", ""},
	} {
		var it item
		if err := json.Unmarshal([]byte(tc.text), &it, options); err != nil {
			t.Fatal(err)
		}
		e := it.manual(&Record{Context: Context{Control: "AC-2"}, Origin: "o"})
		if e.Location != tc.location || e.Text != tc.body || e.ID == "" || e.Kind != shca.EvidenceManual {
			t.Errorf("%s: %+v", tc.text, e)
		}
	}
}

// TestReview: comments are kept, and what is left out is said.
func TestReview(t *testing.T) {
	ct := control{ID: "c", Name: "AC-2", Status: "UNDER_REVIEW"}
	if e := ct.review(&Context{}); e != nil {
		t.Errorf("a control that nobody reviewed: %+v", e)
	}
	for _, tc := range []struct {
		comments []comment
		want     string
	}{
		{nil, "Response: Control is implemented"},
		{[]comment{{"NAME", "Verified implementation", "2026-06-30T10:00:00Z"}}, "Response: Control is implemented.\nComment of NAME, 2026-06-30: Verified implementation"},
		{[]comment{{"", "Why?", "2026-06-30T10:00:00Z"}, {"NAME", "Because", ""}, {"", "Done ", "soon"}}, "Response: Control is implemented.\nComment, 2026-06-30: Why?\nComment of NAME: Because.\nComment, soon: Done "},
	} {
		one := control{ID: "c", Name: "AC-2", Response: "Control is implemented", Comments: tc.comments}
		if got := one.review(&Context{}).Text; got != tc.want {
			t.Errorf("got\n%s\nwant\n%s", got, tc.want)
		}
	}
	for i := range 200 {
		ct.Comments = append(ct.Comments, comment{"someone", text(strings.Repeat("x", 495) + fmt.Sprintf("%05d", i)), "2025-01-01T00:00:00Z"})
	}
	e := ct.review(&Context{})
	if len(e.Text) > maxReview || !strings.HasSuffix(e.Text, "00199") || !strings.Contains(e.Text, "earlier comments are in Audit Manager only") {
		t.Errorf("%d bytes: %.200s", len(e.Text), e.Text)
	}
}
