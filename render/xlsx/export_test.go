package xlsx

import "testing"

var (
	Cut        = cut
	AppendText = appendText
)

const (
	MaxText        = maxText
	MaxFindingText = maxFindingText
)

// SetLimits changes what the sheet of findings takes, for one test.
func SetLimits(t *testing.T, findings int, bytes int64) {
	n, b := maxFindings, maxBytes
	maxFindings, maxBytes = findings, bytes
	t.Cleanup(func() { maxFindings, maxBytes = n, b })
}
