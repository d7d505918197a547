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

die() {
	echo "parquet-check: $*" >&2
	exit 2
}

(($# == 1)) || die "usage: scripts/parquet-check.sh DIR"
[[ -f $1/objects.csv ]] || die "$1 has no objects.csv: name the folder security-lake that the format ocsf-parquet writes"
command -v python3 >/dev/null || die "needs python3 ≥ 3.10"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || die "needs python3 ≥ 3.10"

dir=$cache/venv-$(cksum <"$here/requirements.txt" | tr ' ' -)
if [[ ! -e $dir/.done ]]; then
	echo "info  installing pyarrow and duckdb into $dir"
	rm -rf "$dir"
	mkdir -p "$dir"
	{
		python3 -m venv "$dir" &&
			"$dir/bin/pip" install --disable-pip-version-check --no-deps --only-binary :all: -r "$here/requirements.txt"
	} >"$dir/install.log" 2>&1 || {
		cat "$dir/install.log" >&2
		die "could not install pyarrow and duckdb"
	}
	touch "$dir/.done"
fi

"$dir/bin/python" "$here/check.py" "$1"
