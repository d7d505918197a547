package testgen

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
)

// estateFile is a file of the sample estate.
type estateFile struct {
	name   string
	layout Layout
	gzip   bool
	Options
}

// estateFiles returns the files of the sample estate: one account each.
func estateFiles() []estateFile {
	common := Options{
		Accounts: 1, Regions: 3, even: true,
		Warning: 0.05, NotAvailable: 0.06, Suppressed: 0.05, Archived: 0.05, OtherProducts: 0.1, Duplicates: 0.02,
	}
	for _, w := range wellKnown {
		common.Checks = append(common.Checks, w.id)
	}
	files := []estateFile{
		{"management.json", CLIIndented, false, common},
		{"workloads.ndjson", NDJSON, false, common},
		{"legacy.json.gz", Array, true, common},
	}
	for i, findings := range []int{95, 145, 75} {
		files[i].Seed = 2026 + uint64(i)
		files[i].Findings = findings
		files[i].firstAccount = i
	}
	files[2].Mode = Off
	return files
}

// content returns the file's bytes before compression.
func (f *estateFile) content() ([]byte, error) {
	var b bytes.Buffer
	err := Write(&b, f.layout, f.Options)
	return b.Bytes(), err
}

// WriteEstate writes the files of the sample estate to an existing directory,
// replacing those of an earlier run.
func WriteEstate(dir string) error {
	for _, f := range estateFiles() {
		content, err := f.content()
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if f.gzip {
			// The header has neither name nor time.
			var b bytes.Buffer
			zw := gzip.NewWriter(&b)
			if _, err := zw.Write(content); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			if err := zw.Close(); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			content = b.Bytes()
		}
		if err := os.WriteFile(filepath.Join(dir, f.name), content, 0o666); err != nil {
			return err
		}
	}
	return nil
}
