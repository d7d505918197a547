package securitylake

import (
	"context"
	"io"
	"reflect"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/ocsf"
)

type Lake = lake

func NewLake(objectRows, objectBytes, groupBytes int64) Lake {
	return lake{objectRows, objectBytes, groupBytes}
}

func (l lake) Index(ctx context.Context, w io.Writer, a *shca.Assessment) error {
	return l.index(ctx, w, a)
}

func (l lake) Objects(ctx context.Context, create create, a *shca.Assessment) error {
	return l.objects(ctx, create, a)
}

var (
	RegionValue  = regionValue
	AccountValue = accountValue
)

func PartitionPath(h ocsf.Head) (string, error) {
	p, err := partitionOf(h)
	return p.region + "/" + p.account + "/" + p.day, err
}

// Class is what tests know of a source.
type Class struct {
	Source string
	UID    int
	Row    reflect.Type // of a row

	table func(string) table
}

func Classes() []Class {
	rows := map[int]reflect.Type{
		2002: reflect.TypeFor[vulnerabilityFinding](), 2003: reflect.TypeFor[complianceFinding](), 2004: reflect.TypeFor[detectionFinding](),
	}
	var classes []Class
	for _, s := range sources {
		classes = append(classes, Class{s.name, s.class, reflect.StructOf(fields(rows[s.class])), s.table})
	}
	return classes
}

// fields returns the fields of a row without embedding, with which parquet-go
// reads nulls as pointers to 0.
func fields(row reflect.Type) []reflect.StructField {
	var all []reflect.StructField
	for i := range row.NumField() {
		if f := row.Field(i); f.Anonymous {
			all = append(all, fields(f.Type)...)
		} else {
			f.Index, f.Offset = nil, 0
			all = append(all, f)
		}
	}
	return all
}

// Writer writes objects of the class.
func (c Class) Writer(state string) *Writer { return &Writer{c.table(state)} }

type Writer struct{ t table }

func (w *Writer) Write(out io.Writer, l Lake, events ...string) error {
	w.t.begin(out, l)
	for _, e := range events {
		if err := w.t.add([]byte(e)); err != nil {
			return err
		}
	}
	return w.t.end()
}

type (
	Timestamp = timestamp
	JSONText  = jsonText
)
