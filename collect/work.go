package collect

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofrs/flock"
	"github.com/klauspost/compress/zstd"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/snapshot"
)

// work is the directory in which a run keeps what it has pulled.
type work struct {
	options   Options
	dir       string
	lock      *flock.Flock
	plan      *plan // nil until there is one
	resumed   time.Time
	discarded time.Time
	encoder   *zstd.Encoder // EncodeAll may be called by several goroutines at once
}

// plan is the file that says what a run pulls.
type plan struct {
	Version   int            `json:"version"`
	Run       string         `json:"run"`      // tells its files from another run's
	Finished  bool           `json:"finished"` // the snapshot is about to appear, or has
	Service   string         `json:"service"`
	Selection jsontext.Value `json:"selection"`
	Started   time.Time      `json:"started"`
	Tasks     []Task         `json:"tasks"`
	Scopes    []shca.Scope   `json:"scopes"`
}

// planVersion is that of the files in the directory. Remains of another version
// are not gone on with.
const planVersion = 1

func openWork(o Options) (*work, error) {
	if err := os.MkdirAll(o.Work, 0o700); err != nil {
		return nil, err
	}
	w := &work{options: o, dir: o.Work, lock: flock.New(filepath.Join(o.Work, lockFile), flock.SetPermissions(0o600))}
	if err := w.foreign(); err != nil {
		return nil, err
	}
	locked, err := w.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Work, err)
	}
	if !locked {
		return nil, fmt.Errorf("%s is in use by another run: wait for it, or give another --out", o.Work)
	}
	if w.encoder, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault)); err != nil {
		return nil, errors.Join(err, w.close())
	}
	if err := w.readPlan(); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

const (
	planFile = "plan.json"
	lockFile = "lock"
)

// own matches the names of the files that a run keeps, but for the lock.
var own = regexp.MustCompile(`^(?:[0-9]{6}|plan)\.(?:json|json\.new|ndjson\.zst)$`)

// foreign refuses a directory that holds other things: it was surely not meant.
func (w *work) foreign() error {
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if name := e.Name(); name != lockFile && !own.MatchString(name) {
			return fmt.Errorf("%s holds %.100q, and a run needs a directory of its own: name another one", w.dir, name)
		}
	}
	return nil
}

// readPlan goes on with the plan that is there, if it is this run's.
func (w *work) readPlan() error {
	data, err := os.ReadFile(w.path(planFile))
	if errors.Is(err, os.ErrNotExist) {
		return w.clear()
	}
	if err != nil {
		return err
	}
	var p plan
	if err := json.Unmarshal(data, &p); err != nil || p.Version != planVersion {
		return fmt.Errorf("%s holds the remains of a run of another version of this program: remove it", w.dir)
	}
	if p.Finished {
		return w.clear()
	}
	if p.Service != w.options.Service || !equalJSON(p.Selection, w.options.Selection) {
		return fmt.Errorf("%s holds the remains of a run that asked for something else: run that again with the same flags, or remove the directory (it asked %s for %.1000s)", w.dir, p.Service, p.Selection)
	}
	if age := w.options.Now().Sub(p.Started); age > maxAge || age < -time.Hour {
		w.discarded = p.Started
		return w.clear()
	}
	w.plan, w.resumed = &p, p.Started
	return nil
}

func equalJSON(a, b jsontext.Value) bool {
	a, b = canonical(a), canonical(b)
	return a != nil && bytes.Equal(a, b)
}

// canonical returns the value in its one spelling, nil if it is not JSON. No value
// is null.
func canonical(v jsontext.Value) jsontext.Value {
	if len(v) == 0 {
		return jsontext.Value("null")
	}
	if v = bytes.Clone(v); v.Canonicalize() != nil {
		return nil
	}
	return v
}

