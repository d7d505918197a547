package rendertest

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Piece is a text on a page of a PDF, where one operator shows it.
type Piece struct {
	X, Y float64 // of its beginning, in points from the lower left corner
	Font string  // name of the font
	Size float64
	Text string
	// Tag is the marked content it belongs to, "Artifact" for headers and lines;
	// ID is that of the marked content, -1 if it has none.
	Tag string
	ID  int
}

// PDFPages returns the texts of each page of a PDF as package render/pdf writes
// it, in the order of writing: streams are packed or not, text is shown by Tj
// alone, and the codes of fonts are UTF-16. It reads no PDF of others.
func PDFPages(file []byte) ([][]Piece, error) {
	objects, err := PDFObjects(file)
	if err != nil {
		return nil, err
	}
	kids := regexp.MustCompile(`/Kids \[([0-9R ]*)\]`).FindSubmatch(objects[1])
	if kids == nil {
		return nil, errors.New("there are no pages")
	}
	fonts := map[string]string{} // names by that of the resource
	for _, m := range regexp.MustCompile(`(/F\w+) (\d+) 0 R`).FindAllSubmatch(objects[2], -1) {
		n, _ := strconv.Atoi(string(m[2]))
		name := regexp.MustCompile(`/BaseFont /(\w+)`).FindSubmatch(objects[n])
		if name == nil {
			return nil, fmt.Errorf("object %d is no font", n)
		}
		fonts[string(m[1])] = string(name[1])
	}
	var pages [][]Piece
	for _, m := range regexp.MustCompile(`(\d+) 0 R`).FindAllSubmatch(kids[1], -1) {
		n, _ := strconv.Atoi(string(m[1]))
		contents := regexp.MustCompile(`/Contents (\d+) 0 R`).FindSubmatch(objects[n])
		if contents == nil {
			return nil, fmt.Errorf("object %d is no page", n)
		}
		n, _ = strconv.Atoi(string(contents[1]))
		stream, err := pdfStream(objects[n])
		if err != nil {
			return nil, fmt.Errorf("object %d: %w", n, err)
		}
		pieces, err := pdfPieces(stream)
		if err != nil {
			return nil, fmt.Errorf("object %d: %w", n, err)
		}
		for i := range pieces {
			pieces[i].Font = fonts[pieces[i].Font]
		}
		pages = append(pages, pieces)
	}
	return pages, nil
}

// PDFObjects returns a PDF's objects by number, found by its cross-reference
// table.
func PDFObjects(file []byte) (map[int][]byte, error) {
	m := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(file)
	if m == nil {
		return nil, errors.New("there is no end")
	}
	at, _ := strconv.Atoi(string(m[1]))
	if at > len(file) || !bytes.HasPrefix(file[at:], []byte("xref\n0 ")) {
		return nil, errors.New("the cross-reference table is not where it is said to be")
	}
	objects := map[int][]byte{}
	for i, line := range strings.Split(string(file[at:]), "\n")[2:] {
		if len(line) != 19 {
			break
		}
		if i == 0 {
			continue
		}
		offset, err := strconv.Atoi(line[:10])
		head := fmt.Sprintf("%d 0 obj\n", i)
		if err != nil || offset > len(file) || !bytes.HasPrefix(file[offset:], []byte(head)) {
			return nil, fmt.Errorf("object %d is not where it is said to be", i)
		}
		body := file[offset+len(head):]
		end := bytes.Index(body, []byte("endobj\n"))
		if stream := bytes.Index(body, []byte("stream\n")); stream >= 0 && stream < end {
			after := bytes.Index(body[stream:], []byte("\nendstream\n"))
			end = stream + after + bytes.Index(body[stream+after:], []byte("endobj\n"))
		}
		objects[i] = body[:end]
	}
	return objects, nil
}

