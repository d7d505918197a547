package stream_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-shca/shca/sources/asff"
	"github.com/go-shca/shca/sources/stream"
)

// FuzzRecords reads arbitrary text as findings of two formats.
func FuzzRecords(f *testing.F) {
	a := sample("a")
	for _, seed := range []string{
		"", "{}", "[]", "[{}]", "{", "[", `"`, `{"`, `{"a`, `{"a"`, `{"a":`, "}", "]", ",", ":", "\\", "null", "1",
		a, a + "\n" + a, "[" + a + "," + a + "]", `{"Findings":[` + a + `],"NextToken":"t"}`, `{"Findings":[` + a,
		`{"version":"0","detail":{"findings":[` + a + `]}}`, `{"data":{"Findings":[` + a + `]}}`, `{"Finding":` + a + `}`,
		`{"Finding":` + a + `,"Other":1}`, `[{"finding":` + a + `,"index":1}]`, a + ` "text"`, `[` + a + `,"text",1,[2],{"a":"}"}]`,
		a[:300], a[:300] + "\n" + a, "[" + a[:300] + "\n" + a + "]", a[:300] + a, a + "}", a + "]", `{"Findings":[` + a + "}," + a + "]}",
		`{"Findings":[` + a + "\n" + `{"Findings":[` + a + "]}", "{\"a\":[\n{\"a\":[\n", `{"Id":""b","Title":"x","Types":"y"}`, `{"a":"b},{"c"`,
		`{"InsightResults":{}}`, `{"class_uid":2003}`, "\x1e" + a, "\ufeff" + a, "\xff\xfe{", "<html>", `{"Id":"\ud800","Title":1,"Types":2}`,
		strings.Repeat("[", 300), strings.Repeat(`{"a":`, 300) + strings.Repeat("}", 300), `{"Id":"x","Title":"y","Types":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + "}",
		event("b") + oldEvent("c") + a, `{"Findings":[` + a + "," + event("b") + `]}`, `{"finding":{"uid":"c"},` + event("b")[1:], event("b")[:80] + "\n" + a,
		`{"Findings":[` + a + `,{"class_uid":2003,"data":{"Findings":[{}]}}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		source := reading(bytes.NewReader(text))
		source.Pages = &stream.Pages{}
		source.Formats = []stream.Format{asff.Format, events}
		r := collect(source)
		if r.err != nil {
			t.Fatalf("error %v", r.err)
		}
		for _, f := range r.findings {
			if !bytes.Contains(text, f.Raw) || !json.Valid(f.Raw) {
				t.Errorf("Raw is not JSON of the input: %q", f.Raw)
			}
			if f.ID == "" || f.RecordState != "ACTIVE" && f.RecordState != "ARCHIVED" {
				t.Errorf("finding %+v", f)
			}
		}
		// The numbers of the errors are distinct, in order and within what was read.
		last, all := int64(0), int64(len(r.findings)+len(r.errors))
		for _, e := range r.errors {
			if e.Number <= last || e.Number > all {
				t.Errorf("error of finding %d after that of %d, of %d", e.Number, last, all)
			}
			last = e.Number
			if e.Err == nil || !utf8.ValidString(e.Error()) {
				t.Errorf("error %q", e)
			}
		}
		if len(r.scopes) > 1 || len(r.scopes) == 0 && all == 0 {
			t.Errorf("%d findings and errors, scopes %+v", all, r.scopes)
		}
		for _, s := range r.scopes {
			if !utf8.ValidString(s.Err) || len(s.Err) > 4000 {
				t.Errorf("scope error %q", s.Err)
			}
		}
		// What is no JSON is never passed over in silence.
		dec, valid := json.NewDecoder(bytes.NewReader(text)), true
		for valid {
			var doc json.RawMessage
			err := dec.Decode(&doc)
			if err == io.EOF {
				break
			}
			valid = err == nil
		}
		// What is JSON, or a line of it each, is never repaired or said to be broken.
		if documents(text) {
			for _, e := range r.errors {
				if e.Err == stream.ErrNotClosed || e.Err == stream.ErrCutShort {
					t.Errorf("valid JSON, and %v: %q", e, text)
				}
			}
			for _, s := range r.scopes {
				// What stands among findings and wraps some may be valid, too.
				err := strings.ReplaceAll(s.Err, stream.ErrListCut.Error(), "")
				if strings.Contains(err, "broken JSON") || strings.Contains(err, "findings may be missing") {
					t.Errorf("valid JSON, and %v: %q", s.Err, text)
				}
			}
		}
		if !valid && len(r.errors) == 0 && (len(r.scopes) == 0 || r.scopes[0].Err == "") && brackets(text) {
			t.Errorf("broken JSON, and no error: %q", text)
		}
	})
}

// documents reports whether text is one JSON document, or one a line.
func documents(text []byte) bool {
	if json.Valid(text) {
		return true
	}
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && !json.Valid(line) {
			return false
		}
	}
	return true
}

// brackets reports whether text, which is no JSON, breaks more than commas,
// which the scanner leaves to others.
func brackets(text []byte) bool {
	n := 0
	for _, c := range text {
		switch c {
		case '{', '[':
			n++
		case '}', ']':
			n--
		}
	}
	return n != 0 && !bytes.Contains(text, []byte(`"`))
}
