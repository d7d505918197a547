package testgen

import (
	"strconv"
	"strings"
	"unicode"
)

// kind is a type of resource.
type kind struct {
	asff    string   // ASFF's name of the type, "AwsS3Bucket"
	cfn     string   // CloudFormation's name, "AWS::S3::Bucket"
	hash    uint64   // of the type's name in CloudFormation
	weight  uint64   // how common its checks are
	account bool     // there is one per account and region: the account itself
	arn     template // uses <name>, <id>
	details template // JSON value of Resources[].Details
}

// kindOf returns the kind of a CloudFormation type, "AWS::S3::Bucket". A type
// the table does not have gets a kind derived from its name.
func kindOf(cfn string) *kind {
	if cfn == "AWS::S3::Account" || cfn == "AWS::::Account" || cfn == "" {
		return &kind{
			asff: "AwsAccount", cfn: "AWS::::Account", hash: hashText("account"), weight: 8, account: true,
			arn: parseTemplate("AWS::::Account:<account>"),
		}
	}
	spec, ok := kindSpecs[strings.ToLower(cfn)]
	if !ok {
		spec = kindSpec{}
	}
	_, rest, _ := strings.Cut(cfn, "::")
	service, resource, _ := strings.Cut(rest, "::")
	if spec.asff == "" {
		spec.asff = "Aws" + capitalised(service) + capitalised(resource)
	}
	if spec.arn == "" {
		spec.arn = "arn:<partition>:" + strings.ToLower(service) + ":<region>:<account>:" + strings.ToLower(resource) + "/<name>"
	}
	if spec.details == "" {
		spec.details = otherDetails
	} else {
		spec.details = `{"` + spec.asff + `":{` + oneLine(spec.details) + `}}`
	}
	return &kind{
		asff: spec.asff, cfn: cfn, hash: hashText(strings.ToLower(cfn)), weight: max(spec.weight, 2),
		arn: parseTemplate(spec.arn), details: parseTemplate(spec.details),
	}
}

// oneLine drops the line breaks and indentation of a template.
func oneLine(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimSpace(line))
	}
	return b.String()
}

// capitalised writes a CloudFormation name as ASFF does: "DBCluster" is
// "DbCluster", "RDS" is "Rds".
func capitalised(s string) string {
	r := []rune(s)
	for i := 1; i < len(r); i++ {
		endOfRun := i+1 < len(r) && unicode.IsLower(r[i+1])
		if unicode.IsUpper(rune(s[i-1])) && !endOfRun {
			r[i] = unicode.ToLower(r[i])
		}
	}
	return string(r)
}

// otherDetails stands for a type that ASFF has no object for.
const otherDetails = `{"Other":{"resourceName":"<name>","resourceCreationTime":"<time>","configurationItemStatus":"OK",` +
	`"configurationItemMD5Hash":"<hex:32>","availabilityZone":"<region><pick:a|b|c>","vpcId":"vpc-0<hex:16>",` +
	`"engineVersion":"<int:1:9>.<int:0:20>.<int:0:9>","multiAz":"<bool>","status":"<pick:available|active|in-use>"}}`

type kindSpec struct {
	weight  uint64
	asff    string // "" if the CloudFormation name gives it
	arn     string
	details string // members of the object named after the type
}

