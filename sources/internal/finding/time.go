package finding

import (
	"fmt"
	"strings"
	"time"
)

var timeLayouts = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999 Z0700",
	"2006-01-02 15:04:05.999999999",
}

// ParseTime reads a time in RFC 3339 or in the spellings near it that producers
// use: a space for the T, no seconds' fraction or any number of digits, no
// zone (UTC then), or a zone without colon. White space around it does not
// matter. It returns UTC, and the zero time for an empty text.
func ParseTime(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range timeLayouts {
		if parsed, err := time.Parse(layout, strings.ToUpper(text)); err == nil { // RFC 3339 allows a small t and z
			if parsed = parsed.UTC(); parsed.Year() >= 0 && parsed.Year() <= 9999 { // as RFC 3339 can write it
				return parsed, nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is not a time such as 2026-01-31T12:00:00Z", text)
}
