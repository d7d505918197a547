package mapping

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
)

// records is a source in memory: findings, scopes and errors.
type records []any

func (l records) Records(context.Context) iter.Seq2[shca.Record, error] {
	return func(yield func(shca.Record, error) bool) {
		for _, v := range l {
			var r shca.Record
			var err error
			switch v := v.(type) {
			case *shca.Finding:
				r.Finding = v
			case *shca.Scope:
				r.Scope = v
			case *shca.CheckSetting:
				r.Setting = v
			case *shca.Evidence:
				r.Evidence = v
			case error:
				err = v
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

func source(findings ...*shca.Finding) records {
	l := make(records, len(findings))
	for i, f := range findings {
		l[i] = f
	}
	return l
}

func assess(t testing.TB, s shca.Source, o Options) *shca.Assessment {
	t.Helper()
	a, err := Assess(context.Background(), s, o)
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

const hub = "arn:aws:securityhub:us-east-1::product/aws/securityhub"
const prowler = "arn:aws:securityhub:us-east-1::product/prowler/prowler"

// finding is a failed finding of Security Hub's S3.8 in its consolidated form,
// changed by each edit.
func finding(id string, edits ...func(*shca.Finding)) *shca.Finding {
	f := &shca.Finding{
		Source: "asff", ID: id, ProductARN: hub, GeneratorID: "security-control/S3.8",
		AccountID: "111111111111", Region: "us-east-1", Partition: "aws",
		Check: "S3.8", Requirements: []string{"NIST.800-53.r5 AC-3"},
		Status: shca.Failed, Severity: shca.High, Workflow: "NEW", RecordState: "ACTIVE", Title: "Block public access",
		Resources: []shca.Resource{{ID: "arn:aws:s3:::" + id, Type: "AwsS3Bucket"}},
		UpdatedAt: day(10), Raw: fmt.Appendf(nil, `{"Id":%q}`, id),
	}
	for _, edit := range edits {
		edit(f)
	}
	return f
}

func updated(d int) func(*shca.Finding) { return func(f *shca.Finding) { f.UpdatedAt = day(d) } }
func status(s shca.ComplianceStatus) func(*shca.Finding) {
	return func(f *shca.Finding) { f.Status = s }
}
func archived(f *shca.Finding)   { f.RecordState = "ARCHIVED" }
func suppressed(f *shca.Finding) { f.Workflow = "SUPPRESSED" }
func resource(ids ...string) func(*shca.Finding) {
	return func(f *shca.Finding) {
		f.Resources = nil
		for _, id := range ids {
			f.Resources = append(f.Resources, shca.Resource{ID: id})
		}
	}
}
func cite(requirements ...string) func(*shca.Finding) {
	return func(f *shca.Finding) { f.Requirements = requirements }
}
func check(id shca.CheckID) func(*shca.Finding) { return func(f *shca.Finding) { f.Check = id } }
func account(id string) func(*shca.Finding)     { return func(f *shca.Finding) { f.AccountID = id } }
func region(r string) func(*shca.Finding)       { return func(f *shca.Finding) { f.Region = r } }
func product(arn string) func(*shca.Finding)    { return func(f *shca.Finding) { f.ProductARN = arn } }
func title(text string) func(*shca.Finding)     { return func(f *shca.Finding) { f.Title = text } }

// standard is the finding as one standard reports it, consolidation off.
func standard(generator string, requirements ...string) func(*shca.Finding) {
	return func(f *shca.Finding) { f.GeneratorID, f.Requirements = generator, requirements }
}

const nistGenerator = "nist-800-53/v/5.0.0/S3.8"

// dispositions is "id title disposition" of each finding, in order.
func dispositions(t testing.TB, a *shca.Assessment) []string {
	t.Helper()
	var all []string
	for f, err := range a.Findings {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f.ID+" "+string(f.Disposition))
	}
	return all
}

func TestDispositions(t *testing.T) {
	same := resource("arn:aws:s3:::same")
	for _, tc := range []struct {
		name     string
		findings []*shca.Finding
		want     []string // sorted
		tally    shca.Tally
	}{
		{"the newest version counts",
			[]*shca.Finding{finding("a", updated(2), status(shca.Passed)), finding("a", updated(3)), finding("a", updated(1), status(shca.Warning))},
			[]string{"a assessed", "a superseded", "a superseded"}, shca.Tally{Failed: 1}},
		{"the newest version counts, though its subject changed",
			[]*shca.Finding{finding("a", updated(2), status(shca.Passed)), finding("a", updated(3), resource("other"))},
			[]string{"a assessed", "a superseded"}, shca.Tally{Failed: 1}},
		{"nanoseconds count", []*shca.Finding{
			finding("a", func(f *shca.Finding) { f.UpdatedAt = day(1).Add(1) }, status(shca.Passed)), finding("a", updated(1))},
			[]string{"a assessed", "a superseded"}, shca.Tally{Passed: 1}},
		{"the newest version is archived: nothing counts",
			[]*shca.Finding{finding("a", updated(2)), finding("a", updated(3), archived)},
			[]string{"a archived", "a superseded"}, shca.Tally{}},
		{"an older archived version does not matter",
			[]*shca.Finding{finding("a", updated(2), archived), finding("a", updated(3))},
			[]string{"a assessed", "a superseded"}, shca.Tally{Failed: 1}},
		{"the newest version is suppressed",
			[]*shca.Finding{finding("a", updated(2)), finding("a", updated(3), suppressed)},
			[]string{"a superseded", "a suppressed"}, shca.Tally{Suppressed: 1}},
		{"without an update time the observation's decides",
			[]*shca.Finding{
				finding("a", func(f *shca.Finding) { f.UpdatedAt, f.LastObservedAt = time.Time{}, day(5) }, status(shca.Passed)),
				finding("a", updated(4))},
			[]string{"a assessed", "a superseded"}, shca.Tally{Passed: 1}},
		{"one id in two accounts is two findings",
			[]*shca.Finding{finding("a"), finding("a", account("222222222222"), updated(11))},
			[]string{"a assessed", "a assessed"}, shca.Tally{Failed: 2}},
		{"one id of two products is two findings",
			[]*shca.Finding{finding("a"), finding("a", product(prowler), updated(11))},
			[]string{"a assessed", "a assessed"}, shca.Tally{Failed: 2}},
		{"account and product are told apart",
			[]*shca.Finding{finding("a", account("1"), product("1p")), finding("a", account("11"), product("p"))},
			[]string{"a assessed", "a assessed"}, shca.Tally{Failed: 2}},
		{"findings without id are versions of none", []*shca.Finding{finding("", resource("x")), finding("", updated(11), resource("y")), finding("", resource("x"))},
			[]string{" assessed", " assessed", " superseded"}, shca.Tally{Failed: 2}},
		{"byte for byte the same finding twice", []*shca.Finding{finding("a"), finding("a")},
			[]string{"a assessed", "a superseded"}, shca.Tally{Failed: 1}},

		{"of one subject, the copy that cites the framework counts",
			[]*shca.Finding{
				finding("cis", same, standard("cis-aws-foundations-benchmark/v/3.0.0/S3.8", "CIS AWS Foundations 2.1"), updated(9), status(shca.Passed)),
				finding("nist", same, standard(nistGenerator, "NIST.800-53.r5 AC-3"), updated(1)),
				finding("fsbp", same, standard("aws-foundational-security-best-practices/v/1.0.0/S3.8"), updated(8), status(shca.Passed))},
			[]string{"cis superseded", "fsbp superseded", "nist assessed"}, shca.Tally{Failed: 1}},
		{"a copy for the framework's standard counts though it lists no requirement",
			[]*shca.Finding{
				finding("nist", same, standard(nistGenerator), updated(1)),
				finding("fsbp", same, standard("aws-foundational-security-best-practices/v/1.0.0/S3.8"), updated(8), status(shca.Passed))},
			[]string{"fsbp superseded", "nist assessed"}, shca.Tally{Failed: 1}},
		{"a consolidated finding that is associated with the standard counts",
			[]*shca.Finding{
				finding("all", same, cite(), updated(1), func(f *shca.Finding) { f.Standards = []string{"standards/nist-800-53/v/5.0.0"} }),
				finding("fsbp", same, standard("aws-foundational-security-best-practices/v/1.0.0/S3.8"), updated(8), status(shca.Passed))},
			[]string{"all assessed", "fsbp superseded"}, shca.Tally{Failed: 1}},
		{"none cites it: the newest counts",
			[]*shca.Finding{
				finding("cis", same, cite(), updated(9), status(shca.Passed)), finding("fsbp", same, cite(), updated(8)), finding("pci", same, cite(), updated(7))},
			[]string{"cis assessed", "fsbp superseded", "pci superseded"}, shca.Tally{Passed: 1}},
		{"both cite it: the newest counts",
			[]*shca.Finding{finding("a", same, updated(8), status(shca.Passed)), finding("b", same, updated(9))},
			[]string{"a superseded", "b assessed"}, shca.Tally{Failed: 1}},
		{"an archived copy stands for no subject, though it cites and is newer",
			[]*shca.Finding{finding("a", same, archived, updated(9)), finding("b", same, cite(), updated(1), status(shca.Passed))},
			[]string{"a archived", "b assessed"}, shca.Tally{Passed: 1}},
		{"a superseded version stands for no subject",
			[]*shca.Finding{
				finding("a", same, updated(5)), finding("a", same, archived, updated(6)),
				finding("b", same, cite(), updated(1), status(shca.Passed))},
			[]string{"a archived", "a superseded", "b assessed"}, shca.Tally{Passed: 1}},
		{"a suppressed copy that cites the framework decides for the subject",
			[]*shca.Finding{finding("a", same, suppressed, updated(5)), finding("b", same, cite(), updated(6))},
			[]string{"a suppressed", "b superseded"}, shca.Tally{Suppressed: 1}},
		{"a copy without compliance status stands for no subject",
			[]*shca.Finding{finding("a", same, status(shca.NoStatus), updated(9)), finding("b", same, updated(1))},
			[]string{"a not scored", "b assessed"}, shca.Tally{Failed: 1}},
		{"other check, account, region or resource: another subject",
			[]*shca.Finding{
				finding("a", same), finding("b", same, check("S3.9")), finding("c", same, account("2")), finding("d", same, region("eu-west-1")),
				finding("e", resource("other")), finding("f", resource()), finding("g", resource("arn:aws:s3:::same", "other")),
				finding("h", resource("arn:aws:s3:::same other"))},
			[]string{"a assessed", "b assessed", "c assessed", "d assessed", "e assessed", "f assessed", "g assessed", "h assessed"}, shca.Tally{Failed: 8}},
		{"without check or resource there is no subject",
			[]*shca.Finding{finding("a", resource()), finding("b", resource()), finding("c", resource("")), finding("d", resource("")), finding("e", same, check("")), finding("f", same, check(""))},
			[]string{"a assessed", "b assessed", "c assessed", "d assessed", "e assessed", "f assessed"}, shca.Tally{Failed: 6}},
		{"resources without ids are no subject",
			[]*shca.Finding{finding("a", resource("", "")), finding("b", resource("", "")), finding("c", resource("x", "")), finding("d", resource("x", ""))},
			[]string{"a assessed", "b assessed", "c assessed", "d assessed"}, shca.Tally{Failed: 4}},
		{"of versions with one time, the failure counts",
			[]*shca.Finding{finding("a", status(shca.Passed)), finding("a", suppressed), finding("a"), finding("a", archived), finding("a", status(shca.Warning)), finding("a", status(shca.NoStatus))},
			[]string{"a assessed", "a superseded", "a superseded", "a superseded", "a superseded", "a superseded"}, shca.Tally{Failed: 1}},
		{"of copies of one subject with one time, the failure counts",
			[]*shca.Finding{finding("a", same, status(shca.Passed)), finding("b", same), finding("c", same, suppressed)},
			[]string{"a superseded", "b assessed", "c superseded"}, shca.Tally{Failed: 1}},
		{"without a product, one id is not enough for two checks to be one finding",
			[]*shca.Finding{finding("a", product(""), check("x")), finding("a", product(""), check("y"), updated(3), status(shca.Passed)), finding("a", product(""), check("x"), updated(3))},
			[]string{"a assessed", "a assessed", "a superseded"}, shca.Tally{Passed: 1, Failed: 1}},
		{"the same resources in another order: the same subject",
			[]*shca.Finding{finding("a", resource("x", "y"), updated(1)), finding("b", resource("y", "x"), updated(2), status(shca.Passed))},
			[]string{"a superseded", "b assessed"}, shca.Tally{Passed: 1}},

		{"another product's findings of one check on one resource all count",
			[]*shca.Finding{
				finding("p1", same, product(prowler), check("prowler-iam")), finding("p2", same, product(prowler), check("prowler-iam"), status(shca.Passed)),
				finding("p3", same, product(prowler), check("prowler-iam"), updated(3))},
			[]string{"p1 assessed", "p2 assessed", "p3 assessed"}, shca.Tally{Passed: 1, Failed: 2}},
		{"another product's finding of the same check name is no copy of Security Hub's",
			[]*shca.Finding{finding("own", same, cite(), updated(1)), finding("p", same, product(prowler), updated(9)), finding("own2", same, cite(), updated(2))},
			[]string{"own superseded", "own2 assessed", "p assessed"}, shca.Tally{Failed: 2}},

		{"another product's finding does not part two copies of Security Hub's",
			[]*shca.Finding{finding("own", same, updated(1)), finding("p", same, product(prowler), updated(2)), finding("own2", same, updated(3))},
			[]string{"own superseded", "own2 assessed", "p assessed"}, shca.Tally{Failed: 2}},

		{"archived, suppressed, without status",
			[]*shca.Finding{
				finding("a", archived), finding("b", archived, suppressed), finding("c", suppressed), finding("d", suppressed, status(shca.Passed)),
				finding("e", status(shca.NoStatus)), finding("f", status(shca.NoStatus), suppressed), finding("g", status(shca.NoStatus), archived)},
			[]string{"a archived", "b archived", "c suppressed", "d suppressed", "e not scored", "f not scored", "g archived"}, shca.Tally{Suppressed: 2}},
		{"findings without status on one resource are all listed",
			[]*shca.Finding{finding("a", same, status(shca.NoStatus)), finding("b", same, status(shca.NoStatus)), finding("c", same, status(shca.NoStatus))},
			[]string{"a not scored", "b not scored", "c not scored"}, shca.Tally{}},
		{"undecided",
			[]*shca.Finding{finding("a", status(shca.Warning)), finding("b", status(shca.NotAvailable)), finding("c", status(shca.Warning))},
			[]string{"a assessed", "b assessed", "c assessed"}, shca.Tally{Warning: 2, NotAvailable: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for order := range permutations(tc.findings, 24) {
				a := assess(t, source(order...), Options{})
				got := slices.Sorted(slices.Values(dispositions(t, a)))
				if diff := gocmp.Diff(tc.want, got); diff != "" {
					t.Fatalf("dispositions (-want +got):\n%s", diff)
				}
				var tally shca.Tally
				for _, c := range a.Checks {
					tally = tally.Plus(c.Tally)
				}
				if tally != tc.tally {
					t.Fatalf("tally %+v, want %+v", tally, tc.tally)
				}
				checkScopes(t, a)
			}
		})
	}
}

// permutations yields orders of the list: all of a short one, else limit.
func permutations[T any](all []T, limit int) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		n := 0
		var permute func(head, rest []T) bool
		permute = func(head, rest []T) bool {
			if len(rest) == 0 {
				n++
				return yield(head) && n < limit
			}
			for i := range rest {
				next := slices.Delete(slices.Clone(rest), i, i+1)
				if !permute(append(slices.Clip(head), rest[i]), next) {
					return false
				}
			}
			return true
		}
		if permute(nil, all) {
			return
		}
		reversed := slices.Clone(all)
		slices.Reverse(reversed)
		yield(reversed)
	}
}

// checkScopes wants the scopes' counts to sum up, and to agree with the
// findings.
func checkScopes(t testing.TB, a *shca.Assessment) {
	t.Helper()
	type key struct{ source, account, region string }
	counts := map[key]map[shca.Disposition]int64{}
	for f, err := range a.Findings {
		if err != nil {
			t.Fatal(err)
		}
		k := key{f.Source, f.AccountID, f.Region}
		if counts[k] == nil {
			counts[k] = map[shca.Disposition]int64{}
		}
		counts[k][f.Disposition]++
	}
	for _, s := range a.Scopes {
		if sum := s.Assessed + s.Suppressed + s.NotScored + s.Archived + s.Superseded; s.Findings != sum {
			t.Errorf("scope %+v: the counts come to %d", s, sum)
		}
		k := key{s.Source, s.AccountID, s.Region}
		want := counts[k]
		if s.Assessed != want[shca.Assessed] || s.Suppressed != want[shca.Suppressed] || s.NotScored != want[shca.NotScored] ||
			s.Archived != want[shca.Archived] || s.Superseded != want[shca.Superseded] {
			t.Errorf("scope %+v: the findings come to %v", s, want)
		}
		delete(counts, k)
	}
	if len(counts) > 0 {
		t.Errorf("no scope has the findings %v", counts)
	}
	var assessed, suppressed int64
	for _, s := range a.Scopes {
		assessed, suppressed = assessed+s.Assessed, suppressed+s.Suppressed
	}
	for _, c := range a.Checks {
		assessed, suppressed = assessed-c.Tally.Scored(), suppressed-c.Tally.Suppressed
	}
	if assessed != 0 || suppressed != 0 {
		t.Errorf("%d assessed and %d suppressed findings are in no check", assessed, suppressed)
	}
	if !slices.IsSortedFunc(a.Scopes, func(x, y shca.Scope) int {
		return cmp.Or(cmp.Compare(x.Source, y.Source), cmp.Compare(x.AccountID, y.AccountID), cmp.Compare(x.Region, y.Region))
	}) {
		t.Errorf("scopes are not sorted: %+v", a.Scopes)
	}
}

// TestEqualTimes: of versions with one time, the same one counts whatever the
// order, also if only what is decoded, or only the raw bytes, tell them apart.
func TestEqualTimes(t *testing.T) {
	for name, versions := range map[string][]*shca.Finding{
		"different": {finding("a"), finding("a", status(shca.Passed)), finding("a", archived), finding("a", suppressed)},
		"no raw bytes": {
			finding("a", func(f *shca.Finding) { f.Raw = nil }), finding("a", status(shca.Passed), func(f *shca.Finding) { f.Raw = nil }),
			finding("a", status(shca.Warning), func(f *shca.Finding) { f.Raw = nil })},
		"raw bytes only": {
			finding("a", func(f *shca.Finding) { f.Raw = nil }), finding("a", func(f *shca.Finding) { f.Raw = []byte{0} }),
			finding("a", func(f *shca.Finding) { f.Raw = make([]byte, 9) })},
		"two findings of a subject": {
			finding("a", resource("same")), finding("b", resource("same"), status(shca.Passed)), finding("c", resource("same"), status(shca.Warning))},
	} {
		var want *shca.Assessment
		for order := range permutations(versions, 24) {
			a := assess(t, source(order...), Options{})
			if want == nil {
				want = a
				n := 0
				for _, d := range dispositions(t, a) {
					if !strings.HasSuffix(d, "superseded") {
						n++
					}
				}
				if n != 1 {
					t.Errorf("%s: %d of %d count", name, n, len(versions))
				}
				continue
			}
			if diff := diffAssessments(t, want, a); diff != "" {
				t.Errorf("%s: another order gives (-first +other):\n%s", name, diff)
			}
		}
	}
}

// diffAssessments compares everything, the sequence of findings too.
func diffAssessments(t testing.TB, a, b *shca.Assessment) string {
	t.Helper()
	all := func(a *shca.Assessment) (findings []*shca.Finding) {
		for f, err := range a.Findings {
			if err != nil {
				t.Fatal(err)
			}
			findings = append(findings, f)
		}
		return findings
	}
	diff := gocmp.Diff(a, b, cmpopts.IgnoreFields(shca.Assessment{}, "Findings", "Release"))
	if x, y := all(a), all(b); !reflect.DeepEqual(x, y) { // much faster than a Diff of equal findings
		diff += gocmp.Diff(x, y)
	}
	return diff
}

// TestFindings: each finding comes once, with all of its content, in order,
// as often as wanted.
func TestFindings(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var in []*shca.Finding
	for i := range 300 {
		f := finding(fmt.Sprint(i%250), check(shca.CheckID([]string{"S3.8", "S3.10", "", "prowler-x"}[r.IntN(4)])),
			account([]string{"", "1", "2"}[r.IntN(3)]), region([]string{"", "a"}[r.IntN(2)]),
			resource([][]string{nil, {"x"}, {"y", "x"}, {"x y"}}[r.IntN(4)]...), updated(1+r.IntN(3)))
		if r.IntN(3) == 0 {
			f.ProductARN = prowler
		}
		if r.IntN(5) == 0 {
			f.RecordState = "ARCHIVED"
		}
		if r.IntN(3) == 0 {
			f.Requirements = nil
		}
		f.Raw = fmt.Appendf(nil, "raw %d", i)
		in = append(in, f)
	}
	for _, batch := range []int{0, 2000} {
		a := assess(t, source(in...), Options{TempDir: t.TempDir(), batch: batch})
		byRaw := map[string]*shca.Finding{}
		for _, f := range in {
			byRaw[string(f.Raw)] = f
		}
		var sequence []*shca.Finding
		for f, err := range a.Findings {
			if err != nil {
				t.Fatal(err)
			}
			want := byRaw[string(f.Raw)]
			delete(byRaw, string(f.Raw))
			if diff := gocmp.Diff(want, f, cmpopts.IgnoreFields(shca.Finding{}, "Disposition", "Duplicate")); diff != "" {
				t.Fatalf("finding (-want +got):\n%s", diff)
			}
			if !slices.Contains([]shca.Disposition{shca.Assessed, shca.Suppressed, shca.NotScored, shca.Archived, shca.Superseded}, f.Disposition) {
				t.Errorf("disposition %q", f.Disposition)
			}
			sequence = append(sequence, f)
		}
		if len(byRaw) > 0 {
			t.Errorf("%d findings are lost", len(byRaw))
		}
		cites := NewAccumulator(framework(t)).cites
		if !slices.IsSortedFunc(sequence, func(x, y *shca.Finding) int {
			ids := func(f *shca.Finding) (all []string) {
				for _, r := range f.Resources {
					all = append(all, r.ID)
				}
				slices.Sort(all)
				return all
			}
			return cmp.Or(
				x.Check.Compare(y.Check), cmp.Compare(x.AccountID, y.AccountID), cmp.Compare(x.Region, y.Region), slices.Compare(ids(x), ids(y)),
				cmp.Compare(bit(x.Archived()), bit(y.Archived())), cmp.Compare(bit(!cites(x)), bit(!cites(y))),
				y.UpdatedAt.Compare(x.UpdatedAt), cmp.Compare(x.ID, y.ID))
		}) {
			t.Error("findings are not in the documented order")
		}
		// Again, at the same time, after and around a range that is left early.
		for range a.Findings {
			break
		}
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				var again []*shca.Finding
				for f, err := range a.Findings {
					if err != nil {
						t.Error(err)
					}
					again = append(again, f)
				}
				if diff := gocmp.Diff(sequence, again); diff != "" {
					t.Errorf("a concurrent range differs:\n%s", diff)
				}
			})
		}
		wg.Wait()
		checkScopes(t, a)
	}
}

