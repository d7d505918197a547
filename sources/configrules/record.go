// Package configrules reads what AWS Config found: evaluations of its rules, one
// for each resource, and the compliance of the rules of conformance packs. It
// reads the answers of Config's API from files and from the service itself, and
// is for packages sources and collect.
//
// What a rule is evidence for is decided in package mapping. Rules that Security
// Hub deployed for its own checks are read like others here; mapping counts them
// once.
package configrules

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/internal/finding"
	"github.com/go-shca/shca/sources/stream"
)

// RuleType is the type of the one resource of a finding that is about a rule as
// a whole: what Config says of a rule without naming resources. Such a finding
// repeats what evaluations of the same rule in the same account and Region say,
// where there are any.
const RuleType = finding.ConfigRuleType

// Codes of the status reasons. The first two are Security Hub's own for the same
// cases (Security Hub user guide, "Compliance details for control findings").
const (
	NotApplicable = "CONFIG_RETURNS_NOT_APPLICABLE" // the rule does not apply to the resource; never scored
	NoData        = "CONFIG_EVALUATIONS_EMPTY"      // there are no evaluations yet: INSUFFICIENT_DATA
	Proactive     = "CONFIG_EVALUATION_PROACTIVE"   // of a resource that was not deployed yet; never scored
	Annotation    = "CONFIG_ANNOTATION"             // what the rule wrote about the resource
)

// Record is one evaluation together with what the answer around it and other
// answers say, so that it can be read by itself. It is the Raw of a finding, and
// the finding of a snapshot's line. Members that are not known are empty.
type Record struct {
	AccountID        string `json:"AccountId"`
	Region           string `json:"Region"`
	Partition        string `json:"Partition,omitempty"`
	ConformancePack  string `json:"ConformancePackName,omitempty"`
	ConfigRule       string `json:"ConfigRuleName"` // as the account names it
	SourceOwner      string `json:"SourceOwner,omitempty"`
	SourceIdentifier string `json:"SourceIdentifier,omitempty"` // of a managed rule: ACCESS_KEYS_ROTATED
	RuleDescription  string `json:"RuleDescription,omitempty"`
	ResourceARN      string `json:"ResourceArn,omitempty"`

	// Input is the file that the answer was in. Where neither that nor the answer
	// says which account it is of, files may be of several, whose resources have
	// the same names.
	Input string `json:"Input,omitempty"`

	// Evaluation is the item of Config's answer as it was, but for white space:
	// an EvaluationResult and its like, or a ConformancePackRuleCompliance and
	// its like, which are about a rule as a whole.
	Evaluation jsontext.Value `json:"Evaluation"`
}

// Append appends the record in JSON, on one line, to b.
func (r *Record) Append(b []byte) ([]byte, error) {
	text, err := json.Marshal(r, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true), jsontext.PreserveRawStrings(true))
	if err != nil {
		return b, fmt.Errorf("config: an evaluation is not JSON: %w", err)
	}
	return append(b, text...), nil
}

// Format reads findings from records.
var Format = stream.Format{
	Name:    shca.SourceConfig,
	Markers: []string{"AccountId", "Region", "Partition", "ConformancePackName", "ConfigRuleName", "SourceOwner", "SourceIdentifier", "RuleDescription", "ResourceArn", "Evaluation"},
	Decode:  Decode,
	ID:      ID,
}

// item is what is read of an item of any of Config's answers. The names of
// members begin with a capital letter in answers, and with a small one in some
// of AWS's texts.
type item struct {
	Identifier *struct {
		Qualifier struct {
			ConfigRule     string `json:"ConfigRuleName"`
			ResourceType   string
			ResourceID     string `json:"ResourceId"`
			EvaluationMode string
		} `json:"EvaluationResultQualifier"`
	} `json:"EvaluationResultIdentifier"`
	ComplianceType string
	Annotation     string
	Recorded       moment `json:"ResultRecordedTime"`
	Invoked        moment `json:"ConfigRuleInvokedTime"`

	// Of aggregators.
	AccountID string `json:"AccountId"`
	Region    string `json:"AwsRegion"`

	// Of rules as a whole.
	ConfigRule string `json:"ConfigRuleName"`
	Controls   []string
	Compliance struct{ ComplianceType string }
}

