package awsfake

import (
	"io"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// client is the SDK's HTTP client but for the type of the bodies that it sends.
//
// The SDK closes a request's body as soon as the answer begins. Package net/http
// may at that moment still look whether the body has more bytes than it said, by
// io.Copy, which calls the body's WriteTo: that of smithy-go's body returns io.EOF
// once it is closed, which is no regular end for io.Copy. The connection is then
// closed while the answer is read ("use of closed network connection"). A server
// on the same, busy machine answers quickly enough for that. Without the method
// WriteTo the body is read, and io.EOF is its end.
type client struct{ *awshttp.BuildableClient }

// Do sends the request.
func (c client) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return c.BuildableClient.Do(r)
}
