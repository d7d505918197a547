// Package awsapi is how shca talks to AWS: as whom, in which accounts and
// Regions, how fast, and what it says when AWS refuses. It is for the sources
// that pull from AWS and for reading and writing S3; it knows no service's
// findings.
//
// Every request of every client goes through one HTTP client, which keeps to the
// service's rate, attempt by attempt, waits for nothing for ever, and has read an
// answer to its end before the SDK sees it, so that one cut off is asked for
// again. Nothing is logged: neither credentials nor page tokens nor addresses
// leave it in an error.
package awsapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	organizationstypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/go-shca/shca"
)

// Options say as whom and how AWS is called. The zero value uses what the
// environment and the shared configuration files say, also for endpoints
// (AWS_ENDPOINT_URL), certificates (AWS_CA_BUNDLE) and proxies.
type Options struct {
	Profile    string // of the shared configuration files
	Region     string // to start from; "" is the configured one
	RoleARN    string // role to assume; {account} in it stands for the account that is called
	ExternalID string // of the role's trust policy
	FIPS       bool   // use FIPS endpoints only
	DualStack  bool   // use endpoints that have IPv6 addresses, too
	AppID      string // what the user agent names: "shca-v1.2.0"

	// Timeout is how long one attempt may go without a byte from AWS, Attempts how
	// often a request is made at most, and Backoff the longest pause between two.
	// 0 is 30 seconds, 10 attempts, 20 seconds.
	Timeout  time.Duration
	Attempts int
	Backoff  time.Duration
	// Speed multiplies the rates that requests keep to, which are AWS's own; 0 is 1.
	// It is for servers that are not AWS.
	Speed float64
}

// Placeholder is the part of Options.RoleARN that stands for the account.
const Placeholder = "{account}"

// Session makes the configurations of AWS clients. Any number of goroutines may
// use it at once.
type Session struct {
	options   Options
	base      aws.Config
	account   string
	partition string
	limits    limits

	mu    sync.Mutex
	roles map[string]*aws.CredentialsCache // by role ARN
}

// Open reads the configuration and asks AWS who the caller is
// (sts:GetCallerIdentity, which every identity may).
func Open(ctx context.Context, o Options) (*Session, error) {
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	o.Attempts = cmp.Or(o.Attempts, 10)
	o.Backoff = cmp.Or(o.Backoff, 20*time.Second)
	load := []func(*config.LoadOptions) error{
		config.WithHTTPClient(awshttp.NewBuildableClient().WithReadTimeout(o.Timeout)),
		config.WithAppID(o.AppID),
	}
	if o.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(o.Profile))
	}
	if o.Region != "" {
		load = append(load, config.WithRegion(o.Region))
	}
	if o.FIPS {
		load = append(load, config.WithUseFIPSEndpoint(aws.FIPSEndpointStateEnabled))
	}
	if o.DualStack {
		load = append(load, config.WithUseDualStackEndpoint(aws.DualStackEndpointStateEnabled))
	}
	base, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fmt.Errorf("the AWS configuration cannot be used: see the profile's name, AWS_PROFILE, and the files ~/.aws/config and ~/.aws/credentials: %s", reason(err))
	}
	if base.Region == "" {
		return nil, errors.New("no Region is configured: give --regions, or set AWS_REGION or the profile's region")
	}
	if _, err := base.Credentials.Retrieve(ctx); err != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("there are no AWS credentials: sign in (aws sso login, aws configure), set AWS_PROFILE, or run where a role provides them: %s", reason(err))
	}
	s := &Session{options: o, base: base, roles: map[string]*aws.CredentialsCache{}}
	s.limits.speed = cmp.Or(o.Speed, 1)
	identity, err := sts.NewFromConfig(s.Config("", base.Region)).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, Explain(err, "", base.Region, "sts:GetCallerIdentity")
	}
	s.account = aws.ToString(identity.Account)
	caller, err := arn.Parse(aws.ToString(identity.Arn))
	if err != nil || !shca.IsAccountID(s.account) {
		return nil, fmt.Errorf("sts:GetCallerIdentity in %s names no account and partition: is the endpoint one of AWS?", base.Region)
	}
	s.partition = caller.Partition
	return s, nil
}

// Account is the id of the account whose identity makes the requests.
func (s *Session) Account() string { return s.account }

// Partition is that account's: aws, aws-us-gov, aws-cn, …
func (s *Session) Partition() string { return s.partition }

