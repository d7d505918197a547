package ocsf_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/ocsf"
	"github.com/go-shca/shca/ocsf/validate"
	eventfile "github.com/go-shca/shca/render/ocsf"
	"github.com/go-shca/shca/render/originals"
	"github.com/go-shca/shca/render/rendertest"
)

func otherSources(t *testing.T) *shca.Assessment {
	t.Helper()
	for _, c := range rendertest.Cases(t) {
		if c.Name == "other sources" {
			return c.Assessment
		}
	}
	t.Fatal("no such case")
	return nil
}

// TestOtherSources: findings of AWS Config and Audit Manager are valid events of
// compliance findings that name them.
func TestOtherSources(t *testing.T) {
	a := otherSources(t)
	for _, version := range []ocsf.Version{ocsf.V160, ocsf.V110} {
		valid, err := validate.New(string(version))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := eventfile.Render(t.Context(), &out, a, ocsf.Options{Version: version}); err != nil {
			t.Fatal(err)
		}
		products := map[string]int{}
		for line := range bytes.Lines(out.Bytes()) {
			if problems := valid.Event(line); len(problems) > 0 {
				t.Errorf("%s: %v: %s", version, problems, line)
			}
			var event struct {
				Class    int    `json:"class_uid"`
				RawData  string `json:"raw_data"`
				Metadata struct {
					Product struct {
						Name   string
						Vendor string `json:"vendor_name"`
					}
				}
				Compliance struct{ Control string }
			}
			if err := json.Unmarshal(line, &event); err != nil {
				t.Fatal(err)
			}
			name := event.Metadata.Product.Name
			if name != "AWS Config" && name != "AWS Audit Manager" {
				continue
			}
			products[name+" "+event.Metadata.Product.Vendor+" "+event.Compliance.Control]++
			if event.Class != 2003 || !json.Valid([]byte(event.RawData)) || event.RawData == "" {
				t.Errorf("%s: class %d, raw data %s", version, event.Class, event.RawData)
			}
		}
		want := map[string]int{"AWS Config AWS S3.8": 3, "AWS Config AWS config-rule/our-own-rule": 1, "AWS Audit Manager AWS S3.8": 2, "AWS Audit Manager AWS auditmanager/custom": 1}
		if diff := cmp.Diff(want, products); diff != "" {
			t.Errorf("%s (-want +got):\n%s", version, diff)
		}
	}
}

// TestOriginalsOfOtherSources: each source has a file of its own.
func TestOriginalsOfOtherSources(t *testing.T) {
	lines := map[string]int{}
	create := func(name, _ string) (io.WriteCloser, error) { return &file{name: name, lines: lines}, nil }
	if err := originals.Others(t.Context(), create, otherSources(t)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"originals.config.ndjson.gz": 4, "originals.auditmanager.ndjson.gz": 3}, lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

type file struct {
	bytes.Buffer
	name  string
	lines map[string]int
}

func (f *file) Close() error {
	z, err := gzip.NewReader(&f.Buffer)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(z)
	f.lines[f.name] = bytes.Count(text, []byte("\n"))
	return err
}

// TestWithoutTime: the event of a finding that tells no time has the
// assessment's, and says so.
func TestWithoutTime(t *testing.T) {
	a := otherSources(t)
	for f, err := range a.Findings {
		if err != nil {
			t.Fatal(err)
		}
		if f.Source != shca.SourceConfig {
			continue
		}
		g := *f
		g.CreatedAt, g.UpdatedAt, g.FirstObservedAt, g.LastObservedAt = shca.Finding{}.CreatedAt, shca.Finding{}.UpdatedAt, shca.Finding{}.FirstObservedAt, shca.Finding{}.LastObservedAt
		e, err := ocsf.NewEncoder(ocsf.Options{}.For(a))
		if err != nil {
			t.Fatal(err)
		}
		event, head, err := e.Append(nil, &g)
		if err != nil || head.Time != a.Time.UnixMilli() || !bytes.Contains(event, []byte("time not known: that of the assessment")) {
			t.Errorf("error %v, time %d: %s", err, head.Time, event)
		}
		event, _, err = e.Append(nil, f)
		if err != nil || bytes.Contains(event, []byte("time not known")) {
			t.Errorf("error %v: %s", err, event)
		}
		return
	}
	t.Fatal("no finding of AWS Config")
}
