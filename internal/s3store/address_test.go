package s3store_test

import (
	"strings"
	"testing"

	"github.com/go-shca/shca/internal/s3store"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		in   string
		want s3store.Address
		err  string
	}{
		{in: "s3://my-bucket", want: s3store.Address{Bucket: "my-bucket"}},
		{in: "s3://my-bucket/", want: s3store.Address{Bucket: "my-bucket"}},
		{in: "s3://my.bucket.1/a/b/", want: s3store.Address{Bucket: "my.bucket.1", Key: "a/b/"}},
		{in: "s3://abc/a b/ü%2F+?versionId=1#x", want: s3store.Address{Bucket: "abc", Key: "a b/ü%2F+?versionId=1#x"}},
		{in: "s3://point-abcdefgh-s3alias/k", want: s3store.Address{Bucket: "point-abcdefgh-s3alias", Key: "k"}},
		{in: "s3://abc/" + strings.Repeat("k", 1024), want: s3store.Address{Bucket: "abc", Key: strings.Repeat("k", 1024)}},
		{in: "s3://abc/" + strings.Repeat("k", 1025), err: "at most 1024 bytes"},
		{in: "bucket/key", err: "no S3 address"},
		{in: "S3://abc/key", err: "no S3 address"},
		{in: "s3:///key", err: "bucket is missing"},
		{in: "s3://", err: "bucket is missing"},
		{in: "s3://ab/", err: "3 to 63 characters, not 2"},
		{in: "s3://" + strings.Repeat("a", 64), err: "3 to 63 characters, not 64"},
		{in: "s3://My-Bucket/", err: "lower-case letters"},
		{in: "s3://my_bucket/", err: "lower-case letters"},
		{in: "s3://-bucket/", err: "lower-case letters"},
		{in: "s3://bucket-/", err: "lower-case letters"},
		{in: "s3://user:pass@bucket/", err: "lower-case letters"},
		{in: "s3://a..b/", err: "two dots"},
		{in: "s3://192.168.5.4/", err: "IP address"},
		{in: "s3://xn--bucket/", err: "xn--"},
		{in: "s3://bucket--use1-az4--x-s3/", err: "directory buckets"},
		{in: "s3://arn:aws:s3:us-east-1:123456789012:accesspoint/x", err: "alias of the access point"},
		{in: "s3://abc//key", err: "two slashes"},
		{in: "s3://abc/\xff", err: "UTF-8"},
		{in: "s3://abc/a\x00b", err: "NUL"},
		{in: "s3://a\x1b[31mc/", err: `\x1b`},
	} {
		got, err := s3store.Parse(test.in)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("Parse(%q) = %+v, %v; want an error with %q", test.in, got, err, test.err)
			}
			continue
		}
		if err != nil || got != test.want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", test.in, got, err, test.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("s3://bucket/key")
	f.Add("s3://a.b/c d/ü/")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := s3store.Parse(s)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\x00\x1b\n\r") {
				t.Errorf("Parse(%q): the error has characters that a terminal acts on: %q", s, err)
			}
			return
		}
		if !s3store.Is(s) {
			t.Errorf("Is(%q) = false, and Parse takes it", s)
		}
		if again, err := s3store.Parse(a.String()); err != nil || again != a {
			t.Errorf("Parse(%q) = %+v, and of its String %+v, %v", s, a, again, err)
		}
		if folder := a.Folder(); !folder.IsFolder() || folder != folder.Folder() {
			t.Errorf("Folder of %q is %q", s, folder)
		}
	})
}

func TestIs(t *testing.T) {
	for path, want := range map[string]bool{"s3://x": true, "S3://x": true, "s3:/x": false, "./s3://x": false, "": false, "s3": false} {
		if got := s3store.Is(path); got != want {
			t.Errorf("Is(%q) = %v", path, got)
		}
	}
}
