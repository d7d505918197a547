package auditmanager_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/go-shca/shca/sources/auditmanager"
)

// BenchmarkReader reads the evidence of one folder.
func BenchmarkReader(b *testing.B) {
	var text bytes.Buffer
	text.WriteString(`{"evidence":[`)
	for i := range 5000 {
		if i > 0 {
			text.WriteString(",")
		}
		fmt.Fprintf(&text, `{"dataSource":"AWS Security Hub","evidenceAwsAccountId":"111122223333","time":1739577600.0,"eventSource":"securityhub.amazonaws.com","eventName":"GetFindings","evidenceByType":"Compliance check","resourcesIncluded":[{"arn":"arn:aws:s3:::bucket-%d","value":"{\"type\": \"AwsS3Bucket\"}","complianceCheck":"FAILED"}],"attributes":{"findingTitle":"\"S3 general purpose buckets should block public access\"","findingSeverity":"{\"label\": \"HIGH\", \"normalized\": 70}","findingRemediation":"{\"recommendation\": {\"text\": \"See the documentation.\", \"url\": \"https://docs.aws.amazon.com/console/securityhub/S3.8/remediation\"}}"},"evidenceFolderId":"f","id":"e-%d"}`, i, i)
	}
	text.WriteString(`]}`)
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		r := &auditmanager.Reader{Name: "in", Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text.Bytes())), nil }}
		n := 0
		for record, err := range r.Records(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
			if record.Finding != nil {
				n++
			}
		}
		if n != 5000 {
			b.Fatalf("%d findings", n)
		}
	}
}
