package auditmanager

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
)

// CSV reads what evidence finder exports: the results of a query of its event data
// store in CloudTrail Lake, a row for each resource of a piece of evidence. It
// implements [shca.Source] and may be read as often as Open can be called.
//
// Columns are known by their names, in any order: those of the event data store
// (CloudTrail user guide, "Supported schema for AWS Audit Manager evidence record
// fields"), with or without "eventData." in front, in any case, with blanks or
// dashes; or as the console heads them ("Resource compliance"). A column eventJson
// or eventData with the whole event as JSON counts for what has no column of its
// own. Other columns are passed over. Attributes are JSON or {name=value, …}.
//
// Every row becomes a piece of evidence in JSON, as the API would give it, with
// what its cells say.
type CSV struct {
	// Name stands for the input in errors and scopes: a file name, "stdin".
	Name string
	// Open returns the text: UTF-8 without byte order mark, not compressed.
	Open func() (io.ReadCloser, error)
	// Progress counts the findings read; nil counts nothing.
	Progress *shca.Progress
	// Files is shared by all inputs of a run; nil is one of its own.
	Files *Files
}

var _ shca.Source = (*CSV)(nil)

const (
	maxHeader  = 64 << 10
	maxColumns = 1000
)

// columns are the names that are known, without case, blanks, dashes and dots, and
// what is meant by them.
var columns = map[string]string{
	"evidenceid": "id", "datasource": "dataSource", "evidencebytype": "evidenceByType", "evidencetype": "evidenceByType",
	"eventsource": "eventSource", "eventname": "eventName", "compliancecheck": "complianceCheck", "iamid": "iamId",
	"awsaccountid": "awsAccountId", "evidenceawsaccountid": "evidenceAwsAccountId", "accountid": "evidenceAwsAccountId",
	"evidencefolderid": "evidenceFolderId", "time": "time", "eventtime": "eventTime", "attributes": "attributes",
	"resourcearn": "arn", "resourcetype": "type", "resourcecompliancecheck": "check", "resourcecompliance": "check",
	"manualevidences3resourcepath": "location", "description": "description",
	"assessmentid": "assessmentId", "assessmentname": "assessmentName", "assessment": "assessmentName",
	"controlid": "controlId", "controlname": "controlName", "control": "controlName", "controlsetid": "controlSetId", "controlset": "controlSetId",
	"frameworkname": "frameworkName", "framework": "frameworkName", "recipientaccountid": "recipient", "awsregion": "region",
	"eventjson": "event", "eventdata": "event",
}

// telling are columns that nothing else has.
var telling = []string{"evidenceid", "evidencebytype", "evidencetype", "evidencefolderid", "resourcecompliancecheck", "evidenceawsaccountid", "manualevidences3resourcepath"}

// column returns the squeezed name of a column.
func column(name string) string {
	key := squeeze(strings.Trim(name, "\ufeff\"` "))
	if rest := strings.TrimPrefix(key, "eventdata"); rest != "" {
		return rest
	}
	return key
}

// IsCSV reports whether a text that begins with head is an export of evidence
// finder. It takes the first line to tell; one of more than 64 KiB is none.
func IsCSV(head []byte) bool {
	line, _, whole := bytes.Cut(head, []byte("\n"))
	if !whole && len(line) >= maxHeader {
		return false
	}
	names, err := csv.NewReader(bytes.NewReader(line)).Read()
	if err != nil {
		return false
	}
	known, tells := 0, false
	for i := range names {
		key := column(names[i])
		if columns[key] != "" {
			known++
		}
		tells = tells || slices.Contains(telling, key)
	}
	return tells && known >= 3 || len(names) == 1 && column(names[0]) == "eventjson"
}

// Records yields findings and evidence in the order of the rows, a
// *shca.FindingError for each row that cannot be read, and at the end a Scope if
// there is something to say about the file as a whole.
func (c *CSV) Records(ctx context.Context) iter.Seq2[shca.Record, error] {
	return records(ctx, c.Name, c.Progress, c.Files, func(w *walker) error {
		text, err := c.Open()
		if err != nil {
			return err
		}
		return errors.Join(c.read(ctx, w, text), text.Close())
	})
}

