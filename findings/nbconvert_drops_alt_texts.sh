#!/usr/bin/env bash
# nbconvert 7.17: alternative texts of pictures in HTML.
#
# Seen:    the text stored with an output picture (metadata image/png: alt) is not in the page; the width that is
#          stored beside it is.
# Guessed: what the notebook stores with a picture reaches the page.
#
# Fails when this changes. Needs pip and a package registry; leaves nothing behind.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" nbconvert==7.17.2 nbformat==5.11.1
export PYTHONPATH="$folder/packages" JUPYTER_PATH="$folder/packages/share/jupyter"
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 python3 - 2>/dev/null <<'PY'
import nbformat
from nbconvert import HTMLExporter
from importlib.metadata import version
print("nbconvert", version("nbconvert"))
pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
output = nbformat.v4.new_output("display_data", {"image/png": pixel})
output.metadata = {"image/png": {"alt": "a red square", "width": 321}}
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("draw()", outputs=[output])])
page, _ = HTMLExporter().from_notebook_node(notebook)
print("width kept:", "321" in page, " alternative text kept:", "a red square" in page)
assert "321" in page and "a red square" not in page
PY
