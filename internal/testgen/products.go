package testgen

import (
	"bytes"
	"strconv"
)

// product is another product that sends its findings to Security Hub; they
// have no Compliance. The templates see an EC2 instance or an S3 bucket.
type product struct {
	kind     string // CloudFormation type of the resource
	severity []string
	finding  template // from Id to Types
	body     template // from Title to ProductFields, up to where the finding's id goes
	more     template // after Resources
}

// The members of Severity.
const (
	severityLow      = `"Label":"LOW","Normalized":30`
	severityMedium   = `"Label":"MEDIUM","Normalized":50`
	severityHigh     = `"Label":"HIGH","Normalized":70`
	severityCritical = `"Label":"CRITICAL","Normalized":90`
)

func products() []product {
	return []product{
		guardDuty("UnauthorizedAccess:EC2-SSHBruteForce", "TTPs/Initial Access", "INBOUND", 22, "SSH",
			"A remote host is guessing SSH passwords on instance i-<id>"),
		guardDuty("Recon:EC2-Portscan", "TTPs/Discovery", "OUTBOUND", 8443, "Unknown",
			"Instance i-<id> is scanning the ports of a remote host"),
		guardDuty("CryptoCurrency:EC2-BitcoinTool.B", "Effects/Resource Consumption", "OUTBOUND", 8333, "Unknown",
			"Instance i-<id> talks to an address that is known for mining"),
		inspector("openssl", "3.0.8"),
		inspector("kernel", "6.1.61"),
		inspector("curl", "8.3.0"),
		inspector("python3-libs", "3.9.16"),
		macie(),
	}
}

func guardDuty(name, class, direction string, port int, portName, title string) product {
	local := `"aws/guardduty/service/action/networkConnectionAction/`
	return product{
		kind:     "AWS::EC2::Instance",
		severity: []string{severityLow, severityMedium, severityMedium, severityHigh},
		finding: parseTemplate(`"Id":"arn:<partition>:guardduty:<region>:<account>:detector/d4bbf64ad3a94c2d8dc5ea32d5fdda6b/finding/<hex:32>",` +
			`"ProductArn":"arn:<partition>:securityhub:<region>::product/aws/guardduty","ProductName":"GuardDuty","CompanyName":"Amazon",` +
			`"Region":"<region>","GeneratorId":"arn:<partition>:guardduty:<region>:<account>:detector/d4bbf64ad3a94c2d8dc5ea32d5fdda6b",` +
			`"AwsAccountId":"<account>","Types":["` + class + `/` + name + `"]`),
		body: parseTemplate(`"Title":"` + title + `.","Description":"` + title + `. Traffic of this kind is unusual for the instance and was not seen in the weeks before.",` +
			`"SourceUrl":"https://<region>.<console>/guardduty/home?region=<region>#/findings?macros=current",` +
			`"ProductFields":{"aws/guardduty/service/archived":"false","aws/guardduty/service/serviceName":"guardduty",` +
			`"aws/guardduty/service/action/actionType":"NETWORK_CONNECTION",` +
			local + `connectionDirection":"` + direction + `",` +
			local + `blocked":"false",` + local + `protocol":"TCP",` +
			local + `localPortDetails/port":"` + strconv.Itoa(port) + `",` +
			local + `localPortDetails/portName":"` + portName + `",` +
			local + `localIpDetails/ipAddressV4":"10.<int:0:255>.<int:0:255>.<int:4:254>",` +
			local + `remoteIpDetails/ipAddressV4":"198.51.100.<int:1:254>",` +
			local + `remoteIpDetails/country/countryName":"Atlantis",` +
			local + `remoteIpDetails/geoLocation/lat":"<int:0:89>.<int:1000:9999>",` +
			local + `remoteIpDetails/geoLocation/lon":"<int:0:179>.<int:1000:9999>",` +
			local + `remoteIpDetails/organization/asn":"<int:64512:65534>",` +
			local + `remoteIpDetails/organization/asnOrg":"Example Networks",` +
			`"aws/guardduty/service/additionalInfo/value":"{\"inBytes\":\"<int:100:9999>\",\"outBytes\":\"<int:100:9999>\"}",` +
			`"aws/guardduty/service/additionalInfo/type":"default","aws/guardduty/service/detectorId":"d4bbf64ad3a94c2d8dc5ea32d5fdda6b",` +
			`"aws/guardduty/service/resourceRole":"<pick:TARGET|ACTOR>","aws/guardduty/service/count":"<int:1:500>",` +
			`"aws/securityhub/ProductName":"GuardDuty","aws/securityhub/CompanyName":"Amazon",` +
			`"aws/securityhub/FindingId":"arn:<partition>:securityhub:<region>::product/aws/guardduty/`),
		more: parseTemplate(`,"Sample":false`),
	}
}

