package redact_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/testgen"
	"github.com/go-shca/shca/mapping"
	"github.com/go-shca/shca/redact"
	"github.com/go-shca/shca/sources"
	"github.com/go-shca/shca/system"
)

// TestSameNumbers: whatever an assessment counts, it counts the same when it is
// redacted, with any key.
func TestSameNumbers(t *testing.T) {
	inputs := map[string][]string{"sample estate": {"../examples/estate"}}
	for name, o := range estates() {
		o.Findings = 400
		file := filepath.Join(t.TempDir(), "findings.ndjson")
		var b bytes.Buffer
		if err := testgen.Write(&b, testgen.NDJSON, o); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		inputs[name] = []string{file}
	}
	ties := filepath.Join(t.TempDir(), "ties.ndjson")
	if err := os.WriteFile(ties, tied(), 0o600); err != nil {
		t.Fatal(err)
	}
	inputs["ties"] = []string{ties}
	broken := filepath.Join(t.TempDir(), "broken.json")
	if err := os.WriteFile(broken, []byte(`{"Findings": [{"Id": "acme", "ProductArn": "x", "Title": "y", "Severity": 7, "Workflow": {"Status": "acme"}}, {"Id": "acm`), 0o600); err != nil {
		t.Fatal(err)
	}
	inputs["broken"] = []string{broken}
	for _, file := range samples(t) {
		inputs[filepath.Base(file)] = []string{file}
	}
	if len(samples(t)) > 0 {
		inputs["all samples"] = samples(t)
	}
	for name, files := range inputs {
		t.Run(name, func(t *testing.T) {
			want := numbers(assess(t, files, nil, mapping.Options{}))
			for key := range byte(2) {
				got := numbers(assess(t, files, newRedactor(key+1), mapping.Options{}))
				if d := cmp.Diff(want, got); d != "" {
					t.Fatalf("key %d (-unredacted +redacted):\n%s", key, d)
				}
			}
		})
	}
}

// counted is what an assessment counts, without names and without an order by
// names.
type counted struct {
	Controls []shca.ControlResult
	Checks   []string
	Scopes   []string
	Summary  shca.Summary
	Problems int64
	Findings []string
}

func numbers(a *shca.Assessment) counted {
	n := counted{Summary: a.Summary(), Problems: a.ProblemCount}
	for _, c := range a.Controls {
		c.Narrative = ""
		for i := range c.Checks {
			c.Checks = slices.Clone(c.Checks)
			c.Checks[i] = ""
		}
		n.Controls = append(n.Controls, c)
	}
	for _, c := range a.Checks {
		var reasons []int64
		for _, r := range c.Reasons {
			reasons = append(reasons, r.Count)
		}
		slices.Sort(reasons)
		n.Checks = append(n.Checks, fmt.Sprint(c.Severity, c.FailedSeverity, c.Tally, c.Products.Count(), c.Accounts.Count(), c.Regions.Count(), c.Resources.Count(),
			reasons, c.MoreReasons, len(c.Failing), len(c.Suppressed), c.First, c.Last, c.Cited, c.Partial, c.Unread.Count(), c.Controls, c.Mapping))
	}
	for _, s := range a.Scopes {
		kind := s.Source
		if kind != "asff" && kind != "ocsf" {
			kind = ""
		}
		n.Scopes = append(n.Scopes, fmt.Sprint(kind, s.AccountID == "", place(s.Region), s.Findings, s.Assessed, s.Suppressed, s.NotScored, s.Archived, s.Superseded, s.Skipped, s.Err == "", s.Note == ""))
	}
	for f := range a.Findings {
		n.Findings = append(n.Findings, fmt.Sprint(f.Disposition, f.Status, f.Severity, place(f.Region), f.UpdatedAt, len(f.Resources)))
	}
	slices.Sort(n.Checks)
	slices.Sort(n.Scopes)
	slices.Sort(n.Findings)
	return n
}

// place is the Region, if it has the form of one.
func place(region string) string {
	if !regexp.MustCompile(`^[a-z]+-[a-z-]+-[0-9]$`).MatchString(region) {
		return "?"
	}
	return region
}

