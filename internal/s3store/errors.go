package s3store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/smithy-go"
)

// Error is a call to S3 that did not succeed. Its text has the object, the IAM
// action that the call needs, what S3 answered and what to do. It has no URL,
// header or credential.
type Error struct {
	Address Address
	Action  string // of IAM: "s3:PutObject"
	Region  string // in which the call was made
	Owner   string // the account that was to own the bucket, "" for any
	Err     error  // as the SDK returned it
}

func (e *Error) Unwrap() error { return e.Err }

func (e *Error) Error() string {
	text, hint := e.cause()
	s := fmt.Sprintf("%s: %s in %s: %s", shown(e.Address.String()), e.Action, e.Region, text)
	if hint != "" {
		s += " (" + hint + ")"
	}
	return s
}

// failed says what a call was for. When ctx is done, that is the error.
func (b *bucket) failed(ctx context.Context, action, key string, err error) error {
	if done := ctx.Err(); done != nil {
		return fmt.Errorf("%s: %w", shown(Address{b.name, key}.String()), done)
	}
	return &Error{Address{b.name, key}, action, b.region, b.store.BucketOwner, err}
}

// cause returns what went wrong, and what to do about it if that is known.
func (e *Error) cause() (text, hint string) {
	err := e.Err
	// Credentials are fetched by calls of their own, inside of this one.
	var call, inner *smithy.OperationError
	if errors.As(err, &call) && errors.As(call.Err, &inner) {
		text, _ := plain(inner)
		return "credentials: " + inner.Service() + " " + inner.Operation() + ": " + text, "the call itself was not made"
	}
	text, code := plain(err)
	return text, e.hint(code)
}

// plain returns the innermost useful text of an error, and the code if it is an
// answer.
func plain(err error) (text, code string) {
	var answer smithy.APIError
	var transport *url.Error // whose own text has the URL
	switch {
	case errors.As(err, &answer):
		text, code = answer.ErrorCode(), answer.ErrorCode()
		if m := answer.ErrorMessage(); m != "" && m != code {
			text += ": " + m
		}
	case errors.As(err, &transport):
		text = transport.Err.Error()
	default:
		text = err.Error()
	}
	return shown(text), code
}

// hint says what to do about an error code (S3 API reference, error responses).
func (e *Error) hint(code string) string {
	if strings.HasPrefix(code, "KMS.") {
		return "check the KMS key: it must be enabled, not pending deletion, symmetric, and in the bucket's Region"
	}
	switch code {
	case "NoSuchBucket":
		return "check the bucket's name, and that the credentials are of the partition that holds it"
	case "NoSuchKey":
		return "there is no such object, or no longer"
	case "NotFound":
		if e.Address.Key == "" {
			return "there is no such bucket: check its name, and that the credentials are of the partition that holds it"
		}
		return "there is no such object, or no longer"
	case "AccessDenied", "Forbidden", "AllAccessDisabled", "UnauthorizedAccess":
		return e.permission()
	case "PermanentRedirect", "MovedPermanently", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
		return "the bucket is in another Region: set AWS_REGION to it"
	case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired":
		return "the credentials have expired: sign in again and run the same command"
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidClientTokenId":
		return "the credentials are not valid here: check the profile, and that its partition holds the bucket"
	case "RequestTimeTooSkewed":
		return "set the clock of this machine"
	case "InvalidObjectState":
		return "the object is archived: restore it first"
	case "PreconditionFailed", "ConditionalRequestConflict":
		return "somebody else has written the object meanwhile: run again"
	case "BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch":
		return "damaged on its way, or changed while it was read: run again"
	case "SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "RequestLimitExceeded", "Throttling", "ThrottlingException":
		return "S3 is busy, also after further attempts: run again later"
	case "NotImplemented", "MethodNotAllowed":
		return "the endpoint does not offer this: use S3, or an emulator that does"
	}
	return ""
}

func (e *Error) permission() string {
	on := "the object"
	if e.Action == "s3:ListBucket" {
		on = "the bucket"
	}
	hint := fmt.Sprintf("allow %s on %s, in the policies of the caller and of the bucket", e.Action, on)
	switch e.Action {
	case "s3:GetObject":
		hint += "; if a KMS key encrypts it, kms:Decrypt on the key; without s3:ListBucket an object that does not exist looks the same"
	case "s3:PutObject":
		hint += "; if a KMS key encrypts it, kms:GenerateDataKey and, for large files, kms:Decrypt on the key; a policy of the bucket may demand another --sse"
	}
	if e.Owner != "" {
		hint += "; or the bucket is not owned by " + e.Owner + " (--bucket-owner)"
	}
	return hint
}

// answered returns the code of S3's answer, or "" if err is none.
func answered(err error) string {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		return answer.ErrorCode()
	}
	return ""
}
