package auditmanager

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/collect"
	"github.com/go-shca/shca/internal/awsapi"
	"github.com/go-shca/shca/sources/snapshot"
)

// cursor says where a task is: in the list of assessments (Current and Folder are
// nil), at a page of the folders of an assessment (Folder is nil), or at a page of
// the evidence of a folder on that page. A resumed run asks for the page of
// folders again; nothing else is repeated.
type cursor struct {
	ListToken string   `json:"listToken,omitempty"`
	Listed    bool     `json:"listed,omitempty"` // the list has been read to its end
	Left      []string `json:"left,omitempty"`   // assessments to read, by id
	Found     []string `json:"found,omitempty"`  // of the assessments asked for, those that are there

	Current     *Context `json:"assessment,omitempty"` // that is being read
	FolderToken string   `json:"folderToken,omitempty"`
	After       string   `json:"after,omitempty"`  // the folder on the page behind which to go on
	Folder      *Context `json:"folder,omitempty"` // whose evidence is being read
	Token       string   `json:"token,omitempty"`  // of its page
}

// puller pulls one task.
type puller struct {
	api
	account, region string
	params

	page *folders // the page of folders read last
}

// folders is a page of folders.
type folders struct {
	assessment, token, next string
	list                    []folder
}

// Next reads one page: of assessments, an assessment, folders, or evidence. One
// that comes with the token that asked for it is asked for again.
func (p *puller) Next(ctx context.Context, at jsontext.Value) (collect.Page, error) {
	const tries = 3
	for try := 1; ; try++ {
		page, err := p.next(ctx, at)
		if try == tries || !errors.Is(err, errRepeated) {
			return page, err
		}
		p.page = nil
	}
}

var errRepeated = errors.New("AWS sent a page with the token of that page, so the next one cannot be read: run the same command again later")

func (p *puller) next(ctx context.Context, at jsontext.Value) (collect.Page, error) {
	var c cursor
	if len(at) > 0 {
		if err := json.Unmarshal(at, &c); err != nil {
			return collect.Page{}, fmt.Errorf("auditmanager %s %s: %w: the cursor is not one of Audit Manager's: %w", p.account, p.region, collect.ErrRestart, err)
		}
	}
	var lines []snapshot.Line
	var err error
	switch {
	case c.Folder != nil:
		lines, err = p.evidencePage(ctx, &c)
	case c.Current != nil:
		lines, err = p.folderPage(ctx, &c)
	case c.Listed && len(c.Left) > 0:
		lines, err = p.begin(ctx, &c)
	default:
		lines, err = p.listPage(ctx, &c)
	}
	if err != nil {
		return collect.Page{}, err
	}
	page := collect.Page{Lines: lines}
	if c.Listed && len(c.Left) == 0 && c.Current == nil {
		return page, nil
	}
	page.Next, err = json.Marshal(&c, json.Deterministic(true))
	if err != nil {
		return collect.Page{}, fmt.Errorf("auditmanager: %w", err)
	}
	return page, nil
}

// listPage reads a page of the list of assessments.
func (p *puller) listPage(ctx context.Context, c *cursor) ([]snapshot.Line, error) {
	status := "ACTIVE"
	if len(p.Assessments) > 0 {
		status = "" // whoever names one wants it
	}
	raw, err := p.assessments(ctx, status, c.ListToken)
	if err != nil {
		return nil, p.explain(ctx, err, "ListAssessments", c.ListToken)
	}
	var answer struct {
		Assessments []metadata `json:"assessmentMetadata"`
		NextToken   text       `json:"nextToken"`
	}
	if err := p.read("ListAssessments", raw, &answer); err != nil {
		return nil, err
	}
	for _, a := range answer.Assessments {
		id, name := string(a.ID), string(a.Name)
		wanted := len(p.Assessments) == 0
		for _, w := range p.Assessments {
			if w == id || w == name {
				wanted = true
				if !slices.Contains(c.Found, w) {
					c.Found = append(c.Found, w)
				}
			}
		}
		if wanted && id != "" && !slices.Contains(c.Left, id) {
			c.Left = append(c.Left, id)
		}
	}
	if err := p.follow(&c.ListToken, string(answer.NextToken), "ListAssessments"); err != nil {
		return nil, err
	}
	if c.ListToken != "" {
		return nil, nil
	}
	c.Listed = true
	var missing []string
	for _, w := range p.Assessments {
		if !slices.Contains(c.Found, w) {
			missing = append(missing, fmt.Sprintf("%.200q", w))
		}
	}
	c.Found = nil
	switch {
	case len(missing) > 0 && p.Alone:
		return p.scope("", "no assessment has the name or id "+strings.Join(missing, ", ")+": aws auditmanager list-assessments shows which there are"), nil
	case len(missing) > 0: // it may be elsewhere
		return p.scope("no assessment has the name or id "+strings.Join(missing, ", "), ""), nil
	case len(c.Left) == 0:
		return p.scope("Audit Manager has no active assessment", ""), nil
	}
	return nil, nil
}

