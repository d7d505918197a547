"""Checks IAM actions and policy documents: see scripts/templates-check.sh."""

import json
import pathlib
import re
import sys

import cfnlint

SERVICES = ["account", "auditmanager", "config", "kms", "lambda", "logs", "organizations", "s3", "securityhub", "sqs", "states", "sts"]
# An action, not a condition key (s3:prefix) or a name in an ARN.
ACTION = re.compile(r"(?<![\w:.-])(" + "|".join(SERVICES) + r"):([A-Z]\w+)")
CONDITIONS = {"s3:TlsVersion", "kms:EncryptionContext", "kms:ViaService", "sts:ExternalId"}

data = pathlib.Path(cfnlint.__file__).parent / "data" / "AdditionalSpecs" / "Policies.json"
known = json.loads(data.read_text())
bad = 0


def wrong(text):
    global bad
    bad += 1
    print(text)


for name in sys.argv[1:]:
    text = pathlib.Path(name).read_text()
    actions = {f"{service}:{action}" for service, action in ACTION.findall(text)} - CONDITIONS
    for action in sorted(actions):
        service, _, operation = action.partition(":")
        if operation.lower() not in known[service]["Actions"]:
            wrong(f"{name}: there is no IAM action {action}")
    documents = re.findall(r"^```json\n(.*?)^```", text, re.M | re.S)
    for number, document in enumerate(documents, 1):
        try:
            policy = json.loads(document)
        except ValueError as error:
            wrong(f"{name}: JSON document {number}: {error}")
            continue
        for statement in policy.get("Statement", []):
            if not {"Effect", "Action"} <= statement.keys() or not {"Resource", "Principal"} & statement.keys():
                wrong(f"{name}: JSON document {number} has a statement without Effect, Action, or Resource or Principal")
    if not actions:
        wrong(f"{name}: names no action")
    if not bad:
        print(f"ok    {name}: {len(actions)} actions, {len(documents)} documents")
sys.exit(bool(bad))
