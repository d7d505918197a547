"""Copies the objects of a bucket below a prefix to a folder, and sees that they are
encrypted: fetch.py BUCKET PREFIX FOLDER."""

import pathlib
import sys

import boto3

bucket, prefix, folder = sys.argv[1:]
s3 = boto3.client("s3")
count = 0
for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
    target = pathlib.Path(folder) / item["Key"].removeprefix(prefix)
    target.parent.mkdir(parents=True, exist_ok=True)
    answer = s3.get_object(Bucket=bucket, Key=item["Key"])
    if answer.get("ServerSideEncryption") != "AES256":
        sys.exit(f"{item['Key']} is not encrypted as it should be")
    target.write_bytes(answer["Body"].read())
    count += 1
if s3.list_multipart_uploads(Bucket=bucket).get("Uploads"):
    sys.exit("an upload was left unfinished")
print(f"info  {count} objects")
