package testgen

import (
	"fmt"
	"iter"
	"slices"
)

// Findings yields the findings of an estate that the format holds, one JSON
// object each, without line breaks. The bytes are overwritten when the next one
// is made. Findings panics if the options are wrong; [Write] returns an error
// instead. The iterator may be used more than once, but not from two goroutines
// at once.
func Findings(o Options) iter.Seq[[]byte] {
	g, err := newGenerator(o)
	if err != nil {
		panic(err)
	}
	return g.findings
}

// generator makes the findings of one estate.
type generator struct {
	Options
	checks       []*check
	weights      []uint64 // running sum of the checks' weights
	limited      bool     // all checks are about the account
	accounts     []account
	regions      []region
	console      string
	products     []product
	productKinds []*kind

	// Scratch space of the finding that is being made.
	values values
	ids    random
	id     []byte
	buf    []byte
}

func newGenerator(o Options) (*generator, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	g := &generator{Options: o, console: consoleHost(o.Partition)}
	if g.products, err = productsNamed(o.Products); err != nil {
		return nil, err
	}
	if o.Format == ProwlerOCSF && !slices.ContainsFunc(g.products, func(p product) bool { return p.prowler != nil }) {
		return nil, fmt.Errorf("testgen: format %s holds findings of Prowler only: add prowler to the products", o.Format)
	}
	if g.checks, err = loadChecks(&o); err != nil {
		return nil, err
	}
	total := uint64(0)
	g.limited = true
	for _, c := range g.checks {
		g.limited = g.limited && c.kinds[0].account
		total += c.weight
		g.weights = append(g.weights, total)
	}
	for i := range o.Accounts {
		g.accounts = append(g.accounts, accountAt(o.firstAccount+i))
	}
	regions, _ := regionsOf(o.Partition)
	g.regions = regions[:o.Regions]
	for _, p := range g.products {
		g.productKinds = append(g.productKinds, kindOf(p.kind))
	}
	return g, nil
}

// recentSubjects is how many of the latest subjects a duplicate may be about.
const recentSubjects = 256

// findings walks the estate. What it draws from r does not depend on the mode.
func (g *generator) findings(yield func([]byte) bool) {
	r := random{}
	r.Seed(g.Seed, 0)
	// The next resource's number of each check, account and region.
	next := make([]int32, len(g.checks)*len(g.accounts)*len(g.regions))
	var recent [recentSubjects]subject
	subjects := 0
	for i := range g.Findings {
		switch x := r.share(); {
		case x < g.OtherProducts:
			a, reg := g.anyPlace(&r)
			g.buf = g.appendProduct(g.buf[:0], i, a, reg)
			if len(g.buf) > 0 && !yield(g.buf) {
				return
			}
		case x < g.OtherProducts+g.Duplicates && subjects > 0:
			s := &recent[r.below(uint64(min(subjects, recentSubjects)))]
			s.revision++
			if !g.report(s, yield) {
				return
			}
		default:
			s, ok := g.nextSubject(&r, next, subjects)
			if !ok {
				return
			}
			recent[subjects%recentSubjects] = s
			subjects++
			if !g.report(&s, yield) {
				return
			}
		}
	}
}

// nextSubject draws a subject that no finding was about, after so many others.
// There is none if all checks are about the account and were made everywhere.
func (g *generator) nextSubject(r *random, next []int32, before int) (s subject, ok bool) {
	if g.limited && before == len(next) {
		return s, false
	}
	for {
		s := subject{check: g.anyCheck(r)}
		s.account, s.region = g.anyPlace(r)
		n := &next[(s.check*len(g.accounts)+s.account)*len(g.regions)+s.region]
		if *n > 0 && g.checks[s.check].kinds[0].account {
			continue
		}
		s.n = int(*n)
		*n++
		return s, true
	}
}

// anyCheck draws a check by weight.
func (g *generator) anyCheck(r *random) int {
	i, found := slices.BinarySearch(g.weights, r.below(g.weights[len(g.weights)-1]))
	if found {
		i++
	}
	return i
}

// anyPlace draws an account and a region; the first ones have the most.
func (g *generator) anyPlace(r *random) (account, region int) {
	a, b := uint64(len(g.accounts)), uint64(len(g.regions))
	account = int(min(r.below(a), r.below(a+a/2)))
	region = int(min(r.below(b), r.below(b+b/2)))
	return account, region
}

// report yields the findings of a subject: as many as the mode has.
func (g *generator) report(s *subject, yield func([]byte) bool) bool {
	if g.Format == ProwlerOCSF {
		return true
	}
	o := g.outcomeOf(s)
	if g.Format == OCSFV2 {
		g.buf = g.appendEvent(g.buf[:0], s, &o)
		return yield(g.buf)
	}
	on, off := g.reportedAs(s.account)
	c := g.checks[s.check]
	for _, report := range [...]struct {
		made     bool
		standard *standard
	}{
		{on, nil},
		{off && c.fsbp, &fsbpStandard},
		{off && c.nist, &nistStandard},
	} {
		if !report.made {
			continue
		}
		g.buf = g.appendFinding(g.buf[:0], s, &o, report.standard)
		if !yield(g.buf) {
			return false
		}
	}
	return true
}

// reportedAs says in which ways an account's findings are reported.
func (g *generator) reportedAs(account int) (on, off bool) {
	switch g.Mode {
	case On:
		return true, false
	case Off:
		return false, true
	}
	return account%2 == 0, account%2 == 1 || account%4 == 2
}
