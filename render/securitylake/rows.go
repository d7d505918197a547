package securitylake

import (
	"time"

	"github.com/go-json-experiment/json"
)

// The types below are classes and objects of OCSF 1.1.0 as rows of a table: each
// attribute under its own name, once for reading the event and once for the
// column. They have every scalar attribute of the objects that findings fill,
// and of objects within them those that findings can fill. An attribute without
// a field here is an error when the event is read, never a silent loss.
//
// Every column is optional, and every scalar is a pointer: 0 means something in
// OCSF, and the library writes empty texts for some that are absent if they are
// no pointers (its bitmap of nulls, up to v0.32.0 at least). Lists are null if
// empty: events have no empty ones.

type baseEvent struct {
	ActivityID      *int32            `json:"activity_id" parquet:"activity_id,optional"`
	ActivityName    *string           `json:"activity_name" parquet:"activity_name,optional"`
	CategoryName    *string           `json:"category_name" parquet:"category_name,optional"`
	CategoryUID     *int32            `json:"category_uid" parquet:"category_uid,optional"`
	ClassName       *string           `json:"class_name" parquet:"class_name,optional"`
	ClassUID        *int32            `json:"class_uid" parquet:"class_uid,optional"`
	Cloud           *cloud            `json:"cloud" parquet:"cloud,optional"`
	Comment         *string           `json:"comment" parquet:"comment,optional"`
	Confidence      *string           `json:"confidence" parquet:"confidence,optional"`
	ConfidenceID    *int32            `json:"confidence_id" parquet:"confidence_id,optional"`
	ConfidenceScore *int32            `json:"confidence_score" parquet:"confidence_score,optional"`
	Count           *int32            `json:"count" parquet:"count,optional"`
	Duration        *int32            `json:"duration" parquet:"duration,optional"`
	EndTime         *int64            `json:"end_time" parquet:"end_time,optional"`
	EndTimeDT       *timestamp        `json:"end_time_dt" parquet:"end_time_dt,optional,timestamp(microsecond)"`
	Enrichments     []enrichment      `json:"enrichments" parquet:"enrichments,optional,list"`
	FindingInfo     *findingInfo      `json:"finding_info" parquet:"finding_info,optional"`
	Message         *string           `json:"message" parquet:"message,optional"`
	Metadata        *metadata         `json:"metadata" parquet:"metadata,optional"`
	Observables     []observable      `json:"observables" parquet:"observables,optional,list"`
	RawData         *string           `json:"raw_data" parquet:"raw_data,optional"`
	Severity        *string           `json:"severity" parquet:"severity,optional"`
	SeverityID      *int32            `json:"severity_id" parquet:"severity_id,optional"`
	StartTime       *int64            `json:"start_time" parquet:"start_time,optional"`
	StartTimeDT     *timestamp        `json:"start_time_dt" parquet:"start_time_dt,optional,timestamp(microsecond)"`
	Status          *string           `json:"status" parquet:"status,optional"`
	StatusCode      *string           `json:"status_code" parquet:"status_code,optional"`
	StatusDetail    *string           `json:"status_detail" parquet:"status_detail,optional"`
	StatusID        *int32            `json:"status_id" parquet:"status_id,optional"`
	Time            *int64            `json:"time" parquet:"time,optional"`
	TimeDT          *timestamp        `json:"time_dt" parquet:"time_dt,optional,timestamp(microsecond)"`
	TimezoneOffset  *int32            `json:"timezone_offset" parquet:"timezone_offset,optional"`
	TypeName        *string           `json:"type_name" parquet:"type_name,optional"`
	TypeUID         *int64            `json:"type_uid" parquet:"type_uid,optional"`
	Unmapped        map[string]string `json:"unmapped" parquet:"unmapped,optional"`
}

// complianceFinding is class 2003.
type complianceFinding struct {
	baseEvent
	Compliance  *compliance  `json:"compliance" parquet:"compliance,optional"`
	Remediation *remediation `json:"remediation" parquet:"remediation,optional"`
	Resource    *resource    `json:"resource" parquet:"resource,optional"`
}

