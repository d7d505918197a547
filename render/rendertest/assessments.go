package rendertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
	"github.com/go-shca/shca/internal/testgen"
	"github.com/go-shca/shca/mapping"
	"github.com/go-shca/shca/sources/asff"
	"github.com/go-shca/shca/sources/stream"
)

// Case is an assessment that every format has to cope with.
type Case struct {
	Name       string
	Assessment *shca.Assessment
}

// Hostile is text that tries to leave its place: a formula, CSV and Markdown
// syntax, HTML, line breaks, control and direction characters, invalid UTF-8.
const Hostile = "=cmd|'/C calc'!A1,\";\"\r\n\t| `x` <script>alert(1)</script> [a](javascript:b) **&amp;** \x00\x07\u202eabc\u200f \xff\xfe # \u2028end"

// Time is when the assessments were made.
var Time = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// System names the system of the usual estate and two of its accounts.
var System = shca.System{
	ID: "EX-2026-001", Name: "Example System",
	Accounts: map[string]string{"000123456789": "example-workloads", "111122223333": "example-management"},
}

// Cases returns the assessments of the conformance tests: first Fixture, then a
// usual estate.
func Cases(t testing.TB) []Case {
	all := func(status shca.ComplianceStatus, workflow string) shca.Source {
		return estate(60, func(f *shca.Finding) { f.Status, f.Workflow, f.RecordState = status, workflow, "ACTIVE" })
	}
	few := mapping.Options{Baseline: catalogs.Baseline{
		Name: "few", Title: "A few controls", Controls: []shca.ControlID{"ac-2", "ac-3", "at-1", "au-2", "cm-8", "cp-9", "sc-7", "sc-7.4", "sc-28", "si-4"},
	}}
	none := mapping.Options{Baseline: catalogs.Baseline{Name: "none", Title: "no baseline"}}
	hostile := Assess(t, with(hostileSource(), otherSources(Hostile)), mapping.Options{
		Baseline:  catalogs.Baseline{Name: Hostile, Title: Hostile, Controls: []shca.ControlID{"ac-3", "ac-2", "../../" + Hostile, "..", "AC-2", Hostile}},
		Generator: Hostile,
	})
	hostile.FrameworkName = Hostile
	hostile.Marking = Hostile
	hostile.System = shca.System{ID: Hostile, Name: Hostile, Accounts: map[string]string{}}
	for _, s := range hostile.Scopes {
		if s.Source == shca.SourceASFF {
			hostile.System.Accounts[s.AccountID] = Hostile
		}
	}
	hostile.Inputs = []shca.Input{{Name: Hostile, Size: 1, SHA256: strings.Repeat("0", 64)}}
	for i := range hostile.Controls {
		c := &hostile.Controls[i]
		c.Title, c.FamilyTitle, c.Narrative = Hostile, Hostile, c.Narrative+Hostile
	}
	return []Case{
		{"fixture", Fixture(t)},
		{"estate", Assess(t, estate(300, func(*shca.Finding) {}), mapping.Options{System: System, Marking: "CUI"})},
		{"no baseline", Assess(t, estate(60, func(*shca.Finding) {}), none)},
		{"empty", Assess(t, records{{Scope: &shca.Scope{Source: "asff", AccountID: "111122223333", Region: "us-east-1"}}}, mapping.Options{})},
		{"undecided", Assess(t, all(shca.Warning, "NEW"), few)},
		{"passed", Assess(t, all(shca.Passed, "RESOLVED"), few)},
		{"failed", Assess(t, all(shca.Failed, "NEW"), few)},
		{"suppressed", Assess(t, all(shca.Failed, "SUPPRESSED"), few)},
		{"unscored", Assess(t, all(shca.NoStatus, "NEW"), few)},
		{"incomplete", Assess(t, incompleteSource(), few)},
		{"nothing read", Assess(t, records{}, none)},
		{"hostile", hostile},
		{"other sources", Assess(t, with(estate(60, func(*shca.Finding) {}), otherSources("Nobody here uses it.")), few)},
		{"other sources alone", Assess(t, records(otherSources("Nobody here uses it.")), none)},
		{"zero", &shca.Assessment{Findings: func(func(*shca.Finding, error) bool) {}}},
	}
}

