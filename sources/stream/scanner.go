package stream

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
)

// MaxFinding is how many bytes one finding may have; AWS's own limit is 240 KB.
const MaxFinding = 4 << 20

const (
	maxDepth  = 256 // levels of nesting in one finding; the formats have about ten
	maxHead   = 64 << 10
	isFinding = 3  // markers that make an object a finding
	mustHave  = 6  // markers that every finding of any format has
	maxLevels = 8  // wrappers around a list of findings; three are in use
	maxKeys   = 40 // members by which a document without findings is described
	maxOthers = 5  // documents without findings that are described
)

// A scanner finds the findings in a stream of JSON without parsing them: it
// follows strings and brackets only, so that a finding that is broken inside
// costs that finding and no other. It holds one finding at a time, however
// long the input or its lines are, and takes time in proportion to the input,
// however broken that is.
//
// It knows the wrappers that findings travel in by the names of their members
// (see lists and wrappers), wherever in the wrapping object these stand.
type scanner struct {
	r   io.Reader
	buf []byte
	pos int   // next byte to look at
	end int   // end of what has been read into buf
	err error // why reading ended; io.EOF at the regular end

	keep   int    // start of the bytes to hold on to, -1 for none
	lost   bool   // bytes to hold on to were dropped: more than MaxFinding
	head   []byte // the beginning of what was dropped
	gaveUp bool   // fill has ended what would have been lost, see rewind
	rescue int    // bytes that rewind may still go back

	formats []Format
	names   map[string]name // names of members by their text, and what they tell

	stack stack
	// torn: a finding that is not closed, or text between findings, has been
	// reported; loose text and objects that are no findings belong to it.
	torn   bool
	broken error // the first error around a list of findings

	// finding takes each finding in turn. raw is valid during the call only.
	// format is the finding's number in formats, -1 if that is not known, which
	// it is unless the finding is broken; broken says why it cannot be read, and
	// raw may be just its beginning then. It returns false to stop.
	finding func(raw []byte, format int, broken error) bool
	stopped bool

	lists   int      // lists of findings seen, empty ones too
	reply   bool     // a reply's list has been seen, and its end has not been noted
	next    bool     // that reply has a NextToken
	more    bool     // there was a reply that a further page follows
	last    bool     // there was a reply that none follows
	others  []string // what documents without findings are, at most maxOthers of them
	nOthers int
}

// lists names the members that hold findings, a list or one: AWS CLI and SDKs,
// exports. No finding has a member of these names.
var lists = []string{"Findings", "findings", "Finding"}

// wrappers names the members whose value is a finding or has such a member in
// turn. Findings have members of these names, too: a member of what is known to
// be a finding wraps nothing.
var wrappers = []string{
	"detail",      // EventBridge: detail.findings
	"data",        // recorded SDK calls: data.Findings; OCSF has a member of this name
	"apiResponse", // service integrations: apiResponse.Findings
	"finding",     // exports; events of OCSF 1.0.0-rc.2 have a member of this name
}

// A name is what the name of a member tells about the object it stands in.
type name struct {
	text          string
	list, wrapper bool  // lists, wrappers has it
	marks         []int // the formats that have it as a marker
}

// know fills in the names that tell something.
func (s *scanner) know() {
	s.names = map[string]name{}
	learn := func(text string, add func(*name)) {
		n := s.names[text]
		n.text = text
		add(&n)
		s.names[text] = n
	}
	for _, text := range lists {
		learn(text, func(n *name) { n.list = true })
	}
	for _, text := range wrappers {
		learn(text, func(n *name) { n.wrapper = true })
	}
	for i, f := range s.formats {
		for _, text := range f.Markers {
			learn(text, func(n *name) { n.marks = append(n.marks, i) })
		}
	}
}

