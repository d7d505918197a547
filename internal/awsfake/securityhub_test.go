package awsfake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca/internal/testgen"
)

const (
	admin  = "111122223333"
	member = "000123456789"
	home   = "us-east-1"
	linked = "eu-central-1"
)

// once is a configuration that does not retry, so that every answer is seen.
func once(s *Server, account, region string) aws.Config {
	cfg := s.Config(account, region)
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return cfg
}

func numbered(prefix string, n int) Findings {
	return Findings{Count: n, At: func(i int) []byte {
		state := "ACTIVE"
		if i%10 == 9 {
			state = "ARCHIVED"
		}
		return fmt.Appendf(nil, `{"Id":"%s%d","RecordState":"%s","Compliance":{"Status":"FAILED","AssociatedStandards":[{"StandardsId":"standards/a"},{"StandardsId":"standards/b%d"}]},"Severity":{"Label":"LOW","Normalized":%d},"Resources":[{"Id":"r%d","Tags":{"a.b/c":"x%d"}}],"UpdatedAt":"2026-01-%02dT00:00:00Z"}`,
			prefix, i, state, i%2, i, i, i, i%28+1)
	}}
}

// findingIDs pulls all pages.
func findingIDs(t *testing.T, client *securityhub.Client, filters *types.AwsSecurityFindingFilters) (ids []string, pages int) {
	t.Helper()
	in := &securityhub.GetFindingsInput{Filters: filters}
	for {
		out, err := client.GetFindings(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, f := range out.Findings {
			ids = append(ids, aws.ToString(f.Id))
		}
		if out.NextToken == nil {
			return ids, pages
		}
		in.NextToken = out.NextToken
	}
}

func equals(values ...string) (all []types.StringFilter) {
	for _, v := range values {
		all = append(all, types.StringFilter{Comparison: types.StringFilterComparisonEquals, Value: aws.String(v)})
	}
	return all
}

func TestGetFindingsFilters(t *testing.T) {
	s := New(t)
	s.Unlimited = true
	s.At(admin, home).Hub = &Hub{Findings: numbered("f", 250)}
	client := securityhub.NewFromConfig(s.Config(admin, home))
	not := func(v string) types.StringFilter {
		return types.StringFilter{Comparison: types.StringFilterComparisonNotEquals, Value: aws.String(v)}
	}
	tests := []struct {
		name    string
		filters *types.AwsSecurityFindingFilters
		want    int
	}{
		{"none", nil, 250},
		{"record state", &types.AwsSecurityFindingFilters{RecordState: equals("ACTIVE")}, 225},
		{"one of several", &types.AwsSecurityFindingFilters{RecordState: equals("ACTIVE", "ARCHIVED")}, 250},
		{"in a list", &types.AwsSecurityFindingFilters{ComplianceAssociatedStandardsId: equals("standards/b1")}, 125},
		{"prefix", &types.AwsSecurityFindingFilters{Id: []types.StringFilter{{Comparison: types.StringFilterComparisonPrefix, Value: aws.String("f24")}}}, 11},
		{"not", &types.AwsSecurityFindingFilters{Id: []types.StringFilter{not("f1"), not("f2")}}, 248},
		{"two members", &types.AwsSecurityFindingFilters{RecordState: equals("ARCHIVED"), ComplianceAssociatedStandardsId: equals("standards/b0")}, 0},
		//lint:ignore SA1019 the only filter for a number that findings have
		{"number", &types.AwsSecurityFindingFilters{SeverityNormalized: []types.NumberFilter{{Gte: aws.Float64(10), Lte: aws.Float64(19)}}}, 10},
		{"date", &types.AwsSecurityFindingFilters{UpdatedAt: []types.DateFilter{{Start: aws.String("2026-01-02T00:00:00Z"), End: aws.String("2026-01-02T00:00:00Z")}}}, 9},
		{"map", &types.AwsSecurityFindingFilters{ResourceTags: []types.MapFilter{{Key: aws.String("a.b/c"), Value: aws.String("x7"), Comparison: types.MapFilterComparisonEquals}}}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ids, _ := findingIDs(t, client, test.filters)
			slices.Sort(ids)
			if got := len(slices.Compact(ids)); got != test.want || got != len(ids) {
				t.Errorf("got %d findings, %d of them different, want %d", len(ids), got, test.want)
			}
		})
	}
	_, err := client.GetFindings(t.Context(), &securityhub.GetFindingsInput{Filters: &types.AwsSecurityFindingFilters{
		//lint:ignore SA1019 users may send what is deprecated
		Keyword: []types.KeywordFilter{{Value: aws.String("x")}}}})
	if e := new(types.InvalidInputException); !errors.As(err, &e) {
		t.Errorf("a filter that the fake does not know: %v, want InvalidInputException", err)
	}
}

