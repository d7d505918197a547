// Package finding is what the decoders of finding formats share: it completes
// a finding from its older and its indirect members and says what is wrong
// with one that cannot be read. The same finding read as ASFF and as OCSF gets
// the same check, title and place from it. It is for the packages below
// sources and knows no format's syntax.
package finding

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/go-shca/shca"
)

// Marks are members of a finding that tell its check, title and place where
// newer members are missing. The names in the comments are ASFF's.
type Marks struct {
	Controls []string // Compliance.SecurityControlId

	// Of ProductFields.
	ControlID    string // ControlId
	RuleID       string // RuleId
	StandardsARN string // StandardsArn or StandardsGuideArn
	ConfigRule   string // aws/config/ConfigRuleName
	ResourceID   string // Resources:0/Id
	RelatedName  string // RelatedAWSResources:0/name
	RelatedType  string // RelatedAWSResources:0/type
}

// ConfigRuleType is the RelatedType where RelatedName is a rule of AWS Config.
const ConfigRuleType = "AWS::Config::ConfigRule"

// Complete derives the finding's Check, and the check's number off its Title;
// where they are missing also its Standards, Resources, ConfigRule, AccountID,
// Region and Partition. Everything else that f and m hold must be set before.
// The error is one of m.Controls, whose name in the format the caller knows.
func Complete(f *shca.Finding, m Marks) error {
	for _, id := range m.Controls {
		if id != m.Controls[0] {
			return fmt.Errorf("names two checks, %.40q and %.40q; a finding has one", m.Controls[0], id)
		}
	}
	if len(f.Resources) == 0 && m.ResourceID != "" {
		f.Resources = []shca.Resource{{ID: m.ResourceID}}
	}
	place(f)
	if f.ConfigRule == "" && m.RelatedType == ConfigRuleType {
		f.ConfigRule = m.RelatedName
	}
	f.ConfigRule = cmp.Or(f.ConfigRule, m.ConfigRule)
	if len(f.Standards) == 0 && m.StandardsARN != "" {
		// As AssociatedStandards names it: behind the ARN's empty parts.
		_, id, _ := strings.Cut(m.StandardsARN, ":::")
		f.Standards = []string{cmp.Or(id, m.StandardsARN)}
	}
	f.Check = m.check(f)
	f.Title = m.title(f)
	return nil
}

// place fills in account, region and partition from the finding's other
// members where the producer left them out: its resources, its id, its product.
func place(f *shca.Finding) {
	for _, r := range f.Resources {
		f.Region = cmp.Or(f.Region, r.Region)
		f.Partition = cmp.Or(f.Partition, r.Partition)
	}
	for _, arn := range []string{f.ID, f.ProductARN, f.ResourceID()} {
		part := strings.SplitN(arn, ":", 6)
		if len(part) == 6 && part[0] == "arn" {
			f.Partition = cmp.Or(f.Partition, part[1])
			f.Region = cmp.Or(f.Region, part[3])
			if shca.IsAccountID(part[4]) {
				f.AccountID = cmp.Or(f.AccountID, part[4])
			}
		}
	}
}

// generator matches the generator ids of Security Hub's own standards, in
// which the check's id comes last: "security-control/S3.8",
// "nist-800-53/v/5.0.0/S3.8",
// "aws-foundational-security-best-practices/v/1.0.0/S3.8".
var generator = regexp.MustCompile(`^(?:security-control|[a-z0-9-]+/v/[0-9.]+)/([A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+)*\.[0-9]+)$`)

// check returns the finding's check: the security control id, else the control
// id of an older finding, else the generator's. Ids that are numbers only, as
// in the CIS standards, mean different checks in different standards, so there
// the whole generator id is the check.
func (m *Marks) check(f *shca.Finding) shca.CheckID {
	if len(m.Controls) > 0 && m.Controls[0] != "" {
		return shca.CheckID(m.Controls[0])
	}
	if id := m.ControlID; id != "" && strings.Trim(id, "0123456789.") != "" {
		return shca.CheckID(id)
	}
	if match := generator.FindStringSubmatch(f.GeneratorID); match != nil {
		return shca.CheckID(match[1])
	}
	if m.ConfigRule != "" && f.ProductPath() == "aws/config" {
		return shca.CheckID("config-rule/" + m.ConfigRule) // the generator is another in each account and Region
	}
	id := cmp.Or(f.GeneratorID, f.ProductARN, f.ID)
	if _, rule, ok := strings.Cut(id, ":securityhub:::ruleset/"); ok {
		id = rule // the same rule in every partition
	}
	return shca.CheckID(id)
}

// title drops the check's id from the front of the title, where findings of
// single standards have it and consolidated ones do not.
func (m *Marks) title(f *shca.Finding) string {
	for _, id := range []string{string(f.Check), m.ControlID, m.RuleID} {
		if !strings.ContainsAny(id, "0123456789") {
			continue // a product's name, not a check's number
		}
		if rest, ok := strings.CutPrefix(f.Title, id+" "); ok {
			return rest
		}
	}
	return f.Title
}
