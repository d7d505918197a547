package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const data = "../data"

// TestDataIsConsistent runs all checks of the generator on the tables that the
// package embeds, which must come out as they went in.
func TestDataIsConsistent(t *testing.T) {
	files, notes, err := generate(data)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(data)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(files) {
		t.Errorf("%s has %d files, the generator writes %d", data, len(entries), len(files))
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the generator writes; run go run ./catalogs/generate -facts DIR", name)
		}
	}
	want := []string{
		"sa-12 is replaced by a whole family, SR",
		"SageMaker.4 names SA-13, which is withdrawn; kept as published",
		"CCI-002734 names SI-7(13), which is withdrawn; kept as published",
		"CCI-002523 stands for two places, [sc-37 ] and [sc-37.1 ]",
	}
	if diff := cmp.Diff(want, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

// TestFaults changes one place of the tables and wants the generator to say
// so.
func TestFaults(t *testing.T) {
	for _, tc := range []struct{ file, old, new, want string }{
		{controlsFile, "\nac-2,", "\nac-02,", "OSCAL's spelling"},
		{controlsFile, "\nac-2,", "\nfoo,", `"foo" is not a`},
		{controlsFile, "\nac-2,", "\nac-1,", "ac-1 stands after ac-1"},
		{controlsFile, "\nac-2.1,Automated System Account Management,ac-2,", "\nac-2.1,Automated System Account Management,ac-3,", `parent "ac-3", want "ac-2"`},
		{controlsFile, ",Account Management,", ",,", "ac-2: no title"},
		{controlsFile, "\nac-2,Account Management,,,,,x", "\nac-2,Account Management,,,,,", "baseline low has 148 controls, want 149"},
		{controlsFile, "\nac-2,Account Management,,,,,x", "\nac-2,Account Management,,,,,y", `column "low" is "y"`},
		{controlsFile, "\nac-2,Account Management,,,", "\nac-2,Account Management,,x,", "ac-2 is withdrawn and in baseline low"},
		{controlsFile, ",x,mp-4 sc-28,", ",x,mp-4 sc-99,", "replaced by sc-99, which is no control"},
		{controlsFile, ",x,mp-4 sc-28,", ",x,mp-4 what,", `"what" is not a`},
		{controlsFile, ",x,mp-4 sc-28,", ",,mp-4 sc-28,", "but not withdrawn"},
		{controlsFile, ",withdrawn,", ",gone,", `no column "withdrawn"`},
		{familiesFile, "\nAC,", "\nAX,", `family "AX"`},
		{familiesFile, "AC,Access Control\n", "", "family AC has no title"},
		{checksFile, "\nACM.1,MEDIUM", "\nACM.1,WARM", `severity "WARM"`},
		{checksFile, "\nACM.1,", "\nAPIGateway.1,", `check "APIGateway.1": want each check once`},
		{checksFile, ",sc-7.16 sc-28.3,", ",sc-7.16 sc-7.16,", "ACM.1 names SC-7(16) twice"},
		{checksFile, ",sc-7.16 sc-28.3,", ",sc-7.99,", "ACM.1 names sc-7.99, which is no control"},
		{checksFile, ",sc-7.16 sc-28.3,", ",ac-13,", "ACM.1 names AC-13, which is withdrawn"},
		{checksFile, ",sc-7.16 sc-28.3,", ",sc-7.4.a,", "names a part"},
		{checksFile, ",sc-7.16 sc-28.3,", ",,", "ACM.1: no controls"},
		{ccisFile, "\nCCI-000002,", "\nCCI-2,", "want a CCI such as"},
		{ccisFile, "\nCCI-000002,ac-1,a.1.a\n", "\n", "has 3814 rows, want 3815"},
		{ccisFile, "\nCCI-000002,ac-1,a.1.a\n", "\nCCI-000003,ac-1,c.1\n", "is there twice"},
		{ccisFile, "\nCCI-000002,ac-1,", "\nCCI-000002,ac-13,", "AC-13, which is withdrawn"},
	} {
		t.Run(tc.file+" "+tc.want, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(data)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, tc.file)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			changed := bytes.Replace(b, []byte(tc.old), []byte(tc.new), 1)
			if bytes.Equal(changed, b) {
				t.Fatalf("%s does not have %q", tc.file, tc.old)
			}
			if err := os.WriteFile(path, changed, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, _, err := generate(dir); err == nil || !strings.Contains(err.Error(), tc.file+": ") || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one of %s that says %q", err, tc.file, tc.want)
			}
		})
	}
}

func TestRun(t *testing.T) {
	out := t.TempDir()
	var stderr bytes.Buffer
	if code := run([]string{"-facts", data, "-out", out}, &stderr); code != 0 {
		t.Fatalf("exit %d: %s", code, &stderr)
	}
	for _, name := range []string{controlsFile, familiesFile, checksFile, ccisFile} {
		want, err := os.ReadFile(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(out, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs from the one of %s, error %v", name, data, err)
		}
	}
	for _, tc := range []struct {
		args []string
		code int
	}{
		{nil, 2},
		{[]string{"-facts", data, "more"}, 2},
		{[]string{"-nonsense"}, 2},
		{[]string{"-h"}, 0},
		{[]string{"-facts", t.TempDir(), "-out", out}, 1},
		{[]string{"-facts", data, "-out", filepath.Join(out, "nowhere")}, 1},
	} {
		stderr.Reset()
		if code := run(tc.args, &stderr); code != tc.code || stderr.Len() == 0 {
			t.Errorf("run(%q) = %d, %q; want %d and a message", tc.args, code, &stderr, tc.code)
		}
	}
}
