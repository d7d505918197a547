#!/usr/bin/env bash
# Opens reports as a reader does, in Chromium, and tries them:
# scripts/html-check.sh [--out DIR] DIR..., each with a report.html and, to hold
# it against, a control-summary.csv.
#
#   network        nothing but the file itself is asked for; no console message,
#                  no violation of the Content-Security-Policy
#   control table  row by row as control-summary.csv has it; search, filters and
#                  sorting show what they should
#   keyboard       skip link, search, a control, its checks and their resources
#   axe-core       WCAG 2.2 A and AA in light, dark and narrow, with a control
#                  open: nothing serious or critical
#   reflow         no scrolling sideways at 320 pixels
#   print          the control table has its headings on each page (pdftotext)
#   scripts off    every control and check is there and opens by its link
#
# --out keeps screenshots and the printed report (light, dark, narrow, PDF).
# Exits 1 when something is wrong, 2 when it could not check.
#
# Chromium is the system's (Debian's package chromium) or what CHROMIUM names;
# no browser is downloaded. playwright-core and axe-core are fetched once, in the
# versions pinned in scripts/html-check/, into SHCA_HTML_CHECK_CACHE
# (~/.cache/shca-html-check unless set).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)/html-check
cache=${SHCA_HTML_CHECK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/shca-html-check}

die() {
	echo "html-check: $*" >&2
	exit 2
}

out=
if [[ ${1:-} == --out ]]; then
	(($# >= 2)) || die "--out needs a folder"
	out=$2
	shift 2
	mkdir -p "$out"
fi
(($#)) || die "usage: scripts/html-check.sh [--out DIR] DIR..."
for dir in "$@"; do
	[[ -f $dir/report.html ]] || die "$dir has no report.html"
done
for tool in node npm pdftotext; do
	command -v "$tool" >/dev/null || die "needs node ≥ 20, npm and pdftotext (Debian's package poppler-utils)"
done
chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
[[ -n $chromium ]] || die "needs Chromium: Debian's package chromium, or CHROMIUM=path"

dir=$cache/$(cat "$here/package.json" "$here/package-lock.json" | cksum | tr ' ' -)
if [[ ! -e $dir/.done ]]; then
	echo "info  installing playwright-core and axe-core into $dir"
	rm -rf "$dir"
	mkdir -p "$dir"
	cp "$here/package.json" "$here/package-lock.json" "$dir"
	(cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund) >"$dir/install.log" 2>&1 || {
		cat "$dir/install.log" >&2
		die "could not install playwright-core and axe-core"
	}
	touch "$dir/.done"
fi

node "$here/check.mjs" "$dir" "$chromium" "$out" "$@"