// kindSpecs has the common types, by CloudFormation name in lower case.
var kindSpecs = map[string]kindSpec{
	"aws::s3::bucket": {30, "", "arn:<partition>:s3:::<name>-<account>", `
		"OwnerId":"<hex:64>",
		"OwnerAccountId":"<account>",
		"CreatedAt":"<time>",
		"Name":"<name>-<account>",
		"ServerSideEncryptionConfiguration":{"Rules":[{"ApplyServerSideEncryptionByDefault":
		{"SSEAlgorithm":"<pick:AES256|aws:kms>"}}]},
		"PublicAccessBlockConfiguration":{"BlockPublicAcls":<bool>,"BlockPublicPolicy":<bool>,"IgnorePublicAcls":<bool>,"RestrictPublicBuckets":<bool>},
		"BucketLoggingConfiguration":{"DestinationBucketName":"access-logs-<account>","LogFilePrefix":"<name>/"},
		"BucketVersioningConfiguration":{"Status":"<pick:Enabled|Suspended>","IsMfaDeleteEnabled":false}`},
	"aws::ec2::instance": {22, "", "arn:<partition>:ec2:<region>:<account>:instance/i-<id>", `
		"Type":"<pick:t3.medium|m6i.large|m6i.2xlarge|c7g.xlarge|r6i.4xlarge>",
		"ImageId":"ami-0<hex:16>",
		"IpV4Addresses":["10.<int:0:255>.<int:0:255>.<int:4:254>"],
		"IamInstanceProfileArn":"arn:<partition>:iam::<account>:instance-profile/<name>",
		"VpcId":"vpc-0<hex:16>",
		"SubnetId":"subnet-0<hex:16>",
		"LaunchedAt":"<time>",
		"NetworkInterfaces":[{"NetworkInterfaceId":"eni-0<hex:16>"}],
		"VirtualizationType":"hvm",
		"MetadataOptions":{"HttpEndpoint":"enabled","HttpPutResponseHopLimit":<int:1:2>,"HttpTokens":"<pick:required|optional>","InstanceMetadataTags":"disabled"},
		"Monitoring":{"State":"<pick:enabled|disabled>"}`},
	"aws::ec2::securitygroup": {20, "", "arn:<partition>:ec2:<region>:<account>:security-group/sg-<id>", `
		"GroupName":"<name>",
		"GroupId":"sg-<id>",
		"OwnerId":"<account>",
		"VpcId":"vpc-0<hex:16>",
		"IpPermissions":[
		{"IpProtocol":"tcp","FromPort":443,"ToPort":443,"IpRanges":[{"CidrIp":"0.0.0.0/0"}],"Ipv6Ranges":[{"CidrIpv6":"::/0"}]},
		{"IpProtocol":"tcp","FromPort":<pick:22|3389|5432|8080>,"ToPort":9443,"IpRanges":[{"CidrIp":"10.<int:0:255>.0.0/16"}],
		"UserIdGroupPairs":[{"GroupId":"sg-0<hex:16>","UserId":"<account>"}]}],
		"IpPermissionsEgress":[{"IpProtocol":"-1","IpRanges":[{"CidrIp":"0.0.0.0/0"}]}]`},
	"aws::ec2::volume": {14, "", "arn:<partition>:ec2:<region>:<account>:volume/vol-<id>", `
		"CreateTime":"<time>",
		"DeviceName":"/dev/xvd<pick:a|b|f>",
		"Encrypted":<bool>,
		"Size":<int:8:2000>,
		"SnapshotId":"snap-0<hex:16>",
		"Status":"<pick:in-use|available>",
		"KmsKeyId":"arn:<partition>:kms:<region>:<account>:key/<uuid>",
		"Attachments":[{"AttachTime":"<time>","DeleteOnTermination":true,"InstanceId":"i-0<hex:16>","Status":"attached"}],
		"VolumeId":"vol-<id>","VolumeType":"<pick:gp2|gp3|io2>","VolumeScanStatus":""`},
	"aws::ec2::vpc": {6, "AwsEc2Vpc", "arn:<partition>:ec2:<region>:<account>:vpc/vpc-<id>", `
		"CidrBlockAssociationSet":[{"AssociationId":"vpc-cidr-assoc-0<hex:16>","CidrBlock":"10.<int:0:255>.0.0/16","CidrBlockState":"associated"}],
		"DhcpOptionsId":"dopt-0<hex:16>",
		"State":"available"`},
	"aws::ec2::vpcendpoint": {2, "", "arn:<partition>:ec2:<region>:<account>:vpc-endpoint/vpce-<id>", ""},
	"aws::ec2::subnet": {8, "", "arn:<partition>:ec2:<region>:<account>:subnet/subnet-<id>", `
		"AssignIpv6AddressOnCreation":false,
		"AvailabilityZone":"<region><pick:a|b|c>",
		"AvailableIpAddressCount":<int:4:4091>,
		"CidrBlock":"10.<int:0:255>.<int:0:15>.0/20",
		"DefaultForAz":<bool>,
		"MapPublicIpOnLaunch":<bool>,
		"OwnerId":"<account>",
		"State":"available",
		"SubnetArn":"<arn>",
		"SubnetId":"subnet-<id>",
		"VpcId":"vpc-0<hex:16>"`},
	"aws::ec2::networkacl": {6, "", "arn:<partition>:ec2:<region>:<account>:network-acl/acl-<id>", `
		"IsDefault":<bool>,
		"NetworkAclId":"acl-<id>",
		"OwnerId":"<account>",
		"VpcId":"vpc-0<hex:16>",
		"Associations":[{"NetworkAclAssociationId":"aclassoc-0<hex:16>","NetworkAclId":"acl-<id>","SubnetId":"subnet-0<hex:16>"}],
		"Entries":[{"CidrBlock":"0.0.0.0/0","Egress":true,"Protocol":"-1","RuleAction":"allow","RuleNumber":100},
		{"CidrBlock":"0.0.0.0/0","Egress":false,"Protocol":"-1","RuleAction":"allow","RuleNumber":100},
		{"CidrBlock":"0.0.0.0/0","Egress":false,"Protocol":"-1","RuleAction":"deny","RuleNumber":32767}]`},
	"aws::ec2::eip": {3, "", "arn:<partition>:ec2:<region>:<account>:elastic-ip/eipalloc-<id>", `
		"InstanceId":"i-0<hex:16>",
		"PublicIp":"203.0.113.<int:1:254>",
		"AllocationId":"eipalloc-<id>",
		"AssociationId":"eipassoc-0<hex:16>",
		"Domain":"vpc",
		"PublicIpv4Pool":"amazon",
		"NetworkBorderGroup":"<region>",
		"NetworkInterfaceId":"eni-0<hex:16>",
		"NetworkInterfaceOwnerId":"<account>",
		"PrivateIpAddress":"10.<int:0:255>.<int:0:255>.<int:4:254>"`},
	"aws::ec2::launchtemplate": {2, "", "arn:<partition>:ec2:<region>:<account>:launch-template/lt-<id>", ""},
	"aws::ec2::vpnconnection":  {1, "", "arn:<partition>:ec2:<region>:<account>:vpn-connection/vpn-<id>", ""},
	"aws::ec2::transitgateway": {1, "", "arn:<partition>:ec2:<region>:<account>:transit-gateway/tgw-<id>", ""},
	"aws::rds::dbinstance": {10, "", "arn:<partition>:rds:<region>:<account>:db:<name>", `
		"AllocatedStorage":<int:20:2000>,
		"AutoMinorVersionUpgrade":<bool>,
		"BackupRetentionPeriod":<int:0:35>,
		"CACertificateIdentifier":"rds-ca-rsa2048-g1",
		"CopyTagsToSnapshot":<bool>,
		"DBInstanceClass":"db.<pick:t4g.medium|m6g.large|r6g.xlarge>",
		"DBInstanceIdentifier":"<name>",
		"DbInstancePort":0,
		"DbiResourceId":"db-<hex:26>",
		"DeletionProtection":<bool>,
		"Endpoint":{"Address":"<name>.<hex:12>.<region>.rds.amazonaws.com","Port":5432},
		"Engine":"<pick:postgres|mysql|mariadb>",
		"EngineVersion":"<int:10:17>.<int:1:9>",
		"IAMDatabaseAuthenticationEnabled":<bool>,
		"InstanceCreateTime":"<time>",
		"KmsKeyId":"arn:<partition>:kms:<region>:<account>:key/<uuid>",
		"MultiAz":<bool>,"PubliclyAccessible":<bool>,"StorageEncrypted":<bool>,"StorageType":"gp3",
		"VpcSecurityGroups":[{"VpcSecurityGroupId":"sg-0<hex:16>","Status":"active"}]`},
	"aws::rds::dbcluster": {5, "", "arn:<partition>:rds:<region>:<account>:cluster:<name>", `
		"AllocatedStorage":1,
		"AvailabilityZones":["<region>a","<region>b","<region>c"],
		"BackupRetentionPeriod":<int:1:35>,
		"ClusterCreateTime":"<time>",
		"CopyTagsToSnapshot":<bool>,
		"DbClusterIdentifier":"<name>",
		"DbClusterMembers":[{"DbClusterParameterGroupStatus":"in-sync","DbInstanceIdentifier":"<name>-1","IsClusterWriter":true,"PromotionTier":1}],
		"DbClusterResourceId":"cluster-<hex:26>",
		"DeletionProtection":<bool>,
		"Endpoint":"<name>.cluster-<hex:12>.<region>.rds.amazonaws.com",
		"Engine":"<pick:aurora-postgresql|aurora-mysql|docdb|neptune>",
		"EngineVersion":"<int:5:16>.<int:1:9>",
		"IamDatabaseAuthenticationEnabled":<bool>,
		"KmsKeyId":"arn:<partition>:kms:<region>:<account>:key/<uuid>",
		"MultiAz":<bool>,"Port":<pick:3306|5432|27017|8182>,"Status":"available","StorageEncrypted":<bool>`},
	"aws::rds::dbsnapshot":        {6, "", "arn:<partition>:rds:<region>:<account>:snapshot:<name>", ""},
	"aws::rds::dbclustersnapshot": {4, "", "arn:<partition>:rds:<region>:<account>:cluster-snapshot:<name>", ""},
	"aws::rds::eventsubscription": {2, "", "arn:<partition>:rds:<region>:<account>:es:<name>", ""},
	"aws::iam::user": {14, "", "arn:<partition>:iam::<account>:user/<name>", `
		"AttachedManagedPolicies":[{"PolicyName":"ReadOnlyAccess","PolicyArn":"arn:<partition>:iam::aws:policy/ReadOnlyAccess"}],
		"CreateDate":"<time>",
		"GroupList":["<pick:deployers|auditors|operators>"],
		"Path":"/",
		"UserId":"AIDA<int:1000000000000000:9999999999999999>",
		"UserName":"<name>"`},
	"aws::iam::role": {10, "", "arn:<partition>:iam::<account>:role/<name>", `
		"AssumeRolePolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"lambda.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}]}",
		"AttachedManagedPolicies":[{"PolicyName":"<name>-access","PolicyArn":"arn:<partition>:iam::<account>:policy/<name>-access"}],
		"CreateDate":"<time>",
		"MaxSessionDuration":3600,
		"Path":"/",
		"RoleId":"AROA<int:1000000000000000:9999999999999999>",
		"RoleName":"<name>"`},
	"aws::iam::policy": {12, "", "arn:<partition>:iam::<account>:policy/<name>", `
		"AttachmentCount":<int:0:9>,
		"CreateDate":"<time>",
		"DefaultVersionId":"v1",
		"Description":"Access for <name>",
		"IsAttachable":true,
		"Path":"/",
		"PermissionsBoundaryUsageCount":0,
		"PolicyId":"ANPA<int:1000000000000000:9999999999999999>",
		"PolicyName":"<name>",
		"PolicyVersionList":[{"VersionId":"v1","IsDefaultVersion":true,"CreateDate":"<time>"}],
		"UpdateDate":"<time>"`},
	"aws::kms::key": {16, "", "arn:<partition>:kms:<region>:<account>:key/<name>", `
		"AWSAccountId":"<account>",
		"CreationDate":"<int:1500000000:1760000000>.<int:100:999>",
		"Description":"Key of <name>",
		"KeyId":"<uuid>",
		"KeyManager":"CUSTOMER",
		"KeyRotationStatus":<bool>,
		"KeyState":"<pick:Enabled|PendingDeletion>",
		"Origin":"AWS_KMS"`},
	"aws::lambda::function": {18, "", "arn:<partition>:lambda:<region>:<account>:function:<name>", `
		"CodeSha256":"<hex:43>=",
		"DeadLetterConfig":{"TargetArn":"arn:<partition>:sqs:<region>:<account>:<name>-dlq"},
		"Environment":{"Variables":{"LOG_LEVEL":"info","STAGE":"<pick:prod|test|dev>"}},
		"FunctionName":"<name>",
		"Handler":"<pick:main.handler|bootstrap|index.handler>",
		"LastModified":"<time>",
		"MemorySize":<pick:128|256|512|1024>,
		"RevisionId":"<uuid>",
		"Role":"arn:<partition>:iam::<account>:role/<name>",
		"Runtime":"<pick:python3.9|python3.13|nodejs22.x|provided.al2023|java21>",
		"Timeout":<int:3:900>,
		"TracingConfig":{"TracingConfig.Mode":"PassThrough"},
		"Version":"$LATEST",
		"VpcConfig":{"SecurityGroupIds":["sg-0<hex:16>"],"SubnetIds":["subnet-0<hex:16>","subnet-0<hex:16>"]}`},
	"aws::cloudtrail::trail": {6, "", "arn:<partition>:cloudtrail:<region>:<account>:trail/<name>", `
		"CloudWatchLogsLogGroupArn":"arn:<partition>:logs:<region>:<account>:log-group:<name>:*",
		"CloudWatchLogsRoleArn":"arn:<partition>:iam::<account>:role/<name>",
		"HasCustomEventSelectors":<bool>,
		"HomeRegion":"<region>",
		"IncludeGlobalServiceEvents":true,
		"IsMultiRegionTrail":<bool>,
		"IsOrganizationTrail":<bool>,
		"LogFileValidationEnabled":<bool>,
		"Name":"<name>",
		"S3BucketName":"trail-logs-<account>",
		"TrailArn":"<arn>"`},
	"aws::dynamodb::table": {8, "", "arn:<partition>:dynamodb:<region>:<account>:table/<name>", `
		"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"}],
		"BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST","LastUpdateToPayPerRequestDateTime":"<time>"},
		"CreationDateTime":"<time>",
		"DeletionProtectionEnabled":<bool>,
		"ItemCount":<int:0:9000000>,
		"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
		"TableId":"<uuid>",
		"TableName":"<name>",
		"TableSizeBytes":<int:0:9000000000>,
		"TableStatus":"ACTIVE"`},
	"aws::elasticloadbalancingv2::loadbalancer": {9, "AwsElbv2LoadBalancer", "arn:<partition>:elasticloadbalancing:<region>:<account>:loadbalancer/app/<name>/<id>", `
		"AvailabilityZones":[{"SubnetId":"subnet-0<hex:16>","ZoneName":"<region>a"},{"SubnetId":"subnet-0<hex:16>","ZoneName":"<region>b"}],
		"CanonicalHostedZoneId":"Z<int:10000000000000:99999999999999>",
		"CreatedTime":"<time>",
		"DNSName":"<name>-<int:100000000:999999999>.<region>.elb.amazonaws.com",
		"IpAddressType":"ipv4",
		"LoadBalancerAttributes":[{"Key":"deletion_protection.enabled","Value":"<bool>"},{"Key":"access_logs.s3.enabled","Value":"<bool>"},
		{"Key":"routing.http.drop_invalid_header_fields.enabled","Value":"<bool>"}],
		"Scheme":"<pick:internal|internet-facing>",
		"SecurityGroups":["sg-0<hex:16>"],
		"State":{"Code":"active"},
		"Type":"application",
		"VpcId":"vpc-0<hex:16>"`},
	"aws::elasticloadbalancingv2::listener":   {3, "AwsElbv2Listener", "arn:<partition>:elasticloadbalancing:<region>:<account>:listener/app/<name>/<id>/<id>", ""},
	"aws::elasticloadbalancing::loadbalancer": {3, "AwsElbLoadBalancer", "arn:<partition>:elasticloadbalancing:<region>:<account>:loadbalancer/<name>", ""},
	"aws::autoscaling::autoscalinggroup":      {6, "", "arn:<partition>:autoscaling:<region>:<account>:autoScalingGroup:<id>:autoScalingGroupName/<name>", ""},
	"aws::autoscaling::launchconfiguration":   {2, "", "arn:<partition>:autoscaling:<region>:<account>:launchConfiguration:<id>:launchConfigurationName/<name>", ""},
	"aws::apigateway::stage":                  {4, "", "arn:<partition>:apigateway:<region>::/restapis/<id>/stages/<name>", ""},
	"aws::apigatewayv2::stage":                {4, "", "arn:<partition>:apigateway:<region>::/apis/<id>/stages/<name>", ""},
	"aws::apigatewayv2::route":                {3, "", "arn:<partition>:apigateway:<region>::/apis/<id>/routes/<name>", ""},
	"aws::acm::certificate":                   {6, "AwsCertificateManagerCertificate", "arn:<partition>:acm:<region>:<account>:certificate/<name>", ""},
	"aws::cloudwatch::alarm":                  {6, "", "arn:<partition>:cloudwatch:<region>:<account>:alarm:<name>", ""},
	"aws::logs::loggroup":                     {8, "AwsLogsLogGroup", "arn:<partition>:logs:<region>:<account>:log-group:/aws/lambda/<name>", ""},
	"aws::cloudfront::distribution":           {3, "", "arn:<partition>:cloudfront::<account>:distribution/<name>", ""},
	"aws::codebuild::project":                 {4, "", "arn:<partition>:codebuild:<region>:<account>:project/<name>", ""},
	"aws::ecr::repository":                    {7, "AwsEcrRepository", "arn:<partition>:ecr:<region>:<account>:repository/<name>", ""},
	"aws::ecs::taskdefinition":                {5, "", "arn:<partition>:ecs:<region>:<account>:task-definition/<name>:7", ""},
	"aws::ecs::service":                       {5, "", "arn:<partition>:ecs:<region>:<account>:service/main/<name>", ""},
	"aws::eks::cluster":                       {3, "", "arn:<partition>:eks:<region>:<account>:cluster/<name>", ""},
	"aws::efs::filesystem":                    {4, "", "arn:<partition>:elasticfilesystem:<region>:<account>:file-system/fs-<id>", ""},
	"aws::efs::accesspoint":                   {3, "", "arn:<partition>:elasticfilesystem:<region>:<account>:access-point/fsap-<id>", ""},
	"aws::elasticsearch::domain":              {1, "AwsElasticsearchDomain", "arn:<partition>:es:<region>:<account>:domain/<name>", ""},
	"aws::opensearch::domain":                 {2, "AwsOpenSearchServiceDomain", "arn:<partition>:es:<region>:<account>:domain/<name>", ""},
	"aws::elasticbeanstalk::environment":      {2, "", "arn:<partition>:elasticbeanstalk:<region>:<account>:environment/<name>/<name>", ""},
	"aws::redshift::cluster":                  {2, "", "arn:<partition>:redshift:<region>:<account>:cluster:<name>", ""},
	"aws::secretsmanager::secret":             {9, "", "arn:<partition>:secretsmanager:<region>:<account>:secret:<name>-Ab12Cd", ""},
	"aws::sns::topic":                         {8, "", "arn:<partition>:sns:<region>:<account>:<name>", ""},
	"aws::sqs::queue":                         {9, "", "arn:<partition>:sqs:<region>:<account>:<name>", ""},
	"aws::ssm::patchcompliance":               {8, "AwsSsmPatchCompliance", "arn:<partition>:ssm:<region>:<account>:managed-instance-inventory/i-<id>", ""},
	"aws::ssm::associationcompliance":         {8, "AwsSsmAssociationCompliance", "arn:<partition>:ssm:<region>:<account>:association/<name>", ""},
	"aws::waf::webacl":                        {1, "", "arn:<partition>:waf::<account>:webacl/<name>", ""},
	"aws::wafregional::webacl":                {1, "", "arn:<partition>:waf-regional:<region>:<account>:webacl/<name>", ""},
	"aws::wafv2::webacl":                      {3, "AwsWafv2WebAcl", "arn:<partition>:wafv2:<region>:<account>:regional/webacl/<name>/<id>", ""},
	"aws::wafv2::rulegroup":                   {2, "AwsWafv2RuleGroup", "arn:<partition>:wafv2:<region>:<account>:regional/rulegroup/<name>/<id>", ""},
	"aws::kinesisfirehose::deliverystream":    {3, "", "arn:<partition>:firehose:<region>:<account>:deliverystream/<name>", ""},
	"aws::amazonmq::broker":                   {2, "AwsAmazonMqBroker", "arn:<partition>:mq:<region>:<account>:broker:<name>:b-<id>", ""},
	"aws::msk::cluster":                       {2, "AwsMskCluster", "arn:<partition>:kafka:<region>:<account>:cluster/<name>/<id>", ""},
	"aws::backup::recoverypoint":              {10, "AwsBackupRecoveryPoint", "arn:<partition>:backup:<region>:<account>:recovery-point:<name>", ""},
	"aws::emr::cluster":                       {2, "AwsEmrCluster", "arn:<partition>:elasticmapreduce:<region>:<account>:cluster/j-<id>", ""},
	"aws::networkfirewall::firewall":          {1, "", "arn:<partition>:network-firewall:<region>:<account>:firewall/<name>", ""},
	"aws::route53::hostedzone":                {2, "AwsRoute53HostedZone", "arn:<partition>:route53:::hostedzone/Z<id>", ""},
	"aws::s3::accesspoint":                    {3, "AwsS3AccessPoint", "arn:<partition>:s3:<region>:<account>:accesspoint/<name>", ""},
	"aws::sagemaker::notebookinstance":        {3, "AwsSageMakerNotebookInstance", "arn:<partition>:sagemaker:<region>:<account>:notebook-instance/<name>", ""},
	"aws::acmpca::certificateauthority":       {1, "AwsAcmPcaCertificateAuthority", "arn:<partition>:acm-pca:<region>:<account>:certificate-authority/<name>", ""},
	"aws::servicecatalog::portfolio":          {1, "", "arn:<partition>:catalog:<region>:<account>:portfolio/<name>", ""},
	"aws::elasticache::cachecluster":          {2, "", "arn:<partition>:elasticache:<region>:<account>:cluster:<name>", ""},
	"aws::elasticache::replicationgroup":      {2, "", "arn:<partition>:elasticache:<region>:<account>:replicationgroup:<name>", ""},
}

