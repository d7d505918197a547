#!/usr/bin/env bash
# Runs every fuzz target of the module for a while: scripts/fuzz.sh [TIME]
# Exits 1 if one found something, and names it again at the end.
set -euo pipefail
cd "$(dirname "$0")/.."
go=${GO:-go}
time=${1:-10s}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
found=()
for package in $("$go" list ./...); do
	for target in $("$go" test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "fuzz $package $target ($time)"
		if "$go" test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 10x "$package" >"$log" 2>&1; then
			tail -n 2 "$log"
			continue
		fi
		cat "$log"
		# The Go tool may report its own deadline as a failure when the time is
		# up; a real failure names the input it wrote.
		if grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input written\|panic:\|failure while testing seed' "$log"; then
			echo "the deadline of the run, not a failure"
			continue
		fi
		found+=("$package $target")
	done
done
((${#found[@]} == 0)) || {
	printf 'fuzzing found something: %s\n' "${found[@]}"
	exit 1
}
