package mapping

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/testgen"
)

// evaluation is a failed evaluation of the Config rule behind S3.8.
func evaluation(id string, edits ...func(*shca.Finding)) *shca.Finding {
	f := finding(id, append([]func(*shca.Finding){func(f *shca.Finding) {
		f.Source, f.ProductARN, f.GeneratorID, f.ProductName = shca.SourceConfig, "", "", "AWS Config"
		f.Check, f.ConfigRule, f.Requirements = "config-rule/s3-bucket-level-public-access-prohibited", "s3-bucket-level-public-access-prohibited", nil
		f.Resources = []shca.Resource{{ID: id, Type: "AWS::S3::Bucket"}}
	}}, edits...)...)
	return f
}

// piece is Audit Manager's copy of what finding returns, collected for a control.
func piece(id string, edits ...func(*shca.Finding)) *shca.Finding {
	return finding(id, append([]func(*shca.Finding){func(f *shca.Finding) {
		f.Source, f.ProductARN, f.GeneratorID, f.ProductName = shca.SourceAuditManager, "", "", "AWS Audit Manager"
	}}, edits...)...)
}

func rule(name string) func(*shca.Finding) {
	return func(f *shca.Finding) { f.Check, f.ConfigRule = "config-rule/"+shca.CheckID(name), name }
}

func on(resourceType, id, alias string) func(*shca.Finding) {
	return func(f *shca.Finding) { f.Resources = []shca.Resource{{ID: id, Type: resourceType, Alias: alias}} }
}

func nowhere(f *shca.Finding) { f.AccountID, f.Region = "", "" }

func inHub(f *shca.Finding) {
	f.Source, f.ProductARN = shca.SourceASFF, "arn:aws:securityhub:us-east-1::product/aws/config"
}

func named(id string, f *shca.Finding) *shca.Finding { f.ID = id; return f }

