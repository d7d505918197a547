package redact_test

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
	"github.com/go-shca/shca/internal/testgen"
	"github.com/go-shca/shca/mapping"
	ocsfvalidate "github.com/go-shca/shca/ocsf/validate"
	"github.com/go-shca/shca/oscal"
	oscalvalidate "github.com/go-shca/shca/oscal/validate"
	"github.com/go-shca/shca/redact"
	"github.com/go-shca/shca/render"
	"github.com/go-shca/shca/render/manifest"
	"github.com/go-shca/shca/render/rendertest"
	"github.com/go-shca/shca/sources"
	"github.com/go-shca/shca/system"
)

// TestNothingLeaks plants a canary in every text and every name of findings of
// all kinds, but where AWS's own words stay, and looks for them in every byte of
// every artifact, with whatever else the findings identify.
func TestNothingLeaks(t *testing.T) {
	for name, findings := range specimens(t) {
		t.Run(name, func(t *testing.T) {
			var c canaries
			var text bytes.Buffer
			enc := json.NewEncoder(&text)
			for _, f := range findings {
				c.hub = isHub(f)
				planted := any(f)
				if name != "own" { // whose canaries are where they belong
					planted = c.plant("", f)
				}
				if err := enc.Encode(planted); err != nil {
					t.Fatal(err)
				}
				c.identifiers("", f)
			}
			wantNoLeak(t, text.Bytes(), &c)
		})
	}
}

func wantNoLeak(t *testing.T, input []byte, c *canaries) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "acme-canary-prod.ndjson")
	if err := os.WriteFile(file, input, 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	r := newRedactor(1)
	about := r.System(c.system())
	a := assess(t, []string{file}, r, mapping.Options{System: systemOf(about), Marking: marking})
	t.Logf("%d canaries, %d identifiers, %d findings, %d not read", c.planted, len(c.found), total(a), a.ProblemCount)
	if total(a) == 0 || a.ProblemCount > total(a) {
		t.Fatalf("%d findings were read: %q", total(a), a.Problems)
	}
	if len(a.Inputs) != 1 || a.Inputs[0].Size != 0 || a.Inputs[0].SHA256 != "" {
		t.Fatalf("the inputs are %+v", a.Inputs)
	}
	formats := render.With(render.Options{OSCAL: oscal.Options{System: about}, Manifest: manifest.Options{Command: r.Command([]string{
		filepath.Join(dir, "shca"), "assess", file, "--system", dir + "/canary.yaml", "--marking", "canary", "--narrative-template=canary.tmpl", "--redact=canary.key",
	})}})
	if _, err := render.WriteDir(t.Context(), out, a, formats); err != nil {
		t.Fatal(err)
	}
	secrets := append(slices.Clone(c.found), "canary", dir, fmt.Sprintf("%x", sha256.Sum256(input)))
	folded := map[[4]byte][][]byte{}
	for _, secret := range secrets {
		one := fold([]byte(secret))
		folded[[4]byte(one)] = append(folded[[4]byte(one)], one)
	}
	if secret, at := search(fold([]byte("xx "+secrets[0])), folded); at != 3 {
		t.Fatalf("the search found %q at %d", secret, at)
	}
	texts := artifacts(t, out)
	files := 0
	for name, text := range texts {
		files++
		lower := fold(text)
		if secret, at := search(lower, folded); at >= 0 {
			t.Errorf("%s has %q: …%q…", name, secret, text[max(0, at-200):min(len(text), at+100)])
		}
	}
	if files < 15 {
		t.Errorf("only %d artifacts were searched", files)
	}
	wantFound(t, texts, a, r)
	wantValid(t, out)
}

// search returns the first of the secrets, which are by their first four bytes,
// and where in the text it is, -1 if none is. It reads the text once: the race
// detector makes a search for each take minutes.
func search(text []byte, secrets map[[4]byte][][]byte) ([]byte, int) {
	var first [1 << 16]bool
	for head := range secrets {
		first[int(head[0])<<8|int(head[1])] = true
	}
	for i := 0; i+4 <= len(text); i++ {
		if !first[int(text[i])<<8|int(text[i+1])] {
			continue
		}
		for _, secret := range secrets[[4]byte(text[i:])] {
			if bytes.HasPrefix(text[i:], secret) {
				return secret, i
			}
		}
	}
	return nil, -1
}

