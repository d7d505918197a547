package configrules

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxItem is how many bytes an item of an answer may have; real ones have less
// than 2 KB.
const MaxItem = 4 << 20

const (
	maxWrappers = 8       // levels of wrappers around an answer; two are in use
	maxHeld     = 1 << 20 // bytes of items that wait for the name of their pack
	maxNames    = 8       // members by which a document of another kind is described
	maxOthers   = 5       // documents of another kind that are described
	maxShown    = 60      // bytes of a member's name that are shown
)

// A list is a member of an answer that holds a list.
type list struct {
	name  string // in an answer of the service; other writers begin it with a small letter
	items bool   // its items are evaluations, or rules with their compliance
	pack  bool   // and the answer names the conformance pack they are of
	holds string // what other items are, with their number and the ending of the plural
}

var lists = []list{
	{name: "EvaluationResults", items: true},                                // GetComplianceDetailsByConfigRule, …ByResource
	{name: "ConformancePackRuleEvaluationResults", items: true, pack: true}, // GetConformancePackComplianceDetails
	{name: "AggregateEvaluationResults", items: true},                       // GetAggregateComplianceDetailsByConfigRule
	{name: "ConformancePackRuleComplianceList", items: true, pack: true},    // DescribeConformancePackCompliance
	{name: "ComplianceByConfigRules", items: true},                          // DescribeComplianceByConfigRule
	{name: "AggregateComplianceByConfigRules", items: true},                 // DescribeAggregateComplianceByConfigRules
	{name: "ConformancePackComplianceSummaryList", holds: "the compliance of %d conformance pack%s as a whole, which names no rule"},
	{name: "ConformancePackComplianceScores", holds: "scores of %d conformance pack%s, which name no rule"},
	{name: "AggregateComplianceByConformancePacks", holds: "the compliance of %d conformance pack%s as a whole, which names no rule"},
	{name: "ComplianceByResources", holds: "the compliance of %d resource%s as a whole, which names no rule"},
	{name: "ConformancePackDetails", holds: "descriptions of %d conformance pack%s, which say nothing of compliance"},
	{name: "ConfigRules", holds: "descriptions of %d rule%s, which say nothing of compliance"},
}

// listNamed returns the list of the name's member, or nil.
func listNamed(name string) *list {
	for i := range lists {
		if strings.EqualFold(lists[i].name, name) {
			return &lists[i]
		}
	}
	return nil
}

// wrappers are members that hold an answer: of recorded calls of boto3, and of
// service integrations.
var wrappers = []string{"data", "apiResponse"}

// An answers reads what Config answered from a stream of JSON: whole answers one
// after the other or in a list, in wrappers, and items without an answer around
// them. It holds one item at a time, but for a few that wait for the name of
// their conformance pack, which some writers put behind them.
type answers struct {
	dec *jsontext.Decoder
	in  *bounded

	// item takes each item in turn, and the name of its conformance pack, "" if
	// it is of none or of one that is not known. raw is valid during the call
	// only. It returns false to stop.
	item    func(raw jsontext.Value, pack string) bool
	stopped bool

	lists      bool     // there was a list of items, if only an empty one
	token      string   // of the page that follows the last answer; "" if none does
	more, last bool     // there were answers that a further page follows, and that none follows
	nameless   bool     // the name of a pack came too late for items of it
	others     []string // what documents of another kind are, at most maxOthers of them
	nOthers    int
	aside      map[*list]int64 // items that are neither evaluations nor rules, by their list
}

func newAnswers(r io.Reader, item func(raw jsontext.Value, pack string) bool) *answers {
	a := &answers{in: &bounded{r: r}, item: item, aside: map[*list]int64{}}
	a.dec = jsontext.NewDecoder(a.in, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)) // a fault inside an item is for its decoder
	a.in.dec = a.dec
	return a
}

var (
	errTooBig = fmt.Errorf("one of its values is larger than %d MiB, the limit for an evaluation: evaluations that follow were not read", MaxItem>>20)
	errInside = errors.New("the input ends inside an answer: evaluations may be missing; write it anew")
)

// run reads the stream to its end. It returns what kept it from that, or nil.
func (a *answers) run() error {
	err := a.documents()
	switch {
	case a.stopped:
		return nil
	case a.in.err != nil && a.in.err != io.EOF:
		return a.in.err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errInside
	case err == io.EOF:
		return nil
	}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		return fmt.Errorf("broken JSON at byte %d (%w): evaluations may be missing; write it anew", syntactic.ByteOffset, syntactic.Err)
	}
	return err
}

