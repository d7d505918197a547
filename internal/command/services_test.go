package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	auditmanager "github.com/aws/aws-sdk-go-v2/service/auditmanager/types"
	config "github.com/aws/aws-sdk-go-v2/service/configservice/types"
	securityhub "github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca/internal/awsfake"
)

// call runs the program in this process against the server.
func call(t *testing.T, server *awsfake.Server, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	for _, e := range server.Environ(account, "us-east-1") {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	server.Update(func() {})
	t.Setenv("AWS_MAX_ATTEMPTS", "2")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	var out, err bytes.Buffer
	code = run(t.Context(), args, process{
		stdin: strings.NewReader(""), stdout: &out, stderr: &err, getenv: os.Getenv,
		now: func() time.Time { return time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) },
	})
	noSecrets(t, out.Bytes(), err.Bytes())
	return code, out.String(), err.String()
}

// buckets is the number of buckets of the estate; every third fails.
const buckets = 30

// estate is one of buckets that Security Hub, Config and Audit Manager look at
// with the same rule, s3-bucket-level-public-access-prohibited, which is behind
// S3.8. Audit Manager has it as evidence for a control that Security Hub does not
// relate the check to, and a document that somebody has uploaded.
func estate(t *testing.T) *awsfake.Server {
	t.Helper()
	const rule = "s3-bucket-level-public-access-prohibited"
	at := time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)
	server := awsfake.New(t)
	server.Unlimited = true
	here := server.At(account, "us-east-1")
	region(server, account, "us-east-1", 0)
	hub := here.Hub
	pack := awsfake.ConformancePack{Detail: config.ConformancePackDetail{ConformancePackName: aws.String("nist"), ConformancePackId: aws.String("conformance-pack-abc"), ConformancePackArn: aws.String("arn:aws:config:us-east-1:" + account + ":conformance-pack/nist/abc")}}
	name := rule + "-conformance-pack-abc"
	folder, manual := "folder-checks", "folder-manual"
	one := awsfake.Assessment{Evidence: map[string][]auditmanager.Evidence{}}
	for i := range buckets {
		bucket := fmt.Sprintf("bucket-%02d", i)
		status, compliance := "PASSED", config.ConformancePackComplianceTypeCompliant
		if i%3 == 0 {
			status, compliance = "FAILED", config.ConformancePackComplianceTypeNonCompliant
		}
		arn := "arn:aws:s3:::" + bucket
		hub.Findings.Lines = append(hub.Findings.Lines, fmt.Appendf(nil, `{"SchemaVersion":"2018-10-08","Id":"arn:aws:securityhub:us-east-1:%[1]s:security-control/S3.8/finding/%[2]d","ProductArn":"arn:aws:securityhub:us-east-1::product/aws/securityhub","ProductName":"Security Hub","GeneratorId":"security-control/S3.8","AwsAccountId":"%[1]s","Region":"us-east-1","CreatedAt":"2026-06-01T00:00:00.000Z","UpdatedAt":"2026-06-30T00:00:00.000Z","Severity":{"Label":"HIGH"},"Title":"Buckets block public access","Resources":[{"Type":"AwsS3Bucket","Id":"%[3]s","Region":"us-east-1"}],"Compliance":{"Status":"%[4]s","SecurityControlId":"S3.8","RelatedRequirements":["NIST.800-53.r5 AC-3"]},"Workflow":{"Status":"NEW"},"RecordState":"ACTIVE"}`, account, i, arn, status))
		pack.Results = append(pack.Results, config.ConformancePackEvaluationResult{
			ComplianceType: compliance, ResultRecordedTime: &at, ConfigRuleInvokedTime: &at,
			EvaluationResultIdentifier: &config.EvaluationResultIdentifier{OrderingTimestamp: &at, EvaluationResultQualifier: &config.EvaluationResultQualifier{ConfigRuleName: &name, ResourceType: aws.String("AWS::S3::Bucket"), ResourceId: &bucket}},
		})
		if here.Config == nil {
			here.Config = &awsfake.Config{}
		}
		here.Config.Resources = append(here.Config.Resources, config.BaseConfigurationItem{ResourceType: config.ResourceTypeBucket, ResourceId: &bucket, Arn: &arn})
		one.Evidence[folder] = append(one.Evidence[folder], auditmanager.Evidence{
			Id: aws.String(fmt.Sprint("evidence-", i)), EvidenceFolderId: &folder, Time: &at, EvidenceByType: aws.String("Compliance check"), DataSource: aws.String("AWS Security Hub"),
			EvidenceAwsAccountId: aws.String(account), Attributes: map[string]string{"findingRemediation": `{"recommendation":{"url":"https://docs.aws.amazon.com/console/securityhub/S3.8/remediation"}}`},
			ResourcesIncluded: []auditmanager.Resource{{Arn: &arn, ComplianceCheck: aws.String(map[string]string{"PASSED": "PASS", "FAILED": "FAILED"}[status])}},
		})
	}
	pack.Rules = []config.ConformancePackRuleCompliance{{ConfigRuleName: &name, ComplianceType: config.ConformancePackComplianceTypeNonCompliant}}
	here.Config.Packs = []awsfake.ConformancePack{pack}
	here.Config.Rules = []config.ConfigRule{{ConfigRuleName: &name, Source: &config.Source{Owner: config.OwnerAws, SourceIdentifier: aws.String("S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED")}}}

	one.Evidence[manual] = []auditmanager.Evidence{{
		Id: aws.String("upload"), EvidenceFolderId: &manual, Time: &at, EvidenceByType: aws.String("Manual"), DataSource: aws.String("Manual"), IamId: aws.String("arn:aws:iam::" + account + ":user/auditor"),
		ResourcesIncluded: []auditmanager.Resource{{Value: aws.String("s3://evidence/policy.pdf")}},
	}}
	id := "00000000-0000-4000-8000-000000000000"
	one.Arn = aws.String("arn:aws:auditmanager:us-east-1:" + account + ":assessment/" + id)
	one.AwsAccount = &auditmanager.AWSAccount{Id: aws.String(account)}
	one.Metadata = &auditmanager.AssessmentMetadata{Id: &id, Name: aws.String("FY26"), Status: auditmanager.AssessmentStatusActive, ComplianceType: aws.String("NIST800-53")}
	set := auditmanager.AssessmentControlSet{Id: aws.String("AC"), Controls: []auditmanager.AssessmentControl{{Id: aws.String("c"), Name: aws.String("AC-21 - Information Sharing"), Status: auditmanager.ControlStatusUnderReview}}}
	one.Framework = &auditmanager.AssessmentFramework{Metadata: &auditmanager.FrameworkMetadata{Name: aws.String("NIST 800-53 (Rev. 5) Low-Moderate-High")}, ControlSets: []auditmanager.AssessmentControlSet{set}}
	for _, f := range []string{folder, manual} {
		one.Folders = append(one.Folders, auditmanager.AssessmentEvidenceFolder{Id: aws.String(f), AssessmentId: &id, ControlSetId: set.Id, ControlId: set.Controls[0].Id, ControlName: set.Controls[0].Name, Date: &at, TotalEvidence: 1})
	}
	here.AuditManager = &awsfake.AuditManager{Assessments: []awsfake.Assessment{one}}

	const standard = "arn:aws:securityhub:us-east-1::standards/nist-800-53/v/5.0.0"
	hub.Enabled = []securityhub.StandardsSubscription{{StandardsArn: aws.String(standard), StandardsSubscriptionArn: aws.String("arn:aws:securityhub:us-east-1:" + account + ":subscription/nist-800-53/v/5.0.0"), StandardsStatus: securityhub.StandardsStatusReady}}
	for _, c := range []struct{ id, reason, requirement string }{{"S3.8", "", "NIST.800-53.r5 AC-3"}, {"Account.1", "kept in the registry of contacts", "NIST.800-53.r5 CM-2"}} {
		association := securityhub.StandardsControlAssociationDetail{StandardsArn: aws.String(standard), SecurityControlId: aws.String(c.id), AssociationStatus: securityhub.AssociationStatusEnabled, RelatedRequirements: []string{c.requirement}, StandardsControlTitle: aws.String(c.id)}
		state := securityhub.ControlStatusEnabled
		if c.reason != "" {
			association.AssociationStatus, association.UpdatedReason, state = securityhub.AssociationStatusDisabled, aws.String(c.reason), securityhub.ControlStatusDisabled
		}
		hub.Associations = append(hub.Associations, association)
		hub.Controls = append(hub.Controls, securityhub.SecurityControl{SecurityControlId: aws.String(c.id), Title: aws.String(c.id), SecurityControlStatus: state, SeverityRating: securityhub.SeverityRatingMedium})
	}
	return server
}

