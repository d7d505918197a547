package redact_test

import (
	"context"
	"fmt"

	"github.com/go-shca/shca/mapping"
	"github.com/go-shca/shca/redact"
	"github.com/go-shca/shca/sources"
)

// Example redacts findings between their source and the assessment, and tells the
// assessment that they are.
func Example() {
	source, err := sources.Open([]string{"../examples/estate"}, sources.Options{})
	check(err)
	key := redact.Key{1} // for the example; ReadKey makes one that nobody can guess
	r := redact.New(key, redact.Options{})
	a, err := mapping.Assess(context.Background(), redact.Source(source, r), mapping.Options{
		Redacted: true, // which the source does not tell
	})
	check(err)
	defer a.Close()
	fmt.Println("redacted:", a.Redacted, "failed:", a.Summary().Tally.Failed)
	worst := a.Checks[0].Failing[0]
	fmt.Println(worst.AccountID, worst.ResourceID)
	// Output:
	// redacted: true failed: 78
	// 277593619502 arn:aws:acm:us-west-2:277593619502:certificate/name-m3sfdo37onfqw
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
