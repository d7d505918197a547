package auditmanager

import (
	"context"
	"strings"
	"sync"

	"github.com/go-shca/shca/collect"
)

// Memory keeps answers, so that the same page can be asked for again and again
// without the pace that AWS wants.
type Memory struct {
	mu      sync.Mutex
	answers map[string]answer
}

type answer struct {
	body []byte
	err  error
}

// Keep lets the puller take answers from the memory, or put them there.
func (m *Memory) Keep(p collect.Puller) {
	own := p.(*puller)
	own.api = &remembering{own.api, m}
}

type remembering struct {
	api
	*Memory
}

func (r *remembering) get(ask func() ([]byte, error), key ...string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := strings.Join(key, "\x00")
	if a, ok := r.answers[k]; ok {
		return a.body, a.err
	}
	body, err := ask()
	if r.answers == nil {
		r.answers = map[string]answer{}
	}
	r.answers[k] = answer{body, err}
	return body, err
}

func (r *remembering) assessments(ctx context.Context, status, token string) ([]byte, error) {
	return r.get(func() ([]byte, error) { return r.api.assessments(ctx, status, token) }, "assessments", status, token)
}

func (r *remembering) assessment(ctx context.Context, id string) ([]byte, error) {
	return r.get(func() ([]byte, error) { return r.api.assessment(ctx, id) }, "assessment", id)
}

func (r *remembering) folders(ctx context.Context, id, token string) ([]byte, error) {
	return r.get(func() ([]byte, error) { return r.api.folders(ctx, id, token) }, "folders", id, token)
}

func (r *remembering) evidence(ctx context.Context, id, set, folder, token string) ([]byte, error) {
	return r.get(func() ([]byte, error) { return r.api.evidence(ctx, id, set, folder, token) }, "evidence", id, set, folder, token)
}
