#!/usr/bin/env bash
# Keras 3.15.1: TextVectorization and a tag that follows a full stop.
#
# Seen:    the default standardisation takes punctuation out and puts nothing in its place, so "film.<br />great"
#          becomes the two words "filmbr" and "great".
# Guessed: punctuation separates words.
#
# Fails when this changes. Needs pip and a package registry; leaves nothing behind.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" tensorflow-cpu==2.21.0 keras==3.15.1 numpy==2.4.6
export PYTHONPATH="$folder/packages"
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 python3 - 2>/dev/null <<'PY'
import keras
print("keras", keras.__version__)
layer = keras.layers.TextVectorization()
layer.adapt(["a film.<br />great"])
words = sorted(str(word) for word in layer.get_vocabulary() if word not in ("", "[UNK]"))
print(words)
assert words == ["a", "filmbr", "great"]
PY
