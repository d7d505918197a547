// Package ordered spreads work over the processors and hands it back in the
// order it came in. It is for whoever decodes or encodes many things one after
// the other; it knows nothing of what they are.
package ordered

import (
	"context"
	"iter"
	"runtime"
)

// Map yields the values that produce sends, in that order, each after work has
// been done on it. work runs on several goroutines at once, at most one for each
// processor and at most eight, since whoever sends keeps no more busy; produce
// runs on one of its own. A few values for each of them are held at a time.
//
// The sequence ends when produce has returned and its values have been yielded,
// or when ctx is done. When it ends early, send returns false from then on, and
// produce, which may be blocked elsewhere, is not waited for.
func Map[T any](ctx context.Context, produce func(send func(T) bool), work func(T)) iter.Seq[T] {
	type job struct {
		value T
		done  chan struct{}
	}
	return func(yield func(T) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		workers := min(runtime.GOMAXPROCS(0), 8)
		queue, sent := make(chan job, 2*workers), make(chan job, 2*workers)
		for range workers {
			go func() {
				for j := range queue {
					work(j.value)
					close(j.done)
				}
			}()
		}
		go func() {
			defer close(sent)
			defer close(queue)
			produce(func(value T) bool {
				j := job{value, make(chan struct{})}
				for _, to := range []chan<- job{queue, sent} {
					select {
					case <-ctx.Done():
						return false
					case to <- j:
					}
				}
				return true
			})
		}()
		for {
			var j job
			var more bool
			select {
			case <-ctx.Done():
			case j, more = <-sent:
			}
			if !more || ctx.Err() != nil {
				return
			}
			<-j.done
			if !yield(j.value) {
				return
			}
		}
	}
}
