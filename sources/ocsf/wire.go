package ocsf

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca/sources/internal/finding"
)

// wireEvent has the attributes of an OCSF finding that an assessment needs, of all
// versions and classes together. All others are skipped here and travel in the
// raw bytes.
//
// The attributes' types accept what producers write besides what the schema
// asks for. What tells a finding's result or cannot be guessed is an error if
// it is of a wrong type; what describes the finding counts as absent then.
type wireEvent struct {
	ClassUID     number `json:"class_uid"`
	TypeUID      number `json:"type_uid"`
	ActivityID   number `json:"activity_id"`
	ActivityName str    `json:"activity_name"`

	Metadata maybe[metadata] `json:"metadata"`
	Cloud    maybe[cloud]    `json:"cloud"`

	Info *info `json:"finding_info"`
	Old  *info `json:"finding"` // the name in 1.0.0 and its candidates

	Compliance   *compliance `json:"compliance"`
	Status       str         `json:"status"`
	StatusID     number      `json:"status_id"`
	State        str         `json:"state"` // in class 2001: what is status elsewhere
	StateID      number      `json:"state_id"`
	StatusCode   str         `json:"status_code"`
	StatusDetail str         `json:"status_detail"`
	Comment      str         `json:"comment"`

	Severity   str             `json:"severity"`
	SeverityID number          `json:"severity_id"`
	Vendor     maybe[severity] `json:"vendor_attributes"`

	Time      moment `json:"time"`
	TimeDT    moment `json:"time_dt"`
	EventTime moment `json:"event_time"` // of Prowler

	Resources       many[resource]             `json:"resources"`
	Resource        many[resource]             `json:"resource"` // of classes 2002 and 2003 in 1.1.0
	Remediation     maybe[remediation]         `json:"remediation"`
	Vulnerabilities many[maybe[vulnerability]] `json:"vulnerabilities"`

	Unmapped unmapped `json:"unmapped"`
}

type metadata struct {
	UID             str            `json:"uid"`
	EventCode       str            `json:"event_code"`
	LogVersion      str            `json:"log_version"`
	Product         maybe[product] `json:"product"`
	ProcessedTime   moment         `json:"processed_time"`
	ProcessedTimeDT moment         `json:"processed_time_dt"`
}

type product struct {
	UID     str            `json:"uid"`
	Name    str            `json:"name"`
	Feature maybe[feature] `json:"feature"`
}

type feature struct {
	UID str `json:"uid"`
}

type cloud struct {
	Account    maybe[account] `json:"account"`
	AccountUID accountID      `json:"account_uid"` // in candidates of 1.0.0
	Region     str            `json:"region"`
	Partition  str            `json:"cloud_partition"`
}

type account struct {
	UID  accountID `json:"uid"`
	Name str       `json:"name"`
}

type info struct {
	UID             str                `json:"uid"`
	Title           str                `json:"title"`
	Desc            str                `json:"desc"`
	Types           texts              `json:"types"`
	Analytic        maybe[analytic]    `json:"analytic"`
	CreatedTime     moment             `json:"created_time"`
	CreatedTimeDT   moment             `json:"created_time_dt"`
	ModifiedTime    moment             `json:"modified_time"`
	ModifiedTimeDT  moment             `json:"modified_time_dt"`
	FirstSeenTime   moment             `json:"first_seen_time"`
	FirstSeenTimeDT moment             `json:"first_seen_time_dt"`
	LastSeenTime    moment             `json:"last_seen_time"`
	LastSeenTimeDT  moment             `json:"last_seen_time_dt"`
	Remediation     maybe[remediation] `json:"remediation"` // in class 2001
}

type analytic struct {
	UID      str `json:"uid"`
	Name     str `json:"name"`
	Category str `json:"category"`
}

