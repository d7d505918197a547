package ocsf_test

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/ocsf"
	reader "github.com/go-shca/shca/sources/ocsf"
	"github.com/go-shca/shca/sources/stream"
)

// TestReadBack: a finding that went through an event is the finding it was.
func TestReadBack(t *testing.T) {
	for _, e := range encoders(t) {
		for _, c := range collections(t) {
			t.Run(string(e.Version)+" "+c.name, func(t *testing.T) {
				var events bytes.Buffer
				if err := e.Write(t.Context(), &events, all(c.findings)); err != nil {
					t.Fatal(err)
				}
				got := readEvents(t, events.Bytes())
				if len(got) != len(c.findings) {
					t.Fatalf("%d findings became %d", len(c.findings), len(got))
				}
				differ := map[string]int{}
				for i, want := range c.findings {
					want, got := *want, *got[i]
					if got.Source != "ocsf" {
						t.Errorf("%s: source %q", want.ID, got.Source)
					}
					for _, x := range exceptions {
						x.excuse(e.Version, &want, &got)
					}
					want.Source, want.Raw, got.Source, got.Raw = "", nil, "", nil
					if reflect.DeepEqual(want, got) {
						continue
					}
					a, b := reflect.ValueOf(want), reflect.ValueOf(got)
					for field := range a.NumField() {
						diff := cmp.Diff(a.Field(field).Interface(), b.Field(field).Interface(), cmpopts.EquateEmpty())
						if name := a.Type().Field(field).Name; diff != "" {
							if differ[name]++; differ[name] <= 3 {
								t.Errorf("%s: %s (-want +got):\n%.1000s", want.ID, name, diff)
							}
						}
					}
				}
				if len(differ) > 0 {
					t.Errorf("of %d findings differ: %v", len(c.findings), differ)
				}
			})
		}
	}
}

// readEvents reads events as findings.
func readEvents(t testing.TB, text []byte) []*shca.Finding {
	t.Helper()
	return read(t, &stream.Source{
		Name:    "events",
		Open:    func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil },
		Formats: []stream.Format{reader.Format},
	})
}

// exceptions are where a finding that was read back may differ, and why. Each
// makes the two alike if they differ in nothing but that.
var exceptions = []struct {
	why    string
	excuse func(v ocsf.Version, want, got *shca.Finding)
}{
	{"a product that the finding names in ProductFields only has its name in the event, where the two are one", func(_ ocsf.Version, want, got *shca.Finding) {
		var f struct{ ProductFields map[string]any }
		if err := json.Unmarshal(want.Raw, &f); err == nil && want.ProductName == "" && f.ProductFields["aws/securityhub/ProductName"] == got.ProductName {
			got.ProductName = ""
		}
	}},
	{"a resource without id, type and place leaves nothing to read, and then the places of others without an id cannot be told", func(_ ocsf.Version, want, got *shca.Finding) {
		if slices.Contains(want.Resources, shca.Resource{}) {
			nameless := func(r shca.Resource) bool { return r.ID == "" }
			want.Resources, got.Resources = slices.DeleteFunc(want.Resources, nameless), slices.DeleteFunc(got.Resources, nameless)
			if len(want.Resources) == 0 {
				got.Resources = nil // or the one that ProductFields name
			}
			got.AccountID, got.Region, got.Partition = want.AccountID, want.Region, want.Partition // which may be its
		}
	}},
	{"a reason that says nothing is none", func(_ ocsf.Version, want, _ *shca.Finding) {
		want.StatusReasons = slices.DeleteFunc(want.StatusReasons, func(r shca.StatusReason) bool { return r == shca.StatusReason{} })
	}},
	{"in the one text that OCSF 1.1.0 has for reasons, one without a code continues the description before it", func(v ocsf.Version, want, got *shca.Finding) {
		if v != ocsf.V110 || slices.Equal(want.StatusReasons, got.StatusReasons) {
			return
		}
		var reasons []shca.StatusReason
		for _, r := range want.StatusReasons {
			if n := len(reasons); n > 0 && r.Code == "" && reasons[n-1].Description != "" {
				reasons[n-1].Description += "; " + r.Description
				continue
			}
			reasons = append(reasons, r)
		}
		want.StatusReasons = reasons
	}},
}
