package catalogs

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/go-shca/shca"
)

// Limits on what a profile may ask for. Published profiles have chains of two
// or three and one import each.
const (
	maxChain   = 32
	maxImports = 1000 // of one profile
)

// ProfileOptions says what [ResolveProfile] may use besides the files that the
// profile names. The zero value works.
type ProfileOptions struct {
	// Catalog takes the place of imported catalogs whose file is not there.
	Catalog *Catalog
	// Framework is the one whose embedded catalog and baselines stand in for
	// its publisher's files if those are not there; nil for the first of
	// [Frameworks].
	Framework *Framework
	// Logger is told what a user should look at; nil for silence.
	Logger *slog.Logger
}

// Resolved is what a profile selects.
type Resolved struct {
	// Baseline holds the selected controls, in the order of Catalog. Its name
	// is the profile's file name without ".json", its title the profile's own.
	Baseline Baseline
	// Catalog holds the selected controls and the others of the catalogs that
	// they were selected from. Of controls that several catalogs have, the
	// first imported catalog's stands.
	Catalog *Catalog
	// Version is the profile's, as written in its metadata.
	Version string
}

// ResolveProfile reads an OSCAL profile in JSON and returns the controls that
// it selects. Only the selection and the titles are resolved: the directives
// under "merge" and "modify" (order, parameters, alterations) are not applied.
//
// Each import gives the controls that its include-controls select (all, if it
// has include-all or no such directive) less those that its exclude-controls
// select; the profile selects the union of its imports. A selector is a list
// of ids or patterns, in which * stands for any characters and ? for one; with
// with-child-controls it takes the controls within the controls as well.
// Withdrawn controls are selected only by id. An id or pattern that matches
// nothing is logged as a warning.
//
// An import names a file, relative to the importing profile, or a resource of
// the profile's back matter, whose links to JSON are tried first, then its
// base64 content. Nothing is ever fetched. For a file that is not there, and
// for a URL, these take its place in turn:
//
//  1. a file of the same name beside the profile;
//  2. the embedded baseline, if the file is named like one that NIST or
//     FedRAMP published for the framework's own revision;
//  3. opt.Catalog, if the import is not plainly that of a profile;
//  4. the embedded catalog, if the file is named like NIST's of that revision,
//     or the resource is titled like it.
//
// All but the first are logged as warnings that name the href.
//
// It is an error, which names the profile and the import, if none applies, if
// profiles import each other in a circle, if a chain is longer than 32
// profiles, or if a profile has no imports or selects nothing. The limits of
// [ReadCatalog] hold for each file.
func ResolveProfile(path string, opt ProfileOptions) (Resolved, error) {
	r := resolver{
		catalog:   opt.Catalog,
		framework: opt.Framework,
		log:       opt.Logger,
		done:      map[string]*selection{},
	}
	if r.framework == nil {
		r.framework = nist80053r5()
	}
	r.embedded = r.framework.embedded.copy()
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	doc, err := readDocument(path)
	if err != nil {
		return Resolved{}, err
	}
	if doc.Profile == nil {
		return Resolved{}, fmt.Errorf("%s: is an OSCAL catalog, want a profile; a catalog goes with --catalog", path)
	}
	key, err := fileKey(path)
	if err != nil {
		return Resolved{}, err
	}
	s, err := r.profile(&profileFile{oscalProfile: doc.Profile, key: key, name: path, dir: filepath.Dir(path)})
	if err != nil {
		return Resolved{}, err
	}
	name := strings.TrimSuffix(filepath.Base(path), ".json")
	title := oneLine(doc.Profile.Metadata.Title)
	if title == "" {
		title = name
	}
	return Resolved{
		Baseline: Baseline{Name: name, Title: title, Controls: s.ids},
		Catalog:  s.catalog,
		Version:  oneLine(doc.Profile.Metadata.Version),
	}, nil
}

type oscalProfile struct {
	Metadata   oscalMetadata `json:"metadata"`
	Imports    []oscalImport `json:"imports"`
	BackMatter struct {
		Resources []oscalResource `json:"resources"`
	} `json:"back-matter"`
}

type oscalImport struct {
	Href            string          `json:"href"`
	IncludeAll      *struct{}       `json:"include-all"`
	IncludeControls []oscalSelector `json:"include-controls"`
	ExcludeControls []oscalSelector `json:"exclude-controls"`
}

type oscalSelector struct {
	WithChildControls string           `json:"with-child-controls"`
	WithIDs           []shca.ControlID `json:"with-ids"`
	Matching          []struct {
		Pattern string `json:"pattern"`
	} `json:"matching"`
}

