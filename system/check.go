package system

import (
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// kind is what the values of a field must be.
type kind struct {
	allowed string // in words, after "must be"
	ok      func(string) bool
}

// kindsOfText are the kinds that the tag "is" names, besides required.
var kindsOfText = map[string]kind{
	"line": {"one line", func(s string) bool { return !strings.ContainsAny(s, "\r\n") }},
	"id":   {"at most 255 bytes long", func(s string) bool { return len(s) <= 255 }},
	"date": {"a date such as 2026-01-31", func(s string) bool {
		at, err := time.Parse(time.DateOnly, s)
		return err == nil && at.Year() >= 1900 && at.Year() < 3000
	}},
	"email": {"an email address such as isso@example.org", func(s string) bool {
		a, err := mail.ParseAddress(s)
		return err == nil && a.Address == s && !strings.ContainsAny(s, " \t\r\n\"[")
	}},
	"account":          pattern(`[0-9]{12}`, "an AWS account id of 12 digits"),
	"token":            pattern(`[A-Za-z_][A-Za-z0-9_.-]*`, "a letter, then letters, digits, dots, dashes and underscores, such as system-owner"),
	"information-type": pattern(`[A-Z](\.[0-9]+)+`, "an identifier of NIST SP 800-60 such as C.2.8.12"),

	"impact":           oneOf("low", "moderate", "high"),
	"party-type":       oneOf("person", "organization"),
	"user-type":        oneOf("internal", "external", "general-public"),
	"privilege":        oneOf("privileged", "non-privileged", "no-logical-access"),
	"service-model":    oneOf("iaas", "paas", "saas", "other"),
	"deployment-model": oneOf("public-cloud", "private-cloud", "community-cloud", "hybrid-cloud", "government-only-cloud", "other"),
	"system-status":    oneOf("operational", "under-development", "under-major-modification", "disposition", "other"),
	"component-status": oneOf("operational", "under-development", "disposition", "other"),
	"component-type": oneOf("system", "interconnection", "software", "hardware", "service", "policy", "physical",
		"process-procedure", "plan", "guidance", "standard", "validation", "network"),
}

func oneOf(values ...string) kind {
	return kind{"one of " + strings.Join(values, ", "), func(s string) bool { return slices.Contains(values, s) }}
}

func pattern(expression, allowed string) kind {
	return kind{allowed, regexp.MustCompile(`\A(?:` + expression + `)\z`).MatchString}
}

// check finds what single values do not show: fields that are there and empty,
// names that stand twice, and references that lead nowhere.
func (r *reader) check(s *System) {
	parties := ids{r: r, list: "parties", key: "id", seen: map[string]bool{OrganizationID: true}}
	for i, p := range s.Parties {
		parties.add(i, p.ID, "the id of another party, or that of the organization")
		r.required(parties.at(i, "name"), p.Name)
	}
	roles := ids{r: r, list: "roles", key: "id", seen: map[string]bool{}}
	for i, role := range s.Roles {
		roles.add(i, role.ID, "the id of another role")
		parties.refer(roles.at(i, "parties"), role.Parties, "the id of a party in the file, or organization")
	}
	for _, known := range KnownRoles {
		roles.seen[known] = true
	}
	users := ids{r: r, list: "users", key: "title", seen: map[string]bool{}}
	for i, u := range s.Users {
		users.add(i, u.Title, "the title of another user")
		roles.refer(users.at(i, "roles"), u.Roles, "the id of a role in the file, or "+strings.Join(KnownRoles, ", "))
	}
	components := ids{r: r, list: "components", key: "id", seen: map[string]bool{}}
	for i, c := range s.Components {
		components.add(i, c.ID, "the id of another component")
		r.required(components.at(i, "title"), c.Title)
		r.required(components.at(i, "type"), c.Type)
	}
	information := ids{r: r, list: "information-types", key: "title", seen: map[string]bool{}}
	for i, t := range s.Information {
		information.add(i, t.Title, "the title of another type of information")
	}
	accounts := ids{r: r, list: "accounts", key: "id", seen: map[string]bool{}}
	for i, a := range s.Accounts {
		accounts.add(i, a.ID, "the id of another account")
		r.required(accounts.at(i, "name"), a.Name)
	}
}

// required fails for a field that the file names and leaves empty. One that it
// does not name has failed already, and so has one with a wrong value.
func (r *reader) required(field, value string) {
	if line, there := r.lines[field]; there && value == "" && !r.failed(field) {
		r.fail(line, field, "is empty")
	}
}

func (r *reader) failed(field string) bool {
	return slices.ContainsFunc(r.errors, func(err error) bool { return strings.Contains(err.Error(), ": "+field+": ") })
}

// ids are the keys of a list's entries, each of which stands once.
type ids struct {
	r         *reader
	list, key string
	seen      map[string]bool
}

func (v *ids) at(i int, field string) string {
	return v.list + "[" + strconv.Itoa(i) + "]." + field
}

// add takes the key of the list's entry i; what says what it must not be.
func (v *ids) add(i int, id, what string) {
	field := v.at(i, v.key)
	v.r.required(field, id)
	if id != "" && v.seen[id] {
		v.r.fail(v.r.lines[field], field, "%s is %s: it must be unique", quote(id), what)
	}
	v.seen[id] = true
}

// refer checks references to the list's entries. The same one twice is once too
// often.
func (v *ids) refer(field string, references []string, allowed string) {
	there := map[string]bool{}
	for i, id := range references {
		if id == "" {
			continue // failed already
		}
		at := field + "[" + strconv.Itoa(i) + "]"
		switch {
		case !v.seen[id]:
			v.r.fail(v.r.lines[at], at, "%s leads nowhere: it must be %s", quote(id), allowed)
		case there[id]:
			v.r.fail(v.r.lines[at], at, "%s is there twice", quote(id))
		}
		there[id] = true
	}
}
