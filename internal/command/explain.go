package command

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
)

func newExplain(sys process) *cobra.Command {
	var framework string
	cmd := &cobra.Command{
		Use:   "explain CONTROL|CHECK|CCI...",
		Short: "Show what is mapped to what, and by whom",
		Long: `Explain shows for a control the checks that are evidence for it, its baselines
and its CCIs; for a check its controls and where it comes from; for a CCI its
control. A control may be spelled in any common way.

This is the embedded table. In an assessment, the requirements that findings
cite come first; assessment.json says for every check which of the two it was.`,
		Example: `  shca explain 'AC-2(1)'
  shca explain S3.8
  shca explain CCI-000015`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("nothing to explain: name a control such as 'AC-2(1)', a check such as S3.8 or a CCI")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := catalogs.Find(framework)
			if err != nil {
				return usage("--framework: %w", err)
			}
			for i, arg := range args {
				if i > 0 {
					fmt.Fprintln(sys.stdout)
				}
				var unknown error
				err := columns(sys.stdout, func(w io.Writer) { unknown = explain(w, f, arg) })
				if err := cmp.Or(unknown, err); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&framework, "framework", catalogs.Frameworks()[0].Name, "`name` of the framework")
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var names []string
		f := catalogs.Frameworks()[0]
		for _, c := range f.Catalog.Controls() {
			names = append(names, c.ID.Label())
		}
		for _, c := range f.Checks() {
			names = append(names, string(c.ID))
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
	return cmd
}

// explain prints what is known of one control, check or CCI.
func explain(w io.Writer, f *catalogs.Framework, name string) error {
	if c, ok := f.Check(shca.CheckID(name)); ok {
		explainCheck(w, f, c)
		return nil
	}
	if strings.HasPrefix(strings.ToUpper(name), "CCI-") {
		return explainCCI(w, f, strings.ToUpper(name))
	}
	id, part, err := shca.ParseControlID(name)
	if err != nil {
		return usage("%q is neither a check of %s, nor a control such as AC-2(1), nor a CCI such as CCI-000015", name, f.Title)
	}
	c, ok := f.Catalog.Control(id)
	if !ok {
		return usage("%s has no control %s", f.Title, id.Label())
	}
	explainControl(w, f, c, part)
	return nil
}

func explainControl(w io.Writer, f *catalogs.Framework, c catalogs.Control, part string) {
	fmt.Fprintf(w, "%s %s\n", c.ID.Label(), c.Title)
	fmt.Fprintf(w, "  control\t%s of %s, release %s\n", c.ID, f.Title, f.Catalog.Version)
	fmt.Fprintf(w, "  family\t%s %s\n", c.ID.Family(), f.Catalog.FamilyTitle(c.ID.Family()))
	if part != "" {
		fmt.Fprintf(w, "  part\t%s: checks are mapped to whole controls, so what follows is about %s\n", part, c.ID.Label())
	}
	if c.Parent != "" {
		parent, _ := f.Catalog.Control(c.Parent)
		fmt.Fprintf(w, "  enhances\t%s %s\n", c.Parent.Label(), parent.Title)
	}
	if c.Withdrawn {
		fmt.Fprintf(w, "  withdrawn\t%s\n", withdrawal(c))
	}
	if c.Since != "" {
		fmt.Fprintf(w, "  since\trelease %s\n", c.Since)
	}
	var in []string
	for _, b := range f.Baselines {
		if slices.Contains(b.Controls, c.ID) {
			in = append(in, b.Name)
		}
	}
	fmt.Fprintf(w, "  baselines\t%s\n", cmp.Or(strings.Join(in, ", "), "none"))
	var ccis []string
	for _, cci := range f.CCIs(c.ID) {
		if part == "" || cci.Part == part {
			ccis = append(ccis, cci.ID)
		}
	}
	wrap(w, "  CCIs", ccis)
	checks := f.ChecksFor(c.ID)
	if len(checks) == 0 {
		fmt.Fprintf(w, "\nNo Security Hub check is evidence for it.\n")
		return
	}
	fmt.Fprintf(w, "\nSecurity Hub checks that are evidence for a part of it (source: AWS Security Hub user guide):\n")
	for _, id := range checks {
		check, _ := f.Check(id)
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", id, check.Severity, strings.Join(check.ResourceTypes, " "), check.ConfigRule)
	}
}

func withdrawal(c catalogs.Control) string {
	if len(c.ReplacedBy) == 0 {
		return "without replacement"
	}
	var texts []string
	for _, r := range c.ReplacedBy {
		id, part, err := shca.ParseControlID(r)
		switch {
		case err != nil:
			texts = append(texts, strings.ToUpper(r))
		case part != "":
			texts = append(texts, id.Label()+" part "+part)
		default:
			texts = append(texts, id.Label())
		}
	}
	return "see " + strings.Join(texts, ", ")
}

func explainCheck(w io.Writer, f *catalogs.Framework, c catalogs.Check) {
	remediation := "none"
	if c.AutomatedRemediation {
		remediation = "AWS Automated Security Response has one"
	}
	fmt.Fprintf(w, "%s, a check of AWS Security Hub\n", c.ID)
	fmt.Fprintf(w, "  severity\t%s\n", c.Severity)
	fmt.Fprintf(w, "  schedule\t%s\n", c.Schedule)
	fmt.Fprintf(w, "  category\t%s\n", cmp.Or(c.Category, "not stated"))
	fmt.Fprintf(w, "  resource types\t%s\n", cmp.Or(strings.Join(c.ResourceTypes, ", "), "not stated"))
	fmt.Fprintf(w, "  Config rule\t%s\n", cmp.Or(c.ConfigRule, "not stated"))
	fmt.Fprintf(w, "  automated remediation\t%s\n", remediation)
	fmt.Fprintf(w, "\nControls of %s that it is evidence for a part of (source: AWS Security Hub user guide):\n", f.Title)
	for _, id := range c.Controls {
		control, ok := f.Catalog.Control(id)
		title := control.Title
		switch {
		case !ok:
			title = "(not in the catalog)"
		case control.Withdrawn:
			title += " (withdrawn: " + withdrawal(control) + ")"
		}
		fmt.Fprintf(w, "  %s\t%s\n", id.Label(), title)
	}
}

func explainCCI(w io.Writer, f *catalogs.Framework, cci string) error {
	found := false
	for _, c := range f.Catalog.Controls() {
		for _, item := range f.CCIs(c.ID) {
			if item.ID != cci {
				continue
			}
			if found {
				fmt.Fprintln(w)
			}
			fmt.Fprintf(w, "%s is an item of %s (source: DISA CCI list of 2023-06-07)\n\n", cci, c.ID.Label())
			explainControl(w, f, c, item.Part)
			found = true
		}
	}
	if !found {
		return usage("%s is not in DISA's CCI list for %s", cci, f.Title)
	}
	return nil
}

// wrap prints a labelled list in lines of eight.
func wrap(w io.Writer, label string, items []string) {
	if len(items) == 0 {
		fmt.Fprintf(w, "%s\tnone\n", label)
		return
	}
	for chunk := range slices.Chunk(items, 8) {
		fmt.Fprintf(w, "%s\t%s\n", label, strings.Join(chunk, " "))
		label = " "
	}
}
