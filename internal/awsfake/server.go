package awsfake

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Server is a fake of AWS. Its zero value works: it knows no account and so
// refuses every caller. Fill in the fields, call [Server.Start], and change them
// afterwards within [Server.Update] only.
type Server struct {
	URL string // where it listens, once started

	Accounts map[string]*Account // by account id
	Buckets  map[string]*Bucket  // S3 buckets by name; their names are global
	Keys     map[string]string   // access key id → account id, besides those of [Server.Config] and of AssumeRole

	// Faults are tried in order; the first that applies to a request happens.
	Faults []Fault
	Seed   uint64 // of the faults that happen to a share of the requests only

	PageSize  int           // at most so many items on a page, whatever the request asks for; 0: what AWS allows
	TokenLife time.Duration // after which a NextToken is refused; 0: never
	KeyLife   time.Duration // of the keys of AssumeRole; 0: an hour
	Skew      time.Duration // how far the server's clock is ahead
	Latency   time.Duration // of every answer

	Unlimited bool          // whether request rates are counted only, not enforced
	Jitter    time.Duration // by how much a request may come too early: what a network does to the distance of two requests

	Clock func() time.Time // for rates, tokens and keys; time.Now if nil. Signatures are always judged by the real time.

	mu      sync.Mutex
	http    *httptest.Server
	closing sync.Once
	done    chan struct{} // closed by Close: ends stalled answers
	serial  int64         // of tokens, keys and uploads
	issued  map[string]issuedKey
	expired map[string]bool // tokens that the fault ExpiredToken has hit
	matched map[string]int  // how many requests a fault applied to, by fault and place
	happens map[string]int  // how many times it happened, likewise
	buckets map[Key]*bucket // token buckets
	log     []Entry
}

// Account is an AWS account.
type Account struct {
	Regions map[string]*Region // what it has in which Region

	Partition string // aws if empty

	Management // what it says about itself and its organization

	Aggregator   *Aggregator // of findings; nil: none
	AggregatorV2 *Aggregator // of Security Hub v2
}

// Region is what an account has in one Region.
type Region struct {
	Hub          *Hub          // nil: Security Hub is off
	HubV2        *HubV2        // nil: Security Hub v2 is off
	Config       *Config       // nil: nothing was recorded, which is not an error
	AuditManager *AuditManager // nil: Audit Manager is off
}

// New returns a started server, which is closed at the end of the test.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// Start lets the server listen on a port of the loopback interface.
func (s *Server) Start() {
	s.done = make(chan struct{})
	s.http = httptest.NewServer(s)
	s.URL = s.http.URL
}

// Close ends the server and everything that it has not answered yet.
func (s *Server) Close() {
	s.closing.Do(func() {
		close(s.done)
		s.http.CloseClientConnections()
		s.http.Close()
	})
}

// Update calls change while no request is answered.
func (s *Server) Update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// At returns what the account has in the Region, making both if need be.
func (s *Server) At(account, region string) *Region {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Accounts == nil {
		s.Accounts = map[string]*Account{}
	}
	a := s.Accounts[account]
	if a == nil {
		a = &Account{}
		s.Accounts[account] = a
	}
	if a.Regions == nil {
		a.Regions = map[string]*Region{}
	}
	if a.Regions[region] == nil {
		a.Regions[region] = &Region{}
	}
	return a.Regions[region]
}

// AddFinding adds an ASFF finding to the account and Region that it names, where
// Security Hub is turned on if it is off. The bytes are kept.
func (s *Server) AddFinding(raw []byte) error {
	var f struct{ AwsAccountId, Region, ProductArn string }
	if err := json.Unmarshal(raw, &f); err != nil {
		return err
	}
	if parts := strings.Split(f.ProductArn, ":"); f.Region == "" && len(parts) > 3 {
		f.Region = parts[3]
	}
	if f.AwsAccountId == "" || f.Region == "" {
		return errors.New("the finding names no account or no Region")
	}
	here := s.At(f.AwsAccountId, f.Region)
	s.mu.Lock()
	defer s.mu.Unlock()
	if here.Hub == nil {
		here.Hub = &Hub{}
	}
	here.Hub.Findings.Lines = append(here.Hub.Findings.Lines, raw)
	return nil
}

// Config returns a configuration with which clients of the SDK call the server
// as the account, without what the environment or files say.
func (s *Server) Config(account, region string) aws.Config {
	id, secret := KeyOf(account)
	return aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(s.URL),
		HTTPClient:   client{awshttp.NewBuildableClient()},
		Credentials:  credentials.NewStaticCredentialsProvider(id, secret, ""),
	}
}

// Environ returns the environment variables with which the SDK calls the server
// as the account, as "name=value".
func (s *Server) Environ(account, region string) []string {
	id, secret := KeyOf(account)
	return []string{
		"AWS_ENDPOINT_URL=" + s.URL,
		"AWS_ACCESS_KEY_ID=" + id,
		"AWS_SECRET_ACCESS_KEY=" + secret,
		"AWS_SESSION_TOKEN=",
		"AWS_REGION=" + region,
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=/dev/null",
		"AWS_SHARED_CREDENTIALS_FILE=/dev/null",
	}
}

func (s *Server) now() time.Time {
	if s.Clock != nil {
		return s.Clock()
	}
	return time.Now()
}

// call is one request.
type call struct {
	s       *Server
	w       http.ResponseWriter
	r       *http.Request
	body    []byte
	at      time.Time
	key     string // access key id
	account string
	region  string
	service string
	op      *operation
	params  map[string]string // of the path
	pages   map[string]string // parameters about pages; see paging
	rest    uint64            // hash of the others
	fault   *Fault            // what is to happen to the answer; nil: nothing
}

