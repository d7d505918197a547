package ocsf

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-shca/shca"
)

// frameworks adds what Prowler knows about frameworks, as its ASFF has it: the
// frameworks are the standards, and a requirement names one and all its ids.
func (e *wireEvent) frameworks(f *shca.Finding) {
	all := slices.Clone(e.Unmapped.frameworks)
	rest := f.Requirements
	f.Requirements = nil
	for _, text := range rest { // of Prowler 3: "CISA: your-systems-3, your-data-1"
		if name, ids, ok := strings.Cut(text, ": "); ok {
			all = append(all, framework{name, strings.Split(ids, ", ")})
		} else {
			f.Requirements = append(f.Requirements, text)
		}
	}
	for _, one := range all {
		if !slices.Contains(f.Standards, one.name) {
			f.Standards = append(f.Standards, one.name)
		}
		f.Requirements = append(f.Requirements, one.requirements()...)
	}
}

// cutFrom is the length in characters from which a requirement of Prowler's is
// taken, by package catalogs, for one that was cut short: in ASFF, 63 are what
// is left of more.
const cutFrom = 63

// requirements returns the framework's name with its ids, in as many texts as
// it takes for none to look as if it was cut.
func (r framework) requirements() []string {
	var all []string
	line, n := r.name, 0
	for _, id := range r.ids {
		if n > 0 && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(id) >= cutFrom {
			all = append(all, line)
			line, n = r.name, 0
		}
		line += " " + id
		n++
	}
	if n > 0 {
		all = append(all, line)
	}
	return all
}
