package asff

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	maxFinding = 4 << 20 // bytes of one finding; AWS's own limit is 240 KB
	maxDepth   = 256     // levels of nesting in one finding; ASFF has about ten
	maxHead    = 64 << 10
	maxLevels  = 8 // wrappers around a list of findings; three are in use
	maxKeys    = 40 // members by which a document without findings is described
	maxOthers  = 5 // documents without findings that are described
)

// A scanner finds the findings in a stream of JSON without parsing them: it
// follows strings and brackets only, so that a finding that is broken inside
// costs that finding and no other. It holds one finding at a time, however
// long the input or its lines are.
//
// It knows the wrappers that findings travel in by the names of their members
// (see wrappers), wherever in the wrapping object these stand.
type scanner struct {
	r   io.Reader
	buf []byte
	pos int   // next byte to look at
	end int   // end of what has been read into buf
	err error // why reading ended; io.EOF at the regular end

	keep int    // start of the bytes to hold on to, -1 for none
	lost bool   // bytes to hold on to were dropped: more than maxFinding
	head []byte // the beginning of what was dropped

	stack stack
	lines bool // a string must end on its line: top-level text may be NDJSON
	start int  // where in buf the finding emitted last began

	// finding takes each finding in turn. raw is valid during the call only;
	// broken says why it cannot be read, and raw may be just its beginning
	// then. It returns false to stop.
	finding func(raw []byte, broken error) bool
	stopped bool

	lists   int      // lists of findings seen, empty ones too
	next    bool     // the last reply had a NextToken: further pages exist
	others  []string // what documents without findings are, at most maxOthers of them
	nOthers int
}

// wrappers names the members that lead to findings: a list, one finding, or an
// object that has such a member in turn.
var wrappers = []string{
	"Findings", "findings", "Finding", "finding", // AWS CLI and SDKs, exports
	"detail",      // EventBridge: detail.findings
	"data",        // recorded SDK calls: data.Findings
	"apiResponse", // service integrations: apiResponse.Findings
}

// markers are members of ASFF findings. An object that has three of them is
// taken for a finding wherever it stands.
var markers = []string{
	"SchemaVersion", "Id", "ProductArn", "GeneratorId", "AwsAccountId", "Title",
	"Description", "Severity", "Resources", "Compliance", "CreatedAt", "UpdatedAt",
	"RecordState", "Workflow", "Types",
}

var (
	errNotClosed  = errors.New("broken JSON: the finding is not closed; others that follow may be lost with it")
	errSyntax     = errors.New("broken JSON: a member has no name")
	errNotObject  = errors.New("a finding is a JSON object, and this is none")
	errBetween    = errors.New("broken JSON: text between findings")
	errTooBig     = fmt.Errorf("larger than %d MiB, the limit for one finding", maxFinding>>20)
	errTooDeep    = fmt.Errorf("nested deeper than %d levels, the limit for one finding", maxDepth)
	errListOpen   = errors.New("the input ends inside its list of findings: those that follow are missing")
	errListBroken = errors.New("broken JSON around the list of findings: what follows is not read")
)

// errNextLine ends a list whose element is not closed when a line follows that
// begins an object: in a file of one wrapper a line, that is the next wrapper.
var errNextLine = errors.New("next line")

// run scans the whole stream. It returns what ended it too early, or nil.
func (s *scanner) run() error {
	s.keep = -1
	if !s.space() {
		return s.ended(nil)
	}
	if c := s.buf[s.pos]; c != '{' && c != '[' {
		s.fillTo(40)
		return fmt.Errorf("not JSON: it begins with %.40q", s.buf[s.pos:s.end])
	}
	for !s.stopped && s.space() {
		var err error
		switch s.buf[s.pos] {
		case ',': // between the lines of some exports
			s.pos++
		case '{':
			err = s.object(0)
		case '[':
			err = s.list(0)
		default:
			s.begin()
			s.emit(errBetween)
			s.resync()
		}
		if err != nil && err != errNextLine {
			return err
		}
	}
	return s.ended(nil)
}

