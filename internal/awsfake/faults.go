package awsfake

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

// Kind is a way to misbehave.
type Kind uint8

const (
	None              Kind = iota
	Throttle               // the service's throttling error
	ServerError            // an error of Fault.Status, 500 if that is 0
	Truncate               // half of the answer's body, then the connection is closed
	Stall                  // no answer until the client gives up
	StallBody              // half of the answer's body, then nothing until the client gives up
	Slow                   // the answer after Fault.Delay
	Reset                  // the connection is reset instead of an answer
	EmptyPage              // no items and a token for what would have been on the page
	RepeatToken            // the page, but with the token that the request came with; for a request with a token
	ExpireToken            // the request's token is refused, now and ever after; for a request with a token
	ExpireCredentials      // the credentials have expired
	Deny                   // the caller is not authorized to call the operation
	NotSubscribed          // the account is not subscribed to Security Hub
	Skewed                 // the server's clock is Fault.Delay further ahead
	Refuse                 // an error of Fault.Status, Fault.Code and Fault.Message
)

var kindNames = [...]string{"none", "throttle", "server error", "truncate", "stall", "stall body", "slow", "reset", "empty page",
	"repeat token", "expire token", "expire credentials", "deny", "not subscribed", "skewed", "refuse"}

// String returns the kind's name.
func (k Kind) String() string { return kindNames[k] }

// Fault is something that goes wrong with requests. Which requests it happens to
// is the same in every run, however requests to different places (account,
// Region and operation) overlap: requests are counted and chance is drawn for
// each place on its own.
type Fault struct {
	Kind Kind

	// Which requests it applies to; what is empty applies to all.
	Account, Region, Service, Operation string

	After int     // so many of them, for each place, are left alone
	Times int     // it happens at most so many times, for each place; 0: no limit
	Share float64 // it happens to this share of them; 0: to all

	Delay   time.Duration // of Slow and Skewed
	Status  int           // of ServerError and Refuse
	Code    string        // of Refuse
	Message string        // of Refuse
}

// applies says whether the fault may happen to a request.
func (f *Fault) applies(c *call) bool {
	switch {
	case f.Account != "" && f.Account != c.account,
		f.Region != "" && f.Region != c.region,
		f.Service != "" && f.Service != c.service,
		f.Operation != "" && f.Operation != c.op.name:
		return false
	}
	switch f.Kind {
	case RepeatToken, ExpireToken:
		return c.token() != ""
	case NotSubscribed:
		return c.service == "securityhub"
	}
	return true
}

// pick returns the fault that happens to the request.
func (s *Server) pick(c *call) *Fault {
	if s.matched == nil {
		s.matched, s.happens = map[string]int{}, map[string]int{}
	}
	for i := range s.Faults {
		f := &s.Faults[i]
		if !f.applies(c) {
			continue
		}
		place := fmt.Sprintf("%d %s %s %s %s", i, c.account, c.region, c.service, c.op.name)
		n := s.matched[place]
		s.matched[place]++
		if n < f.After || f.Times > 0 && s.happens[place] >= f.Times {
			continue
		}
		if f.Share > 0 {
			h := fnv.New64a()
			fmt.Fprintf(h, "%s %d", place, n)
			if rand.New(rand.NewPCG(s.Seed, h.Sum64())).Float64() >= f.Share {
				continue
			}
		}
		s.happens[place]++
		picked := *f
		return &picked
	}
	return nil
}

// refusal returns the error that the fault is, if it is one.
func (f *Fault) refusal(c *call) error {
	switch f.Kind {
	case Throttle:
		return throttled(c.service)
	case ServerError:
		status := cmp.Or(f.Status, http.StatusInternalServerError)
		code := "InternalFailure"
		switch {
		case status == http.StatusServiceUnavailable:
			code = "ServiceUnavailable"
		case c.service == "securityhub":
			code = "InternalException"
		case c.service == "auditmanager":
			code = "InternalServerException"
		case c.service == "s3":
			code = "InternalError"
		}
		return &Error{status, code, "We encountered an internal error. Please try again."}
	case ExpireToken:
		if c.s.expired == nil {
			c.s.expired = map[string]bool{}
		}
		c.s.expired[c.token()] = true
		return badToken(c.service, "The token has expired.")
	case ExpireCredentials:
		return expiredCredentials(c.service)
	case Deny:
		return denied(c)
	case NotSubscribed:
		return notSubscribed(c.account)
	case Refuse:
		return &Error{cmp.Or(f.Status, http.StatusBadRequest), f.Code, f.Message}
	}
	return nil
}

// reset closes the connection so that the client sees it reset.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}
