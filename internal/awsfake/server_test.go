package awsfake

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	organizationstypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"
)

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// signed are the headers of a request that is signed as far as the server looks.
func signed(service, region, account string) http.Header {
	id, _ := KeyOf(account)
	return http.Header{
		"Authorization": {"AWS4-HMAC-SHA256 Credential=" + id + "/20260101/" + region + "/" + service + "/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + strings.Repeat("0", 64)},
		"X-Amz-Date":    {stamp(time.Now())},
	}
}

// TestOperationsAreDifferent sees that the lists have no operation twice and
// that REST operations can be told apart.
func TestOperationsAreDifferent(t *testing.T) {
	seen := map[string]bool{}
	for _, op := range operations() {
		for _, key := range []string{op.service + " " + op.name, op.service + " " + op.method + " " + op.path} {
			if op.path == "" && strings.HasSuffix(key, "  ") {
				continue
			}
			if seen[key] {
				t.Errorf("%s is there twice", key)
			}
			seen[key] = true
		}
		if op.do == nil {
			t.Errorf("%s does nothing", op.name)
		}
	}
}

func TestWhoCalls(t *testing.T) {
	s := New(t)
	s.At(admin, home).Hub = &Hub{}
	s.At(member, home).Hub = &Hub{}
	s.Keys = map[string]string{"AKIAOTHER": member}
	ctx := t.Context()
	client := sts.NewFromConfig(s.Config(admin, home))
	out, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil || aws.ToString(out.Account) != admin {
		t.Fatal(out, err)
	}
	cfg := s.Config(admin, home)
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIAOTHER", SecretAccessKey: "x"}, nil
	})
	if out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}); err != nil || aws.ToString(out.Account) != member {
		t.Error(out, err)
	}
	cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(client, "arn:aws:iam::"+member+":role/path/reader"))
	out, err = sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil || aws.ToString(out.Account) != member || !strings.HasPrefix(aws.ToString(out.Arn), "arn:aws:sts::"+member+":assumed-role/reader/") {
		t.Error(out, err)
	}
	if _, err := securityhub.NewFromConfig(cfg).DescribeHub(ctx, &securityhub.DescribeHubInput{}); err != nil {
		t.Error(err)
	}
	if _, err := client.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::999999999999:role/x"), RoleSessionName: aws.String("s1")}); code(err) != "AccessDenied" {
		t.Errorf("role of an account that there is not: %v", err)
	}
	if _, err := sts.NewFromConfig(s.Config("999999999999", home)).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}); code(err) != "InvalidClientTokenId" {
		t.Errorf("unknown key: %v", err)
	}
	if _, err := securityhub.NewFromConfig(s.Config("999999999999", home)).DescribeHub(ctx, &securityhub.DescribeHubInput{}); code(err) != "UnrecognizedClientException" {
		t.Errorf("unknown key: %v", err)
	}
	log := s.Log()
	if log[0].Operation != "GetCallerIdentity" || log[0].Account != admin || log[0].Status != http.StatusOK {
		t.Errorf("%+v", log[0])
	}
}

func TestKeysExpire(t *testing.T) {
	now := time.Now()
	s := New(t)
	s.Clock = func() time.Time { return now }
	s.At(admin, home).Hub = &Hub{}
	client := sts.NewFromConfig(s.Config(admin, home))
	out, err := client.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + admin + ":role/x"), RoleSessionName: aws.String("s1"), DurationSeconds: aws.Int32(900)})
	if err != nil {
		t.Fatal(err)
	}
	cfg := once(s, admin, home)
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken}, nil
	})
	hub := securityhub.NewFromConfig(cfg)
	for _, step := range []struct {
		after time.Duration
		want  string
	}{{0, ""}, {899 * time.Second, ""}, {2 * time.Second, "ExpiredTokenException"}} {
		s.Update(func() { now = now.Add(step.after) })
		if _, err := hub.DescribeHub(t.Context(), &securityhub.DescribeHubInput{}); code(err) != step.want {
			t.Errorf("after %s: %v, want %q", step.after, err, step.want)
		}
	}
}

