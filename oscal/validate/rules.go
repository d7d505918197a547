package validate

import (
	"context"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The rules of this package: what OSCAL's text asks for and neither its JSON
// schema nor its constraints check. They are errors unless said otherwise.
//
//	X-OBS      related observations exist in the same result or document
//	X-RISK     related risks exist in the same result or document
//	X-FIND     related findings exist in the POA&M
//	X-SUBJ     subjects exist here or in what is imported
//	X-ACTOR    actors exist here or in what is imported
//	X-ACTROLE  the roles of actors are roles of the metadata
//	X-TASK     related tasks and dependencies exist here or in the plan
//	X-ACT      associated activities exist here or in the plan
//	X-RESP     a risk log's responses are remediations of that risk
//	X-LOGBY    who logged is a party, and in a role, of the metadata
//	X-USES     an assessment platform uses components of the assessment assets
//	X-IMPL     an inventory item implements components that exist
//	X-BYC      by-components name components of the system
//	X-STMT     statements of the SSP that are cited exist (warning)
//	X-CTRL     control, statement and objective ids exist in the catalog
//	X-IMPORT   what is imported can be found (a missing file is a warning)
//	X-EVID     evidence is defined and has the hash that is given (a missing file is a
//	           warning: the evidence may have stayed where it was made)
//	X-UUID     no two objects of a document have the same UUID
//	X-CASE     UUIDs are lower case (warning)
//	X-REQSTR   required texts are not empty
//	X-TIME     times are in order; in documents of this project, in UTC
//	X-STATE    the state of a finding agrees with what it cites
//	X-DUPTGT   a result has one finding for a target
//	X-CLOSED   the log of a closed risk says that it was closed
//	X-ORPHAN   observations and risks are cited, or say why not (warning)
//	X-NS       properties in the namespace of this project are published ones
//	X-HREF     references are URI references of RFC 3986
//	X-SUBSET   documents of this project are valid in OSCAL 1.1.3 and 1.2.2
//
// With Options.FedRAMP, besides, what FedRAMP's POA&M checks ask for (fedramp.gov
// automation, poam.sch for Rev. 5):
//
//	F-POAM     an item has one risk and an observation; a risk has a deadline, an
//	           impact, a recommendation, and a planned response with a milestone
//	           that says what and when

// ruling applies the rules to one document. It is for one goroutine.
type ruling struct {
	kind       string
	version    string
	own        bool // the document says that this project wrote it
	index      *index
	im         *imports
	ends       []time.Time // of the results
	controls   []*index
	catalog    bool
	properties map[string]bool
	fedramp    bool
	say        func(level Level, rule, pointer, value, text string)
	targets    map[key]string          // the first finding of each target
	twice      map[[16]byte][]repeated // the places of UUIDs that are not unique
}

func (r *ruling) errorf(rule string, at place, value, format string, args ...any) {
	r.say(Error, rule, at.pointer(), value, fmt.Sprintf(format, args...))
}

func (r *ruling) warnf(rule string, at place, value, format string, args ...any) {
	r.say(Warning, rule, at.pointer(), value, fmt.Sprintf(format, args...))
}

// walk applies the rules to v and all that is in it. Members are taken in the
// order of their names.
func (r *ruling) walk(v any, at place) {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			r.walk(e, at.index(i))
		}
	case map[string]any:
		if r.kind == "component-definition" && at.key == "control-implementations" {
			r.source(v, at)
			defer func() { r.controls, r.catalog = nil, false }()
		}
		r.strings(v, at)
		r.object(v, at)
		for _, k := range sortedKeys(v) {
			r.walk(v[k], at.member(k))
		}
	}
}

// source reads the catalog that the control ids of a component's control
// implementation are from.
func (r *ruling) source(o map[string]any, at place) {
	href, ok := o["source"].(string)
	own := &imported{kind: r.kind, root: r.im.root, dir: r.im.dir}
	r.controls, r.catalog = r.im.controlsOf(own, reference{href, ok, at.member("source").pointer(), controlKinds}, r.im.say)
}

