package awsfake

import (
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
)

// Config is what Config knows in one account and Region.
type Config struct {
	Recorders      []types.ConfigurationRecorder
	RecorderStatus []types.ConfigurationRecorderStatus
	Rules          []types.ConfigRule
	Evaluations    map[string][]types.EvaluationResult // by name of the rule
	Packs          []ConformancePack
	Resources      []types.BaseConfigurationItem
}

// ConformancePack is a conformance pack. Its rules may be among Config.Rules, too,
// as they are in AWS.
type ConformancePack struct {
	Detail  types.ConformancePackDetail
	Status  types.ConformancePackStatusDetail // its name is taken from Detail if it has none
	Rules   []types.ConformancePackRuleCompliance
	Results []types.ConformancePackEvaluationResult
}

// configOperations lists the operations of Config (API reference, Actions).
var configOperations = []operation{
	{"config", "DescribeConfigurationRecorders", "", "", describeConfigurationRecorders},
	{"config", "DescribeConfigurationRecorderStatus", "", "", describeConfigurationRecorderStatus},
	{"config", "DescribeConfigRules", "", "", describeConfigRules},
	{"config", "DescribeComplianceByConfigRule", "", "", describeComplianceByConfigRule},
	{"config", "GetComplianceDetailsByConfigRule", "", "", getComplianceDetailsByConfigRule},
	{"config", "DescribeConformancePacks", "", "", describeConformancePacks},
	{"config", "DescribeConformancePackStatus", "", "", describeConformancePackStatus},
	{"config", "DescribeConformancePackCompliance", "", "", describeConformancePackCompliance},
	{"config", "GetConformancePackComplianceDetails", "", "", getConformancePackComplianceDetails},
	{"config", "BatchGetResourceConfig", "", "", batchGetResourceConfig},
}

func (c *call) configHere() *Config {
	if here := c.here().Config; here != nil {
		return here
	}
	return &Config{}
}

// missing is what Config answers to a name that there is not.
func missing(code, name string) *Error {
	return &Error{http.StatusBadRequest, code, "there is no " + name}
}

// named returns the items with the names that are asked for, all if none is, and
// the first name that no item has.
func named[T any](items []T, names []string, name func(*T) *string) (found []T, unknown string) {
	if len(names) == 0 {
		return items, ""
	}
	for _, n := range names {
		i := slices.IndexFunc(items, func(item T) bool { return aws.ToString(name(&item)) == n })
		if i < 0 {
			return nil, n
		}
		found = append(found, items[i])
	}
	return found, ""
}

// where returns the items for which keep is true.
func where[T any](items []T, keep func(*T) bool) []T {
	var kept []T
	for i := range items {
		if keep(&items[i]) {
			kept = append(kept, items[i])
		}
	}
	return kept
}

func describeConfigurationRecorders(c *call) (any, error) {
	var in configservice.DescribeConfigurationRecordersInput
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	list, unknown := named(c.configHere().Recorders, in.ConfigurationRecorderNames, func(r *types.ConfigurationRecorder) *string { return r.Name })
	if unknown != "" {
		return nil, missing("NoSuchConfigurationRecorderException", unknown)
	}
	return &configservice.DescribeConfigurationRecordersOutput{ConfigurationRecorders: list}, nil
}

func describeConfigurationRecorderStatus(c *call) (any, error) {
	var in configservice.DescribeConfigurationRecorderStatusInput
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	list, unknown := named(c.configHere().RecorderStatus, in.ConfigurationRecorderNames, func(r *types.ConfigurationRecorderStatus) *string { return r.Name })
	if unknown != "" {
		return nil, missing("NoSuchConfigurationRecorderException", unknown)
	}
	return &configservice.DescribeConfigurationRecorderStatusOutput{ConfigurationRecordersStatus: list}, nil
}

func describeConfigRules(c *call) (any, error) {
	var in configservice.DescribeConfigRulesInput
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	if in.Filters != nil {
		return nil, invalid(c.service, "the fake does not know Filters")
	}
	if len(in.ConfigRuleNames) > 25 {
		return nil, invalid(c.service, "ConfigRuleNames must have at most 25 items")
	}
	list, unknown := named(c.configHere().Rules, in.ConfigRuleNames, func(r *types.ConfigRule) *string { return r.ConfigRuleName })
	if unknown != "" {
		return nil, missing("NoSuchConfigRuleException", unknown)
	}
	page, next, err := pageOf(c, list, 25, 25)
	return &configservice.DescribeConfigRulesOutput{ConfigRules: page, NextToken: next}, err
}