// TestFindingsAfterClose: findings that are gone do not look like none.
func TestFindingsAfterClose(t *testing.T) {
	for _, batch := range []int{0, 1} {
		dir := t.TempDir()
		a, err := Assess(context.Background(), source(finding("a"), finding("b")), Options{TempDir: dir, batch: batch})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		}
		n := 0
		for f, err := range a.Findings {
			if n++; f != nil || err == nil {
				t.Errorf("got %v, %v after Close", f, err)
			}
		}
		if n != 1 {
			t.Errorf("%d steps after Close, want 1", n)
		}
		noFiles(t, dir)
	}
}

func noFiles(t testing.TB, dir string) {
	t.Helper()
	if files, err := filepath.Glob(filepath.Join(dir, "*")); len(files) > 0 || err != nil {
		t.Errorf("files left: %q, %v", files, err)
	}
}

func TestErrors(t *testing.T) {
	ctx := context.Background()
	broken := errors.New("cannot go on")
	bad := &shca.FindingError{Source: "a.json", Number: 7, Err: errors.New("is no time")}
	two := records{finding("a"), bad, finding("b")}

	t.Run("of the source", func(t *testing.T) {
		for _, batch := range []int{0, 1} {
			dir := t.TempDir()
			a, err := Assess(ctx, records{finding("a"), finding("b"), broken}, Options{TempDir: dir, batch: batch})
			if a != nil || !errors.Is(err, broken) || err.Error() != broken.Error() {
				t.Errorf("got %v, %v", a, err)
			}
			noFiles(t, dir)
		}
	})
	t.Run("of a finding", func(t *testing.T) {
		a := assess(t, append(two, &shca.FindingError{Source: "a.json", Number: 9, Err: broken}), Options{})
		want := []string{"a.json: finding 7: is no time", "a.json: finding 9: cannot go on"}
		if diff := gocmp.Diff(want, a.Problems); diff != "" || a.ProblemCount != 2 || a.Complete() {
			t.Errorf("%d problems, complete %v (-want +got):\n%s", a.ProblemCount, a.Complete(), diff)
		}
		scopes := []shca.Scope{{Source: "a.json", Skipped: 2}, {Source: "asff", AccountID: "111111111111", Region: "us-east-1", Findings: 2, Assessed: 2}}
		if diff := gocmp.Diff(scopes, a.Scopes); diff != "" {
			t.Errorf("scopes (-want +got):\n%s", diff)
		}
	})
	t.Run("of a wrapped finding error", func(t *testing.T) {
		a := assess(t, records{finding("a"), fmt.Errorf("outer: %w", bad)}, Options{})
		if a.ProblemCount != 1 || a.Scopes[0].Skipped != 1 {
			t.Errorf("%d problems, %+v", a.ProblemCount, a.Scopes)
		}
	})
	t.Run("of a finding, strict", func(t *testing.T) {
		if a, err := Assess(ctx, two, Options{Strict: true}); a != nil || !errors.Is(err, bad) {
			t.Errorf("got %v, %v", a, err)
		}
	})
	t.Run("of very many findings", func(t *testing.T) {
		var l records
		for range shca.MaxProblems + 5 {
			l = append(l, bad)
		}
		a := assess(t, l, Options{})
		if len(a.Problems) != shca.MaxProblems || a.ProblemCount != shca.MaxProblems+5 || a.Scopes[0].Skipped != shca.MaxProblems+5 {
			t.Errorf("%d of %d problems, %+v", len(a.Problems), a.ProblemCount, a.Scopes)
		}
	})
	t.Run("of a scope", func(t *testing.T) {
		l := records{finding("a"), &shca.Scope{Source: "b.json", Err: "cut off"}, &shca.Scope{Source: "b.json", Err: "cut off", Note: "n"},
			&shca.Scope{Source: "b.json", Err: "twice", Skipped: 3, Findings: 99}}
		a := assess(t, l, Options{})
		want := []shca.Scope{
			{Source: "asff", AccountID: "111111111111", Region: "us-east-1", Findings: 1, Assessed: 1},
			{Source: "b.json", Skipped: 3, Err: "cut off; twice", Note: "n"},
		}
		if diff := gocmp.Diff(want, a.Scopes); diff != "" || a.Complete() || a.ProblemCount != 3 || a.Problems[0] != "b.json: cut off" {
			t.Errorf("complete %v, %q, scopes (-want +got):\n%s", a.Complete(), a.Problems, diff)
		}
		if a, err := Assess(ctx, l, Options{Strict: true}); a != nil || err == nil || err.Error() != "b.json: cut off" {
			t.Errorf("strict: %v, %v", a, err)
		}
	})
	t.Run("canceled", func(t *testing.T) {
		for _, batch := range []int{0, 1} {
			dir := t.TempDir()
			ctx, cancel := context.WithCancel(ctx)
			a, err := Assess(ctx, stopping{source(finding("a"), finding("b")), cancel}, Options{TempDir: dir, batch: batch})
			if a != nil || !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, %v", a, err)
			}
			noFiles(t, dir)
		}
	})
	t.Run("canceled before any record", func(t *testing.T) {
		ctx, cancel := context.WithCancel(ctx)
		if a, err := Assess(ctx, stopping{nil, cancel}, Options{}); a != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, %v", a, err)
		}
	})
	t.Run("no record at all", func(t *testing.T) {
		a := assess(t, records{}, Options{})
		if a.Complete() || len(a.Scopes) != 1 || a.Scopes[0].Err == "" || a.ProblemCount != 1 || len(a.Controls) != 287 {
			t.Errorf("complete %v, %+v, %d controls", a.Complete(), a.Scopes, len(a.Controls))
		}
	})
	t.Run("an empty estate", func(t *testing.T) {
		a := assess(t, records{&shca.Scope{Source: "securityhub", AccountID: "1", Region: "r"}}, Options{})
		s := a.Summary()
		if !a.Complete() || len(a.Scopes) != 1 || s.Controls != 287 || s.Statuses[shca.StatusNotAssessed] != 287 || s.Covered != 0 || len(a.Checks) != 0 {
			t.Errorf("complete %v, %+v, %+v", a.Complete(), a.Scopes, s)
		}
		if !a.Time.IsZero() || len(dispositions(t, a)) != 0 {
			t.Errorf("time %v", a.Time)
		}
	})
	t.Run("of the temporary file", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "none")
		var many []*shca.Finding
		for i := range 20 {
			many = append(many, finding(fmt.Sprint(i)))
		}
		for batch := range 40 { // either sort may be the one that fails, while adding or at the end
			a, err := Assess(ctx, source(many...), Options{TempDir: dir, batch: 1 + batch*50})
			if a != nil || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "TMPDIR") || strings.Contains(err.Error(), "already closed") {
				t.Fatalf("batch %d: got %v, %v", 1+batch*50, a, err)
			}
		}
		if _, err := os.Stat(dir); err == nil {
			t.Error("the folder was made")
		}
	})
	t.Run("no moderate baseline", func(t *testing.T) {
		fw := framework(t)
		fw.Baselines = nil
		if a, err := Assess(ctx, records{}, Options{Framework: fw}); a != nil || err == nil || !strings.Contains(err.Error(), "moderate") {
			t.Errorf("got %v, %v", a, err)
		}
	})
}

