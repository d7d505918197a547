package render_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/render"
	"github.com/go-shca/shca/render/rendertest"
)

// tree returns the files below dir and their content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		files[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWriteDir(t *testing.T) {
	a := rendertest.Fixture(t)
	// Signs that a pattern would read, and a folder that does not exist.
	dir := filepath.Join(t.TempDir(), "a[b]c", "{d}")
	if runtime.GOOS != "windows" {
		dir = filepath.Join(t.TempDir(), "a[b-*?]\\", "{d}[")
	}
	written, err := render.WriteDir(t.Context(), dir, a, render.Formats)
	if err != nil {
		t.Fatal(err)
	}
	files := tree(t, dir)
	if len(written) != len(files) {
		t.Errorf("%d artifacts are listed, %d files are there", len(written), len(files))
	}
	if !slices.IsSortedFunc(written, func(a, b shca.Artifact) int { return strings.Compare(a.File, b.File) }) {
		t.Errorf("artifacts are not in order: %v", written)
	}
	for _, w := range written {
		sum := sha256.Sum256([]byte(files[w.File]))
		if w.Size != int64(len(files[w.File])) || w.SHA256 != hex.EncodeToString(sum[:]) || w.MediaType == "" {
			t.Errorf("%+v: the file has %d bytes and SHA-256 %x", w, len(files[w.File]), sum)
		}
	}
	if runtime.GOOS != "windows" {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, _ error) error {
			info, err := d.Info()
			want := fs.FileMode(0o600)
			if d.IsDir() {
				want = 0o700
			}
			if err == nil && info.Mode().Perm() != want {
				t.Errorf("%s has mode %v, want %v", path, info.Mode().Perm(), want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}

	// What an earlier run left goes; what others put there stays.
	write(t, filepath.Join(dir, "controls/ready/ZZ-9.csv"), "control,check\r\nZZ-9,S3.8\r\n")
	write(t, filepath.Join(dir, "controls/attention/ZZ-9(1).csv"), "control,check\r\nZZ-9(1),S3.8\r\n")
	foreign := []string{"controls/ready/notes.txt", "controls/notes.csv", "notes.csv", "controls/ready/more/x.csv", "controls/ready/folder.csv/x"}
	for _, name := range foreign {
		write(t, filepath.Join(dir, name), "foreign")
		files[name] = "foreign"
	}
	again, err := render.WriteDir(t.Context(), dir, a, render.Formats)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(written, again); diff != "" {
		t.Errorf("the second run lists other artifacts:\n%s", diff)
	}
	if diff := cmp.Diff(files, tree(t, dir)); diff != "" {
		t.Errorf("after the second run (-want +got):\n%.2000s", diff)
	}
}

func TestWriteDirFails(t *testing.T) {
	a := rendertest.Fixture(t)
	errRender := errors.New("no")
	good := render.Format{Name: "good", File: "good.txt", MediaType: "text/plain", Render: func(_ context.Context, w io.Writer, _ *shca.Assessment) error {
		_, err := io.WriteString(w, "new")
		return err
	}}
	more := func(more func(context.Context, render.Create, *shca.Assessment) error) render.Format {
		f := good
		f.Name, f.File, f.More, f.Owned = "more", "more.txt", more, []string{"more/*.txt"}
		return f
	}
	create := func(name string, finish bool) render.Format {
		return more(func(_ context.Context, create render.Create, _ *shca.Assessment) error {
			w, err := create(name, "text/plain")
			if err != nil || !finish {
				return err
			}
			return w.Close()
		})
	}
	bad := good
	bad.Name, bad.File = "bad", "bad.txt"
	bad.Render = func(_ context.Context, w io.Writer, _ *shca.Assessment) error {
		_, err := io.WriteString(w, "half")
		return errors.Join(err, errRender)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		name    string
		ctx     context.Context
		formats []render.Format
		want    string
	}{
		{"Render", t.Context(), []render.Format{good, bad}, "bad.txt: no"},
		{"More", t.Context(), []render.Format{good, more(func(context.Context, render.Create, *shca.Assessment) error { return errRender })}, "more: no"},
		{"not closed", t.Context(), []render.Format{good, create("more/a.txt", false)}, "1 files were begun and not finished"},
		{"twice", t.Context(), []render.Format{good, create("good.txt", true)}, "exist"},
		{"outside", t.Context(), []render.Format{good, create("../a.txt", true)}, "is no name for an artifact"},
		{"absolute", t.Context(), []render.Format{good, create("/a.txt", true)}, "is no name for an artifact"},
		{"unclean", t.Context(), []render.Format{good, create("more//a.txt", true)}, "is no name for an artifact"},
		{"cancelled", cancelled, render.Formats, "context canceled"},
	} {
		t.Run(test.name, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "out")
			if _, err := render.WriteDir(test.ctx, dir, a, test.formats); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if entries, err := os.ReadDir(parent); err != nil || len(entries) > 0 {
				t.Errorf("left in a new directory: %v, %v", entries, err)
			}
			for _, name := range []string{"good.txt", "more/old.txt", "controls/ready/AC-1.csv", "report.md"} {
				write(t, filepath.Join(dir, name), "old")
			}
			before := tree(t, dir)
			if _, err := render.WriteDir(test.ctx, dir, a, test.formats); err == nil {
				t.Error("no error over an earlier run")
			}
			if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
				t.Errorf("an earlier run's files changed:\n%s", diff)
			}
			entries, err := os.ReadDir(dir)
			if err != nil || slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") }) {
				t.Errorf("left behind: %v, %v", entries, err)
			}
		})
	}
}