func TestManagement(t *testing.T) {
	s := New(t)
	s.PageSize = 2
	for _, region := range []string{home, linked, "us-west-2"} {
		s.At(admin, region)
	}
	s.At(member, home)
	ctx := t.Context()
	regions := func(cfg aws.Config, in *account.ListRegionsInput) (names []string) {
		for p := account.NewListRegionsPaginator(account.NewFromConfig(cfg), in); p.HasMorePages(); {
			page, err := p.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Regions {
				names = append(names, aws.ToString(r.RegionName))
			}
		}
		return names
	}
	enabled := []accounttypes.RegionOptStatus{accounttypes.RegionOptStatusEnabled, accounttypes.RegionOptStatusEnabledByDefault}
	if got := regions(s.Config(admin, home), &account.ListRegionsInput{RegionOptStatusContains: enabled}); !slices.Equal(got, []string{linked, home, "us-west-2"}) {
		t.Error(got)
	}
	if got := regions(s.Config(admin, home), &account.ListRegionsInput{AccountId: aws.String(member)}); !slices.Equal(got, []string{home}) {
		t.Error(got)
	}
	client := organizations.NewFromConfig(s.Config(admin, home))
	_, err := client.ListAccounts(ctx, &organizations.ListAccountsInput{})
	if e := new(organizationstypes.AWSOrganizationsNotInUseException); !errors.As(err, &e) {
		t.Errorf("no organization: %v", err)
	}
	o := fill[organizationstypes.Organization]()
	var all []organizationstypes.Account
	for range 5 {
		all = append(all, fill[organizationstypes.Account]())
	}
	s.Update(func() {
		s.Accounts[admin].Organization, s.Accounts[admin].Management.Accounts = &o, all
		s.Accounts[member].Organization = &o
	})
	if out, err := client.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{}); err != nil {
		t.Error(err)
	} else {
		same(t, "organization", o, *out.Organization)
	}
	var got []organizationstypes.Account
	for p := organizations.NewListAccountsPaginator(client, &organizations.ListAccountsInput{}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, page.Accounts...)
	}
	same(t, "accounts", all, got)
	_, err = organizations.NewFromConfig(s.Config(member, home)).ListAccounts(ctx, &organizations.ListAccountsInput{})
	if e := new(organizationstypes.AccessDeniedException); !errors.As(err, &e) {
		t.Errorf("a member: %v", err)
	}
}

func TestUnknownOperation(t *testing.T) {
	s := New(t)
	s.At(admin, home).Hub = &Hub{}
	if _, err := securityhub.NewFromConfig(once(s, admin, home)).ListInvitations(t.Context(), &securityhub.ListInvitationsInput{}); code(err) != "UnknownOperationException" {
		t.Errorf("got %v", err)
	}
	out, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(out.Body)
	out.Body.Close()
	if out.StatusCode != http.StatusForbidden {
		t.Errorf("an unsigned request: %s %s", out.Status, body)
	}
}

func TestMatchPath(t *testing.T) {
	for _, test := range []struct {
		pattern, path string
		want          map[string]string
	}{
		{"/a", "/a", map[string]string{}},
		{"/a", "/a/b", nil},
		{"/a/{x}", "/a/b%2Fc", map[string]string{"x": "b/c"}},
		{"/a/{x}", "/a/", nil},
		{"/a/{x}/c", "/a/b/c", map[string]string{"x": "b"}},
		{"/a/{x+}", "/a/arn:aws:x/1", map[string]string{"x": "arn:aws:x/1"}},
	} {
		got, ok := matchPath(test.pattern, test.path)
		if !ok {
			got = nil
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s %s: %s", test.pattern, test.path, diff)
		}
	}
}
