package oscal

import (
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
