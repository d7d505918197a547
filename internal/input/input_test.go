package input

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/input/inputtest"
)

// tree writes files below a new directory and returns it.
func tree(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// listed returns the names of files relative to dir, with the reason of those
// that cannot be read.
func listed(t *testing.T, dir string, files []File) []string {
	t.Helper()
	var names []string
	for _, f := range files {
		name := f.Name
		if rel, err := filepath.Rel(dir, f.Name); err == nil && name != "stdin" {
			name = filepath.ToSlash(rel)
		}
		if f.Err != nil {
			name += ": " + f.Err.Error()
			if f.Open != nil {
				t.Errorf("%s has both Open and Err", f.Name)
			}
		}
		names = append(names, name)
	}
	return names
}

func symlink(t *testing.T, target, link string) {
	t.Helper()
	if err := os.Symlink(target, link); err != nil {
		t.Skip(err)
	}
}

func TestListOrder(t *testing.T) {
	dir := tree(t, "b.json", "a/2.json", "a/10.json", "a.json", ".hidden", ".git/config", "a/.x", "c/d/e/f", "z.txt")
	files, err := List([]string{dir}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a/10.json", "a/2.json", "a.json", "b.json", "c/d/e/f", "z.txt"}
	if d := cmp.Diff(want, listed(t, dir, files)); d != "" {
		t.Errorf("directory (-want +got):\n%s", d)
	}
	for _, f := range files {
		if f.Size != int64(len(filepath.ToSlash(f.Name)[len(filepath.ToSlash(dir))+1:])) {
			t.Errorf("%s: size %d", f.Name, f.Size)
		}
	}

	files, err = List([]string{filepath.Join(dir, "z.txt"), Stdin, filepath.Join(dir, "a"), filepath.Join(dir, ".hidden")}, strings.NewReader(""), nil)
	if err != nil {
		t.Fatal(err)
	}
	want = []string{"z.txt", "stdin", "a/10.json", "a/2.json", ".hidden"}
	if d := cmp.Diff(want, listed(t, dir, files)); d != "" {
		t.Errorf("several paths (-want +got):\n%s", d)
	}

	if files, err := List(nil, nil, nil); len(files) > 0 || err != nil {
		t.Errorf("no path: got %v, %v", files, err)
	}
}

func TestListErrors(t *testing.T) {
	dir := tree(t, "a.json", "sub/b.json", "only/.hidden")
	a, sub := filepath.Join(dir, "a.json"), filepath.Join(dir, "sub")
	b := filepath.Join(sub, "b.json")
	empty := t.TempDir()
	for _, tc := range []struct {
		paths []string
		want  string
	}{
		{[]string{a, a}, a + " and " + a + " are the same file: name it once"},
		{[]string{a, dir}, a + " and " + a + " are the same file: name it once"},
		{[]string{sub, b}, b + " and " + b + " are the same file: name it once"},
		{[]string{sub, sub}, b + " and " + b + " are the same file: name it once"},
		{[]string{b, filepath.Join(dir, "sub", "..", "sub", "b.json")}, b + " and " + b + " are the same file: name it once"},
		{[]string{Stdin, Stdin}, `"-" (standard input) is given twice`},
		{[]string{empty}, empty + ": the directory holds no files"},
		{[]string{filepath.Join(dir, "only")}, filepath.Join(dir, "only") + ": the directory holds no files"},
	} {
		if files, err := List(tc.paths, nil, nil); err == nil || err.Error() != tc.want || files != nil {
			t.Errorf("%q: got %v, %v, want %s", tc.paths, files, err, tc.want)
		}
	}
	if _, err := List([]string{a, filepath.Join(dir, "missing")}, nil, nil); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "missing") {
		t.Errorf("missing path: got %v", err)
	}
}

func TestListLinks(t *testing.T) {
	dir := tree(t, "real/a.json", "other/b.json")
	real := filepath.Join(dir, "real")
	symlink(t, filepath.Join(dir, "other"), filepath.Join(real, "dir"))
	symlink(t, filepath.Join(dir, "other", "b.json"), filepath.Join(real, "file"))
	symlink(t, filepath.Join(dir, "nowhere"), filepath.Join(real, "gone"))
	symlink(t, real, filepath.Join(dir, "latest"))
	for _, name := range []string{"real", "latest"} { // a link that is named is followed
		files, err := List([]string{filepath.Join(dir, name)}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			name + "/a.json",
			name + "/dir: a symbolic link to a directory is not followed: name the directory itself",
			name + "/file",
			name + "/gone: stat " + filepath.Join(dir, name, "gone") + ": no such file or directory",
		}
		if runtime.GOOS == "windows" {
			want = want[:3]
			files = files[:1]
		}
		if d := cmp.Diff(want, listed(t, dir, files)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	link, b := filepath.Join(real, "file"), filepath.Join(dir, "other", "b.json")
	if _, err := List([]string{link, b}, nil, nil); err == nil || err.Error() != link+" and "+b+" are the same file: name it once" {
		t.Errorf("a link and its file: got %v", err)
	}
}

func TestListUnreadable(t *testing.T) {
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("this user may read everything")
	}
	dir := tree(t, "a.json", "locked/b.json", "secret.json")
	for name, mode := range map[string]fs.FileMode{"locked": 0, "secret.json": 0} {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "locked"), 0o700) })
	files, err := List([]string{dir}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 3 || !errors.Is(files[1].Err, fs.ErrPermission) {
		t.Fatalf("got %v", listed(t, dir, files))
	}
	if _, err := Text(files[2], nil); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("secret file: got %v", err)
	}
	if _, err := Text(files[1], nil); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("locked directory: got %v", err)
	}
}

