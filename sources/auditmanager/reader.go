package auditmanager

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/ordered"
)

// Reader reads answers of Audit Manager's API as the AWS CLI and SDKs write them:
// GetAssessment, GetEvidenceFoldersByAssessment and -ByAssessmentControl,
// GetEvidenceByEvidenceFolder, GetEvidenceFolder, GetEvidence, ListAssessments,
// objects with several of their members at once, and pieces of evidence that stand
// alone; one after the other, in a list, or inside of what botocore records
// ("data"). Names may begin with a capital. It implements [shca.Source] and may be
// read as often as Open can be called.
//
// One piece of evidence is in memory at a time, and at most 8 MiB of those whose
// control may stand behind them in the same document.
type Reader struct {
	// Name stands for the input in errors and scopes: a file name, "stdin".
	Name string
	// Open returns the text: UTF-8 without byte order mark, not compressed.
	Open func() (io.ReadCloser, error)
	// Progress counts the findings read; nil counts nothing.
	Progress *shca.Progress
	// Files is shared by all inputs of a run; nil is one of its own.
	Files *Files
}

var _ shca.Source = (*Reader)(nil)

// Records yields findings and evidence in the order of the text, a
// *shca.FindingError for each piece of evidence that cannot be read, a Scope for
// each assessment that is described, and at the end one for the input if there is
// something to say about it as a whole: it ended too early, the folders of its
// evidence are not described, or it holds no evidence.
func (s *Reader) Records(ctx context.Context) iter.Seq2[shca.Record, error] {
	return records(ctx, s.Name, s.Progress, s.Files, func(w *walker) error {
		text, err := s.Open()
		if err != nil {
			return err
		}
		w.from.r = text
		err = w.run()
		return errors.Join(err, text.Close())
	})
}

// records yields what read hands to the walker, which has no text yet. It decodes
// on several goroutines; read runs beside who reads the records, so that reading
// which blocks cannot keep them.
func records(ctx context.Context, name string, progress *shca.Progress, files *Files, read func(*walker) error) iter.Seq2[shca.Record, error] {
	if files == nil {
		files = &Files{}
	}
	return func(yield func(shca.Record, error) bool) {
		var w *walker // valid once all pieces have come, as are the next
		var failed error
		produce := func(send func(*piece) bool) {
			w = newWalker(nil, name, files)
			w.item = func(r *Record, number int64) bool { return send(&piece{record: *r, number: number}) }
			w.broken = func(bad *shca.FindingError) bool { return send(&piece{number: bad.Number, bad: bad}) }
			w.review = func(e *shca.Evidence) bool { return send(&piece{done: []shca.Record{{Evidence: e}}}) }
			w.scope = func(account, region, note string) bool {
				return send(&piece{done: []shca.Record{{Scope: &shca.Scope{Source: shca.SourceAuditManager, AccountID: account, Region: region, Note: note}}}})
			}
			failed = read(w)
		}
		t := &tally{name: name, yield: yield, progress: progress}
		for p := range ordered.Map(ctx, produce, (*piece).work) {
			if !t.piece(ctx, p) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(shca.Record{}, err)
			return
		}
		if !t.flush() {
			return
		}
		if scope := t.scope(w, failed); scope != nil {
			yield(shca.Record{Scope: scope}, nil)
		}
	}
}

// maxEager is how many bytes of records are decoded beside the reading. Those of
// larger pieces of evidence are decoded one at a time.
const maxEager = 1 << 20

// piece is a piece of evidence on its way, or a record that is ready.
type piece struct {
	record Record
	number int64
	bad    *shca.FindingError
	done   []shca.Record

	found   found
	records iter.Seq2[[]byte, error]
	decoded []decoded
	lazy    bool
}

type decoded struct {
	finding *shca.Finding
	bad     *shca.FindingError
}

