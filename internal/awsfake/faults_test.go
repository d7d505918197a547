package awsfake

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/auditmanager"
	auditmanagertypes "github.com/aws/aws-sdk-go-v2/service/auditmanager/types"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	organizationstypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// as says whether an error is one of a type.
func as[T error](err error) bool {
	var e T
	return errors.As(err, &e)
}

// calls has a call of every service.
func calls(cfg aws.Config) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"securityhub": func(ctx context.Context) error {
			_, err := securityhub.NewFromConfig(cfg).GetFindings(ctx, &securityhub.GetFindingsInput{})
			return err
		},
		"securityhub v2": func(ctx context.Context) error {
			_, err := securityhub.NewFromConfig(cfg).GetFindingsV2(ctx, &securityhub.GetFindingsV2Input{})
			return err
		},
		"sts": func(ctx context.Context) error {
			_, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
			return err
		},
		"account": func(ctx context.Context) error {
			_, err := account.NewFromConfig(cfg).ListRegions(ctx, &account.ListRegionsInput{})
			return err
		},
		"organizations": func(ctx context.Context) error {
			_, err := organizations.NewFromConfig(cfg).DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
			return err
		},
		"config": func(ctx context.Context) error {
			_, err := configservice.NewFromConfig(cfg).DescribeConfigRules(ctx, &configservice.DescribeConfigRulesInput{})
			return err
		},
		"auditmanager": func(ctx context.Context) error {
			_, err := auditmanager.NewFromConfig(cfg).ListAssessments(ctx, &auditmanager.ListAssessmentsInput{})
			return err
		},
		"s3": func(ctx context.Context) error {
			_, err := s3.NewFromConfig(cfg).ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("b")})
			return err
		},
	}
}

func newEverything(t *testing.T) *Server {
	s := New(t)
	here := s.At(admin, home)
	here.Hub = &Hub{Findings: numbered("f", 250)}
	here.HubV2 = &HubV2{}
	here.Config = &Config{}
	here.AuditManager = &AuditManager{}
	s.Accounts[admin].Organization = &organizationstypes.Organization{}
	s.Buckets = map[string]*Bucket{"b": {Objects: map[string]*Object{"k": {Body: []byte(strings.Repeat("x", 1000))}}}}
	s.Unlimited = true
	return s
}

