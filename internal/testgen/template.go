package testgen

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// template is a text with placeholders, compiled once and filled in often. Its
// constant parts are written as they are, so a template of JSON is JSON; the
// values of placeholders need no escaping.
//
//	<partition> <region> <account>   where it is
//	<console>                        host of the partition's console
//	<arn> <name> <id>                the resource: its ARN, its name, 17 hex digits
//	<n>                              number of the resource
//	<hex:8>                          random hex digits
//	<int:1:99>                       random number of a range
//	<bool>                           true or false
//	<pick:a|b|c>                     one of these
//	<time>                           a moment before the findings
//	<uuid>                           random UUID
//
// Those of another product's finding:
//
//	<finding>                        its id
//	<created> <updated>              when it was created, and reported last
//	<first> <processed>              a minute before the former, a minute after the latter
//	<created-ms> <updated-ms>        the same as milliseconds since 1970
//	<scanned> <scanned-s>            <updated> without milliseconds, and as seconds since 1970
//	<scanned-local>                  <scanned> as a clock one hour ahead shows it, without a zone
//	<severity> <label>               members of its severity, and the label alone
//	<severity-name> <severity-id>    the severity as OCSF writes it
//	<result> <code>                  its result, in ASFF and in Prowler's words
//	<workflow> <state>               Workflow.Status, RecordState
//	<resource>                       members of its resource, from Type to Details
type template []segment

type segment struct {
	text  string // constant text before the field
	field field
	a, b  uint64
	picks []string
}

type field uint8

const (
	noField field = iota
	partitionField
	regionField
	accountField
	consoleField
	arnField
	nameField
	idField
	numberField
	hexField
	intField
	boolField
	pickField
	timeField
	uuidField
	findingField
	createdField
	updatedField
	firstField
	processedField
	createdMillisField
	updatedMillisField
	scannedField
	scannedSecondsField
	scannedLocalField
	severityField
	labelField
	severityIDField
	severityNameField
	resultField
	codeField
	workflowField
	stateField
	resourceField
)

var fieldNames = map[string]field{
	"partition": partitionField, "region": regionField, "account": accountField,
	"console": consoleField, "arn": arnField, "name": nameField, "id": idField,
	"n": numberField, "hex": hexField, "int": intField, "bool": boolField,
	"pick": pickField, "time": timeField, "uuid": uuidField,
	"finding": findingField, "created": createdField, "updated": updatedField,
	"first": firstField, "processed": processedField, "created-ms": createdMillisField,
	"updated-ms": updatedMillisField, "scanned": scannedField, "scanned-s": scannedSecondsField,
	"scanned-local": scannedLocalField, "severity": severityField, "label": labelField, "severity-id": severityIDField,
	"severity-name": severityNameField, "result": resultField, "code": codeField,
	"workflow": workflowField, "state": stateField, "resource": resourceField,
}

// parseTemplate compiles a template. A bad one is a mistake in this package's
// tables, and panics.
func parseTemplate(s string) template {
	var t template
	for {
		text, rest, ok := strings.Cut(s, "<")
		if !ok {
			return append(t, segment{text: text})
		}
		placeholder, rest, ok := strings.Cut(rest, ">")
		name, args, _ := strings.Cut(placeholder, ":")
		seg := segment{text: text, field: fieldNames[name]}
		if !ok || seg.field == noField {
			panic("testgen: template has no placeholder <" + placeholder + ">")
		}
		var err error
		switch seg.field {
		case hexField:
			seg.a, err = strconv.ParseUint(args, 10, 64)
		case intField:
			low, high, _ := strings.Cut(args, ":")
			if seg.a, err = strconv.ParseUint(low, 10, 64); err == nil {
				seg.b, err = strconv.ParseUint(high, 10, 64)
			}
		case pickField:
			seg.picks = strings.Split(args, "|")
		}
		if err != nil {
			panic(fmt.Sprintf("testgen: placeholder <%s>: %v", placeholder, err))
		}
		t = append(t, seg)
		s = rest
	}
}

// values fill a template in.
type values struct {
	random
	partition, region, account, console string

	arn, name, id []byte
	n             int

	report // of another product
}

// report is what another product's finding says, whatever the product.
type report struct {
	finding          []byte
	resource         []byte
	created, updated int64
	severity         *severity
	result           *result
	workflow, state  string
}

