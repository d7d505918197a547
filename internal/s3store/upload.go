package s3store

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/go-shca/shca"
)

const (
	// partSize is the least size of parts and the most of an object that is sent
	// in one call.
	partSize = 16 << 20
	// maxParts is the most parts of an object (S3 user guide, multipart upload
	// limits).
	maxParts = 10_000
	// partsAtOnce and objectsAtOnce bound the connections. Bodies are read from
	// the disk as they are sent.
	partsAtOnce   = 4
	objectsAtOnce = 8
	// cleanupTime is what beginning and aborting may take when ctx is done.
	cleanupTime = 30 * time.Second
)

// Options say how objects are stored. The zero value leaves that to the bucket.
type Options struct {
	SSE          string // encryption: "AES256", "aws:kms" or "aws:kms:dsse"; "" is the bucket's default
	KMSKeyID     string // id, ARN or alias of the key; with it an empty SSE is "aws:kms"
	BucketKey    bool   // fewer calls of KMS, with "aws:kms"
	StorageClass string // as S3 spells it, "STANDARD_IA"; "" is STANDARD

	// Of Upload only: Last are the names that are sent when all others are there, one after the
	// other in this order, as the manifest is.
	Last []string
	// Of Upload only: IfMatch has the ETag of objects that must be what they were when Download
	// fetched them, or must still not exist if it is "". They are sent first.
	IfMatch map[string]string
}

// Check returns an error if the options contradict each other.
func (o Options) Check() error {
	sse := o.encryption()
	kms := sse == types.ServerSideEncryptionAwsKms || sse == types.ServerSideEncryptionAwsKmsDsse
	switch {
	case sse != "" && !kms && sse != types.ServerSideEncryptionAes256:
		return fmt.Errorf("encryption %s is unknown: it is AES256, aws:kms or aws:kms:dsse", shown(o.SSE))
	case o.KMSKeyID != "" && !kms:
		return fmt.Errorf("a KMS key goes with the encryption aws:kms or aws:kms:dsse, not with %s", o.SSE)
	case o.BucketKey && sse != types.ServerSideEncryptionAwsKms:
		return errors.New("a bucket key goes with the encryption aws:kms only")
	case o.StorageClass != "" && !slices.Contains(types.StorageClass("").Values(), types.StorageClass(o.StorageClass)):
		return fmt.Errorf("storage class %s is unknown", shown(o.StorageClass))
	}
	return nil
}

func (o Options) encryption() types.ServerSideEncryption {
	if o.SSE == "" && o.KMSKeyID != "" {
		return types.ServerSideEncryptionAwsKms
	}
	return types.ServerSideEncryption(o.SSE)
}

