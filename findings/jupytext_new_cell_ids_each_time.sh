#!/usr/bin/env bash
# jupytext: a notebook that goes through a text file and back.
#
# Seen:    every cell comes back with another id, and another one the next time, so a comparison by ids finds
#          nothing; tags and other metadata survive.
# Guessed: a round trip of an unchanged notebook gives the same cells.
#
# Fails when this changes. Needs pip and a package registry; leaves nothing behind.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" jupytext==1.19.6 nbformat==5.11.1
export PYTHONPATH="$folder/packages"
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 python3 - 2>/dev/null <<'PY'
import jupytext, nbformat
print("jupytext", jupytext.__version__)
cell = nbformat.v4.new_code_cell("1 + 1", metadata={"tags": ["kept"]})
notebook = nbformat.v4.new_notebook(cells=[cell])
text = jupytext.writes(notebook, fmt="py:percent")
once, again = (jupytext.reads(text, fmt="py:percent").cells[0] for _ in range(2))
print("ids:", cell.id, once.id, again.id, " tags:", once.metadata["tags"])
assert len({cell.id, once.id, again.id}) == 3 and once.metadata["tags"] == ["kept"]
PY
