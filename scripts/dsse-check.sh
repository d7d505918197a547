#!/usr/bin/env bash
# Checks a signed package with other people's programs:
# scripts/dsse-check.sh DIR KEY.PUB [FILE.zip]
#
#   securesystemslib  verifies the envelope manifest.intoto.jsonl
#   openssl           verifies the signature once more, over DSSE's encoding made
#                     here, and tells the key's id
#   sha256sum         every file that the statement names
#   unzip, zipinfo    the archive: whole, the same files, and its own checksum
#
# Exits 1 when something is wrong, 2 when it could not check.
#
# securesystemslib is fetched once, in the version pinned in scripts/dsse-check/,
# into SHCA_DSSE_CHECK_CACHE (~/.cache/shca-dsse-check unless set).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)/dsse-check
cache=${SHCA_DSSE_CHECK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/shca-dsse-check}
. "${here%/*}/venv.sh"

die() {
	echo "dsse-check: $*" >&2
	exit 2
}
wrong() {
	echo "dsse-check: $*" >&2
	exit 1
}

(($# == 2 || $# == 3)) || die "usage: scripts/dsse-check.sh DIR KEY.PUB [FILE.zip]"
package=$1 key=$2 archive=${3:-}
[[ -f $package/manifest.intoto.jsonl ]] || die "$package has no manifest.intoto.jsonl: name the directory of a signed package"
for tool in openssl sha256sum; do
	command -v "$tool" >/dev/null || die "needs $tool"
done

venv "$here" "$cache"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

id=$(openssl pkey -pubin -in "$key" -outform DER | sha256sum | cut -d' ' -f1)
"$python" "$here/check.py" "$package" "$key" "$id" "$tmp" || wrong "$package: see above"

# check.py has left what was signed, the signature, and the digests.
kind=$(openssl pkey -pubin -in "$key" -noout -text)
case $kind in
*ED25519*) openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$tmp/signed" -sigfile "$tmp/sig" ;;
*P-256*) openssl dgst -sha256 -verify "$key" -signature "$tmp/sig" "$tmp/signed" ;;
*P-384*) openssl dgst -sha384 -verify "$key" -signature "$tmp/sig" "$tmp/signed" ;;
*P-521*) openssl dgst -sha512 -verify "$key" -signature "$tmp/sig" "$tmp/signed" ;;
*) die "$key: neither ed25519 nor ECDSA" ;;
esac >"$tmp/openssl" || {
	cat "$tmp/openssl" >&2
	wrong "$package: openssl does not verify the signature"
}
echo "ok    openssl: signature of key $id"

(cd "$package" && sha256sum --strict --quiet -c "$tmp/sums") || wrong "$package: digests differ"
(cd "$package" && find . -type f ! -name manifest.intoto.jsonl | sed 's|^\./||' | LC_ALL=C sort) >"$tmp/there"
diff <(LC_ALL=C sort "$tmp/names") "$tmp/there" >&2 || wrong "$package: the statement does not name all files, or others"
echo "ok    sha256sum: $(wc -l <"$tmp/names") files, and no other"

[[ -n $archive ]] || exit 0
for tool in unzip zipinfo; do
	command -v "$tool" >/dev/null || die "needs $tool: apt-get install unzip"
done
unzip -tqq "$archive" || wrong "$archive: unzip finds it damaged"
diff <(zipinfo -1 "$archive" | LC_ALL=C sort) <( (
	cat "$tmp/there"
	echo manifest.intoto.jsonl
) | LC_ALL=C sort) >&2 || wrong "$archive: holds other files than $package"
unzip -qq -d "$tmp/unpacked" "$archive"
diff -r "$tmp/unpacked" "$package" >&2 || wrong "$archive: its files differ from those of $package"
comment=$(tail -c 71 "$archive")
[[ $comment == "sha256:$(head -c -71 "$archive" | sha256sum | cut -d' ' -f1)" ]] || wrong "$archive: the checksum in its comment is not that of its bytes"
[[ -z $(zipinfo -l "$archive" | awk '/^-/ && $1 != "-rw-------"') ]] || wrong "$archive: a file's mode is not 0600"
echo "ok    unzip: $(zipinfo -1 "$archive" | wc -l) files, and the checksum of the archive"