func TestStandardInput(t *testing.T) {
	files, err := List([]string{Stdin}, strings.NewReader("\xef\xbb\xbfhello"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := textOf(files[0], nil); got != "hello" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := textOf(files[0], nil); err == nil || err.Error() != "standard input can be read once only: save it to a file" {
		t.Errorf("again: got %q, %v", got, err)
	}
}

func file(stored string) File {
	return File{Name: "f", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(stored)), nil }}
}

func textOf(f File, p *shca.Progress) (string, error) {
	s, err := Text(f, p)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(s)
	return string(text), errors.Join(err, s.Close())
}

func TestText(t *testing.T) {
	const text = `{"Id":"é 🔒 ` + "\ufeff" + `"}` + "\r\n"
	long := text + strings.Repeat("0123456789é🔒", 50_000)
	skippable := "\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
	encodings := map[string]func(string) string{
		"UTF-8":              func(s string) string { return s },
		"UTF-8, mark":        func(s string) string { return "\xef\xbb\xbf" + s },
		"UTF-16 LE, mark":    func(s string) string { return inputtest.UTF16("\ufeff"+s, binary.LittleEndian) },
		"UTF-16 BE, mark":    func(s string) string { return inputtest.UTF16("\ufeff"+s, binary.BigEndian) },
		"UTF-16 LE, no mark": func(s string) string { return inputtest.UTF16(s, binary.LittleEndian) },
		"UTF-16 BE, no mark": func(s string) string { return inputtest.UTF16(s, binary.BigEndian) },
	}
	compressions := map[string]func(string) string{
		"plain":           func(s string) string { return s },
		"gzip":            inputtest.Gzip,
		"gzip, members":   func(s string) string { return inputtest.Gzip(s[:1]) + inputtest.Gzip("") + inputtest.Gzip(s[1:]) },
		"zstd":            inputtest.Zstd,
		"zstd, frames":    func(s string) string { return inputtest.Zstd(s[:1]) + inputtest.Zstd(s[1:]) },
		"zstd, skippable": func(s string) string { return skippable + inputtest.Zstd(s) },
	}
	for e, encode := range encodings {
		for c, compress := range compressions {
			for _, want := range []string{text, long, "{}"} {
				stored := compress(encode(want))
				var p shca.Progress
				got, err := textOf(file(stored), &p)
				if err != nil || got != want {
					t.Errorf("%s, %s: got %.40q (%d bytes), %v; want %.40q (%d bytes)", e, c, got, len(got), err, want, len(want))
				}
				if n, _, _ := p.Read(); n != int64(len(stored)) {
					t.Errorf("%s, %s: progress counts %d bytes of %d", e, c, n, len(stored))
				}
			}
		}
	}
	for _, short := range []string{"", "{", "[]", "ab", "\xef\xbb", "1"} {
		if got, err := textOf(file(short), nil); got != short || err != nil {
			t.Errorf("%q: got %q, %v", short, got, err)
		}
	}
}