// stopping cancels the context while it is read, and ends without an error, as
// a source may.
type stopping struct {
	records
	cancel context.CancelFunc
}

func (s stopping) Records(ctx context.Context) iter.Seq2[shca.Record, error] {
	return func(yield func(shca.Record, error) bool) {
		for r, err := range s.records.Records(ctx) {
			if !yield(r, err) {
				return
			}
		}
		s.cancel()
	}
}

// TestCanceledWhileSorting: the context is looked at after the source, too.
func TestCanceledWhileSorting(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	acc := NewAccumulator(framework(t))
	st := &store{cites: acc.cites, names: acc.called}
	if err := st.add(finding("a"), finding("a")); err != nil {
		t.Fatal(err)
	}
	if err := st.finish(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("finish: %v", err)
	}
	if err := st.close(); err != nil {
		t.Error(err)
	}
}

// TestOptions: what is not derived from findings comes from the options.
func TestOptions(t *testing.T) {
	fw := framework(t)
	low, _ := fw.Baseline("low")
	in := source(finding("a", func(f *shca.Finding) { f.LastObservedAt = day(20) }), finding("b", func(f *shca.Finding) { f.LastObservedAt = day(25) }, archived))
	a := assess(t, in, Options{Framework: fw, Baseline: low, Generator: "shca v9", Time: time.Date(2026, 3, 1, 1, 0, 0, 0, time.FixedZone("", 3600))})
	if a.Framework != fw.Name || a.FrameworkName != fw.Title || a.Baseline != "low" || a.BaselineName != low.Title || a.Generator != "shca v9" {
		t.Errorf("got %q %q %q %q %q", a.Framework, a.FrameworkName, a.Baseline, a.BaselineName, a.Generator)
	}
	if want := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC); a.Time != want {
		t.Errorf("time %v, want %v", a.Time, want)
	}
	a = assess(t, in, Options{})
	if a.Baseline != "moderate" || a.Framework != fw.Name || !a.Time.Equal(day(25)) {
		t.Errorf("defaults are %q of %q at %v", a.Baseline, a.Framework, a.Time)
	}
	a = assess(t, in, Options{Baseline: catalogs.Baseline{Name: "none"}})
	if len(a.Controls) != 1 || a.Controls[0].ID != "ac-3" || !a.Controls[0].InBaseline || a.Summary().Outside != 0 {
		t.Errorf("without a baseline the controls are %+v", a.Controls)
	}
}

