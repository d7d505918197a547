package testgen

// thirdParties returns findings of products that are not AWS's: as scanners
// write them, which leave out most of what AWS writes, and as an account may
// import them itself, with the members that hardly anyone uses.
func thirdParties() []product {
	const defaultARN = `arn:<partition>:securityhub:<region>:<account>:product/<account>/default`
	return []product{
		{
			name: "trivy", kind: "AWS::ECR::Repository",
			severity: []*severity{low, medium, high, critical},
			id:       parseTemplate(`registry.example.com/<name>:<int:1:99> (alpine 3.<int:10:22>)/CVE-2026-96<int:100:999>`),
			// Trivy writes microseconds, in the time zone of its machine.
			asff: parseTemplate(`{"SchemaVersion":"2018-10-08","Id":"<finding>","ProductArn":"arn:<partition>:securityhub:<region>::product/aquasecurity/aquasecurity",` +
				`"GeneratorId":"Trivy/CVE-2026-96000","AwsAccountId":"<account>","Types":["Software and Configuration Checks/Vulnerabilities/CVE"],` +
				`"CreatedAt":"<scanned-local>+01:00","UpdatedAt":"<scanned-local>+01:00","Severity":{"Label":"<label>"},` +
				`"Title":"Trivy found a vulnerability in container registry.example.com/<name>, related to musl","Description":"A function reads past the end of its input \u2014 \"quoted\", with a back\\slash.",` +
				`"Remediation":{"Recommendation":{"Text":"More information is behind the link.","Url":"https://advisories.example.com/<hex:12>"}},"ProductFields":{"Product Name":"Trivy"},` +
				`"Resources":[{"Type":"Container","Id":"registry.example.com/<name>","Partition":"<partition>","Region":"<region>",` +
				`"Details":{"Container":{"ImageName":"registry.example.com/<name>"},"Other":{"CVE ID":"CVE-2026-96000","CVE Title":"","PkgName":"musl","Installed Package":"1.2.<int:1:4>-r0",` +
				`"Patched Package":"","NvdCvssScoreV3":"<pick:9.1|0>","NvdCvssVectorV3":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:H"}}}],"RecordState":"<state>"}`),
		},
		{
			name: "default", kind: "AWS::EC2::Instance",
			severity: []*severity{informational, low, medium, high, critical},
			id:       parseTemplate(`<region>/<account>/<hex:20>`),
			asff: parseTemplate(`{"SchemaVersion":"2018-10-08","Id":"<finding>","ProductArn":"` + defaultARN + `","ProductName":"Default","CompanyName":"Personal",` +
				`"Region":"<region>","GeneratorId":"in-house-sensor/rule-<int:1:99>","AwsAccountId":"<account>",` +
				`"Types":["TTPs/Command and Control","Effects/Data Exposure","Unusual Behaviors/Network Flow"],` +
				`"FirstObservedAt":"<first>","LastObservedAt":"<updated>","CreatedAt":"<created>","UpdatedAt":"<updated>",` +
				`"Severity":{"Product":<pick:3|7.5|99>,"Label":"<label>","Original":"P<int:1:5>"},"Confidence":<int:0:100>,"Criticality":<int:0:100>,` +
				`"Title":"Traffic to a known control server","Description":"The sensor saw traffic that matches its lists.",` +
				`"SourceUrl":"https://sensor.example.com/findings/<hex:12>",` +
				`"ProductFields":{"sensor/version":"3.<int:0:9>","sensor/empty":"","aws/securityhub/ProductName":"Default","aws/securityhub/CompanyName":"Personal"},` +
				`"UserDefinedFields":{"team":"<pick:core|edge>","review by":"2026-12-31","a.b/c d":"<hex:8>"},` +
				`"Network":{"Direction":"<pick:IN|OUT>","Protocol":"<pick:TCP|UDP|ICMP>","OpenPortRange":{"Begin":443,"End":<int:443:9443>},` +
				`"SourceIpV4":"10.<int:0:255>.<int:0:255>.<int:4:254>","SourceIpV6":"2001:db8::<int:1:9999>","SourcePort":<int:1024:65535>,"SourceDomain":"<name>.example.com","SourceMac":"00:0d:83:b1:c0:8e",` +
				`"DestinationIpV4":"198.51.100.<int:1:254>","DestinationIpV6":"2001:db8:1::<int:1:9999>","DestinationPort":<pick:443|8443>,"DestinationDomain":"control.example.net"},` +
				`"NetworkPath":[{"ComponentId":"sg-0<hex:16>","ComponentType":"AWS::EC2::SecurityGroup","Egress":{"Protocol":"TCP","Destination":{"Address":["0.0.0.0/0"],"PortRanges":[{"Begin":443,"End":443}]},` +
				`"Source":{"Address":["10.0.0.0/8"],"PortRanges":[{"Begin":1024,"End":65535}]}},"Ingress":{"Protocol":"TCP","Source":{"Address":["192.0.2.0/24"]}}},` +
				`{"ComponentId":"igw-0<hex:16>","ComponentType":"AWS::EC2::InternetGateway"}],` +
				`"ThreatIntelIndicators":[{"Type":"IPV4_ADDRESS","Value":"198.51.100.<int:1:254>","Category":"COMMAND_AND_CONTROL","LastObservedAt":"<updated>","Source":"Example Feed","SourceUrl":"https://feed.example.com/<hex:12>"},` +
				`{"Type":"<pick:DOMAIN|URL|MUTEX|HASH_SHA256>","Value":"<hex:64>","Category":"<pick:BACKDOOR|DROP_SITE>"}],` +
				`"Threats":[{"Name":"control channel","Severity":"CRITICAL","ItemCount":2}],` +
				`"Resources":[{<resource>,"ResourceRole":"Actor","ApplicationName":"<pick:shop|payroll>","ApplicationArn":"arn:<partition>:resource-groups:<region>:<account>:group/shop/<hex:26>"},` +
				`{"Type":"AwsEc2NetworkInterface","Id":"arn:<partition>:ec2:<region>:<account>:network-interface/eni-0<hex:16>","Partition":"<partition>","Region":"<region>","ResourceRole":"Target",` +
				`"Tags":{"Name":"<name>","empty":"","a=b":"c:d"},"Details":{"AwsEc2NetworkInterface":{"Attachment":{"AttachTime":"<time>","DeviceIndex":0,"Status":"attached"},"SourceDestCheck":true}}},` +
				`{"Type":"Other","Id":"<name>.example.com"},{"Type":"AwsEc2Instance","Id":"i-<id>","Provider":"AWS","Owner":{"Account":{"Id":"<account>"},"Org":{"Id":"o-<hex:10>"}}}],` +
				`"VerificationState":"<pick:TRUE_POSITIVE|FALSE_POSITIVE|BENIGN_POSITIVE|UNKNOWN>","Workflow":{"Status":"<workflow>"},"WorkflowState":"<pick:NEW|ASSIGNED|IN_PROGRESS|DEFERRED|RESOLVED>","RecordState":"<state>",` +
				`"RelatedFindings":[{"ProductArn":"` + defaultARN + `","Id":"<hex:20>"},{"ProductArn":"arn:<partition>:securityhub:<region>::product/aws/guardduty","Id":"` + guardDutyID + `"}],` +
				`"Note":{"Text":"Seen by the night shift;\nask the owner.","UpdatedBy":"night-shift","UpdatedAt":"<updated>"},` +
				`"GeneratorDetails":{"Name":"Control servers","Description":"Compares addresses with lists.","Labels":["network","<pick:beta|stable>"]},` +
				`"FindingProviderFields":{"Confidence":<int:0:100>,"Criticality":<int:0:100>,"RelatedFindings":[{"ProductArn":"` + defaultARN + `","Id":"<hex:20>"}],` +
				`"Severity":{"Label":"<pick:LOW|HIGH>","Original":"P3"},"Types":["TTPs/Command and Control"]},"Sample":<bool>,"ProcessedAt":"<processed>","AwsAccountName":"<pick:blue|green>"}`),
		},
		{
			// A check of the account's own, with a control id that AWS does not have.
			name: "default", kind: "AWS::RDS::DBInstance",
			severity: []*severity{low, medium},
			results:  []*result{passed, failed, warning, notAvailable},
			id:       parseTemplate(`own-checks/<account>/<region>/<name>/backup`),
			asff: parseTemplate(`{"SchemaVersion":"2018-10-08","Id":"<finding>","ProductArn":"` + defaultARN + `","Region":"<region>","GeneratorId":"own-checks/backup","AwsAccountId":"<account>",` +
				`"CreatedAt":"<updated>","UpdatedAt":"<updated>","Severity":{"Label":"<label>"},"Title":"Databases are backed up to another account","Description":"Looks for a copy of the latest snapshot.",` +
				`"Resources":[{<resource>}],"Compliance":{"Status":"<result>","SecurityControlId":"Own.1","RelatedRequirements":["house rules 4.2"],"AssociatedStandards":[{"StandardsId":"house-rules/v/1"}],` +
				`"SecurityControlParameters":[{"Name":"copyMaxAgeDays","Value":["<pick:1|7>"]},{"Name":"accounts","Value":["123456789012","210987654321"]}],` +
				`"StatusReasons":[{"ReasonCode":"SNAPSHOT_COPY","Description":"The age of the newest copy decides."}]},"Workflow":{"Status":"<workflow>"},"RecordState":"<state>"}`),
		},
	}
}
