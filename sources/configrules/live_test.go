package configrules

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/collect"
	"github.com/go-shca/shca/internal/awsapi"
	"github.com/go-shca/shca/internal/awsfake"
	"github.com/go-shca/shca/sources/snapshot"
)

const (
	account = "111122223333"
	region  = "us-gov-west-1"
)

// estate is a Region with two packs of two rules each, one managed rule in both,
// and a rule besides that is in none.
func estate() *awsfake.Config {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	rule := func(name, identifier string) types.ConfigRule {
		r := types.ConfigRule{ConfigRuleName: &name, Description: aws.String("What " + name + " checks."), Source: &types.Source{Owner: types.OwnerAws, SourceIdentifier: &identifier}}
		if identifier == "" {
			r.Source = &types.Source{Owner: types.OwnerCustomLambda, SourceIdentifier: aws.String("arn:aws-us-gov:lambda:::x")}
		}
		return r
	}
	identify := func(rule, kind, id string) *types.EvaluationResultIdentifier {
		return &types.EvaluationResultIdentifier{OrderingTimestamp: &at, EvaluationResultQualifier: &types.EvaluationResultQualifier{ConfigRuleName: &rule, ResourceType: &kind, ResourceId: &id}}
	}
	c := &awsfake.Config{
		RecorderStatus: []types.ConfigurationRecorderStatus{{Name: aws.String("default"), Recording: true}},
		Rules: []types.ConfigRule{
			rule("versioned-conformance-pack-p1", "S3_BUCKET_VERSIONING_ENABLED"), rule("empty-conformance-pack-p1", "EKS_SECRETS_ENCRYPTED"),
			rule("buckets-conformance-pack-p2", "S3_BUCKET_VERSIONING_ENABLED"), rule("own-conformance-pack-p2", ""),
			rule("alone", "IAM_USER_MFA_ENABLED"),
		},
		Evaluations: map[string][]types.EvaluationResult{},
	}
	for p, names := range [][]string{{"versioned-conformance-pack-p1", "empty-conformance-pack-p1"}, {"buckets-conformance-pack-p2", "own-conformance-pack-p2"}} {
		pack := awsfake.ConformancePack{Detail: types.ConformancePackDetail{ConformancePackName: aws.String(fmt.Sprint("pack", p+1)), ConformancePackArn: aws.String("arn:x"), ConformancePackId: aws.String("id")}}
		for i, name := range names {
			compliance := types.ConformancePackComplianceTypeNonCompliant
			if p == 0 && i == 1 {
				compliance = types.ConformancePackComplianceTypeInsufficientData
			}
			pack.Rules = append(pack.Rules, types.ConformancePackRuleCompliance{ConfigRuleName: aws.String(name), ComplianceType: compliance})
			if compliance == types.ConformancePackComplianceTypeInsufficientData {
				continue
			}
			for n := range 130 + i {
				kind, id, outcome := "AWS::S3::Bucket", fmt.Sprintf("bucket-%03d", n), types.ConformancePackComplianceTypeCompliant
				switch {
				case n%7 == 0:
					outcome = types.ConformancePackComplianceTypeNonCompliant
				}
				switch n {
				case 1:
					kind, id = "AWS::::Account", account
				case 2:
					kind, id = "Own::Kind::Of", "thing"
				case 3:
					id = "unknown"
				}
				pack.Results = append(pack.Results, types.ConformancePackEvaluationResult{ComplianceType: outcome, EvaluationResultIdentifier: identify(name, kind, id), ResultRecordedTime: &at, ConfigRuleInvokedTime: &at, Annotation: aws.String("seen")})
				c.Evaluations[name] = append(c.Evaluations[name], types.EvaluationResult{ComplianceType: types.ComplianceType(outcome), EvaluationResultIdentifier: identify(name, kind, id), ResultRecordedTime: &at, ConfigRuleInvokedTime: &at})
			}
		}
		c.Packs = append(c.Packs, pack)
	}
	for n := range 200 {
		id := fmt.Sprintf("bucket-%03d", n)
		c.Resources = append(c.Resources, types.BaseConfigurationItem{ResourceType: "AWS::S3::Bucket", ResourceId: &id, Arn: aws.String("arn:aws-us-gov:s3:::" + id)})
	}
	return c
}

