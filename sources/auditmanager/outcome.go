package auditmanager

import (
	"fmt"

	"github.com/go-shca/shca"
)

// outcome is what an evidence's complianceCheck says.
type outcome struct {
	status shca.ComplianceStatus
	reason shca.StatusReason // of one that is not decided
}

// The reasons of undecided outcomes. Audit Manager's own words are in API
// reference, "EvidenceInsights": inconclusive.
var (
	inconclusive = outcome{shca.NotAvailable, shca.StatusReason{Code: "INCONCLUSIVE", Description: "Audit Manager could not tell: Security Hub or Config was not enabled, or gave no result."}}
	noOutcome    = outcome{shca.NotAvailable, shca.StatusReason{Code: "NO_OUTCOME", Description: "The evidence of a compliance check has no outcome: Security Hub or Config was not enabled, or gave no result."}}
)

// outcomes by their spelling without case, blanks, dashes and underscores. What is
// not applicable may be a check that was not available (API reference, "Evidence",
// complianceCheck), so it is undecided.
var outcomes = map[string]outcome{
	"compliant": {status: shca.Passed}, "pass": {status: shca.Passed}, "passed": {status: shca.Passed},
	"noncompliant": {status: shca.Failed}, "notcompliant": {status: shca.Failed}, "fail": {status: shca.Failed}, "failed": {status: shca.Failed},
	"warning":          {shca.Warning, shca.StatusReason{Code: "WARNING", Description: "Security Hub reported WARNING."}},
	"inconclusive":     inconclusive,
	"notapplicable":    {shca.NotAvailable, shca.StatusReason{Code: "NOT_APPLICABLE", Description: "The check does not apply to the resource."}},
	"insufficientdata": {shca.NotAvailable, shca.StatusReason{Code: "INSUFFICIENT_DATA", Description: "Config had too little data for the check."}},
	"notavailable":     {shca.NotAvailable, shca.StatusReason{Code: "NOT_AVAILABLE", Description: "The check was not available."}},
}

// readOutcome reads a complianceCheck. none is true of one that says nothing.
func readOutcome(s string) (o outcome, none bool, err error) {
	key := squeeze(s)
	if key == "" {
		return outcome{}, true, nil
	}
	o, ok := outcomes[key]
	if !ok {
		return outcome{}, false, fmt.Errorf("%.40q is none of COMPLIANT, PASS, NON_COMPLIANT, FAILED, INCONCLUSIVE, NOT_APPLICABLE, INSUFFICIENT_DATA, NOT_AVAILABLE, WARNING", s)
	}
	return o, false, nil
}

// kind is what a piece of evidence is: an EvidenceKind, or one of the following.
type kind = shca.EvidenceKind

const (
	kindCheck   kind = "compliance check"
	kindUnknown kind = ""
)

// kinds by evidenceByType, then by dataSource where that is missing.
var kinds = map[string]kind{
	"compliancecheck": kindCheck, "configurationdata": shca.EvidenceConfiguration, "useractivity": shca.EvidenceActivity, "manual": shca.EvidenceManual, "manualevidence": shca.EvidenceManual,

	"awssecurityhub": kindCheck, "securityhub": kindCheck, "awsconfig": kindCheck, "config": kindCheck,
	"awscloudtrail": shca.EvidenceActivity, "cloudtrail": shca.EvidenceActivity,
	"awsapicalls": shca.EvidenceConfiguration, "awsapicall": shca.EvidenceConfiguration, "apicalls": shca.EvidenceConfiguration,
}

// kind returns what the piece of evidence is. Any that was not brought by a
// person and has a decided outcome is a check, whatever it is called.
func (it *item) kind() kind {
	k, known := kinds[squeeze(string(it.EvidenceByType))]
	if !known {
		k, known = kinds[squeeze(string(it.DataSource))]
	}
	switch {
	case k == shca.EvidenceManual || k == kindCheck:
		return k
	case it.decided(), !known && it.judged():
		return kindCheck
	}
	return k
}

// decided reports whether any outcome of the evidence is PASSED or FAILED.
func (it *item) decided() bool {
	is := func(s text) bool {
		o, _, _ := readOutcome(string(s))
		return o.status.Decided()
	}
	for i := range it.Resources {
		if is(it.Resources[i].ComplianceCheck) {
			return true
		}
	}
	return is(it.ComplianceCheck) || is(text(it.Attributes.get(statusAttribute)))
}

// judged reports whether the evidence has any outcome.
func (it *item) judged() bool {
	for i := range it.Resources {
		if it.Resources[i].ComplianceCheck != "" {
			return true
		}
	}
	return it.ComplianceCheck != "" || it.Attributes.get(statusAttribute) != ""
}

const statusAttribute = "findingcompliancestatus"

// whole returns the outcome of the evidence as a whole.
func (it *item) whole() (o outcome, none bool, field string, err error) {
	if it.ComplianceCheck != "" {
		o, none, err = readOutcome(string(it.ComplianceCheck))
		return o, none, "/complianceCheck", err
	}
	o, none, err = readOutcome(it.Attributes.get(statusAttribute))
	return o, none, "/attributes/findingComplianceStatus", err
}

// plan returns what findings the evidence of a check makes: the numbers of
// resources with an outcome of their own, and whether there is one besides for the
// others, or the evidence as a whole.
func (it *item) plan() (own []int, whole bool) {
	for i := range it.Resources {
		if it.Resources[i].ComplianceCheck != "" {
			own = append(own, i)
		}
	}
	if len(own) == 0 {
		return nil, true
	}
	if len(own) == len(it.Resources) {
		return own, false
	}
	// The resources without an outcome may be what the evidence as a whole is
	// about; a failure must not get lost between those that have passed.
	o, none, _, err := it.whole()
	if err != nil {
		return own, true
	}
	if none || o.status != shca.Failed {
		return own, false
	}
	for _, i := range own {
		if one, _, _ := readOutcome(string(it.Resources[i].ComplianceCheck)); one.status == shca.Failed {
			return own, false
		}
	}
	return own, true
}
