package command

import (
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-shca/shca/catalogs"
	"github.com/go-shca/shca/oscal"
	"github.com/go-shca/shca/system"
)

// oscalOptions are the flags that concern the OSCAL package only.
type oscalOptions struct {
	version      string
	observations string
	target       string
	subjects     int
	poam         string
	ssp          string
}

func (o *oscalOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.version, "oscal-version", oscal.DefaultVersion, "OSCAL `version`: "+list(oscal.Versions()))
	f.StringVar(&o.observations, "oscal-observations", string(oscal.LevelCheck), "make one observation per `unit`: "+list(oscal.Levels()))
	f.IntVar(&o.subjects, "oscal-subjects", oscal.DefaultSubjects, "list at most this `number` of failing resources in one observation")
	f.StringVar(&o.target, "oscal-target", string(oscal.TargetStatement), "findings on a control's `part`: "+list(oscal.Targets()))
	f.StringVar(&o.poam, "oscal-poam", "", "carry on this plan of action and milestones `file` (default the one in DIR)")
	f.StringVar(&o.ssp, "ssp", "", "update this OSCAL system security plan `file` (default the one in DIR)")
	complete(cmd, "oscal-version", oscal.Versions)
	complete(cmd, "oscal-observations", func() []string { return texts(oscal.Levels()) })
	complete(cmd, "oscal-target", func() []string { return texts(oscal.Targets()) })
}

func texts[T ~string](values []T) []string {
	var all []string
	for _, v := range values {
		all = append(all, string(v))
	}
	return all
}

func list[T ~string](values []T) string { return strings.Join(texts(values), ", ") }

// options turns the flags into those of the package.
func (o *oscalOptions) options(out, catalog string, framework *catalogs.Framework, about *system.System, log *slog.Logger) (oscal.Options, error) {
	options := oscal.Options{
		Version: o.version, Observations: oscal.Level(o.observations), Target: oscal.Target(o.target), MaxSubjects: o.subjects,
		System: about, Framework: framework, Catalog: catalog,
		SSP: o.ssp, POAM: o.poam,
		Logger: log,
	}
	if o.subjects < 1 {
		return options, usage("--oscal-subjects: %d is less than 1", o.subjects)
	}
	if err := options.Check(); err != nil {
		return options, usage("%w", err)
	}
	// What is wrong with these files is better known before the assessment.
	return options.CarryOn(out)
}
