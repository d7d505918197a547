package testgen

import (
	"strconv"

	"github.com/go-shca/shca"
)

// standard is a Security Hub standard, for findings that are not consolidated.
type standard struct {
	id        string // "standards/nist-800-53/v/5.0.0"
	generator string // "nist-800-53/v/5.0.0"
	guide     string
	typ       string
	hash      uint64
}

var (
	nistStandard = standard{
		"standards/nist-800-53/v/5.0.0", "nist-800-53/v/5.0.0", "NIST 800-53 R5",
		"Software and Configuration Checks/Industry and Regulatory Standards/NIST-800-53", 1,
	}
	fsbpStandard = standard{
		"standards/aws-foundational-security-best-practices/v/1.0.0", "aws-foundational-security-best-practices/v/1.0.0",
		"AWS Foundational Security Best Practices",
		"Software and Configuration Checks/Industry and Regulatory Standards/AWS-Foundational-Security-Best-Practices", 2,
	}
)

const consolidatedType = "Software and Configuration Checks/Industry and Regulatory Standards"

// subject is what a finding is about, and how often it has been evaluated.
type subject struct {
	check, account, region int
	n                      int // number of the resource, from 0
	revision               int
}

// outcome is what the evaluation of a subject gave, the same in every mode.
type outcome struct {
	status     shca.ComplianceStatus
	archived   bool
	suppressed bool
	notified   bool
	fresh      bool   // new: created when it was first evaluated on the last day
	reason     reason // why the status is not as clear as it might be, if known
	note       string // JSON text of the note, "" if none
	ticket     uint64
	created    int64
	updated    int64
}

// reason is an element of Compliance.StatusReasons; its texts need no escaping.
type reason struct{ code, description string }

// Reasons of a status, and notes of people.
var (
	accessDenied = reason{"CONFIG_ACCESS_DENIED", "AWS Config was denied access: the service-linked role lacks a permission that the rule needs."}

	notAvailableReasons = [...]reason{
		{"CONFIG_EVALUATIONS_EMPTY", "AWS Config returned no evaluation: the rule applied to no resource in scope, or the resource is gone."},
		{"CONFIG_RETURNS_NOT_APPLICABLE", "The rule does not apply to this resource."},
		{"CONFIG_RULE_EVALUATION_ERROR", "The evaluation of the rule ended with an internal error."},
		accessDenied,
	}
	suppressionNotes = [...]string{
		`Accepted until the migration is done; compensating control: \"deny all\" at the perimeter.`,
		`False positive \u2013 the resource is a honeypot.\nReviewed with the system owner.`,
		`Risk accepted, see the register; review again in six months.`,
		`Nicht anwendbar: öffentliche Daten, gewollt.`,
	}
)

// outcomeOf evaluates a subject.
func (g *generator) outcomeOf(s *subject) outcome {
	var o outcome
	c := g.checks[s.check]
	r := random{}
	r.Seed(g.subjectHash(s), 2)
	o.created = estateStart + int64(r.below(uint64(150*day)))
	o.updated = estateEnd - int64(r.below(uint64(18*hour)))
	o.updated += int64(s.revision) * revisionInterval

	r.Seed(g.subjectHash(s), 100+uint64(s.revision))
	x := r.share()
	o.suppressed = r.share() < g.Suppressed
	o.archived = r.share() < g.Archived
	switch {
	case x < g.Warning:
		o.status = shca.Warning
		o.reason = c.warningReason
	case x < g.Warning+g.NotAvailable:
		o.status = shca.NotAvailable
		o.reason = notAvailableReasons[r.below(uint64(len(notAvailableReasons)))]
	case o.suppressed || r.share() >= c.passRate: // nobody suppresses what passes
		o.status = shca.Failed
		o.reason = c.failureReason
	default:
		o.status = shca.Passed
	}
	if o.suppressed {
		o.note = suppressionNotes[r.below(uint64(len(suppressionNotes)))]
	} else if o.status == shca.Failed && r.below(6) == 0 {
		o.notified = true
		if r.below(3) == 0 {
			o.note = "Ticket opened with the team that owns the resource."
		}
	}
	o.ticket = 1000 + r.below(9000)

	r.Seed(g.subjectHash(s), 6)
	if o.fresh = r.share() < g.New; o.fresh {
		o.created = o.updated - int64(s.revision)*revisionInterval
	}
	return o
}

