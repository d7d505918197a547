package auditmanager_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/auditmanager/types"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca/collect"
	"github.com/go-shca/shca/internal/awsapi"
	"github.com/go-shca/shca/internal/awsfake"
	"github.com/go-shca/shca/sources/auditmanager"
	"github.com/go-shca/shca/sources/snapshot"
)

const (
	account = "111122223333"
	region  = "us-gov-west-1"
)

// estate returns a fake with two active assessments and an inactive one, and a
// session with it. The first assessment has folders with 7 checks each on some
// days, one with a file, and one with nothing but user activity.
func estate(t *testing.T) (*awsfake.Server, *awsapi.Session) {
	t.Helper()
	s := awsfake.New(t)
	s.Unlimited = true
	s.PageSize = 3
	manager := &awsfake.AuditManager{}
	s.At(account, region).AuditManager = manager
	day := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	for a, status := range []types.AssessmentStatus{types.AssessmentStatusActive, types.AssessmentStatusInactive, types.AssessmentStatusActive} {
		id := fmt.Sprintf("%08d-0000-4000-8000-000000000000", a)
		one := awsfake.Assessment{Evidence: map[string][]types.Evidence{}}
		one.Arn = aws.String("arn:aws-us-gov:auditmanager:" + region + ":" + account + ":assessment/" + id)
		one.AwsAccount = &types.AWSAccount{Id: aws.String(account)}
		one.Metadata = &types.AssessmentMetadata{Id: &id, Name: aws.String(fmt.Sprintf("FY%d", 26+a)), Status: status, ComplianceType: aws.String("NIST800-53")}
		set := types.AssessmentControlSet{Id: aws.String("Access / control")}
		for c, name := range []string{"AC-2  -  Account Management", "AC-3  -  Access Enforcement"} {
			control := types.AssessmentControl{Id: aws.String(fmt.Sprint("control-", c)), Name: &name, Status: types.ControlStatusUnderReview}
			if c == 0 {
				control.Status = types.ControlStatusReviewed
				control.Comments = []types.ControlComment{{AuthorName: aws.String("assessor"), CommentBody: aws.String("Seen."), PostedDate: &day}}
			}
			set.Controls = append(set.Controls, control)
			for d := range 3 {
				date := day.AddDate(0, 0, d)
				folder := types.AssessmentEvidenceFolder{
					Id: aws.String(fmt.Sprintf("folder-%d-%d-%d", a, c, d)), AssessmentId: &id, ControlSetId: set.Id, ControlId: control.Id, ControlName: &name, Date: &date,
				}
				var list []types.Evidence
				for e := range 7 {
					check := "COMPLIANT"
					if e == 3 {
						check = "NON_COMPLIANT"
					}
					list = append(list, types.Evidence{
						Id: aws.String(fmt.Sprintf("evidence-%d-%d-%d-%d", a, c, d, e)), EvidenceFolderId: folder.Id, Time: &date, EvidenceByType: aws.String("Compliance check"),
						DataSource: aws.String("AWS Config"), EvidenceAwsAccountId: aws.String("444455556666"), Attributes: map[string]string{"configRuleName": `"rule"`},
						ResourcesIncluded: []types.Resource{{Arn: aws.String(fmt.Sprintf("arn:aws-us-gov:iam::444455556666:user/%d", e)), ComplianceCheck: &check}},
					})
				}
				switch d {
				case 1:
					list = append(list[:1], types.Evidence{Id: aws.String("file" + *folder.Id), EvidenceFolderId: folder.Id, EvidenceByType: aws.String("Manual"), ResourcesIncluded: []types.Resource{{Value: aws.String("s3://b/policy.pdf")}}})
				case 2:
					list = nil
					folder.TotalEvidence, folder.EvidenceByTypeUserActivityCount = 12, 12
				}
				one.Folders = append(one.Folders, folder)
				one.Evidence[*folder.Id] = list
			}
		}
		one.Framework = &types.AssessmentFramework{Metadata: &types.FrameworkMetadata{Name: aws.String("NIST 800-53 (Rev. 5) Low-Moderate-High")}, ControlSets: []types.AssessmentControlSet{set}}
		manager.Assessments = append(manager.Assessments, one)
	}
	return s, session(t, s)
}

