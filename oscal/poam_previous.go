package oscal

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
	"github.com/go-shca/shca/system"
)

const (
	planKey     = "plan-of-action-and-milestones"
	planPointer = "/" + planKey
)

// planLists are the arrays of a plan that are read element by element, by their
// JSON pointers, with the names that this file has for them.
var planLists = map[string]string{
	planPointer + "/poam-items":                                               "poam-items",
	planPointer + "/observations":                                             "observations",
	planPointer + "/risks":                                                    "risks",
	planPointer + "/findings":                                                 "findings",
	planPointer + "/local-definitions/components":                             "components",
	planPointer + "/local-definitions/inventory-items":                        "inventory-items",
	planPointer + "/local-definitions/assessment-assets/components":           "assets",
	planPointer + "/local-definitions/assessment-assets/assessment-platforms": "platforms",
}

// planObjects are the objects of a plan that are read member by member.
var planObjects = []string{"", planPointer, planPointer + "/local-definitions", planPointer + "/local-definitions/assessment-assets"}

// previous is the previous plan in pieces whose text is as it was, apart from
// white space between tokens.
type previous struct {
	uuid       string
	metadata   json.RawMessage
	importSSP  *object
	systemID   *object
	backMatter json.RawMessage
	lists      map[string][]*piece // see planLists
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
	ours    bool   // this program made it
	check   string // of an item that this program keeps up to date, as far as properties can say
	managed bool   // an item that this program keeps up to date
	poamID  string
}

type member struct {
	key string
	raw json.RawMessage
}

// errEnough ends the reading of a plan early.
var errEnough = errors.New("enough")

// poamSystemID is the id of the system that the plan of action and milestones
// at the path is about; "" if it names none.
func poamSystemID(path string) (string, error) {
	id := ""
	err := readPlan(path, func(pointer, _ string, raw json.RawMessage) error {
		if pointer != planPointer+"/system-id" {
			return nil
		}
		v, err := readObject(raw)
		if err != nil {
			return err
		}
		id = v.text("id")
		return errEnough
	})
	return id, err
}

// hasItems reports whether the plan at the path has an item.
func hasItems(path string) (some bool, err error) {
	err = readPlan(path, func(_, list string, _ json.RawMessage) error {
		if list != "poam-items" {
			return nil
		}
		some = true
		return errEnough
	})
	return some, err
}

// readPlan reads a plan of action and milestones piece by piece: visit gets each
// element of the lists and every other member as a whole, without white space
// between its tokens, and may return errEnough.
func readPlan(path string, visit func(pointer, list string, raw json.RawMessage) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() // it is only read
	if err := splitPlan(f, visit); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func splitPlan(r io.Reader, visit func(pointer, list string, raw json.RawMessage) error) error {
	buffered := bufio.NewReader(r)
	if mark, err := buffered.Peek(3); err == nil && string(mark) == "\uFEFF" {
		_, _ = buffered.Discard(len(mark)) // it was peeked
	}
	s := &splitter{d: json.NewDecoder(buffered), visit: visit}
	err := s.value("")
	switch {
	case errors.Is(err, errEnough):
		return nil
	case err != nil:
		return err
	case !s.isPlan:
		return fmt.Errorf("is no plan of action and milestones: it has no %s", planPointer)
	}
	if _, err := s.d.Token(); err != io.EOF {
		return errors.New("something follows after the end of the document")
	}
	return nil
}

type splitter struct {
	d      *json.Decoder
	visit  func(pointer, list string, raw json.RawMessage) error
	isPlan bool

	compact bytes.Buffer // of one piece at a time
}

func (s *splitter) value(pointer string) error {
	if list, ok := planLists[pointer]; ok {
		if err := s.open(pointer, '[', "an array"); err != nil {
			return err
		}
		for i := 0; s.d.More(); i++ {
			if err := s.whole(fmt.Sprint(pointer, "/", i), list); err != nil {
				return err
			}
		}
		return s.close(pointer)
	}
	if !slices.Contains(planObjects, pointer) {
		return s.whole(pointer, "")
	}
	if err := s.open(pointer, '{', "an object"); err != nil {
		return err
	}
	seen := map[string]bool{}
	for s.d.More() {
		token, err := s.d.Token()
		if err != nil {
			return located(pointer, err)
		}
		key := token.(string) // the decoder takes no other key
		if seen[key] {
			return located(pointer, fmt.Errorf("the key %.80q is there twice", key))
		}
		seen[key] = true
		child := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
		if child == planPointer {
			s.isPlan = true
		}
		if err := s.value(child); err != nil {
			return err
		}
	}
	return s.close(pointer)
}

// open reads the bracket that begins a value.
func (s *splitter) open(pointer string, bracket json.Delim, kind string) error {
	token, err := s.d.Token()
	if err != nil {
		return located(pointer, err)
	}
	if token != bracket {
		return located(pointer, fmt.Errorf("is not %s", kind))
	}
	return nil
}

// close reads the bracket that ends a value.
func (s *splitter) close(pointer string) error {
	if _, err := s.d.Token(); err != nil {
		return located(pointer, err)
	}
	return nil
}

func (s *splitter) whole(pointer, list string) error {
	var raw json.RawMessage
	if err := s.d.Decode(&raw); err != nil {
		return located(pointer, err)
	}
	if !utf8.Valid(raw) {
		return located(pointer, errors.New("is not valid UTF-8"))
	}
	s.compact.Reset()
	if err := json.Compact(&s.compact, raw); err != nil {
		return located(pointer, err)
	}
	if s.compact.Len() < len(raw) {
		raw = bytes.Clone(s.compact.Bytes())
	}
	if err := s.visit(pointer, list, raw); err != nil {
		if errors.Is(err, errEnough) {
			return err
		}
		return located(pointer, err)
	}
	return nil
}

// located says where in the document an error is.
func located(pointer string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the document ends too early")
	}
	return fmt.Errorf("%s: %w", cmp.Or(pointer, "/"), err)
}

