package awsfake

import (
	"encoding/base64"
	"encoding/json"
	"hash/fnv"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// place is where the next page begins; a token holds it.
type place struct {
	Operation string
	Account   string
	Region    string
	Request   uint64 // hash of the request's other parameters
	List      int    // of several lists, which
	Item      int    // its item
	After     string // the key after which it begins, in S3
	Serial    int64  // so that no two tokens are the same
	Issued    time.Time
}

// isPaging says whether a parameter is about pages.
func isPaging(name string) bool {
	switch strings.ToLower(name) {
	case "nexttoken", "maxresults", "limit", "continuation-token", "max-keys":
		return true
	}
	return false
}

// paging returns the parameters of the request that are about pages, in lower
// case, and a hash of all others.
func (c *call) paging() (values map[string]string, rest uint64) {
	if c.pages == nil {
		c.pages, c.rest = c.readPaging()
	}
	return c.pages, c.rest
}

func (c *call) readPaging() (values map[string]string, rest uint64) {
	values = map[string]string{}
	h := fnv.New64a()
	io.WriteString(h, c.r.URL.EscapedPath())
	query := c.r.URL.Query()
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if isPaging(name) {
			values[strings.ToLower(name)] = query.Get(name)
			continue
		}
		io.WriteString(h, "\x00"+name+"\x00"+strings.Join(query[name], "\x00"))
	}
	var members map[string]json.RawMessage
	if c.service != "s3" && len(c.body) > 0 && c.body[0] == '{' && json.Unmarshal(c.body, &members) == nil {
		for _, name := range slices.Sorted(maps.Keys(members)) {
			if !isPaging(name) {
				io.WriteString(h, "\x00"+name+"\x00")
				h.Write(members[name])
				continue
			}
			var text string
			if json.Unmarshal(members[name], &text) != nil {
				text = string(members[name])
			}
			values[strings.ToLower(name)] = text
		}
	}
	return values, h.Sum64()
}

// token returns the request's token, or "".
func (c *call) token() string {
	values, _ := c.paging()
	if t := values["nexttoken"]; t != "" {
		return t
	}
	return values["continuation-token"]
}

// begin returns where the page that is asked for begins, and how many items it
// may have. Most is how many AWS allows, usual how many there are if the request
// does not say.
func (c *call) begin(most, usual int) (at place, size int, err error) {
	values, rest := c.paging()
	size = usual
	for _, name := range []string{"maxresults", "limit", "max-keys"} {
		if text := values[name]; text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 || n > most {
				return at, 0, invalid(c.service, "the number of items on a page must be 1 to "+strconv.Itoa(most))
			}
			if n > 0 {
				size = n
			}
		}
	}
	if c.s.PageSize > 0 {
		size = min(size, c.s.PageSize)
	}
	at = place{Operation: c.op.name, Account: c.account, Region: c.region, Request: rest}
	token := c.token()
	if token == "" {
		return at, size, nil
	}
	var from place
	text, err := base64.URLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(text, &from)
	}
	switch {
	case err != nil || from.Operation != at.Operation || from.Account != at.Account || from.Region != at.Region:
		return at, 0, badToken(c.service, "it is not one of this operation, account and Region")
	case from.Request != at.Request:
		return at, 0, badToken(c.service, "Input Query has changed")
	case c.s.expired[token] || c.s.TokenLife > 0 && c.at.Sub(from.Issued) > c.s.TokenLife:
		return at, 0, badToken(c.service, "The token has expired.")
	}
	at.List, at.Item, at.After = from.List, from.Item, from.After
	return at, size, nil
}

// next returns the token for the page that begins at the place.
func (c *call) next(at place) *string {
	if c.repeats() {
		token := c.token()
		return &token
	}
	c.s.serial++
	at.Serial, at.Issued = c.s.serial, c.at
	text, err := json.Marshal(at)
	if err != nil {
		panic(err) // numbers and strings
	}
	token := base64.URLEncoding.EncodeToString(text)
	return &token
}

// empty says whether the page is to be an empty one.
func (c *call) empty() bool { return c.fault != nil && c.fault.Kind == EmptyPage }

// repeats says whether the page is to come with the request's own token, also if
// it is the last.
func (c *call) repeats() bool { return c.fault != nil && c.fault.Kind == RepeatToken }

// pageOf returns the page of items that the request asks for, and the token of the
// next one or nil.
func pageOf[T any](c *call, items []T, most, usual int) ([]T, *string, error) {
	at, size, err := c.begin(most, usual)
	if err != nil {
		return nil, nil, err
	}
	if c.empty() {
		return []T{}, c.next(at), nil
	}
	from := min(at.Item, len(items))
	to := min(from+size, len(items))
	page := items[from:to]
	if page == nil {
		page = []T{}
	}
	if at.Item = to; to < len(items) || c.repeats() {
		return page, c.next(at), nil
	}
	return page, nil, nil
}

// matchPath matches an escaped path with a pattern and returns the values of its
// parameters.
func matchPath(pattern, path string) (map[string]string, bool) {
	params := map[string]string{}
	want, got := strings.Split(strings.Trim(pattern, "/"), "/"), strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, w := range want {
		if i >= len(got) {
			return nil, false
		}
		name, isParam := strings.CutPrefix(w, "{")
		if !isParam {
			if w != got[i] {
				return nil, false
			}
			continue
		}
		name = strings.TrimSuffix(name, "}")
		text := got[i]
		name, greedy := strings.CutSuffix(name, "+")
		if greedy {
			text = strings.Join(got[i:], "/")
		}
		value, err := url.PathUnescape(text)
		if err != nil || value == "" {
			return nil, false
		}
		params[name] = value
		if greedy {
			return params, true
		}
	}
	return params, len(want) == len(got)
}
