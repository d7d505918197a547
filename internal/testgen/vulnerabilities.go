package testgen

// vulnerabilities returns findings of Inspector about functions, images and
// code, which the usual ones about packages of instances are not.
func vulnerabilities() []product {
	const (
		cvss2  = `{"Version":"2.0","BaseScore":<pick:5|6.4|7.5>,"BaseVector":"AV:N/AC:L/Au:N/C:P/I:N/A:P","Source":"NVD"}`
		cvss3  = `{"Version":"3.1","BaseScore":<pick:7|7.0|9.8|10|4.3>,"BaseVector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N","Source":"NVD","Adjustments":[{"Metric":"AV","Reason":"The function has no public address."}]}`
		cvss4  = `{"Version":"4.0","BaseScore":<pick:8|6.9>,"BaseVector":"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N"}`
		noCVSS = `{"BaseScore":<pick:3|5.5>,"Source":"EXAMPLE"}` // without a version
		layer  = `"SourceLayerHash":"sha256:<hex:64>"`
		vendor = `"Vendor":{"Name":"<pick:NVD|GITHUB|REDHAT_CVE>","Url":"https://advisories.example.com/<hex:12>","VendorSeverity":"<pick:Moderate|Important|Untriaged>",` +
			`"VendorCreatedAt":"<created>","VendorUpdatedAt":"<updated>"}`
	)
	var all []product
	for _, d := range []struct {
		kind, class, title, resource, more string
	}{
		{"AWS::Lambda::Function", "Vulnerabilities/CVE", "CVE-2026-9800<n> and others - <pick:requests|urllib3>",
			``,
			`,"Vulnerabilities":[{"Id":"CVE-2026-9800<n>","VulnerablePackages":[{"Name":"requests","Version":"2.<int:1:30>.0","PackageManager":"PYTHON","FilePath":"requirements.txt","FixedInVersion":"2.<int:31:40>.0"},` +
				`{"Name":"urllib3","Version":"1.<int:1:26>","Epoch":"0","Architecture":"NOARCH","PackageManager":"PYTHON","FilePath":"var/task/urllib3/METADATA","SourceLayerArn":"arn:<partition>:lambda:<region>:<account>:layer:<name>:<int:1:9>",` + layer + `}],` +
				`"Cvss":[` + cvss2 + `,` + cvss3 + `],"RelatedVulnerabilities":["CVE-2026-9801<n>","GHSA-<hex:4>-<hex:4>-<hex:4>"],` + vendor + `,` +
				`"ReferenceUrls":["https://advisories.example.com/<hex:12>"],"FixAvailable":"PARTIAL","EpssScore":<pick:0.9432|0.00042|1|0>,"ExploitAvailable":"YES","LastKnownExploitAt":"<created>"},` +
				`{"Id":"CVE-2026-9801<n>","Cvss":[` + cvss4 + `],"FixAvailable":"NO","ExploitAvailable":"NO"}]`},
		{"AWS::ECR::Repository", "Vulnerabilities/CVE", "CVE-2026-9700<n> - musl, busybox and others",
			`,"ResourceRole":"Target"`,
			`,"Vulnerabilities":[{"Id":"CVE-2026-9700<n>","VulnerablePackages":[{"Name":"musl","Version":"1.2.<int:1:5>","Release":"r<int:1:9>","Architecture":"X86_64","PackageManager":"OS","FixedInVersion":"0:1.2.5-r<int:10:19>",` + layer + `,"Remediation":"apk upgrade musl"},` +
				`{"Name":"busybox","Version":"1.36.1","Epoch":"<pick:0|1>","PackageManager":"OS",` + layer + `}],"Cvss":[` + noCVSS + `,` + cvss3 + `],` + vendor + `,"FixAvailable":"YES"},` +
				`{"Id":"GHSA-<hex:4>-<hex:4>-<hex:4>","VulnerablePackages":[{"Name":"left-pad","PackageManager":"NPM","FilePath":"app/package-lock.json","FixedInVersion":"NotAvailable"}],` +
				`"RelatedVulnerabilities":["CVE-2026-9702<n>"],` + vendor + `,"FixAvailable":"NO","EpssScore":0.5},` +
				`{"Id":"ALAS-2026-<int:100:999>","ReferenceUrls":["https://advisories.example.com/<hex:12>","https://lists.example.com/<hex:12>"],"ExploitAvailable":"NO"}]`},
		{"AWS::Lambda::Function", "Vulnerabilities/CWE", "CWE-798 - Credentials in the code",
			``,
			`,"Vulnerabilities":[{"Id":"<pick:hardcoded-credentials|CWE-798>","FixAvailable":"NO","ReferenceUrls":["https://rules.example.com/hardcoded-credentials"],` +
				`"CodeVulnerabilities":[{"Cwes":["CWE-798","CWE-259"],"FilePath":{"FileName":"handler.py","FilePath":"src/handler.py","StartLine":<int:1:40>,"EndLine":<int:41:90>},"SourceArn":"<arn>"},` +
				`{"Cwes":["CWE-798"],"FilePath":{"FileName":"util.py","FilePath":"lib/util.py","StartLine":7,"EndLine":7}}]}]`},
	} {
		all = append(all, product{
			name: "inspector", kind: d.kind,
			severity: []*severity{informational, low, medium, high, critical},
			id:       parseTemplate(inspectorID),
			asff: text{
				product: "aws/inspector", name: "Inspector", company: "Amazon", generator: "AWSInspector",
				types: `"Software and Configuration Checks/` + d.class + `"`,
				title: d.title, description: `Several components of <name> have known weaknesses. The list says which ones, where they lie and whether a newer version corrects them.`,
				about:    `,"Remediation":{"Recommendation":{"Text":"Update what can be updated.","Url":"https://advisories.example.com/<hex:12>"}}`,
				fields:   `"aws/inspector/FindingStatus":"<pick:ACTIVE|SUPPRESSED|CLOSED>","aws/inspector/ProductVersion":"2","aws/inspector/inspectorScore":"<int:3:9>.<int:0:9>",`,
				resource: d.resource, more: d.more,
			}.template(),
		})
	}
	return all
}
