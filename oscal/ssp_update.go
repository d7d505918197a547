package oscal

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

// maxNamed is the number of names in a message about many.
const maxNamed = 5

// sspUpdate brings the evidence in a system security plan up to date. It adds
// and changes what this program owns: objects with its property managed-by.
// Whatever else is in the document is the user's and stays.
type sspUpdate struct {
	*ssp
	b *bundle

	byTitle map[string]string // UUIDs of the components
	byUUID  map[string]string // titles of the components
	added   []any             // components that the document lacks
	taken   map[string]bool   // every UUID in the document

	changed  bool
	answered []string // controls with answers of the user's own in the places of ours
}

// writeUpdatedSSP writes the user's system security plan with its evidence
// brought up to date. A document in which nothing changes is written as it was
// read.
func (b *bundle) writeUpdatedSSP(ctx context.Context, w io.Writer) error {
	s, err := readSSP(b.SSP)
	if err != nil {
		return err
	}
	u := &sspUpdate{ssp: s, b: b, byTitle: map[string]string{}, byUUID: map[string]string{}, taken: map[string]bool{}}
	if err := u.update(ctx); err != nil {
		return err
	}
	text := s.text
	if u.changed {
		if text, err = s.layOut(); err != nil {
			return err
		}
	}
	_, err = w.Write(text)
	return err
}

func (u *sspUpdate) update(ctx context.Context) error {
	root := u.at(sspKey)
	if err := u.look(root); err != nil {
		return err
	}
	if err := u.adopt(); err != nil {
		return err
	}
	if err := u.completeness(root); err != nil {
		return err
	}
	implementation, err := u.child(u.plan, root, "system-implementation")
	if err != nil {
		return err
	}
	if err := u.readComponents(implementation, root.at("system-implementation")); err != nil {
		return err
	}
	if err := u.takeUUIDs(); err != nil {
		return err
	}
	control, err := u.child(u.plan, root, "control-implementation")
	if err != nil {
		return err
	}
	at := root.at("control-implementation")
	requirements, err := u.children(control, at, "implemented-requirements")
	if err != nil {
		return err
	}
	if err := u.requirements(ctx, requirements, at.at("implemented-requirements")); err != nil {
		return err
	}
	if !u.changed {
		return nil
	}
	if err := errors.Join(
		control.set("implemented-requirements", requirements),
		u.plan.set("control-implementation", control),
		u.addComponents(implementation),
		u.touch(root),
	); err != nil {
		return err
	}
	return u.document.set(sspKey, u.plan)
}

// readComponents notes the components that the document has.
func (u *sspUpdate) readComponents(implementation *object, at place) error {
	components, err := u.children(implementation, at, "components")
	if err != nil {
		return err
	}
	for _, c := range components {
		uuid, name := c.text("uuid"), c.text("title")
		u.byUUID[strings.ToLower(uuid)] = name
		if folded := foldTitle(name); u.byTitle[folded] == "" {
			u.byTitle[folded] = uuid
		}
	}
	return nil
}

// addComponents puts the components into the document that it lacks.
func (u *sspUpdate) addComponents(implementation *object) error {
	if len(u.added) == 0 {
		return nil
	}
	return errors.Join(implementation.push("components", u.added...), u.plan.set("system-implementation", implementation))
}

// takeUUIDs notes every UUID in the document, so that none is given twice.
func (u *sspUpdate) takeUUIDs() error {
	d := json.NewDecoder(bytes.NewReader(u.text))
	for {
		t, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return u.fail("%w", err)
		}
		if s, ok := t.(string); ok && len(s) == 36 {
			u.taken[strings.ToLower(s)] = true
		}
	}
}

// freeUUID is the derived UUID, or another if the document has that already.
func (u *sspUpdate) freeUUID(kind string, key ...string) string {
	uuid := newUUID(kind, key...)
	for u.taken[uuid] {
		key = append(key, "+")
		uuid = newUUID(kind, key...)
	}
	u.taken[uuid] = true
	return uuid
}

// component is the UUID of the component that stands for the part: this
// program's own from an earlier update, else one of the same title, else one
// that is added: also again, if somebody deleted it and left the answers.
func (u *sspUpdate) component(part checked) string {
	if uuid := u.known(part); uuid != "" {
		return uuid
	}
	c := part.component
	u.added = append(u.added, managed(c))
	u.byUUID[c.UUID] = c.Title
	u.changed = true
	return c.UUID
}

// known is the component that stands for the part, or "" if there is none.
func (u *sspUpdate) known(part checked) string {
	if _, there := u.byUUID[part.component.UUID]; there {
		return part.component.UUID
	}
	return u.byTitle[foldTitle(part.component.Title)]
}

