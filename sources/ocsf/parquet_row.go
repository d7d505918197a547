package ocsf

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/go-shca/shca"
)

// column is a node of a file's schema: a group, or a leaf, which has values.
type column struct {
	name     string
	path     string
	member   string // name of the member of the event that holds its values
	element  *format.SchemaElement
	children []*column
	leaf     int // index among the leaves; of a group, that of its first leaf
	leaves   int // how many leaves it has, itself included
	repeated bool
	list     *column // of a LIST: the repeated node inside
	item     *column // of a LIST: what the list holds, which is list or its child
	entries  *column // of a MAP: the repeated group of key and value

	// The levels of a value that is there, itself included.
	maxDefinition, maxRepetition int
}

const (
	mostColumns    = 20_000
	deepestColumns = 64
)

// columnsOf makes the tree of the columns of a schema, which is stored as a
// list in depth-first order, and a list of its leaves.
func columnsOf(schema []format.SchemaElement) (root *column, leaves []*column, err error) {
	if len(schema) > mostColumns {
		return nil, nil, fmt.Errorf("has %d columns and groups, and at most %d are read", len(schema), mostColumns)
	}
	next := 0
	var take func(parent *column, depth int) (*column, error)
	take = func(parent *column, depth int) (*column, error) {
		if next == len(schema) || depth > deepestColumns {
			return nil, fmt.Errorf("%s (schema)", damaged)
		}
		e := &schema[next]
		next++
		c := &column{name: e.Name, path: e.Name, member: e.Name, element: e, leaf: len(leaves)}
		if parent != nil {
			c.maxDefinition, c.maxRepetition = parent.maxDefinition, parent.maxRepetition
			if parent.path != "" {
				c.path = parent.path + "." + e.Name
			}
			switch e.RepetitionType.V {
			case format.Optional:
				c.maxDefinition++
			case format.Repeated:
				c.maxDefinition++
				c.maxRepetition++
				c.repeated = true
			}
		} else {
			c.path = ""
		}
		n := int(e.NumChildren.V)
		if n == 0 && e.Type.Valid {
			c.leaves = 1
			leaves = append(leaves, c)
			return c, nil
		}
		if n <= 0 || e.Type.Valid {
			return nil, fmt.Errorf("%s (schema: %q is neither a column nor a group)", damaged, c.path)
		}
		for range n {
			child, err := take(c, depth+1)
			if err != nil {
				return nil, err
			}
			c.children = append(c.children, child)
		}
		c.leaves = len(leaves) - c.leaf
		c.shape()
		return c, nil
	}
	if root, err = take(nil, 0); err != nil {
		return nil, nil, err
	}
	if next != len(schema) {
		return nil, nil, fmt.Errorf("%s (schema)", damaged)
	}
	root.nameItems()
	return root, leaves, nil
}

// nameItems gives what a list holds the name of the list.
func (c *column) nameItems() {
	if c.list != nil {
		c.list.member, c.item.member = c.member, c.member
	}
	for _, child := range c.children {
		child.nameItems()
	}
}

func (c *column) isList() bool {
	_, logical := c.element.LogicalType.Value.(*format.ListType)
	return logical || c.converted(deprecated.List)
}

func (c *column) isMap() bool {
	_, logical := c.element.LogicalType.Value.(*format.MapType)
	return logical || c.converted(deprecated.Map) || c.converted(deprecated.MapKeyValue)
}

func (c *column) converted(t deprecated.ConvertedType) bool {
	return c.element.ConvertedType.Valid && c.element.ConvertedType.V == t
}

// shape recognises lists and maps, the former in the ways older writers had,
// too (LogicalTypes.md of the format, "Backward-compatibility rules").
func (c *column) shape() {
	if len(c.children) != 1 || !c.children[0].repeated {
		return
	}
	inner := c.children[0]
	switch {
	case c.isMap() && len(inner.children) == 2 && !inner.children[0].repeated && len(inner.children[0].children) == 0:
		c.entries = inner
	case c.isList():
		c.list, c.item = inner, inner
		if len(inner.children) == 1 && inner.name != "array" && inner.name != c.name+"_tuple" && !inner.isList() && !inner.isMap() {
			if only := inner.children[0]; !only.repeated {
				c.item = only
			}
		}
	}
}

// eventWriter writes rows as events in JSON.
type eventWriter struct {
	b      []byte
	values []*columnValues
}

// fieldError is an error in one column of a row.
type fieldError struct {
	field string
	err   error
}

