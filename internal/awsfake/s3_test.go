package awsfake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

func newS3(t *testing.T) (*Server, *Bucket, *s3.Client) {
	s := New(t)
	s.At(admin, home)
	b := &Bucket{Region: home}
	s.Buckets = map[string]*Bucket{"b": b}
	return s, b, s3.NewFromConfig(once(s, admin, home))
}

// code returns the code of an error of AWS.
func code(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return ""
}

func TestObjects(t *testing.T) {
	s, b, client := newS3(t)
	ctx := t.Context()
	const key = "a folder/ü+&=?.json"
	body := bytes.Repeat([]byte("0123456789"), 1000)
	for _, algorithm := range append(types.ChecksumAlgorithm("").Values(), "") {
		if strings.HasPrefix(string(algorithm), "XXHASH") || algorithm == types.ChecksumAlgorithmMd5 {
			continue // newer than the fake
		}
		_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("b"), Key: aws.String(key), Body: bytes.NewReader(body),
			ChecksumAlgorithm: algorithm, ContentType: aws.String("application/json"), Metadata: map[string]string{"run": "1"},
			ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: aws.String("key-1"), BucketKeyEnabled: aws.Bool(true)})
		if err != nil {
			t.Fatalf("%s: %v", algorithm, err)
		}
		out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String(key), ChecksumMode: types.ChecksumModeEnabled})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(out.Body)
		if err != nil || !bytes.Equal(got, body) {
			t.Fatalf("%s: read %d bytes, %v", algorithm, len(got), err)
		}
		if out.ServerSideEncryption != types.ServerSideEncryptionAwsKms || aws.ToString(out.SSEKMSKeyId) != "key-1" || aws.ToString(out.ContentType) != "application/json" || out.Metadata["run"] != "1" {
			t.Errorf("%+v", out)
		}
	}
	o := b.Objects[key]
	if o == nil || o.Header.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id") != "key-1" || o.Header.Get("Content-Encoding") != "" {
		t.Fatalf("stored %+v", o)
	}
	head, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("b"), Key: aws.String(key)})
	if err != nil || aws.ToInt64(head.ContentLength) != int64(len(body)) || head.LastModified == nil {
		t.Fatal(head, err)
	}
	for spec, want := range map[string]string{"bytes=0-4": "01234", "bytes=-3": "789", "bytes=9995-": "56789", "bytes=9998-20000": "89"} {
		out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String(key), Range: aws.String(spec), IfMatch: head.ETag})
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := io.ReadAll(out.Body); string(got) != want || aws.ToString(out.ContentRange) == "" {
			t.Errorf("%s: %q, want %q", spec, got, want)
		}
	}
	get := func(in *s3.GetObjectInput) error {
		in.Bucket, in.Key = aws.String("b"), orKey(in.Key, key)
		_, err := client.GetObject(ctx, in)
		return err
	}
	put := func(in *s3.PutObjectInput) error {
		in.Bucket, in.Key, in.Body = aws.String("b"), aws.String(key), strings.NewReader("x")
		_, err := client.PutObject(ctx, in)
		return err
	}
	for want, err := range map[string]error{
		"NoSuchKey":          get(&s3.GetObjectInput{Key: aws.String("none")}),
		"InvalidRange":       get(&s3.GetObjectInput{Range: aws.String("bytes=10000-")}),
		"PreconditionFailed": get(&s3.GetObjectInput{IfMatch: aws.String(`"other"`)}),
		"BadDigest":          put(&s3.PutObjectInput{ChecksumCRC32: aws.String("AAAAAA==")}),
	} {
		if code(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for _, in := range []*s3.PutObjectInput{{IfNoneMatch: aws.String("*")}, {IfMatch: aws.String(`"other"`)}} {
		if err := put(in); code(err) != "PreconditionFailed" {
			t.Errorf("conditional put: %v", err)
		}
	}
	if _, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("b"), Key: aws.String("none")}); code(err) != "NotFound" {
		t.Errorf("HeadObject: %v", err)
	}
	if _, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("b")}); err != nil {
		t.Error(err)
	}
	other := s3.NewFromConfig(once(s, admin, linked))
	if _, err := other.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("b"), Key: aws.String(key)}); err == nil {
		t.Error("the bucket answered in another Region")
	}
	if _, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("b"), Key: aws.String(key)}); err != nil || len(b.Objects) != 0 {
		t.Error(err)
	}
}

