package ocsf_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/ocsf"
	"github.com/go-shca/shca/ocsf/validate"
)

// leaf is a value of a finding's JSON that holds no other: a scalar, or an
// empty object or list.
type leaf struct {
	path    []string // names and positions
	pattern string   // "Resources[].Tags.*"
	value   any
}

// maps whose members' names are the producer's.
var free = map[string]bool{"Resources[].Tags": true, "UserDefinedFields": true}

// leaves calls yield for every leaf of a value.
func leaves(path []string, pattern string, value any, yield func(leaf)) {
	below := func(name string) []string { return append(slices.Clip(path), name) }
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			next := name
			if free[pattern] {
				next = "*"
			}
			if pattern != "" {
				next = pattern + "." + next
			}
			leaves(below(name), next, value[name], yield)
		}
		if len(value) > 0 {
			return
		}
	case []any:
		for i, v := range value {
			leaves(below(strconv.Itoa(i)), pattern+"[]", v, yield)
		}
		if len(value) > 0 {
			return
		}
	}
	yield(leaf{path, pattern, value})
}

// at returns the values at a path of an event, "resources[].uid".
func at(value any, path string) []any {
	name, rest, more := strings.Cut(path, ".")
	name, list := strings.CutSuffix(name, "[]")
	object, _ := value.(map[string]any)
	value, ok := object[name]
	if !ok {
		return nil
	}
	values := []any{value}
	if list {
		values, _ = value.([]any)
	}
	if !more {
		return values
	}
	var all []any
	for _, v := range values {
		all = append(all, at(v, rest)...)
	}
	return all
}

// said is an event prepared for looking leaves up.
type said struct {
	v110     bool
	event    map[string]any
	finding  map[string]any
	unmapped any
	blobs    []any // of the type json_t: the data of resources and evidences
	texts    map[string]bool
	numbers  map[float64]bool
}

func prepare(t testing.TB, v ocsf.Version, event, finding map[string]any) *said {
	s := &said{v110: v == ocsf.V110, event: event, finding: finding, unmapped: event["unmapped"], texts: map[string]bool{}, numbers: map[float64]bool{}}
	for _, path := range []string{"resource.data", "resources[].data", "evidences[].data"} {
		for _, blob := range at(event, path) {
			if text, ok := blob.(string); ok && s.v110 {
				blob = object(t, []byte(text))
			}
			s.blobs = append(s.blobs, blob)
		}
	}
	leaves(nil, "", event, func(l leaf) {
		if l.path[0] == "unmapped" || slices.Contains(l.path, "data") {
			return
		}
		switch value := l.value.(type) {
		case string:
			s.texts[value] = true
		case json.Number:
			n, _ := value.Float64()
			s.numbers[n] = true
		}
	})
	return s
}

// isUnmapped looks a leaf up in unmapped: at its own path, or in 1.1.0 at the
// path as a name, where every value is a text.
func (s *said) isUnmapped(l leaf) bool {
	if s.v110 {
		flat, _ := s.unmapped.(map[string]any)
		want, ok := l.value.(string)
		if !ok {
			want = string(compact(l.value))
		}
		for name := strings.Join(l.path, "."); ; name += "'" { // where two paths read alike
			got, ok := flat[name]
			if !ok || got == want {
				return ok
			}
		}
	}
	value := s.unmapped
	for _, name := range l.path {
		switch below := value.(type) {
		case map[string]any:
			var ok bool
			if value, ok = below[name]; !ok {
				return false
			}
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(below) {
				return false
			}
			value = below[i]
		default:
			return false
		}
	}
	return reflect.DeepEqual(value, l.value)
}

func compact(value any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(value) // it was decoded
	return bytes.TrimSpace(b.Bytes())
}

// whole are the objects that the event holds as they are.
var whole = regexp.MustCompile(`^(Resources\[\]\.Details|Action\.(AwsApiCall|NetworkConnection|DnsRequest|PortProbe)Action|Network)\.`)