// Upload stores files of the directory below the folder of the address, under
// their names. An object appears whole, and replaces what has its key, or not
// at all; the set of them does not, so the name whose presence shall say that
// all are there belongs into Options.Last. After an error some may be there, and
// none of those that come later. Sizes and digests of the artifacts are checked
// if they are given. Objects of other names stay.
func (s *Store) Upload(ctx context.Context, dir string, files []shca.Artifact, folder Address, o Options) (err error) {
	if err := o.Check(); err != nil {
		return err
	}
	folder = folder.Folder()
	b, err := s.bucket(ctx, folder)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()

	var first, any, large, last []*upload
	taken := map[string]bool{}
	for _, f := range files {
		u := &upload{bucket: b, root: root, artifact: f, options: o}
		if u.key, err = keyOf(folder, f.File); err != nil {
			return err
		}
		if taken[u.key] {
			return fmt.Errorf("%s is named twice", shown(f.File))
		}
		taken[u.key] = true
		info, err := root.Stat(filepath.FromSlash(f.File))
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is no regular file", filepath.Join(dir, filepath.FromSlash(f.File)))
		}
		if u.size = info.Size(); f.SHA256 != "" && u.size != f.Size {
			return fmt.Errorf("%s changed after it was written: it has %d bytes, not %d", filepath.Join(dir, filepath.FromSlash(f.File)), u.size, f.Size)
		}
		u.etag, u.conditional = o.IfMatch[f.File]
		switch {
		case slices.Contains(o.Last, f.File):
			last = append(last, u)
		case u.conditional:
			first = append(first, u)
		case u.size > partSize:
			large = append(large, u) // has parts enough to fill the line
		default:
			any = append(any, u)
		}
	}
	slices.SortStableFunc(last, func(a, b *upload) int {
		return slices.Index(o.Last, a.artifact.File) - slices.Index(o.Last, b.artifact.File)
	})
	// All are looked at before one is replaced. The condition that goes with each
	// catches those that somebody writes in between.
	for _, u := range first {
		now, _, err := b.find(ctx, u.key)
		if err != nil {
			return err
		}
		if now.etag != u.etag {
			return fmt.Errorf("%s: somebody else has written the object meanwhile: run again", shown(Address{b.name, u.key}.String()))
		}
	}
	if err := inOrder(ctx, first); err != nil {
		return err
	}
	group, some := errgroup.WithContext(ctx)
	group.SetLimit(objectsAtOnce)
	for _, u := range any {
		group.Go(func() error { return u.send(some) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := inOrder(ctx, large); err != nil {
		return err
	}
	return inOrder(ctx, last)
}

// Probe finds out whether an object can be written to the address, by beginning an
// upload and aborting it. Nothing stays.
func (s *Store) Probe(ctx context.Context, to Address, o Options) error {
	if err := o.Check(); err != nil {
		return err
	}
	b, err := s.bucket(ctx, to)
	if err != nil {
		return err
	}
	u := &upload{bucket: b, key: to.Key, options: o}
	id, err := u.begin(ctx)
	if err != nil {
		return err
	}
	return u.abort(ctx, id)
}

// UploadFile stores one file under the address, which must be that of an object.
// It is whole or not there.
func (s *Store) UploadFile(ctx context.Context, file, mediaType string, to Address, o Options) error {
	if to.IsFolder() {
		return fmt.Errorf("%s: the address of a folder: add the object's name", shown(to.String()))
	}
	dir, name := filepath.Split(file)
	if dir == "" {
		dir = "."
	}
	if err := o.Check(); err != nil {
		return err
	}
	b, err := s.bucket(ctx, to)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	info, err := root.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", file)
	}
	if err == nil {
		u := &upload{bucket: b, root: root, key: to.Key, size: info.Size(), options: o, artifact: shca.Artifact{File: name, MediaType: mediaType}}
		err = u.send(ctx)
	}
	return errors.Join(err, root.Close())
}

func inOrder(ctx context.Context, uploads []*upload) error {
	for _, u := range uploads {
		if err := u.send(ctx); err != nil {
			return err
		}
	}
	return nil
}

// upload is one file on its way.
type upload struct {
	bucket      *bucket
	root        *os.Root
	artifact    shca.Artifact
	key         string
	size        int64 // as it was when the upload began; no more is sent
	options     Options
	conditional bool
	etag        string // that the object must have; "" if there must be none
}

func (u *upload) send(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f, err := u.root.Open(filepath.FromSlash(u.artifact.File))
	if err != nil {
		return err
	}
	if u.size <= partSize {
		err = u.whole(ctx, f)
	} else {
		err = u.parts(ctx, f)
	}
	return errors.Join(err, f.Close())
}

func (u *upload) mediaType() *string {
	if u.artifact.MediaType == "" {
		return aws.String("application/octet-stream")
	}
	return aws.String(u.artifact.MediaType)
}

// condition returns what must match for the object to be written.
func (u *upload) condition() (ifMatch, ifNoneMatch *string) {
	switch {
	case !u.conditional:
		return nil, nil
	case u.etag == "":
		return nil, aws.String("*")
	}
	return aws.String(u.etag), nil
}

// whole stores the file in one call.
func (u *upload) whole(ctx context.Context, f io.ReaderAt) error {
	in := &s3.PutObjectInput{
		Bucket:               aws.String(u.bucket.name),
		Key:                  aws.String(u.key),
		ExpectedBucketOwner:  u.bucket.owner(),
		Body:                 io.NewSectionReader(f, 0, u.size),
		ContentLength:        aws.Int64(u.size),
		ContentType:          u.mediaType(),
		ChecksumAlgorithm:    types.ChecksumAlgorithmSha256,
		ServerSideEncryption: u.options.encryption(),
		SSEKMSKeyId:          optional(u.options.KMSKeyID),
		StorageClass:         types.StorageClass(u.options.StorageClass),
	}
	if u.options.BucketKey {
		in.BucketKeyEnabled = aws.Bool(true)
	}
	in.IfMatch, in.IfNoneMatch = u.condition()
	if sum, err := hex.DecodeString(u.artifact.SHA256); err == nil && len(sum) > 0 {
		in.ChecksumSHA256 = aws.String(base64.StdEncoding.EncodeToString(sum)) // S3 takes nothing else
	}
	out, err := u.bucket.PutObject(ctx, in)
	if err != nil {
		return u.failed(ctx, err)
	}
	return u.encrypted(out.ServerSideEncryption, "it was stored, and is to be removed")
}

// begin begins an upload in parts and returns its id.
func (u *upload) begin(ctx context.Context) (id *string, err error) {
	in := &s3.CreateMultipartUploadInput{
		Bucket:               aws.String(u.bucket.name),
		Key:                  aws.String(u.key),
		ExpectedBucketOwner:  u.bucket.owner(),
		ContentType:          u.mediaType(),
		ChecksumAlgorithm:    types.ChecksumAlgorithmSha256,
		ServerSideEncryption: u.options.encryption(),
		SSEKMSKeyId:          optional(u.options.KMSKeyID),
		StorageClass:         types.StorageClass(u.options.StorageClass),
	}
	if u.options.BucketKey {
		in.BucketKeyEnabled = aws.Bool(true)
	}
	// Not with ctx: an upload that began without our learning its id stays.
	begin, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	begun, err := u.bucket.CreateMultipartUpload(begin, in)
	if err != nil {
		return nil, u.failed(ctx, err)
	}
	if err := u.encrypted(begun.ServerSideEncryption, "nothing was stored"); err != nil {
		return nil, errors.Join(err, u.abort(ctx, begun.UploadId))
	}
	return begun.UploadId, nil
}

// parts stores the file in parts, which become an object when all are there.
func (u *upload) parts(ctx context.Context, f io.ReaderAt) (err error) {
	id, err := u.begin(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, u.abort(ctx, id))
		}
	}()
	done, err := u.sendParts(ctx, f, id)
	if err != nil {
		return err
	}
	complete := &s3.CompleteMultipartUploadInput{
		Bucket:              aws.String(u.bucket.name),
		Key:                 aws.String(u.key),
		ExpectedBucketOwner: u.bucket.owner(),
		UploadId:            id,
		MultipartUpload:     &types.CompletedMultipartUpload{Parts: done},
	}
	complete.IfMatch, complete.IfNoneMatch = u.condition()
	if _, err = u.bucket.CompleteMultipartUpload(ctx, complete); err != nil {
		return u.failed(ctx, err)
	}
	return nil
}

