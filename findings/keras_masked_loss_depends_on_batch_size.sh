#!/usr/bin/env bash
# Keras 3.15.1: evaluate() of a model with masked steps gives another loss for another batch_size.
#
# Seen:    the loss is averaged inside each batch over its unmasked steps, then over batches by their rows, so a
#          short sequence weighs more in a batch of its own; the metric of the same formula does not move.
# Guessed: evaluate() gives one loss for one model and one data set, whatever the batch size.
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
x = np.array([[[1.0], [1], [1], [1]], [[5.0], [0], [0], [0]]], "float32")  # four steps; one step
y = np.zeros((2, 4, 1), "float32")
model = keras.Sequential([keras.Input((4, 1)), keras.layers.Masking(), keras.layers.Dense(1, use_bias=False)])
model.layers[-1].set_weights([np.ones((1, 1), "float32")])
model.compile(loss="mean_squared_error", weighted_metrics=["mean_squared_error"])
found = {size: model.evaluate(x, y, batch_size=size, verbose=0) for size in (1, 2)}
print("[loss, metric] by batch size:", {k: [round(float(v), 4) for v in pair] for k, pair in found.items()})
assert not np.isclose(found[1][0], found[2][0], rtol=0.05)
assert np.isclose(found[1][1], found[2][1])
PY
