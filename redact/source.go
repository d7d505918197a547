package redact

import (
	"context"
	"errors"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/ordered"
)

// Source returns the source with all its records redacted, in the same order.
// Records have the findings they were made of as their originals, which decide
// what they decided before; see [shca.Record].
//
// An assessment cannot tell that its source is a redacted one. Whoever assesses
// it must set Redacted in mapping.Options, or no artifact says that names are
// pseudonyms; and what the caller names besides, a system file or a command line,
// needs [Redactor.System] and [Redactor.Command].
func Source(source shca.Source, r *Redactor) shca.Source { return &redacting{source, r} }

type redacting struct {
	source shca.Source
	r      *Redactor
}

func (s *redacting) Records(ctx context.Context) iter.Seq2[shca.Record, error] {
	type pair struct {
		record shca.Record
		err    error
	}
	produce := func(send func(*pair) bool) {
		for record, err := range s.source.Records(ctx) {
			if !send(&pair{record, err}) {
				return
			}
		}
	}
	work := func(p *pair) {
		if p.err != nil {
			p.err = s.r.problem(p.err)
		} else {
			p.record, p.err = s.r.record(p.record)
		}
	}
	return func(yield func(shca.Record, error) bool) {
		for p := range ordered.Map(ctx, produce, work) {
			if !yield(p.record, p.err) {
				return
			}
		}
	}
}

func (r *Redactor) record(record shca.Record) (shca.Record, error) {
	switch {
	case record.Finding != nil:
		f, err := r.finding(record.Finding)
		if err != nil {
			return shca.Record{}, err
		}
		return shca.Record{Finding: f, Original: record.Finding}, nil
	case record.Scope != nil:
		return shca.Record{Scope: r.scope(record.Scope)}, nil
	case record.Setting != nil:
		return shca.Record{Setting: r.setting(record.Setting)}, nil
	case record.Evidence != nil:
		return shca.Record{Evidence: r.evidence(record.Evidence)}, nil
	case record.Input != nil:
		in := r.input(*record.Input)
		return shca.Record{Input: &in}, nil
	}
	return shca.Record{}, nil // nothing that this package knows how to redact
}

// input returns the input without what would tell whether somebody has the same
// file: its name, its digest, and its size, which is nearly as good as that.
func (r *Redactor) input(in shca.Input) shca.Input {
	return shca.Input{Name: r.source(in.Name)}
}

// scope returns a redacted copy of the scope.
func (r *Redactor) scope(s *shca.Scope) *shca.Scope {
	c := *s
	c.Source, c.AccountID, c.Region = r.source(s.Source), r.account(s.AccountID), r.region(s.Region)
	c.Err, c.Note = reasonOf(s.Err), reasonOf(s.Note)
	return &c
}

// source keeps the kinds of sources; else it is the name of an input.
func (r *Redactor) source(name string) string {
	if slices.Contains([]string{"", shca.SourceASFF, shca.SourceOCSF, shca.SourceConfig, shca.SourceAuditManager, "securityhub", "input", "stdin", "-"}, name) {
		return name
	}
	return r.path(name)
}

// extensions are those that say what is in a file.
var extensions = []string{".json", ".ndjson", ".jsonl", ".csv", ".parquet", ".gz", ".gzip", ".zst", ".zstd", ".yaml", ".yml", ".txt", ".zip"}

