package awsapi

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// retryer returns a retryer for one operation. Pauses grow to Options.Backoff,
// and the client paces every attempt besides. The SDK's own quota for retries is
// off: it gives up on a service that throttles for long.
func (o *Options) retryer(credentials aws.CredentialsProvider) aws.Retryer {
	return retry.NewStandard(func(s *retry.StandardOptions) {
		s.MaxAttempts, s.MaxBackoff = o.Attempts, o.Backoff
		s.RateLimiter = ratelimit.None
		s.Retryables = append(s.Retryables, retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
			if unreadable(err) && status(err) == http.StatusOK || expired(err) && renew(credentials) {
				return aws.TrueTernary
			}
			return aws.UnknownTernary
		}))
	})
}

// unreadable reports whether there is an answer, but not one of this service of
// AWS.
func unreadable(err error) bool {
	var e *smithy.DeserializationError
	return errors.As(err, &e)
}

// status is the HTTP status of the answer, 0 if there is none.
func status(err error) int {
	var e *awshttp.ResponseError
	if errors.As(err, &e) {
		return e.HTTPStatusCode()
	}
	return 0
}

// expiredCodes are the error codes of credentials that were valid once.
var expiredCodes = []string{"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}

func expired(err error) bool { return slices.Contains(expiredCodes, Code(err)) }

// Code is the error code that AWS gave, "" if err is none of AWS's answers.
func Code(err error) string {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		return answer.ErrorCode()
	}
	return ""
}

// renew makes the next attempt fetch new credentials, and reports whether there
// can be any: those of a role or a sign-on, not those of a user.
func renew(credentials aws.CredentialsProvider) bool {
	cache, ok := credentials.(*aws.CredentialsCache)
	if !ok {
		return false
	}
	have, err := cache.Retrieve(context.Background())
	if err != nil || !have.CanExpire {
		return false
	}
	cache.Invalidate()
	return true
}
