// Package securityhub pulls findings from AWS Security Hub, and which checks of
// a standard are enabled there. It is for package collect, which writes what
// comes of it to a snapshot.
//
// It pulls from Security Hub CSPM (GetFindings, findings in ASFF), and from the
// Security Hub that AWS calls V2 (GetFindingsV2, findings in OCSF) where that
// alone is enabled. Findings are kept byte for byte as AWS sent them. It neither
// reads nor judges them, stores nothing, and leaves pace and retries to package
// awsapi.
package securityhub

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/collect"
	"github.com/go-shca/shca/internal/awsapi"
)

// The values of Options.API.
const (
	APIAuto = "auto" // V1 where Security Hub CSPM is enabled, else V2
	APIV1   = "v1"   // GetFindings
	APIV2   = "v2"   // GetFindingsV2
)

// DefaultStandard is the standard whose checks are listed unless Options say
// otherwise.
const DefaultStandard = "standards/nist-800-53/v/5.0.0"

// All in Options.RecordStates or Options.ComplianceStatuses asks for findings of
// every kind, without a filter.
const All = "all"

// Options say what is pulled. Session and Regions are required.
type Options struct {
	Session  *awsapi.Session
	Accounts []string // to call, in this order; none is the caller's own
	Regions  []string // to call in each account, in this order

	API string // APIAuto if ""

	// RecordStates and ComplianceStatuses are those to pull: ACTIVE, and all four
	// statuses, if there is none, which leaves out findings that are no check's
	// result. Security Hub V2 is not asked for a record state, and for a
	// compliance status only if one is named here.
	RecordStates       []string
	ComplianceStatuses []string
	// Standard leaves out findings that are not reported for the standard, such as
	// "standards/nist-800-53/v/5.0.0"; "" is every standard.
	Standard string
	// Filters narrow the findings further. One for an attribute that the options
	// above filter by default replaces that default.
	Filters []Filter

	// Inventory is the standard whose checks are listed with what switches them
	// off: DefaultStandard if "", none if "none".
	Inventory string
	// PullLinked pulls findings also in Regions whose findings come with those of
	// their home Region, and in accounts whose findings come with those of their
	// administrator.
	PullLinked bool
}

// Service pulls from Security Hub. It implements [collect.Service].
type Service struct {
	session   *awsapi.Session
	accounts  []string
	regions   []string
	api       string
	inventory string // "" for none
	every     bool   // Options.PullLinked

	v1, v2   jsontext.Value // filters as AWS takes them; nil for none
	v1Note   string
	v2Note   string
	v1Unfit  bool // there are filters, but none of V1
	v2Unfit  bool
	pauses   []time.Duration // before a page whose token repeats is asked for again
	maxEmpty int             // empty pages in a row
}

var _ collect.Service = (*Service)(nil)

// New checks the options. Its errors are the user's to mend.
func New(o Options) (*Service, error) {
	s := &Service{
		session: o.Session, api: cmp.Or(o.API, APIAuto), every: o.PullLinked,
		accounts: awsapi.Distinct(o.Accounts), regions: awsapi.Distinct(o.Regions),
		pauses:   []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second},
		maxEmpty: 1000,
	}
	switch {
	case o.Session == nil:
		return nil, errors.New("securityhub: there is no session")
	case len(s.regions) == 0 || slices.Contains(s.regions, ""):
		return nil, errors.New("securityhub: no Region is named")
	case !slices.Contains([]string{APIAuto, APIV1, APIV2}, s.api):
		return nil, fmt.Errorf("securityhub: the API %.40q is none of auto, v1, v2", s.api)
	}
	for _, account := range s.accounts {
		if !shca.IsAccountID(account) {
			return nil, fmt.Errorf("securityhub: %.40q is no account id of 12 digits", account)
		}
	}
	if len(s.accounts) == 0 {
		s.accounts = []string{""}
	}
	var err error
	if o.Inventory != "none" {
		if s.inventory, err = standardID(cmp.Or(o.Inventory, DefaultStandard)); err != nil {
			return nil, err
		}
	}
	if err := s.filter(&o); err != nil {
		return nil, err
	}
	return s, nil
}

