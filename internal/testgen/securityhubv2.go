package testgen

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/go-shca/shca"
)

// complianceV2 returns the members of OCSF's compliance that come before its
// status and are the same for all findings of a check.
func complianceV2(id string, requirements, standards []string) string {
	b := append([]byte(`"control":`), quote(id)...)
	if requirements = requirements[:min(len(requirements), maxRequirements)]; len(requirements) > 0 {
		b = appendStrings(append(b, `,"requirements":`...), requirements)
	}
	return string(appendStrings(append(b, `,"standards":`...), standards))
}

// captioned is a value of one of OCSF's enumerations.
type captioned struct{ id, caption string }

var (
	complianceCaptions = map[shca.ComplianceStatus]captioned{
		shca.Passed: {"1", "Pass"}, shca.Warning: {"2", "Warning"}, shca.Failed: {"3", "Fail"},
		// What Security Hub writes here is not documented.
		shca.NotAvailable: {"99", "NOT_AVAILABLE"},
	}
	workflowCaptions = map[string]captioned{
		"NEW": {"1", "New"}, "NOTIFIED": {"2", "In Progress"}, "SUPPRESSED": {"3", "Suppressed"}, "RESOLVED": {"4", "Resolved"},
	}
	severityCaptions = [...]captioned{
		shca.SeverityUnknown: {"1", "Informational"}, shca.Informational: {"1", "Informational"}, shca.Low: {"2", "Low"},
		shca.Medium: {"3", "Medium"}, shca.High: {"4", "High"}, shca.Critical: {"5", "Critical"},
	}
)