// marking is the user's own word, and stays.
const marking = "Handled // by Hand"

// wantFound makes sure that a search finds what is there, wherever people's own
// words get to.
func wantFound(t *testing.T, texts map[string][]byte, a *shca.Assessment, r *redact.Redactor) {
	t.Helper()
	name, account := r.Name("canary system"), ""
	for _, s := range a.Scopes {
		if one := a.System.Accounts[s.AccountID]; one != "" {
			account = one
		} else if shca.IsAccountID(s.AccountID) { // some samples have none
			t.Errorf("account %s has no name", s.AccountID)
		}
	}
	for file, words := range map[string][]string{
		"assessment.json":               {name, account, marking},
		"manifest.json":                 {name, marking, "--system"},
		"oscal/assessment-results.json": {name},
		"report.html":                   {name, account, marking},
		"report.md":                     {name, account, marking},
		"report.pdf text":               {name, account, marking},
		"report.pdf information":        {name, marking, "Title ", "Subject ", "Author ", "Keywords "},
		"report.pdf strings":            {name, account, marking},
		"report.xlsx text":              {name, account, marking},
		"report.xlsx docProps/core.xml": {name, marking},
	} {
		for _, word := range words {
			if !bytes.Contains(fold(texts[file]), fold([]byte(word))) {
				t.Errorf("%s has no %q, so a search of it finds nothing", file, word)
			}
		}
	}
}

// fold lowers the letters of ASCII, whatever bytes stand between them.
func fold(text []byte) []byte {
	lower := bytes.Clone(text)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] += 'a' - 'A'
		}
	}
	return lower
}

// system is one with canaries in every text, and names for accounts that
// findings have, too.
func (c *canaries) system() *system.System {
	s := &system.System{
		ID: "canary-1", Name: "canary system", ShortName: "canary", Description: "canary", Version: "canary", Status: "operational", Authorized: "2026-01-31",
		Organization:    system.Organization{Name: "Canary Inc.", Email: "office@canary.example.org"},
		DeploymentModel: "public-cloud", ServiceModel: "saas",
		Boundary: "canary", NetworkArchitecture: "canary", DataFlow: "canary",
		Information: []system.Information{{Title: "canary", Description: "canary", ID: "C.3.5.8"}},
		Parties:     []system.Party{{ID: "canary", Name: "Jo Canary", Type: "person", Email: "jo@canary.example.org"}},
		Roles:       []system.Role{{ID: "system-owner", Title: "canary", Parties: []string{"canary"}}, {ID: "canary-keeper", Title: "canary", Parties: []string{"organization"}}},
		Users:       []system.User{{Title: "canary", Description: "canary", Type: "internal", Privilege: "privileged", Roles: []string{"canary-keeper"}}},
		Components:  []system.Component{{ID: "canary", Title: "canary", Type: "software", Description: "canary", Status: "operational"}},
		Accounts:    []system.Account{{ID: "111122223333", Name: "canary-home"}, {ID: "000000000000", Name: "canary-nobody"}},
	}
	for _, id := range c.found {
		if shca.IsAccountID(id) && id != "111122223333" {
			s.Accounts = append(s.Accounts, system.Account{ID: id, Name: "canary-" + id})
		}
	}
	return s
}

// systemOf is what an assessment says of the system.
func systemOf(s *system.System) shca.System {
	about := shca.System{ID: s.ID, Name: s.Name, Accounts: map[string]string{}}
	for _, a := range s.Accounts {
		about.Accounts[a.ID] = a.Name
	}
	return about
}

func total(a *shca.Assessment) (n int64) {
	for _, s := range a.Scopes {
		n += s.Findings
	}
	return n
}

// canaries plants texts that must not be seen again, and remembers identifiers
// that must not either.
type canaries struct {
	hub     bool // the finding at hand is of Security Hub itself
	planted int
	found   []string
}

func (c *canaries) next() string {
	c.planted++
	return fmt.Sprintf("canary%05dq", c.planted)
}

