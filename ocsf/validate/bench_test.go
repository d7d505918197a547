package validate

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
)

// sample returns a valid event of about 4 KB, as findings have.
func sample(b *testing.B) []byte {
	ev := event(b, "1.6.0", "2003")
	ev["unmapped"] = map[string]any{"ProductFields": map[string]any{"a": strings.Repeat("text ", 200), "b": []any{1, 2, "three"}}}
	set("finding_info.desc", strings.Repeat("What was looked at. ", 40))(ev)
	list := ev["resources"].([]any)
	for range 3 {
		list = append(list, list[0])
	}
	ev["resources"] = list
	line := text(b, ev)
	if len(line) < 3500 || len(line) > 4500 {
		b.Fatalf("%d bytes", len(line))
	}
	return line
}

func BenchmarkEvent(b *testing.B) {
	v, err := New("1.6.0")
	if err != nil {
		b.Fatal(err)
	}
	line := sample(b)
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if m := v.Event(line); m != nil {
			b.Fatal(m)
		}
	}
}

// BenchmarkReader reads 10,000 events.
func BenchmarkReader(b *testing.B) {
	line := append(sample(b), '\n')
	const n = 10_000
	b.SetBytes(int64(len(line)) * n)
	b.ReportAllocs()
	for b.Loop() {
		lines := make([]io.Reader, n)
		for i := range lines {
			lines[i] = bytes.NewReader(line)
		}
		report, err := Reader(context.Background(), io.MultiReader(lines...), Options{})
		if err != nil || report.Events != n || report.Messages != nil {
			b.Fatal(report, err)
		}
	}
}