// vulnerabilityFinding is class 2002.
type vulnerabilityFinding struct {
	baseEvent
	Resource        *resource       `json:"resource" parquet:"resource,optional"`
	Vulnerabilities []vulnerability `json:"vulnerabilities" parquet:"vulnerabilities,optional,list"`
}

// detectionFinding is class 2004.
type detectionFinding struct {
	baseEvent
	Evidences   []evidence   `json:"evidences" parquet:"evidences,optional,list"`
	Impact      *string      `json:"impact" parquet:"impact,optional"`
	ImpactID    *int32       `json:"impact_id" parquet:"impact_id,optional"`
	ImpactScore *int32       `json:"impact_score" parquet:"impact_score,optional"`
	Remediation *remediation `json:"remediation" parquet:"remediation,optional"`
	Resources   []resource   `json:"resources" parquet:"resources,optional,list"`
	RiskLevel   *string      `json:"risk_level" parquet:"risk_level,optional"`
	RiskLevelID *int32       `json:"risk_level_id" parquet:"risk_level_id,optional"`
	RiskScore   *int32       `json:"risk_score" parquet:"risk_score,optional"`
}

type cloud struct {
	Account    *account      `json:"account" parquet:"account,optional"`
	Org        *organization `json:"org" parquet:"org,optional"`
	ProjectUID *string       `json:"project_uid" parquet:"project_uid,optional"`
	Provider   *string       `json:"provider" parquet:"provider,optional"`
	Region     *string       `json:"region" parquet:"region,optional"`
	Zone       *string       `json:"zone" parquet:"zone,optional"`
}

type account struct {
	Name   *string `json:"name" parquet:"name,optional"`
	Type   *string `json:"type" parquet:"type,optional"`
	TypeID *int32  `json:"type_id" parquet:"type_id,optional"`
	UID    *string `json:"uid" parquet:"uid,optional"`
}

type organization struct {
	Name   *string `json:"name" parquet:"name,optional"`
	OUName *string `json:"ou_name" parquet:"ou_name,optional"`
	OUUID  *string `json:"ou_uid" parquet:"ou_uid,optional"`
	UID    *string `json:"uid" parquet:"uid,optional"`
}

type metadata struct {
	CorrelationUID  *string     `json:"correlation_uid" parquet:"correlation_uid,optional"`
	EventCode       *string     `json:"event_code" parquet:"event_code,optional"`
	Extensions      []extension `json:"extensions" parquet:"extensions,optional,list"`
	Labels          []string    `json:"labels" parquet:"labels,optional,list"`
	LogLevel        *string     `json:"log_level" parquet:"log_level,optional"`
	LogName         *string     `json:"log_name" parquet:"log_name,optional"`
	LogProvider     *string     `json:"log_provider" parquet:"log_provider,optional"`
	LogVersion      *string     `json:"log_version" parquet:"log_version,optional"`
	LoggedTime      *int64      `json:"logged_time" parquet:"logged_time,optional"`
	LoggedTimeDT    *timestamp  `json:"logged_time_dt" parquet:"logged_time_dt,optional,timestamp(microsecond)"`
	ModifiedTime    *int64      `json:"modified_time" parquet:"modified_time,optional"`
	ModifiedTimeDT  *timestamp  `json:"modified_time_dt" parquet:"modified_time_dt,optional,timestamp(microsecond)"`
	OriginalTime    *string     `json:"original_time" parquet:"original_time,optional"`
	ProcessedTime   *int64      `json:"processed_time" parquet:"processed_time,optional"`
	ProcessedTimeDT *timestamp  `json:"processed_time_dt" parquet:"processed_time_dt,optional,timestamp(microsecond)"`
	Product         *product    `json:"product" parquet:"product,optional"`
	Profiles        []string    `json:"profiles" parquet:"profiles,optional,list"`
	Sequence        *int32      `json:"sequence" parquet:"sequence,optional"`
	TenantUID       *string     `json:"tenant_uid" parquet:"tenant_uid,optional"`
	UID             *string     `json:"uid" parquet:"uid,optional"`
	Version         *string     `json:"version" parquet:"version,optional"`
}