// nonEmpty lists the members that are required, and therefore hold something,
// by the key of their object or of its array.
var nonEmpty = func() map[string][]string {
	m := map[string][]string{"risks": {"statement"}, "parties": {"type"}, "assessment-subjects": {"type"}}
	for _, k := range []string{
		"activities", "authorization-boundary", "by-components", "capabilities", "components",
		"control-implementation", "control-implementations", "data-flow", "findings", "implemented-requirements",
		"incorporates-components", "information-types", "inherited", "inventory-items", "mitigating-factors",
		"network-architecture", "observations", "poam-items", "provided", "qualifiers", "relevant-evidence",
		"remediations", "required-assets", "responsibilities", "results", "risks", "satisfied", "statements",
		"steps", "system-characteristics",
	} {
		m[k] = append(m[k], "description")
	}
	for _, k := range []string{
		"authorized-privileges", "components", "controls", "findings", "groups", "information-types",
		"leveraged-authorizations", "metadata", "poam-items", "remediations", "results", "risks", "roles", "tasks",
	} {
		m[k] = append(m[k], "title")
	}
	return m
}()

// strings applies the rules that hold for strings wherever they are.
func (r *ruling) strings(o map[string]any, at place) {
	for _, k := range nonEmpty[at.key] {
		if s, ok := o[k].(string); ok && strings.TrimSpace(s) == "" {
			r.errorf("X-REQSTR", at.member(k), "", "is empty, but required")
		}
	}
	if strings.HasPrefix(r.version, "1.2.") { // whose schema does not require these
		switch {
		case at.key == "parties":
			r.require(o, at, "uuid", "type")
		case at.key == "assessment-subjects", at.key == "subjects" && o["subject-uuid"] == nil:
			r.require(o, at, "type")
		}
	}
	for k, v := range o {
		switch v := v.(type) {
		case string:
			switch {
			case k == "href", k == "source" && at.key == "control-implementations":
				r.href(v, at.member(k))
			case k == "uuid", strings.HasSuffix(k, "-uuid"):
				r.lower(v, at.member(k))
			case r.own && isTimeKey(k):
				if t, ok := parseTime(v); ok {
					if _, offset := t.Zone(); offset != 0 {
						r.errorf("X-TIME", at.member(k), v, "is not in UTC")
					}
				}
			}
		case []any:
			if strings.HasSuffix(k, "-uuids") {
				for i, e := range v {
					if s, ok := e.(string); ok {
						r.lower(s, at.member(k).index(i))
					}
				}
			}
		}
	}
	if uuid, ok := o["uuid"].(string); ok {
		if id := idOf(uuid); r.index.uuids[id] {
			r.twice[id] = append(r.twice[id], repeated{at.member("uuid").pointer(), uuid})
		}
	}
	r.inOrder(o, at)
}

func (r *ruling) require(o map[string]any, at place, names ...string) {
	for _, n := range names {
		if _, ok := o[n]; !ok {
			r.errorf("X-REQSTR", at, "", "misses %q", n)
		}
	}
}

func (r *ruling) lower(uuid string, at place) {
	if uuid != strings.ToLower(uuid) {
		r.warnf("X-CASE", at, uuid, "is not lower case: some readers compare UUIDs as text")
	}
}

func isTimeKey(k string) bool {
	switch k {
	case "start", "end", "collected", "expires", "deadline", "published", "last-modified", "date":
		return true
	}
	return false
}

func parseTime(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil
}

func timeOf(o map[string]any, k string) (time.Time, bool) {
	s, _ := o[k].(string)
	return parseTime(s)
}

func (r *ruling) inOrder(o map[string]any, at place) {
	start, ok := timeOf(o, "start")
	if end, is := timeOf(o, "end"); ok && is && end.Before(start) {
		r.errorf("X-TIME", at.member("end"), str(o, "end"), "is before the start, %s", str(o, "start"))
	}
	collected, ok := timeOf(o, "collected")
	if !ok {
		return
	}
	if expires, is := timeOf(o, "expires"); is && !expires.After(collected) {
		r.errorf("X-TIME", at.member("expires"), str(o, "expires"), "is not after it was collected, %s", str(o, "collected"))
	}
	if i := int(at.scope) - 1; i >= 0 && i < len(r.ends) && !r.ends[i].IsZero() && collected.After(r.ends[i]) {
		r.errorf("X-TIME", at.member("collected"), str(o, "collected"), "is after the end of the result, %s", r.ends[i].Format(time.RFC3339))
	}
}

