package auditmanager

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-shca/shca"
)

// Report reads the archive of an assessment report (Audit Manager user guide,
// "Assessment reports", "Assessment report folder structure"): a summary and a
// digest file, and below that the evidence, a PDF each, by control, data source and
// day. It implements [shca.Source] and may be read as often as Open can be called.
//
// The documents are for people: what a check came to is in them and nowhere else,
// so a report gives one piece of evidence for each control, with the number of its
// documents and where they are, and no findings.
//
// All documents are read once, and those that digest.txt names by a SHA-256
// (hexadecimal or base64, before or behind the name) are compared with it. AWS
// documents the file's purpose and not its form; one of another form is said to be
// not verified. The archive's own checksums are verified in any case.
type Report struct {
	// Name stands for the input in errors and scopes: a file name, "stdin".
	Name string
	// Open returns the archive and its size. The closer is closed when all is read.
	Open func() (io.ReaderAt, int64, io.Closer, error)
	// Files is shared by all inputs of a run; nil is one of its own.
	Files *Files
}

var _ shca.Source = (*Report)(nil)

// IsReport reports whether a file that begins with head may be an assessment
// report: a zip archive. It takes four bytes to tell; what kind of archive it is
// stands at its end, and reading it says so.
func IsReport(head []byte) bool { return bytes.HasPrefix(head, []byte("PK\x03\x04")) }

// What one report may have. AWS's are limited to 22,000 pieces of evidence (user
// guide, "Assessment report destination").
const (
	maxDocuments = 200_000
	maxDirectory = 128 << 20 // bytes of the archive's directory
	maxUnpacked  = 16 << 30  // bytes of all documents
	maxDigest    = 64 << 20  // bytes of digest.txt
)

const summaryName = "AssessmentReportSummary.pdf"

// Records yields a piece of evidence for each control in the order of their names,
// and a Scope: what is wrong with the archive, or how it was verified.
func (s *Report) Records(ctx context.Context) iter.Seq2[shca.Record, error] {
	return func(yield func(shca.Record, error) bool) {
		scope := &shca.Scope{Source: s.Name}
		pieces, note, err := s.read(ctx)
		if ctx.Err() != nil {
			yield(shca.Record{}, ctx.Err())
			return
		}
		scope.Note = note
		if err != nil {
			scope.Err = strings.ReplaceAll(err.Error(), "\n", "; ")
		}
		for i := range pieces {
			if !yield(shca.Record{Evidence: &pieces[i]}, nil) {
				return
			}
		}
		if *scope != (shca.Scope{Source: s.Name}) {
			yield(shca.Record{Scope: scope}, nil)
		}
	}
}

