package collect

import (
	"context"
	"errors"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/snapshot"
)

// Service is one AWS service that is pulled from. Its methods may be called by
// several goroutines at once.
type Service interface {
	// Plan says what there is to pull: one task for each account and Region, in a
	// stable order, and scopes for what cannot be pulled or need not be and why.
	// An error means that nothing can be pulled at all.
	Plan(ctx context.Context) ([]Task, []shca.Scope, error)
	// Puller returns what pulls a planned task.
	Puller(Task) (Puller, error)
}

// Task is one account and Region to pull from. It is written to the checkpoint,
// so that a run that goes on pulls what the first one planned.
type Task struct {
	Source    string         `json:"source"` // of its scope
	AccountID string         `json:"account_id,omitempty"`
	Region    string         `json:"region"`
	Note      string         `json:"note,omitempty"`   // of its scope
	Params    jsontext.Value `json:"params,omitempty"` // the service's own
}

// Puller reads one task page by page. It is used by one goroutine at a time.
type Puller interface {
	// Next reads the page at the cursor, which is nil at the beginning and then
	// Page.Next of the page before, also that of an earlier run: it must say all
	// there is to say about where the page is. It makes no request of AWS beyond
	// those for one page. An error that is [ErrRestart] means that the cursor is
	// no longer valid; one with a method EndsRun that returns true ends the run,
	// which the next one goes on with; any other ends the task, whose scope gets its
	// text.
	Next(ctx context.Context, cursor jsontext.Value) (Page, error)
}

// Page is a part of what a task holds.
type Page struct {
	Lines []snapshot.Line // findings, settings, evidence, scopes
	Next  jsontext.Value  // the cursor of the page that follows; nil after the last
	Total int64           // findings and evidence that the task holds in all, where the service says; 0 if unknown
}

// ErrRestart is the error of a Puller whose cursor AWS no longer takes. The task
// begins again, and what it had read is dropped.
var ErrRestart = errors.New("the place to go on from has expired")
