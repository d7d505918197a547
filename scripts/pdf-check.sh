#!/usr/bin/env bash
# Checks reports with other people's programs: scripts/pdf-check.sh DIR..., each
# with a report.pdf and, to hold it against, maybe a control-summary.csv.
#
#   qpdf       the file's structure: objects, cross-references, streams
#   pdfinfo    Letter, tagged, a title, dates that agree
#   pdffonts   every font is embedded and can be read back as Unicode
#   pdftotext  each page says which it is of how many, and the title of every
#              control that has findings is there, as control-summary.csv has it
#
# Exits 1 when something is wrong, 2 when it could not check. The programs are in
# Debian's packages poppler-utils and qpdf.
set -euo pipefail

die() {
	echo "pdf-check: $*" >&2
	exit 2
}

(($# > 0)) || die "usage: scripts/pdf-check.sh DIR..."
for program in qpdf pdfinfo pdffonts pdftotext python3; do
	command -v "$program" >/dev/null || die "needs $program: apt-get install poppler-utils qpdf python3"
done
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0
wrong() {
	echo "WRONG $*"
	failed=1
}

for dir; do
	file=$dir/report.pdf
	[[ -f $file ]] || die "$dir has no report.pdf"
	qpdf --check "$file" >"$tmp/qpdf" 2>&1 || {
		cat "$tmp/qpdf"
		wrong "$file: qpdf"
	}
	grep -iq warning "$tmp/qpdf" && wrong "$file: qpdf warns: $(grep -i warning "$tmp/qpdf" | head -3)"

	TZ=UTC pdfinfo -isodates "$file" >"$tmp/info" 2>"$tmp/errors"
	[[ ! -s $tmp/errors ]] || wrong "$file: pdfinfo: $(head -3 "$tmp/errors")"
	info() { sed -n "s/^$1: *//p" "$tmp/info"; }
	pages=$(info Pages)
	[[ $(info Tagged) == yes && $(info "Page size") == *letter* && -n $(info Title) && $(info JavaScript) == no ]] || wrong "$file: $(cat "$tmp/info")"
	[[ -n $(info CreationDate) && $(info CreationDate) == "$(info ModDate)" ]] || wrong "$file: dates $(info CreationDate), $(info ModDate)"

	pdffonts "$file" 2>"$tmp/errors" | tail -n +3 >"$tmp/fonts"
	[[ ! -s $tmp/errors ]] || wrong "$file: pdffonts: $(head -3 "$tmp/errors")"
	# name, type, encoding, emb, sub, uni, object
	awk '{ if ($(NF-4) != "yes" || $(NF-2) != "yes") bad = 1 } END { exit bad || !NR }' "$tmp/fonts" || wrong "$file: fonts: $(cat "$tmp/fonts")"

	pdftotext -raw -enc UTF-8 "$file" "$tmp/text" 2>"$tmp/errors"
	[[ ! -s $tmp/errors ]] || wrong "$file: pdftotext: $(head -3 "$tmp/errors")"
	python3 - "$tmp/text" "$pages" "$dir/control-summary.csv" <<'PYTHON' || wrong "$file: its text"
import csv, os, sys, unicodedata

text, count, summary = open(sys.argv[1], encoding="utf-8").read(), int(sys.argv[2]), sys.argv[3]

def squeeze(s):
    """Without white space, what cannot be seen (the report has U+FFFD for it),
    and apostrophes (the CSV file has one before what could be a formula)."""
    s = unicodedata.normalize("NFC", s)
    return "".join(c for c in s if not c.isspace() and c not in "'\ufffd" and unicodedata.category(c) not in ("Cc", "Cf", "Co"))

ok = True
pages = text.split("\f")[:-1]
if len(pages) != count:
    print(f"{len(pages)} pages of text, {count} in the document")
    ok = False
for n, page in enumerate(pages, 1):
    if squeeze(f"Page {n} of {count}") not in squeeze(page):
        print(f"page {n} does not say so")
        ok = False
rows = 0
if os.path.exists(summary):
    csv.field_size_limit(1 << 30)
    whole = squeeze("".join(pages))
    for row in csv.DictReader(open(summary, encoding="utf-8-sig", newline="")):
        rows += 1
        if squeeze(row["compliance_control_id"]) not in whole or row["compliance_status"] != "not assessed" and squeeze(row["compliance_control_id"] + row["title"]) not in whole:
            print("not there as it is: " + row["compliance_control_id"] + " " + row["title"][:200])
            ok = False
print(f"{count} pages, {rows} controls compared")
sys.exit(not ok)
PYTHON
	echo "done  $file"
done
exit "$failed"
