// Package collect pulls findings from AWS into a snapshot: many accounts and
// Regions side by side, page by page, so that it can be killed at any moment and
// go on where it was. It is for the command and for programs that schedule
// collecting; package snapshot describes the file, the packages
// sources/securityhub, sources/auditmanager and sources/configrules know the
// services.
//
// What has been pulled lies in a directory beside the snapshot until that is
// whole: for each task a file of pages and a checkpoint that says how many bytes
// of it count and where the next page begins. A page is on disk before the
// checkpoint names it, so whatever a killed run had written beyond its last
// checkpoint is cut off and pulled again: nothing is lost and nothing doubled.
//
// It keeps to no rate, retries nothing and signs nothing: the clients of the
// services do. It judges nothing.
package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/sync/errgroup"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/snapshot"
)

// Options say what to write and where. Out, Service and Now are required.
type Options struct {
	Out       string         // the snapshot; it appears when it is whole
	Work      string         // directory of its own for what is pulled until then; "" is beside Out, ".NAME.partial"
	Service   string         // name of the service, for the snapshot's header
	Selection jsontext.Value // what is asked for, for the header; a run goes on only from one that asked for the same
	Generator string         // program and version
	Now       func() time.Time
	Parallel  int       // tasks pulled at once; 0 is 16
	Progress  *Progress // may be nil
}

// Result says what a run pulled.
type Result struct {
	Counts    snapshot.Counts
	Scopes    []shca.Scope // what was looked at, in the order of the plan, those first that were not pulled
	Partial   []shca.Scope // what pullers say they could not read besides, at most 100 for each task
	Resumed   time.Time    // when the run began that this one went on with; zero if it began itself
	Discarded time.Time    // when a run began whose remains were too old to go on with; zero if there were none
}

// Incomplete returns what was not read in full.
func (r *Result) Incomplete() []shca.Scope {
	var all []shca.Scope
	for _, s := range append(r.Scopes[:len(r.Scopes):len(r.Scopes)], r.Partial...) {
		if !s.Complete() {
			all = append(all, s)
		}
	}
	return all
}

// maxAge is how old the remains of a run may be to go on with. Older ones would
// mix findings of different days.
const maxAge = 24 * time.Hour

// maxRestarts is how often a task begins again because AWS no longer takes the
// place to go on from.
const maxRestarts = 5

