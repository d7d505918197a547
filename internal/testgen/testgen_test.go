package testgen

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// asff is what the tests look at of a finding.
type asff struct {
	SchemaVersion, Id, ProductArn, ProductName, GeneratorId string
	AwsAccountId, Region, Title, Description, RecordState   string
	CreatedAt, UpdatedAt, FirstObservedAt, LastObservedAt   time.Time
	Types                                                   []string
	Severity                                                struct{ Label string }
	Workflow                                                struct{ Status string }
	Note                                                    *struct{ Text, UpdatedBy, UpdatedAt string }
	ProductFields                                           map[string]string
	Resources                                               []struct {
		Id, Type, Partition, Region string
		Details                     map[string]map[string]any
	}
	Compliance *struct {
		Status, SecurityControlId string
		RelatedRequirements       []string
		AssociatedStandards       []struct{ StandardsId string }
		StatusReasons             []struct{ ReasonCode, Description string }
	}
}

func decode(t *testing.T, o Options) []asff {
	t.Helper()
	var all []asff
	for b := range Findings(o) {
		var f asff
		d := json.NewDecoder(bytes.NewReader(b))
		if err := d.Decode(&f); err != nil {
			t.Fatalf("finding %d: %v\n%s", len(all), err, b)
		}
		if d.More() || bytes.ContainsAny(b, "\n\r") {
			t.Fatalf("finding %d is not one object on one line:\n%s", len(all), b)
		}
		all = append(all, f)
	}
	return all
}

func TestFindingsAreWellFormed(t *testing.T) {
	for _, o := range []Options{
		{Seed: 1, Findings: 3000},
		{Seed: 2, Findings: 1500, Mode: Off},
		{Seed: 3, Findings: 1500, Mode: Mixed, Accounts: 8},
		{Seed: 4, Findings: 2000, Mode: Mixed, Partition: "aws-us-gov"},
		{Seed: 5, Findings: 1000, Partition: "aws-cn"},
	} {
		for _, f := range decode(t, o) {
			checkFinding(t, o, &f)
		}
	}
}

func checkFinding(t *testing.T, o Options, f *asff) {
	t.Helper()
	bad := func(what string) { t.Helper(); t.Errorf("seed %d: %s: %s", o.Seed, f.Id, what) }
	for _, s := range []string{
		f.SchemaVersion, f.Id, f.ProductArn, f.GeneratorId, f.AwsAccountId, f.Region, f.Title,
		f.Description, f.RecordState, f.Severity.Label, f.Workflow.Status, f.ProductFields["aws/securityhub/FindingId"],
	} {
		if s == "" {
			bad("a required field is empty")
		}
	}
	if len(f.AwsAccountId) != 12 || len(f.Types) == 0 || len(f.Resources) != 1 {
		bad("account id, types or resources")
	}
	if !strings.HasSuffix(f.ProductFields["aws/securityhub/FindingId"], "/"+f.Id) {
		bad("FindingId does not end in the finding's id")
	}
	partition := o.Partition
	if partition == "" {
		partition = "aws"
	}
	r := f.Resources[0]
	for _, arn := range []string{f.Id, f.ProductArn, r.Id} {
		if !strings.HasPrefix(arn, "arn:"+partition+":") && r.Type != "AwsAccount" {
			bad("not in partition " + partition + ": " + arn)
		}
	}
	if r.Partition != partition || r.Region != f.Region || r.Type == "" {
		bad("partition, region or type of the resource")
	}
	if gov := strings.HasPrefix(f.Region, "us-gov-"); gov != (partition == "aws-us-gov") {
		bad("region " + f.Region)
	}
	if r.Type == "AwsAccount" && r.Id != "AWS::::Account:"+f.AwsAccountId {
		bad("account resource " + r.Id)
	}
	if f.FirstObservedAt.After(f.CreatedAt) || f.CreatedAt.After(f.UpdatedAt) || f.LastObservedAt.Year() != 2026 {
		bad("times out of order or range")
	}
	if (f.Workflow.Status == "SUPPRESSED") && (f.Note == nil || f.Note.Text == "" || f.Note.UpdatedBy == "" || f.Note.UpdatedAt == "") {
		bad("suppressed without a note")
	}
	c := f.Compliance
	if (f.ProductName == "Security Hub") != (c != nil) {
		bad("Compliance of product " + f.ProductName)
	}
	if c == nil {
		return
	}
	if c.SecurityControlId == "" || len(c.AssociatedStandards) == 0 || len(c.RelatedRequirements) > maxRequirements {
		bad("Compliance")
	}
	undecided := c.Status == "WARNING" || c.Status == "NOT_AVAILABLE"
	if undecided && len(c.StatusReasons) == 0 {
		bad("undecided without a reason")
	}
	if (c.Status == "PASSED") != (f.Severity.Label == "INFORMATIONAL") || (c.Status == "PASSED") != (f.Workflow.Status == "RESOLVED") {
		bad("severity or workflow of status " + c.Status)
	}
	switch legacy := f.ProductFields["ControlId"] != ""; {
	case legacy && (!strings.HasPrefix(f.Title, c.SecurityControlId+" ") || f.ProductFields["StandardsArn"] == "" || len(c.AssociatedStandards) != 1):
		bad("finding of a standard")
	case !legacy && f.GeneratorId != "security-control/"+c.SecurityControlId:
		bad("generator " + f.GeneratorId)
	case strings.HasPrefix(f.GeneratorId, fsbpStandard.generator) && len(c.RelatedRequirements) > 0:
		bad("best practices finding with requirements")
	}
}