// inBlob looks a leaf up among the objects that are held whole.
func (s *said) inBlob(l leaf) bool {
	prefix := whole.FindString(l.pattern)
	var value any = s.finding
	for _, name := range l.path[:strings.Count(strings.ReplaceAll(prefix, "[]", "."), ".")] {
		if list, ok := value.([]any); ok {
			i, _ := strconv.Atoi(name)
			value = list[i]
			continue
		}
		value = value.(map[string]any)[name]
	}
	return slices.ContainsFunc(s.blobs, func(blob any) bool { return reflect.DeepEqual(blob, value) })
}

// verbatim looks a leaf up anywhere in the attributes, numbers by value.
func (s *said) verbatim(l leaf) bool {
	switch value := l.value.(type) {
	case string:
		return value != "" && s.texts[value]
	case json.Number:
		n, err := value.Float64()
		return err == nil && s.numbers[n]
	}
	return false
}

// How leaves are written that are not written as they are. The first pattern
// that matches counts; a leaf that it does not find has to be unmapped.
var translations = []struct {
	pattern string
	found   func(*said, leaf) bool
}{
	{`(Created|Updated|FirstObserved|LastObserved|Processed)At`, func(s *said, l leaf) bool {
		name := map[string]string{
			"CreatedAt": "finding_info.created_time", "UpdatedAt": "finding_info.modified_time", "ProcessedAt": "metadata.processed_time",
			"FirstObservedAt": "finding_info.first_seen_time", "LastObservedAt": "finding_info.last_seen_time",
		}[l.pattern]
		return s.instant(l, name)
	}},
	{`Process\.LaunchedAt`, func(s *said, l leaf) bool { return s.instant(l, "evidences[].process.created_time") }},
	{`Process\.TerminatedAt`, func(s *said, l leaf) bool { return s.instant(l, "evidences[].process.terminated_time") }},
	{`Vulnerabilities\[\]\.LastKnownExploitAt`, func(s *said, l leaf) bool { return s.instant(l, "vulnerabilities[].exploit_last_seen_time") }},
	{`Vulnerabilities\[\]\.Vendor\.VendorCreatedAt`, func(s *said, l leaf) bool { return s.instant(l, "vulnerabilities[].cve.created_time") }},
	{`Vulnerabilities\[\]\.Vendor\.VendorUpdatedAt`, func(s *said, l leaf) bool { return s.instant(l, "vulnerabilities[].cve.modified_time") }},

	{`Severity\.Label`, captions("severity", severities)},
	{`FindingProviderFields\.Severity\.Label`, captions("vendor_attributes.severity", severities)},
	{`Compliance\.Status`, captions("compliance.status", map[string]any{"PASSED": "Pass", "WARNING": "Warning", "FAILED": "Fail"})},
	{`Workflow\.Status`, captions("status", map[string]any{"NEW": "New", "NOTIFIED": "In Progress", "SUPPRESSED": "Suppressed", "RESOLVED": "Resolved"})},
	{`VerificationState`, captions("verdict", map[string]any{"UNKNOWN": "Unknown", "FALSE_POSITIVE": "False Positive", "TRUE_POSITIVE": "True Positive", "BENIGN_POSITIVE": "Benign"})},
	{`Vulnerabilities\[\]\.ExploitAvailable`, captions("vulnerabilities[].is_exploit_available", map[string]any{"YES": true, "NO": false})},
	{`Vulnerabilities\[\]\.FixAvailable`, func(s *said, l leaf) bool {
		if s.v110 {
			return captions("vulnerabilities[].is_fix_available", map[string]any{"YES": true, "NO": false})(s, l)
		}
		return captions("vulnerabilities[].fix_coverage", map[string]any{"YES": "Complete", "PARTIAL": "Partial", "NO": "None"})(s, l)
	}},

	{`Compliance\.StatusReasons\[\]\.(ReasonCode|Description)`, func(s *said, l leaf) bool {
		reasons := s.finding["Compliance"].(map[string]any)["StatusReasons"].([]any)
		var texts []string
		for _, r := range reasons {
			code, _ := r.(map[string]any)["ReasonCode"].(string)
			desc, _ := r.(map[string]any)["Description"].(string)
			texts = append(texts, strings.TrimSuffix(strings.TrimPrefix(code+": "+desc, ": "), ": "))
		}
		if l.value == "" || l.value == nil {
			return false
		}
		if s.v110 {
			texts = slices.DeleteFunc(texts, func(text string) bool { return text == "" })
			return slices.Contains(at(s.event, "compliance.status_detail"), any(strings.Join(texts, "; ")))
		}
		position, _ := strconv.Atoi(l.path[2])
		return slices.Contains(at(s.event, "compliance.status_details[]"), any(texts[position]))
	}},
	{`Resources\[\]\.Tags\.\*`, func(s *said, l leaf) bool {
		key := l.path[3]
		if s.v110 {
			label := any(fmt.Sprint(key, ":", l.value))
			return slices.Contains(at(s.event, "resource.labels[]"), label) || slices.Contains(at(s.event, "resources[].labels[]"), label)
		}
		tag := map[string]any{"name": key, "value": l.value}
		return slices.ContainsFunc(at(s.event, "resources[].tags[]"), func(got any) bool { return reflect.DeepEqual(got, any(tag)) })
	}},

	// What Security Hub repeats in ProductFields.
	{`ProductFields\.aws/securityhub/FindingId`, func(s *said, l leaf) bool {
		return l.value == fmt.Sprint(s.finding["ProductArn"], "/", s.finding["Id"])
	}},
	{`ProductFields\.aws/securityhub/ProductName`, func(s *said, l leaf) bool { return slices.Contains(at(s.event, "metadata.product.name"), l.value) }},
	{`ProductFields\.aws/securityhub/CompanyName`, func(s *said, l leaf) bool {
		return slices.Contains(at(s.event, "metadata.product.vendor_name"), l.value)
	}},

	// Numbers that are texts in OCSF, and texts that are numbers.
	{`AwsAccountId`, func(s *said, l leaf) bool { return s.verbatim(l) || numeric("cloud.account.uid")(s, l) }},
	{`Confidence`, numeric("confidence_score")},
	{`Criticality`, func(s *said, l leaf) bool {
		return numeric("resources[].criticality")(s, l) || numeric("resource.criticality")(s, l)
	}},
	{`Process\.Pid`, numeric("evidences[].process.pid")},
	{`Process\.ParentPid`, numeric("evidences[].process.parent_process.pid")},
	{`Vulnerabilities\[\]\.EpssScore`, numeric("vulnerabilities[].cve.epss.score")},
	{`Vulnerabilities\[\]\.Cvss\[\]\.BaseScore`, numeric("vulnerabilities[].cve.cvss[].base_score")},
	{`Vulnerabilities\[\]\.VulnerablePackages\[\]\.Epoch`, numeric("vulnerabilities[].affected_packages[].epoch")},
	{`Vulnerabilities\[\]\.CodeVulnerabilities\[\]\.FilePath\.StartLine`, numeric("vulnerabilities[].affected_code[].start_line")},
	{`Vulnerabilities\[\]\.CodeVulnerabilities\[\]\.FilePath\.EndLine`, numeric("vulnerabilities[].affected_code[].end_line")},
}

