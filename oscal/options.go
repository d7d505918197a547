package oscal

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-shca/shca/catalogs"
	"github.com/go-shca/shca/system"
)

// Options says what the documents are to be like. The zero value works.
type Options struct {
	Version      string // OSCAL version, one of Versions; "" is DefaultVersion
	Observations Level  // what an observation is about; "" is LevelCheck
	Target       Target // what a finding is about; "" is TargetStatement
	MaxSubjects  int    // resources listed in one observation; 0 is DefaultSubjects

	// System describes the assessed system; nil leaves what it would say to be
	// completed.
	System *system.System

	// Framework is the framework assessed against, with the user's catalog if
	// there is one; nil is the embedded one of the assessment's name.
	Framework *catalogs.Framework
	// Catalog is the path of the user's own OSCAL catalog. It becomes the
	// package's catalog as it is; "" writes one of identifiers and titles.
	Catalog string

	// SSP is the path of the user's system security plan, which is updated
	// instead of writing a new one. See CarryOn.
	SSP string
	// POAM is the path of the previous plan of action and milestones, which is
	// carried on. See CarryOn.
	POAM string

	// Logger is told what a user should look at; nil for silence.
	Logger *slog.Logger

	dir        string   // the output directory, from CarryOn; "" if it is not known
	identified identity // what identify has looked at, so that it reads each file once
}

// DefaultSubjects is the number of failing resources that an observation lists:
// so many that an assessor can sample them, and so few that a GRC tool can
// import the results of a hundred thousand findings. Every observation says how
// many there are.
const DefaultSubjects = 50

// Level is what one observation is about.
type Level string

// The levels, from the shortest documents to the longest.
const (
	LevelCheck   Level = "check"   // one check in the whole system
	LevelAccount Level = "account" // one check in one account
	LevelFinding Level = "finding" // one finding
)

// Levels lists the levels.
func Levels() []Level { return []Level{LevelCheck, LevelAccount, LevelFinding} }

// Target is what a finding's status is about.
type Target string

// The targets.
const (
	TargetStatement Target = "statement" // the control's statement, ac-2_smt
	TargetObjective Target = "objective" // the control's assessment objective, ac-2_obj
)

// Targets lists the targets.
func Targets() []Target { return []Target{TargetStatement, TargetObjective} }

// Check returns an error for what cannot be written: an unknown version, level
// or target.
func (o Options) Check() error {
	_, err := o.complete()
	return err
}

// CarryOn returns options that carry on the documents which people edit: those
// that the options name, else those that an earlier run left in the output
// directory. It is an error, which names the file, if one cannot be read, is not
// such a document, or is about another system. Writing to a directory with
// package render does this by itself.
func (o Options) CarryOn(dir string) (Options, error) {
	for _, document := range []struct {
		path *string
		name string
	}{{&o.SSP, SSPFile}, {&o.POAM, POAMFile}} {
		there := filepath.Join(dir, filepath.FromSlash(document.name))
		old, err := os.Stat(there)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return o, err
		case *document.path == "":
			*document.path = there
			continue
		}
		named, err := os.Stat(*document.path)
		if err != nil {
			return o, err
		}
		if !os.SameFile(old, named) {
			return o, fmt.Errorf("%s is there and would be overwritten by what becomes of %s: remove it, or choose another directory", there, *document.path)
		}
	}
	o.dir = dir
	return o.identify()
}

// systemKey is the id of a system as documents can say it, in one line; UUIDs
// are made of it.
func systemKey(id string) string { return plain(id, maxTitle) }

// identify takes the system's id and name from the documents that are carried
// on, where the options do not have them, so that the package keeps its
// identity. A plan that does not say which system it is about is about any.
func (o Options) identify() (Options, error) {
	if o.identified == o.identity() {
		return o, nil
	}
	about := system.System{}
	if o.System != nil {
		about = *o.System
		about.ID = systemKey(about.ID)
	}
	if o.SSP != "" {
		id, name, err := sspSystem(o.SSP)
		id = systemKey(id)
		switch {
		case err != nil:
			return o, err
		case about.ID != "" && id != about.ID && id != system.ToBeCompleted:
			return o, fmt.Errorf("%s: is the plan of the system %q, but the system file says %q: remove the plan, or choose another directory, to start anew; or write the id into it", o.SSP, id, about.ID)
		case id != system.ToBeCompleted:
			about.ID = id
		}
		if about.Name == "" && name != system.ToBeCompleted {
			about.Name = name
		}
	}
	if o.POAM != "" {
		id, err := poamSystemID(o.POAM)
		if err != nil {
			return o, err
		}
		if id = systemKey(id); about.ID == "" && id != unnamedSystem {
			about.ID = id
		}
	}
	o.System = &about
	o.identified = o.identity()
	return o, nil
}

// identity is what identify looks at: with the same, its answer is the same.
type identity struct {
	ssp, poam string
	system    *system.System
}

func (o Options) identity() identity { return identity{o.SSP, o.POAM, o.System} }

// complete fills in defaults and reports what cannot be.
func (o Options) complete() (Options, error) {
	o.Version = cmp.Or(o.Version, DefaultVersion)
	if err := CheckVersion(o.Version); err != nil {
		return o, err
	}
	o.Observations = cmp.Or(o.Observations, LevelCheck)
	if !slices.Contains(Levels(), o.Observations) {
		return o, fmt.Errorf("unknown level of observations %q: there are %s", o.Observations, join(Levels()))
	}
	o.Target = cmp.Or(o.Target, TargetStatement)
	if !slices.Contains(Targets(), o.Target) {
		return o, fmt.Errorf("unknown target of findings %q: there are %s", o.Target, join(Targets()))
	}
	if o.MaxSubjects <= 0 {
		o.MaxSubjects = DefaultSubjects
	}
	if o.System == nil {
		o.System = &system.System{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

func join[T ~string](values []T) string {
	var texts []string
	for _, v := range values {
		texts = append(texts, string(v))
	}
	return strings.Join(texts, ", ")
}