func (i *item) rule() string {
	if i.Identifier != nil {
		return i.Identifier.Qualifier.ConfigRule
	}
	return i.ConfigRule
}

// item reads the record's evaluation.
func (r *Record) item() (*item, error) {
	i := &item{}
	return i, json.Unmarshal(r.Evaluation, i, json.MatchCaseInsensitiveNames(true))
}

// ID returns the id of the finding that raw, a record that is broken, would have
// been, or "".
func ID(raw []byte) string {
	var r Record
	if json.Unmarshal(raw, &r) != nil {
		return ""
	}
	i, err := r.item()
	if err != nil {
		return ""
	}
	return r.subject(i).id()
}

// subject is what an evaluation is of. Two with the same subject are one and the
// same finding at different times. The conformance pack is no part of it: where
// two packs have deployed the same managed rule, the newer evaluation counts.
type subject struct {
	account, region, rule, resourceType, resource, mode string
	input                                               string // of a resource whose name tells nothing elsewhere
}

// everywhere matches ids of resources that only one resource of all accounts has:
// ARNs, ids that EC2 makes, unique ids of IAM, and accounts (IAM user guide, "Unique
// identifiers").
var everywhere = regexp.MustCompile(`^(?:arn:.+|[a-z]+-[0-9a-f]{17}|A(?:IDA|ROA|GPA|NPA)[A-Z0-9]{12,}|[0-9]{12})$`)

func (r *Record) subject(i *item) subject {
	s := subject{account: r.AccountID, region: r.Region}
	if s.account == "" {
		s.account = i.AccountID
	}
	if s.region == "" {
		s.region = i.Region
	}
	name := r.ConfigRule
	if name == "" {
		name = i.rule()
	}
	s.rule = finding.ConfigRule(name)
	if identifier := r.SourceIdentifier; identifier != "" && (r.SourceOwner == "" || r.SourceOwner == "AWS") {
		s.rule = finding.ConfigRule(identifier)
	}
	if s.account == "" {
		s.input = r.Input
	}
	if i.Identifier == nil {
		s.resourceType, s.resource = RuleType, name
		return s
	}
	q := &i.Identifier.Qualifier
	s.resourceType, s.resource = q.ResourceType, q.ResourceID
	if mode := strings.ToUpper(q.EvaluationMode); mode != "" && mode != "DETECTIVE" {
		s.mode = mode
	}
	if everywhere.MatchString(s.resource) || s.resourceType == "AWS::S3::Bucket" {
		s.input = ""
	}
	return s
}

// id returns the same id for the same subject and for no other, "" if it is of
// no rule or no resource.
func (s subject) id() string {
	if s.rule == "" || s.resource == "" {
		return ""
	}
	parts := []string{"config", s.account, s.region, s.rule, s.resourceType, s.resource}
	if s.mode != "" {
		parts = append(parts, s.mode)
	}
	if s.input != "" {
		parts = append(parts, "of", s.input)
	}
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}

// Decode reads the finding of a record, which stays its Raw. Errors come without
// position in the input; the caller adds it.
func Decode(raw []byte) (*shca.Finding, *shca.FindingError) {
	var r Record
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, finding.DecodeError(raw, err, "")
	}
	if len(bytes.TrimSpace(r.Evaluation)) == 0 {
		return nil, &shca.FindingError{Field: "/Evaluation", Err: errors.New("missing: there is no evaluation to read")}
	}
	i, err := r.item()
	if err != nil {
		e := finding.DecodeError(r.Evaluation, err, "")
		e.Field = "/Evaluation" + e.Field
		return nil, e
	}
	f, field, err := r.finding(i)
	if err != nil {
		return nil, &shca.FindingError{ID: r.subject(i).id(), Field: field, Err: err}
	}
	f.Raw = raw
	return f, nil
}

