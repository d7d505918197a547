package oscal

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/go-shca/shca"
)

const folder = "oscal/"

// Names of documents below the output directory.
const (
	ResultsFile = folder + resultsFile
	SSPFile     = folder + sspFile  // people edit it, so the next run carries it on
	POAMFile    = folder + poamFile // likewise
)

// MediaType is that of every document.
const MediaType = "application/json"

// Results writes the assessment results.
func Results(ctx context.Context, w io.Writer, a *shca.Assessment, options Options) error {
	b, err := newBundle(a, options)
	if err != nil {
		return err
	}
	return b.writeResults(ctx, w)
}

// document is one document of a package besides the assessment results.
type document struct {
	file  string
	write func(*bundle, context.Context, io.Writer) error
	// reason says why the document is not written; "" if it is.
	reason func(*bundle) string
	notice slog.Level // of telling the reason
}

var documents = []document{
	{file: catalogFile, write: (*bundle).writeCatalog},
	{file: profileFile, write: (*bundle).writeProfile},
	{file: componentFile, write: (*bundle).writeComponentDefinition, reason: (*bundle).noRules},
	{file: sspFile, write: (*bundle).writeSSP, reason: (*bundle).noSSP},
	{file: planFile, write: (*bundle).writePlan},
	{file: poamFile, write: (*bundle).writePOAM, reason: (*bundle).poamReason},
	// Most runs are of a version without it, which nobody needs to hear of.
	{file: mappingFile, write: (*bundle).writeMapping, reason: (*bundle).noMapping, notice: slog.LevelDebug},
}

// Owned are the files of a package besides the assessment results, as patterns.
func Owned() []string {
	var names []string
	for _, d := range documents {
		names = append(names, folder+d.file)
	}
	return names
}

// Others writes the package's other documents. What is not written, because
// there is nothing to say in it, is told to the logger with the reason.
func Others(ctx context.Context, create func(name, mediaType string) (io.WriteCloser, error), a *shca.Assessment, options Options) error {
	b, err := newBundle(a, options)
	if err != nil {
		return err
	}
	if b.system == unnamedSystem {
		b.Logger.Info("the system has no id, so its OSCAL documents have the UUIDs of every unnamed system: give it one (the key id in the file of --system)")
	}
	if n := b.missing(); n > 0 {
		b.Logger.Warn("controls of the baseline are not in the catalog, so the OSCAL package leaves them out", "controls", n, "catalog", b.Catalog)
	}
	for _, d := range documents {
		if d.reason != nil {
			if reason := d.reason(b); reason != "" {
				b.Logger.Log(ctx, d.notice, folder+d.file+" was not written: "+reason)
				continue
			}
		}
		w, err := create(folder+d.file, MediaType)
		if err != nil {
			return err
		}
		if err := errors.Join(d.write(b, ctx, w), w.Close()); err != nil {
			return err
		}
	}
	return nil
}

// documentVersion is the version of documents that describe the system rather
// than one run.
func (b *bundle) documentVersion() string { return cmp.Or(b.System.Version, "1.0") }

// hasSSP reports whether the package has a system security plan: that must have
// a control.
func (b *bundle) hasSSP() bool { return b.SSP != "" || len(b.baseline()) > 0 }

// PropertyNames are the names in Properties, as package validate takes them.
func PropertyNames() map[string]bool {
	names := map[string]bool{}
	for _, p := range Properties {
		names[p.Name] = true
	}
	return names
}