type extension struct {
	Name    *string `json:"name" parquet:"name,optional"`
	UID     *string `json:"uid" parquet:"uid,optional"`
	Version *string `json:"version" parquet:"version,optional"`
}

type product struct {
	CPEName    *string  `json:"cpe_name" parquet:"cpe_name,optional"`
	Feature    *feature `json:"feature" parquet:"feature,optional"`
	Lang       *string  `json:"lang" parquet:"lang,optional"`
	Name       *string  `json:"name" parquet:"name,optional"`
	Path       *string  `json:"path" parquet:"path,optional"`
	UID        *string  `json:"uid" parquet:"uid,optional"`
	URLString  *string  `json:"url_string" parquet:"url_string,optional"`
	VendorName *string  `json:"vendor_name" parquet:"vendor_name,optional"`
	Version    *string  `json:"version" parquet:"version,optional"`
}

type feature struct {
	Name    *string `json:"name" parquet:"name,optional"`
	UID     *string `json:"uid" parquet:"uid,optional"`
	Version *string `json:"version" parquet:"version,optional"`
}

type findingInfo struct {
	Analytic        *analytic      `json:"analytic" parquet:"analytic,optional"`
	CreatedTime     *int64         `json:"created_time" parquet:"created_time,optional"`
	CreatedTimeDT   *timestamp     `json:"created_time_dt" parquet:"created_time_dt,optional,timestamp(microsecond)"`
	DataSources     []string       `json:"data_sources" parquet:"data_sources,optional,list"`
	Desc            *string        `json:"desc" parquet:"desc,optional"`
	FirstSeenTime   *int64         `json:"first_seen_time" parquet:"first_seen_time,optional"`
	FirstSeenTimeDT *timestamp     `json:"first_seen_time_dt" parquet:"first_seen_time_dt,optional,timestamp(microsecond)"`
	LastSeenTime    *int64         `json:"last_seen_time" parquet:"last_seen_time,optional"`
	LastSeenTimeDT  *timestamp     `json:"last_seen_time_dt" parquet:"last_seen_time_dt,optional,timestamp(microsecond)"`
	ModifiedTime    *int64         `json:"modified_time" parquet:"modified_time,optional"`
	ModifiedTimeDT  *timestamp     `json:"modified_time_dt" parquet:"modified_time_dt,optional,timestamp(microsecond)"`
	ProductUID      *string        `json:"product_uid" parquet:"product_uid,optional"`
	RelatedEvents   []relatedEvent `json:"related_events" parquet:"related_events,optional,list"`
	SrcURL          *string        `json:"src_url" parquet:"src_url,optional"`
	Title           *string        `json:"title" parquet:"title,optional"`
	Types           []string       `json:"types" parquet:"types,optional,list"`
	UID             *string        `json:"uid" parquet:"uid,optional"`
}

type analytic struct {
	Category *string `json:"category" parquet:"category,optional"`
	Desc     *string `json:"desc" parquet:"desc,optional"`
	Name     *string `json:"name" parquet:"name,optional"`
	Type     *string `json:"type" parquet:"type,optional"`
	TypeID   *int32  `json:"type_id" parquet:"type_id,optional"`
	UID      *string `json:"uid" parquet:"uid,optional"`
	Version  *string `json:"version" parquet:"version,optional"`
}

type relatedEvent struct {
	ProductUID *string `json:"product_uid" parquet:"product_uid,optional"`
	Type       *string `json:"type" parquet:"type,optional"`
	TypeUID    *int64  `json:"type_uid" parquet:"type_uid,optional"`
	UID        *string `json:"uid" parquet:"uid,optional"`
}

type observable struct {
	Name   *string `json:"name" parquet:"name,optional"`
	Type   *string `json:"type" parquet:"type,optional"`
	TypeID *int32  `json:"type_id" parquet:"type_id,optional"`
	Value  *string `json:"value" parquet:"value,optional"`
}

type enrichment struct {
	Data     *jsonText `json:"data" parquet:"data,optional"`
	Name     *string   `json:"name" parquet:"name,optional"`
	Provider *string   `json:"provider" parquet:"provider,optional"`
	Type     *string   `json:"type" parquet:"type,optional"`
	Value    *string   `json:"value" parquet:"value,optional"`
}

