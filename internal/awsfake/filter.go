package awsfake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"
)

// filter decides which findings a request gets. A nil filter lets everything
// through.
type filter struct {
	wanted  *node
	matches func(values func(path string) []string) bool

	buffer  bytes.Buffer
	decoder jsontext.Decoder
}

// node is a member of findings that filters look at.
type node struct {
	members map[string]*node
	values  []string
}

// separator joins the members of a path. Names of tags and product fields may
// hold any other character.
const separator = "\x00"

func (n *node) want(path string) {
	for _, name := range strings.Split(path, separator) {
		if n.members == nil {
			n.members = map[string]*node{}
		}
		if n.members[name] == nil {
			n.members[name] = &node{}
		}
		n = n.members[name]
	}
}

func (n *node) get(path string) []string {
	for _, name := range strings.Split(path, separator) {
		if n = n.members[name]; n == nil {
			return nil
		}
	}
	return n.values
}

func (n *node) clear() {
	n.values = n.values[:0]
	for _, m := range n.members {
		m.clear()
	}
}

// read collects the values that are wanted; those of an array's items count as the
// array's.
func (n *node) read(d *jsontext.Decoder) error {
	switch d.PeekKind() {
	case '{':
		if _, err := d.ReadToken(); err != nil {
			return err
		}
		for d.PeekKind() != '}' {
			name, err := d.ReadToken()
			if err != nil {
				return err
			}
			if m := n.members[name.String()]; m != nil {
				err = m.read(d)
			} else {
				err = d.SkipValue()
			}
			if err != nil {
				return err
			}
		}
	case '[':
		if _, err := d.ReadToken(); err != nil {
			return err
		}
		for d.PeekKind() != ']' {
			if err := n.read(d); err != nil {
				return err
			}
		}
	}
	t, err := d.ReadToken()
	if err != nil {
		return err
	}
	if k := t.Kind(); k != '}' && k != ']' && k != 'n' {
		n.values = append(n.values, t.String())
	}
	return nil
}

func (f *filter) match(finding []byte) (bool, error) {
	if f == nil {
		return true, nil
	}
	f.wanted.clear()
	// The decoder reads a buffer without copying it.
	f.buffer = *bytes.NewBuffer(finding)
	f.decoder.Reset(&f.buffer, jsontext.AllowDuplicateNames(true))
	if err := f.wanted.read(&f.decoder); err != nil {
		return false, fmt.Errorf("a finding of the test is not JSON: %w", err)
	}
	return f.matches(f.wanted.get), nil
}

// asffPaths are the members that the filters of GetFindings look at. Those with
// another name than "Member" or "ParentMember" are in the API reference,
// AwsSecurityFindingFilters.
var asffPaths = map[string]string{
	"AwsAccountId":                       "AwsAccountId",
	"AwsAccountName":                     "AwsAccountName",
	"CompanyName":                        "CompanyName",
	"ComplianceAssociatedStandardsId":    "Compliance.AssociatedStandards.StandardsId",
	"ComplianceSecurityControlId":        "Compliance.SecurityControlId",
	"ComplianceStatus":                   "Compliance.Status",
	"Confidence":                         "Confidence",
	"CreatedAt":                          "CreatedAt",
	"Criticality":                        "Criticality",
	"Description":                        "Description",
	"FindingProviderFieldsSeverityLabel": "FindingProviderFields.Severity.Label",
	"FindingProviderFieldsTypes":         "FindingProviderFields.Types",
	"FirstObservedAt":                    "FirstObservedAt",
	"GeneratorId":                        "GeneratorId",
	"Id":                                 "Id",
	"LastObservedAt":                     "LastObservedAt",
	"NoteText":                           "Note.Text",
	"NoteUpdatedBy":                      "Note.UpdatedBy",
	"ProductArn":                         "ProductArn",
	"ProductFields":                      "ProductFields",
	"ProductName":                        "ProductName",
	"RecommendationText":                 "Remediation.Recommendation.Text",
	"RecordState":                        "RecordState",
	"Region":                             "Region",
	"ResourceId":                         "Resources.Id",
	"ResourcePartition":                  "Resources.Partition",
	"ResourceRegion":                     "Resources.Region",
	"ResourceTags":                       "Resources.Tags",
	"ResourceType":                       "Resources.Type",
	"Sample":                             "Sample",
	"SeverityLabel":                      "Severity.Label",
	"SeverityNormalized":                 "Severity.Normalized",
	"SourceUrl":                          "SourceUrl",
	"Title":                              "Title",
	"Type":                               "Types",
	"UpdatedAt":                          "UpdatedAt",
	"UserDefinedFields":                  "UserDefinedFields",
	"VerificationState":                  "VerificationState",
	"WorkflowState":                      "WorkflowState",
	"WorkflowStatus":                     "Workflow.Status",
}

