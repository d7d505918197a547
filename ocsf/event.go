package ocsf

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// The types below are the classes and objects of OCSF with the attributes that
// findings fill, of 1.6.0 and of 1.1.0 together. An attribute that is absent in
// the finding is absent in the event; what the schema requires has no omitzero.
// Order is that of names, so that events of all classes read alike.

type event struct {
	ActivityID       int               `json:"activity_id"`
	ActivityName     string            `json:"activity_name"`
	CategoryName     string            `json:"category_name"`
	CategoryUID      int               `json:"category_uid"`
	ClassName        string            `json:"class_name"`
	ClassUID         int               `json:"class_uid"`
	Cloud            cloud             `json:"cloud"`
	Comment          string            `json:"comment,omitzero"`
	Compliance       *compliance       `json:"compliance,omitzero"`
	ConfidenceScore  *int              `json:"confidence_score,omitzero"`
	DataSecurity     *dataSecurity     `json:"data_security,omitzero"`
	Evidences        []evidence        `json:"evidences,omitzero"`
	FindingInfo      findingInfo       `json:"finding_info"`
	Malware          []malware         `json:"malware,omitzero"`
	Message          string            `json:"message,omitzero"`
	Metadata         metadata          `json:"metadata"`
	Observables      []observable      `json:"observables,omitzero"`
	RawData          string            `json:"raw_data,omitzero"`
	Remediation      *remediation      `json:"remediation,omitzero"`
	Resource         *resource         `json:"resource,omitzero"` // 1.1.0, classes 2002 and 2003
	Resources        []resource        `json:"resources,omitzero"`
	Severity         string            `json:"severity"`
	SeverityID       int               `json:"severity_id"`
	Status           string            `json:"status,omitzero"`
	StatusID         *int              `json:"status_id,omitzero"`
	Time             int64             `json:"time"`
	TimeDT           string            `json:"time_dt"`
	TypeName         string            `json:"type_name"`
	TypeUID          int               `json:"type_uid"`
	Unmapped         jsontext.Value    `json:"unmapped,omitzero"`
	VendorAttributes *vendorAttributes `json:"vendor_attributes,omitzero"`
	Verdict          string            `json:"verdict,omitzero"`
	VerdictID        *int              `json:"verdict_id,omitzero"`
	Vulnerabilities  []vulnerability   `json:"vulnerabilities,omitzero"`
}

type cloud struct {
	Account        *account `json:"account,omitzero"`
	CloudPartition string   `json:"cloud_partition,omitzero"`
	Provider       string   `json:"provider"`
	Region         string   `json:"region,omitzero"`
}

type account struct {
	Name   string `json:"name,omitzero"`
	Type   string `json:"type,omitzero"`
	TypeID *int   `json:"type_id,omitzero"`
	UID    string `json:"uid,omitzero"`
}

type compliance struct {
	Assessments       []assessment `json:"assessments,omitzero"`
	Control           string       `json:"control,omitzero"`
	ControlParameters []keyValues  `json:"control_parameters,omitzero"`
	Requirements      []string     `json:"requirements,omitzero"`
	Standards         []string     `json:"standards,omitzero"`
	Status            string       `json:"status,omitzero"`
	StatusCode        string       `json:"status_code,omitzero"`
	StatusDetail      string       `json:"status_detail,omitzero"`  // 1.1.0
	StatusDetails     []string     `json:"status_details,omitzero"` // 1.6.0
	StatusID          *int         `json:"status_id,omitzero"`
}

type assessment struct {
	Desc          string `json:"desc,omitzero"`
	MeetsCriteria bool   `json:"meets_criteria"`
	Name          string `json:"name"`
}

// keyValues is OCSF's key_value_object: a name with a value or several.
type keyValues struct {
	Name   string   `json:"name"`
	Value  *string  `json:"value,omitzero"`
	Values []string `json:"values,omitzero"`
}

type findingInfo struct {
	Analytic        *analytic      `json:"analytic,omitzero"`
	CreatedTime     *int64         `json:"created_time,omitzero"`
	CreatedTimeDT   string         `json:"created_time_dt,omitzero"`
	Desc            string         `json:"desc,omitzero"`
	FirstSeenTime   *int64         `json:"first_seen_time,omitzero"`
	FirstSeenTimeDT string         `json:"first_seen_time_dt,omitzero"`
	LastSeenTime    *int64         `json:"last_seen_time,omitzero"`
	LastSeenTimeDT  string         `json:"last_seen_time_dt,omitzero"`
	ModifiedTime    *int64         `json:"modified_time,omitzero"`
	ModifiedTimeDT  string         `json:"modified_time_dt,omitzero"`
	RelatedEvents   []relatedEvent `json:"related_events,omitzero"`
	SrcURL          string         `json:"src_url,omitzero"`
	Title           string         `json:"title,omitzero"`
	Types           []string       `json:"types,omitzero"`
	UID             string         `json:"uid"`
}

