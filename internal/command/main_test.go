package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"shca": Main})
}

// TestScripts runs testdata/script/*.txtar. Besides the usual commands there
// are:
//
//	code N COMMAND...   runs a command that must exit with N
//	same DIR DIR        two directories hold the same files with the same bytes
//	alike DIR DIR FILE...  as same, but of other inputs: what documents say of
//	                    inputs and digests may differ, and the FILEs altogether
//	tree DIR FILE       FILE lists every file below DIR
//	private DIR         nobody but the owner may read DIR or what is in it
//	shuffle FILE        reverses the lines of FILE
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			root, err := filepath.Abs("../..")
			env.Setenv("ROOT", root)
			return err
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"code": func(ts *testscript.TestScript, _ bool, args []string) {
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				got := 0
				var exit *exec.ExitError
				if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
					got = exit.ExitCode()
				} else {
					ts.Check(err)
				}
				if got != want {
					ts.Fatalf("exit code %d, want %d\n%s", got, want, ts.ReadFile("stderr"))
				}
			},
			"same": func(ts *testscript.TestScript, neg bool, args []string) {
				a, b := files(ts, args[0]), files(ts, args[1])
				if len(a) == 0 {
					ts.Fatalf("%s holds no files", args[0])
				}
				if !slices.Equal(a, b) {
					ts.Fatalf("files differ:\n%s\n%s", a, b)
				}
				for _, name := range a {
					if ts.ReadFile(filepath.Join(args[0], name)) != ts.ReadFile(filepath.Join(args[1], name)) {
						ts.Fatalf("%s differs", name)
					}
				}
			},
			"alike": func(ts *testscript.TestScript, neg bool, args []string) {
				a, b := files(ts, args[0]), files(ts, args[1])
				if len(a) == 0 || !slices.Equal(a, b) {
					ts.Fatalf("files differ:\n%s\n%s", a, b)
				}
				for _, name := range a {
					if slices.Contains(args[2:], name) {
						continue
					}
					one, two := ts.ReadFile(filepath.Join(args[0], name)), ts.ReadFile(filepath.Join(args[1], name))
					switch name {
					case "assessment.json", "manifest.json":
						one, two = withoutInputs(ts, one), withoutInputs(ts, two)
					case "oscal/assessment-results.json": // has digests of these
						digest := regexp.MustCompile(`"[0-9a-f]{64}"`)
						one, two = digest.ReplaceAllString(one, ""), digest.ReplaceAllString(two, "")
					}
					if one != two {
						ts.Fatalf("%s differs", name)
					}
				}
			},
			"tree": func(ts *testscript.TestScript, neg bool, args []string) {
				if got, want := strings.Join(files(ts, args[0]), "\n")+"\n", ts.ReadFile(args[1]); got != want {
					ts.Fatalf("files:\n%swant:\n%s", got, want)
				}
			},
			"private": func(ts *testscript.TestScript, neg bool, args []string) {
				ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, d fs.DirEntry, err error) error {
					if err != nil {
						return err
					}
					info, err := d.Info()
					if err == nil && info.Mode().Perm()&0o077 != 0 {
						ts.Fatalf("%s has mode %v", path, info.Mode())
					}
					return err
				}))
			},
			"shuffle": func(ts *testscript.TestScript, neg bool, args []string) {
				lines := slices.Collect(strings.Lines(ts.ReadFile(args[0])))
				slices.Reverse(lines)
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Join(lines, "")), 0o600))
			},
		},
	})
}

// withoutInputs returns a document without what it says of inputs and files.
func withoutInputs(ts *testscript.TestScript, text string) string {
	var document map[string]json.RawMessage
	ts.Check(json.Unmarshal([]byte(text), &document))
	for _, member := range []string{"inputs", "command", "files", "sha256"} {
		delete(document, member)
	}
	rest, err := json.Marshal(document)
	ts.Check(err)
	return string(rest)
}

func files(ts *testscript.TestScript, dir string) []string {
	var names []string
	root := ts.MkAbs(dir)
	ts.Check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(root, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	}))
	return names
}

// try runs the command in this process.
func try(ctx context.Context, stdin string, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(ctx, args, process{
		stdin: strings.NewReader(stdin), stdout: &out, stderr: &err,
		getenv: func(string) string { return "" },
		now:    func() time.Time { return time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC) },
	})
	return code, out.String(), err.String()
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := filepath.Join(t.TempDir(), "package")
	code, _, stderr := try(ctx, `{"Findings":[]}`, "assess", "-", "--out", dir)
	if code != exitInterrupted || !strings.Contains(stderr, "interrupted; nothing was written") {
		t.Errorf("code %d, stderr %q", code, stderr)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s exists after an interruption", dir)
	}
}

// blocked is an input that never comes.
type blocked struct{ read chan struct{} }

func (b blocked) Read([]byte) (int, error) {
	close(b.read)
	select {}
}

// An input that does not come must not keep the user from leaving.
func TestInterruptedWhileWaiting(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	in := blocked{make(chan struct{})}
	go func() {
		<-in.read
		cancel()
	}()
	var stderr bytes.Buffer
	code := run(ctx, []string{"assess", "-", "--out", filepath.Join(t.TempDir(), "package")}, process{
		stdin: in, stdout: &stderr, stderr: &stderr, getenv: func(string) string { return "" }, now: time.Now,
	})
	if code != exitInterrupted {
		t.Errorf("code %d: %s", code, &stderr)
	}
}

// Foreign text reaches the terminal in the summary and in messages.
func TestTerminalIsSafe(t *testing.T) {
	finding := `{"Id":"x\u001b[31m","AwsAccountId":"000000000001","GeneratorId":"security-control/S3.8","ProductArn":"arn:aws:securityhub:us-east-1::product/aws/securityhub",` +
		`"Title":"evil \u001b]0;title\u0007 \u202e text","Severity":{"Label":"HIGH"},"Compliance":{"Status":"FAILED"}}`
	broken := `{"Id":"y\u001b[31m","AwsAccountId":"1","GeneratorId":"g","Title":5}`
	code, _, stderr := try(context.Background(), finding+"\n"+broken+"\n", "assess", "-", "--out", t.TempDir())
	if code != exitIncomplete {
		t.Fatalf("code %d: %s", code, stderr)
	}
	if strings.ContainsAny(stderr, "\x1b\x07\u202e") {
		t.Errorf("control characters on the terminal: %q", stderr)
	}
	if !strings.Contains(stderr, "evil") || !strings.Contains(stderr, "finding 2") {
		t.Errorf("summary or message is missing: %s", stderr)
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestConvertSaysOnceThatNothingCanBeWritten(t *testing.T) {
	var stderr bytes.Buffer
	code := run(context.Background(), []string{"convert", "--to", "ocsf"}, process{
		stdin:  strings.NewReader(`{"SchemaVersion":"2018-10-08","Id":"a","ProductArn":"p","Title":"t"}`),
		stdout: full{}, stderr: &stderr, getenv: func(string) string { return "" }, now: time.Now,
	})
	if want := "shca: no space left\n"; code != exitFailed || stderr.String() != want {
		t.Errorf("code %d, stderr %q, want %d, %q", code, &stderr, exitFailed, want)
	}
}
