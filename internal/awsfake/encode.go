package awsfake

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// style is how a service writes the SDK's structures in JSON.
type style struct {
	lower bool // names begin with a small letter
	epoch bool // times are seconds since 1970
}

func styleOf(service string) style {
	switch service {
	case "auditmanager":
		return style{lower: true, epoch: true}
	case "securityhub":
		return style{}
	}
	return style{epoch: true}
}

// lowerTypes are the structures of Config whose members begin with a small letter.
var lowerTypes = []string{"BaseConfigurationItem", "ConfigurationRecorder", "ConfigurationRecorderStatus", "ResourceKey",
	"RecordingGroup", "ExclusionByResourceTypes", "RecordingStrategy", "RecordingMode", "RecordingModeOverride", "ScopeConfiguration"}

// encode writes an output of the SDK as the service sends it.
func encode(v any, s style) []byte { return s.append(nil, reflect.ValueOf(v)) }

var timeType = reflect.TypeFor[time.Time]()
var rawType = reflect.TypeFor[json.RawMessage]()

func (s style) append(b []byte, v reflect.Value) []byte {
	switch {
	case !v.IsValid():
		return append(b, "null"...)
	case v.Type() == rawType:
		return append(b, v.Bytes()...)
	case v.Type() == timeType:
		t := v.Interface().(time.Time)
		if s.epoch {
			seconds := float64(t.UnixMilli()) / 1000
			if seconds == math.Trunc(seconds) {
				return strconv.AppendInt(b, t.Unix(), 10)
			}
			return strconv.AppendFloat(b, seconds, 'f', 3, 64)
		}
		return appendText(b, t.UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return append(b, "null"...)
		}
		return s.append(b, v.Elem())
	case reflect.String:
		return appendText(b, v.String())
	case reflect.Slice:
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = s.append(b, v.Index(i))
		}
		return append(b, ']')
	case reflect.Map:
		b = append(b, '{')
		names := slices.Collect(maps.Keys(stringKeys(v)))
		slices.Sort(names)
		for i, name := range names {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendText(b, name), ':')
			b = s.append(b, v.MapIndex(reflect.ValueOf(name)))
		}
		return append(b, '}')
	case reflect.Struct:
		return s.appendStruct(b, v)
	case reflect.Bool, reflect.Int32, reflect.Int64, reflect.Int, reflect.Float64:
		text, err := json.Marshal(v.Interface())
		if err != nil {
			panic(err) // not a number
		}
		return append(b, text...)
	}
	panic(fmt.Sprintf("awsfake: no way to write a %s", v.Type()))
}

func stringKeys(v reflect.Value) map[string]bool {
	names := map[string]bool{}
	for _, k := range v.MapKeys() {
		names[k.String()] = true
	}
	return names
}

// appendStruct leaves out what is nil and, as enumerations have no pointers, what
// is an empty string.
func (s style) appendStruct(b []byte, v reflect.Value) []byte {
	b = append(b, '{')
	first := true
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() || field.Name == "ResultMetadata" {
			continue
		}
		value := v.Field(i)
		switch value.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
			if value.IsNil() {
				continue
			}
		case reflect.String:
			if value.String() == "" {
				continue
			}
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		name := field.Name
		if s.lower || slices.Contains(lowerTypes, v.Type().Name()) {
			name = strings.ToLower(name[:1]) + name[1:]
		}
		b = append(appendText(b, name), ':')
		b = s.append(b, value)
	}
	return append(b, '}')
}

func appendText(b []byte, text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // strings have no errors
	}
	return append(b, quoted...)
}
