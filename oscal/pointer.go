package oscal

import (
	"fmt"
	"strings"
)

var (
	pointerEscapes   = strings.NewReplacer("~", "~0", "/", "~1")
	pointerUnescapes = strings.NewReplacer("~1", "/", "~0", "~")
)

// pointerTo is the JSON pointer to a member or an element of what is at the
// pointer.
func pointerTo(pointer string, key any) string {
	return pointer + "/" + pointerEscapes.Replace(fmt.Sprint(key))
}

// splitPointer undoes pointerTo.
func splitPointer(pointer string) (parent, key string) {
	i := strings.LastIndexByte(pointer, '/')
	return pointer[:i], pointerUnescapes.Replace(pointer[i+1:])
}
