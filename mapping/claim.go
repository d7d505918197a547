package mapping

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/spool"
)

// rank orders the sources of which one says the same as another: that of the
// lower rank counts.
type rank byte

const (
	ofSecurityHub  rank = iota
	ofConfigInHub       // of AWS Config, as Security Hub has it: people can suppress it there
	ofConfig            // of AWS Config itself
	ofConfigFile        // likewise, without an account or a Region
	ofAuditManager      // evidence, which copies what Security Hub or AWS Config found
	ofOthers            // never the same
	whateverRank        // above all: a query that each claim answers
)

func rankOf(f *shca.Finding) rank {
	switch {
	case f.Source == shca.SourceAuditManager:
		return ofAuditManager
	case f.Source == shca.SourceConfig && (f.AccountID == "" || f.Region == ""):
		return ofConfigFile
	case f.Source == shca.SourceConfig:
		return ofConfig
	case f.SecurityHub():
		return ofSecurityHub
	case f.ProductPath() == "aws/config":
		return ofConfigInHub
	}
	return ofOthers
}

// ofRule reports whether the finding says how a rule of AWS Config came out as a
// whole, and names no resource that it looked at.
func ofRule(f *shca.Finding) bool {
	return f.Source == shca.SourceConfig && !namesResource(f)
}

func namesResource(f *shca.Finding) bool {
	return slices.ContainsFunc(f.Resources, func(r shca.Resource) bool { return r.ID != "" && r.Type != "AWS::Config::ConfigRule" })
}

// claims finds out which findings say the same as one of a source that comes
// before theirs. Findings claim what they are about, or ask who does; sorting
// brings the claims of one thing before the questions for it. The zero value
// needs a sorter; nothing is held in memory.
type claims struct {
	sorter spool.Sorter
	key    []byte
	asked  bool
}

// The kinds of records, as they sort within a thing.
const (
	claim byte = iota
	query
)

// add notes what the finding claims and asks for. names are what its check may
// be called by another source.
func (c *claims) add(f *shca.Finding, names []shca.CheckID, seq uint64) error {
	r := rankOf(f)
	if r == ofOthers || f.Archived() || f.Status == shca.NoStatus {
		return nil
	}
	switch {
	case ofRule(f):
		c.asked = true
		return c.record(query, whateverRank, seq, string(f.Check), f.AccountID, f.Region)
	case r == ofAuditManager && !namesResource(f): // a copy, if there is anything to copy
		c.asked = true
		return c.record(query, r, seq, string(f.Check), f.AccountID, f.Region)
	}
	placed := f.AccountID != "" && f.Region != ""
	var room [4]string
	for _, name := range names {
		if err := c.record(claim, r, seq, string(name), f.AccountID, f.Region); err != nil {
			return err
		}
		for i := range f.Resources {
			if err := c.about(claim, r, seq, f, name, placed, true, aliases(&f.Resources[i], room[:0])...); err != nil {
				return err
			}
		}
		if err := c.about(claim, r, seq, f, name, false, true, together(f)); err != nil {
			return err
		}
	}
	if r == ofSecurityHub || len(f.Resources) == 0 {
		return nil
	}
	c.asked = true
	if len(f.Resources) > 1 {
		return c.about(query, r, seq, f, f.Check, false, true, together(f))
	}
	one := &f.Resources[0]
	return c.about(query, r, seq, f, f.Check, placed, !placed, queried(one), one.Alias)
}

// about writes a claim or query for each id of a resource: in the finding's
// account and Region if it has both, and everywhere for an id that is unique.
func (c *claims) about(kind byte, r rank, seq uint64, f *shca.Finding, name shca.CheckID, placed, short bool, ids ...string) error {
	for _, id := range ids {
		if placed && id != "" && !isARN(id) {
			if err := c.record(kind, r, seq, string(name), f.AccountID, f.Region, id); err != nil {
				return err
			}
		}
		if unique(id, short) {
			if err := c.record(kind, r, seq, string(name), id); err != nil {
				return err
			}
		}
	}
	return nil
}

