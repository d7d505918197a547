package securityhub

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca/internal/awsapi"
	"github.com/go-shca/shca/internal/awsfake"
)

// Whatever the linking mode, every finding of the Regions asked for arrives once.
func TestAggregation(t *testing.T) {
	const north = "eu-north-1"
	const usual = "pulled from Security Hub: RecordState ACTIVE; ComplianceStatus PASSED, FAILED, WARNING, NOT_AVAILABLE; findings without a compliance status left out"
	tests := []struct {
		name       string
		aggregator *awsfake.Aggregator
		regions    []string
		o          Options
		notes      map[string]string // by Region, what follows the usual note; or the whole, where it begins with =
		want       int               // findings
	}{
		{"none", nil, []string{east, west, north}, Options{}, map[string]string{east: "", west: "", north: ""}, 6},
		{"all", &awsfake.Aggregator{Home: east, LinkingMode: "ALL_REGIONS"}, []string{west, east, north}, Options{}, map[string]string{
			east:  "; home Region of all other Regions",
			west:  "=the findings come with those of its home Region us-east-1",
			north: "=the findings come with those of its home Region us-east-1"}, 6},
		{"all but", &awsfake.Aggregator{Home: east, LinkingMode: "ALL_REGIONS_EXCEPT_SPECIFIED", Regions: []string{north}}, []string{east, west, north}, Options{}, map[string]string{
			east:  "; home Region of all other Regions but eu-north-1",
			west:  "=the findings come with those of its home Region us-east-1",
			north: ""}, 6},
		{"some", &awsfake.Aggregator{Home: east, LinkingMode: "SPECIFIED_REGIONS", Regions: []string{north}}, []string{east, west, north}, Options{}, map[string]string{
			east:  "; home Region of eu-north-1",
			west:  "",
			north: "=the findings come with those of its home Region us-east-1"}, 6},
		{"no Region", &awsfake.Aggregator{Home: east, LinkingMode: "NO_REGIONS"}, []string{east, west}, Options{}, map[string]string{
			east: "; home Region of no other Region", west: ""}, 4},
		{"a mode to come", &awsfake.Aggregator{Home: east, LinkingMode: "NEARBY"}, []string{east, west}, Options{}, map[string]string{
			east: `; home Region in a mode that is not known ("NEARBY")`, west: ""}, 4},
		{"the home Region is not pulled", &awsfake.Aggregator{Home: east, LinkingMode: "ALL_REGIONS"}, []string{west, north}, Options{}, map[string]string{
			west: "", north: ""}, 4},
		{"only the home Region is pulled", &awsfake.Aggregator{Home: east, LinkingMode: "ALL_REGIONS"}, []string{east}, Options{}, map[string]string{
			east: "; home Region of all other Regions"}, 6},
		{"pulled twice", &awsfake.Aggregator{Home: east, LinkingMode: "ALL_REGIONS"}, []string{east, west}, Options{PullLinked: true}, map[string]string{
			east: "; home Region of all other Regions", west: "; the findings come with those of its home Region us-east-1 as well, and count once"}, 8},
	}
	for _, inventory := range []string{"none", ""} {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s, inventory %q", tt.name, inventory), func(t *testing.T) {
				e := newEstate(t)
				for _, region := range []string{east, west, north} {
					h := e.hub(own, region)
					h.Findings = findings(region, 2)
					standard := strings.Replace(nistARN, east, region, 1)
					h.Enabled = []types.StandardsSubscription{subscription(standard)}
					addCheck(h, standard, "S3.1", types.AssociationStatusEnabled, "", types.ControlStatusEnabled)
				}
				if tt.aggregator != nil {
					tt.aggregator.ARN = "arn:aws:securityhub:us-east-1:111122223333:finding-aggregator/1"
					e.Accounts[own].Aggregator = tt.aggregator
				}
				o := tt.o
				o.Regions, o.Inventory = tt.regions, inventory
				tasks, scopes, lines := run(t, e.service(o))
				notes := map[string]string{}
				for _, task := range tasks {
					notes[task.Region] = task.Note
				}
				for _, scope := range scopes {
					place, note, _ := strings.Cut(scope, ": ")
					notes[place[strings.LastIndex(place, " ")+1:]] = note
				}
				want := map[string]string{}
				for region, note := range tt.notes {
					whole, is := strings.CutPrefix(note, "=")
					if !is {
						whole = usual + note
					}
					want[region] = whole
				}
				if diff := cmp.Diff(want, notes); diff != "" {
					t.Errorf("notes (-want +got):\n%s", diff)
				}
				if got := findingTexts(lines); len(got) != tt.want || !tt.o.PullLinked && len(awsapi.Distinct(got)) != tt.want {
					t.Errorf("%d findings, %d different, want %d once", len(got), len(awsapi.Distinct(got)), tt.want)
				}
				settings := 0
				for _, l := range lines {
					if l.Setting != nil {
						settings++
					}
				}
				if want := map[string]int{"none": 0, "": len(tt.regions)}[inventory]; settings != want {
					t.Errorf("%d settings, want %d", settings, want)
				}
			})
		}
	}
}

