package awsapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Error is a request of AWS that failed, in words for who has to do something
// about it.
type Error struct {
	Account, Region string // "" where unknown
	Action          string // IAM action: "securityhub:GetFindings"
	Advice          string // what to do
	Err             error  // the SDK's error
}

// Error says where, what, and what to do next, in one line.
func (e *Error) Error() string {
	where := e.Action
	if e.Account != "" {
		where += " in account " + e.Account
	}
	if e.Region != "" {
		where += ", Region " + e.Region
	}
	text := where + ": " + reason(e.Err)
	if e.Advice != "" {
		text += ": " + e.Advice
	}
	return text
}

// Unwrap returns the SDK's error.
func (e *Error) Unwrap() error { return e.Err }

// Denied reports whether AWS refused the request for want of a permission.
func (e *Error) Denied() bool { return slices.Contains(deniedCodes, Code(e.Err)) }

// EndsRun reports whether no other request will do better until somebody signs in.
func (e *Error) EndsRun() bool {
	var signOn *ssocreds.InvalidTokenError
	return expired(e.Err) || errors.As(e.Err, &signOn)
}

var (
	deniedCodes    = []string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized", "AuthorizationError"}
	unknownCodes   = []string{"UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId", "AuthFailure", "SignatureDoesNotMatch", "InvalidSignatureException"}
	throttledCodes = []string{"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded", "LimitExceededException", "SlowDown"}
	optInCodes     = []string{"OptInRequired", "RegionDisabledException", "SubscriptionRequiredException"}
)

// Explain turns an error of the SDK about a request, for which the action is
// needed, into an [*Error]. The account of "" and a
// Region of "" are left out. An error of the context, or one that is explained
// already, is returned as it is, nil as nil. A source that knows more about a
// code of its service says so in Advice.
func Explain(err error, account, region, action string) error {
	var done *Error
	if err == nil || errors.As(err, &done) {
		return err
	}
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	if assuming(err) {
		action = AssumeRole
	}
	return &Error{Account: account, Region: region, Action: action, Advice: advice(err, action), Err: err}
}

// AssumeRole is the action of an error where it was not the request that failed,
// but assuming the role to make it with.
const AssumeRole = "sts:AssumeRole"

// assuming reports whether that is so.
func assuming(err error) bool {
	var outer, inner *smithy.OperationError
	return errors.As(err, &outer) && errors.As(outer.Err, &inner) && inner.ServiceID == "STS"
}

func advice(err error, action string) string {
	var name *net.DNSError
	var timeout interface{ Timeout() bool }
	c := Code(err)
	switch {
	case slices.Contains(deniedCodes, c):
		return "allow " + action + " to this identity in its policies, and make sure that no service control policy or permission boundary denies it (docs/aws-permissions.md lists what is needed)"
	case (&Error{Err: err}).EndsRun():
		return "the credentials have expired: sign in again and run the same command, which goes on from where it was"
	case slices.Contains(unknownCodes, c):
		return "the credentials are not known there: see whether they belong to this partition, whether the Region is enabled for the account, and whether the key still exists"
	case slices.Contains(optInCodes, c):
		return "the Region is not enabled for the account: enable it or leave it out of --regions"
	case slices.Contains(throttledCodes, c):
		return "AWS went on throttling after every retry: run the same command again later, when fewer others call the service, or with fewer --regions"
	case c == "" && unreadable(err), strings.HasPrefix(c, "UnknownError"):
		return "the answer is none of this service: see whether it is offered in the Region, and what AWS_ENDPOINT_URL and proxies lead to"
	case errors.As(err, &name) && name.IsNotFound:
		return "there is no such endpoint: see whether the Region is spelt right and has the service, and whether --fips and --dual-stack are offered there"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: see AWS_ENDPOINT_URL and the proxy"
	case errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded):
		return "there was no answer: see whether the network, proxy or VPC endpoint lets requests through, or leave the Region out of --regions"
	}
	return ""
}

// reason is what AWS said, or what went wrong on the way there, in one line of
// bounded length without the SDK's own wrapping.
func reason(err error) string {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		text := answer.ErrorCode()
		if m := strings.Join(strings.Fields(answer.ErrorMessage()), " "); m != "" {
			text += " (" + cut(m) + ")"
		}
		return text
	}
	var unread *smithy.DeserializationError
	if errors.As(err, &unread) {
		return cut(fmt.Sprintf("an answer of HTTP status %d that is not in the service's format: %v", status(err), unread.Err))
	}
	var sent *smithyhttp.RequestSendError
	var operation *smithy.OperationError
	switch {
	case errors.As(err, &sent):
		err = sent.Err
	case errors.As(err, &operation):
		err = operation.Err
	}
	// An address may hold a password or a page token.
	return cut(address.ReplaceAllString(strings.Join(strings.Fields(err.Error()), " "), "(address)"))
}

var address = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^ ]*`)

const longest = 500

func cut(text string) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}