// finding makes the finding, and names the member at fault if it cannot.
func (r *Record) finding(i *item) (f *shca.Finding, field string, err error) {
	s := r.subject(i)
	const qualifier = "/Evaluation/EvaluationResultIdentifier/EvaluationResultQualifier"
	switch {
	case s.rule == "" && i.Identifier != nil:
		return nil, qualifier + "/ConfigRuleName", errors.New("missing; without it the evaluation is of no rule")
	case s.rule == "":
		return nil, "/Evaluation/ConfigRuleName", errors.New("missing; without it the evaluation is of no rule")
	case s.resource == "":
		return nil, qualifier + "/ResourceId", errors.New("missing; without it the evaluation is of no resource")
	}
	f = &shca.Finding{
		Source: shca.SourceConfig, ProductName: "AWS Config",
		ID:        s.id(),
		AccountID: s.account, Region: s.region, Partition: r.Partition,
		ConfigRule:   s.rule,
		RecordState:  "ACTIVE",
		Title:        "AWS Config rule " + s.rule,
		Description:  r.RuleDescription,
		Requirements: i.Controls,
		Resources:    []shca.Resource{{ID: resourceID(r, s), Type: s.resourceType, Region: s.region, Partition: r.Partition}},
	}
	if r.ResourceARN != "" && r.ResourceARN != s.resource {
		f.Resources[0].Alias = s.resource
	}
	f.UpdatedAt, f.LastObservedAt = time.Time(i.Recorded), time.Time(i.Recorded)
	if f.UpdatedAt.IsZero() {
		f.UpdatedAt, f.LastObservedAt = time.Time(i.Invoked), time.Time(i.Invoked)
	}

	compliance, member := i.ComplianceType, "/Evaluation/ComplianceType"
	if compliance == "" && i.Identifier == nil {
		compliance, member = i.Compliance.ComplianceType, "/Evaluation/Compliance/ComplianceType"
	}
	var reason shca.StatusReason
	switch strings.ToUpper(compliance) {
	case "COMPLIANT":
		f.Status = shca.Passed
	case "NON_COMPLIANT":
		f.Status = shca.Failed
	case "NOT_APPLICABLE":
		// There is nothing to decide. Security Hub archives its findings of this case
		// (Security Hub user guide, "Compliance details for control findings").
		f.Status = shca.NoStatus
		reason = shca.StatusReason{Code: NotApplicable, Description: "The rule does not apply to the resource."}
	case "INSUFFICIENT_DATA":
		f.Status = shca.NotAvailable
		reason = shca.StatusReason{Code: NoData, Description: "AWS Config has no evaluations: it has not recorded resources that the rule is about, or has not evaluated it yet."}
	case "":
		return nil, "/Evaluation/ComplianceType", errors.New("missing; without it the evaluation has no outcome")
	default:
		return nil, member, fmt.Errorf("%.40q is none of COMPLIANT, NON_COMPLIANT, NOT_APPLICABLE, INSUFFICIENT_DATA", compliance)
	}
	if s.mode != "" {
		f.Status = shca.NoStatus // says nothing about what is deployed
		reason = shca.StatusReason{Code: Proactive, Description: "An evaluation in mode " + s.mode + " returned " + strings.ToUpper(compliance) + " for a resource before it was deployed."}
	}
	if reason.Code != "" {
		f.StatusReasons = append(f.StatusReasons, reason)
	}
	if i.Annotation != "" {
		f.Description = i.Annotation
		f.StatusReasons = append(f.StatusReasons, shca.StatusReason{Code: Annotation, Description: i.Annotation})
	}
	check := "config-rule/" + s.rule
	if err := finding.Complete(f, finding.Marks{Controls: []string{check}}); err != nil {
		return nil, "", err // there is but one
	}
	return f, "", nil
}

// resourceID names the resource as Security Hub does: by its ARN where that is
// known, and an account by what Security Hub writes for one.
func resourceID(r *Record, s subject) string {
	switch {
	case r.ResourceARN != "":
		return r.ResourceARN
	case s.resourceType == accountType && shca.IsAccountID(s.resource):
		return accountType + ":" + s.resource
	}
	return s.resource
}

// accountType is the type of an account as a resource.
const accountType = "AWS::::Account"
