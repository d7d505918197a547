package pdf

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// tree is the logical structure of the document: what is a heading, a paragraph,
// a cell of a table, and in which order they are read. Screen readers and
// whoever extracts the text rely on it, and US agencies must ask for it (Section
// 508). The library knows nothing of it, so marks are written between its
// operators, and complete adds the tree itself.
//
// The terms are those of ISO 32000-1, 14.7 and 14.8.
type tree struct {
	root    *element
	current *element
	inside  *element     // whose marked content is open; nil and marked: an artifact's
	marked  bool         // marked content is open
	hidden  int          // what is drawn is an artifact: lines, areas, headers
	pages   [][]*element // by page and id of marked content: whose it is
}

// element is a part of the structure.
type element struct {
	tag    string
	scope  string // of a heading of a table: Column or Row
	parent *element
	kids   []kid
	object int
}

// kid is an element, or marked content of a page.
type kid struct {
	*element
	page, id int
}

func (t *tree) init() {
	t.root = &element{tag: "Document"}
	t.current = t.root
}

// in draws what belongs to a new element.
func (d *document) in(tag string, draw func()) { d.within(d.element(tag), draw) }

// element adds an empty element.
func (d *document) element(tag string) *element {
	e := &element{tag: tag, parent: d.tree.current}
	d.tree.current.kids = append(d.tree.current.kids, kid{element: e})
	return e
}

// within draws what belongs to an element.
func (d *document) within(e *element, draw func()) {
	outer := d.tree.current
	d.tree.current = e
	draw()
	d.tree.current = outer
}

// artifact draws what tells nothing that the text does not.
func (d *document) artifact(draw func()) {
	d.tree.hidden++
	d.tree.open(d)
	draw()
	d.tree.hidden--
}

// open marks what is drawn next.
func (t *tree) open(d *document) {
	owner := t.current
	if t.hidden > 0 {
		owner = nil
	}
	if t.marked && t.inside == owner {
		return
	}
	d.unmark()
	t.marked, t.inside = true, owner
	if owner == nil {
		d.RawWriteStr("/Artifact BMC")
		return
	}
	page := d.PageNo()
	id := len(t.pages[page-1])
	t.pages[page-1] = append(t.pages[page-1], owner)
	owner.kids = append(owner.kids, kid{page: page, id: id})
	d.RawWriteStr(fmt.Sprintf("/%s <</MCID %d>> BDC", owner.tag, id))
}

// unmark ends marked content.
func (d *document) unmark() {
	if d.tree.marked {
		d.RawWriteStr("EMC")
	}
	d.tree.marked = false
}

// complete returns the document with what the library does not write: the
// structure, that readers show the title instead of the file's name, and an
// identifier. It numbers no object of the library's anew.
func (d *document) complete() ([]byte, error) {
	d.unmark()
	var raw bytes.Buffer
	if err := d.Output(&raw); err != nil {
		return nil, err
	}
	objects, err := readObjects(raw.Bytes())
	if err != nil {
		return nil, err
	}
	catalog := len(objects) - 1 // the library's last object, after the information
	if !bytes.Contains(objects[catalog], []byte("/Type /Catalog")) {
		return nil, errNotAsExpected
	}
	for page := range d.tree.pages {
		// The library numbers pages 3, 5, 7 and so on.
		object := pageObject(page + 1)
		changed := bytes.Replace(objects[object], []byte("/Type /Page\n"), fmt.Appendf(nil, "/Type /Page\n/StructParents %d\n/Tabs /S\n", page), 1)
		if len(changed) == len(objects[object]) {
			return nil, errNotAsExpected
		}
		objects[object] = changed
	}
	structure := len(objects)
	objects[catalog] = bytes.Replace(objects[catalog], []byte("/Type /Catalog\n"),
		fmt.Appendf(nil, "/Type /Catalog\n/StructTreeRoot %d 0 R\n/MarkInfo <</Marked true>>\n/ViewerPreferences <</DisplayDocTitle true>>\n", structure), 1)
	objects = d.tree.objects(objects)
	return writeObjects(objects, catalog), nil
}

func pageObject(page int) int { return 2*page + 1 }

var errNotAsExpected = errors.New("pdf: the library wrote a document of another form than this package knows")

