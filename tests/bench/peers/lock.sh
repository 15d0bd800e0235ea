#!/bin/sh
# Pins the benchmark's peers anew, with hashes: those of Python and those of Node. The registries are the
# default ones, whatever this machine is set to use: the locks name none.
set -eu
cd "$(dirname "$0")"
unset UV_DEFAULT_INDEX UV_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL

uv=../../../.venv-uv
[ -x "$uv/bin/uv" ] || { python3 -m venv "$uv" && "$uv/bin/python" -m pip install --quiet uv; }
"$uv/bin/uv" pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --output-file requirements.txt requirements.in
npm update --package-lock-only --save --ignore-scripts --no-audit --no-fund --silent --omit-lockfile-registry-resolved
