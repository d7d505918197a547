package validate

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// Validator checks events against one version of OCSF. It can be used
// concurrently.
type Validator struct {
	table *table
	pool  sync.Pool
}

// New returns the validator of a version, which is one of [Versions].
func New(version string) (*Validator, error) {
	t, err := tableOf(version)
	if err != nil {
		return nil, err
	}
	return &Validator{table: t, pool: sync.Pool{New: func() any { return newChecking(maxMessages) }}}, nil
}

func tableOf(version string) (*table, error) {
	read, ok := tables[version]
	if !ok {
		return nil, fmt.Errorf("there is no table of OCSF %q: the versions known are %s", version, strings.Join(Versions(), ", "))
	}
	return read()
}

// maxMessages is how many messages Event returns at most.
const maxMessages = 1000

// Event checks one event, the text of a JSON object, and returns what is wrong
// with it; nothing if it is valid. Of more than 1000 messages the errors come
// first, and the last message says how many are left out. The messages do not
// refer to raw.
func (v *Validator) Event(raw []byte) []Message {
	c := v.pool.Get().(*checking)
	defer v.pool.Put(c)
	c.reset()
	c.number = 1
	_ = c.event(raw, v.table) // fails only if it has to read a table
	messages, omitted := c.report(maxMessages - 1)
	if omitted > 0 {
		level := Warning
		if c.errors > len(messages) {
			level = Error
		}
		messages = append(messages, Message{Level: level, Event: 1, Code: codeMore, Text: fmt.Sprintf("there are %d more messages", omitted)})
	}
	return messages
}

// report returns the messages in the order of the events: all of them, or, if
// there are more than limit and that is not negative, errors first.
func (c *checking) report(limit int) (messages []Message, omitted int) {
	messages = c.messages
	if limit >= 0 && len(messages) > limit {
		slices.SortStableFunc(messages, func(a, b Message) int { return cmp.Compare(a.Level, b.Level) }) // "error" before "warning"
		messages = messages[:limit]
		slices.SortStableFunc(messages, func(a, b Message) int { return cmp.Compare(a.Event, b.Event) })
	}
	return messages, c.errors + c.warnings - len(messages)
}

// Options says how Reader validates. The zero value works.
type Options struct {
	// Version is the version of OCSF to check against, one of [Versions]. If it is
	// empty each event is checked against the version that it declares. An event
	// of a version that there is no table of is then checked against the oldest
	// one after it, or else the newest, which a warning says; what may be due to
	// the difference is a warning, too. Events that declare none are checked
	// against the newest.
	Version string
	// Max is how many messages are kept: errors before warnings, then the first
	// ones. 0 means 200, a negative number all of them. All are counted.
	Max int
}

// Report is what there is to say about the events of one input.
type Report struct {
	Events   int64    // that were read, whatever they are
	Versions []string // of OCSF that they were checked against, oldest first
	Messages []Message
	// Errors and Warnings count all messages, Omitted those that are not in
	// Messages because there are too many.
	Errors, Warnings, Omitted int
}

// maxEvent bounds the text of one event, in bytes.
const maxEvent = 16 << 20

// Reader checks the events in a text of UTF-8: a JSON array of events, or events
// one after the other, on a line each or not. It holds one event at a time.
// Where the text is not JSON, or an event has more than 16 MiB, is an error
// in the report, and the rest of the text is not read. The error is one of
// reading, that of ctx, or says that there is no such version.
func Reader(ctx context.Context, r io.Reader, o Options) (*Report, error) {
	if o.Max == 0 {
		o.Max = 200
	}
	var fixed *table
	if o.Version != "" {
		var err error
		if fixed, err = tableOf(o.Version); err != nil {
			return nil, err
		}
	}
	c := newChecking(o.Max)
	report := &Report{}
	versions := map[string]bool{}
	g := &guard{in: r}
	dec := jsontext.NewDecoder(g, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for {
		if err := ctx.Err(); err != nil {
			return report, err
		}
		raw, err := next(dec, g)
		if err == io.EOF {
			break
		}
		c.number++
		switch {
		case g.err != nil:
			return report, g.err
		case err != nil:
			c.foreign, c.path = false, c.path[:0]
			c.fail(codeJSON, "%v; nothing after this was read", syntax(err))
		default:
			report.Events++
			c.table = nil
			if err := c.event(raw, fixed); err != nil {
				return report, err
			}
			if c.table != nil {
				versions[c.table.Version] = true
			}
			continue
		}
		break
	}
	if c.number == 0 {
		c.foreign = false
		c.add(Warning, "", codeFew, "there are no events")
	}
	report.Versions = slices.SortedFunc(maps.Keys(versions), func(a, b string) int {
		return cmp.Compare(slices.Index(Versions(), a), slices.Index(Versions(), b))
	})
	report.Messages, report.Omitted = c.report(o.Max)
	report.Errors, report.Warnings = c.errors, c.warnings
	return report, nil
}

// next returns the next event: a value at the top, or an element of an array
// there. It is valid until the next call.
func next(dec *jsontext.Decoder, g *guard) ([]byte, error) {
	for {
		g.left = maxEvent
		kind := dec.PeekKind()
		if dec.StackDepth() == 0 && kind == '[' || dec.StackDepth() == 1 && kind == ']' {
			if _, err := dec.ReadToken(); err != nil {
				return nil, err
			}
			continue
		}
		return dec.ReadValue()
	}
}

var errTooLarge = fmt.Errorf("the event has more than %d MiB, the most that is read of one", maxEvent>>20)

// guard ends the reading of an event that would take too much memory. left is
// how much it passes on until it is set again.
type guard struct {
	in   io.Reader
	left int
	err  error // of reading
}

func (g *guard) Read(p []byte) (int, error) {
	if g.left == 0 {
		return 0, errTooLarge
	}
	n, err := g.in.Read(p[:min(len(p), g.left)])
	g.left -= n
	if err != nil && err != io.EOF {
		g.err = err
	}
	return n, err
}

// Recognize reports whether a text of JSON is likely one of OCSF events: its
// first object, which may be the first of an array, has a class_uid within the
// first MiB.
func Recognize(r io.Reader) bool {
	dec := jsontext.NewDecoder(io.LimitReader(r, 1<<20), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	tok, err := dec.ReadToken()
	if err == nil && tok.Kind() == '[' {
		tok, err = dec.ReadToken()
	}
	if err != nil || tok.Kind() != '{' {
		return false
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return false
		}
		if name.String() == "class_uid" {
			return true
		}
		if dec.SkipValue() != nil {
			return false
		}
	}
	return false
}