// assessed is what the test reads of assessment.json.
type assessed struct {
	Complete bool
	Problems []string
	Controls []struct {
		ID, Status, Narrative string
		Tally                 map[string]int
		Checks                []string
	}
	Checks []struct {
		ID       string
		Tally    map[string]int
		Controls []string
	}
	Disabled []struct {
		ID      string
		Reasons []string
	}
	Inputs []struct{ Name string }
}

func readAssessment(t *testing.T, dir string) (a assessed) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "assessment.json"))
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestAssessFromServices: what three services say of one rule and resource counts
// once, what Audit Manager alone says is not lost, and a check that is switched
// off is named with its reason.
func TestAssessFromServices(t *testing.T) {
	server := estate(t)
	from := func(services string) assessed {
		t.Helper()
		out := filepath.Join(t.TempDir(), "package")
		code, stdout, stderr := call(t, server, "assess", "--from", services, "--out", out, "--quiet")
		if code != exitDone || stdout != "" || stderr != "" {
			t.Fatalf("--from %s: exit code %d\n%s%s", services, code, stdout, stderr)
		}
		a := readAssessment(t, out)
		if !a.Complete || len(a.Checks) != 1 || a.Checks[0].ID != "S3.8" {
			t.Fatalf("--from %s: complete %v, checks %+v", services, a.Complete, a.Checks)
		}
		return a
	}
	want := map[string]int{"passed": 20, "failed": 10}
	for _, services := range []string{"securityhub", "config", "auditmanager", "securityhub,config", "config,auditmanager", "securityhub,config,auditmanager"} {
		a := from(services)
		got := map[string]int{}
		for status, n := range a.Checks[0].Tally {
			if n > 0 {
				got[status] = n
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("--from %s: tally of S3.8 (-want +got):\n%s", services, diff)
		}
		sharing := strings.Contains(strings.Join(a.Checks[0].Controls, " "), "ac-21")
		if strings.Contains(services, "auditmanager") && !sharing {
			t.Errorf("--from %s: S3.8 is evidence for %v, and not for AC-21", services, a.Checks[0].Controls)
		}
		for _, c := range a.Controls {
			if c.ID == "ac-21" && strings.Contains(services, "auditmanager") && !strings.Contains(c.Narrative, "s3://evidence/policy.pdf") {
				t.Errorf("--from %s: the narrative of AC-21 does not have the document: %s", services, c.Narrative)
			}
		}
		if strings.Contains(services, "securityhub") && (len(a.Disabled) != 1 || a.Disabled[0].ID != "Account.1" || a.Disabled[0].Reasons[0] != "kept in the registry of contacts") {
			t.Errorf("--from %s: disabled %+v", services, a.Disabled)
		}
		if first := strings.Split(services, ",")[0]; a.Inputs[0].Name != first+".ndjson.zst" && len(a.Inputs) == 1 {
			t.Errorf("--from %s: inputs %+v", services, a.Inputs)
		}
	}
}

// TestCollectErrors: each reason for which nothing or not all can be pulled has a
// message of its own, and its exit code.
func TestCollectErrors(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault awsfake.Fault
		args  []string
		code  int
		want  string
	}{
		{"not subscribed", awsfake.Fault{Kind: awsfake.NotSubscribed, Region: "eu-west-1"}, nil, exitIncomplete, "asff 111122223333 eu-west-1: securityhub:"},
		{"missing permission", awsfake.Fault{Kind: awsfake.Deny, Operation: "GetFindings", Region: "eu-west-1"}, nil, exitIncomplete, "missing permission securityhub:GetFindings"},
		{"missing permission for the inventory", awsfake.Fault{Kind: awsfake.Deny, Operation: "BatchGetStandardsControlAssociations"}, nil, exitIncomplete, "securityhub:BatchGetStandardsControlAssociations"},
		{"expired", awsfake.Fault{Kind: awsfake.ExpireCredentials, Operation: "GetFindings"}, nil, exitFailed, "the credentials have expired: sign in again"},
		{"expired before", awsfake.Fault{Kind: awsfake.ExpireCredentials, Operation: "DescribeHub"}, nil, exitFailed, "the credentials have expired: sign in again"},
		{"nothing at all", awsfake.Fault{Kind: awsfake.Deny, Operation: "GetFindings"}, []string{"--inventory", "none"}, exitFailed, "nothing could be read, and no snapshot was written"},
		{"unknown key", awsfake.Fault{Kind: awsfake.Refuse, Status: 403, Code: "InvalidClientTokenId", Message: "no", Service: "sts"}, nil, exitFailed, "the credentials are not known there"},
		{"role", awsfake.Fault{Kind: awsfake.Deny, Operation: "AssumeRole"}, []string{"--role-arn", "arn:aws:iam::222233334444:role/audit"}, exitFailed, "allow sts:AssumeRole"},
		{"Regions", awsfake.Fault{Kind: awsfake.Deny, Operation: "ListRegions"}, []string{"--regions", "all"}, exitFailed, "or name the Regions"},
		{"accounts", awsfake.Fault{Kind: awsfake.Deny, Operation: "ListAccounts"}, []string{"--accounts", "all", "--role-arn", "arn:aws:iam::{account}:role/audit"}, exitFailed, "or name the accounts"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := estate(t)
			region(server, account, "eu-west-1", 3)
			server.Update(func() { server.Faults = []awsfake.Fault{tc.fault} })
			args := append([]string{"collect", "securityhub", "--out", filepath.Join(t.TempDir(), "s.zst")}, tc.args...)
			if len(tc.args) == 0 || tc.args[0] != "--regions" {
				args = append(args, "--regions", "us-east-1,eu-west-1")
			}
			code, _, stderr := call(t, server, args...)
			if code != tc.code || !strings.Contains(stderr, tc.want) {
				t.Errorf("exit code %d\n%s", code, stderr)
			}
		})
	}
}