// revisionInterval lies between two evaluations of a subject.
const revisionInterval = 20*minute + 17*second

// subjectHash identifies a subject, whatever its revision.
func (g *generator) subjectHash(s *subject) uint64 {
	return mix(g.Seed, g.checks[s.check].hash, uint64(g.firstAccount+s.account), uint64(s.region), uint64(s.n))
}

// place sets where v is.
func (g *generator) place(v *values, account, region int) {
	v.partition, v.console = g.Partition, g.console
	v.account, v.region = g.accounts[account].id, g.regions[region].id
}

// resource sets v to the n-th resource of a kind; it is the same for every
// check that looks at it.
func (g *generator) resource(v *values, k *kind, account, region, n int) {
	g.place(v, account, region)
	v.Seed(mix(g.Seed, k.hash, uint64(g.firstAccount+account), uint64(region), uint64(n)), 3)
	v.n = n
	v.name = appendName(v.name[:0], &v.random, g.regions[region].short, n)
	v.id = v.appendHex(append(v.id[:0], '0'), 16)
	v.arn = k.arn.append(v.arn[:0], v)
}

// appendFinding appends Security Hub's finding of a subject: the consolidated
// one, or the one of a standard.
func (g *generator) appendFinding(b []byte, s *subject, o *outcome, st *standard) []byte {
	c := g.checks[s.check]
	k := c.kinds[s.n%len(c.kinds)]
	v := &g.values
	g.resource(v, k, s.account, s.region, s.n)

	at := g.identify(s, o, st)

	b = append(b, `{"SchemaVersion":"2018-10-08","Id":"`...)
	b = append(b, g.id...)
	b = append(b, `","ProductArn":"arn:`...)
	b = append(b, v.partition...)
	b = append(b, `:securityhub:`...)
	b = append(b, v.region...)
	b = append(b, `::product/aws/securityhub","ProductName":"Security Hub","CompanyName":"AWS","Region":"`...)
	b = append(b, v.region...)
	b = append(b, `","GeneratorId":"`...)
	if st == nil {
		b = append(b, "security-control"...)
	} else {
		b = append(b, st.generator...)
	}
	b = append(b, '/')
	b = append(b, c.id...)
	b = append(b, `","AwsAccountId":"`...)
	b = append(b, v.account...)
	b = append(b, `","AwsAccountName":"`...)
	b = append(b, g.accounts[s.account].name...)
	b = append(b, `","Types":["`...)
	typ := consolidatedType
	if st != nil {
		typ = st.typ
	}
	b = append(b, typ...)
	b = append(b, `"],"FirstObservedAt":"`...)
	b = appendTime(b, at.firstObserved)
	b = append(b, `","LastObservedAt":"`...)
	b = appendTime(b, at.lastObserved)
	b = append(b, `","CreatedAt":"`...)
	b = appendTime(b, at.created)
	b = append(b, `","UpdatedAt":"`...)
	b = appendTime(b, at.updated)

	severity := o.severity(c)
	b = append(b, `","Severity":{`...)
	if st != nil {
		b = append(b, `"Product":`...)
		b = append(b, normalized[severity]...)
		b = append(b, ',')
	}
	b = appendSeverity(b, severity)
	b = append(b, `},"Title":"`...)
	if st != nil {
		b = append(b, c.id...)
		b = append(b, ' ')
	}
	b = append(b, c.title...)
	b = append(b, `","Description":"`...)
	b = append(b, c.desc...)
	b = append(b, `","Remediation":{"Recommendation":{"Text":"See the Security Hub documentation of this control for the steps that correct it`...)
	if st != nil {
		b = append(b, ` under `...)
		b = append(b, st.guide...)
	}
	b = append(b, `.","Url":"https://docs.aws.amazon.com/console/securityhub/`...)
	b = append(b, c.id...)
	b = append(b, `/remediation"}},"ProductFields":{`...)
	b = g.appendProductFields(b, c, v, o, st)
	b = append(b, `},"Resources":[{"Type":"`...)
	b = append(b, k.asff...)
	b = append(b, `","Id":"`...)
	b = append(b, v.arn...)
	b = append(b, `","Partition":"`...)
	b = append(b, v.partition...)
	b = append(b, `","Region":"`...)
	b = append(b, v.region...)
	b = append(b, '"')
	if !k.account {
		b = appendTagsAndDetails(b, k, v)
	}
	b = append(b, `}],"Compliance":{"Status":"`...)
	b = append(b, o.status...)
	b = append(b, '"')
	switch {
	case st == nil:
		b = append(b, c.onCompl...)
	case st.hash == nistStandard.hash:
		b = append(b, c.nistCompl...)
	default:
		b = append(b, c.fsbpCompl...)
	}
	if o.reason.code != "" {
		b = append(b, `,"StatusReasons":[{"ReasonCode":"`...)
		b = append(b, o.reason.code...)
		b = append(b, `","Description":"`...)
		b = append(b, o.reason.description...)
		b = append(b, `"}]`...)
	}
	b = append(b, `},"WorkflowState":"NEW","Workflow":{"Status":"`...)
	b = append(b, o.workflow()...)
	b = append(b, `"},"RecordState":"`...)
	b = append(b, recordState(o.archived)...)
	b = append(b, '"')
	if o.note != "" {
		b = append(b, `,"Note":{"Text":"`...)
		b = append(b, o.note...)
		b = append(b, `","UpdatedBy":"arn:`...)
		b = append(b, v.partition...)
		b = append(b, `:sts::`...)
		b = append(b, v.account...)
		b = append(b, `:assumed-role/security-review/ticket-`...)
		b = strconv.AppendUint(b, o.ticket, 10)
		b = append(b, `","UpdatedAt":"`...)
		b = appendTime(b, (o.created+o.updated)/2)
		b = append(b, `"}`...)
	}
	b = append(b, `,"FindingProviderFields":{"Types":["`...)
	b = append(b, typ...)
	b = append(b, `"],"Severity":{`...)
	b = appendSeverity(b, severity)
	b = append(b, `}},"ProcessedAt":"`...)
	b = appendTime(b, at.processed)
	return append(b, `"}`...)
}

