package manifest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxKey is how long a file with a key may be: far longer than any is.
const maxKey = 64 << 10

// PrivateKey is a key to sign with. Printing it prints its id alone.
type PrivateKey struct {
	key    crypto.Signer
	public *PublicKey
}

// PublicKey is a key to check signatures with.
type PublicKey struct {
	key crypto.PublicKey // ed25519.PublicKey or *ecdsa.PublicKey
	id  string
}

// ReadPrivateKey reads a private key from a PEM file: ed25519, or ECDSA on P-256,
// P-384 or P-521, as PKCS #8 or SEC 1, not encrypted. Errors name the file and
// nothing of what it holds.
func ReadPrivateKey(file string) (*PrivateKey, error) {
	block, err := readPEM(file)
	if err != nil {
		return nil, err
	}
	key, err := parsePrivate(block)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return key, nil
}

// ReadPublicKey reads a public key of the same kinds from a PEM file, as
// SubjectPublicKeyInfo, which begins with "BEGIN PUBLIC KEY", or from a
// certificate, of which nothing else is looked at.
func ReadPublicKey(file string) (*PublicKey, error) {
	block, err := readPEM(file)
	if err != nil {
		return nil, err
	}
	key, err := parsePublic(block)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return key, nil
}

const (
	makeKey   = "make one with: openssl genpkey -algorithm ed25519 -out key.pem"
	makeOther = "use an ed25519 or ECDSA key (P-256, P-384, P-521); " + makeKey
	toPublic  = "openssl pkey -in key.pem -pubout -out key.pub"
)

// readPEM returns the first block of a file that is not just parameters.
func readPEM(file string) (*pem.Block, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() // it is only read
	text, err := io.ReadAll(io.LimitReader(f, maxKey+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxKey {
		return nil, fmt.Errorf("%s: is longer than any key: name a PEM file; %s", file, makeKey)
	}
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil, fmt.Errorf("%s: holds no key in PEM form (-----BEGIN …): %s", file, makeKey)
		}
		if block.Type != "EC PARAMETERS" { // openssl writes them in front of the key
			return block, nil
		}
		text = rest
	}
}

func parsePrivate(block *pem.Block) (*PrivateKey, error) {
	var key any
	var err error
	switch {
	case block.Type == "ENCRYPTED PRIVATE KEY", block.Headers["DEK-Info"] != "":
		return nil, errors.New("the key is encrypted, and shca asks for no passphrase: decrypt it for the run with: openssl pkey -in key.pem -out plain.pem")
	case block.Type == "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case block.Type == "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case block.Type == "PUBLIC KEY", block.Type == "CERTIFICATE":
		return nil, errors.New("is a public key, which signs nothing: name the private key (and give the public one to: shca verify --key)")
	default:
		return nil, fmt.Errorf("holds a key of the form %.40q: %s", block.Type, makeOther)
	}
	if err != nil {
		// The cause could quote the key.
		return nil, errors.New("the private key in it is damaged or of an unknown kind: " + makeOther)
	}
	switch key := key.(type) {
	case ed25519.PrivateKey:
		public, err := newPublic(key.Public())
		return &PrivateKey{key, public}, err
	case *ecdsa.PrivateKey:
		public, err := newPublic(key.Public())
		return &PrivateKey{key, public}, err
	}
	return nil, errors.New("is a key of another algorithm: " + makeOther)
}

func parsePublic(block *pem.Block) (*PublicKey, error) {
	switch block.Type {
	case "PUBLIC KEY":
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("the public key in it is damaged or of an unknown kind (%w)", err)
		}
		return newPublic(key)
	case "CERTIFICATE":
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("the certificate in it is damaged (%w)", err)
		}
		return newPublic(c.PublicKey)
	case "PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY":
		return nil, errors.New("is a private key, which nobody needs to check a signature: name the public key; make it with: " + toPublic)
	}
	return nil, fmt.Errorf("holds a key of the form %.40q: name a PEM file that begins with BEGIN PUBLIC KEY", block.Type)
}

func newPublic(key crypto.PublicKey) (*PublicKey, error) {
	switch key := key.(type) {
	case ed25519.PublicKey:
	case *ecdsa.PublicKey:
		if hashFor(key.Curve) == 0 {
			return nil, fmt.Errorf("is an ECDSA key on the curve %s: %s", key.Params().Name, makeOther)
		}
	default:
		return nil, errors.New("is a key of another algorithm: " + makeOther)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(der)
	return &PublicKey{key, hex.EncodeToString(sum[:])}, nil
}

// hashFor returns the hash that goes with a curve, 0 for other curves.
func hashFor(c elliptic.Curve) crypto.Hash {
	switch c {
	case elliptic.P256():
		return crypto.SHA256
	case elliptic.P384():
		return crypto.SHA384
	case elliptic.P521():
		return crypto.SHA512
	}
	return 0
}

// Sign returns the signature of the data, the same each time: ed25519, or ECDSA
// in ASN.1 with the hash of the curve's size and the nonce of RFC 6979.
func (k *PrivateKey) Sign(_ context.Context, data []byte) ([]byte, error) {
	switch key := k.key.(type) {
	case ed25519.PrivateKey:
		return ed25519.Sign(key, data), nil
	case *ecdsa.PrivateKey:
		h := hashFor(key.Curve)
		return key.Sign(nil, sum(h, data), h) // without randomness: RFC 6979
	}
	return nil, errors.New("no key") // ReadPrivateKey makes no other
}

// KeyID returns the id of the public key.
func (k *PrivateKey) KeyID() (string, error) { return k.public.id, nil }

// Public returns the public key.
func (k *PrivateKey) Public() *PublicKey { return k.public }

// Format prints the id, whatever the verb: the key itself stays out of texts.
func (k *PrivateKey) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "private key "+k.public.id) // fmt keeps the error
}

// ID returns the lower-case hex SHA-256 of the key as SubjectPublicKeyInfo in DER.
func (k *PublicKey) ID() string { return k.id }

// verify reports whether sig is the key's signature of the data.
func (k *PublicKey) verify(data, sig []byte) bool {
	switch key := k.key.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(key, data, sig)
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(key, sum(hashFor(key.Curve), data), sig)
	}
	return false
}

func sum(h crypto.Hash, data []byte) []byte {
	s := h.New()
	s.Write(data)
	return s.Sum(nil)
}
