package asff

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/stream"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// TestDecodeWhole compares every field of findings as several products write
// them.
func TestDecodeWhole(t *testing.T) {
	const (
		hub     = "arn:aws:securityhub:eu-west-1::product/aws/securityhub"
		prowler = "arn:aws:securityhub:eu-west-1::product/prowler/prowler"
	)
	for _, tc := range []struct {
		file string
		want []*shca.Finding
	}{
		{"consolidated.json", []*shca.Finding{{
			Source: "asff", ID: "arn:aws:securityhub:eu-west-1:012345678901:security-control/S3.8/finding/11111111-2222-3333-4444-555555555555",
			ProductARN: hub, ProductName: "Security Hub", GeneratorID: "security-control/S3.8",
			AccountID: "012345678901", AccountName: "prod", Region: "eu-west-1", Partition: "aws",
			Check: "S3.8", Standards: []string{"standards/aws-foundational-security-best-practices/v/1.0.0", "standards/nist-800-53/v/5.0.0"},
			Requirements: []string{"NIST.800-53.r5 AC-21", "NIST.800-53.r5 AC-3(7)"},
			ConfigRule:   "securityhub-s3-bucket-level-public-access-prohibited-0a1b2c3d",
			Status:       shca.Failed, StatusReasons: []shca.StatusReason{{Code: "CONFIG_RETURNS_NOT_APPLICABLE", Description: "why"}},
			Severity: shca.High, Workflow: "SUPPRESSED", RecordState: "ACTIVE",
			Types:       []string{"Software and Configuration Checks/Industry and Regulatory Standards"},
			Title:       "S3 general purpose buckets should block public access",
			Description: "This control checks whether a bucket blocks public access.",
			Remediation: shca.Remediation{Text: "For information, consult the documentation.", URL: "https://docs.aws.amazon.com/console/securityhub/S3.8/remediation"},
			Note:        shca.Note{Text: "public website", UpdatedBy: "arn:aws:sts::012345678901:assumed-role/x/jane", UpdatedAt: at("2026-01-03T10:00:00Z")},
			Resources:   []shca.Resource{{ID: "arn:aws:s3:::site", Type: "AwsS3Bucket", Region: "eu-west-1", Partition: "aws"}},
			CreatedAt:   at("2025-11-01T08:00:00.123Z"), UpdatedAt: at("2026-01-02T08:00:00.5Z"),
			FirstObservedAt: at("2025-11-01T08:00:00.1Z"), LastObservedAt: at("2026-01-02T08:00:01Z"),
		}}},
		{"legacy.json", []*shca.Finding{{
			Source: "asff", ID: "arn:aws-us-gov:securityhub:us-gov-west-1:000000000001:subscription/aws-foundational-security-best-practices/v/1.0.0/S3.8/finding/a",
			ProductARN:  "arn:aws-us-gov:securityhub:us-gov-west-1::product/aws/securityhub",
			GeneratorID: "aws-foundational-security-best-practices/v/1.0.0/S3.8",
			AccountID:   "000000000001", Region: "us-gov-west-1", Partition: "aws-us-gov", Check: "S3.8",
			Standards:  []string{"standards/aws-foundational-security-best-practices/v/1.0.0"},
			ConfigRule: "securityhub-s3-bucket-level-public-access-prohibited-1", Status: shca.Passed,
			Severity: shca.Informational, Workflow: "RESOLVED", RecordState: "ARCHIVED",
			Title: "S3 Block Public Access setting should be enabled at the bucket level", Description: "d",
			Resources: []shca.Resource{{ID: "arn:aws-us-gov:s3:::b", Type: "AwsS3Bucket", Region: "us-gov-west-1", Partition: "aws-us-gov"}},
			CreatedAt: at("2021-02-18T13:13:16.808Z"), UpdatedAt: at("2021-02-18T13:13:16.808Z"),
		}}},
		{"prowler.ndjson", []*shca.Finding{{
			Source: "asff", ID: "prowler-1.2-012345678901-eu-west-1-abc", ProductARN: prowler, ProductName: "Prowler",
			GeneratorID: "prowler-iam_root_mfa_enabled", AccountID: "012345678901", Region: "eu-west-1", Partition: "aws",
			Check: "prowler-iam_root_mfa_enabled", Standards: []string{"CIS-1.4", "NIST-800-53-Revision-5"},
			Requirements: []string{"NIST-800-53-Revision-5 ia_2_1"},
			Status:       shca.Failed, Severity: shca.Critical, RecordState: "ACTIVE",
			Types: []string{"Software and Configuration Checks"}, Title: "Ensure MFA is enabled for the root account", Description: "MFA is not enabled.",
			Remediation: shca.Remediation{Text: "Enable it."},
			Resources:   []shca.Resource{{ID: "arn:aws:iam::012345678901:root", Type: "AwsIamUser", Region: "eu-west-1", Partition: "aws"}},
			CreatedAt:   at("2026-01-01T00:00:00Z"), UpdatedAt: at("2026-01-01T00:00:00Z"), FirstObservedAt: at("2026-01-01T00:00:00Z"),
		}}},
		{"trivy.json", []*shca.Finding{{
			Source: "asff", ID: "alpine:3.10/CVE-2019-1549/openssl", ProductARN: "arn:aws:securityhub:eu-west-1::product/aquasecurity/aquasecurity",
			GeneratorID: "Trivy/CVE-2019-1549", AccountID: "123456789012", Region: "eu-west-1", Partition: "aws",
			Check: "Trivy/CVE-2019-1549", Severity: shca.Medium, RecordState: "ACTIVE",
			Types: []string{"Software and Configuration Checks/Vulnerabilities/CVE"},
			Title: "Trivy found a vulnerability to CVE-2019-1549 in container alpine", Description: "OpenSSL 1.1.1 …",
			Remediation: shca.Remediation{Text: "More information", URL: "https://avd.aquasec.com/nvd/cve-2019-1549"},
			Resources:   []shca.Resource{{ID: "alpine", Type: "Container", Region: "eu-west-1", Partition: "aws"}},
			CreatedAt:   at("2026-01-01T10:00:00.123456+02:00"), UpdatedAt: at("2026-01-01T08:00:00.123456Z"),
		}}},
		{"guardduty.json", []*shca.Finding{{
			Source: "asff", ID: "arn:aws-cn:guardduty:cn-north-1:012345678901:detector/d/finding/f",
			ProductARN:  "arn:aws-cn:securityhub:cn-north-1::product/aws/guardduty",
			GeneratorID: "arn:aws-cn:guardduty:cn-north-1:012345678901:detector/d",
			AccountID:   "012345678901", Region: "cn-north-1", Partition: "aws-cn",
			Check: "arn:aws-cn:guardduty:cn-north-1:012345678901:detector/d", Severity: shca.High, Workflow: "NEW", RecordState: "ACTIVE",
			Types: []string{"TTPs/Command and Control"}, Title: "x",
			Resources: []shca.Resource{{ID: "arn:aws-cn:ec2:cn-north-1:012345678901:instance/i", Type: "AwsEc2Instance"}, {ID: "b", Type: "Other"}},
			CreatedAt: at("2026-01-01T00:00:00Z"), UpdatedAt: at("2026-01-01T00:00:00Z"),
		}}},
	} {
		t.Run(tc.file, func(t *testing.T) {
			text, err := os.ReadFile("testdata/" + tc.file)
			if err != nil {
				t.Fatal(err)
			}
			source := &stream.Source{
				Open:    func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil },
				Formats: []stream.Format{Format},
			}
			var got []*shca.Finding
			for record, err := range source.Records(t.Context()) {
				if err != nil || record.Finding == nil {
					t.Fatalf("record %+v, error %v", record, err)
				}
				f := record.Finding
				if !strings.Contains(string(text), string(f.Raw)) {
					t.Errorf("Raw is not in the file: %s", f.Raw)
				}
				f.Raw = nil
				got = append(got, f)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
		})
	}
}

