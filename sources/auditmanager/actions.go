package auditmanager

// Action is an IAM action that pulling uses.
type Action struct {
	Name     string // "auditmanager:GetAssessment"
	For      string // what it is needed for
	Optional bool   // evidence is pulled without it
}

// Actions lists the IAM actions that pulling uses (Service Authorization
// Reference, "Actions, resources, and condition keys for AWS Audit Manager").
func Actions() []Action {
	return []Action{
		{"auditmanager:ListAssessments", "which assessments there are", false},
		{"auditmanager:GetAssessment", "an assessment's framework and controls, with their reviews", false},
		{"auditmanager:GetEvidenceFoldersByAssessment", "the evidence folders of an assessment, and the controls that they belong to", false},
		{"auditmanager:GetEvidenceByEvidenceFolder", "the evidence", false},
		{"auditmanager:GetAccountStatus", "whether Audit Manager is set up, where it refuses a request", true},
	}
}
