package oscal_test

import (
	"io"
	"testing"

	"github.com/go-shca/shca/internal/testgen"
	"github.com/go-shca/shca/oscal"
)

// counter counts what is written.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// BenchmarkResults writes the assessment results of 5,000 findings.
func BenchmarkResults(b *testing.B) {
	a := assess(b, testgen.Options{Findings: 5000, Accounts: 20}, "moderate", nil)
	for _, level := range oscal.Levels() {
		b.Run(string(level), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var size counter
				if err := oscal.Results(b.Context(), &size, a, oscal.Options{Observations: level}); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(size.n)
			}
		})
	}
}

// BenchmarkOthers writes the other documents of 5,000 findings.
func BenchmarkOthers(b *testing.B) {
	a := assess(b, testgen.Options{Findings: 5000, Accounts: 20}, "moderate", nil)
	b.ReportAllocs()
	for b.Loop() {
		var size counter
		create := func(string, string) (io.WriteCloser, error) { return closer{&size}, nil }
		if err := oscal.Others(b.Context(), create, a, oscal.Options{}); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(size.n)
	}
}

// closer is a writer that need not be closed.
type closer struct{ io.Writer }

func (closer) Close() error { return nil }
