package awsfake

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// issuedKey is a key that AssumeRole made.
type issuedKey struct {
	account string
	arn     string // of the assumed role session
	token   string // session token
	expires time.Time
}

const keyPrefix = "AKIAFAKE"

// KeyOf returns the access key with which the server takes a caller for the
// account.
func KeyOf(account string) (id, secret string) { return keyPrefix + account, "secret-of-" + account }

var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([^/,\s]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=[0-9a-f]{64}$`)

// identify reads who calls what where.
func (c *call) identify() error {
	m := authorization.FindStringSubmatch(c.r.Header.Get("Authorization"))
	if m == nil {
		c.service = "s3" // unsigned
		return &Error{Status: http.StatusForbidden, Code: "MissingAuthenticationTokenException", Message: "Missing Authentication Token"}
	}
	c.key, c.region, c.service = m[1], m[3], m[4]
	if issued, ok := c.s.issued[c.key]; ok {
		c.account = issued.account
	} else if account, ok := c.s.Keys[c.key]; ok {
		c.account = account
	} else if account, ok := strings.CutPrefix(c.key, keyPrefix); ok {
		c.account = account
	}
	return nil
}

// checkKey refuses a caller that there is not, or whose key has expired.
func (c *call) checkKey() error {
	if c.s.Accounts[c.account] == nil {
		switch c.service {
		case "s3":
			return &Error{Status: http.StatusForbidden, Code: "InvalidAccessKeyId", Message: "The AWS Access Key Id you provided does not exist in our records."}
		case "sts":
			return &Error{Status: http.StatusForbidden, Code: "InvalidClientTokenId", Message: "The security token included in the request is invalid."}
		}
		return &Error{Status: http.StatusForbidden, Code: "UnrecognizedClientException", Message: "The security token included in the request is invalid."}
	}
	if issued, ok := c.s.issued[c.key]; ok {
		if c.r.Header.Get("X-Amz-Security-Token") != issued.token {
			return &Error{Status: http.StatusForbidden, Code: "UnrecognizedClientException", Message: "The security token included in the request is invalid."}
		}
		if c.at.After(issued.expires) {
			return expiredCredentials(c.service)
		}
	}
	return nil
}

// checkTime refuses a request whose signature's time is too far from the
// server's clock: 5 minutes, and 15 for S3.
func (c *call) checkTime(now time.Time) error {
	signed, err := time.Parse("20060102T150405Z", c.r.Header.Get("X-Amz-Date"))
	if err != nil {
		return &Error{Status: http.StatusForbidden, Code: "IncompleteSignatureException", Message: "Date must be in ISO-8601 'basic format'"}
	}
	off, allowed := now.Sub(signed).Abs(), 5*time.Minute
	if c.service == "s3" {
		allowed = 15 * time.Minute
	}
	if off <= allowed {
		return nil
	}
	message := fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 5 min.)", stamp(signed), stamp(now.Add(-allowed)), stamp(now))
	if signed.After(now) {
		message = fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 5 min.)", stamp(signed), stamp(now.Add(allowed)), stamp(now))
	}
	switch c.service {
	case "s3":
		return &Error{Status: http.StatusForbidden, Code: "RequestTimeTooSkewed", Message: "The difference between the request time and the current time is too large."}
	case "sts":
		return &Error{Status: http.StatusForbidden, Code: "SignatureDoesNotMatch", Message: message}
	}
	return &Error{Status: http.StatusForbidden, Code: "InvalidSignatureException", Message: message}
}

func stamp(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

// caller returns the ARN of whoever calls.
func (c *call) caller() string {
	if issued, ok := c.s.issued[c.key]; ok {
		return issued.arn
	}
	return "arn:" + c.partition() + ":iam::" + c.account + ":user/fake"
}

func (c *call) partition() string {
	if a := c.s.Accounts[c.account]; a != nil && a.Partition != "" {
		return a.Partition
	}
	return "aws"
}
