package auditmanager

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/auditmanager"
	"github.com/aws/aws-sdk-go-v2/service/auditmanager/types"

	"github.com/go-shca/shca/internal/awsapi"
)

// sdk asks by the AWS SDK, which is not given what is read from the answer's text:
// what it cannot read must not cost the page.
type sdk struct{ client *auditmanager.Client }

var _ api = (*sdk)(nil)

// The sizes of pages: as many as the API gives (API reference, maxResults: 1,000),
// and of evidence so many that an answer has a few megabytes at most.
const (
	folderPage   = 1000
	evidencePage = 500
)

// optional returns nil for an empty text.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (s *sdk) status(ctx context.Context) (string, error) {
	out, err := s.client.GetAccountStatus(ctx, &auditmanager.GetAccountStatusInput{})
	if err != nil {
		return "", err
	}
	return string(out.Status), nil
}

func (s *sdk) assessments(ctx context.Context, status, token string) ([]byte, error) {
	ctx, body := awsapi.Answers(ctx)
	_, err := s.client.ListAssessments(ctx, &auditmanager.ListAssessmentsInput{Status: types.AssessmentStatus(status), NextToken: optional(token)})
	return body(), err
}

func (s *sdk) assessment(ctx context.Context, id string) ([]byte, error) {
	ctx, body := awsapi.Answers(ctx)
	_, err := s.client.GetAssessment(ctx, &auditmanager.GetAssessmentInput{AssessmentId: &id})
	return body(), err
}

func (s *sdk) folders(ctx context.Context, assessment, token string) ([]byte, error) {
	ctx, body := awsapi.Answers(ctx)
	_, err := s.client.GetEvidenceFoldersByAssessment(ctx, &auditmanager.GetEvidenceFoldersByAssessmentInput{
		AssessmentId: &assessment, NextToken: optional(token), MaxResults: aws.Int32(folderPage),
	})
	return body(), err
}

func (s *sdk) evidence(ctx context.Context, assessment, set, folder, token string) ([]byte, error) {
	ctx, body := awsapi.Answers(ctx)
	_, err := s.client.GetEvidenceByEvidenceFolder(ctx, &auditmanager.GetEvidenceByEvidenceFolderInput{
		AssessmentId: &assessment, ControlSetId: &set, EvidenceFolderId: &folder, NextToken: optional(token), MaxResults: aws.Int32(evidencePage),
	})
	return body(), err
}
