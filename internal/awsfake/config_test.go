package awsfake

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
)

// TestConfigAnswers asks for everything through the SDK and compares.
func TestConfigAnswers(t *testing.T) {
	pack := ConformancePack{
		Detail:  fill[types.ConformancePackDetail](),
		Status:  fill[types.ConformancePackStatusDetail](),
		Rules:   []types.ConformancePackRuleCompliance{fill[types.ConformancePackRuleCompliance]()},
		Results: []types.ConformancePackEvaluationResult{fill[types.ConformancePackEvaluationResult]()},
	}
	rule := fill[types.ConfigRule]()
	evaluation := fill[types.EvaluationResult]()
	evaluation.ComplianceType = types.ComplianceTypeNonCompliant
	here := &Config{
		Recorders:      []types.ConfigurationRecorder{fill[types.ConfigurationRecorder]()},
		RecorderStatus: []types.ConfigurationRecorderStatus{fill[types.ConfigurationRecorderStatus]()},
		Rules:          []types.ConfigRule{rule},
		Evaluations:    map[string][]types.EvaluationResult{aws.ToString(rule.ConfigRuleName): {evaluation}},
		Packs:          []ConformancePack{pack},
		Resources:      []types.BaseConfigurationItem{fill[types.BaseConfigurationItem]()},
	}
	s := New(t)
	s.At(admin, home).Config = here
	client := configservice.NewFromConfig(s.Config(admin, home))
	ctx := t.Context()
	ask := func(what string, want any, get func() (any, error)) {
		t.Helper()
		got, err := get()
		if err != nil {
			t.Errorf("%s: %v", what, err)
			return
		}
		same(t, what, want, got)
	}
	ask("recorders", here.Recorders, func() (any, error) {
		out, err := client.DescribeConfigurationRecorders(ctx, &configservice.DescribeConfigurationRecordersInput{})
		return out.ConfigurationRecorders, err
	})
	ask("recorder status", here.RecorderStatus, func() (any, error) {
		out, err := client.DescribeConfigurationRecorderStatus(ctx, &configservice.DescribeConfigurationRecorderStatusInput{})
		return out.ConfigurationRecordersStatus, err
	})
	ask("rules", here.Rules, func() (any, error) {
		out, err := client.DescribeConfigRules(ctx, &configservice.DescribeConfigRulesInput{ConfigRuleNames: []string{*rule.ConfigRuleName}})
		return out.ConfigRules, err
	})
	ask("evaluations", []types.EvaluationResult{evaluation}, func() (any, error) {
		out, err := client.GetComplianceDetailsByConfigRule(ctx, &configservice.GetComplianceDetailsByConfigRuleInput{
			ConfigRuleName: rule.ConfigRuleName, ComplianceTypes: []types.ComplianceType{"NON_COMPLIANT"}})
		return out.EvaluationResults, err
	})
	ask("compliance", []types.ComplianceByConfigRule{{ConfigRuleName: rule.ConfigRuleName, Compliance: &types.Compliance{
		ComplianceType: "NON_COMPLIANT", ComplianceContributorCount: &types.ComplianceContributorCount{CappedCount: 1}}}}, func() (any, error) {
		out, err := client.DescribeComplianceByConfigRule(ctx, &configservice.DescribeComplianceByConfigRuleInput{})
		return out.ComplianceByConfigRules, err
	})
	ask("packs", []types.ConformancePackDetail{pack.Detail}, func() (any, error) {
		out, err := client.DescribeConformancePacks(ctx, &configservice.DescribeConformancePacksInput{})
		return out.ConformancePackDetails, err
	})
	ask("pack status", []types.ConformancePackStatusDetail{pack.Status}, func() (any, error) {
		out, err := client.DescribeConformancePackStatus(ctx, &configservice.DescribeConformancePackStatusInput{})
		return out.ConformancePackStatusDetails, err
	})
	name := pack.Detail.ConformancePackName
	ask("pack compliance", pack.Rules, func() (any, error) {
		out, err := client.DescribeConformancePackCompliance(ctx, &configservice.DescribeConformancePackComplianceInput{ConformancePackName: name})
		return out.ConformancePackRuleComplianceList, err
	})
	q := pack.Results[0].EvaluationResultIdentifier.EvaluationResultQualifier
	ask("pack details", pack.Results, func() (any, error) {
		out, err := client.GetConformancePackComplianceDetails(ctx, &configservice.GetConformancePackComplianceDetailsInput{ConformancePackName: name,
			Filters: &types.ConformancePackEvaluationFilters{ConfigRuleNames: []string{*q.ConfigRuleName}, ResourceType: q.ResourceType}})
		return out.ConformancePackRuleEvaluationResults, err
	})
	missing := types.ResourceKey{ResourceId: aws.String("nowhere"), ResourceType: types.ResourceTypeBucket}
	resource := types.ResourceKey{ResourceId: here.Resources[0].ResourceId, ResourceType: here.Resources[0].ResourceType}
	ask("resources", here.Resources, func() (any, error) {
		out, err := client.BatchGetResourceConfig(ctx, &configservice.BatchGetResourceConfigInput{ResourceKeys: []types.ResourceKey{resource, missing}})
		return out.BaseConfigurationItems, err
	})
	_, err := client.GetComplianceDetailsByConfigRule(ctx, &configservice.GetComplianceDetailsByConfigRuleInput{ConfigRuleName: aws.String("none")})
	if e := new(types.NoSuchConfigRuleException); !errors.As(err, &e) {
		t.Errorf("no such rule: %v", err)
	}
	_, err = client.DescribeConformancePackCompliance(ctx, &configservice.DescribeConformancePackComplianceInput{ConformancePackName: aws.String("none")})
	if e := new(types.NoSuchConformancePackException); !errors.As(err, &e) {
		t.Errorf("no such pack: %v", err)
	}
	_, err = client.DescribeConfigRules(ctx, &configservice.DescribeConfigRulesInput{NextToken: aws.String("x")})
	if e := new(types.InvalidNextTokenException); !errors.As(err, &e) {
		t.Errorf("bad token: %v", err)
	}
}

func TestConfigPages(t *testing.T) {
	s := New(t)
	s.Unlimited = true
	pack := ConformancePack{Detail: types.ConformancePackDetail{ConformancePackName: aws.String("p")}}
	for i := range 250 {
		pack.Results = append(pack.Results, types.ConformancePackEvaluationResult{Annotation: aws.String(fmt.Sprint(i))})
	}
	s.At(admin, home).Config = &Config{Packs: []ConformancePack{pack}}
	s.Faults = []Fault{{Kind: EmptyPage, Operation: "GetConformancePackComplianceDetails", After: 1, Times: 2}}
	client := configservice.NewFromConfig(s.Config(admin, home))
	var got []types.ConformancePackEvaluationResult
	pages := 0
	for p := configservice.NewGetConformancePackComplianceDetailsPaginator(client, &configservice.GetConformancePackComplianceDetailsInput{ConformancePackName: aws.String("p")}); p.HasMorePages(); pages++ {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, page.ConformancePackRuleEvaluationResults...)
	}
	same(t, "results", pack.Results, got)
	if pages != 5 {
		t.Errorf("%d pages, want 3 and 2 empty ones", pages)
	}
}