// filter makes the filters that every request of the run carries.
func (s *Service) filter(o *Options) error {
	states, err := choice("record state", o.RecordStates, []types.RecordState{types.RecordStateActive}, types.RecordState("").Values())
	if err != nil {
		return err
	}
	statuses, err := choice("compliance status", o.ComplianceStatuses, statusOrder, types.ComplianceStatus("").Values())
	if err != nil {
		return err
	}
	standard := ""
	if o.Standard != "" {
		if standard, err = standardID(o.Standard); err != nil {
			return err
		}
	}
	var user Filter
	for _, f := range o.Filters {
		user = user.and(f)
	}
	s.v1Unfit = user.ASFF == nil && user.OCSF != nil
	s.v2Unfit = user.OCSF == nil && user.ASFF != nil

	v1 := user.ASFF
	if v1 == nil {
		v1 = &types.AwsSecurityFindingFilters{}
	}
	for _, own := range []struct {
		attribute string
		filters   *[]types.StringFilter
		values    []string
		named     bool
	}{
		{"RecordState", &v1.RecordState, states, len(o.RecordStates) > 0},
		{"ComplianceStatus", &v1.ComplianceStatus, statuses, len(o.ComplianceStatuses) > 0},
		{"ComplianceAssociatedStandardsId", &v1.ComplianceAssociatedStandardsId, nonEmpty(standard), standard != ""},
	} {
		switch {
		case len(*own.filters) == 0:
			*own.filters = equalTo(own.values)
		case own.named:
			return fmt.Errorf("securityhub: a filter and an option both say which %s to pull: leave one of them out", own.attribute)
		}
	}
	if err := checkV1(v1); err != nil {
		return err
	}
	if s.v1, err = pinned(v1); err != nil {
		return err
	}
	s.v1Note = describeV1(v1)

	v2 := user.OCSF
	if v2 == nil {
		v2 = &types.OcsfFindingFilters{}
	}
	if len(o.ComplianceStatuses) > 0 && len(statuses) > 0 {
		var captions []string
		for _, status := range statuses {
			captions = append(captions, captionsV2[types.ComplianceStatus(status)]...)
		}
		v2 = andV2(v2, anyOf(types.OcsfStringFieldComplianceStatus, captions))
	}
	if standard != "" {
		v2 = andV2(v2, anyOf(types.OcsfStringFieldComplianceStandards, []string{standard}))
	}
	if err := checkV2(v2); err != nil {
		return err
	}
	if s.v2, err = pinned(v2); err != nil {
		return err
	}
	s.v2Note = describeV2(v2)
	if len(o.RecordStates) > 0 && len(states) > 0 {
		s.v2Note += "; findings of every record state, which Security Hub V2 cannot be asked for"
	}
	return nil
}

// statusOrder has the compliance statuses in the order of Options.
var statusOrder = []types.ComplianceStatus{
	types.ComplianceStatusPassed, types.ComplianceStatusFailed, types.ComplianceStatusWarning, types.ComplianceStatusNotAvailable,
}

// captionsV2 are what OCSF's compliance.status may have for a status, which AWS
// does not document in full.
var captionsV2 = map[types.ComplianceStatus][]string{
	types.ComplianceStatusPassed:       {"Pass", "Passed", "PASSED"},
	types.ComplianceStatusFailed:       {"Fail", "Failed", "FAILED"},
	types.ComplianceStatusWarning:      {"Warning", "WARNING"},
	types.ComplianceStatusNotAvailable: {"Unknown", "Other", "Not Available", "NOT_AVAILABLE"},
}

// choice returns what to filter for: nothing for All.
func choice[T ~string](what string, chosen []string, usual, known []T) ([]string, error) {
	if len(chosen) == 0 {
		return texts(usual), nil
	}
	if slices.ContainsFunc(chosen, func(c string) bool { return strings.EqualFold(c, All) }) {
		if len(awsapi.Distinct(chosen)) > 1 {
			return nil, fmt.Errorf("securityhub: all goes with no other %s", what)
		}
		return nil, nil
	}
	var values []string
	for _, c := range awsapi.Distinct(chosen) {
		c = strings.ToUpper(c)
		if !slices.Contains(known, T(c)) {
			return nil, fmt.Errorf("securityhub: the %s %.40q is none of %s, all", what, c, strings.Join(texts(known), ", "))
		}
		values = append(values, c)
	}
	return values, nil
}