// clear removes what an earlier run left, but for the lock, the plan first:
// without it nothing is gone on with.
func (w *work) clear() error {
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return err
	}
	names := []string{planFile}
	for _, e := range entries {
		if own.MatchString(e.Name()) && e.Name() != planFile {
			names = append(names, e.Name())
		}
	}
	for _, name := range names {
		if err := os.Remove(w.path(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (w *work) path(name string) string { return filepath.Join(w.dir, name) }

func (w *work) begin(tasks []Task, scopes []shca.Scope) error {
	w.plan = &plan{
		Version: planVersion, Run: rand.Text(), Service: w.options.Service, Selection: w.options.Selection,
		Started: w.options.Now().UTC().Truncate(time.Second), Tasks: tasks, Scopes: scopes,
	}
	return w.write(planFile, w.plan)
}

// again takes from a new plan what the old one could not plan. Tasks that are
// there stay as they are.
func (w *work) again(tasks []Task, scopes []shca.Scope) error {
	for _, t := range tasks {
		if !slices.ContainsFunc(w.plan.Tasks, func(old Task) bool {
			return old.Source == t.Source && old.AccountID == t.AccountID && old.Region == t.Region
		}) {
			w.plan.Tasks = append(w.plan.Tasks, t)
		}
	}
	w.plan.Scopes = slices.DeleteFunc(scopes, func(s shca.Scope) bool {
		return slices.ContainsFunc(w.plan.Tasks, func(t Task) bool { return t.AccountID == s.AccountID && t.Region == s.Region })
	})
	return w.write(planFile, w.plan)
}

// write replaces a file of the directory as a whole.
func (w *work) write(name string, content any) error {
	data, err := json.Marshal(content, json.Deterministic(true))
	if err != nil {
		return err
	}
	path := w.path(name)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDir(w.dir)
}

// close lets other runs use the directory.
func (w *work) close() error {
	if w.encoder != nil {
		w.encoder.Close()
	}
	return w.lock.Close()
}

// remove takes the directory away. What cannot be removed stays: it is of no use
// to a later run, and costs this one nothing.
func (w *work) remove() {
	if w.clear() == nil && os.Remove(w.path(lockFile)) == nil {
		_ = os.Remove(w.dir)
	}
}

// segment is what has been pulled of one task.
type segment struct {
	work *work
	name string
	file *os.File
	checkpoint
}

// checkpoint says how much of a segment counts.
type checkpoint struct {
	Run      string          `json:"run"`              // of the plan
	Size     int64           `json:"size"`             // bytes of the segment
	Cursor   jsontext.Value  `json:"cursor,omitempty"` // of the next page
	Done     bool            `json:"done"`
	Restarts int             `json:"restarts"`
	Counts   snapshot.Counts `json:"counts"`
	Partial  []shca.Scope    `json:"partial,omitempty"` // what the pages say was not read, at most maxPartial
}

// maxPartial bounds what a checkpoint repeats of its pages.
const maxPartial = 100

func (w *work) segmentName(i int) string { return fmt.Sprintf("%06d", i) }

// open opens the segment of a task at its last checkpoint.
func (w *work) open(i int) (*segment, error) {
	s := &segment{work: w, name: w.segmentName(i)}
	data, err := os.ReadFile(w.path(s.name + ".json"))
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		if err := json.Unmarshal(data, &s.checkpoint); err != nil {
			return nil, fmt.Errorf("%s: the checkpoint cannot be read: remove %s: %w", w.path(s.name+".json"), w.dir, err)
		}
		if s.checkpoint.Run != w.plan.Run {
			return nil, fmt.Errorf("%s is of another run than the plan beside it: remove %s", w.path(s.name+".json"), w.dir)
		}
	}
	s.checkpoint.Run = w.plan.Run
	if s.file, err = os.OpenFile(w.path(s.name+".ndjson.zst"), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, err
	}
	info, err := s.file.Stat()
	switch {
	case err != nil:
	case info.Size() < s.Size:
		err = fmt.Errorf("%s is shorter than its checkpoint says: remove %s", s.file.Name(), w.dir)
	default:
		err = s.rewind()
	}
	if err != nil {
		return nil, errors.Join(err, s.file.Close())
	}
	return s, nil
}

// rewind drops what stands behind the last checkpoint.
func (s *segment) rewind() error {
	if err := s.file.Truncate(s.Size); err != nil {
		return err
	}
	_, err := s.file.Seek(s.Size, io.SeekStart)
	return err
}

// add appends a page and then moves the checkpoint behind it.
func (s *segment) add(page *Page) error {
	var text []byte
	var err error
	next := s.checkpoint
	for i := range page.Lines {
		if text, err = page.Lines[i].Append(text); err != nil {
			return err
		}
		next.Counts = next.Counts.Plus(page.Lines[i].Count())
		if scope := page.Lines[i].Scope; scope != nil && !scope.Complete() && len(next.Partial) < maxPartial {
			next.Partial = append(next.Partial[:len(next.Partial):len(next.Partial)], *scope)
		}
	}
	if len(text) > 0 {
		packed := s.work.encoder.EncodeAll(text, nil)
		if _, err := s.file.Write(packed); err != nil {
			return err
		}
		if err := s.file.Sync(); err != nil {
			return err
		}
		next.Size += int64(len(packed))
	}
	next.Cursor, next.Done = page.Next, page.Next == nil
	return s.move(next)
}

// restart drops all of the segment.
func (s *segment) restart() error {
	// The checkpoint goes first: a segment may be longer than it says.
	if err := s.move(checkpoint{Run: s.Run, Restarts: s.Restarts + 1}); err != nil {
		return err
	}
	return s.rewind()
}

func (s *segment) move(to checkpoint) error {
	if err := s.work.write(s.name+".json", to); err != nil {
		return err
	}
	s.checkpoint = to
	return nil
}

func (s *segment) close() error { return s.file.Close() }

// assemble writes the snapshot: header, the segments in the order of the plan,
// scopes, trailer. Each is a zstd frame or several, and frames behind each other
// are one stream. It completes the result.
func (w *work) assemble(ctx context.Context, r *Result) (err error) {
	// A name of the run's own, so that what a killed run leaves is written over.
	out, err := os.OpenFile(w.options.Out+"."+w.plan.Run[:8]+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	closed := false
	defer func() {
		if err == nil {
			return
		}
		if !closed {
			err = errors.Join(err, out.Close())
		}
		err = errors.Join(err, os.Remove(out.Name()))
	}()
	if err := w.frame(out, snapshot.Line{Snapshot: &snapshot.Header{
		Version: snapshot.Version, Service: w.plan.Service, Generator: w.options.Generator,
		Started: w.plan.Started, Selection: w.plan.Selection,
	}}); err != nil {
		return err
	}
	for i := range w.plan.Tasks {
		done, err := w.copy(ctx, out, i)
		if err != nil {
			return err
		}
		r.Counts = r.Counts.Plus(done.Counts)
		r.Partial = append(r.Partial, done.Partial...)
	}
	var last []snapshot.Line
	for i := range r.Scopes {
		last = append(last, snapshot.Line{Scope: &r.Scopes[i]})
		r.Counts.Scopes++
	}
	if err := w.frame(out, append(last, snapshot.Line{End: &r.Counts})...); err != nil {
		return err
	}
	if err := out.Sync(); err != nil {
		return err
	}
	closed = true
	if err := out.Close(); err != nil {
		return err
	}
	// Were it marked later, a run that is killed in between would be gone on with by
	// one that wants new findings.
	w.plan.Finished = true
	if err := w.write(planFile, w.plan); err != nil {
		return err
	}
	if err := os.Rename(out.Name(), w.options.Out); err != nil {
		return err
	}
	return syncDir(filepath.Dir(w.options.Out))
}

func (w *work) frame(out io.Writer, lines ...snapshot.Line) (err error) {
	var text []byte
	for i := range lines {
		if text, err = lines[i].Append(text); err != nil {
			return err
		}
	}
	_, err = out.Write(w.encoder.EncodeAll(text, nil))
	return err
}

// copy appends a segment to the snapshot, and returns what is said of it.
func (w *work) copy(ctx context.Context, out io.Writer, i int) (done checkpoint, err error) {
	s, err := w.open(i)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return done, err
	}
	for left := s.Size; left > 0 && err == nil; {
		var n int64
		n, err = io.CopyN(out, s.file, min(left, 16<<20))
		left -= n
		err = cmp.Or(err, ctx.Err())
	}
	return s.checkpoint, err
}