// TestCountOnce: of what several sources say of one rule and resource, one counts.
func TestCountOnce(t *testing.T) {
	const vpc = "arn:aws:ec2:us-east-1:111111111111:vpc/vpc-0123456789abcdef0"
	const user = "arn:aws:iam::111111111111:user/ada"
	const asRule = "AWS::Config::ConfigRule"
	for _, tc := range []struct {
		name     string
		findings []*shca.Finding
		want     []string // "id title disposition" as dispositions has it, without title
	}{
		{"Config says what Security Hub says",
			[]*shca.Finding{finding("b"), named("c", evaluation("b", updated(20), status(shca.Passed)))}, []string{"b assessed", "c superseded"}},
		{"with the bucket's ARN",
			[]*shca.Finding{finding("b"), named("c", evaluation("b", resource("arn:aws:s3:::b")))}, []string{"b assessed", "c superseded"}},
		{"of another bucket",
			[]*shca.Finding{finding("b"), evaluation("c")}, []string{"b assessed", "c assessed"}},
		{"of another rule",
			[]*shca.Finding{finding("b"), named("c", evaluation("b", rule("s3-bucket-versioning-enabled")))}, []string{"b assessed", "c assessed"}},
		{"from a file that names no place",
			[]*shca.Finding{finding("b"), named("c", evaluation("b", nowhere))}, []string{"b assessed", "c superseded"}},
		{"a name that is not unique, in another account",
			[]*shca.Finding{finding("f", on("AwsLambdaFunction", "arn:aws:lambda:us-east-1:111111111111:function:f", "")), named("c", evaluation("f", on("AWS::Lambda::Function", "f", ""), account("222222222222")))},
			[]string{"f assessed", "c assessed"}},
		{"a name that is not unique, from nowhere",
			[]*shca.Finding{finding("f", on("AwsLambdaFunction", "arn:aws:lambda:us-east-1:111111111111:function:f", "")), named("c", evaluation("f", on("AWS::Lambda::Function", "f", ""), nowhere))},
			[]string{"f assessed", "c assessed"}},
		{"the same name in the same place",
			[]*shca.Finding{finding("f", on("AwsLambdaFunction", "arn:aws:lambda:us-east-1:111111111111:function:f", "")), named("c", evaluation("f", on("AWS::Lambda::Function", "f", "")))},
			[]string{"f assessed", "c superseded"}},
		{"an id of EC2 from nowhere",
			[]*shca.Finding{finding("v", on("AwsEc2Vpc", vpc, "")), named("c", evaluation("v", on("AWS::EC2::VPC", "vpc-0123456789abcdef0", ""), nowhere))},
			[]string{"v assessed", "c superseded"}},
		{"a user by the unique id",
			[]*shca.Finding{finding("u", on("AwsIamUser", user, "AIDAEXAMPLEEXAMPLE12")), named("c", evaluation("u", on("AWS::IAM::User", "AIDAEXAMPLEEXAMPLE12", ""), region("eu-west-1")))},
			[]string{"u assessed", "c superseded"}},
		{"ARNs that end alike",
			[]*shca.Finding{finding("s", on("AwsApiGatewayStage", "arn:aws:apigateway:us-east-1::/restapis/abc/stages/prod", "")), named("c", evaluation("s", on("AWS::ApiGateway::Stage", "arn:aws:apigateway:us-east-1::/restapis/def/stages/prod", "")))},
			[]string{"s assessed", "c assessed"}},
		{"what Security Hub has archived",
			[]*shca.Finding{finding("b", archived), named("c", evaluation("b"))}, []string{"c assessed", "b archived"}},
		{"what a newer version has archived",
			[]*shca.Finding{finding("b"), finding("b", archived, updated(20)), named("c", evaluation("b"))}, []string{"c assessed", "b archived", "b superseded"}},
		{"what is suppressed in Security Hub",
			[]*shca.Finding{finding("b", suppressed), named("c", evaluation("b")), named("d", piece("b"))}, []string{"b suppressed", "c superseded", "d superseded"}},
		{"what Security Hub does not know yet",
			[]*shca.Finding{finding("b", status(shca.NoStatus)), named("c", evaluation("b"))}, []string{"b not scored", "c assessed"}},
		{"Config's finding in Security Hub before Config's own",
			[]*shca.Finding{named("h", evaluation("b", inHub, on("AwsS3Bucket", "arn:aws:s3:::b", ""))), named("c", evaluation("b"))}, []string{"h assessed", "c superseded"}},
		{"Security Hub before Config's finding in it",
			[]*shca.Finding{named("h", evaluation("b", inHub, on("AwsS3Bucket", "arn:aws:s3:::b", ""), updated(20))), finding("b")}, []string{"b assessed", "h superseded"}},
		{"Audit Manager's copy",
			[]*shca.Finding{named("a", piece("b", updated(20))), finding("b")}, []string{"b assessed", "a superseded"}},
		{"Audit Manager's copy without a Region",
			[]*shca.Finding{named("a", piece("b", region(""))), finding("b")}, []string{"a superseded", "b assessed"}},
		{"Audit Manager's copy of Config",
			[]*shca.Finding{named("a", piece("b", rule("S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED"))), named("c", evaluation("b"))}, []string{"a superseded", "c assessed"}},
		{"Audit Manager's copies under two controls: the newest",
			[]*shca.Finding{named("a", piece("b", cite("NIST.800-53.r5 AC-3"))), named("c", piece("b", cite("NIST.800-53.r5 AC-4"), updated(20), status(shca.Passed)))}, []string{"a superseded", "c assessed"}},
		{"two resources in one piece",
			[]*shca.Finding{finding("b", resource("arn:aws:s3:::x", "arn:aws:s3:::y"), region("eu-west-1")), named("a", piece("b", resource("arn:aws:s3:::y", "arn:aws:s3:::x")))}, []string{"b assessed", "a superseded"}},
		{"a rule as a whole beside its resources",
			[]*shca.Finding{named("r", evaluation("b", on(asRule, "s3-bucket-level-public-access-prohibited", ""))), evaluation("b")}, []string{"r superseded", "b assessed"}},
		{"a rule as a whole beside Security Hub's finding",
			[]*shca.Finding{named("r", evaluation("b", on(asRule, "s3-bucket-level-public-access-prohibited", ""))), finding("b")}, []string{"r superseded", "b assessed"}},
		{"a rule as a whole in another Region",
			[]*shca.Finding{named("r", evaluation("b", on(asRule, "s3-bucket-level-public-access-prohibited", ""), region("eu-west-1"))), evaluation("b")}, []string{"r assessed", "b assessed"}},
		{"evidence that names no resource, of a check that Security Hub has",
			[]*shca.Finding{finding("b"), named("a", piece("b", resource()))}, []string{"b assessed", "a superseded"}},
		{"evidence that names no resource, beside evidence that does",
			[]*shca.Finding{piece("b"), named("a", piece("b", resource())), named("c", piece("b", resource()))}, []string{"b assessed", "a assessed", "c assessed"}},
		{"a rule as a whole of two packs: the failure",
			[]*shca.Finding{named("r", evaluation("b", on(asRule, "one", ""), status(shca.Passed), updated(20))), named("s", evaluation("b", on(asRule, "two", "")))}, []string{"r superseded", "s assessed"}},
		{"one rule behind several checks",
			[]*shca.Finding{finding("v", check("EC2.55"), on("AwsEc2Vpc", vpc, "")), named("c", evaluation("v", rule("vpc-endpoint-enabled"), on("AWS::EC2::VPC", "vpc-0123456789abcdef0", "")))},
			[]string{"v assessed", "c superseded"}},
		{"another check with the same rule",
			[]*shca.Finding{finding("v", check("EC2.55"), on("AwsEc2Vpc", vpc, "")), named("a", piece("v", check("EC2.56"), on("AwsEc2Vpc", vpc, "")))},
			[]string{"v assessed", "a assessed"}},
		{"of nobody knows which account",
			[]*shca.Finding{named("c", evaluation("f", on("AWS::Lambda::Function", "f", ""), nowhere)), named("d", evaluation("f", on("AWS::Lambda::Function", "f", ""), nowhere))},
			[]string{"c assessed", "d assessed"}},
		{"Config's from a file and from an account",
			[]*shca.Finding{named("c", evaluation("b", nowhere)), named("d", evaluation("b"))}, []string{"c superseded", "d assessed"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for range 3 {
				a := assess(t, source(tc.findings...), Options{})
				var got []string
				for f, err := range a.Findings {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, f.ID+" "+string(f.Disposition))
					if f.Duplicate && f.Disposition != shca.Superseded {
						t.Errorf("%s is a duplicate and %s", f.ID, f.Disposition)
					}
				}
				slices.Sort(got)
				want := slices.Sorted(slices.Values(tc.want))
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				checkScopes(t, a)
				slices.Reverse(tc.findings)
			}
		})
	}
}