// TestDecodeOddities takes one member in each shape that producers write.
func TestDecodeOddities(t *testing.T) {
	type get = func(*shca.Finding) any
	severity := func(f *shca.Finding) any { return f.Severity }
	account := func(f *shca.Finding) any { return f.AccountID }
	updated := func(f *shca.Finding) any { return f.UpdatedAt }
	check := func(f *shca.Finding) any { return f.Check }
	standards := func(f *shca.Finding) any { return f.Standards }
	status := func(f *shca.Finding) any { return f.Status }
	region := func(f *shca.Finding) any { return f.Region }
	partition := func(f *shca.Finding) any { return f.Partition }
	title := func(f *shca.Finding) any { return f.Title }
	workflow := func(f *shca.Finding) any { return f.Workflow }
	state := func(f *shca.Finding) any { return f.RecordState }
	resources := func(f *shca.Finding) any { return f.Resources }
	types := func(f *shca.Finding) any { return f.Types }
	for _, tc := range []struct {
		members string // of the finding, besides its Id
		get     get
		want    any
	}{
		// Nothing but an Id.
		{``, severity, shca.SeverityUnknown},
		{``, status, shca.NoStatus},
		{``, state, "ACTIVE"},
		{``, workflow, ""},
		{``, updated, time.Time{}},
		{``, check, shca.CheckID("id")},
		{``, resources, []shca.Resource(nil)},

		// Members that are null, or not there.
		{`"Compliance":null`, status, shca.NoStatus},
		{`"Compliance":{}`, status, shca.NoStatus},
		{`"Compliance":{"Status":null}`, status, shca.NoStatus},
		{`"Compliance":{"Status":"WARNING"}`, status, shca.Warning},
		{`"Compliance":{"Status":"NOT_AVAILABLE","StatusReasons":null}`, status, shca.NotAvailable},
		{`"ProductFields":null,"Remediation":null,"Note":null,"Workflow":null,"Severity":null`, status, shca.NoStatus},
		{`"Remediation":{"Recommendation":{"Text":"t"}}`, func(f *shca.Finding) any { return f.Remediation }, shca.Remediation{Text: "t"}},
		{`"Remediation":{"Recommendation":null}`, func(f *shca.Finding) any { return f.Remediation }, shca.Remediation{}},
		{`"Resources":null`, resources, []shca.Resource(nil)},
		{`"Types":null`, types, []string(nil)},
		{`"Types":"one"`, types, []string{"one"}},
		{`"Unknown":{"deep":[1,{"x":"}"}]}`, state, "ACTIVE"},

		// Severity
		{`"Severity":{"Label":"critical"}`, severity, shca.Critical},
		{`"Severity":{"Normalized":0}`, severity, shca.Informational},
		{`"Severity":{"Normalized":1}`, severity, shca.Low},
		{`"Severity":{"Normalized":39}`, severity, shca.Low},
		{`"Severity":{"Normalized":40}`, severity, shca.Medium},
		{`"Severity":{"Normalized":69.5}`, severity, shca.Medium},
		{`"Severity":{"Normalized":70}`, severity, shca.High},
		{`"Severity":{"Normalized":90}`, severity, shca.Critical},
		{`"Severity":{"Normalized":100}`, severity, shca.Critical},
		{`"Severity":{"Normalized":101}`, severity, shca.SeverityUnknown},
		{`"Severity":{"Normalized":-1}`, severity, shca.SeverityUnknown},
		{`"Severity":{"Normalized":"70"}`, severity, shca.High},
		{`"Severity":{"Label":"","Normalized":70}`, severity, shca.High},
		{`"Severity":{"Label":null,"Normalized":70}`, severity, shca.High},
		{`"Severity":{"Label":"SEVERE","Normalized":70}`, severity, shca.High},
		{`"Severity":{"Label":"LOW","Normalized":70}`, severity, shca.Low},
		{`"Severity":{"Label":"LOW","Original":8.5}`, severity, shca.Low},
		{`"Severity":{"Label":"LOW","Original":[{}]}`, severity, shca.Low},
		{`"Severity":{"Label":"LOW","Product":"x"}`, severity, shca.Low},
		{`"Severity":{"Product":8}`, severity, shca.SeverityUnknown}, // of an unknown scale
		{`"Severity":{},"FindingProviderFields":{"Severity":{"Label":"HIGH"}}`, severity, shca.High},
		{`"Severity":{"Label":"LOW"},"FindingProviderFields":{"Severity":{"Label":"HIGH"}}`, severity, shca.Low},

		// Accounts
		{`"AwsAccountId":"000000000012"`, account, "000000000012"},
		{`"AwsAccountId":12`, account, "000000000012"},
		{`"AwsAccountId":123456789012`, account, "123456789012"},
		{`"AwsAccountId":null`, account, ""},
		{`"AwsAccountId":"XXXXXXXXXXXX"`, account, "XXXXXXXXXXXX"},
		{`"ProductArn":"arn:aws:securityhub:eu-west-1:012345678901:product/012345678901/default"`, account, "012345678901"},

		// Times
		{`"UpdatedAt":"2026-01-02T03:04:05Z"`, updated, at("2026-01-02T03:04:05Z")},
		{`"UpdatedAt":"2026-01-02T03:04:05.1Z"`, updated, at("2026-01-02T03:04:05.1Z")},
		{`"UpdatedAt":"2026-01-02T03:04:05.123456789Z"`, updated, at("2026-01-02T03:04:05.123456789Z")},
		{`"UpdatedAt":"2026-01-02T03:04:05.123456+00:00"`, updated, at("2026-01-02T03:04:05.123456Z")},
		{`"UpdatedAt":"2026-01-02T03:04:05+02:00"`, updated, at("2026-01-02T01:04:05Z")},
		{`"UpdatedAt":"2026-01-02T03:04:05-0530"`, updated, at("2026-01-02T08:34:05Z")},
		{`"UpdatedAt":"2026-01-02T03:04:05"`, updated, at("2026-01-02T03:04:05Z")},
		{`"UpdatedAt":"2026-01-02T03:04:05.25"`, updated, at("2026-01-02T03:04:05.25Z")},
		{`"UpdatedAt":"2026-01-02 03:04:05"`, updated, at("2026-01-02T03:04:05Z")},
		{`"UpdatedAt":"2026-01-02 03:04:05.5+01:00"`, updated, at("2026-01-02T02:04:05.5Z")},
		{`"UpdatedAt":"2026-01-02 03:04:05 +0100"`, updated, at("2026-01-02T02:04:05Z")},
		{`"UpdatedAt":" 2026-01-02T03:04:05Z "`, updated, at("2026-01-02T03:04:05Z")},
		{`"UpdatedAt":""`, updated, time.Time{}},
		{`"UpdatedAt":null`, updated, time.Time{}},

		// Checks
		{`"Compliance":{"SecurityControlId":"S3.8"}`, check, shca.CheckID("S3.8")},
		{`"Compliance":{"SecurityControlId":["S3.8"]}`, check, shca.CheckID("S3.8")},
		{`"Compliance":{"SecurityControlId":["S3.8","S3.8"]}`, check, shca.CheckID("S3.8")},
		{`"Compliance":{"SecurityControlId":[]},"GeneratorId":"security-control/S3.8"`, check, shca.CheckID("S3.8")},
		{`"Compliance":{"SecurityControlId":null},"GeneratorId":"security-control/S3.8"`, check, shca.CheckID("S3.8")},
		{`"Compliance":{"SecurityControlId":""},"GeneratorId":"security-control/S3.8"`, check, shca.CheckID("S3.8")},
		{`"GeneratorId":"nist-800-53/v/5.0.0/S3.8"`, check, shca.CheckID("S3.8")},
		{`"GeneratorId":"aws-foundational-security-best-practices/v/1.0.0/S3.8"`, check, shca.CheckID("S3.8")},
		{`"GeneratorId":"aws-foundational-security-best-practices/v/1.0.0/CloudTrail.10"`, check, shca.CheckID("CloudTrail.10")},
		{`"GeneratorId":"service-managed-aws-control-tower/v/1.0.0/EC2.1"`, check, shca.CheckID("EC2.1")},
		{`"GeneratorId":"pci-dss/v/3.2.1/PCI.IAM.7"`, check, shca.CheckID("PCI.IAM.7")},
		{`"GeneratorId":"cis-aws-foundations-benchmark/v/1.4.0/1.16"`, check, shca.CheckID("cis-aws-foundations-benchmark/v/1.4.0/1.16")},
		{`"GeneratorId":"arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/1.3"`, check, shca.CheckID("cis-aws-foundations-benchmark/v/1.2.0/rule/1.3")},
		{`"GeneratorId":"arn:aws-us-gov:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/1.3"`, check, shca.CheckID("cis-aws-foundations-benchmark/v/1.2.0/rule/1.3")},
		{`"GeneratorId":"x","ProductFields":{"ControlId":"S3.8"}`, check, shca.CheckID("S3.8")},
		{`"GeneratorId":"x","ProductFields":{"ControlId":"1.3"}`, check, shca.CheckID("x")},
		{`"GeneratorId":"x","ProductFields":{"ControlId":7}`, check, shca.CheckID("x")},
		{`"GeneratorId":"x","ProductFields":"text"`, check, shca.CheckID("x")},
		{`"GeneratorId":"x","ProductFields":["a"]`, check, shca.CheckID("x")},
		{`"GeneratorId":"prowler-s3.8"`, check, shca.CheckID("prowler-s3.8")},

		// Standards
		{`"Compliance":{"AssociatedStandards":[{"StandardsId":"a"},{"StandardsId":"b"}]}`, standards, []string{"a", "b"}},
		{`"Compliance":{"AssociatedStandards":["a","b"]}`, standards, []string{"a", "b"}},
		{`"Compliance":{"AssociatedStandards":["a",{"StandardsId":"b"},{}]}`, standards, []string{"a", "b"}},
		{`"Compliance":{"AssociatedStandards":"a"}`, standards, []string{"a"}},
		{`"Compliance":{"AssociatedStandards":[]}`, standards, []string(nil)},
		{`"Compliance":{"AssociatedStandards":null}`, standards, []string(nil)},
		{`"Compliance":{"AssociatedStandards":null},"ProductFields":{"StandardsArn":"s"}`, standards, []string{"s"}},
		{`"ProductFields":{"StandardsGuideArn":"s"}`, standards, []string{"s"}},
		{`"Compliance":{"RelatedRequirements":"NIST.800-53.r5 AC-3"}`, func(f *shca.Finding) any { return f.Requirements }, []string{"NIST.800-53.r5 AC-3"}},

		// Places
		{`"ProductArn":"arn:aws-iso:securityhub:us-iso-east-1::product/aws/securityhub"`, partition, "aws-iso"},
		{`"ProductArn":"arn:aws-iso:securityhub:us-iso-east-1::product/aws/securityhub"`, region, "us-iso-east-1"},
		{`"ProductArn":"arn:aws-iso-b:securityhub:us-isob-east-1::product/aws/securityhub"`, partition, "aws-iso-b"},
		{`"ProductArn":"arn:aws-eusc:securityhub:eusc-de-east-1::product/aws/securityhub"`, partition, "aws-eusc"},
		{`"Region":"eu-west-1","ProductArn":"arn:aws-cn:securityhub:cn-north-1::product/aws/securityhub"`, region, "eu-west-1"},
		{`"Resources":[{"Id":"r","Region":"us-gov-east-1","Partition":"aws-us-gov"}]`, partition, "aws-us-gov"},
		{`"Resources":[{"Id":"r","Region":"us-gov-east-1","Partition":"aws-us-gov"}]`, region, "us-gov-east-1"},
		{`"Resources":[{"Id":"arn:aws-us-gov:s3:::b"}]`, partition, "aws-us-gov"},
		{`"ProductFields":{"Resources:0/Id":"arn:aws:s3:::b"}`, resources, []shca.Resource{{ID: "arn:aws:s3:::b"}}},
		{`"ProductFields":{"RelatedAWSResources:0/name":"rule","RelatedAWSResources:0/type":"AWS::Config::ConfigRule"}`, func(f *shca.Finding) any { return f.ConfigRule }, "rule"},
		{`"ProductFields":{"RelatedAWSResources:0/name":"rule","RelatedAWSResources:0/type":"AWS::S3::Bucket"}`, func(f *shca.Finding) any { return f.ConfigRule }, ""},

		// Titles
		{`"Title":"S3.8 Buckets","GeneratorId":"security-control/S3.8"`, title, "Buckets"},
		{`"Title":"S3.80 Buckets","GeneratorId":"security-control/S3.8"`, title, "S3.80 Buckets"},
		{`"Title":"1.3 Keys","ProductFields":{"RuleId":"1.3"}`, title, "Keys"},
		{`"Title":"PCI.IAM.7 Keys","Compliance":{"SecurityControlId":"IAM.8"},"ProductFields":{"ControlId":"PCI.IAM.7"}`, title, "Keys"},

		// State
		{`"WorkflowState":"NEW"`, workflow, "NEW"},
		{`"WorkflowState":"NEW","Workflow":{"Status":"SUPPRESSED"}`, workflow, "SUPPRESSED"},
		{`"RecordState":"ARCHIVED"`, state, "ARCHIVED"},
		{`"RecordState":""`, state, "ACTIVE"},
	} {
		raw := `{"Id":"id"` + strings.TrimSuffix(","+tc.members, ",") + "}"
		f, err := decode([]byte(raw))
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		if d := cmp.Diff(tc.want, tc.get(f)); d != "" {
			t.Errorf("%s (-want +got):\n%s", raw, d)
		}
		if string(f.Raw) != raw {
			t.Errorf("%s: Raw is %s", raw, f.Raw)
		}
	}
}

