package auditmanager

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
)

const (
	// maxHeld is how many bytes of evidence are held until the end of their
	// document, since the control may stand behind them.
	maxHeld = 8 << 20
	// maxControls is how many controls of one assessment are read. Those of AWS's
	// largest framework are some 1,000.
	maxControls = 50_000
	// maxKept is how many bytes the controls of one input may have.
	maxKept = 64 << 20
)

// walker reads documents token by token: no more than one piece of evidence,
// folder or control is in memory, and what is held.
type walker struct {
	dec   *jsontext.Decoder
	from  *limited
	files *Files
	name  string // of the input

	item   func(r *Record, number int64) bool        // takes a piece of evidence; false ends
	broken func(bad *shca.FindingError) bool         // takes one that cannot be read
	review func(e *shca.Evidence) bool               // takes the review of a control
	scope  func(accountID, region, note string) bool // takes what was looked at
	folder func(w *folder) bool                      // takes a folder, if not nil

	token    string   // of the last reply
	read     int64    // pieces of evidence
	folders  int64    // folders
	controls int64    // controls
	lists    int64    // lists of evidence
	problems []string // with documents, at most maxProblems
	others   int64    // documents that are none of Audit Manager's
	unnamed  int64    // controls without id and name
	kept     int      // bytes of controls
	stopped  bool
}

const maxProblems = 10

var errStopped = errors.New("stopped")

// limited reads no more than left bytes before it is told to go on, since the
// decoder holds any one value whole.
type limited struct {
	r    io.Reader
	left int
}

var errLong = fmt.Errorf("longer than %d MiB, the limit for one piece of evidence", maxItem>>20)

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errLong
	}
	n, err := l.r.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

func newWalker(r io.Reader, name string, files *Files) *walker {
	w := &walker{from: &limited{r: r}, files: files, name: name}
	w.dec = jsontext.NewDecoder(w.from, options)
	w.more()
	return w
}

// more allows for one more value.
func (w *walker) more() { w.from.left = maxItem + 64<<10 }

func (w *walker) problem(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); len(w.problems) < maxProblems && !slices.Contains(w.problems, text) {
		w.problems = append(w.problems, text)
	}
}

// run reads all documents. Its error is what kept it from reading on.
func (w *walker) run() error {
	for {
		w.more()
		switch w.dec.PeekKind() {
		case '{':
			if err := w.document(0); err != nil {
				return err
			}
		case '[':
			if _, err := w.dec.ReadToken(); err != nil {
				return err
			}
			for w.more(); w.dec.PeekKind() == '{'; w.more() {
				if err := w.document(0); err != nil {
					return err
				}
			}
			for w.more(); w.dec.PeekKind() != ']'; w.more() {
				w.others++
				if err := w.skip(); err != nil {
					return err
				}
			}
			if _, err := w.dec.ReadToken(); err != nil {
				return err
			}
		default:
			_, err := w.dec.ReadToken()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			w.others++
		}
	}
}

// skip passes over the next value, of any size, but no text of more than the limit.
func (w *walker) skip() error {
	depth := w.dec.StackDepth()
	for {
		w.more()
		if _, err := w.dec.ReadToken(); err != nil {
			return err
		}
		if w.dec.StackDepth() <= depth {
			return nil
		}
	}
}

// value reads the next value. ok is false if it is too long and was passed over.
func (w *walker) value() (v jsontext.Value, ok bool, err error) {
	w.more()
	v, err = w.dec.ReadValue()
	if errors.Is(err, errLong) {
		return nil, false, w.skip()
	}
	if len(v) > maxItem {
		return nil, false, err
	}
	return v, err == nil, err
}

// into reads the next value into a struct, as far as it fits. What is wrong with
// it is a problem of the document.
func (w *walker) into(what string, v any) error {
	raw, ok, err := w.value()
	switch {
	case err != nil:
		return err
	case !ok:
		w.problem("%s is larger than %d MiB and was not read", what, maxItem>>20)
	default:
		if err := json.Unmarshal(raw, v, options); err != nil {
			w.problem("%s could not be read: %.200s", what, err)
		}
	}
	return nil
}

// members reads an object and calls each for its members, which has to read the
// value. Anything else than an object is passed over.
func (w *walker) members(each func(name string) error) error {
	if w.more(); w.dec.PeekKind() != '{' {
		return w.skip()
	}
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	for {
		w.more()
		name, err := w.dec.ReadToken()
		if err != nil {
			return err
		}
		if name.Kind() == '}' {
			return nil
		}
		if err := each(name.String()); err != nil {
			return err
		}
	}
}

