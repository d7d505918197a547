package ocsf

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
)

// CSV reads the findings of one CSV file, a row each, as Security Hub exports
// them with StartExportJobV2. It implements [shca.Source] and may be read as
// often as Open can be called.
//
// Known of the export is: cells are separated by commas, and the columns are
// the paths of attributes that whoever exports lists as SelectedFields, 50 at
// most, in that order ("finding_info.uid"). class_uid and time are not among
// those that can be listed, nor are requirements and unmapped.
//
// Not documented is how a cell holds a list. Assumed is JSON ("[\"a\",\"b\"]");
// columns of the same list of objects ("resources.uid", "resources.type") then
// belong together element by element. Any other text in a column of a list is
// taken for its only element. Where the columns of a list are not of one
// length, those that do not fit stand in the event under their whole path,
// which no decoder reads, rather than beside the wrong element.
//
// Every row becomes an event in JSON, the finding's Raw, with the text of all
// cells that are not empty, known attribute or not. The apostrophe that
// spreadsheet programs want in front of a formula is kept. A line break in a
// cell is "\n" there. Rows are limited as findings are, the header to 64 KiB
// and 1000 columns. The class need not be among the columns: an export of
// Security Hub has nothing but findings.
type CSV struct {
	// Name stands for the input in errors and scopes: a file name, "stdin".
	Name string
	// Open returns the text: UTF-8 without byte order mark, not compressed.
	Open func() (io.ReadCloser, error)
	// Progress counts the findings read; nil counts nothing.
	Progress *shca.Progress
}

var _ shca.Source = (*CSV)(nil)

const (
	maxHeader      = 64 << 10
	mostCSVColumns = 1000
)

// IsCSV reports whether a text that begins with head is a CSV file with
// attributes of OCSF for columns. It takes the first line to tell; one of more
// than 64 KiB is none.
func IsCSV(head []byte) bool {
	line, _, whole := bytes.Cut(head, []byte("\n"))
	if !whole && len(line) >= maxHeader {
		return false
	}
	columns, err := csv.NewReader(bytes.NewReader(line)).Read()
	return err == nil && slices.ContainsFunc(columns, func(c string) bool {
		object, _, path := strings.Cut(c, ".")
		return c == "class_uid" || c == "class_name" || path && slices.Contains([]string{"finding_info", "compliance", "metadata", "cloud", "resources"}, object)
	})
}

// Records yields the findings in the order of the rows, a *shca.FindingError
// for each row that cannot be read, and at the end a Scope if there is
// something to say about the file as a whole: it is no export of findings, it
// lacks columns without which findings are misjudged, or ends too early.
func (c *CSV) Records(ctx context.Context) iter.Seq2[shca.Record, error] {
	return records(ctx, c.Name, c.Progress, func(emit emitRow) (problems []string, err error) {
		missing, err := c.read(emit)
		if len(missing) > 0 {
			problems = []string{"has " + strings.Join(missing, "; has ") + ": export with these fields among SelectedFields"}
		}
		return problems, err
	})
}

// neededColumns are those without which findings are misjudged, one of each
// line, and what comes of it.
var neededColumns = []struct {
	columns []string
	without string
}{
	{[]string{"compliance.status", "compliance.status_id"}, "no finding counts"},
	{[]string{"compliance.control"}, "checks may not be recognised"},
	{[]string{"activity_name", "activity_id"}, "closed findings count as open ones"},
	{[]string{"status", "status_id"}, "suppressed findings count as others do"},
	{[]string{"cloud.account.uid"}, "accounts may not be told apart"},
	{[]string{"resources.uid"}, "resources cannot be told apart"},
	{[]string{"metadata.product.uid"}, "products cannot be told apart"},
}

