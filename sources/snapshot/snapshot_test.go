package snapshot

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/asff"
	"github.com/go-shca/shca/sources/stream"
)

const raw = `{"SchemaVersion":"2018-10-08","Id":"%s","Title":"t \u00e9","Description":",\"format\":\"ocsf\"}","Odd":1.50}`

var sample = []Line{
	{Snapshot: &Header{Version: Version, Service: "securityhub", Started: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), Selection: jsontext.Value(`{"regions":["us-east-1"]}`)}},
	{Finding: jsontext.Value(fmt.Sprintf(raw, "a")), Format: "asff"},
	{Setting: &shca.CheckSetting{Source: "asff", Check: "S3.1", Severity: shca.High, Reason: "<not> used & \u2028", Requirements: []string{"NIST.800-53.r5 AC-3"}}},
	{Finding: jsontext.Value("{\n  \"SchemaVersion\": \"2018-10-08\", \"Id\": \"b\",\n\"Title\": \"t\"}"), Format: "asff"},
	{Evidence: &shca.Evidence{Source: "auditmanager", ID: "e", Kind: shca.EvidenceManual, Text: "line\nbreak"}},
	{Scope: &shca.Scope{Source: "asff", Region: "us-east-1", Note: "n"}},
}

func text(t testing.TB, lines ...Line) string {
	t.Helper()
	var b []byte
	var counts Counts
	for i := range lines {
		var err error
		if b, err = lines[i].Append(b); err != nil {
			t.Fatal(err)
		}
		counts = counts.Plus(lines[i].Count())
	}
	b, err := (&Line{End: &counts}).Append(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// read returns a line for each record.
func read(t testing.TB, snapshot string) (records []string) {
	s := &Source{Name: "in", Formats: []stream.Format{asff.Format}, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(snapshot)), nil
	}}
	for r, err := range s.Records(t.Context()) {
		var bad *shca.FindingError
		switch {
		case errors.As(err, &bad):
			records = append(records, "bad "+err.Error())
		case err != nil:
			t.Fatal(err)
		case r.Finding != nil:
			records = append(records, "finding "+r.Finding.ID+" "+string(r.Finding.Raw))
		case r.Scope != nil:
			records = append(records, fmt.Sprintf("scope %+v", *r.Scope))
		case r.Setting != nil:
			records = append(records, fmt.Sprintf("setting %+v", *r.Setting))
		case r.Evidence != nil:
			records = append(records, fmt.Sprintf("evidence %+v", *r.Evidence))
		default:
			t.Fatalf("empty record")
		}
	}
	return records
}