// TestCheckOfRule: findings of Config are the check that has the rule, with its
// controls; a rule behind several checks has the controls of all.
func TestCheckOfRule(t *testing.T) {
	fw := framework(t)
	for name, want := range map[string]shca.CheckID{
		"s3-bucket-level-public-access-prohibited":                            "S3.8",
		"S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED":                            "S3.8",
		"securityhub-s3-bucket-level-public-access-prohibited-1a2b3c4d":       "S3.8",
		"s3-bucket-level-public-access-prohibited-conformance-pack-abcdefghi": "S3.8",
		"OrgConfigRule-s3-bucket-level-public-access-prohibited-abcdefgh":     "S3.8",
		"s3-bucket-level-public-access-prohibited-external":                   "config-rule/s3-bucket-level-public-access-prohibited-external",
		"vpc-endpoint-enabled":                                                "config-rule/vpc-endpoint-enabled",
		"VPC_ENDPOINT_ENABLED":                                                "config-rule/vpc-endpoint-enabled",
		"our-own-rule":                                                        "config-rule/our-own-rule",
	} {
		a := assess(t, source(evaluation("b", rule(name))), Options{})
		if len(a.Checks) != 1 || a.Checks[0].ID != want {
			t.Errorf("%s: %+v, want %s", name, a.Checks, want)
		} else if known, ok := fw.Check(want); ok && !reflect.DeepEqual(a.Checks[0].Controls, known.Controls) {
			t.Errorf("%s is evidence for %v, want %v", name, a.Checks[0].Controls, known.Controls)
		} else if !ok && len(a.Checks[0].Controls) != 0 {
			t.Errorf("%s is evidence for %v", name, a.Checks[0].Controls)
		}
	}
	all := map[shca.ControlID]bool{}
	for _, id := range []shca.CheckID{"EC2.55", "EC2.56", "EC2.57", "EC2.58", "EC2.60"} {
		c, _ := fw.Check(id)
		for _, control := range c.Controls {
			all[control] = true
		}
	}
	if c, ok := fw.CheckForRule("vpc-endpoint-enabled"); !ok || len(c.Controls) != len(all) || len(all) == 0 {
		t.Errorf("vpc-endpoint-enabled has %v, want %v", c.Controls, all)
	}
}

