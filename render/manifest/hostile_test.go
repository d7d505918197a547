package manifest_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/render"
	"github.com/go-shca/shca/render/manifest"
)

// manifestOf makes a manifest of members, with the digest at its end.
func manifestOf(members string) string {
	front := "{" + members + `,"sha256":"`
	sum := sha256.Sum256([]byte(front))
	return front + hex.EncodeToString(sum[:]) + "\"\n}\n"
}

func entryOf(name, text string) string {
	sum := sha256.Sum256([]byte(text))
	return fmt.Sprintf(`{"file":%q,"media_type":"text/plain","size":%d,"sha256":"%x"}`, name, len(text), sum)
}

// manifestFor makes a manifest that lists the files, name and text by turns.
func manifestFor(files ...string) string {
	var entries []string
	for f := range slices.Chunk(files, 2) {
		entries = append(entries, entryOf(f[0], f[1]))
	}
	return manifestOf(`"manifest_version":"1.0","files":[` + strings.Join(entries, ",") + `]`)
}

// TestManifestForm: a manifest that is none, or lists what no package has, is a
// problem, whatever else is there.
func TestManifestForm(t *testing.T) {
	sum := strings.Repeat("0a", 32)
	list := func(entries ...string) string {
		return manifestOf(`"manifest_version":"1.0","files":[` + strings.Join(entries, ",") + `]`)
	}
	deep := strings.Repeat("[", 20_000)
	right := manifestFor("a.txt", "text")
	for name, test := range map[string]struct{ text, want string }{
		"right":            {right, ""},
		"later minor":      {manifestOf(`"manifest_version":"1.7","new":{"x":[1]},"files":[` + entryOf("a.txt", "text") + `]`), ""},
		"new in an entry":  {list(strings.Replace(entryOf("a.txt", "text"), "{", `{"mode":1,`, 1)), ""},
		"no files":         {list(), "a.txt: added"},
		"empty":            {"", "manifest.json: is not a manifest that shca wrote"},
		"no JSON":          {"x", "manifest.json: is not a manifest that shca wrote"},
		"list":             {"[]", "manifest.json: is not a manifest that shca wrote"},
		"no members":       {"{}", "manifest.json: is not a manifest that shca wrote"},
		"cut":              {right[:40], "manifest.json: is not a manifest that shca wrote"},
		"cut later":        {right[:len(right)-3], "manifest.json: is not a manifest that shca wrote"},
		"twice":            {right + right, "manifest.json: is not a manifest that shca wrote: something follows"},
		"no version":       {manifestOf(`"files":[]`), "manifest.json: is not a manifest that shca wrote: it has no manifest_version"},
		"version later":    {manifestOf(`"files":[],"manifest_version":"1.0"`), "manifest.json: is not a manifest that shca wrote: it has no manifest_version"},
		"major version":    {manifestOf(`"manifest_version":"2.0","files":{}`), `manifest.json: its version is "2.0", and this program reads version 1`},
		"number version":   {manifestOf(`"manifest_version":1,"files":[]`), "manifest.json: is not a manifest that shca wrote"},
		"no list":          {manifestOf(`"manifest_version":"1.0"`), "manifest.json: is not a manifest that shca wrote: it has no list of files"},
		"files no list":    {manifestOf(`"manifest_version":"1.0","files":{}`), "manifest.json: is not a manifest that shca wrote: its files are no list"},
		"files null":       {manifestOf(`"manifest_version":"1.0","files":null`), "manifest.json: is not a manifest that shca wrote: its files are no list"},
		"files twice":      {manifestOf(`"manifest_version":"1.0","files":[],"files":[]`), "manifest.json: is not a manifest that shca wrote"},
		"text in files":    {list(`"a.txt"`), "manifest.json: is not a manifest that shca wrote: its list of files holds something else"},
		"number as name":   {list(`{"file":1}`), "manifest.json: is not a manifest that shca wrote"},
		"name twice in it": {list(strings.Replace(entryOf("a.txt", "text"), "{", `{"file":"b",`, 1)), "manifest.json: is not a manifest that shca wrote"},
		"other case":       {list(strings.Replace(entryOf("a.txt", "text"), `"file"`, `"File"`, 1)), `manifest.json: it lists files it cannot: "" is no clean relative path`},
		"above":            {list(entryOf("../a.txt", "text")), `manifest.json: it lists files it cannot: "../a.txt" is no clean relative path`},
		"above, inside":    {list(entryOf("x/../../a.txt", "text")), "manifest.json: it lists files it cannot: "},
		"absolute":         {list(entryOf("/etc/passwd", "text")), "manifest.json: it lists files it cannot: "},
		"drive":            {list(entryOf(`c:x`, "text")), "manifest.json: it lists files it cannot: "},
		"backslash":        {list(entryOf(`x\y`, "text")), "manifest.json: it lists files it cannot: "},
		"dot":              {list(entryOf(".", "text")), "manifest.json: it lists files it cannot: "},
		"not clean":        {list(entryOf("./a.txt", "text")), "manifest.json: it lists files it cannot: "},
		"folder":           {list(entryOf("a/", "text")), "manifest.json: it lists files it cannot: "},
		"control":          {list(entryOf("a\t", "text")), "manifest.json: it lists files it cannot: "},
		"long name":        {list(entryOf(strings.Repeat("x", 2000), "text")), "manifest.json: it lists files it cannot: "},
		"no name":          {list(entryOf("", "text")), "manifest.json: it lists files it cannot: "},
		"twice in list":    {list(entryOf("a.txt", "text"), entryOf("a.txt", "text")), `manifest.json: it lists files it cannot: "a.txt" is there twice`},
		"twice but case":   {list(entryOf("A.txt", "text"), entryOf("a.txt", "text")), `manifest.json: it lists files it cannot: "A.txt" and "a.txt" are one file where case does not matter`},
		"file and folder":  {list(entryOf("a.txt", "text"), entryOf("a.txt/x", "text")), `manifest.json: it lists files it cannot: "a.txt" is a file and a folder`},
		"folder and file":  {list(entryOf("a/x", "text"), entryOf("a", "text")), `manifest.json: it lists files it cannot: "a" is a file and a folder`},
		"order":            {list(entryOf("b", "text"), entryOf("a.txt", "text")), "manifest.json: its files are not in order of their names"},
		"itself":           {list(entryOf("manifest.json", "text")), "manifest.json: it lists manifest.json, which no manifest can"},
		"signature":        {list(entryOf("manifest.intoto.jsonl", "text")), "manifest.json: it lists manifest.intoto.jsonl, which no manifest can"},
		"size":             {list(`{"file":"a.txt","size":-1,"sha256":"` + sum + `"}`), `manifest.json: the size of "a.txt" is -1`},
		"large size":       {list(`{"file":"a.txt","size":1e40,"sha256":"` + sum + `"}`), "manifest.json: is not a manifest that shca wrote"},
		"digest":           {list(`{"file":"a.txt","size":4,"sha256":"` + strings.ToUpper(sum) + `"}`), `manifest.json: the SHA-256 of "a.txt" is "0A0A`},
		"no digest":        {list(`{"file":"a.txt","size":4}`), `manifest.json: the SHA-256 of "a.txt" is ""`},
		"no own digest":    {`{"manifest_version":"1.0","files":[` + entryOf("a.txt", "text") + `]}`, "manifest.json: has changed, or is damaged"},
		"deep":             {manifestOf(`"manifest_version":"1.0","x":` + deep), "manifest.json: is not a manifest that shca wrote"},
		"no UTF-8":         {manifestOf("\"manifest_version\":\"1.0\",\"x\":\"\xff\",\"files\":[]"), "manifest.json: is not a manifest that shca wrote"},
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "manifest.json"), test.text)
		write(t, filepath.Join(dir, "a.txt"), "text")
		r := verify(t, dir, nil)
		if test.want == "" {
			if r.ProblemCount > 0 || r.Files != 1 {
				t.Errorf("%s: %+v", name, r)
			}
			continue
		}
		wantProblem(t, name, r, 1, test.want)
	}
}

