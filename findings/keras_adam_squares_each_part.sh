#!/usr/bin/env bash
# Keras 3.15.1 on TensorFlow 2.21: Adam and a table row that a batch uses twice.
#
# Seen:    the second moment of the row is 3² + 4² = 25 times (1 - beta_2), not (3 + 4)² = 49 times; with
#          global_clipnorm set, even one that never clips, it is 49.
# Guessed: the gradient of a row is the sum over its uses, whichever way it is stored.
#
# Fails when this changes. Needs pip and a package registry; leaves nothing behind.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" tensorflow-cpu==2.21.0 keras==3.15.1 numpy==2.4.6
export PYTHONPATH="$folder/packages"
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 python3 - 2>/dev/null <<'PY'
import keras, numpy as np, tensorflow as tf
print("keras", keras.__version__, "tensorflow", tf.__version__)
def second_moment(**options):
    table = keras.Variable(np.zeros((3, 1), "float32"))
    adam = keras.optimizers.Adam(beta_2=0.5, **options)
    parts = tf.IndexedSlices(tf.constant([[3.0], [4.0]]), tf.constant([1, 1]), dense_shape=(3, 1))
    adam.apply([parts], [table])
    return float(adam._velocities[0].numpy()[1, 0]) / (1 - 0.5)
plain, clipped = second_moment(), second_moment(global_clipnorm=1000.0)
print("square of the gradient that Adam keeps:", plain, "with a clipping that never clips:", clipped)
assert np.isclose(plain, 25) and np.isclose(clipped, 49)
PY
