package testgen

import (
	"math/bits"
	"math/rand/v2"
)

// random is a seeded sequence of numbers.
type random struct{ rand.PCG }

// below returns a number in [0, n).
func (r *random) below(n uint64) uint64 {
	hi, _ := bits.Mul64(r.Uint64(), n)
	return hi
}

// share returns a number in [0, 1).
func (r *random) share() float64 { return float64(r.Uint64()>>11) / (1 << 53) }

// mix hashes numbers into one whose bits all depend on all of them.
func mix(numbers ...uint64) uint64 {
	h := uint64(0x9e3779b97f4a7c15)
	for _, n := range numbers {
		h = (h ^ n) * 0xbf58476d1ce4e5b9
		h ^= h >> 29
		h *= 0x94d049bb133111eb
		h ^= h >> 32
	}
	return h
}

// hashText hashes a text (FNV-1a).
func hashText(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h)
}
