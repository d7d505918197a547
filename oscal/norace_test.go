//go:build !race

package oscal_test

// underRace is whether the race detector runs, with which all takes eight times
// as long.
const underRace = false
