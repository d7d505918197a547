"""Checks the folder security-lake: see scripts/parquet-check.sh."""

import collections
import csv
import datetime
import hashlib
import pathlib
import re
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

CLASSES = {"shca-compliance": 2003, "shca-detection": 2004, "shca-vulnerability": 2002}
COLUMNS = ["path", "source", "class_uid", "region", "accountId", "eventDay", "rows", "first_time", "last_time"]
PATH = re.compile(
    r"security-lake/ext/([a-z-]{1,20})/region=([a-z0-9_-]+)/accountId=([a-z0-9_-]+)/eventDay=(\d{8})/"
    r"part-(\d{5})-[0-9a-f]{16}\.zstd\.parquet"
)
STATES = {"complete": "complete", "incomplete": "incomplete: not everything could be read"}
PAGE = 1 << 20
ROW_GROUP = 256 << 20
SHOWN = 50

problems = []


def problem(where, what):
    problems.append(f"{where}: {what}")


# The rule for values of partitions, written down a second time.


def shortened(text):
    raw = text.encode()
    cut = re.sub(rb"[^a-z0-9]", b"-", raw[:24].lower()).lstrip(b"-").decode()
    return f"{cut}_{hashlib.sha256(raw).hexdigest()[:32]}"


def is_plain(text):
    return re.fullmatch("[a-z0-9][a-z0-9-]{0,31}", text) is not None


def region_value(region):
    if not region:
        return "unknown"
    return region if is_plain(region) and region != "unknown" else shortened(region)


def account_value(account):
    if not account:
        return "external"
    if re.fullmatch("[0-9]{12}", account):
        return account
    return "external_" + (account if is_plain(account) else shortened(account))


def milliseconds(text):
    return round(datetime.datetime.fromisoformat(text).timestamp() * 1000)


def check_schema(name, schema):
    """Checks the types that the schema of the event does not fix."""

    def walk(field, path):
        path = f"{path}.{field.name}" if path else field.name
        kind = field.type
        if path == "unmapped":
            if not pa.types.is_map(kind) or (kind.key_type, kind.item_type) != (pa.string(), pa.string()):
                problem(name, f"{path} is {kind}, want map<string, string>")
            return
        if field.name.endswith("_dt") and not (pa.types.is_timestamp(kind) and kind.tz == "UTC"):
            problem(name, f"{path} is {kind}, want a timestamp in UTC")
        if (field.name == "time" or field.name.endswith("_time")) and kind not in (pa.int64(), pa.string()):
            problem(name, f"{path} is {kind}, want int64")
        if field.name == "data" and kind != pa.string():
            problem(name, f"{path} is {kind}, want string")
        if field.name in ("base_score", "overall_score", "percentile") and kind != pa.float64():
            problem(name, f"{path} is {kind}, want double")
        if pa.types.is_struct(kind):
            for i in range(kind.num_fields):
                walk(kind.field(i), path)
        elif pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
            for i in range(kind.value_type.num_fields):
                walk(kind.value_type.field(i), path)
        elif pa.types.is_map(kind) or pa.types.is_dictionary(kind):
            problem(name, f"{path} is {kind}")

    for field in schema:
        walk(field, "")


def check_layout(name, file, state):
    """Checks what the footer says; returns the number of row groups."""
    meta = file.metadata
    if meta.created_by is None or not meta.created_by.startswith("shca "):
        problem(name, f"created by {meta.created_by}")
    said = (meta.metadata or {}).get(b"shca.assessment", b"").decode()
    if said != STATES.get(state):
        problem(name, f"says {said!r} of the assessment, objects.csv says {state!r}")
    for g in range(meta.num_row_groups):
        group = meta.row_group(g)
        if group.total_byte_size > ROW_GROUP:
            problem(name, f"row group {g} has {group.total_byte_size} bytes")
        sorting = [(meta.schema.column(c.column_index).path, c.descending) for c in group.sorting_columns]
        if sorting != [("time", False)]:
            problem(name, f"row group {g} is not said to be sorted by time but by {sorting}")
        for c in range(group.num_columns):
            column = group.column(c)
            if column.compression != "ZSTD":
                problem(name, f"{column.path_in_schema} is compressed by {column.compression}")
            # The footer has no sizes of pages, but only a larger column chunk
            # can have a page that is too large.
            if column.total_uncompressed_size > PAGE:
                check_pages(name, column)
    return meta.num_row_groups


