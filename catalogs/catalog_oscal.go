package catalogs

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/go-shca/shca"
)

// maxDocument bounds the size of an OSCAL file in bytes. NIST's own catalog
// has 10 MiB with indentation.
const maxDocument = 64 << 20

// ReadCatalog reads an OSCAL catalog in JSON: the controls of all groups and
// all controls within controls, in document order, with their titles. It reads
// no other part of the document. A control whose prop "status" says
// "withdrawn" is marked so.
//
// Files that are larger than 64 MiB, nested deeper than 10,000 levels, not
// JSON, not a catalog, without a control, or with two controls of one id are
// errors, which name the file.
func ReadCatalog(path string) (*Catalog, error) {
	doc, err := readDocument(path)
	if err != nil {
		return nil, err
	}
	if doc.Catalog == nil {
		return nil, fmt.Errorf("%s: is an OSCAL profile, want a catalog; a profile goes with --profile", path)
	}
	c, err := doc.Catalog.catalog()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// document is an OSCAL file: exactly one field is set.
type document struct {
	Catalog *oscalCatalog `json:"catalog"`
	Profile *oscalProfile `json:"profile"`
}

type oscalMetadata struct {
	Title   string `json:"title"`
	Version string `json:"version"`
}

type oscalCatalog struct {
	Metadata oscalMetadata  `json:"metadata"`
	Groups   []oscalGroup   `json:"groups"`
	Controls []oscalControl `json:"controls"`
}

type oscalGroup struct {
	ID       string         `json:"id"`
	Title    string         `json:"title"`
	Groups   []oscalGroup   `json:"groups"`
	Controls []oscalControl `json:"controls"`
}

type oscalControl struct {
	ID       shca.ControlID `json:"id"`
	Title    string         `json:"title"`
	Props    []oscalProp    `json:"props"`
	Controls []oscalControl `json:"controls"`
}

type oscalProp struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// catalog flattens the document.
func (o *oscalCatalog) catalog() (*Catalog, error) {
	var controls []Control
	families := map[string]string{}
	var addControls func(in []oscalControl, parent shca.ControlID)
	addControls = func(in []oscalControl, parent shca.ControlID) {
		for _, c := range in {
			controls = append(controls, Control{
				ID:        c.ID,
				Title:     oneLine(c.Title),
				Parent:    parent,
				Withdrawn: c.withdrawn(),
			})
			addControls(c.Controls, c.ID)
		}
	}
	var addGroups func(in []oscalGroup)
	addGroups = func(in []oscalGroup) {
		for _, g := range in {
			if g.ID != "" {
				families[strings.ToUpper(g.ID)] = oneLine(g.Title)
			}
			addControls(g.Controls, "")
			addGroups(g.Groups)
		}
	}
	addControls(o.Controls, "")
	addGroups(o.Groups)
	if len(controls) == 0 {
		return nil, errors.New("the catalog has no controls")
	}
	return newCatalog(oneLine(o.Metadata.Title), oneLine(o.Metadata.Version), controls, families)
}

func (c *oscalControl) withdrawn() bool {
	for _, p := range c.Props {
		if p.Name == "status" && strings.EqualFold(p.Value, "withdrawn") {
			return true
		}
	}
	return false
}

// oneLine collapses white space.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// readDocument reads the OSCAL file. Errors name it, and wrap fs.ErrNotExist
// if it is not there.
func readDocument(path string) (*document, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: is not a regular file; give an OSCAL file in JSON", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	doc, err := decodeDocument(f, maxDocument)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return doc, nil
}

// decodeDocument reads an OSCAL document of at most limit bytes.
func decodeDocument(r io.Reader, limit int64) (*document, error) {
	limited := &io.LimitedReader{R: r, N: limit + 1}
	in := bufio.NewReader(limited)
	if bom, _ := in.Peek(3); string(bom) == "\ufeff" {
		_, _ = in.Discard(3) // they are there
	}
	switch first, err := firstByte(in); {
	case err == io.EOF:
		return nil, errors.New("the file is empty")
	case err != nil:
		return nil, err
	case first == '<':
		return nil, errors.New("this is XML; OSCAL is read as JSON only, please convert it or use the publisher's JSON")
	case first != '{':
		return nil, errors.New("this is not JSON, perhaps YAML; OSCAL is read as JSON only, please convert it or use the publisher's JSON")
	}
	var doc document
	dec := json.NewDecoder(in)
	err := dec.Decode(&doc)
	if err == nil {
		if _, more := dec.Token(); more == nil {
			err = errors.New("something follows the JSON document")
		} else if more != io.EOF {
			err = more
		}
	}
	var typeErr *json.UnmarshalTypeError
	switch {
	case limited.N == 0:
		return nil, fmt.Errorf("is larger than %d MiB, the most that is read of an OSCAL file", limit>>20)
	case errors.As(err, &typeErr):
		return nil, fmt.Errorf("%s: is a JSON %s, which OSCAL does not have there", typeErr.Field, typeErr.Value)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("is not complete: the JSON ends early")
	case err != nil:
		return nil, fmt.Errorf("is not valid JSON: %w", err)
	case doc.Catalog == nil && doc.Profile == nil:
		return nil, errors.New("is neither an OSCAL catalog nor an OSCAL profile: it has no member \"catalog\" or \"profile\"")
	case doc.Catalog != nil && doc.Profile != nil:
		return nil, errors.New("has both a member \"catalog\" and a member \"profile\", want one")
	}
	return &doc, nil
}

// firstByte returns the first byte that is not white space, without taking it.
func firstByte(in *bufio.Reader) (byte, error) {
	for {
		b, err := in.ReadByte()
		if err != nil {
			return 0, err
		}
		switch b {
		case ' ', '\t', '\r', '\n':
			continue
		}
		return b, in.UnreadByte()
	}
}
