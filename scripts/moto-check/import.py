"""Imports the findings of a folder into the emulator, and makes what else the check
needs: buckets and an organization. Prints the Regions, separated by commas.

The requests are written by hand: clients of AWS leave out members that only AWS
itself may write, which findings that were exported have.
"""

import gzip
import json
import os
import pathlib
import sys
import urllib.request

import boto3

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]


def post(region, path, body):
    scope = f"testing/20260101/{region}/securityhub/aws4_request"
    request = urllib.request.Request(
        ENDPOINT + path,
        json.dumps(body).encode(),
        {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def documents(text):
    decoder, at = json.JSONDecoder(), 0
    while (at := at + len(text[at:]) - len(text[at:].lstrip())) < len(text):
        document, at = decoder.raw_decode(text, at)
        yield document


def findings(folder):
    for file in sorted(pathlib.Path(folder).iterdir()):
        data = file.read_bytes()
        if file.suffix == ".gz":
            data = gzip.decompress(data)
        for document in documents(data.decode()):
            yield from document if isinstance(document, list) else document.get("Findings", [document])


def order(finding):
    return finding.get("UpdatedAt", ""), finding.get("ProcessedAt", ""), finding.get("Note", {}).get("UpdatedAt", "")


every = sorted(findings(sys.argv[1]), key=order)
regions = sorted({f["Region"] for f in every})
for region in regions:
    post(region, "/accounts", {})
    here = [f for f in every if f["Region"] == region]
    for i in range(0, len(here), 100):
        answer = post(region, "/findings/import", {"Findings": here[i : i + 100]})
        if answer["FailedCount"]:
            sys.exit(f"{region}: {answer}")

s3 = boto3.client("s3")
for bucket in "snapshots", "package":
    s3.create_bucket(Bucket=bucket)
organizations = boto3.client("organizations")
organizations.create_organization(FeatureSet="ALL")
member = organizations.create_account(Email="member@example.com", AccountName="member")["CreateAccountStatus"]["AccountId"]
print(",".join(regions))

# The account of the organization has Security Hub, too.
role = boto3.client("sts").assume_role(RoleArn=f"arn:aws:iam::{member}:role/audit", RoleSessionName="import")["Credentials"]
boto3.client(
    "securityhub",
    aws_access_key_id=role["AccessKeyId"],
    aws_secret_access_key=role["SecretAccessKey"],
    aws_session_token=role["SessionToken"],
).enable_security_hub()
