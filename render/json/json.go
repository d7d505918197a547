// Package json writes an assessment as one JSON document, assessment.json, for
// programs, and reads it back. The document is everything an assessment knows
// but the findings themselves, with a version of its own; docs/assessment-json.md
// describes it and docs/schema holds its JSON Schema.
package json

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-shca/shca"
)

// File is the name of the document.
const File = "assessment.json"

// SchemaVersion is the version of the document's form. Its first number
// changes when a member changes its meaning or goes, the second when one comes.
const SchemaVersion = "1.0"

// document is the form of assessment.json: the assessment's own members, with
// what can be derived from them beside them for readers that do not compute.
type document struct {
	SchemaVersion string `json:"schema_version"`
	Complete      bool   `json:"complete"`
	Summary       struct {
		shca.Summary
		rates
		Coverage json.RawMessage `json:"coverage"`
	} `json:"summary"`
	*shca.Assessment
	Controls []control `json:"controls"`
}

type control struct {
	shca.ControlResult
	Label  string `json:"label"`
	Family string `json:"family"`
	rates
}

// rates are a tally's derived numbers. PassRate is a percentage with two
// decimals, or null if nothing was decided.
type rates struct {
	Decided   int64           `json:"decided"`
	Undecided int64           `json:"undecided"`
	PassRate  json.RawMessage `json:"pass_rate"`
}

func derive(t shca.Tally) rates {
	return rates{t.Decided(), t.Undecided(), percent(t.Passed, t.Decided())}
}

func percent(part, whole int64) json.RawMessage {
	if p := shca.Percent(part, whole); p != "" {
		return json.RawMessage(p)
	}
	return json.RawMessage("null")
}

// Render writes the document.
func Render(ctx context.Context, w io.Writer, a *shca.Assessment) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d := document{SchemaVersion: SchemaVersion, Complete: a.Complete(), Assessment: a, Controls: make([]control, len(a.Controls))}
	d.Summary.Summary = a.Summary()
	d.Summary.rates = derive(d.Summary.Tally)
	d.Summary.Coverage = percent(int64(d.Summary.Covered), int64(d.Summary.Controls))
	for i, c := range a.Controls {
		d.Controls[i] = control{c, c.ID.Label(), c.ID.Family(), derive(c.Tally)}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(d)
}

// Read reads a document of this version. The assessment has no Findings.
func Read(r io.Reader) (*shca.Assessment, error) {
	d := document{Assessment: &shca.Assessment{}}
	if err := json.NewDecoder(r).Decode(&d); err != nil {
		return nil, fmt.Errorf("%s: %w", File, err)
	}
	switch major, _, _ := strings.Cut(d.SchemaVersion, "."); major {
	case "1":
	case "":
		return nil, errors.New("no schema_version: this is not an " + File + " that shca wrote")
	default:
		return nil, fmt.Errorf("schema version %s: this program reads version 1; use a newer one", d.SchemaVersion)
	}
	a := d.Assessment
	a.Controls = make([]shca.ControlResult, len(d.Controls))
	for i, c := range d.Controls {
		a.Controls[i] = c.ControlResult
	}
	return a, nil
}
