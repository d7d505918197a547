package oscal

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
	"github.com/go-shca/shca/internal/spool"
)

// writeResults writes the assessment results. They stand alone: what they refer
// to is in them, besides in the plan. It holds one observation at a time.
func (b *bundle) writeResults(ctx context.Context, w io.Writer) error {
	s, err := b.survey(ctx)
	if err != nil {
		return err
	}
	terms, err := b.plannedTerms(s)
	if err != nil {
		return err
	}
	evidence := b.evidence()
	run := s.run(b)
	out := newStream(ctx, w)
	return out.document("assessment-results", func() {
		out.value("uuid", newUUID("assessment-results", b.system, run))
		out.value("metadata", b.metadata("Assessment results: "+b.systemName(), b.runVersion(), prop("input-digest", s.digest)))
		out.value("import-ap", o.ImportAp{Href: planFile})
		if activities := b.activities(); len(activities) > 0 {
			out.object("local-definitions", func() {
				out.array("activities", each(activities))
			})
		}
		out.objects("results", func() {
			out.value("uuid", newUUID("result", b.system, run))
			out.value("title", "Automated assessment, "+show.Date(b.now))
			out.value("description", b.resultText())
			out.value("start", s.start)
			out.value("end", s.end)
			out.array("props", each(*props(b.resultProps(s)...)))
			out.value("reviewed-controls", b.reviewedControls())
			out.value("assessment-log", o.AssessmentLog{Entries: b.logEntries(s, run)})
			out.array("findings", func(element func(any)) {
				for _, c := range b.reviewed() {
					if f := b.finding(s, c); f != nil {
						element(f)
					}
				}
			})
			out.array("risks", func(element func(any)) {
				for _, c := range b.assessment.Failing() {
					element(b.risk(s, c, evidence[c.ID], terms[c.ID]))
				}
			})
			items := newInventory()
			defer items.close()
			v := &observer{bundle: b, survey: s, evidence: evidence, relatedTask: b.taskUUID(), item: items.add}
			for _, a := range b.assessment.Artifacts {
				if isOriginals(a) {
					v.evidenceFiles = append(v.evidenceFiles, b.artifactUUID(a.File))
				}
			}
			out.array("observations", func(element func(any)) {
				if err := v.observe(ctx, func(ob *o.Observation) { element(ob) }); err != nil {
					out.fail(err)
				}
				b.observeEvidence(b.taskUUID(), func(ob *o.Observation) { element(ob) })
			})
			if remarks := b.disabledRemarks(); remarks != "" {
				out.value("remarks", remarks)
			}
			out.object("local-definitions", func() {
				if components := b.components(s); len(components) > 0 {
					out.array("components", each(components))
				}
				out.array("inventory-items", func(element func(any)) {
					if err := items.each(element); err != nil {
						out.fail(err)
					}
				})
				out.value("assessment-assets", b.assets())
				out.value("tasks", []o.Task{b.task()})
			})
		})
		if resources := b.resources(); len(resources) > 0 {
			out.object("back-matter", func() { out.value("resources", resources) })
		}
	})
}

// each passes on the elements of a slice.
func each[T any](all []T) func(func(any)) {
	return func(element func(any)) {
		for _, v := range all {
			element(v)
		}
	}
}

// resultText says what the result is about, and whether all of it was read.
func (b *bundle) resultText() string {
	t := show.Total(b.assessment)
	return fmt.Sprintf("%s %s, baseline %s. %s read, of %s in %s.\n\n%s",
		title(cmp.Or(b.assessment.FrameworkName, b.framework.Title), "Framework without a name"),
		"assessed by automated checks", title(cmp.Or(b.assessment.BaselineName, b.assessment.Baseline), "without a name"),
		show.Plural(t.Findings, "finding"), t.AccountsText(), t.RegionsText(),
		markup(b.assessment.Verdict(), maxProse))
}

