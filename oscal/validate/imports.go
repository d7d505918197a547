package validate

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// imported is a document that another one imports, as far as it is needed.
type imported struct {
	kind  string
	index *index
	root  map[string]any // without the further elements of long arrays
	dir   string
}

// imports reads what a document imports and what that imports in turn.
type imports struct {
	ctx  context.Context
	root map[string]any // of the document
	dir  string         // of the document; empty if it stands nowhere
	say  func(level Level, pointer, value, text string)
	read map[string]*imported // by path; nil while it is read
	err  error                // that of the context

	plan     *index // of the assessment plan, nil if it was not read
	ssp      *index // of the system security plan
	noPlan   bool   // there may be an assessment plan that was not read
	noSSP    bool   // there may be a system security plan that was not read
	controls []*index
	// catalog is whether a catalog was reached with all that a profile imports,
	// so that a control id that is not in controls is an unknown one.
	catalog bool
	circled bool // a document imports itself
}

// maxImports bounds how many documents are read on behalf of one.
const maxImports = 32

// longArrays are those of which imported documents keep the first element
// only, beside those that are streamed anyway.
var longArrays = []string{
	"catalog/controls", "catalog/groups/*/controls", "catalog/groups/*/groups/*/controls",
	"system-security-plan/control-implementation/implemented-requirements",
	"system-security-plan/system-implementation/components",
	"component-definition/components",
}

// reference is one import of a document: the href, where it stands, and the
// kinds that it may lead to.
type reference struct {
	href    string
	present bool
	pointer string
	kinds   []string
}

var (
	planKinds    = []string{"assessment-plan"}
	sspKinds     = []string{"system-security-plan"}
	controlKinds = []string{"profile", "catalog"}
)

// importOf returns the import that a document of one import has.
func importOf(kind string, root map[string]any, name string, kinds []string) reference {
	o := object(root, kind, name)
	href, ok := o["href"].(string)
	return reference{href, ok, "/" + kind + "/" + name + "/href", kinds}
}