// Region is the one that is configured.
func (s *Session) Region() string { return s.base.Region }

// Config returns the configuration for calls in the account and Region. An
// account of "" is the caller's own. Other accounts are reached through the role
// of Options.RoleARN, if that has a place for them.
func (s *Session) Config(account, region string) aws.Config {
	credentials := s.base.Credentials
	if role := s.role(account); role != "" {
		credentials = s.assumed(role)
	}
	return s.config(credentials, cmp.Or(account, s.account), region)
}

// config returns a configuration whose requests are paced as those in the account
// and Region.
func (s *Session) config(credentials aws.CredentialsProvider, account, region string) aws.Config {
	c := s.base.Copy()
	c.Region, c.Credentials = region, credentials
	c.HTTPClient = &client{inner: s.base.HTTPClient, limits: &s.limits, account: account, region: region}
	c.Retryer = func() aws.Retryer { return s.options.retryer(credentials) }
	return c
}

// role is the role to assume for calls in the account, "" for none.
func (s *Session) role(account string) string {
	if !strings.Contains(s.options.RoleARN, Placeholder) {
		return s.options.RoleARN
	}
	if account == "" || account == s.account {
		return ""
	}
	return strings.ReplaceAll(s.options.RoleARN, Placeholder, account)
}

func (s *Session) assumed(role string) *aws.CredentialsCache {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.roles[role] == nil {
		c := s.config(s.base.Credentials, s.account, s.Region())
		provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(c), role, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = "shca"
			if s.options.ExternalID != "" {
				o.ExternalID = &s.options.ExternalID
			}
		})
		s.roles[role] = aws.NewCredentialsCache(provider, func(o *aws.CredentialsCacheOptions) {
			o.ExpiryWindow = 5 * time.Minute // before that, since a page may take its time
		})
	}
	return s.roles[role]
}

// A Place is an account and a Region to call.
type Place struct{ Account, Region string }

// Places returns every Region of every account, in their order, once. No account
// is the session's, and no Region likewise.
func (s *Session) Places(accounts, regions []string) []Place {
	if len(accounts) == 0 {
		accounts = []string{s.Account()}
	}
	if len(regions) == 0 {
		regions = []string{s.Region()}
	}
	var places []Place
	for _, account := range Distinct(accounts) {
		for _, region := range Distinct(regions) {
			places = append(places, Place{account, region})
		}
	}
	return places
}

// Distinct returns the texts without repetitions, in their order.
func Distinct(list []string) []string {
	var all []string
	for _, text := range list {
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// Regions lists the Regions that are enabled for the caller's account, sorted
// (Account Management API, ListRegions).
func (s *Session) Regions(ctx context.Context) ([]string, error) {
	pages := account.NewListRegionsPaginator(account.NewFromConfig(s.Config("", s.Region())), &account.ListRegionsInput{
		RegionOptStatusContains: []accounttypes.RegionOptStatus{accounttypes.RegionOptStatusEnabled, accounttypes.RegionOptStatusEnabledByDefault},
	})
	var names []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("--regions all: %w; or name the Regions", Explain(err, s.account, s.Region(), "account:ListRegions"))
		}
		for _, r := range page.Regions {
			names = append(names, aws.ToString(r.RegionName))
		}
	}
	if len(names) == 0 {
		return nil, errors.New("--regions all: account:ListRegions names no enabled Region: name the Regions")
	}
	slices.Sort(names)
	return names, nil
}

// Accounts lists the active accounts of the caller's organization, sorted
// (AWS Organizations API, ListAccounts).
func (s *Session) Accounts(ctx context.Context) ([]string, error) {
	pages := organizations.NewListAccountsPaginator(organizations.NewFromConfig(s.Config("", s.Region())), &organizations.ListAccountsInput{})
	var ids []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("--accounts all: %w; or name the accounts", Explain(err, s.account, s.Region(), "organizations:ListAccounts"))
		}
		for _, a := range page.Accounts {
			if a.State == organizationstypes.AccountStateActive || a.State == "" && a.Status == organizationstypes.AccountStatusActive {
				ids = append(ids, aws.ToString(a.Id))
			}
		}
	}
	if len(ids) == 0 {
		return nil, errors.New("--accounts all: organizations:ListAccounts names no active account: name the accounts")
	}
	slices.Sort(ids)
	return ids, nil
}