// condition is one filter on one member, of any kind.
type condition struct {
	Comparison string
	Value      json.RawMessage // a string or a boolean
	Key        string
	Start, End string
	DateRange  *struct {
		Unit, Comparison string
		Value            int
	}
	Eq, Gt, Gte, Lt, Lte *float64
}

func (c *condition) text() string {
	var text string
	if json.Unmarshal(c.Value, &text) != nil {
		return string(c.Value)
	}
	return text
}

// negative says whether a finding must pass the condition and all others that are
// negative; of those that are not, one is enough.
func (c *condition) negative() bool {
	return strings.Contains(c.Comparison, "NOT_")
}

// check refuses what the fake does not know.
func (c *condition) check() error {
	switch c.Comparison {
	case "", "EQUALS", "NOT_EQUALS", "PREFIX", "PREFIX_NOT_EQUALS", "CONTAINS", "NOT_CONTAINS", "CONTAINS_WORD":
	default:
		return invalid("securityhub", "unknown comparison "+c.Comparison)
	}
	if c.DateRange != nil && c.DateRange.Unit != "DAYS" {
		return invalid("securityhub", "unknown unit "+c.DateRange.Unit)
	}
	return nil
}

// holds says whether the condition holds for a member's values.
func (c *condition) holds(values []string, now time.Time) bool {
	some := func(is func(string) bool) bool { return slices.ContainsFunc(values, is) }
	switch {
	case c.Start != "" || c.End != "" || c.DateRange != nil:
		return some(func(v string) bool { return c.holdsTime(v, now) })
	case c.Eq != nil || c.Gt != nil || c.Gte != nil || c.Lt != nil || c.Lte != nil:
		return some(c.holdsNumber)
	}
	text := c.text()
	switch c.Comparison {
	case "NOT_EQUALS":
		return !slices.Contains(values, text)
	case "PREFIX":
		return some(func(v string) bool { return strings.HasPrefix(v, text) })
	case "PREFIX_NOT_EQUALS":
		return !some(func(v string) bool { return strings.HasPrefix(v, text) })
	case "CONTAINS":
		return some(func(v string) bool { return strings.Contains(v, text) })
	case "NOT_CONTAINS":
		return !some(func(v string) bool { return strings.Contains(v, text) })
	case "CONTAINS_WORD":
		return some(func(v string) bool {
			return slices.Contains(strings.FieldsFunc(v, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), text)
		})
	}
	return slices.Contains(values, text)
}

func (c *condition) holdsTime(value string, now time.Time) bool {
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return false
	}
	if r := c.DateRange; r != nil {
		within := !t.Before(now.AddDate(0, 0, -r.Value))
		return within == (r.Comparison != "OLDER_THAN")
	}
	if start, err := time.Parse(time.RFC3339, c.Start); c.Start != "" && (err != nil || t.Before(start)) {
		return false
	}
	if end, err := time.Parse(time.RFC3339, c.End); c.End != "" && (err != nil || t.After(end)) {
		return false
	}
	return true
}

