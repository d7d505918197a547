package awsfake

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// stsOperations lists the operations of the Security Token Service. Anyone may assume any
// role of an account that the server knows.
var stsOperations = []operation{
	{"sts", "GetCallerIdentity", "", "", getCallerIdentity},
	{"sts", "AssumeRole", "", "", assumeRole},
}

// form returns the parameters of a request of the query protocol.
func (c *call) form() url.Values {
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return url.Values{}
	}
	return form
}

// stsAnswer writes an answer of the query protocol.
func stsAnswer(v any) *answer {
	return &answer{header: http.Header{"Content-Type": {"text/xml"}}, body: marshalXML(v)}
}

func getCallerIdentity(c *call) (any, error) {
	type result struct{ Arn, UserId, Account string }
	return stsAnswer(struct {
		XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetCallerIdentityResponse"`
		Result  result   `xml:"GetCallerIdentityResult"`
	}{Result: result{c.caller(), "AIDAFAKE" + c.account, c.account}}), nil
}

func assumeRole(c *call) (any, error) {
	form := c.form()
	role, session := form.Get("RoleArn"), form.Get("RoleSessionName")
	parts := strings.SplitN(role, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "iam" || !strings.HasPrefix(parts[5], "role/") || session == "" {
		return nil, invalid(c.service, fmt.Sprintf("%q is not the ARN of a role, or RoleSessionName is missing", role))
	}
	account := parts[4]
	if c.s.Accounts[account] == nil {
		return nil, denied(c)
	}
	life := time.Hour
	if seconds, err := strconv.Atoi(form.Get("DurationSeconds")); err == nil {
		life = time.Duration(seconds) * time.Second
	}
	if c.s.KeyLife > 0 {
		life = c.s.KeyLife
	}
	c.s.serial++
	id := fmt.Sprintf("ASIAFAKE%012d", c.s.serial)
	issued := issuedKey{
		account: account,
		arn:     fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", parts[1], account, parts[5][strings.LastIndex(parts[5], "/")+1:], session),
		token:   fmt.Sprintf("session-token-%d", c.s.serial),
		expires: c.at.Add(life),
	}
	if c.s.issued == nil {
		c.s.issued = map[string]issuedKey{}
	}
	c.s.issued[id] = issued
	type keys struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string }
	type user struct{ AssumedRoleId, Arn string }
	type result struct {
		Credentials     keys
		AssumedRoleUser user
	}
	return stsAnswer(struct {
		XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ AssumeRoleResponse"`
		Result  result   `xml:"AssumeRoleResult"`
	}{Result: result{
		keys{id, "secret-of-" + id, issued.token, issued.expires.UTC().Format(time.RFC3339)},
		user{"AROAFAKE:" + session, issued.arn},
	}}), nil
}
