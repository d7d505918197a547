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
	// scopes SCOPES: "findings.json (cut off), …".
	"scopes": func(scopes []shca.Scope) string {
		var texts []string
		for _, s := range scopes {
			reason := line(s.Err)
			if s.Skipped > 0 {
				reason = joinText(reason, plural(s.Skipped, "finding", "findings")+" could not be read")
			}
			texts = append(texts, line(s.Name())+" ("+reason+")")
		}
		return list(texts, 5)
	},
	// date TIME: "2026-01-31 12:00 UTC".
	"date": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") },
	// quoted TEXTS MAX: list, each in quotation marks.
	"quoted": func(texts []string, limit int) string {
		marked := make([]string, len(texts))
		for i, t := range texts {
			marked[i] = `"` + line(t) + `"`
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
// list, quoted, reasons, scopes, date, add and subtract.
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
