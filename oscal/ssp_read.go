package oscal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const sspKey = "system-security-plan"

// maxSSP is the size of the largest system security plan that is updated, which
// is held in memory.
const maxSSP = 256 << 20

// place is where in a document something is: its file and its JSON pointer.
type place struct{ file, pointer string }

func (p place) at(keys ...any) place {
	for _, key := range keys {
		p.pointer = pointerTo(p.pointer, key)
	}
	return p
}

func (p place) fail(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if p.pointer == "" {
		return fmt.Errorf("%s: %w", p.file, err)
	}
	return fmt.Errorf("%s: %s: %w", p.file, p.pointer, err)
}

// ssp is a system security plan that people own.
type ssp struct {
	place
	text     []byte  // as it was read, without a byte order mark
	document *object // the root object
	plan     *object // its member system-security-plan
	version  string  // of OSCAL
}

// readSSP reads a system security plan and checks no more of it than that it is
// one of a version that can be updated.
func readSSP(path string) (*ssp, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSSP+1))
	_ = f.Close() // it was only read
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(text) > maxSSP {
		return nil, fmt.Errorf("%s: larger than %d MiB", path, maxSSP>>20)
	}
	s := &ssp{place: place{file: path}, text: bytes.TrimPrefix(text, []byte("\uFEFF"))}
	var whole json.RawMessage
	if err := json.Unmarshal(s.text, &whole); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			line := 1 + bytes.Count(s.text[:min(int(syntax.Offset), len(s.text))], []byte("\n"))
			return nil, fmt.Errorf("%s: is not JSON: line %d: %w", path, line, err)
		}
		return nil, fmt.Errorf("%s: is not JSON: %w", path, err)
	}
	if s.document, err = readObject(whole); err != nil {
		return nil, s.fail("is no system security plan: %w", err)
	}
	if _, ok := s.document.values[sspKey]; !ok {
		return nil, s.fail("is no system security plan: its root is %.80q", s.root())
	}
	if s.plan, err = s.child(s.document, s.place, sspKey); err != nil {
		return nil, err
	}
	at := s.at(sspKey, "metadata")
	metadata, err := s.child(s.plan, s.at(sspKey), "metadata")
	if err != nil {
		return nil, err
	}
	if s.version = metadata.text("oscal-version"); !strings.HasPrefix(s.version, "1.") {
		return nil, at.at("oscal-version").fail("%.40q is no version of OSCAL 1, the only one that can be updated", s.version)
	}
	return s, nil
}

// root is the name of the document's root, "" for an empty one.
func (s *ssp) root() string {
	for _, key := range s.document.keys {
		if !strings.HasPrefix(key, "$") {
			return key
		}
	}
	return ""
}

// child is a member that must be there and be an object.
func (s *ssp) child(of *object, at place, key string) (*object, error) {
	if _, ok := of.values[key]; !ok {
		return nil, at.fail("there is no %s", key)
	}
	child, err := of.object(key)
	if err != nil {
		return nil, at.at(key).fail("%w", err)
	}
	return child, nil
}

// children are the objects of a member that is an array; none without it.
func (s *ssp) children(of *object, at place, key string) ([]*object, error) {
	raw, err := of.array(key)
	if err != nil {
		return nil, at.at(key).fail("is not an array")
	}
	children := make([]*object, len(raw))
	for i := range raw {
		if children[i], err = readObject(raw[i]); err != nil {
			return nil, at.at(key, i).fail("%w", err)
		}
	}
	return children, nil
}

// sspSystem is the first identifier and the name of the system in the system
// security plan at the path.
func sspSystem(path string) (id, name string, err error) {
	s, err := readSSP(path)
	if err != nil {
		return "", "", err
	}
	return s.system()
}

func (s *ssp) system() (id, name string, err error) {
	at := s.at(sspKey, "system-characteristics")
	characteristics, err := s.child(s.plan, s.at(sspKey), "system-characteristics")
	if err != nil {
		return "", "", err
	}
	ids, err := s.children(characteristics, at, "system-ids")
	if err != nil {
		return "", "", err
	}
	if len(ids) == 0 || ids[0].text("id") == "" {
		return "", "", at.at("system-ids").fail("there is no id of the system")
	}
	return ids[0].text("id"), characteristics.text("system-name"), nil
}

// layOut prints the document in the layout that it had: its indentation, its
// line ends, or none of either.
func (s *ssp) layOut() ([]byte, error) {
	raw, err := encode(s.document)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	body := bytes.TrimSpace(s.text)
	if !bytes.Contains(body, []byte("\n")) {
		err = json.Compact(&out, raw)
	} else {
		err = json.Indent(&out, raw, "", indentation(body))
	}
	if err != nil {
		return nil, err
	}
	if bytes.HasSuffix(s.text, []byte("\n")) {
		out.WriteByte('\n')
	}
	if bytes.Contains(s.text, []byte("\r\n")) { // no string of JSON holds a raw line end
		return bytes.ReplaceAll(out.Bytes(), []byte("\n"), []byte("\r\n")), nil
	}
	return out.Bytes(), nil
}
