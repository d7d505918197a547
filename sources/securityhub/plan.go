package securityhub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/go-json-experiment/json"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/collect"
	"github.com/go-shca/shca/internal/awsapi"
)

// inParallel is the number of accounts and Regions that Plan asks at a time.
const inParallel = 16

// planAttempts is how often a request of Plan is made: pulling from all other
// places waits for it.
const planAttempts = 4

// place is one account and Region, and what is known of Security Hub there.
type place struct {
	login   string // account to call; "" is the caller's own
	account string
	region  string

	api         string // APIV1 or APIV2
	cspm        bool   // Security Hub CSPM is enabled, or that cannot be told
	err         error  // why nothing can be pulled
	notes       []string
	aggregators []aggregator
	unlinked    error  // why the aggregators are not known
	admin       string // the account that gets this one's findings, too
}

// aggregator says which Regions' findings come with those of a home Region.
type aggregator struct {
	arn, home, mode string
	regions         []string
}

// The modes of an aggregator (Security Hub API reference, CreateFindingAggregator,
// RegionLinkingMode).
const (
	allRegions       = "ALL_REGIONS"
	allRegionsBut    = "ALL_REGIONS_EXCEPT_SPECIFIED"
	specifiedRegions = "SPECIFIED_REGIONS"
	noRegions        = "NO_REGIONS"
)

// links reports whether the Region's findings come with those of the home Region.
// A mode that is not known links nothing: what is pulled twice counts once, what
// is not pulled is lost.
func (a *aggregator) links(region string) bool {
	switch {
	case a.home == "" || region == a.home:
		return false
	case a.mode == allRegions:
		return true
	case a.mode == allRegionsBut:
		return !slices.Contains(a.regions, region)
	case a.mode == specifiedRegions:
		return slices.Contains(a.regions, region)
	}
	return false
}

// describe says which Regions are linked: "of all other Regions".
func (a *aggregator) describe() string {
	switch {
	case a.mode == allRegions || a.mode == allRegionsBut && len(a.regions) == 0:
		return "of all other Regions"
	case a.mode == allRegionsBut:
		return "of all other Regions but " + strings.Join(a.regions, ", ")
	case a.mode == specifiedRegions && len(a.regions) > 0:
		return "of " + strings.Join(a.regions, ", ")
	case a.mode == specifiedRegions || a.mode == noRegions:
		return "of no other Region"
	}
	return fmt.Sprintf("in a mode that is not known (%.40q)", a.mode)
}

