package manifest_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/go-shca/shca/render/manifest"
)

// checker verifies as somebody else would.
type checker struct {
	key crypto.PublicKey
	id  string
}

func (c checker) Verify(_ context.Context, data, sig []byte) error {
	ok := false
	switch key := c.key.(type) {
	case ed25519.PublicKey:
		ok = ed25519.Verify(key, data, sig)
	case *ecdsa.PublicKey:
		var sum []byte
		switch key.Curve {
		case elliptic.P256():
			s := sha256.Sum256(data)
			sum = s[:]
		case elliptic.P384():
			s := sha512.Sum384(data)
			sum = s[:]
		default:
			s := sha512.Sum512(data)
			sum = s[:]
		}
		ok = ecdsa.VerifyASN1(key, sum, sig)
	}
	if !ok {
		return errors.New("wrong signature")
	}
	return nil
}
func (c checker) KeyID() (string, error)   { return c.id, nil }
func (c checker) Public() crypto.PublicKey { return c.key }

// TestSign: the envelope is one that the library of DSSE's authors accepts, its
// statement names every file, and the same input has the same bytes.
func TestSign(t *testing.T) {
	a := fixture(t)
	o := manifest.Options{Command: []string{"shca", "assess", "<&>"}}
	for name, k := range keys(t) {
		t.Run(name, func(t *testing.T) {
			private, public := readKeys(t, k)
			o.Signer = private
			dir, files := written(t, a, o)
			again, _ := written(t, a, o)
			text := content(t, filepath.Join(dir, manifest.SignatureFile))
			if text != content(t, filepath.Join(again, manifest.SignatureFile)) {
				t.Error("a second run signs differently")
			}
			if strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") {
				t.Errorf("is not one line: %q", text)
			}
			der, err := x509.MarshalPKIXPublicKey(k.Public())
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(der)
			id := hex.EncodeToString(sum[:])
			if public.ID() != id {
				t.Errorf("key id %s, want %s", public.ID(), id)
			}

			var e dsse.Envelope
			if err := json.Unmarshal([]byte(text), &e); err != nil {
				t.Fatal(err)
			}
			verifier, err := dsse.NewEnvelopeVerifier(checker{k.Public(), id})
			if err != nil {
				t.Fatal(err)
			}
			if accepted, err := verifier.Verify(t.Context(), &e); err != nil || len(accepted) != 1 || accepted[0].KeyID != id {
				t.Errorf("accepted %v, %v", accepted, err)
			}

			payload, err := e.DecodeB64Payload()
			if err != nil || e.PayloadType != "application/vnd.in-toto+json" {
				t.Fatalf("payload of type %q, %v", e.PayloadType, err)
			}
			var st struct {
				Type    string `json:"_type"`
				Subject []struct {
					Name   string
					Digest map[string]string
				}
				PredicateType string
				Predicate     map[string]any
			}
			if err := json.Unmarshal(payload, &st); err != nil {
				t.Fatal(err)
			}
			if st.Type != "https://in-toto.io/Statement/v1" || st.PredicateType != "https://github.com/go-shca/shca/ns/manifest/v1" {
				t.Errorf("statement %q about %q", st.Type, st.PredicateType)
			}
			got := map[string]string{}
			for _, s := range st.Subject {
				got[s.Name] = s.Digest["sha256"]
			}
			want := map[string]string{}
			for _, f := range files {
				if f.File != manifest.SignatureFile {
					want[f.File] = f.SHA256
				}
			}
			if d := cmp.Diff(want, got); d != "" || st.Subject[0].Name != manifest.File {
				t.Errorf("subjects, %s first (-want +got):\n%s", st.Subject[0].Name, d)
			}
			var m map[string]any
			if err := json.Unmarshal([]byte(content(t, filepath.Join(dir, manifest.File))), &m); err != nil {
				t.Fatal(err)
			}
			delete(m, "files")
			delete(m, "sha256")
			if d := cmp.Diff(m, st.Predicate); d != "" {
				t.Errorf("predicate (-manifest +predicate):\n%s", d)
			}
		})
	}
}

