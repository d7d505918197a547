"""Lists the OSCAL JSON documents that the arguments name, one per line.

A folder stands for its *.json files and for those below its oscal/ folder;
files in it that hold other JSON are left out. A file named itself is listed
whatever it holds.
"""

import json
import pathlib
import sys

ROOTS = {
    "assessment-plan",
    "assessment-results",
    "catalog",
    "component-definition",
    "mapping-collection",
    "plan-of-action-and-milestones",
    "profile",
    "system-security-plan",
}


def is_oscal(path):
    try:
        document = json.loads(path.read_bytes())
    except ValueError:
        return True  # for the checkers to reject
    return isinstance(document, dict) and not ROOTS.isdisjoint(document)


def documents(arg):
    path = pathlib.Path(arg)
    if path.is_file():
        return [path]
    if not path.is_dir():
        sys.exit(f"oscal-check: no such file or folder: {arg}")
    found = sorted(path.glob("*.json")) + sorted((path / "oscal").rglob("*.json"))
    found = [p for p in found if is_oscal(p)]
    if not found:
        sys.exit(f"oscal-check: no OSCAL documents in {arg}")
    return found


seen = set()
for arg in sys.argv[1:]:
    for path in documents(arg):
        if "\n" in str(path):
            sys.exit(f"oscal-check: a newline in a file name: {path!r}")
        if path.resolve() not in seen:
            seen.add(path.resolve())
            print(path)
