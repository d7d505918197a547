package oscal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

// maxSSP is the size of the largest system security plan that is updated, which
// is held in memory.
const maxSSP = 256 << 20

// maxNamed is the number of names in a message about many.
const maxNamed = 5

// place is where in a document something is: its file and its JSON pointer.
type place struct{ file, pointer string }

func (p place) at(keys ...any) place {
	for _, key := range keys {
		p.pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(fmt.Sprint(key))
	}
	return p
}

func (p place) fail(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if p.pointer == "" {
		return fmt.Errorf("%s: %w", p.file, err)
	}
	return fmt.Errorf("%s: %s: %w", p.file, p.pointer, err)
}

// ssp is a system security plan that people own.
type ssp struct {
	place
	text     []byte  // as it was read, without a byte order mark
	document *object // the root object
	plan     *object // its member system-security-plan
}

const sspKey = "system-security-plan"

// readSSP reads a system security plan and checks no more of it than that it is
// one of a version that can be updated.
func readSSP(path string) (*ssp, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSSP+1))
	_ = f.Close() // it was only read
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(text) > maxSSP {
		return nil, fmt.Errorf("%s: larger than %d MiB", path, maxSSP>>20)
	}
	s := &ssp{place: place{file: path}, text: bytes.TrimPrefix(text, []byte("\uFEFF"))}
	var whole json.RawMessage
	if err := json.Unmarshal(s.text, &whole); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			line := 1 + bytes.Count(s.text[:min(int(syntax.Offset), len(s.text))], []byte("\n"))
			return nil, fmt.Errorf("%s:%d: not JSON, which a system security plan has to be here: %w", path, line, err)
		}
		return nil, fmt.Errorf("%s: not JSON, which a system security plan has to be here: %w", path, err)
	}
	if s.document, err = readObject(whole); err != nil {
		return nil, s.fail("%w", err)
	}
	if s.plan, err = s.child(s.document, s.place, sspKey); err != nil {
		return nil, err
	}
	at := s.at(sspKey, "metadata")
	metadata, err := s.child(s.plan, s.at(sspKey), "metadata")
	if err != nil {
		return nil, err
	}
	if v := metadata.text("oscal-version"); !strings.HasPrefix(v, "1.") {
		return nil, at.at("oscal-version").fail("%.40q is no version of OSCAL 1, the only one that can be updated", v)
	}
	return s, nil
}

// child is a member that must be there and be an object.
func (s *ssp) child(of *object, at place, key string) (*object, error) {
	if _, ok := of.values[key]; !ok {
		return nil, at.fail("there is no %s", key)
	}
	child, err := of.object(key)
	if err != nil {
		return nil, at.at(key).fail("%w", err)
	}
	return child, nil
}

// children are the objects of a member that is an array; none without it.
func (s *ssp) children(of *object, at place, key string) ([]*object, error) {
	raw, err := of.array(key)
	if err != nil {
		return nil, at.at(key).fail("is not an array")
	}
	children := make([]*object, len(raw))
	for i := range raw {
		if children[i], err = readObject(raw[i]); err != nil {
			return nil, at.at(key, i).fail("%w", err)
		}
	}
	return children, nil
}

// sspSystemID is the first identifier of the system in the system security plan.
func sspSystemID(path string) (string, error) {
	s, err := readSSP(path)
	if err != nil {
		return "", err
	}
	at := s.at(sspKey, "system-characteristics")
	characteristics, err := s.child(s.plan, s.at(sspKey), "system-characteristics")
	if err != nil {
		return "", err
	}
	ids, err := s.children(characteristics, at, "system-ids")
	if err != nil {
		return "", err
	}
	if len(ids) == 0 || ids[0].text("id") == "" {
		return "", at.at("system-ids").fail("there is no id of the system")
	}
	return ids[0].text("id"), nil
}

