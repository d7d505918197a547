package configrules

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/collect"
	"github.com/go-shca/shca/internal/awsapi"
	"github.com/go-shca/shca/sources/snapshot"
)

// The sizes of pages and requests (AWS Config API reference, the actions' Limit
// and the lists' numbers of items).
const (
	packsPerPage       = 20
	evaluationsPerPage = 100
	rulesPerRequest    = 25
	keysPerRequest     = 100

	pageTries = 3    // requests for a page that comes with its own token
	keyTries  = 5    // requests for resources that Config leaves unprocessed
	maxRules  = 5000 // rules that are kept in memory; Config allows 1000 in an account and Region
)

// The stages of a task, in their order. Those from compliance on are gone
// through for each conformance pack, evaluations for each rule.
const (
	recorder    = ""
	listing     = "list"
	compliance  = "compliance"
	details     = "details"
	evaluations = "evaluations"
)

// cursor is where a task stands. It says everything about that, so that another
// puller goes on from it as the same one would.
type cursor struct {
	Stage string   `json:"stage,omitempty"`
	Names []string `json:"names,omitempty"` // packs or rules of this page of the list that are still to be read, the one that is being read first
	More  string   `json:"more,omitempty"`  // token of the page of the list that follows this one
	Token string   `json:"token,omitempty"` // of the page to read; "" is the first
	Any   bool     `json:"any,omitzero"`    // the list has held something
	Found bool     `json:"found,omitzero"`  // the rule that is being read has evaluations
	Noted []string `json:"noted,omitempty"` // what scopes have said, so that they say it once
}

// puller pulls one task. It keeps what it learns about rules, which no page
// depends on: another puller asks again.
type puller struct {
	api                        *configservice.Client
	answers                    func(context.Context) (context.Context, func() []byte) // awsapi.Answers
	account, region, partition string
	params

	rules map[string]types.ConfigRule // by name, Source and Description; of a rule that is gone, a zero one
	kinds []types.ResourceType        // types whose ARNs can be asked for, sorted
}

// Next reads the page at the cursor. One that comes with the token that asked
// for it is read again.
func (p *puller) Next(ctx context.Context, at jsontext.Value) (collect.Page, error) {
	for try := 1; ; try++ {
		page, err := p.next(ctx, at)
		if try == pageTries || !errors.Is(err, errRepeated) {
			return page, err
		}
	}
}

var errRepeated = errors.New("AWS Config sent a page with the token of that page, so the next one cannot be read: run the same command again")

func (p *puller) next(ctx context.Context, at jsontext.Value) (collect.Page, error) {
	c := &cursor{}
	if at != nil {
		if err := json.Unmarshal(at, c); err != nil {
			return collect.Page{}, fmt.Errorf("config %s %s: %w: the cursor is not one of AWS Config's: %w", p.account, p.region, collect.ErrRestart, err)
		}
	}
	if p.rules == nil || len(p.rules) > maxRules {
		p.rules = map[string]types.ConfigRule{}
	}
	page := &collect.Page{}
	var err error
	switch {
	case c.Stage == recorder:
		err = p.recorder(ctx, c, page)
	case c.Stage == listing:
		err = p.list(ctx, c, page)
	case len(c.Names) == 0:
		err = fmt.Errorf("%w: the cursor names nothing to read", collect.ErrRestart)
	case c.Stage == compliance:
		err = p.compliance(ctx, c, page)
	case c.Stage == details:
		err = p.details(ctx, c, page)
	case c.Stage == evaluations:
		err = p.evaluations(ctx, c, page)
	default:
		err = fmt.Errorf("%w: the cursor's stage %.40q is not one of AWS Config's", collect.ErrRestart, c.Stage)
	}
	if err != nil {
		return collect.Page{}, err
	}
	if c.Stage != done {
		if page.Next, err = json.Marshal(c, json.Deterministic(true)); err != nil {
			return collect.Page{}, fmt.Errorf("config: %w", err)
		}
	}
	return *page, nil
}

// done is the stage of a task that has been pulled.
const done = "done"

