package oscal

import (
	"cmp"
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

// previous is the previous plan in pieces whose text is as it was, apart from
// white space between tokens.
type previous struct {
	uuid       string
	metadata   json.RawMessage
	importSSP  *object
	systemID   *object
	backMatter json.RawMessage
	lists      map[string][]*piece // see poamLists
	more       map[string][]member // members that this program does not know, by pointer
	pieces     map[string]*piece   // by UUID
	poamIDs    map[string]bool
}

// piece is one element of a list.
type piece struct {
	list    string
	pointer string
	uuid    string // "" only for items
	raw     json.RawMessage
	ours    bool         // this program made it
	check   shca.CheckID // that it is about, as far as properties can say
	managed bool         // this program keeps it up to date
	poamID  string
	more    *object // what people added to it, if it is made anew
}

type member struct {
	key string
	raw json.RawMessage
}

// name is what people call an item.
func (q *piece) name() string { return cmp.Or(q.poamID, q.uuid, q.pointer) }

// readPrevious reads the previous plan; without one, it is empty.
func (b *bundle) readPrevious() (*previous, error) {
	p := &previous{lists: map[string][]*piece{}, more: map[string][]member{}, pieces: map[string]*piece{}, poamIDs: map[string]bool{}}
	if b.POAM == "" {
		return p, nil
	}
	if err := readPOAM(b.POAM, p.add); err != nil {
		return nil, err
	}
	err := p.checkTime(b)
	if err == nil {
		err = p.checkSystem(b)
	}
	if err == nil {
		err = p.index(b)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.POAM, err)
	}
	return p, nil
}

// add takes one piece of the document.
func (p *previous) add(pointer, list string, raw json.RawMessage) (err error) {
	if list != "" {
		p.lists[list] = append(p.lists[list], &piece{list: list, pointer: pointer, raw: raw})
		return nil
	}
	switch pointer {
	case poamPointer + "/uuid":
		err = json.Unmarshal(raw, &p.uuid)
	case poamPointer + "/metadata":
		p.metadata = raw
		_, err = readObject(raw)
	case poamPointer + "/import-ssp":
		p.importSSP, err = readObject(raw)
	case poamPointer + "/system-id":
		p.systemID, err = readObject(raw)
	case poamPointer + "/back-matter":
		p.backMatter = raw
	default:
		parent, key := splitPointer(pointer)
		p.more[parent] = append(p.more[parent], member{key, raw})
	}
	return err
}

// others writes the members below the pointer that this program does not know.
func (p *previous) others(pointer string, out *stream) {
	for _, m := range p.more[pointer] {
		out.value(m.key, m.raw)
	}
}

// index finds out what each piece is.
func (p *previous) index(b *bundle) error {
	fixed := b.fixedUUIDs()
	for _, list := range slices.Sorted(maps.Keys(p.lists)) {
		for _, q := range p.lists[list] {
			if err := p.read(q, fixed); err != nil {
				return located(q.pointer, err)
			}
			if q.poamID != "" {
				p.poamIDs[q.poamID] = true
			}
			if q.uuid == "" {
				continue
			}
			if other := p.pieces[q.uuid]; other != nil {
				return located(q.pointer, fmt.Errorf("has the uuid of %s", other.pointer))
			}
			p.pieces[q.uuid] = q
		}
	}
	return nil
}

