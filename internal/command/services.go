package command

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/go-shca/shca/collect"
	"github.com/go-shca/shca/internal/awsapi"
	"github.com/go-shca/shca/sources/auditmanager"
	"github.com/go-shca/shca/sources/configrules"
	"github.com/go-shca/shca/sources/securityhub"
)

// service is a service of AWS that collect pulls from.
type service struct {
	name, short, long, example string
	// flags adds the service's flags to a command.
	flags func(cmd *cobra.Command) puller
}

// puller are the flags of a service.
type puller interface {
	// check looks at the flags before anything is asked of AWS.
	check() error
	// service returns what pulls, and the flags' values for the snapshot's header.
	service(session *awsapi.Session, regions, accounts []string) (collect.Service, any, error)
}

// services is the one list of them.
var services = []service{
	{
		name:  "securityhub",
		short: "Pull findings and the inventory of checks from Security Hub",
		long: `Pull the findings of AWS Security Hub, ASFF, and which checks of the standard are
enabled. Where only Security Hub V2 is enabled, its findings are pulled, OCSF.

Without other filters these are the active findings that have a compliance status,
for every standard. From the administrator account come the findings of its member
accounts, too, and from an aggregation Region those of the Regions linked to it,
which are not pulled twice.`,
		example: `  shca collect securityhub --out snapshot.ndjson.zst
  shca collect securityhub --regions all --profile audit --out snapshot.ndjson.zst
  shca collect securityhub --regions us-gov-west-1,us-gov-east-1 --accounts all \
      --role-arn 'arn:aws-us-gov:iam::{account}:role/audit' --out s3://bucket/snapshot.ndjson.zst
  shca collect securityhub --filter SeverityLabel=HIGH,CRITICAL --out high.ndjson.zst`,
		flags: func(cmd *cobra.Command) puller {
			o := &securityhubOptions{}
			f := cmd.Flags()
			f.StringArrayVar(&o.filters, "filter", nil, "pull only findings with `NAME=VALUE[,VALUE...]`, or that match a JSON object as aws securityhub get-findings --filters takes it; may be repeated")
			f.StringSliceVar(&o.recordStates, "record-state", nil, "pull findings of these `states`: ACTIVE, ARCHIVED or all (default ACTIVE)")
			f.StringSliceVar(&o.statuses, "compliance-status", nil, "pull findings of these `statuses`: PASSED, FAILED, WARNING, NOT_AVAILABLE, or all, also those without one (default the four)")
			f.StringVar(&o.standard, "standard", "", "pull only findings reported for this `standard`, such as "+securityhub.DefaultStandard+" (default every standard)")
			f.StringVar(&o.inventory, "inventory", securityhub.DefaultStandard, "list the checks of this `standard` and which are disabled, or none")
			f.StringVar(&o.api, "api", securityhub.APIAuto, "pull through this `API`: v1 (GetFindings), v2 (GetFindingsV2) or auto")
			complete(cmd, "api", func() []string {
				return []string{securityhub.APIAuto, securityhub.APIV1, securityhub.APIV2}
			})
			complete(cmd, "record-state", func() []string { return []string{"ACTIVE", "ARCHIVED", all} })
			return o
		},
	},
	{
		name:  "auditmanager",
		short: "Pull assessments and their evidence from Audit Manager",
		long: `Pull the evidence of AWS Audit Manager: compliance checks, which become findings,
and what people uploaded, wrote and reviewed, which is written down beside the
controls and never scored. Evidence that copies a finding of Security Hub or an
evaluation of Config counts once with it.`,
		example: `  shca collect auditmanager --out evidence.ndjson.zst
  shca collect auditmanager --assessment 'FY26 moderate' --since 2026-10-01 --out evidence.ndjson.zst`,
		flags: func(cmd *cobra.Command) puller {
			o := &auditmanagerOptions{}
			f := cmd.Flags()
			f.StringSliceVar(&o.assessments, "assessment", nil, "pull these assessments only, by `name` or id (default every active one)")
			f.StringVar(&o.since, "since", "", "pull only evidence of this `day` or later, 2026-01-31 (default all)")
			return o
		},
	},
	{
		name:  "config",
		short: "Pull conformance packs and rule evaluations from AWS Config",
		long: `Pull what the rules of AWS Config's conformance packs found, rule by rule and
resource by resource. A rule that is behind a check of Security Hub counts as that
check, and once if Security Hub's finding is there as well.`,
		example: `  shca collect config --out config.ndjson.zst
  shca collect config --pack Operational-Best-Practices-for-NIST-800-53-rev-5 --regions all --out config.ndjson.zst`,
		flags: func(cmd *cobra.Command) puller {
			o := &configOptions{}
			f := cmd.Flags()
			f.StringSliceVar(&o.packs, "pack", nil, "pull these conformance packs only, by `name` (default all)")
			f.BoolVar(&o.rules, "rules", false, "pull every Config rule, not those of conformance packs only")
			return o
		},
	},
}

func serviceNames() []string {
	var names []string
	for _, s := range services {
		names = append(names, s.name)
	}
	return names
}

type securityhubOptions struct {
	filters                  []string
	recordStates, statuses   []string
	standard, inventory, api string
	parsed                   []securityhub.Filter
}

func (o *securityhubOptions) check() error {
	o.parsed = nil
	for _, text := range o.filters {
		filter, err := securityhub.ParseFilter(text)
		if err != nil {
			return usage("--filter: %w", err)
		}
		o.parsed = append(o.parsed, filter)
	}
	return nil
}

func (o *securityhubOptions) service(session *awsapi.Session, regions, accounts []string) (collect.Service, any, error) {
	options := securityhub.Options{
		Session: session, Regions: regions, Accounts: accounts, API: o.api,
		RecordStates: o.recordStates, ComplianceStatuses: o.statuses,
		Standard: o.standard, Filters: o.parsed, Inventory: o.inventory,
	}
	s, err := securityhub.New(options)
	if err != nil {
		return nil, nil, usage("%w", err)
	}
	selection, err := s.Selection()
	return s, selection, err
}

type auditmanagerOptions struct {
	assessments []string
	since       string
	from        time.Time
}

func (o *auditmanagerOptions) check() (err error) {
	if o.since != "" {
		if o.from, err = time.Parse(time.DateOnly, o.since); err != nil {
			return usage("--since: %q is not a day such as 2026-01-31", o.since)
		}
	}
	return nil
}

func (o *auditmanagerOptions) service(session *awsapi.Session, regions, accounts []string) (collect.Service, any, error) {
	s := &auditmanager.Service{Options: auditmanager.Options{Session: session, Accounts: accounts, Regions: regions, Assessments: o.assessments, Since: o.from}}
	return s, map[string]any{"assessments": o.assessments, "since": o.since}, nil
}

type configOptions struct {
	packs []string
	rules bool
}

func (o *configOptions) check() error {
	if len(o.packs) > 0 && o.rules {
		return usage("--pack and --rules: give one")
	}
	return nil
}

func (o *configOptions) service(session *awsapi.Session, regions, accounts []string) (collect.Service, any, error) {
	s := &configrules.Service{Options: configrules.Options{Session: session, Accounts: accounts, Regions: regions, Packs: o.packs, Rules: o.rules}}
	return s, map[string]any{"packs": o.packs, "rules": o.rules}, nil
}
