package securityhub

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/collect"
	"github.com/go-shca/shca/internal/awsapi"
	"github.com/go-shca/shca/sources/snapshot"
)

// pageSize is the most that GetFindings, GetFindingsV2 and the operations about
// checks take (Security Hub API reference, MaxResults and batch sizes).
const pageSize = 100

// puller reads one account and Region: first which checks are enabled, then the
// findings.
type puller struct {
	task     collect.Task
	params   params
	v1       *types.AwsSecurityFindingFilters // nil for none
	v2       *types.OcsfFindingFilters
	client   *securityhub.Client
	trail    trail
	pauses   []time.Duration
	maxEmpty int
}

// The phases of a task, in their order.
const (
	phaseStandard = "standard" // whether the standard is enabled
	phaseChecks   = "checks"   // the standard's checks, page by page
	phaseFindings = "findings"
)

// cursor says where the next page is.
type cursor struct {
	Phase    string `json:"phase"`
	Standard string `json:"standard,omitempty"` // ARN, in phaseChecks
	Token    string `json:"token,omitempty"`
	Empty    int    `json:"empty,omitzero"` // empty pages before this one, in a row
}

// Next implements [collect.Puller].
func (p *puller) Next(ctx context.Context, at jsontext.Value) (collect.Page, error) {
	if err := ctx.Err(); err != nil {
		return collect.Page{}, err
	}
	c := cursor{Phase: phaseFindings}
	if p.params.Inventory != "" {
		c.Phase = phaseStandard
	}
	if at != nil {
		c = cursor{}
		if err := json.Unmarshal(at, &c, json.RejectUnknownMembers(true)); err != nil {
			return collect.Page{}, fmt.Errorf("securityhub: the place to go on from cannot be read: %w", err)
		}
	}
	var page collect.Page
	var next *cursor
	var err error
	switch c.Phase {
	case phaseStandard:
		page.Lines, next, err = p.standard(ctx)
	case phaseChecks:
		page.Lines, next, err = p.checks(ctx, c)
	case phaseFindings:
		page.Lines, next, err = p.findings(ctx, c)
	default:
		err = fmt.Errorf("securityhub: the place to go on from has the unknown phase %.40q", c.Phase)
	}
	if err != nil {
		return collect.Page{}, err
	}
	if next != nil {
		if page.Next, err = json.Marshal(next); err != nil {
			return collect.Page{}, fmt.Errorf("securityhub: %w", err)
		}
	}
	return page, nil
}

// findings reads one page of findings.
func (p *puller) findings(ctx context.Context, c cursor) ([]snapshot.Line, *cursor, error) {
	operation, format := "GetFindings", shca.SourceASFF
	if p.params.API == APIV2 {
		operation, format = "GetFindingsV2", shca.SourceOCSF
	}
	var token *string
	if c.Token != "" {
		token = &c.Token
	}
	var raw []jsontext.Value
	next, err := p.page(ctx, operation, c.Token, func(ctx context.Context) (string, error) {
		ctx, body := awsapi.AnswersWithout(ctx, "Findings") // one that the SDK cannot read must not cost the page
		var next *string
		if p.params.API == APIV2 {
			out, err := p.client.GetFindingsV2(ctx, &securityhub.GetFindingsV2Input{Filters: p.v2, MaxResults: aws.Int32(pageSize), NextToken: token})
			if err != nil {
				return "", err
			}
			next = out.NextToken
		} else {
			out, err := p.client.GetFindings(awsapi.Requiring(ctx, "Findings"), &securityhub.GetFindingsInput{Filters: p.v1, MaxResults: aws.Int32(pageSize), NextToken: token})
			if err != nil {
				return "", err
			}
			next = out.NextToken
		}
		var err error
		if raw, err = splitFindings(body()); err != nil {
			return "", fmt.Errorf("the answer cannot be taken apart: %w", err)
		}
		return aws.ToString(next), nil
	})
	if err != nil {
		return nil, nil, err
	}
	lines := make([]snapshot.Line, len(raw))
	for i, finding := range raw {
		lines[i] = snapshot.Line{Finding: finding, Format: format}
	}
	if next == "" {
		return lines, nil, nil
	}
	follow := &cursor{Phase: phaseFindings, Token: next}
	if len(raw) == 0 {
		if follow.Empty = c.Empty + 1; follow.Empty > p.maxEmpty {
			return nil, nil, p.explain(fmt.Errorf("%d pages in a row had no findings, and each of them said that there are more: run the same command again later, or narrow the filter", follow.Empty), operation)
		}
	}
	return lines, follow, nil
}