// href reports references that url.Parse, and with it the schema, accepts
// although RFC 3986 does not.
func (r *ruling) href(s string, at place) {
	u, err := url.Parse(s)
	if err != nil {
		return // the schema's business
	}
	bad := strings.Count(s, "#") > 1 || strings.ContainsAny(s, "[]") && !strings.Contains(u.Host, "[")
	for i := 0; i < len(s) && !bad; i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '%':
			bad = i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])
		case c == '\\':
			return // the schema's business
		default:
			bad = !strings.ContainsRune("-._~:/?#[]@!$&'()*+,;=", rune(c))
		}
	}
	if bad {
		r.errorf("X-HREF", at, s, "is no URI reference: encode other characters as %%20 and the like")
	}
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// origin is where else than in the document something may be defined.
type origin int

const (
	here     origin = iota
	inPlan          // the assessment plan
	inImport        // the assessment plan or the system security plan
)

// defined reports whether id is defined as one of the classes, here or
// elsewhere, and whether that is certain.
func (r *ruling) defined(from origin, id string, classes ...class) (ok, certain bool) {
	places := []*index{r.index}
	certain = true
	if from != here && r.kind == "assessment-results" {
		places = append(places, r.im.plan)
		certain = !r.im.noPlan
	}
	if from == inImport {
		places = append(places, r.im.ssp)
		certain = certain && !r.im.noSSP
	}
	for _, x := range places {
		for _, c := range classes {
			if x != nil && x.defines(c, 0, id) {
				return true, true
			}
		}
	}
	return false, certain
}

// resolve reports a reference to what is defined nowhere.
func (r *ruling) resolve(rule string, o map[string]any, at place, name, what string, from origin, classes ...class) {
	id, ok := o[name].(string)
	if !ok {
		return
	}
	switch ok, certain := r.defined(from, id, classes...); {
	case ok:
	case certain:
		r.errorf(rule, at.member(name), id, "names no %s", what)
	default:
		r.warnf(rule, at.member(name), id, "names no %s here, and not all that is imported could be read", what)
	}
}

var subjectClasses = map[string][]class{
	"component":      {aComponent, anAsset},
	"inventory-item": {anInventoryItem},
	"location":       {aLocation},
	"party":          {aParty},
	"user":           {aUser},
	"resource":       {aResource},
}

var actorClasses = map[string]class{
	"tool":                aComponent,
	"assessment-platform": aPlatform,
	"party":               aParty,
}

