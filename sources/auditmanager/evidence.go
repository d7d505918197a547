package auditmanager

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-shca/shca"
)

// maxReview is how many bytes of text a piece of evidence keeps: 30 of the longest
// comments that Audit Manager takes (500 characters each).
const maxReview = 16 << 10

// evidence returns what all evidence of a control has in common.
func (c *Context) evidence(k shca.EvidenceKind) *shca.Evidence {
	return &shca.Evidence{
		Source: shca.SourceAuditManager, AccountID: c.AccountID, Region: c.region(),
		Requirement: c.requirement(), Control: strings.TrimSpace(c.Control), Assessment: c.AssessmentName, Kind: k,
	}
}

// region returns the Region of the assessment.
func (c *Context) region() string {
	part := strings.SplitN(c.AssessmentARN, ":", 6)
	if c.Region == "" && len(part) == 6 {
		return part[3]
	}
	return c.Region
}

// owner returns the account of the assessment, by its ARN, or "".
func (c *Context) owner() string {
	part := strings.SplitN(c.AssessmentARN, ":", 6)
	if len(part) == 6 && shca.IsAccountID(part[4]) {
		return part[4]
	}
	return ""
}

// manual returns the evidence that a person brought.
func (it *item) manual(r *Record) *shca.Evidence {
	e := r.Context.evidence(shca.EvidenceManual)
	e.AccountID = cmp.Or(it.account(), e.AccountID)
	e.Author, e.At = string(it.IAMID), time.Time(it.Time)
	var texts []string
	locate := func(s string) {
		s = strings.TrimSpace(s)
		switch {
		case s == "" || s == e.Location || slices.Contains(texts, s):
		case e.Location == "":
			e.Location = s
		default:
			texts = append(texts, s)
		}
	}
	for i := range it.Resources {
		one := &it.Resources[i]
		value := string(one.Value)
		locate(string(one.ARN))
		locate(cmp.Or(member(value, "s3ResourcePath"), member(value, "id"), value))
	}
	locate(it.Attributes.get("manualevidences3resourcepath", "s3resourcepath", "s3uri", "evidencefilename", "filename"))
	if t := it.Attributes.get("textresponse", "manualevidencetextresponse", "response", "description"); t != "" {
		texts = append([]string{t}, texts...)
	}
	if len(texts) == 0 && it.EventName != "" {
		texts = []string{string(it.EventName)}
	}
	e.Text = shorten(strings.Join(texts, "\n"), maxReview)
	e.Location = shorten(e.Location, shca.MaxText)
	if id := it.id(); id != "" {
		e.ID = hashID("manual", id)
	} else {
		e.ID = hashID("manual", r.Origin)
	}
	return e
}

// counted returns evidence without outcome of one folder. first is the id of the
// first piece: the folder's further pages are pieces of their own.
func (c *Context) counted(k shca.EvidenceKind, count int64, at time.Time, first string) *shca.Evidence {
	e := c.evidence(k)
	e.Count, e.At = count, at
	e.ID = hashID(string(k), c.Folder, first)
	return e
}

// review returns the review of a control, or nil if nobody has reviewed it.
func (ct *control) review(c *Context) *shca.Evidence {
	reviewed := strings.EqualFold(squeeze(string(ct.Status)), "reviewed")
	var comments []comment
	for _, one := range ct.Comments {
		if one.Body != "" {
			comments = append(comments, one)
		}
	}
	if !reviewed && len(comments) == 0 && ct.Response == "" {
		return nil
	}
	e := c.evidence(shca.EvidenceReview)
	e.Status = string(ct.Status)
	e.ID = hashID("review", cmp.Or(c.AssessmentID, c.AssessmentARN, c.AssessmentName), c.ControlSet, cmp.Or(c.ControlID, c.Control))
	var texts []string
	for _, one := range comments {
		posted, err := parseTime(string(one.Posted))
		when := string(one.Posted)
		if err == nil {
			when = ""
			if !posted.IsZero() {
				when = posted.Format(time.DateOnly)
			}
		}
		if !posted.Before(e.At) {
			e.At = posted
			e.Author = cmp.Or(string(one.Author), e.Author)
		}
		head := "Comment"
		if one.Author != "" {
			head += " of " + shorten(string(one.Author), 200)
		}
		if when != "" {
			head += ", " + shorten(when, 40)
		}
		texts = append(texts, head+": "+shorten(string(one.Body), 2*shca.MaxText))
	}
	e.Text = joinReview(string(ct.Response), texts)
	return e
}

// joinReview joins a response and comments, each on lines of its own and with a stop
// at its end, so that they stay apart where lines are joined. Where they are too
// long, it leaves out the earlier comments and says so.
func joinReview(response string, comments []string) string {
	head := ""
	if response != "" {
		head = "Response: " + shorten(response, shca.MaxText)
	}
	left, from := maxReview-len(head)-100, len(comments)
	for from > 0 && len(comments[from-1]) < left {
		from--
		left -= len(comments[from]) + 2
	}
	lines := []string{}
	if head != "" {
		lines = append(lines, head)
	}
	if from > 0 {
		lines = append(lines, fmt.Sprintf("(%s in Audit Manager only)", plural(int64(from), "earlier comment is", "earlier comments are")))
	}
	lines = append(lines, comments[from:]...)
	for i := range lines[:max(0, len(lines)-1)] {
		lines[i] = stopped(lines[i])
	}
	return strings.Join(lines, "\n")
}

// stopped returns a text that ends like a sentence.
func stopped(s string) string {
	s = strings.TrimSpace(s)
	if last, _ := utf8.DecodeLastRuneInString(s); strings.ContainsRune(".!?:;…)", last) {
		return s
	}
	return s + "."
}

// plural returns a number with the word for one thing or for many.
func plural(n int64, one, many string) string { return fmt.Sprintf("%d %s", n, verb(n, one, many)) }

// verb returns the word that goes with a number.
func verb(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// shorten cuts a text to at most limit bytes, at a character, and marks the cut.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	const mark = "…"
	end := max(0, limit-len(mark))
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}
