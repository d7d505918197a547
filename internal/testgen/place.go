package testgen

import (
	"fmt"
	"strings"
)

// account is an AWS account of the estate.
type account struct{ id, name string }

// wellKnownAccounts come first; their ids are the made-up ones that
// documentation uses. The second one has leading zeros.
var wellKnownAccounts = [...]account{
	{"111122223333", "management"},
	{"000123456789", "workloads"},
	{"444455556666", "legacy"},
	{"777788889999", "data-platform"},
	{"012345678901", "sandbox"},
	{"123456789012", "shared-services"},
}

const maxAccounts = 10000

// accountAt returns the account with the given number.
func accountAt(i int) account {
	if i < len(wellKnownAccounts) {
		return wellKnownAccounts[i]
	}
	return account{fmt.Sprintf("%012d", 200000000000+int64(i)*70000051), fmt.Sprintf("team-%d", i)}
}

// region is an AWS region; short is its name within resource names.
type region struct{ id, short string }

// regionsOf returns the regions of a partition.
func regionsOf(partition string) (regions []region, ok bool) {
	var ids []string
	switch partition {
	case "aws":
		ids = []string{
			"us-east-1", "us-west-2", "eu-central-1", "ap-southeast-2", "eu-west-1", "us-east-2",
			"ca-central-1", "eu-north-1", "ap-south-1", "sa-east-1", "ap-northeast-1", "eu-west-3",
		}
	case "aws-us-gov":
		ids = []string{"us-gov-west-1", "us-gov-east-1"}
	case "aws-cn":
		ids = []string{"cn-north-1", "cn-northwest-1"}
	}
	for _, id := range ids {
		regions = append(regions, region{id, shortRegion(id)})
	}
	return regions, len(ids) > 0
}

// shortRegion abbreviates a region: "use1", "usgw1", "apse2".
func shortRegion(id string) string {
	parts := strings.Split(id, "-")
	short := parts[0]
	for _, p := range parts[1:] {
		rest := p[1:]
		short += p[:1]
		for _, direction := range []string{"east", "west"} {
			if p != direction && strings.HasSuffix(rest, direction) {
				short += direction[:1]
			}
		}
	}
	return short
}

// consoleHost returns the host name of a partition's console.
func consoleHost(partition string) string {
	switch partition {
	case "aws-us-gov":
		return "console.amazonaws-us-gov.com"
	case "aws-cn":
		return "console.amazonaws.cn"
	}
	return "console.aws.amazon.com"
}