// sspUpdate brings the evidence in a system security plan up to date. It adds
// and changes what this program owns: objects with its property managed-by.
// Whatever else is in the document is the user's and stays.
type sspUpdate struct {
	*ssp
	b *bundle

	components []*object
	byTitle    map[string]string // UUIDs of the components
	byUUID     map[string]string // titles of the components
	added      []o.SystemComponent
	taken      map[string]bool // every UUID in the document

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

// layOut prints the document in the layout that it had: its indentation, its
// line ends, or none of either.
func (s *ssp) layOut() ([]byte, error) {
	raw, err := encode(s.document)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	body := bytes.TrimSpace(s.text)
	if !bytes.Contains(body, []byte("\n")) {
		err = json.Compact(&out, raw)
	} else {
		err = json.Indent(&out, raw, "", indentation(body))
	}
	if err != nil {
		return nil, err
	}
	if bytes.HasSuffix(s.text, []byte("\n")) {
		out.WriteByte('\n')
	}
	if bytes.Contains(s.text, []byte("\r\n")) { // no string of JSON holds a raw line end
		return bytes.ReplaceAll(out.Bytes(), []byte("\n"), []byte("\r\n")), nil
	}
	return out.Bytes(), nil
}

func (u *sspUpdate) update(ctx context.Context) error {
	root := u.at(sspKey)
	implementation, err := u.child(u.plan, root, "system-implementation")
	if err != nil {
		return err
	}
	if u.components, err = u.children(implementation, root.at("system-implementation"), "components"); err != nil {
		return err
	}
	for _, c := range u.components {
		uuid, name := c.text("uuid"), c.text("title")
		u.byUUID[strings.ToLower(uuid)] = name
		if folded := foldTitle(name); u.byTitle[folded] == "" {
			u.byTitle[folded] = uuid
		}
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
	if err := control.set("implemented-requirements", requirements); err != nil {
		return err
	}
	if err := u.plan.set("control-implementation", control); err != nil {
		return err
	}
	if len(u.added) > 0 {
		elements, err := implementation.array("components")
		if err != nil {
			return err
		}
		for _, c := range u.added {
			raw, err := encode(u.b.managed(c))
			if err != nil {
				return err
			}
			elements = append(elements, raw)
		}
		if err := implementation.set("components", elements); err != nil {
			return err
		}
		if err := u.plan.set("system-implementation", implementation); err != nil {
			return err
		}
	}
	if err := u.touch(root); err != nil {
		return err
	}
	return u.document.set(sspKey, u.plan)
}

// touch sets the time of the last change, unless the document says that it was
// changed later than the assessment was made.
func (u *sspUpdate) touch(root place) error {
	metadata, err := u.child(u.plan, root, "metadata")
	if err != nil {
		return err
	}
	if last, err := time.Parse(time.RFC3339, metadata.text("last-modified")); err == nil && last.After(u.b.now) {
		return nil
	}
	if err := metadata.set("last-modified", u.b.now); err != nil {
		return err
	}
	return u.plan.set("metadata", metadata)
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
// that is added.
func (u *sspUpdate) component(part checked) string {
	c := part.component
	if _, there := u.byUUID[c.UUID]; there {
		return c.UUID
	}
	if uuid := u.byTitle[foldTitle(c.Title)]; uuid != "" {
		return uuid
	}
	u.added = append(u.added, c)
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
	seen := map[string]bool{}
	for i, r := range all {
		if err := ctx.Err(); err != nil {
			return err
		}
		id := r.text("control-id")
		if seen[id] {
			continue // the first one holds the evidence
		}
		seen[id] = true
		if err := u.requirement(r, controls[id], at.at(i)); err != nil {
			return err
		}
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
		u.b.Logger.Warn("the system security plan has texts of its own where evidence would go; they were kept",
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

// requirement updates what a control of the document says about evidence; c is
// nil if the assessment does not have the control.
func (u *sspUpdate) requirement(r *object, c *shca.ControlResult, at place) error {
	own, err := u.answers(r, at)
	if err != nil {
		return err
	}
	statements, err := u.children(r, at, "statements")
	if err != nil {
		return err
	}
	places := []*answers{own}
	for i, s := range statements {
		a, err := u.answers(s, at.at("statements", i))
		if err != nil {
			return err
		}
		places = append(places, a)
	}
	before := len(statements)
	if c != nil {
		for _, part := range u.b.checkedBy(c.Checks) {
			if places, statements, err = u.part(c, part, places, statements, at); err != nil {
				return err
			}
		}
	}
	if err := u.outdated(c, places); err != nil {
		return err
	}
	return u.putBack(r, places, statements, before)
}

// putBack puts what changed back into the requirement.
func (u *sspUpdate) putBack(r *object, places []*answers, statements []*object, before int) error {
	changed := len(statements) != before
	for _, a := range places {
		if !a.changed {
			continue
		}
		u.changed = true
		changed = changed || a.holder != r
		if err := a.holder.set("by-components", a.all); err != nil {
			return err
		}
	}
	if !changed {
		return nil
	}
	u.changed = true
	return r.set("statements", statements)
}

// part updates, or adds, what the checks of a part are evidence for.
func (u *sspUpdate) part(c *shca.ControlResult, part checked, places []*answers, statements []*object, at place) ([]*answers, []*object, error) {
	component := u.known(part)
	found := false
	for _, a := range places {
		for i, by := range a.all {
			if component == "" || !strings.EqualFold(by.text("component-uuid"), component) {
				continue
			}
			owned, err := u.owned(by, a.at.at(i))
			if err != nil {
				return nil, nil, err
			}
			if !owned {
				continue
			}
			found = true
			if err := u.refresh(by, a, i, part.text(c.ID), implementation(part), c.ID.Label()); err != nil {
				return nil, nil, err
			}
		}
	}
	if found {
		return places, statements, nil
	}
	statement := u.b.statementID(c.ID)
	target := places[0]
	if len(statements) > 0 || len(target.all) == 0 {
		i := slices.IndexFunc(statements, func(s *object) bool { return s.text("statement-id") == statement })
		if i < 0 {
			s := &object{values: map[string]json.RawMessage{}}
			if err := errors.Join(s.set("statement-id", statement), s.set("uuid", u.freeUUID("statement", u.b.system, string(c.ID)))); err != nil {
				return nil, nil, err
			}
			i = len(statements)
			statements = append(statements, s)
			places = append(places, &answers{holder: s, at: at.at("statements", i, "by-components")})
		}
		target = places[i+1]
	}
	if component != "" && slices.ContainsFunc(target.all, func(by *object) bool { return strings.EqualFold(by.text("component-uuid"), component) }) {
		// A component answers once in one place, and this answer is the user's.
		u.answered = append(u.answered, c.ID.Label()+" "+u.byUUID[strings.ToLower(component)])
		return places, statements, nil
	}
	component = u.component(part)
	text := part.text(c.ID)
	raw, err := encode(o.ByComponent{
		UUID: u.freeUUID("by-component", u.b.system, statement, component), ComponentUuid: component, Description: text,
		Props: u.b.managedProps(text), ImplementationStatus: implementation(part),
	})
	if err != nil {
		return nil, nil, err
	}
	by, err := readObject(raw)
	if err != nil {
		return nil, nil, err
	}
	target.all = append(target.all, by)
	target.changed = true
	return places, statements, nil
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
				if err := u.refresh(by, a, i, text, nil, label); err != nil {
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

// refresh brings a by-component of this program up to date. A text that somebody
// changed since this program wrote it is kept, with all that belongs to it.
func (u *sspUpdate) refresh(by *object, a *answers, i int, text string, status *o.ImplementationStatus, label string) error {
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
		u.b.Logger.Warn("a text that was generated has been changed, and was kept",
			"file", u.file, "control", plain(label, maxTitle), "component", plain(u.byUUID[strings.ToLower(by.text("component-uuid"))], maxTitle),
			"pointer", a.at.at(i).pointer)
		return nil
	}
	changed := false
	if current != text {
		if err := by.set("description", text); err != nil {
			return err
		}
		changed = true
	}
	values := map[string]string{"managed-digest": digestOf(text), "as-of": rfc3339(u.b.now)}
	newProps := false
	for _, p := range all {
		value, ok := values[p.text("name")]
		if ok && ownProperty(p, p.text("name")) && p.text("value") != value {
			if err := p.set("value", value); err != nil {
				return err
			}
			newProps = true
		}
	}
	if newProps {
		if err := by.set("props", all); err != nil {
			return err
		}
	}
	newStatus, err := refreshStatus(by, status)
	if err != nil {
		return a.at.at(i, "implementation-status").fail("%w", err)
	}
	a.changed = a.changed || changed || newProps || newStatus
	return nil
}

// refreshStatus sets the implementation status, unless the one that is there is
// not what this program writes: then somebody decided otherwise.
func refreshStatus(by *object, status *o.ImplementationStatus) (bool, error) {
	const key = "implementation-status"
	ours := o.ImplementationStatus{State: statePartial, Remarks: automated}
	current, err := by.object(key)
	if err != nil {
		return false, err
	}
	_, there := by.values[key]
	isOurs := there && len(current.keys) == 2 && current.text("state") == ours.State && current.text("remarks") == ours.Remarks
	switch {
	case there && !isOurs, isOurs && status != nil, !there && status == nil:
		return false, nil
	case status == nil:
		by.remove(key)
		return true, nil
	}
	return true, by.set(key, status)
}