func inspector(pkg, version string) product {
	return product{
		kind:     "AWS::EC2::Instance",
		severity: []string{severityLow, severityMedium, severityMedium, severityHigh, severityHigh, severityCritical},
		finding: parseTemplate(`"Id":"arn:<partition>:inspector2:<region>:<account>:finding/<hex:32>",` +
			`"ProductArn":"arn:<partition>:securityhub:<region>::product/aws/inspector","ProductName":"Inspector","CompanyName":"Amazon",` +
			`"Region":"<region>","GeneratorId":"AWSInspector","AwsAccountId":"<account>","Types":["Software and Configuration Checks/Vulnerabilities/CVE"]`),
		body: parseTemplate(`"Title":"CVE-2026-9900<n> - ` + pkg + `","Description":"The installed version of ` + pkg + ` handles certain input without ` +
			`checking its length. A remote sender can make the process write beyond a buffer, which ends it or, in the worst case, runs code with its rights. ` +
			`Systems that expose the service to untrusted networks are affected first. The vendor has released a corrected package.",` +
			`"Remediation":{"Recommendation":{"Text":"Update the package with the manager of the distribution."}},` +
			`"ProductFields":{"aws/inspector/FindingStatus":"ACTIVE","aws/inspector/inspectorScore":"<int:3:9>.<int:0:9>",` +
			`"aws/inspector/resources/1/resourceDetails/awsEc2InstanceDetails/platform":"AMAZON_LINUX_2023","aws/inspector/ProductVersion":"2",` +
			`"aws/inspector/instanceId":"i-<id>","aws/inspector/packageVulnerabilityDetails/vulnerablePackages":"` + pkg + `",` +
			`"aws/securityhub/ProductName":"Inspector","aws/securityhub/CompanyName":"Amazon",` +
			`"aws/securityhub/FindingId":"arn:<partition>:securityhub:<region>::product/aws/inspector/`),
		more: parseTemplate(`,"Vulnerabilities":[{"Id":"CVE-2026-9900<n>","VulnerablePackages":[{"Name":"` + pkg + `","Version":"` + version + `","Epoch":"<int:0:1>",` +
			`"Release":"<int:1:30>.amzn2023","Architecture":"<pick:X86_64|AARCH64>","PackageManager":"OS","FixedInVersion":"<int:0:1>:` + version + `-<int:31:60>.amzn2023",` +
			`"Remediation":"dnf update ` + pkg + `"}],"Cvss":[{"Version":"3.1","BaseScore":<int:3:9>.<int:0:9>,"BaseVector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:<pick:L|H>/I:<pick:L|H>/A:H","Source":"NVD"},` +
			`{"Version":"3.1","BaseScore":<int:3:9>.<int:0:9>,"BaseVector":"CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:<pick:L|H>/I:<pick:L|H>/A:H","Source":"AMAZON_CVE","Adjustments":[]}],` +
			`"Vendor":{"Name":"AMAZON_CVE","Url":"https://alas.example.com/cve.html","VendorSeverity":"Important","VendorCreatedAt":"2026-02-01T00:00:00Z","VendorUpdatedAt":"2026-02-09T00:00:00Z"},` +
			`"ReferenceUrls":["https://advisories.example.com/<hex:12>","https://lists.example.com/<hex:12>","https://packages.example.com/` + pkg + `"],` +
			`"FixAvailable":"YES","EpssScore":0.00<int:1:99>,"ExploitAvailable":"NO"}]`),
	}
}

