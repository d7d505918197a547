package catalogs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/go-shca/shca"
)

// Control is one control or control enhancement of a catalog. Its label and
// family follow from the id.
type Control struct {
	ID     shca.ControlID
	Title  string         // without the label: "Account Management"
	Parent shca.ControlID // control that this one enhances, "" if none

	// Withdrawn marks a control that the catalog still lists but no longer
	// asks for. No embedded baseline has one.
	Withdrawn bool
	// ReplacedBy names what took a withdrawn control's place, in OSCAL
	// spelling: controls ("ac-6"), parts of one ("ac-2_smt.k"), and in one
	// case, SA-12, a whole family ("sr"). It is empty for a control that was
	// dropped without replacement, and in catalogs other than the embedded.
	ReplacedBy []string
	// Since is the release that added the control, "5.2.0", if that is later
	// than the catalog's first. Catalogs other than the embedded leave it "".
	Since string
}

// Catalog is an ordered list of controls. It does not change once it is
// constructed and may be used from several goroutines at once.
type Catalog struct {
	Title   string
	Version string // as its publisher writes it: "5.2.0", "5.1.1+u4"

	controls []Control
	index    map[shca.ControlID]int
	families map[string]string // "AC" → title
}

// newCatalog makes a catalog of the controls, in their order. Families maps
// abbreviations in capitals to titles. The caller gives up both.
func newCatalog(title, version string, controls []Control, families map[string]string) (*Catalog, error) {
	c := &Catalog{
		Title:    title,
		Version:  version,
		controls: controls,
		index:    make(map[shca.ControlID]int, len(controls)),
		families: families,
	}
	for i, control := range controls {
		if control.ID == "" {
			return nil, fmt.Errorf("control %d (%.80q) has no id", i+1, control.Title)
		}
		if _, dup := c.index[control.ID]; dup {
			return nil, fmt.Errorf("control %.80q is there twice; give each control its own id", control.ID)
		}
		c.index[control.ID] = i
	}
	return c, nil
}

// copy returns a catalog whose exported fields are its own.
func (c *Catalog) copy() *Catalog {
	d := *c
	return &d
}

// Controls returns all controls, withdrawn ones too, in catalog order.
func (c *Catalog) Controls() []Control {
	controls := slices.Clone(c.controls)
	for i := range controls {
		controls[i].ReplacedBy = slices.Clone(controls[i].ReplacedBy)
	}
	return controls
}

// Control returns the control with the id; ok is false if there is none.
func (c *Catalog) Control(id shca.ControlID) (control Control, ok bool) {
	i, ok := c.index[id]
	if !ok {
		return Control{}, false
	}
	control = c.controls[i]
	control.ReplacedBy = slices.Clone(control.ReplacedBy)
	return control, true
}

// FamilyTitle returns the title of a family by its abbreviation, in any case:
// "Access Control" for "AC". It is "" if the catalog does not say.
func (c *Catalog) FamilyTitle(family string) string {
	return c.families[strings.ToUpper(family)]
}

// Compare orders control ids as the catalog does and returns -1, 0 or +1. Ids
// that the catalog lacks come after those it has, by [shca.ControlID.Compare].
func (c *Catalog) Compare(a, b shca.ControlID) int {
	i, hasA := c.index[a]
	j, hasB := c.index[b]
	switch {
	case hasA && hasB:
		return cmp.Compare(i, j)
	case hasA:
		return -1
	case hasB:
		return +1
	}
	return a.Compare(b)
}

// union returns a catalog that has the controls of both, those of c first;
// where both have a control, c's stands.
func (c *Catalog) union(d *Catalog) *Catalog {
	if c == nil || c == d {
		return d
	}
	if d == nil {
		return c
	}
	u := &Catalog{
		Title:    c.Title,
		Version:  c.Version,
		controls: slices.Clone(c.controls),
		index:    make(map[shca.ControlID]int, len(c.controls)+len(d.controls)),
		families: make(map[string]string, len(c.families)+len(d.families)),
	}
	for i, control := range u.controls {
		u.index[control.ID] = i
	}
	for _, control := range d.controls {
		if _, dup := u.index[control.ID]; !dup {
			u.index[control.ID] = len(u.controls)
			u.controls = append(u.controls, control)
		}
	}
	for family, title := range d.families {
		u.families[family] = title
	}
	for family, title := range c.families {
		u.families[family] = title
	}
	return u
}
