# For scripts that check with programs in Python; they source it, and define die,
# which ends a script that cannot check.

# venv FOLDER CACHE makes a virtual environment below CACHE with the packages of
# FOLDER/requirements.txt, whose versions are pinned there, unless it is there
# already, and sets python to its interpreter.
venv() {
	local list=$1/requirements.txt dir
	command -v python3 >/dev/null || die "needs python3 ≥ 3.10"
	python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || die "needs python3 ≥ 3.10"
	dir=$2/venv-$(cksum <"$list" | tr ' ' -)
	python=$dir/bin/python
	[[ ! -e $dir/.done ]] || return 0
	echo "info  installing the packages of $list into $dir"
	rm -rf "$dir"
	mkdir -p "$dir"
	{
		python3 -m venv "$dir" &&
			"$dir/bin/pip" install --disable-pip-version-check --no-deps --only-binary :all: -r "$list"
	} >"$dir/install.log" 2>&1 || {
		cat "$dir/install.log" >&2
		die "could not install the packages of $list"
	}
	touch "$dir/.done"
}