// follow reads what the document imports.
func (im *imports) follow(kind string, root map[string]any) error {
	own := &imported{kind: kind, root: root, dir: im.dir}
	switch kind {
	case "assessment-results":
		im.noPlan, im.noSSP = true, true
		if plan := im.load(own, importOf(kind, root, "import-ap", planKinds), im.say); plan != nil {
			im.plan, im.noPlan = plan.index, false
			im.controls = append(im.controls, plan.index) // its local objectives
			im.followSSP(plan, "import-ssp", nil)
			im.reviewed(plan, object(plan.root, plan.kind, "reviewed-controls"))
		}
		results, _ := object(root, kind)["results"].([]any)
		for _, r := range results {
			im.reviewed(own, object(r, "reviewed-controls"))
		}
	case "assessment-plan":
		im.noSSP = true
		im.followSSP(own, "import-ssp", im.say)
		im.reviewed(own, object(root, kind, "reviewed-controls"))
	case "plan-of-action-and-milestones":
		if object(root, kind, "import-ssp") != nil {
			im.noSSP = true
			im.followSSP(own, "import-ssp", im.say)
		}
	case "system-security-plan":
		im.reach(own, importOf(kind, root, "import-profile", controlKinds), im.say)
	case "profile":
		im.profile(own, im.say)
	case "component-definition":
		for i, imp := range list(object(root, kind)["import-component-definitions"]) {
			href, ok := object(imp)["href"].(string)
			im.load(own, reference{href, ok, fmt.Sprintf("/%s/import-component-definitions/%d/href", kind, i), []string{kind}}, im.say)
		}
	}
	return im.err
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func (im *imports) followSSP(from *imported, name string, say func(Level, string, string, string)) {
	ref := importOf(from.kind, from.root, name, sspKinds)
	if resource := resourceOf(from, ref.href); resource != nil {
		for p := range objects(resource["props"]) {
			if p["name"] == "type" && p["value"] == "no-oscal-ssp" {
				im.noSSP = false // there is none, and so nothing that it defines
				return
			}
		}
	}
	if ssp := im.load(from, ref, say); ssp != nil {
		im.ssp, im.noSSP = ssp.index, false
		im.reach(ssp, importOf(ssp.kind, ssp.root, "import-profile", controlKinds), nil)
	}
}

// reviewed follows the links by which reviewed controls name the profile or
// catalog that they are from.
func (im *imports) reviewed(from *imported, controls map[string]any) {
	follow := func(o map[string]any) {
		for l := range objects(o["links"]) {
			if href, ok := l["href"].(string); ok && l["rel"] == "includes-controls-from-source" {
				im.reach(from, reference{href, true, "", controlKinds}, nil)
			}
		}
	}
	follow(controls)
	for selection := range objects(controls["control-selections"]) {
		follow(selection)
	}
}

// reach reads the profile or catalog that ref leads to, down to the catalogs.
// It reports whether all of it was read.
func (im *imports) reach(from *imported, ref reference, say func(Level, string, string, string)) bool {
	found, known := im.controlsOf(from, ref, say)
	im.controls = append(im.controls, found...)
	im.catalog = im.catalog || known
	return known
}

func (im *imports) controlsOf(from *imported, ref reference, say func(Level, string, string, string)) (found []*index, known bool) {
	doc := im.load(from, ref, say)
	if doc == nil {
		return nil, false
	}
	found = []*index{doc.index}
	if doc.kind == "catalog" {
		return found, true
	}
	path := im.pathOf(doc)
	im.read[path] = nil // a profile that imports itself
	defer func() { im.read[path] = doc }()
	circled := im.circled
	deeper, known := im.profileImports(doc, nil)
	if im.circled && !circled && say != nil {
		say(Error, ref.pointer, ref.href, circular)
	}
	return append(found, deeper...), known
}

func (im *imports) pathOf(doc *imported) string {
	for path, d := range im.read {
		if d == doc {
			return path
		}
	}
	return ""
}

func (im *imports) profile(own *imported, say func(Level, string, string, string)) {
	found, known := im.profileImports(own, say)
	im.controls, im.catalog = append(im.controls, found...), known
}

func (im *imports) profileImports(p *imported, say func(Level, string, string, string)) (found []*index, known bool) {
	all := list(object(p.root, p.kind)["imports"])
	known = len(all) > 0
	for i, imp := range all {
		href, ok := object(imp)["href"].(string)
		more, whole := im.controlsOf(p, reference{href, ok, fmt.Sprintf("/%s/imports/%d/href", p.kind, i), controlKinds}, say)
		found = append(found, more...)
		known = known && whole
	}
	return found, known
}

// resourceOf returns the back matter resource that href names with "#uuid".
func resourceOf(from *imported, href string) map[string]any {
	if !strings.HasPrefix(href, "#") {
		return nil
	}
	for r := range objects(object(from.root, from.kind, "back-matter")["resources"]) {
		if uuid, ok := r["uuid"].(string); ok && strings.EqualFold(uuid, href[1:]) {
			return r
		}
	}
	return nil
}

// load reads the document that ref leads to, or returns nil. It tells say, if
// not nil, what is wrong with the reference.
func (im *imports) load(from *imported, ref reference, say func(Level, string, string, string)) *imported {
	if say == nil {
		say = func(Level, string, string, string) {}
	}
	if !ref.present || im.err != nil {
		return nil // a missing href is the schema's business
	}
	if strings.TrimSpace(ref.href) == "" {
		say(Error, ref.pointer, "", "is empty: name the document that is imported")
		return nil
	}
	hrefs := []string{ref.href}
	if strings.HasPrefix(ref.href, "#") {
		resource := resourceOf(from, ref.href)
		if resource == nil {
			say(Error, ref.pointer, ref.href, "names no resource of the back matter")
			return nil
		}
		hrefs = nil
		for l := range objects(resource["rlinks"]) {
			if href, ok := l["href"].(string); ok {
				hrefs = append(hrefs, href)
			}
		}
		if len(hrefs) == 0 && len(list(resource["rlinks"])) == 0 {
			if resource["base64"] == nil {
				say(Error, ref.pointer, ref.href, "names a resource without rlinks")
			}
			return nil
		}
	}
	if from.dir == "" {
		return nil
	}
	local, missing, unread, problem := 0, "", "", ""
	for _, href := range hrefs {
		path, ok := localPath(from.dir, href)
		if !ok {
			continue
		}
		local++
		doc, err := im.open(path)
		switch {
		case im.err != nil:
			return nil
		case errors.Is(err, errCircle):
			im.circled = true
			say(Error, ref.pointer, href, circular)
			return nil
		case errors.Is(err, os.ErrNotExist):
			if missing == "" || strings.HasSuffix(href, ".json") {
				missing = href
			}
		case err != nil:
			problem = fmt.Sprintf("is not read, so that references into it are not checked: the file %v", cause(err))
			unread = href
		case !slices.Contains(ref.kinds, doc.kind):
			say(Error, ref.pointer, href, fmt.Sprintf("leads to a document of the kind %s, want %s", doc.kind, strings.Join(ref.kinds, " or ")))
			return nil
		default:
			return doc
		}
	}
	switch {
	case problem != "":
		say(Warning, ref.pointer, unread, problem)
	case missing != "" && local == len(hrefs):
		say(Warning, ref.pointer, missing, "leads to a file that does not exist, so that references into it are not checked")
	}
	return nil
}

// cause leaves out the name of the file, which stands beside it.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

var errCircle = errors.New("imports itself")

const circular = "imports itself, directly or through what it imports"

// open reads and indexes the document at path, once.
func (im *imports) open(path string) (*imported, error) {
	if doc, ok := im.read[path]; ok {
		if doc == nil {
			return nil, errCircle
		}
		return doc, nil
	}
	if len(im.read) >= maxImports {
		return nil, fmt.Errorf("more than %d documents are imported", maxImports)
	}
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	doc := &imported{index: newIndex(), dir: filepath.Dir(path)}
	r := reading{
		ctx:     im.ctx,
		streams: newNode(append(slices.Clone(longArrays), streams()...)),
		keep:    1,
		bad:     func(string, string) {},
		element: func(_ *node, array string, i int, v any) error {
			doc.index.add(v, elementPlace(array, i))
			return nil
		},
	}
	root, err := r.read(f)
	if err != nil {
		im.err = im.ctx.Err()
		return nil, err
	}
	doc.root, doc.kind = root, kindOf(root)
	doc.index.add(root[doc.kind], place{}.member(doc.kind))
	im.read[path] = doc
	return doc, nil
}

// openRegular opens a regular file: reading from a pipe may never end.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	return os.Open(path)
}

// localPath returns the file that a relative path names. What has a scheme, a
// host, a query or a root is no such path.
func localPath(dir, href string) (string, bool) {
	u, err := url.Parse(href)
	if err != nil || dir == "" || u.Scheme != "" || u.Host != "" || u.Path == "" || u.RawQuery != "" ||
		strings.HasPrefix(u.Path, "/") || strings.ContainsAny(u.Path, "\\\x00") || filepath.VolumeName(u.Path) != "" {
		return "", false
	}
	return filepath.Join(dir, filepath.FromSlash(u.Path)), true
}

func kindOf(root map[string]any) string {
	for _, k := range kinds {
		if _, ok := root[k]; ok {
			return k
		}
	}
	return ""
}
