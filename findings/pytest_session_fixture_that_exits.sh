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
python3 -m venv "$folder/env" 2>/dev/null || { rm -rf "$folder/env"; python3 -m venv --without-pip "$folder/env"; }
python3 -m pip --python "$folder/env/bin/python" install --quiet --disable-pip-version-check pytest==9.2.0
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
env/bin/python -m pytest -q -p no:cacheprovider test_exit.py > out.txt 2>&1 || true
tail -n 6 out.txt
grep -q "test_it\[1\] - SystemExit: a package is missing" out.txt
grep -q "test_it\[2\] - AssertionError" out.txt
