package constraints

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// An expr is a metapath expression, in the part of the language that NIST's
// constraints use.
type expr interface {
	// each yields the nodes that the expression selects, in the order of the
	// document, until yield returns false, and returns whether it did not.
	each(n *node, yield func(*node) bool) bool
	// atoms does the same with their values as text.
	atoms(n *node, yield func(string) bool) bool
	// truth is the expression's effective boolean value.
	truth(n *node) bool
	// nodes says whether the expression selects nodes, and not something that
	// it computes.
	nodes() bool
}

// A metapath is a parsed expression that selects nodes, with its text.
type metapath struct {
	expr
	text string
}

func (m metapath) String() string { return m.text }

// parseMetapath parses an expression that must select nodes.
func parseMetapath(text string) (metapath, error) {
	e, err := parseExpr(text)
	if err == nil && !e.nodes() {
		err = fmt.Errorf("metapath %q selects no nodes", text)
	}
	return metapath{e, text}, err
}

// parseExpr parses any expression.
func parseExpr(text string) (expr, error) {
	p := parser{text: text}
	p.next()
	e := p.or()
	if p.err == nil && p.token != "" {
		p.fail("%q is left over", p.token)
	}
	if p.err != nil {
		return nil, p.err
	}
	return e, nil
}

type parser struct {
	text  string
	pos   int    // behind the token
	token string // a symbol, a name, a flag "@name" or a string "'text"; empty at the end
	err   error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("metapath %q at %d: %s", p.text, p.pos, fmt.Sprintf(format, args...))
	}
	p.token = "" // so that every loop ends
}

