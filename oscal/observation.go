package oscal

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

// observer turns the findings into observations and the resources that these
// are about.
type observer struct {
	*bundle
	survey   *survey
	evidence map[shca.CheckID][]*shca.ControlResult
	// relatedTask is the task that the observations come from; "" for a document
	// without tasks.
	relatedTask string
	// evidenceFiles are the resources that hold the findings as they were read.
	evidenceFiles []string
	// only says which checks to observe; nil for all.
	only func(*shca.CheckResult) bool
	// item takes the resources that are subjects. It may be called several times
	// for one.
	item func(id string, item *o.InventoryItem) error
}

// group is what one observation is about.
type group struct {
	uuid     string
	check    *shca.CheckResult
	account  string        // at the level of accounts
	finding  *shca.Finding // at the level of findings
	tally    shca.Tally
	last     time.Time
	failing  map[string]bool // UUIDs of failing resources, at most shca.MaxResources
	more     bool            // there are more of them
	subjects []o.SubjectReference
}

// observe calls yield with each observation, in the order of the findings. What
// it holds at a time is one observation, and its subjects are limited.
func (v *observer) observe(ctx context.Context, yield func(*o.Observation)) error {
	var ids observationIDs
	var current, others *group
	finish := func(g *group) {
		if g != nil {
			yield(v.observation(g))
		}
	}
	for f, err := range v.assessment.Findings {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		c := v.result(f)
		if c == nil || v.only != nil && !v.only(c) {
			continue
		}
		id := ids.of(v.bundle, c, f)
		g := current
		switch {
		case c.ID == shca.OtherChecks && v.Observations != LevelFinding:
			// Their findings do not stand together.
			if others == nil {
				others = v.group(id, c, f)
			}
			g = others
		case g == nil || g.uuid != id:
			finish(current)
			current = v.group(id, c, f)
			g = current
		}
		if err := v.add(g, f); err != nil {
			return err
		}
	}
	finish(current)
	finish(others)
	return nil
}

func (v *observer) group(id string, c *shca.CheckResult, f *shca.Finding) *group {
	g := &group{uuid: id, check: c, failing: map[string]bool{}}
	switch {
	case v.ofAccount(c):
		g.account = f.AccountID
	case v.Observations == LevelFinding:
		g.finding = f
	}
	return g
}

// add takes a finding into the group.
func (v *observer) add(g *group, f *shca.Finding) error {
	one := f.Tally()
	g.tally = g.tally.Plus(one)
	if at := f.Observed(); at.After(g.last) {
		g.last = at
	}
	failed := one.Failed == 1
	if !failed && g.finding == nil {
		return nil
	}
	for i := range f.Resources {
		s, item := v.subject(f, &f.Resources[i])
		switch {
		case g.failing[s.SubjectUuid]:
			continue
		case len(g.failing) == shca.MaxResources:
			g.more = true
			continue
		}
		g.failing[s.SubjectUuid] = true
		if len(g.subjects) >= v.MaxSubjects {
			continue
		}
		g.subjects = append(g.subjects, s)
		if item != nil {
			if err := v.item(f.Resources[i].ID, item); err != nil {
				return err
			}
		}
	}
	return nil
}

// results are the outcomes as compliance-trestle and its plugins name them.
var results = map[shca.ComplianceStatus]string{
	shca.Passed: "pass", shca.Failed: "fail", shca.Warning: "warning", shca.NotAvailable: "error",
}

// accountResource begins the ids of resources that are accounts.
const accountResource = "AWS::::Account:"