// Assess assesses the source; the assessment is closed with the test.
func Assess(t testing.TB, source shca.Source, o mapping.Options) *shca.Assessment {
	t.Helper()
	if o.Time.IsZero() {
		o.Time = Time
	}
	if o.Generator == "" {
		o.Generator = "shca v0.0.0-test"
	}
	a, err := mapping.Assess(t.Context(), source, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// Fixture is a small assessment whose numbers can be told by heart: AC-3 has 3
// PASSED, 1 FAILED, 2 WARNING, 4 NOT_AVAILABLE and 1 SUPPRESSED findings, CP-9
// only undecided ones, AT-1 none; SC-28 is outside the baseline; there are
// besides a GuardDuty finding and an archived one.
func Fixture(t testing.TB) *shca.Assessment {
	t.Helper()
	var r records
	add := func(check, control string, n int, change func(*shca.Finding)) {
		for range n {
			f := finding(len(r), check, control)
			change(f)
			f.Raw = fmt.Appendf(nil, `{"Id":%q}`, f.ID)
			r = append(r, shca.Record{Finding: f})
		}
	}
	status := func(s shca.ComplianceStatus) func(*shca.Finding) {
		return func(f *shca.Finding) {
			f.Status = s
			if !s.Decided() {
				f.StatusReasons = []shca.StatusReason{{Code: "CONFIG_EVALUATIONS_EMPTY", Description: "AWS Config has not evaluated the rule."}}
			}
		}
	}
	add("S3.8", "AC-3", 3, status(shca.Passed))
	add("S3.8", "AC-3", 1, status(shca.Failed))
	add("S3.8", "AC-3", 1, func(f *shca.Finding) {
		f.Status, f.Workflow = shca.Failed, "SUPPRESSED"
		f.Note = shca.Note{Text: "Public by intent; accepted.\nReview in 2027.", UpdatedBy: "j.doe", UpdatedAt: Time.AddDate(0, -2, 0)}
	})
	add("IAM.3", "AC-3", 2, status(shca.Warning))
	add("IAM.3", "AC-3", 4, status(shca.NotAvailable))
	add("RDS.11", "CP-9", 2, status(shca.NotAvailable))
	add("KMS.4", "SC-28", 1, status(shca.Passed))
	add("S3.8", "AC-3", 1, func(f *shca.Finding) { f.Status, f.RecordState = shca.Failed, "ARCHIVED" })
	add("aws/guardduty/Recon", "AC-3", 1, func(f *shca.Finding) {
		f.ProductARN, f.ProductName, f.Requirements = "arn:aws:securityhub:us-east-1::product/aws/guardduty", "GuardDuty", nil
	})
	narrative, err := mapping.ParseNarrative(`{{.Control.Tally.Passed}} of {{.Control.Tally.Decided}} decided findings passed{{with percent .Control.Tally.Passed .Control.Tally.Decided}}, {{.}} %{{end}}.`)
	if err != nil {
		t.Fatal(err)
	}
	a := Assess(t, r, mapping.Options{
		Baseline:  catalogs.Baseline{Name: "small", Title: "Small baseline", Controls: []shca.ControlID{"ac-3", "at-1", "cp-9"}},
		Narrative: narrative,
	})
	for i := range a.Controls { // the table of checks may grow
		a.Controls[i].Unseen = a.Controls[i].Unseen[:min(2, len(a.Controls[i].Unseen))]
	}
	return a
}

func finding(n int, check, control string) *shca.Finding {
	at := Time.Add(-time.Duration(n) * time.Hour)
	region := "us-east-1"
	return &shca.Finding{
		Source: "asff", ID: fmt.Sprintf("arn:aws:securityhub:%s:111122223333:security-control/%s/finding/%04d", region, check, n),
		ProductARN: "arn:aws:securityhub:us-east-1::product/aws/securityhub", GeneratorID: "security-control/" + check,
		AccountID: "111122223333", AccountName: "workloads", Region: region, Partition: "aws",
		Check: shca.CheckID(check), Requirements: []string{"NIST.800-53.r5 " + control}, Severity: shca.Medium,
		Workflow: "NEW", RecordState: "ACTIVE", Title: "What " + check + " looks at, in brief", Description: "A longer text.",
		Remediation: shca.Remediation{Text: "See the documentation.", URL: "https://docs.aws.amazon.com/console/securityhub/" + check + "/remediation"},
		Resources:   []shca.Resource{{ID: fmt.Sprintf("arn:aws:s3:::bucket-%04d", n), Type: "AwsS3Bucket", Region: region, Partition: "aws"}},
		CreatedAt:   at.AddDate(0, -1, 0), UpdatedAt: at, FirstObservedAt: at.AddDate(0, -1, 0), LastObservedAt: at,
	}
}

// records is a source of the records themselves.
type records []shca.Record

func (r records) Records(context.Context) iter.Seq2[shca.Record, error] {
	return func(yield func(shca.Record, error) bool) {
		for _, one := range r {
			if !yield(one, nil) {
				return
			}
		}
	}
}

// sourceFunc is a source made of a function.
type sourceFunc func(context.Context) iter.Seq2[shca.Record, error]

func (f sourceFunc) Records(ctx context.Context) iter.Seq2[shca.Record, error] { return f(ctx) }

// estate yields the findings of a synthetic estate, each changed.
func estate(n int, change func(*shca.Finding)) shca.Source {
	var text bytes.Buffer
	if err := testgen.Write(&text, testgen.NDJSON, testgen.Options{Seed: 7, Findings: n, Accounts: 3, Regions: 2, Suppressed: 0.05, NotAvailable: 0.05}); err != nil {
		panic(err) // the options are constants
	}
	source := &stream.Source{Name: "estate", Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text.Bytes())), nil }, Formats: []stream.Format{asff.Format}}
	return sourceFunc(func(ctx context.Context) iter.Seq2[shca.Record, error] {
		return func(yield func(shca.Record, error) bool) {
			for r, err := range source.Records(ctx) {
				if r.Finding != nil {
					changed := *r.Finding
					change(&changed)
					r.Finding = &changed
				}
				if !yield(r, err) {
					return
				}
			}
		}
	})
}

