package mapping

import (
	"cmp"
	_ "embed"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"text/template"
	"time"
	"unicode"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

//go:embed narrative.tmpl
var narrativeText string

// DefaultNarrative is the template that writes a control's narrative unless
// Options name another: who checked what with which checks, over how much,
// when, what failed, what was undecided and why, what was suppressed, what was
// not looked at, what is disabled and why, what evidence there is besides, and
// that all this covers a part of the control.
var DefaultNarrative = sync.OnceValue(func() *template.Template {
	return template.Must(ParseNarrative(narrativeText))
})

// NarrativeData is what a narrative template is executed with.
type NarrativeData struct {
	Control    shca.ControlResult // without Narrative
	Framework  string             // title of the framework
	Baseline   string             // title of the baseline
	Time       time.Time          // of the assessment
	Products   []string           // that report the control's checks, sorted
	Checks     []*shca.CheckResult
	Failing    []*shca.CheckResult // checks with failed findings, worst first: by severity, then by failed findings
	Mapped     []shca.CheckID      // checks that the framework's table or the inventory of checks maps to the control, with or without findings
	Reasons    []shca.ReasonCount  // why findings are undecided, most frequent first
	Suppressed []shca.Sample       // examples of suppressed findings
	Incomplete []shca.Scope        // scopes that were not read in full

	Disabled []*shca.DisabledCheck // of Mapped and Checks, those that are switched off somewhere
	Holders  []string              // products that hold the control's evidence besides findings, sorted

	MoreReasons bool // there are reasons besides those in Reasons
	AllControls bool // no baseline was selected
}

// narrativeFuncs are the functions of narrative templates besides those of
// text/template.
var narrativeFuncs = template.FuncMap{
	// percent PART WHOLE: "75.00"; "" if WHOLE is zero.
	"percent": shca.Percent,
	// number N: "1,234".
	"number": number,
	// plural N ONE MANY: "1 check", "1,234 checks". N is a number or a text.
	"plural": plural,
	// line TEXT: the text in one line, at most 500 characters of it.
	"line": line,
	// list VALUES MAX: "S3.1, S3.2 and S3.3", "S3.1, S3.2 and 3 more", each as line writes it.
	"list": list,
	// reasons COUNTS MAX: "CONFIG_EVALUATIONS_EMPTY (4), …".
	"reasons": func(counts []shca.ReasonCount, limit int) string {
		var texts []string
		for _, c := range counts {
			texts = append(texts, line(c.Code)+" ("+number(c.Count)+")")
		}
		return list(texts, limit)
	},
	// scopes SCOPES: "findings.json (cut off), …", the first three, each with the
	// beginning of the reason.
	"scopes": func(scopes []shca.Scope) string {
		const shown = 3
		var texts []string
		for _, s := range scopes[:min(len(scopes), shown)] {
			reason := beginning(line(s.Err), reasonLimit)
			if s.Skipped > 0 {
				reason = joinText(reason, plural(s.Skipped, "finding", "findings")+" could not be read")
			}
			texts = append(texts, beginning(line(s.Name()), reasonLimit)+" ("+reason+")")
		}
		if more := len(scopes) - shown; more > 0 {
			return strings.Join(texts, ", ") + " and " + number(more) + " more; the scopes are listed in the reports"
		}
		return list(texts, shown)
	},
	// evidence PIECES COUNT: "2 documents, 1 review and 31 records of configuration data".
	"evidence": evidenceText,
	// date TIME: "2026-01-31 12:00 UTC".
	"date": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") },
	// begin TEXT: what line writes, at most 300 characters of it.
	"begin": func(text any) string { return beginning(line(text), textLimit) },
	// quoted TEXTS MAX: list, each as begin writes it, in quotation marks.
	"quoted": func(texts []string, limit int) string {
		marked := make([]string, len(texts))
		for i, t := range texts {
			marked[i] = `"` + beginning(line(t), textLimit) + `"`
		}
		return list(marked, limit)
	},
	// add A B.
	"add": func(a, b int) int { return a + b },
	// subtract A B.
	"subtract": func(a, b int) int { return a - b },
}

func plural(n any, one, many string) string {
	text := number(n)
	if text == "1" {
		return text + " " + one
	}
	return text + " " + many
}

// number prints thousands in groups, as reports do. What is no number is printed
// as it is.
func number(n any) string {
	switch n := n.(type) {
	case int:
		return show.Number(n)
	case int64:
		return show.Number(n)
	}
	return fmt.Sprint(n)
}

// lineLimit is the number of characters that line keeps of a text. ASFF allows
// 512 in most of them.
const lineLimit = 500

// textLimit is the number of characters that a narrative has of what people
// wrote at length.
const textLimit = 300

// reasonLimit is the number of characters that a narrative has of why a scope was
// not read in full: every control has them.
const reasonLimit = 120

// beginning cuts a line at a word.
func beginning(text string, limit int) string {
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	end := limit
	for end > limit/2 && runes[end] != ' ' {
		end--
	}
	if end == limit/2 { // one long word
		end = limit
	}
	return strings.TrimRight(string(runes[:end]), " ,;:([{") + " …"
}

// evidenceText says how many pieces of each kind there are. Of more than
// shca.MaxEvidence the kinds of those beyond are not known.
func evidenceText(pieces []shca.Evidence, count int64) string {
	counts := map[shca.EvidenceKind]int64{}
	for i := range pieces {
		kind := pieces[i].Kind
		switch kind {
		case shca.EvidenceManual, shca.EvidenceReview, shca.EvidenceReport, shca.EvidenceConfiguration, shca.EvidenceActivity:
		default:
			kind = "" // of no kind that there is a word for
		}
		counts[kind] += pieces[i].Pieces()
		count -= pieces[i].Pieces()
	}
	var texts []string
	for _, k := range []struct {
		kind      shca.EvidenceKind
		one, many string
	}{
		{shca.EvidenceManual, "piece of manual evidence", "pieces of manual evidence"},
		{shca.EvidenceReview, "control review", "control reviews"},
		{shca.EvidenceReport, "report document", "report documents"},
		{shca.EvidenceConfiguration, "record of configuration data", "records of configuration data"},
		{shca.EvidenceActivity, "record of user activity", "records of user activity"},
		{"", "piece of other evidence", "pieces of other evidence"},
	} {
		if n := counts[k.kind]; n > 0 {
			texts = append(texts, plural(n, k.one, k.many))
		}
	}
	if count > 0 {
		texts = append(texts, number(count)+" more")
	}
	return list(texts, len(texts))
}

// line makes one line of a foreign text, so that it cannot pass for a part of
// the narrative, and cuts it if it is long.
func line(text any) string {
	runes := []rune(strings.Join(strings.FieldsFunc(fmt.Sprint(text), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " "))
	if len(runes) > lineLimit {
		return string(runes[:lineLimit]) + " …"
	}
	return string(runes)
}

// list joins the elements of a slice, at most limit of them, and says how many
// it leaves out.
func list(values any, limit int) string {
	v := reflect.ValueOf(values)
	if v.Kind() != reflect.Slice {
		return fmt.Sprint(values)
	}
	var texts []string
	for i := range min(v.Len(), limit) {
		texts = append(texts, line(v.Index(i)))
	}
	if more := v.Len() - limit; more > 0 {
		texts = append(texts, fmt.Sprintf("%d more", more))
	}
	last := max(0, len(texts)-1)
	return strings.Join(texts[:last], ", ") + strings.Repeat(" and ", min(last, 1)) + strings.Join(texts[last:], "")
}

// ParseNarrative parses a narrative template in the syntax of text/template.
// It is executed with a NarrativeData and may call percent, number, plural, line,
// list, begin, quoted, reasons, scopes, evidence, date, add and subtract.
func ParseNarrative(text string) (*template.Template, error) {
	return template.New("narrative").Option("missingkey=error").Funcs(narrativeFuncs).Parse(text)
}

// narrate writes the narrative of every control.
func narrate(a *shca.Assessment, mapped func(shca.ControlID) []shca.CheckID, t *template.Template) error {
	var incomplete []shca.Scope
	for _, s := range a.Scopes {
		if !s.Complete() {
			incomplete = append(incomplete, s)
		}
	}
	for i := range a.Controls {
		c := &a.Controls[i]
		d := NarrativeData{
			Control: *c, Framework: a.FrameworkName, Baseline: a.BaselineName,
			Time: a.Time, Mapped: mapped(c.ID), Incomplete: incomplete, AllControls: a.AllControls,
		}
		known := slices.Concat(d.Mapped, c.Checks)
		slices.SortFunc(known, shca.CheckID.Compare)
		for _, id := range slices.Compact(known) {
			if off := a.DisabledCheck(id); off != nil {
				d.Disabled = append(d.Disabled, off)
			}
		}
		reasons := map[string]int64{}
		for _, id := range c.Checks {
			check := a.Check(id)
			d.Checks = append(d.Checks, check)
			d.Products = append(d.Products, check.Products.Members...)
			d.Suppressed = append(d.Suppressed, check.Suppressed...)
			if check.Tally.Failed > 0 {
				d.Failing = append(d.Failing, check)
			}
			d.MoreReasons = d.MoreReasons || check.MoreReasons
			for _, r := range check.Reasons {
				reasons[r.Code] += r.Count
			}
		}
		for _, e := range c.Evidence {
			if holder := shca.ProductOf(e.Source); !slices.Contains(d.Holders, holder) {
				d.Holders = append(d.Holders, holder)
			}
		}
		slices.Sort(d.Holders)
		slices.Sort(d.Products)
		d.Products = slices.Compact(d.Products)
		slices.SortStableFunc(d.Failing, shca.CompareWorst)
		for code, n := range reasons {
			d.Reasons = append(d.Reasons, shca.ReasonCount{Code: code, Count: n})
		}
		slices.SortFunc(d.Reasons, func(a, b shca.ReasonCount) int {
			return cmp.Or(-cmp.Compare(a.Count, b.Count), strings.Compare(a.Code, b.Code))
		})
		var text strings.Builder
		if err := t.Execute(&text, d); err != nil {
			return fmt.Errorf("narrative of %s: %w", c.ID.Label(), err)
		}
		c.Narrative = strings.TrimSpace(text.String())
	}
	return nil
}
