// Package csv writes an assessment as tables in RFC 4180 form: commas, CRLF,
// UTF-8 without byte order mark, a header line. It is for spreadsheets, RMF
// tools and scripts.
//
// Cells are safe to open in a spreadsheet: text that a spreadsheet would run
// as a formula gets an apostrophe in front, control characters become U+FFFD,
// and line breaks inside a cell are CRLF. Nothing is cut.
package csv

import (
	"bytes"
	"context"
	stdcsv "encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/go-shca/shca"
)

// Names of the files and folders this package writes.
const (
	SummaryFile = "control-summary.csv"
	findingFile = "findings.csv"
	readyDir    = "controls/ready/"     // controls without failing or undecided evidence
	attention   = "controls/attention/" // all other controls with findings
)

// Owned lists patterns of the files that Evidence may write.
func Owned() []string {
	return []string{findingFile, readyDir + "*.csv", attention + "*.csv"}
}

// A column is a header and the cell it has for each row's value.
type column[T any] struct {
	name string
	cell func(T) string
}

// table writes rows of T through one buffer.
type table[T any] struct {
	columns []column[T]
	cells   []string
	buf     bytes.Buffer
	csv     *stdcsv.Writer
}

func newTable[T any](columns []column[T]) *table[T] {
	t := &table[T]{columns: columns, cells: make([]string, len(columns))}
	t.csv = stdcsv.NewWriter(&t.buf)
	t.csv.UseCRLF = true
	return t
}

// header returns the header line, valid until the next call.
func (t *table[T]) header() []byte {
	for i, c := range t.columns {
		t.cells[i] = c.name
	}
	return t.line()
}

// row returns the line for v, valid until the next call.
func (t *table[T]) row(v T) []byte {
	for i, c := range t.columns {
		t.cells[i] = safe(c.cell(v))
	}
	return t.line()
}

func (t *table[T]) line() []byte {
	t.buf.Reset()
	t.csv.Write(t.cells) // a bytes.Buffer takes everything
	t.csv.Flush()
	return t.buf.Bytes()
}

// safe makes foreign text harmless in a cell.
func safe(s string) string {
	if s == "" {
		return s
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		s = strings.ReplaceAll(s, "\r\n", "\n")
		s = strings.Map(func(r rune) rune {
			switch {
			case r == '\r':
				return '\n'
			case r == '\n' || r == '\t':
				return r
			case r < ' ' || r == 0x7f:
				return '\uFFFD'
			}
			return r
		}, s)
	}
	switch s[0] {
	case '=', '+', '-', '@', '\t', '\n':
		return "'" + s
	}
	// Full-width forms and leading white space open as formulas in some spreadsheets.
	if t := strings.TrimLeft(s, " \u00a0\u3000"); len(t) > 0 && (len(t) < len(s) && strings.ContainsRune("=+-@", rune(t[0])) || hasWideFormula(t)) {
		return "'" + s
	}
	return s
}

func hasWideFormula(s string) bool {
	for _, p := range []string{"＝", "＋", "－", "＠"} {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func number[T int | int64](n T) string { return strconv.FormatInt(int64(n), 10) }

// completeness is the cell that says in every row whether the assessment is
// complete.
func completeness(a *shca.Assessment) string {
	if a.Complete() {
		return "complete"
	}
	return "incomplete"
}

func join[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = string(v)
	}
	return strings.Join(texts, ", ")
}

func labels(ids []shca.ControlID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.Label()
	}
	return strings.Join(texts, ", ")
}

