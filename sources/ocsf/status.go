package ocsf

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-shca/shca"
)

// state returns the workflow status and the record state, as ASFF has them.
//
// Prowler 4.2 writes "New" beside the number of "Suppressed". Where the event
// contradicts itself like that, it is not suppressed, nor archived: a failure
// must not be hidden by a mistake.
func (e *wireEvent) state() (workflow, record string) {
	caption, id := e.Status, e.StatusID
	if e.isSecurityFinding() {
		// status is the outcome of the event there: Success, Failure.
		if caption = cmp.Or(e.State, e.Status); e.State != "" || e.StateID.set {
			caption = e.State
		}
		id = e.StateID
	}
	said := []string{workflowOf(e.Unmapped.workflow), workflowByID[id.value], workflowOf(string(cmp.Or(caption, str(id.text))))}
	said = slices.DeleteFunc(said, func(s string) bool { return s == "" })
	if len(said) == 0 {
		said = []string{workflowOf(e.Unmapped.workflowState)}
	}
	agreed := len(slices.Compact(slices.Clone(said))) == 1
	for _, s := range said {
		if agreed || s != "SUPPRESSED" && s != archived {
			workflow = s
			break
		}
	}

	record = "ACTIVE"
	closed := e.ActivityID.value == 3 || !e.ActivityID.set && strings.EqualFold(string(e.ActivityName), "Close")
	if closed || workflow == archived {
		record = archived
	}
	if workflow == archived {
		workflow = ""
	}
	if raw := e.Unmapped.recordState; raw == "ACTIVE" || raw == archived {
		record = raw
	}
	return workflow, record
}

const archived = "ARCHIVED"

// workflowByID has ASFF's word for the numbers of status_id. An archived or
// deleted finding has a record state for that.
var workflowByID = map[int64]string{1: "NEW", 2: "NOTIFIED", 3: "SUPPRESSED", 4: "RESOLVED", 5: archived, 6: archived}

// workflowOf returns ASFF's word for a caption, which may be that word already,
// or "".
func workflowOf(caption string) string {
	switch strings.ToUpper(strings.TrimSpace(caption)) {
	case "NEW", "OPEN", "ACTIVE", "REOPENED":
		return "NEW"
	case "IN PROGRESS", "NOTIFIED":
		return "NOTIFIED"
	case "SUPPRESSED":
		return "SUPPRESSED"
	case "RESOLVED":
		return "RESOLVED"
	case "ARCHIVED", "DELETED":
		return archived
	case "ASSIGNED", "IN_PROGRESS", "DEFERRED": // of WorkflowState
		return strings.ToUpper(strings.TrimSpace(caption))
	}
	return ""
}

// isSecurityFinding reports whether the event is of class 2001, which says
// state where others say status.
func (e *wireEvent) isSecurityFinding() bool {
	return e.ClassUID.value == 2001 || !e.ClassUID.set && (e.TypeUID.value/100 == 2001 || e.Info == nil)
}

// status returns the compliance status. Only the compliance object has one, and
// Prowler's status_code: that of a detection is no result of a check.
func (e *wireEvent) status() (s shca.ComplianceStatus, field string, err error) {
	if c := e.Compliance; c != nil && (c.Status != "" || c.StatusID.set) {
		caption := cmp.Or(string(c.Status), c.StatusID.text)
		said := statusOf(caption)
		switch byID := statusByID[c.StatusID.value]; {
		case byID == "":
			return cmp.Or(said, shca.NotAvailable), "", nil
		case said != "" && said != byID && (said.Decided() || byID.Decided()):
			return "", "/compliance/status_id", fmt.Errorf("%d is %s, but the status is %.40q; which of them is right cannot be told", c.StatusID.value, byID, caption)
		default:
			return byID, "", nil
		}
	}
	if e.StatusCode == "" || !e.prowler() {
		return shca.NoStatus, "", nil
	}
	// Like Prowler's ASFF: what was muted is a warning, and what it leaves to
	// people or cannot decide is not available.
	if strings.EqualFold(string(e.StatusCode), "MUTED") {
		return shca.Warning, "", nil
	}
	return cmp.Or(statusOf(string(e.StatusCode)), shca.NotAvailable), "", nil
}

var statusByID = map[int64]shca.ComplianceStatus{1: shca.Passed, 2: shca.Warning, 3: shca.Failed}

var separators = strings.NewReplacer(" ", "", "_", "", "-", "")