// TestDuplicatesCite: what a copy cites counts, though the copy does not.
func TestDuplicatesCite(t *testing.T) {
	control := func(a *shca.Assessment, id shca.ControlID) *shca.ControlResult {
		for i := range a.Controls {
			if a.Controls[i].ID == id {
				return &a.Controls[i]
			}
		}
		t.Fatalf("no control %s", id)
		return nil
	}
	a := assess(t, source(finding("b"), named("a", piece("b", cite("NIST.800-53.r5 PE-3")))), Options{})
	if c := a.Check("S3.8"); c.Mapping != shca.MappingCited || len(c.Controls) != 2 {
		t.Errorf("Security Hub with a copy: %s, %v", c.Mapping, c.Controls)
	}
	if got := control(a, "pe-3").Tally; got != (shca.Tally{Failed: 1}) {
		t.Errorf("PE-3: %+v", got)
	}
	// Alone, evidence of Audit Manager names one control of many.
	known, _ := framework(t).Check("S3.8")
	a = assess(t, source(named("a", piece("b", cite("NIST.800-53.r5 PE-3"))), named("c", piece("b", cite("NIST.800-53.r5 AC-3"), updated(20)))), Options{})
	if c := a.Check("S3.8"); c.Mapping != shca.MappingBoth || len(c.Controls) != len(known.Controls)+1 || c.Tally.Total() != 1 {
		t.Errorf("Audit Manager alone: %s, %v, %+v", c.Mapping, c.Controls, c.Tally)
	}
	// An older version cites nothing.
	a = assess(t, source(finding("b"), finding("b", updated(1), cite("NIST.800-53.r5 PE-3"))), Options{})
	if c := a.Check("S3.8"); len(c.Controls) != 1 {
		t.Errorf("two versions: %v", c.Controls)
	}
}