func TestTokenIsBoundToTheRequest(t *testing.T) {
	s := New(t)
	s.At(admin, home).Hub = &Hub{Findings: numbered("f", 250)}
	s.At(admin, linked).Hub = &Hub{Findings: numbered("g", 250)}
	s.Unlimited = true
	client := securityhub.NewFromConfig(once(s, admin, home))
	first, err := client.GetFindings(t.Context(), &securityhub.GetFindingsInput{Filters: &types.AwsSecurityFindingFilters{RecordState: equals("ACTIVE")}})
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]*securityhub.GetFindingsInput{
		"other filter": {NextToken: first.NextToken, Filters: &types.AwsSecurityFindingFilters{RecordState: equals("ARCHIVED")}},
		"no token":     {NextToken: aws.String("abc"), Filters: &types.AwsSecurityFindingFilters{RecordState: equals("ACTIVE")}},
	} {
		_, err := client.GetFindings(t.Context(), in)
		if e := new(types.InvalidInputException); !errors.As(err, &e) {
			t.Errorf("%s: %v, want InvalidInputException", name, err)
		}
	}
	same := &securityhub.GetFindingsInput{NextToken: first.NextToken, MaxResults: aws.Int32(1), Filters: &types.AwsSecurityFindingFilters{RecordState: equals("ACTIVE")}}
	if out, err := client.GetFindings(t.Context(), same); err != nil || len(out.Findings) != 1 {
		t.Errorf("other MaxResults: %v", err)
	}
	other := securityhub.NewFromConfig(once(s, admin, linked))
	if _, err := other.GetFindings(t.Context(), same); err == nil {
		t.Error("the token of another Region was taken")
	}
	s.Update(func() { s.TokenLife = time.Nanosecond })
	if _, err := client.GetFindings(t.Context(), same); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("old token: %v", err)
	}
}

func TestAggregationAndMembers(t *testing.T) {
	s := New(t)
	s.Unlimited = true
	for _, account := range []string{admin, member} {
		for _, region := range []string{home, linked, "us-west-2"} {
			s.At(account, region).Hub = &Hub{Findings: numbered(account+region+"-", 130)}
		}
	}
	s.Accounts[admin].Aggregator = &Aggregator{ARN: "arn:aws:securityhub:us-east-1:111122223333:finding-aggregator/1", Home: home,
		LinkingMode: "SPECIFIED_REGIONS", Regions: []string{linked}}
	s.At(admin, home).Hub.Members = []types.Member{{AccountId: aws.String(member), MemberStatus: aws.String("Enabled")},
		{AccountId: aws.String("999999999999"), MemberStatus: aws.String("Removed")}}
	for _, test := range []struct {
		account, region string
		want            int
	}{
		{admin, home, 4 * 130}, {admin, linked, 130}, {member, home, 130},
	} {
		client := securityhub.NewFromConfig(s.Config(test.account, test.region))
		ids, _ := findingIDs(t, client, nil)
		slices.Sort(ids)
		if got := len(slices.Compact(ids)); got != test.want {
			t.Errorf("%s %s: %d findings, want %d", test.account, test.region, got, test.want)
		}
	}
	client := securityhub.NewFromConfig(s.Config(admin, linked))
	list, err := client.ListFindingAggregators(t.Context(), &securityhub.ListFindingAggregatorsInput{})
	if err != nil || len(list.FindingAggregators) != 1 {
		t.Fatal(list, err)
	}
	got, err := client.GetFindingAggregator(t.Context(), &securityhub.GetFindingAggregatorInput{FindingAggregatorArn: list.FindingAggregators[0].FindingAggregatorArn})
	if err != nil || aws.ToString(got.FindingAggregationRegion) != home || !slices.Equal(got.Regions, []string{linked}) {
		t.Errorf("%+v, %v", got, err)
	}
	members, err := securityhub.NewFromConfig(s.Config(admin, home)).ListMembers(t.Context(), &securityhub.ListMembersInput{OnlyAssociated: aws.Bool(false)})
	if err != nil || len(members.Members) != 2 {
		t.Errorf("%+v, %v", members, err)
	}
}

