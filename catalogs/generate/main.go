// Command generate writes the tables that package catalogs embeds.
//
//	go run ./catalogs/generate -facts DIR [-out catalogs/data]
//
// DIR holds four CSV files, each with a header line:
//
//	nist-sp800-53r5-controls.csv   the controls and the baselines they are in
//	nist-sp800-53r5-families.csv   the families' titles
//	securityhub-nist-800-53-r5.csv the Security Hub checks and their controls
//	cci-nist-r5.csv                the CCI items and their controls
//
// The files are read in full and checked against each other before anything
// is written. The output has OSCAL control ids, a fixed order and single
// spaces, so that the same facts always give the same bytes; it is itself
// valid input and reproduces itself. Oddities that the publishers' own tables
// have are named on standard error; anything else that does not fit is an
// error and nothing is written.
package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/generators"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stderr))
}

func run(args []string, stderr io.Writer) int {
	return generators.Program{Flag: "facts", Of: "the facts", Out: "catalogs/data", Files: generate}.Run(args, stderr)
}

// The names of the files, the same in the facts and in the output.
const (
	controlsFile = "nist-sp800-53r5-controls.csv"
	familiesFile = "nist-sp800-53r5-families.csv"
	checksFile   = "securityhub-nist-800-53-r5.csv"
	ccisFile     = "cci-nist-r5.csv"
)

// How many rows the published tables have. A new release of a table changes
// its number here, on purpose.
const (
	wantControls = 1196
	wantFamilies = 20
	wantChecks   = 297
	wantCCIs     = 3815
)

// baselines are the columns of the controls file that name a baseline, and
// how many controls each has.
var baselines = []struct {
	column string
	want   int
}{
	{"low", 149},
	{"moderate", 287},
	{"high", 370},
	{"privacy", 96},
	{"fedramp_low", 156},
	{"fedramp_moderate", 323},
	{"fedramp_high", 410},
	{"fedramp_li_saas", 156},
}

// withdrawnAsPublished are the rows that name a withdrawn control in the
// publisher's own table. They are kept as published: findings cite them so.
var withdrawnAsPublished = map[string]shca.ControlID{
	"SageMaker.4": "sa-13",   // AWS Security Hub user guide
	"CCI-002734":  "si-7.13", // DISA CCI list
}

// generate reads and checks the facts in dir. It returns the output files by
// name, and what a maintainer should know about the facts.
func generate(dir string) (files map[string][]byte, notes []string, err error) {
	g := generator{dir: dir, controls: map[shca.ControlID]control{}, families: map[string]bool{}}
	files = map[string][]byte{controlsFile: g.readControls()}
	if len(g.errs) == 0 { // all else is checked against the controls
		files[familiesFile] = g.readFamilies()
		files[checksFile] = g.readChecks()
		files[ccisFile] = g.readCCIs()
	}
	return files, g.notes, errors.Join(g.errs...)
}

type control struct {
	order     int
	withdrawn bool
}

type generator struct {
	dir      string
	controls map[shca.ControlID]control
	families map[string]bool // families that have a control
	notes    []string
	errs     []error
}

func (g *generator) fail(file string, format string, args ...any) {
	g.errs = append(g.errs, fmt.Errorf("%s: %w", file, fmt.Errorf(format, args...)))
}

// read returns the rows of a file as maps from column to value, with white
// space collapsed.
func (g *generator) read(name string, want int, columns ...string) []map[string]string {
	f, err := os.Open(filepath.Join(g.dir, name))
	if err != nil {
		g.errs = append(g.errs, err)
		return nil
	}
	defer func() { _ = f.Close() }() // it was only read
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		g.fail(name, "%w", err)
		return nil
	}
	if len(records) != want+1 {
		g.fail(name, "has %d rows, want %d and a header; if a new release was published, change the number in the generator", len(records)-1, want)
	}
	if len(records) == 0 {
		return nil
	}
	for _, c := range columns {
		if !slices.Contains(records[0], c) {
			g.fail(name, "has no column %q", c)
			return nil
		}
	}
	rows := make([]map[string]string, 0, len(records))
	for _, record := range records[1:] {
		row := make(map[string]string, len(record))
		for i, value := range record {
			row[records[0][i]] = strings.Join(strings.Fields(value), " ")
		}
		rows = append(rows, row)
	}
	return rows
}

// id reads the id of a whole control.
func (g *generator) id(file, s string) shca.ControlID {
	id, part, err := shca.ParseControlID(s)
	if err != nil {
		g.fail(file, "%w", err)
	} else if part != "" {
		g.fail(file, "%q names a part of a control, want a control", s)
	}
	return id
}

