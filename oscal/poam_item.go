package oscal

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/system"
)

// newItem is the item of a failing check.
func (m *poam) newItem(c *shca.CheckResult) *o.PoamItem {
	return &o.PoamItem{
		UUID:        itemUUID(m.bundle, c.ID),
		Title:       checkTitle(c),
		Description: describe(c),
		Props: props(fedramp("POAM-ID", m.freeID(poamID(m.bundle, c.ID))),
			prop("check-id", string(c.ID)), prop("managed-by", managedBy)),
		Origins: &[]o.PoamItemOrigin{{Actors: m.concluded().Actors}},
	}
}

func itemUUID(b *bundle, id shca.CheckID) string { return newUUID("poam-item", b.system, string(id)) }

// freeID is the id, numbered if an item of the user has it.
func (m *poam) freeID(id string) string {
	free := id
	for n := 2; m.previous.poamIDs[free]; n++ {
		free = fmt.Sprint(id, "-", n)
	}
	m.previous.poamIDs[free] = true
	return free
}

// poamID derives an item's id from its check. Ids of different checks differ:
// no token has a tilde in it.
func poamID(b *bundle, id shca.CheckID) string {
	if _, ok := b.framework.Check(id); ok {
		return "SH-" + string(id)
	}
	const limit = 48
	if text := string(id); isToken(text) && len(text) <= limit {
		return "CHECK-" + text
	}
	name := strings.Map(func(r rune) rune {
		if inToken(r) && r < 0x80 {
			return r
		}
		return '_'
	}, plain(string(id), limit))
	sum := sha256.Sum256([]byte(id))
	return "CHECK-" + name + "~" + hex.EncodeToString(sum[:8])
}

// newRisk is the risk of a failing check as in the results, and what somebody
// plans to do about it.
func (m *poam) newRisk(c *shca.CheckResult, due term) *o.Risk {
	risk := m.risk(m.survey, c, m.evidence[c.ID], due)
	*risk.Remediations = append(*risk.Remediations, plannedResponse(risk.UUID, due.first, due.deadline))
	return risk
}

func plannedUUID(risk string) string { return newUUID("response", risk, "planned") }

func mendedUUID(risk string) string { return newUUID("task", risk, "mended") }

func plannedResponse(risk string, first, deadline time.Time) o.Response {
	return o.Response{
		UUID: plannedUUID(risk), Lifecycle: "planned",
		Title:       "Planned remediation",
		Description: system.ToBeCompleted + ": who mends this, how, and what it takes.",
		Props:       props(nist("type", "mitigate")),
		Tasks: &[]o.Task{{
			UUID: mendedUUID(risk), Type: "milestone",
			Title:       "No resource fails the check",
			Description: system.ToBeCompleted + ": the steps until then.",
			Timing:      &o.EventTiming{WithinDateRange: &o.OnDateRangeCondition{Start: first, End: deadline}},
		}},
	}
}