func (c *CSV) read(emit emitRow) (missing []string, err error) {
	text, err := c.Open()
	if err != nil {
		return nil, err
	}
	defer func() { err = cmp.Or(err, text.Close()) }()
	bounded := &boundedReader{r: text, left: maxHeader}
	r := csv.NewReader(bounded)
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	header, err := r.Read()
	switch {
	case err == io.EOF:
		return nil, nil
	case errors.Is(err, errBounded):
		return nil, fmt.Errorf("its first line, which names the columns, is longer than %d KiB", maxHeader>>10)
	case err != nil:
		return nil, fmt.Errorf("its first line, which names the columns: %w", err)
	}
	table, err := newCSVTable(slices.Clone(header))
	if err != nil {
		return nil, err
	}
	for _, need := range neededColumns {
		if !slices.ContainsFunc(need.columns, func(c string) bool { return slices.Contains(table.paths, c) }) {
			missing = append(missing, fmt.Sprintf("no column %s, so that %s", strings.Join(need.columns, " or "), need.without))
		}
	}
	for row := 1; ; row++ {
		bounded.left = maxEvent
		cells, err := r.Read()
		var raw []byte
		var bad *shca.FindingError
		if syntax, ok := errors.AsType[*csv.ParseError](err); ok {
			bad = &shca.FindingError{Err: fmt.Errorf("broken CSV in lines %d to %d: %w", syntax.StartLine, syntax.Line, syntax.Err)}
		} else if err == io.EOF {
			return missing, nil
		} else if errors.Is(err, errBounded) {
			return missing, fmt.Errorf("row %d is larger than %d MiB, the limit for one finding, or has a quote that does not end: the rows from there on were not read", row, maxEvent>>20)
		} else if err != nil {
			return missing, fmt.Errorf("%w (after %d rows)", err, row-1)
		} else {
			raw, bad = table.event(cells)
		}
		if !emit(raw, bad) {
			return missing, nil
		}
	}
}

var errBounded = errors.New("too long")

