package snapshot

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/internal/batch"
	"github.com/go-shca/shca/sources/stream"
)

// Source reads a snapshot. It implements [shca.Source] and may be read as often
// as Open can be called.
type Source struct {
	// Name stands for the input in errors and scopes: a file name, "stdin".
	Name string
	// Open returns the snapshot, not compressed.
	Open func() (io.ReadCloser, error)
	// Progress counts the findings read; nil counts nothing.
	Progress *shca.Progress
	// Formats are those of the findings that can be read.
	Formats []stream.Format
}

// Is reports whether a text begins as a snapshot does. It needs the first
// [HeadSize] bytes.
func Is(head []byte) bool { return bytes.HasPrefix(head, []byte(headerStart)) }

const headerStart = `{"snapshot":{`

// HeadSize is the number of bytes that Is looks at.
const HeadSize = len(headerStart)

// maxLine bounds a line: a finding and what stands around it.
const maxLine = stream.MaxFinding + 1<<20

// Records yields what the snapshot holds in its order, a *shca.FindingError for
// each line that cannot be read, and at the end a Scope if there is something to
// say about the snapshot as a whole: it was cut off, or is of a version that is
// not known.
func (s *Source) Records(ctx context.Context) iter.Seq2[shca.Record, error] {
	return batch.Records(ctx, s.Name, s.Progress, func(emit batch.Emit) func(int64) *shca.Scope {
		err := s.read(emit)
		return func(int64) *shca.Scope {
			if err == nil {
				return nil
			}
			return &shca.Scope{Source: s.Name, Err: err.Error()}
		}
	})
}

// errLong is a line that is longer than any that is written.
var errLong = fmt.Errorf("longer than %d MiB, the limit for one line", maxLine>>20)

func (s *Source) read(emit batch.Emit) error {
	text, err := s.Open()
	if err != nil {
		return err
	}
	defer text.Close()
	r := &lines{r: bufio.NewReaderSize(text, 1<<20)}
	first, err := r.next()
	var header Line
	switch {
	case err != nil && err != io.EOF:
		return err
	case json.Unmarshal(first, &header) != nil || header.Snapshot == nil:
		return errors.New("is no snapshot: its first line is no header")
	case !readable(header.Snapshot.Version):
		return fmt.Errorf("is a snapshot of version %.40q, and this program reads version %s: read it with the program that wrote it, %.80q, or a newer one", header.Snapshot.Version, Version, header.Snapshot.Generator)
	}
	newer := header.Snapshot.Version != Version // it may have lines that are not known here
	var counts Counts
	for number := int64(2); ; number++ {
		line, err := r.next()
		switch {
		case err == io.EOF:
			return fmt.Errorf("was cut off after line %d (%d findings): it has no trailer, so something is missing; collect again", number-1, counts.Findings)
		case err == errLong:
			where := number
			if !emit(nil, func([]byte) (shca.Record, *shca.FindingError) {
				return shca.Record{}, &shca.FindingError{Err: fmt.Errorf("line %d: %w", where, errLong)}
			}) {
				return nil
			}
			continue
		case err != nil:
			return fmt.Errorf("line %d (after %d findings): %w", number, counts.Findings, err)
		}
		if bytes.HasPrefix(line, []byte(`{"end":`)) {
			return r.end(line, counts)
		}
		counts = counts.Plus(kind(line))
		where := number
		if !emit(line, func(raw []byte) (shca.Record, *shca.FindingError) { return s.decode(raw, where, newer) }) {
			return nil
		}
	}
}

// readable reports whether a version is one that this program reads: the same
// major version.
func readable(version string) bool {
	have, _, _ := strings.Cut(version, ".")
	want, _, _ := strings.Cut(Version, ".")
	return have == want
}

// kind counts a line by the member it begins with, which is where Append puts
// it.
func kind(line []byte) Counts {
	starts := func(member string) bool { return bytes.HasPrefix(line, []byte(member)) }
	switch {
	case starts(`{"finding":`):
		return Counts{Findings: 1}
	case starts(`{"scope":`):
		return Counts{Scopes: 1}
	case starts(`{"setting":`):
		return Counts{Settings: 1}
	case starts(`{"evidence":`):
		return Counts{Evidence: 1}
	}
	return Counts{}
}

