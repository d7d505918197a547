package oscal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"
	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
	"github.com/go-shca/shca/mapping"
	"github.com/go-shca/shca/oscal"
	"github.com/go-shca/shca/render/rendertest"
	"github.com/go-shca/shca/system"
)

// usersSSP is a plan as people write them: members in an order of their own,
// four spaces, escapes that need not be, numbers with a fraction. %s is for the
// requirements.
const usersSSP = `{
    "$schema": "https:\/\/example.org/schema.json", "x": [1.50, 4.430e2, -0],
    "system-security-plan": {
        "uuid": "11111111-1111-4111-8111-111111111111",
        "metadata": {
            "title": "Plan of the \u00dcbungs<system> & more",
            "oscal-version": "1.1.2",
            "last-modified": "2020-01-01T00:00:00.000-05:00",
            "version": "7",
            "remarks": "Line\u0020one.\n\nLine\ttwo & <b>"
        },
        "import-profile": {"href": "https://example.org/profile.json"},
        "system-implementation": {
            "components": [
                {"uuid": "22222222-2222-4222-8222-222222222222", "type": "this-system", "title": "System", "description": "d", "status": {"state": "operational"}},
                {
                    "uuid": "33333333-3333-4333-8333-333333333333", "title": "amazon s3",
                    "type": "service",
                    "status": {"state": "operational"},
                    "description": "Our buckets.",
                    "protocols": [{"name": "https", "uuid": "88888888-8888-4888-8888-888888888888", "port-ranges": [{"start": 443, "end": 443, "transport": "TCP"}]}]
                }
            ],
            "users": [{"uuid": "44444444-4444-4444-8444-444444444444", "title": "u"}]
        },
        "system-characteristics": {
            "system-ids": [{"id": "SYS-1"}], "system-name": "n", "description": "d",
            "system-information": {"information-types": [{"uuid": "99999999-9999-4999-8999-999999999999", "title": "t", "description": "d"}]},
            "status": {"state": "operational"}, "authorization-boundary": {"description": "d"}
        },
        "control-implementation": {
            "implemented-requirements": [%s],
            "description": "d"
        }
    }
}
`

// requirement is a requirement of usersSSP. uuids are made from n.
func requirement(n int, control, members string) string {
	return fmt.Sprintf(`{"control-id": %q, "uuid": "55555555-5555-4555-8555-%012d"%s}`, control, n, members)
}

// answer is a by-component of the user.
func answer(n int, component, text string) string {
	return fmt.Sprintf(`{"description": %q, "uuid": "66666666-6666-4666-8666-%012d", "component-uuid": %q}`, text, n, component)
}

const (
	usersSystem = "22222222-2222-4222-8222-222222222222"
	usersS3     = "33333333-3333-4333-8333-333333333333"
)

func statementOf(n int, id string, answers ...string) string {
	return fmt.Sprintf(`{"statement-id": %q, "uuid": "77777777-7777-4777-8777-%012d", "by-components": [%s]}`, id, n, strings.Join(answers, ", "))
}

// updated updates the plan and returns it with the warnings that were logged.
func updated(t testing.TB, a *shca.Assessment, plan string) (text, logged string) {
	t.Helper()
	return updatedWith(t, a, plan, slog.LevelWarn)
}

// updatedWith is the same with what was logged from the level on.
func updatedWith(t testing.TB, a *shca.Assessment, plan string, level slog.Level) (text, logged string) {
	t.Helper()
	path := oscal.TempFile(t, "ssp.json", plan)
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: level}))
	text = written(t, sspFile, a, oscal.Options{SSP: path, Version: planVersion(t, plan), Logger: logger})
	if after, err := os.ReadFile(path); err != nil || string(after) != plan {
		t.Errorf("the user's file was changed, or %v", err)
	}
	return text, log.String()
}

// planVersion is the version of OSCAL that the plan has.
func planVersion(t testing.TB, plan string) string {
	t.Helper()
	return parseSSP(t, strings.TrimPrefix(plan, "\uFEFF")).Metadata.OscalVersion
}

