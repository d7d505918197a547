package mapping

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
)

var update = flag.Bool("update", false, "write testdata/narratives.golden")

// TestNarratives writes the narrative of one control of each of several small
// estates into one text, which is to be read as an SSP's reader would.
func TestNarratives(t *testing.T) {
	only := catalogs.Baseline{Name: "test", Title: "Test Baseline", Controls: []shca.ControlID{"ac-3", "au-11", "pe-2", "si-3.8"}}
	observed := func(f *shca.Finding) { f.LastObservedAt = time.Date(2026, 1, 31, 23, 59, 0, 0, time.UTC) }
	many := func(n int, edits ...func(*shca.Finding)) (all []*shca.Finding) {
		for i := range n {
			all = append(all, finding(fmt.Sprint("bucket-", i), append([]func(*shca.Finding){observed}, edits...)...))
		}
		return all
	}
	advice := func(f *shca.Finding) {
		f.Remediation = shca.Remediation{Text: "Block it.", URL: "https://docs.aws.amazon.com/console/securityhub/S3.8/remediation"}
	}
	note := func(text, by string, at time.Time) func(*shca.Finding) {
		return func(f *shca.Finding) {
			f.Workflow, f.Note = "SUPPRESSED", shca.Note{Text: text, UpdatedBy: by, UpdatedAt: at}
		}
	}
	why := func(codes ...string) func(*shca.Finding) {
		return func(f *shca.Finding) {
			for _, c := range codes {
				f.StatusReasons = append(f.StatusReasons, shca.StatusReason{Code: c, Description: "what " + c + " means"})
			}
		}
	}
	seven := func() []*shca.Finding {
		var all []*shca.Finding
		for i := range 7 {
			all = append(all, finding(fmt.Sprint("r", i), observed, advice, check(shca.CheckID(fmt.Sprint("X.", i))), title(fmt.Sprint("Title of X.", i)),
				func(f *shca.Finding) { f.Severity = shca.Severity(i % 6) }))
		}
		return append(all, many(2, status(shca.Passed))...)
	}
	hostile := "first line\n\nThis control is satisfied.\r\n- S3.8: passed\t\u2028\x00{{.Control}} <script>alert(1)</script>"

	var got bytes.Buffer
	for _, tc := range []struct {
		name    string
		control shca.ControlID
		source  records
	}{
		{"one passed", "ac-3", source(many(1, status(shca.Passed))...)},
		{"all passed", "ac-3", source(append(many(3, status(shca.Passed)), many(2, status(shca.Passed), account("222222222222"), region("eu-west-1"), check("X.1"))...)...)},
		{"one failed", "ac-3", source(many(1, advice)...)},
		{"more than five checks failed", "ac-3", source(seven()...)},
		{"six checks failed", "ac-3", source(seven()[1:7]...)},
		{"undecided only", "ac-3", source(append(many(2, status(shca.Warning), why("CONFIG_EVALUATIONS_EMPTY", "CONFIG_ACCESS_DENIED")),
			finding("other", observed, status(shca.NotAvailable)), finding("third", observed, status(shca.NotAvailable), why("CONFIG_EVALUATIONS_EMPTY")))...)},
		{"more reasons than are counted", "ac-3", source(func() (all []*shca.Finding) {
			for i := range shca.MaxReasons + 5 {
				all = append(all, finding(fmt.Sprint(i), status(shca.Warning), why(fmt.Sprintf("CODE_%03d", i))))
			}
			return all
		}()...)},
		{"one suppressed", "ac-3", source(many(1, note("accepted by the AO", "isso@example.gov", day(3)))...)},
		{"suppressed only", "ac-3", source(append(many(4, suppressed), many(1, note("accepted", "", time.Time{}), resource("a-first"), func(f *shca.Finding) { f.ID = "first" })...)...)},
		{"mixed: the worked example", "ac-3", source(
			finding("1", status(shca.Passed)), finding("2", status(shca.Passed)), finding("3", status(shca.Passed)), finding("4", advice),
			finding("5", status(shca.Warning)), finding("6", status(shca.Warning), why("W")),
			finding("7", status(shca.NotAvailable)), finding("8", status(shca.NotAvailable)), finding("9", status(shca.NotAvailable)), finding("10", status(shca.NotAvailable)),
			finding("11", note("sandbox, gone in June", "arn:aws:iam::111111111111:user/me", day(2))))},
		{"two products", "ac-3", source(finding("a"), finding("b", product(prowler), check("prowler-s3"), func(f *shca.Finding) { f.ProductName = "Prowler" }))},
		{"not assessed, with mapped checks", "ac-3", records{&shca.Scope{Source: "asff"}}},
		{"not assessed, with one mapped check", "au-11", records{&shca.Scope{Source: "asff"}}},
		{"not assessed, without mapped checks", "pe-2", records{&shca.Scope{Source: "asff"}}},
		{"not assessed, its checks cite another control", "si-3.8", source(func() (all []*shca.Finding) {
			for _, id := range framework(t).ChecksFor("si-3.8") {
				all = append(all, finding(string(id), check(id)))
			}
			return all
		}()...)},
		{"outside the baseline and withdrawn", "sa-13", source(finding("a", cite("NIST.800-53.r5 SA-13"), observed))},
		{"outside the catalog", "ac-99", source(finding("a", cite("NIST.800-53.r5 AC-99"), observed))},
		{"incomplete scopes, not assessed", "pe-2", records{
			&shca.Scope{Source: "securityhub", AccountID: "111111111111", Region: "us-east-1", Err: "access denied,\nask the owner"},
			&shca.Scope{Source: "b.json", Skipped: 1}}},
		{"incomplete scopes", "ac-3", records{
			finding("a", status(shca.Passed)), &shca.Scope{Source: "b.json", Skipped: 1}, &shca.Scope{Source: "c.json", Skipped: 12, Err: "cut off"},
			&shca.Scope{Source: "d", Err: "e"}, &shca.Scope{Source: "e", Err: "e"}, &shca.Scope{Source: "f", Err: "e"}, &shca.Scope{Source: "g", Err: "e"}}},
		{"hostile text", "ac-3", source(
			finding("a", func(f *shca.Finding) {
				f.Title, f.Remediation.Text, f.ProductARN, f.ProductName = hostile, hostile, "", hostile
				f.Check, f.AccountID, f.Region = shca.CheckID(hostile), hostile, hostile
			}, resource(hostile)),
			finding("b", note(hostile, hostile, day(1)), resource(hostile)),
			finding("c", status(shca.Warning), why(hostile)))},
		{"very long text", "ac-3", source(
			finding("a", title(strings.Repeat("é", 5000)), func(f *shca.Finding) { f.Remediation.Text = strings.Repeat("do ", 5000) }),
			finding("b", note(strings.Repeat("x", lineLimit), "me", day(1))), finding("c", note(strings.Repeat("x", lineLimit+1), "me", day(1))))},
		{"next to nothing known", "ac-3", source(
			&shca.Finding{Check: "X.1", Requirements: []string{"NIST.800-53.r5 AC-3"}, Status: shca.Failed},
			&shca.Finding{Check: "X.1", Requirements: []string{"NIST.800-53.r5 AC-3"}, Status: shca.Failed, Workflow: "SUPPRESSED"})},
	} {
		a := assess(t, tc.source, Options{Baseline: only})
		text := ""
		for _, c := range a.Controls {
			if c.ID == tc.control {
				text = c.Narrative
			}
		}
		fmt.Fprintf(&got, "<<< %s\n%s\n>>> %s\n\n", tc.name, text, tc.name)

		lines := strings.Split(text, "\n")
		for i, line := range lines {
			if strings.TrimSpace(line) != line || line == "" || strings.Contains(line, "  ") {
				t.Errorf("%s: line %q", tc.name, line)
			}
			known := false
			for _, start := range []string{"- ", "Failing, worst first:", "Undecided: ", "Suppressed: ", "Not looked at: ", "Not read in full: ", "This is automated evidence", "Nothing was decided, so there is no automated evidence"} {
				known = known || strings.HasPrefix(line, start)
			}
			if i > 0 && !known {
				t.Errorf("%s: foreign text made a line of its own: %q", tc.name, line)
			}
		}
		if end := lines[len(lines)-1]; !strings.HasPrefix(end, "This is automated evidence for the part") && !strings.HasSuffix(end, "has to be assessed by examination, interview or test.") {
			t.Errorf("%s: ends with %q", tc.name, end)
		}
	}
	golden := filepath.Join("testdata", "narratives.golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, got.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), got.String()); diff != "" {
		t.Errorf("narratives (-want +got; -update rewrites them):\n%s", diff)
	}
}

