package auditmanager

import (
	"regexp"
	"slices"
	"strings"

	"github.com/go-shca/shca"
)

var (
	// revision finds a revision of SP 800-53: "Rev. 5", "Revision 5", "Rev5", "r5".
	revision = regexp.MustCompile(`(?i)\b(?:revision|rev)[\s._-]*([45])\b|(?:^|[^A-Za-z0-9])r([45])\b|\b800-53r([45])\b`)
	// nist finds SP 800-53 by its name, and the programmes that are made of it.
	nist = regexp.MustCompile(`(?i)800[\s_-]?53|fedramp`)
	// others finds standards whose controls are not those of SP 800-53.
	others = regexp.MustCompile(`(?i)\b(?:ISO|IEC|PCI|SOC|HIPAA|GDPR|GxP|CIS|CSF|CMMC|HITRUST|GLBA|ACSC|Essential Eight|Control Tower|800-171|Cybersecurity Framework|License Manager|Well[- ]Architected)\b`)
	// named is SP 800-53 in front of a control.
	named = regexp.MustCompile(`(?i)^(?:NIST[\s._-]*)?(?:SP[\s._-]*)?800-53[\s._-]*(?:\(?(?:revision|rev|r)?[\s._-]*[45]\)?)?[\s:._-]+`)
)

// families are those of SP 800-53 Rev. 5.
var families = []string{"AC", "AT", "AU", "CA", "CM", "CP", "IA", "IR", "MA", "MP", "PE", "PL", "PM", "PS", "PT", "RA", "SA", "SC", "SI", "SR"}

// requirement returns the control as a requirement: "NIST.800-53.r5 AC-2(1)", or
// its name as written where that is no control of SP 800-53. The package's comment
// says how the revision is told.
func (c *Context) requirement() string {
	name := strings.TrimSpace(c.Control)
	id, ok := leadingControl(name)
	if !ok || !slices.Contains(families, id.Family()) {
		return name
	}
	if rev := revisionOf(name); rev != "" && nist.MatchString(name) {
		return "NIST.800-53.r" + rev + " " + id.Label()
	}
	said := c.Framework + " / " + c.ComplianceType
	if others.MatchString(said) && !nist.MatchString(said) {
		return name
	}
	rev := "5"
	for _, text := range []string{c.Framework, c.ComplianceType} {
		if r := revisionOf(text); r != "" {
			rev = r
			break
		}
	}
	return "NIST.800-53.r" + rev + " " + id.Label()
}

// revisionOf returns "4", "5" or "".
func revisionOf(s string) string {
	m := revision.FindStringSubmatch(s)
	if m == nil {
		return ""
	}
	return m[1] + m[2] + m[3]
}

// leadingControl returns the control id in front of a control's name.
func leadingControl(name string) (shca.ControlID, bool) {
	const longest = 32 // bytes of an id, the widest spelling of it
	name = strings.Map(func(r rune) rune {
		switch r {
		case '\u2010', '\u2011', '\u2012', '\u2013': // hyphens and dashes
			return '-'
		case '\u00a0': // a space that does not break
			return ' '
		}
		return r
	}, name)
	name = name[len(named.FindString(name)):]
	for end := min(len(name), longest); end >= 4; end-- {
		if end < len(name) && alphanumeric(name[end]) || strings.IndexByte(" -_.:,", name[end-1]) >= 0 {
			continue
		}
		if id, _, err := shca.ParseControlID(name[:end]); err == nil {
			return id, true
		}
	}
	return "", false
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