// evidence is an assessment in which S3.8 and EC2.1 are evidence for AC-3 and
// IAM.3 for AC-2.
func evidence(t testing.TB, days int, more ...shca.Record) *shca.Assessment {
	t.Helper()
	all := append(records{
		{Finding: checkFinding("S3.8", "AC-3", nil)}, {Finding: checkFinding("EC2.1", "AC-3", nil)}, {Finding: checkFinding("IAM.3", "AC-2", nil)},
	}, more...)
	options := fewControls
	options.Time = rendertest.Time.AddDate(0, 0, days)
	return rendertest.Assess(t, all, options)
}

// leaves are the keys and scalars of a JSON text, as they are written.
func leaves(text string) []string {
	var all []string
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case strings.IndexByte("{}[],: \t\r\n", c) >= 0:
			i++
		case c == '"':
			end := i + 1
			for text[end] != '"' {
				if text[end] == '\\' {
					end++
				}
				end++
			}
			all = append(all, text[i:end+1])
			i = end + 1
		default:
			end := i
			for end < len(text) && strings.IndexByte("{}[],: \t\r\n", text[end]) < 0 {
				end++
			}
			all = append(all, text[i:end])
			i = end
		}
	}
	return all
}

// kept checks that everything in the user's plan is in the updated one, as it was
// written and in its order, besides the time of the last change.
func kept(t *testing.T, user, updated string) {
	t.Helper()
	got := leaves(updated)
	at, before := 0, ""
	for i, leaf := range leaves(user) {
		isTime := before == `"last-modified"`
		if before = leaf; isTime {
			continue
		}
		from := at
		for at < len(got) && got[at] != leaf {
			at++
		}
		if at == len(got) {
			t.Fatalf("%s, which is leaf %d of the user's plan, is not in the updated one after leaf %d:\n%s", leaf, i, from, updated)
		}
		at++
	}
}

// withoutExtras is the plan without the members at its root that OSCAL does not
// know.
func withoutExtras(t testing.TB, text string) string {
	t.Helper()
	var root map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &root); err != nil {
		t.Fatal(err)
	}
	return `{"system-security-plan": ` + string(root["system-security-plan"]) + `}`
}

func answersOf(t testing.TB, plan o.SystemSecurityPlan, control, statement string) map[string]o.ByComponent {
	t.Helper()
	titles := map[string]string{}
	for _, c := range plan.SystemImplementation.Components {
		titles[c.UUID] = c.Title
	}
	all := map[string]o.ByComponent{}
	add := func(by *[]o.ByComponent) {
		if by == nil {
			return
		}
		for _, b := range *by {
			all[titles[b.ComponentUuid]] = b
		}
	}
	for _, r := range plan.ControlImplementation.ImplementedRequirements {
		if r.ControlId != control {
			continue
		}
		if statement == "" {
			add(r.ByComponents)
		} else if r.Statements != nil {
			for _, s := range *r.Statements {
				if s.StatementId == statement {
					add(s.ByComponents)
				}
			}
		}
	}
	return all
}

