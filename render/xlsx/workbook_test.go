package xlsx_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/render/xlsx"
)

// workbook is a workbook as a reader of its own finds it.
type workbook struct {
	parts  map[string]string
	sheets map[string]*worksheet
	names  []string          // of the sheets, in order
	ranges map[string]string // defined names by sheet and name: "Controls _xlnm.Print_Area"
	styles []cellStyle
}

type cellStyle struct {
	Format string // number format
	Fill   string // RRGGBB
}

type worksheet struct {
	Dimension struct {
		Ref string `xml:"ref,attr"`
	} `xml:"dimension"`
	Pane struct {
		X     int    `xml:"xSplit,attr"`
		Y     int    `xml:"ySplit,attr"`
		State string `xml:"state,attr"`
	} `xml:"sheetViews>sheetView>pane"`
	Rows []struct {
		Number int `xml:"r,attr"`
		Cells  []struct {
			Ref     string   `xml:"r,attr"`
			Type    string   `xml:"t,attr"`
			Style   int      `xml:"s,attr"`
			Value   string   `xml:"v"`
			Inline  string   `xml:"is>t"`
			Formula []string `xml:"f"`
		} `xml:"c"`
	} `xml:"sheetData>row"`
	AutoFilter struct {
		Ref string `xml:"ref,attr"`
	} `xml:"autoFilter"`
	Conditional []struct {
		Range string   `xml:"sqref,attr"`
		Rules []string `xml:"cfRule>formula"`
	} `xml:"conditionalFormatting"`
	Links []struct {
		Ref      string `xml:"ref,attr"`
		Location string `xml:"location,attr"`
		ID       string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
	} `xml:"hyperlinks>hyperlink"`
	Layout struct {
		Orientation string `xml:"orientation,attr"`
		FitToWidth  int    `xml:"fitToWidth,attr"`
	} `xml:"pageSetup"`
	Head string `xml:"headerFooter>oddHeader"`
	Foot string `xml:"headerFooter>oddFooter"`
}

// value is a cell: a text, or a number as it is stored.
type value struct {
	Text, Number string
	Style        cellStyle
}

// render renders the assessment and reads the workbook, checking what has to
// hold for any.
func render(t *testing.T, a *shca.Assessment) *workbook {
	t.Helper()
	var b bytes.Buffer
	if err := xlsx.Render(t.Context(), &b, a); err != nil {
		t.Fatal(err)
	}
	return read(t, b.Bytes())
}

func read(t *testing.T, b []byte) *workbook {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	w := &workbook{parts: map[string]string{}, sheets: map[string]*worksheet{}, ranges: map[string]string{}}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := w.parts[f.Name]; twice {
			t.Errorf("part %s is there twice", f.Name)
		}
		w.parts[f.Name] = string(content)
		for d := xml.NewDecoder(bytes.NewReader(content)); ; { // well-formed?
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
		}
	}
	w.checkParts(t)
	w.readStyles(t)
	var book struct {
		Sheets []struct {
			Name string `xml:"name,attr"`
		} `xml:"sheets>sheet"`
		Defined []struct {
			Name  string `xml:"name,attr"`
			Sheet int    `xml:"localSheetId,attr"`
			To    string `xml:",chardata"`
		} `xml:"definedNames>definedName"`
	}
	w.decode(t, "xl/workbook.xml", &book)
	for i, s := range book.Sheets {
		sheet := &worksheet{}
		w.decode(t, fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1), sheet)
		w.sheets[s.Name] = sheet
		w.names = append(w.names, s.Name)
		last := 0
		for _, row := range sheet.Rows {
			if row.Number <= last {
				t.Errorf("%s: row %d follows row %d", s.Name, row.Number, last)
			}
			last = row.Number
			for _, c := range row.Cells {
				if len(c.Formula) > 0 {
					t.Errorf("%s: cell %s has a formula %q", s.Name, c.Ref, c.Formula)
				}
				if n := len(utf16.Encode([]rune(unescape(c.Inline)))); n > 32767 {
					t.Errorf("%s: cell %s has %d UTF-16 units", s.Name, c.Ref, n)
				}
				if c.Inline != "" && c.Type != "inlineStr" || c.Value != "" && c.Type != "" {
					t.Errorf("%s: cell %s is of type %q", s.Name, c.Ref, c.Type)
				}
				if c.Value != "" {
					if _, err := strconv.ParseFloat(c.Value, 64); err != nil {
						t.Errorf("%s: cell %s: %v", s.Name, c.Ref, err)
					}
				}
			}
		}
		for _, text := range []string{sheet.Head, sheet.Foot} {
			if n := len(utf16.Encode([]rune(text))); n > 255 {
				t.Errorf("%s: a header or footer has %d UTF-16 units: %q", s.Name, n, text)
			}
		}
	}
	for _, d := range book.Defined {
		w.ranges[book.Sheets[d.Sheet].Name+" "+d.Name] = d.To
	}
	return w
}

