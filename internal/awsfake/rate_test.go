package awsfake

import (
	"math"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/securityhub"
)

// TestRateIsExact drives the server's clock: the burst, then a request as soon as
// there is a token for it, then one just before.
func TestRateIsExact(t *testing.T) {
	for _, test := range []struct {
		operation string
		limit     limit
	}{{"securityhub", limit{3, 6}}, {"account", limit{10, 30}}} {
		t.Run(test.operation, func(t *testing.T) {
			s := newEverything(t)
			s.Unlimited = false
			start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			now := start
			s.Clock = func() time.Time { return now }
			call := calls(once(s, admin, home))[test.operation]
			at := func(after time.Duration, want int) {
				t.Helper()
				s.Update(func() { now = start.Add(after) })
				if err := call(t.Context()); status(err) != want {
					t.Fatalf("after %s: %v, want status %d", after, err, want)
				}
			}
			for range int(test.limit.burst) {
				at(0, 0)
			}
			at(0, 429)
			step := time.Duration(float64(time.Second) / test.limit.perSecond)
			for i := 1; i <= 50; i++ {
				at(time.Duration(i)*step-time.Millisecond, 429)
				at(time.Duration(i)*step+time.Microsecond, 0)
			}
			for key, u := range s.Usage() {
				if u.Violations != 51 || u.Requests != int(test.limit.burst)+101 {
					t.Errorf("%+v: %+v", key, u)
				}
			}
			// After a rest there is a burst again and no more.
			for range int(test.limit.burst) {
				at(time.Hour, 0)
			}
			at(time.Hour, 429)
		})
	}
}

// TestRateIsOfAnAccountAndRegion sees that buckets do not share tokens.
func TestRateIsOfAnAccountAndRegion(t *testing.T) {
	s := New(t)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s.Clock = func() time.Time { return now }
	for _, account := range []string{admin, member} {
		for _, region := range []string{home, linked} {
			s.At(account, region).Hub = &Hub{}
			client := securityhub.NewFromConfig(once(s, account, region))
			for i := range 8 {
				_, err := client.GetFindings(t.Context(), &securityhub.GetFindingsInput{})
				if (err != nil) != (i >= 6) {
					t.Errorf("%s %s: request %d: %v", account, region, i, err)
				}
			}
			if _, err := client.DescribeHub(t.Context(), &securityhub.DescribeHubInput{}); err != nil {
				t.Error(err)
			}
		}
	}
	if n := s.Violations(); n != 8 {
		t.Errorf("%d violations, want 8", n)
	}
	s.Reset()
	if s.Violations() != 0 || len(s.Log()) != 0 {
		t.Error("Reset left something")
	}
}

func TestUsage(t *testing.T) {
	s := New(t)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s.Clock = func() time.Time { return now }
	s.Jitter = 50 * time.Millisecond
	s.At(admin, home).Hub = &Hub{}
	client := securityhub.NewFromConfig(once(s, admin, home))
	call := func() {
		t.Helper()
		if _, err := client.GetFindings(t.Context(), &securityhub.GetFindingsInput{}); err != nil {
			t.Fatal(err)
		}
	}
	for range 6 {
		call()
	}
	for range 30 {
		s.Update(func() { now = now.Add(time.Second/3 - time.Millisecond) }) // early, but within the jitter
		call()
	}
	u := s.Usage()[Key{admin, home, "securityhub", "GetFindings"}]
	if u.Requests != 36 || u.Violations != 0 || u.Peak != 9 || math.Abs(u.PerSecond-3) > 0.02 {
		t.Errorf("%+v", u)
	}
}