// elements calls each for the elements of a list, or for a single object.
func (w *walker) elements(each func() error) error {
	w.more()
	switch w.dec.PeekKind() {
	case '{':
		return each()
	case '[':
	default:
		return w.skip()
	}
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	for w.more(); w.dec.PeekKind() != ']'; w.more() {
		if err := each(); err != nil {
			return err
		}
	}
	_, err := w.dec.ReadToken()
	return err
}

// itemMembers are members of a piece of evidence, by which one that stands alone
// is known.
var itemMembers = map[string]bool{
	"datasource": true, "evidencebytype": true, "evidencefolderid": true, "evidenceawsaccountid": true, "resourcesincluded": true,
	"compliancecheck": true, "eventsource": true, "eventname": true, "assessmentreportselection": true,
}

// isItem is how many of them it takes.
const isItem = 2

// document reads one answer, or a piece of evidence that stands alone.
func (w *walker) document(level int) error {
	d := &document{w: w}
	known := false
	var alone []byte // the members read so far, in case that they are a piece of evidence
	marks := 0
	err := w.members(func(name string) error {
		key := squeeze(name)
		kind := w.dec.PeekKind()
		handler := d.handler(key)
		if key == "data" && level == 0 && kind == '{' {
			handler = func() error { return w.document(level + 1) }
		}
		switch {
		case handler != nil && (kind == '{' || kind == '['): // a piece of evidence may have a text of the name
			known, alone = true, nil
			return handler()
		case key == "nexttoken" && w.dec.PeekKind() == '"':
			tok, err := w.dec.ReadToken()
			d.token = tok.String()
			return err
		}
		if itemMembers[key] {
			marks++
		}
		if known {
			return w.skip()
		}
		v, ok, err := w.value()
		if err != nil {
			return err
		}
		if !ok || len(alone)+len(v) > maxItem {
			known = true
			w.problem("a document is larger than %d MiB and no answer of Audit Manager", maxItem>>20)
			return nil
		}
		alone = append(append(append(append(alone, separator(alone)), quote(name)...), ':'), v...)
		return nil
	})
	if err != nil {
		d.flush() // what was read before the text broke off
		return err
	}
	if !known {
		if marks < isItem {
			w.others++
			return nil
		}
		d.add(append(alone, '}'))
	}
	d.end()
	w.token = d.token
	if w.stopped {
		return errStopped
	}
	return nil
}

// handler returns what reads the value of a member of an answer.
func (d *document) handler(key string) func() error {
	switch key {
	case "evidence":
		return d.evidence
	case "evidencefolder", "evidencefolders":
		return d.folderList
	case "assessment":
		return d.assessment
	case "assessmentmetadata":
		return d.list
	case "control":
		return d.control
	}
	return nil
}

func separator(b []byte) byte {
	if len(b) == 0 {
		return '{'
	}
	return ','
}

func quote(s string) []byte {
	b, _ := jsontext.AppendQuote(nil, s)
	return b
}

// document is what has been read of one answer.
type document struct {
	w       *walker
	context Context
	reviews []reviewed
	held    []held
	bytes   int
	passed  bool // evidence was passed on before the end
	token   string
	of      string // what the answer lists: an evidence folder, the folders of an assessment
	listed  bool   // the answer is a list
}

type reviewed struct {
	context Context
	control control
}

type held struct {
	raw    []byte // nil of one that is too large
	number int64
	folder string
}

// end passes on what was held, and notes whether a further page follows.
func (d *document) end() {
	if d.passed && (d.context.Control != "" || d.context.AssessmentID != "" || d.context.Framework != "") {
		d.w.problem("its assessment and control stand behind more than %d MiB of evidence, which was read without them: write them in front of it", maxHeld>>20)
	}
	d.flush()
	if d.listed && d.context.Control == "" {
		d.w.files.notePage(d.of, d.token != "")
	}
}

// flush passes on reviews and what was held.
func (d *document) flush() {
	w := d.w
	for i := range d.reviews {
		r := &d.reviews[i]
		if r.context.ControlID == "" && r.context.Control == "" {
			w.unnamed++
			continue
		}
		if e := r.control.review(&r.context); e != nil && !w.stopped {
			w.stopped = !w.review(e)
		}
	}
	d.reviews = nil
	for _, h := range d.held {
		d.pass(h)
	}
	d.held, d.bytes = nil, 0
}

