package auditmanager

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/go-shca/shca"
)

// ProductName is that of every finding: the copy is Audit Manager's, whoever
// checked.
const ProductName = "AWS Audit Manager"

// EvidenceType is the type of the resource of a finding whose evidence names
// neither a resource nor a check: the piece of evidence itself.
const EvidenceType = "AWS::AuditManager::Evidence"

// finding returns the finding that the record r of the evidence is about, and
// names the member at fault if it cannot.
func (it *item) finding(r *Record) (f *shca.Finding, field string, err error) {
	c := &r.Context
	f = &shca.Finding{
		Source: shca.SourceAuditManager, ProductName: ProductName,
		AccountID: cmp.Or(it.account(), c.AccountID),
		UpdatedAt: time.Time(it.Time), RecordState: "ACTIVE",
		Title:       it.Attributes.get("findingtitle", "title"),
		Description: it.Attributes.get("findingdescription", "description"),
		Severity:    it.severity(),
		Remediation: it.remediation(),
	}
	requirement := c.requirement()
	if requirement != "" {
		f.Requirements = []string{requirement}
	}
	var o outcome
	var none bool
	switch {
	case r.Resource >= 0:
		// A record about one of several resources holds that one only.
		at := r.Resource
		if len(it.Resources) == 1 {
			at = 0
		}
		if at >= len(it.Resources) {
			return nil, "/resourcesIncluded", fmt.Errorf("has no resource number %d", r.Resource)
		}
		one := &it.Resources[at]
		f.Resources = appendResource(nil, one)
		field = "/resourcesIncluded/" + strconv.Itoa(r.Resource) + "/complianceCheck"
		o, none, err = readOutcome(string(one.ComplianceCheck))
	case r.Resource == WholeItem:
		for i := range it.Resources {
			if it.Resources[i].ComplianceCheck == "" {
				f.Resources = appendResource(f.Resources, &it.Resources[i])
			}
		}
		o, none, field, err = it.whole()
	default:
		return nil, "", errors.New("resourceIndex is below -1")
	}
	if err != nil {
		return nil, field, err
	}
	if none && it.kind() == kindCheck {
		o = noOutcome
	}
	f.Status = o.status
	if o.reason.Code != "" {
		f.StatusReasons = []shca.StatusReason{o.reason}
	}
	var known bool
	f.Check, f.ConfigRule, known = it.checkOf(f.Title, cmp.Or(requirement, c.ControlID, c.Folder, string(it.FolderID)))
	if known {
		f.Title = strings.TrimPrefix(f.Title, string(f.Check)+" ")
	}
	if f.Title == "" {
		f.Title = it.title(f, c)
	}
	it.place(f, c)
	f.ID = it.findingID(f, r)
	if !known && len(f.Resources) == 0 {
		// Nothing says that two of these are about the same, as two outcomes of a
		// known check in one account are: each is about itself.
		f.Resources = []shca.Resource{{ID: "evidence/" + cmp.Or(it.id(), r.Origin, "unknown"), Type: EvidenceType, Region: f.Region, Partition: f.Partition}}
	}
	return f, "", nil
}

// title names a finding whose evidence has no title.
func (it *item) title(f *shca.Finding, c *Context) string {
	source := cmp.Or(string(it.DataSource), "Audit Manager")
	switch {
	case f.ConfigRule != "":
		return f.ConfigRule
	case strings.HasPrefix(string(f.Check), shca.SourceAuditManager+"/"):
		return strings.Join([]string{source, "evidence of", cmp.Or(strings.TrimSpace(c.Control), "an unknown control")}, " ")
	}
	return source + " " + string(f.Check)
}

// severity returns that of the Security Hub finding.
func (it *item) severity() shca.Severity {
	text := it.Attributes.get("findingseverity", "severity", "findingseveritylabel")
	for _, label := range []string{text, member(text, "label"), it.Attributes.get("findingseveritylabel")} {
		if s, ok := shca.ParseSeverity(label); ok {
			return s
		}
	}
	var w struct {
		Normalized *float64 `json:"normalized"`
	}
	if json.Unmarshal([]byte(text), &w, options) == nil && w.Normalized != nil {
		return shca.SeverityFromNormalized(*w.Normalized)
	}
	return shca.SeverityUnknown
}

// remediation returns what the Security Hub finding recommends.
func (it *item) remediation() shca.Remediation {
	text := it.Attributes.get("findingremediation", "remediation")
	r := shca.Remediation{Text: member(text, "recommendation", "text"), URL: member(text, "recommendation", "url")}
	switch {
	case r != shca.Remediation{} || text == "":
	case strings.HasPrefix(text, "https://") && !strings.ContainsAny(text, " \t\n"):
		r.URL = text
	case !strings.HasPrefix(text, "{"):
		r.Text = text
	}
	r.URL = cmp.Or(r.URL, it.Attributes.get("findingremediationurl", "remediationurl"))
	return r
}

// appendResource adds a resource by its ARN, else by what its value says.
func appendResource(list []shca.Resource, r *resource) []shca.Resource {
	value := strings.TrimSpace(string(r.Value))
	one := shca.Resource{ID: string(r.ARN), Type: member(value, "type"), Region: member(value, "region"), Partition: member(value, "partition")}
	if one.ID == "" {
		one.ID = cmp.Or(member(value, "id"), member(value, "arn"), value)
	}
	if part := strings.SplitN(one.ID, ":", 6); len(part) == 6 && part[0] == "arn" {
		one.Partition = cmp.Or(one.Partition, part[1])
		one.Region = cmp.Or(one.Region, part[3])
	}
	if one.ID == "" {
		return list
	}
	return append(list, one)
}

// place completes account, Region and partition.
func (it *item) place(f *shca.Finding, c *Context) {
	f.Region = c.Region
	for _, r := range f.Resources {
		f.Region = cmp.Or(f.Region, r.Region)
		f.Partition = cmp.Or(f.Partition, r.Partition)
	}
	if part := strings.SplitN(c.AssessmentARN, ":", 6); len(part) == 6 && part[0] == "arn" {
		f.Partition = cmp.Or(f.Partition, part[1])
		f.Region = cmp.Or(f.Region, part[3])
		if shca.IsAccountID(part[4]) {
			f.AccountID = cmp.Or(f.AccountID, part[4])
		}
	}
}

// findingID returns the id of the finding's subject; see the package's comment.
func (it *item) findingID(f *shca.Finding, r *Record) string {
	c := &r.Context
	control := cmp.Or(c.requirement(), c.ControlID, c.Folder, string(it.FolderID))
	parts := []string{control, squeeze(string(it.DataSource)), string(f.Check), f.AccountID, f.Region}
	for _, one := range f.Resources {
		parts = append(parts, "resource", one.ID)
	}
	if len(f.Resources) == 0 {
		parts = append(parts, "item", it.id(), strconv.Itoa(r.Resource))
		if it.id() == "" {
			parts = append(parts, r.Origin)
		}
	}
	return hashID(parts...)
}

// hashID returns an id made of the parts.
func hashID(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return shca.SourceAuditManager + "/" + hex.EncodeToString(h.Sum(nil)[:16])
}