type oscalResource struct {
	UUID        string       `json:"uuid"`
	Title       string       `json:"title"`
	Description string       `json:"description"`
	RLinks      []oscalRLink `json:"rlinks"`
	Base64      *struct {
		Filename string `json:"filename"`
		Value    string `json:"value"`
	} `json:"base64"`
}

type oscalRLink struct {
	Href      string `json:"href"`
	MediaType string `json:"media-type"`
}

// json reports whether the link says that it leads to JSON.
func (l oscalRLink) json() bool {
	return strings.HasSuffix(l.MediaType, "json") || strings.HasSuffix(strings.ToLower(baseName(l.Href)), ".json")
}

// publishers tells the files of a framework's publishers from others by their
// names.
type publishers struct {
	catalogFile  *regexp.Regexp
	catalogTitle *regexp.Regexp // of a resource: its title or description
	baselineFile *regexp.Regexp
	baselineName func(submatches []string) string // of a match of baselineFile
}

// profileFile is a profile and where it was found.
type profileFile struct {
	*oscalProfile
	key  string // tells it from all others
	name string // for messages
	dir  string // hrefs are relative to it
}

// selection is what an import can choose from: a catalog, or the controls of
// it that a profile selected.
type selection struct {
	catalog *Catalog
	ids     []shca.ControlID // in catalog order
	has     map[shca.ControlID]bool
}

func newSelection(c *Catalog, has map[shca.ControlID]bool) *selection {
	s := &selection{catalog: c, has: has}
	for _, control := range c.controls {
		if has[control.ID] {
			s.ids = append(s.ids, control.ID)
		}
	}
	return s
}

func wholeCatalog(c *Catalog) *selection {
	has := make(map[shca.ControlID]bool, len(c.controls))
	for _, control := range c.controls {
		has[control.ID] = true
	}
	return newSelection(c, has)
}

type resolver struct {
	catalog   *Catalog
	framework *Framework
	embedded  *Catalog // the framework's; the caller may get it
	log       *slog.Logger
	done      map[string]*selection // by key of the file
	chain     []*profileFile        // being resolved
}

func fileKey(path string) (string, error) {
	return filepath.Abs(path)
}

// profile resolves one profile.
func (r *resolver) profile(p *profileFile) (*selection, error) {
	names := make([]string, 0, len(r.chain)+1)
	circle := false
	for _, above := range r.chain {
		names = append(names, above.name)
		circle = circle || above.key == p.key
	}
	switch {
	case circle:
		return nil, fmt.Errorf("profiles import each other in a circle: %s", strings.Join(append(names, p.name), " → "))
	case len(r.chain) == maxChain:
		return nil, fmt.Errorf("more than %d profiles import one another: %s", maxChain, strings.Join(append(names, p.name), " → "))
	case len(p.Imports) == 0:
		return nil, fmt.Errorf("%s: the profile has no imports; it must name the catalog or profile that it selects from", p.name)
	case len(p.Imports) > maxImports:
		return nil, fmt.Errorf("%s: the profile has %d imports, at most %d are read", p.name, len(p.Imports), maxImports)
	}
	r.chain = append(r.chain, p)
	defer func() { r.chain = r.chain[:len(r.chain)-1] }()

	var catalog *Catalog
	selected := map[shca.ControlID]bool{}
	for i := range p.Imports {
		imp := &p.Imports[i]
		from, err := r.find(p, imp.Href)
		if err != nil {
			return nil, fmt.Errorf("%s: import %.200q: %w", p.name, imp.Href, err)
		}
		catalog = catalog.union(from.catalog)
		for id := range r.choose(p, imp, from) {
			selected[id] = true
		}
	}
	if len(selected) == 0 {
		return nil, fmt.Errorf("%s: the profile selects no controls; its ids and patterns must match those of the catalog it imports", p.name)
	}
	return newSelection(catalog, selected), nil
}

// choose applies the directives of an import.
func (r *resolver) choose(p *profileFile, imp *oscalImport, from *selection) map[shca.ControlID]bool {
	log := r.log.With("profile", p.name, "href", imp.Href)
	chosen := map[shca.ControlID]bool{}
	if imp.IncludeAll == nil && imp.IncludeControls == nil {
		log.Warn("the import says neither include-all nor include-controls: all controls are included")
	}
	if imp.IncludeAll != nil || imp.IncludeControls == nil {
		for _, id := range from.ids {
			if !from.catalog.withdrawn(id) {
				chosen[id] = true
			}
		}
	}
	for _, s := range imp.IncludeControls {
		s.match(log, from, false, func(id shca.ControlID) { chosen[id] = true })
	}
	for _, s := range imp.ExcludeControls {
		s.match(log, from, true, func(id shca.ControlID) { delete(chosen, id) })
	}
	return chosen
}

