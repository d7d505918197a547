package ocsf

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/stream"
)

// TestSamples reads events of AWS, Prowler and others from a directory of real
// files, if SHCA_SAMPLES names one.
func TestSamples(t *testing.T) {
	dir := os.Getenv("SHCA_SAMPLES")
	if dir == "" {
		t.Skip("SHCA_SAMPLES names no directory of samples")
	}
	type counts struct {
		Tally    shca.Tally
		Unscored int
		Checks   []shca.CheckID
	}
	want := map[string]counts{
		"dojo-prowlerv3plus-one_vuln.ocsf.json": {
			Tally:  shca.Tally{Failed: 1},
			Checks: []shca.CheckID{"prowler-iam_role_administratoraccess_policy_permissive_trust_relationship"},
		},
		"elastic-securityhubv2-compliance-4.ndjson": {
			Tally:  shca.Tally{Passed: 3, Failed: 1},
			Checks: []shca.CheckID{"IAM.1", "KMS.1", "SQS.1", "SQS.3"},
		},
		"elastic-securitylake-rc2-EC2.19.json": {
			Tally:  shca.Tally{Passed: 1},
			Checks: []shca.CheckID{"EC2.19"},
		},
		"ocsfex-1.1.0-sechub-guardduty.json": {
			Unscored: 1,
			Checks:   []shca.CheckID{"arn:aws:guardduty:us-east-2:111111111111:detector/1ac1bfceda6679698215d5d0EXAMPLE"},
		},
		"ocsfex-1.1.0-sechub-pci.json": {
			Tally:  shca.Tally{Failed: 1},
			Checks: []shca.CheckID{"Config.1"},
		},
		"ocsfex-prowler.json": {
			Tally:  shca.Tally{Passed: 1},
			Checks: []shca.CheckID{"prowler-acm_certificates_expiration_check"},
		},
		"prowler-example_output_aws.ocsf.json": {
			Tally: shca.Tally{Failed: 2, NotAvailable: 3},
			Checks: []shca.CheckID{
				"prowler-accessanalyzer_enabled", "prowler-account_maintain_current_contact_details",
				"prowler-account_maintain_different_contact_details_to_security_billing_and_operations",
				"prowler-account_security_contact_information_is_registered",
				"prowler-account_security_questions_are_registered_in_the_aws_account",
			},
		},
		"prowlerdoc-reporting-1.json": {
			Tally:  shca.Tally{Failed: 1},
			Checks: []shca.CheckID{"prowler-ecs_task_definitions_no_environment_secrets"},
		},
	}
	files, err := filepath.Glob(filepath.Join(dir, "ocsf", "*"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]counts{}
	for _, path := range files {
		name := filepath.Base(path)
		source := &stream.Source{
			Name: name, Formats: []stream.Format{Format},
			Open: func() (io.ReadCloser, error) { return os.Open(path) },
		}
		var c counts
		for record, err := range source.Records(context.Background()) {
			f := record.Finding
			switch {
			case err != nil:
				t.Errorf("%s: %v", name, err)
				continue
			case f == nil:
				t.Errorf("%s: scope %+v", name, record.Scope)
				continue
			case f.Status == shca.NoStatus:
				c.Unscored++
			}
			c.Tally = c.Tally.Plus(f.Tally())
			c.Checks = append(c.Checks, f.Check)
			if f.AccountID == "" || f.Region == "" || f.Partition == "" || f.Severity == shca.SeverityUnknown || f.UpdatedAt.IsZero() || f.UpdatedAt.Year() < 2020 || len(f.Resources) != 1 || f.Resources[0].ID == "" || f.Title == "" || f.Remediation.URL == "" && f.Check != c.Checks[0] {
				t.Errorf("%s: finding lacks a member: %+v", name, f)
			}
			if name == "ocsfex-prowler.json" && !slices.Contains(f.Requirements, "NIST-800-53-Revision-5 sc_7_12 sc_7_16") {
				t.Errorf("%s: requirements %q", name, f.Requirements)
			}
		}
		slices.SortFunc(c.Checks, shca.CheckID.Compare)
		got[name] = c
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("counts by file (-want +got):\n%s", d)
	}
}
