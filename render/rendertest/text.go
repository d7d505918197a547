package rendertest

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"testing"
)

// Text returns what a reader sees of an artifact: a workbook's rows, a PDF's
// paragraphs and rows, and of anything else the file as it is, unpacked.
func Text(t *testing.T, b []byte) string {
	text, _ := plain(t, b)
	return text
}

// plain returns a file's text. It unpacks gzip, and returns its header besides;
// of a workbook it returns the rows, of a PDF the paragraphs and rows.
func plain(t *testing.T, b []byte) (text, header string) {
	t.Helper()
	switch {
	case bytes.HasPrefix(b, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		return string(all), z.Comment
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		text, err := workbookText(b)
		if err != nil {
			t.Fatal(err)
		}
		return text, ""
	case bytes.HasPrefix(b, []byte("%PDF-")):
		text, err := pdfText(b)
		if err != nil {
			t.Fatal(err)
		}
		return text, ""
	}
	return string(b), ""
}

// workbookText returns the rows of every sheet of a workbook in the order of the
// sheets, one a line, with tabs between cells and spaces for line breaks in them.
// Numbers shown as percentages are printed so, with two decimals.
func workbookText(b []byte) (string, error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return "", err
	}
	var book struct {
		Sheets []struct {
			Name string `xml:"name,attr"`
			ID   string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := readPart(z, "xl/workbook.xml", &book); err != nil {
		return "", err
	}
	var links struct {
		All []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := readPart(z, "xl/_rels/workbook.xml.rels", &links); err != nil {
		return "", err
	}
	targets := map[string]string{}
	for _, l := range links.All {
		targets[l.ID] = l.Target
	}
	var strs sharedStrings
	if hasPart(z, "xl/sharedStrings.xml") {
		if err := readPart(z, "xl/sharedStrings.xml", &strs); err != nil {
			return "", err
		}
	}
	percent, err := percentStyles(z)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for _, s := range book.Sheets {
		target := targets[s.ID]
		if !strings.HasPrefix(target, "/") {
			target = path.Join("xl", target)
		}
		var sheet worksheet
		if err := readPart(z, strings.TrimPrefix(target, "/"), &sheet); err != nil {
			return "", fmt.Errorf("sheet %s: %w", s.Name, err)
		}
		for _, row := range sheet.Rows {
			for i, c := range row.Cells {
				if i > 0 {
					text.WriteByte('\t')
				}
				value, err := c.text(strs, percent)
				if err != nil {
					return "", fmt.Errorf("sheet %s, cell %s: %w", s.Name, c.Ref, err)
				}
				text.WriteString(strings.Join(strings.Fields(value), " "))
			}
			text.WriteByte('\n')
		}
	}
	return text.String(), nil
}

// richText is a string of SpreadsheetML: a text, or runs of it.
type richText struct {
	Text string   `xml:"t"`
	Runs []string `xml:"r>t"`
}

func (t richText) String() string { return t.Text + strings.Join(t.Runs, "") }

type sharedStrings struct {
	Items []richText `xml:"si"`
}

type worksheet struct {
	Rows []struct {
		Cells []workbookCell `xml:"c"`
	} `xml:"sheetData>row"`
}

type workbookCell struct {
	Ref    string   `xml:"r,attr"`
	Type   string   `xml:"t,attr"`
	Style  int      `xml:"s,attr"`
	Value  string   `xml:"v"`
	Inline richText `xml:"is"`
}

func (c workbookCell) text(strs sharedStrings, percent map[int]bool) (string, error) {
	switch {
	case c.Type == "inlineStr":
		return c.Inline.String(), nil
	case c.Type == "s":
		i, err := strconv.Atoi(c.Value)
		if err != nil || i < 0 || i >= len(strs.Items) {
			return "", fmt.Errorf("there is no string %q", c.Value)
		}
		return strs.Items[i].String(), nil
	case c.Value != "" && percent[c.Style]:
		n, err := strconv.ParseFloat(c.Value, 64)
		return strconv.FormatFloat(100*n, 'f', 2, 64) + " %", err
	}
	return c.Value, nil
}

// percentStyles returns the cell styles whose number format has a percent sign.
func percentStyles(z *zip.Reader) (map[int]bool, error) {
	var styles struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := readPart(z, "xl/styles.xml", &styles); err != nil {
		return nil, err
	}
	percent := map[int]bool{9: true, 10: true} // built in: 0% and 0.00%
	for _, f := range styles.Formats {
		percent[f.ID] = strings.Contains(f.Code, "%")
	}
	cells := map[int]bool{}
	for i, c := range styles.Cells {
		cells[i] = percent[c.Format]
	}
	return cells, nil
}

func hasPart(z *zip.Reader, name string) bool {
	f, err := z.Open(name)
	if err == nil {
		_ = f.Close() // it was only looked for
	}
	return err == nil
}

func readPart(z *zip.Reader, name string, v any) error {
	f, err := z.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := xml.NewDecoder(f).Decode(v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