func (c *Catalog) withdrawn(id shca.ControlID) bool {
	i, ok := c.index[id]
	return ok && c.controls[i].Withdrawn
}

// match calls f with the controls that the selector selects. Patterns and
// child controls select withdrawn controls only if withdrawn is true.
func (s *oscalSelector) match(log *slog.Logger, from *selection, withdrawn bool, f func(shca.ControlID)) {
	matched := map[shca.ControlID]bool{}
	for _, id := range s.WithIDs {
		switch {
		case !from.has[id]:
			log.Warn("the profile names a control that what it imports does not have", "control", id)
			continue
		case !withdrawn && from.catalog.withdrawn(id):
			log.Warn("the profile selects a control that is withdrawn", "control", id)
		}
		matched[id] = true
	}
	for _, m := range s.Matching {
		found := false
		for _, id := range from.ids {
			if glob(m.Pattern, string(id)) && (withdrawn || !from.catalog.withdrawn(id)) {
				matched[id], found = true, true
			}
		}
		if !found {
			log.Warn("a pattern of the profile matches no control", "pattern", m.Pattern)
		}
	}
	if s.WithChildControls == "yes" {
		below := map[shca.ControlID]bool{} // whether or not from has them
		for _, c := range from.catalog.controls {
			if c.Parent == "" || !matched[c.Parent] && !below[c.Parent] {
				continue
			}
			below[c.ID] = true
			if from.has[c.ID] && (withdrawn || !c.Withdrawn) {
				f(c.ID)
			}
		}
	}
	for id := range matched {
		f(id)
	}
}

// glob reports whether the pattern matches all of s: * stands for any bytes,
// ? for one. The empty pattern matches nothing. Its time is bounded by the
// product of the lengths.
func glob(pattern, s string) bool {
	if pattern == "" {
		return false
	}
	p, i := 0, 0
	star, resume := -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p, i = p+1, i+1
		case star >= 0: // let the last star take one byte more
			resume++
			p, i = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// find returns what the href of an import leads to.
func (r *resolver) find(p *profileFile, href string) (*selection, error) {
	if href == "" {
		return nil, errors.New("the import has no href")
	}
	links := []oscalRLink{{Href: href}}
	var resource oscalResource
	if uuid, ok := strings.CutPrefix(href, "#"); ok {
		i := slices.IndexFunc(p.BackMatter.Resources, func(r oscalResource) bool {
			return strings.EqualFold(r.UUID, uuid)
		})
		if i < 0 {
			return nil, errors.New("the profile's back-matter has no resource with this uuid")
		}
		resource = p.BackMatter.Resources[i]
		links = resource.RLinks
	}

	readable := links
	if json := slices.DeleteFunc(slices.Clone(links), func(l oscalRLink) bool { return !l.json() }); len(json) > 0 || resource.Base64 != nil {
		readable = json // of the same document in several formats, the others are of no use
	}
	for _, l := range readable {
		if path, ok := localPath(p.dir, l.Href); ok {
			if s, err := r.file(path); s != nil || err != nil {
				return s, err
			}
		}
	}
	for _, l := range readable {
		base := baseName(l.Href)
		if base == "" {
			continue
		}
		path := filepath.Join(p.dir, base)
		if key, err := fileKey(path); err == nil && key == p.key {
			continue // a profile named like what it tailors
		}
		if s, err := r.file(path); s != nil || err != nil {
			return s, err
		}
	}
	if resource.Base64 != nil {
		return r.base64(p, &resource)
	}
	return r.standIn(p, href, &resource, links)
}

// file returns what the file holds; nil without error if it is not there.
func (r *resolver) file(path string) (*selection, error) {
	key, err := fileKey(path)
	if err != nil {
		return nil, err
	}
	if s, ok := r.done[key]; ok {
		return s, nil
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	doc, err := readDocument(path)
	if err != nil {
		return nil, err
	}
	return r.document(doc, &profileFile{key: key, name: path, dir: filepath.Dir(path)})
}

// base64 returns what the resource holds.
func (r *resolver) base64(p *profileFile, resource *oscalResource) (*selection, error) {
	in := &profileFile{key: p.key + "#" + resource.UUID, name: p.name + "#" + resource.UUID, dir: p.dir}
	if s, ok := r.done[in.key]; ok {
		return s, nil
	}
	value := strings.NewReader(strings.Join(strings.Fields(resource.Base64.Value), ""))
	doc, err := decodeDocument(base64.NewDecoder(base64.StdEncoding, value), maxDocument)
	if err != nil {
		return nil, fmt.Errorf("base64 content of resource %s: %w", resource.UUID, err)
	}
	return r.document(doc, in)
}

// document returns what the document selects, and remembers it.
func (r *resolver) document(doc *document, in *profileFile) (s *selection, err error) {
	if doc.Catalog != nil {
		c, err := doc.Catalog.catalog()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.name, err)
		}
		s = wholeCatalog(c)
	} else {
		in.oscalProfile = doc.Profile
		if s, err = r.profile(in); err != nil {
			return nil, err
		}
	}
	r.done[in.key] = s
	return s, nil
}

