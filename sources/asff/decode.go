// Package asff decodes findings in the AWS Security Finding Format (ASFF), as
// Security Hub writes them and as other products write them for it. It is for
// whoever reads findings with package stream.
//
// It accepts what producers write besides what the format asks for, and says
// which member is at fault where it cannot. Finding findings in text is left
// to package stream, judging them to package mapping.
package asff

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/internal/finding"
	"github.com/go-shca/shca/sources/stream"
)

// Format reads ASFF findings.
var Format = stream.Format{
	Name: shca.SourceASFF,
	Markers: []string{
		"SchemaVersion", "Id", "ProductArn", "GeneratorId", "AwsAccountId", "Title",
		"Description", "Severity", "Resources", "Compliance", "CreatedAt", "UpdatedAt",
		"RecordState", "Workflow", "Types",
	},
	Decode: decode,
	ID:     findID,
}

// findID returns the finding's own Id if it can be read before the text
// breaks, else "".
func findID(raw []byte) string { return finding.MemberID(raw, "Id") }

// decode reads one finding. The finding's Raw is raw itself. Errors come
// without position in the input; the caller adds it.
func decode(raw []byte) (*shca.Finding, *shca.FindingError) {
	var w wireFinding
	if err := json.Unmarshal(raw, &w); err != nil {
		return nil, finding.DecodeError(raw, err, findID(raw))
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
		Source: shca.SourceASFF,
		ID:     w.ID, ProductARN: w.ProductARN, ProductName: w.ProductName, GeneratorID: w.GeneratorID,
		AccountID: string(w.AccountID), AccountName: w.AccountName, Region: w.Region,
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
		f.Resources = append(f.Resources, shca.Resource{ID: r.ID, Type: r.Type, Region: r.Region, Partition: r.Partition, Alias: string(r.Details)})
	}
	marks := finding.Marks(w.ProductFields)
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
		marks.Controls = c.SecurityControlID
	}
	if err := finding.Complete(f, marks); err != nil {
		return nil, "/Compliance/SecurityControlId", err
	}
	return f, "", nil
}

// workflows are the values of Workflow.Status, and those of the older
// WorkflowState. A misspelt one must not pass for "not suppressed".
var workflows = []string{"", "NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED", "ASSIGNED", "IN_PROGRESS", "DEFERRED"}
