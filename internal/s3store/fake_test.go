package s3store_test

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/go-shca/shca/internal/awsfake"
	"github.com/go-shca/shca/internal/s3store"
)

const (
	account = "111122223333"
	token   = "session-token-for-tests"
)

var accessKey, secretKey = awsfake.KeyOf(account)

// fake is a server with one bucket, "bucket", and faults of any kind.
type fake struct {
	*httptest.Server
	aws    *awsfake.Server
	bucket *awsfake.Bucket

	mu      sync.Mutex
	calls   []string               // "PutObject key", in order
	headers map[string]http.Header // of the last such call

	// fault may answer instead of the bucket; it returns true if it did.
	fault func(w http.ResponseWriter, r *http.Request, call, key string) bool
}

// newFake returns the server, and a store that is set to another Region than the
// bucket's.
func newFake(t *testing.T, tls bool) (*fake, *s3store.Store) {
	f := &fake{aws: awsfake.New(t), bucket: &awsfake.Bucket{Region: "eu-west-1", Objects: map[string]*awsfake.Object{}}, headers: map[string]http.Header{}}
	f.aws.At(account, "us-east-1")
	f.aws.Update(func() { f.aws.Buckets = map[string]*awsfake.Bucket{"bucket": f.bucket} })
	if tls {
		f.Server = httptest.NewTLSServer(http.HandlerFunc(f.serve))
	} else {
		f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	}
	t.Cleanup(f.Close)
	return f, &s3store.Store{Config: aws.Config{
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider(accessKey, secretKey, token),
		BaseEndpoint: aws.String(f.URL),
		HTTPClient:   f.Client(),
		Retryer:      eager,
	}}
}

// eager tries again at once.
func eager() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return time.Millisecond, nil })
	})
}

func (f *fake) put(key string, data []byte) {
	sum := md5.Sum(data)
	f.aws.Update(func() {
		f.bucket.Objects[key] = &awsfake.Object{Body: data, ETag: `"` + hex.EncodeToString(sum[:]) + `"`}
	})
}

func (f *fake) remove(key string) { f.aws.Update(func() { delete(f.bucket.Objects, key) }) }

// object returns what is stored, an empty object if nothing is.
func (f *fake) object(key string) awsfake.Object {
	var o awsfake.Object
	f.aws.Update(func() {
		if at := f.bucket.Objects[key]; at != nil {
			o = *at
		}
	})
	return o
}

// left returns the keys, and how many multipart uploads are unfinished.
func (f *fake) left() (keys []string, uploads int) {
	f.aws.Update(func() { keys, uploads = slices.Sorted(maps.Keys(f.bucket.Objects)), len(f.bucket.Uploads) })
	return keys, uploads
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	call := name(r, key)
	f.mu.Lock()
	f.calls = append(f.calls, call+" "+key)
	f.headers[call+" "+key] = r.Header.Clone()
	fault := f.fault
	f.mu.Unlock()
	if fault != nil && fault(w, r, call, key) {
		_, _ = io.Copy(io.Discard, r.Body) // else the client may not see the answer
		return
	}
	f.aws.ServeHTTP(w, r)
}

func name(r *http.Request, key string) string {
	query := r.URL.Query()
	switch {
	case key == "" && r.Method == http.MethodHead:
		return "HeadBucket"
	case key == "":
		return "ListObjectsV2"
	case r.Method == http.MethodPost && query.Has("uploads"):
		return "CreateMultipartUpload"
	case r.Method == http.MethodPost:
		return "CompleteMultipartUpload"
	case r.Method == http.MethodDelete && query.Has("uploadId"):
		return "AbortMultipartUpload"
	case query.Has("partNumber"):
		return "UploadPart"
	case r.Method == http.MethodPut:
		return "PutObject"
	case r.Method == http.MethodHead:
		return "HeadObject"
	case r.Method == http.MethodGet:
		return "GetObject"
	}
	return r.Method
}

func fail(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message><RequestId>r</RequestId></Error>", code, message)
}
