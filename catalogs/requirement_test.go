package catalogs_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
)

func TestRequirement(t *testing.T) {
	type controls = []shca.ControlID
	const p = "NIST-800-53-Revision-5 "
	list63 := p + "ac_2_1 ac_3 ac_3_15 ac_4_21 ac_6_10 au_2" // 63 characters: the last may be au_2_b
	for _, tc := range []struct {
		in   string
		want controls
		cut  bool
	}{
		// AWS Security Hub
		{in: "NIST.800-53.r5 AC-2(1)", want: controls{"ac-2.1"}},
		{in: "NIST.800-53.r5 AC-2", want: controls{"ac-2"}},
		{in: "NIST.800-53.r5 SC-7(4)(a)", want: controls{"sc-7.4"}},
		{in: "NIST.800-53.r5 AC-2 (1)", want: controls{"ac-2.1"}},
		{in: "nist.800-53.R5 ac-02(01)", want: controls{"ac-2.1"}},
		{in: "  NIST.800-53.r5  AC-2  ", want: controls{"ac-2"}},
		{in: "NIST.800-53.r5 ZZ-99(9)", want: controls{"zz-99.9"}}, // form only
		// Prowler
		{in: p + "ac_2_1 ac_3 ac_3_15", want: controls{"ac-2.1", "ac-3", "ac-3.15"}},
		{in: p + "ac_2_3_a ac_2_3_b ac_2_d_1 ac_2", want: controls{"ac-2.3", "ac-2"}},
		{in: p + "ac_2 ???", want: controls{"ac-2"}, cut: true}, // what cannot be read may be a control
		{in: list63[:50], want: controls{"ac-2.1", "ac-3", "ac-3.15", "ac-4.21"}},
		{in: list63, want: controls{"ac-2.1", "ac-3", "ac-3.15", "ac-4.21", "ac-6.10"}, cut: true},
		{in: list63 + "_", want: controls{"ac-2.1", "ac-3", "ac-3.15", "ac-4.21", "ac-6.10"}, cut: true},
		// people
		{in: "NIST SP 800-53 Rev. 5 AC-2", want: controls{"ac-2"}},
		{in: "NIST SP 800-53 Rev 5: AC-2(1)", want: controls{"ac-2.1"}},
		{in: "NIST 800-53 Revision 5 AC-2", want: controls{"ac-2"}},
		{in: "NIST SP 800-53 r5.1.1 AC-2", want: controls{"ac-2"}},
		// other frameworks
		{in: "NIST.800-53.r4 AC-2"},
		{in: "NIST-800-53-Revision-4 ac_2"},
		{in: "NIST SP 800-53 Rev. 4 AC-2"},
		{in: "NIST.800-53.r50 AC-2"},
		{in: "NIST.800-171.r2 3.1.1"},
		{in: "NIST.800-53 AC-2"},
		{in: "NIST-CSF-1.1 ac_1"},
		{in: "PCI DSS v3.2.1/2.1"},
		{in: "CIS AWS Foundations Benchmark v1.4.0/1.16"},
		{in: "AC-2(1)"},
		{in: ""},
	} {
		t.Run(tc.in, func(t *testing.T) {
			got, cut, err := nist(t).Requirement(tc.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
			if cut != tc.cut {
				t.Errorf("cut = %v, want %v", cut, tc.cut)
			}
		})
	}
	if len(list63) != 63 {
		t.Errorf("the string that is meant to have 63 characters has %d", len(list63))
	}
}

func TestRequirementErrors(t *testing.T) {
	for _, in := range []string{
		"NIST.800-53.r5",
		"NIST.800-53.r5 ",
		"NIST.800-53.r5 nonsense",
		"NIST.800-53.r5 AC-2 AC-3", // one control per string
		"NIST.800-53.r5 S3.8",
		"NIST-800-53-Revision-5",
		"NIST-800-53-Revision-5 2.1 ???",
		"NIST-800-53-Revision-5 " + strings.Repeat("a", 60),
		"NIST SP 800-53 Rev. 5, Table 3",
	} {
		got, _, err := nist(t).Requirement(in)
		if err == nil {
			t.Errorf("Requirement(%q) = %v, want an error", in, got)
			continue
		}
		if quoted := strings.TrimSpace(in)[:14]; !strings.Contains(err.Error(), quoted) {
			t.Errorf("Requirement(%q): error %q does not quote it", in, err)
		}
	}
}

func TestIsStandard(t *testing.T) {
	f := nist(t)
	for id, want := range map[string]bool{
		"standards/nist-800-53/v/5.0.0":                                               true,
		"arn:aws:securityhub:us-east-1::standards/nist-800-53/v/5.0.0":                true,
		"arn:aws-us-gov:securityhub:us-gov-west-1::standards/nist-800-53/v/5.0.0":     true,
		"arn:aws:securityhub:us-east-1:123456789012:subscription/nist-800-53/v/5.0.0": true,
		"arn:aws:securityhub:us-east-1:123456789012:control/nist-800-53/v/5.0.0/S3.8": true,
		"nist-800-53/v/5.0.0":            true,
		"nist-800-53/v/5.0.0/S3.8":       true,
		"NIST-800-53-Revision-5":         true,
		"":                               false,
		"nist-800-53/v/4.0.0/S3.8":       false,
		"nist-800-53/v/50.0.0":           false,
		"nist-800-53/v/":                 false,
		"xnist-800-53/v/5.0.0":           false,
		"standards/nist-800-171/v/2.0.0": false,
		"NIST-800-53-Revision-4":         false,
		"security-control/S3.8":          false,
		"aws-foundational-security-best-practices/v/1.0.0/S3.8":               false,
		"arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0": false,
	} {
		if got := f.IsStandard(id); got != want {
			t.Errorf("IsStandard(%q) = %v, want %v", id, got, want)
		}
	}
}

// FuzzRequirement: whatever the string, ids are in OSCAL spelling and without
// duplicates, and there is an error or ids or neither, never both.
func FuzzRequirement(f *testing.F) {
	for _, s := range []string{
		"NIST.800-53.r5 AC-2(1)",
		"NIST-800-53-Revision-5 ac_2_1 ac_3 ac_3_15 ac_4_21 ac_6_10 au_2",
		"NIST SP 800-53 Rev. 5: AC-2",
		"NIST.800-53.r4 AC-2",
		"NIST.800-53.r5 \xff",
		"PCI DSS v3.2.1/2.1",
	} {
		f.Add(s)
	}
	framework := nist(f)
	f.Fuzz(func(t *testing.T, s string) {
		ids, _, err := framework.Requirement(s)
		if err != nil && ids != nil {
			t.Fatalf("Requirement(%q) = %v and an error: %v", s, ids, err)
		}
		seen := map[shca.ControlID]bool{}
		for _, id := range ids {
			if back, part, err := shca.ParseControlID(string(id)); back != id || part != "" || err != nil {
				t.Errorf("Requirement(%q) has %q, which reads as %q, %q, %v", s, id, back, part, err)
			}
			if seen[id] {
				t.Errorf("Requirement(%q) = %v has %q twice", s, ids, id)
			}
			seen[id] = true
		}
		framework.IsStandard(s)
	})
}
