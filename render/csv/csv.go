// Package csv writes an assessment as tables in RFC 4180 form: commas, CRLF,
// UTF-8 without byte order mark, a header line. It is for spreadsheets, RMF
// tools and scripts.
//
// Cells are safe to open in a spreadsheet that takes the comma for the
// separator: text that it would run as a formula gets an apostrophe in front,
// control characters and bytes that are not UTF-8 become U+FFFD, and line
// breaks inside a cell are CRLF. Nothing is cut.
package csv

import (
	"bytes"
	"cmp"
	"context"
	stdcsv "encoding/csv"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

// Names of the files and folders this package writes.
const (
	SummaryFile = "control-summary.csv"
	findingFile = "findings.csv"
	readyDir    = "controls/ready/"     // compliant controls: something passed, nothing failed
	attention   = "controls/attention/" // all other controls with findings

	controlColumn = "control" // the first column of the files in these folders
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
	buf     []byte
}

func newTable[T any](columns []column[T]) *table[T] { return &table[T]{columns: columns} }

// header returns the header line, valid until the next call.
func (t *table[T]) header() []byte {
	return t.line(func(c column[T]) string { return c.name })
}

// row returns the line for v, valid until the next call.
func (t *table[T]) row(v T) []byte {
	return t.line(func(c column[T]) string { return safe(c.cell(v)) })
}

func (t *table[T]) line(cell func(column[T]) string) []byte {
	t.buf = t.buf[:0]
	for i, c := range t.columns {
		if i > 0 {
			t.buf = append(t.buf, ',')
		}
		t.buf = appendCell(t.buf, cell(c))
	}
	t.buf = append(t.buf, "\r\n"...)
	return t.buf
}

// appendCell appends a cell in the form of RFC 4180, section 2, quoted if need
// be. Half a million rows of thirty cells are common, and encoding/csv takes
// twice the time.
func appendCell(b []byte, s string) []byte {
	if !quoted(s) {
		return append(b, s...)
	}
	b = append(b, '"')
	for {
		i := strings.IndexAny(s, "\"\n")
		if i < 0 {
			return append(append(b, s...), '"')
		}
		b = append(b, s[:i]...)
		if s[i] == '"' {
			b = append(b, '"', '"')
		} else {
			b = append(b, '\r', '\n')
		}
		s = s[i+1:]
	}
}

// quoted reports whether a cell needs quotes: for what separates cells and
// lines, and for a space in front, which some readers drop.
func quoted(s string) bool {
	for i := range len(s) {
		if c := s[i]; c == ',' || c == '"' || c == '\n' {
			return true
		}
	}
	first, _ := utf8.DecodeRuneInString(s)
	return s != "" && unicode.IsSpace(first)
}

// safe makes foreign text harmless in a cell.
func safe(s string) string {
	if s == "" {
		return s
	}
	s = plain(s)
	// A text that begins with apostrophes already gets one more, so that taking
	// one off always gives the text back.
	if formula(strings.TrimLeft(s, "'")) {
		return "'" + s
	}
	return s
}

// plain makes text valid UTF-8 with line feeds as its line breaks and, but for
// tabs, no other control characters.
func plain(s string) string {
	ascii := true // and printable, as most cells are
	for i := 0; i < len(s) && ascii; i++ {
		ascii = ' ' <= s[i] && s[i] < 0x7f
	}
	if ascii || !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f && r <= 0x9f || r == utf8.RuneError }) {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune { // invalid bytes come as utf8.RuneError
		switch {
		case r == '\r':
			return '\n'
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r):
			return utf8.RuneError
		}
		return r
	}, s)
}