func (e *fieldError) Error() string { return e.err.Error() }

// write returns the row that values hold, valid until the next call, or what is
// wrong with it.
func (w *eventWriter) write(root *column, values []*columnValues, tooMany bool) ([]byte, *shca.FindingError) {
	w.b, w.values = w.b[:0], values
	if cap(w.b) > 1<<20 {
		w.b = nil // a large event shall not stay
	}
	_, err := w.object(root, root.children)
	if err == nil && tooMany {
		err = errTooLarge
	}
	for _, v := range values {
		if err == nil && v.next != len(v.row) {
			err = disagree(v.column)
		}
	}
	if err == nil {
		return w.b, nil
	}
	bad := &shca.FindingError{ID: w.id(), Err: err}
	if at, ok := errors.AsType[*fieldError](err); ok {
		bad.Field, bad.Err = at.field, at.err
	}
	return nil, bad
}

// id returns the finding's id, "" if the row has none.
func (w *eventWriter) id() string {
	for _, v := range w.values {
		if (v.column.path == "finding_info.uid" || v.column.path == "finding.uid") && len(v.row) == 1 && v.column.element.Type.V == format.ByteArray {
			return strings.ToValidUTF8(string(v.row[0].ByteArray()), "\uFFFD")
		}
	}
	return ""
}

func disagree(c *column) error {
	return &fieldError{pointer(c), errors.New("its list is not as long as those beside it: " + damaged)}
}

// pointer makes a JSON pointer of a column's path. It says nothing of places in
// lists.
func pointer(c *column) string { return "/" + strings.ReplaceAll(c.path, ".", "/") }

// peek returns the next value of a leaf.
func (w *eventWriter) peek(leaf int) (parquet.Value, bool) {
	v := w.values[leaf]
	if v.next == len(v.row) {
		return parquet.Value{}, false
	}
	return v.row[v.next], true
}

// skip passes over the null that stands for all of c in each of its leaves.
func (w *eventWriter) skip(c *column) error {
	for _, v := range w.values[c.leaf : c.leaf+c.leaves] {
		if v.next == len(v.row) {
			return disagree(v.column)
		}
		v.next++
	}
	return nil
}

// absent reports that the next occurrence of c is null or, of a repeated
// column, that there is none.
func (w *eventWriter) absent(c *column) (bool, error) {
	v, ok := w.peek(c.leaf)
	if !ok {
		return false, disagree(c)
	}
	return v.DefinitionLevel() < c.maxDefinition, nil
}

// value writes the next value of c, whether one or a list of them. It reports
// false, and writes nothing, for null and for an object without members.
func (w *eventWriter) value(c *column) (bool, error) {
	if len(w.b) > maxEvent {
		return false, errTooLarge
	}
	if !c.repeated {
		return w.one(c)
	}
	// Outside of a LIST, as Protocol Buffers have it, there is no null.
	if none, err := w.absent(c); err != nil {
		return false, err
	} else if none {
		return false, w.skip(c)
	}
	return w.list(c, c)
}

// one writes one occurrence of c.
func (w *eventWriter) one(c *column) (bool, error) {
	null, err := w.absent(c)
	if err != nil {
		return false, err
	}
	if null {
		return false, w.skip(c)
	}
	switch {
	case c.list != nil:
		return w.listOf(c)
	case c.entries != nil:
		return w.entries(c.entries)
	case len(c.children) > 0:
		start := len(w.b)
		n, err := w.object(c, c.children)
		if n == 0 {
			w.b = w.b[:start]
		}
		return n > 0, err
	}
	v := w.values[c.leaf]
	v.next++
	if w.b, err = appendValue(w.b, v.row[v.next-1], c); err != nil {
		return false, &fieldError{pointer(c), err}
	}
	return true, nil
}

// object writes the columns as members and says how many there are.
func (w *eventWriter) object(c *column, members []*column) (n int, err error) {
	w.b = append(w.b, '{')
	for _, m := range members {
		start := len(w.b)
		if n > 0 {
			w.b = append(w.b, ',')
		}
		w.b = appendString(w.b, m.name)
		w.b = append(w.b, ':')
		ok, err := w.value(m)
		if err != nil {
			return n, err
		}
		if !ok {
			w.b = w.b[:start]
			continue
		}
		n++
	}
	w.b = append(w.b, '}')
	return n, nil
}