// with yields what source does, then records of its own.
func with(source shca.Source, more []shca.Record) shca.Source {
	return sourceFunc(func(ctx context.Context) iter.Seq2[shca.Record, error] {
		return func(yield func(shca.Record, error) bool) {
			for _, s := range []shca.Source{source, records(more)} {
				for r, err := range s.Records(ctx) {
					if !yield(r, err) {
						return
					}
				}
			}
		}
	})
}

// followed yields what source does, then an error and records of its own.
func followed(source shca.Source, err error, more ...shca.Record) shca.Source {
	return sourceFunc(func(ctx context.Context) iter.Seq2[shca.Record, error] {
		return func(yield func(shca.Record, error) bool) {
			for r, err := range source.Records(ctx) {
				if !yield(r, err) {
					return
				}
			}
			if !yield(shca.Record{}, err) {
				return
			}
			for r, err := range records(more).Records(ctx) {
				if !yield(r, err) {
					return
				}
			}
		}
	})
}

func incompleteSource() shca.Source {
	return followed(estate(40, func(*shca.Finding) {}),
		&shca.FindingError{Source: "export.json", Number: 41, ID: "arn:41", Field: "/Severity", Err: errors.New("is a number")},
		shca.Record{Scope: &shca.Scope{Source: "securityhub", AccountID: "111122223333", Region: "eu-west-1", Err: "AccessDenied"}})
}

func hostileSource() shca.Source {
	n := 0
	return followed(estate(40, func(f *shca.Finding) {
		n++
		one := fmt.Sprint(n, Hostile)
		for _, s := range []*string{
			&f.ID, &f.AccountID, &f.AccountName, &f.Region, &f.Partition, &f.ConfigRule, &f.Title, &f.Description,
			&f.Remediation.Text, &f.Note.Text, &f.Note.UpdatedBy,
		} {
			*s = strings.TrimLeft(one, "0123456789")
		}
		f.ID = one
		f.Remediation.URL = "https://docs.aws.amazon.com/" + Hostile
		f.Resources = []shca.Resource{{ID: Hostile, Type: Hostile}, {ID: one}}
		f.StatusReasons = []shca.StatusReason{{Code: Hostile, Description: Hostile}}
		f.Requirements = append([]string{"NIST.800-53.r5 " + Hostile}, f.Requirements...)
		f.Types = []string{Hostile}
		if n%3 == 0 {
			f.Check = shca.CheckID(one)
		}
		if n%4 == 0 {
			f.Workflow = "SUPPRESSED"
		}
	}),
		&shca.FindingError{Source: Hostile, Number: 1, ID: Hostile, Field: Hostile, Err: errors.New(Hostile)},
		shca.Record{Scope: &shca.Scope{Source: Hostile, AccountID: Hostile, Region: Hostile, Err: Hostile, Note: Hostile}})
}
