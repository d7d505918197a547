package awsfake

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
)

// Hub is Security Hub in one account and Region.
type Hub struct {
	Findings Findings // ASFF

	AutoEnableControls      bool
	ControlFindingGenerator types.ControlFindingGenerator // SECURITY_CONTROL if empty
	SubscribedAt            time.Time

	Standards []types.Standard              // that there are
	Enabled   []types.StandardsSubscription // those that are on
	// Controls that there are; their definitions are made from them.
	Controls []types.SecurityControl
	// Associations of controls with standards: those of enabled standards only, as
	// AWS has it.
	Associations []types.StandardsControlAssociationDetail

	Administrator *types.Invitation // nil: the account has none
	Members       []types.Member    // whose findings the account sees; those that are Enabled

	imported map[string]int // index in Findings.Lines by product and Id
}

// HubV2 is Security Hub v2 in one account and Region.
type HubV2 struct {
	Findings     Findings // OCSF
	SubscribedAt time.Time
}

// securityHubOperations lists the operations of Security Hub (API reference, Actions).
var securityHubOperations = []operation{
	{"securityhub", "GetFindings", "POST", "/findings", getFindings},
	{"securityhub", "GetFindingsV2", "POST", "/findingsv2", getFindingsV2},
	{"securityhub", "BatchImportFindings", "POST", "/findings/import", batchImportFindings},
	{"securityhub", "DescribeHub", "GET", "/accounts", describeHub},
	{"securityhub", "DescribeSecurityHubV2", "GET", "/hubv2", describeHubV2},
	{"securityhub", "ListFindingAggregators", "GET", "/findingAggregator/list", listFindingAggregators},
	{"securityhub", "GetFindingAggregator", "GET", "/findingAggregator/get/{arn+}", getFindingAggregator},
	{"securityhub", "ListAggregatorsV2", "GET", "/aggregatorv2/list", listAggregatorsV2},
	{"securityhub", "GetAggregatorV2", "GET", "/aggregatorv2/get/{arn+}", getAggregatorV2},
	{"securityhub", "GetEnabledStandards", "POST", "/standards/get", getEnabledStandards},
	{"securityhub", "DescribeStandards", "GET", "/standards", describeStandards},
	{"securityhub", "ListSecurityControlDefinitions", "GET", "/securityControls/definitions", listSecurityControlDefinitions},
	{"securityhub", "ListStandardsControlAssociations", "GET", "/associations", listStandardsControlAssociations},
	{"securityhub", "BatchGetStandardsControlAssociations", "POST", "/associations/batchGet", batchGetStandardsControlAssociations},
	{"securityhub", "BatchGetSecurityControls", "POST", "/securityControls/batchGet", batchGetSecurityControls},
	{"securityhub", "GetAdministratorAccount", "GET", "/administrator", getAdministratorAccount},
	{"securityhub", "ListMembers", "GET", "/members", listMembers},
}

func notSubscribed(account string) *Error {
	return &Error{http.StatusUnauthorized, "InvalidAccessException", "Account " + account + " is not subscribed to AWS Security Hub"}
}

func notFound(message string) *Error {
	return &Error{http.StatusNotFound, "ResourceNotFoundException", message}
}

// here returns what the caller has in the Region; it is never nil.
func (c *call) here() *Region {
	if r := c.s.Accounts[c.account].Regions[c.region]; r != nil {
		return r
	}
	return &Region{}
}

func (c *call) hub() (*Hub, error) {
	if h := c.here().Hub; h != nil {
		return h, nil
	}
	return nil, notSubscribed(c.account)
}

// enabledMembers returns the accounts whose findings the hub shows.
func (h *Hub) enabledMembers() []string {
	var ids []string
	for _, m := range h.Members {
		if aws.ToString(m.MemberStatus) == "Enabled" {
			ids = append(ids, aws.ToString(m.AccountId))
		}
	}
	return ids
}

// query is the body of GetFindings and GetFindingsV2.
type query struct {
	Filters      json.RawMessage
	SortCriteria json.RawMessage
	Scopes       json.RawMessage
}

func (c *call) query() (*query, error) {
	var q query
	if err := c.bind(&q); err != nil {
		return nil, err
	}
	if len(q.SortCriteria) > 0 || len(q.Scopes) > 0 {
		return nil, invalid(c.service, "the fake does not know SortCriteria and Scopes")
	}
	return &q, nil
}