// recorder sees whether Config records changes at all: where it does not, rules
// know resources as they were, or none.
func (p *puller) recorder(ctx context.Context, c *cursor, page *collect.Page) error {
	c.Stage = listing
	if len(p.Packs) > 0 {
		c.Stage, c.Names, c.Any = compliance, p.Packs, true
	}
	out, err := p.api.DescribeConfigurationRecorderStatus(ctx, nil)
	switch err := p.explain(err, "DescribeConfigurationRecorderStatus"); {
	case err == nil:
	case denied(err):
		p.note(c, page, "recorder", "whether AWS Config records resources is not known: "+err.Error())
		return nil
	default:
		return err
	}
	status := out.ConfigurationRecordersStatus
	switch recording := func(r types.ConfigurationRecorderStatus) bool { return r.Recording }; {
	case len(status) == 0:
		p.note(c, page, "recorder", "AWS Config has no configuration recorder here, so rules know no resources: set one up")
	case !slices.ContainsFunc(status, recording):
		p.note(c, page, "recorder", "AWS Config is not recording here, so evaluations are of resources as they were when it stopped: start the configuration recorder")
	}
	return nil
}

// list reads a page of the list of packs or rules.
func (p *puller) list(ctx context.Context, c *cursor, page *collect.Page) error {
	var next *string
	c.Names = nil
	if p.Rules {
		out, err := p.api.DescribeConfigRules(ctx, &configservice.DescribeConfigRulesInput{NextToken: token(c.Token)})
		if err != nil {
			return p.failed(err, c, "DescribeConfigRules")
		}
		for _, rule := range out.ConfigRules {
			if name := aws.ToString(rule.ConfigRuleName); name != "" {
				c.Names = append(c.Names, name)
				p.keep(name, rule)
			}
		}
		next = out.NextToken
	} else {
		out, err := p.api.DescribeConformancePacks(ctx, &configservice.DescribeConformancePacksInput{Limit: packsPerPage, NextToken: token(c.Token)})
		if err != nil {
			return p.failed(err, c, "DescribeConformancePacks")
		}
		for _, pack := range out.ConformancePackDetails {
			if name := aws.ToString(pack.ConformancePackName); name != "" {
				c.Names = append(c.Names, name)
			}
		}
		next = out.NextToken
	}
	more, err := p.following(c, next)
	if err != nil {
		return err
	}
	c.Any = c.Any || len(c.Names) > 0
	c.More, c.Token = more, ""
	p.begin(c)
	if c.Stage == done && !c.Any {
		if p.Rules {
			p.note(c, page, "none", "AWS Config has no rules here")
		} else {
			p.note(c, page, "none", "there are no conformance packs here: deploy one for the framework, or collect with --rules, which reads all Config rules")
		}
	}
	return nil
}

// begin goes to the next pack or rule of the list, to its next page, or to the
// end.
func (p *puller) begin(c *cursor) {
	c.Found = false
	switch {
	case len(c.Names) > 0 && p.Rules:
		c.Stage, c.Token = evaluations, ""
	case len(c.Names) > 0:
		c.Stage, c.Token = compliance, ""
	case c.More != "":
		c.Stage, c.Token, c.More = listing, c.More, ""
	default:
		c.Stage = done
	}
}

// compliance reads a page of a pack's rules. Those that have evaluations are
// read with these; of the others there is only what is said here.
func (p *puller) compliance(ctx context.Context, c *cursor, page *collect.Page) error {
	pack := c.Names[0]
	ctx, body := p.answers(ctx)
	out, err := p.api.DescribeConformancePackCompliance(ctx, &configservice.DescribeConformancePackComplianceInput{
		ConformancePackName: &pack, Limit: evaluationsPerPage, NextToken: token(c.Token),
	})
	if gone(err, "NoSuchConformancePackException") {
		p.missing(c, page, pack)
		return nil
	}
	if err != nil {
		return p.failed(err, c, "DescribeConformancePackCompliance")
	}
	all, err := p.items(body(), len(out.ConformancePackRuleComplianceList), "DescribeConformancePackCompliance")
	if err != nil {
		return err
	}
	var undecided []jsontext.Value
	for i, rule := range out.ConformancePackRuleComplianceList {
		if rule.ComplianceType != types.ConformancePackComplianceTypeCompliant && rule.ComplianceType != types.ConformancePackComplianceTypeNonCompliant {
			undecided = append(undecided, all[i])
		}
	}
	if err := p.lines(ctx, c, page, pack, undecided); err != nil {
		return err
	}
	if c.Token, err = p.following(c, out.NextToken); err != nil {
		return err
	}
	if c.Token == "" {
		c.Stage = details
	}
	return nil
}

