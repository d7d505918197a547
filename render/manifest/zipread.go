package manifest

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"
)

// The archive is read by code of our own: archive/zip, like most programs, takes
// the table at the end for what is there. Other programs go by what stands in
// front of each file. An archive in which the two differ, or that has bytes that
// belong to neither, shows different files to different readers.

// Bounds of what is read of the table.
const (
	maxEntries  = 1_000_000
	maxZipTable = 128 << 20
)

// archive is an opened zip archive.
type archive struct {
	r       io.ReaderAt
	entries []entry // in order of their names
	sealed  bool    // it has a comment of ours, which is right
}

// entry is a file in an archive.
type entry struct {
	name         string
	method       uint16
	flags        uint16
	crc          uint32
	packed, size int64
	header, data int64       // where its header and its bytes begin
	mode         fs.FileMode // the type only
}

var (
	errZipDamaged = errors.New("the archive is damaged, or has been changed")
	errNotZip     = errors.New("is no zip archive, or one that is cut off")
)

func damagedZip(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errZipDamaged}, args...)...)
}

// openArchive reads and checks the structure of an archive: each byte belongs to
// a file or to the table, which tell of each file the same, and names are those
// of different files.
func openArchive(ctx context.Context, r io.ReaderAt, size int64) (*archive, error) {
	z := &archive{r: r}
	end, err := z.end(ctx, size)
	if err != nil {
		return nil, err
	}
	if err := z.table(ctx, end); err != nil {
		return nil, err
	}
	if err := z.headers(ctx, end.at); err != nil {
		return nil, err
	}
	return z, nil
}

// table is where the table of files is.
type table struct{ at, size, count int64 }

const endSize, end64Size, locatorSize = 22, 56, 20

var le = binary.LittleEndian

// end reads the records behind the table. Behind these is nothing or a comment
// of ours, which is checked first.
func (z *archive) end(ctx context.Context, size int64) (t table, err error) {
	last := func(n int64) ([]byte, error) {
		if size < n {
			return nil, errNotZip
		}
		b := make([]byte, n)
		_, err := z.r.ReadAt(b, size-n)
		if err == io.EOF {
			err = nil
		}
		return b, err
	}
	record, err := last(endSize)
	if err != nil {
		return t, err
	}
	at := size - endSize
	signature := []byte("PK\x05\x06")
	if !bytes.HasPrefix(record, signature) || le.Uint16(record[20:]) != 0 {
		if record, err = last(endSize + int64(commentSize)); err != nil {
			return t, err
		}
		at = size - int64(len(record))
		comment := string(record[endSize:])
		text, ours := strings.CutPrefix(comment, commentPrefix)
		switch {
		case !bytes.HasPrefix(record, signature) || int(le.Uint16(record[20:])) != commentSize || !ours || !isSHA256(text):
			var head [4]byte
			if _, err := z.r.ReadAt(head[:], 0); err != nil || string(head[:2]) != "PK" {
				return t, errNotZip
			}
			return t, damagedZip("it ends neither with the checksum that shca writes nor as an archive without a comment does")
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, &whileContext{ctx, io.NewSectionReader(z.r, 0, size-int64(commentSize))}); err != nil {
			return t, err
		}
		if hex.EncodeToString(sum.Sum(nil)) != text {
			return t, damagedZip("its bytes do not have the checksum that its comment tells")
		}
		z.sealed = true
	}
	t = table{at: int64(le.Uint32(record[16:])), size: int64(le.Uint32(record[12:])), count: int64(le.Uint16(record[10:]))}
	if le.Uint32(record[4:]) != 0 || le.Uint16(record[8:]) != le.Uint16(record[10:]) {
		return t, errors.New("is a part of an archive on several volumes: join them first")
	}
	if at >= locatorSize+end64Size { // may be a large one
		large := make([]byte, end64Size+locatorSize)
		if _, err := z.r.ReadAt(large, at-int64(len(large))); err != nil {
			return t, err
		}
		locator := large[end64Size:]
		if bytes.HasPrefix(locator, []byte("PK\x06\x07")) {
			at -= int64(len(large))
			if !bytes.HasPrefix(large, []byte("PK\x06\x06")) || le.Uint64(large[4:]) != end64Size-12 ||
				le.Uint64(locator[8:]) != uint64(at) || le.Uint32(locator[4:]) != 0 || le.Uint32(locator[16:]) != 1 ||
				le.Uint32(large[16:]) != 0 || le.Uint32(large[20:]) != 0 || le.Uint64(large[24:]) != le.Uint64(large[32:]) {
				return t, damagedZip("the records at its end do not fit together")
			}
			for i, v := range []*int64{&t.count, &t.size, &t.at} {
				small := *v
				big := le.Uint64(large[32+8*i:])
				most := int64(1<<32 - 1)
				if i == 0 {
					most = 1<<16 - 1
				}
				if big > uint64(size) || small != most && small != int64(big) {
					return t, damagedZip("the records at its end do not fit together")
				}
				*v = int64(big)
			}
		}
	}
	if t.size > maxZipTable || t.count > maxEntries {
		return t, fmt.Errorf("its table has %d entries in %d bytes, more than any that shca writes", t.count, t.size)
	}
	if t.at+t.size != at {
		return t, damagedZip("its table of files does not end where its end begins")
	}
	return t, nil
}