// scope returns a line about the task's scope.
func (p *puller) scope(note, err string) []snapshot.Line {
	return []snapshot.Line{{Scope: &shca.Scope{Source: shca.SourceAuditManager, AccountID: p.account, Region: p.region, Note: note, Err: err}}}
}

// begin reads the next assessment: what it is, and the reviews of its controls.
func (p *puller) begin(ctx context.Context, c *cursor) ([]snapshot.Line, error) {
	id := c.Left[0]
	c.Left = c.Left[1:]
	raw, err := p.assessment(ctx, id)
	if gone(err) {
		return p.scope("", fmt.Sprintf("assessment %s is gone since it was listed", id)), nil
	}
	if awsapi.Code(err) == "AccessDeniedException" && ctx.Err() == nil { // of this one, which keeps nobody from the others
		return p.scope("", fmt.Sprintf("assessment %s was not read: %v", id, p.explain(ctx, err, "GetAssessment", ""))), nil
	}
	if err != nil {
		return nil, p.explain(ctx, err, "GetAssessment", "")
	}
	var lines []snapshot.Line
	files := &Files{}
	nameless := int64(0)
	w := p.walker(raw, files)
	w.scope = func(string, string, string) bool { return true } // the task's
	w.review = func(e *shca.Evidence) bool {
		e.AccountID, e.Region = cmp.Or(e.AccountID, p.account), p.region
		if e.Requirement == "" {
			nameless++
		}
		lines = append(lines, snapshot.Line{Evidence: e})
		return true
	}
	if err := w.run(); err != nil {
		return nil, p.unreadable("GetAssessment", err)
	}
	if nameless > 0 {
		lines = append(lines, p.scope(namelessNote(nameless), "")...)
	}
	lines = append(lines, p.problems(w, "assessment "+id)...)
	c.Current = &Context{AssessmentID: id}
	files.complete(c.Current)
	c.Current.AccountID, c.Current.Region = cmp.Or(c.Current.AccountID, p.account), p.region
	c.FolderToken, c.After = "", ""
	return lines, nil
}

// folderPage reads a page of folders, counts those that need not be read, and goes
// on to the first that has to be.
func (p *puller) folderPage(ctx context.Context, c *cursor) ([]snapshot.Line, error) {
	page, problems, err := p.readFolders(ctx, c)
	if gone(err) {
		id := c.Current.AssessmentID
		c.Current = nil
		return p.scope("", fmt.Sprintf("assessment %s is gone since it was listed", id)), nil
	}
	if err != nil {
		return nil, err
	}
	lines, err := p.advance(c, page)
	return append(problems, lines...), err
}

// readFolders returns the page of folders that the cursor is on.
func (p *puller) readFolders(ctx context.Context, c *cursor) (*folders, []snapshot.Line, error) {
	id := c.Current.AssessmentID
	if f := p.page; f != nil && f.assessment == id && f.token == c.FolderToken {
		return f, nil, nil
	}
	raw, err := p.folders(ctx, id, c.FolderToken)
	if gone(err) {
		return nil, nil, err
	}
	if err != nil {
		return nil, nil, p.explain(ctx, err, "GetEvidenceFoldersByAssessment", c.FolderToken)
	}
	f := &folders{assessment: id, token: c.FolderToken}
	w := p.walker(raw, &Files{})
	w.folder = func(one *folder) bool {
		f.list = append(f.list, *one)
		return true
	}
	if err := w.run(); err != nil {
		return nil, nil, p.unreadable("GetEvidenceFoldersByAssessment", err)
	}
	f.next = w.token
	p.page = f
	return f, p.problems(w, "the folders of assessment "+id), nil
}