type compliance struct {
	Control      *string  `json:"control" parquet:"control,optional"`
	Requirements []string `json:"requirements" parquet:"requirements,optional,list"`
	Standards    []string `json:"standards" parquet:"standards,optional,list"`
	Status       *string  `json:"status" parquet:"status,optional"`
	StatusCode   *string  `json:"status_code" parquet:"status_code,optional"`
	StatusDetail *string  `json:"status_detail" parquet:"status_detail,optional"`
	StatusID     *int32   `json:"status_id" parquet:"status_id,optional"`
}

type remediation struct {
	Desc       *string  `json:"desc" parquet:"desc,optional"`
	KBArticles []string `json:"kb_articles" parquet:"kb_articles,optional,list"`
	References []string `json:"references" parquet:"references,optional,list"`
}

type resource struct {
	CloudPartition *string   `json:"cloud_partition" parquet:"cloud_partition,optional"`
	Criticality    *string   `json:"criticality" parquet:"criticality,optional"`
	Data           *jsonText `json:"data" parquet:"data,optional"`
	Group          *group    `json:"group" parquet:"group,optional"`
	Labels         []string  `json:"labels" parquet:"labels,optional,list"`
	Name           *string   `json:"name" parquet:"name,optional"`
	Namespace      *string   `json:"namespace" parquet:"namespace,optional"`
	Owner          *user     `json:"owner" parquet:"owner,optional"`
	Region         *string   `json:"region" parquet:"region,optional"`
	Type           *string   `json:"type" parquet:"type,optional"`
	UID            *string   `json:"uid" parquet:"uid,optional"`
	Version        *string   `json:"version" parquet:"version,optional"`
}

type group struct {
	Desc       *string  `json:"desc" parquet:"desc,optional"`
	Domain     *string  `json:"domain" parquet:"domain,optional"`
	Name       *string  `json:"name" parquet:"name,optional"`
	Privileges []string `json:"privileges" parquet:"privileges,optional,list"`
	Type       *string  `json:"type" parquet:"type,optional"`
	UID        *string  `json:"uid" parquet:"uid,optional"`
}

type user struct {
	Account       *account      `json:"account" parquet:"account,optional"`
	CredentialUID *string       `json:"credential_uid" parquet:"credential_uid,optional"`
	Domain        *string       `json:"domain" parquet:"domain,optional"`
	EmailAddr     *string       `json:"email_addr" parquet:"email_addr,optional"`
	FullName      *string       `json:"full_name" parquet:"full_name,optional"`
	Name          *string       `json:"name" parquet:"name,optional"`
	Org           *organization `json:"org" parquet:"org,optional"`
	Type          *string       `json:"type" parquet:"type,optional"`
	TypeID        *int32        `json:"type_id" parquet:"type_id,optional"`
	UID           *string       `json:"uid" parquet:"uid,optional"`
	UIDAlt        *string       `json:"uid_alt" parquet:"uid_alt,optional"`
}

type vulnerability struct {
	AffectedCode           []affectedCode    `json:"affected_code" parquet:"affected_code,optional,list"`
	AffectedPackages       []affectedPackage `json:"affected_packages" parquet:"affected_packages,optional,list"`
	CVE                    *cve              `json:"cve" parquet:"cve,optional"`
	CWE                    *cwe              `json:"cwe" parquet:"cwe,optional"`
	Desc                   *string           `json:"desc" parquet:"desc,optional"`
	FirstSeenTime          *int64            `json:"first_seen_time" parquet:"first_seen_time,optional"`
	FirstSeenTimeDT        *timestamp        `json:"first_seen_time_dt" parquet:"first_seen_time_dt,optional,timestamp(microsecond)"`
	FixAvailable           *bool             `json:"fix_available" parquet:"fix_available,optional"`
	IsExploitAvailable     *bool             `json:"is_exploit_available" parquet:"is_exploit_available,optional"`
	IsFixAvailable         *bool             `json:"is_fix_available" parquet:"is_fix_available,optional"`
	KBArticles             []string          `json:"kb_articles" parquet:"kb_articles,optional,list"`
	LastSeenTime           *int64            `json:"last_seen_time" parquet:"last_seen_time,optional"`
	LastSeenTimeDT         *timestamp        `json:"last_seen_time_dt" parquet:"last_seen_time_dt,optional,timestamp(microsecond)"`
	References             []string          `json:"references" parquet:"references,optional,list"`
	RelatedVulnerabilities []string          `json:"related_vulnerabilities" parquet:"related_vulnerabilities,optional,list"`
	Remediation            *remediation      `json:"remediation" parquet:"remediation,optional"`
	Severity               *string           `json:"severity" parquet:"severity,optional"`
	Title                  *string           `json:"title" parquet:"title,optional"`
	VendorName             *string           `json:"vendor_name" parquet:"vendor_name,optional"`
}