// work reads the piece of evidence.
func (p *piece) work() {
	if p.done != nil || p.bad != nil {
		return
	}
	if p.found, p.records, p.bad = split(&p.record); p.bad != nil || p.records == nil {
		return
	}
	total := 0
	for raw, err := range p.records {
		if total += len(raw); total > maxEager && len(p.decoded) > 0 {
			p.decoded, p.lazy = nil, true
			return
		}
		p.decoded = append(p.decoded, decodeRecord(raw, err))
	}
}

func decodeRecord(raw []byte, err error) decoded {
	if err != nil {
		return decoded{bad: &shca.FindingError{Err: err}}
	}
	f, bad := decode(raw)
	return decoded{f, bad}
}

// tally yields records and counts what they say about the input.
type tally struct {
	name     string
	yield    func(shca.Record, error) bool
	progress *shca.Progress

	findings, evidence, skipped int64
	empty                       int64 // pieces of evidence that say nothing
	nameless                    int64 // reviews of controls without a name
	unplaced, lost              int64 // findings and evidence of unknown control; those that count nowhere for it
	folders                     map[string]bool

	counting Context
	counts   []count
}

// count is that of one kind of evidence in a folder.
type count struct {
	kind  kind
	n     int64
	at    time.Time
	first string
}

const mostFolders = 1000

func (t *tally) piece(ctx context.Context, p *piece) bool {
	switch {
	case p.done != nil:
		if !t.flush() {
			return false
		}
		for _, r := range p.done {
			if r.Evidence != nil {
				t.evidence++
				if r.Evidence.Requirement == "" {
					t.nameless++
				}
			}
			if !t.yield(r, nil) {
				return false
			}
		}
		return true
	case p.bad != nil:
		return t.broken(p, p.bad)
	case p.found.empty:
		t.empty++
		return true
	case p.found.evidence != nil:
		t.evidence++
		t.place(p, p.found.evidence.Requirement, false)
		return t.yield(shca.Record{Evidence: p.found.evidence}, nil)
	case p.records == nil:
		return t.count(p)
	case p.lazy:
		for raw, err := range p.records {
			if ctx.Err() != nil {
				return true // the sequence ends, and says so
			}
			if !t.decoded(p, decodeRecord(raw, err)) {
				return false
			}
		}
		return true
	}
	for _, d := range p.decoded {
		if !t.decoded(p, d) {
			return false
		}
	}
	return true
}

func (t *tally) decoded(p *piece, d decoded) bool {
	if d.bad != nil {
		d.bad.Field = strings.TrimPrefix(d.bad.Field, "/auditManagerEvidence")
		return t.broken(p, d.bad)
	}
	t.findings++
	t.progress.AddFindings(1)
	requirement := ""
	if len(d.finding.Requirements) > 0 {
		requirement = d.finding.Requirements[0]
	}
	t.place(p, requirement, !strings.HasPrefix(string(d.finding.Check), shca.SourceAuditManager+"/"))
	return t.yield(shca.Record{Finding: d.finding}, nil)
}

func (t *tally) broken(p *piece, bad *shca.FindingError) bool {
	t.skipped++
	bad.Source, bad.Number = t.name, p.number
	return t.yield(shca.Record{}, bad)
}

// place notes what is of an unknown control. mapped is true of a finding whose
// check says its controls.
func (t *tally) place(p *piece, requirement string, mapped bool) {
	if requirement != "" {
		return
	}
	t.unplaced++
	if !mapped {
		t.lost++
	}
	if t.folders == nil {
		t.folders = map[string]bool{}
	}
	if len(t.folders) < mostFolders {
		t.folders[p.record.Context.Folder] = true
	}
}

// count counts evidence without outcome, until that of another folder comes.
func (t *tally) count(p *piece) bool {
	if p.record.Context != t.counting {
		if !t.flush() {
			return false
		}
		t.counting = p.record.Context
	}
	first := p.found.id
	if first == "" {
		first = p.record.Origin
	}
	t.place(p, p.record.Context.requirement(), false)
	for i := range t.counts {
		if c := &t.counts[i]; c.kind == p.found.kind {
			c.n++
			if p.found.at.After(c.at) {
				c.at = p.found.at
			}
			return true
		}
	}
	t.counts = append(t.counts, count{p.found.kind, 1, p.found.at, first})
	return true
}