// serve starts a fake of AWS and a session of it.
func serve(t *testing.T, c *awsfake.Config, faults ...awsfake.Fault) (*awsfake.Server, *awsapi.Session) {
	t.Helper()
	server := &awsfake.Server{Unlimited: true, Faults: faults, Accounts: map[string]*awsfake.Account{account: {Partition: "aws-us-gov", Regions: map[string]*awsfake.Region{region: {Config: c}}}}}
	server.Start()
	t.Cleanup(server.Close)
	for _, variable := range server.Environ(account, region) {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	session, err := awsapi.Open(t.Context(), awsapi.Options{Attempts: 3, Backoff: 10 * time.Millisecond, Speed: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return server, session
}

// quick is a service that pulls as fast as the server answers, without the
// session's rates; the retries are those of the SDK.
type quick struct {
	*Service
	server *awsfake.Server
}

func (q quick) Puller(task collect.Task) (collect.Puller, error) {
	made, err := q.Service.Puller(task)
	if err != nil {
		return nil, err
	}
	p := made.(*puller)
	client := &keeper{inner: http.DefaultTransport}
	config := q.server.Config(task.AccountID, task.Region)
	config.HTTPClient = &http.Client{Transport: client}
	config.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	p.api = configservice.NewFromConfig(config)
	p.answers = func(ctx context.Context) (context.Context, func() []byte) {
		return ctx, func() []byte { return client.body }
	}
	return p, nil
}

// keeper keeps the body of the last answer.
type keeper struct {
	inner http.RoundTripper
	body  []byte
}

func (k *keeper) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := k.inner.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if k.body, err = io.ReadAll(resp.Body); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(k.body))
	return resp, nil
}

// pulled is a page with the cursor that it was read at.
type pulled struct {
	at    string
	lines []string
}

// pull pulls the only task of the options, with one puller: quickly from the
// server, or through the session if that is nil.
func pull(t *testing.T, server *awsfake.Server, o Options) ([]pulled, error) {
	t.Helper()
	var service collect.Service = &Service{o}
	if server != nil {
		service = quick{&Service{o}, server}
	}
	tasks, scopes, err := service.Plan(t.Context())
	if err != nil || len(tasks) != 1 || len(scopes) > 0 {
		t.Fatalf("planned %v, %v, error %v", tasks, scopes, err)
	}
	return pullTask(t, service, tasks[0], nil)
}

func pullTask(t *testing.T, service collect.Service, task collect.Task, at []byte) ([]pulled, error) {
	t.Helper()
	puller, err := service.Puller(task)
	if err != nil {
		t.Fatal(err)
	}
	var pages []pulled
	for {
		page, err := puller.Next(t.Context(), at)
		if err != nil {
			return pages, err
		}
		p := pulled{at: string(at)}
		for _, line := range page.Lines {
			text, err := line.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			p.lines = append(p.lines, string(text))
		}
		pages = append(pages, p)
		if at = page.Next; at == nil {
			return pages, nil
		}
		if len(pages) > 1000 {
			t.Fatalf("there is no end: %s", at)
		}
	}
}

func linesOf(pages []pulled) [][]string {
	var all [][]string
	for _, page := range pages {
		all = append(all, page.lines)
	}
	return all
}

// outcomes are the pages' findings in short, sorted, and scopes.
func outcomes(t *testing.T, pages []pulled) (findings, scopes []string) {
	t.Helper()
	for _, page := range pages {
		for _, text := range page.lines {
			var line snapshot.Line
			if err := unmarshal(text, &line); err != nil {
				t.Fatal(err)
			}
			if s := line.Scope; s != nil {
				scopes = append(scopes, s.Name()+": "+s.Err+s.Note)
				continue
			}
			if line.Format != shca.SourceConfig || strings.Count(text, "\n") != 1 {
				t.Errorf("line %s", text)
			}
			f, err := Decode(line.Finding)
			if err != nil {
				t.Fatalf("%s: %v", line.Finding, err)
			}
			findings = append(findings, fmt.Sprintf("%s %s %s %s %s %s", f.Status, f.ConfigRule, f.Resources[0].Type, f.ResourceID(), f.AccountID, f.Region))
			if f.Partition != "aws-us-gov" {
				t.Errorf("partition %q", f.Partition)
			}
		}
	}
	slices.Sort(findings)
	return findings, scopes
}

// expected are the findings of the estate's packs.
func expected(c *awsfake.Config, arns bool, packs ...string) []string {
	identifiers := map[string]string{"versioned-conformance-pack-p1": "s3-bucket-versioning-enabled", "buckets-conformance-pack-p2": "s3-bucket-versioning-enabled", "own-conformance-pack-p2": "own"}
	var list []string
	for _, pack := range c.Packs {
		if len(packs) > 0 && !slices.Contains(packs, *pack.Detail.ConformancePackName) {
			continue
		}
		for _, r := range pack.Results {
			q := r.EvaluationResultIdentifier.EvaluationResultQualifier
			status, id := "PASSED", *q.ResourceId
			if r.ComplianceType == types.ConformancePackComplianceTypeNonCompliant {
				status = "FAILED"
			}
			if arns && strings.HasPrefix(id, "bucket-") {
				id = "arn:aws-us-gov:s3:::" + id
			}
			if *q.ResourceType == "AWS::::Account" {
				id = "AWS::::Account:" + id
			}
			list = append(list, fmt.Sprintf("%s %s %s %s %s %s", status, identifiers[*q.ConfigRuleName], *q.ResourceType, id, account, region))
		}
		if *pack.Detail.ConformancePackName == "pack1" {
			list = append(list, fmt.Sprintf("NOT_AVAILABLE eks-secrets-encrypted AWS::Config::ConfigRule empty-conformance-pack-p1 %s %s", account, region))
		}
	}
	slices.Sort(list)
	return list
}

func TestPull(t *testing.T) {
	c := estate()
	server, session := serve(t, c)
	for _, size := range []int{0, 1, 7} {
		server.Update(func() { server.PageSize = size })
		pages, err := pull(t, server, Options{Session: session})
		if err != nil {
			t.Fatal(err)
		}
		findings, scopes := outcomes(t, pages)
		if d := cmp.Diff(expected(c, true), findings); d != "" || len(scopes) > 0 {
			t.Errorf("pages of %d: scopes %v, findings (-want +got):\n%s", size, scopes, d)
		}
		if size == 1 {
			continue
		}
		// Another puller goes on from every cursor with the same lines.
		service := quick{&Service{Options{Session: session}}, server}
		tasks, _, _ := service.Plan(t.Context())
		for i, page := range pages {
			if i == 0 {
				continue
			}
			rest, err := pullTask(t, service, tasks[0], []byte(page.at))
			if err != nil {
				t.Fatalf("from %s: %v", page.at, err)
			}
			if d := cmp.Diff(linesOf(pages[i:]), linesOf(rest)); d != "" { // their cursors have other tokens
				t.Errorf("from %s (-want +got):\n%s", page.at, d)
			}
		}
	}
}

// TestVerbatim: what Config answered stays as it was, with what this SDK does
// not know.
func TestVerbatim(t *testing.T) {
	c := estate()
	_, session := serve(t, c)
	pages, err := pull(t, nil, Options{Session: session, Packs: []string{"pack2"}})
	if err != nil {
		t.Fatal(err)
	}
	findings, _ := outcomes(t, pages)
	if d := cmp.Diff(expected(c, true, "pack2"), findings); d != "" {
		t.Errorf("findings of one pack (-want +got):\n%s", d)
	}
	var line snapshot.Line
	if err := unmarshal(pages[2].lines[0], &line); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(line.Finding, &got); err != nil {
		t.Fatal(err)
	}
	evaluation, _ := got["Evaluation"].(map[string]any)
	if at, ok := evaluation["ResultRecordedTime"].(float64); !ok || at != 1767323045 {
		t.Errorf("the time is not as the service writes it: %s", line.Finding)
	}
	delete(got, "Evaluation")
	want := map[string]any{"AccountId": account, "Region": region, "Partition": "aws-us-gov", "ConformancePackName": "pack2", "ConfigRuleName": "buckets-conformance-pack-p2",
		"SourceOwner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED", "RuleDescription": "What buckets-conformance-pack-p2 checks.", "ResourceArn": "arn:aws-us-gov:s3:::bucket-000"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("record (-want +got):\n%s", d)
	}
}

// TestRules pulls every rule, those of no pack and those without evaluations,
// too.
func TestRules(t *testing.T) {
	c := estate()
	server, session := serve(t, c)
	want := expected(c, true)
	want = append(want, fmt.Sprintf("NOT_AVAILABLE iam-user-mfa-enabled AWS::Config::ConfigRule alone %s %s", account, region))
	slices.Sort(want)
	for _, size := range []int{0, 3} {
		server.Update(func() { server.PageSize = size })
		pages, err := pull(t, server, Options{Session: session, Rules: true})
		if err != nil {
			t.Fatal(err)
		}
		findings, scopes := outcomes(t, pages)
		if d := cmp.Diff(want, findings); d != "" || len(scopes) > 0 {
			t.Errorf("pages of %d: scopes %v, findings (-want +got):\n%s", size, scopes, d)
		}
	}
}

// TestFaults: what goes wrong on the way costs no finding and makes none count
// twice, or the task ends with an error that says what to do.
func TestFaults(t *testing.T) {
	const place = "config " + account + " " + region + ": "
	denied := func(action string) string {
		return "config:" + action + " in account " + account + ", Region " + region + ": "
	}
	for _, tc := range []struct {
		name    string
		faults  []awsfake.Fault
		options Options
		arns    bool
		scopes  []string // their beginnings
		err     string   // its beginning
		restart bool
		slow    bool // through the session, which retries
	}{
		{name: "throttled", faults: []awsfake.Fault{{Kind: awsfake.Throttle, Service: "config", Times: 2}}, arns: true, slow: true},
		{name: "cut off", faults: []awsfake.Fault{{Kind: awsfake.Truncate, Service: "config", Times: 2}}, arns: true, slow: true},
		{name: "empty pages", faults: []awsfake.Fault{{Kind: awsfake.EmptyPage, Operation: "GetConformancePackComplianceDetails", Times: 3}, {Kind: awsfake.EmptyPage, Operation: "DescribeConformancePacks", Times: 1}}, arns: true},
		{name: "repeated tokens", faults: []awsfake.Fault{{Kind: awsfake.RepeatToken, Service: "config", Times: 2}}, arns: true},
		{name: "keys left over", faults: []awsfake.Fault{{Kind: awsfake.EmptyPage, Operation: "BatchGetResourceConfig", Times: 4}}, arns: true},
		{name: "keys always left over", faults: []awsfake.Fault{{Kind: awsfake.EmptyPage, Operation: "BatchGetResourceConfig"}}, scopes: []string{place + "AWS Config did not tell the ARNs of some resources"}},
		{name: "no ARNs", faults: []awsfake.Fault{{Kind: awsfake.Deny, Operation: "BatchGetResourceConfig"}}, scopes: []string{place + "resources are named by their ids instead of their ARNs"}},
		{name: "no recorder for ARNs", faults: []awsfake.Fault{{Kind: awsfake.Refuse, Operation: "BatchGetResourceConfig", Status: 400, Code: "NoAvailableConfigurationRecorderException"}}, scopes: []string{place + "resources are named by their ids, since"}},
		{name: "types refused", faults: []awsfake.Fault{{Kind: awsfake.Refuse, Operation: "BatchGetResourceConfig", Status: 400, Code: "ValidationException"}}, scopes: []string{place + "AWS Config did not tell the ARNs of some resources"}},
		{name: "no recorder status", faults: []awsfake.Fault{{Kind: awsfake.Deny, Operation: "DescribeConfigurationRecorderStatus"}}, arns: true, scopes: []string{place + "whether AWS Config records resources is not known: " + denied("DescribeConfigurationRecorderStatus")}},
		{name: "a pack that is not there", options: Options{Packs: []string{"none", "pack1", "pack2", "pack1"}}, arns: true, scopes: []string{place + `there is no conformance pack "none" here: `}},
		{name: "denied", faults: []awsfake.Fault{{Kind: awsfake.Deny, Operation: "GetConformancePackComplianceDetails"}}, err: denied("GetConformancePackComplianceDetails") + "AccessDenied"},
		{name: "no list", faults: []awsfake.Fault{{Kind: awsfake.Deny, Operation: "DescribeConformancePacks"}}, err: denied("DescribeConformancePacks") + "AccessDenied"},
		{name: "tokens repeated forever", faults: []awsfake.Fault{{Kind: awsfake.RepeatToken, Operation: "GetConformancePackComplianceDetails"}}, err: "account " + account + ", Region " + region + ": AWS Config sent a page with the token of that page"},
		{name: "expired token", faults: []awsfake.Fault{{Kind: awsfake.ExpireToken, Operation: "GetConformancePackComplianceDetails", Times: 1}}, err: "the place to go on from has expired", restart: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := estate()
			server, session := serve(t, c, tc.faults...)
			if tc.slow {
				server = nil
			}
			tc.options.Session = session
			pages, err := pull(t, server, tc.options)
			if got := fmt.Sprint(err); tc.err != "" && !strings.HasPrefix(got, tc.err) || tc.err == "" && err != nil {
				t.Fatalf("error %v, want %q", err, tc.err)
			}
			if got := errors.Is(err, collect.ErrRestart); got != tc.restart {
				t.Errorf("begins again: %t, error %v", got, err)
			}
			findings, scopes := outcomes(t, pages)
			if err == nil {
				if d := cmp.Diff(expected(c, tc.arns), findings); d != "" {
					t.Errorf("findings (-want +got):\n%s", d)
				}
			}
			if len(scopes) != len(tc.scopes) {
				t.Fatalf("scopes %v, want %v", scopes, tc.scopes)
			}
			for i, want := range tc.scopes {
				if !strings.HasPrefix(scopes[i], want) {
					t.Errorf("scope %q, want %q", scopes[i], want)
				}
			}
		})
	}
	t.Run("no descriptions", func(t *testing.T) {
		c := estate()
		server, session := serve(t, c, awsfake.Fault{Kind: awsfake.Deny, Operation: "DescribeConfigRules"})
		pages, err := pull(t, server, Options{Session: session, Packs: []string{"pack2"}})
		findings, scopes := outcomes(t, pages)
		if err != nil || len(findings) != 261 || !strings.Contains(findings[0], " buckets AWS::S3::Bucket arn:") || len(scopes) != 1 || !strings.HasPrefix(scopes[0], place+"managed rules are recognised by their names only") {
			t.Errorf("%d findings, the first %q; scopes %v, error %v", len(findings), findings[:1], scopes, err)
		}
	})
	t.Run("a rule that is gone", func(t *testing.T) {
		c := estate()
		c.Rules = c.Rules[:3]
		server, session := serve(t, c)
		pages, err := pull(t, server, Options{Session: session})
		findings, scopes := outcomes(t, pages)
		if d := cmp.Diff(expected(c, true), findings); d != "" || err != nil || len(scopes) > 0 {
			t.Errorf("scopes %v, error %v, findings (-want +got):\n%s", scopes, err, d)
		}
	})
}

