package asff

import (
	"bytes"
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
