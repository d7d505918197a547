package awsapi

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/time/rate"
)

// client is the HTTP client of all requests in one account and Region.
type client struct {
	inner           aws.HTTPClient
	limits          *limits
	account, region string
}

// maxAnswer bounds an answer that is held in memory: a page of GetFindings has
// 100 findings of at most 240 KB (Security Hub user guide, "Quotas").
const maxAnswer = 64 << 20

// Do makes one attempt. What S3 sends streams through; any other answer has been
// read to its end when Do returns, and one that has no proper end is an error,
// which the SDK takes as a reason to try again.
func (c *client) Do(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	service := awsmiddleware.GetServiceID(ctx)
	if err := c.limits.wait(ctx, c.account, c.region, service, awsmiddleware.GetOperationName(ctx)); err != nil {
		return nil, err
	}
	if req.Body != nil && req.Body != http.NoBody {
		// Without WriteTo, with which a body that the SDK closes at the beginning of
		// the answer makes the transport close the connection.
		req.Body = struct{ io.ReadCloser }{req.Body}
	}
	resp, err := c.inner.Do(req)
	if err != nil {
		var address *url.Error // which may hold a page token
		if errors.As(err, &address) {
			err = address.Err
		}
		return nil, err
	}
	if service == "S3" {
		return resp, nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	err = errors.Join(err, resp.Body.Close())
	if err != nil {
		return nil, fmt.Errorf("the answer was cut off: %w", err)
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("the answer has more than %d MiB", maxAnswer>>20)
	}
	if member, ok := ctx.Value(requiredKey{}).(string); ok && resp.StatusCode == http.StatusOK && !hasList(body, member) {
		return nil, fmt.Errorf("the answer has no list %s, as this service's have", member)
	}
	if a, ok := ctx.Value(answersKey{}).(*answers); ok {
		a.set(body)
		if resp.StatusCode == http.StatusOK && a.raw != "" {
			body = without(body, a.raw)
			resp.ContentLength = int64(len(body))
		}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// answers keeps the body of the last answer.
type answers struct {
	raw string // member that the SDK does not read

	mu   sync.Mutex
	body []byte
}

type answersKey struct{}

func (a *answers) set(body []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.body = body
}

// Answers returns a context in which the bodies of answers are kept, and a
// function that returns the body of the last one, nil before there is any: the
// SDK's types leave out what they do not know.
func Answers(ctx context.Context) (context.Context, func() []byte) {
	return AnswersWithout(ctx, "")
}

// AnswersWithout is Answers where the SDK does not get the member raw of an answer,
// which is a JSON object, so that it need not understand what is read from the
// body anyway.
func AnswersWithout(ctx context.Context, raw string) (context.Context, func() []byte) {
	a := &answers{raw: raw}
	return context.WithValue(ctx, answersKey{}, a), func() []byte {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.body
	}
}

// requiredKey is the context's key for the member that answers must have.
type requiredKey struct{}

// Requiring returns a context in which an answer that is a success and has no list
// of that name is none, and is asked for again: what stands between here and AWS
// may answer in its place, and nothing must not pass for an empty list.
func Requiring(ctx context.Context, member string) context.Context {
	return context.WithValue(ctx, requiredKey{}, member)
}

// hasList reports whether a JSON object has a list of the name.
func hasList(body []byte, member string) bool {
	dec := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	if token, err := dec.ReadToken(); err != nil || token.Kind() != '{' {
		return false
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return false
		}
		if name.String() == member {
			return dec.PeekKind() == '['
		}
		if dec.SkipValue() != nil {
			return false
		}
	}
	return false
}

// without returns a JSON object without one of its members, and what is none as it
// is.
func without(body []byte, member string) []byte {
	dec := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	if token, err := dec.ReadToken(); err != nil || token.Kind() != '{' {
		return body
	}
	rest := []byte("{")
	for dec.PeekKind() == '"' {
		name, err := dec.ReadValue()
		if err != nil {
			return body
		}
		text, err := jsontext.AppendUnquote(nil, name)
		if err != nil {
			return body
		}
		if string(text) == member {
			if dec.SkipValue() != nil {
				return body
			}
			continue
		}
		if len(rest) > 1 {
			rest = append(rest, ',')
		}
		rest = append(append(rest, name...), ':')
		value, err := dec.ReadValue()
		if err != nil {
			return body
		}
		rest = append(rest, value...)
	}
	if _, err := dec.ReadToken(); err != nil {
		return body
	}
	return append(rest, '}')
}

// pace is how fast requests of a kind may follow each other in one account and
// Region: so many a second, and so many at once after a pause.
type pace struct {
	perSecond rate.Limit
	burst     int
}

// paces are what AWS documents, with room for requests that overtake each other
// on the way: it counts them as they arrive. GetFindings has 3 a second and a
// burst of 6, other actions of Security Hub 10 and 30 (Security Hub user guide,
// "Quotas"). Those not documented are paced as carefully as that.
var paces = map[string]pace{
	"SecurityHub GetFindings":   {3, 5},
	"SecurityHub GetFindingsV2": {3, 5},
	"SecurityHub":               {9, 25},
	"AuditManager":              {9, 10},
	"Config Service":            {9, 10},
}

var otherPace = pace{9, 10}

// limits holds the token buckets of one session.
type limits struct {
	speed   float64 // multiplies the paces
	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

// wait returns when the request may be made.
func (l *limits) wait(ctx context.Context, account, region, service, operation string) error {
	if service == "S3" {
		return ctx.Err() // thousands a second are allowed
	}
	kind := service + " " + operation
	p, ok := paces[kind]
	if !ok {
		kind = service
		if p, ok = paces[kind]; !ok {
			p = otherPace
		}
	}
	l.mu.Lock()
	if l.buckets == nil {
		l.buckets = map[string]*rate.Limiter{}
	}
	key := account + "\x00" + region + "\x00" + kind
	bucket := l.buckets[key]
	if bucket == nil {
		// It begins with one request, not a burst: a run that was interrupted may
		// have had that a moment ago.
		bucket = rate.NewLimiter(p.perSecond*rate.Limit(l.speed), p.burst)
		bucket.AllowN(time.Now(), p.burst-1)
		l.buckets[key] = bucket
	}
	l.mu.Unlock()
	if err := bucket.Wait(ctx); err != nil {
		return cmp.Or(ctx.Err(), context.DeadlineExceeded) // it would be over before that
	}
	return nil
}
