// Package stream finds findings in text and hands them to the decoder of their
// format. It is for whoever has findings as text, as Security Hub exports them
// and other products write them; package sources opens files, unpacks and
// transcodes them first.
//
// The reader holds a few findings at a time, never the whole input. It takes
// lists of findings in the wrappers of the AWS CLI and SDKs, EventBridge
// events, bare arrays, single findings, NDJSON and concatenated JSON, mixed as
// they come, and recognises findings by their members, those of several
// formats beside each other. A finding that cannot be read is reported by
// itself, with its number, id and member, and costs no other finding.
//
// It knows no format: what a finding's members mean is the decoder's, in
// packages asff and its like. It does not judge either: which findings count,
// and for what, is decided in package mapping.
package stream

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/internal/batch"
)

// Format is a kind of finding that a Source recognises in text.
type Format struct {
	// Name is the Source of the findings: "asff".
	Name string
	// Markers are members of such findings. An object that has three of them is
	// taken for a finding wherever it stands, and one that has fewer never is.
	Markers []string
	// Decode reads one finding and keeps raw as its Raw. Its errors have no
	// Source and Number, which the Source adds. It is called by several
	// goroutines at once.
	Decode func(raw []byte) (*shca.Finding, *shca.FindingError)
	// ID returns the id of a finding that is broken, "" if it cannot be read.
	ID func(raw []byte) string
}

// Source reads the findings of one text. It implements [shca.Source] and may
// be read as often as Open can be called.
type Source struct {
	// Name stands for the input in errors and scopes: a file name, "stdin".
	Name string
	// Open returns the text: UTF-8 without byte order mark, not compressed.
	Open func() (io.ReadCloser, error)
	// Progress counts the findings read; nil counts nothing.
	Progress *shca.Progress
	// Pages, if not nil, is told of the replies in the text: whether there was
	// one that further pages follow, and one that none follow.
	Pages *Pages
	// Formats are the kinds of findings to read. An object that could be of
	// several is of the one it has most markers of, of the first among equals.
	Formats []Format
}

// Pages notes across several inputs whether a reply's further pages are
// missing. The zero value is ready; it is for one goroutine.
type Pages struct {
	open, last bool   // there were replies that a page follows, and that none follows
	final      string // of the inputs with replies, the last by name
	finalOpen  bool   // all its replies announce a further page
}

// Missing reports that at least one page was not read: every reply announced a
// further one, or those of the last input by name did. Names count with their
// numbers by value, so that page-10 comes after page-9.
func (p *Pages) Missing() bool { return p.open && (!p.last || p.finalOpen) }

// Note takes the replies of one input: whether there was one that a further page
// follows, and one that none follows.
func (p *Pages) Note(name string, more, last bool) {
	if more || last {
		if p.final == "" || shca.CompareNatural(name, p.final) >= 0 {
			p.final, p.finalOpen = name, !last
		}
	}
	p.open, p.last = p.open || more, p.last || last
}

// Records yields the findings in the order of the text, a *shca.FindingError
// for each that cannot be read, and at the end a Scope if there is something
// to say about the text as a whole: it ended too early, holds no findings, or
// holds documents that are none. Decoding is spread over the processors.
func (s *Source) Records(ctx context.Context) iter.Seq2[shca.Record, error] {
	return batch.Records(ctx, s.Name, s.Progress, func(emit batch.Emit) func(int64) *shca.Scope {
		scan := &scanner{formats: s.Formats, finding: func(raw []byte, format int, broken error) bool {
			if broken == nil {
				return emit(raw, batch.Finding(s.Formats[format].Decode))
			}
			return emit(raw, func(raw []byte) (shca.Record, *shca.FindingError) {
				return shca.Record{}, &shca.FindingError{ID: s.id(raw, format), Err: broken}
			})
		}}
		err := s.scan(scan)
		return func(findings int64) *shca.Scope { return s.scope(scan, err, findings) }
	})
}

func (s *Source) scan(scan *scanner) error {
	text, err := s.Open()
	if err != nil {
		return err
	}
	defer text.Close()
	scan.r = text
	return scan.run()
}

// id returns the id of a finding that is broken. format is -1 if too little of
// it is there to tell which it is of.
func (s *Source) id(raw []byte, format int) (id string) {
	if format >= 0 {
		return s.Formats[format].ID(raw)
	}
	for _, f := range s.Formats {
		id = cmp.Or(id, f.ID(raw))
	}
	return id
}

// scope says what the text as a whole has to say, or nil.
func (s *Source) scope(scan *scanner, err error, findings int64) *shca.Scope {
	follows := s.Pages != nil && s.Pages.open // an earlier reply announced a further page
	if s.Pages != nil {
		s.Pages.Note(s.Name, scan.more, scan.last)
	}
	scope := &shca.Scope{Source: s.Name}
	var problems []string
	switch {
	case err != nil && findings > 0:
		problems = append(problems, fmt.Sprintf("%s (after %d findings)", err, findings))
	case err != nil:
		problems = append(problems, err.Error())
	case findings > 0 || scan.nOthers > 0:
	case scan.lists > 0 && follows:
		scope.Note = "its list is empty: the last of several pages"
	case scan.lists > 0:
		problems = append(problems, "holds no findings: its list is empty; check the filter, account and region of the call that wrote it")
	default:
		problems = append(problems, "holds no findings: it is empty")
	}
	switch {
	case scan.nOthers == 1 && findings > 0:
		problems = append(problems, "one of its documents holds no findings but is "+scan.others[0])
	case scan.nOthers == 1:
		problems = append(problems, "holds no findings but "+scan.others[0])
	case scan.nOthers > 1:
		problems = append(problems, fmt.Sprintf("%d of its documents hold no findings: %s", scan.nOthers, strings.Join(scan.others, "; ")))
	}
	scope.Err = strings.Join(problems, "; ")
	if scan.more && !scan.last {
		scope.Note = "its last reply has a NextToken: the page that follows must be among the inputs"
	}
	if scope.Err == "" && scope.Note == "" {
		return nil
	}
	return scope
}

var _ shca.Source = (*Source)(nil)
