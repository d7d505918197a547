package manifest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
)

// Bounds of what is read. What shca writes stays far below.
const (
	maxManifest   = 256 << 20
	maxPayload    = 96 << 20 // of an envelope, before base64
	maxEnvelope   = 132 << 20
	maxName       = 1024
	maxSignatures = 16
)

// contents is what a manifest says of a package.
type contents struct {
	files  []shca.Artifact   // in order of their names
	sha256 string            // of the manifest itself
	about  [sha256.Size]byte // digest of all members but the files
}

var errNotOurs = errors.New("is not a manifest that shca wrote")

// readManifest reads a manifest and checks the form of its list of files. Other
// members may be any, so that it reads later minor versions.
func readManifest(r io.Reader) (*contents, error) {
	c := &contents{}
	whole := sha256.New()
	front := newFront(io.Discard, 2*sha256.Size+len(end))
	dec := jsontext.NewDecoder(io.TeeReader(&bounded{r, maxManifest}, io.MultiWriter(whole, front)))
	about, err := readObject(dec, func() (err error) {
		c.files, err = readFiles(dec)
		return err
	})
	if err != nil {
		return nil, err
	}
	if c.files == nil {
		return nil, fmt.Errorf("%w: it has no list of files", errNotOurs)
	}
	if _, err := dec.ReadToken(); err != io.EOF {
		return nil, fmt.Errorf("%w: something follows its end", errNotOurs)
	}
	if string(front.held) != front.hex()+end {
		return nil, errors.New("has changed, or is damaged: its bytes do not have the SHA-256 that it ends with")
	}
	c.about, c.sha256 = about, hex.EncodeToString(whole.Sum(nil))
	return c, nil
}

// readObject reads an object that is a manifest, its member files with the
// function if there is one, and returns a digest of the other members but its
// own.
func readObject(dec *jsontext.Decoder, files func() error) (about [sha256.Size]byte, err error) {
	if dec.PeekKind() != '{' {
		return about, errNotOurs
	}
	if _, err := dec.ReadToken(); err != nil {
		return about, err
	}
	sum := sha256.New()
	versioned := false
	for dec.PeekKind() == '"' {
		token, err := dec.ReadToken()
		if err != nil {
			return about, notJSON(err)
		}
		name := token.String()
		if name == "files" && files != nil {
			if !versioned {
				break
			}
			if err := files(); err != nil {
				return about, err
			}
			continue
		}
		value, err := dec.ReadValue()
		if err != nil {
			return about, notJSON(err)
		}
		if name == "sha256" && files != nil {
			continue // checked at the end
		}
		if name == "manifest_version" {
			var version string
			if err := json.Unmarshal(value, &version); err != nil {
				break
			}
			if major, _, _ := strings.Cut(version, "."); major != "1" {
				return about, fmt.Errorf("its version is %.20q, and this program reads version 1: use a newer one", version)
			}
			versioned = true
		}
		value = value.Clone()
		if err := value.Compact(); err != nil {
			return about, err
		}
		fmt.Fprintf(sum, "%q:%s,", name, value)
	}
	if !versioned {
		return about, fmt.Errorf("%w: it has no manifest_version before its files", errNotOurs)
	}
	if _, err := dec.ReadToken(); err != nil {
		return about, notJSON(err)
	}
	sum.Sum(about[:0])
	return about, nil
}

func notJSON(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%w (%w)", errNotOurs, err)
}

// readFiles reads the list of files: names that are clean, differ however case
// counts, and come in their order. An entry that is wrong is the last that is
// read, so that memory stays in proportion to what is right.
func readFiles(dec *jsontext.Decoder) ([]shca.Artifact, error) {
	if dec.PeekKind() != '[' {
		return nil, fmt.Errorf("%w: its files are no list", errNotOurs)
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, notJSON(err)
	}
	files := []shca.Artifact{}
	names := names{}
	for dec.PeekKind() == '{' {
		var f shca.Artifact
		if err := json.UnmarshalDecode(dec, &f); err != nil {
			return nil, notJSON(err)
		}
		if err := names.add(f.File); err != nil {
			return nil, fmt.Errorf("it lists files it cannot: %w", err)
		}
		switch {
		case f.File == File || f.File == SignatureFile:
			return nil, fmt.Errorf("it lists %s, which no manifest can", f.File)
		case len(files) > 0 && files[len(files)-1].File >= f.File:
			return nil, fmt.Errorf("its files are not in order of their names: %q comes after %q", f.File, files[len(files)-1].File)
		case f.Size < 0:
			return nil, fmt.Errorf("the size of %q is %d", f.File, f.Size)
		case !isSHA256(f.SHA256):
			return nil, fmt.Errorf("the SHA-256 of %q is %.70q", f.File, f.SHA256)
		}
		files = append(files, f)
	}
	if token, err := dec.ReadToken(); err != nil {
		return nil, notJSON(err)
	} else if token.Kind() != ']' {
		return nil, fmt.Errorf("%w: its list of files holds something else", errNotOurs)
	}
	return files, nil
}

