package ocsf_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-shca/shca"
)

// shape is what the specimen's findings hold at one place: the members of an
// object, the elements of a list, or a scalar.
type shape struct {
	members map[string]*shape
	element *shape
	scalar  any
}

// add notes a value.
func (s *shape) add(value any) {
	switch value := value.(type) {
	case map[string]any:
		if s.members == nil {
			s.members = map[string]*shape{}
		}
		for name, v := range value {
			if s.members[name] == nil {
				s.members[name] = &shape{}
			}
			s.members[name].add(v)
		}
	case []any:
		if s.element == nil {
			s.element = &shape{}
		}
		for _, v := range value {
			s.element.add(v)
		}
	default:
		s.scalar = value
	}
}

// asffShape is the shape of ASFF: of all findings of the specimen whose types
// are as they should be. TestSpecimenIsComplete says that no member is missing.
func asffShape(t testing.TB) *shape {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "findings.json"))
	if err != nil {
		t.Fatal(err)
	}
	s := &shape{}
	for _, f := range object(t, text)["Findings"].([]any) {
		if !strings.HasPrefix(f.(map[string]any)["Id"].(string), "example-scanner/") {
			s.add(f)
		}
	}
	return s
}

// TestSpecimenIsComplete compares the specimen with AWS's model of the API, if
// SHCA_SAMPLES names a directory that has it: every member of a finding is in
// it. The details of AWS resources, of which there are hundreds, are not.
func TestSpecimenIsComplete(t *testing.T) {
	dir := os.Getenv("SHCA_SAMPLES")
	if dir == "" {
		t.Skip("SHCA_SAMPLES names no directory of samples")
	}
	text, err := os.ReadFile(filepath.Join(dir, "models", "botocore-securityhub-output-shapes.json"))
	if err != nil {
		t.Fatal(err)
	}
	type member struct{ Shape string }
	var model struct {
		Shapes map[string]struct {
			Type    string
			Members map[string]member
			Member  member
		}
	}
	if err := json.Unmarshal(text, &model); err != nil {
		t.Fatal(err)
	}
	count := 0
	var compare func(path, name string, s *shape)
	compare = func(path, name string, s *shape) {
		of := model.Shapes[name]
		switch of.Type {
		case "structure":
			for _, member := range slices.Sorted(maps.Keys(of.Members)) {
				below := path + "." + member
				if strings.HasPrefix(below, ".Resources[].Details.A") {
					continue // Aws… and AzureResource
				}
				if s == nil || s.members[member] == nil {
					t.Errorf("the specimen has no %s", below[1:])
					continue
				}
				count++
				compare(below, of.Members[member].Shape, s.members[member])
			}
		case "list":
			if s.element == nil {
				t.Errorf("the specimen has no element of %s", path[1:])
				return
			}
			compare(path+"[]", of.Member.Shape, s.element)
		case "map":
			if len(s.members) == 0 {
				t.Errorf("the specimen has no member of %s", path[1:])
			}
		}
	}
	compare("", "AwsSecurityFinding", asffShape(t))
	if count < 300 {
		t.Errorf("the model has %d members only", count)
	}
}

// words are the values of members that have but a few, and some that are none.
var words = map[string][]string{
	"Severity.Label":                       {"INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL", "critical", "Moderate"},
	"FindingProviderFields.Severity.Label": {"INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL", "high", "Moderate"},
	"Compliance.Status":                    {"PASSED", "WARNING", "FAILED", "NOT_AVAILABLE", "FAILED"},
	"Workflow.Status":                      {"NEW", "NOTIFIED", "SUPPRESSED", "RESOLVED", ""},
	"WorkflowState":                        {"NEW", "ASSIGNED", "IN_PROGRESS", "DEFERRED", "RESOLVED"},
	"RecordState":                          {"ACTIVE", "ARCHIVED"},
	"VerificationState":                    {"UNKNOWN", "TRUE_POSITIVE", "FALSE_POSITIVE", "BENIGN_POSITIVE", "unsure"},
	"Malware[].Type":                       {"ADWARE", "BLENDED_THREAT", "BOTNET_AGENT", "COIN_MINER", "EXPLOIT_KIT", "KEYLOGGER", "MACRO", "SPYWARE", "RANSOMWARE", "REMOTE_ACCESS", "ROOTKIT", "TROJAN", "VIRUS", "WORM", "worm"},
	"Network.Direction":                    {"IN", "OUT", "AROUND"},
	"Action.NetworkConnectionAction.ConnectionDirection":             {"INBOUND", "OUTBOUND", "in"},
	"Resources[].ResourceRole":                                       {"Target", "Actor", "TARGET", "ACTOR", "Bystander"},
	"Resources[].DataClassification.Result.Status.Code":              {"COMPLETE", "PARTIAL", "ERROR", "NEW"},
	"Resources[].DataClassification.Result.SensitiveData[].Category": {"PERSONAL_INFORMATION", "FINANCIAL_INFORMATION", "CREDENTIALS", "NEW"},
	"Vulnerabilities[].FixAvailable":                                 {"YES", "NO", "PARTIAL", "perhaps"},
	"Vulnerabilities[].ExploitAvailable":                             {"YES", "NO", "perhaps"},
}