var severities = map[string]any{"INFORMATIONAL": "Informational", "LOW": "Low", "MEDIUM": "Medium", "HIGH": "High", "CRITICAL": "Critical"}

// captions looks for the caption of the leaf's value, or for a value that has
// none as it is.
func captions(path string, names map[string]any) func(*said, leaf) bool {
	return func(s *said, l leaf) bool {
		text, _ := l.value.(string)
		want, ok := names[text]
		if !ok {
			want = text
		}
		return text != "" && slices.Contains(at(s.event, path), want)
	}
}

// numeric looks for the leaf's number, whether it and the attribute are texts
// or numbers.
func numeric(path string) func(*said, leaf) bool {
	return func(s *said, l leaf) bool {
		want, err := strconv.ParseFloat(fmt.Sprint(l.value), 64)
		return err == nil && slices.ContainsFunc(at(s.event, path), func(got any) bool {
			n, err := strconv.ParseFloat(fmt.Sprint(got), 64)
			return err == nil && n == want
		})
	}
}

// instant looks for the leaf's time in both its forms.
func (s *said) instant(l leaf, path string) bool {
	text, _ := l.value.(string)
	var want time.Time
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999 Z0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			want = t
		}
	}
	millis := json.Number(strconv.FormatInt(want.UnixMilli(), 10))
	return !want.IsZero() && slices.Contains(at(s.event, path), any(millis)) &&
		slices.ContainsFunc(at(s.event, path+"_dt"), func(got any) bool {
			t, err := time.Parse(time.RFC3339Nano, fmt.Sprint(got))
			return err == nil && t.Equal(want)
		})
}

