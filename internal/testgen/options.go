package testgen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Options describe an estate. The zero value of every field but Findings
// stands for its default.
type Options struct {
	Seed uint64

	// Findings is how many findings the estate has with consolidated control
	// findings on, other products' findings and duplicates included. The modes
	// Off and Mixed report some of them once per standard and so write more.
	Findings int

	Accounts  int    // default 5
	Regions   int    // default 4, or what the partition has
	Mode      Mode   // consolidated control findings, default On
	Partition string // aws (default), aws-us-gov or aws-cn

	// Shares of all findings, 0 to 1. Zero stands for the default, a negative
	// number for none.
	Warning       float64 // default 0.03, of Security Hub's own findings
	NotAvailable  float64 // default 0.04, of Security Hub's own findings
	Suppressed    float64 // default 0.02, of Security Hub's own findings
	Archived      float64 // default 0.03
	OtherProducts float64 // default 0.08; see Products
	Duplicates    float64 // default 0.005; newer copies of earlier findings
	New           float64 // default none, of Security Hub's own findings; CreatedAt is UpdatedAt

	// Products limits the other products to these, by name; "all" stands for
	// all that there are. The default is what GuardDuty, Inspector and Macie
	// report most. An estate of Security Hub's own findings is the same
	// whatever the other products.
	Products []string

	// Format is how findings are written. Formats other than ASFF hold a part
	// of the estate only.
	Format Format

	// Checks limits the estate to these checks; empty means all. If they are
	// all about the account, of which there is one for each region, the estate
	// may have fewer findings than asked for.
	Checks []string

	firstAccount int  // index of the first account, for the sample estate
	even         bool // all checks weigh the same
}

// Mode says whether consolidated control findings are turned on.
type Mode uint8

const (
	// On: one finding per check and resource.
	On Mode = iota
	// Off: one finding per check, resource and standard.
	Off
	// Mixed: half the accounts on, half off; some report both ways.
	Mixed
)

var modeNames = [...]string{"on", "off", "mixed"}

// String returns the mode's name as the command line has it.
func (m Mode) String() string { return modeNames[m] }

// MarshalText returns the mode's name.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads a mode's name.
func (m *Mode) UnmarshalText(text []byte) error { return parseName((*uint8)(m), modeNames[:], text) }

// Format is how a finding is written.
type Format uint8

const (
	// ASFF: the AWS Security Finding Format, all findings.
	ASFF Format = iota
	// OCSFV2: Security Hub's own findings as its second version has them, OCSF
	// 1.6.0. They are consolidated always, so the mode must be On.
	OCSFV2
	// ProwlerOCSF: Prowler's findings as it writes them itself, in its dialect
	// of OCSF. It needs Prowler among the products.
	ProwlerOCSF
)

var formatNames = [...]string{"asff", "ocsf-v2", "prowler"}

// String returns the format's name as the command line has it.
func (f Format) String() string { return formatNames[f] }

// MarshalText returns the format's name.
func (f Format) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads a format's name.
func (f *Format) UnmarshalText(text []byte) error {
	return parseName((*uint8)(f), formatNames[:], text)
}

// Layout is how findings are laid out in a file.
type Layout uint8

const (
	// NDJSON: one finding per line.
	NDJSON Layout = iota
	// CLI: {"Findings": [...]} on one line.
	CLI
	// CLIIndented: the same, indented by four spaces as the AWS CLI prints it.
	CLIIndented
	// Array: [...] with one finding per line.
	Array
)

var layoutNames = [...]string{"ndjson", "cli", "cli-indented", "array"}

// String returns the layout's name as the command line has it.
func (l Layout) String() string { return layoutNames[l] }

// MarshalText returns the layout's name.
func (l Layout) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads a layout's name.
func (l *Layout) UnmarshalText(text []byte) error {
	return parseName((*uint8)(l), layoutNames[:], text)
}

// parseName sets n to the number of a name.
func parseName(n *uint8, names []string, text []byte) error {
	i := slices.Index(names, string(text))
	if i < 0 {
		return fmt.Errorf("%q is not one of %s", text, strings.Join(names, ", "))
	}
	*n = uint8(i)
	return nil
}

// withDefaults fills in the defaults and checks the limits.
func (o Options) withDefaults() (Options, error) {
	o.Partition = cmp.Or(o.Partition, "aws")
	regions, ok := regionsOf(o.Partition)
	if !ok {
		return o, fmt.Errorf("testgen: partition %q is not one of aws, aws-us-gov, aws-cn", o.Partition)
	}
	o.Accounts = cmp.Or(o.Accounts, 5)
	o.Regions = cmp.Or(o.Regions, min(4, len(regions)))
	switch {
	case o.Findings < 0:
		return o, fmt.Errorf("testgen: %d findings: must not be negative", o.Findings)
	case o.Accounts < 1 || o.Accounts > maxAccounts:
		return o, fmt.Errorf("testgen: %d accounts: must be 1 to %d", o.Accounts, maxAccounts)
	case o.Regions < 1 || o.Regions > len(regions):
		return o, fmt.Errorf("testgen: %d regions: partition %s has 1 to %d", o.Regions, o.Partition, len(regions))
	case int(o.Mode) >= len(modeNames):
		return o, fmt.Errorf("testgen: no mode %d", o.Mode)
	case int(o.Format) >= len(formatNames):
		return o, fmt.Errorf("testgen: no format %d", o.Format)
	case o.Format == OCSFV2 && o.Mode != On:
		return o, fmt.Errorf("testgen: format %s has consolidated findings only: use mode %s, not %s", o.Format, On, o.Mode)
	}
	for _, share := range []struct {
		name string
		p    *float64
		def  float64
	}{
		{"warning", &o.Warning, 0.03},
		{"not available", &o.NotAvailable, 0.04},
		{"suppressed", &o.Suppressed, 0.02},
		{"archived", &o.Archived, 0.03},
		{"other products", &o.OtherProducts, 0.08},
		{"duplicates", &o.Duplicates, 0.005},
		{"new", &o.New, 0},
	} {
		switch {
		case *share.p == 0:
			*share.p = share.def
		case *share.p < 0:
			*share.p = 0
		case !(*share.p <= 0.5):
			return o, fmt.Errorf("testgen: share of %s is %v: must be at most 0.5", share.name, *share.p)
		}
	}
	return o, nil
}
