package shca_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
)

func TestParseControlID(t *testing.T) {
	for _, tc := range []struct {
		in   string
		id   shca.ControlID
		part string
	}{
		// NIST's own, zero-padded, spaced
		{"AC-2", "ac-2", ""},
		{"AC-2(1)", "ac-2.1", ""},
		{"AC-02", "ac-2", ""},
		{"AC-02(01)", "ac-2.1", ""},
		{"AC-2 (1)", "ac-2.1", ""},
		{"AC-02 (01)", "ac-2.1", ""},
		{"ac-2(1)", "ac-2.1", ""},
		{"Ac-2(1)", "ac-2.1", ""},
		{" \tAC-2(1)\n", "ac-2.1", ""},
		{"SA-10", "sa-10", ""},
		{"SC-7(29)", "sc-7.29", ""},
		{"ZZ-999(999)", "zz-999.999", ""},
		// OSCAL
		{"ac-2", "ac-2", ""},
		{"ac-2.1", "ac-2.1", ""},
		{"ac-2.10", "ac-2.10", ""},
		{"ac-02.01", "ac-2.1", ""},
		{"ac-2_smt", "ac-2", ""},
		{"ac-2_smt.k", "ac-2", "k"},
		{"ac-2_smt.d.1", "ac-2", "d.1"},
		{"ac-2_smt.1", "ac-2", "1"},
		{"ac-2.3_smt", "ac-2.3", ""},
		{"ac-2.3_smt.a", "ac-2.3", "a"},
		{"ac-2.3_smt.1", "ac-2.3", "1"},
		// ASFF RelatedRequirements
		{"NIST.800-53.r5 AC-2(1)", "ac-2.1", ""},
		{"NIST.800-53.r5 AC-2", "ac-2", ""},
		{"nist.800-53.R5 ac-2", "ac-2", ""},
		{"NIST.800-53.r5 SC-7(4)(a)", "sc-7.4", "a"},
		// with a part of the statement
		{"SC-7(4)(a)", "sc-7.4", "a"},
		{"SC-7 (4) (a)", "sc-7.4", "a"},
		{"AC-2(a)", "ac-2", "a"},
		{"AC-2(d)(1)", "ac-2", "d.1"},
		{"AC-1(a)(1)(a)", "ac-1", "a.1.a"},
		{"AC-2d", "ac-2", "d"},
		{"AC-2d.1", "ac-2", "d.1"},
		{"AC-2a.", "ac-2", "a"},
		{"AC-2 a.", "ac-2", "a"},
		// Prowler
		{"ac_2", "ac-2", ""},
		{"ac_2_1", "ac-2.1", ""},
		{"ac_2_3_a", "ac-2.3", "a"},
		{"ac_2_d_1", "ac-2", "d.1"},
		{"si_13_5", "si-13.5", ""},
	} {
		id, part, err := shca.ParseControlID(tc.in)
		if id != tc.id || part != tc.part || err != nil {
			t.Errorf("ParseControlID(%q) = %q, %q, %v; want %q, %q", tc.in, id, part, err, tc.id, tc.part)
		}
	}
}

