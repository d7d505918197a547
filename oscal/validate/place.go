package validate

import (
	"strconv"
	"strings"
)

// place is where a value stands in a document. It is a value; the pointer is
// made only when there is something to say.
type place struct {
	base   string // the pointer that steps follows
	steps  *step
	key    string // the nearest key above or at the value
	above  string // the key above that
	scope  int32  // the number of the result that it is in, from 1, or 0
	assets bool   // it is below assessment-assets
}

type step struct {
	up    *step
	token string // or, if empty, index
	index int
}

func (p place) member(key string) place {
	p.steps = &step{up: p.steps, token: key, index: -1}
	p.above, p.key = p.key, key
	p.assets = p.assets || key == "assessment-assets"
	return p
}

func (p place) index(i int) place {
	p.steps = &step{up: p.steps, index: i}
	if p.key == "results" && p.above == "assessment-results" {
		p.scope = int32(i) + 1
	}
	return p
}

func (p place) pointer() string {
	var tokens []string
	for s := p.steps; s != nil; s = s.up {
		if s.index < 0 {
			tokens = append(tokens, escapeToken(s.token))
		} else {
			tokens = append(tokens, strconv.Itoa(s.index))
		}
	}
	var b strings.Builder
	b.WriteString(p.base)
	for i := len(tokens) - 1; i >= 0; i-- {
		b.WriteByte('/')
		b.WriteString(tokens[i])
	}
	return b.String()
}

// elementPlace returns the place of an element of a streamed array, whose
// pointer has no escapes.
func elementPlace(array string, i int) place {
	var p place
	for _, token := range strings.Split(array[1:], "/") {
		if n, err := strconv.Atoi(token); err == nil {
			p = p.index(n)
		} else {
			p = p.member(token)
		}
	}
	return p.index(i)
}
