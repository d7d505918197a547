//go:build race

package securityhub

// raceEnabled says that tests of size mean nothing.
const raceEnabled = true
