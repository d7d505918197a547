package auditmanager

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/internal/finding"
	"github.com/go-shca/shca/sources/stream"
)

// Record is one finding of a piece of evidence, with all that is needed to read
// it alone: it is the finding's Raw, and the finding of a snapshot's line.
type Record struct {
	// Evidence is the piece of evidence as Audit Manager gave it (Audit Manager
	// API reference, "Evidence"), byte for byte, but that resourcesIncluded of a
	// finding about one of several resources holds that resource only.
	Evidence jsontext.Value `json:"auditManagerEvidence"`
	// Resource is the number of the resource in resourcesIncluded, from 0; or
	// WholeItem where the finding is about the piece of evidence as a whole.
	Resource int `json:"resourceIndex"`
	// Context is what the evidence itself does not say.
	Context Context `json:"assessmentContext"`
	// Origin tells pieces of evidence apart that have no id and no resource: a
	// hash of the input and their number in it, "" of all others.
	Origin string `json:"evidenceOrigin,omitempty"`
}

// WholeItem is the Resource of a finding about no single resource.
const WholeItem = -1

// Context is where a piece of evidence belongs. What is not known is "".
type Context struct {
	AccountID      string `json:"accountId,omitempty"` // that owns the assessment
	Region         string `json:"region,omitempty"`    // that was asked; "" of files
	AssessmentID   string `json:"assessmentId,omitempty"`
	AssessmentARN  string `json:"assessmentArn,omitempty"`
	AssessmentName string `json:"assessmentName,omitempty"`
	Framework      string `json:"frameworkName,omitempty"`
	ComplianceType string `json:"complianceType,omitempty"`
	ControlSet     string `json:"controlSetId,omitempty"`
	ControlID      string `json:"controlId,omitempty"` // Audit Manager's own: a UUID
	Control        string `json:"controlName,omitempty"`
	Folder         string `json:"evidenceFolderId,omitempty"`
}

// Format decodes records, as the readers of this package and snapshots hold them.
var Format = stream.Format{
	Name:    shca.SourceAuditManager,
	Markers: []string{"auditManagerEvidence", "resourceIndex", "assessmentContext"},
	Decode:  decode,
	ID:      findID,
}

// options of reading: what producers write besides what JSON asks for, and names
// in the spelling of any SDK.
var options = json.JoinOptions(
	json.MatchCaseInsensitiveNames(true), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true),
)

// findID returns the id of the piece of evidence, if it can be read before the
// text breaks: the finding's own is made of all of it.
func findID(raw []byte) string { return finding.MemberID(raw, "auditManagerEvidence", "id") }

// append appends the record as JSON.
func (r *Record) append(b []byte) ([]byte, error) {
	text, err := json.Marshal(r, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return b, fmt.Errorf("evidence: %w", err)
	}
	return append(b, text...), nil
}

// decode reads one record. The finding's Raw is raw itself.
func decode(raw []byte) (*shca.Finding, *shca.FindingError) {
	var r Record
	if err := json.Unmarshal(raw, &r, options); err != nil {
		return nil, finding.DecodeError(raw, err, findID(raw))
	}
	it, bad := readItem(r.Evidence)
	if bad != nil {
		bad.Field = "/auditManagerEvidence" + bad.Field
		return nil, bad
	}
	f, field, err := it.finding(&r)
	if err != nil {
		return nil, &shca.FindingError{ID: it.id(), Field: "/auditManagerEvidence" + field, Err: err}
	}
	f.Raw = raw
	return f, nil
}
