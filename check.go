package shca

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// What one check remembers of its findings besides counts. Whatever passes a
// limit is counted still, and every artifact that shows a part says so.
const (
	MaxProducts  = 5    // products named per check
	MaxAccounts  = 1000 // accounts named per check
	MaxRegions   = 100  // regions named per check
	MaxResources = 1000 // resources told apart per check
	MaxSamples   = 10   // failing, and suppressed, findings kept per check
	MaxReasons   = 30   // status reason codes counted per check
	MaxUnread    = 10   // unreadable requirements quoted per check
	MaxText      = 2048 // bytes of a text kept; ASFF allows 1,024 characters at most
	maxCited     = 2000 // controls cited per check; NIST SP 800-53 Rev. 5 has 1,196
)

// Citation is what one finding says about the controls it is evidence for.
type Citation struct {
	Controls []ControlID // controls of the assessed framework
	Partial  bool        // the list was at its producer's cap or cut: there may be more
	Unread   []string    // requirements that claim to be of the framework but name no control
}

// CheckResult is everything an assessment knows about one check. Its fields
// fold by sum, minimum, maximum or bounded set, so Add and Merge may be called
// in any order and grouping with the same result. The zero value with an ID is
// an empty result. It is not safe for concurrent change.
type CheckResult struct {
	ID       CheckID   `json:"id"`
	Text     CheckText `json:"text"`     // of the most recently updated finding
	Severity Severity  `json:"severity"` // the most severe of its findings, also suppressed ones; after evaluation, how severe the check is
	// FailedSeverity is the most severe of its failed findings. Evaluation makes
	// it the Severity where something failed.
	FailedSeverity Severity `json:"failed_severity"`
	Tally          Tally    `json:"tally"` // one count per finding, that is per subject

	Products  Set[string]       `json:"products"` // that report the check
	Accounts  Set[string]       `json:"accounts"` // with scored findings
	Regions   Set[string]       `json:"regions"`
	Resources Set[ResourceHash] `json:"resources"` // hashes of account and resource id
	Reasons   []ReasonCount     `json:"reasons,omitempty"`
	// MoreReasons: there are reason codes besides those counted in Reasons.
	MoreReasons bool `json:"more_reasons,omitempty"`

	Failing    []Sample  `json:"failing,omitempty"`    // worst first, at most MaxSamples
	Suppressed []Sample  `json:"suppressed,omitempty"` // likewise
	First      time.Time `json:"first,omitzero"`       // earliest observation
	Last       time.Time `json:"last,omitzero"`        // latest evaluation

	Cited   Set[ControlID] `json:"cited"`             // controls that its findings cite
	Partial bool           `json:"partial,omitempty"` // at least one citation was partial
	Unread  Set[string]    `json:"unread"`

	// Controls are the controls the check is evidence for, in catalog order,
	// and Mapping says where that comes from. Evaluation sets both.
	Controls []ControlID `json:"controls"`
	Mapping  Mapping     `json:"mapping"`
}

// CheckText is how a check's producer describes it. Texts of more than MaxText
// bytes end with an ellipsis; the originals have them whole.
type CheckText struct {
	Title       string      `json:"title,omitempty"`
	Description string      `json:"description,omitempty"`
	Remediation Remediation `json:"remediation,omitzero"`
	ConfigRule  string      `json:"config_rule,omitempty"`
	UpdatedAt   time.Time   `json:"updated_at,omitzero"` // of the finding the text is from
}

// Mapping says where a check's controls come from.
type Mapping string

// The sources of a mapping.
const (
	MappingNone   Mapping = "unmapped"            // neither findings nor table know a control
	MappingCited  Mapping = "cited"               // the findings' RelatedRequirements
	MappingTable  Mapping = "table"               // the embedded table; the findings cite none
	MappingBoth   Mapping = "cited and table"     // citations at their cap, completed from the table
	MappingCutOff Mapping = "cited, may be short" // citations at their cap, and no table knows the check
)

// ReasonCount counts the undecided findings that give one reason.
type ReasonCount struct {
	Code  string `json:"code"`
	Count int64  `json:"count"`
}

// NoReason stands for the code of an undecided finding that gives no reason.
const NoReason = "no reason given"

// Sample is one finding kept as an example. Texts of more than MaxText bytes
// end with an ellipsis; the originals have them whole.
type Sample struct {
	FindingID    string           `json:"finding_id,omitempty"`
	AccountID    string           `json:"account_id,omitempty"`
	Region       string           `json:"region,omitempty"`
	ResourceID   string           `json:"resource_id,omitempty"`
	ResourceType string           `json:"resource_type,omitempty"`
	Status       ComplianceStatus `json:"status"`
	Severity     Severity         `json:"severity"`
	Observed     time.Time        `json:"observed,omitzero"`
	Reason       string           `json:"reason,omitempty"` // description of its first status reason
	Note         Note             `json:"note,omitzero"`
}

