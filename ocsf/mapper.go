package ocsf

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
)

// mapper makes the event of one finding. What the finding means is taken from
// the model, what it says besides from its JSON; a value of the JSON that is in
// the event is marked, and the others are unmapped in the end.
type mapper struct {
	f     *shca.Finding
	root  *node
	v110  bool
	event event

	otherwise time.Time // of an event without one
}

// timeOf returns when the finding was last changed, as far as it tells.
func timeOf(f *shca.Finding) (t time.Time, ok bool) {
	for _, t := range []time.Time{f.UpdatedAt, f.CreatedAt, f.LastObservedAt, f.FirstObservedAt, f.ProcessedAt} {
		if plausible(t) {
			return t, true
		}
	}
	return time.Time{}, false
}

// ocsfClass is an OCSF event class: class_uid.
type ocsfClass int

const (
	vulnerabilityFinding ocsfClass = 2002
	complianceFinding    ocsfClass = 2003
	detectionFinding     ocsfClass = 2004
	dataSecurityFinding  ocsfClass = 2006
)

var classNames = map[ocsfClass]string{
	vulnerabilityFinding: "Vulnerability Finding",
	complianceFinding:    "Compliance Finding",
	detectionFinding:     "Detection Finding",
	dataSecurityFinding:  "Data Security Finding",
}

// class decides by what the finding holds. Class 2006 is new in OCSF 1.2.
func (m *mapper) class() ocsfClass {
	c := m.root.at("Compliance")
	tells := func(n *node) bool { return cmp.Or(n.text(), n.at("StandardsId").text()) != "" }
	switch {
	case c.at("Status").text() != "", slices.ContainsFunc(c.at("SecurityControlId").list(), tells), slices.ContainsFunc(c.at("AssociatedStandards").list(), tells):
		return complianceFinding
	case len(m.usableVulnerabilities()) > 0:
		return vulnerabilityFinding
	case m.v110:
		return detectionFinding
	case m.f.ProductPath() == "aws/macie",
		slices.ContainsFunc(m.f.Types, func(t string) bool { return strings.HasPrefix(t, "Sensitive Data Identifications") }):
		return dataSecurityFinding
	}
	return detectionFinding
}

// Captions of enumerations, which OCSF wants beside their numbers.
var (
	activityNames = [...]string{"Unknown", "Create", "Update", "Close"}
	severityNames = [...]string{"Unknown", "Informational", "Low", "Medium", "High", "Critical"}
)

// captioned is a value of an enumeration with its caption.
type captioned struct {
	id      int
	caption string
}

// statuses are those of the workflow.
var statuses = map[string]captioned{
	"NEW": {1, "New"}, "NOTIFIED": {2, "In Progress"}, "SUPPRESSED": {3, "Suppressed"}, "RESOLVED": {4, "Resolved"},
}

// verdicts are the values of VerificationState.
var verdicts = map[string]captioned{
	"UNKNOWN": {0, "Unknown"}, "FALSE_POSITIVE": {1, "False Positive"},
	"TRUE_POSITIVE": {2, "True Positive"}, "BENIGN_POSITIVE": {5, "Benign"},
}

// base fills what events of all classes share.
func (m *mapper) base() {
	e, f, at := &m.event, m.f, m.root.at
	e.CategoryUID, e.CategoryName = 2, "Findings"
	kind := m.class()
	e.ClassUID, e.ClassName = int(kind), classNames[kind]
	// RecordState itself stays in unmapped: Close is what Security Hub counts as
	// archived, but other producers close what they have resolved.
	switch {
	case f.Archived():
		e.ActivityID = 3
	case f.CreatedAt.IsZero() && f.UpdatedAt.IsZero():
		e.ActivityID = 0
	case f.CreatedAt.Equal(f.UpdatedAt):
		e.ActivityID = 1
	default:
		e.ActivityID = 2
	}
	e.ActivityName = activityNames[e.ActivityID]
	e.TypeUID = e.ClassUID*100 + e.ActivityID
	e.TypeName = e.ClassName + ": " + e.ActivityName

	m.metadata()
	m.cloud()
	m.findingInfo()
	m.severity()
	m.status()
	m.resources(kind)

	e.Message = e.FindingInfo.Title
	e.Comment = m.take(at("Note", "Text"))
	if n, ok := at("Confidence").integer(); ok {
		e.ConfidenceScore = &n
		use(at("Confidence"))
	}
	if !m.v110 {
		m.verdict()
	}
}

