package oscal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

// closed is the status of a risk that is no more.
const closed = "closed"

// status moves the risk on if the findings say so. Only a change is logged.
func (u *itemUpdate) status(fresh *o.Risk, left []string) error {
	t, was := u.check.Tally, u.risk.text("status")
	if err := u.sinceWhen(was); err != nil {
		return err
	}
	deviates, err := deviates(u.risk)
	if err != nil {
		return err
	}
	switch {
	case was == "":
		return u.risk.set("status", fresh.Status)
	case t.Failed > 0 && was == closed && !deviates:
		return u.reopen(fresh)
	case t.Failed > 0:
		last, err := lastStatus(u.risk)
		if err != nil || was != last || was == fresh.Status {
			return err // as it should be, or somebody set it
		}
		return u.change(fresh.Status, "status-update", "Status changed", "What the findings say of who was told of the failures.")
	case was == closed || t.Decided() == 0:
	case !passes(t):
		u.Logger.Info("stays open: not all is known to pass", "item", u.name, "findings", stays(t))
	case deviates:
		u.Logger.Info("passes now, but a deviation has the say", "item", u.name, "status", was)
	case !u.assessment.Complete():
		u.Logger.Warn("stays open: no failure was read, but not all could be read", "item", u.name)
	case len(left) > 0:
		u.Logger.Warn("stays open: in accounts and regions where it failed nothing is known to pass", "item", u.name, "scopes", strings.Join(left, ", "))
	default:
		u.Logger.Info("closed", "item", u.name)
		if err := u.past(); err != nil {
			return err
		}
		return u.change(closed, closed, "Closed",
			fmt.Sprintf("%s of the check passed; none failed, is undecided or suppressed.", show.Plural(t.Passed, "finding")))
	}
	return nil
}

// past says in the risk's own texts, unless somebody changed them, that the
// weakness is gone.
func (u *itemUpdate) past() error {
	gone := "No finding of check " + title(string(u.check.ID), "without an id") + " fails any more; as of " + show.Date(u.now) + ", " +
		show.Plural(u.check.Tally.Passed, "finding") + " passed."
	for key, text := range map[string]string{"description": describe(u.check) + "\n\n" + gone, "statement": gone} {
		if was, err := u.risk.property("managed-digest", key); err != nil || was != digestOf(u.risk.text(key)) {
			if err != nil {
				return err
			}
			continue
		}
		if err := u.text(u.risk, key, text, key+" of the risk"); err != nil {
			return err
		}
	}
	return nil
}

// itemStatus says in an item whether its risk is open, and whether it is past its
// deadline.
func (m *poam) itemStatus(item, risk *object) error {
	was := risk.text("status")
	if was == "" {
		return nil
	}
	status, overdue := "open", false
	if was == closed {
		status = closed
	} else {
		m.open++
		at, err := time.Parse(time.RFC3339, risk.text("deadline"))
		overdue = err == nil && at.Before(m.now) && was != "deviation-approved" // which has accepted it
	}
	if err := item.setProperty(prop("item-status", status)); err != nil {
		return err
	}
	if !overdue {
		return item.dropProperty("overdue")
	}
	m.overdue++
	return item.setProperty(prop("overdue", "yes"))
}

// sinceWhen notes in the item since when nothing is decided about its weakness.
func (u *itemUpdate) sinceWhen(status string) error {
	switch {
	case u.check.Tally.Decided() > 0:
		return u.item.dropProperty("no-data-since")
	case status != closed:
		return u.noData(u.item, u.name)
	}
	return nil
}

// passes reports whether the weakness is gone: there are decided findings, all
// of them passed, and none is undecided or suppressed, which could hide it.
func passes(t shca.Tally) bool {
	return t.Passed > 0 && t.Failed == 0 && t.Undecided() == 0 && t.Suppressed == 0
}

// stays says why a weakness that no longer fails is not closed.
func stays(t shca.Tally) string {
	var why []string
	if n := t.Undecided(); n > 0 {
		why = append(why, show.Plural(n, "finding")+" undecided")
	}
	if n := t.Suppressed; n > 0 {
		why = append(why, show.Plural(n, "finding")+" suppressed")
	}
	return strings.Join(why, ", ")
}

// deviates reports whether somebody decided about the risk, so that findings do
// not: it is accepted, no risk at all, or about to be declared so.
func deviates(risk *object) (bool, error) {
	if strings.HasPrefix(risk.text("status"), "deviation-") {
		return true, nil
	}
	all, err := risk.properties()
	return slices.ContainsFunc(all, func(p property) bool {
		switch p.Ns {
		case "", nistNamespace, fedrampNamespace:
			switch p.Name {
			case "false-positive", "accepted", "operational-requirement", "vendor-dependency":
				return p.Value != "no" && p.Value != "withdrawn" && p.Value != "false"
			}
		}
		return false
	}), err
}

func (u *itemUpdate) reopen(fresh *o.Risk) error {
	was, err := u.item.property("reopened-count", "")
	if err != nil {
		return err
	}
	n := 0
	_, _ = fmt.Sscan(was, &n) // what is no number counts as none
	u.Logger.Info("reopened", "item", u.name)
	if err := u.item.setProperty(count("reopened-count", n+1)); err != nil {
		return err
	}
	return u.change(fresh.Status, "status-update", "Reopened", "The check fails again: "+failures(u.check))
}

// change sets the status and logs that.
func (u *itemUpdate) change(status, kind, headline, description string) error {
	e := u.logEntry(u.risk.text("uuid"), u.now, status, headline, description)
	e.Props = props(nist("type", kind))
	if err := u.risk.set("status", status); err != nil {
		return err
	}
	log, err := u.risk.object("risk-log")
	if err != nil {
		return err
	}
	entries, err := log.array("entries")
	if err != nil {
		return err
	}
	if n := len(entries); n > 0 && bytes.Contains(entries[n-1], []byte(e.UUID)) {
		return nil // it is the same change
	}
	for repeat := 1; slices.ContainsFunc(entries, func(raw json.RawMessage) bool { return bytes.Contains(raw, []byte(e.UUID)) }); repeat++ {
		e.UUID = logUUID(u.risk.text("uuid"), u.now, status, repeat)
	}
	if err := log.push("entries", e); err != nil {
		return err
	}
	return u.risk.set("risk-log", log)
}

// lastStatus is the status that this program set, if nobody set one since; else
// "".
func lastStatus(risk *object) (string, error) {
	log, err := risk.object("risk-log")
	if err != nil {
		return "", err
	}
	var entries []o.RiskLogEntry
	if err := log.get("entries", &entries); err != nil {
		return "", fmt.Errorf("risk-log: %w", err)
	}
	for i, e := range slices.Backward(entries) {
		if e.StatusChange == "" {
			continue
		}
		for repeat := range i + 1 {
			if strings.EqualFold(e.UUID, logUUID(risk.text("uuid"), e.Start, e.StatusChange, repeat)) {
				return e.StatusChange, nil
			}
		}
		return "", nil
	}
	return "", nil
}