class Compact:
    """Reads as much of Thrift's compact protocol as page headers need."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def varint(self):
        value = shift = 0
        while True:
            b = self.byte()
            value |= (b & 0x7F) << shift
            shift += 7
            if b < 0x80:
                return value

    def number(self):
        n = self.varint()
        return (n >> 1) ^ -(n & 1)

    def skip(self, kind):
        if kind in (3,):
            self.at += 1
        elif kind in (4, 5, 6):
            self.varint()
        elif kind == 7:
            self.at += 8
        elif kind == 8:
            size = self.varint()
            self.at += size
        elif kind == 12:
            for _, inner in self.fields():
                self.skip(inner)
        elif kind not in (1, 2):
            raise ValueError(f"page header with a field of type {kind}")

    def fields(self):
        number = 0
        while (head := self.byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self.number()
            yield number, head & 0xF


def check_pages(name, column):
    """Walks the pages of a column chunk by their headers."""
    start = column.data_page_offset
    if column.dictionary_page_offset:
        start = min(start, column.dictionary_page_offset)
    with open(ROOT.parent / name, "rb") as f:
        f.seek(start)
        chunk = f.read(column.total_compressed_size)
    at = 0
    while at < len(chunk):
        header = Compact(chunk[at:])
        sizes = {}
        for number, kind in header.fields():
            if number in (2, 3):
                sizes[number] = header.number()
            else:
                header.skip(kind)
        if sizes[2] > PAGE:
            problem(name, f"{column.path_in_schema} has a page of {sizes[2]} bytes")
        at += header.at + sizes[3]


def empty_texts(path, value):
    """Yields the paths of empty texts, which no event has outside unmapped."""
    if value == "":
        yield path
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from empty_texts(f"{path}.{key}", member)
    elif isinstance(value, list):
        for member in value:
            yield from empty_texts(path + "[]", member)


def check_rows(name, file, line):
    """Reads every value with pyarrow and checks the rows against the path."""
    class_uid = CLASSES[line["source"]]
    region, account, day = line["region"], line["accountId"], line["eventDay"]
    before = (-(1 << 63), "")
    first = last = None
    for batch in file.iter_batches(batch_size=5000):
        for row in batch.to_pylist():
            for path in empty_texts("", {k: v for k, v in row.items() if k != "unmapped"}):
                problem(name, f"{path} is an empty text, where an event has none: null")
        part = pa.Table.from_batches([batch]).select(["class_uid", "time", "time_dt", "cloud", "metadata"])
        for row in part.to_pylist():
            cloud, metadata = row["cloud"] or {}, row["metadata"] or {}
            order = (row["time"], metadata.get("uid") or "")
            if order < before:
                problem(name, f"{order} comes after {before}")
            before = order
            first = row["time"] if first is None else first
            last = row["time"]
            if row["class_uid"] != class_uid:
                problem(name, f"a row of class {row['class_uid']}, want {class_uid}")
            at = datetime.datetime.fromtimestamp(0, datetime.UTC) + datetime.timedelta(milliseconds=row["time"])
            got = (
                region_value(cloud.get("region")),
                account_value((cloud.get("account") or {}).get("uid")),
                at.strftime("%Y%m%d"),
            )
            if got != (region, account, day):
                problem(name, f"a row belongs to {got}")
            if row["time_dt"] is not None and row["time_dt"].replace(microsecond=row["time_dt"].microsecond // 1000 * 1000) != at:
                problem(name, f"time {row['time']} and time_dt {row['time_dt']} differ")
    for column, got in (("first_time", first), ("last_time", last)):
        if milliseconds(line[column]) != got:
            problem(name, f"{column} is {got}, objects.csv says {line[column]}")


def main():
    with open(ROOT / "objects.csv", newline="", encoding="ascii") as f:
        table = list(csv.reader(f)) or [[""]]
    header, lines = table[0], table[1:]
    if header[:-1] != COLUMNS or not header[-1].startswith("assessment"):
        problem("objects.csv", f"its columns are {header}")
    lines = [dict(zip(COLUMNS + ["assessment"], line, strict=True)) for line in lines]

    found = {p.relative_to(ROOT.parent).as_posix() for p in ROOT.rglob("*") if p.is_file()} - {"security-lake/objects.csv"}
    listed = [line["path"] for line in lines]
    for name in found ^ set(listed):
        problem(name, "is not both a file and in objects.csv")
    if len(set(listed)) != len(listed):
        problem("objects.csv", "names an object twice")

    rows, groups, schemas = collections.Counter(), 0, {}
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'")
    for line in lines:
        name, source = line["path"], line["source"]
        match = PATH.fullmatch(name)
        if not match or match.groups()[:4] != (source, line["region"], line["accountId"], line["eventDay"]):
            problem(name, f"is no path for {line}")
            continue
        if CLASSES.get(source) != int(line["class_uid"]):
            problem(name, f"class {line['class_uid']} in source {source}")
            continue
        if name not in found:
            continue
        path = ROOT.parent / name
        with pq.ParquetFile(path) as file:
            groups += check_layout(name, file, line["assessment"])
            if source not in schemas:
                schemas[source] = file.schema
                check_schema(name, file.schema_arrow)
            elif not schemas[source].equals(file.schema):
                problem(name, "has another schema than other objects of its source")
            if file.metadata.num_rows != int(line["rows"]):
                problem(name, f"has {file.metadata.num_rows} rows, objects.csv says {line['rows']}")
            check_rows(name, file, line)
        counts = db.execute(
            "SELECT count(*), min(class_uid), max(class_uid), bit_xor(hash(t))"  # the hash needs every value
            " FROM read_parquet(?, hive_partitioning = false) t",
            [str(path)],
        ).fetchone()
        if counts[:3] != (int(line["rows"]), int(line["class_uid"]), int(line["class_uid"])):
            problem(name, f"duckdb reads {counts[:3]}")
        rows[source] += int(line["rows"])

    for source in sorted(rows):
        glob = str(ROOT / "ext" / source / "**" / "*.parquet")
        got = db.execute(
            'SELECT count(*), count(DISTINCT (region, "accountId", "eventDay")), sum(cardinality(unmapped))'
            " FROM read_parquet(?, hive_partitioning = true, hive_types_autocast = false)",
            [glob],
        ).fetchone()
        want = len({(x["region"], x["accountId"], x["eventDay"]) for x in lines if x["source"] == source})
        kind = db.execute("SELECT typeof(unmapped) FROM read_parquet(?) LIMIT 1", [glob]).fetchone()[0]
        if got[:2] != (rows[source], want) or kind != "MAP(VARCHAR, VARCHAR)":
            problem(source, f"duckdb reads {got[0]} rows of {got[1]} partitions, unmapped as {kind}; want {rows[source]} of {want}")
        objects = sum(x["source"] == source for x in lines)
        print(f"info  {source}: {objects} objects, {want} partitions, {rows[source]} rows, {len(schemas[source])} columns, {got[2]} unmapped values")

    for text in problems[:SHOWN]:
        print(f"error {text}")
    if len(problems) > SHOWN:
        print(f"error … and {len(problems) - SHOWN} more")
    print(f"info  pyarrow {pa.__version__}, duckdb {duckdb.__version__}")
    print(f"parquet-check: {len(lines)} objects, {groups} row groups, {sum(rows.values())} rows, {len(problems)} problems")
    return 1 if problems else 0


ROOT = pathlib.Path(sys.argv[1]).resolve()

if __name__ == "__main__":
    sys.exit(main())
