// Package sources turns what a user names on a command line into a
// [shca.Source]: files, directories and standard input, unpacked and read by
// the format their content shows. It is for the command and for programs that
// take the same arguments.
//
// It reads nothing from the network but through Options.Schemes.
package sources

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/input"
	"github.com/go-shca/shca/sources/asff"
	"github.com/go-shca/shca/sources/auditmanager"
	"github.com/go-shca/shca/sources/configrules"
	"github.com/go-shca/shca/sources/ocsf"
	"github.com/go-shca/shca/sources/snapshot"
	"github.com/go-shca/shca/sources/stream"
)

// Formats are the kinds of findings that are read, in files of any mixture.
var Formats = []stream.Format{
	asff.Format,
	ocsf.Format,
	configrules.Format,
	auditmanager.Format,
}

// File is one input stream.
type File = input.File

// Schemes list the files of addresses that are no paths, by what they begin with
// ("s3://"). Files must have names that no two addresses share.
type Schemes = input.Schemes

// Options say how to open inputs. The zero value works.
type Options struct {
	Stdin    io.Reader      // what "-" reads; nil is an empty input
	Schemes  Schemes        // what other addresses read; nil is none
	Progress *shca.Progress // counts what is read; may be nil
}

// Open returns a source of the records of all inputs, one after the other in
// the given order, directories in lexical order; evidence of Audit Manager comes
// behind the other files, which say what its folders are about. An input is a
// file, a directory, "-" for standard input, or an address of Options.Schemes. A path that does not exist is an
// error; what cannot be read for another reason becomes a scope with an error
// in the records, and the other inputs are read. After the records of a file that
// was read to its end comes one with its digest, of the bytes as stored, also if
// they could not be decoded.
//
// The source can be read again unless an input is standard input or a pipe.
func Open(inputs []string, o Options) (shca.Source, error) {
	if o.Stdin == nil {
		o.Stdin = eof{}
	}
	files, err := input.List(inputs, o.Stdin, o.Schemes)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("no input: name a file, a directory or - for standard input")
	}
	return &fileSource{files, o}, nil
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// fileSource reads files one after the other.
type fileSource struct {
	files []input.File
	Options
}

// reading is one pass over the files: what they say about each other.
type reading struct {
	pages, configPages stream.Pages
	evidence           auditmanager.Files
	later              []input.File // evidence, which wants the other files read
	last               bool         // it is later now
}

func (s *fileSource) Records(ctx context.Context) iter.Seq2[shca.Record, error] {
	return func(yield func(shca.Record, error) bool) {
		for _, f := range s.files {
			s.Progress.AddTotal(f.Size)
		}
		r := &reading{}
		for _, f := range s.files {
			if !s.file(ctx, f, r, yield) {
				return
			}
		}
		r.last = true
		for _, f := range r.later {
			if !s.file(ctx, f, r, yield) {
				return
			}
		}
		if r.pages.Missing() && !yield(missing("the last reply has a NextToken, so at least one further page was not read: export without --max-items, or add the pages that follow"), nil) {
			return
		}
		if r.configPages.Missing() && !yield(missing("the last answer of AWS Config has a NextToken, so at least one further page was not read: export without --max-items, or add the pages that follow"), nil) {
			return
		}
		if scope := r.evidence.Missing(); scope != nil {
			yield(shca.Record{Scope: scope}, nil)
		}
	}
}

func missing(text string) shca.Record {
	return shca.Record{Scope: &shca.Scope{Source: "input", Err: text}}
}

// file yields the records of one file and its digest, or puts it off. It returns
// false if that is the end.
func (s *fileSource) file(ctx context.Context, whole input.File, r *reading, yield func(shca.Record, error) bool) bool {
	f, digest := whole.Digested()
	defer digest.Close() // the file was only read
	one, err := s.source(ctx, f, r)
	if err != nil {
		yield(shca.Record{}, err)
		return false
	}
	if one == nil {
		r.later = append(r.later, whole)
		return true
	}
	for record, err := range one.Records(ctx) {
		var skipped *shca.FindingError
		if !yield(record, err) || err != nil && !errors.As(err, &skipped) {
			return false
		}
	}
	in, ok, err := digest.Sum(ctx)
	switch {
	case ctx.Err() != nil:
		yield(shca.Record{}, ctx.Err())
		return false
	case err != nil:
		return yield(shca.Record{Scope: &shca.Scope{Source: f.Name, Err: err.Error()}}, nil)
	case ok:
		return yield(shca.Record{Input: &in}, nil)
	}
	return true
}

// source opens a file and returns the source for what its first bytes show, nil
// if it is to be read later. An error of opening is for the source to tell; one
// here means that ctx is done.
func (s *fileSource) source(ctx context.Context, f input.File, r *reading) (shca.Source, error) {
	var text *input.Stream
	var head, start []byte
	var failed error
	opened := make(chan struct{})
	// Opening a pipe may block, and must not keep who reads the records.
	go func() {
		defer close(opened)
		if text, failed = input.Text(f, s.Progress); failed == nil {
			head, _ = text.Head() // an error comes again when the text is read
			start, _ = text.Start()
		}
	}()
	select {
	case <-ctx.Done():
		go func() {
			if <-opened; failed == nil {
				text.Close()
			}
		}()
		return nil, ctx.Err()
	case <-opened:
	}
	read := func() (io.ReadCloser, error) {
		if failed != nil {
			return nil, failed
		}
		return text, nil
	}
	random := func() (io.ReaderAt, int64, io.Closer, error) {
		r, size, err := text.Random(ctx)
		if err != nil {
			text.Close() // which may say the same again
			return nil, 0, nil, err
		}
		return r, size, text, nil
	}
	switch {
	case snapshot.Is(start):
		return &snapshot.Source{Name: f.Name, Progress: s.Progress, Open: read, Formats: Formats}, nil
	case ocsf.IsParquet(head):
		return &ocsf.Parquet{Name: f.Name, Progress: s.Progress, Open: random}, nil
	case ocsf.IsCSV(head):
		return &ocsf.CSV{Name: f.Name, Progress: s.Progress, Open: read}, nil
	case configrules.Is(start):
		return &configrules.Source{Name: f.Name, Progress: s.Progress, Open: read, Pages: func(more, last bool) {
			r.configPages.Note(f.Name, more, last)
		}}, nil
	case auditmanager.IsReport(head):
		return &auditmanager.Report{Name: f.Name, Open: random, Files: &r.evidence}, nil
	case (auditmanager.IsEvidence(start) || auditmanager.IsCSV(head)) && !r.last && f.Size > 0: // what has no size may not open again
		text.Close() // it was only looked at
		return nil, nil
	case auditmanager.Is(start):
		return &auditmanager.Reader{Name: f.Name, Progress: s.Progress, Open: read, Files: &r.evidence}, nil
	case auditmanager.IsCSV(head):
		return &auditmanager.CSV{Name: f.Name, Progress: s.Progress, Open: read, Files: &r.evidence}, nil
	}
	return &stream.Source{Name: f.Name, Open: read, Progress: s.Progress, Pages: &r.pages, Formats: Formats}, nil
}
