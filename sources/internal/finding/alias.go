package finding

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Alias is the id in a resource's Details that AWS Config knows the resource by,
// where that is not a part of its ARN: the unique ids of IAM (IAM user guide, "IAM
// identifiers") and the resource ids of RDS.
type Alias string

// aliasMembers names, for each type of resource, the member that holds it.
var aliasMembers = map[string]string{
	"AwsIamUser": "UserId", "AwsIamRole": "RoleId", "AwsIamGroup": "GroupId", "AwsIamPolicy": "PolicyId",
	"AwsRdsDbInstance": "DbiResourceId", "AwsRdsDbCluster": "DbClusterResourceId", "AwsKmsKey": "KeyId",
}

// UnmarshalJSONFrom reads Details, whatever they are; OCSF 1.1.0 has them as JSON
// in a string.
func (a *Alias) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() != '"' {
		return a.read(dec)
	}
	text, err := dec.ReadToken()
	if err != nil {
		return err
	}
	if s := text.String(); strings.HasPrefix(s, `{"Aws`) {
		var inner Alias
		if inner.read(jsontext.NewDecoder(strings.NewReader(s))) == nil { // broken JSON in a text is no fault of the finding
			*a = inner
		}
	}
	return nil
}

func (a *Alias) read(dec *jsontext.Decoder) error {
	return EachMember(dec, func(name string) error {
		member, ok := aliasMembers[name]
		if !ok {
			return dec.SkipValue()
		}
		return EachMember(dec, func(name string) error {
			if name != member || dec.PeekKind() != '"' {
				return dec.SkipValue()
			}
			value, err := dec.ReadToken()
			if err == nil {
				*a = Alias(value.String())
			}
			return err
		})
	})
}

// EachMember calls read at each value of an object; what is none is skipped.
func EachMember(dec *jsontext.Decoder, read func(name string) error) error {
	if dec.PeekKind() != '{' {
		return dec.SkipValue()
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return err
		}
		if err := read(name.String()); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}
