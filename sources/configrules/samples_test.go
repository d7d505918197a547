package configrules

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
)

// TestSamples reads a directory of real files, if SHCA_SAMPLES names one: every
// file in config/ gives what is listed here, and no other file is taken for
// AWS Config's.
func TestSamples(t *testing.T) {
	dir := os.Getenv("SHCA_SAMPLES")
	if dir == "" {
		t.Skip("SHCA_SAMPLES names no directory of samples")
	}
	type outcome struct {
		lines []string
		times []string
		note  string
	}
	want := map[string]outcome{
		"awscli-get-compliance-details-by-config-rule-1.json": {[]string{
			"FAILED instancetypesaret2micro AWS::EC2::Instance i-1a2b3c4d",
			"FAILED instancetypesaret2micro AWS::EC2::Instance i-2a2b3c4d",
			"FAILED instancetypesaret2micro AWS::EC2::Instance i-3a2b3c4d",
		}, []string{"2015-12-17T01:10:45.261Z", "2015-12-17T01:10:45.18Z", "2015-12-17T01:10:43.346Z"}, placeless},
		"awsdocs-describe-conformance-pack-compliance-lowercamel.json": {[]string{
			"FAILED rulename1 AWS::Config::ConfigRule awsconfigconforms-RuleName1-conformance-pack-ID MyConformancePack1",
			"PASSED rulename2 AWS::Config::ConfigRule awsconfigconforms-RuleName2-conformance-pack-ID MyConformancePack1",
		}, []string{"", ""}, placeless},
		"awsdocs-get-conformance-pack-compliance-details-lowercamel-REPAIRED.json": {[]string{
			"FAILED rulename1 AWS::::Account resourceID MyConformancePack1",
			"PASSED rulename2 AWS::EC2::SecurityGroup resourceID MyConformancePack1",
		}, []string{"2019-07-17T06:07:51Z", "2019-07-12T06:08:06Z"}, placeless},
		"c7n-placebo-test_config_compliance-GetComplianceDetailsByConfigRule.json": {[]string{
			"FAILED custodian-good-vol AWS::EC2::Volume vol-0c6efd2a9f5677a03",
		}, []string{"2018-07-11T08:20:23.955Z"}, placeless},
		"fedramp-fetcher-describe-conformance-pack-compliance.json": {[]string{
			"FAILED access-keys-rotated AWS::Config::ConfigRule access-keys-rotated-conformance-pack-qx4bki4j7 test-pack",
			"PASSED s3-bucket-ssl-requests-only AWS::Config::ConfigRule s3-bucket-ssl-requests-only-conformance-pack-qx4bki4j7 test-pack",
			"PASSED custom-rule AWS::Config::ConfigRule custom-rule-conformance-pack-qx4bki4j7 test-pack",
		}, []string{"", "", ""}, placeless},
		"fedramp-fetcher-get-conformance-pack-compliance-details.json": {[]string{
			"FAILED access-keys-rotated AWS::IAM::User alice test-pack",
		}, []string{"2026-01-01T00:00:01Z"}, placeless},
		"skeleton-GetConformancePackComplianceSummary.json": {[]string{}, nil,
			"holds the compliance of 1 conformance pack as a whole, which names no rule: no findings were made of that"},
	}
	files, err := os.ReadDir(filepath.Join(dir, "config"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(want) {
		t.Errorf("%d files, want %d", len(files), len(want))
	}
	var all shca.Tally
	for _, file := range files {
		path := filepath.Join(dir, "config", file.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !Is(text) {
			t.Errorf("%s: not recognised", file.Name())
		}
		r := collectFrom(&Source{Name: "in", Open: func() (io.ReadCloser, error) { return os.Open(path) }})
		got := outcome{lines: r.lines(t)}
		for _, f := range r.findings {
			all = all.Plus(f.Tally())
			at := ""
			if !f.Observed().IsZero() {
				at = f.Observed().Format("2006-01-02T15:04:05.999Z07:00")
			}
			got.times = append(got.times, at)
		}
		for _, s := range r.scopes {
			got.note += s.Note + s.Err
		}
		if d := cmp.Diff(want[file.Name()], got, cmp.AllowUnexported(outcome{})); d != "" || len(r.errors) > 0 {
			t.Errorf("%s (-want +got), errors %v:\n%s", file.Name(), r.errors, d)
		}
	}
	if want := (shca.Tally{Passed: 4, Failed: 8}); all != want {
		t.Errorf("findings by status %+v, want %+v", all, want)
	}
	for _, folder := range []string{"asff", "ocsf", "auditmanager", "derived", "oscal", "models"} {
		paths, err := filepath.Glob(filepath.Join(dir, folder, "*"))
		if err != nil || len(paths) == 0 {
			t.Errorf("%s holds %d files, error %v", folder, len(paths), err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err == nil && Is(text) {
				t.Errorf("%s: is taken for AWS Config's", path)
			}
		}
	}
}
