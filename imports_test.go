package shca_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers says which packages of this module the packages below a folder may
// import. Imports point one way, so every layer can be read, tested and
// replaced without those above it. Every folder with Go files has an entry, which
// allows what it imports and no more. Tests may import more.
var layers = map[string][]string{
	".":                                   {}, // the model: standard library only
	"catalogs":                            {"."},
	"catalogs/generate":                   {".", "internal/generators"},
	"internal/generators":                 {},
	"examples/lambda":                     {".", "internal/command", "internal/s3store", "sources/snapshot"},
	"collect":                             {".", "sources/snapshot"},
	"internal/awsapi":                     {"."},
	"internal/command":                    {".", "catalogs", "collect", "internal/awsapi", "internal/input", "internal/s3store", "internal/show", "mapping", "ocsf", "ocsf/validate", "oscal", "oscal/validate", "redact", "render", "render/manifest", "render/ocsf", "sources", "sources/auditmanager", "sources/configrules", "sources/securityhub", "system"},
	"internal/awsfake":                    {},
	"internal/input":                      {"."},
	"internal/input/inputtest":            {},
	"internal/ordered":                    {},
	"internal/report":                     {".", "internal/show"},
	"internal/s3store":                    {".", "internal/input"},
	"internal/show":                       {"."},
	"internal/spool":                      {},
	"internal/testgen":                    {".", "catalogs"},
	"internal/testgen/cmd":                {"internal/testgen"},
	"mapping":                             {".", "catalogs", "internal/show", "internal/spool"},
	"ocsf":                                {".", "internal/ordered", "ocsf/validate"},
	"ocsf/validate":                       {},
	"ocsf/validate/generate":              {"internal/generators"},
	"oscal":                               {".", "catalogs", "internal/show", "internal/spool", "system"},
	"oscal/internal/constraints":          {},
	"oscal/internal/constraints/generate": {"internal/generators"},
	"oscal/validate":                      {"oscal/internal/constraints"},
	"oscal/validate/generate":             {"internal/generators"},
	"sources":                             {".", "internal/input", "sources/asff", "sources/auditmanager", "sources/configrules", "sources/ocsf", "sources/snapshot", "sources/stream"},
	"sources/asff":                        {".", "sources/internal/finding", "sources/stream"},
	"sources/auditmanager":                {".", "collect", "internal/awsapi", "internal/ordered", "sources/internal/finding", "sources/snapshot", "sources/stream"},
	"sources/configrules":                 {".", "collect", "internal/awsapi", "sources/internal/batch", "sources/internal/finding", "sources/snapshot", "sources/stream"},
	"sources/internal/batch":              {".", "internal/ordered"},
	"sources/internal/finding":            {"."},
	"sources/ocsf":                        {".", "sources/internal/batch", "sources/internal/finding", "sources/stream"},
	"sources/securityhub":                 {".", "collect", "internal/awsapi", "sources/snapshot"},
	"sources/snapshot":                    {".", "sources/internal/batch", "sources/stream"},
	"sources/stream":                      {".", "sources/internal/batch"},
	"redact":                              {".", "internal/ordered", "ocsf", "system"},
	"system":                              {},
	"render":                              {".", "ocsf", "oscal", "render/csv", "render/html", "render/json", "render/manifest", "render/markdown", "render/ocsf", "render/originals", "render/pdf", "render/securitylake", "render/xlsx"},
	"render/csv":                          {".", "internal/show"},
	"render/json":                         {"."},
	"render/html":                         {".", "internal/report", "internal/show"},
	"render/manifest":                     {"."},
	"render/markdown":                     {".", "internal/report", "internal/show"},
	"render/ocsf":                         {".", "ocsf"},
	"render/originals":                    {"."},
	"render/pdf":                          {".", "internal/report", "internal/show"},
	"render/securitylake":                 {".", "internal/spool", "ocsf"},
	"render/xlsx":                         {".", "internal/report", "internal/show", "internal/spool"},
	"render/rendertest":                   {".", "render", "mapping", "sources/asff", "sources/stream", "internal/testgen", "catalogs"},
	"cmd/shca":                            {"internal/command"},
}