// tied returns copies of which only their content or their ids tell which one
// counts, and which cite different controls.
func tied() []byte {
	var b bytes.Buffer
	for i := range 200 {
		for copy := range 3 {
			fmt.Fprintf(&b, `{"Id": "arn:aws:securityhub:us-east-1:%012d:security-control/S3.8/finding/%d", "ProductArn": "arn:aws:securityhub:us-east-1::product/aws/securityhub", `+
				`"GeneratorId": "security-control/S3.8", "AwsAccountId": "%012d", "Region": "us-east-1", "UpdatedAt": "2026-01-01T00:00:00Z", "Severity": {"Label": %q}, `+
				`"Compliance": {"Status": "FAILED", "SecurityControlId": "Made.%d", "RelatedRequirements": ["NIST.800-53.r5 AC-%d"]}, "Resources": [{"Type": "Other", "Id": "acme-%d"}]}`+"\n",
				i, i/2*2+copy%2*i%2, i, []string{"LOW", "HIGH", "MEDIUM"}[copy], i%7, copy+2, i/2)
		}
	}
	return b.Bytes()
}

// TestReadBack: a redacted record is read as the redacted finding, so what is
// handed over can be assessed again.
func TestReadBack(t *testing.T) {
	for name, findings := range specimens(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			read := func(name string, text []byte, r *redact.Redactor) (all []*shca.Finding) {
				file := filepath.Join(dir, name)
				if err := os.WriteFile(file, text, 0o600); err != nil {
					t.Fatal(err)
				}
				source, err := sources.Open([]string{file}, sources.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if r != nil {
					source = redact.Source(source, r)
				}
				for record, err := range source.Records(t.Context()) {
					if err == nil && record.Finding != nil {
						all = append(all, record.Finding)
					}
				}
				return all
			}
			var text bytes.Buffer
			for _, f := range findings {
				if err := json.NewEncoder(&text).Encode(f); err != nil {
					t.Fatal(err)
				}
			}
			want := read("findings.ndjson", text.Bytes(), newRedactor(1))
			var raw [][]byte
			for _, f := range want {
				raw = append(raw, f.Raw)
			}
			got := read("redacted.ndjson", bytes.Join(raw, []byte("\n")), nil)
			// A check that only members without a place in the record tell is named
			// by its generator; times are as precise as OCSF's.
			if d := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateApproxTime(time.Millisecond), cmpopts.IgnoreFields(shca.Finding{}, "Raw", "Partition"),
				cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Check" }, cmp.Comparer(func(a, b shca.CheckID) bool { return a == b || a == "" || b == "" }))); d != "" {
				t.Errorf("(-redacted +read back):\n%s", d)
			}
		})
	}
}

