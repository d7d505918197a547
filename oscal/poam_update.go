package oscal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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
	risk := u.newRisk(c)
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
	unread, err := u.accounts()
	if err != nil {
		return err
	}
	if err := u.status(risk, unread); err != nil {
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
		u.Logger.Warn("conflict: a text that somebody changed has news; theirs is kept", "item", u.name, "text", what)
	}
	digest := prop("managed-digest", digestOf(text))
	digest.Class = key
	return v.setProperty(digest)
}

// link renews the link to the producer's advice.
func (u *itemUpdate) link(risk *o.Risk) error {
	if risk.Links == nil {
		return nil
	}
	link := (*risk.Links)[0]
	links, err := u.risk.objects("links")
	if err != nil {
		return err
	}
	for _, v := range links {
		if v.text("rel") != link.Rel || v.text("text") != link.Text {
			continue
		}
		if v.text("href") == link.Href {
			return nil
		}
		if err := v.set("href", link.Href); err != nil {
			return err
		}
		return u.risk.set("links", links)
	}
	return u.risk.push("links", link)
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
		if !bytes.Contains(v.values["origin"], []byte(u.tool().UUID)) {
			continue
		}
		if err := renewFacets(v, fresh.Facets); err != nil {
			return fmt.Errorf("%s/%d: %w", key, i, err)
		}
	}
	return u.risk.set(key, all)
}

func renewFacets(characterization *object, fresh []o.Facet) error {
	facets, err := characterization.array("facets")
	if err != nil {
		return err
	}
	changed := false
	for i, raw := range facets {
		var was o.Facet
		if err := json.Unmarshal(raw, &was); err != nil {
			return fmt.Errorf("facets/%d: %w", i, err)
		}
		for _, f := range fresh {
			if was.Name != f.Name || was.System != f.System || was.Value == f.Value || f.Props != nil && !isInitial(was) {
				continue
			}
			if facets[i], err = withMember(raw, "value", f.Value); err != nil {
				return fmt.Errorf("facets/%d: %w", i, err)
			}
			changed = true
		}
	}
	if !changed {
		return nil
	}
	return characterization.set("facets", facets)
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
	there := map[bool]bool{} // by whether it is advice
	fresh := *risk.Remediations
	for i, v := range responses {
		there[v.text("lifecycle") == advice] = true
		if v.text("uuid") != fresh[0].UUID {
			continue
		}
		if err := u.text(v, "description", fresh[0].Description, advice); err != nil {
			return fmt.Errorf("%s/%d: %w", key, i, err)
		}
	}
	for _, r := range fresh {
		if there[r.Lifecycle == advice] {
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

// numbers renews the properties that this program owns, and sees to a deadline.
func (u *itemUpdate) numbers(risk *o.Risk) error {
	was, err := u.risk.property("first-observed", "")
	if err != nil {
		return err
	}
	for _, p := range *risk.Props {
		switch {
		case p.Ns == Namespace && p.Name == "first-observed" && !u.movesBack(was, p.Value):
		case p.Ns == Namespace:
			err = u.risk.setProperty(p)
		case p.Ns == fedrampNamespace && u.check.Tally.Failed > 0:
			err = u.risk.addProperty(p)
		}
		if err != nil {
			return err
		}
	}
	if _, ok := u.risk.values["deadline"]; !ok {
		return u.risk.set("deadline", risk.Deadline)
	}
	return nil
}

// movesBack reports whether the weakness was first seen earlier than it was said
// to be. It is never moved on.
func (u *itemUpdate) movesBack(was, now string) bool {
	before, err := time.Parse(time.RFC3339, was)
	if err != nil {
		return true
	}
	first, err := time.Parse(time.RFC3339, now)
	return err == nil && u.check.Tally.Failed > 0 && first.Before(before)
}

// accounts renews the list of accounts in which the check fails. An account that
// the assessment has no finding of stays on it, and is returned: an export of
// other accounts says nothing about it.
func (u *itemUpdate) accounts() (unread []string, err error) {
	const name = "failing-account"
	left := maps.Clone(u.failing[u.check.ID])
	all, err := u.risk.properties()
	if err != nil {
		return nil, err
	}
	var kept []property
	for _, p := range all {
		if p.own(name) {
			if !u.read[p.Value] {
				unread = append(unread, p.Value)
			} else if !left[p.Value] {
				continue
			}
			delete(left, p.Value)
		}
		kept = append(kept, p)
	}
	for _, id := range slices.Sorted(maps.Keys(left)) {
		raw, err := encode(prop(name, id))
		if err != nil {
			return nil, err
		}
		kept = append(kept, property{raw: raw})
	}
	return unread, u.risk.setProperties(kept)
}

// relate renews references: to what this program made, then to what somebody
// else added.
func (u *itemUpdate) relate(v *object, key, idKey string, own []string) error {
	was, err := v.objects(key)
	if err != nil {
		return err
	}
	before := map[string]*object{}
	var others []*object
	for _, r := range was {
		id := strings.ToLower(r.text(idKey))
		before[id] = r
		if q := u.previous.pieces[id]; q != nil && !q.ours && !slices.Contains(own, id) {
			others = append(others, r)
		} else if q == nil && !u.made[id] {
			u.Logger.Warn("dropped: a reference to nothing in the document", "item", u.name, "reference", key, "uuid", id)
		}
	}
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
