"""Compares two files control-summary.csv, but for the columns that say how complete
the reading was: compare.py WANT GOT."""

import csv
import sys

SAYS = {"narrative", "assessment"}


def rows(name):
    with open(name, newline="", encoding="utf-8-sig") as f:
        return [{k: v for k, v in row.items() if k not in SAYS} for row in csv.DictReader(f)]


want, got = rows(sys.argv[1]), rows(sys.argv[2])
for a, b in zip(want, got):
    if a != b:
        sys.exit("\n".join(f"{a['control_id']}: {k}: {a[k]!r}, not {b.get(k)!r}" for k in a if a[k] != b.get(k)))
if len(want) != len(got) or len(want) < 200:
    sys.exit(f"{len(want)} and {len(got)} controls")
