package securityhub

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca/collect"
	"github.com/go-shca/shca/internal/awsapi"
	"github.com/go-shca/shca/internal/awsfake"
	"github.com/go-shca/shca/sources/snapshot"
)

const (
	own  = "111122223333"
	east = "us-east-1"
	west = "us-west-2"
)

// request is one that reached the fake, without what signs it.
type request struct{ method, path, query, body string }

// estate is a fake of AWS that keeps the bodies of requests, and a test may
// answer some of them itself.
type estate struct {
	*awsfake.Server
	t    *testing.T
	url  string
	mu   sync.Mutex
	seen []request
	// answer, where set, answers a request instead of the fake if it returns a body.
	answer func(r request) (status int, body string)
}

func newEstate(t *testing.T) *estate {
	t.Helper()
	e := &estate{Server: awsfake.New(t), t: t}
	e.Unlimited = true // sessions of a test do not know of each other
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got := request{r.Method, r.URL.Path, r.URL.RawQuery, string(body)}
		e.mu.Lock()
		e.seen = append(e.seen, got)
		answer := e.answer
		e.mu.Unlock()
		if answer != nil {
			if status, text := answer(got); text != "" {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				io.WriteString(w, text)
				return
			}
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		e.Server.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	e.url = front.URL
	return e
}

// requests returns the requests for a path.
func (e *estate) requests(path string) []request {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []request
	for _, r := range e.seen {
		if r.path == path {
			all = append(all, r)
		}
	}
	return all
}

// session opens a session of the account. Every session has its own pace.
func (e *estate) session(o awsapi.Options) *awsapi.Session {
	e.t.Helper()
	for _, v := range e.Environ(own, east) {
		name, value, _ := strings.Cut(v, "=")
		e.t.Setenv(name, value)
	}
	e.t.Setenv("AWS_ENDPOINT_URL", e.url)
	if o.Attempts == 0 {
		o.Attempts, o.Backoff = 2, time.Millisecond
	}
	o.Speed = 1000
	s, err := awsapi.Open(e.t.Context(), o)
	if err != nil {
		e.t.Fatal(err)
	}
	return s
}

// service makes a Service that does not wait long.
func (e *estate) service(o Options) *Service {
	e.t.Helper()
	if o.Session == nil {
		o.Session = e.session(awsapi.Options{})
	}
	if o.Regions == nil {
		o.Regions = []string{east}
	}
	s, err := New(o)
	if err != nil {
		e.t.Fatal(err)
	}
	s.pauses = []time.Duration{time.Millisecond, time.Millisecond}
	s.maxEmpty = 2
	return s
}

func (e *estate) hub(account, region string) *awsfake.Hub {
	r := e.At(account, region)
	if r.Hub == nil {
		r.Hub = &awsfake.Hub{}
	}
	return r.Hub
}

// finding makes one that the default filter lets pass.
func finding(region string, i int) []byte {
	return fmt.Appendf(nil, `{"Id":"arn:aws:securityhub:%s:%s:finding/%d","Region":%q,"RecordState":"ACTIVE","Compliance":{"Status":"FAILED"}}`, region, own, i, region)
}

func findings(region string, n int) awsfake.Findings {
	var f awsfake.Findings
	for i := range n {
		f.Lines = append(f.Lines, finding(region, i))
	}
	return f
}

// pulled is what came of a task.
type pulled struct {
	lines   []snapshot.Line
	cursors []jsontext.Value
}

// pull reads a task from the cursor to its end.
func pull(ctx context.Context, p collect.Puller, at jsontext.Value) (pulled, error) {
	var all pulled
	for range 1000 {
		page, err := p.Next(ctx, at)
		if err != nil {
			return all, err
		}
		all.lines = append(all.lines, page.Lines...)
		if page.Next == nil {
			return all, nil
		}
		at = page.Next
		all.cursors = append(all.cursors, at)
	}
	return all, errors.New("the task has no end")
}

// texts of the lines as a snapshot has them.
func lineTexts(t *testing.T, lines []snapshot.Line) []string {
	t.Helper()
	var all []string
	for i := range lines {
		b, err := lines[i].Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.TrimSpace(string(b)))
	}
	return all
}

func findingTexts(lines []snapshot.Line) []string {
	var all []string
	for _, l := range lines {
		if l.Finding != nil {
			all = append(all, string(l.Finding))
		}
	}
	return all
}

// run plans and pulls everything.
func run(t *testing.T, s *Service) (tasks []collect.Task, scopes []string, lines []snapshot.Line) {
	t.Helper()
	tasks, planned, err := s.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, scope := range planned {
		scopes = append(scopes, scope.Name()+": "+scope.Err+scope.Note)
	}
	for _, task := range tasks {
		p, err := s.Puller(task)
		if err != nil {
			t.Fatal(err)
		}
		got, err := pull(t.Context(), p, nil)
		if err != nil {
			scopes = append(scopes, task.Source+" "+task.AccountID+" "+task.Region+": "+err.Error())
			continue
		}
		lines = append(lines, got.lines...)
	}
	return tasks, scopes, lines
}

// only plans a single task and returns what pulls it.
func only(t *testing.T, s *Service) (collect.Task, collect.Puller) {
	t.Helper()
	tasks, scopes, err := s.Plan(t.Context())
	if err != nil || len(tasks) != 1 {
		t.Fatalf("Plan: %d tasks, %+v, %v; want one task", len(tasks), scopes, err)
	}
	p, err := s.Puller(tasks[0])
	if err != nil {
		t.Fatal(err)
	}
	return tasks[0], p
}

// aggregatorOf links Regions to us-east-1.
func aggregatorOf(mode string, regions ...string) *awsfake.Aggregator {
	return &awsfake.Aggregator{ARN: "arn:aws:securityhub:us-east-1:111122223333:finding-aggregator/1", Home: east, LinkingMode: mode, Regions: regions}
}

const nistARN = "arn:aws:securityhub:us-east-1::standards/nist-800-53/v/5.0.0"

func subscription(standard string) types.StandardsSubscription {
	return types.StandardsSubscription{
		StandardsArn: aws.String(standard), StandardsStatus: types.StandardsStatusReady,
		StandardsSubscriptionArn: aws.String("arn:aws:securityhub:us-east-1:111122223333:subscription/x"), StandardsInput: map[string]string{},
		StandardsControlsUpdatable: types.StandardsControlsUpdatableReadyForUpdates,
	}
}

// addCheck gives the hub a check of a standard.
func addCheck(h *awsfake.Hub, standard, id string, status types.AssociationStatus, reason string, somewhere types.ControlStatus) {
	h.Controls = append(h.Controls, types.SecurityControl{
		SecurityControlId: aws.String(id), SecurityControlArn: aws.String("arn:aws:securityhub:::security-control/" + id),
		Title: aws.String("Title of " + id), Description: aws.String("d"), RemediationUrl: aws.String("u"),
		SeverityRating: types.SeverityRatingHigh, SecurityControlStatus: somewhere,
	})
	d := types.StandardsControlAssociationDetail{
		StandardsArn: aws.String(standard), SecurityControlId: aws.String(id), SecurityControlArn: aws.String("a"),
		AssociationStatus: status, RelatedRequirements: []string{"NIST.800-53.r5 AC-2", "NIST.800-53.r5 AC-2(1)"},
		UpdatedAt: aws.Time(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)),
	}
	if reason != "" {
		d.UpdatedReason = aws.String(reason)
	}
	h.Associations = append(h.Associations, d)
}
