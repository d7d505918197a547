// Package ocsf decodes findings that are events of the Open Cybersecurity
// Schema Framework (OCSF): those of AWS Security Hub V2 and Security Lake, of
// Prowler, of package ocsf of this module and of others. It is for whoever
// reads findings with package stream; [Parquet] and [CSV] are sources of their
// own for files with an event in each row.
//
// Events of any version are read, 1.0.0-rc.2 and later, and of any class of
// findings, by the attributes they have: producers move on to new versions
// without notice. A finding that went through OCSF is the finding it was in
// ASFF, with the same check, place, status and times. An event that is no
// finding is an error; a finding without a compliance status is read, and
// judging it is left to package mapping.
package ocsf

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/internal/finding"
	"github.com/go-shca/shca/sources/stream"
)

// Format reads OCSF findings. Events of other classes are recognised as well,
// so that they are reported one by one.
var Format = stream.Format{
	Name: shca.SourceOCSF,
	Markers: []string{
		"class_uid", "class_name", "category_uid", "category_name", "type_uid", "type_name", "activity_id", "activity_name",
		"severity_id", "status_id", "state_id", "finding_info", "metadata", "cloud", "compliance", "time_dt", "unmapped", "vendor_attributes",
	},
	Decode: decode,
	ID:     findID,
}

// findID returns the finding's id if it can be read before the text breaks,
// else "".
func findID(raw []byte) string {
	return cmp.Or(
		finding.MemberID(raw, "finding_info", "uid"),
		finding.MemberID(raw, "finding", "uid"),
		finding.MemberID(raw, "metadata", "uid"),
	)
}

// decode reads one finding. The finding's Raw is raw itself. Errors come
// without position in the input; the caller adds it.
func decode(raw []byte) (*shca.Finding, *shca.FindingError) {
	var e wireEvent
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, finding.DecodeError(raw, err, findID(raw))
	}
	f, field, err := e.finding()
	if err != nil {
		return nil, &shca.FindingError{ID: findID(raw), Field: field, Err: err}
	}
	f.Raw = raw
	return f, nil
}

// finding turns the attributes into the model, and names the attribute at
// fault if it cannot.
func (e *wireEvent) finding() (f *shca.Finding, field string, err error) {
	if field, err := e.classError(); err != nil {
		return nil, field, err
	}
	i, at := e.Info, "/finding_info"
	if i == nil && e.Old != nil {
		i, at = e.Old, "/finding"
	}
	if i == nil {
		i = &info{}
	}
	m, c := &e.Metadata.V, e.Compliance
	if c == nil {
		c = &compliance{}
	}
	f = &shca.Finding{
		Source: shca.SourceOCSF, ID: string(cmp.Or(i.UID, m.UID)), ProductName: string(m.Product.V.Name),
		AccountID: string(e.Cloud.V.Account.V.UID), AccountName: string(e.Cloud.V.Account.V.Name), Region: string(e.Cloud.V.Region),
		Types: i.Types, Title: string(i.Title), Description: string(i.Desc),
		Severity:     e.severity(),
		Requirements: c.Requirements, Standards: c.Standards,
		Remediation: e.remediation(i),
		Note:        shca.Note{Text: string(cmp.Or(e.Comment, str(e.Unmapped.noteText))), UpdatedBy: e.Unmapped.noteBy},
	}
	if f.ID == "" {
		return nil, at + "/uid", errors.New("missing; without it the finding's newest copy cannot be told")
	}
	converted := e.converted()
	f.ProductARN = string(m.Product.V.UID)
	if !strings.HasPrefix(f.ProductARN, "arn:") && !converted {
		f.ProductARN = "" // a name, such as "prowler"
	}
	// Security Hub V2 has an ARN of its own for a product that both know, and
	// is the same finding under the same id.
	f.ProductARN = strings.Replace(f.ProductARN, ":productv2/", ":product/", 1)
	if converted && strings.HasSuffix(f.ProductPath(), "/"+f.ProductName) {
		f.ProductName = "" // where a finding names none, package ocsf takes it from the ARN
	}
	if converted && f.ProductARN == "" && f.ProductName == "Unknown" {
		f.ProductName = "" // it stands where the schema requires a product
	}
	if f.Title == f.ID {
		f.Title = "" // it stands where the schema requires a title
	}
	if slices.Equal(f.Standards, []string{"none"}) {
		f.Standards = nil // likewise
	}
	if len(f.Requirements) == 0 {
		f.Requirements = e.Unmapped.requirements
	}
	f.Workflow, f.RecordState = e.state()
	if f.Status, field, err = e.status(); err != nil {
		return nil, field, err
	}
	f.StatusReasons = e.reasons(f.Status)
	if e.prowler() {
		e.frameworks(f)
	}
	if field, err := e.times(f, i, at, converted); err != nil {
		return nil, field, err
	}
	f.Note.UpdatedAt, _ = finding.ParseTime(string(e.Unmapped.noteAt)) // says when, of a note that is read anyway
	e.resources(f)
	if f.AccountID = cmp.Or(f.AccountID, string(e.Cloud.V.AccountUID)); f.AccountID == "" && !converted {
		f.AccountID = e.owner() // in ASFF, that of a resource is not the finding's
	}

	marks := e.Unmapped.marks
	analytic := &i.Analytic.V
	isConfigRule := analytic.Category == finding.ConfigRuleType
	if isConfigRule {
		f.ConfigRule = string(analytic.Name)
	}
	f.GeneratorID = e.generator(f.ID, analytic, converted)
	e.Unmapped.restore(f)
	if isConfigRule && f.GeneratorID == "" && f.ProductPath() == "aws/config" {
		marks.ConfigRule = cmp.Or(marks.ConfigRule, f.ConfigRule) // a customer's rule, which is the check
	}
	marks.Controls = e.controls(f, &marks, converted)
	if err := finding.Complete(f, marks); err != nil {
		return nil, "/compliance/control", err
	}
	f.Partition = cmp.Or(f.Partition, string(e.Cloud.V.Partition))
	return f, "", nil
}

