//go:build !race

package asff

const (
	raceEnabled = false
	slow        = 1
)