func orKey(p *string, other string) *string {
	if p == nil {
		return &other
	}
	return p
}

func TestListObjects(t *testing.T) {
	s, b, client := newS3(t)
	b.Objects = map[string]*Object{}
	var want []string
	for i := range 25 {
		key := fmt.Sprintf("p/%02d ä<&>.json", i)
		want = append(want, key)
		b.Objects[key] = &Object{Body: []byte("x")}
		b.Objects[fmt.Sprintf("p/d%d/x", i%3)] = &Object{}
	}
	b.Objects["other"] = &Object{}
	s.PageSize = 4
	s.Faults = []Fault{{Kind: EmptyPage, After: 2, Times: 1}}
	var got, prefixes []string
	pages := 0
	for p := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: aws.String("b"), Prefix: aws.String("p/"), Delimiter: aws.String("/")}); p.HasMorePages(); pages++ {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			got = append(got, aws.ToString(o.Key))
			if aws.ToInt64(o.Size) != 1 || o.ETag == nil || o.LastModified == nil {
				t.Errorf("%+v", o)
			}
		}
		for _, p := range page.CommonPrefixes {
			prefixes = append(prefixes, aws.ToString(p.Prefix))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"p/d0/", "p/d1/", "p/d2/"}, prefixes); diff != "" {
		t.Error(diff)
	}
	if pages != 8 {
		t.Errorf("%d pages, want 7 and an empty one", pages)
	}
}

// TestMultipart uploads with the transfer manager and reads back.
func TestMultipart(t *testing.T) {
	_, b, client := newS3(t)
	ctx := t.Context()
	body := make([]byte, 12<<20)
	for i := range body {
		body[i] = byte(i * 7 >> 3)
	}
	manager := transfermanager.New(client, func(o *transfermanager.Options) {
		o.PartSizeBytes = 5 << 20
		o.MultipartUploadThreshold = 5 << 20
	})
	// A reader that cannot seek, as a pipe is.
	_, err := manager.UploadObject(ctx, &transfermanager.UploadObjectInput{Bucket: aws.String("b"), Key: aws.String("big"), Body: io.MultiReader(bytes.NewReader(body))})
	if err != nil {
		t.Fatal(err)
	}
	o := b.Objects["big"]
	if o == nil || !bytes.Equal(o.Body, body) || !slices.Equal(o.PartSizes, []int{5 << 20, 5 << 20, 2 << 20}) || len(b.Uploads) != 0 {
		t.Fatal("the object is not what was sent")
	}
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("big"), ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(out.Body); err != nil || !bytes.Equal(got, body) {
		t.Fatalf("read %d bytes: %v", len(got), err)
	}
	down, err := manager.GetObject(ctx, &transfermanager.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("big")})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(down.Body); err != nil || !bytes.Equal(got, body) {
		t.Fatalf("transfer manager read %d bytes: %v", len(got), err)
	}
}

