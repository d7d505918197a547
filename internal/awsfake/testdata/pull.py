# Asks the fake for something of every service with AWS's SDK for Python, and
# prints what came as one JSON object.
import json
import sys

import boto3
from botocore.config import Config

url, region = sys.argv[1:]


def client(service):
    return boto3.client(service, endpoint_url=url, region_name=region,
                        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}))


hub, config, audit, s3 = client("securityhub"), client("config"), client("auditmanager"), client("s3")
got = {
    "account": client("sts").get_caller_identity()["Account"],
    "regions": [r["RegionName"] for r in client("account").list_regions()["Regions"]],
    "organization": client("organizations").describe_organization()["Organization"]["Id"],
    "findings": [f["Id"] for page in hub.get_paginator("get_findings").paginate(
        Filters={"RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}]}) for f in page["Findings"]],
    "rules": [r["ConfigRuleName"] for r in config.describe_config_rules()["ConfigRules"]],
    "assessments": [a["name"] for a in audit.list_assessments()["assessmentMetadata"]],
}
try:
    hub.describe_security_hub_v2()
except hub.exceptions.ResourceNotFoundException:
    got["v2"] = "off"
s3.put_object(Bucket="b", Key="a/ü b", Body=b"hello", ServerSideEncryption="aws:kms", SSEKMSKeyId="key-1")
upload = s3.create_multipart_upload(Bucket="b", Key="big")["UploadId"]
part = s3.upload_part(Bucket="b", Key="big", UploadId=upload, PartNumber=1, Body=b"part")
s3.complete_multipart_upload(Bucket="b", Key="big", UploadId=upload, MultipartUpload={
    "Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
got["objects"] = {o["Key"]: s3.get_object(Bucket="b", Key=o["Key"])["Body"].read().decode()
                  for o in s3.list_objects_v2(Bucket="b")["Contents"]}
json.dump(got, sys.stdout)
