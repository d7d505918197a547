package oscal

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
	"github.com/go-shca/shca/system"
)

// facetValues are severities as NIST's core facets spell them.
var facetValues = map[shca.Severity]string{
	shca.Critical: "critical", shca.High: "high", shca.Medium: "moderate", shca.Low: "low",
	shca.Informational: "low",
}

func riskUUID(b *bundle, id shca.CheckID) string { return newUUID("risk", b.system, string(id)) }

// firstSeen is when the weakness behind a failing check was first seen.
func (b *bundle) firstSeen(s *survey, c *shca.CheckResult) time.Time {
	if check := s.checks[c.ID]; check != nil && !check.firstFailed.IsZero() && check.firstFailed.Before(b.now) {
		return check.firstFailed
	}
	return b.now // also where a finding says that it comes from the future
}

// deadline is when a weakness of the severity that was first seen then is to be
// mended.
func (b *bundle) deadline(severity shca.Severity, first time.Time) time.Time {
	r, d := b.System.Remediation, system.DefaultRemediation
	days := cmp.Or(r.Low, d.Low)
	switch severity {
	case shca.Critical:
		days = cmp.Or(r.Critical, d.Critical)
	case shca.High, shca.SeverityUnknown: // what is not known may be severe
		days = cmp.Or(r.High, d.High)
	case shca.Medium:
		days = cmp.Or(r.Moderate, d.Moderate)
	}
	if at, ok := stamp(first.AddDate(0, 0, min(days, maxDays))); ok {
		return at
	}
	return lastDeadline
}

const maxDays = 365_000 // so many that no date overflows

// lastDeadline is the last time that OSCAL can write.
var lastDeadline = time.Date(2999, 12, 31, 23, 59, 59, 0, time.UTC)

// risk is the weakness behind a failing check, first seen and due as the term
// says.
func (b *bundle) risk(s *survey, c *shca.CheckResult, controls []*shca.ControlResult, due term) *o.Risk {
	first, deadline := due.first, due.deadline
	uuid := riskUUID(b, c.ID)
	status := "open"
	if check := s.checks[c.ID]; check != nil && check.notified && !check.open {
		status = "investigating"
	}
	all := []o.Property{prop("check-id", string(c.ID)), count("failed", c.Tally.Failed), prop("first-observed", rfc3339(first)), prop("uncited", uncited(c, controls))}
	for _, control := range controls {
		all = append(all, fedramp("impacted-control-id", controlID(control.ID)))
	}
	risk := &o.Risk{
		UUID:        uuid,
		Title:       checkTitle(c),
		Description: describe(c) + "\n\n" + failures(c),
		Statement:   statement(c, controls),
		Status:      status,
		Props:       props(all...),
		Origins:     &[]o.Origin{b.concluded()},
		Deadline:    &deadline,
		Characterizations: &[]o.Characterization{{
			Origin: b.concluded(),
			Facets: facets(c.FailedSeverity),
		}},
		Remediations: &[]o.Response{b.recommendation(uuid, c)},
		RiskLog: &o.RiskLog{Entries: []o.RiskLogEntry{
			b.logEntry(uuid, first, status, "First seen", "The check failed for the first time on a resource that fails it still."),
		}},
	}
	if link := webLink(c.Text.Remediation.URL); link != "" {
		risk.Links = &[]o.Link{{Href: link, Rel: "reference", Text: "Remediation"}}
	}
	for _, id := range s.related(c) {
		risk.RelatedObservations = appendTo(risk.RelatedObservations, o.RelatedObservation{ObservationUuid: id})
	}
	return risk
}

// related are the observations of the check.
func (s *survey) related(c *shca.CheckResult) []string {
	if check := s.checks[c.ID]; check != nil {
		return check.observations
	}
	return nil
}

func facets(severity shca.Severity) []o.Facet {
	if severity == shca.SeverityUnknown {
		return []o.Facet{{Name: severityLabel, System: Namespace, Value: "UNKNOWN"}}
	}
	var all []o.Facet
	for _, name := range []string{"severity", "likelihood", "impact"} {
		all = append(all, o.Facet{Name: name, System: nistNamespace, Value: facetValues[severity], Props: props(nist("state", "initial"))})
	}
	return append(all, o.Facet{Name: severityLabel, System: Namespace, Value: severity.String()})
}

// failures says how much fails.
func failures(c *shca.CheckResult) string {
	return fmt.Sprintf("%s of %s decided findings failed, in %s and %s.",
		show.Number(c.Tally.Failed), show.Number(c.Tally.Decided()),
		setCount(c.Accounts.Count(), "account"), setCount(c.Regions.Count(), "region"))
}

// statement says what a failing check means for its controls.
func statement(c *shca.CheckResult, controls []*shca.ControlResult) string {
	text := show.Plural(c.Tally.Failed, "finding") + " of check " + title(string(c.ID), "without an id") + " failed"
	if len(controls) == 0 {
		return text + ". No control of the baseline is mapped to the check."
	}
	var labels []string
	for _, c := range controls {
		labels = append(labels, markup(c.ID.Label(), maxTitle))
	}
	return text + ", which is evidence that these controls are not met: " + strings.Join(labels, ", ") + "."
}

// recommendation is the producer's advice.
func (b *bundle) recommendation(risk string, c *shca.CheckResult) o.Response {
	return o.Response{
		UUID: newUUID("response", risk, "recommendation"), Lifecycle: "recommendation",
		Title:       "Recommendation",
		Description: cmp.Or(markup(c.Text.Remediation.Text, maxProse), "The check's producer gives no advice."),
		Props:       props(nist("type", "mitigate")),
		Origins:     &[]o.Origin{b.concluded()},
	}
}

// logEntry is a change of a risk's status. The same change is the same entry.
func (b *bundle) logEntry(risk string, at time.Time, status, headline, description string) o.RiskLogEntry {
	return o.RiskLogEntry{
		UUID: logUUID(risk, at, status, 0), Title: headline, Description: description,
		Start: at, StatusChange: status,
		LoggedBy: &[]o.LoggedBy{b.loggedBy()},
		Props:    props(nist("type", "status-update")),
	}
}

// logUUID identifies a change of a risk's status. Repeat counts the same changes
// at the same time before it.
func logUUID(risk string, at time.Time, status string, repeat int) string {
	parts := []string{risk, at.UTC().Format(time.RFC3339), status}
	if repeat > 0 {
		parts = append(parts, strings.Repeat("+", repeat))
	}
	return newUUID("risk-log", parts...)
}

func (b *bundle) loggedBy() o.LoggedBy {
	return o.LoggedBy{PartyUuid: b.organization().UUID, RoleId: rolePreparedBy}
}

// setCount prints the size of a bounded set with its noun.
func setCount(c shca.Count, one string) string {
	if c.More {
		return "more than " + show.Plural(c.N, one)
	}
	return show.Plural(c.N, one)
}