// evidence reads the evidence of a folder.
func (d *document) evidence() error {
	d.w.lists++
	d.listed = d.listed || d.w.dec.PeekKind() == '['
	return d.w.elements(func() error {
		raw, ok, err := d.w.value()
		if err != nil {
			return err
		}
		if !ok {
			d.w.read++
			d.held = append(d.held, held{nil, d.w.read, ""}) // so that it keeps its place
		} else {
			d.add(raw)
		}
		if d.w.stopped {
			return errStopped
		}
		return nil
	})
}

// add takes a piece of evidence: it is passed on at once if its control is known
// or nothing can be waited for.
func (d *document) add(raw []byte) {
	d.w.read++
	id := itemFolder(raw)
	h := held{append([]byte(nil), raw...), d.w.read, id}
	if d.of == "" {
		d.of = "folder " + id
	}
	if d.passed || id != "" && d.w.files.known(id) {
		d.flush()
		d.pass(h)
		return
	}
	d.held, d.bytes = append(d.held, h), d.bytes+len(h.raw)
	if d.bytes > maxHeld {
		if d.context == (Context{}) {
			d.passed = true
		}
		d.flush()
	}
}

func (d *document) pass(h held) {
	if d.w.stopped {
		return
	}
	if h.raw == nil {
		d.w.stopped = !d.w.broken(&shca.FindingError{Number: h.number, Err: fmt.Errorf("larger than %d MiB, the limit for one piece of evidence", maxItem>>20)})
		return
	}
	r := &Record{Evidence: h.raw, Resource: WholeItem, Context: d.context, Origin: origin(d.w.name, h.number)}
	r.Context.Folder = h.folder
	d.w.files.complete(&r.Context)
	d.w.files.hold(&r.Context)
	d.w.stopped = !d.w.item(r, h.number)
}

// itemFolder returns the folder that a piece of evidence names, or "".
func itemFolder(raw []byte) string {
	dec := jsontext.NewDecoder(bytes.NewReader(raw), options)
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '{' {
		return ""
	}
	id := ""
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return ""
		}
		if squeeze(name.String()) == "evidencefolderid" && dec.PeekKind() == '"' {
			tok, err := dec.ReadToken()
			if err != nil {
				return ""
			}
			id = strings.TrimSpace(tok.String())
			continue
		}
		if dec.SkipValue() != nil {
			return id
		}
	}
	return id
}

// folderList reads evidence folders.
func (d *document) folderList() error {
	d.listed = d.listed || d.w.dec.PeekKind() == '['
	return d.w.elements(func() error {
		var f folder
		if err := d.w.into("an evidence folder", &f); err != nil {
			return err
		}
		d.w.folders++
		if d.of == "" {
			d.of = "folders of " + string(f.AssessmentID)
		}
		d.w.files.noteFolder(&f)
		if d.w.folder != nil {
			d.w.stopped = d.w.stopped || !d.w.folder(&f)
		}
		return nil
	})
}

// list reads what ListAssessments answers.
func (d *document) list() error {
	return d.w.elements(func() error {
		var m metadata
		err := d.w.into("an assessment of a list", &m)
		d.w.files.noteAssessment(&Context{AssessmentID: string(m.ID), AssessmentName: string(m.Name), ComplianceType: string(m.ComplianceType)})
		return err
	})
}

// metadata is "AssessmentMetadata" of the API reference.
type metadata struct {
	ID             text `json:"id"`
	Name           text `json:"name"`
	ComplianceType text `json:"complianceType"`
	Status         text `json:"status"`
}

// control reads the one control that a document is about.
func (d *document) control() error {
	var c control
	err := d.w.into("the control", &c)
	d.context.ControlID, d.context.Control = cmp.Or(string(c.ID), d.context.ControlID), cmp.Or(string(c.Name), d.context.Control)
	d.reviews = append(d.reviews, reviewed{control: c})
	d.complete()
	return err
}

// complete gives the reviews the context that has been read meanwhile.
func (d *document) complete() {
	for i := range d.reviews {
		r := &d.reviews[i]
		set := r.context.ControlSet
		r.context = d.context
		r.context.ControlSet, r.context.ControlID, r.context.Control = cmp.Or(set, d.context.ControlSet), string(r.control.ID), string(r.control.Name)
	}
}

