package auditmanager

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/stream"
)

const (
	// maxItem is how many bytes a piece of evidence may have.
	maxItem = stream.MaxFinding
	// maxSplit is how many bytes the records of one piece of evidence may have in
	// all. One that lists thousands of resources beside large attributes has no
	// bound else.
	maxSplit = 256 << 20
)

// origin tells what has no id apart by where it was read.
func origin(input string, number int64) string {
	sum := sha256.Sum256([]byte(input))
	return hex.EncodeToString(sum[:8]) + "#" + strconv.FormatInt(number, 10)
}

// found is what a piece of evidence turns out to be.
type found struct {
	kind     kind
	empty    bool           // it says nothing
	evidence *shca.Evidence // manual evidence
	at       time.Time
	id       string
}

// split reads a piece of evidence and returns what it is, and its records if it
// makes findings. r is the record of the whole: its Evidence, Context and Origin.
func split(r *Record) (found, iter.Seq2[[]byte, error], *shca.FindingError) {
	it, bad := readItem(r.Evidence)
	if bad != nil {
		return found{}, nil, bad
	}
	if r.Context.Folder == "" {
		r.Context.Folder = string(it.FolderID)
	}
	if it.id() != "" {
		r.Origin = ""
	}
	out := found{kind: it.kind(), at: time.Time(it.Time), id: it.id()}
	switch out.kind {
	case shca.EvidenceManual:
		out.evidence = it.manual(r)
		return out, nil, nil
	case shca.EvidenceActivity, shca.EvidenceConfiguration:
		return out, nil, nil
	case kindUnknown:
		if it.empty() {
			out.empty = true
			return out, nil, nil
		}
	}
	own, whole := it.plan()
	parts := splice(r.Evidence, len(it.Resources))
	if n := len(r.Evidence) - parts.list(); parts != nil && n*len(own) > maxSplit {
		return found{}, nil, &shca.FindingError{ID: it.id(), Field: "/resourcesIncluded", Err: fmt.Errorf(
			"lists %d resources beside %d bytes, which makes findings of more than %d MiB: it was not read", len(own), n, maxSplit>>20)}
	}
	return out, func(yield func([]byte, error) bool) {
		for _, i := range own {
			one := *r
			one.Resource = i
			if parts != nil {
				one.Evidence = parts.with(r.Evidence, i)
			}
			if !yield(one.append(nil)) {
				return
			}
		}
		if whole {
			one := *r
			one.Resource = WholeItem
			yield(one.append(nil))
		}
	}, nil
}

// spliced says where resourcesIncluded and its elements stand in a text. nil is of
// one with fewer than two.
type spliced struct {
	start, end int
	elements   [][2]int
}

func (s *spliced) list() int {
	if s == nil {
		return 0
	}
	return s.end - s.start
}

// with returns the text with resource number i for all of them.
func (s *spliced) with(raw []byte, i int) []byte {
	one := raw[s.elements[i][0]:s.elements[i][1]]
	return bytes.Join([][]byte{raw[:s.start], []byte("["), one, []byte("]"), raw[s.end:]}, nil)
}

// splice finds the n resources in the text of a piece of evidence.
func splice(raw []byte, n int) *spliced {
	if n < 2 {
		return nil
	}
	var s *spliced
	dec := jsontext.NewDecoder(bytes.NewReader(raw), options)
	if _, err := dec.ReadToken(); err != nil {
		return nil
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil
		}
		if squeeze(name.String()) != "resourcesincluded" || dec.PeekKind() != '[' {
			if dec.SkipValue() != nil {
				return nil
			}
			continue
		}
		s = &spliced{} // of several the last counts, as when reading
		if _, err := dec.ReadToken(); err != nil {
			return nil
		}
		s.start = int(dec.InputOffset()) - 1
		for dec.PeekKind() != ']' {
			v, err := dec.ReadValue()
			if err != nil {
				return nil
			}
			end := int(dec.InputOffset())
			s.elements = append(s.elements, [2]int{end - len(v), end})
		}
		if _, err := dec.ReadToken(); err != nil {
			return nil
		}
		s.end = int(dec.InputOffset())
	}
	if s == nil || len(s.elements) != n {
		return nil
	}
	return s
}
