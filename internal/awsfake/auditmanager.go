package awsfake

import (
	"cmp"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/auditmanager"
	"github.com/aws/aws-sdk-go-v2/service/auditmanager/types"
)

// AuditManager is Audit Manager in one account and Region.
type AuditManager struct {
	Status      types.AccountStatus // ACTIVE if empty
	Settings    types.Settings
	Assessments []Assessment
}

// Assessment is an assessment with its evidence.
type Assessment struct {
	types.Assessment
	UserRole *types.Role
	Folders  []types.AssessmentEvidenceFolder
	Evidence map[string][]types.Evidence // by id of the folder
}

// auditManagerOperations lists the operations of Audit Manager (API reference, Actions).
var auditManagerOperations = []operation{
	{"auditmanager", "GetAccountStatus", "GET", "/account/status", getAccountStatus},
	{"auditmanager", "GetSettings", "GET", "/settings/{attribute}", getSettings},
	{"auditmanager", "ListAssessments", "GET", "/assessments", listAssessments},
	{"auditmanager", "GetAssessment", "GET", "/assessments/{assessment}", getAssessment},
	{"auditmanager", "GetEvidenceFoldersByAssessment", "GET", "/assessments/{assessment}/evidenceFolders", getEvidenceFoldersByAssessment},
	{"auditmanager", "GetEvidenceFoldersByAssessmentControl", "GET", "/assessments/{assessment}/evidenceFolders-by-assessment-control/{set}/{control}", getEvidenceFoldersByAssessmentControl},
	{"auditmanager", "GetEvidenceByEvidenceFolder", "GET", "/assessments/{assessment}/controlSets/{set}/evidenceFolders/{folder}/evidence", getEvidenceByEvidenceFolder},
}

// auditManagerHere returns Audit Manager, or the error where it was not set up.
func (c *call) auditManagerHere() (*AuditManager, error) {
	if here := c.here().AuditManager; here != nil && cmp.Or(here.Status, types.AccountStatusActive) == types.AccountStatusActive {
		return here, nil
	}
	return nil, &Error{http.StatusForbidden, "AccessDeniedException", "Please complete AWS Audit Manager setup from home page to enable this action in this account."}
}

// assessment returns the assessment that the path names.
func (c *call) assessment() (*Assessment, error) {
	here, err := c.auditManagerHere()
	if err != nil {
		return nil, err
	}
	id := c.params["assessment"]
	for i := range here.Assessments {
		if m := here.Assessments[i].Metadata; m != nil && aws.ToString(m.Id) == id {
			return &here.Assessments[i], nil
		}
	}
	return nil, notFound("no assessment " + id)
}

func getAccountStatus(c *call) (any, error) {
	status := types.AccountStatusInactive
	if here := c.here().AuditManager; here != nil {
		status = cmp.Or(here.Status, types.AccountStatusActive)
	}
	return &auditmanager.GetAccountStatusOutput{Status: status}, nil
}

func getSettings(c *call) (any, error) {
	here, err := c.auditManagerHere()
	if err != nil {
		return nil, err
	}
	if c.params["attribute"] != string(types.SettingAttributeAll) {
		return nil, invalid(c.service, "the fake knows the attribute ALL only")
	}
	return &auditmanager.GetSettingsOutput{Settings: &here.Settings}, nil
}

func listAssessments(c *call) (any, error) {
	here, err := c.auditManagerHere()
	if err != nil {
		return nil, err
	}
	status := types.AssessmentStatus(c.r.URL.Query().Get("status"))
	var list []types.AssessmentMetadataItem
	for _, a := range here.Assessments {
		m := a.Metadata
		if m == nil || status != "" && m.Status != status {
			continue
		}
		list = append(list, types.AssessmentMetadataItem{
			Id: m.Id, Name: m.Name, Status: m.Status, ComplianceType: m.ComplianceType,
			CreationTime: m.CreationTime, LastUpdated: m.LastUpdated, Roles: m.Roles, Delegations: m.Delegations,
		})
	}
	page, next, err := pageOf(c, list, 1000, 100)
	return &auditmanager.ListAssessmentsOutput{AssessmentMetadata: page, NextToken: next}, err
}

func getAssessment(c *call) (any, error) {
	a, err := c.assessment()
	if err != nil {
		return nil, err
	}
	return &auditmanager.GetAssessmentOutput{Assessment: &a.Assessment, UserRole: a.UserRole}, nil
}

func getEvidenceFoldersByAssessment(c *call) (any, error) {
	a, err := c.assessment()
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(c, a.Folders, 1000, 100)
	return &auditmanager.GetEvidenceFoldersByAssessmentOutput{EvidenceFolders: page, NextToken: next}, err
}

func getEvidenceFoldersByAssessmentControl(c *call) (any, error) {
	a, err := c.assessment()
	if err != nil {
		return nil, err
	}
	list := where(a.Folders, func(f *types.AssessmentEvidenceFolder) bool {
		return aws.ToString(f.ControlSetId) == c.params["set"] && aws.ToString(f.ControlId) == c.params["control"]
	})
	page, next, err := pageOf(c, list, 1000, 100)
	return &auditmanager.GetEvidenceFoldersByAssessmentControlOutput{EvidenceFolders: page, NextToken: next}, err
}

func getEvidenceByEvidenceFolder(c *call) (any, error) {
	a, err := c.assessment()
	if err != nil {
		return nil, err
	}
	for _, f := range a.Folders {
		if id := aws.ToString(f.Id); id == c.params["folder"] && aws.ToString(f.ControlSetId) == c.params["set"] {
			page, next, err := pageOf(c, a.Evidence[id], 1000, 100)
			return &auditmanager.GetEvidenceByEvidenceFolderOutput{Evidence: page, NextToken: next}, err
		}
	}
	return nil, notFound("no evidence folder " + c.params["folder"])
}
