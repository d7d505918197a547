package ocsf

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/internal/finding"
)

// unmapped has what an event's unmapped object says beyond OCSF: the members of
// ASFF that OCSF has no attribute for, from Security Lake and from package
// ocsf, and what Prowler knows about frameworks.
//
// The object comes in two shapes, which may be mixed: nested as ASFF is, and
// flat with paths for names, "ProductFields.ControlId". Both are read as paths.
type unmapped struct {
	marks finding.Marks

	recordState, workflow, workflowState string
	severity, providerLabel, provider    string
	noteText, noteBy                     string
	noteAt                               moment
	remediationText, remediationURL      string
	reasonCode                           string
	requirements                         []string
	times                                map[string]moment         // ASFF's name of a time: one that OCSF does not hold
	resources                            map[int]resource          // by number, those that are in no attribute, or parts of them
	reasons                              map[int]shca.StatusReason // likewise
	long                                 map[string]string         // by path, texts that are too long for an attribute
	frameworks                           []framework
}

// framework is one that Prowler names for a check, with its requirements.
type framework struct {
	name string
	ids  []string
}

// maxDepth is how far the nested shape goes down; ASFF's members that are read lie
// no deeper.
const maxDepth = 5

func (u *unmapped) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() == '"' { // an object in a text, as tables have it
		tok, err := dec.ReadToken()
		if err != nil {
			return err
		}
		if inner := object(tok.String()); inner != nil {
			*u = unmapped{}
			if u.walk(inner, "", maxDepth) != nil {
				*u = unmapped{} // it was text after all
			}
		}
		return nil
	}
	return u.walk(dec, "", maxDepth)
}

// object returns a decoder for the JSON object or list in a text, or nil.
func object(text string) *jsontext.Decoder {
	if text = strings.TrimSpace(text); text == "" || text[0] != '{' && text[0] != '[' {
		return nil
	}
	return jsontext.NewDecoder(bytes.NewBufferString(text))
}

// walk sets the values below path.
func (u *unmapped) walk(dec *jsontext.Decoder, path string, depth int) error {
	kind := dec.PeekKind()
	if first, _, _ := strings.Cut(path, "."); path != "" && !members[first] || depth == 0 && (kind == '{' || kind == '[') {
		return dec.SkipValue()
	}
	if path == "compliance" || strings.HasPrefix(path, "compliance.") {
		return u.framework(dec, path)
	}
	switch kind {
	case '{', '[':
		if _, err := dec.ReadToken(); err != nil {
			return err
		}
		for i := 0; dec.PeekKind() != '}' && dec.PeekKind() != ']'; i++ {
			name := strconv.Itoa(i)
			if kind == '{' {
				tok, err := dec.ReadToken()
				if err != nil {
					return err
				}
				name = tok.String()
			}
			if path != "" {
				name = path + "." + name
			}
			if err := u.walk(dec, name, depth-1); err != nil {
				return err
			}
		}
		_, err := dec.ReadToken()
		return err
	}
	value, _, err := scalar(dec)
	if kind == '"' && depth == maxDepth-1 && (value == "null" || value == "[]" || value == "{}") {
		return err // the flat shape has texts only, so this is JSON for nothing
	}
	if err == nil && value != "" {
		u.set(path, value)
	}
	return err
}

// members are those of which something is read.
var members = map[string]bool{
	"ProductFields": true, "RecordState": true, "Workflow": true, "WorkflowState": true, "Severity": true,
	"FindingProviderFields": true, "Note": true, "Remediation": true, "Compliance": true, "Resources": true,
	"Title": true, "Description": true, "Types": true, "GeneratorId": true, "ProductName": true,
	"CreatedAt": true, "UpdatedAt": true, "FirstObservedAt": true, "LastObservedAt": true, "ProcessedAt": true,
	"compliance": true, // Prowler
}

func (u *unmapped) set(path, value string) {
	if len(value) >= maxText {
		if u.long == nil {
			u.long = map[string]string{}
		}
		u.long[path] = value
	}
	switch path {
	case "ProductFields.ControlId":
		u.marks.ControlID = value
	case "ProductFields.RuleId":
		u.marks.RuleID = value
	case "ProductFields.StandardsArn", "ProductFields.StandardsGuideArn":
		u.marks.StandardsARN = value
	case "ProductFields.aws/config/ConfigRuleName":
		u.marks.ConfigRule = value
	case "ProductFields.Resources:0/Id":
		u.marks.ResourceID = value
	case "ProductFields.RelatedAWSResources:0/name":
		u.marks.RelatedName = value
	case "ProductFields.RelatedAWSResources:0/type":
		u.marks.RelatedType = value
	case "RecordState":
		u.recordState = value
	case "Workflow.Status":
		u.workflow = value
	case "WorkflowState":
		u.workflowState = value
	case "Severity.Normalized":
		u.severity = value
	case "FindingProviderFields.Severity.Label":
		u.providerLabel = value
	case "FindingProviderFields.Severity.Normalized":
		u.provider = value
	case "Note.Text":
		u.noteText = value
	case "Note.UpdatedBy":
		u.noteBy = value
	case "Note.UpdatedAt":
		u.noteAt = moment(value)
	case "Remediation.Recommendation.Text":
		u.remediationText = value
	case "Remediation.Recommendation.Url":
		u.remediationURL = value
	case "Compliance.StatusReasons[].ReasonCode":
		u.reasonCode = value
	case "CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt", "ProcessedAt":
		if u.times == nil {
			u.times = map[string]moment{}
		}
		u.times[path] = moment(value)
	}
	if list, ok := strings.CutPrefix(path, "Compliance.RelatedRequirements"); ok {
		if _, err := strconv.Atoi(strings.TrimPrefix(list, ".")); list == "" || err == nil {
			u.requirements = append(u.requirements, value)
		}
	}
	if rest, ok := strings.CutPrefix(path, "Resources."); ok {
		u.setResource(rest, value)
	}
	if rest, ok := strings.CutPrefix(path, "Compliance.StatusReasons."); ok {
		u.setReason(rest, value)
	}
}

