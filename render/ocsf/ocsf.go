// Package ocsf writes the findings of an assessment as OCSF events, one a line:
// what a SIEM, a security lake or another program takes. Package ocsf of this
// module says what an event holds.
//
// Every finding that was read is there, whatever its disposition, which is the
// event's label ("disposition: superseded"): who counts events and wants the
// numbers of the assessment counts those that are assessed. If the assessment
// is incomplete, every event has a label that says so.
package ocsf

import (
	"context"
	"io"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/ocsf"
)

// File is the name of the file.
const File = "findings.ocsf.ndjson"

// Render writes the file.
func Render(ctx context.Context, w io.Writer, a *shca.Assessment, o ocsf.Options) error {
	encoder, err := ocsf.NewEncoder(o.For(a))
	if err != nil {
		return err
	}
	return encoder.Write(ctx, w, a.Findings)
}
