package ocsf

import (
	"cmp"
	"context"
	"io"
	"iter"
	"sync"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/ordered"
)

// batch is how many findings one goroutine turns into events at a time.
const batch = 256

// Write writes the events of the findings as NDJSON, in their order, one event
// for each finding. It spreads the work over the processors and holds a few
// batches at a time. It returns the first error of the findings, of an event or
// of w, and stops when ctx is done.
func (e *Encoder) Write(ctx context.Context, w io.Writer, findings iter.Seq2[*shca.Finding, error]) error {
	return e.Each(ctx, findings, func(events []byte, _ []Event) error {
		_, err := w.Write(events)
		return err
	})
}

// Event is where one event is in a batch, with what it is filed under.
type Event struct {
	Head
	Start, End int // of the JSON, without the newline that follows
}

// Each calls take with the events of the findings in their order, a batch at a
// time: their JSON, a line each, and where each of them is. take runs in one
// goroutine at a time and must not keep what it is given.
func (e *Encoder) Each(ctx context.Context, findings iter.Seq2[*shca.Finding, error], take func(events []byte, at []Event) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	jobs := sync.Pool{New: func() any { return new(job) }} // for their memory
	var reading error
	ended := make(chan struct{}) // reading, which the caller must not outrun
	produce := func(send func(*job) bool) {
		defer close(ended)
		j := jobs.Get().(*job)
		for f, err := range findings {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				reading = err
				return
			}
			if j.findings = append(j.findings, f); len(j.findings) == batch {
				if !send(j) {
					return
				}
				j = jobs.Get().(*job)
			}
		}
		send(j)
	}
	var writing error
	for j := range ordered.Map(ctx, produce, func(j *job) { j.encode(e) }) {
		if len(j.events) > 0 {
			writing = take(j.text, j.events)
		}
		if writing = cmp.Or(writing, j.err); writing != nil {
			break
		}
		j.reset()
		jobs.Put(j)
	}
	if writing != nil {
		cancel() // so that reading ends
	}
	<-ended
	return cmp.Or(writing, reading, ctx.Err())
}

// job is a batch of findings and what becomes of them.
type job struct {
	findings []*shca.Finding
	text     []byte
	events   []Event
	err      error
}

func (j *job) encode(e *Encoder) {
	for _, f := range j.findings {
		start := len(j.text)
		var head Head
		if j.text, head, j.err = e.Append(j.text, f); j.err != nil {
			return
		}
		j.events = append(j.events, Event{head, start, len(j.text)})
		j.text = append(j.text, '\n')
	}
}

func (j *job) reset() {
	clear(j.findings)
	*j = job{findings: j.findings[:0], text: j.text[:0], events: j.events[:0]}
}
