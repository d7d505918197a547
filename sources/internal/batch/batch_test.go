package batch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/internal/batch"
)

// TestRecords: findings come in their order, whole and numbered, errors among
// them, and the scope at last.
func TestRecords(t *testing.T) {
	const findings = 10_000 // of up to 900 bytes: many batches
	progress := &shca.Progress{}
	text := func(i int) string { return fmt.Sprint(i, strings.Repeat("x", i%900)) }
	number, scopes := 0, 0
	for r, err := range batch.Records(t.Context(), "n", progress, func(emit batch.Emit) func(int64) *shca.Scope {
		var raw []byte // used again and again
		for i := range findings {
			raw = append(raw[:0], text(i)...)
			if !emit(raw, batch.Finding(func(raw []byte) (*shca.Finding, *shca.FindingError) {
				if i%7 == 0 {
					return nil, &shca.FindingError{ID: string(raw), Err: errors.New("bad")}
				}
				return &shca.Finding{Raw: raw}, nil
			})) {
				t.Errorf("finding %d is not wanted", i)
			}
		}
		return func(n int64) *shca.Scope { return &shca.Scope{Note: fmt.Sprint(n)} }
	}) {
		bad, isBad := errors.AsType[*shca.FindingError](err)
		switch {
		case r.Scope != nil:
			if scopes++; r.Scope.Note != fmt.Sprint(findings) || number != findings {
				t.Errorf("scope %+v after %d findings", r.Scope, number)
			}
			continue
		case isBad:
			if number%7 != 0 || bad.ID != text(number) || bad.Number != int64(number+1) || bad.Source != "n" {
				t.Fatalf("finding %d: error %v", number, bad)
			}
		case err != nil || number%7 == 0 || string(r.Finding.Raw) != text(number):
			t.Fatalf("finding %d: %+v, error %v", number, r, err)
		}
		number++
	}
	if _, _, read := progress.Read(); scopes != 1 || read != findings-(findings+6)/7 {
		t.Errorf("%d scopes, %d findings counted", scopes, read)
	}
}

// TestStop: who wants no more ends the reading, and no finding is decoded twice.
func TestStop(t *testing.T) {
	for name, stop := range map[string]func(context.CancelFunc) bool{
		"stopped":   func(context.CancelFunc) bool { return true },
		"cancelled": func(cancel context.CancelFunc) bool { cancel(); return false },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		var twice atomic.Bool
		for _, err := range batch.Records(ctx, "n", nil, func(emit batch.Emit) func(int64) *shca.Scope {
			defer close(ended)
			for {
				var decoded atomic.Bool
				if !emit([]byte("x"), batch.Finding(func(raw []byte) (*shca.Finding, *shca.FindingError) {
					twice.Store(decoded.Swap(true) || twice.Load())
					return &shca.Finding{Raw: raw}, nil
				})) {
					return func(int64) *shca.Scope { t.Error("a scope is asked for"); return nil }
				}
			}
		}) {
			if err != nil && ctx.Err() == nil {
				t.Fatal(err)
			}
			if stop(cancel) {
				break
			}
		}
		<-ended
		time.Sleep(20 * time.Millisecond) // what was handed to goroutines may still be at work
		if twice.Load() {
			t.Errorf("%s: a finding was decoded twice", name)
		}
		cancel()
	}
}
