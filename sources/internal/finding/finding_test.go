package finding

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
)

// TestComplete: what a finding's newer members say stays, and the older and
// indirect ones fill in the rest. The spellings that producers use are tested
// where they are decoded.
func TestComplete(t *testing.T) {
	const hub = "arn:aws:securityhub:eu-west-1::product/aws/securityhub"
	for _, tc := range []struct {
		name  string
		f     shca.Finding
		marks Marks
		want  shca.Finding
	}{
		{"nothing but an id", shca.Finding{ID: "x"}, Marks{}, shca.Finding{ID: "x", Check: "x"}},
		{"a consolidated control",
			shca.Finding{ID: "x", ProductARN: hub, GeneratorID: "security-control/S3.8", Title: "Buckets"},
			Marks{Controls: []string{"S3.8", "S3.8"}},
			shca.Finding{ID: "x", ProductARN: hub, GeneratorID: "security-control/S3.8", Title: "Buckets", Check: "S3.8", Region: "eu-west-1", Partition: "aws"}},
		{"an older finding",
			shca.Finding{ID: "x", Title: "PCI.S3.8 Buckets"},
			Marks{ControlID: "PCI.S3.8", StandardsARN: "s", ResourceID: "arn:aws-cn:ec2:cn-north-1:012345678901:vpc/v", RelatedType: "AWS::Config::ConfigRule", RelatedName: "rule"},
			shca.Finding{ID: "x", Title: "Buckets", Check: "PCI.S3.8", Standards: []string{"s"}, ConfigRule: "rule",
				Resources: []shca.Resource{{ID: "arn:aws-cn:ec2:cn-north-1:012345678901:vpc/v"}}, AccountID: "012345678901", Region: "cn-north-1", Partition: "aws-cn"}},
		{"what is there stays",
			shca.Finding{ID: "x", ProductARN: hub, Standards: []string{"new"}, ConfigRule: "new", Resources: []shca.Resource{{ID: "new", Region: "us-east-1"}}, AccountID: "1", Region: "us-west-1", Partition: "aws-iso"},
			Marks{StandardsARN: "old", ConfigRule: "old", ResourceID: "old", RelatedType: "AWS::Config::ConfigRule", RelatedName: "old"},
			shca.Finding{ID: "x", ProductARN: hub, Check: hub, Standards: []string{"new"}, ConfigRule: "new", Resources: []shca.Resource{{ID: "new", Region: "us-east-1"}}, AccountID: "1", Region: "us-west-1", Partition: "aws-iso"}},
		{"a number that each standard gives to another check",
			shca.Finding{ID: "x", GeneratorID: "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/1.3", Title: "1.3 Keys"},
			Marks{RuleID: "1.3", ControlID: "1.3"},
			shca.Finding{ID: "x", GeneratorID: "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/1.3", Title: "Keys", Check: "cis-aws-foundations-benchmark/v/1.2.0/rule/1.3"}},
		{"a rule of AWS Config",
			shca.Finding{ID: "x", ProductARN: "arn:aws:securityhub:eu-west-1::product/aws/config", GeneratorID: "g"}, Marks{ConfigRule: "r"},
			shca.Finding{ID: "x", ProductARN: "arn:aws:securityhub:eu-west-1::product/aws/config", GeneratorID: "g", ConfigRule: "r", Check: "config-rule/r", Region: "eu-west-1", Partition: "aws"}},
		{"a rule of AWS Config in Security Hub V2",
			shca.Finding{ID: "x", ProductARN: "arn:aws:securityhub:eu-west-1::productv2/aws/config", GeneratorID: "g"}, Marks{ConfigRule: "r"},
			shca.Finding{ID: "x", ProductARN: "arn:aws:securityhub:eu-west-1::productv2/aws/config", GeneratorID: "g", ConfigRule: "r", Check: "config-rule/r", Region: "eu-west-1", Partition: "aws"}},
	} {
		f := tc.f
		if err := Complete(&f, tc.marks); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if d := cmp.Diff(tc.want, f); d != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, d)
		}
	}
	err := Complete(&shca.Finding{ID: "x"}, Marks{Controls: []string{"S3.8", "S3.9"}})
	if err == nil || err.Error() != `names two checks, "S3.8" and "S3.9"; a finding has one` {
		t.Errorf("two checks: %v", err)
	}
}

func TestParseTime(t *testing.T) {
	want := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"":                          {},
		" \t":                       {},
		"2026-01-02T03:04:05Z":      want,
		"2026-01-02t03:04:05z":      want,
		"2026-01-02 04:04:05 +0100": want,
		"2026-01-02T03:04:05.5":     want.Add(time.Second / 2),
	} {
		if got, err := ParseTime(text); err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%q: got %v, error %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"yesterday", "1767312000", "2026-01-02", "9999-12-31T23:59:59-01:00"} {
		if got, err := ParseTime(text); err == nil || !got.IsZero() {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}

func TestMemberID(t *testing.T) {
	event := []string{"finding_info", "uid"}
	for _, tc := range []struct {
		raw  string
		path []string
		want string
	}{
		{`{"Id":"x"}`, []string{"Id"}, "x"},
		{`{"A":{"Id":"y"},"Id":"x","B":`, []string{"Id"}, "x"},
		{`{"A":"` + "\xff" + `","A":1,"Id":"x"`, []string{"Id"}, "x"},
		{`{"Id":7}`, []string{"Id"}, ""},
		{`{"Id":"x`, []string{"Id"}, ""},
		{`{"A":1 "Id":"x"}`, []string{"Id"}, ""},
		{`{"A":{"Id":"y"}}`, []string{"Id"}, ""},
		{`{"uid":"y","finding_info":{"title":"t","uid":"x"`, event, "x"},
		{`{"finding_info":{"title":"t"},"uid":"y"}`, event, ""},
		{`{"finding_info":"x"}`, event, ""},
		{`{"finding_info":["uid"]}`, event, ""},
		{``, event, ""},
		{`[]`, event, ""},
	} {
		if got := MemberID([]byte(tc.raw), tc.path...); got != tc.want {
			t.Errorf("%s: %v is %q, want %q", tc.raw, tc.path, got, tc.want)
		}
	}
}