type affectedCode struct {
	EndLine     *int32       `json:"end_line" parquet:"end_line,optional"`
	File        *file        `json:"file" parquet:"file,optional"`
	Remediation *remediation `json:"remediation" parquet:"remediation,optional"`
	StartLine   *int32       `json:"start_line" parquet:"start_line,optional"`
}

type affectedPackage struct {
	Architecture   *string      `json:"architecture" parquet:"architecture,optional"`
	Epoch          *int32       `json:"epoch" parquet:"epoch,optional"`
	FixedInVersion *string      `json:"fixed_in_version" parquet:"fixed_in_version,optional"`
	License        *string      `json:"license" parquet:"license,optional"`
	Name           *string      `json:"name" parquet:"name,optional"`
	PackageManager *string      `json:"package_manager" parquet:"package_manager,optional"`
	Path           *string      `json:"path" parquet:"path,optional"`
	PURL           *string      `json:"purl" parquet:"purl,optional"`
	Release        *string      `json:"release" parquet:"release,optional"`
	Remediation    *remediation `json:"remediation" parquet:"remediation,optional"`
	Version        *string      `json:"version" parquet:"version,optional"`
}

type cve struct {
	CreatedTime    *int64     `json:"created_time" parquet:"created_time,optional"`
	CreatedTimeDT  *timestamp `json:"created_time_dt" parquet:"created_time_dt,optional,timestamp(microsecond)"`
	CVSS           []cvss     `json:"cvss" parquet:"cvss,optional,list"`
	CWE            *cwe       `json:"cwe" parquet:"cwe,optional"`
	CWEUID         *string    `json:"cwe_uid" parquet:"cwe_uid,optional"`
	CWEURL         *string    `json:"cwe_url" parquet:"cwe_url,optional"`
	Desc           *string    `json:"desc" parquet:"desc,optional"`
	EPSS           *epss      `json:"epss" parquet:"epss,optional"`
	ModifiedTime   *int64     `json:"modified_time" parquet:"modified_time,optional"`
	ModifiedTimeDT *timestamp `json:"modified_time_dt" parquet:"modified_time_dt,optional,timestamp(microsecond)"`
	Product        *product   `json:"product" parquet:"product,optional"`
	References     []string   `json:"references" parquet:"references,optional,list"`
	Title          *string    `json:"title" parquet:"title,optional"`
	Type           *string    `json:"type" parquet:"type,optional"`
	UID            *string    `json:"uid" parquet:"uid,optional"`
}

type cvss struct {
	BaseScore    *float64 `json:"base_score" parquet:"base_score,optional"`
	Depth        *string  `json:"depth" parquet:"depth,optional"`
	Metrics      []metric `json:"metrics" parquet:"metrics,optional,list"`
	OverallScore *float64 `json:"overall_score" parquet:"overall_score,optional"`
	Severity     *string  `json:"severity" parquet:"severity,optional"`
	VectorString *string  `json:"vector_string" parquet:"vector_string,optional"`
	Version      *string  `json:"version" parquet:"version,optional"`
}

type metric struct {
	Name  *string `json:"name" parquet:"name,optional"`
	Value *string `json:"value" parquet:"value,optional"`
}

type cwe struct {
	Caption *string `json:"caption" parquet:"caption,optional"`
	SrcURL  *string `json:"src_url" parquet:"src_url,optional"`
	UID     *string `json:"uid" parquet:"uid,optional"`
}

