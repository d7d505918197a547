#!/usr/bin/env bash
# Checks workbooks with other people's readers: scripts/xlsx-check.sh DIR...
# Every report.xlsx below the DIRs is read.
#
#   LibreOffice  opens the workbook and saves it anew
#   openpyxl     reads both: they have to have the same cells, the sheets of a
#                report, no formula and no error; the rows of Controls and Findings
#                have to agree with control-summary.csv and findings.csv beside it,
#                if they are there
#
# Exits 1 when something is wrong, 2 when it could not check.
#
# openpyxl is fetched once, in the version pinned in scripts/xlsx-check/, into
# SHCA_XLSX_CHECK_CACHE (~/.cache/shca-xlsx-check unless set). LibreOffice is
# soffice in PATH; Debian has it as libreoffice-calc-nogui or libreoffice-calc. It
# gets a profile of its own, which is gone afterwards.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)/xlsx-check
cache=${SHCA_XLSX_CHECK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/shca-xlsx-check}
. "${here%/*}/venv.sh"

die() {
	echo "xlsx-check: $*" >&2
	exit 2
}

(($# > 0)) || die "usage: scripts/xlsx-check.sh DIR..."
command -v soffice >/dev/null || die "needs LibreOffice Calc: apt-get install --no-install-recommends libreoffice-calc-nogui"

venv "$here" "$cache"

books=()
while IFS= read -r -d '' book; do
	books+=("$book")
done < <(find "$@" -name report.xlsx -type f -print0 | sort -z)
((${#books[@]} > 0)) || die "there is no report.xlsx below $*"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
for book in "${books[@]}"; do
	rm -rf "$work/out"
	mkdir "$work/out"
	if ! soffice "-env:UserInstallation=file://$work/profile" --headless --norestore \
		--convert-to 'xlsx:Calc MS Excel 2007 XML' --outdir "$work/out" "$book" >"$work/log" 2>&1 ||
		[[ ! -s $work/out/report.xlsx ]]; then
		echo "FAIL  $book: LibreOffice does not open it: $(tail -n 1 "$work/log")"
		failed=1
		continue
	fi
	"$python" "$here/check.py" "$book" "$work/out/report.xlsx" || failed=1
done
exit "$failed"