func pdfStream(object []byte) ([]byte, error) {
	head, data, ok := bytes.Cut(object, []byte("stream\n"))
	length := regexp.MustCompile(`/Length (\d+)`).FindSubmatch(head)
	if !ok || length == nil {
		return nil, errors.New("there is no stream")
	}
	n, _ := strconv.Atoi(string(length[1]))
	if n > len(data) || !bytes.HasPrefix(data[n:], []byte("\nendstream")) {
		return nil, errors.New("the stream is not as long as it says")
	}
	if !bytes.Contains(head, []byte("/FlateDecode")) {
		return data[:n], nil
	}
	z, err := zlib.NewReader(bytes.NewReader(data[:n]))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// pdfPieces runs the operators of a page that concern text.
func pdfPieces(stream []byte) ([]Piece, error) {
	var pieces []Piece
	now := Piece{ID: -1}
	var operands []string
	for len(stream) > 0 {
		c := stream[0]
		switch {
		case bytes.IndexByte([]byte(" \n\r\t"), c) >= 0:
			stream = stream[1:]
			continue
		case c == '(':
			text, rest, err := pdfString(stream[1:])
			if err != nil {
				return nil, err
			}
			operands, stream = append(operands, text), rest
			continue
		}
		end := bytes.IndexAny(stream[1:], " \n\r\t(") + 1
		if end == 0 {
			end = len(stream)
		}
		token := string(stream[:end])
		stream = stream[end:]
		if c == '/' || c == '[' || c == '<' || c == '>' || strings.HasSuffix(token, ">>") || strings.Trim(token, "+-.0123456789]") == "" {
			operands = append(operands, token)
			continue
		}
		number := func(i int) float64 { f, _ := strconv.ParseFloat(operands[i], 64); return f }
		last := len(operands)
		switch token {
		case "BT":
			now.X, now.Y = 0, 0
		case "Tf":
			now.Font, now.Size = operands[last-2], number(last-1)
		case "Td":
			now.X, now.Y = now.X+number(last-2), now.Y+number(last-1)
		case "Tj":
			now.Text = operands[last-1]
			pieces = append(pieces, now)
		case "TJ", "'", "\"", "Tm", "T*", "TD":
			return nil, fmt.Errorf("operator %s is not expected", token)
		case "BMC":
			now.Tag, now.ID = strings.TrimPrefix(operands[last-1], "/"), -1
		case "BDC": // /P <</MCID 3>> BDC
			now.Tag = strings.TrimPrefix(operands[last-3], "/")
			now.ID, _ = strconv.Atoi(strings.TrimSuffix(operands[last-1], ">>"))
		case "EMC":
			now.Tag, now.ID = "", -1
		}
		operands = nil
	}
	return pieces, nil
}

// pdfString reads a string of UTF-16 behind its opening parenthesis.
func pdfString(s []byte) (text string, rest []byte, err error) {
	var b []byte
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ')':
			var codes []uint16
			for j := 0; j+1 < len(b); j += 2 {
				codes = append(codes, uint16(b[j])<<8|uint16(b[j+1]))
			}
			if len(b)%2 != 0 {
				return "", nil, errors.New("half a character")
			}
			return string(utf16.Decode(codes)), s[i+1:], nil
		case '\\':
			if i++; i < len(s) && s[i] == 'r' {
				b = append(b, '\r')
			} else if i < len(s) {
				b = append(b, s[i])
			}
		default:
			b = append(b, s[i])
		}
	}
	return "", nil, errors.New("a string has no end")
}

// pdfText is the text of a PDF: a line for each paragraph, heading and row of a
// table, and pages end with a form feed.
func pdfText(file []byte) (string, error) {
	pages, err := PDFPages(file)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, page := range pages {
		b.WriteString(strings.Join(PDFLines(page), "\n"))
		b.WriteString("\n\f\n")
	}
	return b.String(), nil
}