// numbered takes the path of a member in a list apart: "1.Id".
func numbered(path string) (i int, member string, ok bool) {
	position, member, _ := strings.Cut(path, ".")
	i, err := strconv.Atoi(position)
	return i, member, err == nil && i >= 0
}

// setResource takes one member of a resource, "1.Id".
func (u *unmapped) setResource(path, value string) {
	i, member, ok := numbered(path)
	if !ok {
		return
	}
	r := u.resources[i]
	switch member {
	case "Id":
		r.UID = str(value)
	case "Type":
		r.Type = str(value)
	case "Region":
		r.Region = str(value)
	case "Partition":
		r.Partition = str(value)
	default:
		return
	}
	if u.resources == nil {
		u.resources = map[int]resource{}
	}
	u.resources[i] = r
}

// setReason takes one member of a status reason, "0.ReasonCode".
func (u *unmapped) setReason(path, value string) {
	i, member, ok := numbered(path)
	if !ok {
		return
	}
	r := u.reasons[i]
	switch member {
	case "ReasonCode":
		r.Code = value
	case "Description":
		r.Description = value
	default:
		return
	}
	if u.reasons == nil {
		u.reasons = map[int]shca.StatusReason{}
	}
	u.reasons[i] = r
}

// framework reads Prowler's compliance object: lists of requirements by the
// frameworks' names. In tables the object, or each list, is a text.
func (u *unmapped) framework(dec *jsontext.Decoder, path string) error {
	name, named := strings.CutPrefix(path, "compliance.")
	if !named && dec.PeekKind() == '"' {
		tok, err := dec.ReadToken()
		if err != nil {
			return err
		}
		if inner := object(tok.String()); inner != nil && inner.PeekKind() == '{' {
			before := len(u.frameworks)
			if u.framework(inner, path) != nil {
				u.frameworks = u.frameworks[:before]
			}
		}
		return nil
	}
	if named {
		ids, _, err := scalars(dec)
		if err != nil {
			return err
		}
		if len(ids) == 1 {
			if inner := object(ids[0]); inner != nil && inner.PeekKind() == '[' {
				if listed, ok, err := scalars(inner); ok && err == nil {
					ids = listed
				}
			}
		}
		u.frameworks = append(u.frameworks, framework{name, ids})
		return nil
	}
	if dec.PeekKind() != '{' {
		return dec.SkipValue()
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		tok, err := dec.ReadToken()
		if err != nil {
			return err
		}
		if err := u.framework(dec, "compliance."+tok.String()); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

// insert puts the resources that no attribute holds among those that one does,
// in the places that they have in the finding. What has no id there is left of
// the resource that is held in its place. But own events leave nothing of one
// except for texts that were cut: there it is another, one that has no id.
func (u *unmapped) insert(held []resource, own bool) []resource {
	var all []resource
	for _, i := range slices.Sorted(maps.Keys(u.resources)) {
		n := min(i-len(all), len(held))
		all, held = append(all, held[:n]...), held[n:]
		r := u.resources[i]
		if len(held) > 0 && held[0].owns(r, own) {
			r, held = held[0].with(r), held[1:]
		}
		all = append(all, r)
	}
	return append(all, held...)
}

// owns reports whether what is left is of the resource.
func (r *resource) owns(left resource, own bool) bool {
	if left.UID != "" {
		return left.UID == uncut(r.UID, left.UID) || string(left.UID) == r.id()
	}
	return !own || r.Type != uncut(r.Type, left.Type) || r.Region != uncut(r.Region, left.Region) || r.Partition != uncut(r.Partition, left.Partition)
}

// with returns the resource with what is left of it.
func (r *resource) with(left resource) resource {
	all := *r
	all.UID = uncut(r.UID, left.UID)
	all.Type = cmp.Or(uncut(r.Type, left.Type), left.Type)
	all.Region = cmp.Or(uncut(r.Region, left.Region), left.Region)
	all.Partition = cmp.Or(uncut(r.Partition, left.Partition), left.Partition)
	return all
}

// maxText is how long a text of OCSF 1.1.0 is at most, in characters.
const maxText = 65535

// uncut returns the text that an attribute holds as far as it fits, with a mark
// where it was cut; unmapped has all of it then.
func uncut[T ~string](held, unmapped T) T {
	if start, cut := strings.CutSuffix(string(held), "…"); cut && len(unmapped) >= maxText && strings.HasPrefix(string(unmapped), start) {
		return unmapped
	}
	return held
}

// restore makes the finding's texts whole.
func (u *unmapped) restore(f *shca.Finding) {
	for path, text := range u.long {
		for name, member := range map[string]*string{
			"Title": &f.Title, "Description": &f.Description, "GeneratorId": &f.GeneratorID, "ProductName": &f.ProductName,
			"Note.Text": &f.Note.Text, "Remediation.Recommendation.Text": &f.Remediation.Text, "Remediation.Recommendation.Url": &f.Remediation.URL,
		} {
			if path == name {
				*member = uncut(*member, text)
			}
		}
		for name, list := range map[string][]string{"Types.": f.Types, "Compliance.RelatedRequirements.": f.Requirements} {
			position, ok := strings.CutPrefix(path, name)
			if i, err := strconv.Atoi(position); ok && err == nil && 0 <= i && i < len(list) {
				list[i] = uncut(list[i], text)
			}
		}
	}
}
