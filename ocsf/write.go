package ocsf

import (
	"context"
	"io"
	"iter"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/go-shca/shca"
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
	type work struct {
		findings []*shca.Finding
		text     []byte
		events   []Event
		err      error
		done     chan struct{}
	}
	jobs := sync.Pool{New: func() any { return new(work) }} // for their memory
	next := func() *work {
		job := jobs.Get().(*work)
		job.findings, job.text, job.events, job.done = job.findings[:0], job.text[:0], job.events[:0], make(chan struct{})
		return job
	}
	workers := min(runtime.GOMAXPROCS(0), 8)
	queue := make(chan *work, workers)
	ordered := make(chan *work, 2*workers)
	group, ctx := errgroup.WithContext(ctx)
	for range workers {
		group.Go(func() error {
			for job := range queue {
				for _, f := range job.findings {
					start := len(job.text)
					var head Head
					if job.text, head, job.err = e.Append(job.text, f); job.err != nil {
						break
					}
					job.events = append(job.events, Event{head, start, len(job.text)})
					job.text = append(job.text, '\n')
				}
				close(job.done)
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(queue)
		defer close(ordered)
		job := next()
		send := func() error {
			for _, to := range []chan *work{queue, ordered} {
				select {
				case <-ctx.Done():
					return ctx.Err()
				case to <- job:
				}
			}
			job = next()
			return nil
		}
		for f, err := range findings {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			if job.findings = append(job.findings, f); len(job.findings) == batch {
				if err := send(); err != nil {
					return err
				}
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		return send()
	})
	group.Go(func() error {
		for job := range ordered {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-job.done:
			}
			if len(job.events) > 0 {
				if err := take(job.text, job.events); err != nil {
					return err
				}
			}
			if job.err != nil {
				return job.err
			}
			clear(job.findings)
			jobs.Put(job)
		}
		return nil
	})
	return group.Wait()
}