// TestDecodeErrors: a member of a wrong type or value is named, and so is the
// finding.
func TestDecodeErrors(t *testing.T) {
	for _, tc := range []struct{ old, new, id, field, err string }{
		{`"Id":"a"`, `"Id":7`, "", "/Id", "wrong type: a JSON number, where a string is expected"},
		{`{"Label":"HIGH","Normalized":70,"Original":"HIGH"}`, `"HIGH"`, "a", "/Severity", "wrong type: a JSON string, where an object is expected"},
		{`"Label":"HIGH"`, `"Label":3`, "a", "/Severity/Label", "wrong type: a JSON number, where a string is expected"},
		{`"Normalized":70`, `"Normalized":"much"`, "a", "/Severity/Normalized", `"much" is not a number`},
		{`"Normalized":70`, `"Normalized":"NaN"`, "a", "/Severity/Normalized", `"NaN" is not a number`},
		{`"Normalized":70`, `"Normalized":[70]`, "a", "/Severity/Normalized", "a number is expected here"},
		{"2026-01-02T00:00:00.000Z", "yesterday", "a", "/UpdatedAt", `"yesterday" is not a time such as 2026-01-31T12:00:00Z`},
		{"2026-01-02T00:00:00.000Z", "9999-12-31T23:59:59-01:00", "a", "/UpdatedAt", `"9999-12-31T23:59:59-01:00" is not a time such as 2026-01-31T12:00:00Z`},
		{`"2026-01-02T00:00:00.000Z"`, "1767312000", "a", "/UpdatedAt", "a time in a string is expected here"},
		{`"012345678901"`, "1234567890123", "a", "/AwsAccountId", "1234567890123 is not an account id of 12 digits"},
		{`"012345678901"`, "[]", "a", "/AwsAccountId", "a string is expected here"},
		{`"Compliance":{`, `"Compliance":"FAILED","X":{`, "a", "/Compliance", "wrong type: a JSON string, where an object is expected"},
		{`"Status":"FAILED"`, `"Status":"FAIL"`, "a", "/Compliance/Status", `"FAIL" is none of PASSED, FAILED, WARNING, NOT_AVAILABLE`},
		{`"ACTIVE"`, `"active"`, "a", "/RecordState", `"active" is neither ACTIVE nor ARCHIVED`},
		{`"SecurityControlId":"S3.8"`, `"SecurityControlId":["S3.8","S3.9"]`, "a", "/Compliance/SecurityControlId", `names two checks, "S3.8" and "S3.9"; a finding has one`},
		{`"NIST.800-53.r5 AC-3"`, `3`, "a", "/Compliance/RelatedRequirements/0", "wrong type: a JSON number, where a string is expected"},
		{`{"StandardsId":"standards/nist-800-53/v/5.0.0"}`, `3`, "a", "/Compliance/AssociatedStandards/0", "wrong type: a JSON number, where an object is expected"},
		{`"Resources":[`, `"Resources":{},"X":[`, "a", "/Resources", "wrong type: a JSON object, where a list is expected"},
	} {
		if !strings.Contains(whole, tc.old) {
			t.Fatalf("the finding has no %s", tc.old)
		}
		raw := strings.Replace(whole, tc.old, tc.new, 1)
		f, err := decode([]byte(raw))
		if f != nil || err == nil {
			t.Errorf("%s: got %+v, error %v; want an error", tc.new, f, err)
			continue
		}
		if d := cmp.Diff([]string{tc.id, tc.field, tc.err}, []string{err.ID, err.Field, err.Err.Error()}); d != "" {
			t.Errorf("%s: id, field, error (-want +got):\n%s", tc.new, d)
		}
	}
}