// otherRevision matches names of files of SP 800-53 revisions that no title
// makes revision 5.
var otherRevision = regexp.MustCompile(`(?i)rev(?:ision)?[^a-z0-9]?[1-4](?:[^0-9]|$)`)

// standIn returns what takes the place of a document that is not there.
func (r *resolver) standIn(p *profileFile, href string, resource *oscalResource, links []oscalRLink) (*selection, error) {
	known := r.framework.publishers
	isProfile, isOther, isCatalog := false, false, false
	var names []string
	var baseline *Baseline
	for _, l := range links {
		name := baseName(l.Href)
		lower := strings.ToLower(name)
		names = append(names, l.Href)
		isProfile = isProfile || strings.Contains(l.MediaType, "oscal.profile") ||
			(strings.Contains(lower, "profile") || strings.Contains(lower, "baseline")) && !strings.Contains(lower, "catalog")
		isOther = isOther || otherRevision.MatchString(name)
		if known.catalogFile == nil {
			continue
		}
		isCatalog = isCatalog || known.catalogFile.MatchString(name)
		if m := known.baselineFile.FindStringSubmatch(name); m != nil && baseline == nil {
			if b, ok := r.framework.Baseline(known.baselineName(m)); ok {
				baseline = &b
			}
		}
	}
	if known.catalogTitle != nil && !isOther && !isProfile {
		isCatalog = isCatalog || known.catalogTitle.MatchString(oneLine(resource.Title)) ||
			known.catalogTitle.MatchString(oneLine(resource.Description))
	}
	log := r.log.With("profile", p.name, "href", href, "links", strings.Join(names, " "))
	switch {
	case baseline != nil:
		log.Warn("the imported baseline is not there: the embedded one takes its place", "baseline", baseline.Name)
		has := make(map[shca.ControlID]bool, len(baseline.Controls))
		for _, id := range baseline.Controls {
			has[id] = true
		}
		return newSelection(r.embedded, has), nil
	case r.catalog != nil && !isProfile:
		log.Warn("the imported catalog is not there: the given catalog takes its place", "catalog", r.catalog.Title)
		return wholeCatalog(r.catalog), nil
	case isCatalog:
		log.Warn("the imported catalog is not there: the embedded one takes its place",
			"catalog", r.embedded.Title, "version", r.embedded.Version)
		return wholeCatalog(r.embedded), nil
	case len(names) == 0:
		return nil, errors.New("the resource has neither rlinks nor base64 content; put the file beside the profile and link it")
	case isProfile:
		return nil, fmt.Errorf("cannot find the profile %.500s; put the file beside %s (nothing is fetched from the network)", strings.Join(names, " or "), p.name)
	}
	return nil, fmt.Errorf("cannot find %.500s; put the file beside %s or pass the catalog with --catalog (nothing is fetched from the network)", strings.Join(names, " or "), p.name)
}

var urlScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+:`) // one letter is a drive

// localPath returns the path of the file that an href names; ok is false if it
// names none.
func localPath(dir, href string) (file string, ok bool) {
	file, _, _ = strings.Cut(href, "#")
	if scheme := urlScheme.FindString(file); scheme != "" {
		u, err := url.Parse(file)
		if err != nil || u.Scheme != "file" {
			return "", false
		}
		file = u.Path
	} else if s, err := url.PathUnescape(file); err == nil {
		file = s
	}
	if file == "" {
		return "", false
	}
	file = filepath.FromSlash(file)
	if !filepath.IsAbs(file) {
		file = filepath.Join(dir, file)
	}
	return file, true
}

// baseName returns the last element of an href's path, "" if it has none.
func baseName(href string) string {
	href, _, _ = strings.Cut(href, "#")
	if urlScheme.MatchString(href) {
		href, _, _ = strings.Cut(href, "?")
	}
	if s, err := url.PathUnescape(href); err == nil {
		href = s
	}
	switch base := path.Base(href); base {
	case ".", "..", "/":
		return ""
	default:
		return base
	}
}
