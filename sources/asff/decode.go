package asff

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
)

// decode reads one finding. The finding's Raw is raw itself. Errors come
// without position in the input; the caller adds it.
func decode(raw []byte) (*shca.Finding, *shca.FindingError) {
	var w wireFinding
	if err := json.Unmarshal(raw, &w); err != nil {
		return nil, decodeError(raw, err)
	}
	f, field, err := w.finding()
	if err != nil {
		return nil, &shca.FindingError{ID: w.ID, Field: field, Err: err}
	}
	f.Raw = raw
	return f, nil
}

// finding turns the members into the model, and names the member at fault if
// it cannot.
func (w *wireFinding) finding() (f *shca.Finding, field string, err error) {
	if w.ID == "" {
		return nil, "/Id", errors.New("missing; without it the finding's newest copy cannot be told")
	}
	f = &shca.Finding{
		Source: sourceName,
		ID:     w.ID, ProductARN: w.ProductARN, ProductName: w.ProductName, GeneratorID: w.GeneratorID,
		AccountID: string(w.AccountID), AccountName: w.AccountName,
		Types: w.Types, Title: w.Title, Description: w.Description,
		Remediation: shca.Remediation{Text: w.Remediation.Recommendation.Text, URL: w.Remediation.Recommendation.URL},
		Note:        shca.Note{Text: w.Note.Text, UpdatedBy: w.Note.UpdatedBy, UpdatedAt: time.Time(w.Note.UpdatedAt)},
		Workflow:    cmp.Or(w.Workflow.Status, w.WorkflowState),
		RecordState: cmp.Or(w.RecordState, "ACTIVE"),
		CreatedAt:   time.Time(w.CreatedAt), UpdatedAt: time.Time(w.UpdatedAt),
		FirstObservedAt: time.Time(w.FirstObserved), LastObservedAt: time.Time(w.LastObserved),
		ProcessedAt: time.Time(w.ProcessedAt),
		Severity:    cmp.Or(w.Severity.severity(), w.ProviderFields.Severity.severity()),
	}
	if f.RecordState != "ACTIVE" && f.RecordState != "ARCHIVED" {
		return nil, "/RecordState", fmt.Errorf("%.40q is neither ACTIVE nor ARCHIVED", f.RecordState)
	}
	if !slices.Contains(workflows, f.Workflow) {
		return nil, "/Workflow/Status", fmt.Errorf("%.40q is none of NEW, NOTIFIED, RESOLVED, SUPPRESSED", f.Workflow)
	}
	for _, r := range w.Resources {
		f.Resources = append(f.Resources, shca.Resource{ID: r.ID, Type: r.Type, Region: r.Region, Partition: r.Partition})
	}
	if len(f.Resources) == 0 && w.ProductFields.resourceID != "" {
		f.Resources = []shca.Resource{{ID: w.ProductFields.resourceID}}
	}
	w.place(f)
	if w.ProductFields.relatedType == "AWS::Config::ConfigRule" {
		f.ConfigRule = w.ProductFields.relatedName
	}
	f.ConfigRule = cmp.Or(f.ConfigRule, w.ProductFields.configRule)
	var controls stringList
	if c := w.Compliance; c != nil {
		switch s := shca.ComplianceStatus(c.Status); s {
		case shca.NoStatus, shca.Passed, shca.Failed, shca.Warning, shca.NotAvailable:
			f.Status = s
		default:
			return nil, "/Compliance/Status", fmt.Errorf("%.40q is none of PASSED, FAILED, WARNING, NOT_AVAILABLE", c.Status)
		}
		f.Standards = c.AssociatedStandards
		f.Requirements = c.RelatedRequirements
		for _, r := range c.StatusReasons {
			f.StatusReasons = append(f.StatusReasons, shca.StatusReason{Code: r.ReasonCode, Description: r.Description})
		}
		controls = c.SecurityControlID
	}
	for _, id := range controls {
		if id != controls[0] {
			return nil, "/Compliance/SecurityControlId", fmt.Errorf("names two checks, %.40q and %.40q; a finding has one", controls[0], id)
		}
	}
	if len(f.Standards) == 0 && w.ProductFields.standardsARN != "" {
		f.Standards = []string{w.ProductFields.standardsARN}
	}
	f.Check = w.check(controls)
	f.Title = w.title(f.Check)
	return f, "", nil
}

// workflows are the values of Workflow.Status, and those of the older
// WorkflowState. A misspelt one must not pass for "not suppressed".
var workflows = []string{"", "NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED", "ASSIGNED", "IN_PROGRESS", "DEFERRED"}

