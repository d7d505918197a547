package input

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-shca/shca/internal/input/inputtest"
)

// TestDigestChanged: a file that is read here and there and changes meanwhile
// has no digest; one that is read in order has that of what was read.
func TestDigestChanged(t *testing.T) {
	content := "PAR1" + strings.Repeat("0123456789", 20_000) + "PAR1"
	for name, change := range map[string]func(path string) error{
		"nothing": func(string) error { return nil },
		"longer": func(path string) error {
			return os.WriteFile(path, []byte(content+"x"), 0o600)
		},
		"shorter": func(path string) error { return os.Truncate(path, 150_000) },
		"other bytes": func(path string) error {
			if err := os.WriteFile(path, bytes.ToUpper([]byte(content)), 0o600); err != nil {
				return err
			}
			return os.Chtimes(path, time.Time{}, time.Unix(1, 0))
		},
	} {
		for _, random := range []bool{true, false} {
			path := filepath.Join(t.TempDir(), "x")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			files, err := List([]string{path}, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			f, digest := files[0].Digested()
			s, err := Text(f, nil)
			if err != nil {
				t.Fatal(err)
			}
			if random {
				r, size, err := s.Random(t.Context())
				if err != nil || size != int64(len(content)) {
					t.Fatalf("%d bytes, %v", size, err)
				}
				if got, err := io.ReadAll(io.NewSectionReader(r, 0, size)); string(got) != content || err != nil {
					t.Fatalf("read %d bytes, %v", len(got), err)
				}
			}
			if err := change(path); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			in, ok, err := digest.Sum(t.Context())
			if want := !random || name == "nothing"; ok != want || (err == nil) != want {
				t.Errorf("%s, read here and there %t: %+v, %t, %v", name, random, in, ok, err)
			}
			if err := digest.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestDigestClose: the file is closed once, when reader and digest both are.
func TestDigestClose(t *testing.T) {
	for _, stored := range []string{"{}", inputtest.Gzip("{}"), inputtest.Gzip("{}")[:5], "PK\x03\x04"} {
		for _, readerFirst := range []bool{true, false} {
			n := 0
			f, digest := File{Open: func() (io.ReadCloser, error) { return closing{strings.NewReader(stored), &n}, nil }}.Digested()
			s, err := Text(f, nil)
			closeReader := func() {
				if err == nil {
					s.Close()
				}
			}
			if readerFirst {
				closeReader()
				if n != 0 {
					t.Errorf("%.10q: closed before the digest was", stored)
				}
				digest.Close()
			} else {
				digest.Close()
				closeReader()
			}
			digest.Close()
			if n != 1 {
				t.Errorf("%.10q, reader first %t: closed %d times", stored, readerFirst, n)
			}
			if _, ok, err := digest.Sum(t.Context()); ok || err != nil {
				t.Errorf("%.10q: a sum after Close: %t, %v", stored, ok, err)
			}
		}
	}
	_, digest := File{Err: os.ErrPermission}.Digested()
	if _, ok, err := digest.Sum(t.Context()); ok || err != nil || digest.Close() != nil {
		t.Errorf("not opened: %t, %v", ok, err)
	}
}