// operation is one that the server answers.
type operation struct {
	service string // as it signs
	name    string
	method  string // of a REST service
	path    string // of a REST service; {name} stands for a segment, {name+} for the rest
	do      func(*call) (any, error)
}

// operations returns every operation that the server answers.
func operations() []operation {
	var all []operation
	for _, list := range [][]operation{securityHubOperations, stsOperations, managementOperations, configOperations, auditManagerOperations, s3Operations} {
		all = append(all, list...)
	}
	return all
}

// maxBody bounds what a request may hold, in bytes.
const maxBody = 64 << 20

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{s: s, w: w, r: r, at: s.now()}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return // the client gave up
	}
	c.body = body
	s.mu.Lock()
	skew := s.Skew
	err = c.identify()
	if err == nil {
		c.op = c.find()
		if c.op == nil {
			err = &Error{Status: http.StatusNotFound, Code: "UnknownOperationException",
				Message: fmt.Sprintf("the fake does not answer %s %s %s %s", c.service, r.Method, r.URL.EscapedPath(), r.Header.Get("X-Amz-Target"))}
		}
	}
	var violation bool
	if err == nil {
		if violation = !s.admit(c); violation && !s.Unlimited {
			err = throttled(c.service)
		}
	}
	if err == nil {
		c.fault = s.pick(c)
		if f := c.fault; f != nil && f.Kind == Skewed {
			skew += f.Delay
		}
		err = c.checkTime(time.Now().Add(skew))
	}
	if err == nil {
		err = c.checkKey()
	}
	if err == nil && c.fault != nil {
		err = c.fault.refusal(c)
	}
	var out any
	if err == nil {
		out, err = c.op.do(c)
	}
	a := c.answer(out, err)
	a.header.Set("Date", time.Now().Add(skew).UTC().Format(http.TimeFormat))
	entry := Entry{Time: c.at, Key: c.keyOf(), Status: a.status, Bytes: len(a.body), Path: c.r.URL.Path, Violation: violation, Token: c.token()}
	var e *Error
	if errors.As(err, &e) {
		entry.Code = e.Code
	}
	if c.fault != nil {
		entry.Fault = c.fault.Kind
	}
	s.log = append(s.log, entry)
	latency, done := s.Latency, s.done
	s.mu.Unlock()
	c.send(a, latency, done)
}

// answer is what is sent back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// answer writes out an operation's result or its error as the service does.
func (c *call) answer(out any, err error) *answer {
	a := &answer{status: http.StatusOK, header: http.Header{}}
	a.header.Set("X-Amzn-Requestid", fmt.Sprintf("00000000-0000-4000-8000-%012d", len(c.s.log)))
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			e = &Error{Status: http.StatusInternalServerError, Code: "InternalException", Message: err.Error()}
		}
		c.writeError(a, e)
		return a
	}
	switch out := out.(type) {
	case *answer:
		for name, values := range out.header {
			a.header[name] = values
		}
		a.status, a.body = cmp.Or(out.status, http.StatusOK), out.body
	case json.RawMessage:
		a.header.Set("Content-Type", "application/json")
		a.body = out
	default:
		a.header.Set("Content-Type", "application/json")
		a.body = encode(out, styleOf(c.service))
	}
	return a
}

// send sends the answer, or what the fault leaves of it.
func (c *call) send(a *answer, latency time.Duration, done <-chan struct{}) {
	kind := None
	if c.fault != nil {
		kind = c.fault.Kind
		if kind == Slow {
			latency += c.fault.Delay
		}
	}
	if latency > 0 {
		timer := time.NewTimer(latency)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-c.r.Context().Done():
			return
		case <-done:
			return
		}
	}
	switch kind {
	case Stall:
		c.stall(done)
	case Reset:
		reset(c.w)
		return
	}
	header := c.w.Header()
	for name, values := range a.header {
		header[name] = values
	}
	if header.Get("Content-Length") == "" {
		header.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	body := a.body
	if kind == Truncate || kind == StallBody {
		if len(body) == 0 {
			header.Set("Content-Length", "1")
		}
		body = body[:len(body)/2]
	}
	c.w.WriteHeader(a.status)
	if c.r.Method != http.MethodHead {
		c.w.Write(body) // the client may have gone
	}
	switch kind {
	case Truncate:
		http.NewResponseController(c.w).Flush()
		panic(http.ErrAbortHandler)
	case StallBody:
		http.NewResponseController(c.w).Flush()
		c.stall(done)
	}
}

// stall waits until the client gives up or the server is closed.
func (c *call) stall(done <-chan struct{}) {
	select {
	case <-c.r.Context().Done():
	case <-done:
	}
	panic(http.ErrAbortHandler)
}

// find returns the operation that is called, or nil.
func (c *call) find() *operation {
	name := ""
	switch c.service {
	case "config", "organizations":
		_, name, _ = strings.Cut(c.r.Header.Get("X-Amz-Target"), ".")
	case "sts":
		name = c.form().Get("Action")
	case "s3":
		return c.findS3()
	}
	for _, op := range operations() {
		if op.service != c.service {
			continue
		}
		if op.path == "" {
			if op.name == name {
				return &op
			}
			continue
		}
		if op.method != c.r.Method {
			continue
		}
		if params, ok := matchPath(op.path, c.r.URL.EscapedPath()); ok {
			c.params = params
			return &op
		}
	}
	return nil
}

// bind reads a JSON request into an input of the SDK. Names of members differ
// from those of its fields in case only.
func (c *call) bind(input any) error {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.body, input); err != nil {
		return invalid(c.service, "the request is not what the operation takes: "+err.Error())
	}
	return nil
}