func isSHA256(text string) bool {
	return len(text) == 2*sha256.Size && strings.Trim(text, "0123456789abcdef") == ""
}

// names are the names of files in a package, by how they look where case does
// not matter. Folders are there with the name "".
type names map[string]string

// add checks a file's name and that there is none like it.
func (n names) add(name string) error {
	if !validName(name) {
		return fmt.Errorf("%q is no clean relative path", name)
	}
	folded := strings.ToLower(name)
	if other, ok := n[folded]; ok {
		switch other {
		case "":
			return fmt.Errorf("%q is a file and a folder", name)
		case name:
			return fmt.Errorf("%q is there twice", name)
		}
		return fmt.Errorf("%q and %q are one file where case does not matter", other, name)
	}
	n[folded] = name
	return n.addFolders(path.Dir(folded))
}

// addFolder checks a folder's name and that no file has it. A folder may be there
// any number of times.
func (n names) addFolder(name string) error {
	if !validName(name) {
		return fmt.Errorf("%q is no clean relative path", name)
	}
	return n.addFolders(strings.ToLower(name))
}

// addFolders adds a folder and those that it is in.
func (n names) addFolders(folder string) error {
	for ; folder != "."; folder = path.Dir(folder) {
		other, ok := n[folder]
		if other != "" {
			return fmt.Errorf("%q is a file and a folder", other)
		}
		if ok {
			break // and so are those above
		}
		n[folder] = ""
	}
	return nil
}

// validName reports whether a file of a package can have the name: a relative
// path with slashes that means the same on every system.
func validName(name string) bool {
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	return name != "." && len(name) <= maxName && fs.ValidPath(name) &&
		!strings.ContainsAny(name, `\:`) && strings.IndexFunc(name, control) < 0
}

// signed is an envelope that was read, and what its statement says.
type signed struct {
	payload    []byte
	signatures []signature
}

// readEnvelope reads an envelope and checks that it is in the form that shca
// writes, to the byte, so that no byte of it can be another.
func readEnvelope(r io.Reader) (*signed, error) {
	text, err := io.ReadAll(&bounded{r, maxEnvelope})
	if err != nil {
		return nil, err
	}
	var e envelope
	if err := json.Unmarshal(text, &e, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("is no signature in the form of DSSE (%w)", err)
	}
	again, err := compact(e)
	if err != nil {
		return nil, err
	}
	payload, err := base64.StdEncoding.Strict().DecodeString(e.Payload)
	switch {
	case !bytes.Equal(append(again, '\n'), text) || err != nil || strings.ContainsAny(e.Payload, "\r\n"):
		return nil, errors.New("is not in the form in which shca writes it")
	case e.PayloadType != payloadType:
		return nil, fmt.Errorf("signs a payload of the type %.100q, not %q", e.PayloadType, payloadType)
	case len(e.Signatures) > maxSignatures:
		return nil, fmt.Errorf("has more than %d signatures", maxSignatures)
	}
	return &signed{payload, e.Signatures}, nil
}

// states checks that the statement is about the manifest and its files, all of
// them.
func (s *signed) states(c *contents) error {
	var st struct {
		Type          string         `json:"_type"`
		Subject       []subject      `json:"subject"`
		PredicateType string         `json:"predicateType"`
		Predicate     jsontext.Value `json:"predicate"`
	}
	if err := json.Unmarshal(s.payload, &st, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("its payload is no statement (%w)", err)
	}
	if st.Type != statementType || st.PredicateType != PredicateType {
		return fmt.Errorf("its payload is a statement of the type %.100q about %.100q, not %q about %q", st.Type, st.PredicateType, statementType, PredicateType)
	}
	want := subjects(c.sha256, c.files)
	if len(st.Subject) == 0 || st.Subject[0] != want[0] {
		return fmt.Errorf("it signs another %s", File)
	}
	if !slices.Equal(st.Subject, want) {
		return fmt.Errorf("it does not sign the files that %s lists", File)
	}
	dec := jsontext.NewDecoder(bytes.NewReader(st.Predicate))
	if about, err := readObject(dec, nil); err != nil || about != c.about {
		return fmt.Errorf("what it says of the assessment is not what %s says", File)
	}
	return nil
}

// by reports whether the signature of the key is there, and is right.
func (s *signed) by(k *PublicKey) (there, right bool) {
	text := pae(s.payload)
	for _, one := range s.signatures {
		if one.KeyID != k.id {
			continue
		}
		sig, err := base64.StdEncoding.Strict().DecodeString(one.Sig)
		if err == nil && !strings.ContainsAny(one.Sig, "\r\n") && k.verify(text, sig) {
			return true, true
		}
		there = true
	}
	return there, false
}

// bounded reads at most so many bytes.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		return 0, errors.New("is longer than any that shca writes")
	}
	return n, err
}
