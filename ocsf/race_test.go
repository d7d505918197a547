//go:build race

package ocsf_test

// raceEnabled tells the tests that they run under the race detector.
const raceEnabled = true
