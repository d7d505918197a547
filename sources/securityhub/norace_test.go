//go:build !race

package securityhub

const raceEnabled = false