// checkParts checks that every part that another one names is there, and that
// each has a type; Excel repairs a workbook of which this does not hold.
func (w *workbook) checkParts(t *testing.T) {
	var types struct {
		Defaults []struct {
			Extension string `xml:"Extension,attr"`
		} `xml:"Default"`
		Overrides []struct {
			Part string `xml:"PartName,attr"`
		} `xml:"Override"`
	}
	w.decode(t, "[Content_Types].xml", &types)
	typed := map[string]bool{"[Content_Types].xml": true}
	for _, o := range types.Overrides {
		name := strings.TrimPrefix(o.Part, "/")
		if _, ok := w.parts[name]; !ok || typed[name] {
			t.Errorf("the content types name %s, which is not there or named twice", name)
		}
		typed[name] = true
	}
	for name, content := range w.parts {
		if strings.HasSuffix(name, ".rels") {
			var rels struct {
				All []struct {
					Target string `xml:"Target,attr"`
					Mode   string `xml:"TargetMode,attr"`
				} `xml:"Relationship"`
			}
			if err := xml.Unmarshal([]byte(content), &rels); err != nil {
				t.Fatal(err)
			}
			from := path.Dir(path.Dir(name)) // xl/_rels/workbook.xml.rels is of xl/workbook.xml
			for _, r := range rels.All {
				target := path.Join(from, r.Target)
				if strings.HasPrefix(r.Target, "/") {
					target = r.Target[1:]
				}
				if _, ok := w.parts[target]; !ok && r.Mode != "External" {
					t.Errorf("%s leads to %s, which is not there", name, target)
				}
			}
		} else if !typed[name] {
			t.Errorf("part %s has no type of its own", name)
		}
	}
}

func (w *workbook) decode(t *testing.T, part string, v any) {
	t.Helper()
	if err := xml.Unmarshal([]byte(w.parts[part]), v); err != nil {
		t.Fatalf("%s: %v", part, err)
	}
}

func (w *workbook) readStyles(t *testing.T) {
	var s struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Fills []struct {
			Color struct {
				RGB string `xml:"rgb,attr"`
			} `xml:"patternFill>fgColor"`
		} `xml:"fills>fill"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
			Fill   int `xml:"fillId,attr"`
		} `xml:"cellXfs>xf"`
	}
	w.decode(t, "xl/styles.xml", &s)
	codes := map[int]string{0: "General", 3: "#,##0", 49: "@"}
	for _, f := range s.Formats {
		codes[f.ID] = f.Code
	}
	for _, c := range s.Cells {
		w.styles = append(w.styles, cellStyle{codes[c.Format], strings.TrimPrefix(s.Fills[c.Fill].Color.RGB, "FF")})
	}
}

// table returns the rows of a sheet below the one that begins with the text on,
// as cells by the text of that row.
func (w *workbook) table(t *testing.T, sheet, first string) (rows []map[string]value) {
	t.Helper()
	var head map[string]string // by column letters
	for _, row := range w.sheets[sheet].Rows {
		if head == nil {
			if len(row.Cells) > 0 && row.Cells[0].Inline == first {
				head = map[string]string{}
				for _, c := range row.Cells {
					head[strings.TrimRight(c.Ref, "0123456789")] = c.Inline
				}
			}
			continue
		}
		cells := map[string]value{}
		for _, c := range row.Cells {
			v := value{unescape(c.Inline), c.Value, w.styles[c.Style]}
			if v.Text != "" && v.Style.Format != "@" && v.Style.Format != "#,##0" { // "more than 1000"
				t.Errorf("%s: cell %s has the text %.50q in the format %q", sheet, c.Ref, v.Text, v.Style.Format)
			}
			cells[head[strings.TrimRight(c.Ref, "0123456789")]] = v
		}
		rows = append(rows, cells)
	}
	if head == nil {
		t.Fatalf("%s: no row begins with %q", sheet, first)
	}
	return rows
}

// text is all text of a sheet, a row a line.
func (w *workbook) text(sheet string) string {
	var b strings.Builder
	for _, row := range w.sheets[sheet].Rows {
		for _, c := range row.Cells {
			b.WriteString(unescape(c.Inline) + c.Value + "\t")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

var escaped = regexp.MustCompile(`_[xX][0-9a-fA-F]{4}_`)

// unescape reads a string as Excel does.
func unescape(s string) string {
	return escaped.ReplaceAllStringFunc(s, func(e string) string {
		n, err := strconv.ParseUint(e[2:6], 16, 32)
		if err != nil {
			panic(err)
		}
		return string(rune(n))
	})
}

// decode returns the text of an XML element.
func decode(element string) (string, error) {
	var text string
	err := xml.Unmarshal([]byte(element), &text)
	return text, err
}