func describeComplianceByConfigRule(c *call) (any, error) {
	var in configservice.DescribeComplianceByConfigRuleInput
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	here := c.configHere()
	rules, unknown := named(here.Rules, in.ConfigRuleNames, func(r *types.ConfigRule) *string { return r.ConfigRuleName })
	if unknown != "" {
		return nil, missing("NoSuchConfigRuleException", unknown)
	}
	var list []types.ComplianceByConfigRule
	for _, rule := range rules {
		compliance := complianceOf(here.Evaluations[aws.ToString(rule.ConfigRuleName)])
		if len(in.ComplianceTypes) == 0 || slices.Contains(in.ComplianceTypes, compliance.ComplianceType) {
			list = append(list, types.ComplianceByConfigRule{ConfigRuleName: rule.ConfigRuleName, Compliance: compliance})
		}
	}
	page, next, err := pageOf(c, list, 25, 25)
	return &configservice.DescribeComplianceByConfigRuleOutput{ComplianceByConfigRules: page, NextToken: next}, err
}

// complianceOf sums a rule's evaluations up. AWS counts up to 25 resources that
// are not compliant (ComplianceContributorCount).
func complianceOf(results []types.EvaluationResult) *types.Compliance {
	count := map[types.ComplianceType]int32{}
	for _, r := range results {
		count[r.ComplianceType]++
	}
	bad := count[types.ComplianceTypeNonCompliant]
	switch {
	case bad > 0:
		return &types.Compliance{ComplianceType: types.ComplianceTypeNonCompliant,
			ComplianceContributorCount: &types.ComplianceContributorCount{CappedCount: min(bad, 25), CapExceeded: bad > 25}}
	case count[types.ComplianceTypeCompliant] > 0:
		return &types.Compliance{ComplianceType: types.ComplianceTypeCompliant}
	case count[types.ComplianceTypeNotApplicable] > 0:
		return &types.Compliance{ComplianceType: types.ComplianceTypeNotApplicable}
	}
	return &types.Compliance{ComplianceType: types.ComplianceTypeInsufficientData}
}

func getComplianceDetailsByConfigRule(c *call) (any, error) {
	var in configservice.GetComplianceDetailsByConfigRuleInput
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	here, name := c.configHere(), aws.ToString(in.ConfigRuleName)
	if !slices.ContainsFunc(here.Rules, func(r types.ConfigRule) bool { return aws.ToString(r.ConfigRuleName) == name }) {
		return nil, missing("NoSuchConfigRuleException", name)
	}
	list := where(here.Evaluations[name], func(r *types.EvaluationResult) bool {
		return len(in.ComplianceTypes) == 0 || slices.Contains(in.ComplianceTypes, r.ComplianceType)
	})
	page, next, err := pageOf(c, list, 100, 10)
	return &configservice.GetComplianceDetailsByConfigRuleOutput{EvaluationResults: page, NextToken: next}, err
}

func describeConformancePacks(c *call) (any, error) {
	var in configservice.DescribeConformancePacksInput
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	packs, err := c.packs(in.ConformancePackNames)
	if err != nil {
		return nil, err
	}
	var list []types.ConformancePackDetail
	for _, p := range packs {
		list = append(list, p.Detail)
	}
	page, next, err := pageOf(c, list, 20, 20)
	return &configservice.DescribeConformancePacksOutput{ConformancePackDetails: page, NextToken: next}, err
}

func (c *call) packs(names []string) ([]ConformancePack, error) {
	packs, unknown := named(c.configHere().Packs, names, func(p *ConformancePack) *string { return p.Detail.ConformancePackName })
	if unknown != "" {
		return nil, missing("NoSuchConformancePackException", unknown)
	}
	return packs, nil
}