// details reads a page of a pack's evaluations.
func (p *puller) details(ctx context.Context, c *cursor, page *collect.Page) error {
	pack := c.Names[0]
	ctx, body := p.answers(ctx)
	out, err := p.api.GetConformancePackComplianceDetails(ctx, &configservice.GetConformancePackComplianceDetailsInput{
		ConformancePackName: &pack, Limit: evaluationsPerPage, NextToken: token(c.Token),
	})
	if gone(err, "NoSuchConformancePackException") {
		p.missing(c, page, pack)
		return nil
	}
	if err != nil {
		return p.failed(err, c, "GetConformancePackComplianceDetails")
	}
	all, err := p.items(body(), len(out.ConformancePackRuleEvaluationResults), "GetConformancePackComplianceDetails")
	if err != nil {
		return err
	}
	if err := p.lines(ctx, c, page, pack, all); err != nil {
		return err
	}
	if c.Token, err = p.following(c, out.NextToken); err != nil {
		return err
	}
	if c.Token == "" {
		c.Names = c.Names[1:]
		p.begin(c)
	}
	return nil
}

// missing goes on behind a pack that does not exist, or no longer.
func (p *puller) missing(c *cursor, page *collect.Page, pack string) {
	p.scope(page, shca.Scope{Err: fmt.Sprintf("there is no conformance pack %.256q here: see whether the name is spelt right and whether the pack is still deployed in this account and Region", pack)})
	c.Names = c.Names[1:]
	p.begin(c)
}

// evaluations reads a page of a rule's evaluations, and of a rule without any
// what is said of it as a whole.
func (p *puller) evaluations(ctx context.Context, c *cursor, page *collect.Page) error {
	rule := c.Names[0]
	ctx, body := p.answers(ctx)
	out, err := p.api.GetComplianceDetailsByConfigRule(ctx, &configservice.GetComplianceDetailsByConfigRuleInput{
		ConfigRuleName: &rule, Limit: evaluationsPerPage, NextToken: token(c.Token),
	})
	if gone(err, "NoSuchConfigRuleException") {
		return p.ruleGone(c, page, rule)
	}
	if err != nil {
		return p.failed(err, c, "GetComplianceDetailsByConfigRule")
	}
	all, err := p.items(body(), len(out.EvaluationResults), "GetComplianceDetailsByConfigRule")
	if err != nil {
		return err
	}
	c.Found = c.Found || len(all) > 0
	next, err := p.following(c, out.NextToken)
	if err != nil {
		return err
	}
	if next == "" && !c.Found {
		whole, err := p.api.DescribeComplianceByConfigRule(ctx, &configservice.DescribeComplianceByConfigRuleInput{ConfigRuleNames: []string{rule}})
		if gone(err, "NoSuchConfigRuleException") {
			return p.ruleGone(c, page, rule)
		}
		if err != nil {
			return p.explain(err, "DescribeComplianceByConfigRule")
		}
		if all, err = p.items(body(), len(whole.ComplianceByConfigRules), "DescribeComplianceByConfigRule"); err != nil {
			return err
		}
	}
	if err := p.lines(ctx, c, page, "", all); err != nil {
		return err
	}
	if c.Token = next; next == "" {
		c.Names = c.Names[1:]
		p.begin(c)
	}
	return nil
}

// ruleGone goes on behind a rule that was deleted since it was listed.
func (p *puller) ruleGone(c *cursor, page *collect.Page, rule string) error {
	p.scope(page, shca.Scope{Note: fmt.Sprintf("the rule %.128q was deleted while rules were read: evaluations of it may be missing", rule)})
	c.Names = c.Names[1:]
	p.begin(c)
	return nil
}

// items returns the items of an answer as they were, of which there must be so
// many.
func (p *puller) items(body []byte, count int, action string) ([]jsontext.Value, error) {
	var all []jsontext.Value
	a := newAnswers(bytes.NewReader(body), func(raw jsontext.Value, _ string) bool {
		all = append(all, raw.Clone())
		return true
	})
	err := a.run()
	if err == nil && len(all) != count {
		err = fmt.Errorf("it has %d items, of which %d could be read", count, len(all))
	}
	if err != nil {
		return nil, fmt.Errorf("config:%s in account %s, Region %s: the answer cannot be used: %w: run the same command again", action, p.account, p.region, err)
	}
	return all, nil
}

