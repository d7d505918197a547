package command

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

// printSummary prints the assessment for the person at the terminal.
func printSummary(w io.Writer, a *shca.Assessment) {
	s := a.Summary()
	fmt.Fprintf(w, "%s, %s\n%s\n\n", plain(a.FrameworkName, 100), plain(cmp.Or(a.BaselineName, a.Baseline), 100), plain(a.Verdict(), 500))
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, status := range shca.Statuses() {
		fmt.Fprintf(t, "  %s\t%s\n", status, show.Number(s.Statuses[status]))
	}
	if s.Outside > 0 {
		label := "outside the baseline"
		if a.AllControls {
			label = "evidence only"
		}
		fmt.Fprintf(t, "  %s\t%s\n", label, show.Number(s.Outside))
	}
	fmt.Fprintln(t)
	rate := "none: no finding was decided"
	if s.Tally.Decided() > 0 {
		rate = fmt.Sprintf("%s of %s; %s undecided, %s suppressed",
			show.Rate(s.Tally.Passed, s.Tally.Decided()), show.Plural(s.Tally.Decided(), "decided finding"), show.Number(s.Tally.Undecided()), show.Number(s.Tally.Suppressed))
	}
	fmt.Fprintf(t, "  pass rate\t%s\n", rate)
	if s.Controls > 0 && !a.AllControls {
		fmt.Fprintf(t, "  coverage\t%s: %d of %d baseline controls have a decided finding\n", show.Rate(s.Covered, s.Controls), s.Covered, s.Controls)
	}
	if worst := worstFamilies(s.Families, 5); len(worst) > 0 {
		fmt.Fprintf(t, "  worst families\t%s\n", strings.Join(worst, ", "))
	}
	t.Flush()

	if failing := a.Failing(); len(failing) > 0 {
		fmt.Fprintln(w, "\nTop failing checks:")
		for _, c := range failing[:min(len(failing), 5)] {
			fmt.Fprintf(t, "  %s\t%s\t%s of %s failed\t%s\n", plain(string(c.ID), 40), c.Severity, show.Number(c.Tally.Failed), show.Number(c.Tally.Decided()), title(c))
		}
		t.Flush()
		if more := len(failing) - 5; more > 0 {
			fmt.Fprintf(w, "  and %d more\n", more)
		}
	}
	printScopes(w, a)
}

func worstFamilies(families []shca.FamilySummary, limit int) []string {
	families = slices.DeleteFunc(slices.Clone(families), func(f shca.FamilySummary) bool { return f.Tally.Failed == 0 })
	slices.SortStableFunc(families, func(a, b shca.FamilySummary) int { // lower pass rate first, compared exactly
		return cmp.Compare(a.Tally.Passed*b.Tally.Decided(), b.Tally.Passed*a.Tally.Decided())
	})
	var texts []string
	for _, f := range families[:min(len(families), limit)] {
		texts = append(texts, f.Family+" "+show.Rate(f.Tally.Passed, f.Tally.Decided()))
	}
	return texts
}

// printScopes says how many findings were read and what was left out of the
// scores.
func printScopes(w io.Writer, a *shca.Assessment) {
	total := show.Total(a)
	unmapped := int64(0)
	for i := range a.Checks {
		if len(a.Checks[i].Controls) == 0 {
			unmapped += a.Checks[i].Tally.Total()
		}
	}
	fmt.Fprintf(w, "\nRead %s: %s assessed", show.Plural(total.Findings, "finding"), show.Number(total.Assessed))
	for _, part := range []struct {
		n    int64
		what string
	}{
		{total.Suppressed, "suppressed"},
		{total.NotScored, "without compliance status"},
		{total.Archived, "archived"},
		{total.Superseded, "superseded by another copy"},
	} {
		if part.n > 0 {
			fmt.Fprintf(w, ", %s %s", show.Number(part.n), part.what)
		}
	}
	fmt.Fprintln(w)
	if unmapped > 0 {
		verb := "are"
		if unmapped == 1 {
			verb = "is"
		}
		fmt.Fprintf(w, "%s of them %s of checks that no control is mapped to\n", show.Number(unmapped), verb)
	}
	if total.Skipped > 0 {
		fmt.Fprintf(w, "%s more could not be read\n", show.Number(total.Skipped))
	}
	printDisabled(w, a)
	printNotes(w, a)
}

// title is the check's title, and that the check counts in no control, if so.
func title(c *shca.CheckResult) string {
	text := plain(c.Text.Title, 60)
	if len(c.Controls) == 0 {
		text += " (no control)"
	}
	return strings.TrimSpace(text)
}

// printDisabled says how many checks are switched off.
func printDisabled(w io.Writer, a *shca.Assessment) {
	everywhere := 0
	for i := range a.Disabled {
		if a.Disabled[i].Everywhere() {
			everywhere++
		}
	}
	are := func(n int) string {
		if n == 1 {
			return "1 check is"
		}
		return show.Plural(n, "check") + " are"
	}
	some := len(a.Disabled) - everywhere
	switch {
	case len(a.Disabled) == 0:
	case some == 0:
		fmt.Fprintf(w, "%s disabled everywhere that was read\n", are(everywhere))
	case everywhere == 0:
		fmt.Fprintf(w, "%s disabled in some of the places that were read\n", are(some))
	default:
		fmt.Fprintf(w, "%s disabled everywhere that was read, %s in some places\n", are(everywhere), show.Number(some))
	}
}

// printNotes prints the first notes of scopes, each once.
func printNotes(w io.Writer, a *shca.Assessment) {
	const shown = 5
	type note struct{ source, text string }
	scopes := map[note]int{}
	var notes []note
	for i := range a.Scopes {
		s := &a.Scopes[i]
		if s.Note == "" {
			continue
		}
		n := note{s.Source, s.Note}
		if scopes[n]++; scopes[n] == 1 {
			notes = append(notes, n)
		}
	}
	for _, n := range notes[:min(len(notes), shown)] {
		where := plain(n.source, 100)
		if scopes[n] > 1 {
			where += ", in " + show.Number(scopes[n]) + " scopes"
		}
		fmt.Fprintf(w, "Note: %s: %s\n", where, plain(n.text, 300))
	}
	if more := len(notes) - shown; more > 0 {
		fmt.Fprintf(w, "and %s; assessment.json has them all\n", show.Plural(more, "more note"))
	}
}

// plain makes foreign text harmless for a terminal, on one line of at most
// limit characters.
func plain(s string, limit int) string { return show.Cut(show.OneLine(s), limit) }