// object applies the rules for the object that stands at a place.
func (r *ruling) object(o map[string]any, at place) {
	switch at.key {
	case "related-observations":
		if id, ok := o["observation-uuid"].(string); ok && !r.index.defines(anObservation, at.scope, id) {
			r.errorf("X-OBS", at.member("observation-uuid"), id, "names no observation of the same %s", r.whole())
		}
	case "related-risks":
		if id, ok := o["risk-uuid"].(string); ok && !r.index.defines(aRisk, at.scope, id) {
			r.errorf("X-RISK", at.member("risk-uuid"), id, "names no risk of the same %s", r.whole())
		}
	case "related-findings":
		if id, ok := o["finding-uuid"].(string); ok && !r.index.defines(aFinding, at.scope, id) {
			r.errorf("X-FIND", at.member("finding-uuid"), id, "names no finding of the same %s", r.whole())
		}
	case "subjects", "include-subjects", "exclude-subjects":
		if c, ok := subjectClasses[str(o, "type")]; ok {
			r.resolve("X-SUBJ", o, at, "subject-uuid", str(o, "type"), inImport, c...)
		}
	case "actors":
		if c, ok := actorClasses[str(o, "type")]; ok {
			r.resolve("X-ACTOR", o, at, "actor-uuid", str(o, "type"), inImport, c)
		}
		r.resolve("X-ACTROLE", o, at, "role-id", "role of the metadata", here, aRole)
	case "related-tasks", "dependencies":
		r.resolve("X-TASK", o, at, "task-uuid", "task", inPlan, aTask)
	case "associated-activities":
		r.resolve("X-ACT", o, at, "activity-uuid", "activity", inPlan, anActivity)
	case "logged-by":
		r.resolve("X-LOGBY", o, at, "party-uuid", "party of the metadata", here, aParty)
		r.resolve("X-LOGBY", o, at, "role-id", "role of the metadata", here, aRole)
	case "uses-components":
		if at.above == "assessment-platforms" {
			r.resolve("X-USES", o, at, "component-uuid", "component of the assessment assets", inPlan, anAsset)
		}
	case "implemented-components":
		r.resolve("X-IMPL", o, at, "component-uuid", "component", inImport, aComponent)
	case "by-components":
		if r.kind == "system-security-plan" {
			r.resolve("X-BYC", o, at, "component-uuid", "component of the system", here, aComponent)
		}
	case "mitigating-factors":
		r.statement(o, at, "implementation-uuid")
	case "observations":
		r.cited(o, at, citedObservation, "observation", "finding, risk or POA&M item")
	case "risks":
		r.risk(o, at)
	case "poam-items":
		if r.fedramp {
			r.fedrampItem(o, at)
		}
	case "findings":
		r.finding(o, at)
	case "relevant-evidence":
		if href := str(o, "href"); strings.HasPrefix(href, "#") {
			if !r.index.defines(aResource, 0, href[1:]) {
				r.errorf("X-EVID", at.member("href"), href, "names no resource of the back matter")
			}
		} else if path, ok := localPath(r.im.dir, href); ok && !exists(path) {
			r.warnf("X-EVID", at.member("href"), href, "leads to a file that is not there")
		}
	case "props":
		r.property(o, at)
	}
	r.controlIDs(o, at)
}

// whole is what observations, risks and findings belong to.
func (r *ruling) whole() string {
	if r.kind == "assessment-results" {
		return "result"
	}
	return "document"
}

// saysWhyUncited reports whether the object has this project's property that
// tells why nothing cites it.
func saysWhyUncited(o map[string]any) bool {
	props, _ := o["props"].([]any)
	return slices.ContainsFunc(props, func(v any) bool {
		p, _ := v.(map[string]any)
		return p["ns"] == ownNamespace && p["name"] == "uncited"
	})
}

func (r *ruling) cited(o map[string]any, at place, c class, what, by string) {
	if id, ok := o["uuid"].(string); ok && !r.index.defines(c, at.scope, id) && !saysWhyUncited(o) {
		r.warnf("X-ORPHAN", at, id, "the %s is cited by no %s", what, by)
	}
}

func (r *ruling) statement(o map[string]any, at place, name string) {
	id, ok := o[name].(string)
	if ok && r.im.ssp != nil && !r.im.ssp.defines(aStatement, 0, id) {
		r.warnf("X-STMT", at.member(name), id, "names no statement of the system security plan")
	}
}

// fedrampItem checks an item of a POA&M, and fedrampRisk a risk in one, for what
// FedRAMP asks.
func (r *ruling) fedrampItem(item map[string]any, at place) {
	if n := len(list(item["related-risks"])); n != 1 {
		r.errorf("F-POAM", at.member("related-risks"), fmt.Sprint(n), "the item must have exactly one risk")
	}
	if len(list(item["related-observations"])) == 0 {
		r.errorf("F-POAM", at, "", "the item has no related observation")
	}
}

