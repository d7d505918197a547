package s3store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/input"
	"github.com/go-shca/shca/internal/s3store"
)

func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// write writes files and returns what they are.
func write(t *testing.T, dir string, files map[string][]byte) []shca.Artifact {
	t.Helper()
	var all []shca.Artifact
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		all = append(all, shca.Artifact{File: name, MediaType: "text/x-" + strings.TrimPrefix(filepath.Ext(name), "."), Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])})
	}
	slices.SortFunc(all, func(a, b shca.Artifact) int { return strings.Compare(a.File, b.File) })
	return all
}

func address(t *testing.T, s string) s3store.Address {
	t.Helper()
	a, err := s3store.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func read(t *testing.T, f input.File) []byte {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRoundTrip(t *testing.T) {
	for _, tls := range []bool{false, true} {
		t.Run(fmt.Sprintf("tls=%v", tls), func(t *testing.T) {
			f, store := newFake(t, tls)
			files := map[string][]byte{
				"manifest.json":              []byte("{}"),
				"manifest.intoto.jsonl":      []byte("sig"),
				"empty.csv":                  {},
				"controls/ready/AC-2.csv":    []byte("a,b\n"),
				"snapshot.ndjson.zst":        noise(40<<20 + 17),
				"oscal/assessment-plan.json": noise(16 << 20),
			}
			dir := t.TempDir()
			artifacts := write(t, dir, files)
			o := s3store.Options{SSE: "aws:kms", KMSKeyID: "alias/k", BucketKey: true, StorageClass: "STANDARD_IA", Last: []string{"manifest.intoto.jsonl", "manifest.json"}}
			if err := store.Upload(t.Context(), dir, artifacts, address(t, "s3://bucket/runs/1"), o); err != nil {
				t.Fatal(err)
			}
			names, err := store.Names(t.Context(), address(t, "s3://bucket/runs/1"))
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, a := range artifacts {
				want = append(want, a.File)
				h := f.object("runs/1/" + a.File).Header
				if kind, sse := h.Get("Content-Type"), h.Get("X-Amz-Server-Side-Encryption"); kind != a.MediaType || sse != "aws:kms" {
					t.Errorf("%s: content type %q, encryption %q", a.File, kind, sse)
				}
			}
			if diff := cmp.Diff(want, names); diff != "" {
				t.Errorf("Names (-want +got):\n%s", diff)
			}
			for _, call := range []string{"PutObject runs/1/manifest.json", "CreateMultipartUpload runs/1/snapshot.ndjson.zst"} {
				h := f.headers[call]
				for header, want := range map[string]string{
					"X-Amz-Server-Side-Encryption":                    "aws:kms",
					"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id":     "alias/k",
					"X-Amz-Server-Side-Encryption-Bucket-Key-Enabled": "true",
					"X-Amz-Storage-Class":                             "STANDARD_IA",
				} {
					if got := h.Get(header); got != want {
						t.Errorf("%s: %s is %q, want %q", call, header, got, want)
					}
				}
			}
			var writes []string
			for _, c := range f.calls {
				if strings.HasPrefix(c, "PutObject") || strings.HasPrefix(c, "Complete") {
					writes = append(writes, c)
				}
			}
			if diff := cmp.Diff([]string{"CompleteMultipartUpload runs/1/snapshot.ndjson.zst", "PutObject runs/1/manifest.intoto.jsonl", "PutObject runs/1/manifest.json"}, writes[len(writes)-3:]); diff != "" {
				t.Errorf("last writes (-want +got):\n%s", diff)
			}
			if _, uploads := f.left(); uploads > 0 {
				t.Errorf("%d multipart uploads are left", uploads)
			}

			in, err := store.List(t.Context(), "s3://bucket/runs")
			if err != nil {
				t.Fatal(err)
			}
			for i, file := range in {
				a := artifacts[i]
				if file.Name != "s3://bucket/runs/1/"+a.File || file.Size != a.Size {
					t.Errorf("listed %s with %d bytes, want %s with %d", file.Name, file.Size, a.File, a.Size)
				}
				if got := read(t, file); !bytes.Equal(got, files[a.File]) {
					t.Errorf("%s: read %d bytes that are not those written", a.File, len(got))
				}
			}
		})
	}
}

func TestUploadFile(t *testing.T) {
	f, store := newFake(t, true)
	dir := t.TempDir()
	write(t, dir, map[string][]byte{"x.zst": noise(20 << 20)})
	if err := store.UploadFile(t.Context(), filepath.Join(dir, "x.zst"), "application/zstd", address(t, "s3://bucket/a/snapshot.zst"), s3store.Options{SSE: "AES256"}); err != nil {
		t.Fatal(err)
	}
	if o := f.object("a/snapshot.zst"); !bytes.Equal(o.Body, noise(20<<20)) || o.Header.Get("Content-Type") != "application/zstd" || o.Header.Get("X-Amz-Server-Side-Encryption") != "AES256" {
		t.Errorf("stored %d bytes with %q", len(o.Body), o.Header)
	}
	if err := store.UploadFile(t.Context(), filepath.Join(dir, "x.zst"), "", address(t, "s3://bucket/a/"), s3store.Options{}); err == nil {
		t.Error("a file was stored under the address of a folder")
	}
}

func TestList(t *testing.T) {
	f, store := newFake(t, false)
	var many []string
	for i := range 2500 {
		name := fmt.Sprintf("many/%04d.json", i)
		f.put(name, []byte(name))
		many = append(many, "s3://bucket/"+name)
	}
	weird := []string{"weird/ a b+c%2F&=.json", "weird/../../up.json", "weird/a//b.json", "weird/ctrl\x01\x1b.json", "weird/ü/日本.json", "weird/x:y\\z|\"'<>.json"}
	for _, k := range append(weird, "weird/", "weird/sub/", "weird/.git/config", "weird/.DS_Store", "one", "one/inside.json", "manyfold.json", ".hidden/x.json") {
		if strings.HasSuffix(k, "/") {
			f.put(k, nil)
		} else {
			f.put(k, []byte(k))
		}
	}
	want := slices.Clone(weird)
	slices.Sort(want)
	for i := range want {
		want[i] = "s3://bucket/" + want[i]
	}
	for _, test := range []struct {
		address string
		want    []string
		err     string
	}{
		{address: "s3://bucket/many/", want: many},
		{address: "s3://bucket/many", want: many},
		{address: "s3://bucket/weird/", want: want},
		{address: "s3://bucket/one", want: []string{"s3://bucket/one"}},
		{address: "s3://bucket/one/", want: []string{"s3://bucket/one/inside.json"}},
		{address: "s3://bucket/.hidden/", want: []string{"s3://bucket/.hidden/x.json"}}, // named itself
		{address: "s3://bucket/many/0001.json", want: many[1:2]},
		{address: "s3://bucket/man", err: "s3://bucket/man: there is no such object, and none below s3://bucket/man/"},
		{address: "s3://bucket/none/", err: "s3://bucket/none/: no object lies below this address"},
		{address: "s3://buckets/none/", err: "s3://buckets/: s3:ListBucket in us-east-1: NotFound (there is no such bucket: check its name"},
	} {
		files, err := store.List(t.Context(), test.address)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("List(%q): error %v, want %q", test.address, err, test.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("List(%q): %v", test.address, err)
		}
		var got []string
		for _, file := range files {
			got = append(got, file.Name)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("List(%q) (-want +got):\n%s", test.address, diff)
		}
		if len(files) < 10 && strings.Contains(test.address, "weird") {
			for _, file := range files {
				if got := string(read(t, file)); "s3://bucket/"+got != file.Name {
					t.Errorf("%q: read %q", file.Name, got)
				}
			}
		}
	}
}

func TestRepeatedToken(t *testing.T) {
	f, store := newFake(t, false)
	f.fault = func(w http.ResponseWriter, r *http.Request, call, key string) bool {
		if call != "ListObjectsV2" {
			return false
		}
		fmt.Fprint(w, `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>`)
		return true
	}
	if _, err := store.List(t.Context(), "s3://bucket/"); err == nil || !strings.Contains(err.Error(), "page 2: more objects follow, but the token for them is missing or repeated") {
		t.Errorf("error %v", err)
	}
}

// cut makes the bucket send so many bytes of each answer to GetObject, and then
// break the connection.
func cut(f *fake, bytes func(n int) int) *atomic.Int32 {
	var n atomic.Int32
	f.fault = func(w http.ResponseWriter, r *http.Request, call, key string) bool {
		if call != "GetObject" {
			return false
		}
		send := bytes(int(n.Add(1)))
		if send < 0 {
			return false
		}
		o := f.object(key)
		var from int
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		w.Header().Set("ETag", o.ETag)
		w.Header().Set("Content-Length", fmt.Sprint(len(o.Body)-from))
		if from > 0 {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(o.Body)-1, len(o.Body)))
			w.WriteHeader(206)
		}
		_, _ = w.Write(o.Body[from:min(len(o.Body), from+send)])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	return &n
}

func TestResume(t *testing.T) {
	f, store := newFake(t, false)
	store.Hurry(time.Minute, time.Millisecond)
	data := noise(3 << 20)
	f.put("k.bin", data)
	files, err := store.List(t.Context(), "s3://bucket/k.bin")
	if err != nil {
		t.Fatal(err)
	}
	// Two connections without a byte between those that send some.
	n := cut(f, func(n int) int { return []int{0, 0, 300_001}[n%3] })
	if got := read(t, files[0]); !bytes.Equal(got, data) {
		t.Errorf("read %d bytes that are not those stored", len(got))
	}
	if n.Load() < 20 {
		t.Errorf("%d connections: the test did not break enough of them", n.Load())
	}
	cut(f, func(n int) int {
		if n == 1 {
			return 1000
		}
		return 0
	})
	r, err := files[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err == nil || len(got) != 1000 || !strings.Contains(err.Error(), "s3://bucket/k.bin: s3:GetObject in eu-west-1: ") || !strings.Contains(err.Error(), "6 connections in a row broke at byte 1000 of 3145728") {
		t.Errorf("read %d bytes, error %v", len(got), err)
	}
	if _, again := r.Read(make([]byte, 1)); again != err {
		t.Errorf("the error was %v, and then %v", err, again)
	}
}

func TestStall(t *testing.T) {
	f, store := newFake(t, false)
	store.Hurry(50*time.Millisecond, time.Millisecond)
	data := noise(100_000)
	f.put("k", data)
	files, err := store.List(t.Context(), "s3://bucket/k")
	if err != nil {
		t.Fatal(err)
	}
	var n atomic.Int32
	f.fault = func(w http.ResponseWriter, r *http.Request, call, key string) bool {
		switch n.Add(1) {
		case 1: // no answer at all
		case 2: // half of one
			w.Header().Set("ETag", f.object("k").ETag)
			w.Header().Set("Content-Length", "100000")
			_, _ = w.Write(data[:50_000])
			_ = http.NewResponseController(w).Flush()
		default:
			return false
		}
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
	if got := read(t, files[0]); !bytes.Equal(got, data) {
		t.Errorf("read %d bytes that are not those stored", len(got))
	}
}

func TestChanged(t *testing.T) {
	f, store := newFake(t, false)
	store.Hurry(time.Minute, time.Millisecond)
	f.put("k", noise(1000))
	files, err := store.List(t.Context(), "s3://bucket/k")
	if err != nil {
		t.Fatal(err)
	}
	const want = "s3://bucket/k: the object changed after it was listed: run again when nobody writes to it"
	cut(f, func(n int) int {
		if n > 1 {
			return -1
		}
		return 500
	})
	r, err := files[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(r, make([]byte, 500)); err != nil {
		t.Fatal(err)
	}
	f.put("k", []byte("other"))
	if n, err := r.Read(make([]byte, 10)); err == nil || n != 0 || err.Error() != want {
		t.Errorf("in the middle: %d bytes, error %v", n, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := files[0].Open(); err == nil || err.Error() != want {
		t.Errorf("before: error %v", err)
	}
	// A service that heeds no conditions.
	f.fault = func(w http.ResponseWriter, r *http.Request, call, key string) bool {
		w.Header().Set("ETag", `"another"`)
		fmt.Fprint(w, "x")
		return true
	}
	if _, err := files[0].Open(); err == nil || err.Error() != want {
		t.Errorf("without conditions: error %v", err)
	}
}

func TestNoRanges(t *testing.T) {
	f, store := newFake(t, false)
	store.Hurry(time.Minute, time.Millisecond)
	f.put("k", noise(1000))
	files, err := store.List(t.Context(), "s3://bucket/k")
	if err != nil {
		t.Fatal(err)
	}
	f.fault = func(w http.ResponseWriter, r *http.Request, call, key string) bool {
		w.Header().Set("ETag", f.object("k").ETag)
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write(f.object("k").Body[:10])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	r, err := files[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); len(got) != 10 || err == nil || !strings.Contains(err.Error(), "did not go on from there") {
		t.Errorf("read %d bytes, error %v", len(got), err)
	}
}

func TestCancelRead(t *testing.T) {
	f, store := newFake(t, false)
	f.put("k", noise(1000))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	files, err := store.List(ctx, "s3://bucket/k")
	if err != nil {
		t.Fatal(err)
	}
	f.fault = func(w http.ResponseWriter, r *http.Request, call, key string) bool {
		w.Header().Set("ETag", f.object("k").ETag)
		w.Header().Set("Content-Length", "1000")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return true
	}
	for _, end := range []func(io.Closer){func(io.Closer) { cancel() }, func(c io.Closer) { _ = c.Close() }} {
		r, err := files[0].Open()
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			continue // the second, after ctx is done
		}
		time.AfterFunc(20*time.Millisecond, func() { end(r) })
		if _, err := r.Read(make([]byte, 10)); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		_ = r.Close()
	}
	if _, err := store.List(ctx, "s3://bucket/"); !errors.Is(err, context.Canceled) {
		t.Errorf("List: error %v", err)
	}
}

func TestFailedUploadLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	artifacts := write(t, dir, map[string][]byte{"big": noise(40 << 20), "manifest.json": []byte("{}")})
	o := s3store.Options{Last: []string{"manifest.json"}}
	for name, test := range map[string]struct {
		fault func(f *fake, cancel func()) func(w http.ResponseWriter, r *http.Request, call, key string) bool
		err   string
	}{
		"part refused": {err: "s3://bucket/p/big: s3:PutObject in eu-west-1: AccessDenied: Access Denied (allow s3:PutObject on the object", fault: func(f *fake, _ func()) func(http.ResponseWriter, *http.Request, string, string) bool {
			return func(w http.ResponseWriter, r *http.Request, call, key string) bool {
				if r.URL.Query().Get("partNumber") == "3" {
					fail(w, 403, "AccessDenied", "Access Denied")
					return true
				}
				return false
			}
		}},
		"not completed": {err: "InvalidPart", fault: func(f *fake, _ func()) func(http.ResponseWriter, *http.Request, string, string) bool {
			return func(w http.ResponseWriter, r *http.Request, call, key string) bool {
				if call == "CompleteMultipartUpload" {
					fail(w, 200, "InvalidPart", "an error with status 200")
					return true
				}
				return false
			}
		}},
		"cancelled": {err: "s3://bucket/p/big: context canceled", fault: func(f *fake, cancel func()) func(http.ResponseWriter, *http.Request, string, string) bool {
			return func(w http.ResponseWriter, r *http.Request, call, key string) bool {
				if r.URL.Query().Get("partNumber") == "2" {
					cancel()
				}
				return false
			}
		}},
		"cancelled at the beginning": {err: "context canceled", fault: func(f *fake, cancel func()) func(http.ResponseWriter, *http.Request, string, string) bool {
			return func(w http.ResponseWriter, r *http.Request, call, key string) bool {
				if call == "CreateMultipartUpload" {
					cancel()
					time.Sleep(50 * time.Millisecond)
				}
				return false
			}
		}},
		"no encryption": {err: `the service encrypts with "", not with aws:kms as asked; nothing was stored`, fault: func(f *fake, _ func()) func(http.ResponseWriter, *http.Request, string, string) bool {
			return func(w http.ResponseWriter, r *http.Request, call, key string) bool {
				r.Header.Del("X-Amz-Server-Side-Encryption")
				return false
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f, store := newFake(t, false)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			f.fault = test.fault(f, cancel)
			o := o
			if name == "no encryption" {
				o.SSE = "aws:kms"
			}
			err := store.Upload(ctx, dir, artifacts, address(t, "s3://bucket/p/"), o)
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			if keys, uploads := f.left(); len(keys) > 0 || uploads > 0 {
				t.Errorf("left are the objects %q and %d multipart uploads", keys, uploads)
			}
		})
	}
}

func TestFailedAbortIsTold(t *testing.T) {
	f, store := newFake(t, false)
	dir := t.TempDir()
	artifacts := write(t, dir, map[string][]byte{"big": noise(17 << 20)})
	f.fault = func(w http.ResponseWriter, r *http.Request, call, key string) bool {
		if call == "UploadPart" || call == "AbortMultipartUpload" {
			fail(w, 403, "AccessDenied", "no "+call)
			return true
		}
		return false
	}
	err := store.Upload(t.Context(), dir, artifacts, address(t, "s3://bucket/"), s3store.Options{})
	for _, want := range []string{"no UploadPart", "s3:AbortMultipartUpload in eu-west-1: AccessDenied", "stay in the bucket: abort it"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestUploadRefuses(t *testing.T) {
	_, store := newFake(t, false)
	dir := t.TempDir()
	artifacts := write(t, dir, map[string][]byte{"a.csv": []byte("x")})
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" {
		if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
	}
	changed := artifacts[0]
	changed.Size++
	damaged := artifacts[0]
	damaged.SHA256 = strings.Repeat("0", 64)
	for name, test := range map[string]struct {
		files []shca.Artifact
		o     s3store.Options
		err   string
	}{
		"above":    {files: []shca.Artifact{{File: "../x"}}, err: "no name for an artifact"},
		"absolute": {files: []shca.Artifact{{File: outside}}, err: "no name for an artifact"},
		"link":     {files: []shca.Artifact{{File: "link"}}, err: "link"},
		"folder":   {files: []shca.Artifact{{File: "."}}, err: "no name for an artifact"},
		"missing":  {files: []shca.Artifact{{File: "none"}}, err: "none"},
		"twice":    {files: []shca.Artifact{artifacts[0], artifacts[0]}, err: "a.csv is named twice"},
		"changed":  {files: []shca.Artifact{changed}, err: "changed after it was written: it has 1 bytes, not 2"},
		"damaged":  {files: []shca.Artifact{damaged}, err: "BadDigest"},
		"SSE":      {files: artifacts, o: s3store.Options{SSE: "kms"}, err: "encryption kms is unknown: it is AES256, aws:kms or aws:kms:dsse"},
		"key":      {files: artifacts, o: s3store.Options{SSE: "AES256", KMSKeyID: "k"}, err: "a KMS key goes with"},
		"bucket key": {files: artifacts, o: s3store.Options{SSE: "aws:kms:dsse", BucketKey: true},
			err: "a bucket key goes with the encryption aws:kms only"},
		"storage class": {files: artifacts, o: s3store.Options{StorageClass: "cheap"}, err: "storage class cheap is unknown"},
	} {
		err := store.Upload(t.Context(), dir, test.files, address(t, "s3://bucket/p/"), test.o)
		if err == nil || !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: error %v, want %q", name, err, test.err)
		}
	}
}

func TestDocumentsAreCarriedOn(t *testing.T) {
	f, store := newFake(t, false)
	const ssp, poam = "oscal/system-security-plan.json", "oscal/plan-of-action-and-milestones.json"
	f.put("p/"+ssp, []byte("edited"))
	f.put("p/"+poam+".bak", []byte("not this one"))
	folder := address(t, "s3://bucket/p")
	dir := t.TempDir()
	etags, err := store.Download(t.Context(), folder, []string{ssp, poam}, dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{ssp: f.object("p/" + ssp).ETag, poam: ""}, etags); diff != "" {
		t.Errorf("ETags (-want +got):\n%s", diff)
	}
	got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(ssp)))
	if err != nil || string(got) != "edited" {
		t.Errorf("%q, %v", got, err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "oscal", "*"))
	if err != nil || len(left) != 1 {
		t.Errorf("files %q, %v", left, err)
	}

	artifacts := write(t, dir, map[string][]byte{ssp: []byte("edited, and carried on"), poam: []byte("new"), "control-summary.csv": []byte("c")})
	o := s3store.Options{IfMatch: etags}
	// Somebody writes while the run goes on: nothing is replaced.
	for _, key := range []string{"p/" + ssp, "p/" + poam} {
		before := f.object(key)
		f.put(key, []byte("edited meanwhile"))
		err := store.Upload(t.Context(), dir, artifacts, folder, o)
		if err == nil || !strings.Contains(err.Error(), key+": somebody else has written the object meanwhile: run again") {
			t.Errorf("error %v", err)
		}
		if got := string(f.object(key).Body); got != "edited meanwhile" {
			t.Errorf("%s is %q", key, got)
		}
		for _, other := range []string{ssp, poam, "control-summary.csv"} {
			if o := f.object("p/" + other); o.Header != nil {
				t.Errorf("%s was stored", other)
			}
		}
		f.remove(key)
		if before.Body != nil {
			f.put(key, before.Body)
		}
	}
	// Or at the last moment.
	f.fault = func(w http.ResponseWriter, r *http.Request, call, key string) bool {
		if call == "PutObject" {
			f.put(key, []byte("edited meanwhile"))
		}
		return false
	}
	err = store.Upload(t.Context(), dir, artifacts, folder, o)
	if want := "s3://bucket/p/" + poam + ": s3:PutObject in eu-west-1: PreconditionFailed: At least one of the pre-conditions you specified did not hold (somebody else has written the object meanwhile: run again)"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %v", err, want)
	}
	f.fault = nil
	f.remove("p/" + poam)
	if err := store.Upload(t.Context(), dir, artifacts, folder, o); err != nil {
		t.Error(err)
	}

	for _, name := range []string{"../x", "/etc/passwd", "a/../../x", "", ".", "a//b"} {
		if _, err := store.Download(t.Context(), folder, []string{name}, dir); err == nil || !strings.Contains(err.Error(), "no name for an artifact") {
			t.Errorf("Download of %q: error %v", name, err)
		}
	}
	if runtime.GOOS != "windows" {
		outside := t.TempDir()
		if err := os.Symlink(outside, filepath.Join(dir, "out")); err != nil {
			t.Fatal(err)
		}
		f.put("p/out/x", []byte("x"))
		if _, err := store.Download(t.Context(), folder, []string{"out/x"}, dir); err == nil {
			t.Error("Download followed a symbolic link out of the directory")
		}
	}
	f.fault = func(w http.ResponseWriter, r *http.Request, call, key string) bool {
		fail(w, 403, "AccessDenied", "Access Denied")
		return true
	}
	if _, err := store.Download(t.Context(), folder, []string{ssp}, dir); err == nil || !strings.Contains(err.Error(), "allow s3:ListBucket on the bucket") {
		t.Errorf("error %v: a document that cannot be read must not be taken for none", err)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	for code, want := range map[string]string{
		"AccessDenied":          "allow s3:GetObject on the object, in the policies of the caller and of the bucket; if a KMS key encrypts it, kms:Decrypt on the key; without s3:ListBucket an object that does not exist looks the same; or the bucket is not owned by 111122223333 (--bucket-owner)",
		"KMS.DisabledException": "check the KMS key",
		"NoSuchBucket":          "check the bucket's name",
		"NoSuchKey":             "no longer",
		"PermanentRedirect":     "the bucket is in another Region",
		"ExpiredToken":          "sign in again",
		"InvalidAccessKeyId":    "the credentials are not valid here",
		"InvalidObjectState":    "restore it first",
		"RequestTimeTooSkewed":  "set the clock",
	} {
		f, store := newFake(t, false)
		store.BucketOwner = "111122223333"
		f.put("k", []byte("x"))
		files, err := store.List(t.Context(), "s3://bucket/k")
		if err != nil {
			t.Fatal(err)
		}
		if got := f.headers["HeadObject k"].Get("X-Amz-Expected-Bucket-Owner"); got != store.BucketOwner {
			t.Errorf("the owner sent is %q", got)
		}
		f.fault = func(w http.ResponseWriter, r *http.Request, call, key string) bool {
			fail(w, 403, code, "message\u009b31m of "+code)
			return true
		}
		_, err = files[0].Open()
		if err == nil || !strings.HasPrefix(err.Error(), "s3://bucket/k: s3:GetObject in eu-west-1: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", code, err, want)
		}
		secret(t, err)
	}

	// HEAD has no body that could say why; the error does nevertheless.
	f, store := newFake(t, false)
	f.put("k", []byte("x"))
	f.fault = func(w http.ResponseWriter, r *http.Request, call, key string) bool {
		if call == "HeadBucket" {
			return false
		}
		fail(w, 400, "ExpiredToken", "The provided token has expired.")
		return true
	}
	if _, err := store.List(t.Context(), "s3://bucket/k"); err == nil || !strings.Contains(err.Error(), "ExpiredToken: The provided token has expired. (the credentials have expired") {
		t.Errorf("error %v", err)
	}

	// No connection: no address of a server in the text, and no header.
	f, store = newFake(t, false)
	f.put("k", []byte("x"))
	f.Server.Close()
	_, err := store.List(t.Context(), "s3://bucket/k")
	if err == nil || strings.Contains(err.Error(), "http://") || !strings.Contains(err.Error(), "s3://bucket/: s3:ListBucket in us-east-1: dial tcp") {
		t.Errorf("error %v", err)
	}
	secret(t, err)

	store.Config.Region = ""
	if _, err := store.List(t.Context(), "s3://bucket/k"); err == nil || !strings.Contains(err.Error(), "set AWS_REGION") {
		t.Errorf("error %v", err)
	}
}

func secret(t *testing.T, err error) {
	t.Helper()
	for _, s := range []string{accessKey, secretKey, token, "Signature", "x-id=", "\x1b", "\u009b"} {
		if err != nil && strings.Contains(err.Error(), s) {
			t.Errorf("the error has %q: %v", s, err)
		}
	}
}

func TestRemove(t *testing.T) {
	f, store := newFake(t, false)
	for _, key := range []string{"p/a", "p/b/c", "p/other", "a", "secret"} {
		f.put(key, []byte("x"))
	}
	if err := store.Remove(t.Context(), address(t, "s3://bucket/p"), []string{"a", "b/c", "none"}); err != nil {
		t.Error(err)
	}
	if err := store.Remove(t.Context(), address(t, "s3://bucket/p"), []string{"../secret"}); err == nil || !strings.Contains(err.Error(), "no name for an artifact") {
		t.Errorf("a name that leads out of the folder: error %v", err)
	}
	keys, _ := f.left()
	if diff := cmp.Diff([]string{"a", "p/other", "secret"}, keys); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	f.fault = func(w http.ResponseWriter, r *http.Request, call, key string) bool {
		fail(w, 403, "AccessDenied", "Access Denied")
		return true
	}
	if err := store.Remove(t.Context(), address(t, "s3://bucket/p"), []string{"other"}); err == nil || !strings.Contains(err.Error(), "s3://bucket/p/other: s3:DeleteObject in eu-west-1: AccessDenied: Access Denied (allow s3:DeleteObject on the object") {
		t.Errorf("error %v", err)
	}
}

// TestRegion: a bucket's Region is asked for once, and without the permission
// to be told more.
func TestRegion(t *testing.T) {
	f, store := newFake(t, false)
	f.bucket.Region = "us-gov-west-1"
	f.put("k", []byte("x"))
	f.fault = func(w http.ResponseWriter, r *http.Request, call, key string) bool {
		if call != "HeadBucket" {
			return false
		}
		w.Header().Set("X-Amz-Bucket-Region", f.bucket.Region)
		w.WriteHeader(403)
		return true
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			files, err := store.List(t.Context(), "s3://bucket/k")
			if err != nil || len(files) != 1 {
				t.Errorf("%v, %v", files, err)
			}
		})
	}
	group.Wait()
	var heads int
	for _, c := range f.calls {
		if c == "HeadBucket " {
			heads++
		}
	}
	if heads != 1 {
		t.Errorf("HeadBucket was called %d times", heads)
	}
}

// TestRandom: formats that are read here and there are copied to a file first.
func TestRandom(t *testing.T) {
	f, store := newFake(t, false)
	store.Hurry(time.Minute, time.Millisecond)
	data := append([]byte("PAR1"), noise(500_000)...)
	f.put("x.parquet", data)
	files, err := store.List(t.Context(), "s3://bucket/")
	if err != nil {
		t.Fatal(err)
	}
	cut(f, func(n int) int { return 200_000 })
	var progress shca.Progress
	file, digest := files[0].Digested()
	defer digest.Close()
	text, err := input.Text(file, &progress)
	if err != nil {
		t.Fatal(err)
	}
	at, size, err := text.Random(t.Context())
	if err != nil || size != int64(len(data)) {
		t.Fatalf("%d bytes, %v", size, err)
	}
	got := make([]byte, 100)
	if _, err := at.ReadAt(got, 400_000); err != nil || !bytes.Equal(got, data[400_000:400_100]) {
		t.Errorf("other bytes, %v", err)
	}
	if err := text.Close(); err != nil {
		t.Error(err)
	}
	in, ok, err := digest.Sum(t.Context())
	sum := sha256.Sum256(data)
	if want := (shca.Input{Name: "s3://bucket/x.parquet", Size: size, SHA256: hex.EncodeToString(sum[:])}); !ok || err != nil || in != want {
		t.Errorf("digest %+v, %v, %v; want %+v", in, ok, err, want)
	}
}