var compiled = func() (all []*regexp.Regexp) {
	for _, tr := range translations {
		all = append(all, regexp.MustCompile(`^(`+tr.pattern+`)$`))
	}
	return all
}()

func (s *said) has(l leaf) bool {
	if whole.MatchString(l.pattern) {
		return s.isUnmapped(l) || s.inBlob(l)
	}
	if s.isUnmapped(l) {
		return true
	}
	for i, re := range compiled {
		if re.MatchString(l.pattern) {
			return translations[i].found(s, l)
		}
	}
	return s.verbatim(l)
}

// TestLaws holds every event of every collection against the laws: nothing of
// the finding is lost, what the finding has no value for is absent, and the
// event is valid. The encoder's own marks are not asked.
func TestLaws(t *testing.T) {
	all := collections(t)
	for _, e := range encoders(t) {
		valid, err := validate.New(string(e.Version))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			t.Run(string(e.Version)+" "+c.name, func(t *testing.T) {
				t.Parallel()
				seen, needed := map[string]int{}, map[int]bool{}
				// Of what is wrong in many findings, three are shown.
				report := func(kind, format string, args ...any) {
					if seen[kind]++; seen[kind] <= 3 {
						t.Errorf(kind+": "+format, args...)
					}
				}
				for _, f := range c.findings {
					text, got := event(t, e, f)
					if bytes.ContainsAny(text, "\n\r") {
						report("lines", "%s has several", f.ID)
					}
					s := prepare(t, e.Version, got, object(t, f.Raw))
					leaves(nil, "", s.finding, func(l leaf) {
						for i, re := range compiled {
							if re.MatchString(l.pattern) {
								needed[i] = true
								break
							}
						}
						if !s.has(l) {
							report("lost "+l.pattern, "%s: %s: %.200s", f.ID, strings.Join(l.path, "."), compact(l.value))
						}
					})
					s.absent(func(l leaf) {
						report("empty "+l.pattern, "%s: %s is %s", f.ID, strings.Join(l.path, "."), compact(l.value))
					})
					for _, m := range valid.Event(text) {
						if excused(f, m) == "" {
							report(m.Code, "%s: %v", f.ID, m)
						}
					}
				}
				if len(seen) > 0 {
					t.Errorf("in %d findings: %v", len(c.findings), seen)
				}
				if c.name == "random" && len(needed) != len(translations) {
					t.Errorf("%d of %d translations were needed", len(needed), len(translations))
				}
			})
		}
	}
}

// excused says why an event that a message is about need not be without it, ""
// if it must.
func excused(f *shca.Finding, m validate.Message) string {
	if m.Code == "time_implausible" && m.Path == "time" && !timed(f) {
		return "OCSF requires a time, and the finding names none"
	}
	return ""
}

// timed reports whether the finding names a time that can be an event's.
func timed(f *shca.Finding) bool {
	return slices.ContainsFunc([]time.Time{f.CreatedAt, f.UpdatedAt, f.FirstObservedAt, f.LastObservedAt, f.ProcessedAt},
		func(t time.Time) bool { return t.Year() >= 2000 && t.Year() < 2100 })
}

// foreign are the attributes that hold a finding's own JSON or text.
var foreign = regexp.MustCompile(`^(unmapped|raw_data|(resources?(\[\])?|evidences\[\])\.data)(\.|\[|$)`)