// ended says why the input ended: a read error if there was one, else err.
func (s *scanner) ended(err error) error {
	switch {
	case s.stopped:
		return nil
	case s.readFailed():
		return s.err
	}
	return err
}

// readFailed reports whether all that could be read has been, and an error
// kept the rest away.
func (s *scanner) readFailed() bool {
	return s.pos == s.end && s.err != nil && s.err != io.EOF
}

// list reads an array of findings; s.pos is at its bracket. At level 0 its
// elements may be wrappers, as in a list of events.
func (s *scanner) list(level int) error {
	s.keep = -1
	s.pos++
	s.lists++
	s.next = false
	for !s.stopped && s.space() {
		switch c := s.buf[s.pos]; {
		case c == ']':
			s.pos++
			return nil
		case c == ',':
			s.pos++
		case c == '}':
			return errListBroken
		case c == '{' && level == 0:
			if err := s.object(1); err != nil {
				return err
			}
		default:
			s.begin()
			s.stack.reset()
			s.lines = false
			broken := s.skip()
			if c != '{' {
				broken = errNotObject
			}
			if broken != nil && s.readFailed() {
				return s.err // says better than the finding why it is not whole
			}
			if s.pos == s.keep {
				s.pos++
			}
			s.emit(broken)
			if broken == errNotClosed && s.pos > 0 && s.pos < s.end && s.buf[s.pos-1] == '\n' {
				return errNextLine
			}
		}
	}
	return s.ended(errListOpen)
}

// object reads an object that is a finding, wraps some, or is neither; s.pos
// is at its brace. level counts the lists and wrappers around it.
func (s *scanner) object(level int) error {
	s.begin()
	s.stack.reset()
	s.stack.push('{')
	s.lines = level == 0
	s.pos++
	var (
		keys    []string
		marked  int
		wrapper bool
		token   bool
		broken  error
	)
	for broken == nil && s.space() {
		c := s.buf[s.pos]
		if c == '}' {
			s.pos++
			s.stack.depth--
			break
		}
		if c == ',' {
			s.pos++
			continue
		}
		key := s.key()
		if c != '"' || !s.text() || !s.space() || s.buf[s.pos] != ':' {
			broken = s.skipOpen()
			continue
		}
		s.pos++
		if !s.space() {
			break
		}
		c = s.buf[s.pos]
		if slices.Contains(markers, key) {
			marked++
		}
		if len(keys) < maxKeys {
			keys = append(keys, key)
		}
		if (c == '[' || c == '{') && marked < 3 && level < maxLevels && slices.Contains(wrappers, key) {
			wrapper = true
			inner := s.list
			if c == '{' {
				inner = s.object
			}
			if err := inner(level + 1); err != nil || s.stopped {
				return err
			}
			s.keep = -1
			s.stack.reset()
			s.stack.push('{')
			s.lines = level == 0
			continue
		}
		if key == "NextToken" || key == "nextToken" {
			s.fillTo(2)
			token = c == '"' && s.end-s.pos >= 2 && s.buf[s.pos+1] != '"'
		}
		if broken = s.skip(); s.stack.depth == 0 { // a bracket closed the object too early
			broken = cmp.Or(broken, errSyntax)
		}
	}
	open := s.stack.depth > 0 // the input ended inside the object
	switch {
	case open && s.readFailed():
		return s.err
	case wrapper && (open || broken != nil):
		return errListBroken
	case wrapper:
		s.next = s.next || token
		s.keep = -1
	case open || broken != nil:
		s.emit(cmp.Or(broken, errNotClosed))
		if level == 0 && cmp.Or(broken, errNotClosed) == errNotClosed {
			s.resync()
		}
	case marked >= 3:
		s.emit(nil)
	default:
		s.keep = -1
		s.other(keys)
	}
	return nil
}

// other records a document that holds no findings.
func (s *scanner) other(keys []string) {
	s.nOthers++
	if what := describe(keys); len(s.others) < maxOthers && !slices.Contains(s.others, what) {
		s.others = append(s.others, what)
	}
}

