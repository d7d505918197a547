//go:build race

package oscal_test

const underRace = true
