package testgen

// detections returns findings of GuardDuty with what the usual ones lack: the
// action as an object, the process, malware, and sequences of signals.
func detections() []product {
	feature := func(name, action string) string {
		return `"aws/guardduty/service/featureName":"` + name + `","aws/guardduty/service/serviceName":"guardduty",` +
			`"aws/guardduty/service/action/actionType":"` + action + `","aws/guardduty/service/archived":"false",` +
			`"aws/guardduty/service/count":"<int:1:500>","aws/guardduty/service/eventFirstSeen":"<first>","aws/guardduty/service/eventLastSeen":"<updated>",`
	}
	const (
		role     = `,"ResourceRole":"<pick:Target|Actor>"`
		remoteIP = `"RemoteIpDetails":{"IpAddressV4":"198.51.100.<int:1:254>","Organization":{"Asn":<int:64512:65534>,"AsnOrg":"Example Networks",` +
			`"Isp":"Example Access","Org":"Example Holding"},"Country":{"CountryCode":"AQ","CountryName":"Antarctica"},"City":{"CityName":"<pick:McMurdo|Vostok>"},` +
			`"GeoLocation":{"Lon":<pick:-|><int:0:179>.<int:100:999>,"Lat":<pick:-77|0|48.5>}}`
	)
	var all []product
	for _, d := range []struct {
		kind, name, class, title string
		fields, resources, more  string
	}{
		{"AWS::IAM::User", "Stealth:IAMUser-CloudTrailLoggingDisabled", "TTPs/Defense Evasion", "A trail was turned off by user <name>",
			feature("CloudTrail", "AWS_API_CALL"),
			`,{"Type":"AwsIamAccessKey","Id":"AWS::IAM::AccessKey:AKIA<int:1000000000000000:9999999999999999>","Partition":"<partition>","Region":"<region>",` +
				`"Details":{"AwsIamAccessKey":{"PrincipalId":"AIDA<int:1000000000000000:9999999999999999>","PrincipalType":"IAMUser","PrincipalName":"<name>"}}}`,
			`,"Action":{"ActionType":"AWS_API_CALL","AwsApiCallAction":{"Api":"<pick:StopLogging|DeleteTrail>","ServiceName":"cloudtrail.amazonaws.com",` +
				`"CallerType":"remoteIp",` + remoteIP + `,"AffectedResources":{"AWS::CloudTrail::Trail":"arn:<partition>:cloudtrail:<region>:<account>:trail/<name>"},` +
				`"FirstSeen":"<first>","LastSeen":"<updated>"}}`},
		{"AWS::S3::Bucket", "Discovery:S3-MaliciousIPCaller", "TTPs/Discovery", "A service listed the objects of <name>",
			feature("S3DataEvents", "AWS_API_CALL"), "",
			`,"Action":{"ActionType":"AWS_API_CALL","AwsApiCallAction":{"Api":"ListObjectsV2","ServiceName":"s3.amazonaws.com",` +
				`"CallerType":"domain","DomainDetails":{"Domain":"caller.example.com"},"FirstSeen":"<first>","LastSeen":"<updated>"}}`},
		{"AWS::EC2::Instance", "Backdoor:EC2-C&CActivity.B", "TTPs/Command and Control", "Instance i-<id> talks to a control server",
			feature("FlowLogs", "NETWORK_CONNECTION"), "",
			`,"Action":{"ActionType":"NETWORK_CONNECTION","NetworkConnectionAction":{"ConnectionDirection":"<pick:INBOUND|OUTBOUND|UNKNOWN>",` + remoteIP + `,` +
				`"RemotePortDetails":{"Port":<int:1:65535>,"PortName":"Unknown"},"LocalPortDetails":{"Port":<int:1024:65535>,"PortName":"Unknown"},` +
				`"Protocol":"<pick:TCP|UDP>","Blocked":<bool>}}`},
		{"AWS::EC2::Instance", "Trojan:EC2-DNSDataExfiltration", "TTPs/Exfiltration", "Instance i-<id> sends data out in DNS queries",
			feature("DnsLogs", "DNS_REQUEST"), "",
			`,"Action":{"ActionType":"DNS_REQUEST","DnsRequestAction":{"Domain":"<hex:12>.example.net","Protocol":"UDP","Blocked":<bool>}}`},
		{"AWS::EC2::Instance", "Recon:EC2-PortProbeUnprotectedPort", "TTPs/Discovery", "Open ports of instance i-<id> are being probed",
			feature("FlowLogs", "PORT_PROBE"), "",
			`,"Action":{"ActionType":"PORT_PROBE","PortProbeAction":{"PortProbeDetails":[` +
				`{"LocalPortDetails":{"Port":22,"PortName":"SSH"},"LocalIpDetails":{"IpAddressV4":"10.<int:0:255>.<int:0:255>.<int:4:254>"},` + remoteIP + `},` +
				`{"LocalPortDetails":{"Port":3389,"PortName":"RDP"},` + remoteIP + `}],"Blocked":false}}`},
		{"AWS::ECS::Cluster", "Execution:Runtime-NewBinaryExecuted", "TTPs/Execution", "A container of <name> runs a file that its image lacks",
			feature("RuntimeMonitoring", "RUNTIME") +
				`"aws/guardduty/service/runtimeDetails/process/name":"sh","aws/guardduty/service/runtimeDetails/process/lineage.0_/pid":"<int:1:9999>",`,
			`,{"Type":"Container","Id":"<hex:32>","Partition":"<partition>","Region":"<region>","ResourceRole":"Target",` +
				`"Details":{"Container":{"Name":"web","ImageName":"registry.example.com/web:<int:1:99>","ContainerRuntime":"containerd","Privileged":<bool>,` +
				`"VolumeMounts":[{"Name":"data","MountPath":"/data"}]}}}`,
			`,"Process":{"Name":"<pick:sh|xmr>","Path":"/tmp/<hex:8>","Pid":<int:2:99999>,"ParentPid":<pick:0|1|77>,` +
				`"LaunchedAt":"<created>","TerminatedAt":"<updated>"}`},
		{"AWS::EC2::Instance", "Execution:EC2-MaliciousFile", "TTPs/Execution", "A volume of instance i-<id> holds malware",
			feature("EbsVolumeScan", "SCAN") + `"aws/guardduty/service/ebsVolumeScanDetails/scanId":"<hex:32>",`,
			`,{"Type":"AwsEc2Volume","Id":"arn:<partition>:ec2:<region>:<account>:volume/vol-0<hex:16>","Partition":"<partition>","Region":"<region>","Tags":{"Name":"<name>"}}`,
			`,"Malware":[{"Name":"EICAR-Test-File","Type":"<pick:TROJAN|RANSOMWARE|COIN_MINER|ADWARE|ROOTKIT|WORM|VIRUS|SPYWARE|KEYLOGGER>","Path":"/tmp/<hex:8>","State":"<pick:OBSERVED|REMOVED|REMOVAL_FAILED>"},` +
				`{"Name":"Unclear","Type":"<pick:BLENDED_THREAT|MACRO|POTENTIALLY_UNWANTED>","Path":"/var/tmp/<hex:8>"},` +
				`{"Name":"Remote","Type":"<pick:REMOTE_ACCESS|BOTNET_AGENT|EXPLOIT_KIT>"}],` +
				`"Threats":[{"Name":"EICAR-Test-File","Severity":"HIGH","ItemCount":<int:1:9>,"FilePaths":[{"FilePath":"/tmp/<hex:8>","FileName":"eicar.com",` +
				`"ResourceId":"arn:<partition>:ec2:<region>:<account>:volume/vol-0<hex:16>","Hash":"<hex:64>"}]}]`},
		{"AWS::S3::Bucket", "AttackSequence:S3-CompromisedData", "TTPs/Exfiltration", "Several signals together show that data of <name> was taken",
			feature("Correlation", "SEQUENCE"),
			`,{"Type":"AwsIamRole","Id":"arn:<partition>:iam::<account>:role/<name>-reader","Partition":"<partition>","Region":"<region>","ResourceRole":"Actor"}`,
			`,"Detection":{"Sequence":{"Uid":"<hex:32>","Actors":[{"Id":"session-<hex:8>","User":{"Name":"<name>-reader","Uid":"AROA<int:1000000000000000:9999999999999999>",` +
				`"Type":"AssumedRole","CredentialUid":"ASIA<int:1000000000000000:9999999999999999>","Account":{"Uid":"<account>","Name":"<pick:blue|green>"}},` +
				`"Session":{"Uid":"<hex:16>","MfaStatus":"<pick:ENABLED|DISABLED>","CreatedTime":<created-ms>,"Issuer":"arn:<partition>:iam::<account>:role/<name>-reader"}}],` +
				`"Endpoints":[{"Id":"endpoint-<hex:8>","Ip":"198.51.100.<int:1:254>","Domain":"caller.example.com","Port":443,` +
				`"Location":{"City":"Vostok","Country":"Antarctica","Lat":-78.5,"Lon":106},"AutonomousSystem":{"Name":"Example Networks","Number":<int:64512:65534>},` +
				`"Connection":{"Direction":"<pick:INBOUND|OUTBOUND>"}}],` +
				`"Signals":[{"Type":"FINDING","Id":"<hex:32>","Title":"Objects listed from an unusual place","ProductArn":"arn:<partition>:securityhub:<region>::product/aws/guardduty",` +
				`"ResourceIds":["<arn>"],"SignalIndicators":[{"Key":"ATTACK_TACTIC","Values":["Discovery","Collection"],"Title":"Tactics","Type":"STRING"}],` +
				`"Name":"Discovery:S3-AnomalousBehavior","CreatedAt":<created-ms>,"UpdatedAt":<updated-ms>,"FirstSeenAt":<created-ms>,"LastSeenAt":<updated-ms>,` +
				`"Severity":<pick:5|8.0|4.5>,"Count":<int:1:40>,"ActorIds":["session-<hex:8>"],"EndpointIds":["endpoint-<hex:8>"]}],` +
				`"SequenceIndicators":[{"Key":"HIGH_RISK_API","Values":["s3:GetObject"],"Type":"STRING"}]}}`},
	} {
		all = append(all, product{
			name: "guardduty", kind: d.kind,
			severity: []*severity{low, medium, high, critical},
			id:       parseTemplate(guardDutyID),
			asff: text{
				product: "aws/guardduty", name: "GuardDuty", company: "Amazon", generator: detectorARN, types: `"` + d.class + `/` + d.name + `"`,
				title: d.title + `.`, description: d.title + `. See the action, the process or the signals of this finding for what was observed, and isolate the resource if nobody expects it.`,
				about: guardDutyURL, fields: d.fields, resource: role, resources: d.resources, more: d.more + `,"Sample":<bool>`,
			}.template(),
		})
	}
	return all
}
