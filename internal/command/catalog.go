package command

import (
	"fmt"
	"io"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/go-shca/shca/catalogs"
	"github.com/go-shca/shca/render"
)

func newFormats(sys process) *cobra.Command {
	return &cobra.Command{
		Use:   "formats",
		Short: "List the artifacts that can be written",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return columns(sys.stdout, func(w io.Writer) {
				fmt.Fprintln(w, "FORMAT\tFILES\tWHAT")
				for _, f := range render.Formats {
					summary := f.Summary
					if f.Asked {
						summary += " (only when named)"
					}
					fmt.Fprintf(w, "%s\t%s\t%s\n", f.Name, f.File, summary)
					for _, pattern := range f.Owned {
						fmt.Fprintf(w, "\t%s\t\n", characters.ReplaceAllString(pattern, "*"))
					}
				}
			})
		},
	}
}

// characters matches what a pattern says of single characters, "[0-9][0-9]",
// which makes names safe to remove and hard to read.
var characters = regexp.MustCompile(`(\[[^\]]*\])+`)

func newBaselines(sys process) *cobra.Command {
	return &cobra.Command{
		Use:   "baselines",
		Short: "List the baselines that can be assessed",
		Long: `Baselines lists the baselines that --baseline takes, with the number of their
controls and how many of these at least one Security Hub check is evidence for.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return columns(sys.stdout, func(w io.Writer) {
				fmt.Fprintln(w, "BASELINE\tCONTROLS\tWITH CHECKS\tTITLE")
				for _, f := range catalogs.Frameworks() {
					for _, b := range f.Baselines {
						checked := 0
						for _, id := range b.Controls {
							if len(f.ChecksFor(id)) > 0 {
								checked++
							}
						}
						fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", b.Name, len(b.Controls), checked, b.Title)
					}
				}
				fmt.Fprintf(w, "%s\t\t\tevery control that has findings\n", noBaseline)
			})
		},
	}
}

func newVersion(sys process) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version and the embedded facts",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return columns(sys.stdout, func(w io.Writer) {
				fmt.Fprintf(w, "shca\t%s\n", version())
				fmt.Fprintf(w, "built with\t%s for %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
				for _, f := range catalogs.Frameworks() {
					fmt.Fprintf(w, "%s\t%s, release %s: %d controls, %d checks\n", f.Name, f.Title, f.Catalog.Version, len(f.Catalog.Controls()), len(f.Checks()))
				}
			})
		},
	}
}

// version is the module's version as the Go tool recorded it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "(devel)"
	}
	return info.Main.Version
}

// columns aligns tab-separated columns and drops the padding at line ends.
func columns(out io.Writer, write func(io.Writer)) error {
	var text strings.Builder
	t := tabwriter.NewWriter(&text, 0, 4, 2, ' ', 0)
	write(t)
	if err := t.Flush(); err != nil {
		return err
	}
	lines := slices.Collect(strings.Lines(text.String()))
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \n") + "\n"
	}
	_, err := io.WriteString(out, strings.Join(lines, ""))
	return err
}