func macie() product {
	return product{
		kind:     "AWS::S3::Bucket",
		severity: []string{severityMedium, severityHigh},
		finding: parseTemplate(`"Id":"arn:<partition>:macie2:<region>:<account>:finding/<hex:32>",` +
			`"ProductArn":"arn:<partition>:securityhub:<region>::product/aws/macie","ProductName":"Macie","CompanyName":"Amazon",` +
			`"Region":"<region>","GeneratorId":"aws/macie","AwsAccountId":"<account>","Types":["Sensitive Data Identifications/PII/SensitiveData:S3Object-Personal"]`),
		body: parseTemplate(`"Title":"The S3 object contains personal information.","Description":"An object of the bucket holds names, mail addresses or other data about persons. ` +
			`Check that the people and systems which can read the bucket are meant to read this data, and that it is kept no longer than needed.",` +
			`"SourceUrl":"https://<region>.<console>/macie/home?region=<region>#findings",` +
			`"ProductFields":{"JobArn":"arn:<partition>:macie2:<region>:<account>:classification-job/<hex:32>",` +
			`"S3Object.Path":"<name>-<account>/exports/<int:1:9>/part-<int:1000:9999>.csv","S3Object.Extension":"csv","S3Bucket.effectivePermission":"NOT_PUBLIC",` +
			`"OriginType":"SENSITIVE_DATA_DISCOVERY_JOB","S3Object.PublicAccess":"false","S3Object.Size":"<int:1000:900000>","S3Object.StorageClass":"STANDARD",` +
			`"S3Bucket.allowsUnencryptedObjectUploads":"<bool>",` +
			`"aws/securityhub/ProductName":"Macie","aws/securityhub/CompanyName":"Amazon",` +
			`"aws/securityhub/FindingId":"arn:<partition>:securityhub:<region>::product/aws/macie/`),
		more: parseTemplate(`,"Sample":false`),
	}
}

// appendProduct appends the finding of another product; number tells it from
// the others.
func (g *generator) appendProduct(b []byte, number int, account, region int) []byte {
	v, r := &g.values, &g.ids
	r.Seed(mix(g.Seed, uint64(number), uint64(g.firstAccount)), 4)
	i := r.below(uint64(len(g.products)))
	p, k := &g.products[i], g.productKinds[i]
	g.resource(v, k, account, region, int(r.below(200)))
	updated := estateEnd - int64(r.below(uint64(40*day)))
	created := updated - int64(r.below(uint64(20*day)))
	severity := p.severity[r.below(uint64(len(p.severity)))]
	archived := r.share() < g.Archived
	workflow := "NEW"
	if r.below(8) == 0 {
		workflow = "NOTIFIED"
	}
	details := v.random // where the resource's own details begin
	v.Seed(r.Uint64(), 5)

	b = append(b, `{"SchemaVersion":"2018-10-08",`...)
	start := len(b)
	b = p.finding.append(b, v)
	g.id = append(g.id[:0], valueOf(b[start:], `"Id":"`)...)
	g.types = append(g.types[:0], valueOf(b[start:], `"Types":["`)...)
	b = append(b, `,"FirstObservedAt":"`...)
	b = appendTime(b, created-minute)
	b = append(b, `","LastObservedAt":"`...)
	b = appendTime(b, updated)
	b = append(b, `","CreatedAt":"`...)
	b = appendTime(b, created)
	b = append(b, `","UpdatedAt":"`...)
	b = appendTime(b, updated)
	b = append(b, `","Severity":{`...)
	b = append(b, severity...)
	b = append(b, `},`...)
	b = p.body.append(b, v)
	b = append(b, g.id...)
	b = append(b, `"},"Resources":[{"Type":"`...)
	b = append(b, k.asff...)
	b = append(b, `","Id":"`...)
	b = append(b, v.arn...)
	b = append(b, `","Partition":"`...)
	b = append(b, v.partition...)
	b = append(b, `","Region":"`...)
	b = append(b, v.region...)
	b = append(b, '"')
	after := v.random
	v.random = details
	b = appendTagsAndDetails(b, k, v)
	v.random = after
	b = append(b, `}]`...)
	b = p.more.append(b, v)
	b = append(b, `,"WorkflowState":"NEW","Workflow":{"Status":"`...)
	b = append(b, workflow...)
	b = append(b, `"},"RecordState":"`...)
	b = append(b, recordState(archived)...)
	b = append(b, `","FindingProviderFields":{"Severity":{`...)
	b = append(b, severity...)
	b = append(b, `},"Types":["`...)
	b = append(b, g.types...)
	b = append(b, `"]},"ProcessedAt":"`...)
	b = appendTime(b, updated+minute)
	return append(b, `"}`...)
}

// valueOf returns the text between prefix and the next quote.
func valueOf(b []byte, prefix string) []byte {
	_, rest, _ := bytes.Cut(b, []byte(prefix))
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return value
}
