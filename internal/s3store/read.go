package s3store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/go-shca/shca/internal/input"
)

const (
	defaultStall = time.Minute
	defaultPause = 500 * time.Millisecond
	maxPause     = 8 * time.Second
	// maxFailures is how often in a row a connection may break without a byte.
	maxFailures = 6
)

func (o object) file(ctx context.Context) input.File {
	return input.File{
		Name: Address{o.bucket.name, o.key}.String(),
		Size: o.size,
		Open: func() (io.ReadCloser, error) { return o.open(ctx) },
	}
}

// open begins to read the object. An object that cannot be read at all is an
// error here.
func (o object) open(ctx context.Context) (io.ReadCloser, error) {
	r := &reader{object: o, stall: o.bucket.store.stall, pause: o.bucket.store.pause}
	if r.stall == 0 {
		r.stall = defaultStall
	}
	if r.pause == 0 {
		r.pause = defaultPause
	}
	r.ctx, r.cancel = context.WithCancel(ctx)
	if err := r.connect(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// reader reads one version of an object from its begin to its end, over as many
// connections as it takes.
type reader struct {
	object
	stall  time.Duration
	pause  time.Duration
	ctx    context.Context
	cancel context.CancelFunc // by Close, also during Read

	mu       sync.Mutex
	body     io.ReadCloser // nil between connections
	broken   func()        // ends the connection
	pos      int64
	failures int   // in a row
	err      error // that ended the reading
}

// Close may be called while Read waits, which it ends.
func (r *reader) Close() error {
	r.cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.disconnect()
	if r.err == nil {
		r.err = fmt.Errorf("%s: read after close", r)
	}
	return nil
}

func (r *reader) String() string { return shown(Address{r.bucket.name, r.key}.String()) }

func (r *reader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	for r.err == nil {
		if r.body == nil {
			if r.err = r.connect(); r.err != nil {
				break
			}
		}
		n, err := r.receive(p)
		r.pos += int64(n)
		if n > 0 {
			r.failures = 0
		}
		switch {
		case r.ctx.Err() != nil:
			r.err = r.bucket.failed(r.ctx, "s3:GetObject", r.key, r.ctx.Err())
		case r.pos > r.size:
			r.err = fmt.Errorf("%s: S3 sent more than the %d bytes of the object", r, r.size)
		case err == io.EOF && r.pos == r.size:
			r.err = io.EOF
		case err != nil && r.pos == r.size: // a checksum that does not match comes last
			r.err = r.bucket.failed(r.ctx, "s3:GetObject", r.key, err)
		case err != nil:
			r.disconnect()
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			r.err = r.failure(err)
		}
		if n > 0 && r.pos <= r.size {
			return n, r.err
		}
	}
	return 0, r.err
}

// receive reads from the connection, which counts as broken if nothing comes.
func (r *reader) receive(p []byte) (int, error) {
	stalled := time.AfterFunc(r.stall, r.broken)
	defer stalled.Stop()
	n, err := r.body.Read(p)
	if err != nil && !stalled.Stop() && r.ctx.Err() == nil {
		err = fmt.Errorf("nothing came for %v", r.stall)
	}
	return n, err
}

// connect asks for what is still to be read, of the same version.
func (r *reader) connect() error {
	in := &s3.GetObjectInput{
		Bucket: aws.String(r.bucket.name), Key: aws.String(r.key), IfMatch: aws.String(r.etag), ExpectedBucketOwner: r.bucket.owner(),
	}
	if r.pos > 0 {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", r.pos))
	}
	for {
		if err := r.wait(); err != nil {
			return err
		}
		ctx, broken := context.WithCancel(r.ctx)
		stalled := time.AfterFunc(r.stall, broken)
		out, err := r.bucket.GetObject(ctx, in)
		inTime := stalled.Stop()
		if err == nil {
			r.body, r.broken = out.Body, broken
			if err := r.fits(out); err != nil {
				r.disconnect()
				return err
			}
			return nil
		}
		broken()
		status := httpStatus(err)
		switch {
		case answered(err) == "PreconditionFailed" || answered(err) == "NoSuchKey" && r.pos > 0:
			return r.changed()
		case answered(err) != "", status >= 400 && status < 500, r.ctx.Err() != nil:
			return r.bucket.failed(r.ctx, "s3:GetObject", r.key, err)
		case !inTime:
			err = fmt.Errorf("no answer for %v", r.stall)
		}
		if err := r.failure(err); err != nil {
			return err
		}
	}
}

// fits checks that the answer is what the reading goes on with: not every
// service that speaks S3's protocol heeds every header.
func (r *reader) fits(out *s3.GetObjectOutput) error {
	if aws.ToString(out.ETag) != r.etag {
		return r.changed()
	}
	if r.pos == 0 {
		if aws.ToInt64(out.ContentLength) != r.size {
			return r.changed()
		}
		return nil
	}
	if want := fmt.Sprintf("bytes %d-%d/%d", r.pos, r.size-1, r.size); aws.ToString(out.ContentRange) != want {
		return fmt.Errorf("%s: the connection broke at byte %d, and the service did not go on from there (it sent %s)", r, r.pos, shown("Content-Range: "+aws.ToString(out.ContentRange)))
	}
	return nil
}

func (r *reader) changed() error {
	return fmt.Errorf("%s: the object changed after it was listed: run again when nobody writes to it", r)
}

func (r *reader) disconnect() {
	if r.body != nil {
		r.broken()
		_ = r.body.Close() // what it has left is not wanted
		r.body = nil
	}
}

// failure counts a broken connection, and returns an error if it was the last.
func (r *reader) failure(err error) error {
	if r.failures++; r.failures < maxFailures {
		return nil
	}
	return fmt.Errorf("%w; %d connections in a row broke at byte %d of %d", r.bucket.failed(r.ctx, "s3:GetObject", r.key, err), r.failures, r.pos, r.size)
}

// wait pauses after broken connections: longer after each without a byte.
func (r *reader) wait() error {
	if r.failures == 0 {
		return r.ctx.Err()
	}
	select {
	case <-time.After(min(r.pause<<(r.failures-1), maxPause)):
		return nil
	case <-r.ctx.Done():
		return r.bucket.failed(r.ctx, "s3:GetObject", r.key, r.ctx.Err())
	}
}