func (c *condition) holdsNumber(value string) bool {
	n, err := strconv.ParseFloat(value, 64)
	return err == nil &&
		(c.Eq == nil || n == *c.Eq) && (c.Gt == nil || n > *c.Gt) && (c.Gte == nil || n >= *c.Gte) &&
		(c.Lt == nil || n < *c.Lt) && (c.Lte == nil || n <= *c.Lte)
}

// asffFilter reads the Filters of GetFindings. Conditions on one member are joined
// by OR, negative ones by AND; members are joined by AND.
func asffFilter(text json.RawMessage, now time.Time) (*filter, error) {
	var members map[string][]condition
	if len(text) > 0 {
		if err := json.Unmarshal(text, &members); err != nil {
			return nil, invalid("securityhub", "Filters: "+err.Error())
		}
	}
	if len(members) == 0 {
		return nil, nil
	}
	f := &filter{wanted: &node{}}
	pathOf := func(member string, c *condition) string {
		path := strings.ReplaceAll(asffPaths[member], ".", separator)
		if c.Key != "" {
			path += separator + c.Key
		}
		return path
	}
	names := slices.Sorted(maps.Keys(members))
	for _, name := range names {
		if asffPaths[name] == "" {
			return nil, invalid("securityhub", "the fake does not know the filter "+name)
		}
		for i := range members[name] {
			if err := members[name][i].check(); err != nil {
				return nil, err
			}
			f.wanted.want(pathOf(name, &members[name][i]))
		}
	}
	f.matches = func(values func(string) []string) bool {
		for _, name := range names {
			asked, found := false, false
			for i := range members[name] {
				c := &members[name][i]
				holds := c.holds(values(pathOf(name, c)), now)
				if c.negative() {
					if !holds {
						return false
					}
					continue
				}
				asked, found = true, found || holds
			}
			if asked && !found {
				return false
			}
		}
		return true
	}
	return f, nil
}

// composite is a CompositeFilter of GetFindingsV2.
type composite struct {
	BooleanFilters, DateFilters, MapFilters, NumberFilters, StringFilters []struct {
		FieldName string
		Filter    condition
	}
	IpFilters              []json.RawMessage
	NestedCompositeFilters []composite
	Operator               string
}

// ocsfFilter reads the Filters of GetFindingsV2.
func ocsfFilter(text json.RawMessage, now time.Time) (*filter, error) {
	var top struct {
		CompositeFilters  []composite
		CompositeOperator string
	}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &top); err != nil {
			return nil, invalid("securityhub", "Filters: "+err.Error())
		}
	}
	if len(top.CompositeFilters) == 0 {
		return nil, nil
	}
	f := &filter{wanted: &node{}}
	all := composite{NestedCompositeFilters: top.CompositeFilters, Operator: top.CompositeOperator}
	var err error
	f.matches, err = all.compile(f.wanted, now)
	return f, err
}

// compile returns what decides on a composite filter, and wants the members that
// it looks at.
func (c *composite) compile(wanted *node, now time.Time) (func(func(string) []string) bool, error) {
	if len(c.IpFilters) > 0 {
		return nil, invalid("securityhub", "the fake does not know IpFilters")
	}
	var parts []func(func(string) []string) bool
	for _, list := range [][]struct {
		FieldName string
		Filter    condition
	}{c.BooleanFilters, c.DateFilters, c.MapFilters, c.NumberFilters, c.StringFilters} {
		for _, item := range list {
			if err := item.Filter.check(); err != nil {
				return nil, err
			}
			path := strings.ReplaceAll(item.FieldName, ".", separator)
			if item.Filter.Key != "" {
				path += separator + item.Filter.Key
			}
			wanted.want(path)
			parts = append(parts, func(values func(string) []string) bool { return item.Filter.holds(values(path), now) })
		}
	}
	for i := range c.NestedCompositeFilters {
		part, err := c.NestedCompositeFilters[i].compile(wanted, now)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	or := c.Operator == "OR"
	return func(values func(string) []string) bool {
		for _, part := range parts {
			if part(values) == or {
				return or
			}
		}
		return !or
	}, nil
}