// requirements updates the controls that the document has.
func (u *sspUpdate) requirements(ctx context.Context, all []*object, at place) error {
	controls := map[string]*shca.ControlResult{}
	for i := range u.b.assessment.Controls {
		c := &u.b.assessment.Controls[i]
		controls[controlID(c.ID)] = c
	}
	seen, known := map[string]bool{}, false
	for i, r := range all {
		if err := ctx.Err(); err != nil {
			return err
		}
		id := r.text("control-id")
		if seen[id] {
			continue // the first one holds the evidence
		}
		seen[id] = true
		known = known || controls[id] != nil && controls[id].InBaseline
		if err := u.updateRequirement(r, controls[id], at.at(i)); err != nil {
			return err
		}
	}
	if len(seen) > 0 && !known {
		u.b.Logger.Warn("no control of the system security plan is in the baseline: it may be about another revision of the catalog",
			"file", u.file, "controls", len(seen), "baseline", cmp.Or(u.b.assessment.BaselineName, u.b.assessment.Baseline))
	}
	var missing []string
	for _, c := range u.b.reviewed() {
		if !seen[controlID(c.ID)] {
			missing = append(missing, c.ID.Label())
		}
	}
	if len(missing) > 0 {
		u.b.Logger.Warn("controls with findings are not in the system security plan, and were not added",
			"file", u.file, "controls", len(missing), "first", some(missing))
	}
	if len(u.answered) > 0 {
		u.b.Logger.Info("the system security plan has texts of its own where evidence would go; they were kept",
			"file", u.file, "texts", len(u.answered), "first", some(u.answered))
	}
	return nil
}

// some names the first of many.
func some(names []string) string {
	text := strings.Join(names[:min(maxNamed, len(names))], ", ")
	if more := len(names) - maxNamed; more > 0 {
		text += " and " + show.Number(more) + " more"
	}
	return plain(text, maxTitle)
}

// answers is one array of by-components: a requirement's own or that of one of
// its statements.
type answers struct {
	holder  *object
	at      place
	all     []*object
	changed bool
}

func (u *sspUpdate) answers(holder *object, at place) (*answers, error) {
	all, err := u.children(holder, at, "by-components")
	return &answers{holder: holder, at: at.at("by-components"), all: all}, err
}

// find is the index of the first answer of the component; -1 if there is none.
func (a *answers) find(component string) int {
	return slices.IndexFunc(a.all, func(by *object) bool {
		return strings.EqualFold(by.text("component-uuid"), component)
	})
}

// requirement is a control of the document and what it says about evidence.
type requirement struct {
	*object
	at         place
	statements []*object
	places     []*answers // its own, then those of its statements
	grown      bool       // there is a new statement
}

func (u *sspUpdate) requirement(v *object, at place) (*requirement, error) {
	own, err := u.answers(v, at)
	if err != nil {
		return nil, err
	}
	r := &requirement{object: v, at: at, places: []*answers{own}}
	if r.statements, err = u.children(v, at, "statements"); err != nil {
		return nil, err
	}
	for i, s := range r.statements {
		a, err := u.answers(s, at.at("statements", i))
		if err != nil {
			return nil, err
		}
		r.places = append(r.places, a)
	}
	return r, nil
}

// updateRequirement updates what a control of the document says about evidence;
// c is nil if the assessment does not have the control.
func (u *sspUpdate) updateRequirement(v *object, c *shca.ControlResult, at place) error {
	r, err := u.requirement(v, at)
	if err != nil {
		return err
	}
	if c != nil {
		for _, part := range u.b.checkedBy(c.Checks) {
			if err := u.part(r, c, part); err != nil {
				return err
			}
		}
	}
	if err := u.outdated(c, r.places); err != nil {
		return err
	}
	return u.putBack(r)
}

// putBack puts what changed back into the requirement.
func (u *sspUpdate) putBack(r *requirement) error {
	changed := r.grown
	for i, a := range r.places {
		if !a.changed {
			continue
		}
		u.changed = true
		changed = changed || i > 0
		if err := a.holder.set("by-components", a.all); err != nil {
			return err
		}
	}
	if !changed {
		return nil
	}
	u.changed = true
	return r.set("statements", r.statements)
}

// part updates, or adds, what the checks of a part are evidence for.
func (u *sspUpdate) part(r *requirement, c *shca.ControlResult, part checked) error {
	component := u.component(part)
	found, err := u.refreshAll(r, c, part, component)
	if err != nil || found {
		return err
	}
	target, err := u.target(r, c)
	if err != nil {
		return err
	}
	if target.find(component) >= 0 {
		// A component answers once in one place, and this answer is the user's.
		u.answered = append(u.answered, c.ID.Label()+" "+u.byUUID[strings.ToLower(component)])
		return nil
	}
	statement := u.b.statementID(c.ID)
	by := u.b.byChecks(c, statement, component, part)
	by.UUID = u.freeUUID("by-component", u.b.system, statement, by.ComponentUuid)
	v, err := objectOf(by)
	if err != nil {
		return err
	}
	target.all = append(target.all, v)
	target.changed = true
	return nil
}

