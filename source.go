package shca

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"
)

// Source yields the records of one input.
//
// Records pushes every record once, in the input's order; it stops early when
// the consumer does or when ctx is done. Each pair is one of three things:
//
//   - a record and no error;
//   - no record and a [*FindingError]: one finding could not be read; the
//     source goes on with the next one if the consumer does;
//   - no record and any other error: the source cannot go on, and this is the
//     last pair. An input that could be read in part is not this case: its
//     source yields a Scope with Err set and ends, or goes on elsewhere.
//
// Records may be called again to read the input once more, unless the
// implementation says otherwise, but not from two goroutines at once.
type Source interface {
	Records(ctx context.Context) iter.Seq2[Record, error]
}

// Record is what a source yields. Exactly one of its members is set, but for
// Original, which goes with Finding.
type Record struct {
	Scope    *Scope
	Finding  *Finding
	Setting  *CheckSetting
	Evidence *Evidence
	Input    *Input // a file that was read to its end, after what it holds

	// Original is the finding as it was read where Finding is a redacted copy of
	// it, and nil elsewhere. It decides which copies of a finding are the same one
	// and which of them counts, as it would have without redaction, and is written
	// nowhere.
	Original *Finding
}

// Scope is what was looked at, and whether it was read in full. A source that
// knows what it looks at yields a scope even when that holds no finding, so
// that an empty estate differs from one nobody read. An assessment has one
// scope for each source, account and region that findings name besides.
type Scope struct {
	Source    string `json:"source"`               // kind of source, "asff"; or an input's name where the scope is about that input as a whole
	AccountID string `json:"account_id,omitempty"` // "" where the scope is not about one account
	Region    string `json:"region,omitempty"`     // "" where the scope is not about one region

	// Findings is the number of findings read; the counts that follow divide
	// it by [Disposition]. Only an assessment fills them in.
	Findings   int64 `json:"findings"`
	Assessed   int64 `json:"assessed"`
	Suppressed int64 `json:"suppressed"`
	NotScored  int64 `json:"not_scored"`
	Archived   int64 `json:"archived"`
	Superseded int64 `json:"superseded"`

	Skipped int64  `json:"skipped"`         // findings that could not be read; not part of Findings
	Err     string `json:"error,omitempty"` // why the scope was not read in full; "" if it was
	Note    string `json:"note,omitempty"`  // what a reader should know besides; "" if nothing
}

// Name names the scope in a sentence: "asff 111122223333 us-east-1".
func (s *Scope) Name() string {
	name := s.Source
	for _, part := range []string{s.AccountID, s.Region} {
		if part != "" {
			name += " " + part
		}
	}
	return name
}

// Complete reports whether everything in the scope was read.
func (s *Scope) Complete() bool { return s.Err == "" && s.Skipped == 0 }

// FindingError says which finding could not be read and why. The finding is
// lost to the assessment; its scope counts it as skipped.
type FindingError struct {
	Source string // input the finding is in: file name, or "stdin"
	Number int64  // position among the input's findings, from 1
	ID     string // finding id; "" if it could not be read either
	Field  string // JSON pointer within the finding, "/Severity/Label"; "" if the whole is meant
	Err    error
}

// Error names the input, the finding and the field; of id and field it shows at
// most 200 bytes each.
func (e *FindingError) Error() string {
	const longest = 200
	where := fmt.Sprintf("%s: finding %d", e.Source, e.Number)
	if e.ID != "" {
		where += " (" + shorten(e.ID, longest) + ")"
	}
	if e.Field != "" {
		where += ": " + shorten(e.Field, longest)
	}
	return where + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *FindingError) Unwrap() error { return e.Err }

// Progress counts what has been read so far. A source adds to it and anybody
// may read it at any time; a nil Progress counts nothing.
type Progress struct {
	bytes, total, findings atomic.Int64
}

// AddBytes counts bytes of input read, as they are stored.
func (p *Progress) AddBytes(n int64) {
	if p != nil {
		p.bytes.Add(n)
	}
}

// AddTotal adds to the number of bytes there are to read, where it is known.
func (p *Progress) AddTotal(n int64) {
	if p != nil {
		p.total.Add(n)
	}
}

// AddFindings counts findings read.
func (p *Progress) AddFindings(n int64) {
	if p != nil {
		p.findings.Add(n)
	}
}

// Read returns the bytes read, the bytes there are (0 if unknown) and the
// findings read.
func (p *Progress) Read() (bytes, total, findings int64) {
	if p == nil {
		return 0, 0, 0
	}
	return p.bytes.Load(), p.total.Load(), p.findings.Load()
}