func (m *mapper) metadata() {
	e, f, at := &m.event.Metadata, m.f, m.root.at
	e.LogVersion = m.take(at("SchemaVersion"))
	e.ProcessedTime, e.ProcessedTimeDT = m.moment(at("ProcessedAt"), f.ProcessedAt)
	e.Profiles = []string{"cloud", "datetime"}
	sum := sha256.Sum256([]byte(f.ProductARN + "/" + f.ID))
	e.UID = hex.EncodeToString(sum[:])

	fields := at("ProductFields")
	vendor, name, _ := strings.Cut(f.ProductPath(), "/")
	e.Product.UID = f.ProductARN
	m.same(at("ProductArn"), f.ProductARN)
	e.Product.Name = cmp.Or(m.takeFirst(at("ProductName"), fields.at("aws/securityhub/ProductName")), name)
	e.Product.VendorName = cmp.Or(m.takeFirst(at("CompanyName"), fields.at("aws/securityhub/CompanyName")), vendor)
	// Security Hub repeats these in every finding.
	m.same(fields.at("aws/securityhub/ProductName"), e.Product.Name)
	m.same(fields.at("aws/securityhub/CompanyName"), e.Product.VendorName)
	m.same(fields.at("aws/securityhub/FindingId"), f.ProductARN+"/"+f.ID)
	if e.Product.Name == "" && e.Product.UID == "" {
		e.Product.Name = unknown // one of the two is required
	}
	if m.v110 {
		e.Product.VendorName = cmp.Or(e.Product.VendorName, unknown) // required
	}
	of := feature{
		UID:  m.take(at("GeneratorId")),
		Name: m.takeFirst(at("GeneratorDetails", "Name"), fields.at("aws/guardduty/service/featureName")),
	}
	if of != (feature{}) {
		e.Product.Feature = &of
	}
}

// unknown stands where OCSF requires a text and the finding has none.
const unknown = "Unknown"

func (m *mapper) cloud() {
	c, f, at := &m.event.Cloud, m.f, m.root.at
	c.Provider = "AWS"
	c.Region = f.Region
	m.same(at("Region"), f.Region)
	if !m.v110 {
		c.CloudPartition = f.Partition
	}
	if f.AccountID != "" || f.AccountName != "" {
		c.Account = &account{UID: f.AccountID, Name: f.AccountName}
		m.same(at("AwsAccountId"), f.AccountID)
		m.same(at("AwsAccountName"), f.AccountName)
		if shca.IsAccountID(f.AccountID) {
			c.Account.TypeID, c.Account.Type = new(10), "AWS Account"
		}
	}
}

func (m *mapper) findingInfo() {
	i, f, at := &m.event.FindingInfo, m.f, m.root.at
	i.UID = f.ID
	m.same(at("Id"), f.ID)
	i.Title = m.take(at("Title"))
	if m.v110 {
		i.Title = cmp.Or(i.Title, f.ID) // required
	}
	i.Desc = m.take(at("Description"))
	i.SrcURL = m.take(at("SourceUrl"))
	i.Types = m.takeAll(at("Types"))
	if types := at("FindingProviderFields", "Types"); i.Types != nil && slices.Equal(texts(types), i.Types) {
		use(types)
	}
	i.CreatedTime, i.CreatedTimeDT = m.moment(at("CreatedAt"), f.CreatedAt)
	i.ModifiedTime, i.ModifiedTimeDT = m.moment(at("UpdatedAt"), f.UpdatedAt)
	i.FirstSeenTime, i.FirstSeenTimeDT = m.moment(at("FirstObservedAt"), f.FirstObservedAt)
	i.LastSeenTime, i.LastSeenTimeDT = m.moment(at("LastObservedAt"), f.LastObservedAt)

	// The time of an event is required. The clock of this machine says nothing of
	// it.
	t, ok := timeOf(f)
	switch {
	case ok:
	case plausible(m.otherwise):
		t = m.otherwise
	default:
		t = time.UnixMilli(0)
	}
	m.event.Time, m.event.TimeDT = t.UnixMilli(), dateTime(t)

	a := analytic{UID: f.GeneratorID, Type: "Rule", TypeID: 1}
	fields := at("ProductFields")
	a.Name = m.take(fields.at("RelatedAWSResources:0/name"))
	if a.UID != "" || a.Name != "" { // one of the two is required
		a.Category = m.take(fields.at("RelatedAWSResources:0/type"))
		i.Analytic = &a
	}

	for _, r := range at("RelatedFindings").list() {
		id, arn := r.at("Id"), r.at("ProductArn")
		if id.text() == "" {
			continue
		}
		related := relatedEvent{UID: m.take(id)}
		if uid := m.take(arn); m.v110 {
			related.ProductUID = uid
		} else if uid != "" {
			related.Product = &product{UID: uid}
		}
		i.RelatedEvents = append(i.RelatedEvents, related)
	}
}