// lines adds items to the page as findings.
func (p *puller) lines(ctx context.Context, c *cursor, page *collect.Page, pack string, all []jsontext.Value) error {
	if len(all) == 0 {
		return nil
	}
	records := make([]Record, len(all))
	items := make([]*item, len(all))
	for n, raw := range all {
		records[n] = Record{AccountID: p.account, Region: p.region, Partition: p.partition, ConformancePack: pack, Evaluation: raw}
		i, err := records[n].item()
		if err != nil { // which whoever reads the snapshot is told
			i = &item{}
		}
		items[n] = i
		records[n].ConfigRule = i.rule()
	}
	if err := p.describe(ctx, c, page, records); err != nil {
		return err
	}
	if err := p.locate(ctx, c, page, records, items); err != nil {
		return err
	}
	for n := range records {
		text, err := records[n].Append(nil)
		if err != nil {
			return fmt.Errorf("account %s, Region %s: %w", p.account, p.region, err)
		}
		page.Lines = append(page.Lines, snapshot.Line{Finding: text, Format: shca.SourceConfig})
	}
	return nil
}

// describe adds to the records what is known of their rules.
func (p *puller) describe(ctx context.Context, c *cursor, page *collect.Page, records []Record) error {
	if slices.Contains(c.Noted, "rules") {
		return nil
	}
	var names []string
	for i := range records {
		name := records[i].ConfigRule
		if _, known := p.rules[name]; !known && name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for chunk := range slices.Chunk(names, rulesPerRequest) {
		err := p.ask(ctx, chunk)
		if gone(err, "NoSuchConfigRuleException") { // one of them is gone, and the error does not say which
			for _, name := range chunk {
				if err = p.ask(ctx, []string{name}); gone(err, "NoSuchConfigRuleException") {
					p.keep(name, types.ConfigRule{})
					err = nil
				}
				if err != nil {
					break
				}
			}
		}
		if err := p.explain(err, "DescribeConfigRules"); denied(err) {
			p.note(c, page, "rules", "managed rules are recognised by their names only, and those that the account named itself are not: "+err.Error())
			return nil
		} else if err != nil {
			return err
		}
	}
	for i := range records {
		rule, ok := p.rules[records[i].ConfigRule]
		if !ok {
			continue
		}
		records[i].RuleDescription = aws.ToString(rule.Description)
		if source := rule.Source; source != nil {
			records[i].SourceOwner = string(source.Owner)
			if source.Owner == types.OwnerAws {
				records[i].SourceIdentifier = aws.ToString(source.SourceIdentifier)
			}
		}
	}
	return nil
}

// ask learns about rules.
func (p *puller) ask(ctx context.Context, names []string) error {
	out, err := p.api.DescribeConfigRules(ctx, &configservice.DescribeConfigRulesInput{ConfigRuleNames: names})
	if err != nil {
		return err
	}
	for _, name := range names {
		p.keep(name, types.ConfigRule{})
	}
	for _, rule := range out.ConfigRules {
		p.keep(aws.ToString(rule.ConfigRuleName), rule)
	}
	return nil
}

func (p *puller) keep(name string, rule types.ConfigRule) {
	p.rules[name] = types.ConfigRule{Source: rule.Source, Description: rule.Description}
}

// locate adds the ARNs of their resources to the records, where Config knows
// them: without, findings of Config and of Security Hub name the same resource
// differently.
func (p *puller) locate(ctx context.Context, c *cursor, page *collect.Page, records []Record, items []*item) error {
	if slices.Contains(c.Noted, "resources") {
		return nil
	}
	if p.kinds == nil {
		p.kinds = types.ResourceType("").Values()
		slices.Sort(p.kinds)
	}
	var keys []types.ResourceKey
	wanted := map[key]bool{}
	for _, i := range items {
		k := keyOf(i)
		if _, known := slices.BinarySearch(p.kinds, types.ResourceType(k.kind)); !known || k.id == "" || strings.HasPrefix(k.id, "arn:") || wanted[k] {
			continue
		}
		wanted[k] = true
		keys = append(keys, types.ResourceKey{ResourceType: types.ResourceType(k.kind), ResourceId: &k.id})
	}
	arns := map[key]string{}
	for chunk := range slices.Chunk(keys, keysPerRequest) {
		left, err := p.arns(ctx, chunk, arns)
		switch {
		case err == nil && left == 0:
			continue
		case err == nil:
			p.note(c, page, "unprocessed", "AWS Config did not tell the ARNs of some resources, which are named by their ids: findings of Security Hub about them may count besides")
			continue
		case gone(err, "NoAvailableConfigurationRecorderException"):
			p.note(c, page, "resources", "resources are named by their ids, since AWS Config has no recorder that knows their ARNs: findings of Security Hub about them may count besides")
			return nil
		}
		if err = p.explain(err, "BatchGetResourceConfig"); !denied(err) {
			return err
		}
		p.note(c, page, "resources", "resources are named by their ids instead of their ARNs, and findings of Security Hub about them may count besides: "+err.Error())
		return nil
	}
	for n, i := range items {
		records[n].ResourceARN = arns[keyOf(i)]
	}
	return nil
}

// key names a resource to Config.
type key struct{ kind, id string }

func keyOf(i *item) key {
	if i.Identifier == nil {
		return key{}
	}
	return key{i.Identifier.Qualifier.ResourceType, i.Identifier.Qualifier.ResourceID}
}

// arns asks for the ARNs of resources. It returns how many of them Config left
// unprocessed whenever it was asked.
func (p *puller) arns(ctx context.Context, keys []types.ResourceKey, arns map[key]string) (int, error) {
	for try := 0; try < keyTries && len(keys) > 0; try++ {
		out, err := p.api.BatchGetResourceConfig(ctx, &configservice.BatchGetResourceConfigInput{ResourceKeys: keys})
		if gone(err, "ValidationException") { // Config does not know one of the types in this Region
			return p.byType(ctx, keys, arns)
		}
		if err != nil {
			return 0, err
		}
		for _, found := range out.BaseConfigurationItems {
			if arn := aws.ToString(found.Arn); arn != "" {
				arns[key{string(found.ResourceType), aws.ToString(found.ResourceId)}] = arn
			}
		}
		keys = out.UnprocessedResourceKeys
	}
	return len(keys), nil
}

// byType asks for the resources of each type alone, and leaves those of types
// that Config refuses unprocessed.
func (p *puller) byType(ctx context.Context, keys []types.ResourceKey, arns map[key]string) (int, error) {
	kind := keys[0].ResourceType
	same := func(k types.ResourceKey) bool { return k.ResourceType == kind }
	if !slices.ContainsFunc(keys, func(k types.ResourceKey) bool { return !same(k) }) {
		return len(keys), nil
	}
	first := slices.DeleteFunc(slices.Clone(keys), func(k types.ResourceKey) bool { return !same(k) })
	left, err := p.arns(ctx, first, arns)
	if err != nil {
		return 0, err
	}
	others, err := p.arns(ctx, slices.DeleteFunc(slices.Clone(keys), same), arns)
	return left + others, err
}

// token is a page's token as requests have it.
func token(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// following returns the token of the next page, which is another than that of
// the page that was read.
func (p *puller) following(c *cursor, next *string) (string, error) {
	text := aws.ToString(next)
	if text != "" && text == c.Token {
		return "", fmt.Errorf("account %s, Region %s: %w", p.account, p.region, errRepeated)
	}
	return text, nil
}

// failed explains the error of a request for the page at the cursor.
func (p *puller) failed(err error, c *cursor, action string) error {
	if c.Token != "" && gone(err, "InvalidNextTokenException") {
		return fmt.Errorf("%w: %w", collect.ErrRestart, p.explain(err, action))
	}
	return p.explain(err, action)
}

func (p *puller) explain(err error, action string) error {
	return awsapi.Explain(err, p.account, p.region, "config:"+action)
}

// gone reports whether AWS answered with the error code.
func gone(err error, code string) bool { return awsapi.Code(err) == code }

// denied reports whether an explained error is one of permissions.
func denied(err error) bool {
	var e *awsapi.Error
	return errors.As(err, &e) && e.Denied()
}

// note adds a scope with the note, once for each kind of note in a task.
func (p *puller) note(c *cursor, page *collect.Page, kind, text string) {
	if !slices.Contains(c.Noted, kind) {
		c.Noted = append(c.Noted, kind)
		p.scope(page, shca.Scope{Note: text})
	}
}

func (p *puller) scope(page *collect.Page, s shca.Scope) {
	s.Source, s.AccountID, s.Region = shca.SourceConfig, p.account, p.region
	page.Lines = append(page.Lines, snapshot.Line{Scope: &s})
}
