package redact_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-shca/shca"
)

// FuzzFinding puts a secret, with anything before and behind it, into every
// field of a finding. It has a character that no public name has, so nothing of
// it may stay.
func FuzzFinding(f *testing.F) {
	for i, around := range []string{"", "/", "arn:aws:s3:::", "arn:aws:securityhub:eu-west-1::product/aws/", "security-control/", "https://docs.aws.amazon.com/",
		"NIST.800-53.r5 ", "Software and Configuration Checks/", "standards/nist-800-53/v/5.0.0/", "111122223333", "AWS::::Account:", "config-rule/securityhub-", "\xff\x00\u2028", `"\`, "a@b.c "} {
		f.Add(around, "", byte(i))
		f.Add("", around, byte(i))
		f.Add(around, around, byte(i))
	}
	r := newRedactor(1)
	f.Fuzz(func(t *testing.T, before, behind string, kind byte) {
		const secret = "Zq9~vault7"
		one := before + secret + behind
		many := []string{one, before, secret, behind}
		in := &shca.Finding{
			Source: []string{shca.SourceASFF, shca.SourceOCSF, "other"}[kind%3], ID: one, ProductARN: one, ProductName: one, GeneratorID: one,
			AccountID: one, AccountName: one, Region: one, Partition: one, Check: shca.CheckID(one), Standards: many, Requirements: many, ConfigRule: one,
			Status: []shca.ComplianceStatus{"FAILED", "", shca.ComplianceStatus(one)}[kind/3%3], StatusReasons: []shca.StatusReason{{Code: one, Description: " " + secret + " "}},
			Workflow: one, RecordState: one, Types: many, Title: before + " " + secret + " " + behind, Description: "(" + secret + ")",
			Remediation: shca.Remediation{Text: secret, URL: one}, Note: shca.Note{Text: one, UpdatedBy: one},
			Resources: []shca.Resource{{ID: one, Type: one, Region: one, Partition: one}, {ID: secret}},
			UpdatedAt: time.Unix(1e9, 0).UTC(), Raw: []byte(one),
		}
		if kind/9%2 == 1 {
			in.ProductARN = "arn:aws:securityhub:eu-west-1::product/aws/securityhub"
		}
		out, err := r.Finding(in)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(out.Raw) {
			t.Errorf("%q is no JSON", out.Raw)
		}
		if text := strings.ToLower(fmt.Sprintf("%+v %s", *out, out.Raw)); strings.Contains(text, "zq9~") || strings.Contains(text, "~vault7") {
			t.Errorf("%q: the secret is in %s", one, text)
		}
		// What differs, differs still.
		other, err := r.Finding(&shca.Finding{Source: in.Source, ID: one + "x", AccountID: one + "x", ProductARN: in.ProductARN, Check: shca.CheckID(one + "x"), Resources: []shca.Resource{{ID: one + "x"}}})
		if err != nil {
			t.Fatal(err)
		}
		if other.ID == out.ID || other.AccountID == out.AccountID || other.Check == out.Check || other.Resources[0].ID == out.Resources[0].ID {
			t.Errorf("%q and the same with an x have the same pseudonym: %+v", one, other)
		}
		for _, text := range []string{r.Text(one, []string{secret}), r.ID(one), r.Path(one), r.Path(before + "/" + one), strings.Join(r.Command([]string{one, one, "--" + one, "--baseline", one}), " ")} {
			if before == "" && behind == "" && strings.Contains(text, "Zq9~") {
				t.Errorf("%q became %q", one, text)
			}
		}
	})
}