// boundedReader reads no more than left bytes, since encoding/csv would take
// any number of them into one cell.
type boundedReader struct {
	r    io.Reader
	left int
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errBounded
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// csvLists are the attributes that are lists, of those in an export.
var csvLists = map[string]bool{
	"affected_code": true, "affected_packages": true, "assessments": true, "control_parameters": true, "cvss": true,
	"data_classifications": true, "evidences": true, "layers": true, "malware": true, "references": true,
	"related_events": true, "related_vulnerabilities": true, "requirements": true, "resources": true, "standards": true,
	"tags": true, "traits": true, "types": true, "vulnerabilities": true,
}

// csvTable makes events of rows.
type csvTable struct {
	paths []string
	id    int // the column of finding_info.uid
	root  *csvNode
	loose []int // columns of the current row that do not fit their list
}

// csvNode is an attribute: an object with members, or the value of a column.
type csvNode struct {
	name    string
	list    bool
	column  int // -1 of an object
	members []*csvNode
	columns []int // of the object
}

func newCSVTable(paths []string) (*csvTable, error) {
	if len(paths) > mostCSVColumns {
		return nil, fmt.Errorf("has %d columns, and at most %d are read; an export has up to 50", len(paths), mostCSVColumns)
	}
	if !slices.Contains(paths, "finding_info.uid") {
		return nil, fmt.Errorf("has no column finding_info.uid, without which findings cannot be told apart, but %.200q: export with finding_info.uid among SelectedFields", paths)
	}
	t := &csvTable{paths: paths, id: slices.Index(paths, "finding_info.uid"), root: &csvNode{column: -1}}
	for i, path := range paths {
		n := t.root
		segments := strings.Split(path, ".")
		if slices.Contains(segments, "") {
			return nil, fmt.Errorf("column %d has the name %.100q, which is no path of an attribute", i+1, path)
		}
		if len(segments) > 16 {
			return nil, fmt.Errorf("column %d has the name %.100q, which is deeper than any attribute", i+1, path)
		}
		for s, name := range segments {
			last := s == len(segments)-1
			at := slices.IndexFunc(n.members, func(m *csvNode) bool { return m.name == name })
			if at < 0 {
				at = len(n.members)
				member := &csvNode{name: name, list: csvLists[name], column: -1}
				if last {
					member.column = i
				}
				n.members = append(n.members, member)
			} else if last || n.members[at].column >= 0 {
				return nil, fmt.Errorf("column %d, %.100q, is there already: name every attribute once, and no attribute beside its parts", i+1, path)
			}
			n = n.members[at]
			n.columns = append(n.columns, i)
		}
	}
	return t, nil
}

// event returns the event of a row, or what is wrong with it.
func (t *csvTable) event(cells []string) ([]byte, *shca.FindingError) {
	if len(cells) != len(t.paths) {
		return nil, &shca.FindingError{Err: fmt.Errorf("has %d cells, and the header has %d", len(cells), len(t.paths))}
	}
	if cells[t.id] == "" {
		return nil, &shca.FindingError{Field: "/finding_info/uid", Err: errors.New("missing; without it the finding's newest copy cannot be told")}
	}
	t.loose = t.loose[:0]
	values := make([]jsontext.Value, len(cells))
	for i, cell := range cells {
		if cell == "" {
			continue
		}
		if strings.HasPrefix(cell, "[") && t.listed(i) {
			if v := jsontext.Value(cell); v.IsValid() {
				values[i] = v
				continue
			}
		}
		values[i] = appendString(nil, cell)
	}
	b := t.object(nil, t.root, values)
	if len(t.loose) > 0 {
		b = b[:len(b)-1]
		for _, i := range t.loose {
			if len(b) > 1 {
				b = append(b, ',')
			}
			b = append(append(append(b, appendString(nil, t.paths[i])...), ':'), values[i]...)
		}
		b = append(b, '}')
	}
	if len(b) > maxEvent {
		return nil, &shca.FindingError{ID: findID(b), Err: errTooLarge}
	}
	return b, nil
}

// listed reports whether the column is a list or of one.
func (t *csvTable) listed(column int) bool {
	for name := range strings.SplitSeq(t.paths[column], ".") {
		if csvLists[name] {
			return true
		}
	}
	return false
}

// object appends an object with those members that have a value.
func (t *csvTable) object(b []byte, n *csvNode, values []jsontext.Value) []byte {
	b = append(b, '{')
	for i, first := 0, true; i < len(n.members); i++ {
		m := n.members[i]
		start := len(b)
		if !first {
			b = append(b, ',')
		}
		b = append(append(b, appendString(nil, m.name)...), ':')
		value := len(b)
		switch {
		case m.column < 0 && m.list:
			b = t.list(b, m, values)
		case m.column < 0:
			b = t.object(b, m, values)
		case m.list && len(values[m.column]) > 0 && values[m.column].Kind() != '[':
			b = append(append(append(b, '['), values[m.column]...), ']')
		default:
			b = append(b, values[m.column]...)
		}
		switch string(b[value:]) {
		case "", "{}", "null":
			b = b[:start]
		default:
			first = false
		}
	}
	return append(b, '}')
}

// list appends a list of objects, put together from columns that each hold one
// attribute of all of them. It appends nothing if all are empty.
func (t *csvTable) list(b []byte, n *csvNode, values []jsontext.Value) []byte {
	const most = 10_000 // elements
	elements := make([][]jsontext.Value, len(n.columns))
	leading := -1 // the column that says how many elements there are
	for i, column := range n.columns {
		if len(values[column]) == 0 || values[column].Kind() == 'n' {
			continue
		}
		elements[i] = []jsontext.Value{values[column]}
		if values[column].Kind() == '[' {
			elements[i] = nil
			if json.Unmarshal(values[column], &elements[i]) != nil { // not so: it is valid
				elements[i] = []jsontext.Value{values[column]}
			}
		}
		if leading < 0 || strings.HasSuffix(t.paths[column], "."+n.name+".uid") || t.paths[column] == n.name+".uid" {
			leading = i
		}
	}
	if leading < 0 {
		return b
	}
	count := len(elements[leading])
	for i, column := range n.columns {
		if elements[i] != nil && (len(elements[i]) != count || count > most) {
			elements[i] = nil
			if !slices.Contains(t.loose, column) {
				t.loose = append(t.loose, column)
			}
		}
	}
	if count == 0 || count > most {
		return b
	}
	b = append(b, '[')
	one := make([]jsontext.Value, len(values))
	for at := range count {
		if at > 0 {
			b = append(b, ',')
		}
		for i, column := range n.columns {
			one[column] = nil
			if elements[i] != nil {
				one[column] = elements[i][at]
			}
		}
		b = t.object(b, n, one)
	}
	return append(b, ']')
}
