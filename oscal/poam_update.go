package oscal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
)

// itemUpdate brings an item and its risk up to date. What people write in them
// is theirs: this program changes the members that only it knows about, and
// texts that are still as it wrote them.
type itemUpdate struct {
	*poam
	check *shca.CheckResult
	name  string
	item  *object // nil for a new one
	risk  *object // nil for a new one
}

func (u *itemUpdate) run() error {
	c := u.check
	due := u.newTerm(u.survey, c)
	if u.risk != nil {
		was, err := readTerm(u.risk)
		if err != nil {
			return err
		}
		due = u.term(u.survey, c, was)
	}
	risk := u.newRisk(c, due)
	isNew, isNewRisk := u.item == nil, u.risk == nil
	if err := u.begin(risk); err != nil {
		return err
	}
	if c.Tally.Failed > 0 || isNewRisk {
		if err := u.texts(risk); err != nil {
			return err
		}
	}
	if !isNewRisk {
		if err := u.numbers(risk); err != nil {
			return err
		}
	}
	if c.Tally.Failed > 0 || isNewRisk {
		if err := u.controls(risk); err != nil {
			return err
		}
	}
	if err := u.due(due); err != nil {
		return err
	}
	left, err := u.scopes()
	if err != nil {
		return err
	}
	if err := u.status(risk, left); err != nil {
		return err
	}
	observations := u.survey.related(c)
	if err := errors.Join(
		u.relate(u.item, "related-risks", "risk-uuid", []string{risk.UUID}),
		u.relate(u.item, "related-observations", "observation-uuid", observations),
		u.relate(u.item, "related-findings", "finding-uuid", u.findingsOf(c)),
		u.relate(u.risk, "related-observations", "observation-uuid", observations),
	); err != nil {
		return err
	}
	if err := u.itemStatus(u.item, u.risk); err != nil {
		return err
	}
	if isNew {
		slices.Sort(u.item.keys) // in the order of all others
	}
	return nil
}

// begin makes the item and the risk if they are new.
func (u *itemUpdate) begin(risk *o.Risk) (err error) {
	if u.item != nil {
		err = u.item.setProperty(prop("check-id", string(u.check.ID)))
	} else {
		item := u.newItem(u.check)
		u.name = (*item.Props)[0].Value
		u.item, err = objectOf(item)
	}
	if err == nil && u.risk == nil {
		u.risk, err = objectOf(risk)
	}
	return err
}

// texts renews the texts of a weakness that is there.
func (u *itemUpdate) texts(risk *o.Risk) error {
	if err := errors.Join(
		u.text(u.item, "title", checkTitle(u.check), "title"),
		u.text(u.item, "description", describe(u.check), "description"),
		u.text(u.risk, "title", risk.Title, "title of the risk"),
		u.text(u.risk, "description", risk.Description, "description of the risk"),
		u.text(u.risk, "statement", risk.Statement, "statement of the risk"),
		u.link(risk), u.characterizations(risk),
	); err != nil {
		return err
	}
	return u.remediations(risk)
}

// text sets a text unless somebody changed it since this program wrote it,
// which its digest tells.
func (u *itemUpdate) text(v *object, key, text, what string) error {
	was, err := v.property("managed-digest", key)
	if err != nil {
		return err
	}
	_, there := v.values[key]
	current := v.text(key)
	switch {
	case !there || was == digestOf(current) && current != text:
		if err := v.set(key, text); err != nil {
			return err
		}
	case current == text:
	case was == "":
		return nil // whoever removed the digest wants to keep the text
	case was != digestOf(text):
		u.conflict(what)
	}
	return v.setDigest(key, text)
}

// link renews the link to the producer's advice, unless somebody changed it.
func (u *itemUpdate) link(risk *o.Risk) error {
	if risk.Links == nil {
		return nil
	}
	const class = "link"
	link := (*risk.Links)[0]
	links, err := u.risk.objects("links")
	if err != nil {
		return err
	}
	was, err := u.risk.property("managed-digest", class)
	if err != nil || was == digestOf(link.Href) {
		return err // there is no news, whatever became of it
	}
	i := slices.IndexFunc(links, func(v *object) bool {
		href := v.text("href")
		return href == link.Href || was == digestOf(href)
	})
	switch {
	case i >= 0 && links[i].text("href") != link.Href:
		if err := links[i].set("href", link.Href); err != nil {
			return err
		}
		err = u.risk.set("links", links)
	case i < 0 && was == "" && slices.ContainsFunc(links, func(v *object) bool { return v.text("rel") == link.Rel && v.text("text") == link.Text }):
		return nil // whoever removed the digest wants to keep the link
	case i < 0 && was == "":
		err = u.risk.push("links", link)
	case i < 0:
		u.conflict("link of the risk")
	}
	if err != nil {
		return err
	}
	return u.risk.setDigest(class, link.Href)
}