// kept are the members, as paths without positions, whose values are AWS's or a
// standard's, or decide whether a finding can be read. What has their forms is
// not replaced; TestForms is about what has not.
var kept = regexp.MustCompile(`^/(SchemaVersion|ProductArn|GeneratorId|Region|Types|FirstObservedAt|LastObservedAt|CreatedAt|UpdatedAt|ProcessedAt|` +
	`Title|Description|Remediation/Recommendation/(Text|Url)|RecordState|WorkflowState|Workflow/Status|Severity/Label|ProductName|AwsAccountId|Id|` +
	`FindingProviderFields/Severity/(Label|Normalized)|Severity/Normalized|Compliance/(Status|SecurityControlId|RelatedRequirements|AssociatedStandards/StandardsId|StatusReasons/(ReasonCode|Description))|` +
	`ProductFields/(ControlId|RuleId|StandardsArn|StandardsGuideArn|RelatedAWSResources:0/type|RelatedAWSResources:0/name|aws/config/ConfigRuleName|StandardsGuideSubscriptionArn|StandardsSubscriptionArn|StandardsControlArn|Resources:0/Id)|` +
	`Resources/(Type|Region|Partition|Id)|Note/UpdatedAt|` +
	`(class|category|type|activity|severity|status|state)_(uid|id|name)|time|time_dt|event_time|severity|status|state|status_code|` +
	`finding(_info)?/(uid|title|desc|types|[a-z_]*_time(_dt)?|analytic/(uid|category|name)|remediation/desc)|metadata/(uid|version|log_version|processed_time(_dt)?|profiles|event_code|product/(uid|name|feature/uid))|` +
	`cloud/(provider|region|cloud_partition|account/(uid|type|type_id))|compliance/(status|status_id|control|standards|requirements|status_code)|` +
	`resources?/(uid|type|region|cloud_partition|uid_alt|owner/account/uid|name)|remediation/(desc|references)|vendor_attributes/severity)$`)

// titles are texts that are AWS's own in findings of Security Hub only.
var titles = []string{
	"/Title", "/Description", "/Remediation/Recommendation/Text", "/Remediation/Recommendation/Url", "/GeneratorId", "/Compliance/StatusReasons/Description",
	"/finding_info/title", "/finding_info/desc", "/remediation/desc", "/remediation/references", "/ProductName",
}

// plant returns a copy of the value with canaries.
func (c *canaries) plant(path string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, member := range v {
			out[name] = c.plant(path+"/"+name, member)
		}
		if path != "" {
			out[c.next()] = c.next() // a name is as good as a value
		}
		return out
	case []any:
		out := []any{}
		for _, member := range v {
			out = append(out, c.plant(path, member))
		}
		return out
	case string:
		bare := strings.TrimPrefix(path, "/unmapped")
		switch {
		case path == "/Id", path == "/Resources/Id", path == "/finding_info/uid", path == "/resources/uid":
			return v + "-" + c.next()
		case slices.Contains(titles, path) && !c.hub:
			return c.next()
		case strings.HasPrefix(bare, "/compliance/"), kept.MatchString(bare):
			return v
		}
		return c.next()
	}
	return v
}

var (
	accountIDs = regexp.MustCompile(`\b[0-9]{12}\b`)
	addresses  = regexp.MustCompile(`\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b|[A-Za-z0-9._-]+@[A-Za-z0-9.-]+\.[a-z]{2,}`)
	ownARNs    = regexp.MustCompile(`^arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.*|^arn:[a-z-]+:s3:::.*`)
)

