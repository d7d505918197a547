package testgen

// managementServices returns findings of the AWS services that watch over
// accounts: what AWS Config decides by rules of the user's own, whom resources
// are shared with, which policies and patches are missing, and events of AWS
// itself.
func managementServices() []product {
	const config = `arn:<partition>:config:<region>:<account>:config-rule/config-rule-<id>`
	return []product{
		{
			name: "config", kind: "AWS::EC2::Volume",
			severity: []*severity{informational, medium, medium},
			results:  []*result{passed, failed, failed, notAvailable},
			id:       parseTemplate(config + `/finding/<uuid>`),
			asff: text{
				product: "aws/config", name: "Config", company: "AWS", generator: config, types: `"Software and Configuration Checks"`,
				title: `volumes-have-an-owner-tag`, description: `This finding is created for a resource compliance change of the rule volumes-have-an-owner-tag.`,
				about: `,"Remediation":{"Recommendation":{"Text":"Add the tag Owner to the volume."}}`,
				fields: `"aws/config/ConfigRuleArn":"` + config + `","aws/config/ConfigRuleName":"volumes-have-an-owner-tag",` +
					`"aws/config/ConfigComplianceType":"<result>",`,
				more: `,"Compliance":{"Status":"<result>"}`,
			}.template(),
		},
		{
			name: "config", kind: "AWS::IAM::Role",
			severity: []*severity{low},
			results:  []*result{passed, failed, warning},
			id:       parseTemplate(config + `/finding/<uuid>`),
			asff: text{
				product: "aws/config", name: "Config", company: "AWS", generator: config, types: `"Software and Configuration Checks"`,
				title: `roles-trust-no-strangers-conformance-pack-<id>`, description: `A rule of a conformance pack looked at the role.`,
				fields: `"aws/config/ConfigRuleName":"roles-trust-no-strangers-conformance-pack-<id>",`,
				more: `,"Compliance":{"Status":"<result>","RelatedRequirements":["AC-3","internal policy 7.4"],` +
					`"StatusReasons":[{"ReasonCode":"CONFIG_EVALUATIONS_EMPTY","Description":"No evaluation was returned."},{"ReasonCode":"SECOND_REASON","Description":"And none was asked for."}]}`,
			}.template(),
		},
		{
			name: "access-analyzer", kind: "AWS::S3::Bucket",
			severity: []*severity{low, medium, high},
			id:       parseTemplate(`arn:<partition>:access-analyzer:<region>:<account>:analyzer/external/arn:<partition>:s3:::<name>-<account>`),
			asff: text{
				product: "aws/access-analyzer", name: "IAM Access Analyzer", company: "AWS", generator: "aws/access-analyzer",
				types: `"Software and Configuration Checks/AWS Security Best Practices/External Access Granted"`,
				title: `AwsS3Bucket/<arn>/ allows cross-account access`, description: `The policy of the bucket grants access to a principal of another account.`,
				about: `,"Remediation":{"Recommendation":{"Text":"If nobody means to share it, change the policy.","Url":"https://<console>/access-analyzer/home?region=<region>#/findings/details/<uuid>"}},` +
					`"SourceUrl":"https://<console>/access-analyzer/home?region=<region>#/findings/details/<uuid>"`,
				fields: `"aws/access-analyzer/arn":"<arn>","External Principal Type":"AWS","External Principal":"arn:<partition>:iam::999988887777:root","Action Granted":"s3:GetObject,s3:ListBucket","Condition":"none","ResourceOwnerAccount":"<account>",`,
			}.template(),
		},
		{
			name: "access-analyzer", kind: "AWS::IAM::Role",
			severity: []*severity{low, medium},
			id:       parseTemplate(`arn:<partition>:access-analyzer:<region>:<account>:analyzer/unused/<arn>`),
			asff: text{
				product: "aws/access-analyzer", name: "IAM Access Analyzer", company: "AWS", generator: "aws/access-analyzer",
				types: `"Software and Configuration Checks/AWS Security Best Practices/Unused Permission","Software and Configuration Checks/AWS Security Best Practices/Unused IAM Role"`,
				title: `AwsIamRole/<arn>/ contains unused permissions`, description: `The role was not used for longer than the analyzer allows.`,
				fields: `"numberOfUnusedActions":"<int:1:200>","numberOfUnusedServices":"<int:0:20>","resourceOwnerAccount":"<account>","findingType":"UnusedPermission","recommendedRemediationAction":"",`,
			}.template(),
		},
		{
			name: "firewall-manager", kind: "AWS::ElasticLoadBalancingV2::LoadBalancer",
			severity: []*severity{low, medium, high},
			results:  []*result{failed},
			id:       parseTemplate(`arn:<partition>:fms:<region>:<account>:policy/<uuid>/finding/<hex:32>`),
			asff: text{
				product: "aws/firewall-manager", name: "Firewall Manager", company: "AWS",
				generator: `arn:<partition>:fms:<region>:<account>:policy/web`,
				types:     `"Software and Configuration Checks/AWS Security Best Practices"`,
				title:     `Resource lacks a Firewall Manager managed web ACL`, description: `The resource is in the scope of a policy whose web ACL is not attached to it.`,
				about:  `,"Remediation":{"Recommendation":{"Text":"Attach the web ACL of the policy."}}`,
				fields: `"aws/fms/PolicyName":"web","aws/fms/PolicyType":"WAFV2",`,
				more:   `,"Compliance":{"Status":"<result>","StatusReasons":[{"ReasonCode":"RESOURCE_MISSING_WEB_ACL"}]}`,
			}.template(),
		},
		{
			name: "patch-manager", kind: "AWS::EC2::Instance",
			severity: []*severity{medium, high, critical},
			results:  []*result{passed, failed},
			id:       parseTemplate(`arn:<partition>:ssm:<region>:<account>:patch-compliance/i-<id>`),
			asff: text{
				product: "aws/ssm-patch-manager", name: "Systems Manager Patch Manager", company: "AWS", generator: "ssm-patch-manager",
				types: `"Software and Configuration Checks/Patch Management/Compliance"`,
				title: `Systems Manager Patch Summary - <result>`, description: `The summary says how many patches of the baseline instance i-<id> has and lacks.`,
				about: `,"Remediation":{"Recommendation":{"Text":"Run the patch baseline.","Url":"https://<region>.<console>/systems-manager/patch-manager"}}`,
				more: `,"Compliance":{"Status":"<result>"},"PatchSummary":{"Id":"pb-0<hex:16>","InstalledCount":<int:0:300>,"MissingCount":<int:0:30>,"FailedCount":<int:0:3>,` +
					`"InstalledOtherCount":<int:0:99>,"InstalledRejectedCount":0,"InstalledPendingReboot":<int:0:2>,"OperationStartTime":"<first>","OperationEndTime":"<updated>",` +
					`"RebootOption":"<pick:RebootIfNeeded|NoReboot>","Operation":"<pick:Scan|Install>"}`,
			}.template(),
		},
		{
			name: "health", kind: "",
			severity: []*severity{informational, low, medium},
			id:       parseTemplate(`arn:<partition>:health:<region>::event/RISK/AWS_RISK_CREDENTIALS_EXPOSED/AWS_RISK_CREDENTIALS_EXPOSED_<hex:32>`),
			asff: text{
				product: "aws/health", name: "Health", company: "AWS", generator: `arn:<partition>:health:<region>:<account>:event`,
				types: `"Software and Configuration Checks"`,
				title: `AWS_RISK_CREDENTIALS_EXPOSED`, description: `An access key of the account may be known to others.\nReplace it, and look at what it was used for:\n\t- in CloudTrail\n\t- in the bill`,
				about:  `,"SourceUrl":"https://phd.aws.amazon.com/phd/home#/event-log?eventID=<finding>"`,
				fields: `"Region":"<region>","Service":"RISK","EventTypeCategory":"issue",`,
			}.template(),
		},
	}
}
