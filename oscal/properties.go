package oscal

import (
	"strconv"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
)

// Properties lists every property in this project's namespace: its name and
// what it says. A name never changes its meaning. docs/oscal.md publishes the
// table.
var Properties = []struct{ Name, Meaning string }{
	{"tool-name", "program that wrote the document"},
	{"tool-version", "version of the program"},
	{"input-digest", "SHA-256 over every finding that was read, in the assessment's order"},
	{"catalog-version", "version of the catalog whose controls were assessed"},
	{"baseline", "name of the assessed baseline"},

	{"input-complete", "yes if everything that was to be read was read, else no"},
	{"pass-rate", "passed / (passed + failed) in percent; absent where nothing was decided"},
	{"coverage", "baseline controls with at least one decided finding / baseline controls, in percent"},
	{"controls-total", "controls in the baseline"},
	{"controls-satisfied", "baseline controls with passing evidence and none failing"},
	{"controls-not-satisfied", "baseline controls with failing evidence"},
	{"controls-undecided", "baseline controls with undecided or suppressed findings only"},
	{"controls-not-assessed", "baseline controls without any finding"},
	{"controls-disabled", "of these, controls all checks of which are disabled; absent where there is none"},
	{"controls-outside-baseline", "other controls that have findings or evidence"},
	{"controls-not-in-catalog", "baseline controls that the user's catalog lacks, which the package leaves out"},
	{"findings-total", "findings read, whatever became of them"},
	{"findings-archived", "findings left out because they are archived"},
	{"findings-superseded", "findings left out because another copy counts"},
	{"findings-not-scored", "findings that report no compliance status"},
	{"findings-unreadable", "findings that could not be read"},
	{"accounts", "number of AWS accounts with findings, or read in full"},
	{"regions", "number of regions with findings"},
	{"observation-level", "what one observation is about: check, account or finding"},

	{"passed", "findings with status PASSED; on a result, of checks that are evidence for the baseline"},
	{"failed", "findings with status FAILED; likewise"},
	{"warning", "findings with status WARNING, which decide nothing"},
	{"not-available", "findings with status NOT_AVAILABLE, which decide nothing"},
	{"suppressed", "findings somebody suppressed, which are not scored"},

	{"check-id", "check that was run: for AWS Security Hub the security control id"},
	{"config-rule", "AWS Config rule behind the check"},
	{"mapping", "where the check's controls come from: cited, table, cited and table, cited, may be short, unmapped"},
	{"uncited", "why no finding cites it, though a risk may: no control mapped, controls outside the baseline, or nothing decided"},
	{"severity", "severity label of the check or finding"},
	{"resources", "resources that the check looked at; a trailing + says that there are more"},
	{"subjects-total", "failing resources, of which the observation may list fewer; a trailing + says that there are more"},
	{"subjects-listed", "failing resources that the observation lists, where these are not all"},
	{"finding-id", "id of the finding, for AWS Security Hub its ARN"},
	{"status", "compliance status of the finding"},
	{"workflow-status", "workflow status of the finding"},
	{"status-reason", "why the status is what it is, in the producer's words"},
	{"first-observed", "when the failure was first seen"},

	{"aws-partition", "AWS partition"},
	{"aws-account-id", "AWS account"},
	{"aws-account-name", "name of the AWS account"},
	{"aws-region", "AWS region"},

	{"control-id", "control that the finding is about"},
	{"automation", "partial: automated checks cover a part of the control, never all of it"},
	{"checks", "checks with findings that are evidence for the control"},
	{"checks-failed", "checks with failed findings among them"},
	{"checks-unseen", "checks mapped to the control that have no finding"},
	{"checks-disabled", "of these, checks that are disabled wherever the inventory of checks was read; absent where there is none"},

	{"evidence-kind", "kind of evidence that is no outcome of a check"},
	{"evidence-count", "pieces of such evidence"},
	{"evidence-id", "id of a piece of evidence where it was collected"},
	{"evidence-location", "where a piece of evidence can be looked up"},
	{"assessment", "assessment that a piece of evidence belongs to, as its producer names it"},

	{"managed-by", "program that keeps the object up to date; objects without it are the user's"},
	{"managed-digest", "SHA-256 over the text that the program wrote, by which it sees whether somebody changed it"},
	{"as-of", "time of the assessment that the text is about"},
	{"reopened-count", "how often the weakness came back after it was closed"},
	{"no-data-since", "since when no finding tells whether the weakness is still there"},
	{"control-status", "status of automated checks for the control: compliant, partially compliant, non-compliant, undecided, suppressed, not assessed"},

	{"catalog-uuid", "UUID of the OSCAL catalog that the resource is"},
	{"source-controls", "controls of the catalog that a mapping is from"},
	{"source-controls-unmapped", "controls of that catalog without a map"},
	{"target-controls", "controls of the catalog that a mapping is to, without withdrawn ones"},
	{"target-controls-unmapped", "controls of that catalog without a map, without withdrawn ones"},
	{"failing-scope", "AWS account and region in which the check fails, or failed and is not known to pass since"},
	{"reopened-at", "when the weakness last came back after it was closed; its deadline counts from then"},
	{"item-status", "open or closed, as the risk of the item"},
	{"overdue", "yes if the risk of the item is open past its deadline"},
}

// prop makes a property in this project's namespace. With an empty value, which
// OSCAL forbids, it is left out by props.
func prop(name, value string) o.Property {
	return o.Property{Name: name, Ns: Namespace, Value: plain(value, maxValue)}
}

func count[T int | int64](name string, n T) o.Property {
	return prop(name, strconv.FormatInt(int64(n), 10))
}

// nist makes a property in NIST's namespace.
func nist(name, value string) o.Property {
	return o.Property{Name: name, Value: plain(value, maxValue)}
}

func trestle(name, value string) o.Property {
	return o.Property{Name: name, Ns: trestleNamespace, Value: plain(value, maxValue)}
}

func fedramp(name, value string) o.Property {
	return o.Property{Name: name, Ns: fedrampNamespace, Value: plain(value, maxValue)}
}

// props drops properties without a value and those that are there already, which
// NIST's tools refuse; it is nil if none is left.
func props(all ...o.Property) *[]o.Property {
	var some []o.Property
	seen := make(map[o.Property]bool, len(all))
	for _, p := range all {
		if p.Value != "" && !seen[p] {
			seen[p] = true
			some = append(some, p)
		}
	}
	return opt(some)
}

// opt is nil for an empty slice: OSCAL has no empty arrays.
func opt[T any](s []T) *[]T {
	if len(s) == 0 {
		return nil
	}
	return &s
}

// tallyProps are the counts of a tally and its pass rate.
func tallyProps(t shca.Tally) []o.Property {
	return []o.Property{
		count("passed", t.Passed), count("failed", t.Failed), count("warning", t.Warning),
		count("not-available", t.NotAvailable), count("suppressed", t.Suppressed),
		prop("pass-rate", shca.Percent(t.Passed, t.Decided())),
	}
}