// TestForms: what is no public name is replaced wherever it stands, and what is
// one stays.
func TestForms(t *testing.T) {
	r := newRedactor(1)
	for _, tc := range []struct{ in, want string }{ // want is a regular expression
		{"", ``},
		{"arn:aws:s3:::acme", `arn:aws:s3:::name-[a-z2-7]{13}`},
		{"arn:aws:s3:::bucket/user/acme", `arn:aws:s3:::name-[a-z2-7]{13}/name-[a-z2-7]{13}/name-[a-z2-7]{13}`},
		{"arn:aws-us-gov:iam::111122223333:role/team/acme", `arn:aws-us-gov:iam::\d{12}:role/name-[a-z2-7]{13}/name-[a-z2-7]{13}`},
		{"arn:aws:iam::111122223333:root", `arn:aws:iam::\d{12}:root`},
		{"arn:aws:iam::aws:policy/AdministratorAccess", `arn:aws:iam::aws:policy/AdministratorAccess`},
		{"arn:aws:iam::111122223333:policy/AdministratorAccess", `arn:aws:iam::\d{12}:policy/name-[a-z2-7]{13}`},
		{"arn:aws:iam::111122223333:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig", `arn:aws:iam::\d{12}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig`},
		{"arn:aws:iam::111122223333:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig_acme", `arn:aws:iam::\d{12}:role/name-[a-z2-7]{13}/name-[a-z2-7]{13}/name-[a-z2-7]{13}`},
		{"arn:aws:lambda:eu-west-1:111122223333:function:acme:$LATEST", `arn:aws:lambda:eu-west-1:\d{12}:function:name-[a-z2-7]{13}:name-[a-z2-7]{13}`},
		{"arn:aws:logs:eu-west-1:111122223333:log-group:/acme/x:*", `arn:aws:logs:eu-west-1:\d{12}:log-group:/name-[a-z2-7]{13}/name-[a-z2-7]{13}:\*`},
		{"arn:aws:kms:eu-west-1:111122223333:key/0f0f0f0f-1111-2222-3333-444455556666", `arn:aws:kms:eu-west-1:\d{12}:key/[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`},
		{"arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0", `arn:aws:ec2:eu-west-1:\d{12}:instance/i-[a-z2-7]{13}`},
		{"arn:acme:payrolldb:corp-site:emp123:zebra", `arn(:name-[a-z2-7]{13}){5}`},
		{"arn:acme:ACME:acme:acme:acme", `arn:name-[a-z2-7]{13}:name-[a-z2-7]{13}:name-[a-z2-7]{13}:name-[a-z2-7]{13}:name-[a-z2-7]{13}`},
		{"arn:acme", `name-[a-z2-7]{13}`},
		{"arn:aws:securityhub:eu-west-1::product/aws/guardduty", `arn:aws:securityhub:eu-west-1::product/aws/guardduty`},
		{"arn:aws:securityhub:eu-west-1:111122223333:product/prowler/prowler", `arn:aws:securityhub:eu-west-1:\d{12}:product/prowler/prowler`},
		{"arn:aws:securityhub:eu-west-1:111122223333:product/111122223333/default", `arn:aws:securityhub:eu-west-1:(\d{12}):product/\d{12}/default`},
		{"arn:aws:securityhub:eu-west-1::product/acme/acme", `arn:aws:securityhub:eu-west-1::product/name-[a-z2-7]{13}/name-[a-z2-7]{13}`},
		{"arn:aws:securityhub:eu-west-1::standards/nist-800-53/v/5.0.0", `arn:aws:securityhub:eu-west-1::standards/nist-800-53/v/5.0.0`},
		{"arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0", `arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0`},
		{"arn:aws:securityhub:eu-west-1:111122223333:subscription/nist-800-53/v/5.0.0/S3.8/finding/0f0f0f0f-1111-2222-3333-444455556666", `arn:aws:securityhub:eu-west-1:\d{12}:subscription/nist-800-53/v/5.0.0/S3.8/finding/[0-9a-f-]{36}`},
		{"arn:aws:securityhub:eu-west-1:111122223333:insight/acme", `arn:aws:securityhub:eu-west-1:\d{12}:insight/name-[a-z2-7]{13}`},
		{"AWS::::Account:111122223333", `AWS::::Account:\d{12}`},
		{"AWS::::Account:acme", `AWS::::Account:name-[a-z2-7]{13}`},
		{"111122223333", `\d{12}`},
		{"1111222233334", `name-[a-z2-7]{13}`},
		{"someone@acme.example", `name-[a-z2-7]{13}@example\.org`},
		{"10.1.2.3", `name-[a-z2-7]{13}`},
		{"acme", `name-[a-z2-7]{13}`},
	} {
		got := r.ID(tc.in)
		if !regexp.MustCompile(`^` + tc.want + `$`).MatchString(got) {
			t.Errorf("%q: got %q, want %s", tc.in, got, tc.want)
		}
		if strings.Contains(got, "acme") || strings.Contains(got, "111122223333") {
			t.Errorf("%q: got %q, which tells a name", tc.in, got)
		}
		if again := newRedactor(1).ID(tc.in); again != got {
			t.Errorf("%q: got %q and, with the same key, %q", tc.in, got, again)
		}
		if other := newRedactor(2).ID(tc.in); other == got && got != tc.in {
			t.Errorf("%q: got %q with two keys", tc.in, got)
		}
	}
}

