package manifest_test

import (
	"bytes"
	"hash/crc32"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-shca/shca/render/manifest"
)

// FuzzManifest reads arbitrary manifests.
func FuzzManifest(f *testing.F) {
	dir, _ := written(f, fixture(f), manifest.Options{Command: []string{"shca"}}, "md", "manifest")
	f.Add([]byte(content(f, filepath.Join(dir, manifest.File))))
	f.Add([]byte(manifestFor("a.txt", "text", "b/c.txt", "")))
	f.Add([]byte(manifestFor("a.txt", "text", "../b", "")))
	f.Add([]byte(`{"manifest_version":"1.0","files":[{"file":"a"`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := manifest.ReadManifest(bytes.NewReader(text))
		if err != nil && (c != nil || err.Error() == "") {
			t.Errorf("contents %v and error %v", c, err)
		}
	})
}

// FuzzEnvelope reads arbitrary envelopes and checks what they state.
func FuzzEnvelope(f *testing.F) {
	private, public := readKeys(f, keys(f)["ECDSA P-256"])
	dir, _ := written(f, fixture(f), manifest.Options{Signer: private}, "md", "manifest")
	text := content(f, filepath.Join(dir, manifest.SignatureFile))
	f.Add([]byte(text))
	f.Add([]byte(`{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[]}` + "\n"))
	f.Add([]byte(`{"payloadType":"application/vnd.in-toto+json","payload":"","signatures":[{"keyid":"` + public.ID() + `","sig":"AA=="}]}` + "\n"))
	f.Fuzz(func(t *testing.T, envelope []byte) {
		s, err := manifest.ReadEnvelope(bytes.NewReader(envelope))
		if err != nil {
			return
		}
		if manifest.States(s, manifest.Contents(strings.Repeat("0", 64))) == nil {
			t.Errorf("states something of a manifest that nobody has: %q", envelope)
		}
		if _, right := manifest.By(s, public); right && !strings.Contains(text, string(envelope[60:200])) {
			t.Errorf("a signature that nobody made: %q", envelope)
		}
	})
}

// FuzzZip verifies arbitrary archives.
func FuzzZip(f *testing.F) {
	a := fixture(f)
	dir, files := written(f, a, manifest.Options{}, "md", "manifest")
	f.Add([]byte(content(f, packed(f, a, dir, files))))
	small := []piece{{name: "a.txt", text: "text"}, {name: "manifest.json", text: manifestFor("a.txt", "text")}}
	f.Add(archiveOf("", small...))
	f.Add(archiveOf("seal", small...))
	f.Add(archiveOf(""))
	sizes, unset := extraField(1, uint64(4), uint64(4)), []uint32{crc32.ChecksumIEEE([]byte("text")), 1<<32 - 1, 1<<32 - 1}
	f.Add(archiveOf("", piece{name: "x/", mode: 0o40755, dos: 0x10, localExtra: extraField(0x5455, uint8(3), uint64(1))},
		piece{name: "a.txt", text: "text", extra: sizes, localExtra: sizes, table: unset, front: unset}, small[1]))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := manifest.VerifyZip(t.Context(), bytes.NewReader(text), int64(len(text)), manifest.VerifyOptions{})
		if err == nil && (r.ProblemCount < len(r.Problems) || !r.Zip) {
			t.Errorf("%+v", r)
		}
	})
}
