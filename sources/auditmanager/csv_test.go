package auditmanager_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca/sources/auditmanager"
)

func readCSV(t testing.TB, text string) *result {
	t.Helper()
	return read(t, &auditmanager.CSV{Name: "in", Open: opening(text)})
}

func TestCSV(t *testing.T) {
	got := readCSV(t, file(t, "evidence-finder.csv"))
	if d := cmp.Diff([]string{
		"finding FAILED config-rule/access-keys-rotated  [NIST.800-53.r5 AC-2(1)] 444455556666 arn:aws:iam::444455556666:user/one",
		"finding PASSED config-rule/access-keys-rotated  [NIST.800-53.r5 AC-2(1)] 444455556666 arn:aws:iam::444455556666:user/two",
		"manual evidence NIST.800-53.r5 SC-13 ×1 s3://evidence/policy.pdf",
		`error in: finding 5 (e-4): /resourcesIncluded/0/complianceCheck: "Perhaps" is none of COMPLIANT, PASS, NON_COMPLIANT, FAILED, INCONCLUSIVE, NOT_APPLICABLE, INSUFFICIENT_DATA, NOT_AVAILABLE, WARNING`,
		"error in: finding 6: has 2 cells, and the header has 14",
		"user activity NIST.800-53.r5 SC-13 ×1 ",
	}, got.lines); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if f := got.findings[0]; f.Resources[0].Type != "AWS::IAM::User" || f.UpdatedAt.Year() != 2025 {
		t.Errorf("finding %+v", f)
	}
	if e := got.evidence[0]; e.Author != "arn:aws:iam::444455556666:user/auditor" {
		t.Errorf("evidence %+v", e)
	}
}

// TestCSVColumns: columns are known in any spelling and order, and missed.
func TestCSVColumns(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"as the console heads them", "Evidence ID,Evidence type,Control name,Data source,Resource ARN,Resource compliance,Account ID,Time,Framework name\n" +
			"e,Compliance check,AC-2 - x,AWS Security Hub,arn,Non-compliant,111122223333,2025-02-14T06:00:00Z,NIST 800-53 Rev. 4\n",
			[]string{"finding FAILED auditmanager/AWS Security Hub/NIST.800-53.r4 AC-2  [NIST.800-53.r4 AC-2] 111122223333 arn"}},
		{"whole events", "eventJson\n" + `"{""eventTime"":""2025-02-14 06:00:00.000"",""awsRegion"":""us-east-1"",""recipientAccountId"":""111122223333"",""eventData"":{""evidenceId"":""e"",""evidenceByType"":""Compliance check"",""dataSource"":""AWS Config"",""controlName"":""AC-2 - x"",""attributes"":{""configRuleName"":""r""},""resourceArn"":""arn"",""resourceComplianceCheck"":""COMPLIANT""}}"` + "\n",
			[]string{"finding PASSED config-rule/r  [NIST.800-53.r5 AC-2] 111122223333 arn"}},
		{"no event", "eventJson\nx\n", []string{`error in: finding 1: the column with the event is no JSON object: jsontext: invalid character 'x' at start of value`}},
		{"few columns", "evidenceId,evidenceByType,eventName\ne,Compliance check,x\n", []string{
			"finding NOT_AVAILABLE auditmanager/no data source/x/unknown control  []  (evidence)",
			`scope in err "has no column resourceComplianceCheck or complianceCheck, so that no finding counts: export with it; has no column controlName, so that controls are not known: export with it; has no column evidenceAwsAccountId, so that accounts cannot be told apart: export with it; has no column resourceArn, so that resources cannot be told apart: export with it; has no column dataSource, so that checks are not known: export with it; has no column time, so that the newest evidence of a subject cannot be told: export with it; the control of 1 finding or piece of evidence, of 1 evidence folder, is not known: add the answers of get-evidence-folders-by-assessment and get-assessment to the inputs"`}},
		{"no rows", "eventJson\n", []string{`scope in note "its list of evidence is empty"`}},
		{"an open quote", "eventJson\n\"" + strings.Repeat("x", 5<<20), []string{`scope in err "row 1 is larger than 4 MiB, the limit for one piece of evidence, or has a quote that does not end: the rows from there on were not read"`}},
	} {
		got := readCSV(t, tc.text).lines
		for i := range got {
			if at := strings.Index(got[i], "no JSON object: "); at >= 0 && tc.name == "no event" {
				got[i] = got[i][:at] + "no JSON object: jsontext: invalid character 'x' at start of value"
			}
		}
		if d := cmp.Diff(tc.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, d)
		}
		if !auditmanager.IsCSV([]byte(tc.text)) {
			t.Errorf("%s: IsCSV says no", tc.name)
		}
	}
	for _, text := range []string{"", "a,b,c\n", "finding_info.uid,time,cloud.account.uid\n", "eventName,eventTime,awsRegion\n", `{"evidence":[]}`, "controlId,dataSource,time\n"} {
		if auditmanager.IsCSV([]byte(text)) {
			t.Errorf("%q: IsCSV says yes", text)
		}
	}
}