// place fills in region and partition from the finding's other members where
// the producer left them out: its resources, its id, its product.
func (w *wireFinding) place(f *shca.Finding) {
	f.Region = w.Region
	for _, r := range f.Resources {
		f.Region = cmp.Or(f.Region, r.Region)
		f.Partition = cmp.Or(f.Partition, r.Partition)
	}
	for _, arn := range []string{f.ID, f.ProductARN, f.ResourceID()} {
		part := strings.SplitN(arn, ":", 6)
		if len(part) == 6 && part[0] == "arn" {
			f.Partition = cmp.Or(f.Partition, part[1])
			f.Region = cmp.Or(f.Region, part[3])
			if strings.Trim(part[4], "0123456789") == "" && len(part[4]) == 12 {
				f.AccountID = cmp.Or(f.AccountID, part[4])
			}
		}
	}
}

// generator matches the generator ids of Security Hub's own standards, in
// which the check's id comes last: "security-control/S3.8",
// "nist-800-53/v/5.0.0/S3.8",
// "aws-foundational-security-best-practices/v/1.0.0/S3.8".
var generator = regexp.MustCompile(`^(?:security-control|[a-z0-9-]+/v/[0-9.]+)/([A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+)*\.[0-9]+)$`)

// check returns the finding's check: the security control id, else the control
// id of an older finding, else the generator's. Ids that are numbers only, as
// in the CIS standards, mean different checks in different standards, so there
// the whole generator id is the check.
func (w *wireFinding) check(controls stringList) shca.CheckID {
	if len(controls) > 0 && controls[0] != "" {
		return shca.CheckID(controls[0])
	}
	if id := w.ProductFields.controlID; id != "" && strings.Trim(id, "0123456789.") != "" {
		return shca.CheckID(id)
	}
	if m := generator.FindStringSubmatch(w.GeneratorID); m != nil {
		return shca.CheckID(m[1])
	}
	if rule := w.ProductFields.configRule; rule != "" && strings.HasSuffix(w.ProductARN, ":product/aws/config") {
		return shca.CheckID("config-rule/" + rule) // the generator is another in each account and Region
	}
	id := cmp.Or(w.GeneratorID, w.ProductARN, w.ID)
	if _, rule, ok := strings.Cut(id, ":securityhub:::ruleset/"); ok {
		id = rule // the same rule in every partition
	}
	return shca.CheckID(id)
}

// title drops the check's id from the front of the title, where findings of
// single standards have it and consolidated ones do not.
func (w *wireFinding) title(check shca.CheckID) string {
	for _, id := range []string{string(check), w.ProductFields.controlID, w.ProductFields.ruleID} {
		if !strings.ContainsAny(id, "0123456789") {
			continue // a product's name, not a check's number
		}
		if rest, ok := strings.CutPrefix(w.Title, id+" "); ok {
			return rest
		}
	}
	return w.Title
}

// decodeError says which member is at fault, and finds the finding's id where
// that can be read.
func decodeError(raw []byte, err error) *shca.FindingError {
	e := &shca.FindingError{ID: findID(raw), Err: err}
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &semantic):
		e.Field = string(semantic.JSONPointer)
		switch {
		case semantic.Err != nil && !errors.As(semantic.Err, &syntactic):
			e.Err = semantic.Err
		case semantic.JSONKind != 0 && semantic.GoType != nil:
			e.Err = fmt.Errorf("wrong type: a JSON %s, where %s is expected", kindName(semantic.JSONKind), typeName(semantic.GoType))
		}
	case errors.As(err, &syntactic):
		e.Field = string(syntactic.JSONPointer)
		e.Err = fmt.Errorf("broken JSON at byte %d of the finding: %w", syntactic.ByteOffset, syntactic.Err)
	}
	return e
}

func kindName(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "boolean"
	case '0':
		return "number"
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "list"
	}
	return "value"
}

// typeName names, with its article, the JSON type that a Go type is read from.
func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "a list"
	}
	return "an object"
}

// findID returns the finding's own Id if it can be read before the text
// breaks, else "".
func findID(raw []byte) string {
	dec := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '{' {
		return ""
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return ""
		}
		if name.String() == "Id" && dec.PeekKind() == '"' {
			if id, err := dec.ReadToken(); err == nil {
				return id.String()
			}
			return ""
		}
		if dec.SkipValue() != nil {
			return ""
		}
	}
	return ""
}
