package shca

import (
	"slices"
	"strings"
	"time"
)

// CheckSetting says whether a check runs at all in one account and Region, as
// the source's inventory of checks has it. A check that is switched off writes
// no findings, which must not be taken for having nothing to report.
type CheckSetting struct {
	Source    string `json:"source"` // kind of source, as in Scope
	AccountID string `json:"account_id,omitempty"`
	Region    string `json:"region,omitempty"`

	Check        CheckID   `json:"check"`
	Standard     string    `json:"standard,omitempty"` // ARN of the standard the setting is for
	Enabled      bool      `json:"enabled"`
	Reason       string    `json:"reason,omitempty"` // why it is disabled, as whoever disabled it wrote; "" if nothing was written
	UpdatedAt    time.Time `json:"updated_at,omitzero"`
	Title        string    `json:"title,omitempty"`
	Severity     Severity  `json:"severity"`
	Requirements []string  `json:"requirements,omitempty"` // that the standard relates the check to, as written
}

// DisabledCheck is a check that is switched off in accounts or Regions that were
// looked at.
type DisabledCheck struct {
	ID      CheckID  `json:"id"`
	Title   string   `json:"title,omitempty"`
	Reasons []string `json:"reasons,omitempty"` // different ones, sorted, at most MaxReasons, each of at most MaxText bytes
	// MoreReasons: there are reasons besides.
	MoreReasons bool `json:"more_reasons,omitempty"`
	Disabled    int  `json:"disabled"` // accounts and Regions, counted as pairs, in which it is disabled
	Enabled     int  `json:"enabled"`  // and in which it is enabled
}

// Everywhere reports whether the check is enabled nowhere.
func (d *DisabledCheck) Everywhere() bool { return d.Enabled == 0 }

// AddReason adds a reason why the check is disabled, if there is one. Of
// different reasons the MaxReasons smallest stay, whatever the order.
func (d *DisabledCheck) AddReason(reason string) {
	if reason == "" {
		return
	}
	reason = keep(reason)
	i, found := slices.BinarySearchFunc(d.Reasons, reason, strings.Compare)
	if found {
		return
	}
	if len(d.Reasons) == MaxReasons {
		d.MoreReasons = true
		if i == MaxReasons {
			return
		}
		d.Reasons = d.Reasons[:MaxReasons-1]
	}
	d.Reasons = slices.Insert(d.Reasons, i, reason)
}