// Summary writes one row per control: those of the baseline, then every other
// control that has findings. The first six columns are those of AWS's Security
// Hub Compliance Analyzer with its meaning of percentage: passed of all
// findings that are not suppressed. pass_rate is of decided findings only.
// Both are empty where nothing was decided.
func Summary(ctx context.Context, w io.Writer, a *shca.Assessment) error {
	done := completeness(a)
	t := newTable([]column[*shca.ControlResult]{
		{"compliance_control_id", func(c *shca.ControlResult) string { return c.ID.Label() }},
		{"compliance_status", func(c *shca.ControlResult) string { return c.Status.String() }},
		{"percentage", func(c *shca.ControlResult) string {
			if c.Tally.Decided() == 0 {
				return ""
			}
			return percent(c.Tally.Passed, c.Tally.Scored())
		}},
		{"rule_id", func(c *shca.ControlResult) string { return join(c.Checks) }},
		{"lastobservedat", func(c *shca.ControlResult) string { return date(c.Last) }},
		{"narrative", func(c *shca.ControlResult) string { return c.Narrative }},
		{"control_id", func(c *shca.ControlResult) string { return string(c.ID) }},
		{"title", func(c *shca.ControlResult) string { return c.Title }},
		{"family", func(c *shca.ControlResult) string { return c.ID.Family() }},
		{"in_baseline", func(c *shca.ControlResult) string { return yes(c.InBaseline) }},
		{"pass_rate", func(c *shca.ControlResult) string { return percent(c.Tally.Passed, c.Tally.Decided()) }},
		{"passed", func(c *shca.ControlResult) string { return number(c.Tally.Passed) }},
		{"failed", func(c *shca.ControlResult) string { return number(c.Tally.Failed) }},
		{"decided", func(c *shca.ControlResult) string { return number(c.Tally.Decided()) }},
		{"warning", func(c *shca.ControlResult) string { return number(c.Tally.Warning) }},
		{"not_available", func(c *shca.ControlResult) string { return number(c.Tally.NotAvailable) }},
		{"undecided", func(c *shca.ControlResult) string { return number(c.Tally.Undecided()) }},
		{"suppressed", func(c *shca.ControlResult) string { return number(c.Tally.Suppressed) }},
		{"worst_failing_severity", func(c *shca.ControlResult) string { return c.Severity.String() }},
		{"checks", func(c *shca.ControlResult) string { return number(len(c.Checks)) }},
		{"checks_without_findings", func(c *shca.ControlResult) string { return join(c.Unseen) }},
		{"resources", func(c *shca.ControlResult) string { return c.Resources.String() }},
		{"accounts", func(c *shca.ControlResult) string { return c.Accounts.String() }},
		{"regions", func(c *shca.ControlResult) string { return c.Regions.String() }},
		{"firstobservedat", func(c *shca.ControlResult) string { return date(c.First) }},
		{"withdrawn", func(c *shca.ControlResult) string { return yes(c.Withdrawn) }},
		{"assessment", func(*shca.ControlResult) string { return done }},
	})
	if _, err := w.Write(t.header()); err != nil {
		return err
	}
	for i := range a.Controls {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := w.Write(t.row(&a.Controls[i])); err != nil {
			return err
		}
	}
	return nil
}

