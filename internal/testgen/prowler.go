package testgen

import "strings"

// requirements are what Prowler cites of a framework.
type requirements struct {
	framework string
	ids       []string
}

const prowlerNIST = "NIST-800-53-Revision-5"

// prowlers returns findings of Prowler: as it sends them to Security Hub, and
// as it writes them itself. Both say the same, so the requirements are short:
// Prowler cuts longer ones in ASFF only.
func prowlers() []product {
	var all []product
	for _, c := range []struct {
		check, service, kind string
		resource, name       string // where they are not <arn> and <name>
		title, finding       string
		severity             *severity
		results              []*result
		cites                []requirements
	}{
		{"s3_bucket_public_access", "s3", "AWS::S3::Bucket", "", "", "Buckets are not open to the public", "S3 Bucket <name> was looked at.",
			critical, []*result{passed, passed, failed},
			[]requirements{{"CIS-3.0", []string{"2.1.4"}}, {prowlerNIST, []string{"ac_3", "ac_6", "sc_7_3"}}, {"AWS-Foundational-Security-Best-Practices", []string{"S3"}}}},
		{"ec2_ebs_volume_encryption", "ec2", "AWS::EC2::Volume", "", "", "Volumes are encrypted", "Volume vol-<id> was looked at.",
			medium, []*result{passed, failed},
			[]requirements{{prowlerNIST, []string{"cp_9_d", "sc_8_3", "sc_13_a", "sc_28_1"}}, {"CIS-3.0", []string{"2.2.1"}}}},
		{"rds_instance_multi_az", "rds", "AWS::RDS::DBInstance", "", "", "Database instances have a standby", "RDS Instance <name> was looked at.",
			medium, []*result{passed, failed, failed},
			[]requirements{{"ENS-RD2022", []string{"op.cont.1.aws.rds.1", "op.cont.2"}}, {prowlerNIST, []string{"cp_1_2", "sc_36", "si_13_5"}}}},
		{"iam_user_mfa_enabled_console_access", "iam", "AWS::IAM::User", "", "", "Users with a console password have MFA", "User <name> was looked at.",
			high, []*result{passed, passed, failed},
			[]requirements{{prowlerNIST, []string{"ac_2_1", "ac_3_3_a", "ia_2_1"}}, {"CIS-3.0", []string{"1.10"}}}},
		{"iam_root_mfa_enabled", "iam", "", `arn:<partition>:iam::<account>:root`, "root", "The root user has MFA", "The root user was looked at.",
			critical, []*result{passed, failed},
			[]requirements{{"CIS-3.0", []string{"1.5"}}, {prowlerNIST, []string{"ia_2_6", "ac_3_2"}}}},
		{"account_maintain_current_contact_details", "account", "", `arn:<partition>:iam::<account>:root`, "<account>", "Contact details are current", "Log in to the console and compare them by hand.",
			medium, []*result{notAvailable},
			[]requirements{{"CIS-3.0", []string{"1.1"}}}},
		{"cloudtrail_log_file_validation_enabled", "cloudtrail", "AWS::CloudTrail::Trail", "", "", "Trails validate their log files", "Trail <name> was looked at.",
			low, []*result{passed, failed, notAvailable},
			[]requirements{{prowlerNIST, []string{"au_9_a", "cm_6_a", "sc_16_1", "si_7_1"}}, {"GDPR", []string{"article_25"}}, {"FFIEC", []string{"d2-ma-ma-b-1", "d2-ma-ma-b-2"}}}},
		{"accessanalyzer_enabled", "accessanalyzer", "", `arn:<partition>:accessanalyzer:<region>:<account>:analyzer/unknown`, "analyzer/unknown", "IAM Access Analyzer is on", "IAM Access Analyzer was looked for.",
			low, []*result{passed, failed}, nil},
	} {
		p := product{
			name: "prowler", kind: c.kind, severity: []*severity{c.severity}, results: c.results,
			id: parseTemplate("prowler-" + c.check + "-<account>-<region>-<id>"),
		}
		resource, name := "<arn>", "<name>"
		if c.resource != "" {
			resource, name = c.resource, c.name
		}
		typ := kindOf(c.kind).asff
		var related, standards []string
		compliance := []byte("{")
		for i, r := range c.cites {
			related = append(related, r.framework+" "+strings.Join(r.ids, " "))
			standards = append(standards, r.framework)
			if i > 0 {
				compliance = append(compliance, ',')
			}
			compliance = append(appendString(compliance, r.framework), ':')
			compliance = appendStrings(compliance, r.ids)
		}
		compliance = append(compliance, '}')

		asff := `{"SchemaVersion":"2018-10-08","Id":"<finding>","ProductArn":"arn:<partition>:securityhub:<region>::product/prowler/prowler","RecordState":"ACTIVE",` +
			`"ProductFields":{"ProviderName":"Prowler","ProviderVersion":"5.3.0","ProwlerResourceName":"` + name + `"},"GeneratorId":"prowler-` + c.check + `",` +
			`"AwsAccountId":"<account>","Types":["Software and Configuration Checks"],"FirstObservedAt":"<scanned>","UpdatedAt":"<scanned>","CreatedAt":"<scanned>",` +
			`"Severity":{"Label":"<label>"},"Title":"` + c.title + `","Description":"` + c.finding + `",` +
			`"Resources":[{"Type":"` + typ + `","Id":"` + resource + `","Partition":"<partition>","Region":"<region>"}],` +
			`"Compliance":{"Status":"<result>"`
		if len(c.cites) > 0 {
			asff += string(appendStrings([]byte(`,"RelatedRequirements":`), related)) + `,"AssociatedStandards":[`
			for i, s := range standards {
				if i > 0 {
					asff += ","
				}
				asff += `{"StandardsId":` + quote(s) + `}`
			}
			asff += `]`
		}
		p.asff = parseTemplate(asff + `},"Remediation":{"Recommendation":{"Text":"Change the setting.","Url":"https://hub.example.com/` + c.check + `"}}}`)

		// The numbers count seconds, and the texts are the machine's local time
		// without its zone.
		p.prowler = parseTemplate(`{"message":"` + c.finding + `","metadata":{"event_code":"` + c.check + `",` +
			`"product":{"name":"Prowler","uid":"prowler","vendor_name":"Prowler","version":"5.3.0"},"profiles":["cloud","datetime"],"tenant_uid":"","version":"1.4.0"},` +
			`"severity_id":<severity-id>,"severity":"<severity-name>","status":"New","status_code":"<code>","status_detail":"` + c.finding + `","status_id":1,` +
			`"unmapped":{"related_url":"","categories":[],"depends_on":[],"related_to":[],"additional_urls":[],"notes":"","compliance":` + string(compliance) + `},` +
			`"activity_name":"Create","activity_id":1,"finding_info":{"created_time":<scanned-s>,"created_time_dt":"<scanned-local>","desc":"` + c.title + `",` +
			`"product_uid":"prowler","title":"` + c.title + `","types":["Software and Configuration Checks"],"uid":"prowler-aws-` + c.check + `-<account>-<region>-` + name + `"},` +
			`"resources":[{"cloud_partition":"<partition>","region":"<region>","data":{"details":"","metadata":{"arn":"` + resource + `","name":"` + name + `","region":"<region>"}},` +
			`"group":{"name":"` + c.service + `"},"labels":[],"name":"` + name + `","type":"` + typ + `","uid":"` + resource + `"}],` +
			`"category_name":"Findings","category_uid":2,"class_name":"Detection Finding","class_uid":2004,` +
			`"cloud":{"account":{"name":"","type":"AWS Account","type_id":10,"uid":"<account>","labels":[]},"org":{"name":"","uid":""},"provider":"aws","region":"<region>"},` +
			`"remediation":{"desc":"Change the setting.","references":["https://hub.example.com/` + c.check + `"]},"risk_details":"Somebody may do what nobody means them to.",` +
			`"time":<scanned-s>,"time_dt":"<scanned-local>","type_uid":200401,"type_name":"Detection Finding: Create"}`)
		all = append(all, p)
	}
	return all
}
