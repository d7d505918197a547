package s3store

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Remove removes the objects of the given names below the folder of the address:
// artifacts of an earlier run that would stay beside new ones. In a bucket with
// versioning they stay as earlier versions. A name that is no object's is no error.
func (s *Store) Remove(ctx context.Context, folder Address, names []string) error {
	if len(names) == 0 {
		return nil
	}
	folder = folder.Folder()
	b, err := s.bucket(ctx, folder)
	if err != nil {
		return err
	}
	for _, name := range names {
		key, err := keyOf(folder, name)
		if err != nil {
			return err
		}
		if _, err := b.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String(b.name), Key: aws.String(key), ExpectedBucketOwner: b.owner()}); err != nil {
			return b.failed(ctx, "s3:DeleteObject", key, err)
		}
	}
	return nil
}