// read returns the evidence of the report. The error is what is wrong with it;
// what can be told is returned besides.
func (s *Report) read(ctx context.Context) (pieces []shca.Evidence, note string, err error) {
	r, size, closer, err := s.Open()
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	// The library holds the whole directory in memory.
	bounded := &limitedAt{r: r, left: maxDirectory}
	archive, err := zip.NewReader(bounded, size)
	switch {
	case errors.Is(err, errDirectory) || err == nil && len(archive.File) > maxDocuments:
		return nil, "", fmt.Errorf("its directory is too large: at most %d documents are read", maxDocuments)
	case err != nil && !errors.Is(err, zip.ErrInsecurePath):
		return nil, "", fmt.Errorf("the archive is damaged: copy it anew (%w)", err)
	}
	bounded.left = -1
	root, ok := reportRoot(archive)
	if !ok {
		return nil, "", fmt.Errorf("a zip archive that is no assessment report of Audit Manager, which has %s in it: unpack it and name the files inside", summaryName)
	}
	named, hashes, problem := digests(archive, root)
	if problem != nil {
		return nil, "", problem
	}
	// Verified by name below the root, or alone.
	controls := map[string]*documents{}
	used := make(map[string]bool, len(named))
	var unnamed, verified int64
	var bad []string
	total := int64(maxUnpacked)
	for _, f := range archive.File {
		if ctx.Err() != nil {
			return nil, "", ctx.Err()
		}
		inside, ok := strings.CutPrefix(clean(f.Name), root)
		switch {
		case f.FileInfo().IsDir():
			continue
		case !ok:
			bad = append(bad, fmt.Sprintf("%.200q is outside of the report's folder", clean(f.Name)))
			continue
		case inside == "digest.txt":
			continue
		}
		sum, n, err := hashOf(ctx, f, total)
		total -= n
		if total <= 0 {
			return nil, "", fmt.Errorf("the documents unpack to more than %d GiB: this is no assessment report", int64(maxUnpacked)>>30)
		}
		want, key := named.find(root, inside)
		switch {
		case err != nil:
			bad = append(bad, fmt.Sprintf("%.200q: %v", inside, err))
		case want == "" && hashes[sum]:
			verified++
		case want == "":
			if path.Base(inside) != "README.txt" {
				unnamed++
			}
		case want != sum:
			bad = append(bad, fmt.Sprintf("%.200q is not as digest.txt has it", inside))
		default:
			verified++
		}
		used[key] = true
		if parts := strings.Split(inside, "/"); len(parts) > 1 {
			d := controls[parts[0]]
			if d == nil {
				d = &documents{sources: map[string]int64{}}
				controls[parts[0]] = d
			}
			d.add(parts[1:])
		}
	}
	for name := range named {
		if !used[name] && path.Base(name) != "digest.txt" {
			bad = append(bad, fmt.Sprintf("%.200q is in digest.txt and not in the archive", name))
		}
	}
	pieces = s.pieces(root, controls)
	switch {
	case len(named) == 0 && len(hashes) == 0:
		note = "its documents could not be verified: digest.txt is missing or has no SHA-256 in a form that is known"
	case unnamed > 0:
		note = fmt.Sprintf("%s as digest.txt has %s, %d %s not in it", plural(verified, "document is", "documents are"), verb(verified, "it", "them"), unnamed, verb(unnamed, "is", "are"))
	case verified == 1:
		note = "its one document is as digest.txt has it"
	default:
		note = fmt.Sprintf("all %d documents are as digest.txt has them", verified)
	}
	if len(controls) == 0 {
		note += "; it holds no evidence"
	}
	if len(bad) > 0 {
		slices.Sort(bad)
		text := strings.Join(bad[:min(len(bad), 5)], "; ")
		if len(bad) > 5 {
			text += fmt.Sprintf("; and %d more", len(bad)-5)
		}
		return pieces, "", fmt.Errorf("%s damaged, missing or out of place: get the report anew: %s", plural(int64(len(bad)), "document is", "documents are"), text)
	}
	return pieces, note, nil
}

// documents are those of one control.
type documents struct {
	count   int64
	sources map[string]int64
	day     time.Time
}

// add takes a document by its path below the control.
func (d *documents) add(below []string) {
	d.count++
	for _, part := range below[:len(below)-1] {
		if day, err := time.Parse(time.DateOnly, part); err == nil {
			if day.After(d.day) {
				d.day = day
			}
		} else if len(d.sources) < 20 || d.sources[part] > 0 {
			d.sources[part]++
		}
	}
}

// suffix is what a report puts behind names: a part of an id.
var suffix = regexp.MustCompile(`-[0-9a-z]{8,36}$`)

// pieces returns one piece of evidence for each control.
func (s *Report) pieces(root string, controls map[string]*documents) []shca.Evidence {
	names := make([]string, 0, len(controls))
	for name := range controls {
		names = append(names, name)
	}
	slices.SortFunc(names, shca.CompareNatural)
	assessment, _, _ := strings.Cut(root, "/")
	if strings.Count(root, "/") < 2 {
		assessment = ""
	}
	base := Context{AssessmentName: suffix.ReplaceAllString(assessment, "")}
	if s.Files != nil {
		s.Files.named(&base)
		if len(controls) > 0 {
			s.Files.hold(&base)
		}
	}
	var list []shca.Evidence
	for _, name := range names {
		d := controls[name]
		c := base
		c.Control = suffix.ReplaceAllString(name, "")
		e := c.evidence(shca.EvidenceReport)
		e.Location, e.Count, e.At = shorten(root+name, shca.MaxText), d.count, d.day
		sources := make([]string, 0, len(d.sources))
		for source, n := range d.sources {
			sources = append(sources, fmt.Sprintf("%s: %d", source, n))
		}
		slices.Sort(sources)
		e.Text = shorten(strings.Join(sources, ", "), shca.MaxText)
		e.ID = hashID("report", root, name)
		list = append(list, *e)
	}
	return list
}

