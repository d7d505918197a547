package ocsf

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/go-shca/shca"
)

func readCSV(t testing.TB, text string) tableResult {
	t.Helper()
	return collectTable(t.Context(), &CSV{Name: "f.csv", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(text)), nil
	}})
}

// complete is a header with all columns that are needed, and a row of them.
const (
	completeHeader = "finding_info.uid,compliance.status,compliance.control,activity_name,status,cloud.account.uid,resources.uid,metadata.product.uid"
	completeRow    = "arn:1,Fail,S3.8,Update,New,012345678901,arn:bucket,arn:aws:securityhub:eu-west-1::productv2/aws/securityhub"
	completeEvent  = `"finding_info":{"uid":"arn:1"},"compliance":{"status":"Fail","control":"S3.8"},"activity_name":"Update","status":"New",` +
		`"cloud":{"account":{"uid":"012345678901"}},"resources":[{"uid":"arn:bucket"}],"metadata":{"product":{"uid":"arn:aws:securityhub:eu-west-1::productv2/aws/securityhub"}}`
)

func TestCSV(t *testing.T) {
	row := func(header, cells, event string) (string, []string) {
		return completeHeader + header + "\n" + completeRow + cells + "\n", []string{"{" + completeEvent + event + "}"}
	}
	for name, tc := range map[string]struct{ header, cells, event string }{
		"the columns that are needed": {"", "", ""},
		"empty cells":                 {",severity,finding_info.title,resources.type", ",,,", ""},
		"text":                        {",severity,comment", `,High,"a ""quoted"", {} é"`, `,"severity":"High","comment":"a \"quoted\", {} é"`},
		"several lines":               {",comment", ",\"a\r\nb\nc\"", `,"comment":"a\nb\nc"`},
		"formula":                     {",comment", ",'=1+1", `,"comment":"'=1+1"`},
		"JSON in a text":              {",comment", `,"[1]"`, `,"comment":"[1]"`},
		"unknown columns":             {",my.own.column,Other", ",x,y", `,"my":{"own":{"column":"x"}},"Other":"y"`},
		"list of texts":               {",remediation.references", `,"[""https://a"",""https://b""]"`, `,"remediation":{"references":["https://a","https://b"]}`},
		"one text of a list":          {",remediation.references", `,https://a`, `,"remediation":{"references":["https://a"]}`},
		"not JSON":                    {",remediation.references", `,[a`, `,"remediation":{"references":["[a"]}`},
		"list of objects in a column": {",finding_info_tags.tags", `,"[{""name"":""a""}]"`, `,"finding_info_tags":{"tags":[{"name":"a"}]}`},
		"lists in lists": {",vulnerabilities.cve.uid,vulnerabilities.cve.cvss.base_score,vulnerabilities.affected_packages.name",
			`,"[""CVE-1"",""CVE-2""]","[[7.5,9],null]","[""a"",[""b"",""c""]]"`,
			`,"vulnerabilities":[{"cve":{"uid":"CVE-1","cvss":[{"base_score":7.5},{"base_score":9}]},"affected_packages":[{"name":"a"}]},{"cve":{"uid":"CVE-2"},"affected_packages":[{"name":"b"},{"name":"c"}]}]`},
		"columns that do not fit": {",vulnerabilities.severity,vulnerabilities.cve.uid,vulnerabilities.fix_coverage",
			`,"[""Low"",""High""]","[""CVE-1""]",Full`,
			`,"vulnerabilities":[{"severity":"Low"},{"severity":"High"}],"vulnerabilities.cve.uid":["CVE-1"],"vulnerabilities.fix_coverage":"Full"`},
		"the id of an object leads": {",vulnerabilities.severity,vulnerabilities.uid", `,"[""Low"",""High""]",v`, `,"vulnerabilities":[{"uid":"v"}],"vulnerabilities.severity":["Low","High"]`},
		"empty list":                {",vulnerabilities.severity,finding_info.x", `,[],y`, ``},
	} {
		text, want := row(tc.header, tc.cells, tc.event)
		if name == "empty list" {
			want[0] = strings.Replace(want[0], `"uid":"arn:1"`, `"uid":"arn:1","x":"y"`, 1)
		}
		for _, ends := range []string{"\n", "\r\n", ""} {
			in := strings.TrimSuffix(text, "\n") + ends
			if d := cmp.Diff(tableResult{Raw: want}, readCSV(t, in)); d != "" {
				t.Errorf("%s: %q (-want +got):\n%s", name, in, d)
			}
		}
	}
}

