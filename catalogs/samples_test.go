package catalogs_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca/catalogs"
)

// TestPublishedProfiles resolves the profiles that NIST and FedRAMP publish.
// They are not part of the project: set SHCA_SAMPLES to a directory that has
// them in oscal/profiles.
func TestPublishedProfiles(t *testing.T) {
	dir := os.Getenv("SHCA_SAMPLES")
	if dir == "" {
		t.Skip("SHCA_SAMPLES is not set")
	}
	f := catalogs.Frameworks()[0]
	for _, tc := range []struct {
		file     string
		baseline string
		want     int
	}{
		{"NIST_SP-800-53_rev5_LOW-baseline_profile.json", "low", 149},
		{"NIST_SP-800-53_rev5_MODERATE-baseline_profile.json", "moderate", 287},
		{"NIST_SP-800-53_rev5_HIGH-baseline_profile.json", "high", 370},
		{"NIST_SP-800-53_rev5_PRIVACY-baseline_profile.json", "privacy", 96},
		{"FedRAMP_rev5_LI-SaaS-baseline_profile.json", "fedramp-li-saas", 156},
		{"FedRAMP_rev5_LOW-baseline_profile.json", "fedramp-low", 156},
		{"FedRAMP_rev5_MODERATE-baseline_profile.json", "fedramp-moderate", 323},
		{"FedRAMP_rev5_HIGH-baseline_profile.json", "fedramp-high", 410},
	} {
		t.Run(tc.file, func(t *testing.T) {
			got, err := catalogs.ResolveProfile(filepath.Join(dir, "oscal/profiles", tc.file), catalogs.ProfileOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if n := len(got.Baseline.Controls); n != tc.want {
				t.Errorf("selects %d controls, want %d", n, tc.want)
			}
			embedded, _ := f.Baseline(tc.baseline)
			if diff := cmp.Diff(embedded.Controls, got.Baseline.Controls); diff != "" {
				t.Errorf("differs from the embedded baseline (-embedded +profile):\n%s", diff)
			}
		})
	}
}

// TestPublishedCatalog reads a resolved catalog of NIST's and compares it with
// the embedded facts.
func TestPublishedCatalog(t *testing.T) {
	dir := os.Getenv("SHCA_SAMPLES")
	if dir == "" {
		t.Skip("SHCA_SAMPLES is not set")
	}
	c, err := catalogs.ReadCatalog(filepath.Join(dir, "oscal/catalogs/NIST_SP-800-53_rev5_LOW-baseline-resolved-profile_catalog-min.json"))
	if err != nil {
		t.Fatal(err)
	}
	f := catalogs.Frameworks()[0]
	low, _ := f.Baseline("low")
	if diff := cmp.Diff(low.Controls, ids(c.Controls())); diff != "" {
		t.Errorf("controls (-embedded +catalog):\n%s", diff)
	}
	for _, got := range c.Controls() {
		want, _ := f.Catalog.Control(got.ID)
		if got.Title != want.Title {
			t.Errorf("%s: title %q, embedded %q", got.ID, got.Title, want.Title)
		}
		if g, w := c.FamilyTitle(got.ID.Family()), f.Catalog.FamilyTitle(got.ID.Family()); g != w {
			t.Errorf("family %s: title %q, embedded %q", got.ID.Family(), g, w)
		}
	}
}
