package configrules

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync/atomic"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/internal/batch"
)

// Source reads the evaluations in answers of AWS Config that were written to a
// file: by the AWS CLI or an SDK, whole, page by page, or their lists alone. It
// implements [shca.Source] and may be read as often as Open can be called.
//
// The answers name neither account nor Region, but for those of aggregators, so
// that findings have them only where the ARN of the resource does. Nor do they
// say which managed rule a rule is: its name has to tell.
type Source struct {
	// Name stands for the input in errors and scopes: a file name, "stdin".
	Name string
	// Open returns the text: UTF-8 without byte order mark, not compressed.
	Open func() (io.ReadCloser, error)
	// Progress counts the findings read; nil counts nothing.
	Progress *shca.Progress
	// Pages, if not nil, is told at the end of the text whether there was an
	// answer that a further page follows, and one that none follows. It is
	// called by who reads the records.
	Pages func(more, last bool)
}

// Records yields the findings in the order of the text, a *shca.FindingError for
// each evaluation that cannot be read, and at the end a Scope if there is
// something to say about the text as a whole.
func (s *Source) Records(ctx context.Context) iter.Seq2[shca.Record, error] {
	return batch.Records(ctx, s.Name, s.Progress, func(emit batch.Emit) func(int64) *shca.Scope {
		var placeless atomic.Bool // there are findings without account or Region
		a := newAnswers(nil, func(raw jsontext.Value, pack string) bool {
			return emit(raw, batch.Finding(func(raw []byte) (*shca.Finding, *shca.FindingError) {
				f, err := decodeIn(raw, pack, s.Name)
				if err == nil && (f.AccountID == "" || f.Region == "") {
					placeless.Store(true)
				}
				return f, err
			}))
		})
		err := s.read(a)
		return func(findings int64) *shca.Scope { return s.scope(a, err, findings, placeless.Load()) }
	})
}

func (s *Source) read(a *answers) error {
	text, err := s.Open()
	if err != nil {
		return err
	}
	defer text.Close()
	a.in.r = text
	return a.run()
}

// scope says what the text as a whole has to say, or nil.
func (s *Source) scope(a *answers, err error, findings int64, placeless bool) *shca.Scope {
	if s.Pages != nil {
		s.Pages(a.more, a.last)
	}
	scope := &shca.Scope{Source: s.Name}
	var problems, notes []string
	for i := range lists {
		if n := a.aside[&lists[i]]; n > 0 {
			ending := "s"
			if n == 1 {
				ending = ""
			}
			notes = append(notes, "holds "+fmt.Sprintf(lists[i].holds, n, ending)+": no findings were made of that")
		}
	}
	switch {
	case err != nil && findings > 0:
		after := fmt.Sprintf("%d evaluations", findings)
		if findings == 1 {
			after = "1 evaluation"
		}
		problems = append(problems, fmt.Sprintf("%s (after %s)", err, after))
	case err != nil:
		problems = append(problems, err.Error())
	case findings > 0 || a.nOthers > 0:
	case a.lists && a.more:
		problems = append(problems, "holds no evaluations: its list is empty, and further pages follow")
	case a.lists:
		notes = append(notes, "holds no evaluations: its list is empty")
	case len(notes) == 0:
		problems = append(problems, "holds no evaluations: it is empty")
	}
	switch {
	case a.nOthers == 1 && findings > 0:
		problems = append(problems, "one of its documents holds no evaluations but is "+a.others[0])
	case a.nOthers == 1:
		problems = append(problems, "holds no evaluations but is "+a.others[0])
	case a.nOthers > 1:
		problems = append(problems, fmt.Sprintf("%d of its documents hold no evaluations: %s", a.nOthers, strings.Join(a.others, "; ")))
	}
	if a.token != "" {
		notes = append(notes, "its last answer has a NextToken: the page that follows must be among the inputs")
	}
	if placeless {
		notes = append(notes, "AWS Config's answers name no account and no Region: its findings have them only where a resource's ARN does, and one of the same resource in another file is another finding unless the resource's id is unique everywhere")
	}
	if a.nameless {
		notes = append(notes, "the name of a conformance pack follows its evaluations, some of which were read without it")
	}
	scope.Err, scope.Note = strings.Join(problems, "; "), strings.Join(notes, "; ")
	if scope.Err == "" && scope.Note == "" {
		return nil
	}
	return scope
}