// describe says what a document with these members is.
func describe(keys []string) string {
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(keys, n) })
	}
	switch {
	case has("InsightResults", "insightResults", "insightArn"):
		return "an InsightResults answer, which counts findings but does not hold them (export them with get-findings)"
	case has("class_uid", "category_uid", "finding_info"):
		return "an OCSF event, not an ASFF finding"
	case has("catalog", "profile", "component-definition", "system-security-plan", "assessment-plan", "assessment-results", "plan-of-action-and-milestones"):
		return "an OSCAL document"
	case has("Error", "error", "errorCode", "errorMessage", "__type", "message", "Message", "Code"):
		return "an error document (repeat the call that wrote it)"
	case len(keys) == 0:
		return "an empty object"
	}
	return fmt.Sprintf("a document with the members %.200s", strings.Join(keys[:min(len(keys), 8)], ", "))
}

// skip moves behind the value at s.pos. It returns errNotClosed if the value
// is not closed where the text around it goes on; s.pos is there then.
func (s *scanner) skip() error {
	switch s.buf[s.pos] {
	case '"':
		if !s.text() {
			return errNotClosed
		}
		return nil
	case '{', '[':
		return s.skipTo(s.stack.depth, ':')
	}
	s.literal()
	return nil
}

// skipOpen moves behind the object that s.pos is in, after a syntax error.
func (s *scanner) skipOpen() error {
	return cmp.Or(s.skipTo(0, 0), errSyntax)
}

// skipTo reads on until the stack is down to depth. prev is the token before
// s.pos: an opening brace behind a value, or where an object expects a name,
// is the beginning of the next finding and not a part of this one.
func (s *scanner) skipTo(depth int, prev byte) error {
	const value = 'v'
	for {
		if s.pos == s.end && !s.fill() {
			return errNotClosed
		}
		switch c := s.buf[s.pos]; c {
		case ' ', '\t', '\r', '\n':
			s.pos++
			continue
		case '"':
			if !s.text() {
				return errNotClosed
			}
			prev = value
			continue
		case '{', '[':
			if c == '{' && (prev == value || prev == ',' && s.stack.top() == '{') {
				return errNotClosed
			}
			s.stack.push(c)
			s.pos++
			prev = c
			continue
		case ',', ':':
			s.pos++
			prev = c
			continue
		case '}', ']':
			if !s.stack.pop(c) {
				return errNotClosed
			}
			s.pos++
			prev = value
		default:
			s.literal()
			prev = value
			continue
		}
		if s.stack.depth <= depth {
			return nil
		}
	}
}

// text moves behind the string at s.pos. It returns false if the string is not
// closed: at the end of the input, or in the text of lines at a line's end.
func (s *scanner) text() bool {
	s.pos++
	for {
		if s.pos == s.end && !s.fill() {
			return false
		}
		b := s.buf[s.pos:s.end]
		i := 0
		for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] != '\n' {
			i++
		}
		s.pos += i
		if i == len(b) {
			continue
		}
		switch b[i] {
		case '"':
			s.pos++
			return true
		case '\n':
			if s.lines {
				return false
			}
			s.pos++
		case '\\':
			s.pos++
			if s.pos == s.end && !s.fill() {
				return false
			}
			s.pos++
		}
	}
}

// literal moves behind the number, word or stray byte at s.pos.
func (s *scanner) literal() {
	for {
		if s.pos == s.end && !s.fill() {
			return
		}
		switch s.buf[s.pos] {
		case ' ', '\t', '\r', '\n', ',', ':', ']', '}', '[', '{', '"':
			return
		}
		s.pos++
	}
}

// key returns the name that begins at s.pos if it is short, else "".
func (s *scanner) key() string {
	const longest = 40
	s.fillTo(longest + 2)
	b := s.buf[s.pos:s.end]
	if len(b) == 0 || b[0] != '"' {
		return ""
	}
	if i := bytes.IndexByte(b[1:min(len(b), longest+2)], '"'); i >= 0 {
		return string(b[1 : 1+i])
	}
	return ""
}

