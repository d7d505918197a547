package constraints

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// Patterns of the metaschema's data types, as the JSON schemas have them where
// they do.
const (
	datePattern = `(?:(?:(?:2000|2400|2800|(?:19|2[0-9](?:0[48]|[2468][048]|[13579][26])))-02-29)` +
		`|(?:(?:(?:19|2[0-9])[0-9]{2})-02-(?:0[1-9]|1[0-9]|2[0-8]))` +
		`|(?:(?:(?:19|2[0-9])[0-9]{2})-(?:0[13578]|10|12)-(?:0[1-9]|[12][0-9]|3[01]))` +
		`|(?:(?:(?:19|2[0-9])[0-9]{2})-(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)))`
	timePattern = `T(?:2[0-3]|[01][0-9]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?`
	zonePattern = `(?:Z|(?:-(?:(?:0[0-9]|1[0-2]):00|0[39]:30)` +
		`|\+(?:(?:0[0-9]|1[0-4]):00|(?:0[34569]|10):30|(?:0[58]|12):45)))`
)

// datatypes are the data types that constraints name.
var datatypes = map[string]func(string) bool{
	"date":                    fullMatch(datePattern + zonePattern + "?"),
	"date-time":               fullMatch(datePattern + timePattern + zonePattern + "?"),
	"date-time-with-timezone": fullMatch(datePattern + timePattern + zonePattern),
	"integer":                 fullMatch(`[-+]?[0-9]+`),
	"ip-v4-address":           func(s string) bool { a, err := netip.ParseAddr(s); return err == nil && a.Is4() },
	"ip-v6-address": func(s string) bool {
		a, err := netip.ParseAddr(s)
		return err == nil && a.Is6() && a.Zone() == ""
	},
	"uri":           isURI,
	"uri-reference": isURIReference,
	"uuid":          fullMatch(`[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[45][0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}`),
}

func fullMatch(pattern string) func(string) bool {
	return regexp.MustCompile("^(?:" + pattern + ")$").MatchString
}

var uriScheme = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]+:.`)

func isURI(s string) bool {
	return uriScheme.MatchString(s) && isURIReference(s)
}

// notInURI matches what RFC 3986 allows nowhere. Characters outside of ASCII
// pass, as they do in NIST's tools.
var notInURI = regexp.MustCompile("[\\x00-\\x20\\x7f\"<>\\\\^`{|}]|%(?:$|[^0-9A-Fa-f]|[0-9A-Fa-f](?:$|[^0-9A-Fa-f]))")

func isURIReference(s string) bool {
	return !notInURI.MatchString(s) && strings.Count(s, "#") <= 1
}

// matcher returns the test of a constraint of the type matches.
func matcher(datatype, regex string) (func(string) bool, error) {
	switch {
	case datatype != "" && regex == "":
		if match := datatypes[datatype]; match != nil {
			return match, nil
		}
		return nil, fmt.Errorf("unknown data type %q", datatype)
	case datatype == "" && regex != "":
		r, err := regexp.Compile("^(?:" + regex + ")$")
		if err != nil {
			return nil, err
		}
		return r.MatchString, nil
	}
	return nil, errors.New("want a data type or a pattern")
}
