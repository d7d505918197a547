#!/usr/bin/env bash
# Collects from an emulator of AWS that others have written, and checks that an
# assessment of what it holds has the control results of an assessment of the
# files: scripts/moto-check.sh SHCA.
#
#   moto  Security Hub (BatchImportFindings, GetFindings), STS, Organizations, S3
#
# The sample estate is imported, every finding in its own Region, oldest first,
# since the emulator keeps the last copy where AWS keeps the newest. Then the
# program collects and assesses, collects into S3 and assesses from there and into
# there, encrypted. Exits 1 when something is wrong, 2 when it could not check.
#
# The emulator is fetched once, in the versions pinned in scripts/moto-check/,
# into SHCA_MOTO_CHECK_CACHE (~/.cache/shca-moto-check unless set).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)/moto-check
root=${here%/scripts/moto-check}
cache=${SHCA_MOTO_CHECK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/shca-moto-check}
. "${here%/*}/venv.sh"

die() {
	echo "moto-check: $*" >&2
	exit 2
}

(($# == 1)) || die "usage: scripts/moto-check.sh SHCA"
shca=$(realpath "$1")
venv "$here" "$cache"

work=$(mktemp -d)
cd "$work"
"$python" "$here/serve.py" >server.log 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$work"' EXIT
for _ in {1..100}; do
	[[ ! -s port ]] || break
	kill -0 $server 2>/dev/null || { cat server.log >&2; die "the emulator did not start"; }
	sleep 0.2
done
[[ -s port ]] || die "the emulator did not start in 20 seconds"

export AWS_ENDPOINT_URL=http://127.0.0.1:$(<port) AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
export AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
unset AWS_SESSION_TOKEN AWS_PROFILE

regions=$("$python" "$here/import.py" "$root/examples/estate")
echo "info  imported the sample estate into $regions"

now=(--now 2026-07-01T00:00:00Z --quiet --format csv,json)
same() { # NAME DIR: has the control results of the files
	"$python" "$here/compare.py" files/control-summary.csv "$2/control-summary.csv" || {
		echo "moto-check: $1: other control results than from the files" >&2
		exit 1
	}
	echo "pass  $1: the same control results as from the files"
}

"$shca" assess "$root/examples/estate" "${now[@]}" --out files

# The emulator has no inventory of checks, which is said and makes the assessment
# incomplete; nothing else may.
incomplete() {
	local code=0
	"$@" 2>problems || code=$?
	if [[ $code != 4 ]] || grep 'not read' problems | grep -v 'which checks of .* could not be read'; then
		cat problems
		echo "moto-check: exit code $code of $*" >&2
		exit 1
	fi
}
incomplete "$shca" assess --from securityhub --regions "$regions" --snapshots kept "${now[@]}" --out live
same "assess --from securityhub" live
incomplete "$shca" assess kept "${now[@]}" --out again
same "assess of the snapshot" again

"$shca" collect securityhub --inventory none --regions "$regions" --quiet --work "$work/pulling" --out s3://snapshots/estate.ndjson.zst --sse aws:kms
"$shca" assess s3://snapshots/ "${now[@]}" --out s3://package/run/ --sse AES256
"$python" "$here/fetch.py" package run/ fetched
same "collect to S3, assess from S3 to S3" fetched

"$shca" collect securityhub --inventory none --regions us-east-1 --accounts all --role-arn 'arn:aws:iam::{account}:role/audit' --quiet --out accounts.ndjson.zst
echo "pass  collect with the accounts of the organization and a role in each"