func (m *mapper) severity() {
	e, at := &m.event, m.root.at
	label := at("Severity", "Label")
	e.SeverityID, e.Severity = int(m.f.Severity), severityNames[m.f.Severity]
	if m.f.Severity == shca.SeverityUnknown && label.text() != "" {
		e.SeverityID, e.Severity = other, m.take(label)
	}
	m.same(label, m.f.Severity.String())
	provider := at("FindingProviderFields", "Severity", "Label")
	if s, ok := shca.ParseSeverity(provider.text()); ok && !m.v110 {
		e.VendorAttributes = &vendorAttributes{Severity: severityNames[s], SeverityID: int(s)}
		m.same(provider, s.String())
	}
}

// other is OCSF's number for a value that an enumeration lacks; the value
// itself is the caption then.
const other = 99

// status fills the workflow's status. The record state is apart from it, in
// activity_id: a finding can be archived and suppressed at once.
func (m *mapper) status() {
	e := &m.event
	switch s, ok := statuses[m.f.Workflow]; {
	case ok:
		e.StatusID, e.Status = &s.id, s.caption
	case m.f.Workflow != "":
		e.StatusID, e.Status = new(other), m.f.Workflow
	case m.f.Archived() && !m.v110:
		e.StatusID, e.Status = new(5), "Archived"
	}
	m.same(m.root.at("Workflow", "Status"), m.f.Workflow)
}

// verdict fills what the customer found out about the finding.
func (m *mapper) verdict() {
	state := m.root.at("VerificationState")
	if v, ok := verdicts[state.text()]; ok {
		m.event.VerdictID, m.event.Verdict = &v.id, v.caption
		m.profile("incident")
		use(state)
	}
}

// profile says that the event uses attributes of the profile.
func (m *mapper) profile(name string) {
	p := &m.event.Metadata.Profiles
	if !slices.Contains(*p, name) {
		*p = append(*p, name)
		slices.Sort(*p)
	}
}

// resources fills all resources; classes 2002 and 2003 of OCSF 1.1.0 have room
// for the first only.
func (m *mapper) resources(kind ocsfClass) {
	single := m.v110 && kind != detectionFinding
	criticality, critical := m.root.at("Criticality").integer()
	for _, r := range m.root.at("Resources").list() {
		uid := m.take(r.at("Id"))
		if uid == "" {
			continue
		}
		res := resource{
			UID: uid, Type: m.take(r.at("Type")), Region: m.take(r.at("Region")), CloudPartition: m.take(r.at("Partition")),
		}
		if id := cmp.Or(m.take(r.at("Owner", "Account", "Id")), m.f.AccountID); id != "" {
			res.Owner = &owner{account{UID: id}}
		}
		if critical {
			res.Criticality = fmt.Sprint(criticality)
			use(m.root.at("Criticality"))
		}
		if details := r.at("Details"); details != nil && details.kind == '{' && len(details.children) > 0 {
			res.Data = m.json(details)
			use(details)
		}
		m.tags(r.at("Tags"), &res)
		if !m.v110 {
			if strings.HasPrefix(uid, "arn:") {
				res.UIDAlt = uid
			}
			m.role(r.at("ResourceRole"), &res)
			m.classifications(r.at("DataClassification"), &res)
		}
		name := "resources[].uid"
		if single {
			m.event.Resource = &res
			name = "resource.uid"
		} else {
			m.event.Resources = append(m.event.Resources, res)
		}
		seen := func(o observable) bool { return o.Value == uid }
		if !slices.ContainsFunc(m.event.Observables, seen) {
			m.event.Observables = append(m.event.Observables, observable{Name: name, Type: "Resource UID", TypeID: 10, Value: uid})
		}
		if single {
			return
		}
	}
}

func (m *mapper) tags(tags *node, r *resource) {
	if tags == nil || tags.kind != '{' {
		return
	}
	for i := range tags.children {
		tag := &tags.children[i]
		if tag.kind != '"' || tag.name == "" {
			continue
		}
		use(tag)
		if m.v110 {
			r.Labels = append(r.Labels, m.cut(tag, tag.name+":"+tag.text()))
		} else {
			r.Tags = append(r.Tags, keyValues{Name: tag.name, Value: new(tag.text())})
		}
	}
}

func (m *mapper) role(role *node, r *resource) {
	switch role.text() {
	case "Target", "TARGET":
		r.RoleID, r.Role = new(1), "Target"
	case "Actor", "ACTOR":
		r.RoleID, r.Role = new(2), "Actor"
	}
	m.same(role, r.Role)
}

// remediation returns the advice, or nil.
func (m *mapper) remediation() *remediation {
	text, url := m.root.at("Remediation", "Recommendation", "Text"), m.root.at("Remediation", "Recommendation", "Url")
	r := remediation{Desc: cmp.Or(m.take(text), url.text())}
	if r.Desc == "" {
		return nil
	}
	if link := m.take(url); link != "" {
		r.References = []string{link}
	}
	return &r
}