// table reads the table of files.
func (z *archive) table(ctx context.Context, t table) error {
	r := bufio.NewReaderSize(io.NewSectionReader(z.r, t.at, t.size), 64<<10)
	names := names{}
	left := t.size
	for n := int64(0); n < t.count; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		var head [46]byte
		if _, err := io.ReadFull(r, head[:]); err != nil || !bytes.HasPrefix(head[:], []byte("PK\x01\x02")) {
			return damagedZip("entry %d of its table of files cannot be read", n+1)
		}
		lengths := []uint16{le.Uint16(head[28:]), le.Uint16(head[30:]), le.Uint16(head[32:])} // name, extra, comment
		if lengths[0] > maxName {
			return fmt.Errorf("it holds a file with a name of %d bytes, which no package has", lengths[0])
		}
		rest := make([]byte, int(lengths[0])+int(lengths[1])+int(lengths[2]))
		if _, err := io.ReadFull(r, rest); err != nil {
			return damagedZip("entry %d of its table of files cannot be read", n+1)
		}
		left -= int64(len(head) + len(rest))
		e := entry{
			name: string(rest[:lengths[0]]), flags: le.Uint16(head[8:]), method: le.Uint16(head[10:]), crc: le.Uint32(head[16:]),
			packed: int64(le.Uint32(head[20:])), size: int64(le.Uint32(head[24:])), header: int64(le.Uint32(head[42:])),
		}
		if err := e.extra(rest[lengths[0]:int(lengths[0])+int(lengths[1])], t.at); err != nil {
			return err
		}
		// Whatever system the entry says it is from: some programs make symbolic
		// links of those from DOS, too, and of those from systems that nobody has.
		attributes := le.Uint32(head[38:])
		e.mode = unixMode(attributes >> 16)
		switch {
		case le.Uint16(head[34:]) != 0:
			return errors.New("is a part of an archive on several volumes: join them first")
		case lengths[2] != 0:
			return fmt.Errorf("%q in it has a comment: pack it without", e.name)
		case e.flags&1 != 0:
			return fmt.Errorf("%q in it is encrypted: pack it without a password", e.name)
		case e.flags&^(0x8|0x800|0x6) != 0:
			return fmt.Errorf("%q in it is packed in a way (flags %#x) that shca does not read", e.name, e.flags)
		case e.flags&0x800 == 0 && strings.IndexFunc(e.name, func(r rune) bool { return r > 0x7e }) >= 0:
			return fmt.Errorf("the name of %q in it is not marked as UTF-8, so that programs read it differently: pack it with another program", e.name)
		case e.method != 0 && e.method != 8:
			return fmt.Errorf("%q in it is packed by method %d: pack it anew with deflate", e.name, e.method)
		}
		var err error
		if folder, ok := strings.CutSuffix(e.name, "/"); ok {
			if e.size != 0 || e.packed != 0 || e.crc != 0 || !validName(folder) {
				return fmt.Errorf("%q in it is no clean name of a folder, or holds something", e.name)
			}
			if e.mode != 0 && e.mode != fs.ModeDir || attributes&dosVolume != 0 {
				return fmt.Errorf("%q in it is no folder, by its attributes", e.name)
			}
			err = names.addFolder(folder)
		} else {
			if e.mode != 0 {
				return fmt.Errorf("%q in it is no regular file (%v), which no package has", e.name, e.mode)
			}
			if attributes&(dosVolume|dosFolder) != 0 {
				return fmt.Errorf("%q in it is no regular file, by its attributes, which no package has", e.name)
			}
			err = names.add(e.name)
		}
		if err != nil {
			return fmt.Errorf("it holds files it cannot: %w", err)
		}
		z.entries = append(z.entries, e)
	}
	if left != 0 {
		return damagedZip("its table of files has %d bytes too many", left)
	}
	return nil
}

