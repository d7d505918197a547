package redact

import (
	"slices"
	"strings"

	"github.com/go-shca/shca"
)

// evaluation is a finding of AWS Config as package sources/configrules has one,
// with what an assessment reads of it.
type evaluation struct {
	AccountID       string `json:"AccountId"`
	Region          string `json:"Region"`
	Partition       string `json:",omitempty"`
	ConfigRule      string `json:"ConfigRuleName"`
	RuleDescription string `json:",omitempty"`
	ResourceARN     string `json:"ResourceArn,omitempty"`
	Evaluation      struct {
		Identifier     *evaluated `json:"EvaluationResultIdentifier,omitempty"`
		ConfigRule     string     `json:"ConfigRuleName,omitempty"` // of a rule as a whole
		Controls       []string   `json:",omitempty"`
		ComplianceType string
		Recorded       string `json:"ResultRecordedTime,omitempty"`
	}
}

type evaluated struct {
	Qualifier struct {
		ConfigRule     string `json:"ConfigRuleName"`
		ResourceType   string
		ResourceID     string `json:"ResourceId"`
		EvaluationMode string `json:",omitempty"`
	} `json:"EvaluationResultQualifier"`
}

const ruleType = "AWS::Config::ConfigRule"

func evaluationOf(f *shca.Finding) evaluation {
	w := evaluation{AccountID: f.AccountID, Region: f.Region, Partition: f.Partition, ConfigRule: f.ConfigRule, RuleDescription: f.Description}
	e := &w.Evaluation
	e.Controls, e.Recorded = f.Requirements, moment(f.UpdatedAt)
	gives := func(code string) bool {
		return slices.ContainsFunc(f.StatusReasons, func(s shca.StatusReason) bool { return s.Code == code })
	}
	switch {
	case f.Status == shca.Failed:
		e.ComplianceType = "NON_COMPLIANT"
	case gives("CONFIG_RETURNS_NOT_APPLICABLE"):
		e.ComplianceType = "NOT_APPLICABLE"
	case f.Status == shca.NotAvailable:
		e.ComplianceType = "INSUFFICIENT_DATA"
	default:
		e.ComplianceType = "COMPLIANT"
	}
	var about shca.Resource
	if len(f.Resources) > 0 {
		about = f.Resources[0]
	}
	if about.Type == ruleType {
		w.ConfigRule, e.ConfigRule = about.ID, about.ID
		return w
	}
	e.Identifier = &evaluated{}
	q := &e.Identifier.Qualifier
	q.ConfigRule, q.ResourceType, q.ResourceID = f.ConfigRule, about.Type, about.ID
	if strings.HasPrefix(about.ID, "arn:") {
		w.ResourceARN = about.ID
	}
	if f.Status == shca.NoStatus && e.ComplianceType != "NOT_APPLICABLE" {
		q.EvaluationMode = "PROACTIVE"
	}
	return w
}

// piece is a finding of Audit Manager as package sources/auditmanager has one,
// with what an assessment reads of it.
type piece struct {
	Evidence struct {
		ID              string            `json:"id"`
		DataSource      string            `json:"dataSource"`
		EvidenceByType  string            `json:"evidenceByType"`
		ComplianceCheck string            `json:"complianceCheck,omitempty"`
		AccountID       string            `json:"awsAccountId,omitempty"`
		Time            string            `json:"time,omitempty"`
		Resources       []included        `json:"resourcesIncluded"`
		Attributes      map[string]string `json:"attributes,omitempty"`
	} `json:"auditManagerEvidence"`
	Resource int `json:"resourceIndex"`
	Context  struct {
		Region  string `json:"region,omitempty"`
		Control string `json:"controlName,omitempty"`
	} `json:"assessmentContext"`
}

type included struct {
	ARN             string `json:"arn,omitempty"`
	Value           string `json:"value,omitempty"`
	ComplianceCheck string `json:"complianceCheck,omitempty"`
}

// ownCheck begins the ids of checks of evidence that is no copy of a check that
// has one.
const ownCheck = "auditmanager/" + redacted + "/"