// absent calls wrong for every attribute that is there without a value, and for
// what is no text in the flat map of 1.1.0. A tag without a value is a tag.
func (s *said) absent(wrong func(leaf)) {
	leaves(nil, "", s.event, func(l leaf) {
		if foreign.MatchString(l.pattern) || l.pattern == "resources[].tags[].value" && l.value == "" {
			return
		}
		switch string(compact(l.value)) {
		case "null", `""`, "[]", "{}":
			wrong(l)
		}
	})
	unmapped, isObject := s.unmapped.(map[string]any)
	if s.unmapped != nil && len(unmapped) == 0 || isObject && len(unmapped) == 0 {
		wrong(leaf{[]string{"unmapped"}, "unmapped", s.unmapped})
	}
	if s.v110 {
		for name, v := range unmapped {
			if _, ok := v.(string); !ok {
				wrong(leaf{[]string{"unmapped", name}, "unmapped", v})
			}
		}
	}
}

// TestLossIsFound checks the check: it misses whatever of the finding's texts
// is taken out of an event, unless the event says that twice.
func TestLossIsFound(t *testing.T) {
	twice := regexp.MustCompile(`^(message|observables|remediation|finding_info\.(uid|title|analytic\.uid)|metadata\.product\.feature\.uid|` +
		`cloud\.(region|cloud_partition)|resources?(\[\])?\.(uid|uid_alt|owner|region|cloud_partition|data_classifications)|` +
		`compliance\.(control|standards|status_code|assessments)|vulnerabilities\[\]\.(remediation|cwe\.uid|affected_code\[\]\.file\.(name|path))|` +
		`evidences\[\]\.(api|query|connection_info|src_endpoint|dst_endpoint)|malware\[\]\.files|` +
		`unmapped\..*(DataClassification.*|Partition|Region|ControlId|RuleId)$)`)
	for _, e := range encoders(t) {
		removed := 0
		for _, f := range random(t, 7, 8) {
			text, got := event(t, e, f)
			leaves(nil, "", got, func(l leaf) {
				if s, ok := l.value.(string); !ok || !strings.Contains(s, " no. ") || twice.MatchString(l.pattern) {
					return
				}
				removed++
				without := object(t, text)
				remove(without, l.path)
				s := prepare(t, e.Version, without, object(t, f.Raw))
				complete := true
				leaves(nil, "", s.finding, func(in leaf) {
					text, ok := in.value.(string)
					complete = complete && (!ok || text == "" || !strings.Contains(l.value.(string), text) || s.has(in))
				})
				if complete {
					t.Errorf("%s: %s: nothing is missed without %s", e.Version, f.ID, strings.Join(l.path, "."))
				}
			})
		}
		if removed < 200 {
			t.Errorf("%s: %d texts taken out", e.Version, removed)
		}
	}
}

// remove takes a value out of its object, or empties it in its list.
func remove(value any, path []string) {
	for ; len(path) > 1; path = path[1:] {
		switch below := value.(type) {
		case map[string]any:
			value = below[path[0]]
		case []any:
			i, _ := strconv.Atoi(path[0])
			value = below[i]
		}
	}
	switch below := value.(type) {
	case map[string]any:
		delete(below, path[0])
	case []any:
		i, _ := strconv.Atoi(path[0])
		below[i] = ""
	}
}

// TestIndependentChecker has the events validated by a checker that is not part
// of the project: SHCA_OCSF_CHECK names the directory of ocsf_validate.py and
// its compiled schemas.
func TestIndependentChecker(t *testing.T) {
	dir := os.Getenv("SHCA_OCSF_CHECK")
	if dir == "" {
		t.Skip("SHCA_OCSF_CHECK names no checker")
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip(err)
	}
	for _, e := range encoders(t) {
		var text []byte
		for _, c := range collections(t) {
			for _, f := range c.findings {
				if !timed(f) {
					continue // see excused
				}
				if text, _, err = e.Append(text, f); err != nil {
					t.Fatal(err)
				}
				text = append(text, '\n')
			}
		}
		file := filepath.Join(t.TempDir(), "events.ndjson")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		check := exec.CommandContext(t.Context(), python, filepath.Join(dir, "ocsf_validate.py"),
			filepath.Join(dir, "ocsf-"+string(e.Version)+".json"), file, "--strict", "--max", "20")
		out, err := check.CombinedOutput()
		if _, failed := errors.AsType[*exec.ExitError](err); failed {
			t.Errorf("%s: %s", e.Version, out)
		} else if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d events: %s", e.Version, bytes.Count(text, []byte("\n")), bytes.TrimSpace(out[max(0, len(out)-300):]))
	}
}
