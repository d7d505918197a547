package xlsx

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/report"
	"github.com/go-shca/shca/internal/show"
	"github.com/go-shca/shca/internal/spool"
)

// What the sheet of findings takes. Excel has room for 1,048,576 rows, but a
// sheet of this width is slow to open and to filter long before: 250,000 rows are
// a file of 40 MB. Variables for tests.
var (
	maxFindings = 250_000
	maxBytes    = int64(1 << 30) // of SpreadsheetML, however long the texts
)

// maxFindingText bounds the text of a cell in the sheet of findings, in UTF-16
// units.
const maxFindingText = 1000

// class is what a finding counts as. Its value is its place in the sheet: what
// has to be done comes first, then what may have to be, then what is for the
// record.
type class byte

const (
	failed class = iota
	undecided
	passed
	suppressed
	notScored
	archived
	superseded
	classes
)

var classTexts = [classes]string{
	failed: "failed", undecided: "undecided", passed: "passed",
	suppressed: string(shca.Suppressed), notScored: string(shca.NotScored), archived: string(shca.Archived), superseded: string(shca.Superseded),
}

// status is the status of a control that looks as the class does.
func (c class) status() shca.Status {
	switch c {
	case failed:
		return shca.StatusNonCompliant
	case undecided:
		return shca.StatusUndecided
	case passed:
		return shca.StatusCompliant
	case suppressed:
		return shca.StatusSuppressed
	}
	return shca.StatusNotAssessed
}

func (c class) String() string { return show.StatusStyle(c.status()).Mark + " " + classTexts[c] }

func classOf(f *shca.Finding) class {
	switch f.Disposition {
	case shca.Suppressed:
		return suppressed
	case shca.NotScored:
		return notScored
	case shca.Archived:
		return archived
	case shca.Superseded:
		return superseded
	}
	switch f.Status {
	case shca.Failed:
		return failed
	case shca.Passed:
		return passed
	}
	return undecided
}

// findings are the rows of the findings in the order of the sheet.
type findings struct {
	columns []column[*shca.Finding]
	sorted  *spool.Sorted
	total   int64 // findings that there are
	shown   int64 // of these, in the sheet
}

func (f *findings) Close() error { return f.sorted.Close() }

// sortFindings ranges over the findings once and sorts the rows of those that
// the sheet takes.
func sortFindings(ctx context.Context, b *book) (_ *findings, err error) {
	s := &findings{columns: b.findingColumns()}
	sorter := spool.Sorter{Batch: 16 << 20}
	defer func() {
		if err != nil {
			_ = sorter.Close() // err says more
		}
	}()
	// Findings come in order within what sorts alike, so one that has
	// maxFindings before it already will not be among the first maxFindings.
	var before [classes][shca.Critical + 1]int
	var key [10]byte
	var packed, scratch []byte
	var size int64
	for f, err := range b.Findings {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		s.total++
		class, severity := classOf(f), shca.SeverityUnknown
		if class == failed {
			severity = min(f.Severity, shca.Critical)
		}
		rank := int(shca.Critical - severity)
		n := 0
		for c := failed; c <= class; c++ {
			for r, count := range before[c] {
				if c < class || r <= rank {
					n += count
				}
			}
		}
		if n >= maxFindings {
			continue
		}
		before[class][rank]++
		packed = packed[:0]
		for _, c := range s.columns {
			packed, scratch = c.cell(f).pack(packed, scratch)
		}
		size += int64(len(packed))
		key[0], key[1] = byte(class), byte(rank)
		binary.BigEndian.PutUint64(key[2:], uint64(s.total))
		if err := sorter.Add(key[:], packed); err != nil {
			return nil, err
		}
	}
	if s.sorted, err = sorter.Sort(); err != nil {
		return nil, err
	}
	s.shown = min(s.total, int64(maxFindings))
	if size > maxBytes {
		if s.shown, err = s.fit(ctx); err != nil {
			_ = s.Close()
			return nil, err
		}
	}
	return s, nil
}

// fit counts the first rows that have room in maxBytes.
func (s *findings) fit(ctx context.Context) (n int64, err error) {
	room := maxBytes
	for r, err := range s.sorted.All() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return 0, err
		}
		if room -= int64(len(r.Value)); room < 0 || n == int64(maxFindings) {
			break
		}
		n++
	}
	return n, nil
}

// missing says how many findings are not in the sheet, and where they are.
func (s *findings) missing() string {
	return report.More(s.total, s.shown, inFindings+" has them all")
}