func TestTextErrors(t *testing.T) {
	const damaged = ": the file is damaged: copy or write it anew"
	const cut = ": the file is cut off: copy or write it anew (unexpected EOF)"
	long := strings.Repeat("0123456789é🔒", 5_000)
	for name, tc := range map[string]struct{ stored, want string }{
		"gzip header":  {inputtest.Gzip(long)[:5], "gzip" + cut},
		"gzip middle":  {inputtest.Gzip(long)[:len(inputtest.Gzip(long))/2], "gzip" + cut},
		"gzip trailer": {inputtest.Gzip(long)[:len(inputtest.Gzip(long))-4], "gzip" + cut},
		"gzip text":    {inputtest.Gzip(long) + "some other text", "gzip" + damaged},
		"gzip bytes":   {inputtest.Gzip(long)[:20] + "xxxxxxxxxxxxxxxx" + inputtest.Gzip(long)[36:], "gzip" + damaged},
		"gzip sum":     {inputtest.Gzip(long)[:len(inputtest.Gzip(long))-8] + "12345678", "gzip" + damaged},
		"zstd header":  {inputtest.Zstd(long)[:5], "zstd" + cut},
		"zstd middle":  {inputtest.Zstd(long)[:len(inputtest.Zstd(long))/2], "zstd" + cut},
		"zstd text":    {inputtest.Zstd(long) + "text", "zstd" + damaged},
	} {
		if _, err := textOf(file(tc.stored), nil); err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %s", name, err, tc.want)
		}
	}
	for n := range len(inputtest.Gzip(long)) {
		if _, err := textOf(file(inputtest.Gzip(long)[:n]), nil); err == nil && n > 1 {
			t.Errorf("gzip cut at %d: no error", n)
		}
	}
	for n := range len(inputtest.Zstd(long)) {
		if _, err := textOf(file(inputtest.Zstd(long)[:n]), nil); err == nil && n > 3 {
			t.Errorf("zstd cut at %d: no error", n)
		}
	}
	cause := errors.New("no")
	if _, err := Text(File{Name: "x", Err: cause}, nil); err != cause {
		t.Errorf("Err: got %v", err)
	}
	if _, err := Text(File{Name: "x", Open: func() (io.ReadCloser, error) { return nil, cause }}, nil); err != cause {
		t.Errorf("Open: got %v", err)
	}
	if _, err := Text(File{Name: "x", Open: func() (io.ReadCloser, error) { return os.Open(t.TempDir()) }}, nil); err == nil {
		t.Error("a directory: no error")
	}
}

// closing counts how often it is closed.
type closing struct {
	io.Reader
	n *int
}

func (c closing) Close() error { *c.n++; return nil }

// TestClose: the file is closed once, also where its text cannot be read.
func TestClose(t *testing.T) {
	for _, stored := range []string{"{}", inputtest.Gzip("{}"), inputtest.Zstd("{}"), inputtest.Gzip("{}")[:5], "PK\x03\x04"} {
		n := 0
		s, err := Text(File{Open: func() (io.ReadCloser, error) { return closing{strings.NewReader(stored), &n}, nil }}, nil)
		if err == nil {
			err = s.Close()
			if err != nil {
				t.Error(err)
			}
		}
		if n != 1 {
			t.Errorf("%.10q: closed %d times", stored, n)
		}
	}
}

