package s3store_test

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"github.com/go-shca/shca/internal/s3store"
)

// TestMoto runs against an emulator of other authors, moto, whose URL is in
// SHCA_MOTO: moto_server -p 5000.
func TestMoto(t *testing.T) {
	endpoint := os.Getenv("SHCA_MOTO")
	if endpoint == "" {
		t.Skip("SHCA_MOTO is not set")
	}
	config := aws.Config{
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider(accessKey, secretKey, token),
		BaseEndpoint: aws.String(endpoint),
	}
	store := &s3store.Store{Config: config}
	client := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true; o.Region = "eu-central-1" })
	bucket := aws.String(fmt.Sprintf("shca-%d", os.Getpid()))
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket, CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-central-1"}}); err != nil {
		t.Fatal(err)
	}
	base := "s3://" + *bucket + "/"

	files := map[string][]byte{
		"manifest.json": []byte("{}"), "controls/ready/AC-2 (1).csv": []byte("a"), "snapshot.zst": noise(40<<20 + 1), "empty": {},
	}
	dir := t.TempDir()
	artifacts := write(t, dir, files)
	o := s3store.Options{SSE: "aws:kms", KMSKeyID: "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555", Last: []string{"manifest.json"}}
	if err := store.Upload(t.Context(), dir, artifacts, address(t, base+"run"), o); err != nil {
		t.Fatal(err)
	}
	in, err := store.List(t.Context(), base+"run/")
	if err != nil || len(in) != len(files) {
		t.Fatalf("%d files, %v", len(in), err)
	}
	for i, f := range in {
		if a := artifacts[i]; f.Name != base+"run/"+a.File || !bytes.Equal(read(t, f), files[a.File]) {
			t.Errorf("%s: other content or name than %s", f.Name, a.File)
		}
	}
	for _, name := range []string{"manifest.json", "snapshot.zst"} {
		head, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("run/" + name)})
		if err != nil {
			t.Fatal(err)
		}
		if head.ServerSideEncryption != "aws:kms" || aws.ToString(head.SSEKMSKeyId) != o.KMSKeyID || aws.ToString(head.ContentType) != "text/x-"+strings.TrimPrefix(path.Ext(name), ".") {
			t.Errorf("%s: %q %q %q", name, head.ServerSideEncryption, aws.ToString(head.SSEKMSKeyId), aws.ToString(head.ContentType))
		}
	}

	weird := []string{"w/ a b+c%2F&=.json", "w/a//b.json", "w/ü/日本.json", "w/x:y|'<>\".json", "w/ctrl\x01.json"}
	var want []string
	for _, key := range weird {
		if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String(key), Body: strings.NewReader(key)}); err != nil {
			t.Fatal(err)
		}
		want = append(want, key)
	}
	in, err = store.List(t.Context(), base+"w")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range in {
		got[strings.TrimPrefix(f.Name, base)] = string(read(t, f))
	}
	for _, key := range want {
		if got[key] != key {
			t.Errorf("%q: read %q", key, got[key])
		}
	}
	if len(got) != len(want) {
		t.Errorf("listed %q", got)
	}

	etags, err := store.Download(t.Context(), address(t, base+"run/"), []string{"manifest.json", "none.json"}, t.TempDir())
	if err != nil || etags["manifest.json"] == "" || etags["none.json"] != "" {
		t.Errorf("%q, %v", etags, err)
	}
	one := []string{"manifest.json", "snapshot.zst"}
	names, err := store.Names(t.Context(), address(t, base+"run/"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(append([]string{"controls/ready/AC-2 (1).csv", "empty"}, one...), names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	o = s3store.Options{IfMatch: map[string]string{"manifest.json": ""}}
	if err := store.Upload(t.Context(), dir, artifacts, address(t, base+"run"), o); err == nil || !strings.Contains(err.Error(), "somebody else has written") {
		t.Errorf("what exists was replaced, or another error: %v", err)
	}
	uploads, err := client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: bucket})
	if err != nil || len(uploads.Uploads) > 0 {
		t.Errorf("%d multipart uploads are left, %v", len(uploads.Uploads), err)
	}
	if _, err := store.List(t.Context(), "s3://shca-none/x"); err == nil || !strings.Contains(err.Error(), "no such bucket") {
		t.Errorf("error %v", err)
	}
	if _, err := store.List(t.Context(), base+"none"); err == nil || !strings.Contains(err.Error(), "no such object") {
		t.Errorf("error %v", err)
	}
}