var (
	errNotClosed  = errors.New("broken JSON: the finding is not closed; others that follow may be lost with it")
	errCutShort   = errors.New("broken JSON: a bracket too many closes the finding before its end")
	errNotObject  = errors.New("a finding is a JSON object, and this is none")
	errHolds      = errors.New("this finding has a member named like those that wrap findings (Findings, data, detail), so it was not read: rename or remove that member")
	errNotFinding = errors.New("this object has not the members of an ASFF or OCSF finding")
	errBetween    = errors.New("broken JSON: text between findings")
	errTooBig     = fmt.Errorf("larger than %d MiB, the limit for one finding", MaxFinding>>20)
	errTooDeep    = fmt.Errorf("nested deeper than %d levels, the limit for one finding", maxDepth)
	errListOpen   = errors.New("the input ends inside a list of findings or the object around it: findings may be missing; write it anew")
	errListBroken = errors.New("broken JSON around a list of findings: findings may be missing; write it anew")
	errListCut    = errors.New("among the findings of a list stands an object that wraps findings itself, as where a list is cut off and the next document begins: findings may be missing; write it anew")
)

// run scans the whole stream. It returns what kept it from being read in
// full, or nil.
func (s *scanner) run() error {
	s.know()
	s.keep = -1
	s.rescue = 4 * MaxFinding
	if !s.space() {
		return s.ended(nil)
	}
	if c := s.buf[s.pos]; c != '{' && c != '[' {
		s.fillTo(40)
		return fmt.Errorf("not JSON: it begins with %.40q; export with --output json", s.buf[s.pos:s.end])
	}
	for !s.stopped && s.space() {
		var err error
		switch s.buf[s.pos] {
		case ',': // between the lines of some exports
			s.pos++
		case '{':
			err = s.object(0, document)
		case '[':
			err = s.list(0)
		default:
			s.loose(errBetween)
		}
		switch err {
		case nil:
		case errListOpen, errListBroken, errListCut:
			s.broken = cmp.Or(s.broken, err)
			s.torn = true
		default:
			return err
		}
	}
	s.endReply()
	return s.ended(s.broken)
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

// endReply notes whether a further page follows the last reply.
func (s *scanner) endReply() {
	s.more = s.more || s.reply && s.next
	s.last = s.last || s.reply && !s.next
	s.reply, s.next = false, false
}

// list reads an array of findings; s.pos is at its bracket. At level 0 its
// elements may be wrappers, as in a list of events.
func (s *scanner) list(level int) error {
	s.keep = -1
	s.pos++
	s.lists++
	if level > 0 {
		s.endReply()
		s.reply, s.torn = true, false
	}
	for !s.stopped && s.space() {
		switch s.buf[s.pos] {
		case ']':
			s.pos++
			return nil
		case ',':
			s.pos++
		case '{':
			where := document
			if level > 0 {
				where = element
			}
			if err := s.object(level+1, where); err != nil {
				return err
			}
		case '}':
			s.pos++
			if s.torn {
				continue
			}
			if !s.space() || s.buf[s.pos] != ',' && s.buf[s.pos] != ']' {
				return s.ended(errListBroken) // it closes the object around the list
			}
			s.begin()
			s.emit(-1, errBetween)
		default:
			s.loose(errNotObject)
		}
	}
	return s.ended(errListOpen)
}

// loose moves over the value or bracket at s.pos, which stands where a finding
// is expected, and reports it unless it belongs to what has been reported.
func (s *scanner) loose(err error) {
	if s.torn {
		s.keep = -1
	} else {
		s.begin()
	}
	s.stack.reset()
	switch s.buf[s.pos] {
	case '}', ']', ':':
		s.pos++
	default:
		s.skip()
		if s.space() && s.buf[s.pos] == ':' {
			err = errBetween
		}
	}
	if !s.torn && !s.readFailed() {
		s.emit(-1, err)
	}
}

// place is where an object stands, which decides what may follow it.
type place int

const (
	document place = iota // by itself, or in a top-level list
	element               // in a wrapper's list of findings
	member                // the value of a wrapper's member
)

// object reads an object that is a finding, wraps some, or is neither; s.pos
// is at its brace. level counts the lists and wrappers around it.
func (s *scanner) object(level int, where place) error {
	s.begin()
	s.stack.reset()
	s.stack.push('{')
	s.pos++
	var (
		keys    []string
		marked  = make([]int, len(s.formats)) // markers of each format
		most    = -1                          // the format with most of them
		found   bool                          // it is a finding: they are enough
		wrapper bool                          // it has held findings
		token   bool                          // it has a NextToken
		closed  bool                          // s.pos is behind it
		invalid bool                          // it is no JSON; decoding it says why
	)
members:
	for !closed && s.space() {
		c := s.buf[s.pos]
		switch c {
		case '}':
			s.pos++
			closed = true
			continue
		case ',':
			s.pos++
			continue
		case '{': // the next finding
			break members
		}
		key, prev := s.key(), byte(',')
		if c == '"' {
			if !s.text() || !s.space() {
				break
			}
			prev = value
		}
		if prev != value || s.buf[s.pos] != ':' {
			invalid = true
			closed = s.skipTo(0, prev)
			break
		}
		s.pos++
		if !s.space() {
			break
		}
		c = s.buf[s.pos]
		for _, i := range key.marks {
			marked[i]++
			if most < 0 || marked[i] > marked[most] || marked[i] == marked[most] && i < most {
				most = i
			}
			found = found || marked[i] >= isFinding
		}
		if len(keys) < maxKeys {
			keys = append(keys, key.text)
		}
		leads := key.list || key.wrapper && !found
		if (c == '[' || c == '{') && level < maxLevels && leads {
			if where == element && !s.lost { // as good as always the list has no end: this is the next document
				s.pos = s.keep
				return errListCut
			}
			wrapper = true
			var err error
			if c == '[' {
				err = s.list(level + 1)
			} else {
				err = s.object(level+1, member)
			}
			if err != nil || s.stopped {
				return err
			}
			s.keep = -1
			s.stack.reset()
			s.stack.push('{')
			continue
		}
		if key.text == "NextToken" || key.text == "nextToken" {
			s.fillTo(2)
			token = c == '"' && s.end-s.pos >= 2 && s.buf[s.pos+1] != '"'
		}
		if !s.skip() {
			break
		}
		if s.stack.depth == 0 { // a bracket inside the value closed the object too
			invalid, closed = true, true
		}
	}
	switch {
	case !closed && s.readFailed():
		return s.err // says better than the finding why it is not whole
	case wrapper && !closed && s.pos == s.end:
		return errListOpen
	case wrapper && (!closed || invalid):
		return errListBroken
	case wrapper:
		s.next = s.next || token
		// A report on findings may have a few of a finding's members, too.
		if most >= 0 && marked[most] >= mustHave {
			s.begin()
			s.emit(-1, errHolds)
		}
	case !closed && found:
		s.emit(most, errNotClosed)
	case !closed:
		s.emit(-1, errNotClosed)
	case found && where == member: // what follows belongs to the wrapper
		s.emit(most, nil)
	case found:
		s.emit(most, s.cutShort(keys))
	case s.torn:
	case invalid && len(s.formats) > 0:
		s.emit(max(most, 0), nil)
	case invalid || where == element:
		s.emit(-1, errNotFinding)
	default:
		s.other(keys)
	}
	s.keep = -1
	return nil
}

// cutShort returns an error if the text behind the finding that ends at s.pos
// goes on with more of it: then a quote or bracket too many has closed it
// before its end, and what was read of it is valid but not all. A member that
// the finding has already is the next finding's, which has lost its brace.
func (s *scanner) cutShort(keys []string) error {
	const far = 4096
	if s.lost || s.pos-s.keep > MaxFinding-2*far {
		return nil // looking ahead would exceed what can be held
	}
	line := true // still on the finding's last line
	for i := range far {
		s.fillTo(i + 1)
		if s.pos+i == s.end {
			return nil
		}
		switch c := s.buf[s.pos+i]; {
		case c == '\n':
			line = false
		case c == ' ' || c == '\t' || c == '\r' || c == ',' || c == '}':
		case c == '"':
			s.pos += i
			s.fillTo(200)
			key := s.key().text
			rest := bytes.TrimLeft(s.buf[min(s.pos+len(key)+2, s.end):s.end], " \t\r\n")
			s.pos -= i
			if slices.Contains(keys, key) || key != "" && !bytes.HasPrefix(rest, []byte(":")) {
				return nil
			}
			return errCutShort
		case c == '{' || c == ']' || c < ' ' || c == 0xef || !line && c != ':':
			return nil
		default:
			s.fillTo(i + 40)
			rest := s.buf[s.pos+i : s.end]
			if n := bytes.IndexAny(rest, ",]}[{\" \t\r\n"); n >= 0 {
				rest = rest[:n]
			}
			if jsontext.Value(rest).IsValid() {
				return nil // a number or the like, which is no finding but no part of one either
			}
			return errCutShort
		}
	}
	return nil
}

// other records a document that holds no findings.
func (s *scanner) other(keys []string) {
	s.nOthers++
	if len(s.others) == maxOthers {
		return
	}
	if what := s.describe(keys); !slices.Contains(s.others, what) {
		s.others = append(s.others, what)
	}
}

// describe says what a document with these members is.
func (s *scanner) describe(keys []string) string {
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(keys, n) })
	}
	switch {
	case has("InsightResults", "insightResults", "insightArn"):
		return "an InsightResults answer, which counts findings but does not hold them (export them with get-findings)"
	case has("class_uid", "category_uid", "finding_info") && !slices.ContainsFunc(s.formats, func(f Format) bool { return f.Name == shca.SourceOCSF }):
		return "an OCSF event, which is not read here"
	case has("catalog", "profile", "component-definition", "system-security-plan", "assessment-plan", "assessment-results", "plan-of-action-and-milestones"):
		return "an OSCAL document"
	case has("Error", "error", "errorCode", "errorMessage", "__type", "message", "Message", "Code"):
		return "an error document (repeat the call that wrote it)"
	case len(keys) == 0:
		return "an empty object"
	}
	names := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.Join(keys[:min(len(keys), 8)], ", "))
	return fmt.Sprintf("a document with the members %.200s", names)
}

