package auditmanager

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/internal/finding"
)

// checkPrefix stands in front of a rule of Config as a check.
const checkPrefix = "config-rule/"

var (
	// remediation finds the security control in the address that Security Hub
	// gives for its remediation.
	remediation = regexp.MustCompile(`/securityhub/([A-Za-z][A-Za-z0-9]*\.[0-9]{1,4})/remediation`)
	// generator finds it in a generator id, in front of nothing else.
	generator = regexp.MustCompile(`^(?:security-control|[a-z0-9-]+/v/[0-9.]+)/([A-Za-z][A-Za-z0-9]*\.[0-9]{1,4})$`)
	// securityControl is the id itself, as an attribute.
	securityControl = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9]*\.[0-9]{1,4})$`)
	// titled is an id in front of a title, as findings of single standards have it.
	titled = regexp.MustCompile(`^(?:PCI\.)?([A-Z][A-Za-z0-9]*\.[0-9]{1,4})[ :]\s*\S`)

	// managed is the identifier of a managed rule of Config.
	managed = regexp.MustCompile(`^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$`)
)

// checkOf returns the check that the evidence is a copy of, and the rule of Config
// behind it. known is false where the evidence names neither and the check is one
// of this package's own.
func (it *item) checkOf(title, requirement string) (check shca.CheckID, rule string, known bool) {
	rule = it.configRule()
	if source := squeeze(string(it.DataSource)); strings.Contains(source, "securityhub") || rule == "" && !strings.Contains(source, "config") {
		if id := it.securityControl(); id != "" {
			return shca.CheckID(id), rule, true
		}
	}
	if rule != "" {
		return shca.CheckID(checkPrefix + rule), rule, true
	}
	parts := []string{shca.SourceAuditManager, cmp.Or(string(it.DataSource), "no data source")}
	if title != "" {
		// Different checks have different titles.
		parts = append(parts, title)
	} else {
		// An event is one of many checks. If those of different controls were one
		// check, each would count for the controls of all.
		if it.EventName != "" {
			parts = append(parts, string(it.EventName))
		}
		parts = append(parts, cmp.Or(requirement, "unknown control"))
	}
	return shca.CheckID(bounded(strings.Join(parts, "/"), 250)), "", false
}

// securityControl returns the id of the Security Hub control, or "".
func (it *item) securityControl() string {
	a := it.Attributes
	for _, try := range []struct {
		pattern *regexp.Regexp
		text    string
	}{
		{securityControl, a.get("securitycontrolid", "findingsecuritycontrolid", "compliancesecuritycontrolid")},
		{securityControl, member(a.get("findingcompliance", "compliance"), "securityControlId")},
		{remediation, a.get("findingremediation", "remediation", "findingremediationurl", "remediationurl")},
		{generator, a.get("findinggeneratorid", "generatorid")},
		{titled, a.get("findingtitle", "title")},
	} {
		if m := try.pattern.FindStringSubmatch(try.text); m != nil {
			return m[1]
		}
	}
	return ""
}

// configRule returns the rule of Config that the evidence names, the managed rule
// in Config's spelling ("s3-bucket-versioning-enabled") if it is known.
func (it *item) configRule() string {
	name := it.Attributes.get("managedruleidentifier", "configmanagedruleidentifier", "sourceidentifier", "configrulesourceidentifier")
	if !managed.MatchString(name) || name == "CUSTOM_LAMBDA" || name == "CUSTOM_POLICY" {
		name = it.Attributes.get("configrulename", "rulename", "awsconfigrulename")
	}
	return bounded(finding.ConfigRule(name), 200)
}

// bounded cuts a text to a number of bytes; a hash in place of what was cut
// keeps it one of its own.
func bounded(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	end := limit - 20
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…" + hex.EncodeToString(sum[:8])
}