// advance moves the cursor behind the folder c.After of the page, to the next whose
// evidence has to be read, and returns what the folders passed by count.
func (p *puller) advance(c *cursor, page *folders) ([]snapshot.Line, error) {
	start := 0
	if c.After != "" {
		start = 1 + slices.IndexFunc(page.list, func(f folder) bool { return string(f.ID) == c.After })
		if start == 0 { // the list is another one than it was
			return nil, collect.ErrRestart
		}
	}
	var lines []snapshot.Line
	for i := start; i < len(page.list); i++ {
		f := &page.list[i]
		if f.ID == "" || !p.Since.IsZero() && !time.Time(f.Date).IsZero() && time.Time(f.Date).Before(p.Since) {
			continue
		}
		at := *c.Current
		at.ControlSet, at.ControlID, at.Control, at.Folder = string(f.ControlSetID), string(f.ControlID), string(f.ControlName), string(f.ID)
		if at.Control == "" {
			lines = append(lines, p.scope("", fmt.Sprintf("evidence folder %s does not name its control: its evidence counts for none, but for those that its checks are mapped to", f.ID))...)
		}
		// A folder whose counts say that there is nothing to read in it but what is
		// counted. They may be missing, and are believed only if they add up.
		if f.Total > 0 && f.Checks == 0 && f.Manual == 0 && f.Activity+f.Configuration == f.Total {
			for _, one := range []count{{kind: shca.EvidenceActivity, n: f.Activity}, {kind: shca.EvidenceConfiguration, n: f.Configuration}} {
				if one.n > 0 {
					lines = append(lines, snapshot.Line{Evidence: at.counted(one.kind, one.n, time.Time(f.Date), "")})
				}
			}
			continue
		}
		c.Folder, c.Token, c.After = &at, "", string(f.ID)
		return lines, nil
	}
	c.After = ""
	if err := p.follow(&c.FolderToken, page.next, "GetEvidenceFoldersByAssessment"); err != nil {
		return nil, err
	}
	if c.FolderToken == "" {
		c.Current = nil
	}
	return lines, nil
}

// evidencePage reads a page of the evidence of a folder.
func (p *puller) evidencePage(ctx context.Context, c *cursor) ([]snapshot.Line, error) {
	at := c.Folder
	raw, err := p.evidence(ctx, at.AssessmentID, at.ControlSet, at.Folder, c.Token)
	var lines []snapshot.Line
	next := ""
	switch {
	case gone(err):
		lines = p.scope("", fmt.Sprintf("evidence folder %s of %.200s is gone since it was listed", at.Folder, at.Control))
	case err != nil:
		return nil, p.explain(ctx, err, "GetEvidenceByEvidenceFolder", c.Token)
	default:
		if lines, next, err = p.items(ctx, at, raw); err != nil {
			return nil, err
		}
	}
	if err := p.follow(&c.Token, next, "GetEvidenceByEvidenceFolder"); err != nil {
		return nil, err
	}
	if c.Token != "" {
		return lines, nil
	}
	// On to the next folder. The page of folders is at hand but in a resumed run.
	c.Folder = nil
	if f := p.page; f != nil && f.assessment == c.Current.AssessmentID && f.token == c.FolderToken {
		more, err := p.advance(c, f)
		return append(lines, more...), err
	}
	return lines, nil
}

