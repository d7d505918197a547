package oscal_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
	"github.com/go-shca/shca/mapping"
	"github.com/go-shca/shca/oscal"
	"github.com/go-shca/shca/render/rendertest"
	"github.com/go-shca/shca/system"
)

// estateOf are the findings of an estate: per check a letter per resource, upper
// case for what nobody was told of. P passed, F failed, W warning, N not
// available, S failed and suppressed, - none. Every other resource is in the
// second of two accounts. After an @ is another region.
type estateOf map[shca.CheckID]string

// unread ends an estate of which not everything could be read.
const unread shca.CheckID = "unread"

// day is when the assessments of a scenario begin.
var day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func (c estateOf) Records(context.Context) iter.Seq2[shca.Record, error] {
	return func(yield func(shca.Record, error) bool) {
		for _, id := range slices.Sorted(maps.Keys(c)) {
			if id == unread {
				yield(shca.Record{Scope: &shca.Scope{Source: "securityhub", Region: "eu-west-1", Err: "AccessDenied"}}, nil)
				continue
			}
			for n, letter := range c[id] {
				if letter == '-' {
					continue
				}
				check, region, elsewhere := strings.Cut(string(id), "@")
				f := checkFinding(check, "AC-3", nil)
				if elsewhere {
					f.Region = region
				}
				f.ID = fmt.Sprintf("arn:aws:securityhub:%s:111122223333:security-control/%s/finding/%04d", f.Region, check, n)
				f.ProductName, f.AccountID = "Security Hub", fmt.Sprint("11112222333", n%2)
				f.Requirements = append(f.Requirements, "NIST.800-53.r5 AC-2")
				f.Description, f.Remediation = "A longer text.", shca.Remediation{Text: "See the documentation.", URL: "https://docs.aws.amazon.com/console"}
				f.Resources = []shca.Resource{{ID: fmt.Sprintf("arn:aws:s3:::bucket-%04d", n), Type: "AwsS3Bucket", Region: f.Region, Partition: "aws"}}
				f.CreatedAt, f.UpdatedAt, f.FirstObservedAt, f.LastObservedAt = day.AddDate(0, 0, -10), day, day.AddDate(0, 0, -10), day
				switch letter {
				case 'P':
					f.Status = shca.Passed
				case 'W':
					f.Status = shca.Warning
				case 'N':
					f.Status = shca.NotAvailable
				case 'S':
					f.Status, f.Workflow = shca.Failed, "SUPPRESSED"
				case 'f':
					f.Status, f.Workflow = shca.Failed, "NOTIFIED"
				default:
					f.Status = shca.Failed
				}
				f.Raw = fmt.Appendf(nil, `{"Id":%q,"Status":%q}`, f.ID, f.Status)
				if !yield(shca.Record{Finding: f}, nil) {
					return
				}
			}
		}
	}
}

// at assesses the estate on the day after the first.
func (c estateOf) at(t testing.TB, days int) *shca.Assessment {
	t.Helper()
	return rendertest.Assess(t, c, mapping.Options{
		Baseline: catalogs.Baseline{Name: "few", Title: "A few controls", Controls: []shca.ControlID{"ac-2", "ac-3", "sc-28"}},
		Time:     day.AddDate(0, 0, days),
	})
}

// runPOAM writes a plan from the previous one, if there is one, and checks it. The
// log has a line per record.
func runPOAM(t testing.TB, a *shca.Assessment, previous []byte, o oscal.Options) (plan []byte, reason, log string) {
	t.Helper()
	if previous != nil {
		o.POAM = oscal.TempFile(t, "previous.json", string(previous))
	}
	var lines bytes.Buffer
	o.Logger = slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	var b bytes.Buffer
	reason, err := oscal.WriteDocument(t.Context(), &b, oscal.POAMFile, a, o)
	if err != nil {
		t.Fatal(err)
	}
	if reason != "" {
		return nil, reason, lines.String()
	}
	return b.Bytes(), "", lines.String()
}

func parsePlan(t testing.TB, plan []byte) object {
	t.Helper()
	var v object
	if err := json.Unmarshal(plan, &v); err != nil {
		t.Fatal(err)
	}
	return v["plan-of-action-and-milestones"].(object)
}

// listOf is an array of objects; nil if there is none.
func listOf(v object, key string) []object {
	var all []object
	some, _ := v[key].([]any)
	for _, one := range some {
		all = append(all, one.(object))
	}
	return all
}

func planProp(v object, name string) string {
	for _, p := range listOf(v, "props") {
		if p["name"] == name {
			return p["value"].(string)
		}
	}
	return ""
}

func findIn(t testing.TB, all []object, key string, value any) object {
	t.Helper()
	for _, v := range all {
		if v[key] == value {
			return v
		}
	}
	t.Fatalf("no %s %v", key, value)
	return nil
}

// riskOf is the risk of the item with the POAM-ID.
func riskOf(t testing.TB, plan object, id string) object {
	t.Helper()
	return findIn(t, listOf(plan, "risks"), "uuid", listOf(planItem(t, plan, id), "related-risks")[0]["risk-uuid"])
}

func planItem(t testing.TB, plan object, id string) object {
	t.Helper()
	for _, v := range listOf(plan, "poam-items") {
		if planProp(v, "POAM-ID") == id {
			return v
		}
	}
	t.Fatalf("no item %s", id)
	return nil
}

