package redact

import (
	"slices"

	"github.com/go-shca/shca/system"
)

// System returns a redacted copy of what the user says of the system. Levels,
// models, kinds, dates and the ids of roles that OSCAL names stay; nil stays nil.
func (r *Redactor) System(s *system.System) *system.System {
	if s == nil {
		return nil
	}
	c := &system.System{
		ID: r.name(s.ID), Name: r.name(s.Name), ShortName: r.name(s.ShortName),
		Description: wholly(s.Description), Version: r.unless(version, s.Version), Status: s.Status, Authorized: s.Authorized,
		Organization:    system.Organization{Name: r.name(s.Organization.Name), Email: r.email(s.Organization.Email)},
		DeploymentModel: s.DeploymentModel, ServiceModel: s.ServiceModel, Impact: s.Impact,
		Boundary: wholly(s.Boundary), NetworkArchitecture: wholly(s.NetworkArchitecture), DataFlow: wholly(s.DataFlow),
		Remediation: s.Remediation,
	}
	for _, i := range s.Information {
		c.Information = append(c.Information, system.Information{Title: r.name(i.Title), Description: wholly(i.Description), ID: i.ID, Impact: i.Impact})
	}
	party := func(id string) string {
		if id == system.OrganizationID {
			return id
		}
		return r.name(id)
	}
	for _, p := range s.Parties {
		c.Parties = append(c.Parties, system.Party{ID: party(p.ID), Name: r.name(p.Name), Type: p.Type, Email: r.email(p.Email)})
	}
	for _, role := range s.Roles {
		title := r.name(role.Title)
		if slices.Contains(roles, role.ID) {
			title = ""
		}
		c.Roles = append(c.Roles, system.Role{ID: r.role(role.ID), Title: title, Parties: each(role.Parties, party)})
	}
	for _, u := range s.Users {
		c.Users = append(c.Users, system.User{Title: r.name(u.Title), Description: wholly(u.Description), Type: u.Type, Privilege: u.Privilege, Roles: each(u.Roles, r.role)})
	}
	for _, one := range s.Components {
		c.Components = append(c.Components, system.Component{ID: r.name(one.ID), Title: r.name(one.Title), Type: one.Type, Description: wholly(one.Description), Status: one.Status})
	}
	for _, a := range s.Accounts {
		c.Accounts = append(c.Accounts, system.Account{ID: r.account(a.ID), Name: r.name(a.Name)})
	}
	return c
}

// roles are those that OSCAL and FedRAMP name.
var roles = []string{
	"prepared-by", "assessor", "provider", "prepared-for", "content-approver", "cloud-service-provider", "system-owner", "authorizing-official",
	"authorizing-official-poc", "system-poc-management", "system-poc-technical", "system-poc-other", "information-system-security-officer",
	"privacy-poc", "asset-owner", "asset-administrator", "security-operations", "network-operations", "incident-response", "help-desk",
	"configuration-management", "maintainer", "creator", "contact", "legal-officer", "privacy-official", "information-owner", "risk-executive",
}

func (r *Redactor) role(id string) string {
	if slices.Contains(roles, id) {
		return id
	}
	return r.name(id)
}
