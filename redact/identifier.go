package redact

import (
	"regexp"
	"slices"
	"strings"

	"github.com/go-shca/shca"
)

var (
	uuid      = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
	email     = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	computed  = regexp.MustCompile(`^(acl|ami|cgw|dopt|eipalloc|eipassoc|eni|fl|fs|i|igw|lt|nat|pcx|r|rtb|rtbassoc|sg|sgr|snap|subnet|tgw|tgw-attach|vgw|vol|vpc|vpce|vpn)-[0-9a-f]{8}(?:[0-9a-f]{9})?$`)
	region    = regexp.MustCompile(`^(?:(?:[a-z]{2}|eusc-de)(?:-(?:gov|iso[a-z]?|isob|north|south|east|west|central|northeast|northwest|southeast|southwest)){1,2}-[0-9]{1,2}|aws-global|aws-[a-z]{2,6}-global|global)$`)
	partition = regexp.MustCompile(`^aws(?:-cn|-us-gov|-iso|-iso-[a-z]|-eusc)?$`)
	service   = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)
)

// id returns the pseudonym of an identifier: an ARN for an ARN, an account id
// for an account id, a UUID for a UUID, an address for an address, and a name
// for what is none of these. Different identifiers get different ones.
func (r *Redactor) id(id string) string {
	switch {
	case id == "":
		return ""
	case strings.HasPrefix(id, "arn:"):
		return r.arn(id)
	case shca.IsAccountID(id):
		return r.account(id)
	case uuid.MatchString(id):
		return r.uuid(id)
	case email.MatchString(id):
		return r.email(id)
	}
	if account, ok := strings.CutPrefix(id, "AWS::::Account:"); ok {
		return "AWS::::Account:" + r.account(account)
	}
	if m := computed.FindStringSubmatch(id); m != nil {
		return m[1] + "-" + r.token(id)
	}
	return r.name(id)
}

// region keeps the codes of Regions.
func (r *Redactor) region(code string) string { return r.unless(region, code) }

// unless replaces what does not have the form of a public name.
func (r *Redactor) unless(public *regexp.Regexp, text string) string {
	if text == "" || public.MatchString(text) {
		return text
	}
	return r.name(text)
}

// arn returns an ARN whose account and names are pseudonyms: partition, service,
// Region and the types of resources stay. ARNs that AWS gives to all its
// customers, of standards, products and managed policies, stay as they are.
func (r *Redactor) arn(arn string) string {
	part := strings.SplitN(arn, ":", 6)
	if len(part) < 6 || part[0] != "arn" {
		return r.name(arn)
	}
	aws := partition.MatchString(part[1])
	for i, public := range []*regexp.Regexp{1: partition, 2: service, 3: region} {
		switch {
		case public == nil:
		case i == 2 && !aws: // a service of somebody else's
			part[i] = r.name(part[i])
		default:
			part[i] = r.unless(public, part[i])
		}
	}
	of, owner := part[2], part[4]
	switch {
	case owner == "" || owner == "aws" || owner == "cloudfront":
	default:
		part[4] = r.account(owner)
	}
	switch {
	case of == "securityhub":
		part[5] = r.hubResource(part[5])
	case of == "iam" && owner == "aws" && managedPolicy.MatchString(part[5]):
	default:
		part[5] = r.resource(of, part[5])
	}
	return strings.Join(part, ":")
}

var (
	managedPolicy = regexp.MustCompile(`^policy/(?:aws-service-role/|service-role/|job-function/)?[A-Za-z0-9_-]{1,64}$`)
	// ofHub matches what Security Hub names of itself: standards, their
	// versions and checks. What follows the last group identifies one of them.
	ofHub = regexp.MustCompile(`^((?:(?:subscription|control|standards|ruleset)/(?:` + standardNames + `)/v/[0-9.]{1,10}(?:/[A-Za-z0-9.]{1,40}|/rule/[0-9.]{1,10})?|security-control/[A-Za-z0-9.]{1,40}|hub/default)(?:/finding/)?)(.*)$`)
	// product matches the products of AWS, and of others by their names there.
	product = regexp.MustCompile(`^(product(?:v2)?)/([^/]+)/([^/]+)$`)
)

const standardNames = `nist-800-53|nist-800-171|aws-foundational-security-best-practices|cis-aws-foundations-benchmark|pci-dss|service-managed-aws-control-tower|aws-resource-tagging-standard`

// vendors are companies with products that Security Hub takes findings of
// (Security Hub user guide, "Available third-party partner product
// integrations"). Others may be the user's own.
var vendors = []string{
	"aws", "amazon", "3coresec", "alertlogic", "aquasecurity", "aqua-security", "armordefense", "atlassian", "attackiq", "barracuda", "bigid", "blue-hexagon", "checkpoint",
	"cloudcustodian", "cloud-custodian", "cloudstorage", "cloudstoragesec", "contrast-security", "crowdstrike", "cyberark", "data-theorem", "drata", "fireeye", "forcepoint", "fugue",
	"guardicore", "hackerone", "ibm", "jfrog", "juniper-networks", "k9-security", "lacework", "mcafee-skyhigh", "metricstream", "microfocus", "netscout",
	"orca-security", "paloaltonetworks", "prowler", "qualys", "rackspace", "rapid7", "rsa", "secureclouddb", "sentinelone", "servicenow", "slack", "snyk", "sonraisecurity",
	"sophos", "splunk", "stackrox", "sumologicinc", "sysdig", "tenable", "thales", "trend-micro", "turbot", "twistlock", "vectra-ai", "wiz-security",
}