// formula reports whether some spreadsheet would take the text for a formula.
// Some look past white space and invisible characters at its beginning, and
// some read full-width and small forms of the signs as the signs.
func formula(s string) bool {
	if strings.HasPrefix(s, "\t") || strings.HasPrefix(s, "\n") {
		return true
	}
	s = strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	first, _ := utf8.DecodeRuneInString(s)
	return s != "" && strings.ContainsRune("=+-@＝＋－＠﹦﹢﹣﹫", first)
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func number[T int | int64](n T) string { return strconv.FormatInt(int64(n), 10) }

// completeness is the column that says in every row whether the assessment is
// complete. In a table of no rows its name says so if it is not.
func completeness[T any](a *shca.Assessment, rows int64) column[T] {
	name, state := "assessment", "complete"
	if !a.Complete() {
		state = "incomplete"
		if rows == 0 {
			name += ": " + state
		}
	}
	return column[T]{name, func(T) string { return state }}
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
	if err := ctx.Err(); err != nil {
		return err
	}
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
		{"not_assessed_reason", func(c *shca.ControlResult) string { return notAssessedReason(a, c) }},
		completeness[*shca.ControlResult](a, int64(len(a.Controls))),
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

// notAssessedReason is "disabled" and the reasons where all checks of a control
// are switched off, else empty.
func notAssessedReason(a *shca.Assessment, c *shca.ControlResult) string {
	if !c.AllDisabled() {
		return ""
	}
	return strings.TrimSuffix("disabled: "+strings.Join(a.DisabledReasons(c), "; "), ": ")
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

// create begins a file; it is render.Create.
type create = func(name, mediaType string) (io.WriteCloser, error)

// maxOpen bounds the control files that are open at a time. Where more controls
// have findings, the findings are read once more for each further so many.
const maxOpen = 400

// Evidence writes findings.csv, with a row for every finding that was read
// whatever became of it, and for each control with findings a file with those
// that count in it: in controls/ready if the control is compliant, else in
// controls/attention.
func Evidence(ctx context.Context, create create, a *shca.Assessment) error {
	var controls []*shca.ControlResult
	for i := range a.Controls {
		if a.Controls[i].Status != shca.StatusNotAssessed {
			controls = append(controls, &a.Controls[i])
		}
	}
	names := fileNames(controls)
	for first := true; first || len(controls) > 0; first = false {
		n := min(len(controls), maxOpen)
		if err := evidence(ctx, create, a, first, controls[:n], names[:n]); err != nil {
			return err
		}
		controls, names = controls[n:], names[n:]
	}
	return nil
}

// evidence writes the files of some controls and, if all is set, findings.csv.
func evidence(ctx context.Context, create create, a *shca.Assessment, all bool, controls []*shca.ControlResult, names []string) (err error) {
	var open []io.WriteCloser
	defer func() {
		for _, w := range open {
			if cerr := w.Close(); err == nil {
				err = cerr
			}
		}
	}()
	begin := func(name string, header []byte) (io.Writer, error) {
		w, err := create(name, "text/csv")
		if err != nil {
			return nil, err
		}
		open = append(open, w)
		_, err = w.Write(header)
		return w, err
	}

	every := newTable(findingColumns(controlsOf(a), a.System.Accounts, completeness[*shca.Finding](a, show.Total(a).Findings)))
	findings := io.Discard
	if all {
		if findings, err = begin(findingFile, every.header()); err != nil {
			return err
		}
	}
	one := newTable(evidenceColumns(completeness[*shca.Finding](a, 1)))
	label := newTable([]column[*shca.ControlResult]{{controlColumn, func(c *shca.ControlResult) string { return c.ID.Label() }}})
	files := map[shca.CheckID][]controlFile{}
	for i, c := range controls {
		w, err := begin(names[i], slices.Concat(firstCell(label.header()), one.header()))
		if err != nil {
			return err
		}
		file := controlFile{w, firstCell(label.row(c))}
		for _, check := range c.Checks {
			files[check] = append(files[check], file)
		}
	}

	for f, err := range a.Findings {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if all {
			if _, err := findings.Write(every.row(f)); err != nil {
				return err
			}
		}
		if f.Disposition != shca.Assessed && f.Disposition != shca.Suppressed || files[f.Check] == nil {
			continue
		}
		line := one.row(f)
		for _, file := range files[f.Check] {
			if _, err := file.Write(file.cell); err != nil {
				return err
			}
			if _, err := file.Write(line); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// controlFile is a control's file and the first cell of each of its rows, the
// control. The rest of a row is the same in all files and is formatted once.
type controlFile struct {
	io.Writer
	cell []byte
}

// firstCell makes the first cell of a row from a line of one cell.
func firstCell(line []byte) []byte {
	return append(bytes.Clone(bytes.TrimSuffix(line, []byte("\r\n"))), ',')
}

// controlsOf returns the labels of the controls that each check is evidence for.
func controlsOf(a *shca.Assessment) map[shca.CheckID]string {
	controls := make(map[shca.CheckID]string, len(a.Checks))
	for i := range a.Checks {
		controls[a.Checks[i].ID] = labels(a.Checks[i].Controls)
	}
	return controls
}

// Mine reports whether a file that Owned matches was written by Evidence, as
// opposed to one that a user has put beside: it is named after the control that
// it holds.
func Mine(dir fs.FS, name string) bool {
	if name == findingFile {
		return true
	}
	f, err := dir.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	lines := stdcsv.NewReader(io.LimitReader(f, 1<<20))
	header, err := lines.Read()
	if err != nil || header[0] != controlColumn {
		return false
	}
	row, err := lines.Read()
	if err != nil {
		return false
	}
	stem := strings.TrimSuffix(path.Base(name), ".csv")
	rest, ok := strings.CutPrefix(stem, fileStem(strings.TrimPrefix(row[0], "'")))
	return ok && (rest == "" || rest[0] == '_' && strings.Trim(rest[1:], "0123456789") == "")
}

// fileStem makes a name of a control's label that every file system takes,
// since ids may come from a user's own catalog.
func fileStem(label string) string {
	name := strings.Map(func(r rune) rune {
		if r == '(' || r == ')' || r == '-' || r == '.' || r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return '_'
	}, label)
	if name = name[:min(len(name), 100)]; name == "" || name[0] == '.' {
		name = "_" + name
	}
	return name
}

// fileNames returns the path of each control's file. No two differ in case
// only.
func fileNames(controls []*shca.ControlResult) []string {
	names := make([]string, len(controls))
	taken := map[string]bool{}
	for i, c := range controls {
		name := fileStem(c.ID.Label())
		unique := name
		for n := 2; taken[strings.ToLower(unique)]; n++ {
			unique = name + "_" + strconv.Itoa(n)
		}
		taken[strings.ToLower(unique)] = true
		names[i] = attention + unique + ".csv"
		if c.Status == shca.StatusCompliant {
			names[i] = readyDir + unique + ".csv"
		}
	}
	return names
}

type findingColumn = column[*shca.Finding]

// evidenceColumns are the columns of a control's file behind the control.
func evidenceColumns(done findingColumn) []findingColumn {
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
		done,
	}
}

// findingColumns are the columns of findings.csv; controls holds the labels of
// the controls that each check is evidence for, and names those of accounts.
func findingColumns(controls map[shca.CheckID]string, names map[string]string, done findingColumn) []findingColumn {
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
		{"account_name", func(f *shca.Finding) string { return cmp.Or(names[f.AccountID], f.AccountName) }},
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
		done,
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
