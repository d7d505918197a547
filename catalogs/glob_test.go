package catalogs

import (
	"strings"
	"testing"
)

func TestGlob(t *testing.T) {
	for _, tc := range []struct {
		pattern, s string
		want       bool
	}{
		{"ac-2", "ac-2", true},
		{"ac-2", "ac-2.1", false},
		{"ac-*", "ac-2.1", true},
		{"ac-*", "ac-", true},
		{"*", "ac-2", true},
		{"*", "", true},
		{"**", "ac-2", true},
		{"*.1", "ac-2.1", true},
		{"*.1", "ac-2.10", false},
		{"a*2*1", "ac-2.1", true},
		{"*c-*.*", "ac-2", false},
		{"ac-?", "ac-2", true},
		{"ac-?", "ac-10", false},
		{"ac-??", "ac-2", false},
		{"ac-2?", "ac-2", false},
		{"ac-2*?", "ac-2", false},
		{"ac-[0-9]", "ac-2", false}, // no classes
		{"ac-[0-9]", "ac-[0-9]", true},
		{"ac/*", "ac/2/1", true},
		{"", "", false},
		{"", "ac-2", false},
		{strings.Repeat("*a", 1000) + "b", strings.Repeat("a", 1000), false},
	} {
		if got := glob(tc.pattern, tc.s); got != tc.want {
			t.Errorf("glob(%.40q, %.40q) = %v, want %v", tc.pattern, tc.s, got, tc.want)
		}
	}
}
