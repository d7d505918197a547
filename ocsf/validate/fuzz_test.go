package validate

import (
	"bytes"
	"context"
	"os"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzEvent checks hostile events: nothing panics, every message can be
// printed, and Reader says the same of an event that it takes for one.
func FuzzEvent(f *testing.F) {
	var validators []*Validator
	for _, version := range Versions() {
		v, err := New(version)
		if err != nil {
			f.Fatal(err)
		}
		validators = append(validators, v)
	}
	for _, s := range samples {
		data, err := os.ReadFile("testdata/" + s.version + "-" + s.class + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, s := range []string{"", "[", "{}", `{"class_uid":2003,"a":1,"a":2}`, `{"class_uid":2004,"observables":[{"name":"a[0].b[*].[]..","value":null}]}`,
		`{"class_uid":2003,"metadata":{"version":"1.9.0","profiles":["cloud",1,null,"cloud"]},"time":1e400,"time_dt":"0000-00-00T99:99:99Z"}`} {
		f.Add([]byte(s))
	}
	known := map[string]bool{}
	source, err := os.ReadFile("message.go")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		for _, v := range validators {
			messages := v.Event(data)
			if !bytes.Equal(before, data) {
				t.Fatal("the text was changed")
			}
			if len(messages) > maxMessages {
				t.Errorf("%d messages", len(messages))
			}
			for _, m := range messages {
				if !known[m.Code] && !bytes.Contains(source, []byte(`"`+m.Code+`"`)) || m.Text == "" || m.Event != 1 || m.Level != Error && m.Level != Warning {
					t.Errorf("message %+v", m)
				}
				known[m.Code] = true
				line := m.String()
				if !utf8.ValidString(line) || len(m.Path) > 2*maxPath {
					t.Errorf("message %q", line)
				}
				for _, r := range line {
					if !unicode.IsPrint(r) {
						t.Errorf("%q does not print", line)
					}
				}
			}
			report, err := Reader(context.Background(), bytes.NewReader(data), Options{Version: v.table.Version, Max: maxMessages})
			if err != nil {
				t.Fatal(err)
			}
			start := bytes.TrimLeft(data, " \t\r\n")
			if len(start) > 0 && start[0] == '{' && report.Events == 1 && (report.Errors == 0) != (len(messages) == 0 || messages[0].Level != Error && countErrors(messages) == 0) {
				t.Errorf("Event says %v, Reader %v", messages, report.Messages)
			}
		}
	})
}

func countErrors(messages []Message) (n int) {
	for _, m := range messages {
		if m.Level == Error {
			n++
		}
	}
	return n
}