// What is counted one by one has a limit, so that hostile findings fill no
// memory; an estate at the limit is assessed.
func TestLimits(t *testing.T) {
	findings := source(
		finding("1", check("S3.1"), account("1"), cite("NIST.800-53.r5 AC-1")),
		finding("2", check("S3.2"), account("2"), cite("NIST.800-53.r5 AC-2")),
	)
	for _, test := range []struct {
		limits limits
		want   string
	}{
		{limits{checks: 2, scopes: 2, controls: 2}, ""},
		{limits{checks: 1}, "more than 1 different mapped checks"},
		{limits{scopes: 1}, "more than 1 different accounts and regions"},
		{limits{controls: 1}, "more than 1 different controls"},
	} {
		a, err := Assess(context.Background(), findings, Options{limits: test.limits})
		if test.want == "" {
			if err != nil {
				t.Errorf("%+v: %v", test.limits, err)
				continue
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: error %v, want %q", test.limits, err, test.want)
		}
	}
}

// Checks that are mapped to no control and exceed the limit count together:
// AWS Config may report thousands, and they must not cost the rest.
func TestOtherChecks(t *testing.T) {
	a := assess(t, source(
		finding("1", check("a-rule"), cite()), finding("2", check("b-rule"), cite(), account("2")),
		finding("3", check("c-rule"), cite(), status(shca.Passed)), finding("4", check("S3.8"), cite("NIST.800-53.r5 AC-3")),
	), Options{limits: limits{checks: 2}})
	var got []string
	for _, c := range a.Checks {
		got = append(got, fmt.Sprint(c.ID, " ", c.Tally.Total(), " ", c.Mapping))
	}
	// S3.8 comes first by its id, then the rules.
	want := []string{"S3.8 1 cited", "a-rule 1 unmapped", "other unmapped checks 2 unmapped"}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("checks (-want +got):\n%s", diff)
	}
}

