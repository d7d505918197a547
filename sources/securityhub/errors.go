package securityhub

import (
	"errors"

	"github.com/go-shca/shca/internal/awsapi"
)

// Action is an IAM action that pulling uses.
type Action struct {
	Name     string // "securityhub:GetFindings"
	For      string // what it is needed for
	Optional bool   // findings are pulled without it, and a scope says what is missing
}

// Actions lists the IAM actions that pulling uses (Service Authorization
// Reference, "Actions, resources, and condition keys for AWS Security Hub").
func Actions() []Action {
	return []Action{
		{"securityhub:GetFindings", "findings, also those of Security Hub V2", false},
		{"securityhub:DescribeHub", "whether Security Hub CSPM is enabled in the Region", true},
		{"securityhub:DescribeSecurityHubV2", "whether Security Hub V2 is enabled where CSPM is not", true},
		{"securityhub:ListFindingAggregators", "which Regions are linked to a home Region, so that their findings are pulled once", true},
		{"securityhub:GetFindingAggregator", "the same", true},
		{"securityhub:GetAdministratorAccount", "whose findings come with those of an administrator account, where several accounts are pulled", true},
		{"securityhub:GetEnabledStandards", "whether the standard is enabled", true},
		{"securityhub:ListSecurityControlDefinitions", "the checks of the standard", true},
		{"securityhub:BatchGetStandardsControlAssociations", "which checks are disabled, and why", true},
		{"securityhub:BatchGetSecurityControls", "whether a disabled check runs for another standard", true},
	}
}

// action is the IAM action that allows an operation. They have the same names
// but for one (Security Hub API reference, GetFindingsV2).
func action(operation string) string {
	if operation == "GetFindingsV2" {
		operation = "GetFindings"
	}
	return "securityhub:" + operation
}

// Sentence is what to do about an error code of Security Hub.
type Sentence struct {
	Code       string
	Operations []string // that it holds for; none is every operation without a sentence of its own
	Advice     string
}

const enable = "enable Security Hub CSPM there, or leave the Region out of --regions"

// Sentences lists what is said about the error codes that Security Hub gives a
// meaning of its own. Package awsapi has what holds for every service.
func Sentences() []Sentence {
	return []Sentence{
		{"InvalidAccessException", []string{"DescribeHub"}, "the account is not subscribed to Security Hub in this Region: " + enable},
		{"ResourceNotFoundException", []string{"DescribeHub"}, "the account is not subscribed to Security Hub in this Region: " + enable},
		{"ResourceNotFoundException", []string{"DescribeSecurityHubV2"}, "Security Hub V2 is not enabled in this Region: enable it there, or leave the Region out of --regions"},
		{"InvalidAccessException", []string{"GetFindings"}, "the account is not subscribed to Security Hub in this Region, or may not read these findings: " + enable + "; findings of other accounts can be read in their administrator account only"},
		{"InvalidAccessException", []string{"ListFindingAggregators", "GetFindingAggregator"}, "only an account that is subscribed to Security Hub, and for some settings only the administrator account, may ask for the linked Regions"},
		{"InvalidAccessException", nil, "the account is not subscribed to Security Hub in this Region, or is not the administrator account that this needs: " + enable + ", or use the administrator account"},
		{"InvalidInputException", []string{"GetFindings"}, "Security Hub does not take the request: see whether the filter's names and values are as the Security Hub API reference has them"},
		{"ValidationException", []string{"GetFindingsV2"}, "Security Hub does not take the request: see whether the filter's fields and values are as the Security Hub API reference has them"},
		{"OrganizationNotFoundException", nil, "the account is in no organization that Security Hub V2 knows: use the delegated administrator account"},
		{"OrganizationalUnitNotFoundException", nil, "the organizational unit does not exist: see the filter"},
	}
}

// advice returns the sentence for an error code of an operation, or "".
func advice(code, operation string) string {
	general := ""
	for _, s := range Sentences() {
		if s.Code != code {
			continue
		}
		if len(s.Operations) == 0 {
			general = s.Advice
		}
		for _, o := range s.Operations {
			if o == operation {
				return s.Advice
			}
		}
	}
	return general
}

// explain says what went wrong, and what to do, in words for people.
func explain(err error, account, region, operation string) error {
	err = awsapi.Explain(err, account, region, action(operation))
	var explained *awsapi.Error
	if !errors.As(err, &explained) || explained.Action == awsapi.AssumeRole {
		return err
	}
	if explained.Denied() {
		told := *explained
		told.Advice = "missing permission " + told.Action + ": " + told.Advice
		if operation == "GetFindingsV2" { // API reference, GetFindingsV2, Errors
			told.Advice += "; Security Hub V2 answers the same where it is not enabled"
		}
		return &told
	}
	if text := advice(awsapi.Code(explained.Err), operation); text != "" {
		told := *explained
		told.Advice = text
		return &told
	}
	return err
}

// denied reports whether AWS refused a request for want of a permission.
func denied(err error) bool {
	var explained *awsapi.Error
	return errors.As(awsapi.Explain(err, "", "", ""), &explained) && explained.Denied() && explained.Action != awsapi.AssumeRole
}