// piece is a file as an archive may have it, rightly or not.
type piece struct {
	name, text string
	local      string // name in front of it; "" for the same
	flags      uint16
	method     uint16
	mode       uint32
	dos        uint32   // attributes of DOS
	creator    string   // a byte; "" for Unix
	extra      []byte   // in the table
	localExtra []byte   // in front of it
	comment    string   // in the table
	gap        string   // in front of it
	size       uint32   // claimed, if not 0
	table      []uint32 // checksum and sizes in the table, packed first, if others
	front      []uint32 // the same in front of it
}

// extraField is an extra field with numbers or bytes in it.
func extraField(id uint16, values ...any) []byte {
	var b bytes.Buffer
	for _, v := range values {
		if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
			panic(err)
		}
	}
	head := binary.LittleEndian.AppendUint16(nil, id)
	return append(binary.LittleEndian.AppendUint16(head, uint16(b.Len())), b.Bytes()...)
}

// archiveOf makes an archive, byte by byte. A comment that is "seal" is the right
// one.
func archiveOf(comment string, pieces ...piece) []byte {
	var b, table bytes.Buffer
	put := func(w *bytes.Buffer, values ...any) {
		for _, v := range values {
			if err := binary.Write(w, binary.LittleEndian, v); err != nil {
				panic(err)
			}
		}
	}
	for _, p := range pieces {
		b.WriteString(p.gap)
		at := uint32(b.Len())
		if p.local == "" {
			p.local = p.name
		}
		if p.size == 0 {
			p.size = uint32(len(p.text))
		}
		if p.creator == "" {
			p.creator = "\x03"
		}
		right := []uint32{crc32.ChecksumIEEE([]byte(p.text)), uint32(len(p.text)), p.size}
		if p.table == nil {
			p.table = right
		}
		if p.front == nil {
			p.front = right
		}
		put(&b, []byte("PK\x03\x04"), uint16(20), p.flags, p.method, uint32(0), p.front,
			uint16(len(p.local)), uint16(len(p.localExtra)), []byte(p.local), p.localExtra, []byte(p.text))
		put(&table, []byte("PK\x01\x02\x14"), p.creator[0], uint16(20), p.flags, p.method, uint32(0), p.table,
			uint16(len(p.name)), uint16(len(p.extra)), uint16(len(p.comment)), uint16(0), uint16(0), p.mode<<16|p.dos, at, []byte(p.name), p.extra, []byte(p.comment))
	}
	at := uint32(b.Len())
	b.Write(table.Bytes())
	seal := comment == "seal"
	if seal {
		comment = strings.Repeat(" ", 71)
	}
	put(&b, []byte("PK\x05\x06"), uint32(0), uint16(len(pieces)), uint16(len(pieces)), uint32(table.Len()), at, uint16(len(comment)), []byte(comment))
	if seal {
		sum := sha256.Sum256(b.Bytes()[:b.Len()-71])
		return append(b.Bytes()[:b.Len()-71], []byte("sha256:"+hex.EncodeToString(sum[:]))...)
	}
	return b.Bytes()
}

