package oscal

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

// evidenceUUID identifies the observation of a control's evidence of one kind.
func (b *bundle) evidenceUUID(c *shca.ControlResult, kind shca.EvidenceKind) string {
	return newUUID("observation", b.system, "evidence", string(c.ID), string(kind))
}

// evidenceKinds are the kinds of evidence that the control has, in its order.
func evidenceKinds(c *shca.ControlResult) []shca.EvidenceKind {
	var kinds []shca.EvidenceKind
	for i := range c.Evidence {
		if kind := c.Evidence[i].Kind; !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// holders are the products that hold evidence besides findings.
func (b *bundle) holders() []string {
	var names []string
	for i := range b.assessment.Controls {
		for _, e := range b.assessment.Controls[i].Evidence {
			if name := shca.ProductOf(e.Source); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// observeEvidence calls yield with an observation for each kind of evidence of each
// control. It is for the assessor to examine, and concludes nothing.
func (b *bundle) observeEvidence(relatedTask string, yield func(*o.Observation)) {
	for i := range b.assessment.Controls {
		c := &b.assessment.Controls[i]
		uncited := ""
		switch {
		case !c.InBaseline && !b.assessment.AllControls:
			uncited = "controls outside the baseline"
		case !c.Status.Decided():
			uncited = "nothing decided"
		}
		for _, kind := range evidenceKinds(c) {
			ob := b.evidenceObservation(c, kind, relatedTask)
			ob.Props = props(append(*ob.Props, prop("uncited", uncited))...)
			yield(ob)
		}
	}
}

func (b *bundle) evidenceObservation(c *shca.ControlResult, kind shca.EvidenceKind, relatedTask string) *o.Observation {
	var pieces int64
	var last time.Time
	var origin o.Origin
	var evidence []o.RelevantEvidence
	for i := range c.Evidence {
		e := &c.Evidence[i]
		if e.Kind != kind {
			continue
		}
		pieces += e.Pieces()
		if e.At.After(last) {
			last = e.At
		}
		actor := o.OriginActor{Type: "tool", ActorUuid: productUUID(shca.ProductOf(e.Source))}
		if !slices.Contains(origin.Actors, actor) {
			origin.Actors = append(origin.Actors, actor)
		}
		evidence = append(evidence, relevantEvidence(e))
	}
	if relatedTask != "" {
		origin.RelatedTasks = &[]o.RelatedTask{{TaskUuid: relatedTask}}
	}
	collected, ok := stamp(last)
	if !ok {
		collected = b.now
	}
	name := title(string(kind), "evidence without a kind")
	ob := &o.Observation{
		UUID:             b.evidenceUUID(c, kind),
		Title:            clipTitle(markup(c.ID.Label(), maxTitle) + ": " + name),
		Description:      "Evidence that is no outcome of a check: " + name + ". It is not scored; the assessor examines it.",
		Methods:          []string{"EXAMINE"},
		Types:            &[]string{"control-objective"},
		Origins:          &[]o.Origin{origin},
		Collected:        collected,
		Props:            props(prop("control-id", controlID(c.ID)), prop("evidence-kind", string(kind)), count("evidence-count", pieces)),
		RelevantEvidence: opt(evidence),
	}
	if shown := c.EvidenceCount; len(c.Evidence) == shca.MaxEvidence {
		ob.Remarks = fmt.Sprintf("Of the %s of evidence of all kinds that there are for the control, the first %s in the order of reports are here and in the observations beside this one.",
			show.Plural(shown, "piece"), show.Number(len(c.Evidence)))
	}
	return ob
}

// relevantEvidence is one piece of evidence.
func relevantEvidence(e *shca.Evidence) o.RelevantEvidence {
	var parts []string
	add := func(text string) {
		if text != "" {
			parts = append(parts, text)
		}
	}
	add(markup(e.Control, maxTitle))
	if n := e.Pieces(); n > 1 {
		add(show.Plural(n, "piece"))
	}
	add(markup(e.Status, maxTitle))
	if e.Author != "" {
		add("by " + markup(e.Author, maxTitle))
	}
	add(show.Date(e.At))
	r := o.RelevantEvidence{
		Href:        evidenceLink(e.Location),
		Description: strings.Join(parts, ", "),
		Remarks:     markup(e.Text, maxProse),
		Props:       props(prop("evidence-id", e.ID), prop("evidence-location", e.Location), prop("assessment", e.Assessment)),
	}
	r.Description = cmp.Or(r.Description, "A piece of evidence.")
	return r
}

// evidenceLink returns the location as an absolute URI, or "" if it is none; the
// query of an address may be a signature, and is left out.
func evidenceLink(location string) string {
	if link := webLink(location); link != "" {
		link, _, _ = strings.Cut(link, "?")
		return link
	}
	rest, ok := strings.CutPrefix(location, "s3://")
	name, key, _ := strings.Cut(rest, "/")
	if !ok || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" {
		return ""
	}
	link := (&url.URL{Scheme: "s3", Host: name, Path: "/" + strings.ToValidUTF8(key, "\uFFFD")}).String()
	if len(link) > maxValue {
		return ""
	}
	return link
}

// disabledRemarks tells which controls are not assessed because all their checks
// are disabled, and why; "" if there are none.
func (b *bundle) disabledRemarks() string {
	const shown = 100
	var lines []string
	n := 0
	for i := range b.assessment.Controls {
		c := &b.assessment.Controls[i]
		if !c.AllDisabled() {
			continue
		}
		if n++; n > shown {
			continue
		}
		line := "- " + markup(c.ID.Label(), maxTitle) + ": " + c.StatusText()
		for k, id := range c.Disabled[:min(len(c.Disabled), 10)] {
			line += []string{" (", ", "}[min(k, 1)] + markup(string(id), maxTitle)
		}
		if more := len(c.Disabled) - 10; more > 0 {
			line += " and " + show.Number(more) + " more"
		}
		line += ")"
		reasons := b.assessment.DisabledReasons(c)
		for k, reason := range reasons[:min(len(reasons), 10)] {
			line += []string{": ", "; "}[min(k, 1)] + markup(reason, maxTitle)
		}
		if more := len(reasons) - 10; more > 0 {
			line += "; and " + show.Plural(more, "reason") + " more"
		}
		lines = append(lines, line)
	}
	if n > shown {
		lines = append(lines, "- and "+show.Number(n-shown)+" more")
	}
	return strings.Join(lines, "\n")
}