func getFindings(c *call) (any, error) {
	hub, err := c.hub()
	if err != nil {
		return nil, err
	}
	q, err := c.query()
	if err != nil {
		return nil, err
	}
	keep, err := asffFilter(q.Filters, c.at)
	if err != nil {
		return nil, err
	}
	var lists []*Findings
	for _, r := range c.places(c.s.Accounts[c.account].Aggregator, hub.enabledMembers()) {
		if r.Hub != nil {
			lists = append(lists, &r.Hub.Findings)
		}
	}
	return c.getFindings(lists, keep)
}

func getFindingsV2(c *call) (any, error) {
	if c.here().HubV2 == nil {
		return nil, notSubscribedV2(c.account)
	}
	q, err := c.query()
	if err != nil {
		return nil, err
	}
	keep, err := ocsfFilter(q.Filters, c.at)
	if err != nil {
		return nil, err
	}
	var members []string
	if hub := c.here().Hub; hub != nil {
		members = hub.enabledMembers()
	}
	var lists []*Findings
	for _, r := range c.places(c.s.Accounts[c.account].AggregatorV2, members) {
		if r.HubV2 != nil {
			lists = append(lists, &r.HubV2.Findings)
		}
	}
	return c.getFindings(lists, keep)
}

// notSubscribedV2 is the answer where Security Hub v2 is off. The API reference
// lists ResourceNotFoundException for DescribeSecurityHubV2 and AccessDeniedException
// for GetFindingsV2, without a text.
func notSubscribedV2(account string) *Error {
	return &Error{http.StatusForbidden, "AccessDeniedException", "Account " + account + " is not subscribed to AWS Security Hub V2"}
}

func batchImportFindings(c *call) (any, error) {
	hub, err := c.hub()
	if err != nil {
		return nil, err
	}
	var in struct{ Findings []json.RawMessage }
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	if len(in.Findings) == 0 || len(in.Findings) > 100 {
		return nil, invalid(c.service, "Findings must have 1 to 100 items")
	}
	out := &securityhub.BatchImportFindingsOutput{FailedFindings: []types.ImportFindingsError{}}
	stored := int32(0)
	for _, raw := range in.Findings {
		var f struct{ Id, ProductArn, AwsAccountId string }
		if err := json.Unmarshal(raw, &f); err != nil || f.Id == "" || f.ProductArn == "" || f.AwsAccountId == "" {
			out.FailedFindings = append(out.FailedFindings, types.ImportFindingsError{
				Id: aws.String(f.Id), ErrorCode: aws.String("InvalidInput"), ErrorMessage: aws.String("Id, ProductArn and AwsAccountId are required")})
			continue
		}
		stored++
		key := f.ProductArn + separator + f.Id
		if i, ok := hub.imported[key]; ok {
			hub.Findings.Lines[i] = raw
			continue
		}
		if hub.imported == nil {
			hub.imported = map[string]int{}
		}
		hub.imported[key] = len(hub.Findings.Lines)
		hub.Findings.Lines = append(hub.Findings.Lines, raw)
	}
	out.SuccessCount, out.FailedCount = &stored, aws.Int32(int32(len(out.FailedFindings)))
	return out, nil
}

func describeHub(c *call) (any, error) {
	hub, err := c.hub()
	if err != nil {
		return nil, err
	}
	return &securityhub.DescribeHubOutput{
		HubArn:                  aws.String(c.arn("securityhub", "hub/default")),
		AutoEnableControls:      &hub.AutoEnableControls,
		ControlFindingGenerator: cmp.Or(hub.ControlFindingGenerator, types.ControlFindingGeneratorSecurityControl),
		SubscribedAt:            aws.String(hub.SubscribedAt.UTC().Format("2006-01-02T15:04:05.000Z")),
	}, nil
}

func (c *call) arn(service, resource string) string {
	return "arn:" + c.partition() + ":" + service + ":" + c.region + ":" + c.account + ":" + resource
}

func describeHubV2(c *call) (any, error) {
	hub := c.here().HubV2
	if hub == nil {
		return nil, notFound("Security Hub V2 is not enabled for account " + c.account)
	}
	return &securityhub.DescribeSecurityHubV2Output{
		HubV2Arn:     aws.String(c.arn("securityhub", "hubv2/00000000-0000-4000-8000-000000000000")),
		SubscribedAt: aws.String(hub.SubscribedAt.UTC().Format("2006-01-02T15:04:05.000Z")),
	}, nil
}

