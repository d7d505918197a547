package oscal

import (
	"context"
	"io"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
)

func activityUUID(id shca.CheckID) string { return newUUID("activity", string(id)) }

func (b *bundle) taskUUID() string { return newUUID("task", b.system, "automated-checks") }

// activities are the checks as steps of the assessment, one activity each.
func (b *bundle) activities() []o.Activity {
	evidence := b.evidence()
	var activities []o.Activity
	for i := range b.assessment.Checks {
		c := &b.assessment.Checks[i]
		a := o.Activity{
			UUID: activityUUID(c.ID), Title: title(string(c.ID), "A check without an id"), Description: describe(c),
			Props: props(nist("method", "TEST"), prop("check-id", string(c.ID)), prop("config-rule", c.Text.ConfigRule), trestle("Rule_Id", string(c.ID))),
			Steps: &[]o.Step{{UUID: newUUID("step", string(c.ID)), Title: checkTitle(c), Description: describe(c)}},
		}
		if controls := evidence[c.ID]; len(controls) > 0 {
			selection := o.AssessedControls{}
			for _, control := range controls {
				selection.IncludeControls = appendTo(selection.IncludeControls, o.AssessedControlsSelectControlById{ControlId: controlID(control.ID)})
			}
			a.RelatedControls = &o.ReviewedControls{ControlSelections: []o.AssessedControls{selection}}
		}
		activities = append(activities, a)
	}
	return activities
}

// everything is what the checks look at: all that the results define.
func everything() []o.AssessmentSubject {
	return []o.AssessmentSubject{
		{Type: "component", IncludeAll: &o.IncludeAll{}},
		{Type: "inventory-item", IncludeAll: &o.IncludeAll{}},
	}
}

// task is the one task of the plan: run the checks.
func (b *bundle) task() o.Task {
	t := o.Task{
		UUID: b.taskUUID(), Type: "action", Title: "Run the automated checks",
		Description: "The checks run as AWS and other products schedule them; their findings are collected and assessed.",
		Timing:      &o.EventTiming{AtFrequency: &o.FrequencyCondition{Period: 1, Unit: "days"}},
	}
	for i := range b.assessment.Checks {
		t.AssociatedActivities = appendTo(t.AssociatedActivities, o.AssociatedActivity{
			ActivityUuid: activityUUID(b.assessment.Checks[i].ID), Subjects: everything(),
		})
	}
	return t
}

// writePlan writes the assessment plan that the results import.
func (b *bundle) writePlan(ctx context.Context, w io.Writer) error {
	plan := o.AssessmentPlan{
		UUID:               newUUID("assessment-plan", b.system),
		Metadata:           b.metadata("Assessment plan: "+b.systemName(), b.documentVersion()),
		ImportSsp:          o.ImportSsp{Href: sspFile},
		ReviewedControls:   b.reviewedControls(),
		AssessmentSubjects: opt(everything()),
		Tasks:              &[]o.Task{b.task()},
	}
	if activities := b.activities(); len(activities) > 0 {
		plan.LocalDefinitions = &o.LocalDefinitions{Activities: &activities}
	}
	assets := b.assets()
	plan.AssessmentAssets = &assets
	if !b.hasSSP() {
		// What the import refers to must be there, and it must say that there
		// is no plan.
		none := newUUID("resource", b.system, "no-ssp")
		plan.ImportSsp.Href = "#" + none
		plan.BackMatter = &o.BackMatter{Resources: &[]o.Resource{{
			UUID: none, Title: "No system security plan",
			Description: "The assessment is of no control, so there is no system security plan to import. The profile stands in its place.",
			Props:       props(fedramp("type", "no-oscal-ssp")),
			Rlinks:      &[]o.ResourceLink{{Href: profileFile, MediaType: "application/json"}},
		}}}
	}
	return newStream(ctx, w).whole("assessment-plan", plan)
}
