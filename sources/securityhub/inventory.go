package securityhub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/awsapi"
	"github.com/go-shca/shca/sources/snapshot"
)

// unavailable is the reason of a check that AWS does not offer in the Region.
const unavailable = "AWS does not offer the check in this Region"

// afterChecks is the cursor of what follows the inventory, nil if nothing does.
func (p *puller) afterChecks() *cursor {
	if !p.params.Findings {
		return nil
	}
	return &cursor{Phase: phaseFindings}
}

// scope is a line about the task's scope.
func (p *puller) scope(err, note string) snapshot.Line {
	return snapshot.Line{Scope: &shca.Scope{Source: p.task.Source, AccountID: p.task.AccountID, Region: p.task.Region, Err: err, Note: note}}
}

// refused goes on with the findings where the inventory cannot be read, and says
// so in the scope. Errors that end the run are returned; a page token that AWS no
// longer takes is none, since what it costs is less than the findings.
func (p *puller) refused(ctx context.Context, err error) ([]snapshot.Line, *cursor, error) {
	var explained *awsapi.Error
	if ctx.Err() != nil || errors.As(err, &explained) && explained.EndsRun() {
		return nil, nil, err
	}
	text := "which checks of " + p.params.Inventory + " are enabled could not be read in full, so that a check without findings may be disabled: " + err.Error()
	return []snapshot.Line{p.scope(text, "")}, p.afterChecks(), nil
}

// standard finds out whether the standard is enabled.
func (p *puller) standard(ctx context.Context) ([]snapshot.Line, *cursor, error) {
	const operation = "GetEnabledStandards"
	const most = 100 // pages; there are some ten standards
	token := ""
	for range most {
		var out *securityhub.GetEnabledStandardsOutput
		next, err := p.page(ctx, operation, token, func(ctx context.Context) (next string, err error) {
			in := &securityhub.GetEnabledStandardsInput{MaxResults: aws.Int32(pageSize)}
			if token != "" {
				in.NextToken = &token
			}
			if out, err = p.client.GetEnabledStandards(awsapi.Requiring(ctx, "StandardsSubscriptions"), in); err != nil {
				return "", err
			}
			return aws.ToString(out.NextToken), nil
		})
		if err != nil {
			return p.refused(ctx, err)
		}
		for i := range out.StandardsSubscriptions {
			s := &out.StandardsSubscriptions[i]
			if id := aws.ToString(s.StandardsArn); strings.HasSuffix(id, ":"+p.params.Inventory) {
				return p.subscribed(s)
			}
		}
		if next == "" {
			note := "the standard " + p.params.Inventory + " is not enabled in this Region, so that its checks run only as far as other standards have them: enable it to have all of them"
			return []snapshot.Line{p.scope("", note)}, p.afterChecks(), nil
		}
		token = next
	}
	return p.refused(ctx, p.explain(fmt.Errorf("there are more than %d pages of standards", most), operation))
}

// subscribed goes on with the checks of a standard that is enabled.
func (p *puller) subscribed(s *types.StandardsSubscription) ([]snapshot.Line, *cursor, error) {
	why := ""
	if s.StandardsStatusReason != nil {
		why = fmt.Sprintf(" (%s)", s.StandardsStatusReason.StatusReasonCode)
	}
	var lines []snapshot.Line
	switch s.StandardsStatus {
	case types.StandardsStatusDeleting:
		note := "the standard " + p.params.Inventory + " is being disabled in this Region" + why
		return []snapshot.Line{p.scope("", note)}, p.afterChecks(), nil
	case types.StandardsStatusPending, types.StandardsStatusIncomplete, types.StandardsStatusFailed:
		note := fmt.Sprintf("the standard %s has the status %s in this Region%s, so that checks may not have run yet", p.params.Inventory, s.StandardsStatus, why)
		lines = append(lines, p.scope("", note))
	}
	if s.StandardsControlsUpdatable == types.StandardsControlsUpdatableNotReadyForUpdates {
		text := "which checks of " + p.params.Inventory + " are enabled cannot be read yet" + why + ": Security Hub is still working on the standard: run the command again later"
		return append(lines, p.scope(text, "")), p.afterChecks(), nil
	}
	return lines, &cursor{Phase: phaseChecks, Standard: aws.ToString(s.StandardsArn)}, nil
}

// checks reads one page of the standard's checks, and which of them are enabled.
func (p *puller) checks(ctx context.Context, c cursor) ([]snapshot.Line, *cursor, error) {
	var token *string
	if c.Token != "" {
		token = &c.Token
	}
	var listed []types.SecurityControlDefinition
	next, err := p.page(ctx, "ListSecurityControlDefinitions", c.Token, func(ctx context.Context) (string, error) {
		out, err := p.client.ListSecurityControlDefinitions(awsapi.Requiring(ctx, "SecurityControlDefinitions"), &securityhub.ListSecurityControlDefinitionsInput{
			StandardsArn: &c.Standard, MaxResults: aws.Int32(pageSize), NextToken: token,
		})
		if err != nil {
			return "", err
		}
		listed = out.SecurityControlDefinitions
		return aws.ToString(out.NextToken), nil
	})
	if err != nil {
		return p.refused(ctx, err)
	}
	var lines []snapshot.Line
	for batch := range slices.Chunk(listed, pageSize) {
		some, err := p.settings(ctx, c.Standard, batch)
		if err != nil {
			return p.refused(ctx, err)
		}
		lines = append(lines, some...)
	}
	if next == "" {
		return lines, p.afterChecks(), nil
	}
	follow := &cursor{Phase: phaseChecks, Standard: c.Standard, Token: next}
	if len(listed) == 0 {
		if follow.Empty = c.Empty + 1; follow.Empty > p.maxEmpty {
			return p.refused(ctx, p.explain(fmt.Errorf("%d pages in a row had no checks, and each of them said that there are more", follow.Empty), "ListSecurityControlDefinitions"))
		}
	}
	return lines, follow, nil
}

