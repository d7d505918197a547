package ocsf

import (
	"cmp"
	"strings"

	"github.com/go-shca/shca"
)

// compliance fills what a Compliance Finding says of the check. It says nothing
// of NIST controls beyond the requirements that the finding cites: a check that
// passes does not show that a control is satisfied.
func (m *mapper) compliance() {
	c, out := m.root.at("Compliance"), &compliance{}
	m.event.Compliance = out
	m.event.Remediation = m.remediation()
	m.complianceStatus(c.at("Status"), out)
	fields := m.root.at("ProductFields")
	if ids := texts(c.at("SecurityControlId")); len(ids) > 0 && ids[0] != "" {
		out.Control = ids[0]
		use(c.at("SecurityControlId")) // more than one are equal
	} else {
		// These stay unmapped as well: the id of a single standard's control is
		// not the one of Security Hub, and a reader has to know which it is.
		out.Control = cmp.Or(fields.at("ControlId").text(), fields.at("RuleId").text())
	}
	for _, s := range c.at("AssociatedStandards").list() {
		id := s
		if s.kind == '{' {
			id = s.at("StandardsId")
		}
		if text := m.take(id); text != "" {
			out.Standards = append(out.Standards, text)
		}
	}
	if len(out.Standards) == 0 {
		for _, name := range []string{"StandardsArn", "StandardsGuideArn"} {
			if _, id, ok := strings.Cut(fields.at(name).text(), ":::"); ok && id != "" {
				out.Standards = []string{id}
				break
			}
		}
	}
	if m.v110 && len(out.Standards) == 0 {
		out.Standards = []string{"none"} // required
	}
	out.Requirements = m.takeAll(c.at("RelatedRequirements"))
	m.reasons(c.at("StatusReasons"), out)
	if m.v110 {
		return
	}
	for _, p := range c.at("SecurityControlParameters").list() {
		name, values := p.at("Name"), p.at("Value")
		if all := texts(values); name.text() != "" && len(all) > 0 && all[0] != "" {
			if values := m.takeAll(values); values != nil {
				out.ControlParameters = append(out.ControlParameters, keyValues{Name: m.take(name), Values: values})
			}
		}
	}
}

// complianceStatus fills the status. NOT_AVAILABLE is no status of OCSF's: it
// says that nothing was decided, which "Unknown" would too, but not why.
func (m *mapper) complianceStatus(n *node, out *compliance) {
	switch m.f.Status {
	case shca.Passed:
		out.StatusID, out.Status = new(1), "Pass"
	case shca.Warning:
		out.StatusID, out.Status = new(2), "Warning"
	case shca.Failed:
		out.StatusID, out.Status = new(3), "Fail"
	case shca.NoStatus:
		return
	default:
		out.StatusID, out.Status = new(other), string(m.f.Status)
	}
	use(n)
}

// reasons fills why the status is what it is. An assessment has to say whether
// its criteria were met, so one is written only where that was decided.
func (m *mapper) reasons(reasons *node, out *compliance) {
	var details []string
	for _, r := range reasons.list() {
		code, desc := m.take(r.at("ReasonCode")), m.take(r.at("Description"))
		if code == "" && desc == "" {
			continue
		}
		out.StatusCode = cmp.Or(out.StatusCode, code)
		text := code + ": " + desc
		if code == "" || desc == "" {
			text = code + desc
		}
		details = append(details, text)
		if !m.v110 && code != "" && m.f.Status.Decided() {
			out.Assessments = append(out.Assessments, assessment{Name: code, Desc: desc, MeetsCriteria: m.f.Status == shca.Passed})
		}
	}
	if m.v110 {
		out.StatusDetail = m.cut(reasons, strings.Join(details, "; "))
	} else {
		out.StatusDetails = details
	}
}