func keysOf(answers map[string]o.ByComponent) string {
	var names []string
	for _, name := range []string{"System", "amazon s3", "Amazon S3", "Amazon EC2", "AWS Identity and Access Management"} {
		if _, ok := answers[name]; ok {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// TestSSPUpdatePlaces checks where evidence goes, by how the user answers.
func TestSSPUpdatePlaces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, members, statement, want string
		tells                          bool
	}{
		{"nothing yet", "", "ac-3_smt", "amazon s3, Amazon EC2", false},
		{"the statement", `, "statements": [` + statementOf(1, "ac-3_smt", answer(1, usersSystem, "a")) + `]`, "ac-3_smt", "System, amazon s3, Amazon EC2", false},
		{"per part", `, "statements": [` + statementOf(1, "ac-3_smt.a", answer(1, usersS3, "a")) + `]`, "ac-3_smt", "amazon s3, Amazon EC2", false},
		{"the requirement", `, "by-components": [` + answer(1, usersSystem, "a") + `]`, "", "System, amazon s3, Amazon EC2", false},
		{"the user's own answer", `, "statements": [` + statementOf(1, "ac-3_smt", answer(1, usersS3, "ours")) + `]`, "ac-3_smt", "amazon s3, Amazon EC2", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			user := fmt.Sprintf(usersSSP, requirement(1, "ac-2", "")+", "+requirement(2, "ac-3", c.members))
			text, logged := updatedWith(t, evidence(t, 0), user, slog.LevelInfo)
			kept(t, user, text)
			validText(t, c.name, withoutExtras(t, text))
			plan := parseSSP(t, text)
			got := answersOf(t, plan, "ac-3", c.statement)
			if keysOf(got) != c.want {
				t.Errorf("components at %q: %s, want %s", c.statement, keysOf(got), c.want)
			}
			if c.tells != (logged != "") || c.tells && (!strings.Contains(logged, "AC-3 amazon s3") || got["amazon s3"].Description != "ours") {
				t.Errorf("logged %s", logged)
			}
			if plan.Metadata.OscalVersion != "1.1.2" || plan.UUID != "11111111-1111-4111-8111-111111111111" || plan.ImportProfile.Href != "https://example.org/profile.json" ||
				!plan.Metadata.LastModified.Equal(rendertest.Time) {
				t.Errorf("metadata: %+v", plan.Metadata)
			}
			if n := len(plan.SystemImplementation.Components); n != 4 {
				t.Errorf("%d components, want the user's two, EC2 and IAM", n)
			}
			again, logged2 := updatedWith(t, evidence(t, 0), text, slog.LevelInfo)
			if again != text || strings.Count(logged2, "\n") != strings.Count(logged, "\n") {
				t.Errorf("a second update differs, or logs something else (%s):\n%s", logged2, cmp.Diff(text, again))
			}
		})
	}
}

// TestSSPUpdateLayout checks that the plan keeps its layout.
func TestSSPUpdateLayout(t *testing.T) {
	t.Parallel()
	user := fmt.Sprintf(usersSSP, requirement(1, "ac-2", "")+", "+requirement(2, "ac-3", ""))
	var whole, compact bytes.Buffer
	if err := json.Indent(&whole, []byte(user), "", "    "); err != nil {
		t.Fatal(err)
	}
	if err := json.Compact(&compact, []byte(user)); err != nil {
		t.Fatal(err)
	}
	spaces := whole.String()
	tabs := strings.ReplaceAll(spaces, "    ", "\t")
	for name, c := range map[string]struct{ in, has, not string }{
		"four spaces":  {spaces, "\n    \"system-security-plan\"", "\r"},
		"tabs":         {tabs, "\n\t\"system-security-plan\"", "    "},
		"Windows":      {strings.ReplaceAll(tabs, "\n", "\r\n"), "\r\n\t\"system-security-plan\"", "    "},
		"no last line": {strings.TrimSpace(spaces), "\n    \"system-security-plan\"", "}\n\x00"},
		"one line":     {compact.String(), `"system-security-plan":{`, "\n"},
		"marked":       {"\uFEFF" + spaces, "\n    \"system-security-plan\"", "\uFEFF"},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := updated(t, evidence(t, 0), c.in)
			kept(t, strings.TrimPrefix(c.in, "\uFEFF"), got)
			if !strings.Contains(got, c.has) || strings.Contains(got+"\x00", c.not) {
				t.Errorf("want %q and no %q:\n%.600s", c.has, c.not, got)
			}
			if strings.HasSuffix(c.in, "\n") != strings.HasSuffix(got, "\n") {
				t.Errorf("the end of the file changed: %q", got[len(got)-20:])
			}
		})
	}
	// Of a plan that is laid out evenly, only lines with news change.
	got, _ := updated(t, evidence(t, 0), spaces)
	lines := strings.Split(got, "\n")
	removed := 0
	for _, line := range strings.Split(spaces, "\n") {
		i := 0
		for i < len(lines) && strings.TrimSuffix(lines[i], ",") != strings.TrimSuffix(line, ",") {
			i++
		}
		if i == len(lines) {
			removed++
			continue
		}
		lines = lines[i+1:]
	}
	if removed != 1 {
		t.Errorf("%d lines of the user's changed, want that of last-modified only", removed)
	}
}