func (r *ruling) fedrampRisk(risk map[string]any, at place) {
	missing := func(what string) { r.errorf("F-POAM", at, "", "the risk has no %s", what) }
	if str(risk, "deadline") == "" {
		missing("deadline")
	}
	impact, recommended, planned := false, false, false
	for c := range objects(risk["characterizations"]) {
		for f := range objects(c["facets"]) {
			impact = impact || str(f, "name") == "impact"
		}
	}
	for x := range objects(risk["remediations"]) {
		recommended = recommended || str(x, "lifecycle") == "recommendation"
		for task := range objects(x["tasks"]) {
			timing := object(task, "timing")
			planned = planned || str(x, "lifecycle") == "planned" && str(task, "type") == "milestone" &&
				str(task, "description") != "" && (timing["within-date-range"] != nil || timing["on-date"] != nil)
		}
	}
	if !impact {
		missing("facet impact")
	}
	if !recommended {
		missing("remediation with the lifecycle recommendation")
	}
	if !planned {
		missing("remediation with the lifecycle planned and a milestone with description and timing")
	}
}

func (r *ruling) risk(risk map[string]any, at place) {
	if r.fedramp && r.kind == "plan-of-action-and-milestones" {
		r.fedrampRisk(risk, at)
	}
	r.cited(risk, at, citedRisk, "risk", "finding or POA&M item")
	responses := map[string]bool{}
	for x := range objects(risk["remediations"]) {
		responses[strings.ToLower(str(x, "uuid"))] = true
	}
	closed := false
	log := at.member("risk-log").member("entries")
	for i, e := range list(object(risk, "risk-log")["entries"]) {
		closed = closed || str(e, "status-change") == "closed"
		for k, x := range list(object(e)["related-responses"]) {
			if id, ok := object(x)["response-uuid"].(string); ok && !responses[strings.ToLower(id)] {
				r.errorf("X-RESP", log.index(i).member("related-responses").index(k).member("response-uuid"), id, "names no remediation of this risk")
			}
		}
	}
	if risk["status"] == "closed" && !closed {
		r.errorf("X-CLOSED", at.member("status"), "closed", "no entry of the risk log has the status-change closed")
	}
}

func (r *ruling) finding(f map[string]any, at place) {
	r.statement(f, at, "implementation-statement-uuid")
	target := object(f, "target")
	if typ, id := str(target, "type"), str(target, "target-id"); at.scope > 0 && id != "" {
		k := key{aFinding, at.scope, idOf(typ + " " + id)}
		if first, ok := r.targets[k]; ok {
			r.errorf("X-DUPTGT", at.member("target").member("target-id"), id, "is the target of %s too", first)
		} else {
			r.targets[k] = at.pointer()
		}
	}
	status := object(target, "status")
	state := at.member("target").member("status").member("state")
	observations := list(f["related-observations"])
	switch str(status, "state") {
	case "not-satisfied":
		if len(observations) == 0 {
			r.errorf("X-STATE", state, "not-satisfied", "the finding has no related observation")
		}
		if str(status, "reason") == "fail" && len(list(f["related-risks"])) == 0 {
			r.errorf("X-STATE", state, "not-satisfied", "the finding fails but has no related risk")
		}
	case "satisfied":
		for _, o := range observations {
			if id := str(o, "observation-uuid"); id != "" && r.index.defines(failing, at.scope, id) {
				r.errorf("X-STATE", state, "satisfied", "but the related observation %s has failures", id)
			}
		}
	}
}

func (r *ruling) property(p map[string]any, at place) {
	ns, _ := p["ns"].(string)
	switch {
	case ns == ownNamespace:
		if name := str(p, "name"); r.properties != nil && name != "" && !r.properties[name] {
			r.errorf("X-NS", at.member("name"), name, "is no published property of %s", ownNamespace)
		}
	case strings.HasPrefix(ns, ownPrefix):
		r.errorf("X-NS", at.member("ns"), ns, "is not the namespace of this project's properties, %s", ownNamespace)
	}
}

// controlIDs checks the ids of controls and their parts that an object names.
func (r *ruling) controlIDs(o map[string]any, at place) {
	if !r.catalog {
		return
	}
	level := Error
	check := func(v any, at place) {
		id, ok := v.(string)
		if !ok || r.index.defines(aControl, 0, id) || slices.ContainsFunc(r.controls, func(x *index) bool { return x.defines(aControl, 0, id) }) {
			return
		}
		r.say(level, "X-CTRL", at.pointer(), id, "is in none of the catalogs that are imported")
	}
	for _, k := range []string{"control-id", "statement-id", "objective-id"} {
		check(o[k], at.member(k))
	}
	if typ := str(o, "type"); at.key == "target" && (typ == "statement-id" || typ == "objective-id") {
		check(o["target-id"], at.member("target-id"))
	}
	for i, v := range list(o["statement-ids"]) {
		check(v, at.member("statement-ids").index(i))
	}
	level = Warning // an id that selects nothing does no harm
	for i, v := range list(o["with-ids"]) {
		check(v, at.member("with-ids").index(i))
	}
}

