package shca_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/go-shca/shca/mapping"
	"github.com/go-shca/shca/render"
	"github.com/go-shca/shca/sources"
)

// Example assesses the sample estate and writes every artifact.
func Example() {
	ctx := context.Background()
	source, err := sources.Open([]string{"examples/estate"}, sources.Options{})
	if err != nil {
		log.Fatal(err)
	}
	a, err := mapping.Assess(ctx, source, mapping.Options{Time: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	dir, _ := os.MkdirTemp("", "package")
	defer os.RemoveAll(dir)
	if _, err := render.WriteDir(ctx, dir, a, render.Formats); err != nil {
		log.Fatal(err)
	}
	s := a.Summary()
	rate, _ := s.Tally.PassRate()
	fmt.Printf("%s: %.2f %% of %d decided findings passed\n", a.BaselineName, 100*rate, s.Tally.Decided())
	fmt.Printf("%d of %d controls have a decided finding\n", s.Covered, s.Controls)
	// Output:
	// NIST SP 800-53B Moderate: 67.09 % of 237 decided findings passed
	// 57 of 287 controls have a decided finding
}
