package auditmanager

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/internal/finding"
)

// item is a piece of evidence: "Evidence" of the API reference.
type item struct {
	ID              text       `json:"id"`
	EvidenceID      text       `json:"evidenceId"` // evidence finder's name for it
	DataSource      text       `json:"dataSource"`
	EvidenceByType  text       `json:"evidenceByType"`
	EventSource     text       `json:"eventSource"`
	EventName       text       `json:"eventName"`
	ComplianceCheck text       `json:"complianceCheck"`
	IAMID           text       `json:"iamId"`
	AccountID       text       `json:"awsAccountId"`
	EvidenceAccount text       `json:"evidenceAwsAccountId"`
	FolderID        text       `json:"evidenceFolderId"`
	Time            moment     `json:"time"`
	Resources       []resource `json:"resourcesIncluded"`
	Attributes      attributes `json:"attributes"`
}

// resource is "Resource" of the API reference.
type resource struct {
	ARN             text  `json:"arn"`
	Value           loose `json:"value"`
	ComplianceCheck text  `json:"complianceCheck"`
}

// readItem reads a piece of evidence.
func readItem(raw []byte) (*item, *shca.FindingError) {
	var it item
	if err := json.Unmarshal(raw, &it, options); err != nil {
		return nil, finding.DecodeError(raw, err, finding.MemberID(raw, "id"))
	}
	return &it, nil
}

// id returns the evidence's own id.
func (it *item) id() string { return string(cmp.Or(it.ID, it.EvidenceID)) }

// account returns the account that the evidence is about, or "".
func (it *item) account() string { return string(cmp.Or(it.EvidenceAccount, it.AccountID)) }

// empty reports that the item says nothing at all, as in a skeleton of an answer.
func (it *item) empty() bool {
	for _, r := range it.Resources {
		if r.ARN != "" || r.Value != "" || r.ComplianceCheck != "" {
			return false
		}
	}
	for _, v := range it.Attributes {
		if v != "" {
			return false
		}
	}
	return cmp.Or(it.ID, it.EvidenceID, it.DataSource, it.EvidenceByType, it.EventSource, it.EventName, it.ComplianceCheck, it.IAMID) == ""
}

// text is a string, or a number for one.
type text string

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (t *text) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if k := dec.PeekKind(); k == '{' || k == '[' || k == 't' || k == 'f' {
		return &json.SemanticError{JSONPointer: dec.StackPointer(), Err: errors.New("is neither a string nor a number")}
	}
	tok, err := dec.ReadToken()
	if err != nil {
		return err
	}
	*t = ""
	if tok.Kind() != 'n' {
		*t = text(strings.TrimSpace(tok.String()))
	}
	return nil
}

// loose is a string, or any other value as its JSON.
type loose string

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (a *loose) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	v, err := dec.ReadValue()
	if err != nil {
		return err
	}
	*a = loose(valueText(v))
	return nil
}

// valueText returns a JSON string's text, "" for null, and any other value as it
// stands.
func valueText(v jsontext.Value) string {
	switch v.Kind() {
	case '"':
		plain, err := jsontext.AppendUnquote(nil, v)
		if err == nil || len(plain) > 0 { // with replacement characters for what is not UTF-8
			return string(plain)
		}
	case 'n':
		return ""
	}
	return string(v)
}

// attributes are names and values, which are JSON inside of strings.
type attributes map[string]loose

// UnmarshalJSONFrom implements [json.UnmarshalerFrom]. An empty string stands for
// no attributes.
func (a *attributes) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() == '"' {
		tok, err := dec.ReadToken()
		if err == nil && tok.String() != "" {
			err = &json.SemanticError{JSONPointer: dec.StackPointer(), Err: errors.New("is a text, where an object is expected")}
		}
		return err
	}
	var m map[string]loose
	if err := json.UnmarshalDecode(dec, &m); err != nil {
		return err
	}
	*a = make(attributes, len(m))
	for name, v := range m {
		// Of names that differ in their spelling only, the text that sorts last,
		// so that the order of a map does not show.
		key := squeeze(name)
		(*a)[key] = max((*a)[key], v)
	}
	return nil
}

