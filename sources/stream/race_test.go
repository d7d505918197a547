//go:build race

package stream_test

// raceEnabled says that tests of time and size mean nothing; slow is the step
// of those that try every byte.
const (
	raceEnabled = true
	slow        = 13
)
