#!/usr/bin/env bash
# uv: a package whose newest version excludes the Python in use by an upper bound.
#
# backports-strenum 1.3.1 says Requires-Python: >=3.8.6,<3.11. Locked for Python 3.11 and newer.
#
# Seen:    `uv pip compile --universal --python-version=3.11` pins 1.3.1, without a word; pip on Python 3.11 or
#          newer refuses that pin, so a file of pins that uv made and installed stops pip.
# Guessed: both read Requires-Python alike, and uv pins 1.2.8, the last version that pip finds.
#
# Fails when this changes. Needs Python 3.11 or newer, pip and a package registry; leaves nothing behind.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" uv==0.13.9
cd "$folder"
python3 --version
PYTHONPATH="$folder/packages" python3 -m uv --version
echo backports-strenum > wanted.in
PYTHONPATH="$folder/packages" python3 -m uv pip compile --quiet --no-header --no-annotate --universal \
    --python-version=3.11 wanted.in --output-file pinned.txt
echo "uv pins:   $(cat pinned.txt)"
grep -qx "backports-strenum==1.3.1" pinned.txt
if python3 -m pip download --disable-pip-version-check --quiet --no-deps --dest "$folder/got" -r pinned.txt 2> said; then
    echo "pip takes it too: the finding no longer holds"
    exit 1
fi
echo "pip says:  $(grep -m1 'Could not find a version' said)"