// TestCSVResources: a finding on several resources.
func TestCSVResources(t *testing.T) {
	text := "finding_info.uid,resources.type,resources.uid,resources.region\n" +
		`arn:1,"[""AwsS3Bucket"",""AwsIamRole""]","[""b"",""r""]","[""eu-west-1"",null]"` + "\n" +
		`arn:2,AwsS3Bucket,b,"[""eu-west-1"",""eu-west-2""]"` + "\n"
	want := []string{
		`{"finding_info":{"uid":"arn:1"},"resources":[{"type":"AwsS3Bucket","uid":"b","region":"eu-west-1"},{"type":"AwsIamRole","uid":"r"}]}`,
		`{"finding_info":{"uid":"arn:2"},"resources":[{"type":"AwsS3Bucket","uid":"b"}],"resources.region":["eu-west-1","eu-west-2"]}`,
	}
	got := readCSV(t, text)
	if d := cmp.Diff(want, got.Raw); d != "" {
		t.Errorf("%s (-want +got):\n%s", text, d)
	}
}

// TestCSVFinding: a row becomes the finding it stands for.
func TestCSVFinding(t *testing.T) {
	const text = "finding_info.uid,finding_info.title,finding_info.modified_time_dt,class_name,compliance.status,compliance.control,activity_name,status,severity," +
		"cloud.account.uid,cloud.region,resources.uid,resources.type,metadata.product.uid\n" +
		"arn:1,Title,2026-01-02T03:04:05.000Z,Compliance Finding,Fail,S3.8,Close,Suppressed,High," +
		"012345678901,eu-west-1,arn:aws:s3:::b,AWS::S3::Bucket,arn:aws:securityhub:eu-west-1::productv2/aws/securityhub\n"
	var got *shca.Finding
	source := &CSV{Name: "f.csv", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}
	for record, err := range source.Records(t.Context()) {
		if err != nil || record.Finding == nil {
			t.Fatalf("got %+v, %v", record.Scope, err)
		}
		got = record.Finding
	}
	want := &shca.Finding{
		Source: "ocsf", ID: "arn:1", Title: "Title", Check: "S3.8", Status: shca.Failed, RecordState: "ARCHIVED", Workflow: "SUPPRESSED", Severity: shca.High,
		AccountID: "012345678901", Region: "eu-west-1", Resources: []shca.Resource{{ID: "arn:aws:s3:::b", Type: "AWS::S3::Bucket"}},
	}
	same := cmp.FilterPath(func(p cmp.Path) bool {
		switch p.Last().String() {
		case ".Source", ".ID", ".Title", ".Check", ".Status", ".RecordState", ".Workflow", ".Severity", ".AccountID", ".Region":
			return false
		}
		return len(p) == 3
	}, cmp.Ignore())
	if d := cmp.Diff(want, got, same, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if len(got.Resources) != 1 || got.Resources[0].ID != "arn:aws:s3:::b" || got.UpdatedAt.IsZero() {
		t.Errorf("got %+v, updated at %v", got.Resources, got.UpdatedAt)
	}
}

func TestCSVBad(t *testing.T) {
	with := func(rows ...string) string { return completeHeader + "\n" + strings.Join(rows, "\n") + "\n" }
	good := "{" + completeEvent + "}"
	for name, tc := range map[string]struct {
		text string
		want tableResult
	}{
		"too few cells": {with("a,b", completeRow), tableResult{Raw: []string{good}, Errors: []string{"f.csv: finding 1: has 2 cells, and the header has 8"}}},
		"bad quote":     {with(`a"b`, completeRow), tableResult{Raw: []string{good}, Errors: []string{`f.csv: finding 1: broken CSV in lines 2 to 2: bare " in non-quoted-field`}}},
		"no id":         {with(strings.TrimPrefix(completeRow, "arn:1"), completeRow), tableResult{Raw: []string{good}, Errors: []string{"f.csv: finding 1: /finding_info/uid: missing; without it the finding's newest copy cannot be told"}}},
		"quote that does not end": {with(completeRow, `"a`, completeRow), tableResult{Raw: []string{good},
			Errors: []string{`f.csv: finding 2: broken CSV in lines 3 to 4: extraneous or missing " in quoted-field`}}},
		"cell too large": {with(completeRow, `"`+strings.Repeat("x", 5<<20)+`"`, completeRow), tableResult{Raw: []string{good},
			Scopes: []shca.Scope{{Source: "f.csv", Err: "row 2 is larger than 4 MiB, the limit for one finding, or has a quote that does not end: the rows from there on were not read"}}}},
		"not UTF-8": {with(strings.Replace(completeRow, "New", "\xff", 1)), tableResult{Raw: []string{strings.Replace(good, "New", "\uFFFD", 1)}}},
		"no rows":   {completeHeader + "\n", tableResult{Scopes: []shca.Scope{{Source: "f.csv", Err: "holds no findings: it has no rows"}}}},
		"empty":     {"", tableResult{Scopes: []shca.Scope{{Source: "f.csv", Err: "holds no findings: it has no rows"}}}},
		"no id column": {"class_name,severity\nCompliance Finding,High\n", tableResult{Scopes: []shca.Scope{{Source: "f.csv",
			Err: `has no column finding_info.uid, without which findings cannot be told apart, but ["class_name" "severity"]: export with finding_info.uid among SelectedFields`}}}},
		"column twice": {"finding_info.uid,a,a\n", tableResult{Scopes: []shca.Scope{{Source: "f.csv",
			Err: `column 3, "a", is there already: name every attribute once, and no attribute beside its parts`}}}},
		"column and its part": {"finding_info.uid,finding_info\n", tableResult{Scopes: []shca.Scope{{Source: "f.csv",
			Err: `column 2, "finding_info", is there already: name every attribute once, and no attribute beside its parts`}}}},
		"part and its column": {"finding_info,finding_info.uid\n", tableResult{Scopes: []shca.Scope{{Source: "f.csv",
			Err: `column 2, "finding_info.uid", is there already: name every attribute once, and no attribute beside its parts`}}}},
		"column without name": {"finding_info.uid,,a\n", tableResult{Scopes: []shca.Scope{{Source: "f.csv",
			Err: `column 2 has the name "", which is no path of an attribute`}}}},
		"many columns": {"finding_info.uid" + strings.Repeat(",a", 2000) + "\n", tableResult{Scopes: []shca.Scope{{Source: "f.csv",
			Err: "has 2001 columns, and at most 1000 are read; an export has up to 50"}}}},
		"deep column": {"finding_info.uid" + strings.Repeat(".a", 20) + ",finding_info.uid\n", tableResult{Scopes: []shca.Scope{{Source: "f.csv",
			Err: `column 1 has the name "finding_info.uid` + strings.Repeat(".a", 20) + `", which is deeper than any attribute`}}}},
		"long header": {"finding_info.uid," + strings.Repeat("x", 1<<20) + "\n", tableResult{Scopes: []shca.Scope{{Source: "f.csv",
			Err: "its first line, which names the columns, is longer than 64 KiB"}}}},
	} {
		if d := cmp.Diff(tc.want, readCSV(t, tc.text)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// TestCSVMissingColumns: what is not exported is said, since it changes what
// the findings mean.
func TestCSVMissingColumns(t *testing.T) {
	for _, need := range neededColumns {
		var header []string
		for _, c := range strings.Split(completeHeader, ",") {
			if c != need.columns[0] {
				header = append(header, c)
			}
		}
		text := strings.Join(header, ",") + "\n" + "x" + strings.Repeat(",", len(header)-1) + "\n"
		want := fmt.Sprintf("has no column %s, so that %s: export with these fields among SelectedFields", strings.Join(need.columns, " or "), need.without)
		got := readCSV(t, text)
		if len(got.Scopes) != 1 || got.Scopes[0].Err != want || len(got.Raw) != 1 {
			t.Errorf("%s: got %+v, want %s", text, got, want)
		}
		if len(need.columns) > 1 {
			text = strings.Replace(text, "\n", ","+need.columns[1]+"\n", 1)
			text = strings.TrimSuffix(text, "\n") + ",\n"
			if got := readCSV(t, text); len(got.Scopes) > 0 {
				t.Errorf("%s: got %+v", text, got)
			}
		}
	}
}

// TestCSVReadError: an error of reading ends the rows, and is told.
func TestCSVReadError(t *testing.T) {
	broken := errors.New("gzip: the file is cut off")
	source := &CSV{Name: "f.csv", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader(completeHeader+"\n"+completeRow+"\n"+"half a r"), &failingReader{broken})), nil
	}}
	want := []shca.Scope{{Source: "f.csv", Err: "gzip: the file is cut off (after 1 rows)"}}
	if got := collectTable(t.Context(), source); cmp.Diff(want, got.Scopes) != "" || len(got.Raw) != 1 {
		t.Errorf("got %+v", got)
	}
	source.Open = func() (io.ReadCloser, error) { return nil, broken }
	want[0].Err = broken.Error()
	if got := collectTable(t.Context(), source); cmp.Diff(want, got.Scopes) != "" {
		t.Errorf("got %+v", got)
	}
}

type failingReader struct{ err error }

func (f *failingReader) Read([]byte) (int, error) { return 0, f.err }

func TestIsCSV(t *testing.T) {
	for head, want := range map[string]bool{
		completeHeader + "\nx":                  true,
		completeHeader:                          true,
		"class_uid":                             true,
		"\"finding_info.uid\",\"severity\"\r\n": true,
		"severity,class_name\n":                 true,
		"severity,status\n":                     false, // of anything
		"a,b\nfinding_info.uid":                 false,
		"{\"finding_info.uid\":1}":              false,
		"[{\"metadata.uid\":1},\n":              false,
		"":                                      false,
		"<html>":                                false,
		"AUTH_METHOD;TIMESTAMP;ACCOUNT_UID;FINDING_UID":           false, // of Prowler
		"finding_info.uid," + strings.Repeat("x,", maxHeader):     false,
		"finding_info.uid,\"" + strings.Repeat("x", 10) + "\nx\"": false,
	} {
		if got := IsCSV([]byte(head)); got != want {
			t.Errorf("%.60q: got %t", head, got)
		}
	}
}

// FuzzCSV: no text makes it panic, every row is told of, and events are JSON
// with all that the cells hold.
func FuzzCSV(f *testing.F) {
	f.Add(completeHeader + "\n" + completeRow + "\n")
	f.Add("finding_info.uid,resources.uid,resources.type\na,\"[\"\"b\"\",\"\"c\"\"]\",d\n")
	f.Add("finding_info.uid,vulnerabilities.cve.cvss.base_score,vulnerabilities.cve.uid\na,\"[[1,2],null]\",\"[1,\"\"x\"\"]\"\r\n\"b\n")
	f.Fuzz(func(t *testing.T, text string) {
		IsCSV([]byte(text))
		got := readCSV(t, text)
		if got.Err != nil {
			t.Errorf("%v", got.Err)
		}
		if len(got.Raw)+len(got.Errors)+len(got.Scopes) == 0 {
			t.Error("nothing told")
		}
		for _, raw := range got.Raw {
			if !json.Valid([]byte(raw)) {
				t.Errorf("not JSON: %s", raw)
			}
		}
	})
}
