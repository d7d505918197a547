package awsfake

import "time"

// limit is a request rate that AWS allows an account in a Region.
type limit struct {
	perSecond float64
	burst     float64
}

// limitOf returns the limit of an operation. Those of Security Hub are in the API
// reference's introduction ("throttling"); where AWS documents none, the usual
// 10 per second with a burst of 30 stands. S3 allows thousands.
func limitOf(service, operation string) limit {
	switch {
	case service == "s3":
		return limit{3500, 3500}
	case operation == "GetFindings" || operation == "GetFindingsV2":
		return limit{3, 6}
	}
	return limit{10, 30}
}

// bucket is the token bucket of one operation in one account and Region.
type bucket struct {
	limit
	tokens      float64
	filled      time.Time
	first, last time.Time
	requests    int
	violations  int
	window      []time.Time // of the requests of the last second
	peak        int
}

// admit counts the request and says whether the rate allows it. What is refused
// takes no token.
func (s *Server) admit(c *call) bool {
	key := c.keyOf()
	b := s.buckets[key]
	if b == nil {
		l := limitOf(key.Service, key.Operation)
		b = &bucket{limit: l, tokens: l.burst, filled: c.at, first: c.at}
		if s.buckets == nil {
			s.buckets = map[Key]*bucket{}
		}
		s.buckets[key] = b
	}
	b.requests++
	b.last = c.at
	recent := b.window[:0]
	for _, t := range b.window {
		if c.at.Sub(t) < time.Second {
			recent = append(recent, t)
		}
	}
	b.window = append(recent, c.at)
	b.peak = max(b.peak, len(b.window))
	if elapsed := c.at.Sub(b.filled).Seconds(); elapsed > 0 {
		b.tokens = min(b.burst, b.tokens+elapsed*b.perSecond)
		b.filled = c.at
	}
	// A token that is a billionth short is there: the sum of many small refills
	// is not exact.
	if b.tokens+s.Jitter.Seconds()*b.perSecond < 1-1e-9 {
		b.violations++
		return false
	}
	b.tokens--
	return true
}

// Usage is how an operation was called in one account and Region.
type Usage struct {
	Requests   int
	Violations int // requests beyond the rate
	Peak       int // most requests within one second
	// PerSecond is the rate of the requests after the burst, between the first
	// request and the last; 0 if there were no more than the burst.
	PerSecond float64
}

// Usage returns how operations were called, by account, Region and operation.
func (s *Server) Usage() map[Key]Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[Key]Usage{}
	for key, b := range s.buckets {
		u := Usage{Requests: b.requests, Violations: b.violations, Peak: b.peak}
		if beyond, took := float64(b.requests)-b.burst, b.last.Sub(b.first).Seconds(); beyond > 0 && took > 0 {
			u.PerSecond = beyond / took
		}
		all[key] = u
	}
	return all
}

// Violations returns how many requests came beyond a rate.
func (s *Server) Violations() int {
	n := 0
	for _, u := range s.Usage() {
		n += u.Violations
	}
	return n
}
