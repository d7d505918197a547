package oscal

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-shca/shca"
)

// WriteDocument writes one document of a package, for tests that write many. It
// writes nothing if the package does not have the document.
func WriteDocument(ctx context.Context, w io.Writer, file string, a *shca.Assessment, options Options) error {
	b, err := newBundle(a, options)
	if err != nil {
		return err
	}
	for _, d := range documents {
		if folder+d.file == file && (d.reason == nil || d.reason(b) == "") {
			return d.write(b, ctx, w)
		}
	}
	return nil
}

func TestSSPSystemIDOfFile(t *testing.T) {
	const plan = `{"system-security-plan": {"metadata": {"oscal-version": "1.1.3"}, "system-characteristics": IN}}`
	for _, c := range []struct{ in, want, err string }{
		{`{"system-ids": [{"id": "SYS-1"}, {"id": "SYS-2"}]}`, "SYS-1", ""},
		{`{"system-ids": []}`, "", "ssp.json: /system-security-plan/system-characteristics/system-ids: there is no id of the system"},
		{`{}`, "", "ssp.json: /system-security-plan/system-characteristics/system-ids: there is no id of the system"},
		{`{"system-ids": [{"id": 1}]}`, "", "there is no id of the system"},
		{`{"system-ids": 1}`, "", "/system-ids: is not an array"},
		{`1`, "", `ssp.json: /system-security-plan/system-characteristics: "1" is not a JSON object`},
	} {
		path := filepath.Join(t.TempDir(), "ssp.json")
		if err := os.WriteFile(path, []byte(strings.Replace(plan, "IN", c.in, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := sspSystemID(path)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %q, %v; want %q, %s", c.in, got, err, c.want, c.err)
		}
	}
}

func TestParagraphs(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "",
		"a\nb\n":                  "a b",
		"a\nb\n\nc\n":             "a b\n\nc",
		"a:\n- b\n  c\n- d\n\ne*": "a:\n\n- b c\n- d\n\ne\\*",
	} {
		if got := paragraphs(in); got != want {
			t.Errorf("paragraphs(%q) = %q, want %q", in, got, want)
		}
	}
}
