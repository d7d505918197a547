package awsfake

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"strconv"
	"strings"
)

// newHash returns the hash whose sum a checksum header holds, or nil.
func newHash(header string) hash.Hash {
	switch header {
	case "X-Amz-Checksum-Crc32":
		return crc32.NewIEEE()
	case "X-Amz-Checksum-Crc32c":
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case "X-Amz-Checksum-Crc64nvme":
		return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5))
	case "X-Amz-Checksum-Sha1":
		return sha1.New()
	case "X-Amz-Checksum-Sha256":
		return sha256.New()
	case "X-Amz-Checksum-Sha512":
		return sha512.New()
	case "Content-Md5":
		return md5.New()
	}
	return nil
}

// verify compares a body with the checksums that came with it.
func verify(header http.Header, body []byte) error {
	for name := range header {
		h := newHash(name)
		if h == nil {
			continue
		}
		h.Write(body)
		if header.Get(name) != base64.StdEncoding.EncodeToString(h.Sum(nil)) {
			return &Error{http.StatusBadRequest, "BadDigest", "The " + name + " you specified did not match the calculated checksum."}
		}
	}
	if sum := header.Get("X-Amz-Content-Sha256"); len(sum) == 2*sha256.Size {
		if got := sha256.Sum256(body); hex.EncodeToString(got[:]) != sum {
			return &Error{http.StatusBadRequest, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed."}
		}
	}
	return nil
}

// unchunk puts the chunks of a body with Content-Encoding aws-chunked together, and
// returns the headers that follow them. Other bodies come back as they are.
func unchunk(header http.Header, body []byte) (whole []byte, trailer http.Header, err error) {
	if !strings.HasPrefix(header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return body, nil, nil
	}
	broken := &Error{http.StatusBadRequest, "IncompleteBody", "The request body is not what aws-chunked says"}
	line := func() (string, bool) {
		text, rest, ok := bytes.Cut(body, []byte("\r\n"))
		body = rest
		return string(text), ok
	}
	whole = []byte{}
	for {
		text, ok := line()
		size, _, _ := strings.Cut(text, ";") // ;chunk-signature=...
		n, err := strconv.ParseUint(size, 16, 31)
		if !ok || err != nil || int(n) > len(body) {
			return nil, nil, broken
		}
		if n == 0 {
			break
		}
		whole = append(whole, body[:n]...)
		body = body[n:]
		if text, ok := line(); !ok || text != "" {
			return nil, nil, broken
		}
	}
	if want := header.Get("X-Amz-Decoded-Content-Length"); want != strconv.Itoa(len(whole)) {
		return nil, nil, broken
	}
	trailer = http.Header{}
	for {
		text, ok := line()
		if text == "" {
			break
		}
		name, value, found := strings.Cut(text, ":")
		if !ok || !found {
			return nil, nil, broken
		}
		trailer.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if want := header.Get("X-Amz-Trailer"); want != "" && trailer.Get(want) == "" {
		return nil, nil, broken
	}
	return whole, trailer, nil
}
