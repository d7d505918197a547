package configrules

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca/sources/internal/finding"
)

// moment is a time as Config's answers have it once a tool has written them
// down. It is UTC, and the zero time where there is none:
//
//   - seconds since 1970 with a fraction: the service and AWS CLI 1
//   - RFC 3339 and its like: AWS CLI 2
//   - "Tue Jul 16 23:07:35 PDT 2019": SDK for Java, the developer guide
//   - {"__class__": "datetime", "year": 2018, …}: recorded answers of boto3,
//     whose writer leaves out the zone; they are taken to be UTC
type moment time.Time

func (m *moment) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	var parsed time.Time
	var err error
	switch dec.PeekKind() {
	case 'n':
		return dec.SkipValue()
	case '0':
		var value jsontext.Value
		if value, err = dec.ReadValue(); err == nil {
			parsed, err = seconds(string(value))
		}
	case '{':
		var d datetime
		if err = json.UnmarshalDecode(dec, &d); err == nil {
			parsed, err = d.time()
		}
	case '"':
		var token jsontext.Token
		if token, err = dec.ReadToken(); err == nil {
			parsed, err = text(token.String())
		}
	default:
		err = errors.New("a time is expected here: seconds since 1970, or a text such as 2026-01-31T12:00:00Z")
	}
	if err != nil {
		return err
	}
	*m = moment(parsed)
	return nil
}

// seconds reads seconds since 1970 to the nanosecond, or to the microsecond if
// they are written with an exponent.
func seconds(number string) (time.Time, error) {
	fault := fmt.Errorf("%.40q is not a time in seconds since 1970", number)
	if strings.ContainsAny(number, "eE") {
		f, err := strconv.ParseFloat(number, 64)
		if err != nil || !(f >= 0 && f < 1e12) {
			return time.Time{}, fault
		}
		return inRange(time.UnixMicro(int64(f*1e6+0.5)).UTC(), fault)
	}
	whole, fraction, _ := strings.Cut(number, ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || strings.HasPrefix(whole, "-") {
		return time.Time{}, fault
	}
	nano, err := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	if err != nil {
		return time.Time{}, fault
	}
	return inRange(time.Unix(sec, nano).UTC(), fault)
}

func inRange(t time.Time, fault error) (time.Time, error) {
	if t.Year() < 1970 || t.Year() > 9999 {
		return time.Time{}, fault
	}
	return t, nil
}

// text reads a time in words.
func text(s string) (time.Time, error) {
	t, err := finding.ParseTime(s)
	if err == nil {
		return t, nil
	}
	words := strings.Fields(s) // Tue Jul 16 23:07:35 PDT 2019
	if len(words) != 6 {
		return time.Time{}, err
	}
	local, parseErr := time.Parse("Mon Jan 2 15:04:05 2006", strings.Join([]string{words[0], words[1], words[2], words[3], words[5]}, " "))
	if parseErr != nil {
		return time.Time{}, err
	}
	hours, ok := zones[words[4]]
	if !ok {
		return time.Time{}, fmt.Errorf("%.40q is a time in a zone that is not known here: write it with its offset, 2026-01-31T12:00:00+01:00", s)
	}
	return local.Add(-time.Duration(hours) * time.Hour).UTC(), nil
}

// zones are the abbreviations of time zones that are read, with their hours
// ahead of UTC: those of the United States, as the code of the tz database has
// them, which are the ones that AWS's own texts use. Others share them (CST is
// China's, too) or have several meanings (IST, AST), and are not guessed at.
var zones = map[string]int{
	"UTC": 0, "GMT": 0, "Z": 0,
	"EST": -5, "EDT": -4,
	"CST": -6, "CDT": -5,
	"MST": -7, "MDT": -6,
	"PST": -8, "PDT": -7,
	"AKST": -9, "AKDT": -8,
	"HST": -10, "HDT": -9,
}

// datetime is a time as boto3's recorder writes it.
type datetime struct {
	Class       string `json:"__class__"`
	Year        int    `json:"year"`
	Month       int    `json:"month"`
	Day         int    `json:"day"`
	Hour        int    `json:"hour"`
	Minute      int    `json:"minute"`
	Second      int    `json:"second"`
	Microsecond int    `json:"microsecond"`
}

func (d *datetime) time() (time.Time, error) {
	t := time.Date(d.Year, time.Month(d.Month), d.Day, d.Hour, d.Minute, d.Second, 0, time.UTC)
	if d.Class != "datetime" || d.Microsecond < 0 || d.Microsecond > 999_999 || d.Year < 1970 || d.Year > 9999 ||
		t.Year() != d.Year || int(t.Month()) != d.Month || t.Day() != d.Day || t.Hour() != d.Hour || t.Minute() != d.Minute || t.Second() != d.Second {
		return time.Time{}, errors.New("this object is not a time: its members are not those of a datetime")
	}
	return t.Add(time.Duration(d.Microsecond) * time.Microsecond), nil
}