// read finds out what the piece is; fixed are the UUIDs of this program's
// objects without a property of its own.
func (p *previous) read(q *piece, fixed map[string]bool) error {
	var v struct {
		UUID  string
		Title string
		Props []o.Property
	}
	if q.raw[0] != '{' {
		return errors.New("is not an object")
	}
	if err := json.Unmarshal(q.raw, &v); err != nil {
		return err
	}
	q.uuid = strings.ToLower(v.UUID)
	if q.uuid == "" && q.list != "poam-items" {
		return errors.New("has no uuid")
	}
	hasOwn := false
	for _, f := range v.Props {
		hasOwn = hasOwn || f.Ns == Namespace
		switch {
		case f.Ns == fedrampNamespace && strings.EqualFold(f.Name, "POAM-ID"):
			q.poamID = f.Value
		case f.Ns != Namespace:
		case f.Name == "managed-by":
			q.managed = f.Value == managedBy
		case f.Name == "check-id":
			q.check = shca.CheckID(f.Value)
		}
	}
	isProduct := (q.list == "assets" || q.list == "components") && q.uuid == productUUID(strings.ReplaceAll(v.Title, `\`, ""))
	// A copy that somebody made of one of this program's objects is theirs.
	q.ours = hasOwn && isDerived(q.uuid) || fixed[q.uuid] || isProduct
	return nil
}

// fixedUUIDs are those of components without a property of this program.
func (b *bundle) fixedUUIDs() map[string]bool {
	fixed := map[string]bool{toolUUID: true, b.assets().AssessmentPlatforms[0].UUID: true}
	for _, c := range b.framework.Checks() {
		if service, ok := b.serviceOf(c.ID); ok {
			fixed[serviceUUID(service)] = true
		}
	}
	return fixed
}

// checkTime makes sure that the plan does not know better already: what an older
// assessment found must not undo what a newer one did.
func (p *previous) checkTime(b *bundle) error {
	if p.metadata == nil {
		return nil
	}
	v, err := readObject(p.metadata)
	if err != nil {
		return located(poamPointer+"/metadata", err)
	}
	at, err := time.Parse(time.RFC3339, v.text("last-modified"))
	if err != nil || !b.now.Before(at.Truncate(time.Second)) {
		return nil // what is no time is no reason either
	}
	return fmt.Errorf("%s/metadata/last-modified: the plan is of %s, the assessment older, of %s; give the plan as it was then, or write to another directory, without a plan",
		poamPointer, at.UTC().Format(time.RFC3339), rfc3339(b.now))
}

// checkSystem makes sure that the plan is about the assessed system. A plan that
// was written before the system had a name is adopted.
func (p *previous) checkSystem(b *bundle) error {
	if p.systemID == nil {
		return nil
	}
	switch of := systemKey(p.systemID.text("id")); of {
	case "", b.system:
		return nil
	case unnamedSystem:
		return p.adopt(b)
	default:
		return fmt.Errorf("%s/system-id/id: the plan is about the system %.80q, this assessment about %.80q; give the plan of this system, or none to begin a new one",
			poamPointer, of, b.system)
	}
}

// adopt gives the plan of a system that had no name, written before there was a
// system file, the UUIDs of the system that it is now.
func (p *previous) adopt(b *bundle) error {
	before := *b
	before.system = unnamedSystem
	var pairs []string
	rename := func(uuidsOf func(*bundle) []string) {
		now := uuidsOf(b)
		for i, uuid := range uuidsOf(&before) {
			pairs = append(pairs, uuid, now[i])
		}
	}
	rename((*bundle).systemUUIDs)
	for _, q := range p.lists["risks"] {
		var risk o.Risk
		if err := json.Unmarshal(q.raw, &risk); err != nil {
			return located(q.pointer, err)
		}
		if risk.Props == nil {
			continue
		}
		for _, f := range *risk.Props {
			if f.Ns != Namespace || f.Name != "check-id" {
				continue
			}
			for _, id := range b.checksNamed(f.Value) {
				if strings.EqualFold(risk.UUID, riskUUID(&before, id)) {
					rename(func(b *bundle) []string { return b.checkUUIDs(id, risk.RiskLog) })
				}
			}
		}
	}
	renamed := strings.NewReplacer(pairs...)
	for _, list := range p.lists {
		for _, q := range list {
			q.raw = json.RawMessage(renamed.Replace(string(q.raw)))
		}
	}
	p.metadata = json.RawMessage(renamed.Replace(string(p.metadata)))
	b.Logger.Info("the plan of the system without a name becomes the plan of this one", "document", b.POAM, "system", b.system)
	return nil
}

// checksNamed are the checks whose id a property may mean: a value is the id in
// one line, and clipped.
func (b *bundle) checksNamed(value string) []shca.CheckID {
	ids := []shca.CheckID{shca.CheckID(value)}
	for i := range b.assessment.Checks {
		if id := b.assessment.Checks[i].ID; string(id) != value && plain(string(id), maxValue) == value {
			ids = append(ids, id)
		}
	}
	return ids
}

// systemUUIDs are the UUIDs that a plan of the system has whatever is in it.
func (b *bundle) systemUUIDs() []string {
	all := []string{b.organization().UUID, b.assets().AssessmentPlatforms[0].UUID}
	for _, party := range b.System.Parties {
		all = append(all, b.partyUUID(party.ID))
	}
	return all
}

// checkUUIDs are the UUIDs that a plan of the system has for the check.
func (b *bundle) checkUUIDs(id shca.CheckID, log *o.RiskLog) []string {
	risk := riskUUID(b, id)
	all := []string{
		risk, itemUUID(b, id), newUUID("observation", b.system, string(id)),
		newUUID("response", risk, "recommendation"), plannedUUID(risk), mendedUUID(risk),
	}
	if log != nil {
		for i, e := range log.Entries {
			repeat := 0
			for _, other := range log.Entries[:i] {
				if other.Start.Equal(e.Start) && other.StatusChange == e.StatusChange {
					repeat++
				}
			}
			all = append(all, logUUID(risk, e.Start, e.StatusChange, repeat))
		}
	}
	return all
}
