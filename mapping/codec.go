package mapping

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/go-shca/shca"
)

// A finding waits in the spool in a form of its own, which is read several
// times faster than its JSON. The form lives in temporary files only; it has
// no version and is never handed on. Strings come back as slices of one
// string, so a finding costs few allocations.

var errCodec = errors.New("temporary file for sorting: a record is damaged")

// appendFinding appends all of f but Raw, Disposition and Duplicate.
func appendFinding(b []byte, f *shca.Finding) []byte {
	for _, s := range [...]string{
		f.Source, f.ID, f.ProductARN, f.ProductName, f.GeneratorID,
		f.AccountID, f.AccountName, f.Region, f.Partition,
		string(f.Check), f.ConfigRule, string(f.Status),
		f.Workflow, f.RecordState, f.Title, f.Description,
		f.Remediation.Text, f.Remediation.URL,
		f.Note.Text, f.Note.UpdatedBy,
	} {
		b = appendString(b, s)
	}
	for _, list := range [...][]string{f.Standards, f.Requirements, f.Types} {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, s := range list {
			b = appendString(b, s)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(f.StatusReasons)))
	for _, r := range f.StatusReasons {
		b = appendString(appendString(b, r.Code), r.Description)
	}
	b = binary.AppendUvarint(b, uint64(len(f.Resources)))
	for _, r := range f.Resources {
		b = appendString(appendString(appendString(appendString(b, r.ID), r.Type), r.Region), r.Partition)
		b = appendString(b, r.Alias)
	}
	b = append(b, byte(f.Severity))
	for _, t := range [...]time.Time{f.CreatedAt, f.UpdatedAt, f.FirstObservedAt, f.LastObservedAt, f.ProcessedAt, f.Note.UpdatedAt} {
		b = binary.AppendVarint(b, t.Unix())
		b = binary.AppendUvarint(b, uint64(t.Nanosecond()))
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// decodeFinding reads what appendFinding wrote.
func decodeFinding(b []byte) (*shca.Finding, error) {
	d := decoder{rest: string(b)}
	f := &shca.Finding{}
	for _, s := range [...]*string{
		&f.Source, &f.ID, &f.ProductARN, &f.ProductName, &f.GeneratorID,
		&f.AccountID, &f.AccountName, &f.Region, &f.Partition,
		(*string)(&f.Check), &f.ConfigRule, (*string)(&f.Status),
		&f.Workflow, &f.RecordState, &f.Title, &f.Description,
		&f.Remediation.Text, &f.Remediation.URL,
		&f.Note.Text, &f.Note.UpdatedBy,
	} {
		*s = d.string()
	}
	for _, list := range [...]*[]string{&f.Standards, &f.Requirements, &f.Types} {
		*list = d.strings()
	}
	if n := d.count(); n > 0 {
		f.StatusReasons = make([]shca.StatusReason, n)
		for i := range f.StatusReasons {
			f.StatusReasons[i] = shca.StatusReason{Code: d.string(), Description: d.string()}
		}
	}
	if n := d.count(); n > 0 {
		f.Resources = make([]shca.Resource, n)
		for i := range f.Resources {
			f.Resources[i] = shca.Resource{ID: d.string(), Type: d.string(), Region: d.string(), Partition: d.string(), Alias: d.string()}
		}
	}
	f.Severity = shca.Severity(d.byte())
	for _, t := range [...]*time.Time{&f.CreatedAt, &f.UpdatedAt, &f.FirstObservedAt, &f.LastObservedAt, &f.ProcessedAt, &f.Note.UpdatedAt} {
		*t = d.time()
	}
	if d.bad || d.rest != "" {
		return nil, errCodec
	}
	return f, nil
}

// decoder reads from the front of rest; bad is set for good at the first thing
// that does not fit.
type decoder struct {
	rest string
	bad  bool
}

func (d *decoder) uvarint() uint64 {
	var v uint64
	for i := 0; i < len(d.rest) && i < binary.MaxVarintLen64; i++ {
		c := d.rest[i]
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			d.rest = d.rest[i+1:]
			return v
		}
	}
	d.bad, d.rest = true, ""
	return 0
}

func (d *decoder) string() string {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.bad, d.rest = true, ""
		return ""
	}
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}

// strings is a list of them, nil for an empty one.
func (d *decoder) strings() []string {
	n := d.count()
	if n == 0 {
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = d.string()
	}
	return list
}

// count is the length of a list; each element takes at least a byte.
func (d *decoder) count() int {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.bad, d.rest = true, ""
		return 0
	}
	return int(n)
}

func (d *decoder) byte() byte {
	if d.rest == "" {
		d.bad = true
		return 0
	}
	c := d.rest[0]
	d.rest = d.rest[1:]
	return c
}

func (d *decoder) time() time.Time {
	u := d.uvarint()
	seconds := int64(u >> 1)
	if u&1 != 0 {
		seconds = ^seconds
	}
	return time.Unix(seconds, int64(d.uvarint())).UTC()
}
