package shca_test

import (
	"context"
	"fmt"
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
	check(err)
	a, err := mapping.Assess(ctx, source, mapping.Options{Time: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)})
	check(err)
	defer a.Close()
	dir, err := os.MkdirTemp("", "package")
	check(err)
	defer os.RemoveAll(dir)
	_, err = render.WriteDir(ctx, dir, a, render.Formats)
	check(err)
	s := a.Summary()
	rate, _ := s.Tally.PassRate()
	fmt.Printf("%s: %.2f %% of %d decided findings passed, %d of %d controls covered\n", a.BaselineName, 100*rate, s.Tally.Decided(), s.Covered, s.Controls)
	// Output: NIST SP 800-53B Moderate: 67.09 % of 237 decided findings passed, 57 of 287 controls covered
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
