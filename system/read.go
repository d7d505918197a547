package system

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// MaxSize is the size of the largest file that Read reads.
const MaxSize = 1 << 20

// maxDays is the longest time that a weakness may take: ten years.
const maxDays = 3650

// maxTokens bounds the words and signs of a file, since the time that the parser
// takes grows with their square. A file that names 7,000 accounts has 50,000.
const maxTokens = 60_000

// maxErrors is the number of errors that Read reports at once.
const maxErrors = 20

// Read reads a system file. Fields that the file may not have, values that a
// field may not have and references that lead nowhere are errors: one line each,
// at most twenty, that name the file, the line and the field and say what is
// allowed. Entries of lists are counted from 0. Blanks in the id are single.
func Read(path string) (*System, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	_ = f.Close() // it was only read
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return parse(path, data)
}

func parse(path string, data []byte) (*System, error) {
	r := &reader{file: path, lines: map[string]int{}}
	s := &System{}
	if root := r.syntax(data); root != nil {
		r.decode(root, reflect.ValueOf(s).Elem(), "", "")
		r.check(s)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return s, nil
}

// reader turns the syntax tree of a file into a System, and collects what is
// wrong.
type reader struct {
	file   string
	lines  map[string]int // of values, by field: "users[0].type"
	errors []error
	more   int // errors beyond maxErrors
}

func (r *reader) err() error {
	if r.more > 0 {
		return errors.Join(append(r.errors, fmt.Errorf("%s: and %d more errors", r.file, r.more))...)
	}
	return errors.Join(r.errors...)
}

// fail notes an error. A line below 1 is not known, and a field of "" is the
// file as a whole.
func (r *reader) fail(line int, field, format string, args ...any) {
	if len(r.errors) == maxErrors {
		r.more++
		return
	}
	at := r.file
	if line > 0 {
		at += ":" + strconv.Itoa(line)
	}
	if field != "" {
		at += ": " + field
	}
	r.errors = append(r.errors, fmt.Errorf("%s: %s", at, fmt.Sprintf(format, args...)))
}

// syntax parses the file. It returns nil after an error.
func (r *reader) syntax(data []byte) ast.Node {
	switch {
	case len(data) > MaxSize:
		r.fail(0, "", "larger than 1 MiB: this is no system file")
		return nil
	case !utf8.Valid(data):
		r.fail(0, "", "not UTF-8: save it as UTF-8 text")
		return nil
	}
	tokens := lexer.Tokenize(string(bytes.TrimPrefix(data, []byte("\uFEFF"))))
	if !r.plain(tokens) {
		return nil
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		line, message := 0, err.Error()
		var at yaml.Error
		if errors.As(err, &at) {
			message = at.GetMessage()
			if t := at.GetToken(); t != nil && t.Position != nil {
				line = t.Position.Line
			}
		}
		if tab := tabbed(data, line); tab > 0 {
			line, message = tab, "a tab: indent with spaces"
		}
		r.fail(line, "", "not YAML: %s", message)
		return nil
	}
	var root ast.Node
	for _, d := range file.Docs {
		switch {
		case d.Body == nil || d.Body.Type() == ast.CommentType:
		case root != nil:
			r.fail(lineOf(d.Body), "", "a second YAML document: a system file has one")
			return nil
		default:
			root = d.Body
		}
	}
	if root == nil {
		r.fail(0, "", "says nothing: a system file begins with fields such as id and name")
	}
	return root
}

// tabbed is which of a line and the one after it is indented with a tab; 0 for
// neither.
func tabbed(data []byte, line int) int {
	lines := bytes.Split(data, []byte("\n"))
	for at := max(line, 1); at <= min(line+1, len(lines)); at++ {
		text := lines[at-1]
		if bytes.ContainsRune(text[:len(text)-len(bytes.TrimLeft(text, " \t"))], '\t') {
			return at
		}
	}
	return 0
}

// plain refuses what a system file does not need and what could make a small
// file expensive: anchors and aliases, tags, directives and deep nesting.
func (r *reader) plain(tokens token.Tokens) bool {
	const maxNesting = 16
	if len(tokens) > maxTokens {
		r.fail(tokens[maxTokens].Position.Line, "", "more than %d names, texts and signs up to here: this is no system file", maxTokens)
		return false
	}
	flow, entries := 0, 0
	for _, t := range tokens {
		what := ""
		switch t.Type {
		case token.AnchorType:
			what = "an anchor (&)"
		case token.AliasType:
			what = "an alias (*)"
		case token.MergeKeyType:
			what = "a merge key (<<)"
		case token.TagType:
			what = "a tag (!)"
		case token.DirectiveType:
			what = "a directive (%)"
		case token.MappingKeyType:
			what = "a complex key (?)"
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow--
		}
		if t.Type == token.SequenceEntryType {
			entries++
		} else {
			entries = 0
		}
		if flow > maxNesting || entries > maxNesting {
			what = "nesting this deep"
		}
		if what != "" {
			r.fail(t.Position.Line, "", "%s: a system file has names, texts, lists and numbers only; put a text that begins with a special character in quotes", what)
			return false
		}
	}
	return true
}

func lineOf(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

// decode sets v, which is at the field with the tag, to what the node says.
func (r *reader) decode(n ast.Node, v reflect.Value, field string, tag reflect.StructTag) {
	r.lines[field] = lineOf(n)
	if n.Type() == ast.NullType {
		return // as if it were not there
	}
	switch v.Kind() {
	case reflect.Struct:
		r.decodeFields(n, v, field)
	case reflect.Slice:
		list, ok := n.(*ast.SequenceNode)
		if !ok {
			r.fail(lineOf(n), field, "must be a list, each entry on a line that begins with a dash")
			return
		}
		for i, value := range list.Values {
			at := fmt.Sprintf("%s[%d]", field, i)
			element := reflect.New(v.Type().Elem()).Elem()
			if value == nil || value.Type() == ast.NullType {
				r.fail(lineOf(n), at, "is empty")
			} else {
				r.decode(value, element, at, "")
			}
			v.Set(reflect.Append(v, element))
		}
	case reflect.Int:
		text, ok := scalar(n)
		days, err := strconv.Atoi(text)
		const allowed = "must be a number of days from 1 to %d"
		if !ok {
			r.fail(lineOf(n), field, allowed, maxDays)
			return
		}
		if err != nil || days < 1 || days > maxDays {
			r.fail(lineOf(n), field, "%s: "+allowed, quote(text), maxDays)
			return
		}
		v.SetInt(int64(days))
	default:
		text, ok := scalar(n)
		if !ok {
			r.fail(lineOf(n), field, "must be a text")
			return
		}
		text = strings.TrimSpace(text)
		if strings.ContainsFunc(text, forbidden) {
			r.fail(lineOf(n), field, "holds a control character")
			return
		}
		if text == "" {
			return
		}
		if slices.Contains(kindsOf(tag), "id") {
			text = strings.Join(strings.FieldsFunc(text, blank), " ")
		}
		for _, kind := range kindsOf(tag) {
			if k, ok := kindsOfText[kind]; ok && !k.ok(text) {
				r.fail(lineOf(n), field, "%s: must be %s", quote(text), k.allowed)
				return
			}
		}
		v.SetString(text)
	}
}

// forbidden reports characters that no text may hold.
func forbidden(c rune) bool { return unicode.IsControl(c) && c != '\n' && c != '\t' && c != '\r' }

// blank reports characters that look like a space or like nothing, line breaks
// besides.
func blank(c rune) bool { return (unicode.IsSpace(c) || c == '\uFEFF') && c != '\n' && c != '\r' }

// scalar is the text of a value as the file has it, so that 1.10 stays 1.10 and
// 012345678901 keeps its zero.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// decodeFields sets the fields of a struct.
func (r *reader) decodeFields(n ast.Node, v reflect.Value, field string) {
	fields := names(v.Type())
	var pairs []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		r.fail(lineOf(n), field, "must have fields: %s", strings.Join(fields, ", "))
		return
	}
	seen := map[string]bool{}
	for _, pair := range pairs {
		name, ok := scalar(pair.Key)
		i := slices.Index(fields, name)
		line := lineOf(pair.Key)
		switch at := join(field, name); {
		case !ok || i < 0:
			r.fail(line, join(field, quote(name)), "there is no such field: there are %s", strings.Join(fields, ", "))
		case seen[name]:
			r.fail(line, at, "is there twice")
		case pair.Value != nil:
			r.decode(pair.Value, v.Field(i), at, v.Type().Field(i).Tag)
			r.lines[at] = line
		}
		seen[name] = true
	}
	for i, name := range fields {
		if !seen[name] && slices.Contains(kindsOf(v.Type().Field(i).Tag), "required") {
			r.fail(lineOf(n), join(field, name), "is missing")
		}
	}
}

func join(field, name string) string {
	if field == "" {
		return name
	}
	return field + "." + name
}

// names are the names of a struct's fields, in their order.
func names(t reflect.Type) []string {
	all := make([]string, t.NumField())
	for i := range all {
		all[i] = t.Field(i).Tag.Get("yaml")
	}
	return all
}

func kindsOf(tag reflect.StructTag) []string { return strings.Split(tag.Get("is"), ",") }

// quote prints foreign text within a message.
func quote(s string) string { return fmt.Sprintf("%.80q", s) }