func (u *upload) sendParts(ctx context.Context, f io.ReaderAt, id *string) ([]types.CompletedPart, error) {
	size := max(int64(partSize), (u.size+maxParts-1)/maxParts)
	done := make([]types.CompletedPart, (u.size+size-1)/size)
	group, some := errgroup.WithContext(ctx)
	group.SetLimit(partsAtOnce)
	for i := range done {
		offset := int64(i) * size
		group.Go(func() error {
			if err := some.Err(); err != nil {
				return err
			}
			length := min(size, u.size-offset)
			part := types.CompletedPart{PartNumber: aws.Int32(int32(i + 1))}
			out, err := u.bucket.UploadPart(some, &s3.UploadPartInput{
				Bucket:              aws.String(u.bucket.name),
				Key:                 aws.String(u.key),
				ExpectedBucketOwner: u.bucket.owner(),
				UploadId:            id,
				PartNumber:          part.PartNumber,
				Body:                io.NewSectionReader(f, offset, length),
				ContentLength:       aws.Int64(length),
				ChecksumAlgorithm:   types.ChecksumAlgorithmSha256,
			})
			if err != nil {
				return u.failed(some, err)
			}
			part.ETag, part.ChecksumSHA256 = out.ETag, out.ChecksumSHA256
			done[i] = part
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return done, ctx.Err()
}

// abort removes the parts that are there, which are paid for and seen by nobody.
// No part is on its way any more: one would survive.
func (u *upload) abort(ctx context.Context, id *string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	_, err := u.bucket.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
		Bucket: aws.String(u.bucket.name), Key: aws.String(u.key), UploadId: id, ExpectedBucketOwner: u.bucket.owner(),
	})
	if err == nil || answered(err) == "NoSuchUpload" {
		return nil
	}
	return fmt.Errorf("%w; parts of the upload %s stay in the bucket: abort it with aws s3api abort-multipart-upload, or by a lifecycle rule",
		u.bucket.failed(ctx, "s3:AbortMultipartUpload", u.key, err), shown(aws.ToString(id)))
}

// encrypted checks that the object is encrypted as was asked for: a service that
// does not know the header ignores it.
func (u *upload) encrypted(got types.ServerSideEncryption, now string) error {
	if want := u.options.encryption(); want != "" && got != want {
		return fmt.Errorf("%s: the service encrypts with %q, not with %s as asked; %s", shown(Address{u.bucket.name, u.key}.String()), string(got), want, now)
	}
	return nil
}

func (u *upload) failed(ctx context.Context, err error) error {
	return u.bucket.failed(ctx, "s3:PutObject", u.key, err)
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return aws.String(s)
}
