package manifest_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/go-shca/shca/render/manifest"
)

// TestVerify: what was written is in order, in a directory and in an archive.
func TestVerify(t *testing.T) {
	a := fixture(t)
	private, public := readKeys(t, keys(t)["ed25519"])
	for _, o := range []manifest.Options{{}, {Signer: private}} {
		dir, files := written(t, a, o)
		if err := os.MkdirAll(filepath.Join(dir, "nothing", "here"), 0o700); err != nil {
			t.Fatal(err)
		}
		zip := packed(t, a, dir, files)
		want := manifest.Result{Files: len(files) - 1, Signature: manifest.Unsigned}
		var key *manifest.PublicKey
		if o.Signer != nil {
			want.Files, want.Signature = len(files)-2, manifest.Unchecked
		}
		for range 2 {
			for _, name := range []string{dir, zip} {
				want.Zip, want.Sealed = name == zip, name == zip
				if r := verify(t, name, key); r.ProblemCount != 0 || r.Files != want.Files || r.Signature != want.Signature || r.Zip != want.Zip || r.Sealed != want.Sealed {
					t.Errorf("%s: got %+v, want %+v", name, r, want)
				}
			}
			if o.Signer == nil {
				break
			}
			key, want.Signature = public, manifest.Verified
		}
	}
}

// TestVerifyEveryByteOfZip: no byte of an archive can be another.
func TestVerifyEveryByteOfZip(t *testing.T) {
	a := fixture(t)
	private, public := readKeys(t, keys(t)["ed25519"])
	dir, files := written(t, a, manifest.Options{Signer: private}, "md", "csv", "manifest")
	zip := packed(t, a, dir, files)
	text := []byte(content(t, zip))
	changed := filepath.Join(t.TempDir(), "changed.zip")
	for i := range text {
		for _, flip := range []byte{0x01, 0x20, 0x80, 0xff} {
			if flip != 0x01 && i%7 != 0 && i < len(text)-200 {
				continue
			}
			text[i] ^= flip
			if r, err := manifest.VerifyZip(t.Context(), bytes.NewReader(text), int64(len(text)), manifest.VerifyOptions{}); err == nil && r.ProblemCount == 0 {
				t.Fatalf("byte %d of %d with %#x: %+v", i, len(text), flip, r)
			}
			text[i] ^= flip
		}
	}
	for name, other := range map[string][]byte{
		"cut off": text[:len(text)-1], "without comment": text[:len(text)-71], "longer": append(text[:len(text):len(text)], 'x'),
		"twice": append(text[:len(text):len(text)], text...), "empty": nil, "begun later": text[1:], "with something in front": append([]byte("x"), text...),
	} {
		if err := os.WriteFile(changed, other, 0o600); err != nil {
			t.Fatal(err)
		}
		if r := verify(t, changed, public); r.ProblemCount == 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestVerifyEveryByteOfDir: no byte of a directory's files can be another; of the
// signature itself none if the key is given.
func TestVerifyEveryByteOfDir(t *testing.T) {
	a := fixture(t)
	for _, kind := range []string{"ed25519", "ECDSA P-384"} {
		private, public := readKeys(t, keys(t)[kind])
		dir, _ := written(t, a, manifest.Options{Signer: private}, "md", "csv", "manifest")
		for _, name := range fileNames(t, dir) {
			file := filepath.Join(dir, name)
			text := []byte(content(t, file))
			step := 1 + len(text)/80
			for i := 0; i < len(text); i += step {
				flip := []byte{0x01, 0x20, 0x80, 0xff, 0x2a}[i%5] // 0x2a makes a line break a space
				if i > len(text)-100 {
					step = 1
				}
				text[i] ^= flip
				write(t, file, string(text))
				if r := verify(t, dir, public); r.ProblemCount == 0 {
					t.Fatalf("%s, %s: byte %d of %d with %#x: %+v", kind, name, i, len(text), flip, r)
				}
				if name != manifest.SignatureFile {
					if r := verify(t, dir, nil); r.ProblemCount == 0 {
						t.Fatalf("%s: byte %d of %d with %#x, without a key: %+v", name, i, len(text), flip, r)
					}
				}
				text[i] ^= flip
			}
			write(t, file, string(text))
		}
		if r := verify(t, dir, public); r.ProblemCount > 0 {
			t.Fatalf("mended: %+v", r)
		}
	}
}

// TestVerifyFiles: each file that is missing, added or has another name shows.
func TestVerifyFiles(t *testing.T) {
	a := fixture(t)
	private, public := readKeys(t, keys(t)["ed25519"])
	dir, files := written(t, a, manifest.Options{Signer: private})
	for _, f := range files {
		file := filepath.Join(dir, filepath.FromSlash(f.File))
		text := content(t, file)
		if err := os.Rename(file, file+"x"); err != nil {
			t.Fatal(err)
		}
		r := verify(t, dir, public)
		wantProblem(t, "renamed", r, 0, f.File+": missing")
		if f.File != manifest.File {
			wantProblem(t, "renamed", r, 2, f.File+"x: added: the manifest does not list it")
		}
		if err := os.Remove(file + "x"); err != nil {
			t.Fatal(err)
		}
		wantProblem(t, "removed", verify(t, dir, public), 1, f.File+": missing")
		for _, other := range []string{text + "x", text[:len(text)-1], ""} {
			write(t, file, other)
			if f.File != manifest.File && f.File != manifest.SignatureFile {
				wantProblem(t, "other size", verify(t, dir, public), 1, f.File+": changed: it has ")
			}
		}
		write(t, file, text)
	}
	for _, name := range []string{".DS_Store", "controls/.hidden", "notes.txt", "controls/ready/deep/er/x", ".shca-1.partial/report.md", "manifest.json.bak", "oscal/manifest.json"} {
		file := write(t, filepath.Join(dir, filepath.FromSlash(name)), "x")
		wantProblem(t, "added", verify(t, dir, public), 1, name+": added: the manifest does not list it")
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	if r := verify(t, dir, public); r.ProblemCount > 0 {
		t.Fatalf("mended: %+v", r)
	}
	ssp := filepath.Join(dir, "oscal/system-security-plan.json")
	write(t, ssp, strings.Replace(content(t, ssp), "e", "E", 1))
	wantProblem(t, "SSP", verify(t, dir, nil), 1, "oscal/system-security-plan.json: changed: it has not the SHA-256 that the manifest says (if somebody completed it: ")
	for i := range 300 {
		write(t, filepath.Join(dir, "more", strings.Repeat("x", i+1)[:min(i+1, 100)]+string(rune('a'+i%26))+strings.Repeat("y", i/26)), "")
	}
	if r := verify(t, dir, nil); r.ProblemCount != 301 || len(r.Problems) != manifest.MaxProblems {
		t.Errorf("%d problems, %d kept", r.ProblemCount, len(r.Problems))
	}
}

// TestVerifyLinks: nothing is followed out of the directory.
func TestVerifyLinks(t *testing.T) {
	a := fixture(t)
	dir, _ := written(t, a, manifest.Options{}, "md", "csv", "manifest")
	outside := t.TempDir()
	report := filepath.Join(dir, "report.md")
	write(t, filepath.Join(outside, "report.md"), content(t, report))
	if err := os.Remove(report); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(outside, "report.md"), report); err != nil {
		t.Skip(err)
	}
	r := verify(t, dir, nil)
	wantProblem(t, "link to a file", r, 2, "report.md: added: it is a symbolic link")
	wantProblem(t, "link to a file", r, 2, "report.md: missing")

	dir, _ = written(t, a, manifest.Options{}, "md", "csv", "manifest")
	if err := os.Rename(filepath.Join(dir, "controls"), filepath.Join(outside, "controls")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(outside, "controls"), filepath.Join(dir, "controls")); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, "link to a folder", verify(t, dir, nil), 0, "controls: added: it is a symbolic link")
	if err := os.Remove(filepath.Join(dir, "controls")); err != nil {
		t.Fatal(err)
	}

	link := filepath.Join(t.TempDir(), "link")
	dir, _ = written(t, a, manifest.Options{}, "md", "manifest")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if r := verify(t, link, nil); r.ProblemCount != 0 {
		t.Errorf("a package that the user names by a link: %+v", r)
	}
	if err := os.Rename(filepath.Join(dir, manifest.File), filepath.Join(outside, manifest.File)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(outside, manifest.File), filepath.Join(dir, manifest.File)); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, "manifest", verify(t, dir, nil), 1, "manifest.json: is no regular file")
}