// Add folds one finding into the result. The finding's disposition must be
// Assessed or Suppressed; c is what it cites.
func (r *CheckResult) Add(f *Finding, c Citation) {
	one := f.Tally()
	r.Tally = r.Tally.Plus(one)
	r.Severity = max(r.Severity, f.Severity)
	if one.Failed == 1 {
		r.FailedSeverity = max(r.FailedSeverity, f.Severity)
	}
	if at := cmp.Or(f.UpdatedAt, f.Observed()); !at.Before(r.Text.UpdatedAt) {
		r.Text = latestText(r.Text, CheckText{
			Title: keep(f.Title), Description: keep(f.Description),
			Remediation: Remediation{Text: keep(f.Remediation.Text), URL: keep(f.Remediation.URL)},
			ConfigRule:  keep(f.ConfigRule), UpdatedAt: at,
		})
	}
	first := cmp.Or(f.FirstObservedAt, f.CreatedAt, f.Observed())
	r.First, r.Last = earliest(r.First, first), latest(r.Last, f.Observed())
	r.Products.add(clip(f.Product()), MaxProducts)
	r.Cite(c)
	switch {
	case one.Suppressed == 1:
		r.Suppressed = addSample(r.Suppressed, f)
		return
	case one.Failed == 1:
		r.Failing = addSample(r.Failing, f)
	case one.Decided() == 0:
		r.addReasons(f)
	}
	// What a finding does not name is not counted.
	if f.AccountID != "" {
		r.Accounts.add(clip(f.AccountID), MaxAccounts)
	}
	if f.Region != "" {
		r.Regions.add(clip(f.Region), MaxRegions)
	}
	for i := range f.Resources {
		if id := f.Resources[i].ID; id != "" {
			r.Resources.add(resourceHash(f.AccountID, id), MaxResources)
		}
	}
}

// Cite folds in what a finding cites. Add does it for the findings that count;
// a duplicate of one is cited besides.
func (r *CheckResult) Cite(c Citation) {
	for _, id := range c.Controls {
		r.Cited.add(id, maxCited)
	}
	for _, text := range c.Unread {
		r.Unread.add(clip(text), MaxUnread)
	}
	r.Partial = r.Partial || c.Partial
}

// Merge folds another result of the same check into r. The two must come from
// disjoint sets of findings.
func (r *CheckResult) Merge(o *CheckResult) {
	r.Tally = r.Tally.Plus(o.Tally)
	r.Severity = max(r.Severity, o.Severity)
	r.FailedSeverity = max(r.FailedSeverity, o.FailedSeverity)
	r.Text = latestText(r.Text, o.Text)
	r.First, r.Last = earliest(r.First, o.First), latest(r.Last, o.Last)
	r.Products.merge(o.Products, MaxProducts)
	r.Accounts.merge(o.Accounts, MaxAccounts)
	r.Regions.merge(o.Regions, MaxRegions)
	r.Resources.merge(o.Resources, MaxResources)
	r.Cited.merge(o.Cited, maxCited)
	r.Unread.merge(o.Unread, MaxUnread)
	r.Partial = r.Partial || o.Partial
	r.MoreReasons = r.MoreReasons || o.MoreReasons
	for _, c := range o.Reasons {
		r.addReason(c)
	}
	for _, s := range o.Failing {
		r.Failing = insertSample(r.Failing, s)
	}
	for _, s := range o.Suppressed {
		r.Suppressed = insertSample(r.Suppressed, s)
	}
}

func (r *CheckResult) addReasons(f *Finding) {
	if len(f.StatusReasons) == 0 {
		r.addReason(ReasonCount{NoReason, 1})
	}
	for i, s := range f.StatusReasons {
		code := reasonCode(s)
		repeated := slices.ContainsFunc(f.StatusReasons[:i], func(e StatusReason) bool { return reasonCode(e) == code })
		if !repeated {
			r.addReason(ReasonCount{code, 1})
		}
	}
}

func reasonCode(s StatusReason) string { return clip(cmp.Or(s.Code, s.Description, NoReason)) }

// addReason keeps the MaxReasons smallest codes. A code that is among the
// smallest of all was so from its first occurrence on, hence its count is
// whole whatever the order.
func (r *CheckResult) addReason(c ReasonCount) {
	i, found := slices.BinarySearchFunc(r.Reasons, c.Code, func(e ReasonCount, code string) int {
		return strings.Compare(e.Code, code)
	})
	if found {
		r.Reasons[i].Count += c.Count
		return
	}
	if len(r.Reasons) == MaxReasons {
		r.MoreReasons = true
		if i == MaxReasons {
			return
		}
		r.Reasons = r.Reasons[:MaxReasons-1]
	}
	c.Code = strings.Clone(c.Code)
	r.Reasons = slices.Insert(r.Reasons, i, c)
}

