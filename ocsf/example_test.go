package ocsf_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log"
	"os"
	"strings"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/ocsf"
	"github.com/go-shca/shca/sources"
)

// Turn one finding into an event, and look at what SIEMs filter by.
func Example() {
	const finding = `{
		"SchemaVersion": "2018-10-08",
		"Id": "arn:aws-us-gov:securityhub:us-gov-west-1:111122223333:security-control/S3.8/finding/1",
		"ProductArn": "arn:aws-us-gov:securityhub:us-gov-west-1::product/aws/securityhub",
		"GeneratorId": "security-control/S3.8", "AwsAccountId": "111122223333",
		"CreatedAt": "2026-01-05T10:00:00Z", "UpdatedAt": "2026-03-01T08:15:31Z",
		"Title": "Buckets block public access", "Severity": {"Label": "HIGH", "Normalized": 70},
		"Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws-us-gov:s3:::statements"}],
		"Compliance": {"Status": "FAILED", "SecurityControlId": "S3.8", "RelatedRequirements": ["NIST.800-53.r5 AC-3"]},
		"Workflow": {"Status": "NEW"}, "RecordState": "ACTIVE"
	}`
	source, err := sources.Open([]string{"-"}, sources.Options{Stdin: strings.NewReader(finding)})
	if err != nil {
		log.Fatal(err)
	}
	encoder, err := ocsf.NewEncoder(ocsf.Options{Version: ocsf.V160})
	if err != nil {
		log.Fatal(err)
	}
	for record, err := range source.Records(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		if record.Finding == nil {
			continue // a scope, or a file's digest
		}
		text, head, err := encoder.Append(nil, record.Finding)
		if err != nil {
			log.Fatal(err)
		}
		var event struct {
			ClassName  string `json:"class_name"`
			Compliance struct {
				Control, Status string
				Requirements    []string
			}
			Unmapped json.RawMessage // what OCSF has no attribute for
		}
		if err := json.Unmarshal(text, &event); err != nil {
			log.Fatal(err)
		}
		fmt.Println(head.Class, head.AccountID, head.Region, head.Time)
		fmt.Println(event.ClassName, event.Compliance.Control, event.Compliance.Status, event.Compliance.Requirements)
		fmt.Println(string(event.Unmapped))
	}
	// Output:
	// 2003 111122223333 us-gov-west-1 1772352931000
	// Compliance Finding S3.8 Fail [NIST.800-53.r5 AC-3]
	// {"Severity":{"Normalized":70},"RecordState":"ACTIVE"}
}

// Write the events of the sample estate as Security Lake takes them: OCSF 1.1.0.
func ExampleEncoder_Write() {
	source, err := sources.Open([]string{"../examples/estate"}, sources.Options{})
	if err != nil {
		log.Fatal(err)
	}
	encoder, err := ocsf.NewEncoder(ocsf.Options{Version: ocsf.V110})
	if err != nil {
		log.Fatal(err)
	}
	var out bytes.Buffer
	if err := encoder.Write(context.Background(), &out, findings(source)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(bytes.Count(out.Bytes(), []byte("\n")), "events")
	// Output: 364 events
}

// findings returns the findings of a source. One that cannot be read is told of
// and left out.
func findings(source shca.Source) iter.Seq2[*shca.Finding, error] {
	return func(yield func(*shca.Finding, error) bool) {
		for record, err := range source.Records(context.Background()) {
			switch {
			case err != nil:
				fmt.Fprintln(os.Stderr, err)
			case record.Finding != nil && !yield(record.Finding, nil):
				return
			}
		}
	}
}
