package auditmanager

import (
	"cmp"
	"fmt"
	"strings"
	"sync"

	"github.com/go-shca/shca"
)

// Files is what the documents of one run say about each other: evidence names its
// folder only, the folder's answer names the control, and the assessment's the
// framework. The documents that describe are to be read first; [IsEvidence] tells
// which those are. The zero value is ready, for several goroutines at once. It
// grows with the number of folders and controls, not with that of the evidence.
type Files struct {
	mu          sync.Mutex
	assessments map[string]assessment       // by id
	controls    map[string]Context          // by assessment's id and control's
	folders     map[string]place            // by id
	pages       map[string]bool             // of replies with further pages: whether the last is there
	announced   map[string]map[string]int64 // pieces of evidence by assessment's id and by control
	held        map[string]bool             // assessments of which evidence was read, by id and by name; "" if by neither
}

// assessment is what evidence wants to know about its assessment.
type assessment struct{ accountID, arn, name, framework, complianceType string }

// place is where a folder belongs.
type place struct{ assessment, set, control, name string }

// noteFolder notes where a folder belongs.
func (f *Files) noteFolder(w *folder) {
	if w.ID == "" {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.folders == nil {
		f.folders = map[string]place{}
	}
	key := func(t text) string { return strings.Clone(string(t)) }
	p := place{key(w.AssessmentID), key(w.ControlSetID), key(w.ControlID), key(w.ControlName)}
	// The folders of one control share their strings with the control.
	if c, ok := f.controls[p.assessment+"/"+p.control]; ok {
		p = place{c.AssessmentID, c.ControlSet, c.ControlID, cmp.Or(c.Control, p.name)}
	}
	f.folders[key(w.ID)] = p
}

// noteAssessment notes an assessment, of which c has no control.
func (f *Files) noteAssessment(c *Context) {
	if c.AssessmentID == "" {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.assessments == nil {
		f.assessments = map[string]assessment{}
	}
	old := f.assessments[c.AssessmentID] // a list of assessments says less than the assessment
	f.assessments[c.AssessmentID] = assessment{
		cmp.Or(c.AccountID, old.accountID), cmp.Or(c.AssessmentARN, old.arn), cmp.Or(c.AssessmentName, old.name),
		cmp.Or(c.Framework, old.framework), cmp.Or(c.ComplianceType, old.complianceType),
	}
}

// noteControl notes a control of an assessment, and how many pieces of evidence the
// assessment says that it has.
func (f *Files) noteControl(c *Context, evidence int64) {
	f.announce(c, evidence)
	if c.ControlID == "" {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.controls == nil {
		f.controls = map[string]Context{}
	}
	f.controls[c.AssessmentID+"/"+c.ControlID] = Context{AssessmentID: c.AssessmentID, ControlSet: c.ControlSet, ControlID: c.ControlID, Control: c.Control}
}

// announce notes how many pieces of evidence a control has. Where an assessment is
// read again, the larger number counts.
func (f *Files) announce(c *Context, evidence int64) {
	if evidence <= 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.announced == nil {
		f.announced = map[string]map[string]int64{}
	}
	of := f.announced[c.AssessmentID]
	if of == nil {
		of = map[string]int64{}
		f.announced[c.AssessmentID] = of
	}
	key := c.ControlSet + "/" + cmp.Or(c.ControlID, c.Control)
	of[key] = max(of[key], evidence)
}

// mostHeld is how many assessments with evidence are told apart: exports may name any.
const mostHeld = 10_000

// hold notes that evidence of the assessment was read.
func (f *Files) hold(c *Context) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := cmp.Or(c.AssessmentID, c.AssessmentName)
	if len(f.held) >= mostHeld {
		key = ""
	}
	if f.held[key] {
		return
	}
	if f.held == nil {
		f.held = map[string]bool{}
	}
	f.held[strings.Clone(key)] = true
}

// absent says how much of the evidence that assessments announce is not among the
// inputs, "" if there is some of each, or some that names no assessment and may be of
// any. at is their account and Region, where all have the same.
func (f *Files) absent() (note string, at Context) {
	if f.held[""] {
		return "", at
	}
	described := map[string]bool{} // assessments by their folders
	for _, p := range f.folders {
		described[p.assessment] = true
	}
	var pieces, controls int64
	add := "get-evidence-by-evidence-folder"
	first := true
	for id, of := range f.announced {
		a := f.assessments[id]
		if f.held[id] || a.name != "" && f.held[a.name] {
			continue
		}
		controls += int64(len(of))
		for _, n := range of {
			pieces += n
		}
		if !described[id] {
			add = "get-evidence-folders-by-assessment and get-evidence-by-evidence-folder"
		}
		arn := Context{AssessmentARN: a.arn}
		place := Context{AccountID: cmp.Or(a.accountID, arn.owner()), Region: arn.region()}
		if first {
			at, first = place, false
		} else if at != place {
			at = Context{}
		}
	}
	if pieces == 0 {
		return "", Context{}
	}
	return fmt.Sprintf("%s for %s %s not among the inputs: add the answers of %s",
		plural(pieces, "piece of evidence", "pieces of evidence"), plural(controls, "control", "controls"), verb(pieces, "is", "are"), add), at
}

// known reports whether the folder has been described.
func (f *Files) known(folder string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.folders[folder]
	return ok
}

// complete adds to c what is known of its folder and assessment.
func (f *Files) complete(c *Context) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p, ok := f.folders[c.Folder]; ok {
		c.AssessmentID = cmp.Or(c.AssessmentID, p.assessment)
		c.ControlSet = cmp.Or(c.ControlSet, p.set)
		c.ControlID = cmp.Or(c.ControlID, p.control)
		c.Control = cmp.Or(c.Control, p.name)
	}
	if known, ok := f.controls[c.AssessmentID+"/"+c.ControlID]; ok && c.ControlID != "" {
		c.ControlSet = cmp.Or(c.ControlSet, known.ControlSet)
		c.Control = cmp.Or(c.Control, known.Control)
	}
	if a, ok := f.assessments[c.AssessmentID]; ok {
		c.AccountID = cmp.Or(c.AccountID, a.accountID)
		c.AssessmentARN = cmp.Or(c.AssessmentARN, a.arn)
		c.AssessmentName = cmp.Or(c.AssessmentName, a.name)
		c.Framework = cmp.Or(c.Framework, a.framework)
		c.ComplianceType = cmp.Or(c.ComplianceType, a.complianceType)
	}
}

// notePage notes a reply about a thing, and whether a further page follows it.
func (f *Files) notePage(of string, follows bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pages == nil {
		f.pages = map[string]bool{}
	}
	f.pages[of] = f.pages[of] || !follows
}

// Missing returns a scope that says what was not among the inputs, or nil: further
// pages of replies, which is an error; and all evidence that assessments announce,
// which is a note. It is asked after all inputs have been read.
func (f *Files) Missing() *shca.Scope {
	f.mu.Lock()
	defer f.mu.Unlock()
	missing := int64(0)
	for _, last := range f.pages {
		if !last {
			missing++
		}
	}
	note, at := f.absent()
	switch {
	case missing > 0:
		return &shca.Scope{Source: shca.SourceAuditManager, Note: note, Err: fmt.Sprintf(
			"the last %s about %s %s a nextToken, so pages were not read: export without --max-items, or add the pages that follow",
			verb(missing, "reply", "replies"), plural(missing, "evidence folder or list", "evidence folders or lists"), verb(missing, "has", "have"))}
	case note != "":
		return &shca.Scope{Source: shca.SourceAuditManager, AccountID: at.AccountID, Region: at.Region, Note: note}
	}
	return nil
}

// named adds what is known of the only assessment with the name of c.
func (f *Files) named(c *Context) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id, n := "", 0
	for key, a := range f.assessments {
		if a.name == c.AssessmentName {
			id = key
			n++
		}
	}
	if n == 1 {
		a := f.assessments[id]
		c.AssessmentID, c.AccountID, c.AssessmentARN, c.Framework, c.ComplianceType = id, a.accountID, a.arn, a.framework, a.complianceType
	}
}
