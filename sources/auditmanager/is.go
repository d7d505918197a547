package auditmanager

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// Is reports whether a text that begins with head, of which 64 KiB are enough, is
// for [Reader]: an answer of Audit Manager's API, or evidence that stands alone.
// Names of members tell, those of the first document.
func Is(head []byte) bool { return documentOf(head) != notOurs }

// IsEvidence reports whether such a text holds evidence. It is to be read after
// those that do not, which describe folders and assessments.
func IsEvidence(head []byte) bool {
	d := documentOf(head)
	return d == ofEvidence || d == alone
}

// what is the kind of a document.
type what int

const (
	notOurs what = iota
	describes
	ofEvidence
	alone // a piece of evidence by itself
)

// documentOf looks at the first document of a text.
func documentOf(head []byte) what {
	head = bytes.TrimPrefix(head, []byte("\ufeff"))
	dec := jsontext.NewDecoder(bytes.NewReader(head), options)
	if dec.PeekKind() == '[' {
		if _, err := dec.ReadToken(); err != nil {
			return notOurs
		}
	}
	return look(dec, 0)
}

// look looks at an object, as far as it goes.
func look(dec *jsontext.Decoder, level int) what {
	if dec.PeekKind() != '{' {
		return notOurs
	}
	if _, err := dec.ReadToken(); err != nil {
		return notOurs
	}
	is, marks := notOurs, 0
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			break
		}
		key := squeeze(name.String())
		if itemMembers[key] {
			marks++
		}
		nested := notOurs
		switch kind := dec.PeekKind(); {
		case key == "evidencefolders" && kind == '[', key == "assessmentmetadata" && kind == '[', key == "evidencefolder" && kind == '{':
			nested = describes
		case key == "assessment" && kind == '{':
			if has(dec, assessmentMembers) {
				nested = describes
			}
			// The place in the text is lost, and what follows is not needed but for
			// evidence that stands beside the assessment.
			is = max(is, nested)
			continue
		case key == "evidence" && (kind == '[' || kind == '{'):
			if kind == '[' {
				if _, err := dec.ReadToken(); err != nil {
					return is
				}
				if dec.PeekKind() == ']' { // of no evidence; nothing else has just this
					return max(is, ofEvidence)
				}
			}
			if has(dec, itemMembers) {
				return ofEvidence
			}
			return is
		case key == "data" && kind == '{' && level == 0:
			return look(dec, level+1)
		}
		if is = max(is, nested); nested != notOurs && is == describes {
			return is
		}
		if dec.SkipValue() != nil {
			break
		}
	}
	if is == notOurs && marks >= isItem {
		return alone
	}
	return is
}

// assessmentMembers are members of an assessment.
var assessmentMembers = map[string]bool{"arn": true, "awsaccount": true, "metadata": true, "framework": true, "tags": true}

// has reads an object and reports whether it has two of the members.
func has(dec *jsontext.Decoder, members map[string]bool) bool {
	if dec.PeekKind() != '{' {
		return false
	}
	if _, err := dec.ReadToken(); err != nil {
		return false
	}
	n := 0
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return n >= 2
		}
		if members[squeeze(name.String())] {
			n++
		}
		if dec.SkipValue() != nil {
			return n >= 2
		}
	}
	_, _ = dec.ReadToken() // the end of the object
	return n >= 2
}