// listOf writes a LIST that is there. It leaves out an empty one where the
// column has no null, since empty stands for that, too.
func (w *eventWriter) listOf(c *column) (bool, error) {
	empty, err := w.absent(c.list)
	if err != nil {
		return false, err
	}
	if !empty {
		return w.list(c.list, c.item)
	}
	nullable := c.element.RepetitionType.V != format.Required
	if nullable {
		w.b = append(w.b, "[]"...)
	}
	return nullable, w.skip(c)
}

// list writes the occurrences of item, one at least, inside the repeated column
// outer, which may be the same.
func (w *eventWriter) list(outer, item *column) (bool, error) {
	w.b = append(w.b, '[')
	for first := true; ; first = false {
		if !first {
			if v, ok := w.peek(outer.leaf); !ok || v.RepetitionLevel() != outer.maxRepetition {
				break
			}
			w.b = append(w.b, ',')
		}
		if len(w.b) > maxEvent {
			return false, errTooLarge
		}
		ok, err := w.one(item)
		if err != nil {
			return false, err
		}
		if !ok {
			w.b = append(w.b, "null"...)
		}
	}
	w.b = append(w.b, ']')
	return true, nil
}

// entries writes a map as an object, its keys sorted.
func (w *eventWriter) entries(c *column) (bool, error) {
	type entry struct{ key, member string }
	var all []entry
	none, err := w.absent(c)
	if err != nil {
		return false, err
	}
	if none {
		return false, w.skip(c)
	}
	start := len(w.b)
	for size := 0; ; {
		if v, ok := w.peek(c.leaf); !ok || len(all) > 0 && v.RepetitionLevel() != c.maxRepetition {
			break
		}
		ok, err := w.one(c.children[0])
		if err != nil {
			return false, err
		}
		key := string(w.b[start:])
		if !ok {
			return false, &fieldError{pointer(c), errors.New("a key is null")}
		}
		if key[0] != '"' { // a number
			key = strconv.Quote(key)
		}
		w.b = append(append(w.b[:start], key...), ':')
		if ok, err = w.value(c.children[1]); err != nil {
			return false, err
		}
		if !ok {
			w.b = append(w.b, "null"...) // without it the key would be lost
		}
		if size += len(w.b) - start; size > maxEvent {
			return false, errTooLarge
		}
		all = append(all, entry{key, string(w.b[start:])})
		w.b = w.b[:start]
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	w.b = append(w.b, '{')
	for i, e := range all {
		if i > 0 {
			if e.key == all[i-1].key {
				return false, &fieldError{pointer(c), fmt.Errorf("has the key %.60s twice", e.key)}
			}
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, e.member...)
	}
	w.b = append(w.b, '}')
	return true, nil
}

// appendValue writes a value as its column's type has it in JSON.
func appendValue(b []byte, v parquet.Value, c *column) ([]byte, error) {
	e := c.element
	logical := e.LogicalType.Value
	switch e.Type.V {
	case format.Boolean:
		return strconv.AppendBool(b, v.Boolean()), nil
	case format.Int32:
		n := v.Int32()
		if _, ok := logical.(*format.DateType); ok || c.converted(deprecated.Date) {
			return appendTime(b, time.Unix(int64(n)*24*60*60, 0), time.DateOnly), nil
		}
		if c.unsigned() {
			return strconv.AppendUint(b, uint64(uint32(n)), 10), nil
		}
		return c.appendDecimal(b, big.NewInt(int64(n)))
	case format.Int64:
		n := v.Int64()
		if unit := c.unit(); unit != 0 {
			per := int64(time.Second / unit)
			seconds, rest := n/per, n%per // time.Unix wants no more nanoseconds than this
			return c.appendTimestamp(b, time.Unix(seconds, rest*int64(unit))), nil
		}
		if c.unsigned() {
			return strconv.AppendUint(b, uint64(n), 10), nil
		}
		return c.appendDecimal(b, big.NewInt(n))
	case format.Int96: // Julian day behind the nanoseconds of the day
		const epoch = 2440588 // the Julian day 1970-01-01
		n := v.Int96()
		day, nanos := int64(int32(n[2]))-epoch, int64(n[1])<<32|int64(n[0])
		return c.appendTimestamp(b, time.Unix(day*24*60*60, 0).Add(time.Duration(nanos))), nil
	case format.Float:
		return appendFloat(b, float64(v.Float()), 32), nil
	case format.Double:
		return appendFloat(b, v.Double(), 64), nil
	}
	data := v.ByteArray()
	if _, ok := c.decimal(); ok {
		const longest = 128 // far beyond what decimals are made for
		if len(data) > longest {
			return b, fmt.Errorf("a decimal of %d bytes", len(data))
		}
		n := new(big.Int).SetBytes(data)
		if len(data) > 0 && data[0] >= 0x80 { // two's complement
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(data))))
		}
		return c.appendDecimal(b, n)
	}
	switch logical.(type) {
	case *format.UUIDType:
		if len(data) == 16 {
			h := hex.EncodeToString(data)
			return appendString(b, strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")), nil
		}
	case *format.Float16Type:
		if len(data) == 2 {
			return appendFloat(b, float16(binary.LittleEndian.Uint16(data)), 32), nil
		}
	}
	if utf8.Valid(data) { // many writers do not say what is text
		return appendBytes(b, data), nil
	}
	if _, ok := logical.(*format.StringType); ok || c.converted(deprecated.UTF8) {
		return b, errors.New("is not UTF-8")
	}
	return append(base64.StdEncoding.AppendEncode(append(b, '"'), data), '"'), nil
}

