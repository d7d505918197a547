package oscal

import (
	"bytes"
	"context"
	"errors"
	"testing"
)

func TestStream(t *testing.T) {
	var b bytes.Buffer
	s := newStream(t.Context(), &b)
	err := s.document("doc", func() {
		s.value("uuid", "<&>\u2028")
		s.array("none", func(func(any)) {})
		s.array("long", func(element func(any)) {
			element(map[string]int{"a": 1})
			element([]int{2})
		})
		s.objects("one", func() {
			s.object("o", func() { s.value("list", []any{map[string]any{"b": nil}}) })
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
  "doc": {
    "uuid": "<&>\u2028",
    "long": [
      {"a":1},
      [2]
    ],
    "one": [
      {
        "o": {
          "list": [
            {
              "b": null
            }
          ]
        }
      }
    ]
  }
}
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestStreamStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := newStream(ctx, &bytes.Buffer{})
	err := s.document("doc", func() {
		cancel()
		s.value("a", 1)
		s.fail(errors.New("too late"))
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled, it returned %v", err)
	}
}
