//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/s3store"
	"github.com/go-shca/shca/sources/snapshot"
)

// world stands for shca and the bucket.
type world struct {
	t       *testing.T
	env     map[string]string
	dir     string
	log     bytes.Buffer
	ran     []string          // command lines
	codes   map[string]int    // exit codes by what a command line has; 0 otherwise
	objects map[string]string // by key
	stale   bool              // assess leaves the assessment.json of an earlier run
	missing string            // what assess was given for places without a snapshot
}

var moment = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

func newWorld(t *testing.T) *world {
	return &world{
		t: t, dir: filepath.Join(t.TempDir(), "shca"), codes: map[string]int{}, objects: map[string]string{},
		env: map[string]string{"SHCA_BUCKET": "bucket", "SHCA_KMS_KEY": "key", "SHCA_BUCKET_OWNER": "111122223333"},
	}
}

func (w *world) handle(e event) (*result, error) {
	f := &function{
		env: func(name string) string { return w.env[name] }, now: func() time.Time { return moment },
		dir: w.dir, run: w.run, bucket: w, log: &w.log,
	}
	return f.handle(w.t.Context(), e)
}

func (w *world) run(_ context.Context, temp string, args ...string) (int, string, error) {
	line := strings.ReplaceAll(strings.Join(args, " "), w.dir, "DIR")
	w.ran = append(w.ran, line)
	if err := os.WriteFile(filepath.Join(temp, "findings"), nil, 0o600); err != nil {
		w.t.Error(err)
	}
	code := 0
	for part, c := range w.codes {
		if strings.Contains(line, part) {
			code = c
		}
	}
	if code != 0 && code != 4 {
		return code, "shca: it says why", nil
	}
	value := func(flag string) string { return args[slices.Index(args, flag)+1] }
	out := strings.TrimPrefix(value("--out"), "s3://bucket/")
	if args[0] == "collect" {
		w.objects[out] = "a snapshot"
		return code, "", nil
	}
	if text, err := os.ReadFile(args[2]); err == nil {
		w.missing, code = string(text), 4
	}
	if !w.stale {
		w.objects[out+"assessment.json"] = fmt.Sprintf(`{"schema_version":"1.2","time":%q,"complete":%t,"verdict":"A verdict.",
			"problems":["one"],"summary":{"pass_rate":75.00,"coverage":null}}`, value("--now"), code == 0)
	}
	return code, "", nil
}

