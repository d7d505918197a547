package awsfake

import (
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bucket is an S3 bucket. Every account of the server may use it.
type Bucket struct {
	Region  string // any if empty
	Objects map[string]*Object
	Uploads map[string]*Upload // unfinished multipart uploads by id

	MinPart int // bytes that every part but the last must have; 0: 5 MiB, as AWS has it
}

// Object is an object in a bucket.
type Object struct {
	Body      []byte
	ETag      string // with quotes; made from Body if empty
	Modified  time.Time
	Header    http.Header // of the request that made it: Content-Type, encryption, metadata, checksums
	PartSizes []int       // of a multipart upload
}

// Upload is a multipart upload.
type Upload struct {
	Key    string
	Header http.Header
	Begun  time.Time
	Parts  map[int]*Object
}

// s3Operations lists the operations of S3 by what findS3 makes of a request. Only
// addresses with the bucket in the path are known.
var s3Operations = []operation{
	{service: "s3", name: "PutObject", do: putObject},
	{service: "s3", name: "GetObject", do: getObject},
	{service: "s3", name: "HeadObject", do: getObject},
	{service: "s3", name: "DeleteObject", do: deleteObject},
	{service: "s3", name: "ListObjectsV2", do: listObjectsV2},
	{service: "s3", name: "HeadBucket", do: headBucket},
	{service: "s3", name: "CreateMultipartUpload", do: createMultipartUpload},
	{service: "s3", name: "UploadPart", do: uploadPart},
	{service: "s3", name: "CompleteMultipartUpload", do: completeMultipartUpload},
	{service: "s3", name: "AbortMultipartUpload", do: abortMultipartUpload},
	{service: "s3", name: "ListMultipartUploads", do: listMultipartUploads},
}

// s3Params are the query parameters that the operations know.
var s3Params = []string{"x-id", "list-type", "prefix", "delimiter", "max-keys", "continuation-token", "start-after", "encoding-type",
	"fetch-owner", "partNumber", "uploadId", "uploads", "max-uploads"}

func (c *call) findS3() *operation {
	query := c.r.URL.Query()
	for name := range query {
		if !slices.Contains(s3Params, name) {
			return nil
		}
	}
	if c.r.Header.Get("X-Amz-Copy-Source") != "" {
		return nil
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(c.r.URL.Path, "/"), "/")
	c.params = map[string]string{"bucket": bucket, "key": key}
	name := ""
	switch method := c.r.Method; {
	case bucket == "":
	case key == "" && method == http.MethodHead:
		name = "HeadBucket"
	case key == "" && method == http.MethodGet && query.Has("uploads"):
		name = "ListMultipartUploads"
	case key == "" && method == http.MethodGet && query.Get("list-type") == "2":
		name = "ListObjectsV2"
	case key == "":
	case method == http.MethodPut && query.Has("uploadId"):
		name = "UploadPart"
	case method == http.MethodPut:
		name = "PutObject"
	case method == http.MethodPost && query.Has("uploads"):
		name = "CreateMultipartUpload"
	case method == http.MethodPost && query.Has("uploadId"):
		name = "CompleteMultipartUpload"
	case method == http.MethodDelete && query.Has("uploadId"):
		name = "AbortMultipartUpload"
	case method == http.MethodDelete:
		name = "DeleteObject"
	case method == http.MethodGet:
		name = "GetObject"
	case method == http.MethodHead:
		name = "HeadObject"
	}
	for i := range s3Operations {
		if s3Operations[i].name == name {
			return &s3Operations[i]
		}
	}
	return nil
}

// bucket returns the bucket that the path names.
func (c *call) bucket() (*Bucket, error) {
	b := c.s.Buckets[c.params["bucket"]]
	switch {
	case b == nil:
		return nil, &Error{http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist"}
	case b.Region != "" && b.Region != c.region:
		return nil, &Error{http.StatusMovedPermanently, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint."}
	}
	return b, nil
}

func headBucket(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	return &answer{header: http.Header{"X-Amz-Bucket-Region": {cmp.Or(b.Region, c.region)}}}, nil
}

// echoed are the headers of a request to write that come back in its answer.
func echoed(header http.Header) http.Header {
	out := http.Header{}
	for name, values := range header {
		if strings.HasPrefix(name, "X-Amz-Server-Side-Encryption") || strings.HasPrefix(name, "X-Amz-Checksum-") && name != "X-Amz-Checksum-Mode" {
			out[name] = values
		}
	}
	return out
}

// kept are the headers of a request that stay with the object.
func kept(header http.Header) http.Header {
	out := echoed(header)
	for name, values := range header {
		switch {
		case strings.HasPrefix(name, "X-Amz-Meta-"), name == "Content-Type", name == "Cache-Control", name == "Content-Disposition",
			name == "Content-Language", name == "Expires", strings.HasPrefix(name, "X-Amz-Object-Lock-"), name == "X-Amz-Tagging",
			name == "X-Amz-Storage-Class", name == "X-Amz-Acl":
			out[name] = values
		case name == "Content-Encoding":
			var codings []string
			for _, value := range values {
				for coding := range strings.SplitSeq(value, ",") {
					if coding = strings.TrimSpace(coding); coding != "aws-chunked" && coding != "" {
						codings = append(codings, coding)
					}
				}
			}
			if len(codings) > 0 {
				out.Set(name, strings.Join(codings, ","))
			}
		}
	}
	return out
}

func etagOf(body []byte) string {
	sum := md5.Sum(body)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func (o *Object) etag() string {
	if o.ETag == "" {
		o.ETag = etagOf(o.Body)
	}
	return o.ETag
}

var errPrecondition = &Error{http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"}

// mayWrite judges the conditions of a request that writes an object.
func (b *Bucket) mayWrite(c *call, key string) error {
	old := b.Objects[key]
	if c.r.Header.Get("If-None-Match") == "*" && old != nil {
		return errPrecondition
	}
	if want := c.r.Header.Get("If-Match"); want != "" {
		if old == nil {
			return &Error{http.StatusNotFound, "NoSuchKey", "The specified key does not exist."}
		}
		if old.etag() != want {
			return errPrecondition
		}
	}
	return nil
}

func (b *Bucket) put(key string, o *Object) {
	if b.Objects == nil {
		b.Objects = map[string]*Object{}
	}
	b.Objects[key] = o
}

// received returns the body of a request as an object: its chunks put together and
// its checksums verified.
func (c *call) received() (*Object, error) {
	body, trailer, err := unchunk(c.r.Header, c.body)
	if err != nil {
		return nil, err
	}
	header := c.r.Header.Clone()
	for name, values := range trailer {
		header[name] = values
	}
	if err := verify(header, body); err != nil {
		return nil, err
	}
	return &Object{Body: body, ETag: etagOf(body), Modified: c.at, Header: kept(header)}, nil
}

func putObject(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	o, err := c.received()
	if err != nil {
		return nil, err
	}
	if err := b.mayWrite(c, c.params["key"]); err != nil {
		return nil, err
	}
	b.put(c.params["key"], o)
	a := &answer{header: echoed(o.Header)}
	a.header.Set("Etag", o.ETag)
	return a, nil
}

// object returns the object that the path names.
func (c *call) object() (*Object, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	o := b.Objects[c.params["key"]]
	if o == nil {
		return nil, &Error{http.StatusNotFound, "NoSuchKey", "The specified key does not exist."}
	}
	return o, nil
}

func getObject(c *call) (any, error) {
	o, err := c.object()
	if err != nil {
		return nil, err
	}
	switch request := c.r.Header; {
	case request.Get("If-Match") != "" && request.Get("If-Match") != o.etag():
		return nil, errPrecondition
	case request.Get("If-None-Match") == o.etag():
		return &answer{status: http.StatusNotModified, header: http.Header{"Etag": {o.etag()}}}, nil
	case request.Get("If-Modified-Since") != "" || request.Get("If-Unmodified-Since") != "":
		return nil, invalid(c.service, "the fake knows If-Match and If-None-Match only")
	}
	a := &answer{status: http.StatusOK, header: o.Header.Clone(), body: o.Body}
	if a.header == nil {
		a.header = http.Header{}
	}
	from, to, part, err := c.rangeOf(o)
	if err != nil {
		return nil, err
	}
	if part || c.r.Header.Get("X-Amz-Checksum-Mode") != "ENABLED" {
		for name := range a.header {
			if strings.HasPrefix(name, "X-Amz-Checksum-") {
				a.header.Del(name)
			}
		}
	}
	if part {
		a.status = http.StatusPartialContent
		a.header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, len(o.Body)))
		a.body = o.Body[from:to]
	}
	if len(o.PartSizes) > 0 && c.r.URL.Query().Has("partNumber") {
		a.header.Set("X-Amz-Mp-Parts-Count", strconv.Itoa(len(o.PartSizes)))
	}
	a.header.Set("Etag", o.etag())
	a.header.Set("Accept-Ranges", "bytes")
	a.header.Set("Last-Modified", o.Modified.UTC().Format(http.TimeFormat))
	if a.header.Get("Content-Type") == "" {
		a.header.Set("Content-Type", "binary/octet-stream")
	}
	return a, nil
}

// rangeOf returns which bytes of the object are asked for, and whether they were
// asked for as a part.
func (c *call) rangeOf(o *Object) (from, to int, part bool, err error) {
	size := len(o.Body)
	if text := c.r.URL.Query().Get("partNumber"); text != "" {
		n, err := strconv.Atoi(text)
		sizes := o.PartSizes
		if len(sizes) == 0 {
			sizes = []int{size}
		}
		if err != nil || n < 1 || n > len(sizes) {
			return 0, 0, false, &Error{http.StatusRequestedRangeNotSatisfiable, "InvalidPartNumber", "The requested partnumber is not satisfiable"}
		}
		for _, s := range sizes[:n-1] {
			from += s
		}
		return from, from + sizes[n-1], size > 0, nil
	}
	spec, ok := strings.CutPrefix(c.r.Header.Get("Range"), "bytes=")
	first, last, dash := strings.Cut(spec, "-")
	if !ok || !dash {
		return 0, size, false, nil // a Range that makes no sense is left out of account
	}
	to = size
	if first == "" {
		n, err := strconv.Atoi(last)
		if err != nil {
			return 0, size, false, nil
		}
		from = max(0, size-n)
	} else {
		if from, err = strconv.Atoi(first); err != nil {
			return 0, size, false, nil
		}
		if last != "" {
			n, err := strconv.Atoi(last)
			if err != nil || n < from {
				return 0, size, false, nil
			}
			to = min(size, n+1)
		}
	}
	if from >= size {
		return 0, 0, false, &Error{http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable"}
	}
	return from, to, true, nil
}

func deleteObject(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	if want := c.r.Header.Get("If-Match"); want != "" {
		if old := b.Objects[c.params["key"]]; old != nil && want != "*" && old.etag() != want {
			return nil, errPrecondition
		}
	}
	delete(b.Objects, c.params["key"])
	return &answer{status: http.StatusNoContent}, nil
}

// s3Time is how S3 writes times.
func s3Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func listObjectsV2(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	query := c.r.URL.Query()
	at, size, err := c.begin(1000, 1000)
	if err != nil {
		return nil, err
	}
	escape := func(text string) string { return text }
	if query.Get("encoding-type") == "url" {
		escape = func(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "%2F", "/") }
	}
	type contents struct {
		Key, LastModified, ETag string
		Size                    int
		StorageClass            string
	}
	type common struct{ Prefix string }
	var list struct {
		XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
		Name, Prefix          string
		Delimiter             string `xml:",omitempty"`
		MaxKeys, KeyCount     int
		IsTruncated           bool
		EncodingType          string `xml:",omitempty"`
		StartAfter            string `xml:",omitempty"`
		ContinuationToken     string `xml:",omitempty"`
		NextContinuationToken string `xml:",omitempty"`
		Contents              []contents
		CommonPrefixes        []common
	}
	list.Name, list.Prefix, list.Delimiter = c.params["bucket"], escape(query.Get("prefix")), escape(query.Get("delimiter"))
	list.MaxKeys, list.EncodingType = size, query.Get("encoding-type")
	list.StartAfter, list.ContinuationToken = escape(query.Get("start-after")), c.token()
	after := cmp.Or(at.After, query.Get("start-after"))
	prefix, delimiter := query.Get("prefix"), query.Get("delimiter")
	last := ""
	for _, key := range slices.Sorted(maps.Keys(b.Objects)) {
		if !strings.HasPrefix(key, prefix) || key <= after {
			continue
		}
		group := ""
		if delimiter != "" {
			if head, _, ok := strings.Cut(key[len(prefix):], delimiter); ok {
				group = prefix + head + delimiter
			}
		}
		if group != "" && (group == last || strings.HasPrefix(after, group)) {
			continue
		}
		if list.KeyCount == size || c.empty() {
			list.IsTruncated = true
			break
		}
		list.KeyCount++
		at.After = cmp.Or(group, key)
		if group != "" {
			// What follows the group comes after every key in it.
			last = group
			at.After = group + "\U0010FFFF"
			list.CommonPrefixes = append(list.CommonPrefixes, common{escape(group)})
			continue
		}
		o := b.Objects[key]
		list.Contents = append(list.Contents, contents{escape(key), s3Time(o.Modified), o.etag(), len(o.Body), "STANDARD"})
	}
	if list.IsTruncated = list.IsTruncated || c.repeats(); list.IsTruncated {
		list.NextContinuationToken = *c.next(at)
	}
	return s3Answer(list), nil
}

func s3Answer(v any) *answer {
	return &answer{header: http.Header{"Content-Type": {"application/xml"}}, body: marshalXML(v)}
}