type analytic struct {
	Category string `json:"category,omitzero"`
	Name     string `json:"name,omitzero"`
	Type     string `json:"type"`
	TypeID   int    `json:"type_id"`
	UID      string `json:"uid,omitzero"`
}

type relatedEvent struct {
	Product    *product `json:"product,omitzero"`     // 1.6.0
	ProductUID string   `json:"product_uid,omitzero"` // 1.1.0
	UID        string   `json:"uid"`
}

type metadata struct {
	Labels          []string `json:"labels,omitzero"`
	LogVersion      string   `json:"log_version,omitzero"`
	ProcessedTime   *int64   `json:"processed_time,omitzero"`
	ProcessedTimeDT string   `json:"processed_time_dt,omitzero"`
	Product         product  `json:"product"`
	Profiles        []string `json:"profiles"`
	UID             string   `json:"uid"`
	Version         Version  `json:"version"`
}

type product struct {
	Feature    *feature `json:"feature,omitzero"`
	Name       string   `json:"name,omitzero"`
	UID        string   `json:"uid,omitzero"`
	VendorName string   `json:"vendor_name,omitzero"`
}

type feature struct {
	Name string `json:"name,omitzero"`
	UID  string `json:"uid,omitzero"`
}

type observable struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	TypeID int    `json:"type_id"`
	Value  string `json:"value"`
}

type remediation struct {
	Desc       string   `json:"desc"`
	References []string `json:"references,omitzero"`
}

type resource struct {
	CloudPartition      string               `json:"cloud_partition,omitzero"`
	Criticality         string               `json:"criticality,omitzero"`
	Data                jsontext.Value       `json:"data,omitzero"`
	DataClassifications []dataClassification `json:"data_classifications,omitzero"` // 1.6.0
	Labels              []string             `json:"labels,omitzero"`               // 1.1.0
	Owner               *owner               `json:"owner,omitzero"`
	Region              string               `json:"region,omitzero"`
	Role                string               `json:"role,omitzero"`    // 1.6.0
	RoleID              *int                 `json:"role_id,omitzero"` // 1.6.0
	Tags                []keyValues          `json:"tags,omitzero"`    // 1.6.0
	Type                string               `json:"type,omitzero"`
	UID                 string               `json:"uid"`
	UIDAlt              string               `json:"uid_alt,omitzero"` // 1.6.0
}

// owner is a user of whom the account is known only.
type owner struct {
	Account account `json:"account"`
}

type vendorAttributes struct {
	Severity   string `json:"severity"`
	SeverityID int    `json:"severity_id"`
}

type dataSecurity struct {
	DataLifecycleState   string `json:"data_lifecycle_state"`
	DataLifecycleStateID int    `json:"data_lifecycle_state_id"`
	DetectionSystem      string `json:"detection_system"`
	DetectionSystemID    int    `json:"detection_system_id"`
}

type dataClassification struct {
	Category         string            `json:"category"`
	CategoryID       int               `json:"category_id"`
	DiscoveryDetails []discoveryDetail `json:"discovery_details,omitzero"`
	Status           string            `json:"status,omitzero"`
	StatusID         *int              `json:"status_id,omitzero"`
	Total            *int              `json:"total,omitzero"`
}

type discoveryDetail struct {
	Count *int   `json:"count,omitzero"`
	Type  string `json:"type,omitzero"`
}

type vulnerability struct {
	Advisory               *named            `json:"advisory,omitzero"` // 1.6.0
	AffectedCode           []affectedCode    `json:"affected_code,omitzero"`
	AffectedPackages       []affectedPackage `json:"affected_packages,omitzero"`
	CVE                    *cve              `json:"cve,omitzero"`
	CWE                    *named            `json:"cwe,omitzero"`
	ExploitLastSeenTime    *int64            `json:"exploit_last_seen_time,omitzero"`    // 1.6.0
	ExploitLastSeenTimeDT  string            `json:"exploit_last_seen_time_dt,omitzero"` // 1.6.0
	FixCoverage            string            `json:"fix_coverage,omitzero"`              // 1.6.0
	FixCoverageID          *int              `json:"fix_coverage_id,omitzero"`           // 1.6.0
	IsExploitAvailable     *bool             `json:"is_exploit_available,omitzero"`
	IsFixAvailable         *bool             `json:"is_fix_available,omitzero"`
	References             []string          `json:"references,omitzero"`
	RelatedVulnerabilities []string          `json:"related_vulnerabilities,omitzero"`
	Remediation            *remediation      `json:"remediation,omitzero"`
	Severity               string            `json:"severity,omitzero"`
	VendorName             string            `json:"vendor_name,omitzero"`
}

