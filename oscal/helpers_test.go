package oscal_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
	"github.com/go-shca/shca/internal/testgen"
	"github.com/go-shca/shca/mapping"
	"github.com/go-shca/shca/oscal"
	"github.com/go-shca/shca/oscal/validate"
	"github.com/go-shca/shca/render"
	"github.com/go-shca/shca/render/rendertest"
	"github.com/go-shca/shca/sources/asff"
	"github.com/go-shca/shca/sources/stream"
	"github.com/go-shca/shca/system"
)

const (
	componentFile = "oscal/component-definition.json"
	sspFile       = oscal.SSPFile
)

// write writes the package below dir, and a file of the findings that it refers
// to.
func write(t testing.TB, dir string, a *shca.Assessment, o oscal.Options) map[string]string {
	t.Helper()
	formats, err := render.Select([]string{"asff", "oscal"}, render.Options{OSCAL: o})
	if err != nil {
		t.Fatal(err)
	}
	written, err := render.WriteDir(t.Context(), dir, a, formats)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range written {
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(f.File)))
		if err != nil {
			t.Fatal(err)
		}
		files[f.File] = string(text)
	}
	return files
}

// written is one document of the package; "" if the package does not have it.
func written(t testing.TB, file string, a *shca.Assessment, options oscal.Options) string {
	t.Helper()
	var text bytes.Buffer
	if _, err := oscal.WriteDocument(t.Context(), &text, file, a, options); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// skipUnderRace skips a test that differs from others in its data only.
func skipUnderRace(t *testing.T) {
	t.Helper()
	if underRace {
		t.Skip("with other data, not with the race detector")
	}
}

// referToCatalog are the documents that refer to nothing but the catalog.
var referToCatalog = []string{"catalog.json", "profile.json", "mapping-collection.json"}

// validated are the digests of those that were validated with their catalog:
// most packages of the tests have the same.
var validated sync.Map

// valid checks every document below dir: no message at all.
func valid(t testing.TB, dir string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "oscal", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if slices.Contains(referToCatalog, filepath.Base(name)) {
			var digest [2][sha256.Size]byte
			for i, path := range []string{name, filepath.Join(dir, "oscal", "catalog.json")} {
				text, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				digest[i] = sha256.Sum256(text)
			}
			if _, done := validated.LoadOrStore(digest, true); done {
				continue
			}
		}
		report, err := validate.File(t.Context(), name, validate.Options{Properties: oscal.PropertyNames(), Max: 5})
		noMessages(t, report, err)
	}
}

// validText checks a document that is in no file: no message at all.
func validText(t testing.TB, name, text string) {
	t.Helper()
	report, err := validate.Reader(t.Context(), name, strings.NewReader(text), validate.Options{Properties: oscal.PropertyNames(), Max: 5})
	noMessages(t, report, err)
}

func noMessages(t testing.TB, report validate.Report, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", report.File, err)
	}
	for _, m := range report.Messages {
		t.Error(m)
	}
	if report.Omitted > 0 {
		t.Errorf("… %d errors, %d warnings", report.Errors, report.Warnings)
	}
}

// assess assesses n generated findings.
func assess(t testing.TB, o testgen.Options, baseline string, change func([]byte) []byte) *shca.Assessment {
	t.Helper()
	var text bytes.Buffer
	if err := testgen.Write(&text, testgen.NDJSON, o); err != nil {
		t.Fatal(err)
	}
	findings := text.Bytes()
	if change != nil {
		findings = change(findings)
	}
	source := &stream.Source{Name: "estate", Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(findings)), nil }, Formats: []stream.Format{asff.Format}}
	options := mapping.Options{Framework: catalogs.Frameworks()[0], Time: rendertest.Time, Generator: "shca v0.0.0-test"}
	options.Baseline, _ = options.Framework.Baseline(baseline)
	a, err := mapping.Assess(t.Context(), source, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

// records is a source of the records themselves.
type records []shca.Record

func (r records) Records(context.Context) iter.Seq2[shca.Record, error] {
	return func(yield func(shca.Record, error) bool) {
		for _, one := range r {
			if !yield(one, nil) {
				return
			}
		}
	}
}

var fewControls = mapping.Options{Baseline: catalogs.Baseline{
	Name: "few", Title: "A few controls", Controls: []shca.ControlID{"ac-2", "ac-3", "at-1", "sc-7", "sc-7.4"},
}}

// checkFinding is a passed finding of the check that cites the control.
func checkFinding(check, control string, change func(*shca.Finding)) *shca.Finding {
	at := rendertest.Time.Add(-time.Hour)
	f := &shca.Finding{
		Source: "asff", ID: check + control, ProductARN: "arn:aws:securityhub:us-east-1::product/aws/securityhub", AccountID: "111122223333",
		Region: "us-east-1", Partition: "aws", Check: shca.CheckID(check), Requirements: []string{"NIST.800-53.r5 " + control},
		Status: shca.Passed, Severity: shca.High, RecordState: "ACTIVE", Workflow: "NEW", Title: "What " + check + " looks at",
		Resources: []shca.Resource{{ID: "arn:aws:s3:::" + check + control, Type: "AwsS3Bucket"}}, CreatedAt: at, UpdatedAt: at, Raw: []byte(`{}`),
	}
	if change != nil {
		change(f)
	}
	return f
}

func exampleSystem(t testing.TB) *system.System {
	t.Helper()
	s, err := system.Read("../examples/system.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// object is a piece of a document.
type object = map[string]any

// walk calls visit with each object of a JSON value and its path.
func walk(path string, v any, visit func(path string, o object)) {
	switch v := v.(type) {
	case object:
		visit(path, v)
		for key, value := range v {
			walk(path+"/"+key, value, visit)
		}
	case []any:
		for i, value := range v {
			walk(fmt.Sprint(path, "/", i), value, visit)
		}
	}
}

func parse(t testing.TB, text string) object {
	t.Helper()
	var v object
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}