type compliance struct {
	Status        label                    `json:"status"`
	StatusID      number                   `json:"status_id"`
	Control       labels                   `json:"control"`
	Standards     texts                    `json:"standards"`
	Requirements  labels                   `json:"requirements"`
	StatusCode    str                      `json:"status_code"`
	StatusDetail  str                      `json:"status_detail"`
	StatusDetails texts                    `json:"status_details"`
	Assessments   many[maybe[assessment]]  `json:"assessments"`
	Checks        many[maybe[checkObject]] `json:"checks"`
}

type assessment struct {
	Name          str `json:"name"`
	Desc          str `json:"desc"`
	MeetsCriteria str `json:"meets_criteria"`
}

type checkObject struct {
	UID  str `json:"uid"`
	Name str `json:"name"`
}

type severity struct {
	Severity   str    `json:"severity"`
	SeverityID number `json:"severity_id"`
}

type resource struct {
	UID        str          `json:"uid"`
	UIDAlt     str          `json:"uid_alt"`
	Name       str          `json:"name"`
	Type       str          `json:"type"`
	Region     str          `json:"region"`
	Partition  str          `json:"cloud_partition"`
	Owner      maybe[owner] `json:"owner"`
	AccountUID accountID    `json:"account_uid"` // in candidates of 1.0.0
	// Data is what ASFF has as Details, where the event is made of it.
	Data finding.Alias `json:"data"`
}

type owner struct {
	Account maybe[account] `json:"account"`
}

type remediation struct {
	Desc       str   `json:"desc"`
	References texts `json:"references"`
	KBArticles texts `json:"kb_articles"` // in class 2001
}

type vulnerability struct {
	Remediation maybe[remediation] `json:"remediation"`
}

// maybe is an object; anything else counts as absent.
type maybe[T any] struct{ V T }

func (m *maybe[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() != '{' {
		return dec.SkipValue()
	}
	return json.UnmarshalDecode(dec, &m.V)
}

// many is a list, or its one element.
type many[T any] []T

func (l *many[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	switch dec.PeekKind() {
	case 'n':
		return dec.SkipValue()
	case '[':
		return json.UnmarshalDecode(dec, (*[]T)(l))
	}
	*l = make([]T, 1)
	return json.UnmarshalDecode(dec, &(*l)[0])
}

// scalar reads a string, or a number or truth value as its text; null is "".
// ok is false for a list or object, which is skipped.
func scalar(dec *jsontext.Decoder) (text string, ok bool, err error) {
	switch dec.PeekKind() {
	case '{', '[':
		return "", false, dec.SkipValue()
	}
	tok, err := dec.ReadToken()
	if err != nil || tok.Kind() == 'n' {
		return "", true, err
	}
	return tok.String(), true, nil
}

// str is a scalar; a list or object counts as absent.
type str string

func (t *str) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	s, _, err := scalar(dec)
	*t = str(s)
	return err
}

// label is a scalar.
type label string

func (l *label) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	s, ok, err := scalar(dec)
	if err == nil && !ok {
		return errors.New("a string is expected here")
	}
	*l = label(s)
	return err
}

// texts is a list of scalars, or one; what is none is left out.
type texts []string

func (l *texts) UnmarshalJSONFrom(dec *jsontext.Decoder) (err error) {
	*l, _, err = scalars(dec)
	return err
}

// labels is a list of scalars, or one.
type labels []string

func (l *labels) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	all, ok, err := scalars(dec)
	if err == nil && !ok {
		return errors.New("a list of strings is expected here")
	}
	*l = all
	return err
}

// scalars reads a list of scalars, or one, without those that are empty. ok is
// false if there is something else among them.
func scalars(dec *jsontext.Decoder) (all []string, ok bool, err error) {
	if dec.PeekKind() != '[' {
		s, ok, err := scalar(dec)
		if s != "" {
			all = []string{s}
		}
		return all, ok, err
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, false, err
	}
	ok = true
	for dec.PeekKind() != ']' {
		s, scalar, err := scalar(dec)
		if err != nil {
			return nil, false, err
		}
		ok = ok && scalar
		if s != "" {
			all = append(all, s)
		}
	}
	_, err = dec.ReadToken()
	return all, ok, err
}

