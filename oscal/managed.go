package oscal

import (
	"crypto/sha256"
	"encoding/hex"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"
)

// managed marks a component as one that this program keeps.
func managed(c o.SystemComponent) o.SystemComponent {
	c.Props = appendTo(c.Props, prop("managed-by", managedBy))
	return c
}

// managedProps mark a text as this program's.
func (b *bundle) managedProps(text string) *[]o.Property {
	return props(prop("managed-by", managedBy), prop("managed-digest", digestOf(text)), prop("as-of", rfc3339(b.now)))
}

// digestOf is the SHA-256 of a text, by which a later run sees whether somebody
// changed it.
func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