// FuzzText unpacks and transcodes arbitrary bytes.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "{}", "\xef\xbb\xbf{}", "PK\x03\x04", inputtest.Gzip("{}"), inputtest.Gzip("{}")[:12], inputtest.Gzip("{}") + inputtest.Gzip("[]"), inputtest.Zstd("{}"), inputtest.Zstd("{}")[:6],
		inputtest.UTF16("\ufeff{}", binary.LittleEndian), inputtest.UTF16("{}", binary.BigEndian), "\xff\xfe\x00\xd8", "\x50\x2a\x4d\x18\x04\x00\x00\x00abcd" + inputtest.Zstd("x"), inputtest.Gzip(inputtest.UTF16("{}", binary.LittleEndian))} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, stored []byte) {
		var p shca.Progress
		s, err := Text(file(string(stored)), &p)
		if err != nil {
			return
		}
		n, err := io.Copy(io.Discard, io.LimitReader(s, 64<<20))
		if err != nil && err.Error() == "" {
			t.Error("an error that says nothing")
		}
		if read, _, _ := p.Read(); read > int64(len(stored)) || err == nil && n > 0 && read == 0 {
			t.Errorf("read %d of %d bytes, %d of text", read, len(stored), n)
		}
		if closed := s.Close(); closed != nil && err == nil {
			t.Error(closed)
		}
	})
}