// times are the moments that a finding names.
type times struct{ firstObserved, lastObserved, created, updated, processed int64 }

// identify sets the id of the finding of a subject, and returns its times. They
// are the same in every format. What remains in g.ids belongs to the format.
func (g *generator) identify(s *subject, o *outcome, st *standard) times {
	variant := uint64(0)
	if st != nil {
		variant = st.hash
	}
	ids := &g.ids
	ids.Seed(g.subjectHash(s), 10+variant)
	g.id = g.appendFindingID(g.id[:0], g.checks[s.check], &g.values, st, ids)
	// Standards are evaluated some seconds after each other.
	later := int64(variant) * 3 * second
	evaluated := later + int64(ids.below(2000))
	t := times{created: o.created + later, updated: o.updated + evaluated}
	if o.fresh {
		t.created = o.created + evaluated // the first evaluation's time of updating
	}
	t.firstObserved = t.created - int64(ids.below(uint64(minute)))
	t.lastObserved = t.updated + int64(ids.below(uint64(minute)))
	t.processed = t.updated + minute + int64(ids.below(uint64(minute)))
	return t
}

// appendFindingID appends the ARN of a finding.
func (g *generator) appendFindingID(b []byte, c *check, v *values, st *standard, ids *random) []byte {
	b = append(b, "arn:"...)
	b = append(b, v.partition...)
	b = append(b, ":securityhub:"...)
	b = append(b, v.region...)
	b = append(b, ':')
	b = append(b, v.account...)
	if st == nil {
		b = append(b, ":security-control/"...)
	} else {
		b = append(b, ":subscription/"...)
		b = append(b, st.generator...)
		b = append(b, '/')
	}
	b = append(b, c.id...)
	b = append(b, "/finding/"...)
	return ids.appendUUID(b)
}

