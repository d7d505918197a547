package shca

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// ControlID names a control as OSCAL catalogs of NIST SP 800-53 do: "ac-2",
// "ac-2.1" for an enhancement.
type ControlID string

// Label returns the id as NIST prints it: "AC-2(1)".
func (c ControlID) Label() string {
	control, enhancement, ok := strings.Cut(strings.ToUpper(string(c)), ".")
	if !ok {
		return control
	}
	return control + "(" + enhancement + ")"
}

// Family returns the family's abbreviation: "AC".
func (c ControlID) Family() string {
	family, _, _ := strings.Cut(string(c), "-")
	return strings.ToUpper(family)
}

// Compare orders control ids as catalogs do: by family, then numbers by value.
// It returns -1, 0 or +1.
func (c ControlID) Compare(d ControlID) int { return CompareNatural(string(c), string(d)) }

// requirementPrefix stands before a control in ASFF RelatedRequirements.
const requirementPrefix = "NIST.800-53.r5"

// ParseControlID reads a NIST SP 800-53 Rev. 5 control id in any spelling in
// use and returns the control and, if the text names a part of its statement,
// that part with dots between its items ("a.1").
//
//	AC-2(1)  AC-02(01)  AC-2 (1)       NIST's own, zero-padded, spaced
//	ac-2.1  ac-2_smt.a                 OSCAL control and statement ids
//	NIST.800-53.r5 AC-2(1)             ASFF RelatedRequirements
//	SC-7(4)(a)  AC-2d.1                with a part of the statement
//	ac_2_1                             Prowler
//
// The id is checked for form only; whether a catalog has it is the catalog's
// to say. A text of any other form is an error that quotes it.
func ParseControlID(s string) (id ControlID, part string, err error) {
	bad := func() (ControlID, string, error) {
		return "", "", fmt.Errorf("%.80q is not a NIST SP 800-53 control id such as AC-2(1)", s)
	}
	rest := strings.TrimSpace(s)
	if len(rest) >= len(requirementPrefix) && strings.EqualFold(rest[:len(requirementPrefix)], requirementPrefix) {
		rest = strings.TrimLeft(rest[len(requirementPrefix):], " ")
	}
	for i := range len(rest) {
		if rest[i] >= utf8.RuneSelf { // some of these have an ASCII lower case
			return bad()
		}
	}
	rest = strings.ToLower(rest)
	if len(rest) < 4 || !isLetter(rest[0]) || !isLetter(rest[1]) || (rest[2] != '-' && rest[2] != '_') {
		return bad()
	}
	family, rest := rest[:2], rest[3:]
	number, rest, ok := cutNumber(rest)
	if !ok {
		return bad()
	}
	id = ControlID(family + "-" + number)
	// What follows "_smt" is a part, be it a number.
	rest, statement := strings.CutPrefix(rest, "_smt")
	var parts []string
	for enhanced := false; rest != ""; {
		item, tail, ok := cutItem(rest)
		if !ok {
			return bad()
		}
		rest = tail
		switch {
		case statement || len(parts) > 0 || !isDigit(item[0]):
			parts = append(parts, item)
		case enhanced:
			return bad() // two enhancement numbers
		default:
			id += ControlID("." + item)
			enhanced = true
			rest, statement = strings.CutPrefix(rest, "_smt")
		}
	}
	return id, strings.Join(parts, "."), nil
}

// cutItem takes the next enhancement number or statement part off s: "(1)",
// " (1)", ".1", "_1", ".a", "_a", or a letter that follows a number directly.
func cutItem(s string) (item, rest string, ok bool) {
	s = strings.TrimLeft(s, " ")
	if s == "" {
		return "", "", false
	}
	open := s[0]
	if open == '(' || open == '.' || open == '_' {
		s = s[1:]
	}
	switch {
	case s == "":
		return "", "", false
	case isDigit(s[0]):
		if open != '(' && open != '.' && open != '_' {
			return "", "", false
		}
		if item, rest, ok = cutNumber(s); !ok {
			return "", "", false
		}
	case isLetter(s[0]):
		item, rest = s[:1], s[1:]
		if rest != "" && isLetter(rest[0]) {
			return "", "", false
		}
	default:
		return "", "", false
	}
	if open == '(' {
		return item, strings.TrimPrefix(rest, ")"), strings.HasPrefix(rest, ")")
	}
	if rest == "." { // "AC-2a." ends a printed statement label
		rest = ""
	}
	return item, rest, true
}

// cutNumber takes a number of one to three digits, without its leading zeros,
// off the front of s. Zero is no number.
func cutNumber(s string) (number, rest string, ok bool) {
	all := digits(s)
	number = strings.TrimLeft(all, "0")
	return number, s[len(all):], number != "" && len(number) <= 3 && len(all) <= 4
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