func (w *world) Names(_ context.Context, folder s3store.Address) (list []string, err error) {
	for key := range w.objects {
		if name, ok := strings.CutPrefix(key, folder.Key); ok {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list, nil
}

func (w *world) Download(_ context.Context, folder s3store.Address, names []string, dir string) (map[string]string, error) {
	for _, name := range names {
		if text, ok := w.objects[folder.Key+name]; ok {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

const encrypted = " --sse aws:kms --kms-key-id key --bucket-owner 111122223333"

func TestEverything(t *testing.T) {
	w := newWorld(t)
	w.env["SHCA_ROLE"], w.env["SHCA_EXTERNAL_ID"], w.env["SHCA_ASSESS"] = "arn:aws:iam::{account}:role/audit", "secret", " --baseline  fedramp-high "
	e := event{
		Run: "2026-11-22T06:00:00Z", Accounts: []string{"444455556666"}, Regions: []string{"us-east-1", "us-west-2"},
		Services: map[string][]string{"securityhub": {"--filter=Region={region}"}, "config": nil},
	}
	got, err := w.handle(e)
	if err != nil {
		t.Fatal(err)
	}
	want := &result{
		Run: e.Run, Verdict: "A verdict.", Problems: []string{"one"}, Package: "s3://bucket/package/",
		PassRate: json.RawMessage("75.00"), Coverage: json.RawMessage("null"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	const where = " --regions us-east-1,us-west-2 --accounts 444455556666 --role-arn arn:aws:iam::{account}:role/audit --external-id secret"
	ran := []string{
		"collect config --out s3://bucket/snapshots/2026-11-22T06:00:00Z/config.ndjson.zst --work DIR/2026-11-22T06:00:00Z/config" + where + encrypted,
		"collect securityhub --out s3://bucket/snapshots/2026-11-22T06:00:00Z/securityhub.ndjson.zst --work DIR/2026-11-22T06:00:00Z/securityhub" + where +
			" --filter=Region=us-east-1,us-west-2" + encrypted,
		"assess s3://bucket/snapshots/2026-11-22T06:00:00Z/ --out s3://bucket/package/ --now 2026-11-22T06:00:00Z --baseline fedramp-high" + encrypted,
	}
	if diff := cmp.Diff(ran, w.ran); diff != "" {
		t.Errorf("command lines (-want +got):\n%s", diff)
	}
	if log := w.log.String(); !strings.Contains(log, `"shca":{"run":"2026-11-22T06:00:00Z","incomplete":false`) || strings.Count(log, "\n") != 1 {
		t.Errorf("the log does not have the result on one line: %s", log)
	}
	if left, err := os.ReadDir(filepath.Join(w.dir, e.Run)); err != nil || len(left) > 0 {
		t.Errorf("left on the disk: %v, %v", left, err)
	}
}

// TestDefaults is the call without an event: Security Hub, here.
func TestDefaults(t *testing.T) {
	w := newWorld(t)
	w.env["SHCA_ROLE"] = "arn:aws:iam::{account}:role/audit" // for other accounts only
	w.codes["collect"] = 4
	w.codes["assess"] = 4
	got, err := w.handle(event{})
	if err != nil {
		t.Fatal(err)
	}
	if !got.Incomplete || got.Run != "2026-11-22T06-00-00Z" || len(w.ran) != 2 {
		t.Errorf("got %+v after %q, want an incomplete result of two commands", got, w.ran)
	}
	if want := "collect securityhub --out s3://bucket/snapshots/2026-11-22T06-00-00Z/securityhub.ndjson.zst --work DIR/2026-11-22T06-00-00Z/securityhub" + encrypted; w.ran[0] != want {
		t.Errorf("ran\n%s, want\n%s", w.ran[0], want)
	}
	if !strings.Contains(w.log.String(), `"incomplete":true`) {
		t.Errorf("the alarm's filter would miss %s", w.log.String())
	}
}

// TestSteps goes through the state machine with one place that cannot be read.
func TestSteps(t *testing.T) {
	w := newWorld(t)
	plan, err := w.handle(event{Step: "plan", Run: "r", Accounts: []string{"111122223333", "444455556666"}, Regions: []string{"us-gov-west-1"},
		Services: map[string][]string{"securityhub": {"--filter=Region={region}"}, "auditmanager": nil}})
	if err != nil {
		t.Fatal(err)
	}
	names := placeNames(plan.Places)
	want := []string{"auditmanager_111122223333_us-gov-west-1", "auditmanager_444455556666_us-gov-west-1", "securityhub_111122223333_us-gov-west-1", "securityhub_444455556666_us-gov-west-1"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Fatalf("places (-want +got):\n%s", diff)
	}
	w.codes["collect securityhub --out s3://bucket/snapshots/r/securityhub_444455556666"] = 1
	for _, p := range plan.Places {
		_, err := w.handle(event{Step: "collect", Run: "r", Place: p})
		if bad := p.Name == want[3]; bad != (err != nil) {
			t.Errorf("collect %s: error %v", p.Name, err)
		} else if bad && !strings.Contains(err.Error(), "exit code 1: shca: it says why") {
			t.Errorf("collect %s: the error does not say why: %v", p.Name, err)
		}
	}
	w.ran = nil
	got, err := w.handle(event{Step: "assess", Run: "r", Places: plan.Places})
	if err != nil {
		t.Fatal(err)
	}
	if !got.Incomplete || !slices.Equal(got.Missing, want[3:]) {
		t.Errorf("got %+v, want an incomplete result with %s missing", got, want[3])
	}
	if want := "assess s3://bucket/snapshots/r/ DIR/r/temp/missing.ndjson --out s3://bucket/package/"; len(w.ran) != 1 || !strings.HasPrefix(w.ran[0], want) {
		t.Errorf("ran %q, want one that begins with %s", w.ran, want)
	}
	var scopes []shca.Scope
	source := &snapshot.Source{Name: "missing.ndjson", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(w.missing)), nil }}
	for record, err := range source.Records(t.Context()) {
		if err != nil || record.Scope == nil {
			t.Fatalf("missing.ndjson yields %+v, %v", record, err)
		}
		scopes = append(scopes, *record.Scope)
	}
	if len(scopes) != 1 || scopes[0].Name() != "asff 444455556666 us-gov-west-1" || scopes[0].Complete() {
		t.Errorf("missing.ndjson has the scopes %+v, want one of 444455556666 with an error", scopes)
	}
}

func TestRefused(t *testing.T) {
	places := []place{{Name: "a", Service: "config"}, {Name: "b", Service: "config"}}
	for name, tc := range map[string]struct {
		event event
		world func(*world)
		want  string
	}{
		"step":        {event: event{Step: "destroy"}, want: `"destroy" is none of`},
		"no bucket":   {world: func(w *world) { delete(w.env, "SHCA_BUCKET") }, want: "SHCA_BUCKET is not set"},
		"run":         {event: event{Run: "../../x"}, want: `"../../x" is no name`},
		"service":     {event: event{Services: map[string][]string{"a/b": nil}}, want: `"a/b" is no name`},
		"place":       {event: event{Step: "collect"}, want: `"" is no name`},
		"no places":   {event: event{Step: "assess", Run: "r"}, want: "no places are named"},
		"no snapshot": {event: event{Step: "assess", Run: "r", Places: places}, want: "has no snapshot: nothing was collected"},
		"all failed":  {world: func(w *world) { w.codes["collect"] = 1 }, want: "exit code 1: shca: it says why"},
		"usage":       {world: func(w *world) { w.codes["assess"] = 2 }, want: "shca assess: exit code 2"},
		"interrupted": {world: func(w *world) { w.codes["assess"] = 130 }, want: "shca assess: exit code 130"},
		"stale result": {world: func(w *world) {
			w.stale, w.objects["package/assessment.json"] = true, `{"time":"2026-11-21T06:00:00Z"}`
		}, want: "has no assessment.json of this run"},
		"no result": {world: func(w *world) { w.stale = true }, want: "has no assessment.json of this run"},
		"foreign": {event: event{Step: "assess", Run: "r", Places: places}, world: func(w *world) {
			w.objects["snapshots/r/a.ndjson.zst"], w.objects["snapshots/r/c.ndjson.zst"] = "", ""
		}, want: `"c.ndjson.zst" for one`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if tc.world != nil {
				tc.world(w)
			}
			got, err := w.handle(tc.event)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %+v and the error %v, want one with %q", got, err, tc.want)
			}
			if w.log.Len() > 0 {
				t.Errorf("logged a result: %s", w.log.String())
			}
		})
	}
}

// TestClean checks that findings of an earlier run do not stay on the disk, and
// that those of this one do, to go on with.
func TestClean(t *testing.T) {
	w := newWorld(t)
	for _, dir := range []string{"old/securityhub", "r/securityhub", "r/temp"} {
		if err := os.MkdirAll(filepath.Join(w.dir, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.handle(event{Step: "collect", Run: "r", Place: place{Name: "securityhub", Service: "securityhub"}}); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(w.dir, "*", "*"))
	if err != nil || len(left) != 1 || !strings.HasSuffix(left[0], filepath.Join("r", "securityhub")) {
		t.Errorf("left on the disk: %q, %v", left, err)
	}
}

// TestMain is the program that TestCommand runs.
func TestMain(m *testing.M) {
	switch os.Getenv("SHCA_TEST_PROGRAM") {
	case "incomplete":
		fmt.Fprintln(os.Stderr, strings.Repeat("x", 5000), "the end")
		os.Exit(4)
	case "slow":
		time.Sleep(time.Minute)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestCommand(t *testing.T) {
	file, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SHCA_TEST_PROGRAM", "incomplete")
	var log bytes.Buffer
	code, said, err := program(file, &log)(t.Context(), t.TempDir(), "assess")
	if code != 4 || err != nil || len(said) > maxTail || !strings.HasSuffix(said, "the end") || log.Len() < 5000 {
		t.Errorf("got code %d, %d bytes %q, error %v, %d bytes of log", code, len(said), said, err, log.Len())
	}
	t.Setenv("SHCA_TEST_PROGRAM", "slow")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if _, _, err := program(file, io.Discard)(ctx, t.TempDir(), "collect"); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 30*time.Second {
		t.Errorf("a program that is too slow: error %v after %s", err, time.Since(begun))
	}
	if _, _, err := program(filepath.Join(t.TempDir(), "none"), io.Discard)(t.Context(), t.TempDir()); err == nil {
		t.Error("a program that is not there: no error")
	}
}