// PDFLines returns the paragraphs, headings and rows of tables of a page, in the
// order of writing, as reading software puts them together: the lines of marked
// content follow one another directly, and the cells that begin at the same
// height make a row.
func PDFLines(page []Piece) []string {
	type place struct {
		tag string
		id  int
		y   float64
	}
	var lines []string
	rows, contents := map[place]int{}, map[int]int{}
	for _, p := range page {
		if i, ok := contents[p.ID]; ok && p.ID >= 0 {
			lines[i] += p.Text
			continue
		}
		at := place{p.Tag, p.ID, p.Y}
		switch p.Tag {
		case "TD", "TH":
			at = place{tag: "TR", y: p.Y}
		case "H3", "TOCI": // in several pieces
			at.id = -1
		}
		i, ok := rows[at]
		if !ok {
			i = len(lines)
			rows[at] = i
			lines = append(lines, "")
		} else {
			lines[i] += " "
		}
		lines[i] += p.Text
		contents[p.ID] = i
	}
	return lines
}

// PDFElement is an element of a PDF's logical structure that has text of its own,
// in reading order.
type PDFElement struct {
	Tag  string
	Page int // where it begins, from 1
	Text string
}

// PDFStructure returns the elements that have text, as reading software meets
// them. Each marked content that the pages have must be in the structure once.
func PDFStructure(file []byte) ([]PDFElement, error) {
	objects, err := PDFObjects(file)
	if err != nil {
		return nil, err
	}
	pages, err := PDFPages(file)
	if err != nil {
		return nil, err
	}
	type place struct{ page, id int }
	contents := map[place]string{}
	numbers := map[string]int{} // of pages by object
	for n, m := range regexp.MustCompile(`(\d+) 0 R`).FindAllSubmatch(regexp.MustCompile(`/Kids \[[0-9R ]*\]`).Find(objects[1]), -1) {
		numbers[string(m[1])] = n + 1
	}
	for n, page := range pages {
		for _, p := range page {
			if p.ID >= 0 {
				contents[place{n + 1, p.ID}] += p.Text
			} else if p.Tag != "Artifact" {
				return nil, fmt.Errorf("page %d: %q is outside the structure", n+1, p.Text)
			}
		}
	}
	var elements []PDFElement
	kid := regexp.MustCompile(`<</Type /MCR /Pg (\d+) 0 R /MCID (\d+)>>|(\d+) 0 R`)
	element := regexp.MustCompile(`(?s)^<</Type /StructElem /S /(\w+) /P (\d+) 0 R.*?/K \[(.*)\]>>\n$`)
	var walk func(number, parent string) error
	walk = func(number, parent string) error {
		n, _ := strconv.Atoi(number)
		m := element.FindSubmatch(objects[n])
		if m == nil || string(m[2]) != parent {
			return fmt.Errorf("object %s is no element below %s", number, parent)
		}
		e := PDFElement{Tag: string(m[1])}
		at := len(elements)
		elements = append(elements, e) // before its kids
		for _, k := range kid.FindAllSubmatch(m[3], -1) {
			if len(k[3]) > 0 {
				if err := walk(string(k[3]), number); err != nil {
					return err
				}
				continue
			}
			id, _ := strconv.Atoi(string(k[2]))
			key := place{numbers[string(k[1])], id}
			e.Text += contents[key]
			if e.Page == 0 {
				e.Page = key.page
			}
			delete(contents, key)
		}
		elements[at] = e
		return nil
	}
	structRoot := regexp.MustCompile(`^<</Type /StructTreeRoot /K (\d+) 0 R`)
	for n, o := range objects {
		if root := structRoot.FindSubmatch(o); root != nil {
			if err := walk(string(root[1]), strconv.Itoa(n)); err != nil {
				return nil, err
			}
		}
	}
	if len(contents) > 0 || elements == nil {
		return nil, fmt.Errorf("%d texts are not in the structure: %.300v", len(contents), contents)
	}
	return slices.DeleteFunc(elements, func(e PDFElement) bool { return e.Text == "" }), nil
}
