package finding

import (
	"strings"
	"testing"
)

func TestConfigRule(t *testing.T) {
	for name, want := range map[string]string{
		"access-keys-rotated":                                             "access-keys-rotated",
		" Access-Keys-Rotated\n":                                          "access-keys-rotated",
		"ACCESS_KEYS_ROTATED":                                             "access-keys-rotated",
		"EC2_IMDSV2_CHECK":                                                "ec2-imdsv2-check",
		"INCOMING_SSH_DISABLED":                                           "restricted-ssh",
		"MULTI_REGION_CLOUD_TRAIL_ENABLED":                                "multi-region-cloudtrail-enabled",
		"my_own_rule":                                                     "my_own_rule",
		"InstanceTypesAreT2micro":                                         "instancetypesaret2micro",
		"securityhub-sqs-queue-encrypted-12345678":                        "sqs-queue-encrypted",
		"securityhub-multi-region-cloud-trail-enabled-abcdef12":           "multi-region-cloudtrail-enabled",
		"securityhub-iam-policy-no-statements-with-admin-access":          "iam-policy-no-statements-with-admin-access",
		"securityhub-autoscaling-launchconfig-requires-imdsv2":            "autoscaling-launchconfig-requires-imdsv2",
		"access-keys-rotated-conformance-pack-qx4bki4j7":                  "access-keys-rotated",
		"awsconfigconforms-RuleName1-conformance-pack-ID":                 "rulename1",
		"OrgConfigRule-access-keys-rotated-a1b2c3d4":                      "access-keys-rotated",
		"OrgConfigRule-access-keys-rotated":                               "access-keys-rotated",
		"orgconfigrule-securityhub-sqs-queue-encrypted-12345678-a1b2c3d4": "sqs-queue-encrypted",
		"-conformance-pack-x":                                             "-conformance-pack-x",
		"securityhub-":                                                    "securityhub-",
		"securityhub--1a2b3c4d":                                           "-1a2b3c4d",
		"":                                                                "",
		"规则-conformance-pack-1":                                           "规则",
		"securityhub-enabled":                                             "securityhub-enabled",
		"SECURITYHUB_ENABLED":                                             "securityhub-enabled",
		"securityhub-securityhub-enabled-0a1b2c3d":                        "securityhub-enabled",
		"12345": "12345",
	} {
		if got := ConfigRule(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

// FuzzConfigRule: a rule never loses its whole name, nor does the name grow but
// for replacement characters.
func FuzzConfigRule(f *testing.F) {
	for _, seed := range []string{"a", "SECURITYHUB-A-12345678", "OrgConfigRule-a-12345678", "a-conformance-pack-1", "A_B", "securityhub-orgconfigrule-", "İ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		rule := ConfigRule(name)
		if rule == "" && strings.TrimSpace(name) != "" {
			t.Errorf("%q: nothing is left", name)
		}
		if len(rule) > 3*len(name)+20 {
			t.Errorf("%q became %q", name, rule)
		}
	})
}
