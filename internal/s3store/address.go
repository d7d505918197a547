package s3store

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Scheme is what every address begins with.
const Scheme = "s3://"

// maxKey is the most bytes of a key (S3 user guide, object key names).
const maxKey = 1024

// Address names an object, or all objects whose keys begin with Key and a
// slash.
type Address struct {
	Bucket string
	Key    string // without a slash in front; "" for the whole bucket
}

// Is says whether the path is meant to be an address.
func Is(path string) bool {
	return len(path) >= len(Scheme) && strings.EqualFold(path[:len(Scheme)], Scheme)
}

// bucketName is the shape of names of general purpose buckets and of aliases of
// access points (S3 user guide, bucket naming rules).
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// Parse reads "s3://bucket", "s3://bucket/key" and "s3://bucket/prefix/". The
// key is taken as it is: nothing in it is decoded or cleaned.
func Parse(s string) (Address, error) {
	if !strings.HasPrefix(s, Scheme) {
		return Address{}, fmt.Errorf("%s is no S3 address: write s3://bucket/prefix/", shown(s))
	}
	name, key, _ := strings.Cut(s[len(Scheme):], "/")
	if err := checkBucket(name); err != nil {
		return Address{}, fmt.Errorf("%s: %w", shown(s), err)
	}
	if err := checkKey(key); err != nil {
		return Address{}, fmt.Errorf("%s: %w", shown(s), err)
	}
	return Address{name, key}, nil
}

func checkBucket(name string) error {
	switch {
	case name == "":
		return errors.New("the bucket is missing: write s3://bucket/prefix/")
	case strings.HasPrefix(name, "arn:"):
		return errors.New("an ARN cannot be used: write the bucket's name, or the alias of the access point")
	case strings.HasSuffix(name, "--x-s3"), strings.HasSuffix(name, "--table-s3"), strings.HasSuffix(name, ".mrap"):
		return errors.New("directory buckets, table buckets and Multi-Region Access Points are not supported: use a general purpose bucket")
	case len(name) < 3 || len(name) > 63:
		return fmt.Errorf("a bucket's name has 3 to 63 characters, not %d", len(name))
	case !bucketName.MatchString(name):
		return errors.New("a bucket's name has lower-case letters, digits, dots and hyphens only, and begins and ends with a letter or digit")
	case strings.Contains(name, ".."):
		return errors.New("a bucket's name has no two dots in a row")
	case strings.HasPrefix(name, "xn--"):
		return errors.New("no bucket's name begins with xn--")
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return errors.New("a bucket's name is not an IP address: give endpoints in AWS_ENDPOINT_URL_S3")
	}
	return nil
}

func checkKey(key string) error {
	switch {
	case len(key) > maxKey:
		return fmt.Errorf("a key has at most %d bytes, not %d", maxKey, len(key))
	case !utf8.ValidString(key):
		return errors.New("a key is UTF-8")
	case strings.ContainsRune(key, 0):
		return errors.New("a key has no NUL character")
	case strings.HasPrefix(key, "/"):
		return errors.New("two slashes follow the bucket: write one")
	}
	return nil
}

// String returns the address as Parse reads it.
func (a Address) String() string { return Scheme + a.Bucket + "/" + a.Key }

// Folder returns the address of what lies below: with a slash at its end.
func (a Address) Folder() Address {
	if a.Key != "" && !strings.HasSuffix(a.Key, "/") {
		a.Key += "/"
	}
	return a
}

// IsFolder says whether the address can only mean what lies below it.
func (a Address) IsFolder() bool { return a.Key == "" || strings.HasSuffix(a.Key, "/") }

// shown returns foreign text for a message: bounded, and quoted if it has
// characters that a terminal would act on.
func shown(s string) string {
	const most = 600
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	for _, r := range s {
		if !strconv.IsPrint(r) || r == utf8.RuneError {
			return strconv.Quote(s)
		}
	}
	return s
}
