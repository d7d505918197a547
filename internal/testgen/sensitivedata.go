package testgen

// sensitiveData returns findings of Macie that say what was found where in an
// object, and one about a bucket's policy, in which no data was found.
func sensitiveData() []product {
	const object = `"Partition":"<partition>","Region":"<region>","Details":{"AwsS3Object":{"LastModified":"<time>","ETag":"<hex:32>","VersionId":"<hex:32>",` +
		`"ContentType":"text/csv","ServerSideEncryption":"aws:kms","SSEKMSKeyId":"arn:<partition>:kms:<region>:<account>:key/<uuid>"}}`
	classified := func(data string) string {
		return `,{"Type":"AwsS3Object","Id":"<arn>/exports/part-<int:1000:9999>.csv",` + object + `,` +
			`"DataClassification":{"DetailedResultsLocation":"s3://results-<account>/<hex:16>.jsonl.gz","Result":{"MimeType":"text/csv","SizeClassified":<int:1000:9000000>,` +
			`"AdditionalOccurrences":<bool>,"Status":{"Code":"<pick:COMPLETE|PARTIAL>","Reason":"<pick:ok|The object is larger than the quota>"},` + data + `}}}`
	}
	var all []product
	for _, d := range []struct{ class, title, resources, fields string }{
		{"Sensitive Data Identifications/PII/SensitiveData:S3Object-Personal", "The S3 object contains personal information.",
			classified(`"SensitiveData":[{"Category":"PERSONAL_INFORMATION","TotalCount":<int:20:90>,"Detections":[` +
				`{"Type":"NAME","Count":<int:1:19>,"Occurrences":{"Cells":[{"Column":2,"Row":<int:1:99>,"ColumnName":"name","CellReference":"B<int:1:99>"}]}},` +
				`{"Type":"PHONE_NUMBER","Count":<int:1:19>,"Occurrences":{"LineRanges":[{"Start":<int:1:9>,"End":<int:10:99>,"StartColumn":4}],"Records":[{"JsonPath":"$.contact.phone","RecordIndex":<int:0:99>}]}}]}]`),
			macieJob},
		{"Sensitive Data Identifications/Financial/SensitiveData:S3Object-Multiple", "The S3 object contains several kinds of sensitive data.",
			classified(`"SensitiveData":[{"Category":"FINANCIAL_INFORMATION","TotalCount":3,"Detections":[{"Type":"CREDIT_CARD_NUMBER","Count":3,"Occurrences":{"Pages":[{"PageNumber":<int:1:9>,"LineRange":{"Start":1,"End":2}}]}}]},` +
				`{"Category":"CREDENTIALS","TotalCount":1,"Detections":[{"Type":"AWS_CREDENTIALS","Count":1,"Occurrences":{"OffsetRanges":[{"Start":<int:0:99>,"End":<int:100:199>}]}}]}]`),
			macieJob},
		{"Sensitive Data Identifications/Custom/SensitiveData:S3Object-CustomIdentifier", "The S3 object contains what a custom identifier looks for.",
			classified(`"SensitiveData":[],"CustomDataIdentifiers":{"TotalCount":<int:1:40>,"Detections":[{"Count":<int:1:40>,"Arn":"arn:<partition>:macie2:<region>:<account>:custom-data-identifier/<uuid>",` +
				`"Name":"employee id","Occurrences":{"Records":[{"JsonPath":"$[0].id","RecordIndex":0}]}}]}`),
			macieJob},
		{"Software and Configuration Checks/AWS Security Best Practices/Policy:IAMUser-S3BucketPublic", "The bucket can be read by anyone.",
			``,
			`"S3Bucket.effectivePermission":"PUBLIC","S3Bucket.publicAccess":"true",`},
	} {
		all = append(all, product{
			name: "macie", kind: "AWS::S3::Bucket",
			severity: []*severity{low, medium, high},
			id:       parseTemplate(macieID),
			asff: text{
				product: "aws/macie", name: "Macie", company: "Amazon", generator: "aws/macie", types: `"` + d.class + `"`,
				title: d.title, description: `Look at who can read <name> and whether the data has to be there.`,
				about: macieURL, fields: d.fields, resources: d.resources, more: `,"Sample":<bool>`,
			}.template(),
		})
	}
	return all
}