// append appends t, filled in with v.
func (t template) append(b []byte, v *values) []byte {
	for i := range t {
		s := &t[i]
		b = append(b, s.text...)
		switch s.field {
		case partitionField:
			b = append(b, v.partition...)
		case regionField:
			b = append(b, v.region...)
		case accountField:
			b = append(b, v.account...)
		case consoleField:
			b = append(b, v.console...)
		case arnField:
			b = append(b, v.arn...)
		case nameField:
			b = append(b, v.name...)
		case idField:
			b = append(b, v.id...)
		case numberField:
			b = strconv.AppendInt(b, int64(v.n), 10)
		case hexField:
			b = v.appendHex(b, int(s.a))
		case intField:
			b = strconv.AppendUint(b, s.a+v.below(s.b-s.a+1), 10)
		case boolField:
			b = strconv.AppendBool(b, v.below(2) == 0)
		case pickField:
			b = append(b, s.picks[v.below(uint64(len(s.picks)))]...)
		case timeField:
			b = appendTime(b, estateStart-int64(v.below(uint64(700*day))))
		case uuidField:
			b = v.appendUUID(b)
		default:
			b = v.append(b, s.field)
		}
	}
	return b
}

// append appends what a report has for a field.
func (r *report) append(b []byte, f field) []byte {
	switch f {
	case findingField:
		return append(b, r.finding...)
	case createdField:
		return appendTime(b, r.created)
	case updatedField:
		return appendTime(b, r.updated)
	case firstField:
		return appendTime(b, r.created-minute)
	case processedField:
		return appendTime(b, r.updated+minute)
	case createdMillisField:
		return strconv.AppendInt(b, r.created, 10)
	case updatedMillisField:
		return strconv.AppendInt(b, r.updated, 10)
	case scannedField:
		return time.UnixMilli(r.updated).UTC().AppendFormat(b, "2006-01-02T15:04:05Z")
	case scannedSecondsField:
		return strconv.AppendInt(b, r.updated/second, 10)
	case scannedLocalField:
		return time.UnixMilli(r.updated+hour).UTC().AppendFormat(b, "2006-01-02T15:04:05.000000")
	case severityField:
		return append(b, r.severity.members...)
	case labelField:
		return append(b, r.severity.label...)
	case severityIDField:
		return append(b, r.severity.id...)
	case severityNameField:
		return append(b, r.severity.name...)
	case resultField:
		return append(b, r.result.asff...)
	case codeField:
		return append(b, r.result.prowler...)
	case workflowField:
		return append(b, r.workflow...)
	case stateField:
		return append(b, r.state...)
	case resourceField:
		return append(b, r.resource...)
	}
	return b
}

const hexDigits = "0123456789abcdef"

// appendHex appends n random hex digits.
func (r *random) appendHex(b []byte, n int) []byte {
	for n > 0 {
		x := r.Uint64()
		for range min(n, 16) {
			b = append(b, hexDigits[x>>60])
			x <<= 4
		}
		n -= 16
	}
	return b
}

// appendUUID appends a random UUID of version 4.
func (r *random) appendUUID(b []byte) []byte {
	start := len(b)
	b = r.appendHex(b, 32)
	var u [36]byte
	h := b[start:]
	h[12] = '4'
	h[16] = "89ab"[h[16]&3]
	copy(u[0:8], h[0:8])
	copy(u[9:13], h[8:12])
	copy(u[14:18], h[12:16])
	copy(u[19:23], h[16:20])
	copy(u[24:36], h[20:32])
	u[8], u[13], u[18], u[23] = '-', '-', '-', '-'
	return append(b[:start], u[:]...)
}

// Times are milliseconds since 1970. Everything that is reported was created
// between estateStart and estateEnd, and last evaluated on the day before
// estateEnd.
const (
	second      = int64(1000)
	minute      = 60 * second
	hour        = 60 * minute
	day         = 24 * hour
	estateStart = int64(1767225600000) // 2026-01-01T00:00:00Z
	estateEnd   = int64(1782820800000) // 2026-06-30T12:00:00Z
)

// appendTime appends a time as ASFF has it: "2026-01-31T08:09:10.123Z".
func appendTime(b []byte, t int64) []byte {
	return time.UnixMilli(t).UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
}

// appendString appends s as a JSON string.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', byte(c))
		case c == '\n':
			b = append(b, '\\', 'n')
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, string(c)...)
		}
	}
	return append(b, '"')
}

// quote returns s as a JSON string.
func quote(s string) string { return string(appendString(nil, s)) }
