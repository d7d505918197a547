package auditmanager

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/auditmanager"
	"github.com/go-json-experiment/json"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/collect"
	"github.com/go-shca/shca/internal/awsapi"
)

// Options say what to pull from Audit Manager.
type Options struct {
	Session     *awsapi.Session
	Accounts    []string // nil is the account of the session's credentials
	Regions     []string // nil is the session's Region
	Assessments []string // by name or id, whatever their status; nil is every active one
	// Since is the first day whose evidence is pulled: evidence folders of earlier
	// days (UTC) are left out. The zero time is all.
	Since time.Time
}

// Service pulls assessments and their evidence from Audit Manager in accounts and
// Regions, each of them a task.
type Service struct{ Options }

var _ collect.Service = (*Service)(nil)

// params are what a task has of the options.
type params struct {
	Assessments []string  `json:"assessments,omitempty"`
	Since       time.Time `json:"since,omitzero"`
	Alone       bool      `json:"alone,omitempty"` // it is the only task
}

// Plan returns a task for each account and Region, in the order of the options. It
// makes no request.
func (s *Service) Plan(ctx context.Context) ([]collect.Task, []shca.Scope, error) {
	places := s.Session.Places(s.Accounts, s.Regions)
	p := params{Assessments: awsapi.Distinct(s.Assessments), Alone: len(places) == 1}
	note := ""
	if !s.Since.IsZero() {
		p.Since = s.Since.UTC().Truncate(24 * time.Hour)
		note = "evidence folders of days before " + p.Since.Format(time.DateOnly) + " were left out"
	}
	text, err := json.Marshal(p, json.Deterministic(true))
	if err != nil {
		return nil, nil, fmt.Errorf("auditmanager: %w", err)
	}
	var tasks []collect.Task
	for _, at := range places {
		tasks = append(tasks, collect.Task{Source: shca.SourceAuditManager, AccountID: at.Account, Region: at.Region, Note: note, Params: text})
	}
	return tasks, nil, ctx.Err()
}

// Puller returns what pulls a task of Plan's.
func (s *Service) Puller(t collect.Task) (collect.Puller, error) {
	client := auditmanager.NewFromConfig(s.Session.Config(t.AccountID, t.Region))
	return newPuller(&sdk{client}, t)
}

func newPuller(a api, t collect.Task) (*puller, error) {
	p := &puller{api: a, account: t.AccountID, region: t.Region}
	if len(t.Params) > 0 {
		if err := json.Unmarshal(t.Params, &p.params); err != nil {
			return nil, fmt.Errorf("auditmanager: what the task of %s %s is to pull cannot be read: %w", t.AccountID, t.Region, err)
		}
	}
	return p, nil
}

// api is what the puller asks Audit Manager. All but status return the answer as
// it came.
type api interface {
	status(ctx context.Context) (string, error)
	assessments(ctx context.Context, status, token string) ([]byte, error)
	assessment(ctx context.Context, id string) ([]byte, error)
	folders(ctx context.Context, assessment, token string) ([]byte, error)
	evidence(ctx context.Context, assessment, set, folder, token string) ([]byte, error)
}
