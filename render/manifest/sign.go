package manifest

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/go-shca/shca"
)

// SignatureFile is the name of the file with the signature: a line of JSON, an
// envelope as DSSE 1.0 has it (https://github.com/secure-systems-lab/dsse) around
// a statement as in-toto has it (https://in-toto.io/Statement/v1).
const SignatureFile = "manifest.intoto.jsonl"

// Constants of the envelope and the statement.
const (
	SignatureMediaType = "application/vnd.in-toto+dsse"
	payloadType        = "application/vnd.in-toto+json"
	statementType      = "https://in-toto.io/Statement/v1"
	// PredicateType says what the statement is about: a manifest without its
	// files, which are the subjects.
	PredicateType = "https://github.com/go-shca/shca/ns/manifest/v1"
)

// Signer signs. PrivateKey is one; a key in hardware can be another.
type Signer interface {
	// Sign returns the signature of the data, which it hashes itself if the
	// algorithm asks for it.
	Sign(ctx context.Context, data []byte) ([]byte, error)
	// KeyID returns the lower-case hex SHA-256 of the public key as
	// SubjectPublicKeyInfo in DER.
	KeyID() (string, error)
}

type envelope struct {
	PayloadType string      `json:"payloadType"`
	Payload     string      `json:"payload"` // base64
	Signatures  []signature `json:"signatures"`
}

type signature struct {
	KeyID string `json:"keyid"`
	Sig   string `json:"sig"` // base64
}

type statement struct {
	Type          string    `json:"_type"`
	Subject       []subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     about     `json:"predicate"`
}

type subject struct {
	Name   string `json:"name"`
	Digest digest `json:"digest"`
}

type digest struct {
	SHA256 string `json:"sha256"`
}

// subjects are what a statement is about: the manifest, then all files.
func subjects(manifest string, files []shca.Artifact) []subject {
	all := []subject{{File, digest{manifest}}}
	for _, f := range files {
		all = append(all, subject{f.File, digest{f.SHA256}})
	}
	return all
}

// pae is what is signed: DSSE's encoding of a payload and its type.
func pae(payload []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
}

// Owned are the files that Sign may write.
func Owned() []string { return []string{SignatureFile} }

// Sign writes the signature of the manifest that Render writes, if there is a
// signer. The same manifest has the same signature if the signer's is the same.
func Sign(ctx context.Context, create func(name, mediaType string) (io.WriteCloser, error), a *shca.Assessment, o Options) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if o.Signer == nil {
		return nil
	}
	manifest := sha256.New()
	if err := Render(ctx, manifest, a, o); err != nil {
		return err
	}
	payload, err := compact(statement{statementType, subjects(hex.EncodeToString(manifest.Sum(nil)), filesOf(a)), PredicateType, aboutOf(a, o)})
	if err != nil {
		return err
	}
	if len(payload) > maxPayload {
		return fmt.Errorf("the statement to sign has more than %d MiB: assess fewer inputs at once", maxPayload>>20)
	}
	sig, err := o.Signer.Sign(ctx, pae(payload))
	if err != nil {
		return err
	}
	id, err := o.Signer.KeyID()
	if err != nil {
		return err
	}
	line, err := compact(envelope{payloadType, base64.StdEncoding.EncodeToString(payload), []signature{{id, base64.StdEncoding.EncodeToString(sig)}}})
	if err != nil {
		return err
	}
	w, err := create(SignatureFile, SignatureMediaType)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	if closed := w.Close(); err == nil {
		err = closed
	}
	return err
}