// outline is a line per item: id, status, the statuses in the log, when it was
// first seen and is due, counts.
func outline(t testing.TB, plan []byte) string {
	t.Helper()
	var b strings.Builder
	p := parsePlan(t, plan)
	for _, v := range listOf(p, "poam-items") {
		id := planProp(v, "POAM-ID")
		risk := riskOf(t, p, id)
		fmt.Fprint(&b, id, " ", risk["status"], ":")
		log, _ := risk["risk-log"].(object)
		for _, e := range listOf(log, "entries") {
			fmt.Fprintf(&b, " %s@%s", e["status-change"], date(e["start"]))
		}
		fmt.Fprintf(&b, "; seen %s, due %s, failed %s", date(planProp(risk, "first-observed")), date(risk["deadline"]), planProp(risk, "failed"))
		for _, name := range []string{"reopened-count", "no-data-since"} {
			if value := planProp(v, name); value != "" {
				fmt.Fprint(&b, ", ", name, " ", date(value))
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// date is the month and the day of a time; other text as it is.
func date(v any) string {
	s, _ := v.(string)
	if len(s) > 10 {
		return s[5:10]
	}
	return s
}

// TestPOAM follows items through sequences of assessments, a week apart.
func TestPOAM(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		steps []estateOf
		// want are the outlines after each step.
		want []string
		log  string // that must be in what is logged in the last step
	}{
		{"open, fixed, again, fixed",
			[]estateOf{{"S3.8": "FFP"}, {"S3.8": "PPP"}, {"S3.8": "PPP"}, {"S3.8": "PFP"}, {"S3.8": "PPP"}},
			[]string{
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 2\n",
				"SH-S3.8 closed: open@02-19 closed@03-08; seen 02-19, due 03-21, failed 0\n",
				"SH-S3.8 closed: open@02-19 closed@03-08; seen 02-19, due 03-21, failed 0\n",
				"SH-S3.8 open: open@02-19 closed@03-08 open@03-22; seen 02-19, due 04-21, failed 1, reopened-count 1\n",
				"SH-S3.8 closed: open@02-19 closed@03-08 open@03-22 closed@03-29; seen 02-19, due 04-21, failed 0, reopened-count 1\n",
			}, "level=INFO msg=closed item=SH-S3.8"},
		{"no data is since the first time",
			[]estateOf{{"S3.8": "F", "KMS.4": "F"}, {"KMS.4": "F"}, {"KMS.4": "F"}, {"S3.8": "F", "KMS.4": "F"}},
			[]string{
				"SH-KMS.4 open: open@02-19; seen 02-19, due 03-21, failed 1\nSH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 1\n",
				"SH-KMS.4 open: open@02-19; seen 02-19, due 03-21, failed 1\nSH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 1, no-data-since 03-08\n",
				"SH-KMS.4 open: open@02-19; seen 02-19, due 03-21, failed 1\nSH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 1, no-data-since 03-08\n",
				"SH-KMS.4 open: open@02-19; seen 02-19, due 03-21, failed 1\nSH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 1\n",
			}, ""},
		{"a closed item without data stays closed",
			[]estateOf{{"S3.8": "F"}, {"S3.8": "P"}, {}},
			[]string{
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 1\n",
				"SH-S3.8 closed: open@02-19 closed@03-08; seen 02-19, due 03-21, failed 0\n",
				"SH-S3.8 closed: open@02-19 closed@03-08; seen 02-19, due 03-21, failed 0\n",
			}, ""},
		{"suppressed and undecided close nothing",
			[]estateOf{{"S3.8": "F"}, {"S3.8": "S"}, {"S3.8": "W"}, {"S3.8": "N"}, {"S3.8": "PN"}, {"S3.8": "PW"}, {"S3.8": "PS"}},
			[]string{
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 1\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 0, no-data-since 03-08\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 0, no-data-since 03-08\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 0, no-data-since 03-08\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 0\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 0\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 0\n",
			}, `findings="1 finding suppressed"`},
		{"an incomplete assessment closes nothing",
			[]estateOf{{"S3.8": "F", "KMS.4": "F"}, {"S3.8": "P", unread: ""}},
			[]string{
				"SH-KMS.4 open: open@02-19; seen 02-19, due 03-21, failed 1\nSH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 1\n",
				"SH-KMS.4 open: open@02-19; seen 02-19, due 03-21, failed 1, no-data-since 03-08\nSH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 0\n",
			}, `level=WARN msg="stays open: no failure was read, but not all could be read" item=SH-S3.8`},
		{"an account that was not read closes nothing",
			[]estateOf{{"S3.8": "FP"}, {"S3.8": "-P"}, {"S3.8": "-F"}, {"S3.8": "-P"}, {"S3.8": "-P", "KMS.4": "P"}, {"S3.8": "PP"}},
			[]string{
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 1\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 0\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 1\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 0\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 0\n",
				"SH-S3.8 closed: open@02-19 closed@04-05; seen 02-19, due 03-21, failed 0\n",
			}, "level=INFO msg=closed item=SH-S3.8"},
		{"other checks of the account close nothing",
			[]estateOf{{"S3.8": "FP"}, {"S3.8": "-P", "KMS.4": "P"}},
			[]string{
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 1\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 0\n",
			}, `level=WARN msg="stays open: in accounts and regions where it failed nothing is known to pass" item=SH-S3.8 scopes="111122223330 us-east-1"`},
		{"another region closes nothing",
			[]estateOf{{"S3.8": "F"}, {"S3.8@us-west-2": "P"}, {"S3.8@us-west-2": "P", "S3.8": "P"}},
			[]string{
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 1\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 0\n",
				"SH-S3.8 closed: open@02-19 closed@03-15; seen 02-19, due 03-21, failed 0\n",
			}, ""},
		{"suppressed, then another account",
			[]estateOf{{"S3.8": "F"}, {"S3.8": "S"}, {"S3.8": "PS"}, {"S3.8": "-P"}},
			[]string{
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 1\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 0, no-data-since 03-08\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 0\n",
				"SH-S3.8 closed: open@02-19 closed@03-22; seen 02-19, due 03-21, failed 0\n",
			}, ""},
		{"suppressed beside passes, then another account",
			[]estateOf{{"S3.8": "F"}, {"S3.8": "S-P"}, {"S3.8": "-P"}, {"S3.8": "N"}, {"S3.8": "-P"}},
			[]string{
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 1\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 0\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 0\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 0, no-data-since 03-22\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 0\n",
			}, ""},
		{"read in part, then another account",
			[]estateOf{{"S3.8": "F"}, {"S3.8": "P", unread: ""}, {"S3.8": "-P"}},
			[]string{
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 1\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 0\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 0\n",
			}, ""},
		{"somebody is told",
			[]estateOf{{"S3.8": "F"}, {"S3.8": "f"}, {"S3.8": "fF"}},
			[]string{
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 1\n",
				"SH-S3.8 investigating: open@02-19 investigating@03-08; seen 02-19, due 03-21, failed 1\n",
				"SH-S3.8 open: open@02-19 investigating@03-08 open@03-15; seen 02-19, due 03-21, failed 2\n",
			}, ""},
		{"new items come after those that are there",
			[]estateOf{{"S3.8": "F"}, {"S3.8": "F", "Config.1": "F", "Custom/One:x": "F"}},
			[]string{
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 1\n",
				"SH-S3.8 open: open@02-19; seen 02-19, due 03-21, failed 1\n" +
					"SH-Config.1 open: open@02-19; seen 02-19, due 03-21, failed 1\n" +
					"CHECK-Custom_One_x~b97905ec470ab37c open: open@02-19; seen 02-19, due 03-21, failed 1\n",
			}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, level := range oscal.Levels() {
				t.Run(string(level), func(t *testing.T) {
					o := oscal.Options{Observations: level}
					var plan []byte
					var log string
					for i, c := range test.steps {
						a := c.at(t, 7*i)
						plan, _, log = runPOAM(t, a, plan, o)
						if diff := gocmp.Diff(test.want[i], outline(t, plan)); diff != "" {
							t.Fatalf("step %d, %v (-want +got):\n%s", i, c, diff)
						}
						validText(t, "plan", string(plan))
						fixedPlan(t, a, plan, o)
					}
					if !strings.Contains(log, test.log) {
						t.Errorf("the log lacks %s:\n%s", test.log, log)
					}
				})
			}
		})
	}
}

// fixedPlan checks that a plan that is its own predecessor stays as it is, also if
// it was written in another style.
func fixedPlan(t testing.TB, a *shca.Assessment, plan []byte, o oscal.Options) {
	t.Helper()
	again, reason, _ := runPOAM(t, a, plan, o)
	if diff := gocmp.Diff(string(plan), string(again)); diff != "" {
		t.Errorf("the second run changes the plan (-first +second), %q:\n%s", reason, diff)
	}
	var v any
	if err := json.Unmarshal(plan, &v); err != nil {
		t.Fatal(err)
	}
	tab, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	later := *a
	later.Time = later.Time.AddDate(0, 0, 1)
	restyled, _, _ := runPOAM(t, &later, tab, o)
	if diff := gocmp.Diff(v, any(object{"plan-of-action-and-milestones": parsePlan(t, restyled)})); diff != "" && !strings.Contains(string(plan), `"no-data-since"`) {
		t.Errorf("the same findings a day later change the plan (-first +second):\n%s", diff)
	}
}

// TestPOAMWithoutItems: there is no plan without an item, and the reason is
// told.
func TestPOAMWithoutItems(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		estate estateOf
		want   string
	}{
		{estateOf{"KMS.4": "W"}, "no check fails"},
		{estateOf{"S3.8": "P"}, "no check fails"},
		{estateOf{"S3.8": "S"}, "no check fails"},
		{estateOf{"S3.8": "P", unread: ""}, "no check fails, as far as the findings could be read"},
	} {
		plan, reason, _ := runPOAM(t, test.estate.at(t, 0), nil, oscal.Options{})
		if plan != nil || reason != test.want {
			t.Errorf("%v: got %d bytes, reason %q, want %q", test.estate, len(plan), reason, test.want)
		}
	}
}

// editPlan changes a plan as a person with an editor would.
func editPlan(t testing.TB, plan []byte, change func(p object)) []byte {
	t.Helper()
	p := parsePlan(t, plan)
	change(p)
	raw, err := json.MarshalIndent(object{"plan-of-action-and-milestones": p}, "", "    ")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func pushTo(v object, key string, more ...any) {
	some, _ := v[key].([]any)
	v[key] = append(some, more...)
}

// TestPOAMKeepsEdits: what people write in an item and its risk stays.
func TestPOAMKeepsEdits(t *testing.T) {
	t.Parallel()
	first, _, _ := runPOAM(t, estateOf{"S3.8": "F"}.at(t, 0), nil, oscal.Options{})
	const party = "6d859325-cd6b-54fc-85ac-7700a9c218ef"
	for _, test := range []struct {
		name string
		edit func(plan, item, risk object)
		next estateOf
		want string // outline, if it matters
		log  string
	}{
		{name: "title", edit: func(_, item, _ object) { item["title"] = "Public buckets" }},
		{name: "POAM-ID", edit: func(_, item, _ object) { listOf(item, "props")[0]["value"] = "V-0001" },
			want: "V-0001 open: open@02-19; seen 02-19, due 03-21, failed 2\n"},
		{name: "description of the item", edit: func(_, item, _ object) { item["description"] = "We know." }},
		{name: "description of the risk", edit: func(_, _, risk object) { risk["description"] = "We know." },
			log: `level=WARN msg="conflict: a text that somebody changed has news; theirs is kept" item=SH-S3.8 text="description of the risk"`},
		{name: "remarks", edit: func(_, item, risk object) { item["remarks"] = "a"; listOf(risk, "remediations")[0]["remarks"] = "b" }},
		{name: "deadline", edit: func(_, _, risk object) { risk["deadline"] = "2027-01-01T00:00:00Z" },
			want: "SH-S3.8 open: open@02-19; seen 02-19, due 01-01, failed 2\n"},
		{name: "plan", edit: func(_, _, risk object) {
			plan := listOf(risk, "remediations")[1]
			plan["title"], plan["description"] = "Block", "The platform team blocks public access."
			task := listOf(plan, "tasks")[0]
			task["description"] = "Two accounts are left."
			pushTo(plan, "tasks", object{"uuid": "0a3e9f4e-6f0b-4d4f-9d3a-1f1f6f6f6f6f", "type": "milestone", "title": "Half of it",
				"timing": object{"on-date": object{"date": "2026-04-01T00:00:00Z"}}})
		}},
		{name: "plan carried out", edit: func(_, _, risk object) { listOf(risk, "remediations")[1]["lifecycle"] = "completed" }},
		{name: "mitigating factor", edit: func(_, _, risk object) {
			pushTo(risk, "mitigating-factors", object{"uuid": "1a3e9f4e-6f0b-4d4f-9d3a-1f1f6f6f6f6f", "description": "A proxy."})
		}},
		{name: "adjusted", edit: func(_, _, risk object) {
			pushTo(risk, "props", object{"name": "risk-adjusted", "value": "approved"}, object{"name": "priority", "value": "1"},
				object{"name": "risk-adjustment", "ns": "http://fedramp.gov/ns/oscal", "value": "approved"})
			pushTo(listOf(risk, "characterizations")[0], "facets", object{"name": "impact", "system": "http://csrc.nist.gov/ns/oscal", "value": "low",
				"props": []any{object{"name": "state", "value": "adjusted"}}})
		}},
		{name: "accepted", edit: func(_, _, risk object) {
			risk["status"] = "deviation-approved"
			pushTo(risk, "props", object{"name": "accepted", "value": "yes"})
		}, next: estateOf{"S3.8": "P"}, want: "SH-S3.8 deviation-approved: open@02-19; seen 02-19, due 03-21, failed 0\n",
			log: `msg="passes now, but a deviation has the say" item=SH-S3.8 status=deviation-approved`},
		{name: "closed as false positive", edit: func(_, _, risk object) {
			risk["status"] = "closed"
			pushTo(risk, "props", object{"name": "false-positive", "value": "approved"})
			pushTo(risk["risk-log"].(object), "entries", object{"uuid": "2a3e9f4e-6f0b-4d4f-9d3a-1f1f6f6f6f6f", "title": "Closed",
				"start": "2026-03-02T00:00:00Z", "status-change": "closed"})
		}, want: "SH-S3.8 closed: open@02-19 closed@03-02; seen 02-19, due 03-21, failed 2\n"},
		{name: "remediating", edit: func(_, _, risk object) { risk["status"] = "remediating" },
			want: "SH-S3.8 remediating: open@02-19; seen 02-19, due 03-21, failed 2\n"},
		{name: "remediating, then fixed", edit: func(_, _, risk object) { risk["status"] = "remediating" }, next: estateOf{"S3.8": "P"},
			want: "SH-S3.8 closed: open@02-19 closed@03-08; seen 02-19, due 03-21, failed 0\n"},
		{name: "closed too early", edit: func(_, _, risk object) { risk["status"] = "closed" },
			want: "SH-S3.8 open: open@02-19 open@03-08; seen 02-19, due 03-21, failed 2, reopened-count 1\n"},
		{name: "investigating by hand", edit: func(_, _, risk object) { risk["status"] = "investigating" },
			want: "SH-S3.8 investigating: open@02-19; seen 02-19, due 03-21, failed 2\n"},
		{name: "observation of the user", edit: func(plan, item, risk object) {
			const uuid = "3a3e9f4e-6f0b-4d4f-9d3a-1f1f6f6f6f6f"
			pushTo(plan, "observations", object{"uuid": uuid, "description": "We looked.", "methods": []any{"EXAMINE"}, "collected": "2026-03-02T00:00:00Z",
				"origins":  []any{object{"actors": []any{object{"type": "party", "actor-uuid": party}}}},
				"subjects": []any{object{"subject-uuid": "4a3e9f4e-6f0b-4d4f-9d3a-1f1f6f6f6f6f", "type": "component"}}})
			pushTo(plan["local-definitions"].(object), "components", object{"uuid": "4a3e9f4e-6f0b-4d4f-9d3a-1f1f6f6f6f6f", "type": "policy",
				"title": "Policy", "description": "A policy.", "status": object{"state": "operational"}})
			pushTo(item, "related-observations", object{"observation-uuid": uuid})
			pushTo(risk, "related-observations", object{"observation-uuid": uuid})
		}},
		{name: "metadata and resources", edit: func(plan, _, _ object) {
			plan["metadata"].(object)["title"] = "Our plan"
			plan["metadata"].(object)["remarks"] = "Mind the gap."
			pushTo(plan["metadata"].(object), "parties", object{"uuid": "5a3e9f4e-6f0b-4d4f-9d3a-1f1f6f6f6f6f", "type": "person", "name": "Jo"})
			listOf(plan["metadata"].(object), "parties")[0]["name"] = "Our agency"
			plan["back-matter"] = object{"resources": []any{object{"uuid": "6a3e9f4e-6f0b-4d4f-9d3a-1f1f6f6f6f6f", "title": "A file", "rlinks": []any{object{"href": "a.pdf"}}}}}
			plan["local-definitions"].(object)["remarks"] = "Ours."
			plan["import-ssp"].(object)["href"] = "../ssp.json"
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			edited := editPlan(t, first, func(p object) { test.edit(p, planItem(t, p, "SH-S3.8"), riskOf(t, p, "SH-S3.8")) })
			next := test.next
			if next == nil {
				next = estateOf{"S3.8": "FF"}
			}
			a := next.at(t, 7)
			got, _, log := runPOAM(t, a, edited, oscal.Options{})
			if test.want != "" {
				if diff := gocmp.Diff(test.want, outline(t, got)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
			if !strings.Contains(log, test.log) || test.log == "" && strings.Contains(log, "conflict") {
				t.Errorf("want in the log: %s, got:\n%s", test.log, log)
			}
			validText(t, "plan", string(got))
			again, _, log := runPOAM(t, a, got, oscal.Options{})
			if diff := gocmp.Diff(string(got), string(again)); diff != "" {
				t.Errorf("the second run changes the plan (-first +second):\n%s", diff)
			}
			if strings.Contains(log, "conflict") {
				t.Errorf("the second run repeats the conflict:\n%s", log)
			}
			// All that the edit changed is in the result, apart from statuses,
			// which the outline is about.
			kept := map[string]bool{}
			planTexts(parsePlan(t, got), "", kept)
			before, after := map[string]bool{}, map[string]bool{}
			planTexts(parsePlan(t, first), "", before)
			planTexts(parsePlan(t, edited), "", after)
			for leaf := range after {
				if !before[leaf] && !kept[leaf] && !strings.HasPrefix(leaf, "/risks/status=") {
					t.Errorf("lost: %s", leaf)
				}
			}
		})
	}
}

// planTexts collects the texts in a document with the keys that lead there.
func planTexts(v any, path string, into map[string]bool) {
	switch v := v.(type) {
	case object:
		for key, value := range v {
			planTexts(value, path+"/"+key, into)
		}
	case []any:
		for _, value := range v {
			planTexts(value, path, into)
		}
	default:
		into[fmt.Sprint(path, "=", v)] = true
	}
}

// TestPOAMUnchangedTextsAreRenewed: a text that nobody changed follows the
// findings.
func TestPOAMUnchangedTextsAreRenewed(t *testing.T) {
	t.Parallel()
	plan, _, _ := runPOAM(t, estateOf{"S3.8": "F"}.at(t, 0), nil, oscal.Options{})
	plan, _, log := runPOAM(t, estateOf{"S3.8": "FFPP"}.at(t, 7), plan, oscal.Options{})
	got := riskOf(t, parsePlan(t, plan), "SH-S3.8")["description"].(string)
	if want := "2 of 4 decided findings failed"; !strings.Contains(got, want) || log != "" {
		t.Errorf("got description %q, log %q, want %q", got, log, want)
	}
	metadata := parsePlan(t, plan)["metadata"].(object)
	if got, want := fmt.Sprint(metadata["last-modified"], " ", metadata["version"]), "2026-03-08T12:00:00Z 2026-03-08T120000Z"; got != want {
		t.Errorf("got time and version %s, want %s", got, want)
	}
}

// TestPOAMHasUUIDsOfResults: what the plan and the results are both about has
// one UUID.
func TestPOAMHasUUIDsOfResults(t *testing.T) {
	t.Parallel()
	for _, level := range oscal.Levels() {
		a := estateOf{"S3.8": "FP", "KMS.4": "F", "IAM.3": "P"}.at(t, 0)
		o := oscal.Options{Observations: level}
		plan, _, _ := runPOAM(t, a, nil, o)
		var b bytes.Buffer
		if err := oscal.Results(t.Context(), &b, a, o); err != nil {
			t.Fatal(err)
		}
		var results struct {
			Document struct{ Results []object } `json:"assessment-results"`
		}
		if err := json.Unmarshal(b.Bytes(), &results); err != nil {
			t.Fatal(err)
		}
		for key, n := range map[string]int{"observations": 2, "risks": 2, "findings": 2} {
			some := listOf(parsePlan(t, plan), key)
			for _, v := range some {
				findIn(t, listOf(results.Document.Results[0], key), "uuid", v["uuid"])
			}
			if key == "observations" && level != oscal.LevelCheck {
				n = 3
			}
			if len(some) != n {
				t.Errorf("%s: got %d %s, want %d", level, len(some), key, n)
			}
		}
	}
}

// foreign is a plan that another program wrote, about the same system.
const foreign = `{"plan-of-action-and-milestones": {
	"uuid": "00000000-0000-4000-8000-000000000001",
	"metadata": {"title": "POA&M of <another> tool", "last-modified": "2026-01-01T00:00:00.000-05:00", "version": "7", "oscal-version": "1.0.4",
		"roles": [{"id": "isso", "title": "ISSO"}],
		"parties": [{"uuid": "00000000-0000-4000-8000-000000000002", "type": "person", "name": "Jo"}],
		"responsible-parties": [{"role-id": "isso", "party-uuids": ["00000000-0000-4000-8000-000000000002"]}]},
	"system-id": {"identifier-type": "http://fedramp.gov/ns/oscal", "id": "F00000001"},
	"local-definitions": {
		"components": [{"uuid": "00000000-0000-4000-8000-000000000003", "type": "software", "title": "Web server", "description": "A server.", "status": {"state": "operational"}}],
		"inventory-items": [{"uuid": "00000000-0000-4000-8000-000000000004", "description": "web-1", "implemented-components": [{"component-uuid": "00000000-0000-4000-8000-000000000003"}]}]},
	"observations": [{"uuid": "00000000-0000-4000-8000-000000000005", "description": "Scan.", "methods": ["TEST"], "collected": "2026-01-01T00:00:00Z",
		"subjects": [{"subject-uuid": "00000000-0000-4000-8000-000000000004", "type": "inventory-item"}],
		"relevant-evidence": [{"href": "#00000000-0000-4000-8000-000000000006", "description": "The scan."}]}],
	"risks": [{"uuid": "00000000-0000-4000-8000-000000000007", "title": "Old TLS", "description": "TLS 1.0 is on.", "statement": "May be read.", "status": "open"}],
	"findings": [{"uuid": "00000000-0000-4000-8000-000000000008", "title": "SC-8", "description": "Not met.",
		"target": {"type": "statement-id", "target-id": "sc-8_smt", "status": {"state": "not-satisfied", "reason": "fail"}},
		"related-observations": [{"observation-uuid": "00000000-0000-4000-8000-000000000005"}],
		"related-risks": [{"risk-uuid": "00000000-0000-4000-8000-000000000007"}]}],
	"poam-items": [
		{"uuid": "00000000-0000-4000-8000-00000000000a", "title": "TLS", "description": "A \u003cfirst\u003e item, 5 > 4.", "related-risks": [{"risk-uuid": "00000000-0000-4000-8000-000000000007"}],
			"related-observations": [{"observation-uuid": "00000000-0000-4000-8000-000000000005"}]},
		{"uuid": "00000000-0000-4000-8000-000000000009", "title": "TLS again", "description": "B", "props": [{"ns": "http://fedramp.gov/ns/oscal", "name": "POAM-ID", "value": "SH-S3.8"}],
			"related-findings": [{"finding-uuid": "00000000-0000-4000-8000-000000000008"}],
			"related-risks": [{"risk-uuid": "00000000-0000-4000-8000-000000000007"}],
			"related-observations": [{"observation-uuid": "00000000-0000-4000-8000-000000000005"}]}],
	"back-matter": {"resources": [{"uuid": "00000000-0000-4000-8000-000000000006", "title": "Scan", "rlinks": [{"href": "scan.xml"}]}]}
}}`

// TestPOAMForeign: a plan that another program began is carried on.
func TestPOAMForeign(t *testing.T) {
	t.Parallel()
	o := oscal.Options{System: &system.System{ID: "F00000001", Name: "Shop"}, Version: "1.2.2"}
	a := estateOf{"S3.8": "F"}.at(t, 0)
	plan, _, _ := runPOAM(t, a, []byte(foreign), o)
	validText(t, "plan", string(plan))
	got := map[string]bool{}
	planTexts(parsePlan(t, plan), "", got)
	want := map[string]bool{}
	planTexts(parsePlan(t, []byte(foreign)), "", want)
	for leaf := range want {
		if !got[leaf] && !slices.Contains([]string{"/metadata/last-modified=2026-01-01T00:00:00.000-05:00", "/metadata/version=7", "/metadata/oscal-version=1.0.4"}, leaf) {
			t.Errorf("lost: %s", leaf)
		}
	}
	if leaf := "/metadata/oscal-version=1.2.2"; !got[leaf] {
		t.Errorf("not there: %s", leaf)
	}
	if text := `A \u003cfirst\u003e item, 5 > 4.`; !bytes.Contains(plan, []byte(text)) {
		t.Errorf("not as it was: %s", text)
	}
	if id := "SH-S3.8-2"; planItem(t, parsePlan(t, plan), id)["title"] == "" {
		t.Errorf("no item %s", id)
	}
	fixedPlan(t, a, plan, o)
	// Without a system file the previous plan says which system it is.
	plan, _, _ = runPOAM(t, a, []byte(foreign), oscal.Options{})
	if id := parsePlan(t, plan)["system-id"].(object)["id"]; id != "F00000001" {
		t.Errorf("got the system %v, want F00000001", id)
	}
	// Without failures there still is a plan: the foreign items.
	plan, reason, _ := runPOAM(t, estateOf{}.at(t, 0), []byte(foreign), o)
	if n := len(listOf(parsePlan(t, plan), "poam-items")); n != 2 || reason != "" {
		t.Errorf("got %d items, reason %q, want 2 items", n, reason)
	}
}

// TestPOAMTakenOver: an item that lost its managed-by is the user's, and there
// is no second one.
func TestPOAMTakenOver(t *testing.T) {
	t.Parallel()
	first, _, _ := runPOAM(t, estateOf{"S3.8": "F", "KMS.4": "F"}.at(t, 0), nil, oscal.Options{})
	edited := editPlan(t, first, func(p object) {
		v := planItem(t, p, "SH-S3.8")
		v["props"] = []any{v["props"].([]any)[0]}
	})
	for _, next := range []estateOf{{"S3.8": "FF", "KMS.4": "F"}, {"S3.8": "P", "KMS.4": "F"}, {"KMS.4": "P"}, {}} {
		a := next.at(t, 7)
		got, _, _ := runPOAM(t, a, edited, oscal.Options{})
		validText(t, "plan", string(got))
		fixedPlan(t, a, got, oscal.Options{})
		was, is := parsePlan(t, edited), parsePlan(t, got)
		if diff := gocmp.Diff(planItem(t, was, "SH-S3.8"), planItem(t, is, "SH-S3.8")); diff != "" {
			t.Errorf("%v: the item (-before +after):\n%s", next, diff)
		}
		if diff := gocmp.Diff(riskOf(t, was, "SH-S3.8"), riskOf(t, is, "SH-S3.8")); diff != "" {
			t.Errorf("%v: the risk (-before +after):\n%s", next, diff)
		}
		if n := len(listOf(is, "poam-items")); n != 2 {
			t.Errorf("%v: got %d items, want 2", next, n)
		}
	}
}

// TestPOAMDeleted: what somebody deleted of an item comes back, nothing twice.
func TestPOAMDeleted(t *testing.T) {
	t.Parallel()
	a := estateOf{"S3.8": "F", "KMS.4": "F"}.at(t, 0)
	first, _, _ := runPOAM(t, a, nil, oscal.Options{})
	for _, key := range []string{"poam-items", "risks", "findings", "observations", "local-definitions", "import-ssp", "system-id"} {
		edited := editPlan(t, first, func(p object) {
			if all, ok := p[key].([]any); ok && key != "findings" {
				p[key] = all[1:]
			} else {
				delete(p, key)
			}
		})
		got, _, _ := runPOAM(t, a, edited, oscal.Options{})
		validText(t, "plan", string(got))
		before, after := map[string]bool{}, map[string]bool{}
		planTexts(parsePlan(t, first), "", before)
		planTexts(parsePlan(t, got), "", after)
		if diff := gocmp.Diff(before, after); diff != "" {
			t.Errorf("without %s (-want +got):\n%s", key, diff)
		}
	}
}

// TestPOAMVersion: the plan is written in the version that is asked for.
func TestPOAMVersion(t *testing.T) {
	t.Parallel()
	a := estateOf{"S3.8": "F"}.at(t, 0)
	o := oscal.Options{System: &system.System{ID: "9f8b9b3e-7c38-4e0a-a3a6-4dfd1a2b3c4d"}}
	o.Version = "1.1.3"
	old, _, _ := runPOAM(t, a, nil, o)
	o.Version = "1.2.2"
	fresh, _, _ := runPOAM(t, a, nil, o)
	got, _, _ := runPOAM(t, a, old, o)
	if diff := gocmp.Diff(string(fresh), string(got)); diff != "" {
		t.Errorf("(-new +carried on):\n%s", diff)
	}
}

// TestPOAMGetsName: a system that had no name gets one and keeps its plan.
func TestPOAMGetsName(t *testing.T) {
	t.Parallel()
	first, _, _ := runPOAM(t, estateOf{"S3.8": "F", "KMS.4": "F"}.at(t, 0), nil, oscal.Options{})
	o := oscal.Options{System: &system.System{ID: "shop", Name: "Shop", Organization: system.Organization{Name: "Agency"}}}
	a := estateOf{"S3.8": "F"}.at(t, 7)
	got, _, _ := runPOAM(t, a, first, o)
	validText(t, "plan", string(got))
	fixedPlan(t, a, got, o)
	if n := len(listOf(parsePlan(t, got), "poam-items")); n != 2 {
		t.Errorf("got %d items, want 2:\n%s", n, outline(t, got))
	}
	want, _, _ := runPOAM(t, a, nil, o)
	for _, v := range listOf(parsePlan(t, want), "risks") {
		findIn(t, listOf(parsePlan(t, got), "risks"), "uuid", v["uuid"])
	}
	if title := parsePlan(t, got)["metadata"].(object)["title"]; title != "Plan of action and milestones: Shop" {
		t.Errorf("got title %q", title)
	}
}

// TestPOAMErrors: errors name the file and the place in it.
func TestPOAMErrors(t *testing.T) {
	t.Parallel()
	a := estateOf{"S3.8": "F"}.at(t, 0)
	good, _, _ := runPOAM(t, a, nil, oscal.Options{System: &system.System{ID: "shop"}})
	for _, test := range []struct {
		name, previous string
		want           string
	}{
		{"empty", "", "/: the document ends too early"},
		{"no JSON", "uuid: 1", "/: invalid character 'u'"},
		{"another document", `{"catalog": {}}`, "is no plan of action and milestones: it has no /plan-of-action-and-milestones"},
		{"no object", `{"plan-of-action-and-milestones": []}`, "/plan-of-action-and-milestones: is not an object"},
		{"no array", `{"plan-of-action-and-milestones": {"risks": {}}}`, "/plan-of-action-and-milestones/risks: is not an array"},
		{"no risk", `{"plan-of-action-and-milestones": {"risks": [1]}}`, "/plan-of-action-and-milestones/risks/0: is not an object"},
		{"no uuid", `{"plan-of-action-and-milestones": {"risks": [{}]}}`, "/plan-of-action-and-milestones/risks/0: has no uuid"},
		{"cut", string(good[:len(good)/2]), "the document ends too early"},
		{"more", string(good) + "{}", "something follows after the end of the document"},
		{"twice", `{"plan-of-action-and-milestones": {"risks": [], "risks": []}}`, `/plan-of-action-and-milestones: the key "risks" is there twice`},
		{"one uuid twice", `{"plan-of-action-and-milestones": {"risks": [{"uuid": "a"}, {"uuid": "A"}]}}`,
			"/plan-of-action-and-milestones/risks/1: has the uuid of /plan-of-action-and-milestones/risks/0"},
		{"encoding", "{\"plan-of-action-and-milestones\": {\"risks\": [{\"uuid\": \"a\", \"title\": \"\xff\"}]}}", "/plan-of-action-and-milestones/risks/0: is not valid UTF-8"},
		{"another system", strings.Replace(string(good), `"id": "shop"`, `"id": "office"`, 1),
			`/plan-of-action-and-milestones/system-id/id: the plan is about the system "office", this assessment about "shop"`},
		{"wrong log", strings.Replace(string(good), `"entries":[`, `"entries":[7,`, 1), "/plan-of-action-and-milestones/risks/0: risk-log: entries: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := oscal.TempFile(t, "previous.json", test.previous)
			_, err := oscal.WriteDocument(t.Context(), io.Discard, oscal.POAMFile, a, oscal.Options{POAM: path, System: &system.System{ID: "shop"}})
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s: … %s", err, path, test.want)
			}
		})
	}
	if _, err := oscal.WriteDocument(t.Context(), io.Discard, oscal.POAMFile, a, oscal.Options{POAM: "not there"}); err == nil {
		t.Error("no error about a file that is not there")
	}
}

// TestPOAMCases writes plans of all kinds of assessments, and carries two of them
// on with all others in turn.
func TestPOAMCases(t *testing.T) {
	t.Parallel()
	cases := rendertest.Cases(t)
	plans := map[string][]byte{}
	for i, c := range cases {
		o := oscal.Options{MaxSubjects: 7, Observations: oscal.Levels()[i%3]}
		plan, reason, _ := runPOAM(t, c.Assessment, nil, o)
		if plan == nil {
			t.Logf("%s: %s", c.Name, reason)
			continue
		}
		validText(t, "plan", string(plan))
		plans[c.Name] = plan
	}
	for i, c := range cases {
		before := []string{"estate", "hostile"}[i%2]
		t.Run(before+", then "+c.Name, func(t *testing.T) {
			t.Parallel()
			o := oscal.Options{MaxSubjects: 7, Observations: oscal.Levels()[i%3], Version: oscal.Versions()[i%4]}
			a := *c.Assessment
			if a.Time.Before(rendertest.Time) {
				a.Time = rendertest.Time // the plan before it is of then
			}
			plan, reason, _ := runPOAM(t, &a, plans[before], o)
			if reason != "" {
				t.Fatal(reason)
			}
			validText(t, "plan", string(plan))
			again, _, _ := runPOAM(t, &a, plan, o)
			if diff := gocmp.Diff(string(plan), string(again)); diff != "" {
				t.Errorf("the second run changes the plan (-first +second):\n%s", diff)
			}
		})
	}
}

// TestPOAMRandom: whatever happens to an estate, every item stays, ids stay
// with their checks, plans are valid and a second run changes nothing.
func TestPOAMRandom(t *testing.T) {
	t.Parallel()
	skipUnderRace(t)
	r := rand.New(rand.NewPCG(1, 2))
	ids := []shca.CheckID{"S3.8", "KMS.4", "IAM.3", "a b", "a_b", "ä/ö", "x" + shca.CheckID(strings.Repeat("y", 100)), "x" + shca.CheckID(strings.Repeat("y", 101))}
	letters := []string{"", "P", "F", "f", "W", "N", "S", "PF", "PP", "PW", "FS", "FFF"}
	for round := range 9 {
		var plan []byte
		items := map[string]string{} // UUID of each POAM-ID
		for step := range 6 {
			estate := estateOf{}
			for _, id := range ids {
				if some := letters[r.IntN(len(letters))]; some != "" {
					estate[id] = some
				}
			}
			if r.IntN(4) == 0 {
				estate[unread] = ""
			}
			a := estate.at(t, step)
			o := oscal.Options{Observations: oscal.Levels()[round%3]}
			next, _, _ := runPOAM(t, a, plan, o)
			if next == nil {
				continue
			}
			plan = next
			validText(t, "plan", string(plan))
			again, _, _ := runPOAM(t, a, plan, o)
			if diff := gocmp.Diff(string(plan), string(again)); diff != "" {
				t.Fatalf("%v: the second run changes the plan (-first +second):\n%s", estate, diff)
			}
			seen := map[string]bool{}
			for _, v := range listOf(parsePlan(t, plan), "poam-items") {
				id, uuid := planProp(v, "POAM-ID"), v["uuid"].(string)
				if seen[id] || cmp.Or(items[id], uuid) != uuid {
					t.Errorf("%v: item %s has another uuid or is there twice", estate, id)
				}
				seen[id], items[id] = true, uuid
			}
			if len(seen) != len(items) {
				t.Errorf("%v: got items %v, want %v", estate, seen, items)
			}
		}
	}
}

// TestPOAMShuffled: the order of the findings does not matter.
func TestPOAMShuffled(t *testing.T) {
	t.Parallel()
	var want []byte
	for i := range 3 {
		r := rand.New(rand.NewPCG(3, uint64(i)))
		estate := estateOf{"S3.8": "FFP", "KMS.4": "PF", "IAM.3": "F", "a b": "fF"}
		var all []shca.Record
		for rec := range estate.Records(t.Context()) {
			all = append(all, rec)
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		a := rendertest.Assess(t, records(all), mapping.Options{Baseline: catalogs.Baseline{Name: "few", Controls: []shca.ControlID{"ac-2", "ac-3"}}, Time: day})
		got, _, _ := runPOAM(t, a, nil, oscal.Options{Observations: oscal.LevelFinding})
		if want == nil {
			want = got
		}
		if diff := gocmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("shuffle %d (-want +got):\n%s", i, diff)
		}
	}
}
