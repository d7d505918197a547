package testgen_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"reflect"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/testgen"
	"github.com/go-shca/shca/mapping"
	"github.com/go-shca/shca/ocsf"
	"github.com/go-shca/shca/ocsf/validate"
	"github.com/go-shca/shca/sources"
)

// write writes estates one after the other.
func write(t *testing.T, estates ...testgen.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, o := range estates {
		if err := testgen.Write(&b, testgen.NDJSON, o); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// open returns a source of what was written.
func open(t *testing.T, text []byte) shca.Source {
	t.Helper()
	source, err := sources.Open([]string{"-"}, sources.Options{Stdin: bytes.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// findings returns the source's findings; every record must be one, but for
// scopes without an error.
func findings(t *testing.T, source shca.Source) iter.Seq2[*shca.Finding, error] {
	return func(yield func(*shca.Finding, error) bool) {
		for record, err := range source.Records(context.Background()) {
			if record.Scope != nil && record.Scope.Err != "" {
				err = fmt.Errorf("%s: %s", record.Scope.Source, record.Scope.Err)
			}
			if err != nil {
				t.Errorf("not read: %v", err)
				continue
			}
			if record.Finding != nil && !yield(record.Finding, nil) {
				return
			}
		}
	}
}

// wantValid checks events against the version of OCSF.
func wantValid(t *testing.T, events []byte, version string, want int64) {
	t.Helper()
	report, err := validate.Reader(context.Background(), bytes.NewReader(events), validate.Options{Version: version, Max: 10})
	if err != nil {
		t.Fatal(err)
	}
	if report.Events != want || report.Errors+report.Warnings > 0 {
		t.Errorf("OCSF %s: %d events, want %d; %d errors, %d warnings", version, report.Events, want, report.Errors, report.Warnings)
	}
	for _, m := range report.Messages {
		t.Error(m)
	}
}

// TestProductsConvert checks that the findings of all products can be read, and
// that they become valid events of every class.
func TestProductsConvert(t *testing.T) {
	for i, partition := range []string{"aws", "aws-us-gov"} {
		o := testgen.Options{Seed: uint64(i), Findings: 1200, Partition: partition, Products: []string{"all"}, OtherProducts: 0.5, New: 0.1}
		text := write(t, o)
		for _, version := range ocsf.Versions() {
			encoder, err := ocsf.NewEncoder(ocsf.Options{Version: version})
			if err != nil {
				t.Fatal(err)
			}
			var events bytes.Buffer
			if err := encoder.Write(context.Background(), &events, findings(t, open(t, text))); err != nil {
				t.Fatal(err)
			}
			wantValid(t, events.Bytes(), string(version), int64(o.Findings))
			for class, oldest := range map[string]ocsf.Version{"2002": ocsf.V110, "2003": ocsf.V110, "2004": ocsf.V110, "2006": ocsf.V160} {
				want := oldest == ocsf.V110 || version == ocsf.V160
				if got := bytes.Contains(events.Bytes(), []byte(`"class_uid":`+class)); got != want {
					t.Errorf("OCSF %s: class %s: %t, want %t", version, class, got, want)
				}
			}
		}
	}
}

// event is what the tests look at of an event of Security Hub V2.
type event struct {
	ActivityName string `json:"activity_name"`
	Comment      string
	Status       string
	Compliance   struct {
		Status      string
		Assessments []struct{ Name string }
	}
	Info struct {
		UID      string
		Created  int64 `json:"created_time"`
		Modified int64 `json:"modified_time"`
	} `json:"finding_info"`
	Metadata  struct{ UID string }
	Resources []struct {
		UID    string `json:"uid"`
		Alt    string `json:"uid_alt"`
		Type   string
		Region string
		Tags   []struct{ Name, Value string }
	}
}

// TestEvents checks that the events of Security Hub V2 are valid, that they are
// about the findings that ASFF has, and that each case occurs.
func TestEvents(t *testing.T) {
	o := testgen.Options{Seed: 3, Findings: 3000, New: 0.1, Duplicates: 0.05, OtherProducts: -1}
	type asff struct {
		ID                   string `json:"Id"`
		CreatedAt, UpdatedAt time.Time
		Resources            []struct {
			ID   string `json:"Id"`
			Tags map[string]string
		}
	}
	var want []asff
	for raw := range testgen.Findings(o) {
		var f asff
		if err := json.Unmarshal(raw, &f); err != nil {
			t.Fatal(err)
		}
		want = append(want, f)
	}
	o.Format = testgen.OCSFV2
	text := write(t, o)
	wantValid(t, text, "1.6.0", int64(len(want)))

	seen, uids := map[string]int{}, map[string]string{}
	hex := regexp.MustCompile(`^[0-9a-f]{64}$`)
	i := 0
	for raw := range bytes.Lines(text) {
		var e event
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatal(err)
		}
		f := want[i]
		i++
		if e.Info.UID != f.ID || e.Info.Created != f.CreatedAt.UnixMilli() || e.Info.Modified != f.UpdatedAt.UnixMilli() {
			t.Fatalf("event %d is %+v, want that of %+v", i, e.Info, f)
		}
		if uid, ok := uids[e.Info.UID]; ok && uid != e.Metadata.UID || !hex.MatchString(e.Metadata.UID) {
			t.Errorf("%s: metadata.uid %s, before %s", e.Info.UID, e.Metadata.UID, uid)
		}
		uids[e.Info.UID] = e.Metadata.UID
		r := e.Resources[0]
		if r.Alt != f.Resources[0].ID && (r.Type != "AWS::::Account" || "AWS::::Account:"+r.UID != f.Resources[0].ID) {
			t.Errorf("%s: resource %+v, want %s", f.ID, r, f.Resources[0].ID)
		}
		tags := map[string]string{}
		for _, tag := range r.Tags {
			tags[tag.Name] = tag.Value
		}
		if diff := cmp.Diff(f.Resources[0].Tags, tags); diff != "" && len(tags)+len(f.Resources[0].Tags) > 0 {
			t.Errorf("%s: tags (-ASFF +OCSF):\n%s", f.ID, diff)
		}
		for _, what := range []string{e.ActivityName, "status " + e.Status, "compliance " + e.Compliance.Status, r.Type, "region " + r.Region} {
			seen[what]++
		}
		if e.Comment != "" {
			seen["comment"]++
		}
		for _, a := range e.Compliance.Assessments {
			seen[a.Name]++
		}
	}
	for _, what := range []string{
		"Create", "Update", "Close", "status New", "status In Progress", "status Suppressed", "status Resolved", "comment",
		"compliance Pass", "compliance Fail", "compliance Warning", "compliance NOT_AVAILABLE", "CONFIG_EVALUATIONS_EMPTY",
		"AWS::::Account", "AWS::S3::Bucket", "region global", "region us-east-1",
	} {
		if seen[what] == 0 {
			t.Errorf("no event has %s", what)
		}
	}
}

// TestSameEstateInEveryFormat checks the promise that formats can be compared:
// an estate as ASFF has the control results of its parts in OCSF.
func TestSameEstateInEveryFormat(t *testing.T) {
	for _, tc := range []struct {
		name    string
		options testgen.Options
	}{
		{"Security Hub", testgen.Options{Seed: 1, Findings: 800, OtherProducts: -1, New: 0.1, Suppressed: 0.05}},
		{"with duplicates, in GovCloud", testgen.Options{Seed: 2, Findings: 800, OtherProducts: -1, Duplicates: 0.1, Archived: 0.1, Partition: "aws-us-gov"}},
		{"with Prowler", testgen.Options{Seed: 3, Findings: 800, Products: []string{"prowler"}, OtherProducts: 0.4}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v2, prowler := tc.options, tc.options
			v2.Format, prowler.Format = testgen.OCSFV2, testgen.ProwlerOCSF
			events := write(t, v2)
			if len(tc.options.Products) > 0 {
				events = append(events, write(t, prowler)...)
			}
			want, got := assess(t, write(t, tc.options)), assess(t, events)
			if s := want.Summary(); s.Tally.Passed == 0 || s.Tally.Failed == 0 || s.Tally.Undecided() == 0 || s.Covered < 50 {
				t.Fatalf("the estate tells little: %+v", s)
			}
			if len(got.Controls) != len(want.Controls) {
				t.Fatalf("%d controls, want %d", len(got.Controls), len(want.Controls))
			}
			for i, c := range got.Controls {
				asff := want.Controls[i]
				// Narratives quote notes and name producers, of which OCSF says less.
				c.Narrative, asff.Narrative = "", ""
				if !reflect.DeepEqual(asff, c) {
					t.Errorf("%s (-ASFF +OCSF):\n%s", c.ID, cmp.Diff(asff, c))
				}
			}
			if diff := cmp.Diff(want.Summary(), got.Summary()); diff != "" {
				t.Errorf("summary (-ASFF +OCSF):\n%s", diff)
			}
		})
	}
}

func assess(t *testing.T, text []byte) *shca.Assessment {
	t.Helper()
	a, err := mapping.Assess(context.Background(), open(t, text), mapping.Options{Strict: true, Time: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}
