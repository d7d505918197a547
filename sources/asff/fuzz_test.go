package asff

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"
)

// whole is a finding as Security Hub writes it.
const whole = `{"SchemaVersion":"2018-10-08","Id":"a","ProductArn":"arn:aws:securityhub:eu-west-1::product/aws/securityhub",` +
	`"GeneratorId":"security-control/S3.8","AwsAccountId":"012345678901","Region":"eu-west-1",` +
	`"Types":["Software and Configuration Checks/Industry and Regulatory Standards"],` +
	`"CreatedAt":"2026-01-01T00:00:00.000Z","UpdatedAt":"2026-01-02T00:00:00.000Z",` +
	`"Severity":{"Label":"HIGH","Normalized":70,"Original":"HIGH"},"Title":"S3 \"buckets\" {should} [block], public \\ access é 🔒",` +
	`"Description":"d","Resources":[{"Type":"AwsS3Bucket","Id":"arn:aws:s3:::b","Partition":"aws","Region":"eu-west-1"}],` +
	`"Compliance":{"Status":"FAILED","SecurityControlId":"S3.8","AssociatedStandards":[{"StandardsId":"standards/nist-800-53/v/5.0.0"}],` +
	`"RelatedRequirements":["NIST.800-53.r5 AC-3"]},"WorkflowState":"NEW","Workflow":{"Status":"NEW"},"RecordState":"ACTIVE"}`

// FuzzDecode decodes arbitrary bytes as one finding.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "null", "[]", `{"Id":"x"}`, whole, whole[:400],
		`{"Id":"x","AwsAccountId":12,"Severity":{"Normalized":"NaN","Original":1},"UpdatedAt":"2026-01-01 00:00:00 +0100"}`,
		`{"Id":"x","Compliance":{"SecurityControlId":["S3.8"],"AssociatedStandards":["a",{"StandardsId":"b"}],"RelatedRequirements":"r"}}`,
		`{"Id":"x","ProductFields":{"ControlId":"1.3","RelatedAWSResources:0/type":"AWS::Config::ConfigRule","RelatedAWSResources:0/name":"n"}}`,
		`{"Id":"x","GeneratorId":"arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/1.3","Title":"1.3 x"}`,
		`{"Id":"x","Resources":[{"Id":"arn:aws:s3:::b"}],"UpdatedAt":"9999-12-31T23:59:59-01:00"}`,
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
			if _, err := json.Marshal(finding); err != nil {
				t.Errorf("%q: %v", raw, err)
			}
		case finding != nil || err.Err == nil || err.Err.Error() == "" || !utf8.ValidString(err.Error()):
			t.Errorf("%q: finding %+v, error %v", raw, finding, err)
		}
	})
}
