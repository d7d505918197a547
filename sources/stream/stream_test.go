package stream_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/stream"
)

// generated is a reader of head, then of body again and again until size bytes
// have been read, then of tail.
type generated struct {
	head, body, tail string
	size             int64
	read             atomic.Int64
	rest             string
}

func (g *generated) Read(p []byte) (int, error) {
	if g.head != "" {
		g.rest, g.head = g.head, ""
	}
	if g.rest == "" {
		switch {
		case g.read.Load() < g.size:
			g.rest = g.body
		case g.tail != "":
			g.rest, g.tail = g.tail, ""
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	g.read.Add(int64(n))
	return n, nil
}

// peak samples the heap until stop is called.
func peak() (stop func() uint64) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	var top uint64
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			top = max(top, m.HeapAlloc)
			select {
			case <-done:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
	return func() uint64 {
		close(done)
		wg.Wait()
		return top - min(top, before)
	}
}

// TestBoundedMemory reads lines and strings far larger than the memory it may
// take.
func TestBoundedMemory(t *testing.T) {
	const limit = 64 << 20
	one := sample("a")
	for _, tc := range []struct {
		name             string
		head, body, tail string
		findings         bool // the body holds findings, else nothing but the last can be read
		errors           int  // -1 for any number
	}{
		{"a reply on one line", `{"Findings":[` + one, "," + one, "]}\n", true, 0},
		{"an array on one line", "[" + one, "," + one, "]", true, 0},
		{"concatenated", one, one, "", true, 0},
		{"an endless string", `{"Findings":[{"Id":"x","Title":"`, strings.Repeat("x", 1<<20), `"},` + one + "]}", false, 1},
		{"an endless string in NDJSON", `{"Id":"x","ProductArn":"p","AwsAccountId":"1","Title":"`, strings.Repeat("x", 1<<20), `"}` + "\n" + one, false, 1},
		{"a string without end", one + "\n" + `{"Id":"x","Title":"`, strings.Repeat("x", 1<<20), "", false, 1},
		{"an endless name", `{"Findings":[{"`, strings.Repeat("x", 1<<20), `":1},` + one + "]}", false, 1},
		{"an endless number", `{"Findings":[{"Id":`, strings.Repeat("1", 1<<20), `},` + one + "]}", false, 1},
		{"endless escapes", `{"Findings":[{"Id":"`, strings.Repeat(`\"`, 1<<20), `"},` + one + "]}", false, 1},
		{"endless nesting", `{"Findings":[{"Id":`, strings.Repeat(`{"a":[`, 1<<18), "", false, -1},
		{"endless members", `{"Findings":[{"Id":"x"`, strings.Repeat(`,"a":"b"`, 1<<17), `},` + one + "]}", false, 1},
		{"endless space", "", strings.Repeat(" \n\t", 1<<18), one, false, 0},
		{"endless space in a list", "[", strings.Repeat(" \n\t", 1<<18), one + "]", false, 0},
		{"endless space in a finding", `{"Findings":[` + one + `,{"Id":"x"`, strings.Repeat(" \n\t", 1<<18), `}]}`, false, 1},
		{"a token without end", `{"Findings":[` + one + `],"NextToken":"`, strings.Repeat("x", 1<<20), `"}`, false, 0},
		{"an endless line of text", one + "\n", strings.Repeat("x", 1<<20), "\n" + one, false, -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			size := int64(100 << 20)
			switch {
			case raceEnabled:
				size = 10 << 20
			case testing.Short():
				size = 70 << 20
			case strings.HasPrefix(tc.name, "a reply"), strings.HasPrefix(tc.name, "an endless string"):
				size = 300 << 20
			}
			r := &generated{head: tc.head, body: tc.body, tail: tc.tail, size: size}
			stop := peak()
			var findings, errs int
			start := time.Now()
			for record, err := range reading(r).Records(context.Background()) {
				switch {
				case err != nil:
					errs++
				case record.Finding != nil:
					findings++
				}
			}
			if top := stop(); top > limit {
				t.Errorf("took %d MiB for %d MiB of input, more than %d MiB", top>>20, size>>20, limit>>20)
			}
			if errs != tc.errors && tc.errors >= 0 {
				t.Errorf("got %d errors, want %d", errs, tc.errors)
			}
			if tc.findings && findings < int(size)/len(one+",") || findings == 0 && tc.name != "endless nesting" {
				t.Errorf("got %d findings", findings)
			}
			t.Logf("%.0f MB/s", float64(size)/1e6/time.Since(start).Seconds())
		})
	}
}

// TestLinearTime reads inputs that make recovery from errors go wrong as often
// as possible, at two sizes: the time must grow as the size does.
func TestLinearTime(t *testing.T) {
	if raceEnabled || testing.Short() {
		t.Skip("measures time")
	}
	for name, body := range map[string]string{
		"lines that open":          "{\"a\":[\n",
		"lines of a brace":         "{\n",
		"lines that open twice":    "{\"a\":{\"b\":\n",
		"lines of open lists":      "{\"Findings\":[\n",
		"open lists":               `{"Findings":[`,
		"open lists of findings":   `{"Findings":[` + sample("a"),
		"open events":              `{"detail":{"findings":[{"Id":"x",` + "\n",
		"quotes":                   `"x"`,
		"quotes in an object":      `{"a`,
		"quotes and commas":        `{"a":",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,"b`,
		"closing brackets":         "{}}]",
		"opening brackets":         "[",
		"objects":                  "{}",
		"numbers":                  "[1,",
		"findings behind a comma":  sample("a")[:800] + "\n",
		"findings with spaces":     sample("a") + strings.Repeat(" ", 3000),
		"spaces and a member":      sample("a") + strings.Repeat(" ", 3000) + `"x"`,
		"wrappers behind members":  `{"Findings":[{"x":"` + strings.Repeat("x", 1000) + `","data":[`,
		"unescaped quotes":         `[{"a":"the "best" {bucket}"},`,
		"colons and backslashes":   `{"\":\`,
		"records of marked halves": `{"Id":"1","Title":"2","Severity":` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			took := func(size int64) time.Duration {
				best := time.Hour
				for range 3 {
					s := &generated{head: "{}", body: body, size: size}
					start := time.Now()
					stream.Scan(s, formats, func([]byte, int, error) bool { return true })
					best = min(best, time.Since(start))
				}
				return best
			}
			size := int64(1 << 20)
			small, large := took(size), took(4*size)
			t.Logf("%v, %v for four times as much", small, large)
			if large > 12*small+200*time.Millisecond {
				t.Errorf("%d MiB took %v, four times as much took %v", size>>20, small, large)
			}
		})
	}
}

// TestStop: a consumer that stops, or a context that ends, ends the reading
// early and leaves no goroutine behind.
func TestStop(t *testing.T) {
	before := runtime.NumGoroutine()
	one := sample("a") + "\n"
	input := func() *generated { return &generated{body: one, size: 1 << 40} }

	for _, n := range []int{1, 2, 1000} {
		r, got := input(), 0
		for _, err := range reading(r).Records(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			if got++; got == n {
				break
			}
		}
		settle(t, before)
		if read := r.read.Load(); read > 64<<20 {
			t.Errorf("break after %d findings: read %d MiB", n, read>>20)
		}
	}

	t.Run("on an error", func(t *testing.T) {
		r := &generated{head: "[", body: "1,", size: 1 << 40}
		for _, err := range reading(r).Records(context.Background()) {
			var one *shca.FindingError
			if !errors.As(err, &one) || one.Number != 1 {
				t.Fatalf("got %v, want an error of finding 1", err)
			}
			break
		}
		settle(t, before+1)
	})

	t.Run("cancel", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		r, got := input(), 0
		var last error
		for _, err := range reading(r).Records(ctx) {
			if last != nil {
				t.Fatal("more after the last error")
			}
			if last = err; err == nil {
				if got++; got == 1000 {
					cancel()
				}
			}
		}
		if !errors.Is(last, context.Canceled) {
			t.Errorf("cancelled: last error is %v", last)
		}
		settle(t, before+1)
	})

	t.Run("cancelled before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		var errs []error
		for record, err := range reading(strings.NewReader(one)).Records(ctx) {
			if record.Finding != nil || record.Scope != nil {
				t.Errorf("got %+v", record)
			}
			errs = append(errs, err)
		}
		if len(errs) != 1 || !errors.Is(errs[0], context.Canceled) {
			t.Errorf("got %v, want %v", errs, context.Canceled)
		}
		settle(t, before+1)
	})

	t.Run("while a read blocks", func(t *testing.T) {
		r, w := io.Pipe()
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(10*time.Millisecond, cancel)
		var last error
		for _, err := range reading(r).Records(ctx) {
			last = err
		}
		if !errors.Is(last, context.Canceled) {
			t.Errorf("last error is %v, want %v", last, context.Canceled)
		}
		w.Close()
		settle(t, before+1)
	})
}

// settle waits until no more goroutines run than before.
func settle(t *testing.T, before int) {
	t.Helper()
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// TestReadTwice: a source can be read again, and yields the same.
func TestReadTwice(t *testing.T) {
	text := "[" + sample("a") + "," + sample("b") + ",1]"
	s := &stream.Source{Name: "in", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }, Formats: formats}
	for range 2 {
		if r := collect(s); len(r.findings) != 2 || len(r.errors) != 1 || r.errors[0].Number != 3 {
			t.Errorf("got %v, %v", r.ids(), r.errors)
		}
	}
}