// classError says that the event is no finding. Classes of an extension have
// its number in front of the five digits; the first of these is the category,
// which is 2 for findings.
func (e *wireEvent) classError() (field string, err error) {
	class, field := e.ClassUID.value, "/class_uid"
	switch {
	case e.ClassUID.set:
	case e.TypeUID.set:
		class, field = e.TypeUID.value/100, "/type_uid"
	case e.Info != nil, e.Old != nil:
		return "", nil // of what else if not of a finding
	default:
		return field, errors.New("missing; an OCSF finding has a class from 2001 on")
	}
	if class%100000/1000 != 2 {
		return field, fmt.Errorf("this is an OCSF event of class %d, not a finding; findings have classes from 2001 on", class)
	}
	return "", nil
}

// converted reports whether the event was made of an ASFF finding, by Security
// Lake or by package ocsf, so that what ASFF has no counterpart for was filled
// in, and what is missing was missing there.
func (e *wireEvent) converted() bool {
	return e.Metadata.V.LogVersion == "2018-10-08" || e.own() // ASFF's only version
}

// own reports whether package ocsf made the event.
func (e *wireEvent) own() bool {
	m, i := &e.Metadata.V, cmp.Or(e.Info, e.Old)
	if i == nil || len(m.UID) != hex.EncodedLen(sha256.Size) {
		return false
	}
	sum := sha256.Sum256([]byte(m.Product.V.UID + "/" + i.UID)) // how it makes the id
	return hex.EncodeToString(sum[:]) == string(m.UID)
}

// prowler reports whether Prowler itself wrote the event, as opposed to one that
// Security Hub had from it.
func (e *wireEvent) prowler() bool {
	p := &e.Metadata.V.Product.V
	return strings.EqualFold(string(p.Name), "prowler") && !strings.HasPrefix(string(p.UID), "arn:")
}

// ofHub matches the ids of Security Hub's own findings, which name the check:
// "arn:aws:securityhub:eu-west-1:111122223333:security-control/S3.8/finding/…",
// "arn:aws:securityhub:eu-west-1:111122223333:subscription/pci-dss/v/3.2.1/PCI.S3.1/finding/…".
var ofHub = regexp.MustCompile(`^arn:[^:]+:securityhub:[^:]*:[0-9]{12}:(?:subscription/)?([^:]+)/finding/[^/]+$`)

// generator returns what the finding's GeneratorId is or would be in ASFF.
func (e *wireEvent) generator(id string, a *analytic, converted bool) string {
	m := &e.Metadata.V
	uid := string(cmp.Or(m.Product.V.Feature.V.UID, a.UID))
	if e.prowler() {
		// Prowler's ASFF has the check's name behind a prefix.
		if name := cmp.Or(string(m.EventCode), uid, string(a.Name)); name != "" {
			return "prowler-" + strings.TrimPrefix(name, "prowler-")
		}
	}
	if uid != "" || converted {
		return uid
	}
	if match := ofHub.FindStringSubmatch(id); match != nil {
		return match[1]
	}
	if a.Category == finding.ConfigRuleType {
		return string(m.EventCode) // the rule's name ends in characters of the account's own
	}
	return string(cmp.Or(m.EventCode, a.Name))
}

