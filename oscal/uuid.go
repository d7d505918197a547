package oscal

import (
	"bytes"
	"iter"
	"strings"

	"github.com/google/uuid"
)

// Namespaces of properties. NIST's own namespace is the absence of one, and
// takes only the names that its metaschema lists.
const (
	// Namespace is this project's. Properties lists every name in it.
	Namespace = "https://github.com/go-shca/shca/ns/oscal"

	trestleNamespace = "https://oscal-compass.github.io/compliance-trestle/schemas/oscal"
	fedrampNamespace = "http://fedramp.gov/ns/oscal"
	nistNamespace    = "http://csrc.nist.gov/ns/oscal"
)

// uuids is the name space of every UUID in the documents.
var uuids = uuid.NewSHA1(uuid.NameSpaceURL, []byte(Namespace+"/uuid"))

// newUUID derives a version 5 UUID from the kind of an object and the natural
// key of what it stands for. Keys have no time, count, title or severity, so
// that an object keeps its UUID from run to run: OSCAL calls these identifiers
// per-subject. Changing a key breaks every package written before.
func newUUID(kind string, parts ...string) string {
	const separator = "\x1f"
	return uuid.NewSHA1(uuids, []byte(kind+separator+strings.Join(parts, separator))).String()
}

// uuidsIn yields what looks like a UUID in a text, in lower case.
func uuidsIn(raw []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := 0; i+36 <= len(raw); {
			dash := bytes.IndexByte(raw[i+8:], '-')
			if dash < 0 {
				return
			}
			i += dash
			if i+36 > len(raw) {
				return
			}
			if !isUUID(raw[i : i+36]) {
				i++
				continue
			}
			if !yield(strings.ToLower(string(raw[i : i+36]))) {
				return
			}
			i += 36
		}
	}
}

// isUUID reports whether the text is a UUID in OSCAL's spelling, of 36
// characters in either case.
func isUUID[T string | []byte](s T) bool {
	for i := range len(s) {
		switch c := s[i]; i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
				return false
			}
		}
	}
	return len(s) == 36
}

// isDerived reports whether the UUID is of version 5, as every one of newUUID is.
func isDerived(uuid string) bool { return len(uuid) == 36 && uuid[14] == '5' }