func (c *CSV) read(ctx context.Context, w *walker, text io.Reader) error {
	bounded := &limited{r: text, left: maxHeader}
	r := csv.NewReader(bounded)
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	header, err := r.Read()
	switch {
	case err == io.EOF:
		return nil
	case errors.Is(err, errLong):
		return fmt.Errorf("its first line, which names the columns, is longer than %d KiB", maxHeader>>10)
	case err != nil:
		return fmt.Errorf("its first line, which names the columns: %w", err)
	case len(header) > maxColumns:
		return fmt.Errorf("has %d columns, and at most %d are read", len(header), maxColumns)
	}
	names := make([]string, len(header))
	for i, name := range header {
		names[i] = columns[column(name)]
	}
	has := func(any ...string) bool {
		return slices.ContainsFunc(any, func(n string) bool { return slices.Contains(names, n) })
	}
	w.lists++
	if !has("event") {
		for _, need := range []struct {
			names   []string
			column  string
			without string
		}{
			{[]string{"check", "complianceCheck"}, "resourceComplianceCheck or complianceCheck", "no finding counts"},
			{[]string{"controlName", "controlId", "evidenceFolderId"}, "controlName", "controls are not known"},
			{[]string{"evidenceAwsAccountId", "awsAccountId"}, "evidenceAwsAccountId", "accounts cannot be told apart"},
			{[]string{"arn"}, "resourceArn", "resources cannot be told apart"},
			{[]string{"dataSource"}, "dataSource", "checks are not known"},
			{[]string{"time", "eventTime"}, "time", "the newest evidence of a subject cannot be told"},
		} {
			if !has(need.names...) {
				w.problem("has no column %s, so that %s: export with it", need.column, need.without)
			}
		}
	}
	for row := int64(1); ctx.Err() == nil; row++ {
		bounded.left = maxItem
		cells, err := r.Read()
		var bad *shca.FindingError
		if syntax, ok := errors.AsType[*csv.ParseError](err); ok {
			bad = &shca.FindingError{Err: fmt.Errorf("broken CSV in lines %d to %d: %w", syntax.StartLine, syntax.Line, syntax.Err)}
		} else if err == io.EOF {
			return nil
		} else if errors.Is(err, errLong) {
			return fmt.Errorf("row %d is larger than %d MiB, the limit for one piece of evidence, or has a quote that does not end: the rows from there on were not read", row, maxItem>>20)
		} else if err != nil {
			return fmt.Errorf("%w (after %d rows)", err, row-1)
		} else if len(cells) != len(names) {
			bad = &shca.FindingError{Err: fmt.Errorf("has %d cells, and the header has %d", len(cells), len(names))}
		}
		var record *Record
		if bad == nil {
			record, bad = rowRecord(names, cells)
		}
		w.read++
		more := false
		if bad != nil {
			bad.Number = row
			more = w.broken(bad)
		} else {
			record.Origin = origin(w.name, row)
			w.files.complete(&record.Context)
			w.files.hold(&record.Context)
			more = w.item(record, row)
		}
		if !more {
			return errStopped
		}
	}
	return nil // the sequence ends with the context's error
}