// skip moves behind the value at s.pos. It returns false if the value is not
// closed where the text around it goes on; s.pos is there then.
func (s *scanner) skip() bool {
	switch s.buf[s.pos] {
	case '"':
		return s.text()
	case '{', '[':
		return s.skipTo(s.stack.depth, ':')
	}
	s.literal()
	return true
}

// value stands for the last byte of a value in skipTo.
const value = 'v'

// skipTo reads on until the stack is down to depth. prev is the token before
// s.pos: an opening brace behind a value, or where an object expects a name,
// is the beginning of the next finding and not a part of this one. It returns
// false there, at a bracket that closes nothing, and at the end of the input.
func (s *scanner) skipTo(depth int, prev byte) bool {
	for {
		if s.pos == s.end && !s.fill() {
			return false
		}
		switch c := s.buf[s.pos]; c {
		case ' ', '\t', '\r', '\n':
			s.pos++
		case '"':
			if !s.text() {
				return false
			}
			prev = value
		case '{', '[':
			if c == '{' && (prev == value || prev == ',' && s.stack.top() == '{') {
				return false
			}
			s.stack.push(c)
			s.pos++
			prev = c
		case ',', ':':
			s.pos++
			prev = c
		case '}', ']':
			if !s.stack.pop(c) {
				return false
			}
			s.pos++
			prev = value
			if s.stack.depth <= depth {
				return true
			}
		default:
			s.literal()
			prev = value
		}
	}
}

