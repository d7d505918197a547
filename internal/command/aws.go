package command

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/awsapi"
	"github.com/go-shca/shca/internal/s3store"
)

// awsOptions are the flags that say as whom and where AWS is called.
type awsOptions struct {
	regions, accounts []string
	api               awsapi.Options

	session *awsapi.Session // once it is open
}

// regionName is the form of names of Regions, of every partition.
var regionName = regexp.MustCompile(`^[a-z]{2,4}(-[a-z0-9]{1,12}){1,4}-[0-9]{1,2}$`)

// all stands for every Region or account there is.
const all = "all"

// flags adds the flags; profile is the name of the one for the AWS profile, since
// assess has another profile.
func (o *awsOptions) flags(cmd *cobra.Command, profile string) {
	f := cmd.Flags()
	f.StringSliceVar(&o.regions, "regions", nil, "pull from these `Regions`, or all that are enabled (default the configured one)")
	f.StringSliceVar(&o.accounts, "accounts", nil, "pull from these `accounts`, or all of the organization, each through --role-arn (default the caller's)")
	f.StringVar(&o.api.RoleARN, "role-arn", "", "assume this `role`; {account} in it stands for each of --accounts")
	f.StringVar(&o.api.ExternalID, "external-id", "", "`id` that the role's trust policy asks for")
	f.StringVar(&o.api.Profile, profile, "", "`name` of a profile of the AWS configuration files")
	f.DurationVar(&o.api.Timeout, "timeout", 30*time.Second, "try again when AWS sends nothing for this `time`")
	f.BoolVar(&o.api.FIPS, "fips", false, "call FIPS endpoints only")
	f.BoolVar(&o.api.DualStack, "dual-stack", false, "call endpoints that have IPv6 addresses, too")
}

// check looks at the flags before anything is asked of AWS.
func (o *awsOptions) check() error {
	template := strings.Contains(o.api.RoleARN, awsapi.Placeholder)
	switch {
	case o.api.RoleARN != "" && !strings.HasPrefix(o.api.RoleARN, "arn:"):
		return usage("--role-arn: %q is no ARN such as arn:aws:iam::%s:role/audit", o.api.RoleARN, awsapi.Placeholder)
	case len(o.accounts) > 0 && !template:
		return usage("--accounts: give --role-arn as well, with %s in place of the account: arn:aws:iam::%s:role/audit", awsapi.Placeholder, awsapi.Placeholder)
	case template && len(o.accounts) == 0:
		return usage("--role-arn has a place for %s: name the --accounts, or all", awsapi.Placeholder)
	}
	if o.api.Timeout < time.Second {
		return usage("--timeout: %v is less than a second", o.api.Timeout)
	}
	for _, list := range []struct {
		flag   string
		values []string
	}{{"--regions", o.regions}, {"--accounts", o.accounts}} {
		for i, v := range list.values {
			if list.flag == "--regions" && v != all && !regionName.MatchString(v) {
				return usage("--regions: %q is no Region such as us-east-1", v)
			}
			switch {
			case v == "":
				return usage("%s: one of them is empty", list.flag)
			case v == all && len(list.values) > 1:
				return usage("%s: all goes with no other", list.flag)
			case slices.Contains(list.values[:i], v):
				return usage("%s: %s is named twice", list.flag, v)
			}
		}
	}
	for _, a := range o.accounts {
		if a != all && !shca.IsAccountID(a) {
			return usage("--accounts: %q is no account id of 12 digits", a)
		}
	}
	return nil
}

// open starts the session, once.
func (o *awsOptions) open(ctx context.Context) (*awsapi.Session, error) {
	if o.session != nil {
		return o.session, nil
	}
	api := o.api
	api.AppID = strings.Map(func(r rune) rune {
		if strings.ContainsRune("+()", r) {
			return '-'
		}
		return r
	}, "shca-"+version())
	if len(o.regions) > 0 && o.regions[0] != all {
		api.Region = o.regions[0]
	}
	session, err := awsapi.Open(ctx, api)
	if err != nil {
		return nil, err
	}
	o.session = session
	return session, nil
}

// places resolves the Regions and the accounts to pull from. Without --accounts
// there are none, which means the caller's own.
func (o *awsOptions) places(ctx context.Context) (regions, accounts []string, err error) {
	s, err := o.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	regions, accounts = slices.Sorted(slices.Values(o.regions)), slices.Sorted(slices.Values(o.accounts))
	switch {
	case len(regions) == 0:
		regions = []string{s.Region()}
	case regions[0] == all:
		if regions, err = s.Regions(ctx); err != nil {
			return nil, nil, err
		}
	}
	if len(accounts) > 0 && accounts[0] == all {
		if accounts, err = s.Accounts(ctx); err != nil {
			return nil, nil, err
		}
	}
	return regions, accounts, nil
}

// isS3 reports whether a name is an address of S3.
func isS3(name string) bool { return s3store.Is(name) }
