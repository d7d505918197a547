package stream_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/go-shca/shca/internal/testgen"
	"github.com/go-shca/shca/sources/stream"
)

// BenchmarkScan finds the findings in a reply without decoding them.
func BenchmarkScan(b *testing.B) {
	var text bytes.Buffer
	if err := testgen.Write(&text, testgen.CLIIndented, testgen.Options{Seed: 1, Findings: 2000}); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := stream.Scan(bytes.NewReader(text.Bytes()), formats, func([]byte, int, error) bool { return true }); err != nil {
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
				s := &stream.Source{Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text.Bytes())), nil }, Formats: formats}
				for _, err := range s.Records(context.Background()) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