// TestOtherSourcesChangeNothing: what Config and Audit Manager say of an estate
// that Security Hub knows changes no number of its assessment.
func TestOtherSourcesChangeNothing(t *testing.T) {
	fw := framework(t)
	findings := estate(t, testgen.Options{Seed: 11, Findings: 1500, Mode: testgen.Mixed, Duplicates: 0.1})
	want := assess(t, source(findings...), Options{Time: day(1)})
	r := rand.New(rand.NewPCG(1, 2))
	all := slices.Clone(findings)
	config, manager := 0, 0
	for f, err := range want.Findings {
		if err != nil {
			t.Fatal(err)
		}
		if !f.SecurityHub() || f.Disposition != shca.Assessed && f.Disposition != shca.Suppressed || len(f.Resources) == 0 {
			continue
		}
		outcome := []shca.ComplianceStatus{shca.Passed, shca.Failed, shca.NotAvailable}[r.IntN(3)]
		known, ok := fw.Check(f.Check)
		if ok && known.ConfigRule != "" && len(f.Resources) == 1 && !strings.HasPrefix(f.Resources[0].ID, "AWS::::") {
			g := &shca.Finding{Source: shca.SourceConfig, ProductName: "AWS Config", ID: fmt.Sprint("config/", config), AccountID: f.AccountID, Region: f.Region,
				Check: shca.CheckID("config-rule/" + known.ConfigRule), ConfigRule: known.ConfigRule, Status: outcome, RecordState: "ACTIVE", UpdatedAt: day(28)}
			id := f.Resources[0].ID
			switch last := strings.LastIndexAny(id, "/:"); r.IntN(4) {
			case 0: // by ARN, from nowhere
				if strings.HasPrefix(id, "arn:") {
					g.AccountID, g.Region = "", ""
				}
			case 1, 2:
				id = id[last+1:]
			}
			g.Resources = []shca.Resource{{ID: id}}
			all = append(all, g)
			config++
			if r.IntN(5) == 0 {
				h := *g
				h.ID, h.AccountID, h.Region = fmt.Sprint("rule/", config), f.AccountID, f.Region
				h.Resources = []shca.Resource{{ID: known.ConfigRule, Type: "AWS::Config::ConfigRule"}}
				all = append(all, &h)
			}
		}
		for i := range r.IntN(3) {
			g := &shca.Finding{Source: shca.SourceAuditManager, ProductName: "AWS Audit Manager", ID: fmt.Sprint("am/", manager, "/", i), AccountID: f.AccountID, Region: f.Region,
				Check: f.Check, Status: outcome, RecordState: "ACTIVE", UpdatedAt: day(29), Resources: f.Resources}
			if c := want.Check(f.Check); i < len(c.Controls) {
				g.Requirements = []string{"NIST.800-53.r5 " + c.Controls[i].Label()}
			}
			all = append(all, g)
			manager++
		}
	}
	if config < 300 || manager < 500 {
		t.Fatalf("only %d findings of Config, %d of Audit Manager", config, manager)
	}
	r.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	for _, batch := range []int{0, 20_000} {
		got := assess(t, source(all...), Options{Time: day(1), TempDir: t.TempDir(), batch: batch})
		checkScopes(t, got)
		for f, err := range got.Findings {
			if err != nil {
				t.Fatal(err)
			}
			if (f.Source == shca.SourceConfig || f.Source == shca.SourceAuditManager) && !f.Duplicate {
				t.Errorf("%s of %s in %s %s on %+v is %s", f.ID, f.Check, f.AccountID, f.Region, f.Resources, f.Disposition)
			}
		}
		if diff := gocmp.Diff(want.Summary(), got.Summary()); diff != "" {
			t.Errorf("summary (-want +got):\n%s", diff)
		}
		if diff := gocmp.Diff(want.Checks, got.Checks); diff != "" {
			t.Errorf("checks (-want +got):\n%s", diff)
		}
		if diff := gocmp.Diff(want.Controls, got.Controls); diff != "" {
			t.Errorf("controls (-want +got):\n%s", diff)
		}
	}
}

