package awsapi

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca/internal/awsfake"
)

const (
	caller = "111122223333"
	region = "eu-west-1"
)

// open returns a server, and a session with it that is in a hurry.
func open(t *testing.T, o Options) (*awsfake.Server, *Session) {
	t.Helper()
	server := awsfake.New(t)
	hub := server.At(caller, region)
	hub.Hub = &awsfake.Hub{}
	hub.Hub.Findings.Lines = [][]byte{[]byte(`{"Id":"a","Odd":1.50}`)}
	environ(t, server)
	if o.Speed == 0 {
		o.Speed = 1000
	}
	server.Unlimited = o.Speed > 1
	if o.Backoff == 0 {
		o.Backoff = time.Millisecond
	}
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return server, s
}

func environ(t *testing.T, server *awsfake.Server) {
	for _, e := range server.Environ(caller, region) {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
}

func get(ctx context.Context, s *Session, in string) ([]byte, error) {
	ctx, body := Answers(ctx)
	_, err := securityhub.NewFromConfig(s.Config(in, region)).GetFindings(ctx, &securityhub.GetFindingsInput{MaxResults: aws.Int32(100)})
	return body(), err
}

// TestFaults: what passes by itself is waited for.
func TestFaults(t *testing.T) {
	for _, fault := range []awsfake.Fault{
		{Kind: awsfake.Throttle, Times: 4},
		{Kind: awsfake.ServerError, Status: 503, Times: 4},
		{Kind: awsfake.Truncate, Times: 4},
		{Kind: awsfake.Stall, Times: 2},
		{Kind: awsfake.Reset, Times: 4},
		{Kind: awsfake.Slow, Delay: 100 * time.Millisecond, Times: 2},
		{Kind: awsfake.Skewed, Delay: 3 * time.Hour, Times: 1},
	} {
		t.Run(fault.Kind.String(), func(t *testing.T) {
			server, s := open(t, Options{Timeout: 300 * time.Millisecond})
			fault.Operation = "GetFindings"
			server.Update(func() { server.Faults = []awsfake.Fault{fault} })
			body, err := get(t.Context(), s, "")
			if err != nil || !strings.Contains(string(body), `{"Id":"a","Odd":1.50}`) {
				t.Errorf("body %s, error %v", body, err)
			}
			if got := server.Count("GetFindings"); fault.Kind != awsfake.Slow && got <= fault.Times {
				t.Errorf("%d requests, though %d fail", got, fault.Times)
			}
		})
	}
}

// TestSkew: a clock that is hours off costs one request, not the run.
func TestSkew(t *testing.T) {
	server := awsfake.New(t)
	server.Skew = 5 * time.Hour
	server.At(caller, region).Hub = &awsfake.Hub{}
	environ(t, server)
	s, err := Open(t.Context(), Options{Backoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := get(t.Context(), s, ""); err != nil {
		t.Error(err)
	}
}

// TestNeverAnswers: a service that does not answer is given up, soon.
func TestNeverAnswers(t *testing.T) {
	server, s := open(t, Options{Timeout: 50 * time.Millisecond, Attempts: 3})
	server.Update(func() { server.Faults = []awsfake.Fault{{Kind: awsfake.Stall, Operation: "GetFindings"}} })
	_, err := get(t.Context(), s, "")
	err = Explain(err, caller, region, "securityhub:GetFindings")
	if err == nil || !strings.Contains(err.Error(), "there was no answer") || server.Count("GetFindings") != 3 {
		t.Errorf("%d requests, error %v", server.Count("GetFindings"), err)
	}
}

// TestRate: the requests of one account and Region keep to what AWS allows,
// retries among them, and those of others do not wait for them.
func TestRate(t *testing.T) {
	server, s := open(t, Options{Speed: 1})
	server.At(caller, "us-east-1").Hub = &awsfake.Hub{}
	began := time.Now()
	for range 11 {
		if _, err := get(t.Context(), s, ""); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took < 3300*time.Millisecond {
		t.Errorf("11 requests in %v", took)
	}
	for _, e := range server.Log() {
		if e.Violation {
			t.Errorf("beyond the rate: %+v", e)
		}
	}
}

// TestExplain: each refusal says who may do what about it, where, and no secret.
func TestExplain(t *testing.T) {
	for _, tc := range []struct {
		fault awsfake.Fault
		want  string
	}{
		{awsfake.Fault{Kind: awsfake.Deny}, "allow securityhub:GetFindings to this identity"},
		{awsfake.Fault{Kind: awsfake.ExpireCredentials}, "the credentials have expired: sign in again"},
		{awsfake.Fault{Kind: awsfake.Throttle}, "AWS went on throttling after every retry"},
		{awsfake.Fault{Kind: awsfake.Refuse, Status: 403, Code: "UnrecognizedClientException", Message: "The security token included in the request is invalid."}, "the credentials are not known there"},
		{awsfake.Fault{Kind: awsfake.Refuse, Status: 403, Code: "OptInRequired", Message: "not opted in"}, "the Region is not enabled for the account"},
		{awsfake.Fault{Kind: awsfake.Refuse, Status: 400, Code: "OddException", Message: strings.Repeat("long\n", 1000)}, "OddException (long long"},
	} {
		t.Run(tc.want, func(t *testing.T) {
			server, s := open(t, Options{Attempts: 2})
			tc.fault.Operation = "GetFindings"
			server.Update(func() { server.Faults = []awsfake.Fault{tc.fault} })
			_, err := get(t.Context(), s, "")
			err = Explain(err, caller, region, "securityhub:GetFindings")
			text := err.Error()
			if !strings.Contains(text, "securityhub:GetFindings in account 111122223333, Region eu-west-1: ") || !strings.Contains(text, tc.want) {
				t.Errorf("error %s", text)
			}
			_, secret := awsfake.KeyOf(caller)
			if strings.Contains(text, secret) || strings.Contains(text, server.URL) || strings.ContainsAny(text, "\n\r") || len(text) > 1000 {
				t.Errorf("error %s", text)
			}
			if again := Explain(err, "x", "y", "z"); again != err {
				t.Error("an error is explained twice")
			}
		})
	}
	if err := Explain(nil, "", "", ""); err != nil {
		t.Error(err)
	}
}

// TestExpiredRole: the credentials of a role are fetched anew when AWS no longer
// takes them.
func TestExpiredRole(t *testing.T) {
	server, s := open(t, Options{RoleARN: "arn:aws:iam::{account}:role/audit"})
	server.At("222233334444", region).Hub = &awsfake.Hub{}
	server.Update(func() {
		server.Faults = []awsfake.Fault{{Kind: awsfake.ExpireCredentials, Operation: "GetFindings", After: 1, Times: 1}}
	})
	for range 3 {
		if _, err := get(t.Context(), s, "222233334444"); err != nil {
			t.Fatal(err)
		}
	}
	if got := server.Count("AssumeRole"); got != 2 {
		t.Errorf("AssumeRole was called %d times", got)
	}
	for _, e := range server.Log() {
		if e.Key.Operation == "GetFindings" && e.Key.Account != "222233334444" {
			t.Errorf("called in account %s", e.Key.Account)
		}
	}
}

func TestOpen(t *testing.T) {
	server, s := open(t, Options{})
	if s.Account() != caller || s.Partition() != "aws" || s.Region() != region {
		t.Errorf("account %s, partition %s, Region %s", s.Account(), s.Partition(), s.Region())
	}
	server.Update(func() {
		server.Accounts[caller].EnabledRegions = []types.Region{
			{RegionName: aws.String("us-east-1"), RegionOptStatus: types.RegionOptStatusEnabledByDefault},
			{RegionName: aws.String("ap-east-1"), RegionOptStatus: types.RegionOptStatusDisabled},
			{RegionName: aws.String("af-south-1"), RegionOptStatus: types.RegionOptStatusEnabled},
		}
	})
	regions, err := s.Regions(t.Context())
	if diff := cmp.Diff([]string{"af-south-1", "us-east-1"}, regions); diff != "" || err != nil {
		t.Errorf("Regions: %v\n%s", err, diff)
	}

	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	if _, err := Open(t.Context(), Options{}); err == nil || !strings.Contains(err.Error(), "no Region is configured") {
		t.Errorf("without a Region: %v", err)
	}
	t.Setenv("AWS_REGION", region)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	if _, err := Open(t.Context(), Options{}); err == nil || !strings.Contains(err.Error(), "there are no AWS credentials") {
		t.Errorf("without credentials: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

func TestWithout(t *testing.T) {
	for _, tc := range []struct{ body, want string }{
		{`{"Findings":[{"a":1},2],"NextToken":"t"}`, `{"NextToken":"t"}`},
		{` {"NextToken" : null, "F\u0069ndings" : {}, "x":[1.50]} `, `{"NextToken":null,"x":[1.50]}`},
		{`{"Findings":[]}`, `{}`},
		{`{}`, `{}`},
		{`{"Findings":[`, `{"Findings":[`},
		{`{"Findings":[],"NextToken":"t"`, `{"Findings":[],"NextToken":"t"`},
		{`[]`, `[]`},
		{``, ``},
	} {
		if got := string(without([]byte(tc.body), "Findings")); got != tc.want {
			t.Errorf("without(%s) = %s, want %s", tc.body, got, tc.want)
		}
	}
}