// mark reads a column that holds "x" or nothing.
func (g *generator) mark(file string, row map[string]string, column string) bool {
	if v := row[column]; v != "" && v != "x" {
		g.fail(file, "%v: column %q is %q, want \"x\" or nothing", row, column, v)
	}
	return row[column] == "x"
}

func (g *generator) readControls() []byte {
	columns := []string{"id", "title", "parent", "withdrawn", "replaced_by", "since_release"}
	for _, b := range baselines {
		columns = append(columns, b.column)
	}
	rows := g.read(controlsFile, wantControls, columns...)
	sizes := map[string]int{}
	var last shca.ControlID
	var out [][]string
	for i, row := range rows {
		id := g.id(controlsFile, row["id"])
		if string(id) != row["id"] {
			g.fail(controlsFile, "id %q is not in OSCAL's spelling, want %q", row["id"], id)
		}
		if label, ok := row["label"]; ok && label != id.Label() {
			g.fail(controlsFile, "%s: label %q, want %q", id, label, id.Label())
		}
		if family, ok := row["family"]; ok && family != id.Family() {
			g.fail(controlsFile, "%s: family %q, want %q", id, family, id.Family())
		}
		if row["title"] == "" {
			g.fail(controlsFile, "%s: no title", id)
		}
		if i > 0 && last.Compare(id) >= 0 {
			g.fail(controlsFile, "%s stands after %s, want catalog order and no duplicates", id, last)
		}
		last = id
		parent, _, isEnhancement := strings.Cut(string(id), ".")
		if !isEnhancement {
			parent = ""
		}
		if row["parent"] != parent {
			g.fail(controlsFile, "%s: parent %q, want %q", id, row["parent"], parent)
		} else if parent != "" {
			if _, ok := g.controls[shca.ControlID(parent)]; !ok {
				g.fail(controlsFile, "%s: parent %q does not stand before it", id, parent)
			}
		}
		withdrawn := g.mark(controlsFile, row, "withdrawn")
		if row["replaced_by"] != "" && !withdrawn {
			g.fail(controlsFile, "%s: replaced by %q but not withdrawn", id, row["replaced_by"])
		}
		for _, b := range baselines {
			if !g.mark(controlsFile, row, b.column) {
				continue
			}
			sizes[b.column]++
			if withdrawn {
				g.fail(controlsFile, "%s is withdrawn and in baseline %s", id, b.column)
			}
		}
		g.controls[id] = control{order: i, withdrawn: withdrawn}
		g.families[id.Family()] = true
		record := make([]string, len(columns))
		for k, c := range columns {
			record[k] = row[c]
		}
		out = append(out, record)
	}
	for _, b := range baselines {
		if sizes[b.column] != b.want {
			g.fail(controlsFile, "baseline %s has %d controls, want %d", b.column, sizes[b.column], b.want)
		}
	}
	for _, row := range rows { // now that every control is known
		for _, by := range strings.Fields(row["replaced_by"]) {
			id, _, err := shca.ParseControlID(by)
			switch _, known := g.controls[id]; {
			case err != nil && g.families[strings.ToUpper(by)]:
				g.notes = append(g.notes, fmt.Sprintf("%s is replaced by a whole family, %s", row["id"], strings.ToUpper(by)))
			case err != nil:
				g.fail(controlsFile, "%s: replaced by: %w", row["id"], err)
			case !known:
				g.fail(controlsFile, "%s is replaced by %s, which is no control of the catalog", row["id"], by)
			}
		}
	}
	return g.table(columns, out)
}

func (g *generator) readFamilies() []byte {
	columns := []string{"family", "title"}
	var out [][]string
	titled := map[string]bool{}
	for _, row := range g.read(familiesFile, wantFamilies, columns...) {
		family := row["family"]
		if !g.families[family] || titled[family] || row["title"] == "" {
			g.fail(familiesFile, "family %q, title %q: want each family that has controls once, with a title", family, row["title"])
		}
		titled[family] = true
		out = append(out, []string{family, row["title"]})
	}
	for family := range g.families {
		if !titled[family] {
			g.fail(familiesFile, "family %s has no title", family)
		}
	}
	slices.SortFunc(out, slices.Compare)
	return g.table(columns, out)
}