func TestImportedFindingsComeBack(t *testing.T) {
	s := New(t)
	s.At(admin, home).Hub = &Hub{}
	client := securityhub.NewFromConfig(s.Config(admin, home))
	var sent []types.AwsSecurityFinding
	for raw := range testgen.Findings(testgen.Options{Findings: 50, Seed: 1, Duplicates: -1}) {
		var f types.AwsSecurityFinding
		if err := json.Unmarshal(raw, &f); err != nil {
			t.Fatal(err)
		}
		sent = append(sent, f)
	}
	for range 2 { // the second time replaces
		out, err := client.BatchImportFindings(t.Context(), &securityhub.BatchImportFindingsInput{Findings: sent})
		if err != nil || aws.ToInt32(out.SuccessCount) != int32(len(sent)) || aws.ToInt32(out.FailedCount) != 0 {
			t.Fatal(out, err)
		}
	}
	out, err := client.GetFindings(t.Context(), &securityhub.GetFindingsInput{})
	if err != nil {
		t.Fatal(err)
	}
	want, _ := json.Marshal(sent)
	got, _ := json.Marshal(out.Findings)
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

// TestAddFinding spreads an estate over its accounts and Regions and pulls it
// through the administrator, each finding once.
func TestAddFinding(t *testing.T) {
	s := New(t)
	s.Unlimited = true
	want := 0
	for raw := range testgen.Findings(testgen.Options{Findings: 700, Seed: 3, Duplicates: -1}) {
		if err := s.AddFinding(slices.Clone(raw)); err != nil {
			t.Fatal(err)
		}
		want++
	}
	hub := s.At(admin, home).Hub
	for account := range s.Accounts {
		if account != admin {
			hub.Members = append(hub.Members, types.Member{AccountId: aws.String(account), MemberStatus: aws.String("Enabled")})
		}
	}
	s.Accounts[admin].Aggregator = &Aggregator{Home: home, LinkingMode: "ALL_REGIONS"}
	ids, _ := findingIDs(t, securityhub.NewFromConfig(s.Config(admin, home)), nil)
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); n != want || n != len(ids) {
		t.Errorf("%d findings, %d different, want %d", len(ids), n, want)
	}
	if err := s.AddFinding([]byte(`{"Id":"x"}`)); err == nil {
		t.Error("a finding without account was taken")
	}
}

