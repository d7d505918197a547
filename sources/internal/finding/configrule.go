package finding

import "strings"

// ConfigRule returns the name by which an AWS Config rule is known from the name
// that it has in an account, or from a managed rule's identifier: lower case,
// words joined by hyphens, as AWS lists its managed rules and the framework's
// table of checks names them.
//
// Services that deploy rules put something around that name, which is taken off:
//
//	securityhub-access-keys-rotated-1a2b3c4d              Security Hub
//	access-keys-rotated-conformance-pack-qx4bki4j7        a conformance pack
//	awsconfigconforms-access-keys-rotated-conformance-…   an older conformance pack
//	OrgConfigRule-access-keys-rotated-a1b2c3d4            an organization's rule
//	ACCESS_KEYS_ROTATED                                   the managed rule's identifier
//
// A rule that an account names itself keeps its name in lower case.
func ConfigRule(name string) string {
	name = strings.TrimSpace(name)
	rule := strings.ToLower(name)
	if rule != name && strings.ToUpper(name) == name {
		rule = strings.ReplaceAll(rule, "_", "-") // an identifier
	}
	if i := strings.LastIndex(rule, "-conformance-pack-"); i > 0 {
		rule = rule[:i]
	}
	if rest, ok := strings.CutPrefix(rule, "awsconfigconforms-"); ok && rest != "" {
		rule = rest
	}
	if rest, ok := strings.CutPrefix(rule, "orgconfigrule-"); ok && rest != "" {
		rule = withoutSuffix(rest, letters+digits)
	}
	if rest, ok := strings.CutPrefix(rule, "securityhub-"); ok && rest != "" && rest != "enabled" { // securityhub-enabled is a managed rule
		rule = withoutSuffix(rest, "abcdef"+digits)
	}
	if usual, ok := renamed[rule]; ok {
		return usual
	}
	return rule
}

const (
	letters = "abcdefghijklmnopqrstuvwxyz"
	digits  = "0123456789"
)

// withoutSuffix takes a hyphen and eight of the characters off the rule's end,
// if it ends so.
func withoutSuffix(rule, characters string) string {
	const length = 8
	i := strings.LastIndexByte(rule, '-')
	if i > 0 && len(rule)-i-1 == length && strings.Trim(rule[i+1:], characters) == "" {
		return rule[:i]
	}
	return rule
}

// renamed lists the managed rules whose identifier in lower case is not their
// name, with the name (AWS Config developer guide, "List of AWS Config Managed
// Rules"). Security Hub names its own rules by the identifier.
var renamed = map[string]string{
	"cloud-trail-enabled":              "cloudtrail-enabled",
	"ec2-instance-managed-by-ssm":      "ec2-instance-managed-by-systems-manager",
	"incoming-ssh-disabled":            "restricted-ssh",
	"instances-in-vpc":                 "ec2-instances-in-vpc",
	"multi-region-cloud-trail-enabled": "multi-region-cloudtrail-enabled",
	"restricted-incoming-traffic":      "restricted-common-ports",
}