// TestWorkflow: a misspelt status must not count as "not suppressed".
func TestWorkflow(t *testing.T) {
	for text, want := range map[string]string{
		`"Workflow":{"Status":"SUPPRESSED"}`:                          "SUPPRESSED",
		`"Workflow":{"Status":"NOTIFIED"},"WorkflowState":"NEW"`:      "NOTIFIED",
		`"WorkflowState":"IN_PROGRESS"`:                               "IN_PROGRESS",
		`"Workflow":{}`:                                               "",
		`"Workflow":{"Status":"suppressed"}`:                          "error",
		`"Workflow":{"Status":"WAIVED"},"WorkflowState":"SUPPRESSED"`: "error",
	} {
		f, err := decode([]byte(`{"Id":"a",` + text + `}`))
		switch {
		case want == "error":
			if err == nil || err.Field != "/Workflow/Status" {
				t.Errorf("%s: error %v, want one of /Workflow/Status", text, err)
			}
		case err != nil:
			t.Errorf("%s: %v", text, err)
		case f.Workflow != want:
			t.Errorf("%s: workflow %q, want %q", text, f.Workflow, want)
		}
	}
}

// TestConfigRule: a finding of AWS Config has another generator in every account
// and Region; its rule is the check.
func TestConfigRule(t *testing.T) {
	const text = `{"Id":"a","ProductArn":"arn:aws:securityhub:eu-west-1::product/aws/config","GeneratorId":"arn:aws:config:eu-west-1:000000000001:config-rule/config-rule-mburzq",` +
		`"ProductFields":{"aws/config/ConfigRuleName":"s3-bucket-ssl","aws/config/ConfigRuleArn":"x"},"Compliance":{"Status":"FAILED"}}`
	f, err := decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if f.Check != "config-rule/s3-bucket-ssl" || f.ConfigRule != "s3-bucket-ssl" {
		t.Errorf("check %q, rule %q", f.Check, f.ConfigRule)
	}
}
