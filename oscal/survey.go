package oscal

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
)

// survey is what documents need to know of the findings before the first of
// them is written. Of each check and account it keeps a few numbers; at the
// level of findings, one UUID per finding.
type survey struct {
	digest     string // SHA-256 over what was read
	start, end time.Time
	accounts   []account
	checks     map[shca.CheckID]*checkSurvey
}

// account is one AWS account that scored findings name.
type account struct{ partition, id, name string }

type checkSurvey struct {
	firstFailed  time.Time // when the oldest of the failures was first seen
	notified     bool      // somebody was told of every failure
	open         bool      // nobody was told of some failure
	observations []string  // UUIDs of its observations, in their order
}

// survey reads the findings once.
func (b *bundle) survey(ctx context.Context) (*survey, error) {
	s := &survey{checks: map[shca.CheckID]*checkSurvey{}}
	accounts := map[account]bool{}
	hash := sha256.New()
	var ids observationIDs
	for f, err := range b.assessment.Findings {
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		hash.Write(f.Raw)
		hash.Write([]byte{'\n'})
		c := b.result(f)
		if c == nil {
			continue
		}
		s.see(b, f, accounts)
		check := s.checks[c.ID]
		if check == nil {
			check = &checkSurvey{}
			s.checks[c.ID] = check
		}
		if f.Disposition == shca.Assessed && f.Status == shca.Failed {
			if first, ok := stamp(cmp.Or(f.FirstObservedAt, f.CreatedAt, f.Observed())); ok && (check.firstFailed.IsZero() || first.Before(check.firstFailed)) {
				check.firstFailed = first
			}
			if f.Workflow == "NOTIFIED" {
				check.notified = true
			} else {
				check.open = true
			}
		}
		if id := ids.of(b, c, f); len(check.observations) == 0 || check.observations[len(check.observations)-1] != id {
			check.observations = append(check.observations, id)
		}
	}
	s.digest = hex.EncodeToString(hash.Sum(nil))
	for a := range accounts {
		s.accounts = append(s.accounts, a)
	}
	slices.SortFunc(s.accounts, func(a, b account) int {
		// A name before no name, which a finding may leave out.
		return cmp.Or(strings.Compare(a.partition, b.partition), strings.Compare(a.id, b.id), -strings.Compare(a.name, b.name))
	})
	s.accounts = slices.CompactFunc(s.accounts, func(a, b account) bool { return a.partition == b.partition && a.id == b.id })
	s.end = b.now
	if s.start.IsZero() {
		s.start = b.now
	}
	if last, ok := stamp(s.last(b)); ok && last.After(s.end) {
		s.end = last
	}
	return s, nil
}

// see notes when and where the finding was made.
func (s *survey) see(b *bundle, f *shca.Finding, accounts map[account]bool) {
	if at, ok := stamp(f.Observed()); ok && (s.start.IsZero() || at.Before(s.start)) {
		s.start = at
	}
	if f.AccountID != "" {
		accounts[account{f.Partition, f.AccountID, cmp.Or(b.accounts[f.AccountID], f.AccountName)}] = true
	}
}

// last is when the newest evidence was made.
func (s *survey) last(b *bundle) time.Time {
	var last time.Time
	for i := range b.assessment.Checks {
		if at := b.assessment.Checks[i].Last; at.After(last) {
			last = at
		}
	}
	return last
}

// run identifies the run: the same findings, assessed in the same way at the same
// time, are the same.
func (s *survey) run(b *bundle) string {
	return fmt.Sprint(s.digest[:16], b.now.Format(time.RFC3339), b.framework.Name, b.framework.Catalog.Version,
		b.assessment.Baseline, b.Version, b.Observations, b.Target, b.MaxSubjects)
}

// result is the result of the check that the finding counts for; nil if it does
// not count.
func (b *bundle) result(f *shca.Finding) *shca.CheckResult {
	if f.Disposition != shca.Assessed && f.Disposition != shca.Suppressed {
		return nil
	}
	if c := b.assessment.Check(f.Check); c != nil {
		return c
	}
	return b.assessment.Check(shca.OtherChecks)
}

// observationIDs hands out the UUIDs of observations, finding by finding. It
// tells findings apart that have the same names for everything.
type observationIDs struct {
	key    string
	repeat int
}

func (ids *observationIDs) of(b *bundle, c *shca.CheckResult, f *shca.Finding) string {
	switch {
	case b.ofAccount(c):
		return newUUID("observation", b.system, string(c.ID), f.AccountID)
	case b.Observations == LevelFinding:
		key := strings.Join([]string{f.ID, string(f.Check), f.AccountID, f.Region, f.ResourceID()}, "\x1f")
		if key == ids.key {
			ids.repeat++
		} else {
			ids.key, ids.repeat = key, 0
		}
		return newUUID("observation", b.system, "finding", key, strings.Repeat("+", ids.repeat))
	}
	return newUUID("observation", b.system, string(c.ID))
}

// ofAccount reports whether the check has an observation per account. Those that
// an assessment does not tell apart share one.
func (b *bundle) ofAccount(c *shca.CheckResult) bool {
	return b.Observations == LevelAccount && c.ID != shca.OtherChecks
}

// component is the account as a part of the system.
func (a account) component() o.SystemComponent {
	name := "AWS account " + a.id
	if a.name != "" {
		name += " (" + a.name + ")"
	}
	return o.SystemComponent{
		UUID: a.uuid(), Type: "system", Title: title(name, "AWS account"),
		Description: "AWS account within the scope of the assessment.",
		Props: props(nist("asset-id", a.id), prop("aws-partition", a.partition),
			prop("aws-account-id", a.id), prop("aws-account-name", a.name)),
		Status: o.SystemComponentStatus{State: "operational"},
	}
}

func (a account) uuid() string { return newUUID("component", "aws-account", a.partition, a.id) }