// objects appends the objects of the structure.
func (t *tree) objects(list [][]byte) [][]byte {
	root, parents := len(list), len(list)+1
	next := parents + 1
	var number func(e *element)
	var all []*element
	number = func(e *element) {
		e.object = next
		next++
		all = append(all, e)
		for _, k := range e.kids {
			if k.element != nil {
				number(k.element)
			}
		}
	}
	number(t.root)
	list = append(list, object(root, "<</Type /StructTreeRoot /K %d 0 R /ParentTree %d 0 R /ParentTreeNextKey %d>>", t.root.object, parents, len(t.pages)))
	numbers := []byte("<</Nums [")
	for page, owners := range t.pages {
		numbers = fmt.Appendf(numbers, "%d [", page)
		for _, e := range owners {
			numbers = fmt.Appendf(numbers, "%d 0 R ", e.object)
		}
		numbers = append(numbers, "]\n"...)
	}
	list = append(list, object(parents, "%s", append(numbers, "]>>"...)))
	for _, e := range all {
		parent := root
		if e.parent != nil {
			parent = e.parent.object
		}
		text := fmt.Appendf(nil, "<</Type /StructElem /S /%s /P %d 0 R", e.tag, parent)
		if e.scope != "" {
			text = fmt.Appendf(text, " /A <</O /Table /Scope /%s>>", e.scope)
		}
		text = append(text, " /K ["...)
		for _, k := range e.kids {
			if k.element != nil {
				text = fmt.Appendf(text, "%d 0 R ", k.object)
			} else {
				text = fmt.Appendf(text, "<</Type /MCR /Pg %d 0 R /MCID %d>> ", pageObject(k.page), k.id)
			}
		}
		list = append(list, object(e.object, "%s", append(text, "]>>"...)))
	}
	return list
}

func object(number int, format string, args ...any) []byte {
	text := fmt.Appendf(nil, "%d 0 obj\n", number)
	return append(fmt.Appendf(text, format, args...), "\nendobj\n"...)
}

// readObjects takes the library's document apart by its cross-reference table:
// element n is object n, from its number to "endobj".
func readObjects(file []byte) ([][]byte, error) {
	const mark = "startxref\n"
	at := bytes.LastIndex(file, []byte(mark))
	if at < 0 {
		return nil, errNotAsExpected
	}
	digits, _, _ := bytes.Cut(file[at+len(mark):], []byte("\n"))
	table, err := strconv.Atoi(string(digits))
	if err != nil || table >= at {
		return nil, errNotAsExpected
	}
	lines := bytes.Split(file[table:at], []byte("\n"))
	offsets := []int{}
	for _, line := range lines[min(2, len(lines)):] { // below "xref" and the range
		if !bytes.HasSuffix(line, []byte(" n ")) && !bytes.HasSuffix(line, []byte(" f ")) {
			break
		}
		offset, err := strconv.Atoi(string(line[:10]))
		if err != nil || offset > table {
			return nil, errNotAsExpected
		}
		offsets = append(offsets, offset)
	}
	if len(offsets) < 5 {
		return nil, errNotAsExpected
	}
	ends := append(slices.Sorted(slices.Values(offsets)), table)
	objects := make([][]byte, len(offsets))
	for i, offset := range offsets[1:] {
		next, _ := slices.BinarySearch(ends, offset+1)
		objects[i+1] = file[offset:ends[next]]
	}
	return objects, nil
}

// writeObjects puts a document together again.
func writeObjects(objects [][]byte, catalog int) []byte {
	size := 1000
	for _, o := range objects {
		size += len(o) + 20
	}
	file := make([]byte, 0, size)
	// 1.7 is the version of ISO 32000-1. Bytes above 127 tell that it is no text.
	file = append(file, "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"...)
	offsets := make([]int, len(objects))
	for i, o := range objects {
		if i > 0 {
			offsets[i] = len(file)
			file = append(file, o...)
		}
	}
	id := sha256.Sum256(file)
	table := len(file)
	file = fmt.Appendf(file, "xref\n0 %d\n0000000000 65535 f \n", len(objects))
	for _, offset := range offsets[1:] {
		file = fmt.Appendf(file, "%010d 00000 n \n", offset)
	}
	return fmt.Appendf(file, "trailer\n<</Size %d /Root %d 0 R /Info %d 0 R /ID [<%x> <%x>]>>\nstartxref\n%d\n%%%%EOF\n",
		len(objects), catalog, catalog-1, id[:16], id[:16], table)
}
