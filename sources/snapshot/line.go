// Package snapshot is the file that collecting from AWS leaves behind: what the
// services answered, finding by finding, so that an assessment can be made of it
// later, elsewhere, and again. It is for package collect, which writes
// snapshots, and for whoever reads one.
//
// A snapshot is NDJSON, usually compressed with zstd. Its first line is a
// header, its last line a trailer that counts what lies between; a file without
// the trailer was cut off. Each line is an object with one of the members of
// [Line], so that "zstdcat FILE | jq .finding" shows the findings. Versions
// count as in semantic versioning: readers of 1.x read every 1.y.
//
// It pulls nothing and judges nothing.
package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
)

// Version is the version of the snapshots that are written.
const Version = "1.0"

// Line is one line of a snapshot. Exactly one of its members is set, but for
// Format, which goes with Finding.
type Line struct {
	Snapshot *Header            `json:"snapshot,omitempty"`
	Finding  jsontext.Value     `json:"finding,omitempty"` // as the service gave it
	Format   string             `json:"format,omitempty"`  // of Finding: "asff", "ocsf", "config", "auditmanager"
	Scope    *shca.Scope        `json:"scope,omitempty"`
	Setting  *shca.CheckSetting `json:"setting,omitempty"`
	Evidence *shca.Evidence     `json:"evidence,omitempty"`
	End      *Counts            `json:"end,omitempty"`
}

// Header is a snapshot's first line.
type Header struct {
	Version   string         `json:"version"`
	Service   string         `json:"service"`             // that was asked: "securityhub"
	Generator string         `json:"generator,omitempty"` // program and version
	Started   time.Time      `json:"started"`             // of the first request, UTC
	Selection jsontext.Value `json:"selection,omitempty"` // what was asked for: Regions, accounts, filters
}

// Counts are the numbers of lines of a kind.
type Counts struct {
	Findings int64 `json:"findings"`
	Scopes   int64 `json:"scopes"`
	Settings int64 `json:"settings"`
	Evidence int64 `json:"evidence"`
}

// Plus returns the sums.
func (c Counts) Plus(o Counts) Counts {
	return Counts{c.Findings + o.Findings, c.Scopes + o.Scopes, c.Settings + o.Settings, c.Evidence + o.Evidence}
}

// Count returns what the line adds to the counts.
func (l *Line) Count() Counts {
	switch {
	case l.Finding != nil:
		return Counts{Findings: 1}
	case l.Scope != nil:
		return Counts{Scopes: 1}
	case l.Setting != nil:
		return Counts{Settings: 1}
	case l.Evidence != nil:
		return Counts{Evidence: 1}
	}
	return Counts{}
}

// Append appends the line and its line feed to b. A finding stays as it is, byte
// for byte, but for white space between its tokens where it has line breaks. One
// that is not JSON is an error.
func (l *Line) Append(b []byte) ([]byte, error) {
	if l.Finding == nil {
		line, err := json.Marshal(l, json.Deterministic(true))
		if err != nil {
			return b, fmt.Errorf("snapshot: %w", err)
		}
		return append(append(b, line...), '\n'), nil
	}
	foreign := []jsontext.Options{jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)}
	finding := l.Finding
	switch {
	case !finding.IsValid(foreign...):
		return b, errors.New("snapshot: a finding is not JSON")
	case bytes.IndexByte(finding, '\n') >= 0:
		finding = bytes.Clone(finding)
		if err := finding.Compact(append(foreign, jsontext.PreserveRawStrings(true))...); err != nil {
			return b, fmt.Errorf("snapshot: %w", err)
		}
	}
	b = append(append(b, `{"finding":`...), finding...)
	b = append(append(append(b, `,"format":"`...), l.Format...), `"}`...)
	return append(b, '\n'), nil
}
