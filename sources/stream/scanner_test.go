package stream_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca/sources/stream"
)

// scan returns what the scanner finds in r.
func scan(r io.Reader) (findings []string, broken []error, others []string, err error) {
	others, err = stream.Scan(r, formats, func(raw []byte, _ int, e error) bool {
		if e != nil {
			broken = append(broken, e)
		} else {
			findings = append(findings, string(raw))
		}
		return true
	})
	return findings, broken, others, err
}

// arrangement writes random JSON.
type arrangement struct {
	*rand.Rand
	b bytes.Buffer
}

func (a *arrangement) space() {
	for a.IntN(3) == 0 {
		a.b.WriteString([]string{" ", "\t", "\n", "\r\n", "    "}[a.IntN(5)])
	}
}

func (a *arrangement) text() {
	a.b.WriteByte('"')
	for range a.IntN(12) {
		a.b.WriteString([]string{"a", "Findings", "é", "🔒", "{", "}", "[", "]", ",", ":", `\"`, `\\`, `\n`, `\u007b`, `\ud83d\udd12`, " ", "},{", `\/`, "detail"}[a.IntN(19)])
	}
	a.b.WriteByte('"')
}

func (a *arrangement) value(depth int) {
	a.space()
	n := a.IntN(7)
	if depth > 5 {
		n = a.IntN(5)
	}
	switch n {
	case 0:
		a.b.WriteString("null")
	case 1:
		a.b.WriteString("true")
	case 2:
		fmt.Fprintf(&a.b, "%v", []any{0, -1, 1.5, "1e9", "-0.0E-3"}[a.IntN(5)])
	case 3, 4:
		a.text()
	case 5:
		a.b.WriteByte('[')
		for i := range a.IntN(4) {
			if i > 0 {
				a.b.WriteByte(',')
			}
			a.value(depth + 1)
		}
		a.space()
		a.b.WriteByte(']')
	case 6:
		a.object(depth+1, nil)
	}
	a.space()
}

// object writes the given members, and others, in any order.
func (a *arrangement) object(depth int, members []string) {
	var others []string
	for i := range a.IntN(4) {
		others = append(others, fmt.Sprintf("x%d%s", i, []string{"", "}", `\"`, "é", "["}[a.IntN(5)]))
	}
	names := append(others, members...)
	a.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	a.b.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			a.b.WriteByte(',')
		}
		a.space()
		fmt.Fprintf(&a.b, `"%s"`, name)
		a.space()
		a.b.WriteByte(':')
		a.value(depth + 1)
	}
	a.space()
	a.b.WriteByte('}')
}

// TestScanLikeEncodingJSON: in any arrangement of valid JSON the scanner finds
// what encoding/json does, byte for byte, however the reader hands it out.
func TestScanLikeEncodingJSON(t *testing.T) {
	for seed := range uint64(3000 / slow) {
		a := &arrangement{Rand: rand.New(rand.NewPCG(seed, 1))}
		layout := a.IntN(6)
		a.space()
		a.b.WriteString([]string{`{"Findings":[`, `{"x":[{"Findings":[1]}],"findings" : [`, `[`, ``, `{"detail":{"version":"0","findings":[`, `{"NextToken":"a\"]}","data":{"Findings"` + "\n:\t["}[layout])
		n := a.IntN(5)
		for i := range n {
			if i > 0 && layout != 3 {
				a.b.WriteByte(',')
			}
			a.space()
			a.object(0, []string{"Id", "Title", "Severity", "Resources"}[:3+a.IntN(2)])
			a.space()
		}
		a.b.WriteString([]string{`]}`, `] , "Findings2":{}}`, `]`, ``, `]},"id":"}"}`, `],"y":[[]]}}`}[layout])
		a.space()
		text := a.b.String()

		var want []string
		dec := json.NewDecoder(strings.NewReader(text))
		for {
			var doc json.RawMessage
			if err := dec.Decode(&doc); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("seed %d: the test's own JSON is broken: %v\n%s", seed, err, text)
			}
			for range []string{"", "detail", "data"} { // down to the list
				var object map[string]json.RawMessage
				if json.Unmarshal(doc, &object) == nil {
					for _, name := range []string{"Findings", "findings", "detail", "data"} {
						if inner, ok := object[name]; ok {
							doc = inner
							break
						}
					}
				}
			}
			var list []json.RawMessage
			if err := json.Unmarshal(doc, &list); err != nil {
				list = []json.RawMessage{doc}
			}
			for _, raw := range list {
				want = append(want, string(raw))
			}
		}
		if len(want) != n {
			t.Fatalf("seed %d: the test itself finds %d, not %d", seed, len(want), n)
		}

		for name, r := range map[string]io.Reader{
			"whole":   strings.NewReader(text),
			"bytes":   iotest.OneByteReader(strings.NewReader(text)),
			"halves":  iotest.HalfReader(strings.NewReader(text)),
			"err":     iotest.DataErrReader(strings.NewReader(text)),
			"random":  &randomReader{strings.NewReader(text), a.Rand},
			"one err": iotest.OneByteReader(iotest.DataErrReader(strings.NewReader(text))),
		} {
			got, broken, others, err := scan(r)
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("seed %d, %s: findings (-want +got):\n%s\n%s", seed, name, d, text)
			}
			if len(broken) > 0 || err != nil || len(others) > 0 {
				t.Fatalf("seed %d, %s: broken %v, others %v, err %v\n%s", seed, name, broken, others, err, text)
			}
		}
	}
}

// randomReader reads pieces of random length, some empty.
type randomReader struct {
	r io.Reader
	*rand.Rand
}

func (r *randomReader) Read(p []byte) (int, error) { return r.r.Read(p[:min(len(p), r.IntN(40))]) }

// TestReaderPieces: what comes out of broken text does not depend on the pieces
// it is read in either, and a reader that never reads ends.
func TestReaderPieces(t *testing.T) {
	a := sample("a")
	text := strings.Join([]string{a, a[:500], "}", `{"Findings":[` + a + "}  ," + a + "} ]}", `[` + a + `,{"x":"` + a, "]}", `{"Findings":[` + a + `"`, a}, "\n")
	want, wantBroken, _, wantErr := scan(strings.NewReader(text))
	if len(want) < 3 || len(wantBroken) < 2 {
		t.Fatalf("got %d findings, broken %v", len(want), wantBroken)
	}
	for name, r := range map[string]io.Reader{
		"bytes":  iotest.OneByteReader(strings.NewReader(text)),
		"halves": iotest.HalfReader(strings.NewReader(text)),
		"random": &randomReader{strings.NewReader(text), rand.New(rand.NewPCG(1, 2))},
	} {
		got, broken, _, err := scan(r)
		if d := cmp.Diff(want, got); d != "" || len(broken) != len(wantBroken) || err != wantErr {
			t.Errorf("%s: findings (-want +got):\n%s\nbroken %v, want %v; err %v, want %v", name, d, broken, wantBroken, err, wantErr)
		}
	}
	if _, _, _, err := scan(never{}); err != io.ErrNoProgress {
		t.Errorf("a reader that never reads: got %v, want %v", err, io.ErrNoProgress)
	}
}

type never struct{}

func (never) Read([]byte) (int, error) { return 0, nil }