func (g *generator) appendProductFields(b []byte, c *check, v *values, o *outcome, st *standard) []byte {
	if st != nil {
		b = append(b, `"StandardsArn":"arn:`...)
		b = append(b, v.partition...)
		b = append(b, `:securityhub:::`...)
		b = append(b, st.id...)
		b = append(b, `","StandardsSubscriptionArn":"arn:`...)
		b = appendSecurityHub(b, v)
		b = append(b, `:subscription/`...)
		b = append(b, st.generator...)
		b = append(b, `","ControlId":"`...)
		b = append(b, c.id...)
		b = append(b, `","RecommendationUrl":"https://docs.aws.amazon.com/console/securityhub/`...)
		b = append(b, c.id...)
		b = append(b, `/remediation","StandardsControlArn":"arn:`...)
		b = appendSecurityHub(b, v)
		b = append(b, `:control/`...)
		b = append(b, st.generator...)
		b = append(b, '/')
		b = append(b, c.id...)
		b = append(b, `",`...)
	}
	if c.rule != "" {
		b = append(b, `"RelatedAWSResources:0/name":"`...)
		b = c.appendRuleName(b)
		b = append(b, `","RelatedAWSResources:0/type":"AWS::Config::ConfigRule",`...)
	}
	b = append(b, `"aws/securityhub/ProductName":"Security Hub","aws/securityhub/CompanyName":"AWS","Resources:0/Id":"`...)
	b = append(b, v.arn...)
	b = append(b, `","aws/securityhub/FindingId":"arn:`...)
	b = append(b, v.partition...)
	b = append(b, `:securityhub:`...)
	b = append(b, v.region...)
	b = append(b, `::product/aws/securityhub/`...)
	b = append(b, g.id...)
	b = append(b, '"')
	if st == nil && o.status.Decided() {
		b = append(b, `,"PreviousComplianceStatus":"`...)
		b = append(b, o.status...)
		b = append(b, '"')
	}
	return b
}

// appendRuleName appends the name of the rule that Security Hub made for a check.
func (c *check) appendRuleName(b []byte) []byte {
	b = append(append(b, "securityhub-"...), c.rule...)
	b = append(b, '-')
	suffix := c.hash
	for range 8 {
		b = append(b, hexDigits[suffix&15])
		suffix >>= 4
	}
	return b
}

// appendSecurityHub appends the middle of the ARN of something in Security Hub.
func appendSecurityHub(b []byte, v *values) []byte {
	b = append(b, v.partition...)
	b = append(b, ":securityhub:"...)
	b = append(b, v.region...)
	b = append(b, ':')
	return append(b, v.account...)
}

// severity is that of the check, unless it was passed.
func (o *outcome) severity(c *check) shca.Severity {
	if o.status == shca.Passed {
		return shca.Informational
	}
	return c.severity
}

func (o *outcome) workflow() string {
	switch {
	case o.suppressed:
		return "SUPPRESSED"
	case o.status == shca.Passed:
		return "RESOLVED"
	case o.notified:
		return "NOTIFIED"
	}
	return "NEW"
}

func recordState(archived bool) string {
	if archived {
		return "ARCHIVED"
	}
	return "ACTIVE"
}

// normalized has the numbers of the severities.
var normalized = [...]string{
	shca.SeverityUnknown: "0", shca.Informational: "0", shca.Low: "1",
	shca.Medium: "40", shca.High: "70", shca.Critical: "90",
}

// appendSeverity appends the members of a severity.
func appendSeverity(b []byte, s shca.Severity) []byte {
	label := max(s, shca.Informational).String()
	b = append(b, `"Label":"`...)
	b = append(b, label...)
	b = append(b, `","Normalized":`...)
	b = append(b, normalized[s]...)
	b = append(b, `,"Original":"`...)
	b = append(b, label...)
	return append(b, '"')
}

// appendTagsAndDetails appends what is known of a resource: one in three has
// tags, two in three have details.
func appendTagsAndDetails(b []byte, k *kind, v *values) []byte {
	if v.below(3) == 0 {
		b = tagsTemplate.append(b, v)
	}
	if v.below(3) > 0 {
		b = append(b, `,"Details":`...)
		b = k.details.append(b, v)
	}
	return b
}

var tagsTemplate = parseTemplate(`,"Tags":{"Name":"<name>","Backup":"<pick:daily|weekly|none>",` +
	`"Owner":"team-<pick:core|data|web|platform|edge>","CostCenter":"CC-<int:1000:9999>",` +
	`"DataClassification":"<pick:public|internal|confidential>"}`)