// TestInventory: a check is disabled where no standard runs it.
func TestInventory(t *testing.T) {
	set := func(check shca.CheckID, account, region, standard string, enabled bool, edits ...func(*shca.CheckSetting)) *shca.CheckSetting {
		s := &shca.CheckSetting{Source: "asff", AccountID: account, Region: region, Check: check, Standard: standard, Enabled: enabled, UpdatedAt: day(10)}
		for _, edit := range edits {
			edit(s)
		}
		return s
	}
	because := func(text string) func(*shca.CheckSetting) { return func(s *shca.CheckSetting) { s.Reason = text } }
	at := func(d int) func(*shca.CheckSetting) { return func(s *shca.CheckSetting) { s.UpdatedAt = day(d) } }
	about := func(title string, requirements ...string) func(*shca.CheckSetting) {
		return func(s *shca.CheckSetting) { s.Title, s.Requirements = title, requirements }
	}
	in := records{
		set("S3.8", "1", "us-east-1", "nist", false, because("cost"), about("Old title")),
		set("S3.8", "1", "us-east-1", "nist", true, at(9)), // older
		set("S3.8", "1", "us-east-1", "fsbp", false, because("not used"), about("Block public access"), at(11)),
		set("S3.8", "1", "us-west-2", "nist", false, because("other")),
		set("S3.8", "1", "us-west-2", "fsbp", true),
		set("s3.8", "2", "us-east-1", "nist", false),
		set("EC2.7", "1", "us-east-1", "nist", false),
		set("EC2.7", "1", "us-east-1", "nist", true), // at the same time
		set("ACM.1", "1", "us-east-1", "nist", true),
		set("New.1", "1", "us-east-1", "nist", false, because("new"), about("A new check", "NIST.800-53.r5 PE-3", "PCI DSS 1.2")),
		set("New.2", "1", "us-east-1", "nist", true, about("", "NIST.800-53.r5 PE-4")),
	}
	want := []shca.DisabledCheck{
		{ID: "New.1", Title: "A new check", Reasons: []string{"new"}, Disabled: 1},
		{ID: "S3.8", Title: "Block public access", Reasons: []string{"cost", "not used"}, Disabled: 2, Enabled: 1},
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		r.Shuffle(len(in), func(i, k int) { in[i], in[k] = in[k], in[i] })
		a := assess(t, in, Options{batch: 100 + r.IntN(1000), TempDir: t.TempDir()})
		if diff := gocmp.Diff(want, a.Disabled); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		if !a.Complete() {
			t.Fatalf("an inventory is not nothing: %q", a.Problems)
		}
		for _, c := range a.Controls {
			switch c.ID {
			case "pe-3":
				if !slices.Equal(c.Unseen, []shca.CheckID{"New.1"}) || !slices.Equal(c.Disabled, c.Unseen) || c.StatusText() != "not assessed: disabled" {
					t.Fatalf("PE-3: %v, %v, %s", c.Unseen, c.Disabled, c.StatusText())
				}
				if diff := gocmp.Diff([]string{"new"}, a.DisabledReasons(&c)); diff != "" {
					t.Fatal(diff)
				}
				wantLines(t, c.Narrative, "the check that is mapped to it is disabled.", `- New.1 A new check: in the one account and Region whose settings were read; reason: "new".`)
			case "pe-4":
				if !slices.Equal(c.Unseen, []shca.CheckID{"New.2"}) || c.Disabled != nil || c.StatusText() != "not assessed" {
					t.Fatalf("PE-4: %v, %v, %s", c.Unseen, c.Disabled, c.StatusText())
				}
			case "ac-3":
				if len(c.Disabled) > 0 || c.StatusText() != "not assessed" {
					t.Fatalf("AC-3: %v, %s", c.Disabled, c.StatusText())
				}
				wantLines(t, c.Narrative, "no finding that was read is evidence for it.",
					`- S3.8 Block public access: in 2 of 3 accounts and Regions whose settings were read; reasons: "cost" and "not used".`)
			}
		}
	}
	// With findings of other checks.
	a := assess(t, append(slices.Clone(in), finding("b", check("S3.1"), cite("NIST.800-53.r5 PE-3"))), Options{})
	for _, c := range a.Controls {
		if c.ID == "pe-3" {
			wantLines(t, c.Narrative, "Disabled checks:", "- New.1 A new check")
			if c.Status != shca.StatusNonCompliant || c.StatusText() != "non-compliant" || len(c.Disabled) != 1 {
				t.Errorf("PE-3: %s, %v", c.StatusText(), c.Disabled)
			}
		}
	}
	if _, err := Assess(context.Background(), in, Options{limits: limits{checks: 2}}); err == nil {
		t.Error("too many checks in the inventory are no error")
	}
}

func wantLines(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Fatalf("the narrative has no %q:\n%s", part, text)
		}
	}
}

