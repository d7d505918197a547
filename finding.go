package shca

import (
	"cmp"
	"strings"
	"time"
)

// CheckID names a check as its producer spells it: for AWS Security Hub the
// security control id of ASFF Compliance.SecurityControlId, "S3.8".
//
// A finding of another producer has its generator id here, whole, so that two
// checks never share an id by accident.
type CheckID string

// OtherChecks stands for the checks beyond the number that an assessment tells
// apart, all of them mapped to no control.
const OtherChecks CheckID = "other unmapped checks"

// Compare orders check ids as people read them, numbers by value: S3.8 sorts
// before S3.10. It returns -1, 0 or +1.
func (c CheckID) Compare(d CheckID) int { return CompareNatural(string(c), string(d)) }

// ComplianceStatus is the outcome a finding reports: ASFF Compliance.Status.
type ComplianceStatus string

// The compliance statuses of ASFF. NoStatus marks a finding that reports no
// compliance outcome (GuardDuty, Inspector, Macie, …); it is never scored.
const (
	NoStatus     ComplianceStatus = ""
	Passed       ComplianceStatus = "PASSED"
	Failed       ComplianceStatus = "FAILED"
	Warning      ComplianceStatus = "WARNING"
	NotAvailable ComplianceStatus = "NOT_AVAILABLE"
)

// Decided reports whether the status is PASSED or FAILED.
func (s ComplianceStatus) Decided() bool { return s == Passed || s == Failed }

// Severity is a finding's severity label, ordered from least to most severe.
type Severity uint8

// The severity labels of ASFF Severity.Label, in ascending order.
const (
	SeverityUnknown Severity = iota
	Informational
	Low
	Medium
	High
	Critical
)

var severityLabels = [...]string{"", "INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"}

// String returns the ASFF label, or "" for an unknown severity.
func (s Severity) String() string {
	if int(s) < len(severityLabels) {
		return severityLabels[s]
	}
	return ""
}

// MarshalText writes the ASFF label.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads an ASFF label as [ParseSeverity] does; a text that is no
// label reads as SeverityUnknown.
func (s *Severity) UnmarshalText(text []byte) error {
	*s, _ = ParseSeverity(string(text))
	return nil
}

// ParseSeverity reads an ASFF severity label, in any case. ok is false for a
// text that is no label.
func ParseSeverity(label string) (s Severity, ok bool) {
	for i, l := range severityLabels {
		if i > 0 && strings.EqualFold(label, l) {
			return Severity(i), true
		}
	}
	return SeverityUnknown, false
}

// SeverityFromNormalized derives the label from ASFF Severity.Normalized,
// 0 to 100, by the bands that AWS documents for the Severity object (Security
// Hub user guide, "Severity"): 0 informational, 1–39 low, 40–69 medium, 70–89
// high, 90–100 critical. Values outside the range give SeverityUnknown.
func SeverityFromNormalized(n float64) Severity {
	switch {
	case !(n >= 0 && n <= 100): // NaN is outside, too
		return SeverityUnknown
	case n == 0:
		return Informational
	case n < 40:
		return Low
	case n < 70:
		return Medium
	case n < 90:
		return High
	}
	return Critical
}

// Finding is one check's outcome on its resources, read from one record of its
// source. A Source hands out a new Finding for each record; whoever receives
// one may keep it but must not change it.
//
// Strings are as the producer wrote them. Times are UTC; the zero time means
// that the producer gave none.
type Finding struct {
	Source string // kind of source it was read from: SourceASFF and its like

	ID          string // unique within product and account; for Security Hub an ARN
	ProductARN  string
	ProductName string
	GeneratorID string

	AccountID   string // 12 digits with leading zeros where the producer gave an account id
	AccountName string
	Region      string
	Partition   string // aws, aws-us-gov, aws-cn, aws-iso, …

	Check        CheckID
	Standards    []string // ids of the standards it was reported for, as written
	Requirements []string // Compliance.RelatedRequirements, as written
	ConfigRule   string   // AWS Config rule behind the check, "" if none is named

	Status        ComplianceStatus
	StatusReasons []StatusReason
	Severity      Severity
	Workflow      string // NEW, NOTIFIED, RESOLVED, SUPPRESSED, or "" if absent
	RecordState   string // ACTIVE or ARCHIVED; ACTIVE if the producer gave none
	Types         []string

	Title       string // without the leading check id that older findings carry
	Description string
	Remediation Remediation
	Note        Note
	Resources   []Resource

	CreatedAt       time.Time
	UpdatedAt       time.Time
	FirstObservedAt time.Time
	LastObservedAt  time.Time
	ProcessedAt     time.Time // when Security Hub last took the finding in or changed it

	// Raw is the record as it was read, byte for byte, converted to UTF-8 if
	// the input was UTF-16.
	Raw []byte

	// Disposition says what the assessment did with the finding. A Source
	// leaves it empty.
	Disposition Disposition
	// Duplicate says of a superseded finding that another one about the same
	// subject counts instead; where it is false, a newer version of the finding
	// does. A Source leaves it false.
	Duplicate bool
}

