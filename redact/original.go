package redact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-shca/shca"
)

// original is a finding in ASFF with what an assessment reads of one (Security
// Hub user guide, "AWS Security Finding Format syntax").
type original struct {
	SchemaVersion   string
	ID              string   `json:"Id"`
	ProductARN      string   `json:"ProductArn,omitempty"`
	ProductName     string   `json:",omitempty"`
	GeneratorID     string   `json:"GeneratorId,omitempty"`
	AccountID       string   `json:"AwsAccountId,omitempty"`
	AccountName     string   `json:"AwsAccountName,omitempty"`
	Region          string   `json:",omitempty"`
	Types           []string `json:",omitempty"`
	FirstObservedAt string   `json:",omitempty"`
	LastObservedAt  string   `json:",omitempty"`
	CreatedAt       string   `json:",omitempty"`
	UpdatedAt       string   `json:",omitempty"`
	ProcessedAt     string   `json:",omitempty"`
	Severity        severity `json:",omitzero"`
	Title           string   `json:",omitempty"`
	Description     string   `json:",omitempty"`
	Remediation     advice   `json:",omitzero"`
	ProductFields   rule     `json:",omitzero"`
	Resources       []named  `json:",omitempty"`
	Compliance      *outcome `json:",omitempty"`
	Workflow        state    `json:",omitzero"`
	RecordState     string   `json:",omitempty"`
	Note            *note    `json:",omitempty"`
}

type severity struct{ Label string }

type advice struct{ Recommendation recommendation }

type recommendation struct {
	Text string `json:",omitempty"`
	URL  string `json:"Url,omitempty"`
}

type rule struct {
	Name string `json:"RelatedAWSResources:0/name"`
	Type string `json:"RelatedAWSResources:0/type"`
}

type named struct {
	Type      string                       `json:",omitempty"`
	ID        string                       `json:"Id,omitempty"`
	Partition string                       `json:",omitempty"`
	Region    string                       `json:",omitempty"`
	Details   map[string]map[string]string `json:",omitempty"`
}

// aliasMembers are the members of Details by which AWS Config knows a resource.
var aliasMembers = map[string]string{
	"AwsIamUser": "UserId", "AwsIamRole": "RoleId", "AwsIamGroup": "GroupId", "AwsIamPolicy": "PolicyId",
	"AwsRdsDbInstance": "DbiResourceId", "AwsRdsDbCluster": "DbClusterResourceId", "AwsKmsKey": "KeyId",
}

type outcome struct {
	Status              string     `json:",omitempty"`
	SecurityControlID   string     `json:"SecurityControlId,omitempty"`
	RelatedRequirements []string   `json:",omitempty"`
	AssociatedStandards []standard `json:",omitempty"`
	StatusReasons       []reason   `json:",omitempty"`
}

type standard struct {
	ID string `json:"StandardsId"`
}

type reason struct {
	ReasonCode  string `json:",omitempty"`
	Description string `json:",omitempty"`
}

type state struct{ Status string }

type note struct {
	Text      string `json:",omitempty"`
	UpdatedBy string `json:",omitempty"`
	UpdatedAt string `json:",omitempty"`
}

// write sets the Raw of a redacted finding: a record of the format that the
// finding was read from.
func (r *Redactor) write(f *shca.Finding) error {
	w := original{
		SchemaVersion: "2018-10-08",
		ID:            f.ID, ProductARN: f.ProductARN, ProductName: f.ProductName, GeneratorID: f.GeneratorID,
		AccountID: f.AccountID, AccountName: f.AccountName, Region: f.Region, Types: f.Types,
		FirstObservedAt: moment(f.FirstObservedAt), LastObservedAt: moment(f.LastObservedAt),
		CreatedAt: moment(f.CreatedAt), UpdatedAt: moment(f.UpdatedAt), ProcessedAt: moment(f.ProcessedAt),
		Severity: severity{f.Severity.String()}, Title: f.Title, Description: f.Description,
		Remediation: advice{recommendation(f.Remediation)},
		Workflow:    state{f.Workflow}, RecordState: f.RecordState,
	}
	if f.ConfigRule != "" {
		w.ProductFields = rule{f.ConfigRule, "AWS::Config::ConfigRule"}
	}
	for _, one := range f.Resources {
		n := named{Type: one.Type, ID: one.ID, Partition: one.Partition, Region: one.Region}
		if member := aliasMembers[one.Type]; member != "" && one.Alias != "" {
			n.Details = map[string]map[string]string{one.Type: {member: one.Alias}}
		}
		w.Resources = append(w.Resources, n)
	}
	if f.Status != shca.NoStatus || len(f.Requirements) > 0 || len(f.Standards) > 0 || len(f.StatusReasons) > 0 {
		w.Compliance = &outcome{Status: string(f.Status), RelatedRequirements: f.Requirements}
		if f.Status != shca.NoStatus {
			w.Compliance.SecurityControlID = string(f.Check)
		}
		for _, id := range f.Standards {
			w.Compliance.AssociatedStandards = append(w.Compliance.AssociatedStandards, standard{id})
		}
		for _, s := range f.StatusReasons {
			w.Compliance.StatusReasons = append(w.Compliance.StatusReasons, reason{s.Code, s.Description})
		}
	}
	if f.Note != (shca.Note{}) {
		w.Note = &note{f.Note.Text, f.Note.UpdatedBy, moment(f.Note.UpdatedAt)}
	}
	var record any = &w
	switch f.Source {
	case shca.SourceConfig:
		record = evaluationOf(f)
	case shca.SourceAuditManager:
		record = pieceOf(f)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(record); err != nil {
		return fmt.Errorf("a redacted finding cannot be written: %w", err)
	}
	f.Raw = bytes.TrimRight(b.Bytes(), "\n")
	if f.Source != shca.SourceOCSF {
		return nil
	}
	asff := *f
	asff.Source, asff.Disposition = shca.SourceASFF, ""
	event, _, err := r.events.Append(nil, &asff)
	f.Raw = event
	return err
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}
