package awsfake

import (
	"cmp"
	"maps"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	organizationstypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
)

// Management is what an account says about its Regions and its organization.
type Management struct {
	// EnabledRegions is what ListRegions says; if nil, every Region in
	// Account.Regions is ENABLED_BY_DEFAULT.
	EnabledRegions []accounttypes.Region

	Organization *organizationstypes.Organization // nil: the account is in none
	// Accounts are those of the organization. Only its management account and
	// delegated administrators may list them: if nil, the caller is denied.
	Accounts []organizationstypes.Account
}

// managementOperations lists the operations of Account Management and Organizations.
var managementOperations = []operation{
	{"account", "ListRegions", "POST", "/listRegions", listRegions},
	{"organizations", "DescribeOrganization", "", "", describeOrganization},
	{"organizations", "ListAccounts", "", "", listAccounts},
}

func listRegions(c *call) (any, error) {
	var in account.ListRegionsInput
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	id := cmp.Or(aws.ToString(in.AccountId), c.account)
	a := c.s.Accounts[id]
	if a == nil {
		return nil, denied(c)
	}
	regions := a.EnabledRegions
	if regions == nil {
		for _, name := range slices.Sorted(maps.Keys(a.Regions)) {
			regions = append(regions, accounttypes.Region{RegionName: &name, RegionOptStatus: accounttypes.RegionOptStatusEnabledByDefault})
		}
	}
	list := []accounttypes.Region{}
	for _, r := range regions {
		if in.RegionOptStatusContains == nil || slices.Contains(in.RegionOptStatusContains, r.RegionOptStatus) {
			list = append(list, r)
		}
	}
	page, next, err := pageOf(c, list, 50, 20)
	return &account.ListRegionsOutput{Regions: page, NextToken: next}, err
}

func describeOrganization(c *call) (any, error) {
	o := c.s.Accounts[c.account].Organization
	if o == nil {
		return nil, &Error{http.StatusBadRequest, "AWSOrganizationsNotInUseException", "Your account is not a member of an organization."}
	}
	return &organizations.DescribeOrganizationOutput{Organization: o}, nil
}

func listAccounts(c *call) (any, error) {
	a := c.s.Accounts[c.account]
	switch {
	case a.Organization == nil:
		return nil, &Error{http.StatusBadRequest, "AWSOrganizationsNotInUseException", "Your account is not a member of an organization."}
	case a.Accounts == nil:
		return nil, &Error{http.StatusBadRequest, "AccessDeniedException", "You don't have permissions to access this resource."}
	}
	page, next, err := pageOf(c, a.Accounts, 20, 20)
	return &organizations.ListAccountsOutput{Accounts: page, NextToken: next}, err
}
