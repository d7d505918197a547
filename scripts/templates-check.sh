#!/usr/bin/env bash
# Checks the deployment examples and the policies in the documentation with other
# people's tools: scripts/templates-check.sh, from anywhere.
#
#   cfn-lint       the SAM templates, transformed, against the resource schemas of
#                  a commercial Region and of both GovCloud Regions
#   asl-validator  the state machine: schema, paths, transitions
#   check.py       the JSON documents in docs/aws-permissions.md parse, and every IAM
#                  action there and in the templates exists
#
# Exits 1 when something is wrong, 2 when it could not check.
#
# The tools are fetched once, in the versions pinned in scripts/templates-check/,
# into SHCA_TEMPLATES_CHECK_CACHE (~/.cache/shca-templates-check unless set).
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
here=$root/scripts/templates-check
cache=${SHCA_TEMPLATES_CHECK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/shca-templates-check}
. "$root/scripts/venv.sh"

die() {
	echo "templates-check: $*" >&2
	exit 2
}

(($# == 0)) || die "usage: scripts/templates-check.sh"
for tool in node npm; do
	command -v "$tool" >/dev/null || die "needs node ≥ 20 and npm"
done

venv "$here" "$cache"
node=$cache/node-$(cat "$here/package.json" "$here/package-lock.json" | cksum | tr ' ' -)
if [[ ! -e $node/.done ]]; then
	echo "info  installing the packages of $here/package.json into $node"
	rm -rf "$node"
	mkdir -p "$node"
	cp "$here/package.json" "$here/package-lock.json" "$node"
	(cd "$node" && npm ci --ignore-scripts --no-audit --no-fund) >"$node/install.log" 2>&1 || {
		cat "$node/install.log" >&2
		die "could not install asl-validator"
	}
	touch "$node/.done"
fi

bad=0
cd "$root"
for template in examples/*/template.yaml; do
	if "${python%/*}/cfn-lint" --include-checks I --regions us-east-1 us-gov-west-1 us-gov-east-1 --template "$template"; then
		echo "ok    cfn-lint $template"
	else
		bad=1
	fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for machine in examples/*/*.asl.json; do
	for partition in aws aws-us-gov; do
		file=$work/$partition-${machine##*/}
		sed -e "s/\${Partition}/$partition/g" \
			-e "s/\${FunctionArn}/arn:$partition:lambda:us-east-1:111122223333:function:example/g" "$machine" >"$file"
		if "$node/node_modules/.bin/asl-validator" --json-path "$file" >"$work/log" 2>&1; then
			echo "ok    asl-validator $machine in partition $partition"
		else
			echo "$machine in partition $partition:"
			cat "$work/log"
			bad=1
		fi
	done
done

"$python" "$here/check.py" docs/aws-permissions.md examples/*/template.yaml || bad=1
exit "$bad"