// repeated is a UUID that is not unique, as it is written in one place.
type repeated struct{ pointer, uuid string }

// finish reports what needs all of the document: UUIDs that are there twice.
func (r *ruling) finish() {
	for _, id := range slices.SortedFunc(maps.Keys(r.twice), func(a, b [16]byte) int { return slices.Compare(a[:], b[:]) }) {
		places := r.twice[id]
		slices.SortFunc(places, func(a, b repeated) int { return comparePointers(a.pointer, b.pointer) })
		for _, p := range places[1:] {
			r.say(Error, "X-UUID", p.pointer, p.uuid, "is also the UUID of "+strings.TrimSuffix(places[0].pointer, "/uuid"))
		}
	}
}

var digests = map[string]func() hash.Hash{
	"SHA-224":  sha256.New224,
	"SHA-256":  sha256.New,
	"SHA-384":  sha512.New384,
	"SHA-512":  sha512.New,
	"SHA3-224": func() hash.Hash { return sha3.New224() },
	"SHA3-256": func() hash.Hash { return sha3.New256() },
	"SHA3-384": func() hash.Hash { return sha3.New384() },
	"SHA3-512": func() hash.Hash { return sha3.New512() },
}

func exists(path string) bool {
	f, err := openRegular(path)
	if err != nil {
		return false
	}
	return f.Close() == nil
}

// evidence checks the files of resources that are named by relative paths: they
// have the hashes that are given, and those of evidence exist.
func (r *ruling) evidence(ctx context.Context, root map[string]any) error {
	at := place{}.member(r.kind).member("back-matter").member("resources")
	for i, resource := range list(object(root, r.kind, "back-matter")["resources"]) {
		cited := r.index.defines(citedEvidence, 0, str(resource, "uuid"))
		links := list(object(resource)["rlinks"])
		local, found := 0, 0
		for k, l := range links {
			path, ok := localPath(r.im.dir, str(l, "href"))
			if !ok {
				continue
			}
			local++
			if !exists(path) {
				continue
			}
			found++
			if err := r.hashes(ctx, path, object(l), at.index(i).member("rlinks").index(k)); err != nil {
				return err
			}
		}
		if cited && local > 0 && local == len(links) && found == 0 && object(resource)["base64"] == nil {
			r.warnf("X-EVID", at.index(i).member("rlinks"), str(links[0], "href"), "is evidence, but the file is not there to be compared with its hash")
		}
	}
	return nil
}

func (r *ruling) hashes(ctx context.Context, path string, link map[string]any, at place) error {
	var sums []hash.Hash
	var wants []string
	var places []place
	for i, h := range list(link["hashes"]) {
		if digest := digests[str(h, "algorithm")]; digest != nil {
			sums = append(sums, digest())
			wants = append(wants, str(h, "value"))
			places = append(places, at.member("hashes").index(i).member("value"))
		}
	}
	if len(sums) == 0 {
		return nil
	}
	f, err := openRegular(path)
	if err == nil {
		defer func() { _ = f.Close() }() // it was only read
		writers := make([]io.Writer, len(sums))
		for i, s := range sums {
			writers[i] = s
		}
		_, err = io.Copy(io.MultiWriter(writers...), &contextReader{ctx, f})
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		r.errorf("X-EVID", at.member("href"), str(link, "href"), "cannot be read: %v", cause(err))
		return nil
	}
	for i, s := range sums {
		if got := hex.EncodeToString(s.Sum(nil)); !strings.EqualFold(got, wants[i]) {
			r.errorf("X-EVID", places[i], wants[i], "is not the hash of the file, which has %s", got)
		}
	}
	return nil
}

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
