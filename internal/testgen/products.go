package testgen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// product is a kind of finding that another product sends to Security Hub. The
// templates see a resource of the kind.
type product struct {
	name     string // in Options.Products
	usual    bool   // made unless Options.Products says otherwise
	kind     string // CloudFormation type of the resource
	severity []*severity
	results  []*result // of a product that checks something
	id       template  // of the finding
	asff     template
	prowler  template // the same finding as Prowler writes it in OCSF; nil of others
}

// severity is a finding's severity, in ASFF and in OCSF.
type severity struct {
	members, label string // of ASFF's Severity: all, and Label alone
	name, id       string
}

var (
	informational = &severity{`"Label":"INFORMATIONAL","Normalized":0`, "INFORMATIONAL", "Informational", "1"}
	low           = &severity{`"Label":"LOW","Normalized":30`, "LOW", "Low", "2"}
	medium        = &severity{`"Label":"MEDIUM","Normalized":50`, "MEDIUM", "Medium", "3"}
	high          = &severity{`"Label":"HIGH","Normalized":70`, "HIGH", "High", "4"}
	critical      = &severity{`"Label":"CRITICAL","Normalized":90`, "CRITICAL", "Critical", "5"}
)

// result is a result of a check, in ASFF and in Prowler's words.
type result struct{ asff, prowler string }

var (
	passed       = &result{"PASSED", "PASS"}
	failed       = &result{"FAILED", "FAIL"}
	warning      = &result{"WARNING", ""}
	notAvailable = &result{"NOT_AVAILABLE", "MANUAL"}
)

// products returns all products. The usual ones come first.
func products() []product {
	return slices.Concat(usualProducts(), detections(), vulnerabilities(), sensitiveData(), managementServices(), prowlers(), thirdParties())
}

// productsNamed returns the products of the given names, or the usual ones.
func productsNamed(names []string) ([]product, error) {
	known := []string{"all"}
	var chosen []product
	for _, p := range products() {
		if !slices.Contains(known, p.name) {
			known = append(known, p.name)
		}
		if len(names) == 0 && p.usual || slices.Contains(names, p.name) || slices.Contains(names, "all") {
			chosen = append(chosen, p)
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("testgen: product %q is not one of %s", name, strings.Join(known, ", "))
		}
	}
	return chosen, nil
}

