//go:build race

package configrules

// raceEnabled says that tests of size mean nothing.
const raceEnabled = true
