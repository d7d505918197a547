package catalogs_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
)

func nist(t testing.TB) *catalogs.Framework {
	t.Helper()
	f, err := catalogs.Find("nist-800-53-r5")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func ids(controls []catalogs.Control) []shca.ControlID {
	var out []shca.ControlID
	for _, c := range controls {
		out = append(out, c.ID)
	}
	return out
}

func TestFind(t *testing.T) {
	for _, f := range catalogs.Frameworks() {
		if got, err := catalogs.Find(f.Name); err != nil || got.Title != f.Title {
			t.Errorf("Find(%q) = %v, %v; want %q", f.Name, got, err, f.Title)
		}
	}
	_, err := catalogs.Find("nist-800-53-r4")
	if err == nil || !strings.Contains(err.Error(), "nist-800-53-r4") || !strings.Contains(err.Error(), "nist-800-53-r5") {
		t.Errorf("Find of an unknown name: error %v, want one that has the name and those there are", err)
	}
}

func TestCatalog(t *testing.T) {
	c := nist(t).Catalog
	for _, want := range []catalogs.Control{
		{ID: "ac-2", Title: "Account Management"},
		{ID: "ac-2.1", Title: "Automated System Account Management", Parent: "ac-2"},
		{ID: "ac-3.6", Title: "Protection of User and System Information", Parent: "ac-3", Withdrawn: true, ReplacedBy: []string{"mp-4", "sc-28"}},
		{ID: "sc-19", Title: "Voice Over Internet Protocol", Withdrawn: true},
		{ID: "sa-24", Title: "Design for Cyber Resiliency", Since: "5.2.0"},
	} {
		got, ok := c.Control(want.ID)
		if !ok {
			t.Errorf("Control(%q): not there", want.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Control(%q) (-want +got):\n%s", want.ID, diff)
		}
	}
	for _, id := range []shca.ControlID{"", "AC-2", "ac-99", "ac-2.99", "S3.8"} {
		if got, ok := c.Control(id); ok {
			t.Errorf("Control(%q) = %v, want none", id, got)
		}
	}
	for family, want := range map[string]string{"AC": "Access Control", "sr": "Supply Chain Risk Management", "XX": "", "": ""} {
		if got := c.FamilyTitle(family); got != want {
			t.Errorf("FamilyTitle(%q) = %q, want %q", family, got, want)
		}
	}
}

// TestCatalogLaws checks what holds for every control.
func TestCatalogLaws(t *testing.T) {
	c := nist(t).Catalog
	controls := c.Controls()
	withdrawn := 0
	for i, control := range controls {
		id, part, err := shca.ParseControlID(control.ID.Label())
		if id != control.ID || part != "" || err != nil {
			t.Errorf("label %q of %q reads as %q, %q, %v", control.ID.Label(), control.ID, id, part, err)
		}
		if got, ok := c.Control(control.ID); !ok || !cmp.Equal(got, control) {
			t.Errorf("Control(%q) = %v, %v; Controls has %v", control.ID, got, ok, control)
		}
		if control.Title == "" || control.Title != strings.Join(strings.Fields(control.Title), " ") {
			t.Errorf("%s: title %q", control.ID, control.Title)
		}
		if c.FamilyTitle(control.ID.Family()) == "" {
			t.Errorf("%s: family %q has no title", control.ID, control.ID.Family())
		}
		if parent, ok := c.Control(control.Parent); control.Parent != "" && (!ok || c.Compare(parent.ID, control.ID) >= 0) {
			t.Errorf("%s: parent %q is not there or comes later", control.ID, control.Parent)
		}
		if i > 0 && (c.Compare(controls[i-1].ID, control.ID) != -1 || c.Compare(control.ID, controls[i-1].ID) != +1) {
			t.Errorf("%s and %s are not in the order of Compare", controls[i-1].ID, control.ID)
		}
		if control.Withdrawn {
			withdrawn++
		}
		if len(control.ReplacedBy) > 0 && !control.Withdrawn {
			t.Errorf("%s is replaced by %v but not withdrawn", control.ID, control.ReplacedBy)
		}
		for _, by := range control.ReplacedBy {
			id, _, err := shca.ParseControlID(by)
			if _, ok := c.Control(id); (err != nil || !ok) && c.FamilyTitle(by) == "" {
				t.Errorf("%s is replaced by %q: no control and no family", control.ID, by)
			}
		}
	}
	if len(controls) != 1196 || withdrawn != 182 {
		t.Errorf("%d controls, %d withdrawn; want 1196 and 182", len(controls), withdrawn)
	}
}

func TestCompareOutsideCatalog(t *testing.T) {
	c := nist(t).Catalog
	got := []shca.ControlID{"zz-10", "ac-99", "sr-12", "zz-9", "ac-2.10", "ac-2.9", "ac-2"}
	slices.SortFunc(got, c.Compare)
	want := []shca.ControlID{"ac-2", "ac-2.9", "ac-2.10", "sr-12", "ac-99", "zz-9", "zz-10"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if c.Compare("ac-2", "ac-2") != 0 || c.Compare("zz-1", "zz-1") != 0 {
		t.Error("an id does not compare equal to itself")
	}
}

func TestBaselines(t *testing.T) {
	f := nist(t)
	got := map[string]int{}
	for _, b := range f.Baselines {
		got[b.Name] = len(b.Controls)
		if b.Title == "" {
			t.Errorf("%s has no title", b.Name)
		}
		for i, id := range b.Controls {
			if c, ok := f.Catalog.Control(id); !ok || c.Withdrawn {
				t.Errorf("%s has %s, which the catalog lacks or withdrew", b.Name, id)
			}
			if i > 0 && f.Catalog.Compare(b.Controls[i-1], id) >= 0 {
				t.Errorf("%s: %s after %s is not catalog order", b.Name, id, b.Controls[i-1])
			}
		}
		if same, ok := f.Baseline(b.Name); !ok || !cmp.Equal(same, b) {
			t.Errorf("Baseline(%q) is not that of Baselines", b.Name)
		}
	}
	want := map[string]int{
		"low": 149, "moderate": 287, "high": 370, "privacy": 96,
		"fedramp-low": 156, "fedramp-moderate": 323, "fedramp-high": 410, "fedramp-li-saas": 156,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sizes (-want +got):\n%s", diff)
	}
	for _, name := range []string{"", "Low", "none", "fedramp"} {
		if b, ok := f.Baseline(name); ok {
			t.Errorf("Baseline(%q) = %v, want none", name, b.Name)
		}
	}
	low, _ := f.Baseline("low")
	moderate, _ := f.Baseline("moderate")
	high, _ := f.Baseline("high")
	for _, pair := range [][2]catalogs.Baseline{{low, moderate}, {moderate, high}} {
		for _, id := range pair[0].Controls {
			if !slices.Contains(pair[1].Controls, id) {
				t.Errorf("%s has %s, %s does not", pair[0].Name, id, pair[1].Name)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	f := nist(t)
	got, ok := f.Check("ACM.1")
	want := catalogs.Check{
		ID:            "ACM.1",
		Severity:      shca.Medium,
		Schedule:      "Change triggered and periodic",
		Controls:      []shca.ControlID{"sc-7.16", "sc-28.3"},
		ResourceTypes: []string{"AWS::ACM::Certificate"},
		ConfigRule:    "acm-certificate-expiration-check",
		Category:      "Protect > Data protection > Encryption of data in transit",
	}
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("Check(ACM.1) (-want +got):\n%s", diff)
	}
	for _, id := range []shca.CheckID{"", "ACM", "S3.999"} {
		if got, ok := f.Check(id); ok {
			t.Errorf("Check(%q) = %v, want none", id, got)
		}
	}
}

// TestCheckLaws checks what holds for every check, and that ChecksFor is the
// inverse of Check.Controls.
func TestCheckLaws(t *testing.T) {
	f := nist(t)
	checks := f.Checks()
	if len(checks) != 297 {
		t.Errorf("%d checks, want 297", len(checks))
	}
	inverse := map[shca.ControlID][]shca.CheckID{}
	var withdrawn []string
	remediated := 0
	for i, c := range checks {
		if i > 0 && checks[i-1].ID.Compare(c.ID) >= 0 {
			t.Errorf("%s after %s is not the order of Compare", c.ID, checks[i-1].ID)
		}
		if got, ok := f.Check(c.ID); !ok || !cmp.Equal(got, c) {
			t.Errorf("Check(%q) is not that of Checks", c.ID)
		}
		if c.Severity < shca.Low || c.Schedule == "" || len(c.Controls) == 0 {
			t.Errorf("%+v: severity, schedule or controls are missing", c)
		}
		if c.AutomatedRemediation {
			remediated++
		}
		for k, id := range c.Controls {
			control, ok := f.Catalog.Control(id)
			if !ok {
				t.Errorf("%s: the catalog has no %s", c.ID, id)
			}
			if control.Withdrawn {
				withdrawn = append(withdrawn, string(c.ID)+" "+id.Label())
			}
			if k > 0 && f.Catalog.Compare(c.Controls[k-1], id) >= 0 {
				t.Errorf("%s: %s after %s is not catalog order", c.ID, id, c.Controls[k-1])
			}
			inverse[id] = append(inverse[id], c.ID)
		}
	}
	if remediated != 64 {
		t.Errorf("%d checks have an automated remediation, want 64", remediated)
	}
	// The user guide's own table names this one; nothing else may.
	if diff := cmp.Diff([]string{"SageMaker.4 SA-13"}, withdrawn); diff != "" {
		t.Errorf("checks of withdrawn controls (-want +got):\n%s", diff)
	}
	for _, c := range f.Catalog.Controls() {
		if diff := cmp.Diff(inverse[c.ID], f.ChecksFor(c.ID)); diff != "" {
			t.Errorf("ChecksFor(%q) (-want +got):\n%s", c.ID, diff)
		}
	}
	if got := f.ChecksFor("zz-1"); got != nil {
		t.Errorf("ChecksFor(zz-1) = %v, want none", got)
	}
	moderate, _ := f.Baseline("moderate")
	covered := 0
	for _, id := range moderate.Controls {
		if len(f.ChecksFor(id)) > 0 {
			covered++
		}
	}
	if covered != 66 {
		t.Errorf("%d controls of the moderate baseline have a check, want 66", covered)
	}
}

func TestCCIs(t *testing.T) {
	f := nist(t)
	rows := 0
	var withdrawn []string
	for _, c := range f.Catalog.Controls() {
		ccis := f.CCIs(c.ID)
		rows += len(ccis)
		for i, cci := range ccis {
			if c.Withdrawn {
				withdrawn = append(withdrawn, cci.ID+" "+c.ID.Label())
			}
			if i > 0 && ccis[i-1].ID >= cci.ID {
				t.Errorf("%s: %s after %s", c.ID, cci.ID, ccis[i-1].ID)
			}
		}
	}
	if rows != 3815 {
		t.Errorf("%d rows, want 3815", rows)
	}
	if diff := cmp.Diff([]string{"CCI-002734 SI-7(13)"}, withdrawn); diff != "" {
		t.Errorf("items of withdrawn controls (-want +got):\n%s", diff)
	}
	got := f.CCIs("ac-1")[:2]
	if diff := cmp.Diff([]catalogs.CCI{{"CCI-000002", "a.1.a"}, {"CCI-000003", "c.1"}}, got); diff != "" {
		t.Errorf("CCIs(ac-1) starts (-want +got):\n%s", diff)
	}
	if got := f.CCIs("zz-1"); got != nil {
		t.Errorf("CCIs(zz-1) = %v, want none", got)
	}
}

// TestCallersCannotChangeFacts writes to everything that the package hands out
// and looks whether another caller sees it.
func TestCallersCannotChangeFacts(t *testing.T) {
	before, f := nist(t), nist(t)
	f.Catalog.Title, f.Catalog.Version = "x", "x"
	f.Name, f.Title, f.Catalog = "", "", nil
	resolved, err := catalogs.ResolveProfile("testdata/profiles/stand-in-file.json", catalogs.ProfileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	resolved.Catalog.Title = "x"
	for i := range f.Baselines {
		f.Baselines[i].Controls[0] = "x"
		f.Baselines[i].Name = "x"
	}
	f = nist(t)
	b, _ := f.Baseline("low")
	b.Controls[0] = "x"
	controls := f.Catalog.Controls()
	for i := range controls {
		for k := range controls[i].ReplacedBy {
			controls[i].ReplacedBy[k] = "x"
		}
		controls[i] = catalogs.Control{}
	}
	one, _ := f.Catalog.Control("ac-3.1")
	one.ReplacedBy[0] = "x"
	for _, c := range f.Checks() {
		c.Controls[0] = "x"
		if len(c.ResourceTypes) > 0 {
			c.ResourceTypes[0] = "x"
		}
	}
	f.ChecksFor("ac-2")[0] = "x"
	f.CCIs("ac-2")[0] = catalogs.CCI{}

	again, err := catalogs.ResolveProfile("testdata/profiles/stand-in-file.json", catalogs.ProfileOptions{})
	if err != nil || again.Catalog.Title == "x" {
		t.Errorf("the stand-in catalog is titled %q, error %v", again.Catalog.Title, err)
	}
	after := nist(t)
	type facts struct {
		Name, Title string
		Catalog     [2]string
		Controls    []catalogs.Control
		Baselines   []catalogs.Baseline
		Checks      []catalogs.Check
		ChecksFor   []shca.CheckID
		CCIs        []catalogs.CCI
	}
	of := func(f *catalogs.Framework) facts {
		return facts{f.Name, f.Title, [2]string{f.Catalog.Title, f.Catalog.Version}, f.Catalog.Controls(), f.Baselines, f.Checks(), f.ChecksFor("ac-2"), f.CCIs("ac-2")}
	}
	if diff := cmp.Diff(of(before), of(after)); diff != "" {
		t.Errorf("facts changed (-before +after):\n%s", diff)
	}
	for _, c := range after.Checks() {
		if c.Controls[0] == "x" {
			t.Fatalf("%s was changed", c.ID)
		}
	}
	if got := after.Catalog.Controls()[0].ID; got != "ac-1" {
		t.Errorf("the first control is %q, want ac-1", got)
	}
}

func TestWithCatalog(t *testing.T) {
	c, err := catalogs.ReadCatalog("testdata/catalog.json")
	if err != nil {
		t.Fatal(err)
	}
	f := nist(t)
	g := f.WithCatalog(c)
	if g.Catalog != c || f.Catalog == c {
		t.Error("WithCatalog changed the wrong framework's catalog")
	}
	if diff := cmp.Diff(f.Checks(), g.Checks()); diff != "" {
		t.Errorf("the table differs:\n%s", diff)
	}
	if diff := cmp.Diff(f.Baselines, g.Baselines); diff != "" {
		t.Errorf("the baselines differ:\n%s", diff)
	}
}

// AWS spells some service names in two ways; findings may use either.
func TestCheckInAnyCase(t *testing.T) {
	f := nist(t)
	folded := map[string]shca.CheckID{}
	for _, c := range f.Checks() {
		key := strings.ToLower(string(c.ID))
		if other, ok := folded[key]; ok {
			t.Errorf("%s and %s differ in case only", other, c.ID)
		}
		folded[key] = c.ID
		got, ok := f.Check(shca.CheckID(strings.ToUpper(string(c.ID))))
		if !ok || got.ID != c.ID {
			t.Errorf("Check(%q) in capitals = %q, %v", c.ID, got.ID, ok)
		}
	}
}

// TestCheckForRule: every rule of the table is known by its name and as a check,
// and belongs to the checks that have it.
func TestCheckForRule(t *testing.T) {
	f, err := catalogs.Find("nist-800-53-r5")
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string][]catalogs.Check{}
	for _, c := range f.Checks() {
		if c.ConfigRule != "" {
			rules[c.ConfigRule] = append(rules[c.ConfigRule], c)
		}
	}
	for rule, checks := range rules {
		c, ok := f.CheckForRule(rule)
		if !ok || c.ConfigRule != rule || len(checks) == 1 && c.ID != checks[0].ID || len(checks) > 1 && c.ID != shca.CheckID("config-rule/"+rule) {
			t.Errorf("%s: %+v, %t", rule, c, ok)
		}
		for _, one := range checks {
			for _, id := range one.Controls {
				if !slices.Contains(c.Controls, id) {
					t.Errorf("%s: %s of %s is missing", rule, id, one.ID)
				}
			}
		}
		if d, ok := f.Check(shca.CheckID("config-rule/" + rule)); !ok || d.ID != c.ID {
			t.Errorf("config-rule/%s: %+v, %t", rule, d, ok)
		}
	}
	for _, rule := range []string{"", "config-rule/", "our-own-rule", "securityhub-", "-conformance-pack-abcdefghi"} {
		if c, ok := f.CheckForRule(rule); ok {
			t.Errorf("%q: %+v", rule, c)
		}
	}
}
