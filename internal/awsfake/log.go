package awsfake

import (
	"slices"
	"time"
)

// Key names an operation in one account and Region.
type Key struct {
	Account   string
	Region    string
	Service   string // as it signs: securityhub, sts, account, organizations, config, auditmanager, s3
	Operation string
}

func (c *call) keyOf() Key {
	k := Key{Account: c.account, Region: c.region, Service: c.service}
	if c.op != nil {
		k.Operation = c.op.name
	}
	return k
}

// Entry is one request in the log.
type Entry struct {
	Key
	Time      time.Time // of its arrival, by the server's clock
	Path      string    // of the URL
	Token     string    // NextToken or the like, if it had one
	Status    int       // of the answer, also if a fault kept it from being sent
	Code      string    // of the error
	Bytes     int       // of the answer's body
	Fault     Kind      // what happened to it
	Violation bool      // whether it came beyond the rate
}

// Log returns the requests so far in the order of their answers being made.
func (s *Server) Log() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Count returns how many requests of an operation came, from every account and
// Region.
func (s *Server) Count(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for i := range s.log {
		if s.log[i].Operation == operation {
			n++
		}
	}
	return n
}

// Reset forgets the log, the rates, what faults have happened and which tokens
// have expired.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log, s.buckets, s.matched, s.happens, s.expired = nil, nil, nil, nil, nil
}