// TestSSPUpdateOfNothing checks that a plan in which nothing changes is written
// as it was, byte for byte.
func TestSSPUpdateOfNothing(t *testing.T) {
	t.Parallel()
	user := fmt.Sprintf(usersSSP, requirement(1, "at-1", `, "by-components": [ `+answer(1, usersSystem, "a")+`]`))
	got, logged := updated(t, evidence(t, 0), user)
	if got != user {
		t.Errorf("(-user +written):\n%s", cmp.Diff(user, got))
	}
	if strings.Count(logged, "\n") != 1 || !strings.Contains(logged, "controls=2") || !strings.Contains(logged, `first="AC-2, AC-3"`) {
		t.Errorf("logged %s", logged)
	}
}

// TestSSPUpdateKeepsEdits checks that a text that somebody changed is kept, and
// that who looks is told.
func TestSSPUpdateKeepsEdits(t *testing.T) {
	t.Parallel()
	user := fmt.Sprintf(usersSSP, requirement(1, "ac-2", "")+", "+requirement(2, "ac-3", ""))
	first, _ := updated(t, evidence(t, 0), user)
	later := evidence(t, 1, shca.Record{Finding: checkFinding("S3.8", "AC-3", func(f *shca.Finding) {
		f.ID, f.Status, f.Resources[0].ID = "other", shca.Failed, "arn:aws:s3:::other"
	})})

	byS3 := answersOf(t, parseSSP(t, first), "ac-3", "ac-3_smt")["amazon s3"]
	edited := strings.Replace(first, byS3.Description, "Written by a person.", 1)
	got, logged := updated(t, later, edited)
	plan := parseSSP(t, got)
	if text := answersOf(t, plan, "ac-3", "ac-3_smt")["amazon s3"].Description; text != "Written by a person." {
		t.Errorf("the user's text became %q", text)
	}
	if strings.Count(logged, "\n") != 1 || !strings.Contains(logged, "control=AC-3") || !strings.Contains(logged, `component="amazon s3"`) {
		t.Errorf("logged %s", logged)
	}
	if at := property(answersOf(t, plan, "ac-3", "ac-3_smt")["Amazon EC2"].Props, oscal.Namespace, "as-of"); at != "2026-07-02T12:00:00Z" {
		t.Errorf("the other text is as of %s", at)
	}

	if by := answersOf(t, plan, "ac-3", "ac-3_smt")["amazon s3"]; by.Props != nil || !strings.Contains(logged, "is yours from now on") {
		t.Errorf("the user's answer has %+v, logged %s", by.Props, logged)
	}
	validText(t, "edited", withoutExtras(t, got))
	if again, logged := updated(t, later, got); again != got || logged != "" {
		t.Errorf("another update logged %q:\n%s", logged, cmp.Diff(got, again))
	}

	// Somebody's statement of the status stays, while the text follows.
	decided := strings.Replace(first, byS3.Description+`",`, byS3.Description+`", "implementation-status": {"state": "partial", "remarks": "r"},`, 1)
	got, logged = updated(t, later, decided)
	by := answersOf(t, parseSSP(t, got), "ac-3", "ac-3_smt")["amazon s3"]
	if by.ImplementationStatus == nil || by.ImplementationStatus.State != "partial" || !strings.Contains(by.Description, "1 passed, 1 failed") || logged != "" {
		t.Errorf("logged %q, wrote %+v", logged, by)
	}

	// What else stands with the text stays as well.
	more := strings.Replace(first, byS3.Description+`",`, byS3.Description+`", "remarks": "by hand",`, 1)
	got, _ = updated(t, later, more)
	kept(t, `["remarks": "by hand"]`, got)
	if by := answersOf(t, parseSSP(t, got), "ac-3", "ac-3_smt")["amazon s3"]; by.Remarks != "by hand" || !strings.Contains(by.Description, "1 failed") {
		t.Errorf("wrote %+v", by)
	}
}