// text moves behind the string at s.pos; it returns false at the end of the
// input. A string that has no closing quote ends with its line, or before the
// next string's opening quote, which shows by what follows it, and the commas
// and brackets in front of that: a missing quote does not turn all that follows
// inside out. Decoding reports it.
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
		case '\n':
			return true
		case '\\':
			s.pos++
			if s.pos == s.end && !s.fill() {
				return false
			}
			if s.buf[s.pos] != '\n' {
				s.pos++
			}
		case '"':
			s.fillTo(2)
			if s.pos+1 == s.end {
				s.pos++
				return true
			}
			switch s.buf[s.pos+1] {
			case ',', ':', '}', ']', ' ', '\t', '\r', '\n':
				s.pos++
				return true
			}
			for ; s.pos > max(s.keep, 0) && bytes.IndexByte([]byte(",:{}[] \t"), s.buf[s.pos-1]) >= 0; s.pos-- {
			}
			return true
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

// key returns the name that begins at s.pos if it is short, else none.
func (s *scanner) key() name {
	const longest = 40
	s.fillTo(longest + 2)
	b := s.buf[s.pos:s.end]
	if len(b) == 0 || b[0] != '"' {
		return name{}
	}
	i := bytes.IndexByte(b[1:min(len(b), longest+2)], '"')
	if i < 0 {
		return name{}
	}
	key, ok := s.names[string(b[1:1+i])]
	if !ok {
		key.text = string(b[1 : 1+i])
		if len(s.names) < 1000 {
			s.names[key.text] = key // to make each string once
		}
	}
	return key
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
	s.keep, s.lost, s.head, s.gaveUp = s.pos, false, nil, false
	s.stack.tooDeep = false
}

