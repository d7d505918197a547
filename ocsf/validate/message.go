package validate

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Level says what a message means for the event.
type Level string

// The levels, most serious first.
const (
	Error   Level = "error"   // the event is not valid
	Warning Level = "warning" // it is likely wrong, or could not be checked for certain
)

// The codes of messages, which stay the same.
const (
	// Errors.
	codeJSON            = "json_invalid"
	codeDuplicate       = "json_duplicate_key"
	codeNotObject       = "not_an_object"
	codeNoClass         = "class_uid_missing"
	codeUnknownClass    = "class_uid_unknown"
	codeRequired        = "required_missing"
	codeUnknown         = "unknown_attribute"
	codeProfileListed   = "profile_not_listed"     // the attribute needs a profile that the event does not list
	codeProfileUnknown  = "profile_unknown"        // or listed twice
	codeProfileUseless  = "profile_not_applicable" // to the class
	codeType            = "wrong_type"
	codeNotArray        = "not_array"
	codeIsArray         = "is_array"
	codeEnum            = "enum_unknown"
	codeSibling         = "sibling_mismatch" // the caption is not that of the id
	codeSiblingLength   = "sibling_array_length"
	codeTypeUID         = "type_uid_incorrect"
	codeConstraint      = "constraint_failed"
	codeTime            = "time_implausible"
	codeDateTime        = "datetime_invalid"
	codeDateTimeDiffers = "datetime_mismatch" // X_dt is another time than X
	codeMaxLen          = "max_len"
	codeRange           = "out_of_range"
	codeVersion         = "version_mismatch" // a warning if the table was chosen by the version
	codeReference       = "observable_reference"

	// Warnings.
	codeNoOffset            = "datetime_no_offset"
	codeDeprecatedAttribute = "deprecated_attribute"
	codeDeprecatedValue     = "deprecated_enum"
	codeDeprecatedObject    = "deprecated_object"
	codeDeprecatedClass     = "deprecated_class"
	codeNull                = "null_value"
	codeEmpty               = "empty_required"
	codeEmptyArray          = "empty_array"
	codeRegex               = "regex_not_matched"
	codeFloat               = "float_written_as_integer"
	codeInt32               = "integer_beyond_int32"
	codeOtherAlone          = "other_without_sibling"  // 99 (Other) without the source's own value
	codeOtherIsOther        = "other_sibling_is_other" // or with "Other" for it
	codeCaptionAlone        = "sibling_without_id"
	codeObservableValue     = "observable_value"
	codeObservableType      = "observable_type"
	codeTimeOrder           = "time_order"
	codeFew                 = "too_few_events" // there are none

	codeMore = "more_messages" // than are returned; of the level of the worst left out
)

// versionDependent are the errors that are warnings for an event of another
// version than the table's, where they may be no error.
var versionDependent = map[string]bool{
	codeUnknown: true, codeProfileUnknown: true, codeProfileUseless: true, codeProfileListed: true,
	codeEnum: true, codeSibling: true, codeReference: true,
}

// Message is one thing to say about an event. Path and Text may hold text of
// the event; String makes it safe to print.
type Message struct {
	Level Level
	Event int64  // its number in what was read, from 1; 0 if the message is about no event
	Path  string // "finding_info.uid", "resources[2].type"; empty for the event itself
	Code  string
	Text  string
}

// String returns the message on one line, without control characters:
// "error: required_missing: event 12 time: ...".
func (m Message) String() string {
	where := ""
	if m.Event > 0 {
		where = fmt.Sprintf("event %d", m.Event)
		if m.Path != "" {
			where += " " + printable(m.Path)
		}
		where += ": "
	}
	return fmt.Sprintf("%s: %s: %s%s", m.Level, m.Code, where, printable(m.Text))
}

// printable escapes what does not print.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == ' ' || unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}

// quote returns a text of the event for a message: quoted, and shortened.
func quote(text []byte) string {
	const most = 80
	if len(text) <= most {
		return strconv.Quote(string(text))
	}
	end := most
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return strconv.Quote(string(text[:end])) + "…"
}