func listFindingAggregators(c *call) (any, error) {
	if _, err := c.hub(); err != nil {
		return nil, err
	}
	list := []types.FindingAggregator{}
	if a := c.s.Accounts[c.account].Aggregator; a != nil {
		list = append(list, types.FindingAggregator{FindingAggregatorArn: &a.ARN})
	}
	page, next, err := pageOf(c, list, 100, 100)
	return &securityhub.ListFindingAggregatorsOutput{FindingAggregators: page, NextToken: next}, err
}

func getFindingAggregator(c *call) (any, error) {
	if _, err := c.hub(); err != nil {
		return nil, err
	}
	a := c.s.Accounts[c.account].Aggregator
	if a == nil || a.ARN != c.params["arn"] {
		return nil, notFound("no finding aggregator " + c.params["arn"])
	}
	return &securityhub.GetFindingAggregatorOutput{
		FindingAggregatorArn: &a.ARN, FindingAggregationRegion: &a.Home, RegionLinkingMode: &a.LinkingMode, Regions: a.Regions,
	}, nil
}

func listAggregatorsV2(c *call) (any, error) {
	if c.here().HubV2 == nil {
		return nil, notSubscribedV2(c.account)
	}
	list := []types.AggregatorV2{}
	if a := c.s.Accounts[c.account].AggregatorV2; a != nil {
		list = append(list, types.AggregatorV2{AggregatorV2Arn: &a.ARN})
	}
	page, next, err := pageOf(c, list, 100, 100)
	return &securityhub.ListAggregatorsV2Output{AggregatorsV2: page, NextToken: next}, err
}

func getAggregatorV2(c *call) (any, error) {
	if c.here().HubV2 == nil {
		return nil, notSubscribedV2(c.account)
	}
	a := c.s.Accounts[c.account].AggregatorV2
	if a == nil || a.ARN != c.params["arn"] {
		return nil, notFound("no aggregator " + c.params["arn"])
	}
	return &securityhub.GetAggregatorV2Output{
		AggregatorV2Arn: &a.ARN, AggregationRegion: &a.Home, RegionLinkingMode: &a.LinkingMode, LinkedRegions: a.Regions,
	}, nil
}

func getEnabledStandards(c *call) (any, error) {
	hub, err := c.hub()
	if err != nil {
		return nil, err
	}
	var in securityhub.GetEnabledStandardsInput
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	list := hub.Enabled
	if in.StandardsSubscriptionArns != nil {
		list = nil
		for _, s := range hub.Enabled {
			if slices.Contains(in.StandardsSubscriptionArns, aws.ToString(s.StandardsSubscriptionArn)) {
				list = append(list, s)
			}
		}
	}
	page, next, err := pageOf(c, list, 100, 100)
	return &securityhub.GetEnabledStandardsOutput{StandardsSubscriptions: page, NextToken: next}, err
}

func describeStandards(c *call) (any, error) {
	hub, err := c.hub()
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(c, hub.Standards, 100, 100)
	return &securityhub.DescribeStandardsOutput{Standards: page, NextToken: next}, err
}

func listSecurityControlDefinitions(c *call) (any, error) {
	hub, err := c.hub()
	if err != nil {
		return nil, err
	}
	standard := c.r.URL.Query().Get("StandardsArn")
	list := []types.SecurityControlDefinition{}
	for _, control := range hub.Controls {
		if standard != "" && !slices.ContainsFunc(hub.Associations, func(a types.StandardsControlAssociationDetail) bool {
			return aws.ToString(a.StandardsArn) == standard && aws.ToString(a.SecurityControlId) == aws.ToString(control.SecurityControlId)
		}) {
			continue
		}
		list = append(list, types.SecurityControlDefinition{
			SecurityControlId:         control.SecurityControlId,
			Title:                     control.Title,
			Description:               control.Description,
			RemediationUrl:            control.RemediationUrl,
			SeverityRating:            control.SeverityRating,
			CurrentRegionAvailability: types.RegionAvailabilityStatusAvailable,
		})
	}
	page, next, err := pageOf(c, list, 100, 100)
	return &securityhub.ListSecurityControlDefinitionsOutput{SecurityControlDefinitions: page, NextToken: next}, err
}

