#!/usr/bin/env bash
# Times the command on generated findings: scripts/bench.sh [FINDINGS]
#
# Prints seconds and peak memory of assessing a file with the fewest artifacts
# and with all of them, then the Go benchmarks. Speed is shown, never asserted.
set -euo pipefail
cd "$(dirname "$0")/.."
findings=${1:-100000}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
CGO_ENABLED=0 go build -trimpath -o "$dir/shca" ./cmd/shca
go run ./internal/testgen/cmd -n "$findings" >"$dir/findings.ndjson"
megabytes=$(($(wc -c <"$dir/findings.ndjson") / 1000000))
echo "$findings findings, $megabytes MB, $(nproc) processors"

# timed LABEL COMMAND...: three runs, the fastest counts; time and memory are
# the operating system's figures for the whole process.
timed() {
	local label=$1 best="" line
	shift
	for _ in 1 2 3; do
		rm -rf "$dir/out"
		line=$(TMPDIR=$dir bash -c 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null 2>&1' _ "$@" 2>&1)
		if [[ -z $best ]] || awk "BEGIN{exit !(${line%% *} < ${best%% *})}"; then best=$line; fi
	done
	local peak="?"
	if [[ -x /usr/bin/time ]]; then
		rm -rf "$dir/out"
		peak=$(/usr/bin/time -f %M "$@" 2>&1 >/dev/null | tail -1)
		peak=$((peak / 1024))
	fi
	echo "$label: $best s (elapsed user system), $(awk "BEGIN{printf \"%.0f\", $megabytes / ${best%% *}}") MB of findings a second, peak $peak MB"
}
timed "decode, sort, evaluate, one report" "$dir/shca" assess "$dir/findings.ndjson" --quiet --format md --out "$dir/out"
timed "the same and every artifact" "$dir/shca" assess "$dir/findings.ndjson" --quiet --out "$dir/out"
"$dir/shca" assess "$dir/findings.ndjson" --quiet --format oscal --out "$dir/package"
ls -l "$dir/package/oscal"
timed "validate the OSCAL package" "$dir/shca" validate "$dir/package"
timed "convert to OCSF" "$dir/shca" convert "$dir/findings.ndjson" --to ocsf --quiet
timed "Parquet for Security Lake" "$dir/shca" assess "$dir/findings.ndjson" --quiet --format ocsf-parquet --out "$dir/out"
"$dir/shca" convert "$dir/findings.ndjson" --to ocsf --quiet >"$dir/events.ndjson"
timed "assess the OCSF events, one report" "$dir/shca" assess "$dir/events.ndjson" --quiet --format md --out "$dir/out"
timed "validate the OCSF events" "$dir/shca" validate "$dir/events.ndjson"
go test -run '^$' -bench . -benchmem ./ocsf/... ./sources/... ./mapping/... ./internal/spool/... ./render/... ./oscal/...