// A home Region where Security Hub is off, or cannot be called, takes no other's
// findings away.
func TestHomeRegionThatFails(t *testing.T) {
	e := newEstate(t)
	e.hub(own, east)
	e.hub(own, west).Findings = findings(west, 2)
	e.Accounts[own].Aggregator = aggregatorOf("ALL_REGIONS")
	e.Faults = []awsfake.Fault{{Kind: awsfake.NotSubscribed, Region: east}}
	_, scopes, lines := run(t, e.service(Options{Regions: []string{east, west}, Inventory: "none"}))
	if len(findingTexts(lines)) != 2 || len(scopes) != 1 || !strings.Contains(scopes[0], "us-east-1: securityhub:DescribeHub") {
		t.Errorf("%d findings, scopes %q; want 2 findings and an error of us-east-1", len(findingTexts(lines)), scopes)
	}
}

func TestAggregatorsAreNotTold(t *testing.T) {
	e := newEstate(t)
	for _, region := range []string{east, west} {
		e.hub(own, region).Findings = findings(region, 1)
	}
	e.Accounts[own].Aggregator = aggregatorOf("ALL_REGIONS")
	e.Faults = []awsfake.Fault{{Kind: awsfake.Deny, Operation: "GetFindingAggregator"}}
	tasks, _, lines := run(t, e.service(Options{Regions: []string{east, west}, Inventory: "none"}))
	if len(tasks) != 2 || len(findingTexts(lines)) != 3 {
		t.Fatalf("%d tasks, %d findings; want both Regions pulled", len(tasks), len(findingTexts(lines)))
	}
	const want = "whether its findings come with those of a home Region is not known, so they were pulled here: securityhub:GetFindingAggregator in account 111122223333, Region us-west-2: AccessDeniedException"
	if !strings.Contains(tasks[1].Note, want) {
		t.Errorf("note %q, want in it %q", tasks[1].Note, want)
	}

	// It is enough that one Region tells.
	e.Update(func() { e.Faults[0].Region = west })
	tasks, scopes, lines := run(t, e.service(Options{Regions: []string{east, west}, Inventory: "none"}))
	if len(tasks) != 1 || len(scopes) != 1 || len(findingTexts(lines)) != 2 {
		t.Errorf("%d tasks, scopes %q, %d findings; want one task with both", len(tasks), scopes, len(findingTexts(lines)))
	}
}