// typed are the members that are read, which many a finding is refused for if
// their types are wrong.
var typed = regexp.MustCompile(`^(Id|ProductArn|ProductName|GeneratorId|AwsAccountId|AwsAccountName|Region|Types(\[\])?|Title|Description|RecordState|WorkflowState|` +
	`CreatedAt|UpdatedAt|FirstObservedAt|LastObservedAt|ProcessedAt|Workflow(\.Status)?|Note(\.Text|\.UpdatedBy|\.UpdatedAt)?|` +
	`(FindingProviderFields\.)?Severity(\.Label|\.Normalized)?|FindingProviderFields|Remediation(\.Recommendation(\.Text|\.Url)?)?|` +
	`ProductFields\.(ControlId|RuleId|Standards(Guide)?Arn|RelatedAWSResources:0/(name|type)|Resources:0/Id)|` +
	`Resources(\[\](\.Id|\.Type|\.Region|\.Partition)?)?|` +
	`Compliance(\.Status|\.SecurityControlId|\.RelatedRequirements(\[\])?|\.StatusReasons(\[\](\.ReasonCode|\.Description)?)?|\.AssociatedStandards(\[\](\.StandardsId)?)?)?)$`)

// draw makes random findings of a shape. Every leaf of a finding is another,
// but for words: so that a leaf that is found in an event is that leaf.
type draw struct {
	*rand.Rand
	n int // of the leaves so far
}

// random returns findings drawn from the shape of ASFF, with unknown members
// and, where a finding can still be read, values of wrong types.
func random(t testing.TB, seed uint64, n int) []*shca.Finding {
	t.Helper()
	s := asffShape(t)
	d := draw{Rand: rand.New(rand.NewPCG(seed, 0))}
	var text bytes.Buffer
	for i := range n {
		f := d.value("", s).(map[string]any)
		f["Id"] = fmt.Sprintf("random/%d", i)
		if _, ok := f["ProductArn"]; !ok || d.IntN(2) == 0 {
			f["ProductArn"] = "arn:aws:securityhub:eu-west-1::product/" + pick(&d, "aws/securityhub", "aws/inspector", "aws/guardduty", "aws/macie", "example/scanner")
		}
		if d.IntN(3) == 0 { // or nearly all findings would be of class 2003
			delete(f, "Compliance")
			if d.IntN(2) == 0 {
				delete(f, "Vulnerabilities")
			}
		}
		if fields, ok := f["ProductFields"].(map[string]any); ok && d.IntN(3) == 0 {
			fields["aws/securityhub/FindingId"] = fmt.Sprint(f["ProductArn"], "/", f["Id"])
			fields["aws/securityhub/ProductName"] = f["ProductName"]
			fields["aws/securityhub/CompanyName"] = f["CompanyName"]
		}
		f["SchemaVersion"], f["Severity"] = "2018-10-08", d.value("Severity", s.members["Severity"])
		line, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(append(line, '\n'))
	}
	return decoded(t, text.Bytes())
}

func pick(d *draw, values ...string) string { return values[d.IntN(len(values))] }

func (d *draw) value(path string, s *shape) any {
	if path != "" && !typed.MatchString(path) && d.IntN(25) == 0 {
		return d.odd()
	}
	switch {
	case s.members != nil:
		out := map[string]any{}
		below := path + "."
		if path == "" {
			below = ""
		}
		for _, name := range slices.Sorted(maps.Keys(s.members)) {
			if d.IntN(10) < 7 {
				out[name] = d.value(below+name, s.members[name])
			}
		}
		if d.IntN(8) == 0 {
			out[d.text("unknown.member")] = d.odd()
		}
		return out
	case s.element != nil:
		out := []any{}
		for range d.IntN(4) {
			out = append(out, d.value(path+"[]", s.element))
		}
		if path == "Compliance.SecurityControlId" && len(out) > 0 {
			return []any{out[0], out[0]}
		}
		return out
	}
	return d.scalar(path, s.scalar)
}