// unixMode is what matters of the mode that Unix has: the type.
func unixMode(m uint32) fs.FileMode {
	switch m & 0o170000 {
	case 0, 0o100000:
		return 0
	case 0o040000:
		return fs.ModeDir
	case 0o120000:
		return fs.ModeSymlink
	}
	return fs.ModeIrregular
}

// Attributes of DOS: some programs leave out a file that has the first, or take
// one with the second for a folder.
const dosVolume, dosFolder = 0x08, 0x10

// harmless are the extra fields that say nothing of what a file is or is called,
// with the most bytes that one has: there is no room in them for anything else.
// Numbers are those of APPNOTE.TXT by PKWARE, 4.5 and 4.6, and of extrafld.txt by
// Info-ZIP.
var harmless = map[uint16]int{
	0x000a: 32, // times of Windows
	0x5455: 13, // times of Unix
	0x5855: 12, // times and owner of Unix, old
	0x7855: 4,  // owner of Unix, old
	0x7875: 11, // owner of Unix
}

// extraFields returns the one of the extra fields that has the numbers too large
// for the entry itself, or nil. Any field that may be more than a time or an owner
// is an error. What says where they are, if they cannot be read.
func (e *entry) extraFields(b []byte, what string) (large []byte, err error) {
	var seen []uint16
	for len(b) > 0 {
		if len(b) < 4 || len(b) < 4+int(le.Uint16(b[2:])) {
			return nil, damagedZip("%s cannot be read", what)
		}
		id, field := le.Uint16(b), b[4:4+int(le.Uint16(b[2:]))]
		b = b[4+len(field):]
		most, known := harmless[id]
		switch {
		case id == 0x7075: // another name, which some programs prefer
			return nil, fmt.Errorf("%q in it has two names: pack it with another program", e.name)
		case slices.Contains(seen, id):
			return nil, fmt.Errorf("%q in it has an extra field (%#04x) twice: pack it with another program", e.name, id)
		case id == 1:
			large = field
		case !known || len(field) > most:
			return nil, fmt.Errorf("%q in it has an extra field (%#04x, %d bytes) that shca does not read: pack it with another program", e.name, id, len(field))
		}
		seen = append(seen, id)
	}
	return large, nil
}

// tooLarge stands in place of a number that an extra field has.
const tooLarge = 1<<32 - 1

// extra reads the extra fields of an entry in the table: the numbers that do not
// fit the entry itself.
func (e *entry) extra(b []byte, tableAt int64) error {
	what := fmt.Sprintf("the entry of %q in its table of files", e.name)
	large, err := e.extraFields(b, what)
	if err != nil {
		return err
	}
	for _, v := range []*int64{&e.size, &e.packed, &e.header} {
		if *v != tooLarge {
			continue
		}
		if len(large) < 8 || le.Uint64(large) > 1<<62 {
			return damagedZip("%s cannot be read: a number is missing", what)
		}
		*v, large = int64(le.Uint64(large)), large[8:]
	}
	// archive/zip adds where a large file begins, also if that fits the entry.
	if len(large) != 0 && (len(large) != 8 || le.Uint64(large) != uint64(e.header)) {
		return damagedZip("%s cannot be read: it has a number too many", what)
	}
	if e.header > tableAt || e.packed > tableAt {
		return damagedZip("%q is said to be where it cannot", e.name)
	}
	return nil
}

// headers checks that the files follow each other without a gap up to the
// table, and that what stands in front of each says what the table says.
func (z *archive) headers(ctx context.Context, tableAt int64) error {
	slices.SortFunc(z.entries, func(a, b entry) int { return cmp.Compare(a.header, b.header) })
	at := int64(0)
	for i := range z.entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		e := &z.entries[i]
		next := tableAt
		if i+1 < len(z.entries) {
			next = z.entries[i+1].header
		}
		if e.header != at {
			return damagedZip("there are bytes in front of %q that belong to no file", e.name)
		}
		if err := z.localHeader(e); err != nil {
			return err
		}
		end := e.data + e.packed
		if err := z.descriptor(e, end, next); err != nil {
			return err
		}
		at = next
	}
	if at != tableAt {
		return damagedZip("there are bytes in front of its table that belong to no file")
	}
	slices.SortFunc(z.entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return nil
}