// unit returns the unit of a timestamp, 0 if the column has none.
func (c *column) unit() time.Duration {
	if t, ok := c.element.LogicalType.Value.(*format.TimestampType); ok {
		switch t.Unit.Value.(type) {
		case *format.MilliSeconds:
			return time.Millisecond
		case *format.MicroSeconds:
			return time.Microsecond
		case *format.NanoSeconds:
			return time.Nanosecond
		}
	}
	switch {
	case c.converted(deprecated.TimestampMillis):
		return time.Millisecond
	case c.converted(deprecated.TimestampMicros):
		return time.Microsecond
	}
	return 0
}

func (c *column) unsigned() bool {
	if t, ok := c.element.LogicalType.Value.(*format.IntType); ok {
		return !t.IsSigned
	}
	return c.converted(deprecated.Uint8) || c.converted(deprecated.Uint16) || c.converted(deprecated.Uint32) || c.converted(deprecated.Uint64)
}

func (c *column) decimal() (scale int32, ok bool) {
	if t, ok := c.element.LogicalType.Value.(*format.DecimalType); ok {
		return t.Scale, true
	}
	return c.element.Scale.V, c.converted(deprecated.Decimal)
}

// appendDecimal writes a whole number, or one whose last digits are behind the
// point.
func (c *column) appendDecimal(b []byte, n *big.Int) ([]byte, error) {
	scale, ok := c.decimal()
	if !ok || scale == 0 {
		return n.Append(b, 10), nil
	}
	if scale < 0 || scale > 1000 {
		return b, fmt.Errorf("a decimal with %d places", scale)
	}
	if n.Sign() < 0 {
		b = append(b, '-')
	}
	digits := new(big.Int).Abs(n).String()
	if missing := int(scale) + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - int(scale)
	return append(append(append(b, digits[:point]...), '.'), digits[point:]...), nil
}

// appendTimestamp writes t as OCSF has it: text where the attribute's name ends
// in _dt, else milliseconds.
func (c *column) appendTimestamp(b []byte, t time.Time) []byte {
	if strings.HasSuffix(c.member, "_dt") {
		return appendTime(b, t, time.RFC3339Nano)
	}
	return strconv.AppendInt(b, t.UnixMilli(), 10)
}

// appendTime writes t in UTC, or in milliseconds if its year does not fit into
// the layout.
func appendTime(b []byte, t time.Time, layout string) []byte {
	t = t.UTC()
	if t.Year() < 0 || t.Year() > 9999 {
		return strconv.AppendInt(b, t.UnixMilli(), 10)
	}
	return append(t.AppendFormat(append(b, '"'), layout), '"')
}

// appendFloat writes a number without exponent if that is readable, so that a
// time or id that somebody keeps as a float can be read as a whole number.
func appendFloat(b []byte, v float64, size int) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) { // JSON has none
		return appendString(b, strconv.FormatFloat(v, 'g', -1, size))
	}
	format := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, v, format, -1, size)
}

// float16 widens a half precision number.
func float16(h uint16) float64 {
	sign, exponent, fraction := 1-2*float64(h>>15), int(h>>10&0x1f), float64(h&0x3ff)
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -24)
	case 31:
		if fraction != 0 {
			return math.NaN()
		}
		return sign * math.Inf(1)
	}
	return sign * math.Ldexp(fraction+1024, exponent-25)
}
