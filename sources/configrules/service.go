package configrules

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/go-json-experiment/json"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/collect"
	"github.com/go-shca/shca/internal/awsapi"
)

// Options say what to pull from AWS Config.
type Options struct {
	Session  *awsapi.Session
	Accounts []string // nil is the account of the session's credentials
	Regions  []string // nil is the session's Region
	Packs    []string // conformance packs by name; nil is all of them
	Rules    bool     // all rules instead, whether conformance packs hold them or not
}

// Service pulls evaluations from AWS Config in accounts and Regions, each of
// them a task: the rules of conformance packs, or all rules.
type Service struct{ Options }

// params are what a task has of the options.
type params struct {
	Packs []string `json:"packs,omitempty"`
	Rules bool     `json:"rules,omitzero"`
}

// Plan returns a task for each account and Region, in the order of the options.
// It makes no request.
func (s *Service) Plan(ctx context.Context) ([]collect.Task, []shca.Scope, error) {
	if s.Rules && len(s.Packs) > 0 {
		return nil, nil, errors.New("config: either conformance packs are pulled, by name, or all rules: leave one of both out")
	}
	p, err := json.Marshal(params{Packs: awsapi.Distinct(s.Packs), Rules: s.Rules}, json.Deterministic(true))
	if err != nil {
		return nil, nil, fmt.Errorf("config: %w", err)
	}
	var tasks []collect.Task
	for _, at := range s.Session.Places(s.Accounts, s.Regions) {
		tasks = append(tasks, collect.Task{Source: shca.SourceConfig, AccountID: at.Account, Region: at.Region, Params: p})
	}
	return tasks, nil, ctx.Err()
}

// Puller returns what pulls a task of Plan's.
func (s *Service) Puller(t collect.Task) (collect.Puller, error) {
	p := &puller{
		api:       configservice.NewFromConfig(s.Session.Config(t.AccountID, t.Region)),
		answers:   awsapi.Answers,
		account:   t.AccountID,
		region:    t.Region,
		partition: s.Session.Partition(),
	}
	if len(t.Params) > 0 {
		if err := json.Unmarshal(t.Params, &p.params); err != nil {
			return nil, fmt.Errorf("config: what the task of %s %s is to pull cannot be read: %w", t.AccountID, t.Region, err)
		}
	}
	return p, nil
}

var _ collect.Service = (*Service)(nil)
