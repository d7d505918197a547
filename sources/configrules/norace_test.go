//go:build !race

package configrules

const raceEnabled = false
