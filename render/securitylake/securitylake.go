// Package securitylake writes the findings of an assessment as Amazon Security
// Lake takes them from custom sources: OCSF 1.1.0 events in Apache Parquet
// objects, one class an object, partitioned by source, Region, account and day.
// It is for delivery with a copy of the folder ext into the bucket of the lake,
// and for any engine that reads Hive partitions, such as Athena, Spark or DuckDB.
//
//	security-lake/objects.csv
//	security-lake/ext/<source>/region=<region>/accountId=<account>/eventDay=<day>/part-<n>-<digest>.zstd.parquet
//
// The source is shca-compliance for Compliance Findings (class 2003),
// shca-vulnerability for Vulnerability Findings (2002) and shca-detection for
// Detection Findings (2004), which in this version are those on sensitive data,
// too. The day is that of the event's time in UTC. An account that is not an AWS
// account id is "external_" and its text, none is "external", as AWS asks of
// records of other clouds; no Region is "unknown". Texts that are not plain
// names are shortened to what every file system and S3 take and get a digest of
// the whole, so that no two of them ever share a partition.
//
// Every finding that was read is a row, whatever its disposition, and rows are
// sorted by time, then by metadata.uid. The digest in a name is of the events in
// the object: the same events have the same name in every run, so to deliver
// them again replaces them. A copy that keeps the objects of an earlier run
// beside those of this one (no --delete) keeps the events of both.
//
// Attributes of OCSF's JSON type are text, unmapped is a map of texts, epoch
// times are integers in milliseconds, and the times named _dt are timestamps in
// microseconds. The objects' key/value metadata says under [MetadataKey] whether
// the assessment is complete.
//
// Package ocsf decides what an event says; this package adds nothing to it, and
// delivers nothing: it knows neither credentials nor buckets.
package securitylake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/go-shca/shca"
)

const (
	// File is the table of the objects.
	File = "security-lake/objects.csv"
	// MetadataKey is the key of an object's metadata with the state of the
	// assessment: "complete", or a text that begins with "incomplete".
	MetadataKey = "shca.assessment"

	sourcesDir = "security-lake/ext/"
	mediaType  = "application/vnd.apache.parquet"
)

// source is a custom source of Security Lake: one for each class of events.
type source struct {
	name  string // at most 20 characters
	class int
	table func(state string) table
}

// sources are in order of their names, as objects are.
var sources = []source{
	{"shca-compliance", 2003, newTable[complianceFinding]},
	{"shca-detection", 2004, newTable[detectionFinding]},
	{"shca-vulnerability", 2002, newTable[vulnerabilityFinding]},
}

// Owned lists patterns of the files that Objects may write. Names are so
// particular that objects of others beside them do not match.
func Owned() []string {
	var patterns []string
	for _, s := range sources {
		patterns = append(patterns, sourcesDir+s.name+"/region=*/accountId=*/eventDay=*/part-"+
			strings.Repeat("[0-9]", partDigits)+"-"+strings.Repeat("[0-9a-f]", 2*nameDigest)+".zstd.parquet")
	}
	return patterns
}

// Render writes the table of the objects: one row for each. region, accountId
// and eventDay are the values of the partition, so cells never need quotes.
func Render(ctx context.Context, w io.Writer, a *shca.Assessment) error {
	return lake{}.index(ctx, w, a)
}

// Objects writes the objects.
func Objects(ctx context.Context, create create, a *shca.Assessment) error {
	return lake{}.objects(ctx, create, a)
}

// create begins a file; it is render.Create.
type create = func(name, mediaType string) (io.WriteCloser, error)

// state says whether the assessment is complete.
func state(a *shca.Assessment) string {
	if a.Complete() {
		return "complete"
	}
	return "incomplete: not everything could be read"
}

func (l lake) index(ctx context.Context, w io.Writer, a *shca.Assessment) (err error) {
	sorted, err := l.sort(ctx, a, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sorted.Close()) }()
	state, _, _ := strings.Cut(state(a), ":")
	rows := 0
	for o, err := range l.plan(sorted, a) {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && rows == 0 {
			err = writeLine(w, columns("assessment"))
		}
		if err == nil {
			err = writeLine(w, o.cells(state))
		}
		if err != nil {
			return err
		}
		rows++
	}
	if rows > 0 {
		return nil
	}
	last := "assessment" // there is no row to say it in, so the header does
	if state != "complete" {
		last += ": " + state
	}
	return writeLine(w, columns(last))
}

func writeLine(w io.Writer, cells []string) error {
	_, err := io.WriteString(w, strings.Join(cells, ",")+"\r\n")
	return err
}

func columns(last string) []string {
	return []string{"path", "source", "class_uid", "region", "accountId", "eventDay", "rows", "first_time", "last_time", last}
}

func (o *object) cells(state string) []string {
	return []string{
		o.path(), o.source().name, fmt.Sprint(o.source().class), o.region, o.account, o.day,
		fmt.Sprint(o.rows), date(o.first), date(o.last), state,
	}
}

func date(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z07:00") }

func (l lake) objects(ctx context.Context, create create, a *shca.Assessment) (err error) {
	sorted, err := l.sort(ctx, a, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sorted.Close()) }()
	// The name of an object is known at its end only, so the plan runs ahead of
	// the events by one object.
	next, stop := iter.Pull2(sorted.All())
	defer stop()
	event := func() ([]byte, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		r, err, ok := next()
		if err != nil || !ok {
			return nil, errors.Join(errors.New("the events ended before their plan"), err)
		}
		return r.Value[valueHead:], nil
	}
	tables := map[int]table{}
	for o, err := range l.plan(sorted, a) {
		if err != nil {
			return err
		}
		t := tables[o.class]
		if t == nil {
			t = o.source().table(state(a))
			tables[o.class] = t
		}
		if err := l.write(create, t, &o, event); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (l lake) write(create create, t table, o *object, event func() ([]byte, error)) (err error) {
	w, err := create(o.path(), mediaType)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := w.Close(); err == nil {
			err = cerr
		}
	}()
	t.begin(w, l)
	for range o.rows {
		e, err := event()
		if err == nil {
			err = t.add(e)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", o.path(), err)
		}
	}
	return t.end()
}
