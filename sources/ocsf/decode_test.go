package ocsf

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
)

// whole is a finding of Security Hub V2, as it writes them.
const whole = `{"activity_id":2,"activity_name":"Update","category_name":"Findings","category_uid":2,"class_name":"Compliance Finding","class_uid":2003,
"cloud":{"account":{"name":"prod","uid":"012345678901"},"provider":"AWS","region":"eu-west-1"},"comment":"accepted",
"compliance":{"control":"S3.8","requirements":["NIST.800-53.r5 AC-3"],"standards":["standards/nist-800-53/v/5.0.0"],"status":"Fail","status_id":3,
"assessments":[{"name":"BUCKET_OPEN","desc":"It is open.","meets_criteria":false}]},
"finding_info":{"analytic":{"category":"AWS::Config::ConfigRule","name":"securityhub-s3-open-0a1b","type":"Rule","type_id":1},
"created_time":1767225600000,"created_time_dt":"2026-01-01T00:00:00.000Z","modified_time":1767312000500,"modified_time_dt":"2026-01-02T00:00:00.500Z",
"first_seen_time":1767225601000,"first_seen_time_dt":"2026-01-01T00:00:01.000Z","last_seen_time":1767312001000,"last_seen_time_dt":"2026-01-02T00:00:01.000Z",
"desc":"d","title":"Buckets should block access","types":["a","Posture Management"],"uid":"arn:aws:securityhub:eu-west-1:012345678901:security-control/S3.8/finding/f"},
"metadata":{"processed_time_dt":"2026-01-02T00:00:02Z","product":{"name":"Security Hub","uid":"arn:aws:securityhub:eu-west-1::productv2/aws/securityhub","vendor_name":"AWS"},"profiles":["cloud","datetime"],"uid":"aa","version":"9.9.9"},
"remediation":{"desc":"Close it.","references":["https://example.com/S3.8"]},
"resources":[{"cloud_partition":"aws","region":"eu-west-1","type":"AWS::S3::Bucket","uid":"site","uid_alt":"arn:aws:s3:::site","tags":[{"name":"a","value":"b"}]}],
"severity":"High","severity_id":4,"status":"Suppressed","status_id":3,"time":1767312000500,"type_uid":200302,"vendor_attributes":{"severity":"High","severity_id":4}}`

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func TestDecodeWhole(t *testing.T) {
	want := &shca.Finding{
		Source: "ocsf", ID: "arn:aws:securityhub:eu-west-1:012345678901:security-control/S3.8/finding/f",
		ProductARN: "arn:aws:securityhub:eu-west-1::product/aws/securityhub", ProductName: "Security Hub", GeneratorID: "security-control/S3.8",
		AccountID: "012345678901", AccountName: "prod", Region: "eu-west-1", Partition: "aws",
		Check: "S3.8", Standards: []string{"standards/nist-800-53/v/5.0.0"}, Requirements: []string{"NIST.800-53.r5 AC-3"}, ConfigRule: "securityhub-s3-open-0a1b",
		Status: shca.Failed, StatusReasons: []shca.StatusReason{{Code: "BUCKET_OPEN", Description: "It is open."}},
		Severity: shca.High, Workflow: "SUPPRESSED", RecordState: "ACTIVE", Types: []string{"a", "Posture Management"},
		Title: "Buckets should block access", Description: "d", Remediation: shca.Remediation{Text: "Close it.", URL: "https://example.com/S3.8"},
		Note:      shca.Note{Text: "accepted"},
		Resources: []shca.Resource{{ID: "arn:aws:s3:::site", Type: "AWS::S3::Bucket", Region: "eu-west-1", Partition: "aws"}},
		CreatedAt: at("2026-01-01T00:00:00Z"), UpdatedAt: at("2026-01-02T00:00:00.5Z"),
		FirstObservedAt: at("2026-01-01T00:00:01Z"), LastObservedAt: at("2026-01-02T00:00:01Z"), ProcessedAt: at("2026-01-02T00:00:02Z"),
		Raw: []byte(whole),
	}
	got, err := decode([]byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// Beginnings of events. The attributes that a test adds follow.
const (
	plain   = `"class_uid":2003,"finding_info":{"uid":"id"}`
	old     = `"class_uid":2001,"finding":{"uid":"id"}`
	prowler = `"class_uid":2004,"finding_info":{"uid":"id"},"metadata":{"event_code":"s3_open","product":{"name":"Prowler","uid":"prowler"}}`
	hub     = `"class_uid":2003,"finding_info":{"uid":"id"},"metadata":{"log_version":"2018-10-08","product":{"uid":"arn:aws:securityhub:eu-west-1::product/aws/securityhub","feature":{"uid":"gen"}}}`
	failing = `"class_uid":2003,"compliance":{"status_id":3},`
	own     = `"class_uid":2003,"finding_info":{"uid":"id"},"metadata":{"uid":"031021627bad8f984d8969f8cd72653a61f7b1b1647ca08fca9c9496fd56a705"}`
)

// A text that is too long for OCSF 1.1.0, and what an attribute holds of it.
var long, cut = strings.Repeat("é", maxText+1), strings.Repeat("é", maxText-1) + "…"

func TestDecodeOddities(t *testing.T) {
	type f = *shca.Finding
	check := func(f f) any { return f.Check }
	status := func(f f) any { return f.Status }
	workflow := func(f f) any { return f.Workflow + " " + f.RecordState }
	severity := func(f f) any { return f.Severity }
	updated := func(f f) any { return f.UpdatedAt }
	created := func(f f) any { return f.CreatedAt }
	account := func(f f) any { return f.AccountID }
	arn := func(f f) any { return f.ProductARN }
	name := func(f f) any { return f.ProductName }
	ids := func(f f) any {
		var all []string
		for _, r := range f.Resources {
			all = append(all, r.ID)
		}
		return strings.Join(all, " ")
	}
	resources := func(f f) any {
		type resource struct{ id, kind, region, partition string }
		all := []resource{}
		for _, r := range f.Resources {
			all = append(all, resource{r.ID, r.Type, r.Region, r.Partition})
		}
		return fmt.Sprint(all)
	}
	standards := func(f f) any { return strings.Join(f.Standards, "|") }
	requirements := func(f f) any { return strings.Join(f.Requirements, "|") }
	reasons := func(f f) any { return fmt.Sprint(f.StatusReasons) }
	remediation := func(f f) any { return f.Remediation.Text + "|" + f.Remediation.URL }
	title := func(f f) any { return f.Title }
	note := func(f f) any { return f.Note }
	rule := func(f f) any { return f.ConfigRule }
	types := func(f f) any { return strings.Join(f.Types, "|") }
	partition := func(f f) any { return f.Partition + " " + f.Region }
	id := func(f f) any { return f.ID }

	for _, tc := range []struct {
		event string
		get   func(f) any
		want  any
	}{
		// Classes and ids
		{plain, id, "id"},
		{old, id, "id"},
		{`"class_uid":2002,"metadata":{"uid":"m"}`, id, "m"},
		{`"class_uid":"2003","finding_info":{"uid":7}`, id, "7"},
		{`"class_uid":2099,"finding_info":{"uid":"id"}`, id, "id"},
		{`"class_uid":99802003,"finding_info":{"uid":"id"}`, id, "id"},
		{`"type_uid":200301,"finding_info":{"uid":"id"}`, id, "id"},
		{`"finding_info":{"uid":"id"}`, id, "id"},

		// Members of wrong types that are not needed
		{plain + `,"remediation":"do it","cloud":[],"vendor_attributes":1,"comment":{},"metadata":null,"unmapped":[1],"vulnerabilities":"x","resources":null`, id, "id"},
		{`"class_uid":2003,"finding_info":{"uid":"id","title":["x"],"types":"one","analytic":"a","desc":{}}`, types, "one"},

		// Products
		{plain + `,"metadata":{"product":{"uid":"arn:aws:securityhub:eu-west-1::productv2/aws/guardduty"}}`, arn, "arn:aws:securityhub:eu-west-1::product/aws/guardduty"},
		{plain + `,"metadata":{"product":{"uid":"prowler"}}`, arn, ""},
		{plain + `,"metadata":{"log_version":"2018-10-08","product":{"name":"p","uid":"arn:aws:securityhub:eu-west-1::product/v/p"}}`, name, ""},
		{plain + `,"metadata":{"log_version":"2018-10-08","product":{"name":"P","uid":"arn:aws:securityhub:eu-west-1::product/v/p"}}`, name, "P"},
		{plain + `,"metadata":{"product":{"name":"p","uid":"arn:aws:securityhub:eu-west-1::product/v/p"}}`, name, "p"},
		{plain + `,"metadata":{"log_version":"2018-10-08","product":{"name":"Unknown"}}`, name, ""},
		{plain + `,"metadata":{"product":{"name":"Unknown"}}`, name, "Unknown"},

		// Accounts and places
		{plain + `,"cloud":{"account":{"uid":12}}`, account, "000000000012"},
		{plain + `,"cloud":{"account":{"uid":1.23456789012e11}}`, account, "123456789012"},
		{plain + `,"cloud":{"account":{"uid":"000000000012"}}`, account, "000000000012"},
		{plain + `,"cloud":{"account":{"uid":["x"]}}`, account, ""},
		{plain + `,"cloud":{"account_uid":12}`, account, "000000000012"},
		{plain + `,"resources":[{"uid":"r","owner":{"account":{"uid":"000000000012"}}},{"uid":"s","account_uid":12}]`, account, "000000000012"},
		{hub + `,"resources":[{"uid":"r","owner":{"account":{"uid":"000000000012"}}}]`, account, ""},
		{plain + `,"resources":[{"uid":"r","owner":{"account":{"uid":"000000000012"}}},{"uid":"s"}]`, account, ""},
		{plain + `,"cloud":{"account":{"uid":"000000000013"}},"resources":[{"uid":"r","owner":{"account":{"uid":"000000000012"}}}]`, account, "000000000013"},
		{plain + `,"resources":[{"uid":"arn:aws-us-gov:ec2:us-gov-west-1:000000000012:vpc/v"}]`, account, "000000000012"},
		{plain + `,"resources":[{"uid":"arn:aws-us-gov:ec2:us-gov-west-1:000000000012:vpc/v"}]`, partition, "aws-us-gov us-gov-west-1"},
		{plain + `,"cloud":{"region":"eu-west-1","cloud_partition":"aws-cn"},"resources":[{"uid":"r","cloud_partition":"aws-iso","region":"global"}]`, partition, "aws-iso eu-west-1"},
		{plain + `,"cloud":{"cloud_partition":"aws-cn"}`, partition, "aws-cn "},

		// Resources
		{plain, ids, ""},
		{plain + `,"resources":[{"uid":"u","uid_alt":"arn:aws:s3:::b"},{"uid":"u","uid_alt":"alt"},{"name":"n"},{"uid_alt":"alt"}]`, ids, "arn:aws:s3:::b u n alt"},
		{plain + `,"resources":{"uid":"one"}`, ids, "one"},
		{plain + `,"resource":{"uid":"one"}`, ids, "one"},
		{plain + `,"resource":[{"uid":"one"}]`, ids, "one"},
		{plain + `,"resources":[{"uid":"123456789012","type":"AWS::::Account"}]`, ids, "AWS::::Account:123456789012"},
		{plain + `,"resources":[{"uid":123456789012,"type":"AWS::::Account"}]`, ids, "AWS::::Account:123456789012"},
		{plain + `,"resources":[{"uid":"AWS::::Account:123456789012","type":"AwsAccount"}]`, ids, "AWS::::Account:123456789012"},
		{plain + `,"resource":{"uid":"one"},"unmapped":{"Resources.10.Id":"eleven","Resources.1.Id":"two","Resources.1.Type":"t","Resources.0.Details.x":"y"}`, ids, "one two eleven"},
		{plain + `,"resource":{"uid":"one"},"unmapped":{"Resources.0.Type":"t","Resources.0.Region":"null","Resources.1.Id":"two"}`, resources, "[{one t  } {two   }]"},
		{plain + `,"resource":{"uid":"one","type":"t"},"unmapped":{"Resources.0.Type":"other"}`, resources, "[{one t  }]"},
		{plain + `,"resource":{"uid":"two"},"unmapped":{"Resources.0.Id":"one","Resources.1.Partition":"aws-cn"}`, resources, "[{one   } {two   aws-cn}]"},
		{plain + `,"resource":{"uid":"one"},"unmapped":{"Resources.1.Id":"one","Resources.2.Type":"t"}`, resources, "[{one   } {one   } { t  }]"},
		{plain + `,"resources":[{"uid":"one"},{"uid":"three"}],"unmapped":{"Resources":[{},{"Id":"two"},{"Type":"null"}]}`, resources, "[{one   } {two   } {three null  }]"},
		{plain + `,"resources":[{"uid":"b","uid_alt":"arn:aws:s3:::b"}],"unmapped":{"Resources.0.Id":"arn:aws:s3:::b"}`, ids, "arn:aws:s3:::b"},
		{plain + `,"resource":{"uid":"r","type":"` + cut + `"},"unmapped":{"Resources.0.Id":"r","Resources.0.Type":"` + long + `"}`, resources, "[{r " + long + "  }]"},
		{plain + `,"resource":{"uid":"` + cut + `"},"unmapped":{"Resources.0.Id":"` + long + `"}`, ids, long},
		{own + `,"resource":{"uid":"two"},"unmapped":{"Resources.0.Type":"t"}`, resources, "[{ t  } {two   }]"},
		{own + `,"resource":{"uid":"one","type":"` + cut + `"},"unmapped":{"Resources.0.Type":"` + long + `"}`, resources, "[{one " + long + "  }]"},
		{plain + `,"resources":[{"uid":"one"},{"uid":"two"}],"unmapped":{"Resources":[{},{"Details":{"Other":{"Id":"x"}}}]}`, ids, "one two"},
		{plain + `,"resources":[{"uid":"one"}],"unmapped":{"Resources":[{"Id":"one"},{"Id":"two"}]}`, ids, "one two"},
		{plain + `,"unmapped":{"Resources.-1.Id":"x","Resources.x.Id":"y","Resources.9223372036854775807.Id":"z"}`, ids, "z"},
		{plain + `,"unmapped":{"ProductFields":{"Resources:0/Id":"r"}}`, ids, "r"},

		// Compliance status
		{plain, status, shca.NoStatus},
		{plain + `,"compliance":{}`, status, shca.NoStatus},
		{plain + `,"compliance":null`, status, shca.NoStatus},
		{plain + `,"compliance":{"assessments":[{"name":"x","meets_criteria":true}]}`, status, shca.NoStatus},
		{plain + `,"compliance":{"status_id":1}`, status, shca.Passed},
		{plain + `,"compliance":{"status_id":"2"}`, status, shca.Warning},
		{plain + `,"compliance":{"status_id":3.0,"status":"Fail"}`, status, shca.Failed},
		{plain + `,"compliance":{"status_id":3,"status":"???"}`, status, shca.Failed},
		{plain + `,"compliance":{"status_id":0}`, status, shca.NotAvailable},
		{plain + `,"compliance":{"status_id":99,"status":"NOT_AVAILABLE"}`, status, shca.NotAvailable},
		{plain + `,"compliance":{"status_id":99,"status":"INFOED"}`, status, shca.NotAvailable},
		{plain + `,"compliance":{"status_id":0,"status":"passed"}`, status, shca.Passed},
		{plain + `,"compliance":{"status_id":0,"status":"Not Compliant"}`, status, shca.Failed},
		{plain + `,"compliance":{"status_id":2,"status":"Error"}`, status, shca.Warning},
		{plain + `,"compliance":{"status_id":99,"status":"Error"}`, status, shca.NotAvailable},
		{plain + `,"compliance":{"status_id":7,"status":"FAILED"}`, status, shca.Failed},
		{plain + `,"compliance":{"status_id":"Fail"}`, status, shca.Failed},
		{plain + `,"compliance":{"status":"PASSED"}`, status, shca.Passed},
		{plain + `,"compliance":{"status":"WARNING"}`, status, shca.Warning},
		{plain + `,"compliance":{"status":"NON_COMPLIANT"}`, status, shca.Failed},
		{plain + `,"status_code":"FAIL"`, status, shca.NoStatus},
		{`"class_uid":2004,"finding_info":{"uid":"id"},"status_code":"PASS"`, status, shca.NoStatus},
		{old + `,"compliance":{"status":"Success"},"status_id":2`, status, shca.Passed},
		{prowler + `,"status_code":"PASS"`, status, shca.Passed},
		{prowler + `,"status_code":"FAIL"`, status, shca.Failed},
		{prowler + `,"status_code":"MANUAL"`, status, shca.NotAvailable},
		{prowler + `,"status_code":"MUTED"`, status, shca.Warning},
		{prowler, status, shca.NoStatus},
		{prowler + `,"status_code":"PASS","compliance":{"status":"FAIL"}`, status, shca.Failed},
		{strings.Replace(prowler, `"uid":"prowler"`, `"uid":"arn:aws:securityhub:eu-west-1::product/prowler/prowler"`, 1) + `,"status_code":"PASS"`, status, shca.NoStatus},

		// Status reasons
		{plain + `,"compliance":{"status_id":3,"status_details":["A_B: why: so","c"],"status_code":"A_B"}`, reasons, "[{A_B why: so} { c}]"},
		{plain + `,"compliance":{"status_id":3,"status_code":"A_B","status_detail":"A_B: one; two; C_D: three"}`, reasons, "[{A_B one; two} {C_D three}]"},
		{plain + `,"compliance":{"status_id":3,"status_code":"A_B"}`, reasons, "[{A_B }]"},
		{plain + `,"compliance":{"status_id":3,"assessments":[{"name":"m","desc":"met","meets_criteria":true},{"name":"n","desc":"not","meets_criteria":false}]}`, reasons, "[{n not}]"},
		{old + `,"compliance":{"status":"FAILED","status_detail":"text"},"unmapped":{"Compliance.StatusReasons[].ReasonCode":"CODE"}`, reasons, "[{CODE text}]"},
		{plain + `,"compliance":{"status_id":3,"status_code":"A_B","status_detail":"A_B; C_D; E_F: x; G; H_I"}`, reasons, "[{A_B } {C_D } {E_F x; G} {H_I }]"},
		{plain + `,"compliance":{"status_id":3,"status_code":"A_B","status_detail":"why; A_B; what"}`, reasons, "[{ why} {A_B } { what}]"},
		{plain + `,"compliance":{"status_id":3,"status_code":"A_B","status_details":["why","A_B: what"]}`, reasons, "[{ why} {A_B what}]"},
		{plain + `,"compliance":{"status_id":3,"status_code":"A_B","status_details":["why","what"]}`, reasons, "[{A_B why} { what}]"},
		{plain + `,"compliance":{"status_id":3,"status_code":"No access","status_details":["No access: why","TLS","badCode: x","No accessory"],"assessments":[{"name":"badCode"}]}`, reasons, "[{No access why} { TLS} {badCode x} { No accessory}]"},
		{plain + `,"compliance":{"status_id":3,"status_detail":"Open: HTTP; TLS"}`, reasons, "[{ Open: HTTP; TLS}]"},
		{plain + `,"compliance":{"status_code":"A_B","status_details":["A_B: why"]}`, reasons, "[{A_B why}]"}, // without a status
		{plain + `,"compliance":{"control":"x","assessments":[{"name":"n","meets_criteria":false}]},"status_code":"c","status_detail":"d"`, reasons, "[]"},
		{plain + `,"unmapped":{"Compliance":{"StatusReasons":[{},{"ReasonCode":"A_B"},{"Description":"null","x":1}]}}`, reasons, "[{A_B } { null}]"},
		{plain + `,"compliance":{"status_id":3,"status_code":"A_B","status_detail":"A_B: ` + cut + `"},"unmapped":{"Compliance.StatusReasons.10.Description":"c","Compliance.StatusReasons.9.ReasonCode":"A_B","Compliance.StatusReasons.9.Description":"b","Compliance.StatusReasons.-1.Description":"x"}`, reasons, "[{A_B b} { c}]"},
		{plain + `,"compliance":{"status_id":3,"status_code":"A_B"},"unmapped":{"Compliance.StatusReasons":"[]","Compliance.StatusReasons.0.Description":"null"}`, reasons, "[{A_B }]"},
		{prowler + `,"status_code":"FAIL","status_detail":"It is open."`, reasons, "[{ It is open.}]"},
		{`"class_uid":2004,"finding_info":{"uid":"id"},"status_detail":"x"`, reasons, "[]"},

		// Workflow and record state
		{plain, workflow, " ACTIVE"},
		{plain + `,"status_id":1`, workflow, "NEW ACTIVE"},
		{plain + `,"status_id":2,"status":"In Progress"`, workflow, "NOTIFIED ACTIVE"},
		{plain + `,"status_id":3`, workflow, "SUPPRESSED ACTIVE"},
		{plain + `,"status_id":"4"`, workflow, "RESOLVED ACTIVE"},
		{plain + `,"status_id":5`, workflow, " ARCHIVED"},
		{plain + `,"status_id":6,"status":"Deleted"`, workflow, " ARCHIVED"},
		{plain + `,"status":"suppressed"`, workflow, "SUPPRESSED ACTIVE"},
		{plain + `,"status":"Archived"`, workflow, " ARCHIVED"},
		{plain + `,"status_id":99,"status":"ASSIGNED"`, workflow, "ASSIGNED ACTIVE"},
		{plain + `,"status_id":99,"status":"On Hold"`, workflow, " ACTIVE"},
		{plain + `,"status_id":3,"status":"On Hold"`, workflow, "SUPPRESSED ACTIVE"},
		{plain + `,"status_id":3,"status":"New"`, workflow, "NEW ACTIVE"},
		{plain + `,"status_id":3,"status":"Open"`, workflow, "NEW ACTIVE"},
		{plain + `,"status_id":5,"status":" active "`, workflow, "NEW ACTIVE"},
		{plain + `,"status_id":1,"status":"Suppressed"`, workflow, "NEW ACTIVE"},
		{plain + `,"status_id":5,"status":"New"`, workflow, "NEW ACTIVE"},
		{plain + `,"status_id":5,"status":"Suppressed"`, workflow, " ACTIVE"},
		{plain + `,"status_id":3,"unmapped":{"WorkflowState":"NEW"}`, workflow, "SUPPRESSED ACTIVE"},
		{plain + `,"status_id":3,"unmapped":{"Workflow":{"Status":"NEW"}}`, workflow, "NEW ACTIVE"},
		{plain + `,"unmapped":{"Workflow.Status":"SUPPRESSED"}`, workflow, "SUPPRESSED ACTIVE"},
		{plain + `,"unmapped":{"WorkflowState":"DEFERRED"}`, workflow, "DEFERRED ACTIVE"},
		{old + `,"state_id":3,"state":"Suppressed","status_id":1,"status":"Success"`, workflow, "SUPPRESSED ACTIVE"},
		{old + `,"state_id":0,"state":"New","status_id":3`, workflow, "NEW ACTIVE"},
		{old + `,"status_id":3`, workflow, " ACTIVE"}, // that of the event
		{old + `,"status":"Suppressed"`, workflow, "SUPPRESSED ACTIVE"},
		{plain + `,"activity_id":3,"status_id":3`, workflow, "SUPPRESSED ARCHIVED"},
		{plain + `,"activity_id":3,"unmapped":{"RecordState":"ACTIVE"}`, workflow, " ACTIVE"},
		{plain + `,"activity_id":2,"unmapped":{"RecordState":"ARCHIVED"}`, workflow, " ARCHIVED"},
		{plain + `,"activity_name":"Close"`, workflow, " ARCHIVED"},
		{plain + `,"activity_id":2,"activity_name":"Close"`, workflow, " ACTIVE"},

		// Severity
		{plain, severity, shca.SeverityUnknown},
		{plain + `,"severity_id":1`, severity, shca.Informational},
		{plain + `,"severity_id":5,"severity":"Low"`, severity, shca.Critical},
		{plain + `,"severity_id":6`, severity, shca.Critical},
		{plain + `,"severity":"Fatal"`, severity, shca.Critical},
		{plain + `,"severity_id":99,"severity":"high"`, severity, shca.High},
		{plain + `,"severity_id":"High"`, severity, shca.High},
		{plain + `,"severity_id":0,"vendor_attributes":{"severity_id":4}`, severity, shca.High},
		{plain + `,"vendor_attributes":{"severity":"Low"}`, severity, shca.Low},
		{plain + `,"severity_id":0,"unmapped":{"Severity":{"Normalized":69.5}}`, severity, shca.Medium},
		{plain + `,"unmapped":{"FindingProviderFields.Severity.Label":"LOW"}`, severity, shca.Low},

		// Standards and requirements
		{plain + `,"compliance":{"standards":["none"]}`, standards, ""},
		{plain + `,"compliance":{"standards":"a"}`, standards, "a"},
		{plain + `,"compliance":{"standards":["a",{"x":1},null,"b"]}`, standards, "a|b"},
		{plain + `,"unmapped":{"ProductFields.StandardsArn":"s"}`, standards, "s"},
		{plain + `,"compliance":{"requirements":"NIST.800-53.r5 AC-3"}`, requirements, "NIST.800-53.r5 AC-3"},
		{plain + `,"unmapped":{"Compliance":{"RelatedRequirements":["a","b"]}}`, requirements, "a|b"},
		{plain + `,"unmapped":{"Compliance.RelatedRequirements.0":"a","Compliance.RelatedRequirements.1":"b"}`, requirements, "a|b"},
		{prowler + `,"unmapped":{"compliance":{"CISA":["a"],"NIST-800-53-Revision-5":["sc_7_12","sc_7_16"],"X":[]}}`, requirements, "CISA a|NIST-800-53-Revision-5 sc_7_12 sc_7_16"},
		{prowler + `,"unmapped":{"compliance":{"CISA":["a"],"NIST-800-53-Revision-5":["sc_7_12","sc_7_16"],"X":[]}}`, standards, "CISA|NIST-800-53-Revision-5|X"},
		{prowler + `,"unmapped":{"compliance":"{\"CISA\":[\"a\",\"b\"]}"}`, requirements, "CISA a b"},
		{prowler + `,"unmapped":"{\"compliance\":{\"CISA\":[\"a\",\"b\"]}}"`, requirements, "CISA a b"},
		{prowler + `,"unmapped":{"compliance.CISA":"[\"a\",\"b\"]","compliance.CIS-1.4":"1.20"}`, requirements, "CISA a b|CIS-1.4 1.20"},
		{prowler + `,"unmapped":{"compliance":"{\"CISA\":[\"a\""}`, requirements, ""},
		{prowler + `,"unmapped":{"compliance":[]}`, requirements, ""},
		{prowler + `,"compliance":{"requirements":["CISA: a, b","other"]}`, requirements, "other|CISA a b"},
		{plain + `,"unmapped":{"compliance":{"CISA":["a"]}}`, requirements, ""}, // Prowler's alone

		// Checks
		{plain, check, shca.CheckID("id")},
		{plain + `,"compliance":{"control":"S3.8","status_id":3}`, check, shca.CheckID("S3.8")},
		{plain + `,"compliance":{"control":["S3.8","S3.8"]}`, check, shca.CheckID("S3.8")},
		{hub + `,"compliance":{"control":"S3.8"},"unmapped":{"ProductFields":{"ControlId":"PCI.S3.1"}}`, check, shca.CheckID("S3.8")},
		{hub + `,"compliance":{"control":"S3.8"},"unmapped":{"ProductFields.ControlId":"S3.8"}`, check, shca.CheckID("S3.8")},
		{hub + `,"compliance":{"control":"1.3"},"unmapped":{"ProductFields.RuleId":"1.3"}`, check, shca.CheckID("gen")},
		{hub + `,"compliance":{"control":"1.3"},"unmapped":{"ProductFields":{"ControlId":"1.3"}}`, check, shca.CheckID("gen")},
		{hub, check, shca.CheckID("gen")},
		{hub + `,"compliance":{"control":"AC-2"}`, check, shca.CheckID("gen")},
		{plain + `,"compliance":{"control":"AC-2"}`, check, shca.CheckID("AC-2")},
		{prowler, check, shca.CheckID("prowler-s3_open")},
		{`"class_uid":2001,"finding":{"uid":"id"},"metadata":{"product":{"name":"Prowler","feature":{"uid":"s3_open"}}}`, check, shca.CheckID("prowler-s3_open")},
		{failing + `"finding_info":{"uid":"id","analytic":{"uid":"rule","name":"n"}},"metadata":{"event_code":"e"}`, check, shca.CheckID("rule")},
		{failing + `"finding_info":{"uid":"id","analytic":{"name":"n"}},"metadata":{"event_code":"e"}`, check, shca.CheckID("e")},
		{failing + `"finding_info":{"uid":"id","title":"t","analytic":{"name":"n"}}`, check, shca.CheckID("n")},
		{failing + `"finding_info":{"uid":"id","title":"t"},"metadata":{"product":{"name":"P","uid":"arn:aws:securityhub:eu-west-1::productv2/p/p"}}`, check, shca.CheckID("P/t")},
		{`"class_uid":2003,"compliance":{"status_id":3,"checks":[{"uid":"c"}]},"finding_info":{"uid":"id","title":"t"}`, check, shca.CheckID("unnamed product/c")},
		{`"class_uid":2004,"finding_info":{"uid":"id","title":"t"},"metadata":{"product":{"uid":"arn:aws:securityhub:eu-west-1::product/p/p"}}`, check, shca.CheckID("arn:aws:securityhub:eu-west-1::product/p/p")},
		{failing + `"finding_info":{"uid":"arn:aws:securityhub:eu-west-1:012345678901:security-control/S3.8/finding/f"}`, check, shca.CheckID("S3.8")},
		{failing + `"finding_info":{"uid":"arn:aws:securityhub:eu-west-1:012345678901:subscription/cis-aws-foundations-benchmark/v/1.4.0/1.3/finding/f"}`, check, shca.CheckID("cis-aws-foundations-benchmark/v/1.4.0/1.3")},
		{failing + `"finding_info":{"uid":"id","analytic":{"category":"AWS::Config::ConfigRule","name":"my-rule"}},"metadata":{"product":{"uid":"arn:aws:securityhub:eu-west-1::productv2/aws/config"}}`, check, shca.CheckID("config-rule/my-rule")},

		// Config rules
		{`"class_uid":2003,"finding_info":{"uid":"id","analytic":{"category":"AWS::Config::ConfigRule","name":"r"}}`, rule, "r"},
		{`"class_uid":2003,"finding_info":{"uid":"id","analytic":{"category":"Other","name":"r"}}`, rule, ""},
		{plain + `,"unmapped":{"ProductFields.RelatedAWSResources:0/name":"r","ProductFields.RelatedAWSResources:0/type":"AWS::Config::ConfigRule"}`, rule, "r"},

		// Times
		{plain + `,"time":1767225600000`, updated, at("2026-01-01T00:00:00Z")},
		{plain + `,"time":"1767225600000"`, updated, at("2026-01-01T00:00:00Z")},
		{plain + `,"time":1.7672256E12`, updated, at("2026-01-01T00:00:00Z")},
		{plain + `,"time":1767225600`, updated, at("2026-01-01T00:00:00Z")},
		{plain + `,"time":1767225600.25`, updated, at("2026-01-01T00:00:00.25Z")},
		{plain + `,"time":1767225600000001`, updated, at("2026-01-01T00:00:00.000001Z")},
		{plain + `,"time":1767225600000000001`, updated, at("2026-01-01T00:00:00.000000001Z")},
		{plain + `,"time":1767225600123,"time_dt":"2026-01-01T01:00:00.123456789+01:00"`, updated, at("2026-01-01T00:00:00.123456789Z")},
		{plain + `,"time":1767225600,"time_dt":"2026-01-01T05:00:00.5"`, updated, at("2026-01-01T00:00:00Z")},
		{plain + `,"time_dt":"2026-01-01 05:00:00.5"`, updated, at("2026-01-01T05:00:00.5Z")},
		{plain + `,"time":"2026-01-01 05:00:00.5"`, updated, at("2026-01-01T05:00:00.5Z")},
		{plain + `,"time":1767225600000,"time_dt":"soon: -"`, updated, at("2026-01-01T00:00:00Z")},
		{plain + `,"time":0`, updated, time.Time{}},
		{plain + `,"time":null,"time_dt":""`, updated, time.Time{}},
		{plain + `,"event_time":"2026-01-01T05:00:00"`, updated, at("2026-01-01T05:00:00Z")},
		{`"class_uid":2003,"time":1,"finding_info":{"uid":"id","modified_time":1767225600000}`, updated, at("2026-01-01T00:00:00Z")},
		{hub + `,"time":1767225600000`, updated, time.Time{}}, // of another of the finding's times
		{hub + `,"time":1767225600000,"unmapped":{"UpdatedAt":"1999-01-01T00:00:00Z"}`, updated, at("1999-01-01T00:00:00Z")},
		{`"class_uid":2001,"finding":{"uid":"id","created_time":"2026-01-01T00:00:00Z"}`, created, at("2026-01-01T00:00:00Z")},

		// Words
		{`"class_uid":2003,"compliance":{"control":"S3.8"},"finding_info":{"uid":"id","title":"S3.8 Buckets"}`, title, "Buckets"},
		{`"class_uid":2003,"finding_info":{"uid":"id","title":"id"}`, title, ""},
		{plain + `,"remediation":{"desc":"d","references":["a","b"]}`, remediation, "d|a"},
		{plain + `,"remediation":{"desc":"https://x","references":["https://x"]}`, remediation, "|https://x"},
		{plain + `,"vulnerabilities":[{"remediation":{"desc":"d"}}]`, remediation, "d|"},
		{plain + `,"unmapped":{"Remediation":{"Recommendation":{"Text":"d","Url":"u"}}}`, remediation, "d|u"},
		{`"class_uid":2001,"finding":{"uid":"id","remediation":{"desc":"d","kb_articles":["u"]}}`, remediation, "d|u"},
		{prowler + `,"remediation":{"desc":"d","references":["aws s3 close","https://x"]}`, remediation, "d|https://x"},
		{prowler + `,"remediation":{"desc":"d","references":["aws s3 close"]}`, remediation, "d|"},
		{plain + `,"comment":"c","message":"m","unmapped":{"Note":{"UpdatedBy":"me","UpdatedAt":"2026-01-01T00:00:00Z"}}`, note, shca.Note{Text: "c", UpdatedBy: "me", UpdatedAt: at("2026-01-01T00:00:00Z")}},
		{plain + `,"message":"m","unmapped":{"Note.Text":"n","Note.UpdatedAt":"never"}`, note, shca.Note{Text: "n"}},

		// Values in unmapped that are none
		{plain + `,"unmapped":{"Compliance.RelatedRequirements":"[]","Note.Text":"{}","Workflow.Status":"null","UpdatedAt":"null"}`, requirements, ""},
		{plain + `,"unmapped":"{\"Compliance.RelatedRequirements\":\"[]\"}"`, requirements, ""},
		{plain + `,"unmapped":{"Note.Text":"{}","Note.UpdatedBy":"null"}`, note, shca.Note{}},
		{plain + `,"unmapped":{"Note":{"Text":"{}","UpdatedBy":"null"}}`, note, shca.Note{Text: "{}", UpdatedBy: "null"}},

		// Texts that were cut
		{`"class_uid":2003,"finding_info":{"uid":"id","title":"` + cut + `"},"unmapped":{"Title":"` + long + `"}`, title, long},
		{`"class_uid":2003,"finding_info":{"uid":"id","title":"` + cut + `"},"unmapped":{"Title":"other` + long + `"}`, title, cut},
		{`"class_uid":2003,"finding_info":{"uid":"id","title":"t"},"unmapped":{"Title":"` + long + `"}`, title, "t"},
		{`"class_uid":2003,"finding_info":{"uid":"id","title":"t…"},"unmapped":{"Title":"tail"}`, title, "t…"},
		{`"class_uid":2003,"finding_info":{"uid":"id","types":["a","` + cut + `"]},"unmapped":{"Types.1":"` + long + `","Types.2":"` + long + `","Types.x":"` + long + `"}`, types, "a|" + long},
		{plain + `,"compliance":{"requirements":["` + cut + `"]},"unmapped":{"Compliance.RelatedRequirements.0":"` + long + `"}`, requirements, long},
		{plain + `,"comment":"` + cut + `","unmapped":{"Note.Text":"` + long + `"}`, note, shca.Note{Text: long}},
		{plain + `,"remediation":{"desc":"` + cut + `"},"unmapped":{"Remediation.Recommendation.Text":"` + long + `"}`, remediation, long + "|"},
	} {
		raw := "{" + tc.event + "}"
		got, err := decode([]byte(raw))
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		if d := cmp.Diff(tc.want, tc.get(got)); d != "" {
			t.Errorf("%.1000s (-want +got):\n%.2000s", raw, d)
		}
		if string(got.Raw) != raw {
			t.Errorf("%s: Raw is %s", raw, got.Raw)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, tc := range []struct{ raw, id, field, text string }{
		{`{"class_uid":6003,"metadata":{"uid":"m"}}`, "m", "/class_uid", "OCSF event of class 6003, not a finding"},
		{`{"type_uid":300201,"metadata":{"uid":"m"}}`, "m", "/type_uid", "class 3002"},
		{`{"class_uid":201003}`, "", "/class_uid", "class 201003"}, // of extension 2, category 1
		{`{"metadata":{"uid":"m"}}`, "m", "/class_uid", "missing"},
		{`null`, "", "/class_uid", "missing"},
		{`{"class_uid":2003}`, "", "/finding_info/uid", "missing"},
		{`{"class_uid":2003,"finding_info":{"title":"t"}}`, "", "/finding_info/uid", "missing"},
		{`{"class_uid":2001,"finding":{"uid":null}}`, "", "/finding/uid", "missing"},
		{`{"class_uid":2003,"finding_info":"x"}`, "", "/finding_info", "wrong type"},
		{`{` + plain + `,"compliance":"FAILED"}`, "id", "/compliance", "wrong type"},
		{`{` + plain + `,"compliance":{"status":{"x":1}}}`, "id", "/compliance/status", "a string is expected"},
		{`{` + plain + `,"compliance":{"requirements":[{"x":1}]}}`, "id", "/compliance/requirements", "a list of strings"},
		{`{` + plain + `,"compliance":{"status_id":1,"status":"NOT_COMPLIANT"}}`, "id", "/compliance/status_id", `1 is PASSED, but the status is "NOT_COMPLIANT"`},
		{`{` + plain + `,"compliance":{"status_id":3,"status":"Error"}}`, "id", "/compliance/status_id", `3 is FAILED, but the status is "Error"`},
		{`{` + plain + `,"compliance":{"status_id":1,"status":"Fail"}}`, "id", "/compliance/status_id", `1 is PASSED, but the status is "Fail"`},
		{`{` + plain + `,"compliance":{"status_id":3,"status":"PASSED"}}`, "id", "/compliance/status_id", "3 is FAILED"},
		{`{` + plain + `,"compliance":{"status_id":1,"status":"NOT_AVAILABLE"}}`, "id", "/compliance/status_id", "1 is PASSED"},
		{`{` + plain + `,"compliance":{"status_id":[3]}}`, "id", "/compliance/status_id", "a number is expected"},
		{`{` + plain + `,"compliance":{"control":["S3.8","S3.9"]}}`, "id", "/compliance/control", "two checks"},
		{`{` + plain + `,"resources":["x"]}`, "id", "/resources/0", "wrong type"},
		{`{` + plain + `,"time":"soon"}`, "id", "/time", `"soon" is not a time`},
		{`{` + plain + `,"event_time":"soon"}`, "id", "/event_time", `"soon" is not a time`},
		{`{"class_uid":2003,"finding_info":{"uid":"id","modified_time":{}}}`, "id", "/finding_info/modified_time", "a time is expected"},
		{`{"class_uid":2001,"finding":{"uid":"id","last_seen_time":"soon"}}`, "id", "/finding/last_seen_time", "not a time"},
		{`{` + plain + `,"unmapped":{"UpdatedAt":"soon"}}`, "id", "/unmapped/UpdatedAt", "not a time"},
		{`{` + plain + `,"status":"x`, "id", "/status", "broken JSON"},
		{`{` + plain + `,"unmapped":{"a":1,"Note":{"Text":`, "id", "/unmapped/Note/Text", "broken JSON"},
	} {
		f, err := decode([]byte(tc.raw))
		if f != nil || err == nil {
			t.Errorf("%s: finding %+v, error %v", tc.raw, f, err)
			continue
		}
		if err.ID != tc.id || err.Field != tc.field || !strings.Contains(err.Err.Error(), tc.text) {
			t.Errorf("%s:\ngot  %q %q %v\nwant %q %q …%s…", tc.raw, err.ID, err.Field, err.Err, tc.id, tc.field, tc.text)
		}
	}
}

// TestFrameworks: what Prowler says of NIST SP 800-53 is read in full, however
// long the list is.
func TestFrameworks(t *testing.T) {
	nist := catalogs.Frameworks()[0]
	for n := 1; n < 60; n++ {
		var ids []string
		for i := range n {
			ids = append(ids, fmt.Sprintf(`"ac_%d"`, i+1))
		}
		raw := fmt.Sprintf(`{%s,"unmapped":{"compliance":{"NIST-800-53-Revision-5":[%s]}}}`, prowler, strings.Join(ids, ","))
		f, ferr := decode([]byte(raw))
		if ferr != nil {
			t.Fatal(ferr)
		}
		var got []shca.ControlID
		for _, text := range f.Requirements {
			controls, cut, err := nist.Requirement(text)
			if err != nil || cut {
				t.Errorf("%d ids: %q is cut: %v, error %v", n, text, cut, err)
			}
			got = append(got, controls...)
		}
		if len(got) != n || got[n-1] != shca.ControlID(fmt.Sprintf("ac-%d", n)) {
			t.Errorf("%d ids: got %v", n, got)
		}
	}
}