// documents reads up to the end of the stream, which is io.EOF.
func (a *answers) documents() error {
	for !a.stopped {
		var err error
		if a.dec.PeekKind() == '[' {
			err = a.elements()
		} else {
			err = a.document()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// elements reads a list that stands by itself, of answers or of items.
func (a *answers) elements() error {
	if _, err := a.dec.ReadToken(); err != nil {
		return err
	}
	count := 0
	for ; !a.stopped && a.dec.PeekKind() != ']'; count++ {
		if err := a.document(); err != nil {
			return err
		}
	}
	if a.stopped {
		return nil
	}
	a.lists = a.lists || count == 0
	_, err := a.dec.ReadToken()
	return err
}

func (a *answers) document() error {
	if a.dec.PeekKind() == '{' {
		return a.object(0)
	}
	if err := a.dec.SkipValue(); err != nil {
		return err
	}
	a.other("a value that is no object")
	return nil
}

// An object is an answer, a wrapper of one, or an item that stands by itself.
type object struct {
	answer, wrapper bool
	pack, token     string

	waiting []jsontext.Value // items that wait for the name of their pack
	size    int              // bytes of them
	passed  bool             // there were more than may wait

	names       []string // of members, at most maxNames of them
	evaluation  bool     // it has the member that only an evaluation has
	rule, state bool     // it has those of a rule and its compliance
	members     []byte   // those that may be an item's, in JSON
}

// object reads an object that is inside so many others.
func (a *answers) object(level int) error {
	if level > maxWrappers {
		return fmt.Errorf("its answers are wrapped more than %d times: evaluations were not read", maxWrappers)
	}
	if _, err := a.dec.ReadToken(); err != nil {
		return err
	}
	o := &object{}
	for !a.stopped && a.dec.PeekKind() != '}' {
		token, err := a.dec.ReadToken()
		if err != nil {
			return err
		}
		name, kind := token.String(), a.dec.PeekKind()
		if len(o.names) < maxNames {
			o.names = append(o.names, shown(name))
		}
		switch l := listNamed(name); {
		case l != nil && kind == '[':
			o.answer = true
			err = a.list(l, o)
		case kind == '{' && slices.Contains(wrappers, name):
			o.wrapper = true
			err = a.object(level + 1)
		default:
			err = a.member(name, o)
		}
		if err != nil {
			return err
		}
	}
	if a.stopped {
		return nil
	}
	if _, err := a.dec.ReadToken(); err != nil {
		return err
	}
	a.release(o)
	switch {
	case a.stopped:
	case o.answer:
		a.token = o.token
		a.more, a.last = a.more || o.token != "", a.last || o.token == ""
	case o.wrapper:
	case o.evaluation || o.rule && o.state:
		a.stopped = !a.item(append(o.members, '}'), o.pack)
	default:
		a.other("a document with the members " + strings.Join(o.names, ", "))
	}
	return nil
}

// list reads a list of an answer.
func (a *answers) list(l *list, o *object) error {
	if _, err := a.dec.ReadToken(); err != nil {
		return err
	}
	a.lists = a.lists || l.items
	for !a.stopped && a.dec.PeekKind() != ']' {
		if !l.items {
			if err := a.dec.SkipValue(); err != nil {
				return err
			}
			a.aside[l]++
			continue
		}
		raw, err := a.dec.ReadValue()
		if err != nil {
			return err
		}
		if l.pack && o.pack == "" && !o.passed {
			if o.size += len(raw); o.size <= maxHeld {
				o.waiting = append(o.waiting, raw.Clone())
				continue
			}
			raw = raw.Clone()
			o.passed = true
			a.release(o)
		}
		if a.stopped {
			return nil
		}
		a.stopped = !a.item(raw, o.pack)
	}
	if a.stopped {
		return nil
	}
	_, err := a.dec.ReadToken()
	return err
}

// release hands out the items that have been waiting.
func (a *answers) release(o *object) {
	for _, raw := range o.waiting {
		if a.stopped = a.stopped || !a.item(raw, o.pack); a.stopped {
			break
		}
	}
	o.waiting = nil
}

// member reads a member that is no list of an answer.
func (a *answers) member(name string, o *object) error {
	value, err := a.dec.ReadValue()
	if err != nil {
		return err
	}
	switch {
	case strings.EqualFold(name, "NextToken"):
		o.token = unquoted(value)
	case strings.EqualFold(name, "ConformancePackName"):
		o.pack = unquoted(value)
		a.nameless = a.nameless || o.passed
	case strings.EqualFold(name, "EvaluationResultIdentifier"):
		o.evaluation = true
	case strings.EqualFold(name, "ConfigRuleName"):
		o.rule = true
	case strings.EqualFold(name, "ComplianceType"), strings.EqualFold(name, "Compliance"):
		o.state = true
	}
	if o.answer || o.wrapper {
		return nil
	}
	if len(o.members)+len(name)+len(value) > MaxItem {
		return errTooBig
	}
	if o.members == nil {
		o.members = append(o.members, '{')
	} else {
		o.members = append(o.members, ',')
	}
	o.members, _ = jsontext.AppendQuote(o.members, name) // what is no UTF-8 becomes U+FFFD
	o.members = append(append(o.members, ':'), value...)
	return nil
}

// unquoted returns the text of a JSON string, "" for any other value.
func unquoted(value jsontext.Value) string {
	if value.Kind() != '"' {
		return ""
	}
	text, _ := jsontext.AppendUnquote(nil, value) // what is no UTF-8 becomes U+FFFD
	return string(text)
}

func (a *answers) other(what string) {
	if a.nOthers++; len(a.others) < maxOthers {
		a.others = append(a.others, what)
	}
}

// shown is a member's name as messages show it.
func shown(name string) string {
	name = strings.ToValidUTF8(name, "\uFFFD")
	for i := range name {
		if i > maxShown {
			name = name[:i] + "…"
			break
		}
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, name)
}

// bounded is a reader that ends where the decoder would have to hold more than
// an item may have.
type bounded struct {
	r   io.Reader
	dec *jsontext.Decoder
	n   int64 // bytes read
	err error // why reading ended
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.n-b.dec.InputOffset() > MaxItem {
		b.err = errTooBig
		return 0, b.err
	}
	n, err := b.r.Read(p)
	b.n += int64(n)
	b.err = err
	return n, err
}