// statusOf returns the status that a caption stands for: OCSF's, ASFF's,
// Config's or Prowler's word; "" for any other.
func statusOf(caption string) shca.ComplianceStatus {
	switch separators.Replace(strings.ToUpper(caption)) {
	case "PASS", "PASSED", "PASSING", "COMPLIANT", "SUCCESS":
		return shca.Passed
	case "FAIL", "FAILED", "FAILING", "NONCOMPLIANT", "NOTCOMPLIANT", "FAILURE":
		return shca.Failed
	case "WARNING":
		return shca.Warning
	case "NOTAVAILABLE", "UNKNOWN", "ERROR", "NOTAPPLICABLE", "INSUFFICIENTDATA", "INCONCLUSIVE":
		return shca.NotAvailable
	}
	return ""
}

// reason matches a status reason as package ocsf writes it: "CODE: text" or the
// code alone. A single word in capitals is no code, though it may look like one.
var reason = regexp.MustCompile(`(?s)^(?:([A-Z][A-Z0-9_]+): (.*)|([A-Z][A-Z0-9]*_[A-Z0-9_]*))$`)

// parseReason reads one reason. known are codes that the event has elsewhere.
func parseReason(text string, known map[string]bool) shca.StatusReason {
	if code, desc, _ := strings.Cut(text, ": "); known[code] {
		return shca.StatusReason{Code: code, Description: desc}
	}
	if m := reason.FindStringSubmatch(text); m != nil {
		return shca.StatusReason{Code: m[1] + m[3], Description: m[2]}
	}
	return shca.StatusReason{Description: text}
}

// splitReasons returns the reasons in a text of several, for which OCSF 1.1.0
// has room only. Descriptions may have semicolons of their own, so that what has
// no code continues the description before it.
func splitReasons(text string, known map[string]bool) []string {
	var all [][]string
	isText := false
	for _, part := range strings.Split(text, "; ") {
		r := parseReason(part, known)
		if r.Code == "" && isText {
			all[len(all)-1] = append(all[len(all)-1], part)
			continue
		}
		all = append(all, []string{part})
		isText = r.Description != ""
	}
	var joined []string
	for _, parts := range all {
		joined = append(joined, strings.Join(parts, "; "))
	}
	return joined
}

// reasons returns why the status is what it is.
func (e *wireEvent) reasons(status shca.ComplianceStatus) (all []shca.StatusReason) {
	if whole := e.Unmapped.reasons; len(whole) > 0 { // no attribute holds them, or none whole
		for _, i := range slices.Sorted(maps.Keys(whole)) {
			all = append(all, whole[i])
		}
		return all
	}
	c := e.Compliance
	if c == nil {
		c = &compliance{}
	}
	details := []string(c.StatusDetails)
	if len(details) == 0 && status != shca.NoStatus {
		for _, a := range c.Assessments {
			if a.V.Name == "" && a.V.Desc == "" || status != shca.Passed && a.V.MeetsCriteria == "true" {
				continue // met, so no reason
			}
			all = append(all, shca.StatusReason{Code: string(a.V.Name), Description: string(a.V.Desc)})
		}
		if len(all) > 0 {
			return all
		}
	}
	code, detail := string(c.StatusCode), string(c.StatusDetail)
	if status != shca.NoStatus { // or what the event says is not of the compliance
		if detail == "" && len(details) == 0 {
			detail = string(e.StatusDetail)
		}
		if code == "" && !e.prowler() {
			code = cmp.Or(string(e.StatusCode), e.Unmapped.reasonCode)
		}
	}
	known := map[string]bool{code: code != ""}
	for _, a := range c.Assessments {
		known[string(a.V.Name)] = a.V.Name != ""
	}
	if len(details) == 0 && detail != "" {
		details = splitReasons(detail, known)
	}
	for _, text := range details {
		all = append(all, parseReason(text, known))
	}
	switch {
	case code == "", slices.ContainsFunc(all, func(r shca.StatusReason) bool { return r.Code == code }):
	case len(all) == 0:
		all = []shca.StatusReason{{Code: code}}
	case all[0].Code == "":
		all[0].Code = code
	}
	return all
}

// severity returns the severity: the event's, else the product's.
func (e *wireEvent) severity() shca.Severity {
	u := &e.Unmapped
	provider, _ := shca.ParseSeverity(u.providerLabel)
	return cmp.Or(
		severityOf(e.SeverityID, e.Severity), normalized(u.severity),
		severityOf(e.Vendor.V.SeverityID, e.Vendor.V.Severity), provider, normalized(u.provider),
	)
}

func severityOf(id number, caption str) shca.Severity {
	switch {
	case id.value >= 1 && id.value <= 5:
		return shca.Severity(id.value)
	case id.value == 6:
		return shca.Critical // Fatal
	}
	word := string(cmp.Or(caption, str(id.text)))
	if strings.EqualFold(word, "Fatal") {
		return shca.Critical
	}
	s, _ := shca.ParseSeverity(word)
	return s
}

func normalized(text string) shca.Severity {
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil {
		return shca.SeverityUnknown
	}
	return shca.SeverityFromNormalized(n)
}