// controls returns the security control ids that the event names. The control
// of an older finding is that of a single standard, which unmapped tells, and
// finding.Complete knows what to do with it.
func (e *wireEvent) controls(f *shca.Finding, marks *finding.Marks, converted bool) []string {
	if e.Compliance == nil {
		return nil
	}
	ids := e.Compliance.Control
	if len(ids) == 1 && ids[0] == cmp.Or(marks.ControlID, marks.RuleID) {
		return nil
	}
	if len(ids) > 0 {
		if _, _, err := shca.ParseControlID(ids[0]); err != nil || f.GeneratorID == "" {
			return ids
		}
		return nil // a control of the framework, which many checks are evidence for
	}
	if f.GeneratorID != "" || marks.ControlID != "" || marks.ConfigRule != "" || f.Status == shca.NoStatus || converted {
		return nil
	}
	// Neither the product nor the finding's own id is a check's name. What says
	// which check this is, for one who reads it, does.
	name := f.Title
	if checks := e.Compliance.Checks; len(checks) == 1 {
		name = cmp.Or(string(checks[0].V.UID), string(checks[0].V.Name), name)
	}
	if name == "" {
		return nil
	}
	return []string{cmp.Or(f.ProductName, "unnamed product") + "/" + name}
}

// remediation returns the advice. The schema requires a text of it, in place of
// which package ocsf writes the address.
func (e *wireEvent) remediation(i *info) shca.Remediation {
	all := []remediation{e.Remediation.V, i.Remediation.V}
	for _, v := range e.Vulnerabilities {
		all = append(all, v.V.Remediation.V)
	}
	for _, r := range all {
		links := append(slices.Clone(r.References), r.KBArticles...)
		out := shca.Remediation{Text: string(r.Desc)}
		// Prowler lists commands before addresses.
		if at := slices.IndexFunc(links, isWeb); at >= 0 {
			out.URL = links[at]
		} else if len(links) > 0 && !e.prowler() {
			out.URL = links[0]
		}
		if out.Text == out.URL {
			out.Text = ""
		}
		if out != (shca.Remediation{}) {
			return out
		}
	}
	return shca.Remediation{Text: e.Unmapped.remediationText, URL: e.Unmapped.remediationURL}
}

func isWeb(link string) bool {
	return strings.HasPrefix(link, "https://") || strings.HasPrefix(link, "http://")
}

// times fills in the finding's times.
func (e *wireEvent) times(f *shca.Finding, i *info, at string, converted bool) (field string, err error) {
	m := &e.Metadata.V
	for _, t := range []struct {
		to         *time.Time
		number, dt moment
		field      string
		asff       string
	}{
		{&f.CreatedAt, i.CreatedTime, i.CreatedTimeDT, at + "/created_time", "CreatedAt"},
		{&f.UpdatedAt, i.ModifiedTime, i.ModifiedTimeDT, at + "/modified_time", "UpdatedAt"},
		{&f.FirstObservedAt, i.FirstSeenTime, i.FirstSeenTimeDT, at + "/first_seen_time", "FirstObservedAt"},
		{&f.LastObservedAt, i.LastSeenTime, i.LastSeenTimeDT, at + "/last_seen_time", "LastObservedAt"},
		{&f.ProcessedAt, m.ProcessedTime, m.ProcessedTimeDT, "/metadata/processed_time", "ProcessedAt"},
	} {
		if t.number == "" && t.dt == "" {
			t.number, t.field = e.Unmapped.times[t.asff], "/unmapped/"+t.asff // outside what OCSF's tools take
		}
		if *t.to, err = instant(t.number, t.dt); err != nil {
			return t.field, err
		}
	}
	// The event's time is required and may be another than the finding's in what
	// was made of ASFF.
	if !f.UpdatedAt.IsZero() || converted {
		return "", nil
	}
	if f.UpdatedAt, err = instant(e.Time, e.TimeDT); err != nil {
		return "/time", err
	}
	if f.UpdatedAt.IsZero() {
		f.UpdatedAt, err = instant("", e.EventTime)
	}
	return "/event_time", err
}

// resources fills in the finding's resources.
func (e *wireEvent) resources(f *shca.Finding) {
	held := e.Resources
	if len(held) == 0 {
		held = e.Resource
	}
	if len(e.Unmapped.resources) > 0 {
		held = e.Unmapped.insert(held, e.own())
	}
	for _, r := range held {
		f.Resources = append(f.Resources, shca.Resource{ID: r.id(), Type: string(r.Type), Region: string(r.Region), Partition: string(r.Partition), Alias: string(r.Data)})
	}
}

// owner returns the account that owns all resources, where the event says so.
func (e *wireEvent) owner() string {
	var id accountID
	for i, r := range append(slices.Clone(e.Resources), e.Resource...) {
		uid := cmp.Or(r.Owner.V.Account.V.UID, r.AccountUID)
		if i > 0 && uid != id {
			return ""
		}
		id = uid
	}
	return string(id)
}

// id returns the resource's id as ASFF has it: the ARN where there is one.
func (r *resource) id() string {
	id := cmp.Or(r.UID, r.Name)
	switch {
	case r.Type == "AWS::::Account" && shca.IsAccountID(string(id)):
		return "AWS::::Account:" + string(id)
	case strings.HasPrefix(string(r.UIDAlt), "arn:"):
		return string(r.UIDAlt)
	}
	return string(cmp.Or(id, r.UIDAlt))
}