// untypedChecks has the resource types of checks that the catalog names none
// for and that are not about the account.
var untypedChecks = map[string]string{
	"EC2.13":      "AWS::EC2::SecurityGroup",
	"EKS.1":       "AWS::EKS::Cluster",
	"ELB.16":      "AWS::ElasticLoadBalancingV2::LoadBalancer",
	"KMS.4":       "AWS::KMS::Key",
	"Lambda.3":    "AWS::Lambda::Function",
	"RDS.24":      "AWS::RDS::DBCluster",
	"Redshift.10": "AWS::Redshift::Cluster",
	"S3.15":       "AWS::S3::Bucket",
}

// Names of resources: what they are for, and where they belong.
var (
	purposes = [...]string{
		"orders", "billing", "catalog", "search", "reports", "ingest", "archive", "session",
		"gateway", "inventory", "shipping", "payments", "metrics", "audit", "media", "forms",
	}
	stages = [...]string{"prod", "test", "dev"}
)

// appendName appends the name of a resource, unique among the n of its type in
// an account and region: "orders-prod-use1-0007". IAM, whose names are shared
// by all regions, needs the region in the name.
func appendName(b []byte, r *random, regionShort string, n int) []byte {
	b = append(b, purposes[r.below(uint64(len(purposes)))]...)
	b = append(b, '-')
	b = append(b, stages[r.below(uint64(len(stages)))]...)
	b = append(b, '-')
	b = append(b, regionShort...)
	b = append(b, '-')
	for limit := 1000; limit > 1 && n < limit; limit /= 10 {
		b = append(b, '0')
	}
	return strconv.AppendInt(b, int64(n), 10)
}