// emit hands the bytes held since begin out as one finding.
func (s *scanner) emit(format int, broken error) {
	raw, start := s.buf[s.keep:s.pos], s.keep
	s.keep = -1
	s.torn = broken == errNotClosed || broken == errCutShort || broken == errBetween
	rescue := broken == errNotClosed && !s.lost
	switch {
	case s.lost:
		raw, broken = s.head, errTooBig
	case len(raw) > MaxFinding:
		raw, broken = raw[:maxHead], errTooBig
	case s.stack.tooDeep:
		broken = errTooDeep
	}
	if !s.finding(raw, format, broken) {
		s.stopped = true
	}
	if rescue {
		s.rewind(start)
	}
}

// nextLine is where a line begins an object.
var nextLine = []byte("\n{")

// rewind goes back, after a finding that is not closed, to the first line in
// it that begins an object: where every line is one, the cut line has taken
// the next ones with it. What it goes back in all is limited in proportion to
// the input, so that no input takes more than a multiple of its size in time.
func (s *scanner) rewind(start int) {
	i := bytes.Index(s.buf[start:s.pos], nextLine)
	if i < 0 {
		return
	}
	if back := s.pos - (start + i + 1); back <= s.rescue {
		s.rescue -= back
		s.pos -= back
	}
}

// fillTo makes n bytes available at s.pos if the input has them.
func (s *scanner) fillTo(n int) {
	for s.end-s.pos < n && s.fill() {
	}
}

// fill reads more of the input behind what there is from s.pos on. It moves
// the bytes it has to hold on to. When they exceed the limit it gives them up;
// but if other findings may be among them, it returns false as at the end.
func (s *scanner) fill() bool {
	if s.err != nil {
		return false
	}
	from := s.pos
	if s.keep >= 0 {
		if s.pos-s.keep > MaxFinding {
			if !s.gaveUp && !s.lost && bytes.Contains(s.buf[s.keep:s.pos], nextLine) {
				s.gaveUp = true // rewind finds what it has swallowed
				return false
			}
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
		s.rescue = min(s.rescue+4*n, 16*MaxFinding)
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