// identifiers collects what the finding names: accounts, ARNs, ids of findings
// and resources, names, addresses. Texts of AWS are searched as well.
func (c *canaries) identifiers(path string, v any) {
	add := func(text string) {
		if len(text) > 3 && strings.Trim(text, "0") != "" && !slices.Contains(c.found, text) {
			c.found = append(c.found, text)
		}
	}
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			c.identifiers(path+"/"+name, member)
		}
	case []any:
		for _, member := range v {
			c.identifiers(path, member)
		}
	case string:
		for _, id := range accountIDs.FindAllString(v, -1) {
			add(id)
		}
		for _, a := range addresses.FindAllString(v, -1) {
			if a != "0.0.0.0" && a != "127.0.0.1" && strings.Count(a, ".") == 3 && len(a) > 7 {
				add(a)
			}
		}
		switch {
		case ownARNs.MatchString(v):
			add(v)
		case path == "/Id", path == "/AwsAccountName", path == "/finding_info/uid", path == "/cloud/account/name":
			if strings.ContainsAny(v, "0123456789-/") { // more than a word
				add(v)
			}
		}
	}
}

// newRedactor returns one with a key of its own.
func newRedactor(key byte) *redact.Redactor {
	f := catalogs.Frameworks()[0]
	return redact.New(redact.Key{key}, redact.Options{Check: func(id shca.CheckID) bool { _, ok := f.Check(id); return ok }})
}