func listStandardsControlAssociations(c *call) (any, error) {
	hub, err := c.hub()
	if err != nil {
		return nil, err
	}
	id := c.r.URL.Query().Get("SecurityControlId")
	if !hub.hasControl(id) {
		return nil, invalid(c.service, "no security control "+id)
	}
	list := []types.StandardsControlAssociationSummary{}
	for _, a := range hub.Associations {
		if aws.ToString(a.SecurityControlId) != id {
			continue
		}
		list = append(list, types.StandardsControlAssociationSummary{
			StandardsArn: a.StandardsArn, SecurityControlId: a.SecurityControlId, SecurityControlArn: a.SecurityControlArn,
			AssociationStatus: a.AssociationStatus, RelatedRequirements: a.RelatedRequirements,
			UpdatedAt: a.UpdatedAt, UpdatedReason: a.UpdatedReason,
			StandardsControlTitle: a.StandardsControlTitle, StandardsControlDescription: a.StandardsControlDescription,
		})
	}
	page, next, err := pageOf(c, list, 100, 100)
	return &securityhub.ListStandardsControlAssociationsOutput{StandardsControlAssociationSummaries: page, NextToken: next}, err
}

func (h *Hub) hasControl(id string) bool {
	return slices.ContainsFunc(h.Controls, func(control types.SecurityControl) bool { return aws.ToString(control.SecurityControlId) == id })
}

func batchGetStandardsControlAssociations(c *call) (any, error) {
	hub, err := c.hub()
	if err != nil {
		return nil, err
	}
	var in securityhub.BatchGetStandardsControlAssociationsInput
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	if n := len(in.StandardsControlAssociationIds); n == 0 || n > 100 {
		return nil, invalid(c.service, "StandardsControlAssociationIds must have 1 to 100 items")
	}
	out := &securityhub.BatchGetStandardsControlAssociationsOutput{StandardsControlAssociationDetails: []types.StandardsControlAssociationDetail{}}
	for _, id := range in.StandardsControlAssociationIds {
		i := slices.IndexFunc(hub.Associations, func(a types.StandardsControlAssociationDetail) bool {
			return aws.ToString(a.SecurityControlId) == aws.ToString(id.SecurityControlId) && aws.ToString(a.StandardsArn) == aws.ToString(id.StandardsArn)
		})
		if i < 0 {
			out.UnprocessedAssociations = append(out.UnprocessedAssociations, types.UnprocessedStandardsControlAssociation{
				StandardsControlAssociationId: &id, ErrorCode: types.UnprocessedErrorCodeNotFound})
			continue
		}
		out.StandardsControlAssociationDetails = append(out.StandardsControlAssociationDetails, hub.Associations[i])
	}
	return out, nil
}

func batchGetSecurityControls(c *call) (any, error) {
	hub, err := c.hub()
	if err != nil {
		return nil, err
	}
	var in securityhub.BatchGetSecurityControlsInput
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	if n := len(in.SecurityControlIds); n == 0 || n > 100 {
		return nil, invalid(c.service, "SecurityControlIds must have 1 to 100 items")
	}
	out := &securityhub.BatchGetSecurityControlsOutput{SecurityControls: []types.SecurityControl{}}
	for _, id := range in.SecurityControlIds {
		i := slices.IndexFunc(hub.Controls, func(control types.SecurityControl) bool {
			return aws.ToString(control.SecurityControlId) == id || aws.ToString(control.SecurityControlArn) == id
		})
		if i < 0 {
			out.UnprocessedIds = append(out.UnprocessedIds, types.UnprocessedSecurityControl{
				SecurityControlId: &id, ErrorCode: types.UnprocessedErrorCodeNotFound})
			continue
		}
		out.SecurityControls = append(out.SecurityControls, hub.Controls[i])
	}
	return out, nil
}

func getAdministratorAccount(c *call) (any, error) {
	hub, err := c.hub()
	if err != nil {
		return nil, err
	}
	return &securityhub.GetAdministratorAccountOutput{Administrator: hub.Administrator}, nil
}

func listMembers(c *call) (any, error) {
	hub, err := c.hub()
	if err != nil {
		return nil, err
	}
	list := []types.Member{}
	for _, m := range hub.Members {
		// OnlyAssociated is TRUE by default (ListMembers).
		if c.r.URL.Query().Get("OnlyAssociated") == "false" || aws.ToString(m.MemberStatus) == "Enabled" {
			list = append(list, m)
		}
	}
	page, next, err := pageOf(c, list, 50, 50)
	return &securityhub.ListMembersOutput{Members: page, NextToken: next}, err
}