// TestCollectUsage: what is wrong with the flags is said before AWS is asked.
func TestCollectUsage(t *testing.T) {
	server := estate(t)
	for _, tc := range []struct{ args, want string }{
		{"collect", "name one of securityhub, auditmanager, config"},
		{"collect inspector --out f", `unknown service "inspector"`},
		{"collect securityhub", "--out FILE is missing"},
		{"collect securityhub --out f --regions all,us-east-1", "all goes with no other"},
		{"collect securityhub --out f --regions us-east-1,us-east-1", "us-east-1 is named twice"},
		{"collect securityhub --out f --accounts 111122223333", "give --role-arn as well"},
		{"collect securityhub --out f --role-arn arn:aws:iam::{account}:role/a", "name the --accounts, or all"},
		{"collect securityhub --out f --role-arn a --accounts 111122223333", "is no ARN"},
		{"collect securityhub --out f --accounts 1111 --role-arn arn:aws:iam::{account}:role/a", "is no account id"},
		{"collect securityhub --out f --filter Severity=HIGH", "SeverityLabel"},
		{"collect securityhub --out s3://bucket/", "names no object"},
		{"collect securityhub --out s3://b/x", "a bucket's name has 3 to 63 characters"},
		{"collect securityhub --out s3://bucket/x --sse rot13", "encryption"},
		{"collect auditmanager --out f --since yesterday", "is not a day such as"},
		{"collect config --out f --pack a --rules", "give one"},
		{"assess --from inspector --out f", `unknown service "inspector"`},
		{"assess f --snapshots d --out f", "--snapshots goes with --from"},
		{"assess --out f", "or a service with --from"},
		{"assess --from securityhub --out f --snapshots f/g", "are in each other"},
		{"assess f --regions us-east-1 --out g", "name a service with --from"},
		{"assess f --sse aws:kms --out g", "give an s3:// address to --out"},
		{"collect config --out f --kms-key-id k", "give an s3:// address to --out"},
		{"collect config --out f --bucket-owner 111122223333", "goes with s3:// addresses"},
		{"collect config --out f --regions US-EAST-1", "is no Region such as"},
		{"assess --from config --profile gov --out f", "is --aws-profile"},
	} {
		code, _, stderr := call(t, server, strings.Fields(tc.args)...)
		if code != exitUsage || !strings.Contains(stderr, tc.want) {
			t.Errorf("shca %s: exit code %d\n%s", tc.args, code, stderr)
		}
	}
	if n := len(server.Log()); n > 0 {
		t.Errorf("AWS was asked %d times", n)
	}
}
