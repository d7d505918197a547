"""Verifies a signed package's envelope: check.py DIR KEY.PUB KEYID OUT.

Leaves for scripts/dsse-check.sh what was signed, the signature, the digests in
the form of sha256sum, and the names.
"""

import hashlib
import json
import pathlib
import sys

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey


def fail(text):
    print(f"wrong {text}", file=sys.stderr)
    sys.exit(1)


def main(package, key_file, key_id, out):
    package, out = pathlib.Path(package), pathlib.Path(out)
    lines = (package / "manifest.intoto.jsonl").read_text(encoding="utf-8").splitlines()
    if len(lines) != 1:
        fail(f"manifest.intoto.jsonl has {len(lines)} lines")
    envelope = Envelope.from_dict(json.loads(lines[0]))
    public = load_pem_public_key(pathlib.Path(key_file).read_bytes())
    key = SSlibKey.from_crypto(public, keyid=key_id)
    accepted = envelope.verify([key], 1)
    if list(accepted) != [key_id]:
        fail(f"accepted {list(accepted)}")
    if envelope.payload_type != "application/vnd.in-toto+json":
        fail(f"payload type {envelope.payload_type}")

    statement = json.loads(envelope.payload)
    if list(statement) != ["_type", "subject", "predicateType", "predicate"]:
        fail(f"members of the statement: {list(statement)}")
    if statement["_type"] != "https://in-toto.io/Statement/v1":
        fail(f"type {statement['_type']}")
    subjects = {s["name"]: s["digest"]["sha256"] for s in statement["subject"]}
    if len(subjects) != len(statement["subject"]) or statement["subject"][0]["name"] != "manifest.json":
        fail("subjects are there twice, or the manifest is not the first")

    text = (package / "manifest.json").read_bytes()
    manifest = json.loads(text)
    own = text.rindex(manifest["sha256"].encode())
    if hashlib.sha256(text[:own]).hexdigest() != manifest["sha256"]:
        fail("the manifest does not end with its own SHA-256")
    files = {f["file"]: f["sha256"] for f in manifest.pop("files")}
    del manifest["sha256"]
    if subjects != {**files, "manifest.json": hashlib.sha256(text).hexdigest()}:
        fail("the subjects are not the manifest and its files")
    if statement["predicate"] != manifest:
        fail("the predicate is not the manifest without its files")

    type_ = envelope.payload_type.encode()
    (out / "signed").write_bytes(b"DSSEv1 %d %s %d %s" % (len(type_), type_, len(envelope.payload), envelope.payload))
    (out / "sig").write_bytes(bytes.fromhex(envelope.signatures[key_id].signature))
    (out / "sums").write_text("".join(f"{d}  {n}\n" for n, d in subjects.items()), encoding="utf-8")
    (out / "names").write_text("".join(n + "\n" for n in subjects), encoding="utf-8")
    print(f"ok    securesystemslib: {len(subjects)} subjects, key {key_id}")


if __name__ == "__main__":
    main(*sys.argv[1:])
