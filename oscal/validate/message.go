package validate

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Level says what a message means for the document.
type Level string

// The levels, most serious first.
const (
	Error   Level = "error"   // the document is not valid
	Warning Level = "warning" // it is likely wrong, or something could not be checked
	Info    Level = "info"    // something to know
)

// Message is one thing to say about a document. All of its texts may hold text
// of the document; String makes it safe to print.
type Message struct {
	File    string // as the caller named it
	Level   Level
	Rule    string // "json", "version", "schema", NIST's id of a constraint, or X-…
	Pointer string // JSON pointer (RFC 6901) to what the message is about
	Value   string // the value there, if that says more than the text; may be empty
	Text    string
}

// String returns the message on one line, without control characters and with
// a long value shortened.
func (m Message) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %s: ", printable(m.File, 1000), printable(string(m.Level), 10), printable(m.Rule, 100))
	if m.Pointer != "" { // the empty one is the whole document
		fmt.Fprintf(&b, "%s: ", printable(m.Pointer, 500))
	}
	b.WriteString(printable(m.Text, 500))
	if m.Value != "" {
		fmt.Fprintf(&b, " (%s)", printable(m.Value, 100))
	}
	return b.String()
}

// printable escapes what does not print and keeps at most limit characters.
func printable(s string, limit int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > limit {
			b.WriteRune('…')
			break
		}
		switch {
		case r == ' ' || unicode.IsPrint(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

func (l Level) rank() int {
	return slices.Index([]Level{Error, Warning, Info}, l)
}

// compare orders messages by their place in the document: indexes by number,
// names alphabetically.
func (m Message) compare(o Message) int {
	return cmp.Or(
		comparePointers(m.Pointer, o.Pointer),
		cmp.Compare(m.Level.rank(), o.Level.rank()),
		cmp.Compare(m.Rule, o.Rule),
		cmp.Compare(m.Text, o.Text),
		cmp.Compare(m.Value, o.Value),
	)
}

func comparePointers(a, b string) int {
	for a != "" && b != "" {
		var x, y string
		x, a, _ = strings.Cut(a[1:], "/")
		y, b, _ = strings.Cut(b[1:], "/")
		if x != y {
			if isIndex(x) && isIndex(y) {
				return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y))
			}
			return strings.Compare(x, y)
		}
		if a != "" {
			a = "/" + a
		}
		if b != "" {
			b = "/" + b
		}
	}
	return cmp.Compare(len(a), len(b))
}

func isIndex(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// collector counts messages and keeps the most serious and first max of them,
// whatever order they come in.
type collector struct {
	max      int
	kept     worstFirst
	counts   map[Level]int
	inUnit   map[Message]bool // what was said since the last call of unit
	overflow int
}

func newCollector(max int) *collector {
	return &collector{max: max, counts: map[Level]int{}, inUnit: map[Message]bool{}}
}

// unit begins a part of the document of which messages are not repeated.
func (c *collector) unit() { clear(c.inUnit) }

func (c *collector) add(m Message) {
	if c.inUnit[m] {
		return
	}
	if len(c.inUnit) < 1e5 { // a bound, not a promise
		c.inUnit[m] = true
	}
	c.counts[m.Level]++
	if c.max < 0 || len(c.kept) < c.max {
		heap.Push(&c.kept, m)
		return
	}
	c.overflow++
	if len(c.kept) > 0 && serious(m, c.kept[0]) < 0 {
		c.kept[0] = m
		heap.Fix(&c.kept, 0)
	}
}

// sorted returns what was kept in the order of the document.
func (c *collector) sorted() []Message {
	all := slices.Clone([]Message(c.kept))
	slices.SortFunc(all, Message.compare)
	return all
}

func serious(a, b Message) int {
	return cmp.Or(cmp.Compare(a.Level.rank(), b.Level.rank()), a.compare(b))
}

// worstFirst is a heap with the message to drop next at its root.
type worstFirst []Message

func (h worstFirst) Len() int           { return len(h) }
func (h worstFirst) Less(i, j int) bool { return serious(h[i], h[j]) > 0 }
func (h worstFirst) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *worstFirst) Push(x any)        { *h = append(*h, x.(Message)) }
func (h *worstFirst) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