func (d *draw) scalar(path string, like any) any {
	d.n++
	if of := words[path]; of != nil {
		return pick(d, of...)
	}
	switch like := like.(type) {
	case json.Number:
		switch {
		case strings.Contains(like.String(), "."), strings.HasSuffix(path, "Score"):
			return json.Number(pick(d, fmt.Sprintf("%d.25", d.n), fmt.Sprint(d.n), fmt.Sprintf("%de-7", d.n)))
		case d.IntN(20) == 0 && path != "Severity.Normalized" && path != "FindingProviderFields.Severity.Normalized":
			return json.Number(fmt.Sprintf("%d0000000000", d.n)) // beyond 32 bits
		}
		return json.Number(fmt.Sprint(d.n))
	case bool:
		return d.IntN(2) == 0
	case string:
		if _, err := time.Parse(time.RFC3339, like); err == nil {
			return d.time()
		}
		switch {
		case strings.HasSuffix(path, ".ReasonCode"):
			return fmt.Sprintf("REASON_%d", d.n)
		case path == "AwsAccountId":
			return fmt.Sprintf("%012d", d.n)
		case path == "Types[]" && d.IntN(8) == 0:
			return d.text("Sensitive Data Identifications/")
		case path == "Vulnerabilities[].Id" && d.IntN(2) == 0:
			return fmt.Sprintf("CVE-2026-%d", d.n)
		case strings.HasSuffix(path, "IpAddressV4"), strings.HasSuffix(path, "IpV4"):
			return fmt.Sprintf("10.%d.%d.%d", d.n>>16&255, d.n>>8&255, d.n&255)
		case strings.HasSuffix(path, "IpV6"):
			return fmt.Sprintf("2001:db8::%x:%x", d.n>>16, d.n&0xffff)
		case strings.HasSuffix(path, "Mac"):
			return fmt.Sprintf("00:00:5e:%02x:%02x:%02x", d.n>>16&255, d.n>>8&255, d.n&255)
		case strings.HasSuffix(path, "DnsRequestAction.Domain"):
			return fmt.Sprintf("host-%d.example.com", d.n)
		case strings.HasSuffix(path, "Epoch"):
			return fmt.Sprint(d.n)
		case strings.HasPrefix(like, "arn:aws:"):
			return fmt.Sprintf("arn:aws:example:eu-west-1:%012d:thing/%d", d.n, d.n)
		}
		return d.text(path)
	}
	return d.odd()
}

// time returns a time that no other leaf has, as different producers write it.
func (d *draw) time() string {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(d.n) * 37 * time.Millisecond)
	switch d.IntN(12) {
	case 0:
		return at.AddDate(174, 0, 0).Format(time.RFC3339Nano)
	case 1:
		return at.Add(time.Duration(d.IntN(1e6)) * time.Nanosecond).Format(time.RFC3339Nano)
	case 2:
		return at.In(time.FixedZone("", 5*3600+1800)).Format(time.RFC3339Nano)
	case 3:
		return at.Format("2006-01-02 15:04:05.000 Z0700")
	}
	return at.Format("2006-01-02T15:04:05.000Z")
}

// text returns a text that no other leaf has.
func (d *draw) text(about string) string {
	d.n++
	return pick(d, "", "", "", "", "", "\"", "\u2028", "\t\u0001", "é😀", "<&>", "\\", ".", "'") + about + fmt.Sprintf(" no. %d", d.n)
}

// odd returns a value of any type.
func (d *draw) odd() any {
	d.n++
	switch d.IntN(9) {
	case 0:
		return nil
	case 1:
		return ""
	case 2:
		return []any{}
	case 3:
		return map[string]any{}
	case 4:
		return d.IntN(2) == 0
	case 5:
		return json.Number(fmt.Sprintf("%d.5", d.n))
	case 6:
		return []any{d.text("element"), nil, []any{d.text("inner")}}
	case 7:
		return map[string]any{d.text("name"): d.text("value"), "a.b": map[string]any{}}
	}
	return d.text("odd")
}
