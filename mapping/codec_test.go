package mapping

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/go-shca/shca"
)

// fillFinding sets every field of v to a value of its own, at any depth. Each
// string, list and time is left empty with the given chance, if r is not nil.
func fillFinding(t *testing.T, v reflect.Value, n *int, r *rand.Rand) {
	t.Helper()
	*n++
	empty := r != nil && r.IntN(3) == 0
	switch v.Kind() {
	case reflect.Struct:
		if when, ok := v.Addr().Interface().(*time.Time); ok {
			if !empty {
				*when = time.Date(1600+*n*7%800, 1, 1, 0, 0, *n, 123_456_789+*n, time.UTC)
			}
			return
		}
		for i := range v.NumField() {
			fillFinding(t, v.Field(i), n, r)
		}
	case reflect.Slice:
		if empty {
			return
		}
		length := 2
		if r != nil {
			length = 1 + r.IntN(40)
		}
		v.Set(reflect.MakeSlice(v.Type(), length, length))
		for i := range length {
			fillFinding(t, v.Index(i), n, r)
		}
	case reflect.String:
		if !empty {
			v.SetString(strings.Repeat(fmt.Sprintf("%d\x00é\xff", *n), 1+*n%60))
		}
	case reflect.Bool: // what an assessment decides
	case reflect.Uint8:
		v.SetUint(uint64(*n%200 + 1))
	default:
		t.Fatalf("shca.Finding has a %s, which neither this test nor the codec knows", v.Type())
	}
}

// TestCodec: every field of a finding comes back. A field that the codec
// forgets fails here.
func TestCodec(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 500 {
		want, n := &shca.Finding{}, i
		switch i {
		case 0: // all fields
			fillFinding(t, reflect.ValueOf(want).Elem(), &n, nil)
		case 1: // none
		default:
			fillFinding(t, reflect.ValueOf(want).Elem(), &n, r)
		}
		b := appendFinding([]byte("before"), want)
		if !bytes.HasPrefix(b, []byte("before")) {
			t.Fatal("appendFinding does not append")
		}
		got, err := decodeFinding(b[len("before"):])
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want, got, cmpopts.IgnoreFields(shca.Finding{}, "Raw", "Disposition")); diff != "" {
			t.Fatalf("finding %d (-want +got):\n%s", i, diff)
		}
		for _, when := range []time.Time{got.CreatedAt, got.Note.UpdatedAt} {
			if when.Location() != time.UTC {
				t.Errorf("time %v is not UTC", when)
			}
		}
		if none := (time.Time{}); i == 1 && (got.CreatedAt != none || got.Note.UpdatedAt != none) { // time.Time.Equal is not enough for ==
			t.Errorf("an empty finding comes back with times %v, %v", got.CreatedAt, got.Note.UpdatedAt)
		}
	}
}

// TestCodecDamaged: no beginning of a record, and none with a byte more, reads
// as a finding.
func TestCodecDamaged(t *testing.T) {
	f, n := &shca.Finding{}, 0
	fillFinding(t, reflect.ValueOf(f).Elem(), &n, nil)
	b := appendFinding(nil, f)
	for i := range b {
		if got, err := decodeFinding(b[:i]); err == nil || got != nil {
			t.Fatalf("%d of %d bytes read as %+v", i, len(b), got)
		}
	}
	if _, err := decodeFinding(append(b, 0)); err == nil {
		t.Error("a byte too many is no error")
	}
}

func FuzzDecodeFinding(f *testing.F) {
	f.Add([]byte{})
	f.Add(appendFinding(nil, &shca.Finding{}))
	f.Add(appendFinding(nil, &shca.Finding{ID: "id", Requirements: []string{"a", "b"}, Resources: []shca.Resource{{ID: "r"}}, StatusReasons: []shca.StatusReason{{Code: "c"}}, UpdatedAt: day(1)}))
	f.Add(bytes.Repeat([]byte{0xff}, 100))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := decodeFinding(b)
		if err != nil {
			return
		}
		again, err := decodeFinding(appendFinding(nil, got))
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(got, again); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
	})
}

func randomText(r *rand.Rand) string {
	alphabet := []string{"0", "1", "9", "00", "a", "S3.", "\x00", "\x01", "\xff", strings.Repeat("7", 250+r.IntN(12))}
	var b strings.Builder
	for range r.IntN(6) {
		b.WriteString(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

// TestKeysOrder: keys compare byte by byte as what they are made of does.
func TestKeysOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	natural := func(s string) []byte { return appendKey(appendNatural(nil, s), s) }
	list := func(texts []string) (b []byte) {
		for _, s := range texts {
			b = appendKey(b, s)
		}
		return b
	}
	ids := func(texts []string) (resources []shca.Resource) {
		for _, s := range texts {
			resources = append(resources, shca.Resource{ID: s})
		}
		return resources
	}
	for range 100_000 {
		a, b := randomText(r), randomText(r)
		if got, want := bytes.Compare(natural(a), natural(b)), shca.CheckID(a).Compare(shca.CheckID(b)); got != want {
			t.Fatalf("natural keys of %q and %q compare %d, want %d", a, b, got, want)
		}
		x, y := []string{a, randomText(r)}, []string{[]string{a, b}[r.IntN(2)], randomText(r)}
		if got, want := bytes.Compare(list(x), list(y)), slices.Compare(x, y); got != want {
			t.Fatalf("keys of %q and %q compare %d, want %d", x, y, got, want)
		}
		x, y = x[:r.IntN(3)], y[:r.IntN(3)]
		slices.Sort(x)
		slices.Sort(y)
		if got, want := bytes.Compare(appendKey(appendResources(nil, ids(x)), "z"), appendKey(appendResources(nil, ids(y)), "z")), slices.Compare(x, y); got != want {
			t.Fatalf("keys of resources %q and %q compare %d, want %d", x, y, got, want)
		}
		s, u := randomTime(r), randomTime(r)
		if got, want := bytes.Compare(appendNewest(nil, s), appendNewest(nil, u)), cmp.Compare(u.UnixNano(), s.UnixNano()); got != want {
			t.Fatalf("keys of %v and %v compare %d, want %d", s, u, got, want)
		}
	}
	if !bytes.Equal(appendResources(nil, ids([]string{"b", "a"})), appendResources(nil, ids([]string{"a", "b"}))) {
		t.Error("the order of resources makes another subject")
	}
	if bytes.Compare(appendNewest(nil, day(1)), appendNewest(nil, time.Time{})) >= 0 {
		t.Error("no time at all is newer than a time")
	}
}

func randomTime(r *rand.Rand) time.Time {
	return time.Unix(r.Int64N(5)-2+1_800_000_000*r.Int64N(2), r.Int64N(3)*499_999_999).UTC()
}