// decode reads a line between header and trailer. raw may be kept. newer says that
// the snapshot is of a newer version, which may have kinds of lines that are not
// known here: a scope says so.
func (s *Source) decode(raw []byte, number int64, newer bool) (shca.Record, *shca.FindingError) {
	bad := func(err error) (shca.Record, *shca.FindingError) {
		return shca.Record{}, &shca.FindingError{Err: fmt.Errorf("line %d: %w", number, err)}
	}
	finding := func(text []byte, format string) (shca.Record, *shca.FindingError) {
		at := slices.IndexFunc(s.Formats, func(f stream.Format) bool { return f.Name == format })
		if at < 0 {
			return bad(fmt.Errorf("a finding of the format %.40q, which is not known here", format))
		}
		f, err := s.Formats[at].Decode(text)
		if err != nil {
			return shca.Record{}, err
		}
		return shca.Record{Finding: f}, nil
	}
	if text, format, ok := cutFinding(raw); ok {
		return finding(text, format)
	}
	var l Line
	if err := json.Unmarshal(raw, &l, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)); err != nil {
		return bad(fmt.Errorf("broken JSON: %w", err))
	}
	switch {
	case l.Finding != nil:
		return finding(l.Finding, l.Format)
	case l.Scope != nil:
		return shca.Record{Scope: l.Scope}, nil
	case l.Setting != nil:
		return shca.Record{Setting: l.Setting}, nil
	case l.Evidence != nil:
		return shca.Record{Evidence: l.Evidence}, nil
	}
	if newer {
		return shca.Record{Scope: &shca.Scope{Source: s.Name, Note: "it is of a newer version than " + Version + " and has lines that are not known here, which were left out"}}, nil
	}
	return bad(errors.New("holds nothing that a snapshot of this version has"))
}

// cutFinding takes a finding and its format's name out of a line as Append
// writes it. The decoder of the format sees to it that the finding is one.
func cutFinding(line []byte) (finding []byte, format string, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"finding":`))
	at := bytes.LastIndex(rest, []byte(`,"format":"`))
	if !ok || at < 0 {
		return nil, "", false
	}
	name, ok := bytes.CutSuffix(rest[at+len(`,"format":"`):], []byte(`"}`))
	return rest[:at:at], string(name), ok && !bytes.ContainsAny(name, `"\`)
}

// end checks the trailer against what came before it.
func (r *lines) end(line []byte, counts Counts) error {
	var l Line
	if err := json.Unmarshal(line, &l); err != nil || l.End == nil {
		return errors.New("its trailer cannot be read, so something may be missing: collect again")
	}
	if *l.End != counts {
		return fmt.Errorf("holds %d findings, %d scopes, %d settings and %d pieces of evidence where its trailer counts %d, %d, %d and %d: it was changed or damaged; collect again",
			counts.Findings, counts.Scopes, counts.Settings, counts.Evidence, l.End.Findings, l.End.Scopes, l.End.Settings, l.End.Evidence)
	}
	if _, err := r.next(); err != io.EOF {
		return errors.New("goes on behind its trailer: only what stands before it was read")
	}
	return nil
}

// lines reads a text line by line.
type lines struct {
	r   *bufio.Reader
	buf []byte
}

// next returns the next line without its end, valid until the next call. One that
// is too long is read past, and errLong. The end of the text within a line is
// io.ErrUnexpectedEOF, unless the line is a whole object.
func (l *lines) next() ([]byte, error) {
	l.buf = l.buf[:0]
	long := false
	for {
		part, err := l.r.ReadSlice('\n')
		if long = long || len(l.buf)+len(part) > maxLine; !long {
			l.buf = append(l.buf, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && (len(l.buf) > 0 || long):
			if !long && jsontext.Value(l.buf).IsValid() {
				return l.buf, nil
			}
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		case long:
			return nil, errLong
		}
		return bytes.TrimRight(l.buf, "\r\n"), nil
	}
}

var _ shca.Source = (*Source)(nil)