// TestSameEverywhere: a text has one pseudonym, whatever field it stands in.
func TestSameEverywhere(t *testing.T) {
	r := newRedactor(1)
	f, err := r.Finding(&shca.Finding{
		Source: shca.SourceASFF, ID: "arn:aws:securityhub:eu-west-1:111122223333:security-control/S3.8/finding/1", ProductARN: "arn:aws:securityhub:eu-west-1::product/aws/securityhub",
		Check: "S3.8", AccountID: "111122223333", AccountName: "acme-prod", Note: shca.Note{Text: "x", UpdatedBy: "acme-prod"},
		Title: "Public ACME-PROD", Description: "The bucket acme-ledger (arn:aws:s3:::acme-ledger) of acme-prod, 111122223333, not acme-prodigy.",
		Resources: []shca.Resource{{ID: "arn:aws:s3:::acme-ledger"}, {ID: "acme-ledger"}, {ID: "AWS::::Account:111122223333"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	account, bucket, owner := r.Account("111122223333"), r.Name("acme-ledger"), r.Name("acme-prod")
	want := []string{account, owner, owner, "arn:aws:s3:::" + bucket, bucket, "AWS::::Account:" + account, "Public " + owner,
		fmt.Sprintf("The bucket %s (arn:aws:s3:::%s) of %s, %s, not acme-prodigy.", bucket, bucket, owner, account)}
	got := []string{f.AccountID, f.AccountName, f.Note.UpdatedBy, f.Resources[0].ID, f.Resources[1].ID, f.Resources[2].ID, f.Title, f.Description}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestWords: a name that is a word of AWS's sentences does not garble them.
func TestWords(t *testing.T) {
	const title = "The management account keeps payments apart"
	about := redact.Options{Words: []string{"Payments"}}
	names := &shca.Finding{GeneratorID: "security-control/Account.1", AccountName: "management", Title: title, Resources: []shca.Resource{{ID: "arn:aws:s3:::payments"}, {ID: "keeps"}}}
	f, err := redact.New(redact.Key{1}, about).Finding(names)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Replace(title, "keeps", newRedactor(1).Name("keeps"), 1); f.Title != want {
		t.Errorf("got %q, want %q", f.Title, want)
	}
}

// TestAccounts: pseudonyms of accounts are account ids, and no two are equal.
func TestAccounts(t *testing.T) {
	r := newRedactor(1)
	seen := map[string]string{}
	for i := range 50_000 {
		id := fmt.Sprintf("%012d", i)
		made := r.Account(id)
		if !shca.IsAccountID(made) {
			t.Fatalf("%s: %q is no account id", id, made)
		}
		if other, ok := seen[made]; ok {
			t.Fatalf("%s and %s are both %s", id, other, made)
		}
		seen[made] = id
	}
	if again := newRedactor(1).Account("000000049999"); seen[again] != "000000049999" {
		t.Errorf("another redactor with the same key makes %s", again)
	}
}

// TestRequirements: what a requirement says of the framework stays.
func TestRequirements(t *testing.T) {
	for in, want := range map[string]string{
		"NIST.800-53.r5 AC-2(1)":                    "NIST.800-53.r5 AC-2(1)",
		"NIST-800-53-Revision-5 ac_2_1 ac_3 au_2_b": "NIST-800-53-Revision-5 ac_2_1 ac_3 au_2_b",
		"NIST SP 800-53 Rev. 5: AC-2(1)":            "NIST SP 800-53 Rev. 5: AC-2(1)",
		"NIST.800-171.r2/3.13.11":                   "NIST.800-171.r2/3.13.11",
		"PCI DSS v4.0.1/7.2.1":                      "PCI DSS v4.0.1/7.2.1",
		"CIS AWS Foundations Benchmark v1.4.0/1.16": "CIS AWS Foundations Benchmark v1.4.0/1.16",
		"NIST.800-53.r5 payroll":                    "NIST.800-53.r5 ???????",
		"NIST-800-53-Revision-5 ac_2 payroll":       "NIST-800-53-Revision-5 ac_2 ???????",
		"NIST.800-53.r5 a-9-9-9":                    "NIST.800-53.r5 ???????",
		"NIST.800-53.r5 db-12":                      "NIST.800-53.r5 ?????",
		"NIST.800-53.r5 10.1.2.3":                   "NIST.800-53.r5 ????????",
		"AC-3":                                      "AC-3",
		"ISO 27001 A.8.24":                          "ISO 27001 A.8.24",
		"SOC 2 CC6.1":                               "SOC 2 CC6.1",
		"HIPAA 164.312(a)(1)":                       "HIPAA 164.312(a)(1)",
		"PCI DSS 10.1.2.3":                          "name-",
		"PCI DSS db-12":                             "name-",
		"PCI DSS 10.1.2.3/24":                       "name-",
		"10.1.2.3":                                  "name-",
		"10.1.2":                                    "name-",
		"A.8.24":                                    "name-",
		"ip-10-1-2-3":                               "name-",
		"db-12":                                     "name-",
	} {
		f, err := newRedactor(1).Finding(&shca.Finding{Requirements: []string{in, "Acme policy"}})
		got := ""
		if err == nil {
			got = f.Requirements[0]
		}
		if strings.HasPrefix(got, "name-") {
			got = got[:len("name-")]
		}
		if err != nil || got != want || !strings.HasPrefix(f.Requirements[1], "name-") {
			t.Errorf("%s: got %q, want %q (%v)", in, f.Requirements, want, err)
		}
	}
}

// TestTypes: of a type of findings, what AWS documents stays, and nothing that a
// customer put into its place.
func TestTypes(t *testing.T) {
	const hub, guardDuty, macie, other = "aws/securityhub", "aws/guardduty", "aws/macie", "111122223333/default"
	for _, tc := range []struct{ product, in, want string }{ // want is a regular expression, "" for what was given
		{hub, "Software and Configuration Checks/Industry and Regulatory Standards", ""},
		{hub, "Software and Configuration Checks/Industry and Regulatory Standards/CIS AWS Foundations Benchmark", ""},
		{hub, "Software and Configuration Checks/Industry and Regulatory Standards/AWS-Foundational-Security-Best-Practices", ""},
		{hub, "Effects/Data Exposure/AWS-Foundational-Security-Best-Practices", ""},
		{hub, "Posture Management", ""},
		{hub, "Software and Configuration Checks/Zebrapay Owner/bob.zebrapay", `Software and Configuration Checks/name-[a-z2-7]{13}/name-[a-z2-7]{13}`},
		{hub, "Effects/Zebrapay breach at pay.zebrapay.internal", `Effects/name-[a-z2-7]{13}`},
		{hub, "TTPs/Discovery/Recon:EC2-Zebrapay", `TTPs/Discovery/name-[a-z2-7]{13}`},
		{hub, "Effects/PII", `Effects/name-[a-z2-7]{13}`}, // of another namespace
		{hub, "Zebrapay", `name-[a-z2-7]{13}`},
		{guardDuty, "TTPs/Discovery/Recon:EC2-Portscan", ""},
		{guardDuty, "TTPs/Discovery/Recon:EC2/Portscan", ""},
		{guardDuty, "TTPs/UnauthorizedAccess:EC2-MaliciousIPCaller.Custom", ""},
		{guardDuty, "TTPs/Command and Control/Backdoor:EC2-C&CActivity.B!DNS", ""},
		{guardDuty, "Effects/Resource Consumption/CryptoCurrency:EC2-BitcoinTool.B", ""},
		{guardDuty, "TTPs/Discovery/Zebrapay:EC2-Portscan", `TTPs/Discovery/name-[a-z2-7]{13}`},
		{guardDuty, "TTPs/Discovery/Recon:Zebrapay-Portscan", `TTPs/Discovery/name-[a-z2-7]{13}`},
		{guardDuty, "TTPs/Discovery/Recon:EC2-pay.zebrapay", `TTPs/Discovery/name-[a-z2-7]{13}`},
		{guardDuty, "TTPs/Discovery/Recon:EC2-Pay.zebrapay", `TTPs/Discovery/name-[a-z2-7]{13}`},
		{guardDuty, "TTPs/Discovery/Recon:EC2-Host111122223333", `TTPs/Discovery/name-[a-z2-7]{13}`},
		{macie, "Sensitive Data Identifications/PII/SensitiveData:S3Object-Personal", ""},
		{other, "TTPs/Discovery/Recon:EC2-Portscan", `TTPs/Discovery/name-[a-z2-7]{13}`},
	} {
		f, err := newRedactor(1).Finding(&shca.Finding{Source: shca.SourceASFF, ProductARN: "arn:aws:securityhub:us-east-1::product/" + tc.product, GeneratorID: "x", Types: []string{tc.in}})
		want := tc.want
		if want == "" {
			want = regexp.QuoteMeta(tc.in)
		}
		if err != nil || !regexp.MustCompile(`^`+want+`$`).MatchString(f.Types[0]) {
			t.Errorf("%s, %q: got %q, want %s (%v)", tc.product, tc.in, f.Types, want, err)
		}
	}
}

// TestIdentifiers: what looks like an identifier is replaced in a text of AWS's,
// and what AWS writes there stays.
func TestIdentifiers(t *testing.T) {
	r := newRedactor(1)
	account, instance := r.Account("111122223333"), r.ID("i-0abc1234def567890")
	for in, want := range map[string]string{
		"Buckets of 1111-2222-3333.":                         "Buckets of " + account + ".",
		"Buckets of 1111 2222 3333.":                         "Buckets of " + account + ".",
		"from 1111-2222-3333-4444 on":                        "from " + r.ID("1111-2222-3333-4444") + " on",
		"mail bob@corp.":                                     "mail " + r.ID("bob@corp") + ".",
		"mail bob@corp.example.":                             "mail " + r.ID("bob@corp.example") + ".",
		"I-0ABC1234DEF567890, i-0abc1234def567890":           instance + ", " + instance,
		"(ENI-0abc1234def567890)":                            "(" + r.ID("eni-0abc1234def567890") + ")",
		"key AKIAIOSFODNN7EXAMPLE":                           "key " + r.ID("AKIAIOSFODNN7EXAMPLE"),
		"user AIDA2ZEBRAZEBRAZEBRA, AROA2ZEBRAZEBRAZEBRA:jo": "user " + r.ID("AIDA2ZEBRAZEBRAZEBRA") + ", " + r.ID("AROA2ZEBRAZEBRAZEBRA") + ":jo",
		"ASIA2ZEBRAZEBRAZEBRA":                               r.ID("ASIA2ZEBRAZEBRAZEBRA"),
		"host payroll.c9akciq32.us-east-1.rds.amazonaws.com": "host " + r.ID("payroll.c9akciq32.us-east-1.rds.amazonaws.com"),
		"The principal ec2.amazonaws.com may do it":          "The principal ec2.amazonaws.com may do it",
		"TLS 1.2 by 2026-01-31, CVE-2026-12345, in ASIA":     "TLS 1.2 by 2026-01-31, CVE-2026-12345, in ASIA",
	} {
		if got := r.Text(in, nil); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

type records struct {
	shca.Record
	err error
}

func (r records) Records(context.Context) iter.Seq2[shca.Record, error] {
	return func(yield func(shca.Record, error) bool) { yield(r.Record, r.err) }
}

// TestProblems: what is wrong is told without what it is about.
func TestProblems(t *testing.T) {
	r := newRedactor(1)
	fatal := errors.New("disk on fire")
	for _, tc := range []struct {
		in   error
		want string
	}{
		{&shca.FindingError{Source: "/home/jo/acme.json.gz", Number: 3, ID: "acme", Field: "/Workflow/Status", Err: errors.New(`"acme" is none of NEW, NOTIFIED, RESOLVED, SUPPRESSED`)},
			`^input-[a-z2-7]{13}.json.gz: finding 3 \(name-[a-z2-7]{13}\): /Workflow/Status: is none of NEW, NOTIFIED, RESOLVED, SUPPRESSED$`},
		{&shca.FindingError{Source: "stdin", Number: 1, Field: "/Tags/acme", Err: errors.New("acme")}, `^stdin: finding 1: the reason is redacted; `},
		{fatal, "^disk on fire$"},
	} {
		for record, err := range redact.Source(records{err: tc.in}, r).Records(t.Context()) {
			if err == nil || record != (shca.Record{}) || !regexp.MustCompile(tc.want).MatchString(err.Error()) {
				t.Errorf("%v: got %v, want %s", tc.in, err, tc.want)
			}
		}
	}
	scope := r.Scope(&shca.Scope{Source: "acme/export.json", AccountID: "111122223333", Region: "acme", Err: `open acme: permission denied; acme`, Note: "acme", Findings: 3})
	if text := fmt.Sprint(scope); strings.Contains(text, "acme") || strings.Contains(text, "1111") || scope.Err != "permission denied" || scope.Findings != 3 {
		t.Errorf("got %+v", scope)
	}
	for record := range redact.Source(records{Record: shca.Record{Input: &shca.Input{Name: "acme.json", Size: 7, SHA256: "abc"}}}, r).Records(t.Context()) {
		if want := (shca.Input{Name: r.Path("acme.json")}); *record.Input != want {
			t.Errorf("got %+v, want %+v", *record.Input, want)
		}
	}
}

// TestSystem: every text of a system file is replaced, and the file is as valid
// as before.
func TestSystem(t *testing.T) {
	about, err := system.Read("../examples/system.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r := newRedactor(1)
	text, err := json.Marshal(r.System(about))
	if err != nil {
		t.Fatal(err)
	}
	before, err := json.Marshal(about)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range regexp.MustCompile(`[A-Z][a-z]+ [A-Za-z ]{3,}|[a-z.]+@[a-z.]+|[0-9]{12}`).FindAllString(string(before), -1) {
		if word != "" && bytes.Contains(text, []byte(word)) && !strings.Contains(word, "example.org") {
			t.Errorf("%q stays in %s", word, text)
		}
	}
	if r.System(nil) != nil {
		t.Error("no system became one")
	}
	if got := r.System(about).Accounts[0].ID; got != r.Account(about.Accounts[0].ID) {
		t.Errorf("the account is %s there, and %s in findings", got, r.Account(about.Accounts[0].ID))
	}
}

func TestCommand(t *testing.T) {
	r := newRedactor(1)
	got := r.Command([]string{"/home/jo/bin/shca", "assess", "acme/export.json", "-", "--baseline", "fedramp-high", "--out=acme-out", "-o", "acme", "--format=csv,md", "--marking", "ACME", "--now", "2026-01-01T00:00:00Z", "--baseline=acme corp", "-oacme", "--quiet", "--", "acme.gz"})
	want := []string{"shca", "assess", r.Path("acme/export.json"), "-", "--baseline", "fedramp-high", "--out=" + r.Path("acme-out"), "-o", r.Path("acme"), "--format=csv,md", "--marking", "redacted", "--now", "2026-01-01T00:00:00Z", "--baseline=redacted", r.Path("-oacme"), "--quiet", "--", r.Path("acme.gz")}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, tc := range []struct{ in, want []string }{ // the value of --redact comes after an equals sign
		{[]string{"shca", "assess", "--redact", "--baseline", "low", "a"}, []string{"shca", "assess", "--redact", "--baseline", "low", r.Path("a")}},
		{[]string{"shca", "assess", "--redact", "a.json"}, []string{"shca", "assess", "--redact", r.Path("a.json")}},
		{[]string{"shca", "assess", "--redact=acme", "a.json"}, []string{"shca", "assess", "--redact=" + r.Path("acme"), r.Path("a.json")}},
	} {
		if d := cmp.Diff(tc.want, r.Command(tc.in)); d != "" {
			t.Errorf("%q (-want +got):\n%s", tc.in, d)
		}
	}
	if strings.Contains(strings.Join(got, " "), "acme") {
		t.Errorf("%q tells a name", got)
	}
}

func TestKeys(t *testing.T) {
	file := filepath.Join(t.TempDir(), "redact.key")
	key, made, err := redact.ReadKey(file)
	if err != nil || !made {
		t.Fatalf("made %v, error %v", made, err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if again, made, err := redact.ReadKey(file); again != key || made || err != nil {
		t.Errorf("the second time: the same %v, made %v, error %v", again == key, made, err)
	}
	if other, _, err := redact.ReadKey(file + "2"); other == key || err != nil {
		t.Errorf("two new keys are the same, or %v", err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if printed := fmt.Sprintf("%v %+v %#v %s", key, key, key, key); strings.Contains(printed, fmt.Sprintf("%x", key[:4])) || strings.Contains(printed, fmt.Sprint(key[0], key[1])) {
		t.Errorf("a key prints as %s", printed)
	}
	for _, bad := range []string{"", "key", strings.Repeat("0", 64), string(text[:len(text)-3]), string(text) + "x", strings.Repeat("g", 64)} {
		if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, made, err := redact.ReadKey(file); err == nil || made || !strings.Contains(err.Error(), file) {
			t.Errorf("%q was read as a key: %v", bad, err)
		}
	}
	if _, made, err := redact.ReadKey(filepath.Join(t.TempDir(), "typo", "key")); err == nil || made {
		t.Error("a directory that does not exist was made for a key")
	}
	if _, _, err := redact.ReadKey(t.TempDir()); err == nil {
		t.Error("a directory was read as a key")
	}
}

// TestConcurrent: many goroutines make the same of the same.
func TestConcurrent(t *testing.T) {
	r, want := newRedactor(1), newRedactor(1)
	t.Run("all", func(t *testing.T) {
		for range 8 {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for range 500 {
					id := fmt.Sprintf("%012d", rand.IntN(50))
					if got := r.ID("arn:aws:s3::" + id + ":acme"); got != want.ID("arn:aws:s3::"+id+":acme") {
						t.Errorf("%s became %s", id, got)
					}
				}
			})
		}
	})
}
