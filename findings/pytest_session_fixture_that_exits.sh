#!/usr/bin/env bash
# pytest 9.2.0: a session fixture that calls sys.exit().
#
# Seen:    the first test reports the exit; every later test that asks for the fixture fails with a bare
#          AssertionError from inside pytest, so the cause is printed once and hidden many times.
# Guessed: as with any exception: the fixture is not called again, and each test reports the same cause.
#
# Fails when this changes. Needs pip and a package registry; leaves nothing behind.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" pytest==9.2.0
export PYTHONPATH="$folder/packages"
cd "$folder"
cat > test_exit.py <<'PY'
import sys
import pytest

@pytest.fixture(scope="session")
def prepared():
    sys.exit("a package is missing")

@pytest.mark.parametrize("number", [1, 2, 3])
def test_it(number, prepared):
    pass
PY
python3 -m pytest -q -p no:cacheprovider test_exit.py > out.txt 2>&1 || true
tail -n 6 out.txt
grep -q "test_it\[1\] - SystemExit: a package is missing" out.txt
grep -q "test_it\[2\] - AssertionError" out.txt