func (u *itemUpdate) conflict(what string) {
	u.Logger.Warn("conflict: a text that somebody changed has news; theirs is kept", "item", u.name, "text", what)
}

// characterizations renews the initial facets that are from this program; those
// that somebody adjusted are apart from them.
func (u *itemUpdate) characterizations(risk *o.Risk) error {
	const key = "characterizations"
	fresh := (*risk.Characterizations)[0]
	all, err := u.risk.objects(key)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return u.risk.push(key, fresh)
	}
	for i, v := range all {
		if !bytes.Contains(v.values["origin"], []byte(toolUUID)) {
			continue
		}
		if err := u.renewFacets(v, fresh.Facets); err != nil {
			return fmt.Errorf("%s/%d: %w", key, i, err)
		}
	}
	return u.risk.set(key, all)
}

// severityLabel is the facet that tells which severity the others were made of.
const severityLabel = "severity-label"

// renewFacets renews facets if the severity changed. A facet that is not what the
// severity before made it was changed by somebody, and is kept.
func (u *itemUpdate) renewFacets(characterization *object, fresh []o.Facet) error {
	raw, err := characterization.array("facets")
	if err != nil {
		return err
	}
	facets := make([]o.Facet, len(raw))
	label := ""
	for i := range raw {
		if err := json.Unmarshal(raw[i], &facets[i]); err != nil {
			return fmt.Errorf("facets/%d: %w", i, err)
		}
		if f := facets[i]; f.Name == severityLabel && f.System == Namespace {
			label = f.Value
		}
	}
	if label == "" || label == fresh[len(fresh)-1].Value {
		return nil // whoever removed it wants to keep the others; or there is no news
	}
	before := facetsOf(label)
	for _, f := range fresh {
		i := slices.IndexFunc(facets, func(was o.Facet) bool {
			return was.Name == f.Name && was.System == f.System && (f.Props == nil || isInitial(was))
		})
		switch {
		case i < 0 && slices.ContainsFunc(before, func(b o.Facet) bool { return b.Name == f.Name }):
			continue // somebody removed or adjusted it
		case i < 0:
			added, err := encode(f)
			if err != nil {
				return err
			}
			raw = append(raw, added)
			continue
		case facets[i].Value == f.Value:
			continue
		case !slices.ContainsFunc(before, func(b o.Facet) bool { return b.Name == f.Name && b.Value == facets[i].Value }):
			u.conflict("facet " + f.Name + " of the risk")
			continue
		}
		if raw[i], err = withMember(raw[i], "value", f.Value); err != nil {
			return fmt.Errorf("facets/%d: %w", i, err)
		}
	}
	return characterization.set("facets", raw)
}

// facetsOf are the facets of the severity with the label; only the label where
// there is no such severity.
func facetsOf(label string) []o.Facet {
	for severity := range facetValues {
		if severity.String() == label {
			return facets(severity)
		}
	}
	return []o.Facet{{Name: severityLabel, System: Namespace, Value: label}}
}

func isInitial(f o.Facet) bool {
	return f.Props != nil && slices.ContainsFunc(*f.Props, func(p o.Property) bool {
		return p.Name == "state" && p.Value == "initial" && (p.Ns == "" || p.Ns == nistNamespace)
	})
}