// assess assesses the files, redacted unless r is nil.
func assess(t *testing.T, files []string, r *redact.Redactor, o mapping.Options) *shca.Assessment {
	t.Helper()
	source, err := sources.Open(files, sources.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r != nil {
		source = redact.Source(source, r)
	}
	o.TempDir, o.Redacted = t.TempDir(), r != nil
	a, err := mapping.Assess(t.Context(), source, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// artifacts returns what the artifacts below the directory hold: the bytes, and
// what is packed or encoded in them.
func artifacts(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, file)
		name = filepath.ToSlash(name)
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		all[name] = append(slices.Clone(raw), name...) // names may leak, too
		switch {
		case strings.HasSuffix(name, ".parquet"):
			source, err := sources.Open([]string{file}, sources.Options{})
			if err != nil {
				return err
			}
			for record, err := range source.Records(t.Context()) {
				if err != nil {
					return err
				}
				if record.Finding != nil {
					all[name+" rows"] = append(all[name+" rows"], record.Finding.Raw...)
				}
			}
			if len(all[name+" rows"]) == 0 {
				t.Errorf("%s: no rows", name)
			}
			return nil
		case bytes.HasPrefix(raw, []byte("PK")):
			if err := unzip(all, name, raw); err != nil {
				return err
			}
		case bytes.HasPrefix(raw, []byte("%PDF")):
			if err := takeApart(all, name, raw); err != nil {
				return err
			}
		case !bytes.HasPrefix(raw, []byte("\x1f\x8b")):
			return nil
		}
		all[name+" text"] = []byte(rendertest.Text(t, raw))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// unzip adds the parts of a workbook, properties of the document among them.
func unzip(all map[string][]byte, name string, raw []byte) error {
	in, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return err
	}
	for _, f := range in.File {
		part, err := f.Open()
		if err != nil {
			return err
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return err
		}
		all[name+" "+f.Name] = append(text, html.UnescapeString(string(text))...)
	}
	return nil
}

// takeApart adds what is in a PDF besides its text: streams, unpacked; its
// information dictionary; and all its strings, which outline, information and
// pages have in UTF-16.
func takeApart(all map[string][]byte, name string, raw []byte) error {
	objects, err := rendertest.PDFObjects(raw)
	if err != nil {
		return err
	}
	whole := raw
	for _, part := range bytes.Split(raw, []byte("stream\n")) {
		if in, err := zlib.NewReader(bytes.NewReader(part)); err == nil {
			text, _ := io.ReadAll(in) // what follows the stream is none of it
			all[name+" streams"] = append(all[name+" streams"], text...)
			whole = slices.Concat(whole, []byte("\n"), text)
		}
	}
	whole = unescape(whole)
	all[name+" strings"] = append(wide(whole), wide(whole[1:])...) // where one begins is not looked for
	info := regexp.MustCompile(`/Info (\d+) 0 R`).FindSubmatch(raw)
	if info == nil {
		return errors.New(name + " has no information dictionary")
	}
	number, err := strconv.Atoi(string(info[1]))
	if err != nil {
		return err
	}
	for _, m := range regexp.MustCompile(`(?s)/(\w+) \(..((?:[^\\)]|\\.)*)\)`).FindAllSubmatch(objects[number], -1) {
		all[name+" information"] = slices.Concat(all[name+" information"], m[1], []byte(" "), wide(unescape(m[2])), []byte("\n"))
	}
	return nil
}

// unescape takes the escapes out of the strings of a PDF.
func unescape(text []byte) []byte {
	return regexp.MustCompile(`(?s)\\([()\\])`).ReplaceAll(bytes.ReplaceAll(text, []byte(`\r`), []byte("\r")), []byte("$1"))
}

// wide reads bytes as UTF-16 with the high byte first.
func wide(b []byte) []byte {
	var codes []uint16
	for ; len(b) > 1; b = b[2:] {
		codes = append(codes, binary.BigEndian.Uint16(b))
	}
	return []byte(string(utf16.Decode(codes)))
}

// wantValid asks the validators for what they think of the artifacts.
func wantValid(t *testing.T, out string) {
	t.Helper()
	v, err := ocsfvalidate.New("1.6.0")
	if err != nil {
		t.Fatal(err)
	}
	events, err := os.ReadFile(filepath.Join(out, "findings.ocsf.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(events) {
		for _, m := range v.Event(line) {
			if m.Level == ocsfvalidate.Error {
				t.Errorf("OCSF: %s\n%s", m, line)
			}
		}
	}
	documents, err := filepath.Glob(filepath.Join(out, "oscal", "*.json"))
	if err != nil || len(documents) < 5 {
		t.Fatalf("%d OSCAL documents, %v", len(documents), err)
	}
	for _, file := range documents {
		wantValidOSCAL(t, file)
	}
}

func wantValidOSCAL(t *testing.T, file string) {
	t.Helper()
	report, err := oscalvalidate.File(t.Context(), file, oscalvalidate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if report.Errors > 0 {
		t.Errorf("%s: %v", file, report.Messages)
	}
}

func isHub(finding map[string]any) bool {
	text, err := json.Marshal(finding)
	return err == nil && (bytes.Contains(text, []byte(`product/aws/securityhub"`)) || bytes.Contains(text, []byte(`productv2/aws/securityhub"`)))
}

// specimens are findings of every kind.
func specimens(t *testing.T) map[string][]map[string]any {
	t.Helper()
	all := map[string][]map[string]any{"own": decode(t, []byte(ownSpecimens))}
	estates := estates()
	for _, name := range slices.Sorted(maps.Keys(estates)) {
		o := estates[name]
		o.Findings = 8
		if o.Products != nil {
			o.Findings = 20 // of every product
		}
		var b bytes.Buffer
		if err := testgen.Write(&b, testgen.NDJSON, o); err != nil {
			t.Fatal(err)
		}
		// Together, since what takes time is writing and searching every format.
		all["estates"] = append(all["estates"], decode(t, b.Bytes())...)
	}
	for _, file := range samples(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := decode(t, text); len(found) > 0 {
			all[filepath.Base(file)] = found[:min(len(found), 40)]
		}
	}
	return all
}

// estates are the synthetic ones.
func estates() map[string]testgen.Options {
	everything := []string{"all"}
	return map[string]testgen.Options{
		"on":       {Seed: 1, Products: everything, OtherProducts: 0.5},
		"off":      {Seed: 2, Mode: testgen.Off, OtherProducts: 0.1, Suppressed: 0.1},
		"mixed":    {Seed: 3, Mode: testgen.Mixed, Partition: "aws-us-gov", Duplicates: 0.2},
		"hub v2":   {Seed: 4, Format: testgen.OCSFV2},
		"prowler":  {Seed: 5, Format: testgen.ProwlerOCSF, Products: everything, OtherProducts: 0.5},
		"products": {Seed: 6, Products: everything, OtherProducts: 0.5, Suppressed: -1},
	}
}

// samples are published findings that are not part of the project.
func samples(t *testing.T) []string {
	dir := os.Getenv("SHCA_SAMPLES")
	if dir == "" {
		return nil
	}
	var files []string
	for _, pattern := range []string{"asff/*json", "ocsf/*json"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: no samples, %v", dir, err)
		}
		files = append(files, found...)
	}
	return files
}

// decode returns the findings in a text: of lines, a list, or an answer.
func decode(t *testing.T, text []byte) (all []map[string]any) {
	t.Helper()
	var collect func(v any)
	collect = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				collect(e)
			}
		case map[string]any:
			for _, name := range []string{"Findings", "findings", "detail"} {
				if inner, ok := v[name]; ok {
					collect(inner)
					return
				}
			}
			if v["Id"] != nil || v["finding_info"] != nil || v["finding"] != nil {
				all = append(all, v)
			}
		}
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	for dec.More() {
		var v any
		if err := dec.Decode(&v); err != nil {
			t.Fatal(err)
		}
		collect(v)
	}
	return all
}

// ownSpecimens have names in all places where people and products put them.
const ownSpecimens = `{
  "SchemaVersion": "2018-10-08", "Id": "arn:aws:securityhub:eu-west-1:111122223333:security-control/S3.8/finding/0f0f0f0f-1111-2222-3333-444455556666",
  "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/securityhub", "GeneratorId": "security-control/S3.8",
  "AwsAccountId": "111122223333", "AwsAccountName": "canary-payroll-prod", "Region": "eu-west-1",
  "Types": ["Software and Configuration Checks/Industry and Regulatory Standards", "Software and Configuration Checks/Canary Owner/jo.canary", "Effects/Canary breach at pay.canary.internal",
    "TTPs/Discovery/Recon:EC2-Canary", "Canary"],
  "CreatedAt": "2026-01-01T00:00:00Z", "UpdatedAt": "2026-01-02T00:00:00Z", "Severity": {"Label": "HIGH"},
  "Title": "S3 bucket canary-ledger of canary-payroll-prod",
  "Description": "Bucket arn:aws:s3:::canary-ledger of 111122223333 (CANARY-LEDGER, 10.1.2.3, canary@acme.example, i-0123456789abcdef0, https://canary.acme.example/x) is public.",
  "Remediation": {"Recommendation": {"Text": "Ask canary-ledger's owner.", "Url": "https://docs.aws.amazon.com/console/securityhub/S3.8/remediation?canary"}},
  "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::canary-ledger", "Region": "eu-west-1", "Partition": "aws", "Tags": {"canary": "x"}}],
  "Compliance": {"Status": "FAILED", "SecurityControlId": "S3.8", "RelatedRequirements": ["NIST.800-53.r5 AC-3", "Acme canary policy 7", "NIST.800-53.r5 canary"],
    "StatusReasons": [{"ReasonCode": "CONFIG_EVALUATIONS_EMPTY", "Description": "canary-ledger has none"}]},
  "Workflow": {"Status": "SUPPRESSED"}, "RecordState": "ACTIVE", "Note": {"Text": "canary accepted it", "UpdatedBy": "canary", "UpdatedAt": "2026-01-02T00:00:00Z"}
}
{
  "SchemaVersion": "2018-10-08", "Id": "canary/finding/1", "ProductArn": "arn:aws:securityhub:eu-west-1:111122223333:product/111122223333/default",
  "GeneratorId": "canary-scanner", "AwsAccountId": "111122223333", "CreatedAt": "2026-01-01T00:00:00Z", "UpdatedAt": "2026-01-02T00:00:00Z",
  "Types": ["Software and Configuration Checks/Vulnerabilities/canary", "canary/x"], "Severity": {"Label": "LOW"}, "Title": "canary", "Description": "canary",
  "ProductName": "canary product", "Region": "canary region", "Resources": [{"Type": "canaryType", "Id": "canary/host:1", "Region": "canary", "Partition": "canary"}],
  "Compliance": {"Status": "FAILED", "RelatedRequirements": ["NIST.800-53.r5 AC-3"], "AssociatedStandards": [{"StandardsId": "standards/canary/v/1.0.0"}],
    "StatusReasons": [{"ReasonCode": "CANARY", "Description": ""}]}
}
{
  "Id": "arn:aws:securityhub:eu-west-1:111122223333:security-control/S3.8/finding/canary", "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/securityhub",
  "AwsAccountId": "111122223333", "Title": "broken", "Description": "x", "Workflow": {"Status": "canary"}, "Resources": []
}
`