// TestNothing: what there is not is said.
func TestNothing(t *testing.T) {
	const place = "config " + account + " " + region + ": "
	for _, tc := range []struct {
		name   string
		config *awsfake.Config
		rules  bool
		want   []string
	}{
		{"nothing", nil, false, []string{place + "AWS Config has no configuration recorder here, so rules know no resources: set one up",
			place + "there are no conformance packs here: deploy one for the framework, or collect with --rules, which reads all Config rules"}},
		{"no rules", nil, true, []string{place + "AWS Config has no configuration recorder here, so rules know no resources: set one up", place + "AWS Config has no rules here"}},
		{"a recorder that stands still", &awsfake.Config{RecorderStatus: []types.ConfigurationRecorderStatus{{Name: aws.String("default")}}, Rules: estate().Rules[4:]}, true,
			[]string{place + "AWS Config is not recording here, so evaluations are of resources as they were when it stopped: start the configuration recorder"}},
	} {
		server, session := serve(t, tc.config)
		pages, err := pull(t, server, Options{Session: session, Rules: tc.rules})
		_, scopes := outcomes(t, pages)
		if d := cmp.Diff(tc.want, scopes); d != "" || err != nil {
			t.Errorf("%s: error %v, scopes (-want +got):\n%s", tc.name, err, d)
		}
	}
}

