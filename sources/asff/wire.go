package asff

import (
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

// wireFinding has the members of an ASFF finding that an assessment needs
// (Security Hub user guide, "AWS Security Finding Format syntax"). All others
// are skipped here and travel in the raw bytes. The member types accept what
// producers write besides what the format asks for.
type wireFinding struct {
	ID             string `json:"Id"`
	ProductARN     string `json:"ProductArn"`
	ProductName    string
	GeneratorID    string    `json:"GeneratorId"`
	AccountID      accountID `json:"AwsAccountId"`
	AccountName    string    `json:"AwsAccountName"`
	Region         string
	Types          stringList
	Title          string
	Description    string
	RecordState    string
	WorkflowState  string // the format's older name for Workflow.Status
	CreatedAt      timestamp
	UpdatedAt      timestamp
	FirstObserved  timestamp `json:"FirstObservedAt"`
	LastObserved   timestamp `json:"LastObservedAt"`
	ProcessedAt    timestamp
	Severity       wireSeverity
	ProviderFields struct {
		Severity wireSeverity
	} `json:"FindingProviderFields"`
	Workflow struct {
		Status string
	}
	Compliance *struct {
		Status              string
		RelatedRequirements stringList
		SecurityControlID   stringList `json:"SecurityControlId"`
		AssociatedStandards standards
		StatusReasons       []struct {
			ReasonCode  string
			Description string
		}
	}
	Remediation struct {
		Recommendation struct {
			Text string
			URL  string `json:"Url"`
		}
	}
	ProductFields productFields
	Note          struct {
		Text      string
		UpdatedBy string
		UpdatedAt timestamp
	}
	Resources []struct {
		ID        string `json:"Id"`
		Type      string
		Region    string
		Partition string
		Details   finding.Alias
	}
}

// wireSeverity takes the label, or what it can be derived from. Original is of
// any type in practice and is not read.
type wireSeverity struct {
	Label      string
	Normalized number
}

// severity returns the label's severity; without a label that of Normalized.
// Product is not asked: its scale is the product's own.
func (s wireSeverity) severity() shca.Severity {
	if sev, ok := shca.ParseSeverity(s.Label); ok {
		return sev
	}
	if s.Normalized.set {
		return shca.SeverityFromNormalized(s.Normalized.value)
	}
	return shca.SeverityUnknown
}

// number is a JSON number or a number in a string.
type number struct {
	value float64
	set   bool
}

func (n *number) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	tok, err := dec.ReadToken()
	if err != nil {
		return err
	}
	switch tok.Kind() {
	case 'n':
		return nil
	case '0':
		n.value, err = tok.Float()
		n.set = err == nil
		return err
	case '"':
		text := tok.String()
		if n.value, err = strconv.ParseFloat(strings.TrimSpace(text), 64); err != nil || math.IsNaN(n.value) || math.IsInf(n.value, 0) {
			return fmt.Errorf("%.40q is not a number", text)
		}
		n.set = true
		return nil
	}
	return errors.New("a number is expected here")
}

// accountID is a string, or a number that has lost its leading zeros: AWS
// account ids have 12 digits.
type accountID string

func (a *accountID) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	tok, err := dec.ReadToken()
	if err != nil {
		return err
	}
	switch tok.Kind() {
	case 'n':
		return nil
	case '"':
		*a = accountID(tok.String())
		return nil
	case '0':
		text := tok.String()
		if n, err := strconv.ParseUint(text, 10, 64); err == nil && len(text) <= 12 {
			*a = accountID(fmt.Sprintf("%012d", n))
			return nil
		}
		return fmt.Errorf("%.40s is not an account id of 12 digits", text)
	}
	return errors.New("a string is expected here")
}

// stringList is a list of strings, or one string.
type stringList []string

func (l *stringList) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	switch dec.PeekKind() {
	case '"':
		tok, err := dec.ReadToken()
		if err == nil {
			*l = stringList{tok.String()}
		}
		return err
	}
	return json.UnmarshalDecode(dec, (*[]string)(l))
}

// standards is Compliance.AssociatedStandards: objects with a StandardsId, or
// the bare ids.
type standards []string

func (l *standards) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() != '[' {
		return (*stringList)(l).UnmarshalJSONFrom(dec)
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != ']' {
		if dec.PeekKind() == '"' {
			tok, err := dec.ReadToken()
			if err != nil {
				return err
			}
			*l = append(*l, tok.String())
			continue
		}
		var standard struct {
			ID string `json:"StandardsId"`
		}
		if err := json.UnmarshalDecode(dec, &standard); err != nil {
			return err
		}
		if standard.ID != "" {
			*l = append(*l, standard.ID)
		}
	}
	_, err := dec.ReadToken()
	return err
}

// timestamp is a time as [finding.ParseTime] reads it.
type timestamp time.Time

func (t *timestamp) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	tok, err := dec.ReadToken()
	if err != nil {
		return err
	}
	switch tok.Kind() {
	case 'n':
		return nil
	case '"':
		parsed, err := finding.ParseTime(tok.String())
		*t = timestamp(parsed)
		return err
	}
	return errors.New("a time in a string is expected here")
}

// productFields has the members of ProductFields that tell a finding's check
// and resource where newer members are missing.
type productFields finding.Marks

func (p *productFields) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	// Producers of other shapes than an object name no check here.
	return finding.EachMember(dec, func(name string) error {
		var field *string
		switch name {
		case "ControlId":
			field = &p.ControlID
		case "aws/config/ConfigRuleName":
			field = &p.ConfigRule
		case "RuleId":
			field = &p.RuleID
		case "StandardsArn", "StandardsGuideArn":
			field = &p.StandardsARN
		case "Resources:0/Id":
			field = &p.ResourceID
		case "RelatedAWSResources:0/name":
			field = &p.RelatedName
		case "RelatedAWSResources:0/type":
			field = &p.RelatedType
		}
		if field == nil || dec.PeekKind() != '"' {
			return dec.SkipValue()
		}
		value, err := dec.ReadToken()
		if err == nil {
			*field = value.String()
		}
		return err
	})
}
