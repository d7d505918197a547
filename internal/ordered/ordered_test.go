package ordered_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca/internal/ordered"
)

// numbers sends pointers to 0, 1, … until send wants no more, or n are sent.
func numbers(n int, refused *atomic.Bool) func(func(*int) bool) {
	return func(send func(*int) bool) {
		for i := range n {
			if !send(&i) {
				refused.Store(true)
				return
			}
		}
	}
}

// double is work that takes the longer the earlier its value was sent.
func double(i *int) {
	time.Sleep(time.Duration(3-*i%4) * 100 * time.Microsecond)
	*i *= 2
}

func TestOrder(t *testing.T) {
	var refused atomic.Bool
	var got, want []int
	for i := range ordered.Map(t.Context(), numbers(500, &refused), double) {
		got = append(got, *i)
	}
	for i := range 500 {
		want = append(want, 2*i)
	}
	if d := cmp.Diff(want, got); d != "" || refused.Load() {
		t.Errorf("refused %v, values (-want +got):\n%s", refused.Load(), d)
	}
	if none := slices.Collect(ordered.Map(t.Context(), func(func(*int) bool) {}, double)); len(none) > 0 {
		t.Errorf("nothing was sent, and %d values came", len(none))
	}
}

// TestStop: when nobody wants more, or ctx is done, send says so.
func TestStop(t *testing.T) {
	for name, stop := range map[string]func(context.CancelFunc) bool{
		"stopped":   func(context.CancelFunc) bool { return true },
		"cancelled": func(cancel context.CancelFunc) bool { cancel(); return false },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		var refused atomic.Bool
		ended := make(chan struct{})
		n := 0
		for range ordered.Map(ctx, func(send func(*int) bool) { defer close(ended); numbers(1<<30, &refused)(send) }, double) {
			if n++; n == 3 && stop(cancel) {
				break
			}
		}
		<-ended
		if n != 3 || !refused.Load() {
			t.Errorf("%s: %d values came, refused %v", name, n, refused.Load())
		}
		cancel()
	}
}

// TestBlocked: who waits for the values is not kept by a produce that is stuck.
func TestBlocked(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	defer close(release)
	for range ordered.Map(ctx, func(func(*int) bool) { cancel(); <-release }, double) {
		t.Error("a value came")
	}
}
