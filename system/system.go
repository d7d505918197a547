// Package system describes the information system that is assessed: its name,
// its owner, its boundary and the people in charge. Findings do not know these
// things, so the user writes them down once, in a YAML file that Read reads, for
// every artifact that names the system. The package knows nothing of findings or
// formats.
package system

// System is what a system file says. Every field may be empty; documents that
// need one that is show ToBeCompleted in its place.
//
// The tag yaml is a field's name in the file. The tag is names what its values
// must be, see kindsOfText.
type System struct {
	ID          string `yaml:"id" is:"line,id"` // unique within the organization, stable for the system's life: the key of every identifier in its documents
	Name        string `yaml:"name" is:"line"`
	ShortName   string `yaml:"short-name" is:"line"`
	Description string `yaml:"description"`
	Version     string `yaml:"version" is:"line"` // of the documents about it, as their author counts them
	Status      string `yaml:"status" is:"system-status"`
	Authorized  string `yaml:"authorized" is:"date"` // date of the authorization, 2026-01-31

	Organization Organization `yaml:"organization"`

	DeploymentModel string `yaml:"deployment-model" is:"deployment-model"`
	ServiceModel    string `yaml:"service-model" is:"service-model"`

	Impact              Impact        `yaml:"impact"`                 // of the system as a whole
	Boundary            string        `yaml:"authorization-boundary"` // in words
	NetworkArchitecture string        `yaml:"network-architecture"`
	DataFlow            string        `yaml:"data-flow"`
	Information         []Information `yaml:"information-types"`

	Parties    []Party     `yaml:"parties"`
	Roles      []Role      `yaml:"roles"`
	Users      []User      `yaml:"users"`
	Components []Component `yaml:"components"`
	Accounts   []Account   `yaml:"accounts"` // names for AWS accounts

	Remediation Remediation `yaml:"remediation-days"`
}

// ToBeCompleted stands in documents for what nobody has written yet.
const ToBeCompleted = "TO BE COMPLETED"

// OrganizationID is the id by which roles name the organization; no party may
// have it.
const OrganizationID = "organization"

// Organization owns the system and prepares the documents.
type Organization struct {
	Name  string `yaml:"name" is:"line"`
	Email string `yaml:"email" is:"email"`
}

// Impact is an impact level per security objective: low, moderate or high
// (FIPS 199).
type Impact struct {
	Confidentiality string `yaml:"confidentiality" is:"impact"`
	Integrity       string `yaml:"integrity" is:"impact"`
	Availability    string `yaml:"availability" is:"impact"`
}

// Highest is the highest of the three levels, which FIPS 200 takes for the
// system's; "" unless all are known.
func (i Impact) Highest() string {
	highest := ""
	for _, level := range []string{"low", "moderate", "high"} {
		if i.Confidentiality == level || i.Integrity == level || i.Availability == level {
			highest = level
		}
	}
	if i.Confidentiality == "" || i.Integrity == "" || i.Availability == "" {
		return ""
	}
	return highest
}

// Information is a type of information that the system handles.
type Information struct {
	Title       string `yaml:"title" is:"line,required"`
	Description string `yaml:"description"`
	ID          string `yaml:"id" is:"information-type"` // of NIST SP 800-60, "C.2.8.12"
	Impact      Impact `yaml:"impact"`
}

// Party is a person or an organization.
type Party struct {
	ID    string `yaml:"id" is:"line,required"` // for reference within the file
	Name  string `yaml:"name" is:"line,required"`
	Type  string `yaml:"type" is:"party-type"` // person unless it says organization
	Email string `yaml:"email" is:"email"`
}

// Role is a role and who fills it.
type Role struct {
	ID      string   `yaml:"id" is:"token,required"` // OSCAL role id: system-owner, information-system-security-officer, assessor, …
	Title   string   `yaml:"title" is:"line"`
	Parties []string `yaml:"parties"` // ids of parties
}

// User is a kind of user of the system.
type User struct {
	Title       string   `yaml:"title" is:"line,required"`
	Description string   `yaml:"description"`
	Type        string   `yaml:"type" is:"user-type"`
	Privilege   string   `yaml:"privilege" is:"privilege"`
	Roles       []string `yaml:"roles"` // ids of roles
}

// Component is a part of the system that findings do not show: software, a
// policy, a process.
type Component struct {
	ID          string `yaml:"id" is:"line,required"`
	Title       string `yaml:"title" is:"line,required"`
	Type        string `yaml:"type" is:"component-type,required"`
	Description string `yaml:"description"`
	Status      string `yaml:"status" is:"component-status"`
}

// Account names an AWS account.
type Account struct {
	ID   string `yaml:"id" is:"account,required"`
	Name string `yaml:"name" is:"line,required"`
}

// Remediation says within how many days a weakness is to be mended, counted
// from when it was first seen. Zero means the default of DefaultRemediation.
type Remediation struct {
	Critical int `yaml:"critical"`
	High     int `yaml:"high"`
	Moderate int `yaml:"moderate"`
	Low      int `yaml:"low"`
}

// DefaultRemediation are the FedRAMP time frames: FedRAMP Continuous Monitoring
// Performance Management Guide, "high" covers critical.
var DefaultRemediation = Remediation{Critical: 30, High: 30, Moderate: 90, Low: 180}

// KnownRoles are the roles that every document has, whether or not the file
// names them.
var KnownRoles = []string{"prepared-by", "assessor", "provider"}
