package shca

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Set is a bounded set: it holds the smallest members it was given, up to a
// limit, in ascending order, and knows whether there were more. What it holds
// depends on neither the order nor the grouping in which members were added,
// so sets of parts merge to the set of the whole.
type Set[T cmp.Ordered] struct {
	Members []T  `json:"members,omitempty"`
	More    bool `json:"more,omitempty"` // there are distinct members besides Members
}

func (s *Set[T]) add(m T, limit int) {
	i, found := slices.BinarySearch(s.Members, m)
	if found {
		return
	}
	if len(s.Members) == limit {
		s.More = true
		if i == limit {
			return
		}
		s.Members = s.Members[:limit-1]
	}
	if text, ok := any(m).(string); ok {
		m = any(strings.Clone(text)).(T) // it may be a slice of a whole finding
	}
	s.Members = slices.Insert(s.Members, i, m)
}

func (s *Set[T]) merge(t Set[T], limit int) {
	s.More = s.More || t.More
	for _, m := range t.Members {
		s.add(m, limit)
	}
}

// Count returns the number of members.
func (s Set[T]) Count() Count { return Count{N: len(s.Members), More: s.More} }

// Count is a number of distinct things that stops counting at a limit.
type Count struct {
	N    int  `json:"count"`
	More bool `json:"more,omitempty"` // there are more than N
}

// String prints "12", or "more than 1000" where counting stopped.
func (c Count) String() string {
	if c.More {
		return "more than " + strconv.Itoa(c.N)
	}
	return strconv.Itoa(c.N)
}