func describeConformancePackStatus(c *call) (any, error) {
	var in configservice.DescribeConformancePackStatusInput
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	packs, err := c.packs(in.ConformancePackNames)
	if err != nil {
		return nil, err
	}
	var list []types.ConformancePackStatusDetail
	for _, p := range packs {
		status := p.Status
		if status.ConformancePackName == nil {
			status.ConformancePackName = p.Detail.ConformancePackName
		}
		if status.ConformancePackState == "" {
			status.ConformancePackState = types.ConformancePackStateCreateComplete
		}
		list = append(list, status)
	}
	page, next, err := pageOf(c, list, 20, 20)
	return &configservice.DescribeConformancePackStatusOutput{ConformancePackStatusDetails: page, NextToken: next}, err
}

func describeConformancePackCompliance(c *call) (any, error) {
	var in configservice.DescribeConformancePackComplianceInput
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	packs, err := c.packs([]string{aws.ToString(in.ConformancePackName)})
	if err != nil {
		return nil, err
	}
	list := where(packs[0].Rules, func(r *types.ConformancePackRuleCompliance) bool {
		f := in.Filters
		return f == nil || (f.ComplianceType == "" || f.ComplianceType == r.ComplianceType) &&
			(f.ConfigRuleNames == nil || slices.Contains(f.ConfigRuleNames, aws.ToString(r.ConfigRuleName)))
	})
	if f := in.Filters; f != nil {
		for _, name := range f.ConfigRuleNames {
			if !slices.ContainsFunc(packs[0].Rules, func(r types.ConformancePackRuleCompliance) bool { return aws.ToString(r.ConfigRuleName) == name }) {
				return nil, missing("NoSuchConfigRuleInConformancePackException", name)
			}
		}
	}
	page, next, err := pageOf(c, list, 1000, 100)
	return &configservice.DescribeConformancePackComplianceOutput{ConformancePackName: in.ConformancePackName,
		ConformancePackRuleComplianceList: page, NextToken: next}, err
}

func getConformancePackComplianceDetails(c *call) (any, error) {
	var in configservice.GetConformancePackComplianceDetailsInput
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	packs, err := c.packs([]string{aws.ToString(in.ConformancePackName)})
	if err != nil {
		return nil, err
	}
	list := where(packs[0].Results, func(r *types.ConformancePackEvaluationResult) bool {
		f := in.Filters
		if f == nil {
			return true
		}
		var q types.EvaluationResultQualifier
		if id := r.EvaluationResultIdentifier; id != nil && id.EvaluationResultQualifier != nil {
			q = *id.EvaluationResultQualifier
		}
		return (f.ComplianceType == "" || f.ComplianceType == r.ComplianceType) &&
			(f.ConfigRuleNames == nil || slices.Contains(f.ConfigRuleNames, aws.ToString(q.ConfigRuleName))) &&
			(f.ResourceType == nil || aws.ToString(f.ResourceType) == aws.ToString(q.ResourceType)) &&
			(f.ResourceIds == nil || slices.Contains(f.ResourceIds, aws.ToString(q.ResourceId)))
	})
	page, next, err := pageOf(c, list, 100, 100)
	return &configservice.GetConformancePackComplianceDetailsOutput{ConformancePackName: in.ConformancePackName,
		ConformancePackRuleEvaluationResults: page, NextToken: next}, err
}

func batchGetResourceConfig(c *call) (any, error) {
	var in configservice.BatchGetResourceConfigInput
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	if n := len(in.ResourceKeys); n == 0 || n > 100 {
		return nil, invalid(c.service, "resourceKeys must have 1 to 100 items")
	}
	var found []types.BaseConfigurationItem
	var unprocessed []types.ResourceKey
	for _, key := range in.ResourceKeys {
		if c.empty() { // as AWS does under load
			unprocessed = append(unprocessed, key)
			continue
		}
		for _, item := range c.configHere().Resources {
			if item.ResourceType == key.ResourceType && aws.ToString(item.ResourceId) == aws.ToString(key.ResourceId) {
				found = append(found, item)
			}
		}
	}
	// The members begin with a small letter, unlike those of other answers.
	return map[string]any{"baseConfigurationItems": orEmpty(found), "unprocessedResourceKeys": orEmpty(unprocessed)}, nil
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