// standardID returns the part of a standard's ARN that findings name, without
// partition and Region: "standards/nist-800-53/v/5.0.0", of the oldest one
// "ruleset/…". That part may be given without "standards/" as well.
func standardID(text string) (string, error) {
	id := text[strings.LastIndex(text, ":")+1:]
	if !strings.HasPrefix(id, "standards/") && !strings.HasPrefix(id, "ruleset/") {
		id = "standards/" + id
	}
	if _, version, ok := strings.Cut(id, "/v/"); !ok || version == "" || strings.ContainsAny(id, " \t\r\n") {
		return "", fmt.Errorf("securityhub: %.80q is no standard: write it as %s", text, DefaultStandard)
	}
	return id, nil
}

// Selection says what is pulled, for the snapshot's header and to tell whether a
// run goes on with another. The same options give the same bytes.
func (s *Service) Selection() (jsontext.Value, error) {
	return json.Marshal(struct {
		API       string         `json:"api"`
		Accounts  []string       `json:"accounts"`
		Regions   []string       `json:"regions"`
		Filters   jsontext.Value `json:"filters,omitzero"`
		FiltersV2 jsontext.Value `json:"filters_v2,omitzero"`
		Inventory string         `json:"inventory,omitempty"`
		Linked    bool           `json:"pull_linked,omitzero"`
	}{s.api, slices.DeleteFunc(slices.Clone(s.accounts), func(a string) bool { return a == "" }), s.regions, s.v1, s.v2, s.inventory, s.every}, json.Deterministic(true))
}

// params are the service's own part of a task: all that a run pins.
type params struct {
	Login     string         `json:"login,omitempty"` // account to call; "" is the caller's own
	API       string         `json:"api"`
	Filters   jsontext.Value `json:"filters,omitzero"`
	Inventory string         `json:"inventory,omitempty"` // standard whose checks are listed; "" for none
	Findings  bool           `json:"findings"`            // whether findings are pulled
}

// Puller returns what pulls the task. It depends on the task alone, not on the
// options, so that a run goes on as it began.
func (s *Service) Puller(task collect.Task) (collect.Puller, error) {
	p := &puller{task: task, pauses: s.pauses, maxEmpty: s.maxEmpty}
	where := fmt.Sprintf("securityhub: the task of account %.20q, Region %.40q", task.AccountID, task.Region)
	if err := json.Unmarshal(task.Params, &p.params, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	var filters any
	switch p.params.API {
	case APIV1:
		filters = &p.v1
	case APIV2:
		filters = &p.v2
	default:
		return nil, fmt.Errorf("%s: the API %.40q is neither v1 nor v2", where, p.params.API)
	}
	if p.params.Filters != nil {
		if err := json.Unmarshal(p.params.Filters, filters, json.RejectUnknownMembers(true)); err != nil {
			return nil, fmt.Errorf("%s: filters: %w", where, err)
		}
	}
	p.client = s.client(p.params.Login, task.Region)
	return p, nil
}

func (s *Service) client(login, region string, options ...func(*securityhub.Options)) *securityhub.Client {
	return securityhub.NewFromConfig(s.session.Config(login, region), options...)
}

func pinned(filters any) (jsontext.Value, error) {
	b, err := json.Marshal(filters, json.OmitZeroStructFields(true), json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("securityhub: filters: %w", err)
	}
	if string(b) == "{}" {
		return nil, nil
	}
	return b, nil
}

func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

func texts[T ~string](list []T) []string {
	all := make([]string, len(list))
	for i, t := range list {
		all[i] = string(t)
	}
	return all
}

// explain says what went wrong with a request in the task's account and Region.
func (p *puller) explain(err error, operation string) error {
	return explain(err, p.task.AccountID, p.task.Region, operation)
}