func TestWriteDirNoDirectory(t *testing.T) {
	a := rendertest.Fixture(t)
	parent := t.TempDir()
	file := filepath.Join(parent, "file")
	write(t, file, "x")
	for _, dir := range []string{file, filepath.Join(file, "out")} {
		if _, err := render.WriteDir(t.Context(), dir, a, render.Formats); err == nil {
			t.Errorf("%s: no error", dir)
		}
	}
	if os.Getuid() > 0 { // not as root, nor on Windows
		if err := os.Chmod(parent, 0o500); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(parent, 0o700)
		if _, err := render.WriteDir(t.Context(), filepath.Join(parent, "out"), a, render.Formats); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("unwritable directory: error %v", err)
		}
	}
}

func TestSelect(t *testing.T) {
	for _, test := range []struct{ names, want, err string }{
		{"", "csv json md html pdf xlsx asff ocsf oscal manifest", ""},
		{"md csv", "csv md", ""},
		{"md md", "md", ""},
		{"md docx", "", `unknown format "docx": there are csv, json, md, html, pdf, xlsx, asff, ocsf, ocsf-parquet, oscal, manifest`},
	} {
		formats, err := render.Select(strings.Fields(test.names), render.Options{})
		var names []string
		for _, f := range formats {
			names = append(names, f.Name)
		}
		if got := strings.Join(names, " "); got != test.want || fmt.Sprint(err) != fmt.Sprint(errorOf(test.err)) {
			t.Errorf("Select(%q) = %q, %v; want %q, %q", test.names, got, err, test.want, test.err)
		}
	}
}

func errorOf(text string) error {
	if text == "" {
		return nil
	}
	return errors.New(text)
}

// TestCheckDir: a directory cannot come to hold artifacts of two assessments.
func TestCheckDir(t *testing.T) {
	csv, json := one(t, "csv"), one(t, "json")
	for name, test := range map[string]struct {
		prepare func(dir string) error
		formats []render.Format
		want    string
	}{
		"no directory":            {func(dir string) error { return os.Remove(dir) }, json, ""},
		"empty":                   {func(string) error { return nil }, json, ""},
		"own artifact":            {file("assessment.json"), json, ""},
		"another format's":        {file("findings.csv"), json, "findings.csv is of an earlier run"},
		"another format's folder": {file("controls/ready/AC-2.csv"), json, "AC-2.csv is of an earlier run"},
		"a user's file":           {file("notes.txt"), json, ""},
		"a user's table":          {file("controls/ready/AC-2-evidence.csv"), json, ""},
		"a numbered artifact":     {file("controls/ready/AC-2_2.csv"), json, "AC-2_2.csv is of an earlier run"},
		"all formats":             {file("findings.csv"), render.Formats, ""},
		"a folder in the way":     {file("assessment.json/x"), json, "assessment.json is a folder"},
		"in the way of More":      {file("findings.csv/x"), csv, "findings.csv is a folder"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := test.prepare(dir); err != nil {
				t.Fatal(err)
			}
			err := render.CheckDir(dir, test.formats)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("CheckDir: %v, want %q", err, test.want)
			}
		})
	}
}

func one(t *testing.T, name string) []render.Format {
	t.Helper()
	formats, err := render.Select([]string{name}, render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return formats
}

// file makes an empty file and the folders above it.
func file(name string) func(dir string) error {
	return func(dir string) error {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			return err
		}
		return os.WriteFile(full, []byte("control,check\r\nAC-2,S3.8\r\n"), 0o600)
	}
}

// TestWriteDirCarriesOn checks that what somebody wrote into a document that
// people edit survives the next run.
func TestWriteDirCarriesOn(t *testing.T) {
	dir, a := t.TempDir(), rendertest.Fixture(t)
	formats, err := render.Select([]string{"oscal"}, render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const file, before, after = "oscal/system-security-plan.json", "TO BE COMPLETED: how the system implements AC-3", "By a gate that we built, AC-3"
	if _, err := render.WriteDir(t.Context(), dir, a, formats); err != nil {
		t.Fatal(err)
	}
	text := tree(t, dir)[file]
	if !strings.Contains(text, before) {
		t.Fatalf("%s does not have %q:\n%s", file, before, text)
	}
	write(t, filepath.Join(dir, file), strings.Replace(text, before, after, 1))
	if _, err := render.WriteDir(t.Context(), dir, a, formats); err != nil {
		t.Fatal(err)
	}
	if text := tree(t, dir)[file]; !strings.Contains(text, after) {
		t.Errorf("the edit is gone:\n%s", text)
	}
}