// path returns what stands for the path of a file: a pseudonym of the whole,
// with extensions that say what is in it.
func (r *Redactor) path(name string) string {
	if name == "" || name == "-" {
		return name
	}
	kept := ""
	for rest := path.Base(strings.ReplaceAll(name, `\`, "/")); ; {
		extension := path.Ext(rest)
		if !slices.Contains(extensions, extension) {
			return "input-" + r.token(name) + kept
		}
		kept = extension + kept
		rest = strings.TrimSuffix(rest, extension)
	}
}

// problem redacts the error of one finding. Any other error is the end of the
// assessment: it is in no artifact, and who runs the command has to know it.
func (r *Redactor) problem(err error) error {
	var one *shca.FindingError
	if !errors.As(err, &one) {
		return err
	}
	cause := ""
	if one.Err != nil {
		cause = one.Err.Error()
	}
	return &shca.FindingError{
		Source: r.source(one.Source), Number: one.Number, ID: r.id(one.ID),
		Field: pointer(one.Field), Err: errors.New(reasonOf(cause)),
	}
}

// members are the names that a pointer may show; others may be the user's.
var members = wordSet(`Id ProductArn ProductName GeneratorId AwsAccountId AwsAccountName Region Types Title Description RecordState
	WorkflowState CreatedAt UpdatedAt FirstObservedAt LastObservedAt ProcessedAt Severity Label Normalized FindingProviderFields Workflow Status
	Compliance RelatedRequirements SecurityControlId AssociatedStandards StandardsId StatusReasons ReasonCode Remediation Recommendation Text Url
	ProductFields Note UpdatedBy Resources Type Partition
	class_uid type_uid activity_id metadata cloud finding_info finding uid title desc types compliance status status_id state state_id status_code
	status_detail control standards requirements severity severity_id time time_dt event_time created_time created_time_dt modified_time modified_time_dt
	first_seen_time first_seen_time_dt last_seen_time last_seen_time_dt processed_time resources resource remediation vulnerabilities unmapped
	account region product name type`)

func pointer(field string) string {
	for segment := range strings.SplitSeq(strings.TrimPrefix(field, "/"), "/") {
		if !members[segment] && strings.Trim(segment, "0123456789") != "" {
			return ""
		}
	}
	return field
}

// reasons are what the sources say is wrong, as far as it quotes nothing. The
// first that a message has stands for the message.
var reasons = []string{
	"missing; without it the finding's newest copy cannot be told",
	"missing; an OCSF finding has a class from 2001 on",
	"an event of a class that is no finding",
	"is neither ACTIVE nor ARCHIVED",
	"is none of NEW, NOTIFIED, RESOLVED, SUPPRESSED",
	"is none of PASSED, FAILED, WARNING, NOT_AVAILABLE",
	"is not an account id of 12 digits",
	"is not a number",
	"is not a time",
	"names two checks",
	"which of them is right cannot be told",
	"wrong type",
	"a string is expected here", "a list of strings is expected here", "a number is expected here", "a time is expected here", "a time in a string is expected here",
	"the finding is not closed; others that follow may be lost with it",
	"a bracket too many closes the finding before its end",
	"a finding is a JSON object, and this is none",
	"this finding has a member named like those that wrap findings",
	"this object has not the members of an ASFF or OCSF finding",
	"broken JSON: text between findings",
	"broken JSON around a list of findings: findings may be missing; write it anew",
	"the input ends inside a list of findings or the object around it: findings may be missing; write it anew",
	"among the findings of a list stands an object that wraps findings itself",
	"broken JSON", "broken CSV", "not JSON", "is not UTF-8",
	"the limit for one finding",
	"is no regular file", "a symbolic link to a directory is not followed", "a zip archive that is no assessment report of Audit Manager",
	"the archive is damaged: copy it anew",
	"the file is cut off: copy or write it anew", "the file is damaged: copy or write it anew", "the file is encrypted", "the file is empty",
	"has no columns of OCSF findings", "has no column finding_info.uid",
	"its list is empty: the last of several pages", "holds no findings", "hold no findings", "one of its documents holds no findings",
	"its last reply has a NextToken: the page that follows must be among the inputs",
	"the last reply has a NextToken, so at least one further page was not read: export without --max-items, or add the pages that follow",
	"the account is not subscribed to Security Hub in this Region", "neither Security Hub CSPM nor Security Hub V2 is enabled in this Region",
	"missing permission", "the credentials have expired", "the credentials are not known there", "there was no answer", "AWS went on throttling after every retry",
	"are enabled could not be read in full, so that a check without findings may be disabled",
	"pulled from Security Hub", "it has no trailer, so something is missing; collect again",
	"AWS Config's answers name no account and no Region", "the last answer of AWS Config has a NextToken, so at least one further page was not read",
	"permission denied", "no such file or directory", "nothing was read", "no findings",
}

// reasonOf returns a public wording of what is wrong, in place of a message that
// may quote anything.
func reasonOf(message string) string {
	if message == "" {
		return ""
	}
	for _, known := range reasons {
		if strings.Contains(message, known) {
			return known
		}
	}
	return "the reason is redacted; the same run without --redact tells it"
}