// named is an object of which the identifier is known only.
type named struct {
	UID string `json:"uid"`
}

type cve struct {
	CreatedTime    *int64   `json:"created_time,omitzero"`
	CreatedTimeDT  string   `json:"created_time_dt,omitzero"`
	CVSS           []cvss   `json:"cvss,omitzero"`
	EPSS           *epss    `json:"epss,omitzero"`
	ModifiedTime   *int64   `json:"modified_time,omitzero"`
	ModifiedTimeDT string   `json:"modified_time_dt,omitzero"`
	References     []string `json:"references,omitzero"`
	UID            string   `json:"uid"`
}

type cvss struct {
	BaseScore    decimal `json:"base_score"`
	VectorString string  `json:"vector_string,omitzero"`
	VendorName   string  `json:"vendor_name,omitzero"` // 1.6.0
	Version      string  `json:"version"`
}

type epss struct {
	Score string `json:"score"`
}

type affectedPackage struct {
	Architecture   string       `json:"architecture,omitzero"`
	Epoch          *int         `json:"epoch,omitzero"`
	FixedInVersion string       `json:"fixed_in_version,omitzero"`
	Name           string       `json:"name"`
	PackageManager string       `json:"package_manager,omitzero"`
	Path           string       `json:"path,omitzero"`
	Release        string       `json:"release,omitzero"`
	Remediation    *remediation `json:"remediation,omitzero"`
	Version        string       `json:"version"`
}

type affectedCode struct {
	EndLine   *int `json:"end_line,omitzero"`
	File      file `json:"file"`
	StartLine *int `json:"start_line,omitzero"`
}

type file struct {
	Name   string `json:"name"`
	Path   string `json:"path,omitzero"`
	Type   string `json:"type"`
	TypeID int    `json:"type_id"`
	UID    string `json:"uid,omitzero"`
}

type evidence struct {
	API            *api            `json:"api,omitzero"`
	ConnectionInfo *connectionInfo `json:"connection_info,omitzero"`
	Data           jsontext.Value  `json:"data,omitzero"`
	DstEndpoint    *endpoint       `json:"dst_endpoint,omitzero"`
	Process        *process        `json:"process,omitzero"`
	Query          *query          `json:"query,omitzero"`
	SrcEndpoint    *endpoint       `json:"src_endpoint,omitzero"`
}

type api struct {
	Operation string   `json:"operation"`
	Service   *service `json:"service,omitzero"`
}

type service struct {
	Name string `json:"name"`
}

type connectionInfo struct {
	Direction    string `json:"direction"`
	DirectionID  int    `json:"direction_id"`
	ProtocolName string `json:"protocol_name,omitzero"`
}

type endpoint struct {
	Domain   string    `json:"domain,omitzero"`
	IP       string    `json:"ip,omitzero"`
	Location *location `json:"location,omitzero"`
	MAC      string    `json:"mac,omitzero"`
	Port     *int      `json:"port,omitzero"`
}

type location struct {
	City    string `json:"city,omitzero"`
	Country string `json:"country,omitzero"`
}

type process struct {
	CreatedTime      *int64   `json:"created_time,omitzero"`
	CreatedTimeDT    string   `json:"created_time_dt,omitzero"`
	Name             string   `json:"name,omitzero"`
	ParentProcess    *process `json:"parent_process,omitzero"`
	Path             string   `json:"path,omitzero"` // 1.6.0
	PID              *int     `json:"pid"`
	TerminatedTime   *int64   `json:"terminated_time,omitzero"`
	TerminatedTimeDT string   `json:"terminated_time_dt,omitzero"`
}

type query struct {
	Hostname string `json:"hostname"`
}

type malware struct {
	ClassificationIDs []int    `json:"classification_ids"`
	Classifications   []string `json:"classifications"`
	Files             []file   `json:"files,omitzero"`
	Name              string   `json:"name"`
}

// decimal is OCSF's float_t: a number in JSON that has a fraction or an
// exponent, since the schema's own server takes 7 for an integer.
type decimal string

// MarshalJSONTo writes the number as it was read, with a fraction.
func (d decimal) MarshalJSONTo(enc *jsontext.Encoder) error {
	text := string(d)
	if !strings.ContainsAny(text, ".eE") {
		text += ".0"
	}
	return enc.WriteValue(jsontext.Value(text))
}