func percent(part, whole int64) string {
	if p := shca.Percent(part, whole); p != "" {
		return p + "%"
	}
	return ""
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// Evidence writes findings.csv, with a row for every finding that was read
// whatever became of it, and for each control with findings a file with those
// that count in it: in controls/ready if the control is compliant, else in
// controls/attention.
func Evidence(ctx context.Context, create func(name, mediaType string) (io.WriteCloser, error), a *shca.Assessment) (err error) {
	var open []io.WriteCloser
	defer func() {
		for _, w := range open {
			if cerr := w.Close(); err == nil {
				err = cerr
			}
		}
	}()
	createFile := func(name string, header []byte) (io.Writer, error) {
		w, err := create(name, "text/csv")
		if err != nil {
			return nil, err
		}
		open = append(open, w)
		_, err = w.Write(header)
		return w, err
	}

	controls := map[shca.CheckID]string{}
	for i := range a.Checks {
		controls[a.Checks[i].ID] = labels(a.Checks[i].Controls)
	}
	all := newTable(findingColumns(controls, completeness(a)))
	findings, err := createFile(findingFile, all.header())
	if err != nil {
		return err
	}

	one := newTable(evidenceColumns(completeness(a)))
	files := map[shca.CheckID][]io.Writer{}
	for i := range a.Controls {
		c := &a.Controls[i]
		if c.Status == shca.StatusNotAssessed {
			continue
		}
		dir := attention
		if c.Status == shca.StatusCompliant {
			dir = readyDir
		}
		w, err := createFile(dir+c.ID.Label()+".csv", one.header())
		if err != nil {
			return err
		}
		for _, check := range c.Checks {
			files[check] = append(files[check], w)
		}
	}

	for f, err := range a.Findings {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if _, err := findings.Write(all.row(f)); err != nil {
			return err
		}
		if f.Disposition != shca.Assessed && f.Disposition != shca.Suppressed || files[f.Check] == nil {
			continue
		}
		line := one.row(f)
		for _, w := range files[f.Check] {
			if _, err := w.Write(line); err != nil {
				return err
			}
		}
	}
	return nil
}

type findingColumn = column[*shca.Finding]

// evidenceColumns are the columns of a control's file.
func evidenceColumns(done string) []findingColumn {
	return []findingColumn{
		{"check", func(f *shca.Finding) string { return string(f.Check) }},
		{"compliance_status", func(f *shca.Finding) string { return string(f.Status) }},
		{"disposition", func(f *shca.Finding) string { return string(f.Disposition) }},
		{"severity", func(f *shca.Finding) string { return f.Severity.String() }},
		{"account_id", func(f *shca.Finding) string { return f.AccountID }},
		{"region", func(f *shca.Finding) string { return f.Region }},
		{"resource_type", resourceType},
		{"resource_id", func(f *shca.Finding) string { return f.ResourceID() }},
		{"title", func(f *shca.Finding) string { return f.Title }},
		{"status_reasons", reasons},
		{"workflow", func(f *shca.Finding) string { return f.Workflow }},
		{"note", func(f *shca.Finding) string { return f.Note.Text }},
		{"remediation_url", func(f *shca.Finding) string { return f.Remediation.URL }},
		{"last_observed", func(f *shca.Finding) string { return date(f.Observed()) }},
		{"finding_id", func(f *shca.Finding) string { return f.ID }},
		{"assessment", func(*shca.Finding) string { return done }},
	}
}

// findingColumns are the columns of findings.csv; controls holds the labels of
// the controls that each check is evidence for.
func findingColumns(controls map[shca.CheckID]string, done string) []findingColumn {
	return []findingColumn{
		{"disposition", func(f *shca.Finding) string { return string(f.Disposition) }},
		{"check", func(f *shca.Finding) string { return string(f.Check) }},
		{"controls", func(f *shca.Finding) string {
			if f.Disposition == shca.NotScored {
				return ""
			}
			return controls[f.Check]
		}},
		{"compliance_status", func(f *shca.Finding) string { return string(f.Status) }},
		{"severity", func(f *shca.Finding) string { return f.Severity.String() }},
		{"account_id", func(f *shca.Finding) string { return f.AccountID }},
		{"account_name", func(f *shca.Finding) string { return f.AccountName }},
		{"region", func(f *shca.Finding) string { return f.Region }},
		{"partition", func(f *shca.Finding) string { return f.Partition }},
		{"resource_type", resourceType},
		{"resource_id", func(f *shca.Finding) string { return f.ResourceID() }},
		{"title", func(f *shca.Finding) string { return f.Title }},
		{"description", func(f *shca.Finding) string { return f.Description }},
		{"status_reasons", reasons},
		{"remediation", func(f *shca.Finding) string { return f.Remediation.Text }},
		{"remediation_url", func(f *shca.Finding) string { return f.Remediation.URL }},
		{"related_requirements", func(f *shca.Finding) string { return strings.Join(f.Requirements, "; ") }},
		{"standards", func(f *shca.Finding) string { return strings.Join(f.Standards, "; ") }},
		{"workflow", func(f *shca.Finding) string { return f.Workflow }},
		{"record_state", func(f *shca.Finding) string { return f.RecordState }},
		{"note", func(f *shca.Finding) string { return f.Note.Text }},
		{"note_by", func(f *shca.Finding) string { return f.Note.UpdatedBy }},
		{"note_at", func(f *shca.Finding) string { return date(f.Note.UpdatedAt) }},
		{"first_observed", func(f *shca.Finding) string { return date(f.FirstObservedAt) }},
		{"last_observed", func(f *shca.Finding) string { return date(f.LastObservedAt) }},
		{"created", func(f *shca.Finding) string { return date(f.CreatedAt) }},
		{"updated", func(f *shca.Finding) string { return date(f.UpdatedAt) }},
		{"product", func(f *shca.Finding) string { return f.Product() }},
		{"generator_id", func(f *shca.Finding) string { return f.GeneratorID }},
		{"config_rule", func(f *shca.Finding) string { return f.ConfigRule }},
		{"types", func(f *shca.Finding) string { return strings.Join(f.Types, "; ") }},
		{"finding_id", func(f *shca.Finding) string { return f.ID }},
		{"assessment", func(*shca.Finding) string { return done }},
	}
}

func resourceType(f *shca.Finding) string {
	if len(f.Resources) == 0 {
		return ""
	}
	return f.Resources[0].Type
}

func reasons(f *shca.Finding) string {
	var texts []string
	for _, r := range f.StatusReasons {
		switch {
		case r.Code != "" && r.Description != "":
			texts = append(texts, r.Code+": "+r.Description)
		default:
			texts = append(texts, r.Code+r.Description)
		}
	}
	return strings.Join(texts, "; ")
}