// TestEvidence: pieces are kept and counted by control, each once, and scored in
// none.
func TestEvidence(t *testing.T) {
	some := func(id, requirement string, kind shca.EvidenceKind, d int, edits ...func(*shca.Evidence)) *shca.Evidence {
		e := &shca.Evidence{Source: shca.SourceAuditManager, ID: id, AccountID: "1", Requirement: requirement, Control: "AC-2 - Account Management", Kind: kind, Text: id, At: day(d)}
		for _, edit := range edits {
			edit(e)
		}
		return e
	}
	const ac2, pe99 = "NIST.800-53.r5 AC-2", "NIST.800-53.r5 PM-31"
	in := records{
		some("log", ac2, shca.EvidenceActivity, 20, func(e *shca.Evidence) { e.Count = 7 }),
		some("old", ac2, shca.EvidenceManual, 1),
		some("doc", ac2, shca.EvidenceManual, 3, func(e *shca.Evidence) {
			e.Author, e.Location, e.Text = "ada", "s3://evidence/doc.pdf", "Access\nreview "+strings.Repeat("x", 3000)
		}),
		some("doc", ac2, shca.EvidenceManual, 2), // an older copy
		some("review", ac2, shca.EvidenceReview, 4, func(e *shca.Evidence) { e.Status = "REVIEWED" }),
		some("", ac2, shca.EvidenceManual, 0), some("", ac2, shca.EvidenceManual, 0), // the very same
		some("outside", pe99, shca.EvidenceManual, 1),
		some("pci", "PCI DSS 1.2", shca.EvidenceManual, 1),
		some("none", "", shca.EvidenceManual, 1, func(e *shca.Evidence) { e.Count = 2 }),
	}
	r := rand.New(rand.NewPCG(1, 2))
	var before *shca.Assessment
	for range 20 {
		r.Shuffle(len(in), func(i, k int) { in[i], in[k] = in[k], in[i] })
		a := assess(t, in, Options{batch: 100 + r.IntN(5000), TempDir: t.TempDir()})
		if before != nil && asJSON(t, before) != asJSON(t, a) {
			t.Fatalf("another order, another assessment:\n%s", gocmp.Diff(asJSON(t, before), asJSON(t, a)))
		}
		before = a
	}
	if s := before.Summary(); s.Covered != 0 || s.Tally != (shca.Tally{}) || s.Outside != 1 || s.Statuses[shca.StatusNotAssessed] != 287 {
		t.Errorf("evidence is scored: %+v", s)
	}
	for _, c := range before.Controls {
		switch c.ID {
		case "ac-2":
			var ids []string
			for _, e := range c.Evidence {
				ids = append(ids, e.ID)
			}
			if diff := gocmp.Diff([]string{"doc", "old", "", "review", "log"}, ids); diff != "" {
				t.Error(diff)
			}
			if c.EvidenceCount != 11 || c.Status != shca.StatusNotAssessed || len(c.Evidence[0].Text) > shca.MaxText {
				t.Errorf("%d pieces, %s, %d bytes", c.EvidenceCount, c.Status, len(c.Evidence[0].Text))
			}
			wantLines(t, c.Narrative, "Besides findings, AWS Audit Manager has 3 pieces of manual evidence, 1 control review and 7 records of user activity for the control; none of them is scored:",
				`- manual evidence, by ada, 2026-01-03 12:00 UTC: "Access review xxx`, "at s3://evidence/doc.pdf", "- control review, REVIEWED, ", "- user activity (7 records), ")
			if len(strings.Split(c.Narrative, "\n")) > 12 || len(c.Narrative) > 2000 {
				t.Errorf("the narrative is long:\n%s", c.Narrative)
			}
		case "pm-31":
			if c.InBaseline || c.EvidenceCount != 1 {
				t.Errorf("PM-31: %+v", c)
			}
		}
	}
	if len(before.Scopes) != 1 || before.Scopes[0].Note != "1 piece of evidence is about no control of NIST SP 800-53 Rev. 5" || !before.Complete() {
		t.Errorf("scopes %+v", before.Scopes)
	}
	// Without a baseline only controls with findings count.
	none := Options{}
	none.Baseline.Name = "none"
	if s := assess(t, in, none).Summary(); s.Controls != 0 || s.Outside != 2 {
		t.Errorf("without a baseline: %+v", s)
	}
	var many records
	for i := range 3 * shca.MaxEvidence {
		many = append(many, some(fmt.Sprint(i), ac2, shca.EvidenceManual, 1+i%28))
	}
	for _, c := range assess(t, many, Options{}).Controls {
		if c.ID == "ac-2" && (len(c.Evidence) != shca.MaxEvidence || c.EvidenceCount != 3*shca.MaxEvidence || c.Evidence[0].At != day(28)) {
			t.Errorf("%d of %d pieces, the first of %v", len(c.Evidence), c.EvidenceCount, c.Evidence[0].At)
		}
	}
}