func session(t *testing.T, s *awsfake.Server) *awsapi.Session {
	t.Helper()
	for _, e := range s.Environ(account, region) {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	open, err := awsapi.Open(t.Context(), awsapi.Options{Backoff: time.Millisecond, Speed: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return open
}

// elsewhere gives a Region of its own the same Audit Manager: requests are paced
// Region by Region, so that tests in several of them take no longer than in one.
func elsewhere(s *awsfake.Server, i int) string {
	other := fmt.Sprintf("us-test-%d", i)
	s.At(account, other).AuditManager = s.Accounts[account].Regions[region].AuditManager
	return other
}

// plan returns the only task of the options, and a puller for it.
func plan(t *testing.T, o auditmanager.Options) (*auditmanager.Service, collect.Task) {
	t.Helper()
	s := &auditmanager.Service{Options: o}
	tasks, scopes, err := s.Plan(t.Context())
	if err != nil || len(tasks) != 1 || len(scopes) != 0 {
		t.Fatalf("plan: %+v, %+v, %v", tasks, scopes, err)
	}
	return s, tasks[0]
}

// pull reads all pages from a cursor on, each by a puller of its own if alone.
func pull(t *testing.T, s *auditmanager.Service, task collect.Task, from jsontext.Value, memory *auditmanager.Memory, alone bool) (lines []snapshot.Line, cursors []jsontext.Value, err error) {
	puller := func() collect.Puller {
		p, err := s.Puller(task)
		if err != nil {
			t.Error(err)
		}
		if memory != nil {
			memory.Keep(p)
		}
		return p
	}
	p := puller()
	for range 500 {
		page, err := p.Next(t.Context(), from)
		if err != nil {
			return lines, cursors, err
		}
		lines = append(lines, page.Lines...)
		if page.Next == nil {
			return lines, cursors, nil
		}
		from = page.Next
		cursors = append(cursors, from)
		if alone {
			p = puller()
		}
	}
	return nil, nil, errors.New("there is no end")
}

// text writes lines as a snapshot does.
func text(t *testing.T, lines []snapshot.Line) []string {
	t.Helper()
	var list []string
	for i := range lines {
		b, err := lines[i].Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(b))
	}
	return list
}

// TestPull: everything arrives once, whole, and decodes as from disk; from every
// cursor the rest is the same.
func TestPull(t *testing.T) {
	server, session := estate(t)
	service, task := plan(t, auditmanager.Options{Session: session})
	memory := &auditmanager.Memory{}
	lines, cursors, err := pull(t, service, task, nil, memory, false)
	if err != nil {
		t.Fatal(err)
	}
	counts, requirements, ids := map[string]int{}, map[string]int{}, map[string]int{}
	for i := range lines {
		l := &lines[i]
		switch {
		case l.Finding != nil:
			if l.Format != auditmanager.Format.Name {
				t.Errorf("format %q", l.Format)
			}
			f, bad := auditmanager.Format.Decode(l.Finding)
			if bad != nil {
				t.Fatal(bad)
			}
			counts[string(f.Status)]++
			requirements[f.Requirements[0]]++
			ids[f.ID]++
			if f.Check != "config-rule/rule" || f.Region != region || f.AccountID != "444455556666" || f.UpdatedAt.IsZero() {
				t.Errorf("finding %+v", f)
			}
		case l.Evidence != nil:
			counts[string(l.Evidence.Kind)] += int(l.Evidence.Pieces())
			if l.Evidence.Region != region || !strings.HasPrefix(l.Evidence.Requirement, r5) || l.Evidence.Assessment == "" {
				t.Errorf("evidence %+v", l.Evidence)
			}
		default:
			t.Errorf("line %+v", l)
		}
	}
	// Two assessments with two controls: 7 checks on the first day, one and a file on
	// the second, user activity on the third.
	if d := cmp.Diff(map[string]int{"PASSED": 2 * 2 * 7, "FAILED": 2 * 2, "manual evidence": 2 * 2, "control review": 2, "user activity": 2 * 2 * 12}, counts); d != "" {
		t.Errorf("counts (-want +got):\n%s", d)
	}
	if d := cmp.Diff(map[string]int{r5 + "AC-2": 16, r5 + "AC-3": 16}, requirements); d != "" {
		t.Errorf("requirements (-want +got):\n%s", d)
	}
	// The same resource in two assessments and on two days is one subject.
	if len(ids) != 14 {
		t.Errorf("%d subjects, want 14", len(ids))
	}
	// The folders with user activity only are not read, and their counts are used.
	if n := server.Count("GetEvidenceByEvidenceFolder"); n != 2*2*(3+1) {
		t.Errorf("%d requests for evidence, want 16", n)
	}
	if n := server.Count("GetEvidenceFoldersByAssessment"); n != 2*2 {
		t.Errorf("%d requests for folders, want 4", n)
	}

	want := text(t, lines)
	if len(cursors) < 3 {
		t.Fatalf("%d pages", len(cursors))
	}
	for i, c := range cursors {
		rest, _, err := pull(t, service, task, c, memory, true)
		if err != nil {
			t.Fatalf("from cursor %s: %v", c, err)
		}
		got := text(t, rest)
		if !slices.Equal(got, want[len(want)-len(got):]) {
			t.Errorf("from cursor %d, %s, the rest is another", i, c)
		}
		if i == 0 && len(got) != len(want) {
			t.Errorf("from the first cursor %d of %d lines", len(got), len(want))
		}
		if len(c) > 4096 {
			t.Errorf("a cursor of %d bytes", len(c))
		}
	}
}

// TestPullFaults: what goes wrong for a while, or with pages, loses and doubles
// nothing; what does not pass is said; what was deleted meanwhile costs nothing
// else.
func TestPullFaults(t *testing.T) {
	server, session := estate(t)
	service, task := plan(t, auditmanager.Options{Session: session})
	lines, _, err := pull(t, service, task, nil, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	want := text(t, lines)
	cases := []struct {
		fault   awsfake.Fault
		want    string // of the error; "" of none
		restart bool
		gone    string // of the scope
	}{
		{fault: awsfake.Fault{Kind: awsfake.Throttle, Times: 2}},
		{fault: awsfake.Fault{Kind: awsfake.ServerError, Times: 2}},
		{fault: awsfake.Fault{Kind: awsfake.Truncate, Times: 2}},
		{fault: awsfake.Fault{Kind: awsfake.EmptyPage, Times: 1}},
		{fault: awsfake.Fault{Kind: awsfake.RepeatToken, Times: 1, After: 1}},
		{fault: awsfake.Fault{Kind: awsfake.ExpireToken, Operation: "GetEvidenceByEvidenceFolder"}, restart: true, want: "auditmanager:GetEvidenceByEvidenceFolder in account 111122223333, Region REGION: ValidationException: "},
		{fault: awsfake.Fault{Kind: awsfake.RepeatToken, Operation: "GetEvidenceByEvidenceFolder"}, want: "the token of that page"},
		{fault: awsfake.Fault{Kind: awsfake.Deny, Operation: "GetEvidenceByEvidenceFolder"}, want: "allow auditmanager:GetEvidenceByEvidenceFolder"},
		{fault: awsfake.Fault{Kind: awsfake.Deny}, want: "or Audit Manager is not set up"},
		{fault: gone("GetAssessment"), gone: "assessment 00000000-0000-4000-8000-000000000000 is gone"},
		{fault: awsfake.Fault{Kind: awsfake.Deny, Operation: "GetAssessment", Times: 1}, gone: "was not read: auditmanager:GetAssessment in account 111122223333"},
		{fault: gone("GetEvidenceFoldersByAssessment"), gone: "assessment 00000000-0000-4000-8000-000000000000 is gone"},
		{fault: gone("GetEvidenceByEvidenceFolder"), gone: "evidence folder folder-0-0-0 of AC-2  -  Account Management is gone"},
	}
	var faults []awsfake.Fault
	for i := range cases {
		cases[i].fault.Region = elsewhere(server, i)
		faults = append(faults, cases[i].fault)
	}
	server.Update(func() { server.Faults = faults })
	var all sync.WaitGroup
	for _, tc := range cases {
		service, task := plan(t, auditmanager.Options{Session: session, Regions: []string{tc.fault.Region}})
		all.Go(func() {
			lines, _, err := pull(t, service, task, nil, nil, false)
			name := fmt.Sprintf("%v of %s", tc.fault.Kind, tc.fault.Operation)
			if tc.want != "" {
				if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), tc.fault.Region, "REGION"), tc.want) || errors.Is(err, collect.ErrRestart) != tc.restart {
					t.Errorf("%s: %v", name, err)
				}
				return
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			var scopes, got []string
			for i := range lines {
				if lines[i].Scope != nil {
					scopes = append(scopes, lines[i].Scope.Err)
					continue
				}
				b, err := lines[i].Append(nil)
				if err != nil {
					t.Error(err)
				}
				got = append(got, strings.ReplaceAll(string(b), tc.fault.Region, region))
			}
			if tc.gone == "" {
				if d := cmp.Diff(want, got); d != "" || len(scopes) > 0 {
					t.Errorf("%s: scopes %q (-want +got):\n%s", name, scopes, d)
				}
				return
			}
			if len(scopes) != 1 || !strings.Contains(scopes[0], tc.gone) || len(got) < len(want)/2 || len(got) >= len(want) {
				t.Errorf("%s: %d of %d lines, scopes %q", name, len(got), len(want), scopes)
			}
		})
	}
	all.Wait()
}

func gone(operation string) awsfake.Fault {
	return awsfake.Fault{Kind: awsfake.Refuse, Operation: operation, Times: 1, Status: http.StatusNotFound, Code: "ResourceNotFoundException", Message: "not there"}
}

// TestOptions: assessments by name or id whatever their status, and since a day.
func TestOptions(t *testing.T) {
	server, session := estate(t)
	var all sync.WaitGroup
	for i, tc := range []struct {
		name     string
		options  auditmanager.Options
		findings int
		evidence int
		err      string
	}{
		{"by name", auditmanager.Options{Assessments: []string{"FY27"}}, 16, 5, ""},
		{"by id", auditmanager.Options{Assessments: []string{"00000002-0000-4000-8000-000000000000", "FY28"}}, 16, 5, ""},
		{"not there", auditmanager.Options{Assessments: []string{"FY26", "FY99"}}, 16, 5, `no assessment has the name or id "FY99": aws auditmanager list-assessments shows which there are`},
		{"since", auditmanager.Options{Since: time.Date(2026, 2, 2, 13, 0, 0, 0, time.UTC)}, 4, 10, ""},
	} {
		tc.options.Session, tc.options.Regions = session, []string{elsewhere(server, i)}
		service, task := plan(t, tc.options)
		all.Go(func() {
			lines, _, err := pull(t, service, task, nil, nil, false)
			var c snapshot.Counts
			scope := ""
			for i := range lines {
				c = c.Plus(lines[i].Count())
				if lines[i].Scope != nil {
					scope += lines[i].Scope.Err
				}
			}
			if err != nil || int(c.Findings) != tc.findings || int(c.Evidence) != tc.evidence || scope != tc.err {
				t.Errorf("%s: %+v, scope %q, %v", tc.name, c, scope, err)
			}
		})
		if want := !tc.options.Since.IsZero(); strings.Contains(task.Note, "2026-02-02") != want {
			t.Errorf("%s: note %q", tc.name, task.Note)
		}
	}
	all.Wait()
}

// TestNotSetUp: whoever has no Audit Manager is told so, and what to do.
func TestNotSetUp(t *testing.T) {
	server, session := estate(t)
	for status, want := range map[types.AccountStatus]string{
		types.AccountStatusInactive:          "Audit Manager is not set up in this account and Region, and takes no new customers since 2026-04-30",
		types.AccountStatusPendingActivation: "is being set up",
	} {
		server.Update(func() { server.Accounts[account].Regions[region].AuditManager.Status = status })
		service, task := plan(t, auditmanager.Options{Session: session})
		if _, _, err := pull(t, service, task, nil, nil, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", status, err)
		}
	}
	server.Update(func() { *server.Accounts[account].Regions[region].AuditManager = awsfake.AuditManager{} })
	service, task := plan(t, auditmanager.Options{Session: session})
	lines, _, err := pull(t, service, task, nil, nil, false)
	if err != nil || len(lines) != 1 || lines[0].Scope == nil || lines[0].Scope.Note != "Audit Manager has no active assessment" {
		t.Errorf("no assessments: %+v, %v", lines, err)
	}
}

// TestPlan: a task for each account and Region, in order.
func TestPlan(t *testing.T) {
	s := &auditmanager.Service{Options: auditmanager.Options{Accounts: []string{"1", "2", "1"}, Regions: []string{"a", "b"}}}
	tasks, _, err := s.Plan(context.Background())
	var got []string
	for _, task := range tasks {
		got = append(got, task.AccountID+task.Region)
	}
	if d := cmp.Diff([]string{"1a", "1b", "2a", "2b"}, got); d != "" || err != nil {
		t.Errorf("(-want +got):\n%s%v", d, err)
	}
}

// TestActions: the list has each operation that a run calls, and no other.
func TestActions(t *testing.T) {
	server, session := estate(t)
	service, task := plan(t, auditmanager.Options{Session: session, Assessments: []string{"FY26"}})
	if _, _, err := pull(t, service, task, nil, nil, false); err != nil {
		t.Fatal(err)
	}
	server.Update(func() { server.Accounts[account].Regions[region].AuditManager = nil })
	if _, _, err := pull(t, service, task, nil, nil, false); err == nil {
		t.Fatal("no error without Audit Manager")
	}
	called := map[string]bool{}
	for _, e := range server.Log() {
		if e.Service == "auditmanager" {
			called["auditmanager:"+e.Operation] = true
		}
	}
	listed := map[string]bool{}
	for _, a := range auditmanager.Actions() {
		listed[a.Name] = true
		if a.For == "" {
			t.Errorf("%s says not what it is for", a.Name)
		}
	}
	if d := cmp.Diff(called, listed); d != "" {
		t.Errorf("(-called +listed):\n%s", d)
	}
}

// TestCollect: a whole run, as the command makes it, is a snapshot whose findings
// all decode.
func TestCollect(t *testing.T) {
	_, session := estate(t)
	service, _ := plan(t, auditmanager.Options{Session: session, Assessments: []string{"FY26"}})
	r, err := collect.Run(t.Context(), service, collect.Options{
		Out: t.TempDir() + "/snapshot.ndjson.zst", Service: "auditmanager", Selection: jsontext.Value(`{}`), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Incomplete()) > 0 || r.Counts.Findings != 16 || r.Counts.Evidence != 1+2+2 {
		t.Errorf("%+v", r)
	}
}
