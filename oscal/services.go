package oscal

import (
	"maps"
	"slices"
	"strings"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
)

// serviceOf is the AWS service that a Security Hub check is about: the part of
// its id before the dot, in
// lower case, since AWS spells Autoscaling in two ways. ok is false for the checks of other producers.
func (b *bundle) serviceOf(id shca.CheckID) (service string, ok bool) {
	if _, known := b.framework.Check(id); !known {
		return "", false
	}
	service, _, ok = strings.Cut(string(id), ".")
	return strings.ToLower(service), ok
}

// serviceComponent is the service as a part of the system.
func serviceComponent(service string) o.SystemComponent {
	return o.SystemComponent{
		UUID: serviceUUID(service), Type: "service", Title: serviceTitle(service),
		Description: "AWS service that the system uses.",
		Props:       props(nist("vendor-name", "Amazon Web Services")),
		Status:      o.SystemComponentStatus{State: "operational"},
	}
}

func serviceUUID(service string) string { return newUUID("component", "aws-service", service) }

// serviceTitle is the service's name as AWS writes it.
func serviceTitle(service string) string {
	if name, ok := serviceTitles[service]; ok {
		return name
	}
	return "AWS service " + title(service, "without a name")
}

var serviceTitles = map[string]string{
	"account":            "AWS Account Management",
	"acm":                "AWS Certificate Manager",
	"amplify":            "AWS Amplify",
	"apigateway":         "Amazon API Gateway",
	"appconfig":          "AWS AppConfig",
	"appflow":            "Amazon AppFlow",
	"apprunner":          "AWS App Runner",
	"appsync":            "AWS AppSync",
	"athena":             "Amazon Athena",
	"autoscaling":        "Amazon EC2 Auto Scaling",
	"backup":             "AWS Backup",
	"batch":              "AWS Batch",
	"bedrockagentcore":   "Amazon Bedrock AgentCore",
	"cloudformation":     "AWS CloudFormation",
	"cloudfront":         "Amazon CloudFront",
	"cloudtrail":         "AWS CloudTrail",
	"cloudwatch":         "Amazon CloudWatch",
	"codeartifact":       "AWS CodeArtifact",
	"codebuild":          "AWS CodeBuild",
	"codeguruprofiler":   "Amazon CodeGuru Profiler",
	"codegurureviewer":   "Amazon CodeGuru Reviewer",
	"cognito":            "Amazon Cognito",
	"config":             "AWS Config",
	"connect":            "Amazon Connect",
	"datafirehose":       "Amazon Data Firehose",
	"datasync":           "AWS DataSync",
	"detective":          "Amazon Detective",
	"dms":                "AWS Database Migration Service",
	"documentdb":         "Amazon DocumentDB",
	"dynamodb":           "Amazon DynamoDB",
	"ec2":                "Amazon EC2",
	"ecr":                "Amazon ECR",
	"ecs":                "Amazon ECS",
	"efs":                "Amazon EFS",
	"eks":                "Amazon EKS",
	"elasticache":        "Amazon ElastiCache",
	"elasticbeanstalk":   "AWS Elastic Beanstalk",
	"elb":                "Elastic Load Balancing",
	"emr":                "Amazon EMR",
	"es":                 "Amazon OpenSearch Service (Elasticsearch)",
	"eventbridge":        "Amazon EventBridge",
	"frauddetector":      "Amazon Fraud Detector",
	"fsx":                "Amazon FSx",
	"globalaccelerator":  "AWS Global Accelerator",
	"glue":               "AWS Glue",
	"guardduty":          "Amazon GuardDuty",
	"iam":                "AWS Identity and Access Management",
	"inspector":          "Amazon Inspector",
	"iot":                "AWS IoT",
	"keyspaces":          "Amazon Keyspaces",
	"kinesis":            "Amazon Kinesis",
	"kms":                "AWS Key Management Service",
	"lambda":             "AWS Lambda",
	"macie":              "Amazon Macie",
	"mq":                 "Amazon MQ",
	"msk":                "Amazon MSK",
	"neptune":            "Amazon Neptune",
	"networkfirewall":    "AWS Network Firewall",
	"opensearch":         "Amazon OpenSearch Service",
	"pca":                "AWS Private Certificate Authority",
	"rds":                "Amazon RDS",
	"redshift":           "Amazon Redshift",
	"redshiftserverless": "Amazon Redshift Serverless",
	"route53":            "Amazon Route 53",
	"s3":                 "Amazon S3",
	"sagemaker":          "Amazon SageMaker AI",
	"secretsmanager":     "AWS Secrets Manager",
	"servicecatalog":     "AWS Service Catalog",
	"ses":                "Amazon SES",
	"sns":                "Amazon SNS",
	"sqs":                "Amazon SQS",
	"ssm":                "AWS Systems Manager",
	"stepfunctions":      "AWS Step Functions",
	"transfer":           "AWS Transfer Family",
	"waf":                "AWS WAF",
	"workspaces":         "Amazon WorkSpaces",
}

// services are the services whose checks have findings, sorted.
func (b *bundle) services() []string {
	seen := map[string]bool{}
	for i := range b.assessment.Checks {
		if service, ok := b.serviceOf(b.assessment.Checks[i].ID); ok {
			seen[service] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
