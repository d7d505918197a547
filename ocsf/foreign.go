package ocsf

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
)

// asASFF writes a finding that was read from something else as the ASFF finding
// it stands for, so that one mapping serves all. original is what it was read
// from, or nil if that is not JSON.
func asASFF(f *shca.Finding, original *node) []byte {
	type list = []map[string]any
	out := map[string]any{
		"Id": f.ID, "ProductArn": f.ProductARN, "ProductName": f.ProductName, "GeneratorId": f.GeneratorID,
		"AwsAccountId": f.AccountID, "AwsAccountName": f.AccountName, "Region": f.Region,
		"Types": f.Types, "Title": f.Title, "Description": f.Description, "RecordState": f.RecordState,
	}
	if f.ProductName == "" && (f.Source == shca.SourceConfig || f.Source == shca.SourceAuditManager) {
		out["ProductName"] = f.Product()
	}
	if f.Source == shca.SourceConfig || f.Source == shca.SourceAuditManager {
		out["CompanyName"] = "AWS"
	}
	for name, t := range map[string]time.Time{
		"CreatedAt": f.CreatedAt, "UpdatedAt": f.UpdatedAt, "FirstObservedAt": f.FirstObservedAt,
		"LastObservedAt": f.LastObservedAt, "ProcessedAt": f.ProcessedAt,
	} {
		if !t.IsZero() {
			out[name] = t.Format(time.RFC3339Nano)
		}
	}
	for name, text := range out {
		if text == "" || name == "Types" && len(f.Types) == 0 {
			delete(out, name)
		}
	}
	if s := f.Severity.String(); s != "" {
		out["Severity"] = map[string]any{"Label": s}
	}
	if f.Workflow != "" {
		out["Workflow"] = map[string]any{"Status": f.Workflow}
	}
	if note := present("Text", f.Note.Text, "UpdatedBy", f.Note.UpdatedBy); len(note) > 0 {
		if !f.Note.UpdatedAt.IsZero() {
			note["UpdatedAt"] = f.Note.UpdatedAt.Format(time.RFC3339Nano)
		}
		out["Note"] = note
	}
	if advice := present("Text", f.Remediation.Text, "Url", f.Remediation.URL); len(advice) > 0 {
		out["Remediation"] = map[string]any{"Recommendation": advice}
	}
	var resources list
	for _, r := range f.Resources {
		resources = append(resources, present("Id", r.ID, "Type", r.Type, "Region", r.Region, "Partition", r.Partition))
	}
	if len(resources) > 0 {
		out["Resources"] = resources
	}
	if f.ConfigRule != "" {
		out["ProductFields"] = map[string]any{"RelatedAWSResources:0/name": f.ConfigRule, "RelatedAWSResources:0/type": "AWS::Config::ConfigRule"}
	}
	if control := original.at("compliance", "control").text(); f.Status != shca.NoStatus || control != "" || len(f.Standards) > 0 {
		c := present("Status", string(f.Status), "SecurityControlId", control)
		if f.Status != shca.NoStatus {
			c["SecurityControlId"] = string(f.Check)
		}
		if len(f.Requirements) > 0 {
			c["RelatedRequirements"] = f.Requirements
		}
		var standards, reasons list
		for _, id := range f.Standards {
			standards = append(standards, map[string]any{"StandardsId": id})
		}
		for _, r := range f.StatusReasons {
			reasons = append(reasons, present("ReasonCode", r.Code, "Description", r.Description))
		}
		if len(standards) > 0 {
			c["AssociatedStandards"] = standards
		}
		if len(reasons) > 0 {
			c["StatusReasons"] = reasons
		}
		out["Compliance"] = c
	}
	if ids := vulnerabilityIDs(original); len(ids) > 0 {
		var all list
		for _, id := range ids {
			all = append(all, map[string]any{"Id": id})
		}
		out["Vulnerabilities"] = all
	}
	text, err := json.Marshal(out, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		panic(err) // strings, lists and maps of them
	}
	return text
}

// present returns the pairs of a name and a text that is not empty.
func present(pairs ...string) map[string]any {
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out[pairs[i]] = pairs[i+1]
		}
	}
	return out
}

// vulnerabilityIDs returns what the vulnerabilities of an event are known by.
func vulnerabilityIDs(event *node) []string {
	var ids []string
	for _, v := range event.at("vulnerabilities").list() {
		for _, name := range []string{"cve", "advisory", "cwe"} {
			if id := v.at(name, "uid").text(); id != "" {
				ids = append(ids, id)
				break
			}
		}
	}
	return ids
}