// readPrevious reads the previous plan; without one, it is empty.
func (b *bundle) readPrevious() (*previous, error) {
	p := &previous{lists: map[string][]*piece{}, more: map[string][]member{}, pieces: map[string]*piece{}, poamIDs: map[string]bool{}}
	if b.POAM == "" {
		return p, nil
	}
	var of string
	err := readPlan(b.POAM, func(pointer, list string, raw json.RawMessage) (err error) {
		if list != "" {
			p.lists[list] = append(p.lists[list], &piece{list: list, pointer: pointer, raw: raw})
			return nil
		}
		switch pointer {
		case planPointer + "/uuid":
			return json.Unmarshal(raw, &p.uuid)
		case planPointer + "/metadata":
			p.metadata = raw
			_, err = readObject(raw)
		case planPointer + "/import-ssp":
			p.importSSP, err = readObject(raw)
		case planPointer + "/system-id":
			if p.systemID, err = readObject(raw); err == nil {
				of = p.systemID.text("id")
			}
		case planPointer + "/back-matter":
			p.backMatter = raw
		default:
			i := strings.LastIndexByte(pointer, '/')
			key := strings.NewReplacer("~1", "/", "~0", "~").Replace(pointer[i+1:])
			p.more[pointer[:i]] = append(p.more[pointer[:i]], member{key, raw})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if id := plain(b.system, maxValue); of != "" && of != id {
		if of != unnamedSystem {
			return nil, fmt.Errorf("%s: %s/system-id/id: the plan is about the system %.80q, this assessment about %.80q; give the plan of this system, or none to begin a new one",
				b.POAM, planPointer, of, id)
		}
		if err := p.adopt(b); err != nil {
			return nil, fmt.Errorf("%s: %w", b.POAM, err)
		}
	}
	if err := p.index(b); err != nil {
		return nil, fmt.Errorf("%s: %w", b.POAM, err)
	}
	return p, nil
}

// index finds out what each piece is.
func (p *previous) index(b *bundle) error {
	fixed := b.fixedUUIDs()
	for _, list := range slices.Sorted(maps.Keys(p.lists)) {
		for _, q := range p.lists[list] {
			var v struct {
				UUID  string
				Title string
				Props []o.Property
			}
			if q.raw[0] != '{' {
				return located(q.pointer, errors.New("is not an object"))
			}
			if err := json.Unmarshal(q.raw, &v); err != nil {
				return located(q.pointer, err)
			}
			q.uuid = strings.ToLower(v.UUID)
			for _, f := range v.Props {
				switch {
				case f.Ns == fedrampNamespace && strings.EqualFold(f.Name, "POAM-ID"):
					q.poamID = f.Value
					p.poamIDs[f.Value] = true
				case f.Ns != Namespace:
				case f.Name == "managed-by":
					q.managed = f.Value == managedBy
				case f.Name == "check-id":
					q.check = f.Value
				}
				q.ours = q.ours || f.Ns == Namespace
			}
			// Every UUID of this program is of version 5, so a copy that somebody
			// made of an object of its is theirs.
			q.ours = q.ours && len(q.uuid) == 36 && q.uuid[14] == '5' || fixed[q.uuid] ||
				(list == "assets" || list == "components") && q.uuid == productUUID(strings.ReplaceAll(v.Title, `\`, ""))
			if q.uuid == "" {
				if list != "poam-items" {
					return located(q.pointer, errors.New("has no uuid"))
				}
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

// fixedUUIDs are those of components without a property of this program.
func (b *bundle) fixedUUIDs() map[string]bool {
	fixed := map[string]bool{b.tool().UUID: true, b.assets().AssessmentPlatforms[0].UUID: true}
	for _, c := range b.framework.Checks() {
		if service, ok := b.serviceOf(c.ID); ok {
			fixed[serviceUUID(service)] = true
		}
	}
	return fixed
}

// others writes the members below the pointer that this program does not know.
func (p *previous) others(pointer string, out *stream) {
	for _, m := range p.more[pointer] {
		out.value(m.key, m.raw)
	}
}

// adopt gives the plan of a system that had no name, written before there was a
// system file, the UUIDs of the system that it is now.
func (p *previous) adopt(b *bundle) error {
	before := *b
	before.system = unnamedSystem
	var pairs []string
	both := func(uuid func(b *bundle) string) {
		pairs = append(pairs, uuid(&before), uuid(b))
	}
	both(func(b *bundle) string { return b.organization().UUID })
	both(func(b *bundle) string { return b.assets().AssessmentPlatforms[0].UUID })
	for _, party := range b.System.Parties {
		both(func(b *bundle) string { return b.partyUUID(party.ID) })
	}
	for _, q := range p.lists["risks"] {
		var risk o.Risk
		if err := json.Unmarshal(q.raw, &risk); err != nil {
			return located(q.pointer, err)
		}
		if risk.Props == nil {
			continue
		}
		for _, f := range *risk.Props {
			id := shca.CheckID(f.Value)
			if f.Ns != Namespace || f.Name != "check-id" || risk.UUID != riskUUID(&before, id) {
				continue
			}
			both(func(b *bundle) string { return riskUUID(b, id) })
			both(func(b *bundle) string { return newUUID("poam-item", b.system, string(id)) })
			both(func(b *bundle) string { return newUUID("observation", b.system, string(id)) })
			both(func(b *bundle) string { return newUUID("response", riskUUID(b, id), "recommendation") })
			both(func(b *bundle) string { return newUUID("response", riskUUID(b, id), "planned") })
			both(func(b *bundle) string { return newUUID("task", riskUUID(b, id), "mended") })
			if risk.RiskLog != nil {
				for _, e := range risk.RiskLog.Entries {
					both(func(b *bundle) string { return logUUID(riskUUID(b, id), e.Start, e.StatusChange) })
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

func logUUID(risk string, at time.Time, status string) string {
	return newUUID("risk-log", risk, at.UTC().Format(time.RFC3339), status)
}

// uuidsIn yields what looks like a UUID in a text, in lower case.
func uuidsIn(raw []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := 0; i+36 <= len(raw); {
			dash := bytes.IndexByte(raw[i+8:], '-')
			if dash < 0 {
				return
			}
			i += dash
			if i+36 > len(raw) {
				return
			}
			if isUUID(raw[i : i+36]) {
				if !yield(strings.ToLower(string(raw[i : i+36]))) {
					return
				}
				i += 36
			} else {
				i++
			}
		}
	}
}

func isUUID(s []byte) bool {
	for i, c := range s {
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
				return false
			}
		}
	}
	return true
}

// keep marks what the text refers to in the previous plan, and what that refers
// to, unless it is made anew. Resources wait until it is known which of them
// are: listed is nil before.
func (m *poam) keep(kept, listed map[string]bool, raw json.RawMessage) {
	todo := []json.RawMessage{raw}
	for len(todo) > 0 {
		raw := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for id := range uuidsIn(raw) {
			q := m.previous.pieces[id]
			if q == nil || m.made[id] || kept[id] {
				continue
			}
			kept[id] = true
			if q.list != "inventory-items" || listed != nil && !listed[id] {
				todo = append(todo, q.raw)
			}
		}
	}
}

// keptWithResources is what is kept, with what the resources refer to that are
// not among the listed ones.
func (m *poam) keptWithResources(listed map[string]bool) map[string]bool {
	kept := maps.Clone(m.kept)
	for _, q := range m.previous.lists["inventory-items"] {
		if m.kept[q.uuid] && !listed[q.uuid] {
			m.keep(kept, listed, q.raw)
		}
	}
	return kept
}

// rest passes on the pieces of a list that are kept, besides those made anew.
func (m *poam) rest(list string, kept, made map[string]bool) func(func(any)) {
	return func(element func(any)) {
		for _, q := range m.previous.lists[list] {
			if kept[q.uuid] && !m.made[q.uuid] && !made[q.uuid] {
				element(q.raw)
			}
		}
	}
}

// planLine is an item of the plan: as it was, brought up to date, or new.
type planLine struct {
	item  *piece            // nil for a new one
	check *shca.CheckResult // nil if the item stays as it was
	quiet bool              // this program's item, but nothing was found about it
}

// carryOn decides what becomes of the previous plan and adds what is new.
func (m *poam) carryOn() error {
	assets := m.assets()
	for _, c := range *assets.Components {
		m.made[c.UUID] = true
	}
	m.made[assets.AssessmentPlatforms[0].UUID] = true

	lines := m.lines()
	for _, l := range lines {
		if l.check == nil {
			continue
		}
		m.active[l.check.ID] = true
		m.made[newUUID("poam-item", m.system, string(l.check.ID))] = true
		m.made[riskUUID(m.bundle, l.check.ID)] = true
		for _, id := range m.survey.related(l.check) {
			m.made[id] = true
		}
	}
	m.makeFindings()
	for _, list := range m.previous.lists {
		for _, q := range list {
			if q.list != "poam-items" && !q.ours && !m.made[q.uuid] {
				m.kept[q.uuid] = true
				if q.list != "inventory-items" {
					m.keep(m.kept, nil, q.raw)
				}
			}
		}
	}
	for _, l := range lines {
		if l.check == nil {
			m.keep(m.kept, nil, l.item.raw)
		}
	}
	m.relateFindings()

	risks := map[string]json.RawMessage{}
	var fresh []json.RawMessage
	for _, l := range lines {
		item, risk, err := m.line(l)
		if err != nil {
			return fmt.Errorf("%s: %w", m.POAM, err) // only what was there can be wrong
		}
		m.items = append(m.items, item)
		m.changed = m.changed || l.item == nil || !bytes.Equal(item, l.item.raw)
		if risk == nil {
			continue
		}
		m.keep(m.kept, nil, item)
		m.keep(m.kept, nil, risk)
		id := riskUUID(m.bundle, l.check.ID)
		was := m.previous.pieces[id]
		m.changed = m.changed || was == nil || !bytes.Equal(risk, was.raw)
		if was != nil {
			risks[id] = risk
		} else {
			fresh = append(fresh, risk)
		}
	}
	for _, q := range m.previous.lists["risks"] {
		switch {
		case risks[q.uuid] != nil:
			m.risks = append(m.risks, risks[q.uuid])
		case m.kept[q.uuid]:
			m.risks = append(m.risks, q.raw)
		}
	}
	m.risks = append(m.risks, fresh...)
	for _, list := range []string{"observations", "findings", "risks", "poam-items"} {
		for _, q := range m.previous.lists[list] {
			if !m.kept[q.uuid] {
				q.raw = nil // it is no longer needed, and there may be much of it
			}
		}
	}
	return nil
}

// lines are the items: those of the previous plan in its order, then new ones,
// worst first.
func (m *poam) lines() []planLine {
	checks := map[string]*shca.CheckResult{} // by the UUIDs of their items
	for i := range m.assessment.Checks {
		c := &m.assessment.Checks[i]
		checks[newUUID("poam-item", m.system, string(c.ID))] = c
	}
	var lines []planLine
	there := map[*shca.CheckResult]bool{}
	for _, q := range m.previous.lists["poam-items"] {
		l := planLine{item: q}
		c := checks[q.uuid]
		switch {
		case q.uuid == "":
		case c != nil && q.managed:
			l.check = c
		case c != nil:
			m.Logger.Info("not updated: the item has no managed-by", "item", q.name())
		case q.managed && q.uuid == newUUID("poam-item", m.system, q.check):
			l.quiet = true
		}
		if c != nil {
			there[c] = true
		}
		lines = append(lines, l)
	}
	for _, c := range m.assessment.Failing() {
		if !there[c] {
			lines = append(lines, planLine{check: c})
		}
	}
	return lines
}

// name is what people call the item.
func (q *piece) name() string { return cmp.Or(q.poamID, q.uuid, q.pointer) }

// line is the item and, unless it stays as it was, its risk.
func (m *poam) line(l planLine) (item, risk json.RawMessage, err error) {
	if l.check == nil && !l.quiet {
		return l.item.raw, nil, nil
	}
	u := &update{poam: m, check: l.check}
	if l.item != nil {
		u.name = l.item.name()
		if u.item, err = readObject(l.item.raw); err != nil {
			return nil, nil, located(l.item.pointer, err)
		}
	}
	if l.quiet {
		err = m.quiet(u.item, l.item)
		if err != nil {
			return nil, nil, located(l.item.pointer, err)
		}
		item, err = encode(u.item)
		return item, nil, err
	}
	was := m.previous.pieces[riskUUID(m.bundle, l.check.ID)]
	if was != nil {
		if was.list != "risks" {
			return nil, nil, located(was.pointer, errors.New("has the uuid of a risk"))
		}
		if u.risk, err = readObject(was.raw); err != nil {
			return nil, nil, located(was.pointer, err)
		}
	}
	if err := u.run(); err != nil {
		where := planPointer + "/poam-items"
		if was != nil {
			where = was.pointer
		} else if l.item != nil {
			where = l.item.pointer
		}
		return nil, nil, located(where, err)
	}
	if item, err = encode(u.item); err != nil {
		return nil, nil, err
	}
	risk, err = encode(u.risk)
	return item, risk, err
}

// quiet notes in an open item since when there is no finding about it.
func (m *poam) quiet(item *object, was *piece) error {
	risk := m.previous.pieces[newUUID("risk", m.system, was.check)]
	if risk != nil {
		v, err := readObject(risk.raw)
		if err != nil {
			return err
		}
		if v.text("status") == closed {
			return nil
		}
	}
	return m.noData(item, was.name())
}

func (m *poam) noData(item *object, name string) error {
	if since, err := getProp(item, "no-data-since", ""); err != nil || since != "" {
		return err
	}
	m.Logger.Info("stays open: no finding tells whether it is mended", "item", name)
	return setProp(item, prop("no-data-since", rfc3339(m.now)))
}

// closed is the status of a risk that is no more.
const closed = "closed"

// update brings an item and its risk up to date. What people write in them is
// theirs: this program changes the members that only it knows about, and texts
// that are still as it wrote them.
type update struct {
	*poam
	check *shca.CheckResult
	name  string
	item  *object // nil for a new one
	risk  *object // nil for a new one
}

func (u *update) run() error {
	c := u.check
	fails := c.Tally.Failed > 0
	risk := u.planRisk(c)
	var item *o.PoamItem
	if u.item == nil {
		item = u.planItem(c)
		u.name = (*item.Props)[0].Value
		if err := u.create(&u.item, item); err != nil {
			return err
		}
	} else {
		item = &o.PoamItem{Title: checkTitle(c), Description: describe(c)}
		if err := setProp(u.item, prop("check-id", string(c.ID))); err != nil {
			return err
		}
	}
	isNew := u.risk == nil
	if isNew {
		if err := u.create(&u.risk, risk); err != nil {
			return err
		}
	}
	if fails || isNew {
		if err := u.texts(item, risk); err != nil {
			return err
		}
	}
	if err := u.numbers(risk, isNew); err != nil {
		return err
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
	if item.UUID != "" {
		slices.Sort(u.item.keys) // a new item is in the order of all others
	}
	return nil
}

// create makes an object of a value of go-oscal.
func (u *update) create(v **object, value any) error {
	raw, err := encode(value)
	if err == nil {
		*v, err = readObject(raw)
	}
	return err
}

// texts renews the texts of a weakness that is there.
func (u *update) texts(item *o.PoamItem, risk *o.Risk) error {
	if err := errors.Join(
		u.text(u.item, "title", item.Title, "title"),
		u.text(u.item, "description", item.Description, "description"),
		u.text(u.risk, "title", risk.Title, "title of the risk"),
		u.text(u.risk, "description", risk.Description, "description of the risk"),
		u.text(u.risk, "statement", risk.Statement, "statement of the risk"),
		u.links(risk), u.facets(risk),
	); err != nil {
		return err
	}
	return u.remediations(risk)
}

// text sets a text unless somebody changed it since this program wrote it,
// which its digest tells.
func (u *update) text(v *object, key, text, what string) error {
	was, err := getProp(v, "managed-digest", key)
	if err != nil {
		return err
	}
	now := textDigest(text)
	_, there := v.values[key]
	current := v.text(key)
	switch {
	case !there || was == textDigest(current) && current != text:
		if err := v.set(key, text); err != nil {
			return err
		}
	case current == text:
	case was == "":
		return nil // whoever removed the digest wants to keep the text
	case was != now:
		u.Logger.Warn("conflict: a text that somebody changed has news; theirs is kept", "item", u.name, "text", what)
	}
	return setProp(v, o.Property{Name: "managed-digest", Ns: Namespace, Class: key, Value: now})
}

func textDigest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// links renews the link to the producer's advice.
func (u *update) links(risk *o.Risk) error {
	if risk.Links == nil {
		return nil
	}
	link := (*risk.Links)[0]
	links, err := u.risk.array("links")
	if err != nil {
		return err
	}
	for i, raw := range links {
		v, err := readObject(raw)
		if err != nil {
			return fmt.Errorf("links/%d: %w", i, err)
		}
		if v.text("rel") == link.Rel && v.text("text") == link.Text {
			if v.text("href") == link.Href {
				return nil
			}
			if err := v.set("href", link.Href); err != nil {
				return err
			}
			if links[i], err = encode(v); err != nil {
				return err
			}
			return u.risk.set("links", links)
		}
	}
	return add(u.risk, "links", link)
}

// add appends an element to an array.
func add(v *object, key string, element any) error {
	all, err := v.array(key)
	if err != nil {
		return err
	}
	raw, err := encode(element)
	if err != nil {
		return err
	}
	return v.set(key, append(all, raw))
}

// facets renews the initial facets; those that somebody adjusted are apart from
// them.
func (u *update) facets(risk *o.Risk) error {
	fresh := (*risk.Characterizations)[0]
	all, err := u.risk.array("characterizations")
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return add(u.risk, "characterizations", fresh)
	}
	for i, raw := range all {
		v, err := readObject(raw)
		if err != nil {
			return fmt.Errorf("characterizations/%d: %w", i, err)
		}
		if !bytes.Contains(v.values["origin"], []byte(u.tool().UUID)) {
			continue
		}
		changed := false
		facets, err := v.array("facets")
		if err != nil {
			return fmt.Errorf("characterizations/%d: %w", i, err)
		}
		for j, raw := range facets {
			var was o.Facet
			if err := json.Unmarshal(raw, &was); err != nil {
				return fmt.Errorf("characterizations/%d/facets/%d: %w", i, j, err)
			}
			for _, f := range fresh.Facets {
				if was.Name != f.Name || was.System != f.System || was.Value == f.Value || f.Props != nil && !isInitial(was) {
					continue
				}
				facet, err := readObject(raw)
				if err != nil {
					return fmt.Errorf("characterizations/%d/facets/%d: %w", i, j, err)
				}
				if err := facet.set("value", f.Value); err != nil {
					return err
				}
				if facets[j], err = encode(facet); err != nil {
					return err
				}
				changed = true
			}
		}
		if !changed {
			continue
		}
		if err := v.set("facets", facets); err != nil {
			return err
		}
		if all[i], err = encode(v); err != nil {
			return err
		}
	}
	return u.risk.set("characterizations", all)
}

func isInitial(f o.Facet) bool {
	return f.Props != nil && slices.ContainsFunc(*f.Props, func(p o.Property) bool {
		return p.Name == "state" && p.Value == "initial" && (p.Ns == "" || p.Ns == nistNamespace)
	})
}

// remediations renews the producer's advice, and adds what every risk of a plan
// must have.
func (u *update) remediations(risk *o.Risk) error {
	responses, err := u.risk.array("remediations")
	if err != nil {
		return err
	}
	var recommended, planned, changed bool
	for i, raw := range responses {
		v, err := readObject(raw)
		if err != nil {
			return fmt.Errorf("remediations/%d: %w", i, err)
		}
		advice := (*risk.Remediations)[0]
		switch v.text("lifecycle") {
		case "recommendation":
			recommended = true
		default:
			planned = true
		}
		if v.text("uuid") != advice.UUID {
			continue
		}
		if err := u.text(v, "description", advice.Description, "recommendation"); err != nil {
			return fmt.Errorf("remediations/%d: %w", i, err)
		}
		if responses[i], err = encode(v); err != nil {
			return err
		}
		changed = true
	}
	for _, r := range *risk.Remediations {
		if r.Lifecycle == "recommendation" && recommended || r.Lifecycle != "recommendation" && planned {
			continue
		}
		raw, err := encode(r)
		if err != nil {
			return err
		}
		responses, changed = append(responses, raw), true
	}
	if !changed {
		return nil
	}
	return u.risk.set("remediations", responses)
}

// numbers renews the properties that this program owns. When a weakness was
// first seen only moves back.
func (u *update) numbers(risk *o.Risk, isNew bool) error {
	if isNew {
		return nil
	}
	was, err := getProp(u.risk, "first-observed", "")
	if err != nil {
		return err
	}
	before, unreadable := time.Parse(time.RFC3339, was)
	for _, p := range *risk.Props {
		switch {
		case p.Ns == Namespace && p.Name == "first-observed":
			if now, err := time.Parse(time.RFC3339, p.Value); unreadable == nil && (err != nil || u.check.Tally.Failed == 0 || !now.Before(before)) {
				continue
			}
			err = setProp(u.risk, p)
		case p.Ns == Namespace:
			err = setProp(u.risk, p)
		case p.Ns == fedrampNamespace && u.check.Tally.Failed > 0:
			err = addProp(u.risk, p)
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

// accounts renews the list of accounts in which the check fails. An account that
// the assessment has no finding of stays on it, and is returned: an export of
// other accounts says nothing about it.
func (u *update) accounts() (unread []string, err error) {
	const name = "failing-account"
	read := map[string]bool{}
	for _, a := range u.survey.accounts {
		read[plain(a.id, maxValue)] = true
	}
	left := maps.Clone(u.failing[u.check.ID])
	all, err := u.risk.array("props")
	if err != nil {
		return nil, err
	}
	var kept []json.RawMessage
	for i, raw := range all {
		var p o.Property
		if err := json.Unmarshal(raw, &p); err != nil {
			return nil, fmt.Errorf("props/%d: %w", i, err)
		}
		if p.Ns == Namespace && p.Name == name {
			if !read[p.Value] {
				unread = append(unread, p.Value)
			} else if !left[p.Value] {
				continue
			}
			delete(left, p.Value)
		}
		kept = append(kept, raw)
	}
	for _, id := range slices.Sorted(maps.Keys(left)) {
		raw, err := encode(prop(name, id))
		if err != nil {
			return nil, err
		}
		kept = append(kept, raw)
	}
	return unread, u.risk.set("props", kept)
}

// status moves the risk on if the findings say so. Only a change is logged.
func (u *update) status(fresh *o.Risk, unread []string) error {
	t := u.check.Tally
	was := u.risk.text("status")
	switch {
	case t.Decided() > 0:
		if err := dropProp(u.item, "no-data-since"); err != nil {
			return err
		}
	case was != closed:
		if err := u.noData(u.item, u.name); err != nil {
			return err
		}
	}
	deviates, err := u.deviates(was)
	if err != nil {
		return err
	}
	switch {
	case was == "":
		return u.risk.set("status", fresh.Status)
	case t.Failed > 0 && was == closed && !deviates:
		return u.reopen(fresh)
	case t.Failed > 0:
		last, err := u.lastStatus()
		if err != nil || was != last || was == fresh.Status {
			return err // as it should be, or somebody set it
		}
		return u.change(fresh.Status, "status-update", "Status changed", "What the findings say of who was told of the failures.")
	case was == closed || t.Decided() == 0:
		return nil
	case !passes(t):
		u.Logger.Info("stays open: not all is known to pass", "item", u.name, "findings", stays(t))
	case deviates:
		u.Logger.Info("passes now, but a deviation has the say", "item", u.name, "status", was)
	case !u.assessment.Complete():
		u.Logger.Warn("stays open: no failure was read, but not all could be read", "item", u.name)
	case len(unread) > 0:
		u.Logger.Warn("stays open: no finding is of an account in which it failed", "item", u.name, "accounts", strings.Join(unread, ", "))
	default:
		u.Logger.Info("closed", "item", u.name)
		return u.change(closed, closed, "Closed",
			fmt.Sprintf("%s of the check passed; none failed, is undecided or suppressed.", show.Plural(t.Passed, "finding")))
	}
	return nil
}

// deviates reports whether somebody decided about the risk, so that findings do
// not: it is accepted, no risk at all, or about to be declared so.
func (u *update) deviates(status string) (bool, error) {
	if strings.HasPrefix(status, "deviation-") {
		return true, nil
	}
	var all []o.Property
	if err := u.risk.get("props", &all); err != nil {
		return false, err
	}
	return slices.ContainsFunc(all, func(p o.Property) bool {
		switch p.Ns {
		case "", nistNamespace, fedrampNamespace:
			switch p.Name {
			case "false-positive", "accepted", "operational-requirement", "vendor-dependency":
				return p.Value != "no" && p.Value != "withdrawn" && p.Value != "false"
			}
		}
		return false
	}), nil
}

func (u *update) reopen(fresh *o.Risk) error {
	was, err := getProp(u.item, "reopened-count", "")
	if err != nil {
		return err
	}
	n := 0
	_, _ = fmt.Sscan(was, &n) // what is no number counts as none
	u.Logger.Info("reopened", "item", u.name)
	if err := setProp(u.item, count("reopened-count", n+1)); err != nil {
		return err
	}
	return u.change(fresh.Status, "status-update", "Reopened", "The check fails again: "+failures(u.check))
}

// change sets the status and logs that.
func (u *update) change(status, kind, headline, description string) error {
	e := u.logEntry(u.risk.text("uuid"), u.now, status, headline, description)
	e.Props = props(nist("type", kind))
	if err := u.risk.set("status", status); err != nil {
		return err
	}
	log, err := u.risk.object("risk-log")
	if err != nil {
		return err
	}
	entries, err := log.array("entries")
	if err != nil {
		return err
	}
	for _, raw := range entries {
		if bytes.Contains(raw, []byte(e.UUID)) {
			return nil // it is the same change
		}
	}
	if err := add(log, "entries", e); err != nil {
		return err
	}
	return u.risk.set("risk-log", log)
}

// lastStatus is the status that this program set, if nobody set one since; else
// "".
func (u *update) lastStatus() (string, error) {
	log, err := u.risk.object("risk-log")
	if err != nil {
		return "", err
	}
	var entries []o.RiskLogEntry
	if err := log.get("entries", &entries); err != nil {
		return "", fmt.Errorf("risk-log: %w", err)
	}
	for _, e := range slices.Backward(entries) {
		if e.StatusChange == "" {
			continue
		}
		if e.UUID == logUUID(u.risk.text("uuid"), e.Start, e.StatusChange) {
			return e.StatusChange, nil
		}
		return "", nil
	}
	return "", nil
}

// relate renews references: to what this program made, then to what somebody
// else added.
func (u *update) relate(v *object, key, idKey string, own []string) error {
	was, err := v.array(key)
	if err != nil {
		return err
	}
	mine := map[string]bool{}
	for _, id := range own {
		mine[id] = true
	}
	before := map[string]json.RawMessage{}
	var others []json.RawMessage
	for i, raw := range was {
		r, err := readObject(raw)
		if err != nil {
			return fmt.Errorf("%s/%d: %w", key, i, err)
		}
		id := strings.ToLower(r.text(idKey))
		before[id] = raw
		if q := u.previous.pieces[id]; q != nil && !q.ours && !mine[id] {
			others = append(others, raw)
		} else if q == nil && !u.made[id] {
			u.Logger.Warn("dropped: a reference to nothing in the document", "item", u.name, "reference", key, "uuid", id)
		}
	}
	var all []json.RawMessage
	for _, id := range own {
		raw := before[id]
		if raw == nil {
			if raw, err = encode(map[string]string{idKey: id}); err != nil {
				return err
			}
		}
		all = append(all, raw)
	}
	all = append(all, others...)
	if len(all) == 0 {
		v.remove(key)
		return nil
	}
	return v.set(key, all)
}

// getProp is the value of one of this program's properties; "" without it.
func getProp(v *object, name, class string) (string, error) {
	var all []o.Property
	if err := v.get("props", &all); err != nil {
		return "", err
	}
	for _, p := range all {
		if p.Name == name && p.Ns == Namespace && p.Class == class {
			return p.Value, nil
		}
	}
	return "", nil
}

// setProp sets the value of a property, or adds it.
func setProp(v *object, p o.Property) error {
	if p.Value == "" {
		return nil // OSCAL has no empty values
	}
	all, err := v.array("props")
	if err != nil {
		return err
	}
	for i, raw := range all {
		var was o.Property
		if err := json.Unmarshal(raw, &was); err != nil {
			return fmt.Errorf("props/%d: %w", i, err)
		}
		if was.Name != p.Name || was.Ns != p.Ns || was.Class != p.Class {
			continue
		}
		if was.Value == p.Value {
			return nil
		}
		changed, err := readObject(raw)
		if err != nil {
			return fmt.Errorf("props/%d: %w", i, err)
		}
		if err := changed.set("value", p.Value); err != nil {
			return err
		}
		if all[i], err = encode(changed); err != nil {
			return err
		}
		return v.set("props", all)
	}
	return add(v, "props", p)
}

// addProp adds a property unless it is there.
func addProp(v *object, p o.Property) error {
	var all []o.Property
	if err := v.get("props", &all); err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(was o.Property) bool { return was.Name == p.Name && was.Ns == p.Ns && was.Value == p.Value }) {
		return nil
	}
	return add(v, "props", p)
}

// dropProp drops one of this program's properties.
func dropProp(v *object, name string) error {
	all, err := v.array("props")
	if err != nil {
		return err
	}
	var left []json.RawMessage
	for i, raw := range all {
		var p o.Property
		if err := json.Unmarshal(raw, &p); err != nil {
			return fmt.Errorf("props/%d: %w", i, err)
		}
		if p.Name != name || p.Ns != Namespace {
			left = append(left, raw)
		}
	}
	switch len(left) {
	case len(all):
		return nil
	case 0:
		v.remove("props")
		return nil
	}
	return v.set("props", left)
}

// planMetadata is the previous plan's metadata with what this run knows better.
// The time and the version change only if something else does.
func (m *poam) planMetadata() (any, error) {
	fresh := m.bundle.metadata("Plan of action and milestones: "+m.systemName(), cmp.Or(m.System.Version, m.runVersion()))
	if m.previous.metadata == nil {
		return fresh, nil
	}
	v, err := readObject(m.previous.metadata)
	if err != nil {
		return nil, err
	}
	if old := v.text("title"); old == "" || strings.Contains(old, system.ToBeCompleted) {
		err = v.set("title", fresh.Title)
	}
	if err == nil && v.text("oscal-version") != fresh.OscalVersion {
		err = v.set("oscal-version", fresh.OscalVersion)
	}
	for _, p := range *fresh.Props {
		err = errors.Join(err, setProp(v, p))
	}
	named := map[string]bool{}
	for _, p := range m.System.Parties {
		named[m.partyUUID(p.ID)] = true
	}
	named[m.organization().UUID] = m.System.Organization.Name != ""
	roles := map[string]bool{}
	for _, r := range m.System.Roles {
		roles[token(r.ID)] = true
	}
	err = errors.Join(err,
		merge(v, "roles", "id", *fresh.Roles, func(id string) bool { return roles[id] }),
		merge(v, "parties", "uuid", *fresh.Parties, func(uuid string) bool { return named[uuid] }),
	)
	if fresh.ResponsibleParties != nil {
		err = errors.Join(err, merge(v, "responsible-parties", "role-id", *fresh.ResponsibleParties, func(id string) bool { return roles[id] }))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s/metadata: %w", m.POAM, planPointer, err)
	}
	if !m.same || v.text("last-modified") == "" || v.text("version") == "" {
		err = errors.Join(v.set("last-modified", fresh.LastModified), v.set("version", fresh.Version))
	}
	return v, err
}

// merge adds to a list the elements that it lacks by their ids, and sets the
// members of those that are for this program to tell.
func merge[T any](v *object, key, idKey string, fresh []T, tell func(id string) bool) error {
	all, err := v.array(key)
	if err != nil {
		return err
	}
	index := map[string]int{}
	for i, raw := range all {
		one, err := readObject(raw)
		if err != nil {
			return fmt.Errorf("%s/%d: %w", key, i, err)
		}
		index[one.text(idKey)] = i
	}
	for _, f := range fresh {
		raw, err := encode(f)
		if err != nil {
			return err
		}
		one, err := readObject(raw)
		if err != nil {
			return err
		}
		id := one.text(idKey)
		i, there := index[id]
		if !there {
			all = append(all, raw)
			continue
		}
		if !tell(id) {
			continue
		}
		old, err := readObject(all[i])
		if err != nil {
			return err
		}
		for _, k := range one.keys {
			if err := old.set(k, one.values[k]); err != nil {
				return err
			}
		}
		if all[i], err = encode(old); err != nil {
			return err
		}
	}
	if len(all) == 0 {
		return nil
	}
	return v.set(key, all)
}

// unchanged reports whether the plan says what the previous one said, whatever
// the order of members and elements.
func (m *poam) unchanged(ctx context.Context) (bool, error) {
	f, err := os.Open(m.POAM)
	if err != nil {
		return false, err
	}
	defer f.Close() // it is only read
	before, err := planDigest(f)
	if err != nil {
		return false, fmt.Errorf("%s: %w", m.POAM, err)
	}
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := m.write(ctx, w)
		w.CloseWithError(err)
		done <- err
	}()
	now, err := planDigest(r)
	r.CloseWithError(errEnough) // so that write ends if the digest failed
	if failed := <-done; failed != nil && !errors.Is(failed, errEnough) {
		err = failed
	}
	return before == now, err
}

// planDigest digests what a plan says, apart from when it was written.
func planDigest(r io.Reader) (sum [sha256.Size]byte, err error) {
	err = splitPlan(r, func(pointer, list string, raw json.RawMessage) error {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			return err
		}
		if metadata, ok := v.(map[string]any); ok && pointer == planPointer+"/metadata" {
			delete(metadata, "last-modified")
			delete(metadata, "version")
		}
		canonical, err := json.Marshal(v) // with sorted keys
		if err != nil {
			return err
		}
		one := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s", cmp.Or(list, pointer), canonical))
		for i := range sum {
			sum[i] ^= one[i]
		}
		return nil
	})
	return sum, err
}