func TestFindingsV2(t *testing.T) {
	s := New(t)
	s.Unlimited = true
	s.At(admin, home)
	client := securityhub.NewFromConfig(once(s, admin, home))
	_, err := client.DescribeSecurityHubV2(t.Context(), &securityhub.DescribeSecurityHubV2Input{})
	if e := new(types.ResourceNotFoundException); !errors.As(err, &e) {
		t.Errorf("v2 is off: %v", err)
	}
	var lines [][]byte
	for raw := range testgen.Findings(testgen.Options{Findings: 150, Format: testgen.OCSFV2}) {
		lines = append(lines, slices.Clone(raw))
	}
	s.Update(func() { s.Accounts[admin].Regions[home].HubV2 = &HubV2{Findings: Findings{Lines: lines}} })
	if _, err := client.DescribeSecurityHubV2(t.Context(), &securityhub.DescribeSecurityHubV2Input{}); err != nil {
		t.Error(err)
	}
	var got [][]byte
	in := &securityhub.GetFindingsV2Input{}
	for {
		out, err := client.GetFindingsV2(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range out.Findings {
			raw, err := f.MarshalSmithyDocument()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, raw)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	if len(got) != len(lines) {
		t.Fatalf("%d findings, want %d", len(got), len(lines))
	}
	var a, b any
	if json.Unmarshal(got[0], &a) != nil || json.Unmarshal(lines[0], &b) != nil {
		t.Fatal("not JSON")
	}
	if diff := cmp.Diff(b, a); diff != "" {
		t.Error(diff)
	}
	filtered, err := client.GetFindingsV2(t.Context(), &securityhub.GetFindingsV2Input{Filters: &types.OcsfFindingFilters{
		CompositeOperator: types.AllowedOperatorsAnd,
		CompositeFilters: []types.CompositeFilter{{Operator: types.AllowedOperatorsOr, StringFilters: []types.OcsfStringFilter{
			{FieldName: types.OcsfStringFieldCloudRegion, Filter: &types.StringFilter{Comparison: types.StringFilterComparisonEquals, Value: aws.String(home)}},
		}}}}})
	if err != nil || len(filtered.Findings) == 0 || len(filtered.Findings) >= len(lines) {
		t.Errorf("filtered by Region: %v", err)
	}
	_, err = client.GetFindingsV2(t.Context(), &securityhub.GetFindingsV2Input{NextToken: aws.String("x")})
	if e := new(types.ValidationException); !errors.As(err, &e) {
		t.Errorf("bad token: %v, want ValidationException", err)
	}
}

func TestInventory(t *testing.T) {
	s := New(t)
	s.Unlimited = true
	s.PageSize = 2
	const standard = "arn:aws:securityhub:us-east-1::standards/nist-800-53/v/5.0.0"
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	hub := &Hub{
		Standards:     []types.Standard{{StandardsArn: aws.String(standard), Name: aws.String("NIST")}},
		Enabled:       []types.StandardsSubscription{{StandardsArn: aws.String(standard), StandardsSubscriptionArn: aws.String("s1"), StandardsStatus: types.StandardsStatusReady, StandardsInput: map[string]string{}}},
		Administrator: &types.Invitation{AccountId: aws.String(admin), InvitedAt: &at},
	}
	for _, id := range []string{"S3.1", "S3.8", "IAM.1", "EC2.2", "KMS.4"} {
		hub.Controls = append(hub.Controls, types.SecurityControl{SecurityControlId: aws.String(id), Title: aws.String("t " + id),
			SecurityControlStatus: types.ControlStatusDisabled, SeverityRating: types.SeverityRatingHigh})
		if id != "KMS.4" {
			hub.Associations = append(hub.Associations, types.StandardsControlAssociationDetail{SecurityControlId: aws.String(id), StandardsArn: aws.String(standard),
				AssociationStatus: types.AssociationStatusDisabled, UpdatedReason: aws.String("not used"), UpdatedAt: &at, RelatedRequirements: []string{"NIST.800-53.r5 AC-2"}})
		}
	}
	s.At(member, home).Hub = hub
	client := securityhub.NewFromConfig(s.Config(member, home))
	ctx := context.Background()
	if out, err := client.DescribeHub(ctx, &securityhub.DescribeHubInput{}); err != nil || out.ControlFindingGenerator != types.ControlFindingGeneratorSecurityControl {
		t.Error(out, err)
	}
	if out, err := client.DescribeStandards(ctx, &securityhub.DescribeStandardsInput{}); err != nil || len(out.Standards) != 1 {
		t.Error(out, err)
	}
	if out, err := client.GetEnabledStandards(ctx, &securityhub.GetEnabledStandardsInput{}); err != nil || out.StandardsSubscriptions[0].StandardsStatus != types.StandardsStatusReady {
		t.Error(out, err)
	}
	for want, in := range map[int]*securityhub.ListSecurityControlDefinitionsInput{5: {}, 4: {StandardsArn: aws.String(standard)}} {
		n := 0
		for p := securityhub.NewListSecurityControlDefinitionsPaginator(client, in); p.HasMorePages(); {
			page, err := p.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			n += len(page.SecurityControlDefinitions)
		}
		if n != want {
			t.Errorf("%d definitions, want %d", n, want)
		}
	}
	list, err := client.ListStandardsControlAssociations(ctx, &securityhub.ListStandardsControlAssociationsInput{SecurityControlId: aws.String("S3.8")})
	if err != nil || len(list.StandardsControlAssociationSummaries) != 1 || !list.StandardsControlAssociationSummaries[0].UpdatedAt.Equal(at) {
		t.Errorf("%+v %v", list, err)
	}
	batch, err := client.BatchGetStandardsControlAssociations(ctx, &securityhub.BatchGetStandardsControlAssociationsInput{StandardsControlAssociationIds: []types.StandardsControlAssociationId{
		{SecurityControlId: aws.String("S3.8"), StandardsArn: aws.String(standard)}, {SecurityControlId: aws.String("KMS.4"), StandardsArn: aws.String(standard)}}})
	if err != nil || len(batch.StandardsControlAssociationDetails) != 1 || len(batch.UnprocessedAssociations) != 1 {
		t.Errorf("%+v %v", batch, err)
	} else if diff := cmp.Diff(aws.ToString(hub.Associations[1].UpdatedReason), aws.ToString(batch.StandardsControlAssociationDetails[0].UpdatedReason)); diff != "" {
		t.Error(diff)
	}
	controls, err := client.BatchGetSecurityControls(ctx, &securityhub.BatchGetSecurityControlsInput{SecurityControlIds: []string{"IAM.1", "XX.1"}})
	if err != nil || len(controls.SecurityControls) != 1 || len(controls.UnprocessedIds) != 1 {
		t.Errorf("%+v %v", controls, err)
	}
	if out, err := client.GetAdministratorAccount(ctx, &securityhub.GetAdministratorAccountInput{}); err != nil || aws.ToString(out.Administrator.AccountId) != admin || !out.Administrator.InvitedAt.Equal(at) {
		t.Errorf("%+v %v", out, err)
	}
}

// TestAMillionFindings looks for one among a million findings that are made on
// demand: they must not be kept.
func TestAMillionFindings(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	s := New(t)
	s.Unlimited = true
	s.At(admin, home).Hub = &Hub{Findings: numbered("f", 1_000_000)}
	client := securityhub.NewFromConfig(s.Config(admin, home))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	ids, _ := findingIDs(t, client, &types.AwsSecurityFindingFilters{Id: equals("f999999")})
	runtime.ReadMemStats(&after)
	if len(ids) != 1 {
		t.Errorf("found %v", ids)
	}
	if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 50<<20 {
		t.Errorf("the heap grew by %d MB", grown>>20)
	}
}
