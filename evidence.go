package shca

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// MaxEvidence is the number of pieces of evidence that a control keeps besides
// findings. All of them are counted.
const MaxEvidence = 100

// Evidence is something collected about a control that is no check's outcome:
// a document somebody uploaded, a review, what a log or a configuration shows.
// It is never scored: it is written down beside the control for the assessor,
// and neither passes nor fails it.
type Evidence struct {
	Source    string `json:"source"` // kind of source: SourceAuditManager
	ID        string `json:"id"`     // unique within Source
	AccountID string `json:"account_id,omitempty"`
	Region    string `json:"region,omitempty"`

	Requirement string       `json:"requirement"`          // the control as a requirement: "NIST.800-53.r5 AC-2"
	Control     string       `json:"control"`              // the control as the source names it
	Assessment  string       `json:"assessment,omitempty"` // the source's own assessment it belongs to, by name
	Kind        EvidenceKind `json:"kind"`
	Status      string       `json:"status,omitempty"`   // of a review: REVIEWED
	Text        string       `json:"text,omitempty"`     // what was written, or what the evidence is
	Author      string       `json:"author,omitempty"`   // who wrote or added it
	Location    string       `json:"location,omitempty"` // where it can be looked up: an s3:// address, a path inside a report
	Count       int64        `json:"count,omitempty"`    // pieces of evidence that this one stands for, where they are not listed one by one; 0 means 1
	At          time.Time    `json:"at,omitzero"`
}

// EvidenceKind is the kind of a piece of evidence.
type EvidenceKind string

// The kinds of evidence, in the order in which reports list them. Those but
// EvidenceReview are Audit Manager's "evidence by type" (Audit Manager user
// guide, "Evidence").
const (
	EvidenceManual        EvidenceKind = "manual evidence"    // uploaded or written by a person
	EvidenceReview        EvidenceKind = "control review"     // status, response and comments of a control
	EvidenceReport        EvidenceKind = "report document"    // a document of an assessment report, which holds evidence of any kind
	EvidenceConfiguration EvidenceKind = "configuration data" // what an API call returned
	EvidenceActivity      EvidenceKind = "user activity"      // what CloudTrail logged
)

// evidenceKinds are the kinds in the order of reports.
var evidenceKinds = []EvidenceKind{EvidenceManual, EvidenceReview, EvidenceReport, EvidenceConfiguration, EvidenceActivity}

// Compare orders the evidence of a control as reports list it: by kind, the
// newest first, then by source and id; what else differs makes the order total.
func (e *Evidence) Compare(o *Evidence) int {
	kind := func(k EvidenceKind) int {
		if i := slices.Index(evidenceKinds, k); i >= 0 {
			return i
		}
		return len(evidenceKinds)
	}
	order := cmp.Or(cmp.Compare(kind(e.Kind), kind(o.Kind)), -e.At.Compare(o.At), cmp.Compare(e.Count, o.Count))
	if order != 0 {
		return order
	}
	theirs := o.texts()
	for i, t := range e.texts() {
		if order := strings.Compare(*t, *theirs[i]); order != 0 {
			return order
		}
	}
	return strings.Compare(string(e.Kind), string(o.Kind))
}

// texts are the evidence's texts but its kind, those that order it first.
func (e *Evidence) texts() []*string {
	return []*string{
		&e.Source, &e.ID, &e.AccountID, &e.Region, &e.Requirement, &e.Control, &e.Assessment,
		&e.Status, &e.Text, &e.Author, &e.Location,
	}
}

// Clip cuts each text to MaxText bytes.
func (e *Evidence) Clip() {
	for _, t := range e.texts() {
		*t = clip(*t)
	}
	e.Kind = EvidenceKind(clip(string(e.Kind)))
}

// Pieces is the number of pieces of evidence that this one stands for, at least
// one.
func (e *Evidence) Pieces() int64 { return max(1, e.Count) }