// localHeader reads what stands in front of a file.
func (z *archive) localHeader(e *entry) error {
	var head [30]byte
	if _, err := z.r.ReadAt(head[:], e.header); err != nil || !bytes.HasPrefix(head[:], []byte("PK\x03\x04")) {
		return damagedZip("%q does not begin where its table of files says", e.name)
	}
	length := int(le.Uint16(head[26:]))
	rest := make([]byte, length+int(le.Uint16(head[28:]))) // name and extra fields
	if _, err := z.r.ReadAt(rest, e.header+int64(len(head))); err != nil {
		return damagedZip("%q does not begin where its table of files says", e.name)
	}
	e.data = e.header + int64(len(head)+len(rest))
	differs := damagedZip("what stands in front of %q is not what its table of files says", e.name)
	if string(rest[:length]) != e.name || le.Uint16(head[6:]) != e.flags || le.Uint16(head[8:]) != e.method {
		return differs
	}
	large, err := e.extraFields(rest[length:], fmt.Sprintf("what stands in front of %q", e.name))
	if err != nil {
		return err
	}
	same := func(here uint64, there int64) bool {
		later := e.flags&8 != 0 && here == 0 // it stands behind the file
		return later || here == uint64(there)
	}
	crc, packed, size := le.Uint32(head[14:]), le.Uint32(head[18:]), le.Uint32(head[22:])
	right := same(uint64(crc), int64(e.crc))
	if large != nil { // has both, and in this order
		right = right && len(large) == 16 && same(le.Uint64(large), e.size) && same(le.Uint64(large[8:]), e.packed)
	}
	if large == nil || packed != tooLarge || size != tooLarge {
		right = right && packed != tooLarge && size != tooLarge && same(uint64(packed), e.packed) && same(uint64(size), e.size)
	}
	if !right {
		return differs
	}
	return nil
}

// descriptor checks what stands between a file's bytes and the next file: a
// repetition of sizes and checksum if the file's flags say so, else nothing.
func (z *archive) descriptor(e *entry, end, next int64) error {
	n := next - end
	if e.flags&8 == 0 && n == 0 {
		return nil
	}
	if e.flags&8 == 0 || n != 12 && n != 16 && n != 20 && n != 24 {
		return damagedZip("there are bytes behind %q that belong to no file, or too few", e.name)
	}
	b := make([]byte, n)
	if _, err := z.r.ReadAt(b, end); err != nil {
		return err
	}
	if n == 16 || n == 24 {
		if !bytes.HasPrefix(b, []byte("PK\x07\x08")) {
			return damagedZip("there are bytes behind %q that belong to no file", e.name)
		}
		b = b[4:]
	}
	var packed, size int64
	if len(b) == 12 {
		packed, size = int64(le.Uint32(b[4:])), int64(le.Uint32(b[8:]))
	} else {
		packed, size = int64(le.Uint64(b[4:])), int64(le.Uint64(b[12:]))
	}
	if le.Uint32(b) != e.crc || packed != e.packed || size != e.size {
		return damagedZip("what stands behind %q is not what its table of files says", e.name)
	}
	return nil
}

// open returns the content of a file. At its end it has been checked that
// nothing is left over.
func (z *archive) open(e *entry) io.ReadCloser {
	packed := bufio.NewReaderSize(io.NewSectionReader(z.r, e.data, e.packed), 64<<10)
	r := &unpacking{e: e, packed: packed, Reader: packed}
	if e.method == 8 {
		r.Reader = flate.NewReader(packed)
	}
	return r
}

// unpacking reads a file of an archive.
type unpacking struct {
	io.Reader
	e      *entry
	packed *bufio.Reader
	crc    uint32
	n      int64
}

func (u *unpacking) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	u.crc = crc32.Update(u.crc, crc32.IEEETable, p[:n])
	if u.n += int64(n); u.n > u.e.size {
		return 0, damagedZip("it unpacks to more than it says")
	}
	switch {
	case err == io.EOF:
		_, more := u.packed.ReadByte()
		if more != io.EOF || u.n != u.e.size || u.crc != u.e.crc {
			return n, damagedZip("it does not unpack to what it says")
		}
	case err != nil:
		err = damagedZip("it cannot be unpacked (%w)", err)
	}
	return n, err
}

func (u *unpacking) Close() error { return nil }