type epss struct {
	CreatedTime   *int64     `json:"created_time" parquet:"created_time,optional"`
	CreatedTimeDT *timestamp `json:"created_time_dt" parquet:"created_time_dt,optional,timestamp(microsecond)"`
	Percentile    *float64   `json:"percentile" parquet:"percentile,optional"`
	Score         *string    `json:"score" parquet:"score,optional"`
	Version       *string    `json:"version" parquet:"version,optional"`
}

type evidence struct {
	Actor          *actor          `json:"actor" parquet:"actor,optional"`
	API            *api            `json:"api" parquet:"api,optional"`
	ConnectionInfo *connectionInfo `json:"connection_info" parquet:"connection_info,optional"`
	Data           *jsonText       `json:"data" parquet:"data,optional"`
	DstEndpoint    *endpoint       `json:"dst_endpoint" parquet:"dst_endpoint,optional"`
	File           *file           `json:"file" parquet:"file,optional"`
	Process        *process        `json:"process" parquet:"process,optional"`
	Query          *dnsQuery       `json:"query" parquet:"query,optional"`
	SrcEndpoint    *endpoint       `json:"src_endpoint" parquet:"src_endpoint,optional"`
}

type actor struct {
	InvokedBy *string `json:"invoked_by" parquet:"invoked_by,optional"`
	User      *user   `json:"user" parquet:"user,optional"`
}

type api struct {
	Operation *string   `json:"operation" parquet:"operation,optional"`
	Request   *request  `json:"request" parquet:"request,optional"`
	Response  *response `json:"response" parquet:"response,optional"`
	Service   *service  `json:"service" parquet:"service,optional"`
	Version   *string   `json:"version" parquet:"version,optional"`
}

type request struct {
	Data  *jsonText `json:"data" parquet:"data,optional"`
	Flags []string  `json:"flags" parquet:"flags,optional,list"`
	UID   *string   `json:"uid" parquet:"uid,optional"`
}

type response struct {
	Code         *int32    `json:"code" parquet:"code,optional"`
	Data         *jsonText `json:"data" parquet:"data,optional"`
	Error        *string   `json:"error" parquet:"error,optional"`
	ErrorMessage *string   `json:"error_message" parquet:"error_message,optional"`
	Flags        []string  `json:"flags" parquet:"flags,optional,list"`
	Message      *string   `json:"message" parquet:"message,optional"`
}

type service struct {
	Labels  []string `json:"labels" parquet:"labels,optional,list"`
	Name    *string  `json:"name" parquet:"name,optional"`
	UID     *string  `json:"uid" parquet:"uid,optional"`
	Version *string  `json:"version" parquet:"version,optional"`
}

type connectionInfo struct {
	Boundary      *string `json:"boundary" parquet:"boundary,optional"`
	BoundaryID    *int32  `json:"boundary_id" parquet:"boundary_id,optional"`
	Direction     *string `json:"direction" parquet:"direction,optional"`
	DirectionID   *int32  `json:"direction_id" parquet:"direction_id,optional"`
	ProtocolName  *string `json:"protocol_name" parquet:"protocol_name,optional"`
	ProtocolNum   *int32  `json:"protocol_num" parquet:"protocol_num,optional"`
	ProtocolVer   *string `json:"protocol_ver" parquet:"protocol_ver,optional"`
	ProtocolVerID *int32  `json:"protocol_ver_id" parquet:"protocol_ver_id,optional"`
	TCPFlags      *int32  `json:"tcp_flags" parquet:"tcp_flags,optional"`
	UID           *string `json:"uid" parquet:"uid,optional"`
}

