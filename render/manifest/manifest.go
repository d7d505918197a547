// Package manifest writes what a package of artifacts consists of, signs it,
// packs it, and tells later whether it is still what was written. It is for
// those who hand an assessment on and those who receive it.
//
// The manifest names every file of a run with its size and SHA-256, and what the
// run was made of: inputs with their digests, scopes, program and command line.
// docs/manifest.md describes it and docs/schema holds its JSON Schema.
//
// The package keeps no keys and trusts none: whose a key is has to be known from
// elsewhere. A manifest without a signature shows damage, not forgery.
package manifest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-shca/shca"
)

// File is the name of the manifest.
const File = "manifest.json"

// Version is the version of the manifest's form. Its first number changes when
// a member changes its meaning or goes, the second when one comes.
const Version = "1.0"

// Options say what the manifest cannot know from the assessment. The zero value
// works.
type Options struct {
	// Command is the command line that the assessment was made with, without
	// what only says where artifacts go: two runs that differ in that alone have
	// the same manifest.
	Command []string
	// Signer signs the manifest; nil leaves it unsigned.
	Signer Signer
}

// document is the form of manifest.json.
type document struct {
	about
	Files  []shca.Artifact `json:"files"`
	SHA256 string          `json:"sha256"` // of all bytes in front of it: damage shows without a signature, too
}

// end is what follows the digest that ends the document.
const end = "\"\n}\n"

// about is all of the manifest but the files; in a signed statement the files
// are subjects.
type about struct {
	Version       string       `json:"manifest_version"`
	Generator     string       `json:"generator,omitempty"`
	Framework     string       `json:"framework"`
	FrameworkName string       `json:"framework_name,omitempty"`
	Baseline      string       `json:"baseline"`
	BaselineName  string       `json:"baseline_name,omitempty"`
	Time          time.Time    `json:"time,omitzero"`
	Assessment    string       `json:"assessment"` // "complete" or "incomplete"
	Verdict       string       `json:"verdict"`
	System        system       `json:"system,omitzero"`
	Marking       string       `json:"marking,omitempty"`
	Redacted      bool         `json:"redacted,omitempty"`
	Command       []string     `json:"command"`
	Inputs        []shca.Input `json:"inputs"`
	Scopes        []shca.Scope `json:"scopes"`
	ProblemCount  int64        `json:"problem_count"`
}

// system leaves out the names of accounts, which are many and told elsewhere.
type system struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// full returns the list itself, or an empty one for nil.
func full[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func aboutOf(a *shca.Assessment, o Options) about {
	state := "complete"
	if !a.Complete() {
		state = "incomplete"
	}
	return about{
		Version: Version, Generator: a.Generator,
		Framework: a.Framework, FrameworkName: a.FrameworkName, Baseline: a.Baseline, BaselineName: a.BaselineName,
		Time: a.Time, Assessment: state, Verdict: a.Verdict(),
		System: system{a.System.ID, a.System.Name}, Marking: a.Marking, Redacted: a.Redacted,
		Command: full(o.Command), Inputs: full(a.Inputs), Scopes: full(a.Scopes), ProblemCount: a.ProblemCount,
	}
}

// filesOf returns the artifacts that the manifest lists, in order of their names.
func filesOf(a *shca.Assessment) []shca.Artifact {
	files := full(slices.Clone(a.Artifacts))
	slices.SortFunc(files, func(a, b shca.Artifact) int { return strings.Compare(a.File, b.File) })
	return files
}

// Render writes the manifest of the assessment's Artifacts.
func Render(ctx context.Context, w io.Writer, a *shca.Assessment, o Options) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	front := newFront(w, 2*sha256.Size+len(end))
	e := json.NewEncoder(front)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(document{aboutOf(a, o), filesOf(a), strings.Repeat("0", 2*sha256.Size)}); err != nil {
		return err
	}
	_, err := io.WriteString(w, front.hex()+end)
	return err
}

// front passes on all but the last bytes of what is written, and makes a digest
// of what it passes on.
type front struct {
	w    io.Writer
	keep int // so many bytes
	sum  hash.Hash
	held []byte
}

func newFront(w io.Writer, keep int) *front { return &front{w: w, keep: keep, sum: sha256.New()} }

func (f *front) Write(p []byte) (int, error) {
	f.held = append(f.held, p...)
	if n := len(f.held) - f.keep; n > 0 {
		f.sum.Write(f.held[:n])
		if _, err := f.w.Write(f.held[:n]); err != nil {
			return 0, err
		}
		f.held = append(f.held[:0], f.held[n:]...)
	}
	return len(p), nil
}

func (f *front) hex() string { return hex.EncodeToString(f.sum.Sum(nil)) }

// compact returns a value as JSON on one line, without a line break at its end.
func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
