package collect

import (
	"sync"
	"time"

	"github.com/go-shca/shca/sources/snapshot"
)

// Progress tells how far a run is. A run adds to it and anybody may read it at
// any time; a nil Progress counts nothing.
type Progress struct {
	mu    sync.Mutex
	tasks []TaskProgress
	now   func() time.Time
}

// TaskProgress is how far one task is.
type TaskProgress struct {
	AccountID, Region string
	State             TaskState
	Items             int64     // findings and evidence pulled, also by the run that this one goes on with
	Before            int64     // of these, those that were there when this run began
	Total             int64     // that the task holds in all; 0 if unknown
	Began             time.Time // in this run
	Err               error     // why it failed
}

// TaskState says whether a task is being pulled.
type TaskState int

// The states of a task.
const (
	Waiting TaskState = iota
	Pulling
	Pulled
	Failed
)

// NewProgress returns a progress that takes the time from now.
func NewProgress(now func() time.Time) *Progress { return &Progress{now: now} }

// Tasks returns how far each task is, in the order of the plan; nothing before
// there is one.
func (p *Progress) Tasks() []TaskProgress {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]TaskProgress(nil), p.tasks...)
}

func (p *Progress) begin(tasks []Task) {
	p.change(func() {
		p.tasks = make([]TaskProgress, len(tasks))
		for i, t := range tasks {
			p.tasks[i] = TaskProgress{AccountID: t.AccountID, Region: t.Region}
		}
	})
}

func (p *Progress) resume(i int, items int64) {
	p.change(func() {
		t := &p.tasks[i]
		t.State, t.Items, t.Before = Pulling, items, items
		if p.now != nil {
			t.Began = p.now()
		}
	})
}

func (p *Progress) add(i int, items, total int64) {
	p.change(func() {
		t := &p.tasks[i]
		t.Items = items
		if total > 0 {
			t.Total = total
		}
	})
}

func (p *Progress) end(i int, err error) {
	p.change(func() {
		t := &p.tasks[i]
		t.State, t.Err = Pulled, err
		if err != nil {
			t.State = Failed
		}
	})
}

func (p *Progress) change(f func()) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// items counts what a task is pulled for.
func items(c snapshot.Counts) int64 { return c.Findings + c.Evidence }