var productName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,60}$`)

// hubResource redacts the resource of an ARN of Security Hub.
func (r *Redactor) hubResource(text string) string {
	if m := product.FindStringSubmatch(text); m != nil {
		switch kind, vendor, name := m[1], m[2], m[3]; {
		case slices.Contains(vendors, vendor) && productName.MatchString(name):
			return text
		case shca.IsAccountID(vendor) && name == "default": // findings of the account's own
			return kind + "/" + r.account(vendor) + "/default"
		default:
			return kind + "/" + r.id(vendor) + "/" + r.id(name)
		}
	}
	if m := ofHub.FindStringSubmatch(text); m != nil {
		if m[2] == "" || strings.HasSuffix(m[1], "/finding/") {
			return m[1] + r.segments(m[2], nil)
		}
	}
	return r.resource("securityhub", text)
}

// resourceTypes are the words for types of resources in ARNs (Service
// Authorization Reference). They stay, but where a service's ARNs begin with a
// name.
var resourceTypes = wordSet(`
	access-point accesspoint accesskey access-key account alarm alias analyzer api apis apikey app application applications archive-rule
	assessment attachment autoScalingGroup autoScalingGroupName autoscalingplans backup-plan backup-vault broker build bundle bus byte-match-set
	capacity-provider catalog certificate certificate-authority changeset channel client-vpn-endpoint cluster cluster-pg cluster-snapshot
	cluster-endpoint codebuild component configuration config-rule configuration-recorder connection connector container-instance crawler
	crlset custom-action dashboard database dataset datasync datastore db deliverystream delivery-stream deployment detector dev-endpoint device
	dhcp-options distribution document domain egress-only-internet-gateway elastic-ip elasticfilesystem endpoint endpoint-config environment es event-bus
	event-subscription execution export fargate-profile feature-group federated-user file-system filter finding findings firewall firewall-policy flow
	flow-log flow-definition fleet folder function gateway global-replication-group graph group hosted-zone hostedzone hub identity identity-provider
	identitypool image image-recipe import index infrastructure-configuration insight instance instance-profile integrations internet-gateway
	inventory ipset ip-set job key key-pair keyspace lambda layer launch-template launchConfiguration launchConfigurationName lifecycle-policy listener
	listener-rule loadbalancer log-group log-stream maintenancewindow mfa model model-package mount namespace nat-gateway network-acl network-insights-path
	network-interface node nodegroup notebook-instance oidc-provider og organization ou parameter parametergroup patchbaseline pg physical-connection
	pipeline placement-group plan policy pool portal prefix-list project proxy queue recovery-point regional regexpatternset registry
	reportgroup replication-group replicationgroup repository reserved-instances resolver-rule resource-data-sync resource-share resourcepolicy restapis
	ri role root route-table routes rule rule-group rulegroup saml-provider scalingPolicy schedule schema scheduled-query secgrp secret
	security-group security-group-rule security-profile server server-certificate service setup si smb snapshot snapshot-export spot-fleet-request
	spot-instances-request stack stackset stage stages stateMachine stateful-rulegroup stateless-rulegroup store stream streams subgrp
	subnet subnetgroup subnet-group subscription subnetgrp table target target-group targetgroup task task-definition task-definition-family task-set
	topic trail training-job transfer transit-gateway transit-gateway-attachment trigger user userpool user-pool usagepolicy
	vault vhost virtualmfa volume vpc vpc-endpoint vpc-flow-log vpc-peering-connection vpn-connection vpn-gateway web-acl webacl workflow workgroup workspace
	managed-instance managed-node rep subgrp replicationtask cluster-parameter-group db-cluster delegated-admin global managed-rule-set launch assumed-role sts
`)

// beginWithName are the services whose resources begin with a name.
var beginWithName = wordSet(`s3 s3-object-lambda sns sqs codecommit codepipeline execute-api events-archive`)

func wordSet(text string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(text) {
		set[w] = true
	}
	return set
}

// resource redacts the resource of an ARN.
func (r *Redactor) resource(of, text string) string {
	if of == "iam" && text == "root" {
		return text // the account's own user
	}
	if m := serviceRole.FindStringSubmatch(text); of == "iam" && m != nil {
		return text // AWS names these, and nobody else can
	}
	if beginWithName[of] {
		return r.segments(text, nil)
	}
	return r.segments(text, resourceTypes)
}

var serviceRole = regexp.MustCompile(`^role/aws-service-role/[a-z0-9.-]{1,60}\.amazonaws\.com(?:\.cn)?/AWSServiceRoleFor[A-Za-z0-9]{1,60}$`)

// segments replaces the parts between slashes and colons, but those that are
// one of the words and not the last.
func (r *Redactor) segments(text string, words map[string]bool) string {
	var b strings.Builder
	for {
		end := strings.IndexAny(text, "/:")
		segment := text
		if end >= 0 {
			segment = text[:end]
		}
		switch {
		case segment == "*", end >= 0 && words[segment]:
			b.WriteString(segment)
		default:
			b.WriteString(r.id(segment))
		}
		if end < 0 {
			return b.String()
		}
		b.WriteByte(text[end])
		text = text[end+1:]
	}
}
