package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-shca/shca/internal/s3store"
)

// event is what the function is called with.
type event struct {
	Step     string              `json:"step"`     // "plan", "collect" or "assess"; "" is everything, in one call
	Run      string              `json:"run"`      // name of the run, and of its folder of snapshots; "" is the time
	Services map[string][]string `json:"services"` // to collect from, each with flags of its own; none is Security Hub
	Accounts []string            `json:"accounts"` // to collect in; none is the function's
	Regions  []string            `json:"regions"`  // none is the function's
	Place    place               `json:"place"`    // of step collect
	Places   []place             `json:"places"`   // of step assess: all that the plan has
}

// result is what the function answers.
type result struct {
	Run        string          `json:"run"`
	Places     []place         `json:"places,omitempty"` // of step plan
	Incomplete bool            `json:"incomplete"`       // not everything was read: exit code 4
	Missing    []string        `json:"missing,omitempty"`
	Problems   []string        `json:"problems,omitempty"` // what was not read, at most maxProblems
	Verdict    string          `json:"verdict,omitempty"`
	PassRate   json.RawMessage `json:"pass_rate,omitempty"` // percentages as assessment.json has them; null if nothing was decided
	Coverage   json.RawMessage `json:"coverage,omitempty"`
	Package    string          `json:"package,omitempty"`
}

const maxProblems = 20

// function is the function with what it touches of the world.
type function struct {
	env    func(string) string
	now    func() time.Time
	dir    string // on the disk, for what is being worked on
	temp   string // in it, for what no later call goes on with
	run    func(ctx context.Context, temp string, args ...string) (code int, said string, err error)
	bucket interface {
		Names(ctx context.Context, folder s3store.Address) ([]string, error)
		Download(ctx context.Context, folder s3store.Address, names []string, dir string) (map[string]string, error)
	}
	log io.Writer // gets the result as one line of JSON
}

// names is what runs, services and places may be called: part of a path.
var names = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:-]{0,150}$`)

func (f *function) handle(ctx context.Context, e event) (*result, error) {
	if end, ok := ctx.Deadline(); ok { // shca is to end before Lambda ends both
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end.Add(-mercy-5*time.Second))
		defer cancel()
	}
	if e.Run == "" {
		e.Run = f.now().UTC().Format("2006-01-02T15-04-05Z")
	}
	places := append([]place{e.Place}, e.Places...)
	if e.Step != "collect" {
		places = e.Places
	}
	if f.env("SHCA_BUCKET") == "" {
		return nil, errors.New("SHCA_BUCKET is not set: name the bucket")
	}
	for _, name := range slices.Concat([]string{e.Run}, slices.Sorted(maps.Keys(e.Services)), placeNames(places)) {
		if !names.MatchString(name) {
			return nil, fmt.Errorf("%.60q is no name of a run, service or place: letters, digits and _.:- only", name)
		}
	}
	f.temp = filepath.Join(f.dir, e.Run, "temp")
	if err := errors.Join(f.clean(e.Run), os.RemoveAll(f.temp), os.MkdirAll(f.temp, 0o700)); err != nil {
		return nil, err
	}
	defer os.RemoveAll(f.temp) // the next call tells if it cannot be removed
	r := &result{Run: e.Run}
	var err error
	switch e.Step {
	case "plan":
		r.Places, err = e.plan()
	case "collect":
		r.Incomplete, err = f.collect(ctx, e.Run, &e.Place)
	case "assess":
		err = f.assess(ctx, r, e.Places)
	case "":
		err = f.everything(ctx, r, &e)
	default:
		err = fmt.Errorf("the step %.20q is none of plan, collect, assess", e.Step)
	}
	if err != nil {
		return nil, err
	}
	return r, json.NewEncoder(f.log).Encode(map[string]any{"step": e.Step, "shca": r})
}

// clean removes what calls for other runs left on the disk, which Lambda keeps.
func (f *function) clean(run string) error {
	entries, err := os.ReadDir(f.dir)
	for _, e := range entries {
		if e.Name() != run {
			err = errors.Join(err, os.RemoveAll(filepath.Join(f.dir, e.Name())))
		}
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// everything collects from one service after the other, and assesses. A service
// that cannot be read at all makes the result incomplete.
func (f *function) everything(ctx context.Context, r *result, e *event) error {
	places := e.wholes()
	var failed error
	for i := range places {
		if _, err := f.collect(ctx, r.Run, &places[i]); err != nil {
			failed = errors.Join(failed, err)
		}
		if ctx.Err() != nil {
			return failed
		}
	}
	if err := f.assess(ctx, r, places); err != nil {
		return errors.Join(failed, err)
	}
	return nil
}

// collect leaves the snapshot of a place in S3.
func (f *function) collect(ctx context.Context, run string, p *place) (incomplete bool, err error) {
	work := filepath.Join(f.dir, run, p.Name)
	args := []string{"collect", p.Service, "--out", f.folder("snapshots/"+run).String() + p.file(), "--work", work}
	if len(p.Regions) > 0 {
		args = append(args, "--regions", strings.Join(p.Regions, ","))
	}
	if len(p.Accounts) > 0 { // with a role for others only: it must not be the one that writes to the bucket
		args = append(args, "--accounts", strings.Join(p.Accounts, ","), "--role-arn", f.env("SHCA_ROLE"))
		if id := f.env("SHCA_EXTERNAL_ID"); id != "" {
			args = append(args, "--external-id", id)
		}
	}
	for _, flag := range p.Flags {
		args = append(args, strings.ReplaceAll(flag, "{region}", strings.Join(p.Regions, ",")))
	}
	return f.shca(ctx, append(args, f.encryption()...)...)
}

// shca runs the program and judges its exit code.
func (f *function) shca(ctx context.Context, args ...string) (incomplete bool, err error) {
	const exitIncomplete = 4
	code, said, err := f.run(ctx, f.temp, args...)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return false, fmt.Errorf("shca %s did not end before the function's time limit: split the estate with examples/stepfunctions, or run shca on Fargate", args[0])
	case err != nil:
		return false, fmt.Errorf("shca %s: %w: %s", args[0], err, said)
	case code == 0 || code == exitIncomplete:
		return code == exitIncomplete, nil
	}
	return false, fmt.Errorf("shca %s: exit code %d: %s", args[0], code, said)
}

func (f *function) folder(key string) s3store.Address {
	return s3store.Address{Bucket: f.env("SHCA_BUCKET"), Key: key}.Folder()
}

// encryption are the flags for what is written to S3.
func (f *function) encryption() (flags []string) {
	if key := f.env("SHCA_KMS_KEY"); key != "" {
		flags = append(flags, "--sse", "aws:kms", "--kms-key-id", key)
	}
	if owner := f.env("SHCA_BUCKET_OWNER"); owner != "" {
		flags = append(flags, "--bucket-owner", owner)
	}
	return flags
}