// appendEvent appends Security Hub's finding of a subject as its second version
// has it: the consolidated one, without what OCSF has no attribute for.
func (g *generator) appendEvent(b []byte, s *subject, o *outcome) []byte {
	c := g.checks[s.check]
	k := c.kinds[s.n%len(c.kinds)]
	v := &g.values
	g.resource(v, k, s.account, s.region, s.n)
	at := g.identify(s, o, nil)

	activity := captioned{"2", "Update"}
	switch {
	case o.archived:
		activity = captioned{"3", "Close"}
	case at.created == at.updated:
		activity = captioned{"1", "Create"}
	}
	status, workflow, severity := complianceCaptions[o.status], workflowCaptions[o.workflow()], severityCaptions[o.severity(c)]

	b = append(b, `{"activity_id":`...)
	b = append(b, activity.id...)
	b = append(b, `,"activity_name":"`...)
	b = append(b, activity.caption...)
	b = append(b, `","category_name":"Findings","category_uid":2,"class_name":"Compliance Finding","class_uid":2003,"cloud":{"account":{"name":"`...)
	b = append(b, g.accounts[s.account].name...)
	b = append(b, `","uid":"`...)
	b = append(b, v.account...)
	b = append(b, `"},"provider":"AWS","region":"`...)
	b = append(b, v.region...)
	b = append(b, `"},`...)
	if o.note != "" {
		b = append(b, `"comment":"`...)
		b = append(b, o.note...)
		b = append(b, `",`...)
	}
	b = append(b, `"compliance":{`...)
	if o.reason.code != "" {
		b = append(b, `"assessments":[{"desc":"`...)
		b = append(b, o.reason.description...)
		b = append(b, `","meets_criteria":`...)
		b = strconv.AppendBool(b, o.status == shca.Passed)
		b = append(b, `,"name":"`...)
		b = append(b, o.reason.code...)
		b = append(b, `"}],`...)
	}
	b = append(b, c.v2Compl...)
	b = append(b, `,"status":"`...)
	b = append(b, status.caption...)
	b = append(b, `","status_id":`...)
	b = append(b, status.id...)
	b = append(b, `},"finding_info":{`...)
	if c.rule != "" {
		b = append(b, `"analytic":{"category":"AWS::Config::ConfigRule","name":"`...)
		b = c.appendRuleName(b)
		b = append(b, `","type":"Rule","type_id":1},`...)
	}
	b = appendMoment(b, "created_time", at.created)
	b = append(b, `,"desc":"`...)
	b = append(b, c.desc...)
	b = appendMoment(append(b, `",`...), "first_seen_time", at.firstObserved)
	b = appendMoment(append(b, ','), "last_seen_time", at.lastObserved)
	b = appendMoment(append(b, ','), "modified_time", at.updated)
	b = append(b, `,"title":"`...)
	b = append(b, c.title...)
	b = append(b, `","types":["`+consolidatedType+`","Posture Management"],"uid":"`...)
	b = append(b, g.id...)
	b = append(b, `"},"metadata":{"product":{"name":"Security Hub","uid":"arn:`...)
	b = append(b, v.partition...)
	b = append(b, `:securityhub:`...)
	b = append(b, v.region...)
	b = append(b, `::productv2/aws/securityhub","vendor_name":"AWS"},"profiles":["cloud","datetime"],"uid":"`...)
	b = g.ids.appendHex(b, 64)
	b = append(b, `","version":"1.6.0"},"remediation":{"desc":"See the Security Hub documentation of this control for the steps that correct it.",`+
		`"references":["https://docs.aws.amazon.com/console/securityhub/`...)
	b = append(b, c.id...)
	b = append(b, `/remediation"]},"resources":[{"cloud_partition":"`...)
	b = append(b, v.partition...)
	b = append(b, `","owner":{"account":{"uid":"`...)
	b = append(b, v.account...)
	b = append(b, `"}},"region":"`...)
	if strings.HasPrefix(k.cfn, "AWS::IAM::") {
		b = append(b, "global"...)
	} else {
		b = append(b, v.region...)
	}
	b = append(b, '"')
	if !k.account && v.below(3) == 0 {
		b = tagsV2.append(b, v)
	}
	b = append(b, `,"type":"`...)
	b = append(b, k.cfn...)
	b = append(b, `","uid":"`...)
	if k.account {
		b = append(b, v.account...)
	} else {
		b = append(b, nativeID(v.arn)...)
		b = append(b, `","uid_alt":"`...)
		b = append(b, v.arn...)
	}
	b = append(b, `"}],"severity":"`...)
	b = append(b, severity.caption...)
	b = append(b, `","severity_id":`...)
	b = append(b, severity.id...)
	b = append(b, `,"status":"`...)
	b = append(b, workflow.caption...)
	b = append(b, `","status_id":`...)
	b = append(b, workflow.id...)
	b = appendMoment(append(b, ','), "time", at.updated)
	b = append(b, `,"type_name":"Compliance Finding: `...)
	b = append(b, activity.caption...)
	b = append(b, `","type_uid":20030`...)
	b = append(b, activity.id...)
	b = append(b, `,"vendor_attributes":{"severity":"`...)
	b = append(b, severity.caption...)
	b = append(b, `","severity_id":`...)
	b = append(b, severity.id...)
	return append(b, `}}`...)
}

// appendMoment appends a time as OCSF has it: as milliseconds, and as text with
// the datetime profile.
func appendMoment(b []byte, name string, t int64) []byte {
	b = append(append(b, '"'), name...)
	b = strconv.AppendInt(append(b, `":`...), t, 10)
	b = append(append(b, `,"`...), name...)
	b = appendTime(append(b, `_dt":"`...), t)
	return append(b, '"')
}

// nativeID returns what a service calls the resource of an ARN: what follows
// the last slash or colon.
func nativeID(arn []byte) []byte { return arn[bytes.LastIndexAny(arn, "/:")+1:] }

// tagsV2 has the tags of tagsTemplate; it draws the same values.
var tagsV2 = parseTemplate(`,"tags":[{"name":"Name","value":"<name>"},{"name":"Backup","value":"<pick:daily|weekly|none>"},` +
	`{"name":"Owner","value":"team-<pick:core|data|web|platform|edge>"},{"name":"CostCenter","value":"CC-<int:1000:9999>"},` +
	`{"name":"DataClassification","value":"<pick:public|internal|confidential>"}]`)