// flush yields what was counted.
func (t *tally) flush() bool {
	counts := t.counts
	t.counts = nil
	for _, c := range counts {
		t.evidence++
		if !t.yield(shca.Record{Evidence: t.counting.counted(c.kind, c.n, c.at, c.first)}, nil) {
			return false
		}
	}
	return true
}

// scope says what the input as a whole has to say, or returns nil.
func (t *tally) scope(w *walker, failed error) *shca.Scope {
	var problems, notes []string
	if failed != nil && !errors.Is(failed, errStopped) {
		problems = append(problems, readError(failed, t.findings+t.evidence+t.skipped))
	}
	problems = append(problems, w.problems...)
	if w.others > 0 && (t.findings+t.evidence+w.folders+w.controls > 0 || failed == nil) {
		problems = append(problems, fmt.Sprintf("%d of its documents %s of Audit Manager", w.others, verb(w.others, "is no answer", "are no answers")))
	}
	if t.unplaced > 0 {
		folders := plural(int64(len(t.folders)), "evidence folder", "evidence folders")
		if len(t.folders) == mostFolders {
			folders = "more than " + folders
		}
		text := fmt.Sprintf("the control of %s, of %s, is not known: add the answers of get-evidence-folders-by-assessment and get-assessment to the inputs", plural(t.unplaced, "finding or piece of evidence", "findings and pieces of evidence"), folders)
		if t.lost > 0 {
			problems = append(problems, text)
		} else {
			notes = append(notes, text+"; they count for the controls that their checks are mapped to")
		}
	}
	if t.empty > 0 {
		notes = append(notes, fmt.Sprintf("%d of its pieces of evidence %s nothing, as in a skeleton of an answer", t.empty, verb(t.empty, "says", "say")))
	}
	if w.unnamed > 0 {
		notes = append(notes, fmt.Sprintf("%d of its controls %s neither id nor name", w.unnamed, verb(w.unnamed, "has", "have")))
	}
	if t.nameless > 0 {
		notes = append(notes, namelessNote(t.nameless))
	}
	if t.findings+t.evidence+t.skipped+t.empty == 0 && len(problems) == 0 {
		switch {
		case w.lists > 0:
			notes = append(notes, "its list of evidence is empty")
		case w.folders > 0:
			notes = append(notes, "describes "+plural(w.folders, "evidence folder", "evidence folders")+" and holds no evidence itself")
		case w.controls > 0:
			notes = append(notes, "describes "+plural(w.controls, "control", "controls")+" and holds no evidence itself")
		default:
			notes = append(notes, "holds no evidence")
		}
	}
	if len(problems) == 0 && len(notes) == 0 {
		return nil
	}
	return &shca.Scope{Source: t.name, Err: strings.Join(problems, "; "), Note: strings.Join(notes, "; ")}
}

// namelessNote says that reviews count for no control.
func namelessNote(n int64) string {
	return plural(n, "review is of a control without a name, and counts", "reviews are of controls without a name, and count") + " for none"
}

// readError says what kept an input from being read, after so many records.
func readError(err error, read int64) string {
	var syntactic *jsontext.SyntacticError
	text := err.Error()
	switch {
	case errors.Is(err, errLong):
		text = errLong.Error() + " (in a single text)"
	case errors.Is(err, io.ErrUnexpectedEOF):
		text = "ends too early: copy or write it anew"
	case errors.As(err, &syntactic):
		text = fmt.Sprintf("broken JSON at byte %d: %v; what follows was not read: write it anew", syntactic.ByteOffset, syntactic.Err)
	}
	if read > 0 {
		text += " (after " + plural(read, "finding or piece of evidence", "findings and pieces of evidence") + ")"
	}
	return text
}
