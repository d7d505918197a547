// Package s3store reads inputs from Amazon S3 and writes artifacts to it, by
// addresses such as s3://bucket/prefix/. It is for the command and for the
// packages that open sources; it knows nothing of findings and formats.
//
// Nothing is deleted but by Remove. An object appears whole or not at all, and what is
// read is one version of an object or an error. Directory buckets (S3 Express
// One Zone) and ARNs are not taken.
package s3store

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Store reads and writes buckets in any Region of the configuration's
// partition. Its methods may be called concurrently. It must not be copied.
type Store struct {
	// Config has credentials, Region and endpoints. A bucket in another Region
	// is called there. With an endpoint of the user's own, buckets are named in
	// the path, which emulators and interface endpoints understand.
	Config aws.Config
	// BucketOwner is the account that must own every bucket; "" for any.
	BucketOwner string

	stall time.Duration // without a byte before a connection counts as broken; 0 for defaultStall
	pause time.Duration // before a second attempt to go on reading; 0 for defaultPause

	mu      sync.Mutex
	buckets map[string]*bucket
}

// bucket is one bucket with a client for its Region.
type bucket struct {
	*s3.Client
	store  *Store
	name   string
	region string
}

func (b *bucket) owner() *string {
	if b.store.BucketOwner == "" {
		return nil
	}
	return aws.String(b.store.BucketOwner)
}

var (
	errNoRegion = errors.New("no Region is set: set AWS_REGION, or region in the profile, to one of the partition that holds the bucket")
	accountID   = regexp.MustCompile(`^[0-9]{12}$`)
	regionName  = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]{2,12}){1,3}-[0-9]{1,2}$`)
)

// bucket returns the bucket of the address, whose Region it finds out once.
func (s *Store) bucket(ctx context.Context, at Address) (*bucket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[at.Bucket]; b != nil {
		return b, nil
	}
	if s.BucketOwner != "" && !accountID.MatchString(s.BucketOwner) {
		return nil, errors.New("the bucket's owner must be an account id of 12 digits")
	}
	if s.Config.Region == "" {
		return nil, errNoRegion
	}
	b := &bucket{Client: s.client(s.Config.Region), store: s, name: at.Bucket, region: s.Config.Region}
	region, err := b.home(ctx)
	if err != nil {
		return nil, b.failed(ctx, "s3:ListBucket", "", err)
	}
	if region != b.region {
		b.Client, b.region = s.client(region), region
	}
	if s.buckets == nil {
		s.buckets = map[string]*bucket{}
	}
	s.buckets[at.Bucket] = b
	return b, nil
}

func (s *Store) client(region string) *s3.Client {
	return s3.NewFromConfig(s.Config, func(o *s3.Options) {
		o.Region = region
		o.UsePathStyle = o.UsePathStyle || o.BaseEndpoint != nil
		o.DisableLogOutputChecksumValidationSkipped = true
	})
}

// home returns the bucket's Region, which S3 tells in a header of its answer to
// HeadBucket, whether the caller may do that or not (API reference, HeadBucket
// and GetBucketLocation). Without it the configured Region is as good as any:
// the call that follows says what is wrong, which an answer without a body
// cannot.
func (b *bucket) home(ctx context.Context) (string, error) {
	var region string
	out, err := b.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String(b.name)})
	if err == nil {
		region = aws.ToString(out.BucketRegion)
	} else {
		var answer *awshttp.ResponseError
		if !errors.As(err, &answer) || answer.HTTPStatusCode() == 0 || answer.HTTPStatusCode() == http.StatusNotFound {
			return "", err
		}
		region = answer.Response.Header.Get("X-Amz-Bucket-Region")
	}
	if !regionName.MatchString(region) { // it becomes part of a host's name
		return b.region, nil
	}
	return region, nil
}