// reportRoot returns the folder that the summary is in, with a slash behind it, ""
// for the top.
func reportRoot(archive *zip.Reader) (string, bool) {
	for _, f := range archive.File {
		if dir, base := path.Split(clean(f.Name)); base == summaryName {
			return dir, true
		}
	}
	return "", false
}

// clean returns a path with slashes and without a leading one.
func clean(name string) string {
	return strings.TrimLeft(strings.ReplaceAll(strings.ToValidUTF8(name, "\ufffd"), `\`, "/"), "/")
}

// sums are SHA-256 in hexadecimal by the name of a document.
type sums map[string]string

// find returns the sum of a document, and the name it goes by: its path from the
// top, from the folder of the summary, or the name of its file.
func (s sums) find(root, inside string) (sum, name string) {
	for _, name := range []string{root + inside, inside, path.Base(inside)} {
		if s[name] != "" {
			return s[name], name
		}
	}
	return "", ""
}

// hexSum and base64Sum match a SHA-256.
var (
	hexSum    = regexp.MustCompile(`(?:^|[^0-9A-Za-z])([0-9a-fA-F]{64})(?:$|[^0-9A-Za-z])`)
	base64Sum = regexp.MustCompile(`(?:^|[^0-9A-Za-z+/])([0-9A-Za-z+/]{43}=)(?:$|[^0-9A-Za-z+/=])`)
)

// digests reads digest.txt: the sums with a name, and those without one.
func digests(archive *zip.Reader, root string) (named sums, alone map[string]bool, err error) {
	named, alone = sums{}, map[string]bool{}
	at := slices.IndexFunc(archive.File, func(f *zip.File) bool { return clean(f.Name) == root+"digest.txt" })
	if at < 0 {
		return named, alone, nil
	}
	r, err := archive.File[at].Open()
	if err != nil {
		return nil, nil, fmt.Errorf("digest.txt: %w", err)
	}
	defer func() { err = cmp.Or(err, r.Close()) }()
	lines := bufio.NewScanner(io.LimitReader(r, maxDigest))
	lines.Buffer(make([]byte, 4096), 1<<20)
	for lines.Scan() {
		line := lines.Text()
		m := hexSum.FindStringSubmatchIndex(line)
		sum := ""
		if m != nil {
			sum = strings.ToLower(line[m[2]:m[3]])
		} else if m = base64Sum.FindStringSubmatchIndex(line); m != nil {
			if b, err := base64.StdEncoding.DecodeString(line[m[2]:m[3]]); err == nil {
				sum = hex.EncodeToString(b)
			}
		}
		if sum == "" {
			continue
		}
		name := line[:m[2]] + " " + line[m[3]:]
		name = strings.Trim(name, " \t\r*:=,;\"'()|")
		for _, label := range []string{"SHA256", "SHA-256", "sha256", "sha-256"} {
			name = strings.Trim(strings.TrimPrefix(strings.TrimSuffix(name, label), label), " \t*:=,;\"'()|")
		}
		if name = strings.TrimPrefix(clean(name), "./"); name == "" {
			alone[sum] = true
		} else if named[name] != "" && named[name] != sum {
			return nil, nil, fmt.Errorf("digest.txt has two sums of %.200q: get the report anew", name)
		} else {
			named[name] = sum
		}
		if len(named) > maxDocuments {
			return nil, nil, fmt.Errorf("digest.txt names more than %d documents", maxDocuments)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, nil, fmt.Errorf("digest.txt: %w", err)
	}
	return named, alone, nil
}

// hashOf reads a document of at most limit bytes.
func hashOf(ctx context.Context, f *zip.File, limit int64) (sum string, n int64, err error) {
	r, err := f.Open()
	if err != nil {
		return "", 0, err
	}
	h := sha256.New()
	n, err = io.Copy(h, io.LimitReader(&contextReader{ctx, r}, limit))
	err = errors.Join(err, r.Close())
	return hex.EncodeToString(h.Sum(nil)), n, err
}

// contextReader reads while the context lasts.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

var errDirectory = errors.New("too large")

// limitedAt reads at most left bytes, or any number if that is negative.
type limitedAt struct {
	r    io.ReaderAt
	left int64
}

func (l *limitedAt) ReadAt(p []byte, off int64) (int, error) {
	if l.left < 0 {
		return l.r.ReadAt(p, off)
	}
	if l.left < int64(len(p)) {
		return 0, errDirectory
	}
	n, err := l.r.ReadAt(p, off)
	l.left -= int64(n)
	return n, err
}