func (b *book) findingColumns() []column[*shca.Finding] {
	st := &b.styles
	controls := map[shca.CheckID]string{}
	for i := range b.Assessment.Checks {
		controls[b.Assessment.Checks[i].ID] = labels(b.Assessment.Checks[i].Controls)
	}
	word := func(s string) cell {
		return cell{style: st.text, text: cut(show.OneLine(s), maxFindingText, inFindings)}
	}
	return []column[*shca.Finding]{
		{"Counts as", 16, 0, false, func(f *shca.Finding) cell {
			class := classOf(f)
			return cell{style: st.status[class.status()], text: class.String()}
		}},
		{"Severity", 22, 0, false, func(f *shca.Finding) cell {
			if f.Severity == shca.SeverityUnknown {
				return cell{style: st.text}
			}
			return cell{style: st.severity[min(f.Severity, shca.Critical)], text: severityText(f.Severity)}
		}},
		{"Check", 16, 0, false, func(f *shca.Finding) cell { return word(string(f.Check)) }},
		{"Title", 50, 0, false, func(f *shca.Finding) cell { return word(f.Title) }},
		{"Account", 16, 0, false, func(f *shca.Finding) cell { return word(f.AccountID) }},
		{"Account name", 24, 0, false, func(f *shca.Finding) cell { return word(cmp.Or(b.System.Accounts[f.AccountID], f.AccountName)) }},
		{"Region", 15, 0, false, func(f *shca.Finding) cell { return word(f.Region) }},
		{"Resource", 70, 0, false, func(f *shca.Finding) cell { return word(f.ResourceID()) }},
		{"Controls", 30, 0, false, func(f *shca.Finding) cell {
			if f.Disposition == shca.NotScored {
				return cell{style: st.text}
			}
			return word(controls[f.Check])
		}},
		{"Last evaluated (UTC)", 17, 0, false, func(f *shca.Finding) cell { return date(st.date, f.Observed()) }},
		{"Compliance status", 18, 0, false, func(f *shca.Finding) cell { return word(string(f.Status)) }},
		{"Disposition", 13, 0, false, func(f *shca.Finding) cell { return word(string(f.Disposition)) }},
		{"Workflow", 13, 0, false, func(f *shca.Finding) cell { return word(f.Workflow) }},
		{"Record state", 13, 0, false, func(f *shca.Finding) cell { return word(f.RecordState) }},
		{"Status reasons", 50, 0, false, func(f *shca.Finding) cell { return word(statusReasons(f)) }},
		{"Note", 50, 0, false, func(f *shca.Finding) cell { return word(f.Note.Text) }},
		{"Note by", 24, 0, false, func(f *shca.Finding) cell { return word(f.Note.UpdatedBy) }},
		{"Note at (UTC)", 17, 0, false, func(f *shca.Finding) cell { return date(st.date, f.Note.UpdatedAt) }},
		{"Resource type", 26, 0, false, func(f *shca.Finding) cell {
			if len(f.Resources) == 0 {
				return cell{style: st.text}
			}
			return word(f.Resources[0].Type)
		}},
		{"Remediation", 60, 0, false, func(f *shca.Finding) cell { return word(f.Remediation.Text) }},
		{"Remediation address", 60, 0, false, func(f *shca.Finding) cell { return word(f.Remediation.URL) }},
		{"First observed (UTC)", 17, 0, false, func(f *shca.Finding) cell { return date(st.date, f.FirstObservedAt) }},
		{"Reported by", 20, 0, false, func(f *shca.Finding) cell { return word(f.Product()) }},
		{"AWS Config rule", 30, 0, false, func(f *shca.Finding) cell { return word(f.ConfigRule) }},
		{"Finding id", 80, 0, false, func(f *shca.Finding) cell { return word(f.ID) }},
	}
}

// statusReasons joins the reasons of a finding's status. It stops where the cell
// is full.
func statusReasons(f *shca.Finding) string {
	var text strings.Builder
	for i, r := range f.StatusReasons {
		if i > 0 {
			text.WriteString("; ")
		}
		text.WriteString(r.Code)
		if r.Code != "" && r.Description != "" {
			text.WriteString(": ")
		}
		text.WriteString(r.Description)
		if text.Len() > 8*maxFindingText {
			break
		}
	}
	return text.String()
}

// findingRows writes the findings, those that failed first. Their rows go out as
// the workbook is written.
func (b *book) findingRows(ctx context.Context) {
	const last = 9 // that is printed
	columns := b.findings.columns
	s := b.sheet(findingsSheet, widths(columns)...)
	missing := b.findings.missing()
	s.top("Findings", "Failed findings first, most severe first; then undecided, passed, suppressed and those that are not scored. "+
		fmt.Sprintf(printed, columnName(last))+" On paper a cell ends where its column does; findings.csv has further columns and every text whole.")
	if missing != "" {
		s.add(20, s.banner(missing, len(columns))...)
	}
	top := head(s, columns)

	first := s.last
	s.last += int(b.findings.shown) // so that the page is set up for them
	filtered := s.last
	if missing != "" {
		s.last++
	}
	s.filter(top, filtered, len(columns))
	s.numbersAsText(top, len(columns))
	s.page(last+1, top)
	s.last = first

	s.more = func(w io.Writer) error {
		r := rows{last: first, columns: s.columns}
		n := int64(0)
		for packed, err := range b.findings.sorted.All() {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			if n++; n > b.findings.shown {
				break
			}
			r.buf = r.buf[:0]
			r.addPacked(packed.Value)
			if _, err := w.Write(r.buf); err != nil {
				return err
			}
		}
		if missing == "" {
			return nil
		}
		r.buf = r.buf[:0]
		r.add(20, s.banner(missing, len(columns))...)
		_, err := w.Write(r.buf)
		return err
	}
}
