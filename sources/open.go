// Package sources turns what a user names on a command line into a
// [shca.Source]: files, directories and standard input, unpacked and read by
// the format their content shows. It is for the command and for programs that
// take the same arguments.
//
// It reads nothing from the network.
package sources

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/input"
	"github.com/go-shca/shca/sources/asff"
	"github.com/go-shca/shca/sources/ocsf"
	"github.com/go-shca/shca/sources/stream"
)

// Formats are the kinds of findings that are read, in files of any mixture.
var Formats = []stream.Format{
	asff.Format,
	ocsf.Format,
}

// Options say how to open inputs. The zero value works.
type Options struct {
	Stdin    io.Reader      // what "-" reads; nil is an empty input
	Progress *shca.Progress // counts what is read; may be nil
}

// Open returns a source of the records of all inputs, one after the other in
// the given order, directories in lexical order. An input is a file, a
// directory, or "-" for standard input. A path that does not exist is an
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
	files, err := input.List(inputs, o.Stdin)
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

func (s *fileSource) Records(ctx context.Context) iter.Seq2[shca.Record, error] {
	return func(yield func(shca.Record, error) bool) {
		for _, f := range s.files {
			s.Progress.AddTotal(f.Size)
		}
		pages := &stream.Pages{}
		for _, f := range s.files {
			if !s.file(ctx, f, pages, yield) {
				return
			}
		}
		if pages.Missing() {
			yield(shca.Record{Scope: &shca.Scope{
				Source: "input",
				Err:    "the last reply has a NextToken, so at least one further page was not read: export without --max-items, or add the pages that follow",
			}}, nil)
		}
	}
}

// file yields the records of one file and its digest. It returns false if that
// is the end.
func (s *fileSource) file(ctx context.Context, f input.File, pages *stream.Pages, yield func(shca.Record, error) bool) bool {
	f, digest := f.Digested()
	defer digest.Close() // the file was only read
	one, err := s.source(ctx, f, pages)
	if err != nil {
		yield(shca.Record{}, err)
		return false
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

// source opens a file and returns the source for what its first bytes show. An
// error of opening is for the source to tell; one here means that ctx is done.
func (s *fileSource) source(ctx context.Context, f input.File, pages *stream.Pages) (shca.Source, error) {
	var text *input.Stream
	var head []byte
	var failed error
	opened := make(chan struct{})
	// Opening a pipe may block, and must not keep who reads the records.
	go func() {
		defer close(opened)
		if text, failed = input.Text(f, s.Progress); failed == nil {
			head, _ = text.Head() // an error comes again when the text is read
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
	switch {
	case ocsf.IsParquet(head):
		return &ocsf.Parquet{Name: f.Name, Progress: s.Progress, Open: func() (io.ReaderAt, int64, io.Closer, error) {
			r, size, err := text.Random(ctx)
			if err != nil {
				text.Close() // which may say the same again
				return nil, 0, nil, err
			}
			return r, size, text, nil
		}}, nil
	case ocsf.IsCSV(head):
		return &ocsf.CSV{Name: f.Name, Progress: s.Progress, Open: read}, nil
	}
	return &stream.Source{Name: f.Name, Open: read, Progress: s.Progress, Pages: pages, Formats: Formats}, nil
}