func TestVerifyUnreadable(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		t.Skip("everything can be read")
	}
	dir, _ := written(t, fixture(t), manifest.Options{}, "md", "csv", "manifest")
	if err := os.Chmod(filepath.Join(dir, "report.md"), 0); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, "file", verify(t, dir, nil), 1, "report.md: cannot be read: ")
	folder := filepath.Join(dir, "controls")
	if err := os.Chmod(folder, 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(folder, 0o700)
	wantProblem(t, "folder", verify(t, dir, nil), 0, "controls: cannot be read: ")
}

func TestVerifyNoPackage(t *testing.T) {
	dir := t.TempDir()
	wantProblem(t, "empty directory", verify(t, dir, nil), 1, "manifest.json: missing: this is no package of shca")
	inside, _ := written(t, fixture(t), manifest.Options{}, "md", "manifest")
	wantProblem(t, "directory above", verify(t, filepath.Dir(inside), nil), 1, "manifest.json: missing; there is one in package: name that directory")
	for name, test := range map[string]struct{ text, want string }{
		"report.md":     {"# Report", "is no zip archive"},
		"empty":         {"", "is no zip archive"},
		"manifest.json": {"{}", "name the directory that it is in"},
	} {
		_, err := manifest.Verify(t.Context(), write(t, filepath.Join(dir, name), test.text), manifest.VerifyOptions{})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
	if _, err := manifest.Verify(t.Context(), filepath.Join(dir, "absent"), manifest.VerifyOptions{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := fixture(t)
	d, files := written(t, a, manifest.Options{})
	for _, name := range []string{d, packed(t, a, d, files)} {
		if _, err := manifest.Verify(ctx, name, manifest.VerifyOptions{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: cancelled: %v", name, err)
		}
	}
}
