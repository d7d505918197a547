package oscal

import (
	"cmp"
	"slices"
	"strings"
	"time"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/system"
)

// Ids of the roles that every document has.
const (
	rolePreparedBy = "prepared-by"
	roleAssessor   = "assessor"
	roleProvider   = "provider"
)

// stamp is a time as OSCAL can write it: UTC, whole seconds. ok is false for a
// year that its date-time pattern refuses.
func stamp(t time.Time) (s time.Time, ok bool) {
	s = t.UTC().Truncate(time.Second)
	return s, s.Year() >= 1900 && s.Year() < 3000
}

// partyUUID identifies a party of the system file.
func (b *bundle) partyUUID(id string) string { return newUUID("party", b.system, id) }

// organization is the party that prepares the documents.
func (b *bundle) organization() o.Party {
	org := b.System.Organization
	p := o.Party{UUID: newUUID("party", b.system, "organization"), Type: "organization", Name: plain(cmp.Or(org.Name, "Organization ("+system.ToBeCompleted+")"), maxTitle)}
	if org.Email != "" {
		p.EmailAddresses = &[]string{org.Email}
	}
	return p
}

func (b *bundle) aws() o.Party {
	return o.Party{UUID: newUUID("party", "aws"), Type: "organization", Name: "Amazon Web Services", ShortName: "AWS"}
}

// parties are the people and organizations of every document: references to
// parties must resolve within each.
func (b *bundle) parties() []o.Party {
	parties := []o.Party{b.organization(), b.aws()}
	for _, p := range b.System.Parties {
		party := o.Party{UUID: b.partyUUID(p.ID), Type: cmp.Or(p.Type, "person"), Name: plain(p.Name, maxTitle)}
		if p.Email != "" {
			party.EmailAddresses = &[]string{p.Email}
		}
		parties = append(parties, party)
	}
	return parties
}

// roles are those of every document, and who fills them.
func (b *bundle) roles() (roles []o.Role, responsible []o.ResponsibleParty) {
	for _, r := range []struct {
		id, title string
		party     o.Party
	}{
		{rolePreparedBy, "Prepared by", b.organization()},
		{roleAssessor, "Assessor", b.organization()},
		{roleProvider, "Infrastructure provider", b.aws()},
	} {
		if slices.ContainsFunc(b.System.Roles, func(own system.Role) bool { return own.ID == r.id }) {
			continue // the system file says who
		}
		roles = append(roles, o.Role{ID: r.id, Title: r.title})
		responsible = append(responsible, o.ResponsibleParty{RoleId: r.id, PartyUuids: []string{r.party.UUID}})
	}
	for _, r := range b.System.Roles {
		id := token(r.ID)
		roles = append(roles, o.Role{ID: id, Title: title(r.Title, id)})
		var uuids []string
		for _, p := range r.Parties {
			uuids = append(uuids, b.partyUUID(p))
		}
		if len(uuids) > 0 {
			responsible = append(responsible, o.ResponsibleParty{RoleId: id, PartyUuids: uuids})
		}
	}
	return roles, responsible
}

// redacted is a paragraph of the remarks of every document of a redacted assessment.
const redacted = "Redacted: " + shca.RedactionNote + "."

// metadata is that of a document; version is the document's own.
func (b *bundle) metadata(subject, version string, more ...o.Property) o.Metadata {
	roles, responsible := b.roles()
	program, release, _ := strings.Cut(b.assessment.Generator, " ")
	program, release = cmp.Or(program, managedBy), cmp.Or(release, "unknown")
	remarks := ""
	if !b.assessment.Complete() {
		// Every artifact says so, also those that have no results.
		more = append(more, prop("input-complete", "no"))
		remarks = markup(b.assessment.Verdict(), maxProse)
	}
	if b.assessment.Redacted {
		remarks = strings.TrimSpace(remarks + "\n\n" + redacted)
	}
	return o.Metadata{
		Remarks:      remarks,
		Title:        subject,
		LastModified: b.now,
		Version:      plain(version, maxTitle),
		OscalVersion: b.Version,
		Props:        props(append([]o.Property{prop("tool-name", program), prop("tool-version", release)}, more...)...),
		Roles:        &roles, Parties: opt(b.parties()), ResponsibleParties: opt(responsible),
	}
}

// runVersion is the version of a document that is new with each run.
func (b *bundle) runVersion() string { return b.now.Format(runVersionLayout) }

const runVersionLayout = "2006-01-02T150405Z"

// systemName is the system's name in titles and prose.
func (b *bundle) systemName() string {
	return title(b.System.Name, "System name "+system.ToBeCompleted)
}