func TestAdministratorAndMembers(t *testing.T) {
	const member, stranger = "222233334444", "333344445555"
	e := newEstate(t)
	admin := e.hub(own, east)
	admin.Findings = findings(east, 2)
	for _, account := range []string{member, stranger} {
		e.hub(account, east).Findings.Lines = [][]byte{fmt.Appendf(nil, `{"Id":"of %s","RecordState":"ACTIVE","Compliance":{"Status":"PASSED"}}`, account)}
		e.hub(account, east).Administrator = &types.Invitation{AccountId: aws.String(own), MemberStatus: aws.String(map[string]string{member: "Enabled", stranger: "Resigned"}[account])}
	}
	admin.Members = []types.Member{{AccountId: aws.String(member), MemberStatus: aws.String("Enabled")}}
	session := e.session(awsapi.Options{RoleARN: "arn:aws:iam::{account}:role/reader", Attempts: 2})
	tasks, scopes, lines := run(t, e.service(Options{Session: session, Accounts: []string{member, own, stranger, own}, Inventory: "none"}))
	got := findingTexts(lines)
	if len(got) != 4 || len(awsapi.Distinct(got)) != 4 || len(tasks) != 2 {
		t.Errorf("%d findings, %d tasks: %s; want 4 once, of 2 tasks", len(got), len(tasks), got)
	}
	if want := []string{"asff 222233334444 us-east-1: the findings come with those of its administrator account 111122223333"}; !slices.Equal(scopes, want) {
		t.Errorf("scopes %q, want %q", scopes, want)
	}
	if tasks[1].AccountID != stranger {
		t.Errorf("the second task is of account %s, want %s", tasks[1].AccountID, stranger)
	}
	// The tasks' order is that of the accounts, then that of the Regions.
	again, _, err := e.service(Options{Session: session, Accounts: []string{member, own, stranger}, Inventory: "none"}).Plan(t.Context())
	if err != nil || !cmp.Equal(tasks, again) {
		t.Errorf("a second plan differs: %v\n%s", err, cmp.Diff(tasks, again))
	}
}

func TestRoleOfAnotherAccount(t *testing.T) {
	const other = "222233334444"
	e := newEstate(t)
	e.hub(own, east)
	e.hub(other, east).Findings = findings(east, 1)
	// A role without a place for the account leads to that of its own.
	session := e.session(awsapi.Options{RoleARN: "arn:aws:iam::" + other + ":role/reader", Attempts: 2})
	task, _ := only(t, e.service(Options{Session: session, Inventory: "none"}))
	if task.AccountID != other {
		t.Errorf("the task is of account %s, want %s", task.AccountID, other)
	}
	_, scopes, _ := run(t, e.service(Options{Session: session, Accounts: []string{own}, Inventory: "none"}))
	if want := []string{"asff 111122223333 us-east-1: the credentials for account 111122223333 lead to account 222233334444: give a --role-arn that has {account} in it"}; !slices.Equal(scopes, want) {
		t.Errorf("scopes %q, want %q", scopes, want)
	}
	e.Faults = []awsfake.Fault{{Kind: awsfake.Deny, Operation: "AssumeRole"}}
	session = e.session(awsapi.Options{RoleARN: "arn:aws:iam::{account}:role/reader", Attempts: 2})
	_, scopes, _ = run(t, e.service(Options{Session: session, Accounts: []string{other}, Inventory: "none"}))
	if len(scopes) != 1 || !strings.Contains(scopes[0], "us-east-1: sts:AssumeRole") || strings.Contains(scopes[0], "securityhub:") {
		t.Errorf("scopes %q, want an error of sts:AssumeRole", scopes)
	}
}

