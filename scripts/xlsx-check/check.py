"""Checks a workbook: see scripts/xlsx-check.sh."""

import csv
import itertools
import pathlib
import re
import sys
import warnings

import openpyxl

SHEETS = ["Summary", "Controls", "Checks", "Findings", "Scopes", "Not assessed", "Read me"]
CLASSES = ["failed", "undecided", "passed", "suppressed", "not scored", "archived", "superseded"]
SEVERITIES = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", ""]
SHOWN = 20

csv.field_size_limit(1 << 30)
warnings.simplefilter("ignore")
problems = []


def problem(where, what):
    problems.append(f"{where}: {what}")


def unescape(text):
    """Reads the escapes of a string of SpreadsheetML, which openpyxl leaves as they are."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m[1], 16)), text)


def sheets(path):
    """Returns the rows of each sheet as lists of values; empty cells at the end of a row are dropped."""
    book = openpyxl.load_workbook(path, read_only=True)
    result = {}
    for sheet in book.worksheets:
        sheet.reset_dimensions()
        rows = []
        for row in sheet.iter_rows():
            values = []
            for cell in row:
                if cell.data_type in ("f", "e"):
                    problem(f"{sheet.title}!{cell.coordinate}", f"is a formula or an error: {cell.value!r:.80}")
                values.append(cell.value)
            while values and values[-1] in (None, ""):
                values.pop()
            rows.append(values)
        while rows and not rows[-1]:
            rows.pop()
        result[sheet.title] = rows
    book.close()
    return result


def same(a, b):
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return abs(a - b) <= 1e-9 * max(1, abs(a))
    if a in (None, "") or b in (None, ""):
        return a in (None, "") and b in (None, "")
    if isinstance(a, str) and isinstance(b, str):
        return unescape(a).replace("\r\n", "\n") == unescape(b).replace("\r\n", "\n")
    if hasattr(a, "timestamp") and hasattr(b, "timestamp"):
        return abs((a - b).total_seconds()) < 1
    return a == b


def compare(ours, theirs):
    """Compares the cells with those that LibreOffice read and saved."""
    for name, rows in ours.items():
        if len(rows) != len(theirs.get(name, [])):
            problem(name, f"has {len(rows)} rows, LibreOffice finds {len(theirs.get(name, []))}")
            continue
        for number, (a, b) in enumerate(zip(rows, theirs[name]), 1):
            for column, (x, y) in enumerate(itertools.zip_longest(a, b), 1):
                if not same(x, y):
                    problem(f"{name} row {number} column {column}", f"is {x!r:.80}, LibreOffice finds {y!r:.80}")


def table(name, rows, first):
    """Returns the rows below the head that begins with first, as dictionaries."""
    for i, row in enumerate(rows):
        if row and row[0] == first:
            return [dict(itertools.zip_longest(row, r)) for r in rows[i + 1 :] if r]
    problem(name, f"no row begins with {first!r}")
    return []


def plain(text):
    """Whether a text is written alike in a CSV file and in a cell, which make text harmless in ways of their own."""
    return bool(text) and text.isascii() and text.isprintable() and text[0].isalnum() and "_x" not in text and "  " not in text and text == text.strip()


def controls(rows, path):
    want = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
    got = table("Controls", rows, "Control")
    if len(got) != len(want):
        problem("Controls", f"has {len(got)} controls, {path.name} has {len(want)}")
        return
    for number, (row, line) in enumerate(zip(got, want), 1):
        where = f"control {number}, {line['compliance_control_id']:.40}"
        if plain(line["compliance_control_id"]) and row["Control"] != line["compliance_control_id"]:
            problem(where, f"is {row['Control']!r}")
        status = line["compliance_status"] + (": disabled" if line.get("not_assessed_reason") else "")
        if row["Status"].split(" ", 1)[1] != status:
            problem(where, f"is {row['Status']}, in the CSV {status}")
        rate = "" if row["Pass rate"] is None else f"{100 * row['Pass rate']:.2f}%"
        if rate != line["pass_rate"]:
            problem(where, f"has the pass rate {rate!r}, in the CSV {line['pass_rate']!r}")
        for head in ["Passed", "Failed", "Undecided", "Suppressed"]:
            if str(row[head]) != line[head.lower()]:
                problem(where, f"has {row[head]} {head}, in the CSV {line[head.lower()]}")
        if str(row["Resources"]) != line["resources"]:
            problem(where, f"has {row['Resources']} resources, in the CSV {line['resources']}")


def rank(line):
    """The place of a line of findings.csv among those of the sheet."""
    kind = line["disposition"]
    if kind == "assessed":
        kind = {"FAILED": "failed", "PASSED": "passed"}.get(line["compliance_status"], "undecided")
    severity = SEVERITIES.index(line["severity"]) if kind == "failed" else 0
    return CLASSES.index(kind), severity


def findings(rows, path):
    want = sorted(csv.DictReader(path.open(encoding="utf-8", newline="")), key=rank)
    got = table("Findings", rows, "Counts as")
    capped = bool(got) and "findings.csv has them all" in got[-1]["Counts as"]
    if capped:
        got.pop()
    if len(got) != len(want) and not (capped and len(got) < len(want)):
        problem("Findings", f"has {len(got)} findings, {path.name} has {len(want)}, and the last row says {'so' if capped else 'nothing'}")
        return
    if capped and f"The first {len(got):,} of {len(want):,} are shown" not in str(rows[-1][0]):
        problem("Findings", f"the last row says {rows[-1][0]!r} for {len(got)} of {len(want)}")
    for number, (row, line) in enumerate(zip(got, want), 1):
        where = f"finding {number}, {line['finding_id']:.60}"
        if row["Counts as"].split(" ", 1)[1] != CLASSES[rank(line)[0]]:
            problem(where, f"counts as {row['Counts as']}, in the CSV it is {line['disposition']} {line['compliance_status']}")
        for head, column in [("Finding id", "finding_id"), ("Account", "account_id"), ("Resource", "resource_id"), ("Compliance status", "compliance_status")]:
            if plain(line[column]) and len(line[column]) <= 900 and row[head] != line[column]:
                problem(where, f"has the {head} {row[head]!r:.80}, in the CSV {line[column]!r:.80}")


def main(book, saved):
    ours = sheets(book)
    if list(ours) != SHEETS:
        problem("workbook", f"has the sheets {list(ours)}")
        return
    compare(ours, sheets(saved))
    beside = pathlib.Path(book).parent
    for name, check, sheet in [("control-summary.csv", controls, "Controls"), ("findings.csv", findings, "Findings")]:
        if (beside / name).exists():
            check(ours[sheet], beside / name)
    if not problems:
        print(f"ok    {book}: {len(ours['Controls'])} rows of Controls, {len(ours['Findings'])} of Findings")


main(sys.argv[1], sys.argv[2])
for text in problems[:SHOWN]:
    print(f"FAIL  {sys.argv[1]}: {text}")
if len(problems) > SHOWN:
    print(f"FAIL  {sys.argv[1]}: and {len(problems) - SHOWN} more")
sys.exit(bool(problems))