func addSample(samples []Sample, f *Finding) []Sample {
	s := Sample{
		FindingID: f.ID, AccountID: f.AccountID, Region: f.Region,
		ResourceID: f.ResourceID(), Status: f.Status, Severity: f.Severity,
		Observed: f.Observed(), Note: f.Note,
	}
	if len(f.Resources) > 0 {
		s.ResourceType = f.Resources[0].Type
	}
	if len(f.StatusReasons) > 0 {
		s.Reason = cmp.Or(f.StatusReasons[0].Description, f.StatusReasons[0].Code)
	}
	s.edit(clip)
	return insertSample(samples, s)
}

// edit replaces each of the sample's texts.
func (s *Sample) edit(text func(string) string) {
	for _, t := range []*string{&s.FindingID, &s.AccountID, &s.Region, &s.ResourceID, &s.ResourceType, &s.Reason, &s.Note.Text, &s.Note.UpdatedBy} {
		*t = text(*t)
	}
}

// clip cuts a text to MaxText bytes.
func clip(s string) string { return shorten(s, MaxText) }

// shorten cuts a text to at most limit bytes, at a character, and marks the
// cut.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	const mark = "…"
	end := limit - len(mark)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}

// keep is clip for a text that outlives its finding, of which it may be a
// slice.
func keep(s string) string { return strings.Clone(clip(s)) }

func insertSample(samples []Sample, s Sample) []Sample {
	i, _ := slices.BinarySearchFunc(samples, s, compareSamples)
	if i == MaxSamples {
		return samples
	}
	if len(samples) == MaxSamples {
		samples = samples[:MaxSamples-1]
	}
	s.edit(strings.Clone) // they may be slices of a whole finding
	return slices.Insert(samples, i, s)
}

func compareSamples(a, b Sample) int {
	return cmp.Or(
		-cmp.Compare(a.Severity, b.Severity),
		strings.Compare(a.AccountID, b.AccountID),
		strings.Compare(a.Region, b.Region),
		strings.Compare(a.ResourceID, b.ResourceID),
		strings.Compare(a.FindingID, b.FindingID),
		// Ids may be missing or repeat; what follows makes the order total.
		strings.Compare(a.ResourceType, b.ResourceType),
		strings.Compare(string(a.Status), string(b.Status)),
		a.Observed.Compare(b.Observed),
		strings.Compare(a.Reason, b.Reason),
		strings.Compare(a.Note.Text, b.Note.Text),
		strings.Compare(a.Note.UpdatedBy, b.Note.UpdatedBy),
		a.Note.UpdatedAt.Compare(b.Note.UpdatedAt),
	)
}

func latestText(a, b CheckText) CheckText {
	c := cmp.Or(
		a.UpdatedAt.Compare(b.UpdatedAt),
		strings.Compare(a.Title, b.Title),
		strings.Compare(a.Description, b.Description),
		strings.Compare(a.Remediation.Text, b.Remediation.Text),
		strings.Compare(a.Remediation.URL, b.Remediation.URL),
		strings.Compare(a.ConfigRule, b.ConfigRule),
	)
	if c < 0 {
		return b
	}
	return a
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// ResourceHash stands for a resource where only its identity matters. Its text
// is 16 hexadecimal digits.
type ResourceHash uint64

// MarshalText writes 16 hexadecimal digits.
func (h ResourceHash) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%016x", uint64(h)), nil }

// UnmarshalText reads what MarshalText writes.
func (h *ResourceHash) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 16, 64)
	*h = ResourceHash(n)
	return err
}

// resourceHash tells resources apart in 8 bytes. A global resource is the same
// one whichever region reports it.
func resourceHash(account, resource string) ResourceHash {
	buf := make([]byte, 0, 256)
	buf = append(buf, account...)
	buf = append(buf, 0)
	buf = append(buf, resource...)
	sum := sha256.Sum256(buf)
	return ResourceHash(binary.BigEndian.Uint64(sum[:8]))
}

// CompareWorst orders checks for lists of what to mend first: the most severe
// first, then the one with more failed findings, then by id.
func CompareWorst(a, b *CheckResult) int {
	return cmp.Or(
		-cmp.Compare(a.Severity, b.Severity),
		-cmp.Compare(a.Tally.Failed, b.Tally.Failed),
		a.ID.Compare(b.ID),
	)
}
