package redact_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/mapping"
	"github.com/go-shca/shca/redact"
	"github.com/go-shca/shca/render"
	"github.com/go-shca/shca/sources/asff"
	"github.com/go-shca/shca/sources/auditmanager"
	"github.com/go-shca/shca/sources/configrules"
	"github.com/go-shca/shca/sources/stream"
)

type recordList []shca.Record

func (l recordList) Records(context.Context) iter.Seq2[shca.Record, error] {
	return func(yield func(shca.Record, error) bool) {
		for _, r := range l {
			if !yield(r, nil) {
				return
			}
		}
	}
}

var day = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

var formats = map[string]stream.Format{shca.SourceASFF: asff.Format, shca.SourceConfig: configrules.Format, shca.SourceAuditManager: auditmanager.Format}

// otherSources are records of AWS Config and Audit Manager, settings of checks and
// evidence, with a canary wherever somebody may have written something.
func otherSources(t *testing.T) recordList {
	t.Helper()
	var all recordList
	add := func(source, text string) {
		t.Helper()
		f, err := formats[source].Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, shca.Record{Finding: f})
	}
	const hub = `{"SchemaVersion":"2018-10-08","Id":"arn:aws:securityhub:us-east-1:111122223333:security-control/%s/finding/f","ProductArn":"arn:aws:securityhub:us-east-1::product/aws/securityhub","GeneratorId":"security-control/%s","AwsAccountId":"111122223333","Region":"us-east-1",` +
		`"Title":"t","UpdatedAt":"2026-01-02T00:00:00Z","Severity":{"Label":"HIGH"},"Compliance":{"Status":"FAILED","SecurityControlId":"%s","RelatedRequirements":["NIST.800-53.r5 AC-3"]},"Resources":[%s]}`
	add(shca.SourceASFF, fmt.Sprintf(hub, "S3.8", "S3.8", "S3.8", `{"Type":"AwsS3Bucket","Id":"arn:aws:s3:::canary-bucket"}`))
	add(shca.SourceASFF, fmt.Sprintf(hub, "IAM.3", "IAM.3", "IAM.3", `{"Type":"AwsIamUser","Id":"arn:aws:iam::111122223333:user/canary","Details":{"AwsIamUser":{"UserId":"AIDACANARYCANARYCANAR"}}}`))
	const evaluation = `{"AccountId":"111122223333","Region":"us-east-1","ConformancePackName":"canary-pack","ConfigRuleName":"%s","RuleDescription":"canary description","Evaluation":{"EvaluationResultIdentifier":{"EvaluationResultQualifier":{"ConfigRuleName":"%s","ResourceType":"%s","ResourceId":"%s"}},"ComplianceType":"%s","Annotation":"canary annotation","ResultRecordedTime":"2026-01-03T00:00:00Z"}}`
	for _, e := range [][4]string{
		{"s3-bucket-level-public-access-prohibited", "AWS::S3::Bucket", "canary-bucket", "NON_COMPLIANT"},
		{"s3-bucket-level-public-access-prohibited", "AWS::S3::Bucket", "canary-other-bucket", "COMPLIANT"},
		{"access-keys-rotated", "AWS::IAM::User", "AIDACANARYCANARYCANAR", "COMPLIANT"},
		{"canary-rule", "AWS::Lambda::Function", "canary-function", "NOT_APPLICABLE"},
		{"canary-rule", "AWS::Lambda::Function", "canary-function-2", "INSUFFICIENT_DATA"},
		{"canary-rule", "AWS::Lambda::Function", "canary-function-3", "NOT_APPLICABLE"},
	} {
		add(shca.SourceConfig, fmt.Sprintf(evaluation, e[0], e[0], e[1], e[2], e[3]))
	}
	add(shca.SourceConfig, `{"AccountId":"111122223333","Region":"us-west-2","ConfigRuleName":"canary-rule-conformance-pack-abcdef123","Evaluation":{"ConfigRuleName":"canary-rule-conformance-pack-abcdef123","Controls":["NIST.800-53.r5 AC-5"],"ComplianceType":"NON_COMPLIANT"}}`)
	const piece = `{"auditManagerEvidence":{"id":"canary-id","dataSource":"%s","evidenceByType":"Compliance check","awsAccountId":"111122223333","time":"2026-01-04T00:00:00Z","iamId":"arn:aws:iam::111122223333:user/canary",` +
		`"resourcesIncluded":[{"arn":"arn:aws:s3:::%s","value":"canary value","complianceCheck":"FAILED"}],"attributes":{%s,"canary":"canary"}},"resourceIndex":0,"assessmentContext":{"accountId":"111122223333","region":"us-east-1","assessmentName":"canary","frameworkName":"NIST 800-53 (Rev. 5)","controlSetId":"canary","controlName":"%s"}}`
	for _, e := range [][4]string{
		{"AWS Security Hub", "canary-bucket", `"securitycontrolid":"S3.8","findingtitle":"canary title"`, "AC-3"},
		{"AWS Security Hub", "canary-third", `"securitycontrolid":"S3.8"`, "AC-4 - canary"},
		{"AWS Config", "canary-other-bucket", `"configrulename":"s3-bucket-level-public-access-prohibited"`, "AC-3"},
		{"AWS Config", "canary-fifth", `"configrulename":"canary-custom-rule"`, "AC-6"},
		{"Canary source", "canary-sixth", `"findingtitle":"Canary check"`, "AU-2"},
		{"Canary source", "canary-seventh", `"x":"y"`, "AU-3"},
	} {
		add(shca.SourceAuditManager, fmt.Sprintf(piece, e[0], e[1], e[2], e[3]))
	}
	for _, check := range []shca.CheckID{"S3.9", "Canary.1"} {
		all = append(all, shca.Record{Setting: &shca.CheckSetting{Source: shca.SourceASFF, AccountID: "111122223333", Region: "us-east-1", Check: check, Standard: "arn:aws:securityhub:us-east-1:111122223333:subscription/canary",
			Reason: "canary said so, 111122223333", Title: "Buckets", Requirements: []string{"NIST.800-53.r5 PE-3", "canary 1"}}})
	}
	all[len(all)-1].Setting.Check, all[len(all)-1].Setting.Title = "New.1", "canary"
	for i, control := range []string{"NIST.800-53.r5 AC-2", "canary control"} {
		all = append(all, shca.Record{Evidence: &shca.Evidence{
			Source: shca.SourceAuditManager, ID: fmt.Sprint("canary-", i), AccountID: "111122223333", Region: "us-east-1", Requirement: control, Control: "AC-2 canary", Assessment: "canary", Kind: shca.EvidenceManual,
			Status: "REVIEWED", Text: "canary text", Author: "arn:aws:sts::111122223333:assumed-role/canary/jo@canary.example.org", Location: "s3://canary/key", Count: 3, At: day,
		}})
	}
	all = append(all, shca.Record{Evidence: &shca.Evidence{Source: shca.SourceAuditManager, ID: "x", Requirement: "NIST.800-53.r5 AC-2", Kind: "canary kind", Status: "canary", Location: "canary/path.pdf"}})
	return all
}

