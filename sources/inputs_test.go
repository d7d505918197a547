package sources_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/input/inputtest"
	"github.com/go-shca/shca/sources"
)

func inputOf(name, stored string) shca.Input {
	sum := sha256.Sum256([]byte(stored))
	return shca.Input{Name: name, Size: int64(len(stored)), SHA256: hex.EncodeToString(sum[:])}
}

// TestInputs: every file has a digest of its bytes as stored, in the order of
// reading, whether they could be decoded or not.
func TestInputs(t *testing.T) {
	many := strings.Repeat(finding("x")+"\n", 3000) // more than any buffer
	var table bytes.Buffer
	type row struct {
		ClassUID int32 `parquet:"class_uid"`
	}
	if err := parquet.Write(&table, make([]row, 50_000)); err != nil {
		t.Fatal(err)
	}
	stored := []string{
		finding("a"), many, inputtest.Gzip(many), inputtest.Zstd(many), "\xef\xbb\xbf" + many,
		inputtest.Gzip(many)[:2000], inputtest.Gzip(many) + "some other text" + many, // cut off, damaged
		"PK\x03\x04" + many, "<html>" + many, "", " \n", "finding_info.uid,class_uid\na,2003\n",
		table.String(), inputtest.Gzip(table.String()), table.String()[:1000],
		"PAR1" + many,
	}
	dir := t.TempDir()
	var want []shca.Input
	for i, text := range stored {
		want = append(want, inputOf(write(t, dir, string(rune('a'+i)), text), text))
	}
	s := open(t, []string{dir}, sources.Options{})
	for range 2 { // every reading makes them anew
		if d := cmp.Diff(want, collect(t.Context(), s).inputs); d != "" {
			t.Errorf("files (-want +got):\n%s", d)
		}
	}
	for _, text := range stored {
		r := collect(t.Context(), open(t, []string{"-"}, sources.Options{Stdin: strings.NewReader(text)}))
		if d := cmp.Diff([]shca.Input{inputOf("stdin", text)}, r.inputs); d != "" {
			t.Errorf("standard input %.20q (-want +got):\n%s", text, d)
		}
	}
}

// failing ends with an error.
type failing struct{ text io.Reader }

var errRead = errors.New("input/output error")

func (f failing) Read(p []byte) (int, error) {
	n, err := f.text.Read(p)
	if err == io.EOF {
		err = errRead
	}
	return n, err
}

// TestInputsUnread: what was not read to its end has no digest, and that is said
// once.
func TestInputsUnread(t *testing.T) {
	for name, text := range map[string]string{
		"while decoding": finding("a") + "\n",
		"at the start":   "",
		"after decoding": "PK\x03\x04" + strings.Repeat("x", 200_000),
	} {
		r := collect(t.Context(), open(t, []string{"-"}, sources.Options{Stdin: failing{strings.NewReader(text)}}))
		said := 0
		for _, s := range r.scopes {
			if strings.Contains(s.Err, errRead.Error()) {
				said++
			}
		}
		if len(r.inputs) > 0 || said != 1 || r.err != nil {
			t.Errorf("%s: inputs %v, scopes %+v, %v", name, r.inputs, r.scopes, r.err)
		}
	}
	if runtime.GOOS != "windows" && os.Getuid() != 0 {
		path := write(t, t.TempDir(), "a", finding("a"))
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
		r := collect(t.Context(), open(t, []string{path}, sources.Options{}))
		if len(r.inputs) > 0 || len(r.scopes) != 1 || r.scopes[0].Err == "" {
			t.Errorf("not permitted: inputs %v, scopes %+v", r.inputs, r.scopes)
		}
	}
	link := filepath.Join(t.TempDir(), "dangling")
	if err := os.Symlink("missing", link); err == nil {
		r := collect(t.Context(), open(t, []string{filepath.Dir(link)}, sources.Options{}))
		if len(r.inputs) > 0 || len(r.scopes) != 1 {
			t.Errorf("dangling link: inputs %v, scopes %+v", r.inputs, r.scopes)
		}
	}
}

// TestInputsCancelled: a pipe whose rest does not come does not keep the user
// from leaving.
func TestInputsCancelled(t *testing.T) {
	r, w := io.Pipe()
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		w.Write([]byte("PK\x03\x04")) // not decoded, so what follows is read for the digest
		w.Write([]byte("x"))
		cancel()
	}()
	got := collect(ctx, open(t, []string{"-"}, sources.Options{Stdin: r}))
	if !errors.Is(got.err, context.Canceled) || len(got.inputs) > 0 {
		t.Errorf("inputs %v, %v", got.inputs, got.err)
	}
}