type endpoint struct {
	Domain          *string   `json:"domain" parquet:"domain,optional"`
	Hostname        *string   `json:"hostname" parquet:"hostname,optional"`
	InstanceUID     *string   `json:"instance_uid" parquet:"instance_uid,optional"`
	InterfaceName   *string   `json:"interface_name" parquet:"interface_name,optional"`
	InterfaceUID    *string   `json:"interface_uid" parquet:"interface_uid,optional"`
	IntermediateIPs []string  `json:"intermediate_ips" parquet:"intermediate_ips,optional,list"`
	IP              *string   `json:"ip" parquet:"ip,optional"`
	Location        *location `json:"location" parquet:"location,optional"`
	MAC             *string   `json:"mac" parquet:"mac,optional"`
	Name            *string   `json:"name" parquet:"name,optional"`
	Port            *int32    `json:"port" parquet:"port,optional"`
	SubnetUID       *string   `json:"subnet_uid" parquet:"subnet_uid,optional"`
	SvcName         *string   `json:"svc_name" parquet:"svc_name,optional"`
	Type            *string   `json:"type" parquet:"type,optional"`
	TypeID          *int32    `json:"type_id" parquet:"type_id,optional"`
	UID             *string   `json:"uid" parquet:"uid,optional"`
	VLANUID         *string   `json:"vlan_uid" parquet:"vlan_uid,optional"`
	VPCUID          *string   `json:"vpc_uid" parquet:"vpc_uid,optional"`
	Zone            *string   `json:"zone" parquet:"zone,optional"`
}

type location struct {
	City         *string   `json:"city" parquet:"city,optional"`
	Continent    *string   `json:"continent" parquet:"continent,optional"`
	Coordinates  []float64 `json:"coordinates" parquet:"coordinates,optional,list"`
	Country      *string   `json:"country" parquet:"country,optional"`
	Desc         *string   `json:"desc" parquet:"desc,optional"`
	IsOnPremises *bool     `json:"is_on_premises" parquet:"is_on_premises,optional"`
	ISP          *string   `json:"isp" parquet:"isp,optional"`
	PostalCode   *string   `json:"postal_code" parquet:"postal_code,optional"`
	Provider     *string   `json:"provider" parquet:"provider,optional"`
	Region       *string   `json:"region" parquet:"region,optional"`
}

type dnsQuery struct {
	Class     *string `json:"class" parquet:"class,optional"`
	Hostname  *string `json:"hostname" parquet:"hostname,optional"`
	Opcode    *string `json:"opcode" parquet:"opcode,optional"`
	OpcodeID  *int32  `json:"opcode_id" parquet:"opcode_id,optional"`
	PacketUID *int32  `json:"packet_uid" parquet:"packet_uid,optional"`
	Type      *string `json:"type" parquet:"type,optional"`
}

type file struct {
	AccessedTime       *int64        `json:"accessed_time" parquet:"accessed_time,optional"`
	AccessedTimeDT     *timestamp    `json:"accessed_time_dt" parquet:"accessed_time_dt,optional,timestamp(microsecond)"`
	Attributes         *int32        `json:"attributes" parquet:"attributes,optional"`
	CompanyName        *string       `json:"company_name" parquet:"company_name,optional"`
	Confidentiality    *string       `json:"confidentiality" parquet:"confidentiality,optional"`
	ConfidentialityID  *int32        `json:"confidentiality_id" parquet:"confidentiality_id,optional"`
	CreatedTime        *int64        `json:"created_time" parquet:"created_time,optional"`
	CreatedTimeDT      *timestamp    `json:"created_time_dt" parquet:"created_time_dt,optional,timestamp(microsecond)"`
	Desc               *string       `json:"desc" parquet:"desc,optional"`
	Hashes             []fingerprint `json:"hashes" parquet:"hashes,optional,list"`
	IsSystem           *bool         `json:"is_system" parquet:"is_system,optional"`
	MIMEType           *string       `json:"mime_type" parquet:"mime_type,optional"`
	ModifiedTime       *int64        `json:"modified_time" parquet:"modified_time,optional"`
	ModifiedTimeDT     *timestamp    `json:"modified_time_dt" parquet:"modified_time_dt,optional,timestamp(microsecond)"`
	Name               *string       `json:"name" parquet:"name,optional"`
	ParentFolder       *string       `json:"parent_folder" parquet:"parent_folder,optional"`
	Path               *string       `json:"path" parquet:"path,optional"`
	SecurityDescriptor *string       `json:"security_descriptor" parquet:"security_descriptor,optional"`
	Size               *int64        `json:"size" parquet:"size,optional"`
	Type               *string       `json:"type" parquet:"type,optional"`
	TypeID             *int32        `json:"type_id" parquet:"type_id,optional"`
	UID                *string       `json:"uid" parquet:"uid,optional"`
	Version            *string       `json:"version" parquet:"version,optional"`
}