// decodeIn reads the finding of an item of a conformance pack's answer, "" if it
// is of none, in the input.
func decodeIn(raw jsontext.Value, pack, input string) (*shca.Finding, *shca.FindingError) {
	r := Record{ConformancePack: pack, Evaluation: raw}
	if i, err := r.item(); err == nil {
		r.ConfigRule = i.rule()
		if i.AccountID == "" {
			r.Input = input
		}
	}
	record, err := r.Append(nil)
	if err != nil { // which cannot be: the item has been read as JSON
		return nil, &shca.FindingError{Err: err}
	}
	return Decode(record)
}

// Is reports whether a text that begins with head, of which it looks at 64 KiB
// at most, holds answers of AWS Config or items of them. Findings in ASFF and
// OCSF, evidence of Audit Manager and records that this package has written are
// none.
func Is(head []byte) bool {
	const most = 64 << 10
	head = head[:min(len(head), most)]
	dec := jsontext.NewDecoder(bytes.NewReader(head), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	if dec.PeekKind() == '[' {
		if _, err := dec.ReadToken(); err != nil {
			return false
		}
	}
	return isAnswer(dec, 0)
}

// isAnswer looks at the object that comes next, as far as it is there.
func isAnswer(dec *jsontext.Decoder, level int) bool {
	if level > maxWrappers || dec.PeekKind() != '{' {
		return false
	}
	if _, err := dec.ReadToken(); err != nil {
		return false
	}
	var rule, state, foreign bool
	for dec.PeekKind() == '"' {
		token, err := dec.ReadToken()
		if err != nil {
			return false
		}
		name, kind := token.String(), dec.PeekKind()
		l := listNamed(name)
		switch {
		case l != nil && kind == '[' && strings.EqualFold(name, "EvaluationResults"):
			return isEvaluations(dec)
		case l != nil && kind == '[':
			return true
		case strings.EqualFold(name, "EvaluationResultIdentifier") && kind == '{':
			return true
		case (name == wrappers[0] || name == wrappers[1]) && kind == '{':
			depth := dec.StackDepth()
			if isAnswer(dec, level+1) {
				return true
			}
			for dec.StackDepth() > depth { // what is left of it
				if _, err := dec.ReadToken(); err != nil {
					return false
				}
			}
			continue
		case strings.EqualFold(name, "ConfigRuleName") && kind == '"':
			rule = true
		case strings.EqualFold(name, "ComplianceType") && kind == '"', strings.EqualFold(name, "Compliance") && kind == '{':
			state = true
		case name == "Evaluation", name == "SchemaVersion", name == "ProductArn", name == "class_uid":
			foreign = true // a record of this package, ASFF, OCSF
		}
		if dec.SkipValue() != nil {
			return false
		}
	}
	return rule && state && !foreign
}

// isEvaluations tells a list of evaluations from IAM's policy simulator's, which
// has the same name. An empty one is Config's, where answers without
// evaluations are more usual.
func isEvaluations(dec *jsontext.Decoder) bool {
	if _, err := dec.ReadToken(); err != nil {
		return false
	}
	switch dec.PeekKind() {
	case ']':
		return true
	case '{':
	default:
		return false
	}
	if _, err := dec.ReadToken(); err != nil {
		return false
	}
	for dec.PeekKind() == '"' {
		token, err := dec.ReadToken()
		if err != nil {
			return false
		}
		if strings.EqualFold(token.String(), "EvaluationResultIdentifier") {
			return true
		}
		if dec.SkipValue() != nil {
			return false
		}
	}
	return false
}

var _ shca.Source = (*Source)(nil)
