#!/bin/sh
# Pins every Python package and its hashes, for all platforms, into requirements.txt (what Parley
# needs) and requirements-dev.txt (what its tests need besides). uv, which does it, gets a venv
# of its own. The index is the default one, whatever this machine is set to use: the lock names none.
set -eu
cd "$(dirname "$0")/.."
unset UV_DEFAULT_INDEX UV_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL

[ -x .venv-uv/bin/uv ] || { python3 -m venv .venv-uv && .venv-uv/bin/python -m pip install --quiet uv; }
trap 'rm -f uv.lock' EXIT
.venv-uv/bin/uv lock --quiet --upgrade
export_lock() { .venv-uv/bin/uv export --frozen --quiet --no-emit-project --no-header "$@"; }
export_lock --no-dev >requirements.txt
export_lock --all-groups >requirements-dev.txt