func TestRoundTrip(t *testing.T) {
	snapshot := text(t, sample...)
	if !Is([]byte(snapshot[:HeadSize])) || strings.Count(snapshot, "\n") != len(sample)+1 {
		t.Errorf("snapshot:\n%s", snapshot)
	}
	want := []string{
		"finding a " + fmt.Sprintf(raw, "a"),
		fmt.Sprintf("setting %+v", *sample[2].Setting),
		`finding b {"SchemaVersion":"2018-10-08","Id":"b","Title":"t"}`,
		fmt.Sprintf("evidence %+v", *sample[4].Evidence),
		fmt.Sprintf("scope %+v", *sample[5].Scope),
	}
	if diff := cmp.Diff(want, read(t, snapshot)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestCutOff: wherever a snapshot ends too early, it is said.
func TestCutOff(t *testing.T) {
	snapshot := text(t, sample...)
	for n := range len(snapshot) - 1 { // without the last line feed it is whole
		records := read(t, snapshot[:n])
		if len(records) == 0 || !strings.HasPrefix(records[len(records)-1], "scope {Source:in ") || !strings.Contains(records[len(records)-1], "Err:") || strings.Contains(records[len(records)-1], "Err: ") {
			t.Fatalf("the first %d bytes of %d: %q", n, len(snapshot), records)
		}
	}
}

func TestDamaged(t *testing.T) {
	line := func(l Line) string {
		b, err := l.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	header, finding := line(sample[0]), line(sample[1])
	long := `{"finding":"` + strings.Repeat("x", maxLine) + `"}` + "\n"
	for _, tc := range []struct{ name, in, want string }{
		{"one finding less", header + finding + `{"end":{"findings":2,"scopes":0,"settings":0,"evidence":0}}` + "\n", "holds 1 findings, 0 scopes, 0 settings and 0 pieces of evidence where its trailer counts 2, 0, 0 and 0"},
		{"broken trailer", header + finding + `{"end":7}` + "\n", "its trailer cannot be read"},
		{"behind the trailer", text(t, sample...) + finding, "goes on behind its trailer"},
		{"newer version", strings.Replace(text(t, sample...), `"version":"1.0"`, `"version":"2.0"`, 1), `is a snapshot of version "2.0", and this program reads version 1.0`},
		{"other format", strings.Replace(text(t, sample...), `"format":"asff"}`+"\n", `"format":"xyz"}`+"\n", 1), `line 2: a finding of the format "xyz", which is not known here`},
		{"not JSON", header + "{\n" + `{"end":{"findings":0,"scopes":0,"settings":0,"evidence":0}}` + "\n", "line 2: broken JSON"},
		{"unknown line", header + `{"new":1}` + "\n" + `{"end":{"findings":0,"scopes":0,"settings":0,"evidence":0}}` + "\n", "line 2: holds nothing that a snapshot of this version has"},
		{"bad finding", header + line(Line{Finding: jsontext.Value(`{"Id":"x","RecordState":"ODD"}`), Format: "asff"}) + `{"end":{"findings":1,"scopes":0,"settings":0,"evidence":0}}` + "\n", "/RecordState"},
		{"long line", header + long + finding + `{"end":{"findings":1,"scopes":0,"settings":0,"evidence":0}}` + "\n", "line 2: longer than"},
		{"no header", finding, "is no snapshot"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := strings.Join(read(t, tc.in), "\n")
			if !strings.Contains(got, tc.want) {
				t.Errorf("got %.2000s\nwant %s", got, tc.want)
			}
			if tc.name == "long line" && !strings.Contains(got, "finding a ") {
				t.Error("the finding behind the long line is lost")
			}
		})
	}
}

// FuzzSource: no text makes the reader fail in another way than it says, and a
// text without a trailer is never read as whole.
func FuzzSource(f *testing.F) {
	whole := text(f, sample...)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(`{"snapshot":{"version":"1.0","service":"x","started":"2026-01-01T00:00:00Z"}}` + "\n" + `{"finding":{},"format":"asff"}` + "\n")
	f.Fuzz(func(t *testing.T, in string) {
		records := read(t, in)
		complete := len(records) == 0 || !strings.HasPrefix(records[len(records)-1], "scope {Source:in ")
		if complete && !strings.Contains(in, `{"end":`) {
			t.Errorf("%q is read as whole", in)
		}
	})
}

// TestVariants: what other programs make of a snapshot, and what newer versions may
// have, is read.
func TestVariants(t *testing.T) {
	whole := text(t, sample...)
	want := read(t, whole)
	for name, in := range map[string]string{
		"CRLF":                 whole[:0] + strings.ReplaceAll(whole, "\n", "\r\n"),
		"no last line feed":    strings.TrimSuffix(whole, "\n"),
		"member of the future": strings.Replace(strings.ReplaceAll(whole, `,"format":"asff"}`+"\n", `,"format":"asff","seen":"twice"}`+"\n"), `"version":"1.0"`, `"version":"1.7"`, 1),
	} {
		if diff := cmp.Diff(want, read(t, in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	newer := strings.Replace(strings.Replace(whole, "\n", "\n"+`{"weather":"fine"}`+"\n", 1), `"version":"1.0"`, `"version":"1.7"`, 1)
	if got := read(t, newer); len(got) != len(want)+1 || !strings.Contains(got[0], "newer version than 1.0") {
		t.Errorf("a line of the future: %q", got)
	}
}
