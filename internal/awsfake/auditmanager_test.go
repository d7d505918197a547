package awsfake

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/auditmanager"
	"github.com/aws/aws-sdk-go-v2/service/auditmanager/types"
)

func TestAuditManagerAnswers(t *testing.T) {
	s := New(t)
	s.At(admin, home)
	client := auditmanager.NewFromConfig(once(s, admin, home))
	ctx := t.Context()
	if out, err := client.GetAccountStatus(ctx, &auditmanager.GetAccountStatusInput{}); err != nil || out.Status != types.AccountStatusInactive {
		t.Error(out, err)
	}
	_, err := client.ListAssessments(ctx, &auditmanager.ListAssessmentsInput{})
	if e := new(types.AccessDeniedException); !errors.As(err, &e) {
		t.Errorf("not set up: %v", err)
	}
	folder := fill[types.AssessmentEvidenceFolder]()
	folder.ControlSetId = aws.String("AC / access: control") // is part of a path
	a := Assessment{Assessment: fill[types.Assessment](), Folders: []types.AssessmentEvidenceFolder{folder},
		UserRole: &types.Role{RoleArn: aws.String("r"), RoleType: types.RoleTypeProcessOwner},
		Evidence: map[string][]types.Evidence{*folder.Id: {fill[types.Evidence](), fill[types.Evidence](), fill[types.Evidence]()}}}
	settings := fill[types.Settings]()
	s.Update(func() {
		s.PageSize = 2
		s.Accounts[admin].Regions[home].AuditManager = &AuditManager{Settings: settings, Assessments: []Assessment{a}}
	})
	id := a.Metadata.Id
	if out, err := client.GetAccountStatus(ctx, &auditmanager.GetAccountStatusInput{}); err != nil || out.Status != types.AccountStatusActive {
		t.Error(out, err)
	}
	if out, err := client.GetSettings(ctx, &auditmanager.GetSettingsInput{Attribute: types.SettingAttributeAll}); err != nil {
		t.Error(err)
	} else {
		same(t, "settings", settings, *out.Settings)
	}
	if out, err := client.ListAssessments(ctx, &auditmanager.ListAssessmentsInput{Status: a.Metadata.Status}); err != nil || len(out.AssessmentMetadata) != 1 {
		t.Error(out, err)
	} else {
		m := out.AssessmentMetadata[0]
		same(t, "metadata", a.Metadata.Roles, m.Roles)
		same(t, "metadata", a.Metadata.LastUpdated, m.LastUpdated)
	}
	if out, err := client.GetAssessment(ctx, &auditmanager.GetAssessmentInput{AssessmentId: id}); err != nil {
		t.Error(err)
	} else {
		same(t, "assessment", a.Assessment, *out.Assessment)
		same(t, "role", a.UserRole, out.UserRole)
	}
	if out, err := client.GetEvidenceFoldersByAssessment(ctx, &auditmanager.GetEvidenceFoldersByAssessmentInput{AssessmentId: id}); err != nil {
		t.Error(err)
	} else {
		same(t, "folders", a.Folders, out.EvidenceFolders)
	}
	if out, err := client.GetEvidenceFoldersByAssessmentControl(ctx, &auditmanager.GetEvidenceFoldersByAssessmentControlInput{
		AssessmentId: id, ControlSetId: folder.ControlSetId, ControlId: folder.ControlId}); err != nil {
		t.Error(err)
	} else {
		same(t, "folders of a control", a.Folders, out.EvidenceFolders)
	}
	var evidence []types.Evidence
	for p := auditmanager.NewGetEvidenceByEvidenceFolderPaginator(client, &auditmanager.GetEvidenceByEvidenceFolderInput{
		AssessmentId: id, ControlSetId: folder.ControlSetId, EvidenceFolderId: folder.Id}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Evidence) > 2 {
			t.Errorf("%d items on a page", len(page.Evidence))
		}
		evidence = append(evidence, page.Evidence...)
	}
	same(t, "evidence", a.Evidence[*folder.Id], evidence)
	_, err = client.GetAssessment(ctx, &auditmanager.GetAssessmentInput{AssessmentId: aws.String("none")})
	if e := new(types.ResourceNotFoundException); !errors.As(err, &e) {
		t.Errorf("no such assessment: %v", err)
	}
}