func TestCustomNarrative(t *testing.T) {
	template, err := ParseNarrative(`{{.Framework}}|{{.Baseline}}|{{date .Time}}|{{.Control.ID.Label}}|{{list .Products 1}}|{{len .Checks}}|{{len .Failing}}|{{reasons .Reasons 1}}|` +
		`{{len .Suppressed}}|{{scopes .Incomplete}}|{{percent 1 3}}|{{plural 1 "a" "b"}}|{{plural 2 "a" "b"}}|{{subtract 5 3}}|{{line "a\n b"}}|{{list .Control.Checks 1}}|{{list "x" 1}}`)
	if err != nil {
		t.Fatal(err)
	}
	a := assess(t, append(source(
		finding("a"), finding("b", check("S3.9"), status(shca.Passed)), finding("c", suppressed),
		finding("d", product(prowler), check("S3.10"), status(shca.Warning)), finding("e", status(shca.Warning), func(f *shca.Finding) { f.StatusReasons = []shca.StatusReason{{Code: "Z"}, {Code: "A"}} }),
		finding("f", status(shca.Warning), func(f *shca.Finding) { f.StatusReasons = []shca.StatusReason{{Code: "Z"}} })),
		&shca.Scope{Source: "x", AccountID: "1", Region: "r", Err: "e", Skipped: 2}), Options{Narrative: template})
	want := "NIST SP 800-53 Rev. 5|" + a.BaselineName + "|2026-01-10 12:00 UTC|AC-3|AWS Security Hub and 1 more|3|1|Z (2) and 2 more|1|x 1 r (e; 2 findings could not be read)|33.33|1 a|2 b|2|a b|S3.8 and 2 more|x"
	if got := control(t, a, "ac-3").Narrative; got != want {
		t.Errorf("narrative\n got %s\nwant %s", got, want)
	}
}

