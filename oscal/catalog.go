package oscal

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
)

// writeCatalog writes the catalog that the profile imports: the user's own as
// it is, else one of identifiers and titles.
func (b *bundle) writeCatalog(ctx context.Context, w io.Writer) error {
	if b.Catalog != "" {
		f, err := os.Open(b.Catalog)
		if err != nil {
			return err
		}
		_, err = io.Copy(w, f)
		_ = f.Close() // it was only read
		return err
	}
	c := b.framework.Catalog
	version := cmp.Or(c.Version, "unknown")
	catalog := o.Catalog{
		UUID:     newUUID("catalog", b.framework.Name, version),
		Metadata: b.metadata(title(b.framework.Title, "Catalog")+": identifiers and titles", version),
		Groups:   opt(b.groups()),
	}
	catalog.Metadata.Remarks += "\n\nThis catalog names the controls so that references within the package resolve. The controls' texts are in the catalog of its publisher, which can take this one's place."
	catalog.Metadata.Remarks = strings.TrimSpace(catalog.Metadata.Remarks)
	return newStream(ctx, w).whole("catalog", catalog)
}

// groups are the families with their controls, and those of the assessment that
// the framework's catalog does not have.
func (b *bundle) groups() []o.Group {
	c := b.framework.Catalog
	all := c.Controls()
	for i := range b.assessment.Controls {
		r := &b.assessment.Controls[i]
		if _, ok := c.Control(r.ID); !ok {
			all = append(all, catalogs.Control{ID: r.ID, Title: r.Title})
		}
	}
	children := map[shca.ControlID][]catalogs.Control{}
	families := map[string][]catalogs.Control{}
	var order []string
	for _, control := range all {
		if _, ok := c.Control(control.Parent); ok && control.Parent != control.ID {
			children[control.Parent] = append(children[control.Parent], control)
			continue
		}
		family := control.ID.Family()
		if families[family] == nil {
			order = append(order, family)
		}
		families[family] = append(families[family], control)
	}
	var groups []o.Group
	for _, family := range order {
		id := strings.ToLower(family)
		if c.FamilyTitle(family) == "" {
			id = "family-" + id // it may be the id of a control
		}
		g := o.Group{ID: token(id), Class: "family", Title: title(c.FamilyTitle(family), title(family, "Controls without a family"))}
		g.Controls = controlsOf(families[family], children)
		groups = append(groups, g)
	}
	return groups
}

func controlsOf(all []catalogs.Control, children map[shca.ControlID][]catalogs.Control) *[]o.Control {
	var controls []o.Control
	for _, c := range all {
		id := controlID(c.ID)
		control := o.Control{
			ID: id, Title: title(c.Title, title(c.ID.Label(), id)),
			Props: props(nist("label", c.ID.Label()), nist("sort-id", sortID(c.ID))),
		}
		if c.Parent != "" {
			control.Class = "SP800-53-enhancement"
		}
		if c.Withdrawn {
			*control.Props = append(*control.Props, nist("status", "withdrawn"))
			for _, by := range c.ReplacedBy {
				by, _, _ = strings.Cut(by, "_") // a part's control: this catalog has no parts
				control.Links = appendTo(control.Links, o.Link{Href: "#" + token(by), Rel: "incorporated-into"})
			}
		} else {
			control.Parts = &[]o.Part{
				{ID: id + "_smt", Name: "statement", Prose: "The text of this control is in the publisher's catalog."},
				{ID: id + "_obj", Name: "assessment-objective", Prose: "The text of this objective is in the publisher's catalog."},
			}
		}
		control.Controls = controlsOf(children[c.ID], children)
		controls = append(controls, control)
	}
	return opt(controls)
}

// sortID is the control's id in a form that sorts as text: "ac-02.01".
func sortID(id shca.ControlID) string {
	family, number, ok := strings.Cut(string(id), "-")
	if !ok {
		return controlID(id)
	}
	parts := strings.Split(number, ".")
	for i, p := range parts {
		if len(p) == 1 {
			parts[i] = "0" + p
		}
	}
	return token(family + "-" + strings.Join(parts, "."))
}

// controlParts are the ids of a control's parts that results refer to.
type controlParts struct{ statement, objective string }

// readParts reads the ids of the parts in the user's catalog.
func readParts(path string) (map[shca.ControlID]controlParts, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	type part struct{ ID, Name string }
	type control struct {
		ID       string
		Parts    []part
		Controls []json.RawMessage
	}
	type group struct {
		Controls []json.RawMessage
		Groups   []json.RawMessage
	}
	var document struct{ Catalog json.RawMessage }
	if err := json.Unmarshal(data, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	parts := map[shca.ControlID]controlParts{}
	var walk func(raw json.RawMessage, isControl bool) error
	walk = func(raw json.RawMessage, isControl bool) error {
		var c control
		var g group
		if err := json.Unmarshal(raw, &c); err != nil {
			return err
		}
		if err := json.Unmarshal(raw, &g); err != nil {
			return err
		}
		if isControl {
			var p controlParts
			for _, q := range c.Parts {
				switch q.Name {
				case "statement":
					p.statement = cmp.Or(p.statement, q.ID)
				case "assessment-objective", "objective":
					p.objective = cmp.Or(p.objective, q.ID)
				}
			}
			parts[shca.ControlID(c.ID)] = p
		}
		for _, child := range c.Controls {
			if err := walk(child, true); err != nil {
				return err
			}
		}
		for _, child := range g.Groups {
			if err := walk(child, false); err != nil {
				return err
			}
		}
		return nil
	}
	if err := walk(document.Catalog, false); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return parts, nil
}
