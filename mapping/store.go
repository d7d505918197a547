package mapping

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/spool"
)

// store keeps every finding that was read and decides its disposition.
//
// Three sorts do it. One orders tiny records by finding, newest version first:
// all but the first of each are superseded. The second finds those that say what
// a finding of another source says, whatever id that has for the resource; see
// claims. The third orders the findings by subject (check, account, region,
// resource), the copy that counts first: of a subject's current copies only the
// first is assessed. The only thing in memory that grows is two bits per finding.
type store struct {
	cites func(*shca.Finding) bool           // does the finding cite the assessed framework?
	names func(*shca.Finding) []shca.CheckID // what other sources may call its check

	versions spool.Sorter
	claims   claims
	subjects spool.Sorter
	key, val []byte
	count    uint64

	sorted     *spool.Sorted
	superseded bitSet // sequence numbers of which a newer version was read
	claimed    bitSet // and of what another source says
}

// bitSet is a set of small numbers.
type bitSet []uint64

func (s bitSet) add(n uint64)      { s[n/64] |= 1 << (n % 64) }
func (s bitSet) has(n uint64) bool { return s[n/64]&(1<<(n%64)) != 0 }

const valueHead = 8 // lengths of subject, 0 for none, and of finding before the finding, 4 bytes each
const valueTail = 8 // sequence number behind it

// add stores one finding. What decides between copies is taken from o, the
// finding as it was read: f itself, unless f is a redacted copy. What findings
// are ordered by is f's, since an order by names tells something of them.
func (s *store) add(f, o *shca.Finding) error {
	seq := s.count
	s.count++
	s.encode(o)
	// Of copies with equal times that say the same any may win, but always the
	// same one; copies that still tie are equal in every byte.
	content := xxhash.Sum64(s.val)

	s.key = s.key[:0]
	for _, part := range [...]string{o.AccountID, o.ProductARN, o.ID} {
		s.key = appendKey(s.key, part)
	}
	if o.ProductARN == "" { // nobody has made sure that the id is one finding's
		s.key = appendKey(s.key, string(o.Check))
	}
	if o.ID == "" { // a finding of its own, unless the very same is read again
		s.key = append(s.key, s.val[valueHead:]...)
	}
	identity := sha256.Sum256(s.key)
	s.key = append(s.key[:0], identity[:16]...)
	s.key = append(appendVersion(s.key, o), caution(o))
	s.key = binary.BigEndian.AppendUint64(s.key, content)
	s.key = binary.BigEndian.AppendUint64(s.key, seq)
	if err := s.versions.Add(s.key, nil); err != nil {
		return err
	}
	if err := s.claims.add(o, s.names(o), seq); err != nil {
		return err
	}

	s.key = appendNatural(s.key[:0], string(f.Check))
	for _, part := range [...]string{string(f.Check), f.AccountID, f.Region} {
		s.key = appendKey(s.key, part)
	}
	if ofRule(o) {
		s.key = appendResources(s.key, nil)
	} else {
		s.key = appendResources(s.key, f.Resources)
	}
	subject := len(s.key)
	if !hasSubject(o) {
		subject = 0 // no other finding is sure to be of the same subject
	}
	s.key = append(s.key, bit(o.Archived()))
	switch r := rankOf(o); r {
	case ofConfigInHub, ofConfig, ofConfigFile:
		// Of rules with other parameters each is current, and none is the better one.
		s.key = append(s.key, byte(r), caution(o))
	case ofAuditManager:
		s.key = append(s.key, byte(r))
	default:
		s.key = append(s.key, 0)
	}
	s.key = append(s.key, bit(!s.cites(o)))
	s.key = append(appendVersion(s.key, o), caution(o))
	s.key = appendKey(s.key, o.ID)
	s.key = binary.BigEndian.AppendUint64(s.key, content)

	if f != o {
		s.encode(f)
	}

	binary.BigEndian.PutUint32(s.val, uint32(subject))
	s.val = binary.BigEndian.AppendUint64(s.val, seq)
	return s.subjects.Add(s.key, s.val)
}

// hasSubject reports whether another finding with the same check, account,
// Region and resources is sure to be about the same.
func hasSubject(f *shca.Finding) bool {
	unnamed := func(r shca.Resource) bool { return r.ID == "" }
	notUnique := func(r shca.Resource) bool { return !unique(queried(&r), true) }
	switch rankOf(f) {
	case ofOthers:
		return false
	case ofSecurityHub:
	case ofConfigInHub, ofConfig, ofConfigFile, ofAuditManager:
		switch {
		case ofRule(f):
			return f.Check != "" && f.AccountID != "" && f.Region != ""
		case (f.AccountID == "" || f.Region == "") && slices.ContainsFunc(f.Resources, notUnique):
			return false
		}
	}
	return f.Check != "" && len(f.Resources) > 0 && !slices.ContainsFunc(f.Resources, unnamed)
}

// encode sets val to the finding, behind room for the head.
func (s *store) encode(f *shca.Finding) {
	s.val = append(s.val[:0], make([]byte, valueHead)...)
	s.val = appendFinding(s.val, f)
	binary.BigEndian.PutUint32(s.val[4:], uint32(len(s.val)-valueHead))
	s.val = append(s.val, f.Raw...)
}

// appendResources appends the ids of the resources, in an order of their own,
// so that keys compare like lists of ids.
func appendResources(b []byte, resources []shca.Resource) []byte {
	ids := make([]string, 0, 8)
	for i := range resources {
		ids = append(ids, resources[i].ID)
	}
	slices.Sort(ids)
	for _, id := range ids {
		b = appendKey(b, id)
	}
	return append(b, 0, 0) // sorts before any further id
}