// Plan asks each account and Region for what is enabled there. Where nothing can
// be pulled the scope says why; where findings come with those of a home Region
// or an administrator account that is pulled as well, the task leaves them to it.
func (s *Service) Plan(ctx context.Context) ([]collect.Task, []shca.Scope, error) {
	var places []*place
	for _, login := range s.accounts {
		for _, region := range s.regions {
			places = append(places, &place{login: login, account: cmp.Or(login, s.session.Account()), region: region})
		}
	}
	var wait sync.WaitGroup
	slots := make(chan struct{}, inParallel)
	for _, p := range places {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			if ctx.Err() == nil {
				s.ask(ctx, p)
			}
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	for _, p := range places {
		var explained *awsapi.Error
		if errors.As(p.err, &explained) && explained.EndsRun() {
			return nil, nil, p.err
		}
	}

	var tasks []collect.Task
	var scopes []shca.Scope
	for _, p := range places {
		task, scope, err := s.plan(p, places)
		switch {
		case err != nil:
			return nil, nil, err
		case scope != nil:
			scopes = append(scopes, *scope)
		default:
			tasks = append(tasks, *task)
		}
	}
	return tasks, scopes, nil
}

// ask finds out what is enabled at the place.
func (s *Service) ask(ctx context.Context, p *place) {
	hub := s.client(p.login, p.region, func(o *securityhub.Options) { o.RetryMaxAttempts = planAttempts })
	if s.api != APIV2 || s.inventory != "" {
		out, err := hub.DescribeHub(ctx, &securityhub.DescribeHubInput{})
		switch {
		case err == nil:
			p.api, p.cspm = APIV1, true
			p.identify(aws.ToString(out.HubArn))
		case denied(err) && s.api != APIV2:
			p.api, p.cspm = APIV1, true
			p.notes = append(p.notes, "whether Security Hub is enabled was not asked first: "+explain(err, p.account, p.region, "DescribeHub").Error())
		case s.api == APIV2 && ctx.Err() == nil:
			p.notes = append(p.notes, "which checks are enabled was not read: "+explain(err, p.account, p.region, "DescribeHub").Error())
		default:
			p.err = explain(err, p.account, p.region, "DescribeHub")
		}
		notThere := slices.Contains([]string{"InvalidAccessException", "ResourceNotFoundException"}, awsapi.Code(err))
		if s.api == APIAuto && notThere {
			p.err = nil
			if p.err = s.askV2(ctx, hub, p); p.err != nil {
				p.err = p.neither(err, p.err)
			} else if s.inventory != "" {
				p.notes = append(p.notes, "which checks are enabled was not read: Security Hub V2 does not say it, and Security Hub CSPM is not enabled")
			}
		}
	}
	if s.api == APIV2 && p.err == nil {
		p.err = s.askV2(ctx, hub, p)
	}
	if p.err != nil || p.api != APIV1 {
		return
	}
	p.aggregators, p.unlinked = aggregators(ctx, hub, p)
	if len(s.accounts) > 1 {
		// An error here costs requests only: findings that are pulled twice count once.
		if out, err := hub.GetAdministratorAccount(ctx, &securityhub.GetAdministratorAccountInput{}); err == nil && out.Administrator != nil &&
			strings.EqualFold(aws.ToString(out.Administrator.MemberStatus), "Enabled") {
			p.admin = aws.ToString(out.Administrator.AccountId)
		}
	}
}

// askV2 finds out whether Security Hub V2 is enabled at the place.
func (s *Service) askV2(ctx context.Context, hub *securityhub.Client, p *place) error {
	out, err := hub.DescribeSecurityHubV2(ctx, &securityhub.DescribeSecurityHubV2Input{})
	switch {
	case err == nil:
		p.api = APIV2
		p.identify(aws.ToString(out.HubV2Arn))
		return p.err
	case denied(err) && s.api == APIV2:
		p.api = APIV2
		p.notes = append(p.notes, "whether Security Hub V2 is enabled was not asked first: "+explain(err, p.account, p.region, "DescribeSecurityHubV2").Error())
		return nil
	}
	return explain(err, p.account, p.region, "DescribeSecurityHubV2")
}

// neither is the error of a place that has neither version of Security Hub. v2 is
// why the second cannot be used.
func (p *place) neither(v1, v2 error) error {
	told := explain(v1, p.account, p.region, "DescribeHub")
	var first, second *awsapi.Error
	if !errors.As(told, &first) || !errors.As(v2, &second) {
		return v2
	}
	// Where the operation is not known, the answer may be a page of HTML.
	var answer *smithyhttp.ResponseError
	unknown := errors.As(second.Err, &answer) && answer.HTTPStatusCode() == http.StatusNotFound
	switch {
	case awsapi.Code(second.Err) == "" && !unknown: // no answer
		return v2
	case second.Denied():
		first.Advice = "Security Hub CSPM is not enabled in this Region, and whether Security Hub V2 is cannot be told: missing permission " + second.Action + ": enable one of them there, allow that action, or leave the Region out of --regions"
	default:
		first.Advice = "neither Security Hub CSPM nor Security Hub V2 is enabled in this Region: enable one of them there, or leave the Region out of --regions"
	}
	return first
}

// identify takes the account from the ARN of what AWS found, so that scopes name
// the account that was read, whatever role led there.
func (p *place) identify(hub string) {
	parsed, err := arn.Parse(hub)
	if err != nil || !shca.IsAccountID(parsed.AccountID) {
		return
	}
	if p.login != "" && parsed.AccountID != p.login {
		p.err = fmt.Errorf("the credentials for account %s lead to account %s: give a --role-arn that has {account} in it", p.login, parsed.AccountID)
		return
	}
	p.account = parsed.AccountID
}

// maxAggregators bounds what is read; AWS has one for each account.
const maxAggregators = 20

// aggregators asks which Regions are linked. Every Region of an account gives the
// same answer.
func aggregators(ctx context.Context, hub *securityhub.Client, p *place) ([]aggregator, error) {
	var all []aggregator
	in := &securityhub.ListFindingAggregatorsInput{}
	for range maxAggregators {
		out, err := hub.ListFindingAggregators(ctx, in)
		if err != nil {
			return nil, explain(err, p.account, p.region, "ListFindingAggregators")
		}
		for _, listed := range out.FindingAggregators {
			if len(all) == maxAggregators {
				break
			}
			got, err := hub.GetFindingAggregator(ctx, &securityhub.GetFindingAggregatorInput{FindingAggregatorArn: listed.FindingAggregatorArn})
			if err != nil {
				return nil, explain(err, p.account, p.region, "GetFindingAggregator")
			}
			a := aggregator{arn: aws.ToString(listed.FindingAggregatorArn), home: aws.ToString(got.FindingAggregationRegion), mode: aws.ToString(got.RegionLinkingMode)}
			for _, names := range got.Regions { // one text for all of them, in examples
				a.regions = append(a.regions, strings.Fields(names)...)
			}
			all = append(all, a)
		}
		if aws.ToString(out.NextToken) == "" || aws.ToString(out.NextToken) == aws.ToString(in.NextToken) {
			break
		}
		in.NextToken = out.NextToken
	}
	return all, nil
}

// plan makes the task of a place, or the scope that says why there is none.
func (s *Service) plan(p *place, places []*place) (*collect.Task, *shca.Scope, error) {
	source := shca.SourceASFF
	if p.api == APIV2 || p.api == "" && s.api == APIV2 {
		source = shca.SourceOCSF
	}
	failed := func(err error) (*collect.Task, *shca.Scope, error) {
		return nil, &shca.Scope{Source: source, AccountID: p.account, Region: p.region, Err: err.Error(), Note: strings.Join(p.notes, "; ")}, nil
	}
	run := params{Login: p.login, API: p.api, Findings: true}
	if p.cspm {
		run.Inventory = s.inventory
	}
	note := ""
	switch {
	case p.err != nil:
		return failed(p.err)
	case p.api == APIV2 && s.v2Unfit:
		return failed(errors.New("only Security Hub V2 is enabled in this Region, and the filter is for Security Hub CSPM: write the filter with fields of OCSF as well, or leave the Region out of --regions"))
	case p.api == APIV1 && s.v1Unfit:
		return failed(errors.New("the filter is for Security Hub V2, and in this Region Security Hub CSPM is used: write the filter with attributes of ASFF as well, or name the API v2"))
	case p.api == APIV2:
		run.Filters, note = s.v2, "pulled from Security Hub V2: "+s.v2Note
	default:
		run.Filters, note = s.v1, "pulled from Security Hub: "+s.v1Note
		linked := linkedRegions(p, places)
		elsewhere := ""
		for _, a := range linked {
			if a.home == p.region {
				note += "; home Region " + a.describe()
			}
			if a.links(p.region) && findPlace(places, p.account, a.home) != nil {
				elsewhere = "its home Region " + a.home
			}
		}
		if admin := findPlace(places, p.admin, p.region); p.admin != "" && p.admin != p.account && admin != nil {
			elsewhere = "its administrator account " + p.admin
		}
		switch {
		case elsewhere != "" && !s.every:
			run.Findings, run.Filters = false, nil
			note = "the findings come with those of " + elsewhere
		case elsewhere != "":
			note += "; the findings come with those of " + elsewhere + " as well, and count once"
		case p.unlinked != nil && linked == nil:
			p.notes = append(p.notes, "whether its findings come with those of a home Region is not known, so they were pulled here: "+p.unlinked.Error())
		}
	}
	note = strings.Join(append([]string{note}, p.notes...), "; ")
	if !run.Findings && run.Inventory == "" {
		return nil, &shca.Scope{Source: source, AccountID: p.account, Region: p.region, Note: note}, nil
	}
	b, err := json.Marshal(run, json.Deterministic(true))
	if err != nil {
		return nil, nil, fmt.Errorf("securityhub: %w", err)
	}
	return &collect.Task{Source: source, AccountID: p.account, Region: p.region, Note: note, Params: b}, nil, nil
}

// linkedRegions returns the aggregators of the place's account, sorted, without
// repetition; nil if no Region could say.
func linkedRegions(p *place, places []*place) []aggregator {
	var all []aggregator
	for _, q := range places {
		if q.account != p.account || q.api != APIV1 || q.err != nil || q.unlinked != nil {
			continue
		}
		if all == nil {
			all = []aggregator{}
		}
		all = append(all, q.aggregators...)
	}
	slices.SortStableFunc(all, func(a, b aggregator) int { return strings.Compare(a.arn, b.arn) })
	return slices.CompactFunc(all, func(a, b aggregator) bool { return a.arn == b.arn })
}

// findPlace returns the place of the account and Region if findings can be pulled
// there with GetFindings, else nil.
func findPlace(places []*place, account, region string) *place {
	for _, p := range places {
		if p.account == account && p.region == region && p.err == nil && p.api == APIV1 {
			return p
		}
	}
	return nil
}
