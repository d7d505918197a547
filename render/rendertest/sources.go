package rendertest

import (
	"fmt"

	"github.com/go-shca/shca"
)

// otherSources yields what is read besides findings of Security Hub: findings of
// AWS Config and Audit Manager, an inventory of checks, by which AT-1 is not
// assessed because all its checks are disabled, and evidence. Text is what
// people wrote.
func otherSources(text string) []shca.Record {
	var all []shca.Record
	at := func(n int) shca.Finding {
		f := *finding(900+n, "S3.8", "AC-3")
		f.ProductARN, f.GeneratorID, f.Requirements = "", "", nil
		f.Status, f.ConfigRule, f.Check = shca.Failed, "s3-bucket-level-public-access-prohibited", "config-rule/s3-bucket-level-public-access-prohibited"
		return f
	}
	for n := range 4 {
		f := at(n)
		f.Source, f.ProductName, f.ID = shca.SourceConfig, "AWS Config", fmt.Sprint("config/111122223333/us-east-1/rule/", n)
		f.Description = text
		f.Resources = []shca.Resource{{ID: fmt.Sprint("bucket-of-config-", n), Type: "AWS::S3::Bucket", Region: "us-east-1"}}
		if n == 3 {
			f.Check, f.ConfigRule = "config-rule/our-own-rule", "our-own-rule"
		}
		f.Raw = fmt.Appendf(nil, `{"AccountId":"111122223333","Region":"us-east-1","ConfigRuleName":%q,"Evaluation":{"EvaluationResultIdentifier":{"EvaluationResultQualifier":{"ConfigRuleName":%q,"ResourceType":"AWS::S3::Bucket","ResourceId":"bucket-of-config-%d"}},"ComplianceType":"NON_COMPLIANT","Annotation":"because","ResultRecordedTime":"2026-05-01T00:00:00Z"}}`, f.ConfigRule, f.ConfigRule, n)
		all = append(all, shca.Record{Finding: &f})
	}
	for n, control := range []string{"AC-3", "AC-4", "AC-6"} {
		f := at(10)
		f.Source, f.ProductName, f.ID = shca.SourceAuditManager, "AWS Audit Manager", fmt.Sprint("auditmanager/", n)
		f.Requirements = []string{"NIST.800-53.r5 " + control}
		f.Resources = []shca.Resource{{ID: "arn:aws:s3:::bucket-of-config-1"}}
		if n == 2 {
			f.Check, f.ConfigRule, f.Title = "auditmanager/custom", "", text
			f.Requirements = []string{"NIST.800-53.r5 AC-6"}
		}
		f.Raw = fmt.Appendf(nil, `{"evidence":{"id":"%d","complianceCheck":"FAILED"},"context":{"control":%q}}`, n, control)
		all = append(all, shca.Record{Finding: &f})
	}
	off := func(check shca.CheckID, region string, enabled bool, reason string, requirements ...string) {
		all = append(all, shca.Record{Setting: &shca.CheckSetting{
			Source: shca.SourceASFF, AccountID: "111122223333", Region: region, Check: check, Standard: "arn:aws:securityhub:us-east-1::standards/nist-800-53/v/5.0.0",
			Enabled: enabled, Reason: reason, Title: "A check that " + text, UpdatedAt: Time, Requirements: requirements,
		}})
	}
	for _, region := range []string{"us-east-1", "us-west-2"} {
		off("New.1", region, false, text, "NIST.800-53.r5 AT-1")
		off("New.2", region, false, "Not used.", "NIST.800-53.r5 AT-1")
	}
	off("S3.8", "us-east-1", true, "")
	off("S3.8", "us-west-2", false, "")
	piece := func(n int, control string, kind shca.EvidenceKind) *shca.Evidence {
		e := &shca.Evidence{
			Source: shca.SourceAuditManager, ID: fmt.Sprint("evidence-", n), AccountID: "111122223333", Region: "us-east-1",
			Requirement: "NIST.800-53.r5 " + control, Control: control + " - as Audit Manager names it", Assessment: "Example assessment",
			Kind: kind, Text: text, Author: "arn:aws:iam::111122223333:user/assessor", At: Time.AddDate(0, 0, -n),
		}
		all = append(all, shca.Record{Evidence: e})
		return e
	}
	piece(1, "AC-2", shca.EvidenceManual).Location = "s3://example-evidence/access review 2026.pdf"
	piece(2, "AC-2", shca.EvidenceReview).Status = "REVIEWED"
	piece(3, "AC-2", shca.EvidenceActivity).Count = 1234
	piece(4, "AC-3", shca.EvidenceManual).Location = text
	piece(5, "AT-1", shca.EvidenceReport)
	piece(6, "PM-9", shca.EvidenceConfiguration).At = Time
	piece(7, "AC-3", shca.EvidenceKind(text))
	for n := range shca.MaxEvidence {
		piece(10+n, "AU-2", shca.EvidenceManual)
	}
	piece(8, "of no framework", shca.EvidenceManual)
	return all
}