// TestVerifySignature: every signature but the right one of the right manifest
// by the right key is refused.
func TestVerifySignature(t *testing.T) {
	a := fixture(t)
	all := keys(t)
	for name, k := range all {
		private, public := readKeys(t, k)
		dir, _ := written(t, a, manifest.Options{Signer: private}, "md", "manifest")
		other, _ := written(t, a, manifest.Options{Signer: private, Command: []string{"other"}}, "md", "manifest")
		more, _ := written(t, a, manifest.Options{Signer: private}, "md", "json", "manifest")
		file := filepath.Join(dir, manifest.SignatureFile)
		right := content(t, file)
		if r := verify(t, dir, public); r.Signature != manifest.Verified || r.ProblemCount > 0 {
			t.Fatalf("%s: %+v", name, r)
		}
		for wrong, k := range all {
			if wrong != name {
				_, public := readKeys(t, k)
				wantProblem(t, name+" by "+wrong, verify(t, dir, public), 1, "manifest.intoto.jsonl: is not signed by key "+public.ID()+" but by ")
			}
		}
		var e dsse.Envelope
		if err := json.Unmarshal([]byte(right), &e); err != nil {
			t.Fatal(err)
		}
		payload, _ := e.DecodeB64Payload()
		pad := func(text []byte) string { return base64.StdEncoding.EncodeToString(text) }
		edit := func(change func(e *dsse.Envelope)) string {
			c := e
			c.Signatures = append([]dsse.Signature(nil), e.Signatures...)
			change(&c)
			text, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			return string(text) + "\n"
		}
		payloadEdit := func(from, to string) string {
			return edit(func(e *dsse.Envelope) {
				e.Payload = pad([]byte(strings.Replace(string(payload), from, to, 1)))
			})
		}
		_, foreign := readKeys(t, keys(t)[name])
		for what, test := range map[string]struct {
			text, want string
			always     bool // also without a key
		}{
			"other manifest":    {content(t, filepath.Join(other, manifest.SignatureFile)), "it signs another manifest.json", true},
			"other files":       {content(t, filepath.Join(more, manifest.SignatureFile)), "it signs another manifest.json", true},
			"predicate":         {payloadEdit(`"assessment":"complete"`, `"assessment":"incomplete"`), "what it says of the assessment is not what manifest.json says", true},
			"white space":       {payloadEdit(`{"_type"`, `{ "_type"`), "the signature of key " + public.ID() + " is wrong", false},
			"subject":           {payloadEdit(`"name":"report.md"`, `"name":"rapport.md"`), "it does not sign the files that manifest.json lists", true},
			"statement type":    {payloadEdit("Statement/v1", "Statement/v2"), "its payload is a statement of the type", true},
			"predicate type":    {payloadEdit("ns/manifest/v1", "ns/manifest/v9"), "its payload is a statement of the type", true},
			"more members":      {payloadEdit(`{"_type"`, `{"x":1,"_type"`), "its payload is no statement", true},
			"a member twice":    {payloadEdit(`{"_type"`, `{"_type":"","_type"`), "its payload is no statement", true},
			"no statement":      {edit(func(e *dsse.Envelope) { e.Payload = pad([]byte("[]")) }), "its payload is no statement", true},
			"payload type":      {edit(func(e *dsse.Envelope) { e.PayloadType = "text/plain" }), "signs a payload of the type", true},
			"no signature":      {edit(func(e *dsse.Envelope) { e.Signatures = []dsse.Signature{} }), "is not signed by key", false},
			"null":              {edit(func(e *dsse.Envelope) { e.Signatures = nil }), "is not signed by key", false},
			"zero signature":    {edit(func(e *dsse.Envelope) { e.Signatures[0].Sig = pad(make([]byte, 64)) }), "the signature of key " + public.ID() + " is wrong", false},
			"empty signature":   {edit(func(e *dsse.Envelope) { e.Signatures[0].Sig = "" }), "the signature of key " + public.ID() + " is wrong", false},
			"no base64":         {edit(func(e *dsse.Envelope) { e.Signatures[0].Sig += "!" }), "the signature of key " + public.ID() + " is wrong", false},
			"no key id":         {edit(func(e *dsse.Envelope) { e.Signatures[0].KeyID = "" }), "is not signed by key", false},
			"id of another key": {edit(func(e *dsse.Envelope) { e.Signatures[0].KeyID = foreign.ID() }), "is not signed by key", false},
			"payload no base64": {edit(func(e *dsse.Envelope) { e.Payload = "!" + e.Payload }), "is not in the form in which shca writes it", true},
			"many signatures":   {edit(func(e *dsse.Envelope) { e.Signatures = make([]dsse.Signature, 17) }), "has more than 16 signatures", true},
			"two lines":         {right + right, "is no signature in the form of DSSE", true},
			"indented":          {strings.Replace(right, ":", ": ", 1), "is not in the form in which shca writes it", true},
			"no line break":     {strings.TrimSuffix(right, "\n"), "is not in the form in which shca writes it", true},
			"more in it":        {strings.Replace(right, "{", `{"x":1,`, 1), "is no signature in the form of DSSE", true},
			"no JSON":           {"signature", "is no signature in the form of DSSE", true},
			"nothing":           {"", "is no signature in the form of DSSE", true},
		} {
			write(t, file, test.text)
			want := "manifest.intoto.jsonl: " + test.want
			wantProblem(t, name+", "+what, verify(t, dir, public), 1, want)
			if r := verify(t, dir, nil); test.always {
				wantProblem(t, name+", without a key, "+what, r, 1, want)
			} else if r.ProblemCount > 0 || r.Signature != manifest.Unchecked {
				t.Errorf("%s, without a key, %s: %+v", name, what, r)
			}
		}

		// Signed by somebody else besides: either key will do.
		second, secondPublic := readKeys(t, all["ed25519"])
		sig, err := second.Sign(t.Context(), dsse.PAE(e.PayloadType, payload))
		if err != nil {
			t.Fatal(err)
		}
		id, _ := second.KeyID()
		write(t, file, edit(func(e *dsse.Envelope) { e.Signatures = append(e.Signatures, dsse.Signature{KeyID: id, Sig: pad(sig)}) }))
		for _, k := range []*manifest.PublicKey{public, secondPublic} {
			if r := verify(t, dir, k); r.ProblemCount > 0 || r.Signature != manifest.Verified {
				t.Errorf("%s: two signatures: %+v", name, r)
			}
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		wantProblem(t, name+", removed", verify(t, dir, public), 1, "manifest.intoto.jsonl: missing: the package is not signed")
	}
}

// TestUnsigned: the signature of an earlier run does not stay.
func TestUnsigned(t *testing.T) {
	a := fixture(t)
	private, _ := readKeys(t, keys(t)["ed25519"])
	dir, _ := written(t, a, manifest.Options{Signer: private}, "md", "manifest")
	rewritten(t, dir, a, manifest.Options{})
	if _, err := os.Stat(filepath.Join(dir, manifest.SignatureFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the signature is there: %v", err)
	}
	if r := verify(t, dir, nil); r.ProblemCount > 0 || r.Signature != manifest.Unsigned {
		t.Errorf("%+v", r)
	}
}

// brokenSigner cannot sign, or cannot say by whom.
type brokenSigner struct{ sign, id error }

func (b brokenSigner) Sign(context.Context, []byte) ([]byte, error) { return nil, b.sign }
func (b brokenSigner) KeyID() (string, error)                       { return "", b.id }

func TestSignErrors(t *testing.T) {
	cause := errors.New("no token in the slot")
	for _, s := range []brokenSigner{{sign: cause}, {id: cause}} {
		err := manifest.Sign(t.Context(), nil, fixture(t), manifest.Options{Signer: s})
		if !errors.Is(err, cause) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

func TestKeys(t *testing.T) {
	ed := keys(t)["ed25519"]
	ec := keys(t)["ECDSA P-256"].(*ecdsa.PrivateKey)
	sec1, err := x509.MarshalECPrivateKey(ec)
	sec1PEM := pemOf(t, "EC PRIVATE KEY", sec1, err)
	parameters := "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, ec.Public(), ec)
	certificatePEM := pemOf(t, "CERTIFICATE", certificate, err)
	encrypted := string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}, Bytes: sec1}))
	damaged := pemOf(t, "PRIVATE KEY", sec1[:40], nil)
	const other = "use an ed25519 or ECDSA key"
	for name, test := range map[string]struct{ text, private, public string }{ // how errors go on; "" for none
		"PKCS #8, ed25519": {pkcs8(t, ed), "", "is a private key"},
		"PKCS #8, ECDSA":   {pkcs8(t, ec), "", "is a private key"},
		"SEC 1":            {sec1PEM, "", "is a private key"},
		"SEC 1 of openssl": {parameters + sec1PEM, "", "is a private key"},
		"with text":        {"My key\n" + pkcs8(t, ed), "", "is a private key"},
		"public, ed25519":  {pkix(t, ed), "is a public key, which signs nothing", ""},
		"public, ECDSA":    {pkix(t, ec), "is a public key, which signs nothing", ""},
		"certificate":      {certificatePEM, "is a public key, which signs nothing", ""},
		"encrypted":        {pemOf(t, "ENCRYPTED PRIVATE KEY", sec1, nil), "the key is encrypted", "is a private key"},
		"encrypted SEC 1":  {encrypted, "the key is encrypted", "is a private key"},
		"P-224":            {pkcs8(t, p224), "is an ECDSA key on the curve P-224", "is a private key"},
		"public P-224":     {pkix(t, p224), "is a public key, which signs nothing", "is an ECDSA key on the curve P-224"},
		"RSA":              {pkcs8(t, rsaKey), "is a key of another algorithm: " + other, "is a private key"},
		"public RSA":       {pkix(t, rsaKey), "is a public key, which signs nothing", "is a key of another algorithm"},
		"PKCS #1":          {pemOf(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey), nil), `holds a key of the form "RSA PRIVATE KEY"`, "is a private key"},
		"OpenSSH":          {pemOf(t, "OPENSSH PRIVATE KEY", sec1, nil), `holds a key of the form "OPENSSH PRIVATE KEY": ` + other, `holds a key of the form "OPENSSH PRIVATE KEY"`},
		"damaged":          {damaged, "the private key in it is damaged", "is a private key"},
		"damaged public":   {pemOf(t, "PUBLIC KEY", sec1, nil), "is a public key", "the public key in it is damaged"},
		"no PEM":           {"not a key", "holds no key in PEM form", "holds no key in PEM form"},
		"empty":            {"", "holds no key in PEM form", "holds no key in PEM form"},
		"parameters only":  {parameters, "holds no key in PEM form", "holds no key in PEM form"},
		"long":             {strings.Repeat("x", 100_000), "is longer than any key", "is longer than any key"},
	} {
		file := write(t, filepath.Join(t.TempDir(), "key"), test.text)
		_, private := manifest.ReadPrivateKey(file)
		_, public := manifest.ReadPublicKey(file)
		for _, one := range []struct {
			what, want string
			err        error
		}{{"private", test.private, private}, {"public", test.public, public}} {
			if one.want == "" && one.err == nil {
				continue
			}
			if one.want == "" || one.err == nil || !strings.HasPrefix(one.err.Error(), file+": "+one.want) {
				t.Errorf("%s, as a %s key: got %v, want %q", name, one.what, one.err, one.want)
			}
			if one.err != nil && len(test.text) > 200 && strings.Contains(one.err.Error(), test.text[60:80]) {
				t.Errorf("%s: the error shows the key: %v", name, one.err)
			}
		}
	}
	if _, err := manifest.ReadPrivateKey(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
}

// TestKeyIsNotPrinted: whatever prints the key or what holds it prints an id.
func TestKeyIsNotPrinted(t *testing.T) {
	k := keys(t)["ed25519"].(ed25519.PrivateKey)
	private, public := readKeys(t, k)
	want := "private key " + public.ID()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		if got := fmt.Sprintf(verb, private); got != want {
			t.Errorf("%s: %s", verb, got)
		}
		for _, holder := range []any{manifest.Options{Signer: private}, &manifest.Options{Signer: private}, []any{private}} {
			if got := fmt.Sprintf(verb, holder); strings.Contains(got, hex.EncodeToString(k[:8])) || strings.Contains(got, fmt.Sprint([]byte(k[:8]))[1:20]) {
				t.Errorf("%s of %T: %s", verb, holder, got)
			}
		}
	}
	if text, err := json.Marshal(manifest.Options{Signer: private}); err != nil || strings.Contains(string(text), base64.StdEncoding.EncodeToString(k)[:10]) {
		t.Errorf("JSON: %s, %v", text, err)
	}
}