// TestHead: a stream's beginning tells its format, and is read again after.
func TestHead(t *testing.T) {
	long := strings.Repeat("x", 100<<10)
	for name, tc := range map[string]struct{ stored, want string }{
		"CSV":               {"a,b\nc,d\n", "a,b\nc,d\n"},
		"one line":          {"a,b", "a,b"},
		"packed":            {inputtest.Gzip("a,b\n" + long), "a,b\n" + long},
		"UTF-16":            {inputtest.UTF16("\ufeffa,b\n", binary.LittleEndian), "a,b\n"},
		"mark":              {"\xef\xbb\xbfa,b\n", "a,b\n"},
		"long line":         {long, long},
		"empty":             {"", ""},
		"JSON":              {`{"a":1}`, `{"a":1}`},
		"binary":            {"PAR1\x15\x00\x15", "PAR1\x15\x00\x15"},
		"binary, packed":    {inputtest.Zstd("PAR1\x15\x00\x15"), "PAR1\x15\x00\x15"},
		"no line in 64 KiB": {long + "\n", long + "\n"},
	} {
		s, err := Text(file(tc.stored), nil)
		if err != nil {
			t.Fatal(err)
		}
		head, err := s.Head()
		if err != nil || !strings.HasPrefix(tc.want, string(head)) {
			t.Errorf("%s: head %.60q, %v", name, head, err)
		}
		whole := string(head) == tc.want || strings.Contains(string(head), "\n") || len(head) == 64<<10
		if json := strings.HasPrefix(tc.want, "{") || strings.HasPrefix(tc.want, "PAR1"); json && len(head) != 4 || !json && !whole {
			t.Errorf("%s: head has %d bytes: %.60q", name, len(head), head)
		}
		if rest, err := io.ReadAll(s); string(rest) != tc.want || err != nil {
			t.Errorf("%s: then %.60q, %v", name, rest, err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHeadDoesNotWait: a line that is there is enough, though the stream goes on.
func TestHeadDoesNotWait(t *testing.T) {
	r, w := io.Pipe()
	defer r.Close()
	go func() {
		w.Write([]byte("finding_info"))
		w.Write([]byte(".uid,b\n")) // and then nothing
	}()
	s, err := Text(File{Open: func() (io.ReadCloser, error) { return r, nil }}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if head, err := s.Head(); string(head) != "finding_info.uid,b\n" || err != nil {
		t.Errorf("got %q, %v", head, err)
	}
}

// TestRandom: whatever way the bytes are stored, they are there at any place.
func TestRandom(t *testing.T) {
	content := "PAR1" + strings.Repeat("0123456789", 20_000) + "PAR1"
	dir := t.TempDir()
	t.Setenv("TMPDIR", filepath.Join(dir, "temp"))
	if err := os.Mkdir(filepath.Join(dir, "temp"), 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "plain")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	plain, err := List([]string{path}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]File{
		"file":   plain[0],
		"stream": file(content),
		"gzip":   file(inputtest.Gzip(content)),
		"zstd":   file(inputtest.Zstd(content)),
	} {
		var p shca.Progress
		s, err := Text(f, &p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Head(); err != nil {
			t.Fatal(err)
		}
		for range 2 { // of which one may be larger than the other has left
			r, size, err := s.Random(t.Context())
			if err != nil || size != int64(len(content)) {
				t.Fatalf("%s: %d bytes, %v", name, size, err)
			}
			got, err := io.ReadAll(io.NewSectionReader(r, 0, size))
			if string(got) != content || err != nil {
				t.Errorf("%s: got %d bytes, %v", name, len(got), err)
			}
			if _, ok := r.(*os.File); ok == (name == "file") {
				t.Errorf("%s: a copy: %t", name, ok)
			}
			if left, err := os.ReadDir(filepath.Join(dir, "temp")); len(left) > 0 && runtime.GOOS != "windows" {
				t.Errorf("%s: the copy has a name: %v, %v", name, left, err)
			}
			if name != "file" {
				break // the stream is used up
			}
		}
		if read, _, _ := p.Read(); name == "file" && read < int64(len(content)) || read > 2*int64(len(content)) {
			t.Errorf("%s: progress %d bytes of %d", name, read, len(content))
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRandomErrors(t *testing.T) {
	packed := inputtest.Gzip(strings.Repeat("PAR1", 100_000))
	s, err := Text(file(packed[:len(packed)-20]), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Random(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "gzip: the file is cut off") {
		t.Errorf("cut off: got %v", err)
	}
	s.Close() // may say so again

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err = Text(file(packed), nil); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, _, err := s.Random(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}

	if runtime.GOOS != "windows" {
		t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
		if _, _, err := s.Random(t.Context()); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "set TMPDIR") {
			t.Errorf("no folder: got %v", err)
		}
	}
	l := &limitedReader{ctx: t.Context(), r: strings.NewReader("abc"), left: 2}
	if _, err := io.ReadAll(l); err == nil || !strings.HasPrefix(err.Error(), "larger than 16 GiB when unpacked") {
		t.Errorf("limit: got %v", err)
	}
}

func TestListSchemes(t *testing.T) {
	schemes := Schemes{"s3://": func(address string) ([]File, error) {
		if strings.Contains(address, "empty") {
			return nil, errors.New(address + ": nothing")
		}
		return []File{{Name: address + "a", Size: 1}, {Name: address + "b", Size: 2}}, nil
	}}
	file := filepath.Join(t.TempDir(), "f.json")
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		paths []string
		want  []string
		err   string
	}{
		{paths: []string{"s3://b/x/", file, "s3://b/"}, want: []string{"s3://b/x/a", "s3://b/x/b", file, "s3://b/a", "s3://b/b"}},
		{paths: []string{"s3://b/x/", "s3://b/x/"}, err: "s3://b/x/a is in s3://b/x/ and in s3://b/x/: name it once"},
		{paths: []string{"s3://empty/"}, err: "s3://empty/: nothing"},
		{paths: []string{"s4://b/"}, err: "s4:"},
	} {
		files, err := List(test.paths, nil, schemes)
		if test.err != "" {
			if err == nil || !strings.Contains(strings.ToLower(err.Error()), test.err) {
				t.Errorf("List(%q): error %v, want %q", test.paths, err, test.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("List(%q): %v", test.paths, err)
		}
		var got []string
		for _, f := range files {
			got = append(got, f.Name)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("List(%q) (-want +got):\n%s", test.paths, diff)
		}
	}
}