func TestPlan(t *testing.T) {
	service := &Service{Options{Accounts: []string{"2", "1", "2"}, Regions: []string{"b", "a"}, Packs: []string{"p", "p"}}}
	tasks, scopes, err := service.Plan(t.Context())
	want := []collect.Task{
		{Source: "config", AccountID: "2", Region: "b", Params: []byte(`{"packs":["p"]}`)}, {Source: "config", AccountID: "2", Region: "a", Params: []byte(`{"packs":["p"]}`)},
		{Source: "config", AccountID: "1", Region: "b", Params: []byte(`{"packs":["p"]}`)}, {Source: "config", AccountID: "1", Region: "a", Params: []byte(`{"packs":["p"]}`)},
	}
	if d := cmp.Diff(want, tasks); d != "" || err != nil || scopes != nil {
		t.Errorf("scopes %v, error %v, tasks (-want +got):\n%s", scopes, err, d)
	}
	service.Rules = true
	if _, _, err := service.Plan(t.Context()); err == nil {
		t.Error("packs and all rules: no error")
	}
}

func TestBadCursors(t *testing.T) {
	_, session := serve(t, estate())
	puller, err := (&Service{Options{Session: session}}).Puller(collect.Task{AccountID: account, Region: region})
	if err != nil {
		t.Fatal(err)
	}
	for _, cursor := range []string{`{`, `[]`, `{"stage":"compliance"}`, `{"stage":"other","names":["x"]}`} {
		if _, err := puller.Next(t.Context(), []byte(cursor)); !errors.Is(err, collect.ErrRestart) {
			t.Errorf("%s: error %v", cursor, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := puller.Next(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
}
