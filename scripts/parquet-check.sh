#!/usr/bin/env bash
# Checks Parquet objects for Security Lake with other people's readers:
# scripts/parquet-check.sh DIR, the folder security-lake that the format
# ocsf-parquet writes.
#
#   pyarrow  the objects' layout: schema, compression, row groups, pages, metadata
#   duckdb   opens every object on its own and each source as one partitioned table
#
# Both read every value, and their rows have to be those of objects.csv, sorted,
# of one class, and in the partition of their own region, account and day.
# Exits 1 when something is wrong, 2 when it could not check.
#
# The readers are fetched once, in the versions pinned in scripts/parquet-check/,
# into SHCA_PARQUET_CHECK_CACHE (~/.cache/shca-parquet-check unless set).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)/parquet-check
cache=${SHCA_PARQUET_CHECK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/shca-parquet-check}
. "${here%/*}/venv.sh"

die() {
	echo "parquet-check: $*" >&2
	exit 2
}

(($# == 1)) || die "usage: scripts/parquet-check.sh DIR"
[[ -f $1/objects.csv ]] || die "$1 has no objects.csv: name the folder security-lake that the format ocsf-parquet writes"

venv "$here" "$cache"

"$python" "$here/check.py" "$1"
