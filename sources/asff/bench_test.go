package asff

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/go-shca/shca/internal/testgen"
)

func generatedFindings(tb testing.TB, n int) (list [][]byte, size int64) {
	tb.Helper()
	for raw := range testgen.Findings(testgen.Options{Seed: 1, Findings: n}) {
		list = append(list, bytes.Clone(raw))
		size += int64(len(raw))
	}
	return list, size
}

// BenchmarkDecode decodes one finding after the other.
func BenchmarkDecode(b *testing.B) {
	list, size := generatedFindings(b, 2000)
	b.SetBytes(size / int64(len(list)))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, err := decode(list[i%len(list)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// BenchmarkScan finds the findings in a reply without decoding them.
func BenchmarkScan(b *testing.B) {
	var text bytes.Buffer
	if err := testgen.Write(&text, testgen.CLIIndented, testgen.Options{Seed: 1, Findings: 2000}); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		s := &scanner{r: bytes.NewReader(text.Bytes()), finding: func([]byte, error) bool { return true }}
		if err := s.run(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRecords reads whole texts in each layout on all processors.
func BenchmarkRecords(b *testing.B) {
	for _, layout := range []testgen.Layout{testgen.NDJSON, testgen.CLIIndented} {
		b.Run(layout.String(), func(b *testing.B) {
			var text bytes.Buffer
			if err := testgen.Write(&text, layout, testgen.Options{Seed: 1, Findings: 5000}); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(text.Len()))
			b.ReportAllocs()
			for b.Loop() {
				s := &Source{Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text.Bytes())), nil }}
				for _, err := range s.Records(context.Background()) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
