//go:build race

package asff

// raceEnabled says that tests of time and size mean nothing; slow is the step
// of those that try every byte.
const (
	raceEnabled = true
	slow        = 13
)
