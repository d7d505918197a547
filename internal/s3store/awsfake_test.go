package s3store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-shca/shca/internal/awsfake"
	"github.com/go-shca/shca/internal/s3store"
)

// TestBadNetwork: with throttling, errors, broken and stalled connections, what
// is written is read.
func TestBadNetwork(t *testing.T) {
	server := awsfake.New(t)
	server.At(account, "eu-west-1")
	bucket := &awsfake.Bucket{Region: "eu-central-1"}
	server.Update(func() { server.Buckets = map[string]*awsfake.Bucket{"ato-packages": bucket} })
	store := &s3store.Store{Config: server.Config(account, "eu-west-1")}
	store.Config.Retryer = eager
	store.Hurry(300*time.Millisecond, time.Millisecond)
	files := map[string][]byte{"snapshot.zst": noise(40 << 20), "manifest.json": []byte("{}")}
	for i := range 60 {
		files[fmt.Sprintf("controls/ready/AC-%d.csv", i)] = noise(i * 100)
	}
	dir := t.TempDir()
	artifacts := write(t, dir, files)
	server.Update(func() {
		server.Faults = []awsfake.Fault{
			{Kind: awsfake.ServerError, Status: 503, Service: "s3", Operation: "PutObject", Share: 0.1},
			{Kind: awsfake.Reset, Service: "s3", Operation: "UploadPart", Times: 1},
			{Kind: awsfake.Truncate, Service: "s3", Operation: "GetObject", Share: 0.3},
			{Kind: awsfake.Stall, Service: "s3", Operation: "GetObject", Times: 2, After: 10},
			{Kind: awsfake.Throttle, Service: "s3", Operation: "ListObjectsV2", Times: 1},
		}
	})
	o := s3store.Options{SSE: "aws:kms", Last: []string{"manifest.json"}}
	if err := store.Upload(t.Context(), dir, artifacts, address(t, "s3://ato-packages/acme"), o); err != nil {
		t.Fatal(err)
	}
	in, err := store.List(t.Context(), "s3://ato-packages/acme/")
	if err != nil || len(in) != len(files) {
		t.Fatalf("%d files, %v", len(in), err)
	}
	for i, f := range in {
		if a := artifacts[i]; f.Name != "s3://ato-packages/acme/"+a.File || !bytes.Equal(read(t, f), files[a.File]) {
			t.Errorf("%s: not %s as written", f.Name, a.File)
		}
	}
	server.Update(func() {
		if len(bucket.Uploads) > 0 {
			t.Errorf("%d multipart uploads are left", len(bucket.Uploads))
		}
	})
}

// TestFakeFailures: what fails for good leaves nothing.
func TestFakeFailures(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string][]byte{"x": noise(33 << 20)})
	for name, test := range map[string]struct {
		fault awsfake.Fault
		err   string
	}{
		"denied":     {awsfake.Fault{Kind: awsfake.Deny, Operation: "UploadPart", After: 1}, "AccessDenied"},
		"disabled":   {awsfake.Fault{Kind: awsfake.Refuse, Status: 400, Code: "KMS.DisabledException", Message: "arn is disabled.", Operation: "CreateMultipartUpload"}, "check the KMS key"},
		"expired":    {awsfake.Fault{Kind: awsfake.ExpireCredentials, Operation: "UploadPart", After: 2, Times: 1}, "sign in again"},
		"incomplete": {awsfake.Fault{Kind: awsfake.Refuse, Status: 400, Code: "InvalidPart", Operation: "CompleteMultipartUpload"}, "InvalidPart"},
	} {
		t.Run(name, func(t *testing.T) {
			server := awsfake.New(t)
			server.At(account, "eu-west-1")
			bucket := &awsfake.Bucket{}
			server.Update(func() {
				server.Buckets = map[string]*awsfake.Bucket{"bucket": bucket}
				test.fault.Service = "s3"
				server.Faults = []awsfake.Fault{test.fault}
			})
			store := &s3store.Store{Config: server.Config(account, "eu-west-1")}
			err := store.UploadFile(t.Context(), filepath.Join(dir, "x"), "", address(t, "s3://bucket/x"), s3store.Options{})
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			server.Update(func() {
				if len(bucket.Objects) > 0 || len(bucket.Uploads) > 0 {
					t.Errorf("left are %d objects and %d multipart uploads", len(bucket.Objects), len(bucket.Uploads))
				}
			})
		})
	}
	server := awsfake.New(t)
	server.At(account, "eu-west-1")
	bucket := &awsfake.Bucket{}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	server.Update(func() {
		server.Buckets = map[string]*awsfake.Bucket{"bucket": bucket}
		server.Faults = []awsfake.Fault{{Kind: awsfake.Stall, Service: "s3", Operation: "UploadPart", After: 1}}
	})
	store := &s3store.Store{Config: server.Config(account, "eu-west-1")}
	time.AfterFunc(300*time.Millisecond, cancel)
	if err := store.UploadFile(ctx, filepath.Join(dir, "x"), "", address(t, "s3://bucket/x"), s3store.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
	server.Update(func() {
		if len(bucket.Objects) > 0 || len(bucket.Uploads) > 0 {
			t.Errorf("cancelled: left are %d objects and %d multipart uploads", len(bucket.Objects), len(bucket.Uploads))
		}
	})
}