// subject is the reference to a finding's resource, and the resource as an
// inventory item; that is nil where the resource is an account, which is a
// component.
func (v *observer) subject(f *shca.Finding, r *shca.Resource) (o.SubjectReference, *o.InventoryItem) {
	result := results[f.Status]
	if f.Suppressed() {
		result = "" // it is not scored, so it fails nothing
	}
	about := []o.Property{trestle("result", result), trestle("resource-id", r.ID)}
	if v.Observations == LevelFinding {
		about = append(about, trestle("evaluated-on", rfc3339(f.Observed())))
	}
	s := o.SubjectReference{Type: "inventory-item", Title: title(r.ID, "Resource without an id"), Props: props(about...)}
	if f.AccountID != "" && (r.ID == accountResource+f.AccountID || r.Type == "AwsAccount" && r.ID == f.AccountID) {
		s.Type, s.SubjectUuid = "component", account{partition: f.Partition, id: f.AccountID}.uuid()
		return s, nil
	}
	s.SubjectUuid = newUUID("resource", f.Partition, f.AccountID, r.ID)
	if !strings.HasPrefix(r.ID, "arn:") { // a name that another region or type may have, too
		s.SubjectUuid = newUUID("resource", f.Partition, f.AccountID, cmp.Or(r.Region, f.Region), r.Type, r.ID)
	}
	item := &o.InventoryItem{
		UUID:        s.SubjectUuid,
		Description: title(r.Type, "Resource"),
		Props:       props(nist("asset-id", r.ID), nist("asset-type", r.Type), prop("aws-region", cmp.Or(r.Region, f.Region))),
	}
	if f.AccountID != "" {
		item.ImplementedComponents = appendTo(item.ImplementedComponents,
			v.implemented(account{partition: f.Partition, id: f.AccountID}.uuid(), f.AccountID))
	}
	if service, ok := v.serviceOf(f.Check); ok {
		item.ImplementedComponents = appendTo(item.ImplementedComponents, v.implemented(serviceUUID(service), service))
	}
	return s, item
}

// implemented refers to a component that a resource is part of. OSCAL 1.1.2
// wants its asset id repeated; later versions do not.
func (b *bundle) implemented(uuid, asset string) o.ImplementedComponent {
	c := o.ImplementedComponent{ComponentUuid: uuid}
	if b.Version == "1.1.2" {
		c.Props = props(nist("asset-id", cmp.Or(plain(asset, maxValue), uuid)))
	}
	return c
}

func rfc3339(t time.Time) string {
	if s, ok := stamp(t); ok {
		return s.Format(time.RFC3339)
	}
	return ""
}

// observation is the finished group.
func (v *observer) observation(g *group) *o.Observation {
	c, tally, last := g.check, g.tally, g.last
	if v.Observations == LevelCheck {
		tally, last = c.Tally, c.Last
	}
	collected, ok := stamp(last)
	if !ok {
		collected = v.now
	}
	name := checkTitle(c)
	origin := v.observed(c)
	if v.relatedTask != "" {
		origin.RelatedTasks = &[]o.RelatedTask{{TaskUuid: v.relatedTask}}
	}
	ob := &o.Observation{
		UUID:        g.uuid,
		Description: describe(c),
		Methods:     []string{"TEST"},
		Types:       &[]string{v.observationType(tally)},
		Origins:     &[]o.Origin{origin},
		Collected:   collected,
		Subjects:    opt(g.subjects),
	}
	all := []o.Property{prop("check-id", string(c.ID))}
	switch {
	case g.finding != nil:
		f := g.finding
		all[0] = prop("check-id", string(f.Check))
		name += " on " + title(f.ResourceID(), "a resource without an id")
		all = append(all, prop("finding-id", f.ID), prop("status", string(f.Status)), prop("workflow-status", f.Workflow),
			prop("severity", f.Severity.String()), prop("aws-account-id", f.AccountID), prop("aws-region", f.Region),
			prop("first-observed", rfc3339(cmp.Or(f.FirstObservedAt, f.CreatedAt))))
		for _, r := range f.StatusReasons {
			all = append(all, prop("status-reason", strings.TrimSpace(r.Code+" "+r.Description)))
		}
	case v.ofAccount(c):
		name += " in account " + title(g.account, "without an id")
		all = append(all, prop("severity", c.Severity.String()), prop("aws-account-id", g.account))
		all = append(all, tallyProps(tally)...)
	default:
		all = append(all, prop("severity", c.Severity.String()))
		all = append(all, tallyProps(tally)...)
		all = append(all, prop("resources", setSize(c.Resources.Count())), prop("mapping", string(c.Mapping)), prop("config-rule", c.Text.ConfigRule))
	}
	ob.Title = clipTitle(name)
	all = append(all, prop("uncited", uncited(c, v.evidence[c.ID])))
	if len(g.failing) > 0 && tally.Failed > 0 {
		all = append(all, prop("subjects-total", setSize(g.resources())))
		if len(g.failing) > len(g.subjects) || g.more {
			all = append(all, count("subjects-listed", len(g.subjects)))
		}
	}
	all = append(all, trestle("assessment-rule-id", string(c.ID)), trestle("assessment-check-id", string(c.ID)))
	ob.Props = props(all...)
	ob.Remarks = v.remarks(g)
	var files []o.RelevantEvidence
	for _, uuid := range v.evidenceFiles {
		files = append(files, o.RelevantEvidence{Href: "#" + uuid, Description: "The findings as they were read."})
	}
	if len(files) > 0 {
		ob.RelevantEvidence = &files
	}
	return ob
}

