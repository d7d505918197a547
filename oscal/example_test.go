package oscal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	types "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"

	"github.com/go-shca/shca/catalogs"
	"github.com/go-shca/shca/mapping"
	"github.com/go-shca/shca/oscal"
	"github.com/go-shca/shca/render"
	"github.com/go-shca/shca/sources"
)

// Write the package of the sample estate, and read the controls that fail back
// from it with another library's types.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "package-*")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	source, err := sources.Open([]string{"../examples/estate"}, sources.Options{})
	if err != nil {
		log.Fatal(err)
	}
	o := mapping.Options{Framework: catalogs.Frameworks()[0], Time: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)}
	o.Baseline, _ = o.Framework.Baseline("low")
	a, err := mapping.Assess(ctx, source, o)
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	formats, err := render.Select([]string{"oscal"}, render.Options{OSCAL: oscal.Options{Version: "1.2.2"}})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := render.WriteDir(ctx, dir, a, formats); err != nil {
		log.Fatal(err)
	}

	text, err := os.ReadFile(filepath.Join(dir, "oscal", "assessment-results.json"))
	if err != nil {
		log.Fatal(err)
	}
	var document types.OscalCompleteSchema
	if err := json.Unmarshal(text, &document); err != nil {
		log.Fatal(err)
	}
	for _, result := range document.AssessmentResults.Results {
		for _, finding := range *result.Findings {
			if finding.Target.Status.State == "not-satisfied" {
				fmt.Println(finding.Target.TargetId, len(*finding.RelatedRisks))
			}
		}
	}
	// Output:
	// ac-2_smt 4
	// ac-3_smt 9
	// au-2_smt 7
	// au-3_smt 7
	// au-9_smt 1
	// au-12_smt 7
	// ca-7_smt 8
	// cm-2_smt 1
	// cm-7_smt 1
	// cm-8_smt 2
	// cp-10_smt 1
	// ia-2.1_smt 1
	// ia-2.2_smt 1
	// ia-2.8_smt 1
	// ia-5.1_smt 3
	// ra-5_smt 1
	// sa-3_smt 1
	// sc-7_smt 7
	// sc-12_smt 2
	// sc-13_smt 7
	// si-2_smt 2
	// si-4_smt 1
}
