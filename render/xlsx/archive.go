package xlsx

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// archive is where excelize writes the parts of the workbook. It goes straight to
// the writer, where excelize would hold the whole file in memory, and puts the
// rows into the sheets, which excelize knows without any.
type archive struct {
	*zip.Writer
	ctx   context.Context   // of Render; excelize has no place for it
	parts map[string]*sheet // by the name of their part
	err   error             // the first; excelize goes on after some
}

// write writes the workbook.
func write(ctx context.Context, w io.Writer, b *book) error {
	z := &archive{Writer: zip.NewWriter(w), ctx: ctx, parts: map[string]*sheet{}}
	for i, s := range b.sheets {
		z.parts[fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1)] = s
	}
	b.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return z })
	err := b.file.Write(io.Discard)
	if z.err != nil {
		return z.err
	}
	if err == nil && len(z.parts) > 0 {
		err = errors.New("a sheet of the workbook was not written")
	}
	return err
}

// Create begins a part.
func (z *archive) Create(name string) (io.Writer, error) {
	if z.err == nil {
		z.err = z.ctx.Err()
	}
	if z.err != nil {
		return nil, z.err
	}
	w, err := z.Writer.Create(name)
	if err != nil {
		return nil, z.failed(err)
	}
	p := &part{archive: z, w: w}
	if s := z.parts[name]; s != nil {
		p.sheet = s
		delete(z.parts, name)
	}
	return p, nil
}

// Close ends the archive.
func (z *archive) Close() error { return z.failed(z.Writer.Close()) }

func (z *archive) failed(err error) error {
	if z.err == nil {
		z.err = err
	}
	return err
}

// part is one part of the workbook.
type part struct {
	*archive
	w     io.Writer
	sheet *sheet // nil for other parts
}

// Write takes a part whole, as excelize hands it over.
func (p *part) Write(b []byte) (int, error) {
	if p.sheet == nil {
		n, err := p.w.Write(b)
		return n, p.failed(err)
	}
	return len(b), p.failed(p.splice(b))
}

// splice writes a sheet's part with the sheet's rows in it.
func (p *part) splice(b []byte) error {
	const begin, end = "<sheetData>", "</sheetData>"
	before, rest, ok := bytes.Cut(b, []byte(begin))
	_, after, also := bytes.Cut(rest, []byte(end))
	if !ok || !also {
		return fmt.Errorf("sheet %s has no place for its rows", p.sheet.name)
	}
	for _, piece := range []func(io.Writer) error{
		verbatim(string(before), begin), verbatim(string(p.sheet.rows.buf)), p.sheet.more, verbatim(end, string(after)),
	} {
		if piece == nil {
			continue
		}
		if err := piece(p.w); err != nil {
			return err
		}
	}
	return nil
}

func verbatim(texts ...string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, strings.Join(texts, ""))
		return err
	}
}