type fingerprint struct {
	Algorithm   *string `json:"algorithm" parquet:"algorithm,optional"`
	AlgorithmID *int32  `json:"algorithm_id" parquet:"algorithm_id,optional"`
	Value       *string `json:"value" parquet:"value,optional"`
}

type process struct {
	CmdLine          *string        `json:"cmd_line" parquet:"cmd_line,optional"`
	CreatedTime      *int64         `json:"created_time" parquet:"created_time,optional"`
	CreatedTimeDT    *timestamp     `json:"created_time_dt" parquet:"created_time_dt,optional,timestamp(microsecond)"`
	Integrity        *string        `json:"integrity" parquet:"integrity,optional"`
	IntegrityID      *int32         `json:"integrity_id" parquet:"integrity_id,optional"`
	Lineage          []string       `json:"lineage" parquet:"lineage,optional,list"`
	LoadedModules    []string       `json:"loaded_modules" parquet:"loaded_modules,optional,list"`
	Name             *string        `json:"name" parquet:"name,optional"`
	PID              *int32         `json:"pid" parquet:"pid,optional"`
	Sandbox          *string        `json:"sandbox" parquet:"sandbox,optional"`
	TerminatedTime   *int64         `json:"terminated_time" parquet:"terminated_time,optional"`
	TerminatedTimeDT *timestamp     `json:"terminated_time_dt" parquet:"terminated_time_dt,optional,timestamp(microsecond)"`
	TID              *int32         `json:"tid" parquet:"tid,optional"`
	UID              *string        `json:"uid" parquet:"uid,optional"`
	File             *file          `json:"file" parquet:"file,optional"`
	ParentProcess    *parentProcess `json:"parent_process" parquet:"parent_process,optional"`
	User             *user          `json:"user" parquet:"user,optional"`
}

// parentProcess is a process without its file, user and own parent: columns do
// not recurse.
type parentProcess struct {
	CmdLine          *string    `json:"cmd_line" parquet:"cmd_line,optional"`
	CreatedTime      *int64     `json:"created_time" parquet:"created_time,optional"`
	CreatedTimeDT    *timestamp `json:"created_time_dt" parquet:"created_time_dt,optional,timestamp(microsecond)"`
	Integrity        *string    `json:"integrity" parquet:"integrity,optional"`
	IntegrityID      *int32     `json:"integrity_id" parquet:"integrity_id,optional"`
	Lineage          []string   `json:"lineage" parquet:"lineage,optional,list"`
	LoadedModules    []string   `json:"loaded_modules" parquet:"loaded_modules,optional,list"`
	Name             *string    `json:"name" parquet:"name,optional"`
	PID              *int32     `json:"pid" parquet:"pid,optional"`
	Sandbox          *string    `json:"sandbox" parquet:"sandbox,optional"`
	TerminatedTime   *int64     `json:"terminated_time" parquet:"terminated_time,optional"`
	TerminatedTimeDT *timestamp `json:"terminated_time_dt" parquet:"terminated_time_dt,optional,timestamp(microsecond)"`
	TID              *int32     `json:"tid" parquet:"tid,optional"`
	UID              *string    `json:"uid" parquet:"uid,optional"`
}

// timestamp is OCSF's datetime_t in microseconds since 1970, the finest that
// Athena, Spark and Hive read. Few findings have finer times than milliseconds.
type timestamp int64

// UnmarshalJSON reads RFC 3339.
func (t *timestamp) UnmarshalJSON(b []byte) error {
	var at time.Time
	if err := json.Unmarshal(b, &at); err != nil {
		return err
	}
	*t = timestamp(at.UnixMicro())
	return nil
}

// jsonText is OCSF's json_t, any JSON value, in a column of text. A string
// stands for itself, as in the events of AWS, which have JSON within strings.
type jsonText string

// UnmarshalJSON reads any value.
func (t *jsonText) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		return json.Unmarshal(b, (*string)(t))
	}
	*t = jsonText(b)
	return nil
}
