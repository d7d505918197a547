package oscal

import (
	"fmt"
	"slices"
	"strings"
)

// DefaultVersion is the OSCAL version of documents unless one is asked for:
// the newest that most consumers accept.
const DefaultVersion = "1.1.3"

// Versions lists the OSCAL versions that documents can be written in.
func Versions() []string { return []string{"1.1.2", "1.1.3", "1.2.1", "1.2.2"} }

// CheckVersion returns an error that lists the versions unless v is one of
// them.
func CheckVersion(v string) error {
	if !slices.Contains(Versions(), v) {
		return fmt.Errorf("cannot write OSCAL %q: there are %s", v, strings.Join(Versions(), ", "))
	}
	return nil
}

// is12 reports whether the documents are of OSCAL 1.2, which renamed three
// values and has mapping collections.
func (o *Options) is12() bool { return strings.HasPrefix(o.Version, "1.2.") }
