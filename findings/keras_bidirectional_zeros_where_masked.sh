#!/usr/bin/env bash
# Keras 3.15.1: what a recurrent layer gives at a masked step depends on whether it is wrapped.
#
# Seen:    a bare GRU repeats its last output there; the same GRU inside Bidirectional gives zeros, in both
#          halves, also at a hole in the middle.
# Guessed: wrapping a layer does not change what its forward half returns.
#
# Fails when this changes. Needs pip and a package registry; leaves nothing behind.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" tensorflow-cpu==2.21.0 keras==3.15.1 numpy==2.4.6
export PYTHONPATH="$folder/packages"
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 python3 - 2>/dev/null <<'PY'
import keras, numpy as np
print("keras", keras.__version__)
x = np.random.default_rng(0).normal(size=(1, 4, 2)).astype("float32")
mask = np.array([[True, True, False, True]])
layer = keras.layers.GRU(3, return_sequences=True)
alone = layer(x, mask=mask).numpy()[0]
both = keras.layers.Bidirectional(layer)(x, mask=mask).numpy()[0]
print("bare layer at the hole:", alone[2], " inside Bidirectional:", both[2])
assert np.allclose(alone[2], alone[1]) and np.any(alone[2])
assert not np.any(both[2]) and np.any(both[1])
PY