// get returns the first attribute there is of the names, in lower case without
// dashes: the text of a JSON string, else as it stands.
func (a attributes) get(names ...string) string {
	for _, name := range names {
		v := strings.TrimSpace(string(a[name]))
		if strings.HasPrefix(v, `"`) {
			if j := jsontext.Value(v); j.IsValid(jsontext.AllowInvalidUTF8(true)) {
				v = strings.TrimSpace(valueText(j))
			} else {
				v = strings.Trim(v, `"`) // a text that was cut to 200 characters has lost its end
			}
		}
		if v != "" && v != "null" {
			return v
		}
	}
	return ""
}

// member returns the text at a path of an object, in either spelling of names,
// also if the object is cut off behind it.
func member(object string, path ...string) string {
	if !strings.HasPrefix(object, "{") {
		return ""
	}
	if v := finding.MemberID([]byte(object), path...); v != "" {
		return v
	}
	upper := make([]string, len(path))
	for i, p := range path {
		upper[i] = strings.ToUpper(p[:1]) + p[1:]
	}
	return finding.MemberID([]byte(object), upper...)
}

// squeeze returns a name in lower case without blanks, dashes, underscores, dots.
func squeeze(name string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '_' || r == '.' {
			return -1
		}
		return r
	}, strings.ToLower(strings.TrimSpace(name)))
}

// moment is a time: seconds since 1970 as the API has it, or a text as the AWS
// CLI and SDKs write it. 1970 itself stands for no time.
type moment time.Time

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (m *moment) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*m = moment{}
	fail := func(err error) error {
		return &json.SemanticError{JSONPointer: dec.StackPointer(), Err: err}
	}
	tok, err := dec.ReadToken()
	if err != nil {
		return err
	}
	switch tok.Kind() {
	case 'n':
		return nil
	case '"', '0':
		t, err := parseTime(tok.String())
		if err != nil {
			return fail(err)
		}
		*m = moment(t)
		return nil
	}
	return fail(errors.New("is not a time"))
}

// parseTime reads a time as a number or a text.
func parseTime(s string) (time.Time, error) {
	t, err := finding.ParseTime(s)
	if err != nil {
		seconds, bad := strconv.ParseFloat(strings.TrimSpace(s), 64)
		if bad != nil || math.IsNaN(seconds) {
			return time.Time{}, err
		}
		if math.Abs(seconds) > 1e11 { // milliseconds: 1e11 seconds are the year 5138
			seconds /= 1000
		}
		if seconds < 0 || seconds > 253402300799 {
			return time.Time{}, fmt.Errorf("%.40q is no time since 1970", s)
		}
		whole, part := math.Modf(seconds)
		t = time.Unix(int64(whole), int64(math.Round(part*1000))*1e6).UTC()
	}
	if t.Equal(time.Unix(0, 0)) {
		return time.Time{}, nil
	}
	return t, nil
}

// folder is "AssessmentEvidenceFolder" of the API reference.
type folder struct {
	ID            text   `json:"id"`
	Date          moment `json:"date"`
	AssessmentID  text   `json:"assessmentId"`
	ControlSetID  text   `json:"controlSetId"`
	ControlID     text   `json:"controlId"`
	ControlName   text   `json:"controlName"`
	Total         int64  `json:"totalEvidence"`
	Configuration int64  `json:"evidenceByTypeConfigurationDataCount"`
	Manual        int64  `json:"evidenceByTypeManualCount"`
	Checks        int64  `json:"evidenceByTypeComplianceCheckCount"`
	Activity      int64  `json:"evidenceByTypeUserActivityCount"`
}

// control is "AssessmentControl" of the API reference.
type control struct {
	ID       text      `json:"id"`
	Name     text      `json:"name"`
	Status   text      `json:"status"`
	Response text      `json:"response"`
	Comments []comment `json:"comments"`
	Evidence amount    `json:"evidenceCount"`
}

// amount is a number of things. What is none that can be is 0: such numbers only say
// what to look for.
type amount int64

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (a *amount) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	v, err := dec.ReadValue()
	if err != nil {
		return err
	}
	*a = 0
	if n, err := strconv.ParseInt(valueText(v), 10, 32); err == nil && n > 0 {
		*a = amount(n)
	}
	return nil
}

// comment is "ControlComment" of the API reference.
type comment struct {
	Author text `json:"authorName"`
	Body   text `json:"commentBody"`
	Posted text `json:"postedDate"`
}
