package awsfake

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fill gives every member of a structure of the SDK a value, so that a test sees
// whether each comes back.
func fill[T any]() T {
	var v T
	n := 0
	fillValue(reflect.ValueOf(&v).Elem(), &n, 0)
	return v
}

func fillValue(v reflect.Value, n *int, depth int) {
	*n++
	if v.Type() == timeType {
		v.Set(reflect.ValueOf(time.Unix(1_700_000_000+int64(*n), 123_000_000).UTC()))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if depth > 6 {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		fillValue(v.Elem(), n, depth+1)
	case reflect.String:
		v.SetString(fmt.Sprintf("v%d \"<é>", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.5)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fillValue(v.Index(0), n, depth+1)
		fillValue(v.Index(1), n, depth+1)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		elem := reflect.New(v.Type().Elem()).Elem()
		fillValue(elem, n, depth+1)
		v.SetMapIndex(reflect.ValueOf("a key").Convert(v.Type().Key()), elem)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Type().Field(i).Name != "ResultMetadata" {
				fillValue(v.Field(i), n, depth+1)
			}
		}
	}
}

// same fails the test if two values of the SDK are not the same.
func same(t *testing.T, what string, want, got any) {
	t.Helper()
	a, err := json.MarshalIndent(want, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.MarshalIndent(got, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(a), string(b)); diff != "" {
		t.Errorf("%s: what came is not what there is (-there +came):\n%s", what, diff)
	}
}