func TestRegionsThatFail(t *testing.T) {
	tests := []struct {
		name   string
		api    string
		faults []awsfake.Fault
		v2     bool
		want   string
	}{
		{"not subscribed", "v1", []awsfake.Fault{{Kind: awsfake.NotSubscribed}}, false,
			"asff 111122223333 us-west-2: securityhub:DescribeHub in account 111122223333, Region us-west-2: InvalidAccessException (Account 111122223333 is not subscribed to AWS Security Hub): the account is not subscribed to Security Hub in this Region: enable Security Hub CSPM there, or leave the Region out of --regions"},
		{"neither", "", nil, false,
			"asff 111122223333 us-west-2: securityhub:DescribeHub in account 111122223333, Region us-west-2: InvalidAccessException (Account 111122223333 is not subscribed to AWS Security Hub): neither Security Hub CSPM nor Security Hub V2 is enabled in this Region: enable one of them there, or leave the Region out of --regions"},
		{"V2 not told", "", []awsfake.Fault{{Kind: awsfake.Deny, Operation: "DescribeSecurityHubV2"}}, false,
			"Security Hub CSPM is not enabled in this Region, and whether Security Hub V2 is cannot be told: missing permission securityhub:DescribeSecurityHubV2"},
		{"no V2", "v2", nil, false,
			"ocsf 111122223333 us-west-2: securityhub:DescribeSecurityHubV2 in account 111122223333, Region us-west-2: ResourceNotFoundException (Security Hub V2 is not enabled for account 111122223333): Security Hub V2 is not enabled in this Region: enable it there, or leave the Region out of --regions"},
		{"findings denied", "", []awsfake.Fault{{Kind: awsfake.Deny}}, false,
			"missing permission securityhub:GetFindings: allow securityhub:GetFindings"},
		{"V2 findings denied", "v2", []awsfake.Fault{{Kind: awsfake.Deny, Operation: "GetFindingsV2"}}, true,
			"missing permission securityhub:GetFindings: allow securityhub:GetFindings"},
		{"the credentials are of another partition", "", []awsfake.Fault{{Kind: awsfake.Refuse, Status: http.StatusForbidden, Code: "UnrecognizedClientException", Message: "The security token included in the request is invalid."}}, false,
			"the credentials are not known there"},
		{"no answer", "", []awsfake.Fault{{Kind: awsfake.Reset}}, false, "securityhub:DescribeHub in account 111122223333, Region us-west-2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newEstate(t)
			e.hub(own, east).Findings = findings(east, 1)
			e.At(own, east).HubV2 = &awsfake.HubV2{Findings: findings(east, 1)}
			if tt.v2 {
				e.At(own, west).HubV2 = &awsfake.HubV2{}
			}
			for _, f := range tt.faults {
				f.Region, f.Service = west, "securityhub"
				e.Faults = append(e.Faults, f)
			}
			_, scopes, lines := run(t, e.service(Options{API: tt.api, Regions: []string{west, east}, Inventory: "none"}))
			if len(findingTexts(lines)) != 1 {
				t.Errorf("%d findings, want the other Region's", len(findingTexts(lines)))
			}
			if len(scopes) != 1 || !strings.Contains(scopes[0], tt.want) {
				t.Errorf("scopes %q,\nwant %q", scopes, tt.want)
			}
		})
	}
}

// An endpoint that does not know V2 at all is one without it.
func TestV2IsNotKnown(t *testing.T) {
	e := newEstate(t)
	e.At(own, east)
	e.answer = func(r request) (int, string) {
		if r.path == "/hubv2" {
			return http.StatusNotFound, "<html>Not Found</html>"
		}
		return 0, ""
	}
	_, scopes, _ := run(t, e.service(Options{}))
	if len(scopes) != 1 || !strings.Contains(scopes[0], "neither Security Hub CSPM nor Security Hub V2 is enabled in this Region") {
		t.Errorf("scopes %q", scopes)
	}
}

// Without the permission to ask what is enabled, findings are pulled all the same.
func TestDescribeHubIsDenied(t *testing.T) {
	e := newEstate(t)
	e.hub(own, east).Findings = findings(east, 1)
	e.At(own, east).HubV2 = &awsfake.HubV2{Findings: findings(east, 1)}
	e.Faults = []awsfake.Fault{{Kind: awsfake.Deny, Operation: "DescribeHub"}, {Kind: awsfake.Deny, Operation: "DescribeSecurityHubV2"}}
	for api, source := range map[string]string{"": "asff", "v2": "ocsf"} {
		tasks, _, lines := run(t, e.service(Options{API: api, Inventory: "none"}))
		if len(lines) != 1 || tasks[0].Source != source || !strings.Contains(tasks[0].Note, "enabled was not asked first: securityhub:Describe") {
			t.Errorf("API %q: %d lines, tasks %+v; want one finding and a note", api, len(lines), tasks)
		}
	}
}

