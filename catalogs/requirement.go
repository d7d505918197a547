package catalogs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-shca/shca"
)

// spelling is how producers of findings refer to a framework.
type spelling struct {
	// one matches the framework's name before one control: what follows the
	// match is the control.
	one *regexp.Regexp
	// list is its name before several controls that spaces divide, in any
	// case.
	list string
	// standard is its id as a standard, up to the version's first dot.
	standard string
}

// listCut is the number of characters from which a requirement that lists
// several controls may have been cut: Prowler shortens what is longer than
// ASFF allows, 64 characters, to 63.
const listCut = 63

// Requirement reads one string of ASFF Compliance.RelatedRequirements and
// returns the controls of the framework that it names, without duplicates, in
// its order; a part of a control counts as the control. It knows
//
//	NIST.800-53.r5 AC-2(1)                     AWS Security Hub: one control
//	NIST-800-53-Revision-5 ac_2_1 ac_3 au_2_b  Prowler: any number of controls
//	NIST SP 800-53 Rev. 5 AC-2                 people
//
// A string about anything else ("PCI DSS v4.0.1/7.2.1", another revision of
// SP 800-53) gives no ids and no error.
//
// cut reports that the string may name more controls than are returned: the
// producer may have cut it short, so that its last id was not trusted (half an
// id can look like another one), or an id in a list could not be read.
//
// A string that starts with the framework's name is an error, which quotes it,
// if it names no control that [shca.ParseControlID] reads. Ids are checked for
// form only: the catalog may lack one, or have withdrawn it.
func (f *Framework) Requirement(s string) (ids []shca.ControlID, cut bool, err error) {
	var tokens []string
	if name, list := cutField(s); strings.EqualFold(name, f.spelling.list) {
		tokens = strings.Fields(list)
		if utf8.RuneCountInString(s) >= listCut {
			cut = true
			tokens = tokens[:max(0, len(tokens)-1)]
		}
	} else if m := f.spelling.one.FindString(s); m != "" {
		tokens = []string{s[len(m):]}
	} else {
		return nil, false, nil
	}
	for _, token := range tokens {
		switch id, _, err := shca.ParseControlID(token); {
		case err != nil:
			cut = true
		case !slices.Contains(ids, id):
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, cut, fmt.Errorf("requirement %.100q names no control of %s; want one such as \"NIST.800-53.r5 AC-2(1)\"", s, f.Title)
	}
	return ids, cut, nil
}

// IsStandard reports whether an id belongs to the framework as a standard that
// findings are reported for: a StandardsArn, a StandardsId of ASFF
// AssociatedStandards, or a GeneratorId that starts with one.
//
//	standards/nist-800-53/v/5.0.0
//	arn:aws:securityhub:us-east-1::standards/nist-800-53/v/5.0.0
//	nist-800-53/v/5.0.0/S3.8
//	NIST-800-53-Revision-5
func (f *Framework) IsStandard(id string) bool {
	if strings.EqualFold(id, f.spelling.list) {
		return true
	}
	before, after, ok := strings.Cut(id, f.spelling.standard)
	return ok &&
		(before == "" || strings.HasSuffix(before, "/") || strings.HasSuffix(before, ":")) &&
		(after == "" || after[0] == '.' || after[0] == '/')
}

// cutField returns the text up to the first space, and what follows.
func cutField(s string) (field, rest string) {
	field, rest, _ = strings.Cut(strings.TrimLeft(s, " "), " ")
	return field, rest
}