// A suppression leaves UpdatedAt as it was; the newer copy still wins.
func TestEqualUpdatedAt(t *testing.T) {
	older := finding("1", func(f *shca.Finding) { f.ProcessedAt = day(2) })
	newer := finding("1", suppressed, func(f *shca.Finding) { f.ProcessedAt = day(3) })
	noted := finding("1", func(f *shca.Finding) { f.ProcessedAt = day(3); f.Note.UpdatedAt = day(4) })
	for _, all := range [][]*shca.Finding{{older, newer}, {newer, older}} {
		if a := assess(t, source(all...), Options{}); a.Checks[0].Tally != (shca.Tally{Suppressed: 1}) {
			t.Errorf("tally %+v, want one suppressed", a.Checks[0].Tally)
		}
	}
	for _, all := range [][]*shca.Finding{{older, newer, noted}, {noted, older, newer}} {
		if a := assess(t, source(all...), Options{}); a.Checks[0].Tally != (shca.Tally{Failed: 1}) {
			t.Errorf("tally %+v, want one failed", a.Checks[0].Tally)
		}
	}
}

// Two spellings of one of Security Hub's checks are one check and one subject.
func TestSpellingsOfACheck(t *testing.T) {
	a := assess(t, source(
		finding("1", check("AutoScaling.5"), cite(), resource("r")), finding("2", check("Autoscaling.5"), cite("NIST.800-53.r5 AC-3"), resource("r")),
	), Options{})
	if len(a.Checks) != 1 || a.Checks[0].ID != "Autoscaling.5" || a.Checks[0].Tally.Total() != 1 {
		t.Errorf("checks %+v, want Autoscaling.5 with one finding", a.Checks)
	}
}

// What passed or is suppressed does not say how severe a failure is.
func TestSeverityOfFailures(t *testing.T) {
	severity := func(s shca.Severity) func(*shca.Finding) { return func(f *shca.Finding) { f.Severity = s } }
	a := assess(t, source(
		finding("1", severity(shca.Low), resource("a")), finding("2", severity(shca.Critical), status(shca.Passed), resource("b")),
		finding("3", severity(shca.High), suppressed, resource("c")),
	), Options{})
	if got := a.Checks[0].Severity; got != shca.Low {
		t.Errorf("severity %s, want LOW", got)
	}
}