// remediations renews the producer's advice, and adds what every risk of a plan
// must have: advice and somebody's plan.
func (u *itemUpdate) remediations(risk *o.Risk) error {
	const key, advice = "remediations", "recommendation"
	responses, err := u.risk.objects(key)
	if err != nil {
		return err
	}
	uuids, kinds := map[string]bool{}, map[bool]bool{} // kinds: whether it is advice
	fresh := *risk.Remediations
	for i, v := range responses {
		uuid := strings.ToLower(v.text("uuid"))
		uuids[uuid] = true
		kinds[v.text("lifecycle") == advice] = true
		if uuid != fresh[0].UUID {
			continue
		}
		if err := u.text(v, "description", fresh[0].Description, advice); err != nil {
			return fmt.Errorf("%s/%d: %w", key, i, err)
		}
	}
	for _, r := range fresh {
		if uuids[r.UUID] || kinds[r.Lifecycle == advice] {
			continue
		}
		v, err := objectOf(r)
		if err != nil {
			return err
		}
		responses = append(responses, v)
	}
	return u.risk.set(key, responses)
}

// numbers renews the properties that this program owns.
func (u *itemUpdate) numbers(risk *o.Risk) error {
	cited := true
	for _, p := range *risk.Props {
		if p.Ns != Namespace {
			continue
		}
		cited = cited && p.Name != "uncited"
		if err := u.risk.setProperty(p); err != nil {
			return err
		}
	}
	if cited {
		return u.risk.dropProperty("uncited")
	}
	return nil
}

// controls renews the controls that the risk is about, unless somebody changed
// them; then it only adds.
func (u *itemUpdate) controls(risk *o.Risk) error {
	const name = "impacted-control-id"
	ours := func(p o.Property) bool { return p.Ns == fedrampNamespace && p.Name == name }
	var fresh []string
	for _, p := range *risk.Props {
		if ours(p) {
			fresh = append(fresh, p.Value)
		}
	}
	all, err := u.risk.properties()
	if err != nil {
		return err
	}
	var was []string
	for _, p := range all {
		if ours(p.Property) {
			was = append(was, p.Value)
		}
	}
	before, err := u.risk.property("managed-digest", name)
	if err != nil {
		return err
	}
	theirs := false
	if before == digestOf(strings.Join(was, " ")) {
		all = slices.DeleteFunc(all, func(p property) bool { return ours(p.Property) && !slices.Contains(fresh, p.Value) })
		if err := u.risk.setProperties(all); err != nil {
			return err
		}
		was = slices.DeleteFunc(was, func(id string) bool { return !slices.Contains(fresh, id) })
	} else {
		theirs = before != "" || !subset(was, fresh)
	}
	for _, id := range fresh {
		if err := u.risk.addProperty(fedramp(name, id)); err != nil {
			return err
		}
		if !slices.Contains(was, id) {
			was = append(was, id)
		}
	}
	if theirs {
		return nil
	}
	return u.risk.setDigest(name, strings.Join(was, " "))
}

// subset reports whether all of some are in the others.
func subset(some, others []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(others, s) })
}

// scopes renews the list of the accounts and regions in which the check fails. One
// in which it is not known to pass since stays on it, and is returned: an
// assessment of others, or of a part, says nothing about it.
func (u *itemUpdate) scopes() (left []string, err error) {
	const name = "failing-scope"
	id := u.check.ID
	added := maps.Clone(u.failing[id])
	all, err := u.risk.properties()
	if err != nil {
		return nil, err
	}
	var kept []property
	for _, p := range all {
		if p.own(name) {
			if !u.failing[id][p.Value] {
				if u.assessment.Complete() && u.mended[id][p.Value] {
					continue
				}
				left = append(left, p.Value)
			}
			delete(added, p.Value)
		}
		kept = append(kept, p)
	}
	for _, scope := range slices.Sorted(maps.Keys(added)) {
		raw, err := encode(prop(name, scope))
		if err != nil {
			return nil, err
		}
		kept = append(kept, property{raw: raw})
	}
	return left, u.risk.setProperties(kept)
}

// relate renews references: to what this program made, then to what somebody
// else added.
func (u *itemUpdate) relate(v *object, key, idKey string, own []string) error {
	was, err := v.objects(key)
	if err != nil {
		return err
	}
	before := map[string]*object{}
	for _, r := range was {
		before[strings.ToLower(r.text(idKey))] = r
	}
	others := u.foreign(was, key, idKey, u.name, own, u.check.ID)
	var all []*object
	for _, id := range own {
		r := before[id]
		if r == nil {
			r = newObject()
			if err := r.set(idKey, id); err != nil {
				return err
			}
		}
		all = append(all, r)
	}
	if all = append(all, others...); len(all) == 0 {
		v.remove(key)
		return nil
	}
	return v.set(key, all)
}
