package auditmanager_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/auditmanager"
)

// file reads a file of testdata.
func file(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const r5 = "NIST.800-53.r5 "

var (
	folder1 = []string{
		"finding PASSED IAM.3 MEDIUM [NIST.800-53.r5 AC-2(1)] 444455556666 arn:aws-us-gov:iam::444455556666:user/one",
		"finding FAILED IAM.3  [NIST.800-53.r5 AC-2(1)] 444455556666 arn:aws-us-gov:iam::444455556666:user/one",
		"finding NOT_AVAILABLE config-rule/access-keys-rotated  [NIST.800-53.r5 AC-2(1)] 444455556666 ",
		`error in: finding 4 (e-4): /complianceCheck: "MOSTLY_COMPLIANT" is none of COMPLIANT, PASS, NON_COMPLIANT, FAILED, INCONCLUSIVE, NOT_APPLICABLE, INSUFFICIENT_DATA, NOT_AVAILABLE, WARNING`,
	}
	folder2 = []string{"user activity NIST.800-53.r5 SC-13 ×2 ", "configuration data NIST.800-53.r5 SC-13 ×1 "}
)

// TestFiles: assessment, folders and evidence are three files that know of each
// other, in the order in which package sources reads them.
func TestFiles(t *testing.T) {
	files := &auditmanager.Files{}
	about := read(t, reading("assessment", file(t, "assessment.json"), files))
	if d := cmp.Diff([]string{"scope auditmanager 111122223333 us-gov-west-1", "control review NIST.800-53.r5 AC-2(1) ×1 ", "control review House rule 7 ×1 "}, about.lines); d != "" {
		t.Errorf("assessment (-want +got):\n%s", d)
	}
	review := *about.evidence[0]
	review.ID = ""
	if d := cmp.Diff(shca.Evidence{
		Source: "auditmanager", AccountID: "111122223333", Region: "us-gov-west-1", Requirement: r5 + "AC-2(1)", Control: "AC-2(1)  -  Automated System Account Management",
		Assessment: "FY26", Kind: shca.EvidenceReview, Status: "REVIEWED", Author: "owner", At: time.Date(2025, 2, 1, 0, 0, 0, 0, time.UTC),
		Text: "Comment of assessor, 2025-01-01: First look.\nComment of owner, 2025-02-01: Evidence was added.\nSee the wiki.",
	}, review); d != "" {
		t.Errorf("review (-want +got):\n%s", d)
	}
	if got := about.evidence[1].Text; got != "Response: DEFER" {
		t.Errorf("the second review says %q", got)
	}
	read(t, reading("folders", file(t, "folders.json"), files))
	got := read(t, reading("in", file(t, "evidence.json"), files))
	if d := cmp.Diff(append(append([]string{}, folder1...), folder2...), got.lines); d != "" {
		t.Errorf("evidence (-want +got):\n%s", d)
	}
	f := *got.findings[0]
	f.ID, f.Raw = "", nil
	if d := cmp.Diff(shca.Finding{
		Source: "auditmanager", ProductName: "AWS Audit Manager", AccountID: "444455556666", Region: "us-gov-west-1", Partition: "aws-us-gov",
		Check: "IAM.3", Requirements: []string{r5 + "AC-2(1)"}, Status: shca.Passed, Severity: shca.Medium, RecordState: "ACTIVE",
		Title: "IAM users' access keys should be rotated", Remediation: shca.Remediation{Text: "Rotate them.", URL: "https://docs.aws.amazon.com/console/securityhub/IAM.3/remediation"},
		Resources: []shca.Resource{{ID: "arn:aws-us-gov:iam::444455556666:user/one", Type: "AwsIamUser", Partition: "aws-us-gov"}},
		UpdatedAt: time.Date(2025, 2, 14, 6, 0, 0, 0, time.UTC),
	}, f); d != "" {
		t.Errorf("finding (-want +got):\n%s", d)
	}
	if got.findings[0].ID != got.findings[1].ID {
		t.Error("the same subject on two days has two ids")
	}
	if d := cmp.Diff([]shca.StatusReason{{Code: "INCONCLUSIVE", Description: "Audit Manager could not tell: Security Hub or Config was not enabled, or gave no result."}}, got.findings[2].StatusReasons); d != "" {
		t.Errorf("reason (-want +got):\n%s", d)
	}
	if m := files.Missing(); m != nil {
		t.Errorf("something is missing: %+v", m)
	}

	t.Run("without folders", func(t *testing.T) {
		got := read(t, reading("in", file(t, "evidence.json"), nil))
		const want = "the control of 6 findings and pieces of evidence, of 2 evidence folders, is not known: add the answers of get-evidence-folders-by-assessment and get-assessment to the inputs"
		if len(got.scopes) != 1 || got.scopes[0].Err != want || len(got.findings) != 3 || len(got.evidence) != 2 || len(got.errors) != 1 {
			t.Errorf("got %q", got.lines)
		}
	})
	t.Run("all in one text", func(t *testing.T) {
		got := read(t, reading("in", file(t, "assessment.json")+file(t, "folders.json")+file(t, "evidence.json"), nil))
		if d := cmp.Diff(append(append(about.lines, folder1...), folder2...), got.lines); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
	t.Run("recorded", func(t *testing.T) {
		wrap := func(s string) string { return `{"status_code": 200, "data": ` + s + `}` }
		text := wrap(file(t, "assessment.json")) + wrap(file(t, "folders.json")) + wrap(file(t, "evidence.json"))
		if got := read(t, reading("in", text, nil)); len(got.lines) != len(about.lines)+6 {
			t.Errorf("got %q", got.lines)
		}
		if !auditmanager.Is([]byte(text)) || !auditmanager.IsEvidence([]byte(wrap(file(t, "evidence.json")))) {
			t.Error("not recognised")
		}
	})
}

// TestRecords: each finding's Raw decodes to the finding again, alone.
func TestRecords(t *testing.T) {
	files := &auditmanager.Files{}
	for _, name := range []string{"assessment.json", "folders.json"} {
		read(t, reading(name, file(t, name), files))
	}
	for _, f := range read(t, reading("in", file(t, "evidence.json"), files)).findings {
		again, bad := auditmanager.Format.Decode(f.Raw)
		if bad != nil {
			t.Fatal(bad)
		}
		if d := cmp.Diff(f, again); d != "" {
			t.Errorf("decoded again (-want +got):\n%s", d)
		}
		if id := auditmanager.Format.ID(f.Raw); id != "" { // it is spelt Id here
			t.Errorf("id %q", id)
		}
	}
}

// TestDocuments: texts of every shape.
func TestDocuments(t *testing.T) {
	const head = `"assessment":{"framework":{"metadata":{"name":"NIST SP 800-53 Revision 5"}}},"control":{"id":"c","name":"AC-3 - Access Enforcement"}`
	item := func(id, more string) string {
		return `{"id":"` + id + `","dataSource":"AWS Config","evidenceByType":"Compliance check","attributes":{"configRuleName":"r"}` + more + `}`
	}
	two := `,"resourcesIncluded":[{"arn":"a","complianceCheck":"PASS"} , {"arn":"b","complianceCheck":"FAIL"}]`
	unknown := func(n, folders int) string {
		return fmt.Sprintf(`scope in note "the control of %d findings and pieces of evidence, of %d evidence folder, is not known: add the answers of get-evidence-folders-by-assessment and get-assessment to the inputs; they count for the controls that their checks are mapped to"`, n, folders)
	}
	const pass, fail = "finding PASSED config-rule/r  [NIST.800-53.r5 AC-3]  a", "finding FAILED config-rule/r  [NIST.800-53.r5 AC-3]  b"
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"a bundle", `{` + head + `,"evidence":[` + item("x", two) + `]}`, []string{pass, fail}},
		{"a bundle with its evidence in front", `{"evidence":[` + item("x", two) + `],` + head + `}`, []string{pass, fail}},
		{"a piece by itself", item("x", two), []string{"finding PASSED config-rule/r  []  a", "finding FAILED config-rule/r  []  b", unknown(2, 1)}},
		{"lines", item("x", two) + "\n" + item("y", `,"complianceCheck":"Compliant"`), []string{"finding PASSED config-rule/r  []  a", "finding FAILED config-rule/r  []  b", "finding PASSED config-rule/r  []  ", unknown(3, 1)}},
		{"a list", `[` + item("x", two) + `]`, []string{"finding PASSED config-rule/r  []  a", "finding FAILED config-rule/r  []  b", unknown(2, 1)}},
		{"GetEvidence", `{"evidence":` + item("x", two) + `}`, []string{"finding PASSED config-rule/r  []  a", "finding FAILED config-rule/r  []  b", unknown(2, 1)}},
		{"no outcome", `{` + head + `,"evidence":[` + item("x", "") + `]}`, []string{"finding NOT_AVAILABLE config-rule/r  [NIST.800-53.r5 AC-3]  "}},
		{"a resource without outcome", `{` + head + `,"evidence":[` + item("x", `,"complianceCheck":"FAILED","resourcesIncluded":[{"arn":"a","complianceCheck":"PASS"},{"arn":"b"}]`) + `]}`, []string{pass, fail}},
		{"the resource wins", `{` + head + `,"evidence":[` + item("x", `,"complianceCheck":"FAILED","resourcesIncluded":[{"arn":"a","complianceCheck":"PASS"}]`) + `]}`, []string{pass}},
		{"a kind that is not known", `{` + head + `,"evidence":[{"id":"x","dataSource":"AWS Something","eventName":"Look"}]}`, []string{"finding  auditmanager/AWS Something/Look/NIST.800-53.r5 AC-3  [NIST.800-53.r5 AC-3]  (evidence)"}},
		{"a kind that is not known, with an outcome", `{` + head + `,"evidence":[{"id":"x","dataSource":"AWS Something","complianceCheck":"WARNING"}]}`, []string{"finding WARNING auditmanager/AWS Something/NIST.800-53.r5 AC-3  [NIST.800-53.r5 AC-3]  (evidence)"}},
		{"user activity that has failed", `{` + head + `,"evidence":[{"id":"x","dataSource":"AWS CloudTrail","evidenceByType":"User activity","complianceCheck":"FAIL"}]}`, []string{"finding FAILED auditmanager/AWS CloudTrail/NIST.800-53.r5 AC-3  [NIST.800-53.r5 AC-3]  (evidence)"}},
		{"manual evidence never passes", `{` + head + `,"evidence":[{"id":"x","dataSource":"Manual","evidenceByType":"Manual","complianceCheck":"PASS"}]}`, []string{"manual evidence NIST.800-53.r5 AC-3 ×1 "}},
		{"a broken piece", `{` + head + `,"evidence":[7,{"id":"z","time":"soon"},` + item("x", two) + `]}`, []string{
			"error in: finding 1: wrong type: a JSON number, where an object is expected",
			`error in: finding 2 (z): /time: "soon" is not a time such as 2026-01-31T12:00:00Z`, pass, fail}},
		{"cut off", `{` + head + `,"evidence":[` + item("x", two) + `,{"id":`, []string{pass, fail, `scope in err "ends too early: copy or write it anew (after 2 findings and pieces of evidence)"`}},
		{"broken", `{` + head + `,"evidence":[` + item("x", two) + `}`, []string{pass, fail, ``}},
		{"no evidence", `{"evidence":[],"nextToken":null}`, []string{`scope in note "its list of evidence is empty"`}},
		{"nothing", ``, []string{`scope in note "holds no evidence"`}},
		{"something else", `{"Findings":[{"Id":"x"}]} 7 [1,{"a":2}]`, []string{`scope in err "4 of its documents are no answers of Audit Manager"`}},
	} {
		got := read(t, reading("in", tc.text, nil)).lines
		if tc.name == "broken" {
			if len(got) == 3 && strings.HasPrefix(got[2], `scope in err "broken JSON at byte `) {
				got[2] = ""
			}
		}
		if d := cmp.Diff(tc.want, got); d != "" {
			t.Errorf("%s: %s (-want +got):\n%s", tc.name, tc.text, d)
		}
	}
}

// TestLarge: one piece that is too large costs no other, evidence that is held for
// its control stays within bounds, and many resources make no more text than they
// have.
func TestLarge(t *testing.T) {
	item := func(id, pad string) string {
		return `{"id":"` + id + `","evidenceByType":"Compliance check","dataSource":"AWS Config","complianceCheck":"PASS","attributes":{"configRuleName":"r","pad":"` + pad + `"}}`
	}
	const control = `"control":{"id":"c","name":"AC-3 - Access Enforcement"}`
	many := strings.Repeat(`"x",`, 2<<20) + `"x"`
	got := read(t, reading("in", `{`+control+`,"evidence":[`+item("a", "")+`,{"id":"big","list":[`+many+`]},`+item("b", "")+`]}`, nil))
	if d := cmp.Diff([]string{
		"finding PASSED config-rule/r  [NIST.800-53.r5 AC-3]  ",
		"error in: finding 2: larger than 4 MiB, the limit for one piece of evidence",
		"finding PASSED config-rule/r  [NIST.800-53.r5 AC-3]  ",
	}, got.lines); d != "" {
		t.Errorf("a piece that is too large (-want +got):\n%s", d)
	}
	pad := strings.Repeat("x", 3<<20)
	got = read(t, reading("in", `{"evidence":[`+item("a", pad)+`,`+item("b", pad)+`,`+item("c", pad)+`,`+item("d", "")+`],`+control+`}`, nil))
	if len(got.findings) != 4 || len(got.scopes) != 1 || !strings.Contains(got.scopes[0].Err, "stand behind more than 8 MiB") {
		t.Errorf("control behind the evidence: %d findings, %q", len(got.findings), got.lines)
	}
	var resources []string
	for i := range 1000 {
		resources = append(resources, fmt.Sprintf(`{"arn":"r%d","complianceCheck":"PASS"}`, i))
	}
	text := strings.Replace(item("a", ""), `"complianceCheck":"PASS"`, `"resourcesIncluded":[`+strings.Join(resources, ",")+`]`, 1)
	got = read(t, reading("in", `{`+control+`,"evidence":[`+text+`]}`, nil))
	size := 0
	for i, f := range got.findings {
		size += len(f.Raw)
		if want := fmt.Sprintf("r%d", i); f.ResourceID() != want {
			t.Fatalf("finding %d is about %s", i, f.ResourceID())
		}
	}
	if len(got.findings) != 1000 || size > 1000*600 {
		t.Errorf("%d findings of %d bytes", len(got.findings), size)
	}
	text = strings.Replace(text, `"pad":""`, `"pad":"`+pad+`"`, 1)
	got = read(t, reading("in", `{`+control+`,"evidence":[`+text+`]}`, nil))
	if len(got.errors) != 1 || len(got.findings) != 0 || !strings.Contains(got.errors[0].Error(), "lists 1000 resources beside") {
		t.Errorf("%d findings, errors %v", len(got.findings), got.errors)
	}
}

// TestMemory: memory does not grow with the evidence.
func TestMemory(t *testing.T) {
	const pieces = 40_000
	pad := strings.Repeat("x", 1000)
	out, in := io.Pipe()
	go func() {
		w := bufio.NewWriter(in)
		fmt.Fprint(w, `{"evidenceFolders":[{"id":"f","controlName":"AC-2"}]}{"evidence":[`)
		for i := range pieces {
			if i > 0 {
				fmt.Fprint(w, ",")
			}
			fmt.Fprintf(w, `{"id":"e-%d","evidenceFolderId":"f","evidenceByType":"Compliance check","complianceCheck":"PASS","attributes":{"configRuleName":"r","pad":"%s"}}`, i, pad)
		}
		fmt.Fprint(w, `]}`)
		in.CloseWithError(w.Flush())
	}()
	read, most := 0, uint64(0)
	for record, err := range (&auditmanager.Reader{Name: "in", Open: func() (io.ReadCloser, error) { return out, nil }}).Records(t.Context()) {
		if err != nil || record.Finding == nil {
			t.Fatalf("%+v, %v", record, err)
		}
		if read++; read%10_000 == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	if read != pieces || most > 24<<20 {
		t.Errorf("%d findings, up to %d MiB in use", read, most>>20)
	}
}

// TestPages: a reply that a further page follows is missed, whichever comes first.
func TestPages(t *testing.T) {
	page := func(folder, token string) string {
		return `{"evidence":[{"id":"x","evidenceFolderId":"` + folder + `","evidenceByType":"Manual"}],"nextToken":"` + token + `"}`
	}
	for _, tc := range []struct {
		text    string
		missing bool
	}{
		{page("a", ""), false}, {page("a", "t"), true}, {page("a", "t") + page("a", ""), false}, {page("a", "") + page("a", "t"), false},
		{page("a", "t") + page("b", ""), true}, {`{"evidenceFolders":[],"nextToken":"t"}`, true},
	} {
		files := &auditmanager.Files{}
		read(t, reading("in", tc.text, files))
		if got := files.Missing(); (got != nil) != tc.missing {
			t.Errorf("%s: missing %+v", tc.text, got)
		}
	}
}

// TestAnnounced: evidence that an assessment announces and of which nothing is among
// the inputs is missed, in whatever order they come.
func TestAnnounced(t *testing.T) {
	assessment := func(id, name, controls string) string {
		return `{"assessment":{"arn":"arn:aws:auditmanager:us-east-1:111122223333:assessment/` + id + `","metadata":{"id":"` + id + `","name":"` + name + `"},"framework":{"controlSets":[{"id":"s","controls":[` + controls + `]}]}}}`
	}
	const (
		one     = `{"id":"c","name":"AC-2","evidenceCount":1}`
		more    = one + `,{"id":"d","name":"AC-3","evidenceCount":8},{"id":"e","name":"AC-4","evidenceCount":0},{"id":"f","name":"AC-5","evidenceCount":"1"},{"id":"g","name":"AC-6","evidenceCount":"many"},{"id":"h","name":"AC-7","evidenceCount":-5}`
		folders = `{"evidenceFolders":[{"id":"x","assessmentId":"a","controlId":"c","controlName":"AC-2"}]}`
		both    = ": add the answers of get-evidence-folders-by-assessment and get-evidence-by-evidence-folder"
		here    = "auditmanager 111122223333 us-east-1: "
	)
	piece := func(folder string) string {
		return `{"evidence":[{"id":"p","evidenceFolderId":"` + folder + `","evidenceByType":"Manual"}]}`
	}
	for _, tc := range []struct{ name, text, want string }{
		{"none", assessment("a", "A", `{"id":"c","name":"AC-2"}`), ""},
		{"one", assessment("a", "A", one), here + "1 piece of evidence for 1 control is not among the inputs" + both},
		{"more", assessment("a", "A", more), here + "10 pieces of evidence for 3 controls are not among the inputs" + both},
		{"twice the same", assessment("a", "A", more) + assessment("a", "A", more), here + "10 pieces of evidence for 3 controls are not among the inputs" + both},
		{"two", assessment("a", "A", more) + assessment("b", "B", one), here + "11 pieces of evidence for 4 controls are not among the inputs" + both},
		{"two places", assessment("a", "A", one) + strings.Replace(assessment("b", "B", one), "us-east-1", "us-west-2", 1), "auditmanager: 2 pieces of evidence for 2 controls are not among the inputs" + both},
		{"folders only", assessment("a", "A", more) + folders, here + "10 pieces of evidence for 3 controls are not among the inputs: add the answers of get-evidence-by-evidence-folder"},
		{"its evidence", assessment("a", "A", more) + folders + piece("x"), ""},
		{"its evidence first", folders + piece("x") + assessment("a", "A", more), ""},
		{"that of another", assessment("a", "A", more) + assessment("b", "B", one) + folders + piece("x"), here + "1 piece of evidence for 1 control is not among the inputs" + both},
		{"that of any", assessment("a", "A", more) + piece("y"), ""},
	} {
		files := &auditmanager.Files{}
		read(t, reading("in", tc.text, files))
		got := ""
		if s := files.Missing(); s != nil {
			if !s.Complete() {
				t.Errorf("%s: %+v", tc.name, s)
			}
			got = s.Name() + ": " + s.Note
		}
		if got != tc.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tc.name, got, tc.want)
		}
	}
	for _, other := range []string{"evidenceId,assessmentName,controlName,evidenceByType\np,A,AC-2,Manual\n", "evidenceId,assessmentId,controlName,evidenceByType\np,a,AC-2,Manual\n"} {
		files := &auditmanager.Files{}
		read(t, reading("in", assessment("a", "A", one), files))
		read(t, &auditmanager.CSV{Name: "in", Open: opening(other), Files: files})
		if s := files.Missing(); s != nil {
			t.Errorf("with an export of evidence finder: %+v", s)
		}
	}
	files := &auditmanager.Files{}
	read(t, reading("in", assessment("a", "FY26", one)+`{"evidence":[],"nextToken":"t"}`, files))
	want := &shca.Scope{Source: "auditmanager", Note: "1 piece of evidence for 1 control is not among the inputs" + both,
		Err: "the last reply about 1 evidence folder or list has a nextToken, so pages were not read: export without --max-items, or add the pages that follow"}
	if d := cmp.Diff(want, files.Missing()); d != "" {
		t.Errorf("pages are missing, too (-want +got):\n%s", d)
	}
	readReport(t, report(t, sha256sum, nil), files)
	if s := files.Missing(); s == nil || s.Note != "" {
		t.Errorf("with its report: %+v", s)
	}
}

// TestNameless: a review of a control without a name is said to count for none.
func TestNameless(t *testing.T) {
	got := read(t, reading("in", `{"control":{"id":"c","response":"DEFER"}}`, nil))
	if d := cmp.Diff([]string{"control review  ×1 ", `scope in note "1 review is of a control without a name, and counts for none"`}, got.lines); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestStop: whoever wants no more ends the reading, and a context that is done is
// the last to be said.
func TestStop(t *testing.T) {
	text := strings.Repeat(file(t, "evidence.json"), 50)
	for range reading("in", text, nil).Records(t.Context()) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	n := 0
	for _, err := range reading("in", text, nil).Records(ctx) {
		if n++; n == 3 {
			cancel()
		}
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("the last error is %v", last)
	}
	failing := &auditmanager.Reader{Name: "in", Open: func() (io.ReadCloser, error) { return nil, errors.New("no such file") }}
	if d := cmp.Diff([]string{`scope in err "no such file"`}, read(t, failing).lines); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