// items returns the lines of a page of evidence, and the token of the next.
func (p *puller) items(ctx context.Context, at *Context, raw []byte) (lines []snapshot.Line, next string, err error) {
	counts := map[kind]*count{}
	w := p.walker(raw, &Files{})
	var failed error
	w.broken = func(bad *shca.FindingError) bool {
		lines = append(lines, p.scope("", fmt.Sprintf("evidence folder %s: piece of evidence %d: %v", at.Folder, bad.Number, bad.Err))...)
		return true
	}
	w.item = func(r *Record, number int64) bool {
		if failed = ctx.Err(); failed != nil {
			return false
		}
		r.Context = *at
		r.Origin = origin(at.Folder, number)
		found, records, bad := split(r)
		switch {
		case bad != nil:
			// As it is, so that whoever reads the snapshot is told.
			var one []byte
			if one, failed = r.append(nil); failed == nil {
				lines = append(lines, snapshot.Line{Finding: one, Format: Format.Name})
			}
		case found.empty:
			w.problem("piece of evidence %d says nothing", number)
		case found.evidence != nil:
			lines = append(lines, snapshot.Line{Evidence: found.evidence})
		case records == nil:
			one := counts[found.kind]
			if one == nil {
				one = &count{kind: found.kind, first: cmp.Or(found.id, r.Origin)}
				counts[found.kind] = one
			}
			one.n++
			if found.at.After(one.at) {
				one.at = found.at
			}
		default:
			for one, err := range records {
				if err != nil {
					failed = err
					break
				}
				lines = append(lines, snapshot.Line{Finding: one, Format: Format.Name})
			}
		}
		return failed == nil
	}
	err = w.run()
	switch {
	case failed != nil:
		return nil, "", failed
	case err != nil:
		return nil, "", p.unreadable("GetEvidenceByEvidenceFolder", err)
	}
	for _, k := range []kind{shca.EvidenceActivity, shca.EvidenceConfiguration} {
		if one := counts[k]; one != nil {
			lines = append(lines, snapshot.Line{Evidence: at.counted(k, one.n, one.at, one.first)})
		}
	}
	return append(lines, p.problems(w, "evidence folder "+at.Folder)...), w.token, nil
}

// walker returns one for an answer, whose pieces of evidence do not matter.
func (p *puller) walker(raw []byte, files *Files) *walker {
	w := newWalker(bytes.NewReader(raw), p.region, files)
	w.item = func(*Record, int64) bool { return true }
	w.broken = func(*shca.FindingError) bool { return true }
	w.review = func(*shca.Evidence) bool { return true }
	w.scope = func(string, string, string) bool { return true }
	return w
}

// problems returns what could not be read of an answer, as a line.
func (p *puller) problems(w *walker, what string) []snapshot.Line {
	if len(w.problems) == 0 {
		return nil
	}
	return p.scope("", what+": "+strings.Join(w.problems, "; "))
}

// read reads an answer that is no more than a list of names.
func (p *puller) read(operation string, raw []byte, v any) error {
	if err := json.Unmarshal(raw, v, options); err != nil {
		return p.unreadable(operation, err)
	}
	return nil
}

func (p *puller) unreadable(operation string, err error) error {
	return fmt.Errorf("auditmanager:%s in account %s, Region %s: the answer cannot be read: %w: run the same command again", operation, p.account, p.region, err)
}

// follow moves a token on. The same one again would go on for ever.
func (p *puller) follow(token *string, next, operation string) error {
	if next != "" && next == *token {
		return fmt.Errorf("auditmanager:%s in account %s, Region %s: %w", operation, p.account, p.region, errRepeated)
	}
	*token = next
	return nil
}

// gone reports whether what was asked for is not there any more.
func gone(err error) bool { return awsapi.Code(err) == "ResourceNotFoundException" }

// explain says what to do about an error. A page token that AWS does not take is
// one of an earlier run, or too old.
func (p *puller) explain(ctx context.Context, err error, operation, token string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	code := awsapi.Code(err)
	if code == "ValidationException" && token != "" {
		return fmt.Errorf("auditmanager:%s in account %s, Region %s: %s: %w", operation, p.account, p.region, code, collect.ErrRestart)
	}
	explained := awsapi.Explain(err, p.account, p.region, "auditmanager:"+operation)
	said, ok := errors.AsType[*awsapi.Error](explained)
	if !ok || code != "AccessDeniedException" {
		return explained
	}
	// Audit Manager refuses everybody in this way while it is not set up (API
	// reference, AccessDeniedException).
	status, failed := p.status(ctx)
	advised := *said
	switch {
	case failed != nil:
		advised.Advice += "; or Audit Manager is not set up in this account and Region, which auditmanager:GetAccountStatus would tell"
	case status == "INACTIVE":
		advised.Advice = "Audit Manager is not set up in this account and Region, and takes no new customers since 2026-04-30: leave the Region out of --regions, or collect from Config's conformance packs instead (shca collect config)"
	case status == "PENDING_ACTIVATION":
		advised.Advice = "Audit Manager is being set up in this account and Region: try again later"
	}
	return &advised
}