// space moves to the next byte that is no white space; false at the end. Byte
// order marks and record separators between documents count as white space.
func (s *scanner) space() bool {
	for {
		if s.pos == s.end && !s.fill() {
			return false
		}
		switch s.buf[s.pos] {
		case ' ', '\t', '\r', '\n', 0x1e:
			s.pos++
		case 0xef:
			s.fillTo(3)
			if !bytes.HasPrefix(s.buf[s.pos:s.end], []byte("\xef\xbb\xbf")) {
				return true
			}
			s.pos += 3
		default:
			return true
		}
	}
}

// begin starts holding on to bytes.
func (s *scanner) begin() {
	s.keep, s.lost, s.head = s.pos, false, nil
	s.stack.tooDeep = false
}

// emit hands the bytes held since begin out as one finding.
func (s *scanner) emit(broken error) {
	raw := s.buf[s.keep:s.pos]
	switch {
	case s.lost:
		raw, broken = s.head, errTooBig
	case len(raw) > maxFinding:
		broken = errTooBig
	case s.stack.tooDeep:
		broken = errTooDeep
	}
	s.start = s.keep
	s.keep = -1
	if !s.finding(raw, broken) {
		s.stopped = true
	}
}

// resync goes on after a top-level finding that is not closed: with the next
// line that begins an object or a list. The lines of the finding itself count,
// so that one broken line of NDJSON does not take the next ones with it.
func (s *scanner) resync() {
	if !s.lost {
		if i := bytes.IndexByte(s.buf[s.start:s.pos], '\n'); i >= 0 {
			s.pos = s.start + i
		} else if s.pos < s.end && s.buf[s.pos] == '{' {
			return
		}
	}
	for s.pos < s.end || s.fill() {
		i := bytes.IndexByte(s.buf[s.pos:s.end], '\n')
		if i < 0 {
			s.pos = s.end
			continue
		}
		s.pos += i + 1
		s.fillTo(1)
		if s.pos < s.end && (s.buf[s.pos] == '{' || s.buf[s.pos] == '[') {
			return
		}
	}
}

// fillTo makes n bytes available at s.pos if the input has them.
func (s *scanner) fillTo(n int) {
	for s.end-s.pos < n && s.fill() {
	}
}

// fill reads more of the input behind what there is from s.pos on. It moves
// the bytes it has to hold on to, and gives them up when they exceed the limit.
func (s *scanner) fill() bool {
	if s.err != nil {
		return false
	}
	from := s.pos
	if s.keep >= 0 {
		if s.pos-s.keep > maxFinding {
			if !s.lost {
				s.head = bytes.Clone(s.buf[s.keep : s.keep+maxHead])
				s.lost = true
			}
			s.keep = s.pos
		}
		from = s.keep
	}
	if from > 0 {
		copy(s.buf, s.buf[from:s.end])
		s.pos, s.end = s.pos-from, s.end-from
		if s.keep >= 0 {
			s.keep = 0
		}
	}
	if s.end == len(s.buf) {
		s.buf = append(s.buf, make([]byte, max(len(s.buf), 64<<10))...)
	}
	for range 100 {
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		s.err = err
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	s.err = io.ErrNoProgress
	return false
}

// stack remembers which brackets are open, down to maxDepth.
type stack struct {
	depth   int
	tooDeep bool
	open    [maxDepth]byte
}

func (s *stack) reset() { s.depth = 0 }

func (s *stack) push(c byte) {
	if s.depth < maxDepth {
		s.open[s.depth] = c
	} else {
		s.tooDeep = true
	}
	s.depth++
}

func (s *stack) top() byte {
	if s.depth == 0 || s.depth > maxDepth {
		return 0
	}
	return s.open[s.depth-1]
}

// pop closes the innermost bracket that c fits, and those inside it. It
// returns false if c fits none; nothing is closed then.
func (s *stack) pop(c byte) bool {
	want := byte('{')
	if c == ']' {
		want = '['
	}
	for d := s.depth; d > 0; d-- {
		if d > maxDepth || s.open[d-1] == want {
			s.depth = d - 1
			return true
		}
	}
	return false
}