// page asks for the page at the token, and returns the token of the one that
// follows. get makes one request.
//
// A token that was used before is not followed, or the pages would go round in a
// circle: the page is asked for again, and what the answer held is dropped.
func (p *puller) page(ctx context.Context, operation, token string, get func(context.Context) (string, error)) (string, error) {
	p.trail.enter(token)
	for try := 0; ; try++ {
		next, err := get(ctx)
		switch {
		case err != nil && ctx.Err() != nil:
			return "", ctx.Err()
		case err != nil && token != "" && slices.Contains([]string{"InvalidInputException", "ValidationException"}, awsapi.Code(err)):
			// AWS's words may hold the token.
			return "", fmt.Errorf("%s in account %s, Region %s: %s: %w", action(operation), p.task.AccountID, p.task.Region, awsapi.Code(err), collect.ErrRestart)
		case err != nil:
			return "", p.explain(err, operation)
		case next == "" || !p.trail.used(next):
			return next, nil
		case try == len(p.pauses):
			return "", p.explain(fmt.Errorf("the answer points to a page that was read before, %d times in a row, so that the end is never reached: run the same command again later", try+1), operation)
		}
		if err := pause(ctx, p.pauses[try]); err != nil {
			return "", err
		}
	}
}

// pause waits, or returns the error of the context that ends before.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// trail remembers the page tokens of requests that were made. It forgets all of
// them now and then, so that it stays small: a circle of up to maxTrail pages is
// found still, one round later.
type trail struct {
	seed   maphash.Seed
	hashes map[uint64]struct{}
	last   uint64
}

const maxTrail = 1 << 16

// enter notes that the page at the token is asked for. A page before the last one
// begins anew: it is a run's first, or the task was restarted.
func (t *trail) enter(token string) {
	if token == "" || t.hashes == nil {
		*t = trail{seed: maphash.MakeSeed(), hashes: map[uint64]struct{}{}}
	}
	if token == "" {
		return
	}
	h := maphash.String(t.seed, token)
	_, used := t.hashes[h]
	if used && h != t.last || !used && len(t.hashes) >= maxTrail {
		clear(t.hashes)
	}
	t.hashes[h], t.last = struct{}{}, h
}

func (t *trail) used(token string) bool {
	_, ok := t.hashes[maphash.String(t.seed, token)]
	return ok
}

// splitFindings returns the findings in the body of an answer, each as it was
// sent.
func splitFindings(body []byte) ([]jsontext.Value, error) {
	if len(body) == 0 {
		return nil, errors.New("it is empty")
	}
	dec := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if dec.PeekKind() != '{' {
		return nil, errors.New("it is no JSON object")
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	var findings []jsontext.Value
	seen := false
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		if name.String() != "Findings" || dec.PeekKind() == 'n' {
			if err := dec.SkipValue(); err != nil {
				return nil, err
			}
			continue
		}
		if seen {
			return nil, errors.New("it has two members Findings")
		}
		seen = true
		if dec.PeekKind() != '[' {
			return nil, errors.New("the member Findings is no array")
		}
		if _, err := dec.ReadToken(); err != nil {
			return nil, err
		}
		for dec.PeekKind() == '{' {
			finding, err := dec.ReadValue()
			if err != nil {
				return nil, err
			}
			findings = append(findings, finding.Clone())
		}
		if end, err := dec.ReadToken(); err != nil {
			return nil, err
		} else if end.Kind() != ']' {
			return nil, fmt.Errorf("finding %d is no JSON object", len(findings)+1)
		}
	}
	_, err := dec.ReadToken()
	return findings, err
}