func TestMix(t *testing.T) {
	const n = 15000
	counts := map[string]int{}
	ids, checks, arns := map[string]time.Time{}, map[string]bool{}, map[string]int{}
	all := decode(t, Options{Seed: 7, Findings: n})
	size := 0
	for b := range Findings(Options{Seed: 7, Findings: n}) {
		size += len(b)
		counts["under 1.8 or over 5 KB"] += btoi(len(b) < 1800 || len(b) > 5000)
	}
	for _, f := range all {
		if updated, ok := ids[f.Id]; ok {
			counts["duplicate"]++
			counts["stale duplicate"] += btoi(!f.UpdatedAt.After(updated))
		}
		ids[f.Id] = f.UpdatedAt
		counts[f.Workflow.Status]++
		counts[f.RecordState]++
		if f.Compliance == nil {
			counts["other product"]++
			counts[f.ProductName]++
			continue
		}
		counts[f.Compliance.Status]++
		counts["at the cap"] += btoi(len(f.Compliance.RelatedRequirements) == maxRequirements)
		counts["account"] += btoi(f.Resources[0].Type == "AwsAccount")
		counts["failed with reason"] += btoi(f.Compliance.Status == "FAILED" && len(f.Compliance.StatusReasons) > 0)
		checks[f.Compliance.SecurityControlId] = true
		arns[f.Resources[0].Id]++
	}
	if len(all) != n {
		t.Errorf("%d findings, want %d", len(all), n)
	}
	for _, want := range []struct {
		name      string
		low, high float64 // share of n
	}{
		{"PASSED", 0.45, 0.75}, {"FAILED", 0.15, 0.40}, {"WARNING", 0.02, 0.04}, {"NOT_AVAILABLE", 0.03, 0.05},
		{"SUPPRESSED", 0.015, 0.025}, {"NOTIFIED", 0.01, 0.10}, {"ARCHIVED", 0.02, 0.04}, {"other product", 0.07, 0.09},
		{"GuardDuty", 0.01, 0.05}, {"Inspector", 0.01, 0.06}, {"Macie", 0.005, 0.03}, {"duplicate", 0.003, 0.008},
		{"stale duplicate", 0, 0}, {"account", 0.001, 0.05}, {"failed with reason", 0.0005, 0.10},
		{"at the cap", 1.0 / n, 0.05}, {"under 1.8 or over 5 KB", 0, 0},
	} {
		if got := float64(counts[want.name]) / n; got < want.low || got > want.high {
			t.Errorf("%s: share %.4f, want %.4f to %.4f", want.name, got, want.low, want.high)
		}
	}
	if average := size / n; average < 2700 || average > 3400 {
		t.Errorf("average size %d bytes, want about 3 KB", average)
	}
	if len(checks) < 280 {
		t.Errorf("%d checks, want about 300", len(checks))
	}
	if len(arns) > n/2 {
		t.Errorf("%d resources for %d findings: checks do not share resources", len(arns), n)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestSameBytes(t *testing.T) {
	o := Options{Seed: 11, Findings: 3000, Mode: Mixed}
	first := written(t, NDJSON, o)
	if !bytes.Equal(first, written(t, NDJSON, o)) {
		t.Error("the same options gave different bytes")
	}
	var pieces []byte
	seq := Findings(o)
	for b := range seq {
		pieces = append(append(pieces, b...), '\n')
	}
	if !bytes.Equal(first, pieces) {
		t.Error("Write and Findings differ")
	}
	for range seq {
		break // the rest is not wanted
	}
	if o.Seed++; bytes.Equal(first, written(t, NDJSON, o)) {
		t.Error("another seed gave the same bytes")
	}
}

func written(t *testing.T, layout Layout, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, layout, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSameEstateInEveryMode checks the promise that modes can be compared.
func TestSameEstateInEveryMode(t *testing.T) {
	type subject struct{ check, account, region, resource string }
	type outcome struct {
		status, workflow, state string
	}
	newest := func(mode Mode) map[subject]outcome {
		estate := map[subject]outcome{}
		copies := map[string]time.Time{} // by subject and generator
		nist := map[subject]bool{}
		for _, f := range decode(t, Options{Seed: 5, Findings: 3000, Mode: mode, Accounts: 8}) {
			if f.Compliance == nil {
				continue
			}
			s := subject{f.Compliance.SecurityControlId, f.AwsAccountId, f.Region, f.Resources[0].Id}
			o := outcome{f.Compliance.Status, f.Workflow.Status, f.RecordState}
			if copies[f.Id].After(f.UpdatedAt) {
				t.Fatalf("%s: %s: an older copy follows", mode, f.Id)
			}
			copies[f.Id] = f.UpdatedAt
			cites := slices.ContainsFunc(f.Compliance.RelatedRequirements, func(r string) bool { return strings.HasPrefix(r, "NIST.800-53.r5 ") })
			if !cites && nist[s] {
				continue // the copy that cites the framework counts
			}
			nist[s] = nist[s] || cites
			estate[s] = o
		}
		return estate
	}
	on, off, mixed := newest(On), newest(Off), newest(Mixed)
	if !maps.Equal(on, off) {
		t.Errorf("on has %d subjects, off %d, or outcomes differ", len(on), len(off))
	}
	if !maps.Equal(on, mixed) {
		t.Errorf("on has %d subjects, mixed %d, or outcomes differ", len(on), len(mixed))
	}
}

// TestSubjectsAreUnique checks that only a newer copy of the same finding
// repeats a subject, and that a resource is of one type.
func TestSubjectsAreUnique(t *testing.T) {
	ids, types := map[string]string{}, map[string]string{}
	for _, f := range decode(t, Options{Seed: 9, Findings: 8000}) {
		r := f.Resources[0]
		if typ, ok := types[r.Id]; ok && typ != r.Type {
			t.Errorf("%s is both %s and %s", r.Id, typ, r.Type)
		}
		types[r.Id] = r.Type
		if f.Compliance == nil {
			continue
		}
		s := f.Compliance.SecurityControlId + " " + f.AwsAccountId + " " + f.Region + " " + r.Id
		if id, ok := ids[s]; ok && id != f.Id {
			t.Errorf("%s has findings %s and %s", s, id, f.Id)
		}
		ids[s] = f.Id
	}
}

func TestModes(t *testing.T) {
	ways := map[string]map[bool]bool{} // by account: consolidated or not
	for _, f := range decode(t, Options{Seed: 1, Findings: 2000, Mode: Mixed, Accounts: 4}) {
		if f.Compliance != nil {
			if ways[f.AwsAccountId] == nil {
				ways[f.AwsAccountId] = map[bool]bool{}
			}
			ways[f.AwsAccountId][strings.HasPrefix(f.GeneratorId, "security-control/")] = true
		}
	}
	want := map[string]map[bool]bool{
		"111122223333": {true: true},
		"000123456789": {false: true},
		"444455556666": {true: true, false: true},
		"777788889999": {false: true},
	}
	if len(ways) != len(want) {
		t.Errorf("%d accounts, want %d", len(ways), len(want))
	}
	for id, w := range want {
		if !maps.Equal(ways[id], w) {
			t.Errorf("account %s: consolidated %v, want %v", id, ways[id], w)
		}
	}
}

func TestLayouts(t *testing.T) {
	for _, n := range []int{0, 1, 200} {
		o := Options{Seed: 3, Findings: n, Mode: Mixed}
		var want []json.RawMessage
		for b := range Findings(o) {
			want = append(want, bytes.Clone(b))
		}
		var cli, indented struct{ Findings []json.RawMessage }
		var array, lines []json.RawMessage
		for layout, into := range map[Layout]any{CLI: &cli, CLIIndented: &indented, Array: &array} {
			if err := json.Unmarshal(written(t, layout, o), into); err != nil {
				t.Fatalf("%d findings as %v: %v", n, layout, err)
			}
		}
		for line := range bytes.Lines(written(t, NDJSON, o)) {
			lines = append(lines, bytes.TrimSuffix(line, []byte("\n")))
		}
		for i := range indented.Findings {
			var b, wantIndented bytes.Buffer
			if err := json.Indent(&wantIndented, want[i], "        ", "    "); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(indented.Findings[i], wantIndented.Bytes()) {
				t.Fatalf("indented finding:\n%s\nwant:\n%s", indented.Findings[i], wantIndented.Bytes())
			}
			if err := json.Compact(&b, indented.Findings[i]); err != nil {
				t.Fatal(err)
			}
			indented.Findings[i] = b.Bytes()
		}
		for name, got := range map[string][]json.RawMessage{"cli": cli.Findings, "cli-indented": indented.Findings, "array": array, "ndjson": lines} {
			if !slices.EqualFunc(got, want, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
				t.Errorf("%d findings as %s: got %d others", n, name, len(got))
			}
		}
	}
}

func TestChecksOption(t *testing.T) {
	for _, f := range decode(t, Options{Findings: 300, Checks: []string{"S3.8", "IAM.1"}, OtherProducts: -1}) {
		if id := f.Compliance.SecurityControlId; id != "S3.8" && id != "IAM.1" {
			t.Fatalf("check %s was not asked for", id)
		}
	}
	// One account and region have the root user once.
	o := Options{Findings: 300, Checks: []string{"IAM.9"}, Accounts: 1, Regions: 1, OtherProducts: -1, Duplicates: -1}
	if got := len(decode(t, o)); got != 1 {
		t.Errorf("%d findings of an account's only subject, want 1", got)
	}
}

func TestWrongOptions(t *testing.T) {
	for _, o := range []Options{
		{Findings: -1}, {Accounts: -1}, {Accounts: maxAccounts + 1}, {Regions: 99}, {Partition: "mars"}, {Mode: 9},
		{Warning: 2}, {Archived: math.NaN()}, {Checks: []string{"Nothing.1"}},
	} {
		if err := Write(io.Discard, NDJSON, o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
	if err := Write(io.Discard, Layout(9), Options{}); err == nil {
		t.Error("layout 9: no error")
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteError(t *testing.T) {
	for _, n := range []int{1, 1000} {
		if err := Write(brokenWriter{}, NDJSON, Options{Findings: n}); !errors.Is(err, errBroken) {
			t.Errorf("%d findings: error %v, want %v", n, err, errBroken)
		}
	}
}

// TestMemory checks that a finding allocates nothing.
func TestMemory(t *testing.T) {
	allocs := func(n int) float64 {
		g, err := newGenerator(Options{Findings: n, Mode: Mixed})
		if err != nil {
			t.Fatal(err)
		}
		return testing.AllocsPerRun(1, func() { g.findings(func([]byte) bool { return true }) })
	}
	if got := allocs(20000); got > 100 {
		t.Errorf("20,000 findings: %.0f allocations", got)
	}
}

func BenchmarkWrite(b *testing.B) {
	for layout := range frames {
		layout := Layout(layout)
		b.Run(layout.String(), func(b *testing.B) {
			o := Options{Seed: 1, Findings: 20000}
			var size counter
			if err := Write(&size, layout, o); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if err := Write(io.Discard, layout, o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}