// The kinds of source that findings are read from.
const (
	SourceASFF         = "asff"         // AWS Security Finding Format
	SourceOCSF         = "ocsf"         // Open Cybersecurity Schema Framework
	SourceConfig       = "config"       // evaluations of AWS Config rules
	SourceAuditManager = "auditmanager" // evidence that AWS Audit Manager collected
)

// IsAccountID reports whether the text is the id of an AWS account: 12 digits.
func IsAccountID(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789") == ""
}

// StatusReason explains a compliance status: ASFF Compliance.StatusReasons.
type StatusReason struct{ Code, Description string }

// Remediation is the producer's advice: ASFF Remediation.Recommendation.
type Remediation struct {
	Text string `json:"text,omitempty"`
	URL  string `json:"url,omitempty"`
}

// Note is what a person wrote on the finding: ASFF Note. Suppressions carry
// their reason and author here.
type Note struct {
	Text      string    `json:"text,omitempty"`
	UpdatedBy string    `json:"updated_by,omitempty"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
}

// Resource is one resource that a finding is about.
type Resource struct {
	ID        string // usually an ARN
	Type      string // AwsS3Bucket; AWS::S3::Bucket from AWS Config
	Region    string
	Partition string
	Alias     string // what AWS Config knows the resource by, where the producer tells: "AIDA…"
}

// Disposition says what became of a finding in an assessment. Every finding
// that was read has exactly one.
type Disposition string

// The dispositions, in the order in which they are decided.
const (
	// Superseded: another copy counts instead, either a newer version of the
	// same finding or, for the same subject, the copy of another standard or
	// source.
	Superseded Disposition = "superseded"
	// Archived: the record state is ARCHIVED; the finding is no longer current.
	Archived Disposition = "archived"
	// NotScored: the finding reports no compliance status.
	NotScored Disposition = "not scored"
	// Suppressed: somebody set the workflow status SUPPRESSED.
	Suppressed Disposition = "suppressed"
	// Assessed: the finding counts in its check's tally.
	Assessed Disposition = "assessed"
)

// Observed returns the time of the finding's most recent evaluation:
// LastObservedAt, else UpdatedAt, else CreatedAt.
func (f *Finding) Observed() time.Time {
	return cmp.Or(f.LastObservedAt, f.UpdatedAt, f.CreatedAt)
}

// Product names the product that reports the finding as people know it: "AWS
// Security Hub", else the producer's own words, "prowler/prowler".
func (f *Finding) Product() string {
	switch product := f.ProductPath(); {
	case f.SecurityHub():
		return "AWS Security Hub"
	case f.ProductName != "":
		return f.ProductName
	case f.Source == SourceConfig, f.Source == SourceAuditManager:
		return ProductOf(f.Source)
	case product != "":
		return product
	}
	return "an unnamed product"
}

// ProductOf names the product that the kind of source is read from, or the kind
// itself where it is not of one product.
func ProductOf(source string) string {
	switch source {
	case SourceConfig:
		return "AWS Config"
	case SourceAuditManager:
		return "AWS Audit Manager"
	}
	return source
}

// SecurityHub reports whether the finding is of a check of Security Hub's own
// standards, as opposed to one that another product sent there, and to what
// another service keeps as a copy of one.
func (f *Finding) SecurityHub() bool {
	if f.Source == SourceConfig || f.Source == SourceAuditManager {
		return false
	}
	return f.ProductPath() == "aws/securityhub" ||
		f.ProductARN == "" && strings.HasPrefix(f.GeneratorID, "security-control/")
}

// ProductPath returns the product as its ARN names it, "aws/securityhub", or ""
// without such an ARN. The ARNs of Security Hub V2, which writes OCSF, have
// productv2 in front of it.
func (f *Finding) ProductPath() string {
	for _, kind := range []string{":product/", ":productv2/"} {
		if _, product, ok := strings.Cut(f.ProductARN, kind); ok {
			return product
		}
	}
	return ""
}

// Tally counts the finding: one under its compliance status, or as suppressed
// whatever that is; nothing where it reports no status.
func (f *Finding) Tally() Tally {
	switch {
	case f.Suppressed():
		return Tally{Suppressed: 1}
	case f.Status == Passed:
		return Tally{Passed: 1}
	case f.Status == Failed:
		return Tally{Failed: 1}
	case f.Status == Warning:
		return Tally{Warning: 1}
	case f.Status == NotAvailable:
		return Tally{NotAvailable: 1}
	}
	return Tally{}
}

// Suppressed reports whether the workflow status is SUPPRESSED.
func (f *Finding) Suppressed() bool { return f.Workflow == "SUPPRESSED" }

// Archived reports whether the record state is ARCHIVED.
func (f *Finding) Archived() bool { return f.RecordState == "ARCHIVED" }

// ResourceID returns the ids of the finding's resources, joined by a space,
// or "" if it names none. Almost every finding has exactly one.
func (f *Finding) ResourceID() string {
	if len(f.Resources) == 1 {
		return f.Resources[0].ID
	}
	ids := make([]string, len(f.Resources))
	for i, r := range f.Resources {
		ids[i] = r.ID
	}
	return strings.Join(ids, " ")
}
