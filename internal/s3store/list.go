package s3store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/go-shca/shca/internal/input"
)

// maxObjects is the most objects that one address may stand for: a list of them
// is held in memory.
const maxObjects = 1_000_000

// object is one version of an object.
type object struct {
	bucket *bucket
	key    string
	etag   string
	size   int64
}

// List returns the objects that the address stands for, in the order of their
// keys. That is the object of this very key if there is one; else, and if the
// address ends with a slash, every object below it, without those whose name
// or folder is hidden (".git") and without the empty objects that stand for
// folders. An address that stands for nothing is an error.
//
// The files are read while ctx lasts, each as the version that was listed: one
// that changes meanwhile is an error when it is read. Connections that break
// are taken up again where they broke.
func (s *Store) List(ctx context.Context, address string) ([]input.File, error) {
	at, err := Parse(address)
	if err != nil {
		return nil, err
	}
	b, err := s.bucket(ctx, at)
	if err != nil {
		return nil, err
	}
	var absent error // why the key itself is none
	if !at.IsFolder() {
		o, err := b.stat(ctx, at.Key)
		if err == nil {
			return []input.File{o.file(ctx)}, nil
		}
		if status := httpStatus(err); status != http.StatusNotFound && status != http.StatusForbidden {
			return nil, err
		}
		if httpStatus(err) == http.StatusForbidden {
			absent = err // which S3 also says of keys that do not exist
		}
	}
	folder := at.Folder()
	var files []input.File
	err = b.each(ctx, folder.Key, func(o object) error {
		name := strings.TrimPrefix(o.key, folder.Key)
		if hidden(name) || o.size == 0 && strings.HasSuffix(o.key, "/") || name == "" && o.size == 0 {
			return nil
		}
		if len(files) == maxObjects {
			return fmt.Errorf("%s: more than %d objects: name prefixes that hold fewer", shown(folder.String()), maxObjects)
		}
		files = append(files, o.file(ctx))
		return nil
	})
	switch {
	case absent != nil && (err != nil || len(files) == 0):
		return nil, absent
	case err != nil:
		return nil, err
	case len(files) == 0 && at.IsFolder():
		return nil, fmt.Errorf("%s: no object lies below this address", shown(at.String()))
	case len(files) == 0:
		return nil, fmt.Errorf("%s: there is no such object, and none below %s", shown(at.String()), shown(folder.String()))
	}
	slices.SortFunc(files, func(a, b input.File) int { return cmp.Compare(a.Name, b.Name) })
	return files, nil
}

// hidden says whether one of the segments of a name begins with a dot. "." and
// ".." mean nothing in a key, and hide nothing.
func hidden(name string) bool {
	for segment := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(segment, ".") && segment != "." && segment != ".." {
			return true
		}
	}
	return false
}

// maxNames is the most objects that Names looks at.
const maxNames = 100_000

// Names returns the keys of all objects below the folder of the address, in
// order and without the folder: what an earlier run has left there. There may
// be none. Names are as foreign as any key: they may begin with a slash, or have
// "..".
func (s *Store) Names(ctx context.Context, folder Address) ([]string, error) {
	folder = folder.Folder()
	b, err := s.bucket(ctx, folder)
	if err != nil {
		return nil, err
	}
	var names []string
	err = b.each(ctx, folder.Key, func(o object) error {
		if len(names) == maxNames {
			return fmt.Errorf("%s: more than %d objects are there: give artifacts a prefix of their own", shown(folder.String()), maxNames)
		}
		if name := strings.TrimPrefix(o.key, folder.Key); name != "" {
			names = append(names, name)
		}
		return nil
	})
	slices.Sort(names)
	return names, err
}

// each calls visit for the objects whose keys begin with the prefix.
func (b *bucket) each(ctx context.Context, prefix string, visit func(object) error) error {
	in := &s3.ListObjectsV2Input{
		Bucket:              aws.String(b.name),
		ExpectedBucketOwner: b.owner(),
		EncodingType:        types.EncodingTypeUrl, // XML has no way to write some characters
	}
	if prefix != "" {
		in.Prefix = aws.String(prefix)
	}
	for page := 1; ; page++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		out, err := b.ListObjectsV2(ctx, in)
		if err != nil {
			return b.failed(ctx, "s3:ListBucket", prefix, err)
		}
		for _, o := range out.Contents {
			key := aws.ToString(o.Key)
			if out.EncodingType == types.EncodingTypeUrl {
				if key, err = url.QueryUnescape(key); err != nil {
					return b.failed(ctx, "s3:ListBucket", prefix, fmt.Errorf("page %d: key %w", page, err))
				}
			}
			if !strings.HasPrefix(key, prefix) || o.Size == nil || aws.ToString(o.ETag) == "" {
				return b.failed(ctx, "s3:ListBucket", prefix, fmt.Errorf("page %d: a key without size or ETag, or one that was not asked for", page))
			}
			if err := visit(object{b, key, *o.ETag, *o.Size}); err != nil {
				return err
			}
		}
		if !aws.ToBool(out.IsTruncated) {
			return nil
		}
		next := aws.ToString(out.NextContinuationToken)
		if next == "" || next == aws.ToString(in.ContinuationToken) {
			return b.failed(ctx, "s3:ListBucket", prefix, fmt.Errorf("page %d: more objects follow, but the token for them is missing or repeated", page))
		}
		in.ContinuationToken = aws.String(next)
	}
}

// find returns the object of the key, and whether there is one. It lists, so
// that a missing permission and a missing object do not look the same.
func (b *bucket) find(ctx context.Context, key string) (found object, ok bool, err error) {
	// The key itself comes before all that it begins.
	out, err := b.ListObjectsV2(ctx, &s3.ListObjectsV2Input{
		Bucket: aws.String(b.name), ExpectedBucketOwner: b.owner(), EncodingType: types.EncodingTypeUrl,
		Prefix: aws.String(key), MaxKeys: aws.Int32(1),
	})
	if err != nil {
		return found, false, b.failed(ctx, "s3:ListBucket", key, err)
	}
	for _, o := range out.Contents {
		k := aws.ToString(o.Key)
		if out.EncodingType == types.EncodingTypeUrl {
			if k, err = url.QueryUnescape(k); err != nil {
				return found, false, b.failed(ctx, "s3:ListBucket", key, err)
			}
		}
		if k == key {
			return object{b, key, aws.ToString(o.ETag), aws.ToInt64(o.Size)}, true, nil
		}
	}
	return found, false, nil
}

// stat returns the object of the key.
func (b *bucket) stat(ctx context.Context, key string) (object, error) {
	out, err := b.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String(b.name), Key: aws.String(key), ExpectedBucketOwner: b.owner()})
	if err == nil {
		return object{b, key, aws.ToString(out.ETag), aws.ToInt64(out.ContentLength)}, nil
	}
	err = b.failed(ctx, "s3:GetObject", key, err)
	if httpStatus(err) == http.StatusNotFound || ctx.Err() != nil {
		return object{}, err
	}
	// An answer to HEAD cannot say why. One to GET can.
	get, why := b.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(b.name), Key: aws.String(key), ExpectedBucketOwner: b.owner(), Range: aws.String("bytes=0-0")})
	if why != nil {
		return object{}, b.failed(ctx, "s3:GetObject", key, why)
	}
	_ = get.Body.Close() // it is not read
	return object{}, err
}

// httpStatus returns the status of S3's answer, or 0 if err is none.
func httpStatus(err error) int {
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}
