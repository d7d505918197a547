// Command testgen writes synthetic AWS Security Hub findings to standard
// output, or the sample estate to a directory.
//
//	go run ./internal/testgen/cmd -n 100000 -seed 1 -layout ndjson -mode on > findings.ndjson
//	go run ./internal/testgen/cmd -n 10000 -products all -other-products 0.5 > products.ndjson
//	go run ./internal/testgen/cmd -n 10000 -format ocsf-v2 -layout cli > v2.json
//	go run ./internal/testgen/cmd -estate examples/estate
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/go-shca/shca/internal/testgen"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run returns the exit code: 0 done, 1 failed, 2 usage.
func run(args []string, stdout, stderr io.Writer) int {
	var (
		o        testgen.Options
		layout   testgen.Layout
		checks   string
		products string
		estate   string
	)
	flags := flag.NewFlagSet("testgen", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, "testgen writes synthetic AWS Security Hub findings to standard output.\n"+
			"The same flags give the same bytes on every machine.\n\n"+
			"\tgo run ./internal/testgen/cmd -n 100000 > findings.ndjson\n"+
			"\tgo run ./internal/testgen/cmd -estate examples/estate\n\n"+
			"Shares are 0 to 0.5 of all findings; 0 stands for the default, -1 for none.\n\n")
		flags.PrintDefaults()
	}
	flags.IntVar(&o.Findings, "n", 1000, "`findings` of the estate with consolidated findings on; about 3 KB each")
	flags.Uint64Var(&o.Seed, "seed", 1, "`number` that decides all that is random")
	flags.TextVar(&o.Format, "format", testgen.ASFF, "how findings are written: asff; ocsf-v2 (Security Hub's own, as its second version\nhas them); prowler (Prowler's, in its OCSF)")
	flags.TextVar(&layout, "layout", testgen.NDJSON, "`layout` of the file: ndjson, cli, cli-indented, array")
	flags.TextVar(&o.Mode, "mode", testgen.On, "consolidated control findings: on, off, mixed")
	flags.StringVar(&o.Partition, "partition", "aws", "aws, aws-us-gov, aws-cn")
	flags.IntVar(&o.Accounts, "accounts", 5, "`number` of accounts")
	flags.IntVar(&o.Regions, "regions", 0, "`number` of regions (default 4, or all 2 of a smaller partition)")
	flags.StringVar(&checks, "checks", "", "comma-separated `ids` of the checks to use, S3.8,IAM.1 (default all)")
	flags.Float64Var(&o.Warning, "warning", 0, "`share` of status WARNING (default 0.03)")
	flags.Float64Var(&o.NotAvailable, "not-available", 0, "`share` of status NOT_AVAILABLE (default 0.04)")
	flags.Float64Var(&o.Suppressed, "suppressed", 0, "`share` of suppressed findings (default 0.02)")
	flags.Float64Var(&o.Archived, "archived", 0, "`share` of archived findings (default 0.03)")
	flags.Float64Var(&o.OtherProducts, "other-products", 0, "`share` of other products (default 0.08)")
	flags.StringVar(&products, "products", "", "comma-separated `names` of the other products, or all\n(default what GuardDuty, Inspector and Macie report most)")
	flags.Float64Var(&o.Duplicates, "duplicates", 0, "`share` of newer copies of earlier findings (default 0.005)")
	flags.Float64Var(&o.New, "new", 0, "`share` of findings whose creation is their last update (default none)")
	flags.StringVar(&estate, "estate", "", "write the sample estate to this `directory` instead; other flags do not apply")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "testgen: unexpected argument %q; see -h\n", flags.Arg(0))
		return 2
	}
	if checks != "" {
		o.Checks = strings.Split(checks, ",")
	}
	if products != "" {
		o.Products = strings.Split(products, ",")
	}
	var err error
	if estate != "" {
		err = testgen.WriteEstate(estate)
	} else {
		err = testgen.Write(stdout, layout, o)
	}
	if err != nil {
		fmt.Fprintln(stderr, "testgen:", strings.TrimPrefix(err.Error(), "testgen: "))
		return 1
	}
	return 0
}