// TestSSPUpdateOutdated checks what is said of a component whose checks have no
// finding any more, and that nothing is deleted.
func TestSSPUpdateOutdated(t *testing.T) {
	t.Parallel()
	user := fmt.Sprintf(usersSSP, requirement(1, "ac-2", "")+", "+requirement(2, "ac-3", ""))
	first, _ := updated(t, evidence(t, 0), user)
	options := fewControls
	options.Time = rendertest.Time.AddDate(0, 0, 1)
	less := rendertest.Assess(t, records{{Finding: checkFinding("S3.8", "AC-3", nil)}}, options)
	got, logged := updated(t, less, first)
	by := answersOf(t, parseSSP(t, got), "ac-3", "ac-3_smt")
	if keysOf(by) != "amazon s3, Amazon EC2" || logged != "" {
		t.Errorf("components %s, logged %s", keysOf(by), logged)
	}
	if ec2 := by["Amazon EC2"]; !strings.Contains(ec2.Description, "no finding") {
		t.Errorf("%+v", ec2)
	}
	validText(t, "outdated", withoutExtras(t, got))
	back, _ := updated(t, evidence(t, 0), got)
	if back := answersOf(t, parseSSP(t, back), "ac-3", "ac-3_smt")["Amazon EC2"]; !strings.Contains(back.Description, "1 passed") {
		t.Errorf("after findings came back: %+v", back)
	}
}

// TestSSPUpdateTwins checks what an update does with a copy of its own text that
// somebody made into theirs, UUID and all, and with a control that is there
// twice.
func TestSSPUpdateTwins(t *testing.T) {
	t.Parallel()
	user := fmt.Sprintf(usersSSP, requirement(2, "ac-3", "")+", "+requirement(3, "ac-3", ""))
	first, _ := updated(t, evidence(t, 0), user)
	if n := strings.Count(first, `"managed-digest"`); n != 2 {
		t.Errorf("%d texts of evidence for a control that is there twice, want 2 in the first", n)
	}
	copied := strings.ReplaceAll(strings.ReplaceAll(first, `"managed-by"`, `"was-managed-by"`), `"ac-3_smt"`, `"ac-3_smt.a"`)
	second, _ := updated(t, evidence(t, 0), copied)
	kept(t, copied, second)
	if n := strings.Count(second, `"managed-digest"`); n != 4 {
		t.Errorf("%d texts of evidence, want the user's 2 and 2 more", n)
	}
	unique(t, second)
}

// TestSSPUpdateDeletedComponent checks an update after somebody deleted a
// component and left the answers that refer to it.
func TestSSPUpdateDeletedComponent(t *testing.T) {
	t.Parallel()
	user := fmt.Sprintf(usersSSP, requirement(1, "ac-2", "")+", "+requirement(2, "ac-3", ""))
	first, _ := updated(t, evidence(t, 0), user)
	var document struct {
		Plan o.SystemSecurityPlan `json:"system-security-plan"`
	}
	document.Plan = parseSSP(t, first)
	components := &document.Plan.SystemImplementation.Components
	*components = (*components)[:2] // the user's
	raw, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	for name, left := range map[string]string{
		"managed": string(raw),
		"theirs":  strings.ReplaceAll(string(raw), `"managed-by"`, `"was-managed-by"`),
	} {
		second, logged := updated(t, evidence(t, 0), left)
		unique(t, second)
		if logged != "" {
			t.Errorf("%s: logged %s", name, logged)
		}
		if name == "managed" { // the name of the other's property is made up
			validText(t, name, second)
		}
		if again, _ := updated(t, evidence(t, 0), second); again != second {
			t.Errorf("%s: another update differs:\n%s", name, cmp.Diff(second, again))
		}
	}
}

// TestSSPUpdateTime checks that the time of the last change does not go back.
func TestSSPUpdateTime(t *testing.T) {
	t.Parallel()
	user := strings.Replace(fmt.Sprintf(usersSSP, requirement(2, "ac-3", "")), "2020-01-01T00:00:00.000-05:00", "2030-01-01T00:00:00.000-05:00", 1)
	got, _ := updated(t, evidence(t, 0), user)
	if !strings.Contains(got, "2030-01-01T00:00:00.000-05:00") {
		t.Errorf("last-modified is %v", parseSSP(t, got).Metadata.LastModified)
	}
}