func isNameByte(c byte) bool {
	return c == '-' || c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func (p *parser) next() {
	for p.pos < len(p.text) && p.text[p.pos] == ' ' {
		p.pos++
	}
	rest := p.text[p.pos:]
	end := 1
	switch {
	case p.err != nil || rest == "":
		end = 0
	case strings.HasPrefix(rest, "//"):
		end = 2
	case strings.IndexByte("/|()[],.=>", rest[0]) >= 0:
	case rest[0] == '\'':
		closing := strings.IndexByte(rest[1:], '\'')
		if closing < 0 {
			p.fail("a string without an end")
			return
		}
		p.token = rest[:closing+1]
		p.pos += closing + 2
		return
	case rest[0] == '@' || isNameByte(rest[0]):
		for end < len(rest) && isNameByte(rest[end]) {
			end++
		}
	default:
		p.fail("%q is not understood", rest[0])
		return
	}
	p.token = rest[:end]
	p.pos += end
}

// take takes the token if it is the one.
func (p *parser) take(token string) bool {
	if p.token != token {
		return false
	}
	p.next()
	return true
}

func (p *parser) want(token string) {
	if !p.take(token) {
		p.fail("want %q, got %q", token, p.token)
	}
}

func (p *parser) or() expr {
	e := p.and()
	for p.take("or") {
		e = orExpr{a: e, b: p.and()}
	}
	return e
}

func (p *parser) and() expr {
	e := p.comparison()
	for p.take("and") {
		e = andExpr{a: e, b: p.comparison()}
	}
	return e
}

func (p *parser) comparison() expr {
	e := p.union()
	switch {
	case p.take("="):
		return equal{a: e, b: p.union()}
	case p.take(">"):
		return greater{a: e, b: p.union()}
	}
	return e
}

func (p *parser) union() expr {
	e := p.path()
	if p.token != "|" {
		return e
	}
	all := sequence{e}
	for p.take("|") {
		all = append(all, p.path())
	}
	if p.err == nil && !all.nodes() {
		p.fail("| of something that selects no nodes")
	}
	return all
}

func (p *parser) path() expr {
	var e expr
	switch {
	case p.take("//"):
		e = step{descendants{root{}}, p.step()}
	case p.take("/"):
		e = step{root{}, p.step()}
	default:
		e = p.step()
	}
	for p.err == nil {
		deep := p.token == "//"
		if !deep && p.token != "/" {
			break
		}
		p.next()
		if deep {
			e = descendants{e}
		}
		next := p.step()
		if p.err == nil && !(e.nodes() && next.nodes()) {
			p.fail("a step from or to something that selects no nodes")
		}
		e = step{e, next}
	}
	return e
}

func (p *parser) step() expr {
	e := p.primary()
	for p.take("[") {
		if p.err == nil && !e.nodes() {
			p.fail("a predicate of something that selects no nodes")
		}
		e = predicate{e, p.or()}
		p.want("]")
	}
	return e
}

func (p *parser) primary() expr {
	token := p.token
	p.next()
	switch {
	case p.err != nil:
	case token == ".":
		return self{}
	case token == "(":
		all := p.arguments()
		if len(all) == 1 {
			return all[0]
		}
		return all
	case strings.HasPrefix(token, "'"):
		return literal(token[1:])
	case strings.HasPrefix(token, "@") && len(token) > 1:
		return flagStep(token[1:])
	case token != "" && isNameByte(token[0]):
		if p.take("(") {
			return p.call(token, p.arguments())
		}
		return childStep(token)
	}
	p.fail("%q where an expression should start", token)
	return self{}
}

// arguments parses expressions up to a closing parenthesis.
func (p *parser) arguments() sequence {
	var all sequence
	for p.err == nil {
		all = append(all, p.or())
		if !p.take(",") {
			break
		}
	}
	p.want(")")
	return all
}

func (p *parser) call(name string, args sequence) expr {
	if p.err != nil {
		return self{}
	}
	switch {
	case name == "not" && len(args) == 1:
		return not{arg: args[0]}
	case name == "exists" && len(args) == 1:
		return exists{arg: args[0]}
	case name == "starts-with" && len(args) == 2:
		return startsWith{text: args[0], prefix: args[1]}
	case name == "has-oscal-namespace" && len(args) == 1:
		return inNamespace{names: args[0]}
	case name == "doc" && len(args) == 1:
		return nothing{}
	}
	p.fail("no function %s with %d arguments", name, len(args))
	return self{}
}

// Expressions that select nodes share the way to their texts and their truth.

func atomsOf(e expr, n *node, yield func(string) bool) bool {
	return e.each(n, func(m *node) bool {
		text, ok := m.atom()
		return !ok || yield(text)
	})
}

func anyOf(e expr, n *node) bool {
	return !e.each(n, func(*node) bool { return false })
}

// self is ".".
type self struct{}

func (self) each(n *node, yield func(*node) bool) bool     { return yield(n) }
func (e self) atoms(n *node, yield func(string) bool) bool { return atomsOf(e, n, yield) }
func (e self) truth(*node) bool                            { return true }
func (self) nodes() bool                                   { return true }

// root is what "/" starts at.
type root struct{}

func (root) each(n *node, yield func(*node) bool) bool     { return yield(n.doc.root) }
func (e root) atoms(n *node, yield func(string) bool) bool { return atomsOf(e, n, yield) }
func (root) truth(*node) bool                              { return true }
func (root) nodes() bool                                   { return true }

// nothing is doc(): no other document is ever read.
type nothing struct{}

func (nothing) each(*node, func(*node) bool) bool   { return true }
func (nothing) atoms(*node, func(string) bool) bool { return true }
func (nothing) truth(*node) bool                    { return false }
func (nothing) nodes() bool                         { return true }

// childStep is the name of an element.
type childStep string

func (e childStep) each(n *node, yield func(*node) bool) bool   { return n.elements(string(e), yield) }
func (e childStep) atoms(n *node, yield func(string) bool) bool { return atomsOf(e, n, yield) }
func (e childStep) truth(n *node) bool                          { return anyOf(e, n) }
func (childStep) nodes() bool                                   { return true }

// flagStep is "@name".
type flagStep string

func (e flagStep) each(n *node, yield func(*node) bool) bool {
	flag := n.flag(string(e))
	return flag == nil || yield(flag)
}
func (e flagStep) atoms(n *node, yield func(string) bool) bool { return atomsOf(e, n, yield) }
func (e flagStep) truth(n *node) bool                          { return n.flag(string(e)) != nil }
func (flagStep) nodes() bool                                   { return true }

// step is "from/to".
type step struct{ from, to expr }

func (e step) each(n *node, yield func(*node) bool) bool {
	return e.from.each(n, func(m *node) bool { return e.to.each(m, yield) })
}
func (e step) atoms(n *node, yield func(string) bool) bool { return atomsOf(e, n, yield) }
func (e step) truth(n *node) bool                          { return anyOf(e, n) }
func (e step) nodes() bool                                 { return e.to.nodes() }

// descendants is "of//": what of selects and all that lies in it. NIST's
// expressions apply it to nodes that do not lie in each other, so that nothing
// comes twice.
type descendants struct{ of expr }

func (e descendants) each(n *node, yield func(*node) bool) bool {
	var below func(*node) bool
	below = func(m *node) bool { return yield(m) && m.children(below) }
	return e.of.each(n, below)
}
func (e descendants) atoms(n *node, yield func(string) bool) bool { return atomsOf(e, n, yield) }
func (e descendants) truth(n *node) bool                          { return anyOf(e, n) }
func (e descendants) nodes() bool                                 { return e.of.nodes() }

// predicate is "of[test]".
type predicate struct{ of, test expr }

func (e predicate) each(n *node, yield func(*node) bool) bool {
	return e.of.each(n, func(m *node) bool {
		return !m.doc.loose && !e.test.truth(m) || yield(m)
	})
}
func (e predicate) atoms(n *node, yield func(string) bool) bool { return atomsOf(e, n, yield) }
func (e predicate) truth(n *node) bool                          { return anyOf(e, n) }
func (e predicate) nodes() bool                                 { return e.of.nodes() }

// sequence is "(a, b)" and "a|b": in NIST's expressions the operands of | never
// select the same node.
type sequence []expr

func (e sequence) each(n *node, yield func(*node) bool) bool {
	for _, part := range e {
		if !part.each(n, yield) {
			return false
		}
	}
	return true
}

func (e sequence) atoms(n *node, yield func(string) bool) bool {
	for _, part := range e {
		if !part.atoms(n, yield) {
			return false
		}
	}
	return true
}

func (e sequence) truth(n *node) bool {
	return slices.ContainsFunc(e, func(part expr) bool { return part.truth(n) })
}

func (e sequence) nodes() bool {
	return !slices.ContainsFunc(e, func(part expr) bool { return !part.nodes() })
}

// literal is "'text'".
type literal string

func (literal) each(*node, func(*node) bool) bool             { return true }
func (e literal) atoms(_ *node, yield func(string) bool) bool { return yield(string(e)) }
func (e literal) truth(*node) bool                            { return e != "" }
func (literal) nodes() bool                                   { return false }

// Expressions that are true or false. No expression looks at their text.

type computed struct{}

func (computed) each(*node, func(*node) bool) bool   { return true }
func (computed) atoms(*node, func(string) bool) bool { return true }
func (computed) nodes() bool                         { return false }

type orExpr struct {
	computed
	a, b expr
}

func (e orExpr) truth(n *node) bool { return e.a.truth(n) || e.b.truth(n) }

type andExpr struct {
	computed
	a, b expr
}

func (e andExpr) truth(n *node) bool { return e.a.truth(n) && e.b.truth(n) }

// equal is "a = b": some text of a is one of b.
type equal struct {
	computed
	a, b expr
}

func (e equal) truth(n *node) bool {
	return !e.a.atoms(n, func(a string) bool {
		return e.b.atoms(n, func(b string) bool { return a != b })
	})
}

// greater is "a > b", of whole numbers.
type greater struct {
	computed
	a, b expr
}

func (e greater) truth(n *node) bool {
	return !e.a.atoms(n, func(a string) bool {
		return e.b.atoms(n, func(b string) bool {
			x, okX := new(big.Int).SetString(a, 10)
			y, okY := new(big.Int).SetString(b, 10)
			return !okX || !okY || x.Cmp(y) <= 0
		})
	})
}

type not struct {
	computed
	arg expr
}

func (e not) truth(n *node) bool { return !e.arg.truth(n) }

type exists struct {
	computed
	arg expr
}

func (e exists) truth(n *node) bool {
	if e.arg.nodes() {
		return anyOf(e.arg, n)
	}
	return !e.arg.atoms(n, func(string) bool { return false })
}

type startsWith struct {
	computed
	text, prefix expr
}

func (e startsWith) truth(n *node) bool {
	// An absent text counts as an empty one.
	return strings.HasPrefix(first(e.text, n), first(e.prefix, n))
}

func first(e expr, n *node) (text string) {
	e.atoms(n, func(s string) bool { text = s; return false })
	return text
}

// inNamespace is has-oscal-namespace(names) of the property or part that it is
// asked of.
type inNamespace struct {
	computed
	names expr
}

func (e inNamespace) truth(n *node) bool {
	ns := n.ns()
	return !e.names.atoms(n, func(name string) bool { return name != ns })
}