// known checks that the table of the publisher may name the control.
func (g *generator) known(file, row string, id shca.ControlID) {
	switch c, ok := g.controls[id]; {
	case !ok:
		g.fail(file, "%s names %s, which is no control of the catalog", row, id)
	case c.withdrawn && withdrawnAsPublished[row] == id:
		g.notes = append(g.notes, fmt.Sprintf("%s names %s, which is withdrawn; kept as published", row, id.Label()))
	case c.withdrawn:
		g.fail(file, "%s names %s, which is withdrawn; if its publisher says so, list it in the generator", row, id.Label())
	}
}

var checkID = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*\.[1-9][0-9]*$`)

func (g *generator) readChecks() []byte {
	columns := []string{"control", "severity", "schedule", "nist", "resource_types", "config_rule", "category", "asr_remediation"}
	var out [][]string
	seen := map[string]bool{}
	for _, row := range g.read(checksFile, wantChecks, columns...) {
		check := row["control"]
		if !checkID.MatchString(check) || seen[check] {
			g.fail(checksFile, "check %q: want each check once, in the form S3.8", check)
		}
		seen[check] = true
		if _, ok := shca.ParseSeverity(row["severity"]); !ok {
			g.fail(checksFile, "%s: severity %q is no ASFF label", check, row["severity"])
		}
		if row["schedule"] == "" {
			g.fail(checksFile, "%s: no schedule", check)
		}
		g.mark(checksFile, row, "asr_remediation")
		var ids []shca.ControlID
		for _, s := range strings.Fields(row["nist"]) {
			id := g.id(checksFile, s)
			g.known(checksFile, check, id)
			ids = append(ids, id)
		}
		if len(ids) == 0 {
			g.fail(checksFile, "%s: no controls", check)
		}
		row["nist"] = strings.Join(g.sorted(checksFile, check, ids), " ")
		types := strings.Fields(row["resource_types"])
		slices.Sort(types)
		row["resource_types"] = strings.Join(slices.Compact(types), " ")
		record := make([]string, len(columns))
		for k, c := range columns {
			record[k] = row[c]
		}
		out = append(out, record)
	}
	slices.SortFunc(out, func(a, b []string) int { return shca.CheckID(a[0]).Compare(shca.CheckID(b[0])) })
	return g.table(columns, out)
}

// sorted returns the ids in catalog order. An id that is there twice is an
// error.
func (g *generator) sorted(file, row string, ids []shca.ControlID) []string {
	slices.SortFunc(ids, func(a, b shca.ControlID) int {
		return cmp.Compare(g.controls[a].order, g.controls[b].order)
	})
	texts := make([]string, len(ids))
	for i, id := range ids {
		if i > 0 && ids[i-1] == id {
			g.fail(file, "%s names %s twice", row, id.Label())
		}
		texts[i] = string(id)
	}
	return texts
}

var (
	cciID   = regexp.MustCompile(`^CCI-[0-9]{6}$`)
	cciPart = regexp.MustCompile(`^([a-z](\.[0-9]+(\.[a-z])?)?)?$`)
)

func (g *generator) readCCIs() []byte {
	columns := []string{"cci", "control", "part"}
	var out [][]string
	for _, row := range g.read(ccisFile, wantCCIs, columns...) {
		if !cciID.MatchString(row["cci"]) || !cciPart.MatchString(row["part"]) {
			g.fail(ccisFile, "%v: want a CCI such as CCI-000002 and a part such as a.1", row)
		}
		id := g.id(ccisFile, row["control"])
		g.known(ccisFile, row["cci"], id)
		out = append(out, []string{row["cci"], string(id), row["part"]})
	}
	slices.SortFunc(out, func(a, b []string) int {
		return cmp.Or(
			cmp.Compare(a[0], b[0]),
			cmp.Compare(g.controls[shca.ControlID(a[1])].order, g.controls[shca.ControlID(b[1])].order),
			cmp.Compare(a[2], b[2]),
		)
	})
	for i := 1; i < len(out); i++ {
		if slices.Equal(out[i-1], out[i]) {
			g.fail(ccisFile, "row %v is there twice", out[i])
		} else if out[i-1][0] == out[i][0] {
			g.notes = append(g.notes, fmt.Sprintf("%s stands for two places, %v and %v", out[i][0], out[i-1][1:], out[i][1:]))
		}
	}
	return g.table(columns, out)
}

// table returns the header and the rows as CSV.
func (g *generator) table(header []string, rows [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(append([][]string{header}, rows...)); err != nil {
		g.errs = append(g.errs, err)
	}
	return b.Bytes()
}
