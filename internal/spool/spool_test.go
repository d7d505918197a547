package spool

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

type record struct{ Key, Value string }

func compareRecords(a, b record) int {
	return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.Value, b.Value))
}

// spool sorts the records through a Sorter.
func spool(t testing.TB, s *Sorter, records []record) *Sorted {
	t.Helper()
	key, value := []byte("reused"), []byte("reused") // Add has to copy both
	for _, r := range records {
		key, value = append(key[:0], r.Key...), append(value[:0], r.Value...)
		if err := s.Add(key, value); err != nil {
			t.Fatal(err)
		}
	}
	sorted, err := s.Sort()
	if err != nil {
		t.Fatal(err)
	}
	return sorted
}

func collect(t testing.TB, s *Sorted) []record {
	t.Helper()
	var all []record
	for r, err := range s.All() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, record{string(r.Key), string(r.Value)})
	}
	return all
}

func leftOver(t testing.TB, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) > 0 {
		t.Errorf("files left: %q, %v", files, err)
	}
}

func randomRecords(r *rand.Rand, n int) []record {
	text := func(length int) string {
		b := make([]byte, r.IntN(length+1))
		for i := range b {
			b[i] = "\x00\x01aab\xff"[r.IntN(6)]
		}
		return string(b)
	}
	records := make([]record, n)
	for i := range records {
		switch r.IntN(10) {
		case 0: // empty, both
		case 1:
			records[i] = record{Key: text(3)}
		case 2:
			records[i] = record{Value: text(3)}
		case 3:
			records[i] = record{"longer than " + text(2), "a prefix" + text(300)} // larger than small batches, too
		case 4:
			records[i] = records[r.IntN(i+1)] // an equal one
		default:
			records[i] = record{text(12), text(12)}
		}
	}
	return records
}