// Run pulls what the service plans and writes the snapshot. A task that fails is
// a scope with an error, and the others go on; the snapshot then holds what was
// read. If none succeeds, that is an error. An error with a method EndsRun that is true ends the run. If Run returns an
// error there is no new snapshot, and what was pulled
// stays for the next run with the same options to go on with. Two runs cannot
// use the same directory at once.
func Run(ctx context.Context, service Service, o Options) (*Result, error) {
	if err := o.paths(); err != nil {
		return nil, err
	}
	o.Parallel = cmp.Or(o.Parallel, 16)
	w, err := openWork(o)
	if err != nil {
		return nil, err
	}
	defer w.close()
	if err := w.makePlan(ctx, service); err != nil {
		return nil, err
	}
	errs := make([]error, len(w.plan.Tasks)) // of tasks, which the run survives
	o.Progress.begin(w.plan.Tasks)
	group, pulling := errgroup.WithContext(ctx)
	group.SetLimit(o.Parallel)
	for i := range w.plan.Tasks {
		group.Go(func() (err error) {
			errs[i], err = w.pull(pulling, service, i)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	r := &Result{Resumed: w.resumed, Discarded: w.discarded, Scopes: w.plan.Scopes}
	for i, t := range w.plan.Tasks {
		s := shca.Scope{Source: t.Source, AccountID: t.AccountID, Region: t.Region, Note: t.Note}
		if errs[i] != nil {
			s.Err = errs[i].Error()
		}
		r.Scopes = append(r.Scopes, s)
	}
	if err := w.nothing(r); err != nil {
		w.remove()
		return nil, err
	}
	if err := w.assemble(ctx, r); err != nil {
		return nil, err
	}
	w.remove()
	return r, nil
}

// nothing returns an error if no scope could be read: a snapshot of that is worth
// less than the one that may be there.
func (w *work) nothing(r *Result) error {
	var errs []error
	for i := range r.Scopes {
		s := &r.Scopes[i]
		if s.Complete() {
			return nil
		}
		errs = append(errs, errors.New(s.Name()+": "+s.Err))
	}
	for i := range w.plan.Tasks {
		s, err := w.open(i)
		if err != nil {
			return err
		}
		some := s.Counts != snapshot.Counts{}
		if err := s.close(); err != nil || some {
			return err
		}
	}
	return errors.Join(append([]error{errors.New("nothing could be read, and no snapshot was written")}, errs...)...)
}

// paths finds out before anything is pulled whether the snapshot can be written.
func (o *Options) paths() error {
	if strings.HasSuffix(o.Out, "/") || strings.HasSuffix(o.Out, string(filepath.Separator)) {
		return fmt.Errorf("%s names a directory: name a file", o.Out)
	}
	if target, err := filepath.EvalSymlinks(o.Out); err == nil {
		o.Out = target
	}
	if info, err := os.Stat(o.Out); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file: name a file", o.Out)
	}
	dir, name := filepath.Split(o.Out)
	if info, err := os.Stat(cmp.Or(dir, ".")); err != nil {
		return fmt.Errorf("%s: make its directory first: %w", o.Out, err)
	} else if !info.IsDir() {
		return fmt.Errorf("%s is no directory", dir)
	}
	o.Work = cmp.Or(o.Work, filepath.Join(dir, "."+name+".partial"))
	return nil
}

// makePlan asks the service what there is to pull: everything, or what could not
// be planned by the run that this one goes on with.
func (w *work) makePlan(ctx context.Context, service Service) error {
	if w.plan != nil && !slices.ContainsFunc(w.plan.Scopes, func(s shca.Scope) bool { return !s.Complete() }) {
		return nil
	}
	tasks, scopes, err := service.Plan(ctx)
	if err == nil && len(tasks) == 0 && len(scopes) == 0 {
		err = errors.New("there is nothing to pull: no account and Region was planned")
	}
	switch {
	case err != nil && w.plan == nil:
		w.remove()
		return err
	case err != nil:
		return err
	case w.plan == nil:
		return w.begin(tasks, scopes)
	}
	return w.again(tasks, scopes)
}

// pull reads one task to its end, or to an error of AWS, which is failed; err is
// one that ends the run.
func (w *work) pull(ctx context.Context, service Service, i int) (failed, err error) {
	task := w.plan.Tasks[i]
	s, err := w.open(i)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	w.options.Progress.resume(i, items(s.Counts))
	if s.Done {
		w.options.Progress.end(i, nil)
		return nil, nil
	}
	puller, failed := service.Puller(task)
	for failed == nil {
		var page Page
		page, failed = puller.Next(ctx, s.Cursor)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(failed, ErrRestart) && s.Restarts < maxRestarts:
			if err := s.restart(); err != nil {
				return nil, err
			}
			w.options.Progress.resume(i, 0)
			failed = nil
			continue
		case endsRun(failed):
			return nil, failed
		case failed != nil:
			continue
		}
		if err := s.add(&page); err != nil {
			return nil, err
		}
		w.options.Progress.add(i, items(s.Counts), page.Total)
		if s.Done {
			break
		}
	}
	w.options.Progress.end(i, failed)
	return failed, nil
}

// endsRun reports whether an error says that no other request will do better
// until somebody does something, such as signing in.
func endsRun(err error) bool {
	var e interface{ EndsRun() bool }
	return errors.As(err, &e) && e.EndsRun()
}

// syncDir makes sure that what a directory holds is there after a crash.
func syncDir(dir string) error {
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	// Some systems cannot sync directories, and none needs to there.
	_ = d.Sync()
	return d.Close()
}
