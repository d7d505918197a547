package awsfake

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

var errNoUpload = &Error{http.StatusNotFound, "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."}

// upload returns the multipart upload that the request names.
func (c *call) upload() (*Bucket, string, *Upload, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, "", nil, err
	}
	id := c.r.URL.Query().Get("uploadId")
	u := b.Uploads[id]
	if u == nil || u.Key != c.params["key"] {
		return nil, "", nil, errNoUpload
	}
	return b, id, u, nil
}

func createMultipartUpload(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	c.s.serial++
	id := fmt.Sprintf("upload-%d", c.s.serial)
	if b.Uploads == nil {
		b.Uploads = map[string]*Upload{}
	}
	b.Uploads[id] = &Upload{Key: c.params["key"], Header: kept(c.r.Header), Begun: c.at, Parts: map[int]*Object{}}
	a := s3Answer(struct {
		XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ InitiateMultipartUploadResult"`
		Bucket, Key, UploadId string
	}{Bucket: c.params["bucket"], Key: c.params["key"], UploadId: id})
	maps.Copy(a.header, echoed(c.r.Header))
	return a, nil
}

func uploadPart(c *call) (any, error) {
	_, _, u, err := c.upload()
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(c.r.URL.Query().Get("partNumber"))
	if err != nil || n < 1 || n > 10000 {
		return nil, &Error{http.StatusBadRequest, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive"}
	}
	o, err := c.received()
	if err != nil {
		return nil, err
	}
	u.Parts[n] = o
	a := &answer{header: echoed(o.Header)}
	a.header.Set("Etag", o.ETag)
	return a, nil
}

func completeMultipartUpload(c *call) (any, error) {
	b, id, u, err := c.upload()
	if err != nil {
		return nil, err
	}
	var in struct {
		Part []struct {
			PartNumber int
			ETag       string
		}
	}
	if err := xml.Unmarshal(c.body, &in); err != nil || len(in.Part) == 0 {
		return nil, &Error{http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"}
	}
	minPart := b.MinPart
	if minPart == 0 {
		minPart = 5 << 20
	}
	var body, sums bytes.Buffer
	var sizes []int
	checksums := map[string]*bytes.Buffer{}
	for i, p := range in.Part {
		if i > 0 && p.PartNumber <= in.Part[i-1].PartNumber {
			return nil, &Error{http.StatusBadRequest, "InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number."}
		}
	}
	for i, p := range in.Part {
		o := u.Parts[p.PartNumber]
		switch {
		case o == nil || strings.Trim(o.ETag, `"`) != strings.Trim(p.ETag, `"`):
			return nil, &Error{http.StatusBadRequest, "InvalidPart", "One or more of the specified parts could not be found."}
		case i < len(in.Part)-1 && len(o.Body) < minPart:
			return nil, &Error{http.StatusBadRequest, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size"}
		}
		body.Write(o.Body)
		sizes = append(sizes, len(o.Body))
		sum := md5.Sum(o.Body)
		sums.Write(sum[:])
		for name := range o.Header {
			if sum, err := base64.StdEncoding.DecodeString(o.Header.Get(name)); err == nil && newHash(name) != nil {
				if checksums[name] == nil {
					checksums[name] = &bytes.Buffer{}
				}
				checksums[name].Write(sum)
			}
		}
	}
	if err := b.mayWrite(c, u.Key); err != nil {
		return nil, err
	}
	all := md5.Sum(sums.Bytes())
	o := &Object{Body: body.Bytes(), Modified: c.at, Header: u.Header.Clone(), PartSizes: sizes,
		ETag: fmt.Sprintf(`"%s-%d"`, hex.EncodeToString(all[:]), len(sizes))}
	o.Header.Del("X-Amz-Checksum-Algorithm")
	// The checksum of the whole is that of the parts' checksums, as AWS makes it
	// unless asked for one of the full object.
	if o.Header.Get("X-Amz-Checksum-Type") != "FULL_OBJECT" {
		for name, sums := range checksums {
			h := newHash(name)
			h.Write(sums.Bytes())
			o.Header.Set(name, fmt.Sprintf("%s-%d", base64.StdEncoding.EncodeToString(h.Sum(nil)), len(sizes)))
		}
	} else {
		for name := range checksums {
			h := newHash(name)
			h.Write(o.Body)
			o.Header.Set(name, base64.StdEncoding.EncodeToString(h.Sum(nil)))
		}
	}
	b.put(u.Key, o)
	delete(b.Uploads, id)
	a := s3Answer(struct {
		XMLName           xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CompleteMultipartUploadResult"`
		Bucket, Key, ETag string
	}{Bucket: c.params["bucket"], Key: u.Key, ETag: o.ETag})
	maps.Copy(a.header, echoed(u.Header))
	return a, nil
}

func abortMultipartUpload(c *call) (any, error) {
	b, id, _, err := c.upload()
	if err != nil {
		return nil, err
	}
	delete(b.Uploads, id)
	return &answer{status: http.StatusNoContent}, nil
}

// listMultipartUploads answers all uploads at once.
func listMultipartUploads(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	type upload struct{ Key, UploadId, Initiated string }
	var list struct {
		XMLName     xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListMultipartUploadsResult"`
		Bucket      string
		IsTruncated bool
		Upload      []upload
	}
	list.Bucket = c.params["bucket"]
	for _, id := range slices.Sorted(maps.Keys(b.Uploads)) {
		if u := b.Uploads[id]; strings.HasPrefix(u.Key, c.r.URL.Query().Get("prefix")) {
			list.Upload = append(list.Upload, upload{u.Key, id, s3Time(u.Begun)})
		}
	}
	return s3Answer(list), nil
}
