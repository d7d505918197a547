package mapping

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
	"github.com/go-shca/shca/internal/spool"
)

// inventory folds the settings of checks into what is switched off where. In
// memory it has one check at a time, and the result.
type inventory struct {
	acc    *Accumulator // reads requirements and knows how checks are spelt
	sorter spool.Sorter
	key    []byte
	read   bool
}

// add stores one setting.
func (v *inventory) add(s *shca.CheckSetting) error {
	v.read = true
	value, err := json.Marshal(s)
	if err != nil {
		return err
	}
	check := string(v.acc.spell(s.Check).id)
	v.key = appendNatural(v.key[:0], check)
	for _, part := range [...]string{check, s.AccountID, s.Region, s.Standard} {
		v.key = appendKey(v.key, part)
	}
	// Of two that contradict each other at the same time the check is enabled: that
	// it is not excuses what has no finding.
	v.key = append(appendNewest(v.key, s.UpdatedAt), bit(!s.Enabled))
	v.key = binary.BigEndian.AppendUint64(v.key, xxhash.Sum64(value))
	return v.sorter.Add(v.key, value)
}

// fold returns the checks that are disabled somewhere, in natural order, and for
// each control the checks that the settings relate to it. limit is the number of
// checks told apart.
func (v *inventory) fold(ctx context.Context, limit int) ([]shca.DisabledCheck, map[shca.ControlID][]shca.CheckID, error) {
	if !v.read {
		return nil, nil, v.sorter.Close()
	}
	sorted, err := v.sorter.Sort()
	if err != nil {
		return nil, nil, err
	}
	var disabled []shca.DisabledCheck
	related := map[shca.ControlID][]shca.CheckID{}
	checks := 0
	var c *checkInventory
	finish := func() {
		if c == nil {
			return
		}
		if c.finishPlace(); c.Disabled > 0 {
			disabled = append(disabled, c.DisabledCheck)
		}
		for id := range c.controls {
			related[id] = append(related[id], c.ID)
		}
	}
	for r, err := range sorted.All() {
		if err == nil {
			err = ctx.Err()
		}
		var s shca.CheckSetting
		if err == nil {
			err = json.Unmarshal(r.Value, &s)
		}
		if err == nil {
			if id := v.acc.spell(s.Check).id; c == nil || c.ID != id {
				finish()
				c = &checkInventory{DisabledCheck: shca.DisabledCheck{ID: id}, controls: map[shca.ControlID]bool{}}
				if checks++; checks > limit {
					err = tooMany(limit, "checks in the inventory")
				}
			}
		}
		if err != nil {
			return nil, nil, errors.Join(err, sorted.Close())
		}
		c.add(&s, v.acc)
	}
	finish()
	return disabled, related, sorted.Close()
}

// checkInventory is one check while its settings are read, place by place, and
// the newest of each standard first.
type checkInventory struct {
	shca.DisabledCheck
	titled   time.Time // when the setting of the title was updated
	controls map[shca.ControlID]bool

	read                      bool // a setting of this place
	account, region, standard string
	enabled                   bool // for one of its standards
	reasons                   []string
}

func (c *checkInventory) add(s *shca.CheckSetting, acc *Accumulator) {
	switch {
	case !c.read || c.account != s.AccountID || c.region != s.Region:
		c.finishPlace()
		c.read, c.account, c.region, c.enabled, c.reasons = true, s.AccountID, s.Region, false, c.reasons[:0]
	case c.standard == s.Standard:
		return // an older one
	}
	c.standard = s.Standard
	c.enabled = c.enabled || s.Enabled
	if !s.Enabled && len(c.reasons) < shca.MaxReasons {
		c.reasons = append(c.reasons, s.Reason)
	}
	if s.Title != "" && (c.Title == "" || s.UpdatedAt.After(c.titled) || s.UpdatedAt.Equal(c.titled) && s.Title < c.Title) {
		c.Title, c.titled = s.Title, s.UpdatedAt
	}
	for _, text := range s.Requirements {
		for _, id := range acc.read(text).controls {
			if len(c.controls) < maxRelated {
				c.controls[id] = true
			}
		}
	}
}

// maxRelated bounds the controls of one check; NIST SP 800-53 Rev. 5 has 1,196.
const maxRelated = 2000

// finishPlace counts the account and Region whose settings were read.
func (c *checkInventory) finishPlace() {
	switch {
	case !c.read:
	case c.enabled:
		c.Enabled++
	default:
		c.Disabled++
		for _, r := range c.reasons {
			c.AddReason(r)
		}
	}
}

// related returns the checks that the table or the inventory has for the control,
// in natural order.
func relatedChecks(framework *catalogs.Framework, inventory map[shca.ControlID][]shca.CheckID, id shca.ControlID) []shca.CheckID {
	checks := framework.ChecksFor(id)
	more := inventory[id]
	if len(more) == 0 {
		return checks
	}
	checks = append(checks, more...)
	slices.SortFunc(checks, shca.CheckID.Compare)
	return slices.Compact(checks)
}