// number is an integer: of a class, or of an enumeration. A text that is no
// number is kept, for a producer may have written the caption in its place.
type number struct {
	value int64
	text  string // of what is no number
	set   bool
}

func (n *number) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	s, ok, err := scalar(dec)
	if err == nil && !ok {
		return errors.New("a number is expected here")
	}
	n.read(s)
	return err
}

func (n *number) read(s string) {
	s = strings.TrimSpace(s)
	n.set = s != ""
	if f, err := strconv.ParseFloat(s, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		n.value = int64(f)
	} else if n.set {
		n.value, n.text = other, s
	}
}

// other is the number that enumerations have for what they lack.
const other = 99

// accountID is a string, or a number that has lost its leading zeros: AWS
// account ids have 12 digits.
type accountID string

func (a *accountID) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	isNumber := dec.PeekKind() == '0'
	s, _, err := scalar(dec)
	if isNumber && err == nil {
		if f, err := strconv.ParseFloat(s, 64); err == nil && f == math.Trunc(f) && f >= 0 && f < 1e12 {
			s = fmt.Sprintf("%012.0f", f)
		}
	}
	*a = accountID(s)
	return err
}

// moment is a time as it was written: a number of some unit since 1970, or a
// text.
type moment string

func (m *moment) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	s, ok, err := scalar(dec)
	if err == nil && !ok {
		return errors.New("a time is expected here")
	}
	if s = strings.TrimSpace(s); s != "0" { // for "never"
		*m = moment(s)
	}
	return err
}

// count reads the moment as a number. OCSF counts milliseconds; Prowler writes
// seconds, and others may write microseconds or nanoseconds. Times between 1973
// and 5138 cannot be mistaken for those of another unit.
func (m moment) count() (time.Time, bool) {
	n, err := strconv.ParseInt(string(m), 10, 64)
	if err != nil {
		f, err := strconv.ParseFloat(string(m), 64)
		switch {
		case err != nil || math.IsNaN(f) || math.Abs(f) >= 1<<63:
			return time.Time{}, false
		case f != math.Trunc(f) && math.Abs(f) < 1e11:
			return time.UnixMicro(int64(math.Round(f * 1e6))).UTC(), true // seconds with a fraction
		}
		n = int64(f)
	}
	switch abs := max(n, -n); {
	case abs < 0: // the smallest there is
		return time.Time{}, false
	case abs < 1e11:
		return time.Unix(n, 0).UTC(), true
	case abs < 1e14:
		return time.UnixMilli(n).UTC(), true
	case abs < 1e17:
		return time.UnixMicro(n).UTC(), true
	}
	return time.Unix(0, n).UTC(), true
}

// zoned reports whether the moment is a text that names its zone.
func (m moment) zoned() bool {
	if _, clock, ok := strings.Cut(strings.ToUpper(string(m)), ":"); ok {
		return strings.ContainsAny(clock, "Z+-")
	}
	return false
}

// instant returns the time that an attribute and its variant with the suffix
// _dt stand for, the zero time if there is neither.
//
// The text is the more precise one: the number has milliseconds at most. But
// Prowler writes its machine's local time there without saying so, hence a text
// without a zone is taken, for UTC, where there is no number only.
func instant(number, dt moment) (time.Time, error) {
	if dt.zoned() {
		if t, err := finding.ParseTime(string(dt)); err == nil {
			return t, nil
		}
	}
	for _, m := range []moment{number, dt} {
		if t, ok := m.count(); ok {
			return t, nil
		}
	}
	t, err := finding.ParseTime(string(number))
	if t.IsZero() {
		if u, dtErr := finding.ParseTime(string(dt)); !u.IsZero() || err == nil {
			return u, dtErr
		}
	}
	return t, err
}