// TestOtherSources: what names the estate is gone from findings of other sources,
// from settings and evidence; the numbers stay, also when what is written is read
// and assessed again.
func TestOtherSources(t *testing.T) {
	in := otherSources(t)
	r := newRedactor(1)
	options := mapping.Options{TempDir: t.TempDir(), Time: day}
	assess := func(source shca.Source, redacted bool) *shca.Assessment {
		t.Helper()
		options.Redacted = redacted
		a, err := mapping.Assess(t.Context(), source, options)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { a.Close() })
		return a
	}
	plain, got := assess(in, false), assess(redact.Source(in, r), true)

	// The numbers.
	numbers := func(a *shca.Assessment) (all []string) {
		for _, c := range a.Controls {
			if c.Tally.Total() > 0 || c.EvidenceCount > 0 || len(c.Disabled) > 0 {
				all = append(all, fmt.Sprint(c.ID, c.StatusText(), c.Tally, len(c.Checks), c.Accounts, c.Regions, c.Resources, c.EvidenceCount, len(c.Evidence), c.Disabled))
			}
		}
		for _, d := range a.Disabled {
			all = append(all, fmt.Sprint(d.ID, len(d.Reasons), d.Disabled, d.Enabled))
		}
		dispositions := map[string]int{}
		for f, err := range a.Findings {
			if err != nil {
				t.Fatal(err)
			}
			dispositions[f.Source+" "+string(f.Disposition)]++
		}
		return append(all, fmt.Sprint(dispositions), fmt.Sprint(a.Summary().Tally))
	}
	if diff := cmp.Diff(numbers(plain), numbers(got)); diff != "" {
		t.Errorf("numbers (-plain +redacted):\n%s", diff)
	}
	if n := plain.Summary().Tally; n.Failed < 5 || n.Passed < 1 || n.NotAvailable < 0 {
		t.Fatalf("the records tell little: %+v", n)
	}

	// The originals are read as the findings that they are of.
	var again recordList
	for record, err := range redact.Source(in, r).Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		f := record.Finding
		if f == nil {
			again = append(again, record)
			continue
		}
		read, bad := formats[f.Source].Decode(f.Raw)
		if bad != nil {
			t.Fatalf("%v: %s", bad, f.Raw)
		}
		again = append(again, shca.Record{Finding: read})
		opts := cmpopts.IgnoreFields(shca.Finding{}, "ID", "Raw", "Description", "Partition", "StatusReasons")
		if diff := cmp.Diff(f, read, opts, cmpopts.IgnoreFields(shca.Resource{}, "Partition", "Region")); diff != "" {
			t.Errorf("%s (-redacted +read):\n%s", f.Raw, diff)
		}
	}
	if diff := cmp.Diff(numbers(plain), numbers(assess(again, true))); diff != "" {
		t.Errorf("assessed again (-plain +again):\n%s", diff)
	}

	// Nothing leaks.
	dir := t.TempDir()
	if _, err := render.WriteDir(t.Context(), dir, got, render.With(render.Options{})); err != nil {
		t.Fatal(err)
	}
	texts := artifacts(t, dir)
	for name, text := range texts {
		lower := fold(text)
		for _, secret := range []string{"canary", "111122223333"} {
			if i := bytes.Index(lower, []byte(secret)); i >= 0 {
				t.Errorf("%s has %q: …%q…", name, secret, text[max(0, i-100):min(len(text), i+60)])
			}
		}
	}
	for name, words := range map[string][]string{
		"originals.config.ndjson.gz text":       {"s3-bucket-level-public-access-prohibited", "NON_COMPLIANT"},
		"originals.auditmanager.ndjson.gz text": {"S3.8", "FAILED"},
		"assessment.json":                       {"manual evidence", "location-", "redacted text-"},
	} {
		for _, word := range words {
			if !strings.Contains(string(texts[name]), word) {
				t.Errorf("%s has no %q", name, word)
			}
		}
	}
	if !slices.ContainsFunc(got.Disabled, func(d shca.DisabledCheck) bool { return d.ID == "S3.9" && d.Title == "Buckets" }) {
		t.Errorf("a public check's title is gone: %+v", got.Disabled)
	}
}