// TestSSPUpdateOwnPlan runs over plans that this program wrote, for every kind of
// assessment.
func TestSSPUpdateOwnPlan(t *testing.T) {
	t.Parallel()
	for _, c := range rendertest.Cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			first := written(t, sspFile, c.Assessment, oscal.Options{System: exampleSystem(t)})
			if first == "" {
				return // an assessment of no control has no plan
			}
			again, logged := updated(t, c.Assessment, first)
			if again != first || logged != "" {
				t.Errorf("logged %s\n%.2000s", logged, cmp.Diff(strings.Split(first, "\n"), strings.Split(again, "\n")))
			}
			// And over one with evidence of something else.
			other, logged := updated(t, evidence(t, 1), first)
			kept(t, strings.Join(userLeaves(first), " "), other)
			validText(t, c.Name, other)
			if twice, _ := updated(t, evidence(t, 1), other); twice != other || strings.Contains(logged, "changed") {
				t.Errorf("logged %s\n%.2000s", logged, cmp.Diff(other, twice))
			}
		})
	}
}

// userLeaves are the leaves of a plan of this program that are the user's: what
// stands with the system as a whole.
func userLeaves(plan string) []string {
	var all []string
	for _, leaf := range leaves(plan) {
		if strings.HasPrefix(leaf, `"TO BE COMPLETED`) || strings.HasSuffix(leaf, `_smt"`) {
			all = append(all, leaf)
		}
	}
	return all
}

// unique checks that no UUID is given twice, and that in no place a component
// answers twice.
func unique(t testing.TB, plan string) {
	t.Helper()
	seen := map[any]bool{nil: true}
	walk("", parse(t, plan), func(path string, v object) {
		if id := v["uuid"]; id != nil && seen[id] {
			t.Errorf("%s: %s is there twice", path, id)
		}
		seen[v["uuid"]] = true
		components := map[any]bool{}
		all, _ := v["by-components"].([]any)
		for _, by := range all {
			component := by.(object)["component-uuid"]
			if components[component] {
				t.Errorf("%s: %s answers twice", path, component)
			}
			components[component] = true
		}
	})
}

// TestSSPUpdateRandom updates plans of many forms.
func TestSSPUpdateRandom(t *testing.T) {
	t.Parallel()
	controls := []string{"ac-2", "ac-3", "at-1", "sc-7", "sc-7.4", "zz-9"}
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 0))
		n := 0
		answers := func() []string {
			var all []string
			for _, component := range []string{usersSystem, usersS3} {
				if random.IntN(2) == 0 {
					n++
					all = append(all, answer(n, component, fmt.Sprintf("Text <%d> & \u2028 %q\n", n, "é")))
				}
			}
			return all
		}
		var all []string
		for _, i := range random.Perm(len(controls))[:1+random.IntN(len(controls))] {
			n++
			members := ""
			if own := answers(); len(own) > 0 && random.IntN(2) == 0 {
				members += `, "by-components": [` + strings.Join(own, ",") + `]`
			}
			var statements []string
			for _, suffix := range []string{"_smt.a", "_smt", "_smt.b"} {
				if random.IntN(2) == 0 {
					n++
					statements = append(statements, strings.Replace(statementOf(n, controls[i]+suffix, answers()...), `, "by-components": []`, "", 1))
				}
			}
			if len(statements) > 0 {
				members += `, "statements": [` + strings.Join(statements, ", ") + `]`
			}
			all = append(all, requirement(n, controls[i], members))
		}
		user := fmt.Sprintf(usersSSP, strings.Join(all, ",\n"))
		first, _ := updated(t, evidence(t, 0), user)
		kept(t, user, first)
		if again, _ := updated(t, evidence(t, 0), first); again != first {
			t.Errorf("seed %d: a second update differs:\n%s", seed, cmp.Diff(first, again))
		}
		later, _ := updated(t, evidence(t, 3, shca.Record{Finding: checkFinding("KMS.4", "SC-7", nil)}), first)
		kept(t, user, later)
		unique(t, later)
		if t.Failed() {
			t.Fatalf("seed %d:\n%s", seed, user)
		}
	}
}