// assessment reads an assessment with its whole tree of controls.
func (d *document) assessment() error {
	w, c := d.w, &d.context
	var about metadata
	var controls []reviewed
	sets := func() error { return d.controlSets(&controls) }
	err := w.members(func(name string) error {
		switch squeeze(name) {
		case "arn":
			return d.string(&c.AssessmentARN)
		case "id":
			return d.string(&c.AssessmentID)
		case "name":
			return d.string(&c.AssessmentName)
		case "compliancetype":
			return d.string(&c.ComplianceType)
		case "awsaccount":
			var account struct {
				ID text `json:"id"`
			}
			err := w.into("the account of the assessment", &account)
			c.AccountID = string(account.ID)
			return err
		case "metadata":
			return w.into("the metadata of the assessment", &about)
		case "controlsets":
			return sets()
		case "framework":
			return w.members(func(name string) error {
				switch squeeze(name) {
				case "metadata":
					var m metadata
					err := w.into("the metadata of the framework", &m)
					c.Framework = cmp.Or(string(m.Name), c.Framework)
					c.ComplianceType = cmp.Or(string(m.ComplianceType), c.ComplianceType)
					return err
				case "name":
					return d.string(&c.Framework)
				case "controlsets":
					return sets()
				}
				return w.skip()
			})
		}
		return w.skip()
	})
	_, fromARN, _ := strings.Cut(c.AssessmentARN, ":assessment/")
	c.AssessmentID = cmp.Or(string(about.ID), c.AssessmentID, fromARN)
	c.AssessmentName = cmp.Or(string(about.Name), c.AssessmentName)
	c.ComplianceType = cmp.Or(string(about.ComplianceType), c.ComplianceType)
	w.files.noteAssessment(&Context{AccountID: c.AccountID, AssessmentID: c.AssessmentID, AssessmentARN: c.AssessmentARN, AssessmentName: c.AssessmentName, Framework: c.Framework, ComplianceType: c.ComplianceType})
	d.reviews = append(d.reviews, controls...)
	d.complete()
	for i := range controls {
		one := &d.reviews[len(d.reviews)-len(controls)+i]
		w.files.noteControl(&one.context, int64(one.control.Evidence))
	}
	w.controls += int64(len(controls))
	if err == nil && !w.stopped && (c.AccountID != "" || c.AssessmentARN != "") {
		w.stopped = !w.scope(cmp.Or(c.AccountID, c.owner()), c.region(), "")
	}
	return err
}

// string reads a text, which stays as it is if that is none.
func (d *document) string(to *string) error {
	var t text
	err := d.w.into("the assessment", &t)
	*to = cmp.Or(string(t), *to)
	return err
}

// controlSets reads the controls of an assessment.
func (d *document) controlSets(controls *[]reviewed) error {
	w := d.w
	return w.elements(func() error {
		first, set := len(*controls), ""
		err := w.members(func(name string) error {
			switch squeeze(name) {
			case "id":
				return d.string(&set)
			case "controls":
				return w.elements(func() error {
					if len(*controls) == maxControls {
						w.problem("the assessment has more than %d controls, of which no more were read", maxControls)
						return w.skip()
					}
					var c control
					if err := w.into("a control", &c); err != nil {
						return err
					}
					c = c.bounded()
					if w.kept += c.size(); w.kept > maxKept {
						c.Comments = nil
						w.problem("the comments of the assessment are longer than %d MiB, of which no more were read", maxKept>>20)
					}
					*controls = append(*controls, reviewed{control: c})
					return nil
				})
			}
			return w.skip()
		})
		for i := first; i < len(*controls); i++ {
			(*controls)[i].context.ControlSet = set
		}
		return err
	})
}

// bounded returns the control with as much of its comments as a review keeps.
func (ct control) bounded() control {
	ct.ID, ct.Name = text(shorten(string(ct.ID), shca.MaxText)), text(shorten(string(ct.Name), shca.MaxText))
	ct.Status, ct.Response = text(shorten(string(ct.Status), 200)), text(shorten(string(ct.Response), shca.MaxText))
	ct.Comments = append([]comment(nil), ct.Comments...)
	for i := range ct.Comments {
		c := &ct.Comments[i]
		*c = comment{text(shorten(string(c.Author), 200)), text(shorten(string(c.Body), 2*shca.MaxText)), text(shorten(string(c.Posted), 40))}
	}
	return ct
}

// size returns the bytes of the control's texts.
func (ct *control) size() int {
	n := 100 + len(ct.ID) + len(ct.Name) + len(ct.Response)
	for _, c := range ct.Comments {
		n += 100 + len(c.Author) + len(c.Body)
	}
	return n
}
