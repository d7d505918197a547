package oscal

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"unicode/utf8"
)

const (
	poamKey     = "plan-of-action-and-milestones"
	poamPointer = "/" + poamKey
)

// poamLists are the arrays of a plan that are read element by element, by their
// JSON pointers, with the names that they have here.
var poamLists = map[string]string{
	poamPointer + "/poam-items":                                               "poam-items",
	poamPointer + "/observations":                                             "observations",
	poamPointer + "/risks":                                                    "risks",
	poamPointer + "/findings":                                                 "findings",
	poamPointer + "/local-definitions/components":                             "components",
	poamPointer + "/local-definitions/inventory-items":                        "inventory-items",
	poamPointer + "/local-definitions/assessment-assets/components":           "assets",
	poamPointer + "/local-definitions/assessment-assets/assessment-platforms": "platforms",
}

// poamObjects are the objects of a plan that are read member by member.
var poamObjects = []string{"", poamPointer, poamPointer + "/local-definitions", poamPointer + "/local-definitions/assessment-assets"}

// errEnough ends the reading of a plan early.
var errEnough = errors.New("enough")

// pieceVisitor gets each element of the lists, with the list's name, and every
// other member as a whole, without white space between tokens. It may return
// errEnough.
type pieceVisitor func(pointer, list string, raw json.RawMessage) error

// poamSystemID is the id of the system that the plan of action and milestones
// at the path is about; "" if it names none.
func poamSystemID(path string) (string, error) {
	id := ""
	err := readPOAM(path, func(pointer, _ string, raw json.RawMessage) error {
		if pointer != poamPointer+"/system-id" {
			return nil
		}
		v, err := readObject(raw)
		if err != nil {
			return err
		}
		id = v.text("id")
		return errEnough
	})
	return id, err
}

// hasContent reports whether the plan at the path has something to carry on: an
// item, or something else that is not this program's.
func hasContent(path string) (some bool, err error) {
	err = readPOAM(path, func(_, list string, raw json.RawMessage) error {
		switch list {
		case "risks", "findings", "observations":
			q := &piece{list: list, raw: raw}
			if err := new(previous).read(q, nil); err != nil || q.ours {
				return err
			}
		case "poam-items":
		default:
			return nil
		}
		some = true
		return errEnough
	})
	return some, err
}

// readPOAM reads the plan of action and milestones at the path piece by piece.
func readPOAM(path string, visit pieceVisitor) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() // it is only read
	if err := splitPOAM(f, visit); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func splitPOAM(r io.Reader, visit pieceVisitor) error {
	buffered := bufio.NewReader(r)
	if mark, err := buffered.Peek(3); err == nil && string(mark) == "\uFEFF" {
		_, _ = buffered.Discard(len(mark)) // it was peeked
	}
	s := &splitter{d: json.NewDecoder(buffered), visit: visit}
	err := s.value("")
	switch {
	case errors.Is(err, errEnough):
		return nil
	case err != nil:
		return err
	case !s.isPOAM:
		return fmt.Errorf("is no plan of action and milestones: it has no %s", poamPointer)
	}
	if _, err := s.d.Token(); err != io.EOF {
		return errors.New("something follows after the end of the document")
	}
	return nil
}

// splitter divides the text of a plan into its pieces.
type splitter struct {
	d      *json.Decoder
	visit  pieceVisitor
	isPOAM bool

	compact bytes.Buffer // of one piece at a time
}

func (s *splitter) value(pointer string) error {
	if list, ok := poamLists[pointer]; ok {
		return s.elements(pointer, list)
	}
	if slices.Contains(poamObjects, pointer) {
		return s.members(pointer)
	}
	return s.whole(pointer, "")
}

func (s *splitter) elements(pointer, list string) error {
	if err := s.open(pointer, '[', "an array"); err != nil {
		return err
	}
	for i := 0; s.d.More(); i++ {
		if err := s.whole(pointerTo(pointer, i), list); err != nil {
			return err
		}
	}
	return s.close(pointer)
}

func (s *splitter) members(pointer string) error {
	if err := s.open(pointer, '{', "an object"); err != nil {
		return err
	}
	seen := map[string]bool{}
	for s.d.More() {
		token, err := s.d.Token()
		if err != nil {
			return located(pointer, err)
		}
		key := token.(string) // the decoder takes no other key
		if seen[key] {
			return located(pointer, fmt.Errorf("the key %.80q is there twice", key))
		}
		seen[key] = true
		child := pointerTo(pointer, key)
		s.isPOAM = s.isPOAM || child == poamPointer
		if err := s.value(child); err != nil {
			return err
		}
	}
	return s.close(pointer)
}

// open reads the bracket that begins a value.
func (s *splitter) open(pointer string, bracket json.Delim, kind string) error {
	token, err := s.d.Token()
	if err != nil {
		return located(pointer, err)
	}
	if token != bracket {
		return located(pointer, fmt.Errorf("is not %s", kind))
	}
	return nil
}

// close reads the bracket that ends a value.
func (s *splitter) close(pointer string) error {
	if _, err := s.d.Token(); err != nil {
		return located(pointer, err)
	}
	return nil
}

// whole passes a value on to the visitor.
func (s *splitter) whole(pointer, list string) error {
	var raw json.RawMessage
	if err := s.d.Decode(&raw); err != nil {
		return located(pointer, err)
	}
	if !utf8.Valid(raw) {
		return located(pointer, errors.New("is not valid UTF-8"))
	}
	s.compact.Reset()
	if err := json.Compact(&s.compact, raw); err != nil {
		return located(pointer, err)
	}
	if s.compact.Len() < len(raw) {
		raw = bytes.Clone(s.compact.Bytes())
	}
	if err := s.visit(pointer, list, raw); err != nil {
		if errors.Is(err, errEnough) {
			return err
		}
		return located(pointer, err)
	}
	return nil
}

// located says where in the document an error is.
func located(pointer string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the document ends too early")
	}
	return fmt.Errorf("%s: %w", cmp.Or(pointer, "/"), err)
}