// finish ends adding.
func (s *store) finish(ctx context.Context) error {
	versions, err := s.versions.Sort()
	if err != nil {
		return err
	}
	s.superseded, s.claimed = make(bitSet, s.count/64+1), make(bitSet, s.count/64+1)
	var last [16]byte
	first := true
	for r, err := range versions.All() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return errors.Join(err, versions.Close())
		}
		if !first && bytes.Equal(last[:], r.Key[:16]) {
			s.superseded.add(binary.BigEndian.Uint64(r.Key[len(r.Key)-8:]))
		}
		first = false
		copy(last[:], r.Key)
	}
	if err := versions.Close(); err != nil {
		return err
	}
	if err := s.claims.settle(ctx, s.superseded.has, s.claimed.add); err != nil {
		return err
	}
	s.sorted, err = s.subjects.Sort()
	return err
}

// findings ranges over all findings in order, with their dispositions, and with
// their raw bytes if asked for.
func (s *store) findings(raw bool) iter.Seq2[*shca.Finding, error] {
	return func(yield func(*shca.Finding, error) bool) {
		var winner []byte // subject that has its copy
		for r, err := range s.sorted.All() {
			if err != nil {
				yield(nil, err)
				return
			}
			subject := binary.BigEndian.Uint32(r.Value)
			end := valueHead + int(binary.BigEndian.Uint32(r.Value[4:]))
			tail := len(r.Value) - valueTail
			if end > tail || int(subject) > len(r.Key) {
				yield(nil, errCodec)
				return
			}
			seq := binary.BigEndian.Uint64(r.Value[tail:])
			if seq >= s.count {
				yield(nil, errCodec)
				return
			}
			f, err := decodeFinding(r.Value[valueHead:end])
			if err != nil {
				yield(nil, err)
				return
			}
			if raw {
				f.Raw = bytes.Clone(r.Value[end:tail])
			}
			switch {
			case s.superseded.has(seq):
				f.Disposition = shca.Superseded
			case f.Archived():
				f.Disposition = shca.Archived
			case f.Status == shca.NoStatus:
				f.Disposition = shca.NotScored
			case s.claimed.has(seq), subject > 0 && bytes.Equal(winner, r.Key[:subject]):
				f.Disposition, f.Duplicate = shca.Superseded, true
			default:
				f.Disposition = shca.Assessed
				if f.Suppressed() {
					f.Disposition = shca.Suppressed
				}
				if subject > 0 {
					winner = append(winner[:0], r.Key[:subject]...)
				}
			}
			if !yield(f, nil) {
				return
			}
		}
	}
}

func (s *store) close() error {
	if s.sorted != nil {
		return s.sorted.Close()
	}
	return errors.Join(s.versions.Close(), s.claims.sorter.Close(), s.subjects.Close())
}

// appendKey appends text so that keys compare like lists of their parts, also
// where one part is the beginning of another or holds zero bytes.
func appendKey(b []byte, text string) []byte {
	for {
		i := 0
		for i < len(text) && text[i] != 0 {
			i++
		}
		b = append(b, text[:i]...)
		if i == len(text) {
			return append(b, 0, 1)
		}
		b = append(b, 0, 0xff)
		text = text[i+1:]
	}
}

// appendNatural is appendKey with runs of digits ordered by value, as
// CheckID.Compare does.
func appendNatural(b []byte, text string) []byte {
	for i := 0; i < len(text); {
		c := text[i]
		if c < '0' || c > '9' {
			if b = append(b, c); c == 0 {
				b = append(b, 0xff)
			}
			i++
			continue
		}
		start := i
		for i < len(text) && '0' <= text[i] && text[i] <= '9' {
			i++
		}
		digits := strings.TrimLeft(text[start:i], "0")
		b = append(b, '0')
		n := len(digits)
		for ; n >= 0xff; n -= 0xff {
			b = append(b, 0xff)
		}
		b = append(append(b, byte(n)), digits...)
	}
	return append(b, 0, 1)
}

// appendVersion appends what orders the versions of a finding, newest first:
// UpdatedAt, then ProcessedAt and the time of the note, since a change made
// with BatchUpdateFindings, a suppression for one, leaves UpdatedAt as it is
// (Security Hub API reference, BatchUpdateFindings).
func appendVersion(b []byte, f *shca.Finding) []byte {
	b = appendNewest(b, cmp.Or(f.UpdatedAt, f.Observed()))
	b = appendNewest(b, f.ProcessedAt)
	return appendNewest(b, f.Note.UpdatedAt)
}

// caution orders copies of one finding, or of one subject, with equal times,
// which nothing tells the order of: a failure is not hidden by a copy that may
// be the older one, whatever format the two came in.
func caution(f *shca.Finding) byte {
	order := []shca.ComplianceStatus{shca.Failed, shca.Warning, shca.NotAvailable, shca.Passed, shca.NoStatus}
	return bit(f.Archived())<<4 | bit(f.Suppressed())<<3 | byte(slices.Index(order, f.Status))&7
}

// appendNewest appends a time so that later times come first.
func appendNewest(b []byte, t time.Time) []byte {
	b = binary.BigEndian.AppendUint64(b, ^(uint64(t.Unix()) ^ 1<<63))
	return binary.BigEndian.AppendUint32(b, ^uint32(t.Nanosecond()))
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}