// TestZipForm: an archive that shows other files to other programs, or that has
// bytes that belong to no file, is a problem, also with a checksum that is right.
func TestZipForm(t *testing.T) {
	a := piece{name: "a.txt", text: "text"}
	m := piece{name: "manifest.json", text: manifestFor("a.txt", "text")}
	with := func(change func(p *piece)) piece { p := a; change(&p); return p }
	for name, test := range map[string]struct {
		pieces []piece
		want   string
	}{
		"right":              {[]piece{a, m}, ""},
		"another order":      {[]piece{m, a}, ""},
		"folders":            {[]piece{{name: "x/", mode: 0o40755}, a, m}, ""},
		"mode":               {[]piece{with(func(p *piece) { p.mode = 0o100644 }), m}, ""},
		"no manifest":        {[]piece{a}, "manifest.json: missing: this is no package of shca"},
		"in a folder":        {[]piece{{name: "package/a.txt", text: "text"}, {name: "package/manifest.json", text: m.text}}, "manifest.json: missing; there is one in the folder package: pack the files themselves"},
		"nothing":            {nil, ""},
		"other text":         {[]piece{with(func(p *piece) { p.text = "TEXT" }), m}, "a.txt: changed: it has not the SHA-256"},
		"added":              {[]piece{a, {name: "b.txt"}, m}, "b.txt: added"},
		"missing":            {[]piece{m}, "a.txt: missing"},
		"macOS":              {[]piece{a, m, {name: "__MACOSX/._a.txt", text: "x"}}, "__MACOSX/._a.txt: added"},
		"twice":              {[]piece{a, m, a}, `it holds files it cannot: "a.txt" is there twice`},
		"twice but case":     {[]piece{a, m, {name: "A.TXT", text: "text"}}, `it holds files it cannot: "a.txt" and "A.TXT" are one file`},
		"file and folder":    {[]piece{a, m, {name: "a.txt/b", text: "text"}}, `it holds files it cannot: "a.txt" is a file and a folder`},
		"above":              {[]piece{a, m, {name: "../b"}}, `it holds files it cannot: "../b" is no clean relative path`},
		"absolute":           {[]piece{a, m, {name: "/b"}}, "it holds files it cannot: "},
		"backslash":          {[]piece{a, m, {name: `x\b`}}, "it holds files it cannot: "},
		"folder above":       {[]piece{a, m, {name: "../"}}, `"../" in it is no clean name of a folder`},
		"folder with text":   {[]piece{a, m, {name: "x/", text: "text"}}, `"x/" in it is no clean name of a folder`},
		"link":               {[]piece{with(func(p *piece) { p.mode = 0o120777 }), m}, `"a.txt" in it is no regular file`},
		"device":             {[]piece{with(func(p *piece) { p.mode = 0o60666 }), m}, `"a.txt" in it is no regular file`},
		"encrypted":          {[]piece{with(func(p *piece) { p.flags = 1 }), m}, `"a.txt" in it is encrypted`},
		"strange flags":      {[]piece{with(func(p *piece) { p.flags = 0x2000 }), m}, `"a.txt" in it is packed in a way`},
		"method":             {[]piece{with(func(p *piece) { p.method = 93 }), m}, `"a.txt" in it is packed by method 93`},
		"no deflate":         {[]piece{with(func(p *piece) { p.method = 8 }), m}, "a.txt: cannot be read: the archive is damaged"},
		"other name inside":  {[]piece{with(func(p *piece) { p.local = "b.txt" }), m}, `the archive is damaged, or has been changed: what stands in front of "a.txt"`},
		"second name":        {[]piece{with(func(p *piece) { p.extra = []byte("\x75\x70\x06\x00\x01\x00\x00\x00\x00b") }), m}, `"a.txt" in it has two names`},
		"extra cut":          {[]piece{with(func(p *piece) { p.extra = []byte("\x01\x00\x08\x00\x01") }), m}, "the archive is damaged"},
		"extra tiny":         {[]piece{with(func(p *piece) { p.extra = []byte("\x01") }), m}, "the archive is damaged"},
		"something in front": {[]piece{with(func(p *piece) { p.gap = "#!/bin/sh\n" }), m}, `the archive is damaged, or has been changed: there are bytes in front of "a.txt"`},
		"between":            {[]piece{a, with(func(p *piece) { *p = m; p.gap = "PK\x03\x04" })}, `the archive is damaged, or has been changed: there are bytes behind "a.txt"`},
		"descriptor":         {[]piece{with(func(p *piece) { p.flags = 8 }), with(func(p *piece) { *p = m; p.gap = "PK\x07\x08............" })}, `the archive is damaged, or has been changed: what stands behind "a.txt"`},
		"claims more":        {[]piece{with(func(p *piece) { p.size = 5 }), m}, "a.txt: changed: it has 5 bytes"},
		"long name":          {[]piece{a, m, {name: strings.Repeat("x", 3000)}}, "it holds a file with a name of 3000 bytes"},
	} {
		for _, comment := range []string{"", "seal"} {
			file := filepath.Join(t.TempDir(), "x.zip")
			if err := os.WriteFile(file, archiveOf(comment, test.pieces...), 0o600); err != nil {
				t.Fatal(err)
			}
			if name == "nothing" {
				test.want = "manifest.json: missing"
				if comment == "" {
					continue // an empty archive does not begin like one
				}
				test.want = "manifest.json: missing"
			}
			r := verify(t, file, nil)
			if test.want != "" {
				wantProblem(t, name, r, 1, test.want)
			} else if r.ProblemCount > 0 || r.Sealed != (comment == "seal") || !r.Zip {
				t.Errorf("%s: %+v", name, r)
			}
		}
	}
	for name, text := range map[string][]byte{
		"comment":         archiveOf("hello", a, m),
		"other checksum":  archiveOf("sha256:"+strings.Repeat("0", 64), a, m),
		"upper case":      bytes.Replace(archiveOf("seal", a, m), []byte("sha256:"), []byte("SHA256:"), 1),
		"bytes at end":    append(archiveOf("", a, m), 'x'),
		"bytes in front":  append([]byte("x"), archiveOf("", a, m)...),
		"two archives":    append(archiveOf("", a, m), archiveOf("", a, m)...),
		"cut":             archiveOf("", a, m)[:60],
		"count too small": patched(archiveOf("", a, m), -14, 1, 0, 1, 0),
		"count too large": patched(archiveOf("", a, m), -14, 3, 0, 3, 0),
		"volumes":         patched(archiveOf("", a, m), -18, 1),
		"table elsewhere": patched(archiveOf("", a, m), -6, 9),
		"large archive":   patched(archiveOf("", a, m), -14, 0xff, 0xff, 0xff, 0xff),
		"table too large": patched(archiveOf("", a, m), -10, 0, 0, 0, 0xf0),
	} {
		file := filepath.Join(t.TempDir(), "x.zip")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if r := verify(t, file, nil); r.ProblemCount == 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestZipReaders: an archive in which some program sees what the table does not
// say, or that has room for what no program shows, is a problem that names the
// entry; extra fields that programs write of themselves are none.
func TestZipReaders(t *testing.T) {
	const most = 1<<32 - 1
	a := piece{name: "a.txt", text: "text"}
	b := piece{name: "b.txt", text: "other"}
	m := piece{name: "manifest.json", text: manifestFor("a.txt", "text", "b.txt", "other")}
	crc := crc32.ChecksumIEEE([]byte("text"))
	with := func(change func(p *piece)) []piece { p := a; change(&p); return []piece{p, b, m} }
	front := func(extra ...[]byte) []piece {
		return with(func(p *piece) { p.localExtra = bytes.Join(extra, nil) })
	}
	table := func(extra ...[]byte) []piece { return with(func(p *piece) { p.extra = bytes.Join(extra, nil) }) }
	folder := func(change func(p *piece)) []piece {
		p := piece{name: "zz/"}
		change(&p)
		return []piece{p, a, b, m}
	}
	otherName := func(from, to string) []byte {
		return extraField(0x7075, uint8(1), crc32.ChecksumIEEE([]byte(from)), []byte(to))
	}
	time := extraField(0x5455, uint8(3), uint64(1))
	owner := extraField(0x7875, []byte("\x01\x04\x00\x00\x00\x00\x04\x00\x00\x00\x00"))
	swapped := []piece{a, b, m}
	swapped[0].localExtra, swapped[1].localExtra = otherName("a.txt", "b.txt"), otherName("b.txt", "a.txt")
	const twoNames, unknown, unreadable, sizes, noFolder, noFile = `"a.txt" in it has two names`, `"a.txt" in it has an extra field`, `what stands in front of "a.txt" cannot be read`,
		`what stands in front of "a.txt" is not what its table of files says`, `"zz/" in it is no clean name of a folder, or holds something`, `"a.txt" in it is no regular file`

	type test struct {
		pieces []piece
		want   string
	}
	tests := map[string]test{
		"right": {[]piece{a, b, m}, ""},

		"names swapped in front":   {swapped, twoNames},
		"second name in the table": {table(otherName("a.txt", "b.txt")), twoNames},
		"second comment":           {front(extraField(0x6375, uint8(1), crc, []byte("b"))), unknown},
		"other name in front":      {with(func(p *piece) { p.local = "A.txt" }), sizes},
		"other folder in front":    {folder(func(p *piece) { p.local = "ZZ/" }), `what stands in front of "zz/"`},
		"name of no known letters": {[]piece{a, b, m, {name: "é.txt"}}, `the name of "é.txt" in it is not marked as UTF-8`},

		"hidden in front":        {front(extraField(0xcafe, make([]byte, 60_000))), unknown + " (0xcafe, 60000 bytes)"},
		"hidden in the table":    {table(extraField(0xcafe, make([]byte, 60_000))), unknown + " (0xcafe, 60000 bytes)"},
		"hidden in a time":       {front(extraField(0x5455, make([]byte, 14))), unknown},
		"hidden in an owner":     {table(extraField(0x7875, make([]byte, 600))), unknown},
		"hidden in a comment":    {with(func(p *piece) { p.comment = "hello" }), `"a.txt" in it has a comment`},
		"twice in front":         {front(time, time), unknown},
		"cut in front":           {front(time[:8]), unreadable},
		"tiny in front":          {front([]byte{1}), unreadable},
		"behind a good one":      {front(time, owner, []byte{0, 0}), unreadable},
		"sizes in front":         {front(extraField(1, uint64(5), uint64(5))), sizes},
		"one size in front":      {front(extraField(1, uint64(4))), sizes},
		"three sizes in front":   {front(extraField(1, uint64(4), uint64(4), uint64(0))), sizes},
		"size without a field":   {with(func(p *piece) { p.front = []uint32{crc, 4, most} }), sizes},
		"packed without a field": {with(func(p *piece) { p.front = []uint32{crc, most, 4} }), sizes},
		"checksum in front":      {with(func(p *piece) { p.front = []uint32{most, 4, 4}; p.localExtra = extraField(1, uint64(4), uint64(4)) }), sizes},
		"zero without the flag":  {with(func(p *piece) { p.front = []uint32{0, 4, 4} }), sizes},
		"table without a field":  {with(func(p *piece) { p.table = []uint32{crc, 4, most} }), `the entry of "a.txt" in its table of files cannot be read`},
		"more in the table":      {table(extraField(1, uint64(9))), `the entry of "a.txt" in its table of files cannot be read`},

		"folder with bytes":      {folder(func(p *piece) { p.text = "hidden"; p.table = []uint32{0, 6, 0}; p.front = p.table }), noFolder},
		"folder with a checksum": {folder(func(p *piece) { p.table = []uint32{7, 0, 0}; p.front = p.table }), noFolder},
		"folder that is a link":  {folder(func(p *piece) { p.mode = 0o120777 }), `"zz/" in it is no folder`},
		"folder like a file":     {[]piece{a, b, m, {name: "a.txt/"}}, `"a.txt" is a file and a folder`},
		"file like a folder":     {[]piece{{name: "A.txt/"}, a, b, m}, `"a.txt" is a file and a folder`},
		"folder in a file":       {[]piece{a, b, m, {name: "a.txt/x/"}}, `"a.txt" is a file and a folder`},
		"file that is a folder":  {with(func(p *piece) { p.dos = 0x10 }), noFile},
		"label of a volume":      {with(func(p *piece) { p.dos, p.creator = 0x08, "\x00" }), noFile},

		"time and owner":        {front(time, owner), ""},
		"the same in the table": {table(extraField(0x5455, uint8(3), uint32(1)), owner), ""},
		"old owner":             {front(extraField(0x7855, uint32(0))), ""},
		"old time and owner":    {front(extraField(0x5855, make([]byte, 12))), ""},
		"time of Windows":       {table(extraField(10, make([]byte, 32))), ""},
		"right sizes in front":  {front(extraField(1, uint64(4), uint64(4))), ""},
		"right sizes, only there": {with(func(p *piece) {
			p.front = []uint32{crc, most, most}
			p.localExtra = extraField(1, uint64(4), uint64(4))
		}), ""},
		"right sizes, everywhere": {with(func(p *piece) {
			p.front, p.table = []uint32{crc, most, most}, []uint32{crc, most, most}
			p.localExtra, p.extra = extraField(1, uint64(4), uint64(4)), extraField(1, uint64(4), uint64(4))
		}), ""},
		"place that fits, too": {with(func(p *piece) {
			p.table, p.extra = []uint32{crc, most, most}, extraField(1, uint64(4), uint64(4), uint64(0))
		}), ""},
		"folder":       {folder(func(p *piece) { p.mode, p.dos = 0o40755, 0x10 }), ""},
		"folder twice": {[]piece{{name: "x/"}, {name: "x/y/"}, a, b, m}, ""},
	}
	for host := range 40 { // unzip makes links for several, also for DOS
		tests[fmt.Sprintf("link by %d", host)] = test{with(func(p *piece) { p.mode, p.creator = 0o120777, string([]byte{byte(host)}) }), noFile}
		tests[fmt.Sprintf("file by %d", host)] = test{with(func(p *piece) { p.mode, p.dos, p.creator = 0o100644, 0x21, string([]byte{byte(host)}) }), ""}
	}
	for name, test := range tests {
		for _, comment := range []string{"", "seal"} {
			r := verify(t, write(t, filepath.Join(t.TempDir(), "x.zip"), string(archiveOf(comment, test.pieces...))), nil)
			if test.want != "" {
				if r.ProblemCount != 1 || !strings.Contains(r.Problems[0], test.want) {
					t.Errorf("%s: %d problems %q, want %q", name, r.ProblemCount, r.Problems, test.want)
				}
			} else if r.ProblemCount > 0 || r.Files != 2 {
				t.Errorf("%s: %+v", name, r)
			}
		}
	}
}

// TestZipPrograms: packages that the usual programs packed are in order.
func TestZipPrograms(t *testing.T) {
	dir, files := written(t, fixture(t), manifest.Options{})
	for name, command := range map[string][]string{
		"zip":              {"zip", "-q", "-r", "FILE", "."},
		"zip, no folders":  {"zip", "-q", "-r", "-D", "-0", "FILE", "."},
		"zip, large":       {"zip", "-q", "-r", "-fz", "FILE", "."},
		"zip, to a stream": {"sh", "-c", "zip -q -r - . | cat >FILE"},
		"zip, descriptors": {"zip", "-q", "-r", "-fd", "FILE", "."},
		"python":           {"python3", "-m", "zipfile", "-c", "FILE", "."},
		"python, large": {"python3", "-c", `import os, zipfile
with zipfile.ZipFile("FILE", "w", zipfile.ZIP_DEFLATED) as z:
  for d, _, names in os.walk("."):
    for n in names:
      with z.open(os.path.relpath(os.path.join(d, n)), "w", force_zip64=True) as f: f.write(open(os.path.join(d, n), "rb").read())`},
		"python, to a stream": {"sh", "-c", "python3 -m zipfile -c /dev/stdout * | cat >FILE"},
	} {
		if _, err := exec.LookPath(command[0]); err != nil {
			t.Logf("%s: %v", name, err) // TestZipReaders has what it writes
			continue
		}
		if strings.HasPrefix(name, "zip") {
			if _, err := exec.LookPath("zip"); err != nil {
				continue
			}
		}
		file := filepath.Join(t.TempDir(), "x.zip")
		for i := range command {
			command[i] = strings.ReplaceAll(command[i], "FILE", file)
		}
		c := exec.CommandContext(t.Context(), command[0], command[1:]...)
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Logf("%s: %v: %s", name, err, out)
			continue
		}
		if r := verify(t, file, nil); r.ProblemCount > 0 || r.Files != len(files)-1 || r.Sealed {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// patched replaces bytes at a place from the end.
func patched(text []byte, from int, with ...byte) []byte {
	copy(text[len(text)+from:], with)
	return text
}

// TestZipOfOthers: archives that other programs made of the files are read, and
// what does not matter in them may be anything: whatever byte is another, either
// that shows or archive/zip, too, finds the same files.
func TestZipOfOthers(t *testing.T) {
	text := strings.Repeat("text ", 20)
	want := map[string]string{"a.txt": text, "b/c.txt": "", "manifest.json": manifestFor("a.txt", text, "b/c.txt", "")}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if _, err := z.Create("b/"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"manifest.json", "b/c.txt", "a.txt"} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Unix(1e9, 0)})
		if err == nil {
			_, err = io.WriteString(w, want[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "x.zip")
	whole := b.Bytes()
	passed := 0
	for i := -1; i < len(whole); i++ {
		for _, flip := range []byte{0x01, 0x80, 0xff} {
			changed := bytes.Clone(whole)
			if i >= 0 {
				changed[i] ^= flip
			}
			if err := os.WriteFile(file, changed, 0o600); err != nil {
				t.Fatal(err)
			}
			r := verify(t, file, nil)
			if r.ProblemCount > 0 {
				if i < 0 {
					t.Fatalf("unchanged: %+v", r)
				}
				continue
			}
			passed++
			if r.Sealed {
				t.Errorf("byte %d: has a checksum: %+v", i, r)
			}
			got := map[string]string{}
			again, err := zip.NewReader(bytes.NewReader(changed), int64(len(changed)))
			if err != nil {
				t.Errorf("byte %d with %#x: archive/zip: %v", i, flip, err)
				continue
			}
			for _, f := range again.File {
				if strings.HasSuffix(f.Name, "/") {
					continue
				}
				r, err := f.Open()
				if err != nil {
					t.Errorf("byte %d with %#x: archive/zip: %v", i, flip, err)
					continue
				}
				text, err := io.ReadAll(r)
				if err != nil {
					t.Errorf("byte %d with %#x: archive/zip: %v", i, flip, err)
				}
				got[f.Name] = string(text)
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("byte %d with %#x: archive/zip reads %q", i, flip, got)
			}
		}
	}
	if passed == 0 || passed > len(whole) { // times, versions, modes
		t.Errorf("%d of %d changes do not matter", passed, 3*len(whole))
	}
}

// TestZipBomb: an archive that unpacks to far more than its manifest lists, or
// than it says, is not unpacked.
func TestZipBomb(t *testing.T) {
	m := manifestFor("a.txt", "text")
	for name, test := range map[string]struct{ bomb, want string }{
		"listed file": {"a.txt", "a.txt: changed: it has 31457280 bytes, and the manifest says 4"},
		"other file":  {"b.txt", "b.txt: added"},
		"manifest":    {"manifest.json", "manifest.json: "},
		"signature":   {"manifest.intoto.jsonl", "manifest.intoto.jsonl: "},
	} {
		size := 30 << 20
		if test.bomb == "manifest.json" {
			size = 300 << 20 // more than one may have
		}
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.Create(test.bomb)
		if err != nil {
			t.Fatal(err)
		}
		zero := make([]byte, 1<<20)
		for n := 0; n < size; n += len(zero) {
			if _, err := w.Write(zero); err != nil {
				t.Fatal(err)
			}
		}
		for file, text := range map[string]string{"a.txt": "text", "manifest.json": m} {
			if file == test.bomb {
				continue
			}
			w, err := z.Create(file)
			if err == nil {
				_, err = io.WriteString(w, text)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "x.zip")
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := verify(t, file, nil)
		runtime.ReadMemStats(&after)
		wantProblem(t, name, r, 0, test.want)
		limit := uint64(20)
		if strings.HasPrefix(test.bomb, "manifest.") { // read into memory as a whole, in steps, up to their limits
			limit = 600
		}
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > limit {
			t.Errorf("%s: %d MiB allocated", name, used)
		}
	}
}

// TestPackage: the archive is the same each time, holds what was written, and is
// there whole or not at all.
func TestPackage(t *testing.T) {
	a := fixture(t)
	dir, files := written(t, a, manifest.Options{}, "md", "csv", "manifest")
	one, two := content(t, packed(t, a, dir, files)), content(t, packed(t, a, dir, files))
	if one != two {
		t.Error("a second archive has other bytes")
	}
	z, err := zip.NewReader(strings.NewReader(one), int64(len(one)))
	if err != nil {
		t.Fatal(err)
	}
	if len(z.File) != len(files) {
		t.Errorf("%d files, want %d", len(z.File), len(files))
	}
	for i, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil || f.Name != files[i].File || string(text) != content(t, filepath.Join(dir, filepath.FromSlash(f.Name))) {
			t.Errorf("%s: %v", f.Name, err)
		}
		if f.Mode() != 0o600 || !f.Modified.Equal(a.Time) || f.Method != zip.Deflate {
			t.Errorf("%s: mode %v, time %v, method %d", f.Name, f.Mode(), f.Modified, f.Method)
		}
	}
	for _, test := range []struct{ time, want time.Time }{
		{time.Time{}, time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)},
		{time.Unix(0, 0), time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)},
		{time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2037, 12, 31, 23, 59, 58, 0, time.UTC)},
		{time.Date(2026, 1, 31, 14, 0, 1, 0, time.FixedZone("x", 7200)), time.Date(2026, 1, 31, 12, 0, 1, 0, time.UTC)},
	} {
		b := *a
		b.Time = test.time
		z, err := zip.OpenReader(packed(t, &b, dir, files))
		if err != nil {
			t.Fatal(err)
		}
		if got := z.File[0].Modified; !got.Equal(test.want) {
			t.Errorf("time %v: got %v, want %v", test.time, got, test.want)
		}
		z.Close()
	}

	out := t.TempDir()
	file := filepath.Join(out, "package.zip")
	write(t, file, "earlier")
	write(t, filepath.Join(out, ".package.zip.partial"), "of a run that was killed")
	if _, err := render.Package(t.Context(), file, dir, a, files); err != nil || content(t, file) != one {
		t.Errorf("over an earlier one: %v", err)
	}
	if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := render.Package(cancelled, file, dir, a, files); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	write(t, filepath.Join(dir, "report.md"), "changed meanwhile")
	if _, err := render.Package(t.Context(), file, dir, a, files); err == nil || !strings.Contains(err.Error(), "report.md: changed since it was written") {
		t.Errorf("changed: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "report.md")); err != nil {
		t.Fatal(err)
	}
	if _, err := render.Package(t.Context(), file, dir, a, files); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("gone: %v", err)
	}
	if names := fileNames(t, out); !slices.Equal(names, []string{"package.zip"}) || content(t, file) != one {
		t.Errorf("after errors: %q", names)
	}
	if _, err := render.Package(t.Context(), filepath.Join(out, "absent", "x.zip"), dir, a, files); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}

// TestManyFiles: more files than an archive of the old form can have.
func TestManyFiles(t *testing.T) {
	const n = 1<<16 + 10
	var artifacts []shca.Artifact
	var entries []string
	sum := sha256.Sum256([]byte("x"))
	for i := range n {
		name := fmt.Sprintf("%05d", i)
		artifacts = append(artifacts, shca.Artifact{File: name, Size: 1, SHA256: hex.EncodeToString(sum[:])})
		entries = append(entries, entryOf(name, "x"))
	}
	m := manifestOf(`"manifest_version":"1.0","files":[` + strings.Join(entries, ",") + `]`)
	whole := sha256.Sum256([]byte(m))
	artifacts = append(artifacts, shca.Artifact{File: "manifest.json", Size: int64(len(m)), SHA256: hex.EncodeToString(whole[:])})
	var b bytes.Buffer
	err := manifest.Zip(t.Context(), &b, artifacts, time.Time{}, func(name string) (io.ReadCloser, error) {
		if name == "manifest.json" {
			return io.NopCloser(strings.NewReader(m)), nil
		}
		return io.NopCloser(strings.NewReader("x")), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "x.zip")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := verify(t, file, nil); r.ProblemCount > 0 || r.Files != n {
		t.Errorf("%+v", r)
	}
	for i, want := range []string{"its bytes do not have the checksum", "the records at its end do not fit together"} {
		text := b.Bytes()
		at := len(text) - 71 - 22 - 20 - 56 + 24 // number of entries
		text[at] ^= 1
		if i == 1 { // and the checksum goes
			text = text[:len(text)-71]
			text[len(text)-2] = 0
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		wantProblem(t, want, verify(t, file, nil), 1, "the archive is damaged, or has been changed: "+want)
		b.Bytes()[at] ^= byte(1 - i)
	}
}
