package securityhub

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/awsapi"
	"github.com/go-shca/shca/internal/awsfake"
	"github.com/go-shca/shca/sources/snapshot"
)

func setting(id string, enabled bool, reason string) *shca.CheckSetting {
	return &shca.CheckSetting{
		Source: "asff", AccountID: own, Region: east, Check: shca.CheckID(id), Standard: nistARN, Enabled: enabled, Reason: reason,
		UpdatedAt: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Title: "Title of " + id, Severity: shca.High,
		Requirements: []string{"NIST.800-53.r5 AC-2", "NIST.800-53.r5 AC-2(1)"},
	}
}

// apart sorts lines by what they are.
func apart(lines []snapshot.Line) (settings []*shca.CheckSetting, notes, errs []string, findings int) {
	for _, l := range lines {
		switch {
		case l.Setting != nil:
			settings = append(settings, l.Setting)
		case l.Scope != nil && l.Scope.Err != "":
			errs = append(errs, l.Scope.Err)
		case l.Scope != nil:
			notes = append(notes, l.Scope.Note)
		case l.Finding != nil:
			findings++
		}
	}
	return settings, notes, errs, findings
}

func TestInventory(t *testing.T) {
	e := newEstate(t)
	h := e.hub(own, east)
	h.Findings = findings(east, 3)
	h.Enabled = []types.StandardsSubscription{subscription("arn:aws:securityhub:us-east-1::standards/pci-dss/v/3.2.1"), subscription(nistARN)}
	addCheck(h, nistARN, "S3.1", types.AssociationStatusEnabled, "was off", types.ControlStatusEnabled)
	addCheck(h, nistARN, "S3.2", types.AssociationStatusDisabled, "No public buckets <here>", types.ControlStatusDisabled)
	addCheck(h, nistARN, "S3.3", types.AssociationStatusDisabled, "", types.ControlStatusDisabled)
	addCheck(h, nistARN, "S3.4", types.AssociationStatusDisabled, "not for NIST", types.ControlStatusEnabled)
	addCheck(h, "arn:aws:securityhub:us-east-1::standards/pci-dss/v/3.2.1", "S3.5", types.AssociationStatusEnabled, "", types.ControlStatusEnabled)
	e.PageSize = 2
	_, p := only(t, e.service(Options{}))
	got, err := pull(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	settings, notes, errs, n := apart(got.lines)
	want := []*shca.CheckSetting{
		setting("S3.1", true, ""), setting("S3.2", false, "No public buckets <here>"), setting("S3.3", false, ""), setting("S3.4", true, ""),
	}
	if diff := cmp.Diff(want, settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if want := []string{"disabled for standards/nist-800-53/v/5.0.0, but they run for another standard: S3.4"}; !cmp.Equal(notes, want) || errs != nil || n != 3 {
		t.Errorf("notes %q, errors %q, %d findings; want %q and 3 findings", notes, errs, n, want)
	}
	for _, r := range e.requests("/associations/batchGet") {
		var body struct{ StandardsControlAssociationIds []json.RawMessage }
		if err := json.Unmarshal([]byte(r.body), &body); err != nil || len(body.StandardsControlAssociationIds) != 2 {
			t.Errorf("request %s, want the 2 checks of a page", r.body)
		}
	}
}

// A page of more checks than were asked for is asked about in batches that AWS
// takes.
func TestInventoryBatches(t *testing.T) {
	e := newEstate(t)
	h := e.hub(own, east)
	h.Enabled = []types.StandardsSubscription{subscription(nistARN)}
	var definitions []string
	for i := range 230 {
		id := fmt.Sprint("S3.", i)
		status := types.AssociationStatusEnabled
		if i%2 == 0 {
			status = types.AssociationStatusDisabled
		}
		addCheck(h, nistARN, id, status, "", types.ControlStatusDisabled)
		definitions = append(definitions, fmt.Sprintf(`{"SecurityControlId":%q,"Title":"Title of %s","SeverityRating":"HIGH","CurrentRegionAvailability":"AVAILABLE"}`, id, id))
	}
	e.answer = func(r request) (int, string) {
		if r.path == "/securityControls/definitions" {
			return http.StatusOK, `{"SecurityControlDefinitions":[` + strings.Join(definitions, ",") + `]}`
		}
		return 0, ""
	}
	_, _, lines := run(t, e.service(Options{}))
	settings, notes, errs, _ := apart(lines)
	if len(settings) != 230 || notes != nil || errs != nil {
		t.Fatalf("%d settings, notes %q, errors %q; want 230 settings", len(settings), notes, errs)
	}
	for i, s := range settings {
		if s.Check != shca.CheckID(fmt.Sprint("S3.", i)) || s.Enabled != (i%2 == 1) {
			t.Errorf("setting %d is %+v", i, s)
		}
	}
	if n := e.Count("BatchGetStandardsControlAssociations"); n != 3 {
		t.Errorf("%d batches, want 3", n)
	}
}

func TestInventoryOddities(t *testing.T) {
	pending := subscription(nistARN)
	pending.StandardsStatus = types.StandardsStatusPending
	unready := subscription(nistARN)
	unready.StandardsStatus, unready.StandardsControlsUpdatable = types.StandardsStatusIncomplete, types.StandardsControlsUpdatableNotReadyForUpdates
	unready.StandardsStatusReason = &types.StandardsStatusReason{StatusReasonCode: types.StatusReasonCodeNoAvailableConfigurationRecorder}
	deleting := subscription(nistARN)
	deleting.StandardsStatus = types.StandardsStatusDeleting
	ready := subscription(nistARN)
	definition := `{"SecurityControlDefinitions":[{"SecurityControlId":"S3.1","Title":"Title of S3.1","SeverityRating":"HIGH","CurrentRegionAvailability":%q}%s]}`
	tests := []struct {
		name         string
		subscription *types.StandardsSubscription
		definitions  string // answer
		associations string
		settings     int
		reason       string
		note, err    string
	}{
		{name: "not enabled", note: "the standard standards/nist-800-53/v/5.0.0 is not enabled in this Region"},
		{name: "pending", subscription: &pending, settings: 1, note: "has the status PENDING in this Region, so that checks may not have run yet"},
		{name: "not ready", subscription: &unready, note: "has the status INCOMPLETE in this Region (NO_AVAILABLE_CONFIGURATION_RECORDER)", err: "cannot be read yet (NO_AVAILABLE_CONFIGURATION_RECORDER)"},
		{name: "being disabled", subscription: &deleting, note: "is being disabled in this Region"},
		{name: "not offered", subscription: &ready, definitions: fmt.Sprintf(definition, "UNAVAILABLE", ""), settings: 1, reason: unavailable},
		{name: "not told", subscription: &ready, definitions: fmt.Sprintf(definition, "AVAILABLE", `,{"SecurityControlId":"S3.9","SeverityRating":"LOW"}`), settings: 1,
			err: "Security Hub did not say whether checks are enabled: S3.9 (NOT_FOUND)"},
		{name: "left out", subscription: &ready, associations: `{"StandardsControlAssociationDetails":[]}`, err: "Security Hub did not say whether checks are enabled: S3.1 (no answer)"},
		{name: "a status to come", subscription: &ready, associations: `{"StandardsControlAssociationDetails":[{"SecurityControlId":"S3.1","AssociationStatus":"SLEEPING"}]}`, err: "S3.1 (SLEEPING)"},
		{name: "no id", subscription: &ready, definitions: fmt.Sprintf(definition, "AVAILABLE", `,{"SeverityRating":"LOW","CurrentRegionAvailability":"UNAVAILABLE"}`), settings: 1, err: "a check without an id"},
		{name: "no end of pages", subscription: &ready, definitions: `{"SecurityControlDefinitions":[],"NextToken":"same"}`, err: "the answer points to a page that was read before"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newEstate(t)
			h := e.hub(own, east)
			h.Findings = findings(east, 2)
			addCheck(h, nistARN, "S3.1", types.AssociationStatusEnabled, "", types.ControlStatusEnabled)
			if tt.subscription != nil {
				h.Enabled = []types.StandardsSubscription{*tt.subscription}
			}
			e.answer = func(r request) (int, string) {
				return http.StatusOK, map[string]string{"/securityControls/definitions": tt.definitions, "/associations/batchGet": tt.associations}[r.path]
			}
			_, p := only(t, e.service(Options{}))
			got, err := pull(t.Context(), p, nil)
			if err != nil {
				t.Fatal(err)
			}
			settings, notes, errs, n := apart(got.lines)
			if n != 2 || len(settings) != tt.settings || len(settings) > 0 && settings[0].Reason != tt.reason {
				t.Errorf("%d findings, settings %+v; want 2 and %d with the reason %q", n, settings, tt.settings, tt.reason)
			}
			for _, c := range []struct {
				got  []string
				want string
			}{{notes, tt.note}, {errs, tt.err}} {
				if c.want == "" && c.got != nil || c.want != "" && (len(c.got) != 1 || !strings.Contains(c.got[0], c.want)) {
					t.Errorf("scopes say %q, want %q", c.got, c.want)
				}
			}
		})
	}
}

// Without a permission for the inventory the findings are pulled, and a scope says
// what is missing.
func TestInventoryIsRefused(t *testing.T) {
	for _, operation := range []string{"GetEnabledStandards", "ListSecurityControlDefinitions", "BatchGetStandardsControlAssociations", "BatchGetSecurityControls"} {
		for _, linked := range []bool{false, true} {
			e := newEstate(t)
			region := east
			if linked {
				region = west
				e.Server.At(own, east).Hub = &awsfake.Hub{}
				e.Accounts[own].Aggregator = aggregatorOf("ALL_REGIONS")
			}
			h := e.hub(own, region)
			h.Findings = findings(region, 2)
			h.Enabled = []types.StandardsSubscription{subscription(nistARN)}
			addCheck(h, nistARN, "S3.1", types.AssociationStatusDisabled, "x", types.ControlStatusDisabled)
			e.Faults = []awsfake.Fault{{Kind: awsfake.Deny, Operation: operation, Region: region}}
			_, scopes, lines := run(t, e.service(Options{Regions: awsapi.Distinct([]string{east, region})}))
			settings, notes, errs, n := apart(lines)
			told := slices.DeleteFunc(append(errs, notes...), func(text string) bool { // of the home Region
				return linked && strings.Contains(text, "is not enabled in this Region")
			})
			if n != 2 || len(scopes) != 0 || len(told) != 1 || !strings.Contains(told[0], "missing permission securityhub:"+operation+": allow") {
				t.Errorf("%s, linked %v: %d findings, %q, %q; want 2 and what is missing", operation, linked, n, scopes, told)
			}
			if want := map[bool]int{true: 1, false: 0}[operation == "BatchGetSecurityControls"]; len(settings) != want {
				t.Errorf("%s: %d settings, want %d", operation, len(settings), want)
			}
		}
	}
}

// A page token of the inventory that expires costs a part of the inventory, which
// is said, and no finding.
func TestInventoryTokenExpires(t *testing.T) {
	e := newEstate(t)
	h := e.hub(own, east)
	h.Findings.Lines = [][]byte{[]byte(`{"Id":"1"}`)}
	h.Enabled = []types.StandardsSubscription{subscription(nistARN)}
	for i := range 3 {
		addCheck(h, nistARN, fmt.Sprint("S3.", i), types.AssociationStatusEnabled, "", types.ControlStatusEnabled)
	}
	e.PageSize, e.Faults = 1, []awsfake.Fault{{Kind: awsfake.ExpireToken, Operation: "ListSecurityControlDefinitions", Times: 1}}
	_, p := only(t, e.service(Options{RecordStates: []string{All}, ComplianceStatuses: []string{All}}))
	got, err := pull(t.Context(), p, nil)
	settings, _, errs, findings := apart(got.lines)
	if err != nil || len(settings) != 1 || findings != 1 || len(errs) != 1 || !strings.Contains(errs[0], "could not be read in full") {
		t.Errorf("%d settings, %d findings, %q, error %v", len(settings), findings, errs, err)
	}
}