func pieceOf(f *shca.Finding) piece {
	var w piece
	e := &w.Evidence
	e.ID, e.AccountID, e.Time, e.EvidenceByType = f.ID, f.AccountID, moment(f.UpdatedAt), "Compliance check"
	outcome := map[shca.ComplianceStatus]string{
		shca.Passed: "PASSED", shca.Failed: "FAILED", shca.Warning: "WARNING", shca.NotAvailable: "NOT_AVAILABLE",
	}[f.Status]
	if len(f.Resources) == 1 {
		e.Resources = []included{{ARN: f.Resources[0].ID, ComplianceCheck: outcome}}
	} else {
		w.Resource, e.ComplianceCheck, e.Resources = -1, outcome, []included{}
		for _, r := range f.Resources {
			e.Resources = append(e.Resources, included{ARN: r.ID})
		}
	}
	e.Attributes = map[string]string{"findingtitle": f.Title}
	if s := f.Severity.String(); s != "" {
		e.Attributes["findingseverity"] = s
	}
	switch {
	case strings.HasPrefix(string(f.Check), ownCheck):
		e.DataSource = redacted
	case f.ConfigRule != "":
		e.DataSource, e.Attributes["configrulename"] = "AWS Config", f.ConfigRule
	default:
		e.DataSource, e.Attributes["securitycontrolid"] = "AWS Security Hub", string(f.Check)
	}
	w.Context.Region = f.Region
	if len(f.Requirements) > 0 {
		w.Context.Control = f.Requirements[0]
	}
	return w
}

// foreign finishes the copy g of a finding that is neither ASFF nor OCSF: what the
// reader of its record derives is derived from what is redacted.
func (r *Redactor) foreign(f, g *shca.Finding) {
	switch f.Source {
	case shca.SourceConfig:
		g.Check = "config-rule/" + shca.CheckID(g.ConfigRule)
		g.Title = "AWS Config rule " + g.ConfigRule
		for i, s := range f.StatusReasons {
			if strings.HasPrefix(s.Code, "CONFIG_") {
				g.StatusReasons[i].Code = r.unless(reasonCode, s.Code)
			}
		}
		for i := range g.Resources {
			if name := f.Resources[i].ID; f.Resources[i].Type == ruleType {
				// What is put around the rule's name in the account is taken off again
				// by whoever reads it.
				if g.Resources[i].ID = g.ConfigRule; name != f.ConfigRule {
					g.Resources[i].ID += "-conformance-pack-" + r.token(name)[:9]
				}
			}
		}
	case shca.SourceAuditManager:
		switch {
		case f.ConfigRule != "" && strings.HasPrefix(string(f.Check), "config-rule/"):
			g.Check = "config-rule/" + shca.CheckID(g.ConfigRule)
		case r.check(f.Check) || hubCheck.MatchString(string(f.Check)):
			g.Check, g.ConfigRule = f.Check, ""
		default:
			g.Title = r.name(string(f.Check))
			g.Check, g.ConfigRule = shca.CheckID(ownCheck+g.Title), ""
		}
		for i, s := range f.StatusReasons {
			g.StatusReasons[i].Code = r.unless(reasonCode, s.Code)
		}
	}
}

// setting returns a redacted copy of a check's setting. Checks and what standards
// require of them are public; why somebody disabled one is not.
func (r *Redactor) setting(s *shca.CheckSetting) *shca.CheckSetting {
	c := &shca.CheckSetting{
		Source: r.source(s.Source), AccountID: r.account(s.AccountID), Region: r.region(s.Region),
		Check: r.checkID(s.Check, true), Standard: r.standard(s.Standard),
		Enabled: s.Enabled, Reason: r.text(s.Reason), UpdatedAt: s.UpdatedAt, Severity: s.Severity,
		Requirements: each(s.Requirements, r.requirement),
	}
	if r.check(s.Check) {
		c.Title = r.awsText(s.Title, nil)
	} else {
		c.Title = r.text(s.Title)
	}
	return c
}

var evidenceKinds = []string{
	"", string(shca.EvidenceManual), string(shca.EvidenceReview), string(shca.EvidenceReport), string(shca.EvidenceConfiguration), string(shca.EvidenceActivity),
}

// evidence returns a redacted copy of a piece of evidence: its kind, its control
// and its time stay, and no text that somebody wrote.
func (r *Redactor) evidence(e *shca.Evidence) *shca.Evidence {
	c := &shca.Evidence{
		Source: r.source(e.Source), ID: r.id(e.ID), AccountID: r.account(e.AccountID), Region: r.region(e.Region),
		Requirement: r.requirement(e.Requirement), Control: r.text(e.Control), Assessment: r.name(e.Assessment),
		Kind: shca.EvidenceKind(r.oneOf(string(e.Kind), evidenceKinds...)), Status: r.oneOf(e.Status, "UNDER_REVIEW", "REVIEWED", "INACTIVE"),
		Text: r.text(e.Text), Author: r.id(e.Author), Count: e.Count, At: e.At,
	}
	if e.Location != "" {
		c.Location = "location-" + r.token(e.Location)
	}
	return c
}
