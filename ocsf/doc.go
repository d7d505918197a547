// Package ocsf turns findings into events of the Open Cybersecurity Schema
// Framework (OCSF): Compliance Findings (class 2003) for what checks report, and
// Vulnerability, Detection and Data Security Findings (2002, 2004, 2006) for
// what other products report. It is for the formats and commands that write
// OCSF, and for programs that pass findings on to a security lake or a SIEM.
//
// Events are of OCSF 1.6.0, the version that AWS documents for Security Hub, or
// 1.1.0, which Amazon Security Lake takes from custom sources. docs/ocsf.md has
// the mapping, attribute by attribute.
//
// Nothing of a finding is lost: each value of the finding as it was read is in
// an attribute that OCSF has for it, or in the event's unmapped object. That
// holds by construction: the mapping marks what it has used of the finding, and
// the rest is unmapped.
//
// A finding that was read as OCSF by package sources/ocsf is passed on as the
// event it was if that is valid in the version that is written, and written anew
// otherwise, with what was read in raw_data.
//
// The package reads no files and decodes no events into findings; package
// sources/ocsf does. It adds nothing that the finding does not say: no clock, no
// host, no verdict on a NIST control.
package ocsf

import "fmt"

// Version is a version of the OCSF schema, as in metadata.version.
type Version string

// The versions that can be written.
const (
	V160 Version = "1.6.0" // what AWS documents for Security Hub
	V110 Version = "1.1.0" // what Security Lake takes
)

// Versions returns the versions that can be written, the default first.
func Versions() []Version { return []Version{V160, V110} }

// ParseVersion reads a version; "" is the default.
func ParseVersion(text string) (Version, error) {
	if text == "" {
		return V160, nil
	}
	for _, v := range Versions() {
		if text == string(v) {
			return v, nil
		}
	}
	return "", fmt.Errorf("OCSF %q is not written: there are 1.6.0 (default) and 1.1.0 (Security Lake)", text)
}