func TestMultipartMistakes(t *testing.T) {
	_, b, client := newS3(t)
	ctx := t.Context()
	create, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: aws.String("b"), Key: aws.String("k"),
		ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: aws.String("key-2")})
	if err != nil {
		t.Fatal(err)
	}
	var parts []types.CompletedPart
	for i := range int32(2) {
		out, err := client.UploadPart(ctx, &s3.UploadPartInput{Bucket: aws.String("b"), Key: aws.String("k"), UploadId: create.UploadId, PartNumber: aws.Int32(i + 1), Body: strings.NewReader("small")})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, types.CompletedPart{PartNumber: aws.Int32(i + 1), ETag: out.ETag})
	}
	complete := func(parts ...types.CompletedPart) error {
		_, err := client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: aws.String("b"), Key: aws.String("k"), UploadId: create.UploadId,
			MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
		return err
	}
	if err := complete(parts...); code(err) != "EntityTooSmall" {
		t.Error(err)
	}
	if err := complete(parts[1], parts[0]); code(err) != "InvalidPartOrder" {
		t.Error(err)
	}
	if err := complete(types.CompletedPart{PartNumber: aws.Int32(1), ETag: aws.String("x")}); code(err) != "InvalidPart" {
		t.Error(err)
	}
	list, err := client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: aws.String("b")})
	if err != nil || len(list.Uploads) != 1 || aws.ToString(list.Uploads[0].UploadId) != aws.ToString(create.UploadId) {
		t.Error(list, err)
	}
	if err := complete(parts[0]); err != nil {
		t.Error(err)
	}
	if o := b.Objects["k"]; o == nil || string(o.Body) != "small" || o.Header.Get("X-Amz-Server-Side-Encryption") != "aws:kms" {
		t.Errorf("%+v", o)
	}
	if err := complete(parts[0]); code(err) != "NoSuchUpload" {
		t.Error(err)
	}
	create, err = client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: aws.String("b"), Key: aws.String("k")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: aws.String("b"), Key: aws.String("k"), UploadId: create.UploadId}); err != nil || len(b.Uploads) != 0 {
		t.Error(err)
	}
}

func TestUnchunk(t *testing.T) {
	header := func(trailer string, size int) http.Header {
		return http.Header{"X-Amz-Content-Sha256": {"STREAMING-UNSIGNED-PAYLOAD-TRAILER"}, "X-Amz-Decoded-Content-Length": {fmt.Sprint(size)}, "X-Amz-Trailer": {trailer}}
	}
	whole, trailer, err := unchunk(header("x-amz-checksum-crc32", 6), []byte("4;chunk-signature=ab\r\nabcd\r\n2\r\nef\r\n0\r\nx-amz-checksum-crc32:S8c44w==\r\n\r\n"))
	if err != nil || string(whole) != "abcdef" || trailer.Get("X-Amz-Checksum-Crc32") == "" {
		t.Errorf("%q %v %v", whole, trailer, err)
	}
	for _, broken := range []string{"", "5\r\nabc", "3\r\nabc", "3\r\nabcx\r\n0\r\n\r\n", "zz\r\n", "6\r\nabcdef\r\n0\r\n\r\n", "5\r\nabcde\r\n0\r\nx-amz-checksum-crc32:x\r\n\r\n"} {
		if _, _, err := unchunk(header("x-amz-checksum-crc32", 6), []byte(broken)); err == nil {
			t.Errorf("%q was taken", broken)
		}
	}
}

// TestTrailingChecksum sends a body that cannot be read twice: the SDK puts its
// checksum behind it.
func TestTrailingChecksum(t *testing.T) {
	body := []byte("abcdef")
	s, b, _ := newS3(t)
	chunked := "6\r\nabcdef\r\n0\r\nx-amz-checksum-crc32:S44Phg==\r\n\r\n"
	for sum, want := range map[string]int{"S44Phg==": http.StatusBadRequest, "": http.StatusOK} {
		text := chunked
		if sum == "" {
			h := newHash("X-Amz-Checksum-Crc32")
			h.Write(body)
			text = strings.Replace(chunked, "S44Phg==", base64Of(h.Sum(nil)), 1)
		}
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPut, s.URL+"/b/k", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = signed("s3", home, admin)
		r.Header.Set("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
		r.Header.Set("Content-Encoding", "aws-chunked")
		r.Header.Set("X-Amz-Decoded-Content-Length", "6")
		r.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32")
		out, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(out.Body)
		out.Body.Close()
		if out.StatusCode != want {
			t.Errorf("status %d, want %d: %s", out.StatusCode, want, answer)
		}
	}
	if string(b.Objects["k"].Body) != "abcdef" {
		t.Errorf("stored %q", b.Objects["k"].Body)
	}
}
