package oscal

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-shca/shca"
)

// term is since when a weakness is known, and until when it is to be mended.
type term struct {
	first    time.Time
	reopened time.Time // when it last came back; zero if it did not
	deadline time.Time
}

// previousTerm is what the previous plan says of the term of a risk, and what
// decides whether that holds.
type previousTerm struct {
	term
	text   string // the deadline as it is written; "" if there is none
	digest string // of the deadline that this program wrote; "" if none
	gone   bool   // this program closed the risk, and nobody decided otherwise
}

// newTerm is the term of a weakness that no plan has.
func (b *bundle) newTerm(s *survey, c *shca.CheckResult) term {
	first := b.firstSeen(s, c)
	return term{first: first, deadline: b.deadline(c.FailedSeverity, first)}
}

// readTerm reads the term of a risk. What is no time is left out.
func readTerm(risk *object) (was previousTerm, err error) {
	for name, at := range map[string]*time.Time{"first-observed": &was.first, "reopened-at": &was.reopened} {
		value, err := risk.property(name, "")
		if err != nil {
			return was, err
		}
		if t, err := time.Parse(time.RFC3339, value); err == nil {
			*at, _ = stamp(t)
		}
	}
	was.text = risk.text("deadline")
	if at, err := time.Parse(time.RFC3339, was.text); err == nil {
		was.deadline, _ = stamp(at)
	}
	if was.digest, err = risk.property("managed-digest", "deadline"); err != nil {
		return was, err
	}
	deviates, err := deviates(risk)
	if err != nil || deviates || risk.text("status") != closed {
		return was, err
	}
	last, err := lastStatus(risk)
	was.gone = last == closed
	return was, err
}

// touched reports whether somebody changed the deadline.
func (was previousTerm) touched() bool { return was.digest != digestOf(was.text) }

// term is what becomes of the term. When the weakness was first seen moves back
// only. A deadline that nobody changed moves back with that and if the severity
// rises. A weakness that was gone and is back has a new one, also if somebody's
// is past.
func (b *bundle) term(s *survey, c *shca.CheckResult, was previousTerm) term {
	due, fails := was.term, c.Tally.Failed > 0
	if first := b.firstSeen(s, c); due.first.IsZero() || fails && first.Before(due.first) {
		due.first = first
	}
	since := due.first
	if fails && was.gone {
		due.reopened = b.now
	}
	if due.reopened.After(since) {
		since = due.reopened
	}
	deadline := b.deadline(c.FailedSeverity, since)
	switch {
	case was.deadline.IsZero():
		due.deadline = deadline
	case !fails:
	case was.gone:
		if !was.touched() || !was.deadline.After(b.now) {
			due.deadline = deadline
		}
	case !was.touched() && deadline.Before(due.deadline):
		due.deadline = deadline
	}
	return due
}

// due writes the term into the risk.
func (u *itemUpdate) due(due term) error {
	err := u.risk.setProperty(prop("first-observed", rfc3339(due.first)))
	if !due.reopened.IsZero() {
		err = errors.Join(err, u.risk.setProperty(prop("reopened-at", rfc3339(due.reopened))))
	}
	if err != nil {
		return err
	}
	was, err := readTerm(u.risk)
	if err != nil {
		return err
	}
	if was.text == "" || !was.deadline.IsZero() && !was.deadline.Equal(due.deadline) {
		was.text = rfc3339(due.deadline)
		if err := u.risk.set("deadline", was.text); err != nil {
			return err
		}
	} else if was.digest != "" || was.text != rfc3339(u.deadline(u.check.FailedSeverity, due.first)) {
		return nil // it holds, or somebody set it
	}
	return u.risk.setDigest("deadline", was.text)
}

// plannedTerms are the terms of the failing checks, as the plan of action and
// milestones has them that is written of the same assessment. It keeps only them
// of the plan before.
func (b *bundle) plannedTerms(s *survey) (map[shca.CheckID]term, error) {
	terms := map[shca.CheckID]term{}
	failing := b.assessment.Failing()
	for _, c := range failing {
		terms[c.ID] = b.newTerm(s, c)
	}
	if b.POAM == "" {
		return terms, nil
	}
	before := *b // the plan may have been written when the system had no name
	before.system = unnamedSystem
	uuids := map[string]bool{}
	for _, c := range failing {
		for _, b := range []*bundle{b, &before} {
			uuids[riskUUID(b, c.ID)], uuids[itemUUID(b, c.ID)] = true, true
		}
	}
	head := &previous{}
	risks := map[string]previousTerm{}
	frozen := map[string]bool{} // items that people took over
	err := readPOAM(b.POAM, func(pointer, list string, raw json.RawMessage) error {
		switch {
		case pointer == poamPointer+"/metadata", pointer == poamPointer+"/system-id":
			return head.add(pointer, list, raw)
		case list != "poam-items" && list != "risks":
			return nil
		}
		if raw[0] != '{' {
			return errors.New("is not an object")
		}
		v, err := readObject(raw)
		if err != nil {
			return err
		}
		uuid := strings.ToLower(v.text("uuid"))
		if !uuids[uuid] {
			return nil
		}
		if list == "poam-items" {
			by, err := v.property("managed-by", "")
			frozen[uuid] = by != managedBy
			return err
		}
		risks[uuid], err = readTerm(v)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := head.checkTime(b); err != nil {
		return nil, fmt.Errorf("%s: %w", b.POAM, err)
	}
	of := b
	if head.systemID != nil && head.systemID.text("id") == unnamedSystem {
		of = &before
	}
	for _, c := range failing {
		was, ok := risks[riskUUID(of, c.ID)]
		switch {
		case !ok:
		case !frozen[itemUUID(of, c.ID)]:
			terms[c.ID] = b.term(s, c, was)
		case !was.first.IsZero() && !was.deadline.IsZero():
			terms[c.ID] = was.term
		}
	}
	return terms, nil
}
