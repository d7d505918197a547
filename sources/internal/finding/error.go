package finding

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
)

// DecodeError says which member is at fault when the JSON library could not
// read the finding raw. id is the finding's, "" if that cannot be read.
func DecodeError(raw []byte, err error, id string) *shca.FindingError {
	e := &shca.FindingError{ID: id, Err: err}
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &semantic):
		e.Field = string(semantic.JSONPointer)
		switch {
		case semantic.Err != nil && !errors.As(semantic.Err, &syntactic):
			e.Err = semantic.Err
		case semantic.JSONKind != 0 && semantic.GoType != nil:
			e.Err = fmt.Errorf("wrong type: a JSON %s, where %s is expected", kindName(semantic.JSONKind), typeName(semantic.GoType))
		}
	case errors.As(err, &syntactic):
		e.Field = string(syntactic.JSONPointer)
		e.Err = fmt.Errorf("broken JSON at byte %d of the finding: %w", syntactic.ByteOffset, syntactic.Err)
	}
	return e
}

func kindName(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "boolean"
	case '0':
		return "number"
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "list"
	}
	return "value"
}

// typeName names, with its article, the JSON type that a Go type is read from.
func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "a list"
	}
	return "an object"
}

// MemberID returns the string at path, the names of members from the outermost
// in, if it can be read before the text breaks, else "".
func MemberID(raw []byte, path ...string) string {
	dec := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	for _, want := range path {
		if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '{' {
			return ""
		}
		for {
			name, err := dec.ReadToken()
			if err != nil || name.Kind() != '"' {
				return ""
			}
			if name.String() == want {
				break
			}
			if dec.SkipValue() != nil {
				return ""
			}
		}
	}
	if dec.PeekKind() != '"' {
		return ""
	}
	id, err := dec.ReadToken()
	if err != nil {
		return ""
	}
	return id.String()
}
