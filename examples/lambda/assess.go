package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-shca/shca/sources/snapshot"
)

// assess makes the package of the run's snapshots. Places without a snapshot are
// scopes with an error, so that every artifact says what is missing.
func (f *function) assess(ctx context.Context, r *result, places []place) error {
	if len(places) == 0 {
		return errors.New("no places are named: give those of step plan")
	}
	folder := f.folder("snapshots/" + r.Run)
	there, err := f.bucket.Names(ctx, folder)
	if err != nil {
		return err
	}
	args := []string{"assess", folder.String()}
	var missing []snapshot.Line
	for i := range places {
		p := &places[i]
		at := slices.Index(there, p.file())
		if at >= 0 {
			there = slices.Delete(there, at, at+1)
			continue
		}
		r.Missing = append(r.Missing, p.Name)
		missing = append(missing, snapshot.Line{Scope: p.notRead()})
	}
	switch {
	case len(there) > 0:
		return fmt.Errorf("%s has objects that the plan does not name, %.100q for one: give the run a name of its own", folder, there[0])
	case len(missing) == len(places):
		return fmt.Errorf("%s has no snapshot: nothing was collected, and the package is as it was", folder)
	}
	now := f.now().UTC().Truncate(time.Second)
	if len(missing) > 0 {
		file := filepath.Join(f.temp, "missing.ndjson")
		if err := write(file, missing, now); err != nil {
			return err
		}
		args = append(args, file)
	}
	r.Package = f.folder("package").String()
	args = append(args, "--out", r.Package, "--now", now.Format(time.RFC3339))
	args = append(append(args, strings.Fields(f.env("SHCA_ASSESS"))...), f.encryption()...)
	if r.Incomplete, err = f.shca(ctx, args...); err != nil {
		return err
	}
	return f.read(ctx, r, now)
}

// write writes a snapshot that has nothing but scopes.
func write(file string, scopes []snapshot.Line, now time.Time) error {
	lines := append([]snapshot.Line{{Snapshot: &snapshot.Header{Version: snapshot.Version, Service: "none", Started: now}}}, scopes...)
	lines = append(lines, snapshot.Line{End: &snapshot.Counts{Scopes: int64(len(scopes))}})
	var text []byte
	var err error
	for i := range lines {
		if text, err = lines[i].Append(text); err != nil {
			return err
		}
	}
	return os.WriteFile(file, text, 0o600)
}

// read takes the numbers from the assessment that was made at the time.
func (f *function) read(ctx context.Context, r *result, at time.Time) error {
	const name = "assessment.json"
	if _, err := f.bucket.Download(ctx, f.folder("package"), []string{name}, f.temp); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(f.temp, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var a struct {
		Time     time.Time
		Complete bool
		Verdict  string
		Problems []string
		Summary  struct {
			PassRate json.RawMessage `json:"pass_rate"`
			Coverage json.RawMessage `json:"coverage"`
		}
	}
	if err != nil || json.Unmarshal(text, &a) != nil || !a.Time.Equal(at) {
		return fmt.Errorf("%s has no %s of this run: leave json among the formats of SHCA_ASSESS", r.Package, name)
	}
	r.Incomplete = r.Incomplete || !a.Complete || len(r.Missing) > 0
	r.Verdict, r.Problems = a.Verdict, a.Problems[:min(len(a.Problems), maxProblems)]
	r.PassRate, r.Coverage = a.Summary.PassRate, a.Summary.Coverage
	return nil
}
