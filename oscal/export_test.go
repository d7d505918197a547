package oscal

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-shca/shca"
)

// WriteDocument writes one document of a package besides the results, by its
// name below the output directory. With a reason there is none to write.
func WriteDocument(ctx context.Context, w io.Writer, name string, a *shca.Assessment, options Options) (reason string, err error) {
	b, err := newBundle(a, options)
	if err != nil {
		return "", err
	}
	for _, d := range documents {
		if folder+d.file != name {
			continue
		}
		if d.reason != nil {
			reason = d.reason(b)
		}
		if reason == "" {
			err = d.write(b, ctx, w)
		}
		return reason, err
	}
	return "", os.ErrNotExist
}

// TempFile is a file with the text that is gone after the test.
func TempFile(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