func usualProducts() []product {
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

// text is what tells the findings of AWS products and integrations apart: parts
// of a template. Members and elements begin with a comma, but for fields, whose
// members end in one.
type text struct {
	product, name, company string // "aws/guardduty", "GuardDuty", "Amazon"
	generator              string
	types                  string // elements of Types
	title, description     string
	about                  string // members that follow Description
	fields                 string // members of ProductFields
	resource               string // members of the first resource
	resources              string // further resources
	more                   string // members that follow Resources
}

func (t text) template() template {
	arn := `arn:<partition>:securityhub:<region>::product/` + t.product
	return parseTemplate(`{"SchemaVersion":"2018-10-08","Id":"<finding>","ProductArn":"` + arn + `",` +
		`"ProductName":"` + t.name + `","CompanyName":"` + t.company + `","Region":"<region>","GeneratorId":"` + t.generator + `",` +
		`"AwsAccountId":"<account>","Types":[` + t.types + `],` +
		`"FirstObservedAt":"<first>","LastObservedAt":"<updated>","CreatedAt":"<created>","UpdatedAt":"<updated>","Severity":{<severity>},` +
		`"Title":"` + t.title + `","Description":"` + t.description + `"` + t.about + `,"ProductFields":{` + t.fields +
		`"aws/securityhub/ProductName":"` + t.name + `","aws/securityhub/CompanyName":"` + t.company + `",` +
		`"aws/securityhub/FindingId":"` + arn + `/<finding>"},"Resources":[{<resource>` + t.resource + `}` + t.resources + `]` + t.more +
		`,"WorkflowState":"NEW","Workflow":{"Status":"<workflow>"},"RecordState":"<state>",` +
		`"FindingProviderFields":{"Severity":{<severity>},"Types":[` + t.types + `]},"ProcessedAt":"<processed>"}`)
}

// The parts of GuardDuty's findings.
const (
	detectorARN = `arn:<partition>:guardduty:<region>:<account>:detector/d4bbf64ad3a94c2d8dc5ea32d5fdda6b`
	guardDutyID = detectorARN + `/finding/<hex:32>`
	// guardDutyURL is a member.
	guardDutyURL = `,"SourceUrl":"https://<region>.<console>/guardduty/home?region=<region>#/findings?macros=current"`
)

func guardDuty(name, class, direction string, port int, portName, title string) product {
	local := `"aws/guardduty/service/action/networkConnectionAction/`
	return product{
		name: "guardduty", usual: true,
		kind:     "AWS::EC2::Instance",
		severity: []*severity{low, medium, medium, high},
		id:       parseTemplate(guardDutyID),
		asff: text{
			product: "aws/guardduty", name: "GuardDuty", company: "Amazon", generator: detectorARN, types: `"` + class + `/` + name + `"`,
			title: title + `.`, description: title + `. Traffic of this kind is unusual for the instance and was not seen in the weeks before.`,
			about: guardDutyURL,
			fields: `"aws/guardduty/service/archived":"false","aws/guardduty/service/serviceName":"guardduty",` +
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
				`"aws/guardduty/service/resourceRole":"<pick:TARGET|ACTOR>","aws/guardduty/service/count":"<int:1:500>",`,
			more: `,"Sample":false`,
		}.template(),
	}
}

const inspectorID = `arn:<partition>:inspector2:<region>:<account>:finding/<hex:32>`

func inspector(pkg, version string) product {
	return product{
		name: "inspector", usual: true,
		kind:     "AWS::EC2::Instance",
		severity: []*severity{low, medium, medium, high, high, critical},
		id:       parseTemplate(inspectorID),
		asff: text{
			product: "aws/inspector", name: "Inspector", company: "Amazon", generator: "AWSInspector",
			types: `"Software and Configuration Checks/Vulnerabilities/CVE"`,
			title: `CVE-2026-9900<n> - ` + pkg,
			description: `The installed version of ` + pkg + ` handles certain input without ` +
				`checking its length. A remote sender can make the process write beyond a buffer, which ends it or, in the worst case, runs code with its rights. ` +
				`Systems that expose the service to untrusted networks are affected first. The vendor has released a corrected package.`,
			about: `,"Remediation":{"Recommendation":{"Text":"Update the package with the manager of the distribution."}}`,
			fields: `"aws/inspector/FindingStatus":"ACTIVE","aws/inspector/inspectorScore":"<int:3:9>.<int:0:9>",` +
				`"aws/inspector/resources/1/resourceDetails/awsEc2InstanceDetails/platform":"AMAZON_LINUX_2023","aws/inspector/ProductVersion":"2",` +
				`"aws/inspector/instanceId":"i-<id>","aws/inspector/packageVulnerabilityDetails/vulnerablePackages":"` + pkg + `",`,
			more: `,"Vulnerabilities":[{"Id":"CVE-2026-9900<n>","VulnerablePackages":[{"Name":"` + pkg + `","Version":"` + version + `","Epoch":"<int:0:1>",` +
				`"Release":"<int:1:30>.amzn2023","Architecture":"<pick:X86_64|AARCH64>","PackageManager":"OS","FixedInVersion":"<int:0:1>:` + version + `-<int:31:60>.amzn2023",` +
				`"Remediation":"dnf update ` + pkg + `"}],"Cvss":[{"Version":"3.1","BaseScore":<int:3:9>.<int:0:9>,"BaseVector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:<pick:L|H>/I:<pick:L|H>/A:H","Source":"NVD"},` +
				`{"Version":"3.1","BaseScore":<int:3:9>.<int:0:9>,"BaseVector":"CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:<pick:L|H>/I:<pick:L|H>/A:H","Source":"AMAZON_CVE","Adjustments":[]}],` +
				`"Vendor":{"Name":"AMAZON_CVE","Url":"https://alas.example.com/cve.html","VendorSeverity":"Important","VendorCreatedAt":"2026-02-01T00:00:00Z","VendorUpdatedAt":"2026-02-09T00:00:00Z"},` +
				`"ReferenceUrls":["https://advisories.example.com/<hex:12>","https://lists.example.com/<hex:12>","https://packages.example.com/` + pkg + `"],` +
				`"FixAvailable":"YES","EpssScore":0.00<int:1:99>,"ExploitAvailable":"NO"}]`,
		}.template(),
	}
}

// The parts of Macie's findings; the latter two are members.
const (
	macieID  = `arn:<partition>:macie2:<region>:<account>:finding/<hex:32>`
	macieURL = `,"SourceUrl":"https://<region>.<console>/macie/home?region=<region>#findings"`
	macieJob = `"JobArn":"arn:<partition>:macie2:<region>:<account>:classification-job/<hex:32>",`
)

func macie() product {
	return product{
		name: "macie", usual: true,
		kind:     "AWS::S3::Bucket",
		severity: []*severity{medium, high},
		id:       parseTemplate(macieID),
		asff: text{
			product: "aws/macie", name: "Macie", company: "Amazon", generator: "aws/macie",
			types: `"Sensitive Data Identifications/PII/SensitiveData:S3Object-Personal"`,
			title: `The S3 object contains personal information.`,
			description: `An object of the bucket holds names, mail addresses or other data about persons. ` +
				`Check that the people and systems which can read the bucket are meant to read this data, and that it is kept no longer than needed.`,
			about: macieURL,
			fields: macieJob +
				`"S3Object.Path":"<name>-<account>/exports/<int:1:9>/part-<int:1000:9999>.csv","S3Object.Extension":"csv","S3Bucket.effectivePermission":"NOT_PUBLIC",` +
				`"OriginType":"SENSITIVE_DATA_DISCOVERY_JOB","S3Object.PublicAccess":"false","S3Object.Size":"<int:1000:900000>","S3Object.StorageClass":"STANDARD",` +
				`"S3Bucket.allowsUnencryptedObjectUploads":"<bool>",`,
			more: `,"Sample":false`,
		}.template(),
	}
}

// appendProduct appends the finding of another product, if the format holds it;
// number tells it from the others.
func (g *generator) appendProduct(b []byte, number int, account, region int) []byte {
	v, r := &g.values, &g.ids
	r.Seed(mix(g.Seed, uint64(number), uint64(g.firstAccount)), 4)
	i := r.below(uint64(len(g.products)))
	p, k := &g.products[i], g.productKinds[i]
	t := p.asff
	switch g.Format {
	case OCSFV2:
		return b
	case ProwlerOCSF:
		t = p.prowler
	}
	n := int(r.below(200))
	if k.account {
		n = 0
	}
	g.resource(v, k, account, region, n)
	v.updated = estateEnd - int64(r.below(uint64(40*day)))
	v.created = v.updated - int64(r.below(uint64(20*day)))
	v.severity = p.severity[r.below(uint64(len(p.severity)))]
	v.state = recordState(r.share() < g.Archived)
	v.workflow = "NEW"
	if r.below(8) == 0 {
		v.workflow = "NOTIFIED"
	}

	// The details come first: the resource has the same ones whoever reports it.
	v.report.resource = append(append(v.report.resource[:0], `"Type":"`...), k.asff...)
	v.report.resource = append(append(v.report.resource, `","Id":"`...), v.arn...)
	v.report.resource = append(append(v.report.resource, `","Partition":"`...), v.partition...)
	v.report.resource = append(append(append(v.report.resource, `","Region":"`...), v.region...), '"')
	if !k.account {
		v.report.resource = appendTagsAndDetails(v.report.resource, k, v)
	}

	v.Seed(r.Uint64(), 5)
	if !p.usual {
		v.workflow = unusualWorkflows[r.below(uint64(len(unusualWorkflows)))]
	}
	if len(p.results) > 0 {
		v.result = p.results[r.below(uint64(len(p.results)))]
	}
	v.finding = p.id.append(v.finding[:0], v)
	return t.append(b, v)
}

// unusualWorkflows are what becomes of findings that are not the usual ones.
var unusualWorkflows = [...]string{"NEW", "NEW", "NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"}