func (b *bundle) resultProps(s *survey) []o.Property {
	a := b.assessment
	sum, total := a.Summary(), show.Total(a)
	all := []o.Property{
		prop("input-complete", yesNo(a.Complete())),
		prop("baseline", a.Baseline), prop("catalog-version", b.framework.Catalog.Version),
		prop("coverage", shca.Percent(int64(sum.Covered), int64(sum.Controls))),
		count("controls-total", sum.Controls),
		count("controls-satisfied", sum.Statuses[shca.StatusCompliant]),
		count("controls-not-satisfied", sum.Statuses[shca.StatusPartial]+sum.Statuses[shca.StatusNonCompliant]),
		count("controls-undecided", sum.Statuses[shca.StatusUndecided]+sum.Statuses[shca.StatusSuppressed]),
		count("controls-not-assessed", sum.Statuses[shca.StatusNotAssessed]),
		count("controls-outside-baseline", sum.Outside),
		count("controls-not-in-catalog", b.missing()),
		count("findings-total", total.Findings), count("findings-archived", total.Archived),
		count("findings-superseded", total.Superseded), count("findings-not-scored", total.NotScored),
		count("findings-unreadable", total.Skipped),
		count("accounts", total.Accounts), count("regions", total.Regions),
		prop("observation-level", string(b.Observations)),
	}
	disabled := 0
	for i := range a.Controls {
		if c := &a.Controls[i]; c.InBaseline && c.AllDisabled() {
			disabled++
		}
	}
	if disabled > 0 {
		all = append(all, count("controls-disabled", disabled))
	}
	if a.AllControls {
		all[3] = prop("coverage", "")
	}
	return append(all, tallyProps(sum.Tally)...)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// logEntries are what was read, what was not, and the evaluation.
func (b *bundle) logEntries(s *survey, run string) []o.AssessmentLogEntry {
	var entries []o.AssessmentLogEntry
	add := func(key, headline, text string) {
		entries = append(entries, o.AssessmentLogEntry{
			UUID: newUUID("log", b.system, run, key), Title: headline, Description: text, Start: s.end,
			LoggedBy:     &[]o.LoggedBy{b.loggedBy()},
			RelatedTasks: &[]o.RelatedTask{{TaskUuid: b.taskUUID()}},
		})
	}
	for i := range b.assessment.Scopes {
		scope := &b.assessment.Scopes[i]
		headline := "Read in full"
		if !scope.Complete() {
			headline = "Not read in full"
		}
		add(fmt.Sprint("scope\x1f", i), headline+": "+scopeName(scope), scopeText(scope))
	}
	if n := b.assessment.ProblemCount; n > 0 {
		var lines []string
		for _, p := range b.assessment.Problems {
			lines = append(lines, "- "+markup(p, maxProse))
		}
		if more := n - int64(len(lines)); more > 0 {
			lines = append(lines, "- and "+show.Number(more)+" more")
		}
		add("problems", "Not read: "+show.Plural(n, "problem"), strings.Join(lines, "\n"))
	}
	add("evaluated", "Findings evaluated", markup(b.assessment.Verdict(), maxProse))
	return entries
}

func scopeName(s *shca.Scope) string {
	name := title(s.Source, "input")
	if s.AccountID != "" {
		name += ", account " + markup(s.AccountID, maxTitle)
	}
	if s.Region != "" {
		name += ", " + markup(s.Region, maxTitle)
	}
	return clipTitle(name)
}

func scopeText(s *shca.Scope) string {
	text := fmt.Sprintf("%s: %s assessed, %s suppressed, %s archived, %s superseded by another copy, %s without a compliance status.",
		show.Plural(s.Findings, "finding"), show.Number(s.Assessed), show.Number(s.Suppressed), show.Number(s.Archived),
		show.Number(s.Superseded), show.Number(s.NotScored))
	if s.Skipped > 0 {
		text += " Besides, " + show.Plural(s.Skipped, "finding") + " could not be read."
	}
	if s.Err != "" {
		text += "\n\nNot read in full: " + markup(s.Err, maxProse)
	}
	if s.Note != "" {
		text += "\n\n" + markup(s.Note, maxProse)
	}
	return text
}

// components are the parts of the system that findings show: accounts and
// services.
func (b *bundle) components(s *survey) []o.SystemComponent {
	var components []o.SystemComponent
	for _, a := range s.accounts {
		components = append(components, a.component())
	}
	for _, service := range b.services() {
		components = append(components, serviceComponent(service))
	}
	return components
}

// isOriginals reports whether the artifact holds findings as they were read.
// There is a file for each format that they came in.
func isOriginals(a shca.Artifact) bool { return a.MediaType == "application/gzip" }

func (b *bundle) artifactUUID(file string) string {
	return newUUID("resource", b.system, "artifact", file)
}

// resources are the files that were written beside the package, with their
// digests. Those of single controls are left to the tables that they are from.
func (b *bundle) resources() []o.Resource {
	var resources []o.Resource
	for _, a := range b.assessment.Artifacts {
		if strings.Contains(a.File, "/") {
			continue
		}
		r := o.Resource{
			UUID: b.artifactUUID(a.File), Title: a.File, Description: "Written with this document from the same assessment.",
			Props: props(nist("type", "report")),
			Rlinks: &[]o.ResourceLink{{Href: relativeLink("../" + a.File), MediaType: a.MediaType,
				Hashes: &[]o.Hash{{Algorithm: "SHA-256", Value: a.SHA256}}}},
		}
		if isOriginals(a) {
			r.Title, r.Description = "Findings", "Every finding as it was read, one a line."
			r.Props = props(nist("type", "tool-output"), nist("published", b.now.Format("2006-01-02T15:04:05Z")))
		}
		resources = append(resources, r)
	}
	return resources
}

// inventory collects inventory items, sorted and each once, without holding
// them in memory.
type inventory struct {
	sorter spool.Sorter
	sorted *spool.Sorted
}

func newInventory() *inventory { return &inventory{sorter: spool.Sorter{Batch: 8 << 20}} }

// add takes the item of the resource with the id.
func (v *inventory) add(id string, item *o.InventoryItem) error {
	raw, err := encode(item)
	if err != nil {
		return err
	}
	return v.sorter.Add([]byte(id+"\x00"+item.UUID), raw)
}

// each passes on the items. Of several with one UUID the first stands.
func (v *inventory) each(element func(any)) error {
	var err error
	if v.sorted, err = v.sorter.Sort(); err != nil {
		return err
	}
	last := ""
	for r, err := range v.sorted.All() {
		if err != nil {
			return err
		}
		uuid := string(r.Key[bytes.LastIndexByte(r.Key, 0)+1:])
		if uuid != last {
			element(json.RawMessage(slices.Clone(r.Value)))
		}
		last = uuid
	}
	return nil
}

// close frees the temporary file.
func (v *inventory) close() {
	_ = v.sorter.Close() // it was only read
	if v.sorted != nil {
		_ = v.sorted.Close()
	}
}