// rowRecord returns the piece of evidence of a row.
func rowRecord(names, cells []string) (*Record, *shca.FindingError) {
	v := map[string]string{}
	for i, name := range names {
		if cell := strings.TrimSpace(strings.ToValidUTF8(cells[i], "\ufffd")); name != "" && cell != "" && cell != "null" && v[name] == "" {
			v[name] = cell
		}
	}
	var bad error
	if v["event"] != "" {
		bad = fromEvent(v)
	}
	if v["time"] == "" {
		v["time"] = v["eventTime"]
	}
	type entry struct {
		ARN   string `json:"arn,omitempty"`
		Value string `json:"value,omitempty"`
		Check string `json:"complianceCheck,omitempty"`
	}
	e := struct {
		ID              string         `json:"id,omitempty"`
		DataSource      string         `json:"dataSource,omitempty"`
		EvidenceByType  string         `json:"evidenceByType,omitempty"`
		EventSource     string         `json:"eventSource,omitempty"`
		EventName       string         `json:"eventName,omitempty"`
		Time            string         `json:"time,omitempty"`
		ComplianceCheck string         `json:"complianceCheck,omitempty"`
		IAMID           string         `json:"iamId,omitempty"`
		EvidenceAccount string         `json:"evidenceAwsAccountId,omitempty"`
		Account         string         `json:"awsAccountId,omitempty"`
		Folder          string         `json:"evidenceFolderId,omitempty"`
		Resources       []entry        `json:"resourcesIncluded"`
		Attributes      jsontext.Value `json:"attributes,omitempty"`
	}{
		ID: v["id"], DataSource: v["dataSource"], EvidenceByType: v["evidenceByType"], EventSource: v["eventSource"], EventName: v["eventName"],
		Time: v["time"], ComplianceCheck: v["complianceCheck"], IAMID: v["iamId"], EvidenceAccount: v["evidenceAwsAccountId"],
		Account: v["awsAccountId"], Folder: v["evidenceFolderId"], Attributes: attributeCell(v["attributes"], v["description"]),
	}
	if e.EvidenceAccount == "" && e.Account == "" {
		e.Account = v["recipient"]
	}
	one := entry{ARN: v["arn"], Value: v["location"], Check: v["check"]}
	if one.Value == "" && v["type"] != "" && (one.ARN != "" || one.Check != "") {
		value, err := json.Marshal(struct {
			Type string `json:"type"`
		}{v["type"]}, jsontext.AllowInvalidUTF8(true))
		bad = errors.Join(bad, err)
		one.Value = string(value)
	}
	if one != (entry{}) {
		e.Resources = append(e.Resources, one)
	}
	raw, err := json.Marshal(&e, jsontext.AllowInvalidUTF8(true))
	if bad = errors.Join(bad, err); bad != nil {
		return nil, &shca.FindingError{ID: v["id"], Err: bad}
	}
	if len(raw) > maxItem {
		return nil, &shca.FindingError{ID: v["id"], Err: fmt.Errorf("larger than %d MiB, the limit for one piece of evidence", maxItem>>20)}
	}
	return &Record{Evidence: raw, Resource: WholeItem, Context: Context{
		AssessmentID: v["assessmentId"], AssessmentName: v["assessmentName"], Framework: v["frameworkName"],
		ControlSet: v["controlSetId"], ControlID: v["controlId"], Control: v["controlName"], Folder: v["evidenceFolderId"],
	}}, nil
}

// fromEvent adds to the cells what the event in JSON says besides.
func fromEvent(v map[string]string) error {
	var event map[string]jsontext.Value
	if err := json.Unmarshal([]byte(v["event"]), &event, options); err != nil {
		return fmt.Errorf("the column with the event is no JSON object: %w", err)
	}
	var add func(event map[string]jsontext.Value) error
	add = func(event map[string]jsontext.Value) error {
		names := make([]string, 0, len(event))
		for name := range event {
			names = append(names, name)
		}
		slices.Sort(names) // so that of several spellings of a name always the same one counts
		for _, name := range names {
			value := event[name]
			if squeeze(name) == "eventdata" && value.Kind() == '{' {
				var data map[string]jsontext.Value
				if err := json.Unmarshal(value, &data, options); err != nil {
					return fmt.Errorf("the eventData of the event: %w", err)
				}
				if err := add(data); err != nil {
					return err
				}
				continue
			}
			if to := columns[squeeze(name)]; to != "" && to != "event" && v[to] == "" {
				v[to] = strings.TrimSpace(valueText(value))
			}
		}
		return nil
	}
	return add(event)
}

// pair matches the names in a map as CloudTrail Lake writes it.
var pair = regexp.MustCompile(`(?:^\{|, )([A-Za-z][A-Za-z0-9_.-]*)=`)

// attributeCell returns the attributes of a cell as a JSON object, or nil.
func attributeCell(cell, description string) jsontext.Value {
	a := map[string]string{}
	if description != "" {
		a["description"] = description
	}
	if v := jsontext.Value(cell); strings.HasPrefix(cell, "{") && v.IsValid(options) {
		var m attributes
		if json.Unmarshal(v, &m, options) == nil {
			for name, text := range m {
				a[name] = string(text)
			}
		}
	} else if found := pair.FindAllStringSubmatchIndex(cell, -1); strings.HasPrefix(cell, "{") && strings.HasSuffix(cell, "}") {
		for i, at := range found {
			end := len(cell) - 1
			if i+1 < len(found) {
				end = found[i+1][0]
			}
			a[cell[at[2]:at[3]]] = cell[at[1]:max(at[1], end)]
		}
	} else if cell != "" {
		a["attributes"] = cell
	}
	if len(a) == 0 {
		return nil
	}
	v, err := json.Marshal(a, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil // texts always can be written
	}
	return v
}