// refreshAll brings this program's answers of the component up to date, and
// reports whether there is one.
func (u *sspUpdate) refreshAll(r *requirement, c *shca.ControlResult, part checked, component string) (found bool, err error) {
	for _, a := range r.places {
		for i, by := range a.all {
			if !strings.EqualFold(by.text("component-uuid"), component) {
				continue
			}
			owned, err := u.owned(by, a.at.at(i))
			if err != nil {
				return false, err
			}
			if !owned {
				continue
			}
			found = true
			if err := u.refresh(by, a, i, part.text(c.ID), c.ID.Label()); err != nil {
				return false, err
			}
		}
	}
	return found, nil
}

// target is where new evidence goes: the control's statement, which is added if
// need be, or the requirement itself if the user answers there.
func (u *sspUpdate) target(r *requirement, c *shca.ControlResult) (*answers, error) {
	if len(r.statements) == 0 && len(r.places[0].all) > 0 {
		return r.places[0], nil
	}
	id := u.b.statementID(c.ID)
	if i := slices.IndexFunc(r.statements, func(s *object) bool { return s.text("statement-id") == id }); i >= 0 {
		return r.places[i+1], nil
	}
	s := newObject()
	if err := errors.Join(s.set("statement-id", id), s.set("uuid", u.freeUUID("statement", u.b.system, string(c.ID)))); err != nil {
		return nil, err
	}
	a := &answers{holder: s, at: r.at.at("statements", len(r.statements), "by-components")}
	r.statements, r.places, r.grown = append(r.statements, s), append(r.places, a), true
	return a, nil
}

// outdated updates what this program wrote about parts whose checks have no
// finding for the control any more. What is not looked at has not passed, and
// nothing is deleted from the document, so the text says that.
func (u *sspUpdate) outdated(c *shca.ControlResult, places []*answers) error {
	current := map[string]bool{}
	label := "this control"
	if c != nil {
		label = c.ID.Label()
		for _, part := range u.b.checkedBy(c.Checks) {
			current[strings.ToLower(u.known(part))] = true
		}
	}
	for _, a := range places {
		for i, by := range a.all {
			owned, err := u.owned(by, a.at.at(i))
			if err != nil {
				return err
			}
			if owned && !current[strings.ToLower(by.text("component-uuid"))] {
				text := "The last assessment had no finding of an automated check of this component for " + markup(label, maxTitle) + "."
				if err := u.refresh(by, a, i, text, label); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// owned reports whether this program keeps the object up to date.
func (u *sspUpdate) owned(by *object, at place) (bool, error) {
	all, err := u.children(by, at, "props")
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(all, func(p *object) bool {
		return ownProperty(p, "managed-by") && p.text("value") == managedBy
	}), nil
}

func ownProperty(p *object, name string) bool {
	return p.text("ns") == Namespace && p.text("name") == name
}

// refresh brings a by-component of this program up to date. One whose text
// somebody changed since this program wrote it is theirs from then on.
func (u *sspUpdate) refresh(by *object, a *answers, i int, text, label string) error {
	all, err := u.children(by, a.at.at(i), "props")
	if err != nil {
		return err
	}
	digest := ""
	for _, p := range all {
		if ownProperty(p, "managed-digest") {
			digest = p.text("value")
		}
	}
	current := by.text("description")
	if digest != digestOf(current) {
		u.b.Logger.Warn("a text that shca wrote has been changed: it is yours from now on, and no run changes it",
			"file", u.file, "control", plain(label, maxTitle), "component", plain(u.byUUID[strings.ToLower(by.text("component-uuid"))], maxTitle),
			"pointer", a.at.at(i).pointer)
		a.changed = true
		return disown(by)
	}
	changed := current != text
	if changed {
		if err := by.set("description", text); err != nil {
			return err
		}
	}
	newProps, err := u.refreshProps(by, all, text)
	if err != nil {
		return err
	}
	a.changed = a.changed || changed || newProps
	return nil
}

// disown drops from an object what makes it this program's.
func disown(v *object) error {
	return errors.Join(v.dropProperty("managed-by"), v.dropProperty("managed-digest"), v.dropProperty("as-of"))
}

// refreshProps sets the properties that tell of the text.
func (u *sspUpdate) refreshProps(by *object, all []*object, text string) (changed bool, err error) {
	values := map[string]string{"managed-digest": digestOf(text), "as-of": rfc3339(u.b.now)}
	for _, p := range all {
		name := p.text("name")
		value, ok := values[name]
		if !ok || !ownProperty(p, name) || p.text("value") == value {
			continue
		}
		if err := p.set("value", value); err != nil {
			return false, err
		}
		changed = true
	}
	if changed {
		err = by.set("props", all)
	}
	return changed, err
}