// rawData keeps what the finding was read from, if there is something.
func (m *mapper) rawData() {
	raw := jsontext.Value(slices.Clone(m.f.Raw))
	if err := raw.Compact(); err != nil {
		raw = m.f.Raw // it is text here, whatever it holds
	}
	m.event.RawData = strings.ToValidUTF8(string(raw), "\uFFFD")
}

// unmapped keeps what no attribute holds: in the finding's own shape, or for
// 1.1.0 as the flat map of texts that Security Lake's tables have.
func (m *mapper) unmapped() {
	long := m.v110 && utf8.RuneCountInString(m.event.RawData) > maxString
	if !m.root.left() && !long {
		return
	}
	if !m.v110 {
		m.event.Unmapped = m.root.appendLeft(nil)
		return
	}
	b, seen := []byte{'{'}, map[string]bool{}
	add := func(path, text string) {
		for seen[path] { // "a.b" as a name, and b in a
			path += "'"
		}
		seen[path] = true
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(appendQuoted(b, path), ':')
		b = appendQuoted(b, text)
	}
	m.root.flat("", add)
	if long {
		add("raw_data", m.event.RawData)
		m.event.RawData = ""
	}
	m.event.Unmapped = append(b, '}')
}

// maxString is the length of OCSF 1.1.0's string_t in characters; later
// versions have no limit.
const maxString = 65535

// take returns the text and marks it as used, but not if it had to be cut.
func (m *mapper) take(n *node) string {
	return m.cut(n, n.take())
}

// takeFirst is take for the first of the values that has a text; the others
// are not in the event.
func (m *mapper) takeFirst(nodes ...*node) string {
	for _, n := range nodes {
		if text := m.take(n); text != "" {
			return text
		}
	}
	return ""
}

// cut returns the text as long as the version allows; a value that is not in
// the event whole counts as unused with all that is in it.
func (m *mapper) cut(n *node, text string) string {
	if !m.v110 || len(text) <= maxString || utf8.RuneCountInString(text) <= maxString {
		return text
	}
	n.unuse()
	count := 0
	for i := range text {
		if count == maxString-1 {
			return text[:i] + "…"
		}
		count++
	}
	return text
}

// takeAll is take for lists of strings.
func (m *mapper) takeAll(n *node) []string {
	all := n.takeAll()
	for i, text := range all {
		all[i] = m.cut(n, text)
	}
	return all
}

// texts returns the texts of a list without marking anything.
func texts(n *node) []string {
	var all []string
	for _, e := range n.list() {
		all = append(all, e.text())
	}
	return all
}

// same marks the value as used if it is the text, which is in the event.
func (m *mapper) same(n *node, text string) {
	if n != nil && text != "" && (n.text() == text || n.kind == '0' && n.raw == text) && len(m.cut(n, text)) == len(text) {
		n.used = true
	}
}

// json returns a value as OCSF's json_t: itself, and in 1.1.0 its text, as the
// tables of Security Lake have it.
func (m *mapper) json(n *node) jsontext.Value {
	raw := jsontext.Value(n.raw)
	if !m.v110 {
		return raw
	}
	if err := raw.Compact(); err != nil {
		panic(err) // the decoder has read it
	}
	return appendQuoted(nil, string(raw))
}

// moment returns a time in both its forms and marks the value it was read from.
// A time that was not read, or is not plausible, has none and stays unmapped.
func (m *mapper) moment(n *node, t time.Time) (*int64, string) {
	if n == nil || !plausible(t) {
		return nil, ""
	}
	// The tables that 1.1.0 is written for hold microseconds.
	if !m.v110 || t.Nanosecond()%int(time.Microsecond) == 0 {
		use(n)
	}
	return new(t.UnixMilli()), dateTime(t)
}

// ownMoment is moment for a time that the model does not have.
func (m *mapper) ownMoment(n *node) (*int64, string) { return m.moment(n, n.time()) }

// plausible reports whether a time can be that of a finding. OCSF bounds none,
// but its tools take numbers beyond for seconds or microseconds.
func plausible(t time.Time) bool { return t.Year() >= 2000 && t.Year() < 2100 }

// dateTime writes a time as Security Hub does, with more digits where it has
// them.
func dateTime(t time.Time) string {
	if t.Nanosecond()%int(time.Millisecond) != 0 {
		return t.UTC().Format(time.RFC3339Nano)
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

// isIP reports whether OCSF's ip_t takes the text.
func isIP(text string) bool {
	a, err := netip.ParseAddr(text)
	return err == nil && a.Zone() == "" && len(text) <= 40
}