// observationType is the type of an observation: OSCAL 1.2 renamed "finding".
func (v *observer) observationType(t shca.Tally) string {
	switch {
	case t.Failed == 0:
		return "control-objective"
	case v.is12():
		return "discovery"
	}
	return "finding"
}

// uncited says why no finding cites what the check found, if so.
func uncited(c *shca.CheckResult, controls []*shca.ControlResult) string {
	switch {
	case len(c.Controls) == 0:
		return "no control mapped"
	case len(controls) == 0:
		return "controls outside the baseline"
	case !slices.ContainsFunc(controls, func(r *shca.ControlResult) bool { return r.Status.Decided() }):
		return "nothing decided"
	}
	return ""
}

// setSize prints the size of a bounded set.
func setSize(c shca.Count) string {
	if c.More {
		return strconv.Itoa(c.N) + "+"
	}
	return strconv.Itoa(c.N)
}

// checkTitle names a check with its title, as markup.
func checkTitle(c *shca.CheckResult) string {
	return clipTitle(strings.TrimSuffix(title(string(c.ID), "A check without an id")+": "+markup(c.Text.Title, maxTitle), ": "))
}

// clipTitle cuts a title that is markup already.
func clipTitle(s string) string {
	if len(s) <= 2*maxTitle {
		return s
	}
	return strings.TrimRight(strings.ToValidUTF8(s[:2*maxTitle], ""), `\ `) + "…"
}

// describe is what the check tests, as markup.
func describe(c *shca.CheckResult) string {
	return cmp.Or(markup(c.Text.Description, maxProse), markup(c.Text.Title, maxProse), "The check's producer does not describe it.")
}

// resources is the number of failing resources.
func (g *group) resources() shca.Count { return shca.Count{N: len(g.failing), More: g.more} }

// remarks tells what the properties cannot.
func (v *observer) remarks(g *group) string {
	var lines []string
	if n := len(g.subjects); len(g.failing) > n || g.more {
		lines = append(lines, fmt.Sprintf("The observation lists the first %s of %s failing resources in order of account, region and resource; the findings have them all.",
			show.Number(n), g.resources()))
	}
	if v.Observations == LevelCheck {
		for _, r := range g.check.Reasons {
			lines = append(lines, fmt.Sprintf("%s undecided: %s.", show.Plural(r.Count, "finding"), markup(r.Code, maxTitle)))
		}
	}
	return strings.Join(append(lines, v.suppressions(g)...), "\n\n")
}

// suppressions tells what is suppressed, and by whom.
func (v *observer) suppressions(g *group) []string {
	if g.tally.Suppressed == 0 {
		return nil
	}
	lines := []string{show.Plural(g.tally.Suppressed, "finding") + " suppressed and not scored."}
	samples := g.check.Suppressed
	if f := g.finding; f != nil {
		samples = []shca.Sample{{ResourceID: f.ResourceID(), AccountID: f.AccountID, Note: f.Note}}
	}
	for _, s := range samples {
		if !v.ofAccount(g.check) || s.AccountID == g.account {
			lines = append(lines, suppression(s))
		}
	}
	if more := g.tally.Suppressed - int64(len(lines)-1); more > 0 {
		lines = append(lines, fmt.Sprintf("The findings have the notes of %s more.", show.Number(more)))
	}
	return lines
}

// suppression tells one suppressed finding.
func suppression(s shca.Sample) string {
	text := "Suppressed: " + title(s.ResourceID, "a resource without an id") + " in account " + title(s.AccountID, "without an id")
	if s.Note.UpdatedBy != "" {
		text += ", by " + markup(s.Note.UpdatedBy, maxTitle)
	}
	if at := show.Date(s.Note.UpdatedAt); at != "" {
		text += ", " + at
	}
	if s.Note.Text != "" {
		return text + ": " + markup(s.Note.Text, maxProse)
	}
	return text + ", without a note."
}