func TestParseControlIDErrors(t *testing.T) {
	for _, in := range []string{
		"", " ", "-", "AC", "AC-", "AC-0", "AC-00", "AC-2(", "AC-2()", "AC-2(0)", "AC-2(1", "AC-2(1))", "AC-2)",
		"AC-2(1)(2)", "AC-2.1.2", "ac_2_1_2", "AC-2(1000)", "AC-1000", "AC-00002", "AC-2-1", "AC-2--1", "AC--2",
		"A-2", "ACC-2", "AC2", "AC 2", "A1-2", "2-AC", "-2", "AC-x", "AC-2.", "AC-2_", "AC-2(ab)", "AC-2ab", "AC-2 1",
		"AC-2 Account Management", "AC-2, AC-3", "AC-2 AC-3", "AC-2/AC-3", "ac-2_obj.a-1", "ac-2_smt_smt", "ac-02_odp.01",
		"NIST.800-53.r5", "NIST.800-53.r5 ", "NIST.800-53.r4 AC-2", "NIST.800-53.r5 NIST.800-53.r5 AC-2", "NIST.800-171.r2 3.1.1",
		"S3.8", "EC2.19", "IAM.1", "2.1", "1.2.3", "CIS 1.2", "PCI DSS 3.2.1/2.1",
		"ÄC-2", "AC‑2", "AC-２", "AC-2(１)", "АС-2", "AC-2\u00a0(1)", "\u212ac-2", "AC-2(\u212a)", "AC-2\xff", "AC-2\x00",
		"AC-" + strings.Repeat("0", 1000) + "2", "AC-2" + strings.Repeat("(a", 1000), strings.Repeat("AC-2 ", 100_000),
	} {
		id, part, err := shca.ParseControlID(in)
		if err == nil || id != "" || part != "" {
			t.Errorf("ParseControlID(%.100q) = %q, %q, %v; want only an error", in, id, part, err)
			continue
		}
		if len(err.Error()) > 1000 {
			t.Errorf("ParseControlID(%.100q): the error has %d bytes", in, len(err.Error()))
		}
	}
	if _, _, err := shca.ParseControlID("S3.8"); !strings.Contains(err.Error(), `"S3.8"`) {
		t.Errorf("error %q does not quote the text", err)
	}
}

func TestControlIDLabel(t *testing.T) {
	for id, want := range map[shca.ControlID][2]string{
		"ac-2":    {"AC-2", "AC"},
		"ac-2.1":  {"AC-2(1)", "AC"},
		"sc-7.29": {"SC-7(29)", "SC"},
		"":        {"", ""},
	} {
		if got := [2]string{id.Label(), id.Family()}; got != want {
			t.Errorf("label and family of %q are %q, want %q", id, got, want)
		}
	}
}

func TestControlIDCompare(t *testing.T) {
	want := []shca.ControlID{"", "ac-1", "ac-2", "ac-2.1", "ac-2.2", "ac-2.10", "ac-3", "ac-10", "at-1", "sc-7", "sc-7.4", "sc-28"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, shca.ControlID.Compare)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	for i, a := range want {
		for k, b := range want {
			if got, sign := a.Compare(b), min(1, max(-1, i-k)); got != sign {
				t.Errorf("%q.Compare(%q) = %d, want %d", a, b, got, sign)
			}
		}
	}
}

// FuzzParseControlID: no text panics; what is read has the OSCAL form, and its
// label, and the id itself, read as the same id without a part.
func FuzzParseControlID(f *testing.F) {
	for _, s := range []string{
		"AC-2(1)", "AC-02(01)", "AC-2 (1)", "ac-2.1", "ac-2_smt.a", "NIST.800-53.r5 AC-2(1)", "SC-7(4)(a)", "AC-2d.1", "ac_2_1",
		"", "AC-", "AC-0", "AC-2(", "S3.8", "2.1", "AC-2(1)(2)", "CIS 1.2", "\u212ac-2", "AC-\xff",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, part, err := shca.ParseControlID(s)
		if err != nil {
			if id != "" || part != "" {
				t.Errorf("ParseControlID(%q) = %q, %q and an error: %v", s, id, part, err)
			}
			return
		}
		if strings.ToLower(string(id)) != string(id) || len(id) < 4 || id[2] != '-' {
			t.Errorf("ParseControlID(%q) = %q, which is not OSCAL's form", s, id)
		}
		for _, spelling := range []string{string(id), id.Label(), "NIST.800-53.r5 " + id.Label(), strings.NewReplacer("-", "_", ".", "_").Replace(string(id))} {
			if again, rest, err := shca.ParseControlID(spelling); again != id || rest != "" || err != nil {
				t.Errorf("%q reads as %q, but %q as %q, %q, %v", s, id, spelling, again, rest, err)
			}
		}
		if part != "" {
			if again, same, err := shca.ParseControlID(string(id) + "_smt." + part); again != id || same != part || err != nil {
				t.Errorf("%q reads as %q part %q, but the statement's id as %q, %q, %v", s, id, part, again, same, err)
			}
		}
	})
}