// settings returns the settings of at most pageSize checks, in their order.
func (p *puller) settings(ctx context.Context, standard string, checks []types.SecurityControlDefinition) ([]snapshot.Line, error) {
	const operation = "BatchGetStandardsControlAssociations"
	var ids []types.StandardsControlAssociationId
	for i := range checks {
		if checks[i].CurrentRegionAvailability != types.RegionAvailabilityStatusUnavailable {
			ids = append(ids, types.StandardsControlAssociationId{SecurityControlId: checks[i].SecurityControlId, StandardsArn: &standard})
		}
	}
	found := map[string]*types.StandardsControlAssociationDetail{}
	refused := map[string]string{}
	var off []string // disabled for the standard
	if len(ids) > 0 {
		out, err := p.client.BatchGetStandardsControlAssociations(ctx, &securityhub.BatchGetStandardsControlAssociationsInput{StandardsControlAssociationIds: ids})
		if err != nil {
			return nil, p.explain(err, operation)
		}
		for i := range out.StandardsControlAssociationDetails {
			d := &out.StandardsControlAssociationDetails[i]
			id := aws.ToString(d.SecurityControlId)
			found[id] = d
			if d.AssociationStatus == types.AssociationStatusDisabled {
				off = append(off, id)
			}
		}
		for _, u := range out.UnprocessedAssociations {
			if u.StandardsControlAssociationId != nil {
				refused[aws.ToString(u.StandardsControlAssociationId.SecurityControlId)] = string(u.ErrorCode)
			}
		}
	}
	elsewhere, note := p.runElsewhere(ctx, off)
	if err := ctx.Err(); err != nil {
		return nil, err
	}

	var lines []snapshot.Line
	var unknown, others []string
	for i := range checks {
		c := &checks[i]
		id := aws.ToString(c.SecurityControlId)
		severity, _ := shca.ParseSeverity(string(c.SeverityRating))
		setting := &shca.CheckSetting{
			Source: p.task.Source, AccountID: p.task.AccountID, Region: p.task.Region,
			Check: shca.CheckID(id), Standard: standard, Title: aws.ToString(c.Title), Severity: severity,
		}
		d := found[id]
		switch {
		case id == "":
			unknown = append(unknown, "a check without an id")
			continue
		case c.CurrentRegionAvailability == types.RegionAvailabilityStatusUnavailable:
			setting.Reason = unavailable
		case d == nil:
			unknown = append(unknown, id+" ("+cmp.Or(refused[id], "no answer")+")")
			continue
		case d.AssociationStatus == types.AssociationStatusEnabled:
			setting.Enabled = true
		case d.AssociationStatus == types.AssociationStatusDisabled && elsewhere[id]:
			setting.Enabled = true
			others = append(others, id)
		case d.AssociationStatus == types.AssociationStatusDisabled:
			setting.Reason = aws.ToString(d.UpdatedReason)
		default:
			unknown = append(unknown, fmt.Sprintf("%s (%.40s)", id, d.AssociationStatus))
			continue
		}
		if d != nil {
			setting.Requirements = d.RelatedRequirements
			if d.UpdatedAt != nil {
				setting.UpdatedAt = d.UpdatedAt.UTC()
			}
		}
		lines = append(lines, snapshot.Line{Setting: setting})
	}
	if len(others) > 0 {
		lines = append(lines, p.scope("", "disabled for "+p.params.Inventory+", but they run for another standard: "+list(others)))
	}
	if note != "" {
		lines = append(lines, p.scope("", note))
	}
	if len(unknown) > 0 {
		lines = append(lines, p.scope("Security Hub did not say whether checks are enabled: "+list(unknown)+": run the command again later", ""))
	}
	return lines, nil
}

// runElsewhere reports which of the checks that are disabled for the standard run
// all the same, since another standard has them enabled (Security Hub API
// reference, SecurityControl, SecurityControlStatus). The note says what could
// not be read.
func (p *puller) runElsewhere(ctx context.Context, ids []string) (map[string]bool, string) {
	if len(ids) == 0 {
		return nil, ""
	}
	const operation = "BatchGetSecurityControls"
	out, err := p.client.BatchGetSecurityControls(ctx, &securityhub.BatchGetSecurityControlsInput{SecurityControlIds: ids})
	if err != nil {
		return nil, "whether disabled checks run for another standard was not read: " + p.explain(err, operation).Error()
	}
	enabled := map[string]bool{}
	for i := range out.SecurityControls {
		c := &out.SecurityControls[i]
		enabled[aws.ToString(c.SecurityControlId)] = c.SecurityControlStatus == types.ControlStatusEnabled
	}
	var unknown []string
	for _, u := range out.UnprocessedIds {
		unknown = append(unknown, fmt.Sprintf("%s (%.40s)", aws.ToString(u.SecurityControlId), u.ErrorCode))
	}
	if len(unknown) > 0 {
		return enabled, "whether disabled checks run for another standard was not said of " + list(unknown)
	}
	return enabled, ""
}

// list names at most 20 of the texts.
func list(all []string) string {
	const most = 20
	if len(all) <= most {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
}