func TestGovCloud(t *testing.T) {
	const gov = "us-gov-west-1"
	e := newEstate(t)
	e.hub(own, east) // where the session says who it is
	h := e.hub(own, gov)
	e.Accounts[own].Partition = "aws-us-gov"
	h.Findings = findings(gov, 1)
	standard := "arn:aws-us-gov:securityhub:us-gov-west-1::standards/nist-800-53/v/5.0.0"
	h.Enabled = []types.StandardsSubscription{subscription("arn:aws-us-gov:securityhub:us-gov-west-1::standards/aws-foundational-security-best-practices/v/1.0.0"), subscription(standard)}
	addCheck(h, standard, "S3.1", types.AssociationStatusEnabled, "", types.ControlStatusEnabled)
	e.PageSize = 1
	tasks, scopes, lines := run(t, e.service(Options{Regions: []string{gov}}))
	if len(tasks) != 1 || len(scopes) != 0 || len(lines) != 2 || lines[0].Setting == nil || lines[0].Setting.Standard != standard || tasks[0].AccountID != own {
		t.Errorf("tasks %+v, scopes %q, lines %s; want a setting of %s", tasks, scopes, lineTexts(t, lines), standard)
	}
}

// A filter for the other API leaves nothing out and lets nothing in.
func TestFiltersOfTheOtherAPI(t *testing.T) {
	e := newEstate(t)
	e.hub(own, east).Findings = findings(east, 1)
	e.At(own, west).HubV2 = &awsfake.HubV2{Findings: awsfake.Findings{Lines: [][]byte{[]byte(`{"cloud":{"region":"us-west-2"}}`)}}}
	v1, v2 := must(ParseFilter("Region=us-east-1")), must(ParseFilter("cloud.region=us-west-2"))
	for _, tt := range []struct {
		filters  []Filter
		findings int
		want     string
	}{
		{[]Filter{v1}, 1, "only Security Hub V2 is enabled in this Region, and the filter is for Security Hub CSPM"},
		{[]Filter{v2}, 1, "the filter is for Security Hub V2, and in this Region Security Hub CSPM is used"},
		{[]Filter{v1, v2}, 2, ""},
	} {
		_, scopes, lines := run(t, e.service(Options{Regions: []string{east, west}, Filters: tt.filters, Inventory: "none"}))
		if len(findingTexts(lines)) != tt.findings || (tt.want == "") != (len(scopes) == 0) || !strings.Contains(strings.Join(scopes, ""), tt.want) {
			t.Errorf("%d findings, scopes %q; want %d and %q", len(findingTexts(lines)), scopes, tt.findings, tt.want)
		}
	}
}

// Many Regions are asked at once, but not all of them.
func TestManyRegions(t *testing.T) {
	e := newEstate(t)
	var regions []string
	for i := range 40 {
		region := fmt.Sprintf("xx-test-%d", i)
		regions = append(regions, region)
		e.hub(own, region)
	}
	e.hub(own, east)
	tasks, scopes, err := e.service(Options{Regions: regions, Inventory: "none"}).Plan(t.Context())
	if err != nil || len(scopes) != 0 || len(tasks) != len(regions) {
		t.Fatalf("%d tasks, %d scopes, %v", len(tasks), len(scopes), err)
	}
	for i, task := range tasks {
		if task.Region != regions[i] {
			t.Errorf("task %d is of %s, want %s", i, task.Region, regions[i])
		}
	}
}