// together is what stands for several resources of one finding, "" unless there
// are several and each has an ARN.
func together(f *shca.Finding) string {
	if len(f.Resources) < 2 {
		return ""
	}
	ids := make([]string, len(f.Resources))
	for i := range f.Resources {
		if ids[i] = queried(&f.Resources[i]); !isARN(ids[i]) {
			return ""
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, "\x00")
}

// record writes a claim or query of the thing that the parts name.
func (c *claims) record(kind byte, r rank, seq uint64, parts ...string) error {
	c.key = c.key[:0]
	for _, p := range parts {
		c.key = appendKey(c.key, p)
	}
	sum := sha256.Sum256(c.key)
	c.key = append(append(c.key[:0], sum[:16]...), kind, byte(r))
	c.key = binary.BigEndian.AppendUint64(c.key, seq)
	return c.sorter.Add(c.key, nil)
}

// settle calls lost with each finding that says what another one says. stale
// reports whether a newer version of a finding was read: then it claims nothing.
func (c *claims) settle(ctx context.Context, stale func(seq uint64) bool, lost func(seq uint64)) error {
	if !c.asked {
		return c.sorter.Close()
	}
	sorted, err := c.sorter.Sort()
	if err != nil {
		return err
	}
	var thing [16]byte
	lowest := whateverRank // that claims the thing
	for r, err := range sorted.All() {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && len(r.Key) != len(thing)+10 {
			err = errCodec
		}
		if err != nil {
			return errors.Join(err, sorted.Close())
		}
		if !bytes.Equal(thing[:], r.Key[:16]) {
			copy(thing[:], r.Key)
			lowest = whateverRank
		}
		seq := binary.BigEndian.Uint64(r.Key[18:])
		switch of := rank(r.Key[17]); {
		case stale(seq):
		case r.Key[16] == claim:
			lowest = min(lowest, of)
		case lowest < of:
			lost(seq)
		}
	}
	return sorted.Close()
}

// aliases appends what a source may know the resource by: its id, what stands
// last in that, and the other id that it has.
func aliases(r *shca.Resource, room []string) []string {
	id := queried(r)
	all := append(room, id, r.Alias)
	for _, mark := range []string{"/", ":"} {
		if i := strings.LastIndex(id, mark); i >= 0 && i+1 < len(id) {
			all = append(all, id[i+1:])
		}
	}
	return all
}

// queried is the id that a resource is looked for by: its own. A bucket is known
// by its name and by its ARN, of which the partition is left out here.
func queried(r *shca.Resource) string {
	if isARN(r.ID) {
		if before, name, ok := strings.Cut(r.ID, ":s3:::"); ok && strings.Count(before, ":") == 1 {
			return bucket + name
		}
		return r.ID
	}
	if r.ID != "" && (r.Type == "AwsS3Bucket" || r.Type == "AWS::S3::Bucket") {
		return bucket + r.ID
	}
	return r.ID
}

const bucket = "arn::s3:::"

func isARN(id string) bool { return strings.HasPrefix(id, "arn:") }

// computed matches ids that AWS makes: those of EC2 and unique ids of IAM (IAM
// user guide, "Unique identifiers").
var computed = regexp.MustCompile(`^(?:(acl|eipalloc|eni|fl|fs|i|igw|nat|pcx|rtb|sg|snap|subnet|tgw|vgw|vol|vpc|vpce|vpn|cgw|lt|ami|dopt)-[0-9a-f]{8,17}|A(?:IDA|ROA|GPA|NPA)[A-Z0-9]{12,})$`)

// unique reports whether only one resource of all accounts has the id. Ids of
// eight digits, which AWS no longer makes, are repeated seldom: they pass if
// short ones may.
func unique(id string, short bool) bool {
	if isARN(id) {
		return true
	}
	if len(id) < 10 || len(id) > 64 {
		return false
	}
	m := computed.FindStringSubmatchIndex(id)
	return m != nil && (short || m[2] < 0 || len(id)-m[3] == 18)
}