// confined names modules that some folders alone may import.
var confined = map[string][]string{
	"github.com/defenseunicorns/go-oscal":               {"oscal"},
	"github.com/spf13/cobra":                            {"internal/command"},
	"github.com/xuri/excelize/v2":                       {"render/xlsx"},
	"codeberg.org/go-pdf/fpdf":                          {"render/pdf"},
	"github.com/go-fonts/dejavu":                        {"render/pdf"},
	"golang.org/x/net":                                  {}, // for tests
	"github.com/secure-systems-lab/go-securesystemslib": {}, // for tests
	"github.com/aws/aws-sdk-go-v2":                      {"examples/lambda", "internal/awsapi", "internal/awsfake", "internal/s3store", "sources/auditmanager", "sources/configrules", "sources/securityhub"},
	"github.com/aws/aws-sdk-go-v2/service/s3":           {"internal/s3store"},
	"github.com/aws/aws-lambda-go":                      {"examples/lambda"},
	"github.com/aws/smithy-go":                          {"internal/awsapi", "internal/s3store", "sources/securityhub"},
	"github.com/gofrs/flock":                            {"collect"},
	"github.com/go-json-experiment/json":                {"collect", "internal/awsapi", "internal/awsfake", "internal/command", "ocsf", "oscal/validate", "render/manifest", "render/securitylake", "sources"},
	"github.com/parquet-go/parquet-go":                  {"render/securitylake", "sources/ocsf"},
	"github.com/santhosh-tekuri/jsonschema/v6":          {"oscal/validate"},
	"github.com/goccy/go-yaml":                          {"system"},
}

func TestImportsPointOneWay(t *testing.T) {
	const module = "github.com/go-shca/shca"
	used := map[string]map[string]bool{} // by folder, what it imports of this module
	homed := map[string]bool{}           // modules and the folders that import them
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && file != "." && (strings.HasPrefix(name, ".") || name == "testdata") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		folder := filepath.ToSlash(filepath.Dir(file))
		allowed, ok := layers[folder]
		if !ok {
			t.Errorf("%s: the folder %s has no entry in layers: say there what it may import", file, folder)
			return nil
		}
		if used[folder] == nil {
			used[folder] = map[string]bool{}
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if imported == module || strings.HasPrefix(imported, module+"/") {
				target := path.Clean("." + strings.TrimPrefix(imported, module))
				used[folder][target] = true
				if !slices.Contains(allowed, target) {
					t.Errorf("%s imports %s: %s may import only %s of this module", file, imported, folder, strings.Join(allowed, ", "))
				}
				continue
			}
			thirdParty := strings.Contains(strings.Split(imported, "/")[0], ".")
			if folder == "." && thirdParty {
				t.Errorf("%s imports %s: the model imports the standard library only", file, imported)
			}
			for mod, homes := range confined {
				if imported != mod && !strings.HasPrefix(imported, mod+"/") {
					continue
				}
				at := slices.IndexFunc(homes, func(home string) bool { return folder == home || strings.HasPrefix(folder, home+"/") })
				if at < 0 {
					t.Errorf("%s imports %s: only %s may", file, imported, strings.Join(homes, ", "))
					continue
				}
				homed[mod+" "+homes[at]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for folder, allowed := range layers {
		if used[folder] == nil {
			t.Errorf("layers has an entry for %s, where no package is", folder)
			continue
		}
		for _, target := range allowed {
			if !used[folder][target] {
				t.Errorf("layers lets %s import %s, which it does not: take it out", folder, target)
			}
		}
	}
	for mod, homes := range confined {
		for _, home := range homes {
			if !homed[mod+" "+home] {
				t.Errorf("confined lets %s import %s, which it does not: take it out", home, mod)
			}
		}
	}
}
