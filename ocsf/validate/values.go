package validate

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// scalar checks a value of a data type.
func (c *checking) scalar(t *dataType, n *node) {
	switch t.Base {
	case "string":
		c.text(t, n)
	case "integer", "long":
		c.integer(t, n)
	case "float":
		switch {
		case n.kind != '0':
			c.wrongType(n, t.name)
		case n.integer():
			c.warn(codeFloat, "is %s: OCSF's own validator wants a fraction, as in %[1]s.0", shorten(n.text))
		}
	case "boolean":
		if n.kind != 't' && n.kind != 'f' {
			c.wrongType(n, t.name)
		}
	}
}

// shorten keeps a number from filling a message.
func shorten(number []byte) string {
	if len(number) > 40 {
		return string(number[:40]) + "…"
	}
	return string(number)
}

func (c *checking) text(t *dataType, n *node) {
	if n.kind != '"' {
		c.wrongType(n, t.name)
		return
	}
	if t.MaxLen > 0 && len(n.text) > t.MaxLen {
		if length := utf8.RuneCount(n.text); length > t.MaxLen {
			c.fail(codeMaxLen, "has %d characters, %s may have %d", length, t.name, t.MaxLen)
		}
	}
	switch t.name {
	case "datetime_t":
		if _, zone, ok := dateTime(n.text); !ok || t.regex != nil && bytes.ContainsAny(n.text, "tz") && !t.regex.Match(n.text) {
			c.fail(codeDateTime, "%s is no date and time as RFC 3339 has them, 2006-01-02T15:04:05Z", quote(n.text))
		} else if !zone {
			c.warn(codeNoOffset, "%s has no offset from UTC, which RFC 3339 requires: Z or +00:00", quote(n.text))
		}
	case "ip_t":
		address, _, _ := strings.Cut(string(n.text), "%") // a zone
		if _, err := netip.ParseAddr(address); err != nil {
			c.warn(codeRegex, "%s is no IP address", quote(n.text))
		}
	default:
		if t.regex != nil && !t.regex.Match(n.text) {
			c.warn(codeRegex, "%s does not have the form of %s", quote(n.text), t.name)
		}
	}
}

// Times are expected to be from the year 2000 to the year 2100, in
// milliseconds.
const (
	firstTime = 946_684_800_000
	lastTime  = 4_102_444_800_000
)

func plausible(ms int64) bool { return firstTime <= ms && ms < lastTime }

func (c *checking) integer(t *dataType, n *node) {
	if !n.integer() {
		c.wrongType(n, t.name)
		return
	}
	v, err := strconv.ParseInt(string(n.text), 10, 64)
	if err != nil {
		c.fail(codeRange, "%s has more than 64 bits", shorten(n.text))
		return
	}
	if t.Base == "integer" && int64(int32(v)) != v {
		c.warn(codeInt32, "%d has more than 32 bits, which is what tables of Security Lake have for %s", v, t.name)
	}
	if t.name == "timestamp_t" && !plausible(v) {
		unit := ""
		switch {
		case firstTime/1000 <= v && v < lastTime/1000:
			unit = ": it looks like seconds, multiply by 1000"
		case plausible(v / 1000):
			unit = ": it looks like microseconds, divide by 1000"
		case plausible(v / 1_000_000):
			unit = ": it looks like nanoseconds, divide by 1000000"
		}
		c.fail(codeTime, "%d is no time in milliseconds since 1970 between the years 2000 and 2100%s", v, unit)
	}
	if t.Range[0] != t.Range[1] && (v < t.Range[0] || v > t.Range[1]) {
		c.fail(codeRange, "%d is not in the range of %s, %d to %d", v, t.name, t.Range[0], t.Range[1])
	}
}

// dateTime reads a date and time of RFC 3339, of which the offset may be
// missing; zone says whether it is there. A leap second is the second after.
func dateTime(text []byte) (t time.Time, zone, ok bool) {
	const form = "0000-00-00T00:00:00"
	if len(text) < len(form) || len(text) > 64 {
		return t, false, false
	}
	for i, f := range []byte(form) {
		b := text[i]
		if f == '0' && (b < '0' || b > '9') || f == 'T' && b != 'T' && b != 't' || (f == '-' || f == ':') && b != f {
			return t, false, false
		}
	}
	number := func(from, to int) (n int) {
		for _, b := range text[from:to] {
			n = n*10 + int(b-'0')
		}
		return n
	}
	year, month, day := number(0, 4), number(5, 7), number(8, 10)
	hour, minute, second := number(11, 13), number(14, 16), number(17, 19)
	leap := time.Duration(0)
	if second == 60 {
		second, leap = 59, time.Second
	}
	if year < 1 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59 {
		return t, false, false
	}
	nanos, rest := 0, text[len(form):]
	if len(rest) > 0 && rest[0] == '.' {
		digits := 1
		for ; digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9'; digits++ {
			if digits <= 9 {
				nanos = nanos*10 + int(rest[digits]-'0')
			}
		}
		if digits == 1 {
			return t, false, false
		}
		for i := digits; i <= 9; i++ {
			nanos *= 10
		}
		rest = rest[digits:]
	}
	t = time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	if day < 1 || t.Day() != day { // the month has not so many
		return t, false, false
	}
	t = t.Add(leap)
	switch {
	case len(rest) == 0:
		return t, false, true
	case len(rest) == 1 && (rest[0] == 'Z' || rest[0] == 'z'):
		return t, true, true
	case len(rest) != len("+00:00") || rest[0] != '+' && rest[0] != '-' || rest[3] != ':':
		return t, false, false
	}
	for _, i := range []int{1, 2, 4, 5} {
		if rest[i] < '0' || rest[i] > '9' {
			return t, false, false
		}
	}
	at := len(text) - len(rest)
	hours, minutes := number(at+1, at+3), number(at+4, at+6)
	if hours > 23 || minutes > 59 {
		return t, false, false
	}
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if rest[0] == '+' {
		offset = -offset
	}
	return t.Add(offset), true, true
}

// sameTime checks that a date, if it is one, is the time that it repeats, but
// for less than a second. The path leads to the object.
func (c *checking) sameTime(a *attribute, date, base *node) {
	if date.kind != '"' {
		return
	}
	ms, ok := base.int64()
	if !ok {
		return
	}
	t, zone, ok := dateTime(date.text)
	if !ok || !zone {
		return
	}
	// Times that are far apart overflow a duration.
	if d := t.UnixMilli() - ms; d >= 1000 || d <= -1000 {
		c.add(Error, c.at(a.name), codeDateTimeDiffers, "%s is %d in milliseconds, but %s is %d", quote(date.text), t.UnixMilli(), a.base.name, ms)
	}
}

// timeOrder checks that what was first is not after what was last.
func (c *checking) timeOrder(info *node) {
	for _, pair := range [][2]string{{"created_time", "modified_time"}, {"first_seen_time", "last_seen_time"}} {
		first, ok1 := c.member(info, pair[0]).int64()
		last, ok2 := c.member(info, pair[1]).int64()
		if ok1 && ok2 && first > last {
			c.add(Warning, "finding_info."+pair[0], codeTimeOrder, "%d is after %s %d", first, pair[1], last)
		}
	}
}
