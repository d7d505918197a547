package oscal

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

// closed is the status of a risk that is no more.
const closed = "closed"

// status moves the risk on if the findings say so. Only a change is logged.
func (u *itemUpdate) status(fresh *o.Risk, unread []string) error {
	t, was := u.check.Tally, u.risk.text("status")
	if err := u.sinceWhen(was); err != nil {
		return err
	}
	deviates, err := u.deviates(was)
	if err != nil {
		return err
	}
	switch {
	case was == "":
		return u.risk.set("status", fresh.Status)
	case t.Failed > 0 && was == closed && !deviates:
		return u.reopen(fresh)
	case t.Failed > 0:
		last, err := u.lastStatus()
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
	case len(unread) > 0:
		u.Logger.Warn("stays open: no finding is of an account in which it failed", "item", u.name, "accounts", strings.Join(unread, ", "))
	default:
		u.Logger.Info("closed", "item", u.name)
		return u.change(closed, closed, "Closed",
			fmt.Sprintf("%s of the check passed; none failed, is undecided or suppressed.", show.Plural(t.Passed, "finding")))
	}
	return nil
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
func (u *itemUpdate) deviates(status string) (bool, error) {
	if strings.HasPrefix(status, "deviation-") {
		return true, nil
	}
	all, err := u.risk.properties()
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
	for _, raw := range entries {
		if bytes.Contains(raw, []byte(e.UUID)) {
			return nil // it is the same change
		}
	}
	if err := log.push("entries", e); err != nil {
		return err
	}
	return u.risk.set("risk-log", log)
}

// lastStatus is the status that this program set, if nobody set one since; else
// "".
func (u *itemUpdate) lastStatus() (string, error) {
	log, err := u.risk.object("risk-log")
	if err != nil {
		return "", err
	}
	var entries []o.RiskLogEntry
	if err := log.get("entries", &entries); err != nil {
		return "", fmt.Errorf("risk-log: %w", err)
	}
	for _, e := range slices.Backward(entries) {
		if e.StatusChange == "" {
			continue
		}
		if e.UUID == logUUID(u.risk.text("uuid"), e.Start.UTC(), e.StatusChange) {
			return e.StatusChange, nil
		}
		return "", nil
	}
	return "", nil
}
