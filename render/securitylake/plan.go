package securitylake

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/spool"
	"github.com/go-shca/shca/ocsf"
)

// lake bounds what is written. The zero value has the bounds that Security Lake
// asks for, and those that keep memory small.
type lake struct {
	objectRows  int64 // of an object: 1,000,000 unless set
	objectBytes int64 // of an object's events as JSON: 256 MB
	groupBytes  int64 // of a row group's events as JSON, which is held in memory: 16 MB
}

func (l lake) bounds() lake {
	return lake{
		objectRows:  cmp.Or(l.objectRows, 1_000_000),
		objectBytes: cmp.Or(l.objectBytes, 256<<20),
		groupBytes:  cmp.Or(l.groupBytes, 16<<20),
	}
}

// layout changes with what objects look like for the same events, since their
// names have to change then, too.
const layout = "1"

const (
	partDigits = 5
	nameDigest = 8 // bytes of the digest in a name; parts have numbers besides

	valueHead = 8 + sha256.Size // of a sorted record's value: the event's size and digest
)

// partition is where an event is filed.
type partition struct {
	class                int // index into sources
	region, account, day string
}

// partitionOf files an event.
func partitionOf(h ocsf.Head) (partition, error) {
	class := slices.IndexFunc(sources, func(s source) bool { return s.class == h.Class })
	if class < 0 {
		return partition{}, fmt.Errorf("event %s is of OCSF class %d, for which there is no Security Lake source", h.UID, h.Class)
	}
	// Events are UTF-8, so a byte that is not is there as U+FFFD.
	region, account := string([]rune(h.Region)), string([]rune(h.AccountID))
	return partition{class, regionValue(region), accountValue(account), time.UnixMilli(h.Time).UTC().Format("20060102")}, nil
}

func (p *partition) source() *source { return &sources[p.class] }

// unknownRegion is the partition of events without a Region.
const unknownRegion = "unknown"

func regionValue(region string) string {
	switch {
	case region == "":
		return unknownRegion
	case region == unknownRegion || !isPlain(region):
		return shortened(region)
	}
	return region
}

func accountValue(id string) string {
	const external = "external"
	switch {
	case id == "":
		return external
	case shca.IsAccountID(id):
		return id
	case !isPlain(id):
		id = shortened(id)
	}
	return external + "_" + id
}

// isPlain reports whether a text can be part of a path as it is, on systems
// that do not tell case apart, too.
func isPlain(s string) bool {
	return s != "" && len(s) <= 32 && s[0] != '-' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// shortened makes a value of a text that is not plain. No plain text has its
// underscore, and the digest tells it from all others. It begins with no sign that
// a spreadsheet would take for a formula's.
func shortened(s string) string {
	text := []byte(s[:min(len(s), 24)])
	for i, c := range text {
		switch {
		case 'A' <= c && c <= 'Z':
			text[i] += 'a' - 'A'
		case ('a' > c || c > 'z') && ('0' > c || c > '9'):
			text[i] = '-'
		}
	}
	sum := sha256.Sum256([]byte(s))
	return strings.TrimLeft(string(text), "-") + "_" + hex.EncodeToString(sum[:16])
}

// key sorts events by partition, time and uid. Values of partitions have no
// NUL, and a uid is at the end.
func (p *partition) key(b []byte, h ocsf.Head) []byte {
	b = append(b, byte(p.class))
	for _, s := range []string{p.region, p.account, p.day} {
		b = append(append(b, s...), 0)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(h.Time)^1<<63) // negative times first
	return append(b, h.UID...)
}

// parseKey is the inverse of key.
func parseKey(b []byte) (p partition, ms int64, err error) {
	if len(b) == 0 || int(b[0]) >= len(sources) {
		return p, 0, errKey
	}
	p.class = int(b[0])
	b = b[1:]
	for _, s := range []*string{&p.region, &p.account, &p.day} {
		text, rest, ok := bytes.Cut(b, []byte{0})
		if !ok {
			return p, 0, errKey
		}
		*s, b = string(text), rest
	}
	if len(b) < 8 {
		return p, 0, errKey
	}
	return p, int64(binary.BigEndian.Uint64(b) ^ 1<<63), nil
}

var errKey = errors.New("temporary file for sorting: a key is damaged")

// sort returns the events in the order of the objects. A record's value is the
// event's size and digest and, if the events are wanted, the event.
func (l lake) sort(ctx context.Context, a *shca.Assessment, events bool) (_ *spool.Sorted, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// Written anew, so that every attribute has a column.
	e, err := ocsf.NewEncoder(ocsf.Options{Version: ocsf.V110, Rewrite: true}.For(a))
	if err != nil {
		return nil, err
	}
	var sorter spool.Sorter
	defer func() {
		if err != nil {
			err = errors.Join(err, sorter.Close())
		}
	}()
	var key, value []byte
	err = e.Each(ctx, a.Findings, func(text []byte, at []ocsf.Event) error {
		for _, one := range at {
			p, err := partitionOf(one.Head)
			if err != nil {
				return err
			}
			event := text[one.Start:one.End]
			sum := sha256.Sum256(event)
			key = p.key(key[:0], one.Head)
			value = append(binary.BigEndian.AppendUint64(value[:0], uint64(len(event))), sum[:]...)
			if events {
				value = append(value, event...)
			}
			if err := sorter.Add(key, value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return sorter.Sort()
}

// object is one object with a part of a partition's events.
type object struct {
	partition
	part        int
	rows, bytes int64
	first, last int64 // times in milliseconds
	digest      hash.Hash
}

func (o *object) path() string {
	return fmt.Sprintf("%s%s/region=%s/accountId=%s/eventDay=%s/part-%0*d-%x.zstd.parquet",
		sourcesDir, o.source().name, o.region, o.account, o.day, partDigits, o.part, o.digest.Sum(nil)[:nameDigest])
}

// plan cuts the sorted events into objects.
func (l lake) plan(sorted *spool.Sorted, a *shca.Assessment) iter.Seq2[object, error] {
	l = l.bounds()
	return func(yield func(object, error) bool) {
		var o object
		for r, err := range sorted.All() {
			var p partition
			var ms int64
			if err == nil {
				p, ms, err = parseKey(r.Key)
			}
			if err != nil {
				yield(object{}, err)
				return
			}
			size := int64(binary.BigEndian.Uint64(r.Value))
			if o.rows > 0 && (p != o.partition || o.rows >= l.objectRows || o.bytes+size > l.objectBytes) {
				if !yield(o, nil) {
					return
				}
				part := o.part + 1
				if p != o.partition {
					part = 0
				}
				o = object{part: part}
			}
			if o.rows == 0 {
				o.partition, o.first, o.digest = p, ms, sha256.New()
				// What an object says besides its events.
				fmt.Fprintf(o.digest, "%s\n%s\n", layout, state(a))
			}
			o.rows++
			o.bytes += size
			o.last = ms
			o.digest.Write(r.Value[:valueHead])
		}
		if o.rows > 0 {
			yield(o, nil)
		}
	}
}