func TestSort(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	onDisk := 0
	for i := range 150 {
		records := randomRecords(r, r.IntN(1+i*3))
		s := &Sorter{Dir: dir, Batch: []int{20, 64, 500, 5000, 0}[r.IntN(5)]}
		sorted := spool(t, s, records)
		if sorted.file != nil {
			onDisk++
		}
		want := slices.SortedFunc(slices.Values(records), compareRecords)
		for range 2 {
			if diff := gocmp.Diff(want, collect(t, sorted)); diff != "" {
				t.Fatalf("%d records, batch %d (-want +got):\n%s", len(records), s.Batch, diff)
			}
		}
		for range 2 {
			if err := sorted.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if onDisk < 50 {
		t.Errorf("only %d of 150 went to disk", onDisk)
	}
	leftOver(t, dir)
}

// TestSmallInputStaysInMemory: one batch needs no file, and one byte more does.
func TestSmallInputStaysInMemory(t *testing.T) {
	for _, tc := range []struct {
		last string
		disk bool
	}{{"4567", false}, {"45678", true}} {
		sorted := spool(t, &Sorter{Dir: t.TempDir(), Batch: 8}, []record{{"01", "23"}, {tc.last, ""}})
		if got := sorted.file != nil; got != tc.disk {
			t.Errorf("with %q on disk: %v, want %v", tc.last, got, tc.disk)
		}
		sorted.Close()
	}
}

func TestConcurrentRanges(t *testing.T) {
	records := randomRecords(rand.New(rand.NewPCG(3, 4)), 2000)
	want := slices.SortedFunc(slices.Values(records), compareRecords)
	for _, batch := range []int{0, 1000} {
		sorted := spool(t, &Sorter{Dir: t.TempDir(), Batch: batch}, records)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if !slices.Equal(want, collect(t, sorted)) {
					t.Error("a concurrent range differs")
				}
			})
		}
		// Ranges within ranges are the same thing.
		i := 0
		for r, err := range sorted.All() {
			if err != nil || string(r.Key) != want[i].Key || string(r.Value) != want[i].Value {
				t.Fatalf("record %d is %q, %v", i, r, err)
			}
			if i++; i == 3 {
				for range sorted.All() {
					break
				}
			}
			if i == 1000 {
				break
			}
		}
		wg.Wait()
		if err := sorted.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestClose(t *testing.T) {
	dir := t.TempDir()
	for _, batch := range []int{0, 4} {
		s := &Sorter{Dir: dir, Batch: batch}
		for range 10 {
			if err := s.Add([]byte("key"), []byte("value")); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 { // given up, twice
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		leftOver(t, dir)

		s = &Sorter{Dir: dir, Batch: batch}
		sorted := spool(t, s, []record{{"a", "1"}, {"b", "2"}})
		if err := s.Close(); err != nil { // must not take the file from sorted
			t.Error(err)
		}
		if got := collect(t, sorted); len(got) != 2 {
			t.Errorf("after Close of the Sorter there are %d records", len(got))
		}
		if err := sorted.Close(); err != nil {
			t.Error(err)
		}
		// Records that are gone must not look like none.
		n := 0
		for _, err := range sorted.All() {
			if n++; err == nil {
				t.Error("a record after Close")
			}
		}
		if n != 1 {
			t.Errorf("%d steps after Close, want 1 with an error", n)
		}
		leftOver(t, dir)
	}
	if err := (&Sorter{}).Close(); err != nil {
		t.Error(err)
	}
}

// TestNamedFile: where an open file cannot be removed, Close does it.
func TestNamedFile(t *testing.T) {
	dir := t.TempDir()
	f, err := os.CreateTemp(dir, "shca-spool-*")
	if err != nil {
		t.Fatal(err)
	}
	sorted := &Sorted{file: f, named: true}
	for range 2 {
		if err := sorted.Close(); err != nil {
			t.Error(err)
		}
	}
	leftOver(t, dir)
}

func TestFolderThatIsNotThere(t *testing.T) {
	s := &Sorter{Dir: filepath.Join(t.TempDir(), "none"), Batch: 4}
	if err := s.Add([]byte("key"), []byte("value")); err != nil {
		t.Errorf("the first record fails already: %v", err)
	}
	err := s.Add([]byte("key"), []byte("value"))
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("error %v; want one that says which variable to set", err)
	}
	if _, err := s.Sort(); !errors.Is(err, fs.ErrNotExist) && err != nil {
		t.Errorf("Sort: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// TestDamagedFile: what cannot be read is an error, never a shorter list.
func TestDamagedFile(t *testing.T) {
	records := make([]record, 200)
	for i := range records {
		records[i] = record{fmt.Sprintf("key %03d", i), "value"}
	}
	for cut := range int64(30) {
		sorted := spool(t, &Sorter{Dir: t.TempDir(), Batch: 100}, records)
		end := sorted.runs[len(sorted.runs)-1].end
		if err := sorted.file.Truncate(end - 1 - cut); err != nil {
			t.Fatal(err)
		}
		n := 0
		var last error
		for _, err := range sorted.All() {
			if last != nil {
				t.Fatal("a step after the error")
			}
			if last = err; err == nil {
				n++
			}
		}
		if last == nil || n == len(records) {
			t.Errorf("%d bytes cut: %d of %d records and error %v", cut+1, n, len(records), last)
		}
		sorted.Close()
	}
}

func FuzzSort(f *testing.F) {
	f.Add([]byte("\x03\x01abc\x00\x00\x02\x02aabb"), uint8(4))
	f.Add([]byte{}, uint8(0))
	f.Add(bytes.Repeat([]byte{1, 1, 0, 0}, 40), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, batch uint8) {
		var records []record
		for len(data) >= 2 {
			k, v := int(data[0]), int(data[1])
			data = data[2:]
			k = min(k, len(data))
			v = min(v, len(data)-k)
			records = append(records, record{string(data[:k]), string(data[k : k+v])})
			data = data[k+v:]
		}
		sorted := spool(t, &Sorter{Dir: t.TempDir(), Batch: int(batch)}, records)
		slices.SortFunc(records, compareRecords)
		if diff := gocmp.Diff(records, collect(t, sorted)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if err := sorted.Close(); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkSpool(b *testing.B) {
	const n, size = 100_000, 500
	r := rand.New(rand.NewPCG(5, 6))
	key, value := make([]byte, 40), make([]byte, size-40)
	for _, bc := range []struct {
		name  string
		batch int
	}{{"memory", 1 << 30}, {"disk", 8 << 20}} {
		b.Run(bc.name, func(b *testing.B) {
			b.SetBytes(n * size)
			b.ReportAllocs()
			dir := b.TempDir()
			for b.Loop() {
				s := &Sorter{Dir: dir, Batch: bc.batch}
				for range n {
					binary.BigEndian.PutUint64(key, r.Uint64N(n))
					if err := s.Add(key, value); err != nil {
						b.Fatal(err)
					}
				}
				sorted, err := s.Sort()
				if err != nil {
					b.Fatal(err)
				}
				for _, err := range sorted.All() {
					if err != nil {
						b.Fatal(err)
					}
				}
				if err := sorted.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
