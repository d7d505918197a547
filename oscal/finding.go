package oscal

import (
	"cmp"
	"strings"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
)

// automated says of every finding how far it goes.
const automated = "Automated checks cover a part of this control. What they do not cover needs examination, interview or test."

// finding is the conclusion about a control; nil where nothing was decided.
func (b *bundle) finding(s *survey, c *shca.ControlResult) *o.Finding {
	if !c.Status.Decided() {
		return nil
	}
	target := o.FindingTarget{
		Type: "statement-id", TargetId: b.statementID(c.ID),
		Props: props(prop("control-id", controlID(c.ID))),
	}
	if b.Target == TargetObjective {
		target.Type, target.TargetId = "objective-id", b.objectiveID(c.ID)
	}
	failing := 0
	f := &o.Finding{
		UUID:        newUUID("finding", b.system, b.framework.Name, target.TargetId),
		Title:       clipTitle(strings.TrimSpace(markup(c.ID.Label(), maxTitle)+" "+markup(c.Title, maxTitle)) + ": automated evidence"),
		Description: cmp.Or(prose(c.Narrative), automated),
		Origins:     &[]o.Origin{b.concluded()},
	}
	for _, id := range c.Checks {
		check := b.assessment.Check(id)
		if check == nil {
			continue
		}
		for _, uuid := range s.related(check) {
			f.RelatedObservations = appendTo(f.RelatedObservations, o.RelatedObservation{ObservationUuid: uuid})
		}
		if check.Tally.Failed > 0 {
			failing++
			f.RelatedRisks = appendTo(f.RelatedRisks, o.AssociatedRisk{RiskUuid: riskUUID(b, id)})
		}
	}
	for _, kind := range evidenceKinds(c) {
		f.RelatedObservations = appendTo(f.RelatedObservations, o.RelatedObservation{ObservationUuid: b.evidenceUUID(c, kind)})
	}
	target.Status = o.ObjectiveStatus{State: "satisfied", Reason: "pass", Remarks: automated}
	if c.Tally.Failed > 0 {
		target.Status = o.ObjectiveStatus{State: "not-satisfied", Reason: "fail", Remarks: automated}
	}
	f.Target = target
	about := append(tallyProps(c.Tally),
		prop("automation", "partial"), prop("control-status", c.Status.String()), prop("severity", c.Severity.String()),
		count("checks", len(c.Checks)), count("checks-failed", failing), count("checks-unseen", len(c.Unseen)))
	if len(c.Disabled) > 0 {
		about = append(about, count("checks-disabled", len(c.Disabled)))
	}
	f.Props = props(about...)
	return f
}