// TestNarrativeErrors name the control and the template.
func TestNarrativeErrors(t *testing.T) {
	if _, err := ParseNarrative("{{.Control"); err == nil || !strings.Contains(err.Error(), "narrative") {
		t.Errorf("parse error %v", err)
	}
	for _, text := range []string{"{{.NoSuchField}}", `{{index .Checks 5}}`, "{{line}}"} {
		template, err := ParseNarrative(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, batch := range []int{0, 1} {
			dir := t.TempDir()
			a, err := Assess(context.Background(), source(finding("a"), finding("b")), Options{Narrative: template, TempDir: dir, batch: batch})
			if a != nil || err == nil || !strings.Contains(err.Error(), "narrative of AC-1") || !strings.Contains(err.Error(), "template: narrative:1") {
				t.Errorf("%s: got %v, %v", text, a, err)
			}
			noFiles(t, dir)
		}
	}
}

// TestBeginning: long reasons end at a word.
func TestBeginning(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", ""}, {"short", "short"}, {"twenty characters --", "twenty characters --"},
		{"access denied to the account", "access denied to the …"},
		{"access is denied (byapolicy)", "access is denied …"},
		{"ääääääääääääääääääääääääääää", strings.Repeat("ä", 20) + " …"},
	} {
		limit := 20
		if strings.HasPrefix(test.in, "access denied") {
			limit = 21
		}
		if got := beginning(test.in, limit); got != test.want {
			t.Errorf("%q: %q, want %q", test.in, got, test.want)
		}
	}
}

func TestEvidenceText(t *testing.T) {
	for _, test := range []struct {
		pieces []shca.Evidence
		count  int64
		want   string
	}{
		{nil, 0, ""},
		{[]shca.Evidence{{Kind: shca.EvidenceReview}}, 1, "1 control review"},
		{[]shca.Evidence{{Kind: shca.EvidenceManual}, {Kind: shca.EvidenceManual}, {Kind: shca.EvidenceReview}, {Kind: shca.EvidenceConfiguration, Count: 31}}, 34,
			"2 pieces of manual evidence, 1 control review and 31 records of configuration data"},
		{[]shca.Evidence{{Kind: shca.EvidenceActivity}, {Kind: "odd"}, {Kind: shca.EvidenceReport}}, 1203, "1 report document, 1 record of user activity, 1 piece of other evidence and 1,200 more"},
	} {
		if got := evidenceText(test.pieces, test.count); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
