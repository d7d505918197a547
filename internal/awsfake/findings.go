package awsfake

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
)

// Findings are findings as the service answers them, one JSON object each. They
// are Lines, then Count others that At makes. They are sent as they are, but for
// one member that files write otherwise than the API; see wire.
type Findings struct {
	Lines [][]byte
	// At returns finding i of Count. It is called for one request at a time, and
	// what it returns is not used after the next call.
	At    func(i int) []byte
	Count int
}

// Len returns how many findings there are.
func (f *Findings) Len() int { return len(f.Lines) + f.Count }

func (f *Findings) at(i int) []byte {
	if i < len(f.Lines) {
		return f.Lines[i]
	}
	return f.At(i - len(f.Lines))
}

// getFindings answers a page of what the lists hold and the filter lets through,
// {"Findings": [...], "NextToken": "..."}. As with AWS the last page may come with
// a token if what follows is filtered out, and then an empty page ends the list.
func (c *call) getFindings(lists []*Findings, keep *filter) (any, error) {
	at, size, err := c.begin(100, 100)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	body.WriteString(`{"Findings":[`)
	if !c.empty() {
		n := 0
	pages:
		for ; at.List < len(lists); at.List, at.Item = at.List+1, 0 {
			list := lists[at.List]
			for ; at.Item < list.Len(); at.Item++ {
				if n == size {
					break pages
				}
				raw := list.at(at.Item)
				if ok, err := keep.match(raw); err != nil {
					return nil, err
				} else if !ok {
					continue
				}
				if n++; n > 1 {
					body.WriteByte(',')
				}
				body.Write(wire(raw))
			}
		}
	}
	// A list that is at its end is followed by the next one only.
	for at.List < len(lists) && at.Item >= lists[at.List].Len() {
		at.List, at.Item = at.List+1, 0
	}
	body.WriteByte(']')
	if at.List < len(lists) || c.empty() || c.repeats() {
		body.WriteString(`,"NextToken":`)
		token, err := json.Marshal(c.next(at))
		if err != nil {
			return nil, err
		}
		body.Write(token)
	}
	body.WriteByte('}')
	return json.RawMessage(body.Bytes()), nil
}

var keyDate = regexp.MustCompile(`"CreationDate": ?"(\d+\.\d+)"`)

// wire writes the creation date of a KMS key as a number, which it is on the wire
// (AwsKmsKeyDetails). The example in the user guide, and files made after it, have
// it as text, which the SDK refuses.
func wire(raw []byte) []byte {
	if !bytes.Contains(raw, []byte(`"AwsKmsKey":`)) {
		return raw
	}
	return keyDate.ReplaceAll(raw, []byte(`"CreationDate":$1`))
}

// places returns the accounts and Regions whose findings the caller sees: its own
// and those of its members, of the Region and, in an aggregator's home, of those
// linked to it.
func (c *call) places(aggregator *Aggregator, members []string) []*Region {
	accounts := append([]string{c.account}, members...)
	var all []*Region
	for _, account := range accounts {
		a := c.s.Accounts[account]
		if a == nil {
			continue
		}
		regions := []string{c.region}
		if aggregator != nil && aggregator.Home == c.region {
			for region := range a.Regions {
				if region != c.region && aggregator.links(region) {
					regions = append(regions, region)
				}
			}
			slices.Sort(regions[1:])
		}
		for _, region := range regions {
			if r := a.Regions[region]; r != nil {
				all = append(all, r)
			}
		}
	}
	return all
}

// Aggregator copies the findings of Regions to their home Region.
type Aggregator struct {
	ARN  string
	Home string
	// LinkingMode is ALL_REGIONS, ALL_REGIONS_EXCEPT_SPECIFIED, SPECIFIED_REGIONS
	// or NO_REGIONS.
	LinkingMode string
	Regions     []string // those that the mode specifies
}

// links says whether a Region's findings are copied to the home Region.
func (a *Aggregator) links(region string) bool {
	switch a.LinkingMode {
	case "ALL_REGIONS":
		return true
	case "ALL_REGIONS_EXCEPT_SPECIFIED":
		return !slices.Contains(a.Regions, region)
	case "SPECIFIED_REGIONS":
		return slices.Contains(a.Regions, region)
	}
	return false
}
