package manifest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/render"
	"github.com/go-shca/shca/render/manifest"
	"github.com/go-shca/shca/render/rendertest"
)

// keys are new keys of every kind that signs.
func keys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]crypto.Signer{"ed25519": ed}
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		k, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		all["ECDSA "+curve.Params().Name] = k
	}
	return all
}

func pemOf(t testing.TB, kind string, der []byte, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func pkcs8(t testing.TB, k crypto.Signer) string {
	der, err := x509.MarshalPKCS8PrivateKey(k)
	return pemOf(t, "PRIVATE KEY", der, err)
}

func pkix(t testing.TB, k crypto.Signer) string {
	der, err := x509.MarshalPKIXPublicKey(k.Public())
	return pemOf(t, "PUBLIC KEY", der, err)
}

func write(t testing.TB, file, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// read reads a key that was made for the test.
func readKeys(t testing.TB, k crypto.Signer) (*manifest.PrivateKey, *manifest.PublicKey) {
	t.Helper()
	dir := t.TempDir()
	private, err := manifest.ReadPrivateKey(write(t, filepath.Join(dir, "key.pem"), pkcs8(t, k)))
	if err != nil {
		t.Fatal(err)
	}
	public, err := manifest.ReadPublicKey(write(t, filepath.Join(dir, "key.pub"), pkix(t, k)))
	if err != nil {
		t.Fatal(err)
	}
	return private, public
}

// written writes a package of the formats and returns its directory.
func written(t testing.TB, a *shca.Assessment, o manifest.Options, names ...string) (dir string, files []shca.Artifact) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "package")
	return dir, rewritten(t, dir, a, o, names...)
}

// rewritten writes a package to the directory.
func rewritten(t testing.TB, dir string, a *shca.Assessment, o manifest.Options, names ...string) []shca.Artifact {
	t.Helper()
	formats, err := render.Select(names, render.Options{Manifest: o})
	if err != nil {
		t.Fatal(err)
	}
	files, err := render.WriteDir(t.Context(), dir, a, formats)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// packed packs a package that written wrote.
func packed(t testing.TB, a *shca.Assessment, dir string, files []shca.Artifact) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "package.zip")
	if _, err := render.Package(t.Context(), file, dir, a, files); err != nil {
		t.Fatal(err)
	}
	return file
}

func verify(t testing.TB, name string, key *manifest.PublicKey) manifest.Result {
	t.Helper()
	r, err := manifest.Verify(t.Context(), name, manifest.VerifyOptions{Key: key})
	if err != nil {
		r.Problems, r.ProblemCount = append(r.Problems, err.Error()), r.ProblemCount+1
	}
	return r
}

// wantProblem checks that one of the problems begins so, and that the number of
// problems is right unless it is 0.
func wantProblem(t testing.TB, what string, r manifest.Result, count int, want string) {
	t.Helper()
	begins := func(p string) bool { return strings.HasPrefix(p, want) }
	if r.ProblemCount == 0 || !slices.ContainsFunc(r.Problems, begins) || count > 0 && r.ProblemCount != count {
		t.Errorf("%s: %d problems %q, want %q", what, r.ProblemCount, r.Problems, want)
	}
}

func fileNames(t testing.TB, dir string) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func content(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func fixture(t testing.TB) *shca.Assessment {
	a := *rendertest.Fixture(t)
	a.Inputs = []shca.Input{{Name: "findings.json", Size: 12, SHA256: strings.Repeat("0a", 32)}}
	return &a
}