// TestFaultsAreErrorsOfTheSDK lets every service answer every error.
func TestFaultsAreErrorsOfTheSDK(t *testing.T) {
	throttles := map[string]string{"securityhub": "TooManyRequestsException", "securityhub v2": "ThrottlingException", "sts": "Throttling",
		"account": "TooManyRequestsException", "organizations": "TooManyRequestsException", "config": "ThrottlingException",
		"auditmanager": "ThrottlingException", "s3": "SlowDown"}
	typed := map[string]func(error) bool{
		"throttle securityhub v2":   as[*types.ThrottlingException],
		"throttle account":          as[*accounttypes.TooManyRequestsException],
		"throttle organizations":    as[*organizationstypes.TooManyRequestsException],
		"server error securityhub":  as[*types.InternalException],
		"server error auditmanager": as[*auditmanagertypes.InternalServerException],
		"deny auditmanager":         as[*auditmanagertypes.AccessDeniedException],
		"deny account":              as[*accounttypes.AccessDeniedException],
		"deny organizations":        as[*organizationstypes.AccessDeniedException],
	}
	s := newEverything(t)
	for service, call := range calls(once(s, admin, home)) {
		if err := call(t.Context()); err != nil {
			t.Errorf("%s without a fault: %v", service, err)
		}
	}
	for _, test := range []struct {
		kind Kind
		is   func(service string, err error) bool
	}{
		{Throttle, func(service string, err error) bool { return code(err) == throttles[service] }},
		{ServerError, func(_ string, err error) bool { return status(err) == 500 }},
		{Deny, func(_ string, err error) bool {
			return strings.HasPrefix(code(err), "AccessDenied") && strings.Contains(err.Error(), "is not authorized to perform: ")
		}},
		{ExpireCredentials, func(_ string, err error) bool { return strings.HasPrefix(code(err), "ExpiredToken") }},
		{Truncate, func(_ string, err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
		{Reset, func(_ string, err error) bool { return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) }},
		{StallBody, func(_ string, err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
		{Stall, func(_ string, err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
	} {
		s.Update(func() { s.Faults = []Fault{{Kind: test.kind}} })
		for service, call := range calls(once(s, admin, home)) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			if test.kind == Stall || test.kind == StallBody {
				cancel()
				ctx, cancel = context.WithTimeout(t.Context(), 30*time.Millisecond)
			}
			err := call(ctx)
			cancel()
			if err == nil || !test.is(service, err) {
				t.Errorf("%s: %s: got %v", test.kind, service, err)
			}
			if is := typed[test.kind.String()+" "+service]; is != nil && !is(err) {
				t.Errorf("%s: %s: %v is not of its type", test.kind, service, err)
			}
		}
	}
	last := s.Log()[len(s.Log())-1]
	if last.Fault != Stall {
		t.Errorf("logged %+v", last)
	}
}

// status returns the HTTP status of an error, or 0.
func status(err error) int {
	var e interface{ HTTPStatusCode() int }
	if errors.As(err, &e) {
		return e.HTTPStatusCode()
	}
	return 0
}

// TestRetriesRecover lets the SDK's own retries get over faults that end.
func TestRetriesRecover(t *testing.T) {
	for _, kind := range []Kind{Throttle, ServerError, Truncate, Reset, Slow} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			s := newEverything(t)
			s.Faults = []Fault{{Kind: kind, Times: 1, Operation: "GetFindings", Delay: 10 * time.Millisecond}}
			out, err := securityhub.NewFromConfig(s.Config(admin, home)).GetFindings(t.Context(), &securityhub.GetFindingsInput{})
			if kind == Truncate {
				// The SDK reads the body after its retries: that is its caller's.
				if err == nil {
					t.Skip("this SDK retries broken bodies")
				}
				out, err = securityhub.NewFromConfig(s.Config(admin, home)).GetFindings(t.Context(), &securityhub.GetFindingsInput{})
			}
			if err != nil || len(out.Findings) != 100 {
				t.Fatal(err)
			}
			want := 2
			if kind == Slow {
				want = 1
			}
			if n := s.Count("GetFindings"); n != want {
				t.Errorf("%d requests, want %d", n, want)
			}
		})
	}
}

func TestSkew(t *testing.T) {
	for _, skew := range []time.Duration{3 * time.Hour, -3 * time.Hour} {
		s := newEverything(t)
		s.Skew = skew
		want := map[string]string{"s3": "RequestTimeTooSkewed", "sts": "SignatureDoesNotMatch"}
		for service, call := range calls(once(s, admin, home)) {
			expect := want[service]
			if expect == "" {
				expect = "InvalidSignatureException"
			}
			if err := call(t.Context()); code(err) != expect {
				t.Errorf("%s: %v, want %s", service, err, expect)
			}
		}
		// The SDK's retries take the server's clock over.
		client := securityhub.NewFromConfig(s.Config(admin, home))
		if _, err := client.GetFindings(t.Context(), &securityhub.GetFindingsInput{}); err != nil {
			t.Errorf("with retries: %v", err)
		}
	}
}

func TestPagesThatMislead(t *testing.T) {
	s := newEverything(t)
	s.Faults = []Fault{
		{Kind: EmptyPage, Operation: "GetFindings", After: 1, Times: 1},
		{Kind: RepeatToken, Operation: "GetFindings", After: 1, Times: 1},
	}
	client := securityhub.NewFromConfig(once(s, admin, home))
	in := &securityhub.GetFindingsInput{}
	var ids []string
	var sizes []int
	repeated := 0
	for {
		out, err := client.GetFindings(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(out.Findings))
		for _, f := range out.Findings {
			ids = append(ids, *f.Id)
		}
		if out.NextToken != nil && aws.ToString(in.NextToken) == *out.NextToken {
			repeated++
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	if !slices.Equal(sizes, []int{100, 0, 100, 100, 50}) && !slices.Equal(sizes, []int{100, 0, 100, 50, 50}) || repeated != 1 {
		t.Errorf("pages %v, %d tokens repeated", sizes, repeated)
	}
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); n != 250 {
		t.Errorf("%d findings, want 250", n)
	}
}

func TestTokenExpiresOnce(t *testing.T) {
	s := newEverything(t)
	s.Faults = []Fault{{Kind: ExpireToken, Operation: "GetFindings", Times: 1}}
	client := securityhub.NewFromConfig(once(s, admin, home))
	first, err := client.GetFindings(t.Context(), &securityhub.GetFindingsInput{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err = client.GetFindings(t.Context(), &securityhub.GetFindingsInput{NextToken: first.NextToken})
		if !as[*types.InvalidInputException](err) || !strings.Contains(err.Error(), "expired") {
			t.Errorf("got %v", err)
		}
	}
	if ids, _ := findingIDs(t, client, nil); len(ids) != 250 {
		t.Errorf("from the beginning: %d findings", len(ids))
	}
}

func TestNotSubscribed(t *testing.T) {
	s := newEverything(t)
	for _, region := range []string{linked, home} { // off there, a fault here
		s.Update(func() { s.Faults = []Fault{{Kind: NotSubscribed, Region: home}} })
		_, err := securityhub.NewFromConfig(once(s, admin, region)).GetFindings(t.Context(), &securityhub.GetFindingsInput{})
		if !as[*types.InvalidAccessException](err) || !strings.Contains(err.Error(), "Account "+admin+" is not subscribed to AWS Security Hub") {
			t.Errorf("%s: %v", region, err)
		}
	}
}

func TestRefuse(t *testing.T) {
	s := newEverything(t)
	s.Faults = []Fault{{Kind: Refuse, Service: "s3", Status: http.StatusOK, Code: "InternalError", Message: "later"}}
	client := s3.NewFromConfig(once(s, admin, home))
	_, err := client.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: aws.String("b"), Key: aws.String("k"), UploadId: aws.String("1")})
	if code(err) != "InternalError" {
		t.Errorf("an error with status 200: %v", err)
	}
}

func TestDeniedAction(t *testing.T) {
	s := newEverything(t)
	s.Faults = []Fault{{Kind: Deny}}
	for want, call := range map[string]func(context.Context) error{
		"securityhub:GetFindings on resource: arn:aws:securityhub:us-east-1:111122223333:hub/default": calls(once(s, admin, home))["securityhub"],
		"s3:ListBucket on resource: arn:aws:s3:::b":                                                   calls(once(s, admin, home))["s3"],
		"config:DescribeConfigRules":                                                                  calls(once(s, admin, home))["config"],
	} {
		var e smithy.APIError
		if err := call(t.Context()); !errors.As(err, &e) || !strings.Contains(e.ErrorMessage(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestFaultsDoNotDependOnOverlap sees that what happens in one Region does not
// depend on what happens in others meanwhile.
func TestFaultsDoNotDependOnOverlap(t *testing.T) {
	run := func(seed uint64, parallel bool) map[string]string {
		s := newEverything(t)
		s.At(admin, linked).Hub = &Hub{}
		s.Seed = seed
		s.Faults = []Fault{{Kind: Throttle, Share: 0.2}, {Kind: ServerError, Share: 0.2, Times: 3}}
		var wg sync.WaitGroup
		for _, region := range []string{home, linked} {
			pull := func() {
				call := calls(once(s, admin, region))["securityhub"]
				for range 40 {
					call(context.Background())
				}
			}
			if parallel {
				wg.Go(pull)
			} else {
				pull()
			}
		}
		wg.Wait()
		got := map[string]string{}
		for _, e := range s.Log() {
			got[e.Region] += e.Fault.String() + " "
		}
		return got
	}
	first, second, other := run(1, false), run(1, true), run(2, false)
	for _, region := range []string{home, linked} {
		if first[region] != second[region] {
			t.Errorf("%s: %s\nin parallel: %s", region, first[region], second[region])
		}
		if first[region] == other[region] {
			t.Errorf("%s: another seed changes nothing", region)
		}
		if n := strings.Count(first[region], "server error"); n != 3 {
			t.Errorf("%s: %d server errors, want 3", region, n)
		}
		if n := strings.Count(first[region], "throttle"); n < 2 || n > 18 {
			t.Errorf("%s: %d of 40 throttled, want about 8", region, n)
		}
	}
	if first[home] == first[linked] {
		t.Error("the same happens in both Regions")
	}
}