func TestSSPUpdateErrors(t *testing.T) {
	t.Parallel()
	good := fmt.Sprintf(usersSSP, requirement(2, "ac-3", ""))
	for _, c := range []struct{ in, want string }{
		{"", "ssp.json: is not JSON: line 1: unexpected end of JSON input"},
		{"system-security-plan:\n", "ssp.json: is not JSON: line 1: invalid"},
		{"{\n\n\"a\": x}", "ssp.json: is not JSON: line 3: "},
		{good + "x", "is not JSON"},
		{"[]", `ssp.json: is no system security plan: "[]" is not a JSON object`},
		{"{}", `ssp.json: is no system security plan: its root is ""`},
		{`{"$schema": "", "catalog": {}}`, `ssp.json: is no system security plan: its root is "catalog"`},
		{`{"system-security-plan": 1}`, `ssp.json: /system-security-plan: "1" is not a JSON object`},
		{`{"system-security-plan": {}}`, "ssp.json: /system-security-plan: there is no metadata"},
		{strings.Replace(good, `"1.1.2"`, `"2.0.0"`, 1), `ssp.json: /system-security-plan/metadata/oscal-version: "2.0.0" is no version of OSCAL 1`},
		{strings.Replace(good, `"oscal-version"`, `"oscal"`, 1), `/system-security-plan/metadata/oscal-version: "" is no version of OSCAL 1`},
		{strings.Replace(good, `"components": [`, `"components": [1, `, 1), `/system-security-plan/system-implementation/components/0: "1" is not a JSON object`},
		{strings.Replace(good, `"implemented-requirements": [`, `"implemented-requirements": {}, "x": [`, 1), "/system-security-plan/control-implementation/implemented-requirements: is not an array"},
		{strings.Replace(good, `"description": "d"
        }`, `"description": "d", "description": "e"
        }`, 1), `/system-security-plan/control-implementation: the key "description" is there twice in one object`},
		{fmt.Sprintf(usersSSP, requirement(2, "ac-3", `, "statements": [{"by-components": [{"props": [3]}]}]`)),
			`/system-security-plan/control-implementation/implemented-requirements/0/statements/0/by-components/0/props/0: "3" is not a JSON object`},
	} {
		_, err := oscal.WriteDocument(t.Context(), io.Discard, sspFile, evidence(t, 0), oscal.Options{SSP: oscal.TempFile(t, "ssp.json", c.in)})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q\ngot  %v\nwant %s", c.in, err, c.want)
		}
	}
	_, err := oscal.WriteDocument(t.Context(), io.Discard, sspFile, evidence(t, 0), oscal.Options{SSP: filepath.Join(t.TempDir(), "none.json")})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want that there is no such file", err)
	}
}

// FuzzSSPUpdate checks that no plan makes an update panic, that what is written
// is JSON, and that a second update changes nothing.
func FuzzSSPUpdate(f *testing.F) {
	for _, members := range []string{"", `, "statements": [` + statementOf(1, "ac-3_smt", answer(1, usersS3, "a")) + `]`, `, "by-components": [` + answer(1, usersSystem, "a") + `]`} {
		f.Add(fmt.Sprintf(usersSSP, requirement(2, "ac-3", members)))
	}
	f.Add(`{"system-security-plan":{"metadata":{"oscal-version":"1.1.3"},"system-implementation":{},"control-implementation":{"implemented-requirements":[{"control-id":"ac-3"},{"control-id":"ac-3","statements":null}]}}}`)
	options := mapping.Options{Baseline: catalogs.Baseline{Name: "few", Controls: []shca.ControlID{"ac-2", "ac-3"}}, Time: rendertest.Time.Add(time.Hour)}
	a := rendertest.Assess(f, records{{Finding: checkFinding("S3.8", "AC-3", nil)}, {Finding: checkFinding("IAM.3", "AC-2", nil)}}, options)
	path := filepath.Join(f.TempDir(), "ssp.json")
	example := exampleSystem(f)
	f.Add(strings.ReplaceAll(fmt.Sprintf(usersSSP, requirement(2, "ac-3", "")), "SYS-1", system.ToBeCompleted))
	f.Fuzz(func(t *testing.T, plan string) {
		adopt := strings.Contains(plan, `"`+system.ToBeCompleted+`"`)
		write := func(text string) (string, error) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			with := oscal.Options{SSP: path}
			if adopt {
				with.System = example
			}
			_, err := oscal.WriteDocument(t.Context(), &b, sspFile, a, with)
			return b.String(), err
		}
		first, err := write(plan)
		if err != nil {
			return
		}
		if !json.Valid([]byte(first)) {
			t.Fatalf("%q became\n%q", plan, first)
		}
		if again, err := write(first); err != nil || again != first {
			t.Errorf("%q became\n%s\nand then, %v,\n%s", plan, first, err, again)
		}
	})
}
