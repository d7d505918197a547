package awsfake

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"
)

// Error is an error of AWS.
type Error struct {
	Status  int
	Code    string
	Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// throttled is what a service answers if it is called too often.
func throttled(service string) *Error {
	switch service {
	case "s3":
		return &Error{http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate."}
	case "sts":
		return &Error{http.StatusBadRequest, "Throttling", "Rate exceeded"}
	case "config":
		return &Error{http.StatusBadRequest, "ThrottlingException", "Rate exceeded"}
	case "organizations":
		return &Error{http.StatusBadRequest, "TooManyRequestsException", "AWS Organizations can't complete your request because of the number of requests."}
	case "auditmanager":
		return &Error{http.StatusTooManyRequests, "ThrottlingException", "Rate exceeded"}
	}
	return &Error{http.StatusTooManyRequests, "TooManyRequestsException", "Too Many Requests"}
}

// invalid is what a service answers to a request that makes no sense.
func invalid(service, message string) *Error {
	code := "ValidationException"
	switch service {
	case "securityhub":
		code = "InvalidInputException"
	case "config":
		code = "InvalidParameterValueException"
	case "organizations":
		code = "InvalidInputException"
	case "s3":
		code = "InvalidRequest"
	}
	return &Error{http.StatusBadRequest, code, message}
}

// badToken is what a service answers to a token that it does not take.
func badToken(service, why string) *Error {
	switch service {
	case "config":
		return &Error{http.StatusBadRequest, "InvalidNextTokenException", "The specified next token is not valid: " + why}
	case "s3":
		return &Error{http.StatusBadRequest, "InvalidArgument", "The continuation token provided is incorrect"}
	}
	return invalid(service, "Invalid NextToken: "+why)
}

// expiredCredentials is what a service answers to a session token that has
// expired.
func expiredCredentials(service string) *Error {
	const message = "The security token included in the request is expired"
	switch service {
	case "s3":
		return &Error{http.StatusBadRequest, "ExpiredToken", "The provided token has expired."}
	case "sts":
		return &Error{http.StatusForbidden, "ExpiredToken", message}
	case "config", "organizations":
		return &Error{http.StatusBadRequest, "ExpiredTokenException", message}
	}
	return &Error{http.StatusForbidden, "ExpiredTokenException", message}
}

// s3Permissions are the actions of S3's operations that have another name.
var s3Permissions = map[string]string{
	"HeadObject":              "GetObject",
	"ListObjectsV2":           "ListBucket",
	"HeadBucket":              "ListBucket",
	"CreateMultipartUpload":   "PutObject",
	"UploadPart":              "PutObject",
	"CompleteMultipartUpload": "PutObject",
	"ListMultipartUploads":    "ListBucketMultipartUploads",
}

// denied is what a service answers if the caller may not call the operation.
func denied(c *call) *Error {
	action := c.service + ":" + c.op.name
	if permission := s3Permissions[c.op.name]; c.service == "s3" && permission != "" {
		action = "s3:" + permission
	}
	message := "User: " + c.caller() + " is not authorized to perform: " + action + " on resource: " + c.resource() +
		" because no identity-based policy allows the " + action + " action"
	switch c.service {
	case "s3":
		return &Error{http.StatusForbidden, "AccessDenied", message}
	case "sts":
		return &Error{http.StatusForbidden, "AccessDenied", message}
	case "config", "organizations":
		return &Error{http.StatusBadRequest, "AccessDeniedException", message}
	}
	return &Error{http.StatusForbidden, "AccessDeniedException", message}
}

// resource returns the ARN that a denial names.
func (c *call) resource() string {
	arn := "arn:" + c.partition() + ":"
	switch c.service {
	case "securityhub":
		return arn + "securityhub:" + c.region + ":" + c.account + ":hub/default"
	case "sts":
		if role := c.form().Get("RoleArn"); role != "" {
			return role
		}
	case "s3":
		return arn + "s3:::" + strings.TrimPrefix(c.r.URL.Path, "/")
	}
	return "*"
}

// codesV2 are what the operations of Security Hub v2 say instead of the codes of
// the first version.
var codesV2 = map[string]string{
	"InvalidInputException":    "ValidationException",
	"TooManyRequestsException": "ThrottlingException",
	"InternalException":        "InternalServerException",
}

// writeError writes an error as the service does.
func (c *call) writeError(a *answer, e *Error) {
	if c.service == "securityhub" && c.op != nil && strings.HasSuffix(c.op.name, "V2") && codesV2[e.Code] != "" {
		e.Code = codesV2[e.Code]
	}
	a.status = e.Status
	switch c.service {
	case "s3":
		a.header.Set("Content-Type", "application/xml")
		a.header.Set("X-Amz-Request-Id", a.header.Get("X-Amzn-Requestid"))
		if b := c.s.Buckets[c.params["bucket"]]; b != nil && b.Region != "" {
			a.header.Set("X-Amz-Bucket-Region", b.Region)
		}
		if c.r.Method != http.MethodHead {
			a.body = marshalXML(struct {
				XMLName                  xml.Name `xml:"Error"`
				Code, Message, RequestId string
			}{Code: e.Code, Message: e.Message, RequestId: a.header.Get("X-Amzn-Requestid")})
		}
	case "sts":
		a.header.Set("Content-Type", "text/xml")
		type detail struct{ Type, Code, Message string }
		a.body = marshalXML(struct {
			XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
			Error     detail
			RequestId string
		}{Error: detail{"Sender", e.Code, e.Message}, RequestId: a.header.Get("X-Amzn-Requestid")})
	case "config", "organizations":
		a.header.Set("Content-Type", "application/x-amz-json-1.1")
		a.body, _ = json.Marshal(map[string]string{"__type": e.Code, "message": e.Message})
	default:
		a.header.Set("Content-Type", "application/json")
		a.header.Set("X-Amzn-Errortype", e.Code)
		if c.service == "securityhub" {
			a.body, _ = json.Marshal(map[string]string{"Code": e.Code, "Message": e.Message})
		} else {
			a.body, _ = json.Marshal(map[string]string{"message": e.Message})
		}
	}
}

func marshalXML(v any) []byte {
	text, err := xml.Marshal(v)
	if err != nil {
		panic(err) // a struct of strings and numbers
	}
	return append([]byte(xml.Header), text...)
}
